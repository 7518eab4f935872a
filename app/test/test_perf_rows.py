#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Kinds of measurement and their rows: test_perf_rows.py BUILD_DIR [unittest options]"""
import csv
import glob
import io
import json
import math
import os
import re
import signal
import subprocess
import unittest

from perf_case import DIF, GUIDE, LIMIT, PERF, PLUGIN, SIZED, Case, perf
from programs import default_signals

INT, NUM, TEXT, BOOL = (int,), (int, float), (str,), (bool,)
NULL = (type(None),)

# Schema 1: what every row has, then each kind's own.
COMMON = {"schema": INT, "version": TEXT, "kind": TEXT, "section": TEXT, "device": TEXT,
          "emulated": BOOL, "cpu": TEXT, "repeats": INT}
KINDS = {
    "load": {
        "op": TEXT, "size": INT, "batch": INT, "depth": INT, "buffers": INT, "queues": INT,
        "slices": INT, "gbps": NUM, "gbps_ci": NUM + NULL, "mops": NUM, "mops_ci": NUM + NULL,
        "cpu_gbps": NUM, "cpu_gbps_ci": NUM + NULL, "ratio": NUM, "ratio_ci": NUM + NULL,
        "p50_ns": NUM + NULL, "p90_ns": NUM + NULL, "p99_ns": NUM + NULL, "p999_ns": NUM + NULL,
        "completed": INT, "failed": INT, "faults": INT, "verified": BOOL,
        "model_gbps": NUM + NULL, "place_src": TEXT, "place_dst": TEXT, "stride_src": INT + NULL,
        "stride_dst": INT + NULL, "node_src": INT + NULL, "node_dst": INT + NULL, "flags": TEXT,
        "fault_rate": INT + NULL, "submit_only": BOOL, "dif_block": INT + NULL,
        "delta": INT + NULL, "shuffle": BOOL, "prepare_ns": NUM + NULL,
        "submit_ns": NUM + NULL, "poll_ns": NUM + NULL, "wait_ns": NUM + NULL},
    "break-even": {
        "op": TEXT, "batch": INT, "depth": INT + NULL, "mode": TEXT, "from": INT, "to": INT,
        "break_even": INT + NULL},
    "open": {"step": TEXT, "us": NUM, "us_ci": NUM + NULL},
}
STEPS = ["container-create", "device-open", "bind-again", "queue-open", "first-operation",
         "queue-close", "device-close", "container-destroy"]
EVERY_KIND = [("-s", "64", "-i", "50", "--flag", "fence/2,to-cache/3"),
              ("-s", "64", "-i", "50", "-r", "3", "--split"),
              ("-s", "64", "-i", "50", "--submit-only"), ("--open-cost", "-r", "3"),
              ("-o", "dif-check,delta-create", "-s", "512", "-i", "50", "--shuffle"),
              ("--open-cost",), ("-s", "64-1k", "-i", "50", "--break-even")]


class Schema(Case):
    def check(self, row):
        fields = {**COMMON, **KINDS[row["kind"]]}
        self.assertEqual(list(row), [n for n in self.columns() if n in fields])
        for name, types in fields.items():
            self.assertIn(type(row[name]), types, name)
            self.assertTrue(type(row[name]) is not float or math.isfinite(row[name]), name)

    @staticmethod
    def columns():
        done = perf("--open-cost", "-r", "1", "--csv", "-")
        return done.stdout.splitlines()[0].split(",")

    def test_json(self):
        for options in EVERY_KIND:
            rows = self.rows(*options)
            self.assertTrue(rows)
            for row in rows:
                self.check(row)
                self.assertEqual((row["schema"], row["section"], row["device"], row["emulated"]),
                                 (1, "", "emu:dsa", True))
                self.assertRegex(row["version"], r"^\d+\.\d+\.\d+$")
        with open("/proc/cpuinfo") as f:
            self.assertIn(": " + rows[0]["cpu"] + "\n", f.read())

    def test_csv_has_what_json_has(self):
        for options in EVERY_KIND:
            both = self.path("both.json")
            done = self.good("--csv", "-", "--json", both, *options)
            lines = list(csv.DictReader(io.StringIO(done.stdout)))
            rows = self.read(both)
            self.assertEqual(len(lines), len(rows))
            for line, row in zip(lines, rows):
                self.assertEqual(set(line), set().union(COMMON, *KINDS.values()))
                for name, text in line.items():
                    value = row.get(name)
                    if value is None:
                        self.assertEqual(text, "", name)
                    elif isinstance(value, str):
                        self.assertEqual(text, value)
                    else:
                        self.assertEqual(json.loads(text), value)

    def test_guide_has_every_field(self):
        with open(GUIDE) as f:
            text = f.read()
        documented = set(re.findall(r"``(\w+)``", text[text.index("\nResult files\n"):]))
        self.assertEqual(set().union(COMMON, *KINDS.values()) - documented, set())


class Repeats(Case):
    def test_counts(self):
        row, = self.measure("-o", "copy", "-s", "64", "-i", "50", "-r", "4")
        self.assertEqual((row["repeats"], row["completed"]), (4, 200))
        for name in ("gbps_ci", "mops_ci", "cpu_gbps_ci", "ratio_ci"):
            self.assertGreater(row[name], 0)
        row, = self.measure("-o", "copy", "-s", "64", "-i", "50")
        self.assertEqual(row["repeats"], 1)
        for name in ("gbps_ci", "mops_ci", "cpu_gbps_ci", "ratio_ci"):
            self.assertIsNone(row[name])

    def test_table(self):
        done = self.good("-o", "copy,nop", "-s", "64", "-i", "50", "-r", "2")
        self.assertIn("95 % conf.", done.stdout)
        for line in done.stdout.splitlines()[-2:]:
            self.assertRegex(line, r" ±\s*\d+\.\d % ")

    def test_a_failure_in_one_of_them(self):
        """Of three rounds of 640 operations, the first has the device's 600th."""
        path = self.path("out.json")
        done = perf("-o", "copy", "-s", "64", "-n", "64", "-i", "576", "-r", "3", "--json", path,
                    eal=("-d", PLUGIN, "-a", "fake:dev0,wrong=hw-error,every=600"))
        row, = self.read(path)
        self.assertEqual((done.returncode, row["failed"], row["completed"], row["verified"]),
                         (1, 3, 3 * 576, False))

    def test_only_the_first_is_wrong(self):
        path = self.path("out.json")
        done = perf("-o", "copy", "-s", "64", "-i", "50", "-r", "3", "--corrupt", "3", "--json",
                    path)
        row, = self.read(path)
        self.assertEqual((done.returncode, row["repeats"], row["verified"]), (1, 3, False))
        self.assertIn("WRONG", done.stdout)

    def test_bad_usage(self):
        for number in ("0", "1001", "x", ""):
            self.refused(["--repeat", number], "--repeat")


class BreakEven(Case):
    SIZES = [64 * 2 ** i for i in range(17)]

    @staticmethod
    def crossing(loads):
        """From the ratios of the loads, as the guide says."""
        points = [(r["size"], r["ratio"]) for r in loads]
        at = None
        for (s0, r0), (s1, r1) in zip([(None, 0)] + points, points):
            if r1 < 1:
                at = None
            elif at is None:
                at = s1 if r0 <= 0 else s0 * (s1 / s0) ** (math.log(1 / r0) / math.log(r1 / r0))
        return at

    def check(self, rows, sizes, modes):
        for op, mode, batch in modes:
            loads, rows = rows[:len(sizes)], rows[len(sizes):]
            self.assertEqual([(r["kind"], r["op"], r["size"]) for r in loads],
                             [("load", op, s) for s in sizes])
            if mode == "latency":
                self.assertEqual({(r["batch"], r["depth"]) for r in loads}, {(1, 1)})
            found = rows.pop(0)
            self.assertEqual([found[n] for n in ("kind", "op", "mode", "batch", "from", "to")],
                             ["break-even", op, mode, batch, sizes[0], sizes[-1]])
            expected = self.crossing(loads)
            if expected is None:
                self.assertIsNone(found["break_even"])
            else:
                # The ratios are printed with six digits.
                self.assertAlmostEqual(found["break_even"], expected, delta=1 + expected * 1e-3)
        self.assertEqual(rows, [])

    def test_default_sizes(self):
        self.check(self.measure("-o", "copy", "-i", "9", "--break-even"), self.SIZES,
                   [("copy", "throughput", 16), ("copy", "latency", 1)])

    def test_batches_and_sorted_sizes(self):
        rows = self.measure("-o", "copy,fill", "-s", "64k,512,4k", "-b", "1,8", "-i", "20", "-r",
                            "2", "--break-even")
        self.check(rows, [512, 4096, 65536],
                   [(op, mode, batch) for op in ("copy", "fill") for mode, batch in
                    (("throughput", 1), ("throughput", 8), ("latency", 1))])
        self.assertEqual({r["repeats"] for r in rows}, {2})

    def test_limit_of_the_device(self):
        rows = self.rows("-o", "copy", "-i", "9", "--break-even",
                         eal=("-d", PLUGIN, "-a", "fake:dev0"))
        self.assertEqual(max(r["size"] for r in rows if r["kind"] == "load"), 1 << 20)

    def test_table(self):
        path = self.path("out.json")
        done = self.good("-o", "copy,crc32c", "-s", "4k-64k", "-i", "9", "--break-even", "--json",
                         path)
        said = re.findall(r"(?m)^(\S+), (.*): break-even: (none up to 64k|from \S+ on, of 4k to "
                          r"64k)$", done.stdout)
        rows = [r for r in self.read(path) if r["kind"] == "break-even"]
        self.assertEqual([(op, mode, text.startswith("none")) for op, mode, text in said],
                         [(r["op"], {"throughput": "batches of 16", "latency": "one at a time"}
                           [r["mode"]], r["break_even"] is None) for r in rows])
        self.assertEqual(len(rows), 4)

    def test_nothing_is_said_on_wrong_results(self):
        path = self.path("out.json")
        done = perf("-o", "copy", "-s", "64-1k", "-i", "576", "-n", "64", "--break-even", "--json",
                    path, eal=("-d", PLUGIN, "-a", "fake:dev0,wrong=skip"))
        self.assertEqual(done.returncode, 1)
        self.assertEqual({r["kind"] for r in self.read(path)}, {"load"})

    def test_bad_usage(self):
        for op in ("nop", "drain"):
            self.refused(["--break-even", "-o", op], "--op", op, "no size to break even at")
        for option in (["--no-cpu"], ["--submit-only"], ["--fault-rate", "5"]):
            self.refused(["--break-even", *option], "--break-even", option[0])
        self.refused(["--break-even", "--open-cost"], "--break-even", "--open-cost")

    def test_every_op(self):
        """Those that have a size; each with the sizes that it can have."""
        rows = self.measure("--break-even", "-o", "all", "-s", "64,512", "-i", "9")
        even = [r for r in rows if r["kind"] == "break-even"]
        self.assertEqual([(r["op"], r["from"], r["to"]) for r in even],
                         [(op, 512 if op in DIF else 64, 512) for op in SIZED for _ in range(2)])
        self.assertEqual([r["size"] for r in self.measure("--break-even", "-o", "dif-insert",
                                                          "-i", "9") if r["kind"] == "load"],
                         self.SIZES[3:] * 2)
        self.assertEqual([r["size"] for r in self.measure("--break-even", "-o", "delta-create",
                                                          "-i", "9") if r["kind"] == "load"],
                         self.SIZES[:-3] * 2)


class OpenCost(Case):
    def test_steps(self):
        for options, repeats in ((("-r", "1"), 1), (("-r", "6"), 6), ((), 20)):
            rows = self.rows("--open-cost", *options)
            self.assertEqual([r["step"] for r in rows], STEPS)
            for row in rows:
                self.assertEqual(row["repeats"], repeats)
                self.assertGreater(row["us"], 0)
                self.assertEqual(row["us_ci"] is None, repeats < 6)

    def test_devices(self):
        for eal in ((), ("-a", "emu:dsa3,engine=inline"),
                    ("-d", PLUGIN, "-a", "fake:dev0"), ("-a", "emu:dsa,mode=shared,wqs=2")):
            rows = self.rows("--open-cost", "-q", "16", "-Q", "1", "--node-ring", "0", eal=eal)
            self.assertEqual([r["step"] for r in rows], STEPS)
            self.assertEqual(rows[0]["device"], next(
                (e.split(",")[0] for e in eal if ":" in e), "emu:dsa"))

    def test_table(self):
        done = self.good("--open-cost")
        for step in STEPS:
            self.assertRegex(done.stdout, rf"(?m)^{step} +\d+\.\d\d  ±\d+\.\d\d$")

    def test_wrong_first_operation(self):
        for wrong, words in (("skip", "verification failed"), ("fault", "first-operation"),
                             ("refuse", "first-operation"), ("gone", "first-operation")):
            self.refused(["--open-cost"], words, code=1,
                         eal=("-d", PLUGIN, "-a", f"fake:dev0,wrong={wrong},every=1"))

    def test_bad_usage(self):
        for option in (["-s", "64"], ["-t", "1"], ["-o", "copy"], ["--split"], ["-v"], ["-c", "0"],
                       ["--input", "/etc/passwd"], ["--break-even"], ["--fault-rate", "1"]):
            self.refused(["--open-cost", *option], "--open-cost")
        self.refused(["--open-cost"], "emu:nosuch", code=1, eal=("-a", "emu:nosuch"))


class Endings(Case):
    MODES = [("-o", "copy", "-s", "1-200:+1", "-t", "5", "-r", "1000"),
             ("-o", "copy", "-s", "1-200:+1", "-t", "0.5", "--split"),
             ("-o", "copy", "-s", "1-200:+1", "-t", "0.5", "--submit-only"),
             ("-o", "copy", "-s", "1-200:+1", "-t", "0.05", "--fault-rate", "50"),
             ("-o", "copy", "-s", "1-200:+1", "-t", "0.5", "--place-src", "llc"),
             ("-o", "copy", "-s", "64-4k:+64", "-t", "0.5", "--break-even"),
             ("--open-cost", "-q", "65536", "-r", "1000")]

    def test_interrupt(self):
        """Whenever it comes: what has been reported is right, and the output complete."""
        for mode in self.MODES:
            for word in ("Device: ", "copy "):
                if mode[0] == "--open-cost" and word == "copy ":
                    continue
                if mode[-1] == "1000" and word == "copy ":
                    continue
                path = self.path("out.json")
                run = subprocess.Popen([PERF, "-a", "emu:dsa,pri=off", "--", *mode, "--json", path],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                while not run.stdout.readline().startswith(word):
                    self.assertIsNone(run.poll())
                run.send_signal(signal.SIGINT)
                _, err = run.communicate(timeout=LIMIT)
                self.assertEqual(run.returncode, 130, err)
                for row in self.read(path):
                    self.assertIs(row.get("verified", True), True)
                    self.assertNotEqual(row["kind"], "break-even")

    def started(self, *eal, preexec_fn=default_signals):
        """A run of JSON and CSV that has reported one row of 200, and its folder's sockets."""
        run = subprocess.Popen([PERF, *eal, "-a", "emu:dsa", "--", *self.MODES[1], "--json",
                                self.path("out.json"), "--csv", self.path("out.csv")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=dict(os.environ, RUNTIME_DIRECTORY=self.folder),
                               preexec_fn=preexec_fn)
        self.addCleanup(run.kill)
        while not run.stdout.readline().startswith("copy "):
            self.assertIsNone(run.poll())
        return run

    def sockets(self):
        return glob.glob(os.path.join(self.folder, "dpdk", "*", "dpdk_telemetry*"))

    def lines(self):
        with open(self.path("out.csv")) as f:
            return list(csv.DictReader(f))

    def test_signals(self):
        """Whoever sends them, the file is complete and the socket is gone."""
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(sig):
                run = self.started("--telemetry")
                self.assertEqual(len(self.sockets()), 1)
                run.send_signal(sig)
                _, err = run.communicate(timeout=LIMIT)
                self.assertEqual(run.returncode, 130, err)
                rows = self.read(self.path("out.json"))
                self.assertEqual([r["verified"] for r in rows], [True] * len(rows))
                self.assertEqual(len(self.lines()), len(rows))
                self.assertIn(len(rows), range(1, 200))
                self.assertEqual(self.sockets(), [])

    def test_kill(self):
        """What has been seen is in the files, if without the end of JSON's array."""
        run = self.started()
        run.kill()
        seen = 1 + sum(line.startswith("copy ") for line in run.stdout)
        run.communicate(timeout=LIMIT)
        self.assertIn(seen, range(1, 200))
        # The next one may have got anywhere.
        with open(self.path("out.json")) as f:
            rows = [json.loads(line.rstrip(",\n")) for line in f.readlines()[1:seen + 1]]
        self.assertEqual([row["size"] for row in rows], list(range(1, seen + 1)))
        self.assertEqual([int(line["size"]) for line in self.lines()[:seen]],
                         list(range(1, seen + 1)))

    def test_nohup(self):
        run = self.started(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        run.send_signal(signal.SIGHUP)
        # One row may have been under way.
        for _ in range(3):
            self.assertTrue(run.stdout.readline().startswith("copy "))
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=LIMIT)
        self.assertEqual(run.returncode, 130)

    def test_closed_pipe_and_full_disk(self):
        for mode in self.MODES:
            quick = [o for o in mode if o != "1000"] + (["10"] if mode[-1] == "1000" else [])
            if "-t" in quick:
                quick[quick.index("-t") + 1] = "0.001"
                quick[quick.index("-s") + 1] = "64"
            for option in ("--json", "--csv"):
                self.refused([*quick, option, "/dev/full"], "/dev/full", "No space", code=1)
            read, write = os.pipe()
            os.close(read)
            run = subprocess.run([PERF, "-a", "emu:dsa", "--", *quick], stdout=write,
                                 stderr=subprocess.PIPE, text=True, timeout=LIMIT)
            os.close(write)
            self.assertEqual(run.returncode, 1)
            self.assertIn("sva-perf: output: ", run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
