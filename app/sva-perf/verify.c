/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Checks of what the device did, all of them outside the timed part but for the
 * comparison of each result with what it must be, which is in slice.c.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "perf.h"

#define MAX_COMPLAINTS 5	/* lines printed for one measurement */

static atomic_ullong destinations;	/* checked so far, in this run */

static const uint64_t fill_pattern = PERF_PATTERN;

uint64_t
perf_checked_destinations(void)
{
	return atomic_load(&destinations);
}

/* One line on a worker's trouble; after a few of a measurement no more are printed. */
void
perf_complain(struct perf_worker *w, const char *fmt, ...)
{
	unsigned int n = atomic_fetch_add(&w->c->complaints, 1);
	char text[256], size[24];
	va_list ap;

	if (n > MAX_COMPLAINTS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	perf_error("%s %s, queue %u: %s", sva_op_name(w->c->op),
		   app_size_text(w->c->size, size), w->index,
		   n < MAX_COMPLAINTS ? text : "more of this measurement is not printed");
}

/* The byte that an operation must have put at `offset`. */
static uint8_t
wanted(const struct perf_worker *w, const struct perf_set *set, size_t offset)
{
	if (w->c->op == SVA_OP_FILL)
		return ((const uint8_t *)&fill_pattern)[offset % 8];
	return set->src[offset];
}

/*
 * Make every byte of a destination differ from what it must become, so that one which
 * the device leaves out is seen.
 */
static void
poison(const struct perf_worker *w, const struct perf_set *set, uint8_t *dst)
{
	size_t i, size = w->c->size;
	uint64_t word;

	for (i = 0; i + 8 <= size; i += 8) {
		memcpy(&word, w->c->op == SVA_OP_FILL ? (const void *)&fill_pattern :
							(const void *)(set->src + i), 8);
		word = ~word;
		memcpy(dst + i, &word, 8);
	}
	for (; i < size; i++)
		dst[i] = (uint8_t)~wanted(w, set, i);
}

void
perf_poison(struct perf_worker *w)
{
	unsigned int i;

	if (w->c->opts->no_verify || !perf_op_writes(w->c->op))
		return;
	for (i = 0; i < w->buf.nb; i++) {
		poison(w, &w->buf.sets[i], w->buf.sets[i].dst);
		if (w->buf.sets[i].dst2 != NULL)
			poison(w, &w->buf.sets[i], w->buf.sets[i].dst2);
	}
}

static bool
data_equal(const struct perf_worker *w, const struct perf_set *set, const uint8_t *dst)
{
	size_t size = w->c->size;

	if (w->c->op != SVA_OP_FILL)
		return memcmp(dst, set->src, size) == 0;
	if (size <= 8)
		return memcmp(dst, &fill_pattern, size) == 0;
	return memcmp(dst, &fill_pattern, 8) == 0 && memcmp(dst, dst + 8, size - 8) == 0;
}

static void
check_guard(struct perf_worker *w, unsigned int i, uint8_t *guard, const char *where)
{
	unsigned int j;

	for (j = 0; j < PERF_GUARD; j++) {
		if (guard[j] == w->c->guard)
			continue;
		w->wrong++;
		perf_complain(w, "verification failed: set %u, address %p, byte %u of the guard "
			      "%s the destination: is 0x%02x, must be 0x%02x", i,
			      (void *)(guard + j), j, where, guard[j], w->c->guard);
		memset(guard, w->c->guard, PERF_GUARD);
		return;
	}
}

static void
check_destination(struct perf_worker *w, unsigned int i, uint8_t *dst)
{
	const struct perf_set *set = &w->buf.sets[i];
	size_t offset = 0;

	if (atomic_fetch_add(&destinations, 1) + 1 == w->c->opts->corrupt)
		dst[w->c->size / 2] ^= 0x01;
	if (!data_equal(w, set, dst)) {
		while (offset < w->c->size - 1 && dst[offset] == wanted(w, set, offset))
			offset++;
		w->wrong++;
		perf_complain(w, "verification failed: set %u, address %p, offset %zu: "
			      "is 0x%02x, must be 0x%02x", i, (void *)(dst + offset), offset,
			      dst[offset], wanted(w, set, offset));
	}
	check_guard(w, i, dst - PERF_GUARD, "before");
	check_guard(w, i, dst + w->c->size, "after");
}

/* Plant a difference, at the start, the end and between, and have it found. */
static void
check_mismatch(struct perf_worker *w, unsigned int i)
{
	const struct perf_set *set = &w->buf.sets[i];
	const size_t places[] = { 0, w->c->size - 1, w->c->size / 2 };
	size_t offset = places[i % 3];
	struct sva_result r;
	bool done;

	set->dst[offset] ^= 0x01;
	done = perf_one_op(w, set, &r);
	set->dst[offset] ^= 0x01;
	if (!done)
		return;
	if (r.status == SVA_MISMATCH &&
	    (r.value == offset ||
	     (w->c->op == SVA_OP_COMPARE_PATTERN && r.value == offset / 8 * 8)))
		return;
	w->wrong++;
	perf_complain(w, "verification failed: set %u, address %p, offset %zu: is 0x%02x, "
		      "was made 0x%02x, but the result is '%s' with offset %" PRIu64, i,
		      (void *)(set->dst + offset), offset, set->dst[offset],
		      set->dst[offset] ^ 0x01, sva_status_name(r.status), r.value);
}

/* Check every set that the slice has used. */
void
perf_check_data(struct perf_worker *w)
{
	unsigned int i;

	if (w->c->opts->no_verify)
		return;
	for (i = 0; i < w->used && !atomic_load(&w->c->broken); i++) {
		if (perf_op_writes(w->c->op)) {
			check_destination(w, i, w->buf.sets[i].dst);
			if (w->buf.sets[i].dst2 != NULL)
				check_destination(w, i, w->buf.sets[i].dst2);
		} else if (w->buf.sets[i].dst != NULL) {
			check_mismatch(w, i);
		}
	}
}

/* Say and count what is wrong with a result that is not as expected. */
void
perf_check_result(struct perf_worker *w, const struct sva_result *r,
		  const struct perf_set *set, uint64_t cookie)
{
	if (r->status == SVA_FAULT) {
		w->failed++;
		perf_complain(w, "operation failed: page fault on %s address 0x%" PRIx64
			      " after %u bytes", r->write_fault ? "writing" : "reading",
			      r->fault_addr, r->bytes);
	} else if (r->status == SVA_MISMATCH) {
		w->wrong++;
		perf_complain(w, "verification failed: address %p, offset %" PRIu64
			      ": reported as different, but it is not",
			      (const void *)set->dst, r->value);
	} else if (r->status != SVA_OK) {
		w->failed++;
		perf_complain(w, "operation failed: %s (device status 0x%02x)",
			      sva_status_name(r->status), r->device_status);
	} else {
		w->wrong++;
		perf_complain(w, "verification failed: result %" PRIu64 ": cookie %" PRIu64
			      ", %u bytes, value 0x%" PRIx64 "; must be %" PRIu64 ", %zu, 0x%"
			      PRIx64 " (source %p)", cookie, r->cookie, r->bytes, r->value,
			      cookie, w->c->size, set->value, (const void *)set->src);
	}
}

/*
 * A device that reports page faults must report each that was planted, and no other. One that
 * reports none may have waited for the page, or never have known. The queue's statistics
 * have been read.
 */
void
perf_check_faults(struct perf_worker *w)
{
	if (w->c->fault_rate == PERF_NULL || w->c->opts->no_verify || w->stats.faults == 0 ||
	    w->stats.faults == w->planted || atomic_load(&w->c->broken))
		return;
	w->wrong++;
	perf_complain(w, "verification failed: %" PRIu64 " page faults were reported, but %" PRIu64
		      " pages had been taken away", w->stats.faults, w->planted);
}
