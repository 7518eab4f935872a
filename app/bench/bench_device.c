/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Costs on a device that the null bus does not have, by hand:
 *
 *   bench_device split DEVICE      preparing, submitting and polling copies, in units of the
 *                                  time-stamp counter: cycles, or instructions in a machine
 *                                  that counts so (QEMU, -icount shift=0)
 *   bench_device fault DEVICE [N]  fills of memory that is there, and of memory that is not:
 *                                  resumed by the driver, or waited for by the device
 *                                  (bof=on); medians of N turns
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include <sva_accel.h>

#define PAGE 4096u
#define MOST 64u

static int
fail(const char *what)
{
	fprintf(stderr, "bench_device: %s\n", what);
	return 1;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int
open_queue(const char *spec, const char *args, struct sva_device **dev, struct sva_queue **q)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", spec, args);
	return sva_device_open(full, dev) != 0 || sva_queue_open(*dev, NULL, q) != 0 ?
		fail("the device cannot be opened") : 0;
}

/* ---- split ---- */

struct split {
	uint64_t prepare, submit, poll;
};

/* One burst, polled when all of it is done; false where an operation failed. */
static bool
one_burst(struct sva_queue *q, char *dst, const char *src, unsigned int burst, struct split *s)
{
	volatile char *last = dst + (size_t)(burst - 1) * 64;
	struct sva_result r[MOST];
	struct sva_queue_info info;
	unsigned int i, n = 0;
	uint64_t t0, t1, t2;

	*last = 0;
	t0 = rte_rdtsc();
	for (i = 0; i < burst; i++)
		sva_copy(q, dst + (size_t)i * 64, src, 64, i, 0);
	t1 = rte_rdtsc();
	sva_submit(q);
	t2 = rte_rdtsc();
	s->prepare = t1 - t0;
	s->submit = t2 - t1;
	/* The last byte is there before its record: leave the device time for that too. */
	while (*last != 1)
		rte_pause();
	for (i = 0; i < 100; i++)
		sva_queue_info(q, &info);
	t0 = rte_rdtsc();
	n = (unsigned int)sva_poll(q, r, burst);
	s->poll = rte_rdtsc() - t0;
	if (n != burst) {
		s->poll = UINT64_MAX;	/* not all was there */
		while (n < burst)
			n += (unsigned int)sva_poll(q, r + n, burst - n);
	}
	for (i = 0; i < burst; i++)
		if (r[i].status != SVA_OK)
			return false;
	return true;
}

static int
split(const char *spec)
{
	static char src[64], dst[MOST * 64];
	struct sva_device *dev;
	struct sva_queue *q;
	unsigned int burst, i;

	if (open_queue(spec, "", &dev, &q) != 0)
		return 1;
	memset(src, 1, sizeof(src));
	printf("# per operation, least of 500: burst prepare submit poll\n");
	for (burst = 1; burst <= MOST; burst *= 4) {
		struct split least = { UINT64_MAX, UINT64_MAX, UINT64_MAX }, s;

		for (i = 0; i < 500; i++) {
			if (!one_burst(q, dst, src, burst, &s))
				return fail("a copy failed");
			least.prepare = s.prepare < least.prepare ? s.prepare : least.prepare;
			least.submit = s.submit < least.submit ? s.submit : least.submit;
			least.poll = s.poll < least.poll ? s.poll : least.poll;
		}
		printf("# %5u %7.1f %7.1f %7.1f\n", burst, (double)least.prepare / burst,
		       (double)least.submit / burst, (double)least.poll / burst);
	}
	return sva_device_close(dev) == 0 ? 0 : fail("the device cannot be closed");
}

/* ---- fault ---- */

/* Fill pages one operation at a time; nanoseconds, or UINT64_MAX. */
static uint64_t
fill(struct sva_queue *q, char *mem, unsigned int pages)
{
	struct timespec from, to;
	struct sva_result r;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned int i = 0; i < pages; i++) {
		if (sva_fill(q, mem + (size_t)i * PAGE, 0x0101010101010101, PAGE, 0,
			     SVA_SUBMIT) < 0)
			return UINT64_MAX;
		while (sva_poll(q, &r, 1) == 0)
			rte_pause();
		if (r.status != SVA_OK)
			return UINT64_MAX;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (uint64_t)(to.tv_sec - from.tv_sec) * 1000000000u + (uint64_t)to.tv_nsec -
	       (uint64_t)from.tv_nsec;
}

/* The same of fresh memory, touched before or not. */
static uint64_t
fill_fresh(struct sva_queue *q, bool touched)
{
	uint64_t ns;
	char *mem = mmap(NULL, MOST * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | (touched ? MAP_POPULATE : 0), -1, 0);

	if (mem == MAP_FAILED)
		return UINT64_MAX;
	/* One fault a page, whatever the machine does by itself. */
	madvise(mem, MOST * PAGE, MADV_NOHUGEPAGE);
	ns = fill(q, mem, MOST);
	for (size_t i = 0; ns != UINT64_MAX && i < MOST * PAGE; i++)
		if (mem[i] != 1)
			ns = UINT64_MAX;
	munmap(mem, MOST * PAGE);
	return ns;
}

static int
fault(const char *spec, unsigned int turns)
{
	static const struct {
		const char *name, *args;
		bool touched;
	} way[] = {
		{ "there before", ",bof=off", true },
		{ "touched and resumed by the driver", ",bof=off", false },
		{ "waited for by the device", ",bof=on", false },
	};
	uint64_t *ns = calloc(3 * (size_t)turns, sizeof(*ns)), base = 1;
	unsigned int i, w;

	if (ns == NULL)
		return fail("out of memory");
	for (i = 0; i < turns; i++) {
		for (w = 0; w < 3; w++) {
			struct sva_device *dev;
			struct sva_queue *q;

			if (open_queue(spec, way[w].args, &dev, &q) != 0)
				return 1;
			/* The first is not like the others: translations, the driver's memory. */
			fill_fresh(q, true);
			ns[w * turns + i] = fill_fresh(q, way[w].touched);
			if (ns[w * turns + i] == UINT64_MAX)
				return fail("a fill failed");
			if (sva_device_close(dev) != 0)
				return fail("the device cannot be closed");
		}
	}
	printf("# a fill of 4 KiB, median of %u times %u: ns, of the first\n", turns, MOST);
	for (w = 0; w < 3; w++) {
		uint64_t *v = ns + w * turns;

		qsort(v, turns, sizeof(*v), compare);
		if (w == 0)
			base = v[turns / 2];
		printf("# %-34s %8.0f %6.2f\n", way[w].name, (double)v[turns / 2] / MOST,
		       (double)v[turns / 2] / (double)base);
	}
	free(ns);
	return 0;
}

int
main(int argc, char **argv)
{
	unsigned int turns = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 20;

	int ret;

	if (argc == 3 && strcmp(argv[1], "split") == 0) {
		ret = split(argv[2]);
	} else if ((argc == 3 || argc == 4) && strcmp(argv[1], "fault") == 0 && turns > 0 &&
		   turns <= 10000) {
		ret = fault(argv[2], turns);
	} else {
		fprintf(stderr, "usage: bench_device split DEVICE | "
			"bench_device fault DEVICE [TURNS]\n");
		return 2;
	}
	/* As the suites of tests/vm count. */
	printf("1..1\n%s 1 %s\n", ret == 0 ? "ok" : "not ok", argv[1]);
	return ret;
}
