/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef VFIO_PRIVATE_H
#define VFIO_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sva_bus.h>
#include <sva_driver.h>

#define VFIO_PROBLEM 320	/* room for why a function cannot be opened */

/* Where the host's sysfs and device files are; tests have trees of their own. */
struct vfio_roots {
	const char *sys;	/* "/sys" */
	const char *dev;	/* "/dev" */
};

/* A PCI function as sysfs shows it. */
struct vfio_function {
	char address[20];	/* "0000:6a:01.0" */
	char driver[32];	/* the kernel's; "" for none */
	uint16_t vendor_id, device_id;
	bool model;		/* QEMU's, of tests/vm */
	int numa_node;		/* -1 where it is not known */
	int group;		/* IOMMU group, -1 for none */
	unsigned int in_group;	/* functions in it, this one included */
};

/*
 * One process bound to one container. The kernel's bonds go when the last device leaves the
 * container; these stay, so that the next device gets them.
 */
struct vfio_bond {
	struct vfio_bond *next;
	pid_t maker;		/* process that bound: a fork's copy of this list is not its own */
	pid_t pid;
	int memfd;		/* another process: /proc/PID/mem, which pins its mm; else -1 */
};

struct vfio_container {
	struct sva_container base;
	int fd;			/* /dev/vfio/vfio */
	struct vfio_bond *bonds;
};

/* A mapped BAR. */
struct vfio_bar {
	volatile uint8_t *addr;	/* NULL where there is none */
	size_t size;
};

struct vfio_device {
	struct sva_bus_device base;
	pid_t owner;		/* that opened it: a child only drops its copies */
	int group_fd, fd;
	uint64_t config;	/* offset of the config space in fd */
	bool can_reset;
	bool no_sva;		/* the kernel cannot bind a process to it */
	struct vfio_bar bar0, bar2;
	int *irq;		/* eventfds by MSI-X vector, -1 where there is none yet */
	unsigned int nb_irq;
	int removal;		/* eventfd of the kernel's request to let go, -1: none yet */
};

/* vfio_sysfs.c */

/* The host's, or what the environment variable SVADK_SYSFS names as the first. */
struct vfio_roots vfio_roots(void);
/* Read a function. 0, or -ENODEV: there is none, or the name is not an address. */
int vfio_function_read(const struct vfio_roots *roots, const char *address,
		       struct vfio_function *f);
/*
 * Whether a function can be opened: 0, or -errno and in text why not and what to do, one
 * line.
 */
int vfio_function_check(const struct vfio_roots *roots, const struct vfio_function *f,
			char *text, size_t size);
/* Report functions that are bound to vfio-pci or that a driver knows. 0 or -errno. */
int vfio_scan_roots(const struct vfio_roots *roots, sva_bus_found_fn found, void *arg);

/* vfio_bind.c */
int vfio_container_create(struct sva_container **container);
void vfio_container_destroy(struct sva_container *container);
/* Put the group of a device, open as dev->group_fd, into the container with its bonds. */
int vfio_container_attach(struct vfio_container *c, struct vfio_device *dev);
int vfio_bind(struct sva_container *container, pid_t pid, uint32_t *pasid);
int vfio_unbind(struct sva_container *container, pid_t pid);
void vfio_container_info(struct sva_container *container, struct sva_container_info *info);

/* vfio_device.c */
int vfio_open(struct sva_container *container, const char *name, struct sva_devargs *args,
	      struct sva_bus_device **dev);
void vfio_close(struct sva_bus_device *dev);
int vfio_irq_fd(struct sva_bus_device *dev, unsigned int vector);
int vfio_removal_fd(struct sva_bus_device *dev);
int vfio_reset(struct sva_bus_device *dev);

#endif /* VFIO_PRIVATE_H */
