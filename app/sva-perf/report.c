/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Output: a table for people, JSON and CSV for programs, a progress line for a terminal.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sva_eal.h>

#include "perf.h"

struct perf_report {
	FILE *table, *json, *csv;	/* NULL: not wanted */
	const char *json_path, *csv_path;
	unsigned int rows, sessions;
	struct perf_options opts;	/* of the session under way */
	bool model;	/* its device has a timing model to report */
	bool lost;	/* something could not be written, which has been said */
};

static atomic_bool progress_shown;

static bool
is_stdout(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

static bool
is_same(const struct stat *x, const struct stat *y)
{
	return x->st_dev == y->st_dev && x->st_ino == y->st_ino;
}

/* Refuse an output that is a file which is read (NULL: none): it would be emptied. */
int
perf_report_check(const struct perf_options *opts, const char *read)
{
	const char *const paths[] = { opts->json, opts->csv };
	struct stat x, y;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (read == NULL || paths[i] == NULL || stat(paths[i], &x) != 0 ||
		    stat(read, &y) != 0 || !is_same(&x, &y))
			continue;
		perf_error("output: '%s' is read by --input or --config, and would be lost: give "
			   "another path", paths[i]);
		return -1;
	}
	return 0;
}

static int
open_output(const char *path, FILE **out)
{
	if (path == NULL)
		return 0;
	*out = is_stdout(path) ? stdout : fopen(path, "we");
	if (*out != NULL)
		return 0;
	perf_error("output: '%s': %s: give another path", path, strerror(errno));
	return -1;
}

/* Whether two outputs are one file, opened twice: each would write over the other's bytes. */
static bool
same_file(FILE *a, FILE *b)
{
	struct stat x, y;

	return a != NULL && b != NULL && a != b && fstat(fileno(a), &x) == 0 &&
	       fstat(fileno(b), &y) == 0 && S_ISREG(x.st_mode) && is_same(&x, &y);
}

static int
check_files(const struct perf_report *rep)
{
	const struct {
		FILE *file;
		const char *path;
	} out[] = {
		{ rep->table, "standard output" }, { rep->json, rep->json_path },
		{ rep->csv, rep->csv_path },
	};
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!same_file(out[i].file, out[(i + 1) % 3].file))
			continue;
		perf_error("output: '%s' and '%s' are one file: give another path, or - for the "
			   "standard output", out[i].path, out[(i + 1) % 3].path);
		return -1;
	}
	return 0;
}

/* Flush, and say if anything has been lost since the last time. */
static void
check_output(struct perf_report *rep, FILE *out, const char *path)
{
	if (out == NULL || (fflush(out) == 0 && !ferror(out)))
		return;
	if (!rep->lost)
		perf_error("output: '%s': %s: results are lost, make room or give another path",
			   path, strerror(errno));
	rep->lost = true;
}

/* The files are opened, and found not to be writable, before anything is measured. */
struct perf_report *
perf_report_open(const struct perf_options *opts)
{
	struct perf_report *rep = calloc(1, sizeof(*rep));

	if (rep == NULL) {
		perf_error("output: out of memory");
		return NULL;
	}
	rep->json_path = opts->json;
	rep->csv_path = opts->csv;
	if (!is_stdout(opts->json) && !is_stdout(opts->csv))
		rep->table = stdout;
	if (open_output(opts->json, &rep->json) != 0 || open_output(opts->csv, &rep->csv) != 0 ||
	    check_files(rep) != 0) {
		perf_report_close(rep);
		return NULL;
	}
	if (rep->json != NULL)
		fputs("[", rep->json);
	if (rep->csv != NULL)
		perf_csv_names(rep->csv);
	return rep;
}

const char *
perf_cpu_model(void)
{
	static char line[256];
	static const char *model;
	FILE *f;

	if (model != NULL)
		return model;
	f = fopen("/proc/cpuinfo", "re");
	while (f != NULL && model == NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "model name", 10) == 0 && (model = strchr(line, ':')) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			model += strspn(model, ": ");
		}
	}
	if (f != NULL)
		fclose(f);
	if (model == NULL)
		model = "unknown";
	return model;
}

static void
print_cpu(FILE *out, const struct perf_options *opts)
{
	unsigned int i;

	fprintf(out, "CPU: %s; threads on", perf_cpu_model());
	if (opts->cpus.n == 0)
		fputs(" any CPU", out);
	for (i = 0; i < opts->cpus.n; i++)
		fprintf(out, "%s%" PRIu64, i == 0 ? " CPU " : ",", opts->cpus.value[i]);
	fputc('\n', out);
}

static void
print_side(FILE *out, const char *name, unsigned int place, uint64_t stride, bool on_node,
	   uint64_t node)
{
	char size[24];

	if (place == PERF_ANYWHERE && stride == 0 && !on_node)
		return;
	fprintf(out, "%s:", name);
	if (place != PERF_ANYWHERE)
		fprintf(out, " %s before each pass", perf_place_name(place));
	if (stride != 0)
		fprintf(out, " stride %s", app_size_text(stride, size));
	if (on_node)
		fprintf(out, " node %" PRIu64, node);
	fputc('\n', out);
}

/* What the operations need to be told beside their size. */
static void
print_kinds(FILE *out, const struct perf_options *o)
{
	bool dif = false, delta = false;
	int op;

	for (op = 0; op < SVA_NB_OPS; op++) {
		dif = dif || (o->ops[op] && perf_op_is_dif((enum sva_opcode)op));
		delta = delta || (o->ops[op] && perf_op_is_delta((enum sva_opcode)op));
	}
	if (dif)
		fprintf(out, "DIF: blocks of %u bytes, %u more with their information\n",
			o->dif_block, PERF_DIF_BYTES);
	if (delta)
		fprintf(out, "Delta records: %u %% of the words differ\n", o->delta);
}

/* The lines on the load that not every run has. */
static void
print_load(FILE *out, const struct perf_options *o)
{
	fprintf(out, "Buffers: %s; every result %s\n",
		o->input != NULL ? o->input : o->huge ? "huge pages" : "heap memory",
		o->no_verify ? "unchecked (--no-verify)" : "checked against the CPU");
	print_side(out, "Sources", o->place_src, o->stride_src, perf_given(o, OPT_NODE_SRC),
		   o->node_src);
	print_side(out, "Destinations", o->place_dst, o->stride_dst, perf_given(o, OPT_NODE_DST),
		   o->node_dst);
	print_kinds(out, o);
	if (o->shuffle)
		fputs("Buffers in random order\n", out);
	if (o->flags[0] != '\0')
		fprintf(out, "Flags: %s operations\n", o->flags);
	if (o->submit_only)
		fputs("Accepting and submitting alone is timed, not the work.\n", out);
	if (o->fault_rates.n != 0)
		fputs("Destinations' pages are taken away before each pass.\n", out);
	if (o->repeats > 1)
		fprintf(out, "Means of %u repeats, with 95 %% confidence intervals\n", o->repeats);
}

static void
print_columns(struct perf_report *rep)
{
	const struct perf_options *o = &rep->opts;
	FILE *out = rep->table;

	if (o->open_cost) {
		fputs("\nstep                      us (median)\n", out);
		return;
	}
	fputs("\nop               size batch depth     GB/s    Mops/s  CPU GB/s  ratio", out);
	if (o->repeats > 1)
		fputs(" 95 % conf.", out);
	if (!o->submit_only)
		fputs("   p50 us   p90 us   p99 us p99.9 us", out);
	if (o->split)
		fputs("  prep ns submit ns  poll ns  wait ns", out);
	if (o->fault_rates.n != 0)
		fputs(" fault %     faults", out);
	if (rep->model)
		fputs("  model GB/s", out);
	fputc('\n', out);
}

/* What stands above the rows of a session. */
int
perf_report_header(const struct perf_session *s)
{
	const struct sva_device_info *info = &s->info;
	struct perf_report *rep = s->rep;
	FILE *out = rep->table;
	char size[24];

	rep->opts = *s->opts;
	rep->model = s->model;
	if (out == NULL)
		return 0;
	if (rep->sessions++ == 0)
		fprintf(out, "sva-perf %s\n", sva_version());
	if (s->section[0] != '\0')
		fprintf(out, "\n[%s]\n", s->section);
	fprintf(out, "Device: %s (driver %s, %s), PASID %u, queues: %u of %u, "
		"largest transfer %s\n", info->name, info->driver,
		info->emulated ? "emulated" : "hardware", info->pasid, s->opts->queues,
		info->queues, app_size_text(info->max_transfer, size));
	if (info->emulated)
		fputs("Numbers of an emulated device say nothing about hardware.\n", out);
	if (rep->model)
		fputs("Timing model on: model GB/s is computed from published figures, not "
		      "measured.\n", out);
	print_cpu(out, s->opts);
	if (!s->opts->open_cost)
		print_load(out, s->opts);
	print_columns(rep);
	check_output(rep, out, "standard output");
	return rep->lost ? -1 : 0;
}

/* Of a rate, in percent of it: nop has one too. */
static void
table_confidence(FILE *out, const struct perf_row *r)
{
	if (isnan(r->ci[PERF_MOPS]))
		fprintf(out, "%11s", "-");
	else
		fprintf(out, "    \u00b1%4.1f %%", 100 * r->ci[PERF_MOPS] / r->metric[PERF_MOPS]);
}

static void
table_load(const struct perf_report *rep, const struct perf_row *r)
{
	const double *m = r->metric;
	FILE *out = rep->table;
	char size[24];
	unsigned int i;

	fprintf(out, "%-15s %5s %5" PRIu64 " %5" PRIu64 " %8.3f %9.4f ", r->op,
		app_size_text(r->size, size), r->batch, r->depth, m[PERF_GBPS], m[PERF_MOPS]);
	if (m[PERF_CPU_GBPS] > 0)
		fprintf(out, "%9.3f %6.3f", m[PERF_CPU_GBPS], m[PERF_RATIO]);
	else
		fprintf(out, "%9s %6s", "-", "-");
	if (rep->opts.repeats > 1)
		table_confidence(out, r);
	for (i = PERF_P50; i <= PERF_P999 && !rep->opts.submit_only; i++)
		fprintf(out, " %8.2f", m[i] / 1e3);
	for (i = PERF_PREPARE_NS; i <= PERF_WAIT_NS && rep->opts.split; i++)
		fprintf(out, i == PERF_SUBMIT_NS ? " %9.1f" : " %8.1f", m[i]);
	if (r->fault_rate != PERF_NULL)
		fprintf(out, " %7" PRIu64 " %10" PRIu64, r->fault_rate, r->faults);
	if (rep->model)
		fprintf(out, " %11.3f", m[PERF_MODEL_GBPS]);
	if (r->failed != 0)
		fprintf(out, "  %" PRIu64 " FAILED", r->failed);
	else if (r->checked && !r->verified)
		fputs("  WRONG", out);
	fputc('\n', out);
}

/* A size with three digits or so: "23.4k". */
static const char *
about_size(uint64_t size, char buf[24])
{
	static const char suffixes[] = { ' ', 'k', 'm', 'g' };
	double value = (double)size;
	unsigned int i;

	if (size < 1024 || size % 1024 == 0)
		return app_size_text(size, buf);
	for (i = 0; i < 3 && value >= 1024; i++)
		value /= 1024;
	snprintf(buf, 24, "%.*f%c", value < 100, value, suffixes[i]);
	return buf;
}

static void
table_break_even(FILE *out, const struct perf_row *r)
{
	char from[24], to[24], at[24];

	fprintf(out, "%s, ", r->op);
	if (strcmp(r->mode, "latency") == 0)
		fputs("one at a time", out);
	else
		fprintf(out, "batches of %" PRIu64, r->batch);
	app_size_text(r->from, from);
	app_size_text(r->to, to);
	if (r->break_even == PERF_NULL)
		fprintf(out, ": break-even: none up to %s\n\n", to);
	else
		fprintf(out, ": break-even: from %s on, of %s to %s\n\n",
			about_size(r->break_even, at), from, to);
}

static void
table_open(FILE *out, const struct perf_row *r)
{
	fprintf(out, "%-20s %16.2f", r->step, r->us);
	if (!isnan(r->us_ci))
		fprintf(out, "  \u00b1%.2f", r->us_ci);
	fputc('\n', out);
}

static void
table_row(const struct perf_report *rep, const struct perf_row *r)
{
	switch (r->kind) {
	case PERF_LOAD: table_load(rep, r); break;
	case PERF_BREAK_EVEN: table_break_even(rep->table, r); break;
	case PERF_OPEN: table_open(rep->table, r); break;
	}
}

/* What is seen in the table is in the files, whatever comes after. */
int
perf_report_row(struct perf_report *rep, const struct perf_row *row)
{
	perf_progress_clear();
	if (rep->json != NULL)
		perf_json_row(rep->json, row, rep->rows == 0);
	if (rep->csv != NULL)
		perf_csv_row(rep->csv, row);
	rep->rows++;
	check_output(rep, rep->json, rep->json_path);
	check_output(rep, rep->csv, rep->csv_path);
	if (rep->table != NULL)
		table_row(rep, row);
	check_output(rep, rep->table, "standard output");
	return rep->lost ? -1 : 0;
}

/* Standard output stays open, other files are closed: that too can fail. */
static void
close_output(struct perf_report *rep, FILE *out, const char *path)
{
	check_output(rep, out, path);
	if (out == NULL || out == stdout || fclose(out) == 0)
		return;
	if (!rep->lost)
		perf_error("output: '%s': %s: results are lost", path, strerror(errno));
	rep->lost = true;
}

int
perf_report_close(struct perf_report *rep)
{
	bool lost;

	perf_progress_clear();
	if (rep->json != NULL)
		fputs("\n]\n", rep->json);
	close_output(rep, rep->json, rep->json_path);
	close_output(rep, rep->csv, rep->csv_path);
	lost = rep->lost;
	free(rep);
	return lost ? -1 : 0;
}

/* Only on a terminal, and only in runs long enough for someone to wonder. */
void
perf_progress(const struct perf_case *c, unsigned int slice)
{
	const struct perf_options *o = c->opts;
	char size[24];

	if (!isatty(STDERR_FILENO) ||
	    (o->iterations == 0 && c->total * o->repeats * o->seconds < 1))
		return;
	fprintf(stderr, "\r\033[Kmeasurement %u of %u: %s %s, %u %%", c->number, c->total,
		sva_op_name(c->op), app_size_text(c->size, size),
		100 * (c->repeat * c->slices + slice) / (c->slices * o->repeats));
	fflush(stderr);
	atomic_store(&progress_shown, true);
}

void
perf_progress_clear(void)
{
	if (atomic_exchange(&progress_shown, false))
		fputs("\r\033[K", stderr);
}
