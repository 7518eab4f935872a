/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The workers of forwarding.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fwd.h"

#define POLL_MAX 64u
#define YIELD_ROUNDS 64u	/* in vain */

static unsigned int
in_flight(const struct fwd_flow *flow)
{
	return (unsigned int)(flow->accepted - flow->completed);
}

/* Whether it has all that it was to have. */
static bool
is_full(const struct fwd_flow *flow)
{
	return flow->dead || (flow->conf->ops != 0 && flow->accepted >= flow->conf->ops);
}

/* Accept a burst where there is room for it. Whether any was. */
static bool
feed(struct fwd_flow *flow)
{
	unsigned int burst = flow->conf->burst, i;
	int ret = 0;

	if (is_full(flow) || in_flight(flow) + burst > flow->nb_sets)
		return false;
	if (flow->conf->ops != 0 && flow->conf->ops - flow->accepted < burst)
		burst = (unsigned int)(flow->conf->ops - flow->accepted);
	for (i = 0; i < burst; i++) {
		struct fwd_set *set = &flow->sets[flow->accepted % flow->nb_sets];

		ret = fwd_accept(flow, set, flow->accepted);
		if (ret < 0)
			break;
		flow->accepted++;
	}
	if (i != 0 && sva_submit(flow->q) < 0)
		flow->dead = true;
	if (ret < 0 && ret != -ENOSPC) {
		flow->dead = true;
		if (flow->why[0] == '\0')
			snprintf(flow->why, sizeof(flow->why), "the queue accepts nothing: %s",
				 strerror(-ret));
	}
	return i != 0;
}

/* Take results. Whether there were any. */
static bool
reap(struct fwd_flow *flow)
{
	struct sva_result r[POLL_MAX];
	int n = sva_poll(flow->q, r, POLL_MAX), i;

	for (i = 0; i < n; i++, flow->completed++) {
		/* In the order of acceptance, whose number is the cookie. */
		if (r[i].cookie != flow->completed && flow->wrong++ == 0)
			snprintf(flow->why, sizeof(flow->why), "result %llu came in place of %llu",
				 (unsigned long long)r[i].cookie,
				 (unsigned long long)flow->completed);
		fwd_check(flow, &flow->sets[flow->completed % flow->nb_sets], &r[i]);
	}
	return n > 0;
}

static void
answer(struct fwd_worker *w)
{
	unsigned int asked = atomic_load(&w->fwd->asked), i;

	if (asked == atomic_load_explicit(&w->answered, memory_order_relaxed))
		return;
	for (i = 0; i < w->nb_flows; i++)
		sva_queue_stats(w->flows[i]->q, &w->flows[i]->stats);
	atomic_store(&w->answered, asked);
}

/* Once over all flows. Whether anything moved; *left: whether anything is left to do. */
static bool
turn(struct fwd_worker *w, bool stop, bool *left)
{
	bool moved = false;
	unsigned int i;

	*left = false;
	for (i = 0; i < w->nb_flows; i++) {
		struct fwd_flow *flow = w->flows[i];

		if (!stop)
			moved |= feed(flow);
		moved |= reap(flow);
		*left |= in_flight(flow) != 0 || (!stop && !is_full(flow));
	}
	return moved;
}

static int
work(void *arg)
{
	struct fwd_worker *w = arg;
	uint64_t moved_at = ts_now_ns();
	uint64_t idle = 0;	/* turns; never back to 0 by itself */
	bool left = true;

	while (left) {
		if (turn(w, atomic_load_explicit(&w->fwd->stop, memory_order_relaxed), &left)) {
			idle = 0;
		} else if (++idle % YIELD_ROUNDS == 0) {
			/* The engine of an emulated device may need this CPU. */
			sched_yield();
			if (idle == YIELD_ROUNDS) {
				moved_at = ts_now_ns();
			} else if (ts_now_ns() - moved_at > ts_timeout * 1000000000ull) {
				w->stuck = true;
				break;
			}
		}
		answer(w);
	}
	atomic_store(&w->ended, true);
	return 0;
}

int
fwd_start(struct fwd *fwd)
{
	unsigned int i, cores = fwd->conf.cores.n;
	int ret;

	fwd->nb_workers = cores != 0 && cores < fwd->nb_flows ? cores : fwd->nb_flows;
	for (i = 0; i < fwd->nb_flows; i++) {
		struct fwd_worker *w = &fwd->workers[i % fwd->nb_workers];

		w->flows[w->nb_flows++] = &fwd->flows[i];
	}
	fwd->started_ns = ts_now_ns();
	for (i = 0; i < fwd->nb_workers; i++) {
		int cpu = cores == 0 ? -1 : (int)fwd->conf.cores.value[i];

		fwd->workers[i].fwd = fwd;
		ret = sva_worker_start("testsva-fwd", cpu, work, &fwd->workers[i],
				       &fwd->workers[i].thread);
		if (ret == 0)
			continue;
		fwd->nb_workers = i;
		fwd_stop(fwd);
		return ts_error("start: no thread on CPU %d: %s: see set cores", cpu,
				strerror(-ret));
	}
	return 0;
}

bool
fwd_ended(const struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_workers; i++)
		if (!atomic_load(&fwd->workers[i].ended))
			return false;
	return true;
}

void
fwd_ask(struct fwd *fwd)
{
	const struct timespec nap = { 0, 50000 };
	unsigned int asked = atomic_fetch_add(&fwd->asked, 1) + 1, i, k;

	for (i = 0; i < fwd->nb_workers; i++) {
		struct fwd_worker *w = &fwd->workers[i];

		while (atomic_load(&w->answered) != asked && !atomic_load(&w->ended))
			nanosleep(&nap, NULL);
		/* Nobody else has its queues any more. */
		if (atomic_load(&w->ended))
			for (k = 0; k < w->nb_flows; k++)
				sva_queue_stats(w->flows[k]->q, &w->flows[k]->stats);
	}
}

void
fwd_stop(struct fwd *fwd)
{
	unsigned int i;

	atomic_store(&fwd->stop, true);
	for (i = 0; i < fwd->nb_workers; i++)
		sva_worker_join(fwd->workers[i].thread, NULL);
	fwd->ended_ns = ts_now_ns();
}
