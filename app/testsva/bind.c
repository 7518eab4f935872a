/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Containers, and processes that are bound to them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "testsva.h"

struct ts_container ts_containers[TS_MAX_CONTAINERS];

static struct ts_container *
find(const char *text)
{
	uint64_t i;

	if (ts_number("container", text, 0, TS_MAX_CONTAINERS - 1, &i) != 0)
		return NULL;
	if (ts_containers[i].c != NULL)
		return &ts_containers[i];
	ts_error("there is no container %s: see show containers", text);
	return NULL;
}

static int
create(const struct ts_words *words)
{
	unsigned int i;
	int ret;

	for (i = 0; i < TS_MAX_CONTAINERS && ts_containers[i].c != NULL; i++)
		;
	if (i == TS_MAX_CONTAINERS)
		return ts_error("container: there are %d, the most there can be",
				TS_MAX_CONTAINERS);
	ret = sva_container_create(words->w[2], &ts_containers[i].c);
	if (ret != 0) {
		ts_containers[i].c = NULL;
		return ts_error("container: bus '%s' gives none: %s", words->w[2], strerror(-ret));
	}
	ts_containers[i].own = true;
	memset(ts_containers[i].bonds, 0, sizeof(ts_containers[i].bonds));
	printf("container %u\n", i);
	return 0;
}

static int
destroy(const struct ts_words *words)
{
	struct ts_container *c = find(words->w[2]);
	int ret;

	if (c == NULL)
		return -1;
	if (!c->own)
		return ts_error("container: %s belongs to its device: close that", words->w[2]);
	ret = sva_container_destroy(c->c);
	if (ret != 0)
		return ts_error("container: %s: %s: close its devices first", words->w[2],
				strerror(-ret));
	c->c = NULL;
	return 0;
}

/* testsva's own pid is 0, as in the bonds that opening makes. */
static pid_t
own(pid_t pid)
{
	return pid == getpid() ? 0 : pid;
}

static int
parse_pid(const char *text, pid_t *pid)
{
	uint64_t value = 0;

	if (strcmp(text, "self") != 0 &&
	    ts_number("pid (or self)", text, 1, INT32_MAX, &value) != 0)
		return -1;
	*pid = own((pid_t)value);
	return 0;
}

void
ts_bond_changed(const struct ts_container *c, pid_t pid, uint32_t pasid)
{
	struct ts_device *device;

	/* A device keeps the PASID that it was opened with. */
	for (device = ts_devices; device < ts_devices + TS_MAX_DEVICES; device++)
		if (device->dev != NULL && device->container == c &&
		    own(device->dev->pid) == own(pid))
			device->bound = device->dev->pasid == pasid;
}

/* Keeps what is shown of a bond; one that finds no room is there all the same. */
static void
note(struct ts_container *c, pid_t pid, uint32_t pasid)
{
	unsigned int i, at = TS_MAX_BONDS;

	ts_bond_changed(c, pid, pasid);
	for (i = TS_MAX_BONDS; i-- > 0;)
		if (c->bonds[i].pasid == 0)
			at = i;
	for (i = 0; i < TS_MAX_BONDS; i++)
		if (c->bonds[i].pasid != 0 && c->bonds[i].pid == pid)
			at = i;
	if (at == TS_MAX_BONDS)
		return;
	c->bonds[at].pid = pid;
	c->bonds[at].pasid = pasid;
}

/* What is wrong with a bond, and what can be done about it. */
static const char *
reason(int error, bool binding)
{
	switch (error) {
	case EINVAL:
		return "no device is in the container: open one with container= first";
	case ESRCH:
		return binding ? "there is no such process, or it has no memory of its own: see ps"
			       : "it is not bound, or has ended: see show containers";
	case EPERM:
		return "no right to trace it with ptrace: be root or its user, and see sva-check";
	case ENOSPC:
		return "no bond or PASID is left: unbind another process first";
	default:
		return strerror(error);
	}
}

static int
cmd_bind(const struct ts_words *words)
{
	struct ts_container *c = find(words->w[1]);
	uint32_t pasid;
	pid_t pid;
	int ret;

	if (c == NULL || parse_pid(words->w[2], &pid) != 0)
		return -1;
	ret = sva_bind(c->c, pid, &pasid);
	if (ret != 0)
		return ts_error("bind: container %s, %s: %s", words->w[1], words->w[2],
				reason(-ret, true));
	note(c, pid, pasid);
	printf("PASID %u\n", pasid);
	return 0;
}

static int
cmd_unbind(const struct ts_words *words)
{
	struct ts_container *c = find(words->w[1]);
	pid_t pid;
	int ret;

	if (c == NULL || parse_pid(words->w[2], &pid) != 0)
		return -1;
	ret = sva_unbind(c->c, pid);
	/* A process that ended took its bond with it. */
	if (ret == 0 || ret == -ESRCH)
		note(c, pid, 0);
	if (ret != 0)
		return ts_error("unbind: container %s, %s: %s", words->w[1], words->w[2],
				reason(-ret, false));
	return 0;
}

static bool
has_ended(pid_t pid)
{
	return pid != 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

const char *
ts_bond_state(const struct ts_device *device)
{
	return device->bound && !has_ended(device->dev->pid) ? "" : " (not bound any more)";
}

static int
show_containers(const struct ts_words *words)
{
	unsigned int i, k;

	(void)words;
	for (i = 0; i < TS_MAX_CONTAINERS; i++) {
		struct ts_container *c = &ts_containers[i];
		struct sva_container_info info;

		if (c->c == NULL || sva_container_info(c->c, &info) != 0)
			continue;
		printf("container %u: bus %s, %u devices, %u of %u bonds, PASIDs of %u bits, I/O "
		       "page faults %s\n", i, info.bus, info.devices, info.bonds, info.max_bonds,
		       info.pasid_bits, info.io_page_faults ? "yes" : "no");
		for (k = 0; k < TS_MAX_DEVICES; k++)
			if (ts_devices[k].dev != NULL && ts_devices[k].container == c)
				printf("  device %s: process %d, PASID %u%s\n",
				       ts_devices[k].name, (int)ts_devices[k].dev->pid,
				       ts_devices[k].dev->pasid, ts_bond_state(&ts_devices[k]));
		for (k = 0; k < TS_MAX_BONDS; k++)
			if (c->bonds[k].pasid != 0)
				printf("  bound by hand: process %d, PASID %u%s\n",
				       (int)c->bonds[k].pid, c->bonds[k].pasid,
				       has_ended(c->bonds[k].pid) ? ", which has ended" : "");
	}
	return 0;
}

static const struct ts_command commands[] = {
	{ "show containers", "Show containers with their devices, bonds and PASIDs (process 0 is "
	  "testsva).", show_containers },
	{ "container create BUS", "Make an empty container.", create },
	{ "container destroy CONTAINER", "Remove its bonds and free it.", destroy },
	{ "bind CONTAINER PID", "Bind a process, or self, to the devices of a container.",
	  cmd_bind },
	{ "unbind CONTAINER PID", "Undo bind.", cmd_unbind },
	{ NULL, NULL, NULL },
};

const struct ts_section ts_bind_section = { "binding", commands };
