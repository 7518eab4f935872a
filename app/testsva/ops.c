/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Operations of DSA by the keys of a command line. Layout: specification, "Descriptor", and
 * the section of each operation; dsa_hw.h.
 */
#include <stdio.h>
#include <string.h>

#include <dsa_hw.h>

#include "dsa_text.h"
#include "numbers.h"
#include "ops.h"

#define SRC		{ "src", 2, 0, 64, TS_ADDRESS }
#define DST		{ "dst", 3, 0, 64, TS_ADDRESS }
#define SRC2		{ "src2", 3, 0, 64, TS_ADDRESS }
#define SIZE		{ "size", 4, 0, 32, TS_NUMBER }
#define EXPECTED	{ "expected", 5, 0, 8, TS_NUMBER }
#define SEED		{ "seed", 5, 0, 32, TS_NUMBER }, { "seed_addr", 6, 0, 64, TS_ADDRESS }
#define DIF_BLOCK	{ "block", 5, 16, 2, TS_BLOCK }, { "dif_flags", 5, 18, 6, TS_NUMBER }
#define DIF_SRC		{ "src_flags", 5, 0, 8, TS_NUMBER }, { "ref", 6, 0, 32, TS_NUMBER }, \
			{ "mask", 6, 32, 16, TS_NUMBER }, { "app", 6, 48, 16, TS_NUMBER }
#define DIF_DST(r, m, a) { "dst_flags", 5, 8, 8, TS_NUMBER }, { r, 7, 0, 32, TS_NUMBER }, \
			{ m, 7, 32, 16, TS_NUMBER }, { a, 7, 48, 16, TS_NUMBER }

static const struct ts_op ops[] = {
	{ "nop", DSA_OP_NOOP, SVA_OP_NOP, { { .name = NULL } } },
	{ "batch", DSA_OP_BATCH, -1,
	  { { "list", 2, 0, 64, TS_ADDRESS }, { "count", 4, 0, 32, TS_NUMBER } } },
	{ "drain", DSA_OP_DRAIN, SVA_OP_DRAIN, { { .name = NULL } } },
	{ "copy", DSA_OP_MEMMOVE, SVA_OP_COPY, { SRC, DST, SIZE } },
	{ "fill", DSA_OP_FILL, SVA_OP_FILL,
	  { { "pattern", 2, 0, 64, TS_NUMBER }, DST, SIZE } },
	{ "compare", DSA_OP_COMPARE, SVA_OP_COMPARE, { SRC, SRC2, SIZE, EXPECTED } },
	{ "compare-pattern", DSA_OP_COMPARE_PATTERN, SVA_OP_COMPARE_PATTERN,
	  { SRC, { "pattern", 3, 0, 64, TS_NUMBER }, SIZE, EXPECTED } },
	{ "delta-create", DSA_OP_CREATE_DELTA, SVA_OP_DELTA_CREATE,
	  { SRC, SRC2, SIZE, { "record", 5, 0, 64, TS_ADDRESS }, { "max", 6, 0, 32, TS_NUMBER },
	    { "expected", 7, 0, 8, TS_NUMBER } } },
	{ "delta-apply", DSA_OP_APPLY_DELTA, SVA_OP_DELTA_APPLY,
	  { { "record", 2, 0, 64, TS_ADDRESS }, DST, SIZE,
	    { "record_size", 5, 0, 32, TS_NUMBER } } },
	{ "dualcast", DSA_OP_DUALCAST, SVA_OP_DUALCAST,
	  { SRC, DST, SIZE, { "dst2", 5, 0, 64, TS_ADDRESS } } },
	{ "crc32c", DSA_OP_CRC, SVA_OP_CRC32C, { SRC, SIZE, SEED } },
	{ "copy-crc32c", DSA_OP_COPY_CRC, SVA_OP_COPY_CRC32C, { SRC, DST, SIZE, SEED } },
	{ "dif-check", DSA_OP_DIF_CHECK, SVA_OP_DIF_CHECK, { SRC, SIZE, DIF_BLOCK, DIF_SRC } },
	{ "dif-insert", DSA_OP_DIF_INSERT, SVA_OP_DIF_INSERT,
	  { SRC, DST, SIZE, DIF_BLOCK, DIF_DST("ref", "mask", "app") } },
	{ "dif-strip", DSA_OP_DIF_STRIP, SVA_OP_DIF_STRIP, { SRC, DST, SIZE, DIF_BLOCK, DIF_SRC } },
	{ "dif-update", DSA_OP_DIF_UPDATE, SVA_OP_DIF_UPDATE,
	  { SRC, DST, SIZE, DIF_BLOCK, DIF_SRC, DIF_DST("ref2", "mask2", "app2") } },
	{ "cache-flush", DSA_OP_CACHE_FLUSH, SVA_OP_CACHE_FLUSH, { DST, SIZE } },
};

#define NB_OPS (sizeof(ops) / sizeof(ops[0]))

const struct ts_op *
ts_op_of(unsigned int opcode)
{
	unsigned int i;

	for (i = 0; i < NB_OPS; i++)
		if (ops[i].opcode == opcode)
			return &ops[i];
	return NULL;
}

const char *
ts_op_word(unsigned int i)
{
	return i < NB_OPS ? ops[i].name : NULL;
}

int
ts_op_parse(const char *text, bool number)
{
	const char *end;
	uint64_t value;
	unsigned int i;

	for (i = 0; i < NB_OPS; i++)
		if (strcmp(ops[i].name, text) == 0)
			return ops[i].opcode;
	if (number && app_parse_number(text, &end, &value) && *end == '\0' && value <= UINT8_MAX)
		return (int)value;
	return ts_error("'%s' is no operation%s: Tab shows them", text,
			number ? ", nor a number up to 255" : "");
}

/* The keys of every operation, so that one of another is told from one of the descriptor. */
static bool
is_op_key(const char *name, size_t len)
{
	unsigned int i, k;

	for (i = 0; i < NB_OPS; i++)
		for (k = 0; k < TS_OP_KEYS && ops[i].keys[k].name != NULL; k++)
			if (strlen(ops[i].keys[k].name) == len &&
			    memcmp(ops[i].keys[k].name, name, len) == 0)
				return true;
	return false;
}

static const struct ts_op_key *
find_key(const struct ts_op *op, const char *name, size_t len)
{
	unsigned int k;

	for (k = 0; op != NULL && k < TS_OP_KEYS && op->keys[k].name != NULL; k++)
		if (strlen(op->keys[k].name) == len && memcmp(op->keys[k].name, name, len) == 0)
			return &op->keys[k];
	return NULL;
}

static int
parse_value(const struct ts_op_key *key, const char *text, uint64_t *value)
{
	uint64_t max = key->bits < 64 ? (1ull << key->bits) - 1 : UINT64_MAX;
	int choice;

	switch (key->kind) {
	case TS_ADDRESS:
		return ts_address(key->name, text, value);
	case TS_BLOCK:
		choice = ts_choice(key->name, text, TS_BLOCKS);
		*value = (uint64_t)choice;
		return choice < 0 ? -1 : 0;
	default:
		return ts_number(key->name, text, 0, max, value);
	}
}

int
ts_op_fill(const struct ts_words *words, unsigned int first, unsigned int opcode,
	   struct dsa_desc *desc)
{
	const struct ts_op *op = ts_op_of(opcode);
	uint64_t w[8], value;
	unsigned int i;

	memcpy(w, desc, sizeof(w));
	for (i = first; i < words->n; i++) {
		size_t len = strcspn(words->w[i], "=");
		const struct ts_op_key *key = find_key(op, words->w[i], len);

		if (key == NULL && is_op_key(words->w[i], len))
			return ts_error("'%.*s' is no key of %s", (int)len, words->w[i],
					op != NULL ? op->name :
						     "this operation: use word2 to word7");
		if (key == NULL)
			continue;
		if (parse_value(key, words->w[i] + len + 1, &value) != 0)
			return -1;
		w[key->word] |= value << key->shift;
	}
	memcpy(desc, w, sizeof(w));
	return 0;
}

/* Whole words, after everything else. */
static int
fill_words(const struct ts_words *words, unsigned int first, struct dsa_desc *desc)
{
	uint64_t w[8];
	unsigned int i;

	memcpy(w, desc, sizeof(w));
	for (i = 0; i < 8; i++) {
		const char key[] = { 'w', 'o', 'r', 'd', (char)('0' + i), '\0' };
		const char *text = ts_key(words, first, key);

		if (text != NULL && ts_number(key, text, 0, UINT64_MAX, &w[i]) != 0)
			return -1;
	}
	memcpy(desc, w, sizeof(w));
	return 0;
}

int
ts_desc_fill(const struct ts_words *words, unsigned int first, unsigned int opcode,
	     const struct dsa_compl *record, uint32_t flags, struct dsa_desc *desc)
{
	const char *compl = ts_key(words, first, "compl"), *pasid = ts_key(words, first, "pasid");
	const char *more = ts_key(words, first, "flags"), *priv = ts_key(words, first, "priv");
	const char *handle = ts_key(words, first, "handle");
	uint64_t value = (uintptr_t)record;
	int yes = 0;

	memset(desc, 0, sizeof(*desc));
	flags |= DSA_FLAG_COMPL_VALID | DSA_FLAG_COMPL_REQ;
	if (compl != NULL && strcmp(compl, "none") == 0) {
		flags &= ~(DSA_FLAG_COMPL_VALID | DSA_FLAG_COMPL_REQ);
		value = 0;
	} else if (compl != NULL && ts_address("compl", compl, &value) != 0) {
		return -1;
	}
	desc->compl_addr = value;
	if (more != NULL && dsa_flags_parse(more, &flags) != 0)
		return -1;
	desc->op_flags = DSA_OP_FLAGS(opcode, flags);
	value = 0;
	if (pasid != NULL && ts_number("pasid", pasid, 0, 0xfffff, &value) != 0)
		return -1;
	if (priv != NULL)
		yes = ts_choice("priv", priv, "no/yes");
	if (yes < 0)
		return -1;
	desc->pasid_priv = (uint32_t)value | (uint32_t)yes << 31;
	value = 0;
	if (handle != NULL && ts_number("handle", handle, 0, UINT16_MAX, &value) != 0)
		return -1;
	desc->int_handle = (uint16_t)value;
	if (ts_op_fill(words, first, opcode, desc) != 0)
		return -1;
	return fill_words(words, first, desc);
}
