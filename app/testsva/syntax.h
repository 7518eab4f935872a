/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A command's syntax, taken apart: by it lines are matched and completed, and it is what
 * the help shows, so that the three cannot differ.
 */
#ifndef TESTSVA_SYNTAX_H
#define TESTSVA_SYNTAX_H

#include "testsva.h"

#define TS_MAX_KEYS 20		/* that one line may have; all of a DIF update and a descriptor */

/* A word of it; not a string, but a part of the syntax. */
struct ts_part {
	const char *text;
	size_t len;
};

struct ts_syntax {
	const struct ts_command *command;
	struct ts_part words[TS_MAX_WORDS];
	unsigned int needed;	/* of them */
	struct ts_part rest;	/* inside [ ], or empty */
	bool keys;		/* rest are keys, else one value */
	unsigned int most;	/* words of a line */
};

void ts_syntax_make(struct ts_syntax *syntax, const struct ts_command *command);
/* Whether a word may stand at this place of a line. */
bool ts_syntax_fits(const struct ts_syntax *syntax, unsigned int place, const char *word,
		    size_t len);
/* The i-th of what may stand there, as far as that is known; false past the last. */
bool ts_syntax_nth(const struct ts_syntax *syntax, unsigned int place, unsigned int i, char *dst,
		   size_t size);
/* Whether the words that have to be keys are: known, with a value, once. 0, or -1, said. */
int ts_syntax_check_keys(const struct ts_syntax *syntax, const struct ts_words *words);

/* Those of all commands; ends with a NULL command. command.c */
extern struct ts_syntax ts_syntaxes[];

/* As rdline_complete_t is to work. complete.c */
int ts_complete(const char *line, int *state, char *dst, unsigned int size);

#endif /* TESTSVA_SYNTAX_H */
