/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef APP_CRC32C_H
#define APP_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (RFC 3720, appendix B.4) of a range; seed 0, or the CRC so far. */
uint32_t app_crc32c(const void *data, size_t len, uint32_t seed);

#endif /* APP_CRC32C_H */
