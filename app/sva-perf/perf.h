/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * sva-perf: what its parts share. A measurement ("case") is one operation, size and
 * batch on every queue; it is made of slices, each a turn of the device and one of the
 * CPU.
 */
#ifndef PERF_H
#define PERF_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sva_accel.h>
#include <sva_worker.h>

#include "latency.h"

#define PERF_MAX_LIST	256	/* values of one option */
#define PERF_MAX_SLICES	101
#define PERF_MAX_DEPTH	65536	/* of sva_queue_conf */
#define PERF_GUARD	64	/* bytes watched on either side of a destination */
#define PERF_GUARD_BYTE	0x5c
#define PERF_PATTERN	0x8f1e2d3c4b5a6978ULL	/* no byte twice */

enum perf_exit {
	PERF_EXIT_OK = 0,
	PERF_EXIT_FAILED = 1,
	PERF_EXIT_USAGE = 2,
	PERF_EXIT_INTERRUPTED = 130,
};

struct perf_list {
	uint64_t value[PERF_MAX_LIST];
	unsigned int n;
};

struct perf_options {
	bool ops[SVA_NB_OPS];
	bool all_ops;		/* those that the device has */
	struct perf_list sizes;
	struct perf_list batches;
	struct perf_list cpus;
	bool own_batches;	/* given, so not to be reduced */
	unsigned int depth;	/* 0: chosen for each size */
	unsigned int buffers;	/* 0: chosen for each size */
	unsigned int queues;
	double seconds;
	uint64_t iterations;	/* 0: measure for `seconds` */
	uint64_t offset_src;
	uint64_t offset_dst;
	uint64_t corrupt;	/* destination to spoil, from 1; 0: none */
	bool huge;
	bool verify;
	bool cpu_baseline;
	bool verbose;
	bool help;
	bool version;
	const char *input;
	const char *json;
	const char *csv;
};

/* The mapped --input. */
struct perf_input {
	const uint8_t *base;	/* NULL: there is none */
	size_t size;
};

/* One set of operands; what an operation does not use is NULL. */
struct perf_set {
	const uint8_t *src;
	uint8_t *dst;		/* destination, or the second operand of a comparison */
	uint8_t *dst2;
	uint64_t value;		/* that the result must carry */
};

struct perf_buffers {
	struct perf_set *sets;
	unsigned int nb;
	bool huge;
	void *arena[3];
};

/* Goes round the sets. */
struct perf_turn {
	const struct perf_set *sets;
	unsigned int nb;
	unsigned int next;
};

struct perf_burst {
	uint64_t submitted;	/* ticks */
	unsigned int ops;	/* that are still to complete */
};

struct perf_case {
	const struct perf_options *opts;
	const struct perf_input *input;
	struct sva_device *dev;
	bool emulated;
	bool model;		/* the device has a timing model, switched on */
	enum sva_opcode op;
	size_t size;
	unsigned int batch;
	unsigned int depth;
	unsigned int buffers;
	unsigned int slices;
	double hz;		/* ticks a second */
	atomic_bool broken;	/* the measurement cannot go on */
	atomic_uint complaints;
	pthread_barrier_t barrier;
	pthread_mutex_t gate;	/* held until every worker has been started */
	bool cancelled;		/* under the gate: not all could be */
	bool go;		/* set by worker 0 before a barrier, read after it */
	unsigned int number;	/* of this measurement, for the progress line */
	unsigned int total;
};

struct perf_worker {
	struct perf_case *c;
	unsigned int index;
	struct sva_worker *thread;
	struct sva_queue *queue;
	struct perf_buffers buf;
	struct perf_burst *bursts;	/* ring of burst_mask + 1 */
	unsigned int burst_mask;
	unsigned int empty_polls;	/* in a row */
	struct perf_hist *latency;
	struct sva_queue_stats stats;
	uint64_t completed;
	uint64_t failed;	/* of these, neither OK nor as wanted */
	uint64_t wrong;		/* results and data that are not what they must be */
	unsigned int slices;	/* done */
	double dev_rate[PERF_MAX_SLICES];	/* operations a second */
	double cpu_rate[PERF_MAX_SLICES];
	/* Before and after the device's part, in ns of its timing model, if it has one. */
	uint64_t model_time[2][PERF_MAX_SLICES];
	volatile uint64_t sink;	/* keeps the CPU's work from being optimised away */
};

struct perf_result {
	const char *device;
	bool emulated;
	enum sva_opcode op;
	uint64_t size;
	unsigned int batch, depth, buffers, queues, slices;
	double gbps, mops, cpu_gbps, ratio;
	double model_gbps;	/* by the device's timing model, 0: it has none */
	double p50, p90, p99, p999;	/* ns */
	uint64_t completed, failed, faults;
	bool verified;
};

/* main.c */
extern atomic_bool perf_stop;	/* SIGINT came, or there is nowhere to write to */
void perf_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
double perf_hz(void);

/* numbers.c */
bool perf_parse_number(const char *text, const char **end, uint64_t *value);
bool perf_parse_list(const char *text, char kind, struct perf_list *list, const char **why);
const char *perf_size_text(uint64_t size, char buf[24]);

/* options.c: PERF_EXIT_OK, or PERF_EXIT_USAGE with the reason printed */
int perf_options_parse(int argc, char **argv, struct perf_options *opts);
void perf_usage(FILE *out);

/* buffers.c */
bool perf_op_reads(enum sva_opcode op);	/* takes the source, or --input */
bool perf_op_writes(enum sva_opcode op);
int perf_input_map(const char *path, struct perf_input *input);
void perf_input_unmap(struct perf_input *input);
bool perf_buffers_fit(const struct perf_case *c);
int perf_buffers_make(struct perf_buffers *buf, const struct perf_case *c, uint64_t seed);
void perf_buffers_free(struct perf_buffers *buf);

/* cpu.c */
uint32_t perf_crc32c(const void *data, size_t len, uint32_t seed);
void perf_cpu_burst(struct perf_worker *w, struct perf_turn *turn, unsigned int ops);

/* verify.c */
void perf_poison(struct perf_worker *w);
void perf_check_data(struct perf_worker *w, uint64_t ops);
void perf_check_result(struct perf_worker *w, const struct sva_result *r,
		       const struct perf_set *set, uint64_t cookie);
uint64_t perf_checked_destinations(void);
void perf_complain(struct perf_worker *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* slice.c: false where the case is broken, which has been said */
bool perf_device_slice(struct perf_worker *w, uint64_t ops, uint64_t ticks, double *rate);
bool perf_one_op(struct perf_worker *w, const struct perf_set *set, struct sva_result *r);
void perf_cpu_slice(struct perf_worker *w, uint64_t ops, uint64_t ticks, double *rate);

/*
 * measure.c: 0; 1 where the run was stopped before there was anything; -1 where nothing
 * could be measured, which has been said
 */
int perf_measure(struct perf_case *c, struct perf_result *result);

/* report.c: output of rows as they come; -1 where it cannot be written, said */
struct perf_report;
struct perf_report *perf_report_open(const struct perf_options *opts, bool model);
int perf_report_header(struct perf_report *rep, const struct sva_device_info *info,
		       const struct perf_options *opts);
int perf_report_row(struct perf_report *rep, const struct perf_result *r, bool verify);
int perf_report_close(struct perf_report *rep);
void perf_progress(const struct perf_case *c, unsigned int slice);
void perf_progress_clear(void);

static inline const struct perf_set *
perf_next(struct perf_turn *turn)
{
	const struct perf_set *set = &turn->sets[turn->next];

	if (++turn->next == turn->nb)
		turn->next = 0;
	return set;
}

#endif /* PERF_H */
