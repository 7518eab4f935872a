#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Drives sva-perf as a user would: test_perf.py BUILD_DIR [unittest options]"""
import csv
import io
import json
import os
import re
import signal
import subprocess
import threading
import time
import unittest

from perf_case import ANY_SIZE, DELTA, DIF, GUIDE, LIMIT, OPS, PERF, PLUGIN, SIZED, Case, perf
from programs import limit_files
from terminal import Terminal


class Measuring(Case):
    def test_default_run(self):
        done = self.good("-t", "0.01", eal=())
        for word in ("emulated", "say nothing about hardware", "GB/s", "ratio", "p99.9"):
            self.assertIn(word, done.stdout)
        rows = [line.split()[:2] for line in done.stdout.split("p99.9 us\n")[1].splitlines()]
        self.assertEqual(rows, [[op, size] for op in ("copy", "fill", "compare", "crc32c")
                                for size in ("64", "4k", "64k", "1m")])

    def test_every_op_and_odd_sizes(self):
        path = self.path("out.json")
        done = self.good("-o", "all", "-s", "1,7,63,4097", "-t", "0.005", "--json", path)
        rows = self.read(path)
        expected = [(op, s) for op in OPS if op not in DELTA + DIF
                    for s in ((1, 7, 63, 4097) if op in ANY_SIZE else (0,))]
        self.assertEqual([(r["op"], r["size"]) for r in rows], expected)
        for row in rows:
            self.assertEqual(row["cpu_gbps"] > 0, row["op"] in SIZED)
            self.assertEqual(row["ratio"] > 0, row["op"] in SIZED)
            self.assertEqual((row["emulated"], row["verified"]), (True, True))
        self.assertEqual(re.findall(r"(?m)^sva-perf: --op: all: 4 of 4 sizes are left out of "
                                    r"(\S+): --size: 1 is not a multiple of (\d+), ", done.stderr),
                         [(op, "8") for op in DELTA] + [(op, "512") for op in DIF])

    def test_every_op_at_its_own_sizes(self):
        """The default sizes, as each operation can have them."""
        path = self.path("out.json")
        done = self.good("-o", "all", "-i", "20", "-n", "2", "--json", path)
        self.assertEqual(done.stderr, "")
        expected = [(op, s) for op in OPS for s in (
            [0] if op not in SIZED else
            [512 if op in DIF else 64, 4096, 65536, 524288 if op in DELTA else 1048576])]
        self.assertEqual([(r["op"], r["size"]) for r in self.read(path)], expected)
        for block in (520, 4104):
            rows = self.measure("-o", "dif-check", "--dif-block", str(block), "-i", "9", "-n", "1")
            self.assertEqual([r["size"] for r in rows], list(dict.fromkeys(
                -(-s // block) * block for s in (64, 4096, 65536, 1048576))))

    def test_dif_blocks(self):
        for block in (512, 520, 4096, 4104):
            rows = self.measure("-o", ",".join(DIF), "-s", f"{block},{7 * block}", "--dif-block",
                                str(block), "-i", "50", "--offset-src", "3", "--offset-dst", "17")
            self.assertEqual([(r["op"], r["size"], r["dif_block"], r["delta"]) for r in rows],
                             [(op, n * block, block, None) for op in DIF for n in (1, 7)])
        row, = self.measure("-o", "copy", "-s", "64", "-i", "50", "--dif-block", "4k")
        self.assertIsNone(row["dif_block"])

    def test_dif_tags_go_round(self):
        """More blocks than the reference tag has numbers left."""
        for op in DIF:
            self.measure("-o", op, "-s", "64k", "-i", "9")

    def test_deltas(self):
        for percent in (0, 1, 10, 99, 100):
            ops = DELTA[:1] if percent == 0 else DELTA
            rows = self.measure("-o", ",".join(ops), "-s", "8,64,72,4k,512k", "--delta",
                                str(percent), "-i", "20", "-n", "3")
            self.assertEqual([(r["op"], r["size"], r["delta"], r["dif_block"]) for r in rows],
                             [(op, s, percent, None) for op in ops
                              for s in (8, 64, 72, 4096, 524288)])
        row, = self.measure("-o", "copy", "-s", "64", "-i", "50", "--delta", "5")
        self.assertIsNone(row["delta"])

    def test_lines_on_blocks_and_deltas(self):
        done = self.good("-o", "dif-check,delta-apply", "-s", "4k", "-i", "9", "--dif-block",
                         "4096", "--delta", "3")
        self.assertIn("\nDIF: blocks of 4096 bytes, 8 more with their information\n", done.stdout)
        self.assertIn("\nDelta records: 3 % of the words differ\n", done.stdout)
        done = self.good("-o", "copy", "-s", "4k", "-i", "9")
        self.assertNotRegex(done.stdout, "DIF|Delta")

    def test_agreed_command(self):
        rows = self.measure("-o", "copy", "-s", "64,4k,64k,1m", "-b", "16", "-t", "0.02")
        self.assertEqual([r["size"] for r in rows], [64, 4096, 65536, 1048576])
        self.assertEqual({r["batch"] for r in rows}, {16})

    def test_ranges_and_batches(self):
        rows = self.measure("-o", "copy", "-s", "64-256,1k-3k:+1k,8-72:x3", "-b", "1,4", "-q", "8",
                            "-i", "10")
        sizes = [64, 128, 256, 1024, 2048, 3072, 8, 24, 72]
        self.assertEqual([(r["size"], r["batch"]) for r in rows],
                         [(s, b) for s in sizes for b in (1, 4)])
        self.assertEqual({r["depth"] for r in rows}, {8})

    def test_iterations_are_exact(self):
        for n in (1, 5, 1000):
            rows = self.measure("-o", "fill,nop", "-s", "100", "-b", "7", "-i", str(n))
            self.assertEqual([r["completed"] for r in rows], [n, n])

    def test_two_queues(self):
        rows = self.measure("-o", "copy", "-s", "4k", "-Q", "2", "-i", "500")
        self.assertEqual((rows[0]["queues"], rows[0]["completed"]), (2, 1000))
        cpu = str(min(os.sched_getaffinity(0)))
        rows = self.measure("-o", "crc32c", "-s", "64", "-c", cpu + "," + cpu, "-i", "50")
        self.assertEqual((rows[0]["queues"], rows[0]["completed"]), (2, 100))

    def test_great_depth(self):
        rows = self.measure("-o", "copy", "-s", "64", "-q", "65536", "-b", "65536", "-i", "70000")
        self.assertEqual(rows[0]["completed"], 70000)

    def test_offsets_and_buffers(self):
        for offset in ("1", "63", "4095"):
            self.measure("-o", "all", "-s", "5120", "-n", "3", "-i", "20", "--offset-src", offset,
                         "--offset-dst", "17")
        rows = self.measure("-o", "all", "-s", "5120", "-n", "3", "-i", "20", "--offset-src", "8",
                            "--offset-dst", "24")
        self.assertEqual([r["op"] for r in rows], OPS)

    def test_without_cpu_and_verification(self):
        rows = self.measure("-o", "copy", "-s", "64", "-i", "50", "--no-cpu", "--no-verify")
        self.assertEqual((rows[0]["cpu_gbps"], rows[0]["ratio"]), (0, 0))

    def test_csv_on_stdout(self):
        done = self.good("-o", "copy,crc32c", "-s", "64,4k", "-i", "50", "--csv", "-")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual([(r["op"], r["size"]) for r in rows],
                         [("copy", "64"), ("copy", "4096"), ("crc32c", "64"), ("crc32c", "4096")])
        for row in rows:
            self.assertEqual((row["completed"], row["verified"]), ("50", "true"))
            self.assertGreater(float(row["gbps"]), 0)

    def test_json_on_stdout(self):
        done = self.good("-o", "copy", "-s", "64", "-i", "50", "--json", "-")
        self.assertEqual(json.loads(done.stdout)[0]["completed"], 50)

    def test_timing_model(self):
        options = ("-o", "copy", "-s", "16k", "-q", "128", "-i", "20000", "--no-cpu")
        eal = ("-a", "emu:dsa,timing=on")
        # How much of the latency is hidden depends on how soon this program refills the queue;
        # with one operation at a time nothing of it is: 0.85 us and the bytes at 31.2 GB/s.
        model = self.measure(*options, eal=eal)[0]["model_gbps"]
        self.assertGreater(model, 12)
        self.assertLess(model, 31.3)
        one = self.measure("-o", "copy,compare", "-s", "16k", "-q", "1", "-b", "1", "-i", "50",
                           eal=eal)
        for row in one:
            self.assertAlmostEqual(row["model_gbps"], 11.9, delta=0.05)
        done = self.good("-o", "nop,copy", "-s", "64", "-i", "50", "--csv", "-", eal=eal)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual([float(row["model_gbps"]) > 0 for row in rows], [False, True])
        done = self.good("-o", "copy", "-s", "64", "-i", "50", eal=eal)
        self.assertIn("computed from published figures, not measured", done.stdout)
        self.assertIn("model GB/s\ncopy ", done.stdout)

    def test_no_timing_model(self):
        for eal in ("emu:dsa", "emu:dsa,timing=off"):
            row = self.measure("-o", "copy", "-s", "64", "-i", "50", eal=("-a", eal))[0]
            self.assertIsNone(row["model_gbps"])
            done = self.good("-o", "copy", "-s", "64", "-i", "50", eal=("-a", eal))
            self.assertNotIn("model", done.stdout)
        self.refused([], "timing", eal=("-a", "emu:dsa,timing=1"))

    def test_input_file(self):
        rows = self.measure("-o", "copy,compare,crc32c,copy-crc32c,dualcast", "-s", "100,64k",
                            "-i", "50", "--input", "/usr/bin/python3", "--offset-src", "3")
        self.assertEqual(len(rows), 10)
        self.measure("-o", "dif-insert,delta-create", "-s", "512,64k", "-i", "50", "--input",
                     "/usr/bin/python3", "--offset-src", "8")
        rows = self.measure("-o", "all", "-s", "4k", "-i", "50", "--input", "/usr/bin/python3")
        self.assertEqual([r["op"] for r in rows], [op for op in OPS if op not in (
            "delta-apply", "dif-check", "dif-strip", "dif-update")])
        for op, what in (("delta-apply", "a delta record"), ("dif-check", "protected"),
                         ("dif-strip", "protected"), ("dif-update", "protected")):
            self.refused(["-o", op, "--input", "/usr/bin/python3"], "--input", op, what)

    def test_sets_share_a_short_input_file(self):
        path = self.path("short", os.urandom(4096))
        self.measure("-o", "copy,crc32c", "-s", "4k,1000", "-n", "50", "-i", "500", "--input", path)

    def test_verbose_shows_slices(self):
        done = self.good("-o", "copy", "-s", "64", "-i", "50", "-v")
        self.assertIn("slice 9 of 9", done.stderr)

    def test_progress_on_a_terminal(self):
        t = Terminal([PERF, "--", "-o", "copy", "-s", "64", "-t", "1"], stdout=subprocess.DEVNULL)
        self.addCleanup(t.close)
        status, text = t.end()
        self.assertEqual(status, 0)
        self.assertIn("measurement 1 of 1: copy 64, ", text)
        self.assertTrue(text.endswith("\r\x1b[K"), text[-80:])


class Verification(Case):
    def test_corrupt(self):
        # In the middle of what is made: of a record of 52 words, and of blocks with 8 bytes more.
        for op, offset in (("copy", 2048), ("fill", 2048), ("copy-crc32c", 2048),
                           ("dualcast", 2048), ("delta-create", 260), ("delta-apply", 2048),
                           ("dif-insert", 2080), ("dif-strip", 2048), ("dif-update", 2080),
                           ("cache-flush", 2048)):
            path = self.path("out.json")
            done = perf("-o", op, "-s", "4k", "-i", "50", "--corrupt", "7", "--json", path)
            self.assertEqual(done.returncode, 1)
            found = re.search(r"verification failed: set \d+, address 0x[0-9a-f]+, offset %d: "
                              r"is 0x([0-9a-f]{2}), must be 0x([0-9a-f]{2})" % offset, done.stderr)
            self.assertTrue(found, done.stderr)
            self.assertEqual(int(found[1], 16) ^ int(found[2], 16), 1)
            self.assertIn("WRONG", done.stdout)
            with open(path) as f:
                row = json.load(f)[0]
            self.assertEqual((row["verified"], row["failed"]), (False, 0))

    def test_corrupt_that_is_never_reached(self):
        self.refused(["-o", "copy", "-s", "64", "-i", "5", "--corrupt", "1000000"], "--corrupt",
                     code=1)
        self.refused(["--corrupt", "1", "--no-verify"], "--corrupt")

    def spoil(self, op, pattern):
        """The source changes under the device: results cannot be right any more."""
        path = self.path("changing", bytes(4096))
        end = threading.Event()

        def change():
            with open(path, "r+b", buffering=0) as f:
                value = 0
                while not end.is_set():
                    value += 1
                    os.pwrite(f.fileno(), bytes([value % 256]), 1234)

        thread = threading.Thread(target=change)
        thread.start()
        limit = time.monotonic() + LIMIT
        try:
            # Nothing says when the thread runs: until it has while the device was at work.
            code = 0
            while code == 0 and time.monotonic() < limit:
                done = perf("-o", op, "-s", "4k", "-n", "1", "-t", "0.3", "--input", path, eal=())
                code = done.returncode
        finally:
            end.set()
            thread.join()
        self.assertEqual(code, 1)
        self.assertRegex(
            done.stderr, r"sva-perf: %s 4k, queue 0: verification failed: .*%s" % (op, pattern))

    def test_wrong_crc_is_seen(self):
        self.spoil("crc32c", r"value 0x[0-9a-f]+; must be")

    def test_wrong_comparison_is_seen(self):
        self.spoil("compare", r"offset 1234: reported as different")


class BrokenDevice(Case):
    """A device that is wrong once in 64 operations, each of which has its own buffers."""

    def broken(self, wrong, op, *patterns, rows=1, failed=0):
        path = self.path("out.json")
        done = perf("-o", op, "-s", "512", "-n", "64", "-q", "32", "-i", "576", "--json", path,
                    eal=("-d", PLUGIN, "-a", "fake:dev0,wrong=" + wrong))
        self.assertEqual(done.returncode, 1 if patterns else 0, done.stderr)
        for pattern in patterns:
            self.assertRegex(done.stderr, "sva-perf: %s %d, queue 0: %s" % (
                op, 512 if op in SIZED else 0, pattern))
        with open(path) as f:
            found = json.load(f)
        self.assertEqual(len(found), rows)
        for row in found:
            self.assertIs(row["verified"], not patterns)
            self.assertEqual(row["failed"], failed)

    def test_right(self):
        for op in OPS[1:]:
            self.broken("nothing", op)

    def test_operation_left_out(self):
        where = r"verification failed: set 63, address 0x[0-9a-f]+, offset 0: is 0x.., must be 0x"
        for op in ("copy", "fill", "dualcast", "delta-create", "delta-apply", *DIF[1:]):
            self.broken("skip", op, where)
            # Not at once, but where the data is there from the time before unless it was spoilt.
            self.broken("skip,every=560", op, where.replace("63", "47"))
        self.broken("skip", "crc32c", r"verification failed: result 63: .*value 0x0; must be")

    def test_difference_not_found(self):
        self.broken("skip", "compare", r".*was made 0x.., but the result is 'ok'")
        self.broken("skip", "compare-pattern", r".*was made 0x.., but the result is 'ok'")
        self.broken("value", "compare", r".*but the result is 'mismatch' with offset")
        for op in ("dif-check", "dif-strip", "dif-update"):
            self.broken("skip", op, r".*was made 0x.., but the result is 'ok' with 520 bytes and "
                        "value 0x0; must be 0 and 0x1")
            self.broken("value", op, r".*but the result is 'DIF error' with 0 bytes and value 0x2;")

    def test_bytes_outside_the_destination(self):
        for op in ("copy", "fill", "copy-crc32c", "dualcast", *DELTA, *DIF[1:], "cache-flush"):
            self.broken("after", op, "verification failed: set 63, address 0x[0-9a-f]+, byte 5 of "
                        "the guard after the destination: is 0xa3, must be 0x5c")
            self.broken("before", op, "verification failed: set 63, address 0x[0-9a-f]+, byte 61 "
                        "of the guard before the destination: is 0xa3, must be 0x5c")

    def test_wrong_results(self):
        self.broken("value", "copy-crc32c", r"verification failed: result 63: .*value")
        for op in OPS:
            self.broken("value", op, r"verification failed: result 63: .*value")
            self.broken("cookie", op, r"verification failed: result 63: cookie 64")
            self.broken("bytes", op, r"verification failed: result 63: cookie 63, ")
        self.broken("bytes", "fill", r"verification failed: result 63: cookie 63, 511 bytes")

    def test_failed_operations(self):
        # One in the warm-up and one in each of the nine slices.
        self.broken("fault", "copy", r"operation failed: page fault on writing address 0x",
                    failed=10)
        self.broken("hw-error", "fill", r"operation failed: .*\(device status 0x20\)", failed=10)

    def test_device_that_gives_up(self):
        self.broken("refuse", "copy", "operation 63 is refused: Invalid argument", rows=0)
        self.broken("gone", "copy", "poll: No such device", rows=0)
        self.broken("extra", "copy", "more results than operations", rows=0)


class BadUsage(Case):
    def test_lists(self):
        for size in ("", ",", "0", "4x", "-4", "4k,", ",4k", "1e3", "64-", "64-32",
                     "64-4k:*2", "1-1g:+1", "99999999999999999999", "17g", "4k 8k"):
            self.refused(["-s", size], "--size")
        for size in ("64-4k:x1", "64-4k:x0", "64-4k:+0", "0-4:x2"):
            self.refused(["-s", size], "never gets to its end")
        for batch in ("0", "65537", "x", "1-"):
            self.refused(["-b", batch], "--batch")
        for cpus in ("a", "1-", "3-1"):
            self.refused(["-c", cpus], "--cpus")

    def test_numbers(self):
        for depth in ("0", "65537", "-1", "x", "8x", ""):
            self.refused(["-q", depth], "--depth")
        for queues in ("0", "x", "-1"):
            self.refused(["-Q", queues], "--queues")
        for seconds in ("0", "-1", "nan", "inf", "1s", "", "1e9"):
            self.refused(["-t", seconds], "--time")
        for number in ("0", "x", "-5", "1.5"):
            self.refused(["-i", number], "--iterations")
            self.refused(["-n", number], "--buffers")
            self.refused(["--corrupt", number], "--corrupt")
        self.refused(["--offset-src", "2m"], "--offset-src")

    def test_words(self):
        for op in ("", "copy,", "move", "drains", "all,copy", "COPY"):
            self.refused(["-o", op], "--op", *OPS)
        self.refused(["--bogus"], "--bogus")
        self.refused(["-Z"], "-Z")
        self.refused(["--huge=1"], "--huge=1")
        self.refused(["-s"], "-s", "needs a value")
        self.refused(["stray"], "stray")

    def test_options_that_do_not_go_together(self):
        self.refused(["-t", "1", "-i", "1"], "--time", "--iterations")
        self.refused(["-q", "4", "-b", "8"], "--batch", "--depth")
        self.refused(["--json", "-", "--csv", "-"], "--json", "--csv")

    def test_dif(self):
        for block in ("", "0", "1", "511", "8k", "4k,512", "x"):
            self.refused(["--dif-block", block], "--dif-block", "512, 520, 4096 or 4104")
        for op in DIF:
            self.refused(["-o", op, "-s", "512,1000"], "--size", "1000", "multiple of 512")
            self.refused(["-o", "copy," + op, "-s", "4096", "--dif-block", "4104"], "--size",
                         "multiple of 4104")
        # With its information it is more than the device transfers.
        eal = ("-d", PLUGIN, "-a", "fake:dev0")
        rows = self.rows("-o", ",".join(DIF), "-i", "9", "-n", "1", eal=eal)
        largest = 1048576 // 520 * 512
        self.assertEqual([r["size"] for r in rows],
                         [s for op in DIF for s in
                          (512, 4096, 65536, 1048576 if op == "dif-insert" else largest)])
        self.refused(["-o", "dif-strip", "-s", "1m"], "--size", str(largest), eal=eal)

    def test_deltas(self):
        for percent in ("", "-1", "101", "x", "1-3"):
            self.refused(["--delta", percent], "--delta")
        for op in DELTA:
            self.refused(["-o", op, "-s", "64,100"], "--size", "100", "multiple of 8")
            self.refused(["-o", op, "-s", "524296"], "--size", "524288", op)
            for option in ("--offset-dst", "--stride-dst"):
                self.refused(["-o", op, "-s", "64", option, "1020"], option, "multiple of 8", op)
        self.refused(["-o", "delta-create", "--offset-src", "4"], "--offset-src", "multiple of 8")
        self.measure("-o", "delta-apply", "-s", "64", "-i", "9", "--offset-src", "3")
        self.refused(["-o", "delta-apply", "--delta", "0"], "--delta", "at least 1")
        # The record is longer than what it is made from.
        self.refused(["-o", "delta-create", "-s", "800", "--stride-dst", "1120"], "--stride-dst",
                     "at least 1128")
        self.measure("-o", "delta-create", "-s", "800", "--stride-dst", "1128", "--delta", "100",
                     "-i", "50")

    def test_operations_that_the_device_lacks(self):
        for i, op in enumerate(OPS):
            eal = ("-d", PLUGIN, "-a", f"fake:dev0,ops={65535 - (1 << i)}")
            done = perf("-o", op, eal=eal)
            self.assertEqual((done.returncode, done.stderr), (
                2, f"sva-perf: --op: fake:dev0 cannot do {op}: sva-info lists what it can\n"))
            rows = self.rows("-o", "all", "-s", "512", "-i", "9", eal=eal)
            self.assertEqual([r["op"] for r in rows], [o for o in OPS if o != op])

    def test_beyond_the_device(self):
        self.refused(["-s", "3g"], "--size", "2147483648")
        self.refused(["-Q", "1000"], "queues: 1000")
        self.refused(["-n", "16000000", "-s", "1m"], "memory", code=1)

    def test_devices(self):
        self.refused([], "emu:nosuch", code=1, eal=("-a", "emu:nosuch"))
        self.refused([], "see the line above", eal=("-a", "nosuch:bus"))
        self.refused([], "emu:dsa,nosuch=1", eal=("-a", "emu:dsa,nosuch=1"))
        self.refused([], "after --", eal=("-o", "copy"))

    def test_no_such_cpu(self):
        self.refused(["-c", "4000", "-i", "1"], "CPU 4000", code=1)

    def test_input(self):
        self.refused(["--input", self.path("missing")], "missing", "No such file")
        self.refused(["--input", self.path("empty", b"")], "is empty")
        self.refused(["--input", self.folder], "is a directory")
        self.refused(["--input", "/dev/zero"], "not a regular file")
        short = self.path("short", b"abc")
        self.refused(["--input", short], "has 3 bytes")
        self.measure("--input", short, "-s", "3", "-i", "5")
        self.refused(["--input", short, "-s", "3", "--offset-src", "1"], "has 3 bytes")


class Endings(Case):
    def test_interrupt(self):
        path = self.path("out.json")
        run = subprocess.Popen([PERF, "--", "-o", "copy", "-s", "1-200:+1", "-t", "0.5", "--json",
                                path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not run.stdout.readline().startswith("copy"):
            self.assertIsNone(run.poll())
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=LIMIT)
        self.assertEqual(run.returncode, 130, err)
        with open(path) as f:
            rows = json.load(f)
        self.assertIn(rows[0]["verified"], (True,))
        self.assertLess(len(rows), 200)

    def test_closed_pipe(self):
        read, write = os.pipe()
        os.close(read)
        run = subprocess.run([PERF, "--", "-t", "0.01"], stdout=write, stderr=subprocess.PIPE,
                             text=True, timeout=LIMIT)
        os.close(write)
        self.assertEqual(run.returncode, 1)
        self.assertIn("sva-perf: output: ", run.stderr)

    def test_closed_stdout(self):
        run = subprocess.run(["sh", "-c", 'exec "$0" >&-', PERF], stderr=subprocess.PIPE,
                             text=True, timeout=LIMIT)
        self.assertEqual(run.returncode, 1)
        self.assertIn("standard output is closed", run.stderr)

    def test_full_disk(self):
        for option in ("--json", "--csv"):
            self.refused(["-o", "copy", "-s", "64", "-i", "5", option, "/dev/full"], "/dev/full",
                         "No space", code=1)
        # A limit on sizes is a disk that gets full.
        self.refused(["-o", "copy", "-s", "64-4k", "-i", "5", "--csv", self.path("out")],
                     "File too large", code=1, preexec_fn=limit_files)
        with open("/dev/full", "w") as full:
            run = subprocess.run([PERF, "-h"], stdout=full, stderr=subprocess.PIPE, timeout=LIMIT)
        self.assertEqual(run.returncode, 1)

    def test_one_file_for_two(self):
        """What one output writes is not written over by another, whatever their names."""
        name, link = self.path("out"), self.path("link")
        os.symlink("out", link)
        for options in (["--json", name, "--csv", link], ["--json", "-", "--csv", name],
                        ["--json", "-", "--csv", "/dev/stdout"], ["--csv", link]):
            with self.subTest(options), open(name, "w") as out:
                run = subprocess.run(
                    [PERF, "-a", "emu:dsa", "--", "-o", "nop", "-i", "5", *options], stdout=out,
                    stderr=subprocess.PIPE, text=True, timeout=LIMIT)
                self.assertEqual(run.returncode, 1)
                self.assertRegex(run.stderr, r"\Asva-perf: output: '.*' and '.*' are one file: ")

    def test_output_that_is_an_input(self):
        """It is as it was; emptied under the mapping of --input it was a SIGBUS, too."""
        text = "[a]\nop = copy\nsize = 64\niterations = 5\n"
        for option, more in (("--input", ["-o", "copy", "-s", "16", "-i", "5"]), ("--config", [])):
            name = self.path("in", text)
            for output in ("--json", "--csv"):
                self.refused([option, name, output, name, *more], "would be lost", code=1)
            with open(name) as f:
                self.assertEqual(f.read(), text)
        config = self.path("more", f"{text}[b]\nop = copy\nsize = 16\ninput = {name}\n")
        self.refused(["--config", config, "--json", name], "would be lost", code=1)

    def test_letters_together(self):
        """More options than arguments."""
        self.good("-" + "v" * 5000, "-o", "nop", "-i", "1")

    def test_unwritable_path(self):
        self.refused(["--json", self.path("no/such/folder")], "no/such/folder", code=1)
        self.refused(["--csv", self.folder], "Is a directory", code=1)

    def test_help_and_version(self):
        for arguments in (["-h"], ["--help"], ["--", "-h"], ["--", "--help"]):
            run = subprocess.run([PERF, *arguments], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, timeout=LIMIT)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            for word in ("--log-level", "--op LIST", "--corrupt", "Exit status"):
                self.assertIn(word, run.stdout)
        for arguments in (["--version"], ["--", "--version"]):
            run = subprocess.run([PERF, *arguments], stdout=subprocess.PIPE, text=True,
                                 timeout=LIMIT)
            self.assertEqual(run.returncode, 0)
            self.assertRegex(run.stdout, r"^sva-perf \d+\.\d+\.\d+\n$")

    def test_help_lists_every_option(self):
        """In a form that programs can read, and all of them are in the guide."""
        text = perf("-h").stdout.split("Options of sva-perf")[1].split("\n\n")[0]
        names = re.findall(r"(?m)^  (?:-\w, |    )--([a-z-]+)(?: [A-Z]+)?  +\S", text)
        others = [line for line in text.splitlines()[1:] if not re.match(" {6}--|  -| {25}", line)]
        self.assertEqual(others, [])
        self.assertGreater(len(names), 30)
        with open(GUIDE) as f:
            guide = f.read()
        self.assertEqual([n for n in names if not re.search(rf"``--{n}\b", guide)], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
