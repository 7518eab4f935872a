/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * One turn of the device and one of the CPU: the timed loops.
 */
#include <sched.h>
#include <string.h>

#include <rte_cycles.h>

#include "perf.h"

#define POLL_MAX 64
#define PASSES_LIMIT 4	/* of a slice's time, until it ends although its passes took less */

/* The flags of an operation, counted from 0. */
static uint32_t
flags_of(const struct perf_options *opts, uint64_t number)
{
	uint32_t flags = 0;

	if (opts->fence_every != 0 && (number + 1) % opts->fence_every == 0)
		flags |= SVA_FENCE;
	if (opts->to_cache_every != 0 && (number + 1) % opts->to_cache_every == 0)
		flags |= SVA_TO_CACHE;
	return flags;
}

static void
refused(struct perf_worker *w, uint64_t cookie, int ret)
{
	atomic_store(&w->c->broken, true);
	perf_complain(w, "operation %llu is refused: %s", (unsigned long long)cookie,
		      strerror(-ret));
}

/* The choice of the operation is made once for a burst, not for each. */
#define EACH(call) \
	do { \
		for (i = 0; i < ops; i++, cookie++) { \
			s = perf_next(turn); \
			if (flagged) \
				flags = flags_of(w->c->opts, w->flagged + cookie); \
			ret = (call); \
			if (ret < 0) \
				break; \
		} \
	} while (0)

/* The next `ops` operations of those with operands of their own kind, as enqueue_some(). */
static __attribute__((noinline)) unsigned int
enqueue_special(struct perf_worker *w, struct perf_turn *turn, unsigned int ops, uint64_t cookie,
		bool flagged)
{
	const struct perf_case *c = w->c;
	size_t size = c->size, len = c->shape.len[PERF_SRC];
	uint32_t room = (uint32_t)c->shape.len[PERF_DST2], format = c->dif_format;
	struct sva_queue *q = w->queue;
	const struct perf_set *s;
	uint32_t flags = 0;
	unsigned int i;
	int ret = 0;

	switch (c->op) {
	case SVA_OP_DELTA_CREATE:
		EACH(sva_delta_create(q, s->src, s->dst, size, s->dst2, room, cookie, flags));
		break;
	case SVA_OP_DELTA_APPLY:
		EACH(sva_delta_apply(q, s->dst, size, s->src, (uint32_t)len, cookie, flags));
		break;
	case SVA_OP_DIF_CHECK:
		EACH(sva_dif_check(q, s->src, len, format, &perf_dif, cookie, flags));
		break;
	case SVA_OP_DIF_INSERT:
		EACH(sva_dif_insert(q, s->dst, s->src, size, format, &perf_dif, cookie, flags));
		break;
	case SVA_OP_DIF_STRIP:
		EACH(sva_dif_strip(q, s->dst, s->src, len, format, &perf_dif, cookie, flags));
		break;
	case SVA_OP_DIF_UPDATE:
		EACH(sva_dif_update(q, s->dst, s->src, len, format, &perf_dif, &perf_dif_new,
				    cookie, flags));
		break;
	case SVA_OP_CACHE_FLUSH:
		EACH(sva_cache_flush(q, s->dst, size, cookie, flags));
		break;
	default:
		(void)s;
		EACH(sva_drain(q, cookie, flags));
		break;
	}
	if (ret < 0)
		refused(w, cookie, ret);
	return i;
}

/*
 * Enqueue the next `ops` operations. Returns how many were accepted. Inlined twice: where
 * there are never flags, the accepting functions are to know it.
 */
static inline __attribute__((always_inline)) unsigned int
enqueue_some(struct perf_worker *w, struct perf_turn *turn, unsigned int ops, uint64_t cookie,
	     bool flagged)
{
	struct sva_queue *q = w->queue;
	size_t size = w->c->size;
	const struct perf_set *s;
	uint32_t flags = 0;
	unsigned int i;
	int ret = 0;

	switch (w->c->op) {
	case SVA_OP_COPY:
		EACH(sva_copy(q, s->dst, s->src, size, cookie, flags));
		break;
	case SVA_OP_FILL:
		EACH(sva_fill(q, s->dst, PERF_PATTERN, size, cookie, flags));
		break;
	case SVA_OP_COMPARE:
		EACH(sva_compare(q, s->src, s->dst, size, cookie, flags));
		break;
	case SVA_OP_COMPARE_PATTERN:
		EACH(sva_compare_pattern(q, s->dst, PERF_PATTERN, size, cookie, flags));
		break;
	case SVA_OP_CRC32C:
		EACH(sva_crc32c(q, s->src, size, 0, cookie, flags));
		break;
	case SVA_OP_COPY_CRC32C:
		EACH(sva_copy_crc32c(q, s->dst, s->src, size, 0, cookie, flags));
		break;
	case SVA_OP_DUALCAST:
		EACH(sva_dualcast(q, s->dst, s->dst2, s->src, size, cookie, flags));
		break;
	case SVA_OP_DRAIN:
	case SVA_OP_DELTA_CREATE:
	case SVA_OP_DELTA_APPLY:
	case SVA_OP_DIF_CHECK:
	case SVA_OP_DIF_INSERT:
	case SVA_OP_DIF_STRIP:
	case SVA_OP_DIF_UPDATE:
	case SVA_OP_CACHE_FLUSH:
		return enqueue_special(w, turn, ops, cookie, flagged);
	default:
		(void)s;
		EACH(sva_nop(q, cookie, flags));
		break;
	}
	if (ret < 0)
		refused(w, cookie, ret);
	return i;
}
#undef EACH

static unsigned int
enqueue(struct perf_worker *w, struct perf_turn *turn, unsigned int ops, uint64_t cookie)
{
	if (w->c->opts->flags[0] == '\0')
		return enqueue_some(w, turn, ops, cookie, false);
	return enqueue_some(w, turn, ops, cookie, true);
}

/* Poll once. Returns how many results came; 0 also where the case is broken. */
static unsigned int
poll(struct perf_worker *w, struct sva_result *results, uint64_t now, uint64_t *last)
{
	int n = sva_poll(w->queue, results, POLL_MAX);

	if (n > 0) {
		*last = now;
		w->empty_polls = 0;
		return (unsigned int)n;
	}
	/* An emulated device needs a CPU too, and may be waiting for this one. */
	if (w->c->emulated && ++w->empty_polls % PERF_YIELD_POLLS == 0)
		sched_yield();
	if (n < 0) {
		atomic_store(&w->c->broken, true);
		perf_complain(w, "poll: %s: the device has failed, see the log", strerror(-n));
	} else if (now - *last > PERF_STUCK_SECONDS * w->c->hz) {
		atomic_store(&w->c->broken, true);
		perf_complain(w, "no result for %d s: the device hangs, reset it",
			      PERF_STUCK_SECONDS);
	}
	return 0;
}

/* Compare results with what they must be; `done` is the number of the first. */
static void
check_results(struct perf_worker *w, struct perf_turn *turn, const struct sva_result *results,
	      unsigned int n, uint64_t done)
{
	bool verify = !w->c->opts->no_verify;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct sva_result *r = &results[i];
		const struct perf_set *set = perf_next(turn);

		if (__builtin_expect(r->status != SVA_OK ||
				     (verify && (r->bytes != w->c->shape.bytes ||
						 r->value != set->value ||
						 r->cookie != done + i)), 0))
			perf_check_result(w, r, set, done + i);
	}
}

/* Enter the latency of `n` operations, by the bursts that they were submitted in. */
static void
add_latency(struct perf_worker *w, unsigned int *first, unsigned int n, uint64_t now)
{
	while (n > 0) {
		struct perf_burst *burst = &w->bursts[*first & w->burst_mask];
		unsigned int k = n < burst->ops ? n : burst->ops;

		perf_hist_add(w->latency, now - burst->submitted, k);
		burst->ops -= k;
		n -= k;
		if (burst->ops == 0)
			(*first)++;
	}
}

/* A pass: what the device is given from the first set on, until all of it is done. */
struct pass {
	struct perf_turn enq, chk;
	uint64_t issued, done;
	uint64_t start, now, last;	/* ticks; the last with a result */
	uint64_t ticks;			/* that it took */
	unsigned int first_burst, last_burst;
};

/* Ticks from one reading to the next, without what reading takes. */
static uint64_t
elapsed(const struct perf_worker *w, uint64_t from, uint64_t to)
{
	return to - from > w->c->overhead ? to - from - w->c->overhead : 0;
}

/* Ticks that reading them takes: the median of some. */
uint64_t
perf_clock_overhead(void)
{
	double ticks[101];
	unsigned int i;

	for (i = 0; i < 101; i++) {
		uint64_t begin = rte_rdtsc();

		ticks[i] = (double)(rte_rdtsc() - begin);
	}
	return (uint64_t)perf_median(ticks, 101);
}

/* Accept and submit a batch. False where not all of it was accepted. */
static inline bool
give(struct perf_worker *w, struct pass *p, unsigned int ops)
{
	struct perf_burst *burst = &w->bursts[p->last_burst++ & w->burst_mask];
	bool split = w->c->opts->split;
	uint64_t begin = split ? rte_rdtsc() : 0;
	unsigned int accepted = enqueue(w, &p->enq, ops, p->issued);

	burst->submitted = rte_rdtsc();
	burst->ops = accepted;
	sva_submit(w->queue);
	p->issued += accepted;
	if (split) {
		w->split.prepare += elapsed(w, begin, burst->submitted);
		w->split.submit += elapsed(w, burst->submitted, rte_rdtsc());
	}
	return accepted == ops;
}

/* Poll once, and look at what came. False where the case is broken. */
static inline bool
take(struct perf_worker *w, struct pass *p)
{
	struct sva_result results[POLL_MAX];
	bool split = w->c->opts->split;
	uint64_t begin = split ? rte_rdtsc() : 0;
	unsigned int n = poll(w, results, p->now, &p->last);

	p->now = rte_rdtsc();
	if (split)
		*(n != 0 ? &w->split.poll : &w->split.wait) += elapsed(w, begin, p->now);
	if (n > p->issued - p->done) {
		atomic_store(&w->c->broken, true);
		perf_complain(w, "more results than operations: the driver is wrong");
	}
	if (atomic_load_explicit(&w->c->broken, memory_order_relaxed))
		return false;
	add_latency(w, &p->first_burst, n, p->now);
	check_results(w, &p->chk, results, n, p->done);
	p->done += n;
	return true;
}

static bool
stopped(void)
{
	return atomic_load_explicit(&perf_stop, memory_order_relaxed);
}

static unsigned int
next_batch(const struct perf_worker *w, const struct pass *p, uint64_t ops)
{
	return ops - p->issued < w->c->batch ? (unsigned int)(ops - p->issued) : w->c->batch;
}

/*
 * Let the device work until `ops` operations or `ticks` have passed, and wait for all
 * that was submitted: nothing is in flight before or after.
 */
static bool
work(struct perf_worker *w, struct pass *p, uint64_t ops, uint64_t ticks)
{
	unsigned int k;

	for (;;) {
		bool more = p->issued < ops && p->now - p->start < ticks && !stopped();

		if (!more && p->done == p->issued)
			break;
		k = next_batch(w, p, ops);
		if (more && p->issued - p->done + k <= w->c->depth && !give(w, p, k))
			return false;
		if (!take(w, p))
			return false;
	}
	p->ticks = p->now - p->start;
	return true;
}

/* Accept and submit as much as the device holds; the results are polled afterwards. */
static bool
submit_only(struct perf_worker *w, struct pass *p, uint64_t ops)
{
	while (p->issued < ops && !stopped()) {
		if (!give(w, p, next_batch(w, p, ops)))
			return false;
	}
	p->ticks = rte_rdtsc() - p->start;
	while (p->done < p->issued) {
		if (!take(w, p))
			return false;
	}
	return true;
}

/*
 * Operations of a pass from a set on: all, prepared operands up to the last set, or what the
 * device holds.
 */
static uint64_t
pass_ops(const struct perf_worker *w, unsigned int first, uint64_t ops)
{
	if (w->c->prepared && ops > w->buf.nb - first)
		ops = w->buf.nb - first;
	if (w->c->opts->submit_only && ops > w->c->hold)
		ops = w->c->hold;
	return ops;
}

static bool
one_pass(struct perf_worker *w, struct pass *p, unsigned int first, uint64_t ops, uint64_t ticks)
{
	bool good;

	if (w->c->prepared)
		perf_prepare(w, first, (unsigned int)ops);
	*p = (struct pass){ .enq = { w->buf.sets, w->buf.nb, first } };
	p->chk = p->enq;
	p->start = p->now = p->last = rte_rdtsc();
	/* What has been prepared is used. */
	good = w->c->opts->submit_only ? submit_only(w, p, ops) :
	       work(w, p, ops, w->c->prepared ? UINT64_MAX : ticks);
	w->flagged += p->done;
	perf_prepared_done(w, p->done);
	return good;
}

/*
 * A slice of as many passes as go into `ops` operations or `ticks`. Where the work between
 * them, which is not timed, takes much longer than they do, it ends before that.
 */
bool
perf_device_slice(struct perf_worker *w, uint64_t ops, uint64_t ticks, double *rate)
{
	uint64_t done = 0, busy = 0, begin = rte_rdtsc(), n;
	unsigned int first;
	struct pass p;

	do {
		first = (unsigned int)(done % w->buf.nb);
		n = pass_ops(w, first, ops - done);
		if (!one_pass(w, &p, first, n, ticks - busy))
			return false;
		done += p.done;
		busy += p.ticks;
	} while (done < ops && busy < ticks && !stopped() &&
		 (ticks == UINT64_MAX || rte_rdtsc() - begin < PASSES_LIMIT * ticks));
	*rate = busy == 0 ? 0 : (double)done * w->c->hz / (double)busy;
	w->completed += done;
	/* A pass that was stopped leaves prepared destinations without their data. */
	w->used = (unsigned int)(w->c->prepared && p.done < n ? first + p.done :
				 done < w->buf.nb ? done : w->buf.nb);
	return true;
}

/* One operation on a set, outside of any measurement. */
bool
perf_one_op(struct perf_worker *w, const struct perf_set *set, struct sva_result *r)
{
	struct perf_turn turn = { set, 1, 0 };
	struct sva_result results[POLL_MAX];
	uint64_t last = rte_rdtsc();

	if (enqueue(w, &turn, 1, 0) != 1)
		return false;
	sva_submit(w->queue);
	while (poll(w, results, rte_rdtsc(), &last) == 0) {
		if (atomic_load(&w->c->broken))
			return false;
	}
	*r = results[0];
	return true;
}

/* The same by the CPU. */
void
perf_cpu_slice(struct perf_worker *w, uint64_t ops, uint64_t ticks, double *rate)
{
	uint64_t done = 0, busy = 0, begin = rte_rdtsc(), start, end;
	struct perf_turn turn = { w->buf.sets, w->buf.nb, 0 };
	unsigned int k;

	do {
		uint64_t upto = w->c->prepared ? done + pass_ops(w, turn.next, ops - done) : ops;

		if (w->c->prepared)
			perf_prepare(w, turn.next, (unsigned int)(upto - done));
		start = end = rte_rdtsc();
		while (done < upto && !stopped() &&
		       (w->c->prepared || busy + (end - start) < ticks)) {
			k = upto - done < w->c->batch ? (unsigned int)(upto - done) : w->c->batch;
			perf_cpu_burst(w, &turn, k);
			done += k;
			end = rte_rdtsc();
		}
		busy += end - start;
	} while (done < ops && busy < ticks && !stopped() &&
		 (ticks == UINT64_MAX || rte_rdtsc() - begin < PASSES_LIMIT * ticks));
	*rate = busy == 0 ? 0 : (double)done * w->c->hz / (double)busy;
}
