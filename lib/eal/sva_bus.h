/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_BUS_H
#define SVA_BUS_H

/**
 * @file
 * What a bus offers to device drivers, and how a bus registers itself.
 *
 * A bus finds devices, opens them inside a container, gives register, portal and
 * interrupt access, and implements the binding rules of sva_bind.h. Device drivers
 * reach hardware only through struct sva_bus_device.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <sva_bind.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sva_bus;
struct sva_devargs;

/** How a 64-byte descriptor reaches a portal. */
enum sva_portal_kind {
	SVA_PORTAL_CALL,	/**< portal->write(): an emulated function. */
	SVA_PORTAL_MOVDIR64B,	/**< One 64-byte direct store to portal->addr. */
	SVA_PORTAL_STORE8,	/**< Eight ascending 8-byte stores to portal->addr. */
	/** portal->enqcmd(): chosen by a driver for a shared work queue, not by a bus. */
	SVA_PORTAL_ENQCMD,
};

/** A way to submit to one work queue. Owned by the thread that owns the queue. */
struct sva_portal {
	enum sva_portal_kind kind;	/**< How to write to it. */
	/** SVA_PORTAL_CALL: take a descriptor (64 bytes, copied). */
	void (*write)(struct sva_portal *portal, const void *desc);
	/**
	 * A non-posted write with the PASID of the calling process, as ENQCMD does it
	 * (Intel SDM volume 2); NULL where the bus has no such thing.
	 * @return whether it was accepted; if not, try again later.
	 */
	bool (*enqcmd)(struct sva_portal *portal, const void *desc);
	/** Other kinds: a mapped page of 4096 bytes, each 64-byte slot alike. */
	volatile void *addr;
	void *bus_data;		/**< For the bus. */
};

/**
 * Write a descriptor to a portal: a slow path for tools and tests. Drivers have their own.
 *
 * @param portal	an open one, of any kind but SVA_PORTAL_ENQCMD; only the calling thread
 *			may be writing to it.
 * @param desc		64 bytes, copied. What it points at and was stored before is visible to
 *			the device.
 */
static inline void
sva_portal_write(struct sva_portal *portal, const void *desc)
{
	volatile uint64_t *to = (volatile uint64_t *)portal->addr;
	uint64_t words[8];
	unsigned int i;

	if (portal->kind == SVA_PORTAL_CALL) {
		portal->write(portal, desc);
		return;
	}
	memcpy(words, desc, sizeof(words));
#if defined(__x86_64__)
	__builtin_ia32_sfence();
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
	if (portal->kind == SVA_PORTAL_STORE8) {
		for (i = 0; i < 8; i++)
			to[i] = words[i];
		return;
	}
#if defined(__x86_64__)
	/* MOVDIR64B (%rdx), %rax: Intel SDM volume 2 */
	__asm__ volatile(".byte 0x66, 0x0f, 0x38, 0xf8, 0x02" : : "a"(to), "d"(words) : "memory");
#endif
}

/** An open device, as a driver sees it. */
struct sva_bus_device {
	const struct sva_bus *bus;	/**< That it was found on. */
	struct sva_container *container;	/**< That it was opened in. */
	char name[64];		/**< With the bus: "emu:dsa". */
	uint16_t vendor_id;	/**< PCI vendor. */
	uint16_t device_id;	/**< PCI device. */
	int numa_node;		/**< -1 where it is not known. */
	bool emulated;		/**< A model in software, on a bus that has others, too. */
	/** Parsed devargs; a driver reads its keys with sva_devargs_*(). */
	struct sva_devargs *args;
	struct sva_bus_device *next;	/**< For the EAL: devices of a container. */
};

/** A device that a scan came across. */
struct sva_bus_found {
	char name[64];		/**< With the bus: "vfio:0000:6a:01.0". */
	uint16_t vendor_id;	/**< PCI vendor. */
	uint16_t device_id;	/**< PCI device. */
	int numa_node;		/**< -1 where it is not known. */
	/** NULL where it can be opened, else why not and what to do, one line. */
	const char *problem;
};

/** Takes what a scan came across, one call a device; @p found lives during the call. */
typedef void (*sva_bus_found_fn)(const struct sva_bus_found *found, void *arg);

/** What a model in software can be told to do wrong. */
enum sva_inject {
	/** The next @p count accesses of more than 64 bytes find their page not present. */
	SVA_INJECT_PAGE_FAULT,
	/** The next @p count operations end with a hardware error, and are not done. */
	SVA_INJECT_HW_ERROR,
	/** The device halts, as when its PCI configuration is changed while it is enabled. */
	SVA_INJECT_HALT,
	/** Somebody wants the device back: see removal_fd. */
	SVA_INJECT_REMOVAL,
};

/**
 * Operations of a bus. The EAL holds one lock around scan, container_*, open, close,
 * bind, unbind and info, which therefore must not call back into sva_bind.h. The
 * others are called for a device from one thread at a time, but for read32 and read64,
 * which any thread may call, as may inject.
 * Where a comment names no error, any of sva_bind.h may be returned.
 */
struct sva_bus_ops {
	/** Report every device, also those that cannot be opened. 0 or -errno. */
	int (*scan)(sva_bus_found_fn found, void *arg);

	/** Allocate a container; the EAL fills in its common part. */
	int (*container_create)(struct sva_container **container);
	/** Remove the bonds that are left and free it; no device is left in it. */
	void (*container_destroy)(struct sva_container *container);

	/**
	 * Open the device called @p name (without the bus) in a container that may
	 * have bonds. The bus fills in ids and NUMA node, the EAL the rest.
	 */
	int (*open)(struct sva_container *container, const char *name,
		    struct sva_devargs *args, struct sva_bus_device **dev);
	/** Close a device and free it; it cannot fail. */
	void (*close)(struct sva_bus_device *dev);

	/** As sva_bind(). */
	int (*bind)(struct sva_container *container, pid_t pid, uint32_t *pasid);
	/** As sva_unbind(). */
	int (*unbind)(struct sva_container *container, pid_t pid);
	/** Fill in max_bonds, bonds, pasid_bits and io_page_faults. */
	void (*info)(struct sva_container *container, struct sva_container_info *info);

	/** BAR0 accesses, naturally aligned; slow path only. */
	uint32_t (*read32)(struct sva_bus_device *dev, uint64_t offset);
	/** See read32. */
	uint64_t (*read64)(struct sva_bus_device *dev, uint64_t offset);
	/** See read32. */
	void (*write32)(struct sva_bus_device *dev, uint64_t offset, uint32_t value);
	/** See read32. */
	void (*write64)(struct sva_bus_device *dev, uint64_t offset, uint64_t value);

	/** Give access to the portal at @p offset of BAR2, 4096-byte aligned. */
	int (*portal_open)(struct sva_bus_device *dev, uint64_t offset,
			   struct sva_portal *portal);
	/** Give it up; the portal is not written any more. */
	void (*portal_close)(struct sva_bus_device *dev, struct sva_portal *portal);

	/**
	 * An eventfd that is signalled when MSI-X vector @p vector is raised; it
	 * stays the bus's and lives until close. @return the fd or -errno.
	 */
	int (*irq_fd)(struct sva_bus_device *dev, unsigned int vector);

	/**
	 * An eventfd that is signalled when somebody takes the device away, who waits until
	 * it is closed; it stays the bus's and lives until close. Optional: NULL is a bus
	 * that takes none away. @return the fd or -errno.
	 */
	int (*removal_fd)(struct sva_bus_device *dev);

	/** Function-level reset: configuration and queued work are gone. */
	int (*reset)(struct sva_bus_device *dev);

	/**
	 * Virtual time of the device's timing model in nanoseconds, as
	 * sva_device_model_time(); UINT64_MAX where it has none now. Any thread. Optional:
	 * NULL is a bus whose devices have none.
	 */
	uint64_t (*model_time)(struct sva_bus_device *dev);

	/**
	 * Have the device do something wrong, for tests and demonstrations. Optional: NULL is
	 * a bus of real devices.
	 * @param count	how often, 1 or more, added to what is left of an earlier call; of
	 *		no effect on a halt and a removal.
	 * @return 0; -EINVAL: another kind, or a count of 0; -EIO: the device is gone.
	 */
	int (*inject)(struct sva_bus_device *dev, enum sva_inject what, unsigned int count);
};

/** A bus. Defined once, const, by its driver. */
struct sva_bus {
	const char *name;	/**< Short, lower case: "emu". */
	const char *desc;	/**< One line for people. */
	/** "auto" takes a device of the bus with the highest preference. */
	int preference;
	bool emulated;		/**< Its devices are models in software. */
	/** Devargs that the bus understands, "key=values" for the help; NULL-terminated. */
	const char *const *params;
	const struct sva_bus_ops *ops;	/**< What it can do. */
};

/** Common part of every container, first in the bus's own structure. */
struct sva_container {
	const struct sva_bus *bus;	/**< Its bus. */
	struct sva_bus_device *devices;	/**< List, kept by the EAL. */
	unsigned int nb_devices;	/**< Kept by the EAL. */
	struct sva_container *next;	/**< For the EAL. */
};

/**
 * Register a bus. Any thread, also before the initialisation.
 *
 * @param bus	kept until it is unregistered.
 * @return 0; -EEXIST: the name is taken; -EINVAL: NULL, a name that is not 1 to 31 of
 *	a-z, 0-9, '_' and '-', or an operation that the EAL calls is NULL; -ENOMEM: 16
 *	are registered.
 */
int sva_bus_register(const struct sva_bus *bus);

/** Unregister it. @return 0, -ENOENT, or -EBUSY while a container of it exists. */
int sva_bus_unregister(const struct sva_bus *bus);

/** @return the @p i th bus, most preferred first, or NULL past the last. */
const struct sva_bus *sva_bus_get(unsigned int i);

/** @return the bus called @p name, or NULL. */
const struct sva_bus *sva_bus_find(const char *name);

/**
 * Report every device of a bus, also those that cannot be opened.
 *
 * @param found	called for each, with a lock held: it must not call anything of
 *		sva_bind.h. What it is given lives during the call.
 * @return 0; -EINVAL: NULL; -ENODEV: the bus is not registered; or what the bus
 *	returned. Any thread.
 */
int sva_bus_scan(const struct sva_bus *bus, sva_bus_found_fn found, void *arg);

/** @return whether the container is one that sva_container_create() made and is alive. */
bool sva_container_valid(const struct sva_container *container);

#ifdef __cplusplus
}
#endif

#endif /* SVA_BUS_H */
