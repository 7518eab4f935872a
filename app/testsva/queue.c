/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Queues: open, look at, count, close.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "testsva.h"

struct ts_queue ts_queues[TS_MAX_QUEUES];

struct ts_queue *
ts_find_queue(const char *text)
{
	uint64_t i;

	if (ts_number("queue", text, 0, TS_MAX_QUEUES - 1, &i) != 0)
		return NULL;
	if (ts_queues[i].q != NULL)
		return &ts_queues[i];
	ts_error("there is no open queue %s: see show queues", text);
	return NULL;
}

int
ts_queue_number(const struct ts_queue *queue)
{
	return (int)(queue - ts_queues);
}

static int
open_queue(struct ts_device *device, const struct sva_queue_conf *conf)
{
	struct sva_queue_info info;
	struct sva_queue *q;
	unsigned int i;
	int ret;

	for (i = 0; i < TS_MAX_QUEUES && ts_queues[i].q != NULL; i++)
		;
	if (i == TS_MAX_QUEUES)
		return ts_error("queue: %d are open, the most there can be", TS_MAX_QUEUES);
	ret = sva_queue_open(device->dev, conf, &q);
	if (ret == 0)
		ret = sva_queue_info(q, &info);
	if (ret != 0)
		return ts_error("queue: none of %s can be opened: %s: see the log, and show info",
				device->name, strerror(-ret));
	ts_queues[i] = (struct ts_queue){ .q = q, .device = device };
	printf("queue %u: %s WQ %u, depth %u\n", i, device->name, info.index, info.depth);
	return 0;
}

static int
cmd_open(const struct ts_words *words)
{
	struct ts_device *device = ts_find_device(words->w[2]);
	const char *depth = ts_key(words, 3, "depth"), *batch = ts_key(words, 3, "min_batch");
	const char *faults = ts_key(words, 3, "faults"), *node = ts_key(words, 3, "node");
	struct sva_queue_conf conf = { 0 };
	uint64_t value = 0;
	int policy = 0;

	if (device == NULL)
		return -1;
	if (depth != NULL && ts_number("queue: depth", depth, 1, 65536, &value) != 0)
		return -1;
	conf.depth = (unsigned int)value;
	value = 0;
	if (batch != NULL && ts_number("queue: min_batch", batch, 2, UINT32_MAX, &value) != 0)
		return -1;
	conf.min_batch = (unsigned int)value;
	if (faults != NULL) {
		policy = ts_choice("queue: faults", faults, "resume/report");
		if (policy < 0)
			return -1;
	}
	conf.fault_policy = (enum sva_fault_policy)policy;
	if (node != NULL) {
		if (ts_number("queue: node", node, 0, 1023, &value) != 0)
			return -1;
		conf.numa_node_plus_1 = (unsigned int)value + 1;
	}
	return open_queue(device, &conf);
}

void
ts_queue_forget(struct ts_queue *queue)
{
	struct sva_bus_device *bus_dev = queue->device->dev->bus_dev;

	if (queue->portal_open)
		bus_dev->bus->ops->portal_close(bus_dev, &queue->portal);
	*queue = (struct ts_queue){ .q = NULL };
}

static int
cmd_close(const struct ts_words *words)
{
	struct ts_queue *queue = ts_find_queue(words->w[2]);
	struct sva_queue *q;
	int ret;

	if (queue == NULL || ts_idle("queue close", NULL, queue) != 0)
		return -1;
	q = queue->q;
	ts_queue_forget(queue);
	ret = sva_queue_close(q);
	if (ret != 0)
		return ts_error("queue close: %s: %s: see the log", words->w[2], strerror(-ret));
	return 0;
}

int
ts_queue_settle(const char *what, struct ts_queue *queue)
{
	struct sva_queue_info info;
	struct sva_result r;
	unsigned int late = 0;
	int ret;

	while (sva_poll(queue->q, &r, 1) > 0)
		late++;
	if (late != 0)
		printf("queue %d: %u late results of earlier operations\n",
		       ts_queue_number(queue), late);
	ret = sva_queue_info(queue->q, &info);
	if (ret != 0)
		return ts_error("%s: queue %d: %s", what, ts_queue_number(queue), strerror(-ret));
	return info.used == 0 ? 0 :
	       ts_error("%s: %u operations of queue %d have no result yet: wait, or reset %s",
			what, info.used, ts_queue_number(queue), queue->device->name);
}

bool
ts_queues_wanted(void)
{
	const struct sva_queue_conf conf = { 0 };
	bool any = false;
	unsigned int d, i;

	for (d = 0; d < TS_MAX_DEVICES; d++) {
		struct ts_device *device = &ts_devices[d];
		bool has = false;

		if (device->dev == NULL)
			continue;
		for (i = 0; i < TS_MAX_QUEUES; i++)
			has = has || (ts_queues[i].q != NULL && ts_queues[i].device == device);
		any = has || (device->dev->pid == 0 && open_queue(device, &conf) == 0) || any;
	}
	return any;
}

static int
show_queues(const struct ts_words *words)
{
	unsigned int i;

	(void)words;
	for (i = 0; i < TS_MAX_QUEUES; i++) {
		struct sva_queue_info info;

		if (ts_queues[i].q == NULL || sva_queue_info(ts_queues[i].q, &info) != 0)
			continue;
		printf("queue %u: %s WQ %u, depth %u, %u descriptors on the device, batches from "
		       "%u, page faults: %s\n", i, ts_queues[i].device->name, info.index,
		       info.depth, info.wq_size, info.min_batch,
		       info.fault_policy == SVA_FAULT_REPORT ? "report" : "resume");
	}
	return 0;
}

/* Do something with the queue that a command names, or with all. 0, or -1 where one failed. */
static int
each_queue(const struct ts_words *words, int (*fn)(struct ts_queue *queue))
{
	struct ts_queue *only = NULL;
	unsigned int i;
	int ret = 0;

	if (words->n == 3) {
		only = ts_find_queue(words->w[2]);
		return only == NULL ? -1 : fn(only);
	}
	for (i = 0; i < TS_MAX_QUEUES; i++)
		if (ts_queues[i].q != NULL)
			ret |= fn(&ts_queues[i]);
	return ret;
}

static int
show_one(struct ts_queue *queue)
{
	struct sva_queue_stats s;

	if (ts_queue_stats(queue, &s) != 0)
		return 0;
	printf("queue %d: %" PRIu64 " accepted, %" PRIu64 " completed, %" PRIu64 " failed, %" PRIu64
	       " bytes, %" PRIu64 " doorbells, %" PRIu64 " batches, %" PRIu64 " faults, %" PRIu64
	       " resumed\n", ts_queue_number(queue), s.accepted, s.completed, s.failed, s.bytes,
	       s.doorbells, s.batches, s.faults, s.resumed);
	return 0;
}

static int
clear_one(struct ts_queue *queue)
{
	return ts_idle("clear stats", NULL, queue) != 0 ||
	       sva_queue_stats_reset(queue->q) != 0 ? -1 : 0;
}

static int
show_stats(const struct ts_words *words)
{
	return each_queue(words, show_one);
}

static int
clear_stats(const struct ts_words *words)
{
	return each_queue(words, clear_one);
}

static const struct ts_command commands[] = {
	{ "show queues", "List open queues.", show_queues },
	{ "queue open DEVICE [depth=N min_batch=N faults=resume/report node=N]",
	  "Open a queue of a device; it gets a number.", cmd_open },
	{ "queue close QUEUE", "Close a queue.", cmd_close },
	{ "show stats [QUEUE]", "Show the counters of a queue, or of all.", show_stats },
	{ "clear stats [QUEUE]", "Set the counters of a queue, or of all, to 0.", clear_stats },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_queue_section = { "queues", commands };
