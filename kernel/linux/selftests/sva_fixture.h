/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright(c) 2026 The SVADK authors */
/*
 * A container with one device that is open, and processes to bind. Every test
 * runs in a process, and so in an mm, of its own.
 *
 * Of the devices that the programs are given, two that can be bound, one without
 * PASID, one without ATS and one that shares its group are enough for
 * everything; a test that lacks its device is skipped.
 */
#ifndef SELFTESTS_VFIO_SVA_FIXTURE_H
#define SELFTESTS_VFIO_SVA_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "sva.h"

#define PAGE		4096
#define PATTERN		0x5ade5ade5ade5adeull
/* How often to look for what is to happen by itself, before giving up. */
#define PATIENCE	20000

/* A guard against hanging, not a measure: machines in software are slow. */
#define SVA_TEST(name)	TEST_F_TIMEOUT(sva, name, 300)

FIXTURE(sva) {
	int container;
	struct sva_dev *dev;	/* in the container and open */
	struct sva_dev *dev2;	/* not; or NULL */
	char *mem;		/* 4 pages, present */
};

FIXTURE_SETUP(sva)
{
	self->container = -1;
	self->dev = sva_good_dev(0);
	self->dev2 = sva_good_dev(1);
	if (!self->dev)
		SKIP(return, "needs a device with PASID, ATS, DMA and a group of its own");

	self->mem = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->container = sva_container_open();
	ASSERT_LE(0, self->container);
	ASSERT_EQ(0, sva_group_open(self->dev));
	ASSERT_EQ(0, sva_attach(self->container, self->dev));
	ASSERT_EQ(0, sva_dev_open(self->dev));
}

FIXTURE_TEARDOWN(sva)
{
	if (self->dev2 && self->dev2->fd >= 0)
		sva_dev_close(self->dev2);
	if (self->dev && self->dev->fd >= 0)
		sva_dev_close(self->dev);
}

static inline struct sva_dev *dev_without_pasid(void)
{
	for (unsigned int i = 0; i < sva_nr_devs; i++)
		if (!sva_devs[i].pasid && sva_devs[i].alone)
			return &sva_devs[i];
	return NULL;
}

static inline struct sva_dev *dev_without_ats(void)
{
	for (unsigned int i = 0; i < sva_nr_devs; i++)
		if (sva_devs[i].pasid && !sva_devs[i].ats && sva_devs[i].alone)
			return &sva_devs[i];
	return NULL;
}

static inline struct sva_dev *dev_in_company(void)
{
	for (unsigned int i = 0; i < sva_nr_devs; i++)
		if (!sva_devs[i].alone)
			return &sva_devs[i];
	return NULL;
}

/* The number of bonds as the kernel counts them, or -errno. */
static inline int count_bonds(int container)
{
	struct vfio_iommu_type1_info_cap_sva cap;
	int ret = sva_info(container, &cap);

	return ret ?: (int)cap.bonds;
}

/*
 * Waits until the number of bonds is what it should become by itself, however
 * long the other CPUs take to get to it: the harness has an end to that.
 */
static inline bool bonds_become(int container, int n)
{
	while (count_bonds(container) > n)
		sched_yield();
	return count_bonds(container) == n;
}

/* Does a device write to memory under a PASID? Faults are fine. */
static inline bool can_write(struct sva_dev *dev, uint32_t pasid, void *page)
{
	uint64_t *word = page;
	bool written;
	int ret;

	sva_store(word, 0);
	ret = sva_fill(dev, pasid, (uintptr_t)page, PATTERN, PAGE);
	written = sva_load(word) == PATTERN;
	if (written != !ret) {
		ksft_print_msg("the device says %d, memory says %d\n", ret, written);
		abort();
	}
	return written;
}

/* A thread, which returns what the reset did. */
static inline void *reset_device(void *dev)
{
	return (void *)(intptr_t)sva_dev_reset(dev);
}

/* A child, and a byte pipe each way. */
struct child {
	pid_t pid;
	int to, from;
};

/* Returns 0 in the child, which sees its ends in @child; kept by both: the mm. */
static inline pid_t child_fork(struct child *child)
{
	int down[2], up[2];

	if (pipe2(down, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		abort();
	child->pid = fork();
	if (child->pid < 0)
		abort();
	child->to = child->pid ? down[1] : up[1];
	child->from = child->pid ? up[0] : down[0];
	close(child->pid ? down[0] : down[1]);
	close(child->pid ? up[1] : up[0]);
	return child->pid;
}

static inline void child_say(struct child *child, unsigned char c)
{
	if (write(child->to, &c, 1) != 1)
		_exit(99);
}

/* -1: the other side is gone. */
static inline int child_hear(struct child *child)
{
	unsigned char c;

	return read(child->from, &c, 1) == 1 ? c : -1;
}

/* Lets it go on to its end, and returns its exit status. */
static inline int child_end(struct child *child)
{
	int status;

	close(child->to);
	close(child->from);
	waitpid(child->pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif
