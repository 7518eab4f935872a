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
#define STUCK_SECONDS 60
#define YIELD_POLLS 256	/* some 5 us */

/* Enqueue the next `ops` operations. Returns how many were accepted. */
static unsigned int
enqueue(struct perf_worker *w, struct perf_turn *turn, unsigned int ops, uint64_t cookie)
{
	struct sva_queue *q = w->queue;
	size_t size = w->c->size;
	const struct perf_set *s;
	unsigned int i;
	int ret = 0;

/* The choice of the operation is made once for a burst, not for each. */
#define EACH(call) \
	do { \
		for (i = 0; i < ops; i++, cookie++) { \
			s = perf_next(turn); \
			ret = (call); \
			if (ret < 0) \
				break; \
		} \
	} while (0)

	switch (w->c->op) {
	case SVA_OP_COPY:
		EACH(sva_copy(q, s->dst, s->src, size, cookie, 0));
		break;
	case SVA_OP_FILL:
		EACH(sva_fill(q, s->dst, PERF_PATTERN, size, cookie, 0));
		break;
	case SVA_OP_COMPARE:
		EACH(sva_compare(q, s->src, s->dst, size, cookie, 0));
		break;
	case SVA_OP_COMPARE_PATTERN:
		EACH(sva_compare_pattern(q, s->dst, PERF_PATTERN, size, cookie, 0));
		break;
	case SVA_OP_CRC32C:
		EACH(sva_crc32c(q, s->src, size, 0, cookie, 0));
		break;
	case SVA_OP_COPY_CRC32C:
		EACH(sva_copy_crc32c(q, s->dst, s->src, size, 0, cookie, 0));
		break;
	case SVA_OP_DUALCAST:
		EACH(sva_dualcast(q, s->dst, s->dst2, s->src, size, cookie, 0));
		break;
	default:
		(void)s;
		EACH(sva_nop(q, cookie, 0));
		break;
	}
#undef EACH
	if (ret < 0) {
		atomic_store(&w->c->broken, true);
		perf_complain(w, "operation %llu is refused: %s", (unsigned long long)cookie,
			      strerror(-ret));
	}
	return i;
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
	if (w->c->emulated && ++w->empty_polls % YIELD_POLLS == 0)
		sched_yield();
	if (n < 0) {
		atomic_store(&w->c->broken, true);
		perf_complain(w, "poll: %s: the device has failed, see the log", strerror(-n));
	} else if (now - *last > STUCK_SECONDS * w->c->hz) {
		atomic_store(&w->c->broken, true);
		perf_complain(w, "no result for %d s: the device hangs, reset it", STUCK_SECONDS);
	}
	return 0;
}

/* Compare results with what they must be; `done` is the number of the first. */
static void
check_results(struct perf_worker *w, struct perf_turn *turn, const struct sva_result *results,
	      unsigned int n, uint64_t done)
{
	bool verify = w->c->opts->verify;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct sva_result *r = &results[i];
		const struct perf_set *set = perf_next(turn);

		if (__builtin_expect(r->status != SVA_OK ||
				     (verify && (r->bytes != w->c->size ||
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

/*
 * Let the device work until `ops` operations or `ticks` have passed, and wait for all
 * that was submitted: nothing is in flight before or after.
 */
bool
perf_device_slice(struct perf_worker *w, uint64_t ops, uint64_t ticks, double *rate)
{
	struct perf_turn enq = { w->buf.sets, w->buf.nb, 0 }, chk = enq;
	uint64_t issued = 0, done = 0, start = rte_rdtsc(), now = start, last = start;
	unsigned int first_burst = 0, last_burst = 0, k, n;
	struct sva_result results[POLL_MAX];

	for (;;) {
		bool more = issued < ops && now - start < ticks &&
			    !atomic_load_explicit(&perf_stop, memory_order_relaxed);

		if (!more && done == issued)
			break;
		k = ops - issued < w->c->batch ? (unsigned int)(ops - issued) : w->c->batch;
		if (more && issued - done + k <= w->c->depth) {
			unsigned int accepted = enqueue(w, &enq, k, issued);
			struct perf_burst *burst = &w->bursts[last_burst++ & w->burst_mask];

			burst->submitted = rte_rdtsc();
			burst->ops = accepted;
			sva_submit(w->queue);
			issued += accepted;
			if (accepted < k)
				return false;
		}
		n = poll(w, results, now, &last);
		now = rte_rdtsc();
		if (n > issued - done) {
			atomic_store(&w->c->broken, true);
			perf_complain(w, "more results than operations: the driver is wrong");
		}
		if (atomic_load_explicit(&w->c->broken, memory_order_relaxed))
			return false;
		add_latency(w, &first_burst, n, now);
		check_results(w, &chk, results, n, done);
		done += n;
	}
	*rate = (double)done * w->c->hz / (double)(now - start);
	w->completed += done;
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
	struct perf_turn turn = { w->buf.sets, w->buf.nb, 0 };
	uint64_t done = 0, start = rte_rdtsc(), now = start;
	unsigned int k;

	while (done < ops && now - start < ticks &&
	       !atomic_load_explicit(&perf_stop, memory_order_relaxed)) {
		k = ops - done < w->c->batch ? (unsigned int)(ops - done) : w->c->batch;
		perf_cpu_burst(w, &turn, k);
		done += k;
		now = rte_rdtsc();
	}
	*rate = now == start ? 0 : (double)done * w->c->hz / (double)(now - start);
}
