/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Operations of the DSA model: results against libc and ISA-L, and page faults at
 * every place.
 */

#include <isa-l.h>

#include "test_model_util.h"

#define SRC	TM_VA(TM_DATA)		/* 16 pages */
#define DST	TM_VA(TM_DATA + 20)	/* 16 pages */
#define DST2	TM_VA(TM_DATA + 40)	/* 16 pages */
#define MAX	(16 * TM_PAGE)

static uint8_t *at(struct tm *tm, uint64_t va)
{
	return tm_ptr(tm, PASID_A, va);
}

static void perm(struct tm *tm, uint64_t va, int bits)
{
	tm_space(tm, PASID_A)->perm[(va - TM_BASE) / TM_PAGE] = (uint8_t)bits;
}

static struct dsa_desc op2(unsigned int op, uint64_t src, uint64_t dst, uint32_t size)
{
	struct dsa_desc d = tm_desc(op, 0);

	d.src = src;
	d.dst = dst;
	d.size = size;
	return d;
}

/* Both with and without the copy callback. */
static void each_way(void (*test)(struct tm *tm))
{
	const struct sva_dsa_ops *ways[] = { &tm_ops, &tm_ops_no_copy };

	for (unsigned int i = 0; i < 2; i++) {
		struct tm *tm = tm_new(NULL, ways[i]);

		tm_up(tm, TM_DEDICATED);
		test(tm);
		tm_free(tm);
	}
}

static void expect(const struct dsa_compl *c, unsigned int status, unsigned int result,
		   uint32_t bytes, uint64_t fault)
{
	assert_int_equal(c->status, status);
	assert_int_equal(c->result, result);
	assert_int_equal(c->bytes, bytes);
	assert_int_equal(c->fault_addr, fault);
}

/* ---- memory move ---- */

static void fill_random(struct tm *tm, uint64_t va, size_t len)
{
	tm_random_bytes(at(tm, va), len);
}

static void memmove_differential_way(struct tm *tm)
{
	static uint8_t want[2 * MAX];

	for (unsigned int i = 0; i < test_rounds(3000); i++) {
		/* Far apart, or close together so that they overlap. */
		uint32_t size = 1 + tm_rand() % (i % 3 ? 300 : 3 * TM_PAGE * 6);
		uint64_t src = SRC + tm_rand() % 5000;
		uint64_t dst = i % 2 ? DST + tm_rand() % 5000 : SRC + tm_rand() % 5000;
		struct dsa_desc d = op2(DSA_OP_MEMMOVE, src, dst, size);

		if (size > MAX - 5000)
			size = d.size = MAX - 5000;
		fill_random(tm, src, 64);
		fill_random(tm, src + size - 1, 1);
		memcpy(want, at(tm, src), size);
		*at(tm, dst + size) = 0x5a;
		if (dst != SRC)
			*at(tm, dst - 1) = 0xa5;
		memcpy(want, at(tm, src), size);
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		assert_memory_equal(at(tm, dst), want, size);
		assert_int_equal(*at(tm, dst + size), 0x5a);
		if (dst != SRC)
			assert_int_equal(*at(tm, dst - 1), 0xa5);
	}
}

static void memmove_differential(void **state)
{
	(void)state;
	each_way(memmove_differential_way);
}

static void memmove_uses_copy(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC, DST, 64);

	(void)state;
	tm_do(tm, &d);
	assert_int_equal(tm->copies, 1);
	assert_int_equal(tm->reads, 0);
	tm_free(tm);
}

/* One page is missing: the fault is at its first byte that is needed. */
static void memmove_fault_way(struct tm *tm)
{
	const uint32_t size = 5 * TM_PAGE - 100;

	for (unsigned int off = 0; off < 200; off += 67) {
		for (unsigned int page = 0; page < 5; page++) {
			struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC + off, DST + 100 - off / 2,
						size);
			uint64_t hole = SRC + page * TM_PAGE;
			uint64_t fault = page ? hole : d.src;

			perm(tm, hole, 0);
			memset(at(tm, DST), 0, 6 * TM_PAGE);
			fill_random(tm, SRC, 6 * TM_PAGE);
			expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT, 0, (uint32_t)(fault - d.src),
			       fault);
			assert_memory_equal(at(tm, d.dst), at(tm, d.src), fault - d.src);
			assert_int_equal(*at(tm, d.dst + (fault - d.src)), 0);
			perm(tm, hole, TM_RW);

			/* Trap 8: a write fault says so. */
			hole = DST + page * TM_PAGE;
			fault = page ? hole : d.dst;
			perm(tm, hole, TM_R);
			expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT | DSA_STS_WRITE_FAULT, 0,
			       (uint32_t)(fault - d.dst), fault);
			perm(tm, hole, TM_RW);
		}
	}
}

static void memmove_fault(void **state)
{
	(void)state;
	each_way(memmove_fault_way);
}

/* Trap 11: backwards, result 1; the same addresses again finish the work. */
static void memmove_backward_fault_way(struct tm *tm)
{
	const uint32_t size = 4 * TM_PAGE;
	static uint8_t want[4 * TM_PAGE];

	for (unsigned int page = 0; page < 5; page++) {
		for (int write = 0; write < 2; write++) {
			struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC + 10, SRC + 700, size);
			uint64_t hole = SRC + page * TM_PAGE;
			struct dsa_compl *c;

			fill_random(tm, SRC, 6 * TM_PAGE);
			memcpy(want, at(tm, d.src), size);
			perm(tm, hole, write ? TM_R : 0);
			c = tm_do(tm, &d);
			assert_int_equal(c->status & DSA_STS_MASK, DSA_STS_PAGE_FAULT);
			assert_int_equal(c->status >> 7, write);
			assert_int_equal(c->result, 1);
			assert_true(c->fault_addr >= hole && c->fault_addr < hole + TM_PAGE);
			/* All above the hole is done, nothing else. */
			assert_int_equal(c->bytes, page < 4 ? d.size - (hole + TM_PAGE -
					 (write ? d.dst : d.src)) : 0);
			perm(tm, hole, TM_RW);
			d.size -= c->bytes;
			expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
			assert_memory_equal(at(tm, d.dst), want, size);
		}
	}
}

static void memmove_backward_fault(void **state)
{
	(void)state;
	each_way(memmove_backward_fault_way);
}

static void memmove_overlap_without_capability(void **state)
{
	struct sva_dsa_config c = *sva_dsa_profile("default");
	struct tm *tm;

	(void)state;
	c.gencap &= ~DSA_GENCAP_OVERLAP;
	tm = tm_new(&c, &tm_ops);
	tm_up(tm, TM_DEDICATED);
	for (int off = -70; off <= 70; off++) {
		struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC + 100, SRC + 100 + (uint64_t)off, 64);

		assert_int_equal(tm_do(tm, &d)->status,
				 off > -64 && off < 64 ? DSA_STS_OVERLAP : DSA_STS_SUCCESS);
	}
	tm_free(tm);
}

/* The end of the address space is the end: no access wraps round. */
static void address_wrap_way(struct tm *tm)
{
	struct dsa_desc d = op2(DSA_OP_MEMMOVE, UINT64_MAX - 9, DST, 64);

	expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT, 0, 10, 0);
	d = op2(DSA_OP_MEMMOVE, SRC, UINT64_MAX - 9, 64);
	expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT | DSA_STS_WRITE_FAULT, 0, 10, 0);
	d.size = 10;
	expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
	d = op2(DSA_OP_FILL, 0, UINT64_MAX - 9, 64);
	expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT | DSA_STS_WRITE_FAULT, 0, 10, 0);
	d = op2(DSA_OP_MEMMOVE, UINT64_MAX - 40, UINT64_MAX - 20, 64);
	assert_int_equal(tm_do(tm, &d)->status & DSA_STS_MASK, DSA_STS_PAGE_FAULT);
}

static void address_wrap(void **state)
{
	(void)state;
	each_way(address_wrap_way);
}

/* ---- fill ---- */

static void fill_differential(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < test_rounds(2000); i++) {
		uint32_t size = 1 + tm_rand() % (i % 8 ? 100 : MAX - 100);
		uint64_t dst = DST + 1 + tm_rand() % 64;
		uint64_t pattern = (uint64_t)tm_rand() << 32 | tm_rand();
		struct dsa_desc d = op2(DSA_OP_FILL, pattern, dst, size);
		const uint8_t *p = (const uint8_t *)&pattern;

		*at(tm, dst - 1) = 0x77;
		*at(tm, dst + size) = 0x88;
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		for (uint32_t k = 0; k < size; k++)
			assert_int_equal(*at(tm, dst + k), p[k % 8]);
		assert_int_equal(*at(tm, dst - 1), 0x77);
		assert_int_equal(*at(tm, dst + size), 0x88);
	}
	tm_free(tm);
}

static void fill_fault(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int page = 0; page < 8; page++) {
		struct dsa_desc d = op2(DSA_OP_FILL, 0x0102030405060708, DST + 5, 7 * TM_PAGE + 9);
		uint64_t hole = DST + page * TM_PAGE;
		uint64_t fault = page ? hole : d.dst;

		memset(at(tm, DST), 0, 8 * TM_PAGE);
		perm(tm, hole, TM_R);
		expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT | DSA_STS_WRITE_FAULT, 0,
		       (uint32_t)(fault - d.dst), fault);
		if (page)
			assert_int_not_equal(*at(tm, fault - 1), 0);
		assert_int_equal(*at(tm, fault), 0);
		perm(tm, hole, TM_RW);
	}
	tm_free(tm);
}

/* ---- compare ---- */

/* Trap 14: a difference is a result; the status depends on what was expected. */
static void check_result(struct tm *tm, struct dsa_desc d, uint32_t bytes, bool differs)
{
	for (unsigned int check = 0; check < 2; check++) {
		for (unsigned int want = 0; want < 4; want++) {
			d.op_flags = check ? d.op_flags | DSA_FLAG_CHECK_RESULT :
				     d.op_flags & ~DSA_FLAG_CHECK_RESULT;
			d.op[0] = want;	/* bit 1 is ignored */
			expect(tm_do(tm, &d), check && (want & 1) != differs ?
			       DSA_STS_SUCCESS_PREDICATE : DSA_STS_SUCCESS, differs, bytes, 0);
		}
	}
}

static void compare(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 600; i++) {
		uint32_t size = 1 + tm_rand() % (i % 4 ? 200 : MAX - 100);
		struct dsa_desc d = op2(DSA_OP_COMPARE, SRC + tm_rand() % 64,
					DST + tm_rand() % 64, size);
		uint32_t where = tm_rand() % size;

		fill_random(tm, d.src, 16);
		memcpy(at(tm, d.dst), at(tm, d.src), size);
		*at(tm, d.src + size) = 1;
		*at(tm, d.dst + size) = 2;	/* not looked at */
		check_result(tm, d, 0, false);
		*at(tm, d.dst + where) ^= 0x10;
		if (i % 2)
			*at(tm, d.dst + size - 1) ^= 0x80;
		check_result(tm, d, where, true);
	}
	tm_free(tm);
}

static void compare_pattern(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 600; i++) {
		uint32_t size = 1 + tm_rand() % (i % 4 ? 200 : MAX - 100);
		uint64_t pattern = (uint64_t)tm_rand() << 32 | tm_rand();
		struct dsa_desc d = op2(DSA_OP_COMPARE_PATTERN, SRC + tm_rand() % 64, pattern,
					size);
		uint32_t where = tm_rand() % size;

		for (uint32_t k = 0; k < size; k++)
			*at(tm, d.src + k) = ((const uint8_t *)&pattern)[k % 8];
		check_result(tm, d, 0, false);
		*at(tm, d.src + where) ^= 1;
		check_result(tm, d, where, true);
	}
	tm_free(tm);
}

static void compare_fault(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int page = 0; page < 8; page++) {
		for (unsigned int second = 0; second < 2; second++) {
			struct dsa_desc d = op2(DSA_OP_COMPARE, SRC + 3, DST + 11, 7 * TM_PAGE + 9);
			uint64_t hole = (second ? DST : SRC) + page * TM_PAGE;
			uint64_t start = second ? d.dst : d.src;
			uint64_t fault = page ? hole : start;

			memset(at(tm, SRC), 0, 8 * TM_PAGE);
			memset(at(tm, DST), 0, 8 * TM_PAGE);
			perm(tm, hole, 0);
			expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT, 0, (uint32_t)(fault - start),
			       fault);
			/* A difference before the fault is reported instead, one after not. */
			*at(tm, d.src + (fault - start)) = 1;
			expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT, 0, (uint32_t)(fault - start),
			       fault);
			if (page) {
				*at(tm, d.src + (fault - start) - 1) = 1;
				expect(tm_do(tm, &d), DSA_STS_SUCCESS, 1,
				       (uint32_t)(fault - start) - 1, 0);
			}
			perm(tm, hole, TM_RW);
		}
		struct dsa_desc d = op2(DSA_OP_COMPARE_PATTERN, SRC + 3, 0, 7 * TM_PAGE + 9);
		uint64_t hole = SRC + page * TM_PAGE, fault = page ? hole : d.src;

		memset(at(tm, SRC), 0, 8 * TM_PAGE);
		perm(tm, hole, 0);
		expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT, 0, (uint32_t)(fault - d.src), fault);
		perm(tm, hole, TM_RW);
	}
	tm_free(tm);
}

/* ---- CRC ---- */

static uint32_t reverse(uint32_t v, unsigned int bits)
{
	uint32_t r = 0;

	for (unsigned int i = 0; i < bits; i++)
		r |= ((v >> i) & 1) << (bits - 1 - i);
	return r;
}

/* The appendix to the letter: a division, one bit at a time, highest power first. */
static uint32_t crc_reference(const uint8_t *p, size_t len, uint32_t seed, uint32_t flags)
{
	bool plain = flags & DSA_FLAG_CRC_NO_INVERT;
	uint32_t r = plain ? seed : ~reverse(seed, 32);

	for (size_t i = 0; i < len; i++) {
		uint32_t byte = flags & DSA_FLAG_CRC_NO_REFLECT ? p[i] : reverse(p[i], 8);

		r ^= byte << 24;
		for (unsigned int bit = 0; bit < 8; bit++)
			r = r << 1 ^ (r >> 31 ? 0x1edc6f41 : 0);
	}
	return plain ? r : reverse(~r, 32);
}

static void crc_known_answer(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = op2(DSA_OP_CRC, SRC, 0, 9);

	(void)state;
	memcpy(at(tm, SRC), "123456789", 9);
	expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
	assert_int_equal(tm_compl(tm, 0)->op[0], 0xe3069283);
	assert_int_equal(tm_compl(tm, 0)->op[1], 0);
	tm_free(tm);
}

static void crc_differential(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	fill_random(tm, SRC, MAX);
	for (unsigned int i = 0; i < test_rounds(1500); i++) {
		bool copy = i % 2;
		uint32_t flags = (tm_rand() % 4) << 17;
		uint32_t size = 1 + tm_rand() % (i % 16 ? 300 : MAX - 200);
		uint64_t src = SRC + tm_rand() % 64, dst = copy ? DST + tm_rand() % 64 : 0;
		struct dsa_desc d = op2(copy ? DSA_OP_COPY_CRC : DSA_OP_CRC, src, dst, size);

		d.op_flags |= flags;
		d.op[0] = i % 3 ? tm_rand() : 0;
		if (copy)
			memset(at(tm, dst), 0, size);
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		assert_int_equal(tm_compl(tm, 0)->op[0],
				 crc_reference(at(tm, src), size, (uint32_t)d.op[0], flags));
		if (!flags)
			assert_int_equal((uint32_t)tm_compl(tm, 0)->op[0],
					 ~crc32_iscsi(at(tm, src), (int)size,
						      ~(uint32_t)d.op[0]));
		if (copy)
			assert_memory_equal(at(tm, src), at(tm, dst), size);
	}
	tm_free(tm);
}

static void crc_seed_in_memory(void **state)
{
	static const unsigned int ops[] = { DSA_OP_CRC, DSA_OP_COPY_CRC };
	struct tm *tm = tm_new_up();
	const uint32_t seed = 0x12345678;

	(void)state;
	fill_random(tm, SRC, 64);
	memcpy(at(tm, DST2), &seed, sizeof(seed));
	for (unsigned int i = 0; i < 2; i++) {
		struct dsa_desc d = op2(ops[i], SRC, i ? DST : 0, 64);

		/* The address is reserved without the flag, and its traffic class. */
		d.op[1] = DST2;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_NONZERO_RESERVED);
		d = op2(ops[i], SRC, i ? DST : 0, 64);
		d.op_flags |= DSA_FLAG_ADDR3_TC;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BAD_FLAGS);
		d.op_flags |= DSA_FLAG_CRC_READ_SEED;
		d.op[1] = DST2;
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		assert_int_equal(tm_compl(tm, 0)->op[0], crc_reference(at(tm, SRC), 64, seed, 0));
		/* With it, the seed in the descriptor is. */
		d.op[0] = 1;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_NONZERO_RESERVED);
		d.op[0] = 0;
		for (unsigned int off = 1; off < 4; off++) {
			d.op[1] = DST2 + off;
			assert_int_equal(tm_do(tm, &d)->status, DSA_STS_ADDR_ALIGN);
		}
		d.op[1] = DST2 + 8;
		perm(tm, DST2, 0);
		expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT, 0, 0, DST2 + 8);
		perm(tm, DST2, TM_RW);
	}
	tm_free(tm);
}

/* The value in the record is the seed of the rest, whatever the flags. */
static void crc_fault_and_resume(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	fill_random(tm, SRC, 8 * TM_PAGE);
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int page = i % 8;
		uint32_t flags = (i / 8 % 4) << 17;
		bool copy = i / 32;
		struct dsa_desc d = op2(copy ? DSA_OP_COPY_CRC : DSA_OP_CRC, SRC + 77,
					copy ? DST + 5 : 0, 7 * TM_PAGE);
		uint32_t want = crc_reference(at(tm, d.src), d.size, 99, flags);
		uint64_t hole = (copy && i % 2 ? DST : SRC) + page * TM_PAGE;
		struct dsa_compl *c;

		d.op[0] = 99;
		d.op_flags |= flags;
		perm(tm, hole, 0);
		c = tm_do(tm, &d);
		assert_int_equal(c->status & DSA_STS_MASK, DSA_STS_PAGE_FAULT);
		assert_int_equal(c->status >> 7, copy && i % 2);
		assert_int_equal(c->fault_addr, page ? hole : copy && i % 2 ? d.dst : d.src);
		perm(tm, hole, TM_RW);
		d.src += c->bytes;
		d.dst += copy ? c->bytes : 0;
		d.size -= c->bytes;
		d.op[0] = c->op[0];
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		assert_int_equal(tm_compl(tm, 0)->op[0], want);
		if (copy)
			assert_memory_equal(at(tm, DST + 5), at(tm, SRC + 77), 7 * TM_PAGE);
	}
	tm_free(tm);
}

static void copy_crc_overlap(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (int off = -70; off <= 70; off++) {
		struct dsa_desc d = op2(DSA_OP_COPY_CRC, SRC + 100, SRC + 100 + (uint64_t)off, 64);

		assert_int_equal(tm_do(tm, &d)->status,
				 off > -64 && off < 64 ? DSA_STS_OVERLAP : DSA_STS_SUCCESS);
	}
	tm_free(tm);
}

/* ---- dualcast ---- */

static struct dsa_desc dualcast(uint64_t src, uint64_t dst, uint64_t dst2, uint32_t size)
{
	struct dsa_desc d = op2(DSA_OP_DUALCAST, src, dst, size);

	d.op[0] = dst2;
	return d;
}

static void dualcast_differential(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 500; i++) {
		uint32_t size = 1 + tm_rand() % (i % 8 ? 300 : MAX - 5000);
		unsigned int off = tm_rand() % TM_PAGE;
		struct dsa_desc d = dualcast(SRC + tm_rand() % 64, DST + off, DST2 + off, size);

		fill_random(tm, d.src, 64);
		fill_random(tm, d.src + size - 1, 1);
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		assert_memory_equal(at(tm, d.dst), at(tm, d.src), size);
		assert_memory_equal(at(tm, d.op[0]), at(tm, d.src), size);
	}
	tm_free(tm);
}

/* Trap 20. */
static void dualcast_alignment(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int bit = 0; bit < 12; bit++) {
		struct dsa_desc d = dualcast(SRC, DST, DST2 | 1u << bit, 64);

		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DUALCAST_ALIGN);
	}
	tm_free(tm);
}

static void dualcast_overlap(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = dualcast(SRC, DST, DST2, 64);

	(void)state;
	d.src = DST + 63;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	d.src = DST2 - 63;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	d.src = DST2 - 64;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	d = dualcast(SRC, DST, DST + TM_PAGE, TM_PAGE + 1);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	d.size = TM_PAGE;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	d.op[0] = DST;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	tm_free(tm);
}

static void dualcast_fault(void **state)
{
	struct tm *tm = tm_new_up();
	static const uint64_t bases[] = { SRC, DST, DST2 };

	(void)state;
	for (unsigned int which = 0; which < 3; which++) {
		for (unsigned int page = 0; page < 5; page++) {
			struct dsa_desc d = dualcast(SRC + 9, DST + 30, DST2 + 30,
						     4 * TM_PAGE + 50);
			uint64_t start[3] = { d.src, d.dst, d.op[0] };
			uint64_t hole = bases[which] + page * TM_PAGE;
			uint64_t fault = page ? hole : start[which];
			uint32_t done = (uint32_t)(fault - start[which]);

			fill_random(tm, SRC, 6 * TM_PAGE);
			memset(at(tm, SRC), 0xff, TM_PAGE);
			for (unsigned int i = 0; i < 6; i++)
				*at(tm, SRC + i * TM_PAGE) = 0xff;
			memset(at(tm, DST), 0, 6 * TM_PAGE);
			memset(at(tm, DST2), 0, 6 * TM_PAGE);
			perm(tm, hole, which ? TM_R : 0);
			expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT |
			       (which ? DSA_STS_WRITE_FAULT : 0), 0, done, fault);
			/* Both are equally far, and not a byte further. */
			for (uint32_t i = done; i < d.size; i++) {
				assert_int_equal(*at(tm, d.dst + i), 0);
				assert_int_equal(*at(tm, d.op[0] + i), 0);
			}
			assert_memory_equal(at(tm, d.dst), at(tm, d.src), done);
			assert_memory_equal(at(tm, d.op[0]), at(tm, d.src), done);
			perm(tm, hole, TM_RW);
		}
	}
	tm_free(tm);
}

/* ---- all together ---- */

/*
 * Pages go missing at random; resuming as a driver does ends with the same memory
 * as an undisturbed memmove.
 */
static void resume_way(struct tm *tm)
{
	static uint8_t want[MAX];

	for (unsigned int i = 0; i < 400; i++) {
		uint32_t size = 1 + tm_rand() % (MAX - 3 * TM_PAGE);
		uint64_t src = SRC + tm_rand() % (2 * TM_PAGE);
		uint64_t dst = (i % 2 ? DST : SRC) + tm_rand() % (2 * TM_PAGE);
		struct dsa_desc d = op2(DSA_OP_MEMMOVE, src, dst, size);
		unsigned int rounds = 0;
		struct dsa_compl *c;

		fill_random(tm, src, 32);
		fill_random(tm, src + size / 2, 1);
		memcpy(want, at(tm, src), size);
		for (unsigned int k = 0; k < 6; k++)
			perm(tm, SRC + tm_rand() % 36 * TM_PAGE, (int)(tm_rand() % 2));
		while (c = tm_do(tm, &d), c->status != DSA_STS_SUCCESS) {
			assert_true(rounds++ < 100);
			assert_int_equal(c->status & DSA_STS_MASK, DSA_STS_PAGE_FAULT);
			assert_true(c->bytes < d.size);
			perm(tm, c->fault_addr, TM_RW);
			d.size -= c->bytes;
			if (!c->result) {
				d.src += c->bytes;
				d.dst += c->bytes;
			}
		}
		assert_memory_equal(at(tm, dst), want, size);
		memset(tm_space(tm, PASID_A)->perm, TM_RW, TM_PAGES);
	}
}

static void resume_after_random_faults(void **state)
{
	(void)state;
	each_way(resume_way);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memmove_differential),
		cmocka_unit_test(memmove_uses_copy),
		cmocka_unit_test(memmove_fault),
		cmocka_unit_test(memmove_backward_fault),
		cmocka_unit_test(memmove_overlap_without_capability),
		cmocka_unit_test(address_wrap),
		cmocka_unit_test(fill_differential),
		cmocka_unit_test(fill_fault),
		cmocka_unit_test(compare),
		cmocka_unit_test(compare_pattern),
		cmocka_unit_test(compare_fault),
		cmocka_unit_test(crc_known_answer),
		cmocka_unit_test(crc_differential),
		cmocka_unit_test(crc_seed_in_memory),
		cmocka_unit_test(crc_fault_and_resume),
		cmocka_unit_test(copy_crc_overlap),
		cmocka_unit_test(dualcast_differential),
		cmocka_unit_test(dualcast_alignment),
		cmocka_unit_test(dualcast_overlap),
		cmocka_unit_test(dualcast_fault),
		cmocka_unit_test(resume_after_random_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
