/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Results that are more than "all of a batch of copies went well": values, errors, page
 * faults and what they stop. The operations of such a unit are looked at one by one, in
 * order; one that has to go on is submitted again by itself under the unit's credit.
 */
#include <string.h>

#include "idxd_private.h"

/* Times that a page is made present without the device getting any further. */
#define MAX_TRIES 8
/* Times that an operation is started again: more than pages of the operands of any. */
#define MAX_RESTARTS 1024

static inline uint8_t
record_status(const struct dsa_compl *rec)
{
	return __atomic_load_n(&rec->status, __ATOMIC_ACQUIRE);
}

static bool
is_fault(uint8_t status)
{
	status &= DSA_STS_MASK;
	return status == DSA_STS_PAGE_FAULT || status == DSA_STS_PAGE_FAULT_RESPONSE;
}

static void
submit_again(struct idxd_queue *iq, struct sva_slot *slot)
{
	struct idxd_shadow *shadow = idxd_shadow(iq, slot);

	shadow->rec.status = DSA_STS_NONE;
	slot->op_flags |= DSA_FLAG_COMPL_REQ;
	slot->op_flags &= ~(uint32_t)DSA_FLAG_FENCE;
	idxd_ask_interrupt(iq, slot);
	shadow->unit_flags &= (uint16_t)~IDXD_AGAIN;
	shadow->unit_flags |= idxd_portal_write(iq, slot) ? IDXD_WAITING : IDXD_AGAIN;
}

/* What the result byte of a success means. */
static enum sva_status
map_result(uint32_t opcode, uint8_t result)
{
	switch (opcode) {
	case DSA_OP_COMPARE:
	case DSA_OP_COMPARE_PATTERN:
		return result == 0 ? SVA_OK : SVA_MISMATCH;
	case DSA_OP_CREATE_DELTA:
		/* 0: equal, 1: a record, 2: it did not fit. */
		return result == 2 ? SVA_DELTA_ERROR : SVA_OK;
	default:
		return SVA_OK;
	}
}

/* What a device status means to the caller: idxd.h, enum dsa_completion_status. */
static enum sva_status
map_status(uint32_t opcode, uint8_t status, const struct dsa_compl *rec)
{
	switch (status & DSA_STS_MASK) {
	case DSA_STS_SUCCESS:
	case DSA_STS_SUCCESS_PREDICATE:
		return map_result(opcode, rec->result);
	case DSA_STS_PAGE_FAULT:
	case DSA_STS_PAGE_FAULT_RESPONSE:
		return SVA_FAULT;
	case DSA_STS_DELTA_ORDER:
	case DSA_STS_DELTA_RANGE:
		return SVA_DELTA_ERROR;
	case DSA_STS_DIF_ERROR:
		return SVA_DIF_ERROR;
	case DSA_STS_BATCH_FAIL:
	case DSA_STS_BATCH_PAGE_FAULT:
	case DSA_STS_HW_ERROR:
	case DSA_STS_HW_ERROR_READBACK:
	case DSA_STS_TRANSLATION:
		return SVA_HW_ERROR;
	default:
		return SVA_INVALID;
	}
}

static uint64_t
result_value(uint32_t opcode, const struct dsa_compl *rec, uint64_t bytes)
{
	switch (opcode) {
	case DSA_OP_CRC:
	case DSA_OP_COPY_CRC:
	case DSA_OP_CREATE_DELTA:
		return (uint32_t)rec->op[0];
	case DSA_OP_COMPARE:
	case DSA_OP_COMPARE_PATTERN:
		return rec->result != 0 ? bytes : 0;
	case DSA_OP_DIF_CHECK:
	case DSA_OP_DIF_STRIP:
	case DSA_OP_DIF_UPDATE:
		return rec->result;
	default:
		return 0;
	}
}

/* Fill in a result from an operation's record, leave its slot as a free one, and go on. */
static void
give(struct idxd_queue *iq, struct sva_slot *slot, uint8_t status, struct sva_result *result)
{
	struct idxd_shadow *shadow = idxd_shadow(iq, slot);
	struct dsa_compl *rec = &shadow->rec;
	uint32_t opcode = DSA_DESC_OPCODE(slot->op_flags);
	uint32_t bytes;

	memset(result, 0, sizeof(*result));
	result->cookie = shadow->cookie;
	result->device_status = status;
	result->status = status == DSA_STS_NONE ? SVA_ABORTED :
			 (uint8_t)map_status(opcode, status, rec);
	switch (result->status) {
	case SVA_OK:
		/* The record has a count only for what was cut short. */
		bytes = shadow->done + (opcode == DSA_OP_APPLY_DELTA ? (uint32_t)slot->rest[0] :
								       slot->size);
		break;
	case SVA_MISMATCH:
	case SVA_FAULT:
	case SVA_DELTA_ERROR:
	case SVA_DIF_ERROR:
		bytes = shadow->done + rec->bytes;
		break;
	default:
		bytes = 0;
	}
	result->bytes = bytes;
	if (result->status == SVA_FAULT) {
		result->fault_addr = rec->fault_addr;
		result->write_fault = (status & DSA_STS_WRITE_FAULT) != 0;
	}
	if (result->status == SVA_OK || result->status == SVA_MISMATCH ||
	    result->status == SVA_DELTA_ERROR || result->status == SVA_DIF_ERROR)
		result->value = result_value(opcode, rec, bytes);
	if (result->status != SVA_OK && result->status != SVA_MISMATCH)
		iq->stats.failed++;
	iq->stats.bytes += bytes;

	slot->zero = 0;
	memset(slot->rest, 0, sizeof(slot->rest));
	shadow->done = 0;
	shadow->tries = 0;
	rec->status = DSA_STS_NONE;
	shadow->unit_flags &= (uint16_t)~(IDXD_WAITING | IDXD_AGAIN);
	if (shadow->unit_count > 1)
		idxd_unit_split(iq, slot, 1);
	else
		iq->credits++;
	iq->tail = slot + 1;
}

/*
 * A page fault: go on if that is wanted and possible, which it is not where the device has
 * asked for the page itself. Whether it was submitted again.
 */
static bool
resume(struct idxd_queue *iq, struct sva_slot *slot, uint8_t status)
{
	struct idxd_shadow *shadow = idxd_shadow(iq, slot);

	iq->stats.faults++;
	if ((status & DSA_STS_MASK) != DSA_STS_PAGE_FAULT ||
	    iq->fault_policy == SVA_FAULT_REPORT || (shadow->unit_flags & IDXD_LOST))
		return false;
	if (idxd_fault_restarts(slot)) {
		if (++shadow->tries > MAX_RESTARTS)
			return false;
	} else {
		if (shadow->rec.bytes != 0)
			shadow->tries = 0;
		if (++shadow->tries > MAX_TRIES)
			return false;
	}
	if (!idxd_fault_touch(iq, slot, shadow->rec.fault_addr,
			      (status & DSA_STS_WRITE_FAULT) != 0))
		return false;
	idxd_fault_advance(slot, shadow);
	iq->stats.resumed++;
	submit_again(iq, slot);
	return true;
}

/* Note what a unit's own record says, once, and go over to its operations. */
static void
open_unit(struct idxd_queue *iq, struct sva_slot *slot)
{
	struct idxd_shadow *shadow = idxd_shadow(iq, slot);
	struct dsa_compl *rec = shadow->unit_rec;
	uint8_t status = record_status(rec);
	uint32_t i;

	/* The descriptors may change now, so that they do not tell the results any more. */
	shadow->unit_flags = (uint16_t)((shadow->unit_flags & ~IDXD_PLAIN) | IDXD_SLOW);
	shadow->unit_executed = (uint16_t)shadow->unit_count;
	if (!(shadow->unit_flags & IDXD_BATCH) || status == DSA_STS_NONE)
		return;
	switch (status & DSA_STS_MASK) {
	case DSA_STS_SUCCESS:
		break;
	case DSA_STS_BATCH_PAGE_FAULT:
		/* The list itself: the driver's memory, which was present before. */
		iq->stats.faults++;
		idxd_fault_touch(iq, NULL, rec->fault_addr, false);
		shadow->unit_executed = (uint16_t)rec->bytes;
		break;
	case DSA_STS_BATCH_FAIL:
		/* A fence after what failed stops the rest. */
		shadow->unit_executed = (uint16_t)rec->bytes;
		break;
	default:
		/* The batch was refused: so is each of its operations. */
		for (i = 0; i < shadow->unit_count; i++) {
			memset(&shadow[i].rec, 0, sizeof(shadow[i].rec));
			shadow[i].rec.status = status;
		}
		break;
	}
	rec->status = DSA_STS_NONE;
}

unsigned int
idxd_retire(struct idxd_queue *iq, struct sva_result *results, unsigned int n)
{
	struct sva_slot *slot = idxd_at(iq, iq->tail);
	struct idxd_shadow *shadow = idxd_shadow(iq, slot);
	unsigned int done;

	if (n > shadow->unit_count)
		n = shadow->unit_count;
	if (!(shadow->unit_flags & IDXD_SLOW))
		open_unit(iq, slot);
	/* A unit never crosses the end of the ring. */
	for (done = 0; done < n; done++, slot++, shadow++) {
		uint8_t status = record_status(&shadow->rec);

		if (status == DSA_STS_NONE && !(shadow->unit_flags & IDXD_LOST)) {
			if (shadow->unit_flags & IDXD_WAITING)
				break;
			if (shadow->unit_flags & IDXD_AGAIN) {
				submit_again(iq, slot);
				break;
			}
			if ((shadow->unit_flags & IDXD_BATCH) && shadow->unit_executed == 0) {
				submit_again(iq, slot);
				break;
			}
			/* Nothing to tell: it went well, and all of it is done. */
			shadow->rec.result = 0;
			status = DSA_STS_SUCCESS;
		} else if (is_fault(status) && resume(iq, slot, status)) {
			break;
		}
		give(iq, slot, status, &results[done]);
	}
	return done;
}
