/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The dmadev plugin as an application of DPDK meets it.
 */
#include <dirent.h>
#include <sys/mman.h>

#include <rte_dev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <sva_eal.h>
#include <sva_worker.h>

#include "test_dmadev_util.h"
#include "test_eal_log.h"
#include "test_kmsg.h"

static void
information(void **state)
{
	struct rte_dma_conf conf = { .nb_vchans = 2 };
	struct rte_dma_vchan_conf vchan = { .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 64 };
	struct rte_dma_info info;

	(void)state;
	assert_int_equal(rte_dma_info_get(dev, &info), 0);
	assert_string_equal(info.dev_name, "dma_sva0");
	assert_int_equal(info.dev_capa, RTE_DMA_CAPA_MEM_TO_MEM | RTE_DMA_CAPA_SVA |
			 RTE_DMA_CAPA_HANDLES_ERRORS | RTE_DMA_CAPA_OPS_COPY |
			 RTE_DMA_CAPA_OPS_COPY_SG | RTE_DMA_CAPA_OPS_FILL);
	assert_int_equal(info.max_vchans, 1);
	assert_int_equal(info.max_sges, MAX_SGES);
	assert_true(info.min_desc <= 64 && info.max_desc >= 4096);
	/* What DPDK refuses with what it has been told. */
	assert_int_equal(rte_dma_stop(dev), 0);
	assert_int_equal(rte_dma_configure(dev, &conf), -EINVAL);
	conf = (struct rte_dma_conf){ .nb_vchans = 1 };
	assert_int_equal(rte_dma_configure(dev, &conf), 0);
	assert_int_equal(rte_dma_vchan_setup(dev, 1, &vchan), -EINVAL);
	vchan.direction = RTE_DMA_DIR_MEM_TO_DEV;
	assert_int_equal(rte_dma_vchan_setup(dev, 0, &vchan), -EINVAL);
	vchan = (struct rte_dma_vchan_conf){ .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 63 };
	assert_int_equal(rte_dma_vchan_setup(dev, 0, &vchan), -EINVAL);
	vchan.nb_desc = (uint16_t)(info.max_desc + 1);
	assert_int_equal(rte_dma_vchan_setup(dev, 0, &vchan), -EINVAL);
	vchan.nb_desc = info.max_desc;
	assert_int_equal(rte_dma_vchan_setup(dev, 0, &vchan), 0);
	assert_int_equal(rte_dma_start(dev), 0);
	assert_int_equal(rte_dma_burst_capacity(dev, 0), info.max_desc);
	assert_true(copy(b, a, SIZE, RTE_DMA_OP_FLAG_SUBMIT) == 0);
	take(1);
	assert_memory_equal(a, b, SIZE);
}

/* Whatever is memory: static, of the stack, of malloc(), of rte_malloc(), of an mbuf. */
static void
any_address(void **state)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("test", 63, 0, 0,
							    RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	uint8_t on_stack[2048], *heap = malloc(2048), *rte = rte_malloc(NULL, 2048, 0);
	struct rte_mbuf *mbuf;
	uint8_t *at[5];
	unsigned int n = 4, i, k;

	(void)state;
	assert_true(heap != NULL && rte != NULL);
	at[0] = b;
	at[1] = on_stack;
	at[2] = heap;
	at[3] = rte;
	/* A virtual machine has none of DPDK's own plugins, among them the ring of a pool. */
	assert_true(pool != NULL || strstr(device, "vfio:") != NULL);
	mbuf = pool != NULL ? rte_pktmbuf_alloc(pool) : NULL;
	assert_true((pool != NULL) == (mbuf != NULL));
	if (mbuf != NULL)
		at[n++] = (uint8_t *)rte_pktmbuf_append(mbuf, 2048);
	for (i = 0; i < n; i++) {
		for (k = 0; k < n; k++) {
			if (i == k)
				continue;
			memcpy(at[i], a + i * 100 + k, 2048);
			memset(at[k], 0, 2048);
			assert_true(copy(at[k], at[i], 2048, RTE_DMA_OP_FLAG_SUBMIT) >= 0);
			take(1);
			assert_memory_equal(at[k], a + i * 100 + k, 2048);
		}
	}
	rte_pktmbuf_free(mbuf);
	rte_mempool_free(pool);
	rte_free(rte);
	free(heap);
}

static void
fills(void **state)
{
	static const size_t lengths[] = { 1, 7, 8, 9, 64, 4095, 60000 };
	uint64_t pattern = 0xfedcba9876543210;
	unsigned int i;
	size_t k;

	(void)state;
	for (i = 0; i < RTE_DIM(lengths); i++) {
		memset(b, 0, sizeof(b));
		assert_int_equal(rte_dma_fill(dev, 0, pattern, (rte_iova_t)(b + 3),
					      (uint32_t)lengths[i], RTE_DMA_OP_FLAG_SUBMIT), i);
		take(1);
		assert_int_equal(b[2], 0);
		for (k = 0; k < lengths[i]; k++)
			assert_int_equal(b[3 + k], (uint8_t)(pattern >> k % 8 * 8));
		assert_int_equal(b[3 + k], 0);
	}
}

/* Nothing is on its way before it is submitted, by a call or by a flag. */
static void
submits(void **state)
{
	enum rte_dma_vchan_status status;

	(void)state;
	assert_int_equal(copy(b, a, 100, 0), 0);
	assert_int_equal(copy(b + 100, a + 100, 100, 0), 1);
	assert_int_equal(stats().submitted, 0);
	assert_int_equal(rte_dma_submit(dev, 0), 0);
	assert_int_equal(stats().submitted, 2);
	take(2);
	assert_memory_equal(a, b, 200);
	assert_int_equal(copy(b, a + 1, 100, 0), 2);
	assert_int_equal(copy(b + 100, a + 101, 100, RTE_DMA_OP_FLAG_SUBMIT), 3);
	assert_int_equal(stats().submitted, 4);
	/* Applications wait so before they take anything. */
	do {
		assert_int_equal(rte_dma_vchan_status(dev, 0, &status), 0);
		sched_yield();
	} while (status == RTE_DMA_VCHAN_ACTIVE);
	assert_int_equal(status, RTE_DMA_VCHAN_IDLE);
	assert_memory_equal(a + 1, b, 200);
	assert_int_equal(stats().completed, 2);
	take(2);
	assert_int_equal(stats().completed, 4);
	assert_int_equal(stats().errors, 0);
}

/*
 * Each copies what the one before has written. The first of them has to wait for a page, which
 * holds back nothing else: the device goes on, but for the fences.
 */
static void
fences(void **state)
{
	const char *reporting = strstr(device, "emu:") == NULL ? "bof=off" :
				strstr(device, "pri=") == NULL ? "pri=off" : NULL;
	int fd = memfd_create("late", MFD_CLOEXEC);
	unsigned int round, i;
	uint8_t *late;

	(void)state;
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", reporting), 0);
	assert_int_equal(start_as("dma_sva0", DESC), 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	late = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(late != MAP_FAILED);
	kmsg_faults_expected(true);
	for (round = 0; round < 50; round++) {
		memset(b, 0, sizeof(b));
		assert_int_equal(pwrite(fd, a + round, SIZE, 0), SIZE);
		assert_int_equal(madvise(late, SIZE, MADV_DONTNEED), 0);
		for (i = 0; i < 20; i++)
			assert_true(copy(b + i * SIZE, i == 0 ? late : b + (i - 1) * SIZE,
					 SIZE, RTE_DMA_OP_FLAG_FENCE |
					 (i % 7 == 6 ? RTE_DMA_OP_FLAG_SUBMIT : 0) |
					 (i % 3 == 2 ? RTE_DMA_OP_FLAG_LLC : 0)) >= 0);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		take(20);
		assert_memory_equal(b + 19 * SIZE, a + round, SIZE);
	}
	kmsg_faults_expected(false);
	munmap(late, SIZE);
	close(fd);
}

/* Indexes count all operations, of any kind, and start over after 65535. */
static void
indexes_wrap(void **state)
{
	struct rte_dma_sge from[2], to[1];
	uint16_t expected = 0, last, n;
	unsigned int i, in = 0;
	bool error = false;
	int ret;

	(void)state;
	from[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 3 };
	from[1] = (struct rte_dma_sge){ .addr = (rte_iova_t)(a + 9), .length = 5 };
	to[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)b, .length = 8 };
	for (i = 0; i < 150000; i++) {
		ret = i % 5 == 4 ? rte_dma_copy_sg(dev, 0, from, to, 2, 1, 0) :
		      i % 5 == 3 ? rte_dma_fill(dev, 0, 1, (rte_iova_t)b, 8, 0) : copy(b, a, 8, 0);
		assert_int_equal(ret, (uint16_t)i);
		if (++in < 32)
			continue;
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		while (in > 0) {
			n = rte_dma_completed(dev, 0, 64, &last, &error);
			assert_false(error);
			expected = (uint16_t)(expected + n);
			assert_int_equal(last, (uint16_t)(expected - 1));
			in -= n;
		}
	}
	assert_int_equal(rte_dma_submit(dev, 0), 0);
	take((uint16_t)in);
	assert_int_equal(stats().submitted, 150000);
	assert_int_equal(stats().completed, 150000);
}

static void
capacity(void **state)
{
	unsigned int i, round;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < DESC; i++) {
			assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC - i);
			assert_true(copy(b + i * 8, a + i * 8, 8, 0) >= 0);
		}
		assert_int_equal(rte_dma_burst_capacity(dev, 0), 0);
		assert_int_equal(copy(b, a, 8, 0), -ENOSPC);
		assert_int_equal(rte_dma_fill(dev, 0, 0, (rte_iova_t)b, 8, 0), -ENOSPC);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		take_first(100);
		assert_int_equal(rte_dma_burst_capacity(dev, 0), 100);
		take(DESC - 100);
		assert_memory_equal(a, b, DESC * 8);
		memset(b, 0, DESC * 8);
	}
}

/* Lists of every number of entries, whose boundaries lie anywhere. */
static void
scatter_gather(void **state)
{
	struct rte_dma_sge from[MAX_SGES], to[MAX_SGES];
	unsigned int seed = 1, n, m, i, total, at;

	(void)state;
	for (n = 1; n <= MAX_SGES; n++) {
		for (m = 1; m <= MAX_SGES; m += 1 + n % 5) {
			total = MAX_SGES * 40;
			/* The source's pieces lie apart, the destination's in reverse. */
			for (i = 0, at = 0; i < n; i++) {
				unsigned int len = i == n - 1 ? total - at : seed % 40;

				seed = seed * 1103515245 + 12345;
				from[i].addr = (rte_iova_t)(a + at + i * 50);
				from[i].length = len;
				at += len;
			}
			for (i = 0, at = 0; i < m; i++) {
				unsigned int len = i == m - 1 ? total - at : seed % 40;

				seed = seed * 1103515245 + 12345;
				to[i].addr = (rte_iova_t)(b + 10000 - at - len);
				to[i].length = len;
				at += len;
			}
			memset(b, 0, 20000);
			assert_true(rte_dma_copy_sg(dev, 0, from, to, (uint16_t)n, (uint16_t)m,
						    RTE_DMA_OP_FLAG_SUBMIT) >= 0);
			take(1);
			/* Byte by byte. */
			for (i = 0, at = 0; at < total; at++) {
				unsigned int k = 0, left = at, f = 0, fleft = at;

				while (left >= to[k].length)
					left -= to[k++].length;
				while (fleft >= from[f].length)
					fleft -= from[f++].length;
				assert_int_equal(((uint8_t *)to[k].addr)[left],
						 ((uint8_t *)from[f].addr)[fleft]);
			}
		}
	}
}

/* When all of it is done, one look is enough, whatever it consists of. */
static void
scatter_gather_at_once(void **state)
{
	struct rte_dma_sge from[MAX_SGES], to;
	uint16_t last, n;
	bool error = false;
	unsigned int i;

	(void)state;
	if (strstr(device, "emu:") == NULL || strstr(device, "engine=") != NULL)
		skip();
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", "engine=inline"), 0);
	assert_int_equal(start_as("dma_sva0", DESC), 0);
	for (i = 0; i < MAX_SGES; i++)
		from[i] = (struct rte_dma_sge){ .addr = (rte_iova_t)(a + i * 16), .length = 10 };
	to = (struct rte_dma_sge){ .addr = (rte_iova_t)b, .length = MAX_SGES * 10 };
	for (i = 0; i < 5; i++)
		assert_int_equal(i == 2 ? copy(b + SIZE, a, 8, 0) :
				 rte_dma_copy_sg(dev, 0, from, &to, MAX_SGES, 1, 0), i);
	assert_int_equal(rte_dma_submit(dev, 0), 0);
	/* Not more than what is asked for either. */
	for (i = 0; i < 5; i += n) {
		n = rte_dma_completed(dev, 0, (uint16_t)(i == 1 ? 2 : 1), &last, &error);
		assert_int_equal(n, i == 1 ? 2 : 1);
		assert_int_equal(last, i + n - 1);
		assert_false(error);
	}
	assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
}

static void
scatter_gather_refused(void **state)
{
	struct rte_dma_sge from[MAX_SGES + 1], to[MAX_SGES + 1];
	unsigned int i;

	(void)state;
	for (i = 0; i <= MAX_SGES; i++) {
		from[i] = (struct rte_dma_sge){ .addr = (rte_iova_t)(a + i * 16), .length = 10 };
		to[i] = (struct rte_dma_sge){ .addr = (rte_iova_t)(b + i * 16), .length = 10 };
	}
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, MAX_SGES + 1, 1, 0), -EINVAL);
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 1, MAX_SGES + 1, 0), -EINVAL);
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 0, 0, 0), -EINVAL);
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 2, 1, 0), -EINVAL);
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 1, 2, 0), -EINVAL);
	from[0].length = to[0].length = UINT32_MAX;
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 1, 1, 0), -EINVAL);
	from[0].length = to[0].length = 0;
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 1, 1, 0), -EINVAL);
	/* It is looked at as a whole before any of it is taken. */
	from[0].length = to[0].length = 10;
	from[1].length = to[1].length = UINT32_MAX;
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 2, 2, 0), -EINVAL);
	from[1].length = to[1].length = 10;
	assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
	/* Room for a part of it is none. */
	for (i = 0; i < DESC - 3; i++)
		assert_true(copy(b + 8192, a, 8, 0) >= 0);
	from[0].length = to[0].length = 10;
	to[0].length = 20;
	to[1].length = 20;
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 4, 2, 0), -ENOSPC);
	assert_int_equal(b[0], 0);
	assert_int_equal(rte_dma_burst_capacity(dev, 0), 3);
	to[0].length = 30;
	assert_int_equal(rte_dma_copy_sg(dev, 0, from, to, 3, 1, 0), DESC - 3);
	assert_int_equal(rte_dma_burst_capacity(dev, 0), 0);
	assert_int_equal(rte_dma_submit(dev, 0), 0);
	take(DESC - 2);
	assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
	assert_memory_equal(b + 10, a + 16, 10);
}

static void
dumps(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(copy(b, a, SIZE, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	assert_int_equal(rte_dma_dump(dev, f), 0);
	fclose(f);
	assert_non_null(strstr(text, "driver idxd, PASID"));
	assert_non_null(strstr(text, "depth: 256, on their way: 0, polled and held: 0"));
	assert_non_null(strstr(text, "accepted 1, completed 1, failed 0, bytes 4096"));
	free(text);
}

static void
several_queues(void **state)
{
	int16_t ids[3];
	unsigned int i, k;
	char name[32];

	(void)state;
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", "queues=3"), 0);
	assert_int_equal(rte_dma_get_dev_id_by_name("dma_sva0"), -EINVAL);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "dma_sva0-q%u", i);
		assert_int_equal(start_as(name, DESC), 0);
		ids[i] = dev;
	}
	for (k = 0; k < 300; k++) {
		dev = ids[k % 3];
		assert_int_equal(copy(b + k * 64, a + k * 64, 64, 0), k / 3);
	}
	for (i = 0; i < 3; i++) {
		dev = ids[i];
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		take(100);
	}
	assert_memory_equal(a, b, 300 * 64);
	/* One of them is closed, the others go on. */
	assert_int_equal(rte_dma_stop(ids[1]), 0);
	assert_int_equal(rte_dma_close(ids[1]), 0);
	dev = ids[2];
	assert_int_equal(copy(b, a + 1, 64, RTE_DMA_OP_FLAG_SUBMIT), 100);
	take(1);
}

/* Whether it is a thread of the emulated device: DPDK has others, on the same CPUs. */
static bool
is_engine(const char *task)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm", task);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	if (fgets(name, sizeof(name), f) == NULL)
		name[0] = '\0';
	fclose(f);
	return strcmp(name, "sva-emu-host\n") == 0;
}

/*
 * DPDK has pinned this thread to an lcore; the engine is where there is room. By default there is
 * none with room on one CPU only.
 */
static void
other_cpus(void **state)
{
	cpu_set_t expected = cpus_before, set;
	unsigned int there = 0;
	struct dirent *task;
	DIR *tasks;
	int id;

	(void)state;
	CPU_CLR(main_cpu, &expected);
	if (CPU_COUNT(&expected) == 0)
		expected = cpus_before;
	assert_int_equal(sva_worker_cpus(sizeof(set), &set), 0);
	assert_true(CPU_EQUAL(&set, &expected));
	if (strstr(device, "emu:") == NULL || strstr(device, "engine=") != NULL ||
	    CPU_COUNT(&cpus_before) == 1)
		skip();
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", "engine=thread"), 0);
	/* What has done something has its name. */
	assert_int_equal(start_as("dma_sva0", DESC), 0);
	assert_int_equal(copy(b, a, 8, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	tasks = opendir("/proc/self/task");
	assert_non_null(tasks);
	while ((task = readdir(tasks)) != NULL) {
		id = atoi(task->d_name);
		if (id == 0 || !is_engine(task->d_name))
			continue;
		assert_int_equal(sched_getaffinity(id, sizeof(set), &set), 0);
		assert_true(CPU_EQUAL(&set, &expected));
		there++;
	}
	closedir(tasks);
	assert_int_equal(there, 1);
	/* This thread is where DPDK put it. */
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	assert_true(CPU_COUNT(&set) == 1 && CPU_ISSET(main_cpu, &set));
}

static void
bad_arguments(void **state)
{
	static const char *const bad[] = {
		"", "dev", "dev=", "queues=2", "dev=nothing:here", "dev=emu:dsa,queues",
		"dev=emu:dsa,nonsense", "dev=emu:dsa,dev", "dev=emu:dsa,queues=0",
		"dev=emu:dsa,queues=129", "dev=emu:dsa,queues=2x", "dev=emu:dsa,queues=-1",
		"dev=emu:dsa,queues=", "dev=emu:dsa,queues=2,queues=3", "dev=emu:dsa,nonsense=1",
		"dev=emu:dsa,dev=emu:dsa1", "dev=emu:dsa,engine=steam",
	};
	unsigned int i;

	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(rte_log_set_level_pattern("svadk.*", RTE_LOG_ERR), 0);
	for (i = 0; i < RTE_DIM(bad); i++) {
		assert_int_equal(log_start(state), 0);
		assert_true(rte_vdev_init("dma_sva0", bad[i]) < 0);
		/* Which is said, by who knows what is wrong. */
		assert_true(log_has("svadk."));
		log_stop(state);
		assert_int_equal(rte_dma_get_dev_id_by_name("dma_sva0"), -EINVAL);
		/* And SVADK is at its end again. */
		assert_false(sva_eal_ready());
	}
	assert_int_equal(rte_log_set_level_pattern("svadk.*", RTE_LOG_CRIT), 0);
	assert_int_equal(plug("dma_sva0", NULL), 0);
	assert_true(sva_eal_ready());
	/* It is taken. */
	assert_true(plug("dma_sva1", NULL) < 0);
}

static int
cases(void)
{
	const struct CMUnitTest tests[] = {
		TEST(information), TEST(any_address), TEST(fills), TEST(submits), TEST(fences),
		TEST(indexes_wrap), TEST(capacity), TEST(scatter_gather),
		TEST(scatter_gather_at_once), TEST(scatter_gather_refused), TEST(dumps),
		TEST(several_queues), TEST(other_cpus), TEST(bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(int argc, char **argv)
{
	(void)argc;
	return dmadev_main(argv[0], cases);
}
