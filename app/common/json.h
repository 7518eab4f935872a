/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef APP_JSON_H
#define APP_JSON_H

#include <stdio.h>

/** Write @p text as a JSON string with its quotes; NULL becomes null. */
void json_string(FILE *out, const char *text);

#endif /* APP_JSON_H */
