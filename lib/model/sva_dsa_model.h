/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_DSA_MODEL_H
#define SVA_DSA_MODEL_H

/**
 * @file
 * An executable model of an Intel DSA version 1 device.
 *
 * The model is a pure state machine. The embedder (the in-process emulated bus,
 * or a PCI function in a machine emulator) forwards register accesses and portal
 * writes, and calls sva_dsa_step() to let the engines work. Memory accesses,
 * interrupts, page requests and nothing else leave the model, through
 * struct sva_dsa_ops.
 *
 * The model has no thread, takes no lock, allocates nothing and calls nothing
 * but the freestanding string functions. Calls on one model must not overlap;
 * different models are independent. A callback must not call back into its model.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** PASID handed to the callbacks for a WQ that has PASID disabled. */
#define SVA_DSA_NO_PASID UINT32_MAX

/** Why a DMA callback stopped short. */
struct sva_dsa_fault {
	uint64_t va;	/**< The address that could not be accessed. */
	bool write;	/**< The access was a write. */
	/**
	 * Nothing is wrong: the embedder wants sva_dsa_step() to return, so that a large
	 * operation does not keep it. The access goes on where it stopped, in a later step.
	 * Only an access of more than SVA_DSA_PAUSE_MIN bytes may be stopped so, and only
	 * after SVA_DSA_PAUSE_AFTER bytes in this step, or it might never get anywhere.
	 */
	bool pause;
};

/** Bytes of the largest access that struct sva_dsa_fault.pause is not for. */
#define SVA_DSA_PAUSE_MIN 64
/** Bytes that all accesses of a step must have moved before one may be paused. */
#define SVA_DSA_PAUSE_AFTER 49152

/** Answer to a page request. */
enum sva_dsa_page {
	SVA_DSA_PAGE_RESOLVED,	/**< Try again: the page should be there. */
	SVA_DSA_PAGE_FAILED,	/**< There will be no such page (Invalid Request). */
	SVA_DSA_PAGE_PENDING,	/**< sva_dsa_page_response() will tell. */
};

/**
 * What the model needs from its embedder.
 *
 * Every callback gets the @p ctx of sva_dsa_init(). The three accessors return
 * the number of bytes, from the start of the range, that were done; less than
 * @p len means that the next byte faulted and *fault has been filled in. A range
 * is never empty and never runs past the end of the address space.
 */
struct sva_dsa_ops {
	/** Copy @p len bytes at (pasid, va) into @p buf. Required. */
	size_t (*read)(void *ctx, uint32_t pasid, uint64_t va, void *buf, size_t len,
		       struct sva_dsa_fault *fault);
	/**
	 * Copy @p len bytes from @p buf to (pasid, va). Required. A write of 8
	 * bytes to an 8-byte aligned address is done at once, and after every
	 * earlier write is visible: the model publishes completion records so.
	 */
	size_t (*write)(void *ctx, uint32_t pasid, uint64_t va, const void *buf, size_t len,
			struct sva_dsa_fault *fault);
	/**
	 * Copy memory to memory, both under @p pasid, ascending. Optional (may be
	 * NULL): a fast path. The ranges may be the same, and may overlap in the
	 * direction that an ascending copy survives (the destination before the
	 * source), never in the other: memmove() serves, memcpy() does not.
	 */
	size_t (*copy)(void *ctx, uint32_t pasid, uint64_t dst, uint64_t src, size_t len,
		       struct sva_dsa_fault *fault);
	/** Raise MSI-X vector @p vector (0: errors and commands). Optional. */
	void (*interrupt)(void *ctx, unsigned int vector);
	/**
	 * Make the page of (pasid, va) accessible, for writing where @p write says so.
	 * Optional: NULL is a device without page requests, which does not show block
	 * on fault. Who cannot answer at once returns SVA_DSA_PAGE_PENDING, keeps
	 * @p token, which is never 0, and calls sva_dsa_page_response() later, not
	 * from inside a callback. An engine waits then, and only that one.
	 */
	enum sva_dsa_page (*page_request)(void *ctx, uint32_t token, uint32_t pasid,
					  uint64_t va, bool write);
};

/** A device's fixed properties, in the units of the capability registers. */
struct sva_dsa_config {
	uint32_t version;	/**< VERSION register. */
	uint64_t gencap;	/**< GENCAP register. */
	unsigned int num_wqs;	/**< 1 to SVA_DSA_MAX_WQS. */
	unsigned int wq_entries;/**< Total WQ size, 1 to SVA_DSA_MAX_ENTRIES. */
	unsigned int num_groups;/**< 1 to SVA_DSA_MAX_GROUPS. */
	unsigned int num_engines;/**< 1 to SVA_DSA_MAX_ENGINES. */
	unsigned int read_bufs;	/**< 1 to 255. */
	bool occupancy_int;	/**< WQ occupancy interrupts (WQCAP). */
	uint64_t opcap[4];	/**< OPCAP register; ops the model lacks are masked off. */
	/**
	 * 0: descriptors are done in order and at once, as far as the number of
	 * engines allows. Any other value seeds the choice among all that the
	 * specification lets happen: which engine goes on, which WQ of a group is
	 * served, the order of batch members between fences, descriptors that
	 * overtake each other and batches, completion records that come late. The
	 * same seed and the same calls give the same order.
	 */
	uint64_t seed;
	/** Keep a virtual time by published figures, for sva_dsa_time(). Changes nothing else. */
	bool timing;
};

#define SVA_DSA_MAX_WQS		16
#define SVA_DSA_MAX_GROUPS	8
#define SVA_DSA_MAX_ENGINES	8
#define SVA_DSA_MAX_ENTRIES	512

/** Result of a portal write. */
enum sva_dsa_accept {
	SVA_DSA_ACCEPTED = 0,
	SVA_DSA_RETRY,		/**< Refused; an ENQCMD would return ZF = 1. */
	/**
	 * Lost: a posted write to a full, disabled or shared WQ. Only that a
	 * dedicated WQ was full is recorded (SWERR); nobody hears of the others.
	 */
	SVA_DSA_DROPPED,
};

struct sva_dsa;

/**
 * Find a built-in profile: "default" or "emr".
 * @return the profile, or NULL where the name is not known.
 */
const struct sva_dsa_config *sva_dsa_profile(const char *name);

/** @return the bytes of memory that a model of this configuration needs. */
size_t sva_dsa_size(const struct sva_dsa_config *config);

/**
 * Make a model in caller-owned memory, in the state after power-on.
 *
 * @param mem	sva_dsa_size() bytes, 64-byte aligned; there is nothing to free.
 * @param config copied. Capabilities that the model lacks are masked off: the
 *	interrupt message storage, readback addresses of a drain, and block on fault
 *	where @p ops has no page_request.
 * @param ops	kept; must outlive the model.
 * @param ctx	passed to every callback.
 * @return the model, or NULL where the configuration is out of range (version 1
 *	with the Configuration Support bit is all there is), the memory is not
 *	aligned, or a required callback is missing.
 */
struct sva_dsa *sva_dsa_init(void *mem, const struct sva_dsa_config *config,
			     const struct sva_dsa_ops *ops, void *ctx);

/**
 * Read a BAR0 register.
 * @param size 4 or 8, naturally aligned; anything else, and any offset that is
 *	not a register, reads 0.
 */
uint64_t sva_dsa_mmio_read(struct sva_dsa *dsa, uint64_t offset, unsigned int size);

/** Write a BAR0 register; same rules, writes elsewhere are ignored. */
void sva_dsa_mmio_write(struct sva_dsa *dsa, uint64_t offset, uint64_t value,
			unsigned int size);

/**
 * Write a whole 64-byte descriptor to a portal.
 *
 * @param offset	BAR2 offset; the low 12 bits do not matter.
 * @param desc		64 bytes, copied.
 * @param nonposted	true for ENQCMD/ENQCMDS, false for a posted 64-byte write.
 * @return what became of it. Work is only queued here, and done by sva_dsa_step().
 */
enum sva_dsa_accept sva_dsa_portal_write(struct sva_dsa *dsa, uint64_t offset,
					 const void *desc, bool nonposted);

/**
 * Write to a portal with an access that is smaller than a descriptor, as a bus of eight
 * bytes brings it. The pieces of each 64 bytes of a portal page are collected, in any
 * order; the last one posts the descriptor. Of too many that stay incomplete the oldest
 * are forgotten.
 *
 * @param offset	BAR2 offset, aligned to @p size.
 * @param value		the bytes, the lowest address in the lowest byte.
 * @param size		1, 2, 4 or 8.
 * @return SVA_DSA_ACCEPTED while it is incomplete, then as sva_dsa_portal_write();
 *	SVA_DSA_DROPPED for another size or alignment.
 */
enum sva_dsa_accept sva_dsa_portal_store(struct sva_dsa *dsa, uint64_t offset, uint64_t value,
					 unsigned int size);

/** Read from a portal: all ones, of @p size bytes (1 to 8). */
uint64_t sva_dsa_portal_read(const struct sva_dsa *dsa, uint64_t offset, unsigned int size);

/** @return entries that WQ @p wq can still take, 0 where it is not enabled. */
unsigned int sva_dsa_wq_room(const struct sva_dsa *dsa, unsigned int wq);

/**
 * Let the engines work.
 *
 * @param budget most descriptors to execute (a batch counts as one, and so does
 *	each of its members).
 * @return descriptors executed; 0 means there is nothing left to do until something
 *	is posted or a page request is answered, or that a callback has paused.
 */
unsigned int sva_dsa_step(struct sva_dsa *dsa, unsigned int budget);

/**
 * Tell the model that PCI bus mastering was switched on or off.
 *
 * It is off after sva_dsa_init() and sva_dsa_flr(), and the device cannot be
 * enabled then. Switching it off while the device is enabled halts the device.
 */
void sva_dsa_bus_master(struct sva_dsa *dsa, bool enabled);

/** PCI capabilities that matter to the device, for sva_dsa_pci_enable(). */
#define SVA_DSA_PCI_PASID	(1u << 0)	/**< PASID Enable. */
#define SVA_DSA_PCI_PRIV	(1u << 1)	/**< Privileged Mode Enable of PASID. */
#define SVA_DSA_PCI_PRS		(1u << 2)	/**< Page Request Enable. */

/**
 * Tell the model which PCI capabilities are enabled.
 *
 * All of them count as enabled after sva_dsa_init() and sva_dsa_flr(), so that who has
 * no configuration space need not call this. A change while the device is enabled
 * halts it.
 *
 * @param enabled	SVA_DSA_PCI_* in any combination.
 */
void sva_dsa_pci_enable(struct sva_dsa *dsa, unsigned int enabled);

/**
 * Answer a page request that is pending. The work goes on in sva_dsa_step().
 *
 * @param token		what page_request() got.
 * @param resolved	whether the page is there now. If not, the descriptor ends with
 *			the status for an invalid page request response (0x04), a batch
 *			whose list it is with 0x06, and one whose completion record it is
 *			in SWERR (0x1a).
 * @return whether somebody waited for it: nobody does any more after an abort, a reset,
 *	or a first answer.
 */
bool sva_dsa_page_response(struct sva_dsa *dsa, uint32_t token, bool resolved);

/**
 * Virtual time of the timing model: how long the work completed so far would have taken a
 * device with the figures that dsa_time.c cites. It is computed, not measured, and the same
 * calls give the same time. It stands still while there is nothing to do.
 *
 * @return nanoseconds from sva_dsa_init() or sva_dsa_flr() to the latest completion that is
 *	visible, 0 where sva_dsa_config.timing is off.
 */
uint64_t sva_dsa_time(const struct sva_dsa *dsa);

/**
 * Have the next @p count operations on data end with a hardware error (status 0x20) instead of
 * being done, in addition to those of earlier calls. sva_dsa_flr() forgets them.
 */
void sva_dsa_inject_error(struct sva_dsa *dsa, unsigned int count);

/** Function-level reset: back to the state after sva_dsa_init(). */
void sva_dsa_flr(struct sva_dsa *dsa);

#ifdef __cplusplus
}
#endif

#endif /* SVA_DSA_MODEL_H */
