/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Portals as an embedder sees them whose accesses are smaller than a descriptor: a bus of
 * eight bytes brings a 64-byte write in pieces. Every 64 bytes of a portal page are alike,
 * and each collects its own (specification, "Portals").
 */

#include "dsa_model.h"

#define SLOT		64u
#define WHOLE		UINT64_MAX	/* a bit for each byte of a slot */

/* The collector of a slot: its own, else an empty one, else the oldest, which is lost. */
static struct dsa_fragment *collector(struct sva_dsa *dsa, uint64_t slot)
{
	struct dsa_fragment *oldest = dsa->fragments, *empty = NULL;

	for (unsigned int i = 0; i < DSA_FRAGMENTS; i++) {
		struct dsa_fragment *f = &dsa->fragments[i];

		if (f->have && f->slot == slot)
			return f;
		if (!f->have && !empty)
			empty = f;
		if (f->began < oldest->began)
			oldest = f;
	}
	if (!empty)
		empty = oldest;
	empty->began = ++dsa->fragments_begun;
	empty->slot = slot;
	empty->have = 0;
	return empty;
}

enum sva_dsa_accept sva_dsa_portal_store(struct sva_dsa *dsa, uint64_t offset, uint64_t value,
					 unsigned int size)
{
	unsigned int at = (unsigned int)(offset % SLOT);
	struct dsa_fragment *f;

	if ((size != 1 && size != 2 && size != 4 && size != 8) || at % size)
		return SVA_DSA_DROPPED;
	f = collector(dsa, offset / SLOT);
	for (unsigned int i = 0; i < size; i++) {
		f->data[at + i] = (uint8_t)(value >> 8 * i);
		f->have |= 1ull << (at + i);
	}
	if (f->have != WHOLE)
		return SVA_DSA_ACCEPTED;
	f->have = 0;
	return sva_dsa_portal_write(dsa, offset, f->data, false);
}

uint64_t sva_dsa_portal_read(const struct sva_dsa *dsa, uint64_t offset, unsigned int size)
{
	(void)dsa;
	(void)offset;
	return size >= 8 ? UINT64_MAX : (1ull << 8 * size) - 1;
}
