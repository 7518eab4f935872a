/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The hot path: accepting, submitting and polling. Everything unusual is elsewhere.
 */
#include <errno.h>
#include <string.h>

#include "idxd_private.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Polls that find nothing until the device is asked whether it is still there. */
#define IDLE_POLLS 16384

/* Operations accepted until somebody looks whether the device is being taken away, a power of 2. */
#define REMOVAL_OPS 16384

/* Most polls between two tries to write to a shared WQ that is full. */
#define MAX_HOLDOFF 64

#define USER_FLAGS (SVA_FENCE | SVA_SUBMIT | SVA_TO_CACHE)

/* Device operation and flags of each operation; 0 where it has none of a kind. */
static const struct {
	uint8_t opcode;
	bool data;		/* has a length and may fault */
	bool writes;		/* takes the cache-control flag */
	bool record;		/* its result is in its completion record */
} op_table[SVA_NB_OPS] = {
	[SVA_OP_NOP] = { DSA_OP_NOOP, false, false, false },
	[SVA_OP_COPY] = { DSA_OP_MEMMOVE, true, true, false },
	[SVA_OP_FILL] = { DSA_OP_FILL, true, true, false },
	[SVA_OP_COMPARE] = { DSA_OP_COMPARE, true, false, true },
	[SVA_OP_COMPARE_PATTERN] = { DSA_OP_COMPARE_PATTERN, true, false, true },
	[SVA_OP_CRC32C] = { DSA_OP_CRC, true, false, true },
	[SVA_OP_COPY_CRC32C] = { DSA_OP_COPY_CRC, true, true, true },
	[SVA_OP_DUALCAST] = { DSA_OP_DUALCAST, true, true, false },
	[SVA_OP_DRAIN] = { DSA_OP_DRAIN, false, false, false },
	[SVA_OP_DELTA_CREATE] = { DSA_OP_CREATE_DELTA, true, true, true },
	[SVA_OP_DELTA_APPLY] = { DSA_OP_APPLY_DELTA, true, true, false },
	[SVA_OP_DIF_CHECK] = { DSA_OP_DIF_CHECK, true, false, true },
	[SVA_OP_DIF_INSERT] = { DSA_OP_DIF_INSERT, true, true, false },
	[SVA_OP_DIF_STRIP] = { DSA_OP_DIF_STRIP, true, true, false },
	[SVA_OP_DIF_UPDATE] = { DSA_OP_DIF_UPDATE, true, true, false },
	[SVA_OP_CACHE_FLUSH] = { DSA_OP_CACHE_FLUSH, true, false, false },
};

uint8_t
idxd_opcode(enum sva_opcode op)
{
	return op_table[op].opcode;
}

/*
 * A direct store of 64 bytes, which is weakly ordered: what the device will read, the
 * descriptor and data, must be visible before. Spelled out for assemblers without it
 * (Intel SDM volume 2, MOVDIR64B).
 */
static inline void
fenced_movdir64b(volatile void *dst, const void *src)
{
#if defined(__x86_64__)
	asm volatile("sfence\n\t.byte 0x66, 0x0f, 0x38, 0xf8, 0x02"
		     : : "a"(dst), "d"(src) : "memory");
#else
	(void)dst;
	(void)src;
#endif
}

/* Ordinary and non-temporal stores to memory that the device will read come first. */
static inline void
store_fence(void)
{
#if defined(__x86_64__)
	__builtin_ia32_sfence();
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* A posted write, which tells nothing. */
static inline void
portal_write(struct idxd_queue *iq, const void *desc)
{
	struct sva_portal *portal = &iq->portal;
	volatile uint64_t *to;
	const uint64_t *from = desc;
	unsigned int i;

	iq->stats.doorbells++;
	if (portal->kind == SVA_PORTAL_CALL) {
		portal->write(portal, desc);
		return;
	}
	/*
	 * Another 64 bytes of the page each time, unless that is switched off: back-to-back
	 * stores to one would wait.
	 */
	to = (volatile uint64_t *)((volatile char *)portal->addr + iq->portal_slot);
	iq->portal_slot = (iq->portal_slot + iq->portal_step) % DSA_PORTAL_SIZE;
	if (portal->kind == SVA_PORTAL_MOVDIR64B) {
		fenced_movdir64b(to, desc);
	} else {
		store_fence();
		for (i = 0; i < 8; i++)
			to[i] = from[i];
	}
}

static inline bool
is_shared(const struct idxd_queue *iq)
{
	return iq->portal.kind == SVA_PORTAL_ENQCMD;
}

bool
idxd_portal_write(struct idxd_queue *iq, const void *desc)
{
	if (is_shared(iq)) {
		iq->stats.doorbells++;
		return iq->portal.enqcmd(&iq->portal, desc);
	}
	portal_write(iq, desc);
	return true;
}

/* Up to where the inline path may fill slots without looking. */
static void
update_limit(struct idxd_queue *iq)
{
	uint32_t free_slots = iq->depth - idxd_used(iq);

	iq->q.limit = iq->end - iq->q.next < free_slots ? iq->end : iq->q.next + free_slots;
}

static bool
is_plain(const struct sva_slot *slot)
{
	uint32_t opcode = DSA_DESC_OPCODE(slot->op_flags);

	return opcode == DSA_OP_MEMMOVE || opcode == DSA_OP_FILL;
}

/*
 * How many of a run may go out now, where there are drains or fences among them: a drain
 * goes by itself; a fence holds inside a batch, but otherwise waits until everything
 * before it has been given to the caller, as a fault may have stopped any of it.
 */
static uint32_t
cut_run(const struct idxd_queue *iq, const struct sva_slot *slot, uint32_t run)
{
	bool in_flight = iq->credits != iq->wq_size;
	uint32_t i;

	for (i = 0; i < run; i++) {
		if (in_flight && (slot[i].op_flags & DSA_FLAG_FENCE) != 0)
			return i;
		if (DSA_DESC_OPCODE(slot[i].op_flags) == DSA_OP_DRAIN)
			return i == 0 ? 1 : i;
	}
	return run;
}

/* As much of a run as may go out in one unit, where some operation in it is special. */
static uint32_t
shape_run(struct idxd_queue *iq, struct sva_slot *slot, uint32_t run, bool *plain)
{
	uint32_t i;

	run = cut_run(iq, slot, run);
	if (run > 1 && run < iq->min_batch)
		run = 1;
	*plain = true;
	for (i = 0; i < run; i++) {
		if (!is_plain(&slot[i]))
			*plain = false;
		if (!is_plain(&slot[i]) || (slot[i].op_flags & DSA_FLAG_FENCE) != 0)
			iq->special--;
	}
	/* With nothing before it in a batch the flag would be an error. */
	if (run != 0)
		slot->op_flags &= ~(uint32_t)DSA_FLAG_FENCE;
	return run;
}

/*
 * Write one unit to the portal: `run` slots, all before the ring's end. Careful: the queue is
 * a shared one or has interrupts.
 */
static inline void
write_unit(struct idxd_queue *iq, struct sva_slot *slot, uint32_t run, uint16_t flags,
	   bool careful)
{
	struct idxd_shadow *shadow = idxd_shadow(iq, slot);
	const void *desc;

	iq->credits--;
	iq->submitted = slot + run;
	shadow->unit_count = run;
	if (run == 1) {
		slot->op_flags |= DSA_FLAG_COMPL_REQ;
		if (careful)
			idxd_ask_interrupt(iq, slot);
		shadow->unit_rec = &shadow->rec;
		shadow->unit_flags = flags;
		desc = slot;
	} else {
		shadow->unit_rec = &iq->batch_recs[slot - iq->q.slots];
		shadow->unit_flags = flags | IDXD_BATCH;
		iq->batch.compl_addr = (uintptr_t)shadow->unit_rec;
		iq->batch.src = (uintptr_t)slot;
		iq->batch.size = run;
		iq->stats.batches++;
		desc = &iq->batch;
	}
	if (!careful)
		portal_write(iq, desc);
	else if (!idxd_portal_write(iq, desc))
		iq->held = desc;
}

/* Try again what a shared WQ refused, less and less often. Whether the way is free. */
static bool
retry_held(struct idxd_queue *iq)
{
	if (iq->held == NULL)
		return true;
	if (iq->holdoff != 0) {
		iq->holdoff--;
		return false;
	}
	if (idxd_portal_write(iq, iq->held)) {
		iq->held = NULL;
		iq->holdoff_next = 1;
		return true;
	}
	iq->holdoff = iq->holdoff_next;
	if (iq->holdoff_next < MAX_HOLDOFF)
		iq->holdoff_next *= 2;
	return false;
}

/* Write what was asked for to the portal, as far as the WQ has room. */
static __attribute__((noinline)) void
flush(struct idxd_queue *iq)
{
	if (!retry_held(iq))
		return;
	while (iq->submitted != iq->asked && (int32_t)iq->credits > 0 && iq->held == NULL) {
		struct sva_slot *slot = idxd_at(iq, iq->submitted);
		struct sva_slot *stop = slot < iq->asked ? iq->asked : iq->end;
		uint32_t run = (uint32_t)(stop - slot);
		bool plain = true;

		if (run == 0)
			break;
		if (run > iq->max_batch)
			run = iq->max_batch;
		if (iq->special != 0) {
			run = shape_run(iq, slot, run, &plain);
			if (run == 0)
				break;
		}
		if (run < iq->min_batch)
			run = 1;
		/* What asks for an interrupt has more to be put right when it is done. */
		write_unit(iq, slot, run, plain && iq->vector == 0 ? IDXD_PLAIN : 0,
			   is_shared(iq) || iq->vector != 0);
	}
}

static int
idxd_submit(struct sva_queue *q)
{
	struct idxd_queue *iq = (struct idxd_queue *)q;
	struct sva_slot *slot = iq->submitted;
	ptrdiff_t run = q->next - slot;

	iq->asked = q->next;
	/* One unit of copies and fills that does not start again at the ring's beginning. */
	if (LIKELY(run > 0 && iq->special == 0 && (int32_t)iq->credits > 0 &&
		   (run == 1 || (run >= iq->min_batch && run <= iq->max_batch))))
		write_unit(iq, slot, (uint32_t)run, IDXD_PLAIN, false);
	else if (run != 0)
		flush(iq);
	return 0;
}

/* Nothing has come for long: where the device is gone, or has lost a descriptor. */
static __attribute__((noinline)) void
check_device(struct idxd_queue *iq)
{
	uint32_t errors = iq->errors;

	iq->idle = 0;
	iq->news = __atomic_load_n(&iq->idxd->news, __ATOMIC_ACQUIRE);
	if (!idxd_hw_check(iq->idxd, &errors)) {
		idxd_queue_fail(iq);
	} else if (errors != iq->errors) {
		/* A drained queue that has a record missing will not get it any more. */
		if (idxd_hw_command(iq->idxd, DSA_CMD_DRAIN_WQ,
				    DSA_CMD_WQ_MASK(iq->q.index)) == 0) {
			iq->errors = errors;
			idxd_queue_lost(iq);
		}
	}
}

/* Whether somebody has had a look at the device since, and something may have come of it. */
static bool
has_news(const struct idxd_queue *iq)
{
	return __atomic_load_n(&iq->idxd->news, __ATOMIC_ACQUIRE) != iq->news;
}

/* Whether the device is to be given up, and the queue has done so. */
static __attribute__((noinline)) bool
check_removal(struct idxd_queue *iq)
{
	if (!idxd_hw_removal(iq->idxd))
		return false;
	check_device(iq);
	return iq->q.ops == &idxd_failed_ops;
}

/* The ring starts again at its beginning: a queue that is never idle has a look here. */
static inline bool
removal_at_wrap(struct idxd_queue *iq)
{
	uint64_t after = iq->laps + (uint64_t)(iq->end - iq->q.slots);

	return UNLIKELY((iq->laps ^ after) >= REMOVAL_OPS) && check_removal(iq);
}

/*
 * The unusual ways to accept an operation: it is not a plain copy or fill, has flags, is
 * refused, or the ring starts again at its beginning.
 */
static int
idxd_enqueue(struct sva_queue *q, const struct sva_op *op)
{
	struct idxd_queue *iq = (struct idxd_queue *)q;
	uint32_t op_flags, flags = op->flags;
	struct sva_slot *slot;
	int job;

	if (UNLIKELY(op->opcode >= SVA_NB_OPS || (flags & ~USER_FLAGS) != 0 ||
		     !(iq->idxd->dev->ops & (1u << op->opcode))))
		return -EINVAL;
	if (op_table[op->opcode].data && op->len - 1 >= q->max_len)
		return -EINVAL;
	if (op->opcode == SVA_OP_DUALCAST && ((op->dst ^ op->rest[0]) & 0xfff) != 0)
		return -EINVAL;
	if (idxd_used(iq) == iq->depth)
		return -ENOSPC;
	if (q->next == iq->end) {
		if (removal_at_wrap(iq))
			return -EIO;
		q->lap += (uint32_t)(iq->end - q->slots);
		iq->laps += (uint64_t)(iq->end - q->slots);
		q->next = q->slots;
	}
	update_limit(iq);

	op_flags = DSA_OP_FLAGS(op_table[op->opcode].opcode, DSA_FLAG_COMPL_VALID);
	if (op_table[op->opcode].data)
		op_flags = (q->copy_flags & 0xffffff) |
			   DSA_OP_FLAGS(op_table[op->opcode].opcode, 0);
	if (op_table[op->opcode].record)
		op_flags |= DSA_FLAG_COMPL_REQ;
	if (op_table[op->opcode].writes && (flags & SVA_TO_CACHE))
		op_flags |= DSA_FLAG_CACHE_CONTROL;
	if (flags & SVA_FENCE)
		op_flags |= DSA_FLAG_FENCE;
	slot = q->next;
	job = sva_enqueue_inline_(q, op_flags, op->dst, op->src, (uint32_t)op->len, op->cookie);
	slot->rest[0] = op->rest[0];
	slot->rest[1] = op->rest[1];
	slot->rest[2] = op->rest[2];
	if (!is_plain(slot) || (flags & SVA_FENCE))
		iq->special++;
	if (flags & SVA_SUBMIT)
		q->ops->submit(q);
	return job;
}

static inline uint32_t
give_plain(struct sva_result *result, const struct sva_slot *slot, ptrdiff_t shadow)
{
	/* status, device_status, write_fault and reserved, in one store */
	static const uint8_t success[4] = { SVA_OK, DSA_STS_SUCCESS, 0, 0 };
	uint32_t size = slot->size;

	result->cookie = ((const struct idxd_shadow *)((const char *)slot + shadow))->cookie;
	result->bytes = size;
	memcpy(&result->status, success, sizeof(success));
	result->fault_addr = 0;
	result->value = 0;
	return size;
}

/*
 * Not a plain success of all of the unit at the tail. A look at the device may show that what
 * was waited for is lost.
 */
static unsigned int
poll_slow(struct idxd_queue *iq, const struct idxd_shadow *shadow, struct sva_result *results,
	  unsigned int n)
{
	for (;;) {
		uint8_t status = __atomic_load_n(&shadow->unit_rec->status, __ATOMIC_ACQUIRE);
		unsigned int done = 0;

		if (status != DSA_STS_NONE || (shadow->unit_flags & (IDXD_SLOW | IDXD_LOST)))
			done = idxd_retire(iq, results, n);
		if (done != 0) {
			iq->idle = 0;
			return done;
		}
		if (++iq->idle < IDLE_POLLS && !has_news(iq))
			return 0;
		check_device(iq);
	}
}

/* k results of copies and fills that went well: everything is in the descriptors. */
static __attribute__((noinline)) void
give_all_plain(struct idxd_queue *iq, const struct sva_slot *slot, struct sva_result *result,
	       uint32_t k)
{
	const ptrdiff_t shadow = iq->q.shadow;
	const struct sva_result *const stop = result + k;
	uint64_t bytes = 0;

	for (; stop - result >= 4; slot += 4, result += 4) {
		bytes += give_plain(&result[0], &slot[0], shadow);
		bytes += give_plain(&result[1], &slot[1], shadow);
		bytes += give_plain(&result[2], &slot[2], shadow);
		bytes += give_plain(&result[3], &slot[3], shadow);
	}
	for (; result != stop; slot++, result++)
		bytes += give_plain(result, slot, shadow);
	iq->stats.bytes += bytes;
}

static inline bool
unit_plain_done(const struct idxd_shadow *shadow)
{
	return __atomic_load_n(&shadow->unit_rec->status, __ATOMIC_ACQUIRE) == DSA_STS_SUCCESS &&
	       (shadow->unit_flags & IDXD_PLAIN);
}

/* Any number of units, however they ended. */
static __attribute__((noinline)) int
poll_units(struct idxd_queue *iq, struct sva_result *results, unsigned int n)
{
	unsigned int done = 0;

	/* Nothing is on its way: one who only polls is to find out all the same. */
	if (iq->credits == iq->wq_size && ++iq->idle >= IDLE_POLLS) {
		iq->idle = 0;
		check_removal(iq);
	}
	while (done != n && iq->credits != iq->wq_size) {
		struct sva_slot *slot = idxd_at(iq, iq->tail);
		struct idxd_shadow *shadow = idxd_shadow(iq, slot);
		uint32_t k = shadow->unit_count;

		if (!unit_plain_done(shadow)) {
			k = poll_slow(iq, shadow, results + done, n - done);
			if (k == 0)
				break;
		} else if (k > n - done) {
			k = n - done;
			idxd_unit_split(iq, slot, k);
			iq->tail = slot + k;
			give_all_plain(iq, slot, results + done, k);
		} else {
			shadow->unit_rec->status = DSA_STS_NONE;
			iq->credits++;
			iq->tail = slot + k;
			give_all_plain(iq, slot, results + done, k);
		}
		done += k;
	}
	if (iq->asked != iq->submitted)
		flush(iq);
	return (int)done;
}

static int
idxd_poll(struct sva_queue *q, struct sva_result *results, unsigned int n)
{
	struct idxd_queue *iq = (struct idxd_queue *)q;
	struct idxd_shadow *shadow;
	struct sva_slot *slot;
	uint32_t k;

	if (UNLIKELY(results == NULL))
		return n == 0 ? 0 : -EINVAL;
	/* The usual case in a straight line: one unit went well and is all there is. */
	if (LIKELY(iq->credits != iq->wq_size)) {
		slot = idxd_at(iq, iq->tail);
		shadow = idxd_shadow(iq, slot);
		k = shadow->unit_count;
		if (LIKELY(unit_plain_done(shadow) && k <= n)) {
			shadow->unit_rec->status = DSA_STS_NONE;
			iq->credits++;
			iq->tail = slot + k;
			if (k == 1)
				iq->stats.bytes += give_plain(results, slot, q->shadow);
			else
				give_all_plain(iq, slot, results, k);
			if (LIKELY(k == n && iq->asked == iq->submitted))
				return (int)k;
			return (int)k + poll_units(iq, results + k, n - k);
		}
	}
	return poll_units(iq, results, n);
}

static uint64_t
sum_of_sizes(const struct sva_slot *slot, uint32_t k)
{
	uint64_t bytes = 0;

	for (; k >= 4; k -= 4, slot += 4)
		bytes += (uint64_t)slot[0].size + slot[1].size + slot[2].size + slot[3].size;
	for (; k > 0; k--, slot++)
		bytes += slot->size;
	return bytes;
}

/* Whole units only; what is left of one, and what went otherwise, is for idxd_poll(). */
static int
idxd_poll_ok(struct sva_queue *q, unsigned int n)
{
	struct idxd_queue *iq = (struct idxd_queue *)q;
	unsigned int done = 0;

	while (LIKELY(iq->credits != iq->wq_size)) {
		struct sva_slot *slot = idxd_at(iq, iq->tail);
		struct idxd_shadow *shadow = idxd_shadow(iq, slot);
		uint32_t k = shadow->unit_count;

		if (UNLIKELY(!unit_plain_done(shadow) || k > n - done))
			break;
		shadow->unit_rec->status = DSA_STS_NONE;
		iq->credits++;
		iq->tail = slot + k;
		iq->stats.bytes += k == 1 ? slot->size : sum_of_sizes(slot, k);
		done += k;
		if (LIKELY(done == n))
			break;
	}
	if (UNLIKELY(iq->asked != iq->submitted))
		flush(iq);
	return (int)done;
}

const struct sva_queue_ops idxd_queue_ops = {
	.enqueue = idxd_enqueue,
	.submit = idxd_submit,
	.poll = idxd_poll,
	.poll_ok = idxd_poll_ok,
};

/*
 * A shared WQ: a descriptor that was refused comes before everything else. Interrupts: nobody
 * else would wake one who waits for what has just gone to a device that has stopped.
 */
static int
careful_submit(struct sva_queue *q)
{
	struct idxd_queue *iq = (struct idxd_queue *)q;

	iq->asked = q->next;
	flush(iq);
	if (iq->vector == 0 || !has_news(iq))
		return 0;
	check_device(iq);
	idxd_queue_wake(iq);
	return q->ops == &idxd_failed_ops ? -EIO : 0;
}

static int
careful_poll(struct sva_queue *q, struct sva_result *results, unsigned int n)
{
	struct idxd_queue *iq = (struct idxd_queue *)q;

	if (iq->held != NULL)
		flush(iq);
	return idxd_poll(q, results, n);
}

static int
careful_poll_ok(struct sva_queue *q, unsigned int n)
{
	struct idxd_queue *iq = (struct idxd_queue *)q;

	if (iq->held != NULL)
		flush(iq);
	return idxd_poll_ok(q, n);
}

const struct sva_queue_ops idxd_careful_ops = {
	.enqueue = idxd_enqueue,
	.submit = careful_submit,
	.poll = careful_poll,
	.poll_ok = careful_poll_ok,
};

/* Of a device that is gone: nothing new is taken, what was accepted gets its results. */
static int
failed_enqueue(struct sva_queue *q, const struct sva_op *op)
{
	(void)q;
	(void)op;
	return -EIO;
}

static int
failed_submit(struct sva_queue *q)
{
	(void)q;
	return -EIO;
}

const struct sva_queue_ops idxd_failed_ops = {
	.enqueue = failed_enqueue,
	.submit = failed_submit,
	.poll = idxd_poll,
	.poll_ok = idxd_poll_ok,
};
