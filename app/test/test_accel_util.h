/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What the tests of the device class share. SVA_TEST_DEVICE names the device they run
 * on, "emu:dsa" where it is not set.
 */
#ifndef TEST_ACCEL_UTIL_H
#define TEST_ACCEL_UTIL_H

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sva_accel.h>
#include <sva_bus.h>
#include <sva_eal.h>

#include "test_accel_work.h"
#include "test_kmsg.h"

#define TEST_PAGE 4096u
/* A test that takes longer hangs, also in a virtual machine without hardware's help. */
#define TEST_SECONDS 600
/* No result for so long is a failure. */
#define TEST_POLL_SECONDS 120

static inline const char *
test_device(void)
{
	const char *spec = getenv("SVA_TEST_DEVICE");

	return spec != NULL ? spec : "emu:dsa";
}

/* Leave a case out where the device cannot show it, and say why. */
#define TEST_NEEDS(condition, why) \
	do { \
		if (!(condition)) { \
			print_message("           skipped: %s\n", why); \
			skip(); \
		} \
	} while (0)

/* The bus of the device. */
static inline const struct sva_bus *
test_bus(void)
{
	const struct sva_bus *bus;
	char name[32] = "";
	size_t len = strcspn(test_device(), ":");

	if (len < sizeof(name))
		memcpy(name, test_device(), len);
	if (!sva_eal_ready() && sva_eal_setup(NULL) != 0)
		fail_msg("SVADK cannot be initialised");
	bus = sva_bus_find(name);
	if (bus == NULL)
		fail_msg("SVA_TEST_DEVICE=%s: there is no such bus", test_device());
	return bus;
}

/* Whether the bus makes the device, in this process. */
static inline bool
test_emulated(void)
{
	return test_bus()->emulated;
}

/* Whether the device works by itself, and not within the calls, as where there is one CPU. */
static inline bool
test_own_engine(void)
{
	const char *engine = strstr(test_device(), "engine=");
	cpu_set_t cpus;

	if (!test_emulated())
		return true;
	if (engine != NULL)
		return strncmp(engine, "engine=inline", 13) != 0;
	return sched_getaffinity(0, sizeof(cpus), &cpus) != 0 || CPU_COUNT(&cpus) > 1;
}

/* A process without a bond is what a test wants: what its PASID reaches is a fault. */
static inline void
test_faults_expected(bool expected)
{
	if (!test_emulated())
		kmsg_faults_expected(expected);
}

/* Rounds of what may take its time; a device in a virtual machine is much slower. */
static inline unsigned int
test_rounds(unsigned int n)
{
	return test_emulated() ? n : n / 5 + 1;
}

/* Whether the bus knows the devarg "key=" and it is left to the test. */
static inline bool
test_can_set(const char *key)
{
	const char *const *params = test_bus()->params;

	if (strstr(test_device(), key) != NULL)
		return false;
	for (; params != NULL && *params != NULL; params++)
		if (strncmp(*params, key, strlen(key)) == 0)
			return true;
	return false;
}

/*
 * Devargs with which the device itself reports pages that are not there, so that the driver
 * has to do something about them; NULL: none will do.
 */
static inline const char *
test_reporting(void)
{
	if (test_can_set("pri="))
		return "pri=off";
	return test_emulated() && strstr(test_device(), "pri=on") != NULL ? NULL : "bof=off";
}

#define TEST_NEEDS_REPORTING() \
	TEST_NEEDS(test_reporting() != NULL, "pri=on makes every page present")

/* Open the device, with further devargs or NULL. */
static inline struct sva_device *
test_open(const char *devargs)
{
	struct sva_device *dev = NULL;
	char spec[256];

	snprintf(spec, sizeof(spec), "%s%s%s", test_device(), devargs != NULL ? "," : "",
		 devargs != NULL ? devargs : "");
	assert_int_equal(sva_device_open(spec, &dev), 0);
	assert_non_null(dev);
	return dev;
}

static inline struct sva_device_info
test_info(struct sva_device *dev)
{
	struct sva_device_info info;

	assert_int_equal(sva_device_info(dev, &info), 0);
	return info;
}

static inline struct sva_queue *
test_queue_conf(struct sva_device *dev, unsigned int depth, unsigned int min_batch,
		enum sva_fault_policy policy)
{
	struct sva_queue_conf conf = {
		.depth = depth, .min_batch = min_batch, .fault_policy = policy,
	};
	struct sva_queue *q = NULL;

	assert_int_equal(sva_queue_open(dev, &conf, &q), 0);
	assert_non_null(q);
	return q;
}

static inline struct sva_queue *
test_queue(struct sva_device *dev)
{
	return test_queue_conf(dev, 0, 0, SVA_FAULT_RESUME);
}

/* cmocka's setup and teardown: whatever a test leaves open is closed. */
static inline int
test_begin(void **state)
{
	(void)state;
	alarm(TEST_SECONDS);
	return 0;
}

static inline int
test_end(void **state)
{
	(void)state;
	return sva_eal_ready() ? sva_eal_cleanup() : 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, test_begin, test_end)

/* Take up to n results; whether they came. Any thread. */
static inline unsigned int
test_take_some(struct sva_queue *q, struct sva_result *results, unsigned int n)
{
	struct timespec start, now;
	unsigned int got = 0, polls = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (got < n) {
		int ret = sva_poll(q, results + got, n - got);

		if (ret < 0)
			break;
		got += (unsigned int)ret;
		/* Rarely: on a busy machine each costs all that the others are given. */
		if (ret == 0 && ++polls % 1024 == 0) {
			sched_yield();
			clock_gettime(CLOCK_MONOTONIC, &now);
			if (now.tv_sec - start.tv_sec > TEST_POLL_SECONDS)
				break;
		}
	}
	return got;
}

/* Take exactly n results. */
static inline void
test_take(struct sva_queue *q, struct sva_result *results, unsigned int n)
{
	assert_int_equal(test_take_some(q, results, n), n);
}

/* Submit what is pending, which gives one result. */
static inline struct sva_result
test_one(struct sva_queue *q)
{
	struct sva_result r, none;

	memset(&r, 0xa5, sizeof(r));
	assert_int_equal(sva_submit(q), 0);
	test_take(q, &r, 1);
	assert_int_equal(sva_poll(q, &none, 1), 0);
	return r;
}

/* The pid of the emulated device's engine, 0 where it is not a task of its own. */
static inline pid_t
test_engine_task(struct sva_queue *q)
{
	char command[64] = "", line[64];
	FILE *f;
	int pid = 0;

	/* It is there, and has its name, when it has done something. */
	assert_true(sva_nop(q, 0, 0) >= 0);
	test_one(q);
	snprintf(command, sizeof(command), "cat /proc/%d/task/*/children", (int)getpid());
	f = popen(command, "r");
	assert_non_null(f);
	while (pid == 0 && fscanf(f, "%63s", line) == 1) {
		char path[128], name[32] = "";
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/%s/comm", line);
		comm = fopen(path, "r");
		if (comm == NULL)
			continue;
		if (fgets(name, sizeof(name), comm) != NULL && strcmp(name, "sva-emu\n") == 0)
			pid = atoi(line);
		fclose(comm);
	}
	pclose(f);
	return pid;
}

/* Kill it, and wait until it is gone: on another CPU it may do something in between. */
static inline void
test_kill_engine(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (kill(pid, 0) == 0)
		sched_yield();
}

/* xorshift64*: the same sequence everywhere. */
static inline uint32_t
test_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 0x2545f4914f6cdd1dull >> 32);
}

static inline void
test_fill_random(void *mem, size_t len, uint64_t seed)
{
	uint64_t state = seed * 2 + 1;
	uint8_t *p = mem;
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)test_random(&state);
}

/* Private zeroed pages, all of them present. */
static inline uint8_t *
test_pages(size_t n)
{
	void *p = mmap(NULL, n * TEST_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

/* What is wrong with a result, or NULL. For threads, in which cmocka cannot assert. */
static inline const char *
test_wrong(const struct sva_result *r, const struct sva_result *expected)
{
	if (r->cookie != expected->cookie)
		return "cookie";
	if (r->status != expected->status)
		return "status";
	if (r->bytes != expected->bytes)
		return "bytes";
	if (r->value != expected->value)
		return "value";
	if (r->status != SVA_FAULT && r->fault_addr != 0)
		return "fault address";
	if (r->status != SVA_FAULT && r->write_fault != 0)
		return "write fault";
	if (r->reserved != 0)
		return "reserved";
	if ((r->status == SVA_OK || r->status == SVA_MISMATCH) &&
	    (r->device_status < 1 || r->device_status > 2))
		return "device status";
	return NULL;
}

static inline void
test_check(const struct sva_result *r, const struct sva_result *expected)
{
	const char *wrong = test_wrong(r, expected);

	if (wrong != NULL)
		fail_msg("%s: cookie %llu (%llu expected) status %s (%s), device 0x%x, "
			 "bytes %u (%u), value 0x%llx (0x%llx), fault 0x%llx", wrong,
			 (unsigned long long)r->cookie, (unsigned long long)expected->cookie,
			 sva_status_name(r->status), sva_status_name(expected->status),
			 r->device_status, r->bytes, expected->bytes,
			 (unsigned long long)r->value, (unsigned long long)expected->value,
			 (unsigned long long)r->fault_addr);
}

#endif
