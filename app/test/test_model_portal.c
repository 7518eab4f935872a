/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * Trap 5: a portal reads as all ones, and a descriptor may arrive in pieces, each slot of
 * a portal page collecting its own.
 */

#include "test_model_util.h"

#define DATA TM_VA(TM_DATA)

static struct dsa_desc fill_byte(unsigned int k)
{
	struct dsa_desc d = tm_desc(DSA_OP_FILL, 0);

	d.src = 0x0101010101010101ull * k;
	d.dst = DATA + k;
	d.size = 1;
	return d;
}

static enum sva_dsa_accept store(struct tm *tm, uint64_t offset, const struct dsa_desc *d,
				 unsigned int from, unsigned int to, unsigned int size)
{
	enum sva_dsa_accept accept = SVA_DSA_ACCEPTED;

	for (unsigned int at = from; at < to; at += size) {
		uint64_t value = 0;

		memcpy(&value, (const uint8_t *)d + at, size);
		accept = sva_dsa_portal_store(tm->dsa, offset + at, value, size);
	}
	return accept;
}

static void read_as_ones(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	assert_int_equal(sva_dsa_portal_read(tm->dsa, 0, 8), UINT64_MAX);
	assert_int_equal(sva_dsa_portal_read(tm->dsa, 0x3ffc, 4), UINT32_MAX);
	assert_int_equal(sva_dsa_portal_read(tm->dsa, 2, 2), UINT16_MAX);
	assert_int_equal(sva_dsa_portal_read(tm->dsa, 1, 1), UINT8_MAX);
	tm_free(tm);
}

static void pieces(void **state)
{
	struct tm *tm = tm_new_up();
	unsigned int size, k = 1;

	(void)state;
	memset(tm_ptr(tm, PASID_A, DATA), 0, 16);
	for (size = 1; size <= 8; size *= 2, k++) {
		struct dsa_desc d = fill_byte(k);

		store(tm, 64 * k, &d, 0, 64 - size, size);
		tm_run(tm);
		assert_int_equal(*tm_ptr(tm, PASID_A, DATA + k), 0);
		assert_int_equal(store(tm, 64 * k, &d, 64 - size, 64, size), SVA_DSA_ACCEPTED);
		tm_run(tm);
		assert_int_equal(*tm_ptr(tm, PASID_A, DATA + k), k);
	}
	tm_free(tm);
}

/* Two CPUs write to two slots at once. */
static void slots_do_not_mix(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc a = fill_byte(1), b = fill_byte(2);

	(void)state;
	memset(tm_ptr(tm, PASID_A, DATA), 0, 16);
	for (unsigned int at = 0; at < 64; at += 8) {
		store(tm, 0, &a, at, at + 8, 8);
		store(tm, 0x40, &b, at, at + 8, 8);
	}
	tm_run(tm);
	assert_int_equal(*tm_ptr(tm, PASID_A, DATA + 1), 1);
	assert_int_equal(*tm_ptr(tm, PASID_A, DATA + 2), 2);
	tm_free(tm);
}

/* Pieces that never become whole do not keep others out, and a reset forgets them. */
static void pieces_left(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = fill_byte(3);

	(void)state;
	memset(tm_ptr(tm, PASID_A, DATA), 0, 16);
	for (unsigned int slot = 0; slot < 200; slot++)
		store(tm, 64 * slot, &d, 0, 32, 8);
	/* A WQ that is not enabled. */
	assert_int_equal(store(tm, 64 * 300, &d, 0, 64, 8), SVA_DSA_DROPPED);
	assert_int_equal(store(tm, 64 * 20, &d, 0, 64, 8), SVA_DSA_ACCEPTED);
	tm_run(tm);
	assert_int_equal(*tm_ptr(tm, PASID_A, DATA + 3), 3);
	store(tm, 0, &d, 0, 32, 8);
	sva_dsa_flr(tm->dsa);
	sva_dsa_bus_master(tm->dsa, true);
	tm_up(tm, TM_DEDICATED);
	memset(tm_ptr(tm, PASID_A, DATA), 0, 16);
	store(tm, 0, &d, 32, 64, 8);
	tm_run(tm);
	assert_int_equal(*tm_ptr(tm, PASID_A, DATA + 3), 0);
	tm_free(tm);
}

/* Where there are too many, the one that began first goes, not one that has just begun. */
static void oldest_goes(void **state)
{
	struct tm *tm = tm_new_up();
	struct dsa_desc d = fill_byte(4);

	(void)state;
	memset(tm_ptr(tm, PASID_A, DATA), 0, 16);
	for (unsigned int slot = 0; slot < 16; slot++)
		store(tm, 64 * slot, &d, 0, 32, 8);
	/* The place of one that became whole is that of the youngest then. */
	store(tm, 0, &d, 32, 64, 8);
	tm_run(tm);
	assert_int_equal(*tm_ptr(tm, PASID_A, DATA + 4), 4);
	*tm_ptr(tm, PASID_A, DATA + 4) = 0;
	for (unsigned int slot = 16; slot < 31; slot++) {
		store(tm, 64 * slot, &d, 0, 32, 8);
		store(tm, 64 * (slot + 100), &d, 0, 32, 8);
		store(tm, 64 * slot, &d, 32, 64, 8);
		tm_run(tm);
		assert_int_equal(*tm_ptr(tm, PASID_A, DATA + 4), 4);
		*tm_ptr(tm, PASID_A, DATA + 4) = 0;
	}
	/* One of the first, which had to go. */
	store(tm, 64, &d, 32, 64, 8);
	tm_run(tm);
	assert_int_equal(*tm_ptr(tm, PASID_A, DATA + 4), 0);
	tm_free(tm);
}

static void odd_accesses(void **state)
{
	struct tm *tm = tm_new_up();

	(void)state;
	assert_int_equal(sva_dsa_portal_store(tm->dsa, 0, 0, 3), SVA_DSA_DROPPED);
	assert_int_equal(sva_dsa_portal_store(tm->dsa, 0, 0, 16), SVA_DSA_DROPPED);
	assert_int_equal(sva_dsa_portal_store(tm->dsa, 0, 0, 0), SVA_DSA_DROPPED);
	assert_int_equal(sva_dsa_portal_store(tm->dsa, 4, 0, 8), SVA_DSA_DROPPED);
	tm_free(tm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_as_ones),
		cmocka_unit_test(pieces),
		cmocka_unit_test(slots_do_not_mix),
		cmocka_unit_test(pieces_left),
		cmocka_unit_test(oldest_goes),
		cmocka_unit_test(odd_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
