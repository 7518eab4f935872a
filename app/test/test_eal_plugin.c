/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Plugins, and files that are none. They lie beside this program.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sva_bus.h>
#include <sva_driver.h>
#include <sva_eal.h>

#include "test_eal_log.h"

static char here[PATH_MAX];	/* the folder of the program */
static char folder[PATH_MAX];	/* one for this run */

static const char *
in(const char *dir, const char *file)
{
	static char paths[4][2 * PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, file);
	return path;
}

static int
load(const char *first, const char *second)
{
	const char *plugins[] = { first, second, NULL };
	const char *levels[] = { "svadk.demo:debug", NULL };
	struct sva_eal_conf conf = { .plugins = plugins, .log_levels = levels };

	return sva_eal_setup(&conf);
}

static void
put(const char *name, const char *as)
{
	assert_int_equal(symlink(in(here, name), in(folder, as)), 0);
}

static void
expect_error(int err, const char *said, const char *file)
{
	assert_int_equal(load(file, NULL), err);
	assert_true(log_has(said));
	assert_false(sva_eal_ready());
	assert_null(sva_bus_find("demo"));
	assert_null(sva_driver_match(0xfa4e, 1));
	/* The same after a good one, which is unloaded. */
	assert_int_equal(load(in(here, "plugin_demo.so"), file), err);
	assert_true(log_has("demo stops"));
	assert_null(sva_bus_find("demo"));
	assert_int_equal(sva_eal_setup(NULL), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
}

static void
good(void **state)
{
	struct sva_container *c;
	struct sva_bus_device *d;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(load(in(here, "plugin_demo.so"), NULL), 0);
		/* Its log type came after --log-level. */
		assert_true(log_has("demo starts"));
		assert_non_null(sva_bus_find("demo"));
		assert_string_equal(sva_driver_match(0xfa4e, 1)->name, "demo-driver");
		assert_int_equal(sva_container_create("demo", &c), 0);
		assert_int_equal(sva_container_open_device(c, "demo:dev0,queues=2", &d), 0);
		/* Left open: closed before the plugin goes. */
		assert_int_equal(sva_eal_cleanup(), 0);
		assert_true(log_has("demo stops"));
		assert_null(sva_bus_find("demo"));
		assert_null(sva_driver_match(0xfa4e, 1));
	}
}

static void
by_command_line(void **state)
{
	char option[] = "-d", end[] = "--", prog[] = "prog", path[2 * PATH_MAX];
	char *argv[] = { prog, option, path, end, NULL };

	(void)state;
	snprintf(path, sizeof(path), "%s", in(here, "plugin_demo.so"));
	assert_int_equal(sva_eal_init(4, argv), 3);
	assert_non_null(sva_bus_find("demo"));
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_true(log_has(NULL));	/* its debug lines are off */
}

static void
order(void **state)
{
	const char *first, *second;

	(void)state;
	assert_int_equal(load(in(here, "plugin_demo2.so"), in(here, "plugin_demo.so")), 0);
	assert_non_null(sva_bus_find("demo"));
	assert_non_null(sva_bus_find("demo2"));
	assert_string_equal(sva_driver_get(0)->name, "demo2-driver");
	assert_int_equal(sva_eal_cleanup(), 0);
	fflush(log_file);
	first = strstr(log_text, "demo stops");
	second = strstr(log_text, "demo2 stops");
	assert_true(first != NULL && second != NULL && first < second);
	assert_true(log_has("demo"));
}

static void
twice(void **state)
{
	(void)state;
	assert_int_equal(load(in(here, "plugin_demo.so"), in(here, "plugin_demo.so")), 0);
	assert_true(log_has("given twice"));
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_null(sva_bus_find("demo"));
}

static void
bad(void **state)
{
	(void)state;
	expect_error(-ENOENT, "none.so: No such file", in(here, "none.so"));
	expect_error(-ENOENT, "No such file", "");
	expect_error(-ENOTDIR, "Not a directory", in(here, "plugin_demo.so/x"));
	expect_error(-ENOEXEC, "it has no symbol sva_plugin", in(here, "plugin_none.so"));
	expect_error(-ENOEXEC, "built for plugin ABI 99, this is 1", in(here, "plugin_abi.so"));
	expect_error(-ENOEXEC, "is not complete", in(here, "plugin_incomplete.so"));
	expect_error(-EIO, "failed to start: Input/output error", in(here, "plugin_fail.so"));
	expect_error(-ENOEXEC, "cannot be loaded", "/etc/passwd");
	expect_error(-ENOEXEC, "not a regular file", "/dev/null");
}

static void
folders(void **state)
{
	(void)state;
	assert_int_equal(load(folder, NULL), 0);
	assert_true(log_has("there is no *.so"));
	assert_int_equal(sva_eal_cleanup(), 0);

	put("plugin_demo.so", "b.so");
	put("plugin_demo2.so", "a.so");
	put("plugin_none.so", "c.so.1");	/* not looked at */
	put("plugin_none.so", ".so");
	assert_int_equal(load(folder, NULL), 0);
	assert_string_equal(sva_driver_get(0)->name, "demo2-driver");
	assert_string_equal(sva_driver_get(1)->name, "demo-driver");
	assert_int_equal(sva_eal_cleanup(), 0);

	put("plugin_none.so", "c.so");
	expect_error(-ENOEXEC, "is not a plugin", folder);
	assert_int_equal(unlink(in(folder, "c.so")), 0);
	put("gone.so", "c.so");
	expect_error(-ENOENT, "c.so: No such file", folder);
	assert_int_equal(unlink(in(folder, "c.so")), 0);
	assert_int_equal(symlink(folder, in(folder, "c.so")), 0);
	expect_error(-ENOEXEC, "not a regular file", folder);
}

static void
copy(const char *from, const char *to)
{
	FILE *in_file = fopen(from, "re"), *out_file = fopen(to, "we");
	int c;

	assert_non_null(in_file);
	assert_non_null(out_file);
	while ((c = getc(in_file)) != EOF)
		putc(c, out_file);
	fclose(in_file);
	assert_int_equal(fclose(out_file), 0);
}

static void
open_to_everyone(void **state)
{
	char file[2 * PATH_MAX];

	(void)state;
	snprintf(file, sizeof(file), "%s/copy.so", folder);
	copy(in(here, "plugin_demo2.so"), file);
	assert_int_equal(chmod(file, 0755), 0);
	assert_int_equal(load(file, NULL), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(chmod(file, 0757), 0);
	expect_error(-EPERM, "everyone may write to", file);
	assert_int_equal(chmod(file, 0755), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	expect_error(-EPERM, "everyone may write to", file);
	/* In a sticky folder what is the caller's own is safe from others. */
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(load(file, NULL), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 4321, (gid_t)-1), 0);
		expect_error(-EPERM, "belongs to user 4321", file);
	}
}

static int
start(void **state)
{
	ssize_t n = readlink("/proc/self/exe", here, sizeof(here) - 1);
	char *slash;

	if (n < 0)
		return -1;
	here[n] = '\0';
	slash = strrchr(here, '/');
	*slash = '\0';
	return log_start(state);
}

static int
start_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/svadk-test-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int
end_folder(void **state)
{
	static const char *const files[] = { "a.so", "b.so", "c.so", "c.so.1", ".so", "copy.so" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(in(folder, files[i]));
	return rmdir(folder);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(by_command_line),
		cmocka_unit_test(order),
		cmocka_unit_test(twice),
		cmocka_unit_test(bad),
		cmocka_unit_test_setup_teardown(folders, start_folder, end_folder),
		cmocka_unit_test_setup_teardown(open_to_everyone, start_folder, end_folder),
	};

	return cmocka_run_group_tests(tests, start, log_stop);
}
