/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * A plugin with a bus and a driver. Compiled in several ways, some of them wrong:
 * DEMO_NAME: its name; DEMO_FAIL: its init fails; DEMO_ABI: of another ABI;
 * DEMO_INCOMPLETE: without fini; DEMO_NONE: no plugin at all.
 */
#include <sva_log.h>

#include "test_eal_fake.h"

#ifndef DEMO_NAME
#define DEMO_NAME demo
#endif
#define DEMO_STR_(x) #x
#define DEMO_STR(x) DEMO_STR_(x)

SVA_LOG_COMPONENT(demo);

static const struct sva_bus demo_bus = {
	.name = DEMO_STR(DEMO_NAME),
	.desc = "a bus for tests",
	.preference = 5,
	.params = fake_params,
	.ops = &fake_ops,
};

static const struct sva_driver demo_driver = {
	.name = DEMO_STR(DEMO_NAME) "-driver",
	.desc = "a driver for tests",
	.dev_class = "test",
	.ids = fake_ids,
	.params = fake_driver_params,
};

int demo_init(void);
void demo_fini(void);

int
demo_init(void)
{
	int ret;

	SVA_LOG(DEBUG, DEMO_STR(DEMO_NAME) " starts");
#ifdef DEMO_FAIL
	return -EIO;
#endif
	ret = sva_bus_register(&demo_bus);
	if (ret != 0)
		return ret;
	ret = sva_driver_register(&demo_driver);
	if (ret != 0)
		sva_bus_unregister(&demo_bus);
	return ret;
}

void
demo_fini(void)
{
	SVA_LOG(DEBUG, DEMO_STR(DEMO_NAME) " stops");
	sva_driver_unregister(&demo_driver);
	sva_bus_unregister(&demo_bus);
}

#if defined(DEMO_ABI)
extern const struct sva_plugin sva_plugin;
const struct sva_plugin sva_plugin = { DEMO_ABI, "demo", demo_init, demo_fini };
#elif defined(DEMO_INCOMPLETE)
SVA_PLUGIN(demo, demo_init, NULL);
#elif !defined(DEMO_NONE)
SVA_PLUGIN(demo, demo_init, demo_fini);
#endif
