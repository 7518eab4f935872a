/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * Instructions of the data path: a device that takes a descriptor with one store and is
 * done at once. Run under callgrind by bench_null.py; alone it only checks that every
 * result comes back right.
 *
 * Its registers are the model's, so that the driver under test is the real one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dsa_hw.h>
#include <sva_accel.h>
#include <sva_bus.h>
#include <sva_dsa_model.h>
#include <sva_eal.h>

static struct sva_dsa *model;
static struct sva_bus_device null_device;
static const void *volatile null_portal;

static size_t
no_read(void *ctx, uint32_t pasid, uint64_t va, void *buf, size_t len, struct sva_dsa_fault *fault)
{
	(void)ctx, (void)pasid, (void)buf, (void)len;
	*fault = (struct sva_dsa_fault){ va, false, false };
	return 0;
}

static size_t
no_write(void *ctx, uint32_t pasid, uint64_t va, const void *buf, size_t len,
	 struct sva_dsa_fault *fault)
{
	(void)ctx, (void)pasid, (void)buf, (void)len;
	*fault = (struct sva_dsa_fault){ va, true, false };
	return 0;
}

static const struct sva_dsa_ops no_dma = { .read = no_read, .write = no_write };

static int
null_scan(sva_bus_found_fn found, void *arg)
{
	(void)found, (void)arg;
	return 0;
}

static int
null_container_create(struct sva_container **container)
{
	*container = calloc(1, sizeof(**container));
	return *container == NULL ? -ENOMEM : 0;
}

static void
null_container_destroy(struct sva_container *container)
{
	free(container);
}

static int
null_open(struct sva_container *container, const char *name, struct sva_devargs *args,
	  struct sva_bus_device **dev)
{
	(void)container, (void)args;
	snprintf(null_device.name, sizeof(null_device.name), "null:%s", name);
	null_device.vendor_id = DSA_PCI_VENDOR;
	null_device.device_id = DSA_PCI_DEVICE;
	null_device.numa_node = -1;
	*dev = &null_device;
	return 0;
}

static void
null_close(struct sva_bus_device *dev)
{
	(void)dev;
}

static int
null_bind(struct sva_container *container, pid_t pid, uint32_t *pasid)
{
	(void)container, (void)pid;
	*pasid = 1;
	return 0;
}

static int
null_unbind(struct sva_container *container, pid_t pid)
{
	(void)container, (void)pid;
	return 0;
}

static void
null_info(struct sva_container *container, struct sva_container_info *info)
{
	(void)container;
	info->max_bonds = 1;
	info->pasid_bits = 20;
}

static uint32_t
null_read32(struct sva_bus_device *dev, uint64_t offset)
{
	(void)dev;
	return (uint32_t)sva_dsa_mmio_read(model, offset, 4);
}

static uint64_t
null_read64(struct sva_bus_device *dev, uint64_t offset)
{
	(void)dev;
	return sva_dsa_mmio_read(model, offset, 8);
}

static void
null_write32(struct sva_bus_device *dev, uint64_t offset, uint32_t value)
{
	(void)dev;
	sva_dsa_mmio_write(model, offset, value, 4);
	while (sva_dsa_step(model, 64) != 0)
		;
}

static void
null_write64(struct sva_bus_device *dev, uint64_t offset, uint64_t value)
{
	(void)dev;
	sva_dsa_mmio_write(model, offset, value, 8);
}

/* The doorbell: one store; and the completion, there at once. */
static void
null_portal_write(struct sva_portal *portal, const void *desc)
{
	(void)portal;
	null_portal = desc;
	*(volatile uint8_t *)(uintptr_t)((const struct dsa_desc *)desc)->compl_addr =
		DSA_STS_SUCCESS;
}

static int
null_portal_open(struct sva_bus_device *dev, uint64_t offset, struct sva_portal *portal)
{
	(void)dev, (void)offset;
	portal->kind = SVA_PORTAL_CALL;
	portal->write = null_portal_write;
	return 0;
}

static void
null_portal_close(struct sva_bus_device *dev, struct sva_portal *portal)
{
	(void)dev, (void)portal;
}

static int
null_irq_fd(struct sva_bus_device *dev, unsigned int vector)
{
	(void)dev, (void)vector;
	return -EOPNOTSUPP;
}

static int
null_reset(struct sva_bus_device *dev)
{
	(void)dev;
	sva_dsa_flr(model);
	return 0;
}

static const struct sva_bus_ops null_ops = {
	.scan = null_scan,
	.container_create = null_container_create,
	.container_destroy = null_container_destroy,
	.open = null_open,
	.close = null_close,
	.bind = null_bind,
	.unbind = null_unbind,
	.info = null_info,
	.read32 = null_read32,
	.read64 = null_read64,
	.write32 = null_write32,
	.write64 = null_write64,
	.portal_open = null_portal_open,
	.portal_close = null_portal_close,
	.irq_fd = null_irq_fd,
	.reset = null_reset,
};

static const char *const no_params[] = { NULL };

static const struct sva_bus null_bus = {
	.name = "null",
	.desc = "takes everything, does nothing",
	.preference = -1,
	.emulated = true,
	.params = no_params,
	.ops = &null_ops,
};

static char buffers[2][4096];

/* What is counted: callgrind collects inside this function only. Returns results. */
__attribute__((noinline)) unsigned int
null_rounds(struct sva_queue *q, unsigned int burst, unsigned int rounds);

__attribute__((noinline)) unsigned int
null_rounds(struct sva_queue *q, unsigned int burst, unsigned int rounds)
{
	struct sva_result results[64];
	unsigned int i, done = 0;
	uint64_t cookie = 0;

	while (rounds-- != 0) {
		for (i = 0; i < burst; i++)
			sva_copy(q, buffers[0], buffers[1], sizeof(buffers[0]), cookie++, 0);
		sva_submit(q);
		done += (unsigned int)sva_poll(q, results, burst);
	}
	return done;
}

/* The same, with a look at every result; not counted. */
static unsigned int
check_rounds(struct sva_queue *q, unsigned int burst, unsigned int rounds)
{
	struct sva_result results[64];
	unsigned int i, bad = 0;
	uint64_t cookie = 0;

	while (rounds-- != 0) {
		for (i = 0; i < burst; i++)
			sva_copy(q, buffers[0], buffers[1], i + 1, cookie + i, 0);
		sva_submit(q);
		bad += (unsigned int)sva_poll(q, results, burst) != burst;
		for (i = 0; i < burst; i++)
			bad += results[i].cookie != cookie++ || results[i].status != SVA_OK ||
			       results[i].bytes != i + 1;
	}
	return bad;
}

int
main(int argc, char **argv)
{
	unsigned int burst = argc > 1 ? (unsigned int)atoi(argv[1]) : 16;
	unsigned int rounds = argc > 2 ? (unsigned int)atoi(argv[2]) : 1000;
	const struct sva_dsa_config *config = sva_dsa_profile("default");
	struct sva_device *dev;
	struct sva_queue *q;
	unsigned int bad;
	void *memory;

	if (burst < 1 || burst > 64) {
		fprintf(stderr, "bench_null: burst \"%s\": 1 to 64\n", argv[1]);
		return 2;
	}
	if (posix_memalign(&memory, 64, sva_dsa_size(config)) != 0)
		return 1;
	model = sva_dsa_init(memory, config, &no_dma, NULL);
	sva_dsa_bus_master(model, true);
	if (sva_eal_setup(NULL) != 0 || sva_bus_register(&null_bus) != 0 ||
	    sva_device_open("null:dsa", &dev) != 0 || sva_queue_open(dev, NULL, &q) != 0) {
		fprintf(stderr, "bench_null: cannot open the null device\n");
		return 1;
	}
	bad = check_rounds(q, burst, rounds);
	bad += null_rounds(q, burst, rounds) != burst * rounds;
	printf("burst %u, %u rounds, %u bad\n", burst, rounds, bad);
	sva_device_close(dev);
	sva_bus_unregister(&null_bus);
	sva_eal_cleanup();
	free(memory);
	return bad != 0;
}
