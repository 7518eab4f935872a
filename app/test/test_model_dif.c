/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * DIF operations and cache flush of the DSA model. The guard is ISA-L's CRC16-T10DIF;
 * tags, flags and what is written are worked out here, byte by byte, a second time.
 */

#include <isa-l.h>

#include "test_model_util.h"

#define SRC	TM_VA(TM_DATA)		/* 20 pages */
#define DST	TM_VA(TM_DATA + 25)	/* 20 pages */
#define MAX	(20 * TM_PAGE)

static const uint32_t sizes[4] = { 512, 520, 4096, 4104 };
static uint8_t want[MAX];

/* One operation: what goes in, and what must come out of each block. */
struct dif_case {
	unsigned int op, kind, blocks;		/* kind: index of the block size */
	uint8_t src_flags, dst_flags, dif_flags;
	uint32_t ref[2];
	uint16_t app[2], mask[2];
};

static uint8_t *at(struct tm *tm, uint64_t va)
{
	return tm_ptr(tm, PASID_A, va);
}

static void perm(struct tm *tm, uint64_t va, int bits)
{
	tm_space(tm, PASID_A)->perm[(va - TM_BASE) / TM_PAGE] = (uint8_t)bits;
}

static bool has_in(const struct dif_case *c)
{
	return c->op != DSA_OP_DIF_INSERT;
}

static bool has_out(const struct dif_case *c)
{
	return c->op == DSA_OP_DIF_INSERT || c->op == DSA_OP_DIF_UPDATE;
}

static uint32_t in_step(const struct dif_case *c)
{
	return sizes[c->kind] + (has_in(c) ? 8 : 0);
}

static uint32_t out_step(const struct dif_case *c)
{
	return c->op == DSA_OP_DIF_CHECK ? 0 : sizes[c->kind] + (has_out(c) ? 8 : 0);
}

static uint64_t tags(const struct dif_case *c, unsigned int side, unsigned int n)
{
	uint8_t flags = side ? c->dst_flags : c->src_flags;

	return DSA_DIF_TAGS((uint32_t)(c->ref[side] + (flags & 0x80 ? 0 : n)), c->mask[side],
			    (uint16_t)(c->app[side] + (flags & 0x10 ? n : 0)));
}

static struct dsa_desc descriptor(const struct dif_case *c, uint64_t src, uint64_t dst)
{
	struct dsa_desc d = tm_desc(c->op, 0);

	d.src = src;
	d.dst = c->op == DSA_OP_DIF_CHECK ? 0 : dst;
	d.size = c->blocks * in_step(c);
	d.op[0] = DSA_DIF_OP(has_in(c) ? c->src_flags : 0, has_out(c) ? c->dst_flags : 0,
			     c->dif_flags | c->kind);
	d.op[1] = has_in(c) ? tags(c, 0, 0) : 0;
	d.op[2] = has_out(c) ? tags(c, 1, 0) : 0;
	return d;
}

static void put_dif(uint8_t *p, uint16_t guard, uint16_t app, uint32_t ref)
{
	uint64_t v = (uint64_t)guard << 48 | (uint64_t)app << 32 | ref;

	for (unsigned int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static uint16_t guard_of(const struct dif_case *c, uint8_t *data)
{
	uint16_t crc = crc16_t10dif(c->dif_flags & 4 ? 0xffff : 0, data, sizes[c->kind]);

	return c->dif_flags & 8 ? (uint16_t)~crc : crc;
}

/* The field that belongs behind block n of a side. */
static void right_dif(uint8_t *p, const struct dif_case *c, unsigned int side, unsigned int n,
		      uint8_t *data)
{
	uint64_t t = tags(c, side, n);

	put_dif(p, guard_of(c, data), (uint16_t)(t >> 48) & (uint16_t)~c->mask[side], (uint32_t)t);
}

static struct dif_case any_case(unsigned int op)
{
	struct dif_case c = {
		.op = op, .kind = tm_rand() % 4,
		.src_flags = (uint8_t)(tm_rand() & 0xf0), .dst_flags = (uint8_t)(tm_rand() & 0xf8),
		.dif_flags = (uint8_t)(tm_rand() & 0xc),
		.ref = { tm_rand(), tm_rand() },
		.app = { (uint16_t)tm_rand(), (uint16_t)tm_rand() },
		.mask = { (uint16_t)(tm_rand() & tm_rand()), (uint16_t)(tm_rand() & tm_rand()) },
	};

	if (tm_rand() % 4 == 0)		/* the tags wrap */
		c.ref[0] = c.ref[1] = 0xfffffffe, c.app[0] = c.app[1] = 0xffff;
	c.blocks = 1 + tm_rand() % (40000 / in_step(&c));
	return c;
}

/* Random data with right fields at src, and in want[] what the destination becomes. */
static void prepare(struct tm *tm, const struct dif_case *c, uint64_t src)
{
	tm_random_bytes(at(tm, src), 64);
	for (unsigned int n = 0; n < c->blocks; n++) {
		uint8_t *in = at(tm, src) + n * in_step(c), *out = want + n * out_step(c);
		uint32_t size = sizes[c->kind];

		for (unsigned int i = 0; i < size; i += 1 + tm_rand() % 64)
			in[i] = (uint8_t)tm_rand();
		if (has_in(c))
			right_dif(in + size, c, 0, n, in);
		memcpy(out, in, out_step(c) ? size : 0);
		if (!has_out(c))
			continue;
		right_dif(out + size, c, 1, n, in);
		if (has_in(c)) {	/* pass through */
			if (c->dst_flags & 0x20)
				memcpy(out + size, in + size, 2);
			if (c->dst_flags & 0x08)
				memcpy(out + size + 2, in + size + 2, 2);
			if (c->dst_flags & 0x40)
				memcpy(out + size + 4, in + size + 4, 4);
		}
	}
}

static void expect(const struct dsa_compl *r, const struct dif_case *c, unsigned int status,
		   unsigned int blocks, uint32_t bytes)
{
	assert_int_equal(r->status, status);
	assert_int_equal(r->result, 0);
	assert_int_equal(r->bytes, bytes);
	assert_int_equal(r->op[0], has_in(c) ? tags(c, 0, blocks) : 0);
	assert_int_equal(r->op[1], has_out(c) ? tags(c, 1, blocks) : 0);
}

static void each_operation(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < test_rounds(2400); i++) {
		struct dif_case c = any_case(DSA_OP_DIF_CHECK + i % 4);
		uint64_t src = SRC + tm_rand() % 4000, dst = DST + tm_rand() % 4000;
		struct dsa_desc d = descriptor(&c, src, dst);
		uint32_t out = c.blocks * out_step(&c);

		prepare(tm, &c, src);
		*at(tm, dst + out) = 0x5a;
		expect(tm_do(tm, &d), &c, DSA_STS_SUCCESS, c.blocks, 0);
		assert_memory_equal(at(tm, dst), want, out);
		assert_int_equal(*at(tm, dst + out), 0x5a);
	}
	tm_free(tm);
}

/* An insert, then a check with the same flags on its side, and a strip. */
static void there_and_back(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		struct dif_case c = any_case(DSA_OP_DIF_INSERT);
		struct dsa_desc d;

		c.dst_flags &= 0x90;
		prepare(tm, &c, SRC);
		memcpy(want, at(tm, SRC), c.blocks * sizes[c.kind]);
		d = descriptor(&c, SRC, DST);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
		c.src_flags = c.dst_flags;
		c.ref[0] = c.ref[1];
		c.app[0] = c.app[1];
		c.mask[0] = c.mask[1];
		c.op = DSA_OP_DIF_CHECK;
		d = descriptor(&c, DST, 0);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
		c.op = DSA_OP_DIF_STRIP;
		d = descriptor(&c, DST, SRC);
		memset(at(tm, SRC), 0, MAX);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
		assert_memory_equal(at(tm, SRC), want, c.blocks * sizes[c.kind]);
	}
	tm_free(tm);
}

/* Trap 22: the plain CRC of zeros is zero, whatever the block; and the two inversions. */
static void guard_of_known_data(void **state)
{
	static const uint16_t plain = 0;	/* of 512 zeros, seed 0 */
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int flags = 0; flags < 16; flags += 4) {
		struct dif_case c = { .op = DSA_OP_DIF_INSERT, .blocks = 1,
				      .dif_flags = (uint8_t)flags };
		struct dsa_desc d = descriptor(&c, SRC, DST);
		uint16_t guard;

		memset(at(tm, SRC), 0, 512);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
		guard = (uint16_t)(at(tm, DST)[512] << 8 | at(tm, DST)[513]);
		assert_int_equal(guard, guard_of(&c, at(tm, SRC)));
		if (!(flags & 4))
			assert_int_equal(guard, flags & 8 ? (uint16_t)~plain : plain);
		else
			assert_int_not_equal(guard, plain);
	}
	tm_free(tm);
}

/* Each tag wrong, with each flag that says whether it matters. */
static void what_is_wrong(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 4 * 8 * 8 * 3; i++) {
		unsigned int wrong = i % 8, off = i / 8 % 8, op = i / 64 % 3, expected = 0;
		struct dif_case c = any_case(op == 0 ? DSA_OP_DIF_CHECK : op == 1 ?
					     DSA_OP_DIF_STRIP : DSA_OP_DIF_UPDATE);
		struct dsa_desc d;
		struct dsa_compl *r;
		unsigned int n;
		uint8_t *f;

		c.src_flags = (uint8_t)((tm_rand() & 0x90) | (off & 3) << 5);
		c.mask[0] = off & 4 ? 0xffff : (uint16_t)(tm_rand() & 0x7fff);
		prepare(tm, &c, SRC);
		n = tm_rand() % c.blocks;
		f = at(tm, SRC) + n * in_step(&c) + sizes[c.kind];
		for (unsigned int k = 0; k < 3; k++) {
			static const unsigned int from[] = { 0, 2, 4 }, len[] = { 2, 2, 4 };
			/* The guard check has bit 5, the reference tag's bit 6. */
			bool ignored = k == 0 ? off & 1 : k == 1 ? off & 4 : off & 2;

			if (!(wrong & 1u << k))
				continue;
			f[from[k] + tm_rand() % len[k]] ^= 1u << tm_rand() % 8;
			expected |= ignored ? 0 : 1u << k;
		}
		memset(at(tm, DST), 0xee, MAX);
		d = descriptor(&c, SRC, DST);
		r = tm_do(tm, &d);
		if (!expected) {
			assert_int_equal(r->status, DSA_STS_SUCCESS);
			continue;
		}
		assert_int_equal(r->status, DSA_STS_DIF_ERROR);
		assert_int_equal(r->result, expected);
		assert_int_equal(r->bytes, n * in_step(&c));
		/* The blocks before were done, this one and the next were not. */
		if (op && n)
			assert_memory_equal(at(tm, DST), want, sizes[c.kind]);
		if (op)
			assert_int_equal(at(tm, DST)[n * out_step(&c)], 0xee);
	}
	tm_free(tm);
}

/* F detect: tags of all ones switch checks off, or are an error. */
static void f_detect(void **state)
{
	static const struct { uint16_t guard, app; uint32_t ref; } fields[] = {
		{ 0xffff, 0xffff, 0xffffffff }, { 0x1234, 0xffff, 0xffffffff },
		{ 0x1234, 0xffff, 0x1234 }, { 0xffff, 0x1234, 0xffffffff },
		{ 0xffff, 0xffff, 0xfffffffe },
	};
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 5 * 16; i++) {
		unsigned int k = i / 16, flags = i % 16;
		bool app = k != 3, both = k < 2, all = k == 0, skip;
		struct dif_case c = { .op = DSA_OP_DIF_CHECK, .blocks = 1,
				      .src_flags = (uint8_t)flags };
		struct dsa_desc d = descriptor(&c, SRC, 0);
		struct dsa_compl *r;

		tm_random_bytes(at(tm, SRC), 512);
		put_dif(at(tm, SRC) + 512, fields[k].guard, fields[k].app, fields[k].ref);
		r = tm_do(tm, &d);
		skip = (all && flags & 2) || (app && flags & 4) || (both && flags & 8);
		if (all && (flags & 3) == 3) {
			assert_int_equal(r->status, DSA_STS_DIF_ERROR);
			assert_int_equal(r->result, DSA_DIF_STS_ALL_F);
		} else if (skip) {
			assert_int_equal(r->status, DSA_STS_SUCCESS);
		} else {
			assert_int_equal(r->status, DSA_STS_DIF_ERROR);
			assert_int_equal(r->result & ~DSA_DIF_STS_GUARD,
					 DSA_DIF_STS_APP | DSA_DIF_STS_REF);
		}
	}
	tm_free(tm);
}

/* Trap 12: the continuation has the tags of the record, and the destination is scaled. */
static void fault_and_resume(void **state)
{
	struct tm *tm = tm_new_up();
	unsigned int faults = 0;

	(void)state;
	for (unsigned int i = 0; i < test_rounds(1500); i++) {
		struct dif_case c = any_case(DSA_OP_DIF_CHECK + i % 4);
		uint64_t src = SRC + tm_rand() % 4000, dst = DST + tm_rand() % 4000;
		bool write = out_step(&c) && tm_rand() % 2;
		uint32_t len = c.blocks * (write ? out_step(&c) : in_step(&c));
		uint64_t hole = (write ? dst : src) + tm_rand() % len;
		struct dsa_desc d = descriptor(&c, src, dst);
		unsigned int n = (unsigned int)(((hole & ~0xfffULL) - (write ? dst : src)) /
						(write ? out_step(&c) : in_step(&c)));
		struct dsa_compl r;

		if ((hole & ~0xfffULL) < (write ? dst : src))
			n = 0;
		prepare(tm, &c, src);
		memset(at(tm, DST), 0, MAX);
		perm(tm, hole & ~0xfffULL, write ? TM_R : 0);
		r = *tm_do(tm, &d);
		perm(tm, hole & ~0xfffULL, TM_RW);
		expect(&r, &c, DSA_STS_PAGE_FAULT | (write ? 0x80 : 0), n, n * in_step(&c));
		assert_true(r.fault_addr / TM_PAGE == hole / TM_PAGE);
		d.src += r.bytes;
		d.size -= r.bytes;
		if (c.op != DSA_OP_DIF_CHECK)
			d.dst += r.bytes / in_step(&c) * out_step(&c);
		d.op[1] = r.op[0];
		d.op[2] = r.op[1];
		expect(tm_do(tm, &d), &c, DSA_STS_SUCCESS, c.blocks, 0);
		assert_memory_equal(at(tm, dst), want, c.blocks * out_step(&c));
		faults++;
	}
	assert_int_equal(faults, test_rounds(1500));
	tm_free(tm);
}

static void sizes_and_overlap(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int op = DSA_OP_DIF_CHECK; op <= DSA_OP_DIF_UPDATE; op++) {
		for (unsigned int kind = 0; kind < 4; kind++) {
			struct dif_case c = { .op = op, .kind = kind, .blocks = 2,
					      .src_flags = 0x60, .mask = { 0xffff } };
			struct dsa_desc d = descriptor(&c, SRC, DST);
			uint32_t in = d.size, out = 2 * out_step(&c);

			for (int delta = -8; delta <= 8; delta += 4) {
				d.size = in + (uint32_t)delta;
				assert_int_equal(tm_do(tm, &d)->status, delta ?
						 DSA_STS_XFER_SIZE : DSA_STS_SUCCESS);
			}
			if (op == DSA_OP_DIF_CHECK)
				continue;
			d.size = in;
			d.dst = d.src + in - 1;
			assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
			d.dst = d.src + in;
			assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
			d.src = DST;
			d.dst = DST - out + 1;
			assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
			d.dst = DST - out;
			assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
		}
	}
	tm_free(tm);
}

/* Nothing is changed; a page that is not there is a fault, wherever it is. */
static void cache_flush(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	tm_random_bytes(at(tm, DST), 5 * TM_PAGE);
	memcpy(want, at(tm, DST), 5 * TM_PAGE);
	for (unsigned int page = 0; page < 5; page++) {
		struct dsa_desc d = tm_desc(DSA_OP_CACHE_FLUSH, 0);
		struct dsa_compl *c;

		d.dst = DST + 100;
		d.size = 4 * TM_PAGE;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
		perm(tm, DST + page * TM_PAGE, 0);
		c = tm_do(tm, &d);
		assert_int_equal(c->status, DSA_STS_PAGE_FAULT);
		assert_int_equal(c->bytes, page ? page * TM_PAGE - 100 : 0);
		assert_int_equal(c->fault_addr, d.dst + c->bytes);
		perm(tm, DST + page * TM_PAGE, TM_RW);
		d.dst += c->bytes;
		d.size -= c->bytes;
		c = tm_do(tm, &d);
		assert_int_equal(c->status, DSA_STS_SUCCESS);
		assert_int_equal(c->bytes, 0);
		/* Past the end of addresses nothing goes on at 0. */
		d.dst = 0 - (uint64_t)TM_PAGE + page;
		d.size = 2 * TM_PAGE;
		c = tm_do(tm, &d);
		assert_int_equal(c->status, DSA_STS_PAGE_FAULT);
		assert_int_equal(c->bytes, TM_PAGE - page);
		assert_int_equal(c->fault_addr, 0);
	}
	assert_memory_equal(at(tm, DST), want, 5 * TM_PAGE);
	tm_free(tm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(guard_of_known_data),
		cmocka_unit_test(what_is_wrong),
		cmocka_unit_test(f_detect),
		cmocka_unit_test(fault_and_resume),
		cmocka_unit_test(sizes_and_overlap),
		cmocka_unit_test(cache_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
