/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * The commands, and lines that are to run them: librte_cmdline matches one with the other.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmdline.h>
#include <cmdline_parse.h>

#include "syntax.h"

#define MAX_COMMANDS 64
#define MAX_INSTS 256
#define SHOWN 80		/* bytes of a line, in what is said about it */

/* A word of an instruction, for librte_cmdline. */
struct token {
	struct cmdline_token_hdr hdr;
	const struct ts_syntax *syntax;
	unsigned int place;
};

/* What an instruction runs: it is for lines of so many words. */
struct match {
	const struct ts_syntax *syntax;
	unsigned int words;
};

const struct ts_section *const ts_sections[] = {
	&ts_control_section, &ts_device_section, &ts_queue_section, &ts_bind_section,
	&ts_memory_section, &ts_submit_section, &ts_register_section, &ts_forward_section,
	&ts_event_section, NULL,
};

struct ts_syntax ts_syntaxes[MAX_COMMANDS + 1];

static cmdline_parse_inst_t *insts[MAX_INSTS + 1];
static struct token *tokens[MAX_INSTS];	/* of each */
static struct match matches[MAX_INSTS];
static unsigned int nb_insts;
static struct cmdline *cmdline;
static int line_result;		/* of the command that ran last */

static int
token_parse(cmdline_parse_token_hdr_t *tk, const char *buf, void *res, unsigned int size)
{
	const struct token *token = (const struct token *)tk;
	size_t len = 0;

	while (!cmdline_isendoftoken(buf[len]))
		len++;
	if (len == 0 || len >= TS_WORD ||
	    !ts_syntax_fits(token->syntax, token->place, buf, len) ||
	    (res != NULL && size < TS_WORD))
		return -1;
	if (res != NULL) {
		memcpy(res, buf, len);
		((char *)res)[len] = '\0';
	}
	return (int)len;
}

static struct cmdline_token_ops token_ops = { .parse = token_parse };

static void
run(void *parsed, struct cmdline *cl, void *data)
{
	const struct match *match = data;
	struct ts_words *words = parsed;

	(void)cl;
	words->n = match->words;
	line_result = ts_syntax_check_keys(match->syntax, words);
	if (line_result == 0)
		line_result = match->syntax->command->run(words);
}

/* An instruction for lines of `n` words. */
static int
add_inst(const struct ts_syntax *syntax, unsigned int n)
{
	cmdline_parse_inst_t *inst;
	struct token *own;
	unsigned int i;

	inst = calloc(1, sizeof(*inst) + (n + 1) * sizeof(inst->tokens[0]));
	own = calloc(n, sizeof(*own));
	if (inst == NULL || own == NULL || nb_insts == MAX_INSTS) {
		free(inst);
		free(own);
		return ts_error("commands: no memory for '%s'", syntax->command->syntax);
	}
	for (i = 0; i < n; i++) {
		own[i].hdr.ops = &token_ops;
		own[i].hdr.offset = i * TS_WORD;
		own[i].syntax = syntax;
		own[i].place = i;
		inst->tokens[i] = &own[i].hdr;
	}
	matches[nb_insts] = (struct match){ syntax, n };
	inst->f = run;
	inst->data = &matches[nb_insts];
	tokens[nb_insts] = own;
	insts[nb_insts++] = inst;
	return 0;
}

int
ts_commands_init(void)
{
	struct ts_syntax *syntax = ts_syntaxes;
	unsigned int s, n;

	for (s = 0; ts_sections[s] != NULL; s++) {
		const struct ts_command *c = ts_sections[s]->commands;

		for (; c->syntax != NULL; c++, syntax++) {
			if (syntax == ts_syntaxes + MAX_COMMANDS)
				return ts_error("commands: no room for '%s'", c->syntax);
			ts_syntax_make(syntax, c);
			for (n = syntax->needed; n <= syntax->most; n++)
				if (add_inst(syntax, n) != 0)
					return -1;
		}
	}
	cmdline = cmdline_new(insts, "", -1, -1);
	return cmdline != NULL ? 0 : ts_error("commands: no memory for them");
}

void
ts_commands_free(void)
{
	if (cmdline != NULL)
		cmdline_free(cmdline);
	cmdline = NULL;
	while (nb_insts > 0) {
		free(tokens[--nb_insts]);
		free(insts[nb_insts]);
		insts[nb_insts] = NULL;
	}
}

/* How many of a line's first words are those of a command. */
static unsigned int
agree(const struct ts_syntax *syntax, const char *line)
{
	unsigned int n = 0;

	for (;;) {
		size_t len = 0;

		line += strspn(line, " \t");
		while (!cmdline_isendoftoken(line[len]))
			len++;
		if (len == 0 || n >= syntax->needed || !ts_syntax_fits(syntax, n, line, len))
			return n;
		line += len;
		n++;
	}
}

/* Say what is wrong with a line that is no command. */
static int
refuse(const char *line)
{
	const struct ts_syntax *syntax, *best = NULL;
	unsigned int most = 0, n;
	size_t len;

	line += strspn(line, " \t");
	for (syntax = ts_syntaxes; syntax->command != NULL; syntax++) {
		n = agree(syntax, line);
		if (n > most) {
			most = n;
			best = syntax;
		}
	}
	len = strcspn(line, best == NULL ? " \t\n" : "\n");
	if (len > SHOWN)
		len = SHOWN;
	if (best == NULL)
		return ts_error("'%.*s' is no command: see help", (int)len, line);
	return ts_error("'%.*s' is not complete, or too much: %s", (int)len, line,
			best->command->syntax);
}

int
ts_execute(const char *line, size_t len)
{
	char text[TS_MAX_LINE];
	size_t i;

	while (len > 0 && len <= TS_MAX_LINE && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	if (len > TS_MAX_LINE - 2)
		return ts_error("a line of more than %d characters is no command",
				TS_MAX_LINE - 2);
	for (i = 0; i < len; i++)
		if (iscntrl((unsigned char)line[i]) && line[i] != '\t')
			return ts_error("this is no text: byte %zu of the line is 0x%02x", i + 1,
					(unsigned char)line[i]);
	memcpy(text, line, len);
	text[len] = '\n';
	text[len + 1] = '\0';
	line_result = 0;
	return cmdline_parse(cmdline, text) < 0 ? refuse(text) : line_result;
}
