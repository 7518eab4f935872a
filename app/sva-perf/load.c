/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Measurements of operations: the loads that are asked for, one by one.
 */
#include <string.h>

#include "perf.h"

#define IN_FLIGHT_BYTES (64ull << 20)	/* of a queue, by the defaults */
#define BUFFER_BYTES (32ull << 20)	/* of one operand of a queue's sets, likewise */
#define SETS 16				/* of operands, likewise */
#define PREPARED_SETS 128		/* the same where a pass goes over them once */
#define MAX_REPEATS 1000		/* of the option */

static uint64_t
clamp(uint64_t value, uint64_t min, uint64_t max)
{
	return value < min ? min : value > max ? max : value;
}

void
perf_case_init(struct perf_case *c, const struct perf_session *s)
{
	memset(c, 0, sizeof(*c));
	c->opts = s->opts;
	c->input = &s->input;
	c->dev = s->dev;
	c->emulated = s->info.emulated;
	c->model = s->model;
	c->fault_rate = PERF_NULL;
}

static unsigned int
choose_buffers(const struct perf_case *c, uint64_t bytes)
{
	size_t l1 = perf_l1_bytes(c), cache = l1 == 0 ? 0 : perf_cache_size(1);
	uint64_t n = clamp(BUFFER_BYTES / bytes, 1, c->prepared ? PREPARED_SETS : SETS);

	if (l1 == 0)
		return c->opts->buffers != 0 ? c->opts->buffers : (unsigned int)n;
	if (c->opts->buffers == 0)
		return (unsigned int)clamp(cache / l1, 1, n);
	return c->opts->buffers;
}

/* What was not given goes by the size. */
void
perf_set_load(struct perf_case *c, size_t size, unsigned int batch)
{
	const struct perf_options *opts = c->opts;
	uint64_t bytes = size == 0 ? 1 : size;

	c->size = size;
	perf_op_shape(c->op, opts, size, &c->shape);
	c->dif_format = perf_dif_format(opts->dif_block);
	c->depth = opts->depth;
	if (c->depth == 0)
		c->depth = (unsigned int)clamp(IN_FLIGHT_BYTES / bytes, 2, 128);
	c->batch = perf_given(opts, OPT_BATCH) ? batch :
						 (unsigned int)clamp(c->depth / 2, 1, batch);
	if (opts->depth == 0)
		c->depth = (unsigned int)clamp(2ull * c->batch, c->depth, PERF_MAX_DEPTH);
	c->guard = c->fault_rate == PERF_NULL ? PERF_GUARD_BYTE : 0;
	c->prepared = c->fault_rate != PERF_NULL || opts->place_src != PERF_ANYWHERE ||
		      opts->place_dst != PERF_ANYWHERE;
	c->buffers = choose_buffers(c, bytes);
}

/*
 * Operations that the device takes before the first is polled: so many batch descriptors
 * less one, as the ring's end makes two of the batch across it.
 */
static unsigned int
holds(const struct perf_case *c, const struct sva_device_info *info)
{
	uint64_t most = info->max_batch == 0 ? 1 : info->max_batch;
	uint64_t entries = info->wq_size == 0 ? 1 : info->wq_size;
	uint64_t per_batch = (c->batch + most - 1) / most;

	/* Each goes by itself. */
	if (c->op == SVA_OP_DRAIN)
		return (unsigned int)clamp(entries - 1, 1, c->depth);
	return (unsigned int)clamp(clamp((entries - 1) / per_batch, 1, entries) * c->batch, 1,
				   c->depth);
}

static void
warn_of_l1(const struct perf_case *c)
{
	char size[24], bytes[24], cache[24];
	size_t l1 = perf_l1_bytes(c);

	if (l1 * c->buffers <= perf_cache_size(1) || l1 == 0)
		return;
	perf_error("%s %s: place l1: the operands of a pass are %s, more than the cache of %s: use "
		   "fewer (-n) or smaller ones", sva_op_name(c->op), app_size_text(c->size, size),
		   app_size_text(l1 * c->buffers, bytes),
		   app_size_text(perf_cache_size(1), cache));
}

static void
describe(struct perf_row *row, const struct perf_case *c)
{
	const struct perf_options *o = c->opts;

	row->op = sva_op_name(c->op);
	row->size = c->size;
	row->batch = c->batch;
	row->depth = c->depth;
	row->buffers = c->buffers;
	row->queues = o->queues;
	row->place_src = perf_place_name(o->place_src);
	row->place_dst = perf_place_name(o->place_dst);
	if (o->stride_src != 0)
		row->stride_src = o->stride_src;
	if (o->stride_dst != 0)
		row->stride_dst = o->stride_dst;
	if (perf_given(o, OPT_NODE_SRC))
		row->node_src = o->node_src;
	if (perf_given(o, OPT_NODE_DST))
		row->node_dst = o->node_dst;
	row->flags = o->flags;
	row->fault_rate = c->fault_rate;
	row->submit_only = o->submit_only;
	row->shuffle = o->shuffle;
	if (perf_op_is_dif(c->op))
		row->dif_block = o->dif_block;
	if (perf_op_is_delta(c->op))
		row->delta = o->delta;
	row->verified = row->checked = !o->no_verify;
}

/*
 * Measure one load, as often as is asked for, and print it. The row has no repeats where
 * there was nothing to print. Where nothing could be measured or written, the run is over:
 * the next one would fare no better.
 */
int
perf_run_case(struct perf_case *c, const struct perf_session *s, struct perf_row *row)
{
	static double values[PERF_NB_METRICS][MAX_REPEATS];
	struct perf_result r;
	unsigned int i;
	int ret = 0;

	c->number++;
	c->hold = holds(c, &s->info);
	perf_row_init(row, s, PERF_LOAD);
	describe(row, c);
	warn_of_l1(c);
	for (c->repeat = 0; c->repeat < c->opts->repeats && !atomic_load(&perf_stop); c->repeat++) {
		atomic_store(&c->broken, false);
		atomic_store(&c->complaints, 0);
		ret = perf_measure(c, &r);
		if (ret != 0)
			break;
		for (i = 0; i < PERF_NB_METRICS; i++)
			values[i][row->repeats] = r.metric[i];
		row->repeats++;
		row->slices = r.slices;
		row->completed += r.completed;
		row->failed += r.failed;
		row->faults += r.faults;
		row->verified = row->verified && r.verified;
	}
	if (ret >= 0 && row->repeats == 0)
		return 0;
	for (i = 0; ret >= 0 && i < PERF_NB_METRICS; i++)
		row->metric[i] = perf_mean(values[i], (unsigned int)row->repeats, &row->ci[i]);
	if (ret < 0 || perf_report_row(s->rep, row) != 0) {
		row->repeats = 0;
		atomic_store(&perf_stop, true);
		return PERF_EXIT_FAILED;
	}
	return row->failed != 0 || (row->checked && !row->verified) ? PERF_EXIT_FAILED : 0;
}

/* Every size and batch of an operation. */
static int
run_sizes(struct perf_case *c, const struct perf_session *s)
{
	const struct perf_options *o = c->opts;
	struct app_list sizes;
	char why[PERF_WHY];
	unsigned int i, j;
	struct perf_row row;
	int ret = 0;

	perf_sizes(c->op, s, &sizes, why);
	for (i = 0; i < sizes.n; i++) {
		for (j = 0; j < o->batches.n && !atomic_load(&perf_stop); j++) {
			perf_set_load(c, sizes.value[i], (unsigned int)o->batches.value[j]);
			ret |= perf_run_case(c, s, &row);
		}
	}
	return ret;
}

/* A failed check does not keep the rest from being done. */
int
perf_load_all(struct perf_session *s)
{
	const struct perf_options *o = s->opts;
	unsigned int i, rates = o->fault_rates.n == 0 ? 1 : o->fault_rates.n;
	struct app_list sizes;
	char why[PERF_WHY];
	struct perf_case c;
	int ret = 0, op;

	perf_case_init(&c, s);
	for (op = 0; op < SVA_NB_OPS; op++) {
		if (!o->ops[op])
			continue;
		perf_sizes((enum sva_opcode)op, s, &sizes, why);
		c.total += o->batches.n * sizes.n * rates;
	}
	for (op = 0; op < SVA_NB_OPS; op++) {
		if (!o->ops[op])
			continue;
		c.op = (enum sva_opcode)op;
		for (i = 0; i < rates; i++) {
			if (o->fault_rates.n != 0)
				c.fault_rate = o->fault_rates.value[i];
			ret |= run_sizes(&c, s);
		}
	}
	return ret;
}
