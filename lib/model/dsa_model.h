/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef DSA_MODEL_H
#define DSA_MODEL_H

/**
 * @file
 * What the source files of the DSA model share; not for its users.
 *
 * "Specification" in the comments of these files is Intel's Data Streaming
 * Accelerator Architecture Specification (341204), quoted by chapter title
 * because numbers differ between its revisions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dsa_hw.h"
#include "sva_dsa_model.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the model reads descriptors in place and needs a little-endian host"
#endif

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

/** BAR0 places of the tables: specification, "MMIO Register Map". */
#define DSA_TAB_MSIX_PERM	0x400
#define DSA_TAB_GRPCFG		0x600
#define DSA_TAB_WQCFG		0x800
#define DSA_TAB_PERFMON		0x2000	/* PERFCAP reads 0: no counters */

/** The writable bits of an MSI-X permission entry. */
#define DSA_MSIX_PERM_MASK	(0xfffff000u | DSA_MSIX_PERM_PASID_EN | DSA_MSIX_PERM_IGNORE)

/** Group flags (registers.h, union group_flags). */
#define DSA_GRPFLAGS_USE_LIMIT		(1ULL << 7)
#define DSA_GRPFLAGS_RESERVED_BUFS(f)	((unsigned int)((f) >> 8) & 0xff)
#define DSA_GRPFLAGS_ALLOWED_BUFS(f)	((unsigned int)((f) >> 20) & 0xff)
#define DSA_GRPFLAGS_MASK		0x0ff0ffbfULL

#define DSA_GENCFG_RDBUF_LIMIT(v)	((v) & 0xff)
#define DSA_GENCFG_MASK			(DSA_GENCFG_USER_INT_EN | 0xffu)

#define DSA_TRUSTED_PRIV		(1u << 31)
#define DSA_TRUSTED_PASID(v)		((v) & 0xfffff)
#define DSA_TRUSTED_RESERVED		0x7ff00000u

/** Bytes moved by one pair of callbacks where no copy callback serves. */
#define DSA_CHUNK	16384
/** Descriptors fetched from a batch list by one callback. */
#define DSA_BATCH_CHUNK	16
/** Operation codes below this one have a place in the table of operations. */
#define DSA_OP_LIMIT	0x21

/** Descriptors that an engine can hold besides its batch. */
#define DSA_SLOTS	4

/** A work queue: its registers, the ring in sva_dsa.entries, and what follows. */
struct dsa_wq {
	uint32_t cfg[8];	/* WQCFG */
	unsigned int state;	/* DSA_WQ_* */
	unsigned int index;
	struct dsa_group *group; /* set when the device is enabled, NULL in none */
	/* Worked out when the WQ is enabled. */
	bool dedicated;
	bool pasid_en;
	uint32_t trusted;	/* dedicated: PASID and privilege of every descriptor */
	uint32_t flags_off;	/* descriptor flags that are reserved in this WQ */
	bool told;		/* WQ Occupancy Interrupt Generated */
	uint32_t max_xfer;
	uint32_t max_batch;
	unsigned int priority;
	unsigned int credit;	/* descriptors left in this round of the arbiter */
	/* The ring; base and size are fixed when the device is enabled. */
	unsigned int base;
	unsigned int size;
	unsigned int head;
	unsigned int count;
	uint32_t taken;		/* descriptors that ever left the ring (wraps) */
	/* The command that is under way. */
	bool waited;		/* it waits for this WQ */
	uint32_t mark;		/* until this many were taken */
};

struct dsa_group {
	uint64_t cfg[6];	/* GRPCFG: four words of WQs, engines, flags */
	uint32_t ready;		/* WQs that have descriptors */
	unsigned int next;	/* WQ that the arbiter looks at first */
};

struct dsa_engine;

/** How far an operation came before a page fault; all zero at its start. */
struct dsa_progress {
	uint32_t done;		/* bytes, as in the completion record */
	uint32_t extra;		/* running CRC, bytes of delta record, least next offset */
	bool begun;		/* CRC: the seed was read */
	bool down;		/* move: from the end */
};

/** One descriptor on its way through an engine. */
struct dsa_job {
	struct dsa_compl compl __attribute__((aligned(32)));
	struct dsa_progress at;
	struct sva_dsa *dsa;
	const struct dsa_wq *wq;
	struct dsa_engine *engine;
	const struct dsa_desc *desc;
	uint32_t pasid;		/* for the callbacks */
	uint32_t trusted;
	uint32_t flags_off;
	uint32_t index;		/* in the batch */
	bool member;
	uint64_t arrived;	/* it or its batch; see struct sva_dsa */
	struct sva_dsa_fault fault;
};

/** What a held descriptor waits for. */
enum dsa_phase {
	DSA_PHASE_FREE,		/* nothing: the slot is empty */
	DSA_PHASE_NEW,		/* its turn */
	DSA_PHASE_RUN,		/* a page that its operation needs */
	DSA_PHASE_RECORD,	/* its turn, or a page, to write the completion record */
};

/** A descriptor that left its WQ or list and is not finished. */
struct dsa_slot {
	struct dsa_job job;
	struct dsa_desc desc;
	uint32_t seq;		/* place in the WQ's order */
	enum dsa_phase phase;
	uint8_t status;		/* DSA_PHASE_RECORD: how the operation ended */
};

/** The page request that an engine waits for; after a pause, one that is answered. */
struct dsa_wait {
	uint32_t token;		/* 0: none */
	unsigned int slot;	/* DSA_SLOTS: it is for the list of the batch */
	bool answered;
	bool resolved;
	uint64_t va;
};

/** An engine, the batch that it works on, and the descriptors that it holds. */
struct dsa_engine {
	struct dsa_desc list[DSA_BATCH_CHUNK] __attribute__((aligned(64)));
	struct dsa_desc batch;
	struct dsa_group *group;
	struct dsa_wq *wq;	/* of the batch */
	uint32_t seq;		/* place of the batch in the WQ's order */
	uint32_t trusted;	/* PASID and privilege of the batch */
	uint32_t index;		/* next member; all before it are done */
	uint32_t first;		/* member in list[0] */
	uint32_t fetched;	/* members in list */
	uint32_t todo;		/* with a seed: members of list that are not done */
	bool busy;		/* there is a batch */
	bool failed;		/* a member did not end in success */
	uint64_t arrived;	/* the batch */
	uint64_t free;		/* when the last descriptor leaves the engine */
	unsigned int held;	/* slots in use */
	struct dsa_wait wait;
	struct dsa_slot slots[DSA_SLOTS];
};

/** A descriptor that has arrived at a portal in part. */
struct dsa_fragment {
	uint64_t slot;		/* BAR2 offset / 64 */
	uint64_t have;		/* bit i: byte i is there; 0: empty */
	uint64_t began;		/* fragments_begun at its first byte */
	uint8_t data[64];
};
#define DSA_FRAGMENTS 16	/* more than CPUs that write by halves at a time */

struct sva_dsa {
	struct dsa_desc entries[SVA_DSA_MAX_ENTRIES] __attribute__((aligned(64)));
	struct dsa_engine engines[SVA_DSA_MAX_ENGINES];
	uint8_t buf[2][DSA_CHUNK] __attribute__((aligned(64)));
	uint32_t crc[8][256];
	uint16_t t10[256];
	struct dsa_wq wqs[SVA_DSA_MAX_WQS];
	struct dsa_group groups[SVA_DSA_MAX_GROUPS];
	uint32_t msix_perm[SVA_DSA_MAX_WQS + 1];
	struct sva_dsa_config cfg;
	const struct sva_dsa_ops *ops;
	void *ctx;
	uint64_t swerr[4];
	uint32_t gencfg;
	uint32_t genctrl;
	uint32_t gensts;
	uint32_t intcause;
	uint32_t cmdsts;
	uint32_t cmd;		/* last written */
	struct dsa_engine *active[SVA_DSA_MAX_ENGINES]; /* engines that are in a group */
	unsigned int num_active;
	unsigned int turn;	/* active engine that is next */
	struct dsa_fragment fragments[DSA_FRAGMENTS];
	uint64_t fragments_begun;
	bool bus_master;
	unsigned int pci;	/* SVA_DSA_PCI_* */
	uint32_t token;		/* of the last page request */
	bool paused;		/* this step is to end */
	uint64_t random;	/* state of the generator, 0: everything in order */
	uint32_t errors;	/* operations that are yet to fail: sva_dsa_inject_error() */
	uint32_t tell;		/* op_flags with which a record of success is not all */
	/* The timing model, in picoseconds of virtual time; all 0 while it is off. */
	uint64_t now;		/* of the latest completion */
	uint64_t link_free;	/* when the device's share of memory bandwidth is free */
	uint64_t arrived[SVA_DSA_MAX_ENTRIES];	/* as entries */
};

/** What is known of an operation before it runs: one cache line. */
struct dsa_op_info {
	uint32_t flags;		/* the descriptor flags that it takes, and DSA_OP_* below */
	uint32_t required;	/* the descriptor flags that it must have */
	uint64_t reserved[6];	/* bits of bytes 16 to 63 that must be zero */
	/** Run it; fills job->compl. @return the status. */
	uint8_t (*run)(struct dsa_job *job);
};
#define DSA_OP_SIZED	(1u << 31)	/* it has a transfer size */
#define DSA_OP_ALONE	(1u << 30)	/* it may not be in a batch */

static inline unsigned int dsa_state(const struct sva_dsa *dsa)
{
	return DSA_GENSTS_STATE(dsa->gensts);
}

static inline unsigned int dsa_msix_vectors(const struct sva_dsa *dsa)
{
	return dsa->cfg.num_wqs + 1;
}

static inline bool dsa_op_enabled(const struct sva_dsa *dsa, unsigned int opcode)
{
	return (dsa->cfg.opcap[opcode >> 6] >> (opcode & 63)) & 1;
}

/** Statuses that neither force a completion record nor are an error. */
static inline bool dsa_sts_good(uint8_t status)
{
	return status == DSA_STS_SUCCESS || status == DSA_STS_SUCCESS_PREDICATE ||
	       status == DSA_STS_BATCH_FAIL;
}

/** Bytes of an access up to the end of the address space, if it would run past it. */
static inline size_t dsa_clamp(uint64_t va, size_t len)
{
	return unlikely(va + (len - 1) < va) ? (size_t)(0 - va) : len;
}

/** The status for invalid flags, and the record's field that names them. */
static inline uint8_t dsa_bad_flags(struct dsa_job *job, uint32_t flags)
{
	job->compl.op[0] = flags;
	return DSA_STS_BAD_FLAGS;
}

/** Whether page faults are requests: specification, "Page Fault Handling with PRS Enabled". */
static inline bool dsa_prs(const struct sva_dsa *dsa)
{
	return dsa->ops->page_request && (dsa->pci & SVA_DSA_PCI_PRS);
}

/* dsa_page.c */
enum sva_dsa_page dsa_pause(struct sva_dsa *dsa, struct dsa_engine *engine);
enum sva_dsa_page dsa_page_ask(struct sva_dsa *dsa, struct dsa_engine *engine, uint32_t pasid,
			       const struct sva_dsa_fault *fault, unsigned int *tries);
uint8_t dsa_op_block(struct dsa_job *job, uint8_t status);
bool dsa_engine_has(const struct dsa_engine *engine, const struct dsa_wq *wq, uint32_t pasid,
		    uint32_t before);
void dsa_engine_drop(struct dsa_engine *engine, const struct dsa_wq *wq, uint32_t pasid);
#define DSA_ANY_PASID	UINT32_MAX

/* dsa_regs.c */
void dsa_reset_config(struct sva_dsa *dsa);
void dsa_reset_wqcfg(struct dsa_wq *wq, bool keep_size);
void dsa_raise(struct sva_dsa *dsa, uint32_t cause);
void dsa_swerr(struct sva_dsa *dsa, uint64_t word0, uint64_t word1, uint64_t addr);

/* dsa_cmd.c */
void dsa_cmd_write(struct sva_dsa *dsa, uint32_t cmd);
void dsa_cmd_poll(struct sva_dsa *dsa);

/* dsa_check.c */
uint32_t dsa_check_device(const struct sva_dsa *dsa);
uint32_t dsa_check_wq(const struct sva_dsa *dsa, const struct dsa_wq *wq);

/* dsa_wq.c */
struct dsa_wq *dsa_arbitrate(struct sva_dsa *dsa, const struct dsa_engine *engine);
void dsa_wq_pop(struct sva_dsa *dsa, struct dsa_wq *wq);
void dsa_wq_occupancy(struct sva_dsa *dsa, struct dsa_wq *wq);
void dsa_wq_drop(struct sva_dsa *dsa, struct dsa_wq *wq);
void dsa_wq_drop_pasid(struct sva_dsa *dsa, struct dsa_wq *wq, uint32_t pasid);

/* dsa_time.c */
void dsa_time_done(const struct dsa_job *job, uint8_t status);
void dsa_time_reset(struct sva_dsa *dsa);

/* dsa_ops.c */
extern const struct dsa_op_info dsa_op_table[DSA_OP_LIMIT];
void dsa_mask_opcap(uint64_t opcap[4]);
uint8_t dsa_op_resume(struct dsa_job *job);

/* dsa_delta.c */
uint8_t dsa_run_create_delta(struct dsa_job *job);
uint8_t dsa_run_apply_delta(struct dsa_job *job);

/* dsa_dif.c */
void dsa_dif_init(uint16_t table[256]);
uint8_t dsa_run_dif_check(struct dsa_job *job);
uint8_t dsa_run_dif_insert(struct dsa_job *job);
uint8_t dsa_run_dif_strip(struct dsa_job *job);
uint8_t dsa_run_dif_update(struct dsa_job *job);

/* dsa_crc.c */
void dsa_crc_init(uint32_t table[8][256]);
uint32_t dsa_crc_start(uint32_t seed, uint32_t flags);
uint32_t dsa_crc_add(const uint32_t table[8][256], uint32_t crc, const uint8_t *data,
		     size_t len, uint32_t flags);
uint32_t dsa_crc_end(uint32_t crc, uint32_t flags);

#endif /* DSA_MODEL_H */
