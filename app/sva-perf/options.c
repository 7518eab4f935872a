/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * sva-perf's own options.
 */
#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "perf.h"

#define MAX_OFFSET (1u << 20)
#define MAX_SECONDS 86400.0

enum {
	OPT_OFFSET_SRC = 256,
	OPT_OFFSET_DST,
	OPT_HUGE,
	OPT_NO_VERIFY,
	OPT_INPUT,
	OPT_JSON,
	OPT_CSV,
	OPT_NO_CPU,
	OPT_CORRUPT,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{ "op", required_argument, NULL, 'o' },
	{ "size", required_argument, NULL, 's' },
	{ "batch", required_argument, NULL, 'b' },
	{ "depth", required_argument, NULL, 'q' },
	{ "buffers", required_argument, NULL, 'n' },
	{ "time", required_argument, NULL, 't' },
	{ "iterations", required_argument, NULL, 'i' },
	{ "cpus", required_argument, NULL, 'c' },
	{ "queues", required_argument, NULL, 'Q' },
	{ "offset-src", required_argument, NULL, OPT_OFFSET_SRC },
	{ "offset-dst", required_argument, NULL, OPT_OFFSET_DST },
	{ "huge", no_argument, NULL, OPT_HUGE },
	{ "no-verify", no_argument, NULL, OPT_NO_VERIFY },
	{ "input", required_argument, NULL, OPT_INPUT },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "no-cpu", no_argument, NULL, OPT_NO_CPU },
	{ "corrupt", required_argument, NULL, OPT_CORRUPT },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* The operations that have something to measure, by the names of sva_op_name(). */
static bool
measurable(int op)
{
	/* A drain moves nothing; deltas, DIF and cache flushes have operands of their own. */
	return op >= 0 && op <= SVA_OP_DUALCAST;
}

static int
parse_ops(const char *text, struct perf_options *opts)
{
	char word[32];
	size_t len;
	int op;

	memset(opts->ops, 0, sizeof(opts->ops));
	opts->all_ops = strcmp(text, "all") == 0;
	if (opts->all_ops) {
		for (op = 0; op < SVA_NB_OPS; op++)
			opts->ops[op] = measurable(op);
		return 0;
	}
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), text);
		op = sva_op_parse(word);
		if (!measurable(op)) {
			perf_error("--op: '%.*s' is not an operation: use copy, fill, compare, "
				   "compare-pattern, crc32c, copy-crc32c, dualcast, nop or all",
				   (int)len, text);
			return PERF_EXIT_USAGE;
		}
		opts->ops[op] = true;
		if (text[len] == '\0')
			return 0;
	}
}

/* A list whose values lie in min..max. */
static int
parse_list(const char *name, const char *text, char kind, uint64_t min, uint64_t max,
	   struct perf_list *list)
{
	const char *why;
	unsigned int i;

	if (!perf_parse_list(text, kind, list, &why)) {
		perf_error("--%s: '%s' %s", name, text, why);
		return PERF_EXIT_USAGE;
	}
	for (i = 0; i < list->n; i++) {
		if (list->value[i] < min || list->value[i] > max) {
			perf_error("--%s: %llu is out of range: use %llu to %llu", name,
				   (unsigned long long)list->value[i], (unsigned long long)min,
				   (unsigned long long)max);
			return PERF_EXIT_USAGE;
		}
	}
	return 0;
}

static int
parse_one(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *end;

	if (!perf_parse_number(text, &end, value) || *end != '\0' || *value < min ||
	    *value > max) {
		perf_error("--%s: '%s' is not a number from %llu to %llu", name, text,
			   (unsigned long long)min, (unsigned long long)max);
		return PERF_EXIT_USAGE;
	}
	return 0;
}

static int
parse_uint(const char *name, const char *text, unsigned int max, unsigned int *value)
{
	uint64_t v = 0;
	int ret = parse_one(name, text, 1, max, &v);

	*value = (unsigned int)v;
	return ret;
}

static int
parse_seconds(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	if (end == text || *end != '\0' || !isdigit((unsigned char)end[-1]) ||
	    !isfinite(*seconds) || *seconds < 1e-6 || *seconds > MAX_SECONDS) {
		perf_error("--time: '%s' is not a number of seconds from 0.000001 to %g", text,
			   MAX_SECONDS);
		return PERF_EXIT_USAGE;
	}
	return 0;
}

static int
parse_option(int opt, const char *arg, struct perf_options *opts)
{
	switch (opt) {
	case 'o': return parse_ops(arg, opts);
	case 's': return parse_list("size", arg, 'x', 1, UINT32_MAX, &opts->sizes);
	case 'b':
		opts->own_batches = true;
		return parse_list("batch", arg, 'x', 1, PERF_MAX_DEPTH, &opts->batches);
	case 'c': return parse_list("cpus", arg, '+', 0, INT_MAX, &opts->cpus);
	case 'q': return parse_uint("depth", arg, PERF_MAX_DEPTH, &opts->depth);
	case 'n': return parse_uint("buffers", arg, 1u << 24, &opts->buffers);
	case 'Q': return parse_uint("queues", arg, 1024, &opts->queues);
	case 't': return parse_seconds(arg, &opts->seconds);
	case 'i': return parse_one("iterations", arg, 1, UINT64_MAX / 2, &opts->iterations);
	case 'v': opts->verbose = true; return 0;
	case 'h': opts->help = true; return 0;
	case OPT_OFFSET_SRC:
		return parse_one("offset-src", arg, 0, MAX_OFFSET, &opts->offset_src);
	case OPT_OFFSET_DST:
		return parse_one("offset-dst", arg, 0, MAX_OFFSET, &opts->offset_dst);
	case OPT_CORRUPT: return parse_one("corrupt", arg, 1, UINT64_MAX, &opts->corrupt);
	case OPT_HUGE: opts->huge = true; return 0;
	case OPT_NO_VERIFY: opts->verify = false; return 0;
	case OPT_NO_CPU: opts->cpu_baseline = false; return 0;
	case OPT_INPUT: opts->input = arg; return 0;
	case OPT_JSON: opts->json = arg; return 0;
	case OPT_CSV: opts->csv = arg; return 0;
	case OPT_VERSION: opts->version = true; return 0;
	default: return PERF_EXIT_USAGE;
	}
}

/* What two options say together. */
static int
check_options(const struct perf_options *opts)
{
	unsigned int i;

	if (opts->seconds != 0 && opts->iterations != 0) {
		perf_error("--time and --iterations: both say when to stop: give one of them");
		return PERF_EXIT_USAGE;
	}
	for (i = 0; opts->depth != 0 && opts->own_batches && i < opts->batches.n; i++) {
		if (opts->batches.value[i] > opts->depth) {
			perf_error("--batch: %llu operations are more than --depth %u allows in "
				   "flight: give a greater depth or a smaller batch",
				   (unsigned long long)opts->batches.value[i], opts->depth);
			return PERF_EXIT_USAGE;
		}
	}
	if (opts->json != NULL && opts->csv != NULL && strcmp(opts->json, opts->csv) == 0) {
		perf_error("--json and --csv: both name '%s': give each its own file", opts->csv);
		return PERF_EXIT_USAGE;
	}
	if (opts->corrupt != 0 && !opts->verify) {
		perf_error("--corrupt: nothing is checked with --no-verify: leave one of them out");
		return PERF_EXIT_USAGE;
	}
	return 0;
}

static void
set_defaults(struct perf_options *opts)
{
	if (opts->sizes.n == 0)
		opts->sizes = (struct perf_list){ { 64, 4096, 65536, 1048576 }, 4 };
	if (opts->batches.n == 0)
		opts->batches = (struct perf_list){ { 16 }, 1 };
	if (opts->seconds == 0 && opts->iterations == 0)
		opts->seconds = 0.2;
	if (opts->queues == 0)
		opts->queues = opts->cpus.n != 0 ? opts->cpus.n : 1;
}

int
perf_options_parse(int argc, char **argv, struct perf_options *opts)
{
	int opt, ret;

	memset(opts, 0, sizeof(*opts));
	opts->verify = true;
	opts->cpu_baseline = true;
	opts->ops[SVA_OP_COPY] = opts->ops[SVA_OP_FILL] = true;
	opts->ops[SVA_OP_COMPARE] = opts->ops[SVA_OP_CRC32C] = true;
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:o:s:b:q:n:t:i:c:Q:vh", long_options,
				  NULL)) != -1) {
		if (opt == ':' || opt == '?') {
			const char letter[] = { '-', (char)optopt, '\0' };

			perf_error("option '%s' %s: see sva-perf -h",
				   optopt > 0 && optopt < 256 ? letter : argv[optind - 1],
				   opt == ':' ? "needs a value" : "is unknown or takes no value");
			return PERF_EXIT_USAGE;
		}
		ret = parse_option(opt, optarg, opts);
		if (ret != 0)
			return ret;
	}
	if (optind < argc) {
		perf_error("argument '%s' is not an option: see sva-perf -h", argv[optind]);
		return PERF_EXIT_USAGE;
	}
	ret = check_options(opts);
	if (ret == 0)
		set_defaults(opts);
	return ret;
}

void
perf_usage(FILE *out)
{
	fputs(
"\nOptions of sva-perf (after --):\n"
"  -o, --op LIST          copy, fill, compare, compare-pattern, crc32c, copy-crc32c,\n"
"                         dualcast, nop, or all [copy,fill,compare,crc32c]\n"
"  -s, --size LIST        bytes of one operation [64,4k,64k,1m]\n"
"  -b, --batch LIST       operations of one submit [16; fewer for large sizes]\n"
"  -q, --depth N          operations in flight on each queue, at most\n"
"                         [128, at least two batches; fewer for large sizes]\n"
"  -n, --buffers N        sets of buffers that operations go round [16; fewer for large sizes]\n"
"  -t, --time SECONDS     length of one measurement, on the device alone [0.2]\n"
"  -i, --iterations N     operations of one measurement on each queue, instead of -t\n"
"  -c, --cpus LIST        CPUs for the queues' threads, round robin [those of -l, else any]\n"
"  -Q, --queues N         queues, a thread each [as many as -c names, else 1]\n"
"      --offset-src N     bytes by which sources are off their alignment [0]\n"
"      --offset-dst N     the same for destinations [0]\n"
"                         (aligned to 4096 from a size of 4k on, to 64 below)\n"
"      --huge             buffers on huge pages, or fail\n"
"      --input FILE       take the pages of this file as the source\n"
"      --no-verify        do not check data and results (statuses are always checked)\n"
"      --no-cpu           do not measure the CPU\n"
"      --corrupt N        spoil the Nth destination before it is checked, to see the check fail\n"
"      --json FILE        write the measurements as a JSON array; - is the standard output\n"
"      --csv FILE         write them as CSV; with either on - the table is left out\n"
"  -v, --verbose          print every slice on standard error\n"
"  -h, --help             print this\n"
"      --version          print the version\n"
"\n"
"A LIST is 64,4k,1m or a range FIRST-LAST (doubling; CPUs: counting), FIRST-LAST:xN\n"
"(multiply) or FIRST-LAST:+N (add). Suffixes k, m, g are powers of 1024.\n"
"\n"
"The first -a names the device; without one it is \"auto\". The device and the CPU take\n"
"turns on the same buffers; figures are medians over the turns, and the ratio is the median\n"
"of each turn's. GB/s is 1e9 bytes of payload a second: the size, once for each operation.\n"
"Latency is from the submit of an operation's batch to its result, under the load measured.\n"
"Each result is checked by itself, the data of each set of buffers after each turn.\n"
"\n"
"Exit status: 0 good; 1 an operation, a check or an output failed; 2 wrong usage;\n"
"130 interrupted.\n"
"\n"
"Example: sva-perf -a emu:dsa -- -o copy -s 64,4k,64k,1m -b 16 -t 1 --json out.json\n",
	out);
}
