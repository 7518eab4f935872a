/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A word to whoever looks at the kernel's log (tests/vm).
 */
#ifndef TEST_KMSG_H
#define TEST_KMSG_H

#include <stdbool.h>
#include <stdio.h>

/* Whether faults of the IOMMU are what a test wants. Nothing where there is no such log. */
static inline void
kmsg_faults_expected(bool expected)
{
	FILE *log = fopen("/dev/kmsg", "w");

	if (log == NULL)
		return;
	fputs(expected ? "svadk-vm: dmar faults expected\n" : "svadk-vm: dmar faults unexpected\n",
	      log);
	fclose(log);
}

#endif
