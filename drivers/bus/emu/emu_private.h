/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef EMU_PRIVATE_H
#define EMU_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The ring with C11 atomics: ordering that compilers and thread sanitizers can see. */
#ifndef RTE_USE_C11_MEM_MODEL
#define RTE_USE_C11_MEM_MODEL
#endif
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <sva_bus.h>
#include <sva_driver.h>
#include <sva_dsa_model.h>

#define EMU_MAX_BONDS 64
#define EMU_MAX_VECTORS 9	/* one for errors and commands, one a WQ */
#define EMU_RING_ENTRIES 1024	/* more than any WQ holds */

/* One process bound to one container. */
struct emu_bond {
	uint32_t pasid;		/* 0: free */
	pid_t pid;		/* the process that owns the container, or another */
	int memfd;		/* another process: /proc/PID/mem, which pins its mm; else -1 */
};

struct emu_container {
	struct sva_container base;
	pid_t owner;		/* process that made it: a fork's copy has no engine */
	struct emu_bond bonds[EMU_MAX_BONDS];
	unsigned int nb_bonds;
};

enum emu_engine_kind {
	EMU_ENGINE_TASK,	/* a task of its own that shares the address space */
	EMU_ENGINE_THREAD,	/* a thread; memory through process_vm_*() */
	EMU_ENGINE_INLINE,	/* the caller's thread; memory through process_vm_*() */
};

/* What becomes of a page that is not present. */
enum emu_pri {
	EMU_PRI_OFF,		/* the device gets a fault */
	EMU_PRI_ON,		/* it is faulted in, unseen by the device */
	EMU_PRI_REQUESTS,	/* the device asks for it, where it may block, and waits */
};

struct emu_device {
	struct sva_bus_device base;
	struct emu_container *container;
	struct sva_dsa *model;

	/* Around the model and the container's bonds. */
	pthread_mutex_t lock;
	atomic_uint lock_waiters;	/* the engine lets them go first */
	bool bond_locked;		/* taken while a bond changes */
	unsigned int faults;		/* accesses that are yet to find no page; under the lock */

	enum emu_engine_kind engine;
	enum emu_pri pri;
	bool timing;			/* the model keeps a virtual time */
	int pagemap;			/* /proc/self/pagemap, unless pri is on */
	pthread_t host;
	bool host_running;
	void *stack;
	atomic_bool stop;
	atomic_bool dead;		/* the engine died; registers read all ones */
	atomic_bool kick;		/* a register was written */
	atomic_uint sleeping;		/* futex */

	struct rte_ring *_Atomic rings[SVA_DSA_MAX_WQS];	/* portal to engine */
	int irq[EMU_MAX_VECTORS];
	int removal;		/* eventfd, -1: nobody has asked for it */
	const struct emu_bond *last_bond;
	struct emu_device *next;	/* of all that are open */
};

/* Set where a guarded copy stopped. */
struct emu_trap {
	uint64_t addr;		/* 0 where the CPU did not give one */
	uint64_t write;
};

/* emu_guard.c */

/*
 * Copy, ascending, between addresses that may fault. Only for the engine task, whose
 * fault handler is emu_guard_install()'s. Returns the bytes not copied; an 8-byte copy
 * is one load and one store.
 */
size_t emu_guard_copy(void *dst, const void *src, size_t len, struct emu_trap *trap);
/* Take SIGSEGV and SIGBUS in the calling task. 0 or -errno. */
int emu_guard_install(void);

/* emu_dma.c */
extern const struct sva_dsa_ops emu_dma_ops;
extern const struct sva_dsa_ops emu_dma_request_ops;	/* for EMU_PRI_REQUESTS */

/* emu_engine.c */
void emu_engine_probe(void);
enum emu_engine_kind emu_engine_default(void);
int emu_engine_start(struct emu_device *dev);
void emu_engine_stop(struct emu_device *dev);
/* Wake the engine, or do its work where there is none. */
void emu_engine_kick(struct emu_device *dev);
/* Have what the portals took reach the device. Under the lock. */
void emu_engine_deliver(struct emu_device *dev);
/* Let the engine run where it may be short of a CPU. */
void emu_engine_yield(struct emu_device *dev);
void emu_engine_portal_write(struct sva_portal *portal, const void *desc);
bool emu_engine_enqcmd(struct sva_portal *portal, const void *desc);
/* Whether it was taken: not from an engine that was killed with it. */
bool emu_lock(struct emu_device *dev);
void emu_unlock(struct emu_device *dev);

/* emu_bind.c */
int emu_container_create(struct sva_container **container);
void emu_container_destroy(struct sva_container *container);
/* 0, or -EOPNOTSUPP in a fork's copy, logged. */
int emu_container_check(const struct emu_container *c);
int emu_bind(struct sva_container *container, pid_t pid, uint32_t *pasid);
int emu_unbind(struct sva_container *container, pid_t pid);
void emu_container_info(struct sva_container *container, struct sva_container_info *info);
/* Whether the process of a bond to another process still has that address space. */
bool emu_bond_alive(const struct emu_bond *bond);

#endif /* EMU_PRIVATE_H */
