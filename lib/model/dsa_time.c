/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * The timing model: what a device with the figures below would have taken, in a virtual
 * time of its own. Nothing is measured, and nothing is delayed.
 *
 * Public measurements of a DSA say: about 30 GB/s a device, 31.2 GB/s at 16 KiB with 128
 * descriptors in flight; a synchronous copy of 8 to 12 KiB takes 1.19 us.
 *
 *	31.2 GB/s	the whole device, however many engines work
 *	32 GB/s, 13 ns	an engine: 16384 B / 32 GB/s + 13 ns = 525 ns, again 31.2 GB/s
 *	850 ns		from there to the record: 10 KiB / 32 GB/s + 13 ns + 850 ns = 1183 ns
 *
 * The split of those 525 ns is an assumption, and so is what a batch costs: the list is
 * read in one latency, after which its members are like descriptors of their own.
 */

#include "dsa_model.h"

/* Picoseconds. */
#define LATENCY			850000u
#define OCCUPANCY		13000u
#define ENGINE_TIME(bytes)	((bytes) * 1000 / 32)
#define DEVICE_TIME(bytes)	((bytes) * 10000 / 312)

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Bytes of payload, whatever is read and written for them. */
static uint64_t payload(const struct dsa_job *job, uint8_t status)
{
	const struct dsa_desc *d = job->desc;
	uint32_t opcode = DSA_DESC_OPCODE(d->op_flags);

	if (!dsa_sts_good(status))
		return job->compl.bytes;
	return dsa_op_table[opcode].flags & DSA_OP_SIZED ? d->size : 0;
}

/* An operation with this status became visible to software, in the order of the calls. */
void dsa_time_done(const struct dsa_job *job, uint8_t status)
{
	struct sva_dsa *dsa = job->dsa;
	struct dsa_engine *engine = job->engine;
	uint64_t bytes = payload(job, status);
	uint64_t start = job->arrived;

	if (job->member)
		start += LATENCY;
	if (!job->member && DSA_DESC_OPCODE(job->desc->op_flags) == DSA_OP_BATCH) {
		/* The members have been counted: this is for a batch without any. */
		dsa->now = later(dsa->now, start + LATENCY);
		return;
	}
	start = later(start, engine->free);
	/* All members before a fence have completed; the last of them did so last. */
	if (job->member && (job->desc->op_flags & DSA_FLAG_FENCE))
		start = later(start, engine->free + LATENCY);
	dsa->link_free = later(dsa->link_free, start) + DEVICE_TIME(bytes);
	engine->free = later(start + OCCUPANCY + ENGINE_TIME(bytes), dsa->link_free);
	dsa->now = later(dsa->now, engine->free + LATENCY);
}

void dsa_time_reset(struct sva_dsa *dsa)
{
	dsa->now = 0;
	dsa->link_free = 0;
	for (unsigned int e = 0; e < SVA_DSA_MAX_ENGINES; e++)
		dsa->engines[e].free = 0;
}

uint64_t sva_dsa_time(const struct sva_dsa *dsa)
{
	return dsa->now / 1000;
}
