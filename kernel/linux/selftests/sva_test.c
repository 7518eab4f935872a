// SPDX-License-Identifier: GPL-2.0-only
// Copyright(c) 2026 The SVADK authors
/*
 * VFIO_IOMMU_BIND and VFIO_IOMMU_UNBIND: what a call does and what it returns.
 *
 * Takes PCI functions bound to vfio-pci, as arguments or in the environment
 * variable VFIO_SELFTESTS_BDFS.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "sva_fixture.h"

/* As in <asm/prctl.h>, which old headers lack. */
#ifndef ARCH_ENABLE_TAGGED_ADDR
#define ARCH_ENABLE_TAGGED_ADDR	0x4002
#endif

#define BOND_LIMIT	"/sys/module/vfio_iommu_type1/parameters/bond_limit"

/* --- Bind ----------------------------------------------------------------- */

SVA_TEST(bind_self_reaches_all_kinds_of_memory)
{
	static char data[PAGE] = "data";
	char stack[PAGE] = "stack", *heap = malloc(PAGE), *shared;
	int memfd = memfd_create("sva_test", 0);
	uint32_t pasid = 0;

	ASSERT_EQ(0, ftruncate(memfd, PAGE));
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, memfd, 0);
	ASSERT_NE(MAP_FAILED, shared);
	memset(heap, 'h', PAGE);
	memset(shared, 's', PAGE);
	memset(data + 8, 'd', PAGE - 8);

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	ASSERT_LT(0, pasid);
	ASSERT_GT(1 << 20, pasid);

	ASSERT_EQ(0, sva_copy(self->dev, pasid, (uintptr_t)stack,
			      (uintptr_t)heap, PAGE));
	ASSERT_EQ(0, memcmp(stack, heap, PAGE));
	ASSERT_EQ(0, sva_copy(self->dev, pasid, (uintptr_t)shared + 1,
			      (uintptr_t)data, PAGE - 1));
	ASSERT_EQ(0, memcmp(shared + 1, data, PAGE - 1));
	ASSERT_EQ('s', shared[0]);
	ASSERT_EQ(0, sva_copy(self->dev, pasid, (uintptr_t)data,
			      (uintptr_t)stack, PAGE));
	ASSERT_EQ(0, memcmp(data, heap, PAGE));
}

SVA_TEST(bind_again_same_pasid_one_unbind)
{
	uint32_t first, second;

	ASSERT_EQ(0, sva_bind(self->container, 0, &first));
	ASSERT_EQ(0, sva_bind(self->container, 0, &second));
	EXPECT_EQ(first, second);
	EXPECT_EQ(0, sva_bind(self->container, getpid(), &second));
	EXPECT_EQ(first, second);
	EXPECT_EQ(1, count_bonds(self->container));
	EXPECT_EQ(0, sva_unbind(self->container, 0));
	EXPECT_EQ(0, count_bonds(self->container));
	EXPECT_FALSE(can_write(self->dev, first, self->mem));
}

SVA_TEST(bind_reaches_every_device)
{
	uint32_t pasid;

	if (!self->dev2)
		SKIP(return, "needs a second device");
	ASSERT_EQ(0, sva_group_open(self->dev2));
	ASSERT_EQ(0, sva_attach(self->container, self->dev2));
	ASSERT_EQ(0, sva_dev_open(self->dev2));
	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));
	EXPECT_TRUE(can_write(self->dev2, pasid, self->mem));
	ASSERT_EQ(0, sva_unbind(self->container, 0));
	EXPECT_FALSE(can_write(self->dev, pasid, self->mem));
	EXPECT_FALSE(can_write(self->dev2, pasid, self->mem));
}

static void all_or_nothing(struct __test_metadata *_metadata, int container,
			   struct sva_dev *dev, char *mem, struct sva_dev *bad)
{
	uint32_t pasid, again;

	ASSERT_EQ(0, sva_bind(container, 0, &pasid));
	ASSERT_EQ(0, sva_unbind(container, 0));

	ASSERT_EQ(0, sva_group_open(bad));
	ASSERT_EQ(0, sva_attach(container, bad));
	EXPECT_EQ(-EOPNOTSUPP, sva_bind(container, 0, &again));
	EXPECT_EQ(0, count_bonds(container));
	EXPECT_FALSE(can_write(dev, pasid, mem));
	EXPECT_EQ(-ESRCH, sva_unbind(container, 0));

	/* Nothing was left in the way. */
	ASSERT_EQ(0, sva_detach(bad));
	ASSERT_EQ(0, sva_bind(container, 0, &again));
	EXPECT_TRUE(can_write(dev, again, mem));
}

SVA_TEST(bind_all_or_nothing_device_without_pasid)
{
	if (!dev_without_pasid())
		SKIP(return, "needs a device without PASID");
	all_or_nothing(_metadata, self->container, self->dev, self->mem,
		       dev_without_pasid());
}

SVA_TEST(bind_all_or_nothing_device_without_ats)
{
	if (!dev_without_ats())
		SKIP(return, "needs a device with PASID and without ATS");
	all_or_nothing(_metadata, self->container, self->dev, self->mem,
		       dev_without_ats());
}

/* --- Other processes ------------------------------------------------------ */

SVA_TEST(bind_pid_reaches_the_other_process)
{
	uint64_t *word = (void *)self->mem;
	struct child child;
	uint32_t pasid, own;

	sva_store(word, 1);
	if (!child_fork(&child)) {
		/* Until it is written to, the page is the parent's as well. */
		sva_store(word, 2);
		child_say(&child, 'r');
		child_hear(&child);
		_exit(sva_load(word) == PATTERN ? 0 : 1);
	}
	ASSERT_EQ('r', child_hear(&child));
	ASSERT_EQ(0, sva_bind(self->container, child.pid, &pasid));
	ASSERT_EQ(0, sva_bind(self->container, 0, &own));
	EXPECT_NE(pasid, own);
	EXPECT_EQ(2, count_bonds(self->container));
	EXPECT_EQ(0, sva_fill(self->dev, pasid, (uintptr_t)word, PATTERN, 8));
	EXPECT_EQ(1, sva_load(word));
	EXPECT_EQ(0, sva_unbind(self->container, child.pid));
	EXPECT_FALSE(can_write(self->dev, pasid, self->mem));
	EXPECT_TRUE(can_write(self->dev, own, self->mem));
	EXPECT_EQ(0, child_end(&child));
}

static void *thread_tid(void *arg)
{
	int *fds = arg;
	pid_t tid = gettid();
	char c;

	if (write(fds[1], &tid, sizeof(tid)) != sizeof(tid) ||
	    read(fds[2], &c, 1) < 0)
		abort();
	return NULL;
}

SVA_TEST(bind_pid_of_a_thread_is_its_process)
{
	uint32_t own, pasid;
	pthread_t thread;
	int fds[4];
	pid_t tid;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(fds + 2));
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_tid, fds));
	ASSERT_EQ(sizeof(tid), read(fds[0], &tid, sizeof(tid)));
	ASSERT_NE(getpid(), tid);
	EXPECT_EQ(0, sva_bind(self->container, 0, &own));
	EXPECT_EQ(0, sva_bind(self->container, tid, &pasid));
	EXPECT_EQ(own, pasid);
	EXPECT_EQ(1, count_bonds(self->container));
	close(fds[3]);
	pthread_join(thread, NULL);
}

SVA_TEST(bind_pid_needs_ptrace_permission)
{
	struct child child;
	uint32_t pasid;

	if (geteuid())
		SKIP(return, "needs root");

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	if (!child_fork(&child)) {
		if (setresgid(65534, 65534, 65534) ||
		    setresuid(65534, 65534, 65534))
			_exit(1);
		if (sva_bind(self->container, getppid(), &pasid) != -EPERM)
			_exit(2);
		/* Undoing it is not allowed either. */
		if (sva_unbind(self->container, getppid()) != -EPERM)
			_exit(3);
		/* Its own memory is its own business. */
		_exit(sva_bind(self->container, 0, &pasid) ? 4 : 0);
	}
	EXPECT_EQ(0, child_end(&child));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));
}

SVA_TEST(bind_pid_without_address_space)
{
	struct child child;
	siginfo_t info;
	uint32_t pasid;

	/* kthreadd */
	EXPECT_EQ(-ESRCH, sva_bind(self->container, 2, &pasid));
	EXPECT_EQ(-ESRCH, sva_unbind(self->container, 2));
	EXPECT_EQ(-ESRCH, sva_bind(self->container, -1, &pasid));
	EXPECT_EQ(-ESRCH, sva_bind(self->container, INT32_MIN, &pasid));
	EXPECT_EQ(-ESRCH, sva_bind(self->container, INT32_MAX, &pasid));

	if (!child_fork(&child))
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, child.pid, &info, WEXITED | WNOWAIT));
	/* A zombie, then nothing. */
	EXPECT_EQ(-ESRCH, sva_bind(self->container, child.pid, &pasid));
	EXPECT_EQ(0, child_end(&child));
	EXPECT_EQ(-ESRCH, sva_bind(self->container, child.pid, &pasid));
	EXPECT_EQ(0, count_bonds(self->container));
}

/* --- Unbind --------------------------------------------------------------- */

SVA_TEST(unbind_what_is_not_bound)
{
	struct child child;
	uint32_t pasid;

	EXPECT_EQ(-ESRCH, sva_unbind(self->container, 0));
	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	if (!child_fork(&child)) {
		child_hear(&child);
		_exit(0);
	}
	EXPECT_EQ(-ESRCH, sva_unbind(self->container, child.pid));
	EXPECT_EQ(0, child_end(&child));
	EXPECT_EQ(0, sva_unbind(self->container, 0));
	EXPECT_EQ(-ESRCH, sva_unbind(self->container, 0));
}

SVA_TEST(dma_after_unbind_faults)
{
	uint32_t pasid, again;

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	for (int i = 0; i < 20; i++) {
		ASSERT_TRUE(can_write(self->dev, pasid, self->mem));
		ASSERT_EQ(0, sva_unbind(self->container, 0));
		ASSERT_FALSE(can_write(self->dev, pasid, self->mem));
		ASSERT_EQ(0, sva_bind(self->container, 0, &again));
		ASSERT_EQ(pasid, again);
	}
}

SVA_TEST(unbind_stops_a_busy_device)
{
	uint64_t *word = (void *)self->mem;
	uint32_t pasid;

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	sva_stream(self->dev, pasid, self->mem, PAGE);
	while (sva_stream_count(self->dev) < 10)
		;
	ASSERT_EQ(0, sva_unbind(self->container, 0));
	/* From here on not a byte may change. */
	sva_store(word, PATTERN);
	while (sva_stream_running(self->dev))
		;
	EXPECT_EQ(PATTERN, sva_load(word));
	EXPECT_EQ(-EFAULT, sva_stream_stop(self->dev));
	EXPECT_EQ(PATTERN, sva_load(word));
}

SVA_TEST(dma_with_another_pasid_faults)
{
	uint32_t pasid;

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));
	EXPECT_FALSE(can_write(self->dev, pasid + 1, self->mem));
	EXPECT_FALSE(can_write(self->dev, pasid ^ 0x80000, self->mem));
	EXPECT_FALSE(can_write(self->dev, 0xfffff, self->mem));
	EXPECT_FALSE(can_write(self->dev, SVA_NO_PASID, self->mem));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));
}

SVA_TEST(dma_has_the_permissions_of_the_process)
{
	uint64_t *word = (void *)self->mem;
	uint64_t kernel = 0xffffffff81000000ull;
	uint32_t pasid;
	char *untouched;

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	ASSERT_TRUE(can_write(self->dev, pasid, self->mem));

	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, sva_fill(self->dev, pasid, (uintptr_t)word, 1, 8));
	EXPECT_EQ(PATTERN, sva_load(word));
	EXPECT_EQ(0, sva_copy(self->dev, pasid, (uintptr_t)self->mem + PAGE,
			      (uintptr_t)word, 8));
	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, sva_copy(self->dev, pasid,
				    (uintptr_t)self->mem + PAGE,
				    (uintptr_t)word, 8));
	ASSERT_EQ(0, munmap(self->mem, PAGE));
	EXPECT_EQ(-EFAULT, sva_fill(self->dev, pasid, (uintptr_t)word, 1, 8));
	EXPECT_EQ(-EFAULT, sva_copy(self->dev, pasid,
				    (uintptr_t)self->mem + PAGE, kernel, 8));
	EXPECT_EQ(-EFAULT, sva_fill(self->dev, pasid, kernel, 1, 8));
	EXPECT_EQ(-EFAULT, sva_fill(self->dev, pasid, 0, 1, 8));

	/* Not there until the CPU touches it, unless the IOMMU takes faults. */
	untouched = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, untouched);
	if (sva_fill(self->dev, pasid, (uintptr_t)untouched, PATTERN, 8)) {
		untouched[0] = 1;
		EXPECT_EQ(0, sva_fill(self->dev, pasid, (uintptr_t)untouched,
				      PATTERN, 8));
	}
	EXPECT_EQ(PATTERN, sva_load((void *)untouched));
}

/* --- Errors --------------------------------------------------------------- */

static int raw(int container, unsigned long request, void *arg)
{
	return ioctl(container, request, arg) ? -errno : 0;
}

SVA_TEST(bad_arguments)
{
	unsigned long requests[] = { VFIO_IOMMU_BIND, VFIO_IOMMU_UNBIND };
	const struct sva_bind_arg good = {
		.bind.argsz = sizeof(good),
		.bind.flags = VFIO_IOMMU_BIND_PROCESS,
	};

	ASSERT_EQ(20, sizeof(good));
	for (int i = 0; i < 2; i++) {
		struct sva_bind_arg arg;

		for (uint32_t argsz = 0; argsz < sizeof(good); argsz++) {
			arg = good;
			arg.bind.argsz = argsz;
			EXPECT_EQ(-EINVAL, raw(self->container, requests[i], &arg));
		}
		for (int bit = 1; bit < 32; bit++) {
			arg = good;
			arg.bind.flags |= 1u << bit;
			EXPECT_EQ(-EINVAL, raw(self->container, requests[i], &arg));
			arg = good;
			arg.process.flags = 1u << bit;
			EXPECT_EQ(-EINVAL, raw(self->container, requests[i], &arg));
		}
		arg = good;
		arg.bind.flags = 0;
		EXPECT_EQ(-EINVAL, raw(self->container, requests[i], &arg));
	}
	EXPECT_EQ(0, count_bonds(self->container));
}

SVA_TEST(argsz_may_be_larger)
{
	struct sva_bind_arg arg = {
		.bind.argsz = UINT32_MAX,
		.bind.flags = VFIO_IOMMU_BIND_PROCESS,
		.process.pasid = UINT32_MAX,
		.process.pid = -1,	/* not looked at without the flag */
	};

	EXPECT_EQ(0, raw(self->container, VFIO_IOMMU_BIND, &arg));
	EXPECT_GT(1 << 20, arg.process.pasid);
	EXPECT_EQ(0, raw(self->container, VFIO_IOMMU_UNBIND, &arg));
}

SVA_TEST(bad_pointers)
{
	unsigned long requests[] = { VFIO_IOMMU_BIND, VFIO_IOMMU_UNBIND };
	const struct sva_bind_arg good = {
		.bind.argsz = sizeof(good),
		.bind.flags = VFIO_IOMMU_BIND_PROCESS,
	};
	char *end = self->mem + PAGE;
	struct sva_bind_arg *arg;
	uint32_t pasid;

	ASSERT_EQ(0, munmap(end, PAGE));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(-EFAULT, raw(self->container, requests[i], NULL));
		EXPECT_EQ(-EFAULT, raw(self->container, requests[i], (void *)-1));
		EXPECT_EQ(-EFAULT, raw(self->container, requests[i], end));
		/* However much of it can be read, it is not enough. */
		for (size_t n = 1; n < sizeof(good); n++) {
			memcpy(end - n, &good, n);
			EXPECT_EQ(-EFAULT, raw(self->container, requests[i],
					       end - n));
		}
	}
	EXPECT_EQ(0, count_bonds(self->container));

	/* The PASID cannot be delivered: it is as if nothing had been. */
	arg = (void *)self->mem;
	*arg = good;
	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, raw(self->container, VFIO_IOMMU_BIND, arg));
	EXPECT_EQ(0, count_bonds(self->container));
	EXPECT_EQ(-ESRCH, raw(self->container, VFIO_IOMMU_UNBIND, arg));

	/* But a bond that was there before stays. */
	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	EXPECT_EQ(-EFAULT, raw(self->container, VFIO_IOMMU_BIND, arg));
	EXPECT_EQ(1, count_bonds(self->container));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem + 2 * PAGE));
	EXPECT_EQ(0, raw(self->container, VFIO_IOMMU_UNBIND, arg));
}

SVA_TEST(container_without_group)
{
	int empty = sva_container_open();
	uint32_t pasid;

	ASSERT_LE(0, empty);
	EXPECT_EQ(-EINVAL, sva_bind(empty, 0, &pasid));
	EXPECT_EQ(-EINVAL, sva_unbind(empty, 0));
}

SVA_TEST(number_of_bonds_is_limited)
{
	struct vfio_iommu_type1_info_cap_sva cap;
	struct child children[3];
	uint32_t pasid;
	char saved[16];
	int fd, len;

	fd = open(BOND_LIMIT, O_RDWR);
	if (fd < 0)
		SKIP(return, "%s: %s", BOND_LIMIT, strerror(errno));
	len = read(fd, saved, sizeof(saved));
	ASSERT_LT(0, len);
	ASSERT_EQ(1, pwrite(fd, "2", 1, 0));

	for (int i = 0; i < 3; i++)
		if (!child_fork(&children[i])) {
			child_hear(&children[i]);
			_exit(0);
		}
	EXPECT_EQ(0, sva_info(self->container, &cap));
	EXPECT_EQ(2, cap.max_bonds);
	EXPECT_EQ(0, sva_bind(self->container, children[0].pid, &pasid));
	EXPECT_EQ(0, sva_bind(self->container, children[1].pid, &pasid));
	EXPECT_EQ(-ENOSPC, sva_bind(self->container, children[2].pid, &pasid));
	EXPECT_EQ(0, sva_bind(self->container, children[1].pid, &pasid));
	/* One that has exited does not count, however recently. */
	kill(children[0].pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, child_end(&children[0]));
	EXPECT_EQ(0, sva_bind(self->container, children[2].pid, &pasid));
	EXPECT_EQ(0, sva_unbind(self->container, children[1].pid));
	EXPECT_EQ(0, sva_bind(self->container, 0, &pasid));

	EXPECT_EQ(len, pwrite(fd, saved, len, 0));
	/* Forked last ends first: the younger hold the pipes of the older. */
	EXPECT_EQ(0, child_end(&children[2]));
	EXPECT_EQ(0, child_end(&children[1]));
}

static void count_signal(int sig)
{
	(void)sig;
}

SVA_TEST(signals_do_not_show)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = SA_RESTART,
	};
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = {};
	uint32_t pasid;

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
		ASSERT_EQ(0, sva_unbind(self->container, 0));
	}
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
}

/* Done or refused, and refused without a trace. */
SVA_TEST(bind_while_the_device_is_reset)
{
	bool refused = false;
	uint32_t pasid;

	for (int i = 0; i < 20 && !refused; i++) {
		pthread_t thread;
		void *ended;

		ASSERT_EQ(0, pthread_create(&thread, NULL, reset_device, self->dev));
		for (int k = 0; k < PATIENCE && !refused; k++) {
			int ret = sva_bind(self->container, 0, &pasid);

			refused = ret == -EBUSY;
			if (refused) {
				EXPECT_EQ(0, count_bonds(self->container));
				EXPECT_EQ(-ESRCH, sva_unbind(self->container, 0));
				break;
			}
			ASSERT_EQ(0, ret);
			ASSERT_EQ(0, sva_unbind(self->container, 0));
		}
		pthread_join(thread, &ended);
		ASSERT_EQ(NULL, ended);
	}
	EXPECT_TRUE(refused);
	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));
}

#ifdef __x86_64__
/* What the CPU ignores in an address, the IOMMU does not. */
SVA_TEST(masked_addresses)
{
	uint32_t pasid;

	if (syscall(SYS_arch_prctl, ARCH_ENABLE_TAGGED_ADDR, 6))
		SKIP(return, "no Linear Address Masking here: %s", strerror(errno));
	EXPECT_EQ(-EBUSY, sva_bind(self->container, 0, &pasid));
	EXPECT_EQ(0, count_bonds(self->container));
}
#endif

/* --- Resources ------------------------------------------------------------ */

#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		CGROUPS "/sva_test"
#define CHARGED		256
/* There are two objects for each, and this is less than they take. */
#define CHARGE		(CHARGED * 128)

/* The bytes of small objects that the cgroup is charged for, or -1. */
static long charged(void)
{
	FILE *f = fopen(CGROUP "/memory.stat", "re");
	char line[128];
	long n = -1;

	while (f && n < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "slab %ld", &n);
	if (f)
		fclose(f);
	return n;
}

/*
 * The figure is brought up to date by a timer that an idle CPU puts off, or by
 * whoever reads it when enough has happened: see to that.
 */
static bool charge_becomes(bool high)
{
	for (int i = 0; i < PATIENCE / 10; i++) {
		void *mem = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
				 -1, 0);

		munmap(mem, 4 << 20);
		if ((charged() >= CHARGE) == high)
			return true;
	}
	ksft_print_msg("%ld bytes are charged\n", charged());
	return false;
}

/* In the cgroup: returns what went wrong, 0 for nothing. */
static int bind_and_be_charged(int container, const pid_t *pids)
{
	uint32_t pasid;

	if (!sva_write_file(CGROUP "/cgroup.procs", "0"))
		return 1;
	if (!charge_becomes(false))
		return 2;
	for (int i = 0; i < CHARGED; i++)
		if (sva_bind(container, pids[i], &pasid))
			return 3;
	if (!charge_becomes(true))
		return 4;
	for (int i = 0; i < CHARGED; i++)
		if (sva_unbind(container, pids[i]))
			return 5;
	return charge_becomes(false) ? 0 : 6;
}

SVA_TEST(memory_is_charged_to_the_caller)
{
	pid_t pids[CHARGED];
	struct child child;

	sva_write_file(CGROUPS "/cgroup.subtree_control", "+memory");
	mkdir(CGROUP, 0755);
	if (charged() < 0)
		SKIP(return, "needs a cgroup with the memory controller");
	/* Those who are bound are in another one. */
	for (int i = 0; i < CHARGED; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
	}
	if (!child_fork(&child))
		_exit(bind_and_be_charged(self->container, pids));
	EXPECT_EQ(-1, child_hear(&child));
	EXPECT_EQ(0, child_end(&child));

	for (int i = 0; i < CHARGED; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	rmdir(CGROUP);
}

/* --- Discovery ------------------------------------------------------------ */

SVA_TEST(extension_is_reported)
{
	int empty = sva_container_open();

	ASSERT_LE(0, empty);
	EXPECT_EQ(1, ioctl(empty, VFIO_CHECK_EXTENSION, VFIO_SVA));
	EXPECT_EQ(1, ioctl(self->container, VFIO_CHECK_EXTENSION, VFIO_SVA));
}

SVA_TEST(capability_is_reported)
{
	struct vfio_iommu_type1_info_cap_sva cap;
	struct sva_dev *bad = dev_without_pasid(), *no_ats = dev_without_ats();
	uint32_t pasid;

	ASSERT_EQ(24, sizeof(cap));
	ASSERT_EQ(0, sva_info(self->container, &cap));
	EXPECT_EQ(1, cap.header.version);
	EXPECT_LE(1, cap.pasid_bits);
	EXPECT_GE(20, cap.pasid_bits);
	EXPECT_EQ(0, cap.bonds);
	EXPECT_LE(1, cap.max_bonds);
	EXPECT_EQ(0, cap.flags & ~VFIO_IOMMU_SVA_IOPF);

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	EXPECT_EQ(0, pasid >> cap.pasid_bits);
	ASSERT_EQ(0, sva_info(self->container, &cap));
	EXPECT_EQ(1, cap.bonds);
	ASSERT_EQ(0, sva_unbind(self->container, 0));

	/* It has PASIDs. That they are of no use there is for the bind to say. */
	if (no_ats) {
		ASSERT_EQ(0, sva_group_open(no_ats));
		ASSERT_EQ(0, sva_attach(self->container, no_ats));
		ASSERT_EQ(0, sva_info(self->container, &cap));
		EXPECT_LE(1, cap.pasid_bits);
		EXPECT_EQ(-EOPNOTSUPP, sva_bind(self->container, 0, &pasid));
		ASSERT_EQ(0, sva_detach(no_ats));
	}

	if (!bad)
		SKIP(return, "needs a device without PASID");
	ASSERT_EQ(0, sva_group_open(bad));
	ASSERT_EQ(0, sva_attach(self->container, bad));
	ASSERT_EQ(0, sva_info(self->container, &cap));
	EXPECT_EQ(0, cap.pasid_bits);
	EXPECT_EQ(0, cap.flags);
}

int main(int argc, char **argv)
{
	sva_init(&argc, argv);
	sva_expect_faults();
	return test_harness_run(argc, argv);
}
