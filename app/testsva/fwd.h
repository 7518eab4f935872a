/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Forwarding: workers that keep queues busy until they are stopped. A flow is one queue
 * with its operands; a worker has one or more of them and owns their queues.
 */
#ifndef TESTSVA_FWD_H
#define TESTSVA_FWD_H

#include <stdatomic.h>

#include <sva_worker.h>

#include "numbers.h"
#include "testsva.h"

enum fwd_mode {
	FWD_COPY,	/* copies, whose statuses are checked */
	FWD_VERIFY,	/* copies, whose data is checked as well */
	FWD_CRC,	/* CRCs against the CPU's */
	FWD_MIXED,	/* all that the device has, in turns, with their data */
	FWD_FAULTS,	/* copies to pages that are not there, and some that never will be */
	FWD_NB_MODES
};

struct fwd_conf {
	enum fwd_mode mode;
	struct app_list sizes;	/* bytes, in turns */
	struct app_list cores;	/* CPUs; none: any */
	unsigned int burst;	/* operations of one submit */
	uint64_t ops;		/* of each queue, 0: until it is stopped */
};

/* Operands of one operation at a time. */
struct fwd_set {
	unsigned char *src, *dst, *dst2;
	size_t len;
	uint32_t crc;		/* of src */
	enum sva_opcode op;	/* under way */
	bool bad;		/* FWD_FAULTS: it has to end with a fault */
};

struct fwd_flow {
	struct ts_queue *queue;
	struct sva_queue *q;	/* of the queue */
	const struct fwd_conf *conf;
	uint32_t ops_mask;	/* operations of the device */
	bool report;		/* page faults are reported by the queue, not resumed */
	struct fwd_set *sets;
	unsigned int nb_sets;
	unsigned char *arena[3];
	size_t arena_len[3];
	uint64_t accepted, completed, failed, wrong, bytes, expected_faults;
	unsigned int rotate;	/* of FWD_MIXED */
	bool dead;		/* the queue refuses everything */
	char why[192];		/* of the first that was wrong */
	struct sva_queue_stats stats;	/* as asked for */
};

struct fwd_worker {
	struct fwd *fwd;
	struct sva_worker *thread;
	struct fwd_flow *flows[TS_MAX_QUEUES];
	unsigned int nb_flows;
	atomic_uint answered;
	atomic_bool ended;
	bool stuck;		/* operations have no result, nor will have */
};

struct fwd {
	struct fwd_conf conf;
	struct fwd_flow flows[TS_MAX_QUEUES];
	unsigned int nb_flows;
	struct fwd_worker workers[TS_MAX_QUEUES];
	unsigned int nb_workers;
	atomic_bool stop;
	atomic_uint asked;	/* for counters, ever */
	uint64_t started_ns, ended_ns;
};

/* fwd_mode.c */
const char *fwd_mode_name(enum fwd_mode mode);
int fwd_mode_parse(const char *text);		/* -1: said */
/* Operands for a flow, of which fwd_flow_free() is needed in any case. 0, or -1, said. */
int fwd_flow_make(struct fwd_flow *flow);
void fwd_flow_free(struct fwd_flow *flow);
/* Accept an operation on a set; as sva_copy(). */
int fwd_accept(struct fwd_flow *flow, struct fwd_set *set, uint64_t cookie);
/* Look at its result, and its data. */
void fwd_check(struct fwd_flow *flow, const struct fwd_set *set, const struct sva_result *r);

/* fwd.c */
/* Start what `fwd` is filled in for: conf, flows. 0, or -1, said, and nothing runs. */
int fwd_start(struct fwd *fwd);
bool fwd_ended(const struct fwd *fwd);		/* by itself */
/* Have counters copied to each flow's `stats`, by whoever owns its queue. */
void fwd_ask(struct fwd *fwd);
void fwd_stop(struct fwd *fwd);			/* and wait for the workers' end */

#endif /* TESTSVA_FWD_H */
