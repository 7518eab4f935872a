/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Devices: find, open, look at, reset, close.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sva_eal.h>

#include "testsva.h"

struct ts_device ts_devices[TS_MAX_DEVICES];

struct ts_device *
ts_find_device(const char *text)
{
	unsigned int i;

	for (i = 0; i < TS_MAX_DEVICES; i++)
		if (ts_devices[i].dev != NULL && strcmp(ts_devices[i].name, text) == 0)
			return &ts_devices[i];
	ts_error("there is no open device '%s': see show devices", text);
	return NULL;
}

/* ---- open and close ---- */

/* The container that a device is in: one that was made for it gets an entry as well. */
static struct ts_container *
find_container(struct sva_container *c)
{
	struct ts_container *unused = NULL;
	unsigned int i;

	for (i = 0; i < TS_MAX_CONTAINERS; i++) {
		if (ts_containers[i].c == c)
			return &ts_containers[i];
		if (ts_containers[i].c == NULL && unused == NULL)
			unused = &ts_containers[i];
	}
	if (unused != NULL)
		*unused = (struct ts_container){ .c = c };
	return unused;
}

static int
take(struct ts_device *device, struct sva_device *dev)
{
	struct sva_device_info info;

	device->container = find_container(dev->container);
	if (device->container == NULL || sva_device_info(dev, &info) != 0 ||
	    sva_device_on_event(dev, ts_on_event, device) != 0) {
		sva_device_close(dev);
		return ts_error("open: there are %d containers, the most there can be",
				TS_MAX_CONTAINERS);
	}
	memcpy(device->name, info.name, sizeof(device->name));
	device->dev = dev;
	device->gone = device->held = false;
	device->event_fd = sva_device_event_fd(dev);
	ts_bond_changed(device->container, dev->pid, dev->pasid);
	printf("%s: open, driver %s, PASID %u, %u queues\n", device->name, info.driver,
	       info.pasid, info.queues);
	return 0;
}

static int
open_device(const char *spec, const struct sva_device_conf *conf)
{
	struct ts_device *device = ts_devices;
	struct sva_device *dev;
	int ret;

	while (device < ts_devices + TS_MAX_DEVICES && device->dev != NULL)
		device++;
	if (device == ts_devices + TS_MAX_DEVICES)
		return ts_error("open: %d devices are open, the most there can be",
				TS_MAX_DEVICES);
	ret = sva_device_open_conf(spec, conf, &dev);
	if (ret != 0)
		return ts_error("open: '%s' cannot be opened: %s: see the log, and show devices",
				spec, strerror(-ret));
	return take(device, dev);
}

int
ts_open_allowed(void)
{
	const struct sva_device_conf conf = { 0 };
	const char *spec;
	unsigned int i;
	int ret = 0;

	for (i = 0; (spec = sva_eal_allowed(i)) != NULL; i++)
		ret |= open_device(spec, &conf);
	return ret;
}

int
ts_open_any(void)
{
	const struct sva_device_conf conf = { 0 };
	unsigned int i;

	for (i = 0; i < TS_MAX_DEVICES; i++)
		if (ts_devices[i].dev != NULL)
			return 0;
	/* Those that are allowed have been tried. */
	return sva_eal_allowed(0) == NULL ? open_device("auto", &conf) : -1;
}

static int
cmd_open(const struct ts_words *words)
{
	const char *container = ts_key(words, 2, "container"), *pid = ts_key(words, 2, "pid");
	const char *queues = ts_key(words, 2, "queues");
	struct sva_device_conf conf = { 0 };
	uint64_t value;

	if (container != NULL) {
		if (ts_number("open: container", container, 0, TS_MAX_CONTAINERS - 1, &value) != 0)
			return -1;
		if (ts_containers[value].c == NULL)
			return ts_error("open: there is no container %s: see show containers",
					container);
		/* It would be gone with its device. */
		if (!ts_containers[value].own)
			return ts_error("open: container %s belongs to its device: make one with "
					"container create", container);
		conf.container = ts_containers[value].c;
	}
	if (pid != NULL) {
		if (ts_number("open: pid", pid, 1, INT32_MAX, &value) != 0)
			return -1;
		conf.pid = (pid_t)value;
	}
	if (queues != NULL) {
		if (ts_number("open: queues", queues, 1, SVA_MAX_QUEUES, &value) != 0)
			return -1;
		conf.queues = (unsigned int)value;
	}
	return open_device(words->w[1], &conf);
}

static int
close_device(struct ts_device *device)
{
	struct ts_container *c = device->container;
	bool gone = device->gone;
	unsigned int i;
	int ret;

	for (i = 0; i < TS_MAX_QUEUES; i++)
		if (ts_queues[i].device == device)
			ts_queue_forget(&ts_queues[i]);
	ret = sva_device_close(device->dev);
	device->dev = NULL;
	if (!c->own)
		*c = (struct ts_container){ .c = NULL };
	/* A device that is gone could not be told to stop, which is known. */
	if (ret != 0 && !(gone && ret == -EIO))
		return ts_error("close: %s did not close cleanly: %s: see the log", device->name,
				strerror(-ret));
	printf("%s: closed\n", device->name);
	return 0;
}

static int
cmd_close(const struct ts_words *words)
{
	struct ts_device *device = ts_find_device(words->w[1]);

	if (device == NULL || ts_idle("close", device, NULL) != 0)
		return -1;
	return close_device(device);
}

static int
cmd_reset(const struct ts_words *words)
{
	struct ts_device *device = ts_find_device(words->w[1]);
	int ret;

	if (device == NULL || ts_idle("reset", device, NULL) != 0)
		return -1;
	ret = sva_device_reset(device->dev);
	if (ret != 0)
		return ts_error("reset: %s: %s: see the log", device->name, strerror(-ret));
	device->gone = false;
	printf("%s: reset\n", device->name);
	return 0;
}

int
ts_close_all(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < TS_MAX_DEVICES; i++)
		if (ts_devices[i].dev != NULL)
			ret |= close_device(&ts_devices[i]);
	for (i = 0; i < TS_MAX_CONTAINERS; i++) {
		if (ts_containers[i].c != NULL)
			sva_container_destroy(ts_containers[i].c);
		ts_containers[i].c = NULL;
	}
	return ret;
}

/* ---- show ---- */

static bool
is_open(const char *name)
{
	unsigned int i;

	for (i = 0; i < TS_MAX_DEVICES; i++)
		if (ts_devices[i].dev != NULL && strcmp(ts_devices[i].name, name) == 0)
			return true;
	return false;
}

static void
found(const struct sva_bus_found *f, void *arg)
{
	bool *others = arg;

	if (is_open(f->name))
		return;
	if (!*others)
		puts("found besides:");
	*others = true;
	printf("  %s (%04x:%04x)%s%s\n", f->name, f->vendor_id, f->device_id,
	       f->problem != NULL ? ": cannot be opened: " : "",
	       f->problem != NULL ? f->problem : "");
}

static int
show_devices(const struct ts_words *words)
{
	bool any = false, others = false;
	const struct sva_bus *bus;
	unsigned int i;
	int ret = 0;

	(void)words;
	for (i = 0; i < TS_MAX_DEVICES; i++) {
		struct sva_device_info info;

		if (ts_devices[i].dev == NULL || sva_device_info(ts_devices[i].dev, &info) != 0)
			continue;
		if (!any)
			puts("open:");
		any = true;
		printf("  %s (%04x:%04x), driver %s, PASID %u%s, container %d, %u of %u queues "
		       "open%s\n", info.name, info.vendor_id, info.device_id, info.driver,
		       info.pasid, ts_bond_state(&ts_devices[i]),
		       (int)(ts_devices[i].container - ts_containers), info.queues_open,
		       info.queues, ts_devices[i].gone ? ", stopped" : "");
	}
	if (!any)
		puts("no device is open");
	for (i = 0; (bus = sva_bus_get(i)) != NULL; i++)
		if (sva_bus_scan(bus, found, &others) != 0)
			ret = ts_error("bus %s: cannot be scanned: see the log", bus->name);
	return ret;
}

static int
show_info(const struct ts_words *words)
{
	struct ts_device *device = ts_find_device(words->w[2]);
	struct sva_container_info container;
	struct sva_device_info info;
	unsigned int op;

	if (device == NULL)
		return -1;
	if (sva_device_info(device->dev, &info) != 0 ||
	    sva_container_info(device->container->c, &container) != 0)
		return ts_error("show info: %s does not answer", device->name);
	printf("%s (%04x:%04x), driver %s, NUMA node %d%s\n", info.name, info.vendor_id,
	       info.device_id, info.driver, info.numa_node,
	       info.emulated ? ", emulated: its speed says nothing about hardware" : "");
	printf("  binding: PASID %u of %u bits, process %d%s\n", info.pasid,
	       container.pasid_bits, (int)info.pid, ts_bond_state(device));
	printf("  page faults: %s\n", info.block_on_fault ?
	       "the device waits for the page" : "the driver makes the page present and resumes");
	printf("  work queues: %u %s, %u descriptors each, %u open\n", info.queues,
	       info.shared ? "shared" : "dedicated", info.wq_size, info.queues_open);
	printf("  largest transfer %" PRIu64 " bytes, largest batch %u operations\n",
	       info.max_transfer, info.max_batch);
	printf("  operations:");
	for (op = 0; op < SVA_NB_OPS; op++)
		if (info.ops >> op & 1)
			printf(" %s", sva_op_name((enum sva_opcode)op));
	putchar('\n');
	return 0;
}

static const struct ts_command commands[] = {
	{ "show devices", "List open devices, and those that a scan of the buses finds.",
	  show_devices },
	{ "show info DEVICE", "Show what a device is and can do, and its PASID.", show_info },
	{ "open SPEC [container=CONTAINER pid=N queues=N]",
	  "Open BUS:NAME[,DEVARG=VALUE...] and bind a process to it, testsva without pid.",
	  cmd_open },
	{ "close DEVICE", "Close a device and its queues.", cmd_close },
	{ "reset DEVICE", "Reset a device; its queues stay open.", cmd_reset },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_device_section = { "devices", commands };
