/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What the conformance tests of the binding share: the device under test, and processes
 * to bind. Included once by each program that uses it.
 */
#ifndef TEST_BIND_UTIL_H
#define TEST_BIND_UTIL_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sva_bind.h>
#include <sva_bus.h>
#include <sva_eal.h>

#include "test_eal_log.h"

static const char *device_spec = "emu:dsa", *device2_spec;
static char bus_name[16];

/* Seconds: a case that takes longer hangs, on however slow a machine. */
#define TIME_LIMIT 600

/* Leave a case out, and say why. */
#define skip_because(why) \
	do { \
		print_message("           %s\n", why); \
		skip(); \
	} while (0)

static bool
emulated(void)
{
	return strcmp(bus_name, "emu") == 0;
}

static int
bind_start(void **state)
{
	const char *spec = getenv("SVA_TEST_DEVICE");
	size_t len;

	if (spec != NULL)
		device_spec = spec;
	len = strcspn(device_spec, ":");
	if (len >= sizeof(bus_name)) {
		fprintf(stderr, "SVA_TEST_DEVICE=%s is not a device: BUS:NAME\n", device_spec);
		return -1;
	}
	memcpy(bus_name, device_spec, len);
	device2_spec = getenv("SVA_TEST_DEVICE2");
	if (device2_spec == NULL && emulated())
		device2_spec = "emu:dsa1";
	alarm(TIME_LIMIT);
	/* A peer that is gone is seen by the read that follows. */
	signal(SIGPIPE, SIG_IGN);
	return log_start(state) == 0 ? sva_eal_setup(NULL) : -1;
}

static int
bind_end(void **state)
{
	return sva_eal_cleanup() == 0 ? log_stop(state) : -1;
}

static struct sva_container *
open_container(void)
{
	struct sva_container *c = NULL;

	assert_int_equal(sva_container_create(bus_name, &c), 0);
	return c;
}

static struct sva_bus_device *
open_device(struct sva_container *c, const char *spec)
{
	struct sva_bus_device *dev = NULL;

	assert_int_equal(sva_container_open_device(c, spec, &dev), 0);
	return dev;
}

static void
close_container(struct sva_container *c, struct sva_bus_device *dev)
{
	assert_int_equal(sva_bus_device_close(dev), 0);
	assert_int_equal(sva_container_destroy(c), 0);
}

static unsigned int
nb_bonds(struct sva_container *c)
{
	struct sva_container_info info = { .bonds = UINT32_MAX };

	sva_container_info(c, &info);
	return info.bonds;
}

/*
 * Wait until no more than @n bonds are left. What ended them is over, but whoever looks at a
 * dying process, in /proc say, holds on to its address space for a moment.
 */
static inline bool
bonds_become(struct sva_container *c, unsigned int n)
{
	while (nb_bonds(c) > n)
		sched_yield();
	return nb_bonds(c) == n;
}

static inline void
read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return;
	if (fgets(line, (int)size, f) != NULL)
		line[strcspn(line, "\n")] = '\0';
	fclose(f);
}

/*
 * A process that does what it is told: 'f' fills its copy of the private memory with a
 * byte, 'c' checks it, 't' touches it, 'd' sets whether it is dumpable, 'e' becomes another
 * program, which says what it is told.
 */
struct peer {
	pid_t pid;
	int to, from;
};

struct peer_order {
	char what;
	unsigned char byte;
	unsigned char *start;
	size_t len;
};

/* Have the pages present and writable; what is in them stays. */
static void
touch(unsigned char *start, size_t len)
{
	volatile unsigned char *p = start;
	size_t i;

	for (i = 0; i < len; i += 4096)
		p[i] = p[i];
	p[len - 1] = p[len - 1];
}

static bool
peer_obey(const struct peer_order *order, int in, int out)
{
	char *const args[] = { (char *)"cat", NULL };
	size_t i;

	switch (order->what) {
	case 'f':
		memset(order->start, order->byte, order->len);
		return true;
	case 'c':
		for (i = 0; i < order->len; i++)
			if (order->start[i] != order->byte)
				return false;
		return true;
	case 't':
		touch(order->start, order->len);
		return true;
	case 'd':
		return prctl(PR_SET_DUMPABLE, (unsigned long)order->byte) == 0;
	default:
		dup2(in, 0);
		dup2(out, 1);
		execv("/bin/cat", args);
		return false;
	}
}

static void
peer_main(int in, int out)
{
	struct peer_order order;
	char reply;

	/* An alarm is not inherited; it must not outlive a test that hangs. */
	alarm(TIME_LIMIT / 2);
	while (read(in, &order, sizeof(order)) == (ssize_t)sizeof(order)) {
		reply = peer_obey(&order, in, out);
		if (write(out, &reply, 1) != 1)
			break;
	}
	_exit(0);
}

static inline void
peer_start(struct peer *peer)
{
	int to[2], from[2];

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	peer->pid = fork();
	assert_true(peer->pid >= 0);
	if (peer->pid == 0) {
		close(to[1]);
		close(from[0]);
		peer_main(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	peer->to = to[1];
	peer->from = from[0];
}

/* Whether it could be done. */
static bool
peer_tell(struct peer *peer, char what, unsigned char byte, void *start, size_t len)
{
	struct peer_order order;
	char reply = 0;

	memset(&order, 0, sizeof(order));
	order.what = what;
	order.byte = byte;
	order.start = start;
	order.len = len;
	return write(peer->to, &order, sizeof(order)) == (ssize_t)sizeof(order) &&
	       read(peer->from, &reply, 1) == 1 && reply != 0;
}

static inline bool
peer_dumpable(struct peer *peer, unsigned char on)
{
	return peer_tell(peer, 'd', on, NULL, 0);
}

static inline bool
peer_fill(struct peer *peer, void *start, size_t len, unsigned char byte)
{
	return peer_tell(peer, 'f', byte, start, len);
}

static inline bool
peer_has(struct peer *peer, void *start, size_t len, unsigned char byte)
{
	return peer_tell(peer, 'c', byte, start, len);
}

static inline bool
peer_touch(struct peer *peer, void *start, size_t len)
{
	return peer_tell(peer, 't', 0, start, len);
}

/*
 * Returns once the other program runs: before that the kernel may be moving its stack yet, and
 * what is closed on exec is closed already.
 */
static inline void
peer_exec(struct peer *peer)
{
	struct peer_order order;
	char reply = 0;

	memset(&order, 0, sizeof(order));
	order.what = 'e';
	assert_int_equal(write(peer->to, &order, sizeof(order)), sizeof(order));
	assert_int_equal(write(peer->to, "e", 1), 1);
	assert_int_equal(read(peer->from, &reply, 1), 1);
	assert_int_equal(reply, 'e');
}

static void
peer_reap(struct peer *peer)
{
	int status;

	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	close(peer->to);
	close(peer->from);
}

static inline void
peer_stop(struct peer *peer)
{
	/* Not by closing its pipe, which younger peers have as well. */
	kill(peer->pid, SIGKILL);
	peer_reap(peer);
}

#endif
