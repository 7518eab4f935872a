#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Instructions per operation (enqueue, submit, poll) on a device that costs nothing.

usage: bench_null.py PROGRAM

Runs PROGRAM (bench_null) under callgrind with two numbers of rounds for each burst; the
difference leaves out whatever is done once. Fails where a burst needs as many
instructions as DPDK 25.11's dma_idxd, counted the same way.
"""

import sys

sys.dont_write_bytecode = True

import callgrind  # noqa: E402

DMA_IDXD = {1: 158, 4: 69, 16: 47, 32: 44}
ROUNDS = (1000, 3000)


def main():
    """Print a row for each burst."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not callgrind.there():
        return 77
    worse = False
    print("instructions per operation, callgrind")
    print("%6s %8s %10s %6s" % ("burst", "SVADK", "dma_idxd", "ratio"))
    for burst, theirs in DMA_IDXD.items():
        ours = callgrind.per_operation("null_rounds", sys.argv[1:], burst, ROUNDS)
        print("%6d %8.1f %10d %6.2f" % (burst, ours, theirs, ours / theirs))
        worse |= ours >= theirs
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
