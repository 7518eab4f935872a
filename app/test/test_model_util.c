/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

#include <stdlib.h>

#include "test_model_util.h"

struct tm_space *tm_space(struct tm *tm, uint32_t pasid)
{
	switch (pasid) {
	case PASID_A:
		return &tm->space[0];
	case PASID_B:
		return &tm->space[1];
	case SVA_DSA_NO_PASID:
		return &tm->space[2];
	default:
		return NULL;
	}
}

/* The page of an address, TM_PAGES where there is none. */
static unsigned int page_of(uint64_t va)
{
	uint64_t page = (va - TM_BASE) / TM_PAGE;

	if (va >= TM_TOP)
		return TM_PAGES - 1;
	return page < TM_PAGES ? (unsigned int)page : TM_PAGES;
}

uint8_t *tm_ptr(struct tm *tm, uint32_t pasid, uint64_t va)
{
	struct tm_space *s = tm_space(tm, pasid);
	unsigned int page = page_of(va);

	assert_non_null(s);
	assert_true(page < TM_PAGES);
	return s->data + page * TM_PAGE + va % TM_PAGE;
}

/* Bytes of a range, inside one page, that may be accessed so. */
static size_t span(struct tm *tm, uint32_t pasid, uint64_t va, size_t len, int perm)
{
	struct tm_space *s = tm_space(tm, pasid);
	unsigned int page = page_of(va);
	size_t room = TM_PAGE - va % TM_PAGE;

	if (!s || page == TM_PAGES || (s->perm[page] & perm) != perm)
		return 0;
	return len < room ? len : room;
}

static size_t faulted(struct sva_dsa_fault *fault, uint64_t va, bool write, size_t done)
{
	*fault = (struct sva_dsa_fault){ va, write, false };
	return done;
}

/* Whether the step has had its bytes before the next n of an access of len. */
static bool enough(struct tm *tm, size_t n, size_t len)
{
	if (!tm->slice || len <= SVA_DSA_PAUSE_MIN)
		return false;
	if (tm->left >= n) {
		tm->left -= n;
		return false;
	}
	tm->pauses++;
	return true;
}

static size_t paused(struct sva_dsa_fault *fault, size_t done)
{
	*fault = (struct sva_dsa_fault){ 0xdead, true, true };
	return done;
}

static size_t tm_read(void *ctx, uint32_t pasid, uint64_t va, void *buf, size_t len,
		      struct sva_dsa_fault *fault)
{
	struct tm *tm = ctx;
	size_t done = 0;

	tm->reads++;
	assert_true(len > 0 && va + (len - 1) >= va);
	while (done < len) {
		size_t n = span(tm, pasid, va + done, len - done, TM_R);

		if (!n)
			return faulted(fault, va + done, false, done);
		if (enough(tm, n, len))
			return paused(fault, done);
		memcpy((uint8_t *)buf + done, tm_ptr(tm, pasid, va + done), n);
		done += n;
	}
	/* Nobody may use it after a success. */
	return faulted(fault, 0xdead, !(va & 1), done);
}

static size_t tm_write(void *ctx, uint32_t pasid, uint64_t va, const void *buf, size_t len,
		       struct sva_dsa_fault *fault)
{
	struct tm *tm = ctx;
	size_t done = 0;

	tm->writes++;
	tm->last_write[1] = tm->last_write[0];
	tm->last_len[1] = tm->last_len[0];
	tm->last_write[0] = va;
	tm->last_len[0] = len;
	assert_true(len > 0 && va + (len - 1) >= va);
	while (done < len) {
		size_t n = span(tm, pasid, va + done, len - done, TM_W);

		if (!n)
			return faulted(fault, va + done, true, done);
		if (enough(tm, n, len))
			return paused(fault, done);
		memcpy(tm_ptr(tm, pasid, va + done), (const uint8_t *)buf + done, n);
		done += n;
	}
	/* Nobody may use it after a success. */
	return faulted(fault, 0xdead, !(va & 1), done);
}

static size_t tm_copy(void *ctx, uint32_t pasid, uint64_t dst, uint64_t src, size_t len,
		      struct sva_dsa_fault *fault)
{
	struct tm *tm = ctx;
	size_t done = 0;

	tm->copies++;
	assert_true(len > 0 && src + (len - 1) >= src && dst + (len - 1) >= dst);
	/* The contract of the callback: an ascending copy is right. */
	assert_true(dst == src || dst - src >= len);
	while (done < len) {
		size_t n = span(tm, pasid, src + done, len - done, TM_R);

		if (!n)
			return faulted(fault, src + done, false, done);
		n = span(tm, pasid, dst + done, n, TM_W);
		if (!n)
			return faulted(fault, dst + done, true, done);
		if (enough(tm, n, len))
			return paused(fault, done);
		memmove(tm_ptr(tm, pasid, dst + done), tm_ptr(tm, pasid, src + done), n);
		done += n;
	}
	return faulted(fault, 0xdead, false, done);
}

static void tm_interrupt(void *ctx, unsigned int vector)
{
	struct tm *tm = ctx;

	assert_true(vector < 64);
	tm->irq[vector]++;
}

static void give_page(struct tm *tm, uint32_t pasid, uint64_t va, bool write)
{
	struct tm_space *s = tm_space(tm, pasid);

	assert_non_null(s);
	assert_true(page_of(va) < TM_PAGES);
	s->perm[page_of(va)] |= write ? TM_RW : TM_R;
}

static enum sva_dsa_page tm_page_request(void *ctx, uint32_t token, uint32_t pasid,
					 uint64_t va, bool write)
{
	struct tm *tm = ctx;

	tm->requests++;
	assert_int_not_equal(token, 0);
	tm->asked.token = token;
	tm->asked.pasid = pasid;
	tm->asked.va = va;
	tm->asked.write = write;
	switch (tm->answer) {
	case TM_RESOLVE:
		give_page(tm, pasid, va, write);
		return SVA_DSA_PAGE_RESOLVED;
	case TM_LIE:
		return SVA_DSA_PAGE_RESOLVED;
	case TM_PEND:
		return SVA_DSA_PAGE_PENDING;
	default:
		return SVA_DSA_PAGE_FAILED;
	}
}

bool tm_answer(struct tm *tm, bool resolved)
{
	if (resolved)
		give_page(tm, tm->asked.pasid, tm->asked.va, tm->asked.write);
	return sva_dsa_page_response(tm->dsa, tm->asked.token, resolved);
}

const struct sva_dsa_ops tm_ops_prs = {
	.read = tm_read, .write = tm_write, .copy = tm_copy, .interrupt = tm_interrupt,
	.page_request = tm_page_request,
};

const struct sva_dsa_ops tm_ops = {
	.read = tm_read, .write = tm_write, .copy = tm_copy, .interrupt = tm_interrupt,
};

const struct sva_dsa_ops tm_ops_no_copy = {
	.read = tm_read, .write = tm_write, .interrupt = tm_interrupt,
};

struct tm *tm_new(const struct sva_dsa_config *config, const struct sva_dsa_ops *ops)
{
	struct tm *tm = calloc(1, sizeof(*tm));

	assert_non_null(tm);
	if (!config)
		config = sva_dsa_profile("default");
	assert_non_null(config);
	tm->mem = aligned_alloc(64, (sva_dsa_size(config) + 63) / 64 * 64);
	assert_non_null(tm->mem);
	tm->dsa = sva_dsa_init(tm->mem, config, ops, tm);
	assert_non_null(tm->dsa);
	sva_dsa_bus_master(tm->dsa, true);
	for (unsigned int i = 0; i < 3; i++)
		memset(tm->space[i].perm, TM_RW, TM_PAGES);
	return tm;
}

void tm_free(struct tm *tm)
{
	free(tm->mem);
	free(tm);
}

struct dsa_compl *tm_compl(struct tm *tm, unsigned int n)
{
	return (struct dsa_compl *)tm_ptr(tm, PASID_A, tm_compl_va(n));
}

uint32_t tm_r32(struct tm *tm, uint64_t offset)
{
	return (uint32_t)sva_dsa_mmio_read(tm->dsa, offset, 4);
}

uint64_t tm_r64(struct tm *tm, uint64_t offset)
{
	return sva_dsa_mmio_read(tm->dsa, offset, 8);
}

void tm_w32(struct tm *tm, uint64_t offset, uint32_t value)
{
	sva_dsa_mmio_write(tm->dsa, offset, value, 4);
}

void tm_w64(struct tm *tm, uint64_t offset, uint64_t value)
{
	sva_dsa_mmio_write(tm->dsa, offset, value, 8);
}

uint64_t tm_wqcfg(struct tm *tm, unsigned int wq, unsigned int reg)
{
	return DSA_TABOFF_WQCFG(tm_r64(tm, DSA_REG_TABOFF)) +
	       (uint64_t)wq * (DSA_WQCFG_MIN_STRIDE <<
			       DSA_WQCAP_CFG_SIZE(tm_r64(tm, DSA_REG_WQCAP))) + reg;
}

uint64_t tm_grpcfg(struct tm *tm, unsigned int group, unsigned int reg)
{
	return DSA_TABOFF_GRPCFG(tm_r64(tm, DSA_REG_TABOFF)) +
	       (uint64_t)group * DSA_GRPCFG_STRIDE + reg;
}

uint64_t tm_msix_perm(struct tm *tm, unsigned int vector)
{
	return DSA_TABOFF_MSIX_PERM(tm_r64(tm, DSA_REG_TABOFF)) + 8 * (uint64_t)vector;
}

uint32_t tm_cmd(struct tm *tm, unsigned int code, uint32_t operand)
{
	uint32_t status;

	tm_w32(tm, DSA_REG_CMD, DSA_CMD(code, operand));
	status = tm_r32(tm, DSA_REG_CMDSTS);
	assert_false(status & DSA_CMDSTS_ACTIVE);
	return DSA_CMDSTS_ERR(status);
}

void tm_config_wq(struct tm *tm, unsigned int wq, unsigned int size, uint32_t mode)
{
	tm_w32(tm, tm_wqcfg(tm, wq, DSA_WQCFG_SIZE), size);
	tm_w32(tm, tm_wqcfg(tm, wq, DSA_WQCFG_THRESHOLD), size);
	tm_w32(tm, tm_wqcfg(tm, wq, DSA_WQCFG_MODE), mode);
	tm_w32(tm, tm_wqcfg(tm, wq, DSA_WQCFG_LIMITS), TM_LIMITS);
}

void tm_config_group(struct tm *tm, unsigned int group, uint64_t wqs, uint64_t engines)
{
	tm_w64(tm, tm_grpcfg(tm, group, DSA_GRPCFG_WQS(0)), wqs);
	tm_w64(tm, tm_grpcfg(tm, group, DSA_GRPCFG_ENGINES), engines);
}

void tm_up(struct tm *tm, uint32_t mode)
{
	tm_config_wq(tm, 0, 16, mode);
	tm_config_group(tm, 0, 1, 1);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), DSA_CMDSTS_SUCCESS);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), DSA_CMDSTS_SUCCESS);
}

struct tm *tm_new_up(void)
{
	struct tm *tm = tm_new(NULL, &tm_ops);

	tm_up(tm, TM_DEDICATED);
	return tm;
}

struct dsa_desc tm_desc(unsigned int op, uint32_t flags)
{
	struct dsa_desc d = { .op_flags = DSA_OP_FLAGS(op, TM_REC | flags),
			      .compl_addr = tm_compl_va(0) };

	return d;
}

enum sva_dsa_accept tm_post(struct tm *tm, unsigned int wq, const struct dsa_desc *d)
{
	return sva_dsa_portal_write(tm->dsa, DSA_PORTAL_OFFSET(wq, 0), d, false);
}

unsigned int tm_run(struct tm *tm)
{
	unsigned int n, done = 0, before;

	do {
		tm->left = tm->slice;
		before = tm->pauses;
		n = sva_dsa_step(tm->dsa, 7);
		assert_true(n <= 7);
		done += n;
	} while (n || tm->pauses != before);
	return done;
}

struct dsa_compl *tm_do(struct tm *tm, const struct dsa_desc *d)
{
	memset(tm_compl(tm, 0), 0, sizeof(struct dsa_compl));
	assert_int_equal(tm_post(tm, 0, d), SVA_DSA_ACCEPTED);
	assert_true(tm_run(tm) >= 1);
	return tm_compl(tm, 0);
}

struct dsa_desc tm_batch(struct tm *tm, const struct dsa_desc *members, unsigned int n)
{
	struct dsa_desc d = tm_desc(DSA_OP_BATCH, 0);

	memcpy(tm_ptr(tm, PASID_A, TM_LIST), members, n * sizeof(*members));
	d.src = TM_LIST;
	d.size = n;
	return d;
}

static uint64_t rand_state = 88172645463325252ULL;

uint32_t tm_rand(void)
{
	rand_state ^= rand_state << 13;
	rand_state ^= rand_state >> 7;
	rand_state ^= rand_state << 17;
	return (uint32_t)(rand_state >> 32);
}

void tm_random_bytes(uint8_t *p, size_t len)
{
	while (len--)
		*p++ = (uint8_t)tm_rand();
}

unsigned int test_rounds(unsigned int times)
{
	const char *scale = getenv("SVA_TEST_SCALE");

	return times * (scale ? (unsigned int)strtoul(scale, NULL, 0) : 8);
}
