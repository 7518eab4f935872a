/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
/* An EAL without drivers, for the tests of the EAL itself. */
#include <stddef.h>

#include "eal_private.h"

const struct sva_plugin *const sva_builtin_plugins[] = { NULL };
