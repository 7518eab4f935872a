/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A device that is wrong in a way its devargs say, once in 64 operations or as "every" says:
 * what sva-perf's checks are tried on. The work is done by the CPU, at once.
 */
#include <sva_accel_driver.h>

#include "test_accel_work.h"
#include "test_eal_fake.h"

#define WQ_SIZE 16
#define WRONG_EVERY 64	/* operations, unless the devarg says otherwise */

enum { NOTHING, SKIP, AFTER, BEFORE, VALUE, COOKIE, BYTES, FAULT, HW_ERROR, REFUSE, GONE,
	EXTRA, FENCED, STEERED, FAULTS, FULL };

static const char *const wrong_words[] = { "nothing", "skip", "after", "before", "value",
	"cookie", "bytes", "fault", "hw-error", "refuse", "gone", "extra",
	"fenced", "steered", "faults", "full", NULL };

struct broken_queue {
	struct sva_queue base;
	unsigned int wrong;
	uint64_t every;
	unsigned int mask;
	unsigned int head, tail;	/* results: written, polled */
	unsigned int descs;		/* batches and drains since all of them were polled */
	bool batch;			/* there is something for the next batch */
	struct sva_result *results;	/* ring of mask + 1 */
};

/* Where the operation writes up to. */
static uint8_t *
end_of(const struct test_work *w)
{
	uint32_t block = test_dif_block(w->format);

	switch (w->op) {
	case SVA_OP_DELTA_CREATE: return w->dst2 + w->record;
	case SVA_OP_DIF_INSERT: return w->dst + w->len + w->len / block * 8;
	case SVA_OP_DIF_STRIP: return w->dst + w->len - w->len / (block + 8) * 8;
	default: return w->dst + w->len;
	}
}

static struct sva_dif
side(uint64_t tags, uint64_t flags)
{
	return (struct sva_dif){
		.ref_tag = (uint32_t)tags, .app_mask = (uint16_t)(tags >> 32),
		.app_tag = (uint16_t)(tags >> 48), .flags = (uint8_t)flags,
	};
}

/* An operation as the tests have it. */
static struct test_work
work_of(const struct sva_op *op)
{
	struct test_work w = {
		.op = (enum sva_opcode)op->opcode, .dst = (uint8_t *)(uintptr_t)op->dst,
		.src = (uint8_t *)(uintptr_t)op->src, .len = op->len, .cookie = op->cookie,
	};

	switch (w.op) {
	case SVA_OP_FILL:
		w.pattern = op->src;
		break;
	case SVA_OP_COMPARE_PATTERN:
		w.pattern = op->dst;
		break;
	case SVA_OP_CRC32C:
	case SVA_OP_COPY_CRC32C:
		w.seed = (uint32_t)op->rest[0];
		break;
	case SVA_OP_DUALCAST:
	case SVA_OP_DELTA_CREATE:
		w.dst2 = (uint8_t *)(uintptr_t)op->rest[0];
		w.record = (uint32_t)op->rest[1];
		break;
	case SVA_OP_DELTA_APPLY:
		w.record = (uint32_t)op->rest[0];
		break;
	case SVA_OP_DIF_CHECK:
	case SVA_OP_DIF_INSERT:
	case SVA_OP_DIF_STRIP:
	case SVA_OP_DIF_UPDATE:
		w.format = op->rest[0] >> 16 & 0xf;
		w.from = side(op->rest[1], op->rest[0]);
		w.to = side(op->rest[2], op->rest[0] >> 8);
		break;
	default:
		break;
	}
	return w;
}

/* What is not done says that it was. */
static struct sva_result
result_of(const struct test_work *w)
{
	return (struct sva_result){
		.cookie = w->cookie,
		.bytes = w->op == SVA_OP_DELTA_APPLY ? w->record : (uint32_t)w->len,
	};
}

static void
go_wrong(unsigned int wrong, const struct test_work *w, struct sva_result *r)
{
	switch (wrong) {
	case AFTER: end_of(w)[5] ^= 0xff; break;
	case BEFORE: (w->op == SVA_OP_DELTA_CREATE ? w->dst2 : w->dst)[-3] ^= 0xff; break;
	case VALUE: r->value++; break;
	case COOKIE: r->cookie++; break;
	case BYTES: r->bytes--; break;
	case FAULT:
		r->status = SVA_FAULT;
		r->write_fault = 1;
		r->fault_addr = (uintptr_t)w->dst;
		break;
	case HW_ERROR:
		r->status = SVA_HW_ERROR;
		r->device_status = 0x20;
		break;
	default: break;
	}
}

static int
broken_enqueue(struct sva_queue *q, const struct sva_op *op)
{
	struct broken_queue *b = (struct broken_queue *)q;
	bool now = b->head % b->every == b->every - 1;
	struct sva_result *r = &b->results[b->head & b->mask];
	struct test_work w = work_of(op);

	if (b->head - b->tail > b->mask)
		return -ENOSPC;
	if (now && b->wrong == REFUSE)
		return -EINVAL;
	*r = now && b->wrong == SKIP ? result_of(&w) : test_cpu(&w);
	if (now)
		go_wrong(b->wrong, &w, r);
	if (op->opcode == SVA_OP_DRAIN)
		b->descs++;
	else
		b->batch = true;
	/* Not by number: whatever has the flag. */
	if ((b->wrong == FENCED && (op->flags & SVA_FENCE)) ||
	    (b->wrong == STEERED && (op->flags & SVA_TO_CACHE)))
		go_wrong(HW_ERROR, &w, r);
	return (int)(b->head++ & INT32_MAX);
}

static int
broken_submit(struct sva_queue *q)
{
	struct broken_queue *b = (struct broken_queue *)q;

	b->descs += b->batch;
	b->batch = false;
	/* The descriptor does not go in: its last operation pays for it. */
	if (b->descs > WQ_SIZE && b->wrong == FULL && b->head != b->tail)
		b->results[(b->head - 1) & b->mask].status = SVA_HW_ERROR;
	return 0;
}

static int
broken_poll(struct sva_queue *q, struct sva_result *results, unsigned int n)
{
	struct broken_queue *b = (struct broken_queue *)q;
	unsigned int i, ready = b->head - b->tail;

	if (b->head >= b->every && b->wrong == GONE)
		return -ENODEV;
	if (b->head >= b->every && b->wrong == EXTRA)
		return (int)n;
	for (i = 0; i < n && i < ready; i++)
		results[i] = b->results[b->tail++ & b->mask];
	if (b->tail == b->head)
		b->descs = 0;
	return (int)i;
}

/* Every result is to be looked at. */
static int
broken_poll_ok(struct sva_queue *q, unsigned int n)
{
	(void)q;
	(void)n;
	return 0;
}

static const struct sva_queue_ops queue_ops = {
	.enqueue = broken_enqueue,
	.submit = broken_submit,
	.poll = broken_poll,
	.poll_ok = broken_poll_ok,
};

static int
broken_probe(struct sva_device *dev)
{
	uint64_t ops = (1u << SVA_NB_OPS) - 1;
	int ret = sva_devargs_u64(dev->bus_dev->args, "ops", 0, ops, &ops);

	if (ret != 0)
		return ret;
	if (dev->nb_queues == 0)
		dev->nb_queues = 1;
	dev->max_batch = 16;
	dev->wq_size = WQ_SIZE;
	dev->max_transfer = 1 << 20;
	dev->ops = (uint32_t)ops;
	return 0;
}

static void
broken_remove(struct sva_device *dev)
{
	(void)dev;
}

static int
broken_reset(struct sva_device *dev)
{
	(void)dev;
	return -EIO;
}

static int
broken_queue_open(struct sva_device *dev, unsigned int index, const struct sva_queue_conf *conf,
		  struct sva_queue **queue)
{
	struct broken_queue *b = calloc(1, sizeof(*b));
	int ret = b == NULL ? -ENOMEM : 0;

	(void)index;
	if (ret == 0) {
		b->every = WRONG_EVERY;
		ret = sva_devargs_word(dev->bus_dev->args, "wrong", wrong_words, &b->wrong);
	}
	if (ret == 0)
		ret = sva_devargs_u64(dev->bus_dev->args, "every", 1, 1 << 20, &b->every);
	if (ret == 0) {
		b->results = calloc(conf->depth, sizeof(*b->results));
		ret = b->results == NULL ? -ENOMEM : 0;
	}
	if (ret != 0) {
		free(b);
		return ret;
	}
	b->mask = conf->depth - 1;
	b->base.ops = &queue_ops;
	*queue = &b->base;
	return 0;
}

static int
broken_queue_close(struct sva_queue *queue, unsigned int *unpolled)
{
	struct broken_queue *b = (struct broken_queue *)queue;

	*unpolled = b->head - b->tail;
	free(b->results);
	return 0;
}

static void
broken_queue_info(struct sva_queue *queue, struct sva_queue_info *info)
{
	info->depth = ((struct broken_queue *)queue)->mask + 1;
}

static void
broken_queue_stats(struct sva_queue *queue, struct sva_queue_stats *stats)
{
	struct broken_queue *b = (struct broken_queue *)queue;

	stats->completed = b->tail;
	stats->faults = b->wrong == FAULTS ? b->tail / b->every : 0;
}

static void
broken_queue_stats_reset(struct sva_queue *queue)
{
	(void)queue;
}

static const struct sva_device_ops device_ops = {
	.probe = broken_probe,
	.remove = broken_remove,
	.reset = broken_reset,
	.queue_open = broken_queue_open,
	.queue_close = broken_queue_close,
	.queue_info = broken_queue_info,
	.queue_stats = broken_queue_stats,
	.queue_stats_reset = broken_queue_stats_reset,
};

static const char *const broken_params[] = { "wrong=WORD", "every=N", "ops=BITS", NULL };

static const struct sva_accel_driver broken_driver = {
	.base = {
		.name = "broken",
		.desc = "a device that is wrong, for tests",
		.dev_class = "accel",
		.ids = fake_ids,
		.params = broken_params,
	},
	.ops = &device_ops,
};

static const struct sva_bus fake_bus = {
	.name = "fake",
	.desc = "a bus for tests",
	.preference = 5,
	.params = fake_params,
	.ops = &fake_ops,
};

static int
broken_init(void)
{
	int ret;

	(void)fake_driver_params;
	ret = sva_bus_register(&fake_bus);
	if (ret != 0)
		return ret;
	ret = sva_driver_register(&broken_driver.base);
	if (ret != 0)
		sva_bus_unregister(&fake_bus);
	return ret;
}

static void
broken_fini(void)
{
	sva_driver_unregister(&broken_driver.base);
	sva_bus_unregister(&fake_bus);
}

SVA_PLUGIN(broken, broken_init, broken_fini);
