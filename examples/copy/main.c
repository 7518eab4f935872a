/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * Copy heap memory with whatever device there is: open, submit, poll, verify.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva_accel.h>

#define LEN (1u << 20)

static int
copy(struct sva_queue *q, char *dst, const char *src)
{
	struct sva_result result;
	int ret;

	ret = sva_copy(q, dst, src, LEN, 0, SVA_SUBMIT);
	if (ret < 0)
		return ret;
	while ((ret = sva_poll(q, &result, 1)) == 0)
		;
	if (ret < 0)
		return ret;
	printf("%s: %u of %u bytes, data %s\n", sva_status_name(result.status), result.bytes,
	       LEN, memcmp(dst, src, LEN) == 0 ? "equal" : "different");
	return result.status == SVA_OK && memcmp(dst, src, LEN) == 0 ? 0 : 1;
}

int
main(void)
{
	char *src = malloc(LEN), *dst = malloc(LEN);
	struct sva_device *dev = NULL;
	struct sva_queue *q;
	int ret = -ENOMEM;

	if (src != NULL && dst != NULL) {
		memset(src, 'x', LEN);
		ret = sva_device_open("auto", &dev);
	}
	if (ret == 0)
		ret = sva_queue_open(dev, NULL, &q);
	if (ret == 0)
		ret = copy(q, dst, src);
	if (ret < 0)
		fprintf(stderr, "copy: %s\n", strerror(-ret));
	if (dev != NULL)
		sva_device_close(dev);	/* with its queue */
	free(src);
	free(dst);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
