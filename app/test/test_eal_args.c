/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The command line, and the configuration in its place.
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
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include <sva_eal.h>

#include "test_eal_fake.h"
#include "test_eal_log.h"

static const struct sva_bus fake_bus = {
	.name = "fake", .desc = "-", .params = fake_params, .ops = &fake_ops,
};

#define INIT(...) init_args((char *[]){ (char *)"prog", __VA_ARGS__, NULL })
#define A(s) ((char *)(uintptr_t)(s))

static int
init_args(char **argv)
{
	char *copy[32];
	int argc = 0, ret, i;

	while (argv[argc] != NULL) {
		copy[argc] = argv[argc];
		argc++;
	}
	ret = sva_eal_init(argc, argv);
	for (i = 0; i < argc; i++)
		assert_ptr_equal(argv[i], copy[i]);
	assert_int_equal(sva_eal_ready(), ret >= 0);
	return ret;
}

/* Initialise, expect @n arguments to be used, and end it. */
static void
expect_used(int n, int ret)
{
	assert_int_equal(ret, n);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_true(log_has(NULL));
}

static void
expect_error(int err, const char *said, int ret)
{
	assert_int_equal(ret, err);
	assert_true(log_has(said));
	/* Nothing is left of it. */
	expect_used(0, init_args((char *[]){ A("prog"), NULL }));
}

static int
first_cpu(int skip)
{
	cpu_set_t set;
	int cpu;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set) && skip-- == 0)
			return cpu;
	}
	return -1;
}

static void
ends(void **state)
{
	(void)state;
	expect_used(0, init_args((char *[]){ A("prog"), NULL }));
	expect_used(1, INIT(A("--")));
	expect_used(1, INIT(A("--"), A("-h")));
	expect_used(1, INIT(A("--huge"), A("file"), A("--no-huge")));
	expect_used(0, INIT(A("file"), A("--bad")));
	expect_used(0, INIT(A("-")));
	expect_used(3, INIT(A("-a"), A("fake:dev0"), A("--"), A("-a")));
	expect_used(1, INIT(A("-afake:dev0"), A("x")));
	expect_used(2, INIT(A("--log-level=8"), A("--no-huge")));
	/* A value may look like an option. */
	expect_error(-EINVAL, "\"-l\" is not BUS:NAME", INIT(A("-a"), A("-l")));
}

static void
bad_options(void **state)
{
	(void)state;
	expect_error(-EINVAL, "unknown option \"--what\"", INIT(A("--what")));
	expect_error(-EINVAL, "unknown option \"-z\"", INIT(A("--huge"), A("-z"), A("x")));
	expect_error(-EINVAL, "unknown option \"-hx\"", INIT(A("-hx")));
	expect_error(-EINVAL, "unknown option \"--hugely\"", INIT(A("--hugely")));
	expect_error(-EINVAL, "unknown option \"--hug\"", INIT(A("--hug")));
	expect_error(-EINVAL, "--huge takes no value", INIT(A("--huge=1")));
	expect_error(-EINVAL, "\"-a\" needs a value", INIT(A("-a")));
	expect_error(-EINVAL, "\"--lcores\" needs a value", INIT(A("--lcores")));
	expect_error(-EINVAL, "both preferred and forbidden", INIT(A("--huge"), A("--no-huge")));
	expect_error(-EINVAL, "-l is given twice", INIT(A("-l0"), A("--lcores=0")));
	expect_error(-EINVAL, "empty", sva_eal_init(0, (char *[]){ NULL }));
	expect_error(-EINVAL, "empty", sva_eal_init(1, NULL));
	expect_error(-EINVAL, "argument 1 of 2 is NULL",
		     sva_eal_init(2, (char *[]){ A("prog"), NULL, NULL }));
}

static void
help(void **state)
{
	static const char *const options[] = { "-a SPEC", "-l, --lcores LIST", "-d PLUGIN",
		"--log-level", "--huge", "--no-huge", "--telemetry[=PREFIX]", "-h, --help",
		"--  " };
	char *text;
	size_t size, i;
	FILE *f;

	(void)state;
	expect_error(-ECANCELED, NULL, INIT(A("-h")));
	expect_error(-ECANCELED, NULL, INIT(A("--huge"), A("--help"), A("--bad")));

	f = open_memstream(&text, &size);
	sva_eal_usage(f);
	fclose(f);
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		assert_non_null(strstr(text, options[i]));
	free(text);
}

static void
host_is_left_alone(void **state)
{
	int out, file;
	off_t written;

	(void)state;
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	assert_true(out >= 0 && file >= 0);
	dup2(file, STDOUT_FILENO);
	optind = 7;
	INIT(A("-h"));
	INIT(A("--bad"));
	INIT(A("--log-level=svadk.*:8"), A("--"));
	fflush(stdout);
	written = lseek(file, 0, SEEK_END);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(file);
	assert_int_equal(written, 0);
	assert_int_equal(optind, 7);
	assert_int_equal(sva_eal_cleanup(), 0);
}

static void
twice(void **state)
{
	(void)state;
	assert_int_equal(INIT(A("--huge")), 1);
	assert_int_equal(sva_eal_init(1, (char *[]){ A("prog"), NULL }), -EALREADY);
	assert_int_equal(sva_eal_setup(NULL), -EALREADY);
	assert_int_equal(sva_eal_huge(), SVA_HUGE_PREFER);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(sva_eal_cleanup(), -EINVAL);
	assert_false(sva_eal_ready());
}

static void
huge(void **state)
{
	struct sva_eal_conf conf = { .no_huge = true };

	(void)state;
	assert_int_equal(sva_eal_huge(), SVA_HUGE_ALLOW);
	assert_int_equal(INIT(A("--no-huge")), 1);
	assert_int_equal(sva_eal_huge(), SVA_HUGE_NEVER);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(sva_eal_setup(NULL), 0);
	assert_int_equal(sva_eal_huge(), SVA_HUGE_ALLOW);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(sva_eal_setup(&conf), 0);
	assert_int_equal(sva_eal_huge(), SVA_HUGE_NEVER);
	assert_int_equal(sva_eal_cleanup(), 0);
	conf.huge = true;
	assert_int_equal(sva_eal_setup(&conf), -EINVAL);
}

static void
bad_cpu_lists(void **state)
{
	static const char *const bad[] = { "", ",", "0,", ",0", "a", "0-", "-1", "0--1", "3-1",
		"0 1", "0x1", "0,,0", "0;" };
	static const char *const absent[] = { "8191", "8192", "99999999999999999999",
		"0-100000000000" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_error(-EINVAL, "CPU list", INIT(A("-l"), A(bad[i])));
	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		expect_error(-EINVAL, "of -l is offline or not", INIT(A("-l"), A(absent[i])));
}

static void
cpus_pin_the_caller(void **state)
{
	int first = first_cpu(0), last = first_cpu(1) >= 0 ? first_cpu(1) : first;
	cpu_set_t before, during, after;
	const int *cpus = (const int *)1;
	char list[64];

	(void)state;
	snprintf(list, sizeof(list), "%d,%d,%d-%d", last, first, last, last);
	sched_getaffinity(0, sizeof(before), &before);
	assert_int_equal(INIT(A("-l"), list, A("--")), 3);
	sched_getaffinity(0, sizeof(during), &during);
	assert_int_equal(CPU_COUNT(&during), 1);
	assert_true(CPU_ISSET(last, &during));
	assert_int_equal(sva_eal_cpus(&cpus), last == first ? 1 : 2);
	assert_int_equal(cpus[0], last);
	assert_int_equal(sva_eal_cleanup(), 0);
	sched_getaffinity(0, sizeof(after), &after);
	assert_true(CPU_EQUAL(&before, &after));
	assert_int_equal(sva_eal_cpus(&cpus), 0);
	assert_null(cpus);
}

static void
setup_pins_nothing(void **state)
{
	struct sva_eal_conf conf = { 0 };
	cpu_set_t before, during;
	char list[16];

	(void)state;
	snprintf(list, sizeof(list), "%d", first_cpu(0));
	conf.cpus = list;
	sched_getaffinity(0, sizeof(before), &before);
	assert_int_equal(sva_eal_setup(&conf), 0);
	sched_getaffinity(0, sizeof(during), &during);
	assert_true(CPU_EQUAL(&before, &during));
	assert_int_equal(sva_eal_cpus(NULL), 1);
	assert_int_equal(sva_eal_cleanup(), 0);
}

static void
allowed_devices(void **state)
{
	char spec[] = "fake:dev1,size=4k";
	const char *list[] = { "fake:dev0", spec, NULL };
	struct sva_eal_conf conf = { .allow = list };

	(void)state;
	assert_null(sva_eal_allowed(0));
	assert_int_equal(sva_eal_setup(&conf), 0);
	memset(spec, 'x', sizeof(spec) - 1);	/* it is read during the call only */
	assert_string_equal(sva_eal_allowed(0), "fake:dev0");
	assert_string_equal(sva_eal_allowed(1), "fake:dev1,size=4k");
	assert_null(sva_eal_allowed(2));
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_null(sva_eal_allowed(0));

	expect_error(-EINVAL, "is not BUS:NAME", INIT(A("-a"), A("fake")));
	expect_error(-EINVAL, "no bus called \"nobus\"", INIT(A("-a"), A("nobus:dev0")));
	expect_error(-EINVAL, "given twice with -a",
		     INIT(A("-a"), A("fake:dev0"), A("-a"), A("fake:dev0,size=1")));
}

static void
log_levels(void **state)
{
	int eal = rte_log_register("svadk.eal"), ring = RTE_LOGTYPE_RING;
	int before = rte_log_get_level((uint32_t)ring);
	static const char *const bad[] = { "", "loud", "0", "9", "-1", "svadk.*:", ":debug",
		",debug", "svadk.*:loud", "\\(,debug", "8x" };
	size_t i;

	(void)state;
	assert_int_equal(rte_log_get_level((uint32_t)eal), RTE_LOG_NOTICE);
	assert_int_equal(INIT(A("--log-level"), A("error"), A("--log-level=svadk.e*:debug"),
			      A("--log-level=lib\\.rin.,crit")), 4);
	assert_int_equal(rte_log_get_global_level(), RTE_LOG_ERR);
	assert_int_equal(rte_log_get_level((uint32_t)eal), RTE_LOG_DEBUG);
	assert_int_equal(rte_log_get_level((uint32_t)ring), RTE_LOG_CRIT);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(rte_log_get_global_level(), RTE_LOG_DEBUG);
	assert_int_equal(rte_log_get_level((uint32_t)eal), RTE_LOG_NOTICE);
	assert_int_equal(rte_log_get_level((uint32_t)ring), before);

	for (i = 1; i <= 8; i++) {
		char level[16];

		snprintf(level, sizeof(level), "*:%zu", i);
		assert_int_equal(INIT(A("--log-level"), level), 2);
		assert_int_equal(rte_log_get_level((uint32_t)eal), i);
		assert_int_equal(sva_eal_cleanup(), 0);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_error(-EINVAL, "--log-level \"",
			     INIT(A("--log-level"), A("svadk.*:info"), A("--log-level"),
				  A(bad[i])));
	assert_int_equal(rte_log_get_level((uint32_t)eal), RTE_LOG_NOTICE);
}

static void
version(void **state)
{
	unsigned int a, b, c;

	(void)state;
	assert_int_equal(sscanf(sva_version(), "%u.%u.%u", &a, &b, &c), 3);
}

static int
start(void **state)
{
	return log_start(state) != 0 ? -1 : sva_bus_register(&fake_bus);
}

static int
end(void **state)
{
	sva_bus_unregister(&fake_bus);
	return log_stop(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(help),
		cmocka_unit_test(host_is_left_alone),
		cmocka_unit_test(twice),
		cmocka_unit_test(huge),
		cmocka_unit_test(bad_cpu_lists),
		cmocka_unit_test(cpus_pin_the_caller),
		cmocka_unit_test(setup_pins_nothing),
		cmocka_unit_test(allowed_devices),
		cmocka_unit_test(log_levels),
		cmocka_unit_test(version),
	};

	return cmocka_run_group_tests(tests, start, end);
}
