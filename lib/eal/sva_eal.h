/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_EAL_H
#define SVA_EAL_H

/**
 * @file
 * Start and end of SVADK in a process.
 *
 * A program calls sva_eal_init() with its command line, or, from a library or
 * where there is no command line, sva_eal_setup(). Either costs a few
 * milliseconds and maps no huge page. The layer is process-wide: one
 * initialisation at a time. None of the functions here may run at the same time
 * as another of them, unless its comment says so.
 */

#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Use of huge pages by sva_alloc(). */
enum sva_huge {
	SVA_HUGE_NEVER = 0,	/**< Not even for a caller that prefers them. */
	SVA_HUGE_ALLOW,		/**< For callers that ask; the default. */
	SVA_HUGE_PREFER,	/**< For every allocation of a huge page or more. */
};

/** The prefix of `--telemetry` without a value. */
#define SVA_TELEMETRY_PREFIX "svadk"

/** What sva_eal_setup() takes; zero-initialise, then set what differs. */
struct sva_eal_conf {
	/** Device specifications, as for -a; NULL-terminated array or NULL. */
	const char *const *allow;
	/** Plugin files or folders, as for -d; NULL-terminated array or NULL. */
	const char *const *plugins;
	/** CPU list, as for -l ("1,3-5"), or NULL. The caller is never pinned. */
	const char *cpus;
	/** Log levels, as for --log-level; NULL-terminated array or NULL. */
	const char *const *log_levels;
	/** Never use huge pages; --no-huge. */
	bool no_huge;
	/** Prefer huge pages everywhere; --huge. */
	bool huge;
	/**
	 * Open a telemetry socket, which a thread answers, where `dpdk-telemetry.py -f PREFIX`
	 * looks for it, for the user alone: the prefix, of letters, digits, '.', '_' and '-',
	 * the first not a dot; SVA_TELEMETRY_PREFIX for none of one's own. NULL: there is no
	 * socket. In a process of DPDK none is opened, as DPDK's has the same commands.
	 */
	const char *telemetry;
};

/**
 * Initialise from a command line, with DPDK's option habits.
 *
 * Understands `-a SPEC`, `-l LIST`/`--lcores LIST`, `-d PLUGIN`,
 * `--log-level [PATTERN:]LEVEL`, `--huge`, `--no-huge`, `--telemetry[=PREFIX]` and
 * `-h`/`--help`, up to `--` or the first argument that is not an option. With -l the
 * calling thread is pinned to the first CPU of the list.
 *
 * A PLUGIN is a file, or a folder whose *.so files are loaded in the order of their
 * names. It is refused where everyone may write to the file or to a folder above it;
 * below a sticky folder such as /tmp it must belong to root or the caller.
 *
 * LEVEL is emergency, alert, critical, error, warning, notice, info, debug, the
 * beginning of one, or 1 to 8. Alone it limits all types; "PATTERN:LEVEL" (shell
 * pattern) and "REGEX,LEVEL" set the types that match, for example "svadk.*:debug".
 *
 * @param argc	as main() has it.
 * @param argv	as main() has it; kept unchanged and read during the call only.
 * @return the number of arguments after argv[0] that were used, `--` included,
 *	so that the program goes on with `argc -= n, argv += n`; or
 *	-ECANCELED: help was asked for, nothing is initialised (see
 *	sva_eal_usage()); -EINVAL: an option or value is wrong, and the log says
 *	which; -EALREADY: initialised before; -ENOENT, -ENOEXEC: a plugin is
 *	missing or is not one; -EPERM: a plugin that everyone could have put
 *	there, or a folder for the telemetry that others may write to; -ENAMETOOLONG,
 *	-EACCES and others of mkdir(2) and bind(2): no socket can be made for the
 *	telemetry; -EADDRINUSE: 64 processes have one of the prefix; what a plugin's
 *	init returned; -ENOMEM. After an error nothing is left of the attempt but
 *	folders of the telemetry.
 */
int sva_eal_init(int argc, char **argv);

/**
 * Initialise without a command line, for use inside any host program.
 *
 * Pins nothing, installs no signal handler, prints nothing on stdout, and starts no
 * thread but that of the telemetry, where it is asked for.
 *
 * @param conf	read during the call only; NULL for the defaults.
 * @return 0, or as sva_eal_init().
 */
int sva_eal_setup(const struct sva_eal_conf *conf);

/**
 * Undo the initialisation: closes every device and container still open, joins
 * worker threads, unloads plugins, frees memory given by sva_alloc(). After it
 * no thread, file descriptor, socket or mapping of SVADK is left. Log levels go back to
 * what they were before --log-level, and the thread that -l pinned, if it is the
 * calling one, to the CPUs it had.
 *
 * @return 0, or -EINVAL where nothing is initialised, or -EBUSY where a worker
 *	thread or a function of the clean-up calls it.
 */
int sva_eal_cleanup(void);

/** @return whether SVADK is initialised. Any thread. */
bool sva_eal_ready(void);

/**
 * Write the options that sva_eal_init() understands, a line each.
 * Any thread, initialised or not.
 */
void sva_eal_usage(FILE *out);

/**
 * The CPUs of -l.
 *
 * @param cpus	set to an array that lives until sva_eal_cleanup(); NULL where no
 *		list was given.
 * @return how many; 0 where no list was given. Any thread.
 */
unsigned int sva_eal_cpus(const int **cpus);

/**
 * The device specifications of -a, in the order given.
 *
 * @return the @p i th, valid until sva_eal_cleanup(), or NULL past the last one.
 *	Any thread.
 */
const char *sva_eal_allowed(unsigned int i);

/** @return how huge pages are to be used. Any thread. */
enum sva_huge sva_eal_huge(void);

/** @return the version of this library, for example "0.1.0". Any thread. */
const char *sva_version(void);

#ifdef __cplusplus
}
#endif

#endif /* SVA_EAL_H */
