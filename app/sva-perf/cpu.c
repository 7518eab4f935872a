/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The CPU doing the same work: the baseline, and the judge of the device's CRCs.
 */
#include <string.h>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

#include "perf.h"

#define CRC_BLOCK 1024		/* bytes of each of the three streams */
#define CRC_POLY 0x82f63b78u	/* Castagnoli, reflected */
#define COPY_CHUNK 8192		/* of a copy with CRC: still in the L1 cache for the CRC */

static inline uint32_t
crc_step8(uint32_t crc, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
#ifdef __SSE4_2__
	return (uint32_t)_mm_crc32_u64(crc, v);
#else
	v ^= crc;
	for (int i = 0; i < 64; i++)
		v = (v >> 1) ^ (-(v & 1) & CRC_POLY);
	return (uint32_t)v;
#endif
}

static inline uint32_t
crc_step1(uint32_t crc, uint8_t byte)
{
#ifdef __SSE4_2__
	return _mm_crc32_u8(crc, byte);
#else
	crc ^= byte;
	for (int i = 0; i < 8; i++)
		crc = (crc >> 1) ^ (-(crc & 1) & CRC_POLY);
	return crc;
#endif
}

/* What CRC_BLOCK zero bytes make of a CRC register; linear, so a table for each byte. */
static uint32_t crc_shift_table[4][256];

__attribute__((constructor)) static void
crc_shift_init(void)
{
	static const uint8_t zeros[8];
	unsigned int byte, bit, i;

	for (byte = 0; byte < 4; byte++) {
		for (bit = 0; bit < 8; bit++) {
			uint32_t crc = 1u << (8 * byte + bit);

			for (i = 0; i < CRC_BLOCK / 8; i++)
				crc = crc_step8(crc, zeros);
			crc_shift_table[byte][1u << bit] = crc;
		}
		for (i = 1; i < 256; i++)
			crc_shift_table[byte][i] = crc_shift_table[byte][i & (i - 1)] ^
						   crc_shift_table[byte][i & -i];
	}
}

static inline uint32_t
crc_shift(uint32_t crc)
{
	return crc_shift_table[0][crc & 0xff] ^ crc_shift_table[1][crc >> 8 & 0xff] ^
	       crc_shift_table[2][crc >> 16 & 0xff] ^ crc_shift_table[3][crc >> 24];
}

/*
 * CRC-32C with the CPU's instruction. It has a latency of three cycles and a throughput
 * of one, hence three streams where there is enough data.
 */
uint32_t
perf_crc32c(const void *data, size_t len, uint32_t seed)
{
	const uint8_t *p = data;
	uint32_t a = ~seed, b, c;
	unsigned int i;

	for (; len >= 3 * CRC_BLOCK; len -= 3 * CRC_BLOCK, p += 3 * CRC_BLOCK) {
		b = c = 0;
		for (i = 0; i < CRC_BLOCK; i += 8) {
			a = crc_step8(a, p + i);
			b = crc_step8(b, p + CRC_BLOCK + i);
			c = crc_step8(c, p + 2 * CRC_BLOCK + i);
		}
		a = crc_shift(crc_shift(a) ^ b) ^ c;
	}
	for (; len >= 8; len -= 8, p += 8)
		a = crc_step8(a, p);
	for (; len > 0; len--, p++)
		a = crc_step1(a, *p);
	return ~a;
}

static uint32_t
copy_crc32c(uint8_t *dst, const uint8_t *src, size_t len)
{
	uint32_t crc = 0;
	size_t n;

	for (; len > 0; len -= n, dst += n, src += n) {
		n = len < COPY_CHUNK ? len : COPY_CHUNK;
		memcpy(dst, src, n);
		crc = perf_crc32c(dst, n, crc);
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

/*
 * The next `ops` operations by the CPU, each the fastest way that the C library and the
 * CPU offer. For a fill that is memset(), although the device writes 8-byte patterns.
 */
void
perf_cpu_burst(struct perf_worker *w, struct perf_turn *turn, unsigned int ops)
{
	size_t size = w->c->size;
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
			sink += perf_crc32c(perf_next(turn)->src, size, 0);
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
	default:
		break;
	}
	w->sink = sink;
}
