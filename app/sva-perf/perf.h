/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * sva-perf: what its parts share. A session is a device with one set of options. A
 * measurement ("case") of it is one operation, size and batch on every queue; it is made of
 * slices, each a turn of the device and one of the CPU.
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

#include "crc32c.h"
#include "latency.h"
#include "options.h"
#include "row.h"

#define PERF_MAX_SLICES	101
#define PERF_GUARD	64	/* bytes watched on either side of a destination */
#define PERF_GUARD_BYTE	0x5c
#define PERF_PAGE	4096u	/* what a destination is taken away by */
#define PERF_YIELD_POLLS 256	/* in vain, until an emulated device gets the CPU: some 5 us */
#define PERF_STUCK_SECONDS 60	/* without a result: the device hangs */
#define PERF_PATTERN	0x8f1e2d3c4b5a6978ULL	/* no byte twice */
#define PERF_DIF_BYTES	8u	/* of information, behind each DIF block */
#define PERF_DELTA_BYTES 10u	/* of a difference in a delta record */
#define PERF_WHY	256	/* room for a sentence on what an operation cannot have */

enum perf_exit {
	PERF_EXIT_OK = 0,
	PERF_EXIT_FAILED = 1,
	PERF_EXIT_USAGE = 2,
	PERF_EXIT_INTERRUPTED = 130,
};

/* The mapped --input. */
struct perf_input {
	const uint8_t *base;	/* NULL: there is none */
	size_t size;
};

struct perf_report;

/* An open device, and what is to be measured on it. */
struct perf_session {
	struct perf_options *opts;
	const char *section;	/* "" without a file */
	const char *spec;	/* that the device was opened by */
	struct perf_input input;
	struct sva_device *dev;
	struct sva_device_info info;
	bool model;		/* the device has a timing model, switched on */
	struct perf_report *rep;
};

enum perf_operand { PERF_SRC, PERF_DST, PERF_DST2, PERF_NB_OPERANDS };

enum perf_writes {
	PERF_WRITES_NOTHING,
	PERF_WRITES_ALL,	/* of its destinations */
	PERF_WRITES_SOME,	/* words of its destination */
	PERF_WRITES_RECORD,	/* into its second destination */
};

/* What an operation of some size is about, in bytes. */
struct perf_shape {
	size_t len[PERF_NB_OPERANDS];	/* 0: the operation has none of these */
	size_t bytes;		/* that a good result has */
	size_t made;		/* that are checked in a destination, from its start on */
};

/* One set of operands; what an operation does not use is NULL. */
struct perf_set {
	const uint8_t *src;
	uint8_t *dst;		/* destination, or the second operand of a comparison */
	uint8_t *dst2;		/* or the delta record to be written */
	uint64_t value;		/* that the result must carry */
};

struct perf_buffers {
	struct perf_set *sets;
	unsigned int nb;
	void *arena[PERF_NB_OPERANDS];
	bool own[PERF_NB_OPERANDS];	/* of sva_alloc() */
	uint8_t *want;		/* what each set must give, one behind the other, or NULL */
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

/* Ticks spent in each part of an operation's life: the metrics from PERF_PREPARE_NS on. */
struct perf_split {
	uint64_t prepare, submit, poll, wait;
};

struct perf_case {
	const struct perf_options *opts;
	const struct perf_input *input;
	struct sva_device *dev;
	bool emulated;
	bool model;		/* the device has a timing model, switched on */
	enum sva_opcode op;
	size_t size;
	struct perf_shape shape;
	uint32_t dif_format;
	unsigned int batch;
	unsigned int depth;
	unsigned int buffers;
	unsigned int slices;
	unsigned int hold;	/* operations that the device takes without being polled */
	uint64_t fault_rate;	/* percent; PERF_NULL: no faults are planted */
	uint8_t guard;		/* byte of the guards; what a page taken away has too, if any */
	bool prepared;		/* operands are prepared for each pass over them */
	double hz;		/* ticks a second */
	uint64_t overhead;	/* ticks that reading them takes */
	atomic_bool broken;	/* the measurement cannot go on */
	atomic_uint complaints;
	pthread_barrier_t barrier;
	pthread_mutex_t gate;	/* held until every worker has been started */
	bool cancelled;		/* under the gate: not all could be */
	bool go;		/* set by worker 0 before a barrier, read after it */
	unsigned int number;	/* of this measurement, for the progress line */
	unsigned int total;
	unsigned int repeat;	/* that is under way, from 0 */
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
	struct perf_split split;
	struct sva_queue_stats stats;
	unsigned int used;	/* sets, from the first on, to be checked after a slice */
	uint64_t completed;
	uint64_t failed;	/* of these, neither OK nor as wanted */
	uint64_t wrong;		/* results and data that are not what they must be */
	uint64_t flagged;	/* operations before the pass, to count every Nth by */
	uint64_t prepared;	/* operations done on prepared operands */
	uint64_t planted;	/* of these, with a fault */
	uint8_t *walk;		/* what pushes lines out of the caches, or NULL */
	size_t walk_size;
	unsigned int slices;	/* done */
	double dev_rate[PERF_MAX_SLICES];	/* operations a second */
	double cpu_rate[PERF_MAX_SLICES];
	/* Before and after the device's part, in ns of its timing model, if it has one. */
	uint64_t model_time[2][PERF_MAX_SLICES];
	volatile uint64_t sink;	/* keeps the CPU's work from being optimised away */
};

/* What one repeat of a measurement gives. */
struct perf_result {
	double metric[PERF_NB_METRICS];	/* NAN: not measured */
	unsigned int slices;
	uint64_t completed, failed, faults;
	bool verified;
};

/* main.c */
extern atomic_bool perf_stop;	/* a signal came, or there is nowhere to write to */
void perf_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
double perf_hz(void);

/* options.c */
void perf_usage(FILE *out);

/*
 * config.c: 0 with the sections of the command line's --config, each as a run, which live
 * until the program's end; PERF_EXIT_USAGE with the reason printed
 */
int perf_config_read(const char *path, const struct perf_setting *settings,
		     unsigned int nb_settings, struct perf_run **runs, unsigned int *nb_runs);

/* stats.c; the values are sorted by what takes a median */
double perf_median(double *values, unsigned int n);
double perf_median_ci(double *values, unsigned int n, double *ci);
double perf_mean(const double *values, unsigned int n, double *ci);
double perf_student_95(unsigned int df);
uint64_t perf_crossing(const uint64_t *size, const double *ratio, unsigned int n);

/* ops.c */
enum perf_writes perf_op_writes(enum sva_opcode op);
bool perf_op_is_dif(enum sva_opcode op);
bool perf_op_is_delta(enum sva_opcode op);
bool perf_op_finds_dif(enum sva_opcode op);	/* behind the blocks of its source */
bool perf_op_has_size(enum sva_opcode op);
void perf_op_shape(enum sva_opcode op, const struct perf_options *opts, size_t size,
		   struct perf_shape *shape);
void perf_sizes(enum sva_opcode op, const struct perf_session *s, struct app_list *sizes,
		char why[PERF_WHY]);

/* dif.c; blocks are of 512, 520, 4096 or 4104 bytes */
extern const struct sva_dif perf_dif, perf_dif_new;	/* the latter is made by an update */
uint32_t perf_dif_format(unsigned int block);
void perf_dif_protect(uint8_t *data, size_t len, unsigned int block);
unsigned int perf_dif_check(const uint8_t *src, size_t len, unsigned int block);
unsigned int perf_dif_strip(uint8_t *dst, const uint8_t *src, size_t len, unsigned int block);
unsigned int perf_dif_update(uint8_t *dst, const uint8_t *src, size_t len, unsigned int block);
void perf_dif_insert(uint8_t *dst, const uint8_t *src, size_t len, unsigned int block);

/* delta.c */
size_t perf_delta_words(size_t size, unsigned int percent);
void perf_delta_change(uint8_t *data, size_t size, size_t words);
size_t perf_delta_create(uint8_t *record, const uint8_t *before, const uint8_t *after, size_t size);
void perf_delta_apply(uint8_t *data, const uint8_t *record, size_t len);
void perf_delta_spoil(uint8_t *data, const uint8_t *record, size_t len);

/* buffers.c */
int perf_input_map(const char *path, struct perf_input *input);
void perf_input_unmap(struct perf_input *input);
bool perf_strides_fit(const struct perf_options *opts, const struct perf_shape *shape,
		      char why[PERF_WHY]);
bool perf_buffers_fit(const struct perf_case *c);
int perf_buffers_make(struct perf_buffers *buf, const struct perf_case *c, uint64_t seed);
void perf_buffers_free(struct perf_buffers *buf);

/* place.c */
size_t perf_cache_size(unsigned int level);
bool perf_place_possible(const struct perf_options *opts);
size_t perf_l1_bytes(const struct perf_case *c);
int perf_place_setup(struct perf_worker *w);
void perf_place_teardown(struct perf_worker *w);
void perf_flush(const uint8_t *p, size_t size);	/* out of all caches; on x86-64 only */
void perf_prepare(struct perf_worker *w, unsigned int first, unsigned int n);
void perf_prepared_done(struct perf_worker *w, uint64_t n);

/* cpu.c */
bool perf_cpu_can(enum sva_opcode op);	/* it has a way to do the same */
void perf_cpu_burst(struct perf_worker *w, struct perf_turn *turn, unsigned int ops);

/* verify.c */
void perf_poison(struct perf_worker *w);
void perf_check_data(struct perf_worker *w);
void perf_check_result(struct perf_worker *w, const struct sva_result *r,
		       const struct perf_set *set, uint64_t cookie);
void perf_check_faults(struct perf_worker *w);
uint64_t perf_checked_destinations(void);
void perf_complain(struct perf_worker *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* slice.c: false where the case is broken, which has been said */
uint64_t perf_clock_overhead(void);
bool perf_device_slice(struct perf_worker *w, uint64_t ops, uint64_t ticks, double *rate);
bool perf_one_op(struct perf_worker *w, const struct perf_set *set, struct sva_result *r);
void perf_cpu_slice(struct perf_worker *w, uint64_t ops, uint64_t ticks, double *rate);

/*
 * measure.c: 0; 1 where the run was stopped before there was anything; -1 where nothing
 * could be measured, which has been said
 */
int perf_measure(struct perf_case *c, struct perf_result *result);

/*
 * session.c: a device opened, measured as the options say, and closed. The report is opened
 * by the first that gets so far. An exit status.
 */
int perf_session(struct perf_run *run, const struct perf_options *output,
		 struct perf_report **rep);
void perf_row_init(struct perf_row *row, const struct perf_session *s, enum perf_kind kind);

/* load.c, breakeven.c, open.c: all that a session asks for. An exit status. */
int perf_load_all(struct perf_session *s);
int perf_break_even_all(struct perf_session *s);
int perf_open_cost(struct perf_session *s);

/* load.c: for all that measures operations */
void perf_case_init(struct perf_case *c, const struct perf_session *s);
void perf_set_load(struct perf_case *c, size_t size, unsigned int batch);
int perf_run_case(struct perf_case *c, const struct perf_session *s, struct perf_row *row);

/* report.c: output of rows as they come; -1 where it cannot be written, said */
int perf_report_check(const struct perf_options *opts, const char *read);
struct perf_report *perf_report_open(const struct perf_options *opts);
int perf_report_header(const struct perf_session *s);
int perf_report_row(struct perf_report *rep, const struct perf_row *row);
int perf_report_close(struct perf_report *rep);
const char *perf_cpu_model(void);
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
