/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The CPU doing the same work: the baseline.
 */
#include <string.h>

#include "perf.h"

#define COPY_CHUNK 8192		/* of a copy with CRC: still in the L1 cache for the CRC */

static uint32_t
copy_crc32c(uint8_t *dst, const uint8_t *src, size_t len)
{
	uint32_t crc = 0;
	size_t n;

	for (; len > 0; len -= n, dst += n, src += n) {
		n = len < COPY_CHUNK ? len : COPY_CHUNK;
		memcpy(dst, src, n);
		crc = app_crc32c(dst, n, crc);
	}
	return crc;
}

/* A range is a repetition of its first 8 bytes if it equals itself 8 bytes on. */
static int
compare_pattern(const uint8_t *p, size_t len)
{
	static const uint64_t pattern = PERF_PATTERN;

	if (len <= 8)
		return memcmp(p, &pattern, len);
	return memcmp(p, &pattern, 8) | memcmp(p, p + 8, len - 8);
}

bool
perf_cpu_can(enum sva_opcode op)
{
#if !defined(__x86_64__)
	if (op == SVA_OP_CACHE_FLUSH)
		return false;
#endif
	return perf_op_has_size(op);
}

/*
 * The next `ops` operations by the CPU, each the fastest way that the C library and the
 * CPU offer. For a fill that is memset(), although the device writes 8-byte patterns.
 */
void
perf_cpu_burst(struct perf_worker *w, struct perf_turn *turn, unsigned int ops)
{
	size_t size = w->c->size, len = w->c->shape.len[PERF_SRC];
	unsigned int block = w->c->opts->dif_block;
	const struct perf_set *set;
	uint64_t sink = 0;
	unsigned int i;

	switch (w->c->op) {
	case SVA_OP_COPY:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			memcpy(set->dst, set->src, size);
		}
		break;
	case SVA_OP_FILL:
		for (i = 0; i < ops; i++)
			memset(perf_next(turn)->dst, (int)(PERF_PATTERN & 0xff), size);
		break;
	case SVA_OP_COMPARE:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			sink += memcmp(set->src, set->dst, size) != 0;
		}
		break;
	case SVA_OP_COMPARE_PATTERN:
		for (i = 0; i < ops; i++)
			sink += compare_pattern(perf_next(turn)->dst, size) != 0;
		break;
	case SVA_OP_CRC32C:
		for (i = 0; i < ops; i++)
			sink += app_crc32c(perf_next(turn)->src, size, 0);
		break;
	case SVA_OP_COPY_CRC32C:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			sink += copy_crc32c(set->dst, set->src, size);
		}
		break;
	case SVA_OP_DUALCAST:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			memcpy(set->dst, set->src, size);
			memcpy(set->dst2, set->src, size);
		}
		break;
	case SVA_OP_DELTA_CREATE:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			sink += perf_delta_create(set->dst2, set->src, set->dst, size);
		}
		break;
	case SVA_OP_DELTA_APPLY:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			perf_delta_apply(set->dst, set->src, len);
		}
		break;
	case SVA_OP_DIF_CHECK:
		for (i = 0; i < ops; i++)
			sink += perf_dif_check(perf_next(turn)->src, len, block);
		break;
	case SVA_OP_DIF_INSERT:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			perf_dif_insert(set->dst, set->src, len, block);
		}
		break;
	case SVA_OP_DIF_STRIP:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			sink += perf_dif_strip(set->dst, set->src, len, block);
		}
		break;
	case SVA_OP_DIF_UPDATE:
		for (i = 0; i < ops; i++) {
			set = perf_next(turn);
			sink += perf_dif_update(set->dst, set->src, len, block);
		}
		break;
	case SVA_OP_CACHE_FLUSH:
		for (i = 0; i < ops; i++)
			perf_flush(perf_next(turn)->dst, size);
		break;
	default:
		break;
	}
	w->sink = sink;
}
