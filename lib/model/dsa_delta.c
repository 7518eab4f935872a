/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Create and apply delta record: specification, "Create Delta Record", "Apply Delta
 * Record" and "Descriptor Checks". A record is an array of deltas of ten bytes: a
 * 16-bit offset in units of eight bytes, and the eight bytes that belong there.
 */

#include "dsa_dma.h"

#define DELTA		((uint32_t)DSA_DELTA_BYTES)
#define WORD		8u
#define PIECE		(DSA_CHUNK / 2)	/* of the sources; both fit into one buffer */

static_assert(PIECE / WORD * DELTA <= DSA_CHUNK, "the deltas of a piece fit into the other");

/* The checks of both, but for where the record is. @return 0, or an error status. */
static uint8_t delta_check(const struct dsa_job *job, uint64_t addresses, uint32_t record)
{
	if ((addresses | job->desc->size) % WORD)
		return DSA_STS_ADDR_ALIGN;
	if (job->desc->size > DSA_DELTA_MAX_SIZE)
		return DSA_STS_XFER_SIZE;
	return record > job->wq->max_xfer ? DSA_STS_DELTA_SIZE : 0;
}

/* "Result X, and bit X of the Expected Result Mask". */
static uint8_t delta_created(struct dsa_job *job, uint8_t result, uint32_t bytes, uint32_t used)
{
	const struct dsa_desc *d = job->desc;

	job->compl.result = result;
	job->compl.bytes = bytes;
	job->compl.op[0] = used;
	if ((d->op_flags & DSA_FLAG_CHECK_RESULT) && !((d->op[2] >> result) & 1))
		return DSA_STS_SUCCESS_PREDICATE;
	return DSA_STS_SUCCESS;
}

/* A page fault: the deltas that were written count, and no byte after the last of them. */
static uint8_t delta_fault(struct dsa_job *job, uint32_t done, uint32_t used)
{
	uint8_t status = page_fault(job, done);

	job->at.extra = used;
	job->compl.result = used != 0;
	job->compl.op[0] = used;
	return status;
}

/*
 * Collect the deltas of len bytes of both sources, the first at offset from the start,
 * as far as room bytes hold them. @return bytes compared; *used: bytes of record.
 */
static uint32_t compare_words(const uint8_t *src, uint32_t offset, uint32_t len, uint8_t *record,
			      uint32_t room, uint32_t *used)
{
	uint32_t i, n = 0;

	for (i = 0; i < len; i += WORD) {
		uint16_t word = (uint16_t)((offset + i) / WORD);

		if (likely(!memcmp(src + i, src + PIECE + i, WORD)))
			continue;
		if (n + DELTA > room)
			break;
		memcpy(record + n, &word, sizeof(word));
		memcpy(record + n + sizeof(word), src + PIECE + i, WORD);
		n += DELTA;
	}
	*used = n;
	return i;
}

/* Where the first delta that could not be written belongs. */
static uint32_t delta_offset(const uint8_t *delta)
{
	uint16_t word;

	memcpy(&word, delta, sizeof(word));
	return (uint32_t)word * WORD;
}

uint8_t dsa_run_create_delta(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint8_t (*buf)[DSA_CHUNK] = job->dsa->buf;
	uint32_t max = (uint32_t)d->op[1];
	uint32_t done = job->at.done, used = job->at.extra;
	uint8_t status = delta_check(job, d->src | d->dst, max);

	if (status)
		return status;
	if (max < DSA_DELTA_MIN_RECORD)
		return DSA_STS_DELTA_SIZE;
	if (overlap(d->op[0], max, d->src, d->size) || overlap(d->op[0], max, d->dst, d->size))
		return DSA_STS_OVERLAP;
	while (done < d->size) {
		uint32_t len = d->size - done < PIECE ? d->size - done : PIECE;
		uint32_t n = (uint32_t)dma_read(job, d->src + done, buf[0], len);
		struct sva_dsa_fault fault = job->fault;
		uint32_t n2 = n ? (uint32_t)dma_read(job, d->dst + done, buf[0] + PIECE, n) : 0;
		uint32_t whole = n2 / WORD * WORD, record, compared, written;

		if (n2 < n)
			fault = job->fault;
		compared = compare_words(buf[0], done, whole, buf[1], max - used, &record);
		written = record ? (uint32_t)dma_write(job, d->op[0] + used, buf[1], record) : 0;
		if (written < record) {
			written -= written % DELTA;
			return delta_fault(job, delta_offset(buf[1] + written), used + written);
		}
		used += record;
		done += compared;
		if (compared < whole)
			return delta_created(job, 2, done, used);
		if (n2 < len) {
			job->fault = fault;
			return delta_fault(job, done, used);
		}
	}
	return delta_created(job, used != 0, 0, used);
}

static uint8_t delta_error(struct dsa_job *job, uint32_t done, uint8_t status)
{
	job->compl.bytes = done;
	return status;
}

/* The least offset that the delta after done bytes of the record may have is kept. */
static uint8_t apply_fault(struct dsa_job *job, uint32_t done, uint32_t least)
{
	job->at.extra = least;
	return page_fault(job, done);
}

uint8_t dsa_run_apply_delta(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	const uint8_t *buf = job->dsa->buf[0];
	uint32_t size = (uint32_t)d->op[0];
	uint32_t done = job->at.done, least = job->at.extra;
	uint8_t status = delta_check(job, d->dst, size);

	if (status)
		return status;
	if (size < DELTA || size % DELTA)
		return DSA_STS_DELTA_SIZE;
	if (overlap(d->src, size, d->dst, d->size))
		return DSA_STS_OVERLAP;
	while (done < size) {
		uint32_t most = DSA_CHUNK / DELTA * DELTA;
		uint32_t len = size - done < most ? size - done : most;
		uint32_t n = (uint32_t)dma_read(job, d->src + done, job->dsa->buf[0], len);
		struct sva_dsa_fault fault = job->fault;

		for (uint32_t i = 0; i + DELTA <= n; i += DELTA) {
			uint32_t offset = delta_offset(buf + i);

			if (offset < least)
				return delta_error(job, done, DSA_STS_DELTA_ORDER);
			if (offset >= d->size)
				return delta_error(job, done, DSA_STS_DELTA_RANGE);
			if (dma_write(job, d->dst + offset, buf + i + 2, WORD) < WORD)
				return apply_fault(job, done, least);
			least = offset + WORD;
			done += DELTA;
		}
		if (n < len) {
			job->fault = fault;
			return apply_fault(job, done, least);
		}
	}
	return DSA_STS_SUCCESS;
}
