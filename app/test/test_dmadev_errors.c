/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The dmadev plugin where operations and devices fail, are refused, or end with others of theirs.
 */
#include <sys/mman.h>

#include <dsa_hw.h>
#include <sva_accel_driver.h>

#include "test_dmadev_util.h"
#include "test_eal_log.h"
#include "test_kmsg.h"

/* The plugin's device, and the node that it is on: its calls come by here. */
static struct sva_device *opened;
static int node = -1;

int
sva_device_open_conf(const char *spec, const struct sva_device_conf *conf,
		     struct sva_device **handle)
{
	int (*real)(const char *spec, const struct sva_device_conf *conf,
		    struct sva_device **handle);
	int ret;

	*(void **)&real = dlsym(RTLD_NEXT, "sva_device_open_conf");
	ret = real(spec, conf, handle);
	opened = ret == 0 ? *handle : NULL;
	return ret;
}

int
sva_device_info(struct sva_device *handle, struct sva_device_info *info)
{
	int (*real)(struct sva_device *handle, struct sva_device_info *info);
	int ret;

	*(void **)&real = dlsym(RTLD_NEXT, "sva_device_info");
	ret = real(handle, info);
	if (ret == 0 && node >= 0)
		info->numa_node = node;
	return ret;
}

/* Of 32, some name what is no memory. */
static void
errors(void **state)
{
	uint8_t *none = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	enum rte_dma_status_code status[32];
	struct rte_dma_sge from[3], to[1], good[2], to2[1];
	uint16_t last, n, got;
	unsigned int round, i;
	bool error;

	(void)state;
	assert_true(none != MAP_FAILED);
	kmsg_faults_expected(true);
	from[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	from[1] = (struct rte_dma_sge){ .addr = (rte_iova_t)none, .length = 10 };
	from[2] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	to[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)b, .length = 30 };
	good[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)(a + 21 * 64), .length = 60 };
	good[1] = (struct rte_dma_sge){ .addr = (rte_iova_t)(a + 21 * 64 + 60), .length = 4 };
	to2[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)(b + 21 * 64), .length = 64 };
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 32; i++) {
			int ret = i == 5 ? copy(b, none, 64, 0) : i == 6 ? copy(none, a, 64, 0) :
				  i == 20 ? rte_dma_copy_sg(dev, 0, from, to, 3, 1, 0) :
				  i == 21 ? rte_dma_copy_sg(dev, 0, good, to2, 2, 1, 0) :
				  i == 31 ? rte_dma_fill(dev, 0, 1, (rte_iova_t)none, 8, 0) :
				  copy(b + i * 64, a + i * 64, 64, 0);

			assert_int_equal(ret, round * 64 + i);
		}
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		if (round == 0) {
			take_status(32, status);
		} else {
			/* All that went well up to the first, which stays until it is asked for. */
			for (got = 0, error = false; !error; sched_yield()) {
				n = rte_dma_completed(dev, 0, 32, &last, &error);
				got = (uint16_t)(got + n);
				assert_int_equal(last, (uint16_t)(64 + got - 1));
			}
			assert_int_equal(got, 5);
			error = false;
			assert_int_equal(rte_dma_completed(dev, 0, 32, &last, &error), 0);
			assert_true(error);
			for (i = 0; i < 5; i++)
				status[i] = RTE_DMA_STATUS_SUCCESSFUL;
			take_status(27, status + 5);
		}
		for (i = 0; i < 32; i++) {
			assert_int_equal(status[i], i == 5 || i == 20 ?
					 RTE_DMA_STATUS_INVALID_SRC_ADDR : i == 6 || i == 31 ?
					 RTE_DMA_STATUS_INVALID_DST_ADDR :
					 RTE_DMA_STATUS_SUCCESSFUL);
			if (status[i] == RTE_DMA_STATUS_SUCCESSFUL && i > 0)
				assert_memory_equal(a + i * 64, b + i * 64, 64);
		}
		assert_int_equal(stats().errors, 4 * (round + 1));
		assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
		/* It goes on. */
		for (i = 0; i < 32; i++)
			assert_true(copy(b + i * 64, a + i * 64, 64, 0) >= 0);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		take(32);
	}
	kmsg_faults_expected(false);
	munmap(none, SIZE);
}

/*
 * A copy in two parts of which the first goes wrong and is polled before the second is done:
 * where the ring ends between them, a fence lets an inline engine go only so far.
 */
static void
error_in_part(void **state)
{
	uint8_t *none = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rte_dma_sge from[2], to = { .addr = (rte_iova_t)b, .length = 20 };
	enum rte_dma_status_code status;
	uint64_t flags = RTE_DMA_OP_FLAG_FENCE | RTE_DMA_OP_FLAG_SUBMIT;
	unsigned int i, bad = 0;
	uint16_t last, n;
	bool error;

	(void)state;
	assert_true(none != MAP_FAILED);
	if (strstr(device, "emu:") != NULL && strstr(device, "engine=") == NULL) {
		assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
		assert_int_equal(plug("dma_sva0", "engine=inline"), 0);
		assert_int_equal(start_as("dma_sva0", DESC), 0);
	}
	kmsg_faults_expected(true);
	from[1] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	/* Five entries of the ring each, so that it ends everywhere once. */
	for (i = 0; i <= DESC; i++) {
		from[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)none, .length = 10 };
		assert_true(rte_dma_copy_sg(dev, 0, from, &to, 2, 1, flags) >= 0);
		for (n = 0, error = false; n == 0 && !error; sched_yield())
			n = rte_dma_completed(dev, 0, 8, &last, &error);
		bad += n != 0;
		if (n == 0)
			take_status(1, &status);
		bad += n == 0 && status != RTE_DMA_STATUS_INVALID_SRC_ADDR;
		/* It is not charged to what comes after it. */
		from[0].addr = (rte_iova_t)a;
		assert_true(rte_dma_copy_sg(dev, 0, from, &to, 2, 1, flags) >= 0);
		take_status(1, &status);
		bad += status != RTE_DMA_STATUS_SUCCESSFUL;
		assert_true(copy(b, a, 8, RTE_DMA_OP_FLAG_SUBMIT) >= 0);
		take(1);
		assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
	}
	kmsg_faults_expected(false);
	assert_int_equal(bad, 0);
	assert_int_equal(stats().errors, DESC + 1);
	munmap(none, SIZE);
}

/* What has been polled before is given back in its order, with what came after. */
static void
held(void **state)
{
	uint8_t *none = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	enum rte_dma_status_code status[32];
	enum rte_dma_vchan_status now;
	unsigned int round, i;
	uint16_t last;

	(void)state;
	assert_true(none != MAP_FAILED);
	kmsg_faults_expected(true);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < 8; i++)
			assert_int_equal(copy(b, i == 7 - round ? none : a, 64, 0), round * 8 + i);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		do {
			assert_int_equal(rte_dma_vchan_status(dev, 0, &now), 0);
			sched_yield();
		} while (now == RTE_DMA_VCHAN_ACTIVE);
		assert_int_equal(rte_dma_completed_status(dev, 0, 3, &last, status + round * 3), 3);
		assert_int_equal(last, round * 3 + 2);
	}
	take_status(20, status + 12);
	for (i = 0; i < 32; i++)
		assert_int_equal(status[i], i % 8 == 7 - i / 8 ? RTE_DMA_STATUS_INVALID_SRC_ADDR :
				 RTE_DMA_STATUS_SUCCESSFUL);
	kmsg_faults_expected(false);
	munmap(none, SIZE);
}

/* A client that takes nothing can wait, too, and is told when it has to. */
static void
nothing_taken(void **state)
{
	enum rte_dma_vchan_status status;
	unsigned int round, room, n = 0;

	(void)state;
	for (round = 0; round < 3; round++) {
		/* The first half of the ring, then all that is taken. */
		while ((round != 0 || n < DESC / 2) && copy(b, a, 8, 0) >= 0)
			n++;
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		do {
			assert_int_equal(rte_dma_vchan_status(dev, 0, &status), 0);
			sched_yield();
		} while (status == RTE_DMA_VCHAN_ACTIVE);
		assert_int_equal(status, RTE_DMA_VCHAN_IDLE);
	}
	assert_int_equal(rte_dma_burst_capacity(dev, 0), 0);
	assert_int_equal(copy(b, a, 8, 0), -ENOSPC);
	assert_int_equal(rte_dma_fill(dev, 0, 0, (rte_iova_t)b, 8, 0), -ENOSPC);
	room = n - DESC + 1;
	take_first((uint16_t)room);
	assert_int_equal(copy(b, a, 8, RTE_DMA_OP_FLAG_SUBMIT), n);
	take((uint16_t)(n + 1 - room));
	assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
}

/* What is refused at once changes nothing. */
static void
refused(void **state)
{
	static const uint64_t unknown[] = { RTE_BIT64(3), RTE_BIT64(20), RTE_BIT64(32),
					    RTE_BIT64(63) | RTE_DMA_OP_FLAG_SUBMIT };
	struct rte_dma_sge from[2] = { { .addr = (rte_iova_t)a, .length = 5 },
				       { .addr = (rte_iova_t)a, .length = 5 } };
	struct rte_dma_sge to = { .addr = (rte_iova_t)b, .length = 10 };
	unsigned int i;

	(void)state;
	assert_int_equal(copy(b, a, 0, 0), -EINVAL);
	assert_int_equal(copy(b, a, UINT32_MAX, 0), -EINVAL);
	for (i = 0; i < RTE_DIM(unknown); i++) {
		assert_int_equal(copy(b, a, 8, unknown[i]), -EINVAL);
		assert_int_equal(rte_dma_fill(dev, 0, 0, (rte_iova_t)b, 8, unknown[i]), -EINVAL);
		assert_int_equal(rte_dma_copy_sg(dev, 0, from, &to, 2, 1, unknown[i]), -EINVAL);
	}
	assert_int_equal(rte_dma_fill(dev, 0, 0, (rte_iova_t)b, 0, 0), -EINVAL);
	assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
	assert_int_equal(copy(b, a, 8, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
}

/* Stopped with work on its way, and started: indexes begin with 0, statistics go on. */
static void
stop_and_start(void **state)
{
	struct rte_dma_sge from[2] = { { .addr = (rte_iova_t)a, .length = 5 },
				       { .addr = (rte_iova_t)a, .length = 5 } };
	struct rte_dma_sge to = { .addr = (rte_iova_t)(b + 50 * SIZE), .length = 10 };
	enum rte_dma_vchan_status status;
	uint16_t last = 7;
	unsigned int round, i;
	bool error = false;

	(void)state;
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 40; i++)
			assert_int_equal(copy(b + i * SIZE, a + i * SIZE, SIZE, 0), i);
		assert_int_equal(rte_dma_copy_sg(dev, 0, from, &to, 2, 1, 0), 40);
		assert_int_equal(rte_dma_submit(dev, 0), 0);
		take_first(10);
		/* Some of them polled by that, and all of them stopped. */
		assert_int_equal(rte_dma_vchan_status(dev, 0, &status), 0);
		assert_int_equal(rte_dma_stop(dev), 0);
		assert_memory_equal(a, b, 40 * SIZE);
		memset(b, 0, sizeof(b));
		assert_int_equal(copy(b, a, 8, 0), -ENODEV);
		assert_int_equal(rte_dma_fill(dev, 0, 0, (rte_iova_t)b, 8, 0), -ENODEV);
		assert_int_equal(rte_dma_submit(dev, 0), -ENODEV);
		assert_int_equal(rte_dma_completed(dev, 0, 8, &last, &error), 0);
		assert_int_equal(rte_dma_burst_capacity(dev, 0), 0);
		assert_int_equal(rte_dma_vchan_status(dev, 0, &status), 0);
		assert_int_equal(status, RTE_DMA_VCHAN_IDLE);
		assert_int_equal(stats().submitted, 41 * (round + 1));
		assert_int_equal(stats().completed, 10 * (round + 1));
		assert_int_equal(rte_dma_start(dev), 0);
		assert_int_equal(rte_dma_burst_capacity(dev, 0), DESC);
	}
	for (i = 0; i < 2; i++) {
		assert_int_equal(rte_dma_stats_reset(dev, 0), 0);
		assert_int_equal(stats().submitted + stats().completed + stats().errors, 0);
		assert_int_equal(copy(b, a, 8, RTE_DMA_OP_FLAG_SUBMIT), i);
		take(1);
		assert_int_equal(stats().submitted, 1);
		assert_int_equal(stats().completed, 1);
	}
}

/* What a look at the channel has polled is not lost silently either. */
static void
stop_with_held(void **state)
{
	enum rte_dma_vchan_status status;
	char *text = NULL;
	size_t size = 0;
	unsigned int i;
	FILE *f;

	for (i = 0; i < 7; i++)
		assert_int_equal(copy(b, a, 64, RTE_DMA_OP_FLAG_SUBMIT), i);
	do {
		assert_int_equal(rte_dma_vchan_status(dev, 0, &status), 0);
		sched_yield();
	} while (status == RTE_DMA_VCHAN_ACTIVE);
	assert_int_equal(rte_log_set_level_pattern("svadk.*", RTE_LOG_WARNING), 0);
	assert_int_equal(log_start(state), 0);
	assert_int_equal(rte_dma_stop(dev), 0);
	assert_true(log_has("dma_sva0: stopped with 7 results that nobody took"));
	log_stop(state);
	assert_int_equal(rte_log_set_level_pattern("svadk.*", RTE_LOG_CRIT), 0);
	f = open_memstream(&text, &size);
	assert_int_equal(rte_dma_dump(dev, f), 0);
	fclose(f);
	assert_non_null(strstr(text, "on their way: 0, polled and held: 0"));
	free(text);
}

/* DPDK knows where the device is. */
static void
numa_node(void **state)
{
	struct rte_dma_info info;

	(void)state;
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	node = 0;
	assert_int_equal(plug("dma_sva0", NULL), 0);
	node = -1;
	assert_int_equal(start_as("dma_sva0", DESC), 0);
	assert_int_equal(rte_dma_info_get(dev, &info), 0);
	assert_int_equal(info.numa_node, 0);
}

/* A dmadev of one vdev is called as another vdev: which is refused, and nothing else. */
static void
name_taken(void **state)
{
	char second[512];
	int16_t ids[2];
	unsigned int i;

	(void)state;
	if (strstr(device, "emu:dsa") == NULL)
		skip();
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", "queues=2"), 0);
	assert_int_equal(start_as("dma_sva0-q0", DESC), 0);
	ids[0] = dev;
	assert_int_equal(start_as("dma_sva0-q1", DESC), 0);
	ids[1] = dev;
	snprintf(second, sizeof(second), "dev=emu:dsa1%s", device + strlen("dev=emu:dsa"));
	assert_true(rte_vdev_init("dma_sva0-q1", second) < 0);
	for (i = 0; i < 2; i++) {
		dev = ids[i];
		assert_true(rte_dma_is_valid(dev));
		assert_int_equal(copy(b + i * 64, a + i * 64, 64, RTE_DMA_OP_FLAG_SUBMIT), 0);
		take(1);
	}
	assert_memory_equal(a, b, 128);
}

/* The device stops by itself: what it has not done is told, and a start brings it back. */
static void
failed_device(void **state)
{
	enum rte_dma_status_code status[40];
	enum rte_dma_vchan_status now;
	struct rte_dma_sge from[2], to;
	struct sva_bus_device *bus = opened->bus_dev;
	unsigned int i;
	int ret;

	(void)state;
	from[0] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	from[1] = (struct rte_dma_sge){ .addr = (rte_iova_t)a, .length = 10 };
	to = (struct rte_dma_sge){ .addr = (rte_iova_t)b, .length = 20 };
	bus->bus->ops->write32(bus, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0));
	while (bus->bus->ops->read32(bus, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE)
		sched_yield();
	for (i = 0; i < 40; i++)
		assert_int_equal(i == 20 ? rte_dma_copy_sg(dev, 0, from, &to, 2, 1, 0) :
				 copy(b + i * 64, a, 64, 0), i);
	assert_int_equal(rte_dma_submit(dev, 0), 0);
	take_status(40, status);
	for (i = 0; i < 40; i++)
		assert_int_equal(status[i], RTE_DMA_STATUS_ERROR_UNKNOWN);
	assert_int_equal(rte_dma_vchan_status(dev, 0, &now), 0);
	assert_int_equal(now, RTE_DMA_VCHAN_HALTED_ERROR);
	ret = rte_dma_copy_sg(dev, 0, from, &to, 2, 1, 0);
	assert_int_equal(ret, -EIO);
	assert_int_equal(copy(b, a, 64, 0), -EIO);
	assert_int_equal(rte_dma_submit(dev, 0), -EIO);
	assert_int_equal(b[0], 0);
	assert_int_equal(rte_dma_stop(dev), 0);
	assert_int_equal(rte_dma_start(dev), 0);
	assert_int_equal(rte_dma_vchan_status(dev, 0, &now), 0);
	assert_int_equal(now, RTE_DMA_VCHAN_IDLE);
	assert_int_equal(copy(b, a, 64, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	assert_memory_equal(a, b, 64);
}

/* It comes back when nobody is at it: not before all its dmadevs have been stopped. */
static void
failed_with_others(void **state)
{
	struct sva_bus_device *bus;
	int16_t first;

	(void)state;
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", "queues=2"), 0);
	assert_int_equal(start_as("dma_sva0-q0", DESC), 0);
	first = dev;
	assert_int_equal(start_as("dma_sva0-q1", DESC), 0);
	bus = opened->bus_dev;
	bus->bus->ops->write32(bus, DSA_REG_CMD, DSA_CMD(DSA_CMD_DISABLE_DEVICE, 0));
	while (bus->bus->ops->read32(bus, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE)
		sched_yield();
	assert_int_equal(sva_device_handle_events(opened), -EIO);
	assert_int_equal(rte_dma_stop(dev), 0);
	assert_int_equal(rte_dma_start(dev), -EBUSY);
	assert_int_equal(rte_dma_stop(first), 0);
	assert_int_equal(rte_dma_start(dev), 0);
	assert_int_equal(rte_dma_start(first), 0);
	assert_int_equal(copy(b, a, 64, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	dev = first;
	assert_int_equal(copy(b + 64, a + 64, 64, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	assert_memory_equal(a, b, 128);
}

/* Closed by the application, and made anew. */
static void
closed(void **state)
{
	(void)state;
	assert_int_equal(rte_dma_stop(dev), 0);
	assert_int_equal(rte_dma_close(dev), 0);
	assert_int_equal(rte_dma_get_dev_id_by_name("dma_sva0"), -EINVAL);
	assert_int_equal(rte_vdev_uninit("dma_sva0"), 0);
	assert_int_equal(plug("dma_sva0", NULL), 0);
	assert_int_equal(start_as("dma_sva0", DESC), 0);
	assert_int_equal(copy(b, a, SIZE, RTE_DMA_OP_FLAG_SUBMIT), 0);
	take(1);
	assert_memory_equal(a, b, SIZE);
}

static int
cases(void)
{
	const struct CMUnitTest tests[] = {
		TEST(errors), TEST(error_in_part), TEST(held), TEST(nothing_taken), TEST(refused),
		TEST(stop_and_start), TEST(stop_with_held), TEST(numa_node), TEST(name_taken),
		TEST(failed_device), TEST(failed_with_others), TEST(closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(int argc, char **argv)
{
	(void)argc;
	return dmadev_main(argv[0], cases);
}
