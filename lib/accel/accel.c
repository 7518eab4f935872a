/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The device class: opening, closing and information. The hot path is in sva_accel.h
 * and in the drivers.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sva_eal.h>
#include <sva_log.h>

#include "accel_private.h"

SVA_LOG_COMPONENT(accel);

/*
 * Handles are slots of this table, so that one of a closed device is still a valid
 * pointer; a slot is used again as late as possible.
 */
static struct sva_device devices[SVA_MAX_DEVICES];
static unsigned int next_slot;
static bool cleanup_hooked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *const op_names[SVA_NB_OPS] = {
	[SVA_OP_NOP] = "nop",
	[SVA_OP_COPY] = "copy",
	[SVA_OP_FILL] = "fill",
	[SVA_OP_COMPARE] = "compare",
	[SVA_OP_COMPARE_PATTERN] = "compare-pattern",
	[SVA_OP_CRC32C] = "crc32c",
	[SVA_OP_COPY_CRC32C] = "copy-crc32c",
	[SVA_OP_DUALCAST] = "dualcast",
	[SVA_OP_DRAIN] = "drain",
	[SVA_OP_DELTA_CREATE] = "delta-create",
	[SVA_OP_DELTA_APPLY] = "delta-apply",
	[SVA_OP_DIF_CHECK] = "dif-check",
	[SVA_OP_DIF_INSERT] = "dif-insert",
	[SVA_OP_DIF_STRIP] = "dif-strip",
	[SVA_OP_DIF_UPDATE] = "dif-update",
	[SVA_OP_CACHE_FLUSH] = "cache-flush",
};

void
accel_lock(void)
{
	pthread_mutex_lock(&lock);
}

void
accel_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

bool
accel_device_open(const struct sva_device *dev)
{
	return dev >= devices && dev < devices + SVA_MAX_DEVICES && dev->driver != NULL;
}

struct sva_device *
accel_device_get(unsigned int i)
{
	struct sva_device *dev;

	for (dev = devices; dev < devices + SVA_MAX_DEVICES; dev++)
		if (dev->driver != NULL && i-- == 0)
			return dev;
	return NULL;
}

static int
device_close(struct sva_device *dev)
{
	unsigned int i;
	int ret = 0, err;

	for (i = 0; i < SVA_MAX_QUEUES; i++) {
		if (dev->queues[i] == NULL)
			continue;
		err = accel_queue_close(dev->queues[i]);
		ret = ret != 0 ? ret : err;
	}
	dev->driver->ops->remove(dev);
	sva_bus_device_close(dev->bus_dev);
	if (dev->own_container)
		sva_container_destroy(dev->container);
	dev->driver = NULL;
	return ret;
}

static void
close_all(void)
{
	unsigned int i;

	accel_lock();
	for (i = 0; i < SVA_MAX_DEVICES; i++)
		if (devices[i].driver != NULL)
			device_close(&devices[i]);
	accel_queue_forget();
	cleanup_hooked = false;
	accel_unlock();
}

static int
hook_cleanup(void)
{
	int ret;

	if (cleanup_hooked)
		return 0;
	ret = sva_at_cleanup(close_all);
	cleanup_hooked = ret == 0;
	return ret;
}

static struct sva_device *
free_slot(void)
{
	unsigned int i;

	for (i = 0; i < SVA_MAX_DEVICES; i++) {
		struct sva_device *dev = &devices[(next_slot + i) % SVA_MAX_DEVICES];

		if (dev->driver == NULL) {
			next_slot = (unsigned int)(dev - devices + 1) % SVA_MAX_DEVICES;
			return dev;
		}
	}
	return NULL;
}

/* Bind and probe a device that has been opened in its container. */
static int
bring_up(struct sva_device *dev)
{
	const struct sva_driver *driver;
	int ret;

	driver = sva_driver_match(dev->bus_dev->vendor_id, dev->bus_dev->device_id);
	if (driver == NULL || strcmp(driver->dev_class, "accel") != 0) {
		SVA_LOG(ERR, "%s: no driver for %04x:%04x", dev->bus_dev->name,
			dev->bus_dev->vendor_id, dev->bus_dev->device_id);
		return -ENODEV;
	}
	ret = sva_bind(dev->container, dev->pid, &dev->pasid);
	if (ret != 0) {
		SVA_LOG(ERR, "%s: cannot bind process %d: %s", dev->bus_dev->name,
			(int)dev->pid, strerror(-ret));
		return ret;
	}
	dev->driver = (const struct sva_accel_driver *)driver;
	ret = dev->driver->ops->probe(dev);
	if (ret != 0) {
		dev->driver = NULL;
		if (dev->own_container)
			sva_unbind(dev->container, dev->pid);
	}
	return ret;
}

static int
open_one(const char *spec, const struct sva_device_conf *conf, struct sva_device **out)
{
	struct sva_device *dev = free_slot();
	char bus[32] = "";
	int ret;

	if (dev == NULL) {
		SVA_LOG(ERR, "%s: %d devices are open, the most there can be", spec,
			SVA_MAX_DEVICES);
		return -ENFILE;
	}
	memset(dev, 0, sizeof(*dev));
	dev->pid = conf->pid;
	dev->nb_queues = conf->queues;
	dev->container = conf->container;
	dev->own_container = conf->container == NULL;
	if (dev->own_container) {
		size_t len = strcspn(spec, ":,");

		if (len < sizeof(bus))
			memcpy(bus, spec, len);
		if (spec[len] != ':' || len == 0 || len >= sizeof(bus)) {
			SVA_LOG(ERR, "\"%s\" is not a device: BUS:NAME, for example emu:dsa",
				spec);
			return -EINVAL;
		}
		ret = sva_container_create(bus, &dev->container);
		if (ret != 0)
			return ret;
	}
	ret = sva_container_open_device(dev->container, spec, &dev->bus_dev);
	if (ret == 0) {
		ret = bring_up(dev);
		if (ret == 0) {
			*out = dev;
			return 0;
		}
		sva_bus_device_close(dev->bus_dev);
	}
	if (dev->own_container)
		sva_container_destroy(dev->container);
	return ret;
}

/* Names that a scan gave; they are opened after it, as it holds a lock. */
struct auto_names {
	char names[SVA_MAX_DEVICES][64];
	unsigned int n;
};

static void
auto_found(const struct sva_bus_found *found, void *arg)
{
	struct auto_names *list = arg;

	if (found->problem != NULL)
		SVA_LOG(INFO, "auto: not %s: %s", found->name, found->problem);
	else if (sva_driver_match(found->vendor_id, found->device_id) != NULL &&
		 list->n < SVA_MAX_DEVICES)
		memcpy(list->names[list->n++], found->name, sizeof(found->name));
}

static int
open_scanned(const struct sva_device_conf *conf, struct sva_device **out)
{
	struct auto_names list = { .n = 0 };
	const struct sva_bus *bus;
	unsigned int i, j;
	int ret = -ENODEV;

	for (i = 0; ret != 0 && (bus = sva_bus_get(i)) != NULL; i++) {
		list.n = 0;
		if (sva_bus_scan(bus, auto_found, &list) != 0)
			SVA_LOG(INFO, "auto: bus %s cannot be scanned", bus->name);
		for (j = 0; ret != 0 && j < list.n; j++)
			ret = open_one(list.names[j], conf, out);
	}
	return ret;
}

static bool
is_model(const struct sva_device *dev)
{
	return dev->bus_dev->bus->emulated || dev->bus_dev->emulated;
}

/* The first allowed device, or without an allow list the first that opens. */
static int
open_auto(const struct sva_device_conf *conf, struct sva_device **out)
{
	const char *spec;
	unsigned int i;
	int ret = -ENODEV;

	if (sva_eal_allowed(0) != NULL) {
		for (i = 0; ret != 0 && (spec = sva_eal_allowed(i)) != NULL; i++)
			ret = open_one(spec, conf, out);
	} else {
		ret = open_scanned(conf, out);
	}
	if (ret == 0)
		SVA_LOG(NOTICE, "auto: using %s%s", (*out)->bus_dev->name,
			is_model(*out) ? ", a device model in software" : "");
	else
		SVA_LOG(ERR, "auto: no device can be opened");
	return ret;
}

int
sva_device_open_conf(const char *spec, const struct sva_device_conf *conf,
		     struct sva_device **dev)
{
	const struct sva_device_conf defaults = { 0 };
	int ret;

	if (spec == NULL || dev == NULL)
		return -EINVAL;
	if (conf == NULL)
		conf = &defaults;
	if (conf->pid < 0 || conf->queues > SVA_MAX_QUEUES)
		return -EINVAL;
	accel_lock();
	ret = sva_eal_ready() ? 0 : sva_eal_setup(NULL);
	if (ret == 0)
		ret = hook_cleanup();
	if (ret == 0)
		accel_telemetry();
	if (ret == 0)
		ret = strcmp(spec, "auto") == 0 ? open_auto(conf, dev) :
						  open_one(spec, conf, dev);
	accel_unlock();
	return ret;
}

int
sva_device_open(const char *spec, struct sva_device **dev)
{
	return sva_device_open_conf(spec, NULL, dev);
}

/* Lock and check a handle; with 0 the lock is held. */
static int
enter(struct sva_device *dev)
{
	if (dev == NULL)
		return -EINVAL;
	accel_lock();
	if (accel_device_open(dev))
		return 0;
	accel_unlock();
	return -ENODEV;
}

int
sva_device_close(struct sva_device *dev)
{
	int ret = enter(dev);

	if (ret != 0)
		return ret;
	ret = device_close(dev);
	accel_unlock();
	return ret;
}

void
accel_device_info(const struct sva_device *dev, struct sva_device_info *info)
{
	unsigned int i;

	memset(info, 0, sizeof(*info));
	snprintf(info->name, sizeof(info->name), "%s", dev->bus_dev->name);
	info->driver = dev->driver->base.name;
	info->vendor_id = dev->bus_dev->vendor_id;
	info->device_id = dev->bus_dev->device_id;
	info->numa_node = dev->bus_dev->numa_node;
	info->pasid = dev->pasid;
	info->pid = dev->pid;
	info->queues = dev->nb_queues;
	info->max_transfer = dev->max_transfer;
	info->max_batch = dev->max_batch;
	info->wq_size = dev->wq_size;
	info->ops = dev->ops;
	info->emulated = is_model(dev);
	info->block_on_fault = dev->block_on_fault;
	info->shared = dev->shared;
	for (i = 0; i < SVA_MAX_QUEUES; i++)
		info->queues_open += dev->queues[i] != NULL;
}

int
sva_device_info(struct sva_device *dev, struct sva_device_info *info)
{
	int ret;

	if (info == NULL)
		return -EINVAL;
	ret = enter(dev);
	if (ret != 0)
		return ret;
	accel_device_info(dev, info);
	accel_unlock();
	return 0;
}

int
sva_device_model_time(struct sva_device *dev, uint64_t *ns)
{
	const struct sva_bus_ops *ops;
	uint64_t now = UINT64_MAX;
	int ret;

	if (ns == NULL)
		return -EINVAL;
	ret = enter(dev);
	if (ret != 0)
		return ret;
	ops = dev->bus_dev->bus->ops;
	if (ops->model_time != NULL)
		now = ops->model_time(dev->bus_dev);
	accel_unlock();
	if (now == UINT64_MAX)
		return -EOPNOTSUPP;
	*ns = now;
	return 0;
}

int
sva_device_reset(struct sva_device *dev)
{
	int ret = enter(dev);

	if (ret != 0)
		return ret;
	ret = dev->driver->ops->reset(dev);
	accel_unlock();
	return ret;
}

int
sva_device_on_event(struct sva_device *dev, sva_event_fn fn, void *arg)
{
	int ret = enter(dev);

	if (ret != 0)
		return ret;
	dev->event_fn = fn;
	dev->event_arg = arg;
	accel_unlock();
	return 0;
}

int
sva_device_event_fd(struct sva_device *dev)
{
	int ret = enter(dev);

	if (ret != 0)
		return ret;
	ret = dev->driver->ops->event_fd == NULL ? -EOPNOTSUPP : dev->driver->ops->event_fd(dev);
	accel_unlock();
	return ret;
}

int
sva_device_handle_events(struct sva_device *dev)
{
	int ret = enter(dev);

	if (ret != 0)
		return ret;
	ret = dev->driver->ops->handle_events == NULL ? -EOPNOTSUPP :
		dev->driver->ops->handle_events(dev);
	accel_unlock();
	return ret;
}

void
sva_accel_event(struct sva_device *dev, const struct sva_event *event)
{
	if (dev->event_fn != NULL)
		dev->event_fn(dev, event, dev->event_arg);
}

const char *
sva_status_name(enum sva_status status)
{
	switch (status) {
	case SVA_OK:
		return "ok";
	case SVA_MISMATCH:
		return "mismatch";
	case SVA_FAULT:
		return "page fault";
	case SVA_INVALID:
		return "invalid";
	case SVA_ABORTED:
		return "aborted";
	case SVA_HW_ERROR:
		return "hardware error";
	case SVA_DELTA_ERROR:
		return "delta error";
	case SVA_DIF_ERROR:
		return "DIF error";
	}
	return "unknown";
}

const char *
sva_op_name(enum sva_opcode op)
{
	return (unsigned int)op < SVA_NB_OPS ? op_names[op] : "unknown";
}

int
sva_op_parse(const char *name)
{
	int i;

	for (i = 0; name != NULL && i < SVA_NB_OPS; i++)
		if (strcmp(name, op_names[i]) == 0)
			return i;
	return -EINVAL;
}
