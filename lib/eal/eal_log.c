/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * --log-level, in the forms that DPDK takes: LEVEL, PATTERN:LEVEL and REGEX,LEVEL.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva_log.h>

#include "eal_private.h"

SVA_LOG_COMPONENT(eal);

/* The numbers are those of rte_log.h: emergency is RTE_LOG_EMERG, 1. */
static const char *const level_names[] = {
	"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug",
};

static char **rules;
static unsigned int nb_rules;
static uint32_t saved_global;
static int *saved_levels;	/* by log type; NULL where nothing has been changed */
static unsigned int nb_saved;

/* A name or the beginning of one, or a number; 0 for anything else. */
static uint32_t
parse_level(const char *word)
{
	size_t len = strlen(word);
	uint32_t i;

	if (len == 0)
		return 0;
	for (i = RTE_LOG_EMERG; i <= RTE_LOG_MAX; i++) {
		if (strncmp(level_names[i - 1], word, len) == 0)
			return i;
	}
	if (len == 1 && word[0] >= '0' + (int)RTE_LOG_EMERG && word[0] <= '0' + (int)RTE_LOG_MAX)
		return (uint32_t)(word[0] - '0');
	return 0;
}

static int
apply_rule(const char *rule)
{
	/* A shell pattern may have a comma in it no more than a regex a final colon. */
	const char *end = strrchr(rule, ',');
	bool regex = end != NULL;
	uint32_t level;
	char *types;
	int ret;

	if (!regex)
		end = strrchr(rule, ':');
	level = parse_level(end != NULL ? end + 1 : rule);
	if (level == 0) {
		SVA_LOG(ERR, "--log-level \"%s\": a level is one of emergency, alert, critical, "
			"error, warning, notice, info, debug, or 1 to 8", rule);
		return -EINVAL;
	}
	if (end == NULL) {
		rte_log_set_global_level(level);
		return 0;
	}
	types = strndup(rule, (size_t)(end - rule));
	if (types == NULL)
		return -ENOMEM;
	ret = types[0] == '\0' ? -1 :
		regex ? rte_log_set_level_regexp(types, level) :
		rte_log_set_level_pattern(types, level);
	free(types);
	if (ret < 0) {
		SVA_LOG(ERR, "--log-level \"%s\": bad pattern of log types", rule);
		return -EINVAL;
	}
	return 0;
}

/* Save the levels of the types that have come since the last call. */
static int
save_levels(void)
{
	unsigned int n = nb_saved;
	int *levels;

	while (rte_log_get_level(n) >= 0)
		n++;
	levels = realloc(saved_levels, n * sizeof(*levels));
	if (levels == NULL)
		return -ENOMEM;
	saved_levels = levels;
	for (; nb_saved < n; nb_saved++)
		saved_levels[nb_saved] = rte_log_get_level(nb_saved);
	return 0;
}

int
eal_log_apply(const char *const *list)
{
	unsigned int n = 0;
	int ret;

	while (list != NULL && list[n] != NULL)
		n++;
	if (n == 0)
		return 0;
	rules = calloc(n, sizeof(*rules));
	if (rules == NULL)
		return -ENOMEM;
	saved_global = rte_log_get_global_level();
	ret = save_levels();
	if (ret != 0)
		return ret;
	while (nb_rules < n) {
		ret = apply_rule(list[nb_rules]);
		if (ret != 0)
			return ret;
		rules[nb_rules] = strdup(list[nb_rules]);
		if (rules[nb_rules] == NULL)
			return -ENOMEM;
		nb_rules++;
	}
	return 0;
}

int
eal_log_reapply(void)
{
	unsigned int i;
	int ret;

	if (nb_rules == 0)
		return 0;
	ret = save_levels();
	for (i = 0; i < nb_rules && ret == 0; i++)
		ret = apply_rule(rules[i]);
	return ret;
}

void
eal_log_restore(void)
{
	unsigned int i;

	if (saved_levels != NULL) {
		for (i = 0; i < nb_saved; i++)
			rte_log_set_level(i, (uint32_t)saved_levels[i]);
		rte_log_set_global_level(saved_global);
	}
	for (i = 0; i < nb_rules; i++)
		free(rules[i]);
	free(rules);
	free(saved_levels);
	rules = NULL;
	saved_levels = NULL;
	nb_rules = 0;
	nb_saved = 0;
}
