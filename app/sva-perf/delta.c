/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Delta records by the CPU: ten bytes for each word of 8 that differs, its number and what it
 * becomes (DSA specification, "Create Delta Record"). Words are in the CPU's order of bytes,
 * numbers are little-endian.
 */
#include <endian.h>
#include <string.h>

#include "perf.h"

#define WORD 8

size_t
perf_delta_words(size_t size, unsigned int percent)
{
	return (size / WORD * percent + 99) / 100;
}

/* Make so many words differ, spread evenly. */
void
perf_delta_change(uint8_t *data, size_t size, size_t words)
{
	size_t i, k, total = size / WORD;

	for (k = 0; k < words; k++) {
		for (i = 0; i < WORD; i++)
			data[k * total / words * WORD + i] ^= 0xff;
	}
}

size_t
perf_delta_create(uint8_t *record, const uint8_t *before, const uint8_t *after, size_t size)
{
	size_t i, used = 0;
	uint64_t a, b;
	uint16_t number;

	for (i = 0; i < size / WORD; i++) {
		memcpy(&a, before + i * WORD, WORD);
		memcpy(&b, after + i * WORD, WORD);
		if (a == b)
			continue;
		number = htole16((uint16_t)i);
		memcpy(record + used, &number, 2);
		memcpy(record + used + 2, &b, WORD);
		used += PERF_DELTA_BYTES;
	}
	return used;
}

static uint8_t *
word_of(uint8_t *data, const uint8_t *delta)
{
	uint16_t number;

	memcpy(&number, delta, 2);
	return data + (size_t)le16toh(number) * WORD;
}

void
perf_delta_apply(uint8_t *data, const uint8_t *record, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PERF_DELTA_BYTES)
		memcpy(word_of(data, record + i), record + i + 2, WORD);
}

/* Make every byte that the record changes differ from what it must become. */
void
perf_delta_spoil(uint8_t *data, const uint8_t *record, size_t len)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < len; i += PERF_DELTA_BYTES) {
		memcpy(&word, record + i + 2, WORD);
		word = ~word;
		memcpy(word_of(data, record + i), &word, WORD);
	}
}
