/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * DIF by the CPU: behind each block 8 bytes, big-endian, of a guard (CRC-16 T10), an
 * application tag and a reference tag that counts blocks. The CRCs are ISA-L's.
 */
#include <endian.h>
#include <string.h>

#include <isa-l/crc.h>

#include "perf.h"

const struct sva_dif perf_dif = { .ref_tag = 0x10203040, .app_tag = 0xa5b6 };
/* Its reference tag becomes 0 on the way, which must not reach the even tag beside it. */
const struct sva_dif perf_dif_new = { .ref_tag = 0xfffffffe, .app_tag = 0x3c4e };

uint32_t
perf_dif_format(unsigned int block)
{
	return block == 512 ? SVA_DIF_BLOCK_512 : block == 520 ? SVA_DIF_BLOCK_520 :
	       block == 4096 ? SVA_DIF_BLOCK_4096 : SVA_DIF_BLOCK_4104;
}

/* Of the n-th block. */
static uint64_t
information(uint16_t guard, const struct sva_dif *dif, uint32_t n)
{
	return htobe64((uint64_t)guard << 48 | (uint64_t)dif->app_tag << 32 |
		       (uint32_t)(dif->ref_tag + n));
}

static void
put(uint8_t *p, uint16_t guard, const struct sva_dif *dif, uint32_t n)
{
	uint64_t word = information(guard, dif, n);

	memcpy(p, &word, sizeof(word));
}

static bool
wrong(const uint8_t *p, uint16_t guard, uint32_t n)
{
	uint64_t word = information(guard, &perf_dif, n);

	return memcmp(p, &word, sizeof(word)) != 0;
}

/* Give the blocks of a range their information, in place. */
void
perf_dif_protect(uint8_t *data, size_t len, unsigned int block)
{
	uint32_t n;

	for (n = 0; n < len / (block + PERF_DIF_BYTES); n++, data += block + PERF_DIF_BYTES)
		put(data + block, crc16_t10dif(0, data, block), &perf_dif, n);
}

/* Like the next two, returns how many blocks are wrong. */
unsigned int
perf_dif_check(const uint8_t *src, size_t len, unsigned int block)
{
	unsigned int found = 0;
	uint32_t n;

	for (n = 0; n < len / (block + PERF_DIF_BYTES); n++, src += block + PERF_DIF_BYTES)
		found += wrong(src + block, crc16_t10dif(0, src, block), n);
	return found;
}

unsigned int
perf_dif_strip(uint8_t *dst, const uint8_t *src, size_t len, unsigned int block)
{
	unsigned int found = 0;
	uint32_t n;

	for (n = 0; n < len / (block + PERF_DIF_BYTES); n++) {
		/* The declaration lacks a const. */
		found += wrong(src + block,
			       crc16_t10dif_copy(0, dst, (uint8_t *)(uintptr_t)src, block), n);
		src += block + PERF_DIF_BYTES;
		dst += block;
	}
	return found;
}

unsigned int
perf_dif_update(uint8_t *dst, const uint8_t *src, size_t len, unsigned int block)
{
	unsigned int found = 0;
	uint16_t guard;
	uint32_t n;

	for (n = 0; n < len / (block + PERF_DIF_BYTES); n++) {
		guard = crc16_t10dif_copy(0, dst, (uint8_t *)(uintptr_t)src, block);
		found += wrong(src + block, guard, n);
		put(dst + block, guard, &perf_dif_new, n);
		src += block + PERF_DIF_BYTES;
		dst += block + PERF_DIF_BYTES;
	}
	return found;
}

void
perf_dif_insert(uint8_t *dst, const uint8_t *src, size_t len, unsigned int block)
{
	uint32_t n;

	for (n = 0; n < len / block; n++, src += block, dst += block + PERF_DIF_BYTES)
		put(dst + block, crc16_t10dif_copy(0, dst, (uint8_t *)(uintptr_t)src, block),
		    &perf_dif, n);
}
