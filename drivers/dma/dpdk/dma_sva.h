/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A queue of SVADK as a dmadev with one channel.
 */
#ifndef DMA_SVA_H
#define DMA_SVA_H

#include <stdbool.h>
#include <stdint.h>

#include <sva_accel.h>

#include "dma_sva_abi.h"

/* Twice as many are on their way at most, polled ones included: indexes have 16 bits. */
#define DMA_SVA_MAX_DESC 16384
/* The parts of any scatter-gather list fit, which are one less than its entries. */
#define DMA_SVA_MIN_DESC 64
#define DMA_SVA_MAX_SGES 32

/* A device, whose queues are dmadevs. */
struct dma_sva_card {
	struct sva_device *dev;
	char vdev[RTE_DEV_NAME_MAX_LEN];	/* what it was asked for as */
	unsigned int queues;
	unsigned int started;	/* of these */
	bool stopped;		/* it failed, or is being taken away */
	struct dma_sva_card *next;
};

/* Cookies of SVADK's operations: all of an operation of DPDK, or parts of one. */
enum dma_sva_cookie {
	DMA_SVA_WHOLE,
	DMA_SVA_PART,		/* others follow */
	DMA_SVA_LAST,
};

/* A dmadev's private data: its channel. Counters are of DPDK's operations. */
struct dma_sva_chan {
	struct sva_queue *q;	/* NULL while it is stopped */
	uint64_t next;		/* accepted; the ring index is the lower half */
	uint64_t asked;		/* of these, submitted */
	uint64_t done;		/* given back */
	uint64_t failed;	/* of these, not well */
	struct sva_result *held;	/* polled, not given back: room for 2 * depth */
	uint32_t first, end;	/* of these */
	uint32_t depth;		/* as SVADK rounds it up; 0 before the channel is set up */
	uint32_t extra;		/* parts on their way beyond one an operation; look_at() */
	/* Of the operation whose parts are being taken. */
	enum rte_dma_status_code parts_status;

	struct dma_sva_card *card;
	/* The statistics less the counters, which begin anew with each start. */
	struct rte_dma_stats base;
};

/* Have the fast path lead to the channel, or say that it is stopped. */
void dma_sva_fast_path(struct rte_dma_fp_object *fp, bool started);

/* Poll what is due, and hold it beside what is held. */
void dma_sva_hold(struct dma_sva_chan *chan);

#endif
