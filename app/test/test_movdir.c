/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * MOVDIRI and MOVDIR64B, which QEMU's processor has by a patch of this project (tests/vm). Any
 * processor that has them passes; without them the cases are skipped, but not in the virtual
 * machine: it is known by the function "svadk-test" that SVA_TEST_DEVICE names, whose
 * registers are the device that is stored to.
 * Reference: Intel SDM volume 2, MOVDIRI and MOVDIR64B.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <asm/prctl.h>
#include <cpuid.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test_bind_util.h"
#include "test_dma.h"

#define PAGE 4096u
#define SLOT 64u
#define CODE_PAGES 4u
#define CODE_BYTES 64u		/* room for one piece of code */

/* What arithmetic leaves in the flags, and AC: CF, PF, AF, ZF, SF, OF, AC. */
#define FLAGS 0x408d5ull

/* CPUID leaf 7, subleaf 0, ECX. */
#define HAS_MOVDIRI	(1u << 27)
#define HAS_MOVDIR64B	(1u << 28)
#define HAS_BOTH	(HAS_MOVDIRI | HAS_MOVDIR64B)

/*
 * One instruction, between setting the flags to what is in the third argument and reading
 * them. The first argument is in RDI, the second in RSI, the last two in R8 and R9.
 */
typedef uint64_t (*insn_fn)(uintptr_t rdi, uintptr_t rsi, uint64_t flags, uint64_t unused,
			    uintptr_t r8, uintptr_t r9);

static const unsigned char before[] = { 0x52, 0x9d };		/* push rdx; popfq */
/* pushfq; pop rax; push 2; popfq; ret */
static const unsigned char after[] = { 0x9c, 0x58, 0x6a, 0x02, 0x9d, 0xc3 };

#define INSN(bytes) insn("" bytes, sizeof(bytes) - 1)
/* To where RDI points, from where RSI points; MOVDIRI: RSI itself. */
#define MOVDIR64B INSN("\x66\x0f\x38\xf8\x3e")
#define MOVDIRI32 INSN("\x0f\x38\xf9\x37")
#define MOVDIRI64 INSN("\x48\x0f\x38\xf9\x37")

static unsigned char *code;		/* writable and executable */
static size_t code_used;
/* Four pages: two to read and write, one that is not there, one to read. */
static unsigned char *memory, *absent, *constant;

static sigjmp_buf back;
static siginfo_t caught_info;

static void *
map(void *at, size_t len, int prot)
{
	int fixed = at != NULL ? MAP_FIXED : 0;
	void *p = mmap(at, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

static insn_fn
insn(const char *bytes, size_t len)
{
	unsigned char *p = code + code_used;
	insn_fn fn;

	assert_true(code_used + CODE_BYTES <= CODE_PAGES * PAGE);
	assert_true(sizeof(before) + len + sizeof(after) <= CODE_BYTES);
	memcpy(p, before, sizeof(before));
	memcpy(p + sizeof(before), bytes, len);
	memcpy(p + sizeof(before) + len, after, sizeof(after));
	code_used += CODE_BYTES;
	memcpy(&fn, &p, sizeof(fn));
	return fn;
}

static void
run(insn_fn fn, const void *dst, const void *src)
{
	fn((uintptr_t)dst, (uintptr_t)src, 0x202, 0, 0, 0);
}

static void
caught(int sig, siginfo_t *info, void *context)
{
	(void)context;
	caught_info = *info;
	siglongjmp(back, sig);
}

/* Run what must fail. The signal, with caught_info; 0 for none. */
static int
attempt(insn_fn fn, uintptr_t dst, uintptr_t src)
{
	static const int signals[] = { SIGILL, SIGSEGV, SIGBUS };
	struct sigaction old[3], act = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };
	unsigned int i;
	int sig;

	for (i = 0; i < 3; i++)
		sigaction(signals[i], &act, &old[i]);
	sig = sigsetjmp(back, 1);
	if (sig == 0)
		fn(dst, src, 0x202, 0, 0, 0);
	for (i = 0; i < 3; i++)
		sigaction(signals[i], &old[i], NULL);
	return sig;
}

#define assert_page_fault(fn, dst, src, at) \
	do { \
		assert_int_equal(attempt(fn, (uintptr_t)(dst), (uintptr_t)(src)), SIGSEGV); \
		assert_ptr_equal(caught_info.si_addr, at); \
		assert_int_not_equal(caught_info.si_code, SI_KERNEL); \
	} while (0)

/* #GP: there is no address. */
#define assert_protection_fault(fn, dst, src) \
	do { \
		assert_int_equal(attempt(fn, (uintptr_t)(dst), (uintptr_t)(src)), SIGSEGV); \
		assert_int_equal(caught_info.si_code, SI_KERNEL); \
	} while (0)

static void
scramble(unsigned char *p, size_t len, uint64_t seed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = seed >> 56;
	}
}

/* A line of a file of the function under test; "" where there is none. */
static const char *
function_line(const char *file)
{
	static char line[64];
	char path[160];

	line[0] = '\0';
	if (strncmp(device_spec, "vfio:", 5) != 0)
		return line;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.20s/%s", device_spec + 5, file);
	read_line(path, line, sizeof(line));
	return line;
}

static bool
in_our_machine(void)
{
	return strcmp(function_line("vendor"), "0x1234") == 0 &&
	       strcmp(function_line("device"), "0x5ada") == 0;
}

static unsigned int
features(void)
{
	unsigned int eax, ebx, ecx = 0, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 ? ecx & HAS_BOTH : 0;
}

static int
group_start(void **state)
{
	code = mmap(NULL, CODE_PAGES * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		return -1;
	return bind_start(state);
}

static int
start(void **state)
{
	(void)state;
	code_used = 0;
	memory = map(NULL, 4 * PAGE, PROT_READ | PROT_WRITE);
	absent = memory + 2 * PAGE;
	constant = memory + 3 * PAGE;
	scramble(memory, 4 * PAGE, 1);
	assert_int_equal(munmap(absent, PAGE), 0);
	assert_int_equal(mprotect(constant, PAGE, PROT_READ), 0);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	if (memory != NULL)
		munmap(memory, 4 * PAGE);
	memory = NULL;
	return 0;
}

/* Both are in CPUID, and the kernel has seen them. */
static void
present(void **state)
{
	char line[16384] = "";
	FILE *f;

	(void)state;
	if (!in_our_machine()) {
		if (features() != HAS_BOTH)
			skip_because("the processor has not both of MOVDIRI and MOVDIR64B");
		return;
	}
	assert_int_equal(features(), HAS_BOTH);
	f = fopen("/proc/cpuinfo", "r");
	assert_non_null(f);
	while (strncmp(line, "flags", 5) != 0)
		assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_non_null(strstr(line, " movdiri "));
	assert_non_null(strstr(line, " movdir64b "));
}

/* Every slot of a page; nothing else of it is written. */
static void
slots(void **state)
{
	unsigned char want[PAGE], src[SLOT];
	insn_fn fn = MOVDIR64B;
	unsigned int i;

	(void)state;
	memcpy(want, memory, PAGE);
	for (i = 0; i < PAGE / SLOT; i++) {
		scramble(src, SLOT, i + 2);
		memcpy(want + i * SLOT, src, SLOT);
		run(fn, memory + i * SLOT, src);
		assert_memory_equal(memory, want, PAGE);
	}
}

/* Wherever the source is, across the end of a page as well. */
static void
sources(void **state)
{
	insn_fn fn = MOVDIR64B;
	unsigned int i;

	(void)state;
	for (i = 0; i <= 2 * SLOT; i++) {
		const unsigned char *src = memory + PAGE + SLOT - i;

		run(fn, memory, src);
		assert_memory_equal(memory, src, SLOT);
	}
}

/* All of the source is read before the destination is written. */
static void
overlap(void **state)
{
	unsigned char want[SLOT], *dst = memory + SLOT;
	insn_fn fn = MOVDIR64B;
	unsigned int i;

	(void)state;
	for (i = 0; i <= 2 * SLOT; i++) {
		scramble(memory, 3 * SLOT, i);
		memcpy(want, memory + i, SLOT);
		run(fn, dst, memory + i);
		assert_memory_equal(dst, want, SLOT);
	}
}

/* Pages that come with the access: of the source two, then one to write. */
static void
fresh_pages(void **state)
{
	static const unsigned char zero[SLOT];
	unsigned char *fresh = map(NULL, 4 * PAGE, PROT_READ | PROT_WRITE);
	insn_fn fn = MOVDIR64B;

	(void)state;
	run(fn, memory, fresh + PAGE - 20);
	assert_memory_equal(memory, zero, SLOT);
	run(fn, fresh + 2 * PAGE, memory + PAGE);
	assert_memory_equal(fresh + 2 * PAGE, memory + PAGE, SLOT);
	/* Present, but to be copied when it is written. */
	assert_int_equal(fresh[3 * PAGE], 0);
	run(fn, fresh + 3 * PAGE, memory + PAGE);
	assert_memory_equal(fresh + 3 * PAGE, memory + PAGE, SLOT);
	munmap(fresh, 4 * PAGE);
}

/* Which registers, how wide they are, and segments. */
static void
operands(void **state)
{
	const uintptr_t junk = 0x5a5a5a5a00000000;
	unsigned char *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uintptr_t at = (uintptr_t)low;
	long set;

	(void)state;
	assert_ptr_not_equal(low, MAP_FAILED);
	scramble(low, PAGE, 3);

	/* To R8, from where R9 points. */
	INSN("\x66\x45\x0f\x38\xf8\x01")(0, 0, 0x202, 0, at, at + 100);
	assert_memory_equal(low, low + 100, SLOT);
	/* With REX.W, which changes nothing. */
	INSN("\x66\x48\x0f\x38\xf8\x3e")(at, at + 200, 0x202, 0, 0, 0);
	assert_memory_equal(low, low + 200, SLOT);
	/* With an address size of 32 bits: EDI and ESI. */
	INSN("\x67\x66\x0f\x38\xf8\x3e")(at | junk, (at + 300) | junk, 0x202, 0, 0, 0);
	assert_memory_equal(low, low + 300, SLOT);
	INSN("\x67\x0f\x38\xf9\x37")(at | junk, 0x11223344, 0x202, 0, 0, 0);
	assert_true(*(uint32_t *)low == 0x11223344);
	/* A segment is of the source alone. */
	assert_int_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, at + 1), 0);
	INSN("\x65\x66\x0f\x38\xf8\x3e")(at, 400, 0x202, 0, 0, 0);
	set = syscall(SYS_arch_prctl, ARCH_SET_GS, 0);
	assert_int_equal(set, 0);
	assert_memory_equal(low, low + 401, SLOT);
	munmap(low, PAGE);
}

/* AC among them: an unaligned source is none the less read. */
static void
flags_kept(void **state)
{
	insn_fn fn[] = { MOVDIR64B, MOVDIRI32, MOVDIRI64 };
	uintptr_t at = (uintptr_t)memory;
	unsigned int i, bit;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(fn[i](at, at + 101, 0x202, 0, 0, 0) & FLAGS, 0);
		assert_int_equal(fn[i](at, at + 101, 0x202 | FLAGS, 0, 0, 0) & FLAGS, FLAGS);
		for (bit = 0; bit < 20; bit++)
			if (FLAGS >> bit & 1)
				assert_int_equal(fn[i](at, at + 101, 0x202 | 1u << bit, 0, 0, 0) &
						 FLAGS, 1u << bit);
	}
}

static void
misaligned(void **state)
{
	unsigned char want[PAGE];
	insn_fn fn = MOVDIR64B;
	unsigned int i;

	(void)state;
	memcpy(want, memory, PAGE);
	for (i = 1; i < SLOT; i++)
		assert_protection_fault(fn, memory + i, memory + PAGE);
	assert_protection_fault(fn, memory + PAGE - 8, memory + PAGE);
	assert_memory_equal(memory, want, PAGE);
}

static void
not_canonical(void **state)
{
	const uintptr_t nowhere = 0x8000000000000000;

	(void)state;
	assert_protection_fault(MOVDIR64B, nowhere, memory);
	assert_protection_fault(MOVDIR64B, memory, nowhere);
	assert_protection_fault(MOVDIRI64, nowhere, 1);
}

static void
source_faults(void **state)
{
	unsigned char want[PAGE];
	insn_fn fn = MOVDIR64B;
	unsigned int i;

	(void)state;
	memcpy(want, memory, PAGE);
	for (i = 0; i < SLOT; i++) {
		assert_page_fault(fn, memory, absent - i, absent);
		assert_int_equal(caught_info.si_code, SEGV_MAPERR);
	}
	assert_page_fault(fn, memory, absent + 100, absent + 100);
	assert_page_fault(fn, memory, constant - 10, constant - 10);
	assert_memory_equal(memory, want, PAGE);
}

static void
destination_faults(void **state)
{
	unsigned char want[PAGE];
	insn_fn fn = MOVDIR64B;
	unsigned int i;

	(void)state;
	memcpy(want, constant, PAGE);
	for (i = 0; i < PAGE; i += SLOT) {
		assert_page_fault(fn, absent + i, memory + 1, absent + i);
		assert_int_equal(caught_info.si_code, SEGV_MAPERR);
		assert_page_fault(fn, constant + i, memory + 1, constant + i);
		assert_int_equal(caught_info.si_code, SEGV_ACCERR);
	}
	assert_memory_equal(constant, want, PAGE);
	/* It can be done when the page is there. */
	map(absent, PAGE, PROT_READ | PROT_WRITE);
	run(fn, absent, memory + 1);
	assert_memory_equal(absent, memory + 1, SLOT);
}

/* Four or eight bytes wherever they are, across the end of a page as well, or none. */
static void
movdiri(void **state)
{
	const uint64_t value = 0xfedcba9876543210;
	insn_fn fn32 = MOVDIRI32, fn64 = MOVDIRI64;
	unsigned char want[2 * PAGE];
	unsigned int i;

	(void)state;
	memcpy(want, memory, sizeof(want));
	for (i = 0; i < SLOT; i++) {
		unsigned int at = PAGE - SLOT / 2 + i;

		run(fn32, memory + at, (void *)(value + i));
		memcpy(want + at, &(uint32_t){ (uint32_t)(value + i) }, 4);
		assert_memory_equal(memory, want, sizeof(want));
		run(fn64, memory + at, (void *)(value - i));
		memcpy(want + at, &(uint64_t){ value - i }, 8);
		assert_memory_equal(memory, want, sizeof(want));
	}
	/* R9 to where R8 points. */
	INSN("\x4d\x0f\x38\xf9\x08")(0, 0, 0x202, 0, (uintptr_t)memory, value + 1);
	memcpy(want, &(uint64_t){ value + 1 }, 8);

	for (i = 0; i < 8; i++)
		assert_page_fault(fn64, absent - i, value, absent);
	for (i = 0; i < 4; i++)
		assert_page_fault(fn32, absent - i, value, absent);
	assert_page_fault(fn64, constant + 4, value, constant + 4);
	assert_memory_equal(memory, want, sizeof(want));
}

static void
illegal(void **state)
{
	insn_fn fn[] = {
		INSN("\x66\x0f\x38\xf8\xfe"),		/* MOVDIR64B of a register */
		INSN("\xf0\x66\x0f\x38\xf8\x3e"),	/* with LOCK */
		INSN("\x66\xf0\x0f\x38\xf8\x3e"),
		INSN("\x0f\x38\xf9\xf7"),		/* MOVDIRI to a register */
		INSN("\xf0\x0f\x38\xf9\x37"),		/* with LOCK */
		INSN("\x66\x0f\x38\xf9\x37"),		/* operand size */
		INSN("\x66\x48\x0f\x38\xf9\x37"),
		INSN("\xf3\x0f\x38\xf9\x37"),		/* repeated */
		INSN("\xf2\x0f\x38\xf9\x37"),
	};
	unsigned char want[PAGE], *at = code + sizeof(before);
	unsigned int i;

	(void)state;
	memcpy(want, memory, PAGE);
	for (i = 0; i < sizeof(fn) / sizeof(fn[0]); i++, at += CODE_BYTES) {
		assert_int_equal(attempt(fn[i], (uintptr_t)memory, (uintptr_t)memory + 1), SIGILL);
		assert_ptr_equal(caught_info.si_addr, at);
	}
	assert_memory_equal(memory, want, PAGE);
}

/* Code that has run is run as it has become. */
static void
code_changed(void **state)
{
	static const unsigned char ret[] = { 0xb8, 0, 0, 0, 0, 0xc3 };	/* mov eax, 0; ret */
	insn_fn fn = MOVDIR64B, old = INSN("");
	unsigned char src[SLOT], *at = code + CODE_BYTES;
	unsigned int i;

	(void)state;
	memset(src, 0x90, sizeof(src));
	memcpy(src, ret, sizeof(ret));
	for (i = 1; i < 100; i++) {
		src[1] = (unsigned char)i;
		run(fn, at, src);
		assert_int_equal(old(0, 0, 0x202, 0, 0, 0), i);
	}
	if (!in_our_machine())
		return;
	/* The code right behind the instruction. */
	memcpy(src, code, SLOT);
	memcpy(src + sizeof(before) + 5, ret, sizeof(ret));
	assert_int_equal(fn((uintptr_t)code, (uintptr_t)src, 0x2, 0, 0, 0), 0);
	assert_memory_equal(code, src, SLOT);
}

/* How often a hardware breakpoint on eight bytes is hit; -1 where there is none to be had. */
static long
watched(insn_fn fn, void *dst, const void *src, volatile void *at)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr), .exclude_kernel = 1,
		.exclude_hv = 1, .bp_type = HW_BREAKPOINT_W, .bp_addr = (uintptr_t)at,
		.bp_len = HW_BREAKPOINT_LEN_8,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	uint64_t count = 0;

	if (fd < 0)
		return -1;
	run(fn, dst, src);
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	close(fd);
	return (long)count;
}

/* A debugger that watches some of the bytes sees one access, which is made once. */
static void
watched_memory(void **state)
{
	unsigned char want[SLOT], *dst = memory + SLOT, *src = dst - 8;
	insn_fn fn = MOVDIR64B;
	unsigned int i;
	long hits;

	(void)state;
	for (i = 0; i < SLOT; i += 8) {
		scramble(memory, 3 * SLOT, i);
		memcpy(want, src, SLOT);
		hits = watched(fn, dst, src, dst + i);
		if (hits < 0)
			skip_because("there are no hardware breakpoints");
		assert_int_equal(hits, 1);
		assert_memory_equal(dst, want, SLOT);
	}
	assert_int_equal(watched(fn, dst, src, dst + SLOT), 0);
	assert_int_equal(watched(fn, dst, src, dst - 8), 0);
}

/* The function svadk-test, whose DMA is the process's, and its registers in memory. */
struct target {
	struct sva_container *c;
	struct sva_bus_device *dev;
	struct dma dma;
	uint32_t pasid;
	unsigned char *bar;
};

static void
target_open(struct target *t)
{
	char path[160];
	int fd;

	if (!in_our_machine())
		skip_because("SVA_TEST_DEVICE does not name a function svadk-test");
	t->c = open_container();
	t->dev = open_device(t->c, device_spec);
	assert_int_equal(sva_bind(t->c, 0, &t->pasid), 0);
	assert_int_equal(nb_bonds(t->c), 1);
	assert_int_equal(dma_up(&t->dma, t->dev, t->pasid, NULL), 0);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.20s/resource0", device_spec + 5);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	t->bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(t->bar, MAP_FAILED);
	close(fd);
}

static void
target_close(struct target *t)
{
	munmap(t->bar, PAGE);
	dma_down(&t->dma);
	close_container(t->c, t->dev);
}

/* The first 64 bytes of the registers: what is given last is done after what was before. */
static void
fill_store(const struct target *t, uint64_t store[8], uint64_t pattern, const void *dst,
	   uint64_t len)
{
	memset(store, 0, SLOT);
	store[1] = (uint64_t)STF_FILL << 32 | STF_PASID_EN | t->pasid;
	store[STF_REG_SRC / 8] = pattern;
	store[STF_REG_DST / 8] = (uintptr_t)dst;
	store[STF_REG_LEN / 8] = len;
}

static bool
registers_are(const struct target *t, const uint64_t store[8])
{
	const struct sva_bus_ops *io = t->dev->bus->ops;

	return io->read64(t->dev, STF_REG_SRC) == store[STF_REG_SRC / 8] &&
	       io->read64(t->dev, STF_REG_DST) == store[STF_REG_DST / 8] &&
	       io->read64(t->dev, STF_REG_LEN) == store[STF_REG_LEN / 8] &&
	       io->read32(t->dev, STF_REG_PASID) == (uint32_t)store[1];
}

/* To a device: in ascending order, so a command goes before the arguments behind it. */
static void
device(void **state)
{
	insn_fn fn = MOVDIR64B;
	uint64_t store[8], *buf = (uint64_t *)memory;
	struct target t;
	unsigned int i;
	long hits;

	(void)state;
	target_open(&t);
	assert_int_equal(dma_fill(&t.dma, buf, 0x1111, 64), 0);
	fill_store(&t, store, 0x2222, buf + 1, 8);
	buf[0] = 0;
	run(fn, t.bar, store);
	assert_true(registers_are(&t, store));
	assert_true(buf[0] == 0x1111 && buf[1] == 0x1111);
	run(fn, t.bar, store);
	assert_true(buf[0] == 0x1111 && buf[1] == 0x2222);

	run(MOVDIRI64, t.bar + STF_REG_SRC, (void *)0x0123456789abcdef);
	assert_true(t.dma.io->read64(t.dev, STF_REG_SRC) == 0x0123456789abcdef);
	run(MOVDIRI32, t.bar + STF_REG_SRC + 4, (void *)0x76543210);
	assert_true(t.dma.io->read64(t.dev, STF_REG_SRC) == 0x7654321089abcdef);

	/* Watched, it is not stored twice: that would do what comes with the command as well. */
	memset(buf, 0, PAGE);
	assert_int_equal(dma_fill(&t.dma, buf, 0, 0), 0);
	for (i = 0; i < 8; i++) {
		fill_store(&t, store, i + 1, buf + i, 8);
		hits = watched(fn, t.bar, store, t.bar + i * 8);
		if (hits < 0)
			break;
		assert_int_equal(hits, 1);
		assert_true(registers_are(&t, store));
		assert_true(i == 0 || buf[i - 1] == i);
		assert_true(buf[i] == 0);
	}
	target_close(&t);
}

#define STORES 20000u

struct storer {
	pthread_t thread;
	pthread_barrier_t *barrier;
	const struct target *target;
	insn_fn fn;
	unsigned int number;
	uint64_t *words;
};

static uint64_t
word_of(unsigned int storer, unsigned int i)
{
	return (storer + 1ull) << 32 | i;
}

static void *
store_all(void *arg)
{
	const struct storer *s = arg;
	uint64_t store[8];
	unsigned int i;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(s->number, &cpus);
	/* Only to have two processors at work; where there is one, it will do. */
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	pthread_barrier_wait(s->barrier);
	for (i = 0; i < STORES; i++) {
		fill_store(s->target, store, word_of(s->number, i), &s->words[i], 8);
		run(s->fn, s->target->bar, store);
	}
	return NULL;
}

/*
 * Two processors store to the same 64 bytes, and each store is the command to do what the one
 * before it has said, whosesoever that was. So all are done, one by one, if they are whole. Where
 * two overlap, what is left in the registers is one or a mixture: a word is never written.
 */
static void
device_threads(void **state)
{
	const size_t size = 2 * STORES * sizeof(uint64_t);
	uint64_t *words = map(NULL, size, PROT_READ | PROT_WRITE);
	struct storer storers[2];
	pthread_barrier_t barrier;
	struct target t;
	unsigned int i, j;

	(void)state;
	target_open(&t);
	memset(words, 0xff, size);
	/* What the first store has done: nothing. */
	assert_int_equal(dma_fill(&t.dma, words, 0, 0), 0);
	pthread_barrier_init(&barrier, NULL, 2);
	for (i = 0; i < 2; i++)
		storers[i] = (struct storer){ .barrier = &barrier, .target = &t, .fn = MOVDIR64B,
					      .number = i, .words = words + i * STORES };
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&storers[i].thread, NULL, store_all, &storers[i]),
				 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_join(storers[i].thread, NULL), 0);
	pthread_barrier_destroy(&barrier);
	/* What the last one has said. */
	t.dma.io->write32(t.dev, STF_REG_CMD, STF_FILL);
	assert_int_equal(t.dma.io->read32(t.dev, STF_REG_STATUS), STF_DONE);
	for (i = 0; i < 2; i++)
		for (j = 0; j < STORES; j++)
			assert_true(storers[i].words[j] == word_of(i, j));
	target_close(&t);
	munmap(words, size);
}

int
main(void)
{
	const struct CMUnitTest lacking[] = {
		cmocka_unit_test(present),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(present),
		cmocka_unit_test_setup_teardown(slots, start, end),
		cmocka_unit_test_setup_teardown(sources, start, end),
		cmocka_unit_test_setup_teardown(overlap, start, end),
		cmocka_unit_test_setup_teardown(fresh_pages, start, end),
		cmocka_unit_test_setup_teardown(operands, start, end),
		cmocka_unit_test_setup_teardown(flags_kept, start, end),
		cmocka_unit_test_setup_teardown(misaligned, start, end),
		cmocka_unit_test_setup_teardown(not_canonical, start, end),
		cmocka_unit_test_setup_teardown(source_faults, start, end),
		cmocka_unit_test_setup_teardown(destination_faults, start, end),
		cmocka_unit_test_setup_teardown(movdiri, start, end),
		cmocka_unit_test_setup_teardown(illegal, start, end),
		cmocka_unit_test_setup_teardown(code_changed, start, end),
		cmocka_unit_test_setup_teardown(watched_memory, start, end),
		cmocka_unit_test_setup_teardown(device, start, end),
		cmocka_unit_test_setup_teardown(device_threads, start, end),
	};

	if (features() != HAS_BOTH)
		return cmocka_run_group_tests(lacking, group_start, bind_end);
	return cmocka_run_group_tests(tests, group_start, bind_end);
}
