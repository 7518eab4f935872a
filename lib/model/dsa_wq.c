/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Portals, the rings behind them, and which WQ is served next: specification,
 * "Descriptor Submission Checks", "Portals" and "Work Dispatch Priority".
 */

#include "dsa_model.h"

/* Specification, "Descriptor Submission Checks": only this loss is recorded. */
static void record_full(struct sva_dsa *dsa, const struct dsa_wq *wq,
			const struct dsa_desc *desc)
{
	uint64_t op = DSA_DESC_OPCODE(desc->op_flags);

	dsa_swerr(dsa, DSA_SWERR_DESC_VALID | DSA_SWERR_WQ_IDX_VALID |
		  (wq->trusted & DSA_TRUSTED_PRIV ? DSA_SWERR_PRIV : 0) |
		  (uint64_t)DSA_SWERR_WQ_FULL << 8 | (uint64_t)wq->index << 16 |
		  op << 32 | (uint64_t)DSA_TRUSTED_PASID(wq->trusted) << 40, 0, 0);
}

/* The threshold of a limited portal, never above the size. */
static unsigned int shared_limit(const struct dsa_wq *wq, uint64_t offset)
{
	unsigned int threshold = wq->cfg[DSA_WQCFG_THRESHOLD / 4];

	return DSA_PORTAL_LIMITED(offset) && threshold < wq->size ? threshold : wq->size;
}

enum sva_dsa_accept sva_dsa_portal_write(struct sva_dsa *dsa, uint64_t offset,
					 const void *desc, bool nonposted)
{
	enum sva_dsa_accept refused = nonposted ? SVA_DSA_RETRY : SVA_DSA_DROPPED;
	struct dsa_desc copy;
	struct dsa_wq *wq;
	unsigned int tail;

	if (unlikely(offset >> 14 >= dsa->cfg.num_wqs || dsa_state(dsa) != DSA_STATE_ENABLED))
		return refused;
	wq = &dsa->wqs[DSA_PORTAL_WQ(offset)];
	if (unlikely(wq->state != DSA_WQ_ENABLED || wq->dedicated == nonposted))
		return refused;
	if (wq->dedicated) {
		if (unlikely(wq->count == wq->size)) {
			memcpy(&copy, desc, sizeof(copy));
			record_full(dsa, wq, &copy);
			return SVA_DSA_DROPPED;
		}
	} else if (wq->count >= shared_limit(wq, offset)) {
		return SVA_DSA_RETRY;
	}
	tail = wq->head + wq->count;
	if (tail >= wq->size)
		tail -= wq->size;
	memcpy(&dsa->entries[wq->base + tail], desc, sizeof(struct dsa_desc));
	dsa->arrived[wq->base + tail] = dsa->now;
	wq->count++;
	wq->group->ready |= 1u << wq->index;
	return SVA_DSA_ACCEPTED;
}

unsigned int sva_dsa_wq_room(const struct sva_dsa *dsa, unsigned int wq)
{
	if (wq >= dsa->cfg.num_wqs || dsa->wqs[wq].state != DSA_WQ_ENABLED ||
	    dsa_state(dsa) != DSA_STATE_ENABLED)
		return 0;
	return dsa->wqs[wq].size - dsa->wqs[wq].count;
}

/* Specification, "WQ Configuration Table": told once, until software clears the bit. */
void dsa_wq_occupancy(struct sva_dsa *dsa, struct dsa_wq *wq)
{
	uint32_t vector = wq->cfg[DSA_WQCFG_OCCUPANCY_INT / 4];
	uint32_t limit = wq->cfg[DSA_WQCFG_OCCUPANCY_LIMIT / 4];

	if (!(limit & DSA_WQCFG_OCCUPANCY_EN) || wq->told || wq->state == DSA_WQ_DISABLED ||
	    wq->count > (limit & 0xffff))
		return;
	wq->told = true;
	if (!vector)
		dsa_raise(dsa, DSA_INTC_OCCUPY);
	else if (dsa->ops->interrupt)
		dsa->ops->interrupt(dsa->ctx, vector);
}

static void pop(struct dsa_wq *wq)
{
	if (++wq->head == wq->size)
		wq->head = 0;
	wq->taken++;
	if (--wq->count == 0)
		wq->group->ready &= ~(1u << wq->index);
}

void dsa_wq_pop(struct sva_dsa *dsa, struct dsa_wq *wq)
{
	pop(wq);
	if (unlikely(wq->cfg[DSA_WQCFG_OCCUPANCY_LIMIT / 4] & DSA_WQCFG_OCCUPANCY_EN))
		dsa_wq_occupancy(dsa, wq);
}

/* Abandon all of a WQ's work; no completion record is written for it. */
void dsa_wq_drop(struct sva_dsa *dsa, struct dsa_wq *wq)
{
	while (wq->count)
		pop(wq);
	for (unsigned int e = 0; e < dsa->num_active; e++)
		dsa_engine_drop(dsa->active[e], wq, DSA_ANY_PASID);
}

/* The same for one PASID of a shared WQ; what stays keeps its order. */
void dsa_wq_drop_pasid(struct sva_dsa *dsa, struct dsa_wq *wq, uint32_t pasid)
{
	unsigned int to = wq->head, kept = 0;

	for (unsigned int i = 0, from = wq->head; i < wq->count; i++) {
		const struct dsa_desc *d = &dsa->entries[wq->base + from];

		if (DSA_TRUSTED_PASID(d->pasid_priv) != pasid) {
			if (from != to) {
				dsa->entries[wq->base + to] = *d;
				dsa->arrived[wq->base + to] = dsa->arrived[wq->base + from];
			}
			to = to + 1 == wq->size ? 0 : to + 1;
			kept++;
		}
		from = from + 1 == wq->size ? 0 : from + 1;
	}
	wq->taken += wq->count - kept;
	wq->count = kept;
	if (!kept)
		wq->group->ready &= ~(1u << wq->index);
	for (unsigned int e = 0; e < dsa->num_active; e++)
		dsa_engine_drop(dsa->active[e], wq, pasid);
}

/* A drain waits for what the engines still have of its WQ: "Drain Descriptor". */
static __attribute__((noinline)) bool may_drain(const struct sva_dsa *dsa,
						const struct dsa_wq *wq,
						const struct dsa_desc *d)
{
	uint32_t pasid = wq->dedicated ? DSA_ANY_PASID : DSA_TRUSTED_PASID(d->pasid_priv);

	for (unsigned int e = 0; e < dsa->num_active; e++) {
		if (dsa_engine_has(dsa->active[e], wq, pasid, wq->taken))
			return false;
	}
	return true;
}

/* Whether an engine may take the first descriptor of a WQ: it has one batch at a time. */
static inline bool may_take(const struct sva_dsa *dsa, const struct dsa_engine *engine,
			    const struct dsa_wq *wq)
{
	const struct dsa_desc *d = &dsa->entries[wq->base + wq->head];
	unsigned int opcode = DSA_DESC_OPCODE(d->op_flags);

	if (likely(opcode > DSA_OP_DRAIN))
		return true;
	if (opcode == DSA_OP_DRAIN)
		return may_drain(dsa, wq, d);
	return opcode == DSA_OP_NOOP || !engine->busy;
}

static_assert(DSA_OP_NOOP == 0 && DSA_OP_BATCH == 1 && DSA_OP_DRAIN == 2, "may_take()");

static_assert(SVA_DSA_MAX_WQS == 16, "the arbiter rotates a mask of 16 WQs");

/* The next WQ of a group that has work and credit, in turn. */
static struct dsa_wq *next_wq(struct sva_dsa *dsa, const struct dsa_engine *engine, bool *starved)
{
	struct dsa_group *group = engine->group;
	uint32_t ready = ((group->ready | group->ready << 16) >> group->next) & 0xffff;

	for (; ready; ready &= ready - 1) {
		unsigned int w = (group->next + (unsigned int)__builtin_ctz(ready)) % 16;
		struct dsa_wq *wq = &dsa->wqs[w];

		if (!may_take(dsa, engine, wq))
			continue;
		if (!wq->credit) {
			*starved = true;
			continue;
		}
		wq->credit--;
		group->next = (w + 1) % 16;
		return wq;
	}
	return NULL;
}

/*
 * The WQ whose first descriptor an engine of the group takes, NULL where there is
 * none. A new round gives every WQ as many turns as its priority says.
 */
struct dsa_wq *dsa_arbitrate(struct sva_dsa *dsa, const struct dsa_engine *engine)
{
	bool starved = false;
	struct dsa_wq *wq = next_wq(dsa, engine, &starved);

	if (wq || !starved)
		return wq;
	for (unsigned int w = 0; w < dsa->cfg.num_wqs; w++) {
		if (dsa->wqs[w].group == engine->group)
			dsa->wqs[w].credit = dsa->wqs[w].priority;
	}
	return next_wq(dsa, engine, &starved);
}
