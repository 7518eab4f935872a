/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What SVADK has logged, for tests.
 */
#ifndef TEST_EAL_LOG_H
#define TEST_EAL_LOG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_log.h>

static char *log_text;
static size_t log_size;
static FILE *log_file;

/* For cmocka's setup: collect log lines instead of showing them. */
static int
log_start(void **state)
{
	(void)state;
	log_file = open_memstream(&log_text, &log_size);
	return log_file == NULL ? -1 : rte_openlog_stream(log_file);
}

static int
log_stop(void **state)
{
	(void)state;
	rte_openlog_stream(NULL);
	fclose(log_file);
	free(log_text);
	log_text = NULL;
	return 0;
}

/* Whether the log since the last call has @text in it, in one line or NULL for none. */
static inline int
log_has(const char *text)
{
	int has;

	fflush(log_file);
	has = text != NULL ? strstr(log_text, text) != NULL : log_size == 0;
	if (!has)
		fprintf(stderr, "the log is: %s\n", log_text);
	rewind(log_file);
	fputc('\0', log_file);
	rewind(log_file);
	fflush(log_file);
	return has;
}

#endif
