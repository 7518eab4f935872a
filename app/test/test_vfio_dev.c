/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The VFIO bus with devices: what test_bind.c and test_bind_mem.c do not ask of every bus.
 * For the virtual machine. SVA_TEST_DEVICE and SVA_TEST_DEVICE2 name functions "svadk-test"
 * (test_dma.h), SVA_TEST_NO_PASID and SVA_TEST_NO_ATS one without, SVA_TEST_PAIR one that
 * shares its IOMMU group, SVA_TEST_PRI one that asks for the pages it misses, and
 * SVA_TEST_UNBOUND one that vfio-pci does not hold; tests of what is not named are skipped.
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

/* Under a PASID, addresses that interrupts have otherwise are memory as all others. */
static void
interrupt_addresses(void **state)
{
	uint64_t *mem = mmap((void *)0xfee00000, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, device_spec);
	struct dma dma;
	uint32_t pasid;

	(void)state;
	assert_true(mem != MAP_FAILED);
	memset(mem, 0x11, PAGE);
	assert_int_equal(sva_bind(c, 0, &pasid), 0);
	assert_int_equal(dma_up(&dma, dev, pasid, NULL), 0);
	assert_int_equal(dma_fill(&dma, mem, PATTERN, PAGE), 0);
	assert_true(mem[0] == PATTERN && mem[PAGE / 8 - 1] == PATTERN);
	close_container(c, dev);
	munmap(mem, PAGE);
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
		alarm(TIME_LIMIT / 2);
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
		alarm(TIME_LIMIT / 2);
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

/* Have vfio-pci take a function, "bind", or give it up, "unbind". */
static void
tell_vfio_pci(const char *what, const char *spec)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/vfio-pci/%s", what);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(spec + strlen("vfio:"), f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The first of two functions in a group, whoever holds the second. */
static void
pair(void **state)
{
	const char *spec = named("SVA_TEST_PAIR");
	struct sva_container *c = open_container();
	struct sva_bus_device *dev;
	char second[32];

	(void)state;
	assert_int_equal(sva_container_open_device(c, spec, &dev), -EOPNOTSUPP);
	assert_true(log_has("has 2 functions, and processes are bound to groups of one only"));

	snprintf(second, sizeof(second), "%.*s1", (int)strlen(spec) - 1, spec);
	tell_vfio_pci("unbind", second);
	assert_int_equal(sva_container_open_device(c, spec, &dev), -EOPNOTSUPP);
	assert_true(log_has("has 2 functions, and processes are bound to groups of one only"));
	assert_int_equal(sva_container_open_device(c, second, &dev), -ENODEV);
	assert_true(log_has("no kernel driver holds it"));
	tell_vfio_pci("bind", second);
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

/*
 * A function with PRI: where there is no page the kernel is asked for it, as by a CPU's page
 * fault, and no fault of the IOMMU is logged.
 */
struct pri {
	struct sva_container *c;
	struct sva_bus_device *dev;
	struct dma dma;
};

/* Binds process @pid, 0: this one. */
static void
pri_up(struct pri *p, pid_t pid)
{
	const char *spec = named("SVA_TEST_PRI");
	struct sva_container_info info;
	uint32_t pasid;

	p->c = open_container();
	p->dev = open_device(p->c, spec);
	assert_int_equal(sva_container_info(p->c, &info), 0);
	assert_true(info.io_page_faults);
	assert_int_equal(sva_bind(p->c, pid, &pasid), 0);
	assert_int_equal(dma_up(&p->dma, p->dev, pasid, NULL), 0);
}

static uint32_t
pri_finish(struct pri *p)
{
	uint32_t status;

	while ((status = p->dma.io->read32(p->dev, STF_REG_STATUS)) == STF_BUSY)
		sched_yield();
	return status;
}

static uint32_t
pri_fill(struct pri *p, void *dst, size_t len)
{
	stf_run(&p->dma, STF_FILL, PATTERN, dst, len);
	return pri_finish(p);
}

static uint32_t
pri_copy(struct pri *p, void *dst, const void *src, size_t len)
{
	stf_run(&p->dma, STF_COPY, (uintptr_t)src, dst, len);
	return pri_finish(p);
}

static uint64_t
pri_fault(struct pri *p)
{
	return p->dma.io->read64(p->dev, STF_REG_FAULT);
}

/* Memory that no CPU has touched. */
static uint8_t *
pri_memory(size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(mem != MAP_FAILED);
	/* A request for each page. */
	madvise(mem, len, MADV_NOHUGEPAGE);
	return mem;
}

static bool
filled(const void *start, uint64_t value, size_t len)
{
	const uint64_t *words = start;
	size_t i;

	for (i = 0; i < len / 8; i++)
		if (words[i] != value)
			return false;
	return true;
}

static void
pri_untouched(void **state)
{
	const size_t len = 16 * PAGE;
	uint8_t *data = malloc(len), *mem, *file;
	struct pri p;
	size_t i;
	int fd;

	(void)state;
	pri_up(&p, 0);
	fd = memfd_create("pri", MFD_CLOEXEC);
	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(i + i / PAGE);
	assert_int_equal(write(fd, data, len), len);
	file = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(file != MAP_FAILED);
	close(fd);

	mem = pri_memory(2 * len);
	assert_int_equal(pri_copy(&p, mem + 100, file, len), STF_DONE);
	assert_memory_equal(mem + 100, data, len);
	assert_true(filled(mem, 0, 96) && filled(mem + len + 104, 0, len - 104));
	munmap(mem, 2 * len);

	mem = pri_memory(len);
	assert_int_equal(pri_fill(&p, mem + 8, len - 16), STF_DONE);
	assert_true(filled(mem + 8, PATTERN, len - 16));
	assert_true(filled(mem, 0, 8) && filled(mem + len - 8, 0, 8));
	munmap(mem, len);
	munmap(file, len);
	free(data);
	close_container(p.c, p.dev);
}

/* What a CPU could not do the device cannot either; and it can go on with other things. */
static void
pri_refused(void **state)
{
	struct pri p;
	uint8_t *mem;

	(void)state;
	pri_up(&p, 0);
	mem = pri_memory(4 * PAGE);
	munmap(mem + PAGE, PAGE);
	assert_int_equal(mprotect(mem + 2 * PAGE, PAGE, PROT_READ), 0);

	assert_int_equal(pri_fill(&p, mem, 2 * PAGE), STF_FAULT);
	assert_true(pri_fault(&p) == (uintptr_t)mem + PAGE);
	assert_true(filled(mem, PATTERN, PAGE));
	assert_int_equal(pri_copy(&p, mem, mem + PAGE, 8), STF_FAULT);
	assert_true(pri_fault(&p) == (uintptr_t)mem + PAGE);

	/* Untouched, and then there but not writable. */
	assert_int_equal(pri_fill(&p, mem + 2 * PAGE, 8), STF_FAULT);
	assert_true(pri_fault(&p) == (uintptr_t)mem + 2 * PAGE);
	assert_int_equal(pri_copy(&p, mem, mem + 2 * PAGE, PAGE), STF_DONE);
	assert_true(filled(mem, 0, PAGE));
	assert_int_equal(pri_fill(&p, mem + 2 * PAGE, 8), STF_FAULT);
	assert_true(pri_fault(&p) == (uintptr_t)mem + 2 * PAGE);
	assert_true(filled(mem + 2 * PAGE, 0, PAGE));

	assert_int_equal(pri_fill(&p, mem + 3 * PAGE, PAGE), STF_DONE);
	assert_true(filled(mem + 3 * PAGE, PATTERN, PAGE));
	munmap(mem, 4 * PAGE);
	close_container(p.c, p.dev);
}

/* Pages that a child shares until one of both writes: the device does for its process. */
static void
pri_fork(void **state)
{
	struct peer peer;
	struct pri p;
	uint8_t *mem;

	(void)state;
	pri_up(&p, 0);
	mem = pri_memory(4 * PAGE);
	memset(mem, 0x11, 4 * PAGE);
	assert_int_equal(pri_fill(&p, mem, PAGE), STF_DONE);
	memset(mem, 0x11, PAGE);
	peer_start(&peer);
	assert_int_equal(pri_fill(&p, mem, 3 * PAGE), STF_DONE);
	assert_true(filled(mem, PATTERN, 3 * PAGE));
	assert_true(peer_has(&peer, mem, 4 * PAGE, 0x11));
	peer_stop(&peer);
	munmap(mem, 4 * PAGE);
	close_container(p.c, p.dev);
}

/* So much that the device is still at it when the next call is done; if not, once more. */
#define PRI_MUCH (1024 * PAGE)

static void
pri_unmap(void **state)
{
	uint32_t status;
	struct pri p;
	uint8_t *mem, *last;

	(void)state;
	pri_up(&p, 0);
	do {
		mem = pri_memory(PRI_MUCH);
		last = mem + PRI_MUCH - PAGE;
		stf_run(&p.dma, STF_FILL, PATTERN, mem, PRI_MUCH);
		munmap(last, PAGE);
		status = pri_finish(&p);
		munmap(mem, PRI_MUCH);
	} while (status == STF_DONE);
	assert_int_equal(status, STF_FAULT);
	assert_true(pri_fault(&p) == (uintptr_t)last);
	close_container(p.c, p.dev);
}

/* Nothing is written any more when the unbind has returned; the device is told "no". */
static void
pri_unbind(void **state)
{
	uint8_t *mem;
	uint32_t status, pasid;
	struct pri p;

	(void)state;
	pri_up(&p, 0);
	do {
		mem = pri_memory(PRI_MUCH);
		faults_expected(&p.dma, true);
		stf_run(&p.dma, STF_FILL, PATTERN, mem, PRI_MUCH);
		assert_int_equal(sva_unbind(p.c, 0), 0);
		memset(mem, 0x11, PRI_MUCH);
		status = pri_finish(&p);
		faults_expected(&p.dma, false);
		assert_true(filled(mem, 0x1111111111111111, PRI_MUCH));
		munmap(mem, PRI_MUCH);
		assert_int_equal(sva_bind(p.c, 0, &pasid), 0);
		assert_int_equal(dma_up(&p.dma, p.dev, pasid, NULL), 0);
	} while (status == STF_DONE);
	assert_int_equal(status, STF_FAULT);
	mem = pri_memory(PAGE);
	assert_int_equal(pri_fill(&p, mem, PAGE), STF_DONE);
	assert_true(filled(mem, PATTERN, PAGE));
	munmap(mem, PAGE);
	close_container(p.c, p.dev);
}

/* The memory of another process, which goes while the device is at work. */
static void
pri_peer(void **state)
{
	uint32_t status;
	struct peer peer;
	struct pri p;
	uint8_t *mem;

	(void)state;
	named("SVA_TEST_PRI");
	mem = pri_memory(PRI_MUCH);
	do {
		peer_start(&peer);
		pri_up(&p, peer.pid);
		assert_int_equal(pri_fill(&p, mem, 4 * PAGE), STF_DONE);
		assert_true(peer_has(&peer, mem, 4 * PAGE, 0x22));
		faults_expected(&p.dma, true);
		stf_run(&p.dma, STF_FILL, PATTERN, mem, PRI_MUCH);
		peer_stop(&peer);
		status = pri_finish(&p);
		faults_expected(&p.dma, false);
		close_container(p.c, p.dev);
	} while (status == STF_DONE);
	assert_int_equal(status, STF_FAULT);
	assert_true(filled(mem, 0, PRI_MUCH));
	munmap(mem, PRI_MUCH);
}

/* Page faults are promised only where every device can have them taken. */
static void
pri_in_container(void **state)
{
	const char *spec = named("SVA_TEST_PRI");
	struct sva_container *c = open_container();
	struct sva_bus_device *dev = open_device(c, spec), *other;
	struct sva_container_info info;

	(void)state;
	assert_int_equal(sva_container_info(c, &info), 0);
	assert_true(info.io_page_faults);
	other = open_device(c, device_spec);
	assert_int_equal(sva_container_info(c, &info), 0);
	assert_false(info.io_page_faults);
	assert_int_equal(sva_bus_device_close(other), 0);
	assert_int_equal(sva_container_info(c, &info), 0);
	assert_true(info.io_page_faults);
	close_container(c, dev);
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
		cmocka_unit_test_setup_teardown(interrupt_addresses, start, end),
		cmocka_unit_test_setup_teardown(child_stays, start, end),
		cmocka_unit_test_setup_teardown(child_opens, start, end),
		cmocka_unit_test_setup_teardown(thread_id, start, end),
		cmocka_unit_test_setup_teardown(closed_on_exec, start, end),
		cmocka_unit_test_setup_teardown(no_pasid, start, end),
		cmocka_unit_test_setup_teardown(no_ats, start, end),
		cmocka_unit_test_setup_teardown(pair, start, end),
		cmocka_unit_test_setup_teardown(unbound_function, start, end),
		cmocka_unit_test_setup_teardown(pri_untouched, start, end),
		cmocka_unit_test_setup_teardown(pri_refused, start, end),
		cmocka_unit_test_setup_teardown(pri_fork, start, end),
		cmocka_unit_test_setup_teardown(pri_unmap, start, end),
		cmocka_unit_test_setup_teardown(pri_unbind, start, end),
		cmocka_unit_test_setup_teardown(pri_peer, start, end),
		cmocka_unit_test_setup_teardown(pri_in_container, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
