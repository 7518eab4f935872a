/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Values of options: what the table in options.c parses them with.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perf.h"

#define MAX_SECONDS 86400.0
#define NODES "/sys/devices/system/node"

static const char *const place_names[] = { "", "l1", "llc", "memory" };

const char *
perf_place_name(unsigned int place)
{
	return place_names[place];
}

static void *
target(const struct perf_option_def *def, struct perf_options *opts)
{
	return (char *)opts + def->to;
}

static int
number(const struct perf_option_def *def, const char *where, const char *text, uint64_t *value)
{
	const char *end;

	if (app_parse_number(text, &end, value) && *end == '\0' && *value >= def->min &&
	    *value <= def->max)
		return 0;
	perf_error("%s: '%s' is not a number from %" PRIu64 " to %" PRIu64, where, text, def->min,
		   def->max);
	return PERF_EXIT_USAGE;
}

PERF_PARSER(perf_value_number)
{
	return number(def, where, text, target(def, opts));
}

PERF_PARSER(perf_value_uint)
{
	uint64_t value = 0;
	int ret = number(def, where, text, &value);

	*(unsigned int *)target(def, opts) = (unsigned int)value;
	return ret;
}

PERF_PARSER(perf_value_list)
{
	struct app_list *list = target(def, opts);
	const char *why;
	unsigned int i;

	if (!app_parse_list(text, def->step, list, &why)) {
		perf_error("%s: '%s' %s", where, text, why);
		return PERF_EXIT_USAGE;
	}
	for (i = 0; i < list->n; i++) {
		if (list->value[i] < def->min || list->value[i] > def->max) {
			perf_error("%s: %" PRIu64 " is out of range: use %" PRIu64 " to %" PRIu64,
				   where, list->value[i], def->min, def->max);
			return PERF_EXIT_USAGE;
		}
	}
	return 0;
}

PERF_PARSER(perf_value_seconds)
{
	double *seconds = target(def, opts);
	char *end;

	*seconds = strtod(text, &end);
	if (end != text && *end == '\0' && isdigit((unsigned char)end[-1]) &&
	    isfinite(*seconds) && *seconds >= 1e-6 && *seconds <= MAX_SECONDS)
		return 0;
	perf_error("%s: '%s' is not a number of seconds from 0.000001 to %g", where, text,
		   MAX_SECONDS);
	return PERF_EXIT_USAGE;
}

PERF_PARSER(perf_value_yes_no)
{
	bool *value = target(def, opts);

	*value = text == NULL || strcmp(text, "yes") == 0;
	if (*value || strcmp(text, "no") == 0)
		return 0;
	perf_error("%s: '%s' is neither yes nor no", where, text);
	return PERF_EXIT_USAGE;
}

PERF_PARSER(perf_value_text)
{
	(void)where;
	*(const char **)target(def, opts) = text;
	return 0;
}

static void
refuse_op(const char *where, const char *text, int len)
{
	char names[256] = "";
	size_t used = 0;
	int op;

	for (op = 0; op < SVA_NB_OPS; op++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s, ",
					 sva_op_name((enum sva_opcode)op));
	perf_error("%s: '%.*s' is not an operation: use %sor all", where, len, text, names);
}

PERF_PARSER(perf_value_ops)
{
	char word[32];
	size_t len;
	int op;

	(void)def;
	memset(opts->ops, 0, sizeof(opts->ops));
	opts->all_ops = strcmp(text, "all") == 0;
	if (opts->all_ops) {
		for (op = 0; op < SVA_NB_OPS; op++)
			opts->ops[op] = true;
		return 0;
	}
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), text);
		op = sva_op_parse(word);
		if (op < 0) {
			refuse_op(where, text, (int)(len < 31 ? len : 31));
			return PERF_EXIT_USAGE;
		}
		opts->ops[op] = true;
		if (text[len] == '\0')
			return 0;
	}
}

PERF_PARSER(perf_value_block)
{
	unsigned int *block = target(def, opts);
	const char *end;
	uint64_t value;

	if (app_parse_number(text, &end, &value) && *end == '\0' &&
	    (value == 512 || value == 520 || value == 4096 || value == 4104)) {
		*block = (unsigned int)value;
		return 0;
	}
	perf_error("%s: '%s' is not the size of a DIF block: use 512, 520, 4096 or 4104", where,
		   text);
	return PERF_EXIT_USAGE;
}

PERF_PARSER(perf_value_place)
{
	unsigned int *place = target(def, opts);

	for (*place = PERF_L1; *place <= PERF_MEMORY; (*place)++) {
		if (strcmp(text, place_names[*place]) == 0)
			return 0;
	}
	*place = PERF_ANYWHERE;
	perf_error("%s: '%s' is not a place: use l1, llc or memory", where, text);
	return PERF_EXIT_USAGE;
}

PERF_PARSER(perf_value_node)
{
	uint64_t *node = target(def, opts);
	char path[64];
	int ret = number(def, where, text, node);

	if (ret != 0)
		return ret;
	snprintf(path, sizeof(path), NODES "/node%" PRIu64, *node);
	/* A kernel without NUMA has one node, and no folder of it. */
	if (access(path, F_OK) == 0 || (*node == 0 && access(NODES, F_OK) != 0))
		return 0;
	perf_error("%s: there is no NUMA node %" PRIu64 ": see " NODES, where, *node);
	return PERF_EXIT_USAGE;
}

/* "fence/8,to-cache/2": each at most once. */
PERF_PARSER(perf_value_flags)
{
	static const char *const names[] = { "fence/", "to-cache/" };
	uint64_t every[2] = { 0, 0 };
	const char *p = text;
	size_t len;
	unsigned int i;

	for (;; p++) {
		for (i = 0; i < 2; i++) {
			len = strlen(names[i]);
			if (strncmp(p, names[i], len) == 0)
				break;
		}
		if (i == 2 || every[i] != 0 || !app_parse_number(p + len, &p, &every[i]) ||
		    every[i] == 0 || every[i] > def->max || (*p != ',' && *p != '\0')) {
			perf_error("%s: '%s' is not a list of fence/N and to-cache/N, N from 1 to %"
				   PRIu64, where, text, def->max);
			return PERF_EXIT_USAGE;
		}
		if (*p == '\0')
			break;
	}
	opts->fence_every = every[0];
	opts->to_cache_every = every[1];
	opts->flags = text;
	return 0;
}
