/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */

/*
 * The inputs that fuzzing the DSA model found worth keeping, through the same function
 * and without a fuzzer. CORPUS is their directory.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz_model.h"
#include "test_model_util.h"

static uint8_t input[1 << 16];

static size_t load(const char *name)
{
	char path[1024];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", CORPUS, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	size = fread(input, 1, sizeof(input), file);
	fclose(file);
	return size;
}

static void corpus(void **state)
{
	DIR *dir = opendir(CORPUS);
	struct dirent *entry;
	unsigned int files = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		LLVMFuzzerTestOneInput(input, load(entry->d_name));
		files++;
	}
	closedir(dir);
	assert_true(files >= 20);
}

/* And some that nobody chose, always the same. */
static void random_inputs(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		size_t size = tm_rand() % 2000;

		tm_random_bytes(input, size);
		LLVMFuzzerTestOneInput(input, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus),
		cmocka_unit_test(random_inputs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
