/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * The timing model of the DSA model, against the published figures that it was made from
 * and against what pipelining must do. Times are virtual, so they are the same in each run.
 */

#include "test_model_util.h"

#define SRC	TM_VA(TM_DATA)
#define DST	TM_VA(TM_DATA + 20)
#define DEPTH	128
#define KIB16	16384
#define LATENCY	850	/* ns */

static struct tm *new_timed(bool timing, uint64_t seed, uint64_t engines)
{
	struct sva_dsa_config c = *sva_dsa_profile("default");
	struct tm *tm;

	c.timing = timing;
	c.seed = seed;
	tm = tm_new(&c, &tm_ops);
	tm_config_wq(tm, 0, DEPTH, TM_DEDICATED);
	tm_config_group(tm, 0, 1, engines);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ENABLE_WQ, 0), 0);
	assert_int_equal(sva_dsa_time(tm->dsa), 0);
	return tm;
}

static struct dsa_desc copy(uint32_t size)
{
	struct dsa_desc d = tm_desc(DSA_OP_MEMMOVE, 0);

	d.src = SRC;
	d.dst = DST;
	d.size = size;
	return d;
}

/* Virtual time of one copy, alone. */
static uint64_t alone(struct tm *tm, uint32_t size)
{
	uint64_t before = sva_dsa_time(tm->dsa);
	struct dsa_desc d = copy(size);

	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	return sva_dsa_time(tm->dsa) - before;
}

/* GB/s of n copies with the queue kept full. */
static double throughput(struct tm *tm, uint32_t size, unsigned int n)
{
	uint64_t before = sva_dsa_time(tm->dsa);
	struct dsa_desc d = copy(size);
	unsigned int posted = 0, done = 0;

	while (done < n) {
		while (posted < n && sva_dsa_wq_room(tm->dsa, 0)) {
			assert_int_equal(tm_post(tm, 0, &d), SVA_DSA_ACCEPTED);
			posted++;
		}
		done += sva_dsa_step(tm->dsa, 1);
	}
	while (sva_dsa_step(tm->dsa, 1))
		;
	return (double)size * n / (double)(sva_dsa_time(tm->dsa) - before);
}

static void one_at_a_time(void **state)
{
	struct tm *tm = new_timed(true, 0, 1);

	(void)state;
	/* Where it breaks even with a CPU. */
	assert_in_range(alone(tm, 10240), 1150, 1230);
	/* The latency, and what lies between two sizes at 32 GB/s. */
	assert_in_range(alone(tm, 1), LATENCY, LATENCY + 20);
	assert_in_range(alone(tm, 8192) - alone(tm, 4096), 127, 129);
	for (unsigned int i = 0; i < 20; i++)
		assert_in_range(alone(tm, KIB16), LATENCY + 525, LATENCY + 526);
	tm_free(tm);
}

static void queued(void **state)
{
	struct tm *tm = new_timed(true, 0, 1);
	double gbps = throughput(tm, KIB16, 2000);

	(void)state;
	assert_true(gbps > 31.0 && gbps < 31.3);
	/* Nothing to do: it stands still. */
	assert_int_equal(tm_run(tm), 0);
	assert_true(throughput(tm, 64, 2000) > 3.0);
	tm_free(tm);
}

static void engines_share_the_device(void **state)
{
	struct tm *one = new_timed(true, 0, 1), *four = new_timed(true, 0, 15);
	double gbps = throughput(four, KIB16, 2000);

	(void)state;
	assert_true(gbps > 31.0 && gbps < 31.3);
	/* What each has for itself counts for small ones. */
	assert_true(throughput(four, 64, 2000) > 2 * throughput(one, 64, 2000));
	tm_free(one);
	tm_free(four);
}

/* Time of a batch of n copies, of which one has these flags besides. */
static uint64_t batch(struct tm *tm, unsigned int n, uint32_t size, uint32_t flags)
{
	uint64_t before = sva_dsa_time(tm->dsa);
	struct dsa_desc list[64], d;

	for (unsigned int i = 0; i < n; i++) {
		list[i] = copy(size);
		list[i].compl_addr = tm_compl_va(1 + i);
	}
	list[n / 2].op_flags |= flags;
	d = tm_batch(tm, list, n);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_SUCCESS);
	return sva_dsa_time(tm->dsa) - before;
}

static void batches(void **state)
{
	struct tm *tm = new_timed(true, 0, 1);
	uint64_t plain = batch(tm, 40, KIB16, 0);
	struct dsa_desc d = tm_desc(DSA_OP_BATCH, 0);

	(void)state;
	/* A latency for the list, one for the last member, and the members in a row. */
	assert_in_range(plain, 2 * LATENCY + 40 * 525, 2 * LATENCY + 40 * 526);
	assert_int_equal(batch(tm, 40, KIB16, 0), plain);
	/* What is before a fence has completed before the rest starts. */
	assert_in_range(batch(tm, 40, KIB16, DSA_FLAG_FENCE), plain + LATENCY - 1,
			plain + LATENCY + 1);
	/* One that is refused takes time too. */
	plain = sva_dsa_time(tm->dsa);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DESC_COUNT);
	assert_int_equal(sva_dsa_time(tm->dsa) - plain, LATENCY);
	tm_free(tm);
}

/* The list of the second is read while the first is worked on. */
static void queued_batches(void **state)
{
	struct tm *tm = new_timed(true, 0, 1);
	uint64_t one = batch(tm, 10, KIB16, 0), before = sva_dsa_time(tm->dsa);
	struct dsa_desc list[10], d;

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		list[i] = copy(KIB16);
	d = tm_batch(tm, list, 10);
	tm_post(tm, 0, &d);
	tm_post(tm, 0, &d);
	assert_int_equal(tm_run(tm), 22);
	assert_in_range(sva_dsa_time(tm->dsa) - before, one + 10 * 525, one + 10 * 526);
	tm_free(tm);
}

/* What was not moved takes no time. */
static void faults(void **state)
{
	struct tm *tm = new_timed(true, 0, 1);
	struct dsa_desc d = copy(KIB16);
	uint64_t page = alone(tm, TM_PAGE), before = sva_dsa_time(tm->dsa);

	(void)state;
	tm_space(tm, PASID_A)->perm[TM_DATA + 21] = 0;
	assert_int_equal(tm_do(tm, &d)->bytes, TM_PAGE);
	assert_in_range(sva_dsa_time(tm->dsa) - before, page, page + 1);
	tm_free(tm);
}

/* What takes the place of an aborted descriptor in the queue has not arrived with it. */
static void aborted_pasid(void **state)
{
	struct sva_dsa_config c = *sva_dsa_profile("default");
	struct dsa_desc d = copy(KIB16), other = d;
	uint64_t portal = DSA_PORTAL_OFFSET(0, false), one;
	struct tm *tm;

	(void)state;
	c.timing = true;
	tm = tm_new(&c, &tm_ops);
	tm_up(tm, TM_SHARED);
	d.pasid_priv = PASID_A;
	other.pasid_priv = PASID_B;
	sva_dsa_portal_write(tm->dsa, portal, &d, true);
	sva_dsa_portal_write(tm->dsa, portal, &other, true);
	assert_int_equal(sva_dsa_step(tm->dsa, 1), 1);
	one = sva_dsa_time(tm->dsa);
	assert_in_range(one, LATENCY + 525, LATENCY + 526);
	sva_dsa_portal_write(tm->dsa, portal, &d, true);
	assert_int_equal(tm_cmd(tm, DSA_CMD_ABORT_PASID, PASID_B), 0);
	assert_int_equal(tm_run(tm), 1);
	assert_in_range(sva_dsa_time(tm->dsa), 2 * one, 2 * one + 1);
	tm_free(tm);
}

static void off(void **state)
{
	struct tm *tm = new_timed(false, 0, 15);
	struct dsa_desc d = tm_desc(DSA_OP_BATCH, 0);

	(void)state;
	assert_int_equal(alone(tm, KIB16), 0);
	assert_int_equal(batch(tm, 10, 64, DSA_FLAG_FENCE), 0);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_DESC_COUNT);
	d = copy(0);
	assert_int_equal(tm_do(tm, &d)->status, DSA_STS_XFER_SIZE);
	assert_int_equal(sva_dsa_time(tm->dsa), 0);
	tm_free(tm);
}

static void reset(void **state)
{
	struct tm *tm = new_timed(true, 0, 1);
	uint64_t first = alone(tm, KIB16);

	(void)state;
	throughput(tm, KIB16, 500);
	sva_dsa_flr(tm->dsa);
	assert_int_equal(sva_dsa_time(tm->dsa), 0);
	sva_dsa_bus_master(tm->dsa, true);
	tm_up(tm, TM_DEDICATED);
	assert_int_equal(alone(tm, KIB16), first);
	assert_int_equal(sva_dsa_time(tm->dsa), first);
	tm_free(tm);
}

/* The same calls, the same time; whatever order a seed makes, the bandwidth holds. */
static void repeatable(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct tm *a = new_timed(true, seed, 15), *b = new_timed(true, seed, 15);
		double gbps = throughput(a, KIB16, 300);

		assert_true(gbps > 25.0 && gbps < 31.3);
		throughput(b, KIB16, 300);
		batch(a, 30, 1000, DSA_FLAG_FENCE);
		batch(b, 30, 1000, DSA_FLAG_FENCE);
		assert_int_equal(sva_dsa_time(a->dsa), sva_dsa_time(b->dsa));
		tm_free(a);
		tm_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(queued),
		cmocka_unit_test(engines_share_the_device),
		cmocka_unit_test(batches),
		cmocka_unit_test(queued_batches),
		cmocka_unit_test(faults),
		cmocka_unit_test(aborted_pasid),
		cmocka_unit_test(off),
		cmocka_unit_test(reset),
		cmocka_unit_test(repeatable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
