/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Operations of DSA with the keys that describe them, and descriptors made of these.
 */
#ifndef TESTSVA_OPS_H
#define TESTSVA_OPS_H

#include <dsa_hw.h>

#include "testsva.h"

#define TS_OP_KEYS 14

/* A key of an operation: where its value goes in the descriptor. */
struct ts_op_key {
	const char *name;	/* NULL: past the last */
	uint8_t word;		/* of eight bytes, from 0 */
	uint8_t shift;
	uint8_t bits;
	enum { TS_NUMBER, TS_ADDRESS, TS_BLOCK } kind;
};

#define TS_BLOCKS "512/520/4096/4104"	/* as the values 0 to 3 */

struct ts_op {
	const char *name;
	uint8_t opcode;		/* of DSA */
	int sva;		/* enum sva_opcode, -1: the class has none */
	struct ts_op_key keys[TS_OP_KEYS];
};

/* In a command's syntax: keys of operations, and those of a descriptor besides. */
#define TS_OP_KEY_SYNTAX \
	"src=ADDRESS dst=ADDRESS src2=ADDRESS dst2=ADDRESS record=ADDRESS size=N pattern=N " \
	"seed=N seed_addr=ADDRESS expected=N max=N record_size=N block=" TS_BLOCKS " " \
	"dif_flags=N src_flags=N dst_flags=N ref=N app=N mask=N ref2=N app2=N mask2=N"
#define TS_DESC_KEY_SYNTAX \
	TS_OP_KEY_SYNTAX " list=ADDRESS count=N flags=FLAGS compl=ADDRESS pasid=N " \
	"priv=no/yes handle=N word0=N word1=N word2=N word3=N word4=N word5=N word6=N word7=N"

const struct ts_op *ts_op_of(unsigned int opcode);	/* NULL: it has no name */
const char *ts_op_word(unsigned int i);			/* NULL past the last */
/* A name, or for a descriptor any number up to 255. -1: neither, said. */
int ts_op_parse(const char *text, bool number);

/* Fill in what an operation's keys among the words from `first` on say. 0, or -1, said. */
int ts_op_fill(const struct ts_words *words, unsigned int first, unsigned int opcode,
	       struct dsa_desc *desc);
/* The same with flags, record, PASID, handle and whole words; `record` where none is given. */
int ts_desc_fill(const struct ts_words *words, unsigned int first, unsigned int opcode,
		 const struct dsa_compl *record, uint32_t flags, struct dsa_desc *desc);

#endif /* TESTSVA_OPS_H */
