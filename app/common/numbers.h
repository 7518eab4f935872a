/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Numbers with suffixes, and lists and ranges of them, for the programs.
 */
#ifndef APP_NUMBERS_H
#define APP_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#define APP_MAX_LIST 256	/* values of one list */

struct app_list {
	uint64_t value[APP_MAX_LIST];
	unsigned int n;
};

/* A decimal number with an optional suffix k, m or g (powers of 1024), or a 0x one. */
bool app_parse_number(const char *text, const char **end, uint64_t *value);

/*
 * Numbers and ranges FIRST-LAST[:xN|:+N]; `kind` (x, +) is the step of a range that names
 * none. On failure *why completes the sentence "'TEXT' ...".
 */
bool app_parse_list(const char *text, char kind, struct app_list *list, const char **why);

/* "4k" where it is a whole number of them, else "4095". */
const char *app_size_text(uint64_t size, char buf[24]);

#endif /* APP_NUMBERS_H */
