/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The CPUs of -l, and those that worker threads may use.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sva_log.h>
#include <sva_worker.h>

#include "eal_private.h"

SVA_LOG_COMPONENT(eal);

/* The affinity of the thread that initialised, before -l pinned it; or what DPDK leaves. */
static cpu_set_t usable[EAL_CPU_SETS];
static int *cpus;
static unsigned int nb_cpus;
static pid_t pinned;	/* thread id, or 0 */

const void *
eal_cpu_usable_set(void)
{
	return usable;
}

bool
eal_cpu_usable(int cpu)
{
	return cpu >= 0 && CPU_ISSET_S((size_t)cpu, sizeof(usable), usable);
}

int
sva_worker_cpus(size_t size, void *set)
{
	if (set == NULL || size == 0 || size % sizeof(unsigned long) != 0)
		return -EINVAL;
	if (!eal_active())
		return -ENODEV;
	memset(set, 0, size);
	memcpy(set, usable, size < sizeof(usable) ? size : sizeof(usable));
	return 0;
}

unsigned int
sva_eal_cpus(const int **list)
{
	if (list != NULL)
		*list = cpus;
	return nb_cpus;
}

static int
add_cpu(int cpu)
{
	unsigned int i;

	for (i = 0; i < nb_cpus; i++) {
		if (cpus[i] == cpu)
			return 0;
	}
	if (!eal_cpu_usable(cpu)) {
		SVA_LOG(ERR, "CPU %d of -l is offline or not among those that this thread may use",
			cpu);
		return -EINVAL;
	}
	cpus[nb_cpus++] = cpu;
	return 0;
}

/* A CPU number; -1 where there is none. */
static int
parse_cpu(const char **p)
{
	int cpu = 0;

	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		cpu = cpu * 10 + (**p - '0');
		if (cpu >= EAL_CPU_SETS * CPU_SETSIZE)
			cpu = EAL_CPU_SETS * CPU_SETSIZE;	/* is never usable */
	}
	return cpu;
}

static int
parse_list(const char *list)
{
	const char *p = list;

	for (;;) {
		int first = parse_cpu(&p), last = first, ret;

		if (first >= 0 && *p == '-') {
			p++;
			last = parse_cpu(&p);
		}
		if (first < 0 || last < first || (*p != ',' && *p != '\0')) {
			SVA_LOG(ERR, "CPU list \"%s\" is not of the form 1,3-5", list);
			return -EINVAL;
		}
		for (; first <= last; first++) {
			ret = add_cpu(first);
			if (ret != 0)
				return ret;
		}
		if (*p++ == '\0')
			return 0;
	}
}

int
eal_cpu_init(const char *list)
{
	memset(usable, 0, sizeof(usable));
	if (eal_host_dpdk()) {
		eal_host_cpus(usable);
	} else if (sched_getaffinity(0, sizeof(usable), usable) != 0) {
		int err = errno;

		SVA_LOG(ERR, "cannot read the CPU affinity: %s", strerror(err));
		return -err;
	}
	if (list == NULL)
		return 0;
	cpus = calloc((size_t)CPU_COUNT_S(sizeof(usable), usable), sizeof(*cpus));
	if (cpus == NULL)
		return -ENOMEM;
	return parse_list(list);
}

int
eal_cpu_pin(void)
{
	cpu_set_t one[EAL_CPU_SETS];

	if (nb_cpus == 0)
		return 0;
	if (eal_host_dpdk()) {
		SVA_LOG(NOTICE, "-l does not pin this thread, which is DPDK's");
		return 0;
	}
	memset(one, 0, sizeof(one));
	CPU_SET_S((size_t)cpus[0], sizeof(one), one);
	if (sched_setaffinity(0, sizeof(one), one) != 0) {
		int err = errno;

		SVA_LOG(ERR, "cannot pin the thread to CPU %d: %s", cpus[0], strerror(err));
		return -err;
	}
	pinned = gettid();
	return 0;
}

void
eal_cpu_free(void)
{
	if (pinned == gettid())
		sched_setaffinity(0, sizeof(usable), usable);
	pinned = 0;
	free(cpus);
	cpus = NULL;
	nb_cpus = 0;
}
