/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A DSA work queue without its driver: registers and portal by hand, through struct
 * sva_bus_ops only, so that a test chooses the PASID and the descriptor. Works for any
 * bus. Included once by each program that uses it.
 */
#ifndef TEST_RAW_H
#define TEST_RAW_H

#include <sched.h>
#include <string.h>

#include <dsa_hw.h>
#include <sva_bus.h>

#define RAW_WQ_SIZE 16
#define RAW_MAX_SHIFT 21	/* a WQ that takes 2 MiB at once, */
#define RAW_BATCH_SHIFT 4	/* or 16 descriptors */

struct raw {
	struct sva_bus_device *dev;
	const struct sva_bus_ops *io;
	struct sva_portal portal;
	uint32_t flags;		/* of every descriptor that has data */
};

/* Run a command. Returns CMDSTS's error field, or -1 where the device is gone. */
static inline int
raw_command(struct raw *raw, enum dsa_command command, uint32_t operand)
{
	uint32_t status;

	raw->io->write32(raw->dev, DSA_REG_CMD, DSA_CMD(command, operand));
	while ((status = raw->io->read32(raw->dev, DSA_REG_CMDSTS)) & DSA_CMDSTS_ACTIVE) {
		if (status == UINT32_MAX)
			return -1;
		sched_yield();
	}
	return (int)DSA_CMDSTS_ERR(status);
}

/* Bring WQ 0 up, dedicated, its DMA tagged with a PASID. 0, or the first error. */
static inline int
raw_up(struct raw *raw, struct sva_bus_device *dev, uint32_t pasid)
{
	const struct sva_bus_ops *io = dev->bus->ops;
	struct sva_container_info info = { 0 };
	uint64_t grpcfg, wqcfg;
	bool block;
	int ret;

	/* Where page faults are taken, a device that can waits for its pages. */
	sva_container_info(dev->container, &info);
	block = info.io_page_faults &&
		(io->read64(dev, DSA_REG_GENCAP) & DSA_GENCAP_BLOCK_ON_FAULT);
	*raw = (struct raw){ .dev = dev, .io = io, .flags = DSA_FLAG_COMPL_VALID |
			     DSA_FLAG_COMPL_REQ | (block ? DSA_FLAG_BLOCK_ON_FAULT : 0) };
	ret = raw_command(raw, DSA_CMD_RESET_DEVICE, 0);
	if (ret != 0)
		return ret;
	io->write64(dev, DSA_REG_SWERR, DSA_SWERR_VALID | DSA_SWERR_OVERFLOW);
	grpcfg = DSA_TABOFF_GRPCFG(io->read64(dev, DSA_REG_TABOFF));
	wqcfg = DSA_TABOFF_WQCFG(io->read64(dev, DSA_REG_TABOFF));
	io->write64(dev, grpcfg + DSA_GRPCFG_WQS(0), 1);
	io->write64(dev, grpcfg + DSA_GRPCFG_ENGINES, 1);
	io->write32(dev, wqcfg + DSA_WQCFG_SIZE, RAW_WQ_SIZE);
	io->write32(dev, wqcfg + DSA_WQCFG_MODE,
		    DSA_WQCFG_MODE_DEDICATED | DSA_WQCFG_PRIORITY(1) | DSA_WQCFG_PASID(pasid) |
		    DSA_WQCFG_PASID_EN | (block ? DSA_WQCFG_MODE_BOF : 0));
	io->write32(dev, wqcfg + DSA_WQCFG_LIMITS,
		    DSA_WQCFG_MAX_XFER_SHIFT(RAW_MAX_SHIFT) |
		    DSA_WQCFG_MAX_BATCH_SHIFT(RAW_BATCH_SHIFT));
	ret = raw_command(raw, DSA_CMD_ENABLE_DEVICE, 0);
	if (ret == 0)
		ret = raw_command(raw, DSA_CMD_ENABLE_WQ, 0);
	if (ret == 0)
		ret = io->portal_open(dev, DSA_PORTAL_OFFSET(0, false), &raw->portal);
	return ret;
}

/* What is in flight is finished first. */
static inline void
raw_down(struct raw *raw)
{
	raw_command(raw, DSA_CMD_DISABLE_DEVICE, 0);
	raw->io->portal_close(raw->dev, &raw->portal);
}

static inline uint64_t
raw_swerr(struct raw *raw)
{
	return raw->io->read64(raw->dev, DSA_REG_SWERR);
}

/* Wait for a record, or for the error of one that cannot be written, which gives 0. */
static inline uint8_t
raw_wait(struct raw *raw, const struct dsa_compl *record)
{
	uint8_t status;

	while ((status = __atomic_load_n(&record->status, __ATOMIC_ACQUIRE)) == 0 &&
	       !(raw_swerr(raw) & DSA_SWERR_VALID))
		sched_yield();
	return status;
}

static inline uint8_t
raw_run(struct raw *raw, struct dsa_desc *desc, struct dsa_compl *record)
{
	memset(record, 0, sizeof(*record));
	desc->compl_addr = (uintptr_t)record;
	sva_portal_write(&raw->portal, desc);
	return raw_wait(raw, record);
}

static inline uint8_t
raw_fill(struct raw *raw, struct dsa_compl *record, void *dst, uint64_t pattern, uint32_t len)
{
	struct dsa_desc desc = {
		.op_flags = DSA_OP_FLAGS(DSA_OP_FILL, raw->flags),
		.src = pattern,
		.dst = (uintptr_t)dst,
		.size = len,
	};

	return raw_run(raw, &desc, record);
}

static inline uint8_t
raw_copy(struct raw *raw, struct dsa_compl *record, void *dst, const void *src, uint32_t len)
{
	struct dsa_desc desc = {
		.op_flags = DSA_OP_FLAGS(DSA_OP_MEMMOVE, raw->flags),
		.src = (uintptr_t)src,
		.dst = (uintptr_t)dst,
		.size = len,
	};

	return raw_run(raw, &desc, record);
}

#endif
