/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_BIND_H
#define SVA_BIND_H

/**
 * @file
 * Shared virtual addressing: containers, and bonds of processes to them.
 *
 * A container holds devices of one bus. Binding a process to it gives a PASID
 * that names the process's address space on every device of the container,
 * present and future; a device that tags its DMA with that PASID reaches the
 * process's memory by its plain virtual addresses.
 *
 * The functions and their errors follow the VFIO_IOMMU_BIND and VFIO_IOMMU_UNBIND
 * ioctls of "vfio: Add support for Shared Virtual Addressing" (2018) and are the
 * same for every bus. All of them are thread safe; they are not for the hot path.
 * A container or device that is closed, or that is none, gives -EINVAL like NULL.
 */

#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sva_container;
struct sva_bus_device;

/** What a container can do; filled in by sva_container_info(). */
struct sva_container_info {
	const char *bus;	/**< Name of its bus, for example "emu". */
	unsigned int devices;	/**< Devices in the container. */
	unsigned int bonds;	/**< Processes bound. */
	/** Most processes it takes. On VFIO an upper limit, until a device is in it. */
	unsigned int max_bonds;
	/** Width of a PASID, 1 to 20; 0: a device in it cannot be bound to. See max_bonds. */
	unsigned int pasid_bits;
	/** I/O page faults are taken by the IOMMU: a device may block on one. */
	int io_page_faults;
};

/**
 * Make an empty container.
 *
 * @param bus	a bus name, for example "emu" or "vfio".
 * @param container	set on success; sva_container_destroy() frees it.
 * @return 0; -EINVAL: a NULL argument; -ENODEV: there is no such bus, it has nothing
 *	to offer on this machine, or SVADK is not initialised; -EPERM, -EACCES: no
 *	permission for the bus; -ENOMEM.
 */
int sva_container_create(const char *bus, struct sva_container **container);

/**
 * Remove every bond and free the container.
 *
 * @return 0; -EINVAL: NULL; -EBUSY: a device is still open in it, and nothing
 *	has been changed.
 */
int sva_container_destroy(struct sva_container *container);

/**
 * Open a device in a container; live bonds reach it too, all or none.
 *
 * @param spec	"BUS:NAME" (up to 63 characters) with optional ",key=value" devargs;
 *		the bus must be the container's. Devargs given with -a for the device
 *		apply too, but these win.
 * @param dev	set on success; sva_bus_device_close() closes it.
 * @return 0; -EINVAL: a NULL argument, a malformed specification, another bus, an
 *	unknown devarg or a bad value (the log names it); -ENODEV: no such device, or
 *	none that the bus can open (the log says why); -EPERM: not on the allow list;
 *	-EACCES, -EPERM: no permission for it; -EBUSY: open already, here or elsewhere;
 *	-EIO: it does not answer; -ENOMEM; or what binding to it returned.
 */
int sva_container_open_device(struct sva_container *container, const char *spec,
			      struct sva_bus_device **dev);

/**
 * Close a device. Its PASIDs lose access first; then it leaves the container. The
 * container keeps its bonds, also with no device left: the next one has them.
 * @return 0, or -EINVAL for NULL.
 */
int sva_bus_device_close(struct sva_bus_device *dev);

/**
 * Bind a process to every device of the container.
 *
 * A child that is forked afterwards is not bound itself. Whether it may use the container
 * and its bonds is the bus's: on VFIO it may, an emulated device stays with the process
 * that opened it (-EOPNOTSUPP).
 *
 * @param pid	0 for the calling process; else a process for which the caller has
 *		ptrace-attach permission (PTRACE_MODE_ATTACH_REALCREDS, ptrace(2)).
 * @param pasid	set on success, 1 to 2^20 - 1. A second bind of the same process
 *		gives the same value and is undone by one sva_unbind().
 * @return 0; -EINVAL: a NULL argument, a negative pid, or no device in the
 *	container; -ESRCH: no such process, or it has no address space; -EPERM: no
 *	permission for it; -ENOSPC: no bond or PASID is left, or there is no memory
 *	to take one; -EOPNOTSUPP: a device, IOMMU or kernel without SVA; -EBUSY: the
 *	process masks bits of its addresses (x86 LAM); -ENOMEM.
 */
int sva_bind(struct sva_container *container, pid_t pid, uint32_t *pasid);

/**
 * Undo sva_bind() with the same @p pid. When it returns, no device of the
 * container will access the process's memory. Work still queued under the PASID
 * ends with page faults, but once the process is gone, another one that gets the
 * PASID and is bound to the container has it done in its memory: drain it first.
 *
 * @return 0; -EINVAL: NULL or a negative pid; -ESRCH: not bound, or no such
 *	process; -EPERM: no permission for it.
 */
int sva_unbind(struct sva_container *container, pid_t pid);

/** @return 0 with *info filled in, or -EINVAL for a NULL argument. */
int sva_container_info(struct sva_container *container, struct sva_container_info *info);

#ifdef __cplusplus
}
#endif

#endif /* SVA_BIND_H */
