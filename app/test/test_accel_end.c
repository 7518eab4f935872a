/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Ends: closed queues and devices, resets, lost bonds, devices that stop or die.
 */
#include <signal.h>

#include <dsa_hw.h>
#include <sva_accel_driver.h>

#include "test_accel_util.h"
#include "test_eal_log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t a[65536], b[65536];

static void
log_clear(void)
{
	rewind(log_file);
	fputc('\0', log_file);
	rewind(log_file);
	fflush(log_file);
}

/* Nothing has been logged since the last log_clear(). */
static bool
log_empty(void)
{
	fflush(log_file);
	return log_size == 0;
}

/* Everything answers -ENODEV, whatever was closed. */
static void
check_closed_queue(struct sva_queue *q)
{
	struct sva_queue_stats stats;
	struct sva_queue_info info;
	struct sva_result r;
	unsigned int op, flags;

	for (op = 0; op < SVA_NB_OPS; op++)
		for (flags = 0; flags < 8; flags++)
			assert_int_equal(test_enqueue_any(q, op, b, a, 64, flags), -ENODEV);
	assert_int_equal(sva_submit(q), -ENODEV);
	assert_int_equal(sva_poll(q, &r, 1), -ENODEV);
	assert_int_equal(sva_poll(q, NULL, 0), -ENODEV);
	assert_int_equal(sva_queue_info(q, &info), -ENODEV);
	assert_int_equal(sva_queue_stats(q, &stats), -ENODEV);
	assert_int_equal(sva_queue_stats_reset(q), -ENODEV);
	assert_int_equal(sva_queue_close(q), -ENODEV);
}

static void
check_closed_device(struct sva_device *dev)
{
	struct sva_device_info info;
	struct sva_queue *q;

	assert_int_equal(sva_device_info(dev, &info), -ENODEV);
	assert_int_equal(sva_device_reset(dev), -ENODEV);
	assert_int_equal(sva_queue_open(dev, NULL, &q), -ENODEV);
	assert_int_equal(sva_device_close(dev), -ENODEV);
}

static void
use_after_close(void **state)
{
	struct sva_device *dev = test_open(NULL), *other;
	struct sva_queue *q = test_queue(dev), *q2 = test_queue(dev), *many[60];
	unsigned int i;

	(void)state;
	assert_int_equal(sva_queue_close(NULL), -EINVAL);
	assert_int_equal(sva_queue_info(NULL, NULL), -EINVAL);
	assert_int_equal(sva_queue_info(q, NULL), -EINVAL);
	assert_int_equal(sva_queue_stats(q, NULL), -EINVAL);
	assert_int_equal(sva_queue_stats_reset(NULL), -EINVAL);
	assert_int_equal(sva_device_close(NULL), -EINVAL);
	assert_int_equal(sva_device_reset(NULL), -EINVAL);
	assert_true(sva_nop(q, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_int_equal(sva_queue_close(q), 0);
	check_closed_queue(q);
	assert_int_equal(sva_device_close(dev), 0);
	check_closed_queue(q);
	check_closed_queue(q2);
	check_closed_device(dev);
	/* A new device has another handle, and the old queues' are kept for a while. */
	other = test_open(NULL);
	assert_ptr_not_equal(other, dev);
	check_closed_device(dev);
	for (i = 0; i < COUNT(many); i++) {
		many[i] = test_queue(other);
		assert_int_equal(sva_queue_close(many[i]), 0);
	}
	check_closed_queue(q);
	check_closed_queue(q2);
	for (i = 0; i < COUNT(many); i++)
		check_closed_queue(many[i]);
}

/* What was accepted is done, submitted or not; who does not poll is told. */
static void
close_in_flight(void **state)
{
	struct sva_device *dev;
	struct sva_queue *q, *q2;
	unsigned int i;

	(void)state;
	dev = test_open(NULL);
	q = test_queue(dev);
	memset(a, 0x31, sizeof(a));
	memset(b, 0, sizeof(b));
	for (i = 0; i < 100; i++)
		assert_true(sva_copy(q, b + i * 100, a, 100, i, i % 10 == 0 ? SVA_SUBMIT : 0) >= 0);
	log_clear();
	assert_int_equal(sva_queue_close(q), 0);
	assert_true(log_has("queue 0 closed with 100 results that nobody polled"));
	assert_memory_equal(a, b, 10000);
	assert_int_equal(b[10000], 0);
	assert_int_equal(sva_queue_close(q), -ENODEV);

	memset(b, 0, sizeof(b));
	q = test_queue(dev);
	q2 = test_queue(dev);
	for (i = 0; i < 50; i++) {
		assert_true(sva_fill(q, b + i * 64, 0x3131313131313131, 64, i, 0) >= 0);
		assert_true(sva_crc32c(q2, a, sizeof(a), 0, i, 0) >= 0);
	}
	assert_int_equal(sva_submit(q), 0);
	log_clear();
	assert_int_equal(sva_device_close(dev), 0);
	assert_true(log_has("queue 1 closed with 50 results that nobody polled"));
	assert_memory_equal(a, b, 3200);

	/* Clean-up closes as well. */
	memset(b, 0, sizeof(b));
	q = test_queue(test_open(NULL));
	assert_true(sva_copy(q, b, a, sizeof(b), 1, SVA_SUBMIT) >= 0);
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_memory_equal(a, b, sizeof(b));
	/* A queue closed after polling is nothing to warn of. */
	q = test_queue(test_open(NULL));
	assert_true(sva_nop(q, 1, 0) >= 0);
	test_one(q);
	log_clear();
	assert_int_equal(sva_queue_close(q), 0);
	assert_true(log_empty());
}

/* Poll until `left` results have come; how many were not done. */
static unsigned int
take_in_order(struct sva_queue *q, uint64_t first, unsigned int left)
{
	unsigned int i, aborted = 0;
	struct sva_result r;

	for (i = 0; i < left; i++) {
		test_take(q, &r, 1);
		assert_int_equal(r.cookie, first + i);
		assert_true(r.status == SVA_OK || r.status == SVA_ABORTED || r.status == SVA_FAULT);
		if (r.status == SVA_OK)
			assert_int_equal(r.bytes, sizeof(a));
		aborted += r.status != SVA_OK;
	}
	assert_int_equal(sva_poll(q, &r, 1), 0);
	return aborted;
}

static void
works(struct sva_queue *q)
{
	struct sva_result r;

	memset(a, 0x66, 100);
	memset(b, 0, 100);
	assert_true(sva_copy(q, b, a, 100, 7, 0) >= 0);
	r = test_one(q);
	assert_int_equal(r.cookie, 7);
	assert_int_equal(r.status, SVA_OK);
	assert_memory_equal(a, b, 100);
}

static void
reset_in_flight(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q[2] = {
		test_queue_conf(dev, 256, 0, SVA_FAULT_RESUME),
		test_queue_conf(dev, 256, UINT_MAX, SVA_FAULT_RESUME),
	};
	unsigned int round, i, k;

	(void)state;
	for (round = 0; round < test_rounds(60); round++) {
		for (k = 0; k < 2; k++) {
			for (i = 0; i < 200; i++) {
				uint32_t flags = i % 32 == 31 && i < 160 ? SVA_SUBMIT : 0;

				if (round % 3 == 1 && i % 5 == 0)
					flags |= SVA_FENCE;
				if (round % 3 == 2 && i % 4 == 0)
					assert_true(sva_crc32c(q[k], a, sizeof(a), 0, i,
							       flags) >= 0);
				else
					assert_true(sva_copy(q[k], b, a, sizeof(a), i, flags) >= 0);
			}
		}
		assert_int_equal(sva_device_reset(dev), 0);
		for (k = 0; k < 2; k++) {
			/* What had not been submitted waits for that. */
			take_in_order(q[k], 0, 160);
			assert_int_equal(sva_submit(q[k]), 0);
			assert_int_equal(take_in_order(q[k], 160, 40), 0);
			works(q[k]);
		}
	}
	assert_int_equal(sva_device_reset(dev), 0);
	assert_int_equal(sva_queue_close(q[0]), 0);
	works(q[1]);
}

/* The process's bond goes while the device works: nothing hangs, nothing is missing. */
static void
unbind_in_flight(void **state)
{
	struct sva_container *c;
	struct sva_device_conf conf = { 0 };
	struct sva_device *dev;
	struct sva_queue *q[2];
	unsigned int round, i, k;
	uint32_t pasid;
	char bus[16] = "";

	(void)state;
	memcpy(bus, test_device(), strcspn(test_device(), ":"));
	for (round = 0; round < 4; round++) {
		assert_int_equal(sva_eal_setup(NULL), 0);
		assert_int_equal(sva_container_create(bus, &c), 0);
		conf.container = c;
		assert_int_equal(sva_device_open_conf(test_device(), &conf, &dev), 0);
		for (k = 0; k < 2; k++) {
			q[k] = test_queue_conf(dev, 256, round % 2 ? UINT_MAX : 0,
					       SVA_FAULT_RESUME);
			works(q[k]);
			for (i = 0; i < 200; i++)
				assert_true((i % 3 ? sva_copy(q[k], b, a, sizeof(a), i, 0) :
					     sva_crc32c(q[k], a, sizeof(a), 0, i, 0)) >= 0);
			assert_int_equal(sva_submit(q[k]), 0);
		}
		test_faults_expected(true);
		assert_int_equal(sva_unbind(c, 0), 0);
		take_in_order(q[0], 0, 200);
		take_in_order(q[1], 0, 200);
		/* Nor is anything done that comes now. */
		memset(a, 1, sizeof(a));
		memset(b, 2, sizeof(b));
		for (i = 0; i < 5; i++)
			assert_true(sva_copy(q[0], b, a, sizeof(a), i, SVA_SUBMIT) >= 0);
		assert_int_equal(take_in_order(q[0], 0, 5), 5);
		assert_int_equal(b[0], 2);
		/* Bound again, under the same PASID or not, a reset device works. */
		assert_int_equal(sva_bind(c, 0, &pasid), 0);
		test_faults_expected(false);
		if (round < 2)
			assert_true(sva_nop(q[0], 0, SVA_SUBMIT) >= 0);
		assert_true(sva_device_close(dev) <= 0);
		assert_int_equal(sva_container_destroy(c), 0);
		assert_int_equal(sva_eal_cleanup(), 0);
	}
}

/*
 * A device that stops by itself, and is reset: before that all that was accepted gets a
 * result and no more is taken, after it everything works as before.
 */
static void
device_stops(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_bus_device *bus = dev->bus_dev;
	struct sva_queue *q = test_queue_conf(dev, 64, 0, SVA_FAULT_RESUME);
	unsigned int round, i, n, submitted, polled;
	struct sva_result r;

	(void)state;
	for (round = 0; round < test_rounds(100); round++) {
		submitted = 1 + round % 5 * 7;
		n = submitted + round % 3 * 2;
		polled = round % 4 == 0 ? n : round % 4 == 1 ? 1 : (n + 1) / 2;
		works(q);
		bus->bus->ops->write32(bus, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0));
		while (bus->bus->ops->read32(bus, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE)
			;
		for (i = 0; i < n; i++)
			assert_true(test_enqueue_any(q, (i * 5 + round) % SVA_NB_OPS, b, a, 64,
					    (i % 4 == 3 ? SVA_FENCE : 0) |
					    (i + 1 == submitted ? SVA_SUBMIT : 0)) >= 0);
		for (i = 0; i < polled; i++) {
			test_take(q, &r, 1);
			assert_int_equal(r.status, SVA_ABORTED);
		}
		if (round % 2)
			assert_int_equal(test_enqueue_any(q, SVA_OP_COPY, b, a, 1, 0), -EIO);
		assert_int_equal(sva_submit(q), -EIO);
		assert_int_equal(sva_device_reset(dev), 0);
		assert_int_equal(sva_submit(q), 0);
		for (; i < n; i++) {
			test_take(q, &r, 1);
			assert_int_equal(r.status, SVA_ABORTED);
		}
		assert_int_equal(sva_poll(q, &r, 1), 0);
	}
	works(q);
	assert_int_equal(sva_device_close(dev), 0);
}

/* A device that dies: all that was accepted gets a result, and no more is accepted. */
static void
device_dies(void **state)
{
	struct sva_device *dev;
	struct sva_queue *q, *other;
	struct sva_result r;
	unsigned int i, polled;
	pid_t pid;

	(void)state;
	TEST_NEEDS(test_emulated(), "no device here has an engine that can be killed");
	for (polled = 0; polled < 2; polled++) {
		dev = test_open(NULL);
		q = test_queue_conf(dev, 64, 0, SVA_FAULT_RESUME);
		other = test_queue(dev);
		works(q);
		pid = test_engine_task(q);
		TEST_NEEDS(pid != 0, "its engine is not a task of its own");
		test_kill_engine(pid);
		for (i = 0; i < 40; i++)
			assert_true((i % 3 ? sva_copy(q, b, a, 100, i, 0) :
				     sva_crc32c(q, a, 100, 0, i, i % 4 ? SVA_FENCE : 0)) >= 0);
		/* Some of them are not even submitted. */
		assert_int_equal(sva_submit(q), 0);
		for (; i < 50; i++)
			assert_true(sva_copy(q, b, a, 100, i, i % 2 ? SVA_FENCE : 0) >= 0);
		for (i = 0; i < (polled ? 50u : 20u); i++) {
			test_take(q, &r, 1);
			assert_int_equal(r.cookie, i);
			assert_int_equal(r.status, SVA_ABORTED);
			assert_int_equal(r.bytes, 0);
			assert_int_equal(r.device_status, 0);
		}
		assert_int_equal(sva_copy(q, b, a, 100, 0, 0), -EIO);
		assert_int_equal(sva_submit(q), -EIO);
		if (polled)
			assert_int_equal(sva_poll(q, &r, 1), 0);
		assert_int_equal(sva_device_reset(dev), -EIO);
		for (; i < 30; i++) {
			test_take(q, &r, 1);
			assert_int_equal(r.cookie, i);
			assert_int_equal(r.status, SVA_ABORTED);
		}
		assert_int_equal(sva_queue_close(q), -EIO);
		check_closed_queue(q);
		assert_int_equal(sva_copy(other, b, a, 100, 0, 0), -EIO);
		assert_int_equal(sva_device_close(dev), -EIO);
		check_closed_device(dev);
		dev = test_open(NULL);
		works(test_queue(dev));
		assert_int_equal(sva_device_close(dev), 0);
	}
}

/* cmocka's setup and teardown with the log kept for log_has(). */
static int
begin(void **state)
{
	return test_begin(state) | log_start(state);
}

static int
end(void **state)
{
	return test_end(state) | log_stop(state);
}

#define END_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		END_TEST(use_after_close),
		END_TEST(close_in_flight),
		END_TEST(reset_in_flight),
		END_TEST(unbind_in_flight),
		END_TEST(device_stops),
		END_TEST(device_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
