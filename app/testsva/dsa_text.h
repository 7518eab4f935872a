/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * DSA's numbers as words: operations, flags, statuses, descriptors, records.
 */
#ifndef TESTSVA_DSA_TEXT_H
#define TESTSVA_DSA_TEXT_H

#include <dsa_hw.h>

/* Never NULL: "reserved" for what has no name. */
const char *dsa_op_text(unsigned int opcode);
const char *dsa_status_text(uint8_t status);
const char *dsa_command_text(unsigned int command);
const char *dsa_command_error_text(uint32_t error);
/* The i-th flag: NULL past the last, "" where an operation has none of its bit. */
const char *dsa_flag_text(unsigned int i, unsigned int opcode, uint32_t *bit);

/* The value of a word, or -1. A number stands for itself. */
int dsa_status_parse(const char *text);
/* Add flags "a,b,c" to *flags; "0x..." replaces them. -1: one is none, said. */
int dsa_flags_parse(const char *text, uint32_t *flags);

/* dsa_show.c */
void dsa_show_desc(const struct dsa_desc *desc);
void dsa_show_record(const struct dsa_compl *record, unsigned int opcode);
void dsa_show_dif_error(unsigned int bits);	/* " (...)" of DSA_DIF_STS_*, without an end */
void dsa_show_swerr(const uint64_t words[4]);

#endif /* TESTSVA_DSA_TEXT_H */
