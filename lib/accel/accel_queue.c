/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Queues of the device class: opening, closing, information. A closed queue is kept
 * for a while, with operations that all answer -ENODEV.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva_log.h>

#include "accel_private.h"

SVA_LOG_COMPONENT(accel.queue);

#define DEFAULT_DEPTH 1024
#define MAX_DEPTH 65536
#define MAX_NODE 1023
#define KEPT 64

static struct sva_queue *kept[KEPT];
static unsigned int kept_next;

static int
closed_enqueue(struct sva_queue *q, const struct sva_op *op)
{
	(void)q;
	(void)op;
	return -ENODEV;
}

static int
closed_submit(struct sva_queue *q)
{
	(void)q;
	return -ENODEV;
}

static int
closed_poll(struct sva_queue *q, struct sva_result *results, unsigned int n)
{
	(void)q;
	(void)results;
	(void)n;
	return -ENODEV;
}

static int
closed_poll_ok(struct sva_queue *q, unsigned int n)
{
	(void)q;
	(void)n;
	return -ENODEV;
}

static const struct sva_queue_ops closed_ops = {
	.enqueue = closed_enqueue,
	.submit = closed_submit,
	.poll = closed_poll,
	.poll_ok = closed_poll_ok,
};

int
sva_queue_open(struct sva_device *dev, const struct sva_queue_conf *conf,
	       struct sva_queue **queue)
{
	struct sva_queue_conf c = { 0 };
	unsigned int depth, i;
	int ret;

	if (dev == NULL || queue == NULL)
		return -EINVAL;
	if (conf != NULL)
		c = *conf;
	depth = c.depth == 0 ? DEFAULT_DEPTH : c.depth;
	if (depth > MAX_DEPTH || c.min_batch == 1 || c.numa_node_plus_1 > MAX_NODE + 1 ||
	    (unsigned int)c.fault_policy > SVA_FAULT_REPORT)
		return -EINVAL;
	for (c.depth = 1; c.depth < depth; c.depth *= 2)
		;
	accel_lock();
	ret = !accel_device_open(dev) ? -ENODEV :
	      c.interrupts && dev->driver->ops->queue_event_fd == NULL ? -EOPNOTSUPP : 0;
	if (ret != 0) {
		accel_unlock();
		return ret;
	}
	for (i = 0; i < dev->nb_queues && dev->queues[i] != NULL; i++)
		;
	if (i == dev->nb_queues) {
		ret = -EBUSY;
	} else {
		ret = dev->driver->ops->queue_open(dev, i, &c, queue);
		if (ret == 0) {
			(*queue)->dev = dev;
			(*queue)->index = i;
			dev->queues[i] = *queue;
		}
	}
	accel_unlock();
	return ret;
}

int
accel_queue_close(struct sva_queue *q)
{
	struct sva_device *dev = q->dev;
	unsigned int unpolled = 0;
	int ret;

	ret = dev->driver->ops->queue_close(q, &unpolled);
	if (unpolled != 0)
		SVA_LOG(WARNING, "%s queue %u closed with %u results that nobody polled",
			dev->bus_dev->name, q->index, unpolled);
	dev->queues[q->index] = NULL;
	q->limit = q->next;
	q->ops = &closed_ops;
	q->dev = NULL;
	free(kept[kept_next]);
	kept[kept_next] = q;
	kept_next = (kept_next + 1) % KEPT;
	return ret;
}

void
accel_queue_forget(void)
{
	unsigned int i;

	for (i = 0; i < KEPT; i++) {
		free(kept[i]);
		kept[i] = NULL;
	}
}

/* Lock and check a handle; with 0 the lock is held. */
static int
enter(struct sva_queue *q)
{
	if (q == NULL)
		return -EINVAL;
	accel_lock();
	if (q->dev != NULL)
		return 0;
	accel_unlock();
	return -ENODEV;
}

int
sva_queue_close(struct sva_queue *q)
{
	int ret = enter(q);

	if (ret != 0)
		return ret;
	ret = accel_queue_close(q);
	accel_unlock();
	return ret;
}

int
sva_queue_event_fd(struct sva_queue *q)
{
	int ret = enter(q);

	if (ret != 0)
		return ret;
	ret = q->dev->driver->ops->queue_event_fd == NULL ? -EOPNOTSUPP :
		q->dev->driver->ops->queue_event_fd(q);
	accel_unlock();
	return ret;
}

int
sva_queue_info(struct sva_queue *q, struct sva_queue_info *info)
{
	int ret;

	if (info == NULL)
		return -EINVAL;
	ret = enter(q);
	if (ret != 0)
		return ret;
	memset(info, 0, sizeof(*info));
	info->index = q->index;
	q->dev->driver->ops->queue_info(q, info);
	accel_unlock();
	return 0;
}

int
sva_queue_stats(struct sva_queue *q, struct sva_queue_stats *stats)
{
	int ret;

	if (stats == NULL)
		return -EINVAL;
	ret = enter(q);
	if (ret != 0)
		return ret;
	memset(stats, 0, sizeof(*stats));
	q->dev->driver->ops->queue_stats(q, stats);
	accel_unlock();
	return 0;
}

int
sva_queue_stats_reset(struct sva_queue *q)
{
	int ret = enter(q);

	if (ret != 0)
		return ret;
	q->dev->driver->ops->queue_stats_reset(q);
	accel_unlock();
	return 0;
}
