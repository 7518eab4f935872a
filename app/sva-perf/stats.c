/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Medians, means, how sure they are, and where one line crosses another.
 */
#include <math.h>
#include <stdlib.h>

#include "perf.h"

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
perf_median(double *values, unsigned int n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/*
 * How likely |t| is to stay below tan(angle) * sqrt(df). For whole degrees of freedom that
 * is a finite series (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3
 * and 26.7.4).
 */
static double
student_inside(double angle, unsigned int df)
{
	double c2 = cos(angle) * cos(angle), term, sum = 0;
	unsigned int i, odd = df % 2;

	term = odd ? cos(angle) : 1;
	for (i = odd; i < df - odd; i += 2) {
		sum += term;
		term *= c2 * (i + 1) / (i + 2);
	}
	sum *= sin(angle);
	return odd ? (angle + sum) * M_2_PI : sum;
}

/* The t that |t| stays below with 95 %: Student's, two-sided. */
double
perf_student_95(unsigned int df)
{
	double low = 0, high = M_PI_2, middle = 0;
	unsigned int i;

	for (i = 0; i < 60; i++) {
		middle = (low + high) / 2;
		if (student_inside(middle, df) < 0.95)
			low = middle;
		else
			high = middle;
	}
	return tan(middle) * sqrt(df);
}

/* Mean of n values, and half the width of its 95 % confidence interval: NAN for one. */
double
perf_mean(const double *values, unsigned int n, double *ci)
{
	double mean = 0, squares = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		mean += values[i] / n;
	for (i = 0; i < n; i++)
		squares += (values[i] - mean) * (values[i] - mean);
	*ci = n < 2 ? NAN : perf_student_95(n - 1) * sqrt(squares / (n - 1) / n);
	return mean;
}

/*
 * Median of n values, and half the distance of those between which the median of all there
 * could be lies with 95 %, whatever they are distributed like: NAN below six.
 */
double
perf_median_ci(double *values, unsigned int n, double *ci)
{
	double middle = perf_median(values, n), p = pow(0.5, n), outside = 0;
	unsigned int k = 0;

	/* Values k and n - 1 - k miss it where at most k values lie on one side of it. */
	while (k < n / 2 && 2 * (outside + p) <= 0.05) {
		outside += p;
		p *= (double)(n - k) / (k + 1);
		k++;
	}
	*ci = k == 0 ? NAN : (values[n - k] - values[k - 1]) / 2;
	return middle;
}

/*
 * The size at which the ratio becomes 1 for good, between the last one below and the one
 * after it; both scales are logarithmic. PERF_NULL where the last ratio is below.
 */
uint64_t
perf_crossing(const uint64_t *size, const double *ratio, unsigned int n)
{
	double low, high, from, to;
	unsigned int i = n;

	while (i > 0 && ratio[i - 1] >= 1)
		i--;
	if (i == n)
		return PERF_NULL;
	if (i == 0 || ratio[i - 1] <= 0)
		return size[i];
	low = log(ratio[i - 1]);
	high = log(ratio[i]);
	from = log((double)size[i - 1]);
	to = log((double)size[i]);
	return (uint64_t)llround(exp(from + (to - from) * -low / (high - low)));
}
