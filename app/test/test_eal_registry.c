/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Registries of buses and drivers.
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

#include <sva_eal.h>

#include "test_eal_fake.h"

static const struct sva_bus slow = { .name = "slow", .preference = 1, .ops = &fake_ops };
static const struct sva_bus fast = { .name = "fast", .preference = 9, .ops = &fake_ops };
static const struct sva_bus fast2 = { .name = "fast-2", .preference = 9, .ops = &fake_ops };

static const struct sva_driver one = { .name = "one", .dev_class = "test", .ids = fake_ids };
static const struct sva_driver two = { .name = "two", .dev_class = "test", .ids = fake_ids };

static void
bus_order(void **state)
{
	unsigned int n = 0;

	(void)state;
	while (sva_bus_get(n) != NULL)
		n++;
	assert_int_equal(sva_bus_register(&slow), 0);
	assert_int_equal(sva_bus_register(&fast), 0);
	assert_int_equal(sva_bus_register(&fast2), 0);
	assert_int_equal(sva_bus_register(&fast), -EEXIST);
	if (n == 0) {
		assert_ptr_equal(sva_bus_get(0), &fast);
		assert_ptr_equal(sva_bus_get(1), &fast2);
		assert_ptr_equal(sva_bus_get(2), &slow);
	}
	assert_null(sva_bus_get(n + 3));
	assert_ptr_equal(sva_bus_find("slow"), &slow);
	assert_null(sva_bus_find("slo"));
	assert_null(sva_bus_find(NULL));
	assert_int_equal(sva_bus_unregister(&fast), 0);
	assert_int_equal(sva_bus_unregister(&fast), -ENOENT);
	assert_null(sva_bus_find("fast"));
	assert_ptr_equal(sva_bus_find("fast-2"), &fast2);
	assert_int_equal(sva_bus_unregister(&fast2), 0);
	assert_int_equal(sva_bus_unregister(&slow), 0);
	assert_int_equal(sva_bus_unregister(NULL), -ENOENT);
	assert_null(sva_bus_get(n));
}

static void
bad_buses(void **state)
{
	static const char *const names[] = { NULL, "", "a:b", "a,b", "Big", "a b",
		"name-of-thirty-two-characters-xx" };
	struct sva_bus_ops ops = fake_ops;
	struct sva_bus bus = slow;
	size_t i;

	(void)state;
	assert_int_equal(sva_bus_register(NULL), -EINVAL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bus.name = names[i];
		assert_int_equal(sva_bus_register(&bus), -EINVAL);
	}
	bus = slow;
	bus.ops = NULL;
	assert_int_equal(sva_bus_register(&bus), -EINVAL);
	bus.ops = &ops;
	ops.unbind = NULL;
	assert_int_equal(sva_bus_register(&bus), -EINVAL);
}

static void
bus_limit(void **state)
{
	static struct sva_bus buses[17];
	static char names[17][8];
	int i, n, ret = 0;

	(void)state;
	for (n = 0; n < 17 && ret == 0; n++) {
		snprintf(names[n], sizeof(names[n]), "bus%d", n);
		buses[n] = slow;
		buses[n].name = names[n];
		ret = sva_bus_register(&buses[n]);
	}
	assert_int_equal(ret, -ENOMEM);
	for (i = 0; i < n - 1; i++)
		assert_int_equal(sva_bus_unregister(&buses[i]), 0);
}

static void
bus_in_use(void **state)
{
	struct sva_container *c;

	(void)state;
	assert_int_equal(sva_bus_register(&slow), 0);
	assert_int_equal(sva_eal_setup(NULL), 0);
	assert_int_equal(sva_container_create("slow", &c), 0);
	assert_int_equal(sva_bus_unregister(&slow), -EBUSY);
	assert_int_equal(sva_container_destroy(c), 0);
	assert_int_equal(sva_bus_unregister(&slow), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
}

static void
count(const struct sva_bus_found *found, void *arg)
{
	assert_string_equal(found->name, "fake:dev0");
	++*(int *)arg;
}

static void
scan(void **state)
{
	int n = 0;

	(void)state;
	assert_int_equal(sva_bus_scan(&slow, count, &n), -ENODEV);
	assert_int_equal(sva_bus_scan(NULL, count, &n), -EINVAL);
	assert_int_equal(sva_bus_register(&slow), 0);
	assert_int_equal(sva_bus_scan(&slow, NULL, &n), -EINVAL);
	assert_int_equal(n, 0);
	assert_int_equal(sva_bus_scan(&slow, count, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(sva_bus_unregister(&slow), 0);
}

static void
driver_registry(void **state)
{
	struct sva_driver bad = one;
	unsigned int n = 0;

	(void)state;
	while (sva_driver_get(n) != NULL)
		n++;
	assert_null(sva_driver_match(FAKE_VENDOR, FAKE_DEVICE));
	assert_int_equal(sva_driver_register(&one), 0);
	assert_int_equal(sva_driver_register(&two), 0);
	assert_int_equal(sva_driver_register(&two), -EEXIST);
	assert_ptr_equal(sva_driver_get(n), &one);
	assert_ptr_equal(sva_driver_get(n + 1), &two);
	assert_null(sva_driver_get(n + 2));
	assert_ptr_equal(sva_driver_match(FAKE_VENDOR, FAKE_DEVICE), &one);
	assert_null(sva_driver_match(FAKE_VENDOR, FAKE_DEVICE + 1));
	assert_null(sva_driver_match(0, 0));
	assert_int_equal(sva_driver_unregister(&one), 0);
	assert_int_equal(sva_driver_unregister(&one), -ENOENT);
	assert_ptr_equal(sva_driver_match(FAKE_VENDOR, FAKE_DEVICE), &two);
	assert_int_equal(sva_driver_unregister(&two), 0);

	assert_int_equal(sva_driver_register(NULL), -EINVAL);
	bad.name = "Bad";
	assert_int_equal(sva_driver_register(&bad), -EINVAL);
	bad = one;
	bad.ids = NULL;
	assert_int_equal(sva_driver_register(&bad), -EINVAL);
	bad = one;
	bad.dev_class = NULL;
	assert_int_equal(sva_driver_register(&bad), -EINVAL);
}

static void
driver_limit(void **state)
{
	static struct sva_driver drivers[65];
	static char names[65][8];
	int i, n, ret = 0;

	(void)state;
	for (n = 0; n < 65 && ret == 0; n++) {
		snprintf(names[n], sizeof(names[n]), "drv%d", n);
		drivers[n] = one;
		drivers[n].name = names[n];
		ret = sva_driver_register(&drivers[n]);
	}
	assert_int_equal(ret, -ENOMEM);
	for (i = 0; i < n - 1; i++)
		assert_int_equal(sva_driver_unregister(&drivers[i]), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bus_order),
		cmocka_unit_test(bad_buses),
		cmocka_unit_test(bus_limit),
		cmocka_unit_test(bus_in_use),
		cmocka_unit_test(scan),
		cmocka_unit_test(driver_registry),
		cmocka_unit_test(driver_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
