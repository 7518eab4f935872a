/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What is forwarded: operands, and what has to become of them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crc32c.h"
#include "fwd.h"

#define PATTERN 0x8f1e2d3c4b5a6978ull
#define SPOILT 0xee
#define BAD_EVERY 4		/* FWD_FAULTS: one in so many goes to a page that is none */
#define ARENA_BYTES (64ull << 20)	/* of one operand of a flow, about */
#define MAX_SETS 256u

static const char *const names[FWD_NB_MODES] = { "copy", "verify", "crc", "mixed", "faults" };

const char *
fwd_mode_name(enum fwd_mode mode)
{
	return names[mode];
}

int
fwd_mode_parse(const char *text)
{
	unsigned int i;

	for (i = 0; i < FWD_NB_MODES; i++)
		if (strcmp(names[i], text) == 0)
			return (int)i;
	return ts_error("fwd: '%s' is no mode: copy, verify, crc, mixed or faults", text);
}

/* ---- operands ---- */

static size_t
round_up(size_t len)
{
	return (len + TS_PAGE - 1) / TS_PAGE * TS_PAGE;
}

/* Operands of one operation: source, destination, second destination. */
static unsigned int
nb_operands(enum fwd_mode mode)
{
	return mode == FWD_CRC ? 1 : mode == FWD_MIXED ? 3 : 2;
}

/* Bytes that can be had without somebody being killed for it. */
static uint64_t
available(void)
{
	unsigned long long kib = UINT64_MAX / 1024;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib * 1024;
}

/*
 * Each operand starts a page. Behind each destination is a page that cannot be accessed;
 * only there, as a process can have just so many mappings.
 */
static bool
make_arena(struct fwd_flow *flow, unsigned int which, size_t each)
{
	size_t len = flow->nb_sets * (each + TS_PAGE);
	unsigned char *arena;
	unsigned int i;

	arena = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return false;
	flow->arena[which] = arena;
	flow->arena_len[which] = len;
	for (i = 0; which == 1 && i < flow->nb_sets; i++)
		if (mprotect(arena + i * (each + TS_PAGE) + each, TS_PAGE, PROT_NONE) != 0)
			return false;
	return true;
}

static unsigned char *
operand(const struct fwd_flow *flow, unsigned int which, size_t offset)
{
	return flow->arena[which] != NULL ? flow->arena[which] + offset : NULL;
}

static void
fill(unsigned char *p, size_t len, unsigned int seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ull + 1;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		n = len - i < sizeof(x) ? len - i : sizeof(x);
		memcpy(p + i, &x, n);
	}
}

int
fwd_flow_make(struct fwd_flow *flow)
{
	const struct fwd_conf *conf = flow->conf;
	unsigned int operands = nb_operands(conf->mode), i, k;
	size_t each, most = 0;
	bool room;

	for (i = 0; i < conf->sizes.n; i++)
		if (conf->sizes.value[i] > most)
			most = conf->sizes.value[i];
	each = round_up(most);
	flow->nb_sets = MAX_SETS;
	if (flow->nb_sets > ARENA_BYTES / each)
		flow->nb_sets = (unsigned int)(ARENA_BYTES / each);
	if (flow->nb_sets < 2 * conf->burst)
		flow->nb_sets = 2 * conf->burst;
	/* Every size as often as any other. */
	flow->nb_sets = (flow->nb_sets + conf->sizes.n - 1) / conf->sizes.n * conf->sizes.n;
	flow->sets = calloc(flow->nb_sets, sizeof(*flow->sets));
	room = flow->sets != NULL && available() / operands / flow->nb_sets >= each;
	for (k = 0; room && k < operands; k++)
		room = make_arena(flow, k, each);
	if (!room)
		return ts_error("start: no memory for %u times %zu bytes: use a smaller burst, "
				"smaller sizes or fewer queues", operands * flow->nb_sets, each);
	for (i = 0; i < flow->nb_sets; i++) {
		struct fwd_set *set = &flow->sets[i];
		size_t offset = i * (each + TS_PAGE);

		if (ts_interrupted)
			return ts_error("start: interrupted");
		*set = (struct fwd_set){
			.src = operand(flow, 0, offset), .dst = operand(flow, 1, offset),
			.dst2 = operand(flow, 2, offset),
			.len = conf->sizes.value[i % conf->sizes.n],
		};
		fill(set->src, set->len, i);
		set->crc = app_crc32c(set->src, set->len, 0);
	}
	return 0;
}

void
fwd_flow_free(struct fwd_flow *flow)
{
	unsigned int k;

	for (k = 0; k < 3; k++)
		if (flow->arena[k] != NULL)
			munmap(flow->arena[k], flow->arena_len[k]);
	free(flow->sets);
	memset(flow->arena, 0, sizeof(flow->arena));
	flow->sets = NULL;
}

/* ---- operations ---- */

static const enum sva_opcode mixed[] = {
	SVA_OP_COPY, SVA_OP_FILL, SVA_OP_COMPARE, SVA_OP_COMPARE_PATTERN, SVA_OP_CRC32C,
	SVA_OP_COPY_CRC32C, SVA_OP_DUALCAST,
};

static enum sva_opcode
next_mixed(struct fwd_flow *flow)
{
	enum sva_opcode op;

	/* Every device copies. */
	do
		op = mixed[flow->rotate++ % (sizeof(mixed) / sizeof(mixed[0]))];
	while (!(flow->ops_mask >> op & 1) && op != SVA_OP_COPY);
	return op;
}

/* Where the last half of a set's destination is a page that is none. */
static unsigned char *
bad_dst(const struct fwd_flow *flow, const struct fwd_set *set)
{
	size_t each = flow->arena_len[1] / flow->nb_sets - TS_PAGE;

	return set->dst + each - set->len / 2;
}

/* Make it a test that the destinations become what they must. */
static void
spoil(const struct fwd_flow *flow, struct fwd_set *set)
{
	switch (flow->conf->mode) {
	case FWD_FAULTS:
		/* The pages that an operation is to meet missing. */
		if (madvise(set->dst, round_up(set->len), MADV_DONTNEED) != 0)
			memset(set->dst, SPOILT, set->len);
		break;
	case FWD_VERIFY:
	case FWD_MIXED:
		memset(set->dst, SPOILT, set->len);
		if (set->op == SVA_OP_DUALCAST)
			memset(set->dst2, SPOILT, set->len);
		break;
	default:
		break;
	}
}

int
fwd_accept(struct fwd_flow *flow, struct fwd_set *set, uint64_t cookie)
{
	struct sva_queue *q = flow->q;

	set->op = flow->conf->mode == FWD_MIXED ? next_mixed(flow) :
		  flow->conf->mode == FWD_CRC ? SVA_OP_CRC32C : SVA_OP_COPY;
	set->bad = flow->conf->mode == FWD_FAULTS && cookie % BAD_EVERY == BAD_EVERY - 1;
	spoil(flow, set);
	switch (set->op) {
	case SVA_OP_FILL: return sva_fill(q, set->dst, PATTERN, set->len, cookie, 0);
	case SVA_OP_COMPARE:
		/* Equal but for one byte, where the result has to say that it is. */
		memcpy(set->dst, set->src, set->len);
		set->dst[set->len / 2] ^= 1;
		return sva_compare(q, set->src, set->dst, set->len, cookie, 0);
	case SVA_OP_COMPARE_PATTERN:
		return sva_compare_pattern(q, set->dst, 0x0101010101010101ull * SPOILT, set->len,
					   cookie, 0);
	case SVA_OP_CRC32C: return sva_crc32c(q, set->src, set->len, 0, cookie, 0);
	case SVA_OP_COPY_CRC32C:
		return sva_copy_crc32c(q, set->dst, set->src, set->len, 0, cookie, 0);
	case SVA_OP_DUALCAST:
		return sva_dualcast(q, set->dst, set->dst2, set->src, set->len, cookie, 0);
	default:
		return sva_copy(q, set->bad ? bad_dst(flow, set) : set->dst, set->src, set->len,
				cookie, 0);
	}
}

/* ---- results ---- */

static void __attribute__((format(printf, 2, 3)))
wrong(struct fwd_flow *flow, const char *fmt, ...)
{
	va_list ap;

	if (flow->wrong++ != 0)
		return;
	va_start(ap, fmt);
	vsnprintf(flow->why, sizeof(flow->why), fmt, ap);
	va_end(ap);
}

static bool
filled(const unsigned char *p, size_t len)
{
	const uint64_t pattern = PATTERN;
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != ((const unsigned char *)&pattern)[i % 8])
			return false;
	return true;
}

static void
check_data(struct fwd_flow *flow, const struct fwd_set *set, const struct sva_result *r)
{
	bool good = true;

	switch (set->op) {
	case SVA_OP_FILL: good = filled(set->dst, set->len); break;
	case SVA_OP_COMPARE: good = r->value == set->len / 2; break;
	case SVA_OP_CRC32C: good = r->value == set->crc; break;
	case SVA_OP_COPY_CRC32C:
		good = r->value == set->crc && memcmp(set->dst, set->src, set->len) == 0;
		break;
	case SVA_OP_DUALCAST:
		good = memcmp(set->dst, set->src, set->len) == 0 &&
		       memcmp(set->dst2, set->src, set->len) == 0;
		break;
	case SVA_OP_COPY: good = memcmp(set->dst, set->src, set->len) == 0; break;
	default: break;
	}
	if (!good)
		wrong(flow, "%s of %zu bytes from %p to %p: wrong data or value 0x%llx",
		      sva_op_name(set->op), set->len, (void *)set->src, (void *)set->dst,
		      (unsigned long long)r->value);
}

/* One that has to fault does so on the page that is none, with what is before it done. */
static void
check_bad(struct fwd_flow *flow, const struct fwd_set *set, const struct sva_result *r)
{
	const unsigned char *dst = bad_dst(flow, set);
	const unsigned char *guard = dst + set->len / 2;

	flow->expected_faults++;
	if (r->status != SVA_FAULT || !r->write_fault || r->bytes > set->len / 2 ||
	    (r->fault_addr / TS_PAGE != (uintptr_t)guard / TS_PAGE && !flow->report))
		wrong(flow, "copy of %zu bytes to %p, whose page at %p is none: %s at 0x%llx after "
		      "%u bytes", set->len, (const void *)dst, (const void *)guard,
		      sva_status_name((enum sva_status)r->status),
		      (unsigned long long)r->fault_addr, r->bytes);
	else if (memcmp(dst, set->src, r->bytes) != 0)
		wrong(flow, "copy of %zu bytes to %p: what was done before the fault is wrong",
		      set->len, (const void *)dst);
}

void
fwd_check(struct fwd_flow *flow, const struct fwd_set *set, const struct sva_result *r)
{
	enum sva_status want = set->op == SVA_OP_COMPARE ? SVA_MISMATCH : SVA_OK;

	flow->bytes += r->bytes;
	if (set->bad) {
		check_bad(flow, set, r);
		return;
	}
	/* A queue that reports faults ends those of missing pages with one. */
	if (r->status == SVA_FAULT && flow->conf->mode == FWD_FAULTS && flow->report) {
		flow->expected_faults++;
		return;
	}
	if (r->status != want) {
		flow->failed++;
		if (flow->failed == 1 && flow->why[0] == '\0')
			snprintf(flow->why, sizeof(flow->why), "%s of %zu bytes from %p to %p: %s "
				 "(device: 0x%02x)", sva_op_name(set->op), set->len,
				 (void *)set->src, (void *)set->dst,
				 sva_status_name((enum sva_status)r->status), r->device_status);
		return;
	}
	if (want == SVA_OK && r->bytes != set->len)
		wrong(flow, "%s of %zu bytes: %u were done", sva_op_name(set->op), set->len,
		      r->bytes);
	else if (flow->conf->mode != FWD_COPY)
		check_data(flow, set, r);
}
