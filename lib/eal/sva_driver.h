/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef SVA_DRIVER_H
#define SVA_DRIVER_H

/**
 * @file
 * Device-driver registry, devargs and plugins: for people who write drivers.
 */

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A PCI id that a driver handles. */
struct sva_pci_id {
	uint16_t vendor;	/**< Vendor; 0 ends a list. */
	uint16_t device;	/**< Device. */
};

/**
 * Common part of every device driver, first in the structure of its device class.
 * Defined once, const, by the driver.
 */
struct sva_driver {
	const char *name;	/**< Short, lower case: "idxd". */
	const char *desc;	/**< One line for people. */
	const char *dev_class;	/**< "accel". */
	/** Ids it handles; ends with vendor 0. */
	const struct sva_pci_id *ids;
	/** Devargs it understands, "key=values" for the help; NULL-terminated. */
	const char *const *params;
};

/**
 * Register a driver. Any thread, also before the initialisation.
 *
 * @param driver	kept until it is unregistered.
 * @return 0; -EEXIST: the name is taken; -EINVAL: NULL, a name that is not 1 to 31 of
 *	a-z, 0-9, '_' and '-', or no class or ids; -ENOMEM: 64 are registered.
 */
int sva_driver_register(const struct sva_driver *driver);

/** Unregister it. @return 0 or -ENOENT. */
int sva_driver_unregister(const struct sva_driver *driver);

/** @return the @p i th driver in the order of registration, or NULL past the last. */
const struct sva_driver *sva_driver_get(unsigned int i);

/** @return the driver for a PCI id, or NULL. */
const struct sva_driver *sva_driver_match(uint16_t vendor, uint16_t device);

/** Parsed "key=value,..." arguments of a device. */
struct sva_devargs;

/**
 * Read an unsigned number: decimal, 0x hexadecimal, or with a suffix k, m or g
 * (powers of 1024).
 *
 * @param value	left alone where the key is absent.
 * @return 0; -EINVAL: not a number, or outside min..max, and the log says so.
 */
int sva_devargs_u64(const struct sva_devargs *args, const char *key, uint64_t min,
		    uint64_t max, uint64_t *value);

/** @return the value of @p key, or NULL where it is absent; lives as long as @p args. */
const char *sva_devargs_str(const struct sva_devargs *args, const char *key);

/**
 * Read one word of a list.
 *
 * @param words	NULL-terminated.
 * @param index	set to the word's place; left alone where the key is absent.
 * @return 0; -EINVAL: another word, and the log gives the list.
 */
int sva_devargs_word(const struct sva_devargs *args, const char *key,
		     const char *const *words, unsigned int *index);

/**
 * Have @p fn called at the start of sva_eal_cleanup(), last registered first, while
 * everything still works; device classes close their devices so. Registrations end
 * with the clean-up.
 *
 * @return 0; -EINVAL: NULL; -ENODEV: SVADK is not initialised, or is being cleaned up;
 *	-ENOMEM. Any thread.
 */
int sva_at_cleanup(void (*fn)(void));

/** Changes whenever a plugin built before would no longer work. */
#define SVA_PLUGIN_ABI 1

/** What the EAL looks for in a plugin. */
struct sva_plugin {
	uint32_t abi;		/**< SVA_PLUGIN_ABI. */
	const char *name;	/**< For the log. */
	/** Register buses and drivers. @return 0 or -errno, with nothing registered. */
	int (*init)(void);
	/** Unregister them. */
	void (*fini)(void);
};

/**
 * Define a plugin. Built into the library the object is found through a generated
 * table; in a shared object of its own it is the exported symbol `sva_plugin`.
 */
#ifdef SVA_BUILTIN
#define SVA_PLUGIN(name_, init_, fini_) \
	extern const struct sva_plugin sva_plugin_##name_; \
	const struct sva_plugin sva_plugin_##name_ = { \
		SVA_PLUGIN_ABI, #name_, init_, fini_ }
#else
#define SVA_PLUGIN(name_, init_, fini_) \
	extern const struct sva_plugin sva_plugin; \
	__attribute__((visibility("default"))) \
	const struct sva_plugin sva_plugin = { SVA_PLUGIN_ABI, #name_, init_, fini_ }
#endif

#ifdef __cplusplus
}
#endif

#endif /* SVA_DRIVER_H */
