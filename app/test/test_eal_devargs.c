/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Device specifications and device arguments.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include <rte_kvargs.h>
#include <sva_eal.h>

#include "eal_private.h"
#include "test_eal_fake.h"
#include "test_eal_log.h"

static const struct sva_bus fake = { .name = "fake", .params = fake_params, .ops = &fake_ops };
static const struct sva_driver driver = {
	.name = "fakedrv", .dev_class = "test", .ids = fake_ids, .params = fake_driver_params,
};
static struct sva_container *container;

static void
good_specs(void **state)
{
	char longest[66] = "b:";
	struct eal_spec s;

	(void)state;
	memset(longest + 2, 'x', 61);
	assert_int_equal(eal_spec_parse("emu:dsa", &s), 0);
	assert_string_equal(s.bus, "emu");
	assert_string_equal(s.name, "dsa");
	assert_null(s.args);
	assert_int_equal(eal_spec_parse("vfio:0000:6a:01.0,a=1,b-2=x:y", &s), 0);
	assert_string_equal(s.bus, "vfio");
	assert_string_equal(s.name, "0000:6a:01.0");
	assert_int_equal(s.args->count, 2);
	assert_string_equal(rte_kvargs_get(s.args, "b-2"), "x:y");
	eal_spec_free(&s);
	assert_null(s.args);
	assert_int_equal(eal_spec_parse(longest, &s), 0);
	assert_int_equal(strlen(s.name), 61);
	assert_true(log_has(NULL));
}

static void
bad_specs(void **state)
{
	static const char *const form[] = { "", "emu", ":", ":dsa", "emu:", "emu,a=1", "emu:,a=1",
		",", "emu,x:y" };
	static const char *const args[] = { "emu:d,", "emu:d,a", "emu:d,a=", "emu:d,=1",
		"emu:d,a=1,", "emu:d,,a=1", "emu:d,a=1,,b=1", "emu:d,a=1=2", "emu:d,a=[1,2]",
		"emu:d, a=1", "emu:d,A=1" };
	char many[300] = "emu:d", longest[66] = "b:";
	struct eal_spec s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		assert_int_equal(eal_spec_parse(form[i], &s), -EINVAL);
		assert_true(log_has("is not BUS:NAME"));
	}
	for (i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		assert_int_equal(eal_spec_parse(args[i], &s), -EINVAL);
		assert_true(log_has("is not key=value"));
	}
	assert_int_equal(eal_spec_parse("emu:a b", &s), -EINVAL);
	assert_int_equal(eal_spec_parse("emu:a\n", &s), -EINVAL);
	assert_true(log_has("not printable"));
	memset(longest + 2, 'x', 62);
	assert_int_equal(eal_spec_parse(longest, &s), -EINVAL);
	assert_true(log_has("more than 63"));
	assert_int_equal(eal_spec_parse("emu:d,a=1,b=2,a=1", &s), -EINVAL);
	assert_true(log_has("\"a\" is given twice"));
	for (i = 0; i < 33; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), ",k%zu=1", i % 10);
	assert_int_equal(eal_spec_parse(many, &s), -EINVAL);
	assert_true(log_has("more than 32 devargs"));
}

static int
try_open(const char *args, struct sva_bus_device **dev)
{
	char spec[128];

	snprintf(spec, sizeof(spec), "fake:dev0,%s", args);
	return sva_container_open_device(container, spec, dev);
}

static void
keys(void **state)
{
	struct sva_bus_device *d;

	(void)state;
	assert_int_equal(try_open("size=1,mode=fast", &d), 0);
	assert_int_equal(sva_bus_device_close(d), 0);
	assert_int_equal(try_open("size=1,sizes=1", &d), -EINVAL);
	assert_true(log_has("fake:dev0: unknown devarg \"sizes\"; it takes: size=BYTES, "
			    "mode=slow|fast"));
	assert_int_equal(try_open("siz=1", &d), -EINVAL);
	assert_int_equal(try_open("queues=1", &d), -EINVAL);
	assert_int_equal(fake_devices, 0);
	assert_int_equal(container->nb_devices, 0);

	assert_int_equal(sva_driver_register(&driver), 0);
	assert_int_equal(try_open("queues=1", &d), 0);
	assert_int_equal(sva_bus_device_close(d), 0);
	assert_int_equal(try_open("queue=1", &d), -EINVAL);
	assert_true(log_has("it takes: size=BYTES, mode=slow|fast, queues=1..8"));
	assert_int_equal(sva_driver_unregister(&driver), 0);
}

static void
numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "1", 1 }, { "017", 17 }, { "0x10", 16 }, { "0xfF", 255 }, { "4k", 4096 },
		{ "1m", 1 << 20 }, { "0x2k", 2048 }, { "1048576", 1 << 20 },
	};
	static const char *const bad[] = { "0", "1048577", "2m", "1g", "-1", "+1", "0x", "x", "1x",
		"1kk", "1.5", "0x0x1", "k", "18446744073709551616", "18014398509481985k",
		"1K" };
	struct sva_bus_device *d;
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "size=%s", good[i].text);
		assert_int_equal(try_open(text, &d), 0);
		assert_int_equal(fake_size, good[i].value);
		assert_int_equal(sva_bus_device_close(d), 0);
	}
	fake_size = 77;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "size=%s", bad[i]);
		assert_int_equal(try_open(text, &d), -EINVAL);
		snprintf(text, sizeof(text), "size=%s is not a number from 1 to 1048576", bad[i]);
		assert_true(log_has(text));
	}
	assert_int_equal(fake_size, 77);
	/* An absent key leaves the value alone. */
	assert_int_equal(try_open("mode=fast", &d), 0);
	assert_int_equal(fake_size, 77);
	assert_int_equal(sva_bus_device_close(d), 0);
}

static void
words(void **state)
{
	const char *const list[] = { "slow", "fast", NULL };
	struct sva_bus_device *d;
	unsigned int index = 5;

	(void)state;
	assert_int_equal(try_open("mode=fast", &d), 0);
	assert_int_equal(sva_devargs_word(d->args, "none", list, &index), 0);
	assert_int_equal(index, 5);
	assert_int_equal(sva_devargs_word(d->args, "mode", list, &index), 0);
	assert_int_equal(index, 1);
	assert_int_equal(sva_devargs_word(d->args, "mode", list + 2, &index), -EINVAL);
	assert_int_equal(sva_bus_device_close(d), 0);
	assert_int_equal(try_open("mode=faster", &d), 0);
	assert_int_equal(sva_devargs_word(d->args, "mode", list, &index), -EINVAL);
	assert_true(log_has("mode=faster is none of: slow, fast"));
	assert_int_equal(index, 1);
	assert_null(sva_devargs_str(d->args, NULL));
	assert_null(sva_devargs_str(NULL, "mode"));
	assert_int_equal(sva_bus_device_close(d), 0);
}

static void
unknown_key_of_allow_list(void **state)
{
	const char *allow[] = { "fake:dev0,colour=red", NULL };
	struct sva_eal_conf conf = { .allow = allow };
	struct sva_bus_device *d;

	(void)state;
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(sva_eal_setup(&conf), 0);
	assert_int_equal(sva_container_create("fake", &container), 0);
	assert_int_equal(try_open("size=1", &d), -EINVAL);
	assert_true(log_has("unknown devarg \"colour\""));
	assert_int_equal(fake_devices, 0);
}

static int
start(void **state)
{
	if (log_start(state) != 0 || sva_bus_register(&fake) != 0 || sva_eal_setup(NULL) != 0)
		return -1;
	return sva_container_create("fake", &container);
}

static int
end(void **state)
{
	if (sva_eal_cleanup() != 0 || sva_bus_unregister(&fake) != 0)
		return -1;
	return log_stop(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_specs),
		cmocka_unit_test(bad_specs),
		cmocka_unit_test(keys),
		cmocka_unit_test(numbers),
		cmocka_unit_test(words),
		cmocka_unit_test(unknown_key_of_allow_list),
	};

	return cmocka_run_group_tests(tests, start, end);
}
