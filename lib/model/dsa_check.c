/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * The configuration checks of the two enable commands: specification, "Device
 * Enable Checks", "WQ Enable Checks", and the codes in "Administrative Command
 * Error Codes" (registers.h, enum idxd_cmdsts_err).
 */

#include "dsa_model.h"

static unsigned int count_bits(uint64_t mask)
{
	unsigned int n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

/* No group holds what does not exist, and has engines where it has WQs. */
static uint32_t check_group(const struct sva_dsa *dsa, const struct dsa_group *group)
{
	const uint64_t *cfg = group->cfg;
	uint64_t wqs = cfg[0] | cfg[1] | cfg[2] | cfg[3];

	if (!wqs != !cfg[4])
		return DSA_CMDSTS_ERR_GRP_CONFIG;
	if ((cfg[0] >> dsa->cfg.num_wqs) || cfg[1] || cfg[2] || cfg[3])
		return DSA_CMDSTS_ERR_GRP_CONFIG2;
	if (cfg[4] >> dsa->cfg.num_engines)
		return DSA_CMDSTS_ERR_GRP_CONFIG3;
	if (cfg[5] & ~DSA_GRPFLAGS_MASK)
		return DSA_CMDSTS_ERR_CONFIG;
	return DSA_CMDSTS_SUCCESS;
}

/* A WQ with a size is in one group, one without in none; engines in one at most. */
static uint32_t check_membership(const struct sva_dsa *dsa)
{
	uint64_t wqs = 0, engines = 0;

	for (unsigned int g = 0; g < dsa->cfg.num_groups; g++) {
		const uint64_t *cfg = dsa->groups[g].cfg;

		if (cfg[0] & wqs)
			return DSA_CMDSTS_ERR_GRP_CONFIG2;
		if (cfg[4] & engines)
			return DSA_CMDSTS_ERR_GRP_CONFIG3;
		wqs |= cfg[0];
		engines |= cfg[4];
	}
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		bool active = dsa->wqs[w].cfg[DSA_WQCFG_SIZE / 4] != 0;

		if (active != ((wqs >> w) & 1))
			return DSA_CMDSTS_ERR_GRP_CONFIG2;
	}
	return DSA_CMDSTS_SUCCESS;
}

/* Specification, "Read Buffer Allocation". */
static uint32_t check_read_bufs(const struct sva_dsa *dsa)
{
	unsigned int total = dsa->cfg.read_bufs;
	unsigned int limit = DSA_GENCFG_RDBUF_LIMIT(dsa->gencfg);
	unsigned int reserved = 0, limited = 0;

	for (unsigned int g = 0; g < dsa->cfg.num_groups; g++) {
		const uint64_t *cfg = dsa->groups[g].cfg;

		if (!cfg[4])
			continue;
		reserved += DSA_GRPFLAGS_RESERVED_BUFS(cfg[5]);
		if (cfg[5] & DSA_GRPFLAGS_USE_LIMIT)
			limited += count_bits(cfg[4]);
	}
	if (reserved > total || limit > total || (limited && limit < 4 * limited))
		return DSA_CMDSTS_ERR_GRP_CONFIG4;
	for (unsigned int g = 0; g < dsa->cfg.num_groups; g++) {
		const uint64_t *cfg = dsa->groups[g].cfg;
		unsigned int own = DSA_GRPFLAGS_RESERVED_BUFS(cfg[5]);
		unsigned int allowed = DSA_GRPFLAGS_ALLOWED_BUFS(cfg[5]);

		if (!cfg[4])
			continue;
		if (allowed < 4 * count_bits(cfg[4]) ||
		    allowed < own || allowed > own + total - reserved)
			return DSA_CMDSTS_ERR_GRP_CONFIG4;
	}
	return DSA_CMDSTS_SUCCESS;
}

uint32_t dsa_check_device(const struct sva_dsa *dsa)
{
	uint32_t err;
	uint32_t sum = 0;

	if (dsa_state(dsa) != DSA_STATE_DISABLED)
		return DSA_CMDSTS_ERR_DEV_ENABLED;
	if (!dsa->bus_master)
		return DSA_CMDSTS_ERR_BUSMASTER_EN;
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++)
		sum += dsa->wqs[w].cfg[DSA_WQCFG_SIZE / 4];
	if (sum > dsa->cfg.wq_entries)
		return DSA_CMDSTS_ERR_WQ_SIZE_ERANGE;
	for (unsigned int g = 0; g < dsa->cfg.num_groups; g++) {
		err = check_group(dsa, &dsa->groups[g]);
		if (err)
			return err;
	}
	err = check_membership(dsa);
	return err ? err : check_read_bufs(dsa);
}

/* What depends on the PCI capabilities, which are the embedder's. */
static uint32_t check_pci(const struct sva_dsa *dsa, uint32_t mode)
{
	if ((mode & DSA_WQCFG_MODE_BOF) &&
	    (!(dsa->cfg.gencap & DSA_GENCAP_BLOCK_ON_FAULT) || !dsa_prs(dsa)))
		return DSA_CMDSTS_ERR_BOF_EN;
	if (!(mode & DSA_WQCFG_MODE_DEDICATED) && !(mode & DSA_WQCFG_PASID_EN))
		return DSA_CMDSTS_ERR_PASID_EN;
	if ((mode & DSA_WQCFG_PASID_EN) && !(dsa->pci & SVA_DSA_PCI_PASID))
		return DSA_CMDSTS_ERR_PASID_EN;
	if ((mode & DSA_WQCFG_MODE_DEDICATED) && (mode & DSA_WQCFG_PASID_EN) &&
	    (mode & DSA_WQCFG_PRIV) && !(dsa->pci & SVA_DSA_PCI_PRIV))
		return DSA_CMDSTS_ERR_WQ_PRIV;
	return DSA_CMDSTS_SUCCESS;
}

/* Both WQ modes are supported. */
uint32_t dsa_check_wq(const struct sva_dsa *dsa, const struct dsa_wq *wq)
{
	uint32_t mode = wq->cfg[DSA_WQCFG_MODE / 4];
	uint32_t limits = wq->cfg[DSA_WQCFG_LIMITS / 4];
	uint32_t batch = DSA_WQCFG_GET_MAX_BATCH(limits);
	uint32_t err;

	if (wq->state != DSA_WQ_DISABLED)
		return DSA_CMDSTS_ERR_WQ_ENABLED;
	if (!wq->cfg[DSA_WQCFG_SIZE / 4])
		return DSA_CMDSTS_ERR_WQ_SIZE;
	if (!DSA_WQCFG_GET_PRIORITY(mode))
		return DSA_CMDSTS_ERR_WQ_PRIOR;
	err = check_pci(dsa, mode);
	if (err)
		return err;
	if (dsa_op_enabled(dsa, DSA_OP_BATCH) &&
	    (!batch || batch > DSA_GENCAP_MAX_BATCH_SHIFT(dsa->cfg.gencap)))
		return DSA_CMDSTS_ERR_MAX_BATCH_SIZE;
	if (DSA_WQCFG_GET_MAX_XFER(limits) > DSA_GENCAP_MAX_XFER_SHIFT(dsa->cfg.gencap))
		return DSA_CMDSTS_ERR_MAX_XFER_SIZE;
	/* The bit above the handle selects the table that is not there. */
	if (wq->cfg[DSA_WQCFG_OCCUPANCY_INT / 4] >= dsa_msix_vectors(dsa))
		return DSA_CMDSTS_ERR_OCCUPANCY_INT;
	return DSA_CMDSTS_SUCCESS;
}
