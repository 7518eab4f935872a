#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Instructions that DPDK's dmadev class and the plugin add to each copy.

usage: bench_overhead.py PROGRAM PLUGIN

Runs PROGRAM (bench_overhead) under callgrind, once for each way and burst and number of
rounds; the difference of two numbers of rounds leaves out whatever is done once. Fails where
the plugin adds more than LIMIT instructions to an operation.
"""

import sys

sys.dont_write_bytecode = True

import callgrind  # noqa: E402

LIMIT = 10
BURSTS = (1, 4, 16, 32)
ROUNDS = (500, 1500)


def main():
    """Print a row for each burst."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if not callgrind.there():
        return 77
    worse = False
    print("instructions per operation, with those of the model; callgrind")
    print("%6s %10s %8s %12s %12s" % ("burst", "lib/accel", "dmadev", "more: DPDK", "the plugin"))
    for burst in BURSTS:
        direct, dmadev, empty, loop = (
            callgrind.per_operation(f + "_rounds", sys.argv[1:], burst, ROUNDS)
            for f in ("direct", "dmadev", "empty", "loop"))
        dpdk = empty - loop
        plugin = dmadev - direct - dpdk
        print("%6d %10.1f %8.1f %12.1f %12.1f" % (burst, direct, dmadev, dpdk, plugin))
        worse |= plugin > LIMIT
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
