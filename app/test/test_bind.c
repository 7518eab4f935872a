/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Conformance of a bus to the binding API, sva_bind.h: containers, bonds, errors.
 *
 * Written against the interface only. SVA_TEST_DEVICE names a DSA device of the bus,
 * "emu:dsa" where it is not set, and SVA_TEST_DEVICE2 another one of the same bus
 * ("emu:dsa1" for the emulated bus; tests that need two are skipped without it).
 * What devices then do to memory is in test_bind_mem.c.
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
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sva_bind.h>
#include <sva_bus.h>
#include <sva_eal.h>

#include "test_bind_util.h"

static void
containers(void **state)
{
	struct sva_container *a, *b;
	struct sva_container_info info;

	(void)state;
	assert_int_equal(sva_container_create(bus_name, NULL), -EINVAL);
	assert_int_equal(sva_container_create(NULL, &a), -EINVAL);
	assert_int_equal(sva_container_create("nosuchbus", &a), -ENODEV);
	assert_int_equal(sva_container_create("", &a), -ENODEV);
	assert_int_equal(sva_container_create(bus_name, &a), 0);
	assert_int_equal(sva_container_create(bus_name, &b), 0);
	assert_ptr_not_equal(a, b);

	assert_int_equal(sva_container_info(a, NULL), -EINVAL);
	assert_int_equal(sva_container_info(NULL, &info), -EINVAL);
	assert_int_equal(sva_container_info(a, &info), 0);
	assert_string_equal(info.bus, bus_name);
	assert_int_equal(info.devices, 0);
	assert_int_equal(info.bonds, 0);
	assert_true(info.max_bonds >= 1);
	assert_in_range(info.pasid_bits, 1, 20);

	assert_int_equal(sva_container_destroy(a), 0);
	assert_int_equal(sva_container_destroy(b), 0);
}

/* A handle of what is gone, or of what never was one, is refused everywhere. */
static void
bad_handles(void **state)
{
	struct sva_container *gone, *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec), *other;
	struct sva_container_info info;
	char junk[256];
	void *bad[3];
	uint32_t pasid = 77;
	unsigned int i;

	(void)state;
	memset(junk, 0xa5, sizeof(junk));
	assert_int_equal(sva_container_create(bus_name, &gone), 0);
	assert_int_equal(sva_container_destroy(gone), 0);
	bad[0] = NULL;
	bad[1] = junk;
	bad[2] = gone;
	for (i = 0; i < 3; i++) {
		assert_int_equal(sva_bind(bad[i], 0, &pasid), -EINVAL);
		assert_int_equal(sva_unbind(bad[i], 0), -EINVAL);
		assert_int_equal(sva_container_info(bad[i], &info), -EINVAL);
		assert_int_equal(sva_container_open_device(bad[i], device_spec, &other), -EINVAL);
		assert_int_equal(sva_container_destroy(bad[i]), -EINVAL);
		assert_int_equal(sva_bus_device_close(bad[i]), -EINVAL);
	}
	assert_int_equal(pasid, 77);
	assert_int_equal(sva_container_open_device(c, NULL, &other), -EINVAL);
	assert_int_equal(sva_container_open_device(c, device_spec, NULL), -EINVAL);
	assert_int_equal(sva_container_open_device(c, "nosuchbus:dev", &other), -EINVAL);
	assert_int_equal(sva_container_open_device(c, "", &other), -EINVAL);
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(sva_bus_device_close(dev), -EINVAL);
	assert_int_equal(sva_container_destroy(c), 0);
}

static void
no_device(void **state)
{
	struct sva_container *c = open_container();
	uint32_t pasid = 77;

	(void)state;
	assert_int_equal(sva_bind(c, 0, &pasid), -EINVAL);
	assert_int_equal(sva_bind(c, getpid(), &pasid), -EINVAL);
	assert_int_equal(pasid, 77);
	assert_int_equal(nb_bonds(c), 0);
	assert_int_equal(sva_unbind(c, 0), -ESRCH);
	assert_int_equal(sva_container_destroy(c), 0);
}

static void
self(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	struct sva_container_info info;
	uint32_t pasid = 0, again = 0;

	(void)state;
	assert_int_equal(sva_unbind(c, 0), -ESRCH);
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(sva_container_info(c, &info), 0);
	assert_int_equal(info.devices, 1);
	assert_int_equal(info.bonds, 1);
	assert_in_range(pasid, 1, (1u << info.pasid_bits) - 1);

	/* The same bond, by whichever name, and however often. */
	assert_int_equal(sva_bind(c, 0, &again), 0);
	assert_int_equal(again, pasid);
	again = 0;
	assert_int_equal(sva_bind(c, getpid(), &again), 0);
	assert_int_equal(again, pasid);
	assert_int_equal(nb_bonds(c), 1);
	assert_int_equal(sva_unbind(c, getpid()), 0);
	assert_int_equal(nb_bonds(c), 0);
	assert_int_equal(sva_unbind(c, getpid()), -ESRCH);
	assert_int_equal(sva_unbind(c, 0), -ESRCH);

	assert_int_equal(sva_bind(c, getpid(), &pasid), 0);
	assert_int_equal(sva_unbind(c, 0), 0);
	assert_int_equal(sva_unbind(c, 0), -ESRCH);
	close_container(c, dev);
}

static void
arguments(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	uint32_t pasid = 77;

	(void)state;
	assert_int_equal(sva_bind(c, 0, NULL), -EINVAL);
	assert_int_equal(sva_bind(c, -1, &pasid), -EINVAL);
	assert_int_equal(sva_bind(c, INT32_MIN, &pasid), -EINVAL);
	assert_int_equal(sva_unbind(c, -1), -EINVAL);
	assert_int_equal(pasid, 77);
	assert_int_equal(nb_bonds(c), 0);
	close_container(c, dev);
}

static void
no_process(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	char comm[32] = "";
	uint32_t pasid = 77;
	siginfo_t info;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(0);
	assert_true(pid > 0);
	/* Dead, but not gone: it has no address space any more. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(sva_bind(c, pid, &pasid), -ESRCH);
	assert_int_equal(sva_unbind(c, pid), -ESRCH);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(sva_bind(c, pid, &pasid), -ESRCH);
	assert_int_equal(sva_unbind(c, pid), -ESRCH);
	/* Beyond the largest pid that Linux gives, 2^22. */
	assert_int_equal(sva_bind(c, INT32_MAX, &pasid), -ESRCH);
	assert_int_equal(sva_unbind(c, INT32_MAX), -ESRCH);
	/* A kernel thread, where one can be seen, never had one. */
	read_line("/proc/2/comm", comm, sizeof(comm));
	if (strcmp(comm, "kthreadd") == 0 && geteuid() == 0)
		assert_int_equal(sva_bind(c, 2, &pasid), -ESRCH);
	assert_int_equal(pasid, 77);
	assert_int_equal(nb_bonds(c), 0);
	close_container(c, dev);
}

static void
other_process(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	struct peer peer;
	uint32_t mine, theirs, again;

	(void)state;
	peer_start(&peer);
	assert_int_equal(sva_unbind(c, peer.pid), -ESRCH);
	assert_int_equal(sva_bind(c, peer.pid, &theirs), 0);
	assert_int_equal(sva_bind(c, 0, &mine), 0);
	assert_int_not_equal(mine, theirs);
	assert_int_equal(sva_bind(c, peer.pid, &again), 0);
	assert_int_equal(again, theirs);
	assert_int_equal(nb_bonds(c), 2);
	assert_int_equal(sva_unbind(c, peer.pid), 0);
	assert_int_equal(sva_unbind(c, peer.pid), -ESRCH);
	assert_int_equal(nb_bonds(c), 1);
	assert_int_equal(sva_bind(c, 0, &again), 0);
	assert_int_equal(again, mine);
	peer_stop(&peer);
	close_container(c, dev);
}

/* What the helper of the next test found: the first check that went wrong, or 0. */
static int
unprivileged(pid_t root_pid)
{
	struct sva_container *c;
	struct sva_bus_device *dev;
	struct peer hidden, open;
	uint32_t pasid;
	int ret = 0;

	if (sva_container_create(bus_name, &c) != 0 ||
	    sva_container_open_device(c, device_spec, &dev) != 0)
		return 1;
	if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
		return 2;
	if (sva_bind(c, root_pid, &pasid) != -EPERM)
		ret = 3;
	else if (sva_unbind(c, root_pid) != -EPERM)
		ret = 4;
	else if (sva_bind(c, 0, &pasid) != 0)
		ret = 5;
	/* Its own children it may bind, unless they have said that they do not want it. */
	peer_start(&open);
	if (ret == 0 && !peer_dumpable(&open, 1))
		ret = 6;
	if (ret == 0 && sva_bind(c, open.pid, &pasid) != 0)
		ret = 7;
	peer_start(&hidden);
	if (ret == 0 && !peer_dumpable(&hidden, 0))
		ret = 8;
	if (ret == 0 && sva_bind(c, hidden.pid, &pasid) != -EPERM)
		ret = 9;
	if (ret == 0 && nb_bonds(c) != 2)
		ret = 10;
	peer_stop(&open);
	peer_stop(&hidden);
	if (sva_bus_device_close(dev) != 0 || sva_container_destroy(c) != 0)
		ret = ret != 0 ? ret : 11;
	return ret;
}

static void
permission(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip_because("not root");
	pid = fork();
	if (pid == 0) {
		alarm(TIME_LIMIT / 2);
		_exit(unprivileged(getppid()));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The bond of a process that ends ends with it. */
static void
process_exit(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	struct peer peer, next;
	uint32_t pasid, mine;

	(void)state;
	peer_start(&peer);
	peer_start(&next);
	assert_int_equal(sva_bind(c, 0, &mine), 0);
	assert_int_equal(sva_bind(c, peer.pid, &pasid), 0);
	assert_int_equal(nb_bonds(c), 2);
	assert_int_equal(kill(peer.pid, SIGKILL), 0);
	peer_reap(&peer);
	assert_true(bonds_become(c, 1));
	assert_int_equal(sva_unbind(c, peer.pid), -ESRCH);
	assert_int_equal(sva_bind(c, next.pid, &pasid), 0);
	assert_int_not_equal(pasid, mine);
	assert_int_equal(nb_bonds(c), 2);
	peer_stop(&next);
	close_container(c, dev);
}

/* A new program in a bound process is another address space. */
static void
process_exec(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	struct peer peer;
	uint32_t pasid;

	(void)state;
	peer_start(&peer);
	assert_int_equal(sva_bind(c, peer.pid, &pasid), 0);
	peer_exec(&peer);
	assert_true(bonds_become(c, 0));
	assert_int_equal(sva_unbind(c, peer.pid), -ESRCH);
	assert_int_equal(sva_bind(c, peer.pid, &pasid), 0);
	assert_int_equal(nb_bonds(c), 1);
	assert_int_equal(sva_unbind(c, peer.pid), 0);
	peer_stop(&peer);
	close_container(c, dev);
}

static void
two_devices(void **state)
{
	struct sva_container *c, *other;
	struct sva_bus_device *dev, *dev2, *again;
	struct sva_container_info info;
	uint32_t pasid, same;

	(void)state;
	if (device2_spec == NULL)
		skip_because("SVA_TEST_DEVICE2 is not set");
	c = open_container();
	dev = open_device(c, device_spec);
	assert_int_equal(sva_container_open_device(c, device_spec, &again), -EBUSY);
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	dev2 = open_device(c, device2_spec);
	assert_int_equal(sva_container_info(c, &info), 0);
	assert_int_equal(info.devices, 2);
	assert_int_equal(info.bonds, 1);
	assert_int_equal(sva_bind(c, 0, &same), 0);
	assert_int_equal(same, pasid);

	/* It is open, also for another container; and the container is in use. */
	other = open_container();
	assert_int_equal(sva_container_open_device(other, device2_spec, &again), -EBUSY);
	assert_int_equal(sva_container_destroy(c), -EBUSY);
	assert_int_equal(nb_bonds(c), 1);
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(sva_container_destroy(c), -EBUSY);
	assert_int_equal(sva_bind(c, 0, &same), 0);
	assert_int_equal(same, pasid);

	/* A process has one PASID, in every container. */
	dev = open_device(other, device_spec);
	assert_int_equal(nb_bonds(other), 0);
	assert_int_equal(sva_unbind(other, 0), -ESRCH);
	assert_int_equal(sva_bind(other, 0, &same), 0);
	assert_int_equal(same, pasid);
	assert_int_equal(sva_unbind(c, 0), 0);
	assert_int_equal(nb_bonds(other), 1);
	close_container(other, dev);
	close_container(c, dev2);
}

/* Bonds stay when the last device leaves, unless their process ends, and the next one has them. */
static void
last_device(void **state)
{
	struct sva_container *c;
	struct sva_bus_device *dev;
	struct peer stays, ends, execs;
	uint32_t mine, theirs, again;

	(void)state;
	/* Before the device is opened: on VFIO they would keep it from being opened again. */
	peer_start(&stays);
	peer_start(&ends);
	peer_start(&execs);
	c = open_container();
	dev = open_device(c, device_spec);
	assert_int_equal(sva_bind(c, 0, &mine), 0);
	assert_int_equal(sva_bind(c, stays.pid, &theirs), 0);
	assert_int_equal(sva_bind(c, ends.pid, &again), 0);
	assert_int_equal(sva_bind(c, execs.pid, &again), 0);
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(nb_bonds(c), 4);
	peer_stop(&ends);
	peer_exec(&execs);
	assert_true(bonds_become(c, 2));
	assert_int_equal(sva_unbind(c, execs.pid), -ESRCH);
	assert_int_equal(sva_bind(c, stays.pid, &again), -EINVAL);

	dev = open_device(c, device_spec);
	assert_int_equal(nb_bonds(c), 2);
	assert_int_equal(sva_bind(c, 0, &again), 0);
	assert_int_equal(again, mine);
	assert_int_equal(sva_bind(c, stays.pid, &again), 0);
	assert_int_equal(again, theirs);
	assert_int_equal(sva_unbind(c, execs.pid), -ESRCH);
	assert_int_equal(nb_bonds(c), 2);

	/* A bond can be undone without a device, and does not come back with one. */
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(sva_unbind(c, stays.pid), 0);
	assert_int_equal(sva_unbind(c, stays.pid), -ESRCH);
	assert_int_equal(nb_bonds(c), 1);
	dev = open_device(c, device_spec);
	assert_int_equal(nb_bonds(c), 1);
	assert_int_equal(sva_unbind(c, stays.pid), -ESRCH);
	assert_int_equal(sva_unbind(c, 0), 0);
	peer_stop(&execs);
	peer_stop(&stays);
	close_container(c, dev);
}

/* A container goes with its bonds, and what it took is free again. */
static void
destroy(void **state)
{
	/* The emulated bus has 256 PASIDs. */
	unsigned int i, rounds = emulated() ? 300 : 20;

	(void)state;
	for (i = 0; i < rounds; i++) {
		struct sva_container *c = open_container();
		struct sva_bus_device *dev = open_device(c, device_spec);
		uint32_t pasid;

		assert_int_equal(sva_bind(c, 0, &pasid), 0);
		close_container(c, dev);
	}
}

#define MOST_CHILDREN 300

/* The limit of VFIO's containers is the kernel's: have it so low that a test reaches it. */
static void
set_limit(const char *value, char *old, size_t size)
{
	const char *path = "/sys/module/vfio_iommu_type1/parameters/bond_limit";
	FILE *f;

	if (strcmp(bus_name, "vfio") != 0)
		return;
	if (old != NULL)
		read_line(path, old, size);
	f = fopen(path, "w");
	if (f == NULL)
		return;
	fputs(value, f);
	fclose(f);
}

static void
bond_limit(void **state)
{
	char old[16] = "";
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	struct sva_container_info info;
	static pid_t pids[MOST_CHILDREN];
	uint32_t pasid, pasids[MOST_CHILDREN];
	unsigned int n, i;
	int gate[2];
	char byte;

	(void)state;
	set_limit("40", old, sizeof(old));
	assert_int_equal(sva_container_info(c, &info), 0);
	if (info.max_bonds >= MOST_CHILDREN) {
		close_container(c, dev);
		skip_because("the limit is higher than this test's");
	}
	assert_int_equal(pipe(gate), 0);
	for (n = 0; n <= info.max_bonds; n++) {
		pids[n] = fork();
		if (pids[n] == 0) {
			alarm(TIME_LIMIT / 2);
			close(gate[1]);
			_exit(read(gate[0], &byte, 1) != 0);
		}
		assert_true(pids[n] > 0);
	}
	for (i = 0; i < info.max_bonds; i++) {
		assert_int_equal(sva_bind(c, pids[i], &pasids[i]), 0);
		for (n = 0; n < i; n++)
			assert_int_not_equal(pasids[n], pasids[i]);
	}
	assert_int_equal(sva_bind(c, pids[i], &pasid), -ENOSPC);
	assert_int_equal(sva_bind(c, 0, &pasid), -ENOSPC);
	assert_int_equal(nb_bonds(c), info.max_bonds);
	/* Not one too many, so those that are there can still be named. */
	assert_int_equal(sva_bind(c, pids[3], &pasid), 0);
	assert_int_equal(pasid, pasids[3]);
	assert_int_equal(sva_unbind(c, pids[3]), 0);
	assert_int_equal(sva_bind(c, pids[info.max_bonds], &pasid), 0);
	assert_int_equal(sva_bind(c, pids[3], &pasid), -ENOSPC);
	close(gate[0]);
	close(gate[1]);
	for (n = 0; n <= info.max_bonds; n++)
		assert_int_equal(waitpid(pids[n], NULL, 0), pids[n]);
	set_limit(old, NULL, 0);
	assert_true(bonds_become(c, 0));
	close_container(c, dev);
}

#define THREADS 4

static struct sva_container *shared;
static unsigned int rounds;
static uint32_t shared_pasid;

/* Each returns NULL, or what was wrong. */
static void *
bind_loop(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < rounds; i++) {
		struct sva_container_info info;
		uint32_t pasid = 0;
		int ret;

		if (sva_bind(shared, 0, &pasid) != 0 || pasid == 0)
			return (void *)"bind";
		ret = sva_unbind(shared, i & 1 ? 0 : getpid());
		if (ret != 0 && ret != -ESRCH)
			return (void *)"unbind";
		if (sva_container_info(shared, &info) != 0 || info.bonds > 1)
			return (void *)"info";
	}
	return NULL;
}

static void *
open_loop(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < rounds; i++) {
		struct sva_container *c;
		struct sva_bus_device *dev;
		uint32_t pasid = 0;
		int ret;

		if (sva_container_create(bus_name, &c) != 0)
			return (void *)"create";
		ret = device2_spec == NULL ? -EBUSY :
		      sva_container_open_device(i & 1 ? c : shared, device2_spec, &dev);
		if (ret != 0 && ret != -EBUSY)
			return (void *)"open";
		if (ret == 0 && (i & 1) && (sva_bind(c, 0, &pasid) != 0 || pasid == 0))
			return (void *)"bind of another container";
		if (ret == 0 && sva_bus_device_close(dev) != 0)
			return (void *)"close";
		if (sva_container_destroy(c) != 0)
			return (void *)"destroy";
	}
	return NULL;
}

static void
threads(void **state)
{
	pthread_t ids[THREADS];
	struct sva_bus_device *dev;
	unsigned int i;

	(void)state;
	rounds = emulated() ? 60 : 10;
	shared = open_container();
	dev = open_device(shared, device_spec);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, i & 1 ? bind_loop : open_loop, NULL),
				 0);
	for (i = 0; i < THREADS; i++) {
		void *wrong;

		assert_int_equal(pthread_join(ids[i], &wrong), 0);
		if (wrong != NULL)
			fail_msg("%s", (const char *)wrong);
	}
	assert_int_equal(sva_bind(shared, 0, &shared_pasid), 0);
	assert_int_equal(nb_bonds(shared), 1);
	close_container(shared, dev);
}

/*
 * A fork's copy of a container either works, for a bond of the child's own, as on VFIO, or is
 * refused as a whole, as on the emulated bus. Either way the parent's bond is not the child's.
 */
static int
forked(struct sva_container *c, uint32_t parents)
{
	uint32_t pasid = 0;
	int ret = sva_bind(c, 0, &pasid);

	if (ret == 0 && !emulated())
		return pasid == parents ? 1 : sva_unbind(c, 0) != 0;
	if (ret != -EOPNOTSUPP || strcmp(bus_name, "vfio") == 0)
		return 2;
	return sva_unbind(c, 0) == -EOPNOTSUPP && sva_bind(c, getppid(), &pasid) == -EOPNOTSUPP &&
	       sva_unbind(c, getppid()) == -EOPNOTSUPP ? 0 : 3;
}

static void
after_fork(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	uint32_t pasid, again;
	int gate[2], status;
	char go;
	pid_t pid;

	(void)state;
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		alarm(TIME_LIMIT / 2);
		close(gate[1]);
		_exit(read(gate[0], &go, 1) == 1 ? forked(c, pasid) : 4);
	}
	assert_true(pid > 0);
	/* Before the child binds itself: on VFIO its bond counts in the container of both. */
	assert_int_equal(nb_bonds(c), 1);
	assert_int_equal(write(gate[1], "", 1), 1);
	close(gate[0]);
	close(gate[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(sva_bind(c, 0, &again), 0);
	assert_int_equal(again, pasid);
	assert_int_equal(nb_bonds(c), 1);
	close_container(c, dev);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(containers, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(bad_handles, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(no_device, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(self, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(arguments, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(no_process, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(other_process, bind_start, bind_end),
		/* Before a thread or a device of this process is in the way. */
		cmocka_unit_test_setup_teardown(permission, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(process_exit, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(process_exec, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(two_devices, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(last_device, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(destroy, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(bond_limit, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(threads, bind_start, bind_end),
		cmocka_unit_test_setup_teardown(after_fork, bind_start, bind_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
