/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Forwarding: what is set, start, stop, what it does and did.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sva_eal.h>

#include "fwd.h"

static struct fwd fwd;
static bool running;
static struct fwd_conf conf = {
	.mode = FWD_COPY,
	.sizes = { { 4096 }, 1 },
	.burst = 32,
};
static bool cores_set;
static struct app_list queues;	/* none: all */
static bool over;		/* it has ended by itself, and nobody has asked for it yet */
static int over_result;

bool
ts_forwarding(void)
{
	return running;
}

static struct fwd_flow *
flow_of(const struct ts_queue *queue)
{
	unsigned int i;

	for (i = 0; running && i < fwd.nb_flows; i++)
		if (fwd.flows[i].queue == queue)
			return &fwd.flows[i];
	return NULL;
}

int
ts_idle(const char *what, const struct ts_device *device, const struct ts_queue *queue)
{
	unsigned int i;

	for (i = 0; running && i < fwd.nb_flows; i++)
		if (fwd.flows[i].queue == queue || fwd.flows[i].queue->device == device)
			return ts_error("%s: queue %d of %s is forwarding: stop first", what,
					ts_queue_number(fwd.flows[i].queue),
					fwd.flows[i].queue->device->name);
	return 0;
}

int
ts_queue_stats(struct ts_queue *queue, struct sva_queue_stats *stats)
{
	struct fwd_flow *flow = flow_of(queue);

	if (flow == NULL)
		return sva_queue_stats(queue->q, stats);
	fwd_ask(&fwd);
	*stats = flow->stats;
	return 0;
}

/* ---- what is set ---- */

static int
set_list(const char *what, const char *text, char kind, uint64_t min, uint64_t max,
	 struct app_list *list)
{
	struct app_list new;
	const char *why;
	unsigned int i;

	if (!app_parse_list(text, kind, &new, &why))
		return ts_error("set %s: '%s' %s", what, text, why);
	for (i = 0; i < new.n; i++)
		if (new.value[i] < min || new.value[i] > max)
			return ts_error("set %s: %" PRIu64 " is not from %" PRIu64 " to %" PRIu64,
					what, new.value[i], min, max);
	*list = new;
	return 0;
}

static int
set_fwd(const struct ts_words *words)
{
	int mode = fwd_mode_parse(words->w[2]);

	if (mode < 0)
		return -1;
	conf.mode = (enum fwd_mode)mode;
	return 0;
}

static int
set_sizes(const struct ts_words *words)
{
	return set_list("sizes", words->w[2], 'x', 1, 1ull << 31, &conf.sizes);
}

static int
set_burst(const struct ts_words *words)
{
	uint64_t value;

	if (ts_number("set burst", words->w[2], 1, 1024, &value) != 0)
		return -1;
	conf.burst = (unsigned int)value;
	return 0;
}

static int
set_ops(const struct ts_words *words)
{
	return ts_number("set ops", words->w[2], 0, UINT64_MAX / 2, &conf.ops);
}

static int
set_cores(const struct ts_words *words)
{
	if (strcmp(words->w[2], "any") == 0)
		conf.cores.n = 0;
	else if (set_list("cores", words->w[2], '+', 0, INT32_MAX, &conf.cores) != 0)
		return -1;
	cores_set = true;
	return 0;
}

static int
set_queues(const struct ts_words *words)
{
	if (strcmp(words->w[2], "all") == 0) {
		queues.n = 0;
		return 0;
	}
	return set_list("queues", words->w[2], '+', 0, TS_MAX_QUEUES - 1, &queues);
}

static void
show_list(const char *name, const struct app_list *list, const char *none, bool sizes)
{
	char text[24];
	unsigned int i;

	printf("  %-8s", name);
	if (list->n == 0)
		printf("%s", none);
	for (i = 0; i < list->n; i++) {
		if (!sizes)
			snprintf(text, sizeof(text), "%" PRIu64, list->value[i]);
		printf("%s%s", i != 0 ? "," : "",
		       sizes ? app_size_text(list->value[i], text) : text);
	}
	putchar('\n');
}

static int
show_fwd(const struct ts_words *words)
{
	(void)words;
	printf("forwarding: %s\n  %-8s%s\n", running ? "running" : "stopped", "mode",
	       fwd_mode_name(conf.mode));
	show_list("sizes", &conf.sizes, "", true);
	printf("  %-8s%u\n", "burst", conf.burst);
	if (conf.ops != 0)
		printf("  %-8s%" PRIu64 " of each queue\n", "ops", conf.ops);
	else
		printf("  %-8suntil stop\n", "ops");
	show_list("queues", &queues, "all", false);
	show_list("cores", &conf.cores, cores_set ? "any" : "those of -l, else any", false);
	return 0;
}

/* ---- start ---- */

static int
add_flow(struct ts_queue *queue)
{
	struct fwd_flow *flow = &fwd.flows[fwd.nb_flows];
	struct sva_device_info info;
	struct sva_queue_info qinfo;
	unsigned int i;

	for (i = 0; i < fwd.nb_flows; i++)
		if (fwd.flows[i].queue == queue)
			return ts_error("start: queue %d is named twice: see set queues",
					ts_queue_number(queue));
	if (sva_device_info(queue->device->dev, &info) != 0 ||
	    sva_queue_info(queue->q, &qinfo) != 0)
		return ts_error("start: %s does not answer", queue->device->name);
	if (ts_queue_settle("start", queue) != 0)
		return -1;
	for (i = 0; i < conf.sizes.n; i++)
		if (conf.sizes.value[i] > info.max_transfer)
			return ts_error("start: %" PRIu64 " bytes are more than %s transfers at "
					"once, %" PRIu64 ": set sizes", conf.sizes.value[i],
					info.name, info.max_transfer);
	if (conf.burst > qinfo.depth)
		return ts_error("start: a burst of %u is more than the depth of queue %d, %u: set "
				"burst", conf.burst, ts_queue_number(queue), qinfo.depth);
	flow->queue = queue;
	flow->q = queue->q;
	flow->conf = &fwd.conf;
	flow->ops_mask = info.ops;
	flow->report = qinfo.fault_policy == SVA_FAULT_REPORT;
	fwd.nb_flows++;
	return fwd_flow_make(flow);
}

static int
add_flows(void)
{
	unsigned int i;

	for (i = 0; i < queues.n; i++) {
		struct ts_queue *queue = &ts_queues[queues.value[i]];

		if (queue->q == NULL)
			return ts_error("start: there is no open queue %" PRIu64
					": see show queues", queues.value[i]);
		if (add_flow(queue) != 0)
			return -1;
	}
	for (i = 0; queues.n == 0 && i < TS_MAX_QUEUES; i++)
		if (ts_queues[i].q != NULL && add_flow(&ts_queues[i]) != 0)
			return -1;
	return 0;
}

static void
free_flows(void)
{
	unsigned int i;

	for (i = 0; i < fwd.nb_flows; i++)
		fwd_flow_free(&fwd.flows[i]);
}

int
ts_forward_start(void)
{
	const int *cpus;
	unsigned int i, n;

	if (running)
		return ts_error("start: it is forwarding: stop first");
	over = false;
	if (queues.n == 0 && !ts_queues_wanted())
		return ts_error("start: no queue is open: open a device first, see show devices");
	n = cores_set ? 0 : sva_eal_cpus(&cpus);
	for (i = 0; i < n && i < APP_MAX_LIST; i++)
		conf.cores.value[i] = (uint64_t)cpus[i];
	if (n != 0)
		conf.cores.n = i;
	memset(&fwd, 0, sizeof(fwd));
	fwd.conf = conf;
	if (add_flows() != 0) {
		free_flows();
		return -1;
	}
	for (i = 0; i < fwd.nb_flows; i++) {
		struct ts_queue *queue = fwd.flows[i].queue;

		sva_queue_stats(queue->q, &queue->shown);
		queue->shown_ns = ts_now_ns();
	}
	if (fwd_start(&fwd) != 0) {
		free_flows();
		return -1;
	}
	running = true;
	printf("forwarding: %s, %u queues, %u threads\n", fwd_mode_name(conf.mode), fwd.nb_flows,
	       fwd.nb_workers);
	return 0;
}

static int
cmd_start(const struct ts_words *words)
{
	(void)words;
	return ts_forward_start();
}

/* ---- while it runs ---- */

void
ts_forward_show_rates(void)
{
	double all_ops = 0, all_bytes = 0;
	unsigned int i;

	fwd_ask(&fwd);
	for (i = 0; i < fwd.nb_flows; i++) {
		struct ts_queue *queue = fwd.flows[i].queue;
		const struct sva_queue_stats *now = &fwd.flows[i].stats, *then = &queue->shown;
		uint64_t now_ns = ts_now_ns();
		double ns = (double)(now_ns - queue->shown_ns);
		double ops = (double)(now->completed - then->completed) * 1e9 / ns;
		double bytes = (double)(now->bytes - then->bytes) * 1e9 / ns;

		printf("queue %d: %.3f Mops/s, %.3f GB/s, %.0f faults/s\n",
		       ts_queue_number(queue), ops / 1e6, bytes / 1e9,
		       (double)(now->faults - then->faults) * 1e9 / ns);
		all_ops += ops;
		all_bytes += bytes;
		queue->shown = *now;
		queue->shown_ns = now_ns;
	}
	if (fwd.nb_flows > 1)
		printf("all: %.3f Mops/s, %.3f GB/s\n", all_ops / 1e6, all_bytes / 1e9);
}

static int
show_rates(const struct ts_words *words)
{
	(void)words;
	if (!running)
		return ts_error("show rates: nothing is forwarding: start first");
	ts_forward_show_rates();
	return 0;
}

/* ---- the end ---- */

/* What one queue did. 0, or -1: not all of it was right, said. */
static int
conclude(const struct fwd_flow *flow)
{
	double seconds = (double)(fwd.ended_ns - fwd.started_ns) / 1e9;

	printf("queue %d: %" PRIu64 " operations, %" PRIu64 " bytes in %.3f s (%.3f Mops/s, %.3f "
	       "GB/s), %" PRIu64 " failed, %" PRIu64 " wrong", ts_queue_number(flow->queue),
	       flow->completed, flow->bytes, seconds, (double)flow->completed / seconds / 1e6,
	       (double)flow->bytes / seconds / 1e9, flow->failed, flow->wrong);
	if (flow->conf->mode == FWD_FAULTS)
		printf(", %" PRIu64 " had to fault", flow->expected_faults);
	putchar('\n');
	if (flow->accepted != flow->completed)
		return ts_error("queue %d: %" PRIu64 " operations have no result: reset %s",
				ts_queue_number(flow->queue), flow->accepted - flow->completed,
				flow->queue->device->name);
	if (flow->failed != 0 || flow->wrong != 0 || flow->dead)
		return ts_error("queue %d: %s", ts_queue_number(flow->queue),
				flow->why[0] != '\0' ? flow->why : "the device has stopped");
	return 0;
}

int
ts_forward_stop(void)
{
	bool stuck = false;
	unsigned int i;
	int ret = 0;

	if (!running)
		return 0;
	fwd_stop(&fwd);
	running = false;
	puts("forwarding: stopped");
	for (i = 0; i < fwd.nb_flows; i++)
		ret |= conclude(&fwd.flows[i]);
	for (i = 0; i < fwd.nb_workers; i++)
		stuck |= fwd.workers[i].stuck;
	/* What has no result may still be written to. */
	if (!stuck)
		free_flows();
	return ret;
}

static int
conclude_over(void)
{
	over = false;
	return over_result;
}

static int
cmd_stop(const struct ts_words *words)
{
	(void)words;
	if (over)
		return conclude_over();
	return running ? ts_forward_stop() : ts_error("stop: nothing is forwarding");
}

void
ts_forward_poll(void)
{
	if (!running || !fwd_ended(&fwd))
		return;
	ts_console_hide();
	over_result = ts_forward_stop();
	over = true;
	ts_failed = ts_failed || over_result != 0;
	ts_console_show();
}

static int
cmd_wait(const struct ts_words *words)
{
	(void)words;
	if (!running && !over)
		return ts_error("wait: nothing is forwarding");
	if (running && fwd.conf.ops == 0)
		return ts_error("wait: it would not end: set ops before start, or stop");
	while (running && ts_pause(5))
		;
	return over ? conclude_over() : 0;
}

static const struct ts_command commands[] = {
	{ "show fwd", "Show what is set.", show_fwd },
	{ "set fwd MODE",
	  "copy; verify: with its data; crc; mixed: all operations in turns; faults: to pages that "
	  "are not there.", set_fwd },
	{ "set sizes LIST", "Bytes of an operation, in turns: 64,4k,1m or 64-1m.", set_sizes },
	{ "set burst N", "Operations of one submit, 1 to 1024.", set_burst },
	{ "set ops N", "Operations of each queue, 0: until stop.", set_ops },
	{ "set cores LIST", "CPUs for the threads, which queues share; or any.", set_cores },
	{ "set queues LIST", "Numbers of the queues, or all.", set_queues },
	{ "start", "Start; a device without an open queue gets one.", cmd_start },
	{ "show rates", "Show rates since the last time, or the start.", show_rates },
	{ "wait", "Wait until all operations of set ops are done.", cmd_wait },
	{ "stop", "Stop, and show what was done; fails where anything was wrong.", cmd_stop },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_forward_section = { "forwarding", commands };
