/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/* Block on fault and page requests of the DSA model. */

#include "test_model_util.h"

#define SRC	TM_VA(TM_DATA)		/* 16 pages */
#define DST	TM_VA(TM_DATA + 17)	/* 16 pages */
#define DST2	TM_VA(TM_DATA + 34)	/* 24 pages */
#define BOF	(TM_DEDICATED | DSA_WQCFG_MODE_BOF)

static uint8_t *at(struct tm *tm, uint64_t va)
{
	return tm_ptr(tm, PASID_A, va);
}

static void perm(struct tm *tm, uint64_t va, int bits)
{
	tm_space(tm, PASID_A)->perm[(va - TM_BASE) / TM_PAGE] = (uint8_t)bits;
}

static struct tm *new_bof(void)
{
	struct tm *tm = tm_new(NULL, &tm_ops_prs);

	tm_up(tm, BOF);
	return tm;
}

static struct dsa_desc move(uint64_t src, uint64_t dst, uint32_t size)
{
	struct dsa_desc d = tm_desc(DSA_OP_MEMMOVE, DSA_FLAG_BLOCK_ON_FAULT);

	d.src = src;
	d.dst = dst;
	d.size = size;
	return d;
}

/* The capability is there with the callback only; the rest follows from it. */
static void capability(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d = move(SRC, DST, 64);

	(void)state;
	assert_false(tm_r64(tm, DSA_REG_GENCAP) & DSA_GENCAP_BLOCK_ON_FAULT);
	tm_config_wq(tm, 0, 16, BOF);
	tm_config_group(tm, 0, 1, 1);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), DSA_CMDSTS_ERR_BOF_EN);
	tm_free(tm);
	tm = tm_new(NULL, &tm_ops_prs);
	assert_true(tm_r64(tm, DSA_REG_GENCAP) & DSA_GENCAP_BLOCK_ON_FAULT);
	sva_dsa_pci_enable(tm->dsa, SVA_DSA_PCI_PASID | SVA_DSA_PCI_PRIV);
	tm_config_wq(tm, 0, 16, BOF);
	tm_config_group(tm, 0, 1, 1);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), DSA_CMDSTS_ERR_BOF_EN);
	tm_free(tm);
	/* In a WQ that does not allow it the flag is reserved. */
	tm = tm_new(NULL, &tm_ops_prs);
	tm_up(tm, TM_DEDICATED);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BAD_FLAGS);
	assert_int_equal(tm_compl(tm, 0)->op[0], DSA_FLAG_BLOCK_ON_FAULT);
	/* Without the flag a fault of the data is no request. */
	d.op_flags &= ~DSA_FLAG_BLOCK_ON_FAULT;
	perm(tm, SRC, 0);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_PAGE_FAULT);
	assert_int_equal(tm->requests, 0);
	tm_free(tm);
	/* And for some operations it always is. */
	tm = new_bof();
	for (unsigned int op = 0; op < 3; op++) {
		d = tm_desc(op, DSA_FLAG_BLOCK_ON_FAULT);
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BAD_FLAGS);
	}
	tm_free(tm);
}

/* Any operation, with data that keeps it busy. */
static struct dsa_desc any_op(struct tm *tm, unsigned int op)
{
	struct dsa_desc d = move(SRC + tm_rand() % 3000, DST + tm_rand() % 3000, 0);
	unsigned int kind = tm_rand() % 4;
	static const unsigned int blocks[] = { 512, 520, 4096, 4104 };

	d.op_flags = DSA_OP_FLAGS(op, TM_REC | DSA_FLAG_BLOCK_ON_FAULT);
	d.size = 1 + tm_rand() % (10 * TM_PAGE);
	switch (op) {
	case DSA_OP_MEMMOVE:
		if (tm_rand() % 2)
			d.dst = d.src + tm_rand() % 9000;
		break;
	case DSA_OP_FILL:
		d.src = 0x0102030405060708;
		break;
	case DSA_OP_COMPARE:
		memcpy(at(tm, d.dst), at(tm, d.src), d.size);
		if (tm_rand() % 2)
			at(tm, d.dst)[d.size - 1] ^= 1;
		break;
	case DSA_OP_COMPARE_PATTERN:
		d.dst = 0x0102030405060708;
		for (uint32_t i = 0; i < d.size; i++)
			at(tm, d.src)[i] = (uint8_t)(8 - i % 8);
		break;
	case DSA_OP_CREATE_DELTA:
		d.src = SRC;
		d.dst = DST;
		d.size &= ~7u;
		d.size += 8;
		memcpy(at(tm, d.dst), at(tm, d.src), d.size);
		for (uint32_t i = 0; i < d.size; i += 1 + tm_rand() % 100)
			at(tm, d.dst)[i] ^= 1;
		d.op[0] = DST2 + 5;
		d.op[1] = tm_rand() % 2 ? 20000 : 80000;
		break;
	case DSA_OP_APPLY_DELTA:
		d.op[0] = 10 * (1 + tm_rand() % 1000);
		for (unsigned int i = 0; i < d.op[0]; i += 10) {
			uint16_t off = (uint16_t)(i / 10 * 5);

			memcpy(at(tm, d.src) + i, &off, 2);
		}
		d.dst = DST;
		d.size = 10 * TM_PAGE;
		break;
	case DSA_OP_DUALCAST:
		d.op[0] = DST2 + d.dst % TM_PAGE;
		break;
	case DSA_OP_CRC:
		d.dst = 0;
		/* fall through */
	case DSA_OP_COPY_CRC:
		d.op_flags |= DSA_FLAG_CRC_READ_SEED;
		d.op[1] = DST2 + 4 * (tm_rand() % 2000);
		break;
	case DSA_OP_DIF_CHECK:
	case DSA_OP_DIF_INSERT:
	case DSA_OP_DIF_STRIP:
	case DSA_OP_DIF_UPDATE:
		d.size = (op == DSA_OP_DIF_INSERT ? blocks[kind] : blocks[kind] + 8) *
			 (1 + tm_rand() % (9 * TM_PAGE / (blocks[kind] + 8)));
		d.op[0] = DSA_DIF_OP(op == DSA_OP_DIF_INSERT ? 0 : 0x70,
				     op & 1 ? 0x10 : 0, kind);
		d.op[1] = op == DSA_OP_DIF_INSERT ? 0 : DSA_DIF_TAGS(7, 0xffff, 9);
		d.op[2] = op & 1 ? DSA_DIF_TAGS(5, 0, 6) : 0;
		if (op == DSA_OP_DIF_CHECK)
			d.dst = 0;
		break;
	case DSA_OP_CACHE_FLUSH:
		d.src = 0;
		break;
	}
	return d;
}

static const unsigned int data_ops[] = {
	DSA_OP_MEMMOVE, DSA_OP_FILL, DSA_OP_COMPARE, DSA_OP_COMPARE_PATTERN,
	DSA_OP_CREATE_DELTA, DSA_OP_APPLY_DELTA, DSA_OP_DUALCAST, DSA_OP_CRC, DSA_OP_COPY_CRC,
	DSA_OP_DIF_CHECK, DSA_OP_DIF_INSERT, DSA_OP_DIF_STRIP, DSA_OP_DIF_UPDATE,
	DSA_OP_CACHE_FLUSH,
};
#define N_OPS (sizeof(data_ops) / sizeof(data_ops[0]))

/*
 * However the pages come, and wherever a step is paused, everything ends as if they had
 * been there and it had not.
 */
static void as_if_the_pages_were_there(void **state)
{
	struct tm *tm = new_bof(), *ref = new_bof();
	unsigned int requests = 0;

	(void)state;
	tm->slice = SVA_DSA_PAUSE_AFTER;
	tm_random_bytes(at(tm, SRC), 58 * TM_PAGE);
	for (unsigned int i = 0; i < 200 * N_OPS; i++) {
		struct dsa_desc d = any_op(tm, data_ops[i % N_OPS]);

		memset(tm_compl(tm, 0), 0, 32);
		memcpy(&ref->space[0], &tm->space[0], sizeof(tm->space[0]));
		tm_do(ref, &d);
		for (unsigned int p = TM_DATA; p < TM_PAGES; p++)
			tm->space[0].perm[p] = (uint8_t)(tm_rand() % 8 == 0 ? TM_RW :
							 tm_rand() % 4 ? TM_R : 0);
		if (i % 7 == 0)		/* the record too */
			tm->space[0].perm[0] = 0;
		tm->requests = 0;
		assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
		do {
			tm->answer = tm_rand() % 2 ? TM_RESOLVE : TM_PEND;
			tm_run(tm);
		} while (tm_answer(tm, true));
		requests += tm->requests;
		memset(tm->space[0].perm, TM_RW, TM_PAGES);
		assert_int_not_equal(tm_compl(tm, 0)->status, 0);
		assert_memory_equal(tm->space[0].data, ref->space[0].data,
				    sizeof(tm->space[0].data));
	}
	assert_true(requests > 10 * 200 * N_OPS / 4);
	assert_true(tm->pauses > 20 * N_OPS);
	tm_free(tm);
	tm_free(ref);
}

/* An embedder gets its thread back in the middle of an operation, also where none may block. */
static void pauses(void **state)
{
	struct dsa_desc d, list[2];

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct sva_dsa_config c = *sva_dsa_profile("default");
		struct tm *tm;

		c.seed = seed;
		tm = tm_new(&c, &tm_ops_no_copy);
		tm_up(tm, TM_DEDICATED);
		tm_random_bytes(at(tm, SRC), 16 * TM_PAGE);
		tm->slice = SVA_DSA_PAUSE_AFTER;
		d = move(SRC, DST, 16 * TM_PAGE);
		d.op_flags &= ~DSA_FLAG_BLOCK_ON_FAULT;
		tm_do(tm, &d);
		assert_int_equal(tm_compl(tm, 0)->status, DSA_STS_SUCCESS);
		assert_memory_equal(at(tm, DST), at(tm, SRC), 16 * TM_PAGE);
		assert_true(tm->pauses >= 2);
		/* A fault after a pause is one as ever. */
		perm(tm, DST + 9 * TM_PAGE, 0);
		tm_do(tm, &d);
		assert_int_equal(tm_compl(tm, 0)->status,
				 DSA_STS_PAGE_FAULT | DSA_STS_WRITE_FAULT);
		assert_int_equal(tm_compl(tm, 0)->bytes, 9 * TM_PAGE);
		perm(tm, DST + 9 * TM_PAGE, TM_RW);
		/* A batch goes on with the member that was paused, and that is all it does. */
		list[0] = list[1] = d;
		list[0].compl_addr = tm_compl_va(1);
		list[1].compl_addr = tm_compl_va(2);
		memset(tm_compl(tm, 1), 0, 64);
		d = tm_batch(tm, list, 2);
		tm_do(tm, &d);
		assert_int_equal(tm_compl(tm, 0)->status, DSA_STS_SUCCESS);
		assert_int_equal(tm_compl(tm, 1)->status, DSA_STS_SUCCESS);
		assert_int_equal(tm_compl(tm, 2)->status, DSA_STS_SUCCESS);
		/* What was paused can be aborted, and no answer is waited for. */
		tm_post(tm, 0, &list[0]);
		tm->left = tm->slice;
		tm->pauses = 0;
		while (!tm->pauses)
			sva_dsa_step(tm->dsa, 1);
		assert_false(sva_dsa_page_response(tm->dsa, UINT32_MAX, true));
		assert_int_equal(tm_cmd(tm, DSA_CMD_ABORT_WQ, 1), 0);
		tm->left = tm->slice;
		assert_int_equal(sva_dsa_step(tm->dsa, 1), 0);
		tm_free(tm);
	}
}

/* The order of deltas is that of the whole record, a wait in the middle or not. */
static void delta_order_across_a_wait(void **state)
{
	struct tm *tm = new_bof();

	(void)state;
	for (unsigned int bad = 0; bad < 2; bad++) {
		struct dsa_desc d = move(SRC, DST, 16 * TM_PAGE);

		d.op_flags = DSA_OP_FLAGS(DSA_OP_APPLY_DELTA, TM_REC | DSA_FLAG_BLOCK_ON_FAULT);
		d.op[0] = 8000;
		for (uint16_t i = 0; i < 800; i++) {
			/* Delta 409 is across the pages. */
			uint16_t off = bad && i >= 409 ? i - 1 : i;

			memcpy(at(tm, SRC) + 10 * i, &off, 2);
		}
		perm(tm, SRC + TM_PAGE, 0);
		tm->answer = TM_RESOLVE;
		assert_int_equal(tm_do(tm, &d)->status,
				 bad ? DSA_STS_DELTA_ORDER : DSA_STS_SUCCESS);
		assert_int_equal(tm_compl(tm, 0)->bytes, bad ? 4090 : 0);
	}
	assert_int_equal(tm->requests, 2);
	tm_free(tm);
}

/* The request that fails ends it like a page fault, but for the status. */
static void failed_response(void **state)
{
	struct tm *tm = new_bof(), *ref = new_bof();

	(void)state;
	tm_random_bytes(at(tm, SRC), 58 * TM_PAGE);
	for (unsigned int i = 0; i < 60 * N_OPS; i++) {
		struct dsa_desc d = any_op(tm, data_ops[i % N_OPS]);
		struct dsa_compl want;

		memset(tm_compl(tm, 0), 0, 32);
		for (unsigned int p = TM_DATA; p < TM_PAGES; p++)
			tm->space[0].perm[p] = (uint8_t)(tm_rand() % 4 ? TM_RW : tm_rand() % 2);
		memcpy(&ref->space[0], &tm->space[0], sizeof(tm->space[0]));
		d.op_flags &= ~DSA_FLAG_BLOCK_ON_FAULT;
		want = *tm_do(ref, &d);
		if ((want.status & DSA_STS_MASK) == DSA_STS_PAGE_FAULT)
			want.status += DSA_STS_PAGE_FAULT_RESPONSE - DSA_STS_PAGE_FAULT;
		d.op_flags |= DSA_FLAG_BLOCK_ON_FAULT;
		tm->answer = i % 2 ? TM_FAIL : TM_PEND;
		assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
		tm_run(tm);
		if (tm->answer == TM_PEND)
			tm_answer(tm, false);
		tm_run(tm);
		assert_memory_equal(tm_compl(tm, 0), &want, sizeof(want));
		memset(tm->space[0].perm, TM_RW, TM_PAGES);
	}
	tm_free(tm);
	tm_free(ref);
}

/* One engine waits and keeps its place; the other does what there is. */
static void others_go_on(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops_prs);
	struct dsa_desc d = move(SRC, DST, 64), noop = tm_desc(DSA_OP_NOOP, 0);

	(void)state;
	tm->answer = TM_PEND;
	tm_config_wq(tm, 0, 16, BOF);
	tm_config_group(tm, 0, 1, 3);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	perm(tm, DST, TM_R);
	*at(tm, SRC) = 7;
	assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
	for (unsigned int i = 1; i < 10; i++) {
		noop.compl_addr = tm_compl_va(i);
		assert_int_equal(tm_post(tm, 0, &noop), SVA_DSA_ACCEPTED);
	}
	assert_int_equal(tm_run(tm), 9);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	for (unsigned int i = 1; i < 10; i++)
		assert_int_equal(tm_compl(tm, i)->status, DSA_STS_SUCCESS);
	assert_int_equal(tm->asked.pasid, PASID_A);
	assert_int_equal(tm->asked.va, DST);
	assert_true(tm->asked.write);
	assert_false(sva_dsa_page_response(tm->dsa, tm->asked.token + 1, true));
	assert_false(sva_dsa_page_response(tm->dsa, 0, true));
	assert_int_equal(tm_run(tm), 0);
	assert_true(tm_answer(tm, true));
	assert_false(tm_answer(tm, true));	/* only the first counts */
	assert_int_equal(tm_compl(tm, 0)->status, 0);	/* not before the next step */
	assert_int_equal(tm_run(tm), 1);
	assert_int_equal(tm_compl(tm, 0)->status, DSA_STS_SUCCESS);
	assert_int_equal(*at(tm, DST), 7);
	tm_free(tm);
}

/* A list blocks without being asked to; a failure is 0x06. */
static void list_waits(void **state)
{
	static struct dsa_desc list[100];

	(void)state;
	for (unsigned int ok = 0; ok < 2; ok++) {
		struct tm *tm = new_bof();
		struct dsa_desc d;

		for (unsigned int i = 0; i < 100; i++) {
			list[i] = tm_desc(DSA_OP_NOOP, 0);
			list[i].compl_addr = tm_compl_va(1 + i);
		}
		d = tm_batch(tm, list, 100);
		perm(tm, TM_VA(2), 0);
		tm->answer = TM_PEND;
		tm_post(tm, 0, &d);
		assert_int_equal(tm_run(tm), 65);
		assert_int_equal(tm_compl(tm, 0)->status, 0);
		assert_int_equal(tm->asked.va, TM_VA(2));
		assert_false(tm->asked.write);
		assert_true(tm_answer(tm, ok));
		assert_int_equal(tm_run(tm), ok ? 36 : 0);
		assert_int_equal(tm_compl(tm, 0)->status, ok ? DSA_STS_SUCCESS :
				 DSA_STS_BATCH_PAGE_FAULT);
		assert_int_equal(tm_compl(tm, 0)->bytes, ok ? 100 : 64);
		assert_int_equal(tm_compl(tm, 0)->fault_addr, ok ? 0 : TM_VA(2));
		tm_free(tm);
	}
}

/* A member waits inside its batch; a fence still keeps the next one back. */
static void member_waits(void **state)
{
	(void)state;
	for (unsigned int ok = 0; ok < 2; ok++) {
		struct tm *tm = new_bof();
		struct dsa_desc list[40], d;

		for (unsigned int i = 0; i < 40; i++) {
			list[i] = move(SRC, DST, 8);
			list[i].compl_addr = tm_compl_va(1 + i);
		}
		list[20].dst = DST2;
		list[30].op_flags |= DSA_FLAG_FENCE;
		d = tm_batch(tm, list, 40);
		perm(tm, DST2, TM_R);
		tm->answer = TM_PEND;
		tm_post(tm, 0, &d);
		assert_int_equal(tm_run(tm), 21);
		assert_int_equal(tm_compl(tm, 21)->status, 0);
		assert_true(tm_answer(tm, ok));
		assert_int_equal(tm_run(tm), ok ? 20 : 10);
		assert_int_equal(tm_compl(tm, 21)->status, ok ? DSA_STS_SUCCESS :
				 DSA_STS_PAGE_FAULT_RESPONSE | DSA_STS_WRITE_FAULT);
		assert_int_equal(tm_compl(tm, 0)->status, ok ? DSA_STS_SUCCESS :
				 DSA_STS_BATCH_FAIL);
		assert_int_equal(tm_compl(tm, 0)->bytes, ok ? 40 : 30);
		assert_int_equal(tm_compl(tm, 31)->status, ok ? DSA_STS_SUCCESS : 0);
		tm_free(tm);
	}
}

/* Trap 10: the record waits too, its failure goes to SWERR, its interrupt comes after. */
static void record_waits(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 6; k++) {
		struct tm *tm = tm_new(NULL, &tm_ops_prs);
		bool ok = k % 2;
		struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0), list[2];
		struct dsa_compl *c;

		tm_up(tm, BOF | DSA_WQCFG_PRIV);
		tm_w32(tm, tm_msix_perm(tm, 2), DSA_MSIX_PERM_PASID(PASID_A) |
		       DSA_MSIX_PERM_PASID_EN);
		if (k >= 2) {	/* of a batch, of a member */
			list[0] = list[1] = d;
			list[0].compl_addr = k < 4 ? tm_compl_va(1) : SRC;
			list[1].compl_addr = tm_compl_va(2);
			d = tm_batch(tm, list, 2);
		}
		if (k < 4)
			d.compl_addr = SRC;
		d.op_flags |= DSA_FLAG_COMPL_INT;
		d.int_handle = 2;
		perm(tm, SRC, TM_R);
		tm->answer = TM_PEND;
		tm_post(tm, 0, &d);
		tm_run(tm);
		c = (struct dsa_compl *)at(tm, SRC);
		assert_int_equal(c->status, 0);
		assert_int_equal(tm->irq[2], 0);
		assert_true(tm->asked.write);
		assert_true(tm_answer(tm, ok));
		tm_run(tm);
		assert_int_equal(c->status, ok ? DSA_STS_SUCCESS : 0);
		assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)),
				 ok ? 0 : DSA_STS_COMPL_FAULT);
		assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 16), ok ? 0 : SRC);
		assert_int_equal(tm->irq[2], ok || k >= 4);
		if (k >= 4)
			assert_int_equal(tm_compl(tm, 0)->status, ok ? DSA_STS_SUCCESS :
					 DSA_STS_BATCH_FAIL);
		tm_free(tm);
	}
}

/* Without a record the status goes to SWERR. */
static void failure_without_record(void **state)
{
	struct tm *tm = new_bof();
	struct dsa_desc d = move(SRC, DST, 64);
	uint64_t w0;

	(void)state;
	d.op_flags &= ~TM_REC;
	d.compl_addr = 0;
	perm(tm, DST, 0);
	tm->answer = TM_FAIL;
	tm_post(tm, 0, &d);
	tm_run(tm);
	w0 = tm_r64(tm, DSA_REG_SWERR);
	assert_int_equal(DSA_SWERR_ERROR(w0), DSA_STS_PAGE_FAULT_RESPONSE);
	assert_true(w0 & DSA_SWERR_FAULT_RW);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 16), DST);
	tm_free(tm);
}

/* Who says a page is there when it is not gets no endless loop. */
static void lying_embedder(void **state)
{
	struct tm *tm = new_bof();
	struct dsa_desc d = move(SRC, DST, 64), list[2];

	(void)state;
	tm->answer = TM_LIE;
	perm(tm, DST, 0);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_PAGE_FAULT_RESPONSE | 0x80);
	assert_int_equal(tm_compl(tm, 0)->fault_addr, DST);
	assert_true(tm->requests < 100);
	d.compl_addr = DST;
	d.dst = DST2;
	tm_post(tm, 0, &d);
	assert_int_equal(tm_run(tm), 1);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_COMPL_FAULT);
	list[0] = list[1] = d;
	d = tm_batch(tm, list, 2);
	perm(tm, TM_LIST, 0);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BATCH_PAGE_FAULT);
	tm_free(tm);
}

/* What ends the wait, and what waits with it. */
static void commands_while_waiting(void **state)
{
	static const uint32_t cmds[] = {
		DSA_CMD(DSA_CMD_ABORT_ALL, 0), DSA_CMD(DSA_CMD_ABORT_WQ, 1),
		DSA_CMD(DSA_CMD_ABORT_PASID, PASID_A), DSA_CMD(DSA_CMD_RESET_WQ, 1),
		DSA_CMD(DSA_CMD_RESET_DEVICE, 0), 0 /* function-level reset */,
		DSA_CMD(DSA_CMD_DRAIN_ALL, 0), DSA_CMD(DSA_CMD_DRAIN_WQ, 1),
		DSA_CMD(DSA_CMD_DRAIN_PASID, PASID_A), DSA_CMD(DSA_CMD_DISABLE_WQ, 1),
		DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0),
	};

	(void)state;
	for (unsigned int i = 0; i < 3 * 11; i++) {
		struct tm *tm = new_bof();
		bool drain = i % 11 > 5;
		struct dsa_desc d = move(SRC, DST, 64), list[2];

		if (i >= 11) {		/* a member, a list */
			list[0] = list[1] = d;
			list[1].compl_addr = list[0].compl_addr = tm_compl_va(1);
			d = tm_batch(tm, list, 2);
		}
		perm(tm, i >= 22 ? TM_LIST : DST, 0);
		tm->answer = TM_PEND;
		tm_post(tm, 0, &d);
		tm_run(tm);
		assert_int_equal(tm->requests, 1);
		if (cmds[i % 11])
			tm_w32(tm, DSA_REG_CMD, cmds[i % 11]);
		else
			sva_dsa_flr(tm->dsa);
		assert_int_equal(!!(tm_r32(tm, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE), drain);
		assert_int_equal(tm_answer(tm, true), drain);
		perm(tm, DST, TM_RW);
		tm_run(tm);
		assert_int_equal(tm_r32(tm, DSA_REG_CMDSTS), 0);
		assert_int_equal(tm_compl(tm, 0)->status, drain ? DSA_STS_SUCCESS : 0);
		tm_free(tm);
	}
}

/* A halted device takes the answer and does nothing. */
static void halt_while_waiting(void **state)
{
	struct tm *tm = new_bof();
	struct dsa_desc d = move(SRC, DST, 64);

	(void)state;
	perm(tm, DST, 0);
	tm->answer = TM_PEND;
	tm_post(tm, 0, &d);
	tm_run(tm);
	sva_dsa_bus_master(tm->dsa, false);
	tm_answer(tm, true);
	assert_int_equal(tm_run(tm), 0);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	tm_free(tm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capability),
		cmocka_unit_test(as_if_the_pages_were_there),
		cmocka_unit_test(pauses),
		cmocka_unit_test(delta_order_across_a_wait),
		cmocka_unit_test(failed_response),
		cmocka_unit_test(others_go_on),
		cmocka_unit_test(list_waits),
		cmocka_unit_test(member_waits),
		cmocka_unit_test(record_waits),
		cmocka_unit_test(failure_without_record),
		cmocka_unit_test(lying_embedder),
		cmocka_unit_test(commands_while_waiting),
		cmocka_unit_test(halt_while_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
