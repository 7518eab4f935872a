/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * DIF check, insert, strip and update: specification, "DIF Check" to "DIF Update" and
 * the appendix "Data Integrity Field (DIF)". The eight bytes behind a block are, all
 * big-endian, the guard (a CRC of the block), the application and the reference tag.
 */

#include "dsa_dma.h"

#define DIF		8u
#define T10_POLY	0x8bb7u

/* The tags of one side: from the seeds of the descriptor on to the next block. */
struct dif_tags {
	uint32_t ref;
	uint16_t app;
	uint16_t mask;
	uint8_t flags;
};

struct dif {
	uint16_t guard;
	uint16_t app;
	uint32_t ref;
};

void dsa_dif_init(uint16_t table[256])
{
	for (unsigned int i = 0; i < 256; i++) {
		unsigned int crc = i << 8;

		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x8000 ? T10_POLY : 0);
		table[i] = (uint16_t)crc;
	}
}

static uint16_t guard(const struct dsa_job *job, const uint8_t *data, size_t len, uint8_t flags)
{
	const uint16_t *table = job->dsa->t10;
	unsigned int crc = flags & DSA_DIF_INVERT_SEED ? 0xffff : 0;

	while (len--)
		crc = (crc << 8 ^ table[(crc >> 8 ^ *data++) & 0xff]) & 0xffff;
	return (uint16_t)(flags & DSA_DIF_INVERT_RESULT ? ~crc : crc);
}

static struct dif dif_load(const uint8_t *p)
{
	struct dif dif = {
		.guard = (uint16_t)(p[0] << 8 | p[1]),
		.app = (uint16_t)(p[2] << 8 | p[3]),
		.ref = (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 | (uint32_t)p[6] << 8 | p[7],
	};

	return dif;
}

static void dif_store(uint8_t *p, const struct dif *dif)
{
	p[0] = (uint8_t)(dif->guard >> 8);
	p[1] = (uint8_t)dif->guard;
	p[2] = (uint8_t)(dif->app >> 8);
	p[3] = (uint8_t)dif->app;
	p[4] = (uint8_t)(dif->ref >> 24);
	p[5] = (uint8_t)(dif->ref >> 16);
	p[6] = (uint8_t)(dif->ref >> 8);
	p[7] = (uint8_t)dif->ref;
}

/* Tags after some blocks; the bits mean the same on both sides, and wrap. */
static struct dif_tags tags_at(uint64_t seed, uint8_t flags, uint32_t blocks)
{
	struct dif_tags t = {
		.ref = (uint32_t)seed,
		.app = (uint16_t)(seed >> 48),
		.mask = (uint16_t)(seed >> 32),
		.flags = flags,
	};

	if (!(flags & DSA_DIF_REF_FIXED))
		t.ref += blocks;
	if (flags & DSA_DIF_APP_INCREMENT)
		t.app = (uint16_t)(t.app + blocks);
	return t;
}

/* As the record has them, so that they can be the seeds of what is left to do. */
static uint64_t tags_word(uint64_t seed, uint8_t flags, uint32_t blocks)
{
	struct dif_tags t = tags_at(seed, flags, blocks);

	return t.ref | (uint64_t)t.mask << 32 | (uint64_t)t.app << 48;
}

/* Specification, "DIF Status": 0 where nothing is wrong with a block. */
static uint8_t dif_wrong(const struct dif *dif, uint16_t computed, const struct dif_tags *t)
{
	bool app_f = dif->app == 0xffff;
	bool tags_f = app_f && dif->ref == 0xffffffff;
	bool all_f = tags_f && dif->guard == 0xffff;
	uint8_t wrong = 0;

	if (all_f && (t->flags & DSA_DIF_ALL_F))
		return t->flags & DSA_DIF_ALL_F_ERROR ? DSA_DIF_STS_ALL_F : 0;
	if ((app_f && (t->flags & DSA_DIF_APP_F)) || (tags_f && (t->flags & DSA_DIF_TAGS_F)))
		return 0;
	if (!(t->flags & DSA_DIF_NO_GUARD) && dif->guard != computed)
		wrong |= DSA_DIF_STS_GUARD;
	if (t->mask != 0xffff && dif->app != (t->app & ~t->mask & 0xffff))
		wrong |= DSA_DIF_STS_APP;
	if (!(t->flags & DSA_DIF_NO_REF) && dif->ref != t->ref)
		wrong |= DSA_DIF_STS_REF;
	return wrong;
}

/* The field of the destination: computed, but for what the source passes through. */
static struct dif dif_made(uint16_t computed, const struct dif *source, const struct dif_tags *t)
{
	struct dif dif = { computed, (uint16_t)(t->app & ~t->mask), t->ref };

	if (source && (t->flags & DSA_DIF_PASS_GUARD))
		dif.guard = source->guard;
	if (source && (t->flags & DSA_DIF_PASS_APP))
		dif.app = source->app;
	if (source && (t->flags & DSA_DIF_PASS_REF))
		dif.ref = source->ref;
	return dif;
}

/* What the four operations differ in. */
struct dif_kind {
	bool in;	/* the source has the field */
	bool out;	/* the destination has it */
	bool copy;	/* there is a destination */
};

static uint8_t dif_end(struct dsa_job *job, struct dif_kind kind, uint32_t blocks, uint8_t status)
{
	const struct dsa_desc *d = job->desc;

	if (kind.in)
		job->compl.op[0] = tags_word(d->op[1], DSA_DIF_SRC_FLAGS(d), blocks);
	if (kind.out)
		job->compl.op[1] = tags_word(d->op[2], DSA_DIF_DST_FLAGS(d), blocks);
	return status;
}

/*
 * One block: read, check, write. @return DSA_STS_SUCCESS, DSA_STS_DIF_ERROR with the
 * result set, or DSA_STS_PAGE_FAULT.
 */
static uint8_t dif_block(struct dsa_job *job, struct dif_kind kind, uint32_t size, uint32_t n)
{
	const struct dsa_desc *d = job->desc;
	uint8_t *buf = job->dsa->buf[0];
	uint32_t in = size + (kind.in ? DIF : 0), out = size + (kind.out ? DIF : 0);
	uint16_t computed;
	struct dif source;

	if (dma_read(job, d->src + (uint64_t)n * in, buf, in) < in)
		return DSA_STS_PAGE_FAULT;
	computed = guard(job, buf, size, DSA_DIF_FLAGS(d));
	if (kind.in) {
		struct dif_tags t = tags_at(d->op[1], DSA_DIF_SRC_FLAGS(d), n);

		source = dif_load(buf + size);
		job->compl.result = dif_wrong(&source, computed, &t);
		if (job->compl.result)
			return DSA_STS_DIF_ERROR;
	}
	if (kind.out) {
		struct dif_tags t = tags_at(d->op[2], DSA_DIF_DST_FLAGS(d), n);
		struct dif made = dif_made(computed, kind.in ? &source : NULL, &t);

		dif_store(buf + size, &made);
	}
	if (kind.copy && dma_write(job, d->dst + (uint64_t)n * out, buf, out) < out)
		return DSA_STS_PAGE_FAULT;
	return DSA_STS_SUCCESS;
}

static uint8_t dif(struct dsa_job *job, struct dif_kind kind)
{
	static const uint16_t sizes[4] = { 512, 520, 4096, 4104 };
	const struct dsa_desc *d = job->desc;
	uint32_t size = sizes[DSA_DIF_FLAGS(d) & 3];
	uint32_t step = size + (kind.in ? DIF : 0);
	uint32_t blocks = d->size / step;
	uint64_t out = (uint64_t)blocks * (size + (kind.out ? DIF : 0));

	/* Not named among the descriptor checks; the size "should be" a multiple. */
	if (d->size % step)
		return DSA_STS_XFER_SIZE;
	if (kind.copy && overlap(d->src, d->size, d->dst, out))
		return DSA_STS_OVERLAP;
	for (uint32_t n = job->at.done / step; n < blocks; n++) {
		uint8_t status = dif_block(job, kind, size, n);

		if (status == DSA_STS_DIF_ERROR) {
			job->compl.bytes = n * step;
			return status;
		}
		if (status == DSA_STS_PAGE_FAULT)
			return dif_end(job, kind, n, page_fault(job, (size_t)n * step));
	}
	return dif_end(job, kind, blocks, DSA_STS_SUCCESS);
}

uint8_t dsa_run_dif_check(struct dsa_job *job)
{
	return dif(job, (struct dif_kind){ .in = true });
}

uint8_t dsa_run_dif_insert(struct dsa_job *job)
{
	return dif(job, (struct dif_kind){ .out = true, .copy = true });
}

uint8_t dsa_run_dif_strip(struct dsa_job *job)
{
	return dif(job, (struct dif_kind){ .in = true, .copy = true });
}

uint8_t dsa_run_dif_update(struct dsa_job *job)
{
	return dif(job, (struct dif_kind){ .in = true, .out = true, .copy = true });
}
