/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What the tests of the emulated bus share: its engines, as the kernel shows them.
 * Included once by each program that uses it.
 */
#ifndef TEST_EMU_UTIL_H
#define TEST_EMU_UTIL_H

#include <dirent.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dsa_hw.h>
#include <sva_accel.h>
#include <sva_bus.h>
#include <sva_eal.h>

#include "test_eal_log.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#if defined(__has_feature)
#define CLANG_TSAN __has_feature(thread_sanitizer)
#define CLANG_ASAN __has_feature(address_sanitizer)
#else
#define CLANG_TSAN 0
#define CLANG_ASAN 0
#endif

/* Whether engine=task can be had: not where a tool watches every memory access. */
static inline bool
have_tasks(void)
{
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !CLANG_TSAN
	return !RUNNING_ON_VALGRIND;
#else
	return false;
#endif
}

static int
emu_start(void **state)
{
	alarm(600);
	return log_start(state) == 0 ? sva_eal_setup(NULL) : -1;
}

static int
emu_end(void **state)
{
	return sva_eal_cleanup() == 0 ? log_stop(state) : -1;
}

/* State, parent and name of a task; whether it exists. */
static bool
read_stat(const char *path, char *name, char *state, int *parent)
{
	FILE *f = fopen(path, "r");
	int n;

	if (f == NULL)
		return false;
	n = fscanf(f, "%*d (%15[^)]) %c %d", name, state, parent);
	fclose(f);
	return n == 3;
}

/*
 * The engine task of a process, or 0. It appears shortly after a device was opened. One
 * that is dead counts no more; after an exec the new program has it as a dead child.
 */
static inline pid_t
find_engine(pid_t owner)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (dir != NULL && found == 0 && (entry = readdir(dir)) != NULL) {
		char path[300], name[16] = "", state;
		int parent;

		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    read_stat(path, name, &state, &parent) && parent == owner &&
		    state != 'Z' && strcmp(name, "sva-emu") == 0)
			found = (pid_t)atoi(entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

/* Whether this process's engine sleeps, be it a task or a thread. */
static inline bool
engine_sleeps(void)
{
	pid_t engine = find_engine(getpid());
	struct dirent *entry;
	bool sleeps = false;
	char path[300], name[16] = "", state;
	int parent;
	DIR *dir;

	if (engine != 0) {
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)engine);
		return read_stat(path, name, &state, &parent) && state == 'S';
	}
	dir = opendir("/proc/self/task");
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/stat", entry->d_name);
		if (read_stat(path, name, &state, &parent) && strcmp(name, "sva-emu-host") == 0)
			sleeps = state == 'S';
	}
	if (dir != NULL)
		closedir(dir);
	return sleeps;
}

#endif
