/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_ACCEL_H
#define SVA_ACCEL_H

/**
 * @file
 * Accelerators with shared virtual addressing: open a device, take a queue, submit
 * operations on plain virtual addresses, poll for results.
 *
 * Addresses are any memory of the bound process: heap, stack, static data, mapped
 * files. Nothing is mapped, pinned or registered. A page fault is part of the
 * operation, not an error: by default the driver makes the page present and resumes.
 *
 * Life of an operation: sva_copy() and the like *accept* it (or refuse it and change
 * nothing); sva_submit() rings the doorbell for everything accepted so far;
 * sva_poll() gives one result for each accepted operation, in the order of
 * acceptance. Memory named by an operation belongs to the device until its result
 * has been polled.
 *
 * Threads: a queue belongs to one thread at a time. Functions on a device may be
 * called from any thread unless their comment says otherwise.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sva_bind.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Operations of the class. The values are not those of any device. */
enum sva_opcode {
	SVA_OP_NOP = 0,
	SVA_OP_COPY,
	SVA_OP_FILL,
	SVA_OP_COMPARE,
	SVA_OP_COMPARE_PATTERN,
	SVA_OP_CRC32C,
	SVA_OP_COPY_CRC32C,
	SVA_OP_DUALCAST,
	SVA_OP_DRAIN,
	SVA_OP_DELTA_CREATE,
	SVA_OP_DELTA_APPLY,
	SVA_OP_DIF_CHECK,
	SVA_OP_DIF_INSERT,
	SVA_OP_DIF_STRIP,
	SVA_OP_DIF_UPDATE,
	SVA_OP_CACHE_FLUSH,
	SVA_NB_OPS
};

/** How an operation ended. */
enum sva_status {
	SVA_OK = 0,
	/** Compare: the operands differ; `value` is the first differing byte's offset. */
	SVA_MISMATCH,
	/** An address cannot be accessed; see `fault_addr`, `bytes`, `write_fault`. */
	SVA_FAULT,
	/** The device refused the operation as malformed; see `device_status`. */
	SVA_INVALID,
	/** Not done, or not known to be: the queue was reset or the device failed. */
	SVA_ABORTED,
	/** The device reported a hardware error; see `device_status`. */
	SVA_HW_ERROR,
	/** Delta create: the differences do not fit; `bytes` were compared, and `value` bytes
	 *  of the record hold their differences. Delta apply: the record is not one. */
	SVA_DELTA_ERROR,
	/** DIF: a block is wrong; `bytes` of the source before it are right, and `value` says
	 *  what is wrong: SVA_DIF_BAD_*. */
	SVA_DIF_ERROR,
};

/** Result of one operation. */
struct sva_result {
	uint64_t cookie;	/**< As given with the operation. */
	/** Bytes done from the start, all of them if SVA_OK; after a fault in a copy whose
	 *  ranges overlap, from either end. */
	uint32_t bytes;
	uint8_t status;		/**< enum sva_status. */
	uint8_t device_status;	/**< The device's own status byte; 0 if there is none. */
	uint8_t write_fault;	/**< SVA_FAULT: 1 for a write, 0 for a read. */
	uint8_t reserved;	/**< 0. */
	uint64_t fault_addr;	/**< SVA_FAULT: an address on the page; otherwise 0. */
	/** CRC, offset of a mismatch, bytes of a delta record, what a DIF error is; else 0. */
	uint64_t value;
};

/** Flags of an operation. */
#define SVA_FENCE	0x1u	/**< Start only when every earlier one of the queue is done. */
#define SVA_SUBMIT	0x2u	/**< As if sva_submit() followed. */
#define SVA_TO_CACHE	0x4u	/**< Steer what is written to the CPU's cache, not memory. */

/**
 * @name Blocks of the DIF operations
 * Bytes of data, to which 8 bytes of protection information belong; with the guard's
 * seed and result inverted or not (DSA specification, "DIF Flags").
 */
/**@{*/
#define SVA_DIF_BLOCK_512	0x00u	/**< 512 bytes. */
#define SVA_DIF_BLOCK_520	0x01u	/**< 520 bytes. */
#define SVA_DIF_BLOCK_4096	0x02u	/**< 4096 bytes. */
#define SVA_DIF_BLOCK_4104	0x03u	/**< 4104 bytes. */
#define SVA_DIF_INVERT_SEED	0x04u	/**< The guard's CRC starts from all ones. */
#define SVA_DIF_INVERT_RESULT	0x08u	/**< The guard is the CRC inverted. */
/**@}*/

/**
 * @name Flags of one side of a DIF operation
 * "Source" is what is checked, "destination" what is made (DSA specification, "Source DIF
 * Flags" and "Destination DIF Flags").
 */
/**@{*/
#define SVA_DIF_ALL_F_ERROR	0x01u	/**< With SVA_DIF_ALL_F: it is an error instead. */
#define SVA_DIF_ALL_F		0x02u	/**< Source: all ones throughout is not checked. */
#define SVA_DIF_APP_F		0x04u	/**< Source: nor is application tag 0xffff. */
#define SVA_DIF_TAGS_F		0x08u	/**< Source: nor are both tags all ones. */
#define SVA_DIF_APP_INCREMENT	0x10u	/**< The application tag counts blocks. */
#define SVA_DIF_NO_GUARD	0x20u	/**< Source: do not check the guard. */
#define SVA_DIF_NO_REF		0x40u	/**< Source: do not check the reference tag. */
#define SVA_DIF_REF_FIXED	0x80u	/**< The reference tag does not count blocks. */
#define SVA_DIF_PASS_APP	0x08u	/**< Destination of an update: take the source's. */
#define SVA_DIF_PASS_GUARD	0x20u	/**< Destination of an update: take the source's. */
#define SVA_DIF_PASS_REF	0x40u	/**< Destination of an update: take the source's. */
/**@}*/

/**
 * @name What a DIF error is
 * Bits of sva_result.value (DSA specification, "DIF Status").
 */
/**@{*/
#define SVA_DIF_BAD_GUARD	0x1u	/**< The guard. */
#define SVA_DIF_BAD_APP		0x2u	/**< The application tag. */
#define SVA_DIF_BAD_REF		0x4u	/**< The reference tag. */
#define SVA_DIF_BAD_ALL_F	0x8u	/**< All of it is ones: SVA_DIF_ALL_F_ERROR. */
/**@}*/

/** Protection information of one side of a DIF operation. */
struct sva_dif {
	uint32_t ref_tag;	/**< Reference tag of the first block. */
	uint16_t app_tag;	/**< Application tag of the first block. */
	uint16_t app_mask;	/**< Bits of it that do not matter. */
	uint8_t flags;		/**< Of its side: SVA_DIF_*. */
};

/** What to do about page faults. */
enum sva_fault_policy {
	SVA_FAULT_RESUME = 0,	/**< Make the page present and go on; the default. */
	SVA_FAULT_REPORT,	/**< End the operation with SVA_FAULT. */
};

struct sva_device;
struct sva_queue;

/** What sva_device_open_conf() takes; zero-initialise, then set what differs. */
struct sva_device_conf {
	/** Open it there, with the bonds it has; NULL makes a container for it. */
	struct sva_container *container;
	/** Process whose memory the operations name; 0 for the caller. See sva_bind(). The
	 *  device finds its rings there too: see sva_queue_conf.memory. */
	pid_t pid;
	/** Queues that will be needed, and that the device is divided into unless its
	 *  devargs say more; 0 for as many as it has. */
	unsigned int queues;
};

/** What sva_queue_open() takes; zero-initialise, then set what differs. */
struct sva_queue_conf {
	/** Most operations accepted and not yet polled: 1 to 65536; 0 for 1024. Rounded
	 *  up to a power of two. */
	unsigned int depth;
	/** Pending operations that are worth a batch descriptor, 2 or more; 0 for the
	 *  driver's choice; UINT_MAX never makes one. */
	unsigned int min_batch;
	enum sva_fault_policy fault_policy;	/**< What to do about page faults. */
	/** NUMA node of the rings; 0 takes the device's, else node + 1. */
	unsigned int numa_node_plus_1;
	/** Memory for the rings, 64-byte aligned, the caller's until the queue is closed;
	 *  NULL allocates it. Needed where another process is bound: shared memory that
	 *  both have at this address. */
	void *memory;
	/** Bytes at `memory`: 160 for each of depth + 1 operations, as rounded up. */
	size_t memory_size;
	/** Have the device signal results: see sva_queue_event_fd(). Polling alone is faster. */
	bool interrupts;
};

/** Filled in by sva_device_info(). */
struct sva_device_info {
	char name[64];		/**< "emu:dsa" */
	const char *driver;	/**< "idxd" */
	uint16_t vendor_id;	/**< PCI vendor. */
	uint16_t device_id;	/**< PCI device. */
	int numa_node;		/**< -1 where it is not known. */
	uint32_t pasid;		/**< That its DMA is tagged with. */
	pid_t pid;		/**< Process bound; 0 for the opener. */
	unsigned int queues;	/**< That it is divided into. */
	unsigned int queues_open;	/**< Of these, taken. */
	uint64_t max_transfer;	/**< Bytes of one operation. */
	unsigned int max_batch;	/**< Operations of one batch descriptor. */
	unsigned int wq_size;	/**< Descriptors that one queue holds on the device. */
	uint32_t ops;		/**< Bit i: enum sva_opcode i can be used. */
	bool emulated;		/**< A model in software does the work. */
	bool block_on_fault;	/**< The device waits for page faults by itself. */
	bool shared;		/**< Its work queues are shared ones, written to by ENQCMD. */
};

/** Filled in by sva_queue_info(). */
struct sva_queue_info {
	unsigned int index;	/**< Of the work queue on the device. */
	unsigned int depth;	/**< Operations accepted and not polled, at most. */
	unsigned int used;	/**< Of these, now. */
	unsigned int wq_size;	/**< Descriptors that the device holds for it. */
	unsigned int min_batch;	/**< As opened; the driver's choice for 0. */
	enum sva_fault_policy fault_policy;	/**< As opened. */
};

/** Counters of a queue, since it was opened or they were reset. */
struct sva_queue_stats {
	uint64_t accepted;	/**< Operations. */
	uint64_t completed;	/**< Results polled, whatever their status. */
	uint64_t failed;	/**< Of these, neither SVA_OK nor SVA_MISMATCH. */
	uint64_t bytes;		/**< Sum of the results' bytes. */
	uint64_t doorbells;	/**< Descriptors written to the portal, taken or refused. */
	uint64_t batches;	/**< Of these, batch descriptors. */
	uint64_t faults;	/**< Page faults that the device reported. */
	uint64_t resumed;	/**< Of these, made present and resumed. */
};

/** What happened to a device. */
enum sva_event_type {
	/** The device recorded an error that no result could tell: the operations that it
	 *  lost, if any, give SVA_ABORTED. It goes on. */
	SVA_EVENT_ERROR,
	/** The device has stopped: everything not finished gives SVA_ABORTED, and nothing more
	 *  is accepted until sva_device_reset(). */
	SVA_EVENT_FAILED,
	/** Somebody takes the device away, and waits until it is closed: close it. What had
	 *  reached it is done, everything else gives SVA_ABORTED, and nothing more is accepted. */
	SVA_EVENT_REMOVED,
};

/** An event, as handed to a callback. */
struct sva_event {
	enum sva_event_type type;	/**< What it is. */
	uint32_t code;		/**< SVA_EVENT_ERROR: the device's error code. */
	int queue;		/**< Index of the queue it is about; -1 if that is not known. */
	uint64_t addr;		/**< SVA_EVENT_ERROR: an address it is about; otherwise 0. */
};

/**
 * Takes an event. Called by the thread that noticed it, inside sva_poll(), a function that
 * accepts an operation, or one on the device; it must not call any function on the device or
 * its queues.
 */
typedef void (*sva_event_fn)(struct sva_device *dev, const struct sva_event *event, void *arg);

/**
 * Open a device, bind the calling process to it and make it ready.
 *
 * Initialises SVADK with the defaults where that has not been done.
 *
 * @param spec	"BUS:NAME[,key=value...]", for example "emu:dsa"; or "auto": the first
 *		device of -a that can be opened, and without -a the first of all, a
 *		real one before an emulated one (the log says which).
 * @param dev	set on success; sva_device_close() closes it.
 * @return 0; -EINVAL: a NULL argument, a malformed specification, an unknown devarg
 *	or a bad value (the log names it); -ENODEV: no such bus or device, or no
 *	driver for it; -EPERM: not on the allow list (-a); -EBUSY: open already;
 *	-EIO: the device does not come up; -ENFILE: too many devices are open;
 *	-ENOMEM; or an error of sva_bind().
 */
int sva_device_open(const char *spec, struct sva_device **dev);

/** As sva_device_open(), with a configuration that is read during the call only. */
int sva_device_open_conf(const char *spec, const struct sva_device_conf *conf,
			 struct sva_device **dev);

/**
 * Close a device and its queues. Operations in flight are waited for; results that
 * nobody polled are counted in a warning in the log. The handle of a closed device or
 * queue may still be passed to any function, which then returns -ENODEV, until 64 more
 * have been closed or SVADK is cleaned up.
 *
 * No other thread may be using the device or its queues.
 *
 * @return 0; -EINVAL: NULL; -ENODEV: closed before; -EIO: the device did not finish
 *	and has been reset.
 */
int sva_device_close(struct sva_device *dev);

/** @return 0 with *info filled in; -EINVAL: NULL; -ENODEV: the device is closed. */
int sva_device_info(struct sva_device *dev, struct sva_device_info *info);

/**
 * Reset the device. Operations that had reached it and were not finished get a result
 * with SVA_ABORTED; the queues stay open, and operations that had not been submitted
 * stay accepted. No thread may be using a queue of the device.
 *
 * @return 0; -EINVAL: NULL; -ENODEV: closed; -EIO: it does not come up again, or is being taken
 *	away.
 */
int sva_device_reset(struct sva_device *dev);

/**
 * Virtual time of a timing model, not a measurement: how long a device with published
 * figures would have taken for the work completed so far. Only emulated devices have such a
 * model, where it is switched on ("emu:dsa,timing=on"); a reset sets it to 0. A slow path, for
 * any thread.
 *
 * @param ns	set on success: nanoseconds.
 * @return 0; -EINVAL: NULL; -ENODEV: closed; -EOPNOTSUPP: the device has no such model, or it
 *	is off, or the device is gone.
 */
int sva_device_model_time(struct sva_device *dev, uint64_t *ns);

/**
 * Have each event of a device reported, once, besides being logged.
 *
 * @param fn	NULL for none, as it is at first.
 * @param arg	handed to it.
 * @return 0; -EINVAL: NULL @p dev; -ENODEV: closed. No thread may be using a queue of the
 *	device.
 */
int sva_device_on_event(struct sva_device *dev, sva_event_fn fn, void *arg);

/**
 * A file descriptor to wait on, with poll(2) and the like, for what happens to a device while
 * nobody polls its queues. Readable: call sva_device_handle_events(). It is the device's, not
 * to be read or closed, and lives until the device is closed.
 *
 * @return the descriptor; -EINVAL: NULL; -ENODEV: closed; -EOPNOTSUPP: the driver or bus has no
 *	interrupts; or what setting them up returned.
 */
int sva_device_event_fd(struct sva_device *dev);

/**
 * Look at a device now: report its events, and wake whoever waits for a queue of it that they
 * concern (sva_queue_event_fd()).
 *
 * @return 0; -EINVAL: NULL; -ENODEV: closed; -EIO: the device has failed or is being taken
 *	away; -EOPNOTSUPP: the driver has no such thing.
 */
int sva_device_handle_events(struct sva_device *dev);

/**
 * Take a free queue of a device.
 *
 * @param conf	read during the call only; NULL for the defaults.
 * @param queue	set on success; sva_queue_close() gives it back.
 * @return 0; -EINVAL: a NULL argument or a value out of range; -ENODEV: the device
 *	is closed; -EBUSY: every queue is taken; -EIO: the device does not start it
 *	(sva_device_reset() may help); -EOPNOTSUPP: it has no interrupts for it; -ENOMEM.
 */
int sva_queue_open(struct sva_device *dev, const struct sva_queue_conf *conf,
		   struct sva_queue **queue);

/**
 * Give a queue back: waits for operations in flight, counts results nobody polled in
 * a warning in the log. Same rules and errors as sva_device_close().
 */
int sva_queue_close(struct sva_queue *queue);

/**
 * A file descriptor to wait on until results come, of a queue that was opened with
 * `interrupts`. It is an eventfd(2) that does not block: read it, then poll until there are no
 * results; nothing is missed so. It may be signalled without a result, and lives until the
 * queue is closed. Wait for sva_device_event_fd() as well: a device that has failed signals
 * only that.
 *
 * @return the descriptor; -EINVAL: NULL; -ENODEV: closed; -EOPNOTSUPP: opened without
 *	`interrupts`.
 */
int sva_queue_event_fd(struct sva_queue *queue);

/** @return 0 with *info filled in; -EINVAL: NULL; -ENODEV: the queue is closed. */
int sva_queue_info(struct sva_queue *queue, struct sva_queue_info *info);

/** @return 0 with *stats filled in; -EINVAL: NULL; -ENODEV: closed. The owner thread. */
int sva_queue_stats(struct sva_queue *queue, struct sva_queue_stats *stats);

/** Set the counters to 0. @return 0; -EINVAL: NULL; -ENODEV: closed. The owner thread. */
int sva_queue_stats_reset(struct sva_queue *queue);

/** @return a word for a status, for example "page fault"; never NULL. */
const char *sva_status_name(enum sva_status status);

/** @return a word for an operation, for example "copy"; never NULL. */
const char *sva_op_name(enum sva_opcode op);

/** @return the operation called @p name, or -EINVAL. */
int sva_op_parse(const char *name);

/*
 * The hot path. What follows up to "end of private" is laid open only so that the
 * calls can be inlined; programs do not touch it.
 */

/* private: an operation on its way to the driver when it is not inlined. */
struct sva_op {
	uint32_t opcode;	/* enum sva_opcode */
	uint32_t flags;
	uint64_t dst;		/* or second operand */
	uint64_t src;		/* or pattern */
	uint64_t rest[3];	/* second destination, seed, delta record, DIF */
	uint64_t cookie;
	size_t len;
};

/* private: functions of the driver. */
struct sva_queue_ops {
	int (*enqueue)(struct sva_queue *q, const struct sva_op *op);
	int (*submit)(struct sva_queue *q);
	int (*poll)(struct sva_queue *q, struct sva_result *results, unsigned int n);
	int (*poll_ok)(struct sva_queue *q, unsigned int n);
};

/*
 * private: one 64-byte descriptor of the ring, in the layout that the devices of the
 * idxd family share: the inline path fills in the words that a copy or fill needs. In a
 * free slot the other words are zero, but for the completion address.
 */
struct sva_slot {
	uint32_t pasid;
	uint32_t op_flags;
	uint64_t compl_addr;
	uint64_t src;
	uint64_t dst;
	uint32_t size;
	uint32_t zero;
	uint64_t rest[3];
};

/* private: beside each slot, `shadow` bytes further on. */
struct sva_shadow {
	uint64_t record[4];	/* completion record; its status is 0 in a free slot */
	uint64_t cookie;
	uint64_t driver[3];	/* the driver's */
};

/* private: the part of a queue that the inline path uses; the driver's follows. */
struct sva_queue {
	struct sva_slot *next;	/* to fill; the ring's end where it is used up */
	struct sva_slot *limit;	/* up to where; reaching it leads to enqueue */
	ptrdiff_t shadow;
	uint32_t max_len;	/* of one operation */
	uint32_t copy_flags;	/* op_flags of a copy */
	uint32_t fill_flags;	/* op_flags of a fill */
	struct sva_slot *slots;	/* the ring */
	uint32_t lap;		/* job number of slots[0] */
	unsigned int index;	/* of the work queue on the device */
	const struct sva_queue_ops *ops;
	struct sva_device *dev;	/* the one it is a queue of; NULL once closed */
};

#define SVA_LIKELY_(x) __builtin_expect(!!(x), 1)

/* private */
static inline int
sva_enqueue_rest_(struct sva_queue *q, enum sva_opcode opcode, uint64_t dst, uint64_t src,
		  uint64_t rest0, uint64_t rest1, uint64_t rest2, size_t len, uint64_t cookie,
		  uint32_t flags)
{
	struct sva_op op;

	op.opcode = opcode;
	op.flags = flags;
	op.dst = dst;
	op.src = src;
	op.rest[0] = rest0;
	op.rest[1] = rest1;
	op.rest[2] = rest2;
	op.cookie = cookie;
	op.len = len;
	return q->ops->enqueue(q, &op);
}

/* private */
static inline int
sva_enqueue_(struct sva_queue *q, enum sva_opcode opcode, uint64_t dst, uint64_t src,
	     uint64_t rest0, size_t len, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_rest_(q, opcode, dst, src, rest0, 0, 0, len, cookie, flags);
}

/* private: whether the inline path takes a copy or fill */
static inline bool
sva_is_inline_(const struct sva_queue *q, size_t len, uint64_t flags)
{
	return SVA_LIKELY_(q->next < q->limit && len - 1 < q->max_len && flags == 0);
}

/* private */
static inline int
sva_enqueue_inline_(struct sva_queue *q, uint32_t op_flags, uint64_t dst, uint64_t src,
		    uint32_t len, uint64_t cookie)
{
	struct sva_slot *slot = q->next;

	slot->op_flags = op_flags;
	slot->src = src;
	slot->dst = dst;
	slot->size = len;
	((struct sva_shadow *)((char *)slot + q->shadow))->cookie = cookie;
	q->next = slot + 1;
	return (int)((q->lap + (uint32_t)(slot - q->slots)) & INT32_MAX);
}

/* end of private */

/**
 * Ring the doorbell for every operation accepted so far. What the device has no room
 * for yet follows by itself in later calls of sva_poll().
 *
 * @return 0; -EIO: the device has failed (every accepted operation still gets its
 *	result); -ENODEV: the queue is closed.
 */
static inline int
sva_submit(struct sva_queue *q)
{
	return q->ops->submit(q);
}

/**
 * Take results, in the order of acceptance.
 *
 * @param results	room for @p n; not touched beyond what is returned.
 * @return how many were written, 0 to n; -EINVAL: NULL with n above 0; -ENODEV: the
 *	queue is closed. A device that has failed gives its results as SVA_ABORTED.
 */
static inline int
sva_poll(struct sva_queue *q, struct sva_result *results, unsigned int n)
{
	return q->ops->poll(q, results, n);
}

/**
 * Take results for as long as they say nothing but that all went well: SVA_OK and a `value` of
 * 0, in the order of acceptance. For a client that counts, it spares writing and reading them.
 *
 * @param n	at most so many.
 * @return how many; 0 where nothing is due, or what is next has more to say, or may have:
 *	sva_poll() is to be called then, which also does what sva_submit() left to do;
 *	-ENODEV: the queue is closed.
 */
static inline int
sva_poll_ok(struct sva_queue *q, unsigned int n)
{
	return q->ops->poll_ok(q, n);
}

/**
 * Copy @p len bytes. The ranges may overlap.
 *
 * Of this and the operations below:
 *
 * @param len	1 to sva_device_info.max_transfer.
 * @param cookie	handed back with the result.
 * @param flags	SVA_FENCE, SVA_SUBMIT, SVA_TO_CACHE or 0.
 * @return the job number, which counts the queue's operations modulo 2^31; or
 *	-ENOSPC: sva_queue_info.depth operations are accepted and not polled;
 *	-EINVAL: a length or flag out of range, or an operation that the device
 *	lacks; -EIO: the device has failed; -ENODEV: the queue is closed. Bad
 *	addresses are no error here: they give a result with SVA_FAULT.
 */
static inline int
sva_copy(struct sva_queue *q, void *dst, const void *src, size_t len, uint64_t cookie,
	 uint32_t flags)
{
	if (sva_is_inline_(q, len, flags))
		return sva_enqueue_inline_(q, q->copy_flags, (uintptr_t)dst, (uintptr_t)src,
					   (uint32_t)len, cookie);
	return sva_enqueue_(q, SVA_OP_COPY, (uintptr_t)dst, (uintptr_t)src, 0, len, cookie,
			    flags);
}

/**
 * Fill @p len bytes with an 8-byte pattern (its bytes in memory order, starting at
 * @p dst; the last repetition may be cut). Parameters and errors as sva_copy().
 */
static inline int
sva_fill(struct sva_queue *q, void *dst, uint64_t pattern, size_t len, uint64_t cookie,
	 uint32_t flags)
{
	if (sva_is_inline_(q, len, flags))
		return sva_enqueue_inline_(q, q->fill_flags, (uintptr_t)dst, pattern,
					   (uint32_t)len, cookie);
	return sva_enqueue_(q, SVA_OP_FILL, (uintptr_t)dst, pattern, 0, len, cookie, flags);
}

/**
 * Compare two ranges: SVA_OK where they are equal, else SVA_MISMATCH with `value` the
 * offset of the first difference. Parameters and errors as sva_copy().
 */
static inline int
sva_compare(struct sva_queue *q, const void *a, const void *b, size_t len, uint64_t cookie,
	    uint32_t flags)
{
	return sva_enqueue_(q, SVA_OP_COMPARE, (uintptr_t)b, (uintptr_t)a, 0, len, cookie,
			    flags);
}

/**
 * Compare a range with an 8-byte pattern repeated; results as sva_compare(), but the
 * offset may be that of the 8-byte word with the difference. Parameters and errors as
 * sva_copy().
 */
static inline int
sva_compare_pattern(struct sva_queue *q, const void *src, uint64_t pattern, size_t len,
		    uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_(q, SVA_OP_COMPARE_PATTERN, pattern, (uintptr_t)src, 0, len,
			    cookie, flags);
}

/**
 * CRC-32C (Castagnoli; RFC 3720, appendix B.4) of a range, into `value`.
 *
 * @param seed	0 for a new CRC; the value so far to continue one.
 * Other parameters and errors as sva_copy().
 */
static inline int
sva_crc32c(struct sva_queue *q, const void *src, size_t len, uint32_t seed, uint64_t cookie,
	   uint32_t flags)
{
	return sva_enqueue_(q, SVA_OP_CRC32C, 0, (uintptr_t)src, seed, len, cookie, flags);
}

/**
 * Copy, and CRC-32C of what was copied. The ranges must not overlap (SVA_INVALID).
 * Parameters and errors as sva_crc32c().
 */
static inline int
sva_copy_crc32c(struct sva_queue *q, void *dst, const void *src, size_t len, uint32_t seed,
		uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_(q, SVA_OP_COPY_CRC32C, (uintptr_t)dst, (uintptr_t)src, seed, len,
			    cookie, flags);
}

/**
 * Copy to two destinations, whose addresses must agree in bits 11:0 (-EINVAL; DSA
 * specification, "Dualcast"). No two of the ranges may overlap (SVA_INVALID).
 * Parameters and errors as sva_copy().
 */
static inline int
sva_dualcast(struct sva_queue *q, void *dst1, void *dst2, const void *src, size_t len,
	     uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_(q, SVA_OP_DUALCAST, (uintptr_t)dst1, (uintptr_t)src,
			    (uintptr_t)dst2, len, cookie, flags);
}

/** Do nothing; gives a result in its turn. Errors as sva_copy(). */
static inline int
sva_nop(struct sva_queue *q, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_(q, SVA_OP_NOP, 0, 0, 0, 0, cookie, flags);
}

/**
 * A drain descriptor: ends when the device has done everything that was submitted to
 * the queue before it. Errors as sva_copy().
 */
static inline int
sva_drain(struct sva_queue *q, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_(q, SVA_OP_DRAIN, 0, 0, 0, 0, cookie, flags);
}

/**
 * Compare two versions of @p len bytes, and write a record of what is new in the second
 * (DSA specification, "Create Delta Record": 10 bytes for each differing 8).
 *
 * SVA_OK: `value` bytes of record, 0 where they are equal; SVA_DELTA_ERROR: more differs
 * than @p max bytes hold.
 *
 * @param before	aligned to 8 bytes, as @p after.
 * @param len	a multiple of 8, up to 512 KiB.
 * @param record	where to write it; must not overlap either version (SVA_INVALID).
 * @param max	a multiple of 10, at least 80.
 * Other parameters and errors as sva_copy().
 */
static inline int
sva_delta_create(struct sva_queue *q, const void *before, const void *after, size_t len,
		 void *record, uint32_t max, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_rest_(q, SVA_OP_DELTA_CREATE, (uintptr_t)after, (uintptr_t)before,
				 (uintptr_t)record, max, 0, len, cookie, flags);
}

/**
 * Change @p len bytes by a record of sva_delta_create(). `bytes` is of the record.
 *
 * @param dst	aligned to 8 bytes.
 * @param len	of @p dst, a multiple of 8, up to 512 KiB.
 * @param record_len	a multiple of 10, not 0.
 * Other parameters and errors as sva_copy().
 */
static inline int
sva_delta_apply(struct sva_queue *q, void *dst, size_t len, const void *record,
		uint32_t record_len, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_rest_(q, SVA_OP_DELTA_APPLY, (uintptr_t)dst, (uintptr_t)record,
				 record_len, 0, 0, len, cookie, flags);
}

/* private: tags as the descriptor has them */
static inline uint64_t
sva_dif_tags_(const struct sva_dif *dif)
{
	return dif->ref_tag | (uint64_t)dif->app_mask << 32 | (uint64_t)dif->app_tag << 48;
}

/**
 * Check the protection information (T10 DIF, 8 bytes behind each block) of a range.
 *
 * Of this and the next three:
 *
 * @param len	bytes of the source: whole blocks, with their information where it has it.
 * @param format	SVA_DIF_BLOCK_* and SVA_DIF_INVERT_*.
 * @param dif	of the source; read during the call only, not NULL.
 * Other parameters and errors as sva_copy(); also SVA_DIF_ERROR.
 */
static inline int
sva_dif_check(struct sva_queue *q, const void *src, size_t len, uint32_t format,
	      const struct sva_dif *dif, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_rest_(q, SVA_OP_DIF_CHECK, 0, (uintptr_t)src,
				 dif->flags | (uint64_t)format << 16, sva_dif_tags_(dif), 0, len,
				 cookie, flags);
}

/** Copy blocks and put information behind each; @p dif is of the destination. */
static inline int
sva_dif_insert(struct sva_queue *q, void *dst, const void *src, size_t len, uint32_t format,
	       const struct sva_dif *dif, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_rest_(q, SVA_OP_DIF_INSERT, (uintptr_t)dst, (uintptr_t)src,
				 (uint64_t)dif->flags << 8 | (uint64_t)format << 16, 0,
				 sva_dif_tags_(dif), len, cookie, flags);
}

/** Check, and copy without the information; @p dif is of the source. */
static inline int
sva_dif_strip(struct sva_queue *q, void *dst, const void *src, size_t len, uint32_t format,
	      const struct sva_dif *dif, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_rest_(q, SVA_OP_DIF_STRIP, (uintptr_t)dst, (uintptr_t)src,
				 dif->flags | (uint64_t)format << 16, sva_dif_tags_(dif), 0, len,
				 cookie, flags);
}

/** Check, and copy with new information; @p from is of the source, @p to of what is made. */
static inline int
sva_dif_update(struct sva_queue *q, void *dst, const void *src, size_t len, uint32_t format,
	       const struct sva_dif *from, const struct sva_dif *to, uint64_t cookie,
	       uint32_t flags)
{
	return sva_enqueue_rest_(q, SVA_OP_DIF_UPDATE, (uintptr_t)dst, (uintptr_t)src,
				 from->flags | (uint64_t)to->flags << 8 | (uint64_t)format << 16,
				 sva_dif_tags_(from), sva_dif_tags_(to), len, cookie, flags);
}

/** Write back and evict a range from the CPU's caches. Errors as sva_copy(). */
static inline int
sva_cache_flush(struct sva_queue *q, void *addr, size_t len, uint64_t cookie, uint32_t flags)
{
	return sva_enqueue_(q, SVA_OP_CACHE_FLUSH, (uintptr_t)addr, 0, 0, len, cookie, flags);
}

#ifdef __cplusplus
}
#endif

#endif /* SVA_ACCEL_H */
