/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Functions that are taken out of their slots while they have all the work that they can
 * hold: one as an operator asks for it, one as if somebody pulled the card. They do not come
 * back, so that this runs only on functions that are named: SVA_TEST_UNPLUG and
 * SVA_TEST_UNPLUG2, both "vfio:BDF" below a port that hot-plugs by itself (PCI Express).
 * SVA_TEST_UNPLUG3 and SVA_TEST_UNPLUG_TEST name a DSA and a function svadk-test of tests/vm
 * that are pulled out while a processor has them raise interrupts.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include <dsa_hw.h>
#include <linux/pci_regs.h>
#include <sva_bind.h>

#include "test_accel_util.h"

#define PCI "/sys/bus/pci/"
#define BLOCK (256u * 1024)
#define DEPTH 64

struct seen {
	unsigned int removed, others;
};

static void
on_event(struct sva_device *dev, const struct sva_event *event, void *arg)
{
	struct seen *seen = arg;

	(void)dev;
	seen->removed += event->type == SVA_EVENT_REMOVED;
	seen->others += event->type != SVA_EVENT_REMOVED;
}

/* The function that a variable names, without its bus. */
static const char *
function(const char *variable)
{
	const char *spec = getenv(variable);

	TEST_NEEDS(spec != NULL && strncmp(spec, "vfio:", 5) == 0, "no function is given for it");
	return spec + 5;
}

static bool
is_there(const char *address)
{
	char path[128];

	snprintf(path, sizeof(path), PCI "devices/%s", address);
	return access(path, F_OK) == 0;
}

/*
 * The port's registers switch the slot's power off and on again, which nobody is asked about;
 * the kernel hears of it afterwards, with power on and nothing there.
 */
static void
pull(const char *address)
{
	uint8_t at, id[2] = { 0 };
	uint16_t control, off;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), PCI "devices/%s/../config", address);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &at, 1, PCI_CAPABILITY_LIST), 1);
	while (at != 0) {
		assert_int_equal(pread(fd, id, 2, at), 2);
		if (id[0] == PCI_CAP_ID_EXP)
			break;
		at = id[1];
	}
	assert_true(at != 0);
	assert_int_equal(pread(fd, &control, 2, at + PCI_EXP_SLTCTL), 2);
	off = control | PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PIC;
	off &= (uint16_t)~PCI_EXP_SLTCTL_HPIE;
	assert_int_equal(pwrite(fd, &off, 2, at + PCI_EXP_SLTCTL), 2);
	assert_int_equal(pwrite(fd, &control, 2, at + PCI_EXP_SLTCTL), 2);
	close(fd);
}

/* What an operator writes; whoever writes it waits until the function has been given back. */
static pid_t
ask_slot(const char *address)
{
	char power[320] = "", path[320], line[32];
	struct dirent *entry;
	DIR *slots = opendir(PCI "slots");
	pid_t child;
	FILE *f;

	assert_non_null(slots);
	while ((entry = readdir(slots)) != NULL) {
		snprintf(path, sizeof(path), PCI "slots/%s/address", entry->d_name);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		/* Without the number of the function. */
		if (fgets(line, sizeof(line), f) != NULL && strlen(line) > 10 &&
		    strncmp(line, address, strcspn(line, "\n")) == 0)
			snprintf(power, sizeof(power), PCI "slots/%s/power", entry->d_name);
		fclose(f);
	}
	closedir(slots);
	assert_true(power[0] != '\0');
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* What it inherited would keep the device from being let go. */
		close_range(3, ~0u, 0);
		execl("/bin/sh", "sh", "-c", "echo 0 >$0", power, NULL);
		_exit(127);
	}
	return child;
}

/*
 * Keep the queue, which has @in operations, full until it is refused; what was accepted comes
 * back, done or not.
 */
static void
work_until_refused(struct sva_queue *q, uint8_t *mem, unsigned int in)
{
	unsigned int i, aborted = 0;
	struct sva_result r[DEPTH];
	int ret = 0, n;

	while (ret != -EIO) {
		while ((ret = sva_fill(q, mem + (size_t)(in % DEPTH) * BLOCK, ~0ull, BLOCK, 0,
				       SVA_SUBMIT)) >= 0)
			in++;
		assert_true(ret == -EIO || ret == -ENOSPC);
		n = ret == -EIO ? (int)test_take_some(q, r, in) : sva_poll(q, r, DEPTH);
		assert_true(n >= 0);
		for (i = 0; i < (unsigned int)n; i++) {
			assert_true(r[i].status == SVA_OK || r[i].status == SVA_ABORTED);
			aborted += r[i].status == SVA_ABORTED;
		}
		in -= (unsigned int)n;
	}
	assert_int_equal(in, 0);
	print_message("           %u were not done\n", aborted);
}

static void
unplugged(const char *variable, bool pulled)
{
	const char *address = function(variable);
	const char *spec = getenv(variable);
	struct sva_device *dev, *again;
	struct seen seen = { 0 };
	struct sva_queue *q;
	pid_t child = 0;
	uint8_t *mem = test_pages((size_t)DEPTH * BLOCK / TEST_PAGE);
	int status;
	size_t i;

	assert_int_equal(sva_device_open(spec, &dev), 0);
	q = test_queue_conf(dev, DEPTH, 0, SVA_FAULT_RESUME);
	assert_int_equal(sva_device_on_event(dev, on_event, &seen), 0);
	for (i = 0; i < DEPTH / 2; i++)
		assert_true(sva_fill(q, mem + i * BLOCK, ~0ull, BLOCK, 0, SVA_SUBMIT) >= 0);
	if (pulled)
		pull(address);
	else
		child = ask_slot(address);
	work_until_refused(q, mem, DEPTH / 2);
	/* From here on it is the program's alone. */
	memset(mem, 0, (size_t)DEPTH * BLOCK);
	if (!pulled)
		assert_int_equal(seen.others, 0);
	while (seen.removed == 0)
		sva_device_handle_events(dev);
	assert_int_equal(seen.removed, 1);
	assert_true(is_there(address));
	assert_int_equal(sva_device_close(dev), -EIO);
	while (is_there(address))
		sched_yield();
	if (child != 0) {
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	assert_int_equal(sva_device_open(spec, &again), -ENODEV);
	for (i = 0; i < (size_t)DEPTH * BLOCK; i++)
		assert_int_equal(mem[i], 0);
	munmap(mem, (size_t)DEPTH * BLOCK);
}

/* A register that a thread writes as fast as it can. */
struct hammer {
	struct sva_bus_device *dev;
	uint64_t offset;
	uint32_t value;
	bool stop;
	unsigned long writes;
};

static void *
hammer(void *arg)
{
	struct hammer *h = arg;

	while (!__atomic_load_n(&h->stop, __ATOMIC_ACQUIRE)) {
		h->dev->bus->ops->write32(h->dev, h->offset, h->value);
		__atomic_add_fetch(&h->writes, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void
hammer_more(const struct hammer *h, unsigned long n)
{
	unsigned long goal = __atomic_load_n(&h->writes, __ATOMIC_ACQUIRE) + n;

	while (__atomic_load_n(&h->writes, __ATOMIC_ACQUIRE) < goal)
		sched_yield();
}

/*
 * A write that waits for QEMU's lock while the function is unplugged arrives afterwards: it must
 * do nothing. Else QEMU ends here, and the guest with it.
 */
static void
pulled_while_written(const char *variable, uint64_t offset, uint32_t value)
{
	const char *address = function(variable);
	struct hammer h = { .offset = offset, .value = value };
	struct sva_container *container;
	pthread_t thread;

	assert_int_equal(sva_eal_setup(NULL), 0);
	assert_int_equal(sva_container_create("vfio", &container), 0);
	assert_int_equal(sva_container_open_device(container, getenv(variable), &h.dev), 0);
	assert_int_equal(pthread_create(&thread, NULL, hammer, &h), 0);
	hammer_more(&h, 1000);
	pull(address);
	hammer_more(&h, 1000);
	__atomic_store_n(&h.stop, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(thread, NULL), 0);
	sva_bus_device_close(h.dev);
	assert_int_equal(sva_container_destroy(container), 0);
	assert_int_equal(sva_eal_cleanup(), 0);
	while (is_there(address))
		sched_yield();
}

static void
dsa_pulled_while_written(void **state)
{
	(void)state;
	pulled_while_written("SVA_TEST_UNPLUG3", DSA_REG_CMD,
			     DSA_CMD_INT_REQ | DSA_CMD(DSA_CMD_ABORT_ALL, 0));
}

/* Its command MSIX, of vector 0. */
static void
test_pulled_while_written(void **state)
{
	(void)state;
	pulled_while_written("SVA_TEST_UNPLUG_TEST", 0x0c, 5);
}

static void
powered_off(void **state)
{
	(void)state;
	unplugged("SVA_TEST_UNPLUG", false);
}

static void
pulled_out(void **state)
{
	(void)state;
	unplugged("SVA_TEST_UNPLUG2", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(powered_off),
		TEST(pulled_out),
		TEST(dsa_pulled_while_written),
		TEST(test_pulled_while_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
