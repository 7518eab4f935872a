/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A bus without devices behind it: it keeps the rules of sva_bind.h in tables and counts
 * what is alive. Included once by each program or plugin that uses it.
 */
#ifndef TEST_EAL_FAKE_H
#define TEST_EAL_FAKE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva_bus.h>
#include <sva_driver.h>

#define FAKE_VENDOR 0xfa4e
#define FAKE_DEVICE 0x0001

struct fake_container {
	struct sva_container base;
	pid_t bonds[2];
	unsigned int nb_bonds;
};

static int fake_containers;	/* alive */
static int fake_devices;	/* alive */
static int fake_open_error;	/* returned by open */
static int fake_create_error;	/* returned by container_create */
static uint64_t fake_size;	/* devarg of the last open */

static int
fake_scan(sva_bus_found_fn found, void *arg)
{
	struct sva_bus_found f = { .name = "fake:dev0", .vendor_id = FAKE_VENDOR,
				   .device_id = FAKE_DEVICE, .numa_node = -1 };

	found(&f, arg);
	return 0;
}

static int
fake_container_create(struct sva_container **container)
{
	struct fake_container *c;

	if (fake_create_error != 0)
		return fake_create_error;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	fake_containers++;
	*container = &c->base;
	return 0;
}

static void
fake_container_destroy(struct sva_container *container)
{
	fake_containers--;
	free(container);
}

static int
fake_open(struct sva_container *container, const char *name, struct sva_devargs *args,
	  struct sva_bus_device **dev)
{
	struct sva_bus_device *d;
	int ret;

	(void)container;
	if (fake_open_error != 0)
		return fake_open_error;
	if (strncmp(name, "dev", 3) != 0)
		return -ENODEV;
	ret = sva_devargs_u64(args, "size", 1, 1 << 20, &fake_size);
	if (ret != 0)
		return ret;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return -ENOMEM;
	d->vendor_id = FAKE_VENDOR;
	d->device_id = FAKE_DEVICE;
	d->numa_node = -1;
	fake_devices++;
	*dev = d;
	return 0;
}

static void
fake_close(struct sva_bus_device *dev)
{
	fake_devices--;
	free(dev);
}

static int
fake_bind(struct sva_container *container, pid_t pid, uint32_t *pasid)
{
	struct fake_container *c = (struct fake_container *)container;
	unsigned int i;

	for (i = 0; i < c->nb_bonds && c->bonds[i] != pid; i++)
		;
	if (i == 2)
		return -ENOSPC;
	if (i == c->nb_bonds)
		c->bonds[c->nb_bonds++] = pid;
	*pasid = 100 + i;
	return 0;
}

static int
fake_unbind(struct sva_container *container, pid_t pid)
{
	struct fake_container *c = (struct fake_container *)container;

	if (c->nb_bonds == 0 || c->bonds[c->nb_bonds - 1] != pid)
		return -ESRCH;
	c->nb_bonds--;
	return 0;
}

static void
fake_info(struct sva_container *container, struct sva_container_info *info)
{
	info->bonds = ((struct fake_container *)container)->nb_bonds;
	info->max_bonds = 2;
	info->pasid_bits = 20;
}

static const struct sva_bus_ops fake_ops = {
	.scan = fake_scan,
	.container_create = fake_container_create,
	.container_destroy = fake_container_destroy,
	.open = fake_open,
	.close = fake_close,
	.bind = fake_bind,
	.unbind = fake_unbind,
	.info = fake_info,
};

static const char *const fake_params[] = { "size=BYTES", "mode=slow|fast", NULL };

static const struct sva_pci_id fake_ids[] = { { FAKE_VENDOR, FAKE_DEVICE }, { 0, 0 } };
static const char *const fake_driver_params[] = { "queues=1..8", NULL };

#endif
