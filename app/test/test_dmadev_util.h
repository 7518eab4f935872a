/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * What the tests of the dmadev plugin share: the plugin's dmadev, made anew for each case, and
 * taking what it has done. SVA_TEST_DEVICE is the device, the emulated one where it is not set,
 * and SVA_DMA_PLUGIN the plugin.
 */
#ifndef TEST_DMADEV_UTIL_H
#define TEST_DMADEV_UTIL_H

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
#include <unistd.h>

#include <cmocka.h>

#include <rte_bus_vdev.h>
#include <rte_dmadev.h>
#include <rte_eal.h>

#define DESC 256
#define SECONDS 600		/* of all; a test that takes longer hangs */
#define SIZE 4096u
#define MAX_SGES 32

static const char *device = "emu:dsa";
static int16_t dev;
static cpu_set_t cpus_before;	/* rte_eal_init() */
static int main_cpu;
static uint8_t a[64 * SIZE], b[64 * SIZE];

static inline int
plug(const char *name, const char *args)
{
	char spec[512];

	snprintf(spec, sizeof(spec), "%s%s%s", device, args != NULL ? "," : "",
		 args != NULL ? args : "");
	return rte_vdev_init(name, spec);
}

static inline int
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

static inline int
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

static inline int
end(void **state)
{
	(void)state;
	return rte_vdev_uninit("dma_sva0");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

static inline int
copy(void *dst, const void *src, size_t len, uint64_t flags)
{
	return rte_dma_copy(dev, 0, (rte_iova_t)(uintptr_t)src, (rte_iova_t)(uintptr_t)dst,
			    (uint32_t)len, flags);
}

/* Take n of what is on its way, all well. */
static inline void
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
static inline void
take(uint16_t n)
{
	uint16_t last = 0;
	bool error = false;

	take_first(n);
	assert_int_equal(rte_dma_completed(dev, 0, 1, &last, &error), 0);
	assert_false(error);
}

/* Take exactly n, with what became of each. */
static inline void
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

static inline struct rte_dma_stats
stats(void)
{
	struct rte_dma_stats s;

	assert_int_equal(rte_dma_stats_get(dev, 0, &s), 0);
	return s;
}

/* The main() of such a program: its exit code. */
static inline int
dmadev_main(char *program, int (*cases)(void))
{
	char lcore[16];
	char *args[] = { program, "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",
			 "--log-level=svadk.*:critical", "-m", "64", "-l", lcore };
	const char *plugin = getenv("SVA_DMA_PLUGIN"), *spec = getenv("SVA_TEST_DEVICE");
	static char given[256];
	int failed;

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
	failed = cases();
	rte_eal_cleanup();
	return failed;
}

#endif
