/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Page faults: those that end an operation, and those that must not be noticed.
 */
#include <sys/wait.h>

#include "test_accel_bad.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum operand { SRC, DST, DST2, NB_OPERANDS };

static bool
uses(enum sva_opcode op, enum operand operand)
{
	switch (operand) {
	case SRC:
		return op != SVA_OP_FILL;
	case DST:
		return op != SVA_OP_CRC32C && op != SVA_OP_COMPARE_PATTERN;
	default:
		return op == SVA_OP_DUALCAST;
	}
}

static bool
writes(enum sva_opcode op, enum operand operand)
{
	return operand != SRC && op != SVA_OP_COMPARE;
}

/* Operands without a fault: equal data, so that a compare gets as far as the fault. */
#define ARENA (8 * TEST_PAGE)
static uint8_t *good[NB_OPERANDS];
static const uint64_t pattern = 0xf1e2d3c4b5a69788ull;

static int
begin(void **state)
{
	unsigned int i;

	for (i = 0; i < NB_OPERANDS; i++)
		good[i] = test_pages(ARENA / TEST_PAGE);
	return test_begin(state);
}

static int
end(void **state)
{
	unsigned int i;
	int ret = test_end(state);

	for (i = 0; i < NB_OPERANDS; i++)
		munmap(good[i], ARENA);
	return ret;
}

/*
 * An operation of which one operand meets its bad page after `before` bytes, or at once
 * where that is 0.
 */
static void
make_work(struct test_work *w, enum sva_opcode op, enum operand operand, uint8_t *bad_page,
	  size_t before, size_t len)
{
	uint8_t *at[NB_OPERANDS] = { good[SRC] + 13, good[DST], good[DST2] };
	size_t i;

	at[operand] = bad_page - before;
	/* The two destinations of a dualcast agree in their low bits. */
	if (operand == DST2)
		at[DST] += (uintptr_t)at[DST2] % TEST_PAGE;
	else
		at[DST2] += (uintptr_t)at[DST] % TEST_PAGE;
	*w = (struct test_work){
		.op = op, .src = at[SRC], .dst = at[DST], .dst2 = at[DST2], .len = len,
		.pattern = pattern, .seed = 0x1234, .cookie = before + 1,
	};
	for (i = 0; i < before + (operand == SRC ? 0 : len - before); i++) {
		uint8_t byte = op == SVA_OP_COMPARE_PATTERN ?
			       (uint8_t)(pattern >> i % 8 * 8) : (uint8_t)(i * 7 + before);

		if (uses(op, SRC))
			w->src[i] = byte;
		if (op == SVA_OP_COMPARE && (operand != DST || i < before))
			w->dst[i] = byte;
	}
}

/* What is left of the rest after the fault must be as it was. */
static void
check_untouched(const struct test_work *w, enum operand operand, size_t before)
{
	size_t i;

	for (i = before; i < w->len; i++) {
		if (operand != DST && writes(w->op, DST) && uses(w->op, DST))
			assert_int_equal(w->dst[i], 0x5a);
		if (operand != DST2 && uses(w->op, DST2))
			assert_int_equal(w->dst2[i], 0x5a);
	}
}

static void
check_written(const struct test_work *w, size_t before)
{
	size_t i;

	for (i = 0; i < before && uses(w->op, DST) && writes(w->op, DST); i++) {
		assert_int_equal(w->dst[i], w->op == SVA_OP_FILL ?
				 (uint8_t)(pattern >> i % 8 * 8) : w->src[i]);
		if (uses(w->op, DST2))
			assert_int_equal(w->dst2[i], w->src[i]);
	}
}

static void
check_fault(const struct sva_result *r, const struct test_work *w, enum operand operand,
	    const uint8_t *bad_page, size_t before)
{
	struct sva_result expected = {
		.cookie = w->cookie, .status = SVA_FAULT, .bytes = (uint32_t)before,
	};

	test_check(r, &expected);
	assert_int_equal(r->fault_addr & ~(uint64_t)(TEST_PAGE - 1), (uintptr_t)bad_page);
	assert_int_equal(r->write_fault, writes(w->op, operand));
	check_written(w, before);
	check_untouched(w, operand, before);
}

/* Every distance of interest from an operand's start to the page that faults. */
static void
each_distance(struct sva_queue *q, enum sva_opcode op, enum operand operand, uint8_t *bad_page)
{
	static const size_t far[] = { 127, 128, 500, 511, 512, 513, 1000, 4095, 4096, 4097, 8000 };
	struct test_work w;
	size_t i;

	for (i = 0; i < 80 + COUNT(far); i++) {
		size_t before = i < 80 ? i : far[i - 80];
		struct sva_result r;

		memset(good[DST], 0x5a, ARENA);
		memset(good[DST2], 0x5a, ARENA);
		make_work(&w, op, operand, bad_page, before, before + 1 + i % 70);
		assert_true(test_enqueue(q, &w) >= 0);
		r = test_one(q);
		check_fault(&r, &w, operand, bad_page, before);
	}
}

static void
every_fault(enum sva_fault_policy policy, const char *devargs)
{
	struct sva_queue *q = test_queue_conf(test_open(devargs), 0, 0, policy);
	struct sva_queue_stats stats;
	enum operand operand;
	unsigned int op;
	enum bad bad;

	for (bad = UNMAPPED; bad < NB_BAD; bad++) {
		uint8_t *p = bad_after_good(bad);

		for (op = SVA_OP_COPY; op <= SVA_OP_DUALCAST; op++)
			for (operand = SRC; operand < NB_OPERANDS; operand++)
				if (uses((enum sva_opcode)op, operand) &&
				    (bad != READ_ONLY || writes((enum sva_opcode)op, operand)))
					each_distance(q, (enum sva_opcode)op, operand, p + GOOD);
		munmap(p, GOOD + BAD);
	}
	assert_int_equal(sva_queue_stats(q, &stats), 0);
	assert_int_equal(stats.failed, stats.accepted);
	assert_int_equal(stats.completed, stats.accepted);
	assert_int_equal(stats.faults, stats.accepted);
	assert_int_equal(stats.resumed, 0);
}

static void
faults_resume(void **state)
{
	(void)state;
	every_fault(SVA_FAULT_RESUME, NULL);
}

static void
faults_report(void **state)
{
	(void)state;
	every_fault(SVA_FAULT_REPORT, NULL);
}

static void
faults_reported(void **state)
{
	(void)state;
	TEST_NEEDS_REPORTING();
	every_fault(SVA_FAULT_REPORT, test_reporting());
}

static void
faults_inline(void **state)
{
	(void)state;
	TEST_NEEDS(test_can_set("engine="), "it has the engine that it has");
	every_fault(SVA_FAULT_RESUME, "engine=inline");
}

/* An overlapping copy that is cut short leaves what memmove() would have left so far. */
static void
overlap_read_only(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	uint8_t *p = bad_after_good(UNMAPPED), *bad_page = p + GOOD;
	uint8_t *next = mmap(bad_page, TEST_PAGE, PROT_READ,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint8_t before[600], after[600];
	size_t ahead, distance;

	(void)state;
	assert_ptr_equal(next, bad_page);
	for (ahead = 1; ahead < 80; ahead++) {
		for (distance = 1; distance < 80; distance++) {
			uint8_t *dst = bad_page - ahead;
			struct sva_result r;

			test_fill_random(bad_page - sizeof(before), sizeof(before), distance);
			memcpy(before, dst, ahead);
			memset(before + ahead, 0, sizeof(before) - ahead);
			memcpy(after, before, sizeof(after));
			memcpy(after, before + distance, ahead);
			assert_true(sva_copy(q, dst, dst + distance, 200, 1, 0) >= 0);
			r = test_one(q);
			assert_int_equal(r.status, SVA_FAULT);
			assert_int_equal(r.bytes, ahead);
			assert_int_equal(r.write_fault, 1);
			assert_memory_equal(dst, after, ahead);
		}
	}
	munmap(p, GOOD + TEST_PAGE);
}

/* Running backwards, `bytes` counts from the end. */
static void
overlap_backwards(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	uint8_t *p = test_pages(4);
	struct sva_result r;
	size_t i;

	(void)state;
	munmap(p, TEST_PAGE);
	for (i = 0; i < 2 * TEST_PAGE; i++)
		p[TEST_PAGE + i] = (uint8_t)(i * 11);
	/* From 100 bytes before the end of the unmapped page, 1000 bytes, up by 50. */
	assert_true(sva_copy(q, p + TEST_PAGE - 50, p + TEST_PAGE - 100, 1000, 1, 0) >= 0);
	r = test_one(q);
	assert_int_equal(r.status, SVA_FAULT);
	assert_int_equal(r.bytes, 900);
	assert_int_equal(r.write_fault, 0);
	assert_int_equal(r.fault_addr & ~(uint64_t)(TEST_PAGE - 1), (uintptr_t)p);
	for (i = 0; i < 2 * TEST_PAGE; i++)
		assert_int_equal(p[TEST_PAGE + i],
				 (uint8_t)((i < 50 || i >= 950 ? i : i - 50) * 11));
	munmap(p + TEST_PAGE, 3 * TEST_PAGE);
}

/* Addresses that never were any. */
static void
no_address(void **state)
{
	static const uint64_t addresses[] = {
		0, 8, 0xfff, 0x7ffffffff000ull, 0x800000000000ull, 0x123456789abcdeull,
		1ull << 56, (1ull << 56) - 8, 1ull << 63, 0xffff800000000000ull,
		0xdeadbeefdeadbeefull, UINT64_MAX - 4095, UINT64_MAX - 7, UINT64_MAX,
	};
	struct sva_queue *q = test_queue(test_open(NULL));
	size_t i, len;
	unsigned int op;

	(void)state;
	for (i = 0; i < COUNT(addresses); i++) {
		for (len = 1; len < 10000; len = len * 4 + 1) {
			for (op = SVA_OP_COPY; op <= SVA_OP_DUALCAST; op++) {
				uint8_t *bad = (uint8_t *)(uintptr_t)addresses[i];
				struct test_work w = {
					.op = (enum sva_opcode)op, .src = good[SRC],
					.dst = bad, .dst2 = good[DST] + (addresses[i] & 0xfff),
					.len = len,
				};
				struct sva_result r;

				if (uses(w.op, DST)) {
					assert_true(test_enqueue(q, &w) >= 0);
					r = test_one(q);
					assert_int_equal(r.status, SVA_FAULT);
					assert_int_equal(r.bytes, 0);
					assert_int_equal(r.write_fault, writes(w.op, DST));
					assert_int_equal(r.fault_addr >> 12, addresses[i] >> 12);
				}
				if (uses(w.op, SRC)) {
					w.src = bad;
					w.dst = good[DST];
					w.dst2 = good[DST2];
					assert_true(test_enqueue(q, &w) >= 0);
					r = test_one(q);
					assert_int_equal(r.status, SVA_FAULT);
					assert_int_equal(r.bytes, 0);
					assert_int_equal(r.write_fault, 0);
					assert_int_equal(r.fault_addr >> 12, addresses[i] >> 12);
				}
			}
		}
	}
}

/* Memory that was good a moment ago. */
static void
freed(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	unsigned int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		uint8_t *p = test_pages(1);
		struct sva_result r;

		assert_true(sva_copy(q, p, good[SRC], TEST_PAGE, 1, 0) >= 0);
		assert_int_equal(test_one(q).status, SVA_OK);
		munmap(p, TEST_PAGE);
		assert_true(sva_copy(q, p, good[SRC], TEST_PAGE, 2, 0) >= 0);
		r = test_one(q);
		assert_int_equal(r.status, SVA_FAULT);
		assert_int_equal(r.write_fault, 1);
		assert_true(sva_copy(q, good[DST], p, TEST_PAGE, 3, 0) >= 0);
		r = test_one(q);
		assert_int_equal(r.status, SVA_FAULT);
		assert_int_equal(r.write_fault, 0);
	}
}

/* Bad operations among good ones: only they fail, wherever they are. */
static void
neighbours(struct sva_queue *q, uint32_t flags, unsigned int every)
{
	uint8_t *p = bad_after_good(UNMAPPED);
	struct sva_result r[64];
	unsigned int n, bad, i, most = test_emulated() ? 40 : 16;

	for (n = 2; n <= most; n += n < 9 ? 1 : 7) {
		for (bad = 0; bad < n; bad++) {
			memset(good[DST], 0, ARENA);
			test_fill_random(good[SRC], ARENA, n);
			for (i = 0; i < n; i++) {
				uint8_t *from = i == bad ? p + GOOD - 10 : good[SRC] + i * 100;
				struct test_work w = {
					.op = every && i % every == 0 ? SVA_OP_COPY_CRC32C :
									SVA_OP_COPY,
					.dst = good[DST] + i * 100, .src = from, .len = 100,
					.cookie = i, .flags = i % 3 == 1 ? flags : 0,
				};

				assert_true(test_enqueue(q, &w) >= 0);
			}
			assert_int_equal(sva_submit(q), 0);
			test_take(q, r, n);
			for (i = 0; i < n; i++) {
				assert_int_equal(r[i].cookie, i);
				assert_int_equal(r[i].status, i == bad ? SVA_FAULT : SVA_OK);
				assert_int_equal(r[i].bytes, i == bad ? 10 : 100);
				assert_memory_equal(good[DST] + i * 100,
						    i == bad ? p + GOOD - 10 : good[SRC] + i * 100,
						    r[i].bytes);
				if (every && i % every == 0 && i != bad)
					assert_int_equal(r[i].value, test_crc32c(
						good[SRC] + i * 100, 100, 0));
			}
		}
	}
	munmap(p, GOOD);
}

static void
among_good_ones(void **state)
{
	static const uint32_t flags[] = { 0, SVA_FENCE };
	static const unsigned int min_batches[] = { 0, 5, UINT_MAX };
	struct sva_device *dev = test_open(NULL);
	unsigned int i, j, policy;

	(void)state;
	for (policy = SVA_FAULT_RESUME; policy <= SVA_FAULT_REPORT; policy++) {
		for (i = 0; i < COUNT(min_batches); i++) {
			struct sva_queue *q = test_queue_conf(dev, 64, min_batches[i],
							      (enum sva_fault_policy)policy);

			for (j = 0; j < COUNT(flags); j++) {
				neighbours(q, flags[j], 0);
				neighbours(q, flags[j], 2);
				neighbours(q, flags[j], 5);
			}
			assert_int_equal(sva_queue_close(q), 0);
		}
	}
}

/* Memory whose pages come and go, while a second mapping shows what is in it. */
struct twin {
	uint8_t *mem, *view;
	size_t len;
};

static struct twin
twin_make(size_t len)
{
	struct twin t = { .len = len };
	int fd = memfd_create("twin", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	t.mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	t.view = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	assert_true(t.mem != MAP_FAILED && t.view != MAP_FAILED);
	close(fd);
	return t;
}

static void
twin_free(struct twin *t)
{
	munmap(t->mem, t->len);
	munmap(t->view, t->len);
}

#define TWIN (6u << 20)	/* more than the driver makes present at once */

static struct twin twins[NB_OPERANDS];

static int
twins_begin(void **state)
{
	unsigned int i;

	for (i = 0; i < NB_OPERANDS; i++) {
		twins[i] = twin_make(TWIN);
		test_fill_random(twins[i].view, TWIN, 3);
	}
	return test_begin(state);
}

static int
twins_end(void **state)
{
	unsigned int i;
	int ret = test_end(state);

	for (i = 0; i < NB_OPERANDS; i++)
		twin_free(&twins[i]);
	return ret;
}

/* Run it on memory that is not there, and compare with the CPU on the views. */
static void
run_absent(struct sva_queue *q, struct test_work *w, bool check)
{
	struct test_work cpu = *w;
	struct sva_result r, expected;
	uint8_t *copies[NB_OPERANDS];
	unsigned int i;

	for (i = 0; i < NB_OPERANDS; i++) {
		copies[i] = malloc(TWIN);
		memcpy(copies[i], twins[i].view, TWIN);
		assert_int_equal(madvise(twins[i].mem, TWIN, MADV_DONTNEED), 0);
	}
	assert_true(test_enqueue(q, w) >= 0);
	r = test_one(q);
	cpu.src = copies[w->src - twins[SRC].mem < TWIN && w->src >= twins[SRC].mem ? SRC : DST] +
		  (w->src - (w->src - twins[SRC].mem < TWIN && w->src >= twins[SRC].mem ?
			     twins[SRC].mem : twins[DST].mem));
	cpu.dst = copies[DST] + (w->dst - twins[DST].mem);
	cpu.dst2 = copies[DST2] + (w->dst2 - twins[DST2].mem);
	expected = test_cpu(&cpu);
	if (check)
		test_check(&r, &expected);
	for (i = 0; i < NB_OPERANDS; i++) {
		assert_int_equal(memcmp(copies[i], twins[i].view, TWIN), 0);
		free(copies[i]);
	}
}

static void
resumed(void **state)
{
	static const size_t lengths[] = { 1, 100, 4096, 5000, 70001, 5000001 };
	struct sva_queue *q;
	struct sva_queue_stats stats;
	unsigned int op, i;

	(void)state;
	TEST_NEEDS_REPORTING();
	q = test_queue(test_open(test_reporting()));
	for (op = SVA_OP_COPY; op <= SVA_OP_DUALCAST; op++) {
		for (i = 0; i < COUNT(lengths); i++) {
			struct test_work w = {
				.op = (enum sva_opcode)op, .src = twins[SRC].mem + 4093,
				.dst = twins[DST].mem + 4091, .dst2 = twins[DST2].mem + 4091,
				.len = lengths[i], .pattern = 0x0102030405060708ull, .seed = 99,
				.cookie = i,
			};

			if (w.op == SVA_OP_COMPARE) {
				memcpy(twins[DST].view + 4091, twins[SRC].view + 4093, w.len);
				run_absent(q, &w, true);
				twins[DST].view[4091 + w.len - 1] ^= 1;
			} else if (w.op == SVA_OP_COMPARE_PATTERN) {
				test_cpu_fill(twins[SRC].view + 4093, w.pattern, w.len);
				run_absent(q, &w, true);
				twins[SRC].view[4093 + w.len - 1] ^= 1;
			}
			run_absent(q, &w, true);
			test_fill_random(twins[SRC].view, 80000, i);
		}
		assert_int_equal(sva_queue_stats(q, &stats), 0);
		assert_true(stats.faults > 0);
		assert_int_equal(stats.faults, stats.resumed);
		assert_int_equal(stats.failed, 0);
		assert_int_equal(sva_queue_stats_reset(q), 0);
	}
}

/* Overlapping copies that go on after faults, down as well as up. */
static void
resumed_overlap(void **state)
{
	static const long distances[] = { 1, -1, 100, -100, 4096, -4097, 1000001, -1000001 };
	struct sva_queue *q;
	struct sva_queue_stats stats;
	unsigned int i;

	(void)state;
	TEST_NEEDS_REPORTING();
	q = test_queue(test_open(test_reporting()));
	for (i = 0; i < COUNT(distances); i++) {
		struct test_work w = {
			.op = SVA_OP_COPY, .src = twins[DST].mem + 1010001,
			.dst = twins[DST].mem + 1010001 + distances[i],
			.dst2 = twins[DST2].mem, .len = 4000003,
		};

		run_absent(q, &w, true);
	}
	assert_int_equal(sva_queue_stats(q, &stats), 0);
	assert_true(stats.resumed > COUNT(distances));
	assert_int_equal(stats.failed, 0);
}

/* Many operations of a batch at once, each with pages of its own that are not there. */
static void
resumed_batch(void **state)
{
	static const uint32_t flags[] = { 0, SVA_FENCE };
	struct sva_device *dev;
	struct sva_result r[64];
	unsigned int i, j, k, n;

	(void)state;
	TEST_NEEDS_REPORTING();
	dev = test_open(test_reporting());
	for (j = 0; j < 4; j++) {
		struct sva_queue *q = test_queue_conf(dev, 64, j / 2 ? UINT_MAX : 0,
						      SVA_FAULT_RESUME);

		for (n = 1; n <= 64; n += n < 4 ? 1 : 15) {
			test_fill_random(twins[SRC].view, 64 * 9000, n);
			memset(twins[DST].view, 0, TWIN);
			for (k = 0; k < NB_OPERANDS; k++)
				madvise(twins[k].mem, TWIN, MADV_DONTNEED);
			for (i = 0; i < n; i++) {
				struct test_work w = {
					.op = n % 2 && i % 3 == 0 ? SVA_OP_COPY_CRC32C :
								    SVA_OP_COPY,
					.dst = twins[DST].mem + 9000 * i,
					.src = twins[SRC].mem + 9000 * i,
					.len = 8000, .cookie = i, .flags = flags[j % 2],
				};

				assert_true(test_enqueue(q, &w) >= 0);
			}
			assert_int_equal(sva_submit(q), 0);
			test_take(q, r, n);
			for (i = 0; i < n; i++) {
				assert_int_equal(r[i].cookie, i);
				assert_int_equal(r[i].status, SVA_OK);
				assert_int_equal(r[i].bytes, 8000);
				assert_memory_equal(twins[DST].view + 9000 * i,
						    twins[SRC].view + 9000 * i, 8000);
				if (n % 2 && i % 3 == 0)
					assert_int_equal(r[i].value, test_crc32c(
						twins[SRC].view + 9000 * i, 8000, 0));
			}
		}
		assert_int_equal(sva_queue_close(q), 0);
	}
}

/* What is not present is a fault like any other for a caller that wants to know. */
static void
absent_reported(void **state)
{
	struct sva_queue_stats stats;
	struct sva_result r;
	struct sva_queue *q;
	uint8_t *p;

	(void)state;
	TEST_NEEDS_REPORTING();
	q = test_queue_conf(test_open(test_reporting()), 0, 0, SVA_FAULT_REPORT);
	p = test_pages(2);
	madvise(p + TEST_PAGE, TEST_PAGE, MADV_DONTNEED);
	assert_true(sva_fill(q, p + 100, pattern, TEST_PAGE, 1, 0) >= 0);
	r = test_one(q);
	assert_int_equal(r.status, SVA_FAULT);
	assert_int_equal(r.bytes, TEST_PAGE - 100);
	assert_int_equal(r.write_fault, 1);
	assert_int_equal(r.fault_addr, (uintptr_t)p + TEST_PAGE);
	assert_int_equal(sva_queue_stats(q, &stats), 0);
	assert_int_equal(stats.faults, 1);
	assert_int_equal(stats.resumed, 0);
	assert_int_equal(stats.failed, 1);
	assert_int_equal(stats.bytes, TEST_PAGE - 100);
	munmap(p, 2 * TEST_PAGE);
}

/* Fresh memory from malloc(), never touched, and given back in between. */
static void
untouched(const char *devargs)
{
	struct sva_queue *q = test_queue(test_open(devargs));
	size_t len = 3000000, i;
	struct sva_result r;
	uint8_t *p, *zero;

	for (i = 0; i < 3; i++) {
		p = malloc(len);
		zero = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(p != NULL && zero != MAP_FAILED);
		assert_true(sva_crc32c(q, zero, len, 0, 0, 0) >= 0);
		r = test_one(q);
		assert_int_equal(r.status, SVA_OK);
		assert_true(sva_fill(q, p, pattern, len, 0, 0) >= 0);
		assert_int_equal(test_one(q).status, SVA_OK);
		assert_int_equal(test_cpu_mismatch(p, NULL, pattern, len), len);
		assert_true(sva_copy(q, p, zero, len, 0, 0) >= 0);
		assert_int_equal(test_one(q).status, SVA_OK);
		assert_int_equal(test_cpu_mismatch(p, NULL, 0, len), len);
		assert_int_equal(r.value, test_crc32c(p, len, 0));
		free(p);
		munmap(zero, len);
	}
}

static void
untouched_as_it_is(void **state)
{
	(void)state;
	untouched(NULL);
}

static void
untouched_reported(void **state)
{
	(void)state;
	TEST_NEEDS_REPORTING();
	untouched(test_reporting());
}

/* After fork() the pages of both are shared until one writes. */
static void
copy_on_write(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	uint8_t *p = test_pages(4);
	int go[2], status;
	char byte = 0;
	pid_t child;

	(void)state;
	memset(p, 0x11, 4 * TEST_PAGE);
	assert_int_equal(pipe(go), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) == 1 && p[100] == 0x11 && p[9000] == 0x11 ? 0 : 1);
	}
	close(go[0]);
	assert_true(sva_fill(q, p + 1, 0x2222222222222222ull, 4 * TEST_PAGE - 2, 0, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_int_equal(write(go[1], &byte, 1), 1);
	close(go[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(p[0], 0x11);
	assert_int_equal(test_cpu_mismatch(p + 1, NULL, 0x2222222222222222ull, 4 * TEST_PAGE - 2),
			 4 * TEST_PAGE - 2);
	munmap(p, 4 * TEST_PAGE);
}

#define FAULT_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
#define TWIN_TEST(function) cmocka_unit_test_setup_teardown(function, twins_begin, twins_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT_TEST(faults_resume),
		FAULT_TEST(faults_report),
		FAULT_TEST(faults_reported),
		FAULT_TEST(faults_inline),
		FAULT_TEST(overlap_read_only),
		FAULT_TEST(overlap_backwards),
		FAULT_TEST(no_address),
		FAULT_TEST(freed),
		FAULT_TEST(among_good_ones),
		FAULT_TEST(absent_reported),
		TWIN_TEST(resumed),
		TWIN_TEST(resumed_overlap),
		TWIN_TEST(resumed_batch),
		FAULT_TEST(untouched_as_it_is),
		FAULT_TEST(untouched_reported),
		FAULT_TEST(copy_on_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
