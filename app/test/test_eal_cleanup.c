/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Clean-up: its order, and that nothing is left.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sva_bus.h>
#include <sva_driver.h>
#include <sva_eal.h>
#include <sva_mem.h>
#include <sva_worker.h>

#include "test_eal_log.h"

static char plugin[PATH_MAX];	/* beside this program */
static char trace[16];

static unsigned int
count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Threads of the process that are called "left". */
static unsigned int
count_workers(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[PATH_MAX], name[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		f = fopen(path, "re");
		if (f == NULL)
			continue;
		if (fgets(name, sizeof(name), f) != NULL && strcmp(name, "left\n") == 0)
			n++;
		fclose(f);
	}
	closedir(dir);
	return n;
}

/* Whether a line of /proc/self/maps has @text in it. */
static int
maps_have(const char *text)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128];
	int has = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		has |= strstr(line, text) != NULL;
	fclose(f);
	return has;
}

static int
worker(void *arg)
{
	return arg != NULL;
}

/* Use a bit of everything and leave it all to the clean-up. */
static void *
use(void)
{
	const char *plugins[] = { plugin, NULL };
	const char *allow[] = { "demo:dev0,size=1", "demo:dev1", NULL };
	const char *levels[] = { "svadk.*:error", NULL };
	struct sva_eal_conf conf = { .plugins = plugins, .allow = allow, .log_levels = levels };
	struct sva_bus_device *d;
	struct sva_container *c;
	struct sva_worker *w;
	uint32_t pasid;
	void *p;

	assert_int_equal(sva_eal_setup(&conf), 0);
	assert_int_equal(sva_container_create("demo", &c), 0);
	assert_int_equal(sva_container_open_device(c, "demo:dev0", &d), 0);
	assert_int_equal(sva_container_open_device(c, "demo:dev1,queues=2", &d), 0);
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(sva_container_create("demo", &c), 0);
	assert_int_equal(sva_worker_start("left", -1, worker, NULL, &w), 0);
	p = sva_alloc(10000, 0, 0, SVA_MEM_HUGE);
	assert_non_null(p);
	assert_true(maps_have("plugin_demo"));
	return p;
}

static void
nothing_is_left(void **state)
{
	unsigned char resident;
	unsigned int fds;
	void *p;
	int i, tries;

	(void)state;
	fds = count_entries("/proc/self/fd");
	for (i = 0; i < 5; i++) {
		p = use();
		assert_int_equal(sva_eal_cleanup(), 0);
		assert_int_equal(count_entries("/proc/self/fd"), fds);
		/* A joined thread may be in /proc for a moment more. */
		for (tries = 0; tries < 100000 && count_workers() != 0; tries++)
			sched_yield();
		assert_int_equal(count_workers(), 0);
		assert_int_equal(mincore(p, 1, &resident), -1);
		assert_int_equal(errno, ENOMEM);
		assert_false(maps_have("plugin_demo"));
		assert_null(sva_bus_find("demo"));
	}
}

/* A failure at the very last step of the initialisation. */
static void
nothing_is_left_of_a_failure(void **state)
{
	const char *plugins[] = { plugin, NULL };
	const char *allow[] = { "demo:dev0,size=1", "none:dev1", NULL };
	const char *levels[] = { "svadk.eal:7", "5", NULL };
	struct sva_eal_conf conf = {
		.plugins = plugins, .allow = allow, .log_levels = levels, .huge = true,
	};
	unsigned int fds = count_entries("/proc/self/fd");

	(void)state;
	assert_int_equal(sva_eal_setup(&conf), -EINVAL);
	assert_true(log_has("no bus called \"none\""));
	assert_false(sva_eal_ready());
	assert_int_equal(sva_eal_huge(), SVA_HUGE_ALLOW);
	assert_null(sva_eal_allowed(0));
	assert_int_equal(rte_log_get_global_level(), RTE_LOG_DEBUG);
	assert_int_equal(count_entries("/proc/self/fd"), fds);
	assert_false(maps_have("plugin_demo"));
	assert_int_equal(sva_eal_cleanup(), -EINVAL);
	use();
	assert_int_equal(sva_eal_cleanup(), 0);
}

static void
hook_a(void)
{
	strcat(trace, "a");
}

/* Everything still works in a hook, but for ending it all or hooking on once more. */
static void
hook_b(void)
{
	struct sva_container *c;
	void *p = sva_alloc(64, 0, -1, 0);

	strcat(trace, "b");
	if (sva_eal_ready() && p != NULL && sva_container_create("demo", &c) == 0 &&
	    sva_eal_cleanup() == -EBUSY && sva_at_cleanup(hook_a) == -ENODEV)
		strcat(trace, "+");
	sva_free(p);
}

static void
hooks(void **state)
{
	(void)state;
	assert_int_equal(sva_at_cleanup(hook_a), -ENODEV);
	use();
	assert_int_equal(sva_at_cleanup(NULL), -EINVAL);
	assert_int_equal(sva_at_cleanup(hook_a), 0);
	assert_int_equal(sva_at_cleanup(hook_b), 0);
	assert_int_equal(sva_at_cleanup(hook_a), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_string_equal(trace, "ab+a");
	/* They end with the clean-up. */
	assert_int_equal(sva_eal_setup(NULL), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_string_equal(trace, "ab+a");
}

static int
start(void **state)
{
	ssize_t n = readlink("/proc/self/exe", plugin, sizeof(plugin) - 32);

	if (n < 0)
		return -1;
	plugin[n] = '\0';
	strcpy(strrchr(plugin, '/') + 1, "plugin_demo.so");
	return log_start(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(nothing_is_left_of_a_failure),
		cmocka_unit_test(hooks),
	};

	return cmocka_run_group_tests(tests, start, log_stop);
}
