/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Start and end of SVADK in a process.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sva_eal.h>
#include <sva_log.h>

#include "eal_private.h"
#include "eal_telemetry.h"

SVA_LOG_COMPONENT(eal);

enum eal_state {
	EAL_OFF,
	EAL_STARTING,
	EAL_READY,
	EAL_STOPPING,
};

struct hook {
	void (*fn)(void);
	struct hook *next;
};

static atomic_int eal_state = EAL_OFF;
static atomic_int eal_huge = SVA_HUGE_ALLOW;
static pthread_mutex_t hook_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct hook *hooks;	/* last registered first */

bool
eal_active(void)
{
	return atomic_load(&eal_state) != EAL_OFF;
}

bool
sva_eal_ready(void)
{
	return atomic_load(&eal_state) >= EAL_READY;
}

enum sva_huge
sva_eal_huge(void)
{
	return (enum sva_huge)atomic_load(&eal_huge);
}

const char *
sva_version(void)
{
	return SVA_VERSION;
}

int
sva_at_cleanup(void (*fn)(void))
{
	struct hook *hook;
	int state;

	if (fn == NULL)
		return -EINVAL;
	state = atomic_load(&eal_state);
	if (state != EAL_STARTING && state != EAL_READY)
		return -ENODEV;
	hook = malloc(sizeof(*hook));
	if (hook == NULL)
		return -ENOMEM;
	hook->fn = fn;
	pthread_mutex_lock(&hook_mutex);
	hook->next = hooks;
	hooks = hook;
	pthread_mutex_unlock(&hook_mutex);
	return 0;
}

static void
run_hooks(void)
{
	struct hook *hook;

	for (;;) {
		pthread_mutex_lock(&hook_mutex);
		hook = hooks;
		if (hook != NULL)
			hooks = hook->next;
		pthread_mutex_unlock(&hook_mutex);
		if (hook == NULL)
			return;
		hook->fn();
		free(hook);
	}
}

/* Undoes start(), also one that failed on its way: each step may have nothing to do. */
static void
stop(void)
{
	eal_telemetry_stop();
	run_hooks();
	eal_bind_cleanup();
	eal_worker_cleanup();
	eal_plugin_unload();
	eal_mem_cleanup();
	eal_allow_free();
	eal_cpu_free();
	eal_log_restore();
	atomic_store(&eal_huge, SVA_HUGE_ALLOW);
	atomic_store(&eal_state, EAL_OFF);
}

static int
start_huge(const struct sva_eal_conf *conf)
{
	if (conf->huge && conf->no_huge) {
		SVA_LOG(ERR, "huge pages are both preferred and forbidden (--huge, --no-huge)");
		return -EINVAL;
	}
	if (conf->huge)
		atomic_store(&eal_huge, SVA_HUGE_PREFER);
	else if (conf->no_huge)
		atomic_store(&eal_huge, SVA_HUGE_NEVER);
	return 0;
}

static int
start(const struct sva_eal_conf *conf, bool pin)
{
	int ret;

	ret = eal_log_apply(conf->log_levels);
	if (ret == 0)
		ret = start_huge(conf);
	if (ret == 0)
		ret = eal_cpu_init(conf->cpus);
	if (ret == 0)
		ret = eal_allow_init(conf->allow);
	if (ret == 0)
		ret = eal_plugin_load(conf->plugins);
	if (ret == 0)
		ret = eal_allow_check_buses();
	eal_telemetry_commands();
	if (ret == 0)
		ret = eal_telemetry_start(conf->telemetry);
	if (ret == 0 && pin)
		ret = eal_cpu_pin();
	if (ret == 0)
		atomic_store(&eal_state, EAL_READY);
	else
		stop();
	return ret;
}

static int
claim(void)
{
	int expected = EAL_OFF;

	return atomic_compare_exchange_strong(&eal_state, &expected, EAL_STARTING) ?
		0 : -EALREADY;
}

int
sva_eal_init(int argc, char **argv)
{
	struct eal_args args;
	int used, ret;

	ret = claim();
	if (ret != 0)
		return ret;
	used = eal_args_parse(argc, argv, &args);
	if (used < 0) {
		stop();
		return used;
	}
	ret = start(&args.conf, true);
	eal_args_free(&args);
	return ret == 0 ? used : ret;
}

int
sva_eal_setup(const struct sva_eal_conf *conf)
{
	static const struct sva_eal_conf defaults;
	int ret;

	ret = claim();
	if (ret != 0)
		return ret;
	return start(conf != NULL ? conf : &defaults, false);
}

int
sva_eal_cleanup(void)
{
	int expected = EAL_READY;

	if (eal_worker_here())
		return -EBUSY;
	if (!atomic_compare_exchange_strong(&eal_state, &expected, EAL_STOPPING))
		return expected == EAL_OFF ? -EINVAL : -EBUSY;
	stop();
	return 0;
}
