/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Memory with names, for descriptors to point at. It is read and written through the
 * kernel, as it may have been protected.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <sva_eal.h>
#include <sva_mem.h>

#include "testsva.h"

#define MAX_SIZE (1ull << 40)
#define PIECE 4096u
#define DUMP_BYTES 256u		/* where no length is given */

struct ts_region ts_regions[TS_MAX_REGIONS];

struct ts_region *
ts_find_region(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < TS_MAX_REGIONS; i++)
		if (len != 0 && strlen(ts_regions[i].name) == len &&
		    memcmp(ts_regions[i].name, name, len) == 0)
			return &ts_regions[i];
	return NULL;
}

bool
ts_peek(uint64_t at, void *buf, size_t len)
{
	struct iovec local = { buf, len }, remote = { (void *)(uintptr_t)at, len };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len;
}

bool
ts_poke(uint64_t at, const void *buf, size_t len)
{
	struct iovec local = { (void *)(uintptr_t)buf, len };
	struct iovec remote = { (void *)(uintptr_t)at, len };

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len;
}

static bool
good_name(const char *name)
{
	const char *c;

	for (c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			return false;
	return isalpha((unsigned char)*name) && strlen(name) < sizeof(ts_regions[0].name);
}

/* Says what errno means here. */
static int
refuse_alloc(const char *name, uint64_t size, const char *node, bool huge)
{
	if (errno == EINVAL && node != NULL)
		return ts_error("mem alloc: %s: there is no NUMA node %s: see "
				"/sys/devices/system/node", name, node);
	if (errno == ENOMEM && huge)
		return ts_error("mem alloc: %s: there are no %llu bytes of huge pages free: leave "
				"out huge=yes, or %s", name, (unsigned long long)size,
				sva_eal_huge() == SVA_HUGE_NEVER ? "start without --no-huge" :
				"reserve more with /proc/sys/vm/nr_hugepages");
	return ts_error("mem alloc: %s, %llu bytes: %s: ask for less", name,
			(unsigned long long)size, strerror(errno));
}

static int
alloc(const struct ts_words *words)
{
	const char *name = words->w[2], *node = ts_key(words, 4, "node");
	const char *huge = ts_key(words, 4, "huge"), *shared = ts_key(words, 4, "shared");
	struct ts_region region = { .mapped = true };
	int use_huge = 0, use_shared = 0;
	uint64_t size, node_nr = 0;
	unsigned int i;

	if (!good_name(name))
		return ts_error("mem alloc: '%s' is no name: a letter, then up to 30 letters, "
				"digits and _", name);
	if (ts_find_region(name, strlen(name)) != NULL)
		return ts_error("mem alloc: there is a '%s': free it first", name);
	if (ts_number("mem alloc: size", words->w[3], 1, MAX_SIZE, &size) != 0 ||
	    (node != NULL && ts_number("mem alloc: node", node, 0, 1023, &node_nr) != 0))
		return -1;
	if (huge != NULL)
		use_huge = ts_choice("mem alloc: huge", huge, "no/yes");
	if (shared != NULL)
		use_shared = ts_choice("mem alloc: shared", shared, "no/yes");
	if (use_huge < 0 || use_shared < 0)
		return -1;
	region.mapped = use_huge == 0 && node == NULL;
	if (!region.mapped && use_shared)
		return ts_error("mem alloc: shared=yes is not for huge pages and nodes: leave one "
				"out");
	for (i = 0; i < TS_MAX_REGIONS && ts_regions[i].name[0] != '\0'; i++)
		;
	if (i == TS_MAX_REGIONS)
		return ts_error("mem alloc: there are %d, the most there can be", TS_MAX_REGIONS);
	region.len = size;
	if (region.mapped) {
		region.start = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_ANONYMOUS | (use_shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
		if (region.start == MAP_FAILED)
			region.start = NULL;
	} else {
		region.start = sva_alloc(size, TS_PAGE, node != NULL ? (int)node_nr : -1,
					 use_huge ? SVA_MEM_HUGE_ONLY : 0);
	}
	if (region.start == NULL)
		return refuse_alloc(name, size, node, use_huge != 0);
	snprintf(region.name, sizeof(region.name), "%s", name);
	ts_regions[i] = region;
	printf("%s: %llu bytes at %p\n", name, (unsigned long long)size, (void *)region.start);
	return 0;
}

static void
release(struct ts_region *region)
{
	if (region->mapped)
		munmap(region->start, region->len);
	else
		sva_free(region->start);
	region->name[0] = '\0';
}

void
ts_memory_free_all(void)
{
	unsigned int i;

	for (i = 0; i < TS_MAX_REGIONS; i++)
		if (ts_regions[i].name[0] != '\0')
			release(&ts_regions[i]);
}

static int
free_one(const struct ts_words *words)
{
	struct ts_region *region = ts_find_region(words->w[2], strlen(words->w[2]));

	if (region == NULL)
		return ts_error("mem free: there is no memory '%s': see show memory", words->w[2]);
	release(region);
	return 0;
}

static int
cannot(const char *what, const char *text)
{
	return ts_error("%s: %s: not all of it can be accessed: see mem protect", what, text);
}

/* What "mem fill" writes, a piece at a time: every piece starts at a multiple of 8. */
struct filling {
	enum { FILL_VALUE, FILL_RANDOM, FILL_COUNT } kind;
	uint64_t value;		/* the next one */
};

static int
parse_filling(const char *text, struct filling *f)
{
	f->value = 0;
	f->kind = FILL_VALUE;
	if (strcmp(text, "count") == 0) {
		f->kind = FILL_COUNT;
	} else if (strncmp(text, "random:", 7) == 0) {
		f->kind = FILL_RANDOM;
		if (ts_number("mem fill: seed", text + 7, 0, UINT64_MAX, &f->value) != 0)
			return -1;
	} else {
		return ts_number("mem fill: pattern (or count, or random:SEED)", text, 0,
				 UINT64_MAX, &f->value);
	}
	return 0;
}

static uint64_t
next_value(struct filling *f)
{
	uint64_t z;

	switch (f->kind) {
	case FILL_COUNT:
		return f->value++;
	case FILL_RANDOM:
		/* splitmix64: any seed is as good as another. */
		z = f->value += 0x9e3779b97f4a7c15ull;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ z >> 27) * 0x94d049bb133111ebull;
		return z ^ z >> 31;
	default:
		return f->value;
	}
}

static int
fill(const struct ts_words *words)
{
	uint64_t piece[PIECE / 8];
	struct filling filling;
	unsigned char *start;
	size_t len, done, n;
	unsigned int i;

	if (ts_range("mem fill", words->w[2], &start, &len) != 0 ||
	    parse_filling(words->w[3], &filling) != 0)
		return -1;
	for (done = 0; done < len && !ts_interrupted; done += n) {
		for (i = 0; i < PIECE / 8; i++)
			piece[i] = next_value(&filling);
		n = len - done < PIECE ? len - done : PIECE;
		if (!ts_poke((uintptr_t)start + done, piece, n))
			return cannot("mem fill", words->w[2]);
	}
	return done >= len ? 0 : ts_error("mem fill: interrupted");
}

static int
dump(const struct ts_words *words)
{
	unsigned char *start, line[16];
	size_t len, done, n, i;

	if (ts_range("mem dump", words->w[2], &start, &len) != 0)
		return -1;
	if (strchr(words->w[2], ':') == NULL && len > DUMP_BYTES)
		len = DUMP_BYTES;
	for (done = 0; done < len && !ts_interrupted; done += n) {
		n = len - done < sizeof(line) ? len - done : sizeof(line);
		if (!ts_peek((uintptr_t)start + done, line, n))
			return cannot("mem dump", words->w[2]);
		printf("%016llx ", (unsigned long long)(uintptr_t)(start + done));
		for (i = 0; i < sizeof(line); i++)
			i < n ? printf(" %02x", line[i]) : printf("   ");
		printf("  ");
		for (i = 0; i < n; i++)
			putchar(isprint(line[i]) ? line[i] : '.');
		putchar('\n');
	}
	return 0;
}

static int
compare(const struct ts_words *words)
{
	unsigned char *a, *b, x[PIECE], y[PIECE];
	size_t len, other, done, n, i;

	if (ts_range("mem compare", words->w[2], &a, &len) != 0 ||
	    ts_range("mem compare", words->w[3], &b, &other) != 0)
		return -1;
	if (len != other)
		return ts_error("mem compare: %zu and %zu bytes: give both the same :LENGTH", len,
				other);
	for (done = 0; done < len && !ts_interrupted; done += n) {
		n = len - done < PIECE ? len - done : PIECE;
		if (!ts_peek((uintptr_t)a + done, x, n))
			return cannot("mem compare", words->w[2]);
		if (!ts_peek((uintptr_t)b + done, y, n))
			return cannot("mem compare", words->w[3]);
		for (i = 0; i < n && x[i] == y[i]; i++)
			;
		if (i < n)
			return ts_error("mem compare: they differ at offset %zu: 0x%02x and 0x%02x",
					done + i, x[i], y[i]);
	}
	if (done < len)
		return ts_error("mem compare: interrupted");
	printf("%zu bytes are equal\n", len);
	return 0;
}

/* Whole pages only: that is what can be protected and taken away. */
static int
pages(const char *what, const char *text, unsigned char **start, size_t *len)
{
	const struct ts_region *region;

	if (ts_range(what, text, start, len) != 0)
		return -1;
	region = ts_find_region(text, strcspn(text, "+:"));
	if (!region->mapped)
		return ts_error("%s: %s: not for memory on huge pages or a node", what,
				region->name);
	if ((uintptr_t)*start % TS_PAGE != 0 ||
	    (*len % TS_PAGE != 0 && *start + *len != region->start + region->len))
		return ts_error("%s: '%s' is not whole pages of %u bytes", what, text, TS_PAGE);
	return 0;
}

static int
protect(const struct ts_words *words)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	int prot = ts_choice("mem protect", words->w[3], "none|read|write");
	unsigned char *start;
	size_t len;

	if (prot < 0 || pages("mem protect", words->w[2], &start, &len) != 0)
		return -1;
	if (mprotect(start, len, prots[prot]) != 0)
		return ts_error("mem protect: %s: %s", words->w[2], strerror(errno));
	return 0;
}

static int
evict(const struct ts_words *words)
{
	unsigned char *start;
	size_t len;

	if (pages("mem evict", words->w[2], &start, &len) != 0)
		return -1;
	if (madvise(start, len, MADV_DONTNEED) != 0)
		return ts_error("mem evict: %s: %s", words->w[2], strerror(errno));
	return 0;
}

static int
show_memory(const struct ts_words *words)
{
	unsigned int i;

	(void)words;
	for (i = 0; i < TS_MAX_REGIONS; i++)
		if (ts_regions[i].name[0] != '\0')
			printf("%s: %zu bytes at %p%s\n", ts_regions[i].name, ts_regions[i].len,
			       (void *)ts_regions[i].start,
			       ts_regions[i].mapped ? "" : ", from the SVADK allocator");
	return 0;
}

static const struct ts_command commands[] = {
	{ "show memory", "List memory that has a name.", show_memory },
	{ "mem alloc NAME SIZE [node=N huge=yes/no shared=yes/no]",
	  "Map memory, zeroed; with node or huge=yes from the SVADK allocator.", alloc },
	{ "mem free NAME", "Give it back.", free_one },
	{ "mem fill RANGE PATTERN",
	  "Write an 8-byte PATTERN over and over, or count, or random:SEED. RANGE is "
	  "NAME[+OFFSET][:LENGTH].", fill },
	{ "mem dump RANGE", "Print bytes, without a length the first 256.", dump },
	{ "mem compare RANGE RANGE", "Compare bytes; fails where they differ.", compare },
	{ "mem protect RANGE none|read|write", "Change what may be done to pages.", protect },
	{ "mem evict RANGE",
	  "Take pages away; they come back when somebody touches them, zeroed unless shared.",
	  evict },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_memory_section = { "memory", commands };
