/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * What it costs to get going: sva_eal_init, opening the emulated device, binding, one
 * queue, in fresh processes: bench_start [RUNS]. Prints medians; fails above 8 MiB
 * resident, which does not vary as time does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sva_accel.h>
#include <sva_eal.h>

#define LIMIT_KIB 8192
#define MAX_RUNS 1000

struct cost {
	double ms;		/* init, open, bind and queue */
	long kib;		/* resident, of the whole process */
	long before_kib;	/* the same before the first call */
};

static long
resident_kib(void)
{
	long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%ld %ld", &size, &pages) != 2)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* In a process of its own: measure once, write the result to stdout. */
static int
measure(void)
{
	char *args[] = { "bench_start", "-a", "emu:dsa", NULL };
	struct cost cost = { .before_kib = resident_kib() };
	struct sva_device *dev;
	struct sva_queue *queue;
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	if (sva_eal_init(3, args) < 0 || sva_device_open("emu:dsa", &dev) != 0 ||
	    sva_queue_open(dev, NULL, &queue) != 0)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &t1);
	cost.ms = (double)(t1.tv_sec - t0.tv_sec) * 1e3 +
		  (double)(t1.tv_nsec - t0.tv_nsec) / 1e6;
	cost.kib = resident_kib();
	sva_eal_cleanup();
	return write(STDOUT_FILENO, &cost, sizeof(cost)) == sizeof(cost) ? 0 : 1;
}

static int
run_child(struct cost *cost)
{
	int fds[2], status = 1;
	ssize_t n;
	pid_t pid;

	if (pipe(fds) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execl("/proc/self/exe", "bench_start", "--once", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	n = read(fds[0], cost, sizeof(*cost));
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status == 0 && n == sizeof(*cost) ? 0 : -1;
}

static int
by_ms(const void *a, const void *b)
{
	double x = ((const struct cost *)a)->ms, y = ((const struct cost *)b)->ms;

	return x < y ? -1 : x > y;
}

static int
by_kib(const void *a, const void *b)
{
	long x = ((const struct cost *)a)->kib, y = ((const struct cost *)b)->kib;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	static struct cost costs[MAX_RUNS];
	int runs = argc > 1 ? atoi(argv[1]) : 21, i;
	double ms;

	if (argc > 1 && strcmp(argv[1], "--once") == 0)
		return measure();
	if (runs < 1 || runs > MAX_RUNS) {
		fprintf(stderr, "bench_start: runs \"%s\": 1 to %d\n", argv[1], MAX_RUNS);
		return 2;
	}
	for (i = 0; i < runs; i++) {
		if (run_child(&costs[i]) != 0) {
			fprintf(stderr, "bench_start: a run failed\n");
			return 1;
		}
	}
	qsort(costs, (size_t)runs, sizeof(costs[0]), by_ms);
	ms = costs[runs / 2].ms;
	printf("init + open + bind + queue: median %.2f ms (best %.2f, worst %.2f) of %d runs\n",
	       ms, costs[0].ms, costs[runs - 1].ms, runs);
	qsort(costs, (size_t)runs, sizeof(costs[0]), by_kib);
	printf("resident: median %ld KiB, %ld KiB of it before the first call\n",
	       costs[runs / 2].kib, costs[runs / 2].before_kib);
	return costs[runs / 2].kib > LIMIT_KIB;
}
