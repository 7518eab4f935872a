/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright(c) 2026 The SVADK authors */
/*
 * What the tests of VFIO_IOMMU_BIND share: containers, groups and devices at
 * the level of single ioctls, and a device's DMA.
 */
#ifndef SELFTESTS_VFIO_SVA_H
#define SELFTESTS_VFIO_SVA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/vfio.h>

#define SVA_MAX_DEVS	8

/* As VFIO_IOMMU_BIND takes it: a head, and a process in its data. */
struct sva_bind_arg {
	struct vfio_iommu_type1_bind bind;
	struct vfio_iommu_type1_bind_process process;
};

struct sva_dev {
	char bdf[16];
	unsigned int group;		/* number of the IOMMU group */
	bool pasid, ats, alone;		/* capabilities; only device of its group */
	bool dma;			/* there is a driver for its DMA, below */
	int group_fd;			/* -1: not open */
	int fd;				/* -1: not open */
	void *bar0;
};

/* Memory that a device writes to: neither kept in a register nor left out. */
static inline uint64_t sva_load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void sva_store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* The devices named by arguments, or in VFIO_SELFTESTS_BDFS. */
extern struct sva_dev sva_devs[SVA_MAX_DEVS];
extern unsigned int sva_nr_devs;

/*
 * Takes the devices off the arguments; exits with KSFT_SKIP if there is none,
 * with KSFT_FAIL if one is not bound to vfio-pci.
 */
void sva_init(int *argc, char **argv);

/* The nth device that can be bound and that has DMA, or NULL. */
struct sva_dev *sva_good_dev(unsigned int n);

/* All of these return 0 or, where it is an int, a file descriptor; or -errno. */
int sva_container_open(void);
int sva_group_open(struct sva_dev *dev);
void sva_group_close(struct sva_dev *dev);
/* Adds the group, opened before, to a container, and makes that type1v2. */
int sva_attach(int container, struct sva_dev *dev);
int sva_detach(struct sva_dev *dev);
/* The group is in a container with an IOMMU. Enables bus mastering. */
int sva_dev_open(struct sva_dev *dev);
/* -EAGAIN: somebody else is at it. */
int sva_dev_reset(struct sva_dev *dev);
/* Resets the device, so that no DMA of it is left. */
void sva_dev_close(struct sva_dev *dev);

/* @pid 0: the calling process. */
int sva_bind(int container, pid_t pid, uint32_t *pasid);
int sva_unbind(int container, pid_t pid);
/* -ENOENT: no such capability. */
int sva_info(int container, struct vfio_iommu_type1_info_cap_sva *cap);
int sva_map(int container, void *va, uint64_t iova, uint64_t size);
int sva_unmap(int container, uint64_t iova, uint64_t size);

/*
 * DMA. The device is QEMU's svadk-test function; devices without a driver here
 * can be tested for everything but what reaches memory. @pasid SVA_NO_PASID is
 * DMA without one. -EFAULT: the IOMMU refused an access; -EINVAL: the device
 * does not take the length.
 */
#define SVA_NO_PASID	UINT32_MAX

int sva_copy(struct sva_dev *dev, uint32_t pasid, uint64_t dst, uint64_t src,
	     uint64_t len);
int sva_fill(struct sva_dev *dev, uint32_t pasid, uint64_t dst,
	     uint64_t pattern, uint64_t len);
/* Writes to one page or less, again and again, until stopped or refused. */
void sva_stream(struct sva_dev *dev, uint32_t pasid, void *dst, uint64_t len);
/* 0: it was running; -EFAULT: it had been refused; -ENODATA: no stream. */
int sva_stream_stop(struct sva_dev *dev);
bool sva_stream_running(struct sva_dev *dev);
uint64_t sva_stream_count(struct sva_dev *dev);

/* Writes a text to a file that is there: whether that worked. */
bool sva_write_file(const char *path, const char *text);

/*
 * This program has devices do what the IOMMU refuses, and checks that it does.
 * Leaves a line in the kernel log that says so, for whoever reads the log. The
 * faults themselves are logged later than they happen, and not all of them.
 */
void sva_expect_faults(void);

#endif
