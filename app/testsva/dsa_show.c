/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Descriptors, completion records and software errors, shown by field: specification, the
 * section of each operation, and "Completion Record".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dsa_text.h"
#include "ops.h"
#include "testsva.h"

static void
show_flags(uint32_t flags, unsigned int opcode)
{
	const char *by = "", *name;
	uint32_t bit;
	unsigned int i;

	printf("0x%06x (", flags);
	for (i = 0; (name = dsa_flag_text(i, opcode, &bit)) != NULL; i++) {
		if (!(flags & bit) || *name == '\0')
			continue;
		printf("%s%s", by, name);
		by = ", ";
		flags &= ~bit;
	}
	if (flags != 0)
		printf("%s0x%06x", by, flags);
	puts(")");
}

/* ---- descriptors ---- */

/* The words of an operation by the names of its keys, then what is set besides. */
static void
show_words(const struct dsa_desc *desc, const struct ts_op *op)
{
	static const char *const blocks[] = { "512", "520", "4096", "4104" };
	uint64_t words[8];
	unsigned int i;

	memcpy(words, desc, sizeof(words));
	words[0] &= 0x7ff00000;		/* PASID, privilege, flags and operation are shown */
	words[1] = 0;			/* the record's address, too */
	words[4] &= ~(0xffffull << 32);	/* and the interrupt handle */
	for (i = 0; op != NULL && i < TS_OP_KEYS && op->keys[i].name != NULL; i++) {
		const struct ts_op_key *key = &op->keys[i];
		uint64_t mask = key->bits < 64 ? (1ull << key->bits) - 1 : UINT64_MAX;
		uint64_t value = words[key->word] >> key->shift & mask;

		words[key->word] &= ~(mask << key->shift);
		if (key->kind == TS_BLOCK)
			printf("  %-12s %s\n", key->name, blocks[value]);
		else
			printf("  %-12s 0x%" PRIx64 "\n", key->name, value);
	}
	for (i = 0; i < 8; i++)
		if (words[i] != 0)
			printf("  in word%u     0x%" PRIx64 "\n", i, words[i]);
}

void
dsa_show_desc(const struct dsa_desc *desc)
{
	unsigned int opcode = DSA_DESC_OPCODE(desc->op_flags);

	printf("descriptor\n  %-12s 0x%02x (%s)\n  %-12s ", "operation", opcode,
	       dsa_op_text(opcode), "flags");
	show_flags(DSA_DESC_FLAGS(desc->op_flags), opcode);
	printf("  %-12s 0x%" PRIx64 "\n", "compl", desc->compl_addr);
	if (desc->pasid_priv != 0)
		printf("  %-12s %u, privileged %u\n", "PASID", desc->pasid_priv & 0xfffff,
		       desc->pasid_priv >> 31);
	if (desc->int_handle != 0)
		printf("  %-12s %u\n", "handle", desc->int_handle);
	show_words(desc, ts_op_of(opcode));
}

/* ---- records ---- */

void
dsa_show_dif_error(unsigned int bits)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ DSA_DIF_STS_GUARD, "guard" }, { DSA_DIF_STS_APP, "application tag" },
		{ DSA_DIF_STS_REF, "reference tag" }, { DSA_DIF_STS_ALL_F, "all ones" },
	};
	const char *by = " (";
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bits & names[i].bit) {
			printf("%s%s", by, names[i].name);
			by = ", ";
		}
	}
	if (*by == ',')
		putchar(')');
}

static bool
is_done(uint8_t status)
{
	return status == DSA_STS_SUCCESS || status == DSA_STS_SUCCESS_PREDICATE;
}

/* What the result byte says. */
static void
show_result(uint8_t status, uint8_t result, unsigned int opcode)
{
	static const char *const deltas[] = {
		"no difference", "all differences recorded",
		"more differences than the record holds",
	};
	bool done = is_done(status);

	printf("  %-12s %u", "result", result);
	if (status == DSA_STS_DIF_ERROR)
		dsa_show_dif_error(result);
	else if (done && (opcode == DSA_OP_COMPARE || opcode == DSA_OP_COMPARE_PATTERN))
		printf(" (%s)", result != 0 ? "different after so many bytes" : "equal");
	else if (done && opcode == DSA_OP_CREATE_DELTA && result < 3)
		printf(" (%s)", deltas[result]);
	else if (status == DSA_STS_PAGE_FAULT && opcode == DSA_OP_MEMMOVE)
		printf(" (from the %s)", result != 0 ? "end" : "start");
	putchar('\n');
}

static void
show_tags(const char *name, uint64_t word)
{
	printf("  %-12s ref 0x%08x, mask 0x%04x, app 0x%04x\n", name, (unsigned int)(uint32_t)word,
	       (unsigned int)(word >> 32 & 0xffff), (unsigned int)(word >> 48));
}

/* What is the operation's own, where it was done or in part. Whether that is all of it. */
static bool
show_own(const struct dsa_compl *record, unsigned int opcode)
{
	switch (opcode) {
	case DSA_OP_CRC:
	case DSA_OP_COPY_CRC:
		printf("  %-12s 0x%08" PRIx64 "\n", "crc", record->op[0]);
		return record->op[1] == 0;
	case DSA_OP_CREATE_DELTA:
		printf("  %-12s %u\n", "record size", (unsigned int)(uint32_t)record->op[0]);
		return record->op[0] >> 32 == 0 && record->op[1] == 0;
	case DSA_OP_DIF_CHECK:
	case DSA_OP_DIF_STRIP:
		show_tags("next tags", record->op[0]);
		return record->op[1] == 0;
	case DSA_OP_DIF_INSERT:
		show_tags("next tags", record->op[1]);
		return record->op[0] == 0;
	case DSA_OP_DIF_UPDATE:
		show_tags("next source", record->op[0]);
		show_tags("next dest", record->op[1]);
		return true;
	default:
		return (record->op[0] | record->op[1]) == 0;
	}
}

void
dsa_show_record(const struct dsa_compl *record, unsigned int opcode)
{
	uint8_t status = record->status & DSA_STS_MASK;

	printf("record\n  %-12s 0x%02x (%s%s)\n", "status", record->status,
	       dsa_status_text(record->status),
	       record->status & DSA_STS_WRITE_FAULT ? ", a write" : "");
	show_result(status, record->result, opcode);
	printf("  %-12s %u\n", opcode == DSA_OP_BATCH ? "descriptors" : "bytes", record->bytes);
	if (record->fault_addr != 0 || status == DSA_STS_PAGE_FAULT)
		printf("  %-12s 0x%" PRIx64 "\n", "fault addr", record->fault_addr);
	if (status == DSA_STS_BAD_FLAGS) {
		printf("  %-12s ", "bad flags");
		show_flags((uint32_t)record->op[0] & 0xffffff, opcode);
	} else if ((is_done(status) || status == DSA_STS_PAGE_FAULT) && show_own(record, opcode)) {
		return;
	} else if ((record->op[0] | record->op[1]) != 0) {
		printf("  %-12s 0x%016" PRIx64 " 0x%016" PRIx64 "\n", "operation", record->op[0],
		       record->op[1]);
	}
}

/* ---- software errors ---- */

void
dsa_show_swerr(const uint64_t w[4])
{
	unsigned int opcode = (unsigned int)DSA_SWERR_OPERATION(w[0]);
	uint32_t bad_flags = (uint32_t)(w[1] >> 32) & 0xffffff;

	printf("SWERR\n  %-12s 0x%02x (%s)%s%s\n", "error", (unsigned int)DSA_SWERR_ERROR(w[0]),
	       dsa_status_text((uint8_t)DSA_SWERR_ERROR(w[0])),
	       w[0] & DSA_SWERR_OVERFLOW ? ", more were lost" : "",
	       w[0] & DSA_SWERR_FAULT_RW ? ", a write" : "");
	if (w[0] & DSA_SWERR_WQ_IDX_VALID)
		printf("  %-12s %u\n", "WQ", (unsigned int)DSA_SWERR_WQ_IDX(w[0]));
	if (w[0] & DSA_SWERR_DESC_VALID)
		printf("  %-12s 0x%02x (%s), PASID %u%s\n", "descriptor", opcode,
		       dsa_op_text(opcode), (unsigned int)DSA_SWERR_PASID(w[0]),
		       w[0] & DSA_SWERR_PRIV ? ", privileged" : "");
	if (w[0] & DSA_SWERR_BATCH)
		printf("  %-12s %u\n", "batch index", (unsigned int)(w[1] & 0xffff));
	if (bad_flags != 0) {
		printf("  %-12s ", "bad flags");
		show_flags(bad_flags, opcode);
	}
	printf("  %-12s 0x%" PRIx64 "\n", "address", w[2]);
}
