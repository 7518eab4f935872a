/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Conformance of a bus to the binding API, sva_bind.h: which memory a device reaches
 * under which PASID. As test_bind.c it is written against the interface only; the
 * device's work queue is set up by hand, so that a test chooses the PASID.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/uio.h>

#include <sva_accel.h>

#include "test_bind_util.h"
#include "test_raw.h"

#define SIZE 65536u
#define HALF (SIZE / 2)
#define ONES(byte) (0x0101010101010101ull * (byte))

/*
 * Private memory, which a peer has at the same address with contents of its own, and a
 * shared page, where a record is seen whichever of the two address spaces it is put in.
 */
static unsigned char *memory;
static struct dsa_compl *record;

static int
memory_start(void **state)
{
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	record = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || record == MAP_FAILED)
		return -1;
	return bind_start(state);
}

static int
memory_end(void **state)
{
	munmap(memory, SIZE);
	munmap(record, 4096);
	return bind_end(state);
}

static bool
all(const unsigned char *p, size_t len, unsigned char byte)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != byte)
			return false;
	return true;
}

/* A device whose WQ 0 is up with a PASID, alone in a container. */
struct fixture {
	struct sva_container *c;
	struct sva_bus_device *dev;
	struct raw raw;
};

static void
open_fixture(struct fixture *f)
{
	f->c = open_container();
	f->dev = open_device(f->c, device_spec);
}

/* The device refuses the PASID: nothing is written, not even a record, and SWERR says so. */
static void
check_refused(struct raw *raw, void *dst, size_t len)
{

	assert_int_equal(raw_fill(raw, record, dst, ONES(0xee), (uint32_t)len), 0);
	assert_true(raw_swerr(raw) & DSA_SWERR_VALID);
	/* When this is done the descriptor is as well. */
	assert_int_equal(raw_command(raw, DSA_CMD_DRAIN_ALL, 0), 0);
	assert_int_equal(record->status, 0);
	raw->io->write64(raw->dev, DSA_REG_SWERR, DSA_SWERR_VALID | DSA_SWERR_OVERFLOW);
	assert_false(raw_swerr(raw) & DSA_SWERR_VALID);
}

static void
own_memory(void **state)
{
	struct fixture f;
	uint32_t pasid;

	(void)state;
	open_fixture(&f);
	assert_int_equal(sva_bind(f.c, 0, &pasid), 0);
	assert_int_equal(raw_up(&f.raw, f.dev, pasid), 0);
	memset(memory, 0x11, SIZE);
	assert_int_equal(raw_fill(&f.raw, record, memory, ONES(0x22), HALF), DSA_STS_SUCCESS);
	assert_true(all(memory, HALF, 0x22));
	assert_true(all(memory + HALF, HALF, 0x11));
	assert_int_equal(raw_copy(&f.raw, record, memory + HALF, memory, HALF), DSA_STS_SUCCESS);
	assert_true(all(memory, SIZE, 0x22));
	raw_down(&f.raw);
	close_container(f.c, f.dev);
}

/* The same addresses mean the peer's memory under its PASID, and ours under ours. */
static void
peer_memory(void **state)
{
	struct fixture f;
	struct peer peer;
	uint32_t theirs, mine;

	(void)state;
	open_fixture(&f);
	memset(memory, 0x11, SIZE);
	peer_start(&peer);
	assert_true(peer_fill(&peer, memory, SIZE, 0x22));
	assert_true(peer_fill(&peer, memory, HALF, 0x33));
	assert_int_equal(sva_bind(f.c, peer.pid, &theirs), 0);
	assert_int_equal(sva_bind(f.c, 0, &mine), 0);

	assert_int_equal(raw_up(&f.raw, f.dev, theirs), 0);
	assert_int_equal(raw_copy(&f.raw, record, memory + HALF, memory, HALF), DSA_STS_SUCCESS);
	assert_true(peer_has(&peer, memory, SIZE, 0x33));
	assert_true(all(memory, SIZE, 0x11));
	assert_int_equal(raw_fill(&f.raw, record, memory, ONES(0x44), HALF), DSA_STS_SUCCESS);
	assert_true(peer_has(&peer, memory, HALF, 0x44));
	assert_true(peer_has(&peer, memory + HALF, HALF, 0x33));
	assert_true(all(memory, SIZE, 0x11));
	raw_down(&f.raw);

	assert_int_equal(raw_up(&f.raw, f.dev, mine), 0);
	assert_int_equal(raw_fill(&f.raw, record, memory, ONES(0x55), SIZE), DSA_STS_SUCCESS);
	assert_true(all(memory, SIZE, 0x55));
	assert_true(peer_has(&peer, memory, HALF, 0x44));
	raw_down(&f.raw);
	peer_stop(&peer);
	close_container(f.c, f.dev);
}

/* Only the bound process: one that it forks later has its own address space. */
static void
not_inherited(void **state)
{
	struct fixture f;
	struct peer peer;
	uint32_t pasid;

	(void)state;
	open_fixture(&f);
	memset(memory, 0x11, SIZE);
	assert_int_equal(sva_bind(f.c, 0, &pasid), 0);
	peer_start(&peer);
	assert_int_equal(nb_bonds(f.c), 1);
	assert_int_equal(raw_up(&f.raw, f.dev, pasid), 0);
	assert_int_equal(raw_fill(&f.raw, record, memory, ONES(0x22), SIZE), DSA_STS_SUCCESS);
	assert_true(all(memory, SIZE, 0x22));
	assert_true(peer_has(&peer, memory, SIZE, 0x11));
	raw_down(&f.raw);
	peer_stop(&peer);
	close_container(f.c, f.dev);
}

static void
unbound(void **state)
{
	struct fixture f;
	uint32_t pasid, wrong;

	(void)state;
	open_fixture(&f);
	memset(memory, 0x11, SIZE);
	/* Never given out, given out and taken back, and one that is off by a bit. */
	assert_int_equal(raw_up(&f.raw, f.dev, 0x5a5a5), 0);
	check_refused(&f.raw, memory, SIZE);
	raw_down(&f.raw);
	assert_int_equal(sva_bind(f.c, 0, &pasid), 0);
	for (wrong = 1; wrong < 1u << 20; wrong <<= 1) {
		assert_int_equal(raw_up(&f.raw, f.dev, pasid ^ wrong), 0);
		check_refused(&f.raw, memory, 64);
		raw_down(&f.raw);
	}
	assert_int_equal(raw_up(&f.raw, f.dev, pasid), 0);
	assert_int_equal(raw_fill(&f.raw, record, memory, ONES(0x22), 64), DSA_STS_SUCCESS);
	assert_int_equal(sva_unbind(f.c, 0), 0);
	check_refused(&f.raw, memory, SIZE);
	raw_down(&f.raw);
	assert_true(all(memory, 64, 0x22));
	assert_true(all(memory + 64, SIZE - 64, 0x11));
	close_container(f.c, f.dev);
}

/* A PASID is good in the containers where it was bound, and nowhere else. */
static void
foreign(void **state)
{
	struct fixture f, other;
	struct peer peer;
	uint32_t theirs, mine;

	(void)state;
	if (device2_spec == NULL)
		skip();
	open_fixture(&f);
	other.c = open_container();
	other.dev = open_device(other.c, device2_spec);
	memset(memory, 0x11, SIZE);
	peer_start(&peer);
	assert_int_equal(sva_bind(f.c, 0, &mine), 0);
	assert_int_equal(sva_bind(other.c, peer.pid, &theirs), 0);

	assert_int_equal(raw_up(&f.raw, f.dev, theirs), 0);
	check_refused(&f.raw, memory, SIZE);
	raw_down(&f.raw);
	assert_int_equal(raw_up(&other.raw, other.dev, mine), 0);
	check_refused(&other.raw, memory, SIZE);
	raw_down(&other.raw);
	assert_true(peer_has(&peer, memory, SIZE, 0x11));
	assert_true(all(memory, SIZE, 0x11));

	/* Once it is bound there too, it works there, and goes on after the other ends. */
	assert_int_equal(sva_bind(other.c, 0, &mine), 0);
	assert_int_equal(sva_unbind(f.c, 0), 0);
	assert_int_equal(raw_up(&other.raw, other.dev, mine), 0);
	assert_int_equal(raw_fill(&other.raw, record, memory, ONES(0x22), SIZE), DSA_STS_SUCCESS);
	assert_true(all(memory, SIZE, 0x22));
	raw_down(&other.raw);
	assert_int_equal(raw_up(&f.raw, f.dev, mine), 0);
	check_refused(&f.raw, memory, SIZE);
	raw_down(&f.raw);
	assert_true(all(memory, SIZE, 0x22));
	peer_stop(&peer);
	close_container(other.c, other.dev);
	close_container(f.c, f.dev);
}

/* One PASID for every device of a container, also for one that came after the bond. */
static void
every_device(void **state)
{
	struct fixture f, late;
	struct peer peer;
	uint32_t theirs, mine;

	(void)state;
	if (device2_spec == NULL)
		skip();
	open_fixture(&f);
	memset(memory, 0x11, SIZE);
	peer_start(&peer);
	assert_int_equal(sva_bind(f.c, 0, &mine), 0);
	assert_int_equal(sva_bind(f.c, peer.pid, &theirs), 0);
	late.dev = open_device(f.c, device2_spec);
	assert_int_equal(raw_up(&f.raw, f.dev, mine), 0);
	assert_int_equal(raw_up(&late.raw, late.dev, mine), 0);
	assert_int_equal(raw_fill(&f.raw, record, memory, ONES(0x22), HALF), DSA_STS_SUCCESS);
	assert_int_equal(raw_fill(&late.raw, record, memory + HALF, ONES(0x22), HALF),
			 DSA_STS_SUCCESS);
	assert_true(all(memory, SIZE, 0x22));
	raw_down(&late.raw);
	assert_int_equal(raw_up(&late.raw, late.dev, theirs), 0);
	assert_int_equal(raw_fill(&late.raw, record, memory, ONES(0x33), SIZE), DSA_STS_SUCCESS);
	assert_true(peer_has(&peer, memory, SIZE, 0x33));

	/* And one unbind takes it from all of them. */
	assert_int_equal(sva_unbind(f.c, peer.pid), 0);
	check_refused(&late.raw, memory, SIZE);
	assert_int_equal(sva_unbind(f.c, 0), 0);
	check_refused(&f.raw, memory, SIZE);
	assert_true(peer_has(&peer, memory, SIZE, 0x33));
	assert_true(all(memory, SIZE, 0x22));
	raw_down(&late.raw);
	raw_down(&f.raw);
	peer_stop(&peer);
	assert_int_equal(sva_bus_device_close(late.dev), 0);
	close_container(f.c, f.dev);
}

/* The process ends: nothing hangs, and its PASID has no memory any more. */
static void
after_exit(void **state)
{
	struct fixture f;
	struct peer peer;
	uint32_t pasid;

	(void)state;
	open_fixture(&f);
	memset(memory, 0x11, SIZE);
	peer_start(&peer);
	assert_int_equal(sva_bind(f.c, peer.pid, &pasid), 0);
	assert_int_equal(raw_up(&f.raw, f.dev, pasid), 0);
	assert_int_equal(raw_fill(&f.raw, record, memory, ONES(0x22), SIZE), DSA_STS_SUCCESS);
	assert_int_equal(kill(peer.pid, SIGKILL), 0);
	peer_reap(&peer);
	check_refused(&f.raw, memory, SIZE);
	/* Also once the bond has been seen to be gone. */
	assert_int_equal(nb_bonds(f.c), 0);
	check_refused(&f.raw, memory, SIZE);
	assert_true(all(memory, SIZE, 0x11));
	raw_down(&f.raw);
	close_container(f.c, f.dev);
}

/* The last bytes of a process's stack hold the name of its program. */
static unsigned char *
stack_end(pid_t pid)
{
	char path[64], line[256];
	unsigned long long start, stop = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, "[stack]") != NULL)
			assert_int_equal(sscanf(line, "%llx-%llx", &start, &stop), 2);
	fclose(f);
	assert_true(stop != 0);
	return (unsigned char *)(uintptr_t)stop - 32;
}

static void
peek(pid_t pid, void *from, void *to, size_t len)
{
	struct iovec local = { to, len }, remote = { from, len };

	assert_int_equal(process_vm_readv(pid, &local, 1, &remote, 1, 0), len);
}

/* Another program in the process is out of reach until it is bound itself. */
static void
after_exec(void **state)
{
	struct fixture f;
	struct peer peer;
	unsigned char before[32], after[32];
	void *target;
	uint32_t pasid;

	(void)state;
	open_fixture(&f);
	peer_start(&peer);
	assert_int_equal(sva_bind(f.c, peer.pid, &pasid), 0);
	assert_int_equal(raw_up(&f.raw, f.dev, pasid), 0);
	assert_int_equal(raw_fill(&f.raw, record, memory, ONES(0x22), SIZE), DSA_STS_SUCCESS);
	peer_exec(&peer);
	target = stack_end(peer.pid);
	peek(peer.pid, target, before, sizeof(before));
	check_refused(&f.raw, target, sizeof(before));
	peek(peer.pid, target, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	/* Whatever the bus forgets or keeps when it is asked. */
	assert_int_equal(nb_bonds(f.c), 0);
	check_refused(&f.raw, target, sizeof(before));
	peek(peer.pid, target, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	raw_down(&f.raw);

	assert_int_equal(sva_bind(f.c, peer.pid, &pasid), 0);
	assert_int_equal(raw_up(&f.raw, f.dev, pasid), 0);
	/* The record's page is not there, the data is. */
	assert_int_equal(raw_fill(&f.raw, record, target, ONES(0xee), sizeof(before)), 0);
	assert_int_equal(raw_command(&f.raw, DSA_CMD_DRAIN_ALL, 0), 0);
	peek(peer.pid, target, after, sizeof(after));
	assert_true(all(after, sizeof(after), 0xee));
	raw_down(&f.raw);
	peer_stop(&peer);
	close_container(f.c, f.dev);
}

#define QUEUED 300
#define PIECE (64u << 10)

/*
 * Unbinding with work in the queue: when it returns nothing is written any more, and
 * every operation that was accepted has a result.
 */
static void
unbind_busy(void **state)
{
	struct sva_queue_conf conf = { .depth = 512, .min_batch = UINT_MAX };
	struct sva_container *c = open_container();
	struct sva_device_conf dev_conf = { .container = c, .queues = 1 };
	unsigned char *src = malloc(PIECE), *dst = malloc(QUEUED * PIECE);
	unsigned char *then = malloc(QUEUED * PIECE);
	struct sva_result results[32];
	struct sva_queue_info info;
	struct sva_device *dev;
	struct sva_queue *q;
	unsigned int i, done = 0, good = 0;
	uint32_t pasid;
	int n;

	(void)state;
	assert_true(src != NULL && dst != NULL && then != NULL);
	memset(src, 0x22, PIECE);
	memset(dst, 0x11, QUEUED * PIECE);
	assert_int_equal(sva_device_open_conf(device_spec, &dev_conf, &dev), 0);
	assert_int_equal(sva_queue_open(dev, &conf, &q), 0);
	assert_int_equal(sva_queue_info(q, &info), 0);
	for (i = 0; i < QUEUED; i++)
		assert_int_equal(sva_copy(q, dst + i * PIECE, src, PIECE, i, 0), i);
	assert_int_equal(sva_submit(q), 0);
	assert_int_equal(sva_unbind(c, 0), 0);
	memcpy(then, dst, QUEUED * PIECE);
	while (done < QUEUED) {
		n = sva_poll(q, results, 32);
		assert_in_range(n, 0, 32);
		for (i = 0; i < (unsigned int)n; i++, done++) {
			assert_int_equal(results[i].cookie, done);
			if (results[i].status == SVA_OK) {
				assert_true(all(dst + done * PIECE, PIECE, 0x22));
				good++;
			} else {
				assert_true(results[i].status == SVA_FAULT ||
					    results[i].status == SVA_ABORTED);
			}
		}
	}
	assert_memory_equal(then, dst, QUEUED * PIECE);
	/* The rest had not left the driver. */
	assert_true(good <= info.wq_size);

	/* Bound anew, it goes on: the process's PASID is the same, or the device opened anew. */
	assert_int_equal(sva_queue_close(q), 0);
	assert_int_equal(sva_device_close(dev), 0);
	assert_int_equal(sva_device_open_conf(device_spec, &dev_conf, &dev), 0);
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(sva_queue_open(dev, NULL, &q), 0);
	assert_int_equal(sva_fill(q, dst, ONES(0x33), PIECE, 7, SVA_SUBMIT), 0);
	while (sva_poll(q, results, 1) == 0)
		sched_yield();
	assert_int_equal(results[0].status, SVA_OK);
	assert_true(all(dst, PIECE, 0x33));
	assert_int_equal(sva_device_close(dev), 0);
	assert_int_equal(sva_container_destroy(c), 0);
	free(then);
	free(dst);
	free(src);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(own_memory, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(peer_memory, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(not_inherited, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(unbound, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(foreign, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(every_device, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(after_exit, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(after_exec, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(unbind_busy, memory_start, memory_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
