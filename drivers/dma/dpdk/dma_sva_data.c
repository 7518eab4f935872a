/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The data path. SVADK's flags of an operation are DPDK's, and so is the order of results;
 * what is left to do is to count ring indexes, and to keep results that were polled together
 * with one that failed, as rte_dma_completed() stops there.
 */
#include <errno.h>
#include <string.h>

#include <rte_branch_prediction.h>

#include "dma_sva.h"

static_assert(RTE_DMA_OP_FLAG_FENCE == SVA_FENCE && RTE_DMA_OP_FLAG_SUBMIT == SVA_SUBMIT &&
	      RTE_DMA_OP_FLAG_LLC == SVA_TO_CACHE, "flags of operations");

/* Held results count as well: dma_sva_hold() has room for no more than twice the ring. */
static inline bool
has_room(const struct dma_sva_chan *chan, uint32_t n)
{
	return chan->next - chan->done + chan->extra + n <= chan->depth;
}

/* What accepted an operation returns. */
static inline int
accepted(struct dma_sva_chan *chan, uint64_t flags)
{
	uint16_t index = (uint16_t)chan->next++;

	if (flags & RTE_DMA_OP_FLAG_SUBMIT)
		chan->asked = chan->next;
	return index;
}

/* DPDK's have 64 bits: one that SVADK's have no room for is as unknown as the others. */
static inline uint32_t
sva_flags(uint64_t flags)
{
	return flags <= UINT32_MAX ? (uint32_t)flags : UINT32_MAX;
}

/*
 * Whatever is not usual is out of the way of copy() and fill(), which then need no stack: with
 * flags, at the end of the ring, refused. It has their parameters, so that it is a jump.
 */
static __attribute__((noinline)) int
copy_slowly(void *priv, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t len,
	    uint64_t flags)
{
	struct dma_sva_chan *chan = priv;
	int ret;

	(void)vchan;
	if (!has_room(chan, 1))
		return -ENOSPC;
	ret = sva_copy(chan->q, (void *)(uintptr_t)dst, (const void *)(uintptr_t)src, len,
		       DMA_SVA_WHOLE, sva_flags(flags));
	return ret >= 0 ? accepted(chan, flags) : ret;
}

static __attribute__((noinline)) int
fill_slowly(void *priv, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t len,
	    uint64_t flags)
{
	struct dma_sva_chan *chan = priv;
	int ret;

	(void)vchan;
	if (!has_room(chan, 1))
		return -ENOSPC;
	ret = sva_fill(chan->q, (void *)(uintptr_t)dst, pattern, len, DMA_SVA_WHOLE,
		       sva_flags(flags));
	return ret >= 0 ? accepted(chan, flags) : ret;
}

static int
copy(void *priv, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t len, uint64_t flags)
{
	struct dma_sva_chan *chan = priv;
	struct sva_queue *q = chan->q;

	if (!sva_is_inline_(q, len, flags))
		return copy_slowly(priv, vchan, src, dst, len, flags);
	sva_enqueue_inline_(q, q->copy_flags, dst, src, len, DMA_SVA_WHOLE);
	return (uint16_t)chan->next++;
}

static int
fill(void *priv, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t len, uint64_t flags)
{
	struct dma_sva_chan *chan = priv;
	struct sva_queue *q = chan->q;

	if (!sva_is_inline_(q, len, flags))
		return fill_slowly(priv, vchan, pattern, dst, len, flags);
	sva_enqueue_inline_(q, q->fill_flags, dst, pattern, len, DMA_SVA_WHOLE);
	return (uint16_t)chan->next++;
}

/* One end of a scatter-gather copy. */
struct list {
	const struct rte_dma_sge *sge;
	uint32_t left;		/* entries */
	uint32_t offset;	/* in the first of them */
};

/* The next part of a copy, as long as both sides allow; false at the end of either. */
static bool
next_part(struct list *src, struct list *dst, uint64_t *from, uint64_t *to, uint32_t *len)
{
	struct list *lists[2] = { src, dst };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		while (lists[i]->left != 0 && lists[i]->offset == lists[i]->sge->length) {
			lists[i]->sge++;
			lists[i]->left--;
			lists[i]->offset = 0;
		}
	}
	if (src->left == 0 || dst->left == 0)
		return false;
	*from = src->sge->addr + src->offset;
	*to = dst->sge->addr + dst->offset;
	*len = RTE_MIN(src->sge->length - src->offset, dst->sge->length - dst->offset);
	src->offset += *len;
	dst->offset += *len;
	return true;
}

/*
 * Parts of the copy, which has to end on both sides at once. All of them carry a fence that is
 * asked for: none of them may overtake what is before it.
 */
static int
copy_sg(void *priv, uint16_t vchan, const struct rte_dma_sge *src, const struct rte_dma_sge *dst,
	uint16_t nb_src, uint16_t nb_dst, uint64_t flags)
{
	struct dma_sva_chan *chan = priv;
	struct list from = { src, nb_src, 0 }, to = { dst, nb_dst, 0 };
	struct {
		uint64_t from, to;
		uint32_t len;
	} part[2 * DMA_SVA_MAX_SGES];
	unsigned int n = 0, i;
	int ret = 0;

	(void)vchan;
	if (nb_src > DMA_SVA_MAX_SGES || nb_dst > DMA_SVA_MAX_SGES)
		return -EINVAL;
	while (next_part(&from, &to, &part[n].from, &part[n].to, &part[n].len)) {
		if (part[n].len > chan->q->max_len)
			return -EINVAL;
		n++;
	}
	if (n == 0 || from.left != 0 || to.left != 0)
		return -EINVAL;
	/* All of them or none. */
	if (!has_room(chan, n))
		return -ENOSPC;
	for (i = 0; i < n && ret >= 0; i++)
		ret = sva_copy(chan->q, (void *)(uintptr_t)part[i].to,
			       (const void *)(uintptr_t)part[i].from, part[i].len,
			       n == 1 ? DMA_SVA_WHOLE :
			       i < n - 1 ? DMA_SVA_PART : DMA_SVA_LAST,
			       sva_flags(i < n - 1 ? flags & ~RTE_DMA_OP_FLAG_SUBMIT : flags));
	if (ret >= 0) {
		chan->extra += n - 1;
		return accepted(chan, flags);
	}
	/* The device has failed: the parts that it has taken come to nothing, and are nothing. */
	chan->extra += i - 1;
	return ret;
}

static int
submit(void *priv, uint16_t vchan)
{
	struct dma_sva_chan *chan = priv;

	(void)vchan;
	chan->asked = chan->next;
	return sva_submit(chan->q);
}

static enum rte_dma_status_code
status_code(const struct sva_result *r)
{
	switch (r->status) {
	case SVA_OK:
		return RTE_DMA_STATUS_SUCCESSFUL;
	case SVA_FAULT:
		/* What could be made present has been. */
		return r->write_fault ? RTE_DMA_STATUS_INVALID_DST_ADDR :
					RTE_DMA_STATUS_INVALID_SRC_ADDR;
	default:
		/* Lengths and operations that it cannot do have been refused before. */
		return RTE_DMA_STATUS_ERROR_UNKNOWN;
	}
}

void
dma_sva_hold(struct dma_sva_chan *chan)
{
	uint32_t n = chan->end - chan->first;
	int ret;

	memmove(chan->held, chan->held + chan->first, n * sizeof(*chan->held));
	chan->first = 0;
	ret = sva_poll(chan->q, chan->held + n, 2 * chan->depth - n);
	chan->end = n + (ret > 0 ? (uint32_t)ret : 0);
}

/*
 * Look at a result that is more than "all of a copy went well"; false for a part. As long as a
 * copy of which a part went wrong waits for its last, one part is counted on, so that
 * completed() does not take that last for an operation that went well.
 */
static bool
look_at(struct dma_sva_chan *chan, const struct sva_result *r, enum rte_dma_status_code *status)
{
	*status = status_code(r);
	if (r->cookie == DMA_SVA_WHOLE)
		return true;
	/* The first that went wrong says what is wrong with all. */
	if (chan->parts_status != RTE_DMA_STATUS_SUCCESSFUL)
		*status = chan->parts_status;
	if (r->cookie == DMA_SVA_LAST)
		return true;
	if (chan->parts_status == *status)
		chan->extra--;
	chan->parts_status = *status;
	return false;
}

/*
 * Give back up to n operations: with @status all, else those that went well, up to the first
 * that did not. All that is due is polled at once, as an operation may have many parts.
 */
static uint16_t
give(struct dma_sva_chan *chan, uint16_t n, bool *failed, enum rte_dma_status_code *status)
{
	const struct sva_result *r, *end;
	enum rte_dma_status_code code;
	uint16_t given = 0;

	if (chan->first == chan->end)
		dma_sva_hold(chan);
	r = chan->held + chan->first;
	end = chan->held + chan->end;
	for (; r < end && given < n; r++) {
		if (!look_at(chan, r, &code))
			continue;
		if (status != NULL) {
			status[given] = code;
			chan->failed += code != RTE_DMA_STATUS_SUCCESSFUL;
		} else if (code != RTE_DMA_STATUS_SUCCESSFUL) {
			*failed = true;
			break;
		}
		if (chan->parts_status != RTE_DMA_STATUS_SUCCESSFUL)
			chan->extra--;
		chan->parts_status = RTE_DMA_STATUS_SUCCESSFUL;
		given++;
	}
	chan->first = (uint32_t)(r - chan->held);
	chan->done += given;
	return given;
}

static uint16_t
completed(void *priv, uint16_t vchan, const uint16_t n, uint16_t *last, bool *failed)
{
	struct dma_sva_chan *chan = priv;
	int given = 0;

	(void)vchan;
	/* An operation for each result, none of which is held. */
	if (likely(chan->first == chan->end && chan->extra == 0))
		given = sva_poll_ok(chan->q, n);
	if (likely(given > 0))
		chan->done += (unsigned int)given;
	else
		given = give(chan, n, failed, NULL);
	*last = (uint16_t)(chan->done - 1);
	return (uint16_t)given;
}

static uint16_t
completed_status(void *priv, uint16_t vchan, const uint16_t n, uint16_t *last,
		 enum rte_dma_status_code *status)
{
	struct dma_sva_chan *chan = priv;
	uint16_t given;

	(void)vchan;
	given = give(chan, n, NULL, status);
	*last = (uint16_t)(chan->done - 1);
	return given;
}

static uint16_t
burst_capacity(const void *priv, uint16_t vchan)
{
	const struct dma_sva_chan *chan = priv;
	uint64_t used = chan->next - chan->done + chan->extra;

	(void)vchan;
	return used < chan->depth ? (uint16_t)(chan->depth - used) : 0;
}

/* What a channel answers that is stopped. */

static int
stopped_copy(void *priv, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t len,
	     uint64_t flags)
{
	(void)priv, (void)vchan, (void)src, (void)dst, (void)len, (void)flags;
	return -ENODEV;
}

static int
stopped_copy_sg(void *priv, uint16_t vchan, const struct rte_dma_sge *src,
		const struct rte_dma_sge *dst, uint16_t nb_src, uint16_t nb_dst, uint64_t flags)
{
	(void)priv, (void)vchan, (void)src, (void)dst, (void)nb_src, (void)nb_dst, (void)flags;
	return -ENODEV;
}

static int
stopped_fill(void *priv, uint16_t vchan, uint64_t pattern, rte_iova_t dst, uint32_t len,
	     uint64_t flags)
{
	(void)priv, (void)vchan, (void)pattern, (void)dst, (void)len, (void)flags;
	return -ENODEV;
}

static int
stopped_submit(void *priv, uint16_t vchan)
{
	(void)priv, (void)vchan;
	return -ENODEV;
}

static uint16_t
stopped_completed(void *priv, uint16_t vchan, const uint16_t n, uint16_t *last, bool *failed)
{
	(void)priv, (void)vchan, (void)n, (void)last, (void)failed;
	return 0;
}

static uint16_t
stopped_completed_status(void *priv, uint16_t vchan, const uint16_t n, uint16_t *last,
			 enum rte_dma_status_code *status)
{
	(void)priv, (void)vchan, (void)n, (void)last, (void)status;
	return 0;
}

static uint16_t
stopped_burst_capacity(const void *priv, uint16_t vchan)
{
	(void)priv, (void)vchan;
	return 0;
}

void
dma_sva_fast_path(struct rte_dma_fp_object *fp, bool started)
{
	fp->copy = started ? copy : stopped_copy;
	fp->copy_sg = started ? copy_sg : stopped_copy_sg;
	fp->fill = started ? fill : stopped_fill;
	fp->submit = started ? submit : stopped_submit;
	fp->completed = started ? completed : stopped_completed;
	fp->completed_status = started ? completed_status : stopped_completed_status;
	fp->burst_capacity = started ? burst_capacity : stopped_burst_capacity;
}
