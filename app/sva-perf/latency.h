/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A histogram of latencies: exact below 32, then 32 steps for each power of two (3 %).
 */
#ifndef PERF_LATENCY_H
#define PERF_LATENCY_H

#include <stdint.h>

#define PERF_HIST_STEPS 32
#define PERF_HIST_BINS (60 * PERF_HIST_STEPS)

struct perf_hist {
	uint64_t bin[PERF_HIST_BINS];
};

static inline void
perf_hist_add(struct perf_hist *h, uint64_t value, uint64_t times)
{
	unsigned int exp;

	if (value < PERF_HIST_STEPS) {
		h->bin[value] += times;
		return;
	}
	exp = 63 - (unsigned int)__builtin_clzll(value);
	h->bin[(exp - 4) * PERF_HIST_STEPS + ((value >> (exp - 5)) & (PERF_HIST_STEPS - 1))] +=
		times;
}

/** Add all of @p from to @p to. */
void perf_hist_merge(struct perf_hist *to, const struct perf_hist *from);

/** The value below or at which the share @p part (0 to 1) lies; 0 where it is empty. */
double perf_hist_percentile(const struct perf_hist *h, double part);

#endif /* PERF_LATENCY_H */
