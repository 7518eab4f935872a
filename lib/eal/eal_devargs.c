/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Device specifications, the allow list and device arguments.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_kvargs.h>
#include <sva_log.h>

#include "eal_private.h"

SVA_LOG_COMPONENT(eal);

#define KEY_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_-"

struct sva_devargs {
	struct rte_kvargs *own;		/* of the open; they win */
	struct rte_kvargs *allowed;	/* of -a; not owned; either may be NULL */
	char dev[64];
};

struct allowed {
	char *text;
	struct eal_spec spec;
};

static struct allowed *allowed;
static unsigned int nb_allowed;

/* rte_kvargs takes "a=1=2", ",," and lists in its own way: check the form first. */
static bool
args_well_formed(const char *s)
{
	for (;;) {
		size_t key = strspn(s, KEY_CHARS), value;

		if (key == 0 || s[key] != '=')
			return false;
		s += key + 1;
		value = strcspn(s, ",=[]");
		if (value == 0)
			return false;
		s += value;
		if (*s == '\0')
			return true;
		if (*s++ != ',')
			return false;
	}
}

static int
parse_args(const char *text, const char *args, struct eal_spec *spec)
{
	unsigned int i;

	if (!args_well_formed(args)) {
		SVA_LOG(ERR, "device \"%s\": what follows the name is not key=value[,...]", text);
		return -EINVAL;
	}
	spec->args = rte_kvargs_parse(args, NULL);
	if (spec->args == NULL) {
		SVA_LOG(ERR, "device \"%s\": more than %d devargs", text, RTE_KVARGS_MAX);
		return -EINVAL;
	}
	for (i = 0; i < spec->args->count; i++) {
		const char *key = spec->args->pairs[i].key;

		if (rte_kvargs_count(spec->args, key) > 1) {
			SVA_LOG(ERR, "device \"%s\": devarg \"%s\" is given twice", text, key);
			eal_spec_free(spec);
			return -EINVAL;
		}
	}
	return 0;
}

int
eal_spec_parse(const char *text, struct eal_spec *spec)
{
	size_t bus = strcspn(text, ":,"), len = strcspn(text, ","), i;

	memset(spec, 0, sizeof(*spec));
	if (bus == 0 || text[bus] != ':' || bus + 1 == len) {
		SVA_LOG(ERR, "device \"%s\" is not BUS:NAME[,key=value...]", text);
		return -EINVAL;
	}
	if (len >= sizeof(spec->name)) {
		SVA_LOG(ERR, "device \"%s\": the name has more than %zu characters", text,
			sizeof(spec->name) - 1);
		return -EINVAL;
	}
	for (i = 0; i < len; i++) {
		if (!isgraph((unsigned char)text[i])) {
			SVA_LOG(ERR, "device \"%s\": the name has a character that is not "
				"printable ASCII, or a space", text);
			return -EINVAL;
		}
	}
	memcpy(spec->bus, text, bus);
	memcpy(spec->name, text + bus + 1, len - bus - 1);
	return text[len] == ',' ? parse_args(text, text + len + 1, spec) : 0;
}

void
eal_spec_free(struct eal_spec *spec)
{
	rte_kvargs_free(spec->args);
	spec->args = NULL;
}

static const struct eal_spec *
allow_find(const char *bus, const char *name)
{
	unsigned int i;

	for (i = 0; i < nb_allowed; i++) {
		const struct eal_spec *s = &allowed[i].spec;

		if (strcmp(s->bus, bus) == 0 && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static int
allow_add(const char *text)
{
	struct allowed *a = &allowed[nb_allowed];
	int ret;

	ret = eal_spec_parse(text, &a->spec);
	if (ret != 0)
		return ret;
	if (allow_find(a->spec.bus, a->spec.name) != NULL) {
		SVA_LOG(ERR, "device \"%s\" is given twice with -a", text);
		eal_spec_free(&a->spec);
		return -EINVAL;
	}
	a->text = strdup(text);
	if (a->text == NULL) {
		eal_spec_free(&a->spec);
		return -ENOMEM;
	}
	nb_allowed++;
	return 0;
}

int
eal_allow_init(const char *const *allow)
{
	unsigned int n = 0, i;
	int ret;

	while (allow != NULL && allow[n] != NULL)
		n++;
	if (n == 0)
		return 0;
	allowed = calloc(n, sizeof(*allowed));
	if (allowed == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		ret = allow_add(allow[i]);
		if (ret != 0)
			return ret;
	}
	return 0;
}

int
eal_allow_check_buses(void)
{
	unsigned int i;

	for (i = 0; i < nb_allowed; i++) {
		if (sva_bus_find(allowed[i].spec.bus) == NULL) {
			SVA_LOG(ERR, "device \"%s\": there is no bus called \"%s\"",
				allowed[i].text, allowed[i].spec.bus);
			return -EINVAL;
		}
	}
	return 0;
}

void
eal_allow_free(void)
{
	while (nb_allowed > 0) {
		struct allowed *a = &allowed[--nb_allowed];

		eal_spec_free(&a->spec);
		free(a->text);
	}
	free(allowed);
	allowed = NULL;
}

const char *
sva_eal_allowed(unsigned int i)
{
	return i < nb_allowed ? allowed[i].text : NULL;
}

int
eal_devargs_create(struct eal_spec *spec, struct sva_devargs **args)
{
	const struct eal_spec *permit = allow_find(spec->bus, spec->name);
	struct sva_devargs *a;

	if (nb_allowed != 0 && permit == NULL) {
		SVA_LOG(ERR, "device %s:%s is not on the allow list (-a)", spec->bus, spec->name);
		return -EPERM;
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return -ENOMEM;
	a->own = spec->args;
	spec->args = NULL;
	a->allowed = permit != NULL ? permit->args : NULL;
	snprintf(a->dev, sizeof(a->dev), "%s:%s", spec->bus, spec->name);
	*args = a;
	return 0;
}

void
eal_devargs_free(struct sva_devargs *args)
{
	if (args != NULL)
		rte_kvargs_free(args->own);
	free(args);
}

/* A parameter reads "key" or "key=values". */
static bool
is_param(const char *const *params, const char *key)
{
	size_t len = strlen(key);

	for (; params != NULL && *params != NULL; params++) {
		if (strcspn(*params, "=") == len && strncmp(*params, key, len) == 0)
			return true;
	}
	return false;
}

static size_t
list_words(char *buf, size_t size, size_t used, const char *const *words)
{
	for (; words != NULL && *words != NULL && used < size; words++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used != 0 ? ", " : "",
					 *words);
	return used;
}

static int
check_keys(const struct sva_devargs *args, const struct rte_kvargs *kv,
	   const char *const *bus_params, const char *const *driver_params)
{
	char known[512] = "";
	unsigned int i;
	size_t used;

	for (i = 0; kv != NULL && i < kv->count; i++) {
		const char *key = kv->pairs[i].key;

		if (is_param(bus_params, key) || is_param(driver_params, key))
			continue;
		used = list_words(known, sizeof(known), 0, bus_params);
		used = list_words(known, sizeof(known), used, driver_params);
		SVA_LOG(ERR, "%s: unknown devarg \"%s\"; it takes: %s", args->dev, key,
			used != 0 ? known : "none");
		return -EINVAL;
	}
	return 0;
}

int
eal_devargs_check(const struct sva_devargs *args, const char *const *bus_params,
		  const char *const *driver_params)
{
	int ret;

	ret = check_keys(args, args->own, bus_params, driver_params);
	if (ret == 0)
		ret = check_keys(args, args->allowed, bus_params, driver_params);
	return ret;
}

const char *
sva_devargs_str(const struct sva_devargs *args, const char *key)
{
	const char *value = NULL;

	if (args == NULL || key == NULL)
		return NULL;
	if (args->own != NULL)
		value = rte_kvargs_get(args->own, key);
	if (value == NULL && args->allowed != NULL)
		value = rte_kvargs_get(args->allowed, key);
	return value;
}

static int
parse_u64(const char *text, uint64_t *value)
{
	char *end;
	unsigned long long v;
	unsigned int shift = 0;
	bool hex = text[0] == '0' && text[1] == 'x';
	const char *digits = hex ? text + 2 : text;

	/* strtoull() alone would take a sign and leading space. */
	if (!(hex ? isxdigit((unsigned char)*digits) : isdigit((unsigned char)*digits)))
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, hex ? 16 : 10);
	if (errno != 0)
		return -EINVAL;
	switch (*end) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	}
	if (end[shift != 0] != '\0' || v > UINT64_MAX >> shift)
		return -EINVAL;
	*value = v << shift;
	return 0;
}

int
sva_devargs_u64(const struct sva_devargs *args, const char *key, uint64_t min,
		uint64_t max, uint64_t *value)
{
	const char *text = sva_devargs_str(args, key);
	uint64_t v;

	if (text == NULL)
		return 0;
	if (parse_u64(text, &v) != 0 || v < min || v > max) {
		SVA_LOG(ERR, "%s: devarg %s=%s is not a number from %" PRIu64 " to %" PRIu64,
			args->dev, key, text, min, max);
		return -EINVAL;
	}
	*value = v;
	return 0;
}

int
sva_devargs_word(const struct sva_devargs *args, const char *key,
		 const char *const *words, unsigned int *index)
{
	const char *text = sva_devargs_str(args, key);
	char known[256] = "";
	unsigned int i;

	if (text == NULL)
		return 0;
	for (i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*index = i;
			return 0;
		}
	}
	list_words(known, sizeof(known), 0, words);
	SVA_LOG(ERR, "%s: devarg %s=%s is none of: %s", args->dev, key, text, known);
	return -EINVAL;
}
