/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Rows as JSON and CSV: one table of the fields, in the order of CSV's columns. What it says
 * is described in the guide; it and PERF_SCHEMA change together.
 */
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "perf.h"

#define ALL (PERF_LOAD | PERF_BREAK_EVEN | PERF_OPEN)
#define LOAD PERF_LOAD
#define EVEN PERF_BREAK_EVEN
#define OPEN PERF_OPEN

enum field_type { TEXT, INTEGER, BOOLEAN, NUMBER, NANOSECONDS };

struct field {
	const char *name;
	unsigned int kinds;	/* of row that have it */
	enum field_type type;
	size_t from;		/* offset in struct perf_row */
};

#define FROM(member) offsetof(struct perf_row, member)

static const struct field fields[] = {
	{ "schema", ALL, INTEGER, FROM(schema) },
	{ "version", ALL, TEXT, FROM(version) },
	{ "kind", ALL, TEXT, FROM(kind_name) },
	{ "section", ALL, TEXT, FROM(section) },
	{ "device", ALL, TEXT, FROM(device) },
	{ "emulated", ALL, BOOLEAN, FROM(emulated) },
	{ "cpu", ALL, TEXT, FROM(cpu) },
	{ "repeats", ALL, INTEGER, FROM(repeats) },
	{ "op", LOAD | EVEN, TEXT, FROM(op) },
	{ "size", LOAD, INTEGER, FROM(size) },
	{ "batch", LOAD | EVEN, INTEGER, FROM(batch) },
	{ "depth", LOAD | EVEN, INTEGER, FROM(depth) },
	{ "buffers", LOAD, INTEGER, FROM(buffers) },
	{ "queues", LOAD, INTEGER, FROM(queues) },
	{ "slices", LOAD, INTEGER, FROM(slices) },
	{ "gbps", LOAD, NUMBER, FROM(metric[PERF_GBPS]) },
	{ "gbps_ci", LOAD, NUMBER, FROM(ci[PERF_GBPS]) },
	{ "mops", LOAD, NUMBER, FROM(metric[PERF_MOPS]) },
	{ "mops_ci", LOAD, NUMBER, FROM(ci[PERF_MOPS]) },
	{ "cpu_gbps", LOAD, NUMBER, FROM(metric[PERF_CPU_GBPS]) },
	{ "cpu_gbps_ci", LOAD, NUMBER, FROM(ci[PERF_CPU_GBPS]) },
	{ "ratio", LOAD, NUMBER, FROM(metric[PERF_RATIO]) },
	{ "ratio_ci", LOAD, NUMBER, FROM(ci[PERF_RATIO]) },
	{ "p50_ns", LOAD, NANOSECONDS, FROM(metric[PERF_P50]) },
	{ "p90_ns", LOAD, NANOSECONDS, FROM(metric[PERF_P90]) },
	{ "p99_ns", LOAD, NANOSECONDS, FROM(metric[PERF_P99]) },
	{ "p999_ns", LOAD, NANOSECONDS, FROM(metric[PERF_P999]) },
	{ "completed", LOAD, INTEGER, FROM(completed) },
	{ "failed", LOAD, INTEGER, FROM(failed) },
	{ "faults", LOAD, INTEGER, FROM(faults) },
	{ "verified", LOAD, BOOLEAN, FROM(verified) },
	{ "model_gbps", LOAD, NUMBER, FROM(metric[PERF_MODEL_GBPS]) },
	{ "place_src", LOAD, TEXT, FROM(place_src) },
	{ "place_dst", LOAD, TEXT, FROM(place_dst) },
	{ "stride_src", LOAD, INTEGER, FROM(stride_src) },
	{ "stride_dst", LOAD, INTEGER, FROM(stride_dst) },
	{ "node_src", LOAD, INTEGER, FROM(node_src) },
	{ "node_dst", LOAD, INTEGER, FROM(node_dst) },
	{ "flags", LOAD, TEXT, FROM(flags) },
	{ "fault_rate", LOAD, INTEGER, FROM(fault_rate) },
	{ "submit_only", LOAD, BOOLEAN, FROM(submit_only) },
	{ "dif_block", LOAD, INTEGER, FROM(dif_block) },
	{ "delta", LOAD, INTEGER, FROM(delta) },
	{ "shuffle", LOAD, BOOLEAN, FROM(shuffle) },
	{ "prepare_ns", LOAD, NANOSECONDS, FROM(metric[PERF_PREPARE_NS]) },
	{ "submit_ns", LOAD, NANOSECONDS, FROM(metric[PERF_SUBMIT_NS]) },
	{ "poll_ns", LOAD, NANOSECONDS, FROM(metric[PERF_POLL_NS]) },
	{ "wait_ns", LOAD, NANOSECONDS, FROM(metric[PERF_WAIT_NS]) },
	{ "mode", EVEN, TEXT, FROM(mode) },
	{ "from", EVEN, INTEGER, FROM(from) },
	{ "to", EVEN, INTEGER, FROM(to) },
	{ "break_even", EVEN, INTEGER, FROM(break_even) },
	{ "step", OPEN, TEXT, FROM(step) },
	{ "us", OPEN, NUMBER, FROM(us) },
	{ "us_ci", OPEN, NUMBER, FROM(us_ci) },
};

#define NB_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* With quotes where a reader would take it for more than one value (RFC 4180). */
static void
csv_text(FILE *out, const char *text)
{
	if (text[strcspn(text, ",\"\r\n")] == '\0') {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* A field's value: nothing, or null, where there is none. */
static void
value(FILE *out, const struct field *f, const struct perf_row *row, bool csv)
{
	const void *at = (const char *)row + f->from;
	const char *null = csv ? "" : "null";
	double number;
	uint64_t integer;

	switch (f->type) {
	case TEXT:
		(csv ? csv_text : json_string)(out, *(const char *const *)at);
		break;
	case BOOLEAN:
		fputs(*(const bool *)at ? "true" : "false", out);
		break;
	case INTEGER:
		integer = *(const uint64_t *)at;
		if (integer == PERF_NULL)
			fputs(null, out);
		else
			fprintf(out, "%" PRIu64, integer);
		break;
	case NUMBER:
	case NANOSECONDS:
		number = *(const double *)at;
		if (isnan(number))
			fputs(null, out);
		else
			fprintf(out, f->type == NUMBER ? "%.6g" : "%.1f", number);
		break;
	}
}

void
perf_json_row(FILE *out, const struct perf_row *row, bool first)
{
	const char *separator = "";
	unsigned int i;

	fputs(first ? "\n{" : ",\n{", out);
	for (i = 0; i < NB_FIELDS; i++) {
		if (!(fields[i].kinds & row->kind))
			continue;
		fprintf(out, "%s\"%s\": ", separator, fields[i].name);
		value(out, &fields[i], row, false);
		separator = ", ";
	}
	fputc('}', out);
}

void
perf_csv_names(FILE *out)
{
	unsigned int i;

	for (i = 0; i < NB_FIELDS; i++)
		fprintf(out, "%s%s", i == 0 ? "" : ",", fields[i].name);
	fputc('\n', out);
}

void
perf_csv_row(FILE *out, const struct perf_row *row)
{
	unsigned int i;

	for (i = 0; i < NB_FIELDS; i++) {
		if (i != 0)
			fputc(',', out);
		if (fields[i].kinds & row->kind)
			value(out, &fields[i], row, true);
	}
	fputc('\n', out);
}
