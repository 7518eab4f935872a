/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * testsva: devices, bonds, memory, descriptors and forwarding by hand, at a prompt or from
 * files of commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sva_eal.h>

#include "testsva.h"

#define MAX_FILES 8
#define LETTERS "iaf:T:h"	/* of options, for getopt_long() */

enum {
	OPT_TIMEOUT = 256,
	OPT_VERSION,
};

struct options {
	bool interactive;
	bool auto_start;
	const char *files[MAX_FILES];
	unsigned int nb_files;
	bool help;
	bool version;
};

volatile sig_atomic_t ts_interrupted, ts_resumed;
bool ts_quit, ts_failed, ts_output_lost;
unsigned int ts_stats_period;
unsigned int ts_timeout = 10;
struct ts_place ts_place;

int
ts_error(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fflush(stdout);
	ts_console_hide();
	fflush(stdout);
	if (ts_place.file != NULL)
		fprintf(stderr, "testsva: %s:%u: %s\n", ts_place.file, ts_place.line, line);
	else
		fprintf(stderr, "testsva: %s\n", line);
	ts_console_show();
	return -1;
}

uint64_t
ts_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool
ts_pause(unsigned int milliseconds)
{
	ts_console_poll((int)milliseconds);
	return !ts_interrupted && !ts_quit;
}

static void
interrupt(int sig)
{
	if (sig == SIGCONT)
		ts_resumed = 1;
	else
		ts_interrupted = 1;
}

/*
 * An interrupt ends the program in good order, and so does the end of a terminal that is not
 * to be survived (nohup); a closed pipe or a file at its limit is a failed write.
 */
static void
set_signals(void)
{
	struct sigaction sa = { .sa_handler = interrupt }, hangup;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGCONT, &sa, NULL);
	sa = (struct sigaction){ .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL);
}

/* Whether there is somewhere for output to go. */
static bool
check_streams(void)
{
	int fd;

	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		ts_error("output: standard output is closed: give it somewhere to go");
		return false;
	}
	/* What is opened later must not be taken for one of them. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
			ts_error("start: /dev/null: %s", strerror(errno));
			return false;
		}
	}
	return true;
}

static void
usage(void)
{
	fputs("Usage: testsva [EAL options] -- [options]\n"
	      "Devices, bonds, memory, descriptors and forwarding by hand.\n\nEAL options:\n",
	      stdout);
	sva_eal_usage(stdout);
	fputs(
"\nOptions of testsva (after --):\n"
"  -i, --interactive        take commands from a prompt, or from standard input where that\n"
"                           is no terminal\n"
"  -a, --auto-start         start forwarding; without -i until Ctrl-C, or the end of ops\n"
"  -f, --cmdline-file FILE  run the commands of FILE first; may be given up to 8 times\n"
"  -T, --stats-period N     show rates each N seconds while forwarding, 1 to 86400\n"
"      --timeout N          seconds that a descriptor made by hand may take, 1 to 3600 [10]\n"
"  -h, --help               print this\n"
"      --version            print the version\n"
"\n"
"The devices of EAL option -a are opened at the start. Commands: help at the prompt.\n"
"\n"
"Exit status: 0 good; 1 a command failed, forwarding found something wrong, or output was\n"
"lost; 2 wrong usage; 130 interrupted.\n"
"\n"
"Example: testsva -a emu:dsa -- -i\n",
	      stdout);
}

static int
parse_seconds(const char *name, const char *text, uint64_t max, unsigned int *value)
{
	uint64_t v;

	if (ts_number(name, text, 1, max, &v) != 0)
		return -1;
	*value = (unsigned int)v;
	return 0;
}

/* Of letters that stand together, -ix, the argument is passed only after the last. */
static int
refuse_option(int opt, const char *passed)
{
	const char letter[] = { '-', (char)optopt, '\0' };
	bool unknown = optopt > 0 && optopt < OPT_TIMEOUT && strchr(LETTERS, optopt) == NULL;

	return ts_error("option '%s' %s: see testsva -h", unknown ? letter : passed,
			opt == ':' ? "needs a value" : "is unknown or takes no value");
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{ "interactive", no_argument, NULL, 'i' },
		{ "auto-start", no_argument, NULL, 'a' },
		{ "cmdline-file", required_argument, NULL, 'f' },
		{ "stats-period", required_argument, NULL, 'T' },
		{ "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int opt, ret = 0;

	optind = 0;
	opterr = 0;
	while (ret == 0 && (opt = getopt_long(argc, argv, "+:" LETTERS, table, NULL)) != -1) {
		switch (opt) {
		case 'i': o->interactive = true; break;
		case 'a': o->auto_start = true; break;
		case 'f':
			if (o->nb_files == MAX_FILES)
				return ts_error("--cmdline-file: more than %d files: have one load "
						"the others", MAX_FILES);
			o->files[o->nb_files++] = optarg;
			break;
		case 'T':
			ret = parse_seconds("--stats-period", optarg, 86400, &ts_stats_period);
			break;
		case OPT_TIMEOUT:
			ret = parse_seconds("--timeout", optarg, 3600, &ts_timeout);
			break;
		case 'h': o->help = true; break;
		case OPT_VERSION: o->version = true; break;
		default:
			return refuse_option(opt, argv[optind - 1]);
		}
	}
	if (ret == 0 && optind < argc)
		return ts_error("argument '%s' is not an option: see testsva -h", argv[optind]);
	if (ret == 0 && !o->interactive && !o->auto_start && o->nb_files == 0 && !o->help &&
	    !o->version)
		return ts_error("nothing to do: give -i for a prompt, --cmdline-file or "
				"--auto-start");
	return ret;
}

static int
print_and_exit(bool help)
{
	if (help)
		usage();
	else
		printf("testsva %s\n", sva_version());
	if (fflush(stdout) == 0)
		return TS_EXIT_OK;
	ts_error("output: standard output: %s", strerror(errno));
	return TS_EXIT_FAILED;
}

static bool
forwarding_over(void)
{
	return !ts_forwarding();
}

static int
session(const struct options *o)
{
	unsigned int i;
	int ret;

	ret = ts_open_allowed();
	if (ret == 0 && isatty(STDOUT_FILENO) && o->interactive)
		puts("testsva: help lists the commands; Ctrl-D or quit ends.");
	for (i = 0; i < o->nb_files && !ts_quit && !ts_interrupted; i++)
		ret |= ts_load(o->files[i]);
	if (o->auto_start && !ts_quit && !ts_interrupted && !ts_forwarding())
		ret |= ts_open_any() == 0 ? ts_forward_start() : -1;
	if (o->interactive)
		ret |= ts_console_run(true, NULL);
	else if (ts_forwarding())
		ret |= ts_console_run(false, forwarding_over);
	return ret;
}

static int
run(int argc, char **argv)
{
	struct options o = { 0 };
	int ret;

	if (parse_options(argc, argv, &o) != 0)
		return TS_EXIT_USAGE;
	if (o.help || o.version)
		return print_and_exit(o.help);
	if (ts_event_init() != 0)
		return TS_EXIT_FAILED;
	ret = ts_commands_init();
	if (ret == 0)
		ret = session(&o);
	ret |= ts_forward_stop();
	ret |= ts_close_all();
	ts_memory_free_all();
	ts_commands_free();
	ts_event_show();
	ts_event_fini();
	if ((fflush(stdout) != 0 || ferror(stdout)) && !ts_output_lost)
		ret = ts_error("output: standard output: not all of it was written: make room, or "
			       "give it somewhere else to go");
	return ret == 0 && !ts_failed && !ts_output_lost ? TS_EXIT_OK : TS_EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	int used, ret;

	set_signals();
	if (!check_streams())
		return TS_EXIT_FAILED;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return print_and_exit(false);
	used = sva_eal_init(argc, argv);
	if (used == -ECANCELED)
		return print_and_exit(true);
	if (used < 0) {
		ts_error("start: %s: see the line above and testsva -h (testsva's own options come "
			 "after --)", strerror(-used));
		return used == -EINVAL ? TS_EXIT_USAGE : TS_EXIT_FAILED;
	}
	ret = run(argc - used, argv + used);
	sva_eal_cleanup();
	return ts_interrupted && ret == TS_EXIT_OK ? TS_EXIT_INTERRUPTED : ret;
}
