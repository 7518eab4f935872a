/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Every operation of the device class against the CPU.
 */
#include <fcntl.h>

#include "test_accel_util.h"

#define MAX_LEN (3u << 20)
#define ARENA (MAX_LEN + 2 * TEST_PAGE)

static const size_t sizes[] = {
	1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 127, 128, 129, 200,
	255, 256, 257, 300, 383, 511, 512, 513, 1000, 4095, 4096, 4097, 8191, 8192, 8193, 16383,
	16384, 16385, 65536, 65537, 1u << 20, (1u << 20) + 13, MAX_LEN,
};

/* Where an operand starts: odd places, and around a page's end. */
static const size_t offsets[] = { 0, 1, 3, 8, 17, 63, 4032, 4095 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t *src, *dst, *dst2, *shadow;
static uint64_t seed = 1;

static int
arenas(void **state)
{
	test_begin(state);
	src = test_pages(ARENA / TEST_PAGE);
	dst = test_pages(ARENA / TEST_PAGE);
	dst2 = test_pages(ARENA / TEST_PAGE);
	shadow = test_pages(ARENA / TEST_PAGE);
	test_fill_random(src, ARENA, 1);
	return 0;
}

static int
arenas_end(void **state)
{
	munmap(src, ARENA);
	munmap(dst, ARENA);
	munmap(dst2, ARENA);
	munmap(shadow, ARENA);
	return test_end(state);
}

/* Some memory around an operand, which must not change. */
#define MARGIN 64

static void
surround(uint8_t *base, size_t at, size_t len)
{
	size_t from = at < MARGIN ? 0 : at - MARGIN;

	memset(base + from, 0xee, at - from + len + MARGIN);
}

static void
check_around(const uint8_t *base, size_t at, size_t len)
{
	size_t i;

	for (i = at < MARGIN ? 0 : at - MARGIN; i < at; i++)
		assert_int_equal(base[i], 0xee);
	for (i = at + len; i < at + len + MARGIN; i++)
		assert_int_equal(base[i], 0xee);
}

/* Run one operation on the device, and with its destination in `shadow` by the CPU. */
static void
run(struct sva_queue *q, struct test_work *w)
{
	struct test_work cpu = *w;
	struct sva_result r, expected;

	w->cookie = cpu.cookie = test_random(&seed) | (uint64_t)1 << 63;
	if (w->op != SVA_OP_COMPARE)
		cpu.dst = cpu.dst2 = shadow;
	expected = test_cpu(&cpu);
	assert_true(test_enqueue(q, w) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
	if (w->op == SVA_OP_COPY || w->op == SVA_OP_FILL || w->op == SVA_OP_COPY_CRC32C ||
	    w->op == SVA_OP_DUALCAST)
		assert_memory_equal(w->dst, shadow, w->len);
	if (w->op == SVA_OP_DUALCAST)
		assert_memory_equal(w->dst2, shadow, w->len);
}

/* An operation with all sizes, each at a few places. */
static void
all_sizes(enum sva_opcode op)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t i, j;

	for (i = 0; i < COUNT(sizes); i++) {
		for (j = 0; j < COUNT(offsets); j++) {
			size_t to = offsets[j], from = offsets[(i + 3 * j) % COUNT(offsets)];
			struct test_work w = {
				.op = op, .dst = dst + to, .dst2 = dst2 + to, .src = src + from,
				.len = sizes[i], .pattern = 0x8877665544332211ull + i,
				.seed = j % 2 ? test_random(&seed) : 0,
			};

			surround(dst, to, w.len);
			surround(dst2, to, w.len);
			run(q, &w);
			check_around(dst, to, w.len);
			check_around(dst2, to, w.len);
		}
	}
}

static void
copy(void **state)
{
	(void)state;
	all_sizes(SVA_OP_COPY);
}

static void
fill(void **state)
{
	(void)state;
	all_sizes(SVA_OP_FILL);
}

static void
crc32c(void **state)
{
	(void)state;
	all_sizes(SVA_OP_CRC32C);
}

static void
copy_crc32c(void **state)
{
	(void)state;
	all_sizes(SVA_OP_COPY_CRC32C);
}

static void
dualcast(void **state)
{
	(void)state;
	all_sizes(SVA_OP_DUALCAST);
}

/* Every small size, with every distance of the operands to a page's end. */
static void
small(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t len, at;

	(void)state;
	for (len = 1; len <= 130; len++) {
		for (at = 0; at < 4; at++) {
			struct test_work w = {
				.op = (enum sva_opcode)(SVA_OP_COPY + len % 7),
				.dst = dst + TEST_PAGE - (len + at) % 67,
				.dst2 = dst2 + TEST_PAGE - (len + at) % 67,
				.src = src + TEST_PAGE - (len * at) % 71, .len = len,
				.pattern = 0xff00ff0102030405ull * len, .seed = (uint32_t)at,
			};

			run(q, &w);
			w.op = SVA_OP_COPY;
			run(q, &w);
		}
	}
}

/* The ranges overlap, by little and by much, either way. */
static void
copy_overlap(void **state)
{
	static const size_t distances[] = { 0, 1, 2, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100,
					    511, 513, 4095, 4096, 4097, 16384, 20000 };
	static const size_t lengths[] = { 1, 2, 8, 17, 64, 65, 128, 300, 511, 512, 600, 4096,
					  5000, 16385, 40000, 300000 };
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_result r;
	size_t i, j, up;

	(void)state;
	for (i = 0; i < COUNT(distances); i++) {
		for (j = 0; j < COUNT(lengths); j++) {
			for (up = 0; up < 2; up++) {
				size_t len = lengths[j], all = len + distances[i] + 2 * MARGIN;
				size_t low = 4000 + i, high = low + distances[i];
				size_t from = up ? low : high, to = up ? high : low;

				test_fill_random(dst + low - MARGIN, all, j);
				memcpy(shadow + low - MARGIN, dst + low - MARGIN, all);
				memmove(shadow + to, shadow + from, len);
				assert_true(sva_copy(q, dst + to, dst + from, len, 1, 0) >= 0);
				r = test_one(q);
				assert_int_equal(r.status, SVA_OK);
				assert_int_equal(r.bytes, len);
				assert_memory_equal(dst + low - MARGIN, shadow + low - MARGIN,
						    all);
			}
		}
	}
}

static void
fill_pattern_order(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));

	(void)state;
	assert_true(sva_fill(q, dst + 3, 0x0807060504030201ull, 11, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_memory_equal(dst + 3, "\1\2\3\4\5\6\7\10\1\2\3\0", 12);
}

/* Against a constant: most differ at once. */
static void
compare_random(void **state)
{
	(void)state;
	all_sizes(SVA_OP_COMPARE);
}

/* A difference at every place of a range, before and after which there are others. */
static void
compare(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct test_work w = { .op = SVA_OP_COMPARE, .src = src + 4090, .dst = dst + 4093 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		w.len = sizes[i];
		memcpy(w.dst, w.src, w.len);
		run(q, &w);
		w.dst[w.len - 1] ^= 0x80;
		run(q, &w);
		w.dst[w.len / 2] ^= 1;
		run(q, &w);
		w.dst[0]++;
		run(q, &w);
		/* Beyond the range it does not matter. */
		memcpy(w.dst, w.src, w.len);
		w.dst[w.len]++;
		w.dst[-1]++;
		run(q, &w);
	}
	w.len = 200;
	for (i = 0; i < w.len; i++) {
		memcpy(w.dst, w.src, w.len);
		w.dst[i] ^= 4;
		w.dst[w.len - 1] ^= 8;
		run(q, &w);
	}
}

/* The offset may be that of the word: sva_accel.h. */
static void
check_pattern(struct sva_queue *q, const struct test_work *w)
{
	struct sva_result r, expected = test_cpu(w);

	assert_true(test_enqueue(q, w) >= 0);
	r = test_one(q);
	if (r.status == SVA_MISMATCH && r.value % 8 == 0 && r.value == (expected.value & ~7ull))
		expected.bytes = (uint32_t)(expected.value = r.value);
	test_check(&r, &expected);
}

static void
compare_pattern(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct test_work w = {
		.op = SVA_OP_COMPARE_PATTERN, .src = dst + 4090, .pattern = 0x0123456789abcdefull,
		.cookie = 77,
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		w.len = sizes[i];
		test_cpu_fill(w.src, w.pattern, w.len);
		check_pattern(q, &w);
		w.src[w.len - 1] ^= 0x10;
		check_pattern(q, &w);
		w.src[w.len / 2] ^= 2;
		check_pattern(q, &w);
		w.src[0] ^= 2;
		check_pattern(q, &w);
	}
	w.len = 99;
	for (i = 0; i < w.len; i++) {
		test_cpu_fill(w.src, w.pattern, w.len);
		w.src[i] ^= 1;
		check_pattern(q, &w);
	}
}

/* RFC 3720, appendix B.4, and the check value that every catalogue of CRCs gives. */
static void
crc32c_known(void **state)
{
	static const struct {
		const char *text;
		uint32_t crc;
	} known[] = {
		{ "123456789", 0xe3069283 }, { "a", 0xc1d04330 }, { "abc", 0x364b3fb7 },
	};
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_result r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(known); i++) {
		size_t len = strlen(known[i].text);

		assert_int_equal(test_crc32c(known[i].text, len, 0), known[i].crc);
		assert_true(sva_crc32c(q, known[i].text, len, 0, i, 0) >= 0);
		r = test_one(q);
		assert_int_equal(r.value, known[i].crc);
		assert_true(sva_copy_crc32c(q, dst, known[i].text, len, 0, i, 0) >= 0);
		r = test_one(q);
		assert_int_equal(r.value, known[i].crc);
	}
	memset(dst, 0, 32);
	assert_true(sva_crc32c(q, dst, 32, 0, 0, 0) >= 0);
	assert_int_equal(test_one(q).value, 0x8a9136aa);
	memset(dst, 0xff, 32);
	assert_true(sva_crc32c(q, dst, 32, 0, 0, 0) >= 0);
	assert_int_equal(test_one(q).value, 0x62a8ab43);
}

static void
crc32c_continued(void **state)
{
	static const size_t cuts[] = { 1, 7, 8, 100, 4096, 9999 };
	struct sva_queue *q = test_queue(test_open(NULL));
	uint32_t whole = test_crc32c(src, 10000, 0);
	struct sva_result r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cuts); i++) {
		assert_true(sva_crc32c(q, src, cuts[i], 0, 0, 0) >= 0);
		r = test_one(q);
		assert_true(sva_copy_crc32c(q, dst, src + cuts[i], 10000 - cuts[i],
					    (uint32_t)r.value, 0, 0) >= 0);
		assert_int_equal(test_one(q).value, whole);
	}
}

/* Ranges that may not overlap do. */
static void
overlap_refused(void **state)
{
	static const long apart[] = { 0, 1, -1, 63, -63, 4096, -4096, 9999, -9999 };
	struct sva_queue *q = test_queue(test_open(NULL));
	uint8_t *mid = dst + (1 << 20);
	size_t i;

	(void)state;
	test_fill_random(dst, ARENA, 5);
	memcpy(shadow, dst, ARENA);
	memcpy(dst2, dst, ARENA);
	for (i = 0; i < COUNT(apart); i++) {
		struct sva_result r, expected = { .cookie = i, .status = SVA_INVALID };

		assert_true(sva_copy_crc32c(q, mid + apart[i], mid, 10000, 0, i, 0) >= 0);
		r = test_one(q);
		test_check(&r, &expected);
		assert_true(r.device_status > 2);
		assert_true(sva_dualcast(q, mid + apart[i], dst2 + (apart[i] & 0xfff), mid, 10000,
					 i, 0) >= 0);
		r = test_one(q);
		test_check(&r, &expected);
		assert_true(sva_dualcast(q, dst2 + (apart[i] & 0xfff), mid + apart[i], mid, 10000,
					 i, 0) >= 0);
		r = test_one(q);
		test_check(&r, &expected);
	}
	for (i = 0; i < 3; i++) {
		assert_true(sva_dualcast(q, mid, mid + i * TEST_PAGE, src, 2 * TEST_PAGE + 1, i,
					 0) >= 0);
		assert_int_equal(test_one(q).status, SVA_INVALID);
	}
	assert_memory_equal(dst, shadow, ARENA);
	assert_memory_equal(dst2, shadow, ARENA);
	/* Side by side they do not. */
	assert_true(sva_copy_crc32c(q, mid + 5000, mid, 5000, 0, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_true(sva_copy_crc32c(q, mid, mid + 5000, 5000, 0, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_true(sva_dualcast(q, mid, mid + TEST_PAGE, src, TEST_PAGE, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
}

static void
dualcast_alignment(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_queue_info info;
	size_t i;

	(void)state;
	for (i = 1; i < TEST_PAGE; i++)
		assert_int_equal(sva_dualcast(q, dst + i, dst2, src, 64, 0, 0), -EINVAL);
	assert_int_equal(sva_queue_info(q, &info), 0);
	assert_int_equal(info.used, 0);
}

static void
no_data(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_result r, expected = { .cookie = UINT64_MAX };

	(void)state;
	assert_true(sva_nop(q, UINT64_MAX, 0) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
	assert_true(sva_drain(q, UINT64_MAX, 0) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
	assert_true(sva_nop(q, UINT64_MAX, SVA_FENCE | SVA_TO_CACHE) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
	assert_true(sva_drain(q, UINT64_MAX, SVA_FENCE | SVA_TO_CACHE) >= 0);
	r = test_one(q);
	test_check(&r, &expected);
}

/* A drain's result comes when everything before it is done. */
static void
drain(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_result r[9];
	size_t i;

	(void)state;
	memset(dst, 0, ARENA);
	for (i = 0; i < 8; i++)
		assert_true(sva_copy(q, dst + i * 100000, src + i * 100000, 100000, i, 0) >= 0);
	assert_true(sva_drain(q, 8, SVA_SUBMIT) >= 0);
	test_take(q, r, 9);
	for (i = 0; i < 9; i++) {
		assert_int_equal(r[i].cookie, i);
		assert_int_equal(r[i].status, SVA_OK);
	}
	assert_memory_equal(dst, src, 800000);
}

/* Operations keep their meaning with flags that only say when or where. */
static void
flags(void **state)
{
	static const uint32_t all[] = { SVA_FENCE, SVA_TO_CACHE, SVA_FENCE | SVA_TO_CACHE };
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t i, op;

	(void)state;
	for (i = 0; i < COUNT(all); i++) {
		for (op = SVA_OP_COPY; op <= SVA_OP_DUALCAST; op++) {
			struct test_work w = {
				.op = (enum sva_opcode)op, .dst = dst + 5, .dst2 = dst2 + 5,
				.src = src + 9, .len = 777, .pattern = 42, .flags = all[i],
			};

			memset(dst, 0, 1000);
			memset(dst2, 0, 1000);
			run(q, &w);
		}
	}
}

static uint8_t static_src[3000], static_dst[3000];
static const uint8_t constant[] = "constant data of the program";

/* Any memory will do. */
static void
any_memory(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	uint8_t stack_src[3000], stack_dst[3000];
	uint8_t *heap_src = malloc(3000), *heap_dst = malloc(3000);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint8_t *file = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	uint8_t *srcs[] = { stack_src, static_src, heap_src, src, file };
	uint8_t *dsts[] = { stack_dst, static_dst, heap_dst, dst, dst2 };
	size_t i, j;

	(void)state;
	assert_true(file != MAP_FAILED);
	close(fd);
	for (i = 0; i < COUNT(srcs); i++) {
		if (i < 3)
			test_fill_random(srcs[i], 3000, i);
		for (j = 0; j < COUNT(dsts); j++) {
			struct test_work w = {
				.op = SVA_OP_COPY, .dst = dsts[j], .src = srcs[i], .len = 3000,
			};

			run(q, &w);
		}
	}
	assert_true(sva_copy(q, dst, constant, sizeof(constant), 0, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_memory_equal(dst, constant, sizeof(constant));
	munmap(file, 4096);
	free(heap_src);
	free(heap_dst);
}

/* What the device was not told stays as it was; 64 MiB take many of its steps. */
static void
huge(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t len = 64u << 20, i;
	uint8_t *a = test_pages(len / TEST_PAGE), *b = test_pages(len / TEST_PAGE);
	struct sva_result r;

	(void)state;
	for (i = 0; i < len; i += 8)
		*(uint64_t *)(void *)(a + i) = i * 0x9e3779b97f4a7c15ull;
	assert_true(sva_copy(q, b + 1, a, len - 2, 1, 0) >= 0);
	r = test_one(q);
	assert_int_equal(r.status, SVA_OK);
	assert_int_equal(r.bytes, len - 2);
	assert_int_equal(b[0], 0);
	assert_int_equal(b[len - 1], 0);
	assert_int_equal(memcmp(b + 1, a, len - 2), 0);
	assert_true(sva_crc32c(q, a, len, 0, 1, 0) >= 0);
	assert_int_equal(test_one(q).value, test_crc32c(a, len, 0));
	munmap(a, len);
	munmap(b, len);
}

#define OP_TEST(function) cmocka_unit_test_setup_teardown(function, arenas, arenas_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OP_TEST(copy),
		OP_TEST(copy_overlap),
		OP_TEST(fill),
		OP_TEST(fill_pattern_order),
		OP_TEST(compare),
		OP_TEST(compare_random),
		OP_TEST(compare_pattern),
		OP_TEST(crc32c),
		OP_TEST(crc32c_known),
		OP_TEST(crc32c_continued),
		OP_TEST(copy_crc32c),
		OP_TEST(dualcast),
		OP_TEST(dualcast_alignment),
		OP_TEST(overlap_refused),
		OP_TEST(small),
		OP_TEST(no_data),
		OP_TEST(drain),
		OP_TEST(flags),
		OP_TEST(any_memory),
		OP_TEST(huge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
