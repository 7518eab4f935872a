/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * idxd: the poll-mode driver of the Intel Data Streaming Accelerator.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sva_log.h>

#include "idxd_driver.h"
#include "idxd_private.h"

SVA_LOG_COMPONENT(idxd);

static uint32_t
read_ops(struct sva_bus_device *bus)
{
	uint64_t opcap[4];
	uint32_t ops = 0;
	unsigned int i;

	for (i = 0; i < 4; i++)
		opcap[i] = bus->bus->ops->read64(bus, DSA_REG_OPCAP + 8 * i);
	for (i = 0; i < SVA_NB_OPS; i++) {
		unsigned int opcode = idxd_opcode((enum sva_opcode)i);

		if (opcap[opcode / 64] & (1ull << (opcode % 64)))
			ops |= 1u << i;
	}
	return ops;
}

/* Divide the device into WQs as the caller and the devargs want. */
static int
divide(struct idxd_device *idxd, uint64_t wqs, uint64_t entries)
{
	struct sva_bus_device *bus = idxd->bus;
	struct sva_device *dev = idxd->dev;
	uint64_t most, size, priority = 1, threshold = 0;

	if (wqs > SVA_MAX_QUEUES)
		wqs = SVA_MAX_QUEUES;
	most = wqs;
	if (dev->nb_queues != 0 && dev->nb_queues < wqs)
		wqs = dev->nb_queues;
	if (sva_devargs_u64(bus->args, "wqs", 1, most, &wqs) != 0)
		return -EINVAL;
	if (dev->nb_queues > wqs) {
		SVA_LOG(ERR, "%s: %u queues wanted, there are %u", bus->name, dev->nb_queues,
			(unsigned int)wqs);
		return -EINVAL;
	}
	size = entries / wqs;
	if (sva_devargs_u64(bus->args, "wq_size", 1, entries / wqs, &size) != 0 ||
	    sva_devargs_u64(bus->args, "threshold", 1, size, &threshold) != 0 ||
	    sva_devargs_u64(bus->args, "priority", 1, 15, &priority) != 0)
		return -EINVAL;
	idxd->priority = (unsigned int)priority;
	idxd->threshold = (unsigned int)threshold;
	dev->nb_queues = (unsigned int)wqs;
	dev->wq_size = (unsigned int)size;
	return 0;
}

/* Read what the device can do. */
static int
read_caps(struct idxd_device *idxd)
{
	struct sva_bus_device *bus = idxd->bus;
	const struct sva_bus_ops *io = bus->bus->ops;
	struct sva_device *dev = idxd->dev;
	uint32_t version = io->read32(bus, DSA_REG_VERSION);
	uint64_t taboff = io->read64(bus, DSA_REG_TABOFF);
	uint64_t wqs, entries;

	if (version >> 8 != DSA_VERSION_1 >> 8) {
		SVA_LOG(ERR, "%s: VERSION 0x%x: this driver knows DSA version 1", bus->name,
			version);
		return -ENODEV;
	}
	idxd->gencap = io->read64(bus, DSA_REG_GENCAP);
	idxd->wqcap = io->read64(bus, DSA_REG_WQCAP);
	idxd->grpcfg = DSA_TABOFF_GRPCFG(taboff);
	idxd->wqcfg = DSA_TABOFF_WQCFG(taboff);
	idxd->msix_perm = DSA_TABOFF_MSIX_PERM(taboff);
	idxd->wqcfg_stride = DSA_WQCFG_MIN_STRIDE << DSA_WQCAP_CFG_SIZE(idxd->wqcap);
	idxd->num_groups = DSA_GRPCAP_NUM_GROUPS(io->read64(bus, DSA_REG_GRPCAP));
	idxd->num_engines = DSA_ENGCAP_NUM_ENGINES(io->read64(bus, DSA_REG_ENGCAP));
	entries = DSA_WQCAP_TOTAL_SIZE(idxd->wqcap);
	wqs = DSA_WQCAP_NUM_WQS(idxd->wqcap);
	if (!(idxd->gencap & DSA_GENCAP_CONFIG) || wqs == 0 || entries < wqs ||
	    idxd->num_groups == 0 || idxd->num_engines == 0) {
		SVA_LOG(ERR, "%s: no work queue can be configured (GENCAP 0x%llx, WQCAP 0x%llx)",
			bus->name, (unsigned long long)idxd->gencap,
			(unsigned long long)idxd->wqcap);
		return -ENODEV;
	}
	dev->max_transfer = 1ull << DSA_GENCAP_MAX_XFER_SHIFT(idxd->gencap);
	dev->max_batch = 1u << DSA_GENCAP_MAX_BATCH_SHIFT(idxd->gencap);
	dev->ops = read_ops(bus);
	return divide(idxd, wqs, entries);
}

/* The devargs that say how WQs work, where the device and the bus can do it. */
static int
read_modes(struct idxd_device *idxd)
{
	static const char *const modes[] = { "dedicated", "shared", NULL };
	static const char *const switches[] = { "off", "on", NULL };
	struct sva_bus_device *bus = idxd->bus;
	struct sva_device *dev = idxd->dev;
	struct sva_container_info container;
	unsigned int mode = 0, bof, rotate = 1;

	/* Only where somebody answers the device's page requests. */
	sva_container_info(dev->container, &container);
	idxd->io_page_faults = container.io_page_faults != 0;
	dev->block_on_fault = (idxd->gencap & DSA_GENCAP_BLOCK_ON_FAULT) &&
			      container.io_page_faults;
	bof = dev->block_on_fault;
	if (sva_devargs_word(bus->args, "mode", modes, &mode) != 0 ||
	    sva_devargs_word(bus->args, "bof", switches, &bof) != 0 ||
	    sva_devargs_word(bus->args, "rotate", switches, &rotate) != 0)
		return -EINVAL;
	idxd->portal_step = rotate != 0 ? sizeof(struct dsa_desc) : 0;
	if (bof > dev->block_on_fault) {
		SVA_LOG(ERR, "%s: bof=on: %s", bus->name, container.io_page_faults ?
			"the device cannot block on a page fault" :
			"nobody takes the device's page faults");
		return -EINVAL;
	}
	if (!(idxd->wqcap & (mode != 0 ? DSA_WQCAP_SHARED : DSA_WQCAP_DEDICATED))) {
		SVA_LOG(ERR, "%s: mode=%s: the device has no such work queues", bus->name,
			modes[mode]);
		return -EINVAL;
	}
	if (mode != 0 && !idxd->own_memory) {
		SVA_LOG(ERR, "%s: mode=shared: a shared work queue carries the PASID of the "
			"process that submits, not that of process %d", bus->name,
			(int)dev->pid);
		return -EINVAL;
	}
	dev->block_on_fault = bof != 0;
	dev->shared = mode != 0;
	return 0;
}

static int
idxd_probe(struct sva_device *dev)
{
	struct idxd_device *idxd = calloc(1, sizeof(*idxd));
	int ret;

	if (idxd == NULL)
		return -ENOMEM;
	idxd->dev = dev;
	idxd->bus = dev->bus_dev;
	idxd->own_memory = dev->pid == 0 || dev->pid == getpid();
	idxd->event_fd = idxd->error_fd = -1;
	idxd->removal_fd = idxd->bus->bus->ops->removal_fd == NULL ? -1 :
			   idxd->bus->bus->ops->removal_fd(idxd->bus);
	dev->priv = idxd;
	pthread_mutex_init(&idxd->lock, NULL);
	ret = read_caps(idxd);
	if (ret == 0)
		ret = read_modes(idxd);
	if (ret == 0)
		ret = idxd_hw_up(idxd);
	if (ret != 0) {
		pthread_mutex_destroy(&idxd->lock);
		free(idxd);
		dev->priv = NULL;
	}
	return ret;
}

static void
idxd_remove(struct sva_device *dev)
{
	struct idxd_device *idxd = dev->priv;

	idxd_hw_down(idxd);
	if (idxd->event_fd >= 0)
		close(idxd->event_fd);
	pthread_mutex_destroy(&idxd->lock);
	free(idxd);
}

static int
idxd_reset(struct sva_device *dev)
{
	struct idxd_device *idxd = dev->priv;
	unsigned int i;
	int ret;

	if (idxd_hw_removal(idxd)) {
		SVA_LOG(ERR, "%s: no reset: the device is being taken away: close it",
			idxd->bus->name);
		return -EIO;
	}
	ret = idxd->bus->bus->ops->reset(idxd->bus);
	if (ret == 0)
		ret = idxd_hw_up(idxd);
	for (i = 0; i < dev->nb_queues; i++) {
		struct idxd_queue *iq = (struct idxd_queue *)dev->queues[i];

		if (iq == NULL)
			continue;
		if (iq->vector != 0)
			idxd_hw_permit(idxd, iq->vector);
		if (ret == 0)
			ret = idxd_hw_command(idxd, DSA_CMD_ENABLE_WQ, i);
		idxd_queue_lost(iq);
		iq->q.ops = idxd_queue_choose_ops(iq);
		if (ret != 0)
			idxd_queue_fail(iq);
	}
	if (ret != 0)
		SVA_LOG(ERR, "%s: does not come up after a reset", idxd->bus->name);
	return ret == 0 ? 0 : -EIO;
}

static const struct sva_device_ops idxd_device_ops = {
	.probe = idxd_probe,
	.remove = idxd_remove,
	.reset = idxd_reset,
	.queue_open = idxd_queue_open,
	.queue_close = idxd_queue_close,
	.queue_info = idxd_queue_info,
	.queue_stats = idxd_queue_stats,
	.queue_stats_reset = idxd_queue_stats_reset,
	.event_fd = idxd_event_fd,
	.handle_events = idxd_handle_events,
	.queue_event_fd = idxd_queue_event_fd,
};

static const struct sva_accel_driver idxd_driver = {
	.base = {
		.name = DRIVER_NAME,
		.desc = DRIVER_DESC,
		.dev_class = "accel",
		.ids = driver_ids,
		.params = driver_params,
	},
	.ops = &idxd_device_ops,
};

static int
idxd_plugin_init(void)
{
	return sva_driver_register(&idxd_driver.base);
}

static void
idxd_plugin_fini(void)
{
	sva_driver_unregister(&idxd_driver.base);
}

SVA_PLUGIN(idxd, idxd_plugin_init, idxd_plugin_fini);
