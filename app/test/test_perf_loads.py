#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""What sva-perf does to the load: test_perf_loads.py BUILD_DIR [unittest options]"""
import os
import re
import time
import unittest

from perf_case import DIF, HAS_CACHES, OPS, PLUGIN, Case, perf

FAULTING = ("-a", "emu:dsa,pri=off")
SILENT = ("-a", "emu:dsa,pri=on")
WRITING = ["copy", "fill", "copy-crc32c", "dualcast"]
WHOLE = WRITING + DIF[1:]  # all that write a destination from end to end


def broken(**args):
    return ("-d", PLUGIN, "-a", ",".join(["fake:dev0"] + [f"{k}={v}" for k, v in args.items()]))


class Split(Case):
    NAMES = ["prepare_ns", "submit_ns", "poll_ns", "wait_ns"]

    def test_parts_are_reported(self):
        begin = time.monotonic()
        rows = self.measure("-o", "all", "-s", "64,64k", "-i", "2000", "--split")
        passed = time.monotonic() - begin
        for row in rows:
            for name in self.NAMES:
                self.assertGreaterEqual(row[name], 0, name)
            whole = sum(row[n] for n in self.NAMES) * row["completed"]
            self.assertGreater(whole, 0)
            # One thread cannot have spent more than there was.
            self.assertLess(whole, passed * 1e9)

    def test_not_without_it(self):
        for row in self.measure("-o", "copy", "-s", "64", "-i", "50"):
            self.assertEqual([row[n] for n in self.NAMES], [None] * 4)

    def test_table(self):
        done = self.good("-o", "copy", "-s", "64", "-i", "50", "--split")
        self.assertIn("prep ns submit ns  poll ns  wait ns\n", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()[-1].split()), 16)


class SubmitOnly(Case):
    def test_every_op(self):
        rows = self.measure("-o", "all", "-s", "512", "-i", "1000", "--submit-only")
        self.assertEqual([r["op"] for r in rows], OPS)
        for row in rows:
            self.assertEqual(row["completed"], 1000)
            self.assertEqual((row["cpu_gbps"], row["ratio"]), (0, 0))
            self.assertEqual([row[n] for n in ("p50_ns", "p90_ns", "p99_ns", "p999_ns")],
                             [None] * 4)

    def test_batches_and_depths(self):
        for eal in ("emu:dsa", "emu:dsa,wq_size=1", "emu:dsa,wqs=8,wq_size=3",
                    "emu:dsa,mode=shared"):
            for batch, depth in ((1, 1), (1, 7), (16, 16), (100, 1000), (2000, 4000)):
                row, = self.measure("-o", "copy", "-s", "64", "-b", str(batch), "-q", str(depth),
                                    "-i", "3000", "--submit-only", eal=("-a", eal))
                self.assertEqual(row["completed"], 3000)
                self.assertIs(row["submit_only"], True)

    def test_no_more_than_the_device_holds(self):
        """16 descriptors, a batch of up to 16 or a drain in each, and not one submit more."""
        for op in ("copy", "drain"):
            for batch in (1, 5, 16, 17, 100):
                row, = self.rows("-o", op, "-s", "64", "-b", str(batch), "-q", "1000", "-i",
                                 "3000", "--submit-only", eal=broken(wrong="full"))
                self.assertEqual((row["completed"], row["failed"], row["verified"]),
                                 (3000, 0, True))

    def test_results_are_checked(self):
        done = perf("-o", "copy-crc32c", "-s", "64", "-i", "576", "--submit-only",
                    eal=broken(wrong="value"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "verification failed: result .*value")


class Flags(Case):
    def failed(self, wrong, flag):
        """How many of 576 operations, and 64 to warm up, had a flag."""
        path = self.path("out.json")
        done = perf("-o", "copy", "-s", "64", "-n", "64", "-i", "576", "-b", "7", "--flag", flag,
                    "--json", path, eal=broken(wrong=wrong, every=1 << 20))
        rows = self.read(path)
        self.assertEqual(done.returncode, 1 if rows[0]["failed"] else 0, done.stderr)
        self.assertEqual(rows[0]["flags"], flag)
        return rows[0]["failed"]

    def test_every_nth(self):
        for n in (1, 2, 5, 64, 100, 640, 641):
            self.assertEqual(self.failed("fenced", f"fence/{n}"), 640 // n)
            self.assertEqual(self.failed("steered", f"to-cache/{n}"), 640 // n)
        self.assertEqual(self.failed("fenced", "fence/3,to-cache/4"), 213)
        self.assertEqual(self.failed("steered", "fence/3,to-cache/4"), 160)
        self.assertEqual(self.failed("steered", "fence/1"), 0)

    def test_counted_across_passes(self):
        path = self.path("out.json")
        perf("-o", "copy", "-s", "64", "-n", "10", "-i", "90", "--flag", "fence/25",
             "--fault-rate", "0", "--json", path, eal=broken(wrong="fenced", every=1 << 20))
        self.assertEqual(self.read(path)[0]["failed"], 4)

    def test_on_every_op(self):
        rows = self.measure("-o", "all", "-s", "512", "-i", "500", "--flag", "to-cache/2,fence/3")
        self.assertEqual(len(rows), len(OPS))
        self.assertIn("Flags: fence/9 operations",
                      self.good("-o", "copy", "-s", "64", "-i", "9", "--flag", "fence/9").stdout)


@unittest.skipUnless(HAS_CACHES, "sysfs does not tell the size of the caches")
class Placement(Case):
    def test_places(self):
        for place in ("l1", "llc", "memory"):
            rows = self.measure("-o", "all", "-s", "1,512,5000", "-i", "300", "--place-src", place,
                                "--place-dst", place, "--offset-src", "8")
            self.assertEqual(list(dict.fromkeys(r["op"] for r in rows)), OPS)
            for row in rows:
                self.assertEqual((row["place_src"], row["place_dst"]), (place, place))
                self.assertEqual(row["completed"], 300)
        row, = self.measure("-o", "copy", "-s", "4k", "-t", "0.01", "--place-src", "l1",
                            "--place-dst", "llc", "-Q", "2")
        self.assertEqual((row["place_src"], row["place_dst"]), ("l1", "llc"))

    def test_of_a_file(self):
        self.measure("-o", "copy,crc32c", "-s", "4k", "-i", "300", "--place-src", "memory",
                     "--input", "/usr/bin/python3")

    def test_more_than_the_cache(self):
        done = self.good("-o", "copy", "-s", "16m", "-n", "1", "-i", "2", "--place-src", "l1")
        self.assertEqual(len(re.findall("sva-perf: copy 16m: place l1: the operands of a pass "
                                        "are 16m, more than the cache of ", done.stderr)), 1)
        # What is chosen goes in.
        done = self.good("-o", "copy", "-s", "64-1k", "-i", "50", "--place-src", "l1",
                         "--place-dst", "l1")
        self.assertNotIn("sva-perf", done.stderr)

    def test_wrong_data_is_seen(self):
        for place in ("l1", "llc", "memory"):
            done = perf("-o", "copy", "-s", "512", "-n", "64", "-i", "576", "--place-dst", place,
                        eal=broken(wrong="skip"))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, "verification failed: set 63, address")


class Strides(Case):
    def addresses(self, *options):
        """Of the first sets' destinations, all of which are wrong."""
        done = perf("-o", "copy", "-s", "100", "-i", "50", "-n", "8", *options,
                    eal=broken(wrong="skip", every=1))
        found = re.findall(r"set (\d), address 0x([0-9a-f]+), offset 0", done.stderr)
        self.assertEqual([n for n, _ in found], list("01234"))
        return [int(a, 16) for _, a in found]

    def test_destinations(self):
        for stride in (228, 229, 4096, 5000, 1 << 20):
            at = self.addresses("--stride-dst", str(stride))
            self.assertEqual({b - a for a, b in zip(at, at[1:])}, {stride})
        at = self.addresses()
        self.assertEqual({b - a for a, b in zip(at, at[1:])}, {256})

    def test_sources(self):
        for where in (("--input", "/usr/bin/python3"), ()):
            done = perf("-o", "crc32c", "-s", "100", "-i", "50", "-n", "8", "--stride-src", "777",
                        *where, eal=broken(wrong="value", every=1))
            at = [int(a, 16) for a in re.findall(r"source 0x([0-9a-f]+)", done.stderr)]
            self.assertEqual({b - a for a, b in zip(at, at[1:])}, {777})

    def test_all_ops(self):
        rows = self.measure("-o", "all", "-s", "1000", "-n", "20", "-i", "100", "--stride-src",
                            "1000", "--stride-dst", "1128")
        for row in rows:
            self.assertEqual((row["stride_src"], row["stride_dst"]), (1000, 1128))
        self.measure("-o", "copy,crc32c", "-s", "100", "-n", "50", "-i", "100", "--stride-src",
                     "300", "--input", self.path("file", os.urandom(1000)))

    def test_shuffled(self):
        """The same places, not at one distance, and the same each time."""
        straight, mixed = self.addresses(), self.addresses("--shuffle")
        self.assertEqual([a - min(straight) for a in sorted(straight)], [256 * i for i in range(5)])
        steps = [b - a for a, b in zip(mixed, mixed[1:])]
        self.assertGreater(len(set(steps)), 1)
        self.assertEqual({s % 256 for s in steps}, {0})
        again = self.addresses("--shuffle")
        self.assertEqual(steps, [b - a for a, b in zip(again, again[1:])])
        rows = self.measure("-o", "all", "-s", "512,4k", "-n", "20", "-i", "100", "--shuffle")
        self.assertEqual({r["op"] for r in rows}, set(OPS))
        self.assertEqual({r["shuffle"] for r in rows}, {True})
        row, = self.measure("-o", "copy", "-s", "64", "-i", "9")
        self.assertIs(row["shuffle"], False)
        done = self.good("-o", "copy", "-s", "64", "-i", "9", "--shuffle")
        self.assertIn("\nBuffers in random order\n", done.stdout)

    def test_too_small(self):
        self.refused(["-s", "64,1000", "--stride-src", "999"], "--stride-src", "at least 1000")
        self.refused(["-s", "64,1000", "--stride-dst", "1127"], "--stride-dst", "at least 1128")
        for number in ("0", "x", ""):
            self.refused(["--stride-dst", number], "--stride-dst")
        self.refused(["--stride-dst", "8g", "-s", "64", "-n", "16000000"], "memory", code=1)


class Nodes(Case):
    def test_this_node(self):
        rows = self.measure("-o", "copy,dualcast", "-s", "4k", "-i", "50", "--node-src", "0",
                            "--node-dst", "0", "--node-ring", "0")
        for row in rows:
            self.assertEqual((row["node_src"], row["node_dst"]), (0, 0))
        row, = self.measure("-o", "copy", "-s", "4k", "-i", "50", "--node-dst", "0")
        self.assertEqual((row["node_src"], row["node_dst"]), (None, 0))

    def test_no_such_node(self):
        for option in ("--node-src", "--node-dst", "--node-ring"):
            self.refused([option, "4000"], option, "no NUMA node 4000")
            self.refused([option, "x"], option)
        self.refused(["--node-src", "0", "--input", "/usr/bin/python3"], "--node-src", "--input")


class Faults(Case):
    def test_what_is_planted_is_reported(self):
        # With 128 sets, a pass to warm up has 128 operations as well.
        for rate in (0, 1, 10, 37, 100):
            rows = self.measure("-o", ",".join(WRITING), "-s", "1,4k,5000,64k", "-n", "128", "-i",
                                "1000", "--fault-rate", str(rate), eal=FAULTING)
            self.assertEqual(len(rows), 4 * len(WRITING))
            for row in rows:
                self.assertEqual((row["fault_rate"], row["faults"]), (rate, 1128 * rate // 100))

    def test_dif(self):
        for block in (512, 4104):
            rows = self.measure("-o", ",".join(DIF[1:]), "-s", f"{block},{16 * block}",
                                "--dif-block", str(block), "-n", "128", "-i", "1000",
                                "--fault-rate", "10", eal=FAULTING)
            self.assertEqual([r["faults"] for r in rows], [112] * 6)

    def test_by_time(self):
        rows = self.measure("-s", "64,4k,64k", "-t", "0.01", "--fault-rate", "50,100", "-Q", "2",
                            eal=FAULTING)
        self.assertEqual([(r["op"], r["fault_rate"]) for r in rows],
                         [(op, rate) for op in ("copy", "fill") for rate in (50,) * 3 + (100,) * 3])
        for row in rows:
            self.assertGreaterEqual(row["faults"], row["completed"] * row["fault_rate"] // 100)

    def test_device_that_does_not_know(self):
        rows = self.measure("-o", "all", "-s", "4k", "-i", "300", "--fault-rate", "30", eal=SILENT)
        self.assertEqual([r["op"] for r in rows], WHOLE)
        self.assertEqual({r["faults"] for r in rows}, {0})

    def test_range_and_repeats(self):
        rows = self.measure("-o", "copy", "-s", "4k", "-n", "100", "-i", "100", "-r", "2",
                            "--fault-rate", "0-20:+10", eal=FAULTING)
        self.assertEqual([(r["fault_rate"], r["faults"]) for r in rows],
                         [(0, 0), (10, 40), (20, 80)])

    def test_wrong_number_of_faults(self):
        # Half of the pages, and every second operation reported: that agrees.
        for rate, code in (("50", 0), ("49", 1), ("0", 1)):
            done = perf("-o", "copy", "-s", "4k", "-n", "64", "-i", "640", "--fault-rate", rate,
                        eal=broken(wrong="faults", every=2))
            self.assertEqual(done.returncode, code, done.stderr)
            if code:
                self.assertRegex(done.stderr, r"verification failed: 352 page faults were "
                                 r"reported, but \d+ pages had been taken away")

    def test_wrong_data_is_seen(self):
        for wrong, where in (("skip", "offset 0: is"), ("after", "guard after"),
                             ("before", "guard before")):
            done = perf("-o", "copy", "-s", "512", "-n", "64", "-i", "576", "--fault-rate", "50",
                        eal=broken(wrong=wrong))
            self.assertEqual(done.returncode, 1)
            self.assertIn(where, done.stderr)

    def test_strides(self):
        self.measure("-o", "copy", "-s", "4k", "-i", "100", "--fault-rate", "50", "--stride-dst",
                     "8k", "--stride-src", "5000", eal=FAULTING)
        self.refused(["-s", "4k", "--fault-rate", "50", "--stride-dst", "4k"], "--stride-dst",
                     "at least 8192")
        self.refused(["-s", "64", "--fault-rate", "50", "--stride-dst", "5000"], "--stride-dst",
                     "multiple of 4096")

    def test_bad_usage(self):
        for rate in ("101", "x", "", "-1", "1.5", "10%"):
            self.refused(["--fault-rate", rate], "--fault-rate")
        for op in set(OPS) - set(WHOLE):
            self.refused(["-o", "copy," + op, "--fault-rate", "5"], f"--fault-rate: {op} ", *WHOLE)
        for option in (["--huge"], ["--place-dst", "l1"], ["--offset-dst", "64"]):
            self.refused(["--fault-rate", "5", *option], "--fault-rate", option[0])


class BadUsage(Case):
    def test_words(self):
        for flag in ("", "fence", "fence/0", "fence/x", "fence/2,", "fence/2,fence/3", "fences/2",
                     "fence/2 to-cache/2", "fence/-1", "fence/2k3"):
            self.refused(["--flag", flag], "--flag")
        for place in ("", "l2", "L1", "l1,llc", "dram"):
            self.refused(["--place-src", place], "--place-src")
            self.refused(["--place-dst", place], "--place-dst")

    def test_options_that_do_not_go_together(self):
        self.refused(["--submit-only", "--split"], "--submit-only", "--split")
        self.refused(["--submit-only", "--flag", "fence/2"], "--submit-only", "--flag")


if __name__ == "__main__":
    unittest.main(verbosity=2)
