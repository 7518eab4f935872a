/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Where commands come from: a terminal, edited by librte_cmdline, or lines of a pipe or
 * file. One loop waits for them, for events of devices, and for statistics that are due.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmdline_rdline.h>

#include "syntax.h"

#define PROMPT "testsva> "
#define RDLINE_BYTES 512	/* librte_cmdline's of a line; what is more it drops */

static struct rdline *rdline;	/* NULL: no terminal */
static struct termios saved_mode;
static bool showing;		/* a line is being typed */
static char pending[TS_MAX_LINE];	/* of a pipe, without its end yet */
static size_t nb_pending;	/* which are not all kept where there are too many */
static int result;		/* of all the lines */

/* ---- a terminal ---- */

static void
set_mode(void)
{
	struct termios mode = saved_mode;

	/* Each key as it comes, without echo; Ctrl-C stays a signal. */
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

static int
write_char(struct rdline *rdl, char c)
{
	(void)rdl;
	return putchar(c) == EOF ? -1 : 1;
}

static void
validate(struct rdline *rdl, const char *line, unsigned int size)
{
	size_t len = strcspn(line, "\n");
	int ret;

	(void)rdl;
	(void)size;
	showing = false;
	if (len < RDLINE_BYTES)
		ret = ts_execute(line, len);
	else	/* There may have been more of it. */
		ret = ts_error("a line of more than %d characters does not fit the prompt and is "
			       "not run: shorten it, or put it in a file and load that",
			       RDLINE_BYTES - 1);
	if (ret != 0)
		result = -1;
}

static int
complete(struct rdline *rdl, const char *buf, char *dst, unsigned int size, int *state)
{
	(void)rdl;
	return ts_complete(buf, state, dst, size);
}

static int
open_terminal(void)
{
	rdline = rdline_new(write_char, validate, complete, NULL);
	if (rdline == NULL)
		return ts_error("console: no memory for a prompt");
	tcgetattr(STDIN_FILENO, &saved_mode);
	set_mode();
	rdline_newline(rdline, PROMPT);
	showing = true;
	return 0;
}

static void
close_terminal(void)
{
	if (rdline == NULL)
		return;
	if (showing)
		putchar('\n');
	showing = false;
	rdline_free(rdline);
	rdline = NULL;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
}

void
ts_console_hide(void)
{
	if (showing)
		fputs("\r\033[2K", stdout);
}

void
ts_console_show(void)
{
	if (showing)
		rdline_redisplay(rdline);
	fflush(stdout);
}

/* Lines that are empty or as the one before are not worth keeping. */
static void
remember(const char *line)
{
	const char *last = rdline_get_history_item(rdline, 0);
	size_t len = strcspn(line, "\n");

	if (line[strspn(line, " \t\n")] != '\0' &&
	    (last == NULL || strcspn(last, "\n") != len || memcmp(line, last, len) != 0))
		rdline_add_history(rdline, line);
}

/* A key. Whether more are to come. */
static bool
take_key(char c)
{
	int ret = rdline_char_in(rdline, c);

	if (ret == RDLINE_RES_VALIDATED) {
		remember(rdline_get_buffer(rdline));
		if (!ts_quit) {
			rdline_newline(rdline, PROMPT);
			showing = true;
		}
	}
	return ret != RDLINE_RES_EOF && ret != RDLINE_RES_EXITED;
}

/* ---- a pipe or file ---- */

static void
take_line(void)
{
	ts_place.line++;
	if (ts_execute(pending, nb_pending) != 0)
		result = -1;
	nb_pending = 0;
}

static void
take_char(char c)
{
	if (c == '\n') {
		take_line();
		return;
	}
	if (nb_pending < TS_MAX_LINE)
		pending[nb_pending] = c;
	nb_pending++;
}

/* ---- both ---- */

/* Whether there may be more. */
static bool
take_input(void)
{
	char buf[256];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf)), i;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		/* A last line need not have an end. */
		if (rdline == NULL && nb_pending != 0)
			take_line();
		return false;
	}
	for (i = 0; i < n && !ts_quit && !ts_interrupted; i++) {
		if (rdline == NULL)
			take_char(buf[i]);
		else if (!take_key(buf[i]))
			return false;
	}
	return true;
}

/* Wait for input (fd -1: for none). Whether there is some. */
static bool
wait_for(int fd, int timeout_ms)
{
	struct pollfd fds[2 + TS_MAX_DEVICES] = {
		{ .fd = fd, .events = POLLIN }, { .fd = ts_event_fd(), .events = POLLIN },
	};
	unsigned int i;

	for (i = 0; i < TS_MAX_DEVICES; i++) {
		fds[2 + i].fd = ts_devices[i].dev != NULL && !ts_devices[i].gone &&
						!ts_devices[i].held ? ts_devices[i].event_fd : -1;
		fds[2 + i].events = POLLIN;
	}
	if (poll(fds, 2 + TS_MAX_DEVICES, timeout_ms) <= 0)
		return false;
	for (i = 0; i < TS_MAX_DEVICES; i++)
		if (fds[2 + i].revents != 0 &&
		    sva_device_handle_events(ts_devices[i].dev) == -EIO)
			ts_devices[i].gone = true;
	if (fds[1].revents != 0)
		ts_event_show();
	return fds[0].revents != 0;
}

static bool
look(int fd, int timeout_ms)
{
	static uint64_t due;
	bool input;

	if (ts_resumed) {
		ts_resumed = 0;
		if (rdline != NULL)
			set_mode();
		ts_console_show();
	}
	fflush(stdout);
	input = wait_for(fd, timeout_ms);
	ts_forward_poll();
	if (!ts_forwarding()) {
		due = 0;
	} else if (ts_stats_period != 0) {
		uint64_t now = ts_now_ns(), period = ts_stats_period * 1000000000ull;

		if (due == 0) {
			due = now + period;
		} else if (now >= due) {
			ts_console_hide();
			ts_forward_show_rates();
			ts_console_show();
			due = now + period;
		}
	}
	if (ferror(stdout) && !ts_quit) {
		result = ts_error("output: standard output: it cannot be written to: make room, or "
				  "give it somewhere else to go");
		ts_quit = ts_output_lost = true;
	}
	return input;
}

void
ts_console_poll(int timeout_ms)
{
	look(-1, timeout_ms);
}

int
ts_console_run(bool prompt, bool (*done)(void))
{
	bool more = true;

	result = 0;
	if (prompt && isatty(STDIN_FILENO)) {
		if (open_terminal() != 0)
			return -1;
	} else if (prompt) {
		ts_place = (struct ts_place){ "standard input", 0 };
	}
	while (more && !ts_quit && !ts_interrupted && (done == NULL || !done())) {
		if (look(prompt ? STDIN_FILENO : -1, 50))
			more = take_input();
	}
	close_terminal();
	ts_place = (struct ts_place){ NULL, 0 };
	return result;
}
