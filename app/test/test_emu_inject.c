/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What an emulated device can be told to do wrong, as the driver and the class see it.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sva_accel_driver.h>

#include "test_emu_util.h"

#define LEN (1u << 20)

static unsigned char src[LEN], dst[LEN];
static unsigned int events[3];

struct fixture {
	struct sva_device *dev;
	struct sva_queue *q;
};

static void
on_event(struct sva_device *dev, const struct sva_event *event, void *arg)
{
	(void)dev;
	(void)arg;
	events[event->type]++;
}

static int
setup(void **state)
{
	static struct fixture f;
	unsigned int i;

	for (i = 0; i < LEN; i++)
		src[i] = (unsigned char)(i * 31 + i / 257);
	memset(dst, 0, LEN);
	memset(events, 0, sizeof(events));
	*state = &f;
	return emu_start(state) != 0 || sva_device_open("emu:dsa", &f.dev) != 0 ||
	       sva_device_on_event(f.dev, on_event, NULL) != 0 ||
	       sva_queue_open(f.dev, NULL, &f.q) != 0 ? -1 : (*state = &f, 0);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	return f->dev == NULL || sva_device_close(f->dev) == 0 ? emu_end(state) : -1;
}

static int
inject(const struct fixture *f, enum sva_inject what, unsigned int count)
{
	return f->dev->bus_dev->bus->ops->inject(f->dev->bus_dev, what, count);
}

static struct sva_result
copy(const struct fixture *f, size_t len)
{
	struct sva_result r;

	assert_true(sva_copy(f->q, dst, src, len, 0, SVA_SUBMIT) >= 0);
	while (sva_poll(f->q, &r, 1) == 0)
		sched_yield();
	return r;
}

static void
page_faults(void **state)
{
	const struct fixture *f = *state;
	struct sva_queue_stats stats;
	struct sva_result r;

	assert_int_equal(inject(f, SVA_INJECT_PAGE_FAULT, 3), 0);
	/* Small ones are spared. */
	r = copy(f, 64);
	assert_int_equal(r.status, SVA_OK);
	assert_int_equal(sva_queue_stats(f->q, &stats), 0);
	assert_int_equal(stats.faults, 0);
	r = copy(f, LEN);
	assert_int_equal(r.status, SVA_OK);
	assert_int_equal(r.bytes, LEN);
	assert_memory_equal(dst, src, LEN);
	assert_int_equal(sva_queue_stats(f->q, &stats), 0);
	/* One that hits source and destination at once is one fault of two accesses. */
	assert_in_range(stats.faults, 2, 3);
	assert_int_equal(stats.resumed, stats.faults);
	r = copy(f, LEN);
	assert_int_equal(sva_queue_stats(f->q, &stats), 0);
	assert_in_range(stats.faults, 2, 3);
}

static void
hardware_errors(void **state)
{
	const struct fixture *f = *state;
	unsigned int i;

	assert_int_equal(inject(f, SVA_INJECT_HW_ERROR, 2), 0);
	for (i = 0; i < 3; i++) {
		struct sva_result r = copy(f, LEN);

		assert_int_equal(r.status, i < 2 ? SVA_HW_ERROR : SVA_OK);
		assert_int_equal(r.device_status, i < 2 ? DSA_STS_HW_ERROR : DSA_STS_SUCCESS);
		assert_int_equal(dst[1], i < 2 ? 0 : src[1]);
	}
}

static void
halt(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(inject(f, SVA_INJECT_HALT, 1), 0);
	assert_int_equal(sva_device_handle_events(f->dev), -EIO);
	assert_int_equal(events[SVA_EVENT_FAILED], 1);
	/* The queue sees it at its next look. */
	assert_int_equal(copy(f, LEN).status, SVA_ABORTED);
	assert_int_equal(sva_copy(f->q, dst, src, LEN, 0, SVA_SUBMIT), -EIO);
	assert_int_equal(sva_device_reset(f->dev), 0);
	assert_int_equal(copy(f, LEN).status, SVA_OK);
}

static void
removal(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(inject(f, SVA_INJECT_REMOVAL, 1), 0);
	assert_int_equal(sva_device_handle_events(f->dev), -EIO);
	assert_int_equal(events[SVA_EVENT_REMOVED], 1);
	/* The queue sees it at its next look. */
	assert_int_equal(copy(f, LEN).status, SVA_ABORTED);
	assert_int_equal(sva_copy(f->q, dst, src, LEN, 0, SVA_SUBMIT), -EIO);
	assert_int_equal(sva_device_reset(f->dev), -EIO);
	/* It could not be told to stop. */
	assert_int_equal(sva_device_close(f->dev), -EIO);
	f->dev = NULL;
}

/* A reset of the function forgets what was left; nonsense is refused. */
static void
limits(void **state)
{
	const struct fixture *f = *state;
	const struct sva_bus_ops *ops = f->dev->bus_dev->bus->ops;
	struct sva_queue_stats stats;

	assert_int_equal(inject(f, SVA_INJECT_PAGE_FAULT, 0), -EINVAL);
	assert_int_equal(inject(f, (enum sva_inject)99, 1), -EINVAL);
	assert_int_equal(inject(f, SVA_INJECT_PAGE_FAULT, UINT_MAX), 0);
	assert_int_equal(inject(f, SVA_INJECT_PAGE_FAULT, 1), 0);
	/* The driver gives up in the end. */
	assert_int_equal(copy(f, LEN).status, SVA_FAULT);
	assert_int_equal(inject(f, SVA_INJECT_HW_ERROR, UINT_MAX), 0);
	assert_int_equal(ops->reset(f->dev->bus_dev), 0);
	assert_int_equal(sva_device_reset(f->dev), 0);
	assert_int_equal(sva_queue_stats_reset(f->q), 0);
	assert_int_equal(copy(f, LEN).status, SVA_OK);
	assert_int_equal(sva_queue_stats(f->q, &stats), 0);
	assert_int_equal(stats.faults, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(page_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(hardware_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(halt, setup, teardown),
		cmocka_unit_test_setup_teardown(removal, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
	};

	return cmocka_run_group_tests_name("emu_inject", tests, NULL, NULL);
}
