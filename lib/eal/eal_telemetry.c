/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Commands of the telemetry and their answers: as JSON for the socket of eal_telemetry_sock.c,
 * and as librte_telemetry's data where DPDK's EAL has a socket.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include <sva_log.h>

#include "eal_private.h"
#include "eal_telemetry.h"

SVA_LOG_COMPONENT(eal.telemetry);

#define MAX_COMMANDS 16
#define LEVELS 2

struct eal_answer {
	/* One of these. */
	char *text;
	struct rte_tel_data *data[LEVELS];

	size_t used, room;
	bool array[LEVELS], some[LEVELS];	/* what is open; whether something is in it */
	const char *name;	/* of the inner one */
	unsigned int level;	/* how many are open */
	bool incomplete;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct eal_command *table[MAX_COMMANDS];	/* in the order of their names */
static unsigned int nb_commands;

/* --- Answers as text ------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void
put(struct eal_answer *a, const char *fmt, ...)
{
	size_t left = a->room - a->used;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(a->text + a->used, left, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < left)
		a->used += (size_t)n;
	else
		a->incomplete = true;
}

/* Bytes beyond ASCII are written by their number: what a name has need not be UTF-8. */
static void
put_string(struct eal_answer *a, const char *s)
{
	put(a, "\"");
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			put(a, "\\u%04x", c);
		else
			put(a, "%c", c);
	}
	put(a, "\"");
}

/* What stands before a value: a comma, and its name. */
static void
put_name(struct eal_answer *a, const char *name)
{
	if (a->level == 0)
		return;
	if (a->some[a->level - 1])
		put(a, ",");
	a->some[a->level - 1] = true;
	if (!a->array[a->level - 1]) {
		put_string(a, name);
		put(a, ":");
	}
}

/* --- Answers of either kind ----------------------------------------------------------- */

static void
check(struct eal_answer *a, int ret)
{
	if (ret != 0)
		a->incomplete = true;
}

/* What values go into. */
static struct rte_tel_data *
inner(struct eal_answer *a)
{
	return a->data[a->level - 1];
}

static void
open_data(struct eal_answer *a, bool array)
{
	if (a->level > 0)
		a->data[a->level] = rte_tel_data_alloc();
	if (a->data[a->level] == NULL)
		a->incomplete = true;
	else if (array)
		check(a, rte_tel_data_start_array(a->data[a->level], RTE_TEL_STRING_VAL));
	else
		check(a, rte_tel_data_start_dict(a->data[a->level]));
}

void
eal_answer_open(struct eal_answer *a, const char *name, bool array)
{
	if (a->text != NULL) {
		put_name(a, name);
		put(a, array ? "[" : "{");
	} else {
		open_data(a, array);
	}
	a->array[a->level] = array;
	a->some[a->level] = false;
	a->name = name;
	a->level++;
}

void
eal_answer_close(struct eal_answer *a)
{
	a->level--;
	if (a->text != NULL) {
		put(a, a->array[a->level] ? "]" : "}");
	} else if (a->level > 0 && a->data[a->level] != NULL &&
		   rte_tel_data_add_dict_container(a->data[0], a->name, a->data[a->level],
						   0) != 0) {
		rte_tel_data_free(a->data[a->level]);
		a->incomplete = true;
	}
}

void
eal_answer_string(struct eal_answer *a, const char *name, const char *value)
{
	if (a->text != NULL) {
		put_name(a, name);
		put_string(a, value);
	} else if (inner(a) != NULL) {
		check(a, a->array[a->level - 1] ? rte_tel_data_add_array_string(inner(a), value) :
			 rte_tel_data_add_dict_string(inner(a), name, value));
	}
}

void
eal_answer_uint(struct eal_answer *a, const char *name, uint64_t value)
{
	if (a->text != NULL) {
		put_name(a, name);
		put(a, "%llu", (unsigned long long)value);
	} else if (inner(a) != NULL) {
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
		check(a, rte_tel_data_add_dict_uint(inner(a), name, value));
#else
		check(a, rte_tel_data_add_dict_u64(inner(a), name, value));
#endif
	}
}

void
eal_answer_int(struct eal_answer *a, const char *name, int64_t value)
{
	if (a->text != NULL) {
		put_name(a, name);
		put(a, "%lld", (long long)value);
	} else if (inner(a) != NULL) {
		check(a, rte_tel_data_add_dict_int(inner(a), name, (int)value));
	}
}

static int
run(struct eal_answer *a, const struct eal_command *command, const char *params)
{
	int ret = command->fn(a, params);

	if (ret == 0 && a->incomplete) {
		SVA_LOG(WARNING, "%s: the answer is too long, and null is answered", command->name);
		ret = -ENOBUFS;
	}
	return ret;
}

/* --- Commands ------------------------------------------------------------------------- */

static const struct eal_command *
find(const char *name)
{
	const struct eal_command *command = NULL;
	unsigned int i;

	pthread_mutex_lock(&mutex);
	for (i = 0; i < nb_commands && command == NULL; i++)
		if (strcmp(table[i]->name, name) == 0)
			command = table[i];
	pthread_mutex_unlock(&mutex);
	return command;
}

/* By librte_telemetry, which DPDK's EAL has given a socket. */
static int
answer_dpdk(const char *cmd, const char *params, struct rte_tel_data *data)
{
	struct eal_answer answer = { .data = { data } };
	const struct eal_command *command = find(cmd);

	return command == NULL ? -ENOENT :
		run(&answer, command, params != NULL ? params : "");
}

static void
insert(const struct eal_command *command)
{
	unsigned int i;

	for (i = nb_commands; i > 0 && strcmp(table[i - 1]->name, command->name) > 0; i--)
		table[i] = table[i - 1];
	table[i] = command;
	nb_commands++;
}

static bool
add(const struct eal_command *commands, unsigned int n)
{
	bool room;
	unsigned int i;

	pthread_mutex_lock(&mutex);
	room = nb_commands + n <= MAX_COMMANDS;
	for (i = 0; room && i < n; i++)
		insert(&commands[i]);
	pthread_mutex_unlock(&mutex);
	return room;
}

void
eal_telemetry_register(const struct eal_command *commands, unsigned int n)
{
	unsigned int i;

	if (!add(commands, n)) {
		SVA_LOG(WARNING, "there is no room for %s", commands[0].name);
		return;
	}
	for (i = 0; i < n; i++)
		if (rte_telemetry_register_cmd(commands[i].name, answer_dpdk,
					       commands[i].help) != 0)
			SVA_LOG(WARNING, "DPDK's telemetry does not take %s", commands[i].name);
}

static int
show_commands(struct eal_answer *a, const char *params)
{
	unsigned int i;

	(void)params;
	eal_answer_open(a, NULL, true);
	pthread_mutex_lock(&mutex);
	for (i = 0; i < nb_commands; i++)
		eal_answer_string(a, NULL, table[i]->name);
	pthread_mutex_unlock(&mutex);
	eal_answer_close(a);
	return 0;
}

static int
show_help(struct eal_answer *a, const char *params)
{
	const struct eal_command *command = find(params);

	if (command == NULL)
		return -ENOENT;
	eal_answer_open(a, NULL, false);
	eal_answer_string(a, params, command->help);
	eal_answer_close(a);
	return 0;
}

static int
show_process(struct eal_answer *a, const char *params)
{
	(void)params;
	eal_answer_open(a, NULL, false);
	eal_answer_string(a, "version", "SVADK " SVA_VERSION);
	eal_answer_int(a, "pid", getpid());
	eal_answer_uint(a, "max_output_len", EAL_ANSWER_MAX);
	eal_answer_close(a);
	return 0;
}

/* Those that DPDK's telemetry has itself. */
static const struct eal_command basic[] = {
	{ "/", "Names of the commands. No parameters", show_commands },
	{ "/help", "What a command shows. Parameters: its name", show_help },
	{ "/info", "Version, process, longest answer. No parameters", show_process },
};

static const struct eal_command containers[] = {
	{ "/sva/containers", "Containers and how many bonds they have. No parameters",
	  eal_bind_show },
};

void
eal_telemetry_commands(void)
{
	static bool registered;

	if (registered)
		return;
	registered = true;
	add(basic, sizeof(basic) / sizeof(basic[0]));
	eal_telemetry_register(containers, 1);
}

size_t
eal_telemetry_greet(char *text, size_t room)
{
	struct eal_answer a = { .text = text, .room = room };

	show_process(&a, "");
	return a.used;
}

size_t
eal_telemetry_answer(char *request, char *text, size_t room)
{
	struct eal_answer a = { .text = text, .room = room };
	const struct eal_command *command;
	char *params = strchr(request, ',');
	size_t named;

	if (params != NULL)
		*params++ = '\0';
	command = find(request);
	/* So long a name is none, but it is given back. */
	if (strlen(request) > 55)
		request[55] = '\0';
	put(&a, "{");
	put_string(&a, request);
	put(&a, ":");
	named = a.used;
	a.room--;	/* for the last brace */
	if (command == NULL || run(&a, command, params != NULL ? params : "") != 0) {
		a.used = named;
		put(&a, "null");
	}
	a.room++;
	put(&a, "}");
	return a.used;
}
