/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * CRC32C as the CRC operations compute it: specification, appendix "CRC
 * Computation" and the operation-specific flags of "CRC Generation".
 *
 * The running value is kept bit-reversed (bit 0 is the coefficient of x^31), so
 * that data bytes go in with bit 0 first, the normal order of the device.
 */

#include "dsa_model.h"

/* The polynomial 0x11edc6f41 of RFC 3720, bit-reversed. */
#define CRC32C_POLY	0x82f63b78u

static uint32_t reverse32(uint32_t v)
{
	v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
	v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
	v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
	v = (v >> 8 & 0x00ff00ff) | (v & 0x00ff00ff) << 8;
	return v >> 16 | v << 16;
}

/* Table k moves a byte past k + 1 bytes of message. */
void dsa_crc_init(uint32_t table[8][256])
{
	for (unsigned int i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLY : 0);
		table[0][i] = crc;
	}
	for (unsigned int k = 1; k < 8; k++) {
		for (unsigned int i = 0; i < 256; i++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
	}
}

/* Seeds and results are inverted, or else in the other bit order. */
uint32_t dsa_crc_start(uint32_t seed, uint32_t flags)
{
	return flags & DSA_FLAG_CRC_NO_INVERT ? reverse32(seed) : ~seed;
}

uint32_t dsa_crc_end(uint32_t crc, uint32_t flags)
{
	return flags & DSA_FLAG_CRC_NO_INVERT ? reverse32(crc) : ~crc;
}

static uint32_t crc_bytes(const uint32_t table[8][256], uint32_t crc, const uint8_t *data,
			  size_t len)
{
	while (len--)
		crc = crc >> 8 ^ table[0][(crc ^ *data++) & 0xff];
	return crc;
}

/* Bypass data reflection: bit 7 of each byte goes in first. */
static uint32_t crc_bytes_msb(const uint32_t table[8][256], uint32_t crc,
			      const uint8_t *data, size_t len)
{
	while (len--)
		crc = crc >> 8 ^ table[0][(crc ^ reverse32(*data++) >> 24) & 0xff];
	return crc;
}

uint32_t dsa_crc_add(const uint32_t table[8][256], uint32_t crc, const uint8_t *data,
		     size_t len, uint32_t flags)
{
	if (unlikely(flags & DSA_FLAG_CRC_NO_REFLECT))
		return crc_bytes_msb(table, crc, data, len);
	for (; len >= 8; len -= 8, data += 8) {
		uint64_t w;

		memcpy(&w, data, sizeof(w));
		w ^= crc;
		crc = table[7][w & 0xff] ^ table[6][w >> 8 & 0xff] ^
		      table[5][w >> 16 & 0xff] ^ table[4][w >> 24 & 0xff] ^
		      table[3][w >> 32 & 0xff] ^ table[2][w >> 40 & 0xff] ^
		      table[1][w >> 48 & 0xff] ^ table[0][w >> 56];
	}
	return crc_bytes(table, crc, data, len);
}
