/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Print what was collected, for people or as JSON.
 */
#include <inttypes.h>
#include <stdio.h>

#include <sva_eal.h>

#include "info.h"
#include "json.h"

static void
text_params(const char *const *params)
{
	for (; params != NULL && *params != NULL; params++)
		printf("    devarg %s\n", *params);
}

static void
text_registries(void)
{
	const struct sva_driver *driver;
	const struct sva_pci_id *id;
	const struct sva_bus *bus;
	unsigned int i;

	printf("SVADK %s\n\nBuses, most preferred first\n", sva_version());
	for (i = 0; (bus = sva_bus_get(i)) != NULL; i++) {
		printf("  %s: %s\n", bus->name, bus->desc);
		text_params(bus->params);
	}
	if (i == 0)
		puts("  none: this build was made without any");
	puts("\nDrivers");
	for (i = 0; (driver = sva_driver_get(i)) != NULL; i++) {
		printf("  %s (%s): %s\n    ids", driver->name, driver->dev_class, driver->desc);
		for (id = driver->ids; id != NULL && id->vendor != 0; id++)
			printf(" %04x:%04x", id->vendor, id->device);
		putchar('\n');
		text_params(driver->params);
	}
	if (i == 0)
		puts("  none: this build was made without any");
}

static void
text_caps(const struct info_device *d)
{
	const struct sva_device_info *c = &d->caps;
	unsigned int op;

	printf("    operations");
	for (op = 0; op < SVA_NB_OPS; op++) {
		if (c->ops >> op & 1)
			printf(" %s", sva_op_name((enum sva_opcode)op));
	}
	printf("\n    largest transfer %" PRIu64 " bytes, largest batch %u operations\n",
	       c->max_transfer, c->max_batch);
	printf("    queues %u, descriptors in each %u\n", c->queues, c->wq_size);
	printf("    PASID %u of %u bits, page faults: %s\n", c->pasid, d->container.pasid_bits,
	       c->block_on_fault ? "the device waits for the page" :
				   "the driver makes the page present and resumes");
	printf("    container: bus %s, at most %u processes bound, I/O page faults %s\n",
	       d->container.bus, d->container.max_bonds,
	       d->container.io_page_faults ? "yes" : "no");
	if (c->emulated)
		puts("    emulated: its speed says nothing about hardware");
}

void
info_show_text(const struct info *info)
{
	unsigned int i;

	text_registries();
	puts("\nDevices");
	for (i = 0; i < info->nb; i++) {
		const struct info_device *d = &info->devices[i];

		printf("  %s", d->name);
		if (d->vendor_id != 0)
			printf(" (%04x:%04x)", d->vendor_id, d->device_id);
		if (d->driver != NULL)
			printf(", driver %s", d->driver);
		if (d->numa_node >= 0)
			printf(", NUMA node %d", d->numa_node);
		putchar('\n');
		if (d->problem[0] != '\0')
			printf("    not usable: %s\n", d->problem);
		else if (d->opened)
			text_caps(d);
	}
	if (info->nb == 0)
		puts("  none found");
}

static void
json_field(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	json_string(stdout, value);
}

static void
json_list(const char *name, const char *const *words)
{
	const char *const *w;

	printf(", \"%s\": [", name);
	for (w = words; w != NULL && *w != NULL; w++) {
		if (w != words)
			fputs(", ", stdout);
		json_string(stdout, *w);
	}
	putchar(']');
}

static void
json_registries(void)
{
	const struct sva_driver *driver;
	const struct sva_pci_id *id;
	const struct sva_bus *bus;
	unsigned int i;

	fputs("{\"version\": ", stdout);
	json_string(stdout, sva_version());
	fputs(",\n\"buses\": [", stdout);
	for (i = 0; (bus = sva_bus_get(i)) != NULL; i++) {
		fputs(i == 0 ? "\n{\"name\": " : ",\n{\"name\": ", stdout);
		json_string(stdout, bus->name);
		json_field("description", bus->desc);
		json_list("devargs", bus->params);
		putchar('}');
	}
	fputs("],\n\"drivers\": [", stdout);
	for (i = 0; (driver = sva_driver_get(i)) != NULL; i++) {
		fputs(i == 0 ? "\n{\"name\": " : ",\n{\"name\": ", stdout);
		json_string(stdout, driver->name);
		json_field("class", driver->dev_class);
		json_field("description", driver->desc);
		json_list("devargs", driver->params);
		fputs(", \"ids\": [", stdout);
		for (id = driver->ids; id != NULL && id->vendor != 0; id++)
			printf("%s\"%04x:%04x\"", id == driver->ids ? "" : ", ", id->vendor,
			       id->device);
		fputs("]}", stdout);
	}
	fputs("],\n", stdout);
}

static void
json_caps(const struct info_device *d)
{
	const struct sva_device_info *c = &d->caps;
	const char *ops[SVA_NB_OPS + 1];
	unsigned int op, n = 0;

	for (op = 0; op < SVA_NB_OPS; op++) {
		if (c->ops >> op & 1)
			ops[n++] = sva_op_name((enum sva_opcode)op);
	}
	ops[n] = NULL;
	json_list("ops", ops);
	printf(", \"max_transfer\": %" PRIu64 ", \"max_batch\": %u, \"wq_size\": %u, "
	       "\"queues\": %u, \"pasid\": %u, \"emulated\": %s, \"block_on_fault\": %s",
	       c->max_transfer, c->max_batch, c->wq_size, c->queues, c->pasid,
	       c->emulated ? "true" : "false", c->block_on_fault ? "true" : "false");
	fputs(", \"container\": {\"bus\": ", stdout);
	json_string(stdout, d->container.bus);
	printf(", \"max_bonds\": %u, \"pasid_bits\": %u, \"io_page_faults\": %s}",
	       d->container.max_bonds, d->container.pasid_bits,
	       d->container.io_page_faults ? "true" : "false");
}

void
info_show_json(const struct info *info)
{
	unsigned int i;

	json_registries();
	fputs("\"devices\": [", stdout);
	for (i = 0; i < info->nb; i++) {
		const struct info_device *d = &info->devices[i];

		fputs(i == 0 ? "\n{\"name\": " : ",\n{\"name\": ", stdout);
		json_string(stdout, d->name);
		printf(", \"id\": \"%04x:%04x\", \"numa_node\": %d", d->vendor_id, d->device_id,
		       d->numa_node);
		json_field("driver", d->driver);
		printf(", \"usable\": %s", d->problem[0] == '\0' ? "true" : "false");
		json_field("problem", d->problem[0] == '\0' ? NULL : d->problem);
		if (d->opened)
			json_caps(d);
		putchar('}');
	}
	puts("]}");
}
