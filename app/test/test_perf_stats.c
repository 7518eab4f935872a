/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * sva-perf's statistics, against printed tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "perf.h"

#define assert_near(a, b, by) assert_true(fabs((a) - (b)) <= (by))

/* Abramowitz and Stegun, table 26.10, column 0.95. */
static void
student(void **state)
{
	static const struct {
		unsigned int df;
		double t;
	} known[] = {
		{ 1, 12.706 }, { 2, 4.303 }, { 3, 3.182 }, { 4, 2.776 }, { 5, 2.571 },
		{ 6, 2.447 }, { 7, 2.365 }, { 9, 2.262 }, { 10, 2.228 }, { 19, 2.093 },
		{ 20, 2.086 }, { 30, 2.042 }, { 60, 2.000 }, { 120, 1.980 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_near(perf_student_95(known[i].df), known[i].t, 0.0006);
	/* It goes to the normal distribution's, from above. */
	assert_near(perf_student_95(999), 1.9623, 0.0001);
	assert_near(perf_student_95(100001), 1.95998, 0.0001);
}

static void
means(void **state)
{
	const double values[] = { 9, 10, 11, 14 };
	double ci;

	(void)state;
	assert_near(perf_mean(values, 4, &ci), 11, 1e-12);
	/* Standard deviation sqrt(14 / 3), by sqrt(4), times 3.182. */
	assert_near(ci, 3.1824 * sqrt(14.0 / 3) / 2, 0.001);
	assert_near(perf_mean(values, 1, &ci), 9, 1e-12);
	assert_true(isnan(ci));
	assert_near(perf_mean(values, 2, &ci), 9.5, 1e-12);
	assert_near(ci, 12.7062 * 0.5, 0.001);
}

static void
medians(void **state)
{
	double odd[] = { 5, 1, 3 }, even[] = { 8, 2, 6, 4 };

	(void)state;
	assert_near(perf_median(odd, 3), 3, 0);
	assert_near(perf_median(even, 4), 5, 0);
	assert_near(perf_median(odd, 1), 1, 0);
}

/*
 * Of n values the k-th from either end: Conover, Practical Nonparametric Statistics, by the
 * binomial distribution. They are 1 to n here, the other way round.
 */
static void
median_intervals(void **state)
{
	static const struct {
		unsigned int n, k;
	} known[] = { { 6, 1 }, { 8, 1 }, { 9, 2 }, { 11, 2 }, { 12, 3 }, { 15, 4 }, { 17, 5 },
		      { 20, 6 }, { 25, 8 }, { 30, 10 }, { 50, 18 }, { 100, 40 } };
	double values[1000], ci;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		unsigned int n = known[i].n;

		for (j = 0; j < n; j++)
			values[j] = n - j;
		assert_near(perf_median_ci(values, n, &ci), (n + 1) / 2.0, 1e-12);
		assert_near(ci, (n + 1 - 2.0 * known[i].k) / 2, 1e-12);
	}
	for (i = 1; i <= 5; i++) {
		perf_median_ci(values, i, &ci);
		assert_true(isnan(ci));
	}
	for (j = 0; j < 1000; j++)
		values[j] = j;
	perf_median_ci(values, 1000, &ci);
	assert_near(ci, 31, 1.5);
}

/* Sizes four times apart, so that a ratio of 1 in the middle is at twice the size. */
static void
crossings(void **state)
{
	static const uint64_t size[] = { 64, 256, 1024, 4096 };
	static const struct {
		double ratio[4];
		uint64_t at;
	} known[] = {
		{ { 1, 2, 3, 4 }, 64 },
		{ { 0.5, 1, 2, 3 }, 256 },
		{ { 0.5, 2, 2, 3 }, 128 },
		{ { 0.25, 2, 2, 3 }, 161 },	/* 64 * 4^(2/3) */
		{ { 2, 0.5, 2, 3 }, 512 },
		{ { 2, 2, 2, 0.99 }, PERF_NULL },
		{ { 0.1, 0.2, 0.3, 0.4 }, PERF_NULL },
		{ { 0.1, 0.2, 0.9, 1 }, 4096 },
		{ { 0.1, 0.2, 0, 5 }, 4096 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(perf_crossing(size, known[i].ratio, 4), known[i].at);
	assert_int_equal(perf_crossing(size, known[0].ratio, 1), 64);
	assert_int_equal(perf_crossing(size, known[1].ratio, 1), PERF_NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(student),
		cmocka_unit_test(means),
		cmocka_unit_test(medians),
		cmocka_unit_test(median_intervals),
		cmocka_unit_test(crossings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
