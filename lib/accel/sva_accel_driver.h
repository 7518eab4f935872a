/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_ACCEL_DRIVER_H
#define SVA_ACCEL_DRIVER_H

/**
 * @file
 * What a driver of the accelerator class implements.
 */

#include <sva_accel.h>
#include <sva_bus.h>
#include <sva_driver.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SVA_MAX_DEVICES 64	/**< Open at a time. */
#define SVA_MAX_QUEUES 128	/**< Of one device. */

/** A device; the class owns it, the driver fills in what its comments say. */
struct sva_device {
	const struct sva_accel_driver *driver;	/**< NULL while the slot is closed. */
	struct sva_bus_device *bus_dev;		/**< The open device. */
	struct sva_container *container;	/**< That it was opened in. */
	bool own_container;	/**< The class made the container, and destroys it. */
	pid_t pid;		/**< Process bound; 0 for the opener. */
	uint32_t pasid;		/**< To tag DMA with. */
	/** By the driver, in probe: capabilities. `queues` comes in as the wish. */
	unsigned int nb_queues;
	unsigned int max_batch;	/**< By the driver: operations of a batch descriptor. */
	unsigned int wq_size;	/**< By the driver: descriptors that a queue holds. */
	uint64_t max_transfer;	/**< By the driver: bytes of one operation. */
	uint32_t ops;		/**< By the driver: bit i for enum sva_opcode i. */
	bool block_on_fault;	/**< By the driver: the device waits for page faults. */
	bool shared;		/**< By the driver: the work queues are shared ones. */
	void *priv;		/**< The driver's. */
	struct sva_queue *queues[SVA_MAX_QUEUES];	/**< Open ones. */
	sva_event_fn event_fn;	/**< sva_accel_event() calls it. */
	void *event_arg;	/**< With this. */
};

/** Report an event; no lock of the driver may be held. Any thread. */
void sva_accel_event(struct sva_device *dev, const struct sva_event *event);

/** Operations of a driver. The class serialises calls for one device. */
struct sva_device_ops {
	/** Bring the device up under dev->pasid, fill in the fields above. */
	int (*probe)(struct sva_device *dev);
	/** Bring it down and free dev->priv; every queue is closed. */
	void (*remove)(struct sva_device *dev);
	/** Reset and bring up again; unfinished operations become SVA_ABORTED. */
	int (*reset)(struct sva_device *dev);
	/**
	 * Allocate (for free()) and start queue @p index; the class fills in dev and index.
	 * `conf` is checked and its depth a power of two.
	 */
	int (*queue_open)(struct sva_device *dev, unsigned int index,
			  const struct sva_queue_conf *conf, struct sva_queue **queue);
	/**
	 * Wait for what is in flight, stop the queue and free what it refers to, but
	 * not the structure itself, which the class keeps for a while.
	 * @param unpolled set to the results that nobody took.
	 * @return 0 or -EIO; closed in either case.
	 */
	int (*queue_close)(struct sva_queue *queue, unsigned int *unpolled);
	/** Fill in what sva_queue_info() gives. */
	void (*queue_info)(struct sva_queue *queue, struct sva_queue_info *info);
	/** Fill in what sva_queue_stats() gives. */
	void (*queue_stats)(struct sva_queue *queue, struct sva_queue_stats *stats);
	/** Set the counters to 0. */
	void (*queue_stats_reset)(struct sva_queue *queue);
	/** As sva_device_event_fd(). Optional, with the next two. */
	int (*event_fd)(struct sva_device *dev);
	/** As sva_device_handle_events(). */
	int (*handle_events)(struct sva_device *dev);
	/** As sva_queue_event_fd(). */
	int (*queue_event_fd)(struct sva_queue *queue);
};

/** A driver of the class; its `base.dev_class` is "accel". */
struct sva_accel_driver {
	struct sva_driver base;			/**< Name, ids, devargs. */
	const struct sva_device_ops *ops;	/**< What it can do. */
};

#ifdef __cplusplus
}
#endif

#endif /* SVA_ACCEL_DRIVER_H */
