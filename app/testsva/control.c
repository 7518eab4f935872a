/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Help, command files, waiting, the end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "testsva.h"

#define MAX_DEPTH 8	/* of files that load files */

static void
show_section(const struct ts_section *section)
{
	const struct ts_command *c;

	printf("%s\n", section->name);
	for (c = section->commands; c->syntax != NULL; c++)
		printf("  %s\n      %s\n", c->syntax, c->help);
}

static int
help(const struct ts_words *words)
{
	unsigned int i;

	if (words->n == 1) {
		puts("Sections of the help; help SECTION shows the commands of one, help all of "
		     "all.");
		for (i = 0; ts_sections[i] != NULL; i++)
			printf("  %s\n", ts_sections[i]->name);
		puts("Tab completes or lists, ? explains; arrows or Ctrl-P and Ctrl-N go through "
		     "the history.");
		return 0;
	}
	for (i = 0; ts_sections[i] != NULL; i++) {
		if (strcmp(words->w[1], "all") == 0)
			show_section(ts_sections[i]);
		else if (strcmp(words->w[1], ts_sections[i]->name) == 0)
			return show_section(ts_sections[i]), 0;
	}
	return strcmp(words->w[1], "all") == 0 ?
		       0 : ts_error("help: there is no section '%s': see help", words->w[1]);
}

static int
quit(const struct ts_words *words)
{
	(void)words;
	ts_quit = true;
	return 0;
}

/* The next line, of which only so much is kept as a command may have. Whether there is one. */
static bool
next_line(FILE *f, char line[TS_MAX_LINE], size_t *len)
{
	int c = EOF;

	for (*len = 0; !ts_interrupted && (c = getc(f)) != EOF && c != '\n'; (*len)++)
		if (*len < TS_MAX_LINE)
			line[*len] = (char)c;
	return !ts_interrupted && (c != EOF || *len != 0);
}

int
ts_load(const char *path)
{
	static unsigned int depth;
	struct ts_place outer = ts_place;
	char line[TS_MAX_LINE];
	size_t len;
	int ret = 0;
	FILE *f;

	if (depth == MAX_DEPTH)
		return ts_error("load: '%s': files load each other %u deep", path, depth);
	f = fopen(path, "re");
	if (f == NULL)
		return ts_error("load: '%s': %s", path, strerror(errno));
	depth++;
	ts_place = (struct ts_place){ path, 0 };
	while (!ts_quit && next_line(f, line, &len)) {
		ts_place.line++;
		if (ts_execute(line, len) != 0)
			ret = -1;
		ts_console_poll(0);
	}
	ts_place = outer;
	if (ferror(f))
		ret = ts_error("load: '%s': %s", path, strerror(errno));
	fclose(f);
	depth--;
	return ret;
}

static int
load(const struct ts_words *words)
{
	return ts_load(words->w[1]);
}

static int
pause_seconds(const struct ts_words *words)
{
	uint64_t seconds, until;

	if (ts_number("sleep", words->w[1], 0, 86400, &seconds) != 0)
		return -1;
	until = ts_now_ns() + seconds * 1000000000;
	while (ts_now_ns() < until && ts_pause(10))
		;
	return 0;
}

static const struct ts_command commands[] = {
	{ "help [SECTION]", "Show the sections of the help, or the commands of one, or of all.",
	  help },
	{ "load FILE", "Run the commands of a file; those that fail do not stop it.", load },
	{ "sleep SECONDS", "Wait so long, while events are shown and forwarding goes on.",
	  pause_seconds },
	{ "quit", "Stop forwarding, close everything, end.", quit },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_control_section = { "control", commands };
