/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Operands: where they lie and what is in them before a measurement.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sva_mem.h>

#include "perf.h"

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

/* A destination whose page is taken away has it for itself. */
static size_t
alignment(const struct perf_case *c)
{
	return c->size >= PERF_PAGE || c->fault_rate != PERF_NULL ? PERF_PAGE : 64;
}

/* From one set's operand to the next one's, each with a guard before and after. */
static size_t
packed(const struct perf_case *c, size_t len)
{
	return (len + 2 * PERF_GUARD + alignment(c) - 1) / alignment(c) * alignment(c);
}

static size_t
src_stride(const struct perf_case *c)
{
	return c->opts->stride_src != 0 ? c->opts->stride_src :
					 packed(c, c->shape.len[PERF_SRC]);
}

static size_t
longest_dst(const struct perf_shape *shape)
{
	return shape->len[PERF_DST] > shape->len[PERF_DST2] ? shape->len[PERF_DST] :
							      shape->len[PERF_DST2];
}

static size_t
dst_stride(const struct perf_case *c)
{
	return c->opts->stride_dst != 0 ? c->opts->stride_dst : packed(c, longest_dst(&c->shape));
}

/* Whether the strides leave room for operands; if not, why. */
bool
perf_strides_fit(const struct perf_options *opts, const struct perf_shape *shape,
		 char why[PERF_WHY])
{
	size_t src = shape->len[PERF_SRC], dst = longest_dst(shape);
	uint64_t least = dst + 2 * PERF_GUARD;

	if (opts->fault_rates.n != 0) {
		least = (least + PERF_PAGE - 1) / PERF_PAGE * PERF_PAGE;
		if (opts->stride_dst % PERF_PAGE != 0) {
			snprintf(why, PERF_WHY, "--stride-dst: %" PRIu64 " is not a multiple of "
				 "%u, the pages that --fault-rate takes away", opts->stride_dst,
				 PERF_PAGE);
			return false;
		}
	}
	if (opts->stride_src != 0 && opts->stride_src < src) {
		snprintf(why, PERF_WHY, "--stride-src: sources of %zu bytes do not go into %" PRIu64
			 ": give at least %zu", src, opts->stride_src, src);
		return false;
	}
	if (opts->stride_dst != 0 && dst != 0 && opts->stride_dst < least) {
		snprintf(why, PERF_WHY, "--stride-dst: destinations of %zu bytes with guards do "
			 "not go into %" PRIu64 ": give at least %" PRIu64, dst, opts->stride_dst,
			 least);
		return false;
	}
	return true;
}

/* Whether what an operation makes has to be computed, where others copy or fill. */
static bool
is_computed(enum sva_opcode op)
{
	return perf_op_is_delta(op) || (perf_op_is_dif(op) && op != SVA_OP_DIF_CHECK);
}

/* Whether the buffers of all queues go into this machine's memory. */
bool
perf_buffers_fit(const struct perf_case *c)
{
	unsigned int dsts = (c->shape.len[PERF_DST] != 0) + (c->shape.len[PERF_DST2] != 0);
	bool own_src = c->shape.len[PERF_SRC] != 0 && c->input->base == NULL;
	double bytes = ((double)dst_stride(c) * dsts + (double)src_stride(c) * own_src +
			(double)c->shape.made * is_computed(c->op)) * c->buffers * c->opts->queues;

	if (bytes < 0.9 * (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE))
		return true;
	perf_error("buffers: %u sets of %zu bytes on each of %u queues are more than this "
		   "machine's memory: use fewer (-n), smaller (-s) or closer ones", c->buffers,
		   c->size, c->opts->queues);
	return false;
}

/* What an arena is to be; set i's operand lies at first + i * stride. */
struct arena {
	uint8_t *first;
	size_t stride;
	uint64_t offset;	/* from the alignment */
	uint64_t node;		/* PERF_NULL: the thread's */
};

/*
 * Allocate one operand of every set with a guard before and after each. Plain heap
 * memory unless huge pages or a node are asked for: a device with SVA needs nothing else.
 */
static int
make_arena(struct perf_buffers *buf, enum perf_operand which, const struct perf_case *c,
	   struct arena *arena)
{
	size_t align = alignment(c), len = c->shape.len[which];
	size_t bytes = (arena->stride * (buf->nb - 1) + len + align + arena->offset +
			PERF_GUARD + PERF_PAGE) / PERF_PAGE * PERF_PAGE;
	bool huge = c->opts->huge, own = huge || arena->node != PERF_NULL;
	void *mem;

	mem = own ? sva_alloc(bytes, PERF_PAGE, arena->node == PERF_NULL ? -1 : (int)arena->node,
			      huge ? SVA_MEM_HUGE_ONLY : 0) :
		    aligned_alloc(PERF_PAGE, bytes);
	if (mem == NULL) {
		perf_error("buffers: no %zu bytes of %s: %s", bytes,
			   huge ? "huge pages" : "memory",
			   huge ? "reserve some in /proc/sys/vm/nr_hugepages and leave "
				  "--no-huge out, or leave --huge out" :
				  "use fewer (-n) or smaller buffers (-s)");
		return -1;
	}
	/* Nobody is to bring back a page that was taken away but who misses it. */
	if (c->fault_rate != PERF_NULL)
		madvise(mem, bytes, MADV_NOHUGEPAGE);
	memset(mem, c->guard, bytes);
	buf->arena[which] = mem;
	buf->own[which] = own;
	arena->first = (uint8_t *)mem + align + arena->offset;
	return 0;
}

/* Where set `i` finds its source: in the file, as often as it goes in, or in memory. */
static const uint8_t *
source(const struct perf_case *c, const struct arena *src, unsigned int i)
{
	size_t stride, slots;

	if (c->input->base == NULL)
		return src->first + i * src->stride;
	stride = c->opts->stride_src != 0 ? c->opts->stride_src : c->size;
	slots = (c->input->size - c->opts->offset_src - c->size) / stride + 1;
	return c->input->base + c->opts->offset_src + i % slots * stride;
}

static void
fill_pattern(uint8_t *dst, size_t len)
{
	static const uint64_t pattern = PERF_PATTERN;
	size_t i;

	for (i = 0; i < len; i++)
		dst[i] = ((const uint8_t *)&pattern)[i % 8];
}

/*
 * The operands of a set before the first operation, beyond a source of random bytes: what it
 * must find, what it must make of it, and the value of its result.
 */
static void
fill_set(struct perf_set *set, uint8_t *want, const struct perf_case *c, uint64_t seed)
{
	unsigned int block = c->opts->dif_block;
	size_t words = perf_delta_words(c->size, c->opts->delta), len = c->shape.len[PERF_SRC];
	/* Where there is something to be found in it, it is this program's. */
	uint8_t *src = (uint8_t *)(uintptr_t)set->src;

	if (perf_op_finds_dif(c->op))
		perf_dif_protect(src, len, block);
	switch (c->op) {
	case SVA_OP_CRC32C:
	case SVA_OP_COPY_CRC32C:
		set->value = app_crc32c(set->src, c->size, 0);
		break;
	case SVA_OP_COMPARE:
		memcpy(set->dst, set->src, c->size);
		break;
	case SVA_OP_COMPARE_PATTERN:
	case SVA_OP_CACHE_FLUSH:
		fill_pattern(set->dst, c->size);
		break;
	case SVA_OP_DELTA_CREATE:
		memcpy(set->dst, set->src, c->size);
		perf_delta_change(set->dst, c->size, words);
		set->value = perf_delta_create(want, set->src, set->dst, c->size);
		break;
	case SVA_OP_DELTA_APPLY:
		fill_random((uint64_t *)(void *)want, c->size / 8, seed);
		memcpy(set->dst, want, c->size);
		perf_delta_change(set->dst, c->size, words);
		perf_delta_create(src, set->dst, want, c->size);
		break;
	case SVA_OP_DIF_INSERT:
		perf_dif_insert(want, set->src, len, block);
		break;
	case SVA_OP_DIF_STRIP:
		perf_dif_strip(want, set->src, len, block);
		break;
	case SVA_OP_DIF_UPDATE:
		perf_dif_update(want, set->src, len, block);
		break;
	default:
		break;
	}
}

/* The sets get their operands in another order, at distances that differ. */
static void
shuffle(struct perf_set *sets, unsigned int n, uint64_t seed)
{
	struct perf_set set;
	uint64_t random;
	unsigned int i, j;

	for (i = n; i > 1; i--) {
		fill_random(&random, 1, seed + i);
		j = (unsigned int)((random >> 16) % i);
		set = sets[j];
		sets[j] = sets[i - 1];
		sets[i - 1] = set;
	}
}

/*
 * Both destinations of a dualcast agree in address bits 11:0, as arenas start at pages and
 * have the same layout.
 */
static int
make_operands(struct perf_buffers *buf, const struct perf_case *c, uint64_t seed)
{
	const struct perf_options *o = c->opts;
	const size_t *len = c->shape.len;
	struct arena src = { .stride = src_stride(c), .offset = o->offset_src,
			     .node = perf_given(o, OPT_NODE_SRC) ? o->node_src : PERF_NULL };
	struct arena dst = { .stride = dst_stride(c), .offset = o->offset_dst,
			     .node = perf_given(o, OPT_NODE_DST) ? o->node_dst : PERF_NULL };
	struct arena dst2 = dst;
	unsigned int i;

	if (len[PERF_SRC] != 0 && c->input->base == NULL) {
		if (make_arena(buf, PERF_SRC, c, &src) != 0)
			return -1;
		fill_random(buf->arena[PERF_SRC],
			    ((size_t)(src.first - (uint8_t *)buf->arena[PERF_SRC]) +
			     (buf->nb - 1) * src.stride + len[PERF_SRC] + 7) / 8, seed);
	}
	if (len[PERF_DST] != 0 && make_arena(buf, PERF_DST, c, &dst) != 0)
		return -1;
	if (len[PERF_DST2] != 0 && make_arena(buf, PERF_DST2, c, &dst2) != 0)
		return -1;
	for (i = 0; i < buf->nb; i++) {
		struct perf_set *set = &buf->sets[i];

		if (len[PERF_SRC] != 0)
			set->src = source(c, &src, i);
		if (dst.first != NULL)
			set->dst = dst.first + i * dst.stride;
		if (dst2.first != NULL)
			set->dst2 = dst2.first + i * dst2.stride;
	}
	return 0;
}

/*
 * Make the sets of one worker; its thread calls it, so that the pages come from its
 * node.
 */
int
perf_buffers_make(struct perf_buffers *buf, const struct perf_case *c, uint64_t seed)
{
	bool computed = is_computed(c->op);
	unsigned int i;

	memset(buf, 0, sizeof(*buf));
	buf->nb = c->buffers;
	buf->sets = calloc(buf->nb, sizeof(*buf->sets));
	/* At least a byte: a delta record may be empty. */
	buf->want = computed ? malloc(c->shape.made * buf->nb + 1) : NULL;
	if (buf->sets == NULL || (computed && buf->want == NULL)) {
		perf_error("buffers: out of memory for %u sets: use fewer (-n)", buf->nb);
		return -1;
	}
	if (make_operands(buf, c, seed) != 0)
		return -1;
	if (c->opts->shuffle)
		shuffle(buf->sets, buf->nb, seed);
	for (i = 0; i < buf->nb; i++)
		fill_set(&buf->sets[i], computed ? buf->want + i * c->shape.made : NULL, c,
			 seed + i);
	return 0;
}

void
perf_buffers_free(struct perf_buffers *buf)
{
	unsigned int i;

	for (i = 0; i < PERF_NB_OPERANDS; i++) {
		if (buf->own[i])
			sva_free(buf->arena[i]);
		else
			free(buf->arena[i]);
	}
	free(buf->want);
	free(buf->sets);
	memset(buf, 0, sizeof(*buf));
}
