/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Operands: where they lie and what is in them before a measurement.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sva_mem.h>

#include "perf.h"

#define PAGE 4096

/* One kind of operand of all sets: set i's lies at first + i * stride. */
struct layout {
	uint8_t *first;
	size_t stride;
};

bool
perf_op_reads(enum sva_opcode op)
{
	return op == SVA_OP_COPY || op == SVA_OP_COMPARE || op == SVA_OP_CRC32C ||
	       op == SVA_OP_COPY_CRC32C || op == SVA_OP_DUALCAST;
}

bool
perf_op_writes(enum sva_opcode op)
{
	return op == SVA_OP_COPY || op == SVA_OP_FILL || op == SVA_OP_COPY_CRC32C ||
	       op == SVA_OP_DUALCAST;
}

static bool
has_second(enum sva_opcode op)
{
	return perf_op_writes(op) || op == SVA_OP_COMPARE || op == SVA_OP_COMPARE_PATTERN;
}

static int
input_fail(int fd, const char *path, const char *what)
{
	perf_error("--input: '%s': %s", path, what);
	if (fd >= 0)
		close(fd);
	return PERF_EXIT_USAGE;
}

int
perf_input_map(const char *path, struct perf_input *input)
{
	struct stat st;
	void *base;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0)
		return input_fail(fd, path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return input_fail(fd, path, "is a directory: give a file with data");
	if (!S_ISREG(st.st_mode))
		return input_fail(fd, path, "is not a regular file: give one, it is mapped");
	if (st.st_size == 0)
		return input_fail(fd, path, "is empty: give a file with data");
	base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return input_fail(fd, path, strerror(errno));
	close(fd);
	input->base = base;
	input->size = (size_t)st.st_size;
	return 0;
}

void
perf_input_unmap(struct perf_input *input)
{
	if (input->base != NULL)
		munmap((void *)(uintptr_t)input->base, input->size);
	input->base = NULL;
}

static void
fill_random(uint64_t *words, size_t n, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ULL + 1;
	size_t i;

	for (i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		words[i] = x;
	}
}

static size_t
alignment(const struct perf_case *c)
{
	return c->size >= PAGE ? PAGE : 64;
}

/* From one set's operand to the next one's, each with a guard before and after. */
static size_t
stride_of(const struct perf_case *c)
{
	return (c->size + 2 * PERF_GUARD + alignment(c) - 1) / alignment(c) * alignment(c);
}

/* Whether the buffers of all queues go into this machine's memory. */
bool
perf_buffers_fit(const struct perf_case *c)
{
	unsigned int kinds = perf_op_reads(c->op) + has_second(c->op) +
			     (c->op == SVA_OP_DUALCAST);
	double bytes = (double)stride_of(c) * c->buffers * kinds * c->opts->queues;

	if (bytes < 0.9 * (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE))
		return true;
	perf_error("buffers: %u sets of %zu bytes on each of %u queues are more than this "
		   "machine's memory: use fewer (-n) or smaller ones (-s)", c->buffers, c->size,
		   c->opts->queues);
	return false;
}

/*
 * Allocate one operand of every set with a guard before and after each. Plain heap
 * memory unless huge pages are asked for: a device with SVA needs nothing else.
 */
static int
make_arena(struct perf_buffers *buf, unsigned int which, const struct perf_case *c,
	   uint64_t offset, struct layout *layout)
{
	size_t align = alignment(c);
	size_t stride = stride_of(c);
	size_t bytes = (stride * buf->nb + align + offset + PERF_GUARD + PAGE - 1) / PAGE * PAGE;
	void *mem;

	mem = buf->huge ? sva_alloc(bytes, PAGE, -1, SVA_MEM_HUGE_ONLY) :
			  aligned_alloc(PAGE, bytes);
	if (mem == NULL) {
		perf_error("buffers: no %zu bytes of %s: %s", bytes,
			   buf->huge ? "huge pages" : "memory",
			   buf->huge ? "reserve some in /proc/sys/vm/nr_hugepages and leave "
				       "--no-huge out, or leave --huge out" :
				       "use fewer (-n) or smaller buffers (-s)");
		return -1;
	}
	memset(mem, PERF_GUARD_BYTE, bytes);
	buf->arena[which] = mem;
	layout->first = (uint8_t *)mem + align + offset;
	layout->stride = stride;
	return 0;
}

/* Where set `i` finds its source: in the file, as often as it goes in, or in memory. */
static const uint8_t *
source(const struct perf_case *c, const struct layout *src, unsigned int i)
{
	size_t slots;

	if (c->input->base == NULL)
		return src->first + i * src->stride;
	slots = (c->input->size - c->opts->offset_src) / c->size;
	return c->input->base + c->opts->offset_src + i % slots * c->size;
}

/* The bytes of a second operand before the first operation, and the value expected. */
static void
fill_set(struct perf_set *set, const struct perf_case *c)
{
	static const uint64_t pattern = PERF_PATTERN;
	size_t i;

	if (c->op == SVA_OP_CRC32C || c->op == SVA_OP_COPY_CRC32C)
		set->value = perf_crc32c(set->src, c->size, 0);
	if (c->op == SVA_OP_COMPARE)
		memcpy(set->dst, set->src, c->size);
	for (i = 0; c->op == SVA_OP_COMPARE_PATTERN && i < c->size; i++)
		set->dst[i] = ((const uint8_t *)&pattern)[i % 8];
}

/*
 * Make the sets of one worker; its thread calls it, so that the pages come from its
 * node. Both destinations of a dualcast agree in address bits 11:0, as arenas start
 * at pages and have the same layout.
 */
int
perf_buffers_make(struct perf_buffers *buf, const struct perf_case *c, uint64_t seed)
{
	struct layout src = { 0 }, dst = { 0 }, dst2 = { 0 };
	unsigned int i;

	memset(buf, 0, sizeof(*buf));
	buf->nb = c->buffers;
	buf->huge = c->opts->huge;
	buf->sets = calloc(buf->nb, sizeof(*buf->sets));
	if (buf->sets == NULL) {
		perf_error("buffers: out of memory for %u sets: use fewer (-n)", buf->nb);
		return -1;
	}
	if (perf_op_reads(c->op) && c->input->base == NULL) {
		if (make_arena(buf, 0, c, c->opts->offset_src, &src) != 0)
			return -1;
		fill_random(buf->arena[0], ((size_t)(src.first - (uint8_t *)buf->arena[0]) +
					    buf->nb * src.stride) / 8, seed);
	}
	if (has_second(c->op) && make_arena(buf, 1, c, c->opts->offset_dst, &dst) != 0)
		return -1;
	if (c->op == SVA_OP_DUALCAST && make_arena(buf, 2, c, c->opts->offset_dst, &dst2) != 0)
		return -1;
	for (i = 0; i < buf->nb; i++) {
		struct perf_set *set = &buf->sets[i];

		if (perf_op_reads(c->op))
			set->src = source(c, &src, i);
		if (dst.first != NULL)
			set->dst = dst.first + i * dst.stride;
		if (dst2.first != NULL)
			set->dst2 = dst2.first + i * dst2.stride;
		fill_set(set, c);
	}
	return 0;
}

void
perf_buffers_free(struct perf_buffers *buf)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (buf->huge)
			sva_free(buf->arena[i]);
		else
			free(buf->arena[i]);
	}
	free(buf->sets);
	memset(buf, 0, sizeof(*buf));
}
