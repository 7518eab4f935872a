#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Instructions that DPDK's dmadev class and the plugin add to each copy.

usage: bench_overhead.py PROGRAM PLUGIN

Runs PROGRAM (bench_overhead) under callgrind, once for each way and burst and number of
rounds; the difference of two numbers of rounds leaves out whatever is done once. Fails where
the plugin adds more than LIMIT instructions to an operation.
"""

import re
import shutil
import subprocess
import sys
import tempfile

LIMIT = 10
BURSTS = (1, 4, 16, 32)
ROUNDS = (500, 1500)


def instructions(program, plugin, function, burst, rounds):
    """Instructions collected inside a function and what it calls."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=" + function,
             "--callgrind-out-file=" + folder + "/out", program, plugin, str(burst),
             str(rounds)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        found = re.search(r"Collected : (\d+)", run.stdout)
        if run.returncode != 0 or not found:
            sys.exit("bench_overhead.py: %s under callgrind failed:\n%s" % (program, run.stdout))
        return int(found.group(1))


def per_operation(program, plugin, function, burst):
    """Instructions of one operation."""
    few, many = (instructions(program, plugin, function, burst, r) for r in ROUNDS)
    return (many - few) / ((ROUNDS[1] - ROUNDS[0]) * burst)


def main():
    """Print a row for each burst."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        print("bench_overhead.py: valgrind is not installed: apt-get install valgrind")
        return 77
    worse = False
    print("instructions per operation, with those of the model; callgrind")
    print("%6s %10s %8s %12s %12s" % ("burst", "lib/accel", "dmadev", "more: DPDK", "the plugin"))
    for burst in BURSTS:
        direct, dmadev, empty, loop = (
            per_operation(sys.argv[1], sys.argv[2], f + "_rounds", burst)
            for f in ("direct", "dmadev", "empty", "loop"))
        dpdk = empty - loop
        plugin = dmadev - direct - dpdk
        print("%6d %10.1f %8.1f %12.1f %12.1f" % (burst, direct, dmadev, dpdk, plugin))
        worse |= plugin > LIMIT
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
