/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Break-even: the size from which on the device is at least as fast as the CPU.
 */
#include <stdlib.h>
#include <string.h>

#include "perf.h"

static int
compare_sizes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/*
 * All sizes of an operation under one load: of batches of `batch`, or 0 for one operation at
 * a time.
 */
static int
sweep(struct perf_case *c, const struct perf_session *s, unsigned int batch,
	const struct app_list *sizes)
{
	double ratio[APP_MAX_LIST];
	struct perf_row row;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < sizes->n; i++) {
		if (atomic_load(&perf_stop))
			return ret;
		perf_set_load(c, sizes->value[i], batch == 0 ? 1 : batch);
		if (batch == 0)
			c->batch = c->depth = 1;
		ret |= perf_run_case(c, s, &row);
		if (row.repeats == 0)
			return ret;
		ratio[i] = row.metric[PERF_RATIO];
	}
	/* A rate that was cut short or is wrong is no ground for a statement. */
	if (ret != 0 || atomic_load(&perf_stop))
		return ret;
	perf_row_init(&row, s, PERF_BREAK_EVEN);
	row.repeats = s->opts->repeats;
	row.op = sva_op_name(c->op);
	row.batch = batch == 0 ? 1 : batch;
	row.depth = batch == 0 ? 1 : s->opts->depth != 0 ? s->opts->depth : PERF_NULL;
	row.mode = batch == 0 ? "latency" : "throughput";
	row.from = sizes->value[0];
	row.to = sizes->value[sizes->n - 1];
	row.break_even = perf_crossing(sizes->value, ratio, sizes->n);
	if (perf_report_row(s->rep, &row) == 0)
		return 0;
	atomic_store(&perf_stop, true);
	return PERF_EXIT_FAILED;
}

int
perf_break_even_all(struct perf_session *s)
{
	const struct perf_options *o = s->opts;
	struct app_list sizes;
	char why[PERF_WHY];
	struct perf_case c;
	unsigned int i;
	int ret = 0, op;

	qsort(s->opts->sizes.value, o->sizes.n, sizeof(o->sizes.value[0]), compare_sizes);
	perf_case_init(&c, s);
	for (op = 0; op < SVA_NB_OPS; op++) {
		if (!o->ops[op])
			continue;
		perf_sizes((enum sva_opcode)op, s, &sizes, why);
		c.total += sizes.n * (o->batches.n + 1);
	}
	for (op = 0; op < SVA_NB_OPS; op++) {
		if (!o->ops[op])
			continue;
		c.op = (enum sva_opcode)op;
		perf_sizes(c.op, s, &sizes, why);
		for (i = 0; i < o->batches.n; i++)
			ret |= sweep(&c, s, (unsigned int)o->batches.value[i], &sizes);
		ret |= sweep(&c, s, 0, &sizes);
	}
	return ret;
}
