/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The part of the binding API that is the same for every bus.
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
#include "test_eal_log.h"

static const struct sva_bus fake = { .name = "fake", .params = fake_params, .ops = &fake_ops };
static const struct sva_bus other = { .name = "other", .ops = &fake_ops };

static int
start(void **state)
{
	const char *allow[] = { "fake:dev0", "fake:dev1,size=8k,mode=slow", "other:dev0", NULL };
	struct sva_eal_conf conf = { .allow = *state != NULL ? allow : NULL };

	fake_open_error = 0;
	fake_create_error = 0;
	if (log_start(state) != 0 || sva_bus_register(&fake) != 0 || sva_bus_register(&other) != 0)
		return -1;
	return sva_eal_setup(&conf);
}

static int
end(void **state)
{
	if (sva_eal_cleanup() != 0 || fake_containers != 0 || fake_devices != 0)
		return -1;
	if (sva_bus_unregister(&fake) != 0 || sva_bus_unregister(&other) != 0)
		return -1;
	return log_stop(state);
}

static void
containers(void **state)
{
	struct sva_container *a, *b;

	(void)state;
	assert_int_equal(sva_container_create(NULL, &a), -EINVAL);
	assert_int_equal(sva_container_create("fake", NULL), -EINVAL);
	assert_int_equal(sva_container_create("none", &a), -ENODEV);
	assert_true(log_has("no bus called \"none\""));
	fake_create_error = -EACCES;
	assert_int_equal(sva_container_create("fake", &a), -EACCES);
	fake_create_error = 0;
	assert_int_equal(sva_container_create("fake", &a), 0);
	assert_int_equal(sva_container_create("other", &b), 0);
	assert_ptr_not_equal(a, b);
	assert_int_equal(fake_containers, 2);
	assert_true(sva_container_valid(a));
	assert_true(sva_container_valid(b));
	assert_false(sva_container_valid(NULL));
	assert_false(sva_container_valid((void *)&fake));
	assert_int_equal(sva_container_destroy(a), 0);
	assert_false(sva_container_valid(a));
	assert_true(sva_container_valid(b));
	assert_int_equal(sva_container_destroy(a), -EINVAL);
	assert_int_equal(sva_container_destroy(NULL), -EINVAL);
	assert_int_equal(sva_container_destroy(b), 0);
	assert_int_equal(fake_containers, 0);
}

static void
devices(void **state)
{
	struct sva_bus_device *d0, *d1, *d = (void *)1;
	struct sva_container *c, *c2;

	(void)state;
	assert_int_equal(sva_container_create("fake", &c), 0);
	assert_int_equal(sva_container_create("fake", &c2), 0);
	assert_int_equal(sva_container_open_device(NULL, "fake:dev0", &d), -EINVAL);
	assert_int_equal(sva_container_open_device(c, NULL, &d), -EINVAL);
	assert_int_equal(sva_container_open_device(c, "fake:dev0", NULL), -EINVAL);
	assert_int_equal(sva_container_open_device((void *)&fake, "fake:dev0", &d), -EINVAL);
	assert_int_equal(sva_container_open_device(c, "dev0", &d), -EINVAL);
	assert_int_equal(sva_container_open_device(c, "other:dev0", &d), -EINVAL);
	assert_true(log_has("cannot go into a container of bus fake"));
	assert_int_equal(sva_container_open_device(c, "fake:nodev", &d), -ENODEV);
	fake_open_error = -EBUSY;
	assert_int_equal(sva_container_open_device(c, "fake:dev0", &d), -EBUSY);
	fake_open_error = 0;
	assert_ptr_equal(d, (void *)1);

	assert_int_equal(sva_container_open_device(c, "fake:dev0", &d0), 0);
	assert_string_equal(d0->name, "fake:dev0");
	assert_ptr_equal(d0->bus, &fake);
	assert_ptr_equal(d0->container, c);
	assert_int_equal(sva_container_open_device(c2, "fake:dev0", &d), -EBUSY);
	assert_true(log_has("fake:dev0 is open already"));
	assert_int_equal(sva_container_open_device(c, "fake:dev1", &d1), 0);
	assert_int_equal(c->nb_devices, 2);
	assert_int_equal(fake_devices, 2);

	assert_int_equal(sva_container_destroy(c), -EBUSY);
	assert_true(sva_container_valid(c));
	assert_int_equal(sva_bus_device_close(d0), 0);
	assert_int_equal(sva_bus_device_close(d0), -EINVAL);
	assert_int_equal(sva_bus_device_close(NULL), -EINVAL);
	assert_int_equal(sva_container_open_device(c2, "fake:dev0", &d0), 0);
	assert_int_equal(sva_bus_device_close(d1), 0);
	assert_int_equal(sva_container_destroy(c), 0);
	/* d0 and c2 are left to the clean-up. */
}

static void
bonds(void **state)
{
	struct sva_container_info info;
	struct sva_bus_device *d;
	struct sva_container *c;
	uint32_t pasid = 0;

	(void)state;
	assert_int_equal(sva_container_create("fake", &c), 0);
	assert_int_equal(sva_bind(c, 0, &pasid), -EINVAL);	/* no device */
	assert_int_equal(sva_unbind(c, 0), -ESRCH);
	assert_int_equal(sva_container_open_device(c, "fake:dev0", &d), 0);
	assert_int_equal(sva_bind(NULL, 0, &pasid), -EINVAL);
	assert_int_equal(sva_bind((void *)&fake, 0, &pasid), -EINVAL);
	assert_int_equal(sva_bind(c, -1, &pasid), -EINVAL);
	assert_int_equal(sva_bind(c, 0, NULL), -EINVAL);
	assert_int_equal(pasid, 0);
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(pasid, 100);
	assert_int_equal(sva_bind(c, 4, &pasid), 0);
	assert_int_equal(pasid, 101);
	assert_int_equal(sva_bind(c, 5, &pasid), -ENOSPC);

	assert_int_equal(sva_container_info(c, &info), 0);
	assert_string_equal(info.bus, "fake");
	assert_int_equal(info.devices, 1);
	assert_int_equal(info.bonds, 2);
	assert_int_equal(info.max_bonds, 2);
	assert_int_equal(info.pasid_bits, 20);
	assert_int_equal(info.io_page_faults, 0);
	assert_int_equal(sva_container_info(c, NULL), -EINVAL);
	assert_int_equal(sva_container_info(NULL, &info), -EINVAL);

	assert_int_equal(sva_unbind(NULL, 4), -EINVAL);
	assert_int_equal(sva_unbind(c, -4), -EINVAL);
	assert_int_equal(sva_unbind(c, 4), 0);
	assert_int_equal(sva_unbind(c, 4), -ESRCH);
	assert_int_equal(sva_bus_device_close(d), 0);
	assert_int_equal(sva_unbind(c, 0), 0);
	assert_int_equal(sva_container_destroy(c), 0);
	assert_int_equal(sva_bind(c, 0, &pasid), -EINVAL);
	assert_int_equal(sva_unbind(c, 0), -EINVAL);
	assert_int_equal(sva_container_info(c, &info), -EINVAL);
}

static void
allow_list(void **state)
{
	const char *const words[] = { "slow", "fast", NULL };
	struct sva_bus_device *d;
	struct sva_container *c;
	unsigned int word = 9;

	(void)state;
	assert_int_equal(sva_container_create("fake", &c), 0);
	assert_int_equal(sva_container_open_device(c, "fake:dev2", &d), -EPERM);
	assert_true(log_has("fake:dev2 is not on the allow list"));
	assert_int_equal(sva_container_open_device(c, "fake:dev", &d), -EPERM);
	assert_int_equal(sva_container_open_device(c, "fake:dev0", &d), 0);
	assert_null(sva_devargs_str(d->args, "size"));

	/* Its devargs apply; those of the open win. */
	fake_size = 0;
	assert_int_equal(sva_container_open_device(c, "fake:dev1", &d), 0);
	assert_int_equal(fake_size, 8192);
	assert_int_equal(sva_bus_device_close(d), 0);
	assert_int_equal(sva_container_open_device(c, "fake:dev1,size=5", &d), 0);
	assert_int_equal(fake_size, 5);
	assert_string_equal(sva_devargs_str(d->args, "mode"), "slow");
	assert_int_equal(sva_devargs_word(d->args, "mode", words, &word), 0);
	assert_int_equal(word, 0);
	/* Left to the clean-up, before the list is freed. */
}

static void
not_initialised(void **state)
{
	struct sva_container *c;

	assert_int_equal(log_start(state), 0);
	assert_int_equal(sva_bus_register(&fake), 0);
	assert_int_equal(sva_container_create("fake", &c), -ENODEV);
	assert_true(log_has("not initialised"));
	assert_int_equal(sva_bus_unregister(&fake), 0);
	log_stop(state);
}

int
main(void)
{
	static char with_list[1];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_initialised),
		cmocka_unit_test_setup_teardown(containers, start, end),
		cmocka_unit_test_setup_teardown(devices, start, end),
		cmocka_unit_test_setup_teardown(bonds, start, end),
		cmocka_unit_test_prestate_setup_teardown(allow_list, start, end, with_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
