// SPDX-License-Identifier: GPL-2.0-only
// Copyright(c) 2026 The SVADK authors
/*
 * Every allocation on the way of VFIO_IOMMU_BIND, of a group that joins a
 * container with bonds, of unbinding and of exiting, failed in turn.
 *
 * Needs CONFIG_FAULT_INJECTION with FAILSLAB, FAIL_PAGE_ALLOC and
 * FAULT_INJECTION_DEBUG_FS, root, and debugfs in its place; with
 * CONFIG_DEBUG_KMEMLEAK nothing may have leaked either.
 *
 *   sva_inject [DEVICE...]
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "kselftest.h"
#include "sva.h"

#define PAGE		4096
#define PATTERN		0x5ade5ade5ade5adeull
#define DEBUGFS		"/sys/kernel/debug"
#define KMEMLEAK	DEBUGFS "/kmemleak"
/* An end to the search, far above what any of this allocates. */
#define MAX_NTH		2000
/* Each of them: any word that looks like its address hides an object that leaked. */
#define TIMES		2
/* What is younger when a scan begins, in seconds, kmemleak says nothing of. */
#define KMEMLEAK_AGE	5

/* So many PASIDs share a page of VT-d's table, which stays once it is there. */
#define PASIDS_OF_PAGE	64
#define MAX_HELD	4096

/* What a step of a scenario says to those above it. */
enum { GOOD, FAILED_CLEANLY, NOT_REACHED = 64, NO_NEW_PAGE, BROKEN };

static struct sva_dev *dev, *dev2;

/* Files of the memory of processes, which keep their PASIDs while it is open. */
static int held[MAX_HELD];
static unsigned int nr_held;
static uint32_t last_held;

static int fail_nth_fd(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

static void arm(int fd, unsigned int nth)
{
	if (dprintf(fd, "%u", nth) < 0)
		_exit(BROKEN);
}

/* Disarms; has an allocation been failed? */
static bool disarm(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		_exit(BROKEN);
	arm(fd, 0);
	/* What is left to count down to; 0 once it has happened. */
	return strtoul(text, NULL, 0) == 0;
}

static int count_bonds(int container)
{
	struct vfio_iommu_type1_info_cap_sva cap;
	int ret = sva_info(container, &cap);

	return ret ?: (int)cap.bonds;
}

static bool works(struct sva_dev *d, uint32_t pasid)
{
	uint64_t word = 0;

	return !sva_fill(d, pasid, (uintptr_t)&word, PATTERN, 8) &&
	       sva_load(&word) == PATTERN;
}

/* These run in a process of their own, so that its mm is new to the IOMMU. */

static int bind_step(int container, unsigned int nth)
{
	uint32_t pasid;
	bool reached;
	int fd, ret;

	fd = fail_nth_fd();
	arm(fd, nth);
	ret = sva_bind(container, 0, &pasid);
	reached = disarm(fd);
	if (!reached)
		return !ret && works(dev, pasid) ? NOT_REACHED : BROKEN;
	/* Some failures are survived: of an optional allocation, or retried. */
	if (!ret)
		return works(dev, pasid) ? GOOD : BROKEN;
	/* The IOMMU core has one value for no PASID and no memory for it. */
	if (ret != -ENOMEM && ret != -ENOSPC) {
		ksft_print_msg("%u: bind %d\n", nth, ret);
		return BROKEN;
	}
	if (count_bonds(container) || sva_unbind(container, 0) != -ESRCH ||
	    sva_bind(container, 0, &pasid) || !works(dev, pasid))
		return BROKEN;
	return FAILED_CLEANLY;
}

/*
 * The same in a process whose PASID, which it keeps, is the first of its page;
 * if some process of before has given back a lower one, it is not.
 */
static int new_page_step(int container, unsigned int nth)
{
	int ret = bind_step(container, nth);
	uint32_t pasid;

	if (ret == BROKEN || sva_bind(container, 0, &pasid))
		return BROKEN;
	return pasid / PASIDS_OF_PAGE > last_held / PASIDS_OF_PAGE ?
	       ret : NO_NEW_PAGE;
}

static int unbind_step(int container, unsigned int nth)
{
	uint32_t pasid;
	bool reached;
	int fd, ret;

	if (sva_bind(container, 0, &pasid))
		return BROKEN;
	fd = fail_nth_fd();
	arm(fd, nth);
	ret = sva_unbind(container, 0);
	reached = disarm(fd);
	/* This cannot fail, whatever it meets. */
	if (ret || count_bonds(container))
		return BROKEN;
	ret = works(dev, pasid);
	return ret ? BROKEN : reached ? GOOD : NOT_REACHED;
}

static int attach_step(int container, unsigned int nth)
{
	uint32_t pasid, other;
	bool reached;
	pid_t child;
	int fd, ret;

	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	if (sva_bind(container, 0, &pasid) ||
	    sva_bind(container, child, &other) || sva_group_open(dev2))
		return BROKEN;

	fd = fail_nth_fd();
	arm(fd, nth);
	ret = sva_attach(container, dev2);
	reached = disarm(fd);

	if (ret) {
		if (ret != -ENOMEM && ret != -ENOSPC) {
			ksft_print_msg("%u: attach %d\n", nth, ret);
			return BROKEN;
		}
		if (!reached || !sva_detach(dev2) ||
		    count_bonds(container) != 2 || !works(dev, pasid) ||
		    sva_attach(container, dev2))
			return BROKEN;
	}
	if (sva_dev_open(dev2))
		return BROKEN;
	if (!works(dev2, pasid))
		return BROKEN;
	sva_dev_close(dev2);
	if (sva_detach(dev2))
		return BROKEN;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return !reached ? NOT_REACHED : ret ? FAILED_CLEANLY : GOOD;
}

static int info_step(int container, unsigned int nth)
{
	uint32_t pasid;
	bool reached;
	int fd, ret;

	if (sva_bind(container, 0, &pasid))
		return BROKEN;
	fd = fail_nth_fd();
	arm(fd, nth);
	ret = count_bonds(container);
	reached = disarm(fd);
	if (ret != 1 && ret != -ENOMEM)
		return BROKEN;
	if (count_bonds(container) != 1)
		return BROKEN;
	return !reached ? NOT_REACHED : ret == 1 ? GOOD : FAILED_CLEANLY;
}

/* Armed when it exits, the process cannot tell: whoever waits for it can. */
static int exit_step(int container, unsigned int nth)
{
	uint32_t pasid;

	if (nth > 40)
		return NOT_REACHED;
	if (sva_bind(container, 0, &pasid))
		return BROKEN;
	arm(fail_nth_fd(), nth);
	_exit(GOOD);
}

static bool bonds_are_gone(int container)
{
	for (int i = 0; i < 100000; i++) {
		if (!count_bonds(container))
			return true;
		sched_yield();
	}
	return false;
}

/* Every allocation, or only those of pages where nothing may wait. */
static bool fail_all(bool yes)
{
	const char *left_out = yes ? "N" : "Y";

	return sva_write_file(DEBUGFS "/failslab/cache-filter", left_out) &&
	       sva_write_file(DEBUGFS "/fail_page_alloc/ignore-gfp-wait", left_out);
}

static void hold(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	if (nr_held < MAX_HELD)
		held[nr_held] = open(path, O_RDONLY | O_CLOEXEC);
	if (nr_held == MAX_HELD || held[nr_held] < 0)
		ksft_exit_fail_msg("%s: cannot be held\n", path);
	nr_held++;
}

/* Takes PASIDs up to the last one of a page. */
static void hold_page(int container)
{
	do {
		pid_t pid = fork();

		if (!pid) {
			pause();
			_exit(0);
		}
		if (pid < 0 || sva_bind(container, pid, &last_held) ||
		    sva_unbind(container, pid))
			ksft_exit_fail_msg("no process to hold a PASID\n");
		hold(pid);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	} while ((last_held + 1) % PASIDS_OF_PAGE);
}

static pid_t start(int container, unsigned int nth,
		   int (*step)(int, unsigned int), bool held_too)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (held_too)
			raise(SIGSTOP);
		_exit(step(container, nth));
	}
	if (pid > 0 && held_too) {
		if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
			ksft_exit_fail_msg("a process has not stopped\n");
		hold(pid);
		kill(pid, SIGCONT);
	}
	return pid;
}

static void scenario(const char *name, int (*step)(int, unsigned int))
{
	bool new_page = step == new_page_step;
	unsigned int i, nth, good = 0, failed = 0, broken = 0;
	int container, status;
	bool end = false;

	/* As the table's are: the rest has been failed without a new page. */
	if (!fail_all(!new_page))
		ksft_exit_fail_msg("fault injection has gone\n");
	container = sva_container_open();
	if (container < 0 || sva_group_open(dev) || sva_attach(container, dev) ||
	    sva_dev_open(dev))
		ksft_exit_fail_msg("%s: no container\n", dev->bdf);

	for (i = 0; i < MAX_NTH * TIMES && !end && broken < 5; i++) {
		pid_t pid;

		nth = 1 + i / TIMES;
		if (new_page)
			hold_page(container);
		pid = start(container, nth, step, new_page);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			ksft_exit_fail_msg("fork\n");
		status = WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN;
		/* Once more: the lower PASID is held by now. */
		if (status == NO_NEW_PAGE) {
			i--;
			continue;
		}
		end = status == NOT_REACHED;
		/* What comes before the page varies: again, until it has been met. */
		if (end && new_page && failed < TIMES && nr_held < MAX_HELD / 2) {
			end = false;
			i = UINT_MAX;
		}
		good += status == GOOD;
		failed += status == FAILED_CLEANLY;
		if (status != GOOD && status != FAILED_CLEANLY &&
		    status != NOT_REACHED) {
			ksft_print_msg("%s: allocation %u: broken\n", name, nth);
			broken++;
		}
		if (!bonds_are_gone(container)) {
			ksft_print_msg("%s: allocation %u: bonds are left\n",
				       name, nth);
			broken++;
		}
	}

	while (nr_held)
		close(held[--nr_held]);
	sva_dev_close(dev);
	sva_group_close(dev);
	close(container);
	ksft_print_msg("%s: %u times %u allocations: %u made it fail, %u did not\n",
		       name, TIMES, (good + failed) / TIMES, failed, good);
	if (new_page && end && !broken && !failed)
		ksft_test_result_skip("%s: the page was there, or needs no memory\n",
				      name);
	else
		ksft_test_result(end && !broken, "%s\n", name);
}

/* What a scan of kmemleak reports, printed; -1 if there is none. */
static int leaks(void)
{
	char line[256];
	int n = 0;
	FILE *f;

	sleep(KMEMLEAK_AGE + 1);
	/* Objects are reported when a second scan finds nothing either. */
	for (int i = 0; i < 3; i++)
		if (!sva_write_file(KMEMLEAK, "scan"))
			return -1;
	f = fopen(KMEMLEAK, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		n += !strncmp(line, "unreferenced", 12);
		ksft_print_msg("%s", line);
	}
	fclose(f);
	return n;
}

int main(int argc, char **argv)
{
	const struct rlimit files = { MAX_HELD + 64, MAX_HELD + 64 };
	int leaked, fd;

	sva_init(&argc, argv);
	sva_expect_faults();
	ksft_print_header();
	dev = sva_good_dev(0);
	dev2 = sva_good_dev(1);
	if (!dev || !dev2)
		ksft_exit_skip("needs two devices with PASID, ATS, DMA and a group of their own\n");
	fd = fail_nth_fd();
	if (fd < 0 || !fail_all(true) ||
	    !sva_write_file(DEBUGFS "/failslab/ignore-gfp-wait", "N") ||
	    !sva_write_file(DEBUGFS "/fail_page_alloc/min-order", "0"))
		ksft_exit_skip("needs fault injection in the kernel, and debugfs\n");
	close(fd);
	if (setrlimit(RLIMIT_NOFILE, &files))
		ksft_exit_fail_msg("RLIMIT_NOFILE: %s\n", strerror(errno));
	sva_write_file(DEBUGFS "/failslab/verbose", "0");
	sva_write_file(DEBUGFS "/fail_page_alloc/verbose", "0");
	ksft_set_plan(7);

	sva_write_file(KMEMLEAK, "clear");
	scenario("bind", bind_step);
	scenario("bind with a new page of the PASID table", new_page_step);
	scenario("unbind", unbind_step);
	scenario("attach a group to a container with two bonds", attach_step);
	scenario("get information", info_step);
	scenario("exit", exit_step);

	leaked = leaks();
	if (leaked < 0)
		ksft_test_result_skip("nothing has leaked: no kmemleak\n");
	else
		ksft_test_result(!leaked, "nothing has leaked\n");
	ksft_finished();
}
