/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * A driver for DPDK's dmadev class: "--vdev dma_sva0,dev=emu:dsa" opens a device of SVADK,
 * binds the process to it, and makes each of its queues a dmadev that takes any address.
 * DPDK calls what is not the fast path from one thread at a time.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_kvargs.h>

#include <sva_accel_driver.h>
#include <sva_eal.h>
#include <sva_log.h>

#include "dma_sva.h"
#include "dma_sva_driver.h"

SVA_LOG_COMPONENT(dma.dpdk);

#define ARG_DEV "dev"
#define ARG_QUEUES "queues"

static struct dma_sva_card *cards;
/* SVADK was started here, not by the application. */
static bool own_eal;

static struct dma_sva_chan *
chan_of(const struct rte_dma_dev *dev)
{
	return dev->data->dev_private;
}

static int
info_get(const struct rte_dma_dev *dev, struct rte_dma_info *info, uint32_t size)
{
	(void)dev;
	(void)size;
	info->dev_capa = RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_SVA | RTE_DMA_CAPA_HANDLES_ERRORS |
			 RTE_DMA_CAPA_OPS_COPY | RTE_DMA_CAPA_OPS_COPY_SG | RTE_DMA_CAPA_OPS_FILL;
	info->max_vchans = 1;
	info->max_desc = DMA_SVA_MAX_DESC;
	info->min_desc = DMA_SVA_MIN_DESC;
	info->max_sges = DMA_SVA_MAX_SGES;
	return 0;
}

/* One channel, which is all that DPDK lets through here, has nothing to configure. */
static int
configure(struct rte_dma_dev *dev, const struct rte_dma_conf *conf, uint32_t size)
{
	(void)dev;
	(void)conf;
	(void)size;
	return 0;
}

static int
vchan_setup(struct rte_dma_dev *dev, uint16_t vchan, const struct rte_dma_vchan_conf *conf,
	    uint32_t size)
{
	struct dma_sva_chan *chan = chan_of(dev);
	struct sva_result *held;
	uint32_t depth;

	(void)vchan;
	(void)size;
	for (depth = 1; depth < conf->nb_desc; depth *= 2)
		;
	held = calloc(2 * depth, sizeof(*held));
	if (held == NULL)
		return -ENOMEM;
	free(chan->held);
	chan->held = held;
	chan->depth = depth;
	memset(&chan->base, 0, sizeof(chan->base));
	return 0;
}

/* The statistics so far. */
static struct rte_dma_stats
stats_now(const struct dma_sva_chan *chan)
{
	return (struct rte_dma_stats){
		.submitted = chan->base.submitted + chan->asked,
		.completed = chan->base.completed + chan->done,
		.errors = chan->base.errors + chan->failed,
	};
}

static int
start(struct rte_dma_dev *dev)
{
	struct dma_sva_chan *chan = chan_of(dev);
	struct sva_queue_conf conf = {
		.depth = chan->depth,
		.numa_node_plus_1 = (unsigned int)(dev->data->numa_node + 1),
	};
	int ret;

	if (chan->depth == 0) {
		SVA_LOG(ERR, "%s: its channel has not been set up", dev->data->dev_name);
		return -EINVAL;
	}
	if (chan->card->stopped && chan->card->started != 0) {
		/* Whose threads may be at it. */
		SVA_LOG(ERR, "%s: the device has stopped: stop its other dmadevs first",
			dev->data->dev_name);
		return -EBUSY;
	}
	if (chan->card->stopped) {
		ret = sva_device_reset(chan->card->dev);
		if (ret != 0)
			return ret;
		chan->card->stopped = false;
	}
	ret = sva_queue_open(chan->card->dev, &conf, &chan->q);
	if (ret != 0) {
		SVA_LOG(ERR, "%s: no queue of %s: %s", dev->data->dev_name, chan->card->vdev,
			strerror(-ret));
		return ret;
	}
	chan->card->started++;
	dma_sva_fast_path(dev->fp_obj, true);
	return 0;
}

/* Waits for what is on its way, whose results are lost: the log says how many. */
static int
stop(struct rte_dma_dev *dev)
{
	struct dma_sva_chan *chan = chan_of(dev);

	dma_sva_fast_path(dev->fp_obj, false);
	/* With an error, which the log has, it is closed as well. */
	sva_queue_close(chan->q);
	if (chan->first != chan->end)
		SVA_LOG(WARNING, "%s: stopped with %u results that nobody took",
			dev->data->dev_name, chan->end - chan->first);
	chan->q = NULL;
	/* The next start begins anew, but for the statistics. */
	chan->base = stats_now(chan);
	chan->next = chan->asked = chan->done = chan->failed = 0;
	chan->first = chan->end = chan->extra = 0;
	chan->parts_status = RTE_DMA_STATUS_SUCCESSFUL;
	chan->card->started--;
	return 0;
}

static int
close_dev(struct rte_dma_dev *dev)
{
	struct dma_sva_chan *chan = chan_of(dev);

	free(chan->held);
	chan->held = NULL;
	return 0;
}

static int
stats_get(const struct rte_dma_dev *dev, uint16_t vchan, struct rte_dma_stats *stats,
	  uint32_t size)
{
	(void)vchan;
	(void)size;
	*stats = stats_now(chan_of(dev));
	return 0;
}

static int
stats_reset(struct rte_dma_dev *dev, uint16_t vchan)
{
	struct dma_sva_chan *chan = chan_of(dev);

	(void)vchan;
	chan->base = (struct rte_dma_stats){
		.submitted = -chan->asked, .completed = -chan->done, .errors = -chan->failed,
	};
	return 0;
}

/* Applications wait by it, without taking results: what is due is polled and held. */
static int
vchan_status(const struct rte_dma_dev *dev, uint16_t vchan, enum rte_dma_vchan_status *status)
{
	struct dma_sva_chan *chan = chan_of(dev);
	struct sva_queue_info info;
	int ret;

	(void)vchan;
	*status = RTE_DMA_VCHAN_IDLE;
	if (chan->q == NULL)
		return 0;
	dma_sva_hold(chan);
	ret = sva_queue_info(chan->q, &info);
	if (ret != 0)
		return ret;
	if (chan->card->stopped)
		*status = RTE_DMA_VCHAN_HALTED_ERROR;
	else if (info.used != 0)
		*status = RTE_DMA_VCHAN_ACTIVE;
	return 0;
}

static int
dump(const struct rte_dma_dev *dev, FILE *f)
{
	const struct dma_sva_chan *chan = chan_of(dev);
	struct sva_device_info info;
	struct sva_queue_stats stats;
	int ret = sva_device_info(chan->card->dev, &info);

	if (ret != 0)
		return ret;
	fprintf(f, "    device: %s, driver %s, PASID %u%s\n", info.name, info.driver, info.pasid,
		chan->card->stopped ? ", has stopped" : "");
	fprintf(f, "    depth: %u, on their way: %llu, polled and held: %u\n", chan->depth,
		(unsigned long long)(chan->next - chan->done), chan->end - chan->first);
	if (chan->q == NULL || sva_queue_stats(chan->q, &stats) != 0)
		return 0;
	fprintf(f, "    since the start: accepted %llu, completed %llu, failed %llu, bytes %llu\n",
		(unsigned long long)stats.accepted, (unsigned long long)stats.completed,
		(unsigned long long)stats.failed, (unsigned long long)stats.bytes);
	fprintf(f, "    doorbells %llu, of batches %llu, page faults %llu, resumed %llu\n",
		(unsigned long long)stats.doorbells, (unsigned long long)stats.batches,
		(unsigned long long)stats.faults, (unsigned long long)stats.resumed);
	return 0;
}

static const struct rte_dma_dev_ops ops = {
	.dev_info_get = info_get,
	.dev_configure = configure,
	.dev_start = start,
	.dev_stop = stop,
	.dev_close = close_dev,
	.vchan_setup = vchan_setup,
	.stats_get = stats_get,
	.stats_reset = stats_reset,
	.vchan_status = vchan_status,
	.dev_dump = dump,
};

static void
on_event(struct sva_device *dev, const struct sva_event *event, void *arg)
{
	struct dma_sva_card *card = arg;

	(void)dev;
	if (event->type != SVA_EVENT_ERROR)
		card->stopped = true;
}

/* The dmadev of queue i: called as the vdev where it is the only one. */
static void
dev_name(const struct dma_sva_card *card, unsigned int i, char *name, size_t size)
{
	if (card->queues == 1)
		snprintf(name, size, "%s", card->vdev);
	else
		snprintf(name, size, "%s-q%u", card->vdev, i);
}

static int
add_dev(struct dma_sva_card *card, unsigned int i, struct rte_vdev_device *vdev,
	const struct sva_device_info *info)
{
	char name[RTE_DEV_NAME_MAX_LEN + 16];
	struct rte_dma_dev *dev;
	struct dma_sva_chan *chan;

	dev_name(card, i, name, sizeof(name));
	dev = rte_dma_pmd_allocate(name, info->numa_node, sizeof(*chan));
	if (dev == NULL) {
		SVA_LOG(ERR, "%s: DPDK has no room for dmadev %s, or the name is taken or too long",
			card->vdev, name);
		return -ENOMEM;
	}
	chan = chan_of(dev);
	chan->card = card;
	dev->device = &vdev->device;
	dev->dev_ops = &ops;
	dev->fp_obj->dev_private = chan;
	dma_sva_fast_path(dev->fp_obj, false);
	dev->state = RTE_DMA_DEV_READY;
	return 0;
}

/* Undo what there is of a card. */
static void
remove_card(struct dma_sva_card *card)
{
	char name[RTE_DEV_NAME_MAX_LEN + 16];
	const struct dma_sva_chan *chan;
	struct dma_sva_card **p;
	unsigned int i;
	int id;

	for (i = 0; i < card->queues; i++) {
		dev_name(card, i, name, sizeof(name));
		/* Unless the application has closed it. */
		id = rte_dma_get_dev_id_by_name(name);
		if (id < 0)
			continue;
		chan = rte_dma_fp_objs[id].dev_private;
		/* Another vdev's: this one may have failed for that. */
		if (chan->card != card)
			continue;
		if (chan->q != NULL)
			rte_dma_stop((int16_t)id);
		rte_dma_pmd_release(name);
	}
	for (p = &cards; *p != NULL && *p != card; p = &(*p)->next)
		;
	if (*p == card)
		*p = card->next;
	if (card->dev != NULL)
		sva_device_close(card->dev);
	free(card);
	if (cards == NULL && own_eal) {
		own_eal = false;
		sva_eal_cleanup();
	}
}

struct request {
	char spec[1024];	/* for SVADK: the device, and what else is given */
	unsigned int queues;
	const char *vdev;
};

static int
take_dev(const char *key, const char *value, void *arg)
{
	struct request *r = arg;

	if (r->spec[0] != '\0' || value == NULL || value[0] == '\0') {
		SVA_LOG(ERR, "%s: %s=BUS:NAME is given %s", r->vdev, key,
			r->spec[0] != '\0' ? "twice" : "without a device");
		return -EINVAL;
	}
	snprintf(r->spec, sizeof(r->spec), "%s", value);
	return 0;
}

static int
take_queues(const char *key, const char *value, void *arg)
{
	struct request *r = arg;
	char *end = NULL;
	unsigned long n = value == NULL || value[0] < '0' || value[0] > '9' ? 0 :
			  strtoul(value, &end, 10);

	if (n < 1 || n > SVA_MAX_QUEUES || *end != '\0') {
		SVA_LOG(ERR, "%s: %s=%s is not a number from 1 to %u", r->vdev, key,
			value != NULL ? value : "", SVA_MAX_QUEUES);
		return -EINVAL;
	}
	if (r->queues != 0) {
		SVA_LOG(ERR, "%s: %s=N is given twice", r->vdev, key);
		return -EINVAL;
	}
	r->queues = (unsigned int)n;
	return 0;
}

/* Everything else is the device's: SVADK says what it does not know. */
static int
take_other(const char *key, const char *value, void *arg)
{
	struct request *r = arg;
	size_t len = strlen(r->spec);
	int n;

	if (strcmp(key, ARG_DEV) == 0 || strcmp(key, ARG_QUEUES) == 0)
		return 0;
	n = snprintf(r->spec + len, sizeof(r->spec) - len, ",%s=%s", key,
		     value != NULL ? value : "");
	if (n < 0 || (size_t)n >= sizeof(r->spec) - len) {
		SVA_LOG(ERR, "%s: its arguments are too long", r->vdev);
		return -EINVAL;
	}
	return 0;
}

/* Not rte_kvargs_process(), which from 23.11 on refuses a key without a value, and says nothing. */
static int
take_all(const struct rte_kvargs *kv, const char *key, arg_handler_t take, struct request *r)
{
	unsigned int i;

	for (i = 0; i < kv->count; i++) {
		const struct rte_kvargs_pair *pair = &kv->pairs[i];

		if ((key == NULL || strcmp(pair->key, key) == 0) &&
		    take(pair->key, pair->value, r) != 0)
			return -EINVAL;
	}
	return 0;
}

static int
parse(const struct rte_vdev_device *vdev, struct request *r)
{
	const char *args = vdev->device.devargs != NULL ? vdev->device.devargs->args : "";
	struct rte_kvargs *kv = rte_kvargs_parse(args, NULL);
	int ret = -EINVAL;

	memset(r, 0, sizeof(*r));
	r->vdev = vdev->device.name;
	if (kv == NULL) {
		SVA_LOG(ERR, "%s: \"%s\" is not of the form key=value,...", r->vdev, args);
		return -EINVAL;
	}
	if (rte_kvargs_count(kv, ARG_DEV) == 0)
		SVA_LOG(ERR, "%s: no device is given: " ARG_DEV "=BUS:NAME, for example "
			ARG_DEV "=emu:dsa", r->vdev);
	else if (take_all(kv, ARG_DEV, take_dev, r) == 0 &&
		 take_all(kv, ARG_QUEUES, take_queues, r) == 0 &&
		 take_all(kv, NULL, take_other, r) == 0)
		ret = 0;
	r->queues = RTE_MAX(r->queues, 1u);
	rte_kvargs_free(kv);
	return ret;
}

static int
open_card(struct dma_sva_card *card, const struct request *r, struct sva_device_info *info)
{
	struct sva_device_conf conf = { .queues = r->queues };
	int ret;

	if (!sva_eal_ready()) {
		ret = sva_eal_setup(NULL);
		if (ret != 0)
			return ret;
		own_eal = true;
	}
	ret = sva_device_open_conf(r->spec, &conf, &card->dev);
	if (ret != 0)
		return ret;
	ret = sva_device_on_event(card->dev, on_event, card);
	if (ret == 0)
		ret = sva_device_info(card->dev, info);
	if (ret == 0 && info->queues < r->queues) {
		SVA_LOG(ERR, "%s: queues=%u, but %s has %u", r->vdev, r->queues, info->name,
			info->queues);
		ret = -EINVAL;
	}
	return ret;
}

static int
probe(struct rte_vdev_device *vdev)
{
	struct sva_device_info info;
	struct dma_sva_card *card;
	struct request r;
	unsigned int i;
	int ret = parse(vdev, &r);

	if (ret != 0)
		return ret;
	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		SVA_LOG(ERR, "%s: only of a primary process: a queue belongs to the process that "
			"opened it", r.vdev);
		return -ENOTSUP;
	}
	card = calloc(1, sizeof(*card));
	if (card == NULL)
		return -ENOMEM;
	snprintf(card->vdev, sizeof(card->vdev), "%s", r.vdev);
	card->next = cards;
	cards = card;
	ret = open_card(card, &r, &info);
	card->queues = r.queues;
	/* Which is where DPDK takes it from. */
	if (ret == 0)
		vdev->device.numa_node = info.numa_node;
	for (i = 0; ret == 0 && i < r.queues; i++)
		ret = add_dev(card, i, vdev, &info);
	if (ret != 0)
		remove_card(card);
	return ret;
}

static int
remove_vdev(struct rte_vdev_device *vdev)
{
	struct dma_sva_card *card;

	for (card = cards; card != NULL; card = card->next) {
		if (strcmp(card->vdev, vdev->device.name) == 0) {
			remove_card(card);
			return 0;
		}
	}
	return -ENODEV;
}

static struct rte_vdev_driver driver = {
	.driver = { .name = DRIVER_NAME },
	.probe = probe,
	.remove = remove_vdev,
	/* Or rte_mbuf_data_iova() would give what means nothing here. */
	.drv_flags = RTE_VDEV_DRV_NEED_IOVA_AS_VA,
};

/*
 * Whether the DPDK of the process is the one that this was built for: the layouts of another
 * may differ. Its own word is asked, not that of a second DPDK that came with this file.
 */
static bool
right_dpdk(void)
{
	const char *(*version)(void);
	unsigned int year = 0, month = 0;
	const char *text;

	*(void **)&version = dlsym(RTLD_DEFAULT, "rte_version");
	text = version != NULL ? version() : "none";
	if (sscanf(text, "DPDK %u.%u", &year, &month) == 2 &&
	    year * 100 + month == DMA_SVA_RELEASE)
		return true;
	SVA_LOG(ERR, "librte_dma_sva.so is for DPDK %d.%02d and this is %s: it is not used; build "
		"SVADK with this one", RTE_VER_YEAR, RTE_VER_MONTH, text);
	return false;
}

__attribute__((constructor)) static void
load(void)
{
	if (right_dpdk())
		rte_vdev_register(&driver);
}

__attribute__((destructor)) static void
unload(void)
{
	if (driver.next.tqe_prev != NULL)
		rte_vdev_unregister(&driver);
}
