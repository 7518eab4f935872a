// SPDX-License-Identifier: GPL-2.0-only
// Copyright(c) 2026 The SVADK authors
/*
 * VFIO_IOMMU_BIND under stress: processes killed at any moment while a device
 * writes to them, and everything at once from many threads. Meant for a kernel
 * that checks itself (KASAN, lockdep); the results that user space sees are
 * checked here.
 *
 *   sva_stress [-k KILLS] [-s SECONDS] [-r SEED] [DEVICE...]
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest.h"
#include "sva.h"

#define PAGE		4096
#define PAGES		64
#define THREADS		8
#define PATTERN		0x5ade5ade5ade5adeull

static unsigned int nr_kills = 100, seconds = 10, seed = 1;
static int container;
static struct sva_dev *dev, *dev2;

static void must(bool good, const char *what)
{
	if (good)
		return;
	ksft_print_msg("%s (errno %d)\n", what, errno);
	ksft_exit_fail_msg("gave up\n");
}

static void *pages(void)
{
	void *mem = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	must(mem != MAP_FAILED, "mmap");
	return mem;
}

static int count_bonds(void)
{
	struct vfio_iommu_type1_info_cap_sva cap;
	int ret = sva_info(container, &cap);

	return ret ?: (int)cap.bonds;
}

static bool bonds_become(int n)
{
	for (int i = 0; i < 100000; i++) {
		if (count_bonds() == n)
			return true;
		sched_yield();
	}
	return false;
}

/* --- Processes killed while they are bound ------------------------------- */

/* Binds itself and lets the device write, until it is killed. */
static void victim(int ready, struct sva_dev *busy)
{
	void *mem = pages();
	uint32_t pasid;

	for (;;) {
		if (sva_bind(container, 0, &pasid))
			_exit(1);
		sva_stream(busy, pasid, mem, PAGE);
		if (ready >= 0 && write(ready, &pasid, sizeof(pasid)) < 0)
			_exit(2);
		ready = -1;
		while (rand() % 64)
			sched_yield();
		/* Refused in mid-air: the device has not been stopped. */
		if (sva_unbind(container, 0))
			_exit(3);
		sva_stream_stop(busy);
	}
}

/* Memory that is allocated after a kill, perhaps what the victim had. */
static bool kill_one(unsigned int i, uint32_t *highest)
{
	struct sva_dev *busy = i % 2 && dev2 ? dev2 : dev;
	bool clean = true;
	uint32_t pasid;
	uint64_t *mem;
	int fds[2];
	pid_t pid;

	must(!pipe(fds), "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		srand(seed + i);
		victim(fds[1], busy);
	}
	close(fds[1]);
	/* Half of them any time, half when the device surely is at work. */
	if (i % 4 < 2 &&
	    read(fds[0], &pasid, sizeof(pasid)) == sizeof(pasid) &&
	    pasid > *highest)
		*highest = pasid;
	for (int spin = rand() % 20000; spin > 0; spin--)
		__asm__ volatile("");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);

	mem = pages();
	for (size_t j = 0; j < PAGES * PAGE / sizeof(*mem); j++)
		mem[j] = PATTERN + j;
	while (sva_stream_running(busy))
		;
	sva_stream_stop(busy);
	for (size_t j = 0; j < PAGES * PAGE / sizeof(*mem); j++)
		clean = clean && sva_load(&mem[j]) == PATTERN + j;
	munmap(mem, PAGES * PAGE);
	return clean;
}

static void test_kills(void)
{
	uint32_t highest = 0;
	unsigned int dirty = 0;

	for (unsigned int i = 0; i < nr_kills; i++)
		dirty += !kill_one(i, &highest);

	ksft_test_result(!dirty, "no write after death, of %u kills\n", nr_kills);
	ksft_test_result(bonds_become(0), "no bond outlives its process\n");
	ksft_print_msg("highest PASID %u\n", highest);
	/* Each death frees one, and a few may be on their way. */
	ksft_test_result(highest > 0 && highest < 64, "PASIDs are used again\n");
}

/* --- Everything at once --------------------------------------------------- */

static atomic_bool stop;
static atomic_ulong done[9];
static atomic_uint wrong;

static void expect(bool good, const char *what, int ret)
{
	if (!good && atomic_fetch_add(&wrong, 1) < 20)
		ksft_print_msg("%s: %d\n", what, ret);
}

/* What a bind of another may say here; EBUSY: the device is being reset. */
static bool bind_result(int ret)
{
	return !ret || ret == -ESRCH || ret == -ENOSPC || ret == -EBUSY;
}

static bool own_bind_result(int ret)
{
	return !ret || ret == -EBUSY;
}

static void fork_and_bind(unsigned int *rnd)
{
	bool from_outside = rand_r(rnd) % 2, rebind = rand_r(rnd) % 2;
	uint32_t pasid;
	int ret, status;
	pid_t pid = fork();

	if (!pid) {
		if (from_outside)
			for (int i = 0; i < 10; i++)
				sched_yield();
		else
			for (int i = 0; i < 3; i++)
				if (!own_bind_result(sva_bind(container, 0, &pasid)))
					_exit(1);
		_exit(0);
	}
	if (pid < 0)
		return;
	if (from_outside) {
		ret = sva_bind(container, pid, &pasid);
		expect(bind_result(ret), "bind of another", ret);
		if (rebind) {
			ret = sva_unbind(container, pid);
			expect(!ret || ret == -ESRCH, "unbind of another", ret);
		}
	}
	if (rand_r(rnd) % 2)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	expect(!WIFEXITED(status) || !WEXITSTATUS(status), "child", status);
}

static void *worker(void *arg)
{
	unsigned int rnd = seed + (uintptr_t)arg;
	uint64_t *mem = pages();
	uint32_t pasid;
	int ret;

	while (!atomic_load(&stop)) {
		unsigned int what = rand_r(&rnd) % 8;

		/* Rarely: it takes long, and nobody can be bound meanwhile. */
		if (!(rand_r(&rnd) % 64))
			what = 8;
		switch (what) {
		case 0:
		case 1:
			ret = sva_bind(container, 0, &pasid);
			expect(own_bind_result(ret), "bind", ret);
			break;
		case 2:
			ret = sva_unbind(container, 0);
			expect(!ret || ret == -ESRCH, "unbind", ret);
			break;
		case 3:
			fork_and_bind(&rnd);
			break;
		case 4:
			/* EBUSY, EINVAL: another thread has it in or out. */
			ret = dev2 ? sva_attach(container, dev2) : 0;
			expect(!ret || ret == -EINVAL || ret == -EBUSY,
			       "attach", ret);
			break;
		case 5:
			ret = dev2 ? sva_detach(dev2) : 0;
			expect(!ret || ret == -EINVAL || ret == -EBUSY,
			       "detach", ret);
			break;
		case 6:
			ret = count_bonds();
			expect(ret >= 0, "info", ret);
			break;
		case 7:
			/* Mappings of the container, which new groups get too. */
			ret = sva_map(container, mem, 0x1000000ull *
				      (1 + (uintptr_t)arg), PAGES * PAGE);
			expect(!ret, "map", ret);
			ret = sva_unmap(container, 0x1000000ull *
					(1 + (uintptr_t)arg), PAGES * PAGE);
			expect(!ret, "unmap", ret);
			break;
		case 8:
			ret = sva_dev_reset(dev);
			expect(!ret || ret == -EAGAIN, "reset", ret);
			break;
		}
		atomic_fetch_add(&done[what], 1);
	}

	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[THREADS];
	struct timespec now, end;
	uint32_t pasid;
	uint64_t word;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (uintptr_t i = 0; i < THREADS; i++)
		must(!pthread_create(&threads[i], NULL, worker, (void *)i),
		     "pthread_create");
	do {
		/* The device is at work on memory that is bound now and then. */
		sva_stream_stop(dev);
		if (!sva_bind(container, 0, &pasid))
			sva_stream(dev, pasid, &word, sizeof(word));
		usleep(10000);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	sva_stream_stop(dev);

	ksft_print_msg("bind %lu, unbind %lu, fork %lu, attach %lu, detach %lu\n",
		       done[0] + done[1], done[2], done[3], done[4], done[5]);
	ksft_print_msg("get information %lu, map and unmap %lu, reset %lu\n",
		       done[6], done[7], done[8]);
	ksft_test_result(!wrong, "no unexpected result in %u s\n", seconds);

	sva_unbind(container, 0);
	ksft_test_result(bonds_become(0), "no bond is left\n");
	sva_store(&word, 0);
	ksft_test_result(!sva_bind(container, 0, &pasid) &&
			 !sva_fill(dev, pasid, (uintptr_t)&word, PATTERN, 8) &&
			 sva_load(&word) == PATTERN && !sva_unbind(container, 0),
			 "it all still works\n");
}

int main(int argc, char **argv)
{
	int opt;

	sva_init(&argc, argv);
	sva_expect_faults();
	while ((opt = getopt(argc, argv, "k:s:r:")) != -1) {
		switch (opt) {
		case 'k':
			nr_kills = strtoul(optarg, NULL, 0);
			break;
		case 's':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			seed = strtoul(optarg, NULL, 0);
			break;
		default:
			fprintf(stderr, "usage: %s [-k KILLS] [-s SECONDS] [-r SEED] [DEVICE...]\n",
				argv[0]);
			return KSFT_FAIL;
		}
	}

	ksft_print_header();
	dev = sva_good_dev(0);
	dev2 = sva_good_dev(1);
	if (!dev)
		ksft_exit_skip("needs a device with PASID, ATS, DMA and a group of its own\n");
	ksft_set_plan(6);
	ksft_print_msg("seed %u\n", seed);
	srand(seed);

	container = sva_container_open();
	must(container >= 0, "/dev/vfio/vfio");
	must(!sva_group_open(dev) && !sva_attach(container, dev) &&
	     !sva_dev_open(dev), dev->bdf);
	if (dev2)
		must(!sva_group_open(dev2) && !sva_attach(container, dev2) &&
		     !sva_dev_open(dev2), dev2->bdf);
	test_kills();
	/* With its device open, a group cannot leave the container. */
	if (dev2)
		sva_dev_close(dev2);
	test_threads();
	sva_dev_close(dev);
	ksft_finished();
}
