/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef ACCEL_PRIVATE_H
#define ACCEL_PRIVATE_H

#include <sva_accel_driver.h>

/* One lock around everything of the class that is not the hot path. */
void accel_lock(void);
void accel_unlock(void);

/* Whether the handle is an open device. Under the lock. */
bool accel_device_open(const struct sva_device *dev);

/* The i-th open device, or NULL past the last. Under the lock. */
struct sva_device *accel_device_get(unsigned int i);

/* As sva_device_info(). Under the lock. */
void accel_device_info(const struct sva_device *dev, struct sva_device_info *info);

/* Show the class to the telemetry, once and for all. Under the lock. */
void accel_telemetry(void);

/* Close a queue of an open device. Under the lock. */
int accel_queue_close(struct sva_queue *queue);

/* Free the closed queues that are still kept. At clean-up. */
void accel_queue_forget(void);

#endif /* ACCEL_PRIVATE_H */
