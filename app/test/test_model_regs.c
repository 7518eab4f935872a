/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/* Registers of the DSA model: what they show, and when they take a write. */

#include <stdlib.h>

#include "test_model_util.h"

#define MODEL_OPS 0x1003f03ffULL	/* 0 to 9, 0x10 to 0x15, 0x20: all of version 1 */

static void profile_names(void **state)
{
	(void)state;
	assert_non_null(sva_dsa_profile("default"));
	assert_non_null(sva_dsa_profile("emr"));
	assert_null(sva_dsa_profile("em"));
	assert_null(sva_dsa_profile("emr2"));
	assert_null(sva_dsa_profile(""));
	assert_null(sva_dsa_profile(NULL));
}

static void default_capabilities(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	uint64_t gencap = tm_r64(tm, DSA_REG_GENCAP), wqcap = tm_r64(tm, DSA_REG_WQCAP);

	(void)state;
	assert_int_equal(tm_r32(tm, DSA_REG_VERSION), 0x100);
	assert_int_equal(DSA_GENCAP_MAX_XFER_SHIFT(gencap), 31);
	assert_int_equal(DSA_GENCAP_MAX_BATCH_SHIFT(gencap), 10);
	assert_true(gencap & DSA_GENCAP_CONFIG);
	assert_true(gencap & DSA_GENCAP_OVERLAP);
	assert_true(gencap & DSA_GENCAP_CMD_CAP);
	assert_false(gencap & DSA_GENCAP_BLOCK_ON_FAULT);
	assert_int_equal(DSA_WQCAP_TOTAL_SIZE(wqcap), 128);
	assert_int_equal(DSA_WQCAP_NUM_WQS(wqcap), 8);
	assert_int_equal(DSA_WQCAP_CFG_SIZE(wqcap), 0);
	assert_true(wqcap & DSA_WQCAP_SHARED);
	assert_true(wqcap & DSA_WQCAP_DEDICATED);
	assert_true(wqcap & DSA_WQCAP_PRIORITY);
	assert_true(wqcap & DSA_WQCAP_OCCUPANCY);
	assert_true(wqcap & DSA_WQCAP_OCCUPANCY_INT);
	assert_int_equal(DSA_GRPCAP_NUM_GROUPS(tm_r64(tm, DSA_REG_GRPCAP)), 4);
	assert_int_equal(DSA_GRPCAP_READ_BUFS(tm_r64(tm, DSA_REG_GRPCAP)), 96);
	assert_int_equal(DSA_ENGCAP_NUM_ENGINES(tm_r64(tm, DSA_REG_ENGCAP)), 4);
	assert_int_equal(tm_r64(tm, DSA_REG_OPCAP), MODEL_OPS);
	for (unsigned int i = 8; i < 32; i += 8)
		assert_int_equal(tm_r64(tm, DSA_REG_OPCAP + i), 0);
	assert_int_equal(tm_r32(tm, DSA_REG_CMDCAP), 0x1ffe);
	tm_free(tm);
}

static void emr_capabilities(void **state)
{
	struct tm *tm = tm_new(sva_dsa_profile("emr"), &tm_ops);
	/* Without block on fault and interrupt message storage, which are not modelled. */
	uint64_t expect = 0x40915f0107ULL & ~(1ULL | 0x3fULL << 25);

	(void)state;
	assert_int_equal(sva_dsa_profile("emr")->gencap, 0x40915f0107ULL);
	assert_int_equal(tm_r32(tm, DSA_REG_VERSION), 0x100);
	assert_int_equal(tm_r64(tm, DSA_REG_GENCAP), expect);
	assert_true(tm_r64(tm, DSA_REG_GENCAP) & DSA_GENCAP_DEST_READBACK);
	assert_int_equal(tm_r64(tm, DSA_REG_WQCAP) & 0xffffff, 128 | 8 << 16);
	assert_int_equal(tm_r64(tm, DSA_REG_GRPCAP) & 0xffff, 4 | 96 << 8);
	assert_int_equal(tm_r64(tm, DSA_REG_ENGCAP), 4);
	assert_int_equal(tm_r64(tm, DSA_REG_OPCAP), MODEL_OPS);
	/* No command capability register; the commands are there all the same. */
	assert_int_equal(tm_r32(tm, DSA_REG_CMDCAP), 0);
	tm_up(tm, TM_DEDICATED);
	tm_free(tm);
}

static void opcap_is_masked(void **state)
{
	struct sva_dsa_config c = *sva_dsa_profile("default");
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);
	struct tm *tm;

	(void)state;
	c.opcap[0] = 1ULL << DSA_OP_MEMMOVE | 1ULL << 0x0a | 1ULL << 0x17 | 1ULL << 63;
	tm = tm_new(&c, &tm_ops);
	assert_int_equal(tm_r64(tm, DSA_REG_OPCAP), 1ULL << DSA_OP_MEMMOVE);
	tm_up(tm, TM_DEDICATED);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_BAD_OPCODE);
	tm_free(tm);
}

static void init_refuses(void **state)
{
	const struct sva_dsa_config good = *sva_dsa_profile("default");
	struct sva_dsa_ops ops = tm_ops;
	struct sva_dsa_config c;
	uint8_t *mem = aligned_alloc(64, (sva_dsa_size(&good) + 127) / 64 * 64);

	(void)state;
	assert_non_null(mem);
	assert_non_null(sva_dsa_init(mem, &good, &ops, NULL));
	assert_null(sva_dsa_init(NULL, &good, &ops, NULL));
	assert_null(sva_dsa_init(mem + 8, &good, &ops, NULL));
	assert_null(sva_dsa_init(mem, NULL, &ops, NULL));
	assert_null(sva_dsa_init(mem, &good, NULL, NULL));
	ops.read = NULL;
	assert_null(sva_dsa_init(mem, &good, &ops, NULL));
	ops = tm_ops;
	ops.write = NULL;
	assert_null(sva_dsa_init(mem, &good, &ops, NULL));
#define REFUSED(field, value)							\
	do {									\
		c = good;							\
		c.field = (value);						\
		assert_int_equal(sva_dsa_size(&c), 0);				\
		assert_null(sva_dsa_init(mem, &c, &tm_ops, NULL));		\
	} while (0)
	REFUSED(version, 0x200);
	REFUSED(num_wqs, 0);
	REFUSED(num_wqs, SVA_DSA_MAX_WQS + 1);
	REFUSED(wq_entries, 0);
	REFUSED(wq_entries, SVA_DSA_MAX_ENTRIES + 1);
	REFUSED(num_groups, 0);
	REFUSED(num_groups, SVA_DSA_MAX_GROUPS + 1);
	REFUSED(num_engines, 0);
	REFUSED(num_engines, SVA_DSA_MAX_ENGINES + 1);
	REFUSED(read_bufs, 0);
	REFUSED(read_bufs, 256);
	REFUSED(gencap, good.gencap & ~DSA_GENCAP_CONFIG);
	assert_int_equal(sva_dsa_size(NULL), 0);
	free(mem);
}

static void read_only_registers(void **state)
{
	static const unsigned int regs[] = {
		DSA_REG_VERSION, DSA_REG_GENCAP, DSA_REG_WQCAP, DSA_REG_GRPCAP,
		DSA_REG_ENGCAP, DSA_REG_OPCAP, DSA_REG_OPCAP + 8, DSA_REG_TABOFF,
		DSA_REG_TABOFF + 8, DSA_REG_GENSTS, DSA_REG_CMDSTS, DSA_REG_CMDCAP,
		DSA_REG_SWERR + 8, DSA_REG_SWERR + 16, 0xe0, 0xf0,
	};
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		uint64_t before = tm_r64(tm, regs[i]);

		tm_w64(tm, regs[i], ~before);
		assert_int_equal(tm_r64(tm, regs[i]), before);
	}
	tm_free(tm);
}

/* Any offset, size and value: nothing but the registers changes, nothing breaks. */
static void wild_accesses(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	assert_int_equal(sva_dsa_mmio_read(tm->dsa, 0, 1), 0);
	assert_int_equal(sva_dsa_mmio_read(tm->dsa, 0, 2), 0);
	assert_int_equal(sva_dsa_mmio_read(tm->dsa, 2, 4), 0);
	assert_int_equal(sva_dsa_mmio_read(tm->dsa, 4, 8), 0);
	assert_int_equal(sva_dsa_mmio_read(tm->dsa, UINT64_MAX - 7, 8), 0);
	sva_dsa_mmio_write(tm->dsa, DSA_REG_GENCTRL, 3, 2);
	sva_dsa_mmio_write(tm->dsa, DSA_REG_GENCTRL + 1, 3, 4);
	assert_int_equal(tm_r32(tm, DSA_REG_GENCTRL), 0);
	for (unsigned int i = 0; i < 200000; i++) {
		unsigned int size = 1u << tm_rand() % 5;
		uint64_t offset = tm_rand() % 0x1400;
		uint64_t value = (uint64_t)tm_rand() << 32 | tm_rand();

		if (tm_rand() % 64 == 0)
			offset = value;
		if (tm_rand() % 2)
			sva_dsa_mmio_write(tm->dsa, offset & ~3ULL, value, size);
		else
			sva_dsa_mmio_read(tm->dsa, offset & ~3ULL, size);
		if (tm_rand() % 16 == 0)
			sva_dsa_step(tm->dsa, 4);
	}
	tm_free(tm);
}

static void gencfg(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	assert_int_equal(tm_r32(tm, DSA_REG_GENCFG), 96);
	tm_w32(tm, DSA_REG_GENCFG, 0xffffffff);
	assert_int_equal(tm_r32(tm, DSA_REG_GENCFG), 0x10ff);
	tm_w32(tm, DSA_REG_GENCFG, 0x1020);
	tm_up(tm, TM_DEDICATED);
	tm_w32(tm, DSA_REG_GENCFG, 0);
	assert_int_equal(tm_r32(tm, DSA_REG_GENCFG), 0x1020);
	tm_free(tm);
}

static void genctrl(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	tm_w32(tm, DSA_REG_GENCTRL, 0xffffffff);
	assert_int_equal(tm_r32(tm, DSA_REG_GENCTRL), 3);
	tm_w32(tm, DSA_REG_GENCTRL, 0);
	assert_int_equal(tm_r32(tm, DSA_REG_GENCTRL), 0);
	tm_free(tm);
}

static void gensts(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_DISABLED);
	tm_up(tm, TM_DEDICATED);
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_ENABLED);
	tm_free(tm);
}

static void grpcfg(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_int_equal(tm_r64(tm, tm_grpcfg(tm, i, DSA_GRPCFG_FLAGS)), 96 << 20);
		assert_int_equal(tm_r64(tm, tm_grpcfg(tm, i, DSA_GRPCFG_WQS(0))), 0);
	}
	/* Whole and half words, of one group only. */
	tm_w64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS), 0x1122334455667788);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS)), 0x1122334455667788);
	tm_w32(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS), 0xaabbccdd);
	tm_w32(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS) + 4, 0x01020304);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS)), 0x01020304aabbccdd);
	assert_int_equal(tm_r32(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS) + 4), 0x01020304);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 2, DSA_GRPCFG_FLAGS)), 96 << 20);
	/* Nothing is behind the flags, nor behind the last group. */
	tm_w64(tm, tm_grpcfg(tm, 1, 48), ~0ULL);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 1, 48)), 0);
	tm_w64(tm, tm_grpcfg(tm, 1, 56), ~0ULL);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 1, 56)), 0);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 2, 0)), 0);
	tm_w64(tm, tm_grpcfg(tm, 4, 0), ~0ULL);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 4, 0)), 0);

	tm_w64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS), 96 << 20);
	tm_up(tm, TM_DEDICATED);
	tm_config_group(tm, 0, 0xff, 0xff);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 0, DSA_GRPCFG_WQS(0))), 1);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 0, DSA_GRPCFG_ENGINES)), 1);
	tm_free(tm);
}

static void wqcfg_write_all(struct tm *tm, unsigned int wq, uint32_t value)
{
	for (unsigned int reg = 0; reg < 32; reg += 4)
		tm_w32(tm, tm_wqcfg(tm, wq, reg), value);
}

/* Which bits exist, and which are frozen in which state. */
static void wqcfg(void **state)
{
	static const uint32_t bits[8] = { 0xffff, 0xffff, 0x3ffffff3, 0x1ff, 0x1ffff, 0x1ffff };
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	wqcfg_write_all(tm, 3, 0xffffffff);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 3, 4 * i)), bits[i]);
		assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 2, 4 * i)), 0);
		assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 4, 4 * i)), 0);
	}
	assert_int_equal(tm_r64(tm, tm_wqcfg(tm, 3, 0)), 0x0000ffff0000ffff);
	wqcfg_write_all(tm, 3, 0);

	/* Device on, WQ off: only the size is frozen. */
	tm_config_wq(tm, 0, 16, TM_DEDICATED);
	tm_config_group(tm, 0, 1, 1);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_SIZE), 8);
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_SIZE)), 16);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_MODE), TM_SHARED);
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_MODE)), TM_SHARED);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_MODE), TM_DEDICATED);

	/* WQ on: only the threshold is not. */
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	wqcfg_write_all(tm, 0, 3);
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_SIZE)), 16);
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_THRESHOLD)), 3);
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_MODE)), TM_DEDICATED);
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_LIMITS)), TM_LIMITS);
	tm_free(tm);
}

static void wq_state_and_occupancy(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);
	uint32_t v = tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_STATE));

	(void)state;
	assert_int_equal(DSA_WQCFG_STATE_OF(v), DSA_WQ_ENABLED);
	assert_int_equal(DSA_WQCFG_STATE_OCCUPANCY(v), 0);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 16);
	for (unsigned int i = 1; i <= 5; i++) {
		assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
		v = tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_STATE));
		assert_int_equal(DSA_WQCFG_STATE_OCCUPANCY(v), i);
		assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 16 - i);
	}
	assert_int_equal(sva_dsa_step(tm->dsa, 2), 2);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 13);
	assert_int_equal(tm_run(tm), 3);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 1), 0);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, UINT32_MAX), 0);
	assert_int_equal(sva_dsa_step(tm->dsa, 0), 0);
	tm_free(tm);
}

static void msix_permissions(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	for (unsigned int i = 0; i < 9; i++) {
		assert_int_equal(tm_r32(tm, tm_msix_perm(tm, i)), 0);
		tm_w32(tm, tm_msix_perm(tm, i), 0xffffffff - (i << 12));
		assert_int_equal(tm_r32(tm, tm_msix_perm(tm, i)), 0xfffff00c - (i << 12));
		assert_int_equal(tm_r32(tm, tm_msix_perm(tm, i) + 4), 0);
	}
	tm_w32(tm, tm_msix_perm(tm, 9), 0xffffffff);
	assert_int_equal(tm_r32(tm, tm_msix_perm(tm, 9)), 0);
	tm_up(tm, TM_DEDICATED);
	tm_w32(tm, tm_msix_perm(tm, 1), 0x5008);
	assert_int_equal(tm_r32(tm, tm_msix_perm(tm, 1)), 0x5008);
	tm_free(tm);
}

/* Trap 1: one error is kept, a second sets overflow; write 1 clears, write 0 does not. */
static void swerr_and_intcause(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = { .op_flags = DSA_OP_FLAGS(0xee, 0) };
	uint64_t w0;

	(void)state;
	tm_post(tm, 0, &d);
	tm_run(tm);
	w0 = tm_r64(tm, DSA_REG_SWERR);
	assert_int_equal(w0 & 0x7f, DSA_SWERR_VALID | DSA_SWERR_DESC_VALID |
			 DSA_SWERR_WQ_IDX_VALID);
	assert_int_equal(DSA_SWERR_ERROR(w0), DSA_STS_BAD_OPCODE);
	assert_int_equal(DSA_SWERR_WQ_IDX(w0), 0);
	assert_int_equal(DSA_SWERR_OPERATION(w0), 0xee);
	assert_int_equal(DSA_SWERR_PASID(w0), PASID_A);
	assert_int_equal(tm->irq[0], 0);	/* not enabled */
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), 0);

	d.op_flags = DSA_OP_FLAGS(0xdd, 0);
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR), w0 | DSA_SWERR_OVERFLOW);

	tm_w64(tm, DSA_REG_SWERR, 0);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR), w0 | DSA_SWERR_OVERFLOW);
	tm_w32(tm, DSA_REG_SWERR, DSA_SWERR_VALID);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR) & 3, DSA_SWERR_OVERFLOW);
	tm_w32(tm, DSA_REG_SWERR, DSA_SWERR_OVERFLOW);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR) & 3, 0);

	tm_w32(tm, DSA_REG_GENCTRL, DSA_GENCTRL_SWERR_INT);
	tm_post(tm, 0, &d);
	tm_post(tm, 0, &d);
	tm_run(tm);
	assert_int_equal(DSA_SWERR_OPERATION(tm_r64(tm, DSA_REG_SWERR)), 0xdd);
	assert_int_equal(tm->irq[0], 1);	/* only when valid goes from 0 to 1 */
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), DSA_INTC_ERR);
	tm_w32(tm, DSA_REG_INTCAUSE, 0);
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), DSA_INTC_ERR);
	tm_w32(tm, DSA_REG_INTCAUSE, DSA_INTC_CMD);
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), DSA_INTC_ERR);
	tm_w32(tm, DSA_REG_INTCAUSE, DSA_INTC_ERR);
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), 0);
	tm_free(tm);
}

/* Trap 3. */
static void bus_master_off_halts(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);

	(void)state;
	sva_dsa_bus_master(tm->dsa, false);	/* harmless while disabled */
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), 0);
	sva_dsa_bus_master(tm->dsa, true);
	tm_up(tm, TM_DEDICATED);
	tm_w32(tm, DSA_REG_GENCTRL, DSA_GENCTRL_HALT_INT);
	assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
	sva_dsa_bus_master(tm->dsa, false);
	assert_int_equal(DSA_GENSTS_STATE(tm_r32(tm, DSA_REG_GENSTS)), DSA_STATE_HALT);
	assert_int_equal(DSA_GENSTS_RESET_TYPE(tm_r32(tm, DSA_REG_GENSTS)), DSA_RESET_FLR);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), 0x51);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR) & 0xf, DSA_SWERR_VALID);
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), DSA_INTC_HALT);
	assert_int_equal(tm->irq[0], 1);
	/* Nothing works any more, nor helps. */
	sva_dsa_bus_master(tm->dsa, true);
	assert_int_equal(sva_dsa_step(tm->dsa, 8), 0);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_DROPPED);
	assert_int_equal(sva_dsa_portal_write(tm->dsa, 0, &d, true), SVA_DSA_RETRY);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_RESET_DEVICE, 0), DSA_CMDSTS_HW_ERR);
	assert_int_equal(DSA_GENSTS_STATE(tm_r32(tm, DSA_REG_GENSTS)), DSA_STATE_HALT);
	/* But a function-level reset. */
	sva_dsa_flr(tm->dsa);
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), 0);
	sva_dsa_bus_master(tm->dsa, true);
	tm_up(tm, TM_DEDICATED);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	tm_free(tm);
}

/* Everything as after power-on. */
static void function_level_reset(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops), *fresh = tm_new(NULL, &tm_ops);
	struct dsa_desc d = { .op_flags = DSA_OP_FLAGS(0xee, 0) };

	(void)state;
	sva_dsa_bus_master(fresh->dsa, false);
	tm_w32(tm, DSA_REG_GENCFG, 0x1030);
	tm_up(tm, TM_DEDICATED);
	tm_w32(tm, DSA_REG_GENCTRL, 3);
	tm_w32(tm, tm_msix_perm(tm, 2), 0x5008);
	tm_post(tm, 0, &d);
	tm_run(tm);
	tm_post(tm, 0, &d);
	tm_cmd(tm, 31, 0);
	sva_dsa_flr(tm->dsa);
	for (unsigned int reg = 0; reg < 0x1000; reg += 8)
		assert_int_equal(tm_r64(tm, reg), tm_r64(fresh, reg));
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), DSA_CMDSTS_ERR_BUSMASTER_EN);
	assert_int_equal(sva_dsa_step(tm->dsa, 8), 0);
	tm_free(tm);
	tm_free(fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profile_names),
		cmocka_unit_test(default_capabilities),
		cmocka_unit_test(emr_capabilities),
		cmocka_unit_test(opcap_is_masked),
		cmocka_unit_test(init_refuses),
		cmocka_unit_test(read_only_registers),
		cmocka_unit_test(wild_accesses),
		cmocka_unit_test(gencfg),
		cmocka_unit_test(genctrl),
		cmocka_unit_test(gensts),
		cmocka_unit_test(grpcfg),
		cmocka_unit_test(wqcfg),
		cmocka_unit_test(wq_state_and_occupancy),
		cmocka_unit_test(msix_permissions),
		cmocka_unit_test(swerr_and_intcause),
		cmocka_unit_test(bus_master_off_halts),
		cmocka_unit_test(function_level_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
