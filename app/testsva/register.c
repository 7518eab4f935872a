/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Registers and work-queue configuration of a DSA, by field: specification, "Memory Mapped
 * Registers"; dsa_hw.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dsa_text.h"
#include "testsva.h"

#define MAX_FIELDS 14

struct field {
	const char *name;	/* NULL: past the last */
	uint8_t low, bits;
};

struct reg {
	const char *name;
	uint16_t offset;
	uint8_t bytes;
	struct field fields[MAX_FIELDS];
};

static const struct reg regs[] = {
	{ "VERSION", DSA_REG_VERSION, 4, { { "minor", 0, 8 }, { "major", 8, 8 } } },
	{ "GENCAP", DSA_REG_GENCAP, 8,
	  { { "block_on_fault", 0, 1 }, { "overlapping_copy", 1, 1 },
	    { "cache_control_memory", 2, 1 }, { "cache_control_flush", 3, 1 },
	    { "command_capability", 4, 1 },
	    { "destination_readback", 8, 1 }, { "drain_readback", 9, 1 },
	    { "max_transfer_log2", 16, 5 }, { "max_batch_log2", 21, 4 }, { "ims_size", 25, 6 },
	    { "configurable", 31, 1 }, { "max_descriptors", 32, 8 } } },
	{ "WQCAP", DSA_REG_WQCAP, 8,
	  { { "total_size", 0, 16 }, { "wqs", 16, 8 }, { "wqcfg_size", 24, 4 }, { "shared", 48, 1 },
	    { "dedicated", 49, 1 }, { "ats", 50, 1 }, { "priority", 51, 1 }, { "occupancy", 52, 1 },
	    { "occupancy_interrupt", 53, 1 } } },
	{ "GRPCAP", DSA_REG_GRPCAP, 8,
	  { { "groups", 0, 8 }, { "read_buffers", 8, 8 }, { "read_buffer_control", 16, 1 },
	    { "read_buffer_limit", 17, 1 } } },
	{ "ENGCAP", DSA_REG_ENGCAP, 8, { { "engines", 0, 8 } } },
	{ "OPCAP0", DSA_REG_OPCAP, 8, { { "operations", 0, 64 } } },
	{ "TABOFF", DSA_REG_TABOFF, 8,
	  { { "grpcfg", 0, 16 }, { "wqcfg", 16, 16 }, { "msix_perm", 32, 16 },
	    { "ims", 48, 16 } } },
	{ "GENCFG", DSA_REG_GENCFG, 4,
	  { { "read_buffer_limit", 0, 8 }, { "user_interrupts", 12, 1 } } },
	{ "GENCTRL", DSA_REG_GENCTRL, 4,
	  { { "software_error_interrupt", 0, 1 }, { "halt_interrupt", 1, 1 } } },
	{ "GENSTS", DSA_REG_GENSTS, 4, { { "state", 0, 2 }, { "reset_type", 2, 2 } } },
	{ "INTCAUSE", DSA_REG_INTCAUSE, 4,
	  { { "software_error", 0, 1 }, { "command", 1, 1 }, { "occupancy", 2, 1 },
	    { "perfmon_overflow", 3, 1 }, { "halt", 4, 1 } } },
	{ "CMD", DSA_REG_CMD, 4,
	  { { "operand", 0, 20 }, { "command", 20, 5 }, { "interrupt", 31, 1 } } },
	{ "CMDSTS", DSA_REG_CMDSTS, 4,
	  { { "error", 0, 8 }, { "result", 8, 16 }, { "active", 31, 1 } } },
	{ "CMDCAP", DSA_REG_CMDCAP, 4, { { "commands", 0, 32 } } },
	{ "SWERR0", DSA_REG_SWERR, 8,
	  { { "valid", 0, 1 }, { "overflow", 1, 1 }, { "descriptor_valid", 2, 1 },
	    { "wq_valid", 3, 1 }, { "batch", 4, 1 }, { "write", 5, 1 }, { "privileged", 6, 1 },
	    { "error", 8, 8 }, { "wq", 16, 8 }, { "operation", 32, 8 }, { "pasid", 40, 20 } } },
	{ "SWERR1", DSA_REG_SWERR + 8, 8,
	  { { "batch_index", 0, 16 }, { "invalid_flags", 32, 24 } } },
	{ "SWERR2", DSA_REG_SWERR + 16, 8, { { "address", 0, 64 } } },
};

/* Offsets from a queue's own part of WQCFG. */
static const struct reg wq_regs[] = {
	{ "size", DSA_WQCFG_SIZE, 4, { { "size", 0, 16 } } },
	{ "threshold", DSA_WQCFG_THRESHOLD, 4, { { "threshold", 0, 16 } } },
	{ "mode", DSA_WQCFG_MODE, 4,
	  { { "dedicated", 0, 1 }, { "block_on_fault", 1, 1 }, { "ats_disable", 2, 1 },
	    { "priority", 4, 4 }, { "pasid", 8, 20 }, { "pasid_enable", 28, 1 },
	    { "privileged", 29, 1 } } },
	{ "limits", DSA_WQCFG_LIMITS, 4,
	  { { "max_transfer_log2", 0, 5 }, { "max_batch_log2", 5, 4 } } },
	{ "occupancy interrupt", DSA_WQCFG_OCCUPANCY_INT, 4,
	  { { "handle", 0, 16 }, { "ims", 16, 1 } } },
	{ "occupancy limit", DSA_WQCFG_OCCUPANCY_LIMIT, 4,
	  { { "limit", 0, 16 }, { "enable", 16, 1 } } },
	{ "state", DSA_WQCFG_STATE, 4,
	  { { "occupancy", 0, 16 }, { "occupancy_told", 16, 1 }, { "mode_support", 29, 1 },
	    { "state", 30, 2 } } },
};

static const struct reg group_flags = {
	"group flags", DSA_GRPCFG_FLAGS, 8,
	{ { "tc_a", 0, 3 }, { "tc_b", 3, 3 }, { "read_buffer_limit", 7, 1 },
	  { "read_buffers_reserved", 8, 8 }, { "read_buffers_allowed", 20, 8 } }
};

static const char *const device_states[] = { "disabled", "enabled", "draining", "halted" };
static const char *const reset_types[] = { "software", "FLR", "warm", "cold" };
static const char *const wq_states[] = { "disabled", "enabled", "busy", "reserved" };

static uint64_t
read_reg(struct ts_device *device, uint64_t offset, unsigned int bytes)
{
	struct sva_bus_device *bus_dev = device->dev->bus_dev;

	return bytes == 8 ? bus_dev->bus->ops->read64(bus_dev, offset) :
			    bus_dev->bus->ops->read32(bus_dev, offset);
}

static struct ts_device *
find_dsa(const char *text)
{
	struct ts_device *device = ts_find_device(text);

	if (device == NULL)
		return NULL;
	if (device->dev->bus_dev->vendor_id == DSA_PCI_VENDOR &&
	    device->dev->bus_dev->device_id == DSA_PCI_DEVICE)
		return device;
	ts_error("%s is no DSA", device->name);
	return NULL;
}

/* What a field's number is, where it has a word. */
static const char *
word_of(const struct reg *reg, const struct field *field, uint64_t value)
{
	if (strcmp(field->name, "state") == 0)
		return strcmp(reg->name, "GENSTS") == 0 ? device_states[value] : wq_states[value];
	if (strcmp(field->name, "error") == 0)
		return strcmp(reg->name, "CMDSTS") == 0 ? dsa_command_error_text((uint32_t)value) :
							  dsa_status_text((uint8_t)value);
	if (strcmp(field->name, "command") == 0 && strcmp(reg->name, "CMD") == 0)
		return dsa_command_text((unsigned int)value);
	if (strcmp(field->name, "reset_type") == 0)
		return reset_types[value];
	return NULL;
}

static void
show_reg(struct ts_device *device, const struct reg *reg, uint64_t base)
{
	uint64_t all = read_reg(device, base + reg->offset, reg->bytes);
	const struct field *field;
	unsigned int i;

	printf("  0x%04" PRIx64 " %-20s 0x%0*" PRIx64, base + reg->offset, reg->name,
	       2 * reg->bytes, all);
	for (i = 0; i < MAX_FIELDS && reg->fields[i].name != NULL; i++) {
		uint64_t value;
		const char *word;

		field = &reg->fields[i];
		value = all >> field->low;
		if (field->bits < 64)
			value &= (1ull << field->bits) - 1;
		word = word_of(reg, field, value);
		printf(field->bits > 20 ? " %s=0x%" PRIx64 : " %s=%" PRIu64, field->name, value);
		if (word != NULL)
			printf(" (%s)", word);
	}
	putchar('\n');
}

static int
show_registers(const struct ts_words *words)
{
	struct ts_device *device = find_dsa(words->w[2]);
	unsigned int i;

	if (device == NULL)
		return -1;
	for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		show_reg(device, &regs[i], 0);
	return 0;
}

static int
group_of(struct ts_device *device, unsigned int wq)
{
	uint64_t table = DSA_TABOFF_GRPCFG(read_reg(device, DSA_REG_TABOFF, 8));
	unsigned int groups = DSA_GRPCAP_NUM_GROUPS(read_reg(device, DSA_REG_GRPCAP, 8)), g;

	for (g = 0; g < groups; g++)
		if (read_reg(device, table + g * DSA_GRPCFG_STRIDE + DSA_GRPCFG_WQS(wq / 64), 8) >>
			    (wq % 64) & 1)
			return (int)g;
	return -1;
}

static int
show_wq(const struct ts_words *words)
{
	struct ts_device *device = find_dsa(words->w[2]);
	uint64_t cap, table, stride, grpcfg, group_at;
	unsigned int first = 0, last, i, wq;
	uint64_t only = 0;
	int group;

	if (device == NULL)
		return -1;
	cap = read_reg(device, DSA_REG_WQCAP, 8);
	if (cap == UINT64_MAX || DSA_WQCAP_NUM_WQS(cap) == 0)
		return ts_error("show wq: %s does not answer any more", device->name);
	last = DSA_WQCAP_NUM_WQS(cap) - 1;
	if (strcmp(words->w[3], "all") != 0) {
		if (ts_number("show wq", words->w[3], 0, last, &only) != 0)
			return -1;
		first = last = (unsigned int)only;
	}
	table = DSA_TABOFF_WQCFG(read_reg(device, DSA_REG_TABOFF, 8));
	grpcfg = DSA_TABOFF_GRPCFG(read_reg(device, DSA_REG_TABOFF, 8));
	/* WQCAP gives the size as a power of two, in units of the smallest. */
	stride = (uint64_t)DSA_WQCFG_MIN_STRIDE << DSA_WQCAP_CFG_SIZE(cap);
	for (wq = first; wq <= last; wq++) {
		group = group_of(device, wq);
		printf("WQ %u, ", wq);
		if (group < 0) {
			puts("in no group");
		} else {
			group_at = grpcfg + (unsigned int)group * DSA_GRPCFG_STRIDE;
			printf("group %d with engines 0x%" PRIx64 "\n", group,
			       read_reg(device, group_at + DSA_GRPCFG_ENGINES, 8));
			show_reg(device, &group_flags, group_at);
		}
		for (i = 0; i < sizeof(wq_regs) / sizeof(wq_regs[0]); i++)
			show_reg(device, &wq_regs[i], table + wq * stride);
	}
	return 0;
}

static int
parse_place(const struct ts_words *words, struct ts_device **device, uint64_t *offset, int *width)
{
	*device = ts_find_device(words->w[2]);
	*width = ts_choice("register: width", words->w[4], "32|64");
	if (*device == NULL || *width < 0 ||
	    ts_number("register: offset", words->w[3], 0, 0xffffffff, offset) != 0)
		return -1;
	*width = *width == 0 ? 4 : 8;
	if (*offset % (unsigned int)*width != 0)
		return ts_error("register: offset 0x%" PRIx64 " is not a multiple of %d", *offset,
				*width);
	if ((*device)->dev->bus_dev->emulated || *offset < 0x10000 - 7)
		return 0;
	return ts_error("register: offset 0x%" PRIx64 " is past the first 64 KiB of BAR0", *offset);
}

static int
cmd_read(const struct ts_words *words)
{
	struct ts_device *device;
	uint64_t offset;
	int width;

	if (parse_place(words, &device, &offset, &width) != 0)
		return -1;
	printf("0x%0*" PRIx64 "\n", 2 * width, read_reg(device, offset, (unsigned int)width));
	return 0;
}

static int
cmd_write(const struct ts_words *words)
{
	struct ts_device *device;
	uint64_t offset, value;
	int width;

	if (parse_place(words, &device, &offset, &width) != 0 ||
	    ts_number("register: value", words->w[5], 0, width == 4 ? UINT32_MAX : UINT64_MAX,
		      &value) != 0)
		return -1;
	if (width == 4)
		device->dev->bus_dev->bus->ops->write32(device->dev->bus_dev, offset,
							(uint32_t)value);
	else
		device->dev->bus_dev->bus->ops->write64(device->dev->bus_dev, offset, value);
	return 0;
}

static const struct ts_command commands[] = {
	{ "show registers DEVICE", "Show the registers of a DSA, by field.", show_registers },
	{ "show wq DEVICE WQ", "Show the configuration and state of a work queue, or of all.",
	  show_wq },
	{ "register read DEVICE OFFSET 32|64", "Read a register of BAR0.", cmd_read },
	{ "register write DEVICE OFFSET 32|64 VALUE",
	  "Write one; the driver does not know of it.", cmd_write },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_register_section = { "registers", commands };
