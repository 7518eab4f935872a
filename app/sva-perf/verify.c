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

static const uint64_t pattern = PERF_PATTERN;

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

/* The bytes that must be in a set's destination; NULL: the pattern. */
static const uint8_t *
wanted(const struct perf_worker *w, unsigned int set)
{
	if (w->c->op == SVA_OP_FILL || w->c->op == SVA_OP_CACHE_FLUSH)
		return NULL;
	return w->buf.want != NULL ? w->buf.want + set * w->c->shape.made : w->buf.sets[set].src;
}

static uint8_t
wanted_byte(const uint8_t *want, size_t offset)
{
	return want != NULL ? want[offset] : ((const uint8_t *)&pattern)[offset % 8];
}

/* Where a set's operation writes first; some write a second destination as well. */
static uint8_t *
destination(const struct perf_worker *w, unsigned int set, size_t *len)
{
	enum perf_operand which = w->c->op == SVA_OP_DELTA_CREATE ? PERF_DST2 : PERF_DST;

	*len = w->c->shape.len[which];
	return which == PERF_DST2 ? w->buf.sets[set].dst2 : w->buf.sets[set].dst;
}

/*
 * Make every byte of a destination that an operation writes differ from what it must become,
 * so that one which the device leaves out is seen.
 */
static void
poison(const struct perf_worker *w, unsigned int set, uint8_t *dst)
{
	size_t i, size = w->c->shape.made;
	const uint8_t *want = wanted(w, set);
	uint64_t word;

	if (perf_op_writes(w->c->op) == PERF_WRITES_SOME) {
		perf_delta_spoil(dst, w->buf.sets[set].src, w->c->shape.len[PERF_SRC]);
		return;
	}
	for (i = 0; i + 8 <= size; i += 8) {
		memcpy(&word, want == NULL ? (const void *)&pattern : (const void *)(want + i), 8);
		word = ~word;
		memcpy(dst + i, &word, 8);
	}
	for (; i < size; i++)
		dst[i] = (uint8_t)~wanted_byte(want, i);
}

void
perf_poison(struct perf_worker *w)
{
	unsigned int i;
	size_t len;

	if (w->c->opts->no_verify || perf_op_writes(w->c->op) == PERF_WRITES_NOTHING)
		return;
	for (i = 0; i < w->buf.nb; i++) {
		poison(w, i, destination(w, i, &len));
		if (w->c->op == SVA_OP_DUALCAST)
			poison(w, i, w->buf.sets[i].dst2);
	}
}

static bool
data_equal(const uint8_t *dst, const uint8_t *want, size_t size)
{
	if (want != NULL || size <= 8)
		return memcmp(dst, want != NULL ? (const void *)want : &pattern, size) == 0;
	return memcmp(dst, &pattern, 8) == 0 && memcmp(dst, dst + 8, size - 8) == 0;
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

/* With room for `len` bytes, between its guards. */
static void
check_destination(struct perf_worker *w, unsigned int i, uint8_t *dst, size_t len)
{
	size_t offset = 0, size = w->c->shape.made;
	const uint8_t *want = wanted(w, i);

	if (size != 0 && atomic_fetch_add(&destinations, 1) + 1 == w->c->opts->corrupt)
		dst[size / 2] ^= 0x01;
	if (!data_equal(dst, want, size)) {
		while (offset < size - 1 && dst[offset] == wanted_byte(want, offset))
			offset++;
		w->wrong++;
		perf_complain(w, "verification failed: set %u, address %p, offset %zu: "
			      "is 0x%02x, must be 0x%02x", i, (void *)(dst + offset), offset,
			      dst[offset], wanted_byte(want, offset));
	}
	check_guard(w, i, dst - PERF_GUARD, "before");
	check_guard(w, i, dst + len, "after");
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

/* Of a byte's place in a block: what is wrong if it is. */
static uint64_t
bad_dif(size_t place, size_t block)
{
	return place < block + 2 ? SVA_DIF_BAD_GUARD :
	       place < block + 4 ? SVA_DIF_BAD_APP : SVA_DIF_BAD_REF;
}

/* The same in protected blocks: the first byte of data, the last tag and one between. */
static void
check_dif(struct perf_worker *w, unsigned int i)
{
	const struct perf_set *set = &w->buf.sets[i];
	size_t block = w->c->opts->dif_block, len = w->c->shape.len[PERF_SRC];
	const size_t places[] = { 0, len - 1, len / 2 };
	size_t offset = places[i % 3], in = offset % (block + PERF_DIF_BYTES);
	uint8_t *src = (uint8_t *)(uintptr_t)set->src;
	struct sva_result r;
	bool done;

	src[offset] ^= 0x01;
	done = perf_one_op(w, set, &r);
	src[offset] ^= 0x01;
	if (!done || (r.status == SVA_DIF_ERROR && r.bytes == offset - in &&
		      r.value == bad_dif(in, block)))
		return;
	w->wrong++;
	perf_complain(w, "verification failed: set %u, address %p, offset %zu: is 0x%02x, was made "
		      "0x%02x, but the result is '%s' with %u bytes and value 0x%" PRIx64
		      "; must be %zu and 0x%" PRIx64, i, (void *)(src + offset), offset,
		      src[offset], src[offset] ^ 0x01, sva_status_name(r.status), r.bytes, r.value,
		      offset - in, bad_dif(in, block));
}

static void
check_set(struct perf_worker *w, unsigned int i)
{
	enum sva_opcode op = w->c->op;
	uint8_t *dst;
	size_t len;

	if (op == SVA_OP_COMPARE || op == SVA_OP_COMPARE_PATTERN) {
		check_mismatch(w, i);
		return;
	}
	dst = destination(w, i, &len);
	if (dst != NULL)
		check_destination(w, i, dst, len);
	if (op == SVA_OP_DUALCAST)
		check_destination(w, i, w->buf.sets[i].dst2, len);
	if (perf_op_finds_dif(op))
		check_dif(w, i);
}

/* Check every set that the slice has used. */
void
perf_check_data(struct perf_worker *w)
{
	unsigned int i;

	if (w->c->opts->no_verify)
		return;
	for (i = 0; i < w->used && !atomic_load(&w->c->broken); i++)
		check_set(w, i);
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
			      cookie, w->c->shape.bytes, set->value, (const void *)set->src);
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
