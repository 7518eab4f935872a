/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Values in commands: numbers, addresses, choices, keys; and what they may be, for
 * completion.
 */
#include <stdio.h>
#include <string.h>

#include "fwd.h"
#include "numbers.h"
#include "ops.h"
#include "testsva.h"

int
ts_number(const char *what, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *end;

	if (app_parse_number(text, &end, value) && *end == '\0' && *value >= min && *value <= max)
		return 0;
	return ts_error("%s: '%s' is not a number from %llu to %llu", what, text,
			(unsigned long long)min, (unsigned long long)max);
}

/* "+OFFSET" or nothing; moves *text on. */
static bool
add_offset(const char **text, uint64_t *addr)
{
	uint64_t offset;

	if (**text != '+')
		return true;
	return app_parse_number(*text + 1, text, &offset) &&
	       !__builtin_add_overflow(*addr, offset, addr);
}

int
ts_address(const char *what, const char *text, uint64_t *addr)
{
	const char *end = text + strcspn(text, "+");
	const struct ts_region *region = ts_find_region(text, (size_t)(end - text));

	if (region != NULL)
		*addr = (uintptr_t)region->start;
	else if (!app_parse_number(text, &end, addr))
		return ts_error("%s: '%s' is neither memory (see show memory) nor a number", what,
				text);
	if (add_offset(&end, addr) && *end == '\0')
		return 0;
	return ts_error("%s: '%s' is not NAME, NAME+OFFSET or a number", what, text);
}

int
ts_range(const char *what, const char *text, unsigned char **start, size_t *len)
{
	const char *end = text + strcspn(text, "+:");
	const struct ts_region *region = ts_find_region(text, (size_t)(end - text));
	uint64_t offset = 0, length;

	if (region == NULL)
		return ts_error("%s: there is no memory '%.*s': see show memory", what,
				(int)(end - text), text);
	if (!add_offset(&end, &offset))
		return ts_error("%s: '%s' has a bad offset: NAME[+OFFSET][:LENGTH]", what, text);
	length = offset < region->len ? region->len - offset : 0;
	if (*end == ':' && !app_parse_number(end + 1, &end, &length))
		return ts_error("%s: '%s' has a bad length: NAME[+OFFSET][:LENGTH]", what, text);
	if (*end != '\0')
		return ts_error("%s: '%s' is not NAME[+OFFSET][:LENGTH]", what, text);
	if (length == 0 || offset > region->len || length > region->len - offset)
		return ts_error("%s: '%s' is not inside of %s, which has %zu bytes", what, text,
				region->name, region->len);
	*start = region->start + offset;
	*len = length;
	return 0;
}

int
ts_choice(const char *what, const char *text, const char *choices)
{
	const char *c = choices;
	int i;

	for (i = 0; *c != '\0'; i++) {
		size_t len = strcspn(c, "|/");

		if (strlen(text) == len && memcmp(text, c, len) == 0)
			return i;
		c += len + (c[len] != '\0');
	}
	return ts_error("%s: '%s' is none of %s", what, text, choices);
}

const char *
ts_key(const struct ts_words *words, unsigned int first, const char *key)
{
	size_t len = strlen(key);
	unsigned int i;

	for (i = first; i < words->n; i++)
		if (strncmp(words->w[i], key, len) == 0 && words->w[i][len] == '=')
			return words->w[i] + len + 1;
	return NULL;
}

/* ---- completion ---- */

static bool
list_devices(unsigned int i, char *dst, size_t size)
{
	unsigned int k;

	for (k = 0; k < TS_MAX_DEVICES; k++) {
		if (ts_devices[k].dev != NULL && i-- == 0) {
			snprintf(dst, size, "%s", ts_devices[k].name);
			return true;
		}
	}
	return false;
}

static bool
list_queues(unsigned int i, char *dst, size_t size)
{
	unsigned int k;

	for (k = 0; k < TS_MAX_QUEUES; k++) {
		if (ts_queues[k].q != NULL && i-- == 0) {
			snprintf(dst, size, "%u", k);
			return true;
		}
	}
	return false;
}

static bool
list_containers(unsigned int i, char *dst, size_t size)
{
	unsigned int k;

	for (k = 0; k < TS_MAX_CONTAINERS; k++) {
		if (ts_containers[k].c != NULL && i-- == 0) {
			snprintf(dst, size, "%u", k);
			return true;
		}
	}
	return false;
}

static bool
list_memory(unsigned int i, char *dst, size_t size)
{
	unsigned int k;

	for (k = 0; k < TS_MAX_REGIONS; k++) {
		if (ts_regions[k].name[0] != '\0' && i-- == 0) {
			snprintf(dst, size, "%s", ts_regions[k].name);
			return true;
		}
	}
	return false;
}

static bool
list_buses(unsigned int i, char *dst, size_t size)
{
	const struct sva_bus *bus = sva_bus_get(i);

	if (bus != NULL)
		snprintf(dst, size, "%s", bus->name);
	return bus != NULL;
}

struct nth_found {
	unsigned int left;
	bool done;
	char *dst;
	size_t size;
};

static void
nth_found(const struct sva_bus_found *found, void *arg)
{
	struct nth_found *nth = arg;

	if (nth->done || found->problem != NULL || nth->left-- != 0)
		return;
	snprintf(nth->dst, nth->size, "%s", found->name);
	nth->done = true;
}

/* Devices that a scan finds and that can be opened. */
static bool
list_specs(unsigned int i, char *dst, size_t size)
{
	struct nth_found nth = { i, false, dst, size };
	const struct sva_bus *bus;
	unsigned int b;

	for (b = 0; !nth.done && (bus = sva_bus_get(b)) != NULL; b++)
		sva_bus_scan(bus, nth_found, &nth);
	return nth.done;
}

static bool
list_ops(unsigned int i, char *dst, size_t size)
{
	const char *name = ts_op_word(i);

	if (name != NULL)
		snprintf(dst, size, "%s", name);
	return name != NULL;
}

static bool
list_modes(unsigned int i, char *dst, size_t size)
{
	if (i < FWD_NB_MODES)
		snprintf(dst, size, "%s", fwd_mode_name((enum fwd_mode)i));
	return i < FWD_NB_MODES;
}

static bool
list_sections(unsigned int i, char *dst, size_t size)
{
	if (ts_sections[i] != NULL)
		snprintf(dst, size, "%s", ts_sections[i]->name);
	return ts_sections[i] != NULL;
}

static bool
list_pids(unsigned int i, char *dst, size_t size)
{
	if (i == 0)
		snprintf(dst, size, "self");
	return i == 0;
}

ts_list_fn
ts_list_of(const char *value, size_t len)
{
	static const struct {
		const char *value;
		ts_list_fn fn;
	} lists[] = {
		{ "DEVICE", list_devices }, { "QUEUE", list_queues },
		{ "CONTAINER", list_containers }, { "RANGE", list_memory },
		{ "ADDRESS", list_memory }, { "NAME", list_memory }, { "BUS", list_buses },
		{ "SPEC", list_specs }, { "OP", list_ops }, { "MODE", list_modes },
		{ "SECTION", list_sections }, { "PID", list_pids },
	};
	unsigned int i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strlen(lists[i].value) == len && memcmp(lists[i].value, value, len) == 0)
			return lists[i].fn;
	return NULL;
}
