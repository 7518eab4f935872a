/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * CRC-32C by the CPU.
 */
#include <string.h>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

#include "crc32c.h"

#define CRC_BLOCK 1024		/* bytes of each of the three streams */
#define CRC_POLY 0x82f63b78u	/* Castagnoli, reflected */

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
app_crc32c(const void *data, size_t len, uint32_t seed)
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
