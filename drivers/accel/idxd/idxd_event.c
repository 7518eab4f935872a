/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Waiting instead of polling: file descriptors for events of the device (vector 0, and the
 * bus's word that the device is taken away) and for results of a queue (vector 1 + WQ).
 * Reference: specification, "Interrupts" and "Interrupt Handles".
 */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <sva_log.h>

#include "idxd_private.h"

SVA_LOG_COMPONENT(idxd.event);

/* An eventfd that does not block: whatever it says, it has said it. */
static void
clear(int fd)
{
	uint64_t count;

	if (fd >= 0 && read(fd, &count, sizeof(count)) < 0)
		return;
}

void
idxd_queue_wake(const struct idxd_queue *iq)
{
	uint64_t one = 1;

	if (iq->vector != 0 && write(iq->irq_fd, &one, sizeof(one)) < 0)
		return;	/* its counter is at its maximum: it is signalled */
}

int
idxd_event_fd(struct sva_device *dev)
{
	struct idxd_device *idxd = dev->priv;
	struct epoll_event in = { .events = EPOLLIN };
	int fd, irq, ret = 0;

	if (idxd->event_fd >= 0)
		return idxd->event_fd;
	irq = idxd->bus->bus->ops->irq_fd(idxd->bus, 0);
	if (irq < 0)
		return irq;
	fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, irq, &in) != 0 ||
	    (idxd->removal_fd >= 0 && epoll_ctl(fd, EPOLL_CTL_ADD, idxd->removal_fd, &in) != 0)) {
		ret = -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	idxd->error_fd = irq;
	idxd->event_fd = fd;
	return fd;
}

int
idxd_handle_events(struct sva_device *dev)
{
	struct idxd_device *idxd = dev->priv;
	uint32_t errors;
	unsigned int i;
	bool runs;

	/* What comes after this signals anew. */
	clear(idxd->error_fd);
	runs = idxd_hw_check(idxd, &errors);
	/* Not before it has been seen: it may have come since. */
	if (__atomic_load_n(&idxd->removed, __ATOMIC_RELAXED))
		clear(idxd->removal_fd);
	/* Each queue has its own look when its thread polls it next. */
	__atomic_add_fetch(&idxd->news, 1, __ATOMIC_RELEASE);
	for (i = 0; i < dev->nb_queues; i++) {
		struct idxd_queue *iq = (struct idxd_queue *)dev->queues[i];

		if (iq != NULL)
			idxd_queue_wake(iq);
	}
	return runs ? 0 : -EIO;
}

int
idxd_queue_event_fd(struct sva_queue *queue)
{
	struct idxd_queue *iq = (struct idxd_queue *)queue;

	return iq->vector != 0 ? iq->irq_fd : -EOPNOTSUPP;
}

int
idxd_queue_interrupts(struct idxd_queue *iq)
{
	struct idxd_device *idxd = iq->idxd;
	unsigned int vector = 1 + iq->q.index;

	if (idxd->dev->shared) {
		/* Nothing would tell that there is room again for what was refused. */
		SVA_LOG(ERR, "%s: no interrupts with mode=shared: poll, or mode=dedicated",
			idxd->bus->name);
		return -EOPNOTSUPP;
	}
	if ((idxd->gencap & DSA_GENCAP_CMD_CAP) &&
	    (idxd->bus->bus->ops->read32(idxd->bus, DSA_REG_CMDCAP) &
	     1u << DSA_CMD_REQUEST_INT_HANDLE)) {
		SVA_LOG(ERR, "%s: no interrupts: the device gives out handles for them, which this "
			"driver does not ask for: poll", idxd->bus->name);
		return -EOPNOTSUPP;
	}
	iq->irq_fd = idxd->bus->bus->ops->irq_fd(idxd->bus, vector);
	if (iq->irq_fd < 0) {
		SVA_LOG(ERR, "%s: no interrupt %u for WQ %u", idxd->bus->name, vector, iq->q.index);
		return iq->irq_fd == -EINVAL ? -EOPNOTSUPP : iq->irq_fd;
	}
	/* From whoever had the queue before. */
	clear(iq->irq_fd);
	iq->vector = (uint16_t)vector;
	iq->batch.op_flags |= DSA_FLAG_COMPL_INT;
	iq->batch.int_handle = iq->vector;
	idxd_hw_permit(idxd, vector);
	return 0;
}
