/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * What the telemetry shows of the class: /sva/devices, /sva/info, /sva/bonds and /sva/stats. A
 * queue's counters are read while its thread goes on: they need not all be of one moment, and
 * what is accepted or completed may be off by the queue's depth while its ring wraps.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <eal_telemetry.h>

#include "accel_private.h"

static int
show_devices(struct eal_answer *a, const char *params)
{
	const struct sva_device *dev;
	unsigned int i;

	(void)params;
	eal_answer_open(a, NULL, true);
	accel_lock();
	for (i = 0; (dev = accel_device_get(i)) != NULL; i++)
		eal_answer_string(a, NULL, dev->bus_dev->name);
	accel_unlock();
	eal_answer_close(a);
	return 0;
}

/* The device that a parameter names. Under the lock. */
static struct sva_device *
find(const char *name)
{
	struct sva_device *dev;
	unsigned int i;

	for (i = 0; (dev = accel_device_get(i)) != NULL; i++)
		if (strcmp(dev->bus_dev->name, name) == 0)
			return dev;
	return NULL;
}

/* The process that a device is bound to. */
static pid_t
process(pid_t pid)
{
	return pid != 0 ? pid : getpid();
}

static int
show_info(struct eal_answer *a, const char *params)
{
	const struct sva_device *dev;
	struct sva_device_info info;
	char id[16];
	int op;

	accel_lock();
	dev = find(params);
	if (dev != NULL)
		accel_device_info(dev, &info);
	accel_unlock();
	if (dev == NULL)
		return -ENODEV;
	eal_answer_open(a, NULL, false);
	eal_answer_string(a, "name", info.name);
	eal_answer_string(a, "driver", info.driver);
	snprintf(id, sizeof(id), "%04x:%04x", info.vendor_id, info.device_id);
	eal_answer_string(a, "id", id);
	eal_answer_int(a, "numa_node", info.numa_node);
	eal_answer_uint(a, "emulated", info.emulated);
	eal_answer_int(a, "pid", process(info.pid));
	eal_answer_uint(a, "pasid", info.pasid);
	eal_answer_uint(a, "queues", info.queues);
	eal_answer_uint(a, "queues_open", info.queues_open);
	eal_answer_uint(a, "wq_size", info.wq_size);
	eal_answer_uint(a, "max_transfer", info.max_transfer);
	eal_answer_uint(a, "max_batch", info.max_batch);
	eal_answer_uint(a, "block_on_fault", info.block_on_fault);
	eal_answer_uint(a, "shared", info.shared);
	eal_answer_open(a, "ops", true);
	for (op = 0; op < SVA_NB_OPS; op++)
		if ((info.ops & 1u << op) != 0)
			eal_answer_string(a, NULL, sva_op_name((enum sva_opcode)op));
	eal_answer_close(a);
	eal_answer_close(a);
	return 0;
}

static int
show_bonds(struct eal_answer *a, const char *params)
{
	const struct sva_device *dev;
	unsigned int i;
	char name[16];

	(void)params;
	eal_answer_open(a, NULL, false);
	accel_lock();
	for (i = 0; (dev = accel_device_get(i)) != NULL; i++) {
		snprintf(name, sizeof(name), "bond%u", i);
		eal_answer_open(a, name, false);
		eal_answer_string(a, "device", dev->bus_dev->name);
		eal_answer_int(a, "pid", process(dev->pid));
		eal_answer_uint(a, "pasid", dev->pasid);
		eal_answer_close(a);
	}
	accel_unlock();
	eal_answer_close(a);
	return 0;
}

static void
show_queue(struct eal_answer *a, struct sva_device *dev, unsigned int i)
{
	struct sva_queue_info info = { 0 };
	struct sva_queue_stats stats = { 0 };
	char name[16];

	dev->driver->ops->queue_info(dev->queues[i], &info);
	dev->driver->ops->queue_stats(dev->queues[i], &stats);
	snprintf(name, sizeof(name), "queue%u", i);
	eal_answer_open(a, name, false);
	eal_answer_uint(a, "depth", info.depth);
	eal_answer_uint(a, "used", info.used);
	eal_answer_uint(a, "accepted", stats.accepted);
	eal_answer_uint(a, "completed", stats.completed);
	eal_answer_uint(a, "failed", stats.failed);
	eal_answer_uint(a, "bytes", stats.bytes);
	eal_answer_uint(a, "doorbells", stats.doorbells);
	eal_answer_uint(a, "batches", stats.batches);
	eal_answer_uint(a, "faults", stats.faults);
	eal_answer_uint(a, "resumed", stats.resumed);
	eal_answer_close(a);
}

static int
show_stats(struct eal_answer *a, const char *params)
{
	struct sva_device *dev;
	unsigned int i;

	accel_lock();
	dev = find(params);
	if (dev != NULL) {
		eal_answer_open(a, NULL, false);
		for (i = 0; i < SVA_MAX_QUEUES; i++)
			if (dev->queues[i] != NULL)
				show_queue(a, dev, i);
		eal_answer_close(a);
	}
	accel_unlock();
	return dev != NULL ? 0 : -ENODEV;
}

void
accel_telemetry(void)
{
	static const struct eal_command commands[] = {
		{ "/sva/bonds", "Processes that devices are bound to, and PASIDs. No parameters",
		  show_bonds },
		{ "/sva/devices", "Names of the open devices. No parameters", show_devices },
		{ "/sva/info", "What a device is and can do. Parameters: its name", show_info },
		{ "/sva/stats", "Counters of a device's open queues. Parameters: its name",
		  show_stats },
	};
	static bool registered;

	if (registered)
		return;
	registered = true;
	eal_telemetry_register(commands, sizeof(commands) / sizeof(commands[0]));
}
