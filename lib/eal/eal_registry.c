/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Registries of buses and device drivers.
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "eal_private.h"

#define MAX_BUSES 16
#define MAX_DRIVERS 64

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct sva_bus *buses[MAX_BUSES];	/* most preferred first */
static unsigned int nb_buses;
static const struct sva_driver *drivers[MAX_DRIVERS];
static unsigned int nb_drivers;

/* Short, lower case, and without what separates the parts of a specification. */
static bool
name_ok(const char *name)
{
	size_t i;

	if (name == NULL || name[0] == '\0' || strlen(name) > 31)
		return false;
	for (i = 0; name[i] != '\0'; i++) {
		unsigned char c = (unsigned char)name[i];

		if (!islower(c) && !isdigit(c) && c != '_' && c != '-')
			return false;
	}
	return true;
}

/* What the EAL itself calls; the rest is between a bus and its device drivers. */
static bool
ops_ok(const struct sva_bus_ops *ops)
{
	return ops != NULL && ops->scan != NULL && ops->container_create != NULL &&
		ops->container_destroy != NULL && ops->open != NULL && ops->close != NULL &&
		ops->bind != NULL && ops->unbind != NULL && ops->info != NULL;
}

static const struct sva_bus *
find_bus(const char *name)
{
	unsigned int i;

	for (i = 0; i < nb_buses; i++) {
		if (strcmp(buses[i]->name, name) == 0)
			return buses[i];
	}
	return NULL;
}

static int
add_bus(const struct sva_bus *bus)
{
	unsigned int i;

	if (find_bus(bus->name) != NULL)
		return -EEXIST;
	if (nb_buses == MAX_BUSES)
		return -ENOMEM;
	for (i = nb_buses; i > 0 && buses[i - 1]->preference < bus->preference; i--)
		buses[i] = buses[i - 1];
	buses[i] = bus;
	nb_buses++;
	return 0;
}

int
sva_bus_register(const struct sva_bus *bus)
{
	int ret;

	if (bus == NULL || !name_ok(bus->name) || !ops_ok(bus->ops))
		return -EINVAL;
	pthread_mutex_lock(&mutex);
	ret = add_bus(bus);
	pthread_mutex_unlock(&mutex);
	return ret;
}

static int
remove_bus(const struct sva_bus *bus)
{
	unsigned int i;

	for (i = 0; i < nb_buses && buses[i] != bus; i++)
		;
	if (i == nb_buses)
		return -ENOENT;
	if (eal_bind_bus_used(bus))
		return -EBUSY;
	for (nb_buses--; i < nb_buses; i++)
		buses[i] = buses[i + 1];
	return 0;
}

int
sva_bus_unregister(const struct sva_bus *bus)
{
	int ret;

	/* The lock that sva_container_create() looks the bus up under. */
	eal_bind_lock();
	pthread_mutex_lock(&mutex);
	ret = remove_bus(bus);
	pthread_mutex_unlock(&mutex);
	eal_bind_unlock();
	return ret;
}

const struct sva_bus *
sva_bus_get(unsigned int i)
{
	const struct sva_bus *bus;

	pthread_mutex_lock(&mutex);
	bus = i < nb_buses ? buses[i] : NULL;
	pthread_mutex_unlock(&mutex);
	return bus;
}

const struct sva_bus *
sva_bus_find(const char *name)
{
	const struct sva_bus *bus;

	if (name == NULL)
		return NULL;
	pthread_mutex_lock(&mutex);
	bus = find_bus(name);
	pthread_mutex_unlock(&mutex);
	return bus;
}

int
sva_bus_scan(const struct sva_bus *bus, sva_bus_found_fn found, void *arg)
{
	unsigned int i;
	int ret = -ENODEV;

	if (bus == NULL || found == NULL)
		return -EINVAL;
	eal_bind_lock();
	for (i = 0; sva_bus_get(i) != NULL; i++) {
		if (sva_bus_get(i) == bus)
			ret = bus->ops->scan(found, arg);
	}
	eal_bind_unlock();
	return ret;
}

static int
add_driver(const struct sva_driver *driver)
{
	unsigned int i;

	for (i = 0; i < nb_drivers; i++) {
		if (strcmp(drivers[i]->name, driver->name) == 0)
			return -EEXIST;
	}
	if (nb_drivers == MAX_DRIVERS)
		return -ENOMEM;
	drivers[nb_drivers++] = driver;
	return 0;
}

int
sva_driver_register(const struct sva_driver *driver)
{
	int ret;

	if (driver == NULL || !name_ok(driver->name) || driver->dev_class == NULL ||
	    driver->ids == NULL)
		return -EINVAL;
	pthread_mutex_lock(&mutex);
	ret = add_driver(driver);
	pthread_mutex_unlock(&mutex);
	return ret;
}

int
sva_driver_unregister(const struct sva_driver *driver)
{
	unsigned int i;
	int ret = -ENOENT;

	pthread_mutex_lock(&mutex);
	for (i = 0; i < nb_drivers && drivers[i] != driver; i++)
		;
	if (i < nb_drivers) {
		for (nb_drivers--; i < nb_drivers; i++)
			drivers[i] = drivers[i + 1];
		ret = 0;
	}
	pthread_mutex_unlock(&mutex);
	return ret;
}

const struct sva_driver *
sva_driver_get(unsigned int i)
{
	const struct sva_driver *driver;

	pthread_mutex_lock(&mutex);
	driver = i < nb_drivers ? drivers[i] : NULL;
	pthread_mutex_unlock(&mutex);
	return driver;
}

const struct sva_driver *
sva_driver_match(uint16_t vendor, uint16_t device)
{
	const struct sva_driver *match = NULL;
	const struct sva_pci_id *id;
	unsigned int i;

	pthread_mutex_lock(&mutex);
	for (i = 0; i < nb_drivers && match == NULL; i++) {
		for (id = drivers[i]->ids; id->vendor != 0; id++) {
			if (id->vendor == vendor && id->device == device)
				match = drivers[i];
		}
	}
	pthread_mutex_unlock(&mutex);
	return match;
}
