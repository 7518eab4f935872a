/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/* PCI settings, privilege and occupancy interrupts of the DSA model. */

#include "test_model_util.h"

#define SRC	TM_VA(TM_DATA)
#define DST	TM_VA(TM_DATA + 20)
#define ALL	(SVA_DSA_PCI_PASID | SVA_DSA_PCI_PRIV | SVA_DSA_PCI_PRS)

/* Enable WQ 0 with this mode. @return the error code. */
static uint32_t enable(struct tm *tm, uint32_t mode)
{
	tm_config_wq(tm, 0, 16, mode);
	tm_config_group(tm, 0, 1, 1);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	return tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0);
}

static void wq_needs_capabilities(void **state)
{
	static const struct { unsigned int pci; uint32_t mode, err; } t[] = {
		{ ALL, TM_DEDICATED | DSA_WQCFG_PRIV, 0 },
		{ ALL & ~SVA_DSA_PCI_PRIV, TM_DEDICATED | DSA_WQCFG_PRIV, DSA_CMDSTS_ERR_WQ_PRIV },
		{ ALL & ~SVA_DSA_PCI_PRIV, TM_DEDICATED, 0 },
		{ ALL & ~SVA_DSA_PCI_PRIV, TM_SHARED | DSA_WQCFG_PRIV, 0 },
		{ ALL & ~SVA_DSA_PCI_PASID, TM_DEDICATED, DSA_CMDSTS_ERR_PASID_EN },
		{ ALL & ~SVA_DSA_PCI_PASID, TM_SHARED, DSA_CMDSTS_ERR_PASID_EN },
		{ 0, (TM_DEDICATED & ~DSA_WQCFG_PASID_EN) | DSA_WQCFG_PRIV, 0 },
		{ ALL, TM_SHARED & ~DSA_WQCFG_PASID_EN, DSA_CMDSTS_ERR_PASID_EN },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct tm *tm = tm_new(NULL, &tm_ops);

		sva_dsa_pci_enable(tm->dsa, t[i].pci);
		assert_int_equal(enable(tm, t[i].mode), t[i].err);
		tm_free(tm);
	}
}

static void change_halts(void **state)
{
	(void)state;
	for (unsigned int bit = 1; bit < 8; bit <<= 1) {
		struct tm *tm = tm_new(NULL, &tm_ops_prs);

		sva_dsa_pci_enable(tm->dsa, ALL & ~bit);	/* harmless while disabled */
		sva_dsa_pci_enable(tm->dsa, ALL);
		tm_up(tm, TM_DEDICATED);
		tm_w32(tm, DSA_REG_GENCTRL, DSA_GENCTRL_HALT_INT | DSA_GENCTRL_SWERR_INT);
		sva_dsa_pci_enable(tm->dsa, ALL);		/* no change */
		assert_int_equal(DSA_GENSTS_STATE(tm_r32(tm, DSA_REG_GENSTS)), DSA_STATE_ENABLED);
		sva_dsa_pci_enable(tm->dsa, ALL & ~bit);
		assert_int_equal(tm_r32(tm, DSA_REG_GENSTS), DSA_STATE_HALT | DSA_RESET_FLR << 2);
		assert_int_equal(DSA_SWERR_ERROR(tm_r64(tm, DSA_REG_SWERR)), DSA_SWERR_PCI_CONFIG);
		assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), DSA_INTC_HALT | DSA_INTC_ERR);
		assert_int_equal(tm->irq[0], 2);
		sva_dsa_flr(tm->dsa);
		sva_dsa_bus_master(tm->dsa, true);
		tm_up(tm, TM_DEDICATED | DSA_WQCFG_PRIV);	/* all are on again */
		tm_free(tm);
	}
}

/* 0x1d is told in SWERR and never in a record. */
static void privileged_descriptor(void **state)
{
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);

	(void)state;
	d.pasid_priv = PASID_A | 1u << 31;
	for (unsigned int allowed = 0; allowed < 2; allowed++) {
		struct tm *tm = tm_new(NULL, &tm_ops);
		uint64_t w0;

		sva_dsa_pci_enable(tm->dsa, allowed ? ALL : ALL & ~SVA_DSA_PCI_PRIV);
		assert_int_equal(enable(tm, TM_SHARED), 0);
		assert_int_equal(sva_dsa_portal_write(tm->dsa, 0, &d, true), SVA_DSA_ACCEPTED);
		tm_run(tm);
		w0 = tm_r64(tm, DSA_REG_SWERR);
		assert_int_equal(tm_compl(tm, 0)->status, allowed ? DSA_STS_SUCCESS : 0);
		assert_int_equal(DSA_SWERR_ERROR(w0), allowed ? 0 : DSA_STS_PRIV);
		assert_int_equal(!!(w0 & DSA_SWERR_PRIV), !allowed);
		tm_free(tm);
	}
}

static void occupancy_config(struct tm *tm, uint32_t vector, uint32_t limit)
{
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_OCCUPANCY_INT), vector);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_OCCUPANCY_LIMIT), limit);
}

static uint32_t told(struct tm *tm)
{
	return tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_STATE)) & DSA_WQCFG_OCCUPANCY_TOLD;
}

static void post(struct tm *tm, unsigned int n)
{
	struct dsa_desc d = tm_desc(DSA_OP_NOOP, 0);

	while (n--)
		assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
}

static void occupancy(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	occupancy_config(tm, 3, 0);
	assert_int_equal(enable(tm, TM_DEDICATED), 0);
	post(tm, 8);
	occupancy_config(tm, 0, DSA_WQCFG_OCCUPANCY_EN | 4);	/* the vector is fixed now */
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_OCCUPANCY_INT)), 3);
	assert_int_equal(sva_dsa_step(tm->dsa, 3), 3);
	assert_int_equal(tm->irq[3], 0);
	assert_int_equal(sva_dsa_step(tm->dsa, 1), 1);		/* four are left */
	assert_int_equal(tm->irq[3], 1);
	assert_true(told(tm));
	tm_run(tm);
	assert_int_equal(tm->irq[3], 1);			/* once */
	/* The limit is fixed while it is on. */
	occupancy_config(tm, 3, DSA_WQCFG_OCCUPANCY_EN | 9);
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_OCCUPANCY_LIMIT)),
			 DSA_WQCFG_OCCUPANCY_EN | 4);
	post(tm, 6);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_STATE), DSA_WQCFG_OCCUPANCY_TOLD);
	assert_false(told(tm));
	assert_int_equal(tm->irq[3], 1);
	tm_run(tm);
	assert_int_equal(tm->irq[3], 2);
	/* Acknowledged while it is still so: told again at once; after an abort, too. */
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_STATE), DSA_WQCFG_OCCUPANCY_TOLD);
	assert_int_equal(tm->irq[3], 3);
	post(tm, 6);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_STATE), DSA_WQCFG_OCCUPANCY_TOLD);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ABORT_WQ, 1), 0);
	assert_int_equal(tm->irq[3], 4);
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), 0);
	/* Off, then on with another limit. */
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_OCCUPANCY_LIMIT), 0);
	tm_w32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_STATE), DSA_WQCFG_OCCUPANCY_TOLD);
	assert_int_equal(tm->irq[3], 4);
	occupancy_config(tm, 3, DSA_WQCFG_OCCUPANCY_EN | 2);
	assert_int_equal(tm->irq[3], 5);
	/* A reset takes it all back. */
	assert_int_equal(tm_cmd(tm, DSA_CMD_RESET_WQ, 1), 0);
	assert_false(told(tm));
	assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, DSA_WQCFG_OCCUPANCY_LIMIT)), 0);
	assert_int_equal(tm->irq[3], 5);
	tm_free(tm);
}

/* On vector 0 the cause is told; asked for before, it comes when the WQ is enabled. */
static void occupancy_cause(void **state)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	(void)state;
	occupancy_config(tm, 0, DSA_WQCFG_OCCUPANCY_EN);
	assert_int_equal(tm->irq[0], 0);
	assert_int_equal(enable(tm, TM_DEDICATED), 0);
	assert_int_equal(tm->irq[0], 1);
	assert_int_equal(tm_r32(tm, DSA_REG_INTCAUSE), DSA_INTC_OCCUPY);
	tm_free(tm);
	for (unsigned int i = 0; i < 2; i++) {	/* no such vector, no such table */
		tm = tm_new(NULL, &tm_ops);
		occupancy_config(tm, i ? 1u << 16 : 9, 0);
		assert_int_equal(enable(tm, TM_DEDICATED), DSA_CMDSTS_ERR_OCCUPANCY_INT);
		tm_free(tm);
	}
}

static void no_occupancy_interrupts(void **state)
{
	struct tm *tm = tm_new(sva_dsa_profile("emr"), &tm_ops);

	(void)state;
	assert_false(tm_r64(tm, DSA_REG_WQCAP) & DSA_WQCAP_OCCUPANCY_INT);
	occupancy_config(tm, 9, DSA_WQCFG_OCCUPANCY_EN | 3);
	for (unsigned int reg = DSA_WQCFG_OCCUPANCY_INT; reg < 32; reg += 4)
		assert_int_equal(tm_r32(tm, tm_wqcfg(tm, 0, reg)), 0);
	tm_free(tm);
}

/* No state of a descriptor is left for the next one of a batch. */
static void no_state_is_left(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc list[12], d;

	(void)state;
	tm_random_bytes(tm_ptr(tm, PASID_A, SRC), 4096);
	for (unsigned int i = 0; i < 12; i++) {
		list[i] = tm_desc(i < 4 ? DSA_OP_CRC : i < 8 ? DSA_OP_APPLY_DELTA :
				  DSA_OP_CREATE_DELTA, 0);
		list[i].compl_addr = tm_compl_va(1 + i);
		list[i].src = SRC;
		list[i].size = 64;
		list[i].dst = i < 4 ? 0 : DST;
		list[i].op[0] = i < 4 ? 0 : i < 8 ? 10 : SRC + 4096;
		list[i].op[1] = i < 8 ? 0 : 80;
	}
	memset(tm_ptr(tm, PASID_A, SRC), 0, 2);
	for (unsigned int bad = 0; bad < 2; bad++) {
		if (bad)	/* a fault in the first of each kind */
			list[0].src = list[4].src = list[8].src = TM_VA(TM_PAGES) - 8;
		d = tm_batch(tm, list, 12);
		assert_int_equal(tm_do(tm, &d)->status, bad ? DSA_STS_BATCH_FAIL : DSA_STS_SUCCESS);
		for (unsigned int i = 1; i < 12; i++) {
			if (i % 4 == 0)
				continue;
			assert_int_equal(tm_compl(tm, 1 + i)->status, DSA_STS_SUCCESS);
			assert_memory_equal(tm_compl(tm, 1 + i), tm_compl(tm, 2 + i / 4 * 4), 32);
		}
	}
	tm_free(tm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wq_needs_capabilities),
		cmocka_unit_test(change_halts),
		cmocka_unit_test(privileged_descriptor),
		cmocka_unit_test(occupancy),
		cmocka_unit_test(occupancy_cause),
		cmocka_unit_test(no_occupancy_interrupts),
		cmocka_unit_test(no_state_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
