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
 * interrupts and nothing else leave the model, through struct sva_dsa_ops.
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
	 * NULL): a fast path; the ranges never overlap in the direction that an
	 * ascending copy would spoil.
	 */
	size_t (*copy)(void *ctx, uint32_t pasid, uint64_t dst, uint64_t src, size_t len,
		       struct sva_dsa_fault *fault);
	/** Raise MSI-X vector @p vector (0: errors and commands). Optional. */
	void (*interrupt)(void *ctx, unsigned int vector);
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
	uint64_t opcap[4];	/**< OPCAP register; ops the model lacks are masked off. */
};

#define SVA_DSA_MAX_WQS		16
#define SVA_DSA_MAX_GROUPS	8
#define SVA_DSA_MAX_ENGINES	8
#define SVA_DSA_MAX_ENTRIES	512

/** Result of a portal write. */
enum sva_dsa_accept {
	SVA_DSA_ACCEPTED = 0,
	SVA_DSA_RETRY,		/**< Refused; an ENQCMD would return ZF = 1. */
	SVA_DSA_DROPPED,	/**< Lost: a posted write to a full or disabled WQ. */
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
 * @param config copied. Capabilities that the model lacks are masked off: block on
 *	fault, the interrupt message storage, readback addresses of a drain.
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

/** @return entries that WQ @p wq can still take, 0 where it is not enabled. */
unsigned int sva_dsa_wq_room(const struct sva_dsa *dsa, unsigned int wq);

/**
 * Let the engines work.
 *
 * @param budget most descriptors to execute (a batch counts as one, and so does
 *	each of its members).
 * @return descriptors executed; 0 means there is nothing left to do.
 */
unsigned int sva_dsa_step(struct sva_dsa *dsa, unsigned int budget);

/**
 * Tell the model that PCI bus mastering was switched on or off.
 *
 * It is off after sva_dsa_init() and sva_dsa_flr(), and the device cannot be
 * enabled then. Switching it off while the device is enabled halts the device.
 */
void sva_dsa_bus_master(struct sva_dsa *dsa, bool enabled);

/** Function-level reset: back to the state after sva_dsa_init(). */
void sva_dsa_flr(struct sva_dsa *dsa);

#ifdef __cplusplus
}
#endif

#endif /* SVA_DSA_MODEL_H */
