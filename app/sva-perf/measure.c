/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A measurement: a thread for each queue, which all go through the slices together.
 */
#include <stdlib.h>
#include <string.h>

#include "perf.h"

#define SLICE_SECONDS 0.025
#define MIN_SLICES 5
#define ITERATION_SLICES 9

static int
worker_setup(struct perf_worker *w)
{
	const struct perf_case *c = w->c;
	struct sva_queue_conf conf = { .depth = c->depth };
	const struct perf_options *o = c->opts;
	int ret;

	for (w->burst_mask = 1; w->burst_mask < c->depth; w->burst_mask *= 2)
		;
	w->bursts = calloc(w->burst_mask, sizeof(*w->bursts));
	w->burst_mask--;
	w->latency = calloc(1, sizeof(*w->latency));
	if (w->bursts == NULL || w->latency == NULL) {
		perf_error("queue %u: out of memory: use a smaller --depth", w->index);
		return -1;
	}
	if (perf_buffers_make(&w->buf, c, w->index + 1) != 0 || perf_place_setup(w) != 0)
		return -1;
	if (perf_given(o, OPT_NODE_RING))
		conf.numa_node_plus_1 = (unsigned int)o->node_ring + 1;
	ret = sva_queue_open(c->dev, &conf, &w->queue);
	if (ret != 0) {
		w->queue = NULL;
		perf_error("queue %u: cannot be opened with depth %u: %s: see the log, or try "
			   "fewer --queues or a smaller --depth", w->index, c->depth,
			   strerror(-ret));
		return -1;
	}
	return 0;
}

/* The queue goes first: what is in flight on it uses the buffers. */
static void
worker_teardown(struct perf_worker *w)
{
	if (w->queue != NULL) {
		sva_queue_stats(w->queue, &w->stats);
		sva_queue_close(w->queue);
		perf_check_faults(w);
	}
	perf_place_teardown(w);
	perf_buffers_free(&w->buf);
	free(w->bursts);
}

/* Operations of slice `i`, from 0: all that fit in its time, or its share of -i. */
static uint64_t
slice_ops(const struct perf_case *c, unsigned int i)
{
	uint64_t n = c->opts->iterations;

	return n == 0 ? UINT64_MAX : n / c->slices + (i < n % c->slices);
}

static uint64_t
slice_ticks(const struct perf_case *c)
{
	if (c->opts->iterations != 0)
		return UINT64_MAX;
	return (uint64_t)(c->opts->seconds / c->slices * c->hz) + 1;
}

/* A rate of submission has nothing of the CPU's to be compared with, nor has doing nothing. */
static bool
has_cpu_part(const struct perf_case *c)
{
	return perf_cpu_can(c->op) && !c->opts->no_cpu && !c->opts->submit_only;
}

/* One pass over the buffers, which counts for nothing but its failures. */
static void
warm_up(struct perf_worker *w)
{
	uint64_t before = w->completed;
	double rate;

	if (perf_device_slice(w, w->buf.nb, slice_ticks(w->c), &rate))
		perf_check_data(w);
	w->completed = before;
	memset(w->latency, 0, sizeof(*w->latency));
	memset(&w->split, 0, sizeof(w->split));
	if (has_cpu_part(w->c))
		perf_cpu_slice(w, w->buf.nb, slice_ticks(w->c), &rate);
	perf_poison(w);
}

/* Virtual time, where the device has one. */
static uint64_t
model_time(const struct perf_case *c)
{
	uint64_t ns = 0;

	if (c->model)
		sva_device_model_time(c->dev, &ns);
	return ns;
}

/* A turn of the device and one of the CPU, each at the same time on all queues. */
static void
do_slice(struct perf_worker *w, unsigned int slice)
{
	struct perf_case *c = w->c;
	uint64_t ops = slice_ops(c, slice);

	w->model_time[0][slice] = model_time(c);
	if (!atomic_load(&c->broken) &&
	    perf_device_slice(w, ops, slice_ticks(c), &w->dev_rate[slice])) {
		w->model_time[1][slice] = model_time(c);
		perf_check_data(w);
	}
	pthread_barrier_wait(&c->barrier);
	if (atomic_load(&c->broken))
		return;
	if (has_cpu_part(c))
		perf_cpu_slice(w, ops, slice_ticks(c), &w->cpu_rate[slice]);
	perf_poison(w);
	if (!atomic_load(&perf_stop))
		w->slices++;
}

static int
worker_main(void *arg)
{
	struct perf_worker *w = arg;
	struct perf_case *c = w->c;
	unsigned int slice;
	bool cancelled;

	pthread_mutex_lock(&c->gate);
	cancelled = c->cancelled;
	pthread_mutex_unlock(&c->gate);
	if (cancelled)
		return 0;

	if (worker_setup(w) != 0) {
		atomic_store(&c->broken, true);
	} else {
		perf_poison(w);
		warm_up(w);
	}
	for (slice = 0;; slice++) {
		if (w->index == 0) {
			c->go = slice < c->slices && !atomic_load(&c->broken) &&
				!atomic_load(&perf_stop);
			perf_progress(c, slice);
		}
		pthread_barrier_wait(&c->barrier);
		if (!c->go)
			break;
		do_slice(w, slice);
	}
	worker_teardown(w);
	return 0;
}

/* Start all workers or none. */
static int
start_workers(struct perf_case *c, struct perf_worker *workers, unsigned int n)
{
	unsigned int i;
	char name[16];
	int ret = 0, cpu = -1;

	pthread_mutex_lock(&c->gate);
	for (i = 0; i < n && ret == 0; i++) {
		workers[i].c = c;
		workers[i].index = i;
		if (c->opts->cpus.n != 0)
			cpu = (int)c->opts->cpus.value[i % c->opts->cpus.n];
		snprintf(name, sizeof(name), "perf-%u", i);
		ret = sva_worker_start(name, cpu, worker_main, &workers[i], &workers[i].thread);
	}
	c->cancelled = ret != 0;
	pthread_mutex_unlock(&c->gate);
	if (ret == 0)
		return 0;
	workers[i - 1].thread = NULL;
	if (cpu >= 0)
		perf_error("queue %u: no thread on CPU %d: %s: is it online, and may this "
			   "process use it?", i - 1, cpu, strerror(-ret));
	else
		perf_error("queue %u: no thread: %s: use fewer --queues", i - 1, strerror(-ret));
	return -1;
}

/* Medians over the slices that every queue has done. */
static void
merge_rates(const struct perf_case *c, const struct perf_worker *workers, unsigned int n,
	    struct perf_result *r)
{
	double dev[PERF_MAX_SLICES] = { 0 }, cpu[PERF_MAX_SLICES] = { 0 };
	double ratio[PERF_MAX_SLICES];
	unsigned int i, s;

	for (s = 0; s < r->slices; s++) {
		for (i = 0; i < n; i++) {
			dev[s] += workers[i].dev_rate[s];
			cpu[s] += workers[i].cpu_rate[s];
		}
		ratio[s] = cpu[s] > 0 ? dev[s] / cpu[s] : 0;
		if (c->opts->verbose)
			perf_error("slice %u of %u: device %.3f Mops/s, CPU %.3f Mops/s", s + 1,
				   c->slices, dev[s] / 1e6, cpu[s] / 1e6);
	}
	r->metric[PERF_MOPS] = perf_median(dev, r->slices) / 1e6;
	r->metric[PERF_GBPS] = r->metric[PERF_MOPS] * (double)c->size / 1e3;
	if (has_cpu_part(c)) {
		r->metric[PERF_CPU_GBPS] = perf_median(cpu, r->slices) * (double)c->size / 1e9;
		r->metric[PERF_RATIO] = perf_median(ratio, r->slices);
	}
}

/* Percentiles of all queues' latencies; of results polled at leisure they say nothing. */
static int
merge_latency(const struct perf_case *c, const struct perf_worker *workers, unsigned int n,
	      struct perf_result *r)
{
	static const double part[] = { 0.5, 0.9, 0.99, 0.999 };
	struct perf_hist *all;
	unsigned int i;

	if (c->opts->submit_only)
		return 0;
	all = calloc(1, sizeof(*all));
	if (all == NULL) {
		perf_error("latency: out of memory");
		return -1;
	}
	for (i = 0; i < n; i++)
		perf_hist_merge(all, workers[i].latency);
	for (i = 0; i < 4; i++)
		r->metric[PERF_P50 + i] = perf_hist_percentile(all, part[i]) / c->hz * 1e9;
	free(all);
	return 0;
}

/* Nanoseconds for an operation, over all queues. */
static void
merge_split(const struct perf_case *c, const struct perf_worker *workers, unsigned int n,
	    struct perf_result *r)
{
	double ns = 1e9 / c->hz / (double)r->completed;
	struct perf_split sum = { 0 };
	unsigned int i;

	if (!c->opts->split || r->completed == 0)
		return;
	for (i = 0; i < n; i++) {
		sum.prepare += workers[i].split.prepare;
		sum.submit += workers[i].split.submit;
		sum.poll += workers[i].split.poll;
		sum.wait += workers[i].split.wait;
	}
	r->metric[PERF_PREPARE_NS] = (double)sum.prepare * ns;
	r->metric[PERF_SUBMIT_NS] = (double)sum.submit * ns;
	r->metric[PERF_POLL_NS] = (double)sum.poll * ns;
	r->metric[PERF_WAIT_NS] = (double)sum.wait * ns;
}

/* All payload over the virtual time that all slices took, from the first queue to the last. */
static double
model_rate(const struct perf_case *c, const struct perf_worker *workers, unsigned int n,
	   uint64_t completed)
{
	uint64_t ns = 0;
	unsigned int i, s;

	for (s = 0; s < c->slices; s++) {
		uint64_t from = workers[0].model_time[0][s], to = workers[0].model_time[1][s];

		for (i = 1; i < n; i++) {
			if (workers[i].model_time[0][s] < from)
				from = workers[i].model_time[0][s];
			if (workers[i].model_time[1][s] > to)
				to = workers[i].model_time[1][s];
		}
		ns += to - from;
	}
	return ns == 0 ? 0 : (double)completed * (double)c->size / (double)ns;
}

static int
merge(const struct perf_case *c, const struct perf_worker *workers, struct perf_result *r)
{
	unsigned int i, n = c->opts->queues;
	uint64_t wrong = 0;

	r->slices = c->slices;
	for (i = 0; i < n; i++) {
		if (workers[i].slices < r->slices)
			r->slices = workers[i].slices;
		r->completed += workers[i].completed;
		r->failed += workers[i].failed;
		r->faults += workers[i].stats.faults;
		wrong += workers[i].wrong;
	}
	if (atomic_load(&c->broken))
		return -1;
	if (r->slices == 0)
		return 1;
	r->verified = !c->opts->no_verify && wrong == 0 && r->failed == 0;
	merge_rates(c, workers, n, r);
	merge_split(c, workers, n, r);
	if (c->model)
		r->metric[PERF_MODEL_GBPS] = model_rate(c, workers, n, r->completed);
	return merge_latency(c, workers, n, r);
}

static unsigned int
choose_slices(const struct perf_options *opts)
{
	double n = opts->seconds / SLICE_SECONDS;

	if (opts->iterations != 0)
		return opts->iterations < ITERATION_SLICES ? (unsigned int)opts->iterations :
							     ITERATION_SLICES;
	if (n < MIN_SLICES)
		return MIN_SLICES;
	return n >= PERF_MAX_SLICES ? PERF_MAX_SLICES : (unsigned int)n | 1;
}

int
perf_measure(struct perf_case *c, struct perf_result *r)
{
	unsigned int i, n = c->opts->queues;
	struct perf_worker *workers;
	int ret;

	if (!perf_buffers_fit(c))
		return -1;
	workers = calloc(n, sizeof(*workers));
	if (workers == NULL) {
		perf_error("queues: out of memory for %u: use fewer", n);
		return -1;
	}
	c->hz = perf_hz();
	c->overhead = perf_clock_overhead();
	c->slices = choose_slices(c->opts);
	pthread_mutex_init(&c->gate, NULL);
	pthread_barrier_init(&c->barrier, NULL, n);
	ret = start_workers(c, workers, n);
	for (i = 0; i < n && workers[i].thread != NULL; i++)
		sva_worker_join(workers[i].thread, NULL);

	memset(r, 0, sizeof(*r));
	for (i = 0; i < PERF_NB_METRICS; i++)
		r->metric[i] = NAN;
	r->metric[PERF_CPU_GBPS] = r->metric[PERF_RATIO] = 0;
	if (ret == 0)
		ret = merge(c, workers, r);
	for (i = 0; i < n; i++)
		free(workers[i].latency);
	free(workers);
	pthread_barrier_destroy(&c->barrier);
	pthread_mutex_destroy(&c->gate);
	return ret;
}
