#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Files of measurements: test_perf_config.py BUILD_DIR [unittest options]"""
import glob
import os
import re
import signal
import subprocess
import unittest

from perf_case import HAS_CACHES, LIMIT, PERF, Case

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../config/sva-perf")


class ConfigCase(Case):
    def file(self, *lines, end="\n"):
        return self.path("test.ini", "".join(line + end for line in lines).encode())

    def run_file(self, lines, *options, eal=()):
        return self.measure("--config", self.file(*lines), *options, eal=eal)

    def bad(self, lines, *words, options=(), eal=()):
        path = self.file(*lines)
        self.refused(["--config", path, *options], path, *words, eal=eal)


class Files(ConfigCase):
    def test_sections(self):
        rows = self.run_file(["; a comment", "", "[first]", "op = copy ; another", "size = 64,4k",
                              "iterations = 50", "  [second one]  ", "\top=fill", "size=8-32",
                              "iterations\t=\t20", "batch = 4", "[third]", "op=nop",
                              "iterations=7"])
        self.assertEqual([(r["section"], r["op"], r["size"], r["completed"]) for r in rows],
                         [("first", "copy", 64, 50), ("first", "copy", 4096, 50)] +
                         [("second one", "fill", s, 20) for s in (8, 16, 32)] +
                         [("third", "nop", 0, 7)])
        self.assertEqual([r["batch"] for r in rows], [16, 16, 4, 4, 4, 16])

    def test_global(self):
        for head in (["[global]"], [], ["[GLOBAL]"]):
            rows = self.run_file([*head, "op = copy", "iterations = 30", "size = 64", "[a]",
                                  "size = 128", "[b]", "op = fill", "[c]", "iterations = 10"])
            self.assertEqual([(r["section"], r["op"], r["size"], r["completed"]) for r in rows],
                             [("a", "copy", 128, 30), ("b", "fill", 64, 30), ("c", "copy", 64, 10)])
        rows = self.run_file(["[a]", "size = 128", "[global]", "op = copy", "iterations = 5"])
        self.assertEqual([(r["op"], r["size"]) for r in rows], [("copy", 128)])

    def test_command_line_prevails(self):
        lines = ["[global]", "op = copy", "time = 100", "size = 64", "[a]", "size = 1m", "[b]",
                 "iterations = 1000000000"]
        rows = self.run_file(lines, "-i", "40", "-s", "256", "--no-cpu")
        self.assertEqual([(r["size"], r["completed"], r["ratio"]) for r in rows],
                         [(256, 40, 0)] * 2)
        rows = self.run_file(["[a]", "iterations = 1000000000", "op = copy", "size=64"],
                             "-t", "0.001")
        self.assertLess(rows[0]["completed"], 1000000000)
        rows = self.run_file(["[global]", "iterations = 1000000000", "[a]", "time = 0.001",
                              "op = copy"])
        self.assertLess(rows[0]["completed"], 1000000000)

    def test_flags_are_yes_or_no(self):
        rows = self.run_file(["no-cpu = yes", "op = copy", "size = 64", "iterations = 9", "[a]",
                              "split = yes", "[b]", "no-cpu = no"])
        self.assertEqual([(r["ratio"] == 0, r["prepare_ns"] is None) for r in rows],
                         [(True, False), (False, True)])
        rows = self.run_file(["op = copy", "size = 64", "iterations = 9", "[a]", "no-cpu = no"],
                             "--no-cpu")
        self.assertEqual(rows[0]["ratio"], 0)

    def test_kinds(self):
        rows = self.run_file(["[global]", "iterations = 9", "op = copy", "[load]", "size = 64",
                              "[open]", "open-cost = yes", "[even]", "break-even = yes",
                              "size = 64-128", "batch = 4"], "-i", "10")
        self.assertEqual([(r["section"], r["kind"]) for r in rows],
                         [("load", "load")] + [("open", "open")] * 8 +
                         [("even", k) for k in ["load", "load", "break-even"] * 2])

    def test_device_of_each_section(self):
        lines = ["op = copy", "size = 4k", "iterations = 128", "buffers = 128", "fault-rate = 50",
                 "[off]", "device = emu:dsa,pri=off", "[on]", "device = emu:dsa,pri=on",
                 "[another]", "device = emu:dsa3,pri=off", "[open]", "open-cost = yes",
                 "device = emu:dsa2"]
        path = self.path("out.json")
        done = self.good("--config", self.file(*lines), "--json", path, eal=())
        rows = self.read(path)
        self.assertEqual([(r["section"], r["device"], r["faults"]) for r in rows[:3]],
                         [("off", "emu:dsa", 128), ("on", "emu:dsa", 0),
                          ("another", "emu:dsa3", 128)])
        self.assertEqual({(r["section"], r["device"]) for r in rows[3:]}, {("open", "emu:dsa2")})
        self.assertNotIn("auto", done.stderr)
        # -a is of the command line.
        path = self.file(*lines)
        rows = self.rows("--config", path, eal=("-a", "emu:dsa5,pri=off"))
        self.assertEqual([(r["device"], r["faults"]) for r in rows[:3]], [("emu:dsa5", 128)] * 3)

    def test_table_names_sections(self):
        done = self.good("--config", self.file("op=copy", "size=64", "iterations=5", "[x y]",
                                               "batch=1", "[z]", "batch=2"))
        self.assertEqual(re.findall(r"(?m)^\[(.*)\]$", done.stdout), ["x y", "z"])
        self.assertEqual(done.stdout.count("sva-perf "), 1)

    def test_other_ends_of_lines(self):
        for end in ("\n", "\r\n"):
            path = self.file("[a]", "op = copy", "size = 64", "iterations = 5", end=end)
            row, = self.measure("--config", path)
            self.assertEqual((row["section"], row["op"], row["size"]), ("a", "copy", 64))
        path = self.path("open.ini", b"[a]\nop = copy\nsize = 64\niterations = 5")
        self.assertEqual(len(self.measure("--config", path)), 1)

    def test_one_section_fails(self):
        """The others are measured, and the first status counts."""
        path = self.path("out.json")
        done = subprocess.run(
            [PERF, "--", "--json", path, "--config",
             self.file("op=copy", "iterations=5", "[a]", "size=4k", "[none]", "device=emu:none",
                       "[great]", "size=3g", "[d]", "size=64")],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(re.findall(r"(?m)^sva-perf: (\[.*?\]: \S+):", done.stderr),
                         ["[none]: device", "[great]: --size"])
        self.assertEqual([r["section"] for r in self.read(path)], ["a", "d"])


    def test_interrupt(self):
        sections = [line for i in range(100) for line in (f"[{i}]", "size = 64")]
        run = subprocess.Popen([PERF, "-a", "emu:dsa", "--", "--config",
                                self.file("op = copy", "time = 0.3", *sections)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not run.stdout.readline().startswith("copy"):
            self.assertIsNone(run.poll())
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=LIMIT)
        self.assertEqual(run.returncode, 130, err)
        self.assertNotIn("[99]", out)


class Broken(ConfigCase):
    def test_files(self):
        self.refused(["--config", self.path("none")], "none", "No such file")
        self.refused(["--config", self.folder], "not a regular file")
        self.refused(["--config", "/dev/zero"], "not a regular file")
        self.refused(["--config", self.path("empty", b"")], "has no section")
        self.refused(["--config", self.path("binary", b"\x7fELF\x02\x01\x01\0\0")], "byte 0")
        self.refused(["--config", self.path("junk", bytes(range(128, 256)) * 9)], "line 1")
        self.refused(["--config", PERF], "line 1")
        self.refused(["--config", self.path("huge", b"[a]\nop = " + b"copy," * 100000)],
                     "line 2: is too long")
        self.refused(["--config", self.path("long", b"[a]\n; " + b"x" * 400)], "line 2")

    def test_lines(self):
        for line, why in (("op copy", "neither"), ("[a", "nothing else"), ("[a] x", "nothing else"),
                          ("[]", "no name"), ("[  ]", "no name"), ("= copy", "no key"),
                          ("# comment", "neither"), ("k" * 64 + "=1", "key is too long"),
                          ("op=" + "x" * 256, "value is too long"),
                          ("[" + "s" * 64 + "]", "name is too long"),
                          ("[a\tb]", "not printable"), ("[\u00e4]", "not printable")):
            self.bad(["[first]", "op = copy", line], "line 3", why)

    def test_sections(self):
        self.bad(["op = copy"], "no section")
        self.bad(["[global]", "op = copy"], "no section")
        self.bad(["[a]", "[b]", "op = copy"], "[a] has no keys")
        self.bad(["[a]", "op = copy", "[a]", "op = fill"], "[a] is there twice")

    def test_keys(self):
        self.bad(["[a]", "op = copy", "[b]", "sizes = 64"], "[b]: sizes", "no such key")
        self.bad(["[a]", "op = copy", "Size = 64"], "[a]: Size", "no such key")
        self.bad(["[a]", "size = 64", "op = copy", "size = 128"], "[a]: size", "twice")
        self.bad(["[a]", "device = emu:dsa", "device = emu:dsa"], "[a]: device", "twice")
        for key in ("json", "csv", "config", "help", "version", "corrupt"):
            self.bad(["[a]", key + " = 1"], f"[a]: {key}", "command line only")

    def test_values(self):
        for key, value in (("size", "4x"), ("size", ""), ("size", "64-32"), ("op", "move"),
                           ("time", "0"), ("batch", "0"), ("cpus", "a"), ("no-cpu", "1"),
                           ("huge", ""), ("split", "YES"), ("place-src", "l3"),
                           ("dif-block", "1k"), ("delta", "200"), ("shuffle", "maybe"),
                           ("flag", "x/1"), ("node-dst", "4000"), ("fault-rate", "200"),
                           ("repeat", "0"), ("depth", "-1"), ("iterations", "1.5")):
            self.bad(["[good]", "op = copy", "[bad]", f"{key} = {value}"], f"[bad]: {key}: ")
        self.bad(["[global]", "size = x", "[a]", "op = copy"], "[global]: size")
        self.bad(["size = x", "[a]", "op = copy"], "size")

    def test_what_does_not_go_together(self):
        self.bad(["[a]", "time = 1", "iterations = 1"], "[a]: ", "--time and --iterations")
        self.bad(["batch = 8", "[a]", "depth = 4"], "[a]: ", "--batch")
        self.bad(["[a]", "open-cost = yes", "size = 64"], "[a]: ", "--size")
        self.bad(["[a]", "op = copy"], "--batch", options=["-b", "8", "-q", "4"])

    def test_devices(self):
        lines = ["op=copy", "iterations=5", "[a]", "size=64"]
        self.refused(["--config", self.file(*lines, "device = emu:dsa,foo=1")], "[a]: device",
                     "foo=1", eal=())
        self.refused(["--config", self.file(*lines, "device = emu:none")], "[a]: device",
                     code=1, eal=())
        self.refused(["--config", self.file("[a]", "size = 3g")], "[a]: --size", eal=())
        self.refused(["--config", self.file("[a]", "input = /none")], "/none", eal=())

    def test_nothing_is_measured(self):
        """What is wrong in the last section is found before the first is measured."""
        path = self.path("out.json")
        self.bad(["[a]", "size = 64", "[b]", "size = x"], options=["--json", path])
        self.assertFalse(os.path.exists(path))


class Examples(ConfigCase):
    def test_all(self):
        paths = sorted(glob.glob(os.path.join(EXAMPLES, "*.ini")))
        self.assertIn("quick.ini", [os.path.basename(p) for p in paths])
        for path in paths:
            if os.path.basename(path) == "placement.ini" and not HAS_CACHES:
                continue
            with open(path) as f:
                sections = re.findall(r"(?m)^\[(.*)\]", f.read())
            rows = self.rows("--config", path, "-i", "12", "-n", "4", "-r", "2", eal=())
            seen = list(dict.fromkeys(row["section"] for row in rows))
            self.assertEqual(seen, [s for s in sections if s != "global"])
            self.assertEqual({row["device"] for row in rows}, {"emu:dsa"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
