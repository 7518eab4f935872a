/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * sva-perf's own options: one table for the command line, the help and the keys of files.
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sva_eal.h>

#include "perf.h"

#define MAX_OFFSET (1u << 20)
#define MAX_STRIDE (1ull << 40)
#define LONG_ONLY 256	/* what getopt_long() returns is this and the index */

#define LOADS (PERF_LOAD | PERF_BREAK_EVEN)
#define ALL (LOADS | PERF_OPEN)
#define TO(field) .to = offsetof(struct perf_options, field)
#define SWITCH(field) .parse = perf_value_yes_no, TO(field)
#define TEXT(field) .parse = perf_value_text, TO(field)
#define NUMBER(field, from, upto) \
	.parse = perf_value_number, TO(field), .min = (from), .max = (upto)
#define UINT(field, from, upto) \
	.parse = perf_value_uint, TO(field), .min = (from), .max = (upto)
#define LIST(field, by, from, upto) \
	.parse = perf_value_list, TO(field), .step = (by), .min = (from), .max = (upto)
#define NODE(field) .parse = perf_value_node, TO(field), .max = 4095
#define PLACE(field) .parse = perf_value_place, TO(field)

static const struct perf_option_def table[PERF_NB_OPTIONS] = {
	[OPT_OP] = { "op", "LIST", "copy, fill, compare, compare-pattern, crc32c, copy-crc32c,\n"
		"dualcast, delta-create, delta-apply, dif-check, dif-insert, dif-strip,\n"
		"dif-update, cache-flush, drain, nop, or all\n"
		"[copy,fill,compare,crc32c]",
		.letter = 'o', .kinds = LOADS, .parse = perf_value_ops },
	[OPT_SIZE] = { "size", "LIST", "bytes of one operation [64,4k,64k,1m]",
		.letter = 's', .kinds = LOADS, LIST(sizes, 'x', 1, UINT32_MAX) },
	[OPT_BATCH] = { "batch", "LIST", "operations of one submit [16; fewer for large sizes]",
		.letter = 'b', .kinds = LOADS, LIST(batches, 'x', 1, PERF_MAX_DEPTH) },
	[OPT_DEPTH] = { "depth", "N", "operations in flight on each queue, at most\n"
		"[128, at least two batches; fewer for large sizes]",
		.letter = 'q', .kinds = ALL, UINT(depth, 1, PERF_MAX_DEPTH) },
	[OPT_BUFFERS] = { "buffers", "N", "sets of buffers that operations go round\n"
		"[16; fewer for large sizes]",
		.letter = 'n', .kinds = LOADS, UINT(buffers, 1, 1u << 24) },
	[OPT_TIME] = { "time", "SECONDS", "length of one measurement, on the device alone [0.2]",
		.letter = 't', .kinds = LOADS, .parse = perf_value_seconds, TO(seconds) },
	[OPT_ITERATIONS] = { "iterations", "N",
		"operations of one measurement on each queue, instead of -t",
		.letter = 'i', .kinds = LOADS, NUMBER(iterations, 1, UINT64_MAX / 2) },
	[OPT_REPEAT] = { "repeat", "N",
		"make each measurement N times: means, 95 % confidence [1]",
		.letter = 'r', .kinds = ALL, UINT(repeats, 1, 1000) },
	[OPT_CPUS] = { "cpus", "LIST",
		"CPUs for the queues' threads, round robin [those of -l, else any]",
		.letter = 'c', .kinds = LOADS, LIST(cpus, '+', 0, INT_MAX) },
	[OPT_QUEUES] = { "queues", "N", "queues, a thread each [as many as -c names, else 1]",
		.letter = 'Q', .kinds = ALL, UINT(queues, 1, 1024) },
	[OPT_BREAK_EVEN] = { "break-even", NULL,
		"find the size from which on the device beats the CPU",
		.kinds = ALL, SWITCH(break_even) },
	[OPT_OPEN_COST] = { "open-cost", NULL,
		"measure opening, binding and closing instead of operations",
		.kinds = ALL, SWITCH(open_cost) },
	[OPT_SPLIT] = { "split", NULL,
		"time spent in accepting, submitting and polling an operation",
		.kinds = LOADS, SWITCH(split) },
	[OPT_SUBMIT_ONLY] = { "submit-only", NULL,
		"rate of accepting and submitting alone, polling not timed",
		.kinds = LOADS, SWITCH(submit_only) },
	[OPT_FAULT_RATE] = { "fault-rate", "LIST",
		"percent of operations whose destination is not present",
		.kinds = LOADS, LIST(fault_rates, '+', 0, 100) },
	[OPT_FLAG] = { "flag", "LIST",
		"fence/N, to-cache/N: a flag on every Nth operation",
		.kinds = LOADS, .parse = perf_value_flags, .max = 1u << 30 },
	[OPT_DIF_BLOCK] = { "dif-block", "N",
		"bytes of a DIF block: 512, 520, 4096 or 4104 [512]",
		.kinds = LOADS, .parse = perf_value_block, TO(dif_block) },
	[OPT_DELTA] = { "delta", "N",
		"percent of words of 8 bytes that differ, for delta records [10]",
		.kinds = LOADS, UINT(delta, 0, 100) },
	[OPT_SHUFFLE] = { "shuffle", NULL, "go round the sets of buffers in a random order",
		.kinds = LOADS, SWITCH(shuffle) },
	[OPT_PLACE_SRC] = { "place-src", "PLACE",
		"bring sources to l1, llc or memory before each pass",
		.kinds = LOADS, PLACE(place_src) },
	[OPT_PLACE_DST] = { "place-dst", "PLACE", "the same for destinations",
		.kinds = LOADS, PLACE(place_dst) },
	[OPT_STRIDE_SRC] = { "stride-src", "N",
		"bytes from one set's source to the next [as close as can be]",
		.kinds = LOADS, NUMBER(stride_src, 1, MAX_STRIDE) },
	[OPT_STRIDE_DST] = { "stride-dst", "N", "the same for destinations",
		.kinds = LOADS, NUMBER(stride_dst, 1, MAX_STRIDE) },
	[OPT_OFFSET_SRC] = { "offset-src", "N",
		"bytes by which sources are off their alignment [0]",
		.kinds = LOADS, NUMBER(offset_src, 0, MAX_OFFSET) },
	[OPT_OFFSET_DST] = { "offset-dst", "N", "the same for destinations [0]\n"
		"(aligned to 4096 from a size of 4k on, to 64 below)",
		.kinds = LOADS, NUMBER(offset_dst, 0, MAX_OFFSET) },
	[OPT_NODE_SRC] = { "node-src", "N", "NUMA node of the sources [the thread's]",
		.kinds = LOADS, NODE(node_src) },
	[OPT_NODE_DST] = { "node-dst", "N", "NUMA node of the destinations [the thread's]",
		.kinds = LOADS, NODE(node_dst) },
	[OPT_NODE_RING] = { "node-ring", "N", "NUMA node of the queues' rings [the device's]",
		.kinds = ALL, NODE(node_ring) },
	[OPT_HUGE] = { "huge", NULL, "buffers on huge pages, or fail",
		.kinds = LOADS, SWITCH(huge) },
	[OPT_INPUT] = { "input", "FILE", "take the pages of this file as the source",
		.kinds = LOADS, TEXT(input) },
	[OPT_NO_VERIFY] = { "no-verify", NULL,
		"do not check data and results (statuses are always checked)",
		.kinds = LOADS, SWITCH(no_verify) },
	[OPT_NO_CPU] = { "no-cpu", NULL, "do not measure the CPU",
		.kinds = LOADS, SWITCH(no_cpu) },
	[OPT_CORRUPT] = { "corrupt", "N",
		"spoil the Nth destination before it is checked, to see the check\nfail",
		NUMBER(corrupt, 1, UINT64_MAX) },
	[OPT_CONFIG] = { "config", "FILE",
		"make the measurements of each section of an INI file; its keys are\n"
		"these options' names, and device", TEXT(config) },
	[OPT_JSON] = { "json", "FILE",
		"write the measurements as a JSON array; - is the standard output", TEXT(json) },
	[OPT_CSV] = { "csv", "FILE",
		"write them as CSV; with either on - the table is left out", TEXT(csv) },
	[OPT_VERBOSE] = { "verbose", NULL, "print every slice on standard error",
		.letter = 'v', .kinds = LOADS, SWITCH(verbose) },
	[OPT_HELP] = { "help", NULL, "print this", .letter = 'h', SWITCH(help) },
	[OPT_VERSION] = { "version", NULL, "print the version", SWITCH(version) },
};

void
perf_options_init(struct perf_options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->flags = "";
	opts->dif_block = 512;
	opts->delta = 10;
}

int
perf_options_set(struct perf_options *opts, enum perf_option_id id, const char *value,
		 enum perf_layer layer, const char *where)
{
	opts->from[id] = (unsigned char)layer;
	return table[id].parse(&table[id], where, value, opts);
}

int
perf_options_find(const char *key)
{
	int i;

	for (i = 0; i < PERF_NB_OPTIONS; i++) {
		if (strcmp(table[i].name, key) == 0)
			return i;
	}
	return -1;
}

bool
perf_options_in_file(enum perf_option_id id)
{
	return table[id].kinds != 0;
}

enum perf_kind
perf_options_kind(const struct perf_options *opts)
{
	return opts->open_cost ? PERF_OPEN : opts->break_even ? PERF_BREAK_EVEN : PERF_LOAD;
}

static void
fill_getopt(struct option *longs, char *shorts)
{
	int i;

	*shorts++ = '+';
	*shorts++ = ':';
	for (i = 0; i < PERF_NB_OPTIONS; i++) {
		longs[i] = (struct option){ table[i].name,
					    table[i].arg != NULL ? required_argument : no_argument,
					    NULL, LONG_ONLY + i };
		if (table[i].letter == '\0')
			continue;
		*shorts++ = table[i].letter;
		if (table[i].arg != NULL)
			*shorts++ = ':';
	}
	*shorts = '\0';
	memset(&longs[i], 0, sizeof(longs[i]));
}

/* What getopt_long() has returned, as an index into the table. */
static enum perf_option_id
option_id(int opt)
{
	int i = opt - LONG_ONLY;

	if (i < 0) {
		for (i = 0; table[i].letter != opt; i++)
			;
	}
	return (enum perf_option_id)i;
}

int
perf_options_parse(int argc, char **argv, struct perf_setting *settings,
		   unsigned int *nb_settings, struct perf_options *opts)
{
	struct option longs[PERF_NB_OPTIONS + 1];
	char shorts[2 * PERF_NB_OPTIONS + 3], where[64];
	int opt, ret;

	perf_options_init(opts);
	fill_getopt(longs, shorts);
	*nb_settings = 0;
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		enum perf_option_id id;

		if (opt == ':' || opt == '?') {
			const char letter[] = { '-', (char)optopt, '\0' };

			perf_error("option '%s' %s: see sva-perf -h",
				   optopt > 0 && optopt < LONG_ONLY ? letter : argv[optind - 1],
				   opt == ':' ? "needs a value" : "is unknown or takes no value");
			return PERF_EXIT_USAGE;
		}
		id = option_id(opt);
		settings[(*nb_settings)++] = (struct perf_setting){ id, optarg };
		snprintf(where, sizeof(where), "--%s", table[id].name);
		ret = perf_options_set(opts, id, optarg, PERF_COMMAND, where);
		if (ret != 0)
			return ret;
	}
	if (optind < argc) {
		perf_error("argument '%s' is not an option: see sva-perf -h", argv[optind]);
		return PERF_EXIT_USAGE;
	}
	return 0;
}

static int
refuse(const char *where, const char *what)
{
	perf_error("%s%s", where, what);
	return PERF_EXIT_USAGE;
}

/* Of two options that exclude each other the one that prevails holds. */
static int
choose_end(struct perf_options *opts, const char *where)
{
	if (perf_given(opts, OPT_TIME) && opts->from[OPT_TIME] == opts->from[OPT_ITERATIONS])
		return refuse(where, "--time and --iterations: both say when to stop: give one "
				     "of them");
	/* Where there are iterations, there is no time. */
	if (opts->from[OPT_TIME] > opts->from[OPT_ITERATIONS])
		opts->iterations = 0;
	if (opts->seconds == 0 && opts->iterations == 0)
		opts->seconds = 0.2;
	return 0;
}

/* What says nothing about opening, and was given where --open-cost was. */
static int
check_kind(const struct perf_options *opts, const char *where)
{
	int i;

	if (opts->break_even && opts->open_cost)
		return refuse(where, "--break-even and --open-cost: each is a measurement of its "
				     "own: give one of them");
	for (i = 0; opts->open_cost && i < PERF_NB_OPTIONS; i++) {
		if (table[i].kinds == 0 || (table[i].kinds & PERF_OPEN) ||
		    opts->from[i] != opts->from[OPT_OPEN_COST])
			continue;
		perf_error("%s--%s: has no meaning with --open-cost: leave one of them out", where,
			   table[i].name);
		return PERF_EXIT_USAGE;
	}
	return 0;
}

/* What two options say together. */
static int
check_pairs(const struct perf_options *opts, const char *where)
{
	unsigned int i;

	for (i = 0; opts->depth != 0 && i < opts->batches.n; i++) {
		if (opts->batches.value[i] > opts->depth) {
			perf_error("%s--batch: %" PRIu64 " operations are more than --depth %u "
				   "allows in flight: give a greater depth or a smaller batch",
				   where, opts->batches.value[i], opts->depth);
			return PERF_EXIT_USAGE;
		}
	}
	if (opts->json != NULL && opts->csv != NULL && strcmp(opts->json, opts->csv) == 0) {
		perf_error("--json and --csv: both name '%s': give each its own file", opts->csv);
		return PERF_EXIT_USAGE;
	}
	if (opts->corrupt != 0 && opts->no_verify)
		return refuse(where, "--corrupt: nothing is checked with --no-verify: leave one "
				     "of them out");
	if (opts->input != NULL && perf_given(opts, OPT_NODE_SRC))
		return refuse(where, "--node-src: the pages of --input are where they are: leave "
				     "one of them out");
	if (opts->break_even && (opts->no_cpu || opts->submit_only || opts->fault_rates.n != 0))
		return refuse(where, "--break-even: compares the device's work with the CPU's: "
				     "leave --no-cpu, --submit-only and --fault-rate out");
	if (opts->submit_only && opts->split)
		return refuse(where, "--split: --submit-only does not time what is polled: leave "
				     "one of them out");
	if (opts->submit_only && opts->fence_every != 0)
		return refuse(where, "--flag: a fence is held back until what is before it is "
				     "done, so that --submit-only cannot time it: leave one of "
				     "them out");
	if (opts->fault_rates.n != 0 && (opts->huge || opts->place_dst != PERF_ANYWHERE ||
					 opts->offset_dst != 0))
		return refuse(where, "--fault-rate: takes whole small pages of destinations away: "
				     "leave --huge, --place-dst and --offset-dst out");
	return 0;
}

/* Why an operation cannot be measured as is asked for; NULL: it can. */
static const char *
cannot(const struct perf_options *opts, enum sva_opcode op)
{
	static char why[PERF_WHY];

	if (opts->break_even && !perf_op_has_size(op)) {
		snprintf(why, sizeof(why), "--op: %s has no size to break even at: leave it out",
			 sva_op_name(op));
		return why;
	}
	if (opts->break_even && !perf_cpu_can(op)) {
		snprintf(why, sizeof(why), "--op: there is no %s by this CPU to break even with: "
			 "leave it out", sva_op_name(op));
		return why;
	}
	/* They are planted in what is written. */
	if (opts->fault_rates.n != 0 && perf_op_writes(op) != PERF_WRITES_ALL) {
		snprintf(why, sizeof(why), "--fault-rate: %s does not write a destination from end "
			 "to end: use copy, fill, copy-crc32c, dualcast, dif-insert, dif-strip and "
			 "dif-update", sva_op_name(op));
		return why;
	}
	return NULL;
}

static int
choose_ops(struct perf_options *opts, const char *where)
{
	int op;

	if (!perf_given(opts, OPT_OP)) {
		opts->ops[SVA_OP_COPY] = opts->ops[SVA_OP_FILL] = true;
		opts->ops[SVA_OP_COMPARE] = opts->ops[SVA_OP_CRC32C] = opts->fault_rates.n == 0;
	}
	for (op = 0; op < SVA_NB_OPS; op++) {
		const char *why = opts->ops[op] ? cannot(opts, (enum sva_opcode)op) : NULL;

		if (why != NULL && !opts->all_ops) {
			perf_error("%s%s", where, why);
			return PERF_EXIT_USAGE;
		}
		opts->ops[op] = opts->ops[op] && why == NULL;
	}
	return 0;
}

int
perf_options_finish(struct perf_options *opts, const char *where)
{
	int ret = choose_end(opts, where);
	unsigned int i, n;
	const int *cpus;

	if (ret == 0)
		ret = check_kind(opts, where);
	if (ret == 0)
		ret = check_pairs(opts, where);
	if (ret == 0)
		ret = choose_ops(opts, where);
	if (ret != 0)
		return ret;
	if (opts->sizes.n == 0 && !opts->break_even)
		opts->sizes = (struct app_list){ { 64, 4096, 65536, 1048576 }, 4 };
	if (opts->batches.n == 0)
		opts->batches = (struct app_list){ { 16 }, 1 };
	n = opts->cpus.n == 0 && !opts->open_cost ? sva_eal_cpus(&cpus) : 0;
	for (i = 0; i < n && i < APP_MAX_LIST; i++)
		opts->cpus.value[opts->cpus.n++] = (uint64_t)cpus[i];
	if (opts->queues == 0)
		opts->queues = opts->cpus.n != 0 ? opts->cpus.n : 1;
	if (opts->repeats == 0)
		opts->repeats = opts->open_cost ? 20 : 1;
	return 0;
}

/* "  -x, --long ARG   text", each further line of the text below its first. */
static void
print_option(FILE *out, const struct perf_option_def *def)
{
	const char *text = def->help;
	char left[40], letter[5] = "    ";
	int len;

	if (def->letter != '\0')
		snprintf(letter, sizeof(letter), "-%c, ", def->letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, def->name,
		 def->arg != NULL ? " " : "", def->arg != NULL ? def->arg : "");
	for (;; text += len + 1) {
		len = (int)strcspn(text, "\n");
		fprintf(out, "%-24s %.*s\n", left, len, text);
		if (text[len] == '\0')
			break;
		left[0] = '\0';
	}
}

void
perf_usage(FILE *out)
{
	int i;

	fputs("\nOptions of sva-perf (after --):\n", out);
	for (i = 0; i < PERF_NB_OPTIONS; i++)
		print_option(out, &table[i]);
	fputs(
"\n"
"A LIST is 64,4k,1m or a range FIRST-LAST (doubling; CPUs, percent: counting),\n"
"FIRST-LAST:xN (multiply) or FIRST-LAST:+N (add). Suffixes k, m, g are powers of 1024.\n"
"\n"
"The first -a names the device; without one it is \"auto\". The device and the CPU take\n"
"turns on the same buffers; figures are medians over the turns, and the ratio is the median\n"
"of each turn's. GB/s is 1e9 bytes of payload a second: the size, once for each operation.\n"
"Latency is from the submit of an operation's batch to its result, under the load measured.\n"
"Each result is checked by itself, the data of each set of buffers after each turn.\n"
"\n"
"In a file a section is [NAME] and lines KEY = VALUE; options that take no value are yes or\n"
"no there. [global] has values for all sections; the command line prevails over the file.\n"
"\n"
"Exit status: 0 good; 1 an operation, a check or an output failed; 2 wrong usage;\n"
"130 interrupted (SIGINT, SIGTERM, SIGHUP).\n"
"\n"
"Examples: sva-perf -a emu:dsa -- -o copy -s 64,4k,64k,1m -b 16 -t 1 --json out.json\n"
"          sva-perf -- --config fault-rate.ini --csv out.csv\n",
	out);
}
