/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Memory with good pages before bad ones, for tests of page faults.
 */
#ifndef TEST_ACCEL_BAD_H
#define TEST_ACCEL_BAD_H

#include "test_accel_util.h"

/* Two good pages, then bad ones. */
#define GOOD (2 * TEST_PAGE)
#define BAD (2 * TEST_PAGE)

enum bad {
	UNMAPPED,
	NO_ACCESS,
	READ_ONLY,
	NO_FILE,	/* beyond the end of a file: SIGBUS for the CPU */
	NB_BAD
};

static inline uint8_t *
bad_after_good(enum bad bad)
{
	uint8_t *p = test_pages((GOOD + BAD) / TEST_PAGE);
	int fd;

	switch (bad) {
	case UNMAPPED:
		munmap(p + GOOD, BAD);
		break;
	case NO_ACCESS:
		mprotect(p + GOOD, BAD, PROT_NONE);
		break;
	case READ_ONLY:
		mprotect(p + GOOD, BAD, PROT_READ);
		break;
	default:
		munmap(p, GOOD + BAD);
		fd = memfd_create("short", MFD_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, GOOD), 0);
		/* As far as there is something: what is good is there, as above. */
		p = mmap(NULL, GOOD + BAD, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
			 0);
		assert_true(p != MAP_FAILED);
		close(fd);
	}
	return p;
}

#endif
