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
show_result(const struct sva_result *r)
{
	printf("result\n  %-12s %s", "status", result_words[r->status]);
	if (r->device_status != 0)
		printf(" (device: 0x%02x, %s)", r->device_status,
		       dsa_status_text(r->device_status));
	printf("\n  %-12s %u\n  %-12s 0x%" PRIx64 "\n", "bytes", r->bytes, "value", r->value);
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
	if (op->sva < 0)
		return ts_error("run: the driver makes %ses by itself: use batch submit", op->name);
	/* The class hands these words on as they are, with its own checks. */
	ret = sva_enqueue_rest_(queue->q, (enum sva_opcode)op->sva, d.dst, d.src, d.op[0], d.op[1],
				d.op[2], d.size, 0, flags | SVA_SUBMIT);
	if (ret < 0)
		return ts_error("run: %s is refused: %s", op->name, strerror(-ret));
	if (wait_result(queue, &r) != 0)
		return -1;
	show_result(&r);
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
	if (queue->device->dev->pid != 0)
		return ts_error("submit: %s is bound to process %d, which does not have the "
				"records", queue->device->name, (int)queue->device->dev->pid);
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

/* Write it and wait for its record (NULL: it has none). Its status, or -1, said. */
static int
write_and_wait(struct ts_queue *queue, const struct dsa_desc *desc, struct dsa_compl *record)
{
	uint64_t until = ts_now_ns() + ts_timeout * 1000000000ull;
	bool shared = queue->device->dev->shared, written = false;
	uint64_t error;

	for (;;) {
		if (!written) {
			written = !shared || queue->portal.enqcmd(&queue->portal, desc);
			if (!shared)
				sva_portal_write(&queue->portal, desc);
		}
		if (record != NULL && __atomic_load_n(&record->status, __ATOMIC_ACQUIRE) != 0)
			return record->status & DSA_STS_MASK;
		error = swerr(queue, 0);
		if (error == UINT64_MAX)
			return ts_error("submit: %s does not answer any more", queue->device->name);
		if (error & DSA_SWERR_VALID)
			return show_swerr(queue);
		if (ts_now_ns() > until)
			return ts_error("submit: %s in %u s: see show events and show registers",
					written ? "no record and no error" :
						  "the queue has taken nothing", ts_timeout);
		if (!ts_pause(0))
			return ts_error("submit: interrupted");
	}
}

static struct dsa_compl *
new_record(void)
{
	struct dsa_compl *record = &records[next_record++ % NB_RECORDS];

	memset(record, 0, sizeof(*record));
	return record;
}

static uint32_t
default_flags(const struct ts_queue *queue, unsigned int opcode)
{
	bool data = opcode != DSA_OP_NOOP && opcode != DSA_OP_DRAIN && opcode != DSA_OP_BATCH;

	return data && queue->device->dev->block_on_fault ? DSA_FLAG_BLOCK_ON_FAULT : 0;
}

static int
judge(const char *expect, int status)
{
	int want = DSA_STS_SUCCESS;

	if (expect != NULL) {
		want = dsa_status_parse(expect);
		if (want < 0)
			return -1;
	}
	if (status == want)
		return 0;
	return ts_error("submit: it ended with 0x%02x (%s), not 0x%02x (%s)", status,
			dsa_status_text((uint8_t)status), want, dsa_status_text((uint8_t)want));
}

/* Show and write a descriptor; a record of our own is shown when it is there. */
static int
show_and_wait(struct ts_queue *queue, const struct dsa_desc *desc, struct dsa_compl *own,
	      const char *expect)
{
	uint32_t flags = DSA_DESC_FLAGS(desc->op_flags);
	bool has_own = desc->compl_addr == (uintptr_t)own && (flags & DSA_FLAG_COMPL_VALID);
	int status;

	dsa_show_desc(desc);
	if (!has_own || !(flags & DSA_FLAG_COMPL_REQ)) {
		printf("no record of testsva's: it waits for an error, up to %u s\n", ts_timeout);
		fflush(stdout);
	}
	status = write_and_wait(queue, desc, has_own ? own : NULL);
	if (status < 0)
		return -1;
	if (has_own && own->status != 0)
		dsa_show_record(own, DSA_DESC_OPCODE(desc->op_flags));
	return judge(expect, status);
}

static int
cmd_submit(const struct ts_words *words)
{
	struct ts_queue *queue = ts_find_queue(words->w[1]);
	struct dsa_compl *record = new_record();
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
	return show_and_wait(queue, &desc, record, expect);
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
	struct dsa_compl *record = new_record();
	const char *expect = ts_key(words, 3, "expect");
	struct dsa_desc desc;
	unsigned int i;
	int ret;

	if (queue == NULL || ts_idle("batch submit", NULL, queue) != 0 || need_portal(queue) != 0 ||
	    (expect != NULL && dsa_status_parse(expect) < 0) ||
	    ts_desc_fill(words, 3, DSA_OP_BATCH, record, 0, &desc) != 0)
		return -1;
	if (ts_key(words, 3, "list") == NULL && ts_key(words, 3, "word2") == NULL)
		desc.src = (uintptr_t)list;
	if (ts_key(words, 3, "count") == NULL && ts_key(words, 3, "word4") == NULL)
		desc.size = nb_list;
	memset(list_records, 0, sizeof(list_records));
	ret = show_and_wait(queue, &desc, record, expect);
	for (i = 0; i < nb_list; i++) {
		if (list[i].compl_addr != (uintptr_t)&list_records[i] ||
		    list_records[i].status == 0)
			continue;
		printf("%u: %s: ", i, dsa_op_text(DSA_DESC_OPCODE(list[i].op_flags)));
		dsa_show_record(&list_records[i], DSA_DESC_OPCODE(list[i].op_flags));
	}
	return ret;
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
