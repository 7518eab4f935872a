/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef VFIO_UAPI_H
#define VFIO_UAPI_H

/*
 * What the kernel series adds to <linux/vfio.h>, which distributions do not have. The
 * names are those of the series, the layouts flat and under names of our own, so that
 * this goes on compiling where the header has them too.
 * Reference: kernel/linux/<version>, "struct vfio_iommu_type1_bind" and what follows.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>

/* VFIO_CHECK_EXTENSION: 1 where a container knows the ioctls below. */
#ifndef VFIO_SVA
#define VFIO_SVA			11
#endif

/* On a container, with struct vfio_bind_arg: 0, or -1 and errno. */
#ifndef VFIO_IOMMU_BIND
#define VFIO_IOMMU_BIND			_IO(VFIO_TYPE, VFIO_BASE + 22)
#define VFIO_IOMMU_UNBIND		_IO(VFIO_TYPE, VFIO_BASE + 23)
#define VFIO_IOMMU_BIND_PROCESS		(1 << 0)
#define VFIO_IOMMU_BIND_PID		(1 << 0)
#endif

/* struct vfio_iommu_type1_bind, and in its data struct vfio_iommu_type1_bind_process. */
struct vfio_bind_arg {
	uint32_t argsz;
	uint32_t flags;		/* VFIO_IOMMU_BIND_PROCESS */
	struct {
		uint32_t flags;	/* VFIO_IOMMU_BIND_PID: pid is given, else the caller */
		uint32_t pasid;	/* out, of bind */
		int32_t pid;
	} process;
};

static_assert(sizeof(struct vfio_bind_arg) == 20, "struct vfio_iommu_type1_bind and _process");
static_assert(offsetof(struct vfio_bind_arg, process) == 8, "struct vfio_iommu_type1_bind");
static_assert(offsetof(struct vfio_bind_arg, process.pid) == 16, "_bind_process");
static_assert(VFIO_IOMMU_BIND == 0x3b7a && VFIO_IOMMU_UNBIND == 0x3b7b, "ioctl numbers");

/* Capability of VFIO_IOMMU_GET_INFO: struct vfio_iommu_type1_info_cap_sva. */
#ifndef VFIO_IOMMU_TYPE1_INFO_CAP_SVA
#define VFIO_IOMMU_TYPE1_INFO_CAP_SVA	4
#define VFIO_IOMMU_SVA_IOPF		(1 << 0)
#endif

struct vfio_cap_sva {
	struct vfio_info_cap_header header;
	uint32_t flags;		/* VFIO_IOMMU_SVA_IOPF: I/O page faults are taken */
	uint32_t pasid_bits;	/* good on every device; 0: a device has no SVA */
	uint32_t bonds;
	uint32_t max_bonds;
};

static_assert(sizeof(struct vfio_cap_sva) == 24, "struct vfio_iommu_type1_info_cap_sva");

#endif /* VFIO_UAPI_H */
