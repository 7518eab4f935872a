/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A command's syntax, taken apart.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "syntax.h"

/* The i-th of words separated by a character of `by`; false past the last. */
static bool
nth_part(struct ts_part in, const char *by, unsigned int i, struct ts_part *part)
{
	const char *end = in.text + in.len;

	for (part->text = in.text; part->text < end; part->text += part->len + 1) {
		part->len = strcspn(part->text, by);
		if (part->len > (size_t)(end - part->text))
			part->len = (size_t)(end - part->text);
		if (i-- == 0)
			return true;
	}
	return false;
}

static bool
is(struct ts_part part, const char *word, size_t len)
{
	return part.len == len && memcmp(part.text, word, len) == 0;
}

void
ts_syntax_make(struct ts_syntax *syntax, const struct ts_command *command)
{
	const char *s = command->syntax;

	*syntax = (struct ts_syntax){ .command = command };
	while (*s != '\0' && *s != '[') {
		struct ts_part *word = &syntax->words[syntax->needed++];

		word->text = s;
		word->len = strcspn(s, " ");
		s += word->len + (s[word->len] != '\0');
	}
	syntax->most = syntax->needed;
	if (*s == '[') {
		syntax->rest = (struct ts_part){ s + 1, strcspn(s + 1, "]") };
		syntax->keys = memchr(syntax->rest.text, '=', syntax->rest.len) != NULL;
		syntax->most += syntax->keys ? TS_MAX_KEYS : 1;
	}
}

bool
ts_syntax_fits(const struct ts_syntax *syntax, unsigned int place, const char *word, size_t len)
{
	struct ts_part choice;
	unsigned int i;

	if (place >= syntax->needed || isupper((unsigned char)*syntax->words[place].text))
		return place < syntax->most;
	for (i = 0; nth_part(syntax->words[place], "|", i, &choice); i++)
		if (is(choice, word, len))
			return true;
	return false;
}

/* The i-th of what a value may be: "x/y/z", or the name of a kind of them. */
static bool
nth_value(struct ts_part value, unsigned int i, char *dst, size_t size)
{
	ts_list_fn fn = ts_list_of(value.text, value.len);
	struct ts_part word;

	if (fn != NULL)
		return fn(i, dst, size);
	if (isupper((unsigned char)*value.text) || !nth_part(value, "/|", i, &word))
		return false;
	snprintf(dst, size, "%.*s", (int)word.len, word.text);
	return true;
}

/* "key=" of each key, or "key=value" where the values are known. */
static bool
nth_key(struct ts_part keys, unsigned int i, char *dst, size_t size)
{
	struct ts_part key, value;
	char text[TS_WORD];
	unsigned int k, v;

	for (k = 0; nth_part(keys, " ", k, &key); k++) {
		value.text = (const char *)memchr(key.text, '=', key.len) + 1;
		value.len = key.len - (size_t)(value.text - key.text);
		for (v = 0; nth_value(value, v, text, sizeof(text)); v++) {
			if (i-- == 0) {
				snprintf(dst, size, "%.*s%s", (int)(value.text - key.text),
					 key.text, text);
				return true;
			}
		}
		if (v == 0 && i-- == 0) {
			snprintf(dst, size, "%.*s", (int)(value.text - key.text), key.text);
			return true;
		}
	}
	return false;
}

bool
ts_syntax_nth(const struct ts_syntax *syntax, unsigned int place, unsigned int i, char *dst,
	      size_t size)
{
	if (place < syntax->needed)
		return nth_value(syntax->words[place], i, dst, size);
	if (place >= syntax->most)
		return false;
	return syntax->keys ? nth_key(syntax->rest, i, dst, size) :
			      nth_value(syntax->rest, i, dst, size);
}

int
ts_syntax_check_keys(const struct ts_syntax *syntax, const struct ts_words *words)
{
	struct ts_part key;
	unsigned int i, k;

	for (i = syntax->needed; syntax->keys && i < words->n; i++) {
		const char *word = words->w[i];
		size_t len = strcspn(word, "=") + 1;
		bool known = false;

		for (k = 0; nth_part(syntax->rest, " ", k, &key); k++)
			known = known || (strlen(word) > len && key.len >= len &&
					  memcmp(word, key.text, len) == 0);
		if (!known)
			return ts_error("'%s' is no key with a value: [%.*s]", word,
					(int)syntax->rest.len, syntax->rest.text);
		for (k = syntax->needed; k < i; k++)
			if (strncmp(words->w[k], word, len) == 0)
				return ts_error("'%s': %.*s is given twice", word, (int)len - 1,
						word);
	}
	return 0;
}
