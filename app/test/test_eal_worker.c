/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Worker threads.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <sva_eal.h>
#include <sva_worker.h>

#include "test_eal_log.h"

struct seen {
	char name[16];
	cpu_set_t cpus;
	sigset_t blocked;
	int cleanup;
};

static int
look(void *arg)
{
	struct seen *seen = arg;

	pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
	sched_getaffinity(0, sizeof(seen->cpus), &seen->cpus);
	pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
	seen->cleanup = sva_eal_cleanup();
	return 42;
}

static int
last_cpu(void)
{
	cpu_set_t set;
	int cpu;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = CPU_SETSIZE - 1; !CPU_ISSET(cpu, &set); cpu--)
		;
	return cpu;
}

static void
environment(void **state)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT };
	static const int others[] = { SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1, SIGPROF };
	struct sva_worker *w;
	sigset_t before, after;
	struct seen seen;
	cpu_set_t own;
	int result = 0, sig;
	size_t i;

	(void)state;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(sva_worker_start("fifteen-letters", -1, look, &seen, &w), 0);
	assert_int_equal(sva_worker_join(w, &result), 0);
	assert_int_equal(result, 42);
	assert_string_equal(seen.name, "fifteen-letters");
	assert_int_equal(seen.cleanup, -EBUSY);
	assert_true(sva_eal_ready());
	sched_getaffinity(0, sizeof(own), &own);
	assert_true(CPU_EQUAL(&own, &seen.cpus));
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		assert_int_equal(sigismember(&seen.blocked, faults[i]), 0);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(sigismember(&seen.blocked, others[i]), 1);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (sig = 1; sig < SIGRTMAX; sig++)
		assert_int_equal(sigismember(&before, sig), sigismember(&after, sig));
}

static void
pinned(void **state)
{
	struct sva_worker *w;
	struct seen seen;
	int cpu = last_cpu();

	(void)state;
	assert_int_equal(sva_worker_start("w", cpu, look, &seen, &w), 0);
	assert_int_equal(sva_worker_join(w, NULL), 0);
	assert_int_equal(CPU_COUNT(&seen.cpus), 1);
	assert_true(CPU_ISSET(cpu, &seen.cpus));
}

/* A caller that -l pinned can start workers on the other CPUs. */
static void
pinned_caller(void **state)
{
	char prog[] = "prog", option[] = "-l", list[16];
	char *argv[] = { prog, option, list, NULL };
	int cpu = last_cpu();
	struct sva_worker *w;
	struct seen seen;
	cpu_set_t own;

	(void)state;
	sched_getaffinity(0, sizeof(own), &own);
	snprintf(list, sizeof(list), "0");
	if (!CPU_ISSET(0, &own) || cpu == 0)
		skip();
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(sva_eal_init(3, argv), 2);
	assert_int_equal(sva_worker_start("w", cpu, look, &seen, &w), 0);
	assert_int_equal(sva_worker_join(w, NULL), 0);
	assert_true(CPU_ISSET(cpu, &seen.cpus));
	assert_int_equal(sva_worker_start("w", -1, look, &seen, &w), 0);
	assert_int_equal(sva_worker_join(w, NULL), 0);
	assert_true(CPU_EQUAL(&own, &seen.cpus));
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(sva_eal_setup(NULL), 0);
}

static void
bad_arguments(void **state)
{
	struct sva_worker *w = NULL;
	struct seen seen;

	(void)state;
	assert_int_equal(sva_worker_start(NULL, -1, look, &seen, &w), -EINVAL);
	assert_int_equal(sva_worker_start("w", -1, NULL, &seen, &w), -EINVAL);
	assert_int_equal(sva_worker_start("w", -1, look, &seen, NULL), -EINVAL);
	assert_int_equal(sva_worker_start("sixteen-letters-", -1, look, &seen, &w), -EINVAL);
	assert_true(log_has(NULL));
	assert_int_equal(sva_worker_start("w", -2, look, &seen, &w), -EINVAL);
	assert_true(log_has("CPU -2"));
	assert_int_equal(sva_worker_start("w", 8191, look, &seen, &w), -EINVAL);
	assert_true(log_has("CPU 8191"));
	assert_int_equal(sva_worker_start("w", INT32_MAX, look, &seen, &w), -EINVAL);
	assert_true(log_has("CPU 2147483647"));
	assert_null(w);
	assert_int_equal(sva_worker_join(NULL, NULL), -EINVAL);
	assert_int_equal(sva_worker_join((void *)&seen, NULL), -EINVAL);
}

struct joiner {
	sem_t go;
	struct sva_worker *target;
};

static int
join_target(void *arg)
{
	struct joiner *j = arg;

	sem_wait(&j->go);
	return sva_worker_join(j->target, NULL);
}

static void
deadlocks(void **state)
{
	struct joiner j;
	struct sva_worker *w;
	int result = 0;

	(void)state;
	sem_init(&j.go, 0, 0);
	assert_int_equal(sva_worker_start("self", -1, join_target, &j, &w), 0);
	j.target = w;
	sem_post(&j.go);
	assert_int_equal(sva_worker_join(w, &result), 0);
	assert_int_equal(result, -EDEADLK);
	assert_int_equal(sva_worker_join(w, &result), -EINVAL);
	sem_destroy(&j.go);
}

static int
set_flag(void *arg)
{
	*(volatile int *)arg = 1;
	return 0;
}

static void
cleanup_joins(void **state)
{
	struct sva_worker *w;
	int done[8] = { 0 }, i;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(sva_worker_start("left", -1, set_flag, &done[i], &w), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
	for (i = 0; i < 8; i++)
		assert_int_equal(done[i], 1);
	assert_int_equal(sva_worker_join(w, NULL), -EINVAL);
	assert_int_equal(sva_worker_start("w", -1, set_flag, &done[0], &w), -ENODEV);
	assert_int_equal(sva_eal_setup(NULL), 0);
}

static int
start(void **state)
{
	return log_start(state) != 0 ? -1 : sva_eal_setup(NULL);
}

static int
end(void **state)
{
	return sva_eal_cleanup() != 0 ? -1 : log_stop(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment),
		cmocka_unit_test(pinned),
		cmocka_unit_test(pinned_caller),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(deadlocks),
		cmocka_unit_test(cleanup_joins),
	};

	return cmocka_run_group_tests(tests, start, end);
}
