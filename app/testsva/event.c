/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What happens to devices, and what is made to happen. A callback comes in any thread that
 * polls, so that it only notes the event; the main thread shows it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "testsva.h"

#define MAX_KEPT 64

struct kept {
	char device[64];
	struct sva_event event;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept kept[MAX_KEPT];	/* ring of the latest, under the lock */
static unsigned long nb_kept;		/* ever, under the lock */
static unsigned long nb_shown;
static int event_fd = -1;

int
ts_event_init(void)
{
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return event_fd >= 0 ? 0 : ts_error("events: %s", strerror(errno));
}

void
ts_event_fini(void)
{
	close(event_fd);
	event_fd = -1;
}

int
ts_event_fd(void)
{
	return event_fd;
}

void
ts_on_event(struct sva_device *dev, const struct sva_event *event, void *arg)
{
	const struct ts_device *device = arg;
	uint64_t one = 1;
	struct kept *k;

	(void)dev;
	pthread_mutex_lock(&lock);
	k = &kept[nb_kept++ % MAX_KEPT];
	memcpy(k->device, device->name, sizeof(k->device));
	k->event = *event;
	pthread_mutex_unlock(&lock);
	if (write(event_fd, &one, sizeof(one)) < 0)
		return;		/* its counter is at its maximum: it is signalled */
}

static void
show(const struct kept *k)
{
	static const char *const names[] = {
		[SVA_EVENT_ERROR] = "error", [SVA_EVENT_FAILED] = "failed: reset it",
		[SVA_EVENT_REMOVED] = "is wanted back: close it",
	};

	printf("event: %s: %s", k->device, names[k->event.type]);
	if (k->event.type == SVA_EVENT_ERROR)
		printf(" 0x%02x, address 0x%llx", k->event.code,
		       (unsigned long long)k->event.addr);
	if (k->event.queue >= 0)
		printf(", WQ %d", k->event.queue);
	putchar('\n');
}

void
ts_event_show(void)
{
	uint64_t count;

	if (read(event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&lock);
	if (nb_shown != nb_kept)
		ts_console_hide();
	if (nb_kept - nb_shown > MAX_KEPT) {
		printf("event: %lu earlier ones are not shown\n", nb_kept - nb_shown - MAX_KEPT);
		nb_shown = nb_kept - MAX_KEPT;
	}
	count = nb_kept - nb_shown;
	while (nb_shown != nb_kept)
		show(&kept[nb_shown++ % MAX_KEPT]);
	if (count != 0)
		ts_console_show();
	pthread_mutex_unlock(&lock);
}

static int
show_events(const struct ts_words *words)
{
	unsigned long i;

	(void)words;
	pthread_mutex_lock(&lock);
	printf("%lu events\n", nb_kept);
	for (i = nb_kept > MAX_KEPT ? nb_kept - MAX_KEPT : 0; i < nb_kept; i++)
		show(&kept[i % MAX_KEPT]);
	pthread_mutex_unlock(&lock);
	return 0;
}

#define FAULTS "page-fault|hw-error|halt|removal"	/* as enum sva_inject */

static int
inject(const struct ts_words *words)
{
	struct ts_device *device = ts_find_device(words->w[1]);
	int what = ts_choice("inject", words->w[2], FAULTS), ret;
	const struct sva_bus_device *bus_dev;
	uint64_t count = 1;

	if (device == NULL || what < 0 ||
	    (words->n == 4 && ts_number("inject: count", words->w[3], 1, UINT32_MAX, &count) != 0))
		return -1;
	bus_dev = device->dev->bus_dev;
	if (bus_dev->bus->ops->inject == NULL)
		return ts_error("inject: %s is a real device: only emulated ones do wrong on "
				"demand", device->name);
	ret = bus_dev->bus->ops->inject(device->dev->bus_dev, (enum sva_inject)what,
					(unsigned int)count);
	if (ret != 0)
		return ts_error("inject: %s: %s", device->name, strerror(-ret));
	return 0;
}

static const struct ts_command commands[] = {
	{ "inject DEVICE " FAULTS " [COUNT]",
	  "Have an emulated device do wrong: the next COUNT accesses or operations fail, or it "
	  "stops.", inject },
	{ "show events", "Show what happened to devices, the latest 64.", show_events },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_event_section = { "events", commands };
