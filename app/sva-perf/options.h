/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What can be set, by the command line or by a section of a file: see the table in
 * options.c.
 */
#ifndef PERF_OPTIONS_H
#define PERF_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva_accel.h>

#include "numbers.h"

#define PERF_MAX_DEPTH	65536	/* of sva_queue_conf */

/* Kinds of measurement, and of rows of output; also bits, to say what an option is for. */
enum perf_kind {
	PERF_LOAD = 1,
	PERF_BREAK_EVEN = 2,
	PERF_OPEN = 4,
};

/* In the order of the help. */
enum perf_option_id {
	OPT_OP, OPT_SIZE, OPT_BATCH, OPT_DEPTH, OPT_BUFFERS, OPT_TIME, OPT_ITERATIONS, OPT_REPEAT,
	OPT_CPUS, OPT_QUEUES,
	OPT_BREAK_EVEN, OPT_OPEN_COST, OPT_SPLIT, OPT_SUBMIT_ONLY, OPT_FAULT_RATE, OPT_FLAG,
	OPT_DIF_BLOCK, OPT_DELTA, OPT_SHUFFLE,
	OPT_PLACE_SRC, OPT_PLACE_DST, OPT_STRIDE_SRC, OPT_STRIDE_DST, OPT_OFFSET_SRC,
	OPT_OFFSET_DST, OPT_NODE_SRC, OPT_NODE_DST, OPT_NODE_RING, OPT_HUGE, OPT_INPUT,
	OPT_NO_VERIFY, OPT_NO_CPU, OPT_CORRUPT, OPT_CONFIG, OPT_JSON, OPT_CSV, OPT_VERBOSE,
	OPT_HELP, OPT_VERSION,
	PERF_NB_OPTIONS
};

/* Where a value comes from; a later one prevails. */
enum perf_layer {
	PERF_UNSET = 0,
	PERF_GLOBAL,	/* what a file says for all of its sections */
	PERF_SECTION,
	PERF_COMMAND,	/* line */
};

enum perf_place {
	PERF_ANYWHERE = 0,
	PERF_L1,
	PERF_LLC,
	PERF_MEMORY,
};

struct perf_options {
	unsigned char from[PERF_NB_OPTIONS];	/* enum perf_layer */
	const char *device;	/* to be opened, where not the first of -a; or NULL */
	bool ops[SVA_NB_OPS];
	bool all_ops;		/* those that the device has */
	struct app_list sizes;
	struct app_list batches;
	struct app_list cpus;
	struct app_list fault_rates;	/* percent; empty: no faults are planted */
	unsigned int depth;	/* 0: chosen for each size */
	unsigned int buffers;	/* 0: chosen for each size */
	unsigned int queues;
	unsigned int repeats;
	double seconds;
	uint64_t iterations;	/* 0: measure for `seconds` */
	uint64_t offset_src, offset_dst;
	uint64_t stride_src, stride_dst;	/* 0: as close as guards and alignment allow */
	uint64_t node_src, node_dst, node_ring;	/* only where given */
	unsigned int place_src, place_dst;	/* enum perf_place */
	const char *flags;	/* text of --flag, or "" */
	unsigned int dif_block;	/* bytes */
	unsigned int delta;	/* percent of the words */
	uint64_t fence_every, to_cache_every;	/* 0: never */
	uint64_t corrupt;	/* destination to spoil, from 1; 0: none */
	bool break_even, open_cost, split, submit_only, shuffle;
	bool huge, no_verify, no_cpu, verbose, help, version;
	const char *input;
	const char *config;
	const char *json;
	const char *csv;
};

/* One value as it was given; the text is not copied. */
struct perf_setting {
	enum perf_option_id id;
	const char *value;
};

/* All that is measured with the same options on the same device. */
struct perf_run {
	const char *section;	/* "" without a file */
	struct perf_options opts;
};

/* options.c; functions that return int: 0, or PERF_EXIT_USAGE with the reason printed */
void perf_options_init(struct perf_options *opts);
/* Set one option; `where` stands before what is wrong. */
int perf_options_set(struct perf_options *opts, enum perf_option_id id, const char *value,
		     enum perf_layer layer, const char *where);
/* The option of a file's key, whose flags take yes or no; -1: there is none. */
int perf_options_find(const char *key);
bool perf_options_in_file(enum perf_option_id id);
/*
 * Read the command line. `settings` is as long as argc, and gets what was given; `opts`
 * has it too.
 */
int perf_options_parse(int argc, char **argv, struct perf_setting *settings,
		       unsigned int *nb_settings, struct perf_options *opts);
/* Check what options say together, and choose what was not given. */
int perf_options_finish(struct perf_options *opts, const char *where);
enum perf_kind perf_options_kind(const struct perf_options *opts);

static inline bool
perf_given(const struct perf_options *opts, enum perf_option_id id)
{
	return opts->from[id] != PERF_UNSET;
}

/* values.c: parsers of values, for the table in options.c */
struct perf_option_def {
	const char *name;
	const char *arg;	/* NULL: takes none, and is on or off in a file */
	const char *help;	/* lines */
	int (*parse)(const struct perf_option_def *def, const char *where, const char *text,
		     struct perf_options *opts);
	size_t to;		/* offset in struct perf_options */
	uint64_t min, max;
	unsigned int kinds;	/* of measurement that it is for; 0: command line only */
	char letter;
	char step;		/* of a list: what a range does by default */
};

#define PERF_PARSER(name) \
	int name(const struct perf_option_def *def, const char *where, const char *text, \
		 struct perf_options *opts)
PERF_PARSER(perf_value_number);	/* uint64_t */
PERF_PARSER(perf_value_uint);	/* unsigned int */
PERF_PARSER(perf_value_list);	/* struct app_list */
PERF_PARSER(perf_value_seconds);
PERF_PARSER(perf_value_yes_no);	/* bool; no text is yes */
PERF_PARSER(perf_value_text);	/* const char * */
PERF_PARSER(perf_value_ops);
PERF_PARSER(perf_value_block);
PERF_PARSER(perf_value_place);
PERF_PARSER(perf_value_node);
PERF_PARSER(perf_value_flags);

const char *perf_place_name(unsigned int place);

#endif /* PERF_OPTIONS_H */
