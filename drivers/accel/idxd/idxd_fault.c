/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Page faults that the device reports: make the page present, then describe what is left
 * of the operation.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "idxd_private.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22	/* linux/mman-common.h, since Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE 4096ull
/* Pages made present at once beyond the one that faulted, as the device will want them. */
#define AHEAD (2ull << 20)

/* Bytes from a faulting address to the end of the operand that it lies in. */
static uint64_t
operand_left(const struct sva_slot *slot, uint64_t addr)
{
	uint64_t page = addr & ~(PAGE - 1);
	const uint64_t starts[] = { slot->src, slot->dst, slot->rest[0] };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		uint64_t end = starts[i] + slot->size;

		if (starts[i] < page + PAGE && end > page)
			return end - page;
	}
	return PAGE;
}

bool
idxd_fault_touch(const struct idxd_queue *iq, const struct sva_slot *slot, uint64_t addr,
		 bool write)
{
	int advice = write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
	uint64_t len = slot != NULL ? operand_left(slot, addr) : PAGE;
	void *page = (void *)(uintptr_t)(addr & ~(PAGE - 1));
	char byte;
	struct iovec local = { &byte, 1 };
	struct iovec remote = { (void *)(uintptr_t)addr, 1 };

	if (!iq->idxd->own_memory) {
		/* Reading makes a page of another process present; nothing does for writing. */
		return !write && process_vm_readv(iq->idxd->dev->pid, &local, 1, &remote, 1,
						  0) == 1;
	}
	if (len > AHEAD)
		len = AHEAD;
	len = (len + PAGE - 1) & ~(PAGE - 1);
	/* The operand's end may be bad while the page that faulted is not. */
	return madvise(page, len, advice) == 0 || madvise(page, PAGE, advice) == 0;
}

/* A pattern as it is met `bytes` further on. */
static uint64_t
rotate(uint64_t pattern, uint32_t bytes)
{
	unsigned int bits = bytes % 8 * 8;

	return bits == 0 ? pattern : pattern >> bits | pattern << (64 - bits);
}

bool
idxd_fault_restarts(const struct sva_slot *slot)
{
	uint32_t opcode = DSA_DESC_OPCODE(slot->op_flags);

	/* The offsets in a delta record are from where the descriptor starts. */
	return opcode == DSA_OP_CREATE_DELTA || opcode == DSA_OP_APPLY_DELTA;
}

/* Whole blocks are done: the record has the tags for the next, the destination's after. */
static void
advance_dif(struct sva_slot *slot, const struct dsa_compl *rec)
{
	static const uint32_t sizes[4] = { 512, 520, 4096, 4104 };
	uint32_t opcode = DSA_DESC_OPCODE(slot->op_flags);
	uint32_t size = sizes[(slot->rest[0] >> 16) & 3];
	uint32_t in = size + (opcode != DSA_OP_DIF_INSERT ? 8 : 0);
	uint32_t out = size + (opcode != DSA_OP_DIF_STRIP ? 8 : 0);

	slot->src += rec->bytes;
	if (opcode != DSA_OP_DIF_CHECK)
		slot->dst += rec->bytes / in * out;
	if (opcode != DSA_OP_DIF_INSERT)
		slot->rest[1] = rec->op[0];
	if (opcode == DSA_OP_DIF_INSERT || opcode == DSA_OP_DIF_UPDATE)
		slot->rest[2] = rec->op[1];
}

void
idxd_fault_advance(struct sva_slot *slot, struct idxd_shadow *shadow)
{
	const struct dsa_compl *rec = &shadow->rec;
	uint32_t n = rec->bytes;

	if (idxd_fault_restarts(slot))
		return;
	slot->size -= n;
	shadow->done += n;
	switch (DSA_DESC_OPCODE(slot->op_flags)) {
	case DSA_OP_MEMMOVE:
		/* Overlapping ranges may have been copied from their end. */
		if (rec->result != 0)
			break;
		slot->src += n;
		slot->dst += n;
		break;
	case DSA_OP_FILL:
		slot->src = rotate(slot->src, n);
		slot->dst += n;
		break;
	case DSA_OP_COMPARE:
		slot->src += n;
		slot->dst += n;
		break;
	case DSA_OP_COMPARE_PATTERN:
		slot->src += n;
		slot->dst = rotate(slot->dst, n);
		break;
	case DSA_OP_CRC:
		slot->src += n;
		slot->rest[0] = (uint32_t)rec->op[0];
		break;
	case DSA_OP_COPY_CRC:
		slot->src += n;
		slot->dst += n;
		slot->rest[0] = (uint32_t)rec->op[0];
		break;
	case DSA_OP_DUALCAST:
		slot->src += n;
		slot->dst += n;
		slot->rest[0] += n;
		break;
	case DSA_OP_DIF_CHECK:
	case DSA_OP_DIF_INSERT:
	case DSA_OP_DIF_STRIP:
	case DSA_OP_DIF_UPDATE:
		advance_dif(slot, rec);
		break;
	case DSA_OP_CACHE_FLUSH:
		slot->dst += n;
		break;
	default:
		break;
	}
}
