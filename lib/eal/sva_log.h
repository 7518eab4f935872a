/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_LOG_H
#define SVA_LOG_H

/**
 * @file
 * Logging for libraries and drivers: one rte_log type a component.
 */

#include <rte_log.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Define the log type of a source file's component, for example
 * SVA_LOG_COMPONENT(bus.emu), with the default level NOTICE. Types are called
 * "svadk.<component>".
 */
#define SVA_LOG_COMPONENT(name) \
	static int sva_logtype_; \
	__attribute__((constructor)) static void sva_log_register_(void) \
	{ \
		sva_logtype_ = rte_log_register_type_and_pick_level("svadk." #name, \
								    RTE_LOG_NOTICE); \
	} \
	static const char *const sva_logname_ = "svadk." #name

/** Log one line; @p fmt has no newline. Level: ERR, WARNING, NOTICE, INFO, DEBUG. */
#define SVA_LOG(level, fmt, ...) \
	rte_log(RTE_LOG_ ## level, (uint32_t)sva_logtype_, "%s: " fmt "\n", \
		sva_logname_, ## __VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif /* SVA_LOG_H */
