/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Containers and bonds of the emulated bus: the rules of the VFIO ioctls, in process.
 * The EAL serialises these calls; bonds also change under the lock of every device of
 * the container, as its engine looks PASIDs up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <sva_log.h>

#include "emu_private.h"

SVA_LOG_COMPONENT(bus.emu.bind);

#define PASID_BITS 20
#define PASID_MAX ((1u << PASID_BITS) - 1)
#define MAX_SPACES 256

/*
 * Address spaces that have a PASID: one for each, whatever the number of containers, as
 * the kernel has it. Entry 0 is this process.
 */
static struct space {
	uint32_t pasid;
	unsigned int bonds;
	pid_t pid;
} spaces[MAX_SPACES];

static uint32_t next_pasid = 1;

static uint32_t
pasid_new(void)
{
	unsigned int i;
	bool taken;

	/* Ascending, so that a PASID is not used again soon. */
	do {
		uint32_t pasid = next_pasid;

		next_pasid = next_pasid == PASID_MAX ? 1 : next_pasid + 1;
		taken = false;
		for (i = 0; i < MAX_SPACES; i++)
			taken |= spaces[i].pasid == pasid;
		if (!taken)
			return pasid;
	} while (true);
}

static struct space *
space_get(pid_t pid)
{
	struct space *free_one = NULL;
	unsigned int i;

	for (i = 0; i < MAX_SPACES; i++) {
		if (spaces[i].pasid != 0 && spaces[i].pid == pid) {
			spaces[i].bonds++;
			return &spaces[i];
		}
		if (spaces[i].pasid == 0 && free_one == NULL)
			free_one = &spaces[i];
	}
	if (free_one != NULL)
		*free_one = (struct space){ .pasid = pasid_new(), .bonds = 1, .pid = pid };
	return free_one;
}

static void
space_put(uint32_t pasid)
{
	unsigned int i;

	for (i = 0; i < MAX_SPACES; i++)
		if (spaces[i].pasid == pasid && --spaces[i].bonds == 0)
			spaces[i].pasid = 0;
}

/* Whether the kernel lets the caller into the process: 0, -ESRCH or -EPERM. */
static int
may_attach(pid_t pid)
{
	char byte;
	struct iovec local = { &byte, 1 };
	struct iovec remote = { NULL, 1 };

	/* Permission is checked before the address, which is a bad one on purpose. */
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0 && errno != EFAULT)
		return errno == ESRCH ? -ESRCH : -EPERM;
	return 0;
}

bool
emu_bond_alive(const struct emu_bond *bond)
{
	char byte;

	/* Reads nothing once the address space is gone; an error while it lives. */
	return pread(bond->memfd, &byte, 1, 0) != 0;
}

static struct emu_bond *
find(struct emu_container *c, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < EMU_MAX_BONDS; i++)
		if (c->bonds[i].pasid != 0 && c->bonds[i].pid == pid)
			return &c->bonds[i];
	return NULL;
}

/* Take or release the lock of every device of the container. */
static void
lock_all(struct emu_container *c, bool take)
{
	struct sva_bus_device *d;

	for (d = c->base.devices; d != NULL; d = d->next) {
		struct emu_device *dev = (struct emu_device *)d;

		if (take)
			dev->bond_locked = emu_lock(dev);
		else if (dev->bond_locked)
			emu_unlock(dev);
	}
}

static void
set_bond(struct emu_container *c, struct emu_bond *bond, const struct emu_bond *value)
{
	struct sva_bus_device *d;

	lock_all(c, true);
	*bond = *value;
	for (d = c->base.devices; d != NULL; d = d->next)
		((struct emu_device *)d)->last_bond = NULL;
	lock_all(c, false);
}

static void
drop_bond(struct emu_container *c, struct emu_bond *bond)
{
	struct emu_bond old = *bond;

	set_bond(c, bond, &(struct emu_bond){ .memfd = -1 });
	if (old.memfd >= 0)
		close(old.memfd);
	space_put(old.pasid);
	c->nb_bonds--;
}

/* Bonds of processes that are gone go by themselves. */
static void
prune(struct emu_container *c)
{
	unsigned int i;

	for (i = 0; i < EMU_MAX_BONDS; i++) {
		struct emu_bond *bond = &c->bonds[i];

		if (bond->pasid != 0 && bond->memfd >= 0 && !emu_bond_alive(bond))
			drop_bond(c, bond);
	}
}

int
emu_container_create(struct sva_container **container)
{
	struct emu_container *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	c->owner = getpid();
	*container = &c->base;
	return 0;
}

void
emu_container_destroy(struct sva_container *container)
{
	struct emu_container *c = (struct emu_container *)container;
	unsigned int i;

	for (i = 0; i < EMU_MAX_BONDS; i++)
		if (c->bonds[i].pasid != 0)
			drop_bond(c, &c->bonds[i]);
	free(c);
}

int
emu_container_check(const struct emu_container *c)
{
	if (c->owner == getpid())
		return 0;
	SVA_LOG(ERR, "an emulated device stays behind at fork: use it in process %d",
		(int)c->owner);
	return -EOPNOTSUPP;
}

/* Check the caller and resolve the pid; the checks that bind and unbind share. */
static int
enter(struct emu_container *c, pid_t *pid)
{
	int ret = emu_container_check(c);

	if (ret != 0)
		return ret;
	if (*pid == 0)
		*pid = c->owner;
	if (*pid != c->owner) {
		ret = may_attach(*pid);
		if (ret != 0)
			return ret;
	}
	prune(c);
	return 0;
}

int
emu_bind(struct sva_container *container, pid_t pid, uint32_t *pasid)
{
	struct emu_container *c = (struct emu_container *)container;
	struct emu_bond bond = { .memfd = -1 };
	struct emu_bond *entry;
	struct space *space;
	char path[32];
	int ret = enter(c, &pid);

	if (ret != 0)
		return ret;
	entry = find(c, pid);
	if (entry != NULL) {
		*pasid = entry->pasid;
		return 0;
	}
	for (entry = c->bonds; entry < c->bonds + EMU_MAX_BONDS && entry->pasid != 0; entry++)
		;
	if (entry == c->bonds + EMU_MAX_BONDS)
		return -ENOSPC;
	if (pid != c->owner) {
		/* Holds on to this very address space, whoever gets the pid later. */
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
		bond.memfd = open(path, O_RDONLY | O_CLOEXEC);
		if (bond.memfd < 0)
			return errno == EACCES || errno == EPERM ? -EPERM : -ESRCH;
	}
	space = space_get(pid);
	if (space == NULL) {
		if (bond.memfd >= 0)
			close(bond.memfd);
		return -ENOSPC;
	}
	bond.pid = pid;
	bond.pasid = space->pasid;
	set_bond(c, entry, &bond);
	c->nb_bonds++;
	*pasid = bond.pasid;
	return 0;
}

int
emu_unbind(struct sva_container *container, pid_t pid)
{
	struct emu_container *c = (struct emu_container *)container;
	struct emu_bond *bond;
	int ret = enter(c, &pid);

	if (ret != 0)
		return ret;
	bond = find(c, pid);
	if (bond == NULL)
		return -ESRCH;
	drop_bond(c, bond);
	return 0;
}

void
emu_container_info(struct sva_container *container, struct sva_container_info *info)
{
	struct emu_container *c = (struct emu_container *)container;
	struct sva_bus_device *d;

	if (c->owner == getpid())
		prune(c);
	info->bonds = c->nb_bonds;
	info->max_bonds = EMU_MAX_BONDS;
	info->pasid_bits = PASID_BITS;
	info->io_page_faults = 1;
	for (d = c->base.devices; d != NULL; d = d->next)
		info->io_page_faults &= ((struct emu_device *)d)->pri != EMU_PRI_OFF;
}
