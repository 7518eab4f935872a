/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Completion. Not librte_cmdline's, which lists a command once for each number of words
 * that may be left out.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <cmdline_parse.h>
#include <cmdline_rdline.h>

#include "syntax.h"

#define MAX_CANDIDATES 512

struct candidate {
	char text[TS_WORD];
	const struct ts_command *command;	/* NULL: there is nothing to explain */
};

static struct candidate candidates[MAX_CANDIDATES];
static unsigned int nb;

/* The words of a line that are complete, and where the one begins that is not. */
struct split {
	struct {
		const char *text;
		size_t len;
	} words[TS_MAX_WORDS];
	unsigned int n;
	const char *partial;
};

static bool
split_line(const char *line, struct split *split)
{
	split->n = 0;
	for (;;) {
		size_t len = 0;

		line += strspn(line, " \t");
		while (!cmdline_isendoftoken(line[len]))
			len++;
		split->partial = line;
		if (line[len] == '\0')
			return true;
		if (split->n == TS_MAX_WORDS || len == 0)
			return false;
		split->words[split->n].text = line;
		split->words[split->n++].len = len;
		line += len;
	}
}

static bool
matches(const struct ts_syntax *syntax, const struct split *split)
{
	unsigned int i;

	for (i = 0; i < split->n; i++)
		if (!ts_syntax_fits(syntax, i, split->words[i].text, split->words[i].len))
			return false;
	return split->n < syntax->most;
}

static void
add(const char *text, const struct ts_command *command)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		/* More than one command goes on so. */
		if (strcmp(candidates[i].text, text) == 0) {
			candidates[i].command = NULL;
			return;
		}
	}
	if (nb == MAX_CANDIDATES)
		return;
	snprintf(candidates[nb].text, sizeof(candidates[nb].text), "%s", text);
	candidates[nb++].command = command;
}

static void
collect(const struct split *split)
{
	const struct ts_syntax *syntax;
	char text[TS_WORD];
	unsigned int i;
	bool word;

	nb = 0;
	for (syntax = ts_syntaxes; syntax->command != NULL; syntax++) {
		if (!matches(syntax, split))
			continue;
		/* A value is what it is. */
		word = split->n < syntax->needed &&
		       islower((unsigned char)*syntax->words[split->n].text);
		for (i = 0; ts_syntax_nth(syntax, split->n, i, text, sizeof(text)); i++)
			if (strncmp(text, split->partial, strlen(split->partial)) == 0)
				add(text, word ? syntax->command : NULL);
	}
}

/* The commands that a line may become, whole. */
static void
collect_help(const struct split *split)
{
	const struct ts_syntax *syntax;

	nb = 0;
	for (syntax = ts_syntaxes; syntax->command != NULL && nb < MAX_CANDIDATES; syntax++) {
		if (!matches(syntax, split))
			continue;
		candidates[nb].text[0] = '\0';
		candidates[nb++].command = syntax->command;
	}
}

static size_t
common(void)
{
	size_t len = strlen(candidates[0].text);
	unsigned int i;

	for (i = 1; i < nb; i++) {
		size_t n = 0;

		while (n < len && candidates[i].text[n] == candidates[0].text[n])
			n++;
		len = n;
	}
	return len;
}

/* What is certain is added; where nothing is, one is listed with each call. */
int
ts_complete(const char *line, int *state, char *dst, unsigned int size)
{
	struct split split;
	const struct candidate *c;

	if (*state <= 0) {
		bool help = *state < 0;
		size_t have, len;

		if (!split_line(line, &split))
			return 0;
		if (help)
			collect_help(&split);
		else
			collect(&split);
		if (nb == 0)
			return 0;
		have = strlen(split.partial);
		len = common();
		/* A key without a value is not the end of a word. */
		if (!help && (len > have || (nb == 1 && candidates[0].text[len - 1] != '='))) {
			snprintf(dst, size, "%.*s%s", (int)(len - have), candidates[0].text + have,
				 nb == 1 && candidates[0].text[len - 1] != '=' ? " " : "");
			return RDLINE_RES_COMPLETE;
		}
		*state = 0;
	}
	if ((unsigned int)*state == nb)
		return 0;
	c = &candidates[(*state)++];
	if (c->text[0] == '\0')
		snprintf(dst, size, "%s\n      %s", c->command->syntax, c->command->help);
	else if (c->command != NULL)
		snprintf(dst, size, "%-12s %s", c->text, c->command->help);
	else
		snprintf(dst, size, "%s", c->text);
	return 1;
}
