/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Operations by hand: through the driver (run), or as descriptors that are written to the
 * queue's portal as they are, however wrong (submit, batch).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dsa_text.h"
#include "ops.h"
#include "testsva.h"

#define MAX_BATCH 64
#define NB_RECORDS 128

/* For good: a device that is late may write to one after it was given up. */
static struct dsa_compl records[NB_RECORDS] __attribute__((aligned(64)));
static struct dsa_compl list_records[MAX_BATCH] __attribute__((aligned(64)));
static struct dsa_desc list[MAX_BATCH] __attribute__((aligned(64)));
static unsigned int nb_list, next_record;

/* ---- through the driver ---- */

static const char *const result_words[] = {
	[SVA_OK] = "ok", [SVA_MISMATCH] = "mismatch", [SVA_FAULT] = "fault",
	[SVA_INVALID] = "invalid", [SVA_ABORTED] = "aborted", [SVA_HW_ERROR] = "hw-error",
	[SVA_DELTA_ERROR] = "delta-error", [SVA_DIF_ERROR] = "dif-error",
};
#define RESULT_WORDS "ok/mismatch/fault/invalid/aborted/hw-error/delta-error/dif-error"

static int
parse_op_flags(const char *text, uint32_t *flags)
{
	*flags = 0;
	if (text == NULL)
		return 0;
	for (;;) {
		size_t len = strcspn(text, ",");

		if (len == 5 && memcmp(text, "fence", 5) == 0)
			*flags |= SVA_FENCE;
		else if (len == 8 && memcmp(text, "to-cache", 8) == 0)
			*flags |= SVA_TO_CACHE;
		else
			return ts_error("flags: '%.*s' is neither fence nor to-cache", (int)len,
					text);
		text += len;
		if (*text++ == '\0')
			return 0;
	}
}

static void
show_result(const struct sva_result *r, unsigned int opcode)
{
	printf("result\n  %-12s %s", "status", result_words[r->status]);
	if (r->device_status != 0)
		printf(" (device: 0x%02x, %s)", r->device_status,
		       dsa_status_text(r->device_status));
	printf("\n  %-12s %u\n  %-12s 0x%" PRIx64, "bytes", r->bytes, "value", r->value);
	if (r->status == SVA_MISMATCH)
		printf(" (offset of the first difference)");
	else if (r->status == SVA_DIF_ERROR)
		dsa_show_dif_error((unsigned int)r->value);	/* SVA_DIF_BAD_* are the same */
	else if (opcode == DSA_OP_CREATE_DELTA &&
		 (r->status == SVA_OK || r->status == SVA_DELTA_ERROR))
		printf(" (bytes of record)");
	else if (r->status == SVA_OK && (opcode == DSA_OP_CRC || opcode == DSA_OP_COPY_CRC))
		printf(" (crc)");
	putchar('\n');
	if (r->status == SVA_FAULT)
		printf("  %-12s 0x%" PRIx64 ", a %s\n", "fault addr", r->fault_addr,
		       r->write_fault ? "write" : "read");
}

/* Poll for the one result there is to come. */
static int
wait_result(struct ts_queue *queue, struct sva_result *r)
{
	uint64_t until = ts_now_ns() + ts_timeout * 1000000000ull;
	int n;

	while ((n = sva_poll(queue->q, r, 1)) == 0) {
		if (ts_now_ns() > until)
			return ts_error("run: no result in %u s: see show registers, and reset",
					ts_timeout);
		if (!ts_pause(0))
			return ts_error("run: interrupted");
	}
	return n == 1 ? 0 : ts_error("run: %s", strerror(-n));
}

static int
cmd_run(const struct ts_words *words)
{
	struct ts_queue *queue = ts_find_queue(words->w[1]);
	const char *expect = ts_key(words, 3, "expect");
	int opcode, ret, want = SVA_OK;
	struct dsa_desc d = { 0 };
	const struct ts_op *op;
	struct sva_result r;
	uint32_t flags;

	if (queue == NULL || ts_idle("run", NULL, queue) != 0)
		return -1;
	opcode = ts_op_parse(words->w[2], false);
	if (expect != NULL)
		want = ts_choice("expect", expect, RESULT_WORDS);
	if (opcode < 0 || want < 0 || ts_op_fill(words, 3, (unsigned int)opcode, &d) != 0 ||
	    parse_op_flags(ts_key(words, 3, "flags"), &flags) != 0)
		return -1;
	op = ts_op_of((unsigned int)opcode);
	if (ts_queue_settle("run", queue) != 0)
		return -1;
	if (op->sva < 0)
		return ts_error("run: the driver makes %ses by itself: use batch submit", op->name);
	/* The class hands these words on as they are, with its own checks. */
	ret = sva_enqueue_rest_(queue->q, (enum sva_opcode)op->sva, d.dst, d.src, d.op[0], d.op[1],
				d.op[2], d.size, 0, flags | SVA_SUBMIT);
	if (ret < 0)
		return ts_error("run: %s is refused: %s", op->name, strerror(-ret));
	if (wait_result(queue, &r) != 0)
		return -1;
	show_result(&r, op->opcode);
	if (r.status != want)
		return ts_error("run: %s ended with %s, not %s", op->name, result_words[r.status],
				result_words[want]);
	return 0;
}

/* ---- past the driver ---- */

static int
need_portal(struct ts_queue *queue)
{
	const struct sva_bus_device *bus_dev = queue->device->dev->bus_dev;
	int ret;

	if (bus_dev->vendor_id != DSA_PCI_VENDOR || bus_dev->device_id != DSA_PCI_DEVICE)
		return ts_error("submit: %s is no DSA", queue->device->name);
	if (queue->portal_open)
		return 0;
	ret = bus_dev->bus->ops->portal_open(queue->device->dev->bus_dev,
					     DSA_PORTAL_OFFSET(queue->q->index, false),
					     &queue->portal);
	if (ret != 0)
		return ts_error("submit: the portal cannot be opened: %s", strerror(-ret));
	queue->portal_open = true;
	return 0;
}

static uint64_t
swerr(struct ts_queue *queue, unsigned int word)
{
	struct sva_bus_device *bus_dev = queue->device->dev->bus_dev;

	return bus_dev->bus->ops->read64(bus_dev, DSA_REG_SWERR + 8 * word);
}

static bool
runs(struct ts_queue *queue)
{
	struct sva_bus_device *bus_dev = queue->device->dev->bus_dev;

	return DSA_GENSTS_STATE(bus_dev->bus->ops->read32(bus_dev, DSA_REG_GENSTS)) ==
	       DSA_STATE_ENABLED;
}

/* What a record cannot tell the software error register does. Its status, or -1. */
static int
show_swerr(struct ts_queue *queue)
{
	uint64_t w[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		w[i] = swerr(queue, i);
	dsa_show_swerr(w);
	/* The driver clears it. */
	sva_device_handle_events(queue->device->dev);
	return (int)DSA_SWERR_ERROR(w[0]);
}

/* ---- records, which may be anywhere ---- */

/* Make a record one that is seen to be written. Whether it is one that can be. */
static bool
clear_record(const struct dsa_desc *desc)
{
	static const struct dsa_compl none;

	return (desc->op_flags & DSA_FLAG_COMPL_VALID) && desc->compl_addr % DSA_COMPL_ALIGN == 0 &&
	       ts_poke(desc->compl_addr, &none, sizeof(none));
}

/* Whether it has been written. Read again then, as the status is written last. */
static bool
take_record(const struct dsa_desc *desc, struct dsa_compl *record)
{
	return ts_peek(desc->compl_addr, record, sizeof(*record)) && record->status != 0 &&
	       ts_peek(desc->compl_addr, record, sizeof(*record));
}

/* ---- write and wait ---- */

/* Wait for what comes of a descriptor; the record only where there may be one. */
static int
await(struct ts_queue *queue, const struct dsa_desc *desc, bool has_record)
{
	uint64_t until = ts_now_ns() + ts_timeout * 1000000000ull;
	bool shared = queue->device->dev->shared, written = false, done;
	struct dsa_compl record;
	uint64_t error;
	int status;

	for (;;) {
		if (!written) {
			written = !shared || queue->portal.enqcmd(&queue->portal, desc);
			if (!shared)
				sva_portal_write(&queue->portal, desc);
		}
		done = has_record && take_record(desc, &record);
		error = swerr(queue, 0);
		if (error != UINT64_MAX && (error & DSA_SWERR_VALID)) {
			status = show_swerr(queue);
			/* One of a batch's members leaves the batch its record. */
			if (!done && !(has_record && (error & DSA_SWERR_BATCH)))
				return status;
		}
		if (done) {
			dsa_show_record(&record, DSA_DESC_OPCODE(desc->op_flags));
			return record.status;
		}
		if (error == UINT64_MAX)
			return ts_error("submit: %s does not answer any more", queue->device->name);
		if (!runs(queue))
			return ts_error("submit: %s has stopped: reset it", queue->device->name);
		if (ts_now_ns() > until)
			return ts_error("submit: %s in %u s: see show events and show registers",
					written ? "no record and no error" :
						  "the queue has taken nothing", ts_timeout);
		if (!ts_pause(0))
			return ts_error("submit: interrupted");
	}
}

/* Show and write a descriptor, and what comes of it. The status byte, or -1, said. */
static int
write_and_wait(struct ts_queue *queue, const struct dsa_desc *desc)
{
	bool has_record = clear_record(desc);
	int status;

	dsa_show_desc(desc);
	if (!has_record || !(desc->op_flags & DSA_FLAG_COMPL_REQ))
		printf("no record of success: waiting for an error, up to %u s\n", ts_timeout);
	/* An error is to be seen here before the driver clears it. */
	queue->device->held = true;
	status = await(queue, desc, has_record);
	queue->device->held = false;
	return status;
}

static const struct dsa_compl *
new_record(void)
{
	return &records[next_record++ % NB_RECORDS];
}

static uint32_t
default_flags(const struct ts_queue *queue, unsigned int opcode)
{
	bool data = opcode != DSA_OP_NOOP && opcode != DSA_OP_DRAIN && opcode != DSA_OP_BATCH;

	return data && queue->device->dev->block_on_fault ? DSA_FLAG_BLOCK_ON_FAULT : 0;
}

/* Whether a status byte, or error, is what was expected. 0, or -1, said. */
static int
judge(const char *expect, int status)
{
	int want = expect != NULL ? dsa_status_parse(expect) : DSA_STS_SUCCESS;

	/* Its highest bit is more about a page fault: it need not be given. */
	if (status < 0 || want < 0)
		return -1;
	if (status == want || (status & DSA_STS_MASK) == want)
		return 0;
	return ts_error("submit: it ended with 0x%02x (%s), not 0x%02x (%s)", status,
			dsa_status_text((uint8_t)status), want, dsa_status_text((uint8_t)want));
}

static int
cmd_submit(const struct ts_words *words)
{
	struct ts_queue *queue = ts_find_queue(words->w[1]);
	const struct dsa_compl *record = new_record();
	const char *expect = ts_key(words, 3, "expect");
	struct dsa_desc desc;
	int opcode;

	if (queue == NULL || ts_idle("submit", NULL, queue) != 0 || need_portal(queue) != 0)
		return -1;
	opcode = ts_op_parse(words->w[2], true);
	if (opcode < 0 || (expect != NULL && dsa_status_parse(expect) < 0) ||
	    ts_desc_fill(words, 3, (unsigned int)opcode, record,
			 default_flags(queue, (unsigned int)opcode), &desc) != 0)
		return -1;
	return judge(expect, write_and_wait(queue, &desc));
}

/* ---- batches ---- */

static int
batch_add(const struct ts_words *words)
{
	int opcode = ts_op_parse(words->w[2], true);

	if (opcode < 0)
		return -1;
	if (nb_list == MAX_BATCH)
		return ts_error("batch add: it has %d descriptors, the most there can be",
				MAX_BATCH);
	if (ts_desc_fill(words, 3, (unsigned int)opcode, &list_records[nb_list], 0,
			 &list[nb_list]) != 0)
		return -1;
	nb_list++;
	return 0;
}

static int
batch_show(const struct ts_words *words)
{
	unsigned int i;

	(void)words;
	printf("%u descriptors at %p\n", nb_list, (void *)list);
	for (i = 0; i < nb_list; i++) {
		printf("%u: ", i);
		dsa_show_desc(&list[i]);
	}
	return 0;
}

static int
batch_clear(const struct ts_words *words)
{
	(void)words;
	nb_list = 0;
	return 0;
}

static int
batch_submit(const struct ts_words *words)
{
	struct ts_queue *queue = ts_find_queue(words->w[2]);
	const struct dsa_compl *record = new_record();
	const char *expect = ts_key(words, 3, "expect");
	bool has_record[MAX_BATCH];
	struct dsa_compl member;
	struct dsa_desc desc;
	unsigned int i;
	int status;

	if (queue == NULL || ts_idle("batch submit", NULL, queue) != 0 || need_portal(queue) != 0 ||
	    (expect != NULL && dsa_status_parse(expect) < 0) ||
	    ts_desc_fill(words, 3, DSA_OP_BATCH, record, 0, &desc) != 0)
		return -1;
	if (ts_key(words, 3, "list") == NULL && ts_key(words, 3, "word2") == NULL)
		desc.src = (uintptr_t)list;
	if (ts_key(words, 3, "count") == NULL && ts_key(words, 3, "word4") == NULL)
		desc.size = nb_list;
	for (i = 0; i < nb_list; i++)
		has_record[i] = clear_record(&list[i]);
	status = write_and_wait(queue, &desc);
	for (i = 0; i < nb_list; i++) {
		if (!has_record[i] || !take_record(&list[i], &member))
			continue;
		printf("%u: %s: ", i, dsa_op_text(DSA_DESC_OPCODE(list[i].op_flags)));
		dsa_show_record(&member, DSA_DESC_OPCODE(list[i].op_flags));
	}
	return judge(expect, status);
}

static const struct ts_command commands[] = {
	{ "run QUEUE OP [" TS_OP_KEY_SYNTAX " flags=fence/to-cache expect=" RESULT_WORDS "]",
	  "Have the driver do an operation, and show its result; fails unless it is ok, or as "
	  "expected.", cmd_run },
	{ "submit QUEUE OP [" TS_DESC_KEY_SYNTAX " expect=STATUS]",
	  "Write a descriptor to the queue's portal as it is; show it and its record. Fails unless "
	  "the status is success, or as expected. OP may be a number; flags adds to the usual "
	  "ones, or is a number; compl=none asks for no record; wordN is 8 bytes of it.",
	  cmd_submit },
	{ "batch add OP [" TS_DESC_KEY_SYNTAX "]", "Put a descriptor at the end of the batch.",
	  batch_add },
	{ "batch show", "Show the descriptors of the batch.", batch_show },
	{ "batch clear", "Empty it.", batch_clear },
	{ "batch submit QUEUE [" TS_DESC_KEY_SYNTAX " expect=STATUS]",
	  "Write a batch descriptor over them, and show all records; list and count may be others.",
	  batch_submit },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_submit_section = { "operations", commands };
