/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Memory: a mapping for each allocation, found again by its address.
 */
#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <pthread.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sva_log.h>
#include <sva_mem.h>

#include "eal_private.h"

SVA_LOG_COMPONENT(eal);

#define MAX_ALIGN ((size_t)1 << 30)

struct chunk {
	void *addr;		/* key of the tree */
	size_t len;
	size_t page_size;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *chunks;		/* tsearch(3) */

static pthread_once_t machine_once = PTHREAD_ONCE_INIT;
static size_t small_page;
static size_t huge_page;	/* 0: the kernel has none */
static int max_node;		/* 0 also where the kernel has no NUMA policy */
static bool has_numa;

static size_t
read_huge_page(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "Hugepagesize: %lu kB", &kib) == 1)
			break;
	}
	fclose(f);
	return (size_t)kib << 10;
}

/* At the first allocation, so that the start does not pay for it. */
static void
read_machine(void)
{
	small_page = (size_t)sysconf(_SC_PAGESIZE);
	huge_page = read_huge_page();
	has_numa = numa_available() >= 0;
	max_node = has_numa ? numa_max_node() : 0;
}

static int
compare(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct chunk *)a)->addr;
	uintptr_t y = (uintptr_t)((const struct chunk *)b)->addr;

	return (x > y) - (x < y);
}

/* Ask for the node; 0 or an errno. Preferred, not forced: a full node is no failure. */
static int
place(void *addr, size_t len, int node)
{
	unsigned long mask[NUMA_NUM_NODES / (8 * sizeof(unsigned long))] = { 0 };
	unsigned int bits = 8 * sizeof(mask[0]);

	if (node < 0 || !has_numa)
		return 0;
	mask[(unsigned int)node / bits] = 1UL << ((unsigned int)node % bits);
	if (mbind(addr, len, MPOL_PREFERRED, mask, NUMA_NUM_NODES + 1, 0) == 0)
		return 0;
	if (errno == EINVAL)
		return EINVAL;
	/* A sandbox may forbid the call; the memory is as good, only further away. */
	SVA_LOG(WARNING, "memory is not placed on NUMA node %d: %s", node, strerror(errno));
	return 0;
}

/*
 * Map pages inside of a reserved range, where they are aligned, and give the rest of
 * the range back. 0 or an errno.
 */
static int
map(size_t size, size_t align, int node, bool huge, struct chunk *chunk)
{
	size_t page = huge ? huge_page : small_page;
	size_t len, room, head;
	char *range, *addr;
	int err = 0;

	if (align < page)
		align = page;
	if (size > SIZE_MAX / 2 - align)
		return ENOMEM;
	len = (size + page - 1) & ~(page - 1);
	room = len + align;
	range = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (range == MAP_FAILED)
		return ENOMEM;
	head = -(uintptr_t)range & (align - 1);
	addr = range + head;
	if (mmap(addr, len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | (huge ? MAP_HUGETLB : 0), -1, 0) ==
	    MAP_FAILED)
		err = ENOMEM;
	if (err == 0)
		err = place(addr, len, node);
	/* A huge page that is not there would be a SIGBUS at the first access. */
	if (err == 0 && huge && madvise(addr, len, MADV_POPULATE_WRITE) != 0 && errno != EINVAL)
		err = ENOMEM;
	if (err != 0) {
		munmap(range, room);
		return err;
	}
	if (head != 0)
		munmap(range, head);
	munmap(addr + len, room - head - len);
	chunk->addr = addr;
	chunk->len = len;
	chunk->page_size = page;
	return 0;
}

static int
map_by_policy(size_t size, size_t align, int node, unsigned int flags, struct chunk *chunk)
{
	enum sva_huge policy = sva_eal_huge();
	bool only = (flags & SVA_MEM_HUGE_ONLY) != 0;
	bool huge = only || (flags & SVA_MEM_HUGE) != 0 ||
		(policy == SVA_HUGE_PREFER && size >= huge_page);
	int err = ENOMEM;

	if (huge && policy != SVA_HUGE_NEVER && huge_page != 0)
		err = map(size, align, node, true, chunk);
	if (err == ENOMEM && !only)
		err = map(size, align, node, false, chunk);
	return err;
}

static int
allocate(size_t size, size_t align, int node, unsigned int flags, struct chunk **out)
{
	struct chunk *chunk;
	void *found;
	int err;

	chunk = malloc(sizeof(*chunk));
	if (chunk == NULL)
		return ENOMEM;
	err = map_by_policy(size, align, node, flags, chunk);
	if (err != 0) {
		free(chunk);
		return err;
	}
	pthread_mutex_lock(&mutex);
	found = tsearch(chunk, &chunks, compare);
	pthread_mutex_unlock(&mutex);
	if (found == NULL) {
		munmap(chunk->addr, chunk->len);
		free(chunk);
		return ENOMEM;
	}
	*out = chunk;
	return 0;
}

void *
sva_alloc(size_t size, size_t align, int node, unsigned int flags)
{
	struct chunk *chunk;
	int err;

	if (!eal_active()) {
		errno = ENODEV;
		return NULL;
	}
	pthread_once(&machine_once, read_machine);
	if (size == 0 || (align & (align - 1)) != 0 || align > MAX_ALIGN || node < -1 ||
	    node > max_node || (flags & ~(SVA_MEM_HUGE | SVA_MEM_HUGE_ONLY)) != 0) {
		errno = EINVAL;
		return NULL;
	}
	err = allocate(size, align, node, flags, &chunk);
	if (err != 0) {
		errno = err;
		return NULL;
	}
	return chunk->addr;
}

static struct chunk *
find(const void *ptr)
{
	struct chunk key = { .addr = (void *)(uintptr_t)ptr };
	void *found = tfind(&key, &chunks, compare);

	return found != NULL ? *(struct chunk **)found : NULL;
}

static void
release(void *chunk)
{
	struct chunk *c = chunk;

	munmap(c->addr, c->len);
	free(c);
}

void
sva_free(void *ptr)
{
	struct chunk *chunk;

	if (ptr == NULL)
		return;
	pthread_mutex_lock(&mutex);
	chunk = find(ptr);
	if (chunk != NULL)
		tdelete(chunk, &chunks, compare);
	pthread_mutex_unlock(&mutex);
	if (chunk == NULL)
		SVA_LOG(ERR, "sva_free(%p): not from sva_alloc(), or freed before", ptr);
	else
		release(chunk);
}

size_t
sva_mem_page_size(const void *ptr)
{
	const struct chunk *chunk;
	size_t size;

	pthread_mutex_lock(&mutex);
	chunk = find(ptr);
	size = chunk != NULL ? chunk->page_size : 0;
	pthread_mutex_unlock(&mutex);
	return size;
}

void
eal_mem_cleanup(void)
{
	pthread_mutex_lock(&mutex);
	tdestroy(chunks, release);
	chunks = NULL;
	pthread_mutex_unlock(&mutex);
}
