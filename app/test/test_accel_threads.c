/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Threads: a queue each, on one device or on several, while others open and close.
 */
#include <pthread.h>

#include "test_accel_util.h"

#define THREADS 4
#define DEPTH 32
#define AREA 2048u	/* of one operand */
#define ROUNDS test_rounds(3000)

/* cmocka asserts in the main thread only: a thread leaves word of what was wrong. */
struct worker {
	pthread_t thread;
	const char *spec;
	unsigned int opens;
	struct sva_device *dev;
	struct sva_queue *q;
	unsigned int index;
	const char *wrong;
};

static bool
enqueue_random(struct worker *w, uint8_t *mem, uint64_t *state, uint64_t cookie,
	       struct sva_result *expected)
{
	uint32_t r = test_random(state);
	struct test_work work = {
		.op = (enum sva_opcode)(r % SVA_NB_OPS), .flags = r % 9 == 0 ? SVA_FENCE : 0,
		.src = mem, .dst = mem + AREA + (r >> 8) % 64, .dst2 = mem + 2 * AREA,
		.len = 1 + (r >> 16) % 900, .pattern = *state, .seed = r, .cookie = cookie,
	};
	uint8_t result[AREA], record[AREA];
	struct test_work cpu;

	/* Two destinations would want pages. */
	if (work.op == SVA_OP_DUALCAST)
		work.op = SVA_OP_COPY;
	test_fill_random(mem, 16, cookie);
	test_shape(&work);
	test_prepare(&work);
	cpu = work;
	cpu.dst2 = record;
	if (work.op != SVA_OP_COMPARE && work.op != SVA_OP_DELTA_CREATE)
		cpu.dst = result;
	*expected = test_cpu(&cpu);
	return test_enqueue(w->q, &work) >= 0;
}

/* Random work on the worker's own queue and memory, and its statistics at the end. */
static const char *
run_queue(struct worker *w, unsigned int rounds)
{
	uint8_t *mem = calloc(DEPTH, 3 * AREA);
	struct sva_result r[DEPTH], expected[DEPTH];
	struct sva_queue_stats stats;
	uint64_t state = w->index * 2 + 1, total = 0, failed = 0;
	const char *wrong = mem == NULL ? "memory" : NULL;
	unsigned int i, n, round;

	for (round = 0; round < rounds && wrong == NULL; round++) {
		n = 1 + test_random(&state) % DEPTH;
		for (i = 0; i < n; i++)
			if (!enqueue_random(w, mem + i * 3 * AREA, &state, total + i,
					    &expected[i]))
				wrong = "not accepted";
		if (sva_submit(w->q) != 0)
			wrong = "submit";
		if (test_take_some(w->q, r, n) != n)
			wrong = "results missing";
		for (i = 0; i < n && wrong == NULL; i++) {
			wrong = test_wrong(&r[i], &expected[i]);
			failed += expected[i].status > SVA_MISMATCH;
		}
		total += n;
	}
	if (wrong == NULL && (sva_queue_stats(w->q, &stats) != 0 || stats.accepted != total ||
			      stats.completed != total || stats.failed != failed))
		wrong = "statistics";
	free(mem);
	return wrong;
}

static void *
queue_thread(void *arg)
{
	struct worker *w = arg;

	w->wrong = run_queue(w, ROUNDS);
	return NULL;
}

static void
start(struct worker *w, unsigned int n, void *(*fn)(void *))
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		w[i].index = i;
		assert_int_equal(pthread_create(&w[i].thread, NULL, fn, &w[i]), 0);
	}
}

static void
finish(struct worker *w, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
	for (i = 0; i < n; i++)
		if (w[i].wrong != NULL)
			fail_msg("thread %u: %s", i, w[i].wrong);
}

static unsigned int
queues_of(struct sva_device *dev)
{
	struct sva_device_info info;

	assert_int_equal(sva_device_info(dev, &info), 0);
	return info.queues < THREADS ? info.queues : THREADS;
}

/* A queue a thread, all of one device. */
static void
queues(void **state)
{
	struct worker w[THREADS] = { 0 };
	struct sva_device *dev = test_open(NULL);
	unsigned int i, n = queues_of(dev);

	(void)state;
	for (i = 0; i < n; i++)
		w[i].q = test_queue_conf(dev, DEPTH, 0, SVA_FAULT_RESUME);
	start(w, n, queue_thread);
	finish(w, n);
	assert_int_equal(sva_device_close(dev), 0);
}

/* The i-th device, or NULL where there are not so many. */
static const char *
device(unsigned int i)
{
	static const char *const emulated[THREADS] = { "emu:dsa", "emu:dsa1", "emu:dsa2",
						       "emu:dsa3" };

	if (test_emulated())
		return i < THREADS ? emulated[i] : NULL;
	return i == 0 ? test_device() : i == 1 ? getenv("SVA_TEST_DEVICE2") : NULL;
}

static unsigned int
nb_devices(void)
{
	unsigned int n = 0;

	while (device(n) != NULL)
		n++;
	TEST_NEEDS(n > 1, "SVA_TEST_DEVICE2 is not set");
	return n;
}

/* A device a thread. */
static void
devices(void **state)
{
	struct worker w[THREADS] = { 0 };
	unsigned int i, n = nb_devices();
	char spec[128];

	(void)state;
	for (i = 0; i < n; i++) {
		snprintf(spec, sizeof(spec), "%s,wqs=1", device(i));
		assert_int_equal(sva_device_open(spec, &w[i].dev), 0);
		w[i].q = test_queue_conf(w[i].dev, DEPTH, 0, SVA_FAULT_RESUME);
	}
	start(w, n, queue_thread);
	finish(w, n);
}

/* Open and close queues of a device that others work with. */
static void *
reopen_queue(void *arg)
{
	struct worker *w = arg;
	struct sva_queue_conf conf = { .depth = DEPTH };
	struct sva_device_info info;
	struct sva_queue_info qi;
	unsigned int i;

	for (i = 0; i < 100 && w->wrong == NULL; i++) {
		if (sva_queue_open(w->dev, &conf, &w->q) != 0)
			w->wrong = "queue not opened";
		else if (sva_device_info(w->dev, &info) != 0 || info.queues_open == 0)
			w->wrong = "device information";
		else if (sva_queue_info(w->q, &qi) != 0 || qi.used != 0)
			w->wrong = "queue information";
		else
			w->wrong = run_queue(w, 5);
		if (w->q != NULL && sva_queue_close(w->q) != 0)
			w->wrong = "queue not closed";
		w->q = NULL;
	}
	return NULL;
}

static void
reopen(void **state)
{
	struct worker w[THREADS] = { 0 };
	struct sva_device *dev = test_open(NULL);
	unsigned int i, n = queues_of(dev);

	(void)state;
	for (i = 0; i < n; i++)
		w[i].dev = dev;
	start(w, n, reopen_queue);
	finish(w, n);
}

/* Everything from the device on, in each thread. */
static void *
reopen_device(void *arg)
{
	struct worker *w = arg;
	unsigned int i;

	for (i = 0; i < w->opens && w->wrong == NULL; i++) {
		if (sva_device_open(w->spec, &w->dev) != 0) {
			w->wrong = "device not opened";
			break;
		}
		if (sva_queue_open(w->dev, NULL, &w->q) != 0)
			w->wrong = "queue not opened";
		else
			w->wrong = run_queue(w, 3);
		if (sva_device_close(w->dev) != 0)
			w->wrong = "device not closed";
	}
	return NULL;
}

static void
reopen_devices(void **state)
{
	struct worker w[THREADS] = { 0 };
	unsigned int n = nb_devices(), i;

	(void)state;
	for (i = 0; i < n; i++) {
		w[i].spec = device(i);
		w[i].opens = test_rounds(30);
	}
	/* The first one to come initialises; clean-up is the main thread's. */
	assert_int_equal(sva_eal_cleanup(), 0);
	start(w, n, reopen_device);
	finish(w, n);
}

/* One queue from thread to thread, one at a time. */
static void
handed_over(void **state)
{
	struct worker w = { 0 };
	unsigned int i;

	(void)state;
	w.q = test_queue_conf(test_open(NULL), DEPTH, 0, SVA_FAULT_RESUME);
	for (i = 0; i < 5; i++) {
		assert_int_equal(sva_queue_stats_reset(w.q), 0);
		start(&w, 1, queue_thread);
		finish(&w, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(queues),
		TEST(devices),
		TEST(reopen),
		TEST(reopen_devices),
		TEST(handed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
