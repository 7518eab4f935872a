#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Drives sva-plot as a user would: test_plot.py SOURCE_DIR BUILD_DIR [unittest options]"""
import csv
import html.parser
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

from programs import default_signals, interrupted, limit_files

SOURCE = BUILD = ""
LIMIT = 120
COMMON = {"schema": 1, "version": "0.1.0", "section": "", "device": "emu:dsa", "emulated": True,
          "cpu": "A CPU", "repeats": 5}


def load(op="copy", size=4096, **more):
    gbps = 30 * size / (size + 6000)
    row = {**COMMON, "kind": "load", "op": op, "size": size, "batch": 16, "depth": 128,
           "buffers": 16, "queues": 1, "slices": 5, "gbps": gbps, "mops": 1.5, "cpu_gbps": 20.0,
           "ratio": gbps / 20, "p50_ns": 9000.0, "p90_ns": 12000.0, "p99_ns": 30000.0,
           "p999_ns": 1e6, "completed": 1000, "failed": 0, "faults": 0, "verified": True,
           "gbps_ci": gbps / 50, "mops_ci": 0.1, "cpu_gbps_ci": 0.4, "ratio_ci": 0.05,
           "place_src": "", "place_dst": "", "stride_src": None, "stride_dst": None,
           "node_src": None, "node_dst": None, "flags": "", "fault_rate": None,
           "submit_only": False, "prepare_ns": None, "submit_ns": None, "poll_ns": None,
           "wait_ns": None}
    assert set(more) <= set(row) | set(COMMON) | {"model_gbps", "dif_block", "delta",
                                                   "shuffle"}, more
    return {**row, **more}


def even(**more):
    return {**COMMON, "kind": "break-even", "op": "copy", "batch": 16, "depth": 128,
            "mode": "throughput", "from": 64, "to": 65536, "break_even": 16384, **more}


def step(name, us, ci=1.0):
    return {**COMMON, "kind": "open", "step": name, "us": us, "us_ci": ci}


def everything():
    return ([load(op, size, prepare_ns=20.0, submit_ns=50.0, poll_ns=30.0, wait_ns=100.0)
             for op in ("copy", "fill") for size in (64, 4096, 65536)] +
            [load(size=65536, fault_rate=rate, gbps=20 * (1 - rate / 110))
             for rate in (0.0, 10.0, 100.0)] +
            [even(), even(mode="latency", depth=None, break_even=None), step("device", 340.0),
             step("queue", 80.0, None)])


class Page(html.parser.HTMLParser):
    """What a report is made of."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.labels, self.ids, self.text = [], [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        if tag not in ("meta", "path", "use"):
            self.open.append(tag)
        if tag == "svg":
            self.labels.append(attrs["aria-label"])
        self.ids += [attrs["id"]] if "id" in attrs else []
        for name, value in attrs.items():
            assert not name.startswith("on"), name
            if name in ("src", "href", "xlink:href", "action"):
                assert value.startswith("#"), value

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in ("meta", "path", "use"):
            assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


class Plot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sva-plot.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.env = dict(os.environ)
        self.tool = os.path.join(SOURCE, "usertools/sva-plot")

    def plot(self, *arguments, **kwargs):
        kwargs = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL} | kwargs
        return subprocess.run([self.tool, *arguments], stderr=subprocess.PIPE, text=True,
                              timeout=LIMIT, check=False, cwd=self.folder, env=self.env, **kwargs)

    def write(self, name, rows):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as f:
            if isinstance(rows, str):
                f.write(rows)
            elif name.endswith(".json"):
                json.dump(rows, f)
            else:
                columns = list(dict.fromkeys(c for r in rows for c in r))
                out = csv.writer(f)
                out.writerow(columns)
                for r in rows:
                    out.writerow(["" if r.get(c) is None else str(r[c]).lower() if
                                  isinstance(r[c], bool) else r[c] for c in columns])
        return path

    def good(self, *arguments, **kwargs):
        done = self.plot(*arguments, **kwargs)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            return f.read()

    # --- Plots and reports ------------------------------------------------------------

    def test_everything(self):
        self.write("r.json", everything())
        names = {f"out/r-{x}.png" for x in ("throughput", "ratio", "break-even", "latency", "split",
                                            "fault-rate", "open")}
        done = self.good("r.json", "-o", "out")
        self.assertEqual(set(done.stdout.split()), names)
        self.assertEqual(done.stderr, "sva-plot: emu:dsa is an emulated device: its numbers say "
                                      "nothing about hardware.\n")
        for name in names:
            self.assertTrue(self.read(name).startswith(b"\x89PNG"))

    def test_only_what_there_is(self):
        self.write("r.json", [step("device", 340.0)])
        self.assertEqual(self.good("r.json").stdout, "./r-open.png\n")
        self.write("r.json", [even(break_even=None)])
        self.assertEqual(self.good("r.json").stdout, "./r-break-even.png\n")
        self.write("r.json", [load("nop", 0, gbps=0.0, cpu_gbps=0.0, ratio=0.0, p50_ns=None,
                                   p90_ns=None, p99_ns=None, p999_ns=None)])
        self.assertEqual(self.good("r.json").stdout, "./r-throughput.png\n")

    def test_same_bytes(self):
        rows = everything()
        self.write("r.json", rows)
        self.write("r.csv", rows)
        self.good("r.json", "--format", "svg", "-o", "a", "--html", "a.html")
        self.env.update(TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")
        self.good("r.csv", "--format", "svg", "-o", "b", "--html", "b.html")
        self.assertEqual(self.read("a.html"), self.read("b.html"))
        self.assertEqual(sorted(os.listdir(f"{self.folder}/a")),
                         sorted(os.listdir(f"{self.folder}/b")))
        for name in os.listdir(f"{self.folder}/a"):
            self.assertEqual(self.read(f"a/{name}"), self.read(f"b/{name}"))
            ET.fromstring(self.read(f"a/{name}"))

    def test_report(self):
        nasty = '<script>alert("x")</script> & $y$'
        rows = everything() + [load(section=nasty, size=s, cpu=nasty, failed=2, verified=False)
                               for s in (64, 4096)]
        self.write("r.json", rows)
        self.assertEqual(self.good("r.json", "--html", "r.html").stdout, "r.html\n")
        page = Page(self.read("r.html").decode())
        self.assertEqual(page.open, [])
        self.assertEqual(len(page.ids), len(set(page.ids)))
        for tag in ("script", "link", "img", "iframe", "object"):
            self.assertNotIn(tag, page.tags)
        self.assertEqual(page.tags.count("svg"), page.tags.count("table"))
        self.assertEqual(page.tags.count("svg"), 10)
        for label in page.labels:
            self.assertRegex(label, ": emu:dsa: .{20}|, emu:dsa: .{20}")
        for text in (nasty, "an emulated device: its numbers say nothing about hardware",
                     "4 operations failed", "2 of 11 measurements have not been verified",
                     "16k", "break-even", "device 340"):
            self.assertIn(text, page.text)
        self.assertNotIn(b"http:", self.read("r.html").replace(b'"http://www.w3.org/', b""))

    def test_parts(self):
        """No figure gets so large that it cannot be drawn or read."""
        self.write("r.json", [load(op=f"op{i}", size=64 << i % 3, ratio=None, p90_ns=None)
                              for i in range(26)] + [even(op=f"op{i}") for i in range(41)])
        done = self.good("r.json", "--format", "svg", "-o", "o")
        self.assertEqual(done.stdout.split(), [
            f"o/r-{x}.svg" for x in ("throughput", "throughput-2", "break-even", "break-even-2",
                                     "latency", "latency-2")])
        self.write("r.json", [load(queues=q, batch=b, size=s) for q in range(1, 8)
                              for b in (1, 2) for s in (64, 4096)])
        done = self.good("r.json", "--html", "r.html")
        page = Page(self.read("r.html").decode())
        self.assertEqual(page.tags.count("svg"), 1 + 2 + 1)
        self.assertIn("batch 2, queues 7", page.text)

    def test_section_names(self):
        """Files of sections whose names differ in signs only; none leaves the folder."""
        rows = [load(section=s, ratio=None, p50_ns=None, p90_ns=None, p99_ns=None, p999_ns=None)
                for s in ("a/b", "a b", "../../x", "..")]
        self.write("r.json", rows)
        done = self.good("r.json", "--format", "svg")
        self.assertEqual(done.stdout.split(), [
            f"./r-{x}.svg" for x in ("a_b-throughput", "a_b-throughput-2", "x-throughput",
                                     "x-throughput-2")])

    def test_standard_input(self):
        with open(self.write("r.csv", everything()), "rb") as f:
            done = self.good("-", "--html", "x.html", stdin=f)
        self.assertEqual(done.stdout, "x.html\n")

    def test_of_sva_perf(self):
        """Every kind of row that sva-perf writes, in both forms."""
        configs = {"quick": [], "break-even": ["-s", "64,4k"], "placement": ["-s", "4k"],
                   "fault-rate": ["--fault-rate", "0,50", "-s", "4k"], "open-cost": [],
                   "submission": []}
        for option, name, chosen in (("--json", "r.json", configs), ("--csv", "r.csv", ["quick"])):
            for config in chosen:
                with self.subTest(config + " " + name):
                    run = subprocess.run(
                        [f"{BUILD}/app/sva-perf", "-a", "emu:dsa,pri=off", "--", "--config",
                         f"{SOURCE}/config/sva-perf/{config}.ini", "-i", "5", "--repeat", "2",
                         *configs[config], option, f"{self.folder}/{name}"],
                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                        timeout=LIMIT, check=False)
                    self.assertEqual(run.returncode, 0, run.stderr)
                    done = self.good(name, "--html", "r.html")
                    self.assertEqual(done.stdout, "r.html\n")
                    self.assertIn("emu:dsa", Page(self.read("r.html").decode()).text)
                    done = self.plot("--compare", name, name)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    # --- What is wrong ----------------------------------------------------------------

    def refused(self, text, *arguments, code=1, **kwargs):
        before = sorted(os.listdir(self.folder))
        done = self.plot(*arguments, **kwargs)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertTrue(done.stderr.startswith("sva-plot: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(text, done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_bad_files(self):
        row = load()
        for name, rows, text in (
                ("a.json", "[{", "a.json:1: "), ("a.json", "[" * 100000, "no JSON"),
                ("a.json", "[]", "no result in it"), ("a.json", "{}", "no array of objects"),
                ("a.json", "[1]", "no array of objects"), ("a.json", "", "it is empty"),
                ("a.json", " \n", "it is empty"), ("a.json", "a\0b", "neither JSON nor CSV"),
                ("a.json", [{**row, "schema": 2}], "its schema is '2'"),
                ("a.json", [{**row, "schema": True}], "its schema is 'True'"),
                ("a.json", [row, {"op": "copy"}], 'result 2: there is no "schema"'),
                ("a.json", [{**row, "kind": "new"}], "\"kind\" is 'new'"),
                ("a.json", [{k: v for k, v in row.items() if k != "mops"}],
                 '"mops" is missing'),
                ("a.json", [{**row, "gbps": "fast"}], "\"gbps\" is 'fast' and not a number"),
                ("a.json", [{**row, "gbps": None}], '"gbps" has no value'),
                ("a.json", [{**row, "gbps": -1}], "which cannot be"),
                ("a.json", [{**row, "size": 10 ** 400}], "which cannot be"),
                ("a.json", [{**row, "size": 1.5}], "not a whole number"),
                ("a.json", [{**row, "verified": 1}], "not true or false"),
                ("a.json", [{**row, "op": 1}], "not text"),
                ("a.json", [{**row, "op": "a\nb"}], "cannot be printed"),
                ("a.json", json.dumps([row]).replace("9000.0", "NaN"), "'nan' and not a number"),
                ("a.json", json.dumps([row]).replace("9000.0", "1e999"), "'inf' and not a number"),
                ("a.csv", [{**row, "gbps": "fast"}], "a.csv:2: \"gbps\" is 'fast'"),
                ("a.csv", [{**row, "verified": "maybe"}], "not true or false"),
                ("a.csv", "schema,kind\n1\n", "a.csv:2: 1 cells, and the header has 2"),
                ("a.csv", "schema,kind\n", "no result in it"),
                ("a.csv", "Dear reader,\n", "neither JSON nor CSV"),
                ("a.csv", 'schema,"kind\n', "no CSV")):
            with self.subTest(text):
                self.write(name, rows)
                self.refused(text, name)
        self.refused("No such file", "none.json")
        self.refused("/dev/zero: it has more than 64 MiB", "/dev/zero")
        with open("/dev/zero", "rb") as zero:
            self.refused("standard input: it has more than 64 MiB", "-", stdin=zero)
        self.refused("Is a directory", self.folder)

    def test_usage(self):
        self.write("r.json", [load()])
        for arguments in ([], ["r.json", "more"], ["--compare", "r.json"], ["--bogus", "r.json"],
                          ["r.json", "--compare", "r.json", "r.json"],
                          ["r.json", "--format", "gif"],
                          ["--compare", "r.json", "r.json", "-o", "x"],
                          ["--compare", "r.json", "r.json", "--threshold", "-1"],
                          ["--compare", "r.json", "r.json", "--threshold", "nan"],
                          ["r.json", "--threshold", "1"]):
            with self.subTest(arguments):
                self.refused("see sva-plot --help", *arguments, code=2)

    def test_no_matplotlib(self):
        self.write("r.json", [load()])
        os.mkdir(f"{self.folder}/none")
        self.write("none/matplotlib.py", "raise ImportError\n")
        self.env["PYTHONPATH"] = f"{self.folder}/none"
        self.refused("python3-matplotlib", "r.json")
        self.good("--compare", "r.json", "r.json")

    def test_output_that_fails(self):
        self.write("r.json", [step("device", 340.0)])
        self.refused("r.json: File exists", "r.json", "-o", "r.json")
        self.refused("no/x.html: No such file", "r.json", "--html", "no/x.html")
        self.refused("/dev/full: No space left", "r.json", "--html", "/dev/full")
        # A file that was there stays; a limit on sizes is a disk that gets full.
        with open(f"{self.folder}/r-open.png", "wb") as f:
            f.write(b"before")
        done = self.plot("r.json", preexec_fn=limit_files)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "sva-plot: ./r-open.png: File too large\n")
        self.assertEqual(sorted(os.listdir(self.folder)), ["r-open.png", "r.json"])
        self.assertEqual(self.read("r-open.png"), b"before")

    def test_output_through_a_link(self):
        """What it points to is written, and it stays."""
        self.write("r.json", [step("device", 340.0)])
        for name, target in (("a.html", "kept.html"), ("b.html", "missing.html"),
                             ("c.html", "/dev/stdout")):
            os.symlink(target, f"{self.folder}/{name}")
            self.write("kept.html", "before")
            with open(f"{self.folder}/out", "wb") as out:
                done = self.plot("r.json", "--html", name, stdout=out)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(os.readlink(f"{self.folder}/{name}"), target)
            self.assertIn(b"</html>", self.read(name if target[0] != "/" else "out"))

    # --- Comparing --------------------------------------------------------------------

    def compare(self, old, new, *more, code=0):
        self.write("old.json", old)
        self.write("new.csv", new)
        done = self.plot("--compare", "old.json", "new.csv", *more)
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        return done.stdout

    def test_worse_and_better(self):
        def at(gbps, ci=0.1):
            return [load(gbps=gbps, gbps_ci=ci)]

        for old, new, more, code, text in (
                (at(10.0), at(10.0), (), 0, "same"),
                (at(10.0), at(9.0), (), 1, "-10.0 %  worse"),
                (at(10.0), at(9.0), ("--threshold", "10"), 0, "worse, within the threshold"),
                (at(10.0), at(9.0, 2.0), (), 0, "worse, within the intervals"),
                (at(10.0, 2.0), at(9.0), (), 0, "worse, within the intervals"),
                (at(10.0, None), at(9.0, None), (), 1, "-10.0 %  worse"),
                (at(10.0), at(12.0), (), 0, "+20.0 %  better"),
                (at(10.0), [load(gbps=0.0, mops=0.0)], (), 1, "GB/s  -100.0 %  worse"),
                ([load(gbps=0.0, mops=0.0)], at(10.0), (), 0, "GB/s       -  better"),
                ([step("queue", 100.0)], [step("queue", 120.0)], (), 1, "+20.0 %  worse"),
                ([step("queue", 100.0)], [step("queue", 80.0)], (), 0, "-20.0 %  better"),
                ([even()], [even(break_even=32768)], (), 1, "+100.0 %  worse"),
                ([even()], [even(break_even=None)], (), 1, "worse"),
                ([even(break_even=None)], [even()], (), 0, "better"),
                ([even(break_even=None)], [even(break_even=None)], (), 0, "same"),
                ([load("nop", 0, gbps=0.0, mops=9.0)], [load("nop", 0, gbps=0.0, mops=5.0)], (), 1,
                 "Mops/s  -44.4 %  worse")):
            with self.subTest(text):
                out = self.compare(old, new, *more, code=code)
                self.assertIn(text + "\n", out)
                self.assertIn(f"1 compared: {code} worse", out)

    def test_what_belongs_together(self):
        old = [load(size=64), load(size=4096), load(size=4096, queues=2), load(op="fill")]
        new = [load(size=4096, queues=2), load(size=64), load(size=4096, flags="cache"),
               load(size=65536)]
        out = self.compare(old, new)
        self.assertIn("2 compared: 0 worse, 0 better", out)
        self.assertIn("2 only in old, 2 only in new", out)
        self.assertRegex(out, r"copy, size 4k, queues 2 .* same\n")
        self.assertRegex(out, r"copy, size 4k, queues 1, flags cache .* only in new\n")
        self.assertRegex(out, r"fill, size 4k, queues 1 .* only in old\n")

    def test_blocks_and_deltas(self):
        """They are told apart by them where there are several, and are no matter to others."""
        loads = [load("dif-check", dif_block=512), load("delta-create", delta=10), load()]
        out = self.compare(loads, loads)
        self.assertIn("3 compared: 0 worse, 0 better", out)
        self.assertNotRegex(out, "dif_block|delta \\d")
        more = loads + [load("dif-check", dif_block=4096), load("delta-create", delta=50),
                        load(shuffle=True)]
        out = self.compare(more, more)
        self.assertIn("6 compared: 0 worse, 0 better", out)
        for text in ("dif-check, size 4k, dif_block 512 ", "dif-check, size 4k, dif_block 4k ",
                     "delta-create, size 4k, delta 10 ", "delta-create, size 4k, delta 50 ",
                     "copy, size 4k ", "copy, size 4k, shuffle true "):
            self.assertIn("\n" + text, out)
        self.write("r.json", [load("dif-check", size, dif_block=block) for size in (4096, 65536)
                              for block in (512, 4096)])
        self.good("r.json", "--html", "r.html")
        self.assertIn("dif_block 4k", Page(self.read("r.html").decode()).text)

    def test_other_machines(self):
        out = self.compare([load()], [load(device="vfio:0000:6a:01.0", cpu="B CPU",
                                           emulated=False, version="0.2.0")])
        for text in ("The device is not the same: emu:dsa; now vfio:0000:6a:01.0.",
                     "The CPU is not the same: A CPU; now B CPU.", "The version is not the same",
                     "\nOld: emu:dsa is an emulated device"):
            self.assertIn(text, out)
        self.assertNotIn("New: ", out)

    def test_what_went_wrong(self):
        """It is said of which file, where not of both alike."""
        out = self.compare([load(failed=3)], [load(failed=4, verified=False)])
        self.assertTrue(out.startswith(
            "emu:dsa is an emulated device: its numbers say nothing about hardware.\n"
            "Old: 3 operations failed.\n"
            "New: 4 operations failed.\n"
            "New: 1 of 1 measurements have not been verified, or were wrong.\n"), out)

    def test_compare_report(self):
        self.compare([load(section="<b>", failed=1), load(size=64)],
                     [load(section="<b>", gbps=1.0)], "--html", "c.html", code=1)
        text = self.read("c.html").decode()
        page = Page(text)
        self.assertEqual(page.open, [])
        self.assertIn('<tr class="worse">', text)
        self.assertIn("<b>: copy, size 4k", page.text)
        self.assertNotIn("b", page.tags)
        self.assertIn("only in old", page.text)
        self.assertIn("Old: 1 operations failed.", page.text)

    def test_interrupted(self):
        """Ctrl-C while it reads: one line, and nothing is left."""
        os.mkfifo(f"{self.folder}/pipe")
        with subprocess.Popen([self.tool, "pipe"], cwd=self.folder, stderr=subprocess.PIPE,
                              text=True, preexec_fn=default_signals) as program:
            # It is at work once it has opened the pipe.
            with open(f"{self.folder}/pipe", "wb"):
                error = interrupted(program, program.send_signal)[1]
        self.assertEqual((program.returncode, error), (130, "sva-plot: interrupted\n"))
        self.assertEqual(os.listdir(self.folder), ["pipe"])


if __name__ == "__main__":
    SOURCE, BUILD = (os.path.abspath(d) for d in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]])
