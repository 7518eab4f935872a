/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The socket of --telemetry, where dpdk-telemetry.py looks for it. rte_telemetry_init() is
 * not used: it is internal to DPDK, differs between releases, replaces a socket that somebody
 * uses, makes it with the umask of the process, has threads that nothing ends, and writes to
 * a client that is gone with a SIGPIPE for the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <sva_eal.h>
#include <sva_log.h>
#include <sva_worker.h>

#include "eal_private.h"
#include "eal_telemetry.h"

SVA_LOG_COMPONENT(eal.telemetry);

#define MAX_CLIENTS 10
#define MAX_INSTANCES 64
/* Longest request; a longer one is cut off, and then unknown. */
#define MAX_REQUEST 1024

/* What is polled. */
enum {
	SLOT_WAKE,
	SLOT_LISTEN,
	SLOT_CLIENT,
	NB_SLOTS = SLOT_CLIENT + MAX_CLIENTS,
};

static struct {
	struct pollfd slots[NB_SLOTS];	/* fd -1: free. Changed under the lock */
	struct sockaddr_un addr;
	struct stat made;		/* the socket's file, to remove no other */
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	pid_t owner;			/* 0: there is no socket */
	struct sva_worker *thread;
	char *text;			/* of EAL_ANSWER_MAX */
} server;

static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

static void
set_slot(unsigned int i, int fd)
{
	pthread_mutex_lock(&slots_lock);
	if (server.slots[i].fd >= 0)
		close(server.slots[i].fd);
	server.slots[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	pthread_mutex_unlock(&slots_lock);
}

static void
close_slots(void)
{
	unsigned int i;

	for (i = 0; i < NB_SLOTS; i++)
		set_slot(i, -1);
}

/* --- The thread ----------------------------------------------------------------------- */

static bool
reply(int fd, size_t n)
{
	/* Who does not read what was asked for is not waited for. */
	return send(fd, server.text, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;
}

/* @return false: there is none to be had now, as the process has no file descriptor left. */
static bool
take_client(void)
{
	unsigned int i = SLOT_CLIENT;
	int fd, err;

	/* Under the lock: a fork in between would leave it open in the child. */
	pthread_mutex_lock(&slots_lock);
	fd = accept4(server.slots[SLOT_LISTEN].fd, NULL, NULL, SOCK_CLOEXEC);
	err = errno;
	while (i < NB_SLOTS && server.slots[i].fd >= 0)
		i++;
	if (fd >= 0 && i < NB_SLOTS)
		server.slots[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	else if (fd >= 0)
		close(fd);
	pthread_mutex_unlock(&slots_lock);
	if (fd < 0)
		return err == EAGAIN || err == EINTR || err == ECONNABORTED;
	if (i < NB_SLOTS && !reply(fd, eal_telemetry_greet(server.text, EAL_ANSWER_MAX)))
		set_slot(i, -1);
	return true;
}

static void
serve_client(unsigned int i)
{
	char request[MAX_REQUEST];
	int fd = server.slots[i].fd;
	ssize_t n;

	n = recv(fd, request, sizeof(request) - 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		request[n] = '\0';
		if (reply(fd, eal_telemetry_answer(request, server.text, EAL_ANSWER_MAX)))
			return;
	}
	set_slot(i, -1);
}

static int
serve(void *arg)
{
	struct pollfd *listener = &server.slots[SLOT_LISTEN];
	unsigned int i;
	int ready, patience = -1;

	(void)arg;
	for (;;) {
		ready = poll(server.slots, NB_SLOTS, patience);
		patience = -1;
		listener->events = POLLIN;
		if (ready < 0)
			continue;
		if (server.slots[SLOT_WAKE].revents != 0)
			return 0;
		for (i = SLOT_CLIENT; i < NB_SLOTS; i++)
			if (server.slots[i].revents != 0)
				serve_client(i);
		if (listener->revents != 0 && !take_client()) {
			listener->events = 0;
			patience = 100;
		}
	}
}

/* --- Fork ----------------------------------------------------------------------------- */

/*
 * A child has no thread to answer: were the socket open in it, clients would wait for ever
 * once the parent has ended.
 */
static void
fork_prepare(void)
{
	pthread_mutex_lock(&slots_lock);
}

static void
fork_parent(void)
{
	pthread_mutex_unlock(&slots_lock);
}

static void
fork_child(void)
{
	pthread_mutex_unlock(&slots_lock);
	if (server.owner != 0)
		close_slots();
}

static int
watch_forks(void)
{
	static bool watched;
	int err = watched ? 0 : pthread_atfork(fork_prepare, fork_parent, fork_child);

	watched = err == 0;
	return -err;
}

/* --- The folder ----------------------------------------------------------------------- */

/* As dpdk-telemetry.py has it; what is empty is as good as not set. */
static const char *
base_folder(void)
{
	const char *folder = secure_getenv("RUNTIME_DIRECTORY");

	if (folder != NULL && folder[0] != '\0')
		return folder;
	if (getuid() == 0)
		return "/var/run";
	folder = secure_getenv("XDG_RUNTIME_DIR");
	return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}

/*
 * Open a folder that nobody else can put anything into, or, where @shared, not in the way of
 * others: /tmp.
 */
static int
open_folder(const char *path, bool shared)
{
	struct stat st;
	int fd, err;

	fd = open(path, O_DIRECTORY | O_CLOEXEC | (shared ? O_PATH : O_RDONLY | O_NOFOLLOW));
	if (fd < 0 || fstat(fd, &st) != 0) {
		err = errno;
		SVA_LOG(ERR, "--telemetry: %s: %s", path, strerror(err));
		if (fd >= 0)
			close(fd);
		return -err;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		SVA_LOG(ERR, "--telemetry: %s belongs to user %u: set XDG_RUNTIME_DIR to a folder "
			"of your own", path, (unsigned int)st.st_uid);
	} else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
		   !(shared && (st.st_mode & S_ISVTX) != 0)) {
		SVA_LOG(ERR, "--telemetry: others may write to %s: chmod go-w it", path);
	} else {
		return fd;
	}
	close(fd);
	return -EPERM;
}

static int
make_folder(const char *path)
{
	int err;

	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		err = errno;
		SVA_LOG(ERR, "--telemetry: %s cannot be made: %s", path, strerror(err));
		return -err;
	}
	return open_folder(path, false);
}

/* The folder of a prefix, made where it is missing, as a file descriptor. */
static int
find_folder(const char *prefix)
{
	const char *base = base_folder();
	char *path = server.folder;
	int fd;

	fd = open_folder(base, true);
	if (fd < 0)
		return fd;
	close(fd);
	snprintf(path, sizeof(server.folder), "%s/dpdk", base);
	fd = make_folder(path);
	if (fd < 0)
		return fd;
	close(fd);
	snprintf(path, sizeof(server.folder), "%s/dpdk/%s", base, prefix);
	return make_folder(path);
}

static int
check_prefix(const char *prefix)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t n = strlen(prefix);
	size_t room = sizeof(server.addr.sun_path) - sizeof("/dpdk//dpdk_telemetry.v2:63");

	if (n == 0 || prefix[0] == '.' || prefix[strspn(prefix, letters)] != '\0') {
		SVA_LOG(ERR, "--telemetry: this is not a prefix: it has letters, digits, '.', '_' "
			"and '-', at least one, and the first is no dot");
		return -EINVAL;
	}
	if (n + strlen(base_folder()) > room) {
		SVA_LOG(ERR, "--telemetry: the path of a socket in %s/dpdk/%s is too long: take a "
			"shorter prefix, or another XDG_RUNTIME_DIR", base_folder(), prefix);
		return -ENAMETOOLONG;
	}
	return 0;
}

/* --- The socket ----------------------------------------------------------------------- */

/* Whether somebody listens at the address. */
static bool
in_use(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool used;

	if (fd < 0)
		return true;
	used = connect(fd, (struct sockaddr *)&server.addr, sizeof(server.addr)) == 0;
	/* DPDK's server is ended by SIGPIPE where it cannot send its greeting. */
	if (used)
		poll(&p, 1, 1000);
	else
		used = errno != ECONNREFUSED && errno != ENOENT;
	close(fd);
	return used;
}

/* Bind to the address, which nobody uses. @return 0, -EADDRINUSE, or another -errno. */
static int
bind_address(int fd)
{
	const struct sockaddr *addr = (struct sockaddr *)&server.addr;

	if (bind(fd, addr, sizeof(server.addr)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	if (in_use())
		return -EADDRINUSE;
	SVA_LOG(INFO, "%s: nobody listens there any more; it is replaced", server.addr.sun_path);
	if (unlink(server.addr.sun_path) != 0 ||
	    bind(fd, addr, sizeof(server.addr)) != 0)
		return -errno;
	return 0;
}

/* Find an address: as dpdk-telemetry.py counts them with -i, where the first is in use. */
static int
bind_first(int fd)
{
	unsigned int i;
	int ret = -EADDRINUSE;

	for (i = 0; ret == -EADDRINUSE && i < MAX_INSTANCES; i++) {
		snprintf(server.addr.sun_path, sizeof(server.addr.sun_path),
			 i == 0 ? "%s/dpdk_telemetry.v2" : "%s/dpdk_telemetry.v2:%u",
			 server.folder, i);
		ret = bind_address(fd);
	}
	return ret;
}

/*
 * A socket at the first free address. On Linux its file gets the mode that it has itself
 * when it is bound, less the umask: it is open to others at no time, and before listen()
 * nobody can connect.
 */
static int
make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret;

	if (fd < 0)
		return -errno;
	server.addr.sun_family = AF_UNIX;
	ret = fchmod(fd, 0600) == 0 ? bind_first(fd) : -errno;
	if (ret == 0) {
		if (chmod(server.addr.sun_path, 0600) == 0 &&
		    lstat(server.addr.sun_path, &server.made) == 0 && listen(fd, MAX_CLIENTS) == 0)
			return fd;
		ret = -errno;
		unlink(server.addr.sun_path);
	}
	close(fd);
	return ret;
}

/* Under the folder's lock, so that two processes do not take one stale socket for theirs. */
static int
make_socket_locked(int folder)
{
	int ret;

	while (flock(folder, LOCK_EX) != 0)
		if (errno != EINTR)
			return -errno;
	ret = make_socket();
	flock(folder, LOCK_UN);
	return ret;
}

static int
start_thread(int sock)
{
	int wake = eventfd(0, EFD_CLOEXEC);

	if (wake < 0)
		return -errno;
	set_slot(SLOT_LISTEN, sock);
	set_slot(SLOT_WAKE, wake);
	return sva_worker_start("sva-telemetry", -1, serve, NULL, &server.thread);
}

static int
start(const char *prefix)
{
	int folder, sock, ret;

	ret = watch_forks();
	if (ret != 0)
		return ret;
	folder = find_folder(prefix);
	if (folder < 0)
		return folder;
	sock = make_socket_locked(folder);
	close(folder);
	if (sock < 0) {
		SVA_LOG(ERR, "--telemetry: %s: %s", server.folder, strerror(-sock));
		return sock;
	}
	server.owner = getpid();
	ret = start_thread(sock);
	if (ret != 0) {
		if (server.slots[SLOT_LISTEN].fd < 0)
			close(sock);
		eal_telemetry_stop();
		return ret;
	}
	SVA_LOG(NOTICE, "telemetry at %s", server.addr.sun_path);
	return 0;
}

int
eal_telemetry_start(const char *prefix)
{
	unsigned int i;
	int ret;

	if (prefix == NULL)
		return 0;
	ret = check_prefix(prefix);
	if (ret != 0)
		return ret;
	if (eal_host_dpdk()) {
		SVA_LOG(NOTICE, "--telemetry: DPDK's socket answers, and no other is opened");
		return 0;
	}
	for (i = 0; i < NB_SLOTS; i++)
		server.slots[i].fd = -1;
	server.text = malloc(EAL_ANSWER_MAX);
	if (server.text == NULL)
		return -ENOMEM;
	ret = start(prefix);
	if (ret != 0) {
		free(server.text);
		server.text = NULL;
	}
	return ret;
}

/* Where it is still the one that was made here. */
static void
remove_socket(void)
{
	struct stat st;
	int folder = open(server.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (folder >= 0 && flock(folder, LOCK_EX) != 0 && errno == EINTR)
		;
	if (lstat(server.addr.sun_path, &st) == 0 && st.st_dev == server.made.st_dev &&
	    st.st_ino == server.made.st_ino)
		unlink(server.addr.sun_path);
	if (folder >= 0)
		close(folder);
}

void
eal_telemetry_stop(void)
{
	if (server.owner == 0)
		return;
	/* In the child of a fork there is neither thread nor socket. */
	if (server.owner == getpid()) {
		remove_socket();
		if (server.thread != NULL) {
			eventfd_write(server.slots[SLOT_WAKE].fd, 1);
			sva_worker_join(server.thread, NULL);
		}
		close_slots();
	}
	server.thread = NULL;
	server.owner = 0;
	free(server.text);
	server.text = NULL;
}
