/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * The order that a seed makes in the DSA model: what is not promised happens, what is
 * promised holds for every seed, and a seed always gives the same.
 */

#include "test_model_util.h"

#define SRC	TM_VA(TM_DATA)
#define DST	TM_VA(TM_DATA + 20)
#define SEEDS	300
#define MAX	64

static uint8_t *at(struct tm *tm, uint64_t va)
{
	return tm_ptr(tm, PASID_A, va);
}

static struct tm *new_seeded(uint64_t seed, uint32_t mode, uint64_t engines)
{
	struct sva_dsa_config c = *sva_dsa_profile("default");
	struct tm *tm;

	c.seed = seed;
	tm = tm_new(&c, &tm_ops_prs);
	tm_config_wq(tm, 0, MAX, mode);
	tm_config_group(tm, 0, 1, engines);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	return tm;
}

/* In which order records 0 to n - 1 become visible. */
static void run_and_watch(struct tm *tm, unsigned int n, uint8_t *order)
{
	unsigned int seen = 0;

	while (sva_dsa_step(tm->dsa, 1)) {
		for (unsigned int i = 0; i < n; i++) {
			bool before = false;

			for (unsigned int k = 0; k < seen; k++)
				before |= order[k] == i;
			if (tm_compl(tm, i)->status && !before)
				order[seen++] = (uint8_t)i;
		}
	}
	assert_int_equal(seen, n);
}

static bool ascending(const uint8_t *order, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (order[i] != i)
			return false;
	}
	return true;
}

static void post_fills(struct tm *tm, unsigned int n)
{
	memset(at(tm, TM_COMPL), 0, TM_PAGE);
	for (unsigned int i = 0; i < n; i++) {
		struct dsa_desc d = tm_desc(DSA_OP_FILL, 0);

		d.src = i;
		d.dst = DST;
		d.size = 1;
		d.compl_addr = tm_compl_va(i);
		assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
	}
}

/* Records come in any order, even with one engine; seed 0 has none of this. */
static void records_overtake(void **state)
{
	unsigned int mixed[2] = { 0 };

	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		for (unsigned int many = 0; many < 2; many++) {
			struct tm *tm = new_seeded(seed, TM_DEDICATED, many ? 0xf : 1);
			uint8_t order[20];

			post_fills(tm, 20);
			run_and_watch(tm, 20, order);
			if (!seed)
				assert_true(ascending(order, 20));
			mixed[many] += !ascending(order, 20);
			tm_free(tm);
		}
	}
	assert_true(mixed[0] > SEEDS * 9 / 10);
	assert_true(mixed[1] > SEEDS * 9 / 10);
}

/* With one engine the last of several writes to one place wins; with four any may. */
static void execution_order(void **state)
{
	unsigned int other = 0;

	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		for (unsigned int many = 0; many < 2; many++) {
			struct tm *tm = new_seeded(seed, TM_DEDICATED, many ? 0xf : 1);

			post_fills(tm, 20);
			tm_run(tm);
			if (!many || !seed)
				assert_int_equal(*at(tm, DST), 19);
			other += *at(tm, DST) != 19;
			tm_free(tm);
		}
	}
	assert_true(other > SEEDS / 4);
}

static void same_seed_same_order(void **state)
{
	uint8_t order[2][20], first[20];
	unsigned int different = 0;

	(void)state;
	for (unsigned int seed = 1; seed < 100; seed++) {
		for (unsigned int i = 0; i < 2; i++) {
			struct tm *tm = new_seeded(seed, TM_DEDICATED, 0xf);

			post_fills(tm, 20);
			run_and_watch(tm, 20, order[i]);
			if (i) {	/* a function-level reset starts it again */
				sva_dsa_flr(tm->dsa);
				sva_dsa_bus_master(tm->dsa, true);
				tm_config_wq(tm, 0, MAX, TM_DEDICATED);
				tm_config_group(tm, 0, 1, 0xf);
				assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
				assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
				post_fills(tm, 20);
				run_and_watch(tm, 20, order[i]);
			}
			tm_free(tm);
		}
		assert_memory_equal(order[0], order[1], 20);
		if (seed == 1)
			memcpy(first, order[0], 20);
		different += memcmp(first, order[0], 20) != 0;
	}
	assert_true(different > 90);
}

/*
 * Members write what they are to a place each, and read the others' places: those of
 * the fenced part before must all be there, at whatever member and in whatever order.
 */
static void fences_hold(void **state)
{
	unsigned int mixed = 0;

	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		struct tm *tm = new_seeded(seed, TM_DEDICATED, 0x3);
		struct dsa_desc list[MAX], d;
		unsigned int fence[MAX], last = 0, n = MAX - 1;
		uint8_t order[MAX];

		for (unsigned int i = 0; i < n; i++) {
			bool f = i && (i == 1 ? seed % 2 : tm_rand() % 7 == 0);

			list[i] = tm_desc(DSA_OP_FILL, f ? DSA_FLAG_FENCE : 0);
			list[i].src = 0xff;
			list[i].dst = DST + i;
			list[i].size = 1;
			list[i].compl_addr = tm_compl_va(i);
			last = f ? i : last;
			fence[i] = last;
		}
		d = tm_batch(tm, list, n);
		d.compl_addr = tm_compl_va(n);
		tm_post(tm, 0, &d);
		run_and_watch(tm, n + 1, order);
		assert_int_equal(order[n], n);	/* Trap 17: the batch comes last */
		for (unsigned int i = 0; i < n; i++) {
			for (unsigned int k = 0; k < i; k++)
				assert_true(order[k] >= fence[order[k]]);
			/* All before the fence of this member were seen before it. */
			for (unsigned int m = 0; m < fence[order[i]]; m++) {
				bool before = false;

				for (unsigned int k = 0; k < i; k++)
					before |= order[k] == m;
				assert_true(before);
			}
		}
		assert_int_equal(tm_compl(tm, n)->status, DSA_STS_SUCCESS);
		assert_int_equal(tm_compl(tm, n)->bytes, n);
		mixed += !ascending(order, n);
		tm_free(tm);
	}
	assert_true(mixed > SEEDS * 9 / 10);
}

/* A failure stops at the next fence, with exactly those before it done. */
static void fence_after_failure(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed < SEEDS; seed++) {
		struct tm *tm = new_seeded(seed, TM_DEDICATED, 0x3);
		struct dsa_desc list[50], d;
		unsigned int bad = tm_rand() % 50, f = tm_rand() % 50;
		unsigned int done = f > bad ? f : 50;

		memset(at(tm, TM_COMPL), 0, TM_PAGE);
		for (unsigned int i = 0; i < 50; i++) {
			list[i] = tm_desc(i == bad ? 0x99 : DSA_OP_NOOP,
					  i == f ? DSA_FLAG_FENCE : 0);
			list[i].compl_addr = tm_compl_va(1 + i);
		}
		d = tm_batch(tm, list, 50);
		tm_do(tm, &d);
		assert_int_equal(tm_compl(tm, 0)->status, DSA_STS_BATCH_FAIL);
		assert_int_equal(tm_compl(tm, 0)->bytes, done);
		for (unsigned int i = 0; i < 50; i++)
			assert_int_equal(tm_compl(tm, 1 + i)->status != 0, i < done);
		tm_free(tm);
	}
}

/* Trap 25: a drain comes after everything before it, by descriptor and by command. */
static void drains_hold(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		struct tm *tm = new_seeded(seed, TM_DEDICATED, seed % 2 ? 0xf : 1);
		struct dsa_desc list[30], d, drain = tm_desc(DSA_OP_DRAIN, 0);

		memset(at(tm, TM_COMPL), 0, TM_PAGE);
		for (unsigned int i = 0; i < 30; i++) {
			list[i] = tm_desc(DSA_OP_NOOP, 0);
			list[i].compl_addr = tm_compl_va(i);
		}
		for (unsigned int i = 30; i < 60; i++) {
			d = tm_desc(DSA_OP_NOOP, 0);
			if (i == 40)
				d = tm_batch(tm, list, 30);
			d.compl_addr = tm_compl_va(i);
			tm_post(tm, 0, &d);
			if (i == 50) {
				drain.compl_addr = tm_compl_va(100);
				tm_post(tm, 0, &drain);
			}
		}
		while (sva_dsa_step(tm->dsa, 1)) {
			for (unsigned int i = 0; i <= 50 && tm_compl(tm, 100)->status; i++)
				assert_int_equal(tm_compl(tm, i)->status, DSA_STS_SUCCESS);
		}
		for (unsigned int i = 0; i < 60; i++)
			assert_int_equal(tm_compl(tm, i)->status, DSA_STS_SUCCESS);
		/* The command, while things are held. */
		post_fills(tm, 20);
		sva_dsa_step(tm->dsa, seed % 7);
		tm_w32(tm, DSA_REG_CMD,
		       DSA_CMD(seed % 3 ? DSA_CMD_DRAIN_WQ : DSA_CMD_DISABLE_WQ, 1));
		while (tm_r32(tm, DSA_REG_CMDSTS) & DSA_CMDSTS_ACTIVE)
			assert_true(sva_dsa_step(tm->dsa, 1) <= 1);
		for (unsigned int i = 0; i < 20; i++)
			assert_int_equal(tm_compl(tm, i)->status, DSA_STS_SUCCESS);
		tm_free(tm);
	}
}

/* No descriptor is lost or done twice, whatever waits for pages in between. */
static void each_is_done_once(void **state)
{
	unsigned int requests = 0;

	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		struct tm *tm = new_seeded(seed, TM_DEDICATED | DSA_WQCFG_MODE_BOF, 1 + seed % 15);
		unsigned int done = 0, expected = 0, more;

		for (unsigned int i = 0; i < 30; i++) {
			static struct dsa_desc list[6];
			struct dsa_desc d = tm_desc(DSA_OP_FILL, DSA_FLAG_BLOCK_ON_FAULT);
			unsigned int n = i % 6 ? 1 : 6;

			for (unsigned int k = 0; k < n; k++) {
				list[k] = d;
				list[k].src = 1 + expected % 200;
				list[k].dst = DST + TM_PAGE * (i % 5) + expected;
				list[k].size = 1;
				list[k].compl_addr = tm_compl_va(1 + expected % 100);
				expected++;
			}
			d = list[0];
			if (n > 1) {
				d = tm_desc(DSA_OP_BATCH, 0);
				d.size = n;
				d.src = TM_LIST + 64 * 6 * i;
				memcpy(at(tm, d.src), list, sizeof(list));
				done--;		/* the batch counts as well */
			}
			assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
		}
		for (unsigned int p = 0; p < TM_PAGES; p++)
			tm->space[0].perm[p] = (uint8_t)(tm_rand() % 3 ? TM_R : TM_RW);
		do {
			tm->answer = tm_rand() % 2 ? TM_RESOLVE : TM_PEND;
			done += tm_run(tm);
			/* The other engines ask again. */
			for (uint32_t t = 1; tm->answer == TM_PEND && t < tm->asked.token; t++)
				sva_dsa_page_response(tm->dsa, t, true);
			memset(tm->space[0].perm, TM_RW, TM_PAGES / 2);
			more = tm_answer(tm, true) ? 1 : 0;
			if (!more) {
				more = tm_run(tm);
				done += more;
			}
		} while (more);
		requests += tm->requests;
		assert_int_equal(done, expected);
		for (unsigned int i = 0, k = 0; i < 30; i++) {
			for (unsigned int n = i % 6 ? 1 : 6; n; n--, k++)
				assert_int_equal(*at(tm, DST + TM_PAGE * (i % 5) + k), 1 + k % 200);
		}
		tm_free(tm);
	}
	assert_true(requests > SEEDS);
}

/* Aborts in the middle: what is told to be gone never comes. */
static void aborted_is_gone(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		struct tm *tm = new_seeded(seed, TM_DEDICATED, 1 + seed % 15);

		post_fills(tm, 30);
		sva_dsa_step(tm->dsa, seed % 11);
		assert_int_equal(tm_cmd(tm, seed % 2 ? DSA_CMD_ABORT_WQ : DSA_CMD_ABORT_ALL, 1), 0);
		memset(at(tm, TM_COMPL), 0, TM_PAGE);
		*at(tm, DST) = 0x77;
		assert_int_equal(tm_run(tm), 0);
		for (unsigned int i = 0; i < 30; i++)
			assert_int_equal(tm_compl(tm, i)->status, 0);
		assert_int_equal(*at(tm, DST), 0x77);
		tm_free(tm);
	}
}

/* A batch and a descriptor posted after it: either may be first. */
static void singles_pass_batches(void **state)
{
	unsigned int passed = 0;

	(void)state;
	for (unsigned int seed = 1; seed < SEEDS; seed++) {
		struct tm *tm = new_seeded(seed, TM_DEDICATED, 1);
		struct dsa_desc list[40], d;
		uint8_t order[2];

		for (unsigned int i = 0; i < 40; i++) {
			list[i] = tm_desc(DSA_OP_NOOP, 0);
			list[i].compl_addr = tm_compl_va(2 + i);
		}
		d = tm_batch(tm, list, 40);
		tm_post(tm, 0, &d);
		d = tm_desc(DSA_OP_NOOP, 0);
		d.compl_addr = tm_compl_va(1);
		tm_post(tm, 0, &d);
		run_and_watch(tm, 2, order);
		passed += order[0];
		tm_free(tm);
	}
	assert_true(passed > SEEDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_overtake),
		cmocka_unit_test(execution_order),
		cmocka_unit_test(same_seed_same_order),
		cmocka_unit_test(fences_hold),
		cmocka_unit_test(fence_after_failure),
		cmocka_unit_test(drains_hold),
		cmocka_unit_test(each_is_done_once),
		cmocka_unit_test(aborted_is_gone),
		cmocka_unit_test(singles_pass_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
