/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Numbers with suffixes, and lists and ranges of them.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "numbers.h"

static int
digit(char c, unsigned int base)
{
	int v = isdigit((unsigned char)c) ? c - '0' :
		isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 99;

	return v < (int)base ? v : -1;
}

bool
app_parse_number(const char *text, const char **end, uint64_t *value)
{
	static const char suffixes[] = "kmg";
	unsigned int base = 10;
	const char *suffix;
	uint64_t v = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (digit(*text, base) < 0)
		return false;
	for (; digit(*text, base) >= 0; text++) {
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit(*text, base), &v))
			return false;
	}
	suffix = *text == '\0' ? NULL : strchr(suffixes, tolower((unsigned char)*text));
	if (suffix != NULL) {
		unsigned int shift = 10 * (unsigned int)(suffix - suffixes + 1);

		if (v > UINT64_MAX >> shift)
			return false;
		v <<= shift;
		text++;
	}
	*end = text;
	*value = v;
	return true;
}

static bool
append(struct app_list *list, uint64_t value, const char **why)
{
	if (list->n == APP_MAX_LIST) {
		*why = "has more than 256 values";
		return false;
	}
	list->value[list->n++] = value;
	return true;
}

/* "-LAST[:xN|:+N]" after FIRST; `kind` is that of the step where none is given. */
static bool
parse_range(const char *text, const char **end, uint64_t first, char kind,
	    struct app_list *list, const char **why)
{
	uint64_t last, step = kind == 'x' ? 2 : 1, v;

	*why = "has a malformed range; FIRST-LAST, FIRST-LAST:xN or FIRST-LAST:+N is one";
	if (!app_parse_number(text + 1, &text, &last))
		return false;
	if (*text == ':') {
		kind = text[1];
		if ((kind != 'x' && kind != '+') || !app_parse_number(text + 2, &text, &step))
			return false;
	}
	*end = text;
	if (last < first) {
		*why = "has a range whose end is below its start";
		return false;
	}
	if (step == 0 || (kind == 'x' && (step == 1 || first == 0))) {
		*why = "has a range that never gets to its end";
		return false;
	}
	for (v = first; v <= last;) {
		if (!append(list, v, why))
			return false;
		if (kind == 'x' ? __builtin_mul_overflow(v, step, &v) :
				  __builtin_add_overflow(v, step, &v))
			break;
	}
	return true;
}

bool
app_parse_list(const char *text, char kind, struct app_list *list, const char **why)
{
	uint64_t value;

	list->n = 0;
	for (;;) {
		*why = "is not a list of numbers (4096, 4k, 1m, 64-4k, 64-4k:x4, 1k-8k:+1k)";
		if (!app_parse_number(text, &text, &value))
			return false;
		if (*text == '-') {
			if (!parse_range(text, &text, value, kind, list, why))
				return false;
			*why = "is not a list of numbers and ranges separated by commas";
		} else if (!append(list, value, why)) {
			return false;
		}
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
}

const char *
app_size_text(uint64_t size, char buf[24])
{
	static const char suffixes[] = { '\0', 'k', 'm', 'g' };
	unsigned int i;

	for (i = 0; i < 3 && size != 0 && size % 1024 == 0; i++)
		size /= 1024;
	snprintf(buf, 24, "%llu%c", (unsigned long long)size, suffixes[i]);
	return buf;
}
