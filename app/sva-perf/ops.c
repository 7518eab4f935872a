/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What each operation takes: its operands, how long they are for a size, and the sizes that
 * it can have.
 */
#include <inttypes.h>
#include <string.h>

#include "perf.h"

#define DELTA_MAX_SIZE (512u << 10)	/* sva_delta_create() */
#define DELTA_MIN_ROOM 80u

/* How long an operand is. */
enum length {
	NONE = 0,	/* there is none */
	PLAIN,		/* the size */
	PROTECTED,	/* with the information behind each DIF block */
	RECORD,		/* a delta record */
	ROOM,		/* the longest that there can be */
};

static const struct {
	enum length operand[PERF_NB_OPERANDS];
	enum perf_writes writes;
} table[SVA_NB_OPS] = {
	[SVA_OP_NOP] = { { NONE, NONE, NONE }, PERF_WRITES_NOTHING },
	[SVA_OP_COPY] = { { PLAIN, PLAIN, NONE }, PERF_WRITES_ALL },
	[SVA_OP_FILL] = { { NONE, PLAIN, NONE }, PERF_WRITES_ALL },
	[SVA_OP_COMPARE] = { { PLAIN, PLAIN, NONE }, PERF_WRITES_NOTHING },
	[SVA_OP_COMPARE_PATTERN] = { { NONE, PLAIN, NONE }, PERF_WRITES_NOTHING },
	[SVA_OP_CRC32C] = { { PLAIN, NONE, NONE }, PERF_WRITES_NOTHING },
	[SVA_OP_COPY_CRC32C] = { { PLAIN, PLAIN, NONE }, PERF_WRITES_ALL },
	[SVA_OP_DUALCAST] = { { PLAIN, PLAIN, PLAIN }, PERF_WRITES_ALL },
	[SVA_OP_DRAIN] = { { NONE, NONE, NONE }, PERF_WRITES_NOTHING },
	[SVA_OP_DELTA_CREATE] = { { PLAIN, PLAIN, ROOM }, PERF_WRITES_RECORD },
	[SVA_OP_DELTA_APPLY] = { { RECORD, PLAIN, NONE }, PERF_WRITES_SOME },
	[SVA_OP_DIF_CHECK] = { { PROTECTED, NONE, NONE }, PERF_WRITES_NOTHING },
	[SVA_OP_DIF_INSERT] = { { PLAIN, PROTECTED, NONE }, PERF_WRITES_ALL },
	[SVA_OP_DIF_STRIP] = { { PROTECTED, PLAIN, NONE }, PERF_WRITES_ALL },
	[SVA_OP_DIF_UPDATE] = { { PROTECTED, PROTECTED, NONE }, PERF_WRITES_ALL },
	[SVA_OP_CACHE_FLUSH] = { { NONE, PLAIN, NONE }, PERF_WRITES_NOTHING },
};

enum perf_writes
perf_op_writes(enum sva_opcode op)
{
	return table[op].writes;
}

bool
perf_op_is_dif(enum sva_opcode op)
{
	return op >= SVA_OP_DIF_CHECK && op <= SVA_OP_DIF_UPDATE;
}

bool
perf_op_is_delta(enum sva_opcode op)
{
	return op == SVA_OP_DELTA_CREATE || op == SVA_OP_DELTA_APPLY;
}

bool
perf_op_finds_dif(enum sva_opcode op)
{
	return table[op].operand[PERF_SRC] == PROTECTED;
}

bool
perf_op_has_size(enum sva_opcode op)
{
	return table[op].operand[PERF_SRC] != NONE || table[op].operand[PERF_DST] != NONE;
}

static size_t
length(enum length length, const struct perf_options *opts, size_t size)
{
	switch (length) {
	case PLAIN: return size;
	case PROTECTED: return size + size / opts->dif_block * PERF_DIF_BYTES;
	case RECORD: return perf_delta_words(size, opts->delta) * PERF_DELTA_BYTES;
	case ROOM:
		size = size / 8 * PERF_DELTA_BYTES;
		return size < DELTA_MIN_ROOM ? DELTA_MIN_ROOM : size;
	default: return 0;
	}
}

void
perf_op_shape(enum sva_opcode op, const struct perf_options *opts, size_t size,
	      struct perf_shape *shape)
{
	unsigned int i;

	for (i = 0; i < PERF_NB_OPERANDS; i++)
		shape->len[i] = length(table[op].operand[i], opts, size);
	shape->bytes = table[op].operand[PERF_SRC] == NONE ? size : shape->len[PERF_SRC];
	shape->made = op == SVA_OP_DELTA_CREATE ? length(RECORD, opts, size) :
						   shape->len[PERF_DST];
}

/* Sizes are multiples of it. */
static uint64_t
unit(enum sva_opcode op, const struct perf_options *opts)
{
	return perf_op_is_dif(op) ? opts->dif_block : perf_op_is_delta(op) ? 8 : 1;
}

/* The greatest size whose operands the device transfers at once. */
static uint64_t
greatest(enum sva_opcode op, const struct perf_session *s)
{
	uint64_t most = s->info.max_transfer, block = s->opts->dif_block;

	if (perf_op_finds_dif(op))
		return most / (block + PERF_DIF_BYTES) * block;
	if (!perf_op_is_delta(op))
		return most;
	most = most / PERF_DELTA_BYTES * 8;
	return most < DELTA_MAX_SIZE ? most : DELTA_MAX_SIZE;
}

/* What of the options an operation on delta records cannot have. */
static bool
delta_goes(enum sva_opcode op, const struct perf_options *opts, char *why)
{
	const struct {
		const char *name;
		uint64_t value;
	} multiples[] = {
		{ "--offset-dst", opts->offset_dst }, { "--stride-dst", opts->stride_dst },
		{ "--offset-src", opts->offset_src }, { "--stride-src", opts->stride_src },
	};
	/* A record may lie anywhere. */
	unsigned int i, n = op == SVA_OP_DELTA_APPLY ? 2 : 4;

	if (op == SVA_OP_DELTA_APPLY && opts->delta == 0) {
		snprintf(why, PERF_WHY, "--delta: a record without a difference cannot be applied: "
			 "give at least 1");
		return false;
	}
	for (i = 0; i < n; i++) {
		if (multiples[i].value % 8 == 0)
			continue;
		snprintf(why, PERF_WHY, "%s: %" PRIu64 " is not a multiple of 8, as %s needs it",
			 multiples[i].name, multiples[i].value, sva_op_name(op));
		return false;
	}
	return true;
}

/* Whether an operation can have a size; if not, why. */
static bool
goes(enum sva_opcode op, const struct perf_session *s, uint64_t size, char *why)
{
	const struct perf_options *opts = s->opts;
	enum length src = table[op].operand[PERF_SRC];
	struct perf_shape shape;

	if (s->input.base != NULL && src != NONE && src != PLAIN) {
		snprintf(why, PERF_WHY, "--input: the source of %s must be %s, which a file is not",
			 sva_op_name(op), src == RECORD ? "a delta record" :
							  "protected as sva-perf does it");
		return false;
	}
	if (perf_op_is_delta(op) && !delta_goes(op, opts, why))
		return false;
	if (size % unit(op, opts) != 0) {
		snprintf(why, PERF_WHY, "--size: %" PRIu64 " is not a multiple of %" PRIu64
			 ", %s", size, unit(op, opts), perf_op_is_dif(op) ?
			 "the bytes of a DIF block: use one, or another --dif-block" :
			 "the words of a delta record: use one");
		return false;
	}
	if (size > greatest(op, s)) {
		snprintf(why, PERF_WHY, "--size: %" PRIu64 " bytes are more than the %" PRIu64
			 " that %s can have on %s: use smaller ones", size, greatest(op, s),
			 sva_op_name(op), s->info.name);
		return false;
	}
	perf_op_shape(op, opts, size, &shape);
	return perf_strides_fit(opts, &shape, why);
}

/* A default size as the operation can have it. */
static uint64_t
adapt(enum sva_opcode op, const struct perf_session *s, uint64_t size)
{
	uint64_t by = unit(op, s->opts), most = greatest(op, s) / by * by;

	size = (size + by - 1) / by * by;
	return size < most ? size : most;
}

/*
 * The sizes of an operation, in order: of those that were given the ones that it can have, of
 * the defaults all, as it can have them. `why` is the first that it cannot have, or "".
 */
void
perf_sizes(enum sva_opcode op, const struct perf_session *s, struct app_list *sizes,
	   char why[PERF_WHY])
{
	const struct app_list *from = &s->opts->sizes;
	bool given = perf_given(s->opts, OPT_SIZE);
	char again[PERF_WHY];
	unsigned int i;

	sizes->n = 0;
	why[0] = '\0';
	if (!perf_op_has_size(op)) {
		sizes->value[sizes->n++] = 0;
		return;
	}
	for (i = 0; i < from->n; i++) {
		uint64_t size = given ? from->value[i] : adapt(op, s, from->value[i]);

		if (!given && sizes->n != 0 && sizes->value[sizes->n - 1] == size)
			continue;
		if (goes(op, s, size, why[0] == '\0' ? why : again))
			sizes->value[sizes->n++] = size;
	}
}
