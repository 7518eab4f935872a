/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Pinned worker threads.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sva_log.h>
#include <sva_worker.h>

#include "eal_private.h"

SVA_LOG_COMPONENT(eal);

struct sva_worker {
	pthread_t thread;
	char name[16];		/* as long as the kernel takes */
	int (*fn)(void *arg);
	void *arg;
	pid_t process;
	int result;
	struct sva_worker *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct sva_worker *workers;
static __thread struct sva_worker *self;

bool
eal_worker_here(void)
{
	return self != NULL;
}

static void *
run(void *arg)
{
	struct sva_worker *w = arg;

	self = w;
	pthread_setname_np(pthread_self(), w->name);
	w->result = w->fn(w->arg);
	return NULL;
}

/* Block what is meant for the program; a fault stays with the thread that caused it. */
static void
block_signals(sigset_t *old)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT };
	sigset_t set;
	size_t i;

	sigfillset(&set);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&set, faults[i]);
	pthread_sigmask(SIG_SETMASK, &set, old);
}

/* 0 or an errno. */
static int
create_thread(struct sva_worker *w, int cpu)
{
	cpu_set_t one[EAL_CPU_SETS];
	const cpu_set_t *set = eal_cpu_usable_set();
	pthread_attr_t attr;
	sigset_t old;
	int err;

	if (cpu >= 0) {
		memset(one, 0, sizeof(one));
		CPU_SET_S((size_t)cpu, sizeof(one), one);
		set = one;
	}
	err = pthread_attr_init(&attr);
	if (err != 0)
		return err;
	/* Also where it is not pinned: the caller may be, and the thread would inherit it. */
	err = pthread_attr_setaffinity_np(&attr, sizeof(one), set);
	if (err == 0) {
		block_signals(&old);
		err = pthread_create(&w->thread, &attr, run, w);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	pthread_attr_destroy(&attr);
	return err;
}

static void
link_worker(struct sva_worker *w)
{
	pthread_mutex_lock(&mutex);
	w->next = workers;
	workers = w;
	pthread_mutex_unlock(&mutex);
}

/* Take a worker off the list: @worker, or any where that is NULL. */
static struct sva_worker *
unlink_worker(const struct sva_worker *worker)
{
	struct sva_worker **p, *w;

	pthread_mutex_lock(&mutex);
	for (p = &workers; *p != NULL && worker != NULL && *p != worker; p = &(*p)->next)
		;
	w = *p;
	if (w != NULL)
		*p = w->next;
	pthread_mutex_unlock(&mutex);
	return w;
}

int
sva_worker_start(const char *name, int cpu, int (*fn)(void *arg), void *arg,
		 struct sva_worker **worker)
{
	struct sva_worker *w;
	int err;

	if (name == NULL || fn == NULL || worker == NULL || strlen(name) >= sizeof(w->name))
		return -EINVAL;
	if (!eal_active())
		return -ENODEV;
	if (cpu < -1 || (cpu >= 0 && !eal_cpu_usable(cpu))) {
		SVA_LOG(ERR, "worker %s: CPU %d is offline or not among those that SVADK was "
			"started on", name, cpu);
		return -EINVAL;
	}
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -ENOMEM;
	strcpy(w->name, name);
	w->fn = fn;
	w->arg = arg;
	w->process = getpid();
	err = create_thread(w, cpu);
	if (err != 0) {
		SVA_LOG(ERR, "worker %s cannot be started on CPU %d: %s", name, cpu, strerror(err));
		free(w);
		return -err;
	}
	link_worker(w);
	*worker = w;
	return 0;
}

int
sva_worker_join(struct sva_worker *worker, int *result)
{
	struct sva_worker *w;
	int err;

	if (worker == NULL)
		return -EINVAL;
	if (worker == self)
		return -EDEADLK;
	w = unlink_worker(worker);
	if (w == NULL)
		return -EINVAL;
	err = pthread_join(w->thread, NULL);
	if (err != 0) {
		/* Two workers that join each other: EDEADLK. */
		link_worker(w);
		return -err;
	}
	if (result != NULL)
		*result = w->result;
	free(w);
	return 0;
}

void
eal_worker_cleanup(void)
{
	struct sva_worker *w;

	while ((w = unlink_worker(NULL)) != NULL) {
		/* In the child of a fork there is none. */
		if (w->process == getpid())
			pthread_join(w->thread, NULL);
		free(w);
	}
}
