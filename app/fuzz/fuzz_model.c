/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * A hostile driver for the DSA model: the input says which registers are accessed, what
 * is posted, when the engines work, which pages are there. Behind the model is a memory
 * of a few pages with holes. Whatever happens, the model
 *
 * - asks only for addresses that a descriptor or a list named, under a PASID of theirs,
 * - does no more in a step than the budget, and has done everything after so many,
 * - shows registers that fit together.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dsa_hw.h"
#include "fuzz_model.h"
#include "sva_dsa_model.h"

#define PAGE	4096u
#define PAGES	16u
#define BASE	0x10000u
#define TOP	(UINT64_MAX - PAGE + 1)	/* another name of the last page */
#define MOST	512			/* descriptors that are remembered */

/* What a descriptor lets the device touch. */
struct claim {
	uint32_t pasid;
	uint64_t va[6];
	uint64_t len[6];
};

static struct {
	const uint8_t *data;
	size_t left;
	uint8_t memory[PAGES * PAGE];
	uint8_t perm[PAGES];
	struct claim claims[MOST];
	unsigned int num_claims;
	bool all_claimed;	/* too many to remember: everything is allowed */
	uint32_t tokens[16];
	unsigned int num_tokens;
	unsigned int answer;
} f;

static uint64_t take(unsigned int bytes)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < bytes && f.left; i++, f.left--)
		v |= (uint64_t)*f.data++ << 8 * i;
	return v;
}

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* ---- the memory ---- */

static unsigned int page_of(uint64_t va)
{
	uint64_t page = (va - BASE) / PAGE;

	if (va >= TOP)
		return PAGES - 1;
	return page < PAGES ? (unsigned int)page : PAGES;
}

/* Every byte is in a range that some descriptor of this PASID has. */
static void check_claim(uint32_t pasid, uint64_t va, uint64_t len)
{
	check(len > 0 && va + (len - 1) >= va);
	if (f.all_claimed)
		return;
	for (unsigned int c = 0; c < f.num_claims; c++) {
		const struct claim *claim = &f.claims[c];

		if (claim->pasid != pasid)
			continue;
		for (unsigned int i = 0; i < 6; i++) {
			if (va - claim->va[i] < claim->len[i] &&
			    len <= claim->len[i] - (va - claim->va[i]))
				return;
		}
	}
	abort();
}

static size_t span(uint64_t va, size_t len, uint8_t perm)
{
	unsigned int page = page_of(va);
	size_t room = PAGE - va % PAGE;

	if (page == PAGES || !(f.perm[page] & perm))
		return 0;
	return len < room ? len : room;
}

static uint8_t *at(uint64_t va)
{
	return f.memory + page_of(va) * PAGE + va % PAGE;
}

static size_t faulted(struct sva_dsa_fault *fault, uint64_t va, bool write, size_t done)
{
	*fault = (struct sva_dsa_fault){ va, write, false };
	return done;
}

static void claim_list(uint32_t pasid, uint64_t va, const void *buf, size_t len);

static size_t fuzz_read(void *ctx, uint32_t pasid, uint64_t va, void *buf, size_t len,
			struct sva_dsa_fault *fault)
{
	size_t done = 0;

	(void)ctx;
	check_claim(pasid, va, len);
	while (done < len) {
		size_t n = span(va + done, len - done, 1);

		if (!n)
			return faulted(fault, va + done, false, done);
		memcpy((uint8_t *)buf + done, at(va + done), n);
		done += n;
		/* What is in a list may be done from now on. */
		claim_list(pasid, va, buf, done);
	}
	return done;
}

static size_t fuzz_write(void *ctx, uint32_t pasid, uint64_t va, const void *buf, size_t len,
			 struct sva_dsa_fault *fault)
{
	size_t done = 0;

	(void)ctx;
	check_claim(pasid, va, len);
	while (done < len) {
		size_t n = span(va + done, len - done, 2);

		if (!n)
			return faulted(fault, va + done, true, done);
		memcpy(at(va + done), (const uint8_t *)buf + done, n);
		done += n;
	}
	return done;
}

static size_t fuzz_copy(void *ctx, uint32_t pasid, uint64_t dst, uint64_t src, size_t len,
			struct sva_dsa_fault *fault)
{
	size_t done = 0;

	(void)ctx;
	check_claim(pasid, src, len);
	check_claim(pasid, dst, len);
	check(dst == src || dst - src >= len);
	while (done < len) {
		size_t n = span(src + done, len - done, 1);

		if (!n)
			return faulted(fault, src + done, false, done);
		n = span(dst + done, n, 2);
		if (!n)
			return faulted(fault, dst + done, true, done);
		memmove(at(dst + done), at(src + done), n);
		done += n;
	}
	return done;
}

static void fuzz_interrupt(void *ctx, unsigned int vector)
{
	(void)ctx;
	check(vector <= SVA_DSA_MAX_WQS);
}

static enum sva_dsa_page fuzz_page_request(void *ctx, uint32_t token, uint32_t pasid,
					   uint64_t va, bool write)
{
	unsigned int page = page_of(va);

	(void)ctx;
	(void)pasid;
	check(token != 0);
	f.answer = f.answer * 5 + 3;
	switch (f.answer >> 4 & 3) {
	case 0:
		return SVA_DSA_PAGE_FAILED;
	case 1:
		f.tokens[f.num_tokens++ % 16] = token;
		return SVA_DSA_PAGE_PENDING;
	case 2:
		return SVA_DSA_PAGE_RESOLVED;	/* a lie */
	default:
		if (page < PAGES)
			f.perm[page] |= write ? 3 : 1;
		return SVA_DSA_PAGE_RESOLVED;
	}
}

static const struct sva_dsa_ops ops[2] = {
	{ .read = fuzz_read, .write = fuzz_write, .copy = fuzz_copy,
	  .interrupt = fuzz_interrupt, .page_request = fuzz_page_request },
	{ .read = fuzz_read, .write = fuzz_write },
};

/* ---- descriptors ---- */

static void add_claim(uint32_t pasid, const struct dsa_desc *d)
{
	unsigned int opcode = DSA_DESC_OPCODE(d->op_flags);
	struct claim *c = &f.claims[f.num_claims];
	uint64_t size = opcode == DSA_OP_BATCH ? (uint64_t)d->size * 64 : d->size;

	if (f.all_claimed || f.num_claims == MOST) {
		f.all_claimed = true;
		return;
	}
	f.num_claims++;
	c->pasid = pasid;
	for (unsigned int i = 0; i < 6; i++)
		c->len[i] = 0;
	c->va[0] = d->compl_addr;
	c->len[0] = d->op_flags & DSA_FLAG_COMPL_VALID ? 32 : 0;
	c->va[1] = d->src;
	c->len[1] = opcode == DSA_OP_APPLY_DELTA ? (uint32_t)d->op[0] : size;
	c->va[2] = d->dst;
	c->len[2] = opcode == DSA_OP_DIF_INSERT ? size + size / 512 * 8 : size;
	if (opcode == DSA_OP_DUALCAST || opcode == DSA_OP_CREATE_DELTA) {
		c->va[3] = d->op[0];
		c->len[3] = opcode == DSA_OP_DUALCAST ? size : (uint32_t)d->op[1];
	}
	if (opcode == DSA_OP_CRC || opcode == DSA_OP_COPY_CRC) {
		c->va[4] = d->op[1];
		c->len[4] = 4;
	}
}

/* A read of whole descriptors may be one of a list. */
static void claim_list(uint32_t pasid, uint64_t va, const void *buf, size_t len)
{
	struct dsa_desc d;

	if (va % 64 || len > 16 * 64)
		return;
	for (size_t i = 0; i + 64 <= len; i += 64) {
		memcpy(&d, (const uint8_t *)buf + i, 64);
		add_claim(pasid, &d);
	}
}

/* Near or in the memory, or anywhere. */
static uint64_t any_va(void)
{
	uint64_t v = take(2);

	switch (v & 3) {
	case 0:
		return BASE + (v >> 2) * 64 % (PAGES * PAGE);
	case 3:
		return v & 4 ? take(8) : TOP + (v >> 3) % PAGE;
	default:
		return BASE + (v >> 2) * 13 % (PAGES * PAGE);
	}
}

static struct dsa_desc any_desc(void)
{
	static const uint8_t opcodes[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20,
		0x0a, 0x17, 0xff,
	};
	unsigned int kind = (unsigned int)take(1);
	unsigned int opcode = opcodes[kind % sizeof(opcodes)];
	struct dsa_desc d = { .compl_addr = BASE + 32 * take(1), .src = any_va(), .dst = any_va() };

	d.op_flags = DSA_OP_FLAGS(opcode, DSA_FLAG_COMPL_VALID | DSA_FLAG_COMPL_REQ);
	d.size = (uint32_t)take(2) * (kind & 0x80 ? 64 : 1);
	d.pasid_priv = (uint32_t)take(1) % 3;
	switch (opcode) {
	case DSA_OP_BATCH:
		d.src &= ~63ULL;
		d.size %= 40;
		d.dst = 0;
		break;
	case DSA_OP_NOOP:
	case DSA_OP_DRAIN:
		d.src = d.dst = d.size = 0;
		break;
	case DSA_OP_CREATE_DELTA:
		d.src &= ~7ULL;
		d.dst &= ~7ULL;
		d.size &= ~7u;
		d.op[0] = any_va();
		d.op[1] = take(2);
		break;
	case DSA_OP_APPLY_DELTA:
		d.dst &= ~7ULL;
		d.size &= ~7u;
		d.op[0] = take(2) / 10 * 10;
		break;
	case DSA_OP_DUALCAST:
		d.op[0] = (any_va() & ~0xfffULL) | (d.dst & 0xfff);
		break;
	case DSA_OP_CRC:
		d.dst = 0;
		break;
	case DSA_OP_DIF_CHECK:
	case DSA_OP_DIF_INSERT:
	case DSA_OP_DIF_STRIP:
	case DSA_OP_DIF_UPDATE:
		d.op[0] = take(3) & (opcode == DSA_OP_DIF_INSERT ? 0x0ff800 :
				     opcode == DSA_OP_DIF_UPDATE ? 0x0ff8ff : 0x0f00ff);
		d.size = d.size % 12 * ((d.op[0] & 0x20000 ? 4096 : 512) +
					(d.op[0] & 0x10000 ? 8 : 0) +
					(opcode == DSA_OP_DIF_INSERT ? 0 : 8));
		d.dst = opcode == DSA_OP_DIF_CHECK ? 0 : d.dst;
		break;
	case DSA_OP_CACHE_FLUSH:
		d.src = 0;
		break;
	}
	/* A few flags, and now and then any bit of it. */
	d.op_flags ^= (uint32_t)take(1) & 0x03;
	if (kind & 0x40)
		((uint8_t *)&d)[take(1) % 64] ^= (uint8_t)take(1);
	return d;
}

/* ---- registers ---- */

static const uint32_t modes[] = {
	DSA_WQCFG_MODE_DEDICATED | DSA_WQCFG_PASID_EN | DSA_WQCFG_PASID(1) | DSA_WQCFG_PRIORITY(3),
	DSA_WQCFG_MODE_DEDICATED | DSA_WQCFG_MODE_BOF | DSA_WQCFG_PASID_EN | DSA_WQCFG_PASID(2) |
		DSA_WQCFG_PRIORITY(15),
	DSA_WQCFG_PASID_EN | DSA_WQCFG_PRIORITY(1),
	DSA_WQCFG_MODE_DEDICATED | DSA_WQCFG_PRIORITY(7),
};

static void w32(struct sva_dsa *dsa, uint64_t offset, uint64_t value)
{
	sva_dsa_mmio_write(dsa, offset, value, 4);
}

/* A configuration that works, more or less. */
static void bring_up(struct sva_dsa *dsa)
{
	uint64_t tab = sva_dsa_mmio_read(dsa, DSA_REG_TABOFF, 8);
	uint64_t how = take(2);

	sva_dsa_bus_master(dsa, true);
	for (unsigned int w = 0; w < 4; w++) {
		uint64_t wq = DSA_TABOFF_WQCFG(tab) + w * 32;

		w32(dsa, wq + DSA_WQCFG_SIZE, 8);
		w32(dsa, wq + DSA_WQCFG_THRESHOLD, 4);
		w32(dsa, wq + DSA_WQCFG_MODE, modes[(how >> 2 * w) & 3]);
		w32(dsa, wq + DSA_WQCFG_LIMITS,
		    DSA_WQCFG_MAX_XFER_SHIFT(20) | DSA_WQCFG_MAX_BATCH_SHIFT(6));
	}
	for (unsigned int g = 0; g < 2; g++) {
		uint64_t group = DSA_TABOFF_GRPCFG(tab) + g * DSA_GRPCFG_STRIDE;

		sva_dsa_mmio_write(dsa, group, g ? 0xc : 3, 8);
		sva_dsa_mmio_write(dsa, group + DSA_GRPCFG_ENGINES, g ? 1 : how & 0x100 ? 6 : 2, 8);
	}
	w32(dsa, DSA_REG_CMD, DSA_CMD(DSA_CMD_ENABLE_DEVICE, 0));
	for (unsigned int w = 0; w < 4; w++)
		w32(dsa, DSA_REG_CMD, DSA_CMD(DSA_CMD_ENABLE_WQ, w));
}

static void check_registers(struct sva_dsa *dsa, const struct sva_dsa_config *config)
{
	uint64_t tab = sva_dsa_mmio_read(dsa, DSA_REG_TABOFF, 8);
	uint32_t gensts = (uint32_t)sva_dsa_mmio_read(dsa, DSA_REG_GENSTS, 4);
	unsigned int state = DSA_GENSTS_STATE(gensts), total = 0;

	check(gensts < 16);
	for (unsigned int w = 0; w < config->num_wqs; w++) {
		uint64_t wq = DSA_TABOFF_WQCFG(tab) + w * 32;
		uint32_t size = (uint32_t)sva_dsa_mmio_read(dsa, wq, 4);
		uint32_t s = (uint32_t)sva_dsa_mmio_read(dsa, wq + DSA_WQCFG_STATE, 4);

		check(DSA_WQCFG_STATE_OF(s) <= DSA_WQ_BUSY);
		if (state == DSA_STATE_DISABLED)
			check(DSA_WQCFG_STATE_OF(s) == DSA_WQ_DISABLED &&
			      DSA_WQCFG_STATE_OCCUPANCY(s) == 0);
		else
			check(DSA_WQCFG_STATE_OCCUPANCY(s) <= size);
		total += state == DSA_STATE_DISABLED ? 0 : size;
		check(sva_dsa_wq_room(dsa, w) <= size);
		check(DSA_WQCFG_STATE_OF(s) == DSA_WQ_ENABLED || sva_dsa_wq_room(dsa, w) == 0);
	}
	check(total <= config->wq_entries);
	check(sva_dsa_mmio_read(dsa, DSA_REG_VERSION, 4) == config->version);
}

/* ---- one input ---- */

static void post(struct sva_dsa *dsa)
{
	uint64_t tab = sva_dsa_mmio_read(dsa, DSA_REG_TABOFF, 8);
	unsigned int where = (unsigned int)take(1), wq = where & 3;
	struct dsa_desc d = any_desc();
	uint32_t mode = (uint32_t)sva_dsa_mmio_read(dsa, DSA_TABOFF_WQCFG(tab) + wq * 32 +
						    DSA_WQCFG_MODE, 4);
	uint32_t pasid = d.pasid_priv & 0xfffff;

	if (!(mode & DSA_WQCFG_PASID_EN))
		pasid = SVA_DSA_NO_PASID;
	else if (mode & DSA_WQCFG_MODE_DEDICATED)
		pasid = DSA_WQCFG_GET_PASID(mode);
	if (where & 0x40)
		w32(dsa, where * 4, d.op_flags);
	if (sva_dsa_portal_write(dsa, DSA_PORTAL_OFFSET(wq, where & 4), &d,
				 where & 8 ? mode & 1 : !(mode & 1)) == SVA_DSA_ACCEPTED)
		add_claim(pasid, &d);
}

static void step(struct sva_dsa *dsa, unsigned int budget)
{
	check(sva_dsa_step(dsa, budget) <= budget);
}

/* A member's place in the memory gets a descriptor. */
static void put_member(void)
{
	struct dsa_desc d;
	unsigned int place = (unsigned int)take(1);

	d = any_desc();
	memcpy(f.memory + place * 64, &d, sizeof(d));
}

static void act(struct sva_dsa *dsa)
{
	unsigned int what = (unsigned int)take(1);

	switch (what % 16) {
	case 0:
	case 1:
	case 2:
	case 3:
		post(dsa);
		break;
	case 4:
	case 5:
		put_member();
		break;
	case 6:
	case 7:
		step(dsa, (unsigned int)take(1));
		break;
	case 8:
		w32(dsa, DSA_REG_CMD, DSA_CMD(what >> 4, what & 0x80 ? take(3) : what >> 4 & 0xf));
		break;
	case 9:
		sva_dsa_mmio_write(dsa, take(2), take(8), what & 16 ? 8 : 4);
		break;
	case 10:
		(void)sva_dsa_mmio_read(dsa, take(2), what & 16 ? 8 : what >> 5);
		break;
	case 11:
		f.perm[what >> 4] = (uint8_t)take(1) & 3;
		break;
	case 12:
		sva_dsa_page_response(dsa, what & 128 ? (uint32_t)take(2) : f.tokens[what >> 4],
				      what & 64);
		break;
	case 13:
		if (what & 16)
			sva_dsa_flr(dsa);
		else if (what & 32)
			sva_dsa_bus_master(dsa, what & 64);
		else
			sva_dsa_pci_enable(dsa, what >> 5);
		if (what & 128)
			bring_up(dsa);
		break;
	case 14:
		bring_up(dsa);
		break;
	default:
		f.memory[take(2)] = (uint8_t)take(1);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t memory[1 << 18] __attribute__((aligned(64)));
	struct sva_dsa_config config = *sva_dsa_profile("default");
	struct sva_dsa *dsa;
	unsigned int how, steps = 0;

	f.data = data;
	f.left = size;
	f.num_claims = f.num_tokens = f.all_claimed = 0;
	memset(f.tokens, 0, sizeof(f.tokens));
	memset(f.memory, 0, sizeof(f.memory));
	memset(f.perm, 3, sizeof(f.perm));
	how = (unsigned int)take(1);
	config.seed = how & 1 ? take(1) + 1 : 0;
	f.answer = how;
	check(sva_dsa_size(&config) <= sizeof(memory));
	dsa = sva_dsa_init(memory, &config, &ops[how >> 1 & 1], NULL);
	check(dsa != NULL);
	bring_up(dsa);
	while (f.left) {
		act(dsa);
		check_registers(dsa, &config);
	}
	/* All that was accepted comes to an end: 32 entries of 65 at most, and pages. */
	for (;;) {
		unsigned int n = sva_dsa_step(dsa, 100);

		check(n <= 100 && ++steps < 10000);
		if (n)
			continue;
		for (n = 0; n < 16 && !sva_dsa_page_response(dsa, f.tokens[n], true); n++)
			;
		if (n == 16)
			break;
	}
	check_registers(dsa, &config);
	return 0;
}
