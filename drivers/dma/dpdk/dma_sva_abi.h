/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * What DPDK expects of a driver that is not built in its tree: from the headers of its driver
 * SDK (-Denable_driver_sdk) where they are installed, else declared here. Distributions do not
 * install them. The layouts are those of rte_dmadev_pmd.h, bus_vdev_driver.h and dev_driver.h,
 * compared for each release that is named below; for any other one nothing is built.
 */
#ifndef DMA_SVA_ABI_H
#define DMA_SVA_ABI_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_dmadev.h>
#include <rte_version.h>

#define DMA_SVA_RELEASE (RTE_VER_YEAR * 100 + RTE_VER_MONTH)

#ifdef DMA_SVA_DRIVER_SDK
#include <bus_vdev_driver.h>
#include <rte_dmadev_pmd.h>
#else

struct rte_driver {
	TAILQ_ENTRY(rte_driver) next;
	const char *name;
	const char *alias;
};

struct rte_device {
	TAILQ_ENTRY(rte_device) next;
	const char *name;
	const char *bus_info;
	const struct rte_driver *driver;
	const struct rte_bus *bus;
	int numa_node;
	struct rte_devargs *devargs;
};

struct rte_vdev_device {
	TAILQ_ENTRY(rte_vdev_device) next;
	struct rte_device device;
};

struct rte_vdev_driver {
	TAILQ_ENTRY(rte_vdev_driver) next;
	struct rte_driver driver;
	int (*probe)(struct rte_vdev_device *dev);
	int (*remove)(struct rte_vdev_device *dev);
	int (*dma_map)(struct rte_vdev_device *dev, void *addr, uint64_t iova, size_t len);
	int (*dma_unmap)(struct rte_vdev_device *dev, void *addr, uint64_t iova, size_t len);
	uint32_t drv_flags;
};

/* Of drv_flags: addresses that applications hand over are to be virtual ones. */
#define RTE_VDEV_DRV_NEED_IOVA_AS_VA 0x0001

void rte_vdev_register(struct rte_vdev_driver *driver);
void rte_vdev_unregister(struct rte_vdev_driver *driver);

struct rte_dma_dev;

struct rte_dma_dev_ops {
	int (*dev_info_get)(const struct rte_dma_dev *dev, struct rte_dma_info *info,
			    uint32_t size);
	int (*dev_configure)(struct rte_dma_dev *dev, const struct rte_dma_conf *conf,
			     uint32_t size);
	int (*dev_start)(struct rte_dma_dev *dev);
	int (*dev_stop)(struct rte_dma_dev *dev);
	int (*dev_close)(struct rte_dma_dev *dev);
	int (*vchan_setup)(struct rte_dma_dev *dev, uint16_t vchan,
			   const struct rte_dma_vchan_conf *conf, uint32_t size);
	int (*stats_get)(const struct rte_dma_dev *dev, uint16_t vchan,
			 struct rte_dma_stats *stats, uint32_t size);
	int (*stats_reset)(struct rte_dma_dev *dev, uint16_t vchan);
	int (*vchan_status)(const struct rte_dma_dev *dev, uint16_t vchan,
			    enum rte_dma_vchan_status *status);
	int (*dev_dump)(const struct rte_dma_dev *dev, FILE *f);
#if DMA_SVA_RELEASE == 2511
	/* Access pair groups, which this driver does not have. */
	void (*not_offered[5])(void);
#endif
};

struct rte_dma_dev_data {
	char dev_name[RTE_DEV_NAME_MAX_LEN];
	int16_t dev_id;
	int16_t numa_node;
	void *dev_private;
	struct rte_dma_conf dev_conf;
	__extension__ uint8_t dev_started : 1;
	uint64_t reserved[2];
} __attribute__((aligned(64)));

enum rte_dma_dev_state {
	RTE_DMA_DEV_UNUSED,
	RTE_DMA_DEV_REGISTERED,
	RTE_DMA_DEV_READY,
};

struct rte_dma_dev {
	struct rte_device *device;
	struct rte_dma_dev_data *data;
	struct rte_dma_fp_object *fp_obj;
	const struct rte_dma_dev_ops *dev_ops;
	enum rte_dma_dev_state state;
	uint64_t reserved[2];
} __attribute__((aligned(64)));

struct rte_dma_dev *rte_dma_pmd_allocate(const char *name, int numa_node,
					 size_t private_data_size);
int rte_dma_pmd_release(const char *name);

#endif /* DMA_SVA_DRIVER_SDK */

/* What was compared, by what differs: fast-path object, configuration, channel. */
#if DMA_SVA_RELEASE == 2211
static_assert(sizeof(struct rte_dma_fp_object) == 128, "rte_dma_fp_object");
static_assert(sizeof(struct rte_dma_conf) == 4, "rte_dma_conf");
static_assert(sizeof(struct rte_dma_vchan_conf) == 88, "rte_dma_vchan_conf");
static_assert(sizeof(struct rte_dma_dev_ops) == 80, "rte_dma_dev_ops");
#elif DMA_SVA_RELEASE == 2411
static_assert(sizeof(struct rte_dma_fp_object) == 64, "rte_dma_fp_object");
static_assert(sizeof(struct rte_dma_conf) == 6, "rte_dma_conf");
static_assert(sizeof(struct rte_dma_vchan_conf) == 112, "rte_dma_vchan_conf");
static_assert(sizeof(struct rte_dma_dev_ops) == 80, "rte_dma_dev_ops");
#elif DMA_SVA_RELEASE == 2511
static_assert(sizeof(struct rte_dma_fp_object) == 128, "rte_dma_fp_object");
static_assert(sizeof(struct rte_dma_conf) == 16, "rte_dma_conf");
static_assert(sizeof(struct rte_dma_vchan_conf) == 136, "rte_dma_vchan_conf");
static_assert(sizeof(struct rte_dma_dev_ops) == 120, "rte_dma_dev_ops");
#else
#error "this release of DPDK has not been compared: see drivers/dma/dpdk/meson.build"
#endif
static_assert(sizeof(struct rte_dma_info) == 32, "rte_dma_info");
static_assert(sizeof(struct rte_dma_stats) == 24, "rte_dma_stats");
static_assert(sizeof(struct rte_dma_sge) == 16, "rte_dma_sge");
static_assert(sizeof(struct rte_driver) == 32, "rte_driver");
static_assert(offsetof(struct rte_device, devargs) == 56, "rte_device");
static_assert(offsetof(struct rte_vdev_device, device) == 16, "rte_vdev_device");
static_assert(offsetof(struct rte_vdev_driver, probe) == 48, "rte_vdev_driver");
static_assert(offsetof(struct rte_vdev_driver, drv_flags) == 80, "rte_vdev_driver");
static_assert(offsetof(struct rte_dma_dev_data, dev_private) == 72, "rte_dma_dev_data");
static_assert(sizeof(struct rte_dma_dev_data) == 128, "rte_dma_dev_data");
static_assert(offsetof(struct rte_dma_dev, state) == 32, "rte_dma_dev");
static_assert(sizeof(struct rte_dma_dev) == 64, "rte_dma_dev");

#endif
