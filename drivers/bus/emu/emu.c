/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The emulated bus: functions that are device models inside the process, "emu:dsa" and
 * "emu:dsa0" to "emu:dsa15". They are always there; each can be opened once.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <dsa_hw.h>
#include <sva_log.h>

#include "emu_driver.h"
#include "emu_private.h"

SVA_LOG_COMPONENT(bus.emu);

#define MAX_FUNCTIONS 16

static struct emu_device *open_devices;

/* Function number of a name: "dsa" is 0. */
static int
parse_name(const char *name)
{
	char *end;
	unsigned long n;

	if (strncmp(name, "dsa", 3) != 0)
		return -ENODEV;
	if (name[3] == '\0')
		return 0;
	n = strtoul(name + 3, &end, 10);
	if (name[3] < '0' || name[3] > '9' || *end != '\0' || n >= MAX_FUNCTIONS)
		return -ENODEV;
	return (int)n;
}

static int
emu_scan(sva_bus_found_fn found, void *arg)
{
	struct sva_bus_found dsa = {
		.name = "emu:dsa",
		.vendor_id = DSA_PCI_VENDOR,
		.device_id = DSA_PCI_DEVICE,
		.numa_node = -1,
	};

	found(&dsa, arg);
	return 0;
}

static void
device_free(struct emu_device *dev)
{
	unsigned int i;

	for (i = 0; i < EMU_MAX_VECTORS; i++)
		if (dev->irq[i] >= 0)
			close(dev->irq[i]);
	if (dev->removal >= 0)
		close(dev->removal);
	for (i = 0; i < SVA_DSA_MAX_WQS; i++)
		free(dev->rings[i]);
	if (dev->pagemap >= 0)
		close(dev->pagemap);
	pthread_mutex_destroy(&dev->lock);
	free(dev->model);
	free(dev);
}

static int
read_args(struct emu_device *dev, const struct sva_devargs *args, struct sva_dsa_config *config)
{
	static const char *const engines[] = { "task", "thread", "inline", NULL };
	static const char *const pri_words[] = { "off", "on", "requests", NULL };
	static const char *const profiles[] = { "default", "emr", NULL };
	static const char *const timing_words[] = { "off", "on", NULL };
	unsigned int engine = emu_engine_default(), pri = EMU_PRI_ON, profile = 0, timing = 0;
	uint64_t seed = 0;

	if (sva_devargs_word(args, "engine", engines, &engine) != 0 ||
	    sva_devargs_word(args, "pri", pri_words, &pri) != 0 ||
	    sva_devargs_word(args, "profile", profiles, &profile) != 0 ||
	    sva_devargs_word(args, "timing", timing_words, &timing) != 0 ||
	    sva_devargs_u64(args, "seed", 0, UINT64_MAX, &seed) != 0)
		return -EINVAL;
	dev->engine = (enum emu_engine_kind)engine;
	dev->pri = (enum emu_pri)pri;
	*config = *sva_dsa_profile(profiles[profile]);
	config->seed = seed;
	config->timing = timing != 0;
	dev->timing = config->timing;
	if (dev->pri != EMU_PRI_ON) {
		dev->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
		if (dev->pagemap < 0) {
			SVA_LOG(ERR, "pri=%s needs /proc/self/pagemap: %s", pri_words[pri],
				strerror(errno));
			return -errno;
		}
	}
	return 0;
}

static int
emu_open(struct sva_container *container, const char *name, struct sva_devargs *args,
	 struct sva_bus_device **bus_dev)
{
	struct sva_dsa_config config;
	struct emu_device *dev, *other;
	int number = parse_name(name);
	void *memory = NULL;
	unsigned int i;
	int ret;

	if (number < 0) {
		SVA_LOG(ERR, "no device \"emu:%s\": there are emu:dsa and emu:dsa0 to emu:dsa%d",
			name, MAX_FUNCTIONS - 1);
		return number;
	}
	ret = emu_container_check((struct emu_container *)container);
	if (ret != 0)
		return ret;
	for (other = open_devices; other != NULL; other = other->next) {
		if (parse_name(strchr(other->base.name, ':') + 1) == number) {
			SVA_LOG(ERR, "emu:%s is open already", name);
			return -EBUSY;
		}
	}
	dev = calloc(1, sizeof(*dev));
	if (dev == NULL)
		return -ENOMEM;
	pthread_mutex_init(&dev->lock, NULL);
	dev->container = (struct emu_container *)container;
	dev->pagemap = dev->removal = -1;
	for (i = 0; i < EMU_MAX_VECTORS; i++)
		dev->irq[i] = -1;
	ret = read_args(dev, args, &config);
	if (ret != 0)
		goto fail;
	if (posix_memalign(&memory, 64, sva_dsa_size(&config)) != 0) {
		ret = -ENOMEM;
		goto fail;
	}
	dev->model = sva_dsa_init(memory, &config, dev->pri == EMU_PRI_REQUESTS ?
				  &emu_dma_request_ops : &emu_dma_ops, dev);
	if (dev->model == NULL) {
		free(memory);
		ret = -EINVAL;
		goto fail;
	}
	sva_dsa_bus_master(dev->model, true);
	snprintf(dev->base.name, sizeof(dev->base.name), "emu:%s", name);
	dev->base.vendor_id = DSA_PCI_VENDOR;
	dev->base.device_id = DSA_PCI_DEVICE;
	dev->base.numa_node = -1;
	ret = emu_engine_start(dev);
	if (ret != 0)
		goto fail;
	dev->next = open_devices;
	open_devices = dev;
	*bus_dev = &dev->base;
	return 0;
fail:
	device_free(dev);
	return ret;
}

static void
emu_close(struct sva_bus_device *bus_dev)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;
	struct emu_device **link = &open_devices;

	emu_engine_stop(dev);
	while (*link != dev)
		link = &(*link)->next;
	*link = dev->next;
	device_free(dev);
}

/* Not with an engine that was killed, nor in a fork's copy, which has none. */
static bool
lock_alive(struct emu_device *dev)
{
	return !atomic_load(&dev->dead) && dev->container->owner == getpid() && emu_lock(dev);
}

static uint64_t
mmio_read(struct sva_bus_device *bus_dev, uint64_t offset, unsigned int size)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;
	uint64_t value;

	/* Whoever looks at registers is waiting: where CPUs are scarce, for this engine. */
	emu_engine_yield(dev);
	/* What a function that fell off the bus answers. */
	if (!lock_alive(dev))
		return UINT64_MAX;
	value = sva_dsa_mmio_read(dev->model, offset, size);
	emu_unlock(dev);
	return value;
}

static void
mmio_write(struct sva_bus_device *bus_dev, uint64_t offset, uint64_t value, unsigned int size)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;

	if (!lock_alive(dev))
		return;
	/* PCI Express keeps writes in order, also those to different BARs. */
	emu_engine_deliver(dev);
	sva_dsa_mmio_write(dev->model, offset, value, size);
	emu_unlock(dev);
	emu_engine_kick(dev);
}

static uint32_t
emu_read32(struct sva_bus_device *dev, uint64_t offset)
{
	return (uint32_t)mmio_read(dev, offset, 4);
}

static uint64_t
emu_read64(struct sva_bus_device *dev, uint64_t offset)
{
	return mmio_read(dev, offset, 8);
}

static void
emu_write32(struct sva_bus_device *dev, uint64_t offset, uint32_t value)
{
	mmio_write(dev, offset, value, 4);
}

static void
emu_write64(struct sva_bus_device *dev, uint64_t offset, uint64_t value)
{
	mmio_write(dev, offset, value, 8);
}

static int
emu_portal_open(struct sva_bus_device *bus_dev, uint64_t offset, struct sva_portal *portal)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;
	unsigned int wq = DSA_PORTAL_WQ(offset);
	struct rte_ring *ring;
	void *memory;
	ssize_t size = rte_ring_get_memsize_elem(64, EMU_RING_ENTRIES);

	if (wq >= SVA_DSA_MAX_WQS)
		return -EINVAL;
	if (dev->rings[wq] == NULL && dev->engine != EMU_ENGINE_INLINE) {
		if (posix_memalign(&memory, 64, (size_t)size) != 0)
			return -ENOMEM;
		ring = memory;
		if (rte_ring_init(ring, "portal", EMU_RING_ENTRIES,
				  RING_F_SP_ENQ | RING_F_SC_DEQ) != 0) {
			free(memory);
			return -EINVAL;
		}
		/* Atomic: the engine takes it up with its next look. */
		dev->rings[wq] = ring;
	}
	portal->kind = SVA_PORTAL_CALL;
	portal->write = emu_engine_portal_write;
	portal->enqcmd = emu_engine_enqcmd;
	portal->addr = (volatile void *)(uintptr_t)offset;
	portal->bus_data = dev;
	return 0;
}

static void
emu_portal_close(struct sva_bus_device *bus_dev, struct sva_portal *portal)
{
	/* The ring stays until the device goes: what is in it was accepted. */
	(void)bus_dev;
	portal->write = NULL;
}

static int
emu_irq_fd(struct sva_bus_device *bus_dev, unsigned int vector)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;
	int fd;

	if (vector >= EMU_MAX_VECTORS)
		return -EINVAL;
	if (!lock_alive(dev))
		return -EIO;
	if (dev->irq[vector] < 0)
		dev->irq[vector] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fd = dev->irq[vector] < 0 ? -errno : dev->irq[vector];
	emu_unlock(dev);
	return fd;
}

/* Nobody takes an emulated device away, but for a test that signals this. */
static int
emu_removal_fd(struct sva_bus_device *bus_dev)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;

	if (dev->removal < 0)
		dev->removal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return dev->removal < 0 ? -errno : dev->removal;
}

static int
emu_reset(struct sva_bus_device *bus_dev)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;
	struct dsa_desc lost;
	unsigned int wq;

	if (!lock_alive(dev))
		return -EIO;
	dev->faults = 0;
	for (wq = 0; wq < SVA_DSA_MAX_WQS; wq++)
		while (dev->rings[wq] != NULL &&
		       rte_ring_sc_dequeue_elem(dev->rings[wq], &lost, sizeof(lost)) == 0)
			;
	sva_dsa_flr(dev->model);
	sva_dsa_bus_master(dev->model, true);
	emu_unlock(dev);
	return 0;
}

static uint64_t
emu_model_time(struct sva_bus_device *bus_dev)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;
	uint64_t ns;

	if (!dev->timing || !lock_alive(dev))
		return UINT64_MAX;
	ns = sva_dsa_time(dev->model);
	emu_unlock(dev);
	return ns;
}

static int
emu_inject(struct sva_bus_device *bus_dev, enum sva_inject what, unsigned int count)
{
	struct emu_device *dev = (struct emu_device *)bus_dev;
	uint64_t one = 1;
	int ret = 0;

	if (count == 0)
		return -EINVAL;
	if (!lock_alive(dev))
		return -EIO;
	switch (what) {
	case SVA_INJECT_PAGE_FAULT:
		if (__builtin_add_overflow(dev->faults, count, &dev->faults))
			dev->faults = UINT_MAX;
		break;
	case SVA_INJECT_HW_ERROR:
		sva_dsa_inject_error(dev->model, count);
		break;
	case SVA_INJECT_HALT:
		sva_dsa_bus_master(dev->model, false);
		break;
	case SVA_INJECT_REMOVAL:
		if (emu_removal_fd(bus_dev) < 0 || write(dev->removal, &one, sizeof(one)) < 0)
			ret = -EIO;
		break;
	default:
		ret = -EINVAL;
		break;
	}
	emu_unlock(dev);
	return ret;
}

static const struct sva_bus_ops emu_ops = {
	.scan = emu_scan,
	.container_create = emu_container_create,
	.container_destroy = emu_container_destroy,
	.open = emu_open,
	.close = emu_close,
	.bind = emu_bind,
	.unbind = emu_unbind,
	.info = emu_container_info,
	.read32 = emu_read32,
	.read64 = emu_read64,
	.write32 = emu_write32,
	.write64 = emu_write64,
	.portal_open = emu_portal_open,
	.portal_close = emu_portal_close,
	.irq_fd = emu_irq_fd,
	.removal_fd = emu_removal_fd,
	.reset = emu_reset,
	.model_time = emu_model_time,
	.inject = emu_inject,
};

static const struct sva_bus emu_bus = {
	.name = DRIVER_NAME,
	.desc = DRIVER_DESC,
	.preference = 0,
	.emulated = true,
	.params = driver_params,
	.ops = &emu_ops,
};

static int
emu_plugin_init(void)
{
	emu_engine_probe();
	return sva_bus_register(&emu_bus);
}

static void
emu_plugin_fini(void)
{
	sva_bus_unregister(&emu_bus);
}

SVA_PLUGIN(emu, emu_plugin_init, emu_plugin_fini);
