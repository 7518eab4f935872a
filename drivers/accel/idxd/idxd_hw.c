/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Registers: bringing the device up in the order of the specification's chapters
 * "Initialization" and "Work Queue Configuration", commands, and errors.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

#include <sva_log.h>

#include "idxd_private.h"

SVA_LOG_COMPONENT(idxd.hw);

#define COMMAND_SECONDS 10

static uint32_t
read32(struct idxd_device *idxd, uint64_t offset)
{
	return idxd->bus->bus->ops->read32(idxd->bus, offset);
}

static uint64_t
read64(struct idxd_device *idxd, uint64_t offset)
{
	return idxd->bus->bus->ops->read64(idxd->bus, offset);
}

static void
write32(struct idxd_device *idxd, uint64_t offset, uint32_t value)
{
	idxd->bus->bus->ops->write32(idxd->bus, offset, value);
}

static void
write64(struct idxd_device *idxd, uint64_t offset, uint64_t value)
{
	idxd->bus->bus->ops->write64(idxd->bus, offset, value);
}

static int
run_command(struct idxd_device *idxd, enum dsa_command command, uint32_t operand)
{
	struct timespec start, now;
	uint32_t status;

	write32(idxd, DSA_REG_CMD, DSA_CMD(command, operand));
	clock_gettime(CLOCK_MONOTONIC, &start);
	while ((status = read32(idxd, DSA_REG_CMDSTS)) & DSA_CMDSTS_ACTIVE) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (status == UINT32_MAX || now.tv_sec - start.tv_sec > COMMAND_SECONDS) {
			if (!idxd->stopped)
				SVA_LOG(ERR, "%s: command %d (operand 0x%x) does not end, CMDSTS "
					"0x%x", idxd->bus->name, (int)command, operand, status);
			return -ETIMEDOUT;
		}
		sched_yield();
	}
	if (DSA_CMDSTS_ERR(status) != 0) {
		SVA_LOG(ERR, "%s: command %d (operand 0x%x) failed, CMDSTS error 0x%x",
			idxd->bus->name, (int)command, operand, DSA_CMDSTS_ERR(status));
		return -EIO;
	}
	return 0;
}

int
idxd_hw_command(struct idxd_device *idxd, enum dsa_command command, uint32_t operand)
{
	int ret;

	pthread_mutex_lock(&idxd->lock);
	ret = run_command(idxd, command, operand);
	pthread_mutex_unlock(&idxd->lock);
	return ret;
}

bool
idxd_hw_removal(struct idxd_device *idxd)
{
	struct pollfd fd = { .fd = idxd->removal_fd, .events = POLLIN };

	return __atomic_load_n(&idxd->removed, __ATOMIC_RELAXED) || poll(&fd, 1, 0) > 0;
}

/*
 * Nothing more is asked of a device that is taken away. What it has is finished first, so that
 * it leaves memory alone when the results are given.
 */
static void
let_go(struct idxd_device *idxd)
{
	uint32_t state = read32(idxd, DSA_REG_GENSTS);

	SVA_LOG(WARNING, "%s: the device is being taken away: close it", idxd->bus->name);
	if (state != UINT32_MAX && DSA_GENSTS_STATE(state) == DSA_STATE_ENABLED &&
	    run_command(idxd, DSA_CMD_DISABLE_DEVICE, 0) != 0)
		run_command(idxd, DSA_CMD_RESET_DEVICE, 0);
	idxd->stopped = true;
	__atomic_store_n(&idxd->removed, true, __ATOMIC_RELAXED);
}

/* Read and clear what the device says of itself. Whether it says something new. */
static bool
read_state(struct idxd_device *idxd, bool *runs, struct sva_event *event)
{
	uint32_t state;
	uint64_t word0;

	if (!idxd->removed && idxd_hw_removal(idxd)) {
		let_go(idxd);
		*runs = false;
		event->type = SVA_EVENT_REMOVED;
		return true;
	}
	/* Before SWERR is read: what comes later is another cause. */
	write32(idxd, DSA_REG_INTCAUSE, DSA_INTC_ERR | DSA_INTC_HALT);
	word0 = read64(idxd, DSA_REG_SWERR);
	/* Last: were the device gone in between, SWERR would be all ones, and an error of it. */
	state = read32(idxd, DSA_REG_GENSTS);
	*runs = state != UINT32_MAX && DSA_GENSTS_STATE(state) == DSA_STATE_ENABLED;
	event->queue = *runs && (word0 & DSA_SWERR_WQ_IDX_VALID) ?
			       (int)DSA_SWERR_WQ_IDX(word0) : -1;
	if (!*runs) {
		event->type = SVA_EVENT_FAILED;
		if (idxd->stopped)
			return false;
		idxd->stopped = true;
		SVA_LOG(ERR, "%s: the device has stopped, GENSTS 0x%x: reset it",
			idxd->bus->name, state);
		return true;
	}
	if (!(word0 & DSA_SWERR_VALID))
		return false;
	idxd->errors++;
	event->type = SVA_EVENT_ERROR;
	event->code = (uint32_t)DSA_SWERR_ERROR(word0);
	event->addr = read64(idxd, DSA_REG_SWERR + 16);
	SVA_LOG(ERR, "%s: software error 0x%x, WQ %d, operation 0x%x, address 0x%llx%s",
		idxd->bus->name, event->code, event->queue,
		(unsigned int)DSA_SWERR_OPERATION(word0), (unsigned long long)event->addr,
		word0 & DSA_SWERR_OVERFLOW ? ", and others after it" : "");
	write64(idxd, DSA_REG_SWERR, DSA_SWERR_VALID | DSA_SWERR_OVERFLOW);
	return true;
}

bool
idxd_hw_check(struct idxd_device *idxd, uint32_t *errors)
{
	struct sva_event event = { .queue = -1 };
	bool runs, news;

	pthread_mutex_lock(&idxd->lock);
	news = read_state(idxd, &runs, &event);
	*errors = idxd->errors;
	pthread_mutex_unlock(&idxd->lock);
	if (news)
		sva_accel_event(idxd->dev, &event);
	return runs;
}

void
idxd_hw_permit(struct idxd_device *idxd, unsigned int vector)
{
	write32(idxd, idxd->msix_perm + (uint64_t)vector * DSA_MSIX_PERM_STRIDE,
		DSA_MSIX_PERM_PASID_EN | DSA_MSIX_PERM_PASID(idxd->dev->pasid));
}

/* WQ i and engine i go to group i modulo their number. */
static void
configure_groups(struct idxd_device *idxd, unsigned int wqs)
{
	unsigned int groups = wqs, group, i;

	if (groups > idxd->num_groups)
		groups = idxd->num_groups;
	if (groups > idxd->num_engines)
		groups = idxd->num_engines;
	for (group = 0; group < idxd->num_groups; group++) {
		uint64_t table = idxd->grpcfg + (uint64_t)group * DSA_GRPCFG_STRIDE;
		uint64_t engines = 0, members[4] = { 0 };

		for (i = group; group < groups && i < wqs; i += groups)
			members[i / 64] |= 1ull << (i % 64);
		for (i = group; group < groups && i < idxd->num_engines; i += groups)
			engines |= 1ull << i;
		for (i = 0; i < 4; i++)
			write64(idxd, table + DSA_GRPCFG_WQS(i), members[i]);
		write64(idxd, table + DSA_GRPCFG_ENGINES, engines);
	}
}

static void
configure_wqs(struct idxd_device *idxd, unsigned int wqs)
{
	struct sva_device *dev = idxd->dev;
	/* The descriptors of a shared WQ carry a PASID themselves. */
	uint32_t mode = DSA_WQCFG_PRIORITY(idxd->priority) | DSA_WQCFG_PASID_EN |
			(dev->shared ? 0 : DSA_WQCFG_MODE_DEDICATED |
					   DSA_WQCFG_PASID(dev->pasid));
	uint32_t limits = DSA_WQCFG_MAX_XFER_SHIFT(DSA_GENCAP_MAX_XFER_SHIFT(idxd->gencap)) |
			  DSA_WQCFG_MAX_BATCH_SHIFT(DSA_GENCAP_MAX_BATCH_SHIFT(idxd->gencap));
	unsigned int wq, word;

	if (dev->block_on_fault)
		mode |= DSA_WQCFG_MODE_BOF;
	for (wq = 0; wq < DSA_WQCAP_NUM_WQS(idxd->wqcap); wq++) {
		uint64_t table = idxd->wqcfg + (uint64_t)wq * idxd->wqcfg_stride;

		for (word = 0; word < DSA_WQCFG_STATE; word += 4)
			write32(idxd, table + word, 0);
		if (wq >= wqs)
			continue;
		write32(idxd, table + DSA_WQCFG_SIZE, dev->wq_size);
		write32(idxd, table + DSA_WQCFG_THRESHOLD, idxd->threshold);
		write32(idxd, table + DSA_WQCFG_MODE, mode);
		write32(idxd, table + DSA_WQCFG_LIMITS, limits);
	}
}

int
idxd_hw_up(struct idxd_device *idxd)
{
	int ret;

	ret = idxd_hw_command(idxd, DSA_CMD_RESET_DEVICE, 0);
	if (ret != 0)
		return ret;
	idxd->stopped = false;
	/* Left from whoever had the device before. */
	write64(idxd, DSA_REG_SWERR, DSA_SWERR_VALID | DSA_SWERR_OVERFLOW);
	/* The first is fixed while the device is enabled. */
	write32(idxd, DSA_REG_GENCFG, read32(idxd, DSA_REG_GENCFG) | DSA_GENCFG_USER_INT_EN);
	write32(idxd, DSA_REG_GENCTRL, DSA_GENCTRL_SWERR_INT | DSA_GENCTRL_HALT_INT);
	configure_groups(idxd, idxd->dev->nb_queues);
	configure_wqs(idxd, idxd->dev->nb_queues);
	return idxd_hw_command(idxd, DSA_CMD_ENABLE_DEVICE, 0);
}

void
idxd_hw_down(struct idxd_device *idxd)
{
	if (!idxd->stopped)
		idxd_hw_command(idxd, DSA_CMD_DISABLE_DEVICE, 0);
	idxd_hw_command(idxd, DSA_CMD_RESET_DEVICE, 0);
}
