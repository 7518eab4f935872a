/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The VFIO bus with devices: what test_bind.c and test_bind_mem.c do not ask of every bus.
 * For the virtual machine. SVA_TEST_DEVICE and SVA_TEST_DEVICE2 name functions "svadk-test"
 * (test_dma.h), SVA_TEST_NO_PASID and SVA_TEST_NO_ATS one without, SVA_TEST_PAIR one that
 * shares its IOMMU group, and SVA_TEST_UNBOUND one that vfio-pci does not hold; tests of what
 * is not named are skipped.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "test_bind_util.h"
#include "test_dma.h"

#define PAGE 4096u
#define PATTERN 0x2222222222222222ull

static uint64_t *memory;	/* shared with children, so that a fork leaves it as it is */
static unsigned int files;	/* open before a case */

/* Count the open files; with @ours look only at those that the bus has opened. */
static unsigned int
count_files(bool ours, bool *closed_on_exec)
{
	char path[64], target[64];
	unsigned int n = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = flags < 0 ? -1 : readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (ours && strstr(target, "vfio") == NULL && strstr(target, "eventfd") == NULL &&
		    strstr(target, "/mem") == NULL)
			continue;
		n++;
		if (closed_on_exec != NULL)
			*closed_on_exec &= (flags & FD_CLOEXEC) != 0;
	}
	return n;
}

static int
start(void **state)
{
	files = count_files(false, NULL);
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	memset(memory, 0x11, PAGE);
	device_spec = NULL;
	if (getenv("SVA_TEST_DEVICE") == NULL) {
		fprintf(stderr, "SVA_TEST_DEVICE is not set: name a function svadk-test, "
			"vfio:ADDRESS\n");
		return -1;
	}
	return bind_start(state);
}

static int
end(void **state)
{
	int ret = bind_end(state);

	munmap(memory, PAGE);
	if (count_files(false, NULL) != files) {
		print_error("files are left open\n");
		ret = -1;
	}
	return ret;
}

static const char *
named(const char *variable)
{
	const char *spec = getenv(variable);

	if (spec == NULL) {
		print_message("           %s is not set\n", variable);
		skip();
	}
	return spec;
}

struct seen {
	bool it;
	char problem[320];
};

static void
look(const struct sva_bus_found *found, void *arg)
{
	struct seen *seen = arg;

	if (strcmp(found->name, device_spec) != 0)
		return;
	seen->it = true;
	snprintf(seen->problem, sizeof(seen->problem), "%s",
		 found->problem != NULL ? found->problem : "");
	assert_int_equal(found->vendor_id, STF_VENDOR);
	assert_int_equal(found->device_id, STF_DEVICE);
}

static void
scan(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(sva_bus_scan(sva_bus_find("vfio"), look, &seen), 0);
	assert_true(seen.it);
	assert_string_equal(seen.problem, "");
}

static void
refused_names(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev;

	(void)state;
	assert_int_equal(sva_container_open_device(c, "vfio:0000:fe:1f.7", &dev), -ENODEV);
	assert_true(log_has("there is no PCI function \"0000:fe:1f.7\""));
	assert_int_equal(sva_container_open_device(c, "vfio:none", &dev), -ENODEV);
	assert_true(log_has("there is no PCI function \"none\""));
	assert_int_equal(sva_container_destroy(c), 0);
}

static void
registers(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	const struct sva_bus_ops *io = dev->bus->ops;

	(void)state;
	assert_int_equal(dev->vendor_id, STF_VENDOR);
	assert_int_equal(dev->device_id, STF_DEVICE);
	assert_int_equal(io->read32(dev, STF_REG_ID), STF_ID);
	assert_int_equal(io->read32(dev, STF_REG_STATUS), STF_IDLE);
	io->write64(dev, STF_REG_SRC, 0x0123456789abcdef);
	assert_true(io->read64(dev, STF_REG_SRC) == 0x0123456789abcdef);
	assert_int_equal(io->read32(dev, STF_REG_SRC), 0x89abcdef);
	assert_int_equal(io->read32(dev, STF_REG_SRC + 4), 0x01234567);
	io->write32(dev, STF_REG_SRC + 4, 0x76543210);
	assert_true(io->read64(dev, STF_REG_SRC) == 0x7654321089abcdef);

	/* Past the end of the BAR, also where the sum is too large for 64 bits. */
	assert_int_equal(io->read32(dev, PAGE), UINT32_MAX);
	assert_true(io->read64(dev, PAGE - 4) == UINT64_MAX);
	assert_true(io->read64(dev, UINT64_MAX - 3) == UINT64_MAX);
	io->write32(dev, PAGE, 1);
	io->write64(dev, UINT64_MAX - 7, 1);
	close_container(c, dev);
}

static void
portals(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	const struct sva_bus_ops *io = dev->bus->ops;
	struct sva_portal portal;

	(void)state;
	assert_int_equal(io->portal_open(dev, 0, &portal), 0);
	assert_true(portal.kind == SVA_PORTAL_MOVDIR64B || portal.kind == SVA_PORTAL_STORE8);
	assert_non_null(portal.addr);
	assert_null(portal.write);
	assert_null(portal.enqcmd);
	io->portal_close(dev, &portal);
	assert_int_equal(io->portal_open(dev, 64, &portal), -EINVAL);
	assert_int_equal(io->portal_open(dev, 1ull << 40, &portal), -EINVAL);
	assert_int_equal(io->portal_open(dev, UINT64_MAX - 4095, &portal), -EINVAL);
	close_container(c, dev);
}

/* Whether an eventfd has been signalled, waiting for it as long as the alarm lets. */
static bool
signalled(int fd, bool wait)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t count = 0;

	return poll(&p, 1, wait ? -1 : 0) == 1 && read(fd, &count, sizeof(count)) == 8 &&
	       count == 1;
}

static void
raise_irq(struct sva_bus_device *dev, uint64_t vector)
{
	dev->bus->ops->write64(dev, STF_REG_SRC, vector);
	dev->bus->ops->write32(dev, STF_REG_CMD, STF_IRQ);
}

/* Both vectors, whichever is asked for first. */
static void
two_vectors(unsigned int first)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	const struct sva_bus_ops *io = dev->bus->ops;
	unsigned int second = 1 - first;
	int fds[2];

	assert_int_equal(io->irq_fd(dev, 2), -EINVAL);
	assert_int_equal(io->irq_fd(dev, UINT32_MAX), -EINVAL);
	fds[first] = io->irq_fd(dev, first);
	assert_true(fds[first] >= 0);
	assert_int_equal(io->irq_fd(dev, first), fds[first]);
	assert_false(signalled(fds[first], false));
	raise_irq(dev, first);
	assert_true(signalled(fds[first], true));

	fds[second] = io->irq_fd(dev, second);
	assert_true(fds[second] >= 0);
	assert_int_not_equal(fds[second], fds[first]);
	raise_irq(dev, second);
	assert_true(signalled(fds[second], true));
	assert_false(signalled(fds[first], false));
	raise_irq(dev, first);
	assert_true(signalled(fds[first], true));
	assert_false(signalled(fds[second], false));

	/* They outlive a reset. */
	assert_int_equal(io->reset(dev), 0);
	raise_irq(dev, first);
	assert_true(signalled(fds[first], true));
	raise_irq(dev, second);
	assert_true(signalled(fds[second], true));
	close_container(c, dev);
}

static void
interrupts(void **state)
{
	(void)state;
	two_vectors(0);
	two_vectors(1);
}

static void
reset(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	struct dma dma;
	uint32_t pasid;

	(void)state;
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(dma_up(&dma, dev, pasid, NULL), 0);
	assert_int_equal(stf_run(&dma, STF_STREAM, 0, memory, PAGE), STF_BUSY);
	assert_int_equal(dma.io->reset(dev), 0);
	assert_int_equal(dma.io->read32(dev, STF_REG_STATUS), STF_IDLE);
	assert_int_equal(dma.io->read32(dev, STF_REG_PASID), 0);
	assert_true(dma.io->read64(dev, STF_REG_DST) == 0);

	/* The bond has outlived it, and so has what the device needs to use it. */
	memset(memory, 0x11, PAGE);
	assert_int_equal(dma_up(&dma, dev, pasid, NULL), 0);
	assert_int_equal(dma_fill(&dma, memory, PATTERN, PAGE), 0);
	assert_true(memory[0] == PATTERN && memory[PAGE / 8 - 1] == PATTERN);
	close_container(c, dev);
}

/* Each open finds the function as after a reset, whatever the last user left. */
static void
clean(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	struct dma dma;
	uint32_t pasid;

	(void)state;
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(dma_up(&dma, dev, pasid, NULL), 0);
	assert_int_equal(stf_run(&dma, STF_STREAM, 0, memory, PAGE), STF_BUSY);
	assert_int_equal(sva_bus_device_close(dev), 0);
	dev = open_device(c, device_spec);
	assert_int_equal(dma.io->read32(dev, STF_REG_STATUS), STF_IDLE);
	assert_int_equal(dma.io->read32(dev, STF_REG_PASID), 0);
	close_container(c, dev);
}

/*
 * A child that was forked while the device was open has it for longer than its parent: not
 * the memory, and the parent is told why it cannot open it again.
 */
static void
child_stays(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec), *again;
	struct dma dma;
	int gate[2], status, ret;
	uint32_t pasid;
	char go;
	pid_t pid;

	(void)state;
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(dma_up(&dma, dev, pasid, NULL), 0);
	assert_int_equal(dma_fill(&dma, memory, PATTERN, PAGE), 0);
	assert_int_equal(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		alarm(time_limit() / 2);
		close(gate[1]);
		status = read(gate[0], &go, 1) != 1 ||
			 stf_run(&dma, STF_FILL, ~PATTERN, memory, PAGE) != STF_FAULT;
		if (sva_bus_device_close(dev) != 0 || sva_container_destroy(c) != 0)
			status = 2;
		/* Go with the rest when told: the child lives, and holds nothing. */
		if (read(gate[0], &go, 1) != 1)
			status = 3;
		_exit(status);
	}
	assert_true(pid > 0);
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(sva_container_open_device(c, device_spec, &again), -EBUSY);
	assert_true(log_has("a child forked while it was open here"));
	assert_int_equal(write(gate[1], "", 1), 1);
	/* Until the child has closed it, there is no other sign of it. */
	while ((ret = sva_container_open_device(c, device_spec, &dev)) == -EBUSY)
		sched_yield();
	assert_int_equal(ret, 0);
	assert_true(memory[0] == PATTERN && memory[PAGE / 8 - 1] == PATTERN);
	assert_int_equal(write(gate[1], "", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(gate[0]);
	close(gate[1]);
	assert_int_equal(nb_bonds(c), 1);
	close_container(c, dev);
}

/*
 * A child that opens the device again, in the container that it has from its parent, starts
 * without its parent's bond; and its parent has it afterwards, not the child's.
 */
static void
child_opens(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	uint32_t mine, theirs;
	struct dma dma;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(sva_bind(c, 0, &mine), 0);
	assert_int_equal(sva_bus_device_close(dev), 0);
	pid = fork();
	if (pid == 0) {
		alarm(time_limit() / 2);
		if (sva_container_open_device(c, device_spec, &dev) != 0)
			_exit(1);
		if (nb_bonds(c) != 0)
			_exit(2);
		if (sva_bind(c, 0, &theirs) != 0 || theirs == mine ||
		    dma_up(&dma, dev, theirs, NULL) != 0)
			_exit(3);
		touch((unsigned char *)memory, PAGE);
		if (dma_fill(&dma, memory, PATTERN, PAGE) != 0 || memory[1] != PATTERN)
			_exit(4);
		_exit(sva_bus_device_close(dev) != 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(nb_bonds(c), 1);
	dev = open_device(c, device_spec);
	assert_int_equal(nb_bonds(c), 1);
	assert_int_equal(sva_bind(c, 0, &theirs), 0);
	assert_int_equal(theirs, mine);
	close_container(c, dev);
}

static void *
bind_by_thread_id(void *arg)
{
	struct sva_container *c = arg;
	uint32_t pasid, same;

	return (void *)(uintptr_t)(sva_bind(c, gettid(), &pasid) == 0 &&
				   sva_bind(c, 0, &same) == 0 && same == pasid &&
				   nb_bonds(c) == 1 && sva_unbind(c, gettid()) == 0);
}

/* A thread's id names its process, and the bond that is undone so does not come back. */
static void
thread_id(void **state)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	pthread_t thread;
	void *good;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, bind_by_thread_id, c), 0);
	assert_int_equal(pthread_join(thread, &good), 0);
	assert_non_null(good);
	assert_int_equal(nb_bonds(c), 0);
	assert_int_equal(sva_bus_device_close(dev), 0);
	dev = open_device(c, device_spec);
	assert_int_equal(nb_bonds(c), 0);
	close_container(c, dev);
}

/* Nothing that reaches a device or another process's memory gets into another program. */
static void
closed_on_exec(void **state)
{
	struct peer peer;
	struct sva_container *c;
	struct sva_bus_device *dev;
	bool closed = true;
	uint32_t pasid;

	(void)state;
	peer_start(&peer);
	c = open_container();
	dev = open_device(c, device_spec);
	assert_true(dev->bus->ops->irq_fd(dev, 0) >= 0);
	assert_int_equal(sva_bind(c, peer.pid, &pasid), 0);
	/* Container, group, device, eventfd, the peer's memory. */
	assert_int_equal(count_files(true, &closed), 5);
	assert_true(closed);
	assert_int_equal(sva_unbind(c, peer.pid), 0);
	assert_int_equal(count_files(true, &closed), 4);
	peer_stop(&peer);
	close_container(c, dev);
}

/* A device that cannot do it: told so at the bind, and kept out where processes are bound. */
static void
no_sva(const char *spec, bool has_pasid)
{
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, spec), *good;
	struct sva_container_info info;
	struct dma dma;
	uint32_t pasid = 77;

	assert_int_equal(sva_container_info(c, &info), 0);
	assert_int_equal(info.pasid_bits, has_pasid ? 20 : 0);
	assert_int_equal(sva_bind(c, 0, &pasid), -EOPNOTSUPP);
	assert_true(log_has(has_pasid ? "each needs ATS as well as PASID" :
					"the PASID capability"));
	assert_int_equal(pasid, 77);
	assert_int_equal(nb_bonds(c), 0);
	assert_int_equal(sva_unbind(c, 0), -ESRCH);

	/* Beside a good one: all devices or none. */
	good = open_device(c, device_spec);
	assert_int_equal(sva_bind(c, 0, &pasid), -EOPNOTSUPP);
	assert_true(log_has(has_pasid ? "each needs ATS as well as PASID" : spec));
	assert_int_equal(nb_bonds(c), 0);
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(sva_container_open_device(c, spec, &dev), -EOPNOTSUPP);
	assert_true(log_has("the device or its IOMMU cannot take that"));
	assert_int_equal(nb_bonds(c), 1);
	assert_int_equal(dma_up(&dma, good, pasid, NULL), 0);
	assert_int_equal(dma_fill(&dma, memory, PATTERN, PAGE), 0);
	assert_true(memory[0] == PATTERN && memory[PAGE / 8 - 1] == PATTERN);

	/* The same where the bonds are without a device for the moment. */
	assert_int_equal(sva_bus_device_close(good), 0);
	assert_int_equal(sva_container_open_device(c, spec, &dev), -EOPNOTSUPP);
	assert_true(log_has("cannot be made anew"));
	assert_int_equal(nb_bonds(c), 1);
	good = open_device(c, device_spec);
	assert_int_equal(nb_bonds(c), 1);
	close_container(c, good);
}

static void
no_pasid(void **state)
{
	(void)state;
	no_sva(named("SVA_TEST_NO_PASID"), false);
}

static void
no_ats(void **state)
{
	(void)state;
	no_sva(named("SVA_TEST_NO_ATS"), true);
}

static void
pair(void **state)
{
	const char *spec = named("SVA_TEST_PAIR");
	struct sva_container *c = open_container();
	struct sva_bus_device *dev;

	(void)state;
	assert_int_equal(sva_container_open_device(c, spec, &dev), -EOPNOTSUPP);
	assert_true(log_has("groups of one only"));
	assert_int_equal(sva_container_destroy(c), 0);
}

static void
unbound_function(void **state)
{
	const char *spec = named("SVA_TEST_UNBOUND");
	struct sva_container *c = open_container();
	struct sva_bus_device *dev;

	(void)state;
	assert_int_equal(sva_container_open_device(c, spec, &dev), -ENODEV);
	assert_true(log_has("bind it to vfio-pci"));
	assert_int_equal(sva_container_destroy(c), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(scan, start, end),
		cmocka_unit_test_setup_teardown(refused_names, start, end),
		cmocka_unit_test_setup_teardown(registers, start, end),
		cmocka_unit_test_setup_teardown(portals, start, end),
		cmocka_unit_test_setup_teardown(interrupts, start, end),
		cmocka_unit_test_setup_teardown(reset, start, end),
		cmocka_unit_test_setup_teardown(clean, start, end),
		cmocka_unit_test_setup_teardown(child_stays, start, end),
		cmocka_unit_test_setup_teardown(child_opens, start, end),
		cmocka_unit_test_setup_teardown(thread_id, start, end),
		cmocka_unit_test_setup_teardown(closed_on_exec, start, end),
		cmocka_unit_test_setup_teardown(no_pasid, start, end),
		cmocka_unit_test_setup_teardown(no_ats, start, end),
		cmocka_unit_test_setup_teardown(pair, start, end),
		cmocka_unit_test_setup_teardown(unbound_function, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
