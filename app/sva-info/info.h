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

/* A device that a bus has reported, or that -a names. */
struct info_device {
	char name[64];
	uint16_t vendor_id, device_id;
	int numa_node;
	const char *driver;	/* NULL: none in this build */
	char problem[320];	/* why it cannot be used and what to do; "" where it can */
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
void info_collect(struct info *info, bool open);

/* show.c */
void info_show_text(const struct info *info);
void info_show_json(const struct info *info);

#endif /* INFO_H */
