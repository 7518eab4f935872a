/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Engines: check, run and complete descriptors, alone and in batches.
 * Specification, "Descriptor Checks", "Descriptor Reserved Field Checking",
 * "Batch Descriptor Processing", "Ordering and Fencing", "Completion Record" and
 * "Operation Status Codes".
 */

#include "dsa_model.h"

/* What became of the completion of a job. */
enum job_end {
	JOB_GOOD,	/* a plain success, as far as a batch is concerned */
	JOB_BAD,
	JOB_WAITS,	/* its engine waits for the page of the record */
};

static void job_init(struct dsa_job *job, struct sva_dsa *dsa, struct dsa_engine *engine,
		     const struct dsa_wq *wq, uint32_t trusted, uint64_t arrived)
{
	job->dsa = dsa;
	job->engine = engine;
	job->wq = wq;
	job->trusted = trusted;
	job->pasid = wq->pasid_en ? DSA_TRUSTED_PASID(trusted) : SVA_DSA_NO_PASID;
	job->flags_off = wq->flags_off;
	/* Privileged software may always ask for interrupts. */
	if (trusted & DSA_TRUSTED_PRIV)
		job->flags_off &= ~DSA_FLAG_COMPL_INT;
	job->at = (struct dsa_progress){ 0 };
	job->index = 0;
	job->member = false;
	job->arrived = arrived;
	job->fault.pause = false;	/* for embedders that do not know of it */
}

/* "Completion Interrupt Handle Checks": handles are MSI-X indexes here. */
static bool handle_valid(const struct dsa_job *job)
{
	uint32_t handle = job->desc->int_handle;
	uint32_t perm;

	if (handle >= dsa_msix_vectors(job->dsa))
		return false;
	perm = job->dsa->msix_perm[handle];
	if (!job->wq->pasid_en)
		return !(perm & DSA_MSIX_PERM_PASID_EN);
	return (perm & DSA_MSIX_PERM_PASID_EN) && perm >> 12 == job->pasid;
}

/* The checks that all operations have in common. @return 0, or an error status. */
static inline uint8_t job_check(struct dsa_job *job)
{
	const struct dsa_desc *d = job->desc;
	uint32_t opcode = DSA_DESC_OPCODE(d->op_flags);
	uint32_t flags = DSA_DESC_FLAGS(d->op_flags);
	const struct dsa_op_info *op;
	uint64_t word4, reserved;
	uint32_t bad;

	if (unlikely((flags & DSA_FLAG_COMPL_VALID) && d->compl_addr % DSA_COMPL_ALIGN))
		return DSA_STS_COMPL_ALIGN;
	if (unlikely(opcode >= DSA_OP_LIMIT || !dsa_op_enabled(job->dsa, opcode)))
		return DSA_STS_BAD_OPCODE;
	op = &dsa_op_table[opcode];
	if (unlikely(job->member && (op->flags & DSA_OP_ALONE)))
		return DSA_STS_BAD_OPCODE;

	/* Tables "Supported Flags", "Conditional Reserved" and "Required Flags". */
	bad = (flags & (~op->flags | job->flags_off)) | (op->required & ~flags);
	memcpy(&word4, &d->size, sizeof(word4));
	reserved = (d->src & op->reserved[0]) | (d->dst & op->reserved[1]) |
		   (word4 & op->reserved[2]) | (d->op[0] & op->reserved[3]) |
		   (d->op[1] & op->reserved[4]) | (d->op[2] & op->reserved[5]);
	if (unlikely(!(flags & DSA_FLAG_COMPL_VALID))) {
		bad |= flags & (DSA_FLAG_COMPL_REQ | DSA_FLAG_COMPL_TC);
		reserved |= d->compl_addr;
	}
	if (likely(!(flags & DSA_FLAG_COMPL_INT)))
		reserved |= d->int_handle;
	if (unlikely(bad))
		return dsa_bad_flags(job, bad);
	if (unlikely(reserved))
		return DSA_STS_NONZERO_RESERVED;
	/* Size 0 is out of range as well. */
	if ((op->flags & DSA_OP_SIZED) && unlikely(d->size - 1 >= job->wq->max_xfer))
		return DSA_STS_XFER_SIZE;
	if (unlikely((flags & DSA_FLAG_COMPL_INT) && !handle_valid(job)))
		return DSA_STS_INT_HANDLE;
	if (unlikely(job->dsa->errors) && (op->flags & DSA_OP_SIZED)) {
		job->dsa->errors--;
		return DSA_STS_HW_ERROR;
	}
	return 0;
}

static void job_swerr(struct dsa_job *job, uint8_t status, uint64_t addr)
{
	const struct dsa_desc *d = job->desc;
	uint64_t info = 0;

	if (status == DSA_STS_BAD_FLAGS)
		info = job->compl.op[0];
	else if (status == DSA_STS_INT_HANDLE)
		info = d->int_handle;
	dsa_swerr(job->dsa,
		  DSA_SWERR_DESC_VALID | DSA_SWERR_WQ_IDX_VALID |
		  (job->member ? DSA_SWERR_BATCH : 0) |
		  (status & DSA_STS_WRITE_FAULT ? DSA_SWERR_FAULT_RW : 0) |
		  (job->trusted & DSA_TRUSTED_PRIV ? DSA_SWERR_PRIV : 0) |
		  (uint64_t)(status & DSA_STS_MASK) << 8 | (uint64_t)job->wq->index << 16 |
		  (uint64_t)DSA_DESC_OPCODE(d->op_flags) << 32 |
		  (uint64_t)DSA_TRUSTED_PASID(job->trusted) << 40,
		  job->index | info << 32, addr);
}

/*
 * The first eight bytes last: software polls the status byte, and no other. They
 * and the usual empty rest are not read back from where they were just stored in
 * smaller parts, which would cost more than all the rest of this.
 */
static inline bool store_record(struct dsa_job *job, uint8_t status)
{
	static const uint8_t empty[24];
	const struct sva_dsa *dsa = job->dsa;
	const struct dsa_compl *c = &job->compl;
	uint64_t head = status | (uint64_t)c->result << 8 | (uint64_t)c->bytes << 32;
	const uint8_t *rest = c->fault_addr | c->op[0] | c->op[1] ?
			      (const uint8_t *)c + 8 : empty;
	uint64_t addr = job->desc->compl_addr;

	return likely(dsa->ops->write(dsa->ctx, job->pasid, addr + 8, rest, 24,
				      &job->fault) == 24 &&
		      dsa->ops->write(dsa->ctx, job->pasid, addr, &head, 8, &job->fault) == 8);
}

/* A device writes its 32 bytes at once: the address is the record's, not that of a part. */
static void record_lost(struct dsa_job *job)
{
	job_swerr(job, DSA_STS_COMPL_FAULT | DSA_STS_WRITE_FAULT, job->desc->compl_addr);
}

/* A page fault on the record always blocks, if anything can. */
static __attribute__((noinline)) enum job_end record_fault(struct dsa_job *job, uint8_t status)
{
	unsigned int tries = 0;

	for (;;) {
		switch (dsa_page_ask(job->dsa, job->engine, job->pasid, &job->fault, &tries)) {
		case SVA_DSA_PAGE_RESOLVED:
			if (store_record(job, status))
				return JOB_GOOD;
			break;
		case SVA_DSA_PAGE_PENDING:
			return JOB_WAITS;
		default:
			record_lost(job);
			return JOB_BAD;
		}
	}
}

/* What is to be told besides the record, or counted. */
static __attribute__((noinline)) enum job_end job_tell(struct dsa_job *job, uint8_t status)
{
	const struct sva_dsa *dsa = job->dsa;
	uint32_t flags = job->desc->op_flags;

	if (dsa->cfg.timing)
		dsa_time_done(job, status);
	if (status == DSA_STS_INT_HANDLE ||
	    (!dsa_sts_good(status) && !(flags & DSA_FLAG_COMPL_VALID)))
		job_swerr(job, status, job->compl.fault_addr);
	if ((flags & ~job->flags_off & DSA_FLAG_COMPL_INT) && handle_valid(job) &&
	    !(dsa->msix_perm[job->desc->int_handle] & DSA_MSIX_PERM_IGNORE) &&
	    dsa->ops->interrupt)
		dsa->ops->interrupt(dsa->ctx, job->desc->int_handle);
	return status == DSA_STS_SUCCESS ? JOB_GOOD : JOB_BAD;
}

/* Statuses that a completion record cannot tell: "Operation Status Codes". */
static bool unrecordable(const struct dsa_job *job, uint8_t status)
{
	return status == DSA_STS_PRIV || (status == DSA_STS_COMPL_ALIGN &&
					  (job->desc->op_flags & DSA_FLAG_COMPL_VALID));
}

/* Report how a descriptor ended. */
static enum job_end job_complete(struct dsa_job *job, uint8_t status)
{
	uint32_t flags = job->desc->op_flags;

	if (unlikely(status != DSA_STS_SUCCESS) && unrecordable(job, status)) {
		job_swerr(job, status, 0);
		return JOB_BAD;
	}
	if (likely(flags & DSA_FLAG_COMPL_VALID) &&
	    ((flags & DSA_FLAG_COMPL_REQ) || !dsa_sts_good(status)) &&
	    unlikely(!store_record(job, status))) {
		enum job_end end = record_fault(job, status);

		if (end != JOB_GOOD)
			return end;
	}
	if (likely(status == DSA_STS_SUCCESS && !(flags & job->dsa->tell)))
		return JOB_GOOD;
	return job_tell(job, status);
}

/* A free slot; there is one, because who waits takes no more. */
static struct dsa_slot *slot_take(struct dsa_engine *engine, uint32_t seq)
{
	struct dsa_slot *slot = engine->slots;

	while (slot->phase != DSA_PHASE_FREE)
		slot++;
	engine->held++;
	slot->seq = seq;
	return slot;
}

/*
 * Keep a job that waits for the page just asked for: one that has ended for that of its
 * record, one with status DSA_STS_NONE for one of its data.
 */
static void park(struct dsa_job *job, uint32_t seq, uint8_t status)
{
	struct dsa_engine *engine = job->engine;
	struct dsa_slot *slot = slot_take(engine, seq);

	slot->job = *job;
	slot->desc = *job->desc;
	slot->job.desc = &slot->desc;
	slot->status = status;
	slot->phase = status == DSA_STS_NONE ? DSA_PHASE_RUN : DSA_PHASE_RECORD;
	engine->wait.slot = (unsigned int)(slot - engine->slots);
}

/* Specification, "Batch" in "Descriptor Types". */
static uint8_t batch_check(const struct dsa_job *job)
{
	if (job->desc->src % DSA_DESC_ALIGN)
		return DSA_STS_LIST_ALIGN;
	if (job->desc->size < 2 || job->desc->size > job->wq->max_batch)
		return DSA_STS_DESC_COUNT;
	return 0;
}

static void batch_end(struct sva_dsa *dsa, struct dsa_engine *engine, uint8_t status,
		      uint64_t fault_addr)
{
	struct dsa_job job;

	job_init(&job, dsa, engine, engine->wq, engine->trusted, engine->arrived);
	memset(&job.compl, 0, sizeof(job.compl));
	job.desc = &engine->batch;
	job.compl.bytes = engine->index;
	job.compl.fault_addr = fault_addr;
	engine->busy = false;
	if (job_complete(&job, status) == JOB_WAITS)
		park(&job, engine->seq, status);
}

/* Read the next members of the list. @return false: the batch ended, or waits for a page. */
static bool batch_fetch(struct sva_dsa *dsa, struct dsa_engine *engine, uint32_t left)
{
	uint64_t va = engine->batch.src + (uint64_t)engine->index * sizeof(struct dsa_desc);
	size_t want = (left < DSA_BATCH_CHUNK ? left : DSA_BATCH_CHUNK) *
		      sizeof(struct dsa_desc);
	uint32_t pasid = engine->wq->pasid_en ? DSA_TRUSTED_PASID(engine->trusted) :
						SVA_DSA_NO_PASID;
	struct sva_dsa_fault fault = { va, false, false };
	enum sva_dsa_page page;
	unsigned int tries = 0;

	engine->first = engine->index;
	engine->fetched = 0;
	/* A list does not go on at the other end of the address space. */
	if (va < engine->batch.src) {
		batch_end(dsa, engine, DSA_STS_BATCH_PAGE_FAULT, va);
		return false;
	}
	do {
		size_t got = dsa->ops->read(dsa->ctx, pasid, va, engine->list,
					    dsa_clamp(va, want), &fault);

		engine->fetched = (uint32_t)(got / sizeof(struct dsa_desc));
		engine->todo = (1u << engine->fetched) - 1;
		if (likely(engine->fetched))
			return true;
		page = dsa_page_ask(dsa, engine, pasid, &fault, &tries);
	} while (page == SVA_DSA_PAGE_RESOLVED);
	if (page == SVA_DSA_PAGE_FAILED)
		batch_end(dsa, engine, DSA_STS_BATCH_PAGE_FAULT, fault.va);
	return false;
}

/*
 * Make sure that the next member is at hand. Ends the batch where there is none:
 * all done, no more of the list readable, or a fence after a failure.
 */
static void batch_advance(struct sva_dsa *dsa, struct dsa_engine *engine)
{
	uint32_t left = engine->batch.size - engine->index;

	if (!left) {
		batch_end(dsa, engine, engine->failed ? DSA_STS_BATCH_FAIL : DSA_STS_SUCCESS, 0);
		return;
	}
	if (engine->index == engine->first + engine->fetched && !batch_fetch(dsa, engine, left))
		return;
	if (engine->failed &&
	    (engine->list[engine->index - engine->first].op_flags & DSA_FLAG_FENCE))
		batch_end(dsa, engine, DSA_STS_BATCH_FAIL, 0);
}

static void batch_start(struct dsa_job *job, struct dsa_wq *wq)
{
	struct dsa_engine *engine = job->engine;

	engine->batch = *job->desc;
	engine->wq = wq;
	engine->seq = wq->taken;
	engine->trusted = job->trusted;
	engine->arrived = job->arrived;
	engine->index = 0;
	engine->first = 0;
	engine->fetched = 0;
	engine->failed = false;
	engine->busy = true;
	batch_advance(job->dsa, engine);
}

static bool batch_window_done(const struct dsa_engine *engine)
{
	return engine->index == engine->first + engine->fetched;
}

static void member_init(struct dsa_job *job, struct sva_dsa *dsa, struct dsa_engine *engine)
{
	job_init(job, dsa, engine, engine->wq, engine->trusted, engine->arrived);
	job->member = true;
}

/* Run members of the engine's batch in their order. @return how many were finished. */
static unsigned int batch_run(struct sva_dsa *dsa, struct dsa_engine *engine,
			      unsigned int budget)
{
	struct dsa_job job;
	unsigned int done = 0;

	member_init(&job, dsa, engine);
	do {
		enum job_end end;
		uint8_t status;

		memset(&job.compl, 0, sizeof(job.compl));
		job.desc = &engine->list[engine->index - engine->first];
		job.index = engine->index;
		status = job_check(&job);
		if (likely(!status)) {
			status = dsa_op_table[DSA_DESC_OPCODE(job.desc->op_flags)].run(&job);
			if (unlikely(status != DSA_STS_SUCCESS)) {
				status = dsa_op_block(&job, status);
				/* The next member has not begun, however this one ended. */
				if (status)
					job.at = (struct dsa_progress){ 0 };
			}
		}
		end = likely(status) ? job_complete(&job, status) : JOB_WAITS;
		if (unlikely(end != JOB_GOOD)) {
			if (end == JOB_WAITS) {
				park(&job, engine->seq, status);
				break;
			}
			engine->failed = true;
		}
		engine->index++;
		done++;
		if (batch_window_done(engine) || engine->failed) {
			batch_advance(dsa, engine);
			if (!engine->busy || engine->wait.token)
				break;
		}
	} while (done < budget);
	return done;
}

/* A member that was not done in its turn is. */
static void member_end(struct sva_dsa *dsa, struct dsa_engine *engine, uint32_t index,
		       enum job_end end)
{
	if (end != JOB_GOOD)
		engine->failed = true;
	engine->todo &= ~(1u << (index - engine->first));
	while (!batch_window_done(engine) &&
	       !((engine->todo >> (engine->index - engine->first)) & 1))
		engine->index++;
	if (batch_window_done(engine) || engine->failed)
		batch_advance(dsa, engine);
}

/* Begin to work on the first descriptor of a WQ. @return its status so far, 0: go on. */
static uint8_t job_begin(struct dsa_job *job, struct sva_dsa *dsa, struct dsa_engine *engine,
			 struct dsa_wq *wq)
{
	uint8_t status;

	memset(&job->compl, 0, sizeof(job->compl));
	job->desc = &dsa->entries[wq->base + wq->head];
	job_init(job, dsa, engine, wq, wq->dedicated ? wq->trusted : job->desc->pasid_priv,
		 dsa->arrived[wq->base + wq->head]);
	/* A fence has no meaning here: "Conditional Reserved Field Checking". */
	job->flags_off |= DSA_FLAG_FENCE;
	status = job_check(job);
	if (status || wq->dedicated)
		return status;
	if ((job->desc->pasid_priv & DSA_TRUSTED_PRIV) && !(dsa->pci & SVA_DSA_PCI_PRIV))
		return DSA_STS_PRIV;
	return job->desc->pasid_priv & DSA_TRUSTED_RESERVED ? DSA_STS_NONZERO_RESERVED : 0;
}

/* Take the next descriptor from the group's WQs. @return 1, or 0 where none was finished. */
static unsigned int dispatch(struct sva_dsa *dsa, struct dsa_engine *engine)
{
	struct dsa_wq *wq = dsa_arbitrate(dsa, engine);
	unsigned int done = 1;
	struct dsa_job job;
	uint8_t status;
	bool batch;

	if (!wq)
		return 0;
	status = job_begin(&job, dsa, engine, wq);
	batch = DSA_DESC_OPCODE(job.desc->op_flags) == DSA_OP_BATCH;
	if (!status && batch) {
		status = batch_check(&job);
	} else if (!status) {
		status = dsa_op_table[DSA_DESC_OPCODE(job.desc->op_flags)].run(&job);
		if (unlikely(status != DSA_STS_SUCCESS))
			status = dsa_op_block(&job, status);
	}
	if (batch && !status) {
		batch_start(&job, wq);
	} else if (unlikely(!status || job_complete(&job, status) == JOB_WAITS)) {
		park(&job, wq->taken, status);
		done = 0;
	}
	dsa_wq_pop(dsa, wq);
	return done;
}

/* Go on with a page fault of the data. @return the status, DSA_STS_NONE: it waits again. */
static uint8_t slot_run(struct dsa_slot *slot, bool resolved)
{
	struct dsa_job *job = &slot->job;
	uint8_t status;

	if (!resolved)
		return DSA_STS_PAGE_FAULT_RESPONSE |
		       (job->fault.write ? DSA_STS_WRITE_FAULT : 0);
	memset(&job->compl, 0, sizeof(job->compl));
	job->fault.pause = false;
	status = dsa_op_resume(job);
	return dsa_op_block(job, status);
}

/* Work on a descriptor that was never begun. */
static uint8_t slot_begin(struct dsa_slot *slot)
{
	struct dsa_job *job = &slot->job;
	uint8_t status = job_check(job);

	if (!status) {
		status = dsa_op_table[DSA_DESC_OPCODE(job->desc->op_flags)].run(job);
		status = dsa_op_block(job, status);
	}
	return status;
}

/*
 * Finish a descriptor that is held; resolved: the page that it waits for, if it does.
 * @return 1, or 0 where it waits (again), or is a batch, which counted when it began.
 */
static unsigned int slot_finish(struct sva_dsa *dsa, struct dsa_engine *engine,
				struct dsa_slot *slot, bool resolved)
{
	struct dsa_job *job = &slot->job;
	enum job_end end = JOB_BAD;

	if (slot->phase == DSA_PHASE_RECORD && !resolved) {
		record_lost(job);
	} else {
		if (slot->phase != DSA_PHASE_RECORD) {
			slot->status = slot->phase == DSA_PHASE_NEW ? slot_begin(slot) :
				       slot_run(slot, resolved);
			slot->phase = slot->status ? DSA_PHASE_RECORD : DSA_PHASE_RUN;
		}
		end = slot->status ? job_complete(job, slot->status) : JOB_WAITS;
	}
	if (end == JOB_WAITS) {
		engine->wait.slot = (unsigned int)(slot - engine->slots);
		return 0;
	}
	slot->phase = DSA_PHASE_FREE;
	engine->held--;
	if (job->member)
		member_end(dsa, engine, job->index, end);
	return DSA_DESC_OPCODE(slot->desc.op_flags) != DSA_OP_BATCH || job->member;
}

/* A page request was answered. @return descriptors finished. */
static unsigned int answered(struct sva_dsa *dsa, struct dsa_engine *engine)
{
	struct dsa_wait wait = engine->wait;

	engine->wait.token = 0;
	if (wait.slot < DSA_SLOTS)
		return slot_finish(dsa, engine, &engine->slots[wait.slot], wait.resolved);
	if (wait.resolved)
		batch_advance(dsa, engine);
	else
		batch_end(dsa, engine, DSA_STS_BATCH_PAGE_FAULT, wait.va);
	return 0;
}

static unsigned int engine_run(struct sva_dsa *dsa, struct dsa_engine *engine,
			       unsigned int budget)
{
	unsigned int done = 0;

	if (unlikely(engine->wait.token)) {
		if (!engine->wait.answered)
			return 0;
		done = answered(dsa, engine);
		if (engine->wait.token || done == budget)
			return done;
	}
	if (!engine->busy)
		done += dispatch(dsa, engine);
	if (engine->busy && done < budget && likely(!engine->wait.token)) {
		unsigned int left = budget - done;

		/* One window of a list, then it is the next engine's turn. */
		done += batch_run(dsa, engine, left < DSA_BATCH_CHUNK ? left : DSA_BATCH_CHUNK);
	}
	return done;
}

/* ---- the order that a seed makes ---- */

/* xorshift64; a state that is not 0 stays so. */
static unsigned int any(struct sva_dsa *dsa, unsigned int below)
{
	dsa->random ^= dsa->random << 13;
	dsa->random ^= dsa->random >> 7;
	dsa->random ^= dsa->random << 17;
	return (unsigned int)(dsa->random >> 33) % below;
}

static bool alone(const struct sva_dsa *dsa, const struct dsa_engine *engine)
{
	unsigned int n = 0;

	for (unsigned int e = 0; e < dsa->num_active; e++)
		n += dsa->active[e]->group == engine->group;
	return n == 1;
}

/*
 * Take a descriptor and hold it. With one engine in the group descriptors begin in the
 * order in which they came (specification, "Ordering and Fencing"), but even then the
 * order in which their records become visible is not promised.
 */
static bool hold(struct sva_dsa *dsa, struct dsa_engine *engine, unsigned int *done)
{
	struct dsa_wq *wq;
	struct dsa_slot *slot;
	struct dsa_job job;
	uint8_t status;

	if (engine->held == DSA_SLOTS - 1)	/* one is left for a batch or a member */
		return false;
	engine->group->next = any(dsa, SVA_DSA_MAX_WQS);
	wq = dsa_arbitrate(dsa, engine);
	if (!wq)
		return false;
	status = job_begin(&job, dsa, engine, wq);
	if (!status && DSA_DESC_OPCODE(job.desc->op_flags) == DSA_OP_BATCH) {
		status = batch_check(&job);
		if (!status) {
			batch_start(&job, wq);
			dsa_wq_pop(dsa, wq);
			++*done;
			return true;
		}
	}
	slot = slot_take(engine, wq->taken);
	slot->desc = *job.desc;
	slot->job = job;
	slot->job.desc = &slot->desc;
	slot->status = status;
	slot->phase = status ? DSA_PHASE_RECORD : DSA_PHASE_NEW;
	dsa_wq_pop(dsa, wq);
	if (slot->phase == DSA_PHASE_NEW && alone(dsa, engine)) {
		slot->status = slot_begin(slot);
		slot->phase = slot->status ? DSA_PHASE_RECORD : DSA_PHASE_RUN;
		if (!slot->status)
			engine->wait.slot = (unsigned int)(slot - engine->slots);
	}
	return true;
}

static bool release(struct sva_dsa *dsa, struct dsa_engine *engine, unsigned int *done)
{
	unsigned int i;

	if (!engine->held)
		return false;
	do {
		i = any(dsa, DSA_SLOTS);
	} while (engine->slots[i].phase == DSA_PHASE_FREE);
	*done += slot_finish(dsa, engine, &engine->slots[i], true);
	return true;
}

/*
 * One of the members that no fence keeps back. Those behind one wait until it is done,
 * so that its own check is about what came before it.
 */
static bool any_member(struct sva_dsa *dsa, struct dsa_engine *engine, unsigned int *done)
{
	uint32_t may[DSA_BATCH_CHUNK], n = 0;
	struct dsa_slot *slot;

	if (!engine->busy)
		return false;
	for (uint32_t i = engine->index; i < engine->first + engine->fetched; i++) {
		bool fence = engine->list[i - engine->first].op_flags & DSA_FLAG_FENCE;

		if (fence && n)
			break;
		if ((engine->todo >> (i - engine->first)) & 1)
			may[n++] = i;
		if (fence)
			break;
	}
	slot = slot_take(engine, engine->seq);
	member_init(&slot->job, dsa, engine);
	slot->job.index = may[any(dsa, n)];
	slot->desc = engine->list[slot->job.index - engine->first];
	slot->job.desc = &slot->desc;
	memset(&slot->job.compl, 0, sizeof(slot->job.compl));
	slot->phase = DSA_PHASE_NEW;
	*done += slot_finish(dsa, engine, slot, true);
	return true;
}

/* One thing that the engine can do. @return whether there is any. */
static bool engine_any(struct sva_dsa *dsa, struct dsa_engine *engine, unsigned int *done)
{
	static bool (*const things[3])(struct sva_dsa *dsa, struct dsa_engine *engine,
				       unsigned int *done) = { hold, release, any_member };
	unsigned int first = any(dsa, 3);

	if (engine->wait.token) {
		if (!engine->wait.answered)
			return false;
		*done += answered(dsa, engine);
		return true;
	}
	for (unsigned int i = 0; i < 3; i++) {
		if (things[(first + i) % 3](dsa, engine, done))
			return true;
	}
	return false;
}

static unsigned int step_any(struct sva_dsa *dsa, unsigned int budget)
{
	unsigned int done = 0;
	bool moved = true;

	while (moved && done < budget && dsa->num_active && !dsa->paused) {
		unsigned int first = any(dsa, dsa->num_active);

		moved = false;
		for (unsigned int i = 0; i < dsa->num_active && !moved; i++)
			moved = engine_any(dsa, dsa->active[(first + i) % dsa->num_active],
					   &done);
	}
	return done;
}

unsigned int sva_dsa_step(struct sva_dsa *dsa, unsigned int budget)
{
	unsigned int done = 0, before;

	if (dsa_state(dsa) != DSA_STATE_ENABLED && dsa_state(dsa) != DSA_STATE_DRAINING)
		return 0;
	dsa->paused = false;
	if (unlikely(dsa->random)) {
		done = step_any(dsa, budget);
		dsa_cmd_poll(dsa);
		return done;
	}
	do {
		before = done;
		for (unsigned int i = 0; i < dsa->num_active && done < budget && !dsa->paused;
		     i++) {
			struct dsa_engine *engine = dsa->active[dsa->turn];

			if (++dsa->turn == dsa->num_active)
				dsa->turn = 0;
			done += engine_run(dsa, engine, budget - done);
		}
	} while (done != before && done < budget && !dsa->paused);
	dsa_cmd_poll(dsa);
	return done;
}
