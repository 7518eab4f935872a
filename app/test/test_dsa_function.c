/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The function svadk-dsa of tests/vm, which SVA_TEST_DEVICE names: what it has around the
 * model, power states, page requests and slices of work. For the virtual machine.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/pci_regs.h>

#include "test_bind_util.h"
#include "test_raw.h"

#define D0 0
#define D3HOT 3

#define SIZE (1u << RAW_MAX_SHIFT)
#define ALL ((size_t)RAW_WQ_SIZE * SIZE)
#define PATTERN 0x2222222222222222ull

static struct sva_container *container;
static struct sva_bus_device *dev;
static const struct sva_bus_ops *io;
static struct raw raw;
static uint32_t pasid;
static uint8_t *memory;			/* for as many fills as the queue takes */
static struct dsa_compl *records;	/* theirs */
static int config;			/* space of the function, */
static off_t power_at;			/* where its power state is */

/*
 * The register of its power state, past the kernel: VFIO would keep us from the BARs, and nobody
 * would know what the function does.
 */
static bool
find_power(void)
{
	uint8_t at, next[2];
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", device_spec + 5);
	config = open(path, O_RDWR | O_CLOEXEC);
	if (config < 0 || pread(config, &at, 1, PCI_CAPABILITY_LIST) != 1)
		return false;
	for (; at != 0; at = next[1]) {
		if (pread(config, next, 2, at) != 2)
			return false;
		power_at = at + PCI_PM_CTRL;
		if (next[0] == PCI_CAP_ID_PM)
			return true;
	}
	return false;
}

static int
start(void **state)
{
	memory = mmap(NULL, ALL, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	records = aligned_alloc(4096, RAW_WQ_SIZE * sizeof(*records));
	if (memory == MAP_FAILED || records == NULL || bind_start(state) != 0)
		return -1;
	if (strncmp(device_spec, "vfio:", 5) != 0) {
		fprintf(stderr, "SVA_TEST_DEVICE: name a function svadk-dsa, vfio:ADDRESS\n");
		return -1;
	}
	memset(records, 0, RAW_WQ_SIZE * sizeof(*records));
	container = open_container();
	dev = open_device(container, device_spec);
	io = dev->bus->ops;
	if (!dev->emulated || dev->vendor_id != DSA_PCI_VENDOR || !find_power()) {
		fprintf(stderr, "%s is not a function svadk-dsa\n", device_spec);
		return -1;
	}
	return sva_bind(container, 0, &pasid) == 0 ? raw_up(&raw, dev, pasid) : -1;
}

static int
end(void **state)
{
	raw_down(&raw);
	close_container(container, dev);
	close(config);
	free(records);
	munmap(memory, ALL);
	return bind_end(state);
}

static void
submit_fill(unsigned int i)
{
	struct dsa_desc desc = {
		.op_flags = DSA_OP_FLAGS(DSA_OP_FILL, raw.flags),
		.compl_addr = (uintptr_t)&records[i],
		.src = PATTERN,
		.dst = (uintptr_t)memory + (size_t)i * SIZE,
		.size = SIZE,
	};

	sva_portal_write(&raw.portal, &desc);
}

static bool
is_all(const uint8_t *mem, uint8_t byte, size_t len)
{
	return mem[0] == byte && memcmp(mem, mem + 1, len - 1) == 0;
}

static void
set_power(uint16_t power)
{
	uint16_t value;

	assert_int_equal(pread(config, &value, 2, power_at), 2);
	/* What is configured is to stay. */
	assert_true(value & PCI_PM_CTRL_NO_SOFT_RESET);
	value = (uint16_t)((value & ~PCI_PM_CTRL_STATE_MASK) | power);
	assert_int_equal(pwrite(config, &value, 2, power_at), 2);
	assert_int_equal(pread(config, &value, 2, power_at), 2);
	assert_int_equal(value & PCI_PM_CTRL_STATE_MASK, power);
}

/* Reads of what is not there give all ones; of QEMU's, which has no such habit, zeroes. */
static bool
silent(void)
{
	uint32_t version = io->read32(dev, DSA_REG_VERSION);
	uint64_t cap = io->read64(dev, DSA_REG_GENCAP);

	return (version == 0 || version == UINT32_MAX) && (cap == 0 || cap == UINT64_MAX);
}

/* Nothing reaches a function without power, and what it was told before is still true. */
static void
powered_down(void **state)
{
	(void)state;
	assert_false(silent());
	assert_int_equal(raw_command(&raw, DSA_CMD_DISABLE_DEVICE, 0), 0);
	set_power(D3HOT);
	assert_true(silent());
	/* It would undo the configuration of the queue. */
	io->write32(dev, DSA_REG_CMD, DSA_CMD(DSA_CMD_RESET_DEVICE, 0));
	set_power(D0);
	assert_false(silent());
	assert_int_equal(raw_command(&raw, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(raw_command(&raw, DSA_CMD_ENABLE_WQ, 0), 0);
	assert_int_equal(raw_fill(&raw, records, memory, PATTERN, SIZE), DSA_STS_SUCCESS);
	assert_true(is_all(memory, (uint8_t)PATTERN, SIZE));
}

/* While it works: it stops at once and for good, until a reset. */
static void
powered_down_busy(void **state)
{
	struct dsa_compl record __attribute__((aligned(32)));
	volatile uint8_t *first = memory;
	uint8_t page[4096], *rest;
	unsigned int i;

	(void)state;
	/* However fast it is, until it has an operation left that it has not begun. */
	do {
		set_power(D0);
		assert_int_equal(io->reset(dev), 0);
		assert_int_equal(raw_up(&raw, dev, pasid), 0);
		memset(memory, 0, ALL);
		memset(records, 0, RAW_WQ_SIZE * sizeof(*records));
		for (i = 0; i < RAW_WQ_SIZE; i++)
			submit_fill(i);
		while (*first == 0)
			sched_yield();
		set_power(D3HOT);
	} while (memory[ALL - SIZE - 1] != 0);
	/* What comes after the operation that it was at. */
	for (i = 0; memory[(size_t)(i + 1) * SIZE - 1] != 0; i++)
		;
	rest = memory + (size_t)(i + 1) * SIZE;
	/* It could have the lock that it needs to go on as often as we ask for it. */
	for (i = 0; i < 10000; i++)
		assert_true(silent());
	assert_true(is_all(rest, 0, (size_t)(memory + ALL - rest)));
	set_power(D0);
	assert_int_equal(io->read32(dev, DSA_REG_GENSTS), DSA_STATE_HALT | DSA_RESET_FLR << 2);
	assert_int_equal(DSA_SWERR_ERROR(raw_swerr(&raw)), DSA_SWERR_PCI_CONFIG);

	assert_int_equal(io->reset(dev), 0);
	assert_int_equal(raw_up(&raw, dev, pasid), 0);
	memset(page, 0, sizeof(page));
	assert_int_equal(raw_fill(&raw, &record, page, PATTERN, sizeof(page)), DSA_STS_SUCCESS);
	assert_true(is_all(page, (uint8_t)PATTERN, sizeof(page)));
	assert_true(is_all(rest, 0, (size_t)(memory + ALL - rest)));
	assert_int_equal(records[RAW_WQ_SIZE - 1].status, 0);
}

/*
 * A full queue does not keep the processors from the lock that their accesses need: a register
 * is read within an operation, after its first byte was written and before the last one is.
 * When it is not, the operation was done before we came to look; that is not so every time.
 */
static void
busy(void **state)
{
	unsigned int i, answered = 0, tries;
	volatile uint8_t *first;

	(void)state;
	for (tries = 0; answered < RAW_WQ_SIZE && tries < 200; tries++) {
		memset(memory, 0, ALL);
		memset(records, 0, RAW_WQ_SIZE * sizeof(*records));
		for (i = 0; i < RAW_WQ_SIZE; i++)
			submit_fill(i);
		for (i = 0; i < RAW_WQ_SIZE; i++) {
			first = memory + (size_t)i * SIZE;
			while (*first == 0)
				sched_yield();
			assert_int_equal(io->read32(dev, DSA_REG_GENSTS), DSA_STATE_ENABLED);
			answered += first[SIZE - 1] == 0;
		}
		for (i = 0; i < RAW_WQ_SIZE; i++)
			assert_int_equal(raw_wait(&raw, &records[i]), DSA_STS_SUCCESS);
	}
	print_message("           %u accesses while it worked, %u queues full\n", answered, tries);
	assert_true(answered >= RAW_WQ_SIZE);
}

static off_t
find_extended(uint16_t id)
{
	uint32_t header;
	off_t at;

	for (at = PCI_CFG_SPACE_SIZE; at != 0; at = PCI_EXT_CAP_NEXT(header)) {
		assert_int_equal(pread(config, &header, sizeof(header), at), sizeof(header));
		if (PCI_EXT_CAP_ID(header) == id)
			return at;
	}
	return 0;
}

static bool
is_resident(void *page)
{
	unsigned char in;

	assert_int_equal(mincore(page, 1, &in), 0);
	return (in & 1) != 0;
}

/* Have an engine fill a page that nobody has touched, and find that there is none. */
static uint8_t *
submit_untouched(void)
{
	uint64_t wq_state = DSA_TABOFF_WQCFG(io->read64(dev, DSA_REG_TABOFF)) + DSA_WQCFG_STATE;
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);
	struct dsa_desc desc = {
		.op_flags = DSA_OP_FLAGS(DSA_OP_FILL, raw.flags),
		.compl_addr = (uintptr_t)records,
		.src = PATTERN,
		.dst = (uintptr_t)page,
		.size = 4096,
	};

	assert_ptr_not_equal(page, MAP_FAILED);
	sva_portal_write(&raw.portal, &desc);
	while (DSA_WQCFG_STATE_OCCUPANCY(io->read32(dev, wq_state)) != 0)
		sched_yield();
	return page;
}

/*
 * A request that software gave no credit for is not sent after it has switched requests off, when
 * there is credit again: the function has said that it has stopped (PCI Express, "Page Request
 * Status Register"). If it were, the kernel would make the page.
 */
static void
requests_switched_off(void **state)
{
	off_t at = find_extended(PCI_EXT_CAP_ID_PRI);
	uint32_t credit, no_credit = 0;
	uint16_t control, off = 0, status;
	uint8_t *page;
	unsigned int i;

	(void)state;
	if (at == 0 || !(raw.flags & DSA_FLAG_BLOCK_ON_FAULT))
		skip_because("the function asks for no pages");
	assert_int_equal(pread(config, &control, 2, at + PCI_PRI_CTRL), 2);
	assert_int_equal(pread(config, &credit, 4, at + PCI_PRI_ALLOC_REQ), 4);
	assert_true((control & PCI_PRI_CTRL_ENABLE) && credit > 0);

	assert_int_equal(pwrite(config, &no_credit, 4, at + PCI_PRI_ALLOC_REQ), 4);
	page = submit_untouched();
	assert_int_equal(pwrite(config, &off, 2, at + PCI_PRI_CTRL), 2);
	assert_int_equal(pread(config, &status, 2, at + PCI_PRI_STATUS), 2);
	assert_true(status & PCI_PRI_STATUS_STOPPED);
	assert_int_equal(pwrite(config, &credit, 4, at + PCI_PRI_ALLOC_REQ), 4);
	/* It could have the lock that it needs for it as often as we ask. */
	for (i = 0; i < 10000; i++)
		assert_int_equal(DSA_GENSTS_STATE(io->read32(dev, DSA_REG_GENSTS)),
				 DSA_STATE_HALT);
	assert_false(is_resident(page));
	assert_int_equal(records[0].status, 0);

	/* The kernel switches requests on again, and so it asks. */
	assert_int_equal(io->reset(dev), 0);
	assert_int_equal(raw_up(&raw, dev, pasid), 0);
	assert_int_equal(raw_fill(&raw, records, page, PATTERN, 4096), DSA_STS_SUCCESS);
	assert_true(is_all(page, (uint8_t)PATTERN, 4096));
	munmap(page, 4096);
}

/*
 * The answer to a request that has been forgotten in a reset of requests is unexpected, until
 * they are switched on (PCI Express, "Page Request Control Register"). The answer may be here
 * before the reset: once more then.
 */
static void
requests_switched_on(void **state)
{
	off_t at = find_extended(PCI_EXT_CAP_ID_PRI);
	const uint16_t off = 0, reset = PCI_PRI_CTRL_RESET, on = PCI_PRI_CTRL_ENABLE;
	uint16_t status;
	uint8_t *page;
	unsigned int i;

	(void)state;
	if (at == 0 || !(raw.flags & DSA_FLAG_BLOCK_ON_FAULT))
		skip_because("the function asks for no pages");
	do {
		assert_int_equal(io->reset(dev), 0);
		assert_int_equal(raw_up(&raw, dev, pasid), 0);
		page = submit_untouched();
		assert_int_equal(pwrite(config, &off, 2, at + PCI_PRI_CTRL), 2);
		assert_int_equal(pwrite(config, &reset, 2, at + PCI_PRI_CTRL), 2);
		/* The answer follows. */
		while (!is_resident(page))
			sched_yield();
		status = 0;
		for (i = 0; i < 1000 && !(status & PCI_PRI_STATUS_UPRGI); i++)
			assert_int_equal(pread(config, &status, 2, at + PCI_PRI_STATUS), 2);
		munmap(page, 4096);
	} while (!(status & PCI_PRI_STATUS_UPRGI));
	assert_true(status & PCI_PRI_STATUS_STOPPED);
	assert_int_equal(pwrite(config, &on, 2, at + PCI_PRI_CTRL), 2);
	assert_int_equal(pread(config, &status, 2, at + PCI_PRI_STATUS), 2);
	assert_int_equal(status, PCI_PRI_STATUS_PASID);
	assert_int_equal(io->reset(dev), 0);
	assert_int_equal(raw_up(&raw, dev, pasid), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(powered_down, start, end),
		cmocka_unit_test_setup_teardown(powered_down_busy, start, end),
		cmocka_unit_test_setup_teardown(requests_switched_off, start, end),
		cmocka_unit_test_setup_teardown(requests_switched_on, start, end),
		cmocka_unit_test_setup_teardown(busy, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
