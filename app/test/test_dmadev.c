/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The dmadev plugin as an application of DPDK meets it. SVA_TEST_DEVICE is the device, the
 * emulated one where it is not set, and SVA_DMA_PLUGIN the plugin.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <dsa_hw.h>
#include <sva_accel_driver.h>
#include <sva_eal.h>
#include <sva_worker.h>

#include "test_kmsg.h"

#define DESC 256
#define SECONDS 600		/* of all; a test that takes longer hangs */
#define SIZE 4096u
#define MAX_SGES 32

static const char *device = "emu:dsa";
static int16_t dev;
static cpu_set_t cpus_before;	/* rte_eal_init() */
static int main_cpu;
static uint8_t a[64 * SIZE], b[64 * SIZE];

/* The plugin's device: its call comes by here. */
static struct sva_device *opened;

int
sva_device_open_conf(const char *spec, const struct sva_device_conf *conf,
		     struct sva_device **handle)
{
	int (*real)(const char *spec, const struct sva_device_conf *conf,
		    struct sva_device **handle);
	int ret;

	*(void **)&real = dlsym(RTLD_NEXT, "sva_device_open_conf");
	ret = real(spec, conf, handle);
	opened = ret == 0 ? *handle : NULL;
	return ret;
}

static int
plug(const char *name, const char *args)
{
	char spec[512];

	snprintf(spec, sizeof(spec), "%s%s%s", device, args != NULL ? "," : "",
		 args != NULL ? args : "");
	return rte_vdev_init(name, spec);
}

static int
start_as(const char *name, uint16_t desc)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = desc,
	};
	int id = rte_dma_get_dev_id_by_name(name);

	if (id < 0)
		return id;
	dev = (int16_t)id;
	if (rte_dma_configure(dev, &conf) != 0 || rte_dma_vchan_setup(dev, 0, &vchan) != 0)
		return -1;
	return rte_dma_start(dev);
}

static int
begin(void **state)
{
	size_t i;

	(void)state;
	alarm(SECONDS);
	for (i = 0; i < sizeof(a); i++)
		a[i] = (uint8_t)(i * 7 + i / 251);
	memset(b, 0, sizeof(b));
	return plug("dma_sva0", NULL) == 0 ? start_as("dma_sva0", DESC) : -1;
}

static int
end(void **state)
{
	(void)state;
	return rte_vdev_uninit("dma_sva0");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

static int
copy(void *dst, const void *src, size_t len, uint64_t flags)
{
	return rte_dma_copy(dev, 0, (rte_iova_t)(uintptr_t)src, (rte_iova_t)(uintptr_t)dst,
			    (uint32_t)len, flags);
}

/* Take n of what is on its way, all well. */
static void
take_first(uint16_t n)
{
	uint16_t last = 0, got = 0;
	bool error = false;

	while (got < n) {
		got = (uint16_t)(got + rte_dma_completed(dev, 0, (uint16_t)(n - got), &last,
							 &error));
		assert_false(error);
		sched_yield();
	}
}

/* Take exactly n, all well. */
static void
take(uint16_t n)
{
	uint16_t last = 0;
	bool error = false;

	take_first(n);
	assert_int_equal(rte_dma_completed(dev, 0, 1, &last, &error), 0);
	assert_false(error);
}

/* Take exactly n, with what became of each. */
static void
take_status(uint16_t n, enum rte_dma_status_code *status)
{
	uint16_t last = 0, got = 0;

	while (got < n) {
		got = (uint16_t)(got + rte_dma_completed_status(dev, 0, (uint16_t)(n - got), &last,
								status + got));
		sched_yield();
	}
	assert_int_equal(rte_dma_completed_status(dev, 0, 1, &last, status), 0);
}

static struct rte_dma_stats
stats(void)
{
	struct rte_dma_stats s;

	assert_int_equal(rte_dma_stats_get(dev, 0, &s), 0);
	return s;
}

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

/* Each copies what the one before has written. */
static void
fences(void **state)
{
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 50; round++) {
		memset(b, 0, sizeof(b));
		for (i = 0; i < 20; i++)
			assert_true(copy(b + i * SIZE, i == 0 ? a + round : b + (i - 1) * SIZE,
					 SIZE, RTE_DMA_OP_FLAG_FENCE |
					 (i % 7 == 6 ? RTE_DMA_OP_FLAG_SUBMIT : 0) |
					 (i % 3 == 2 ? RTE_DMA_OP_FLAG_LLC : 0)) >= 0);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		take(20);
		assert_memory_equal(b + 19 * SIZE, a + round, SIZE);
	}
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

/* Of 32, some name what is no memory. */
static void
errors(void **state)
{
	uint8_t *none = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	enum rte_dma_status_code status[32];
	struct rte_dma_sge from[3], to[1], good[2], to2[1];
	uint16_t last, n, got;
	unsigned int round, i;
	bool error;

	(void)state;
	assert_true(none != MAP_FAILED);
	kmsg_faults_expected(true);
	from[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	from[1] = (struct rte_dma_sge){ .addr = (rte_iova_t)none, .length = 10 };
	from[2] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	to[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)b, .length = 30 };
	good[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)(a + 21 * 64), .length = 60 };
	good[1] = (struct rte_dma_sge){ .addr = (rte_iova_t)(a + 21 * 64 + 60), .length = 4 };
	to2[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)(b + 21 * 64), .length = 64 };
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 32; i++) {
			int ret = i == 5 ? copy(b, none, 64, 0) : i == 6 ? copy(none, a, 64, 0) :
				  i == 20 ? rte_dma_copy_sg(dev, 0, from, to, 3, 1, 0) :
				  i == 21 ? rte_dma_copy_sg(dev, 0, good, to2, 2, 1, 0) :
				  i == 31 ? rte_dma_fill(dev, 0, 1, (rte_iova_t)none, 8, 0) :
				  copy(b + i * 64, a + i * 64, 64, 0);

			assert_int_equal(ret, round * 64 + i);
		}
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		if (round == 0) {
			take_status(32, status);
		} else {
			/* All that went well up to the first, which stays until it is asked for. */
			for (got = 0, error = false; !error; sched_yield()) {
				n = rte_dma_completed(dev, 0, 32, &last, &error);
				got = (uint16_t)(got + n);
				assert_int_equal(last, (uint16_t)(64 + got - 1));
			}
			assert_int_equal(got, 5);
			error = false;
			assert_int_equal(rte_dma_completed(dev, 0, 32, &last, &error), 0);
			assert_true(error);
			for (i = 0; i < 5; i++)
				status[i] = RTE_DMA_STATUS_SUCCESSFUL;
			take_status(27, status + 5);
		}
		for (i = 0; i < 32; i++) {
			assert_int_equal(status[i], i == 5 || i == 20 ?
					 RTE_DMA_STATUS_INVALID_SRC_ADDR : i == 6 || i == 31 ?
					 RTE_DMA_STATUS_INVALID_DST_ADDR :
					 RTE_DMA_STATUS_SUCCESSFUL);
			if (status[i] == RTE_DMA_STATUS_SUCCESSFUL && i > 0)
				assert_memory_equal(a + i * 64, b + i * 64, 64);
		}
		assert_int_equal(stats().errors, 4 * (round + 1));
		assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
		/* It goes on. */
		for (i = 0; i < 32; i++)
			assert_true(copy(b + i * 64, a + i * 64, 64, 0) >= 0);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		take(32);
	}
	kmsg_faults_expected(false);
	munmap(none, SIZE);
}

/* What has been polled before is given back in its order, with what came after. */
static void
held(void **state)
{
	uint8_t *none = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	enum rte_dma_status_code status[32];
	enum rte_dma_vchan_status now;
	unsigned int round, i;
	uint16_t last;

	(void)state;
	assert_true(none != MAP_FAILED);
	kmsg_faults_expected(true);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < 8; i++)
			assert_int_equal(copy(b, i == 7 - round ? none : a, 64, 0), round * 8 + i);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		do {
			assert_int_equal(rte_dma_vchan_status(dev, 0, &now), 0);
			sched_yield();
		} while (now == RTE_DMA_VCHAN_ACTIVE);
		assert_int_equal(rte_dma_completed_status(dev, 0, 3, &last, status + round * 3), 3);
		assert_int_equal(last, round * 3 + 2);
	}
	take_status(20, status + 12);
	for (i = 0; i < 32; i++)
		assert_int_equal(status[i], i % 8 == 7 - i / 8 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
				 RTE_DMA_STATUS_SUCCESSFUL);
	kmsg_faults_expected(false);
	munmap(none, SIZE);
}

/* What is refused at once changes nothing. */
static void
refused(void **state)
{
	(void)state;
	assert_int_equal(copy(b, a, 0, 0), -EINVAL);
	assert_int_equal(copy(b, a, UINT32_MAX, 0), -EINVAL);
	assert_int_equal(copy(b, a, 8, RTE_BIT64(20)), -EINVAL);
	assert_int_equal(rte_dma_fill(dev, 0, 0, (rte_iova_t)b, 0, 0), -EINVAL);
	assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
	assert_int_equal(copy(b, a, 8, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
}

/* Stopped with work on its way, and started: indexes begin with 0, statistics go on. */
static void
stop_and_start(void **state)
{
	struct rte_dma_sge from[2] = { { .addr = (rte_iova_t)a, .length = 5 },
				       { .addr = (rte_iova_t)a, .length = 5 } };
	struct rte_dma_sge to = { .addr = (rte_iova_t)(b + 50 * SIZE), .length = 10 };
	enum rte_dma_vchan_status status;
	uint16_t last = 7;
	unsigned int round, i;
	bool error = false;

	(void)state;
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 40; i++)
			assert_int_equal(copy(b + i * SIZE, a + i * SIZE, SIZE, 0), i);
		assert_int_equal(rte_dma_copy_sg(dev, 0, from, &to, 2, 1, 0), 40);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		take_first(10);
		/* Some of them polled by that, and all of them stopped. */
		assert_int_equal(rte_dma_vchan_status(dev, 0, &status), 0);
		assert_int_equal(rte_dma_stop(dev), 0);
		assert_memory_equal(a, b, 40 * SIZE);
		memset(b, 0, sizeof(b));
		assert_int_equal(copy(b, a, 8, 0), -ENODEV);
		assert_int_equal(rte_dma_fill(dev, 0, 0, (rte_iova_t)b, 8, 0), -ENODEV);
		assert_int_equal(rte_dma_submit(dev, 0), -ENODEV);
		assert_int_equal(rte_dma_completed(dev, 0, 8, &last, &error), 0);
		assert_int_equal(rte_dma_burst_capacity(dev, 0), 0);
		assert_int_equal(rte_dma_vchan_status(dev, 0, &status), 0);
		assert_int_equal(status, RTE_DMA_VCHAN_IDLE);
		assert_int_equal(stats().submitted, 41 * (round + 1));
		assert_int_equal(stats().completed, 10 * (round + 1));
		assert_int_equal(rte_dma_start(dev), 0);
		assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
	}
	for (i = 0; i < 2; i++) {
		assert_int_equal(rte_dma_stats_reset(dev, 0), 0);
		assert_int_equal(stats().submitted + stats().completed + stats().errors, 0);
		assert_int_equal(copy(b, a, 8, RTE_DMA_OP_FLAG_SUBMIT), i);
		take(1);
		assert_int_equal(stats().submitted, 1);
		assert_int_equal(stats().completed, 1);
	}
}

/* The device stops by itself: what it has not done is told, and a start brings it back. */
static void
failed_device(void **state)
{
	enum rte_dma_status_code status[40];
	enum rte_dma_vchan_status now;
	struct rte_dma_sge from[2], to;
	struct sva_bus_device *bus = opened->bus_dev;
	unsigned int i;
	int ret;

	(void)state;
	from[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	from[1] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	to = (struct rte_dma_sge){ .addr = (rte_iova_t)b, .length = 20 };
	bus->bus->ops->write32(bus, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0));
	while (bus->bus->ops->read32(bus, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE)
		sched_yield();
	for (i = 0; i < 40; i++)
		assert_int_equal(i == 20 ? rte_dma_copy_sg(dev, 0, from, &to, 2, 1, 0) :
				 copy(b + i * 64, a, 64, 0), i);
	assert_int_equal(rte_dma_submit(dev, 0), 0);
	take_status(40, status);
	for (i = 0; i < 40; i++)
		assert_int_equal(status[i], RTE_DMA_STATUS_ERROR_UNKNOWN);
	assert_int_equal(rte_dma_vchan_status(dev, 0, &now), 0);
	assert_int_equal(now, RTE_DMA_VCHAN_HALTED_ERROR);
	ret = rte_dma_copy_sg(dev, 0, from, &to, 2, 1, 0);
	assert_int_equal(ret, -EIO);
	assert_int_equal(copy(b, a, 64, 0), -EIO);
	assert_int_equal(rte_dma_submit(dev, 0), -EIO);
	assert_int_equal(b[0], 0);
	assert_int_equal(rte_dma_stop(dev), 0);
	assert_int_equal(rte_dma_start(dev), 0);
	assert_int_equal(rte_dma_vchan_status(dev, 0, &now), 0);
	assert_int_equal(now, RTE_DMA_VCHAN_IDLE);
	assert_int_equal(copy(b, a, 64, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	assert_memory_equal(a, b, 64);
}

/* It comes back when nobody is at it: not before all its dmadevs have been stopped. */
static void
failed_with_others(void **state)
{
	struct sva_bus_device *bus;
	int16_t first;

	(void)state;
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", "queues=2"), 0);
	assert_int_equal(start_as("dma_sva0-q0", DESC), 0);
	first = dev;
	assert_int_equal(start_as("dma_sva0-q1", DESC), 0);
	bus = opened->bus_dev;
	bus->bus->ops->write32(bus, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0));
	while (bus->bus->ops->read32(bus, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE)
		sched_yield();
	assert_int_equal(sva_device_handle_events(opened), -EIO);
	assert_int_equal(rte_dma_stop(dev), 0);
	assert_int_equal(rte_dma_start(dev), -EBUSY);
	assert_int_equal(rte_dma_stop(first), 0);
	assert_int_equal(rte_dma_start(dev), 0);
	assert_int_equal(rte_dma_start(first), 0);
	assert_int_equal(copy(b, a, 64, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	dev = first;
	assert_int_equal(copy(b + 64, a + 64, 64, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	assert_memory_equal(a, b, 128);
}

/* Closed by the application, and made anew. */
static void
closed(void **state)
{
	(void)state;
	assert_int_equal(rte_dma_stop(dev), 0);
	assert_int_equal(rte_dma_close(dev), 0);
	assert_int_equal(rte_dma_get_dev_id_by_name("dma_sva0"), -EINVAL);
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", NULL), 0);
	assert_int_equal(start_as("dma_sva0", DESC), 0);
	assert_int_equal(copy(b, a, SIZE, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	assert_memory_equal(a, b, SIZE);
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

/* DPDK has pinned this thread to an lcore; the engine is where there is room. */
static void
other_cpus(void **state)
{
	cpu_set_t expected = cpus_before, set;
	DIR *tasks = opendir("/proc/self/task");
	unsigned int there = 0;
	struct dirent *task;
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
	assert_non_null(tasks);
	while ((task = readdir(tasks)) != NULL) {
		id = atoi(task->d_name);
		if (id != 0 && id != getpid() && sched_getaffinity(id, sizeof(set), &set) == 0)
			there += CPU_EQUAL(&set, &expected);
	}
	closedir(tasks);
	assert_true(there > 0);
	/* This thread is where DPDK put it. */
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	assert_true(CPU_COUNT(&set) == 1 && CPU_ISSET(main_cpu, &set));
}

static void
bad_arguments(void **state)
{
	static const char *const bad[] = {
		"", "dev", "dev=", "queues=2", "dev=nothing:here", "dev=emu:dsa,queues=0",
		"dev=emu:dsa,queues=129", "dev=emu:dsa,queues=2x", "dev=emu:dsa,queues=-1",
		"dev=emu:dsa,queues=", "dev=emu:dsa,nonsense=1", "dev=emu:dsa,dev=emu:dsa1",
		"dev=emu:dsa,engine=steam",
	};
	unsigned int i;

	(void)state;
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	for (i = 0; i < RTE_DIM(bad); i++) {
		assert_true(rte_vdev_init("dma_sva0", bad[i]) < 0);
		assert_int_equal(rte_dma_get_dev_id_by_name("dma_sva0"), -EINVAL);
		/* And SVADK is at its end again. */
		assert_false(sva_eal_ready());
	}
	assert_int_equal(plug("dma_sva0", NULL), 0);
	assert_true(sva_eal_ready());
	/* It is taken. */
	assert_true(plug("dma_sva1", NULL) < 0);
}

int
main(int argc, char **argv)
{
	char lcore[16];
	char *args[] = { argv[0], "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",
			 "--log-level=svadk.*:critical", "-m", "64", "-l", lcore };
	const struct CMUnitTest tests[] = {
		TEST(information), TEST(any_address), TEST(fills), TEST(submits), TEST(fences),
		TEST(indexes_wrap), TEST(capacity), TEST(scatter_gather),
		TEST(scatter_gather_at_once), TEST(scatter_gather_refused), TEST(errors),
		TEST(held), TEST(refused), TEST(stop_and_start), TEST(failed_device),
		TEST(failed_with_others), TEST(closed), TEST(dumps), TEST(several_queues),
		TEST(other_cpus), TEST(bad_arguments),
	};
	const char *plugin = getenv("SVA_DMA_PLUGIN"), *spec = getenv("SVA_TEST_DEVICE");
	static char given[256];
	int failed;

	(void)argc;
	sched_getaffinity(0, sizeof(cpus_before), &cpus_before);
	while (!CPU_ISSET(main_cpu, &cpus_before))
		main_cpu++;
	snprintf(lcore, sizeof(lcore), "%d", main_cpu);
	snprintf(given, sizeof(given), "dev=%s", spec != NULL ? spec : device);
	device = given;
	/* As -d does, which refuses a file below a folder that everyone may write to. */
	if (plugin == NULL || dlopen(plugin, RTLD_NOW) == NULL) {
		fprintf(stderr, "SVA_DMA_PLUGIN: %s\n", plugin == NULL ? "not set" : dlerror());
		return 1;
	}
	if (rte_eal_init(RTE_DIM(args), args) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
