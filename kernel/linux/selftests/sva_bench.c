// SPDX-License-Identifier: GPL-2.0-only
// Copyright(c) 2026 The SVADK authors
/*
 * What it takes until a device can reach memory that the process has touched:
 * VFIO_IOMMU_BIND against VFIO_IOMMU_MAP_DMA.
 *
 * Each sample is a process of its own, to which nothing is known yet; the two
 * ways take turns. The first DMA is 64 bytes at the end of the memory.
 *
 *   sva_bench [-n SAMPLES] [DEVICE...]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest.h"
#include "sva.h"

#define IOVA		0x100000000ull
#define MAX_SAMPLES	1000

/* Nanoseconds: of the ioctl, until the first DMA is done, of the undoing. */
struct sample {
	uint64_t setup, first, undo;
};

static int container;
static struct sva_dev *dev;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int measure(bool map, uint64_t size, struct sample *sample)
{
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t *last;
	uint32_t pasid = SVA_NO_PASID;
	uint64_t start, addr;
	int ret;

	if (mem == MAP_FAILED)
		return -errno;
	last = (void *)(mem + size - 64);
	addr = map ? IOVA + size - 64 : (uintptr_t)last;

	start = now();
	ret = map ? sva_map(container, mem, IOVA, size) :
		    sva_bind(container, 0, &pasid);
	sample->setup = now() - start;
	if (!ret)
		ret = sva_fill(dev, pasid, addr, 0x5ade, 64);
	sample->first = now() - start;
	if (!ret && sva_load(last) != 0x5ade)
		ret = -EIO;

	start = now();
	if (!ret)
		ret = map ? sva_unmap(container, IOVA, size) :
			    sva_unbind(container, 0);
	sample->undo = now() - start;
	return ret;
}

static int sample_in_child(bool map, uint64_t size, struct sample *sample)
{
	int fds[2], status;
	pid_t pid;

	if (pipe(fds))
		return -errno;
	pid = fork();
	if (!pid) {
		int ret = measure(map, size, sample);

		if (!ret && write(fds[1], sample, sizeof(*sample)) != sizeof(*sample))
			ret = -EIO;
		_exit(-ret);
	}
	close(fds[1]);
	if (read(fds[0], sample, sizeof(*sample)) != sizeof(*sample))
		memset(sample, 0, sizeof(*sample));
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(struct sample *samples, unsigned int n, size_t field)
{
	static uint64_t values[MAX_SAMPLES];

	for (unsigned int i = 0; i < n; i++)
		memcpy(&values[i], (char *)&samples[i] + field, sizeof(values[i]));
	qsort(values, n, sizeof(values[0]), compare);
	return (values[(n - 1) / 2] + values[n / 2]) / 2.0 / 1000;
}

static void row(const char *what, const char *size, struct sample *s,
		unsigned int n)
{
	printf("# %-8s %-6s %12.1f %12.1f %12.1f\n", what, size,
	       median(s, n, offsetof(struct sample, setup)),
	       median(s, n, offsetof(struct sample, first)),
	       median(s, n, offsetof(struct sample, undo)));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} sizes[] = {
		{ "4K", 4096 }, { "1M", 1 << 20 }, { "1G", 1 << 30 },
	};
	static struct sample bind[MAX_SAMPLES], map[MAX_SAMPLES];
	unsigned int n = 20;
	int opt, ret;

	sva_init(&argc, argv);
	while ((opt = getopt(argc, argv, "n:")) != -1) {
		n = opt == 'n' ? strtoul(optarg, NULL, 0) : 0;
		if (!n || n > MAX_SAMPLES) {
			fprintf(stderr, "usage: %s [-n SAMPLES] [DEVICE...], 1 to %d samples\n",
				argv[0], MAX_SAMPLES);
			return KSFT_FAIL;
		}
	}

	ksft_print_header();
	dev = sva_good_dev(0);
	if (!dev)
		ksft_exit_skip("needs a device with PASID, ATS, DMA and a group of its own\n");
	ksft_set_plan(3);
	container = sva_container_open();
	if (container < 0 || sva_group_open(dev) || sva_attach(container, dev) ||
	    sva_dev_open(dev))
		ksft_exit_fail_msg("%s: no container\n", dev->bdf);

	printf("# microseconds, median of %u\n", n);
	printf("# %-8s %-6s %12s %12s %12s\n", "way", "memory", "ioctl",
	       "to first DMA", "undo");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ret = 0;
		for (unsigned int j = 0; j < n && !ret; j++) {
			ret = sample_in_child(false, sizes[i].bytes, &bind[j]);
			if (!ret)
				ret = sample_in_child(true, sizes[i].bytes, &map[j]);
		}
		if (!ret) {
			row("BIND", sizes[i].name, bind, n);
			row("MAP_DMA", sizes[i].name, map, n);
		}
		ksft_test_result(!ret, "%s: %s\n", sizes[i].name, strerror(-ret));
	}
	sva_dev_close(dev);
	ksft_finished();
}
