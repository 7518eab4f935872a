/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * An application of DPDK that knows nothing of SVADK: makes 100 copies by the first dmadev, says
 * "ready" and waits for the end of its input.
 */
#include <stdio.h>

#include <rte_dmadev.h>
#include <rte_eal.h>

int
main(int argc, char **argv)
{
	struct rte_dma_conf conf = { .nb_vchans = 1 };
	struct rte_dma_vchan_conf vchan = {
		.direction = RTE_DMA_DIR_MEM_TO_MEM, .nb_desc = 500,
	};
	char src[64] = "on the stack", dst[64] = "";
	unsigned int done = 0, i;
	bool error = false;
	uint16_t last;

	if (rte_eal_init(argc, argv) < 0 || rte_dma_configure(0, &conf) != 0 ||
	    rte_dma_vchan_setup(0, 0, &vchan) != 0 || rte_dma_start(0) != 0)
		return 1;
	for (i = 0; i < 100; i++)
		if (rte_dma_copy(0, 0, (rte_iova_t)src, (rte_iova_t)dst, sizeof(src),
				 RTE_DMA_OP_FLAG_SUBMIT) < 0)
			return 1;
	while (done < 100 && !error)
		done += rte_dma_completed(0, 0, 100, &last, &error);
	puts(error ? "error" : "ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return rte_dma_stop(0) != 0 || rte_eal_cleanup() != 0;
}
