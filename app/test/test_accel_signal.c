/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The program's signal handlers have nothing to do with the device's faults.
 */
#include <signal.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED(addr, len) ((void)(addr), (void)(len))
#endif

#include "test_accel_bad.h"

static uint8_t good[100];

/* The program's own handler. */
static volatile sig_atomic_t caught;
static sigjmp_buf back;

static void
on_signal(int sig)
{
	(void)sig;
	caught++;
	siglongjmp(back, 1);
}

static void
set_handler(void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
	assert_int_equal(sigaction(SIGBUS, &action, NULL), 0);
}

static void
device_faults(struct sva_queue *q)
{
	unsigned int i;
	enum bad bad;

	for (bad = UNMAPPED; bad < NB_BAD; bad++) {
		uint8_t *p = bad_after_good(bad);

		for (i = 1; i <= 20; i++) {
			assert_true(sva_copy(q, p + GOOD - i, good, 100, i, 0) >= 0);
			assert_int_equal(test_one(q).status, SVA_FAULT);
		}
		munmap(p, GOOD + BAD);
	}
}

/* A fault of the program's own reaches its handler, once. */
static void
own_fault(void)
{
	volatile uint8_t *p = mmap(NULL, TEST_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* It is meant: not for memcheck to report. */
	VALGRIND_MAKE_MEM_DEFINED(p, TEST_PAGE);
	caught = 0;
	if (sigsetjmp(back, 1) == 0)
		p[5] = 1;
	assert_int_equal(caught, 1);
	munmap((void *)(uintptr_t)p, TEST_PAGE);
}

#define NONE SIG_ERR	/* install none; SIG_DFL is NULL */

static void
signals(void (*before)(int), void (*after)(int))
{
	struct sigaction old_segv, old_bus, now;
	struct sva_queue *q;

	sigaction(SIGSEGV, NULL, &old_segv);
	sigaction(SIGBUS, NULL, &old_bus);
	if (before != NONE)
		set_handler(before);
	q = test_queue(test_open(NULL));
	if (after != NONE)
		set_handler(after);
	caught = 0;
	if (sigsetjmp(back, 1) == 0)
		device_faults(q);
	assert_int_equal(caught, 0);
	assert_int_equal(sigaction(SIGSEGV, NULL, &now), 0);
	assert_true(now.sa_handler == (after != NONE ? after : before));
	if (now.sa_handler == on_signal) {
		own_fault();
		device_faults(q);
		own_fault();
	}
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
}

static void
handler_before(void **state)
{
	(void)state;
	signals(on_signal, NONE);
}

static void
handler_after(void **state)
{
	(void)state;
	signals(NONE, on_signal);
}

static void
ignored_before(void **state)
{
	(void)state;
	signals(SIG_IGN, NONE);
}

static void
ignored_after(void **state)
{
	(void)state;
	signals(on_signal, SIG_IGN);
}

static void
default_before(void **state)
{
	(void)state;
	signals(SIG_DFL, NONE);
}

static void
default_after(void **state)
{
	(void)state;
	signals(SIG_IGN, SIG_DFL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(handler_before),
		TEST(handler_after),
		TEST(ignored_before),
		TEST(ignored_after),
		TEST(default_before),
		TEST(default_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
