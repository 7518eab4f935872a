/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Ask buses and drivers what there is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva_eal.h>

#include "info.h"

static struct info_device *
add(struct info *info, const char *name, uint16_t vendor, uint16_t device, int numa_node)
{
	const struct sva_driver *driver = sva_driver_match(vendor, device);
	struct info_device *d;

	d = realloc(info->devices, (info->nb + 1) * sizeof(*d));
	if (d == NULL) {
		info_error("devices: out of memory for number %u", info->nb + 1);
		info->failed = true;
		return NULL;
	}
	info->devices = d;
	d = &info->devices[info->nb++];
	memset(d, 0, sizeof(*d));
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->vendor_id = vendor;
	d->device_id = device;
	d->numa_node = numa_node;
	d->driver = driver == NULL ? NULL : driver->name;
	return d;
}

static bool
has(const struct info *info, const char *name)
{
	unsigned int i;

	for (i = 0; i < info->nb; i++) {
		if (strcmp(info->devices[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Whether -a, if it was given, names the device. */
static bool
allowed(const char *name)
{
	size_t len = strlen(name);
	const char *spec;
	unsigned int i;

	for (i = 0; (spec = sva_eal_allowed(i)) != NULL; i++) {
		if (strncmp(spec, name, len) == 0 && (spec[len] == '\0' || spec[len] == ','))
			return true;
	}
	return i == 0;
}

static void
found(const struct sva_bus_found *f, void *arg)
{
	struct info_device *d = add(arg, f->name, f->vendor_id, f->device_id, f->numa_node);

	if (d == NULL)
		return;
	if (f->problem != NULL)
		snprintf(d->problem, sizeof(d->problem), "%s", f->problem);
	else if (d->driver == NULL)
		snprintf(d->problem, sizeof(d->problem),
			 "no driver for %04x:%04x: load one with -d",
			 f->vendor_id, f->device_id);
	else if (!allowed(f->name))
		snprintf(d->problem, sizeof(d->problem), "left out by -a: name it there as well");
}

/* Open a device for a moment, in a container of its own, and note what it can do. */
static int
look_inside(struct info_device *d)
{
	struct sva_device_conf conf = { 0 };
	struct sva_device *dev;
	char bus[sizeof(d->name)];
	int ret;

	snprintf(bus, sizeof(bus), "%.*s", (int)strcspn(d->name, ":"), d->name);
	ret = sva_container_create(bus, &conf.container);
	if (ret != 0)
		return ret;
	ret = sva_device_open_conf(d->name, &conf, &dev);
	if (ret == 0) {
		ret = sva_device_info(dev, &d->caps);
		if (ret == 0)
			ret = sva_container_info(conf.container, &d->container);
		d->opened = ret == 0;
		d->vendor_id = d->caps.vendor_id;
		d->device_id = d->caps.device_id;
		d->driver = d->caps.driver;
		sva_device_close(dev);
	}
	sva_container_destroy(conf.container);
	return ret;
}

/* Devices of -a that no scan has come across; their bus may know them all the same. */
static void
add_named(struct info *info)
{
	const char *spec;
	char name[64];
	unsigned int i;

	for (i = 0; (spec = sva_eal_allowed(i)) != NULL; i++) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(spec, ","), spec);
		if (!has(info, name))
			add(info, name, 0, 0, -1);
	}
}

void
info_collect(struct info *info, bool open)
{
	const struct sva_bus *bus;
	unsigned int i;
	int ret;

	for (i = 0; (bus = sva_bus_get(i)) != NULL; i++) {
		ret = sva_bus_scan(bus, found, info);
		if (ret != 0) {
			info_error("bus %s: cannot be scanned: %s: see the log", bus->name,
				   strerror(-ret));
			info->failed = true;
		}
	}
	add_named(info);
	for (i = 0; open && i < info->nb; i++) {
		struct info_device *d = &info->devices[i];

		if (d->problem[0] != '\0')
			continue;
		ret = look_inside(d);
		if (ret == 0)
			continue;
		snprintf(d->problem, sizeof(d->problem), "cannot be opened: %s: the log says why",
			 strerror(-ret));
		info->failed = info->failed || sva_eal_allowed(0) != NULL;
	}
}
