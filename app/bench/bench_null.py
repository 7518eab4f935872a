#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Instructions per operation (enqueue, submit, poll) on a device that costs nothing.

usage: bench_null.py PROGRAM

Runs PROGRAM (bench_null) under callgrind with two numbers of rounds for each burst; the
difference leaves out whatever is done once. Fails where a burst needs as many
instructions as DPDK 25.11's dma_idxd, counted the same way.
"""

import re
import shutil
import subprocess
import sys
import tempfile

DMA_IDXD = {1: 158, 4: 69, 16: 47, 32: 44}
ROUNDS = (1000, 3000)


def instructions(program, burst, rounds):
    """Instructions collected inside null_rounds()."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=null_rounds",
             "--callgrind-out-file=" + folder + "/out", program, str(burst), str(rounds)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        found = re.search(r"Collected : (\d+)", run.stdout)
        if run.returncode != 0 or not found:
            sys.exit("bench_null.py: %s under callgrind failed:\n%s" % (program, run.stdout))
        return int(found.group(1))


def main():
    """Print a row for each burst."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        print("bench_null.py: valgrind is not installed: apt-get install valgrind")
        return 77
    worse = False
    print("instructions per operation, callgrind")
    print("%6s %8s %10s %6s" % ("burst", "SVADK", "dma_idxd", "ratio"))
    for burst, theirs in DMA_IDXD.items():
        few, many = (instructions(sys.argv[1], burst, r) for r in ROUNDS)
        ours = (many - few) / ((ROUNDS[1] - ROUNDS[0]) * burst)
        print("%6d %8.1f %10d %6.2f" % (burst, ours, theirs, ours / theirs))
        worse |= ours >= theirs
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
