/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Registers: capabilities, configuration tables, status, errors. Layouts are in
 * dsa_hw.h; initial values and when a register is read-only are in the
 * specification, "MMIO Register Initial Values", "Read-Only MMIO Registers" and
 * "Work Queue Configuration Support".
 */

#include "dsa_model.h"

/*
 * What the model does not have is not shown, whatever the profile says: the interrupt
 * message storage, readback addresses of a drain, and where there is no way to request
 * a page block on fault.
 */
#define GENCAP_MASK							\
	(DSA_GENCAP_BLOCK_ON_FAULT | DSA_GENCAP_OVERLAP | DSA_GENCAP_CACHE_MEM |	\
	 DSA_GENCAP_CMD_CAP |	\
	 DSA_GENCAP_DEST_READBACK | DSA_GENCAP_CONFIG | (0x1ffULL << 16) | (0x7fULL << 33))

/* Commands 1 to 12; without CMDCAP these are there as well ("Default Commands"). */
#define CMDCAP_BITS	0x1ffeu

/* Read buffer controls and the global limit (registers.h, union group_cap_reg). */
#define GRPCAP_RDBUF_CTRL	(1ULL << 16)
#define GRPCAP_RDBUF_LIMIT	(1ULL << 17)

/* The writable bits of the WQCFG words; the mode word: ATS and PRS disable are not. */
static const uint32_t wqcfg_mask[8] = { 0xffff, 0xffff, 0x3ffffff3, 0x1ff, 0x1ffff, 0x1ffff };

static const struct sva_dsa_config profiles[] = {
	{	/* "default": all that the model has */
		.version = DSA_VERSION_1,
		.gencap = DSA_GENCAP_BLOCK_ON_FAULT | DSA_GENCAP_OVERLAP | DSA_GENCAP_CACHE_MEM |
			  DSA_GENCAP_CMD_CAP |
			  DSA_GENCAP_DEST_READBACK | (31ULL << 16) | (10ULL << 21) |
			  DSA_GENCAP_CONFIG,
		.num_wqs = 8, .wq_entries = 128, .num_groups = 4, .num_engines = 4,
		.read_bufs = 96, .occupancy_int = true,
		.opcap = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX },
	}, {	/* "emr": the capabilities of a fifth generation Xeon's DSA */
		.version = DSA_VERSION_1,
		.gencap = 0x40915f0107,
		.num_wqs = 8, .wq_entries = 128, .num_groups = 4, .num_engines = 4,
		.read_bufs = 96,
		.opcap = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX },
	},
};

static bool same_name(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

const struct sva_dsa_config *sva_dsa_profile(const char *name)
{
	if (name && same_name(name, "default"))
		return &profiles[0];
	if (name && same_name(name, "emr"))
		return &profiles[1];
	return NULL;
}

static bool config_valid(const struct sva_dsa_config *c)
{
	return c && c->version == DSA_VERSION_1 && (c->gencap & DSA_GENCAP_CONFIG) &&
	       c->num_wqs - 1 < SVA_DSA_MAX_WQS && c->wq_entries - 1 < SVA_DSA_MAX_ENTRIES &&
	       c->num_groups - 1 < SVA_DSA_MAX_GROUPS &&
	       c->num_engines - 1 < SVA_DSA_MAX_ENGINES && c->read_bufs - 1 < 255;
}

/* What no register has. */
static void power_on(struct sva_dsa *dsa)
{
	dsa_reset_config(dsa);
	dsa->bus_master = false;
	dsa->pci = SVA_DSA_PCI_PASID | SVA_DSA_PCI_PRIV | SVA_DSA_PCI_PRS;
	dsa->random = dsa->cfg.seed;
	/* With timing, all but a no-op that nobody hears of. */
	dsa->tell = dsa->cfg.timing ? UINT32_MAX : DSA_FLAG_COMPL_INT;
	dsa_time_reset(dsa);
}

size_t sva_dsa_size(const struct sva_dsa_config *config)
{
	return config_valid(config) ? sizeof(struct sva_dsa) : 0;
}

struct sva_dsa *sva_dsa_init(void *mem, const struct sva_dsa_config *config,
			     const struct sva_dsa_ops *ops, void *ctx)
{
	struct sva_dsa *dsa = mem;

	if (!mem || (uintptr_t)mem % 64 || !config_valid(config) ||
	    !ops || !ops->read || !ops->write)
		return NULL;
	memset(dsa, 0, sizeof(*dsa));
	dsa->cfg = *config;
	dsa->cfg.gencap &= GENCAP_MASK;
	if (!ops->page_request)
		dsa->cfg.gencap &= ~DSA_GENCAP_BLOCK_ON_FAULT;
	dsa_mask_opcap(dsa->cfg.opcap);
	dsa->ops = ops;
	dsa->ctx = ctx;
	for (unsigned int w = 0; w < SVA_DSA_MAX_WQS; w++)
		dsa->wqs[w].index = w;
	dsa_crc_init(dsa->crc);
	dsa_dif_init(dsa->t10);
	power_on(dsa);
	return dsa;
}

void dsa_reset_wqcfg(struct dsa_wq *wq, bool keep_size)
{
	uint32_t size = wq->cfg[DSA_WQCFG_SIZE / 4];

	memset(wq->cfg, 0, sizeof(wq->cfg));
	wq->told = false;
	if (keep_size)
		wq->cfg[DSA_WQCFG_SIZE / 4] = size;
}

/* All but CMD, CMDSTS and SWERR, which a Reset Device command leaves alone. */
void dsa_reset_config(struct sva_dsa *dsa)
{
	dsa->gencfg = dsa->cfg.read_bufs;
	dsa->genctrl = 0;
	dsa->gensts = 0;
	dsa->intcause = 0;
	memset(dsa->msix_perm, 0, sizeof(dsa->msix_perm));
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		dsa_wq_drop(dsa, &dsa->wqs[w]);
		dsa->wqs[w].state = DSA_WQ_DISABLED;
		dsa->wqs[w].waited = false;
		dsa_reset_wqcfg(&dsa->wqs[w], false);
	}
	for (unsigned int g = 0; g < dsa->cfg.num_groups; g++) {
		memset(dsa->groups[g].cfg, 0, sizeof(dsa->groups[g].cfg));
		dsa->groups[g].cfg[5] = (uint64_t)dsa->cfg.read_bufs << 20;
	}
	dsa->num_active = 0;
}

void sva_dsa_flr(struct sva_dsa *dsa)
{
	power_on(dsa);
	memset(dsa->swerr, 0, sizeof(dsa->swerr));
	dsa->cmd = 0;
	dsa->cmdsts = 0;
	dsa->errors = 0;
	memset(dsa->fragments, 0, sizeof(dsa->fragments));
}

void sva_dsa_inject_error(struct sva_dsa *dsa, unsigned int count)
{
	if (__builtin_add_overflow(dsa->errors, count, &dsa->errors))
		dsa->errors = UINT32_MAX;
}

/* Note why vector 0 fires, and fire it. */
void dsa_raise(struct sva_dsa *dsa, uint32_t cause)
{
	dsa->intcause |= cause;
	if (dsa->ops->interrupt)
		dsa->ops->interrupt(dsa->ctx, 0);
}

/* Specification, "Software Error Register": the first error stays. */
void dsa_swerr(struct sva_dsa *dsa, uint64_t word0, uint64_t word1, uint64_t addr)
{
	if (dsa->swerr[0] & DSA_SWERR_VALID) {
		dsa->swerr[0] |= DSA_SWERR_OVERFLOW;
		return;
	}
	dsa->swerr[0] = (dsa->swerr[0] & DSA_SWERR_OVERFLOW) | DSA_SWERR_VALID | word0;
	dsa->swerr[1] = word1;
	dsa->swerr[2] = addr;
	if (dsa->genctrl & DSA_GENCTRL_SWERR_INT)
		dsa_raise(dsa, DSA_INTC_ERR);
}

/*
 * Specification, "Device Halt State" and "Address Translation Capabilities": PCI settings
 * changed while the device was not disabled. Only a function-level reset helps now.
 */
static void pci_changed(struct sva_dsa *dsa)
{
	if (dsa_state(dsa) == DSA_STATE_DISABLED || dsa_state(dsa) == DSA_STATE_HALT)
		return;
	dsa->gensts = DSA_STATE_HALT | DSA_RESET_FLR << 2;
	dsa_swerr(dsa, (uint64_t)DSA_SWERR_PCI_CONFIG << 8, 0, 0);
	if (dsa->genctrl & DSA_GENCTRL_HALT_INT)
		dsa_raise(dsa, DSA_INTC_HALT);
}

void sva_dsa_bus_master(struct sva_dsa *dsa, bool enabled)
{
	bool lost = dsa->bus_master && !enabled;

	dsa->bus_master = enabled;
	if (lost)
		pci_changed(dsa);
}

void sva_dsa_pci_enable(struct sva_dsa *dsa, unsigned int enabled)
{
	bool changed = dsa->pci != enabled;

	dsa->pci = enabled;
	if (changed)
		pci_changed(dsa);
}

static uint64_t cap_read(const struct sva_dsa *dsa, uint64_t offset)
{
	const struct sva_dsa_config *c = &dsa->cfg;

	switch (offset) {
	case DSA_REG_VERSION:
		return c->version;
	case DSA_REG_GENCAP:
		return c->gencap;
	case DSA_REG_WQCAP:
		return c->wq_entries | (uint64_t)c->num_wqs << 16 | DSA_WQCAP_SHARED |
		       DSA_WQCAP_DEDICATED | DSA_WQCAP_PRIORITY | DSA_WQCAP_OCCUPANCY |
		       (c->occupancy_int ? DSA_WQCAP_OCCUPANCY_INT : 0);
	case DSA_REG_GRPCAP:
		return c->num_groups | (uint64_t)c->read_bufs << 8 | GRPCAP_RDBUF_CTRL |
		       GRPCAP_RDBUF_LIMIT;
	case DSA_REG_ENGCAP:
		return c->num_engines;
	case DSA_REG_OPCAP:
	case DSA_REG_OPCAP + 8:
	case DSA_REG_OPCAP + 16:
	case DSA_REG_OPCAP + 24:
		return c->opcap[(offset - DSA_REG_OPCAP) / 8];
	case DSA_REG_TABOFF:
		return DSA_TAB_GRPCFG / 0x100 | DSA_TAB_WQCFG / 0x100 << 16 |
		       (uint64_t)(DSA_TAB_MSIX_PERM / 0x100) << 32;
	case DSA_REG_TABOFF + 8:
		return DSA_TAB_PERFMON / 0x100;
	case DSA_REG_CMDCAP:
		return c->gencap & DSA_GENCAP_CMD_CAP ? CMDCAP_BITS : 0;
	default:
		return 0;
	}
}

static uint64_t status_read(const struct sva_dsa *dsa, uint64_t offset)
{
	switch (offset) {
	case DSA_REG_GENCFG:
		return dsa->gencfg;
	case DSA_REG_GENCTRL:
		return dsa->genctrl;
	case DSA_REG_GENSTS:
		return dsa->gensts;
	case DSA_REG_INTCAUSE:
		return dsa->intcause;
	case DSA_REG_CMD:
		return dsa->cmd;
	case DSA_REG_CMDSTS:
		return dsa->cmdsts;
	case DSA_REG_SWERR:
	case DSA_REG_SWERR + 8:
	case DSA_REG_SWERR + 16:
	case DSA_REG_SWERR + 24:
		return dsa->swerr[(offset - DSA_REG_SWERR) / 8];
	default:
		return cap_read(dsa, offset);
	}
}

static uint32_t wqcfg_read(const struct sva_dsa *dsa, uint64_t offset)
{
	const struct dsa_wq *wq = &dsa->wqs[offset / DSA_WQCFG_MIN_STRIDE];
	unsigned int word = (unsigned int)(offset % DSA_WQCFG_MIN_STRIDE) / 4;

	if (word == DSA_WQCFG_STATE / 4)
		return wq->count | (wq->told ? DSA_WQCFG_OCCUPANCY_TOLD : 0) | wq->state << 30;
	return wq->cfg[word];
}

/* Whether an offset is in a table of len bytes; makes it relative to the table. */
static bool in_table(uint64_t *offset, uint64_t table, uint64_t len)
{
	if (*offset - table >= len)
		return false;
	*offset -= table;
	return true;
}

/* Read the aligned 64-bit word that an offset is in. */
static uint64_t read64(const struct sva_dsa *dsa, uint64_t offset)
{
	if (in_table(&offset, DSA_TAB_WQCFG, (uint64_t)dsa->cfg.num_wqs * DSA_WQCFG_MIN_STRIDE))
		return wqcfg_read(dsa, offset) | (uint64_t)wqcfg_read(dsa, offset + 4) << 32;
	if (in_table(&offset, DSA_TAB_GRPCFG, (uint64_t)dsa->cfg.num_groups * DSA_GRPCFG_STRIDE)) {
		unsigned int word = (unsigned int)(offset % DSA_GRPCFG_STRIDE) / 8;

		return word < 6 ? dsa->groups[offset / DSA_GRPCFG_STRIDE].cfg[word] : 0;
	}
	if (in_table(&offset, DSA_TAB_MSIX_PERM, 8 * (uint64_t)dsa_msix_vectors(dsa)))
		return dsa->msix_perm[offset / 8];
	return status_read(dsa, offset);
}

static bool access_valid(uint64_t offset, unsigned int size)
{
	return (size == 4 || size == 8) && offset % size == 0;
}

uint64_t sva_dsa_mmio_read(struct sva_dsa *dsa, uint64_t offset, unsigned int size)
{
	uint64_t value;

	if (!access_valid(offset, size))
		return 0;
	value = read64(dsa, offset & ~7ULL);
	return size == 8 ? value : (uint32_t)(value >> (offset & 4) * 8);
}

/* The interrupt can be asked for at any time; while it is, the limit is fixed. */
static void occupancy_write(struct sva_dsa *dsa, struct dsa_wq *wq, uint32_t value)
{
	uint32_t *cfg = &wq->cfg[DSA_WQCFG_OCCUPANCY_LIMIT / 4];

	if (*cfg & DSA_WQCFG_OCCUPANCY_EN)
		*cfg = (*cfg & 0xffff) | (value & DSA_WQCFG_OCCUPANCY_EN);
	else
		*cfg = value & wqcfg_mask[DSA_WQCFG_OCCUPANCY_LIMIT / 4];
	dsa_wq_occupancy(dsa, wq);
}

static void wqcfg_write(struct sva_dsa *dsa, uint64_t offset, uint32_t value)
{
	struct dsa_wq *wq = &dsa->wqs[offset / DSA_WQCFG_MIN_STRIDE];
	unsigned int word = (unsigned int)(offset % DSA_WQCFG_MIN_STRIDE) / 4;

	if (word >= DSA_WQCFG_OCCUPANCY_INT / 4 && !dsa->cfg.occupancy_int)
		return;
	switch (word * 4) {
	case DSA_WQCFG_OCCUPANCY_LIMIT:
		occupancy_write(dsa, wq, value);
		return;
	case DSA_WQCFG_STATE:
		if (value & DSA_WQCFG_OCCUPANCY_TOLD) {
			wq->told = false;
			dsa_wq_occupancy(dsa, wq);
		}
		return;
	case DSA_WQCFG_THRESHOLD:
		break;
	case DSA_WQCFG_SIZE:	/* fixed while the device is on */
		if (dsa_state(dsa) != DSA_STATE_DISABLED)
			return;
		/* fall through */
	default:		/* the others while the WQ is */
		if (wq->state != DSA_WQ_DISABLED)
			return;
	}
	wq->cfg[word] = value & wqcfg_mask[word];
}

static void grpcfg_write(struct sva_dsa *dsa, uint64_t offset, uint32_t value)
{
	uint64_t *cfg = dsa->groups[offset / DSA_GRPCFG_STRIDE].cfg;
	unsigned int word = (unsigned int)(offset % DSA_GRPCFG_STRIDE) / 8;

	if (word >= 6 || dsa_state(dsa) != DSA_STATE_DISABLED)
		return;
	if (offset & 4)
		cfg[word] = (uint32_t)cfg[word] | (uint64_t)value << 32;
	else
		cfg[word] = (cfg[word] & ~0xffffffffULL) | value;
}

static void write32(struct sva_dsa *dsa, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case DSA_REG_GENCFG:
		if (dsa_state(dsa) == DSA_STATE_DISABLED)
			dsa->gencfg = value & DSA_GENCFG_MASK;
		return;
	case DSA_REG_GENCTRL:
		dsa->genctrl = value & (DSA_GENCTRL_SWERR_INT | DSA_GENCTRL_HALT_INT);
		return;
	case DSA_REG_INTCAUSE:
		dsa->intcause &= ~value;
		return;
	case DSA_REG_CMD:
		dsa_cmd_write(dsa, value);
		return;
	case DSA_REG_SWERR:
		dsa->swerr[0] &= ~(value & (DSA_SWERR_VALID | DSA_SWERR_OVERFLOW));
		return;
	}
	if (in_table(&offset, DSA_TAB_WQCFG, (uint64_t)dsa->cfg.num_wqs * DSA_WQCFG_MIN_STRIDE))
		wqcfg_write(dsa, offset, value);
	else if (in_table(&offset, DSA_TAB_GRPCFG,
			  (uint64_t)dsa->cfg.num_groups * DSA_GRPCFG_STRIDE))
		grpcfg_write(dsa, offset, value);
	else if (in_table(&offset, DSA_TAB_MSIX_PERM, 8 * (uint64_t)dsa_msix_vectors(dsa)) &&
		 offset % 8 == 0)
		dsa->msix_perm[offset / 8] = value & DSA_MSIX_PERM_MASK;
}

void sva_dsa_mmio_write(struct sva_dsa *dsa, uint64_t offset, uint64_t value,
			unsigned int size)
{
	if (!access_valid(offset, size))
		return;
	write32(dsa, offset, (uint32_t)value);
	if (size == 8)
		write32(dsa, offset + 4, (uint32_t)(value >> 32));
}
