/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Operations on another process's memory: the rings are shared by both, the data is the
 * other's alone. The device is SVA_TEST_DEVICE, or "emu:dsa".
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <sva_accel.h>
#include <sva_eal.h>

#define DEPTH 16
#define RING_BYTES (160 * (DEPTH + 1))
#define LEN 10000

static const char *spec;
static unsigned char *rings;		/* shared with the child */
static unsigned char *data;		/* private: at the same address, but different */
static pid_t child;
static int to_child[2], from_child[2];

/* The other process: says when its data is ready, checks it when told to. */
static void
be_child(void)
{
	unsigned char verdict = 1;
	char go;
	size_t i;

	/* All of it is there: nobody but this process can make its pages writable. */
	for (i = 0; i < LEN; i++) {
		data[i] = (unsigned char)(i * 7);
		data[LEN + i] = 0;
	}
	if (write(from_child[1], "r", 1) != 1)
		_exit(1);
	/* The end of the pipe is the end of the test. */
	if (read(to_child[0], &go, 1) != 1)
		_exit(0);
	for (i = 0; i < LEN; i++)
		verdict &= data[LEN + i] == (unsigned char)(i * 7);
	if (write(from_child[1], &verdict, 1) != 1)
		_exit(1);
	if (read(to_child[0], &go, 1) != 0)
		_exit(1);
	_exit(0);
}

static int
start_child(void **state)
{
	char ready;

	(void)state;
	rings = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	data = mmap(NULL, 2 * LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (rings == MAP_FAILED || data == MAP_FAILED || pipe(to_child) != 0 ||
	    pipe(from_child) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		close(to_child[1]);
		be_child();
	}
	memset(data, 0x5a, 2 * LEN);
	return read(from_child[0], &ready, 1) == 1 ? 0 : -1;
}

static int
stop_child(void **state)
{
	int status;

	(void)state;
	sva_eal_cleanup();
	close(to_child[1]);
	waitpid(child, &status, 0);
	close(to_child[0]);
	close(from_child[0]);
	close(from_child[1]);
	munmap(rings, RING_BYTES);
	munmap(data, 2 * LEN);
	return status;
}

static void
open_for_child(struct sva_device **dev)
{
	struct sva_device_conf conf = { .pid = child };

	assert_int_equal(sva_device_open_conf(spec, &conf, dev), 0);
}

static void
wait_for(struct sva_queue *q, struct sva_result *result)
{
	int n;

	while ((n = sva_poll(q, result, 1)) == 0)
		;
	assert_int_equal(n, 1);
}

static void
test_copy_there(void **state)
{
	struct sva_queue_conf conf = { .depth = DEPTH, .memory = rings,
				       .memory_size = RING_BYTES };
	struct sva_result result;
	struct sva_device *dev;
	struct sva_queue *q;
	unsigned char verdict;
	size_t i;

	(void)state;
	open_for_child(&dev);
	assert_int_equal(sva_queue_open(dev, &conf, &q), 0);
	/* Two at once, so that the list of a batch is found there as well. */
	assert_true(sva_copy(q, data + LEN, data, LEN / 2, 1, 0) >= 0);
	assert_true(sva_copy(q, data + LEN + LEN / 2, data + LEN / 2, LEN / 2, 2, 0) >= 0);
	assert_int_equal(sva_submit(q), 0);
	for (i = 1; i <= 2; i++) {
		wait_for(q, &result);
		assert_int_equal(result.status, SVA_OK);
		assert_int_equal(result.cookie, i);
	}
	assert_int_equal(write(to_child[1], "c", 1), 1);
	assert_int_equal(read(from_child[0], &verdict, 1), 1);
	assert_int_equal(verdict, 1);
	/* Memory at the same addresses here is not what the device worked on. */
	for (i = 0; i < 2 * LEN; i++)
		assert_int_equal(data[i], 0x5a);
	assert_int_equal(sva_queue_close(q), 0);
	assert_int_equal(sva_device_close(dev), 0);
}

static void
test_fault_there(void **state)
{
	struct sva_queue_conf conf = { .depth = DEPTH, .memory = rings,
				       .memory_size = RING_BYTES };
	struct sva_result result;
	struct sva_device *dev;
	struct sva_queue *q;
	void *mine;

	(void)state;
	/* Mapped after the fork: good here, bad there. */
	mine = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(mine != MAP_FAILED);
	open_for_child(&dev);
	assert_int_equal(sva_queue_open(dev, &conf, &q), 0);
	assert_true(sva_fill(q, mine, ~0ull, 4096, 3, 0) >= 0);
	assert_int_equal(sva_submit(q), 0);
	wait_for(q, &result);
	assert_int_equal(result.status, SVA_FAULT);
	assert_int_equal(result.fault_addr & ~4095ull, (uintptr_t)mine);
	assert_int_equal(result.write_fault, 1);
	assert_int_equal(*(uint64_t *)mine, 0);
	assert_int_equal(sva_device_close(dev), 0);
	munmap(mine, 4096);
}

static void
test_rings_must_be_shared(void **state)
{
	struct sva_queue_conf conf = { .depth = DEPTH };
	struct sva_device *dev;
	struct sva_queue *q;

	(void)state;
	open_for_child(&dev);
	assert_int_equal(sva_queue_open(dev, &conf, &q), -EINVAL);
	conf.memory = rings;
	conf.memory_size = RING_BYTES - 1;
	assert_int_equal(sva_queue_open(dev, &conf, &q), -EINVAL);
	conf.memory = rings + 8;
	conf.memory_size = RING_BYTES;
	assert_int_equal(sva_queue_open(dev, &conf, &q), -EINVAL);
	assert_int_equal(sva_device_close(dev), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_copy_there, start_child, stop_child),
		cmocka_unit_test_setup_teardown(test_fault_there, start_child, stop_child),
		cmocka_unit_test_setup_teardown(test_rings_must_be_shared, start_child,
						stop_child),
	};

	spec = getenv("SVA_TEST_DEVICE");
	if (spec == NULL)
		spec = "emu:dsa";
	alarm(600);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
