/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Output: a table for people, JSON and CSV for programs, a progress line for a terminal.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sva_eal.h>

#include "json.h"
#include "perf.h"

struct perf_report {
	FILE *table, *json, *csv;	/* NULL: not wanted */
	const char *json_path, *csv_path;
	unsigned int rows;
	bool model;	/* there is a timing model to report */
	bool lost;	/* something could not be written, which has been said */
};

static atomic_bool progress_shown;

static bool
is_stdout(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
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

static void
csv_names(FILE *out, bool model)
{
	fputs("device,op,size,batch,depth,buffers,queues,gbps,mops,cpu_gbps,ratio,p50_ns,p90_ns,"
	      "p99_ns,p999_ns,completed,failed,faults,verified,emulated", out);
	fputs(model ? ",model_gbps\n" : "\n", out);
}

/* The files are opened, and found not to be writable, before anything is measured. */
struct perf_report *
perf_report_open(const struct perf_options *opts, bool model)
{
	struct perf_report *rep = calloc(1, sizeof(*rep));

	if (rep == NULL) {
		perf_error("output: out of memory");
		return NULL;
	}
	rep->json_path = opts->json;
	rep->csv_path = opts->csv;
	rep->model = model;
	if (open_output(opts->json, &rep->json) != 0 || open_output(opts->csv, &rep->csv) != 0) {
		perf_report_close(rep);
		return NULL;
	}
	if (!is_stdout(opts->json) && !is_stdout(opts->csv))
		rep->table = stdout;
	if (rep->json != NULL)
		fputs("[", rep->json);
	if (rep->csv != NULL)
		csv_names(rep->csv, model);
	return rep;
}

static void
print_cpu(FILE *out, const struct perf_options *opts)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256], *name = NULL;
	unsigned int i;

	while (f != NULL && name == NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "model name", 10) == 0 && (name = strchr(line, ':')) != NULL)
			name[strcspn(name, "\n")] = '\0';
	}
	if (f != NULL)
		fclose(f);
	fprintf(out, "CPU: %s; threads on", name == NULL ? "unknown" : name + 2);
	if (opts->cpus.n == 0)
		fputs(" any CPU", out);
	for (i = 0; i < opts->cpus.n; i++)
		fprintf(out, "%s%" PRIu64, i == 0 ? " CPU " : ",", opts->cpus.value[i]);
	fputc('\n', out);
}

int
perf_report_header(struct perf_report *rep, const struct sva_device_info *info,
		   const struct perf_options *opts)
{
	FILE *out = rep->table;
	char size[24];

	if (out == NULL)
		return 0;
	fprintf(out, "sva-perf %s\nDevice: %s (driver %s, %s), PASID %u, queues: %u of %u, "
		"largest transfer %s\n", sva_version(), info->name, info->driver,
		info->emulated ? "emulated" : "hardware", info->pasid, opts->queues, info->queues,
		perf_size_text(info->max_transfer, size));
	if (info->emulated)
		fputs("Numbers of an emulated device say nothing about hardware.\n", out);
	if (rep->model)
		fputs("Timing model on: model GB/s is computed from published figures, not "
		      "measured.\n", out);
	print_cpu(out, opts);
	fprintf(out, "Buffers: %s; every result %s\n",
		opts->input != NULL ? opts->input : opts->huge ? "huge pages" : "heap memory",
		opts->verify ? "checked against the CPU" : "unchecked (--no-verify)");
	fputs("\nop               size batch depth     GB/s    Mops/s  CPU GB/s  ratio"
	      "   p50 us   p90 us   p99 us p99.9 us", out);
	fputs(rep->model ? "  model GB/s\n" : "\n", out);
	check_output(rep, out, "standard output");
	return rep->lost ? -1 : 0;
}

static void
table_row(FILE *out, const struct perf_result *r, bool verify, bool model)
{
	char size[24];

	fprintf(out, "%-15s %5s %5u %5u %8.3f %9.4f ", sva_op_name(r->op),
		perf_size_text(r->size, size), r->batch, r->depth, r->gbps, r->mops);
	if (r->cpu_gbps > 0)
		fprintf(out, "%9.3f %6.3f", r->cpu_gbps, r->ratio);
	else
		fprintf(out, "%9s %6s", "-", "-");
	fprintf(out, " %8.2f %8.2f %8.2f %8.2f", r->p50 / 1e3, r->p90 / 1e3, r->p99 / 1e3,
		r->p999 / 1e3);
	if (model)
		fprintf(out, " %11.3f", r->model_gbps);
	if (r->failed != 0)
		fprintf(out, "  %" PRIu64 " FAILED", r->failed);
	else if (verify && !r->verified)
		fputs("  WRONG", out);
	fputc('\n', out);
}

static void
json_row(FILE *out, const struct perf_result *r, bool first, bool model)
{
	fprintf(out, "%s\n{\"device\": ", first ? "" : ",");
	json_string(out, r->device);
	fprintf(out, ", \"op\": \"%s\", \"size\": %" PRIu64 ", \"batch\": %u, \"depth\": %u, "
		"\"buffers\": %u, \"queues\": %u, \"slices\": %u, \"gbps\": %.6g, "
		"\"mops\": %.6g, \"cpu_gbps\": %.6g, \"ratio\": %.6g, \"p50_ns\": %.1f, "
		"\"p90_ns\": %.1f, \"p99_ns\": %.1f, \"p999_ns\": %.1f, "
		"\"completed\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"faults\": %" PRIu64
		", \"verified\": %s, \"emulated\": %s", sva_op_name(r->op), r->size, r->batch,
		r->depth, r->buffers, r->queues, r->slices, r->gbps, r->mops, r->cpu_gbps,
		r->ratio, r->p50, r->p90, r->p99, r->p999, r->completed, r->failed, r->faults,
		r->verified ? "true" : "false", r->emulated ? "true" : "false");
	if (model)
		fprintf(out, ", \"model_gbps\": %.6g", r->model_gbps);
	fputc('}', out);
}

static void
csv_row(FILE *out, const struct perf_result *r, bool model)
{
	fprintf(out, "%s,%s,%" PRIu64 ",%u,%u,%u,%u,%.6g,%.6g,%.6g,%.6g,%.1f,%.1f,%.1f,%.1f,%"
		PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s,%s", r->device, sva_op_name(r->op), r->size,
		r->batch, r->depth, r->buffers, r->queues, r->gbps, r->mops, r->cpu_gbps,
		r->ratio, r->p50, r->p90, r->p99, r->p999, r->completed, r->failed, r->faults,
		r->verified ? "true" : "false", r->emulated ? "true" : "false");
	if (model)
		fprintf(out, ",%.6g", r->model_gbps);
	fputc('\n', out);
}

int
perf_report_row(struct perf_report *rep, const struct perf_result *r, bool verify)
{
	perf_progress_clear();
	if (rep->table != NULL)
		table_row(rep->table, r, verify, rep->model);
	if (rep->json != NULL)
		json_row(rep->json, r, rep->rows == 0, rep->model);
	if (rep->csv != NULL)
		csv_row(rep->csv, r, rep->model);
	rep->rows++;
	check_output(rep, rep->table, "standard output");
	check_output(rep, rep->json, rep->json_path);
	check_output(rep, rep->csv, rep->csv_path);
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

	if (!isatty(STDERR_FILENO) || (o->iterations == 0 && c->total * o->seconds < 1))
		return;
	fprintf(stderr, "\r\033[Kmeasurement %u of %u: %s %s, %u %%", c->number, c->total,
		sva_op_name(c->op), perf_size_text(c->size, size), 100 * slice / c->slices);
	fflush(stderr);
	atomic_store(&progress_shown, true);
}

void
perf_progress_clear(void)
{
	if (atomic_exchange(&progress_shown, false))
		fputs("\r\033[K", stderr);
}
