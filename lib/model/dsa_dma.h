/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef DSA_DMA_H
#define DSA_DMA_H

/**
 * @file
 * Memory accesses of the operations, and what they have in common.
 */

#include "dsa_model.h"

/* An access that ran past the end of the address space faults at address 0. */
static inline size_t dsa_wrapped(struct dsa_job *job, size_t done, bool write)
{
	job->fault = (struct sva_dsa_fault){ 0, write, false };
	return done;
}

/* The callbacks never see a range that wraps. @return bytes done; job->fault says why. */
static inline size_t dma_read(struct dsa_job *job, uint64_t va, void *buf, size_t len)
{
	const struct sva_dsa *dsa = job->dsa;
	size_t most = dsa_clamp(va, len);
	size_t done = dsa->ops->read(dsa->ctx, job->pasid, va, buf, most, &job->fault);

	return unlikely(most < len && done == most) ? dsa_wrapped(job, done, false) : done;
}

static inline size_t dma_write(struct dsa_job *job, uint64_t va, const void *buf, size_t len)
{
	const struct sva_dsa *dsa = job->dsa;
	size_t most = dsa_clamp(va, len);
	size_t done = dsa->ops->write(dsa->ctx, job->pasid, va, buf, most, &job->fault);

	return unlikely(most < len && done == most) ? dsa_wrapped(job, done, true) : done;
}

/* A page fault after done bytes: specification, "Completion Record". */
static inline uint8_t page_fault(struct dsa_job *job, size_t done)
{
	job->at.done = (uint32_t)done;
	job->compl.bytes = (uint32_t)done;
	job->compl.fault_addr = job->fault.va;
	return DSA_STS_PAGE_FAULT | (job->fault.write ? DSA_STS_WRITE_FAULT : 0);
}

/* Whether two ranges share bytes; right across the end of addresses too. */
static inline bool overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a - b < b_len || b - a < a_len;
}

/* Bytes to move next: what is left, at most a buffer. */
static inline size_t chunk(uint32_t size, uint32_t done)
{
	return size - done < DSA_CHUNK ? size - done : DSA_CHUNK;
}

#endif /* DSA_DMA_H */
