/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Page requests: specification, "Page Fault Handling with PRS Enabled". An engine that
 * waits for a page does nothing else, as "other operations behind the descriptor with
 * the fault may also be blocked"; the other engines go on. A list and a completion
 * record always wait for their pages, data only where the descriptor says so.
 */

#include "dsa_model.h"

/*
 * Requests without progress before one counts as failed ("Excessive Page Request
 * retries"). A block of a DIF operation alone may need several pages.
 */
#define MAX_TRIES	16

/* The embedder wants its thread back: as if the engine waited for a page that is there. */
enum sva_dsa_page dsa_pause(struct sva_dsa *dsa, struct dsa_engine *engine)
{
	dsa->paused = true;
	engine->wait = (struct dsa_wait){ .token = UINT32_MAX, .slot = DSA_SLOTS,
					  .answered = true, .resolved = true };
	return SVA_DSA_PAGE_PENDING;
}

enum sva_dsa_page dsa_page_ask(struct sva_dsa *dsa, struct dsa_engine *engine, uint32_t pasid,
			       const struct sva_dsa_fault *fault, unsigned int *tries)
{
	enum sva_dsa_page answer;

	if (fault->pause)
		return dsa_pause(dsa, engine);
	if (!dsa_prs(dsa) || ++*tries > MAX_TRIES)
		return SVA_DSA_PAGE_FAILED;
	if (++dsa->token == 0)
		dsa->token = 1;
	answer = dsa->ops->page_request(dsa->ctx, dsa->token, pasid, fault->va, fault->write);
	if (answer == SVA_DSA_PAGE_PENDING) {
		engine->wait = (struct dsa_wait){ .token = dsa->token, .slot = DSA_SLOTS,
						  .va = fault->va };
	}
	return answer;
}

/*
 * What becomes of an operation that ended so: one that may block goes on when its page
 * is there. @return its status in the end, DSA_STS_NONE where its engine has to wait.
 */
uint8_t dsa_op_block(struct dsa_job *job, uint8_t status)
{
	unsigned int tries = 0;

	while ((status & DSA_STS_MASK) == DSA_STS_PAGE_FAULT &&
	       (job->fault.pause || (job->desc->op_flags & DSA_FLAG_BLOCK_ON_FAULT))) {
		uint32_t before = job->at.done;

		switch (dsa_page_ask(job->dsa, job->engine, job->pasid, &job->fault, &tries)) {
		case SVA_DSA_PAGE_RESOLVED:
			break;
		case SVA_DSA_PAGE_PENDING:
			return DSA_STS_NONE;
		default:
			return DSA_STS_PAGE_FAULT_RESPONSE | (status & DSA_STS_WRITE_FAULT);
		}
		memset(&job->compl, 0, sizeof(job->compl));
		status = dsa_op_resume(job);
		if (job->at.done != before)
			tries = 0;
	}
	return status;
}

bool sva_dsa_page_response(struct sva_dsa *dsa, uint32_t token, bool resolved)
{
	for (unsigned int e = 0; e < dsa->num_active; e++) {
		struct dsa_wait *wait = &dsa->active[e]->wait;

		if (token && wait->token == token && !wait->answered) {
			wait->answered = true;
			wait->resolved = resolved;
			return true;
		}
	}
	return false;
}

static bool concerns(const struct dsa_wq *wq, uint32_t trusted, const struct dsa_wq *of,
		     uint32_t pasid)
{
	return wq == of && (pasid == DSA_ANY_PASID || DSA_TRUSTED_PASID(trusted) == pasid);
}

/* Whether an engine has work of a WQ that was queued before this place in its order. */
bool dsa_engine_has(const struct dsa_engine *engine, const struct dsa_wq *wq, uint32_t pasid,
		    uint32_t before)
{
	if (engine->busy && concerns(engine->wq, engine->trusted, wq, pasid) &&
	    (int32_t)(engine->seq - before) < 0)
		return true;
	for (unsigned int i = 0; engine->held && i < DSA_SLOTS; i++) {
		const struct dsa_slot *slot = &engine->slots[i];

		if (slot->phase != DSA_PHASE_FREE && (int32_t)(slot->seq - before) < 0 &&
		    concerns(slot->job.wq, slot->job.trusted, wq, pasid))
			return true;
	}
	return false;
}

/* Abandon an engine's work of a WQ; a page that it waits for is no longer waited for. */
void dsa_engine_drop(struct dsa_engine *engine, const struct dsa_wq *wq, uint32_t pasid)
{
	for (unsigned int i = 0; engine->held && i < DSA_SLOTS; i++) {
		struct dsa_slot *slot = &engine->slots[i];

		if (slot->phase == DSA_PHASE_FREE ||
		    !concerns(slot->job.wq, slot->job.trusted, wq, pasid))
			continue;
		slot->phase = DSA_PHASE_FREE;
		engine->held--;
		if (engine->wait.slot == i)
			engine->wait.token = 0;
	}
	if (!engine->busy || !concerns(engine->wq, engine->trusted, wq, pasid))
		return;
	engine->busy = false;
	if (engine->wait.slot == DSA_SLOTS)
		engine->wait.token = 0;
}
