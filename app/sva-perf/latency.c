/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#include "latency.h"

void
perf_hist_merge(struct perf_hist *to, const struct perf_hist *from)
{
	unsigned int i;

	for (i = 0; i < PERF_HIST_BINS; i++)
		to->bin[i] += from->bin[i];
}

/* The middle of a bin. */
static double
bin_value(unsigned int i)
{
	unsigned int shift;

	if (i < PERF_HIST_STEPS)
		return i;
	shift = i / PERF_HIST_STEPS - 1;
	return ((double)(PERF_HIST_STEPS + i % PERF_HIST_STEPS) + 0.5) * (double)(1ULL << shift);
}

double
perf_hist_percentile(const struct perf_hist *h, double part)
{
	uint64_t total = 0, seen = 0;
	unsigned int i;

	for (i = 0; i < PERF_HIST_BINS; i++)
		total += h->bin[i];
	for (i = 0; i < PERF_HIST_BINS; i++) {
		seen += h->bin[i];
		if (seen != 0 && (double)seen >= part * (double)total)
			return bin_value(i);
	}
	return 0;
}
