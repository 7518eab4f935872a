/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * The operations: specification, "Descriptor Types". What each takes and must
 * leave zero is in the tables of "Descriptor Reserved Field Checking".
 */

#include "dsa_dma.h"

static size_t dma_copy(struct dsa_job *job, uint64_t dst, uint64_t src, size_t len)
{
	const struct sva_dsa *dsa = job->dsa;
	size_t most = dsa_clamp(dst, dsa_clamp(src, len));
	size_t done = dsa->ops->copy(dsa->ctx, job->pasid, dst, src, most, &job->fault);

	if (likely(most == len || done < most))
		return done;
	return dsa_wrapped(job, done, dsa_clamp(src, len) > most);
}

static uint8_t run_noop(struct dsa_job *job)
{
	(void)job;
	return DSA_STS_SUCCESS;
}

/* What it waits for is gone when it is dispatched; it must tell somebody. */
static uint8_t run_drain(struct dsa_job *job)
{
	if (!(job->desc->op_flags & (DSA_FLAG_COMPL_REQ | DSA_FLAG_COMPL_INT)))
		return dsa_bad_flags(job, DSA_FLAG_COMPL_REQ);
	return DSA_STS_SUCCESS;
}

/* One chunk by way of the buffer. @return bytes that arrived. */
static size_t copy_chunk(struct dsa_job *job, uint32_t off, size_t len)
{
	const struct dsa_desc *d = job->desc;
	uint8_t *buf = job->dsa->buf[0];
	struct sva_dsa_fault fault;
	size_t in = dma_read(job, d->src + off, buf, len);
	size_t out;

	if (!in)
		return 0;
	fault = job->fault;
	out = dma_write(job, d->dst + off, buf, in);
	if (out == in)
		job->fault = fault;
	return out;
}

/*
 * From the end to the start, so that an overlapping destination does not spoil the
 * source. No access crosses a page: a page that faults leaves the bytes above it
 * done and those below untouched.
 */
static uint8_t copy_down(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint8_t *buf = job->dsa->buf[0];
	uint32_t left = d->size - job->at.done;

	while (left) {
		size_t len = ((d->src + left - 1) & 0xfff) + 1;
		size_t to = ((d->dst + left - 1) & 0xfff) + 1;
		uint32_t off;

		len = len < to ? len : to;
		len = len < left ? len : left;
		off = left - (uint32_t)len;
		if (dma_read(job, d->src + off, buf, len) < len ||
		    dma_write(job, d->dst + off, buf, len) < len) {
			job->compl.result = 1;
			job->at.down = true;
			return page_fault(job, d->size - left);
		}
		left = off;
	}
	return DSA_STS_SUCCESS;
}

/* By way of the buffer, from the start. */
static uint8_t copy_up(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint32_t done = job->at.done;

	while (done < d->size) {
		size_t len = chunk(d->size, done);
		size_t n = copy_chunk(job, done, len);

		done += (uint32_t)n;
		if (n < len)
			return page_fault(job, done);
	}
	return DSA_STS_SUCCESS;
}

static uint8_t run_memmove(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;

	if (unlikely(overlap(d->dst, d->size, d->src, d->size))) {
		if (!(job->dsa->cfg.gencap & DSA_GENCAP_OVERLAP))
			return DSA_STS_OVERLAP;
		if (d->dst - d->src < d->size && d->dst != d->src)
			return copy_down(job);
	}
	if (likely(job->dsa->ops->copy)) {
		size_t n = dma_copy(job, d->dst, d->src, d->size);

		return likely(n == d->size) ? DSA_STS_SUCCESS : page_fault(job, n);
	}
	return copy_up(job);
}

/*
 * Go on with an operation after a page fault that was resolved. All but the move look
 * at job->at themselves; that one is kept free of it, because it is most of the work.
 */
uint8_t dsa_op_resume(struct dsa_job *job)
{
	unsigned int opcode = DSA_DESC_OPCODE(job->desc->op_flags);

	if (opcode != DSA_OP_MEMMOVE)
		return dsa_op_table[opcode].run(job);
	return job->at.down ? copy_down(job) : copy_up(job);
}

/* The pattern as it is for the byte at done and those that follow. */
static void spread_pattern(uint8_t *buf, uint64_t pattern, uint32_t done, size_t len)
{
	unsigned int bits = done % 8 * 8;

	if (bits)
		pattern = pattern >> bits | pattern << (64 - bits);
	for (size_t i = 0; i < len; i += sizeof(pattern))
		memcpy(buf + i, &pattern, sizeof(pattern));
}

static uint8_t run_fill(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint8_t *buf = job->dsa->buf[0];
	uint32_t done = job->at.done;

	spread_pattern(buf, d->src, done, chunk(d->size, done));
	while (done < d->size) {
		size_t len = chunk(d->size, done);
		size_t n = dma_write(job, d->dst + done, buf, len);

		done += (uint32_t)n;
		if (n < len)
			return page_fault(job, done);
	}
	return DSA_STS_SUCCESS;
}

/* The offset of the first byte that differs, len where none does. */
static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i = 0;

	if (!memcmp(a, b, len))
		return len;
	while (a[i] == b[i])
		i++;
	return i;
}

/* Tables "Completion Status for Compare Descriptor": the result may be expected. */
static uint8_t compared(struct dsa_job *job, bool differs, size_t at)
{
	const struct dsa_desc *d = job->desc;

	job->compl.result = differs;
	job->compl.bytes = (uint32_t)at;
	if ((d->op_flags & DSA_FLAG_CHECK_RESULT) && (d->op[0] & 1) != differs)
		return DSA_STS_SUCCESS_PREDICATE;
	return DSA_STS_SUCCESS;
}

/* A difference is reported rather than a page fault that comes after it. */
static uint8_t run_compare(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint8_t (*buf)[DSA_CHUNK] = job->dsa->buf;
	uint32_t done = job->at.done;

	while (done < d->size) {
		size_t len = chunk(d->size, done);
		size_t n1 = dma_read(job, d->src + done, buf[0], len);
		struct sva_dsa_fault fault = job->fault;
		size_t n2 = n1 ? dma_read(job, d->dst + done, buf[1], n1) : 0;
		size_t at = first_difference(buf[0], buf[1], n2);

		done += (uint32_t)at;
		if (at < n2)
			return compared(job, true, done);
		if (n2 == n1)
			job->fault = fault;
		if (n2 < len)
			return page_fault(job, done);
	}
	return compared(job, false, 0);
}

static uint8_t run_compare_pattern(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint8_t (*buf)[DSA_CHUNK] = job->dsa->buf;
	uint32_t done = job->at.done;

	spread_pattern(buf[1], d->dst, done, chunk(d->size, done));
	while (done < d->size) {
		size_t len = chunk(d->size, done);
		size_t n = dma_read(job, d->src + done, buf[0], len);
		size_t at = first_difference(buf[0], buf[1], n);

		done += (uint32_t)at;
		if (at < n)
			return compared(job, true, done);
		if (n < len)
			return page_fault(job, done);
	}
	return compared(job, false, 0);
}

/*
 * One piece, within one page of both destinations, to both or to none: they stop
 * after the same number of bytes. So the first byte of the second is tried before
 * the first is touched, and taken back where the first then faults.
 */
static size_t write_both(struct dsa_job *job, uint64_t dst1, uint64_t dst2,
			 const uint8_t *buf, size_t len)
{
	struct sva_dsa_fault fault;
	uint8_t old = 0;
	size_t n;

	if (!dma_read(job, dst2, &old, 1) || !dma_write(job, dst2, buf, 1)) {
		job->fault.write = true;
		return 0;
	}
	n = dma_write(job, dst1, buf, len);
	if (!n) {
		fault = job->fault;
		dma_write(job, dst2, &old, 1);
		job->fault = fault;
		return 0;
	}
	return dma_write(job, dst2, buf, n);
}

static uint8_t run_dualcast(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint64_t dst2 = d->op[0];
	uint8_t *buf = job->dsa->buf[0];
	uint32_t done = job->at.done;

	if ((d->dst ^ dst2) & 0xfff)
		return DSA_STS_DUALCAST_ALIGN;
	if (overlap(d->src, d->size, d->dst, d->size) ||
	    overlap(d->src, d->size, dst2, d->size) || overlap(d->dst, d->size, dst2, d->size))
		return DSA_STS_OVERLAP;
	while (done < d->size) {
		size_t page = 0x1000 - ((d->dst + done) & 0xfff);
		size_t len = d->size - done < page ? d->size - done : page;
		size_t in = dma_read(job, d->src + done, buf, len);
		struct sva_dsa_fault fault = job->fault;
		size_t out = in ? write_both(job, d->dst + done, dst2 + done, buf, in) : 0;

		done += (uint32_t)out;
		if (out == in)
			job->fault = fault;
		if (out < len)
			return page_fault(job, done);
	}
	return DSA_STS_SUCCESS;
}

/*
 * Where the seed is: specification, "CRC Generation"; the place that is not used is
 * reserved. @return 0, or an error status.
 */
static uint8_t crc_seed(struct dsa_job *job, uint32_t *seed)
{
	const struct dsa_desc *d = job->desc;

	*seed = (uint32_t)d->op[0];
	if (!(d->op_flags & DSA_FLAG_CRC_READ_SEED)) {
		if (d->op_flags & DSA_FLAG_ADDR3_TC)
			return dsa_bad_flags(job, DSA_FLAG_ADDR3_TC);
		return d->op[1] ? DSA_STS_NONZERO_RESERVED : 0;
	}
	if (*seed)
		return DSA_STS_NONZERO_RESERVED;
	if (d->op[1] % sizeof(*seed))
		return DSA_STS_ADDR_ALIGN;
	if (dma_read(job, d->op[1], seed, sizeof(*seed)) < sizeof(*seed))
		return page_fault(job, 0);
	return 0;
}

/* After a fault the value so far is the seed of the rest. */
static uint8_t crc(struct dsa_job *job, bool copy)
{
	const struct dsa_desc *d = job->desc;
	const uint8_t *buf = job->dsa->buf[0];
	uint32_t done = job->at.done, seed, value = job->at.extra;
	uint8_t status = DSA_STS_SUCCESS;

	if (!job->at.begun) {
		status = crc_seed(job, &seed);
		if (status)
			return status;
		value = dsa_crc_start(seed, d->op_flags);
		status = DSA_STS_SUCCESS;
	}
	while (done < d->size && status == DSA_STS_SUCCESS) {
		size_t len = chunk(d->size, done);
		size_t n = copy ? copy_chunk(job, done, len) :
			   dma_read(job, d->src + done, job->dsa->buf[0], len);

		value = dsa_crc_add((const uint32_t (*)[256])job->dsa->crc, value, buf, n,
				    d->op_flags);
		done += (uint32_t)n;
		if (n < len) {
			job->at.begun = true;
			job->at.extra = value;
			status = page_fault(job, done);
		}
	}
	job->compl.op[0] = dsa_crc_end(value, d->op_flags);
	return status;
}

static uint8_t run_crc(struct dsa_job *job)
{
	return crc(job, false);
}

static uint8_t run_copy_crc(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;

	if (overlap(d->src, d->size, d->dst, d->size))
		return DSA_STS_OVERLAP;
	return crc(job, true);
}

/*
 * There is no cache to flush, but the pages must be there: one byte of each is read,
 * as translation needs it.
 */
static uint8_t run_cache_flush(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint32_t done = job->at.done;
	uint8_t byte;

	while (done < d->size) {
		uint32_t page = 0x1000 - ((d->dst + done) & 0xfff);

		/* Address 0 is after the last: no range goes on there. */
		if (d->dst + done < d->dst) {
			dsa_wrapped(job, 0, false);
			return page_fault(job, done);
		}
		if (!dma_read(job, d->dst + done, &byte, 1))
			return page_fault(job, done);
		done += d->size - done < page ? d->size - done : page;
	}
	return DSA_STS_SUCCESS;
}

/* Flags of every operation, of those in a batch, of writers, and of the CRC. */
#define F_ALL	(DSA_FLAG_COMPL_VALID | DSA_FLAG_COMPL_REQ | DSA_FLAG_COMPL_INT |	\
		 DSA_FLAG_COMPL_TC)
#define F_WORK	(F_ALL | DSA_FLAG_FENCE)
#define F_MEM	(F_WORK | DSA_FLAG_BLOCK_ON_FAULT)
#define F_WRITE	(F_MEM | DSA_FLAG_CACHE_CONTROL | DSA_FLAG_STRICT_ORDER |		\
		 DSA_FLAG_DEST_READBACK | DSA_FLAG_ADDR2_TC)
#define F_CRC	(DSA_FLAG_CRC_READ_SEED | DSA_FLAG_CRC_NO_INVERT |			\
		 DSA_FLAG_CRC_NO_REFLECT | DSA_FLAG_ADDR1_TC | DSA_FLAG_ADDR3_TC)
#define F_RECORD (DSA_FLAG_COMPL_VALID | DSA_FLAG_COMPL_REQ)
/* A drain may leave out the implicit readbacks, which the model does not need. */
#define F_DRAIN_NO_READBACK 0xc0000u

/* Reserved bits: a whole word, bytes 38 and 39, the size, all but one byte, half. */
#define R_ALL	UINT64_MAX
#define R_38	0xffff000000000000ULL
#define R_SIZE	0x00000000ffffffffULL
#define R_41	0xffffffffffffff00ULL
#define R_44	0xffffffff00000000ULL
#define R_52	0xffffffff00000000ULL
#define R_57	0xffffffffffffff00ULL
/* Byte 40, 41, those after 42, and the reserved bits of the flags in 41 and 42. */
#define R_40		0x00000000000000ffULL
#define R_DIF_DST	0x000000000000ff00ULL
#define R_DIF_BITS	0x0000000000f00000ULL
#define R_DIF_DST_BITS	0x0000000000000700ULL
#define R_43		0xffffffffff000000ULL

const struct dsa_op_info dsa_op_table[DSA_OP_LIMIT] __attribute__((aligned(64))) = {
	[DSA_OP_NOOP] = {
		.flags = F_WORK,
		.reserved = { R_ALL, R_ALL, R_38 | R_SIZE, R_ALL, R_ALL, R_ALL },
		.run = run_noop,
	},
	[DSA_OP_BATCH] = {	/* run by its engine */
		.flags = DSA_OP_ALONE | F_ALL | DSA_FLAG_ADDR1_TC,
		.reserved = { 0, R_ALL, R_38, R_ALL, R_ALL, R_ALL },
	},
	[DSA_OP_DRAIN] = {
		.flags = DSA_OP_ALONE | F_ALL | F_DRAIN_NO_READBACK,
		.reserved = { R_ALL, R_ALL, R_38 | R_SIZE, R_ALL, R_ALL, R_ALL },
		.run = run_drain,
	},
	[DSA_OP_MEMMOVE] = {
		.flags = DSA_OP_SIZED | F_WRITE | DSA_FLAG_ADDR1_TC,
		.reserved = { 0, 0, R_38, R_ALL, R_ALL, R_ALL },
		.run = run_memmove,
	},
	[DSA_OP_FILL] = {
		.flags = DSA_OP_SIZED | F_WRITE,
		.reserved = { 0, 0, R_38, R_ALL, R_ALL, R_ALL },
		.run = run_fill,
	},
	[DSA_OP_COMPARE] = {
		.flags = DSA_OP_SIZED | F_MEM | DSA_FLAG_CHECK_RESULT | DSA_FLAG_ADDR1_TC |
			 DSA_FLAG_ADDR2_TC,
		.required = F_RECORD,
		.reserved = { 0, 0, R_38, R_41, R_ALL, R_ALL },
		.run = run_compare,
	},
	[DSA_OP_COMPARE_PATTERN] = {
		.flags = DSA_OP_SIZED | F_MEM | DSA_FLAG_CHECK_RESULT | DSA_FLAG_ADDR1_TC,
		.required = F_RECORD,
		.reserved = { 0, 0, R_38, R_41, R_ALL, R_ALL },
		.run = run_compare_pattern,
	},
	[DSA_OP_DUALCAST] = {
		.flags = DSA_OP_SIZED | F_WRITE | DSA_FLAG_ADDR1_TC | DSA_FLAG_ADDR3_TC,
		.reserved = { 0, 0, R_38, 0, R_ALL, R_ALL },
		.run = run_dualcast,
	},
	[DSA_OP_CRC] = {
		.flags = DSA_OP_SIZED | F_MEM | F_CRC,
		.required = F_RECORD,
		.reserved = { 0, R_ALL, R_38, R_44, 0, R_ALL },
		.run = run_crc,
	},
	[DSA_OP_COPY_CRC] = {
		.flags = DSA_OP_SIZED | F_WRITE | F_CRC,
		.required = F_RECORD,
		.reserved = { 0, 0, R_38, R_44, 0, R_ALL },
		.run = run_copy_crc,
	},
	[DSA_OP_CREATE_DELTA] = {
		.flags = DSA_OP_SIZED | F_WRITE | DSA_FLAG_CHECK_RESULT | DSA_FLAG_ADDR1_TC |
			 DSA_FLAG_ADDR3_TC,
		.required = F_RECORD,
		.reserved = { 0, 0, R_38, 0, R_52, R_57 },
		.run = dsa_run_create_delta,
	},
	[DSA_OP_APPLY_DELTA] = {
		.flags = DSA_OP_SIZED | F_WRITE | DSA_FLAG_ADDR1_TC,
		.reserved = { 0, 0, R_38, R_44, R_ALL, R_ALL },
		.run = dsa_run_apply_delta,
	},
	[DSA_OP_DIF_CHECK] = {
		.flags = DSA_OP_SIZED | F_MEM | DSA_FLAG_ADDR1_TC,
		.required = F_RECORD,
		.reserved = { 0, R_ALL, R_38, R_DIF_DST | R_DIF_BITS | R_43, 0, R_ALL },
		.run = dsa_run_dif_check,
	},
	[DSA_OP_DIF_INSERT] = {
		.flags = DSA_OP_SIZED | F_WRITE | DSA_FLAG_ADDR1_TC,
		.reserved = { 0, 0, R_38, R_40 | R_DIF_DST_BITS | R_DIF_BITS | R_43, R_ALL, 0 },
		.run = dsa_run_dif_insert,
	},
	[DSA_OP_DIF_STRIP] = {
		.flags = DSA_OP_SIZED | F_WRITE | DSA_FLAG_ADDR1_TC,
		.reserved = { 0, 0, R_38, R_DIF_DST | R_DIF_BITS | R_43, 0, R_ALL },
		.run = dsa_run_dif_strip,
	},
	[DSA_OP_DIF_UPDATE] = {
		.flags = DSA_OP_SIZED | F_WRITE | DSA_FLAG_ADDR1_TC,
		.reserved = { 0, 0, R_38, R_DIF_DST_BITS | R_DIF_BITS | R_43, 0, 0 },
		.run = dsa_run_dif_update,
	},
	[DSA_OP_CACHE_FLUSH] = {	/* to memory only: "Cache Control Hints" */
		.flags = DSA_OP_SIZED | (F_WRITE & ~DSA_FLAG_CACHE_CONTROL),
		.reserved = { R_ALL, 0, R_38, R_ALL, R_ALL, R_ALL },
		.run = run_cache_flush,
	},
};

/* Leave only the operations that have a place in the table. */
void dsa_mask_opcap(uint64_t opcap[4])
{
	uint64_t have = 0;

	for (unsigned int op = 0; op < DSA_OP_LIMIT; op++)
		have |= (uint64_t)(dsa_op_table[op].flags != 0) << op;
	opcap[0] &= have;
	opcap[1] = 0;
	opcap[2] = 0;
	opcap[3] = 0;
}
