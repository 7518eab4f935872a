/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/*
 * The emulated function's engine: what silicon does by itself.
 *
 * On x86-64 it is a task that shares the address space and the files of the process,
 * but not its signal dispositions (clone(2) without CLONE_SIGHAND): a fault that a bad
 * address causes never meets the program's SIGSEGV handler, nor needs one of ours in
 * the program. A host thread starts the task, lends it its thread-local storage, and
 * then only waits for it; should that thread end, the kernel kills the task.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <rte_pause.h>

#include <dsa_hw.h>
#include <sva_log.h>
#include <sva_worker.h>

#include "emu_private.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

SVA_LOG_COMPONENT(bus.emu.engine);

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#endif

#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER 1
#elif defined(__has_feature)
#define THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define THREAD_SANITIZER 0
#endif

#define STACK_SIZE (256 * 1024)
#define BURST 32
#define SLICE 64		/* descriptors executed before the lock is offered */
#define SPINS 2000		/* of idle polling before the engine sleeps: about 0.1 ms */

#define LOCK_NS 10000000	/* between looks whether the engine died with the lock */

/* CPUs that the engines may use. */
static cpu_set_t allowed;

void
emu_engine_probe(void)
{
	if (sva_worker_cpus(sizeof(allowed), &allowed) != 0)
		CPU_ZERO(&allowed);
}

enum emu_engine_kind
emu_engine_default(void)
{
	if (CPU_COUNT(&allowed) == 1)
		return EMU_ENGINE_INLINE;
#if defined(__x86_64__) && !THREAD_SANITIZER
	if (!RUNNING_ON_VALGRIND)
		return EMU_ENGINE_TASK;
#endif
	return EMU_ENGINE_THREAD;
}

static void
futex(atomic_uint *word, int op, unsigned int value)
{
	syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

bool
emu_lock(struct emu_device *dev)
{
	bool taken = pthread_mutex_trylock(&dev->lock) == 0;
	struct timespec until;
	unsigned int spins;

	if (taken)
		return true;
	atomic_fetch_add(&dev->lock_waiters, 1);
	/* The engine makes way after its slice, and stands still for whoever sleeps here. */
	for (spins = 0; !taken && spins < 10 * SPINS; spins++) {
		rte_pause();
		taken = pthread_mutex_trylock(&dev->lock) == 0;
	}
	while (!taken && !atomic_load(&dev->dead)) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOCK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		taken = pthread_mutex_timedlock(&dev->lock, &until) == 0;
	}
	atomic_fetch_sub(&dev->lock_waiters, 1);
	return taken;
}

void
emu_unlock(struct emu_device *dev)
{
	pthread_mutex_unlock(&dev->lock);
}

static void
wake(struct emu_device *dev)
{
	if (atomic_exchange(&dev->sleeping, 0) != 0)
		futex(&dev->sleeping, FUTEX_WAKE_PRIVATE, 1);
}

/* Move what the portals took to the model's work queues, which drop what is too much. */
static unsigned int
feed(struct emu_device *dev)
{
	struct dsa_desc burst[BURST] __attribute__((aligned(64)));
	unsigned int wq, i, n, moved = 0;

	for (wq = 0; wq < SVA_DSA_MAX_WQS; wq++) {
		if (dev->rings[wq] == NULL)
			continue;
		n = rte_ring_sc_dequeue_burst_elem(dev->rings[wq], burst, sizeof(burst[0]),
						   BURST, NULL);
		for (i = 0; i < n; i++)
			sva_dsa_portal_write(dev->model, DSA_PORTAL_OFFSET(wq, false),
					     &burst[i], false);
		moved += n;
	}
	return moved;
}

void
emu_engine_deliver(struct emu_device *dev)
{
	while (feed(dev) != 0)
		;
}

static bool
rings_empty(struct emu_device *dev)
{
	unsigned int wq;

	for (wq = 0; wq < SVA_DSA_MAX_WQS; wq++) {
		struct rte_ring *ring = dev->rings[wq];

		/* As rte_ring_empty(), with loads that are known to race. */
		if (ring != NULL && __atomic_load_n(&ring->prod.tail, __ATOMIC_RELAXED) !=
				    __atomic_load_n(&ring->cons.tail, __ATOMIC_RELAXED))
			return false;
	}
	return true;
}

void
emu_engine_yield(struct emu_device *dev)
{
	if (!rings_empty(dev))
		sched_yield();
}

/* One slice of work under the lock; whether there was any. */
static bool
work(struct emu_device *dev)
{
	unsigned int n;

	pthread_mutex_lock(&dev->lock);
	n = feed(dev);
	n += sva_dsa_step(dev->model, SLICE);
	pthread_mutex_unlock(&dev->lock);
	return n != 0;
}

static void
engine_loop(struct emu_device *dev)
{
	bool busy = false;
	unsigned int idle = 0, waited;

	while (!atomic_load_explicit(&dev->stop, memory_order_relaxed)) {
		waited = 0;
		while (atomic_load_explicit(&dev->lock_waiters, memory_order_relaxed) != 0) {
			if (waited++ < SPINS)
				rte_pause();
			else
				sched_yield();
		}
		if (busy || !rings_empty(dev) ||
		    atomic_load_explicit(&dev->kick, memory_order_relaxed)) {
			atomic_store(&dev->kick, false);
			busy = work(dev);
			idle = 0;
			continue;
		}
		if (++idle < SPINS) {
			/* Where CPUs are scarce a poller must not keep the others out. */
			if (idle % 64 == 0)
				sched_yield();
			else
				rte_pause();
			continue;
		}
		/* Pairs with the fence between a portal write and its look at `sleeping`. */
		atomic_store(&dev->sleeping, 1);
		atomic_thread_fence(memory_order_seq_cst);
		if (rings_empty(dev) && !atomic_load(&dev->kick) && !atomic_load(&dev->stop))
			futex(&dev->sleeping, FUTEX_WAIT_PRIVATE, 1);
		atomic_store(&dev->sleeping, 0);
		idle = 0;
	}
}

static int
engine_task(void *arg)
{
	struct emu_device *dev = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "sva-emu");
	if (getppid() != dev->container->owner || emu_guard_install() != 0)
		return 1;
	engine_loop(dev);
	return 0;
}

#if defined(__x86_64__)
/*
 * clone(2) by hand: the C library's would do, but sanitizers intercept that one to
 * treat the child as a fork.
 */
__attribute__((noinline, no_sanitize("address", "undefined"))) static long
clone_task(void *stack_top, int (*fn)(void *), void *arg)
{
	register long ret asm("rax") = SYS_clone;
	register long flags asm("rdi") = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_IO |
					 CLONE_UNTRACED;
	register void *stack asm("rsi") = stack_top;
	register long no_ptid asm("rdx") = 0;
	register long no_ctid asm("r10") = 0;
	register long no_tls asm("r8") = 0;
	register int (*child_fn)(void *) asm("r12") = fn;
	register void *child_arg asm("r13") = arg;

	asm volatile("syscall\n"
		     "	test	%%rax, %%rax\n"
		     "	jnz	1f\n"
		     "	xor	%%ebp, %%ebp\n"
		     "	mov	%%r13, %%rdi\n"
		     "	call	*%%r12\n"
		     "	mov	%%eax, %%edi\n"
		     "	mov	%[exit], %%eax\n"
		     "	syscall\n"
		     "	hlt\n"
		     "1:\n"
		     : "+r"(ret)
		     : "r"(flags), "r"(stack), "r"(no_ptid), "r"(no_ctid), "r"(no_tls),
		       "r"(child_fn), "r"(child_arg), [exit] "i"(SYS_exit)
		     : "rcx", "r11", "memory", "cc");
	return ret;
}
#else
static long
clone_task(void *stack_top, int (*fn)(void *), void *arg)
{
	(void)stack_top;
	(void)fn;
	(void)arg;
	return -ENOSYS;
}
#endif

static void *
host_thread(void *arg)
{
	struct emu_device *dev = arg;
	int status = 0;
	long pid;

	pthread_setname_np(pthread_self(), "sva-emu-host");
	if (dev->engine != EMU_ENGINE_TASK) {
		engine_loop(dev);
		return NULL;
	}
	pid = clone_task((char *)dev->stack + STACK_SIZE, engine_task, dev);
	if (pid < 0) {
		/* A sandbox that forbids it: the thread can do the work as well. */
		SVA_LOG(NOTICE, "no engine task (%s), using a thread", strerror((int)-pid));
		dev->engine = EMU_ENGINE_THREAD;
		engine_loop(dev);
		return NULL;
	}
	while (waitpid((pid_t)pid, &status, __WALL) < 0 && errno == EINTR)
		;
	if (!atomic_load(&dev->stop)) {
		SVA_LOG(ERR, "%s: the engine ended by itself (wait status 0x%x); close the device",
			dev->base.name, (unsigned int)status);
		atomic_store(&dev->dead, true);
	}
	return NULL;
}

int
emu_engine_start(struct emu_device *dev)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int ret;

	if (dev->engine == EMU_ENGINE_INLINE)
		return 0;
	dev->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (dev->stack == MAP_FAILED)
		return -ENOMEM;
	/* What was on a stack here before, of an engine that was killed, does not count. */
	ASAN_UNPOISON_MEMORY_REGION(dev->stack, STACK_SIZE);
	/* The lowest page guards the rest. */
	mprotect(dev->stack, 4096, PROT_NONE);
	ret = -pthread_attr_init(&attr);
	if (ret == 0) {
		/* Not where a pinned caller happens to be. */
		if (CPU_COUNT(&allowed) > 0)
			pthread_attr_setaffinity_np(&attr, sizeof(allowed), &allowed);
		/* The program's signals are none of the engine's business. */
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, &before);
		ret = -pthread_create(&dev->host, &attr, host_thread, dev);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		pthread_attr_destroy(&attr);
	}
	if (ret != 0)
		munmap(dev->stack, STACK_SIZE);
	dev->host_running = ret == 0;
	return ret;
}

void
emu_engine_stop(struct emu_device *dev)
{
	if (!dev->host_running)
		return;
	atomic_store(&dev->stop, true);
	/* In a fork's copy there is neither thread nor task to wait for. */
	if (dev->container->owner == getpid()) {
		wake(dev);
		pthread_join(dev->host, NULL);
	}
	munmap(dev->stack, STACK_SIZE);
	dev->host_running = false;
}

void
emu_engine_kick(struct emu_device *dev)
{
	if (dev->engine == EMU_ENGINE_INLINE) {
		emu_lock(dev);
		while (sva_dsa_step(dev->model, SLICE) != 0)
			;
		emu_unlock(dev);
		return;
	}
	atomic_store(&dev->kick, true);
	atomic_thread_fence(memory_order_seq_cst);
	wake(dev);
}

void
emu_engine_portal_write(struct sva_portal *portal, const void *desc)
{
	struct emu_device *dev = portal->bus_data;
	unsigned int wq = DSA_PORTAL_WQ((uintptr_t)portal->addr);

	if (dev->engine == EMU_ENGINE_INLINE) {
		emu_lock(dev);
		sva_dsa_portal_write(dev->model, DSA_PORTAL_OFFSET(wq, false), desc, false);
		while (sva_dsa_step(dev->model, SLICE) != 0)
			;
		emu_unlock(dev);
		return;
	}
	/*
	 * The ring holds more than any WQ: where it is full the WQ is as well, and a
	 * posted write to a full WQ is lost without a word.
	 */
	rte_ring_sp_enqueue_bulk_elem(dev->rings[wq], desc, 64, 1, NULL);
	atomic_thread_fence(memory_order_seq_cst);
	if (__builtin_expect(atomic_load_explicit(&dev->sleeping, memory_order_relaxed), 0))
		wake(dev);
}

/* The PASID that the kernel would have put into the CPU's register for this process. */
static uint32_t
own_pasid(const struct emu_container *c)
{
	unsigned int i;

	for (i = 0; i < EMU_MAX_BONDS; i++)
		if (c->bonds[i].pasid != 0 && c->bonds[i].memfd < 0)
			return c->bonds[i].pasid;
	return 0;
}

bool
emu_engine_enqcmd(struct sva_portal *portal, const void *from)
{
	struct emu_device *dev = portal->bus_data;
	uint64_t offset = (uintptr_t)portal->addr;
	struct dsa_desc desc;
	bool accepted;

	memcpy(&desc, from, sizeof(desc));
	if (atomic_load(&dev->dead) || !emu_lock(dev))
		return false;
	desc.pasid_priv = own_pasid(dev->container);
	accepted = sva_dsa_portal_write(dev->model, offset, &desc, true) == SVA_DSA_ACCEPTED;
	emu_unlock(dev);
	/* Refused or not, there is work for the engine. */
	emu_engine_kick(dev);
	return accepted;
}
