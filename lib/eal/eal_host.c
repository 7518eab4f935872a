/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * DPDK's EAL in the same process, where there is one. It pins the threads that it calls
 * lcores, the one that initialises it among them, so that what a thread may use says nothing
 * any more of what the process may use; and nothing else may run on the lcores' CPUs, which
 * poll.
 */
#include <sched.h>
#include <string.h>

#include <rte_lcore.h>

#include "eal_private.h"

/* Of librte_eal, which only DPDK 22.11 has for its log as well. */
#pragma weak rte_lcore_count
#pragma weak rte_get_next_lcore
#pragma weak rte_lcore_cpuset

/* When this library was loaded: before the program could pin anything, or rte_eal_init(). */
static cpu_set_t at_load[EAL_CPU_SETS];

__attribute__((constructor)) static void
look(void)
{
	if (sched_getaffinity(0, sizeof(at_load), at_load) != 0)
		memset(at_load, 0, sizeof(at_load));
}

bool
eal_host_dpdk(void)
{
	return rte_lcore_count != NULL && rte_get_next_lcore != NULL &&
	       rte_lcore_cpuset != NULL && rte_lcore_count() != 0;
}

void
eal_host_cpus(void *set)
{
	unsigned int lcore;
	size_t cpu;

	memcpy(set, at_load, sizeof(at_load));
	for (lcore = rte_get_next_lcore(-1, 0, 0); lcore < RTE_MAX_LCORE;
	     lcore = rte_get_next_lcore(lcore, 0, 0)) {
		cpu_set_t cpus = rte_lcore_cpuset(lcore);

		for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &cpus))
				CPU_CLR_S(cpu, sizeof(at_load), (cpu_set_t *)set);
	}
	/* All of them: they have to be shared. */
	if (CPU_COUNT_S(sizeof(at_load), (cpu_set_t *)set) == 0)
		memcpy(set, at_load, sizeof(at_load));
}
