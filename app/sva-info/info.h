/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * sva-info: what its parts share.
 */
#ifndef INFO_H
#define INFO_H

#include <stdbool.h>
#include <stdint.h>

#include <sva_accel.h>
#include <sva_bus.h>
#include <sva_driver.h>

/* A device that a bus offers, or a PCI function that a driver would know. */
struct info_device {
	char name[64];
	uint16_t vendor_id, device_id;
	int numa_node;
	const char *driver;	/* NULL: none in this build */
	char kernel_driver[32];	/* of a PCI function that no bus offers; "" for none */
	char problem[256];	/* why it cannot be used and what to do; "" where it can */
	bool opened;		/* what follows is known */
	struct sva_device_info caps;
	struct sva_container_info container;
};

struct info {
	struct info_device *devices;
	unsigned int nb;
	bool failed;		/* the list is not complete, which has been said */
};

/* main.c: one line on standard error */
void info_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* collect.c */
struct info_device *info_add(struct info *info, const char *name, uint16_t vendor,
			     uint16_t device, int numa_node);
bool info_has(const struct info *info, const char *name);
void info_collect(struct info *info, bool open);

/* pci.c: add the PCI functions that a driver knows and no bus has reported */
void info_scan_pci(struct info *info);

/* show.c */
void info_show_text(const struct info *info);
void info_show_json(const struct info *info);

#endif /* INFO_H */
