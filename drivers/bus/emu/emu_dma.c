/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The emulated function's way to memory: a PASID is looked up among the bonds of the
 * device's container, as an IOMMU would, and names this process or another one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "emu_private.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED(addr, len) ((void)(addr), (void)(len))
#endif

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22	/* linux/mman-common.h, since Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE 4096u
/* User addresses end below it: five-level paging has 57-bit canonical addresses. */
#define CANONICAL_END (1ull << 56)
#define PAGEMAP_PRESENT (1ull << 63)	/* Documentation/admin-guide/mm/pagemap.rst */
#define BOUNCE 16384u
#define SPARED 64	/* bytes of an access that no fault is injected into */

static const struct emu_bond *
find_bond(struct emu_device *dev, uint32_t pasid)
{
	const struct emu_bond *bond = dev->last_bond;
	unsigned int i;

	if (bond != NULL && bond->pasid == pasid)
		return bond;
	if (pasid == 0 || pasid == SVA_DSA_NO_PASID)
		return NULL;
	for (i = 0; i < EMU_MAX_BONDS; i++) {
		if (dev->container->bonds[i].pasid == pasid) {
			dev->last_bond = &dev->container->bonds[i];
			return dev->last_bond;
		}
	}
	return NULL;
}

static size_t
stop_at(struct sva_dsa_fault *fault, uint64_t va, bool write, size_t done)
{
	*fault = (struct sva_dsa_fault){ va, write, false };
	return done;
}

/* Without page requests: how many of the bytes at va lie on pages that are present. */
static size_t
present(struct emu_device *dev, uint64_t va, size_t len)
{
	uint64_t entries[64];
	uint64_t page = va / PAGE;
	size_t done = 0;

	while (done < len) {
		size_t pages = (va + len - 1) / PAGE - page + 1;
		ssize_t got, i;

		if (pages > 64)
			pages = 64;
		got = pread(dev->pagemap, entries, pages * 8, (off_t)(page * 8));
		if (got < 8)
			return done;
		for (i = 0; i < got / 8; i++, page++) {
			if (!(entries[i] & PAGEMAP_PRESENT))
				return done;
			done = (page + 1) * PAGE - va;
		}
	}
	return len;
}

/* Whether an access is one that emu_inject() spoils. Records, and what is small, it spares. */
static bool
spoiled(struct emu_device *dev, size_t len)
{
	if (dev->faults == 0 || len <= SPARED)
		return false;
	dev->faults--;
	return true;
}

/* Bytes at va that may be tried at all. */
static size_t
reachable(struct emu_device *dev, const struct emu_bond *bond, uint64_t va, size_t len)
{
	if (__builtin_expect(spoiled(dev, len), 0))
		return 0;
	if (va >= CANONICAL_END)
		return 0;
	if (len > CANONICAL_END - va)
		len = CANONICAL_END - va;
	if (dev->pri != EMU_PRI_ON && bond->memfd < 0)
		len = present(dev, va, len);
	return len;
}

static size_t
transfer_vm(const struct emu_bond *bond, uint64_t va, void *buf, size_t len, bool write)
{
	struct iovec local = { buf, len };
	struct iovec remote = { (void *)(uintptr_t)va, len };
	ssize_t n;

	if (bond->memfd >= 0 && !emu_bond_alive(bond))
		return 0;
	n = write ? process_vm_writev(bond->pid, &local, 1, &remote, 1, 0) :
		    process_vm_readv(bond->pid, &local, 1, &remote, 1, 0);
	/* Memcheck does not see what the kernel writes to this process by that way. */
	if (write && n > 0 && bond->memfd < 0)
		VALGRIND_MAKE_MEM_DEFINED(va, n);
	return n < 0 ? 0 : (size_t)n;
}

static inline size_t
transfer(struct emu_device *dev, uint32_t pasid, uint64_t va, void *buf, size_t len, bool write,
	 struct sva_dsa_fault *fault)
{
	const struct emu_bond *bond = find_bond(dev, pasid);
	size_t can, done;

	if (__builtin_expect(bond == NULL, 0))
		return stop_at(fault, va, write, 0);
	can = reachable(dev, bond, va, len);
	if (__builtin_expect(bond->memfd < 0 && dev->engine == EMU_ENGINE_TASK, 1)) {
		struct emu_trap trap;
		void *mem = (void *)(uintptr_t)va;

		done = can - (write ? emu_guard_copy(mem, buf, can, &trap) :
				      emu_guard_copy(buf, mem, can, &trap));
	} else {
		/* Short counts are whole pages: go on until nothing moves. */
		for (done = 0; done < can;) {
			size_t n = transfer_vm(bond, va + done, (char *)buf + done,
					       can - done, write);

			if (n == 0)
				break;
			done += n;
		}
	}
	return done == len ? len : stop_at(fault, va + done, write, done);
}

static size_t
emu_read(void *ctx, uint32_t pasid, uint64_t va, void *buf, size_t len,
	 struct sva_dsa_fault *fault)
{
	return transfer(ctx, pasid, va, buf, len, false, fault);
}

static size_t
emu_write(void *ctx, uint32_t pasid, uint64_t va, const void *buf, size_t len,
	  struct sva_dsa_fault *fault)
{
	return transfer(ctx, pasid, va, (void *)(uintptr_t)buf, len, true, fault);
}

static size_t
copy_bounced(struct emu_device *dev, uint32_t pasid, uint64_t dst, uint64_t src, size_t len,
	     struct sva_dsa_fault *fault)
{
	unsigned char bounce[BOUNCE];
	size_t done = 0;

	while (done < len) {
		size_t want = len - done < BOUNCE ? len - done : BOUNCE;
		struct sva_dsa_fault read_fault;
		size_t got = transfer(dev, pasid, src + done, bounce, want, false, &read_fault);
		size_t put = transfer(dev, pasid, dst + done, bounce, got, true, fault);

		done += put;
		if (put < got)
			return done;
		if (got < want) {
			*fault = read_fault;
			return done;
		}
	}
	return len;
}

static size_t
emu_copy(void *ctx, uint32_t pasid, uint64_t dst, uint64_t src, size_t len,
	 struct sva_dsa_fault *fault)
{
	struct emu_device *dev = ctx;
	const struct emu_bond *bond = find_bond(dev, pasid);
	size_t can_read, can_write, can, done;
	struct emu_trap trap;
	char byte;

	if (bond == NULL)
		return stop_at(fault, src, false, 0);
	if (bond->memfd >= 0 || dev->engine != EMU_ENGINE_TASK)
		return copy_bounced(dev, pasid, dst, src, len, fault);
	can_read = reachable(dev, bond, src, len);
	can_write = reachable(dev, bond, dst, len);
	can = can_read < can_write ? can_read : can_write;
	done = can - emu_guard_copy((void *)(uintptr_t)dst, (const void *)(uintptr_t)src, can,
				    &trap);
	if (done == len)
		return len;
	if (done == can)
		return can_read <= can_write ? stop_at(fault, src + done, false, done) :
					       stop_at(fault, dst + done, true, done);
	if (trap.addr != 0)
		return stop_at(fault, trap.write ? dst + done : src + done, trap.write, done);
	/* Not a page fault, but an address that no page table has: the source's, or not. */
	if (emu_guard_copy(&byte, (const void *)(uintptr_t)(src + done), 1, &trap) != 0)
		return stop_at(fault, src + done, false, done);
	return stop_at(fault, dst + done, true, done);
}

static void
emu_interrupt(void *ctx, unsigned int vector)
{
	struct emu_device *dev = ctx;
	uint64_t one = 1;
	ssize_t n;

	if (vector < EMU_MAX_VECTORS && dev->irq[vector] >= 0) {
		/* Only a counter at its maximum refuses; it is signalled then anyway. */
		n = write(dev->irq[vector], &one, sizeof(one));
		(void)n;
	}
}

/* What the kernel's I/O page-fault handler would do. */
static enum sva_dsa_page
emu_page_request(void *ctx, uint32_t token, uint32_t pasid, uint64_t va, bool write)
{
	const struct emu_bond *bond = find_bond(ctx, pasid);
	void *page = (void *)(uintptr_t)(va & ~(uint64_t)(PAGE - 1));

	(void)token;
	/* Another process's memory never faults but for good. */
	if (bond == NULL || bond->memfd >= 0 || va >= CANONICAL_END)
		return SVA_DSA_PAGE_FAILED;
	return madvise(page, PAGE, write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) == 0 ?
		       SVA_DSA_PAGE_RESOLVED : SVA_DSA_PAGE_FAILED;
}

#define EMU_DMA \
	.read = emu_read, \
	.write = emu_write, \
	.copy = emu_copy, \
	.interrupt = emu_interrupt

const struct sva_dsa_ops emu_dma_ops = { EMU_DMA };
const struct sva_dsa_ops emu_dma_request_ops = { EMU_DMA, .page_request = emu_page_request };
