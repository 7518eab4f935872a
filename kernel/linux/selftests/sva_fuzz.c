// SPDX-License-Identifier: GPL-2.0-only
// Copyright(c) 2026 The SVADK authors
/*
 * VFIO_IOMMU_BIND and VFIO_IOMMU_UNBIND with arguments made at random, each
 * compared with what it has to return.
 *
 *   sva_fuzz [-n CALLS] [-r SEED] [DEVICE...]
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kselftest.h"
#include "sva.h"

#define PAGE	4096

/* Who can be bound, and whether it is. */
enum { SELF, CHILD1, CHILD2, NR_PROCESSES };

static struct {
	pid_t pid;
	bool bound;
	uint32_t pasid;		/* 0: not known yet */
} processes[NR_PROCESSES];

static pid_t zombie;
static int container;
static char *mem;		/* a page read/write, one read-only, a hole */
static unsigned long counts[2][4];

static uint64_t rnd_state;

static uint32_t rnd(uint32_t below)
{
	/* xorshift64* */
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return (uint32_t)((rnd_state * 0x2545f4914f6cdd1dull) >> 32) % below;
}

static uint32_t rnd_word(void)
{
	switch (rnd(4)) {
	case 0:
		return 1u << rnd(32);
	case 1:
		return rnd(64);
	case 2:
		return -1 - rnd(64);
	default:
		return rnd(UINT32_MAX);
	}
}

static pid_t rnd_pid(void)
{
	switch (rnd(8)) {
	case 0:
		return processes[CHILD1].pid;
	case 1:
		return processes[CHILD2].pid;
	case 2:
		return processes[SELF].pid;
	case 3:
		return zombie;
	case 4:
		return 2;		/* kthreadd */
	case 5:
		return -(pid_t)rnd(INT32_MAX);
	case 6:
		return 0;
	default:
		/* No PID is that large (PID_MAX_LIMIT). */
		return (1 << 22) + rnd(1 << 22);
	}
}

static int process_of(const struct sva_bind_arg *arg)
{
	if (!(arg->process.flags & VFIO_IOMMU_BIND_PID))
		return SELF;
	for (int i = 0; i < NR_PROCESSES; i++)
		if (processes[i].pid == arg->process.pid)
			return i;
	return -1;
}

/* One call; says whether the result was right. */
static bool call(void)
{
	/* What is bound for long enough is bound again, and its PASID compared. */
	bool unbind = !rnd(4), may_write = true;
	struct sva_bind_arg arg = {
		.bind.argsz = sizeof(arg),
		.bind.flags = VFIO_IOMMU_BIND_PROCESS,
		.process.flags = rnd(4) ? VFIO_IOMMU_BIND_PID : 0,
		.process.pasid = rnd_word(),
		.process.pid = rnd_pid(),
	};
	struct sva_bind_arg *uarg = (void *)mem;
	size_t readable = sizeof(arg);
	int who, ret, want;

	/* Most calls are nearly right. */
	if (!rnd(4))
		arg.bind.argsz = rnd(3) ? rnd(sizeof(arg) + 8) : rnd_word();
	if (!rnd(8))
		arg.bind.flags = rnd_word();
	if (!rnd(8))
		arg.process.flags = rnd_word();

	switch (rnd(8)) {
	case 0:				/* ends anywhere before the hole */
		readable = rnd(sizeof(arg));
		uarg = (void *)(mem + 2 * PAGE - readable);
		may_write = false;
		break;
	case 1:				/* in the read-only page */
		uarg = (void *)(mem + PAGE + rnd(64));
		may_write = false;
		break;
	case 2:
		uarg = (void *)((uintptr_t)rnd_word() << 32);
		readable = 0;
		may_write = false;
		break;
	}
	if (may_write) {
		memcpy(uarg, &arg, sizeof(arg));
	} else if (readable) {
		mprotect(mem + PAGE, PAGE, PROT_READ | PROT_WRITE);
		memcpy(uarg, &arg, readable);
		mprotect(mem + PAGE, PAGE, PROT_READ);
	}

	who = process_of(&arg);
	if (readable < sizeof(arg.bind))
		want = -EFAULT;
	else if (arg.bind.argsz < sizeof(arg) ||
		 arg.bind.flags != VFIO_IOMMU_BIND_PROCESS)
		want = -EINVAL;
	else if (readable < sizeof(arg))
		want = -EFAULT;
	else if (arg.process.flags & ~VFIO_IOMMU_BIND_PID)
		want = -EINVAL;
	else if (who < 0)
		want = -ESRCH;
	else if (unbind)
		want = processes[who].bound ? 0 : -ESRCH;
	else
		want = may_write ? 0 : -EFAULT;

	ret = ioctl(container, unbind ? VFIO_IOMMU_UNBIND : VFIO_IOMMU_BIND, uarg);
	ret = ret < 0 ? -errno : ret;
	counts[unbind][ret == -EFAULT ? 1 : ret == -EINVAL ? 2 : ret ? 3 : 0]++;
	if (ret != want) {
		ksft_print_msg("%s argsz %u flags %#x, flags %#x pid %d\n",
			       unbind ? "unbind" : "bind", arg.bind.argsz,
			       arg.bind.flags, arg.process.flags,
			       arg.process.pid);
		ksft_print_msg("%zu bytes readable, %swritable: %d and not %d\n",
			       readable, may_write ? "" : "not ", ret, want);
		return false;
	}
	if (ret)
		return true;

	processes[who].bound = !unbind;
	if (unbind)
		return true;
	/* For as long as it lives, a process has the PASID that it got first. */
	if (!processes[who].pasid)
		processes[who].pasid = uarg->process.pasid;
	return uarg->process.pasid == processes[who].pasid &&
	       uarg->bind.argsz == arg.bind.argsz &&
	       uarg->bind.flags == arg.bind.flags &&
	       uarg->process.flags == arg.process.flags &&
	       uarg->process.pid == arg.process.pid;
}

static pid_t child(bool lives)
{
	pid_t parent = getpid(), pid = fork();
	siginfo_t info;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (lives && getppid() == parent)
			pause();
		_exit(0);
	}
	if (!lives)
		waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	return pid;
}

int main(int argc, char **argv)
{
	unsigned long calls = 100000, n, seed = 1, wrong = 0;
	struct vfio_iommu_type1_info_cap_sva cap;
	struct sva_dev *dev;
	unsigned int bound = 0;
	int opt;

	sva_init(&argc, argv);
	while ((opt = getopt(argc, argv, "n:r:")) != -1) {
		switch (opt) {
		case 'n':
			calls = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			seed = strtoul(optarg, NULL, 0);
			break;
		default:
			fprintf(stderr, "usage: %s [-n CALLS] [-r SEED] [DEVICE...]\n",
				argv[0]);
			return KSFT_FAIL;
		}
	}

	ksft_print_header();
	dev = sva_good_dev(0);
	if (!dev)
		ksft_exit_skip("needs a device with PASID, ATS, DMA and a group of its own\n");
	ksft_set_plan(2);
	ksft_print_msg("%lu calls, seed %lu\n", calls, seed);
	rnd_state = seed * 2 + 1;

	mem = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	container = sva_container_open();
	if (mem == MAP_FAILED || munmap(mem + 2 * PAGE, PAGE) ||
	    mprotect(mem + PAGE, PAGE, PROT_READ) || container < 0 ||
	    sva_group_open(dev) || sva_attach(container, dev))
		ksft_exit_fail_msg("%s: no container\n", dev->bdf);
	processes[SELF].pid = getpid();
	processes[CHILD1].pid = child(true);
	processes[CHILD2].pid = child(true);
	zombie = child(false);

	for (n = 0; n < calls && wrong < 20; n++)
		wrong += !call();

	for (int i = 0; i < 2; i++)
		ksft_print_msg("%s: %lu good, %lu EFAULT, %lu EINVAL, %lu ESRCH\n",
			       i ? "unbind" : "bind", counts[i][0], counts[i][1],
			       counts[i][2], counts[i][3]);
	ksft_test_result(!wrong, "each of %lu calls returned what it should\n", n);
	for (int i = 0; i < NR_PROCESSES; i++)
		bound += processes[i].bound;
	ksft_test_result(!sva_info(container, &cap) && cap.bonds == bound,
			 "the kernel counts %u bonds\n", bound);

	kill(processes[CHILD1].pid, SIGKILL);
	kill(processes[CHILD2].pid, SIGKILL);
	while (wait(NULL) > 0)
		;
	ksft_finished();
}
