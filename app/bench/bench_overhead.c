/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The same copies through the dmadev plugin and by lib/accel, on emulated devices that work in
 * the calling thread: bench_overhead PLUGIN BURST ROUNDS. Run under callgrind by
 * bench_overhead.py; alone it only checks that every operation is done.
 */
#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dmadev.h>
#include <rte_eal.h>

#include <sva_accel.h>

#define DESC 1024

static char buffers[2][64];
static volatile uint32_t size = sizeof(buffers[0]);	/* the compiler does not know it */

/* What is counted: callgrind collects inside one of these at a time. They return results. */
unsigned int direct_rounds(struct sva_queue *q, unsigned int burst, unsigned int rounds);
unsigned int dmadev_rounds(int16_t dev, unsigned int burst, unsigned int rounds);
unsigned int empty_rounds(int16_t dev, unsigned int burst, unsigned int rounds);
unsigned int loop_rounds(unsigned int burst, unsigned int rounds);

__attribute__((noinline)) unsigned int
direct_rounds(struct sva_queue *q, unsigned int burst, unsigned int rounds)
{
	struct sva_result results[64];
	unsigned int i, n, k, done = 0;
	uint32_t len = size;

	while (rounds-- != 0) {
		for (i = 0; i < burst; i++)
			sva_copy(q, buffers[0], buffers[1], len, i, 0);
		sva_submit(q);
		/* A client looks at its results. */
		n = (unsigned int)sva_poll(q, results, burst);
		for (k = 0; k < n; k++)
			done += results[k].status == SVA_OK;
	}
	return done;
}

static __rte_always_inline unsigned int
dma_rounds(int16_t dev, unsigned int burst, unsigned int rounds)
{
	unsigned int i, done = 0;
	uint32_t len = size;
	bool error = false;
	uint16_t last;

	while (rounds-- != 0) {
		for (i = 0; i < burst; i++)
			rte_dma_copy(dev, 0, (rte_iova_t)buffers[1], (rte_iova_t)buffers[0],
				     len, 0);
		rte_dma_submit(dev, 0);
		done += rte_dma_completed(dev, 0, (uint16_t)burst, &last, &error);
	}
	return error ? 0 : done;
}

__attribute__((noinline)) unsigned int
dmadev_rounds(int16_t dev, unsigned int burst, unsigned int rounds)
{
	return dma_rounds(dev, burst, rounds);
}

/* A driver that does nothing: what is counted then is DPDK's own. */
__attribute__((noinline)) unsigned int
empty_rounds(int16_t dev, unsigned int burst, unsigned int rounds)
{
	return dma_rounds(dev, burst, rounds);
}

__attribute__((noinline)) unsigned int
loop_rounds(unsigned int burst, unsigned int rounds)
{
	unsigned int i, done = 0;

	while (rounds-- != 0) {
		for (i = 0; i < burst; i++)
			asm volatile("" : : "r"(i));
		done += burst;
	}
	return done;
}

static int
empty_copy(void *priv, uint16_t vchan, rte_iova_t src, rte_iova_t dst, uint32_t len,
	   uint64_t flags)
{
	(void)priv, (void)vchan, (void)src, (void)dst, (void)len, (void)flags;
	return 0;
}

static int
empty_submit(void *priv, uint16_t vchan)
{
	(void)priv, (void)vchan;
	return 0;
}

static uint16_t
empty_completed(void *priv, uint16_t vchan, const uint16_t n, uint16_t *last, bool *failed)
{
	(void)priv, (void)vchan, (void)last, (void)failed;
	return n;
}

static int
open_dmadev(const char *plugin)
{
	char lcore[16];
	char *args[] = { "bench_overhead", "--no-huge", "--no-pci", "--no-shconf",
			 "--no-telemetry", "-m", "64", "-l", lcore, "--vdev",
			 "dma_sva0,dev=emu:dsa1,engine=inline", NULL };
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = DESC,
	};
	int dev;

	snprintf(lcore, sizeof(lcore), "%d", sched_getcpu());
	/* As -d does, which refuses a file below a folder that everyone may write to. */
	if (dlopen(plugin, RTLD_NOW) == NULL) {
		fprintf(stderr, "bench_overhead: %s\n", dlerror());
		return -1;
	}
	if (rte_eal_init(sizeof(args) / sizeof(args[0]) - 1, args) < 0)
		return -1;
	dev = rte_dma_get_dev_id_by_name("dma_sva0");
	if (dev < 0 || rte_dma_configure((int16_t)dev, &conf) != 0 ||
	    rte_dma_vchan_setup((int16_t)dev, 0, &vchan) != 0 || rte_dma_start((int16_t)dev) != 0)
		return -1;
	return dev;
}

int
main(int argc, char **argv)
{
	unsigned int burst = argc == 4 ? (unsigned int)atoi(argv[2]) : 0;
	unsigned int rounds = argc == 4 ? (unsigned int)atoi(argv[3]) : 0;
	struct sva_queue_conf conf = { .depth = DESC };
	struct sva_device *device;
	struct rte_dma_fp_object ops;
	struct sva_queue *q;
	int dev, bad;

	if (burst < 1 || burst > 64) {
		fprintf(stderr, "usage: bench_overhead PLUGIN BURST ROUNDS, BURST 1 to 64\n");
		return 2;
	}
	dev = open_dmadev(argv[1]);
	if (dev < 0 || sva_device_open("emu:dsa,engine=inline", &device) != 0 ||
	    sva_queue_open(device, &conf, &q) != 0) {
		fprintf(stderr, "bench_overhead: the devices cannot be opened, see above\n");
		return 1;
	}
	bad = direct_rounds(q, burst, rounds) != burst * rounds;
	bad |= dmadev_rounds((int16_t)dev, burst, rounds) != burst * rounds;
	ops = rte_dma_fp_objs[dev];
	rte_dma_fp_objs[dev].copy = empty_copy;
	rte_dma_fp_objs[dev].submit = empty_submit;
	rte_dma_fp_objs[dev].completed = empty_completed;
	bad |= empty_rounds((int16_t)dev, burst, rounds) != burst * rounds;
	rte_dma_fp_objs[dev] = ops;
	bad |= loop_rounds(burst, rounds) != burst * rounds;
	printf("burst %u, %u rounds, %s\n", burst, rounds, bad ? "NOT all done" : "all done");
	sva_device_close(device);
	rte_dma_stop((int16_t)dev);
	rte_eal_cleanup();
	return bad;
}
