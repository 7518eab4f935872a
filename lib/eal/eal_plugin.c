/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Plugins: the built-in ones and those of -d.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sva_log.h>

#include "eal_private.h"

SVA_LOG_COMPONENT(eal);

struct loaded {
	const struct sva_plugin *plugin;
	void *handle;		/* NULL for a built-in one */
	struct loaded *next;
};

static struct loaded *plugins;	/* last loaded first */

static bool
is_loaded(const struct sva_plugin *plugin)
{
	const struct loaded *l;

	for (l = plugins; l != NULL; l = l->next) {
		if (l->plugin == plugin)
			return true;
	}
	return false;
}

/* On success the handle is taken over. */
static int
start_plugin(const struct sva_plugin *plugin, void *handle, const char *path)
{
	struct loaded *l;
	int ret;

	l = malloc(sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	ret = plugin->init();
	if (ret != 0) {
		SVA_LOG(ERR, "plugin %s (%s) failed to start: %s", plugin->name, path,
			strerror(abs(ret)));
		free(l);
		return ret < 0 ? ret : -EINVAL;
	}
	l->plugin = plugin;
	l->handle = handle;
	l->next = plugins;
	plugins = l;
	return 0;
}

static int
check_plugin(const struct sva_plugin *plugin, const char *path)
{
	if (plugin == NULL) {
		SVA_LOG(ERR, "%s is not a plugin: it has no symbol sva_plugin", path);
		return -ENOEXEC;
	}
	if (plugin->abi != SVA_PLUGIN_ABI) {
		SVA_LOG(ERR, "plugin %s was built for plugin ABI %u, this is %u: rebuild it", path,
			plugin->abi, SVA_PLUGIN_ABI);
		return -ENOEXEC;
	}
	if (plugin->name == NULL || plugin->init == NULL || plugin->fini == NULL) {
		SVA_LOG(ERR, "plugin %s is not complete: its name, init or fini is NULL", path);
		return -ENOEXEC;
	}
	return 0;
}

/*
 * Whether only root and the caller can have put the file there: neither it nor a folder
 * above it may be open to everyone. In a sticky folder (/tmp) everyone may make entries,
 * but those of root and the caller are safe.
 */
static int
check_access(const char *file)
{
	char path[PATH_MAX];
	bool parent_sticky;
	struct stat st;
	char *slash;

	snprintf(path, sizeof(path), "%s", file);
	if (stat(path, &st) != 0)
		return -errno;
	for (;;) {
		uid_t owner = st.st_uid;

		if ((st.st_mode & S_IWOTH) != 0 &&
		    !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0)) {
			SVA_LOG(ERR, "plugin %s is refused: everyone may write to %s", file, path);
			return -EPERM;
		}
		slash = strrchr(path, '/');
		if (slash == NULL || path[1] == '\0')
			return 0;
		slash[slash == path] = '\0';
		if (stat(path, &st) != 0)
			return -errno;
		parent_sticky = (st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) != 0;
		if (parent_sticky && owner != 0 && owner != geteuid()) {
			SVA_LOG(ERR, "plugin %s is refused: everyone may write to %s, and what is "
				"in it belongs to user %u", file, path, (unsigned int)owner);
			return -EPERM;
		}
	}
}

/* @file is absolute and without symbolic links. */
static int
load_file(const char *file)
{
	const struct sva_plugin *plugin;
	void *handle;
	int ret;

	ret = check_access(file);
	if (ret != 0)
		return ret;
	handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		SVA_LOG(ERR, "plugin cannot be loaded: %s", dlerror());
		return -ENOEXEC;
	}
	plugin = dlsym(handle, "sva_plugin");
	ret = check_plugin(plugin, file);
	if (ret == 0)
		ret = eal_log_reapply();
	if (ret == 0 && is_loaded(plugin)) {
		SVA_LOG(NOTICE, "plugin %s is given twice", file);
		dlclose(handle);
		return 0;
	}
	if (ret == 0)
		ret = start_plugin(plugin, handle, file);
	if (ret != 0)
		dlclose(handle);
	return ret;
}

static int load_path(const char *path, bool folder_ok);

static int
is_shared_object(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 3 &&
		strcmp(entry->d_name + len - 3, ".so") == 0;
}

static int
load_folder(const char *folder)
{
	struct dirent **entries;
	char path[PATH_MAX + NAME_MAX + 2];
	int n, i, ret = 0;

	n = scandir(folder, &entries, is_shared_object, alphasort);
	if (n < 0) {
		int err = errno;

		SVA_LOG(ERR, "cannot read plugin folder %s: %s", folder, strerror(err));
		return -err;
	}
	if (n == 0)
		SVA_LOG(WARNING, "there is no *.so in plugin folder %s", folder);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (ret == 0)
			ret = load_path(path, false);
		free(entries[i]);
	}
	free(entries);
	return ret;
}

static int
load_path(const char *path, bool folder_ok)
{
	char real[PATH_MAX];
	struct stat st;

	if (realpath(path, real) == NULL || stat(real, &st) != 0) {
		int err = errno;

		SVA_LOG(ERR, "plugin %s: %s", path, strerror(err));
		return -err;
	}
	if (folder_ok && S_ISDIR(st.st_mode))
		return load_folder(real);
	if (!S_ISREG(st.st_mode)) {
		SVA_LOG(ERR, "plugin %s is not a regular file", path);
		return -ENOEXEC;
	}
	return load_file(real);
}

int
eal_plugin_load(const char *const *paths)
{
	const struct sva_plugin *const *builtin;
	int ret = 0;

	for (builtin = sva_builtin_plugins; ret == 0 && *builtin != NULL; builtin++)
		ret = start_plugin(*builtin, NULL, "built in");
	for (; ret == 0 && paths != NULL && *paths != NULL; paths++)
		ret = load_path(*paths, true);
	return ret;
}

void
eal_plugin_unload(void)
{
	while (plugins != NULL) {
		struct loaded *l = plugins;

		plugins = l->next;
		l->plugin->fini();
		if (l->handle != NULL)
			dlclose(l->handle);
		free(l);
	}
}
