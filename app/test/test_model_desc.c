/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * What the DSA model checks before an operation runs, in which address space it
 * runs, and how its completion is told.
 */

#include <limits.h>

#include "test_model_util.h"

#define SRC	TM_VA(TM_DATA)		/* 16 pages */
#define DST	TM_VA(TM_DATA + 20)	/* 16 pages */
#define DST2	TM_VA(TM_DATA + 40)	/* 16 pages */

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

/* A good descriptor of each operation that has data. */
static struct dsa_desc good(unsigned int op)
{
	struct dsa_desc d = op2(op, SRC, DST, 64);

	switch (op) {
	case DSA_OP_NOOP:
	case DSA_OP_DRAIN:
		d = tm_desc(op, 0);
		break;
	case DSA_OP_BATCH:
		d.dst = 0;
		d.src = TM_LIST;
		d.size = 2;
		break;
	case DSA_OP_CRC:
		d.dst = 0;
		break;
	case DSA_OP_DUALCAST:
		d.op[0] = DST2;
		break;
	case DSA_OP_CREATE_DELTA:
		d.op[0] = DST2;
		d.op[1] = 80;
		break;
	case DSA_OP_APPLY_DELTA:
		d.op[0] = 10;
		break;
	case DSA_OP_DIF_CHECK:
		d.dst = 0;
		d.size = 520;
		break;
	case DSA_OP_DIF_INSERT:
		d.size = 512;
		break;
	case DSA_OP_DIF_STRIP:
	case DSA_OP_DIF_UPDATE:
		d.size = 520;
		break;
	case DSA_OP_CACHE_FLUSH:
		d.src = 0;
		break;
	}
	return d;
}

static const unsigned int all_ops[] = {
	DSA_OP_NOOP, DSA_OP_BATCH, DSA_OP_DRAIN, DSA_OP_MEMMOVE, DSA_OP_FILL,
	DSA_OP_COMPARE, DSA_OP_COMPARE_PATTERN, DSA_OP_DUALCAST, DSA_OP_CRC, DSA_OP_COPY_CRC,
	DSA_OP_CREATE_DELTA, DSA_OP_APPLY_DELTA, DSA_OP_DIF_CHECK, DSA_OP_DIF_INSERT,
	DSA_OP_DIF_STRIP, DSA_OP_DIF_UPDATE, DSA_OP_CACHE_FLUSH,
};
#define N_OPS (sizeof(all_ops) / sizeof(all_ops[0]))

static void expect(const struct dsa_compl *c, unsigned int status, unsigned int result,
		   uint32_t bytes, uint64_t fault)
{
	assert_int_equal(c->status, status);
	assert_int_equal(c->result, result);
	assert_int_equal(c->bytes, bytes);
	assert_int_equal(c->fault_addr, fault);
}

/* ---- completion ---- */

static void record_is_whole_and_last(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);
	const struct dsa_compl want = { .status = DSA_STS_SUCCESS };

	(void)state;
	memset(tm_compl(tm, 0), 0xff, 64);
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_memory_equal(tm_compl(tm, 0), &want, sizeof(want));
	assert_int_equal(tm_compl(tm, 1)->status, 0xff);
	/* Trap 7: the eight bytes with the status come last, in one piece. */
	assert_int_equal(tm->last_write[0], tm_compl_va(0));
	assert_int_equal(tm->last_len[0], 8);
	assert_int_equal(tm->last_write[1], tm_compl_va(0) + 8);
	assert_int_equal(tm->last_len[1], 24);
	tm_free(tm);
}

static void record_only_if_requested(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC, DST, 64);

	(void)state;
	d.op_flags &= ~DSA_FLAG_COMPL_REQ;
	assert_int_equal(tm_do(tm, &d)->status, 0);
	perm(tm, SRC, 0);	/* but an error is always told */
	expect(tm_do(tm, &d), DSA_STS_PAGE_FAULT, 0, 0, SRC);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR), 0);
	tm_free(tm);
}

static void no_record_errors_go_to_swerr(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC, DST, 64);
	uint64_t w0;

	(void)state;
	d.op_flags = DSA_OP_FLAGS(DSA_OP_MEMMOVE, 0);
	d.compl_addr = 0;
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR), 0);
	perm(tm, DST, TM_R);
	tm_post(tm, 0, &d);
	tm_run(tm);
	w0 = tm_r64(tm, DSA_REG_SWERR);
	assert_int_equal(DSA_SWERR_ERROR(w0), DSA_STS_PAGE_FAULT);
	assert_true(w0 & DSA_SWERR_FAULT_RW);
	assert_false(w0 & DSA_SWERR_BATCH);
	assert_int_equal(DSA_SWERR_OPERATION(w0), DSA_OP_MEMMOVE);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 16), DST);
	/* Flags that have no meaning without a record; the mask goes to word 1. */
	tm_w32(tm, DSA_REG_SWERR, 3);
	d.op_flags = DSA_OP_FLAGS(DSA_OP_MEMMOVE, DSA_FLAG_COMPL_REQ | DSA_FLAG_COMPL_TC);
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_BAD_FLAGS);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 8),
			 (uint64_t)(DSA_FLAG_COMPL_REQ | DSA_FLAG_COMPL_TC) << 32);
	/* And the address field is reserved. */
	tm_w32(tm, DSA_REG_SWERR, 3);
	d.op_flags = DSA_OP_FLAGS(DSA_OP_MEMMOVE, 0);
	d.compl_addr = tm_compl_va(0);
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_NONZERO_RESERVED);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	tm_free(tm);
}

/* Traps 9 and 10. */
static void record_that_cannot_be_written(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC, DST, 64);

	(void)state;
	for (unsigned int off = 1; off < 32; off++) {
		tm_w32(tm, DSA_REG_SWERR, 3);
		d.compl_addr = tm_compl_va(0) + off;
		memset(at(tm, DST), 0, 64);
		memset(at(tm, SRC), 1, 64);
		tm_post(tm, 0, &d);
		tm_run(tm);
		assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_COMPL_ALIGN);
		assert_int_equal(*at(tm, DST), 0);	/* discarded */
	}
	tm_w32(tm, DSA_REG_SWERR, 3);
	d.compl_addr = tm_compl_va(0);
	perm(tm, TM_COMPL, TM_R);
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_COMPL_FAULT);
	assert_true(tm_r64(tm, DSA_REG_SWERR) & DSA_SWERR_FAULT_RW);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 16), tm_compl_va(0));
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	tm_free(tm);
}

static void post_int(struct tm *tm, uint16_t handle, unsigned int status)
{
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, DSA_FLAG_COMPL_INT);

	d.int_handle = handle;
	assert_int_equal(tm_do(tm, &d)->status, status);
}

static void completion_interrupts(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d;

	(void)state;
	tm_w32(tm, DSA_REG_GENCFG, 96 | 1 << 12);
	tm_up(tm, TM_DEDICATED);
	/* The entry must be for this PASID, and there. */
	post_int(tm, 2, DSA_STS_INT_HANDLE);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_INT_HANDLE);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR + 8), 2ULL << 32);
	tm_w32(tm, tm_msix_perm(tm, 2), PASID_B << 12 | 8);
	post_int(tm, 2, DSA_STS_INT_HANDLE);
	tm_w32(tm, tm_msix_perm(tm, 2), PASID_A << 12);
	post_int(tm, 2, DSA_STS_INT_HANDLE);
	post_int(tm, 9, DSA_STS_INT_HANDLE);
	post_int(tm, 0xffff, DSA_STS_INT_HANDLE);
	assert_int_equal(tm->irq[2], 0);
	tm_w32(tm, tm_msix_perm(tm, 2), PASID_A << 12 | 8);
	post_int(tm, 2, DSA_STS_SUCCESS);
	assert_int_equal(tm->irq[2], 1);
	tm_w32(tm, tm_msix_perm(tm, 2), PASID_A << 12 | 8 | 4);	/* ignore */
	post_int(tm, 2, DSA_STS_SUCCESS);
	assert_int_equal(tm->irq[2], 1);
	tm_w32(tm, tm_msix_perm(tm, 2), PASID_A << 12 | 8);
	/* It comes with an error as well, and without a record. */
	d = op2(DSA_OP_MEMMOVE, SRC, DST, 0);
	d.op_flags |= DSA_FLAG_COMPL_INT;
	d.int_handle = 2;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_XFER_SIZE);
	assert_int_equal(tm->irq[2], 2);
	d = tm_desc(DSA_OP_DRAIN, 0);
	d.op_flags = DSA_OP_FLAGS(DSA_OP_DRAIN, DSA_FLAG_COMPL_INT);
	d.int_handle = 2;
	d.compl_addr = 0;
	tm_do(tm, &d);
	assert_int_equal(tm->irq[2], 3);
	/* A handle without the flag is a reserved field. */
	d = tm_desc(DSA_OP_NOOP, 0);
	d.int_handle = 2;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_NONZERO_RESERVED);
	tm_free(tm);
}

/* User-mode descriptors may not ask for interrupts unless GENCFG says so. */
static void user_interrupts(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	tm_w32(tm, tm_msix_perm(tm, 2), PASID_A << 12 | 8);
	post_int(tm, 2, DSA_STS_BAD_FLAGS);
	assert_int_equal(tm_compl(tm, 0)->op[0], DSA_FLAG_COMPL_INT);
	assert_int_equal(tm->irq[2], 0);
	tm_free(tm);
	/* Kernel-mode ones always, and those without a PASID. */
	tm = tm_new(NULL, &tm_ops);
	tm_up(tm, TM_DEDICATED | DSA_WQCFG_PRIV);
	tm_w32(tm, tm_msix_perm(tm, 2), PASID_A << 12 | 8);
	post_int(tm, 2, DSA_STS_SUCCESS);
	assert_int_equal(tm->irq[2], 1);
	tm_free(tm);
	tm = tm_new(NULL, &tm_ops);
	tm_up(tm, TM_DEDICATED & ~DSA_WQCFG_PASID_EN);
	memset(tm_ptr(tm, SVA_DSA_NO_PASID, TM_COMPL), 0, 32);
	post_int(tm, 2, 0);	/* its record is in the other space */
	assert_int_equal(*tm_ptr(tm, SVA_DSA_NO_PASID, TM_COMPL), DSA_STS_SUCCESS);
	assert_int_equal(tm->irq[2], 1);
	tm_free(tm);
}

/* ---- address spaces ---- */

static void pasid_of_the_wq(void **state)
{
	static const uint32_t modes[] = {
		TM_DEDICATED, (TM_DEDICATED & ~DSA_WQCFG_PASID(0xfffff)) |
		DSA_WQCFG_PASID(PASID_B), TM_DEDICATED & ~DSA_WQCFG_PASID_EN,
	};
	static const uint32_t pasids[] = { PASID_A, PASID_B, SVA_DSA_NO_PASID };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct tm *tm = tm_new(NULL, i == 1 ? &tm_ops_no_copy : &tm_ops);
		struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC, DST, 3);

		for (unsigned int k = 0; k < 3; k++)
			memset(tm_ptr(tm, pasids[k], SRC), (int)k + 1, 3);
		tm_up(tm, modes[i]);
		d.pasid_priv = 0xffffffff;	/* ignored in a dedicated WQ */
		tm_post(tm, 0, &d);
		tm_run(tm);
		for (unsigned int k = 0; k < 3; k++) {
			assert_int_equal(*tm_ptr(tm, pasids[k], DST), k == i ? k + 1 : 0);
			assert_int_equal(*tm_ptr(tm, pasids[k], TM_COMPL), k == i);
		}
		tm_free(tm);
	}
}

static void foreign_pasid_gets_nothing(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC, DST, 3);

	(void)state;
	memset(at(tm, SRC), 1, 3);
	tm_up(tm, (TM_DEDICATED & ~DSA_WQCFG_PASID(0xfffff)) | DSA_WQCFG_PASID(0x999));
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(*at(tm, DST), 0);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_COMPL_FAULT);
	assert_int_equal(DSA_SWERR_PASID(tm_r64(tm, DSA_REG_SWERR)), 0x999);
	tm_free(tm);
}

static void pasid_of_the_descriptor(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d = op2(DSA_OP_MEMMOVE, SRC, DST, 3);

	(void)state;
	tm_up(tm, TM_SHARED);
	memset(tm_ptr(tm, PASID_B, SRC), 9, 3);
	d.pasid_priv = PASID_B;
	assert_int_equal(sva_dsa_portal_write(tm->dsa, 0, &d, true), SVA_DSA_ACCEPTED);
	tm_run(tm);
	assert_int_equal(*tm_ptr(tm, PASID_B, DST), 9);
	assert_int_equal(*tm_ptr(tm, PASID_B, TM_COMPL), DSA_STS_SUCCESS);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	for (unsigned int bit = 20; bit < 31; bit++) {
		d.pasid_priv = PASID_A | 1u << bit;
		sva_dsa_portal_write(tm->dsa, 0, &d, true);
		tm_run(tm);
		assert_int_equal(tm_compl(tm, 0)->status, DSA_STS_NONZERO_RESERVED);
	}
	tm_free(tm);
}

/* ---- descriptor checks ---- */

/* Trap 23 and every other code that is not in OPCAP. */
static void bad_opcodes(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int op = 0; op < 256; op++) {
		struct dsa_desc d = tm_desc(op, 0);
		bool known = (tm_r64(tm, DSA_REG_OPCAP + op / 64 * 8) >> op % 64) & 1;

		assert_int_equal(tm_do(tm, &d)->status == DSA_STS_BAD_OPCODE, !known);
	}
	tm_free(tm);
}

/* Specification, "Supported Flags and Reserved Fields by Operations". */
static uint32_t allowed(unsigned int op)
{
	const uint32_t base = TM_REC | DSA_FLAG_COMPL_TC;
	const uint32_t wr = DSA_FLAG_CACHE_CONTROL | DSA_FLAG_STRICT_ORDER |
			    DSA_FLAG_DEST_READBACK;
	const uint32_t a1 = DSA_FLAG_ADDR1_TC, a2 = DSA_FLAG_ADDR2_TC;

	switch (op) {
	case DSA_OP_BATCH:
		return base | a1;
	case DSA_OP_DRAIN:
		return base | 0xc0000;
	case DSA_OP_MEMMOVE:
		return base | wr | a1 | a2;
	case DSA_OP_FILL:
		return base | wr | a2;
	case DSA_OP_COMPARE:
		return base | DSA_FLAG_CHECK_RESULT | a1 | a2;
	case DSA_OP_COMPARE_PATTERN:
		return base | DSA_FLAG_CHECK_RESULT | a1;
	case DSA_OP_DUALCAST:
		return base | wr | a1 | a2 | DSA_FLAG_ADDR3_TC;
	case DSA_OP_CRC:
		return base | a1 | 0x60000;
	case DSA_OP_COPY_CRC:
		return base | wr | a1 | a2 | 0x60000;
	case DSA_OP_CREATE_DELTA:
		return base | wr | a1 | a2 | DSA_FLAG_ADDR3_TC | DSA_FLAG_CHECK_RESULT;
	case DSA_OP_APPLY_DELTA:
	case DSA_OP_DIF_INSERT:
	case DSA_OP_DIF_STRIP:
	case DSA_OP_DIF_UPDATE:
		return base | wr | a1 | a2;
	case DSA_OP_DIF_CHECK:
		return base | a1;
	case DSA_OP_CACHE_FLUSH:
		return base | DSA_FLAG_STRICT_ORDER | DSA_FLAG_DEST_READBACK | a2;
	default:
		return base;
	}
}

static void every_flag_of_every_operation(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < N_OPS; i++) {
		unsigned int op = all_ops[i];

		for (unsigned int bit = 0; bit < 24; bit++) {
			struct dsa_desc d = good(op);
			bool fine = allowed(op) & 1u << bit;
			struct dsa_compl *c;

			if (1u << bit == DSA_FLAG_CRC_READ_SEED)
				continue;	/* see crc_seed_in_memory() */
			d.op_flags |= 1u << bit;
			c = tm_do(tm, &d);
			assert_int_equal(c->status == DSA_STS_BAD_FLAGS, !fine);
			if (!fine)
				assert_int_equal(c->op[0], 1u << bit);
		}
	}
	tm_free(tm);
}

/* Flags for what the device does not have are reserved. */
static void flags_without_capability(void **state)
{
	struct sva_dsa_config c = *sva_dsa_profile("default");
	struct dsa_desc d = good(DSA_OP_MEMMOVE);
	struct tm *tm;

	(void)state;
	c.gencap &= ~(DSA_GENCAP_CACHE_MEM | DSA_GENCAP_DEST_READBACK);
	tm = tm_new(&c, &tm_ops);
	tm_up(tm, TM_DEDICATED);
	d.op_flags |= DSA_FLAG_CACHE_CONTROL | DSA_FLAG_DEST_READBACK | DSA_FLAG_STRICT_ORDER;
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BAD_FLAGS);
	assert_int_equal(tm_compl(tm, 0)->op[0],
			 DSA_FLAG_CACHE_CONTROL | DSA_FLAG_DEST_READBACK);
	tm_free(tm);
}

/* Compare and CRC have a result, a drain tells somebody: "Required Flags". */
static void required_flags(void **state)
{
	static const unsigned int ops[] = {
		DSA_OP_COMPARE, DSA_OP_COMPARE_PATTERN, DSA_OP_CRC, DSA_OP_COPY_CRC,
		DSA_OP_DRAIN, DSA_OP_CREATE_DELTA, DSA_OP_DIF_CHECK,
	};
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct dsa_desc d = good(ops[i]);

		d.op_flags &= ~DSA_FLAG_COMPL_REQ;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BAD_FLAGS);
		assert_int_equal(tm_compl(tm, 0)->op[0], DSA_FLAG_COMPL_REQ);
		tm_w32(tm, DSA_REG_SWERR, 3);
		d.op_flags &= ~DSA_FLAG_COMPL_VALID;
		d.compl_addr = 0;
		tm_do(tm, &d);
		assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_STS_BAD_FLAGS);
	}
	tm_free(tm);
}

/* Reserved bits of the destination and the common flags of the DIF operations. */
static bool reserved_dif_bit(unsigned int op, unsigned int bit)
{
	if (op < DSA_OP_DIF_CHECK || op > DSA_OP_DIF_UPDATE)
		return false;
	return (bit / 8 == 41 && bit % 8 < 3) || (bit / 8 == 42 && bit % 8 >= 4);
}

/* Whether a byte of the descriptor is reserved; 36 and 37: no interrupt asked for. */
static bool reserved_byte(unsigned int op, unsigned int byte)
{
	static const struct {
		unsigned int op, from, to;
	} table[] = {
		{ DSA_OP_NOOP, 16, 35 }, { DSA_OP_NOOP, 38, 63 },
		{ DSA_OP_BATCH, 24, 31 }, { DSA_OP_BATCH, 38, 63 },
		{ DSA_OP_DRAIN, 16, 35 }, { DSA_OP_DRAIN, 38, 63 },
		{ DSA_OP_MEMMOVE, 38, 63 }, { DSA_OP_FILL, 38, 63 },
		{ DSA_OP_COMPARE, 38, 39 }, { DSA_OP_COMPARE, 41, 63 },
		{ DSA_OP_COMPARE_PATTERN, 38, 39 }, { DSA_OP_COMPARE_PATTERN, 41, 63 },
		{ DSA_OP_DUALCAST, 38, 39 }, { DSA_OP_DUALCAST, 48, 63 },
		{ DSA_OP_CRC, 24, 31 }, { DSA_OP_CRC, 38, 39 }, { DSA_OP_CRC, 44, 63 },
		{ DSA_OP_COPY_CRC, 38, 39 }, { DSA_OP_COPY_CRC, 44, 63 },
		{ DSA_OP_CREATE_DELTA, 38, 39 }, { DSA_OP_CREATE_DELTA, 52, 55 },
		{ DSA_OP_CREATE_DELTA, 57, 63 },
		{ DSA_OP_APPLY_DELTA, 38, 39 }, { DSA_OP_APPLY_DELTA, 44, 63 },
		{ DSA_OP_DIF_CHECK, 24, 31 }, { DSA_OP_DIF_CHECK, 38, 39 },
		{ DSA_OP_DIF_CHECK, 41, 41 }, { DSA_OP_DIF_CHECK, 43, 47 },
		{ DSA_OP_DIF_CHECK, 56, 63 },
		{ DSA_OP_DIF_INSERT, 38, 40 }, { DSA_OP_DIF_INSERT, 43, 55 },
		{ DSA_OP_DIF_STRIP, 38, 39 }, { DSA_OP_DIF_STRIP, 41, 41 },
		{ DSA_OP_DIF_STRIP, 43, 47 }, { DSA_OP_DIF_STRIP, 56, 63 },
		{ DSA_OP_DIF_UPDATE, 38, 39 }, { DSA_OP_DIF_UPDATE, 43, 47 },
		{ DSA_OP_CACHE_FLUSH, 16, 23 }, { DSA_OP_CACHE_FLUSH, 38, 63 },
	};

	if (byte == 36 || byte == 37)
		return true;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].op == op && byte >= table[i].from && byte <= table[i].to)
			return true;
	}
	return false;
}

static void every_reserved_byte(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < N_OPS; i++) {
		for (unsigned int bit = 16 * 8; bit < 64 * 8; bit++) {
			struct dsa_desc d = good(all_ops[i]);
			bool reserved = reserved_byte(all_ops[i], bit / 8) ||
					reserved_dif_bit(all_ops[i], bit);

			((uint8_t *)&d)[bit / 8] ^= (uint8_t)(1u << bit % 8);
			tm_w32(tm, DSA_REG_SWERR, 3);
			assert_int_equal(tm_do(tm, &d)->status == DSA_STS_NONZERO_RESERVED,
					 reserved);
		}
	}
	tm_free(tm);
}

static void transfer_sizes(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	tm_config_wq(tm, 0, 16, TM_DEDICATED);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_LIMITS),
	       DSA_WQCFG_MAX_XFER_SHIFT(12) | DSA_WQCFG_MAX_BATCH_SHIFT(1));
	tm_config_group(tm, 0, 1, 1);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	for (unsigned int i = 3; i < N_OPS; i++) {
		struct dsa_desc d = good(all_ops[i]);
		struct dsa_compl *c;

		d.size = 0;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_XFER_SIZE);
		d.size = 4097;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_XFER_SIZE);
		d.size = UINT32_MAX;
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_XFER_SIZE);
		d = good(all_ops[i]);
		if (d.size == 64)
			d.size = 4096;
		c = tm_do(tm, &d);
		assert_true(c->status == DSA_STS_SUCCESS || c->status == DSA_STS_DIF_ERROR);
	}
	tm_free(tm);
}

/* Random descriptors: each is told about, none does harm. */
static void random_descriptors(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 60000; i++) {
		struct dsa_desc d;
		struct dsa_compl *c;

		tm_random_bytes((uint8_t *)&d, sizeof(d));
		if (i % 4) {
			d = good(all_ops[tm_rand() % N_OPS]);
			d.size = i % 5 ? tm_rand() % 70000 : tm_rand();
			d.src += tm_rand() % 4 ? 0 : (uint64_t)tm_rand() << tm_rand() % 33;
			d.dst += tm_rand() % 4 ? 0 : (uint64_t)tm_rand() << tm_rand() % 33;
			((uint8_t *)&d)[40 + tm_rand() % 24] ^= (uint8_t)(i % 3 ? 0 : tm_rand());
			d.op_flags ^= i % 7 ? 0 : 1u << tm_rand() % 24;
		}
		tm_random_bytes(at(tm, TM_LIST), 128);
		d.op_flags |= TM_REC;
		d.compl_addr = tm_compl_va(0);
		tm_w32(tm, DSA_REG_SWERR, 3);
		c = tm_do(tm, &d);
		assert_int_not_equal(c->status, 0);
	}
	tm_free(tm);
}

/* Operations with data fail as often as was asked for, in a batch and by themselves. */
static void injected_errors(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc copy = good(DSA_OP_MEMMOVE), nop = good(DSA_OP_NOOP), list[2], batch;

	(void)state;
	*at(tm, SRC) = 0x5a;
	sva_dsa_inject_error(tm->dsa, 1);
	sva_dsa_inject_error(tm->dsa, 2);
	assert_int_equal(tm_do(tm, &nop)->status, DSA_STS_SUCCESS);
	assert_int_equal(tm_do(tm, &copy)->status, DSA_STS_HW_ERROR);
	copy.size = 0;
	assert_int_equal(tm_do(tm, &copy)->status, DSA_STS_XFER_SIZE);
	copy.size = 64;
	list[0] = list[1] = copy;
	list[0].compl_addr = tm_compl_va(1);
	list[1].compl_addr = tm_compl_va(2);
	batch = tm_batch(tm, list, 2);
	assert_int_equal(tm_do(tm, &batch)->status, DSA_STS_BATCH_FAIL);
	assert_int_equal(tm_compl(tm, 1)->status, DSA_STS_HW_ERROR);
	assert_int_equal(tm_compl(tm, 2)->status, DSA_STS_HW_ERROR);
	assert_int_equal(*at(tm, DST), 0);
	assert_int_equal(tm_do(tm, &copy)->status, DSA_STS_SUCCESS);
	assert_int_equal(*at(tm, DST), 0x5a);
	/* As many as there can be, and none after a reset of the function. */
	sva_dsa_inject_error(tm->dsa, UINT_MAX);
	sva_dsa_inject_error(tm->dsa, UINT_MAX);
	assert_int_equal(tm_do(tm, &copy)->status, DSA_STS_HW_ERROR);
	sva_dsa_flr(tm->dsa);
	sva_dsa_bus_master(tm->dsa, true);
	tm_up(tm, TM_DEDICATED);
	assert_int_equal(tm_do(tm, &copy)->status, DSA_STS_SUCCESS);
	tm_free(tm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_is_whole_and_last),
		cmocka_unit_test(injected_errors),
		cmocka_unit_test(record_only_if_requested),
		cmocka_unit_test(no_record_errors_go_to_swerr),
		cmocka_unit_test(record_that_cannot_be_written),
		cmocka_unit_test(completion_interrupts),
		cmocka_unit_test(user_interrupts),
		cmocka_unit_test(pasid_of_the_wq),
		cmocka_unit_test(foreign_pasid_gets_nothing),
		cmocka_unit_test(pasid_of_the_descriptor),
		cmocka_unit_test(bad_opcodes),
		cmocka_unit_test(every_flag_of_every_operation),
		cmocka_unit_test(flags_without_capability),
		cmocka_unit_test(required_flags),
		cmocka_unit_test(every_reserved_byte),
		cmocka_unit_test(transfer_sizes),
		cmocka_unit_test(random_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
