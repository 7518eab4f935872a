/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/* Batches, fences, drains, and the order of things, in the DSA model. */

#include "test_model_util.h"

#define SRC	TM_VA(TM_DATA)
#define DST	TM_VA(TM_DATA + 20)
#define MEMBERS	256	/* four pages of list */

static struct dsa_desc list[MEMBERS];

static uint8_t *at(struct tm *tm, uint64_t va)
{
	return tm_ptr(tm, PASID_A, va);
}

/* n no-ops with records 1 to n. */
static void noops(struct tm *tm, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		list[i] = tm_desc(DSA_OP_NOOP, 0);
		list[i].compl_addr = tm_compl_va((1 + i) % 120);
	}
	memset(at(tm, TM_COMPL), 0, TM_PAGE);
}

static struct dsa_compl *run(struct tm *tm, unsigned int n)
{
	struct dsa_desc d = tm_batch(tm, list, n);

	return tm_do(tm, &d);
}

static void expect(const struct dsa_compl *c, unsigned int status, uint32_t done, uint64_t fault)
{
	assert_int_equal(c->status, status);
	assert_int_equal(c->result, 0);
	assert_int_equal(c->bytes, done);
	assert_int_equal(c->fault_addr, fault);
}

/* Member n fails: a size of 0. */
static void spoil(unsigned int n)
{
	list[n].op_flags = DSA_OP_FLAGS(DSA_OP_MEMMOVE, TM_REC);
}

static void fence(unsigned int n)
{
	list[n].op_flags |= DSA_FLAG_FENCE;
}

static void batch_sizes(void **state)
{
	static const unsigned int sizes[] = { 2, 3, 15, 16, 17, 32, 33, 100, 119 };
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct dsa_desc d;

		noops(tm, sizes[s]);
		d = tm_batch(tm, list, sizes[s]);
		tm_post(tm, 0, &d);
		/* The batch descriptor counts too. */
		assert_int_equal(tm_run(tm), sizes[s] + 1);
		expect(tm_compl(tm, 0), DSA_STS_SUCCESS, sizes[s], 0);
		for (unsigned int i = 1; i <= sizes[s]; i++)
			expect(tm_compl(tm, i), DSA_STS_SUCCESS, 0, 0);
	}
	tm_free(tm);
}

static void batch_moves_data(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	tm_random_bytes(at(tm, SRC), 64 * 100);
	for (unsigned int i = 0; i < 100; i++) {
		list[i] = tm_desc(DSA_OP_MEMMOVE, 0);
		list[i].compl_addr = tm_compl_va(1 + i);
		list[i].src = SRC + 64 * i;
		list[i].dst = DST + 64 * (99 - i);
		list[i].size = 64;
	}
	expect(run(tm, 100), DSA_STS_SUCCESS, 100, 0);
	for (unsigned int i = 0; i < 100; i++)
		assert_memory_equal(at(tm, SRC + 64 * i), at(tm, DST + 64 * (99 - i)), 64);
	tm_free(tm);
}

/* The list is fetched in pieces of several descriptors. */
static void list_is_read_in_chunks(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	noops(tm, 64);
	tm->reads = 0;
	expect(run(tm, 64), DSA_STS_SUCCESS, 64, 0);
	assert_true(tm->reads <= 8);
	tm_free(tm);
}

/* Trap 15: one to many, by the WQ's limit. */
static void descriptor_count(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d;

	(void)state;
	tm_config_wq(tm, 0, 16, TM_DEDICATED);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_LIMITS), DSA_WQCFG_MAX_BATCH_SHIFT(4));
	tm_config_group(tm, 0, 1, 1);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	noops(tm, 17);
	d = tm_batch(tm, list, 17);
	for (unsigned int n = 0; n <= 17; n++) {
		d.size = n;
		assert_int_equal(tm_do(tm, &d)->status,
				 n < 2 || n > 16 ? DSA_STS_DESC_COUNT : DSA_STS_SUCCESS);
	}
	d.size = UINT32_MAX;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DESC_COUNT);
	tm_free(tm);
}

/* Trap 16. */
static void list_alignment(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d;

	(void)state;
	noops(tm, 2);
	d = tm_batch(tm, list, 2);
	for (unsigned int off = 1; off < 64; off++) {
		d.src = TM_LIST + off;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_LIST_ALIGN);
	}
	tm_free(tm);
}

static void not_in_a_batch(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	noops(tm, 4);
	list[1] = tm_batch(tm, list, 2);
	list[1].compl_addr = tm_compl_va(2);
	list[2].op_flags = DSA_OP_FLAGS(DSA_OP_DRAIN, TM_REC);
	expect(run(tm, 4), DSA_STS_BATCH_FAIL, 4, 0);
	assert_int_equal(tm_compl(tm, 1)->status, DSA_STS_SUCCESS);
	assert_int_equal(tm_compl(tm, 2)->status, DSA_STS_BAD_OPCODE);
	assert_int_equal(tm_compl(tm, 3)->status, DSA_STS_BAD_OPCODE);
	assert_int_equal(tm_compl(tm, 4)->status, DSA_STS_SUCCESS);
	tm_free(tm);
}

/* A failure makes the batch fail, at every place; the others are done. */
static void failed_member(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int n = 2; n < 40; n += 5) {
		for (unsigned int bad = 0; bad < n; bad++) {
			noops(tm, n);
			spoil(bad);
			expect(run(tm, n), DSA_STS_BATCH_FAIL, n, 0);
			for (unsigned int i = 0; i < n; i++)
				assert_int_equal(tm_compl(tm, 1 + i)->status, i == bad ?
						 DSA_STS_XFER_SIZE : DSA_STS_SUCCESS);
		}
	}
	tm_free(tm);
}

/* Trap 17: a fence lets nothing past a failure, at every place of both. */
static void fence_after_failure(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int n = 2; n < 36; n += 11) {
		for (unsigned int bad = 0; bad < n; bad++) {
			for (unsigned int f = 0; f < n; f++) {
				unsigned int done = f > bad ? f : n;

				noops(tm, n);
				spoil(bad);
				fence(f);
				/* A fence on the bad one itself is allowed, and passed. */
				expect(run(tm, n), DSA_STS_BATCH_FAIL, done, 0);
				for (unsigned int i = 0; i < n; i++)
					assert_true(!tm_compl(tm, 1 + i)->status == (i >= done));
			}
		}
	}
	tm_free(tm);
}

static void fence_without_failure(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	noops(tm, 20);
	for (unsigned int i = 0; i < 20; i++)
		fence(i);
	expect(run(tm, 20), DSA_STS_SUCCESS, 20, 0);
	tm_free(tm);
}

/* Success with a false predicate is no plain success: it stops at the fence. */
static void fence_after_false_predicate(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int expected = 0; expected < 2; expected++) {
		noops(tm, 3);
		list[0] = tm_desc(DSA_OP_COMPARE, DSA_FLAG_CHECK_RESULT);
		list[0].compl_addr = tm_compl_va(1);
		list[0].src = SRC;
		list[0].dst = DST;
		list[0].size = 8;
		list[0].op[0] = expected;
		*at(tm, SRC) = 1;
		*at(tm, DST) = 2;
		fence(1);
		if (expected)
			expect(run(tm, 3), DSA_STS_SUCCESS, 3, 0);
		else
			expect(run(tm, 3), DSA_STS_BATCH_FAIL, 1, 0);
		assert_int_equal(tm_compl(tm, 1)->result, 1);
	}
	tm_free(tm);
}

/* A fence orders inside a batch; outside it is an invalid flag. */
static void fence_outside_a_batch(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, DSA_FLAG_FENCE);

	(void)state;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BAD_FLAGS);
	assert_int_equal(tm_compl(tm, 0)->op[0], DSA_FLAG_FENCE);
	noops(tm, 2);
	d = tm_batch(tm, list, 2);
	d.op_flags |= DSA_FLAG_FENCE;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BAD_FLAGS);
	tm_free(tm);
}

/* One descriptor uses what the one before it made. */
static void fence_orders_data(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	tm_random_bytes(at(tm, SRC), 5000);
	for (unsigned int i = 0; i < 40; i++) {
		list[i] = tm_desc(DSA_OP_MEMMOVE, i ? DSA_FLAG_FENCE : 0);
		list[i].compl_addr = tm_compl_va(1 + i);
		list[i].src = i % 2 ? DST : SRC;
		list[i].dst = i % 2 ? SRC : DST;
		list[i].size = 5000 - i;
	}
	expect(run(tm, 40), DSA_STS_SUCCESS, 40, 0);
	assert_memory_equal(at(tm, SRC), at(tm, DST), 4961);
	tm_free(tm);
}

/* A fault in the list: 0x06, as many done as could be read. */
static void list_fault(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int page = 0; page < 4; page++) {
		unsigned int done = page * 64;

		noops(tm, MEMBERS);
		tm_space(tm, PASID_A)->perm[1 + page] = 0;
		for (unsigned int i = 0; i < MEMBERS; i++)
			at(tm, TM_LIST)[64 * i] = 0;
		expect(run(tm, MEMBERS), DSA_STS_BATCH_PAGE_FAULT, done, TM_LIST + 64 * done);
		tm_space(tm, PASID_A)->perm[1 + page] = TM_RW;
	}
	/* The list begins in the middle of a fetch of several. */
	noops(tm, 40);
	for (unsigned int first = 1; first < 40; first++) {
		struct dsa_desc d = tm_desc(DSA_OP_BATCH, 0);

		memcpy(at(tm, TM_VA(2) - 64 * first), list, 40 * 64);
		d.src = TM_VA(2) - 64 * first;
		d.size = 40;
		tm_space(tm, PASID_A)->perm[2] = 0;
		expect(tm_do(tm, &d), DSA_STS_BATCH_PAGE_FAULT, first, TM_VA(2));
		tm_space(tm, PASID_A)->perm[2] = TM_RW;
		expect(tm_do(tm, &d), DSA_STS_SUCCESS, 40, 0);
	}
	tm_free(tm);
}

/* A list at the end of the address space does not go on at its start. */
static void list_wrap(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int room = 1; room < 20; room++) {
		struct dsa_desc d = tm_desc(DSA_OP_BATCH, 0);

		noops(tm, 20);
		d.src = 0 - 64 * (uint64_t)room;
		d.size = 20;
		memcpy(at(tm, d.src), list, 64 * room);
		expect(tm_do(tm, &d), DSA_STS_BATCH_PAGE_FAULT, room, 0);
		d.size = room;
		if (room > 1)
			expect(tm_do(tm, &d), DSA_STS_SUCCESS, room, 0);
	}
	tm_free(tm);
}

/* Without a record an error of a member goes to SWERR, with its index. */
static void member_without_record(void **state)
{
	struct tm *tm = tm_new_up();
	uint64_t w0;

	(void)state;
	noops(tm, 20);
	for (unsigned int i = 0; i < 20; i++) {
		list[i].op_flags = DSA_OP_FLAGS(DSA_OP_NOOP, 0);
		list[i].compl_addr = 0;
	}
	expect(run(tm, 20), DSA_STS_SUCCESS, 20, 0);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR), 0);
	assert_int_equal(tm_compl(tm, 1)->status, 0);
	list[18].op_flags = DSA_OP_FLAGS(0xee, 0);
	expect(run(tm, 20), DSA_STS_BATCH_FAIL, 20, 0);
	w0 = tm_r64(tm, DSA_REG_SWERR);
	assert_int_equal(DSA_SWERR_ERROR(w0), DSA_STS_BAD_OPCODE);
	assert_true(w0 & DSA_SWERR_BATCH);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 8) & 0xffff, 18);
	assert_int_equal(DSA_SWERR_OPERATION(w0), 0xee);
	tm_free(tm);
}

/* Status 0x05 alone does not make a record that was not asked for; 0x06 does. */
static void batch_without_requested_record(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d;

	(void)state;
	noops(tm, 4);
	spoil(1);
	d = tm_batch(tm, list, 4);
	d.op_flags &= ~DSA_FLAG_COMPL_REQ;
	assert_int_equal(tm_do(tm, &d)->status, 0);
	assert_int_equal(tm_compl(tm, 4)->status, DSA_STS_SUCCESS);
	tm_space(tm, PASID_A)->perm[1] = 0;
	expect(tm_do(tm, &d), DSA_STS_BATCH_PAGE_FAULT, 0, TM_LIST);
	/* And without any: SWERR gets 0x06, not 0x05. */
	d.op_flags &= ~DSA_FLAG_COMPL_VALID;
	d.compl_addr = 0;
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_BATCH_PAGE_FAULT);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 16), TM_LIST);
	tm_w32(tm, DSA_REG_SWERR, 3);
	tm_space(tm, PASID_A)->perm[1] = TM_RW;
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR) & 1, 0);
	tm_free(tm);
}

/* A member's record that cannot be written: SWERR, and the batch is suspect. */
static void member_record_fault(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	noops(tm, 6);
	list[2].compl_addr = TM_VA(TM_DATA);
	fence(4);
	tm_space(tm, PASID_A)->perm[TM_DATA] = TM_R;
	expect(run(tm, 6), DSA_STS_BATCH_FAIL, 4, 0);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_COMPL_FAULT);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 8) & 0xffff, 2);
	tm_free(tm);
}

/* All members have the batch's PASID, and not what they say. */
static void members_have_the_batch_pasid(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d;

	(void)state;
	tm_up(tm, TM_SHARED);
	noops(tm, 4);
	for (unsigned int i = 0; i < 4; i++)
		list[i].pasid_priv = PASID_A | 0x7ff00000;	/* ignored */
	d = tm_batch(tm, list, 4);
	memcpy(tm_ptr(tm, PASID_B, TM_LIST), list, sizeof(list[0]) * 4);
	d.pasid_priv = PASID_B;
	assert_int_equal(sva_dsa_portal_write(tm->dsa, 0, &d, true), SVA_DSA_ACCEPTED);
	tm_run(tm);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(tm_compl(tm, i)->status, 0);
		assert_int_equal(*tm_ptr(tm, PASID_B, tm_compl_va(i)), DSA_STS_SUCCESS);
	}
	tm_free(tm);
}

static void interrupt_of_a_member(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d;

	(void)state;
	tm_up(tm, TM_DEDICATED | DSA_WQCFG_PRIV);
	tm_w32(tm, tm_msix_perm(tm, 3), PASID_A << 12 | 8);
	tm_w32(tm, tm_msix_perm(tm, 4), PASID_A << 12 | 8);
	noops(tm, 4);
	list[2].op_flags |= DSA_FLAG_COMPL_INT;
	list[2].int_handle = 3;
	d = tm_batch(tm, list, 4);
	d.op_flags |= DSA_FLAG_COMPL_INT;
	d.int_handle = 4;
	expect(tm_do(tm, &d), DSA_STS_SUCCESS, 4, 0);
	assert_int_equal(tm->irq[3], 1);
	assert_int_equal(tm->irq[4], 1);
	tm_free(tm);
}

/* A step does no more than its budget, wherever that falls in a batch. */
static void budget(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int per = 1; per < 40; per++) {
		struct dsa_desc d;
		unsigned int done = 0, n;

		noops(tm, 37);
		d = tm_batch(tm, list, 37);
		tm_post(tm, 0, &d);
		tm_post(tm, 0, &d);
		while ((n = sva_dsa_step(tm->dsa, per)) != 0) {
			assert_true(n <= per);
			assert_true(n == per || done + n == 2 * 38);
			done += n;
		}
		assert_int_equal(done, 2 * 38);
		expect(tm_compl(tm, 0), DSA_STS_SUCCESS, 37, 0);
	}
	tm_free(tm);
}

/* A drain in a WQ with several engines waits for the batches before it. */
static void drain_waits(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d, drain = tm_desc(DSA_OP_DRAIN, 0);

	(void)state;
	tm_config_wq(tm, 0, 16, TM_DEDICATED);
	tm_config_group(tm, 0, 1, 0xf);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	noops(tm, 50);
	d = tm_batch(tm, list, 50);
	drain.compl_addr = tm_compl_va(100);
	tm_post(tm, 0, &d);
	d.compl_addr = tm_compl_va(101);
	tm_post(tm, 0, &d);
	tm_post(tm, 0, &drain);
	while (sva_dsa_step(tm->dsa, 1)) {
		if (tm_compl(tm, 100)->status) {
			assert_int_equal(tm_compl(tm, 0)->status, DSA_STS_SUCCESS);
			assert_int_equal(tm_compl(tm, 101)->status, DSA_STS_SUCCESS);
		}
	}
	assert_int_equal(tm_compl(tm, 100)->status, DSA_STS_SUCCESS);
	tm_free(tm);
}

/* In a shared WQ it does not wait for another PASID. */
static void drain_of_another_pasid(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d, drain = tm_desc(DSA_OP_DRAIN, 0);

	(void)state;
	tm_config_wq(tm, 0, 16, TM_SHARED);
	tm_config_group(tm, 0, 1, 3);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	noops(tm, 50);
	d = tm_batch(tm, list, 50);
	d.pasid_priv = PASID_A;
	drain.pasid_priv = PASID_B;
	assert_int_equal(sva_dsa_portal_write(tm->dsa, 0, &d, true), SVA_DSA_ACCEPTED);
	assert_int_equal(sva_dsa_portal_write(tm->dsa, 0, &drain, true), SVA_DSA_ACCEPTED);
	assert_int_equal(sva_dsa_step(tm->dsa, 20), 20);
	assert_int_equal(*tm_ptr(tm, PASID_B, tm_compl_va(0)), DSA_STS_SUCCESS);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	tm_run(tm);
	expect(tm_compl(tm, 0), DSA_STS_SUCCESS, 50, 0);
	tm_free(tm);
}

/* With one engine, descriptors of one WQ are done in their order. */
static void in_order_with_one_engine(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d;

	(void)state;
	for (unsigned int i = 0; i < 16; i++) {
		d = tm_desc(DSA_OP_FILL, 0);
		d.compl_addr = tm_compl_va(i);
		d.src = i;
		d.dst = DST;
		d.size = 8;
		assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
	}
	for (unsigned int i = 0; i < 16; i++) {
		assert_int_equal(sva_dsa_step(tm->dsa, 1), 1);
		assert_int_equal(*at(tm, DST), i);
	}
	tm_free(tm);
}

/* Several WQs, groups and engines at once: every descriptor is done once. */
static void many_at_once(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops_no_copy);
	unsigned int posted[8] = { 0 };

	(void)state;
	for (unsigned int w = 0; w < 8; w++)
		tm_config_wq(tm, w, 16, TM_DEDICATED);
	tm_config_group(tm, 0, 0x07, 0x3);
	tm_config_group(tm, 1, 0x38, 0x4);
	tm_config_group(tm, 2, 0xc0, 0x8);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	for (unsigned int w = 0; w < 8; w++)
		assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, w), 0);
	memset(at(tm, DST), 0, 8 * TM_PAGE);
	for (unsigned int round = 0; round < 2000; round++) {
		unsigned int w = tm_rand() % 8;
		struct dsa_desc d = tm_desc(DSA_OP_FILL, 0);

		/* Byte k of page w counts the k-th descriptor of WQ w. */
		d.src = 1 + posted[w] % 255;
		d.dst = DST + w * TM_PAGE + posted[w];
		d.size = 1;
		if (tm_post(tm, w, &d) == SVA_DSA_ACCEPTED)
			posted[w]++;
		else
			assert_int_equal(sva_dsa_wq_room(tm->dsa, w), 0);
		if (tm_rand() % 4 == 0)
			sva_dsa_step(tm->dsa, tm_rand() % 8);
	}
	tm_run(tm);
	for (unsigned int w = 0; w < 8; w++) {
		assert_true(posted[w] > 16);
		for (unsigned int k = 0; k < posted[w]; k++)
			assert_int_equal(*at(tm, DST + w * TM_PAGE + k), 1 + k % 255);
		assert_int_equal(*at(tm, DST + w * TM_PAGE + posted[w]), 0);
	}
	tm_free(tm);
}

/* Lists of anything, commands at any time: it ends, and does no harm. */
static void random_lists(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < test_rounds(3000); i++) {
		struct dsa_desc d = tm_batch(tm, list, 0);

		tm_random_bytes((uint8_t *)list, 64 * sizeof(list[0]));
		for (unsigned int k = 0; k < 64; k++) {
			if (tm_rand() % 2)
				list[k] = tm_desc(tm_rand() % 0x24, tm_rand() % 2);
			list[k].size %= 100000;
			list[k].compl_addr = tm_compl_va(tm_rand() % 100);
			if (tm_rand() % 4)
				list[k].src = SRC + tm_rand() % 100000;
			if (tm_rand() % 4)
				list[k].dst = DST + tm_rand() % 60000;
		}
		d = tm_batch(tm, list, 64);
		d.size = 2 + tm_rand() % 63;
		if (tm_rand() % 8 == 0)
			d.src = TM_VA(TM_PAGES) - 64 * (tm_rand() % 64);
		assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
		sva_dsa_step(tm->dsa, tm_rand() % 100);
		switch (tm_rand() % 8) {
		case 0:
			tm_cmd(tm, DSA_CMD_ABORT_WQ, 1);
			break;
		case 1:
			tm_cmd(tm, DSA_CMD_ABORT_PASID, PASID_A);
			break;
		case 2:
			tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DRAIN_ALL, 0));
			break;
		case 3:
			tm_cmd(tm, DSA_CMD_RESET_DEVICE, 0);
			tm_up(tm, TM_DEDICATED);
			break;
		}
		tm_run(tm);
		assert_false(tm_r32(tm, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE);
	}
	tm_free(tm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batch_sizes),
		cmocka_unit_test(batch_moves_data),
		cmocka_unit_test(list_is_read_in_chunks),
		cmocka_unit_test(descriptor_count),
		cmocka_unit_test(list_alignment),
		cmocka_unit_test(not_in_a_batch),
		cmocka_unit_test(failed_member),
		cmocka_unit_test(fence_after_failure),
		cmocka_unit_test(fence_without_failure),
		cmocka_unit_test(fence_after_false_predicate),
		cmocka_unit_test(fence_outside_a_batch),
		cmocka_unit_test(fence_orders_data),
		cmocka_unit_test(list_fault),
		cmocka_unit_test(list_wrap),
		cmocka_unit_test(member_without_record),
		cmocka_unit_test(batch_without_requested_record),
		cmocka_unit_test(member_record_fault),
		cmocka_unit_test(members_have_the_batch_pasid),
		cmocka_unit_test(interrupt_of_a_member),
		cmocka_unit_test(budget),
		cmocka_unit_test(drain_waits),
		cmocka_unit_test(drain_of_another_pasid),
		cmocka_unit_test(in_order_with_one_engine),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(random_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
