/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Waiting for results and events instead of polling for them, and devices that are taken
 * away while they are in use.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

#include <sva_accel_driver.h>

#include "test_accel_bad.h"
#include "test_raw.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t a[1 << 16], b[1 << 16];

static struct sva_queue *
queue_with(struct sva_device *dev, unsigned int depth, unsigned int min_batch, bool interrupts)
{
	struct sva_queue_conf conf = {
		.depth = depth, .min_batch = min_batch, .interrupts = interrupts,
	};
	struct sva_queue *q = NULL;

	assert_int_equal(sva_queue_open(dev, &conf, &q), 0);
	return q;
}

static bool
readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && (p.revents & POLLIN) != 0;
}

/* Take n results by waiting only: no poll but after a signal. How many signals it took. */
static unsigned int
wait_for(struct sva_queue *q, struct sva_result *r, unsigned int n)
{
	int fd = sva_queue_event_fd(q), ret;
	unsigned int got = 0, signals = 0;
	uint64_t count;

	assert_true(fd >= 0);
	while (got < n) {
		assert_true(readable(fd, TEST_POLL_SECONDS * 1000));
		assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
		signals++;
		do {
			ret = sva_poll(q, r + got, n - got);
			assert_true(ret >= 0);
			got += (unsigned int)ret;
		} while (ret != 0 && got < n);
	}
	return signals;
}

/* Of every kind, in batches and by themselves, with more than the WQ holds, and fences. */
static void
results(void **state)
{
	static const unsigned int mins[] = { 0, 7, UINT_MAX };
	struct sva_device *dev = test_open(NULL);
	struct sva_result r[256];
	unsigned int i, m, n;

	(void)state;
	TEST_NEEDS(!test_info(dev).shared, "shared queues have no interrupts");
	for (m = 0; m < COUNT(mins); m++) {
		struct sva_queue *q = queue_with(dev, 256, mins[m], true);

		for (n = 1; n <= 256; n += n < 20 ? 1 : 59) {
			test_fill_random(a, n * 256, n);
			memset(b, 0, sizeof(b));
			for (i = 0; i < n; i++) {
				uint8_t *from = a + i * 256, *to = b + i * 256;
				uint32_t flags = (i % 7 == 6 ? SVA_FENCE : 0) |
						 (i % 50 == 49 ? SVA_SUBMIT : 0);

				assert_true((i % 5 == 3 ?
					     sva_copy_crc32c(q, to, from, 256, 1, i, flags) :
					     sva_copy(q, to, from, 256, i, flags)) >= 0);
			}
			assert_int_equal(sva_submit(q), 0);
			assert_in_range(wait_for(q, r, n), 1, 2 * n);
			for (i = 0; i < n; i++) {
				struct sva_result expected = { .cookie = i, .bytes = 256 };

				if (i % 5 == 3)
					expected.value = test_crc32c(a + i * 256, 256, 1);
				test_check(&r[i], &expected);
			}
			assert_memory_equal(a, b, n * 256);
		}
		/* A reset takes the permission for interrupts, and what is in flight. */
		for (i = 0; i < 10; i++)
			assert_true(sva_copy(q, b, a, 100, i, 0) >= 0);
		assert_int_equal(sva_device_reset(dev), 0);
		assert_int_equal(sva_submit(q), 0);
		wait_for(q, r, 10);
		assert_int_equal(r[9].status, SVA_OK);
		assert_int_equal(sva_queue_close(q), 0);
	}
	assert_int_equal(sva_device_close(dev), 0);
}

/* What is resumed or fails is signalled as well, and what polls alone does not signal. */
static void
results_after_faults(void **state)
{
	static const unsigned int mins[] = { 0, UINT_MAX };
	uint8_t *bad = bad_after_good(NO_ACCESS);
	struct sva_device *dev;
	struct sva_result r[20];
	struct sva_queue_stats stats;
	unsigned int i, m;

	(void)state;
	TEST_NEEDS_REPORTING();
	dev = test_open(test_reporting());
	TEST_NEEDS(!test_info(dev).shared, "shared queues have no interrupts");
	for (m = 0; m < COUNT(mins); m++) {
		struct sva_queue *q = queue_with(dev, 64, mins[m], true);
		uint8_t *p = test_pages(40);

		madvise(p, 40 * TEST_PAGE, MADV_DONTNEED);
		for (i = 0; i < 20; i++)
			assert_true(sva_fill(q, i == 5 ? bad + GOOD - 100 :
					     p + 2 * i * TEST_PAGE, 0x0101010101010101,
					     TEST_PAGE + 1, i, i == 13 ? SVA_FENCE : 0) >= 0);
		assert_int_equal(sva_submit(q), 0);
		wait_for(q, r, 20);
		for (i = 0; i < 20; i++) {
			assert_int_equal(r[i].status, i == 5 ? SVA_FAULT : SVA_OK);
			assert_int_equal(r[i].bytes, i == 5 ? 100 : TEST_PAGE + 1);
			assert_int_equal(p[(2 * i + 1) * TEST_PAGE], i != 5);
		}
		assert_int_equal(sva_queue_stats(q, &stats), 0);
		assert_true(stats.resumed > 0);
		munmap(p, 40 * TEST_PAGE);
		assert_int_equal(sva_queue_close(q), 0);
		/* The same queue without: descriptors do not ask for what is not permitted. */
		q = queue_with(dev, 64, mins[m], false);
		for (i = 0; i < 20; i++)
			assert_true(sva_copy(q, b, a, 100, i, 0) >= 0);
		assert_int_equal(sva_submit(q), 0);
		test_take(q, r, 20);
		assert_int_equal(r[19].status, SVA_OK);
		assert_int_equal(sva_queue_close(q), 0);
	}
	munmap(bad, GOOD + BAD);
}

static void
arguments(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue(dev), *q2;
	int fd = sva_device_event_fd(dev);

	(void)state;
	assert_int_equal(sva_queue_event_fd(NULL), -EINVAL);
	assert_int_equal(sva_device_event_fd(NULL), -EINVAL);
	assert_int_equal(sva_device_handle_events(NULL), -EINVAL);
	assert_true(fd >= 0);
	assert_int_equal(sva_device_event_fd(dev), fd);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_false(readable(fd, 0));
	assert_int_equal(sva_device_handle_events(dev), 0);
	assert_int_equal(sva_queue_event_fd(q), -EOPNOTSUPP);
	if (test_info(dev).shared) {
		assert_int_equal(sva_queue_open(dev, &(struct sva_queue_conf){ .interrupts = true },
						&q2), -EOPNOTSUPP);
	} else {
		q2 = queue_with(dev, 4, 0, true);
		assert_true(sva_queue_event_fd(q2) >= 0 && sva_queue_event_fd(q2) != fd);
		assert_false(readable(sva_queue_event_fd(q2), 0));
		assert_int_equal(sva_queue_close(q2), 0);
		assert_int_equal(sva_queue_event_fd(q2), -ENODEV);
	}
	assert_int_equal(sva_device_close(dev), 0);
	assert_int_equal(sva_device_event_fd(dev), -ENODEV);
	assert_int_equal(sva_device_handle_events(dev), -ENODEV);
	assert_true(fcntl(fd, F_GETFD) < 0);
}

struct seen {
	unsigned int errors, failed, removed;
	struct sva_event last;
};

static void
on_event(struct sva_device *dev, const struct sva_event *event, void *arg)
{
	struct seen *seen = arg;

	(void)dev;
	seen->last = *event;
	seen->errors += event->type == SVA_EVENT_ERROR;
	seen->failed += event->type == SVA_EVENT_FAILED;
	seen->removed += event->type == SVA_EVENT_REMOVED;
}

/* A descriptor of no operation that anybody knows, and no record: nobody polls for that. */
static void
make_error(struct sva_device *dev)
{
	struct raw raw = { .dev = dev->bus_dev, .io = dev->bus_dev->bus->ops };
	struct dsa_desc desc = { .op_flags = DSA_OP_FLAGS(0x3f, 0) };

	assert_int_equal(raw.io->portal_open(raw.dev, DSA_PORTAL_OFFSET(0, false), &raw.portal), 0);
	sva_portal_write(&raw.portal, &desc);
	raw.io->portal_close(raw.dev, &raw.portal);
}

static void
errors(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue(dev);
	int fd = sva_device_event_fd(dev);
	struct seen seen = { 0 };
	unsigned int round;

	(void)state;
	TEST_NEEDS(!test_info(dev).shared, "it writes to a dedicated queue");
	assert_true(fd >= 0);
	assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
	for (round = 1; round <= 5; round++) {
		make_error(dev);
		assert_true(readable(fd, TEST_POLL_SECONDS * 1000));
		assert_int_equal(sva_device_handle_events(dev), 0);
		assert_int_equal(seen.errors, round);
		assert_int_equal(seen.last.code, 0x10);
		assert_int_equal(seen.last.queue, 0);
		assert_false(readable(fd, 0));
		assert_true(sva_copy(q, b, a, 10, 1, 0) >= 0);
		assert_int_equal(test_one(q).status, SVA_OK);
		if (round == 3)
			assert_int_equal(sva_device_reset(dev), 0);
	}
	assert_int_equal(seen.failed + seen.removed, 0);
	assert_int_equal(sva_device_close(dev), 0);
}

/* Somebody who waits for a queue is woken by what will never come, sent before or after. */
static void
errors_wake(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_bus_device *bus = dev->bus_dev;
	struct sva_queue *q;
	struct sva_result r[4];
	unsigned int i, after;
	uint64_t count;

	(void)state;
	TEST_NEEDS(!test_info(dev).shared, "shared queues have no interrupts");
	q = queue_with(dev, 64, 0, true);
	for (after = 0; after < 2; after++) {
		bus->bus->ops->write32(bus, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0));
		while (bus->bus->ops->read32(bus, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE)
			;
		if (after) {
			assert_int_equal(sva_device_handle_events(dev), -EIO);
			assert_int_equal(read(sva_queue_event_fd(q), &count, sizeof(count)), 8);
		}
		for (i = 0; i < 4; i++)
			assert_true(sva_copy(q, b, a, 10, i, 0) >= 0);
		assert_int_equal(sva_submit(q), after ? -EIO : 0);
		if (!after) {
			assert_false(readable(sva_queue_event_fd(q), 0));
			assert_int_equal(sva_device_handle_events(dev), -EIO);
		}
		wait_for(q, r, 4);
		for (i = 0; i < 4; i++)
			assert_int_equal(r[i].status, SVA_ABORTED);
		assert_int_equal(sva_device_reset(dev), 0);
		assert_true(sva_copy(q, b, a, 10, 1, SVA_SUBMIT) >= 0);
		wait_for(q, r, 1);
		assert_int_equal(r[0].status, SVA_OK);
	}
	assert_int_equal(sva_device_close(dev), 0);
}

/* As the kernel's request does it. */
static void
ask_for(struct sva_device *dev)
{
	struct sva_bus_device *bus = dev->bus_dev;
	int fd = bus->bus->ops->removal_fd != NULL ? bus->bus->ops->removal_fd(bus) : -1;
	uint64_t one = 1;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

/* Everything is refused, and says why, until it is closed; then it can be opened again. */
static void
check_removed(struct sva_device *dev, struct sva_queue *q, const struct seen *seen)
{
	struct sva_queue *other;
	struct sva_result r;
	unsigned int op, i;

	/* Each queue has a look of its own, by then at the latest. */
	for (i = 0; i < 20000; i++)
		assert_int_equal(sva_poll(q, &r, 1), 0);
	assert_int_equal(seen->removed, 1);
	assert_int_equal(seen->failed + seen->errors, 0);
	assert_int_equal(seen->last.type, SVA_EVENT_REMOVED);
	for (op = 0; op < SVA_NB_OPS; op++)
		assert_int_equal(test_enqueue_any(q, op, b, a, 64, 0), -EIO);
	assert_int_equal(sva_submit(q), -EIO);
	assert_int_equal(sva_device_handle_events(dev), -EIO);
	assert_int_equal(sva_device_reset(dev), -EIO);
	assert_int_equal(sva_queue_open(dev, NULL, &other), -EIO);
	assert_int_equal(seen->removed, 1);
	assert_int_equal(sva_device_close(dev), -EIO);
	dev = test_open(NULL);
	q = test_queue(dev);
	assert_true(sva_copy(q, b, a, 10, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_int_equal(sva_device_close(dev), 0);
}

/* Noticed by a program that polls, and has nothing on its way. */
static void
removed_while_idle(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue(dev);
	struct seen seen = { 0 };
	struct sva_result r;
	unsigned int i;

	(void)state;
	assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
	for (i = 0; i < 100000; i++)
		assert_int_equal(sva_poll(q, &r, 1), 0);
	assert_int_equal(seen.removed, 0);
	ask_for(dev);
	for (i = 0; seen.removed == 0 && i < 20000; i++)
		assert_int_equal(sva_poll(q, &r, 1), 0);
	check_removed(dev, q, &seen);
}

/* What had not been submitted is lost. */
static void
removed_before_submit(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue_conf(dev, 64, 0, SVA_FAULT_RESUME);
	struct seen seen = { 0 };
	struct sva_result r[64];
	unsigned int i;

	(void)state;
	assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
	memset(b, 0, sizeof(b));
	memset(a, 1, sizeof(a));
	for (i = 0; i < 64; i++)
		assert_true(sva_copy(q, b + i * 512, a + i * 512, 512, i,
				     i == 40 ? SVA_SUBMIT : 0) >= 0);
	test_take(q, r, 41);
	for (i = 0; i < 41; i++)
		assert_int_equal(r[i].status, SVA_OK);
	ask_for(dev);
	assert_int_equal(seen.removed, 0);
	assert_int_equal(sva_device_handle_events(dev), -EIO);
	test_take(q, r, 23);
	for (i = 0; i < 23; i++) {
		assert_int_equal(r[i].cookie, 41 + i);
		assert_int_equal(r[i].status, SVA_ABORTED);
	}
	assert_int_equal(b[40 * 512], 1);
	assert_int_equal(b[41 * 512], 0);
	check_removed(dev, q, &seen);
}

/* What is in flight when it is noticed is done: memory is left alone afterwards. */
static void
removed_in_flight(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue_conf(dev, 64, UINT_MAX, SVA_FAULT_RESUME);
	struct sva_queue_info info;
	struct seen seen = { 0 };
	struct sva_result r[64];
	unsigned int i;

	(void)state;
	assert_int_equal(sva_queue_info(q, &info), 0);
	assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
	memset(a, 1, sizeof(a));
	memset(b, 0, sizeof(b));
	for (i = 0; i < 64; i++)
		assert_true(sva_copy(q, b + i * 1024, a + i * 1024, 1024, i, 0) >= 0);
	assert_int_equal(sva_submit(q), 0);
	ask_for(dev);
	assert_int_equal(sva_device_handle_events(dev), -EIO);
	test_take(q, r, 64);
	for (i = 0; i < 64; i++) {
		assert_int_equal(r[i].cookie, i);
		assert_int_equal(r[i].status, b[i * 1024] == 1 ? SVA_OK : SVA_ABORTED);
		/* A shared queue may have been too full for some of them. */
		if (i < info.wq_size && !test_info(dev).shared)
			assert_int_equal(r[i].status, SVA_OK);
	}
	check_removed(dev, q, &seen);
}

/* A queue that never polls in vain notices within some ten thousand operations. */
static void
removed_while_busy(void **state)
{
	static const unsigned int depths[] = { 4, 64, 1024 };
	unsigned int i, k;

	(void)state;
	for (k = 0; k < COUNT(depths); k++) {
		struct sva_device *dev = test_open(NULL);
		struct sva_queue *q = test_queue_conf(dev, depths[k], 0, SVA_FAULT_RESUME);
		struct seen seen = { 0 };
		struct sva_result r;
		int ret = 0;

		assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
		ask_for(dev);
		for (i = 0; ret >= 0; i++) {
			assert_true(i < 40000);
			ret = sva_fill(q, b, 0x0101010101010101, 64, i, SVA_SUBMIT);
			if (ret >= 0)
				test_take(q, &r, 1);
		}
		assert_int_equal(ret, -EIO);
		assert_int_equal(sva_poll(q, &r, 1), 0);
		check_removed(dev, q, &seen);
	}
}

struct waiter {
	pthread_t thread;
	struct sva_queue *q;
	unsigned int taken, aborted;
	bool failed;
};

/* Work all the time, waiting for each burst, until nothing more is accepted. */
static void *
work_until_refused(void *arg)
{
	struct waiter *w = arg;
	static uint8_t dst[2][4096];
	int fd = sva_queue_event_fd(w->q), n;
	struct sva_result r[16];
	unsigned int i, in = 0;
	uint64_t count;

	for (;;) {
		while (in < 16 && sva_fill(w->q, dst[0], 1, 4096, 0, 0) >= 0)
			in++;
		if (sva_submit(w->q) != 0 && in == 0)
			break;
		if (!readable(fd, TEST_POLL_SECONDS * 1000)) {
			w->failed = true;
			break;
		}
		if (read(fd, &count, sizeof(count)) < 0)
			continue;
		while (in > 0 && (n = sva_poll(w->q, r, 16)) > 0) {
			for (i = 0; i < (unsigned int)n; i++)
				w->aborted += r[i].status == SVA_ABORTED;
			in -= (unsigned int)n;
			w->taken += (unsigned int)n;
		}
	}
	return NULL;
}

/* Two threads wait for their queues, and this one for the device, which then is removed. */
static void
removed_wakes(void **state)
{
	struct sva_device *dev = test_open(NULL);
	int fd = sva_device_event_fd(dev);
	struct waiter w[2] = { 0 };
	struct seen seen = { 0 };
	unsigned int i;

	(void)state;
	TEST_NEEDS(!test_info(dev).shared, "shared queues have no interrupts");
	assert_true(fd >= 0);
	assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
	for (i = 0; i < 2; i++) {
		w[i].q = queue_with(dev, 16, 0, true);
		assert_int_equal(pthread_create(&w[i].thread, NULL, work_until_refused, &w[i]), 0);
	}
	ask_for(dev);
	assert_true(readable(fd, TEST_POLL_SECONDS * 1000));
	assert_int_equal(sva_device_handle_events(dev), -EIO);
	for (i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
		assert_false(w[i].failed);
	}
	assert_false(readable(fd, 0));
	check_removed(dev, w[0].q, &seen);
}

static bool
write_file(const char *dir, const char *file, const char *text)
{
	char path[256];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return ok;
}

#define VFIO_PCI "/sys/bus/pci/drivers/vfio-pci"

/* A real function is taken from its kernel driver, which waits until it is closed here. */
static void
taken_from_the_driver(void **state)
{
	const char *address = strchr(test_device(), ':') + 1;
	struct sva_device *dev, *again;
	struct seen seen = { 0 };
	struct sva_result r;
	char name[32] = "";
	struct sva_queue *q;
	int status, ret = 0;
	pid_t child;

	(void)state;
	TEST_NEEDS(strncmp(test_device(), "vfio:", 5) == 0 && access(VFIO_PCI "/unbind", W_OK) == 0,
		   "it has no kernel driver, or this is not root");
	memcpy(name, address, strcspn(address, ","));
	dev = test_open(NULL);
	q = test_queue_conf(dev, 64, 0, SVA_FAULT_RESUME);
	assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
	child = fork();
	if (child == 0) {
		/* What it inherited would keep the device from being let go. */
		close_range(3, ~0u, 0);
		execl("/bin/sh", "sh", "-c", "echo $0 >" VFIO_PCI "/unbind", name, NULL);
		_exit(127);
	}
	assert_true(child > 0);
	while (ret >= 0) {
		ret = sva_copy(q, b, a, 4096, 0, SVA_SUBMIT);
		if (ret >= 0)
			test_take(q, &r, 1);
	}
	assert_int_equal(ret, -EIO);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	assert_int_equal(sva_device_open(test_device(), &again), -EBUSY);
	assert_int_equal(sva_device_close(dev), -EIO);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(sva_device_open(test_device(), &dev), -ENODEV);
	/* It comes back. */
	assert_true(write_file(VFIO_PCI, "bind", name));
	dev = test_open(NULL);
	q = test_queue(dev);
	assert_true(sva_copy(q, b, a, 10, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_int_equal(sva_device_close(dev), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(arguments),
		TEST(results),
		TEST(results_after_faults),
		TEST(errors),
		TEST(errors_wake),
		TEST(removed_while_idle),
		TEST(removed_before_submit),
		TEST(removed_in_flight),
		TEST(removed_while_busy),
		TEST(removed_wakes),
		TEST(taken_from_the_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
