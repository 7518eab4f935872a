/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Conformance of a bus to the binding API, sva_bind.h: which memory a device reaches
 * under which PASID. As test_bind.c it is written against the interface only; the
 * device is set up by hand, so that a test chooses the PASID.
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
#include <sva_driver.h>

#include "test_bind_util.h"
#include "test_dma.h"

#define SIZE 65536u
#define HALF (SIZE / 2)
#define PAGE 4096u
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

/* A device that uses a PASID, alone in a container. */
struct fixture {
	struct sva_container *c;
	struct sva_bus_device *dev;
	struct dma dma;
};

static void
open_fixture(struct fixture *f)
{
	f->c = open_container();
	f->dev = open_device(f->c, device_spec);
}

/*
 * Where nobody takes a device's page faults the memory must be there before, and not be
 * copy-on-write: as a driver would, touch it. Where somebody does, it stays as it is.
 */
static bool
must_touch(const struct fixture *f)
{
	struct sva_container_info info = { 0 };

	assert_int_equal(sva_container_info(f->c, &info), 0);
	return !info.io_page_faults;
}

static void
present(const struct fixture *f)
{
	if (must_touch(f)) {
		touch(memory, SIZE);
		touch((unsigned char *)record, sizeof(*record));
	}
}

static void
present_in(const struct fixture *f, struct peer *peer)
{
	if (must_touch(f)) {
		assert_true(peer_touch(peer, memory, SIZE));
		assert_true(peer_touch(peer, record, sizeof(*record)));
	}
}

static int
up(struct fixture *f, uint32_t pasid)
{
	return dma_up(&f->dma, f->dev, pasid, record);
}

static void
own_memory(void **state)
{
	struct fixture f;
	uint32_t pasid;

	(void)state;
	open_fixture(&f);
	assert_int_equal(sva_bind(f.c, 0, &pasid), 0);
	assert_int_equal(up(&f, pasid), 0);
	memset(memory, 0x11, SIZE);
	present(&f);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x22), HALF), 0);
	assert_true(all(memory, HALF, 0x22));
	assert_true(all(memory + HALF, HALF, 0x11));
	assert_int_equal(dma_copy(&f.dma, memory + HALF, memory, HALF), 0);
	assert_true(all(memory, SIZE, 0x22));
	dma_down(&f.dma);
	close_container(f.c, f.dev);
}

/*
 * Pages on both sides of a multiple of 4 GiB: an IOMMU that is told of a range by its size,
 * a power of two, and its start, a multiple of that, has to be told of 8 GiB for these two.
 */
static void
replaced(void **state)
{
	const size_t boundary = 1ull << 32;
	unsigned char *room = mmap(NULL, 2 * boundary, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
				   MAP_NORESERVE, -1, 0);
	unsigned char *at;
	struct fixture f;
	uint32_t pasid;
	int i;

	(void)state;
	assert_true(room != MAP_FAILED);
	at = room + boundary - (uintptr_t)room % boundary - PAGE;
	open_fixture(&f);
	assert_int_equal(sva_bind(f.c, 0, &pasid), 0);
	present(&f);
	assert_int_equal(up(&f, pasid), 0);
	for (i = 1; i <= 3; i++) {
		assert_ptr_equal(mmap(at, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
				      MAP_ANONYMOUS | MAP_FIXED, -1, 0), at);
		memset(at, 0x11, 2 * PAGE);
		assert_int_equal(dma_fill(&f.dma, at, ONES(0x22) * i, 2 * PAGE), 0);
		assert_true(all(at, 2 * PAGE, 0x22 * i));
	}
	assert_int_equal(munmap(room, 2 * boundary), 0);
	dma_down(&f.dma);
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
	present_in(&f, &peer);
	assert_int_equal(sva_bind(f.c, peer.pid, &theirs), 0);
	assert_int_equal(sva_bind(f.c, 0, &mine), 0);

	assert_int_equal(up(&f, theirs), 0);
	assert_int_equal(dma_copy(&f.dma, memory + HALF, memory, HALF), 0);
	assert_true(peer_has(&peer, memory, SIZE, 0x33));
	assert_true(all(memory, SIZE, 0x11));
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x44), HALF), 0);
	assert_true(peer_has(&peer, memory, HALF, 0x44));
	assert_true(peer_has(&peer, memory + HALF, HALF, 0x33));
	assert_true(all(memory, SIZE, 0x11));
	dma_down(&f.dma);

	present(&f);
	assert_int_equal(up(&f, mine), 0);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x55), SIZE), 0);
	assert_true(all(memory, SIZE, 0x55));
	assert_true(peer_has(&peer, memory, HALF, 0x44));
	dma_down(&f.dma);
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
	present(&f);
	assert_int_equal(up(&f, pasid), 0);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x22), SIZE), 0);
	assert_true(all(memory, SIZE, 0x22));
	assert_true(peer_has(&peer, memory, SIZE, 0x11));
	dma_down(&f.dma);
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
	assert_int_equal(up(&f, 0x5a5a5), 0);
	dma_check_refused(&f.dma, memory, SIZE);
	dma_down(&f.dma);
	assert_int_equal(sva_bind(f.c, 0, &pasid), 0);
	for (wrong = 1; wrong < 1u << 20; wrong <<= 1) {
		assert_int_equal(up(&f, pasid ^ wrong), 0);
		dma_check_refused(&f.dma, memory, 64);
		dma_down(&f.dma);
	}
	present(&f);
	assert_int_equal(up(&f, pasid), 0);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x22), 64), 0);
	assert_int_equal(sva_unbind(f.c, 0), 0);
	dma_check_refused(&f.dma, memory, SIZE);
	dma_down(&f.dma);
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
		skip_because("SVA_TEST_DEVICE2 is not set");
	open_fixture(&f);
	other.c = open_container();
	other.dev = open_device(other.c, device2_spec);
	memset(memory, 0x11, SIZE);
	peer_start(&peer);
	assert_int_equal(sva_bind(f.c, 0, &mine), 0);
	assert_int_equal(sva_bind(other.c, peer.pid, &theirs), 0);

	assert_int_equal(up(&f, theirs), 0);
	dma_check_refused(&f.dma, memory, SIZE);
	dma_down(&f.dma);
	assert_int_equal(up(&other, mine), 0);
	dma_check_refused(&other.dma, memory, SIZE);
	dma_down(&other.dma);
	assert_true(peer_has(&peer, memory, SIZE, 0x11));
	assert_true(all(memory, SIZE, 0x11));

	/* Once it is bound there too, it works there, and goes on after the other ends. */
	assert_int_equal(sva_bind(other.c, 0, &mine), 0);
	assert_int_equal(sva_unbind(f.c, 0), 0);
	present(&other);
	assert_int_equal(up(&other, mine), 0);
	assert_int_equal(dma_fill(&other.dma, memory, ONES(0x22), SIZE), 0);
	assert_true(all(memory, SIZE, 0x22));
	dma_down(&other.dma);
	assert_int_equal(up(&f, mine), 0);
	dma_check_refused(&f.dma, memory, SIZE);
	dma_down(&f.dma);
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
		skip_because("SVA_TEST_DEVICE2 is not set");
	open_fixture(&f);
	memset(memory, 0x11, SIZE);
	peer_start(&peer);
	assert_int_equal(sva_bind(f.c, 0, &mine), 0);
	assert_int_equal(sva_bind(f.c, peer.pid, &theirs), 0);
	late.c = f.c;
	late.dev = open_device(f.c, device2_spec);
	present(&f);
	present_in(&f, &peer);
	assert_int_equal(up(&f, mine), 0);
	assert_int_equal(up(&late, mine), 0);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x22), HALF), 0);
	assert_int_equal(dma_fill(&late.dma, memory + HALF, ONES(0x22), HALF), 0);
	assert_true(all(memory, SIZE, 0x22));
	dma_down(&late.dma);
	assert_int_equal(up(&late, theirs), 0);
	assert_int_equal(dma_fill(&late.dma, memory, ONES(0x33), SIZE), 0);
	assert_true(peer_has(&peer, memory, SIZE, 0x33));

	/* And one unbind takes it from all of them. */
	assert_int_equal(sva_unbind(f.c, peer.pid), 0);
	dma_check_refused(&late.dma, memory, SIZE);
	assert_int_equal(sva_unbind(f.c, 0), 0);
	dma_check_refused(&f.dma, memory, SIZE);
	assert_true(peer_has(&peer, memory, SIZE, 0x33));
	assert_true(all(memory, SIZE, 0x22));
	dma_down(&late.dma);
	dma_down(&f.dma);
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
	present_in(&f, &peer);
	assert_int_equal(up(&f, pasid), 0);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x22), SIZE), 0);
	assert_int_equal(kill(peer.pid, SIGKILL), 0);
	peer_reap(&peer);
	dma_check_refused(&f.dma, memory, SIZE);
	/* Also once the bond has been seen to be gone. */
	assert_true(bonds_become(f.c, 0));
	dma_check_refused(&f.dma, memory, SIZE);
	assert_true(all(memory, SIZE, 0x11));
	dma_down(&f.dma);
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

static void
poke(pid_t pid, void *to, void *from, size_t len)
{
	struct iovec local = { from, len }, remote = { to, len };

	assert_int_equal(process_vm_writev(pid, &local, 1, &remote, 1, 0), len);
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
	present_in(&f, &peer);
	assert_int_equal(up(&f, pasid), 0);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x22), SIZE), 0);
	peer_exec(&peer);
	target = stack_end(peer.pid);
	peek(peer.pid, target, before, sizeof(before));
	dma_check_refused(&f.dma, target, sizeof(before));
	peek(peer.pid, target, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	/* Whatever the bus forgets or keeps when it is asked. */
	assert_true(bonds_become(f.c, 0));
	dma_check_refused(&f.dma, target, sizeof(before));
	peek(peer.pid, target, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	dma_down(&f.dma);

	assert_int_equal(sva_bind(f.c, peer.pid, &pasid), 0);
	if (must_touch(&f))
		poke(peer.pid, target, before, sizeof(before));
	assert_int_equal(up(&f, pasid), 0);
	/* The record's page is not there, the data is. */
	assert_int_equal(dma_fill_unrecorded(&f.dma, target, ONES(0xee), sizeof(before)), 0);
	peek(peer.pid, target, after, sizeof(after));
	assert_true(all(after, sizeof(after), 0xee));
	dma_down(&f.dma);
	peer_stop(&peer);
	close_container(f.c, f.dev);
}

/* The last device leaves and comes back: it works under the bonds that lived on, only. */
static void
last_device(void **state)
{
	struct fixture f;
	struct peer stays, execs;
	unsigned char before[32], after[32];
	uint32_t mine, theirs, gone;
	void *target;

	(void)state;
	memset(memory, 0x11, SIZE);
	/* Before the device is opened: on VFIO they would keep it from being opened again. */
	peer_start(&stays);
	peer_start(&execs);
	open_fixture(&f);
	assert_int_equal(sva_bind(f.c, 0, &mine), 0);
	assert_int_equal(sva_bind(f.c, stays.pid, &theirs), 0);
	assert_int_equal(sva_bind(f.c, execs.pid, &gone), 0);
	assert_int_equal(sva_bus_device_close(f.dev), 0);
	peer_exec(&execs);
	f.dev = open_device(f.c, device_spec);

	present(&f);
	present_in(&f, &stays);
	assert_int_equal(up(&f, mine), 0);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x22), SIZE), 0);
	assert_true(all(memory, SIZE, 0x22));
	dma_down(&f.dma);
	assert_int_equal(up(&f, theirs), 0);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x33), SIZE), 0);
	assert_true(peer_has(&stays, memory, SIZE, 0x33));
	assert_true(all(memory, SIZE, 0x22));
	dma_down(&f.dma);
	target = stack_end(execs.pid);
	peek(execs.pid, target, before, sizeof(before));
	assert_int_equal(up(&f, gone), 0);
	dma_check_refused(&f.dma, target, sizeof(before));
	peek(execs.pid, target, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	dma_down(&f.dma);
	peer_stop(&execs);
	peer_stop(&stays);
	close_container(f.c, f.dev);
}

/* A child of a fork has no bond, but on VFIO the device and its parent's. */
static void
child_uses_device(void **state)
{
	struct fixture f;
	uint32_t pasid;
	int gate[2], status;
	char go;
	pid_t pid;

	(void)state;
	if (emulated())
		skip_because("an emulated device stays with the process that opened it");
	open_fixture(&f);
	memset(memory, 0x11, SIZE);
	assert_int_equal(sva_bind(f.c, 0, &pasid), 0);
	assert_int_equal(up(&f, pasid), 0);
	assert_int_equal(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		alarm(TIME_LIMIT / 2);
		status = read(gate[0], &go, 1) != 1 ||
			 dma_fill(&f.dma, memory, ONES(0x22), SIZE) != 0;
		/* Dropping what it inherited takes nothing from its parent. */
		status |= !all(memory, SIZE, 0x11) || sva_bus_device_close(f.dev) != 0;
		_exit(status | (sva_container_destroy(f.c) != 0));
	}
	assert_true(pid > 0);
	present(&f);
	assert_int_equal(write(gate[1], "", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(gate[0]);
	close(gate[1]);
	assert_true(all(memory, SIZE, 0x22));
	assert_int_equal(nb_bonds(f.c), 1);
	assert_int_equal(dma_fill(&f.dma, memory, ONES(0x33), SIZE), 0);
	assert_true(all(memory, SIZE, 0x33));
	dma_down(&f.dma);
	close_container(f.c, f.dev);
}

/* Unbinding while the device writes on its own: when it returns, nothing changes any more. */
static void
unbind_stream(void **state)
{
	volatile uint64_t *words = (volatile uint64_t *)memory;
	static unsigned char then[PAGE];
	struct fixture f;
	uint32_t pasid;

	(void)state;
	open_fixture(&f);
	if (!is_stf(f.dev)) {
		close_container(f.c, f.dev);
		skip_because("not a function that writes on its own");
	}
	memset(memory, 0, SIZE);
	assert_int_equal(sva_bind(f.c, 0, &pasid), 0);
	assert_int_equal(up(&f, pasid), 0);
	assert_int_equal(stf_run(&f.dma, STF_STREAM, 0, memory, PAGE), STF_BUSY);
	while (words[0] < 10)
		sched_yield();
	faults_expected(&f.dma, true);
	assert_int_equal(sva_unbind(f.c, 0), 0);
	memcpy(then, memory, PAGE);
	while (f.dma.io->read32(f.dev, STF_REG_STATUS) == STF_BUSY)
		sched_yield();
	faults_expected(&f.dma, false);
	assert_int_equal(f.dma.io->read32(f.dev, STF_REG_STATUS), STF_FAULT);
	assert_memory_equal(memory, then, PAGE);
	assert_true(all(memory + PAGE, SIZE - PAGE, 0));
	dma_down(&f.dma);
	close_container(f.c, f.dev);
}

#define QUEUED 300
#define PIECE (64u << 10)

static bool
has_driver(void)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	bool has = sva_driver_match(dev->vendor_id, dev->device_id) != NULL;

	close_container(c, dev);
	return has;
}

/*
 * Unbinding with work in the queue: when it returns nothing is written any more, and
 * every operation that was accepted has a result.
 */
static void
unbind_busy(void **state)
{
	struct sva_queue_conf conf = { .depth = 512, .min_batch = UINT_MAX };
	struct sva_device_conf dev_conf = { .queues = 1 };
	unsigned char *src, *dst, *then;
	struct sva_container *c;
	struct sva_result results[32];
	struct sva_queue_info info;
	struct sva_device *dev;
	struct sva_queue *q;
	unsigned int i, done = 0, good = 0;
	uint32_t pasid;
	int n;

	(void)state;
	if (!has_driver())
		skip_because("no driver for this device: unbind_stream is its like");
	c = dev_conf.container = open_container();
	src = malloc(PIECE);
	dst = malloc(QUEUED * PIECE);
	then = malloc(QUEUED * PIECE);
	assert_true(src != NULL && dst != NULL && then != NULL);
	memset(src, 0x22, PIECE);
	memset(dst, 0x11, QUEUED * PIECE);
	assert_int_equal(sva_device_open_conf(device_spec, &dev_conf, &dev), 0);
	assert_int_equal(sva_queue_open(dev, &conf, &q), 0);
	assert_int_equal(sva_queue_info(q, &info), 0);
	for (i = 0; i < QUEUED; i++)
		assert_int_equal(sva_copy(q, dst + i * PIECE, src, PIECE, i, 0), i);
	assert_int_equal(sva_submit(q), 0);
	if (!emulated())
		kmsg_faults_expected(true);
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
	if (!emulated())
		kmsg_faults_expected(false);
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
		cmocka_unit_test_setup_teardown(replaced, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(peer_memory, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(not_inherited, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(unbound, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(foreign, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(every_device, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(after_exit, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(after_exec, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(last_device, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(child_uses_device, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(unbind_stream, memory_start, memory_end),
		cmocka_unit_test_setup_teardown(unbind_busy, memory_start, memory_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
