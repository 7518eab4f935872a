/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef EAL_TELEMETRY_H
#define EAL_TELEMETRY_H

/**
 * @file
 * Telemetry: commands, and the socket that answers them where DPDK's EAL is not there to.
 * A command is written once and answers on both sockets, SVADK's and DPDK's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An answer that is being built. */
struct eal_answer;

/**
 * Begin an object or an array: the answer itself, or in an object of the answer one more;
 * there are no more levels. Arrays are of strings. Names consist of letters, digits and '_',
 * as DPDK wants them; what an array holds has none (NULL), and the answer itself neither.
 */
void eal_answer_open(struct eal_answer *answer, const char *name, bool array);

/** End what eal_answer_open() began. */
void eal_answer_close(struct eal_answer *answer);

/** Add a string, of up to 127 characters. */
void eal_answer_string(struct eal_answer *answer, const char *name, const char *text);

/** Add a number. */
void eal_answer_uint(struct eal_answer *answer, const char *name, uint64_t value);

/** Add a number that may be negative. */
void eal_answer_int(struct eal_answer *answer, const char *name, int64_t value);

/** A command. Lives for as long as the process. */
struct eal_command {
	const char *name;	/**< "/sva/devices". */
	const char *help;	/**< What it shows, up to 63 characters. */
	/**
	 * Answer. Called by the thread of a socket, any at a time.
	 * @param params	what came after the comma, or "".
	 * @return 0 or -errno, which is answered with null.
	 */
	int (*fn)(struct eal_answer *answer, const char *params);
};

/** Add the commands that are always there. While SVADK is being initialised. */
void eal_telemetry_commands(void);

/** Add commands. Any thread; once for each, as nothing takes them back. */
void eal_telemetry_register(const struct eal_command *commands, unsigned int n);

/**
 * Answer a request, "/sva/info,emu:dsa", as DPDK's telemetry does: {"/sva/info":...}.
 * @param request	changed by it.
 * @return the characters written to @p text, without an end.
 */
size_t eal_telemetry_answer(char *request, char *text, size_t room);

/** What a client is told first. @return the characters written to @p text, without an end. */
size_t eal_telemetry_greet(char *text, size_t room);

/** Characters of an answer, at most. */
#define EAL_ANSWER_MAX (64 * 1024)

/**
 * Open the socket of a prefix, with a thread behind it. Nothing is done for NULL, and where
 * DPDK's EAL is in the process, whose socket answers.
 * @return 0 or -errno, logged.
 */
int eal_telemetry_start(const char *prefix);

/** Close and remove it. */
void eal_telemetry_stop(void);

#endif /* EAL_TELEMETRY_H */
