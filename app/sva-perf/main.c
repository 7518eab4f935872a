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
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#include <sva_eal.h>

#include "perf.h"

#define IN_FLIGHT_BYTES (64ull << 20)	/* of a queue, by the defaults */
#define BUFFER_BYTES (32ull << 20)	/* of one operand of a queue's sets, likewise */

atomic_bool perf_stop;

static struct perf_options opts;
static struct perf_input input;
static bool model;	/* the device has a timing model, switched on */
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

/* An interrupt ends the run in good order; a closed pipe is a failed write. */
static void
set_signals(void)
{
	struct sigaction sa = { .sa_handler = interrupt };

	sigaction(SIGINT, &sa, NULL);
	sa = (struct sigaction){ .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &sa, NULL);
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
	if (fflush(stdout) == 0)
		return PERF_EXIT_OK;
	perf_error("output: standard output: %s", strerror(errno));
	return PERF_EXIT_FAILED;
}

static uint64_t
clamp(uint64_t value, uint64_t min, uint64_t max)
{
	return value < min ? min : value > max ? max : value;
}

/* What was not given goes by the size. */
static void
set_load(struct perf_case *c, size_t size, unsigned int batch)
{
	uint64_t bytes = size == 0 ? 1 : size;

	c->size = size;
	c->depth = opts.depth;
	if (c->depth == 0)
		c->depth = (unsigned int)clamp(IN_FLIGHT_BYTES / bytes, 2, 128);
	c->batch = opts.own_batches ? batch : (unsigned int)clamp(c->depth / 2, 1, batch);
	if (opts.depth == 0)
		c->depth = (unsigned int)clamp(2ull * c->batch, c->depth, PERF_MAX_DEPTH);
	c->buffers = opts.buffers;
	if (c->buffers == 0)
		c->buffers = (unsigned int)clamp(BUFFER_BYTES / bytes, 1, 16);
}

/* Refuse what the device or the input cannot do before anything is measured. */
static int
check_device(const struct sva_device_info *info)
{
	unsigned int i;
	int op;

	for (op = 0; op < SVA_NB_OPS; op++) {
		if (!opts.ops[op] || info->ops >> op & 1)
			continue;
		if (!opts.all_ops) {
			perf_error("--op: %s cannot do %s: sva-info lists what it can", info->name,
				   sva_op_name((enum sva_opcode)op));
			return PERF_EXIT_USAGE;
		}
		opts.ops[op] = false;
	}
	for (i = 0; i < opts.sizes.n; i++) {
		if (opts.sizes.value[i] > info->max_transfer) {
			perf_error("--size: %" PRIu64 " bytes are more than the %" PRIu64
				   " that %s "
				   "transfers at once: use smaller ones", opts.sizes.value[i],
				   info->max_transfer, info->name);
			return PERF_EXIT_USAGE;
		}
		if (input.base != NULL && opts.sizes.value[i] + opts.offset_src > input.size) {
			perf_error("--input: '%s' has %zu bytes, less than a size of %" PRIu64
				   " at "
				   "offset %" PRIu64 ": give a longer file or smaller --size",
				   opts.input, input.size, opts.sizes.value[i], opts.offset_src);
			return PERF_EXIT_USAGE;
		}
	}
	return 0;
}

/*
 * Measure one operation, size and batch, and print it. Where nothing could be measured
 * or written, the run is over: the next one would fare no better.
 */
static int
run_case(struct perf_case *c, struct perf_report *rep, const struct sva_device_info *info)
{
	struct perf_result r;
	int ret;

	c->number++;
	atomic_store(&c->broken, false);
	atomic_store(&c->complaints, 0);
	ret = perf_measure(c, &r);
	if (ret > 0)
		return 0;
	if (ret == 0) {
		r.device = info->name;
		r.emulated = info->emulated;
		ret = perf_report_row(rep, &r, opts.verify);
	}
	if (ret != 0) {
		atomic_store(&perf_stop, true);
		return PERF_EXIT_FAILED;
	}
	return r.failed != 0 || (opts.verify && !r.verified) ? PERF_EXIT_FAILED : 0;
}

/* Everything that was asked for; a failed check does not keep the rest from being done. */
static int
run_all(struct sva_device *dev, struct perf_report *rep, const struct sva_device_info *info)
{
	struct perf_case c = { .opts = &opts, .input = &input, .dev = dev,
			       .emulated = info->emulated, .model = model };
	unsigned int s, b, nb_sizes;
	int ret = 0, op;

	for (op = 0; op < SVA_NB_OPS; op++) {
		if (opts.ops[op])
			c.total += opts.batches.n * (op == SVA_OP_NOP ? 1 : opts.sizes.n);
	}
	for (op = 0; op < SVA_NB_OPS; op++) {
		if (!opts.ops[op])
			continue;
		c.op = (enum sva_opcode)op;
		nb_sizes = op == SVA_OP_NOP ? 1 : opts.sizes.n;
		for (s = 0; s < nb_sizes; s++) {
			for (b = 0; b < opts.batches.n && !atomic_load(&perf_stop); b++) {
				set_load(&c, op == SVA_OP_NOP ? 0 : opts.sizes.value[s],
					 (unsigned int)opts.batches.value[b]);
				ret |= run_case(&c, rep, info);
			}
		}
	}
	return ret;
}

static int
run_report(struct sva_device *dev)
{
	struct sva_device_info info;
	struct perf_report *rep;
	uint64_t ns;
	int ret;

	ret = sva_device_info(dev, &info);
	if (ret != 0) {
		perf_error("device: no information: %s", strerror(-ret));
		return PERF_EXIT_FAILED;
	}
	ret = check_device(&info);
	if (ret != 0)
		return ret;
	model = sva_device_model_time(dev, &ns) == 0;
	rep = perf_report_open(&opts, model);
	if (rep == NULL)
		return PERF_EXIT_FAILED;
	ret = PERF_EXIT_FAILED;
	if (perf_report_header(rep, &info, &opts) == 0)
		ret = run_all(dev, rep, &info);
	if (perf_report_close(rep) != 0)
		ret = PERF_EXIT_FAILED;
	if (opts.corrupt > perf_checked_destinations()) {
		perf_error("--corrupt: only %" PRIu64 " destinations were checked: give a smaller "
			   "number", perf_checked_destinations());
		ret = PERF_EXIT_FAILED;
	}
	return ret;
}

static int
run_device(void)
{
	struct sva_device_conf conf = { .queues = opts.queues };
	const char *spec = sva_eal_allowed(0);
	struct sva_device *dev;
	int ret, err;

	if (spec == NULL)
		spec = "auto";
	err = sva_device_open_conf(spec, &conf, &dev);
	if (err != 0) {
		perf_error("device: '%s' cannot be opened (queues: %u): %s: see the log, and "
			   "sva-info for what there is", spec, opts.queues, strerror(-err));
		return err == -EINVAL ? PERF_EXIT_USAGE : PERF_EXIT_FAILED;
	}
	ret = run_report(dev);
	err = sva_device_close(dev);
	if (err == 0)
		return ret;
	perf_error("device: '%s' did not close cleanly: %s: see the log", spec, strerror(-err));
	return PERF_EXIT_FAILED;
}

/* After the EAL's start: its -l is the default of --cpus. */
static int
run(int argc, char **argv)
{
	const int *cpus;
	unsigned int i, n;
	int ret;

	ret = perf_options_parse(argc, argv, &opts);
	if (ret != 0)
		return ret;
	if (opts.help || opts.version)
		return print_and_exit(opts.help);
	n = opts.cpus.n == 0 ? sva_eal_cpus(&cpus) : 0;
	for (i = 0; i < n && i < PERF_MAX_LIST; i++)
		opts.cpus.value[opts.cpus.n++] = (uint64_t)cpus[i];
	if (opts.input != NULL) {
		ret = perf_input_map(opts.input, &input);
		if (ret != 0)
			return ret;
	}
	ret = run_device();
	perf_input_unmap(&input);
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
