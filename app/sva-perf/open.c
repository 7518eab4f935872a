/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What it costs to open a device, to bind to it, and to close it again.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include <rte_cycles.h>

#include "perf.h"

#define COPY_BYTES 4096
#define MAX_REPEATS 1000	/* of the option */

enum step { CREATE, OPEN_DEVICE, BIND_AGAIN, OPEN_QUEUE, FIRST, CLOSE_QUEUE, CLOSE_DEVICE, DESTROY,
	NB_STEPS };

static const char *const step_names[NB_STEPS] = { "container-create", "device-open", "bind-again",
	"queue-open", "first-operation", "queue-close", "device-close", "container-destroy" };

/* One round: what is open, and what the first operation copies. */
struct round {
	const struct perf_session *s;
	const char *bus, *spec;
	struct sva_container *container;
	struct sva_device *dev;
	struct sva_queue *queue;
	uint8_t src[COPY_BYTES], dst[COPY_BYTES];
};

/* Polling until the result of the first operation is there, and right. */
static int
first_operation(struct round *r, double hz)
{
	uint64_t begin = rte_rdtsc();
	struct sva_result result;
	unsigned int polls = 0;
	int ret;

	ret = sva_copy(r->queue, r->dst, r->src, COPY_BYTES, 1, SVA_SUBMIT);
	if (ret < 0)
		return ret;
	do {
		ret = sva_poll(r->queue, &result, 1);
		/* An emulated device needs a CPU too, and may be waiting for this one. */
		if (ret == 0 && r->s->info.emulated && ++polls % PERF_YIELD_POLLS == 0)
			sched_yield();
		if (ret == 0 && (double)(rte_rdtsc() - begin) > PERF_STUCK_SECONDS * hz)
			return -ETIMEDOUT;
	} while (ret == 0);
	if (ret < 0)
		return ret;
	return result.status == SVA_OK && result.bytes == COPY_BYTES && result.cookie == 1 ?
		       0 : -EIO;
}

/* Bind once more, which must give the PASID that opening gave. */
static int
bind_again(struct round *r)
{
	struct sva_device_info info;
	uint32_t pasid = 0;
	int ret = sva_bind(r->container, 0, &pasid);

	if (ret == 0)
		ret = sva_device_info(r->dev, &info);
	return ret != 0 ? ret : pasid == info.pasid ? 0 : -EIO;
}

static int
do_step(struct round *r, enum step step, double hz)
{
	const struct perf_options *o = r->s->opts;
	struct sva_device_conf device = { .container = r->container, .queues = o->queues };
	struct sva_queue_conf queue = { .depth = o->depth };
	int ret;

	if (perf_given(o, OPT_NODE_RING))
		queue.numa_node_plus_1 = (unsigned int)o->node_ring + 1;
	switch (step) {
	case CREATE: return sva_container_create(r->bus, &r->container);
	case OPEN_DEVICE: return sva_device_open_conf(r->spec, &device, &r->dev);
	case BIND_AGAIN: return bind_again(r);
	case OPEN_QUEUE: return sva_queue_open(r->dev, &queue, &r->queue);
	case FIRST: return first_operation(r, hz);
	case CLOSE_QUEUE: return sva_queue_close(r->queue);
	case CLOSE_DEVICE:
		ret = sva_device_close(r->dev);
		r->dev = NULL;
		return ret;
	default:
		ret = sva_container_destroy(r->container);
		r->container = NULL;
		return ret;
	}
}

/* All steps once; us[] gets how long each took. */
static int
do_round(struct round *r, double hz, double us[NB_STEPS])
{
	uint64_t begin;
	unsigned int i;
	int ret = 0;

	memset(r->src, 0x3c, COPY_BYTES);
	memset(r->dst, 0, COPY_BYTES);
	for (i = 0; i < NB_STEPS && ret == 0; i++) {
		begin = rte_rdtsc();
		ret = do_step(r, (enum step)i, hz);
		us[i] = (double)(rte_rdtsc() - begin) / hz * 1e6;
	}
	if (ret == 0 && memcmp(r->src, r->dst, COPY_BYTES) != 0) {
		perf_error("first-operation: verification failed: the copy is not what was copied");
		return -1;
	}
	if (ret == 0)
		return 0;
	/* What that logs comes before what was wrong. */
	if (r->dev != NULL)
		sva_device_close(r->dev);
	if (r->container != NULL)
		sva_container_destroy(r->container);
	perf_error("%s: '%s': %s: see the log", step_names[i - 1], r->spec, strerror(-ret));
	return -1;
}

static int
print_steps(const struct perf_session *s, double values[NB_STEPS][MAX_REPEATS], unsigned int n)
{
	struct perf_row row;
	unsigned int i;

	for (i = 0; i < NB_STEPS && n != 0; i++) {
		perf_row_init(&row, s, PERF_OPEN);
		row.repeats = n;
		row.step = step_names[i];
		row.us = perf_median_ci(values[i], n, &row.us_ci);
		if (perf_report_row(s->rep, &row) != 0) {
			atomic_store(&perf_stop, true);
			return PERF_EXIT_FAILED;
		}
	}
	return 0;
}

int
perf_open_cost(struct perf_session *s)
{
	static double values[NB_STEPS][MAX_REPEATS];
	char bus[64], name[64];
	double us[NB_STEPS], hz = perf_hz();
	struct round r = { .s = s, .bus = bus };
	unsigned int i, n;
	int ret;

	/* "auto" has become this one; devargs of -a apply to it by its name. */
	snprintf(name, sizeof(name), "%s", s->info.name);
	snprintf(bus, sizeof(bus), "%.*s", (int)strcspn(name, ":"), name);
	r.spec = strcmp(s->spec, "auto") == 0 ? name : s->spec;
	ret = sva_device_close(s->dev);
	s->dev = NULL;
	if (ret != 0) {
		perf_error("device: '%s' did not close cleanly: %s: see the log", r.spec,
			   strerror(-ret));
		return PERF_EXIT_FAILED;
	}
	for (n = 0; n < s->opts->repeats && !atomic_load(&perf_stop); n++) {
		if (do_round(&r, hz, us) != 0)
			return PERF_EXIT_FAILED;
		for (i = 0; i < NB_STEPS; i++)
			values[i][n] = us[i];
	}
	return print_steps(s, values, n);
}
