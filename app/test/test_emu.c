/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The emulated bus: names, devargs, its three kinds of engines, interrupts and reset.
 * That it leaves the program alone is in test_emu_engine.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_pause.h>

#include "test_emu_util.h"
#include "test_raw.h"

#define PAGE 4096u

static const char *const kinds[] = { "emu:dsa,engine=task", "emu:dsa,engine=thread",
				     "emu:dsa,engine=inline" };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The first kind that can be had here. */
static unsigned int
first_kind(void)
{
	return have_tasks() ? 0 : 1;
}

static void
names(void **state)
{
	static const char *const good[] = { "emu:dsa", "emu:dsa0", "emu:dsa1", "emu:dsa15" };
	static const char *const bad[] = { "emu:dsa16", "emu:dsa99999999999999999999", "emu:dsax",
					   "emu:dsa1x", "emu:dsa-1", "emu:dsa0x1",
					   "emu:ds", "emu:iax", "emu:DSA", "emu:null" };
	struct sva_bus_device *dev;
	struct sva_container *c;
	unsigned int i;

	(void)state;
	assert_int_equal(sva_container_create("emu", &c), 0);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(sva_container_open_device(c, good[i], &dev), 0);
		assert_string_equal(dev->name, good[i]);
		assert_int_equal(dev->vendor_id, DSA_PCI_VENDOR);
		assert_int_equal(dev->device_id, DSA_PCI_DEVICE);
		assert_int_equal(sva_bus_device_close(dev), 0);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(sva_container_open_device(c, bad[i], &dev), -ENODEV);
		assert_true(log_has("emu:dsa15"));
	}
	assert_int_equal(sva_container_open_device(c, "emu:", &dev), -EINVAL);
	assert_int_equal(sva_container_destroy(c), 0);
}

/* One function has two names, but is open once. */
static void
open_twice(void **state)
{
	struct sva_bus_device *dev, *again;
	struct sva_container *c, *other;

	(void)state;
	assert_int_equal(sva_container_create("emu", &c), 0);
	assert_int_equal(sva_container_create("emu", &other), 0);
	assert_int_equal(sva_container_open_device(c, "emu:dsa", &dev), 0);
	assert_int_equal(sva_container_open_device(c, "emu:dsa", &again), -EBUSY);
	assert_int_equal(sva_container_open_device(c, "emu:dsa0", &again), -EBUSY);
	assert_int_equal(sva_container_open_device(other, "emu:dsa0", &again), -EBUSY);
	assert_true(log_has("open already"));
	assert_int_equal(sva_container_open_device(other, "emu:dsa1", &again), 0);
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(sva_container_open_device(other, "emu:dsa0", &dev), 0);
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(sva_bus_device_close(again), 0);
	assert_int_equal(sva_container_destroy(other), 0);
	assert_int_equal(sva_container_destroy(c), 0);
}

static void
devargs(void **state)
{
	static const char *const good[] = { "profile=default", "profile=emr", "engine=thread",
					    "engine=inline", "pri=on", "pri=off",
					    "profile=emr,engine=thread,pri=off", "timing=on",
					    "timing=off" };
	/* And what the log says. */
	static const char *const bad[][2] = {
		{ "profile=", "profile" }, { "profile=spr", "default, emr" },
		{ "engine=fast", "task, thread, inline" }, { "engine=", "engine" },
		{ "pri=1", "off, on" }, { "pri=maybe", "maybe" }, { "colour=red", "colour" },
		{ "timing=1", "off, on" },
		{ "profile", "profile" }, { "engine=thread,nokey=1", "nokey" },
	};
	char spec[128];
	struct sva_container_info info;
	struct sva_bus_device *dev;
	struct sva_container *c;
	unsigned int i;

	(void)state;
	assert_int_equal(sva_container_create("emu", &c), 0);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(spec, sizeof(spec), "emu:dsa,%s", good[i]);
		assert_int_equal(sva_container_open_device(c, spec, &dev), 0);
		assert_int_equal(sva_container_info(c, &info), 0);
		assert_int_equal(info.io_page_faults, strstr(good[i], "pri=off") == NULL);
		if (strstr(good[i], "emr") != NULL)
			assert_int_equal(DSA_WQCAP_TOTAL_SIZE(dev->bus->ops->read64(dev,
					 DSA_REG_WQCAP)), 128);
		assert_int_equal(sva_bus_device_close(dev), 0);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(spec, sizeof(spec), "emu:dsa,%s", bad[i][0]);
		assert_int_equal(sva_container_open_device(c, spec, &dev), -EINVAL);
		assert_true(log_has(bad[i][1]));
	}
	assert_int_equal(sva_container_info(c, &info), 0);
	assert_int_equal(info.devices, 0);
	assert_int_equal(sva_container_destroy(c), 0);
}

/* Memory for every sort of operation: five pages of data, a read-only one, then a hole. */
#define DATA_PAGES 5u
#define OPS 20u

struct outcome {
	struct sva_result results[OPS];
	unsigned char memory[(DATA_PAGES + 1) * PAGE];
};

static void
all_sorts(struct sva_queue *q, unsigned char *m, struct outcome *out)
{
	unsigned char *ro = m + DATA_PAGES * PAGE, *hole = ro + PAGE;
	unsigned char *wild = (unsigned char *)(uintptr_t)(1ull << 50);
	unsigned int i, done = 0;
	uint64_t n = 0;

	assert_int_equal(mprotect(ro, PAGE, PROT_READ | PROT_WRITE), 0);
	for (i = 0; i < (DATA_PAGES + 1) * PAGE; i++)
		m[i] = (unsigned char)(i % 251);
	assert_int_equal(mprotect(ro, PAGE, PROT_READ), 0);

	sva_copy(q, m + 3 * PAGE, m + 1, 2 * PAGE - 77, n++, 0);
	sva_copy(q, m + 100, m, PAGE, n++, 0);
	sva_copy(q, m, m + 9, PAGE, n++, 0);
	sva_fill(q, m + 5, 0x0123456789abcdef, 1001, n++, 0);
	sva_compare(q, m, m, PAGE, n++, 0);
	sva_compare(q, m, m + 1, PAGE, n++, 0);
	sva_compare_pattern(q, m + 5, 0x0123456789abcdef, 1001, n++, 0);
	sva_compare_pattern(q, m + 5, 0x0123456789abcdef, 1101, n++, 0);
	sva_crc32c(q, m, 3 * PAGE, 0, n++, 0);
	sva_copy_crc32c(q, m + 2 * PAGE, m, PAGE, 0, n++, 0);
	sva_dualcast(q, m + 2 * PAGE, m + 4 * PAGE, m, 999, n++, 0);
	sva_nop(q, n++, 0);
	/* What cannot be done, all or in part. */
	sva_copy(q, NULL, m, 64, n++, 0);
	sva_copy(q, m, hole - 300, 600, n++, 0);
	sva_copy(q, ro - 300, m, 600, n++, 0);
	sva_fill(q, ro - 33, 7, 64, n++, 0);
	sva_crc32c(q, hole - 1000, 2000, 0, n++, 0);
	sva_copy(q, wild, m, 64, n++, 0);
	sva_copy(q, m, wild, 64, n++, 0);
	sva_drain(q, n++, 0);
	assert_int_equal(n, OPS);
	assert_int_equal(sva_submit(q), 0);
	while (done < OPS)
		done += (unsigned int)sva_poll(q, out->results + done, OPS - done);
	memcpy(out->memory, m, sizeof(out->memory));
}

static void
check_outcome(const struct outcome *out, const unsigned char *m)
{
	const struct sva_result *r = out->results;
	const unsigned char *ro = m + DATA_PAGES * PAGE, *hole = ro + PAGE;
	uintptr_t wild = 1ull << 50;
	unsigned int i;

	for (i = 0; i < 12; i++)
		assert_int_equal(r[i].status, i == 5 || i == 7 ? SVA_MISMATCH : SVA_OK);
	assert_int_equal(r[5].value, 0);
	assert_in_range(r[7].value, 1000, 1001);
	for (i = 12; i < 19; i++)
		assert_int_equal(r[i].status, SVA_FAULT);
	assert_int_equal(r[12].bytes, 0);
	assert_int_equal(r[12].fault_addr / PAGE, 0);
	assert_int_equal(r[12].write_fault, 1);
	assert_int_equal(r[13].bytes, 300);
	assert_int_equal(r[13].fault_addr / PAGE, (uintptr_t)hole / PAGE);
	assert_int_equal(r[13].write_fault, 0);
	assert_int_equal(r[14].bytes, 300);
	assert_int_equal(r[14].fault_addr / PAGE, (uintptr_t)ro / PAGE);
	assert_int_equal(r[14].write_fault, 1);
	assert_int_equal(r[15].bytes, 33);
	assert_int_equal(r[16].bytes, 1000);
	assert_int_equal(r[16].fault_addr / PAGE, (uintptr_t)hole / PAGE);
	assert_int_equal(r[17].fault_addr / PAGE, wild / PAGE);
	assert_int_equal(r[17].write_fault, 1);
	assert_int_equal(r[18].fault_addr / PAGE, wild / PAGE);
	assert_int_equal(r[18].write_fault, 0);
	assert_int_equal(r[19].status, SVA_OK);
}

/* Whoever does the work, the results are the same. */
static void
engines_agree(void **state)
{
	unsigned char *m = mmap(NULL, (DATA_PAGES + 2) * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct outcome *first = calloc(1, sizeof(*first)), *next = calloc(1, sizeof(*next));
	unsigned int kind;

	(void)state;
	assert_true(m != MAP_FAILED && first != NULL && next != NULL);
	assert_int_equal(munmap(m + (DATA_PAGES + 1) * PAGE, PAGE), 0);
	for (kind = first_kind(); kind < KINDS; kind++) {
		struct outcome *out = kind == first_kind() ? first : next;
		struct sva_device *dev;
		struct sva_queue *q;

		assert_int_equal(sva_device_open(kinds[kind], &dev), 0);
		assert_int_equal(sva_queue_open(dev, NULL, &q), 0);
		all_sorts(q, m, out);
		check_outcome(out, m);
		assert_int_equal(sva_device_close(dev), 0);
		if (out == next) {
			assert_memory_equal(first->results, next->results, sizeof(first->results));
			assert_memory_equal(first->memory, next->memory, sizeof(first->memory));
		}
	}
	munmap(m, (DATA_PAGES + 1) * PAGE);
	free(first);
	free(next);
}

/* Without page requests pages that are not there are faults, which the driver resumes. */
static void
no_page_requests(void **state)
{
	size_t len = 64 * PAGE;
	unsigned char *m = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);
	struct sva_queue_conf report = { .fault_policy = SVA_FAULT_REPORT };
	struct sva_queue_stats stats;
	struct sva_device *dev;
	struct sva_result r;
	struct sva_queue *q;
	unsigned int kind;
	char spec[64];

	(void)state;
	assert_true(m != MAP_FAILED);
	for (kind = first_kind(); kind < KINDS; kind++) {
		snprintf(spec, sizeof(spec), "%s,pri=off", kinds[kind]);
		assert_int_equal(sva_device_open(spec, &dev), 0);
		assert_int_equal(sva_queue_open(dev, &report, &q), 0);
		assert_int_equal(madvise(m, len, MADV_DONTNEED), 0);
		m[0] = 1;
		assert_int_equal(sva_fill(q, m, 0x77, len, 0, SVA_SUBMIT), 0);
		while (sva_poll(q, &r, 1) == 0)
			sched_yield();
		assert_int_equal(r.status, SVA_FAULT);
		assert_int_equal(r.bytes, PAGE);
		assert_int_equal(r.fault_addr / PAGE, (uintptr_t)m / PAGE + 1);
		assert_int_equal(r.write_fault, 1);
		assert_int_equal(sva_queue_close(q), 0);
		assert_int_equal(sva_queue_open(dev, NULL, &q), 0);
		assert_int_equal(sva_fill(q, m, 0x7777777777777777, len, 0, SVA_SUBMIT), 0);
		while (sva_poll(q, &r, 1) == 0)
			sched_yield();
		assert_int_equal(r.status, SVA_OK);
		assert_int_equal(m[len - 1], 0x77);
		assert_int_equal(sva_queue_stats(q, &stats), 0);
		assert_true(stats.resumed >= 1);
		assert_int_equal(sva_device_close(dev), 0);
	}
	munmap(m, len);
}

/* Submit one operation and wait for it. */
static void
one(struct sva_queue *q, unsigned char *at, unsigned char value)
{
	struct sva_result r = { .status = SVA_INVALID };

	assert_true(sva_fill(q, at, value, 1, value, SVA_SUBMIT) >= 0);
	while (sva_poll(q, &r, 1) == 0)
		sched_yield();
	assert_int_equal(r.status, SVA_OK);
	assert_int_equal(*at, value);
}

/* A doorbell is heard whether the engine sleeps, is falling asleep, or looks. */
static void
doorbell(void **state)
{
	unsigned int kind, i, j;
	unsigned char byte = 0;

	(void)state;
	for (kind = first_kind(); kind < 2; kind++) {
		struct sva_device *dev;
		struct sva_queue *q;

		assert_int_equal(sva_device_open(kinds[kind], &dev), 0);
		assert_int_equal(sva_queue_open(dev, NULL, &q), 0);
		for (i = 0; i < 100; i++) {
			while (!engine_sleeps())
				sched_yield();
			one(q, &byte, (unsigned char)i);
		}
		/* And around the moment when it goes to sleep. */
		for (i = 0; i < 1500; i++) {
			for (j = i * 7 % 1499; j != 0; j--)
				rte_pause();
			one(q, &byte, (unsigned char)i);
		}
		assert_int_equal(sva_device_close(dev), 0);
	}
}

struct fixture {
	struct sva_container *c;
	struct sva_bus_device *dev;
	struct raw raw;
	uint32_t pasid;
};

static void
open_fixture(struct fixture *f, const char *spec)
{
	assert_int_equal(sva_container_create("emu", &f->c), 0);
	assert_int_equal(sva_container_open_device(f->c, spec, &f->dev), 0);
	assert_int_equal(sva_bind(f->c, 0, &f->pasid), 0);
	assert_int_equal(raw_up(&f->raw, f->dev, f->pasid), 0);
}

static void
close_fixture(struct fixture *f)
{
	assert_int_equal(sva_bus_device_close(f->dev), 0);
	assert_int_equal(sva_container_destroy(f->c), 0);
}

static struct dsa_compl record __attribute__((aligned(DSA_COMPL_ALIGN)));

static bool
signalled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static uint64_t
take(int fd)
{
	uint64_t n = 0;

	assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
	return n;
}

static void
interrupts(void **state)
{
	static char crooked[64] __attribute__((aligned(32)));
	unsigned char byte = 0;
	unsigned int kind;

	(void)state;
	for (kind = first_kind(); kind < KINDS; kind++) {
		const struct sva_bus_ops *io;
		struct fixture f;
		int fd;

		open_fixture(&f, kinds[kind]);
		io = f.raw.io;
		fd = io->irq_fd(f.dev, 0);
		assert_true(fd >= 0);
		assert_int_equal(io->irq_fd(f.dev, 0), fd);
		assert_int_not_equal(io->irq_fd(f.dev, 1), fd);
		assert_true(io->irq_fd(f.dev, 8) >= 0);
		assert_int_equal(io->irq_fd(f.dev, 9), -EINVAL);
		assert_int_equal(io->irq_fd(f.dev, UINT32_MAX), -EINVAL);
		assert_false(signalled(fd));

		/* A command says so only where it was asked to. */
		assert_int_equal(raw_command(&f.raw, DSA_CMD_DRAIN_ALL, 0), 0);
		assert_false(signalled(fd));
		assert_int_equal(raw_command(&f.raw, DSA_CMD_DRAIN_ALL, DSA_CMD_INT_REQ), 0);
		while (!signalled(fd))
			sched_yield();
		assert_int_equal(take(fd), 1);
		assert_true(io->read32(f.dev, DSA_REG_INTCAUSE) & DSA_INTC_CMD);
		io->write32(f.dev, DSA_REG_INTCAUSE, DSA_INTC_CMD);
		assert_int_equal(io->read32(f.dev, DSA_REG_INTCAUSE), 0);

		/* An error only with GENCTRL's leave. */
		assert_int_equal(raw_fill(&f.raw, (void *)(crooked + 8), &byte, 0, 1), 0);
		assert_true(raw_swerr(&f.raw) & DSA_SWERR_VALID);
		assert_false(signalled(fd));
		io->write64(f.dev, DSA_REG_SWERR, DSA_SWERR_VALID | DSA_SWERR_OVERFLOW);
		io->write32(f.dev, DSA_REG_GENCTRL, DSA_GENCTRL_SWERR_INT);
		assert_int_equal(sva_unbind(f.c, 0), 0);
		assert_int_equal(raw_fill(&f.raw, &record, &byte, 0, 1), 0);
		while (!signalled(fd))
			sched_yield();
		assert_int_equal(take(fd), 1);
		assert_true(io->read32(f.dev, DSA_REG_INTCAUSE) & DSA_INTC_ERR);
		raw_down(&f.raw);
		close_fixture(&f);
	}
}

#define BIG (2u << 20)

/* A reset drops what is queued; nothing of it is done later. */
static void
reset(void **state)
{
	unsigned char *m = malloc(BIG), *then = malloc(BIG);
	unsigned int kind, i;

	(void)state;
	assert_true(m != NULL && then != NULL);
	for (kind = first_kind(); kind < KINDS; kind++) {
		const struct sva_bus_ops *io;
		struct fixture f;

		open_fixture(&f, kinds[kind]);
		io = f.raw.io;
		for (i = 0; i < RAW_WQ_SIZE; i++) {
			struct dsa_desc desc = {
				.op_flags = DSA_OP_FLAGS(DSA_OP_FILL, 0),
				.src = i, .dst = (uintptr_t)m, .size = BIG,
			};

			sva_portal_write(&f.raw.portal, &desc);
		}
		assert_int_equal(io->reset(f.dev), 0);
		memcpy(then, m, BIG);
		assert_int_equal(DSA_GENSTS_STATE(io->read32(f.dev, DSA_REG_GENSTS)),
				 DSA_STATE_DISABLED);
		assert_int_equal(raw_swerr(&f.raw), 0);
		f.raw.io->portal_close(f.dev, &f.raw.portal);
		assert_int_equal(raw_up(&f.raw, f.dev, f.pasid), 0);
		assert_int_equal(raw_fill(&f.raw, &record, &i, 0x5a5a5a5a, 4), DSA_STS_SUCCESS);
		assert_int_equal(i, 0x5a5a5a5a);
		assert_memory_equal(m, then, BIG);
		raw_down(&f.raw);
		close_fixture(&f);
	}
	free(then);
	free(m);
}

/* Virtual time: there where it is switched on, from 0 at each reset. */
static void
model_time(void **state)
{
	char from[4096] = { 1 }, to[4096];
	struct sva_device *dev;
	struct sva_queue *q;
	struct sva_result r;
	uint64_t ns = 1;

	(void)state;
	assert_int_equal(sva_device_open("emu:dsa,timing=on", &dev), 0);
	assert_int_equal(sva_device_model_time(dev, NULL), -EINVAL);
	assert_int_equal(sva_device_model_time(NULL, &ns), -EINVAL);
	assert_int_equal(sva_device_model_time(dev, &ns), 0);
	assert_int_equal(ns, 0);
	assert_int_equal(sva_queue_open(dev, NULL, &q), 0);
	assert_int_equal(sva_copy(q, to, from, sizeof(to), 0, SVA_SUBMIT), 0);
	while (sva_poll(q, &r, 1) == 0)
		rte_pause();
	assert_int_equal(sva_device_model_time(dev, &ns), 0);
	assert_in_range(ns, 850, 1100);
	assert_int_equal(sva_device_reset(dev), 0);
	assert_int_equal(sva_device_model_time(dev, &ns), 0);
	assert_int_equal(ns, 0);
	assert_int_equal(sva_device_close(dev), 0);
	assert_int_equal(sva_device_model_time(dev, &ns), -ENODEV);

	assert_int_equal(sva_device_open("emu:dsa", &dev), 0);
	assert_int_equal(sva_device_model_time(dev, &ns), -EOPNOTSUPP);
	assert_int_equal(sva_device_close(dev), 0);
}

static atomic_bool stop_reading;

/* NULL, or the device when a register was not what it always is. */
static void *
read_registers(void *arg)
{
	struct sva_bus_device *dev = arg;
	const struct sva_bus_ops *io = dev->bus->ops;
	uint64_t gencap = io->read64(dev, DSA_REG_GENCAP);

	while (!atomic_load(&stop_reading))
		if (io->read32(dev, DSA_REG_VERSION) != DSA_VERSION_1 ||
		    io->read64(dev, DSA_REG_GENCAP) != gencap)
			return dev;
	return NULL;
}

/* The registers may be read by anyone while work is done. */
static void
registers(void **state)
{
	unsigned char *m = calloc(1, 2 * PAGE);
	unsigned int kind, i;

	(void)state;
	assert_non_null(m);
	for (kind = first_kind(); kind < KINDS; kind++) {
		pthread_t readers[3];
		struct fixture f;

		open_fixture(&f, kinds[kind]);
		atomic_store(&stop_reading, false);
		for (i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&readers[i], NULL, read_registers, f.dev),
					 0);
		for (i = 1; i < 100; i++) {
			assert_int_equal(raw_fill(&f.raw, &record, m, i, PAGE), DSA_STS_SUCCESS);
			assert_int_equal(raw_copy(&f.raw, &record, m + PAGE, m, PAGE),
					 DSA_STS_SUCCESS);
			assert_int_equal(m[2 * PAGE - 8], i);
		}
		atomic_store(&stop_reading, true);
		for (i = 0; i < 3; i++) {
			void *wrong;

			assert_int_equal(pthread_join(readers[i], &wrong), 0);
			assert_null(wrong);
		}
		raw_down(&f.raw);
		close_fixture(&f);
	}
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(open_twice, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(devargs, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(engines_agree, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(no_page_requests, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(doorbell, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(interrupts, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(reset, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(model_time, emu_start, emu_end),
		cmocka_unit_test_setup_teardown(registers, emu_start, emu_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
