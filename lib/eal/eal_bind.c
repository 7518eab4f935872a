/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Containers and bonds: what is the same for every bus.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sva_log.h>

#include "eal_private.h"
#include "eal_telemetry.h"

SVA_LOG_COMPONENT(eal);

/* Around the lists and every operation of a bus. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct sva_container *containers;

void
eal_bind_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void
eal_bind_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

bool
eal_bind_bus_used(const struct sva_bus *bus)
{
	const struct sva_container *c;

	for (c = containers; c != NULL; c = c->next) {
		if (c->bus == bus)
			return true;
	}
	return false;
}

/* What points to the container in the list, or NULL: callers may pass any pointer. */
static struct sva_container **
find_container(const struct sva_container *container)
{
	struct sva_container **p;

	for (p = &containers; *p != NULL; p = &(*p)->next) {
		if (*p == container)
			return p;
	}
	return NULL;
}

/* The same for a device, which may be in any container. */
static struct sva_bus_device **
find_device(const struct sva_bus_device *dev, struct sva_container **container)
{
	struct sva_bus_device **p;
	struct sva_container *c;

	for (c = containers; c != NULL; c = c->next) {
		for (p = &c->devices; *p != NULL; p = &(*p)->next) {
			if (*p == dev) {
				*container = c;
				return p;
			}
		}
	}
	return NULL;
}

static bool
is_open(const char *name)
{
	const struct sva_container *c;
	const struct sva_bus_device *d;

	for (c = containers; c != NULL; c = c->next) {
		for (d = c->devices; d != NULL; d = d->next) {
			if (strcmp(d->name, name) == 0)
				return true;
		}
	}
	return false;
}

bool
sva_container_valid(const struct sva_container *container)
{
	bool valid;

	eal_bind_lock();
	valid = find_container(container) != NULL;
	eal_bind_unlock();
	return valid;
}

static int
create_locked(const char *name, struct sva_container **container)
{
	const struct sva_bus *bus = sva_bus_find(name);
	struct sva_container *c;
	int ret;

	if (bus == NULL) {
		SVA_LOG(ERR, "there is no bus called \"%s\"", name);
		return -ENODEV;
	}
	ret = bus->ops->container_create(&c);
	if (ret != 0)
		return ret;
	c->bus = bus;
	c->devices = NULL;
	c->nb_devices = 0;
	c->next = containers;
	containers = c;
	*container = c;
	return 0;
}

int
sva_container_create(const char *bus, struct sva_container **container)
{
	int ret;

	if (bus == NULL || container == NULL)
		return -EINVAL;
	if (!eal_active()) {
		SVA_LOG(ERR, "no container on bus \"%s\": SVADK is not initialised", bus);
		return -ENODEV;
	}
	eal_bind_lock();
	ret = create_locked(bus, container);
	eal_bind_unlock();
	return ret;
}

static void
destroy_locked(struct sva_container **p)
{
	struct sva_container *c = *p;

	*p = c->next;
	c->bus->ops->container_destroy(c);
}

int
sva_container_destroy(struct sva_container *container)
{
	struct sva_container **p;
	int ret = 0;

	eal_bind_lock();
	p = find_container(container);
	if (p == NULL)
		ret = -EINVAL;
	else if (container->nb_devices != 0)
		ret = -EBUSY;
	else
		destroy_locked(p);
	eal_bind_unlock();
	return ret;
}

/* The driver of a device is known only once the bus has opened it and read its ids. */
static int
check_args(const struct sva_bus *bus, const struct sva_bus_device *dev,
	   const struct sva_devargs *args)
{
	const struct sva_driver *driver = sva_driver_match(dev->vendor_id, dev->device_id);

	return eal_devargs_check(args, bus->params, driver != NULL ? driver->params : NULL);
}

static int
open_with_args(struct sva_container *c, const struct eal_spec *spec,
	       struct sva_devargs *args, struct sva_bus_device **dev)
{
	const struct sva_bus *bus = c->bus;
	struct sva_bus_device *d;
	int ret;

	ret = bus->ops->open(c, spec->name, args, &d);
	if (ret != 0)
		return ret;
	d->bus = bus;
	d->container = c;
	d->args = args;
	snprintf(d->name, sizeof(d->name), "%s:%s", spec->bus, spec->name);
	ret = check_args(bus, d, args);
	if (ret != 0) {
		bus->ops->close(d);
		return ret;
	}
	d->next = c->devices;
	c->devices = d;
	c->nb_devices++;
	*dev = d;
	return 0;
}

static int
open_locked(struct sva_container *c, struct eal_spec *spec, struct sva_bus_device **dev)
{
	struct sva_devargs *args;
	char name[sizeof((*dev)->name)];
	int ret;

	if (find_container(c) == NULL)
		return -EINVAL;
	if (strcmp(spec->bus, c->bus->name) != 0) {
		SVA_LOG(ERR, "device %s:%s cannot go into a container of bus %s", spec->bus,
			spec->name, c->bus->name);
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%s:%s", spec->bus, spec->name);
	if (is_open(name)) {
		SVA_LOG(ERR, "device %s is open already", name);
		return -EBUSY;
	}
	ret = eal_devargs_create(spec, &args);
	if (ret != 0)
		return ret;
	ret = open_with_args(c, spec, args, dev);
	if (ret != 0)
		eal_devargs_free(args);
	return ret;
}

int
sva_container_open_device(struct sva_container *container, const char *text,
			  struct sva_bus_device **dev)
{
	struct eal_spec spec;
	int ret;

	if (container == NULL || text == NULL || dev == NULL)
		return -EINVAL;
	ret = eal_spec_parse(text, &spec);
	if (ret != 0)
		return ret;
	eal_bind_lock();
	ret = open_locked(container, &spec, dev);
	eal_bind_unlock();
	eal_spec_free(&spec);
	return ret;
}

static void
close_locked(struct sva_container *c, struct sva_bus_device **p)
{
	struct sva_bus_device *dev = *p;
	struct sva_devargs *args = dev->args;

	*p = dev->next;
	c->nb_devices--;
	c->bus->ops->close(dev);
	eal_devargs_free(args);
}

int
sva_bus_device_close(struct sva_bus_device *dev)
{
	struct sva_bus_device **p;
	struct sva_container *c;
	int ret = 0;

	eal_bind_lock();
	p = find_device(dev, &c);
	if (p == NULL)
		ret = -EINVAL;
	else
		close_locked(c, p);
	eal_bind_unlock();
	return ret;
}

int
sva_bind(struct sva_container *container, pid_t pid, uint32_t *pasid)
{
	int ret = -EINVAL;

	if (pasid == NULL || pid < 0)
		return -EINVAL;
	eal_bind_lock();
	if (find_container(container) != NULL && container->nb_devices != 0)
		ret = container->bus->ops->bind(container, pid, pasid);
	eal_bind_unlock();
	return ret;
}

int
sva_unbind(struct sva_container *container, pid_t pid)
{
	int ret = -EINVAL;

	if (pid < 0)
		return -EINVAL;
	eal_bind_lock();
	if (find_container(container) != NULL)
		ret = container->bus->ops->unbind(container, pid);
	eal_bind_unlock();
	return ret;
}

static void
info_locked(struct sva_container *c, struct sva_container_info *info)
{
	memset(info, 0, sizeof(*info));
	info->bus = c->bus->name;
	info->devices = c->nb_devices;
	c->bus->ops->info(c, info);
}

int
sva_container_info(struct sva_container *container, struct sva_container_info *info)
{
	int ret = -EINVAL;

	if (info == NULL)
		return -EINVAL;
	eal_bind_lock();
	if (find_container(container) != NULL) {
		info_locked(container, info);
		ret = 0;
	}
	eal_bind_unlock();
	return ret;
}

int
eal_bind_show(struct eal_answer *answer, const char *params)
{
	struct sva_container_info info;
	struct sva_container *c;
	unsigned int n = 0;
	char name[32];

	(void)params;
	eal_answer_open(answer, NULL, false);
	eal_bind_lock();
	for (c = containers; c != NULL; c = c->next) {
		info_locked(c, &info);
		snprintf(name, sizeof(name), "container%u", n++);
		eal_answer_open(answer, name, false);
		eal_answer_string(answer, "bus", info.bus);
		eal_answer_uint(answer, "devices", info.devices);
		eal_answer_uint(answer, "bonds", info.bonds);
		eal_answer_uint(answer, "max_bonds", info.max_bonds);
		eal_answer_uint(answer, "pasid_bits", info.pasid_bits);
		eal_answer_uint(answer, "io_page_faults", info.io_page_faults != 0);
		eal_answer_close(answer);
	}
	eal_bind_unlock();
	eal_answer_close(answer);
	return 0;
}

void
eal_bind_cleanup(void)
{
	eal_bind_lock();
	while (containers != NULL) {
		while (containers->devices != NULL) {
			SVA_LOG(INFO, "closing device %s, left open", containers->devices->name);
			close_locked(containers, &containers->devices);
		}
		destroy_locked(&containers);
	}
	eal_bind_unlock();
}
