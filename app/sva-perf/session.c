/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A session: a device is opened, measured and closed.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <sva_eal.h>

#include "perf.h"

#define BREAK_EVEN_MIN 64	/* sizes, where none are given */
#define BREAK_EVEN_MAX (4u << 20)

/* Where an error is, if there is more than one place. */
static const char *
place_of(const struct perf_session *s, char buf[80])
{
	if (s->section[0] == '\0')
		return "";
	snprintf(buf, 80, "[%s]: ", s->section);
	return buf;
}

static void
choose_sizes(struct perf_session *s)
{
	struct app_list *sizes = &s->opts->sizes;
	uint64_t size;

	for (size = BREAK_EVEN_MIN; sizes->n == 0 || size <= BREAK_EVEN_MAX; size *= 2) {
		if (sizes->n != 0 && size > s->info.max_transfer)
			break;
		sizes->value[sizes->n++] = size;
	}
}

static int
check_size(const struct perf_session *s, uint64_t size)
{
	const struct perf_options *opts = s->opts;
	char buf[80];

	if (size > s->info.max_transfer) {
		perf_error("%s--size: %" PRIu64 " bytes are more than the %" PRIu64 " that %s "
			   "transfers at once: use smaller ones", place_of(s, buf), size,
			   s->info.max_transfer, s->info.name);
		return PERF_EXIT_USAGE;
	}
	if (s->input.base != NULL && size + opts->offset_src > s->input.size) {
		perf_error("%s--input: '%s' has %zu bytes, less than a size of %" PRIu64 " at "
			   "offset %" PRIu64 ": give a longer file or smaller --size",
			   place_of(s, buf), opts->input, s->input.size, size, opts->offset_src);
		return PERF_EXIT_USAGE;
	}
	return 0;
}

/*
 * Whether an operation can have the sizes. If it is one of all that the device has, what it
 * cannot is left out, which is said.
 */
static int
check_op(struct perf_session *s, enum sva_opcode op)
{
	struct perf_options *opts = s->opts;
	char why[PERF_WHY], buf[80];
	struct app_list sizes;

	perf_sizes(op, s, &sizes, why);
	if (why[0] == '\0')
		return 0;
	if (!opts->all_ops) {
		perf_error("%s%s", place_of(s, buf), why);
		return PERF_EXIT_USAGE;
	}
	perf_error("%s--op: all: %u of %u sizes are left out of %s: %s", place_of(s, buf),
		   opts->sizes.n - sizes.n, opts->sizes.n, sva_op_name(op), why);
	opts->ops[op] = sizes.n != 0;
	return 0;
}

/* Refuse what the device, the machine or the input cannot do before anything is measured. */
static int
check_load(struct perf_session *s)
{
	struct perf_options *opts = s->opts;
	unsigned int i;
	char buf[80];
	int op, ret;

	for (op = 0; op < SVA_NB_OPS; op++) {
		if (!opts->ops[op] || s->info.ops >> op & 1)
			continue;
		if (!opts->all_ops) {
			perf_error("%s--op: %s cannot do %s: sva-info lists what it can",
				   place_of(s, buf), s->info.name,
				   sva_op_name((enum sva_opcode)op));
			return PERF_EXIT_USAGE;
		}
		opts->ops[op] = false;
	}
	if (opts->break_even && opts->sizes.n == 0)
		choose_sizes(s);
	for (i = 0; i < opts->sizes.n; i++) {
		ret = check_size(s, opts->sizes.value[i]);
		if (ret != 0)
			return ret;
	}
	for (op = 0; op < SVA_NB_OPS; op++) {
		ret = opts->ops[op] ? check_op(s, (enum sva_opcode)op) : 0;
		if (ret != 0)
			return ret;
	}
	return perf_place_possible(opts) ? 0 : PERF_EXIT_USAGE;
}

void
perf_row_init(struct perf_row *row, const struct perf_session *s, enum perf_kind kind)
{
	unsigned int i;

	memset(row, 0, sizeof(*row));
	row->kind = kind;
	row->schema = PERF_SCHEMA;
	row->version = sva_version();
	row->kind_name = kind == PERF_LOAD ? "load" : kind == PERF_OPEN ? "open" : "break-even";
	row->section = s->section;
	row->device = s->info.name;
	row->cpu = perf_cpu_model();
	row->emulated = s->info.emulated;
	for (i = 0; i < PERF_NB_METRICS; i++)
		row->metric[i] = row->ci[i] = NAN;
	row->stride_src = row->stride_dst = row->node_src = row->node_dst = PERF_NULL;
	row->fault_rate = row->break_even = row->dif_block = row->delta = PERF_NULL;
	row->us = row->us_ci = NAN;
}

static int
measure(struct perf_session *s)
{
	enum perf_kind kind = perf_options_kind(s->opts);

	return kind == PERF_OPEN ? perf_open_cost(s) :
	       kind == PERF_BREAK_EVEN ? perf_break_even_all(s) : perf_load_all(s);
}

static int
report(struct perf_session *s, const struct perf_options *output, struct perf_report **rep)
{
	uint64_t ns;
	int ret = sva_device_info(s->dev, &s->info);

	if (ret != 0) {
		perf_error("device: no information: %s", strerror(-ret));
		return PERF_EXIT_FAILED;
	}
	if (!s->opts->open_cost) {
		ret = check_load(s);
		if (ret != 0)
			return ret;
	}
	s->model = sva_device_model_time(s->dev, &ns) == 0;
	if (*rep == NULL)
		*rep = perf_report_open(output);
	s->rep = *rep;
	if (s->rep == NULL || perf_report_header(s) != 0) {
		atomic_store(&perf_stop, true);
		return PERF_EXIT_FAILED;
	}
	return measure(s);
}

static int
with_device(struct perf_session *s, const struct perf_options *output, struct perf_report **rep)
{
	struct sva_device_conf conf = { .queues = s->opts->queues };
	char buf[80];
	int ret, err;

	err = sva_device_open_conf(s->spec, &conf, &s->dev);
	if (err != 0) {
		perf_error("%sdevice: '%s' cannot be opened (queues: %u): %s: see the log, and "
			   "sva-info for what there is", place_of(s, buf), s->spec,
			   s->opts->queues, strerror(-err));
		return err == -EINVAL ? PERF_EXIT_USAGE : PERF_EXIT_FAILED;
	}
	ret = report(s, output, rep);
	/* What measures opening has closed it. */
	err = s->dev == NULL ? 0 : sva_device_close(s->dev);
	if (err == 0)
		return ret;
	perf_error("%sdevice: '%s' did not close cleanly: %s: see the log", place_of(s, buf),
		   s->spec, strerror(-err));
	return PERF_EXIT_FAILED;
}

int
perf_session(struct perf_run *run, const struct perf_options *output, struct perf_report **rep)
{
	struct perf_session s = { .opts = &run->opts, .section = run->section };
	int ret;

	/* The command line's device before the file's, and that before any. */
	s.spec = sva_eal_allowed(0);
	if (s.spec == NULL)
		s.spec = run->opts.device != NULL ? run->opts.device : "auto";
	if (run->opts.input != NULL) {
		ret = perf_input_map(run->opts.input, &s.input);
		if (ret != 0)
			return ret;
	}
	ret = with_device(&s, output, rep);
	perf_input_unmap(&s.input);
	return ret;
}
