/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Create and apply delta record of the DSA model, against a plain implementation, with
 * page faults at every place, and resumed as software does it.
 */

#include "test_model_util.h"

#define A	TM_VA(TM_DATA)		/* 16 pages */
#define B	TM_VA(TM_DATA + 16)	/* 16 pages */
#define REC	TM_VA(TM_DATA + 32)	/* 26 pages */
#define MAX	(16 * TM_PAGE)

static uint8_t record[MAX / 8 * 10];
static struct { uint8_t before[MAX], after[MAX]; } copy;

static uint8_t *at(struct tm *tm, uint64_t va)
{
	return tm_ptr(tm, PASID_A, va);
}

static void perm(struct tm *tm, uint64_t va, int bits)
{
	tm_space(tm, PASID_A)->perm[(va - TM_BASE) / TM_PAGE] = (uint8_t)bits;
}

static struct dsa_desc create(uint32_t size, uint32_t max)
{
	struct dsa_desc d = tm_desc(DSA_OP_CREATE_DELTA, 0);

	d.src = A;
	d.dst = B;
	d.size = size;
	d.op[0] = REC;
	d.op[1] = max;
	return d;
}

static struct dsa_desc apply(uint64_t dst, uint32_t size, uint32_t used)
{
	struct dsa_desc d = tm_desc(DSA_OP_APPLY_DELTA, 0);

	d.src = REC;
	d.dst = dst;
	d.size = size;
	d.op[0] = used;
	return d;
}

/* Two buffers that differ in about one word of `rare`. */
static void differ(struct tm *tm, uint32_t size, uint32_t rare)
{
	tm_random_bytes(at(tm, A), size);
	memcpy(at(tm, B), at(tm, A), size);
	for (uint32_t i = 0; i < size; i += 8) {
		if (tm_rand() % rare == 0)
			at(tm, B)[i + tm_rand() % 8] ^= (uint8_t)(1 + tm_rand() % 255);
	}
}

/* The whole record of two buffers. @return its bytes. */
static uint32_t expected(struct tm *tm, uint32_t size)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < size; i += 8) {
		if (!memcmp(at(tm, A) + i, at(tm, B) + i, 8))
			continue;
		record[n] = (uint8_t)(i / 8);
		record[n + 1] = (uint8_t)(i / 8 >> 8);
		memcpy(record + n + 2, at(tm, B) + i, 8);
		n += 10;
	}
	return n;
}

static void expect(const struct dsa_compl *c, unsigned int status, unsigned int result,
		   uint32_t bytes, uint32_t used)
{
	assert_int_equal(c->status, status);
	assert_int_equal(c->result, result);
	assert_int_equal(c->bytes, bytes);
	assert_int_equal(c->op[0], used);
	assert_int_equal(c->op[1], 0);
}

/* Trap 19: offsets are in units of eight bytes, a delta has ten. */
static void one_difference(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = create(64, 80);

	(void)state;
	memset(at(tm, REC), 0xee, 100);
	expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
	assert_int_equal(*at(tm, REC), 0xee);
	memcpy(at(tm, B + 24), "delta123", 8);
	expect(tm_do(tm, &d), DSA_STS_SUCCESS, 1, 0, 10);
	assert_memory_equal(at(tm, REC), "\003\000delta123\xee", 11);
	tm_free(tm);
}

static void create_and_apply(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < test_rounds(1500); i++) {
		uint32_t size = 8 + tm_rand() % (i % 8 ? 300 : MAX / 8) * 8;
		struct dsa_desc d = create(size, 25 * TM_PAGE);
		uint32_t n;

		differ(tm, size, i % 9 ? 1 + tm_rand() % 20 : UINT32_MAX);
		n = expected(tm, size);
		*at(tm, REC + n) = 0x5a;
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, n != 0, 0, n);
		assert_memory_equal(at(tm, REC), record, n);
		assert_int_equal(*at(tm, REC + n), 0x5a);
		if (!n)
			continue;
		d = apply(A, size, n);
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		assert_memory_equal(at(tm, A), at(tm, B), size);
	}
	tm_free(tm);
}

/* The record is full: what is in it is right, and the rest is told. */
static void overflow(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 500; i++) {
		uint32_t size = 16 * TM_PAGE, n, fit, max = 80 + tm_rand() % 12000;
		struct dsa_desc d = create(size, max);

		differ(tm, size, 2);
		n = expected(tm, size);
		fit = max / 10 * 10;	/* a vendor's test has sizes that are no multiple */
		assert_true(n > fit);
		*at(tm, REC + fit) = 0x5a;
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 2,
		       (record[fit] | (uint32_t)record[fit + 1] << 8) * 8, fit);
		assert_memory_equal(at(tm, REC), record, fit);
		assert_int_equal(*at(tm, REC + fit), 0x5a);
	}
	tm_free(tm);
}

static void expected_result_mask(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int result = 0; result < 3; result++) {
		memset(at(tm, B), 0, 4096);
		if (result)
			memset(at(tm, B), 1, result == 1 ? 64 : 128);
		for (unsigned int mask = 0; mask < 256; mask += 1 + 30 * (mask > 8)) {
			struct dsa_desc d = create(4096, 80);
			struct dsa_compl *c;

			d.op[2] = mask;
			c = tm_do(tm, &d);
			assert_int_equal(c->status, DSA_STS_SUCCESS);
			d.op_flags |= DSA_FLAG_CHECK_RESULT;
			c = tm_do(tm, &d);
			assert_int_equal(c->result, result);
			assert_int_equal(c->status, mask >> result & 1 ? DSA_STS_SUCCESS :
					 DSA_STS_SUCCESS_PREDICATE);
		}
	}
	tm_free(tm);
}

/*
 * A page of any of the three is missing. The continuation makes a second record whose
 * offsets are from where it begins; both together make A into B.
 */
static void create_faults(void **state)
{
	static const struct { uint64_t va; unsigned int pages; bool write; } where[] = {
		{ A, 8, false }, { B, 8, false }, { REC, 9, true },
	};
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int round = 0; round < 60; round++) {
		uint32_t size = 8 * TM_PAGE, total;
		unsigned int w = round % 3, page = tm_rand() % where[w].pages, used, done;
		uint64_t hole = where[w].va + (uint64_t)page * TM_PAGE;
		struct dsa_desc d = create(size, 25 * TM_PAGE);
		struct dsa_compl c;

		differ(tm, size, 1 + round % 4);
		total = expected(tm, size);
		perm(tm, hole, w == 2 ? TM_R : 0);
		c = *tm_do(tm, &d);
		if (w == 2 && total <= page * TM_PAGE) {
			expect(&c, DSA_STS_SUCCESS, 1, 0, total);
			perm(tm, hole, TM_RW);
			continue;
		}
		used = (uint32_t)c.op[0];
		done = c.bytes;
		assert_int_equal(c.status, DSA_STS_PAGE_FAULT | (where[w].write ? 0x80 : 0));
		assert_int_equal(c.fault_addr, hole);
		assert_int_equal(c.result, used != 0);
		assert_int_equal(used % 10, 0);
		if (w == 2) {	/* no difference is lost: the first unwritten is not counted */
			assert_int_equal(used, page * TM_PAGE / 10 * 10);
			assert_int_equal(done, (record[used] | record[used + 1] << 8) * 8);
		} else {
			assert_int_equal(done, page * TM_PAGE);
		}
		assert_memory_equal(at(tm, REC), record, used);
		perm(tm, hole, TM_RW);
		memcpy(copy.before, at(tm, A), size);
		memcpy(copy.after, at(tm, B), size);
		if (used) {
			d = apply(A, size, used);
			expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
			memcpy(copy.before, at(tm, A), size);
		}
		d = create(size - done, 25 * TM_PAGE);
		d.src += done;
		d.dst += done;
		c = *tm_do(tm, &d);
		assert_int_equal(c.status, DSA_STS_SUCCESS);
		if (c.result) {
			d = apply(A + done, size - done, (uint32_t)c.op[0]);
			expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		}
		assert_memory_equal(at(tm, A), copy.after, size);
	}
	tm_free(tm);
}

static void apply_faults(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int round = 0; round < 100; round++) {
		uint32_t size = 8 * TM_PAGE, n, i;
		bool in_record = round % 2;
		unsigned int page = tm_rand() % 8;
		uint64_t hole = (in_record ? REC : A) + (uint64_t)page * TM_PAGE;
		struct dsa_desc d = create(size, 25 * TM_PAGE);
		struct dsa_compl c;

		differ(tm, size, 1 + round % 5);
		n = expected(tm, size);
		tm_do(tm, &d);
		perm(tm, hole, in_record ? 0 : TM_R);
		d = apply(A, size, n);
		c = *tm_do(tm, &d);
		perm(tm, hole, TM_RW);
		if (in_record && n <= page * TM_PAGE) {
			expect(&c, DSA_STS_SUCCESS, 0, 0, 0);
			continue;
		}
		assert_int_equal(c.status, DSA_STS_PAGE_FAULT | (in_record ? 0 : 0x80));
		for (i = 0; i < n; i += 10) {	/* the first delta that needs the page */
			if (in_record ? i + 10 > page * TM_PAGE :
			    (record[i] | record[i + 1] << 8) * 8 >= (int)(page * TM_PAGE))
				break;
		}
		assert_int_equal(c.bytes, i);
		assert_int_equal(c.result, 0);
		d.src += c.bytes;
		d.op[0] -= c.bytes;
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 0, 0, 0);
		assert_memory_equal(at(tm, A), at(tm, B), size);
	}
	tm_free(tm);
}

/* Statuses 7 and 8 say how much was applied before. */
static void bad_records(void **state)
{
	static const struct { uint16_t off[4]; unsigned int status, done; } t[] = {
		{ { 0, 1, 2, 7 }, DSA_STS_SUCCESS, 0 },
		{ { 0, 1, 2, 8 }, DSA_STS_DELTA_RANGE, 30 },
		{ { 9, 1, 2, 3 }, DSA_STS_DELTA_RANGE, 0 },
		{ { 3, 3, 4, 5 }, DSA_STS_DELTA_ORDER, 10 },
		{ { 3, 4, 2, 5 }, DSA_STS_DELTA_ORDER, 20 },
		{ { 0, 0xffff, 1, 2 }, DSA_STS_DELTA_RANGE, 10 },
	};
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct dsa_desc d = apply(A, 64, 40);

		memset(at(tm, A), 0, 64);
		for (unsigned int k = 0; k < 4; k++) {
			memset(at(tm, REC + 10 * k), 0x77, 10);
			memcpy(at(tm, REC + 10 * k), &t[i].off[k], 2);
		}
		expect(tm_do(tm, &d), t[i].status, 0, t[i].done, 0);
		for (unsigned int k = 0; k < 4; k++)
			if (k < t[i].done / 10)
				assert_int_equal(at(tm, A)[8 * t[i].off[k]], 0x77);
	}
	tm_free(tm);
}

/* Trap 19, the limits. */
static void limits(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d;

	(void)state;
	tm_up(tm, TM_DEDICATED);
	for (unsigned int i = 1; i < 8; i++) {
		d = create(64, 80);
		d.src += i;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_ADDR_ALIGN);
		d = create(64, 80);
		d.dst += i;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_ADDR_ALIGN);
		d = create(64 + i, 80);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_ADDR_ALIGN);
		d = create(64, 80);
		d.op[0] += i;	/* the record may be anywhere */
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
		d = apply(A + i, 64, 10);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_ADDR_ALIGN);
		d = apply(A, 64 + i, 10);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_ADDR_ALIGN);
		d = apply(A, 64, 10 + i);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DELTA_SIZE);
	}
	d = create(0x80008, 80);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_XFER_SIZE);
	d = create(0x80000, 80);	/* right, but not all of it is there */
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	d = apply(A, 0x80008, 10);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_XFER_SIZE);
	for (unsigned int max = 0; max < 80; max += 10) {
		d = create(64, max);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DELTA_SIZE);
	}
	d = apply(A, 64, 0);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DELTA_SIZE);
	/* The record overlaps a source, or the destination. */
	d = create(64, 80);
	d.op[0] = A - 79;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	d.op[0] = A - 80;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	d.op[0] = B + 63;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	d.op[0] = B + 64;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	d = apply(REC - 56, 64, 10);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	d = apply(REC + 8, 64, 10);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_OVERLAP);
	tm_free(tm);
	/* The WQ's largest transfer bounds the record as well. */
	tm = tm_new(NULL, &tm_ops);
	tm_config_wq(tm, 0, 16, TM_DEDICATED);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_LIMITS),
	       DSA_WQCFG_MAX_XFER_SHIFT(7) | DSA_WQCFG_MAX_BATCH_SHIFT(1));
	tm_config_group(tm, 0, 1, 1);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	d = create(64, 120);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	d = create(64, 130);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DELTA_SIZE);
	d = apply(A, 64, 130);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DELTA_SIZE);
	tm_free(tm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_difference),
		cmocka_unit_test(create_and_apply),
		cmocka_unit_test(overflow),
		cmocka_unit_test(expected_result_mask),
		cmocka_unit_test(create_faults),
		cmocka_unit_test(apply_faults),
		cmocka_unit_test(bad_records),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
