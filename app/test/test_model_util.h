/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef TEST_MODEL_UTIL_H
#define TEST_MODEL_UTIL_H

/*
 * A DSA model with a small memory behind it: three address spaces (PASID_A,
 * PASID_B, and the one of requests without a PASID) of TM_PAGES pages each, whose
 * pages can be taken away. The last page also answers at the very end of the
 * 64-bit address space.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dsa_hw.h"
#include "sva_dsa_model.h"

#define PASID_A		0x12345u
#define PASID_B		0x00007u

#define TM_PAGES	64u
#define TM_PAGE		4096u
#define TM_BASE		0x7f0000000000ULL
#define TM_TOP		(UINT64_MAX - TM_PAGE + 1)	/* another name of the last page */
#define TM_VA(page)	(TM_BASE + (uint64_t)(page) * TM_PAGE)

enum { TM_R = 1, TM_W = 2, TM_RW = 3 };

/* Where the helpers put things; tests own the pages from TM_DATA on. */
#define TM_COMPL	TM_VA(0)	/* completion records, 32 bytes each */
#define TM_LIST		TM_VA(1)	/* batch lists: pages 1 to 4 */
#define TM_DATA		5

struct tm_space {
	uint8_t data[TM_PAGES * TM_PAGE];
	uint8_t perm[TM_PAGES];
};

struct tm {
	struct sva_dsa *dsa;
	void *mem;
	struct tm_space space[3];
	unsigned int irq[64];		/* interrupts of each vector */
	unsigned int reads, writes, copies;
	unsigned int requests;		/* for pages */
	size_t slice, left;		/* bytes of a step until it is paused; 0: never */
	unsigned int pauses;
	enum { TM_RESOLVE, TM_FAIL, TM_PEND, TM_LIE } answer;
	struct { uint32_t token, pasid; uint64_t va; bool write; } asked; /* the last */
	uint64_t last_write[2];		/* addresses, the newest first */
	size_t last_len[2];
};

/* The third has page requests, answered as tm->answer says. */
extern const struct sva_dsa_ops tm_ops, tm_ops_no_copy, tm_ops_prs;

/* A new model; config NULL: the default profile. Bus mastering is on. */
struct tm *tm_new(const struct sva_dsa_config *config, const struct sva_dsa_ops *ops);
void tm_free(struct tm *tm);

struct tm_space *tm_space(struct tm *tm, uint32_t pasid);
uint8_t *tm_ptr(struct tm *tm, uint32_t pasid, uint64_t va);
struct dsa_compl *tm_compl(struct tm *tm, unsigned int n);
static inline uint64_t tm_compl_va(unsigned int n)
{
	return TM_COMPL + 32 * (uint64_t)n;
}

uint32_t tm_r32(struct tm *tm, uint64_t offset);
uint64_t tm_r64(struct tm *tm, uint64_t offset);
void tm_w32(struct tm *tm, uint64_t offset, uint32_t value);
void tm_w64(struct tm *tm, uint64_t offset, uint64_t value);

uint64_t tm_wqcfg(struct tm *tm, unsigned int wq, unsigned int reg);
uint64_t tm_grpcfg(struct tm *tm, unsigned int group, unsigned int reg);
uint64_t tm_msix_perm(struct tm *tm, unsigned int vector);

/* Issue a command that has nothing to wait for. @return its error code. */
uint32_t tm_cmd(struct tm *tm, unsigned int code, uint32_t operand);

/* Mode word of a WQ with PASID_A, priority 8. */
#define TM_DEDICATED	(DSA_WQCFG_MODE_DEDICATED | DSA_WQCFG_PRIORITY(8) |		\
			 DSA_WQCFG_PASID(PASID_A) | DSA_WQCFG_PASID_EN)
#define TM_SHARED	(DSA_WQCFG_PRIORITY(8) | DSA_WQCFG_PASID_EN)
#define TM_LIMITS	(DSA_WQCFG_MAX_XFER_SHIFT(31) | DSA_WQCFG_MAX_BATCH_SHIFT(10))

/* Write the configuration of a WQ and put it and engines into a group. */
void tm_config_wq(struct tm *tm, unsigned int wq, unsigned int size, uint32_t mode);
void tm_config_group(struct tm *tm, unsigned int group, uint64_t wqs, uint64_t engines);

/* Device and WQ 0 (of 16 entries, with this mode) ready to work. */
void tm_up(struct tm *tm, uint32_t mode);
struct tm *tm_new_up(void);

/* A descriptor with a requested completion record number 0. */
struct dsa_desc tm_desc(unsigned int op, uint32_t flags);
#define TM_REC (DSA_FLAG_COMPL_VALID | DSA_FLAG_COMPL_REQ)

/* Write to the unlimited portal of a dedicated WQ. */
enum sva_dsa_accept tm_post(struct tm *tm, unsigned int wq, const struct dsa_desc *d);
/* Give the page last asked for, or do not, and answer. @return whether somebody waited. */
bool tm_answer(struct tm *tm, bool resolved);
/* Step until there is nothing to do. @return descriptors executed. */
unsigned int tm_run(struct tm *tm);
/* Zero record 0, post to WQ 0, run. @return record 0. */
struct dsa_compl *tm_do(struct tm *tm, const struct dsa_desc *d);
/* Put a list in place and make the batch descriptor (with record 0). */
struct dsa_desc tm_batch(struct tm *tm, const struct dsa_desc *members, unsigned int n);

/* Repeatable random numbers. */
uint32_t tm_rand(void);
void tm_random_bytes(uint8_t *p, size_t len);

/*
 * How often a differential test goes round: SVA_TEST_SCALE times as often as it says, 8
 * where that is not set. Nightly runs set it to some hundreds.
 */
unsigned int test_rounds(unsigned int times);

#endif /* TEST_MODEL_UTIL_H */
