/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sva_eal.h>
#include <sva_mem.h>

#include "test_eal_log.h"

/* A field of /proc/meminfo. */
static unsigned long
meminfo(const char *field)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long value = 0;
	char line[128];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtoul(line + strlen(field), NULL, 10);
	}
	fclose(f);
	return value;
}

static int
is_mapped(void *addr)
{
	unsigned char resident;

	return mincore(addr, 1, &resident) == 0;
}

static void
check_zero_and_write(unsigned char *p, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		assert_int_equal(p[i], 0);
	memset(p, 0xa5, size);
}

static void
sizes_and_alignments(void **state)
{
	static const size_t sizes[] = { 1, 64, 4095, 4096, 4097, 300000 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE), i, align;
	unsigned char *p;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p = sva_alloc(sizes[i], 0, -1, 0);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 64, 0);
		assert_int_equal(sva_mem_page_size(p), page);
		check_zero_and_write(p, sizes[i]);
		sva_free(p);
		assert_int_equal(sva_mem_page_size(p), 0);
		assert_false(is_mapped(p));
	}
	for (align = 1; align <= (size_t)1 << 30; align <<= 1) {
		p = sva_alloc(100, align, -1, 0);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % align, 0);
		check_zero_and_write(p, 100);
		/* Only what was asked for is left of the search for the place. */
		assert_false(is_mapped(p + page));
		sva_free(p);
	}
	sva_free(NULL);
	assert_true(log_has(NULL));
}

static void
expect_errno(int err, size_t size, size_t align, int node, unsigned int flags)
{
	errno = 0;
	assert_null(sva_alloc(size, align, node, flags));
	assert_int_equal(errno, err);
}

static void
bad_arguments(void **state)
{
	char own[64];
	void *p;

	(void)state;
	expect_errno(EINVAL, 0, 0, -1, 0);
	expect_errno(EINVAL, 64, 3, -1, 0);
	expect_errno(EINVAL, 64, (size_t)1 << 31, -1, 0);
	expect_errno(EINVAL, 64, 0, -2, 0);
	expect_errno(EINVAL, 64, 0, 1 << 20, 0);
	expect_errno(EINVAL, 64, 0, INT32_MAX, 0);
	expect_errno(EINVAL, 64, 0, -1, 0x80);
	expect_errno(ENOMEM, SIZE_MAX, 0, -1, 0);
	expect_errno(ENOMEM, SIZE_MAX / 2, 0, -1, 0);
	expect_errno(ENOMEM, (size_t)1 << 60, (size_t)1 << 30, -1, 0);

	assert_true(log_has(NULL));
	sva_free(own);
	assert_true(log_has("not from sva_alloc()"));
	p = sva_alloc(64, 0, -1, 0);
	sva_free((char *)p + 1);
	assert_true(log_has("not from sva_alloc()"));
	assert_int_equal(sva_mem_page_size((char *)p + 1), 0);
	assert_int_equal(sva_mem_page_size(NULL), 0);
	sva_free(p);
	sva_free(p);
	assert_true(log_has("freed before"));
}

static void
node(void **state)
{
	unsigned char *p;

	(void)state;
	p = sva_alloc(100000, 0, 0, 0);
	assert_non_null(p);
	check_zero_and_write(p, 100000);
	sva_free(p);
}

static void
huge_pages(void **state)
{
	size_t huge = meminfo("Hugepagesize:") << 10, page = (size_t)sysconf(_SC_PAGESIZE);
	int there = meminfo("HugePages_Free:") > meminfo("HugePages_Rsvd:");
	unsigned char *p;

	(void)state;
	/* Asked for: huge where there are any. */
	p = sva_alloc(100, 0, -1, SVA_MEM_HUGE);
	assert_non_null(p);
	assert_int_equal(sva_mem_page_size(p), there ? huge : page);
	if (there)
		assert_int_equal((uintptr_t)p % huge, 0);
	check_zero_and_write(p, 100);
	sva_free(p);

	p = sva_alloc(100, 0, -1, SVA_MEM_HUGE_ONLY);
	assert_int_equal(p != NULL, there);
	if (!there)
		assert_int_equal(errno, ENOMEM);
	sva_free(p);
	/* More than there are: normal pages. */
	if (huge != 0) {
		p = sva_alloc((meminfo("HugePages_Total:") + 1) * huge, 0, -1, SVA_MEM_HUGE);
		assert_non_null(p);
		assert_int_equal(sva_mem_page_size(p), page);
		sva_free(p);
		expect_errno(ENOMEM, (meminfo("HugePages_Total:") + 1) * huge, 0, -1,
			     SVA_MEM_HUGE_ONLY);
	}
}

static void
restart(struct sva_eal_conf *conf)
{
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_int_equal(sva_eal_setup(conf), 0);
}

static void
huge_policy(void **state)
{
	size_t huge = meminfo("Hugepagesize:") << 10, page = (size_t)sysconf(_SC_PAGESIZE);
	int there = meminfo("HugePages_Free:") > meminfo("HugePages_Rsvd:");
	struct sva_eal_conf never = { .no_huge = true }, prefer = { .huge = true };
	void *p;

	(void)state;
	restart(&never);
	p = sva_alloc(100, 0, -1, SVA_MEM_HUGE);
	assert_int_equal(sva_mem_page_size(p), page);
	expect_errno(ENOMEM, 100, 0, -1, SVA_MEM_HUGE_ONLY);
	restart(&prefer);
	p = sva_alloc(page, 0, -1, 0);
	assert_int_equal(sva_mem_page_size(p), page);
	p = sva_alloc(huge != 0 ? huge : 1, 0, -1, 0);
	assert_int_equal(sva_mem_page_size(p), there ? huge : page);
	restart(NULL);
}

static void *
churn(void *arg)
{
	unsigned char *p[16] = { NULL };
	unsigned int i;

	(void)arg;
	for (i = 0; i < 400; i++) {
		unsigned int slot = (i * 7) % 16;

		sva_free(p[slot]);
		p[slot] = sva_alloc(1 + i * 31, 0, i % 2 ? -1 : 0, 0);
		if (p[slot] == NULL || p[slot][i] != 0 || sva_mem_page_size(p[slot]) == 0)
			return NULL;
		memset(p[slot], 0xff, 1 + i * 31);
	}
	for (i = 0; i < 16; i++)
		sva_free(p[i]);
	return (void *)1;
}

static void
threads(void **state)
{
	pthread_t thread[4];
	void *ok;
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, churn, NULL), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &ok), 0);
		assert_non_null(ok);
	}
	/* Where a sandbox forbids mbind(), that is told, and is no error. */
	assert_true(log_has(NULL) || log_has("is not placed on NUMA node"));
}

static void
cleanup_frees(void **state)
{
	void *p[8];
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		p[i] = sva_alloc(10000, 0, -1, 0);
	assert_true(is_mapped(p[7]));
	assert_int_equal(sva_eal_cleanup(), 0);
	for (i = 0; i < 8; i++) {
		assert_false(is_mapped(p[i]));
		assert_int_equal(sva_mem_page_size(p[i]), 0);
	}
	expect_errno(ENODEV, 64, 0, -1, 0);
	sva_free(p[0]);
	assert_true(log_has("freed before"));
	assert_int_equal(sva_eal_setup(NULL), 0);
}

static int
start(void **state)
{
	return log_start(state) != 0 ? -1 : sva_eal_setup(NULL);
}

static int
end(void **state)
{
	return sva_eal_cleanup() != 0 ? -1 : log_stop(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_and_alignments),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(node),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(huge_policy),
		cmocka_unit_test(threads),
		cmocka_unit_test(cleanup_frees),
	};

	return cmocka_run_group_tests(tests, start, end);
}
