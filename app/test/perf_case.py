# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""What the tests of sva-perf share. Each is called with the build folder."""
import json
import math
import os
import subprocess
import sys

from folder_case import FolderCase

if len(sys.argv) < 2:
    sys.exit(f"usage: {sys.argv[0]} BUILD_DIR [unittest options]")
APP = os.path.join(os.path.abspath(sys.argv.pop(1)), "app")
PERF = os.path.join(APP, "sva-perf")
PLUGIN = os.path.join(APP, "test", "plugin_broken.so")
GUIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../doc/guides/sva-perf.rst")
DELTA = ["delta-create", "delta-apply"]
DIF = ["dif-check", "dif-insert", "dif-strip", "dif-update"]
# As they are measured, and those that may be as long as one likes.
OPS = ["nop", "copy", "fill", "compare", "compare-pattern", "crc32c", "copy-crc32c", "dualcast",
       "drain", *DELTA, *DIF, "cache-flush"]
SIZED = [op for op in OPS if op not in ("nop", "drain")]
ANY_SIZE = [op for op in SIZED if op not in DELTA + DIF]
NUMBERS = ["size", "batch", "queues", "gbps", "mops", "cpu_gbps", "ratio", "completed", "failed",
           "depth", "buffers", "faults", "slices", "repeats"]
LATENCIES = ["p50_ns", "p90_ns", "p99_ns", "p999_ns"]
HAS_CACHES = os.path.exists("/sys/devices/system/cpu/cpu0/cache/index0/size")
LIMIT = 120  # seconds that no run may take; far more than any needs


def perf(*options, eal=("-a", "emu:dsa"), **kwargs):
    return subprocess.run([PERF, *eal, "--", *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=LIMIT, **kwargs)


class Case(FolderCase):
    def good(self, *options, **kwargs):
        done = perf(*options, **kwargs)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    @staticmethod
    def read(path):
        with open(path) as f:
            return json.load(f)

    def rows(self, *options, **kwargs):
        path = self.path("out.json")
        self.good("--json", path, *options, **kwargs)
        return self.read(path)

    def measure(self, *options, **kwargs):
        """Run with --json and check what holds for every measurement of a load."""
        rows = self.rows(*options, **kwargs)
        for row in rows:
            if row["kind"] != "load":
                continue
            for name in NUMBERS:
                self.assertIn(type(row[name]), (int, float), name)
                self.assertTrue(math.isfinite(row[name]), name)
            self.assertEqual(row["device"], "emu:dsa")
            self.assertIs(row["verified"], "--no-verify" not in options)
            self.assertEqual(row["failed"], 0)
            self.assertGreater(row["completed"], 0)
            self.assertGreater(row["mops"], 0)
            self.assertAlmostEqual(row["gbps"], row["mops"] * row["size"] / 1e3,
                                   delta=row["gbps"] * 1e-3)
            if row["submit_only"]:
                continue
            for name in LATENCIES:
                self.assertTrue(math.isfinite(row[name]), name)
            order = [0] + [row[name] for name in LATENCIES]
            self.assertEqual(order, sorted(order))
            self.assertGreater(row["p50_ns"], 0)
        return rows

    def refused(self, options, *words, code=2, **kwargs):
        """A bad option: an exit code, and a last line that names program and cause."""
        done = perf(*options, **kwargs)
        self.assertEqual(done.returncode, code, done.stderr)
        last = done.stderr.splitlines()[-1]
        self.assertRegex(last, r"^sva-perf: ")
        for word in words:
            self.assertIn(word, last)
