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

static void job_init(struct dsa_job *job, struct sva_dsa *dsa, const struct dsa_wq *wq,
		     uint32_t trusted)
{
	job->dsa = dsa;
	job->wq = wq;
	job->trusted = trusted;
	job->pasid = wq->pasid_en ? DSA_TRUSTED_PASID(trusted) : SVA_DSA_NO_PASID;
	job->flags_off = wq->flags_off;
	/* Privileged software may always ask for interrupts. */
	if (trusted & DSA_TRUSTED_PRIV)
		job->flags_off &= ~DSA_FLAG_COMPL_INT;
	job->index = 0;
	job->member = false;
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
	if (unlikely(!job->member && !job->wq->dedicated))
		reserved |= d->pasid_priv & DSA_TRUSTED_RESERVED;
	if (unlikely(bad))
		return dsa_bad_flags(job, bad);
	if (unlikely(reserved))
		return DSA_STS_NONZERO_RESERVED;
	/* Size 0 is out of range as well. */
	if ((op->flags & DSA_OP_SIZED) && unlikely(d->size - 1 >= job->wq->max_xfer))
		return DSA_STS_XFER_SIZE;
	if (unlikely((flags & DSA_FLAG_COMPL_INT) && !handle_valid(job)))
		return DSA_STS_INT_HANDLE;
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
static bool write_record(struct dsa_job *job, uint8_t status)
{
	static const uint8_t empty[24];
	const struct sva_dsa *dsa = job->dsa;
	const struct dsa_compl *c = &job->compl;
	uint64_t head = status | (uint64_t)c->result << 8 | (uint64_t)c->bytes << 32;
	const uint8_t *rest = c->fault_addr | c->op[0] | c->op[1] ?
			      (const uint8_t *)c + 8 : empty;
	uint64_t addr = job->desc->compl_addr;

	if (likely(dsa->ops->write(dsa->ctx, job->pasid, addr + 8, rest, 24,
				   &job->fault) == 24 &&
		   dsa->ops->write(dsa->ctx, job->pasid, addr, &head, 8, &job->fault) == 8))
		return true;
	job_swerr(job, DSA_STS_COMPL_FAULT | DSA_STS_WRITE_FAULT, job->fault.va);
	return false;
}

/*
 * Report how a descriptor ended.
 * @return whether it was a plain success, as far as a batch is concerned.
 */
static bool job_complete(struct dsa_job *job, uint8_t status)
{
	uint32_t flags = job->desc->op_flags;

	if (likely(flags & DSA_FLAG_COMPL_VALID)) {
		if (unlikely(status == DSA_STS_COMPL_ALIGN)) {
			job_swerr(job, status, 0);
			return false;
		}
		if (((flags & DSA_FLAG_COMPL_REQ) || !dsa_sts_good(status)) &&
		    unlikely(!write_record(job, status)))
			return false;
	}
	if (unlikely(status == DSA_STS_INT_HANDLE ||
		     (!dsa_sts_good(status) && !(flags & DSA_FLAG_COMPL_VALID))))
		job_swerr(job, status, job->compl.fault_addr);
	if (unlikely(flags & ~job->flags_off & DSA_FLAG_COMPL_INT) && handle_valid(job) &&
	    !(job->dsa->msix_perm[job->desc->int_handle] & DSA_MSIX_PERM_IGNORE) &&
	    job->dsa->ops->interrupt)
		job->dsa->ops->interrupt(job->dsa->ctx, job->desc->int_handle);
	return status == DSA_STS_SUCCESS;
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

	job_init(&job, dsa, engine->wq, engine->trusted);
	memset(&job.compl, 0, sizeof(job.compl));
	job.desc = &engine->batch;
	job.compl.bytes = engine->index;
	job.compl.fault_addr = fault_addr;
	engine->busy = false;
	job_complete(&job, status);
}

/* Read the next members of the list. @return false: a page fault ended the batch. */
static bool batch_fetch(struct sva_dsa *dsa, struct dsa_engine *engine, uint32_t left)
{
	uint64_t va = engine->batch.src + (uint64_t)engine->index * sizeof(struct dsa_desc);
	size_t want = (left < DSA_BATCH_CHUNK ? left : DSA_BATCH_CHUNK) *
		      sizeof(struct dsa_desc);
	uint32_t pasid = engine->wq->pasid_en ? DSA_TRUSTED_PASID(engine->trusted) :
						SVA_DSA_NO_PASID;
	struct sva_dsa_fault fault = { va, false };
	size_t got = 0;

	/* A list does not go on at the other end of the address space. */
	if (va >= engine->batch.src)
		got = dsa->ops->read(dsa->ctx, pasid, va, engine->list, dsa_clamp(va, want),
				     &fault);
	engine->first = engine->index;
	engine->fetched = (uint32_t)(got / sizeof(struct dsa_desc));
	if (engine->fetched)
		return true;
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

static void batch_start(struct dsa_engine *engine, struct dsa_job *job, struct dsa_wq *wq)
{
	engine->batch = *job->desc;
	engine->wq = wq;
	engine->seq = wq->taken;
	engine->trusted = job->trusted;
	engine->index = 0;
	engine->first = 0;
	engine->fetched = 0;
	engine->failed = false;
	engine->busy = true;
	batch_advance(job->dsa, engine);
}

/* Run members of the engine's batch. @return how many, at least one. */
static unsigned int batch_run(struct sva_dsa *dsa, struct dsa_engine *engine,
			      unsigned int budget)
{
	struct dsa_job job;
	unsigned int done = 0;

	job_init(&job, dsa, engine->wq, engine->trusted);
	job.member = true;
	do {
		uint8_t status;

		memset(&job.compl, 0, sizeof(job.compl));
		job.desc = &engine->list[engine->index - engine->first];
		job.index = engine->index;
		status = job_check(&job);
		if (likely(!status))
			status = dsa_op_table[DSA_DESC_OPCODE(job.desc->op_flags)].run(&job);
		if (unlikely(!job_complete(&job, status)))
			engine->failed = true;
		engine->index++;
		done++;
		if (engine->index == engine->first + engine->fetched || engine->failed)
			batch_advance(dsa, engine);
	} while (engine->busy && done < budget);
	return done;
}

/* Take the next descriptor from the group's WQs. @return 1, or 0 where there is none. */
static unsigned int dispatch(struct sva_dsa *dsa, struct dsa_engine *engine)
{
	struct dsa_wq *wq = dsa_arbitrate(dsa, engine->group);
	struct dsa_job job;
	uint8_t status;
	bool batch;

	if (!wq)
		return 0;
	memset(&job.compl, 0, sizeof(job.compl));
	job.desc = &dsa->entries[wq->base + wq->head];
	job_init(&job, dsa, wq, wq->dedicated ? wq->trusted : job.desc->pasid_priv);
	/* A fence has no meaning here: "Conditional Reserved Field Checking". */
	job.flags_off |= DSA_FLAG_FENCE;
	batch = DSA_DESC_OPCODE(job.desc->op_flags) == DSA_OP_BATCH;
	status = job_check(&job);
	if (!status)
		status = batch ? batch_check(&job) :
			 dsa_op_table[DSA_DESC_OPCODE(job.desc->op_flags)].run(&job);
	if (batch && !status)
		batch_start(engine, &job, wq);
	else
		job_complete(&job, status);
	dsa_wq_pop(wq);
	return 1;
}

static unsigned int engine_run(struct sva_dsa *dsa, struct dsa_engine *engine,
			       unsigned int budget)
{
	unsigned int done = 0;

	if (!engine->busy)
		done = dispatch(dsa, engine);
	if (engine->busy && done < budget) {
		unsigned int left = budget - done;

		/* One window of a list, then it is the next engine's turn. */
		done += batch_run(dsa, engine, left < DSA_BATCH_CHUNK ? left : DSA_BATCH_CHUNK);
	}
	return done;
}

unsigned int sva_dsa_step(struct sva_dsa *dsa, unsigned int budget)
{
	unsigned int done = 0, before;

	if (dsa_state(dsa) != DSA_STATE_ENABLED && dsa_state(dsa) != DSA_STATE_DRAINING)
		return 0;
	do {
		before = done;
		for (unsigned int i = 0; i < dsa->num_active && done < budget; i++) {
			struct dsa_engine *engine = dsa->active[dsa->turn];

			if (++dsa->turn == dsa->num_active)
				dsa->turn = 0;
			done += engine_run(dsa, engine, budget - done);
		}
	} while (done != before && done < budget);
	dsa_cmd_poll(dsa);
	return done;
}
