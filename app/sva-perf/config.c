/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Files of measurements: INI, each section a run. rte_cfgfile takes them apart; it passes
 * over lines that it does not understand, cuts what is too long, and takes anything twice,
 * so that all of that is looked for here.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <rte_cfgfile.h>

#include "perf.h"

#define COMMENT CFG_DEFAULT_COMMENT_CHARACTER
#define MAX_LINE (CFG_NAME_LEN + CFG_VALUE_LEN)	/* shorter than rte_cfgfile's own limit */
#define WHERE 320	/* room for "FILE: [SECTION]: KEY" */

static int
refuse(const char *path, unsigned int line, const char *why)
{
	perf_error("--config: '%s', line %u: %s", path, line, why);
	return PERF_EXIT_USAGE;
}

/* A line without its end and comment, and without blanks on either side. */
static char *
strip(char *text)
{
	char *comment = strchr(text, COMMENT), *end;

	if (comment != NULL && (comment == text || comment[-1] != '\\'))
		*comment = '\0';
	while (isspace((unsigned char)*text))
		text++;
	for (end = text + strlen(text); end > text && isspace((unsigned char)end[-1]); end--)
		;
	*end = '\0';
	return text;
}

static size_t
length_without_blanks(const char *text, size_t len)
{
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	return len;
}

/* What is wrong with a section's name and what follows it, or NULL. It goes into output. */
static const char *
wrong_section(const char *name)
{
	const char *end = strchr(name, ']'), *c;

	if (end == NULL || end[1] != '\0')
		return "a section is [NAME] and nothing else";
	if (end - name >= CFG_NAME_LEN)
		return "the section's name is too long";
	if (strspn(name, " ") == (size_t)(end - name))
		return "the section has no name";
	for (c = name; c < end; c++) {
		if (*c < ' ' || *c > '~')
			return "the section's name is not printable ASCII";
	}
	return NULL;
}

/* What is wrong with a line, or NULL. */
static const char *
wrong_line(char *line)
{
	const char *text = strip(line), *equals = strchr(text, '='), *value;

	if (*text == '\0')
		return NULL;
	if (*text == '[')
		return wrong_section(text + 1);
	if (equals == NULL)
		return "is neither [SECTION] nor KEY = VALUE nor ; and a comment";
	if (equals == text)
		return "there is no key before the =";
	if (length_without_blanks(text, (size_t)(equals - text)) >= CFG_NAME_LEN)
		return "the key is too long";
	for (value = equals + 1; isspace((unsigned char)*value); value++)
		;
	return strlen(value) >= CFG_VALUE_LEN ? "the value is too long: 255 characters are "
						"allowed" : NULL;
}

static int
check_lines(FILE *f, const char *path)
{
	char line[MAX_LINE + 1];
	unsigned int number = 1;
	size_t len = 0;
	const char *why;
	int c;

	for (;;) {
		c = fgetc(f);
		if (c != EOF && c != '\n') {
			if (c == '\0')
				return refuse(path, number, "has a byte 0: give a text file");
			if (len == MAX_LINE)
				return refuse(path, number, "is too long");
			line[len++] = (char)c;
			continue;
		}
		line[len] = '\0';
		why = wrong_line(line);
		if (why != NULL)
			return refuse(path, number, why);
		if (c == EOF)
			break;
		number++;
		len = 0;
	}
	if (!ferror(f))
		return 0;
	perf_error("--config: '%s': %s", path, strerror(errno));
	return PERF_EXIT_USAGE;
}

/* Refuse what is not a file of sections and keys. */
static int
check_file(const char *path)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	int ret;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		perf_error("--config: '%s': %s", path, strerror(errno));
		ret = PERF_EXIT_USAGE;
	} else if (!S_ISREG(st.st_mode)) {
		perf_error("--config: '%s' is not a regular file: give one, it is read twice",
			   path);
		ret = PERF_EXIT_USAGE;
	} else {
		ret = check_lines(f, path);
	}
	if (f != NULL)
		fclose(f);
	return ret;
}

/* The file, taken apart: section i has counts[i] entries. */
struct config {
	const char *path;
	struct rte_cfgfile *file;
	unsigned int n;
	char (*names)[CFG_NAME_LEN];
	struct rte_cfgfile_entry **entries;
	int *counts;
	struct perf_run *runs;
};

static bool
is_global(const struct config *cfg, unsigned int i)
{
	return strcasecmp(cfg->names[i], "global") == 0;
}

static int
set_entry(struct perf_options *opts, const struct rte_cfgfile_entry *entry,
	  enum perf_layer layer, const char *where)
{
	int id = perf_options_find(entry->name);

	if (strcmp(entry->name, "device") == 0) {
		opts->device = entry->value;
		return 0;
	}
	if (id >= 0 && perf_options_in_file((enum perf_option_id)id))
		return perf_options_set(opts, (enum perf_option_id)id, entry->value, layer, where);
	perf_error(id < 0 ? "%s: there is no such key: see sva-perf -h for the long options" :
			    "%s: is for the command line only", where);
	return PERF_EXIT_USAGE;
}

static int
apply_section(const struct config *cfg, unsigned int i, enum perf_layer layer,
	      struct perf_options *opts)
{
	char where[WHERE];
	int j, k, ret;

	for (j = 0; j < cfg->counts[i]; j++) {
		const struct rte_cfgfile_entry *entry = &cfg->entries[i][j];

		snprintf(where, sizeof(where), "%s: [%s]: %s", cfg->path, cfg->names[i],
			 entry->name);
		for (k = 0; k < j; k++) {
			if (strcmp(entry->name, cfg->entries[i][k].name) == 0) {
				perf_error("%s: is there twice: leave one of them out", where);
				return PERF_EXIT_USAGE;
			}
		}
		ret = set_entry(opts, entry, layer, where);
		if (ret != 0)
			return ret;
	}
	return 0;
}

/* The options of a section: [global]'s, its own, the command line's. */
static int
make_run(const struct config *cfg, unsigned int section, const struct perf_setting *settings,
	 unsigned int nb_settings, struct perf_run *run)
{
	char where[WHERE];
	unsigned int i;
	int ret = 0;

	run->section = cfg->names[section];
	perf_options_init(&run->opts);
	for (i = 0; i < cfg->n && ret == 0; i++) {
		if (is_global(cfg, i))
			ret = apply_section(cfg, i, PERF_GLOBAL, &run->opts);
	}
	if (ret == 0)
		ret = apply_section(cfg, section, PERF_SECTION, &run->opts);
	for (i = 0; i < nb_settings && ret == 0; i++)
		ret = perf_options_set(&run->opts, settings[i].id, settings[i].value, PERF_COMMAND,
				       "");
	snprintf(where, sizeof(where), "%s: [%s]: ", cfg->path, run->section);
	return ret != 0 ? ret : perf_options_finish(&run->opts, where);
}

/* Fill in names, counts and entries. */
static bool
load_sections(struct config *cfg)
{
	char **names;
	unsigned int i;

	cfg->n = (unsigned int)rte_cfgfile_num_sections(cfg->file, "", 0);
	cfg->names = calloc(cfg->n, sizeof(*cfg->names));
	cfg->entries = calloc(cfg->n, sizeof(*cfg->entries));
	cfg->counts = calloc(cfg->n, sizeof(*cfg->counts));
	names = calloc(cfg->n, sizeof(*names));
	if (cfg->names == NULL || cfg->entries == NULL || cfg->counts == NULL || names == NULL) {
		free(names);
		return false;
	}
	for (i = 0; i < cfg->n; i++)
		names[i] = cfg->names[i];
	rte_cfgfile_sections(cfg->file, names, (int)cfg->n);
	free(names);
	for (i = 0; i < cfg->n; i++) {
		int count = rte_cfgfile_section_num_entries_by_index(cfg->file, cfg->names[i],
								     (int)i);

		if (count <= 0)
			continue;
		cfg->entries[i] = calloc((size_t)count, sizeof(*cfg->entries[i]));
		if (cfg->entries[i] == NULL)
			return false;
		cfg->counts[i] = rte_cfgfile_section_entries_by_index(cfg->file, (int)i,
								      cfg->names[i],
								      cfg->entries[i], count);
	}
	return true;
}

/* What is wrong with the sections as such. */
static int
check_sections(const struct config *cfg)
{
	unsigned int i, j, runs = 0;

	for (i = 0; i < cfg->n; i++) {
		if (is_global(cfg, i))
			continue;
		runs++;
		if (cfg->counts[i] == 0) {
			perf_error("--config: '%s': [%s] has no keys: say what to measure, or "
				   "leave it out", cfg->path, cfg->names[i]);
			return PERF_EXIT_USAGE;
		}
		for (j = 0; j < i; j++) {
			if (strcmp(cfg->names[i], cfg->names[j]) == 0) {
				perf_error("--config: '%s': [%s] is there twice: give each section "
					   "its own name", cfg->path, cfg->names[i]);
				return PERF_EXIT_USAGE;
			}
		}
	}
	if (runs != 0)
		return 0;
	perf_error("--config: '%s' has no section: put [NAME] before what is to be measured",
		   cfg->path);
	return PERF_EXIT_USAGE;
}

int
perf_config_read(const char *path, const struct perf_setting *settings,
		 unsigned int nb_settings, struct perf_run **runs, unsigned int *nb_runs)
{
	/* Until the program's end: options point into it. */
	static struct config cfg;
	unsigned int i;
	int ret = check_file(path);

	if (ret != 0)
		return ret;
	cfg.path = path;
	cfg.file = rte_cfgfile_load(path, CFG_FLAG_GLOBAL_SECTION | CFG_FLAG_EMPTY_VALUES);
	if (cfg.file == NULL || !load_sections(&cfg)) {
		perf_error("--config: '%s' cannot be read: out of memory, or see the log", path);
		return PERF_EXIT_FAILED;
	}
	rte_cfgfile_close(cfg.file);
	ret = check_sections(&cfg);
	if (ret != 0)
		return ret;
	*runs = cfg.runs = calloc(cfg.n, sizeof(*cfg.runs));
	if (cfg.runs == NULL) {
		perf_error("--config: '%s': out of memory", path);
		return PERF_EXIT_FAILED;
	}
	*nb_runs = 0;
	for (i = 0; i < cfg.n && ret == 0; i++) {
		if (!is_global(&cfg, i))
			ret = make_run(&cfg, i, settings, nb_settings, &cfg.runs[(*nb_runs)++]);
	}
	return ret;
}
