/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Containers and bonds. The kernel keeps the rules of sva_bind.h, but for one: a container of
 * VFIO loses its IOMMU, and the bonds with it, when its last group leaves. Bonds are therefore
 * noted here as well and made anew when the next group comes.
 * Reference: kernel/linux/<version>, and Linux, Documentation/driver-api/vfio.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <sva_log.h>

#include "vfio_private.h"
#include "vfio_uapi.h"

SVA_LOG_COMPONENT(bus.vfio.bind);

#define CONTAINER "/dev/vfio/vfio"

/* What a container can have at most, as long as no device says more. */
#define PASID_BITS 20

int
vfio_container_create(struct sva_container **container)
{
	struct vfio_container *c;
	int err;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	c->fd = open(CONTAINER, O_RDWR | O_CLOEXEC);
	if (c->fd < 0) {
		err = errno;
		SVA_LOG(ERR, CONTAINER ": %s: %s", strerror(err), err == EACCES || err == EPERM ?
			"make it readable and writable for the user" :
			"the kernel has no VFIO, or it is not loaded: modprobe vfio-pci");
		free(c);
		return err == ENOENT || err == ENXIO ? -ENODEV : -err;
	}
	if (ioctl(c->fd, VFIO_GET_API_VERSION) != VFIO_API_VERSION ||
	    ioctl(c->fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0) {
		SVA_LOG(ERR, CONTAINER ": no type 1 IOMMU: modprobe vfio_iommu_type1");
		close(c->fd);
		free(c);
		return -ENODEV;
	}
	*container = &c->base;
	return 0;
}

static void
forget(struct vfio_bond **link)
{
	struct vfio_bond *bond = *link;

	*link = bond->next;
	if (bond->memfd >= 0)
		close(bond->memfd);
	free(bond);
}

void
vfio_container_destroy(struct sva_container *container)
{
	struct vfio_container *c = (struct vfio_container *)container;

	while (c->bonds != NULL)
		forget(&c->bonds);
	close(c->fd);
	free(c);
}

/* Whether the address space that was bound is still there. */
static bool
alive(const struct vfio_bond *bond)
{
	char byte;

	/* Reads nothing once it is gone; an error, address 0 being a bad one, while it lives. */
	return bond->memfd < 0 || pread(bond->memfd, &byte, 1, 0) != 0;
}

/* Bonds of processes that are gone went by themselves; a fork's copies are not its own. */
static void
prune(struct vfio_container *c)
{
	struct vfio_bond **link = &c->bonds;

	while (*link != NULL) {
		if ((*link)->maker != getpid() || !alive(*link))
			forget(link);
		else
			link = &(*link)->next;
	}
}

static struct vfio_bond **
find(struct vfio_container *c, pid_t pid)
{
	struct vfio_bond **link = &c->bonds;

	while (*link != NULL && (*link)->pid != pid)
		link = &(*link)->next;
	return *link != NULL ? link : NULL;
}

/* One name for a process of our own: 0 and its threads name the same address space. */
static pid_t
resolve(pid_t pid)
{
	return pid == 0 || tgkill(getpid(), pid, 0) == 0 ? getpid() : pid;
}

/* An ioctl that binds: a signal may cut it off, and then it has done nothing. */
static int
binding_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret != 0 && errno == EINTR);
	return ret;
}

/* VFIO_IOMMU_BIND or VFIO_IOMMU_UNBIND. 0 or -errno; pasid may be NULL. */
static int
bind_ioctl(struct vfio_container *c, unsigned long request, pid_t pid, uint32_t *pasid)
{
	struct vfio_bind_arg arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_IOMMU_BIND_PROCESS,
	};

	if (pid != getpid()) {
		arg.process.flags = VFIO_IOMMU_BIND_PID;
		arg.process.pid = pid;
	}
	if (binding_ioctl(c->fd, request, &arg) != 0)
		/* A kernel that means something else by extension VFIO_SVA. */
		return errno == ENOTTY ? -EOPNOTSUPP : -errno;
	if (pasid != NULL)
		*pasid = arg.process.pasid;
	return 0;
}

/*
 * What the kernel says of a container's bonds: 0; -ENODATA: it knows nothing of bonds; or
 * another -errno, -EINVAL where the container has no group.
 */
static int
read_cap(const struct vfio_container *c, struct vfio_cap_sva *cap)
{
	struct vfio_iommu_type1_info *info = NULL, *larger;
	struct vfio_info_cap_header header;
	uint32_t size = sizeof(*info), offset;
	int ret = -ENODATA;

	/* Once more for as long as the kernel wants more room. */
	do {
		larger = realloc(info, size);
		if (larger == NULL) {
			free(info);
			return -ENOMEM;
		}
		info = larger;
		memset(info, 0, size);
		info->argsz = size;
		if (ioctl(c->fd, VFIO_IOMMU_GET_INFO, info) != 0) {
			ret = -errno;
			free(info);
			return ret;
		}
		if (info->argsz <= size)
			break;
		size = info->argsz;
	} while (true);

	offset = info->flags & VFIO_IOMMU_INFO_CAPS ? info->cap_offset : 0;
	while (offset != 0 && offset <= size - sizeof(header)) {
		memcpy(&header, (char *)info + offset, sizeof(header));
		if (header.id == VFIO_IOMMU_TYPE1_INFO_CAP_SVA && offset <= size - sizeof(*cap)) {
			memcpy(cap, (char *)info + offset, sizeof(*cap));
			ret = 0;
		}
		/* Ascending, or it would have no end. */
		offset = header.next > offset ? header.next : 0;
	}
	free(info);
	return ret;
}

/* Make the bonds anew that went with the last group. */
static int
replay(struct vfio_container *c)
{
	struct vfio_bond **link = &c->bonds;
	int ret;

	prune(c);
	while (*link != NULL) {
		struct vfio_bond *bond = *link;

		ret = bind_ioctl(c, VFIO_IOMMU_BIND, bond->pid, NULL);
		if (alive(bond)) {
			if (ret != 0) {
				SVA_LOG(ERR, "the bond of process %d cannot be made anew: %s",
					(int)bond->pid, strerror(-ret));
				return ret;
			}
			link = &bond->next;
			continue;
		}
		/* It ended meanwhile, and whoever has its pid now did not ask for a bond. */
		if (ret == 0)
			bind_ioctl(c, VFIO_IOMMU_UNBIND, bond->pid, NULL);
		forget(link);
	}
	return 0;
}

/* Why a group does not go into a container with the bonds that are there. */
static int
attach_failed(const struct vfio_device *dev, const char *what, int err)
{
	const char *hint = "";

	if (err == EPERM)
		hint = ": interrupt remapping is needed (intremap=on), or the group belongs to "
		       "another driver";
	else if (err == EOPNOTSUPP)
		hint = ": processes are bound, and the device or its IOMMU cannot take that";
	else if (err == ENODEV)
		hint = ": modprobe vfio_iommu_type1";
	SVA_LOG(ERR, "%s: %s: %s%s", dev->base.name, what, strerror(err), hint);
	return -err;
}

int
vfio_container_attach(struct vfio_container *c, struct vfio_device *dev)
{
	struct vfio_cap_sva cap = { .pasid_bits = PASID_BITS };
	bool lacked;

	read_cap(c, &cap);
	lacked = cap.pasid_bits == 0;
	/* The kernel binds to the group whoever is bound already. */
	if (binding_ioctl(dev->group_fd, VFIO_GROUP_SET_CONTAINER, &c->fd) != 0)
		return attach_failed(dev, "its group does not go into the container", errno);
	/*
	 * The IOMMU is set with the first group; whether it is set only the kernel knows, as
	 * a parent or child of a fork shares the container.
	 */
	if (read_cap(c, &cap) == -EINVAL) {
		int ret;

		if (ioctl(c->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) != 0)
			return attach_failed(dev, "the IOMMU cannot be set", errno);
		ret = replay(c);
		if (ret != 0)
			return ret;
		read_cap(c, &cap);
	}
	dev->no_sva = cap.pasid_bits == 0 && !lacked;
	return 0;
}

/* Say once why nobody can be bound: it is not going to change. */
static void
explain(const struct vfio_container *c)
{
	const struct sva_bus_device *d;
	struct vfio_cap_sva cap;

	if (read_cap(c, &cap) != 0) {
		SVA_LOG(ERR, "this kernel's VFIO cannot bind processes: boot one with the series "
			"of kernel/linux");
		return;
	}
	for (d = c->base.devices; d != NULL; d = d->next) {
		if (((const struct vfio_device *)d)->no_sva) {
			SVA_LOG(ERR, "%s: no process can be bound to it: it needs the PASID "
				"capability, and an IOMMU in scalable mode "
				"(intel_iommu=on,sm_on)", d->name);
			return;
		}
	}
	/* The IOMMU's driver says no, and not of which. */
	SVA_LOG(ERR, "no process can be bound to the devices of the container: each needs ATS as "
		"well as PASID, and to be alone in its group");
}

/*
 * Note a bond before it is made. It holds on to this very address space, whoever gets the pid
 * later.
 */
static int
note(struct vfio_container *c, pid_t pid, struct vfio_bond **bond)
{
	struct vfio_bond *b;
	char path[32];

	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return -ENOMEM;
	b->maker = getpid();
	b->pid = pid;
	b->memfd = -1;
	if (pid != getpid()) {
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
		b->memfd = open(path, O_RDONLY | O_CLOEXEC);
		if (b->memfd < 0) {
			int err = errno;

			free(b);
			return err == EACCES || err == EPERM ? -EPERM :
			       err == ENOENT || err == ESRCH ? -ESRCH : -ENOMEM;
		}
	}
	b->next = c->bonds;
	c->bonds = b;
	*bond = b;
	return 0;
}

int
vfio_bind(struct sva_container *container, pid_t pid, uint32_t *pasid)
{
	struct vfio_container *c = (struct vfio_container *)container;
	struct vfio_bond *bond = NULL;
	int ret = 0;

	pid = resolve(pid);
	prune(c);
	if (find(c, pid) == NULL)
		ret = note(c, pid, &bond);
	if (ret != 0)
		return ret;
	ret = bind_ioctl(c, VFIO_IOMMU_BIND, pid, pasid);
	if (ret == 0 && bond != NULL && !alive(bond)) {
		/* It became another program between the two. */
		bind_ioctl(c, VFIO_IOMMU_UNBIND, pid, NULL);
		ret = -ESRCH;
	}
	if (ret != 0 && bond != NULL)
		forget(&c->bonds);
	if (ret == -EOPNOTSUPP)
		explain(c);
	return ret;
}

int
vfio_unbind(struct sva_container *container, pid_t pid)
{
	struct vfio_container *c = (struct vfio_container *)container;
	struct vfio_bond **link;
	struct vfio_cap_sva cap;
	int ret;

	pid = resolve(pid);
	prune(c);
	link = find(c, pid);
	/* Without a group there are only the notes. */
	if (read_cap(c, &cap) == -EINVAL)
		ret = link != NULL ? 0 : -ESRCH;
	else
		ret = bind_ioctl(c, VFIO_IOMMU_UNBIND, pid, NULL);
	if (ret == 0 && link != NULL)
		forget(link);
	return ret;
}

void
vfio_container_info(struct sva_container *container, struct sva_container_info *info)
{
	struct vfio_container *c = (struct vfio_container *)container;
	const struct vfio_bond *bond;
	struct vfio_cap_sva cap;

	if (read_cap(c, &cap) == 0) {
		info->bonds = cap.bonds;
		info->max_bonds = cap.max_bonds;
		info->pasid_bits = cap.pasid_bits;
		info->io_page_faults = (cap.flags & VFIO_IOMMU_SVA_IOPF) != 0;
		return;
	}
	prune(c);
	info->pasid_bits = PASID_BITS;
	info->max_bonds = (1u << PASID_BITS) - 1;
	for (bond = c->bonds; bond != NULL; bond = bond->next)
		info->bonds++;
}
