/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Preloaded, it makes the DPDK of a program pass for another release.
 */
#include <rte_compat.h>
#include <rte_version.h>

const char *
rte_version(void)
{
	return "DPDK 19.08.0";
}
