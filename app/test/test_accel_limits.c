/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Limits, bad input, information and statistics of the device class.
 */
#include "test_accel_util.h"
#include "test_eal_log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t a[65536], b[65536];

static void
lengths(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue(dev);
	struct sva_device_info info;
	struct sva_queue_stats stats;
	unsigned int op;

	(void)state;
	assert_int_equal(sva_device_info(dev, &info), 0);
	assert_true(info.max_transfer >= 4096 && info.max_transfer <= UINT32_MAX);
	for (op = SVA_OP_COPY; op < SVA_NB_OPS; op++) {
		if (op == SVA_OP_DRAIN)
			continue;
		assert_int_equal(test_enqueue_any(q, op, b, a, 0, 0), -EINVAL);
		assert_int_equal(test_enqueue_any(q, op, b, a, info.max_transfer + 1, 0), -EINVAL);
		assert_int_equal(test_enqueue_any(q, op, b, a, (size_t)1 << 32, 0), -EINVAL);
		assert_int_equal(test_enqueue_any(q, op, b, a, ((size_t)1 << 32) + 8, 0), -EINVAL);
		assert_int_equal(test_enqueue_any(q, op, b, a, SIZE_MAX, 0), -EINVAL);
		assert_int_equal(test_enqueue_any(q, op, b, a, 0, SVA_SUBMIT), -EINVAL);
	}
	assert_int_equal(sva_queue_stats(q, &stats), 0);
	assert_int_equal(stats.accepted, 0);
	assert_int_equal(stats.doorbells, 0);
	assert_true(test_enqueue_any(q, SVA_OP_COPY, b, a, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
}

/* The longest operation there can be, over one file page again and again. */
static void
longest(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = test_queue(dev);
	struct sva_device_info info;
	struct sva_result r;
	uint8_t *mem;

	(void)state;
	assert_int_equal(sva_device_info(dev, &info), 0);
	/* Too short by a page at its end: it stops there, far beyond 31 bits of anything. */
	mem = mmap(NULL, info.max_transfer, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	assert_true(mem != MAP_FAILED);
	assert_int_equal(mprotect(mem, 1 << 20, PROT_READ | PROT_WRITE), 0);
	assert_true(sva_fill(q, mem, 1, info.max_transfer, 1, 0) >= 0);
	r = test_one(q);
	assert_int_equal(r.status, SVA_FAULT);
	assert_int_equal(r.bytes, 1 << 20);
	assert_int_equal(mem[(1 << 20) - 8], 1);
	munmap(mem, info.max_transfer);
}

static void
unknown_flags(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_queue_info info;
	unsigned int op, bit;

	(void)state;
	for (op = 0; op < SVA_NB_OPS; op++)
		for (bit = 3; bit < 32; bit++)
			assert_int_equal(test_enqueue_any(q, op, b, a, 64, 1u << bit), -EINVAL);
	assert_int_equal(sva_queue_info(q, &info), 0);
	assert_int_equal(info.used, 0);
}

/* A NULL address is one that faults. */
static void
null_data(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	unsigned int op, i;

	(void)state;
	for (op = SVA_OP_COPY; op <= SVA_OP_DUALCAST; op++) {
		for (i = 0; i < 3; i++) {
			struct test_work w = {
				.op = (enum sva_opcode)op, .dst = i == 1 ? NULL : test_pages(1),
				.dst2 = i == 2 ? NULL : test_pages(1), .src = i == 0 ? NULL : a,
				.len = 100,
			};
			struct sva_result r;

			assert_true(test_enqueue(q, &w) >= 0);
			r = test_one(q);
			if ((i == 0 && op != SVA_OP_FILL) || (i == 2 && op == SVA_OP_DUALCAST) ||
			    (i == 1 && op != SVA_OP_CRC32C && op != SVA_OP_COMPARE_PATTERN)) {
				assert_int_equal(r.status, SVA_FAULT);
				assert_int_equal(r.fault_addr >> 12, 0);
				assert_int_equal(r.bytes, 0);
			}
			munmap(w.dst, TEST_PAGE);
			munmap(w.dst2, TEST_PAGE);
		}
	}
}

static void
full_ring(void **state)
{
	static const unsigned int depths[] = { 1, 2, 3, 8, 100, 1024 };
	struct sva_device *dev = test_open(NULL);
	struct sva_queue_info info;
	struct sva_result *r = calloc(2048, sizeof(*r));
	unsigned int i, op, n, round;

	(void)state;
	for (i = 0; i < COUNT(depths); i++) {
		struct sva_queue *q = test_queue_conf(dev, depths[i], 0, SVA_FAULT_RESUME);

		assert_int_equal(sva_queue_info(q, &info), 0);
		for (round = 0; round < 5; round++) {
			for (n = 0; test_enqueue_any(q, SVA_OP_COPY, b, a, 8, 0) >= 0; n++)
				assert_true(n < info.depth);
			assert_int_equal(n, info.depth);
			for (op = 0; op < SVA_NB_OPS; op++)
				assert_int_equal(test_enqueue_any(q, op, b, a, 8, 0), -ENOSPC);
			assert_int_equal(sva_submit(q), 0);
			assert_int_equal(test_enqueue_any(q, SVA_OP_COPY, b, a, 8, 0), -ENOSPC);
			/* One result makes room for one operation. */
			test_take(q, r, 1);
			assert_true(test_enqueue_any(q, SVA_OP_FILL, b, a, 8, 0) >= 0);
			assert_int_equal(test_enqueue_any(q, SVA_OP_FILL, b, a, 8, 0), -ENOSPC);
			assert_int_equal(sva_submit(q), 0);
			test_take(q, r, n);
			assert_int_equal(sva_poll(q, r, 1), 0);
		}
		assert_int_equal(sva_queue_close(q), 0);
	}
	free(r);
}

static void
empty_polls(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_result r[2];
	unsigned int i;

	(void)state;
	for (i = 0; i < 70000; i++)
		assert_int_equal(sva_poll(q, r, 2), 0);
	assert_int_equal(sva_submit(q), 0);
	assert_int_equal(sva_poll(q, NULL, 0), 0);
	assert_int_equal(sva_poll(q, NULL, 1), -EINVAL);
	assert_int_equal(sva_poll(q, r, 0), 0);
	assert_true(sva_nop(q, 1, SVA_SUBMIT) >= 0);
	assert_int_equal(sva_poll(q, NULL, 1), -EINVAL);
	test_take(q, r, 1);
}

static void
queue_conf(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *q = (void *)a;
	const struct sva_queue_conf bad[] = {
		{ .depth = 65537 }, { .depth = UINT_MAX }, { .min_batch = 1 },
		{ .fault_policy = (enum sva_fault_policy)2 },
		{ .fault_policy = (enum sva_fault_policy)-1 },
		{ .numa_node_plus_1 = 1025 }, { .numa_node_plus_1 = UINT_MAX },
	};
	const struct {
		unsigned int wish, depth;
	} depths[] = {
		{ 0, 1024 }, { 1, 1 }, { 2, 2 }, { 3, 4 }, { 1025, 2048 }, { 65536, 65536 },
	};
	struct sva_queue_info info;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(sva_queue_open(dev, &bad[i], &q), -EINVAL);
	assert_int_equal(sva_queue_open(NULL, NULL, &q), -EINVAL);
	assert_int_equal(sva_queue_open(dev, NULL, NULL), -EINVAL);
	assert_ptr_equal(q, a);
	for (i = 0; i < COUNT(depths); i++) {
		q = test_queue_conf(dev, depths[i].wish, 0, SVA_FAULT_REPORT);
		assert_int_equal(sva_queue_info(q, &info), 0);
		assert_int_equal(info.depth, depths[i].depth);
		assert_int_equal(info.used, 0);
		assert_int_equal(info.index, 0);
		assert_int_equal(info.fault_policy, SVA_FAULT_REPORT);
		assert_true(info.min_batch >= 2);
		assert_true(info.wq_size >= 1);
		assert_int_equal(sva_queue_close(q), 0);
	}
	assert_int_equal(sva_queue_open(dev, &(struct sva_queue_conf){ .numa_node_plus_1 = 1 }, &q),
			 0);
	assert_true(sva_nop(q, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
}

/* Rings in the caller's memory. */
static void
queue_memory(void **state)
{
	struct sva_device *dev = test_open(NULL);
	size_t size = 160 * (64 + 1);
	uint8_t *mem = test_pages(4);
	struct sva_queue_conf conf = { .depth = 33, .memory = mem, .memory_size = size - 1 };
	struct sva_queue *q;
	unsigned int i;
	struct sva_result r;

	(void)state;
	assert_int_equal(sva_queue_open(dev, &conf, &q), -EINVAL);
	conf.memory_size = 0;
	assert_int_equal(sva_queue_open(dev, &conf, &q), -EINVAL);
	conf.memory_size = 2 * size;
	for (i = 1; i < 64; i++) {
		conf.memory = mem + i;
		assert_int_equal(sva_queue_open(dev, &conf, &q), -EINVAL);
	}
	conf.memory = mem + 64;
	conf.memory_size = size;
	memset(mem, 0xa7, 4 * TEST_PAGE);
	assert_int_equal(sva_queue_open(dev, &conf, &q), 0);
	for (i = 0; i < 200; i++) {
		assert_true(test_enqueue_any(q, i % SVA_NB_OPS, b, a, 100, 0) >= 0);
		r = test_one(q);
		assert_true(r.status == SVA_OK || r.status == SVA_MISMATCH);
	}
	for (i = 0; i < 64; i++) {
		assert_int_equal(mem[i], 0xa7);
		assert_int_equal(mem[64 + size + i], 0xa7);
	}
	assert_int_equal(sva_queue_close(q), 0);
	mem[64] = 1;	/* still the caller's */
	munmap(mem, 4 * TEST_PAGE);
}

static void
all_queues(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_queue *queues[128], *q;
	struct sva_device_info info;
	struct sva_queue_info qi;
	unsigned int i, round;

	(void)state;
	assert_int_equal(sva_device_info(dev, &info), 0);
	assert_true(info.queues >= 1 && info.queues <= 128);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < info.queues; i++) {
			queues[i] = test_queue(dev);
			assert_int_equal(sva_queue_info(queues[i], &qi), 0);
			assert_int_equal(qi.index, i);
		}
		assert_int_equal(sva_queue_open(dev, NULL, &q), -EBUSY);
		assert_int_equal(sva_device_info(dev, &info), 0);
		assert_int_equal(info.queues_open, info.queues);
		/* The one in the middle comes back. */
		assert_int_equal(sva_queue_close(queues[info.queues / 2]), 0);
		queues[info.queues / 2] = test_queue(dev);
		assert_int_equal(sva_queue_info(queues[info.queues / 2], &qi), 0);
		assert_int_equal(qi.index, info.queues / 2);
		for (i = 0; i < info.queues; i++) {
			assert_true(sva_nop(queues[i], i, 0) >= 0);
			assert_int_equal(test_one(queues[i]).cookie, i);
			assert_int_equal(sva_queue_close(queues[i]), 0);
		}
		assert_int_equal(sva_device_info(dev, &info), 0);
		assert_int_equal(info.queues_open, 0);
	}
}

static void
bad_specs(void **state)
{
	static const struct {
		const char *spec;
		int error;
	} specs[] = {
		{ "", -EINVAL }, { "emu", -EINVAL }, { ":", -EINVAL }, { ":dsa", -EINVAL },
		{ "emu:", -EINVAL }, { "emu,dsa", -EINVAL }, { "nobus:dsa", -ENODEV },
		{ "a-bus-name-that-is-far-too-long:dsa", -ENODEV },
		{ "emu:nothing", -ENODEV }, { "emu:dsa16", -ENODEV }, { "emu:dsa-1", -ENODEV },
		{ "emu:dsa1x", -ENODEV }, { "emu:dsax", -ENODEV }, { "emu:dsa+1", -ENODEV },
		{ "emu:dsa99999999999999999999", -ENODEV }, { "emu:DSA", -ENODEV },
		{ "emu:dsa,nokey=1", -EINVAL }, { "emu:dsa,wqs", -EINVAL },
		{ "emu:dsa,wqs=", -EINVAL }, { "emu:dsa,wqs=0", -EINVAL },
		{ "emu:dsa,wqs=9", -EINVAL }, { "emu:dsa,wqs=x", -EINVAL },
		{ "emu:dsa,wqs=-1", -EINVAL }, { "emu:dsa,wq_size=0", -EINVAL },
		{ "emu:dsa,wq_size=17", -EINVAL }, { "emu:dsa,wqs=1,wq_size=129", -EINVAL },
		{ "emu:dsa,priority=0", -EINVAL }, { "emu:dsa,priority=16", -EINVAL },
		{ "emu:dsa,engine=steam", -EINVAL }, { "emu:dsa,pri=maybe", -EINVAL },
		{ "emu:dsa,profile=none", -EINVAL }, { "emu:dsa,wqs=1,wqs=2", -EINVAL },
		{ "emu:dsa,", -EINVAL }, { "emu:dsa,,", -EINVAL }, { "emu:dsa,=", -EINVAL },
	};
	struct sva_device *dev = (void *)a;
	struct sva_device_conf conf = { 0 };
	char *longest = calloc(1, 100001);
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(specs); i++) {
		int ret = sva_device_open(specs[i].spec, &dev);

		if (ret != specs[i].error)
			fail_msg("\"%s\" gives %d", specs[i].spec, ret);
		/* The log says why. */
		assert_true(log_has("svadk"));
	}
	memset(longest, 'x', 100000);
	assert_int_equal(sva_device_open(longest, &dev), -EINVAL);
	memcpy(longest, "emu:", 4);
	assert_true(sva_device_open(longest, &dev) < 0);
	memcpy(longest, "emu:dsa,wqs=", 12);
	assert_int_equal(sva_device_open(longest, &dev), -EINVAL);
	free(longest);
	assert_int_equal(sva_device_open(NULL, &dev), -EINVAL);
	assert_int_equal(sva_device_open("emu:dsa", NULL), -EINVAL);
	conf.pid = -1;
	assert_int_equal(sva_device_open_conf("emu:dsa", &conf, &dev), -EINVAL);
	conf.pid = 0;
	conf.queues = 9;
	assert_int_equal(sva_device_open_conf("emu:dsa", &conf, &dev), -EINVAL);
	conf.queues = UINT_MAX;
	assert_int_equal(sva_device_open_conf("emu:dsa", &conf, &dev), -EINVAL);
	conf.queues = 0;
	conf.container = (void *)b;
	assert_int_equal(sva_device_open_conf("emu:dsa", &conf, &dev), -EINVAL);
	assert_ptr_equal(dev, a);
	/* None of that keeps the device from being opened. */
	assert_int_equal(sva_device_open("emu:dsa", &dev), 0);
}

static void
devargs(void **state)
{
	static const struct {
		const char *args;
		unsigned int queues, wq_size;
	} good[] = {
		{ "wqs=1", 1, 128 }, { "wqs=3", 3, 42 }, { "wqs=8", 8, 16 }, { "wq_size=1", 8, 1 },
		{ "wqs=2,wq_size=64,priority=1", 2, 64 }, { "priority=15", 8, 16 },
		{ "wqs=0x2", 2, 64 }, { "profile=emr", 8, 16 }, { "profile=default", 8, 16 },
	};
	struct sva_device *dev;
	struct sva_device_info info;
	struct sva_device_conf conf = { .queues = 2 };
	struct sva_queue_info qi;
	unsigned int i;

	(void)state;
	TEST_NEEDS(test_can_set("profile="), "the numbers are those of the emulated device");
	for (i = 0; i < COUNT(good); i++) {
		dev = test_open(good[i].args);
		assert_int_equal(sva_device_info(dev, &info), 0);
		assert_int_equal(info.queues, good[i].queues);
		assert_int_equal(info.wq_size, good[i].wq_size);
		assert_int_equal(sva_queue_info(test_queue(dev), &qi), 0);
		assert_int_equal(qi.wq_size, good[i].wq_size);
		assert_int_equal(sva_device_close(dev), 0);
	}
	assert_int_equal(sva_device_open_conf("emu:dsa", &conf, &dev), 0);
	assert_int_equal(sva_device_info(dev, &info), 0);
	assert_int_equal(info.queues, 2);
	assert_int_equal(info.wq_size, 64);
}

static void
device_info(void **state)
{
	struct sva_device *dev = test_open(NULL);
	struct sva_device_info info;
	unsigned int op;

	(void)state;
	assert_int_equal(sva_device_info(dev, NULL), -EINVAL);
	assert_int_equal(sva_device_info(NULL, &info), -EINVAL);
	assert_int_equal(sva_device_info(dev, &info), 0);
	assert_int_equal(strncmp(info.name, test_device(), strlen(info.name)), 0);
	assert_string_equal(info.driver, "idxd");
	assert_int_equal(info.vendor_id, 0x8086);
	assert_true(info.pasid > 0 && info.pasid < 1u << 20);
	assert_int_equal(info.pid, 0);
	assert_int_equal(info.queues_open, 0);
	assert_true(info.max_batch >= 2);
	/* A function of a virtual machine may be a model, too. */
	assert_true(info.emulated || !test_emulated());
	for (op = 0; op < SVA_NB_OPS; op++)
		assert_true(info.ops & 1u << op);
}

static void
names(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < SVA_NB_OPS; i++) {
		assert_string_not_equal(sva_op_name((enum sva_opcode)i), "unknown");
		assert_int_equal(sva_op_parse(sva_op_name((enum sva_opcode)i)), i);
	}
	assert_string_equal(sva_op_name((enum sva_opcode)SVA_NB_OPS), "unknown");
	assert_string_equal(sva_op_name((enum sva_opcode)-1), "unknown");
	assert_int_equal(sva_op_parse("unknown"), -EINVAL);
	assert_int_equal(sva_op_parse(""), -EINVAL);
	assert_int_equal(sva_op_parse(NULL), -EINVAL);
	for (i = SVA_OK; i <= SVA_HW_ERROR; i++)
		assert_string_not_equal(sva_status_name((enum sva_status)i), "unknown");
	assert_string_equal(sva_status_name((enum sva_status)99), "unknown");
}

static void
opened_twice(void **state)
{
	struct sva_device *dev = test_open(NULL), *again = (void *)a;

	(void)state;
	assert_int_equal(sva_device_open(test_device(), &again), -EBUSY);
	assert_ptr_equal(again, a);
	if (test_emulated())	/* the same function under its other name */
		assert_int_equal(sva_device_open("emu:dsa0", &again), -EBUSY);
	assert_int_equal(sva_device_close(dev), 0);
	assert_int_equal(sva_device_open(test_device(), &again), 0);
}

static void
many_devices(void **state)
{
	struct sva_device *devs[16];
	struct sva_queue *q[16];
	struct sva_device *one;
	char spec[32];
	unsigned int i, round;

	(void)state;
	TEST_NEEDS(test_emulated(), "it is about the 16 emulated devices");
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 16; i++) {
			snprintf(spec, sizeof(spec), "emu:dsa%u,wqs=1", i);
			assert_int_equal(sva_device_open(spec, &devs[i]), 0);
			q[i] = test_queue(devs[i]);
			assert_true(sva_copy(q[i], b + i * 16, a, 16, i, SVA_SUBMIT) >= 0);
		}
		assert_int_equal(sva_device_open("emu:dsa16", &one), -ENODEV);
		for (i = 0; i < 16; i++)
			assert_int_equal(test_one(q[i]).cookie, i);
		for (i = 0; i < 16; i++)
			assert_int_equal(sva_device_close(devs[i]), 0);
	}
	/* Slots for handles are used again. */
	for (i = 0; i < 150; i++)
		assert_int_equal(sva_device_close(test_open(NULL)), 0);
}

static void
automatic(void **state)
{
	struct sva_device *dev;
	struct sva_queue *q;

	(void)state;
	assert_int_equal(sva_device_open("auto", &dev), 0);
	q = test_queue(dev);
	assert_true(sva_copy(q, b, a, 100, 1, 0) >= 0);
	assert_int_equal(test_one(q).status, SVA_OK);
	assert_true(log_has("auto: using "));
}

static void
statistics(void **state)
{
	struct sva_queue *q = test_queue(test_open(NULL));
	struct sva_queue_stats s;
	struct sva_queue_info info;
	struct sva_result r[16];
	unsigned int i, round;

	(void)state;
	for (round = 0; round < 200; round++) {
		assert_int_equal(sva_queue_stats_reset(q), 0);
		assert_int_equal(sva_queue_stats(q, &s), 0);
		assert_int_equal(s.accepted | s.completed | s.failed | s.bytes | s.doorbells |
				 s.batches | s.faults | s.resumed, 0);
		for (i = 0; i < 7; i++)
			assert_true(sva_copy(q, b, a, 100, 0, 0) >= 0);
		assert_true(sva_copy(q, NULL, a, 100, 0, 0) >= 0);
		assert_true(sva_copy_crc32c(q, a, a, 100, 0, 0, 0) >= 0);
		memcpy(b + 1000, a, 100);
		b[1005] ^= 1;
		assert_true(sva_compare(q, a, b + 1000, 100, 0, SVA_FENCE) >= 0);
		assert_int_equal(sva_queue_stats(q, &s), 0);
		assert_int_equal(s.accepted, 10);
		assert_int_equal(s.completed, 0);
		assert_int_equal(s.doorbells, 0);
		assert_int_equal(sva_submit(q), 0);
		test_take(q, r, 4);
		assert_int_equal(sva_queue_info(q, &info), 0);
		assert_int_equal(info.used, 6);
		assert_int_equal(sva_queue_stats(q, &s), 0);
		assert_int_equal(s.completed, 4);
		assert_int_equal(s.bytes, 400);
		/* Reset in between: what was accepted before is not counted again. */
		if (round % 2) {
			assert_int_equal(sva_queue_stats_reset(q), 0);
			test_take(q, r, 6);
			assert_int_equal(sva_queue_stats(q, &s), 0);
			assert_int_equal(s.accepted, 0);
			assert_int_equal(s.completed, 6);
			continue;
		}
		test_take(q, r, 6);
		assert_int_equal(r[3].status, SVA_FAULT);
		assert_int_equal(r[4].status, SVA_INVALID);
		assert_int_equal(r[5].status, SVA_MISMATCH);
		assert_int_equal(sva_queue_stats(q, &s), 0);
		assert_int_equal(s.accepted, 10);
		assert_int_equal(s.completed, 10);
		assert_int_equal(s.failed, 2);
		assert_int_equal(s.faults, 1);
		assert_int_equal(s.resumed, 0);
		assert_int_equal(s.bytes, 700 + 5);
		/* One batch, two where the ring starts again, and what a fence stopped. */
		assert_true(s.batches == 1 || s.batches == 2);
		assert_true(s.doorbells > s.batches && s.doorbells <= s.batches + 2);
	}
}

/* cmocka's setup and teardown with the log kept for log_has(). */
static int
begin(void **state)
{
	return test_begin(state) | log_start(state);
}

static int
end(void **state)
{
	return test_end(state) | log_stop(state);
}

#define LIMIT_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIMIT_TEST(lengths),
		LIMIT_TEST(longest),
		LIMIT_TEST(unknown_flags),
		LIMIT_TEST(null_data),
		LIMIT_TEST(full_ring),
		LIMIT_TEST(empty_polls),
		LIMIT_TEST(queue_conf),
		LIMIT_TEST(queue_memory),
		LIMIT_TEST(all_queues),
		LIMIT_TEST(bad_specs),
		LIMIT_TEST(devargs),
		LIMIT_TEST(device_info),
		LIMIT_TEST(names),
		LIMIT_TEST(opened_twice),
		LIMIT_TEST(many_devices),
		LIMIT_TEST(automatic),
		LIMIT_TEST(statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
