/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/* Administrative commands, their error codes, and the portals' answers. */

#include "test_model_util.h"

static void ok(struct tm *tm, unsigned int code, uint32_t operand)
{
	assert_int_equal(tm_cmd(tm, code, operand), DSA_CMDSTS_SUCCESS);
}

static void enable_fails(struct tm *tm, uint32_t code)
{
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), code);
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_DISABLED);
}

/* A device that could be enabled: WQs 0 and 1 in groups 0 and 1. */
static struct tm *configured(void)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	tm_config_wq(tm, 0, 16, TM_DEDICATED);
	tm_config_wq(tm, 1, 16, TM_DEDICATED);
	tm_config_group(tm, 0, 1, 3);
	tm_config_group(tm, 1, 2, 4);
	return tm;
}

static void enable_device(void **state)
{
	struct tm *tm = configured();

	(void)state;
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), DSA_CMDSTS_ERR_DEV_ENABLED);
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_ENABLED);
	tm_free(tm);
}

static void enable_device_without_bus_master(void **state)
{
	struct tm *tm = configured();

	(void)state;
	sva_dsa_bus_master(tm->dsa, false);
	enable_fails(tm, DSA_CMDSTS_ERR_BUSMASTER_EN);
	tm_free(tm);
}

static void enable_device_size_sum(void **state)
{
	struct tm *tm = configured();

	(void)state;
	tm_config_wq(tm, 1, 128 - 16 + 1, TM_DEDICATED);
	enable_fails(tm, DSA_CMDSTS_ERR_WQ_SIZE_ERANGE);
	tm_config_wq(tm, 1, 0xffff, TM_DEDICATED);
	enable_fails(tm, DSA_CMDSTS_ERR_WQ_SIZE_ERANGE);
	tm_config_wq(tm, 1, 128 - 16, TM_DEDICATED);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	tm_free(tm);
}

static void enable_device_groups(void **state)
{
	struct tm *tm = configured();

	(void)state;
	/* 0x15: WQs without engines, and the other way round. */
	tm_config_group(tm, 1, 2, 0);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG);
	tm_config_group(tm, 1, 2, 4);
	tm_config_group(tm, 2, 0, 8);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG);
	tm_config_group(tm, 2, 0, 0);
	/* 0x16: a WQ that does not exist, two groups, no group, no size. */
	tm_config_group(tm, 1, 0x102, 4);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG2);
	tm_config_group(tm, 1, 2, 4);
	tm_w64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_WQS(3)), 1);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG2);
	tm_w64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_WQS(3)), 0);
	tm_config_group(tm, 1, 3, 4);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG2);
	tm_config_group(tm, 1, 2, 4);
	tm_config_wq(tm, 2, 1, TM_DEDICATED);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG2);
	tm_config_wq(tm, 2, 0, TM_DEDICATED);
	tm_config_group(tm, 1, 6, 4);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG2);
	/* 0x17: an engine that does not exist, one in two groups. */
	tm_config_group(tm, 1, 2, 0x14);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG3);
	tm_config_group(tm, 1, 2, 2);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG3);
	tm_config_group(tm, 1, 2, 4);
	/* 0x11: reserved bits of the flags. */
	tm_w64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS), 96ULL << 20 | 1ULL << 6);
	enable_fails(tm, DSA_CMDSTS_ERR_CONFIG);
	tm_w64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS), 96ULL << 20 | 1ULL << 36);
	enable_fails(tm, DSA_CMDSTS_ERR_CONFIG);
	tm_w64(tm, tm_grpcfg(tm, 1, DSA_GRPCFG_FLAGS), 96ULL << 20 | 0x09);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	tm_free(tm);
}

static void flags(struct tm *tm, unsigned int group, uint64_t allowed, uint64_t reserved,
		  bool limit)
{
	tm_w64(tm, tm_grpcfg(tm, group, DSA_GRPCFG_FLAGS),
	       allowed << 20 | reserved << 8 | (limit ? 1 << 7 : 0));
}

/* 0x18, specification "Read Buffer Allocation"; group 0 has two engines. */
static void enable_device_read_buffers(void **state)
{
	struct tm *tm = configured();

	(void)state;
	flags(tm, 0, 7, 0, false);	/* four an engine */
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG4);
	flags(tm, 0, 97, 0, false);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG4);
	flags(tm, 0, 8, 9, false);	/* less than its own */
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG4);
	flags(tm, 0, 60, 60, false);	/* more than there are */
	flags(tm, 1, 60, 60, false);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG4);
	flags(tm, 0, 90, 10, false);	/* 96 - 30 may be shared, so 76 at most */
	flags(tm, 1, 30, 20, false);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG4);
	flags(tm, 0, 76, 10, true);	/* the global limit: four an engine */
	tm_w32(tm, DSA_REG_GENCFG, 7);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG4);
	tm_w32(tm, DSA_REG_GENCFG, 97);
	enable_fails(tm, DSA_CMDSTS_ERR_GRP_CONFIG4);
	tm_w32(tm, DSA_REG_GENCFG, 8);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	tm_free(tm);
}

static void enable_wq_fails(struct tm *tm, unsigned int wq, uint32_t code)
{
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, wq), code);
}

static void enable_wq(void **state)
{
	struct tm *tm = configured();
	uint64_t mode = tm_wqcfg(tm, 0, DSA_WQCFG_MODE);
	uint64_t limits = tm_wqcfg(tm, 0, DSA_WQCFG_LIMITS);

	(void)state;
	enable_wq_fails(tm, 0, DSA_CMDSTS_ERR_DEV_NOTEN);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	enable_wq_fails(tm, 8, DSA_CMDSTS_INVAL_WQIDX);
	enable_wq_fails(tm, 0xfffff, DSA_CMDSTS_INVAL_WQIDX);
	enable_wq_fails(tm, 7, DSA_CMDSTS_ERR_WQ_SIZE);
	tm_w32(tm, mode, TM_DEDICATED & ~DSA_WQCFG_PRIORITY(15));
	enable_wq_fails(tm, 0, DSA_CMDSTS_ERR_WQ_PRIOR);
	tm_w32(tm, mode, TM_DEDICATED | DSA_WQCFG_MODE_BOF);
	enable_wq_fails(tm, 0, DSA_CMDSTS_ERR_BOF_EN);
	tm_w32(tm, mode, TM_SHARED & ~DSA_WQCFG_PASID_EN);
	enable_wq_fails(tm, 0, DSA_CMDSTS_ERR_PASID_EN);
	tm_w32(tm, mode, TM_DEDICATED);
	tm_w32(tm, limits, DSA_WQCFG_MAX_XFER_SHIFT(31) | DSA_WQCFG_MAX_BATCH_SHIFT(0));
	enable_wq_fails(tm, 0, DSA_CMDSTS_ERR_MAX_BATCH_SIZE);
	tm_w32(tm, limits, DSA_WQCFG_MAX_XFER_SHIFT(31) | DSA_WQCFG_MAX_BATCH_SHIFT(11));
	enable_wq_fails(tm, 0, DSA_CMDSTS_ERR_MAX_BATCH_SIZE);
	tm_w32(tm, limits, TM_LIMITS);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 16);
	enable_wq_fails(tm, 0, DSA_CMDSTS_ERR_WQ_ENABLED);
	tm_free(tm);
}

/* The transfer limit of the WQ may not be above the device's. */
static void enable_wq_transfer_limit(void **state)
{
	struct sva_dsa_config c = *sva_dsa_profile("default");
	struct tm *tm;

	(void)state;
	c.gencap = (c.gencap & ~(0x1fULL << 16)) | 20ULL << 16;
	tm = tm_new(&c, &tm_ops);
	tm_config_wq(tm, 0, 16, TM_DEDICATED);
	tm_config_group(tm, 0, 1, 1);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	enable_wq_fails(tm, 0, DSA_CMDSTS_ERR_MAX_XFER_SIZE);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_LIMITS),
	       DSA_WQCFG_MAX_XFER_SHIFT(20) | DSA_WQCFG_MAX_BATCH_SHIFT(1));
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	tm_free(tm);
}

static void unknown_commands(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	assert_int_equal(tm_cmd(tm, 0, 0), DSA_CMDSTS_INVAL_CMD);
	for (unsigned int code = DSA_CMD_REQUEST_INT_HANDLE; code < 32; code++)
		assert_int_equal(tm_cmd(tm, code, 0), DSA_CMDSTS_INVAL_CMD);
	tm_free(tm);
}

static void command_interrupt(void **state)
{
	struct tm *tm = configured();

	(void)state;
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	assert_int_equal(tm->irq[0], 0);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_ENABLE_WQ, 0) | DSA_CMD_INT_REQ);
	assert_int_equal(tm->irq[0], 1);
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), DSA_INTC_CMD);
	tm_free(tm);
}

static bool active(struct tm *tm)
{
	return tm_r32(tm, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE;
}

/* n no-ops with a record each in WQ wq. */
static void load(struct tm *tm, unsigned int wq, unsigned int n)
{
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);

	for (unsigned int i = 0; i < n; i++) {
		d.compl_addr = tm_compl_va(i);
		memset(tm_compl(tm, i), 0, sizeof(struct dsa_compl));
		assert_int_equal(tm_post(tm, wq, &d), SVA_DSA_ACCEPTED);
	}
}

static unsigned int wq_state(struct tm *tm, unsigned int wq)
{
	return DSA_WQCFG_STATE_OF(tm_r32(tm, tm_wqcfg(tm, wq, DSA_WQCFG_STATE)));
}

/* Trap 1: a command while one is active is discarded and recorded. */
static void disable_wq_waits(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);

	(void)state;
	load(tm, 0, 3);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_WQ, 1) | DSA_CMD_INT_REQ);
	assert_true(active(tm));
	assert_int_equal(wq_state(tm, 0), DSA_WQ_BUSY);
	assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_DROPPED);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR), 0);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_RESET_DEVICE, 0));
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), 0x52);
	assert_int_equal(sva_dsa_step(tm->dsa, 2), 2);
	assert_true(active(tm));
	assert_int_equal(tm->irq[0], 0);
	assert_int_equal(sva_dsa_step(tm->dsa, 2), 1);
	assert_int_equal(tm_r32(tm, DSA_REG_CMDSTS), 0);
	assert_int_equal(tm->irq[0], 1);
	assert_int_equal(wq_state(tm, 0), DSA_WQ_DISABLED);
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_ENABLED);
	assert_int_equal(tm_compl(tm, 2)->status, DSA_STS_SUCCESS);
	/* Its configuration stays. */
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_MODE)), TM_DEDICATED);
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	tm_free(tm);
}

static void drain_wq(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	ok(tm, DSA_CMD_DRAIN_WQ, 1);	/* nothing to wait for */
	load(tm, 0, 2);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DRAIN_WQ, 1));
	assert_true(active(tm));
	load(tm, 0, 3);			/* what comes later is not waited for */
	sva_dsa_step(tm->dsa, 1);
	assert_true(active(tm));
	sva_dsa_step(tm->dsa, 1);
	assert_false(active(tm));
	assert_int_equal(wq_state(tm, 0), DSA_WQ_ENABLED);
	assert_int_equal(tm_run(tm), 3);
	tm_free(tm);
}

/* Neither is a batch that has been taken from the WQ since. */
static void drain_ignores_later_batch(void **state)
{
	struct dsa_desc members[3], d;
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		members[i] = tm_desc(DSA_OP_NOOP, 0);
		members[i].compl_addr = tm_compl_va(4 + i);
	}
	load(tm, 0, 2);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DRAIN_WQ, 1));
	d = tm_batch(tm, members, 3);
	assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
	assert_int_equal(sva_dsa_step(tm->dsa, 4), 4);
	assert_int_equal(tm_compl(tm, 4)->status, DSA_STS_SUCCESS);
	assert_int_equal(tm_compl(tm, 5)->status, 0);
	assert_false(active(tm));
	tm_free(tm);
}

/* A batch under way counts until its own record is written. */
static void drain_waits_for_batch(void **state)
{
	struct dsa_desc members[3], d;
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		members[i] = tm_desc(DSA_OP_NOOP, 0);
		members[i].compl_addr = tm_compl_va(1 + i);
	}
	d = tm_batch(tm, members, 3);
	assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
	assert_int_equal(sva_dsa_step(tm->dsa, 2), 2);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 16);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DRAIN_ALL, 0));
	assert_true(active(tm));
	assert_int_equal(sva_dsa_step(tm->dsa, 1), 1);
	assert_true(active(tm));
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	assert_int_equal(sva_dsa_step(tm->dsa, 1), 1);
	assert_false(active(tm));
	assert_int_equal(tm_compl(tm, 0)->status, DSA_STS_SUCCESS);
	tm_free(tm);
}

static void drain_all(void **state)
{
	struct tm *tm = configured();

	(void)state;
	ok(tm, DSA_CMD_DRAIN_ALL, 0);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 1);
	load(tm, 0, 1);
	load(tm, 1, 1);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DRAIN_ALL, 0));
	sva_dsa_step(tm->dsa, 1);
	assert_true(active(tm));
	sva_dsa_step(tm->dsa, 1);
	assert_false(active(tm));
	tm_free(tm);
}

static void disable_device(void **state)
{
	struct tm *tm = configured();
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);

	(void)state;
	assert_int_equal(tm_cmd(tm, DSA_CMD_DISABLE_DEVICE, 0), DSA_CMDSTS_ERR_DIS_DEV_EN);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	ok(tm, DSA_CMD_DISABLE_DEVICE, 0);
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_DISABLED);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 1);
	load(tm, 0, 2);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0));
	assert_true(active(tm));
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_DRAINING);
	assert_int_equal(wq_state(tm, 1), DSA_WQ_BUSY);
	assert_int_equal(tm_post(tm, 1, &d), SVA_DSA_DROPPED);
	assert_int_equal(tm_run(tm), 2);
	assert_false(active(tm));
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_DISABLED);
	assert_int_equal(wq_state(tm, 0), DSA_WQ_DISABLED);
	assert_int_equal(wq_state(tm, 1), DSA_WQ_DISABLED);
	assert_int_equal(tm_compl(tm, 1)->status, DSA_STS_SUCCESS);
	/* Another division of the entries, with the ring of WQ 0 not at its start. */
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_SIZE), 1);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	tm_free(tm);
}

/* Operands with WQs that are not there, or not enabled. */
static void wq_mask_operands(void **state)
{
	static const unsigned int codes[] = {
		DSA_CMD_DISABLE_WQ, DSA_CMD_DRAIN_WQ, DSA_CMD_ABORT_WQ, DSA_CMD_RESET_WQ,
	};
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(tm_cmd(tm, codes[i], 0x100), DSA_CMDSTS_INVAL_WQIDX);
		assert_int_equal(tm_cmd(tm, codes[i], 0x10001), DSA_CMDSTS_INVAL_WQIDX);
		if (codes[i] != DSA_CMD_RESET_WQ)
			assert_int_equal(tm_cmd(tm, codes[i], 3), DSA_CMDSTS_ERR_DEV_NOT_EN);
		assert_int_equal(wq_state(tm, 0), DSA_WQ_ENABLED);
		ok(tm, codes[i], 0);
	}
	tm_free(tm);
}

static void abort_wq(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	load(tm, 0, 4);
	sva_dsa_step(tm->dsa, 1);
	ok(tm, DSA_CMD_ABORT_WQ, 1);
	assert_int_equal(tm_run(tm), 0);
	assert_int_equal(tm_compl(tm, 0)->status, DSA_STS_SUCCESS);
	assert_int_equal(tm_compl(tm, 1)->status, 0);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 16);
	load(tm, 0, 1);
	assert_int_equal(tm_run(tm), 1);
	tm_free(tm);
}

/* A batch is abandoned between two of its members. */
static void abort_all(void **state)
{
	struct dsa_desc members[3], d;
	struct tm *tm = tm_new_up();

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		members[i] = tm_desc(DSA_OP_NOOP, 0);
		members[i].compl_addr = tm_compl_va(1 + i);
	}
	d = tm_batch(tm, members, 3);
	assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
	assert_int_equal(sva_dsa_step(tm->dsa, 2), 2);
	ok(tm, DSA_CMD_ABORT_ALL, 0);
	assert_int_equal(tm_run(tm), 0);
	assert_int_equal(tm_compl(tm, 1)->status, DSA_STS_SUCCESS);
	assert_int_equal(tm_compl(tm, 2)->status, 0);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	tm_free(tm);
}

static void reset_wq(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	tm_config_wq(tm, 1, 0, TM_DEDICATED);
	load(tm, 0, 4);
	ok(tm, DSA_CMD_RESET_WQ, 3);
	assert_int_equal(tm_run(tm), 0);
	assert_int_equal(wq_state(tm, 0), DSA_WQ_DISABLED);
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_SIZE)), 16);
	for (unsigned int reg = 4; reg < 32; reg += 4) {
		assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, reg)), 0);
		assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 1, reg)), 0);
	}
	tm_free(tm);
}

/* Trap 25: the configuration goes, the errors stay. */
static void reset_device(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = { .op_flags = DSA_OP_FLAGS(0xee, 0) };
	uint64_t swerr;

	(void)state;
	tm_post(tm, 0, &d);
	tm_run(tm);
	swerr = tm_r64(tm, DSA_REG_SWERR);
	tm_w32(tm, tm_msix_perm(tm, 1), 0x5008);
	tm_w32(tm, DSA_REG_GENCTRL, 3);
	load(tm, 0, 4);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_RESET_DEVICE, 0) | DSA_CMD_INT_REQ);
	assert_int_equal(tm_r32(tm, DSA_REG_CMDSTS), 0);
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), DSA_INTC_CMD);
	assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), 0);
	assert_int_equal(tm_r32(tm, DSA_REG_GENCTRL), 0);
	assert_int_equal(tm_r32(tm, DSA_REG_GENCFG), 96);
	assert_int_equal(tm_r32(tm, tm_msix_perm(tm, 1)), 0);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR), swerr);
	for (unsigned int reg = 0; reg < 32; reg += 4)
		assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, reg)), 0);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 0, 0)), 0);
	assert_int_equal(tm_r64(tm, tm_grpcfg(tm, 0, DSA_GRPCFG_FLAGS)), 96 << 20);
	assert_int_equal(tm_run(tm), 0);
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	tm_up(tm, TM_DEDICATED);
	load(tm, 0, 1);
	assert_int_equal(tm_run(tm), 1);
	tm_free(tm);
}

/* WQ 0 is dedicated to PASID_A, WQ 1 is shared. */
static struct tm *with_shared(unsigned int threshold)
{
	struct tm *tm = configured();

	tm_config_wq(tm, 1, 16, TM_SHARED);
	tm_w32(tm, tm_wqcfg(tm, 1, DSA_WQCFG_THRESHOLD), threshold);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 1);
	return tm;
}

static enum sva_dsa_accept enqcmd(struct tm *tm, uint32_t pasid, uint64_t compl_addr,
				  bool limited)
{
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);

	d.pasid_priv = pasid;
	d.compl_addr = compl_addr;
	return sva_dsa_portal_write(tm->dsa, DSA_PORTAL_OFFSET(1, limited) + 0x7c0, &d, true);
}

static void drain_pasid(void **state)
{
	struct tm *tm = with_shared(16);

	(void)state;
	ok(tm, DSA_CMD_DRAIN_PASID, PASID_A);
	load(tm, 0, 2);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DRAIN_PASID, PASID_B));
	assert_false(active(tm));	/* not in the dedicated WQ, and the other is empty */
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DRAIN_PASID, PASID_A));
	assert_true(active(tm));
	tm_run(tm);
	assert_false(active(tm));
	assert_int_equal(enqcmd(tm, PASID_A, tm_compl_va(0), false), SVA_DSA_ACCEPTED);
	tm_w32(tm, DSA_REG_CMD, DSA_CMD(DSA_CMD_DRAIN_PASID, PASID_A));
	assert_true(active(tm));
	tm_run(tm);
	assert_false(active(tm));
	tm_free(tm);
}

static void abort_pasid(void **state)
{
	struct tm *tm = with_shared(16);

	(void)state;
	load(tm, 0, 2);
	/* Make the ring turn round, then A and B in turn. */
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(enqcmd(tm, PASID_B, tm_compl_va(20), false), SVA_DSA_ACCEPTED);
	tm_run(tm);
	load(tm, 0, 2);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(enqcmd(tm, i % 2 ? PASID_A : PASID_B, tm_compl_va(20 + i),
					false), SVA_DSA_ACCEPTED);
	assert_int_equal(enqcmd(tm, PASID_B, tm_compl_va(0), false), SVA_DSA_RETRY);
	ok(tm, DSA_CMD_ABORT_PASID, PASID_A);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 16);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 1), 8);
	assert_int_equal(tm_run(tm), 8);
	for (unsigned int i = 0; i < 16; i++) {
		uint32_t pasid = i % 2 ? PASID_A : PASID_B;

		assert_int_equal(*tm_ptr(tm, pasid, tm_compl_va(20 + i)), !(i % 2));
	}
	assert_int_equal(tm_compl(tm, 0)->status, 0);
	ok(tm, DSA_CMD_DRAIN_ALL, 0);
	assert_int_equal(enqcmd(tm, PASID_A, tm_compl_va(0), false), SVA_DSA_ACCEPTED);
	ok(tm, DSA_CMD_ABORT_PASID, PASID_A);
	assert_int_equal(tm_run(tm), 0);
	tm_free(tm);
}

/* The PASID field means nothing in a WQ that has PASID switched off. */
static void pasid_switched_off(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	tm_up(tm, TM_DEDICATED & ~DSA_WQCFG_PASID_EN);
	load(tm, 0, 2);
	ok(tm, DSA_CMD_ABORT_PASID, PASID_A);
	ok(tm, DSA_CMD_DRAIN_PASID, PASID_A);
	assert_int_equal(tm_run(tm), 2);
	tm_free(tm);
}

/* Trap 6: what the two kinds of writes are told. */
static void portal_answers(void **state)
{
	struct tm *tm = with_shared(4);
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);
	unsigned int i;

	(void)state;
	/* Not enabled, not there: discarded without notice, or a retry. */
	for (i = 2; i < 300; i++) {
		uint64_t offset = DSA_PORTAL_OFFSET(i, 0);

		assert_int_equal(sva_dsa_portal_write(tm->dsa, offset, &d, false),
				 SVA_DSA_DROPPED);
		assert_int_equal(sva_dsa_portal_write(tm->dsa, offset, &d, true), SVA_DSA_RETRY);
	}
	assert_int_equal(sva_dsa_portal_write(tm->dsa, UINT64_MAX, &d, true), SVA_DSA_RETRY);
	/* The wrong kind for the mode. */
	assert_int_equal(sva_dsa_portal_write(tm->dsa, 0, &d, true), SVA_DSA_RETRY);
	assert_int_equal(tm_post(tm, 1, &d), SVA_DSA_DROPPED);
	assert_int_equal(tm_r64(tm, DSA_REG_SWERR), 0);
	/* A dedicated WQ that is full: recorded. */
	for (i = 0; i < 16; i++)
		assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 0), 0);
	assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_DROPPED);
	assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), 0x53);
	assert_int_equal(DSA_SWERR_WQ_IDX(tm_r64(tm, DSA_REG_SWERR)), 0);
	assert_int_equal(DSA_SWERR_PASID(tm_r64(tm, DSA_REG_SWERR)), PASID_A);
	/* A shared WQ: threshold on the limited portal, size on the other. */
	for (i = 0; i < 4; i++)
		assert_int_equal(enqcmd(tm, PASID_B, tm_compl_va(i), true), SVA_DSA_ACCEPTED);
	assert_int_equal(enqcmd(tm, PASID_B, tm_compl_va(i), true), SVA_DSA_RETRY);
	for (; i < 16; i++)
		assert_int_equal(enqcmd(tm, PASID_B, tm_compl_va(i), false), SVA_DSA_ACCEPTED);
	assert_int_equal(enqcmd(tm, PASID_B, tm_compl_va(i), false), SVA_DSA_RETRY);
	assert_int_equal(tm_run(tm), 32);
	/* A threshold above the size counts as the size; it may change at any time. */
	tm_w32(tm, tm_wqcfg(tm, 1, DSA_WQCFG_THRESHOLD), 1000);
	for (i = 0; i < 16; i++)
		assert_int_equal(enqcmd(tm, PASID_B, tm_compl_va(i), true), SVA_DSA_ACCEPTED);
	assert_int_equal(enqcmd(tm, PASID_B, tm_compl_va(i), true), SVA_DSA_RETRY);
	tm_free(tm);
}

/* Specification, "Work Dispatch Priority": 6 and 2 take turns three to one. */
static void priorities(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);
	unsigned int first;

	(void)state;
	tm_config_wq(tm, 0, 64, TM_DEDICATED);
	tm_config_wq(tm, 1, 64, TM_DEDICATED);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_MODE),
	       (TM_DEDICATED & ~DSA_WQCFG_PRIORITY(15)) | DSA_WQCFG_PRIORITY(6));
	tm_w32(tm, tm_wqcfg(tm, 1, DSA_WQCFG_MODE),
	       (TM_DEDICATED & ~DSA_WQCFG_PRIORITY(15)) | DSA_WQCFG_PRIORITY(2));
	tm_config_group(tm, 0, 3, 1);
	ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	ok(tm, DSA_CMD_ENABLE_WQ, 1);
	load(tm, 0, 64);
	load(tm, 1, 64);
	assert_int_equal(sva_dsa_step(tm->dsa, 32), 32);
	first = sva_dsa_wq_room(tm->dsa, 0);
	assert_int_equal(first, 24);
	assert_int_equal(sva_dsa_wq_room(tm->dsa, 1), 8);
	assert_int_equal(tm_run(tm), 96);
	tm_free(tm);
}

/*
 * The order in which the Linux driver goes about it (device.c, init.c): reset, groups
 * and WQs, enable, and for each client: disable, PASID, enable.
 */
static void bring_up_as_linux_does(void **state)
{
	struct tm *tm = tm_new(sva_dsa_profile("emr"), &tm_ops);
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);

	(void)state;
	tm_w32(tm, DSA_REG_GENCTRL, DSA_GENCTRL_SWERR_INT | DSA_GENCTRL_HALT_INT);
	ok(tm, DSA_CMD_RESET_DEVICE, 0);
	for (int again = 0; again < 2; again++) {
		for (unsigned int word = 0; word < 8; word++) {
			uint32_t old = tm_r32(tm, tm_wqcfg(tm, 0, 4 * word));
			static const uint32_t want[8] = {
				16, 0, DSA_WQCFG_MODE_DEDICATED | DSA_WQCFG_PRIORITY(10),
				DSA_WQCFG_MAX_XFER_SHIFT(21) | DSA_WQCFG_MAX_BATCH_SHIFT(5),
			};

			tm_w32(tm, tm_wqcfg(tm, 0, 4 * word), old | want[word]);
		}
		for (unsigned int g = 0; g < 4; g++) {
			tm_w64(tm, tm_grpcfg(tm, g, DSA_GRPCFG_WQS(0)), g == 0);
			for (unsigned int i = 1; i < 4; i++)
				tm_w64(tm, tm_grpcfg(tm, g, DSA_GRPCFG_WQS(i)), 0);
			tm_w64(tm, tm_grpcfg(tm, g, DSA_GRPCFG_ENGINES), g == 0 ? 0xf : 0);
			tm_w64(tm, tm_grpcfg(tm, g, DSA_GRPCFG_FLAGS), 96 << 20 | 1 << 3 | 1);
		}
		/* Written again once the device is on, before each WQ is enabled. */
		if (!again)
			ok(tm, DSA_CMD_ENABLE_DEVICE, 0);
	}
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	ok(tm, DSA_CMD_DISABLE_WQ, DSA_CMD_WQ_MASK(0));
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_MODE), tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_MODE)) |
	       DSA_WQCFG_PASID_EN | DSA_WQCFG_PASID(PASID_A));
	ok(tm, DSA_CMD_ENABLE_WQ, 0);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	ok(tm, DSA_CMD_DRAIN_PASID, PASID_A);
	ok(tm, DSA_CMD_DISABLE_DEVICE, 0);
	assert_int_equal(tm->irq[0], 0);
	tm_free(tm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enable_device),
		cmocka_unit_test(enable_device_without_bus_master),
		cmocka_unit_test(enable_device_size_sum),
		cmocka_unit_test(enable_device_groups),
		cmocka_unit_test(enable_device_read_buffers),
		cmocka_unit_test(enable_wq),
		cmocka_unit_test(enable_wq_transfer_limit),
		cmocka_unit_test(unknown_commands),
		cmocka_unit_test(command_interrupt),
		cmocka_unit_test(disable_wq_waits),
		cmocka_unit_test(drain_wq),
		cmocka_unit_test(drain_ignores_later_batch),
		cmocka_unit_test(drain_waits_for_batch),
		cmocka_unit_test(drain_all),
		cmocka_unit_test(disable_device),
		cmocka_unit_test(wq_mask_operands),
		cmocka_unit_test(abort_wq),
		cmocka_unit_test(abort_all),
		cmocka_unit_test(reset_wq),
		cmocka_unit_test(reset_device),
		cmocka_unit_test(drain_pasid),
		cmocka_unit_test(abort_pasid),
		cmocka_unit_test(pasid_switched_off),
		cmocka_unit_test(portal_answers),
		cmocka_unit_test(priorities),
		cmocka_unit_test(bring_up_as_linux_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
