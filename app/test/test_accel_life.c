/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * What a device leaves behind: processes killed while it works for them, resets under load,
 * two functions at once. SVA_TEST_DEVICE and SVA_TEST_DEVICE2 are the functions, emulated
 * ones where they are not set.
 *
 *   test_accel_life [KILLS]
 */
#include <signal.h>
#include <sys/wait.h>

#include "test_accel_util.h"

#define BLOCK		(256u * 1024)
#define DEVICE_BYTE	0xd5	/* what the device writes */
#define OWN_BYTE	0x3a	/* what nobody may overwrite */
/* Of memory that may have been the dead process's. */
#define WITNESS		(16u << 20)

static unsigned int kills = 10;

static const char *
second_device(void)
{
	const char *spec = getenv("SVA_TEST_DEVICE2");

	return spec != NULL ? spec : "emu:dsa1";
}

static uint64_t
pattern(uint8_t byte)
{
	return byte * 0x0101010101010101ull;
}

static bool
all_bytes(const uint8_t *p, size_t len, uint8_t byte)
{
	return p[0] == byte && memcmp(p, p + 1, len - 1) == 0;
}

/* Keep the queue full; called again, it goes on where it was. */
static void
load(struct sva_queue *q, uint8_t *mem, unsigned int blocks)
{
	unsigned int i = 0;

	while (sva_fill(q, mem + (size_t)(i % blocks) * BLOCK, pattern(DEVICE_BYTE), BLOCK, 0,
			0) >= 0)
		i++;
	sva_submit(q);
}

/* Opens the device and has it write until the end. */
static void
victim(int ready)
{
	struct sva_device *dev;
	struct sva_device_info info;
	struct sva_queue *q;
	struct sva_result r[64];
	uint8_t *mem = mmap(NULL, 16 * BLOCK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (mem == MAP_FAILED || sva_device_open(test_device(), &dev) != 0 ||
	    sva_device_info(dev, &info) != 0 || sva_queue_open(dev, NULL, &q) != 0)
		_exit(1);
	load(q, mem, 16);
	if (write(ready, &info.pasid, sizeof(info.pasid)) != sizeof(info.pasid))
		_exit(2);
	for (;;) {
		if (sva_poll(q, r, 64) < 0)
			_exit(3);
		load(q, mem, 16);
	}
}

/* The device works for this process as if there had been no other. */
static void
starts_clean(void)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue(dev);
	uint8_t *mem = test_pages(2);
	struct sva_result r;

	test_fill_random(mem, TEST_PAGE, 1);
	assert_true(sva_copy(q, mem + TEST_PAGE, mem, TEST_PAGE, 7, 0) >= 0);
	r = test_one(q);
	assert_int_equal(r.status, SVA_OK);
	assert_int_equal(r.cookie, 7);
	assert_memory_equal(mem, mem + TEST_PAGE, TEST_PAGE);
	munmap(mem, 2 * TEST_PAGE);
	assert_int_equal(sva_queue_close(q), 0);
	assert_int_equal(sva_device_close(dev), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
}

static void
killed_while_it_writes(void **state)
{
	uint64_t random = 1;
	uint32_t most = 0;

	(void)state;
	alarm(kills * 10 + TEST_SECONDS);
	/* What is left with the device meets the IOMMU until the device is reset. */
	test_faults_expected(true);
	for (unsigned int i = 0; i < kills; i++) {
		uint32_t pasid = 0;
		uint8_t *witness;
		int fds[2], status;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			victim(fds[1]);
		close(fds[1]);
		assert_int_equal(read(fds[0], &pasid, sizeof(pasid)), sizeof(pasid));
		close(fds[0]);
		for (unsigned int n = test_random(&random) % 64; n > 0; n--)
			sched_yield();
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		/* Its pages are free now, and likely to be among these. */
		witness = mmap(NULL, WITNESS, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		assert_true(witness != MAP_FAILED);
		memset(witness, OWN_BYTE, WITNESS);
		most = pasid > most ? pasid : most;
		starts_clean();
		assert_true(all_bytes(witness, WITNESS, OWN_BYTE));
		munmap(witness, WITNESS);
	}
	test_faults_expected(false);
	/* They come back: the lowest that is free is given out. */
	assert_true(most > 0 && most < 16);
}

static void
reset_under_load(void **state)
{
	const size_t len = 64 * BLOCK;
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue_conf(dev, 16, 0, SVA_FAULT_RESUME);
	uint8_t *mem = test_pages(len / TEST_PAGE);
	unsigned int aborted = 0;
	struct sva_result r[16];

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		for (unsigned int k = 0; k < 16; k++)
			assert_true(sva_fill(q, mem, pattern(DEVICE_BYTE), len, 0,
					     SVA_SUBMIT) >= 0);
		assert_int_equal(sva_device_reset(dev), 0);
		memset(mem, OWN_BYTE, len);
		test_take(q, r, 16);
		for (unsigned int k = 0; k < 16; k++) {
			assert_true(r[k].status == SVA_OK || r[k].status == SVA_ABORTED);
			aborted += r[k].status == SVA_ABORTED;
		}
		/* Nothing of it goes on. */
		assert_true(sva_nop(q, 0, 0) >= 0);
		assert_int_equal(test_one(q).status, SVA_OK);
		assert_true(all_bytes(mem, len, OWN_BYTE));
	}
	/* 5 GiB in all are not done in passing. */
	assert_true(aborted > 0 || !test_own_engine());
	assert_true(sva_fill(q, mem, pattern(DEVICE_BYTE), BLOCK, 0, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_true(all_bytes(mem, BLOCK, DEVICE_BYTE));
	assert_true(all_bytes(mem + BLOCK, len - BLOCK, OWN_BYTE));
	munmap(mem, len);
}

/* Copy back and forth; whether everything was right. */
static bool
work(struct sva_queue *q, uint64_t seed, unsigned int rounds)
{
	uint8_t *mem = test_pages(2 * BLOCK / TEST_PAGE);
	bool good = true;

	for (unsigned int i = 0; i < rounds && good; i++) {
		struct sva_result r;

		test_fill_random(mem, BLOCK / 8, seed + i);
		good = sva_copy(q, mem + BLOCK, mem, BLOCK, 0, SVA_SUBMIT) >= 0 &&
		       test_take_some(q, &r, 1) == 1 && r.status == SVA_OK &&
		       memcmp(mem, mem + BLOCK, BLOCK) == 0;
	}
	munmap(mem, 2 * BLOCK);
	return good;
}

static void
two_processes_two_functions(void **state)
{
	struct sva_device *dev;
	struct sva_device_info info;
	uint32_t pasid = 0;
	int fds[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct sva_queue *q;

		if (sva_device_open(second_device(), &dev) != 0 ||
		    sva_device_info(dev, &info) != 0 || sva_queue_open(dev, NULL, &q) != 0 ||
		    write(fds[1], &info.pasid, sizeof(info.pasid)) != sizeof(info.pasid))
			_exit(1);
		_exit(work(q, 1000, 100) && sva_device_close(dev) == 0 ? 0 : 2);
	}
	dev = test_open(NULL);
	assert_int_equal(read(fds[0], &pasid, sizeof(pasid)), sizeof(pasid));
	assert_int_equal(sva_device_info(dev, &info), 0);
	/* Of the emulated ones each process has a world of its own. */
	if (!test_emulated())
		assert_int_not_equal(info.pasid, pasid);
	assert_true(work(test_queue(dev), 1, 100));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fds[0]);
	close(fds[1]);
}

static void
two_functions_one_container(void **state)
{
	char name[] = "test_accel_life";
	struct sva_device_conf conf = { 0 };
	struct sva_device *dev[2] = { NULL, NULL };
	struct sva_device_info info[2];
	struct sva_queue *q[2];
	uint8_t *mem = test_pages(16 * BLOCK / TEST_PAGE);
	struct sva_result r;
	char bus[32];
	uint32_t pasid;

	(void)state;
	snprintf(bus, sizeof(bus), "%.*s", (int)strcspn(test_device(), ":"), test_device());
	assert_int_equal(sva_eal_init(1, (char *[]){ name, NULL }), 0);
	assert_int_equal(sva_container_create(bus, &conf.container), 0);
	for (unsigned int i = 0; i < 2; i++) {
		const char *spec = i == 0 ? test_device() : second_device();

		assert_int_equal(sva_device_open_conf(spec, &conf, &dev[i]), 0);
		assert_int_equal(sva_device_info(dev[i], &info[i]), 0);
		q[i] = test_queue_conf(dev[i], 8, 0, SVA_FAULT_RESUME);
	}
	assert_int_equal(info[0].pasid, info[1].pasid);
	assert_int_equal(sva_bind(conf.container, 0, &pasid), 0);
	assert_int_equal(pasid, info[0].pasid);
	/* One finds what the other has written. */
	for (unsigned int i = 0; i < 50; i++) {
		uint8_t *from = mem + (size_t)(i % 15) * BLOCK, *to = from + BLOCK;

		if (i % 15 == 0)
			test_fill_random(from, BLOCK, i);
		assert_true(sva_copy(q[i % 2], to, from, BLOCK, 0, 0) >= 0);
		assert_int_equal(test_one(q[i % 2]).status, SVA_OK);
		assert_memory_equal(to, from, BLOCK);
	}
	/* The second goes while the first is at work. */
	load(q[0], mem, 8);
	assert_int_equal(sva_device_close(dev[1]), 0);
	for (unsigned int i = 0; i < 8; i++) {
		test_take(q[0], &r, 1);
		assert_int_equal(r.status, SVA_OK);
	}
	assert_true(all_bytes(mem, 8 * BLOCK, DEVICE_BYTE));
	assert_int_equal(sva_device_close(dev[0]), 0);
	munmap(mem, 16 * BLOCK);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_while_it_writes),
		TEST(reset_under_load),
		TEST(two_processes_two_functions),
		TEST(two_functions_one_container),
	};

	if (argc > 1)
		kills = (unsigned int)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
