/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The emulated bus's engine and the program around it: signals, children, forks, CPUs,
 * what is left after a close, and how either ends when the other dies.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test_emu_util.h"

#define MIB (1u << 20)

static struct sva_device *dev;
static struct sva_queue *q;

static void
open_queue(const char *spec)
{
	struct sva_queue_conf conf = { .depth = 256, .min_batch = UINT_MAX };

	assert_int_equal(sva_device_open(spec, &dev), 0);
	assert_int_equal(sva_queue_open(dev, &conf, &q), 0);
}

static struct sva_result
wait_one(void)
{
	struct sva_result r = { .status = SVA_INVALID };

	while (sva_poll(q, &r, 1) == 0)
		sched_yield();
	return r;
}

static void
check_works(void)
{
	uint64_t word = 0;

	assert_true(sva_fill(q, &word, 0x1122334455667788, sizeof(word), 1, SVA_SUBMIT) >= 0);
	assert_int_equal(wait_one().status, SVA_OK);
	assert_true(word == 0x1122334455667788);
}

static void
check_fault(void)
{
	assert_true(sva_fill(q, NULL, 0, 64, 1, SVA_SUBMIT) >= 0);
	assert_int_equal(wait_one().status, SVA_FAULT);
}

static sigjmp_buf back;
static volatile sig_atomic_t children_died;

static void
on_segv(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

static void
on_child(int sig)
{
	(void)sig;
	children_died++;
}

static bool
segv_is_ours(void)
{
	volatile char *const nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
					    -1, 0);
	bool caught = sigsetjmp(back, 1) != 0;

	if (!caught)
		*nothing = 1;
	munmap((void *)(uintptr_t)nothing, 4096);
	return caught;
}

/* Whether a disposition is still as it was; the kernel has 64 signals, glibc's sets more. */
static bool
unchanged(int sig, const struct sigaction *was)
{
	struct sigaction now;

	sigaction(sig, NULL, &now);
	return now.sa_handler == was->sa_handler && now.sa_flags == was->sa_flags &&
	       memcmp(&now.sa_mask, &was->sa_mask, 8) == 0;
}

/* A handler of the program's stays its own, installed before or after, and is not called. */
static void
signals(void **state)
{
	struct sigaction ours = { .sa_handler = on_segv }, child = { .sa_handler = on_child };
	struct sigaction segv, bus, now;
	sigset_t before, after;

	(void)state;
	sigaction(SIGSEGV, NULL, &segv);
	sigaction(SIGBUS, NULL, &bus);
	sigprocmask(SIG_SETMASK, NULL, &before);
	children_died = 0;
	sigaction(SIGCHLD, &child, NULL);

	open_queue("emu:dsa");
	check_fault();
	assert_true(unchanged(SIGSEGV, &segv));
	assert_true(unchanged(SIGBUS, &bus));

	sigaction(SIGSEGV, &ours, NULL);
	sigaction(SIGBUS, &ours, NULL);
	assert_true(segv_is_ours());
	if (sigsetjmp(back, 1) != 0)
		fail_msg("the program's handler was called for the device's fault");
	check_fault();
	check_works();
	assert_int_equal(sva_device_close(dev), 0);

	if (sigsetjmp(back, 1) != 0)
		fail_msg("the program's handler was called for the device's fault");
	open_queue("emu:dsa");
	check_fault();
	sigaction(SIGSEGV, NULL, &now);
	assert_true(now.sa_handler == on_segv);
	sigaction(SIGCHLD, NULL, &now);
	assert_true(now.sa_handler == on_child);
	assert_true(segv_is_ours());
	assert_int_equal(sva_device_close(dev), 0);

	/* The engine is no child of the program's, as far as it can tell. */
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	open_queue("emu:dsa");
	check_works();
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(sva_device_close(dev), 0);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(children_died, 0);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_memory_equal(&before, &after, 8);
}

/* A program that ignores its children, or blocks every signal, does not disturb it. */
static void
odd_dispositions(void **state)
{
	sigset_t all, before;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	open_queue("emu:dsa");
	check_fault();
	check_works();
	assert_int_equal(sva_device_close(dev), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGCHLD, SIG_DFL);
}

/*
 * The end of a process with a device, by `how`. Its engine shares the table of its files,
 * so that a pipe that only they have says when the last of them is gone.
 */
static void
check_end(char how)
{
	static char *const args[] = { (char *)"cat", NULL };
	int hold[2], ready[2], gate[2], status;
	char byte;
	pid_t pid, engine = 0;

	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(hold[0]);
		close(ready[0]);
		close(gate[1]);
		alarm(300);
		if (sva_device_open("emu:dsa,engine=task", &dev) != 0)
			_exit(1);
		while (find_engine(getpid()) == 0)
			sched_yield();
		if (write(ready[1], "r", 1) != 1 || read(gate[0], &byte, 1) != 1)
			_exit(2);
		dup2(gate[0], 0);
		if (how == 'x')
			execv("/bin/cat", args);
		_exit(0);
	}
	assert_true(pid > 0);
	close(hold[1]);
	close(ready[1]);
	close(gate[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	engine = find_engine(pid);
	assert_int_not_equal(engine, 0);
	if (how == 'k')
		assert_int_equal(kill(pid, SIGKILL), 0);
	else
		assert_int_equal(write(gate[1], "g", 1), 1);
	assert_int_equal(read(hold[0], &byte, 1), 0);
	/* That was the last of what it had open; a moment more, and there is no trace of it. */
	while (find_engine(pid) != 0)
		sched_yield();
	close(gate[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(how == 'k' ? WIFSIGNALED(status) : WIFEXITED(status) && status == 0);
	close(hold[0]);
	close(ready[0]);
}

static void
process_ends(void **state)
{
	(void)state;
	if (!have_tasks())
		skip();
	check_end('k');
	check_end('q');
	check_end('x');
}

#define WORK 200u

/* An engine that is killed is a device that fell off its bus: said, and nothing hangs. */
static void
engine_killed(void **state)
{
	unsigned char *src, *dst;
	unsigned int round, i;

	(void)state;
	if (!have_tasks())
		skip();
	src = calloc(1, MIB);
	dst = calloc(1, MIB);
	assert_true(src != NULL && dst != NULL);
	for (round = 0; round < 10; round++) {
		struct sva_result results[WORK];
		unsigned int done = 0, aborted = 0;
		struct sva_device_info info;
		pid_t engine;

		open_queue("emu:dsa,engine=task");
		while ((engine = find_engine(getpid())) == 0)
			sched_yield();
		for (i = 0; i < WORK; i++)
			assert_int_equal(sva_copy(q, dst, src, MIB, i, 0), i);
		assert_int_equal(sva_submit(q), 0);
		/* At rest, and in the middle of something. */
		while (round % 2 == 0 && sva_poll(q, results, 1) == 0)
			sched_yield();
		done = round % 2 == 0;
		assert_int_equal(kill(engine, SIGKILL), 0);
		while (done < WORK) {
			int n = sva_poll(q, results + done, WORK - done);

			assert_in_range(n, 0, WORK - done);
			done += (unsigned int)n;
		}
		for (i = round % 2 == 0; i < WORK; i++) {
			assert_int_equal(results[i].cookie, i);
			assert_true(results[i].status == SVA_OK ||
				    results[i].status == SVA_ABORTED);
			aborted += results[i].status == SVA_ABORTED;
		}
		/* The WQ takes no more than this at once, and there is nobody to go on. */
		assert_int_equal(sva_device_info(dev, &info), 0);
		assert_true(aborted != 0);
		assert_int_equal(sva_copy(q, dst, src, 64, 0, 0), -EIO);
		assert_int_equal(sva_device_reset(dev), -EIO);
		assert_int_equal(sva_device_close(dev), -EIO);
		assert_true(log_has("the engine ended by itself"));
	}
	open_queue("emu:dsa");
	check_works();
	assert_int_equal(sva_device_close(dev), 0);
	free(src);
	free(dst);
}

/* The same for a driver: all ones, from everywhere, also with the engine's lock lost. */
static void
all_ones(void **state)
{
	unsigned char *m;
	unsigned int round, i;

	(void)state;
	if (!have_tasks())
		skip();
	m = malloc(MIB);
	assert_non_null(m);
	for (round = 0; round < 5; round++) {
		struct sva_container *c;
		struct sva_bus_device *bus_dev;
		struct sva_device_conf conf = { .queues = 1 };
		const struct sva_bus_ops *io;
		uint32_t pasid;
		pid_t engine;

		assert_int_equal(sva_container_create("emu", &c), 0);
		conf.container = c;
		assert_int_equal(sva_device_open_conf("emu:dsa,engine=task", &conf, &dev), 0);
		assert_int_equal(sva_queue_open(dev, NULL, &q), 0);
		bus_dev = c->devices;
		io = bus_dev->bus->ops;
		while ((engine = find_engine(getpid())) == 0)
			sched_yield();
		for (i = 0; i < 128; i++)
			sva_fill(q, m, i, MIB, i, SVA_SUBMIT);
		assert_int_equal(kill(engine, SIGKILL), 0);
		while (io->read32(bus_dev, DSA_REG_VERSION) != UINT32_MAX)
			sched_yield();
		assert_true(io->read64(bus_dev, DSA_REG_GENCAP) == UINT64_MAX);
		io->write32(bus_dev, DSA_REG_GENCTRL, 0);
		assert_int_equal(io->reset(bus_dev), -EIO);
		assert_int_equal(io->irq_fd(bus_dev, 0), -EIO);
		/* Bonds are the container's. */
		assert_int_equal(sva_bind(c, 0, &pasid), 0);
		assert_int_equal(sva_unbind(c, 0), 0);
		assert_int_equal(sva_device_close(dev), -EIO);
		assert_int_equal(sva_container_destroy(c), 0);
	}
	free(m);
}

static unsigned int
count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Pages that are mapped. */
static unsigned long
mapped(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return pages;
}

static void
cycle(const char *spec)
{
	open_queue(spec);
	check_works();
	check_fault();
	assert_int_equal(sva_device_close(dev), 0);
}

/* After a close there is no thread, no task, no file and no mapping left. */
static void
nothing_left(void **state)
{
	static const char *const specs[] = { "emu:dsa,engine=thread", "emu:dsa,engine=inline",
					     "emu:dsa,pri=off,engine=thread", "emu:dsa" };
	unsigned int tasks = count_entries("/proc/self/task"), files, kind, i;
	unsigned long pages;

	(void)state;
	for (kind = 0; kind < 4; kind++) {
		/* The C library keeps a thread's stack for the next one. */
		cycle(specs[kind]);
		cycle(specs[kind]);
		files = count_entries("/proc/self/fd");
		pages = mapped();
		for (i = 0; i < 20; i++)
			cycle(specs[kind]);
		assert_int_equal(count_entries("/proc/self/fd"), files);
		/* A thread that was joined leaves the list a moment later. */
		while (count_entries("/proc/self/task") != tasks)
			sched_yield();
		assert_int_equal(find_engine(getpid()), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !CLANG_ASAN && !CLANG_TSAN
		if (!RUNNING_ON_VALGRIND)
			assert_int_equal(mapped(), pages);
#endif
		(void)pages;
	}
}

/* A caller with one CPU for itself; the engine keeps what the process may use. */
static void
pinned(void **state)
{
	static const char *const specs[] = { "emu:dsa", "emu:dsa,engine=thread",
					     "emu:dsa,engine=inline" };
	cpu_set_t before, one, engine_cpus;
	unsigned int i, j;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	for (i = 0; !CPU_ISSET(i, &before); i++)
		;
	CPU_SET(i, &one);
	for (i = 0; i < 3; i++) {
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		open_queue(specs[i]);
		for (j = 0; j < 100; j++)
			check_works();
		if (find_engine(getpid()) != 0) {
			assert_int_equal(sched_getaffinity(find_engine(getpid()),
							   sizeof(engine_cpus), &engine_cpus), 0);
			assert_true(CPU_EQUAL(&engine_cpus, &before));
		}
		assert_int_equal(sva_device_close(dev), 0);
		assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	}
}

/* A process that has one CPU from its start, with every engine that it may ask for. */
static int
use_one_cpu(void)
{
	static const char *const specs[] = { "emu:dsa", "emu:dsa,engine=thread",
					     "emu:dsa,engine=inline", "emu:dsa,engine=task" };
	unsigned int i, j, kinds = have_tasks() ? 4 : 3;
	cpu_set_t cpus, one;
	uint64_t word;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	CPU_ZERO(&one);
	for (i = 0; !CPU_ISSET(i, &cpus); i++)
		;
	CPU_SET(i, &one);
	if (sva_eal_cleanup() != 0 || sched_setaffinity(0, sizeof(one), &one) != 0 ||
	    sva_eal_setup(NULL) != 0)
		return 1;
	for (i = 0; i < kinds; i++) {
		if (sva_device_open(specs[i], &dev) != 0 || sva_queue_open(dev, NULL, &q) != 0)
			return 2;
		for (j = 0; j < 50; j++) {
			word = 0;
			if (sva_fill(q, &word, j, sizeof(word), 1, SVA_SUBMIT) < 0 ||
			    wait_one().status != SVA_OK || word != j)
				return 3;
		}
		if (sva_device_close(dev) != 0)
			return 4;
	}
	return 0;
}

static void
one_cpu(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		alarm(300);
		_exit(use_one_cpu());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* In a fork's copy there is no device: each call says so, and none waits for it. */
static int
use_copy(struct sva_container *c)
{
	struct sva_bus_device *bus_dev = c->devices, *other;
	const struct sva_bus_ops *io = bus_dev->bus->ops;
	struct sva_container_info info;
	struct sva_result r;
	uint32_t pasid;
	uint64_t word = 0;
	int n;

	if (sva_bind(c, 0, &pasid) != -EOPNOTSUPP || sva_unbind(c, 0) != -EOPNOTSUPP ||
	    sva_container_open_device(c, "emu:dsa1", &other) != -EOPNOTSUPP)
		return 1;
	if (sva_container_info(c, &info) != 0 || info.devices != 1)
		return 2;
	if (io->read32(bus_dev, DSA_REG_VERSION) != UINT32_MAX || io->reset(bus_dev) != -EIO)
		return 3;
	if (sva_fill(q, &word, 1, sizeof(word), 1, SVA_SUBMIT) < 0)
		return 4;
	do {
		n = sva_poll(q, &r, 1);
	} while (n == 0 || (n == 1 && r.cookie != 1 && r.status != SVA_INVALID));
	if (n != 1 || r.status != SVA_ABORTED || word != 0)
		return 5;
	if (sva_device_close(dev) != -EIO || sva_container_destroy(c) != 0)
		return 6;
	/* Its own it may have; ThreadSanitizer allows no thread here. */
	if (sva_device_open(have_tasks() ? "emu:dsa" : "emu:dsa,engine=inline", &dev) != 0 ||
	    sva_queue_open(dev, NULL, &q) != 0 ||
	    sva_fill(q, &word, 1, sizeof(word), 1, SVA_SUBMIT) < 0)
		return 7;
	if (wait_one().status != SVA_OK || word != 1 || sva_device_close(dev) != 0)
		return 8;
	return 0;
}

static void
after_fork(void **state)
{
	struct sva_container *c;
	struct sva_device_conf conf = { .queues = 1 };
	unsigned char *m = malloc(MIB);
	unsigned int round, i;
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(m);
	for (round = 0; round < 10; round++) {
		assert_int_equal(sva_container_create("emu", &c), 0);
		conf.container = c;
		assert_int_equal(sva_device_open_conf("emu:dsa", &conf, &dev), 0);
		assert_int_equal(sva_queue_open(dev, NULL, &q), 0);
		/* At rest and at work, with its lock taken. */
		for (i = 0; i < round * 5; i++)
			assert_true(sva_fill(q, m, i, MIB, 0, SVA_SUBMIT) >= 0);
		pid = fork();
		if (pid == 0)
			_exit(use_copy(c));
		assert_true(pid > 0);
		for (i = 0; i < round * 5; i++)
			assert_int_equal(wait_one().status, SVA_OK);
		check_works();
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		check_works();
		check_fault();
		assert_int_equal(sva_device_close(dev), 0);
		assert_int_equal(sva_container_destroy(c), 0);
	}
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(signals, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(odd_dispositions, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(process_ends, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(engine_killed, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(all_ones, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(nothing_left, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(pinned, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(one_cpu, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(after_fork, emu_start, emu_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
