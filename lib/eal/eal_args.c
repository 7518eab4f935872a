/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The command line. getopt() is left to the program: it keeps its state in globals,
 * and permutes argv.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva_eal.h>
#include <sva_log.h>

#include "eal_private.h"

SVA_LOG_COMPONENT(eal);

enum opt_id {
	OPT_ALLOW,
	OPT_CPUS,
	OPT_PLUGIN,
	OPT_LOG_LEVEL,
	OPT_HUGE,
	OPT_NO_HUGE,
	OPT_TELEMETRY,
	OPT_HELP,
};

struct opt {
	enum opt_id id;
	char letter;		/* 0: none */
	const char *word;	/* NULL: none */
	/* What the help calls it; NULL: takes none. With '=': may be left out, or is attached. */
	const char *value;
	const char *help;
};

static const struct opt opts[] = {
	{ OPT_ALLOW, 'a', NULL, "SPEC",
	  "use this device only, BUS:NAME[,key=value...]; may be repeated" },
	{ OPT_CPUS, 'l', "lcores", "LIST", "CPUs for worker threads, for example 1,3-5" },
	{ OPT_PLUGIN, 'd', NULL, "PLUGIN",
	  "load a driver, or every *.so of a folder; may be repeated" },
	{ OPT_LOG_LEVEL, 0, "log-level", "[TYPE:]LEVEL",
	  "log level by name or number, for example svadk.*:debug; may be repeated" },
	{ OPT_HUGE, 0, "huge", NULL, "prefer huge pages for all memory" },
	{ OPT_NO_HUGE, 0, "no-huge", NULL, "never use huge pages" },
	{ OPT_TELEMETRY, 0, "telemetry", "=PREFIX",
	  "open a socket for dpdk-telemetry.py -f PREFIX [" SVA_TELEMETRY_PREFIX "]" },
	{ OPT_HELP, 'h', "help", NULL, "show these options" },
};

#define NB_OPTS (sizeof(opts) / sizeof(opts[0]))

void
sva_eal_usage(FILE *out)
{
	char name[64];
	unsigned int i;

	for (i = 0; i < NB_OPTS; i++) {
		const struct opt *o = &opts[i];
		int n = 0;

		if (o->letter != 0)
			n = snprintf(name, sizeof(name), "-%c", o->letter);
		if (o->word != NULL)
			n += snprintf(name + n, sizeof(name) - n, "%s--%s",
				      o->letter != 0 ? ", " : "    ", o->word);
		if (o->value != NULL)
			snprintf(name + n, sizeof(name) - n, o->value[0] == '=' ? "[%s]" : " %s",
				 o->value);
		fprintf(out, "  %-29s %s\n", name, o->help);
	}
	fprintf(out, "  %-29s %s\n", "--", "end of these options");
}

/*
 * The option that @arg is, or NULL. @value: NULL, or what is attached to it, "--word=value"
 * or "-xvalue".
 */
static const struct opt *
find_opt(const char *arg, const char **value)
{
	unsigned int i;

	*value = NULL;
	for (i = 0; i < NB_OPTS; i++) {
		const struct opt *o = &opts[i];
		size_t len = o->word != NULL ? strlen(o->word) : 0;

		if (arg[1] == '-') {
			if (len == 0 || strncmp(arg + 2, o->word, len) != 0)
				continue;
			if (arg[2 + len] == '\0')
				return o;
			if (arg[2 + len] == '=') {
				*value = arg + 2 + len + 1;
				return o;
			}
		} else if (arg[1] == o->letter && (arg[2] == '\0' || o->value != NULL)) {
			*value = arg[2] != '\0' ? arg + 2 : NULL;
			return o;
		}
	}
	return NULL;
}

static void
append(const char **list, const char *value)
{
	while (*list != NULL)
		list++;
	*list = value;
}

static int
set_opt(struct eal_args *args, size_t room, const struct opt *o, const char *value)
{
	struct sva_eal_conf *conf = &args->conf;

	switch (o->id) {
	case OPT_ALLOW:
		append(args->strings, value);
		break;
	case OPT_PLUGIN:
		append(args->strings + room, value);
		break;
	case OPT_LOG_LEVEL:
		append(args->strings + 2 * room, value);
		break;
	case OPT_CPUS:
		if (conf->cpus != NULL) {
			SVA_LOG(ERR, "option -l is given twice");
			return -EINVAL;
		}
		conf->cpus = value;
		break;
	case OPT_HUGE:
		conf->huge = true;
		break;
	case OPT_NO_HUGE:
		conf->no_huge = true;
		break;
	case OPT_TELEMETRY:
		if (conf->telemetry != NULL) {
			SVA_LOG(ERR, "option --telemetry is given twice");
			return -EINVAL;
		}
		conf->telemetry = value != NULL ? value : SVA_TELEMETRY_PREFIX;
		break;
	case OPT_HELP:
		return -ECANCELED;
	}
	return 0;
}

static int
parse(int argc, char **argv, struct eal_args *args, size_t room)
{
	const struct opt *o;
	const char *value;
	int i, ret;

	for (i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (arg[0] != '-' || arg[1] == '\0')
			break;
		if (strcmp(arg, "--") == 0)
			return i;
		o = find_opt(arg, &value);
		if (o == NULL) {
			SVA_LOG(ERR, "unknown option \"%s\"; -h lists the options", arg);
			return -EINVAL;
		}
		if (o->value == NULL && value != NULL) {
			SVA_LOG(ERR, "option \"%s\": --%s takes no value", arg, o->word);
			return -EINVAL;
		}
		if (o->value != NULL && value == NULL && o->value[0] != '=') {
			if (++i == argc) {
				SVA_LOG(ERR, "option \"%s\" needs a value: %s", arg, o->value);
				return -EINVAL;
			}
			value = argv[i];
		}
		ret = set_opt(args, room, o, value);
		if (ret != 0)
			return ret;
	}
	return i - 1;
}

int
eal_args_parse(int argc, char **argv, struct eal_args *args)
{
	size_t room;
	int i, ret;

	memset(args, 0, sizeof(*args));
	if (argc < 1 || argv == NULL) {
		SVA_LOG(ERR, "the command line is empty");
		return -EINVAL;
	}
	for (i = 0; i < argc; i++) {
		if (argv[i] == NULL) {
			SVA_LOG(ERR, "argument %d of %d is NULL", i, argc);
			return -EINVAL;
		}
	}
	/* Three lists, each with room for all of argv and its own end. */
	room = (size_t)argc + 1;
	args->strings = calloc(3 * room, sizeof(*args->strings));
	if (args->strings == NULL)
		return -ENOMEM;
	args->conf.allow = args->strings;
	args->conf.plugins = args->strings + room;
	args->conf.log_levels = args->strings + 2 * room;

	ret = parse(argc, argv, args, room);
	if (ret < 0)
		eal_args_free(args);
	return ret;
}

void
eal_args_free(struct eal_args *args)
{
	free(args->strings);
	args->strings = NULL;
}
