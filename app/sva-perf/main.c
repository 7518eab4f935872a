/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * sva-perf: how fast a device works on plain memory, against the CPU doing the same,
 * with every result checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#include <sva_eal.h>

#include "perf.h"

atomic_bool perf_stop;

static struct perf_options opts;	/* of the command line */
static uint64_t ticks_begin;
static struct timespec time_begin;

/* One line on standard error: what is wrong, where, and what to do. */
void
perf_error(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	perf_progress_clear();
	fprintf(stderr, "sva-perf: %s\n", line);
}

static double
seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) +
	       (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

/* Ticks a second, by the clock since the program's start: the longer, the better. */
double
perf_hz(void)
{
	double seconds;

	do
		seconds = seconds_since(&time_begin);
	while (seconds < 0.01);
	return (double)(rte_rdtsc() - ticks_begin) / seconds;
}

static void
interrupt(int sig)
{
	(void)sig;
	atomic_store(&perf_stop, true);
}

/*
 * Whoever asks for the end gets it in good order, but for a terminal whose end is to be
 * survived (nohup); a closed pipe or a file at its limit is a failed write.
 */
static void
set_signals(void)
{
	struct sigaction sa = { .sa_handler = interrupt }, hangup;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	sa = (struct sigaction){ .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL);
}

static int
print_and_exit(bool help)
{
	if (help) {
		fputs("Usage: sva-perf [EAL options] -- [options]\n"
		      "Measure a device's operations on plain memory, check every result, and\n"
		      "compare with the CPU.\n\nEAL options:\n", stdout);
		sva_eal_usage(stdout);
		perf_usage(stdout);
	} else {
		printf("sva-perf %s\n", sva_version());
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return PERF_EXIT_OK;
	perf_error("output: standard output: %s", strerror(errno));
	return PERF_EXIT_FAILED;
}

/* What is to be measured, in order: the sections of a file, or what the options say. */
static int
choose_runs(const struct perf_setting *settings, unsigned int nb_settings,
	    struct perf_run **runs, unsigned int *nb_runs)
{
	static struct perf_run one;
	int ret;

	if (opts.config != NULL) {
		ret = perf_config_read(opts.config, settings, nb_settings, runs, nb_runs);
		if (ret != 0)
			return ret;
	} else {
		one = (struct perf_run){ .section = "", .opts = opts };
		*runs = &one;
		*nb_runs = 1;
		ret = perf_options_finish(&one.opts, "");
	}
	return ret;
}

/* Where a section fails, the others are done all the same; the first status counts. */
static int
run_all(struct perf_run *runs, unsigned int n)
{
	struct perf_report *rep = NULL;
	unsigned int i;
	int ret = 0, one;

	if (perf_report_check(&opts, opts.config) != 0)
		return PERF_EXIT_FAILED;
	for (i = 0; i < n; i++)
		if (perf_report_check(&opts, runs[i].opts.input) != 0)
			return PERF_EXIT_FAILED;
	for (i = 0; i < n && !atomic_load(&perf_stop); i++) {
		one = perf_session(&runs[i], &opts, &rep);
		if (ret == 0)
			ret = one;
	}
	if (rep != NULL && perf_report_close(rep) != 0)
		ret = PERF_EXIT_FAILED;
	if (rep != NULL && opts.corrupt > perf_checked_destinations()) {
		perf_error("--corrupt: only %" PRIu64 " destinations were checked: give a smaller "
			   "number", perf_checked_destinations());
		ret = PERF_EXIT_FAILED;
	}
	return ret;
}

/* Letters may stand together, -vv, so that there may be more options than arguments. */
static struct perf_setting *
alloc_settings(int argc, char **argv)
{
	size_t most = 1;
	int i;

	for (i = 0; i < argc; i++)
		most += strlen(argv[i]);
	return calloc(most, sizeof(struct perf_setting));
}

/* After the EAL's start. */
static int
run(int argc, char **argv)
{
	struct perf_setting *settings = alloc_settings(argc, argv);
	unsigned int nb_settings, nb_runs;
	struct perf_run *runs;
	int ret;

	if (settings == NULL) {
		perf_error("start: out of memory");
		return PERF_EXIT_FAILED;
	}
	ret = perf_options_parse(argc, argv, settings, &nb_settings, &opts);
	if (ret == 0 && (opts.help || opts.version))
		ret = print_and_exit(opts.help);
	else if (ret == 0)
		ret = choose_runs(settings, nb_settings, &runs, &nb_runs);
	if (ret == 0 && !opts.help && !opts.version)
		ret = run_all(runs, nb_runs);
	free(settings);
	return ret;
}

int
main(int argc, char **argv)
{
	bool interrupted;
	int used, ret;

	clock_gettime(CLOCK_MONOTONIC, &time_begin);
	ticks_begin = rte_rdtsc();
	set_signals();
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		perf_error("output: standard output is closed: give it somewhere to go");
		return PERF_EXIT_FAILED;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return print_and_exit(false);
	used = sva_eal_init(argc, argv);
	if (used == -ECANCELED)
		return print_and_exit(true);
	if (used < 0) {
		perf_error("start: %s: see the line above and sva-perf -h (sva-perf's own options "
			   "come after --)", strerror(-used));
		return used == -EINVAL ? PERF_EXIT_USAGE : PERF_EXIT_FAILED;
	}
	ret = run(argc - used, argv + used);
	interrupted = atomic_load(&perf_stop) && ret == 0;
	sva_eal_cleanup();
	return interrupted ? PERF_EXIT_INTERRUPTED : ret;
}
