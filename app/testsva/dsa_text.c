/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * DSA's numbers as words.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva_accel.h>

#include "dsa_text.h"
#include "numbers.h"
#include "ops.h"
#include "testsva.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Of records, and of the errors that only SWERR has. */
static const char *const status_names[] = {
	[DSA_STS_NONE] = "none",
	[DSA_STS_SUCCESS] = "success",
	[DSA_STS_SUCCESS_PREDICATE] = "success-false-predicate",
	[DSA_STS_PAGE_FAULT] = "page-fault",
	[DSA_STS_PAGE_FAULT_RESPONSE] = "page-request-failed",
	[DSA_STS_BATCH_FAIL] = "batch-member-failed",
	[DSA_STS_BATCH_PAGE_FAULT] = "batch-page-fault",
	[DSA_STS_DELTA_ORDER] = "delta-order",
	[DSA_STS_DELTA_RANGE] = "delta-range",
	[DSA_STS_DIF_ERROR] = "dif-error",
	[DSA_STS_BAD_OPCODE] = "bad-opcode",
	[DSA_STS_BAD_FLAGS] = "bad-flags",
	[DSA_STS_NONZERO_RESERVED] = "nonzero-reserved",
	[DSA_STS_XFER_SIZE] = "transfer-size",
	[DSA_STS_DESC_COUNT] = "descriptor-count",
	[DSA_STS_DELTA_SIZE] = "delta-size",
	[DSA_STS_OVERLAP] = "overlap",
	[DSA_STS_DUALCAST_ALIGN] = "dualcast-alignment",
	[DSA_STS_LIST_ALIGN] = "list-alignment",
	[DSA_STS_INT_HANDLE] = "interrupt-handle",
	[DSA_STS_COMPL_FAULT] = "record-fault",
	[DSA_STS_COMPL_ALIGN] = "record-alignment",
	[DSA_STS_ADDR_ALIGN] = "address-alignment",
	[DSA_STS_PRIV] = "privilege",
	[DSA_STS_TC] = "traffic-class",
	[DSA_STS_READBACK_FAULT] = "readback-fault",
	[DSA_STS_HW_ERROR] = "hardware-error",
	[DSA_STS_HW_ERROR_READBACK] = "readback-error",
	[DSA_STS_TRANSLATION] = "translation-error",
	[DSA_SWERR_PCI_CONFIG] = "pci-configuration",
	[DSA_SWERR_CMD_ACTIVE] = "command-active",
	[DSA_SWERR_WQ_FULL] = "queue-full",
};

/* Those of 23:16 are the operation's own. */
static const struct {
	const char *name;
	uint32_t bit;
} flag_names[] = {
	{ "fence", DSA_FLAG_FENCE },
	{ "block-on-fault", DSA_FLAG_BLOCK_ON_FAULT },
	{ "record-valid", DSA_FLAG_COMPL_VALID },
	{ "record-requested", DSA_FLAG_COMPL_REQ },
	{ "interrupt", DSA_FLAG_COMPL_INT },
	{ "record-steering", DSA_FLAG_COMPL_STEERING },
	{ "check-result", DSA_FLAG_CHECK_RESULT },
	{ "cache-control", DSA_FLAG_CACHE_CONTROL },
	{ "addr1-tc", DSA_FLAG_ADDR1_TC },
	{ "addr2-tc", DSA_FLAG_ADDR2_TC },
	{ "addr3-tc", DSA_FLAG_ADDR3_TC },
	{ "record-tc", DSA_FLAG_COMPL_TC },
	{ "strict-order", DSA_FLAG_STRICT_ORDER },
	{ "readback", DSA_FLAG_DEST_READBACK },
	{ "steering", DSA_FLAG_DEST_STEERING },
	{ "crc-read-seed", DSA_FLAG_CRC_READ_SEED },
	{ "crc-no-invert", DSA_FLAG_CRC_NO_INVERT },
	{ "crc-no-reflect", DSA_FLAG_CRC_NO_REFLECT },
};

static const char *const commands[] = {
	[DSA_CMD_ENABLE_DEVICE] = "enable device", [DSA_CMD_DISABLE_DEVICE] = "disable device",
	[DSA_CMD_DRAIN_ALL] = "drain all", [DSA_CMD_ABORT_ALL] = "abort all",
	[DSA_CMD_RESET_DEVICE] = "reset device", [DSA_CMD_ENABLE_WQ] = "enable WQ",
	[DSA_CMD_DISABLE_WQ] = "disable WQ", [DSA_CMD_DRAIN_WQ] = "drain WQ",
	[DSA_CMD_ABORT_WQ] = "abort WQ", [DSA_CMD_RESET_WQ] = "reset WQ",
	[DSA_CMD_DRAIN_PASID] = "drain PASID", [DSA_CMD_ABORT_PASID] = "abort PASID",
	[DSA_CMD_REQUEST_INT_HANDLE] = "request interrupt handle",
	[DSA_CMD_RELEASE_INT_HANDLE] = "release interrupt handle",
};

static const struct {
	uint32_t code;
	const char *name;
} command_errors[] = {
	{ DSA_CMDSTS_SUCCESS, "success" },
	{ DSA_CMDSTS_INVAL_CMD, "invalid command" },
	{ DSA_CMDSTS_INVAL_WQIDX, "invalid WQ index" },
	{ DSA_CMDSTS_HW_ERR, "hardware error" },
	{ DSA_CMDSTS_ERR_DEV_ENABLED, "the device is enabled" },
	{ DSA_CMDSTS_ERR_CONFIG, "no configuration" },
	{ DSA_CMDSTS_ERR_BUSMASTER_EN, "bus mastering is off" },
	{ DSA_CMDSTS_ERR_PASID_INVAL, "PASID settings" },
	{ DSA_CMDSTS_ERR_WQ_SIZE_ERANGE, "WQ sizes" },
	{ DSA_CMDSTS_ERR_GRP_CONFIG, "group configuration" },
	{ DSA_CMDSTS_ERR_GRP_CONFIG2, "group configuration" },
	{ DSA_CMDSTS_ERR_GRP_CONFIG3, "group configuration" },
	{ DSA_CMDSTS_ERR_GRP_CONFIG4, "group configuration" },
	{ DSA_CMDSTS_ERR_DEV_NOTEN, "the device is not enabled" },
	{ DSA_CMDSTS_ERR_WQ_ENABLED, "the WQ is enabled" },
	{ DSA_CMDSTS_ERR_WQ_SIZE, "WQ size" },
	{ DSA_CMDSTS_ERR_WQ_PRIOR, "WQ priority" },
	{ DSA_CMDSTS_ERR_WQ_MODE, "WQ mode" },
	{ DSA_CMDSTS_ERR_BOF_EN, "block on fault" },
	{ DSA_CMDSTS_ERR_PASID_EN, "WQ PASID" },
	{ DSA_CMDSTS_ERR_MAX_BATCH_SIZE, "largest batch" },
	{ DSA_CMDSTS_ERR_MAX_XFER_SIZE, "largest transfer" },
	{ DSA_CMDSTS_ERR_WQ_PRIV, "WQ privilege" },
	{ DSA_CMDSTS_ERR_OCCUPANCY_INT, "occupancy interrupt" },
	{ DSA_CMDSTS_ERR_DIS_DEV_EN, "the device is not enabled" },
	{ DSA_CMDSTS_ERR_DEV_NOT_EN, "a WQ is not enabled" },
	{ DSA_CMDSTS_ERR_INVAL_INT_IDX, "interrupt index" },
	{ DSA_CMDSTS_ERR_NO_HANDLE, "no handle" },
};

const char *
dsa_flag_text(unsigned int i, unsigned int opcode, uint32_t *bit)
{
	bool crc = opcode == DSA_OP_CRC || opcode == DSA_OP_COPY_CRC;

	if (i >= COUNT(flag_names))
		return NULL;
	*bit = flag_names[i].bit;
	return *bit < DSA_FLAG_CRC_READ_SEED || crc ? flag_names[i].name : "";
}

const char *
dsa_op_text(unsigned int opcode)
{
	const struct ts_op *op = ts_op_of(opcode);

	return op != NULL ? op->name : "reserved";
}

const char *
dsa_status_text(uint8_t status)
{
	status &= DSA_STS_MASK;
	return status < COUNT(status_names) && status_names[status] != NULL ?
		       status_names[status] : "reserved";
}

const char *
dsa_command_text(unsigned int command)
{
	return command < COUNT(commands) && commands[command] != NULL ?
		       commands[command] : "reserved";
}

const char *
dsa_command_error_text(uint32_t error)
{
	unsigned int i;

	for (i = 0; i < COUNT(command_errors); i++)
		if (command_errors[i].code == error)
			return command_errors[i].name;
	return "reserved";
}

int
dsa_status_parse(const char *text)
{
	const char *end;
	uint64_t value;
	unsigned int i;

	for (i = 0; i < COUNT(status_names); i++)
		if (status_names[i] != NULL && strcmp(status_names[i], text) == 0)
			return (int)i;
	if (app_parse_number(text, &end, &value) && *end == '\0' && value <= UINT8_MAX)
		return (int)value;
	return ts_error("expect: '%s' is neither a status nor a number up to 255", text);
}

static uint32_t
flag_bit(const char *text, size_t len)
{
	unsigned int i;

	for (i = 0; i < COUNT(flag_names); i++)
		if (strlen(flag_names[i].name) == len &&
		    memcmp(flag_names[i].name, text, len) == 0)
			return flag_names[i].bit;
	return 0;
}

int
dsa_flags_parse(const char *text, uint32_t *flags)
{
	const char *end;
	uint64_t value;

	if (app_parse_number(text, &end, &value) && *end == '\0' && value <= 0xffffff) {
		*flags = (uint32_t)value;
		return 0;
	}
	for (;; text += 1 + strcspn(text, ",")) {
		size_t len = strcspn(text, ",");
		uint32_t bit = flag_bit(text, len);

		if (bit == 0)
			return ts_error("flags: '%.*s' is neither a flag nor a number up to "
					"0xffffff", (int)len, text);
		*flags |= bit;
		if (text[len] == '\0')
			return 0;
	}
}
