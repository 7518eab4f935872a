// SPDX-License-Identifier: GPL-2.0-only
// Copyright(c) 2026 The SVADK authors
/*
 * VFIO_IOMMU_BIND: how bonds live and end, when groups come and go, and when
 * processes exit, fork and call execve().
 *
 * Takes PCI functions bound to vfio-pci, as arguments or in the environment
 * variable VFIO_SELFTESTS_BDFS.
 */
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <linux/sched.h>
#include <linux/userfaultfd.h>

#include "sva_fixture.h"

/* --- Groups come and go --------------------------------------------------- */

SVA_TEST(attach_replays_every_bond)
{
	uint64_t *word = (void *)self->mem;
	struct child child;
	uint32_t pasid, own;

	if (!self->dev2)
		SKIP(return, "needs a second device");
	if (!child_fork(&child)) {
		sva_store(word, 2);
		child_say(&child, 'r');
		child_hear(&child);
		_exit(sva_load(word) == PATTERN ? 0 : 1);
	}
	ASSERT_EQ('r', child_hear(&child));
	ASSERT_EQ(0, sva_bind(self->container, 0, &own));
	ASSERT_EQ(0, sva_bind(self->container, child.pid, &pasid));

	ASSERT_EQ(0, sva_group_open(self->dev2));
	ASSERT_EQ(0, sva_attach(self->container, self->dev2));
	ASSERT_EQ(0, sva_dev_open(self->dev2));
	EXPECT_TRUE(can_write(self->dev2, own, self->mem));
	EXPECT_EQ(0, sva_fill(self->dev2, pasid, (uintptr_t)word, PATTERN, 8));
	EXPECT_EQ(2, count_bonds(self->container));

	/* Unbinding knows of the new device. */
	ASSERT_EQ(0, sva_unbind(self->container, 0));
	EXPECT_FALSE(can_write(self->dev2, own, self->mem));
	EXPECT_EQ(0, child_end(&child));
}

static void attach_fails(struct __test_metadata *_metadata, int container,
			 struct sva_dev *dev, char *mem, struct sva_dev *bad)
{
	uint32_t pasid;

	ASSERT_EQ(0, sva_bind(container, 0, &pasid));
	ASSERT_EQ(0, sva_group_open(bad));
	EXPECT_EQ(-EOPNOTSUPP, sva_attach(container, bad));
	/* It is not in: it cannot leave, and has no device to give. */
	EXPECT_NE(0, sva_detach(bad));
	EXPECT_GT(0, sva_dev_open(bad));
	EXPECT_TRUE(can_write(dev, pasid, mem));
	EXPECT_EQ(-EOPNOTSUPP, sva_attach(container, bad));

	ASSERT_EQ(0, sva_unbind(container, 0));
	EXPECT_EQ(0, sva_attach(container, bad));
	EXPECT_EQ(0, sva_detach(bad));
}

SVA_TEST(attach_all_or_nothing_device_without_pasid)
{
	if (!dev_without_pasid())
		SKIP(return, "needs a device without PASID");
	attach_fails(_metadata, self->container, self->dev, self->mem,
		     dev_without_pasid());
}

SVA_TEST(attach_all_or_nothing_device_without_ats)
{
	if (!dev_without_ats())
		SKIP(return, "needs a device with PASID and without ATS");
	attach_fails(_metadata, self->container, self->dev, self->mem,
		     dev_without_ats());
}

SVA_TEST(detach_takes_access_away)
{
	uint32_t pasid, again;
	int other;

	if (!self->dev2)
		SKIP(return, "needs a second device");
	ASSERT_EQ(0, sva_group_open(self->dev2));
	ASSERT_EQ(0, sva_attach(self->container, self->dev2));
	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	ASSERT_EQ(0, sva_detach(self->dev2));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));
	EXPECT_EQ(1, count_bonds(self->container));

	other = sva_container_open();
	ASSERT_LE(0, other);
	ASSERT_EQ(0, sva_attach(other, self->dev2));
	ASSERT_EQ(0, sva_dev_open(self->dev2));
	EXPECT_FALSE(can_write(self->dev2, pasid, self->mem));

	/* Containers are independent, and the PASID is the process's. */
	EXPECT_EQ(-ESRCH, sva_unbind(other, 0));
	ASSERT_EQ(0, sva_bind(other, 0, &again));
	EXPECT_EQ(pasid, again);
	EXPECT_TRUE(can_write(self->dev2, pasid, self->mem));
	ASSERT_EQ(0, sva_unbind(self->container, 0));
	EXPECT_TRUE(can_write(self->dev2, pasid, self->mem));
	EXPECT_FALSE(can_write(self->dev, pasid, self->mem));
}

SVA_TEST(detach_of_the_last_group_ends_all_bonds)
{
	uint32_t pasid, again;

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	sva_dev_close(self->dev);
	ASSERT_EQ(0, sva_detach(self->dev));
	/* There is no IOMMU in the container any more. */
	EXPECT_EQ(-EINVAL, sva_bind(self->container, 0, &again));
	EXPECT_EQ(-EINVAL, sva_unbind(self->container, 0));

	ASSERT_EQ(0, sva_attach(self->container, self->dev));
	ASSERT_EQ(0, sva_dev_open(self->dev));
	EXPECT_EQ(0, count_bonds(self->container));
	EXPECT_EQ(-ESRCH, sva_unbind(self->container, 0));
	EXPECT_FALSE(can_write(self->dev, pasid, self->mem));
}

SVA_TEST(release_ends_all_bonds)
{
	struct child child;
	uint32_t pasid;

	if (!child_fork(&child)) {
		child_hear(&child);
		_exit(0);
	}
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
		/* Its copies of the descriptors keep nothing alive. */
		if (!i) {
			ASSERT_EQ(0, sva_bind(self->container, child.pid, &pasid));
			ASSERT_EQ(0, child_end(&child));
		}
		sva_dev_close(self->dev);
		sva_group_close(self->dev);
		close(self->container);

		self->container = sva_container_open();
		ASSERT_LE(0, self->container);
		ASSERT_EQ(0, sva_group_open(self->dev));
		ASSERT_EQ(0, sva_attach(self->container, self->dev));
		ASSERT_EQ(0, sva_dev_open(self->dev));
		EXPECT_EQ(0, count_bonds(self->container));
		EXPECT_FALSE(can_write(self->dev, pasid, self->mem));
	}
}

/* --- Groups with company -------------------------------------------------- */

SVA_TEST(group_of_several_devices_is_refused)
{
	struct sva_dev *company = dev_in_company();
	uint32_t pasid;

	if (!company)
		SKIP(return, "needs two devices that share a group");
	ASSERT_EQ(0, sva_group_open(company));
	ASSERT_EQ(0, sva_attach(self->container, company));
	EXPECT_EQ(-EOPNOTSUPP, sva_bind(self->container, 0, &pasid));
	ASSERT_EQ(0, sva_detach(company));
	sva_group_close(company);
	attach_fails(_metadata, self->container, self->dev, self->mem, company);
}

/* --- Exit ----------------------------------------------------------------- */

SVA_TEST(exit_ends_the_bond_by_itself)
{
	struct child child;
	uint32_t pasid, own;

	ASSERT_EQ(0, sva_bind(self->container, 0, &own));
	if (!child_fork(&child)) {
		if (sva_bind(self->container, 0, &pasid))
			_exit(1);
		child_say(&child, 'b');
		child_hear(&child);
		_exit(0);
	}
	ASSERT_EQ('b', child_hear(&child));
	ASSERT_EQ(2, count_bonds(self->container));
	ASSERT_EQ(0, child_end(&child));
	/* Nobody calls but to look. */
	EXPECT_TRUE(bonds_become(self->container, 1));
	EXPECT_EQ(-ESRCH, sva_unbind(self->container, child.pid));
	EXPECT_TRUE(can_write(self->dev, own, self->mem));
}

/* The PASID that a process gets in a container. */
static uint32_t pasid_of_new_process(int container)
{
	struct child child;
	uint32_t pasid;

	if (!child_fork(&child)) {
		if (sva_bind(container, 0, &pasid) ||
		    write(child.to, &pasid, sizeof(pasid)) != sizeof(pasid))
			_exit(1);
		_exit(0);
	}
	if (read(child.from, &pasid, sizeof(pasid)) != sizeof(pasid))
		pasid = 0;
	return child_end(&child) ? 0 : pasid;
}

SVA_TEST(exit_frees_the_pasid)
{
	uint32_t pasid, other = 0;
	int container;

	if (!self->dev2)
		SKIP(return, "needs a second device");
	container = sva_container_open();
	ASSERT_LE(0, container);
	ASSERT_EQ(0, sva_group_open(self->dev2));
	ASSERT_EQ(0, sva_attach(container, self->dev2));

	pasid = pasid_of_new_process(self->container);
	ASSERT_LT(0, pasid);
	/* The first container is left alone: nothing must depend on a call. */
	for (int i = 0; i < 500 && other != pasid; i++) {
		other = pasid_of_new_process(container);
		ASSERT_LT(0, other);
	}
	EXPECT_EQ(pasid, other);
}

SVA_TEST(exit_stops_a_busy_device)
{
	struct child child;
	uint32_t pasid;

	for (int i = 0; i < 10; i++) {
		if (!child_fork(&child)) {
			memset(self->mem, 0, PAGE);
			if (sva_bind(self->container, 0, &pasid))
				_exit(1);
			sva_stream(self->dev, pasid, self->mem, PAGE);
			child_say(&child, 's');
			child_hear(&child);
			_exit(0);
		}
		ASSERT_EQ('s', child_hear(&child));
		kill(child.pid, SIGKILL);
		EXPECT_EQ(-SIGKILL, child_end(&child));
		while (sva_stream_running(self->dev))
			;
		EXPECT_EQ(-EFAULT, sva_stream_stop(self->dev));
	}
	EXPECT_TRUE(bonds_become(self->container, 0));
}

SVA_TEST(exec_ends_the_bond)
{
	struct child child;
	uint32_t pasid;

	if (!child_fork(&child)) {
		if (sva_bind(self->container, 0, &pasid))
			_exit(1);
		/* The reading end of the pipe survives, as standard input. */
		dup2(child.from, 0);
		child_say(&child, 'b');
		execl("/proc/self/exe", "sva_test", "--wait-for-end", NULL);
		_exit(2);
	}
	ASSERT_EQ('b', child_hear(&child));
	EXPECT_TRUE(bonds_become(self->container, 0));
	/* Alive, and another address space. */
	EXPECT_EQ(0, kill(child.pid, 0));
	EXPECT_EQ(-ESRCH, sva_unbind(self->container, child.pid));
	EXPECT_EQ(0, child_end(&child));
}

/* A child with a given PID, or -1. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

SVA_TEST(exit_and_the_pid_of_another)
{
	uint32_t first, second;
	struct child child;
	pid_t pid, reborn;
	int status;

	if (!child_fork(&child)) {
		child_hear(&child);
		_exit(0);
	}
	pid = child.pid;
	ASSERT_EQ(0, sva_bind(self->container, pid, &first));
	ASSERT_EQ(0, child_end(&child));

	reborn = fork_as(pid);
	if (!reborn) {
		pause();
		_exit(0);
	}
	if (reborn < 0)
		SKIP(return, "clone3() with a PID: %s", strerror(errno));
	ASSERT_EQ(pid, reborn);
	EXPECT_EQ(-ESRCH, sva_unbind(self->container, pid));
	EXPECT_EQ(0, sva_bind(self->container, pid, &second));
	EXPECT_TRUE(bonds_become(self->container, 1));
	EXPECT_EQ(0, sva_unbind(self->container, pid));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

SVA_TEST(exit_and_the_mm_of_another)
{
	/* The allocator hands out what was freed last: many get an old mm. */
	for (int i = 0; i < 200; i++) {
		struct child child;
		uint32_t pasid;

		if (!child_fork(&child)) {
			if (sva_unbind(self->container, 0) != -ESRCH)
				_exit(1);
			if (sva_bind(self->container, 0, &pasid))
				_exit(2);
			_exit(sva_bind(self->container, 0, &pasid) ? 3 : 0);
		}
		ASSERT_EQ(0, child_end(&child));
	}
	EXPECT_TRUE(bonds_become(self->container, 0));
}

/* --- Reset ---------------------------------------------------------------- */

/*
 * A VFIO_IOMMU_BIND that keeps the container's lock for as long as that is
 * wanted: where it is to write the PASID to, userfaultfd(2) makes it wait.
 */
struct holder {
	pthread_t thread;
	int container, uffd, ret;
	struct sva_bind_arg *arg;	/* a page */
};

static void *hold(void *data)
{
	struct holder *holder = data;

	holder->ret = ioctl(holder->container, VFIO_IOMMU_BIND, holder->arg);
	return NULL;
}

static int write_protect(struct holder *holder, unsigned int mode)
{
	struct uffdio_writeprotect protect = {
		.range = { (uintptr_t)holder->arg, PAGE },
		.mode = mode,
	};

	return ioctl(holder->uffd, UFFDIO_WRITEPROTECT, &protect);
}

/* False: there is no userfaultfd(2) for that. */
static bool holder_init(struct holder *holder, int container)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };

	holder->arg = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (holder->arg == MAP_FAILED)
		abort();
	holder->arg->bind.argsz = sizeof(*holder->arg);
	holder->arg->bind.flags = VFIO_IOMMU_BIND_PROCESS;
	holder->container = container;

	reg.range.start = (uintptr_t)holder->arg;
	reg.range.len = PAGE;
	holder->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	return holder->uffd >= 0 && !ioctl(holder->uffd, UFFDIO_API, &api) &&
	       !ioctl(holder->uffd, UFFDIO_REGISTER, &reg);
}

/* The caller is bound already. */
static void hold_lock(struct holder *holder)
{
	struct uffd_msg msg;

	if (write_protect(holder, UFFDIO_WRITEPROTECT_MODE_WP) ||
	    pthread_create(&holder->thread, NULL, hold, holder) ||
	    read(holder->uffd, &msg, sizeof(msg)) != sizeof(msg))
		abort();
}

/* Returns what the ioctl did. */
static int let_go(struct holder *holder)
{
	if (write_protect(holder, 0))
		abort();
	pthread_join(holder->thread, NULL);
	return holder->ret;
}

/* What the child has besides, so that its exit takes a while. */
#define BALLAST		(64 << 20)

/* Shares a page of the memfd, which cannot be sealed until that is unmapped. */
static void child_to_be_killed(struct child *child, char *mem, int memfd)
{
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			    memfd, 0);
	char *ballast = mmap(NULL, BALLAST, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* What is below @mem goes before it. */
	if (shared == MAP_FAILED || ballast == MAP_FAILED || ballast > mem)
		_exit(1);
	madvise(ballast, BALLAST, MADV_NOHUGEPAGE);
	memset(ballast, 1, BALLAST);
	memset(mem, 1, PAGE);
	child_say(child, 'r');
	pause();
	_exit(2);
}

/*
 * A reset takes the PASID off the device and gives it back. Not if the process
 * has exited meanwhile, even if the bond is still there. The verdict is the same
 * whenever that is; a kernel that gets it wrong is found where the exit begins
 * before the reset ends, and ends after.
 */
SVA_TEST(exit_while_the_device_is_reset)
{
	struct holder holder;
	uint32_t pasid, own;
	struct child child;
	pthread_t thread;
	uint64_t count;
	void *ret;
	int memfd;

	if (!holder_init(&holder, self->container))
		SKIP(return, "userfaultfd: %s", strerror(errno));
	ASSERT_EQ(0, sva_bind(self->container, 0, &own));
	for (int i = 0; i < 10; i++) {
		memfd = memfd_create("shared", MFD_ALLOW_SEALING | MFD_CLOEXEC);
		ASSERT_LE(0, memfd);
		ASSERT_EQ(0, ftruncate(memfd, PAGE));
		if (!child_fork(&child))
			child_to_be_killed(&child, self->mem, memfd);
		ASSERT_EQ('r', child_hear(&child));
		ASSERT_EQ(0, sva_bind(self->container, child.pid, &pasid));
		sva_stream(self->dev, pasid, self->mem, PAGE);

		/* From here on nothing removes the bond. */
		hold_lock(&holder);
		ASSERT_EQ(0, pthread_create(&thread, NULL, reset_device, self->dev));
		/* A reset takes 100 ms or a bit more. */
		usleep(i * 13000);
		kill(child.pid, SIGKILL);
		ASSERT_EQ(0, pthread_join(thread, &ret));
		ASSERT_EQ(NULL, ret);
		sva_stream(self->dev, pasid, self->mem, PAGE);

		ASSERT_EQ(-SIGKILL, child_end(&child));
		while (fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE))
			ASSERT_EQ(EBUSY, errno);
		/* The process has no memory any more. */
		count = sva_stream_count(self->dev);
		while (sva_stream_running(self->dev) &&
		       sva_stream_count(self->dev) == count)
			;
		EXPECT_EQ(count, sva_stream_count(self->dev));
		sva_stream_stop(self->dev);

		ASSERT_EQ(0, let_go(&holder));
		EXPECT_TRUE(bonds_become(self->container, 1));
		close(memfd);
	}
	EXPECT_TRUE(can_write(self->dev, own, self->mem));
}

/* --- Fork, exec, mappings ------------------------------------------------- */

SVA_TEST(fork_child_uses_the_bond_of_its_parent)
{
	char *page = self->mem, *shared;
	struct child child;
	uint32_t pasid;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	strcpy(page, "parent");
	if (!child_fork(&child)) {
		strcpy(page, "child");
		child_hear(&child);
		if (sva_unbind(self->container, 0) != -ESRCH)
			_exit(1);
		/* The device takes it from the parent's memory. */
		if (sva_copy(self->dev, pasid, (uintptr_t)shared,
			     (uintptr_t)page, 8))
			_exit(2);
		if (strcmp(shared, "parent") || strcmp(page, "child"))
			_exit(3);
		/* And its own it can bind. */
		if (sva_bind(self->container, 0, &pasid) ||
		    sva_copy(self->dev, pasid, (uintptr_t)shared,
			     (uintptr_t)page, 8))
			_exit(4);
		_exit(strcmp(shared, "child") ? 5 : 0);
	}
	/* After the fork the page is shared read-only: make it writable again. */
	strcpy(page, "parent");
	child_say(&child, 'g');
	EXPECT_EQ(0, child_end(&child));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));
}

SVA_TEST(exec_closes_the_device)
{
	int flags = fcntl(self->dev->fd, F_GETFD);

	EXPECT_EQ(FD_CLOEXEC, flags);
}

SVA_TEST(mappings_and_bonds_coexist)
{
	uint64_t iova = 0x10000000;
	uint32_t pasid;
	uint64_t *word = (void *)self->mem;

	ASSERT_EQ(0, sva_map(self->container, self->mem, iova, PAGE));
	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	sva_store(word, 0);
	EXPECT_EQ(0, sva_fill(self->dev, SVA_NO_PASID, iova, PATTERN, 8));
	EXPECT_EQ(PATTERN, sva_load(word));
	EXPECT_EQ(-EFAULT, sva_fill(self->dev, pasid, iova, 1, 8));
	EXPECT_EQ(-EFAULT, sva_fill(self->dev, SVA_NO_PASID, (uintptr_t)word,
				    1, 8));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));

	ASSERT_EQ(0, sva_unbind(self->container, 0));
	EXPECT_FALSE(can_write(self->dev, pasid, self->mem));
	EXPECT_EQ(0, sva_fill(self->dev, SVA_NO_PASID, iova, 2, 8));
	EXPECT_EQ(2, sva_load(word));

	ASSERT_EQ(0, sva_bind(self->container, 0, &pasid));
	ASSERT_EQ(0, sva_unmap(self->container, iova, PAGE));
	EXPECT_TRUE(can_write(self->dev, pasid, self->mem));
	EXPECT_EQ(-EFAULT, sva_fill(self->dev, SVA_NO_PASID, iova, 1, 8));
}

int main(int argc, char **argv)
{
	char c;

	/* What exec_ends_the_bond turns its child into. */
	if (argc == 2 && !strcmp(argv[1], "--wait-for-end"))
		return read(0, &c, 1) ? 1 : 0;

	sva_init(&argc, argv);
	sva_expect_faults();
	return test_harness_run(argc, argv);
}
