/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Many operations at once: batches, the ring, order, fences, mixes of everything.
 */
#include "test_accel_util.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Random work: each operation has a place of its own, as nothing orders them. */
#define AREA 2048u		/* of one operand: source, destination, none, second one */
#define PLACE (4 * AREA)

struct mix {
	struct sva_queue *q;
	unsigned int places;
	uint8_t *mem, *shadow;	/* device's and CPU's */
	struct sva_result *expected;
	uint64_t state;
	uint64_t in, out;	/* operations accepted and polled */
	uint64_t bytes, failed;	/* of the results */
	int first_job;
};

static void
mix_start(struct mix *m, struct sva_queue *q, unsigned int places, uint64_t seed)
{
	*m = (struct mix){ .q = q, .places = places, .state = seed * 2 + 1, .first_job = -1 };
	m->mem = aligned_alloc(TEST_PAGE, places * (size_t)PLACE);
	m->shadow = aligned_alloc(TEST_PAGE, places * (size_t)PLACE);
	m->expected = calloc(places, sizeof(*m->expected));
	assert_true(m->mem != NULL && m->shadow != NULL && m->expected != NULL);
	test_fill_random(m->mem, places * (size_t)PLACE, seed);
	memcpy(m->shadow, m->mem, places * (size_t)PLACE);
}

static void
mix_end(struct mix *m)
{
	assert_int_equal(memcmp(m->mem, m->shadow, m->places * (size_t)PLACE), 0);
	free(m->mem);
	free(m->shadow);
	free(m->expected);
}

/* The work as the CPU does it, on its own memory. */
static struct test_work
mix_cpu(const struct mix *m, const struct test_work *w)
{
	struct test_work cpu = *w;

	cpu.dst = m->shadow + (w->dst - m->mem);
	cpu.dst2 = m->shadow + (w->dst2 - m->mem);
	cpu.src = m->shadow + (w->src - m->mem);
	return cpu;
}

static struct test_work
mix_work(struct mix *m)
{
	uint8_t *place = m->mem + m->in % m->places * PLACE;
	uint32_t r = test_random(&m->state);
	unsigned int at = r % 64, len = 1 + (r >> 8) % (r % 5 == 0 ? AREA - 128 : 200);
	struct test_work w = {
		.op = (enum sva_opcode)((r >> 20) % SVA_NB_OPS), .src = place + (r >> 6) % 64,
		.dst = place + AREA + at, .dst2 = place + 3 * AREA + at, .len = len,
		.pattern = m->state, .seed = r, .cookie = m->in * 0x9e3779b97f4a7c15ull,
	};

	if (r % 7 == 0)
		w.flags |= SVA_FENCE;
	if (r % 11 == 0)
		w.flags |= SVA_TO_CACHE;
	if (r % 97 == 0)
		w.flags |= SVA_SUBMIT;
	test_shape(&w);
	return w;
}

/* One more operation; false where the ring is full. */
static bool
mix_enqueue(struct mix *m, bool hostile)
{
	uint64_t before = m->state;
	struct test_work w = mix_work(m), cpu;
	struct sva_result *expected = &m->expected[m->in % m->places];
	bool bad = false;
	int job;

	cpu = mix_cpu(m, &w);
	test_prepare(&w);
	test_prepare(&cpu);
	if (hostile && m->state % 13 == 0 && w.op != SVA_OP_NOP && w.op != SVA_OP_DRAIN &&
	    w.op != SVA_OP_FILL && w.op != SVA_OP_CACHE_FLUSH) {
		w.src = (uint8_t *)(uintptr_t)64;
		bad = true;
	}
	job = test_enqueue(m->q, &w);
	if (job == -ENOSPC) {
		m->state = before;
		return false;
	}
	assert_true(job >= 0);
	if (m->first_job < 0)
		m->first_job = job;
	assert_int_equal(job, (m->first_job + m->in) & INT32_MAX);
	if (bad) {
		*expected = (struct sva_result){ .cookie = w.cookie, .status = SVA_FAULT };
	} else {
		*expected = test_cpu(&cpu);
	}
	m->in++;
	return true;
}

/* A result, or NULL for one that only said that it went well. */
static void
mix_take(struct mix *m, const struct sva_result *r)
{
	size_t place = m->out++ % m->places;
	const struct sva_result *expected = &m->expected[place];

	if (r != NULL)
		test_check(r, expected);
	else if (expected->status != SVA_OK || expected->value != 0)
		fail_msg("operation %llu has more to say", (unsigned long long)m->out - 1);
	m->bytes += r != NULL ? r->bytes : expected->bytes;
	m->failed += expected->status > SVA_MISMATCH;
	if (memcmp(m->mem + place * PLACE, m->shadow + place * PLACE, PLACE) != 0)
		fail_msg("data of operation %llu", (unsigned long long)m->out - 1);
}

static int
mix_poll(struct mix *m, unsigned int n)
{
	struct sva_result results[64];
	int good = 0, got, i;

	if (m->state % 2 == 0) {
		good = sva_poll_ok(m->q, n);
		assert_true(good >= 0 && good <= (int)n);
		for (i = 0; i < good; i++)
			mix_take(m, NULL);
	}
	got = sva_poll(m->q, results, n - (unsigned int)good);
	assert_true(got >= 0 && got + good <= (int)n);
	for (i = 0; i < got; i++)
		mix_take(m, &results[i]);
	return good + got;
}

static void
mix_run(struct mix *m, uint64_t n, bool hostile)
{
	struct timespec start, now;
	uint64_t stop = m->in + n;
	unsigned int idle = 0, wish;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (m->out < stop) {
		wish = test_random(&m->state) % 40;
		while (m->in < stop && m->in - m->out < m->places && wish-- > 0)
			if (!mix_enqueue(m, hostile))
				break;
		if (m->in == stop || wish % 4 != 0 || m->in - m->out == m->places)
			assert_int_equal(sva_submit(m->q), 0);
		if (mix_poll(m, 1 + test_random(&m->state) % (wish % 3 == 0 ? 3 : 64)) != 0) {
			idle = 0;
		} else if (++idle % 64 == 0) {
			/* Nothing may have been submitted, and CPUs may be scarce. */
			sva_submit(m->q);
			sched_yield();
			clock_gettime(CLOCK_MONOTONIC, &now);
			assert_true(now.tv_sec - start.tv_sec < TEST_POLL_SECONDS);
		}
	}
}

static void
check_stats(const struct mix *m, bool shared)
{
	struct sva_queue_stats s;
	struct sva_queue_info info;

	assert_int_equal(sva_queue_stats(m->q, &s), 0);
	assert_int_equal(sva_queue_info(m->q, &info), 0);
	assert_int_equal(s.accepted, m->in);
	assert_int_equal(s.completed, m->out);
	assert_int_equal(s.failed, m->failed);
	assert_int_equal(s.bytes, m->bytes);
	assert_int_equal(info.used, m->in - m->out);
	assert_true(s.batches <= s.doorbells);
	/* A shared queue may refuse a descriptor any number of times. */
	if (!shared)
		assert_true(s.doorbells <= m->in + s.resumed + s.batches);
}

static void
mix_on(const char *devargs, unsigned int depth, unsigned int min_batch, uint64_t n, bool hostile)
{
	struct sva_device *dev = test_open(devargs);
	struct sva_queue *q = test_queue_conf(dev, depth, min_batch, SVA_FAULT_RESUME);
	struct mix m;

	mix_start(&m, q, depth, depth + min_batch);
	mix_run(&m, n, hostile);
	check_stats(&m, test_info(dev).shared);
	mix_end(&m);
	assert_int_equal(sva_device_close(dev), 0);
}

static void
random_mix(void **state)
{
	(void)state;
	mix_on(NULL, 256, 0, test_rounds(50000), false);
	mix_on(NULL, 64, 0, test_rounds(30000), true);
	mix_on(NULL, 1024, 0, test_rounds(20000), true);
}

static void
random_mix_min_batch(void **state)
{
	static const unsigned int min[] = { 2, 3, 8, 33, 5000, UINT_MAX };
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(min); i++)
		mix_on(NULL, 128, min[i], test_rounds(5000), i % 2);
}

/* Rings so small that they start again all the time. */
static void
wrap(void **state)
{
	static const unsigned int depths[] = { 1, 2, 3, 4, 7, 8, 16, 31, 32, 64 };
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(depths); i++) {
		struct sva_device *dev = test_open(NULL);
		struct sva_queue *q = test_queue_conf(dev, depths[i], 0, SVA_FAULT_RESUME);
		struct sva_queue_info info;
		struct mix m;

		assert_int_equal(sva_queue_info(q, &info), 0);
		assert_true(info.depth >= depths[i] && info.depth < 2 * depths[i]);
		/* As many as fit, so that -ENOSPC comes at every place. */
		mix_start(&m, q, 2 * info.depth + 1, i);
		mix_run(&m, test_rounds(4000), i % 2);
		check_stats(&m, test_info(dev).shared);
		mix_end(&m);
		assert_int_equal(sva_device_close(dev), 0);
	}
}

/* More work than the device's queue holds at once, for WQs of every small size. */
static void
small_wq(void **state)
{
	static const char *const args[] = {
		"wq_size=1", "wq_size=2", "wq_size=3", "wqs=1", "wqs=1,wq_size=1", NULL, NULL,
	};
	struct sva_device *dev = test_open(NULL);
	struct sva_device_info info = test_info(dev);
	char all[64];
	unsigned int i;

	(void)state;
	assert_int_equal(sva_device_close(dev), 0);
	TEST_NEEDS(info.wq_size >= 3, "a work queue has less than three entries");
	snprintf(all, sizeof(all), "wqs=%u,wq_size=%u,priority=15", info.queues, info.wq_size);
	for (i = 0; i < COUNT(args); i++) {
		const char *arg = args[i] != NULL ? args[i] : i % 2 ? all : "profile=emr";

		if (arg[0] == 'p' && !test_can_set("profile="))
			continue;
		mix_on(arg, 512, 0, test_rounds(4000), true);
		mix_on(arg, 256, UINT_MAX, test_rounds(4000), true);
	}
}

static void
engines(void **state)
{
	(void)state;
	TEST_NEEDS(test_can_set("engine="), "it has the engine that it has");
	mix_on("engine=inline", 64, 0, 10000, true);
	mix_on("engine=thread", 64, 0, 10000, true);
#ifndef __SANITIZE_THREAD__
	mix_on("engine=task", 64, 0, 10000, true);
#endif
}

/* Copies and fills only, without flags: the inline path alone, in every burst size. */
static void
bursts(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue_conf(dev, 2048, 0, SVA_FAULT_RESUME);
	struct sva_result *r = calloc(2048, sizeof(*r));
	uint8_t *src = test_pages(512), *dst = test_pages(512);
	struct sva_device_info info;
	struct sva_queue_stats stats;
	unsigned int n, i, burst, last = 0;

	(void)state;
	assert_int_equal(sva_device_info(dev, &info), 0);
	test_fill_random(src, 512 * TEST_PAGE, 1);
	for (n = 1; last != 2048; n = n < 70 ? n + 1 : n * 2 - 5) {
		/* The largest batch and one more, and a full ring, whatever else. */
		if (last < info.max_batch && n > info.max_batch)
			n = info.max_batch;
		else if (last == info.max_batch)
			n = info.max_batch + 1;
		if (n > 2048)
			n = 2048;
		last = n;
		memset(dst, 0, n * 1000);
		assert_int_equal(sva_queue_stats_reset(q), 0);
		for (i = 0; i < n; i++) {
			if (i % 3 == 2)
				assert_true(sva_fill(q, dst + i * 1000, 0, 999, i, 0) >= 0);
			else
				assert_true(sva_copy(q, dst + i * 1000, src + i * 1000, 999, i,
						     0) >= 0);
		}
		assert_int_equal(sva_submit(q), 0);
		/* Results by fewer than the batch has, or more. */
		for (i = 0, burst = n % 5 == 0 ? n + 1 : n / 3 + 1; i < n;) {
			unsigned int want = burst < 2048 - i ? burst : 2048 - i;
			unsigned int got = test_take_some(q, r + i, want < n - i ? want : n - i);

			assert_true(got > 0);
			i += got;
		}
		for (i = 0; i < n; i++) {
			assert_int_equal(r[i].cookie, i);
			assert_int_equal(r[i].status, SVA_OK);
			assert_int_equal(r[i].bytes, 999);
			assert_int_equal(dst[i * 1000 + 999], 0);
			if (i % 3 == 2)
				assert_int_equal(test_cpu_mismatch(dst + i * 1000, NULL, 0, 999),
						 999);
			else
				assert_memory_equal(dst + i * 1000, src + i * 1000, 999);
		}
		assert_int_equal(sva_queue_stats(q, &stats), 0);
		assert_int_equal(stats.accepted, n);
		assert_int_equal(stats.completed, n);
		assert_int_equal(stats.bytes, 999 * (uint64_t)n);
		if (n == 1)
			assert_int_equal(stats.batches, 0);
		else
			assert_true(stats.batches > 0);
		assert_true(stats.doorbells >= 1 && stats.doorbells <= n / info.max_batch + 2);
	}
	free(r);
	munmap(src, 512 * TEST_PAGE);
	munmap(dst, 512 * TEST_PAGE);
}

/* From how many operations a batch is made. */
static void
min_batch(void **state)
{
	static const unsigned int mins[] = { 2, 4, 10, UINT_MAX };
	struct sva_device *dev = test_open(NULL);
	struct sva_result r[32];
	unsigned int i, n, k, kind;
	uint8_t mem[64] = { 0 };

	(void)state;
	for (i = 0; i < 2 * COUNT(mins); i++) {
		unsigned int min = mins[i / 2];
		struct sva_queue *q = test_queue_conf(dev, 1024, min, SVA_FAULT_RESUME);
		struct sva_queue_stats stats;
		struct sva_queue_info info;

		assert_int_equal(sva_queue_info(q, &info), 0);
		assert_int_equal(info.min_batch, min);
		for (n = 1, kind = i % 2; n <= 16; n++) {
			assert_int_equal(sva_queue_stats_reset(q), 0);
			for (k = 0; k < n; k++)
				assert_true((kind ? sva_nop(q, k, 0) :
					     sva_copy(q, mem, mem + 32, 8, k, 0)) >= 0);
			assert_int_equal(sva_submit(q), 0);
			test_take(q, r, n);
			assert_int_equal(sva_queue_stats(q, &stats), 0);
			assert_int_equal(stats.batches, n >= min);
			assert_int_equal(stats.doorbells, n >= min ? 1 : n);
		}
		assert_int_equal(sva_queue_close(q), 0);
	}
}

/* Nothing starts before sva_submit() or SVA_SUBMIT. */
static void
submit(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	uint8_t a[64], b[64];
	struct sva_result r[4];
	unsigned int i;

	(void)state;
	memset(a, 1, sizeof(a));
	memset(b, 2, sizeof(b));
	assert_true(sva_copy(q, b, a, 64, 10, 0) >= 0);
	for (i = 0; i < 1000; i++)
		assert_int_equal(sva_poll(q, r, 4), 0);
	assert_int_equal(b[0], 2);
	assert_true(sva_crc32c(q, a, 64, 0, 11, 0) >= 0);
	assert_true(sva_nop(q, 12, SVA_SUBMIT) >= 0);
	assert_true(sva_nop(q, 13, 0) >= 0);
	test_take(q, r, 3);
	assert_int_equal(r[0].cookie, 10);
	assert_int_equal(r[1].cookie, 11);
	assert_int_equal(r[2].cookie, 12);
	assert_memory_equal(a, b, 64);
	for (i = 0; i < 1000; i++)
		assert_int_equal(sva_poll(q, r, 4), 0);
	assert_int_equal(sva_submit(q), 0);
	assert_int_equal(sva_submit(q), 0);
	test_take(q, r, 1);
	assert_int_equal(r[0].cookie, 13);
	assert_true(sva_copy(q, b, a, 64, 14, SVA_SUBMIT) >= 0);
	test_take(q, r, 1);
	assert_int_equal(r[0].cookie, 14);
}

/* Results one by one out of a batch, and results that are not touched. */
static void
poll_less(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_result r[4], untouched;
	unsigned int i, kind;

	(void)state;
	memset(&untouched, 0xcc, sizeof(untouched));
	for (kind = 0; kind < 2; kind++) {
		for (i = 0; i < 50; i++)
			assert_true((kind && i % 4 == 0 ? sva_crc32c(q, &kind, 4, 0, i, 0) :
				     sva_fill(q, r, 0, 1, i, 0)) >= 0);
		assert_int_equal(sva_submit(q), 0);
		for (i = 0; i < 50; i++) {
			memset(r, 0xcc, sizeof(r));
			assert_int_equal(sva_poll(q, r, 0), 0);
			test_take(q, r, 1);
			assert_int_equal(r[0].cookie, i);
			assert_memory_equal(&r[1], &untouched, sizeof(untouched));
		}
		assert_int_equal(sva_poll(q, r, 4), 0);
	}
}

/* Each copies what the one before has written. */
static void
chain(struct sva_queue *q, unsigned int n, unsigned int submit_every, size_t len)
{
	uint8_t *mem = test_pages((n + 1) * len / TEST_PAGE + 1);
	struct sva_result *r = calloc(n, sizeof(*r));
	unsigned int i;

	test_fill_random(mem, len, n);
	for (i = 0; i < n; i++) {
		assert_true(sva_copy(q, mem + (i + 1) * len, mem + i * len, len, i,
				     SVA_FENCE) >= 0);
		if (i % submit_every == submit_every - 1)
			assert_int_equal(sva_submit(q), 0);
	}
	assert_int_equal(sva_submit(q), 0);
	test_take(q, r, n);
	for (i = 0; i < n; i++) {
		assert_int_equal(r[i].cookie, i);
		assert_int_equal(r[i].status, SVA_OK);
		assert_memory_equal(mem, mem + (i + 1) * len, len);
	}
	free(r);
	munmap(mem, ((n + 1) * len / TEST_PAGE + 1) * TEST_PAGE);
}

/* Copies and fills that went well, up to what has more to say. */
static void
poll_ok(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue_conf(dev, 64, 0, SVA_FAULT_REPORT);
	uint8_t *mem = test_pages(2);
	struct sva_result r[8];
	struct sva_queue_stats stats;
	unsigned int round, got, i;
	int n;

	(void)state;
	for (round = 0; round < 10; round++) {
		for (i = 0; i < 20; i++)
			assert_true((i == 13 ? sva_crc32c(q, mem, 10, 0, i, 0) :
				     i % 2 ? sva_copy(q, mem + 100, mem, 10, i, 0) :
				     sva_fill(q, mem + 200, 0, 10, i, 0)) >= 0);
		assert_int_equal(sva_submit(q), 0);
		for (got = 0; got < 13; got += (unsigned int)n) {
			n = sva_poll_ok(q, 13 - got);
			assert_in_range(n, 0, 13 - got);
			if (n == 0) {
				n = sva_poll(q, r, 1);
				assert_in_range(n, 0, 1);
			}
			sched_yield();
		}
		/* One that has more to say is left. */
		assert_int_equal(sva_poll_ok(q, 64), 0);
		test_take(q, r, 1);
		assert_int_equal(r[0].cookie, 13);
		test_take(q, r, 6);
		assert_int_equal(r[5].cookie, 19);
		assert_int_equal(sva_poll_ok(q, 64), 0);
		assert_int_equal(sva_poll_ok(q, 0), 0);
	}
	/* One at a time: nothing is in the way. */
	for (i = 0; i < 10; i++) {
		assert_true(sva_copy(q, mem + 100, mem, 10, i, SVA_SUBMIT) >= 0);
		while ((n = sva_poll_ok(q, 5)) == 0)
			sched_yield();
		assert_int_equal(n, 1);
	}
	assert_int_equal(sva_queue_stats(q, &stats), 0);
	assert_int_equal(stats.completed, 210);
	assert_int_equal(stats.bytes, 2100);
	munmap(mem, 2 * TEST_PAGE);
	assert_int_equal(sva_queue_close(q), 0);
	assert_int_equal(sva_poll_ok(q, 5), -ENODEV);
	assert_int_equal(sva_device_close(dev), 0);
}

static void
fences(void **state)
{
	static const unsigned int mins[] = { 0, 4, UINT_MAX };
	struct sva_device *dev = test_open(NULL);
	unsigned int i, n;

	(void)state;
	for (i = 0; i < COUNT(mins); i++) {
		struct sva_queue *q = test_queue_conf(dev, 128, mins[i], SVA_FAULT_RESUME);

		for (n = 1; n < 10; n++) {
			chain(q, n, n, 5000);
			chain(q, n, 1, 5000);
			chain(q, n, 2, 5000);
		}
		chain(q, 100, 100, 4099);
		chain(q, 100, 7, 4099);
		chain(q, 100, 1, 4099);
		assert_int_equal(sva_queue_close(q), 0);
	}
}

/* A fence waits for work that has to be resumed, and for what fails before it. */
static void
fence_after_fault(void **state)
{
	static const unsigned int mins[] = { 0, 6, UINT_MAX };
	struct sva_device *dev;
	unsigned int i, apart, bad;

	(void)state;
	TEST_NEEDS_REPORTING();
	dev = test_open(test_reporting());
	for (i = 0; i < COUNT(mins); i++) {
		struct sva_queue *q = test_queue_conf(dev, 16, mins[i], SVA_FAULT_RESUME);

		for (apart = 0; apart < 2; apart++) {
			for (bad = 0; bad < 2; bad++) {
				uint8_t *a, *b = test_pages(2), *c = test_pages(2);
				struct sva_result r[5];
				int fd = memfd_create("absent", MFD_CLOEXEC);

				/* Only what is read first is not there, and makes it late. */
				assert_int_equal(ftruncate(fd, 2 * TEST_PAGE), 0);
				a = mmap(NULL, 2 * TEST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
					 fd, 0);
				assert_true(a != MAP_FAILED);
				close(fd);
				memset(a, 3, 2 * TEST_PAGE);
				madvise(a, 2 * TEST_PAGE, MADV_DONTNEED);
				assert_true(sva_nop(q, 0, 0) >= 0);
				assert_true(sva_copy(q, b, a, 2 * TEST_PAGE, 1, 0) >= 0);
				if (apart)
					assert_int_equal(sva_submit(q), 0);
				/* Without or with an operation that never succeeds. */
				assert_true(sva_copy(q, bad ? NULL : c, c + 8, 1, 2, 0) >= 0);
				assert_true(sva_copy(q, c, b, 2 * TEST_PAGE, 3, SVA_FENCE) >= 0);
				assert_true(sva_compare(q, a, c, 2 * TEST_PAGE, 4, SVA_FENCE) >= 0);
				assert_int_equal(sva_submit(q), 0);
				test_take(q, r, 5);
				assert_int_equal(r[1].status, SVA_OK);
				assert_int_equal(r[1].bytes, 2 * TEST_PAGE);
				assert_int_equal(r[2].status, bad ? SVA_FAULT : SVA_OK);
				assert_int_equal(r[3].status, SVA_OK);
				assert_int_equal(r[4].status, SVA_OK);
				assert_memory_equal(a, c, 2 * TEST_PAGE);
				munmap(a, 2 * TEST_PAGE);
				munmap(b, 2 * TEST_PAGE);
				munmap(c, 2 * TEST_PAGE);
			}
		}
		assert_int_equal(sva_queue_close(q), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(submit),
		TEST(bursts),
		TEST(min_batch),
		TEST(poll_less),
		TEST(poll_ok),
		TEST(fences),
		TEST(fence_after_fault),
		TEST(random_mix),
		TEST(random_mix_min_batch),
		TEST(wrap),
		TEST(small_wq),
		TEST(engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
