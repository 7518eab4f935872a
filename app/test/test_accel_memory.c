/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Every kind of memory that a process has, and what may happen to it while a device works on
 * it. Each case runs twice where the device has both: with pages that the device asks for
 * itself, and with page faults that it reports. SVA_TEST_CGROUP names a control group of the
 * memory controller whose memory may be reclaimed; huge pages and swap are used where they are.
 */
#include <alloca.h>
#include <fcntl.h>
#include <sys/wait.h>

#include <rte_pause.h>

#include "test_accel_util.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21		/* linux/mman-common.h */
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HUGE (2u << 20)
#define PATTERN 0x8877665544332211ull

static struct sva_queue *q;
static bool reports;		/* the device reports page faults, now */
static bool in_vm;		/* the device is that of the virtual machine (tests/vm) */

/* Run a case with the device as it is, and with one that reports its page faults. */
static void
both_ways(void (*fn)(void))
{
	const char *const ways[] = { NULL, test_reporting() };
	struct sva_queue_stats stats;
	unsigned int i;

	for (i = 0; i < (ways[1] != NULL ? 2 : 1); i++) {
		struct sva_device *dev = test_open(ways[i]);

		reports = i == 1;
		in_vm = !test_emulated() && test_info(dev).emulated;
		q = test_queue(dev);
		fn();
		assert_int_equal(sva_queue_stats(q, &stats), 0);
		assert_true(stats.resumed <= stats.faults);
		if (test_info(dev).block_on_fault)
			assert_int_equal(stats.resumed, 0);
		assert_int_equal(sva_device_close(dev), 0);
	}
}

static void
check_good(uint32_t len)
{
	struct sva_result r = test_one(q);

	assert_int_equal(r.status, SVA_OK);
	assert_int_equal(r.bytes, len);
}

/* The device copies, and finds and leaves what it should, up to the bytes around it. */
static void
check_copy(uint8_t *dst, const uint8_t *src, size_t len)
{
	assert_true(sva_copy(q, dst, src, len, 1, 0) >= 0);
	check_good((uint32_t)len);
	assert_int_equal(memcmp(dst, src, len), 0);
}

static void
check_fill(uint8_t *dst, size_t len)
{
	assert_true(sva_fill(q, dst, PATTERN, len, 1, 0) >= 0);
	check_good((uint32_t)len);
	assert_int_equal(test_cpu_mismatch(dst, NULL, PATTERN, len), len);
}

static uint64_t
faults(void)
{
	struct sva_queue_stats stats;

	assert_int_equal(sva_queue_stats(q, &stats), 0);
	return stats.faults;
}

/* Memory that nobody has touched. */
static uint8_t *
fresh(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

/* --- kinds of memory --- */

/* The stack as far as the program has used it; in between are pages that it never touched. */
static void __attribute__((noinline))
use_stack(void)
{
	/* The second time deeper than the first. */
	uint8_t *p = alloca((reports ? 128 : 64) * TEST_PAGE);

	*(volatile uint8_t *)p = 1;
	check_fill(p + TEST_PAGE, 60 * TEST_PAGE + 5);
	check_copy(p + 7, p + 30 * TEST_PAGE, 20 * TEST_PAGE);
	if (reports)
		assert_true(faults() > 0);
}

static void
stack(void **state)
{
	(void)state;
	both_ways(use_stack);
}

static uint8_t zeroed[128 * TEST_PAGE];
static uint8_t initialised[64 * TEST_PAGE] = { 1, 2, 3 };
static const uint8_t constant[16 * TEST_PAGE] = { 4, 5, 6 };

static void
use_statics(void)
{
	unsigned int half = reports ? 64 : 0;	/* pages nobody has touched, each time */
	struct sva_result r;

	check_fill(zeroed + half * TEST_PAGE + 3, 63 * TEST_PAGE);
	/* The program's file has the first contents; it is not what is written to. */
	check_copy(initialised + half / 2 * TEST_PAGE + 9, constant, 15 * TEST_PAGE);
	assert_int_equal(initialised[0], 1);
	assert_true(sva_fill(q, (void *)(uintptr_t)(constant + 100), PATTERN, TEST_PAGE, 1,
			     0) >= 0);
	r = test_one(q);
	assert_int_equal(r.status, SVA_FAULT);
	assert_int_equal(r.bytes, 0);
	assert_int_equal(r.write_fault, 1);
	assert_int_equal(constant[100], 0);
}

static void
statics(void **state)
{
	(void)state;
	both_ways(use_statics);
}

/* What the device writes to a shared mapping is in the file, to a private one it is not. */
static void
use_file(void)
{
	const size_t len = 100 * TEST_PAGE;
	char name[] = "test_accel_memory.XXXXXX";
	uint8_t *data = malloc(len), *shared, *private, *back = malloc(len);
	int fd = mkstemp(name);

	assert_true(fd >= 0 && data != NULL && back != NULL);
	unlink(name);
	test_fill_random(data, len, 7);
	assert_int_equal(write(fd, data, len), len);
	shared = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_true(shared != MAP_FAILED && private != MAP_FAILED);
	check_copy(back, shared, len);
	assert_memory_equal(back, data, len);
	check_fill(private + 50, len - 100);
	assert_memory_equal(shared, data, len);
	check_fill(shared + TEST_PAGE + 1, 50 * TEST_PAGE);
	assert_int_equal(pread(fd, back, len, 0), len);
	assert_memory_equal(back, data, TEST_PAGE + 1);
	assert_int_equal(test_cpu_mismatch(back + TEST_PAGE + 1, NULL, PATTERN, 50 * TEST_PAGE),
			 50 * TEST_PAGE);
	assert_memory_equal(back + 51 * TEST_PAGE + 1, data + 51 * TEST_PAGE + 1,
			    len - 51 * TEST_PAGE - 1);
	/* What is written to the file is what the device reads. */
	assert_int_equal(pwrite(fd, data, len, 0), len);
	check_copy(back, shared, len);
	assert_memory_equal(back, data, len);
	munmap(shared, len);
	munmap(private, len);
	close(fd);
	free(data);
	free(back);
}

static void
files(void **state)
{
	(void)state;
	both_ways(use_file);
}

static void
use_huge(void)
{
	uint8_t *p = mmap(NULL, 4 * HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	uint8_t *small = fresh(HUGE);
	int status;
	pid_t child;

	assert_true(p != MAP_FAILED);
	check_fill(p + 1000, 2 * HUGE);
	check_copy(p + 2 * HUGE + 5000, p + 3, HUGE + 77);
	check_copy(small, p + HUGE / 2, HUGE);
	assert_int_equal(p[0], 0);
	/* Copied when written to, as small ones are. */
	child = fork();
	if (child == 0)
		_exit(0);
	check_copy(p, small, HUGE);
	assert_int_equal(waitpid(child, &status, 0), child);
	munmap(p, 4 * HUGE);
	munmap(small, HUGE);
}

static unsigned int
free_huge_pages(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	unsigned int n = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%u", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

static void
huge_pages(void **state)
{
	(void)state;
	/* What a fork shares takes pages of its own. */
	TEST_NEEDS(free_huge_pages() >= 8, "there are no 8 free huge pages");
	both_ways(use_huge);
}

static bool
has_transparent(void)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
	char line[64] = "";
	bool read;

	if (f == NULL)
		return false;
	read = fgets(line, sizeof(line), f) != NULL;
	fclose(f);
	return read && strstr(line, "[never]") == NULL;
}

/*
 * KiB of transparent huge pages in the mapping that has an address, or of everybody where the
 * kernel does not tell (CONFIG_PROC_PAGE_MONITOR), as that of the virtual machine.
 */
static unsigned long
transparent_kb(const uint8_t *at)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to, kb = 0;
	bool inside = f == NULL;
	char line[512];

	if (f == NULL)
		f = fopen("/proc/meminfo", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)at >= from && (uintptr_t)at < to;
		else if (inside && sscanf(line, "AnonHugePages: %lu", &kb) == 1)
			break;
	}
	if (f != NULL)
		fclose(f);
	return kb;
}

/* Huge pages that come by themselves, and are split while the device is at them. */
static void
use_transparent(void)
{
	uint8_t *room = fresh(3 * HUGE), *p, *data = fresh(HUGE / 8);
	struct sva_result r[16];
	unsigned int i, round;
	unsigned long before;

	p = room + HUGE - (uintptr_t)room % HUGE;
	madvise(p, 2 * HUGE, MADV_HUGEPAGE);
	before = transparent_kb(p);
	/* The device is the first to touch them. */
	check_fill(p + 100, 2 * HUGE - 100);
	/* A busy machine may have no room for one; that which runs nothing but this has. */
	TEST_NEEDS(in_vm || transparent_kb(p) > before, "there is no room for them");
	assert_true(transparent_kb(p) > before);
	test_fill_random(data, HUGE / 8, 3);
	for (round = 0; round < 8; round++) {
		for (i = 0; i < 16; i++)
			assert_true(sva_copy(q, p + i * (HUGE / 8), data, HUGE / 8, i,
					     SVA_SUBMIT) >= 0);
		/* Each of these splits one, or takes a page out of what was split. */
		mprotect(p + (round + 1) * TEST_PAGE, TEST_PAGE, PROT_READ);
		mprotect(p + (round + 1) * TEST_PAGE, TEST_PAGE, PROT_READ | PROT_WRITE);
		madvise(p + HUGE + (round + 1) * TEST_PAGE, TEST_PAGE, MADV_DONTNEED);
		test_take(q, r, 16);
		for (i = 0; i < 16; i++)
			assert_true(r[i].status == SVA_OK || r[i].status == SVA_FAULT);
		madvise(p, 2 * HUGE, MADV_HUGEPAGE);
	}
	check_fill(p + 1, 2 * HUGE - 2);
	munmap(room, 3 * HUGE);
	munmap(data, HUGE / 8);
}

static void
transparent_huge_pages(void **state)
{
	(void)state;
	TEST_NEEDS(has_transparent(), "the kernel has no transparent huge pages");
	both_ways(use_transparent);
}

/* --- while the device is at work --- */

#define PIECES 32u
#define PIECE (8 * TEST_PAGE)
#define ALL (PIECES * PIECE)

static void
submit_fills(uint8_t *p)
{
	unsigned int i;

	for (i = 0; i < PIECES; i++)
		assert_true(sva_fill(q, p + i * PIECE, PATTERN, PIECE, i, 0) >= 0);
	assert_int_equal(sva_submit(q), 0);
}

/* Take the results of submit_fills(). How many are not SVA_OK; those are page faults. */
static unsigned int
take_fills(struct sva_result *r)
{
	unsigned int i, bad = 0;

	test_take(q, r, PIECES);
	for (i = 0; i < PIECES; i++) {
		assert_int_equal(r[i].cookie, i);
		assert_true(r[i].status == SVA_OK || r[i].status == SVA_FAULT);
		bad += r[i].status != SVA_OK;
	}
	return bad;
}

/* Shared memory, once for the device and once to look at it. */
static void
twins(uint8_t **mem, uint8_t **view)
{
	int fd = memfd_create("twins", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, ALL), 0);
	*mem = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	*view = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(*mem != MAP_FAILED && *view != MAP_FAILED);
	close(fd);
}

/* A process that is forked off keeps its copy, whatever the device is doing. */
static void
use_fork(void)
{
	uint8_t *p = fresh(ALL), *before = fresh(ALL), byte = 0;
	struct sva_result r[PIECES];
	unsigned int round, i;
	int go[2], status;
	pid_t child;

	memset(before, 0x11, ALL);
	for (round = 0; round < test_rounds(20); round++) {
		memset(p, 0x22, ALL);
		assert_int_equal(pipe(go), 0);
		submit_fills(p);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(go[1]);
			status = read(go[0], &byte, 1) != 1;
			for (i = 0; i < ALL; i += 64)
				status |= before[i] != 0x11;
			_exit(status);
		}
		close(go[0]);
		/* What was on its way is done, and what comes now is the parent's alone. */
		assert_int_equal(take_fills(r), 0);
		assert_int_equal(test_cpu_mismatch(p, NULL, PATTERN, ALL), ALL);
		submit_fills(before);
		assert_int_equal(take_fills(r), 0);
		assert_int_equal(write(go[1], &byte, 1), 1);
		close(go[1]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_int_equal(test_cpu_mismatch(before, NULL, PATTERN, ALL), ALL);
		memset(before, 0x11, ALL);
	}
	munmap(p, ALL);
	munmap(before, ALL);
}

static void
forked_in_flight(void **state)
{
	(void)state;
	both_ways(use_fork);
}

/*
 * Take the memory away while the device writes to it: when the call returns nothing changes any
 * more; what was not done says so, and how far it got is true.
 */
static void
take_away(int (*take)(uint8_t *mem, size_t len), int (*give_back)(uint8_t *mem, size_t len))
{
	static uint8_t then[ALL];
	struct sva_result r[PIECES];
	unsigned int round, i, bad = 0;
	uint8_t *mem, *view;

	/* However fast the device is, until it has been too late. */
	for (round = 0; bad == 0 || round < 10; round++) {
		twins(&mem, &view);
		submit_fills(mem);
		/* At different times, from at once on. */
		for (i = 0; i < round % 10 * 1000; i++)
			rte_pause();
		assert_int_equal(take(mem, ALL), 0);
		memcpy(then, view, ALL);
		bad += take_fills(r);
		assert_int_equal(memcmp(then, view, ALL), 0);
		for (i = 0; i < PIECES; i++) {
			assert_int_equal(test_cpu_mismatch(view + i * PIECE, NULL, PATTERN,
							   r[i].bytes), r[i].bytes);
			if (r[i].status == SVA_OK)
				continue;
			assert_int_equal(r[i].write_fault, 1);
			assert_in_range(r[i].fault_addr, (uintptr_t)mem + i * PIECE,
					(uintptr_t)mem + (i + 1) * PIECE - 1);
		}
		/* Given back, it can be written to again. */
		assert_int_equal(give_back(mem, ALL), 0);
		submit_fills(mem);
		assert_int_equal(take_fills(r), 0);
		munmap(mem, ALL);
		munmap(view, ALL);
	}
}

/*
 * The emulated device's other engines do nothing on their own, or have the kernel write, which
 * may be at it with pages that it holds.
 */
#define NEEDS_DIRECT_ACCESS() \
	TEST_NEEDS(!test_emulated() || test_engine_task(q) != 0, "its engine is no task")

static int
to_read_only(uint8_t *mem, size_t len)
{
	return mprotect(mem, len, PROT_READ);
}

static int
to_nothing(uint8_t *mem, size_t len)
{
	return mprotect(mem, len, PROT_NONE);
}

static int
to_writable(uint8_t *mem, size_t len)
{
	return mprotect(mem, len, PROT_READ | PROT_WRITE);
}

static int
to_anonymous(uint8_t *mem, size_t len)
{
	return mmap(mem, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) == mem ? 0 : -1;
}

static void
use_protected(void)
{
	NEEDS_DIRECT_ACCESS();
	take_away(to_read_only, to_writable);
	take_away(to_nothing, to_writable);
}

static void
protected_in_flight(void **state)
{
	(void)state;
	both_ways(use_protected);
}

static void
use_unmapped(void)
{
	NEEDS_DIRECT_ACCESS();
	take_away((int (*)(uint8_t *, size_t))munmap, to_anonymous);
}

static void
unmapped_in_flight(void **state)
{
	(void)state;
	both_ways(use_unmapped);
}

/* Pages that are thrown away all the time: the device has them anew, and so do we. */
static void
use_dropped(void)
{
	struct sva_result r[PIECES];
	uint8_t *p = fresh(ALL);
	unsigned int round, i;
	size_t at;

	for (round = 0; round < test_rounds(20); round++) {
		submit_fills(p);
		for (i = 0; i < 10; i++)
			assert_int_equal(madvise(p, ALL, MADV_DONTNEED), 0);
		assert_int_equal(take_fills(r), 0);
		for (at = 0; at < ALL; at += TEST_PAGE) {
			uint64_t word;

			memcpy(&word, p + at, sizeof(word));
			assert_true(word == 0 || word == PATTERN);
		}
	}
	submit_fills(p);
	assert_int_equal(take_fills(r), 0);
	assert_int_equal(test_cpu_mismatch(p, NULL, PATTERN, ALL), ALL);
	munmap(p, ALL);
}

static void
dropped_in_flight(void **state)
{
	(void)state;
	both_ways(use_dropped);
}

/* --- swap --- */

static unsigned long
swapped_kb(void)
{
	unsigned long kb = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmSwap: %lu", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

static void
swap_out(uint8_t *p, size_t len)
{
	unsigned int tries;

	/* It is a wish, which may not come true for every page at once. */
	for (tries = 0; tries < 10 && swapped_kb() < len / 1024 / 2; tries++)
		madvise(p, len, MADV_PAGEOUT);
}

static bool
has_swap(void)
{
	uint8_t *p = test_pages(64);
	bool works;

	test_fill_random(p, 64 * TEST_PAGE, 1);
	swap_out(p, 64 * TEST_PAGE);
	works = swapped_kb() != 0;
	munmap(p, 64 * TEST_PAGE);
	return works;
}

static void
use_swap(void)
{
	uint8_t *src = fresh(ALL), *dst = fresh(ALL), *copy = fresh(ALL);
	struct sva_result r;
	uint64_t before;

	test_fill_random(src, ALL, 5);
	memcpy(copy, src, ALL);
	memset(dst, 9, ALL);
	swap_out(src, 2 * ALL);
	swap_out(dst, 2 * ALL);
	assert_true(swapped_kb() > 0);
	before = faults();
	assert_true(sva_copy(q, dst + 1, src, ALL - 2, 1, 0) >= 0);
	check_good(ALL - 2);
	assert_true(dst[0] == 9 && dst[ALL - 1] == 9);
	assert_int_equal(memcmp(dst + 1, copy, ALL - 2), 0);
	if (reports)
		assert_true(faults() > before);
	/* Again and again, while it works. */
	swap_out(src, 2 * ALL);
	assert_true(sva_crc32c(q, src, ALL, 0, 1, SVA_SUBMIT) >= 0);
	madvise(src, ALL, MADV_PAGEOUT);
	madvise(src, ALL, MADV_PAGEOUT);
	test_take(q, &r, 1);
	assert_int_equal(r.status, SVA_OK);
	assert_int_equal(r.value, test_crc32c(copy, ALL, 0));
	munmap(src, ALL);
	munmap(dst, ALL);
	munmap(copy, ALL);
}

static void
swapped(void **state)
{
	(void)state;
	TEST_NEEDS(has_swap(), "there is no swap, or none for this process");
	both_ways(use_swap);
}

static bool
write_to(const char *dir, const char *file, const char *text)
{
	char path[256];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* All of the process's memory goes, also the driver's own, when nothing is in flight. */
static void
use_reclaimed(void)
{
	const char *group = getenv("SVA_TEST_CGROUP");
	uint8_t *p = fresh(ALL);
	struct sva_result r[PIECES];
	unsigned int round, i;

	for (round = 0; round < 5; round++) {
		/* What madvise() populates counts as used often, and would stay. */
		memset(p, (int)round, ALL);
		submit_fills(p);
		assert_int_equal(take_fills(r), 0);
		/* More than there is, so that it fails; and what was used just now goes last. */
		for (i = 0; i < 20 && swapped_kb() < ALL / 1024 / 2; i++)
			write_to(group, "memory.reclaim", "256M");
		assert_true(swapped_kb() > 0);
	}
	munmap(p, ALL);
}

static void
reclaimed(void **state)
{
	const char *group = getenv("SVA_TEST_CGROUP");
	char pid[16];

	(void)state;
	TEST_NEEDS(group != NULL && has_swap(), "SVA_TEST_CGROUP is not set, or there is no swap");
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	assert_true(write_to(group, "cgroup.procs", pid));
	both_ways(use_reclaimed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stack),
		TEST(statics),
		TEST(files),
		TEST(huge_pages),
		TEST(transparent_huge_pages),
		TEST(forked_in_flight),
		TEST(protected_in_flight),
		TEST(unmapped_in_flight),
		TEST(dropped_in_flight),
		TEST(swapped),
		TEST(reclaimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
