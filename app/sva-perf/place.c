/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What is done to operands before a pass, outside of the time measured: they are brought to
 * a level of the memory hierarchy, or pages of them are taken away.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#include "perf.h"

#define LINE 64

/* CPUID leaf 7, subleaf 0. */
#define EBX_CLFLUSHOPT	(1u << 23)
#define ECX_CLDEMOTE	(1u << 25)

static bool
read_text(const char *folder, const char *file, char *text, int size)
{
	char path[128];
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	good = fgets(text, size, f) != NULL;
	fclose(f);
	text[good ? strcspn(text, "\n") : 0] = '\0';
	return good;
}

/* Bytes of this CPU's data cache of a level; 0 where sysfs does not tell. */
size_t
perf_cache_size(unsigned int level)
{
	char folder[96], text[32], *end;
	unsigned int i;
	int cpu = sched_getcpu();
	size_t size;

	for (i = 0; i < 16; i++) {
		snprintf(folder, sizeof(folder), "/sys/devices/system/cpu/cpu%d/cache/index%u",
			 cpu < 0 ? 0 : cpu, i);
		if (!read_text(folder, "level", text, sizeof(text)))
			break;
		if (strtoul(text, NULL, 10) != level ||
		    !read_text(folder, "type", text, sizeof(text)) ||
		    strcmp(text, "Instruction") == 0 ||
		    !read_text(folder, "size", text, sizeof(text)))
			continue;
		size = strtoul(text, &end, 10);
		return *end == 'K' ? size << 10 : *end == 'M' ? size << 20 : size;
	}
	return 0;
}

#if defined(__x86_64__)

static bool has_clflushopt, has_cldemote;

/* Once: in a virtual machine CPUID takes long. */
__attribute__((constructor)) static void
look_at_cpu(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0)
		return;
	has_clflushopt = (ebx & EBX_CLFLUSHOPT) != 0;
	has_cldemote = (ecx & ECX_CLDEMOTE) != 0;
}

__attribute__((target("clflushopt"))) static void
flush_opt(const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p += LINE)
		_mm_clflushopt((void *)(uintptr_t)p);
}

static void
flush(const uint8_t *p, const uint8_t *end)
{
	if (has_clflushopt) {
		flush_opt(p, end);
		return;
	}
	for (; p < end; p += LINE)
		_mm_clflush(p);
}

__attribute__((target("cldemote"))) static void
demote(const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p += LINE)
		_cldemote((void *)(uintptr_t)p);
}

static void
all_done(void)
{
	_mm_mfence();
}

#else

static const bool has_cldemote;

static void
flush(const uint8_t *p, const uint8_t *end)
{
	(void)p;
	(void)end;
}

static void
demote(const uint8_t *p, const uint8_t *end)
{
	(void)p;
	(void)end;
}

static void
all_done(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif

static void
touch(const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p += LINE)
		(void)*(const volatile uint8_t *)p;
}

static void
place(const uint8_t *p, size_t size, enum perf_place where)
{
	const uint8_t *end = p + size;

	if (p == NULL || where == PERF_ANYWHERE)
		return;
	/* From the line's start, so that the last one is not left out. */
	p = (const uint8_t *)((uintptr_t)p & ~(uintptr_t)(LINE - 1));
	if (where == PERF_MEMORY) {
		flush(p, end);
		return;
	}
	touch(p, end);
	if (where == PERF_LLC && has_cldemote)
		demote(p, end);
}

/* Whether this machine can do what the options ask for; what it cannot is said. */
bool
perf_place_possible(const struct perf_options *opts)
{
	unsigned int wanted[2] = { opts->place_src, opts->place_dst }, i;
	static const char *const names[2] = { "src", "dst" };

	for (i = 0; i < 2; i++) {
#if !defined(__x86_64__)
		if (wanted[i] == PERF_MEMORY) {
			perf_error("--place-%s: memory: lines can be flushed on x86-64 only: use "
				   "another place", names[i]);
			return false;
		}
#endif
		if ((wanted[i] == PERF_L1 || (wanted[i] == PERF_LLC && !has_cldemote)) &&
		    (perf_cache_size(1) == 0 || perf_cache_size(2) == 0)) {
			perf_error("--place-%s: %s: /sys/devices/system/cpu does not tell the size "
				   "of the caches: leave it out", names[i],
				   perf_place_name(wanted[i]));
			return false;
		}
	}
	return true;
}

static bool
wants(const struct perf_options *opts, enum perf_place where)
{
	return opts->place_src == where || opts->place_dst == where;
}

/* Bytes of one set that are to be in the L1 cache at the same time; 0: none are. */
size_t
perf_l1_bytes(const struct perf_case *c)
{
	size_t n = 0;

	if (c->opts->place_src == PERF_L1)
		n += c->shape.len[PERF_SRC];
	if (c->opts->place_dst == PERF_L1)
		n += c->shape.len[PERF_DST] + c->shape.len[PERF_DST2];
	return n;
}

/* What pushes lines out of the L1 and L2 caches where there is no CLDEMOTE. */
int
perf_place_setup(struct perf_worker *w)
{
	if (!wants(w->c->opts, PERF_LLC) || has_cldemote)
		return 0;
	w->walk_size = perf_cache_size(1) + perf_cache_size(2);
	w->walk = malloc(w->walk_size);
	if (w->walk == NULL) {
		perf_error("queue %u: out of memory: leave out the place llc", w->index);
		return -1;
	}
	memset(w->walk, 1, w->walk_size);
	return 0;
}

void
perf_place_teardown(struct perf_worker *w)
{
	free(w->walk);
	w->walk = NULL;
}

/* How many of the first n operations find their destination's page missing. */
static uint64_t
planted_among(uint64_t n, uint64_t percent)
{
	return n / 100 * percent + n % 100 * percent / 100;
}

/* Spread evenly over all operations from the first one of the measurement on. */
static void
plant_faults(struct perf_worker *w, const struct perf_set *sets, unsigned int n)
{
	uint64_t percent = w->c->fault_rate, before = w->prepared;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (planted_among(before + i, percent) == planted_among(before + i + 1, percent))
			continue;
		if (madvise(sets[i].dst, PERF_PAGE, MADV_DONTNEED) != 0) {
			atomic_store(&w->c->broken, true);
			perf_complain(w, "a page cannot be taken away: madvise: %s",
				      strerror(errno));
			return;
		}
	}
}

/* To be called when `n` operations of the device have been done on what was prepared. */
void
perf_prepared_done(struct perf_worker *w, uint64_t n)
{
	if (w->c->fault_rate == PERF_NULL)
		return;
	w->planted += planted_among(w->prepared + n, w->c->fault_rate) -
		      planted_among(w->prepared, w->c->fault_rate);
	w->prepared += n;
}

static void
place_set(const struct perf_set *set, const size_t len[PERF_NB_OPERANDS], enum perf_place src,
	  enum perf_place dst)
{
	place(set->src, len[PERF_SRC], src);
	place(set->dst, len[PERF_DST], dst);
	place(set->dst2, len[PERF_DST2], dst);
}

void
perf_flush(const uint8_t *p, size_t size)
{
	place(p, size, PERF_MEMORY);
	all_done();
}

/* Prepare the operands of the next pass, over n sets. */
void
perf_prepare(struct perf_worker *w, unsigned int first, unsigned int n)
{
	const struct perf_set *sets = w->buf.sets + first;
	const size_t *len = w->c->shape.len;
	enum perf_place src = w->c->opts->place_src, dst = w->c->opts->place_dst;
	unsigned int i;

	if (w->c->fault_rate != PERF_NULL)
		plant_faults(w, sets, n);
	for (i = 0; i < n; i++)
		place_set(&sets[i], len, src, dst);
	if (w->walk != NULL) {
		touch(w->walk, w->walk + w->walk_size);
		/* That has put what is to be in L1 out of it. */
		for (i = 0; i < n; i++)
			place_set(&sets[i], len, src == PERF_L1 ? src : PERF_ANYWHERE,
				  dst == PERF_L1 ? dst : PERF_ANYWHERE);
	}
	all_done();
}
