/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * PCI functions as sysfs shows them, and why one cannot be opened.
 * Reference: Linux, Documentation/ABI/testing/sysfs-bus-pci, .../sysfs-kernel-iommu_groups
 * and Documentation/driver-api/vfio.rst.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <sva_log.h>

#include "vfio_private.h"
#include "vfio_uapi.h"

SVA_LOG_COMPONENT(bus.vfio);

#define FUNCTIONS "bus/pci/devices"
#define VFIO_PCI "vfio-pci"

/* Subsystem of the DSA that tests/vm has in QEMU: a model in software. */
#define MODEL_VENDOR 0x1234
#define MODEL_DEVICE 0x5add

struct vfio_roots
vfio_roots(void)
{
	const char *sys = secure_getenv("SVADK_SYSFS");

	return (struct vfio_roots){ .sys = sys != NULL ? sys : "/sys", .dev = "/dev" };
}

/* As sysfs writes it: 4 to 8 digits of domain, lower case. */
static bool
is_address(const char *name)
{
	const char *hex = "0123456789abcdef";
	size_t domain = strspn(name, hex);

	name += domain;
	return domain >= 4 && domain <= 8 && name[0] == ':' && strspn(name + 1, hex) == 2 &&
	       name[3] == ':' && strspn(name + 4, hex) == 2 && name[6] == '.' &&
	       name[7] >= '0' && name[7] <= '7' && name[8] == '\0';
}

/* The first line of a file below the root. Whether there is one. */
static bool
read_line(const struct vfio_roots *roots, const char *path, char *line, size_t size)
{
	char full[PATH_MAX];
	ssize_t n = -1;
	int fd;

	snprintf(full, sizeof(full), "%s/%s", roots->sys, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, line, size - 1);
		close(fd);
	}
	if (n <= 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static long
read_number(const struct vfio_roots *roots, const char *address, const char *file,
	    long otherwise)
{
	char path[128], line[32], *end;
	long value;

	snprintf(path, sizeof(path), FUNCTIONS "/%s/%s", address, file);
	if (!read_line(roots, path, line, sizeof(line)))
		return otherwise;
	value = strtol(line, &end, 0);
	return end == line || *end != '\0' ? otherwise : value;
}

/* The last part of what a link of the function's folder points to; "" where there is none. */
static void
read_link(const struct vfio_roots *roots, const char *address, const char *link, char *name,
	  size_t size)
{
	char path[PATH_MAX], target[PATH_MAX], *last;
	ssize_t n;

	name[0] = '\0';
	snprintf(path, sizeof(path), "%s/" FUNCTIONS "/%s/%s", roots->sys, address, link);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	last = strrchr(target, '/');
	snprintf(name, size, "%s", last != NULL ? last + 1 : target);
}

static unsigned int
count_group(const struct vfio_roots *roots, const char *address)
{
	char path[PATH_MAX];
	struct dirent *entry;
	unsigned int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/" FUNCTIONS "/%s/iommu_group/devices", roots->sys,
		 address);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return n;
}

int
vfio_function_read(const struct vfio_roots *roots, const char *address,
		   struct vfio_function *f)
{
	char group[16], *end;

	memset(f, 0, sizeof(*f));
	if (!is_address(address))
		return -ENODEV;
	f->vendor_id = (uint16_t)read_number(roots, address, "vendor", 0);
	f->device_id = (uint16_t)read_number(roots, address, "device", 0);
	if (f->vendor_id == 0)
		return -ENODEV;
	f->model = read_number(roots, address, "subsystem_vendor", 0) == MODEL_VENDOR &&
		   read_number(roots, address, "subsystem_device", 0) == MODEL_DEVICE;
	snprintf(f->address, sizeof(f->address), "%s", address);
	f->numa_node = (int)read_number(roots, address, "numa_node", -1);
	read_link(roots, address, "driver", f->driver, sizeof(f->driver));
	read_link(roots, address, "iommu_group", group, sizeof(group));
	f->group = (int)strtol(group, &end, 10);
	if (end == group || *end != '\0')
		f->group = -1;
	f->in_group = count_group(roots, address);
	return 0;
}

/* Whether vfio-pci refuses a function that INTEL-SA-01084 is about. */
static bool
denied(const struct vfio_roots *roots, const struct vfio_function *f)
{
	char value[8];

	if (f->vendor_id != 0x8086 || (f->device_id != 0x0b25 && f->device_id != 0x0cfe))
		return false;
	return !read_line(roots, "module/vfio_pci/parameters/disable_denylist", value,
			  sizeof(value)) || value[0] != 'Y';
}

/* A function that vfio-pci does not hold. */
static int
check_driver(const struct vfio_roots *roots, const struct vfio_function *f, char *text,
	     size_t size)
{
	char holder[64] = "no kernel driver holds it";

	if (strcmp(f->driver, VFIO_PCI) == 0)
		return 0;
	if (f->driver[0] != '\0')
		snprintf(holder, sizeof(holder), "the kernel driver %s holds it", f->driver);
	if (denied(roots, f))
		snprintf(text, size, "%s, and vfio-pci refuses %04x:%04x unless it was loaded with "
			 "disable_denylist=1: see \"Denylist\" in the guide of the VFIO bus",
			 holder, f->vendor_id, f->device_id);
	else
		snprintf(text, size, "%s: bind it to vfio-pci: sva-devbind -b vfio-pci %s", holder,
			 f->address);
	return -ENODEV;
}

/* Whether a file of /dev/vfio is there and may be opened. */
static int
check_file(const struct vfio_roots *roots, const char *name, char *path, size_t path_size,
	   char *text, size_t size)
{
	int err;

	snprintf(path, path_size, "%s/vfio/%s", roots->dev, name);
	if (euidaccess(path, R_OK | W_OK) == 0)
		return 0;
	err = errno;
	if (err == EACCES || err == EPERM) {
		snprintf(text, size, "no permission for %s: as root, chown it to the user", path);
		return -EACCES;
	}
	snprintf(text, size, "%s: %s: load the kernel's VFIO (modprobe vfio-pci; it needs "
		 "CONFIG_VFIO_GROUP), or pass the file into this container", path, strerror(err));
	return -ENODEV;
}

static int
check_kernel(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), known;

	if (fd < 0) {
		snprintf(text, size, "%s: %s: load the kernel's VFIO: modprobe vfio-pci", path,
			 strerror(errno));
		return -ENODEV;
	}
	known = ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_SVA);
	close(fd);
	if (known > 0)
		return 0;
	snprintf(text, size, "this kernel's VFIO cannot bind processes: boot one with the series "
		 "of kernel/linux and load vfio_iommu_type1");
	return -EOPNOTSUPP;
}

int
vfio_function_check(const struct vfio_roots *roots, const struct vfio_function *f, char *text,
		    size_t size)
{
	char group[16], path[PATH_MAX];
	int ret;

	if (f->group < 0) {
		snprintf(text, size, "it is in no IOMMU group: switch the IOMMU on in the firmware "
			 "and with intel_iommu=on,sm_on in the kernel's command line");
		return -ENODEV;
	}
	ret = check_driver(roots, f, text, size);
	if (ret != 0)
		return ret;
	snprintf(group, sizeof(group), "%d", f->group);
	ret = check_file(roots, group, path, sizeof(path), text, size);
	if (ret != 0)
		return ret;
	if (f->in_group > 1) {
		snprintf(text, size, "IOMMU group %d has %u functions, and processes are bound to "
			 "groups of one only: use a slot whose bridges have ACS, and a function "
			 "that is alone in its group", f->group, f->in_group);
		return -EOPNOTSUPP;
	}
	ret = check_file(roots, "vfio", path, sizeof(path), text, size);
	return ret != 0 ? ret : check_kernel(path, text, size);
}

static void
report(const struct vfio_roots *roots, const char *address, sva_bus_found_fn found, void *arg)
{
	struct sva_bus_found out = { 0 };
	struct vfio_function f;
	char text[VFIO_PROBLEM];

	if (vfio_function_read(roots, address, &f) != 0 ||
	    (strcmp(f.driver, VFIO_PCI) != 0 && sva_driver_match(f.vendor_id, f.device_id) == NULL))
		return;
	snprintf(out.name, sizeof(out.name), "vfio:%s", f.address);
	out.vendor_id = f.vendor_id;
	out.device_id = f.device_id;
	out.numa_node = f.numa_node;
	if (vfio_function_check(roots, &f, text, sizeof(text)) != 0)
		out.problem = text;
	found(&out, arg);
}

int
vfio_scan_roots(const struct vfio_roots *roots, sva_bus_found_fn found, void *arg)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int n, i;

	snprintf(path, sizeof(path), "%s/" FUNCTIONS, roots->sys);
	/* Sorted, so that "auto" takes the same one each time. */
	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0) {
		int err = errno;

		/* A machine without PCI is no failure. */
		if (err == ENOENT && strcmp(roots->sys, "/sys") == 0)
			return 0;
		SVA_LOG(ERR, "%s: %s", path, strerror(err));
		return -err;
	}
	for (i = 0; i < n; i++) {
		report(roots, entries[i]->d_name, found, arg);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
