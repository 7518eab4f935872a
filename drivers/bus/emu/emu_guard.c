/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Copies that survive bad addresses.
 *
 * The engine task has signal dispositions of its own, so that its handler is in force
 * whatever handler the program installs. A fault inside emu_guard_copy() goes on at a
 * fix-up: first to a byte-wise copy of what is left, which finds the exact byte, then
 * to the end.
 */
#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#include "emu_private.h"

#if defined(__x86_64__)

extern const char emu_guard_begin[], emu_guard_bytes_start[];
extern const char emu_guard_bytes[], emu_guard_end[];

/*
 * rdi dst, rsi src, rdx left, r8 trap, r9 fault address, r10 its error code. The labels
 * bound the instructions that may fault. Below 512 bytes 16-byte moves win over the
 * start-up cost of the string instruction. Eight bytes are one store, because a
 * completion record is published so. After a fault a block of 64 starts over byte by
 * byte, so ranges that overlap within one go that way at once: what was stored of the
 * block would have spoilt its source.
 */
asm(".pushsection .text\n"
    ".balign 64\n"
    ".type emu_guard_copy, @function\n"
    ".globl emu_guard_copy\n"
    ".hidden emu_guard_copy\n"
    "emu_guard_copy:\n"
    "	mov	%rcx, %r8\n"
    "emu_guard_begin:\n"
    "	mov	%rsi, %rax\n"
    "	sub	%rdi, %rax\n"
    "	cmp	$64, %rax\n"
    "	jb	emu_guard_bytes_start\n"
    "	cmp	$512, %rdx\n"
    "	jae	emu_guard_bytes_start\n"
    "64:	cmp	$64, %rdx\n"
    "	jb	16f\n"
    "	movups	(%rsi), %xmm0\n"
    "	movups	16(%rsi), %xmm1\n"
    "	movups	32(%rsi), %xmm2\n"
    "	movups	48(%rsi), %xmm3\n"
    "	movups	%xmm0, (%rdi)\n"
    "	movups	%xmm1, 16(%rdi)\n"
    "	movups	%xmm2, 32(%rdi)\n"
    "	movups	%xmm3, 48(%rdi)\n"
    "	add	$64, %rsi\n"
    "	add	$64, %rdi\n"
    "	sub	$64, %rdx\n"
    "	jnz	64b\n"
    "	xor	%eax, %eax\n"
    "	ret\n"
    "16:	cmp	$16, %rdx\n"
    "	jb	17f\n"
    "	movups	(%rsi), %xmm0\n"
    "	movups	%xmm0, (%rdi)\n"
    "	add	$16, %rsi\n"
    "	add	$16, %rdi\n"
    "	sub	$16, %rdx\n"
    "	jmp	16b\n"
    "17:\n"
    "	test	$8, %dl\n"
    "	jz	8f\n"
    "	mov	(%rsi), %rax\n"
    "	mov	%rax, (%rdi)\n"
    "	add	$8, %rsi\n"
    "	add	$8, %rdi\n"
    "	sub	$8, %rdx\n"
    "8:\n"
    "	test	$4, %dl\n"
    "	jz	4f\n"
    "	mov	(%rsi), %eax\n"
    "	mov	%eax, (%rdi)\n"
    "	add	$4, %rsi\n"
    "	add	$4, %rdi\n"
    "	sub	$4, %rdx\n"
    "4:\n"
    "	test	$2, %dl\n"
    "	jz	2f\n"
    "	mov	(%rsi), %ax\n"
    "	mov	%ax, (%rdi)\n"
    "	add	$2, %rsi\n"
    "	add	$2, %rdi\n"
    "	sub	$2, %rdx\n"
    "2:\n"
    "	test	$1, %dl\n"
    "	jz	1f\n"
    "	mov	(%rsi), %al\n"
    "	mov	%al, (%rdi)\n"
    "	add	$1, %rsi\n"
    "	add	$1, %rdi\n"
    "	sub	$1, %rdx\n"
    "1:\n"
    "	xor	%eax, %eax\n"
    "	ret\n"
    "emu_guard_bytes_start:\n"
    "	mov	%rdx, %rcx\n"
    "	xor	%r9d, %r9d\n"
    "	xor	%r10d, %r10d\n"
    "emu_guard_bytes:\n"
    "	rep movsb\n"
    "emu_guard_end:\n"
    "	mov	%r9, (%r8)\n"
    "	mov	%r10, 8(%r8)\n"
    "	mov	%rcx, %rax\n"
    "	ret\n"
    ".size emu_guard_copy, . - emu_guard_copy\n"
    ".popsection\n");

#define TRAP_PAGE_FAULT 14
#define PAGE_FAULT_WRITE 2	/* error code bit: Intel SDM volume 3, "Page-Fault Exception" */

__attribute__((no_sanitize("address", "undefined"))) static void
emu_on_fault(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const char *ip = (const char *)regs[REG_RIP];

	if (ip >= emu_guard_begin && ip < emu_guard_bytes_start) {
		regs[REG_RIP] = (greg_t)emu_guard_bytes_start;
	} else if (ip >= emu_guard_bytes && ip < emu_guard_end) {
		regs[REG_RIP] = (greg_t)emu_guard_end;
		/* A non-canonical address raises another trap, without an address. */
		if (regs[REG_TRAPNO] == TRAP_PAGE_FAULT) {
			regs[REG_R9] = (greg_t)info->si_addr;
			regs[REG_R10] = (regs[REG_ERR] & PAGE_FAULT_WRITE) != 0;
		}
	} else {
		/* Our own mistake: let it end the engine, which its host notices. */
		signal(sig, SIG_DFL);
	}
}

int
emu_guard_install(void)
{
	struct sigaction action = {
		.sa_sigaction = emu_on_fault,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	sigset_t faults;

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSEGV, &action, NULL) != 0 || sigaction(SIGBUS, &action, NULL) != 0)
		return -errno;
	sigemptyset(&faults);
	sigaddset(&faults, SIGSEGV);
	sigaddset(&faults, SIGBUS);
	return sigprocmask(SIG_UNBLOCK, &faults, NULL) == 0 ? 0 : -errno;
}

#else /* the engine task is for x86-64 only; other machines use a thread */

size_t
emu_guard_copy(void *dst, const void *src, size_t len, struct emu_trap *trap)
{
	(void)dst;
	(void)src;
	*trap = (struct emu_trap){ 0, 0 };
	return len;
}

int
emu_guard_install(void)
{
	return -EOPNOTSUPP;
}

#endif
