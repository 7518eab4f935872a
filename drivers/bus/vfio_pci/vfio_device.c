/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * A PCI function through VFIO: its group and file, config space, BARs, interrupts, reset.
 * Reference: <linux/vfio.h> for the ioctls, <linux/pci_regs.h> for the config space.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include <sva_log.h>

#include "vfio_private.h"
#include "vfio_uapi.h"

SVA_LOG_COMPONENT(bus.vfio);

static int
failed(const struct vfio_device *dev, const char *what)
{
	int err = errno;

	SVA_LOG(ERR, "%s: %s: %s", dev->base.name, what, strerror(err));
	return -err;
}

/*
 * Let the function decode its BARs and, if @master, start DMA. With it off nothing is on its
 * way any more: the answer to the read does not overtake writes (PCI Express, ordering).
 */
static int
set_command(const struct vfio_device *dev, bool master)
{
	off_t at = (off_t)(dev->config + PCI_COMMAND);
	uint16_t want = PCI_COMMAND_MEMORY | (master ? PCI_COMMAND_MASTER : 0), value;

	if (pread(dev->fd, &value, sizeof(value), at) != sizeof(value))
		return failed(dev, "its command register cannot be read");
	value = (uint16_t)((value & ~PCI_COMMAND_MASTER) | want);
	if (pwrite(dev->fd, &value, sizeof(value), at) != sizeof(value) ||
	    pread(dev->fd, &value, sizeof(value), at) != sizeof(value))
		return failed(dev, "its command register cannot be written");
	if (value != UINT16_MAX && (value & (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)) == want)
		return 0;
	SVA_LOG(ERR, "%s: its command register reads 0x%04x: the device is gone or broken",
		dev->base.name, value);
	return -EIO;
}

static int
region_info(const struct vfio_device *dev, uint32_t index, struct vfio_region_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	return ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO, info) == 0 ? 0 :
		failed(dev, "a region cannot be looked at");
}

/* Map a BAR as a whole; one that is not there stays unmapped. */
static int
map_bar(struct vfio_device *dev, uint32_t index, struct vfio_bar *bar)
{
	struct vfio_region_info info;
	void *addr;
	int ret = region_info(dev, index, &info);

	if (ret != 0 || info.size == 0)
		return ret;
	if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP)) {
		SVA_LOG(ERR, "%s: BAR %u, %llu bytes, cannot be mapped: the kernel does not allow "
			"it", dev->base.name, index, (unsigned long long)info.size);
		return -EOPNOTSUPP;
	}
	addr = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd,
		    (off_t)info.offset);
	if (addr == MAP_FAILED)
		return failed(dev, "a BAR cannot be mapped");
	bar->addr = addr;
	bar->size = info.size;
	return 0;
}

static void
unmap_bar(struct vfio_bar *bar)
{
	if (bar->addr != NULL)
		munmap((void *)(uintptr_t)bar->addr, bar->size);
}

static int
count_irqs(struct vfio_device *dev)
{
	struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};
	unsigned int i;

	if (ioctl(dev->fd, VFIO_DEVICE_GET_IRQ_INFO, &info) != 0)
		return failed(dev, "its interrupts cannot be counted");
	dev->irq = calloc(info.count + 1, sizeof(*dev->irq));
	if (dev->irq == NULL)
		return -ENOMEM;
	dev->nb_irq = info.count;
	for (i = 0; i < info.count; i++)
		dev->irq[i] = -1;
	return 0;
}

/* The function is in a container: get hold of it. The kernel has reset it. */
static int
start(struct vfio_device *dev, const char *address)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info config;
	int ret;

	dev->fd = ioctl(dev->group_fd, VFIO_GROUP_GET_DEVICE_FD, address);
	if (dev->fd < 0)
		return failed(dev, "the kernel does not hand it out");
	if (ioctl(dev->fd, VFIO_DEVICE_GET_INFO, &info) != 0)
		return failed(dev, "it cannot be looked at");
	dev->can_reset = (info.flags & VFIO_DEVICE_FLAGS_RESET) != 0;
	ret = region_info(dev, VFIO_PCI_CONFIG_REGION_INDEX, &config);
	if (ret != 0)
		return ret;
	dev->config = config.offset;
	ret = count_irqs(dev);
	if (ret == 0)
		ret = map_bar(dev, VFIO_PCI_BAR0_REGION_INDEX, &dev->bar0);
	if (ret == 0)
		ret = map_bar(dev, VFIO_PCI_BAR2_REGION_INDEX, &dev->bar2);
	return ret != 0 ? ret : set_command(dev, true);
}

static int
open_group(struct vfio_device *dev, int group)
{
	char path[32];
	int err;

	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	dev->group_fd = open(path, O_RDWR | O_CLOEXEC);
	if (dev->group_fd >= 0)
		return 0;
	err = errno;
	SVA_LOG(ERR, "%s: %s: %s%s", dev->base.name, path, strerror(err), err == EBUSY ?
		": another process has it open, or a child forked while it was open here" : "");
	return err == ENOENT ? -ENODEV : -err;
}

/*
 * The kernel takes what is left of the device apart, and resets it, with the last file or
 * mapping of it; its group leaves the container with the last file of the group.
 */
static void
device_free(struct vfio_device *dev)
{
	unsigned int i;

	unmap_bar(&dev->bar2);
	unmap_bar(&dev->bar0);
	for (i = 0; i < dev->nb_irq; i++)
		if (dev->irq[i] >= 0)
			close(dev->irq[i]);
	free(dev->irq);
	if (dev->removal >= 0)
		close(dev->removal);
	if (dev->fd >= 0)
		close(dev->fd);
	if (dev->group_fd >= 0)
		close(dev->group_fd);
	free(dev);
}

int
vfio_open(struct sva_container *container, const char *name, struct sva_devargs *args,
	  struct sva_bus_device **bus_dev)
{
	struct vfio_roots roots = vfio_roots();
	struct vfio_function f;
	struct vfio_device *dev;
	char problem[VFIO_PROBLEM];
	int ret;

	(void)args;
	if (vfio_function_read(&roots, name, &f) != 0) {
		SVA_LOG(ERR, "there is no PCI function \"%s\": the name is as in %s/bus/pci/"
			"devices, for example 0000:6a:01.0", name, roots.sys);
		return -ENODEV;
	}
	ret = vfio_function_check(&roots, &f, problem, sizeof(problem));
	if (ret != 0) {
		SVA_LOG(ERR, "vfio:%s: %s", name, problem);
		return ret;
	}
	dev = calloc(1, sizeof(*dev));
	if (dev == NULL)
		return -ENOMEM;
	dev->owner = getpid();
	dev->fd = dev->group_fd = dev->removal = -1;
	snprintf(dev->base.name, sizeof(dev->base.name), "vfio:%s", f.address);
	dev->base.vendor_id = f.vendor_id;
	dev->base.device_id = f.device_id;
	dev->base.numa_node = f.numa_node;
	dev->base.emulated = f.model;
	ret = open_group(dev, f.group);
	if (ret == 0)
		ret = vfio_container_attach((struct vfio_container *)container, dev);
	if (ret == 0)
		ret = start(dev, f.address);
	if (ret != 0) {
		device_free(dev);
		return ret;
	}
	*bus_dev = &dev->base;
	return 0;
}

void
vfio_close(struct sva_bus_device *bus_dev)
{
	struct vfio_device *dev = (struct vfio_device *)bus_dev;

	/*
	 * The PASIDs lose access here: a child of a fork may keep the device, and with it the
	 * bonds, for longer.
	 */
	if (dev->owner == getpid())
		set_command(dev, false);
	device_free(dev);
}

/*
 * Have eventfds signalled by some interrupts of a kind. Of MSI-X the first call allocates the
 * vectors.
 */
static int
set_irqs(const struct vfio_device *dev, uint32_t kind, unsigned int first, unsigned int count,
	 const int *fds)
{
	struct vfio_irq_set *set;
	size_t size = sizeof(*set) + count * sizeof(*fds);
	int ret = 0;

	set = calloc(1, size);
	if (set == NULL)
		return -ENOMEM;
	set->argsz = (uint32_t)size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = kind;
	set->start = first;
	set->count = count;
	memcpy(set->data, fds, count * sizeof(*fds));
	if (ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, set) != 0)
		ret = failed(dev, kind == VFIO_PCI_MSIX_IRQ_INDEX ? "MSI-X cannot be set" :
			     "its removal cannot be watched");
	free(set);
	return ret;
}

int
vfio_irq_fd(struct sva_bus_device *bus_dev, unsigned int vector)
{
	struct vfio_device *dev = (struct vfio_device *)bus_dev;
	bool first = true;
	unsigned int i;
	int ret;

	if (vector >= dev->nb_irq)
		return -EINVAL;
	if (dev->irq[vector] >= 0)
		return dev->irq[vector];
	for (i = 0; i < dev->nb_irq; i++)
		first &= dev->irq[i] < 0;
	dev->irq[vector] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (dev->irq[vector] < 0)
		return failed(dev, "no eventfd");
	/* All at first: later ones can be added everywhere only where they were allocated. */
	ret = first ? set_irqs(dev, VFIO_PCI_MSIX_IRQ_INDEX, 0, dev->nb_irq, dev->irq) :
		      set_irqs(dev, VFIO_PCI_MSIX_IRQ_INDEX, vector, 1, &dev->irq[vector]);
	if (ret == 0)
		return dev->irq[vector];
	close(dev->irq[vector]);
	dev->irq[vector] = -1;
	return ret;
}

int
vfio_removal_fd(struct sva_bus_device *bus_dev)
{
	struct vfio_device *dev = (struct vfio_device *)bus_dev;
	int ret;

	if (dev->removal >= 0)
		return dev->removal;
	dev->removal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (dev->removal < 0)
		return failed(dev, "no eventfd");
	/* Signalled when the driver is unbound or the function unplugged, and every 10 s then. */
	ret = set_irqs(dev, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &dev->removal);
	if (ret == 0)
		return dev->removal;
	close(dev->removal);
	dev->removal = -1;
	return ret;
}

int
vfio_reset(struct sva_bus_device *bus_dev)
{
	struct vfio_device *dev = (struct vfio_device *)bus_dev;

	if (!dev->can_reset) {
		SVA_LOG(ERR, "%s: the kernel knows no way to reset it", dev->base.name);
		return -EOPNOTSUPP;
	}
	if (ioctl(dev->fd, VFIO_DEVICE_RESET) != 0)
		return failed(dev, "it cannot be reset");
	/* MSI-X, PASID and ATS the kernel has restored. */
	return set_command(dev, true);
}
