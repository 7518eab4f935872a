/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Operations for tests, to be given to the device or done by the CPU.
 */
#ifndef TEST_ACCEL_WORK_H
#define TEST_ACCEL_WORK_H

#include <errno.h>
#include <string.h>

#include <isa-l/crc.h>

#include <sva_accel.h>

#define TEST_DELTA 10u	/* bytes of one difference in a record */

/* One operation. */
struct test_work {
	enum sva_opcode op;
	uint32_t flags;
	uint8_t *dst;		/* or second operand of a compare */
	uint8_t *dst2;		/* or delta record that is created */
	uint8_t *src;		/* or delta record that is applied */
	size_t len;
	uint64_t pattern;
	uint32_t seed;
	uint32_t record;	/* bytes of a delta record, at most or all */
	uint32_t format;	/* of DIF blocks */
	struct sva_dif from, to;
	uint64_t cookie;
};

/* Accept it; the job number or -errno. */
static inline int
test_enqueue(struct sva_queue *q, const struct test_work *w)
{
	switch (w->op) {
	case SVA_OP_NOP:
		return sva_nop(q, w->cookie, w->flags);
	case SVA_OP_COPY:
		return sva_copy(q, w->dst, w->src, w->len, w->cookie, w->flags);
	case SVA_OP_FILL:
		return sva_fill(q, w->dst, w->pattern, w->len, w->cookie, w->flags);
	case SVA_OP_COMPARE:
		return sva_compare(q, w->src, w->dst, w->len, w->cookie, w->flags);
	case SVA_OP_COMPARE_PATTERN:
		return sva_compare_pattern(q, w->src, w->pattern, w->len, w->cookie, w->flags);
	case SVA_OP_CRC32C:
		return sva_crc32c(q, w->src, w->len, w->seed, w->cookie, w->flags);
	case SVA_OP_COPY_CRC32C:
		return sva_copy_crc32c(q, w->dst, w->src, w->len, w->seed, w->cookie, w->flags);
	case SVA_OP_DUALCAST:
		return sva_dualcast(q, w->dst, w->dst2, w->src, w->len, w->cookie, w->flags);
	case SVA_OP_DRAIN:
		return sva_drain(q, w->cookie, w->flags);
	case SVA_OP_DELTA_CREATE:
		return sva_delta_create(q, w->src, w->dst, w->len, w->dst2, w->record, w->cookie,
					w->flags);
	case SVA_OP_DELTA_APPLY:
		return sva_delta_apply(q, w->dst, w->len, w->src, w->record, w->cookie, w->flags);
	case SVA_OP_DIF_CHECK:
		return sva_dif_check(q, w->src, w->len, w->format, &w->from, w->cookie, w->flags);
	case SVA_OP_DIF_INSERT:
		return sva_dif_insert(q, w->dst, w->src, w->len, w->format, &w->to, w->cookie,
				      w->flags);
	case SVA_OP_DIF_STRIP:
		return sva_dif_strip(q, w->dst, w->src, w->len, w->format, &w->from, w->cookie,
				     w->flags);
	case SVA_OP_DIF_UPDATE:
		return sva_dif_update(q, w->dst, w->src, w->len, w->format, &w->from, &w->to,
				      w->cookie, w->flags);
	case SVA_OP_CACHE_FLUSH:
		return sva_cache_flush(q, w->dst, w->len, w->cookie, w->flags);
	default:
		return -EINVAL;
	}
}

/* Bytes of data of a DIF block. */
static inline uint32_t
test_dif_block(uint32_t format)
{
	return (format & 2 ? 4096 : 512) + (format & 1) * 8;
}

/* Whether the blocks of the source have protection information; -1 for other operations. */
static inline int
test_dif_in(enum sva_opcode op)
{
	if (op < SVA_OP_DIF_CHECK || op > SVA_OP_DIF_UPDATE)
		return -1;
	return op != SVA_OP_DIF_INSERT;
}

/*
 * Any operation; the second destination is 32 KiB beyond the first. A length below 32 KiB
 * becomes one that the operation can have; zeroes are good records and good blocks.
 */
static inline int
test_enqueue_any(struct sva_queue *q, unsigned int op, uint8_t *dst, uint8_t *src, size_t len,
		 uint32_t flags)
{
	struct test_work w = {
		.op = (enum sva_opcode)op, .flags = flags, .dst = dst, .dst2 = dst + 32768,
		.src = src, .len = len, .record = op == SVA_OP_DELTA_APPLY ? TEST_DELTA : 80,
	};

	if (len != 0 && len < 32768 && (op == SVA_OP_DELTA_CREATE || op == SVA_OP_DELTA_APPLY))
		w.len = (len + 7) & ~(size_t)7;
	if (len != 0 && len < 32768 && test_dif_in(w.op) >= 0)
		w.len = test_dif_in(w.op) ? 520 : 512;
	return test_enqueue(q, &w);
}

/* CRC-32C by the CPU, with sva_crc32c()'s meaning of a seed. */
static inline uint32_t
test_crc32c(const void *data, size_t len, uint32_t seed)
{
	return ~crc32_iscsi((unsigned char *)(uintptr_t)data, (int)len, ~seed);
}

static inline void
test_cpu_fill(uint8_t *dst, uint64_t pattern, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		dst[i] = (uint8_t)(pattern >> i % 8 * 8);
}

static inline size_t
test_cpu_mismatch(const uint8_t *a, const uint8_t *b, uint64_t pattern, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (a[i] != (b != NULL ? b[i] : (uint8_t)(pattern >> i % 8 * 8)))
			break;
	return i;
}

static inline void
test_cpu_delta_create(const struct test_work *w, struct sva_result *r)
{
	uint32_t at, used = 0;

	for (at = 0; at < w->len; at += 8) {
		if (memcmp(w->src + at, w->dst + at, 8) == 0)
			continue;
		if (used + TEST_DELTA > w->record) {
			r->status = SVA_DELTA_ERROR;
			r->bytes = at;
			break;
		}
		w->dst2[used] = (uint8_t)(at / 8);
		w->dst2[used + 1] = (uint8_t)(at / 8 >> 8);
		memcpy(w->dst2 + used + 2, w->dst + at, 8);
		used += TEST_DELTA;
	}
	r->value = used;
}

static inline void
test_cpu_delta_apply(const struct test_work *w, struct sva_result *r)
{
	int64_t last = -1;
	uint32_t i;

	r->bytes = w->record;
	for (i = 0; i < w->record; i += TEST_DELTA) {
		int64_t word = w->src[i] | w->src[i + 1] << 8;

		if (word <= last || word * 8 >= (int64_t)w->len) {
			r->status = SVA_DELTA_ERROR;
			r->bytes = i;
			return;
		}
		memcpy(w->dst + word * 8, w->src + i + 2, 8);
		last = word;
	}
}

static inline uint64_t
test_be(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

static inline void
test_put_be(uint8_t *p, uint64_t v, unsigned int bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

static inline uint16_t
test_guard(const uint8_t *block, uint32_t format)
{
	uint16_t seed = format & SVA_DIF_INVERT_SEED ? 0xffff : 0;
	uint16_t crc = crc16_t10dif(seed, block, test_dif_block(format));

	return format & SVA_DIF_INVERT_RESULT ? (uint16_t)~crc : crc;
}

/* Tags of the n-th block. */
static inline uint32_t
test_ref(const struct sva_dif *dif, uint32_t n)
{
	return dif->ref_tag + (dif->flags & SVA_DIF_REF_FIXED ? 0 : n);
}

static inline uint16_t
test_app(const struct sva_dif *dif, uint32_t n)
{
	uint32_t app = dif->app_tag + (dif->flags & SVA_DIF_APP_INCREMENT ? n : 0);

	return (uint16_t)(app & ~(uint32_t)dif->app_mask);
}

/* Write the information that a block ought to have behind it. */
static inline void
test_protect(uint8_t *block, uint32_t format, const struct sva_dif *dif, uint32_t n)
{
	uint8_t *info = block + test_dif_block(format);

	test_put_be(info, test_guard(block, format), 2);
	test_put_be(info + 2, test_app(dif, n), 2);
	test_put_be(info + 4, test_ref(dif, n), 4);
}

/* What is wrong with the n-th block: SVA_DIF_BAD_*. */
static inline uint32_t
test_dif_wrong(const uint8_t *block, uint32_t format, const struct sva_dif *dif, uint32_t n)
{
	const uint8_t *info = block + test_dif_block(format);
	bool app_f = test_be(info + 2, 2) == 0xffff;
	bool tags_f = test_be(info + 2, 6) == 0xffffffffffff;
	bool all_f = test_be(info, 8) == UINT64_MAX;
	uint32_t wrong = 0;

	if (all_f && (dif->flags & SVA_DIF_ALL_F))
		return dif->flags & SVA_DIF_ALL_F_ERROR ? SVA_DIF_BAD_ALL_F : 0;
	if (tags_f && (dif->flags & SVA_DIF_TAGS_F))
		return 0;
	if (app_f && (dif->flags & SVA_DIF_APP_F))
		return 0;
	if (!(dif->flags & SVA_DIF_NO_GUARD) && test_be(info, 2) != test_guard(block, format))
		wrong |= SVA_DIF_BAD_GUARD;
	if (dif->app_mask != 0xffff && test_be(info + 2, 2) != test_app(dif, n))
		wrong |= SVA_DIF_BAD_APP;
	if (!(dif->flags & SVA_DIF_NO_REF) && test_be(info + 4, 4) != test_ref(dif, n))
		wrong |= SVA_DIF_BAD_REF;
	return wrong;
}

static inline void
test_cpu_dif(const struct test_work *w, struct sva_result *r)
{
	uint32_t size = test_dif_block(w->format);
	uint32_t in = size + (test_dif_in(w->op) ? 8 : 0);
	uint8_t *dst = w->dst;
	uint32_t n;

	for (n = 0; n < w->len / in; n++) {
		const uint8_t *block = w->src + n * in;

		if (test_dif_in(w->op)) {
			r->value = test_dif_wrong(block, w->format, &w->from, n);
			if (r->value != 0) {
				r->status = SVA_DIF_ERROR;
				r->bytes = n * in;
				return;
			}
		}
		if (w->op == SVA_OP_DIF_CHECK)
			continue;
		memcpy(dst, block, size);
		if (w->op != SVA_OP_DIF_STRIP)
			test_protect(dst, w->format, &w->to, n);
		if (w->op == SVA_OP_DIF_UPDATE && (w->to.flags & SVA_DIF_PASS_GUARD))
			memcpy(dst + size, block + size, 2);
		if (w->op == SVA_OP_DIF_UPDATE && (w->to.flags & SVA_DIF_PASS_APP))
			memcpy(dst + size + 2, block + size + 2, 2);
		if (w->op == SVA_OP_DIF_UPDATE && (w->to.flags & SVA_DIF_PASS_REF))
			memcpy(dst + size + 4, block + size + 4, 4);
		dst += size + (w->op != SVA_OP_DIF_STRIP ? 8 : 0);
	}
}

/* Do it by the CPU; what the device's result ought to be. */
static inline struct sva_result
test_cpu(const struct test_work *w)
{
	struct sva_result r = { .cookie = w->cookie, .bytes = (uint32_t)w->len };
	size_t at = w->len;

	switch (w->op) {
	case SVA_OP_COPY:
		memmove(w->dst, w->src, w->len);
		break;
	case SVA_OP_FILL:
		test_cpu_fill(w->dst, w->pattern, w->len);
		break;
	case SVA_OP_COMPARE:
		at = test_cpu_mismatch(w->src, w->dst, 0, w->len);
		break;
	case SVA_OP_COMPARE_PATTERN:
		at = test_cpu_mismatch(w->src, NULL, w->pattern, w->len);
		break;
	case SVA_OP_COPY_CRC32C:
		memcpy(w->dst, w->src, w->len);
		/* fall through */
	case SVA_OP_CRC32C:
		r.value = test_crc32c(w->src, w->len, w->seed);
		break;
	case SVA_OP_DUALCAST:
		memcpy(w->dst, w->src, w->len);
		memcpy(w->dst2, w->src, w->len);
		break;
	case SVA_OP_DELTA_CREATE:
		test_cpu_delta_create(w, &r);
		break;
	case SVA_OP_DELTA_APPLY:
		test_cpu_delta_apply(w, &r);
		break;
	case SVA_OP_DIF_CHECK:
	case SVA_OP_DIF_INSERT:
	case SVA_OP_DIF_STRIP:
	case SVA_OP_DIF_UPDATE:
		test_cpu_dif(w, &r);
		break;
	case SVA_OP_CACHE_FLUSH:
		break;
	default:
		r.bytes = 0;
		return r;
	}
	if (at != w->len) {
		r.status = SVA_MISMATCH;
		r.bytes = (uint32_t)at;
		r.value = at;
	}
	return r;
}

/*
 * Change random work into what its operation can have, within 2000 bytes of each operand
 * where `len` was up to 1920: alignment, sizes, blocks and tags.
 */
static inline void
test_shape(struct test_work *w)
{
	uint64_t x = w->pattern;

	if (w->op == SVA_OP_DELTA_CREATE || w->op == SVA_OP_DELTA_APPLY) {
		w->src -= (uintptr_t)w->src % 8;
		w->dst -= (uintptr_t)w->dst % 8;
		w->len = (w->len + 7) & ~(size_t)7;
		w->record = 80 + TEST_DELTA * (uint32_t)(x % 100);
	} else if (test_dif_in(w->op) >= 0) {
		w->format = x & (SVA_DIF_BLOCK_520 | SVA_DIF_INVERT_SEED | SVA_DIF_INVERT_RESULT);
		w->len = (1 + w->len / 641) *
			 (test_dif_block(w->format) + (test_dif_in(w->op) ? 8 : 0));
		w->from = (struct sva_dif){
			.ref_tag = (uint32_t)(x >> 20), .app_tag = (uint16_t)(x >> 10),
			.app_mask = (uint16_t)(x >> 40), .flags = (uint8_t)(x >> 30),
		};
		w->to = (struct sva_dif){
			.ref_tag = (uint32_t)(x >> 25), .app_tag = (uint16_t)(x >> 15),
			.app_mask = (uint16_t)(x >> 5), .flags = (uint8_t)(x >> 45 & 0xf8),
		};
	}
}

/*
 * Put into its source what shaped work is to find there: a delta record or protected
 * blocks, now and then a wrong one.
 */
static inline void
test_prepare(const struct test_work *w)
{
	uint32_t size = test_dif_block(w->format), i;
	bool wrong = w->seed % 8 == 0;

	if (w->op == SVA_OP_DELTA_CREATE && w->seed % 2 == 0) {
		/* Few differences, which fit. */
		memcpy(w->dst, w->src, w->len);
		for (i = 0; i < w->len; i += 8 * (1 + w->seed % 61))
			w->dst[i]++;
	}
	for (i = 0; w->op == SVA_OP_DELTA_APPLY && i < w->record; i += TEST_DELTA) {
		w->src[i] = (uint8_t)(i / TEST_DELTA - (wrong && i == 30));
		w->src[i + 1] = 0;
	}
	for (i = 0; test_dif_in(w->op) == 1 && i < w->len / (size + 8); i++)
		test_protect(w->src + i * (size + 8), w->format, &w->from, i);
	if (test_dif_in(w->op) == 1 && wrong)
		w->src[(w->seed >> 8) % w->len] ^= 4;
}

#endif
