/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The VFIO bus: PCI functions that are bound to vfio-pci, "vfio:0000:6a:01.0", and processes
 * bound to them by the kernel and the IOMMU.
 */
#include <errno.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <rte_io.h>

#include "vfio_pci_driver.h"
#include "vfio_private.h"

#define PORTAL_SIZE 4096

static int
vfio_scan(sva_bus_found_fn found, void *arg)
{
	struct vfio_roots roots = vfio_roots();

	return vfio_scan_roots(&roots, found, arg);
}

/* The register, or NULL: offsets come out of registers of the device, too. */
static volatile void *
reg(struct sva_bus_device *bus_dev, uint64_t offset, size_t size)
{
	struct vfio_device *dev = (struct vfio_device *)bus_dev;

	if (offset > dev->bar0.size || size > dev->bar0.size - offset)
		return NULL;
	return dev->bar0.addr + offset;
}

static uint32_t
vfio_read32(struct sva_bus_device *dev, uint64_t offset)
{
	volatile void *addr = reg(dev, offset, 4);

	return addr != NULL ? rte_read32(addr) : UINT32_MAX;
}

static uint64_t
vfio_read64(struct sva_bus_device *dev, uint64_t offset)
{
	volatile void *addr = reg(dev, offset, 8);

	return addr != NULL ? rte_read64(addr) : UINT64_MAX;
}

static void
vfio_write32(struct sva_bus_device *dev, uint64_t offset, uint32_t value)
{
	volatile void *addr = reg(dev, offset, 4);

	if (addr != NULL)
		rte_write32(value, addr);
}

static void
vfio_write64(struct sva_bus_device *dev, uint64_t offset, uint64_t value)
{
	volatile void *addr = reg(dev, offset, 8);

	if (addr != NULL)
		rte_write64(value, addr);
}

/* Intel SDM volume 2, CPUID: leaf 7, subleaf 0, ECX bit 28. */
static bool
has_movdir64b(void)
{
#if defined(__x86_64__)
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ecx & (1u << 28)) != 0;
#else
	return false;
#endif
}

static int
vfio_portal_open(struct sva_bus_device *bus_dev, uint64_t offset, struct sva_portal *portal)
{
	struct vfio_device *dev = (struct vfio_device *)bus_dev;

	if (offset % PORTAL_SIZE != 0 || dev->bar2.size < PORTAL_SIZE ||
	    offset > dev->bar2.size - PORTAL_SIZE)
		return -EINVAL;
	*portal = (struct sva_portal){
		.kind = has_movdir64b() ? SVA_PORTAL_MOVDIR64B : SVA_PORTAL_STORE8,
		.addr = dev->bar2.addr + offset,
	};
	return 0;
}

static void
vfio_portal_close(struct sva_bus_device *bus_dev, struct sva_portal *portal)
{
	/* The BAR stays mapped until the device is closed. */
	(void)bus_dev;
	portal->addr = NULL;
}

static const struct sva_bus_ops vfio_ops = {
	.scan = vfio_scan,
	.container_create = vfio_container_create,
	.container_destroy = vfio_container_destroy,
	.open = vfio_open,
	.close = vfio_close,
	.bind = vfio_bind,
	.unbind = vfio_unbind,
	.info = vfio_container_info,
	.read32 = vfio_read32,
	.read64 = vfio_read64,
	.write32 = vfio_write32,
	.write64 = vfio_write64,
	.portal_open = vfio_portal_open,
	.portal_close = vfio_portal_close,
	.irq_fd = vfio_irq_fd,
	.removal_fd = vfio_removal_fd,
	.reset = vfio_reset,
};

static const struct sva_bus vfio_bus = {
	.name = DRIVER_NAME,
	.desc = DRIVER_DESC,
	.params = driver_params,
	.preference = 100,
	.ops = &vfio_ops,
};

static int
vfio_plugin_init(void)
{
	return sva_bus_register(&vfio_bus);
}

static void
vfio_plugin_fini(void)
{
	sva_bus_unregister(&vfio_bus);
}

SVA_PLUGIN(vfio_pci, vfio_plugin_init, vfio_plugin_fini);
