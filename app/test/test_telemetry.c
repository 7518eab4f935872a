/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Telemetry inside a process: answers while a queue works, requests of every kind, clients
 * that do not behave, forks.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#include <eal_telemetry.h>

#include "test_accel_util.h"

static char folder[] = "/tmp/test_telemetry.XXXXXX";
static char text[EAL_ANSWER_MAX + 1];

/* A client of the first socket, or -1. */
static int
try_client(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/dpdk/t/dpdk_telemetry.v2", folder);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* What is received, in `text`; "" at the end. */
static const char *
receive(int fd)
{
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int
new_client(void)
{
	int fd = try_client();
	char greeting[64];

	assert_true(fd >= 0);
	snprintf(greeting, sizeof(greeting), "\"pid\":%d,\"max_output_len\":%d}", (int)getpid(),
		 EAL_ANSWER_MAX);
	assert_non_null(strstr(receive(fd), greeting));
	return fd;
}

static const char *
ask(int fd, const char *request)
{
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return receive(fd);
}

static uint64_t
number(const char *answer, const char *name)
{
	char quoted[32];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	at = strstr(answer, quoted);
	assert_non_null(at);
	return strtoull(at + strlen(quoted), NULL, 10);
}

static int
start(void **state)
{
	const struct sva_eal_conf conf = { .telemetry = "t" };

	(void)state;
	return sva_eal_setup(&conf);
}

static int
end(void **state)
{
	(void)state;
	return sva_eal_cleanup();
}

struct work {
	struct sva_queue *q;
	atomic_bool end;
	uint64_t done;
};

static void *
copy_until_told(void *arg)
{
	struct work *w = arg;
	char from[256] = "x", to[256];
	struct sva_result r;

	while (!atomic_load(&w->end)) {
		if (sva_copy(w->q, to, from, sizeof(from), 0, SVA_SUBMIT) < 0)
			break;
		while (sva_poll(w->q, &r, 1) == 0)
			;
		w->done++;
	}
	return NULL;
}

static void
while_a_queue_works(void **state)
{
	struct work w = { .end = false };
	struct sva_device *dev;
	pthread_t thread;
	int fd, i;

	(void)state;
	assert_int_equal(sva_device_open("emu:dsa", &dev), 0);
	assert_int_equal(sva_queue_open(dev, NULL, &w.q), 0);
	fd = new_client();
	assert_int_equal(pthread_create(&thread, NULL, copy_until_told, &w), 0);
	while (number(ask(fd, "/sva/stats,emu:dsa"), "accepted") == 0)
		;
	for (i = 0; i < 50; i++) {
		assert_int_equal(number(ask(fd, "/sva/stats,emu:dsa"), "failed"), 0);
		assert_int_equal(number(ask(fd, "/sva/bonds"), "pid"), getpid());
	}
	atomic_store(&w.end, true);
	pthread_join(thread, NULL);
	ask(fd, "/sva/stats,emu:dsa");
	assert_int_equal(number(text, "completed"), w.done);
	assert_int_equal(number(text, "bytes"), 256 * w.done);
	assert_int_equal(number(text, "faults"), 0);
	assert_int_equal(number(ask(fd, "/sva/containers"), "bonds"), 1);
	assert_int_equal(number(ask(fd, "/sva/info,emu:dsa"), "queues_open"), 1);
	assert_int_equal(sva_device_close(dev), 0);
	assert_string_equal(ask(fd, "/sva/devices"), "{\"/sva/devices\":[]}");
	assert_string_equal(ask(fd, "/sva/stats,emu:dsa"), "{\"/sva/stats\":null}");
	close(fd);
}

static void
every_queue_of_a_device(void **state)
{
	struct sva_device *dev;
	struct sva_queue *q;
	unsigned int i, n = 0;
	const char *at;
	int fd = new_client();

	(void)state;
	assert_int_equal(sva_device_open("emu:dsa,wqs=8", &dev), 0);
	while (sva_queue_open(dev, NULL, &q) == 0)
		n++;
	assert_int_equal(n, 8);
	for (at = ask(fd, "/sva/stats,emu:dsa"), i = 0; (at = strstr(at, "\"queue")) != NULL; at++)
		i++;
	assert_int_equal(i, n);
	assert_int_equal(sva_device_close(dev), 0);
	close(fd);
}

static void
requests(void **state)
{
	static const char *const cases[][2] = {
		{ "/none", "{\"/none\":null}" },
		{ "/none,x,y", "{\"/none\":null}" },
		{ ",", "{\"\":null}" },
		{ "/a\"b\\c\n\xff", "{\"/a\\u0022b\\u005cc\\u000a\\u00ff\":null}" },
		{ "/help,/", "{\"/help\":{\"/\":\"Names of the commands. No parameters\"}}" },
		{ "/help", "{\"/help\":null}" },
		{ "/help,/none", "{\"/help\":null}" },
		{ "/sva/info", "{\"/sva/info\":null}" },
	};
	char longest[2000], answer[128];
	int fd = new_client();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(ask(fd, cases[i][0]), cases[i][1]);
	/* A name is cut off where DPDK cuts it. */
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	snprintf(answer, sizeof(answer), "{\"%.55s\":null}", longest);
	assert_string_equal(ask(fd, longest), answer);
	assert_non_null(strstr(ask(fd, "/"), "\"/sva/containers\""));
	close(fd);
}

static void
answer_without_room(void **state)
{
	char request[] = "/info", small[24];
	size_t n;

	(void)state;
	n = eal_telemetry_answer(request, small, sizeof(small));
	assert_int_equal(n, strlen("{\"/info\":null}"));
	assert_memory_equal(small, "{\"/info\":null}", n);
}

static void
clients_that_do_not_behave(void **state)
{
	int fd, silent, many[10], i;

	(void)state;
	/* Gone before it is answered: no signal, no harm. */
	for (i = 0; i < 20; i++) {
		fd = new_client();
		assert_int_equal(send(fd, "/", 1, MSG_NOSIGNAL), 1);
		close(fd);
	}
	/* One that asks and never reads is given up, not waited for. */
	silent = new_client();
	while (send(silent, "/info", 5, MSG_NOSIGNAL) == 5)
		;
	close(silent);
	/* Ten at a time. */
	for (i = 0; i < 10; i++)
		many[i] = new_client();
	fd = try_client();
	assert_true(fd >= 0);
	assert_string_equal(receive(fd), "");
	close(fd);
	for (i = 0; i < 10; i++) {
		assert_non_null(strstr(ask(many[i], "/info"), "SVADK"));
		close(many[i]);
	}
}

/* Without a file descriptor to accept with, one waits until there is. */
static void
no_descriptor_left(void **state)
{
	int client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct rlimit old, none;

	(void)state;
	if (RUNNING_ON_VALGRIND)	/* which closes what is over the limit */
		skip();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/dpdk/t/dpdk_telemetry.v2", folder);
	assert_int_equal(connect(client, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_non_null(strstr(receive(client), "SVADK"));
	close(client);
}

/* The child of a fork has neither socket nor thread, and leaves the parent's alone. */
static void
forks(void **state)
{
	int fd = new_client(), status, hold[2];
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(hold), 0);
	child = fork();
	if (child == 0) {
		close(hold[1]);
		if (read(hold[0], &byte, 1) != 0 || sva_eal_cleanup() != 0)
			_exit(1);
#ifndef __SANITIZE_THREAD__	/* which takes no new thread there */
		if (start(NULL) != 0 || sva_eal_cleanup() != 0)
			_exit(1);
#endif
		_exit(0);
	}
	assert_int_equal(sva_eal_cleanup(), 0);
	assert_string_equal(receive(fd), "");
	close(fd);
	assert_int_equal(try_client(), -1);
	assert_int_equal(start(NULL), 0);
	close(hold[0]);
	close(hold[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* It had one of its own, and this one is still the first. */
	close(new_client());
}

static void
nothing_is_left(void **state)
{
	char path[128];
	unsigned int i;

	(void)state;
	assert_int_equal(sva_eal_cleanup(), 0);
	snprintf(path, sizeof(path), "%s/dpdk/t/dpdk_telemetry.v2", folder);
	assert_int_equal(access(path, F_OK), -1);
	for (i = 0; i < 3; i++) {
		assert_int_equal(start(NULL), 0);
		assert_int_equal(access(path, F_OK), 0);
		assert_int_equal(sva_eal_cleanup(), 0);
		assert_int_equal(access(path, F_OK), -1);
	}
	assert_int_equal(start(NULL), 0);
}

static void
mode_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 077, 0777 };
	char path[128];
	struct stat st;
	mode_t old;
	size_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s/dpdk/t/dpdk_telemetry.v2", folder);
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		assert_int_equal(sva_eal_cleanup(), 0);
		old = umask(masks[i]);
		assert_int_equal(start(NULL), 0);
		umask(old);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	}
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || setenv("RUNTIME_DIRECTORY", folder, 1) != 0;
}

static int
remove_folder(void **state)
{
	char path[64];
	int ret;

	(void)state;
	snprintf(path, sizeof(path), "%s/dpdk/t", folder);
	ret = rmdir(path);
	snprintf(path, sizeof(path), "%s/dpdk", folder);
	return ret | rmdir(path) | rmdir(folder);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)
	static const struct CMUnitTest tests[] = {
		CASE(while_a_queue_works),
		CASE(every_queue_of_a_device),
		CASE(requests),
		CASE(answer_without_room),
		CASE(clients_that_do_not_behave),
		CASE(no_descriptor_left),
		CASE(forks),
		CASE(nothing_is_left),
		CASE(mode_whatever_the_umask),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
