/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_MEM_H
#define SVA_MEM_H

/**
 * @file
 * NUMA-aware memory, optionally on huge pages. Data needs none of it (any address
 * of the process will do); rings and benchmarks use it.
 */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SVA_MEM_HUGE	0x1	/**< Huge pages if there are any and --no-huge was not given. */
#define SVA_MEM_HUGE_ONLY 0x2	/**< Huge pages or nothing. */

/**
 * Allocate zeroed memory.
 *
 * @param size	bytes, not 0.
 * @param align	a power of two up to 1 GiB; 0 means a cache line (64).
 * @param node	NUMA node, a preference where it has no memory left; or -1 for the
 *		caller's.
 * @param flags	SVA_MEM_*.
 * @return the memory, to be given back with sva_free(), or NULL with errno EINVAL (also:
 *	there is no such node), ENOMEM (also: no huge page free under
 *	SVA_MEM_HUGE_ONLY) or ENODEV (SVADK not initialised). Any thread.
 */
void *sva_alloc(size_t size, size_t align, int node, unsigned int flags);

/** Give memory back. NULL is allowed; any other address not from sva_alloc() is only
 *  logged. Any thread. */
void sva_free(void *ptr);

/**
 * @return the page size, in bytes, that backs memory given by sva_alloc(); 0 where
 *	@p ptr did not come from it. Any thread.
 */
size_t sva_mem_page_size(const void *ptr);

#ifdef __cplusplus
}
#endif

#endif /* SVA_MEM_H */
