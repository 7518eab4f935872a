/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef IDXD_PRIVATE_H
#define IDXD_PRIVATE_H

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dsa_hw.h>
#include <sva_accel_driver.h>

/* What the driver knows of a device. */
struct idxd_device {
	struct sva_device *dev;
	struct sva_bus_device *bus;
	uint64_t gencap;
	uint64_t wqcap;
	uint64_t grpcfg, wqcfg, msix_perm;	/* table offsets */
	uint32_t wqcfg_stride;
	unsigned int num_groups, num_engines;
	unsigned int priority;		/* devarg */
	unsigned int threshold;		/* devarg: of the limited portals; 0: they are not used */
	uint32_t portal_step;		/* devarg: bytes from one write to a portal to the next */
	bool own_memory;		/* the calling process is the one that is bound */
	bool io_page_faults;		/* of the device's are taken, at least on records */
	pthread_mutex_t lock;	/* around commands and checks, which pollers do as well */
	bool stopped;			/* and that was reported */
	bool removed;			/* being taken away: it is not used any more */
	uint32_t errors;	/* software errors that were seen */
	uint32_t news;		/* grows: every queue is to have a look at the device */
	int removal_fd;			/* the bus's; -1: there is none */
	int event_fd, error_fd;		/* -1: nobody waits */
};

/*
 * A unit is what was written to the portal at once: one descriptor, or a batch of them.
 * It is described in the shadow of its first slot that has no result yet.
 */
#define IDXD_PLAIN	0x01u	/* copies and fills: no records of their own if all is well */
#define IDXD_BATCH	0x02u
#define IDXD_SLOW	0x04u	/* results one by one: something was not a plain success */
#define IDXD_WAITING	0x08u	/* slow: the first one has been submitted again, by itself */
#define IDXD_LOST	0x10u	/* what has no record will never get one */
#define IDXD_AGAIN	0x20u	/* slow: the first one was refused when submitted again */

/* A slot's shadow, struct sva_shadow, as the driver uses it. */
struct idxd_shadow {
	struct dsa_compl rec;		/* status 0 in a free slot */
	uint64_t cookie;
	/* Of a unit that starts here: */
	struct dsa_compl *unit_rec;	/* written when all of it is done */
	uint32_t unit_count;		/* operations without a result yet */
	uint16_t unit_flags;
	uint16_t unit_executed;		/* slow: of these, what the device has looked at */
	/* Of the operation; 0 in a free slot: */
	uint32_t done;			/* bytes done before the last resumption */
	uint32_t tries;			/* resumptions without progress */
};

static_assert(sizeof(struct idxd_shadow) == sizeof(struct sva_shadow), "one shadow");
static_assert(offsetof(struct idxd_shadow, cookie) == offsetof(struct sva_shadow, cookie),
	      "the inline path writes the cookie");

/*
 * The ring has one slot more than may be in use, so that equal pointers mean empty. A
 * pointer stays at the ring's end until there is something at its beginning.
 */
struct idxd_queue {
	struct sva_queue q;	/* first; q.next: accepted up to here */
	struct sva_slot *end;
	struct sva_slot *asked;		/* sva_submit() called up to here */
	struct sva_slot *submitted;	/* written to the portal up to here */
	struct sva_slot *tail;		/* results given up to here */
	uint32_t special;	/* accepted, not submitted, and not a copy or fill, or fenced */
	uint32_t credits;	/* units that the WQ still takes; below 0: see idxd_queue_fail() */
	uint32_t min_batch, max_batch;
	struct dsa_desc batch;	/* filled in but for list, count and record */
	struct dsa_compl *batch_recs;	/* one a slot, for a batch that starts there */

	/* A shared WQ refused it, so that nothing else can be written; or NULL. */
	const void *held;
	uint32_t holdoff;	/* polls to let pass until it is tried again */
	uint32_t holdoff_next;

	struct sva_portal portal;
	uint32_t portal_slot;	/* offset of the next 64 bytes to write in its page */
	uint32_t portal_step;	/* from there to those of the next write; 0: always the same */
	uint32_t idle;		/* polls that found nothing */
	uint32_t errors, news;	/* of the device, as of the last check */
	uint16_t vector;	/* that signals results; 0: none does */
	int irq_fd;		/* of the vector */

	struct sva_queue_stats stats;	/* accepted and completed are computed */
	uint64_t laps;			/* operations accepted before slots[0] */
	uint64_t stats_accepted, stats_completed;	/* when they were reset */

	struct idxd_device *idxd;
	uint32_t depth;
	uint32_t wq_size;
	enum sva_fault_policy fault_policy;
	void *memory;			/* to be freed */
};

static inline struct idxd_shadow *
idxd_shadow(const struct idxd_queue *iq, const struct sva_slot *slot)
{
	return (struct idxd_shadow *)((char *)(uintptr_t)slot + iq->q.shadow);
}

/* Slots from one pointer on to another. */
static inline uint32_t
idxd_distance(const struct idxd_queue *iq, const struct sva_slot *from, const struct sva_slot *to)
{
	ptrdiff_t n = to - from;

	return (uint32_t)(n < 0 ? n + (iq->end - iq->q.slots) : n);
}

/* The slot that a pointer means: the ring's end is its beginning. */
static inline struct sva_slot *
idxd_at(const struct idxd_queue *iq, struct sva_slot *slot)
{
	return slot == iq->end ? iq->q.slots : slot;
}

/* Operations accepted without a result. */
static inline uint32_t
idxd_used(const struct idxd_queue *iq)
{
	return idxd_distance(iq, iq->tail, iq->q.next);
}

/* Have the end of an operation that goes out by itself signalled, where that is wanted. */
static inline void
idxd_ask_interrupt(const struct idxd_queue *iq, struct sva_slot *slot)
{
	if (iq->vector == 0)
		return;
	slot->op_flags |= DSA_FLAG_COMPL_INT;
	slot->zero = iq->vector;	/* the interrupt handle, where a descriptor has it */
}

/* Let the unit at the tail start k operations further on. */
static inline void
idxd_unit_split(struct idxd_queue *iq, struct sva_slot *slot, uint32_t k)
{
	const struct idxd_shadow *from = idxd_shadow(iq, slot);
	struct idxd_shadow *to = idxd_shadow(iq, slot + k);

	to->unit_rec = from->unit_rec;
	to->unit_count = from->unit_count - k;
	to->unit_flags = from->unit_flags;
	to->unit_executed = from->unit_executed > k ? (uint16_t)(from->unit_executed - k) : 0;
}

/* idxd_hw.c: registers and commands; 0 or -errno, logged. */
int idxd_hw_up(struct idxd_device *idxd);
void idxd_hw_down(struct idxd_device *idxd);
int idxd_hw_command(struct idxd_device *idxd, enum dsa_command command, uint32_t operand);
/*
 * Whether the device still runs; logs and clears its software error. Any queue's check
 * may be the one that meets an error: errors is set to how many there have been.
 */
bool idxd_hw_check(struct idxd_device *idxd, uint32_t *errors);
/* Whether a check would find that the device is being taken away. */
bool idxd_hw_removal(struct idxd_device *idxd);
/* Let descriptors of the bound process raise an MSI-X vector. */
void idxd_hw_permit(struct idxd_device *idxd, unsigned int vector);

/* idxd_queue.c */
int idxd_queue_open(struct sva_device *dev, unsigned int index,
		    const struct sva_queue_conf *conf, struct sva_queue **queue);
int idxd_queue_close(struct sva_queue *queue, unsigned int *unpolled);
void idxd_queue_info(struct sva_queue *queue, struct sva_queue_info *info);
void idxd_queue_stats(struct sva_queue *queue, struct sva_queue_stats *stats);
void idxd_queue_stats_reset(struct sva_queue *queue);
/* How a queue that works is accepted for, submitted to and polled. */
const struct sva_queue_ops *idxd_queue_choose_ops(const struct idxd_queue *iq);
/* What is in flight and has no record will not get one: after a reset, for example. */
void idxd_queue_lost(struct idxd_queue *iq);
/* The device is gone: everything that was accepted is lost, and nothing more accepted. */
void idxd_queue_fail(struct idxd_queue *iq);

/* idxd_event.c */
int idxd_event_fd(struct sva_device *dev);
int idxd_handle_events(struct sva_device *dev);
int idxd_queue_event_fd(struct sva_queue *queue);
/* Wake whoever waits for the queue, if it has interrupts. */
void idxd_queue_wake(const struct idxd_queue *iq);
/* Have results of a queue that is being opened signalled. 0 or -errno, logged. */
int idxd_queue_interrupts(struct idxd_queue *iq);

/* idxd_data.c: the hot path. */
/* The device's operation for one of the class. */
uint8_t idxd_opcode(enum sva_opcode op);
extern const struct sva_queue_ops idxd_queue_ops;
extern const struct sva_queue_ops idxd_careful_ops;	/* shared, or with interrupts */
extern const struct sva_queue_ops idxd_failed_ops;
/* Whether a descriptor was taken: a shared WQ may refuse it. */
bool idxd_portal_write(struct idxd_queue *iq, const void *desc);

/*
 * idxd_retire.c: up to n results of the unit at the tail, where they are more than plain
 * successes. Returns how many.
 */
unsigned int idxd_retire(struct idxd_queue *iq, struct sva_result *results, unsigned int n);

/* idxd_fault.c */
/* Make the page of a fault present; whether that worked. */
bool idxd_fault_touch(const struct idxd_queue *iq, const struct sva_slot *slot, uint64_t addr,
		      bool write);
/* Whether an operation can only be done again from its start. */
bool idxd_fault_restarts(const struct sva_slot *slot);
/* Change an operation's descriptor to what its record says is left to do. */
void idxd_fault_advance(struct sva_slot *slot, struct idxd_shadow *shadow);

#endif /* IDXD_PRIVATE_H */
