/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * PCI functions that a driver of this build knows but that no bus offers, as sysfs
 * shows them (SVADK_SYSFS names another root than /sys).
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "info.h"

/* The number in a file of a function's folder, or `otherwise`. */
static int
read_number(const char *folder, const char *file, int otherwise)
{
	char path[PATH_MAX];
	int value;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "re");
	if (f == NULL)
		return otherwise;
	if (fscanf(f, "%i", &value) != 1)
		value = otherwise;
	fclose(f);
	return value;
}

static void
read_driver(const char *folder, char *name, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/driver", folder);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	snprintf(name, size, "%s", basename(target));
}

static void
add_function(struct info *info, const char *folder, const char *address)
{
	int vendor = read_number(folder, "vendor", 0);
	int device = read_number(folder, "device", 0);
	struct info_device *d;

	if (sva_driver_match((uint16_t)vendor, (uint16_t)device) == NULL || info_has(info, address))
		return;
	d = info_add(info, address, (uint16_t)vendor, (uint16_t)device,
		     read_number(folder, "numa_node", -1));
	if (d == NULL)
		return;
	read_driver(folder, d->kernel_driver, sizeof(d->kernel_driver));
	snprintf(d->problem, sizeof(d->problem), "%s%s; this build has no bus that reaches it: "
		 "use an emulated device",
		 d->kernel_driver[0] == '\0' ? "no kernel driver holds it" :
					       "held by the kernel driver ", d->kernel_driver);
}

void
info_scan_pci(struct info *info)
{
	const char *root = getenv("SVADK_SYSFS");
	char path[PATH_MAX], folder[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/bus/pci/devices", root == NULL ? "/sys" : root);
	dir = opendir(path);
	if (dir == NULL) {
		/* A machine without PCI is no failure. */
		if (errno == ENOENT && root == NULL)
			return;
		info_error("PCI: '%s': %s", path, strerror(errno));
		info->failed = true;
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(folder, sizeof(folder), "%s/%s", path, entry->d_name);
		add_function(info, folder, entry->d_name);
	}
	closedir(dir);
}
