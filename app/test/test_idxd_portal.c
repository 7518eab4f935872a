/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Where the idxd driver stores descriptors: on a bus that is the emulated one, but for
 * portals of memory, out of which the test hands on what it finds.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sva_accel.h>
#include <sva_bus.h>
#include <sva_eal.h>

#define SLOT 64u
#define SLOTS (4096u / SLOT)

static _Alignas(4096) uint8_t page[4096];
static struct sva_portal *opened, behind;
static struct sva_bus_ops ops;
static struct sva_bus memory_bus = { .name = "memory", .desc = "portals of memory", .ops = &ops };

static int
portal_open(struct sva_bus_device *dev, uint64_t offset, struct sva_portal *portal)
{
	int ret = sva_bus_find("emu")->ops->portal_open(dev, offset, &behind);

	opened = portal;
	*portal = (struct sva_portal){ .kind = SVA_PORTAL_STORE8, .addr = page };
	return ret;
}

static void
portal_close(struct sva_bus_device *dev, struct sva_portal *portal)
{
	(void)portal;
	sva_bus_find("emu")->ops->portal_close(dev, &behind);
	opened = NULL;
}

static int
start(void **state)
{
	const struct sva_bus *emu;

	(void)state;
	if (sva_eal_setup(NULL) != 0)
		return -1;
	emu = sva_bus_find("emu");
	if (emu == NULL)
		return -1;
	ops = *emu->ops;
	ops.portal_open = portal_open;
	ops.portal_close = portal_close;
	memory_bus.params = emu->params;
	return sva_bus_register(&memory_bus);
}

static int
end(void **state)
{
	(void)state;
	return sva_bus_unregister(&memory_bus) != 0 || sva_eal_cleanup() != 0;
}

/* The one slot that has been written; it goes to the device, and is empty again. */
static unsigned int
hand_on(void)
{
	static const uint8_t empty[SLOT];
	unsigned int i, found = SLOTS;

	for (i = 0; i < SLOTS; i++) {
		if (memcmp(page + i * SLOT, empty, SLOT) == 0)
			continue;
		assert_int_equal(found, SLOTS);
		found = i;
	}
	assert_true(found < SLOTS);
	behind.write(&behind, page + found * SLOT);
	memset(page, 0, sizeof(page));
	return found;
}

/* Operations one by one, each of which must be stored `step` slots after the one before. */
static void
slots(const char *spec, unsigned int step)
{
	struct sva_device *dev;
	struct sva_queue *q;
	struct sva_result r;
	uint64_t from, to;
	unsigned int i;

	assert_int_equal(sva_device_open(spec, &dev), 0);
	assert_int_equal(sva_queue_open(dev, NULL, &q), 0);
	assert_non_null(opened);
	for (i = 0; i < 3 * SLOTS; i++) {
		from = i + 1;
		to = 0;
		assert_true(sva_copy(q, &to, &from, sizeof(to), i, SVA_SUBMIT) >= 0);
		assert_int_equal(hand_on(), i * step % SLOTS);
		while (sva_poll(q, &r, 1) == 0)
			;
		assert_int_equal(r.status, SVA_OK);
		assert_true(r.cookie == i && to == from);
	}
	assert_int_equal(sva_device_close(dev), 0);
	assert_null(opened);
}

static void
rotating(void **state)
{
	(void)state;
	slots("memory:dsa", 1);
	slots("memory:dsa,rotate=on", 1);
}

static void
not_rotating(void **state)
{
	(void)state;
	slots("memory:dsa,rotate=off", 0);
}

static void
bad_value(void **state)
{
	struct sva_device *dev;

	(void)state;
	assert_int_equal(sva_device_open("emu:dsa,rotate=1", &dev), -EINVAL);
	assert_int_equal(sva_device_open("emu:dsa,rotate=", &dev), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotating),
		cmocka_unit_test(not_rotating),
		cmocka_unit_test(bad_value),
	};

	return cmocka_run_group_tests(tests, start, end);
}
