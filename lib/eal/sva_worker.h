/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_WORKER_H
#define SVA_WORKER_H

/**
 * @file
 * Pinned worker threads.
 */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sva_worker;

/**
 * Start a thread that runs fn(arg).
 *
 * The thread has every signal blocked but those that a fault raises, and is called
 * "NAME" in /proc.
 *
 * @param name	up to 15 characters.
 * @param cpu	CPU number to pin it to, or -1 for any of sva_worker_cpus().
 * @param worker	set on success; sva_worker_join() frees it.
 * @return 0; -EINVAL: a NULL argument, a longer name, or a CPU that is offline or not
 *	among those named above; -ENODEV: SVADK is not initialised; -EAGAIN, -ENOMEM.
 */
int sva_worker_start(const char *name, int cpu, int (*fn)(void *arg), void *arg,
		     struct sva_worker **worker);

/**
 * The CPUs that workers, and other threads of drivers, may run on: those that the thread
 * which initialised SVADK could use before -l pinned it. Where DPDK's EAL was initialised in
 * the process before, those that the process had when SVADK was loaded, without the lcores'
 * where others are left.
 *
 * @param size	bytes of @p set, as for CPU_COUNT_S(): a multiple of a long's.
 * @param set	a cpu_set_t of that size; filled in.
 * @return 0; -EINVAL: NULL or a size that no set has; -ENODEV: SVADK is not initialised.
 *	Any thread.
 */
int sva_worker_cpus(size_t size, void *set);

/**
 * Wait for a worker to return and free it. One thread, once for each worker.
 *
 * @param result	set to what fn returned; may be NULL.
 * @return 0; -EINVAL: NULL, or joined before; -EDEADLK: called by the worker itself, or
 *	by one that it is joining.
 */
int sva_worker_join(struct sva_worker *worker, int *result);

#ifdef __cplusplus
}
#endif

#endif /* SVA_WORKER_H */
