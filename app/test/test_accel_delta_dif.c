/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Delta records, protection information and cache flushes against the CPU.
 */
#include "test_accel_bad.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARENA (1u << 20)
#define MAX_DELTA (512u << 10)

static uint8_t *src, *dst, *dst2, *cpu_dst, *cpu_dst2;
static uint64_t seed = 7;

static int
begin(void **state)
{
	src = test_pages(ARENA / TEST_PAGE);
	dst = test_pages(ARENA / TEST_PAGE);
	dst2 = test_pages(ARENA / TEST_PAGE);
	cpu_dst = test_pages(ARENA / TEST_PAGE);
	cpu_dst2 = test_pages(ARENA / TEST_PAGE);
	test_fill_random(src, ARENA, 1);
	return test_begin(state);
}

static int
end(void **state)
{
	int ret = test_end(state);

	munmap(src, ARENA);
	munmap(dst, ARENA);
	munmap(dst2, ARENA);
	munmap(cpu_dst, ARENA);
	munmap(cpu_dst2, ARENA);
	return ret;
}

/* How much of an arena to look at: all, or where it takes too long, what is near the work. */
static size_t
watched(const struct test_work *w)
{
	size_t far = (size_t)(w->dst - dst) + (size_t)(w->dst2 - dst2) + 2 * w->len + w->record +
		     65536;

	return test_emulated() || far > ARENA ? ARENA : far;
}

/* Run it on the device, and by the CPU on copies of what is written. */
static struct sva_result
run(struct sva_queue *q, struct test_work *w)
{
	struct test_work cpu = *w;
	struct sva_result r, expected;
	size_t len = watched(w);

	w->cookie = cpu.cookie = test_random(&seed);
	memcpy(cpu_dst, dst, len);
	memcpy(cpu_dst2, dst2, len);
	cpu.dst = cpu_dst + (w->dst - dst);
	cpu.dst2 = cpu_dst2 + (w->dst2 - dst2);
	expected = test_cpu(&cpu);
	assert_true(test_enqueue(q, w) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
	assert_int_equal(memcmp(dst, cpu_dst, len), 0);
	assert_int_equal(memcmp(dst2, cpu_dst2, len), 0);
	return r;
}

static struct test_work
work(enum sva_opcode op, size_t len)
{
	return (struct test_work){
		.op = op, .src = src, .dst = dst, .dst2 = dst2, .len = len, .record = 80,
	};
}

/* What the device must refuse, with its status, without touching anything. */
static void
refused(struct sva_queue *q, const struct test_work *w, unsigned int device_status)
{
	struct sva_result r, expected = { .cookie = w->cookie, .status = SVA_INVALID };
	size_t len = watched(w);

	memcpy(cpu_dst, dst, len);
	memcpy(cpu_dst2, dst2, len);
	assert_true(test_enqueue(q, w) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
	assert_int_equal(r.device_status, device_status);
	assert_int_equal(memcmp(dst, cpu_dst, len), 0);
	assert_int_equal(memcmp(dst2, cpu_dst2, len), 0);
}

static void
delta_equal(void **state)
{
	static const size_t lengths[] = { 8, 16, 80, 4096, 16384, 100000, MAX_DELTA };
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t i;

	(void)state;
	memcpy(dst, src, ARENA);
	for (i = 0; i < COUNT(lengths); i++) {
		struct test_work w = work(SVA_OP_DELTA_CREATE, lengths[i]);
		struct sva_result r = run(q, &w);

		assert_int_equal(r.status, SVA_OK);
		assert_int_equal(r.value, 0);
		assert_int_equal(r.bytes, lengths[i]);
		/* Beyond the range it does not matter. */
		dst[lengths[i]]++;
		assert_int_equal(run(q, &w).value, 0);
		dst[lengths[i]]--;
	}
}

/* Ten bytes for each word that differs, wherever in it; applied, they make the second. */
static void
delta_round_trip(void **state)
{
	static const size_t lengths[] = { 8, 80, 4096, 8200, 16384, 65536, MAX_DELTA };
	static const unsigned int every[] = { 1, 2, 7, 100, 5000 };
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t i, j, at;

	(void)state;
	for (i = 0; i < COUNT(lengths); i++) {
		for (j = 0; j < COUNT(every); j++) {
			struct test_work w = work(SVA_OP_DELTA_CREATE, lengths[i]);
			uint32_t words = 0;
			struct sva_result r;

			memcpy(dst, src, ARENA);
			for (at = 0; at < w.len; at += 8) {
				if (test_random(&seed) % every[j] != 0)
					continue;
				dst[at + test_random(&seed) % 8] ^= 0x40;
				words++;
			}
			w.record = words < 8 ? 80 : words * TEST_DELTA;
			r = run(q, &w);
			assert_int_equal(r.status, SVA_OK);
			assert_int_equal(r.value, words * TEST_DELTA);
			if (words == 0)
				continue;
			assert_true(sva_delta_apply(q, src, w.len, dst2, (uint32_t)r.value, 1,
						    0) >= 0);
			r = test_one(q);
			assert_int_equal(r.status, SVA_OK);
			assert_int_equal(r.bytes, words * TEST_DELTA);
			assert_int_equal(r.value, 0);
			assert_int_equal(memcmp(src, dst, ARENA), 0);
		}
	}
}

/* One difference more than the record holds, and many more. */
static void
delta_overflow(void **state)
{
	static const uint32_t records[] = { 80, 90, 1000, 4090, 10000, 163840 };
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t i, more, k;

	(void)state;
	for (i = 0; i < COUNT(records); i++) {
		for (more = 0; more < 3; more++) {
			struct test_work w = work(SVA_OP_DELTA_CREATE, MAX_DELTA);
			uint32_t fit = records[i] / TEST_DELTA;
			struct sva_result r;

			memcpy(dst, src, ARENA);
			for (k = 0; k < fit + more * more; k++)
				dst[k * 24]++;
			w.record = records[i];
			r = run(q, &w);
			assert_int_equal(r.status, more ? SVA_DELTA_ERROR : SVA_OK);
			assert_int_equal(r.value, records[i]);
			assert_int_equal(r.bytes, more ? fit * 24 : w.len);
		}
	}
}

static void
put_delta(uint8_t *record, unsigned int i, unsigned int word)
{
	record[i * TEST_DELTA] = (uint8_t)word;
	record[i * TEST_DELTA + 1] = (uint8_t)(word >> 8);
}

/* Records that are none: out of order, twice the same, beyond the end. */
static void
delta_bad_record(void **state)
{
	static const struct {
		unsigned int at, word, device_status;
	} bad[] = {
		{ 5, 4, 0x07 }, { 5, 0, 0x07 }, { 99, 98, 0x07 }, { 1, 0, 0x07 },
		{ 99, 200, 0x08 }, { 99, 0xffff, 0x08 }, { 0, 200, 0x08 }, { 50, 1000, 0x08 },
	};
	struct sva_queue *q = test_queue(test_open(NULL));
	unsigned int i, k;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		struct test_work w = work(SVA_OP_DELTA_APPLY, 1600);
		struct sva_result r;

		for (k = 0; k < 100; k++)
			put_delta(src, k, k);
		w.record = 100 * TEST_DELTA;
		assert_int_equal(run(q, &w).status, SVA_OK);
		memset(dst, 0, 1600);
		put_delta(src, bad[i].at, bad[i].word);
		r = run(q, &w);
		assert_int_equal(r.status, SVA_DELTA_ERROR);
		assert_int_equal(r.device_status, bad[i].device_status);
		assert_int_equal(r.bytes, bad[i].at * TEST_DELTA);
	}
	/* The last word is not beyond it. */
	for (k = 0; k < 10; k++)
		put_delta(src, k, 190 + k);
	assert_true(sva_delta_apply(q, dst, 1600, src, 100, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
}

static void
delta_refused(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	unsigned int op, i;

	(void)state;
	for (op = SVA_OP_DELTA_CREATE; op <= SVA_OP_DELTA_APPLY; op++) {
		struct test_work w = work((enum sva_opcode)op, 800);

		for (i = 1; i < 8; i++) {
			w.len = 800 + i;
			refused(q, &w, 0x1c);
			w.len = 800;
			w.dst = dst + i;
			refused(q, &w, 0x1c);
			w.dst = dst;
			w.src = src + i;
			if (op == SVA_OP_DELTA_CREATE)
				refused(q, &w, 0x1c);
			w.src = src;
		}
		w.len = MAX_DELTA + 8;
		refused(q, &w, 0x13);
		/* The record inside of what it is about. */
		w = work((enum sva_opcode)op, 800);
		w.dst2 = dst + 792;
		w.src = op == SVA_OP_DELTA_CREATE ? src : dst + 792;
		refused(q, &w, 0x16);
		w.dst2 = op == SVA_OP_DELTA_CREATE ? src + 792 : dst2;
		w.src = op == SVA_OP_DELTA_CREATE ? src : dst + 8;
		refused(q, &w, 0x16);
	}
	for (i = 0; i < 80; i++) {
		struct test_work w = work(SVA_OP_DELTA_CREATE, 800);

		w.record = i;
		refused(q, &w, 0x15);
		w.op = SVA_OP_DELTA_APPLY;
		if (i % TEST_DELTA != 0 || i == 0)
			refused(q, &w, 0x15);
	}
}

static size_t
dif_len(const struct test_work *w, unsigned int blocks)
{
	return blocks * (test_dif_block(w->format) + (test_dif_in(w->op) ? 8 : 0));
}

/* Insert, check, update to other tags, check, strip: the data is as it was. */
static void
dif_round_trip(void **state)
{
	static const unsigned int counts[] = { 1, 2, 3, 17, 70 };
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_dif one = { .ref_tag = 0xfffffffe, .app_tag = 0xfffd, .app_mask = 0x00f0 };
	struct sva_dif two = { .ref_tag = 77, .app_tag = 0x1234 };
	unsigned int format, i, fixed;
	uint8_t *middle = src + ARENA / 2;

	(void)state;
	for (format = 0; format < 16; format++) {
		for (i = 0; i < COUNT(counts); i++) {
			struct test_work w = work(SVA_OP_DIF_INSERT, 0);

			fixed = (format + i) % 2;
			one.flags = fixed ? SVA_DIF_REF_FIXED : SVA_DIF_APP_INCREMENT;
			two.flags = fixed ? SVA_DIF_APP_INCREMENT : SVA_DIF_REF_FIXED;
			w.format = format;
			w.from = w.to = one;
			w.len = dif_len(&w, counts[i]);
			if (w.len > ARENA / 2 - 1000)
				continue;
			assert_int_equal(run(q, &w).status, SVA_OK);
			w.op = SVA_OP_DIF_CHECK;
			w.len = dif_len(&w, counts[i]);
			memcpy(middle, dst, w.len);
			w.src = middle;
			assert_int_equal(run(q, &w).status, SVA_OK);
			w.op = SVA_OP_DIF_UPDATE;
			w.to = two;
			assert_int_equal(run(q, &w).status, SVA_OK);
			memcpy(middle, dst, w.len);
			/* The tags are others now. */
			w.op = SVA_OP_DIF_CHECK;
			assert_int_equal(run(q, &w).status, SVA_DIF_ERROR);
			w.op = SVA_OP_DIF_STRIP;
			w.from = two;
			assert_int_equal(run(q, &w).status, SVA_OK);
			assert_int_equal(memcmp(dst, src, counts[i] * test_dif_block(format)), 0);
		}
	}
}

/* The information as its standard has it: big-endian, guard, application and reference. */
static void
dif_bytes(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_dif dif = { .ref_tag = 0x01020304, .app_tag = 0xabcd, .app_mask = 0x000f };
	/* The CRC of zeroes is 0, unless its seed is all ones. */
	static const uint8_t expected[8] = { 0, 0, 0xab, 0xc0, 1, 2, 3, 4 };

	(void)state;
	memset(src, 0, 512);
	assert_true(sva_dif_insert(q, dst, src, 512, SVA_DIF_BLOCK_512, &dif, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_memory_equal(dst + 512, expected, 8);
	assert_true(sva_dif_insert(q, dst, src, 512, SVA_DIF_INVERT_RESULT, &dif, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_int_equal(test_be(dst + 512, 2), 0xffff);
	assert_true(sva_dif_insert(q, dst, src, 512, SVA_DIF_INVERT_SEED, &dif, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_int_not_equal(test_be(dst + 512, 2), 0);
	memset(src, 0xff, 512);
	assert_true(sva_dif_insert(q, dst, src, 512, SVA_DIF_BLOCK_512, &dif, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_int_equal(test_be(dst + 512, 2), test_guard(src, 0));
}

/* One field wrong, in one block: which block and which field. */
static void
dif_errors(void **state)
{
	static const enum sva_opcode ops[] = { SVA_OP_DIF_CHECK, SVA_OP_DIF_STRIP,
					       SVA_OP_DIF_UPDATE };
	static const struct {
		unsigned int byte;	/* behind the data; 8: in the data */
		uint32_t value;
		uint8_t off;		/* flag that tolerates it; 0: a mask of ones does */
	} fields[] = {
		{ 0, SVA_DIF_BAD_GUARD, SVA_DIF_NO_GUARD },
		{ 1, SVA_DIF_BAD_GUARD, SVA_DIF_NO_GUARD },
		{ 2, SVA_DIF_BAD_APP, 0 }, { 3, SVA_DIF_BAD_APP, 0 },
		{ 4, SVA_DIF_BAD_REF, SVA_DIF_NO_REF }, { 7, SVA_DIF_BAD_REF, SVA_DIF_NO_REF },
		{ 8, SVA_DIF_BAD_GUARD, SVA_DIF_NO_GUARD },
	};
	struct sva_queue *q = test_queue(test_open(NULL));
	unsigned int format, f, o, bad, n;

	(void)state;
	for (format = 0; format < 4; format++) {
		for (f = 0; f < COUNT(fields) * COUNT(ops); f++) {
			struct test_work w = work(ops[f % COUNT(ops)], 0);
			uint32_t size = test_dif_block(format);
			struct sva_result r;
			uint8_t *at;

			o = f / COUNT(ops);
			bad = (f + format) % 5;
			w.format = format;
			w.len = dif_len(&w, 5);
			w.from = (struct sva_dif){ .ref_tag = f, .app_tag = 0x4321 };
			for (n = 0; n < 5; n++)
				test_protect(src + n * (size + 8), format, &w.from, n);
			at = src + bad * (size + 8) + (fields[o].byte == 8 ? 100 :
						       size + fields[o].byte);
			*at ^= 0x10;
			r = run(q, &w);
			assert_int_equal(r.status, SVA_DIF_ERROR);
			assert_int_equal(r.device_status, 0x09);
			assert_int_equal(r.value, fields[o].value);
			assert_int_equal(r.bytes, bad * (size + 8));
			w.from.flags = fields[o].off;
			if (fields[o].off == 0)
				w.from.app_mask = 0xffff;
			r = run(q, &w);
			assert_int_equal(r.status, SVA_OK);
			assert_int_equal(r.bytes, w.len);
			/* All of it at once. */
			w.from = (struct sva_dif){ .ref_tag = f + 1, .app_tag = 1 };
			src[10] ^= 1;
			r = run(q, &w);
			assert_int_equal(r.value, SVA_DIF_BAD_REF | SVA_DIF_BAD_GUARD |
						  SVA_DIF_BAD_APP);
			assert_int_equal(r.bytes, 0);
		}
	}
}

/* Tags of all ones mean that a block is not protected: what that takes. */
static void
dif_all_ones(void **state)
{
	static const uint8_t flags[] = {
		0, SVA_DIF_ALL_F, SVA_DIF_APP_F, SVA_DIF_TAGS_F,
		SVA_DIF_ALL_F | SVA_DIF_ALL_F_ERROR,
		SVA_DIF_ALL_F | SVA_DIF_ALL_F_ERROR | SVA_DIF_APP_F | SVA_DIF_TAGS_F,
	};
	/* Bytes of ones behind the data: from the application tag on, 2, 6, or all 8. */
	static const unsigned int ones[3][2] = { { 2, 2 }, { 2, 6 }, { 0, 8 } };
	const uint32_t bad = SVA_DIF_BAD_GUARD | SVA_DIF_BAD_APP | SVA_DIF_BAD_REF;
	static const bool good[COUNT(flags)][3] = {
		{ false, false, false }, { false, false, true }, { true, true, true },
		{ false, true, true }, { false, false, false }, { true, true, false },
	};
	struct sva_queue *q = test_queue(test_open(NULL));
	unsigned int i, k;

	(void)state;
	for (i = 0; i < COUNT(flags); i++) {
		for (k = 0; k < 3; k++) {
			struct test_work w = work(SVA_OP_DIF_CHECK, 520);
			struct sva_result r;

			memset(src + 512, 0x5a, 8);
			memset(src + 512 + ones[k][0], 0xff, ones[k][1]);
			w.from.flags = flags[i];
			r = run(q, &w);
			assert_int_equal(r.status, good[i][k] ? SVA_OK : SVA_DIF_ERROR);
			if (good[i][k])
				assert_int_equal(r.value, 0);
			else
				assert_int_equal(r.value, k == 2 && (flags[i] & SVA_DIF_ALL_F) ?
						 SVA_DIF_BAD_ALL_F : bad);
		}
	}
}

/* Random tags, flags and blocks, some of them wrong. */
static void
dif_random(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	unsigned int i, wrong = 0, n = test_rounds(1500);

	(void)state;
	for (i = 0; i < n; i++) {
		struct test_work w = work((enum sva_opcode)(SVA_OP_DIF_CHECK + i % 4),
					  1 + test_random(&seed) % 9000);

		w.pattern = (uint64_t)test_random(&seed) << 32 | test_random(&seed);
		w.seed = test_random(&seed);
		test_shape(&w);
		if (i % 3 == 0) {
			w.format |= SVA_DIF_BLOCK_4096;
			w.len = dif_len(&w, 1 + i % 3);
		}
		test_prepare(&w);
		if (i % 16 == 9)
			memset(src + w.len - 8 + i / 16 % 3, 0xff, 8 - i / 16 % 3);
		wrong += run(q, &w).status != SVA_OK;
		test_fill_random(src, 4096, i);
	}
	assert_true(wrong > n / 37 && wrong < n / 3 * 2);
}

static void
dif_refused(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	unsigned int op, format, i;

	(void)state;
	for (op = SVA_OP_DIF_CHECK; op <= SVA_OP_DIF_UPDATE; op++) {
		struct test_work w = work((enum sva_opcode)op, 0);

		for (format = 0; format < 4; format++) {
			w.format = format;
			for (i = 1; i < 9; i++) {
				w.len = dif_len(&w, 3) + i;
				refused(q, &w, 0x13);
				w.len = dif_len(&w, 3) - i;
				refused(q, &w, 0x13);
				w.len = i;
				refused(q, &w, 0x13);
			}
		}
		w.format = 0;
		w.len = dif_len(&w, 2);
		for (i = 4; i < 32; i++) {
			w.format = 1u << i;
			refused(q, &w, 0x12);
		}
		w.format = 0;
		for (i = 0; i < 3; i++) {
			w.to.flags = (uint8_t)(1u << i);
			if (op == SVA_OP_DIF_INSERT || op == SVA_OP_DIF_UPDATE)
				refused(q, &w, 0x12);
		}
		w.to.flags = 0;
		if (op == SVA_OP_DIF_CHECK)
			continue;
		w.src = dst + 512;
		refused(q, &w, 0x16);
	}
}

static void
cache_flush(void **state)
{
	static const size_t lengths[] = { 1, 63, 64, 65, 4096, 5000, ARENA - 4096 };
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t i, at;

	(void)state;
	test_fill_random(dst, ARENA, 3);
	for (i = 0; i < COUNT(lengths); i++) {
		for (at = 0; at < 4096; at += 819) {
			struct test_work w = work(SVA_OP_CACHE_FLUSH, lengths[i]);
			struct sva_result r;

			w.dst = dst + at;
			w.flags = at % 2 ? SVA_FENCE | SVA_TO_CACHE : 0;
			r = run(q, &w);
			assert_int_equal(r.status, SVA_OK);
			assert_int_equal(r.bytes, lengths[i]);
		}
	}
}

/* Memory with the given content of which only the first bytes are present. */
static uint8_t *
absent(const uint8_t *content, size_t there)
{
	int fd = memfd_create("absent", MFD_CLOEXEC);
	uint8_t *p;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, ARENA), ARENA);
	p = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	assert_true(p != MAP_FAILED);
	assert_int_equal(madvise(p + there, ARENA - there, MADV_DONTNEED), 0);
	close(fd);
	return p;
}

/* As run(), but little is there when the device comes. How many faults it met. */
static uint64_t
run_absent(struct sva_queue *q, struct test_work w, size_t there)
{
	struct test_work cpu = w;
	uint8_t *from = absent(src, there), *to = absent(dst, there);
	uint8_t *to2 = absent(dst2, there);
	struct sva_queue_stats stats;
	struct sva_result r, expected;

	expected = test_cpu(&cpu);
	w.src = from + (w.src - src);
	w.dst = to + (w.dst - dst);
	w.dst2 = to2 + (w.dst2 - dst2);
	assert_int_equal(sva_queue_stats_reset(q), 0);
	assert_true(test_enqueue(q, &w) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
	assert_int_equal(memcmp(to, dst, ARENA), 0);
	assert_int_equal(memcmp(to2, dst2, ARENA), 0);
	munmap(from, ARENA);
	munmap(to, ARENA);
	munmap(to2, ARENA);
	assert_int_equal(sva_queue_stats(q, &stats), 0);
	assert_int_equal(stats.resumed, stats.faults);
	return stats.faults;
}

static void
absent_memory(void **state)
{
	static const size_t lengths[] = { 8, 4096, 20000, 100000, MAX_DELTA };
	struct sva_queue *q;
	unsigned int op, i, format;

	(void)state;
	TEST_NEEDS_REPORTING();
	q = test_queue(test_open(test_reporting()));
	for (i = 0; i < COUNT(lengths); i++) {
		struct test_work w = work(SVA_OP_DELTA_CREATE, lengths[i]);
		size_t at;

		w.src = src + 4000;
		w.dst = dst + 4088;
		w.dst2 = dst2 + 4090;
		memcpy(w.dst, w.src, w.len);
		for (at = 0; at < w.len; at += 8 * (1 + i))
			w.dst[at]++;
		w.record = (uint32_t)(w.len / 8 / (1 + i) + 8) * TEST_DELTA;
		if (w.record > ARENA - 5000)
			w.record = (ARENA - 5000) / TEST_DELTA * TEST_DELTA;
		assert_true(run_absent(q, w, 0) >= 3);
		/* It is applied as it is now. */
		w.op = SVA_OP_DELTA_APPLY;
		w.record = (uint32_t)((w.len / 8 + i) / (1 + i)) * TEST_DELTA;
		memcpy(src + 6, dst2 + 4090, w.record);
		w.src = src + 6;
		memset(w.dst, 0, w.len);
		assert_true(run_absent(q, w, 0) >= 2);
	}
	for (op = SVA_OP_DIF_CHECK; op <= SVA_OP_DIF_UPDATE; op++) {
		for (format = 0; format < 16; format++) {
			struct test_work w = work((enum sva_opcode)op, 0);
			uint32_t size = test_dif_block(format);

			w.src = src + 4000;
			w.dst = dst + 4090;
			w.format = format;
			w.len = dif_len(&w, 40);
			w.from = (struct sva_dif){ .ref_tag = 5, .app_tag = 6,
						   .flags = SVA_DIF_APP_INCREMENT };
			w.to = (struct sva_dif){ .ref_tag = 9, .app_tag = 0x44, .app_mask = 0xf0 };
			test_fill_random(src, ARENA / 4, format);
			for (i = 0; test_dif_in(w.op) && i < 40; i++)
				test_protect(w.src + i * (size + 8), format, &w.from, i);
			assert_true(run_absent(q, w, 0) >= 1);
			/* Blocks are done before the fault. */
			assert_true(run_absent(q, w, 4 * TEST_PAGE) >= 1);
			/* An error beyond pages that were not there. */
			w.src[w.len - 3 * (size + 8) - 1] ^= 1;
			assert_true(run_absent(q, w, 4 * TEST_PAGE) >= 1);
		}
	}
	assert_true(run_absent(q, work(SVA_OP_CACHE_FLUSH, ARENA), TEST_PAGE) >= 1);
}

/* One operand runs into a page that is not mapped. */
static void
unmapped(struct sva_queue *q, struct test_work w, const uint8_t *operand, uint32_t before,
	 uint32_t bytes, bool write)
{
	uint8_t *p = bad_after_good(UNMAPPED);
	struct sva_result r, expected = { .cookie = 3, .status = SVA_FAULT, .bytes = bytes };

	w.cookie = 3;
	memcpy(p + GOOD - before, operand, before);
	if (w.src == operand)
		w.src = p + GOOD - before;
	else if (w.dst == operand)
		w.dst = p + GOOD - before;
	else
		w.dst2 = p + GOOD - before;
	assert_true(test_enqueue(q, &w) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
	assert_int_equal(r.fault_addr >> 12, (uintptr_t)(p + GOOD) >> 12);
	assert_int_equal(r.write_fault, write);
	munmap(p, GOOD);
}

static void
faults(void **state)
{
	struct sva_device *dev = test_open(NULL);
	unsigned int policy, op, i;

	(void)state;
	for (policy = SVA_FAULT_RESUME; policy <= SVA_FAULT_REPORT; policy++) {
		struct sva_queue *q = test_queue_conf(dev, 0, 0, (enum sva_fault_policy)policy);
		struct test_work w = work(SVA_OP_DELTA_CREATE, 1600);

		memcpy(dst, src, 1600);
		unmapped(q, w, w.src, 800, 800, false);
		unmapped(q, w, w.dst, 808, 808, false);
		for (i = 0; i < 1600; i += 8)
			dst[i]++;
		w.record = 300;
		unmapped(q, w, w.dst2, 95, 72, true);
		w.op = SVA_OP_DELTA_APPLY;
		for (i = 0; i < 30; i++)
			put_delta(src, i, i);
		unmapped(q, w, w.src, 35, 30, false);
		unmapped(q, w, w.dst, 16, 20, true);
		for (op = SVA_OP_DIF_CHECK; op <= SVA_OP_DIF_UPDATE; op++) {
			uint32_t in = op == SVA_OP_DIF_INSERT ? 512 : 520;
			uint32_t out = op == SVA_OP_DIF_STRIP ? 512 : 520;

			w = work((enum sva_opcode)op, 5 * in);
			for (i = 0; i < 5 && in == 520; i++)
				test_protect(src + i * 520, 0, &w.from, i);
			unmapped(q, w, w.src, 2 * in + 100, 2 * in, false);
			if (op != SVA_OP_DIF_CHECK)
				unmapped(q, w, w.dst, 3 * out + 99, 3 * in, true);
		}
		w = work(SVA_OP_CACHE_FLUSH, 5000);
		unmapped(q, w, w.dst, 100, 100, false);
		assert_int_equal(sva_queue_close(q), 0);
	}
}

#define DATA_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DATA_TEST(delta_equal),
		DATA_TEST(delta_round_trip),
		DATA_TEST(delta_overflow),
		DATA_TEST(delta_bad_record),
		DATA_TEST(delta_refused),
		DATA_TEST(dif_bytes),
		DATA_TEST(dif_round_trip),
		DATA_TEST(dif_errors),
		DATA_TEST(dif_all_ones),
		DATA_TEST(dif_random),
		DATA_TEST(dif_refused),
		DATA_TEST(cache_flush),
		DATA_TEST(absent_memory),
		DATA_TEST(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
