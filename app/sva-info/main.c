/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * sva-info: buses, drivers and devices, what devices can do, and why one cannot be used.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sva_eal.h>

#include "info.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct options {
	bool json;
	bool open;
	bool help;
	bool version;
};

void
info_error(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "sva-info: %s\n", line);
}

static void
print_usage(void)
{
	puts("Usage: sva-info [EAL options] [-- options]\n"
	     "List buses, drivers and devices, what devices can do, and why one cannot be used.\n"
	     "\nEAL options:");
	sva_eal_usage(stdout);
	puts("\nOptions of sva-info (after --):\n"
	     "  -j, --json       print JSON\n"
	     "  -n, --no-open    do not open devices: capabilities are left out\n"
	     "  -h, --help       print this\n"
	     "      --version    print the version\n"
	     "\n"
	     "The environment variable SVADK_SYSFS names another root than /sys for the PCI\n"
	     "functions of the VFIO bus.\n"
	     "\n"
	     "Exit status: 0 good, also where a device is not usable; 1 a bus cannot be scanned,\n"
	     "a device named by -a cannot be opened, or output is lost; 2 wrong usage.");
}

static int
parse_options(int argc, char **argv, struct options *opts)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "no-open", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	char letter[] = "-?";
	int opt;

	*opts = (struct options){ .open = true };
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+jnh", long_options, NULL)) != -1) {
		switch (opt) {
		case 'j': opts->json = true; break;
		case 'n': opts->open = false; break;
		case 'h': opts->help = true; break;
		case 'V': opts->version = true; break;
		default:
			letter[1] = (char)optopt;
			info_error("option '%s' is unknown or takes no value: see sva-info -h",
				   optopt > 0 ? letter : argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return EXIT_OK;
	info_error("argument '%s' is not an option: see sva-info -h", argv[optind]);
	return EXIT_USAGE;
}

static int
run(const struct options *opts)
{
	struct info info = { 0 };

	if (opts->version) {
		printf("sva-info %s\n", sva_version());
	} else if (opts->help) {
		print_usage();
	} else {
		info_collect(&info, opts->open);
		if (opts->json)
			info_show_json(&info);
		else
			info_show_text(&info);
		free(info.devices);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		info_error("output: standard output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return info.failed ? EXIT_FAILED : EXIT_OK;
}

int
main(int argc, char **argv)
{
	struct options opts = { 0 };
	int used, ret;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		info_error("output: standard output is closed: give it somewhere to go");
		return EXIT_FAILED;
	}
	opts.version = argc == 2 && strcmp(argv[1], "--version") == 0;
	if (opts.version)
		return run(&opts);
	used = sva_eal_init(argc, argv);
	if (used == -ECANCELED) {
		opts.help = true;
		return run(&opts);
	}
	if (used < 0) {
		info_error("start: %s: see the line above and sva-info -h (sva-info's own options "
			   "come after --)", strerror(-used));
		return used == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	ret = parse_options(argc - used, argv + used, &opts);
	if (ret == EXIT_OK)
		ret = run(&opts);
	sva_eal_cleanup();
	return ret;
}
