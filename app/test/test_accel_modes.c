/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Other ways in which a device can work: shared work queues, blocking on page faults; and
 * the events that it reports.
 */
#include <signal.h>
#include <sys/wait.h>

#include <dsa_hw.h>
#include <sva_accel_driver.h>

#include "test_accel_bad.h"
#include "test_eal_log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t a[1 << 16], b[1 << 16];

/* For tests of shared queues: whether there is an ENQCMD to write to one. */
static bool
has_shared(void)
{
	struct sva_device *dev;
	struct sva_queue *q;
	char spec[128];
	int ret;

	snprintf(spec, sizeof(spec), "%s,mode=shared", test_device());
	ret = sva_device_open(spec, &dev);
	if (ret != 0)
		return false;
	ret = sva_queue_open(dev, NULL, &q);
	assert_true(ret == 0 || ret == -EOPNOTSUPP);
	assert_int_equal(sva_device_close(dev), 0);
	return ret == 0;
}

#define TEST_NEEDS_SHARED() TEST_NEEDS(has_shared(), "no shared queues, or no ENQCMD for them")

static int
open_error(const char *devargs)
{
	struct sva_device *dev;
	char spec[128];

	snprintf(spec, sizeof(spec), "%s,%s", test_device(), devargs);
	return sva_device_open(spec, &dev);
}

/* n copies, some of them something else, at once; all go well. Stride at most 256. */
static void
burst(struct sva_queue *q, unsigned int n, bool mixed, uint32_t flags)
{
	struct sva_result r[256];
	unsigned int i;

	test_fill_random(a, n * 256, n);
	memset(b, 0, sizeof(b));
	for (i = 0; i < n; i++) {
		uint8_t *from = a + i * 256, *to = b + i * 256;

		if (mixed && i % 5 == 3)
			assert_true(sva_copy_crc32c(q, to, from, 256, 1, i, flags) >= 0);
		else
			assert_true(sva_copy(q, to, from, 256, i,
					     mixed && i % 7 == 6 ? SVA_FENCE : flags) >= 0);
	}
	assert_int_equal(sva_submit(q), 0);
	test_take(q, r, n);
	for (i = 0; i < n; i++) {
		struct sva_result expected = { .cookie = i, .bytes = 256 };

		if (mixed && i % 5 == 3)
			expected.value = test_crc32c(a + i * 256, 256, 1);
		test_check(&r[i], &expected);
	}
	assert_memory_equal(a, b, n * 256);
}

static void
shared_opens(void **state)
{
	struct sva_device *dev;
	struct sva_queue *q;
	unsigned int n;

	(void)state;
	assert_int_equal(open_error("mode=both"), -EINVAL);
	TEST_NEEDS_SHARED();
	assert_int_equal(open_error("mode=shared,wqs=1,wq_size=4,threshold=5"), -EINVAL);
	assert_int_equal(open_error("mode=shared,threshold=0"), -EINVAL);
	dev = test_open("mode=dedicated");
	assert_false(test_info(dev).shared);
	assert_int_equal(sva_device_close(dev), 0);
	dev = test_open("mode=shared");
	assert_true(test_info(dev).shared);
	q = test_queue(dev);
	for (n = 1; n <= 256; n += n < 20 ? 1 : 59) {
		burst(q, n, false, 0);
		burst(q, n, true, 0);
		burst(q, n, true, SVA_SUBMIT);
	}
	assert_int_equal(sva_device_reset(dev), 0);
	burst(q, 100, true, 0);
	assert_int_equal(sva_device_close(dev), 0);
}

/* More than the work queue holds: some are refused, and nobody notices. */
static void
shared_refuses(void **state)
{
	static const char *const args[] = {
		"mode=shared,wqs=1,wq_size=2", "mode=shared,wqs=1,wq_size=1",
		"mode=shared,wqs=1,wq_size=16,threshold=1",
		"mode=shared,wqs=1,wq_size=16,threshold=16",
	};
	unsigned int i, k;

	(void)state;
	TEST_NEEDS_SHARED();
	TEST_NEEDS(test_own_engine(), "an inline engine is never late");
	for (i = 0; i < COUNT(args); i++) {
		struct sva_device *dev = test_open(args[i]);
		struct sva_queue *q = test_queue_conf(dev, 256, UINT_MAX, SVA_FAULT_RESUME);
		struct sva_queue_stats stats;

		/* Nothing says how fast the device is: until it has been too slow. */
		do {
			burst(q, 256, false, 0);
			assert_int_equal(sva_queue_stats(q, &stats), 0);
			assert_true(stats.doorbells >= stats.accepted);
		} while (stats.doorbells == stats.accepted);
		for (k = 1; k < 50; k++)
			burst(q, 256 - k, true, k % 3 == 0 ? SVA_SUBMIT : 0);
		assert_int_equal(sva_queue_close(q), 0);
		q = test_queue_conf(dev, 256, 4, SVA_FAULT_RESUME);
		for (k = 1; k < 50; k++)
			burst(q, 256 - k, true, k % 3 == 0 ? SVA_SUBMIT : 0);
		assert_int_equal(sva_device_close(dev), 0);
	}
}

/* Two queues of a shared device, refused and faulting at once. */
static void
shared_faults(void **state)
{
	struct sva_queue_stats stats;
	struct sva_device *dev;
	struct sva_queue *q[2];
	struct sva_result r[64];
	unsigned int i, k, round;
	char args[64];

	(void)state;
	TEST_NEEDS_SHARED();
	TEST_NEEDS_REPORTING();
	snprintf(args, sizeof(args), "mode=shared,wqs=2,wq_size=2,%s", test_reporting());
	dev = test_open(args);
	q[0] = test_queue_conf(dev, 64, 0, SVA_FAULT_RESUME);
	q[1] = test_queue_conf(dev, 64, UINT_MAX, SVA_FAULT_RESUME);
	test_fill_random(a, sizeof(a), 1);
	for (round = 0; round < 10; round++) {
		uint8_t *to[2];

		for (k = 0; k < 2; k++) {
			to[k] = mmap(NULL, 64 * TEST_PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			assert_true(to[k] != MAP_FAILED);
			for (i = 0; i < 64; i++)
				assert_true(sva_copy(q[k], to[k] + i * TEST_PAGE, a + i * 100, 4096,
						     i, i % 9 == 8 ? SVA_FENCE : 0) >= 0);
			assert_int_equal(sva_submit(q[k]), 0);
		}
		for (k = 0; k < 2; k++) {
			test_take(q[k], r, 64);
			for (i = 0; i < 64; i++) {
				struct sva_result expected = { .cookie = i, .bytes = 4096 };

				test_check(&r[i], &expected);
				assert_memory_equal(to[k] + i * TEST_PAGE, a + i * 100, 4096);
			}
			munmap(to[k], 64 * TEST_PAGE);
			assert_int_equal(sva_queue_stats(q[k], &stats), 0);
			assert_true(stats.resumed > 0);
			assert_int_equal(stats.resumed, stats.faults);
		}
	}
}

static void
shared_close(void **state)
{
	unsigned int i, round;

	(void)state;
	TEST_NEEDS_SHARED();
	for (round = 0; round < 20; round++) {
		struct sva_device *dev = test_open("mode=shared,wqs=1,wq_size=2");
		struct sva_queue *q = test_queue_conf(dev, 64, UINT_MAX, SVA_FAULT_RESUME);

		memset(a, 1 + (int)round, sizeof(a));
		memset(b, 0, sizeof(b));
		for (i = 0; i < 64; i++)
			assert_true(sva_copy(q, b + i * 1024, a + i * 1024, 1024, i,
					     i == 50 ? SVA_SUBMIT : 0) >= 0);
		assert_int_equal(round % 2 ? sva_queue_close(q) : sva_device_close(dev), 0);
		assert_true(log_has("closed with 64 results that nobody polled"));
		assert_memory_equal(a, b, sizeof(a));
		if (round % 2)
			assert_int_equal(sva_device_close(dev), 0);
	}
}

/* ENQCMD tags a descriptor with the PASID of whoever runs it. */
static void
shared_other_process(void **state)
{
	struct sva_device_conf conf = { 0 };
	struct sva_device *dev = NULL;
	char spec[128];
	pid_t child;

	(void)state;
	TEST_NEEDS_SHARED();
	snprintf(spec, sizeof(spec), "%s,mode=shared", test_device());
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		pause();
		_exit(0);
	}
	conf.pid = child;
	assert_int_equal(sva_device_open_conf(spec, &conf, &dev), -EINVAL);
	assert_true(log_has("mode=shared"));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	conf.pid = getpid();
	assert_int_equal(sva_device_open_conf(spec, &conf, &dev), 0);
	burst(test_queue(dev), 50, true, 0);
}

static uint8_t *
fresh(size_t len)
{
	uint8_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

/* Memory that nobody has touched, by one operation and by batches. Returns the faults. */
static uint64_t
untouched(struct sva_queue *q)
{
	const size_t len = 2000000;
	struct sva_queue_stats stats;
	struct sva_result r[20];
	uint8_t *p = fresh(len), *zero = fresh(len), *twice = fresh(len);
	unsigned int i;

	assert_int_equal(sva_queue_stats_reset(q), 0);
	assert_true(sva_fill(q, p, 0x0102030405060708ull, len, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_int_equal(test_cpu_mismatch(p, NULL, 0x0102030405060708ull, len), len);
	for (i = 0; i < 20; i++)
		assert_true((i % 4 == 1 ? sva_copy_crc32c(q, twice + i * 100000, p + i * 100000,
							  99999, 0, i, 0) :
			     i % 4 == 3 ? sva_crc32c(q, zero + i * 100000, 100000, 0, i, 0) :
			     sva_copy(q, twice + i * 100000, p + i * 100000, 99999, i,
				      i % 8 == 6 ? SVA_FENCE : 0)) >= 0);
	assert_int_equal(sva_submit(q), 0);
	test_take(q, r, 20);
	for (i = 0; i < 20; i++) {
		struct sva_result expected = { .cookie = i, .bytes = i % 4 == 3 ? 100000 : 99999 };

		if (i % 4 == 1)
			expected.value = test_crc32c(p + i * 100000, 99999, 0);
		else if (i % 4 == 3)
			expected.value = test_crc32c(zero + i * 100000, 100000, 0);
		test_check(&r[i], &expected);
		if (i % 4 != 3)
			assert_memory_equal(twice + i * 100000, p + i * 100000, 99999);
	}
	munmap(p, len);
	munmap(zero, len);
	munmap(twice, len);
	assert_int_equal(sva_queue_stats(q, &stats), 0);
	assert_int_equal(stats.failed, 0);
	assert_int_equal(stats.resumed, stats.faults);
	return stats.faults;
}

/* A device that asks for pages and waits, or the case is left out. With further devargs or NULL. */
static struct sva_device *
open_blocking(const char *more)
{
	struct sva_device *dev;
	char args[64], spec[192];
	int ret;

	snprintf(args, sizeof(args), "%s%s%s", test_can_set("pri=") ? "pri=requests" : "bof=on",
		 more != NULL ? "," : "", more != NULL ? more : "");
	snprintf(spec, sizeof(spec), "%s,%s", test_device(), args);
	ret = sva_device_open(spec, &dev);
	/* On a bus without the switch it is the device's and the IOMMU's. */
	TEST_NEEDS(ret == 0 || test_can_set("pri="), "nobody takes its page requests");
	assert_int_equal(ret, 0);
	assert_true(test_info(dev).block_on_fault);
	return dev;
}

static void
block_on_fault(void **state)
{
	static const unsigned int mins[] = { 0, UINT_MAX };
	struct sva_device *dev;
	unsigned int i;

	(void)state;
	assert_int_equal(open_error("bof=maybe"), -EINVAL);
	if (test_can_set("pri="))
		assert_int_equal(open_error("pri=off,bof=on"), -EINVAL);
	for (i = 0; i < COUNT(mins); i++) {
		dev = open_blocking(NULL);
		assert_int_equal(untouched(test_queue_conf(dev, 64, mins[i], SVA_FAULT_RESUME)), 0);
		assert_int_equal(untouched(test_queue_conf(dev, 64, mins[i], SVA_FAULT_REPORT)), 0);
		assert_int_equal(sva_device_close(dev), 0);
		dev = test_open(test_can_set("pri=") ? "pri=requests,bof=off" : "bof=off");
		assert_false(test_info(dev).block_on_fault);
		assert_true(untouched(test_queue_conf(dev, 64, mins[i], SVA_FAULT_RESUME)) > 0);
		assert_int_equal(sva_device_close(dev), 0);
	}
}

static void
block_on_fault_shared(void **state)
{
	static const unsigned int mins[] = { 0, UINT_MAX };
	struct sva_device *dev;
	unsigned int i;

	(void)state;
	TEST_NEEDS_SHARED();
	for (i = 0; i < COUNT(mins); i++) {
		dev = open_blocking("mode=shared");
		assert_int_equal(untouched(test_queue_conf(dev, 64, mins[i], SVA_FAULT_RESUME)), 0);
		assert_int_equal(sva_device_close(dev), 0);
	}
}

/* Pages that nobody can make present: the request is answered, but not with one. */
static void
block_unmapped(void **state)
{
	struct sva_queue_stats stats;
	struct sva_result r[8];
	struct sva_queue *q;
	enum bad bad;
	unsigned int i;

	(void)state;
	q = test_queue(open_blocking(NULL));
	for (bad = UNMAPPED; bad < NB_BAD; bad++) {
		uint8_t *p = bad_after_good(bad);

		assert_true(sva_fill(q, p + GOOD - 100, 1, 300, 1, 0) >= 0);
		r[0] = test_one(q);
		assert_int_equal(r[0].status, SVA_FAULT);
		assert_int_equal(r[0].device_status, 0x84);
		assert_int_equal(r[0].bytes, 100);
		assert_int_equal(r[0].write_fault, 1);
		assert_int_equal(r[0].fault_addr >> 12, (uintptr_t)(p + GOOD) >> 12);
		for (i = 0; i < 8; i++)
			assert_true(sva_copy(q, b + i * 300, i == 3 && bad != READ_ONLY ?
					     p + GOOD - 100 : a, 300, i,
					     i == 5 ? SVA_FENCE : 0) >= 0);
		assert_int_equal(sva_submit(q), 0);
		test_take(q, r, 8);
		for (i = 0; i < 8; i++) {
			if (i != 3 || bad == READ_ONLY) {
				assert_int_equal(r[i].status, SVA_OK);
				continue;
			}
			assert_int_equal(r[i].status, SVA_FAULT);
			assert_int_equal(r[i].device_status, 0x04);
			assert_int_equal(r[i].write_fault, 0);
			assert_int_equal(r[i].bytes, 100);
			assert_int_equal(r[i].fault_addr >> 12, (uintptr_t)(p + GOOD) >> 12);
		}
		munmap(p, GOOD + BAD);
	}
	assert_int_equal(sva_queue_stats(q, &stats), 0);
	assert_int_equal(stats.faults, stats.failed);
	assert_int_equal(stats.resumed, 0);
}

struct seen {
	struct sva_device *dev;
	unsigned int errors, failed;
	struct sva_event last;
};

static void
on_event(struct sva_device *dev, const struct sva_event *event, void *arg)
{
	struct seen *seen = arg;

	seen->dev = dev;
	seen->last = *event;
	if (event->type == SVA_EVENT_ERROR)
		seen->errors++;
	else
		seen->failed++;
}

static unsigned int
log_count(const char *text)
{
	unsigned int n = 0;
	const char *p;

	fflush(log_file);
	for (p = log_text; (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}

/* Records that the device cannot write: what was lost is aborted, and reported once. */
static void
event_error(void **state)
{
	char bus[16] = "";
	unsigned int round, i, before;

	(void)state;
	memcpy(bus, test_device(), strcspn(test_device(), ":"));
	for (round = 0; round < 4; round++) {
		struct sva_device_conf conf = { 0 };
		struct seen seen = { 0 };
		struct sva_device *dev;
		struct sva_result r[200];
		struct sva_queue *q;
		uint32_t pasid;

		before = log_count("software error");
		assert_int_equal(sva_eal_setup(NULL), 0);
		assert_int_equal(sva_container_create(bus, &conf.container), 0);
		assert_int_equal(sva_device_open_conf(test_device(), &conf, &dev), 0);
		assert_int_equal(sva_device_on_event(dev, round == 3 ? NULL : on_event, &seen), 0);
		q = test_queue_conf(dev, 256, round % 2 ? UINT_MAX : 0, SVA_FAULT_RESUME);
		for (i = 0; i < 200; i++)
			assert_true(sva_copy(q, b, a, sizeof(a), i, 0) >= 0);
		assert_int_equal(sva_submit(q), 0);
		test_faults_expected(true);
		assert_int_equal(sva_unbind(conf.container, 0), 0);
		test_take(q, r, 200);
		assert_true(sva_copy(q, b, a, 100, 0, SVA_SUBMIT) >= 0);
		test_take(q, r, 1);
		assert_int_equal(r[0].status, SVA_ABORTED);
		assert_true(log_count("software error") > before);
		if (round == 3) {
			assert_int_equal(seen.errors, 0);
		} else {
			assert_int_equal(seen.errors, log_count("software error") - before);
			assert_ptr_equal(seen.dev, dev);
			assert_int_equal(seen.last.type, SVA_EVENT_ERROR);
			assert_true(seen.last.queue == 0 || seen.last.queue == -1);
			assert_true(seen.last.code != 0);
		}
		assert_int_equal(seen.failed, 0);
		/* Bound again, it goes on, under the PASID it had. */
		assert_int_equal(sva_bind(conf.container, 0, &pasid), 0);
		test_faults_expected(false);
		assert_true(sva_device_close(dev) <= 0);
		assert_int_equal(sva_container_destroy(conf.container), 0);
		assert_int_equal(sva_eal_cleanup(), 0);
	}
}

static void
stop_device(struct sva_device *dev)
{
	struct sva_bus_device *bus = dev->bus_dev;

	bus->bus->ops->write32(bus, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0));
	while (bus->bus->ops->read32(bus, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE)
		;
}

/* A device that stops says so once, however many queues find out; and once more later. */
static void
event_failed(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q[2] = { test_queue(dev), test_queue(dev) };
	struct seen seen = { 0 };
	struct sva_result r;
	unsigned int round, i, k;

	(void)state;
	assert_int_equal(sva_device_on_event(NULL, on_event, &seen), -EINVAL);
	for (round = 1; round <= 4; round++) {
		assert_int_equal(sva_device_on_event(dev, round == 4 ? NULL : on_event, &seen), 0);
		stop_device(dev);
		for (k = 0; k < 2; k++) {
			for (i = 0; i < 10; i++)
				assert_true(sva_copy(q[k], b, a, 10, i, SVA_SUBMIT) >= 0);
			for (i = 0; i < 10; i++) {
				test_take(q[k], &r, 1);
				assert_int_equal(r.status, SVA_ABORTED);
			}
		}
		for (i = 0; i < 10000; i++)
			assert_int_equal(sva_poll(q[0], &r, 1), 0);
		assert_int_equal(seen.failed, round == 4 ? 3 : round);
		assert_int_equal(seen.errors, 0);
		assert_int_equal(sva_device_reset(dev), 0);
		burst(q[0], 20, true, 0);
		burst(q[1], 20, true, 0);
	}
	assert_int_equal(seen.last.type, SVA_EVENT_FAILED);
	assert_int_equal(sva_device_close(dev), 0);
	assert_int_equal(sva_device_on_event(dev, on_event, &seen), -ENODEV);
	assert_int_equal(seen.failed, 3);
}

/* So does one whose engine dies, in either mode. */
static void
event_died(void **state)
{
	static const char *const modes[] = { NULL, "mode=shared", "mode=shared,wqs=1,wq_size=1" };
	unsigned int i, mode;

	(void)state;
	TEST_NEEDS(test_emulated(), "no device here has an engine that can be killed");
	for (mode = 0; mode < COUNT(modes); mode++) {
		struct sva_device *dev = test_open(modes[mode]);
		struct sva_queue *q = test_queue(dev);
		struct seen seen = { 0 };
		struct sva_result r[60];
		pid_t pid = test_engine_task(q);

		TEST_NEEDS(pid != 0, "its engine is not a task of its own");
		assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
		test_kill_engine(pid);
		for (i = 0; i < 60; i++)
			assert_true(sva_copy(q, b, a, 100, i,
					     i % 3 ? 0 : SVA_FENCE | SVA_SUBMIT) >= 0);
		assert_int_equal(sva_submit(q), 0);
		test_take(q, r, 60);
		for (i = 0; i < 60; i++) {
			assert_int_equal(r[i].cookie, i);
			assert_int_equal(r[i].status, SVA_ABORTED);
		}
		assert_int_equal(sva_submit(q), -EIO);
		assert_int_equal(seen.failed, 1);
		assert_int_equal(seen.errors, 0);
		assert_int_equal(seen.last.queue, -1);
		assert_int_equal(sva_device_close(dev), -EIO);
		assert_int_equal(seen.failed, 1);
	}
}

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

#define MODE_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		MODE_TEST(shared_opens),
		MODE_TEST(shared_refuses),
		MODE_TEST(shared_faults),
		MODE_TEST(shared_close),
		MODE_TEST(shared_other_process),
		MODE_TEST(block_on_fault),
		MODE_TEST(block_on_fault_shared),
		MODE_TEST(block_unmapped),
		MODE_TEST(event_error),
		MODE_TEST(event_failed),
		MODE_TEST(event_died),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
