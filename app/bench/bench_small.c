/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Copies through the emulated DSA, through DPDK's dma_skeleton and by memcpy, in turn in
 * one process: bench_small [SIZE [BURST [SLICES]]]. Both devices are software with a
 * thread of its own behind a ring, so that the comparison is of like with like.
 *
 * Prints the median of the slices and of the ratios of slices that follow each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_pause.h>

#include <sva_accel.h>

#define SETS 64			/* buffers that the operations rotate through */
#define IN_FLIGHT 256
#define SLICE_NS 200000000ull

static char *src, *dst;
static size_t size = 64;
static unsigned int burst = 16;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Each runs for about a slice and returns operations a microsecond, or -1. */

static double
run_sva(struct sva_queue *q)
{
	struct sva_result results[64];
	uint64_t sent = 0, done = 0, start = now(), end;
	unsigned int i;
	int n, j;

	do {
		for (unsigned int k = 0; k < 64; k++) {
			if (sent - done + burst <= IN_FLIGHT) {
				for (i = 0; i < burst; i++, sent++)
					sva_copy(q, dst + sent % SETS * size,
						 src + sent % SETS * size, size, sent, 0);
				sva_submit(q);
			}
			n = sva_poll(q, results, 64);
			if (n == 0)
				rte_pause();
			for (j = 0; j < n; j++)
				if (results[j].status != SVA_OK)
					return -1;
			done += (uint64_t)n;
		}
		end = now();
	} while (end - start < SLICE_NS);
	while (done < sent)
		done += (uint64_t)sva_poll(q, results, 64);
	return (double)sent * 1e3 / (double)(now() - start);
}

static double
run_dpdk(int16_t dev)
{
	uint64_t sent = 0, done = 0, start = now(), end;
	uint16_t last, n;
	bool error = false;
	unsigned int i;

	do {
		for (unsigned int k = 0; k < 64; k++) {
			if (sent - done + burst <= IN_FLIGHT) {
				for (i = 0; i < burst; i++, sent++)
					if (rte_dma_copy(dev, 0,
							 (rte_iova_t)(src + sent % SETS * size),
							 (rte_iova_t)(dst + sent % SETS * size),
							 (uint32_t)size, 0) < 0)
						return -1;
				rte_dma_submit(dev, 0);
			}
			n = rte_dma_completed(dev, 0, 64, &last, &error);
			if (error)
				return -1;
			if (n == 0)
				rte_pause();
			done += n;
		}
		end = now();
	} while (end - start < SLICE_NS);
	while (done < sent)
		done += rte_dma_completed(dev, 0, 64, &last, &error);
	return (double)sent * 1e3 / (double)(now() - start);
}

static double
run_memcpy(void)
{
	uint64_t done = 0, start = now(), end;

	do {
		for (unsigned int k = 0; k < 256; k++, done++) {
			memcpy(dst + done % SETS * size, src + done % SETS * size, size);
			asm volatile("" : : : "memory");
		}
		end = now();
	} while (end - start < SLICE_NS);
	return (double)done * 1e3 / (double)(end - start);
}

static int16_t
open_skeleton(void)
{
	char *args[] = { "bench_small", "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",
			 "--log-level=error", "-m", "64", "--lcores", "(0)@(0-1)", "--vdev",
			 "dma_skeleton", NULL };
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = { .direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 1024 };
	int dev;

	if (rte_eal_init(sizeof(args) / sizeof(args[0]) - 1, args) < 0)
		return -1;
	dev = rte_dma_get_dev_id_by_name("dma_skeleton");
	if (dev < 0 || rte_dma_configure((int16_t)dev, &conf) != 0 ||
	    rte_dma_vchan_setup((int16_t)dev, 0, &vchan) != 0 || rte_dma_start((int16_t)dev) != 0)
		return -1;
	return (int16_t)dev;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

int
main(int argc, char **argv)
{
	unsigned int slices = 9, i;
	double *sva, *dpdk, *cpu, *to_dpdk, *to_cpu;
	struct sva_device *dev;
	struct sva_queue *q;
	int16_t skeleton;

	if (argc > 1)
		size = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		burst = (unsigned int)strtoul(argv[2], NULL, 0);
	if (argc > 3)
		slices = (unsigned int)strtoul(argv[3], NULL, 0);
	if (size == 0 || size > 1u << 24 || burst == 0 || burst > 64 || slices == 0 ||
	    slices > 1000) {
		fprintf(stderr, "usage: bench_small [SIZE [BURST [SLICES]]], burst up to 64\n");
		return 2;
	}
	src = aligned_alloc(4096, (SETS * size + 4095) & ~4095ul);
	dst = aligned_alloc(4096, (SETS * size + 4095) & ~4095ul);
	sva = calloc(slices * 5, sizeof(double));
	if (src == NULL || dst == NULL || sva == NULL)
		return 1;
	dpdk = sva + slices;
	cpu = dpdk + slices;
	to_dpdk = cpu + slices;
	to_cpu = to_dpdk + slices;
	memset(src, 1, SETS * size);
	memset(dst, 2, SETS * size);
	skeleton = open_skeleton();
	if (skeleton < 0) {
		fprintf(stderr, "bench_small: no dma_skeleton: is DPDK's driver installed?\n");
		return 1;
	}
	for (i = 0; i < slices; i++) {
		/* Each device exists only while it is measured: both have a busy thread. */
		rte_dma_start(skeleton);
		dpdk[i] = run_dpdk(skeleton);
		rte_dma_stop(skeleton);
		if (sva_device_open("emu:dsa", &dev) != 0 || sva_queue_open(dev, NULL, &q) != 0)
			return 1;
		sva[i] = run_sva(q);
		sva_device_close(dev);
		cpu[i] = run_memcpy();
		to_dpdk[i] = sva[i] / dpdk[i];
		to_cpu[i] = sva[i] / cpu[i];
		if (sva[i] < 0 || dpdk[i] < 0) {
			fprintf(stderr, "bench_small: a copy failed\n");
			return 1;
		}
	}
	if (memcmp(src, dst, SETS * size) != 0) {
		fprintf(stderr, "bench_small: wrong data\n");
		return 1;
	}
	printf("size %zu, burst %u: SVADK %.2f Mops, dma_skeleton %.2f, memcpy %.2f; "
	       "SVADK/dma_skeleton %.2f, SVADK/memcpy %.2f\n", size, burst, median(sva, slices),
	       median(dpdk, slices), median(cpu, slices), median(to_dpdk, slices),
	       median(to_cpu, slices));
	return 0;
}
