/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Queues: a dedicated work queue each, with its rings.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

#include <sva_log.h>
#include <sva_mem.h>

#include "idxd_private.h"

SVA_LOG_COMPONENT(idxd.queue);

/* From how many operations a batch descriptor is the cheaper way: see the guide. */
#define MIN_BATCH 2
#define PAGE 4096ul
/* Without any result a queue that is being closed is given up. */
#define CLOSE_SECONDS 10

/* Memory for the rings: the device must see it at the address where the driver does. */
static char *
ring_memory(struct idxd_queue *iq, const struct sva_queue_conf *conf, int node, size_t size)
{
	const char *name = iq->idxd->bus->name;

	if (conf->memory == NULL) {
		if (iq->idxd->own_memory)
			return iq->memory = sva_alloc(size, 64, node, 0);
		SVA_LOG(ERR, "%s: rings of a queue for process %d must be memory that it shares",
			name, (int)iq->idxd->dev->pid);
	} else if (conf->memory_size < size || (uintptr_t)conf->memory % 64 != 0) {
		SVA_LOG(ERR, "%s: the rings need %zu bytes, 64-byte aligned", name, size);
	} else {
		return conf->memory;
	}
	errno = EINVAL;
	return NULL;
}

/*
 * The rings are there now; have the device find them for as long as there is the queue, where
 * nobody takes its page faults: a fork would make them copy-on-write until the CPU writes
 * next, they may be swapped out, and in another process that is bound nobody has touched
 * them yet. 0 or -errno.
 */
static int
keep_present(const struct idxd_queue *iq, char *rings, size_t size)
{
	char zero = 0;
	struct iovec local = { &zero, 1 }, remote = { rings, 1 };
	pid_t pid = iq->idxd->dev->pid;

	if (iq->idxd->io_page_faults)
		return 0;
	if (iq->idxd->own_memory) {
		/* The caller's is the caller's. */
		if (iq->memory == NULL)
			return 0;
		/* As far as the user may; a child has zeroes there, or no huge pages at all. */
		mlock(rings, size);
		if (madvise(rings, size, MADV_WIPEONFORK) != 0)
			madvise(rings, size, MADV_DONTFORK);
		return 0;
	}
	for (; remote.iov_base < (void *)(rings + size);
	     remote.iov_base = (void *)(((uintptr_t)remote.iov_base | (PAGE - 1)) + 1)) {
		if (process_vm_writev(pid, &local, 1, &remote, 1, 0) == 1)
			continue;
		SVA_LOG(ERR, "%s: the rings of a queue cannot be reached in process %d: %s: it "
			"must share that memory, at the same address", iq->idxd->bus->name,
			(int)pid, strerror(errno));
		return -EINVAL;
	}
	return 0;
}

/* One piece of memory: slots, their shadows, batch records. */
static int
allocate(struct idxd_queue *iq, const struct sva_queue_conf *conf, int node)
{
	size_t n = iq->depth + 1;
	size_t slots = n * sizeof(struct sva_slot);
	size_t shadows = n * sizeof(struct idxd_shadow);
	size_t records = n * sizeof(struct dsa_compl);
	size_t i;
	char *p;
	int ret;

	p = ring_memory(iq, conf, node, slots + shadows + records);
	if (p == NULL)
		return -errno;
	iq->q.slots = (struct sva_slot *)p;
	iq->q.shadow = (ptrdiff_t)slots;
	iq->end = iq->q.slots + n;
	iq->batch_recs = (struct dsa_compl *)(p + slots + shadows);
	/* Writing all of it: the device could not report a fault on its own structures. */
	memset(p, 0, slots + shadows + records);
	ret = keep_present(iq, p, slots + shadows + records);
	if (ret != 0)
		return ret;
	for (i = 0; i < n; i++)
		iq->q.slots[i].compl_addr = (uintptr_t)idxd_shadow(iq, &iq->q.slots[i]);
	iq->batch.op_flags = DSA_OP_FLAGS(DSA_OP_BATCH, DSA_FLAG_COMPL_VALID |
					  DSA_FLAG_COMPL_REQ);
	return 0;
}

const struct sva_queue_ops *
idxd_queue_choose_ops(const struct idxd_queue *iq)
{
	return iq->idxd->dev->shared || iq->vector != 0 ? &idxd_careful_ops : &idxd_queue_ops;
}

int
idxd_queue_open(struct sva_device *dev, unsigned int index, const struct sva_queue_conf *conf,
		struct sva_queue **queue)
{
	struct idxd_device *idxd = dev->priv;
	uint32_t base = DSA_FLAG_COMPL_VALID |
			(dev->block_on_fault ? DSA_FLAG_BLOCK_ON_FAULT : 0);
	struct idxd_queue *iq;
	void *memory;
	int ret;

	if (posix_memalign(&memory, 64, sizeof(*iq)) != 0)
		return -ENOMEM;
	iq = memset(memory, 0, sizeof(*iq));
	iq->idxd = idxd;
	iq->q.index = index;
	iq->depth = conf->depth;
	/* A shared WQ says itself when it is full; a dedicated one never does. */
	iq->wq_size = dev->shared ? conf->depth : dev->wq_size;
	iq->credits = iq->wq_size;
	iq->holdoff_next = 1;
	iq->portal_step = idxd->portal_step;
	iq->fault_policy = conf->fault_policy;
	iq->max_batch = dev->max_batch;
	iq->min_batch = conf->min_batch == 0 ? MIN_BATCH : conf->min_batch;
	ret = allocate(iq, conf, conf->numa_node_plus_1 == 0 ? dev->bus_dev->numa_node :
			   (int)conf->numa_node_plus_1 - 1);
	if (ret != 0)
		goto no_portal;
	iq->q.next = iq->asked = iq->submitted = iq->tail = iq->q.slots;
	iq->q.limit = iq->q.slots + iq->depth;
	iq->q.max_len = (uint32_t)dev->max_transfer;
	iq->q.copy_flags = DSA_OP_FLAGS(DSA_OP_MEMMOVE, base);
	iq->q.fill_flags = DSA_OP_FLAGS(DSA_OP_FILL, base);
	ret = dev->bus_dev->bus->ops->portal_open(dev->bus_dev,
						  DSA_PORTAL_OFFSET(index, idxd->threshold != 0),
						  &iq->portal);
	if (ret != 0) {
		SVA_LOG(ERR, "%s: no portal of WQ %u: %s", dev->bus_dev->name, index,
			strerror(-ret));
		goto no_portal;
	}
	if (dev->shared && iq->portal.enqcmd == NULL) {
		SVA_LOG(ERR, "%s: the bus cannot write to shared work queues: mode=dedicated",
			dev->bus_dev->name);
		ret = -EOPNOTSUPP;
		goto no_wq;
	}
	if (dev->shared)
		iq->portal.kind = SVA_PORTAL_ENQCMD;
	ret = conf->interrupts ? idxd_queue_interrupts(iq) : 0;
	if (ret != 0)
		goto no_wq;
	iq->q.ops = idxd_queue_choose_ops(iq);
	ret = idxd_hw_command(idxd, DSA_CMD_ENABLE_WQ, index);
	if (ret != 0)
		goto no_wq;
	*queue = &iq->q;
	return 0;
no_wq:
	dev->bus_dev->bus->ops->portal_close(dev->bus_dev, &iq->portal);
no_portal:
	sva_free(iq->memory);
	free(iq);
	return ret;
}

void
idxd_queue_lost(struct idxd_queue *iq)
{
	struct sva_slot *slot = iq->tail;
	uint32_t units;

	iq->held = NULL;
	for (units = iq->wq_size - iq->credits; units != 0; units--) {
		struct idxd_shadow *shadow;

		slot = idxd_at(iq, slot);
		shadow = idxd_shadow(iq, slot);
		if ((shadow->unit_flags & IDXD_SLOW) ||
		    __atomic_load_n(&shadow->unit_rec->status, __ATOMIC_ACQUIRE) == DSA_STS_NONE)
			shadow->unit_flags |= IDXD_LOST;
		slot += shadow->unit_count;
	}
}

void
idxd_queue_fail(struct idxd_queue *iq)
{
	iq->q.ops = &idxd_failed_ops;
	iq->q.limit = iq->q.next;
	/* What has not been submitted counts as lost on the way: a unit or two more. */
	while (iq->submitted != iq->q.next) {
		struct sva_slot *slot = idxd_at(iq, iq->submitted);
		struct idxd_shadow *shadow = idxd_shadow(iq, slot);

		iq->submitted = slot < iq->q.next ? iq->q.next : iq->end;
		shadow->unit_rec = &shadow->rec;
		shadow->unit_count = (uint32_t)(iq->submitted - slot);
		shadow->unit_flags = 0;
		iq->credits--;
	}
	iq->asked = iq->submitted;
	iq->special = 0;
	idxd_queue_lost(iq);
}

/* Take results until none is due. Returns how many, or -EIO where they do not come. */
static int
take_all(struct idxd_queue *iq)
{
	struct sva_result results[32];
	struct timespec last, now;
	int n, taken = 0;

	iq->q.ops->submit(&iq->q);
	clock_gettime(CLOCK_MONOTONIC, &last);
	while (idxd_used(iq) != 0) {
		n = iq->q.ops->poll(&iq->q, results, 32);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (n > 0) {
			taken += n;
			last = now;
		} else if (now.tv_sec - last.tv_sec > CLOSE_SECONDS) {
			return -EIO;
		} else {
			sched_yield();
		}
	}
	return taken;
}

int
idxd_queue_close(struct sva_queue *queue, unsigned int *unpolled)
{
	struct idxd_queue *iq = (struct idxd_queue *)queue;
	struct sva_bus_device *bus = iq->idxd->bus;
	uint32_t wq = DSA_CMD_WQ_MASK(queue->index);
	int n = take_all(iq);
	int ret = 0;

	if (n < 0) {
		SVA_LOG(ERR, "%s: WQ %u does not finish, resetting it", bus->name, queue->index);
		*unpolled = idxd_used(iq);
		ret = -EIO;
	} else {
		*unpolled = (unsigned int)n;
	}
	if (queue->ops == &idxd_failed_ops ||
	    (ret == 0 && idxd_hw_command(iq->idxd, DSA_CMD_DISABLE_WQ, wq) != 0))
		ret = -EIO;
	if (ret != 0)
		idxd_hw_command(iq->idxd, DSA_CMD_RESET_WQ, wq);
	bus->bus->ops->portal_close(bus, &iq->portal);
	sva_free(iq->memory);
	iq->memory = NULL;
	return ret;
}

/*
 * These are read for the telemetry while the queue's thread goes on, which does not pay for
 * it with atomic stores: aligned words, each as it was at some time, and off by a lap between
 * the two stores with which the ring wraps.
 */
#define WHILE_IN_USE __attribute__((no_sanitize_thread))

WHILE_IN_USE void
idxd_queue_info(struct sva_queue *queue, struct sva_queue_info *info)
{
	struct idxd_queue *iq = (struct idxd_queue *)queue;

	info->depth = iq->depth;
	info->used = idxd_distance(iq, iq->tail, iq->q.next);
	info->wq_size = iq->idxd->dev->wq_size;
	info->min_batch = iq->min_batch;
	info->fault_policy = iq->fault_policy;
}

WHILE_IN_USE static uint64_t
accepted(const struct idxd_queue *iq)
{
	return iq->laps + (uint64_t)(iq->q.next - iq->q.slots);
}

WHILE_IN_USE void
idxd_queue_stats(struct sva_queue *queue, struct sva_queue_stats *stats)
{
	struct idxd_queue *iq = (struct idxd_queue *)queue;
	uint64_t all = accepted(iq);

	*stats = iq->stats;
	stats->accepted = all - iq->stats_accepted;
	stats->completed = all - idxd_distance(iq, iq->tail, iq->q.next) - iq->stats_completed;
}

void
idxd_queue_stats_reset(struct sva_queue *queue)
{
	struct idxd_queue *iq = (struct idxd_queue *)queue;

	memset(&iq->stats, 0, sizeof(iq->stats));
	iq->stats_accepted = accepted(iq);
	iq->stats_completed = accepted(iq) - idxd_used(iq);
}
