/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * One client for every dmadev there is, and memcpy, in turn: copies of 64 bytes to 1 MiB.
 *
 *   bench_dmadev EAL-OPTION... -- [BURST [SLICES]]
 *
 * for example with -d librte_dma_sva.so --vdev dma_sva0,dev=emu:dsa --vdev dma_skeleton0. A
 * dmadev runs only for its slice of time, so that the others' threads are not in its way. For
 * each size it prints the median of the slices in operations a microsecond, and in brackets
 * the median of the ratios of slices that follow each other, against the first dmadev.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_dmadev.h>
#include <rte_eal.h>
#include <rte_pause.h>

#define MAX_DEVS 8
#define MAX_SLICES 99
#define MEMORY (64u << 20)	/* of each side, which the operations rotate through */
#define MAX_SETS 64
#define DESC 1024
#define IN_FLIGHT 256
#define SLICE_NS 100000000ull

static const size_t sizes[] = { 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576 };

static int16_t devs[MAX_DEVS];
static unsigned int nb_devs;
static char *src, *dst;
static unsigned int burst = 16, slices = 7;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Each runs for about a slice and returns operations a microsecond, or -1. */

static double
run_copies(int16_t dev, size_t size)
{
	uint64_t sent = 0, done = 0, start = now(), end, sets = MEMORY / size, at;
	unsigned int rounds = size < 65536 ? 64 : 1, limit = IN_FLIGHT, i, k;
	uint16_t last, n;
	bool error = false;

	if (sets > MAX_SETS)
		sets = MAX_SETS;
	do {
		for (k = 0; k < rounds; k++) {
			if (sent - done + burst <= limit) {
				for (i = 0; i < burst; i++, sent++) {
					at = sent % sets * size;
					if (rte_dma_copy(dev, 0, (rte_iova_t)(src + at),
							 (rte_iova_t)(dst + at), (uint32_t)size,
							 0) < 0)
						return -1;
				}
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
	while (done < sent && !error)
		done += rte_dma_completed(dev, 0, 64, &last, &error);
	return error ? -1 : (double)sent * 1e3 / (double)(now() - start);
}

static double
run_dmadev(int16_t dev, size_t size)
{
	double rate;

	memset(dst, 0, 2 * size);
	if (rte_dma_start(dev) != 0)
		return -1;
	rate = run_copies(dev, size);
	if (rte_dma_stop(dev) != 0 || memcmp(src, dst, 2 * size) != 0)
		return -1;
	return rate;
}

static double
run_memcpy(size_t size)
{
	uint64_t done = 0, start = now(), end, sets = MEMORY / size;
	unsigned int rounds = size < 65536 ? 256 : 1, k;

	if (sets > MAX_SETS)
		sets = MAX_SETS;
	do {
		for (k = 0; k < rounds; k++, done++) {
			memcpy(dst + done % sets * size, src + done % sets * size, size);
			asm volatile("" : : : "memory");
		}
		end = now();
	} while (end - start < SLICE_NS);
	return (double)done * 1e3 / (double)(end - start);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *v)
{
	qsort(v, slices, sizeof(*v), compare);
	return v[slices / 2];
}

/* A row of the table; whether every dmadev did its work. */
static bool
row(size_t size)
{
	static double rate[MAX_DEVS + 1][MAX_SLICES], ratio[MAX_DEVS + 1][MAX_SLICES];
	unsigned int i, s;

	for (s = 0; s < slices; s++) {
		for (i = 0; i <= nb_devs; i++) {
			rate[i][s] = i < nb_devs ? run_dmadev(devs[i], size) : run_memcpy(size);
			if (rate[i][s] < 0) {
				fprintf(stderr, "bench_dmadev: dmadev %d fails with %zu bytes\n",
					devs[i], size);
				return false;
			}
			ratio[i][s] = rate[i][s] / rate[0][s];
		}
	}
	printf("%8zu", size);
	for (i = 0; i <= nb_devs; i++) {
		printf(" %9.3f", median(rate[i]));
		if (i != 0)
			printf(" (%5.2f)", median(ratio[i]));
	}
	printf("\n");
	fflush(stdout);
	return true;
}

static int
set_up(int16_t dev)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = DESC,
	};

	return rte_dma_configure(dev, &conf) != 0 ? -1 : rte_dma_vchan_setup(dev, 0, &vchan);
}

int
main(int argc, char **argv)
{
	struct rte_dma_info info;
	int16_t dev;
	unsigned int i;
	bool good = true;
	int n = rte_eal_init(argc, argv);

	if (n < 0)
		return 2;
	argc -= n;
	argv += n;
	if (argc > 1)
		burst = (unsigned int)atoi(argv[1]);
	if (argc > 2)
		slices = (unsigned int)atoi(argv[2]);
	if (burst < 1 || burst > IN_FLIGHT || slices < 1 || slices > MAX_SLICES) {
		fprintf(stderr, "bench_dmadev: BURST is 1 to %u, SLICES 1 to %u\n", IN_FLIGHT,
			MAX_SLICES);
		return 2;
	}
	for (dev = rte_dma_next_dev(0); dev >= 0 && nb_devs < MAX_DEVS;
	     dev = rte_dma_next_dev((int16_t)(dev + 1)))
		devs[nb_devs++] = dev;
	src = malloc(MEMORY);
	dst = malloc(MEMORY);
	if (nb_devs == 0 || src == NULL || dst == NULL) {
		fprintf(stderr, "bench_dmadev: there is no dmadev: --vdev makes one\n");
		return 1;
	}
	memset(src, 0x5a, MEMORY);
	memset(dst, 0, MEMORY);
	printf("burst %u, %u slices of %u ms; operations a microsecond (ratio to the first)\n",
	       burst, slices, (unsigned int)(SLICE_NS / 1000000));
	printf("%8s", "bytes");
	for (i = 0; i < nb_devs; i++) {
		if (set_up(devs[i]) != 0 || rte_dma_info_get(devs[i], &info) != 0)
			return 1;
		printf(i == 0 ? " %9.9s" : " %17.17s", info.dev_name);
	}
	printf(" %17s\n", "memcpy");
	for (i = 0; good && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		good = row(sizes[i]);
	free(src);
	free(dst);
	rte_eal_cleanup();
	return !good;
}
