/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The guarded copy of the emulated bus, next to holes and pages that cannot be written.
 * Its fault handler is installed in this process, so that every copy is a plain call.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "emu_private.h"

#define PAGE 4096u
#define CANARY 0xc5
#define MOST 600	/* the copy changes its way at 512 */

static struct sigaction old_segv, old_bus;

/* Two pages and a third that is a hole, each; what a test changes it puts back. */
static unsigned char *src_area, *dst_area;
/* Four pages for ranges that overlap. */
static unsigned char *one_area;

static unsigned char *
map_pages(size_t pages)
{
	void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int
start(void **state)
{
	(void)state;
	src_area = map_pages(3);
	dst_area = map_pages(3);
	one_area = map_pages(4);
	if (src_area == NULL || dst_area == NULL || one_area == NULL ||
	    mprotect(src_area + 2 * PAGE, PAGE, PROT_NONE) != 0 ||
	    mprotect(dst_area + 2 * PAGE, PAGE, PROT_NONE) != 0)
		return -1;
	sigaction(SIGSEGV, NULL, &old_segv);
	sigaction(SIGBUS, NULL, &old_bus);
	alarm(600);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	munmap(src_area, 3 * PAGE);
	munmap(dst_area, 3 * PAGE);
	munmap(one_area, 4 * PAGE);
	return 0;
}

/* Only around the copies, so that a mistake of a test is still one. */
static size_t
guarded(void *dst, const void *src, size_t len, struct emu_trap *trap)
{
	size_t left;

	assert_int_equal(emu_guard_install(), 0);
	left = emu_guard_copy(dst, src, len, trap);
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return left;
}

static void
number(unsigned char *p, size_t n)
{
	size_t i;

	/* No period that a shift by a power of two would hide. */
	for (i = 0; i < n; i++)
		p[i] = (unsigned char)(i % 251);
}

static void
check_canary(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != CANARY)
			fail_msg("byte %zu beyond the copy is 0x%02x", i, p[i]);
}

/* Lengths that a full grid takes, so that it stays affordable under a sanitizer. */
static size_t
next_length(size_t len)
{
	return len < 130 || (len >= 508 && len < 516) ? len + 1 : len + 13;
}

static void
good(void **state)
{
	struct emu_trap trap;
	unsigned char *src = src_area + 64, *dst = dst_area + 64;
	size_t len, align;

	(void)state;
	number(src_area, 2 * PAGE);
	for (len = 0; len <= MOST; len++) {
		for (align = 0; align < 17; align += 4) {
			memset(dst_area, CANARY, 1024);
			assert_int_equal(guarded(dst + align, src + 1, len, &trap), 0);
			assert_memory_equal(dst + align, src + 1, len);
			check_canary(dst_area, 64 + align);
			check_canary(dst + align + len, 64);
		}
	}
}

static void
big(void **state)
{
	static const size_t lengths[] = { 4095, 4096, 4097, 65536, (1 << 20) + 3 };
	unsigned char *src = malloc(2 << 20), *dst = malloc(2 << 20);
	struct emu_trap trap;
	size_t i;

	(void)state;
	assert_non_null(src);
	assert_non_null(dst);
	number(src, 2 << 20);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(dst, CANARY, 2 << 20);
		assert_int_equal(guarded(dst + 5, src + 3, lengths[i], &trap), 0);
		assert_memory_equal(dst + 5, src + 3, lengths[i]);
		check_canary(dst, 5);
		check_canary(dst + 5 + lengths[i], 64);
	}
	free(src);
	free(dst);
}

/* The source ends before the copy does: what is there arrives, and not a byte more. */
static void
source_hole(void **state)
{
	unsigned char *hole = src_area + 2 * PAGE;
	struct emu_trap trap;
	size_t len, have;

	(void)state;
	number(src_area, 2 * PAGE);
	for (len = 1; len <= MOST; len = next_length(len)) {
		for (have = 0; have < len; have++) {
			memset(dst_area + 64, CANARY, len + 64);
			assert_int_equal(guarded(dst_area + 64, hole - have, len, &trap),
					 len - have);
			assert_int_equal(trap.addr, (uintptr_t)hole);
			assert_int_equal(trap.write, 0);
			assert_memory_equal(dst_area + 64, hole - have, have);
			check_canary(dst_area + 64 + have, len - have + 64);
		}
	}
}

/* The destination does. */
static void
destination_hole(void **state)
{
	unsigned char *hole = dst_area + 2 * PAGE;
	struct emu_trap trap;
	size_t len, room;

	(void)state;
	number(src_area, 2 * PAGE);
	for (len = 1; len <= MOST; len = next_length(len)) {
		for (room = 0; room < len; room++) {
			memset(hole - room - 64, CANARY, room + 64);
			assert_int_equal(guarded(hole - room, src_area + 7, len, &trap),
					 len - room);
			assert_int_equal(trap.addr, (uintptr_t)hole);
			assert_int_equal(trap.write, 1);
			assert_memory_equal(hole - room, src_area + 7, room);
			check_canary(hole - room - 64, 64);
		}
	}
}

/* A page that can be read only takes nothing, and keeps what it has. */
static void
read_only(void **state)
{
	unsigned char *page = dst_area + PAGE;
	struct emu_trap trap;
	size_t len;

	(void)state;
	number(src_area, 2 * PAGE);
	memset(dst_area, CANARY, 2 * PAGE);
	assert_int_equal(mprotect(page, PAGE, PROT_READ), 0);
	for (len = 1; len <= MOST; len = next_length(len)) {
		assert_int_equal(guarded(page - len / 2, src_area, len, &trap), len - len / 2);
		assert_int_equal(trap.addr, (uintptr_t)page);
		assert_int_equal(trap.write, 1);
		assert_memory_equal(page - len / 2, src_area, len / 2);
	}
	check_canary(page, PAGE);
	assert_int_equal(mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
}

/* Towards lower addresses ranges may overlap by any distance. */
static void
overlapping(void **state)
{
	unsigned char want[MOST];
	struct emu_trap trap;
	size_t len, down;

	(void)state;
	for (len = 1; len <= MOST; len = next_length(len)) {
		for (down = 1; down <= 70; down++) {
			number(one_area, 1024);
			memcpy(want, one_area + 128, len);
			assert_int_equal(guarded(one_area + 128 - down, one_area + 128, len, &trap),
					 0);
			assert_memory_equal(one_area + 128 - down, want, len);
			assert_int_equal(one_area[128 - down - 1], 127 - down);
		}
	}
}

/*
 * The same with a destination that ends at a page that can only be read: a source byte
 * must not be overwritten before it was copied, also where the copy starts over.
 */
static void
overlapping_fault(void **state)
{
	unsigned char *page = one_area + PAGE, *dst;
	unsigned char want[MOST];
	struct emu_trap trap;
	size_t len, down, room;

	(void)state;
	for (len = 16; len <= MOST; len += len < 70 ? 1 : 53) {
		for (down = 1; down <= 70; down++) {
			for (room = 1; room < len; room += 1 + room / 5) {
				dst = page - room;
				number(page - 1024, 2048);
				memcpy(want, dst + down, room);
				assert_int_equal(mprotect(page, PAGE, PROT_READ), 0);
				assert_int_equal(guarded(dst, dst + down, len, &trap), len - room);
				assert_int_equal(mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
				assert_int_equal(trap.write, 1);
				if (memcmp(dst, want, room) != 0)
					fail_msg("%zu bytes down by %zu, %zu before the page: "
						 "spoilt",
						 len, down, room);
			}
		}
	}
}

/* Addresses that no page table has: a trap, but not a page fault, so without an address. */
static void
non_canonical(void **state)
{
	void *bad = (void *)(uintptr_t)(1ull << 62);
	unsigned char here[MOST];
	struct emu_trap trap = { 1, 1 };

	(void)state;
	memset(here, CANARY, sizeof(here));
	assert_int_equal(guarded(here, bad, sizeof(here), &trap), sizeof(here));
	assert_int_equal(trap.addr, 0);
	assert_int_equal(guarded(bad, here, 8, &trap), 8);
	assert_int_equal(trap.addr, 0);
	check_canary(here, sizeof(here));
}

/*
 * Eight bytes are published at once: across two pages of which the second cannot be
 * written the first keeps its bytes until the byte-wise second try, which says how many.
 * On one page they come from one instruction: single-stepping sees old or new, never both.
 */
static volatile uint64_t *stepped;
static volatile unsigned int torn, steps;

static void
on_step(int sig)
{
	uint64_t now = *stepped;

	(void)sig;
	steps++;
	if (now != 0 && now != UINT64_MAX)
		torn++;
}

#define TRAP_FLAG 0x100		/* EFLAGS.TF: Intel SDM volume 3, "System Flags" */

static void
eight_bytes(void **state)
{
	struct sigaction step = { .sa_handler = on_step }, old;
	uint64_t ones = UINT64_MAX;
	struct emu_trap trap;
	unsigned int align;

	(void)state;
	sigaction(SIGTRAP, &step, &old);
	for (align = 0; align < 64; align += 8) {
		stepped = (uint64_t *)(void *)(dst_area + align);
		*stepped = 0;
		steps = 0;
		asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_FLAG) : "memory", "cc");
		emu_guard_copy(dst_area + align, &ones, 8, &trap);
		asm volatile("pushfq; andq %0, (%%rsp); popfq"
			     : : "i"(~TRAP_FLAG) : "memory", "cc");
		assert_true(steps > 10);
		assert_int_equal(torn, 0);
		assert_true(*stepped == UINT64_MAX);
	}
	sigaction(SIGTRAP, &old, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, start, end),
		cmocka_unit_test_setup_teardown(big, start, end),
		cmocka_unit_test_setup_teardown(source_hole, start, end),
		cmocka_unit_test_setup_teardown(destination_hole, start, end),
		cmocka_unit_test_setup_teardown(read_only, start, end),
		cmocka_unit_test_setup_teardown(overlapping, start, end),
		cmocka_unit_test_setup_teardown(overlapping_fault, start, end),
		cmocka_unit_test_setup_teardown(non_canonical, start, end),
		cmocka_unit_test_setup_teardown(eight_bytes, start, end),
	};

#if defined(__x86_64__)
	return cmocka_run_group_tests(tests, NULL, NULL);
#else
	(void)tests;
	return 77;	/* the engine task is for x86-64 */
#endif
}
