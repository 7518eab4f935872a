/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * What rte_telemetry shows of the class where a process has it: /sva/devices, /sva/info and
 * /sva/stats. A queue's counters are read while its thread goes on: each is right, all of them
 * together need not be of one moment.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include <sva_log.h>

#include "accel_private.h"

SVA_LOG_COMPONENT(accel.telemetry);

static void
add_number(struct rte_tel_data *dict, const char *name, uint64_t value)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	rte_tel_data_add_dict_uint(dict, name, value);
#else
	rte_tel_data_add_dict_u64(dict, name, value);
#endif
}

static int
show_devices(const char *cmd, const char *params, struct rte_tel_data *data)
{
	const struct sva_device *dev;
	unsigned int i;

	(void)cmd;
	(void)params;
	rte_tel_data_start_array(data, RTE_TEL_STRING_VAL);
	accel_lock();
	for (i = 0; (dev = accel_device_get(i)) != NULL; i++)
		rte_tel_data_add_array_string(data, dev->bus_dev->name);
	accel_unlock();
	return 0;
}

/* The device that a parameter names. Under the lock. */
static struct sva_device *
find(const char *name)
{
	struct sva_device *dev;
	unsigned int i;

	for (i = 0; name != NULL && (dev = accel_device_get(i)) != NULL; i++)
		if (strcmp(dev->bus_dev->name, name) == 0)
			return dev;
	return NULL;
}

static int
show_info(const char *cmd, const char *params, struct rte_tel_data *data)
{
	const struct sva_device *dev;
	struct sva_device_info info;
	char id[16];

	(void)cmd;
	accel_lock();
	dev = find(params);
	if (dev != NULL)
		accel_device_info(dev, &info);
	accel_unlock();
	if (dev == NULL)
		return -ENODEV;
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_string(data, "name", info.name);
	rte_tel_data_add_dict_string(data, "driver", info.driver);
	snprintf(id, sizeof(id), "%04x:%04x", info.vendor_id, info.device_id);
	rte_tel_data_add_dict_string(data, "id", id);
	rte_tel_data_add_dict_int(data, "numa_node", info.numa_node);
	rte_tel_data_add_dict_int(data, "emulated", info.emulated);
	rte_tel_data_add_dict_int(data, "pid", info.pid);
	add_number(data, "pasid", info.pasid);
	add_number(data, "queues", info.queues);
	add_number(data, "queues_open", info.queues_open);
	add_number(data, "wq_size", info.wq_size);
	add_number(data, "max_transfer", info.max_transfer);
	add_number(data, "max_batch", info.max_batch);
	rte_tel_data_add_dict_int(data, "block_on_fault", info.block_on_fault);
	rte_tel_data_add_dict_int(data, "shared", info.shared);
	return 0;
}

static void
add_queue(struct rte_tel_data *all, struct sva_device *dev, unsigned int i)
{
	struct rte_tel_data *data = rte_tel_data_alloc();
	struct sva_queue_info info = { 0 };
	struct sva_queue_stats stats = { 0 };
	char name[16];

	if (data == NULL)
		return;
	dev->driver->ops->queue_info(dev->queues[i], &info);
	dev->driver->ops->queue_stats(dev->queues[i], &stats);
	rte_tel_data_start_dict(data);
	add_number(data, "depth", info.depth);
	add_number(data, "used", info.used);
	add_number(data, "accepted", stats.accepted);
	add_number(data, "completed", stats.completed);
	add_number(data, "failed", stats.failed);
	add_number(data, "bytes", stats.bytes);
	add_number(data, "doorbells", stats.doorbells);
	add_number(data, "batches", stats.batches);
	add_number(data, "faults", stats.faults);
	add_number(data, "resumed", stats.resumed);
	snprintf(name, sizeof(name), "queue%u", i);
	if (rte_tel_data_add_dict_container(all, name, data, 0) != 0)
		rte_tel_data_free(data);
}

static int
show_stats(const char *cmd, const char *params, struct rte_tel_data *data)
{
	struct sva_device *dev;
	unsigned int i;

	(void)cmd;
	accel_lock();
	dev = find(params);
	if (dev != NULL) {
		rte_tel_data_start_dict(data);
		for (i = 0; i < dev->nb_queues; i++)
			if (dev->queues[i] != NULL)
				add_queue(data, dev, i);
	}
	accel_unlock();
	return dev != NULL ? 0 : -ENODEV;
}

void
accel_telemetry(void)
{
	static const struct {
		const char *cmd, *help;
		telemetry_cb fn;
	} commands[] = {
		{ "/sva/devices", "Names of the open devices. No parameters", show_devices },
		{ "/sva/info", "What a device is and can do. Parameters: its name", show_info },
		{ "/sva/stats", "Counters of a device's open queues. Parameters: its name",
		  show_stats },
	};
	static bool registered;
	unsigned int i;

	if (registered)
		return;
	registered = true;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (rte_telemetry_register_cmd(commands[i].cmd, commands[i].fn,
					       commands[i].help) != 0)
			SVA_LOG(WARNING, "telemetry does not take %s", commands[i].cmd);
}
