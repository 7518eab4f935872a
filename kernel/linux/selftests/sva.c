// SPDX-License-Identifier: GPL-2.0-only
// Copyright(c) 2026 The SVADK authors
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/compiler.h>
#include <linux/pci_regs.h>

#include "kselftest.h"
#include "sva.h"

#define PCI_DEVICES	"/sys/bus/pci/devices"

/* Registers of the svadk-test function, in BAR 0. */
#define TEST_ID		0x5ada1234	/* device and vendor in config space */
#define REG_STATUS	0x04
#define STATUS_BUSY	1
#define STATUS_DONE	2
#define STATUS_FAULT	3
#define REG_PASID	0x08
#define PASID_VALID	0x80000000u
#define REG_CMD		0x0c
#define CMD_COPY	1
#define CMD_FILL	2
#define CMD_STREAM	3
#define CMD_STOP	4
#define REG_SRC		0x10
#define REG_DST		0x18
#define REG_LEN		0x20
#define REG_COUNT	0x30
#define BAR0_SIZE	4096

struct sva_dev sva_devs[SVA_MAX_DEVS];
unsigned int sva_nr_devs;

static int ioctl_errno(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static void __printf(2, 3) __noreturn die(const char *bdf, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", bdf);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(KSFT_FAIL);
}

/* Is there an extended capability? */
static bool has_ext_cap(const uint32_t *config, size_t words, unsigned int id)
{
	unsigned int pos = PCI_CFG_SPACE_SIZE, ttl = 96;

	while (pos >= PCI_CFG_SPACE_SIZE && pos / 4 < words && ttl--) {
		uint32_t header = config[pos / 4];

		if (PCI_EXT_CAP_ID(header) == id)
			return true;
		pos = PCI_EXT_CAP_NEXT(header);
	}

	return false;
}

static unsigned int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);

	return n;
}

static void probe(struct sva_dev *dev, const char *bdf)
{
	uint32_t config[4096 / 4] = {};
	char path[128], link[256];
	ssize_t len;
	int fd;

	snprintf(dev->bdf, sizeof(dev->bdf), "%s", bdf);
	dev->group_fd = -1;
	dev->fd = -1;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", dev->bdf);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		die(bdf, "no such device, or it has no driver: bind it to vfio-pci");
	link[len] = 0;
	if (strcmp(strrchr(link, '/') + 1, "vfio-pci"))
		die(bdf, "its driver is %s: bind it to vfio-pci",
		    strrchr(link, '/') + 1);

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/iommu_group", dev->bdf);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		die(bdf, "no IOMMU group: is the IOMMU on?");
	link[len] = 0;
	dev->group = strtoul(strrchr(link, '/') + 1, NULL, 10);

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/iommu_group/devices",
		 dev->bdf);
	dev->alone = count_entries(path) == 1;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/config", dev->bdf);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die(bdf, "%s: %s", path, strerror(errno));
	len = read(fd, config, sizeof(config));
	close(fd);
	if (len <= PCI_CFG_SPACE_SIZE)
		die(bdf, "the extended config space cannot be read: be root");

	dev->pasid = has_ext_cap(config, len / 4, PCI_EXT_CAP_ID_PASID);
	dev->ats = has_ext_cap(config, len / 4, PCI_EXT_CAP_ID_ATS);
	dev->dma = config[0] == TEST_ID;
}

void sva_init(int *argc, char **argv)
{
	const char *env = getenv("VFIO_SELFTESTS_BDFS");
	unsigned int dom, bus, slot, fn;
	int i, left = 1;

	for (i = 1; i < *argc; i++) {
		if (sscanf(argv[i], "%x:%x:%x.%u", &dom, &bus, &slot, &fn) != 4)
			argv[left++] = argv[i];
		else if (sva_nr_devs == SVA_MAX_DEVS)
			die(argv[i], "that is more than %d devices", SVA_MAX_DEVS);
		else
			probe(&sva_devs[sva_nr_devs++], argv[i]);
	}
	*argc = left;
	argv[left] = NULL;

	if (!sva_nr_devs && env) {
		char *copy = strdup(env), *bdf, *rest = copy;

		while ((bdf = strtok_r(rest, " ,", &rest))) {
			if (sva_nr_devs == SVA_MAX_DEVS)
				die(bdf, "that is more than %d devices",
				    SVA_MAX_DEVS);
			probe(&sva_devs[sva_nr_devs++], bdf);
		}
		free(copy);
	}

	if (!sva_nr_devs) {
		fprintf(stderr,
			"no device: name some bound to vfio-pci, or set VFIO_SELFTESTS_BDFS\n");
		exit(KSFT_SKIP);
	}
}

struct sva_dev *sva_good_dev(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < sva_nr_devs; i++) {
		struct sva_dev *dev = &sva_devs[i];

		if (dev->pasid && dev->ats && dev->alone && dev->dma && !n--)
			return dev;
	}

	return NULL;
}

int sva_container_open(void)
{
	int fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int sva_group_open(struct sva_dev *dev)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/vfio/%u", dev->group);
	dev->group_fd = open(path, O_RDWR | O_CLOEXEC);

	return dev->group_fd < 0 ? -errno : 0;
}

void sva_group_close(struct sva_dev *dev)
{
	close(dev->group_fd);
	dev->group_fd = -1;
}

int sva_attach(int container, struct sva_dev *dev)
{
	int ret;

	ret = ioctl_errno(dev->group_fd, VFIO_GROUP_SET_CONTAINER, &container);
	if (ret)
		return ret;

	/* EINVAL: another group has brought it already. */
	ret = ioctl_errno(container, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU);
	return ret == -EINVAL ? 0 : ret;
}

int sva_detach(struct sva_dev *dev)
{
	return ioctl_errno(dev->group_fd, VFIO_GROUP_UNSET_CONTAINER, NULL);
}

int sva_dev_open(struct sva_dev *dev)
{
	struct vfio_region_info bar = {
		.argsz = sizeof(bar),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;
	int ret;

	dev->fd = ioctl_errno(dev->group_fd, VFIO_GROUP_GET_DEVICE_FD, dev->bdf);
	if (dev->fd < 0)
		return dev->fd;

	ret = ioctl_errno(dev->fd, VFIO_DEVICE_GET_REGION_INFO, &config);
	if (ret)
		return ret;
	if (pread(dev->fd, &command, 2, config.offset + PCI_COMMAND) != 2)
		return -EIO;
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (pwrite(dev->fd, &command, 2, config.offset + PCI_COMMAND) != 2)
		return -EIO;
	if (!dev->dma)
		return 0;

	ret = ioctl_errno(dev->fd, VFIO_DEVICE_GET_REGION_INFO, &bar);
	if (ret)
		return ret;
	dev->bar0 = mmap(NULL, BAR0_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 dev->fd, bar.offset);
	return dev->bar0 == MAP_FAILED ? -errno : 0;
}

int sva_dev_reset(struct sva_dev *dev)
{
	return ioctl_errno(dev->fd, VFIO_DEVICE_RESET, NULL);
}

void sva_dev_close(struct sva_dev *dev)
{
	if (dev->bar0 && dev->bar0 != MAP_FAILED)
		munmap(dev->bar0, BAR0_SIZE);
	dev->bar0 = NULL;
	sva_dev_reset(dev);
	close(dev->fd);
	dev->fd = -1;
}

static int bind_ioctl(int container, unsigned long request, pid_t pid,
		      uint32_t *pasid)
{
	struct sva_bind_arg arg = {
		.bind.argsz = sizeof(arg),
		.bind.flags = VFIO_IOMMU_BIND_PROCESS,
		.process.flags = pid ? VFIO_IOMMU_BIND_PID : 0,
		.process.pid = pid,
	};
	int ret = ioctl_errno(container, request, &arg);

	*pasid = arg.process.pasid;
	return ret;
}

int sva_bind(int container, pid_t pid, uint32_t *pasid)
{
	return bind_ioctl(container, VFIO_IOMMU_BIND, pid, pasid);
}

int sva_unbind(int container, pid_t pid)
{
	uint32_t unused;

	return bind_ioctl(container, VFIO_IOMMU_UNBIND, pid, &unused);
}

int sva_info(int container, struct vfio_iommu_type1_info_cap_sva *cap)
{
	union {
		struct vfio_iommu_type1_info info;
		uint8_t bytes[4096];
	} buf = { .info.argsz = sizeof(buf) };
	struct vfio_info_cap_header *header;
	uint32_t pos;
	int ret;

	ret = ioctl_errno(container, VFIO_IOMMU_GET_INFO, &buf);
	if (ret)
		return ret;
	if (!(buf.info.flags & VFIO_IOMMU_INFO_CAPS))
		return -ENOENT;

	for (pos = buf.info.cap_offset; pos; pos = header->next) {
		header = (void *)(buf.bytes + pos);
		if (header->id == VFIO_IOMMU_TYPE1_INFO_CAP_SVA) {
			memcpy(cap, header, sizeof(*cap));
			return 0;
		}
	}

	return -ENOENT;
}

int sva_map(int container, void *va, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = size,
	};

	return ioctl_errno(container, VFIO_IOMMU_MAP_DMA, &map);
}

int sva_unmap(int container, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};

	return ioctl_errno(container, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

static uint32_t read32(struct sva_dev *dev, unsigned int reg)
{
	return __atomic_load_n((uint32_t *)(dev->bar0 + reg), __ATOMIC_ACQUIRE);
}

static void write32(struct sva_dev *dev, unsigned int reg, uint32_t value)
{
	__atomic_store_n((uint32_t *)(dev->bar0 + reg), value, __ATOMIC_RELEASE);
}

static void write64(struct sva_dev *dev, unsigned int reg, uint64_t value)
{
	sva_store(dev->bar0 + reg, value);
}

static void start(struct sva_dev *dev, uint32_t command, uint32_t pasid,
		  uint64_t dst, uint64_t src, uint64_t len)
{
	write32(dev, REG_PASID, pasid == SVA_NO_PASID ? 0 : pasid | PASID_VALID);
	write64(dev, REG_SRC, src);
	write64(dev, REG_DST, dst);
	write64(dev, REG_LEN, len);
	/* What the device is to read is in memory before it is told to. */
	__sync_synchronize();
	write32(dev, REG_CMD, command);
}

/* Commands but STREAM are complete when the write that starts them returns. */
static int result(struct sva_dev *dev)
{
	switch (read32(dev, REG_STATUS)) {
	case STATUS_DONE:
		return 0;
	case STATUS_FAULT:
		return -EFAULT;
	default:
		return -EINVAL;
	}
}

int sva_copy(struct sva_dev *dev, uint32_t pasid, uint64_t dst, uint64_t src,
	     uint64_t len)
{
	start(dev, CMD_COPY, pasid, dst, src, len);
	return result(dev);
}

int sva_fill(struct sva_dev *dev, uint32_t pasid, uint64_t dst,
	     uint64_t pattern, uint64_t len)
{
	start(dev, CMD_FILL, pasid, dst, pattern, len);
	return result(dev);
}

void sva_stream(struct sva_dev *dev, uint32_t pasid, void *dst, uint64_t len)
{
	start(dev, CMD_STREAM, pasid, (uintptr_t)dst, 0, len);
}

int sva_stream_stop(struct sva_dev *dev)
{
	bool was_running = sva_stream_running(dev);
	int ret = result(dev);

	write32(dev, REG_CMD, CMD_STOP);
	if (was_running)
		return 0;
	return ret == -EFAULT ? ret : -ENODATA;
}

bool sva_stream_running(struct sva_dev *dev)
{
	return read32(dev, REG_STATUS) == STATUS_BUSY;
}

uint64_t sva_stream_count(struct sva_dev *dev)
{
	return sva_load(dev->bar0 + REG_COUNT);
}

bool sva_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return good;
}

void sva_expect_faults(void)
{
	if (!sva_write_file("/dev/kmsg", "svadk-vm: dmar faults expected\n"))
		fprintf(stderr, "/dev/kmsg: %s\n", strerror(errno));
}
