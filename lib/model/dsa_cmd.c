/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Administrative commands: specification, "Administrative Commands", "Command
 * Register" and "Administrative Command Error Codes".
 *
 * Between two steps of the engines no operation is half done, but those that wait for
 * a page: abort and reset have nothing to wait for, drop what is queued or waits, and
 * complete at once. Drain
 * and disable wait, for the WQs that have waited set, until those have handed out
 * and finished mark descriptors.
 */

#include "dsa_model.h"

static void cmd_done(struct sva_dsa *dsa, uint32_t status)
{
	dsa->cmdsts = status;
	if (dsa->cmd & DSA_CMD_INT_REQ)
		dsa_raise(dsa, DSA_INTC_CMD);
}

static void wait_for(struct dsa_wq *wq)
{
	wq->waited = true;
	wq->mark = wq->taken + wq->count;
}

/* The WQs of a bank and mask operand, 0 where it names one that is not there. */
static bool operand_wqs(const struct sva_dsa *dsa, uint32_t operand, uint32_t *mask)
{
	*mask = operand & 0xffff;
	return operand >> 16 == 0 && *mask >> dsa->cfg.num_wqs == 0;
}

/* Share out the ring entries, and find out which engine and WQ is in which group. */
static void assign(struct sva_dsa *dsa)
{
	unsigned int base = 0;

	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		struct dsa_wq *wq = &dsa->wqs[w];

		wq->base = base;
		wq->size = wq->cfg[DSA_WQCFG_SIZE / 4];
		wq->head = 0;
		wq->group = NULL;
		base += wq->size;
	}
	dsa->num_active = 0;
	dsa->turn = 0;
	for (unsigned int g = 0; g < dsa->cfg.num_groups; g++) {
		struct dsa_group *group = &dsa->groups[g];

		group->ready = 0;
		group->next = 0;
		for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
			if ((group->cfg[0] >> w) & 1)
				dsa->wqs[w].group = group;
		}
		for (unsigned int e = 0; e < dsa->cfg.num_engines; e++) {
			if (!((group->cfg[4] >> e) & 1))
				continue;
			dsa->engines[e].group = group;
			dsa->active[dsa->num_active++] = &dsa->engines[e];
		}
	}
}

static uint32_t enable_device(struct sva_dsa *dsa)
{
	uint32_t err = dsa_check_device(dsa);

	if (err)
		return err;
	assign(dsa);
	dsa->gensts = DSA_STATE_ENABLED;
	return DSA_CMDSTS_SUCCESS;
}

/*
 * Which descriptor flags a WQ does not take: specification, "Conditional Reserved
 * Field Checking". A shared WQ's interrupts depend on each descriptor's privilege.
 */
static uint32_t reserved_flags(const struct sva_dsa *dsa, uint32_t mode)
{
	uint32_t off = mode & DSA_WQCFG_MODE_BOF ? 0 : DSA_FLAG_BLOCK_ON_FAULT;

	if (!(dsa->cfg.gencap & DSA_GENCAP_DEST_READBACK))
		off |= DSA_FLAG_DEST_READBACK;
	if (!(dsa->cfg.gencap & DSA_GENCAP_CACHE_MEM))
		off |= DSA_FLAG_CACHE_CONTROL;
	if ((mode & DSA_WQCFG_PASID_EN) && !(dsa->gencfg & DSA_GENCFG_USER_INT_EN))
		off |= DSA_FLAG_COMPL_INT;
	return off;
}

static uint32_t enable_wq(struct sva_dsa *dsa, uint32_t operand)
{
	struct dsa_wq *wq;
	uint32_t mode, limits, err;

	if (dsa_state(dsa) != DSA_STATE_ENABLED)
		return DSA_CMDSTS_ERR_DEV_NOTEN;
	if (operand >= dsa->cfg.num_wqs)
		return DSA_CMDSTS_INVAL_WQIDX;
	wq = &dsa->wqs[operand];
	err = dsa_check_wq(dsa, wq);
	if (err)
		return err;
	mode = wq->cfg[DSA_WQCFG_MODE / 4];
	limits = wq->cfg[DSA_WQCFG_LIMITS / 4];
	wq->dedicated = mode & DSA_WQCFG_MODE_DEDICATED;
	wq->pasid_en = mode & DSA_WQCFG_PASID_EN;
	wq->trusted = DSA_WQCFG_GET_PASID(mode) |
		      (mode & DSA_WQCFG_PRIV ? DSA_TRUSTED_PRIV : 0);
	wq->flags_off = reserved_flags(dsa, mode);
	wq->max_xfer = 1u << DSA_WQCFG_GET_MAX_XFER(limits);
	wq->max_batch = 1u << DSA_WQCFG_GET_MAX_BATCH(limits);
	wq->priority = DSA_WQCFG_GET_PRIORITY(mode);
	wq->credit = wq->priority;
	wq->state = DSA_WQ_ENABLED;
	dsa_wq_occupancy(dsa, wq);
	return DSA_CMDSTS_SUCCESS;
}

static uint32_t disable_device(struct sva_dsa *dsa)
{
	if (dsa_state(dsa) != DSA_STATE_ENABLED)
		return DSA_CMDSTS_ERR_DIS_DEV_EN;
	dsa->gensts = DSA_STATE_DRAINING;
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		if (dsa->wqs[w].state == DSA_WQ_ENABLED) {
			dsa->wqs[w].state = DSA_WQ_BUSY;
			wait_for(&dsa->wqs[w]);
		}
	}
	return DSA_CMDSTS_ACTIVE;
}

static uint32_t reset_device(struct sva_dsa *dsa)
{
	dsa_reset_config(dsa);
	return DSA_CMDSTS_SUCCESS;
}

/* An aborted WQ is empty, which somebody may wait for. */
static void abort_wq(struct sva_dsa *dsa, struct dsa_wq *wq)
{
	dsa_wq_drop(dsa, wq);
	dsa_wq_occupancy(dsa, wq);
}

static uint32_t all_wqs(struct sva_dsa *dsa, bool drain)
{
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		if (drain)
			wait_for(&dsa->wqs[w]);
		else
			abort_wq(dsa, &dsa->wqs[w]);
	}
	return drain ? DSA_CMDSTS_ACTIVE : DSA_CMDSTS_SUCCESS;
}

/* Disable, drain or abort the WQs of a mask; all of them must be enabled. */
static uint32_t some_wqs(struct sva_dsa *dsa, unsigned int code, uint32_t operand)
{
	uint32_t mask;

	if (!operand_wqs(dsa, operand, &mask))
		return DSA_CMDSTS_INVAL_WQIDX;
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		if (((mask >> w) & 1) && dsa->wqs[w].state != DSA_WQ_ENABLED)
			return DSA_CMDSTS_ERR_DEV_NOT_EN;
	}
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		if (!((mask >> w) & 1))
			continue;
		if (code == DSA_CMD_ABORT_WQ) {
			abort_wq(dsa, &dsa->wqs[w]);
			continue;
		}
		if (code == DSA_CMD_DISABLE_WQ)
			dsa->wqs[w].state = DSA_WQ_BUSY;
		wait_for(&dsa->wqs[w]);
	}
	return code == DSA_CMD_ABORT_WQ ? DSA_CMDSTS_SUCCESS : DSA_CMDSTS_ACTIVE;
}

static uint32_t reset_wqs(struct sva_dsa *dsa, uint32_t operand)
{
	uint32_t mask;

	if (!operand_wqs(dsa, operand, &mask))
		return DSA_CMDSTS_INVAL_WQIDX;
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		if (!((mask >> w) & 1))
			continue;
		dsa_wq_drop(dsa, &dsa->wqs[w]);
		dsa->wqs[w].state = DSA_WQ_DISABLED;
		dsa_reset_wqcfg(&dsa->wqs[w], true);
	}
	return DSA_CMDSTS_SUCCESS;
}

static void abort_pasid(struct sva_dsa *dsa, struct dsa_wq *wq, uint32_t pasid)
{
	if (wq->dedicated)
		dsa_wq_drop(dsa, wq);
	else
		dsa_wq_drop_pasid(dsa, wq, pasid);
	dsa_wq_occupancy(dsa, wq);
}

/* A shared WQ may hold any PASID; a drain may wait for more than it must. */
static uint32_t pasid_wqs(struct sva_dsa *dsa, uint32_t pasid, bool drain)
{
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		struct dsa_wq *wq = &dsa->wqs[w];

		if (wq->state == DSA_WQ_DISABLED || !wq->pasid_en ||
		    (wq->dedicated && DSA_TRUSTED_PASID(wq->trusted) != pasid))
			continue;
		if (drain)
			wait_for(wq);
		else
			abort_pasid(dsa, wq, pasid);
	}
	return drain ? DSA_CMDSTS_ACTIVE : DSA_CMDSTS_SUCCESS;
}

static uint32_t cmd_run(struct sva_dsa *dsa, unsigned int code, uint32_t operand)
{
	if (dsa_state(dsa) == DSA_STATE_HALT)
		return DSA_CMDSTS_HW_ERR;
	switch (code) {
	case DSA_CMD_ENABLE_DEVICE:
		return enable_device(dsa);
	case DSA_CMD_DISABLE_DEVICE:
		return disable_device(dsa);
	case DSA_CMD_DRAIN_ALL:
	case DSA_CMD_ABORT_ALL:
		return all_wqs(dsa, code == DSA_CMD_DRAIN_ALL);
	case DSA_CMD_RESET_DEVICE:
		return reset_device(dsa);
	case DSA_CMD_ENABLE_WQ:
		return enable_wq(dsa, operand);
	case DSA_CMD_DISABLE_WQ:
	case DSA_CMD_DRAIN_WQ:
	case DSA_CMD_ABORT_WQ:
		return some_wqs(dsa, code, operand);
	case DSA_CMD_RESET_WQ:
		return reset_wqs(dsa, operand);
	case DSA_CMD_DRAIN_PASID:
	case DSA_CMD_ABORT_PASID:
		return pasid_wqs(dsa, operand, code == DSA_CMD_DRAIN_PASID);
	default:
		return DSA_CMDSTS_INVAL_CMD;
	}
}

void dsa_cmd_write(struct sva_dsa *dsa, uint32_t cmd)
{
	uint32_t status;

	if (dsa->cmdsts & DSA_CMDSTS_ACTIVE) {
		dsa_swerr(dsa, (uint64_t)DSA_SWERR_CMD_ACTIVE << 8, 0, 0);
		return;
	}
	dsa->cmd = cmd;
	status = cmd_run(dsa, DSA_CMD_CODE(cmd), DSA_CMD_OPERAND(cmd));
	if (status == DSA_CMDSTS_ACTIVE) {
		dsa->cmdsts = status;
		dsa_cmd_poll(dsa);
	} else {
		cmd_done(dsa, status);
	}
}

/* Whether all descriptors before the mark have left the ring and the engines. */
static bool wq_drained(const struct sva_dsa *dsa, const struct dsa_wq *wq)
{
	if ((int32_t)(wq->taken - wq->mark) < 0)
		return false;
	for (unsigned int e = 0; e < dsa->num_active; e++) {
		if (dsa_engine_has(dsa->active[e], wq, DSA_ANY_PASID, wq->mark))
			return false;
	}
	return true;
}

/* Complete the command that waits, where what it waits for has come. */
void dsa_cmd_poll(struct sva_dsa *dsa)
{
	if (!(dsa->cmdsts & DSA_CMDSTS_ACTIVE) || dsa_state(dsa) == DSA_STATE_HALT)
		return;
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		if (dsa->wqs[w].waited && !wq_drained(dsa, &dsa->wqs[w]))
			return;
	}
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		dsa->wqs[w].waited = false;
		if (dsa->wqs[w].state == DSA_WQ_BUSY)
			dsa->wqs[w].state = DSA_WQ_DISABLED;
	}
	if (dsa_state(dsa) == DSA_STATE_DRAINING)
		dsa->gensts = DSA_STATE_DISABLED;
	cmd_done(dsa, DSA_CMDSTS_SUCCESS);
}
