/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The VFIO bus without VFIO: functions in a sysfs tree of the test's own, and what programs
 * meet on a machine that has none. Devices are in test_vfio_dev.c and test_bind.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sva_accel.h>
#include <sva_bus.h>
#include <sva_driver.h>
#include <sva_eal.h>

#include "test_eal_log.h"
#include "vfio_private.h"

#define A "0000:6a:01.0"
#define B "0000:6f:01.0"
#define DSA "0x8086", "0x0b25"
#define ANY "0x1234", "0x5ada"

static char top[64], sys_root[80], dev_root[80];
static struct vfio_roots roots = { sys_root, dev_root };

/* Make the folders that a file below the top lies in. */
static void
make_parents(char *path)
{
	char *slash;

	for (slash = strchr(path + strlen(top) + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

static void __attribute__((format(printf, 2, 3)))
make_file(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	size_t n = (size_t)snprintf(path, sizeof(path), "%s/", top);
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, ap);
	va_end(ap);
	make_parents(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void __attribute__((format(printf, 2, 3)))
make_link(const char *target, const char *fmt, ...)
{
	char path[PATH_MAX];
	size_t n = (size_t)snprintf(path, sizeof(path), "%s/", top);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, ap);
	va_end(ap);
	make_parents(path);
	assert_int_equal(symlink(target, path), 0);
}

/* A function; no driver: NULL, no IOMMU group: -1. */
static void
add_function(const char *address, const char *vendor, const char *device, const char *driver,
	     int group)
{
	char target[PATH_MAX];

	make_file(vendor, "sys/bus/pci/devices/%s/vendor", address);
	make_file(device, "sys/bus/pci/devices/%s/device", address);
	make_file("1\n", "sys/bus/pci/devices/%s/numa_node", address);
	if (driver != NULL) {
		snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
		make_link(target, "sys/bus/pci/devices/%s/driver", address);
	}
	if (group < 0)
		return;
	snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%d", group);
	make_link(target, "sys/bus/pci/devices/%s/iommu_group", address);
	make_file("", "sys/kernel/iommu_groups/%d/devices/%s", group, address);
}

/* The files of VFIO, none of which is a device. */
static void
add_vfio(int group)
{
	make_file("", "dev/vfio/vfio");
	make_file("", "dev/vfio/%d", group);
}

static int
start(void **state)
{
	alarm(600);
	/* Others are to see the tree, as they do sysfs. */
	umask(022);
	snprintf(top, sizeof(top), "/tmp/test_vfio.XXXXXX");
	if (mkdtemp(top) == NULL || chmod(top, 0755) != 0)
		return -1;
	snprintf(sys_root, sizeof(sys_root), "%s/sys", top);
	snprintf(dev_root, sizeof(dev_root), "%s/dev", top);
	unsetenv("SVADK_SYSFS");
	return log_start(state) == 0 ? sva_eal_setup(NULL) : -1;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int
end(void **state)
{
	int ret = sva_eal_cleanup();

	nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return ret == 0 ? log_stop(state) : -1;
}

static char problem[VFIO_PROBLEM];

/* The check's error for a function of the tree; `problem` has its text. */
static int
check(const char *address)
{
	struct vfio_function f;

	problem[0] = '\0';
	assert_int_equal(vfio_function_read(&roots, address, &f), 0);
	return vfio_function_check(&roots, &f, problem, sizeof(problem));
}

static bool
says(const char *text)
{
	if (strstr(problem, text) != NULL && strchr(problem, '\n') == NULL)
		return true;
	print_error("\"%s\" is not in: %s\n", text, problem);
	return false;
}

static void
names(void **state)
{
	static const char *const bad[] = {
		"", "0000", "6a:01.0", "0000:6A:01.0", "0000:6a:01.8", "0000:6a:01.0/",
		"0000:6a:01.", "0000:6a:1.0", "000:6a:01.0", "123456789:6a:01.0",
		"../0000:6a:01.0", "0000-6a:01.0", "0000:6a:01.00", "0000:6a:01.0 ",
		"0000:6a:02.0",
	};
	struct vfio_function f;
	unsigned int i;

	(void)state;
	add_function(A, DSA, "vfio-pci", 7);
	add_function("10000:e1:00.0", ANY, NULL, -1);
	/* Names that sysfs does not give, were they there. */
	add_function("0000:6A:01.0", ANY, NULL, -1);
	add_function("0000:6a:01.8", ANY, NULL, -1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vfio_function_read(&roots, bad[i], &f), -ENODEV);
	assert_int_equal(vfio_function_read(&roots, A, &f), 0);
	assert_string_equal(f.address, A);
	assert_string_equal(f.driver, "vfio-pci");
	assert_int_equal(f.vendor_id, 0x8086);
	assert_int_equal(f.device_id, 0x0b25);
	assert_int_equal(f.numa_node, 1);
	assert_int_equal(f.group, 7);
	assert_int_equal(f.in_group, 1);
	assert_int_equal(vfio_function_read(&roots, "10000:e1:00.0", &f), 0);
	assert_string_equal(f.driver, "");
	assert_int_equal(f.group, -1);
	/* QEMU's, as its subsystem says. */
	assert_false(f.model);
	make_file("0x1234\n", "sys/bus/pci/devices/10000:e1:00.0/subsystem_vendor");
	make_file("0x5ada\n", "sys/bus/pci/devices/10000:e1:00.0/subsystem_device");
	assert_int_equal(vfio_function_read(&roots, "10000:e1:00.0", &f), 0);
	assert_false(f.model);
	make_file("0x5add\n", "sys/bus/pci/devices/10000:e1:00.0/subsystem_device");
	assert_int_equal(vfio_function_read(&roots, "10000:e1:00.0", &f), 0);
	assert_true(f.model);
}

struct seen {
	struct sva_bus_found found[8];
	char problem[8][VFIO_PROBLEM];
	unsigned int n;
};

static void
note(const struct sva_bus_found *found, void *arg)
{
	struct seen *seen = arg;

	assert_in_range(seen->n, 0, 7);
	seen->found[seen->n] = *found;
	if (found->problem != NULL)
		snprintf(seen->problem[seen->n], VFIO_PROBLEM, "%s", found->problem);
	seen->n++;
}

/* What is bound to vfio-pci, whatever it is, and what a driver knows; nothing else. */
static void
scan(void **state)
{
	static struct seen seen;
	char name[16];
	unsigned int i;

	(void)state;
	add_function(B, DSA, "idxd", 8);
	add_function(A, ANY, "vfio-pci", 7);
	add_function("0000:00:1f.0", "0x8086", "0x1234", "lpc_ich", 1);
	add_function("0000:00:1e.0", "0x8086", "0x1234", NULL, 2);
	add_vfio(7);
	for (i = 4; i > 0; i--) {
		snprintf(name, sizeof(name), "0000:7%u:00.0", i);
		add_function(name, DSA, NULL, -1);
	}
	assert_int_equal(vfio_scan_roots(&roots, note, &seen), 0);
	assert_int_equal(seen.n, 6);
	/* In the order of the addresses. */
	for (i = 1; i < seen.n; i++)
		assert_true(strcmp(seen.found[i - 1].name, seen.found[i].name) < 0);
	assert_string_equal(seen.found[0].name, "vfio:" A);
	assert_int_equal(seen.found[0].vendor_id, 0x1234);
	assert_int_equal(seen.found[0].device_id, 0x5ada);
	assert_int_equal(seen.found[0].numa_node, 1);
	assert_non_null(strstr(seen.problem[0], "cannot bind processes"));
	assert_string_equal(seen.found[1].name, "vfio:" B);
	assert_non_null(strstr(seen.problem[1], "idxd"));
}

/* Another root is the environment's word; one that is not there is an error. */
static void
scan_root(void **state)
{
	const struct sva_bus *bus = sva_bus_find("vfio");
	static struct seen seen;

	(void)state;
	assert_ptr_equal(sva_bus_get(0), bus);
	assert_false(bus->emulated);
	setenv("SVADK_SYSFS", sys_root, 1);
	assert_int_equal(sva_bus_scan(bus, note, &seen), -ENOENT);
	assert_true(log_has("sys/bus/pci/devices: No such file or directory"));
	add_function(A, ANY, "vfio-pci", -1);
	assert_int_equal(sva_bus_scan(bus, note, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_non_null(strstr(seen.problem[0], "IOMMU group"));
}

static void
no_group(void **state)
{
	(void)state;
	add_function(A, DSA, "idxd", -1);
	assert_int_equal(check(A), -ENODEV);
	assert_true(says("it is in no IOMMU group"));
	assert_true(says("intel_iommu=on,sm_on"));
}

static void
not_bound(void **state)
{
	(void)state;
	add_function(A, ANY, "some-driver", 7);
	add_function(B, ANY, NULL, 8);
	add_vfio(7);
	assert_int_equal(check(A), -ENODEV);
	assert_true(says("the kernel driver some-driver holds it"));
	assert_true(says("sva-devbind -b vfio-pci " A));
	assert_int_equal(check(B), -ENODEV);
	assert_true(says("no kernel driver holds it"));
	assert_true(says("sva-devbind -b vfio-pci " B));
}

/* The longest names leave room for the whole of it. */
static void
not_bound_long(void **state)
{
	(void)state;
	add_function("12345678:6a:01.0", ANY, "a-driver-whose-name-is-long-abcd", 7);
	assert_int_equal(check("12345678:6a:01.0"), -ENODEV);
	assert_true(says("-b vfio-pci 12345678:6a:01.0"));
}

static void
denylist(void **state)
{
	(void)state;
	add_function(A, DSA, "idxd", 7);
	add_function(B, "0x8086", "0x0cfe", NULL, 8);
	assert_int_equal(check(A), -ENODEV);
	assert_true(says("idxd"));
	assert_true(says("refuses 8086:0b25"));
	assert_true(says("disable_denylist=1"));
	assert_int_equal(check(B), -ENODEV);
	assert_true(says("refuses 8086:0cfe"));
	make_file("N\n", "sys/module/vfio_pci/parameters/disable_denylist");
	assert_int_equal(check(A), -ENODEV);
	assert_true(says("disable_denylist=1"));
	make_file("Y\n", "sys/module/vfio_pci/parameters/disable_denylist");
	assert_int_equal(check(A), -ENODEV);
	assert_null(strstr(problem, "denylist"));
	assert_true(says("sva-devbind"));
}

static void
no_vfio(void **state)
{
	(void)state;
	add_function(A, ANY, "vfio-pci", 7);
	assert_int_equal(check(A), -ENODEV);
	assert_true(says("/dev/vfio/7: No such file"));
	make_file("", "dev/vfio/7");
	assert_int_equal(check(A), -ENODEV);
	assert_true(says("/dev/vfio/vfio: No such file"));
	assert_true(says("modprobe vfio-pci"));
	make_file("", "dev/vfio/vfio");
	assert_int_equal(check(A), -EOPNOTSUPP);
	assert_true(says("kernel/linux"));
}

static void
shared_group(void **state)
{
	(void)state;
	add_function(A, ANY, "vfio-pci", 7);
	add_function("0000:6a:01.1", ANY, "vfio-pci", 7);
	add_vfio(7);
	assert_int_equal(check(A), -EOPNOTSUPP);
	assert_true(says("group 7 has 2 functions"));
}

static void
no_permission(void **state)
{
	char path[PATH_MAX];
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	add_function(A, ANY, "vfio-pci", 7);
	add_vfio(7);
	snprintf(path, sizeof(path), "%s/vfio/7", dev_root);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(check(A), -EOPNOTSUPP);
	pid = fork();
	if (pid == 0) {
		alarm(300);
		_exit(seteuid(65534) != 0 || check(A) != -EACCES || !says("no permission for ") ||
		      !says("/vfio/7: as root, chown"));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A machine without VFIO: one line that says so, and "auto" as if there were no such bus. */
static void
machine_without(void **state)
{
	const char *auto_line = "svadk.accel: auto: using emu:dsa, a device model in software\n";
	struct sva_container *c = NULL;
	struct sva_device *dev;

	(void)state;
	if (access("/dev/vfio/vfio", F_OK) == 0)
		skip();
	assert_int_equal(sva_container_create("vfio", &c), -ENODEV);
	assert_null(c);
	assert_true(log_has("/dev/vfio/vfio: No such file or directory: the kernel has no VFIO"));
	assert_int_equal(sva_device_open("vfio:0000:00:00.0", &dev), -ENODEV);
	assert_true(log_has("/dev/vfio/vfio: "));
	add_function(A, DSA, "vfio-pci", 7);
	setenv("SVADK_SYSFS", sys_root, 1);
	assert_int_equal(sva_device_open("auto", &dev), 0);
	assert_int_equal(sva_device_close(dev), 0);
	fflush(log_file);
	assert_int_equal(ftell(log_file), strlen(auto_line));
	assert_memory_equal(log_text, auto_line, strlen(auto_line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, start, end),
		cmocka_unit_test_setup_teardown(scan, start, end),
		cmocka_unit_test_setup_teardown(scan_root, start, end),
		cmocka_unit_test_setup_teardown(no_group, start, end),
		cmocka_unit_test_setup_teardown(not_bound, start, end),
		cmocka_unit_test_setup_teardown(not_bound_long, start, end),
		cmocka_unit_test_setup_teardown(denylist, start, end),
		cmocka_unit_test_setup_teardown(no_vfio, start, end),
		cmocka_unit_test_setup_teardown(shared_group, start, end),
		cmocka_unit_test_setup_teardown(no_permission, start, end),
		cmocka_unit_test_setup_teardown(machine_without, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
