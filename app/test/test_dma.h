/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Fill and copy under a PASID that a test chooses, by whichever function the bus has: a
 * DSA's work queue (test_raw.h), or the function "svadk-test" of the virtual machine,
 * 1234:5ada, which does one thing at a time and is told by registers. Included once by
 * each program that uses it, after cmocka.h.
 */
#ifndef TEST_DMA_H
#define TEST_DMA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "test_kmsg.h"
#include "test_raw.h"

/* svadk-test: BAR0; 64-bit registers from SRC on. */
#define STF_VENDOR	0x1234
#define STF_DEVICE	0x5ada
#define STF_REG_ID	0x00
#define STF_REG_STATUS	0x04
#define STF_REG_PASID	0x08
#define STF_REG_CMD	0x0c
#define STF_REG_SRC	0x10
#define STF_REG_DST	0x18
#define STF_REG_LEN	0x20
#define STF_REG_FAULT	0x28	/* first address that could not be accessed */
#define STF_REG_COUNT	0x30	/* periods of STREAM so far */

#define STF_ID		0x5ada0001u
#define STF_PASID_EN	(1u << 31)

enum stf_status { STF_IDLE, STF_BUSY, STF_DONE, STF_FAULT, STF_BAD };

enum stf_command {
	STF_COPY = 1,
	STF_FILL,
	STF_STREAM,	/* writes COUNT at DST again and again, until STOP or a fault */
	STF_STOP,
	STF_IRQ,	/* raises MSI-X vector SRC */
};

struct dma {
	struct sva_bus_device *dev;
	const struct sva_bus_ops *io;
	bool dsa;
	struct raw raw;			/* of a DSA */
	struct dsa_compl *record;	/* of a DSA: reached under every PASID that is used */
};

static inline bool
is_stf(const struct sva_bus_device *dev)
{
	return dev->vendor_id == STF_VENDOR && dev->device_id == STF_DEVICE;
}

/* Let a device use a PASID. 0, or what went wrong. */
static int
dma_up(struct dma *d, struct sva_bus_device *dev, uint32_t pasid, struct dsa_compl *record)
{
	*d = (struct dma){ .dev = dev, .io = dev->bus->ops, .dsa = !is_stf(dev),
			   .record = record };
	if (d->dsa)
		return raw_up(&d->raw, dev, pasid);
	d->io->write32(dev, STF_REG_PASID, pasid | STF_PASID_EN);
	return d->io->read32(dev, STF_REG_ID) == STF_ID &&
	       d->io->read32(dev, STF_REG_PASID) == (pasid | STF_PASID_EN) ? 0 : -1;
}

static inline void
dma_down(struct dma *d)
{
	if (d->dsa)
		raw_down(&d->raw);
	else
		d->io->write32(d->dev, STF_REG_PASID, 0);
}

static inline uint32_t
stf_run(struct dma *d, enum stf_command cmd, uint64_t src, const void *dst, uint64_t len)
{
	d->io->write64(d->dev, STF_REG_SRC, src);
	d->io->write64(d->dev, STF_REG_DST, (uintptr_t)dst);
	d->io->write64(d->dev, STF_REG_LEN, len);
	d->io->write32(d->dev, STF_REG_CMD, cmd);
	return d->io->read32(d->dev, STF_REG_STATUS);
}

static int
stf_result(uint32_t status)
{
	return status == STF_DONE ? 0 : -(int)status;
}

/* Fill with a pattern. 0, or the device's status. */
static int
dma_fill(struct dma *d, void *dst, uint64_t pattern, uint32_t len)
{
	uint8_t status;

	if (!d->dsa)
		return stf_result(stf_run(d, STF_FILL, pattern, dst, len));
	status = raw_fill(&d->raw, d->record, dst, pattern, len);
	return status == DSA_STS_SUCCESS ? 0 : status;
}

static inline int
dma_copy(struct dma *d, void *dst, const void *src, uint32_t len)
{
	uint8_t status;

	if (!d->dsa)
		return stf_result(stf_run(d, STF_COPY, (uintptr_t)src, dst, len));
	status = raw_copy(&d->raw, d->record, dst, src, len);
	return status == DSA_STS_SUCCESS ? 0 : status;
}

/* The same where the process that the PASID names has no page for a DSA's record. */
static inline int
dma_fill_unrecorded(struct dma *d, void *dst, uint64_t pattern, uint32_t len)
{
	if (!d->dsa)
		return dma_fill(d, dst, pattern, len);
	return raw_fill(&d->raw, d->record, dst, pattern, len) != 0 ? -1 :
		raw_command(&d->raw, DSA_CMD_DRAIN_ALL, 0);
}

/* Whether faults of the IOMMU are what a test wants; an emulated device has none. */
static inline void
faults_expected(const struct dma *d, bool expected)
{
	if (!d->dev->bus->emulated)
		kmsg_faults_expected(expected);
}

/* The PASID is refused: nothing is written, not even a record, and the device knows it. */
static inline void
dma_check_refused(struct dma *d, void *dst, size_t len)
{
	const uint64_t pattern = 0xeeeeeeeeeeeeeeee;
	struct raw *raw = &d->raw;
	uint64_t at;
	int status;

	faults_expected(d, true);
	status = d->dsa ? raw_fill(raw, d->record, dst, pattern, (uint32_t)len) :
			  (int)stf_run(d, STF_FILL, pattern, dst, len);
	faults_expected(d, false);
	if (!d->dsa) {
		assert_int_equal(status, STF_FAULT);
		at = d->io->read64(d->dev, STF_REG_FAULT);
		assert_in_range(at, (uintptr_t)dst & ~4095ull, (uintptr_t)dst + len - 1);
		return;
	}
	assert_int_equal(status, 0);
	assert_true(raw_swerr(raw) & DSA_SWERR_VALID);
	/* When this is done the descriptor is as well. */
	assert_int_equal(raw_command(raw, DSA_CMD_DRAIN_ALL, 0), 0);
	assert_int_equal(d->record->status, 0);
	raw->io->write64(raw->dev, DSA_REG_SWERR, DSA_SWERR_VALID | DSA_SWERR_OVERFLOW);
	assert_false(raw_swerr(raw) & DSA_SWERR_VALID);
}

#endif
