/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A row of output, of any kind: what the JSON and CSV schema names, see output.c.
 */
#ifndef PERF_ROW_H
#define PERF_ROW_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "options.h"

#define PERF_SCHEMA 1	/* to be raised where a field changes or goes */

#define PERF_NULL UINT64_MAX	/* an integer without a value; of a number it is NAN */

/* What a load is measured by; each is a mean over the repeats. NAN: not measured. */
enum perf_metric {
	PERF_GBPS, PERF_MOPS, PERF_CPU_GBPS, PERF_RATIO,
	PERF_MODEL_GBPS,	/* by the device's timing model */
	PERF_P50, PERF_P90, PERF_P99, PERF_P999,	/* ns */
	PERF_PREPARE_NS, PERF_SUBMIT_NS, PERF_POLL_NS, PERF_WAIT_NS,	/* of one operation */
	PERF_NB_METRICS
};

struct perf_row {
	enum perf_kind kind;

	uint64_t schema;
	const char *version, *kind_name, *section, *device, *cpu;
	bool emulated;
	uint64_t repeats;

	const char *op;
	uint64_t size, batch, depth, buffers, queues, slices;
	double metric[PERF_NB_METRICS];
	double ci[PERF_NB_METRICS];	/* half the width of the 95 % confidence interval */
	uint64_t completed, failed, faults;
	bool verified;
	bool checked;	/* it was to be verified; not a field */
	const char *place_src, *place_dst;
	uint64_t stride_src, stride_dst, node_src, node_dst;
	const char *flags;
	uint64_t fault_rate;
	bool submit_only;
	uint64_t dif_block, delta;
	bool shuffle;

	const char *mode;
	uint64_t from, to, break_even;

	const char *step;
	double us, us_ci;
};

/* output.c */
void perf_json_row(FILE *out, const struct perf_row *row, bool first);
void perf_csv_names(FILE *out);
void perf_csv_row(FILE *out, const struct perf_row *row);

#endif /* PERF_ROW_H */
