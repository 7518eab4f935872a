#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""testsva with files of commands: test_testsva.py BUILD_DIR [unittest options]

What a terminal has to do with is in test_testsva_prompt.py.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

TESTSVA = ""
PLUGIN = ""
LIMIT = 120  # seconds that no run may take; far more than any needs
SETUP = "queue open emu:dsa\nmem alloc a 64k\nmem alloc b 64k\nmem fill a random:7\n"


def with_tsan():
    """Whether the program is one of the thread sanitizer, which may keep a signal to itself."""
    with open(TESTSVA, "rb") as f:
        return b"__tsan_init" in f.read()


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="testsva.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name, data=None):
        path = os.path.join(self.folder, name)
        if data is not None:
            with open(path, "wb") as f:
                f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def run_(self, *arguments, **kwargs):
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        kwargs.setdefault("stdout", subprocess.PIPE)
        return subprocess.run([TESTSVA, *arguments], stderr=subprocess.PIPE, timeout=LIMIT,
                              text=True, errors="replace", **kwargs)

    def script(self, commands, options=(), eal=("-a", "emu:dsa"), code=0, **kwargs):
        done = self.run_(*eal, "--", "-f", self.path("commands", commands), *options, **kwargs)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def good(self, commands, **kwargs):
        done = self.script(commands, **kwargs)
        self.assertNotIn("testsva: ", done.stderr)
        return done.stdout

    def bad(self, commands, *words, after="", **kwargs):
        """The last command is refused, with one line that names file, line and cause."""
        done = self.script(commands + after, code=1, **kwargs)
        lines = [line for line in done.stderr.splitlines() if line.startswith("testsva: ")]
        number = len(commands.rstrip("\n").split("\n"))
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith(f"testsva: {self.path('commands')}:{number}: "),
                        lines[0])
        for word in words:
            self.assertIn(word, lines[0])
        return done.stdout


class Commands(Case):
    def test_descriptor_and_record(self):
        out = self.good(SETUP + "submit 0 copy src=a dst=b+16 size=0x1000\n"
                        "mem compare a:4k b+16:4096\n")
        addresses = dict(re.findall(r"^(\w): 65536 bytes at 0x([0-9a-f]+)$", out, re.M))
        self.assertIn("operation    0x03 (copy)", out)
        self.assertIn("flags        0x00000c (record-valid, record-requested)", out)
        self.assertIn(f"  src          0x{addresses['a']}\n", out)
        self.assertIn(f"  dst          0x{int(addresses['b'], 16) + 16:x}\n", out)
        self.assertIn("  size         0x1000\n", out)
        self.assertIn("  status       0x01 (success)\n", out)
        self.assertIn("4096 bytes are equal\n", out)

    def test_each_operation(self):
        """Every operation by the portal and by the driver, with the same outcome."""
        operations = [
            ("nop", ""), ("drain", ""), ("copy", "src=a dst=b size=4k"),
            ("fill", "dst=b pattern=0x1122334455667788 size=4k"),
            ("compare-pattern", "src=b pattern=0x1122334455667788 size=4k"),
            ("copy", "src=a dst=b size=4k"), ("compare", "src=a src2=b size=4k"),
            ("crc32c", "src=a size=4k"), ("crc32c", "src=a size=4k seed=5"),
            ("copy-crc32c", "src=a dst=b size=4k"),
            ("dualcast", "src=a dst=b dst2=b+32k size=4k"),
            ("delta-create", "src=a src2=a+4k size=512 record=b max=640"),
            ("delta-apply", "record=b record_size=640 dst=a+8k size=512"),
            ("dif-insert", "src=a dst=b size=1k block=512 ref=7 app=9"),
            ("dif-check", "src=b size=1040 block=512 ref=7 app=9"),
            ("dif-update", "src=b dst=b+32k size=1040 block=512 ref=7 app=9 ref2=1 app2=2"),
            ("dif-check", "src=b+32k size=1040 block=512 ref=1 app=2"),
            ("dif-strip", "src=b dst=b+16k size=1040 block=512 ref=7 app=9"),
            ("cache-flush", "dst=a size=4k"),
        ]
        lines = [f"{how} 0 {op} {keys}" for op, keys in operations for how in ("submit", "run")]
        out = self.good(SETUP + "\n".join(lines) +
                        "\nmem compare a:1k b+16k:1k\nmem compare a+4k:512 a+8k:512\n")
        self.assertEqual(out.count("  status       0x01 (success)\n"), len(operations))
        self.assertEqual(out.count("  status       ok (device: 0x01, success)\n"),
                         len(operations))
        crcs = re.findall(r"^  crc +0x([0-9a-f]+)$", out, re.M)
        values = re.findall(r"^  value +0x([0-9a-f]+) \(crc\)$", out, re.M)
        for crc in crcs:
            self.assertIn(f"{int(crc, 16):x}", values)
        self.assertEqual(crcs[0], crcs[2])
        self.assertNotEqual(crcs[0], crcs[1])

    def test_results_that_are_no_success(self):
        out = self.good(SETUP + """
            run 0 compare src=a src2=b size=64 expect=mismatch
            submit 0 dif-check src=a size=520 block=512 expect=dif-error
            run 0 dif-check src=a size=520 block=512 expect=dif-error
            mem protect b read
            run 0 fill dst=b pattern=1 size=4k expect=fault
            submit 0 fill dst=b pattern=1 size=4k expect=page-fault
            run 0 copy-crc32c src=a dst=a+8 size=64 expect=invalid
            """)
        self.assertRegex(out, r"status +mismatch .*\n.*\n  value +0x0 \(offset of the first diff")
        self.assertRegex(out, r"fault addr +0x[0-9a-f]+000, a write\n")
        self.assertIn("0x83 (page-fault, a write)", out)
        self.bad(SETUP + "run 0 compare src=a src2=b size=64\n", "mismatch, not ok")
        self.bad(SETUP + "submit 0 copy src=a dst=b size=64 expect=overlap\n",
                 "0x01 (success), not 0x16 (overlap)")

    def test_wrong_descriptors(self):
        """Each field that can be wrong is, and the status says so."""
        wrong = {
            "copy src=a dst=b size=0": "transfer-size",
            "0x55": "bad-opcode",
            "nop compl=none": None,  # a success of which nobody hears
            "copy src=a dst=b size=8 flags=0x20000c": "bad-flags",
            "copy src=a dst=b size=8 word5=1": "nonzero-reserved",
            "nop word7=0x8000000000000000": "nonzero-reserved",
            "dualcast src=a dst=b dst2=a+16 size=64": "dualcast-alignment",
            "copy-crc32c src=a dst=a+8 size=64": "overlap",
            "nop compl=b+1": "record-alignment",
            "nop compl=0x10": "record-alignment",
            "delta-create src=a src2=b size=512 record=b+8k max=70": "delta-size",
            "nop flags=interrupt handle=99": "interrupt-handle",
        }
        for keys, status in wrong.items():
            with self.subTest(keys):
                if status is None:
                    out = self.bad(SETUP + f"submit 0 {keys}", "no record",
                                   options=("--timeout", "1"))
                    self.assertIn("no record of success: waiting for an error, up to 1 s", out)
                else:
                    out = self.good(SETUP + f"submit 0 {keys} expect={status}\n")
                    self.assertIn(f"({status}", out)
        out = self.good(SETUP + "submit 0 copy src=a dst=b size=8 flags=0x20000c "
                        "expect=bad-flags\n")
        self.assertIn("bad flags    0x200000 (0x200000)", out)

    def test_expected_statuses(self):
        base = SETUP + "mem protect b read\nsubmit 0 fill dst=b pattern=1 size=8 expect="
        for good in ("page-fault", "3", "0x83"):
            self.good(base + good + "\n")
        self.bad(base + "0x81\n", "ended with 0x83 (page-fault), not 0x81 (success)")
        self.bad(base + "queue-full\n", "not 0x53 (queue-full)")
        self.bad(base + "256\n", "neither a status nor")

    def test_what_descriptors_show(self):
        out = self.good(SETUP + """
            submit 0 copy src=a dst=b size=8 flags=0x1000c expect=bad-flags
            submit 0 crc32c src=a size=8 flags=crc-read-seed seed_addr=b
            submit 0 dif-check src=a size=4k word5=0xab03000000 expect=nonzero-reserved
            submit 0 copy src=a dst=b size=8 word0=0x0300000c0010000f
            submit 0 copy src=a dst=b size=8 priv=yes pasid=5
            batch add drain handle=7 word4=0x1000600000009
            batch add dif-update src=a dst=b size=1k block=4104 dif_flags=1 src_flags=2 ref=3 \
mask=4 app=5 dst_flags=6 ref2=7 mask2=8 app2=9 flags=fence compl=b pasid=1 priv=no handle=10
            batch add dif-check block=520
            batch add nop flags=fence,strict-order,interrupt
            batch show
            """.replace("\\\n", ""))
        self.assertIn("flags        0x01000c (record-valid, record-requested, 0x010000)\n", out)
        self.assertIn("bad flags    0x010000 (0x010000)\n", out)
        self.assertIn("crc-read-seed)\n", out)
        self.assertRegex(out, r"  seed +0x0\n  seed_addr +0x[0-9a-f]+000\n")
        self.assertIn("  block        512\n", out)
        self.assertIn("  in word5     0xab03000000\n", out)
        self.assertIn("  PASID        15, privileged 0\n", out)
        self.assertIn("  in word0     0x100000\n", out)
        self.assertIn("  PASID        5, privileged 1\n", out)
        self.assertIn("  handle       6\n  in word4     0x1000000000009\n", out)
        self.assertRegex(out, r"handle +10\n  src .*\n  dst .*\n  size .*0x400\n  block +4104\n"
                              r"  dif_flags +0x1\n  src_flags +0x2\n  ref +0x3\n  mask +0x4\n"
                              r"  app +0x5\n  dst_flags +0x6\n  ref2 +0x7\n  mask2 +0x8\n"
                              r"  app2 +0x9\n")
        self.assertIn("  block        520\n", out)
        self.assertIn("(fence, record-valid, record-requested, interrupt, strict-order)", out)
        self.assertNotIn("in word1", out)

    def test_what_records_mean(self):
        """The words of each operation's record, and of its result by the driver."""
        base = SETUP + "mem fill b random:7\nmem fill b+24:1 0\nmem fill b+4096:8k 0\n"
        for command, words in {
                "submit 0 compare src=a src2=b size=24": "result       0 (equal)\n",
                "submit 0 compare src=a src2=b size=64":
                    "result       1 (different after so many bytes)\n  bytes        24\n",
                "submit 0 compare src=a src2=b expect=transfer-size": "result       0\n",
                "submit 0 compare-pattern src=b+4k size=4k": "result       0 (equal)\n",
                "submit 0 compare-pattern src=a pattern=1 size=4k": "result       1 (different",
                "submit 0 compare src=a src2=b size=64 flags=check-result "
                "expect=success-false-predicate": "0x02 (success-false-predicate)\n"
                    "  result       1 (different",
                "submit 0 compare src=a src2=b size=64 flags=check-result expected=1": "0x01 (succ",
                "submit 0 compare-pattern src=a size=64 flags=check-result expected=1": "0x01 (suc",
                "submit 0 delta-create src=a src2=b size=16 record=b+32k max=80":
                    "result       0 (no difference)\n  bytes        0\n  record size  0\n",
                "submit 0 delta-create src=a src2=b size=64 record=b+32k max=80 flags=check-result "
                "expected=2":
                    "result       1 (all differences recorded)\n  bytes        0\n"
                    "  record size  10\n",
                "submit 0 delta-create src=a+4k src2=b+4k size=4k record=b+32k max=80":
                    "result       2 (more differences than the record holds)\n"
                    "  bytes        64\n  record size  80\n",
                "submit 0 dif-check src=a size=520 block=512 src_flags=0x40 expect=dif-error":
                    "result       3 (guard, application tag)\n  bytes        0\nemu",
                "submit 0 dif-check src=a size=520 block=512 src_flags=0x20 mask=0xffff "
                "expect=dif-error": "result       4 (reference tag)\n",
                "submit 0 dif-insert src=a dst=b size=1k block=512 ref=7 app=9 mask=3":
                    "  next tags    ref 0x00000009, mask 0x0003, app 0x0009\n",
                "submit 0 dif-insert src=a dst=b size=512 block=512\n"
                "submit 0 dif-check src=b size=520 block=512 mask=1":
                    "  next tags    ref 0x00000001, mask 0x0001, app 0x0000\n",
                "submit 0 dif-insert src=a dst=b size=512 block=512\n"
                "submit 0 dif-update src=b dst=b+4k size=520 block=512 ref2=5 app2=6":
                    "  next source  ref 0x00000001, mask 0x0000, app 0x0000\n"
                    "  next dest    ref 0x00000006, mask 0x0000, app 0x0006\n",
                "submit 0 dif-insert src=a dst=b size=512 block=512\n"
                "submit 0 dif-strip src=b dst=b+4k size=520 block=512":
                    "  next tags    ref 0x00000001, ",
                "submit 0 copy src=a dst=0 size=8 expect=page-fault":
                    "result       0 (from the start)\n  bytes        0\n  fault addr   0x0\n",
                "mem protect a none\nsubmit 0 copy src=a+4k dst=a+4104 size=64 expect=page-fault":
                    "result       1 (from the end)\n",
                "submit 0 copy-crc32c src=a dst=a+8 size=64 expect=overlap":
                    "bytes        0\nemu",
                "run 0 compare src=a src2=b size=64 expect=mismatch":
                    "value        0x18 (offset of the first difference)\n",
                "run 0 delta-create src=a src2=b size=64 record=b+32k max=80":
                    "value        0xa (bytes of record)\n",
                "run 0 delta-create src=a+4k src2=b+4k size=4k record=b+32k max=80 "
                "expect=delta-error": "value        0x50 (bytes of record)\n",
                "run 0 delta-create src=a src2=b size=64 record=a max=80 expect=invalid":
                    "value        0x0\n",
                "run 0 copy-crc32c src=a dst=a+8 size=64 expect=invalid": "value        0x0\n",
                "run 0 dif-check src=a size=520 block=512 src_flags=0x20 mask=0xffff "
                "expect=dif-error": "value        0x4 (reference tag)\n",
                "mem evict a\nmem fill a:512 0xffffffffffffffff\nmem fill a+512:8 "
                "0xffffffffffffffff\nsubmit 0 dif-check src=a size=520 block=512 src_flags=0x3 "
                "expect=dif-error": "result       8 (all ones)\n",
        }.items():
            with self.subTest(command):
                self.assertIn(words, self.good(base + command + "\n"))

    def test_software_errors(self):
        out = self.good(SETUP + """
            submit 0 copy src=a dst=b size=8 flags=0x200000 expect=bad-flags
            batch add nop
            batch add nop compl=a+1
            batch submit 0 expect=batch-member-failed
            """)
        self.assertRegex(out, r"SWERR\n  error +0x11 \(bad-flags\)\n  WQ +0\n"
                              r"  descriptor +0x03 \(copy\), PASID 1\n"
                              r"  bad flags +0x200000 \(0x200000\)\n  address ")
        self.assertRegex(out, r"error +0x1b \(record-alignment\)\n(.*\n){2}  batch index  1\n")

    def test_descriptors_for_a_device_that_stopped(self):
        base = SETUP + "inject emu:dsa {}\nrun 0 nop expect=aborted\nsubmit 0 nop{}\n"
        self.bad(base.format("removal", ""), "emu:dsa has stopped: reset it")
        self.good(base.format("halt", " expect=pci-configuration"))

    def test_records_elsewhere(self):
        """A record is waited for and shown wherever it is written to."""
        out = self.good(SETUP + """
            submit 0 nop compl=b+32
            mem dump b+32:1
            batch add nop compl=b+64
            batch add nop compl=none
            batch add crc32c src=a size=4k
            batch submit 0 compl=b+96
            batch submit 0
            submit 0 copy src=a dst=b size=0 compl=b flags=0x4 expect=transfer-size
            """)
        self.assertEqual(out.count("status       0x01 (success)\n"), 7)
        self.assertRegex(out, r"\n[0-9a-f]{16}  01 ")
        self.assertEqual(out.count("\n0: nop: record"), 2)
        self.assertEqual(out.count("\n2: crc32c: record"), 2)
        self.assertNotIn("\n1: nop: record", out)
        self.assertEqual(out.count("no record of success: waiting"), 1)

    def test_shared_queue(self):
        out = self.good("show info emu:dsa\n" + SETUP + "submit 0 copy src=a dst=b size=64k\n"
                        "mem compare a b\nrun 0 nop\nset ops 500\nset fwd verify\nstart\nwait\n",
                        eal=("-a", "emu:dsa,mode=shared"))
        self.assertIn("8 shared", out)
        self.assertIn("65536 bytes are equal", out)
        self.assertRegex(out, r"queue 0: 500 operations, .* 0 failed, 0 wrong")

    def test_results_that_come_late(self):
        """What one command gave up is not taken for the result of the next."""
        for command in ("run 0 nop expect=aborted", "set ops 100\nstart\nwait"):
            with self.subTest(command):
                done = self.script(SETUP + "register write emu:dsa 0xa0 32 0x700001\n" + command +
                                   "\nrun 0 nop\nstart\nreset emu:dsa\nrun 0 copy src=a dst=b "
                                   "size=64k\nmem compare a b\nset fwd verify\nset ops 100\n"
                                   "start\nwait\n", code=1,
                                   eal=("-a", "emu:dsa,engine=inline"), options=("--timeout", "1"))
                self.assertRegex(done.stderr, r"run: no result in 1 s|operations have no result:")
                self.assertRegex(done.stderr, r"run: \d+ operations of queue 0 have no result yet")
                self.assertRegex(done.stderr, r"start: \d+ operations of queue 0 have no result")
                self.assertRegex(done.stdout, r"queue 0: \d+ late results of earlier operations\n")
                self.assertIn("status       ok", done.stdout)
                self.assertIn("65536 bytes are equal", done.stdout)
                self.assertRegex(done.stdout, r"queue 0: 100 operations, .* 0 failed, 0 wrong")

    def test_record_that_cannot_be_written(self):
        out = self.good(SETUP + "mem protect b none\nsubmit 0 nop compl=b expect=record-fault\n"
                        "show events\n")
        self.assertIn("SWERR\n  error        0x1a (record-fault), a write\n", out)
        self.assertIn("event: emu:dsa: error 0x1a", out)

    def test_batches(self):
        out = self.good(SETUP + """
            batch add copy src=a dst=b size=4k
            batch add crc32c src=b size=4k flags=fence
            batch show
            batch submit 0
            mem compare a:4k b:4k
            batch add copy src=a dst=b size=0
            batch submit 0 expect=batch-member-failed
            batch submit 0 count=1 expect=descriptor-count
            batch submit 0 list=a+1 expect=list-alignment
            batch clear
            batch add nop
            batch submit 0 expect=descriptor-count
            """)
        self.assertIn("2 descriptors at 0x", out)
        self.assertIn("  descriptors  2\n", out)
        self.assertRegex(out, r"1: crc32c: record\n  status +0x01 \(success\)(.*\n){3}  crc +0x")
        self.assertRegex(out, r"2: copy: record\n  status +0x13 \(transfer-size\)")
        self.bad("".join(["batch add nop\n"] * 65), "64 descriptors")

    def test_memory(self):
        out = self.good("""
            mem alloc x 8193
            mem alloc y 3k node=0
            mem fill x 0x4142434445464748
            mem fill x+8:8 count
            mem dump x:32
            mem dump x+8192
            mem fill y count
            mem dump y:16
            mem evict x+4k:4k
            mem dump x+4k:16
            show memory
            mem free y
            show memory
            """)
        self.assertIn("48 47 46 45 44 43 42 41 00 00 00 00 00 00 00 00  HGFEDCBA........", out)
        self.assertRegex(out, r"  48 {45}  H\n")
        self.assertIn("00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00", out)
        self.assertRegex(out, r"000 ( 00){16}  \.{16}\n")
        self.assertEqual(len(re.findall(r"^y: 3072 bytes", out, re.M)), 2)
        same = "mem alloc p 64k\nmem alloc q 64k\nmem fill p random:1\nmem fill q random:{}\n" \
               "mem compare p q\n"
        self.good(same.format(1))
        self.bad(same.format(2), "differ at offset 0")
        self.bad("mem alloc p 8k\nmem alloc q 8k\nmem fill p+5000:8 1\nmem compare p q\n",
                 "offset 5000: 0x01 and 0x00")

    def test_memory_that_is_no_access(self):
        base = "mem alloc x 8k\nmem protect x+4k none\n"
        self.bad(base + "mem dump x+4k:1\n", "not all of it can be accessed")
        self.bad(base + "mem fill x 1\n", "mem protect")
        self.bad("mem alloc x 8k\nmem protect x read\nmem fill x 1\n", "mem protect")
        self.good(base + "mem dump x:4k\nmem protect x write\nmem fill x 1\n")

    def test_binding(self):
        child = subprocess.Popen(["/bin/sleep", "600"])
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        out = self.good(f"""
            container create emu
            open emu:dsa3 container=0
            bind 0 {child.pid}
            bind 0 {child.pid}
            bind 0 self
            show containers
            unbind 0 {child.pid}
            show containers
            close emu:dsa3
            container destroy 0
            show containers
            container create emu
            open emu:dsa4 pid={child.pid}
            show info emu:dsa4
            """, eal=())
        pasids = re.findall(r"^PASID (\d+)$", out, re.M)
        self.assertEqual(pasids[0], pasids[1])
        self.assertNotEqual(pasids[0], pasids[2])
        self.assertEqual(out.count("container 0\n"), 2)
        first, second = out.split("container 0: bus emu")[1:3]
        self.assertEqual(first.count(f"process {child.pid}, "), 1)
        self.assertIn(f"process {child.pid}, PASID {pasids[0]}\n", first)
        self.assertIn("2 of 64 bonds", first)
        self.assertNotIn(f"process {child.pid}", second.split("closed")[0])
        self.assertIn("1 of 64 bonds", second)
        self.assertIn(f"process {child.pid}\n", out.split("emu:dsa3: closed")[1])
        self.bad("container create emu\nopen emu:dsa container=0\nunbind 0 1\n", eal=())
        self.bad("container create emu\nopen emu:dsa container=0\nbind 0 999999999\n",
                 "No such process", eal=())
        self.bad("container create emu\nbind 0 self\n", "Invalid argument", eal=())
        self.bad("open emu:dsa\ncontainer destroy 0\n", "belongs to its device", eal=())
        self.bad("open emu:dsa\nopen emu:dsa1 container=0\n", "belongs to its device", eal=())
        self.bad(f"open emu:dsa pid={child.pid}\nqueue open emu:dsa\n",
                 "none of emu:dsa can be opened", eal=())

    def test_bound_process_that_ends(self):
        child = subprocess.Popen(["/bin/sleep", "600"])
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        with subprocess.Popen([TESTSVA, "--", "-i"], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            run.stdin.write("container create emu\nopen emu:dsa container=0\n"
                            f"bind 0 {child.pid}\n")
            run.stdin.flush()
            while not run.stdout.readline().startswith("PASID"):
                pass
            child.kill()
            child.wait()
            out, err = run.communicate(f"show containers\nunbind 0 {child.pid}\n"
                                       "show containers\n", timeout=LIMIT)
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"unbind: container 0, {child.pid}: No such process", err)
        self.assertRegex(out, rf"by hand: process {child.pid}, PASID \d+, which has ended\n")
        self.assertEqual(out.count("by hand"), 1)

    def test_registers(self):
        out = self.good("show registers emu:dsa\nshow wq emu:dsa all\n"
                        "queue open emu:dsa\nshow wq emu:dsa 0\n"
                        "register write emu:dsa 0x88 32 1\nregister read emu:dsa 0x88 32\n"
                        "register read emu:dsa 0 64\n")
        self.assertRegex(out, r"0x0090 GENSTS +0x00000001 state=1 \(enabled\) "
                              r"reset_type=0 \(software\)\n")
        self.assertRegex(out, r"0x0020 WQCAP .* total_size=128 wqs=8 .* dedicated=1 ")
        self.assertEqual(len(re.findall(r"^WQ \d, group \d with engines 0x", out, re.M)), 9)
        self.assertEqual(out.count("state=0 (disabled)"), 8)
        self.assertEqual(len(re.findall(r"0x[0-9a-f]{4} state .* state=1 \(enabled\)", out)), 1)
        self.assertRegex(out, r"dedicated=1 block_on_fault=0 ats_disable=0 priority=1 pasid=1 "
                              r"pasid_enable=1")
        self.assertIn("\n0x00000001\n", out)
        self.assertIn("\n0x0000000000000100\n", out)

    def test_registers_as_words(self):
        """Commands that are written by hand end as they have to."""
        for writes, words in ((["0x100000"], r"command=1 \(enable device\) .*"
                                             r"error=16 \(the device is enabled\)"),
                              (["0x200000"] * 2, r"command=2 \(disable device\) .*"
                                                 r"error=49 \(the device is not enabled\)"),
                              (["0x800001"], r"command=8 \(drain WQ\) .*"
                                             r"error=50 \(a WQ is not enabled\)"),
                              (["0x1f00000"], r"command=31 \(reserved\) .*"
                                              r"error=1 \(invalid command\)")):
            out = self.good("".join(f"register write emu:dsa 0xa0 32 {w}\n" for w in writes) +
                            "show registers emu:dsa\n", eal=("-a", "emu:dsa,engine=inline"))
            self.assertRegex(out.replace("\n", " "), words)
        out = self.good("show registers emu:dsa\nshow wq emu:dsa 7\n")
        self.assertIn("groups=4 read_buffers=96 read_buffer_control=1 read_buffer_limit=1\n", out)
        self.assertRegex(out, r"group flags .* read_buffer_limit=0 read_buffers_reserved=\d+ "
                              r"read_buffers_allowed=96\n")
        self.assertRegex(out, r"WQ 7, group 3 with engines 0x8\n")

    def test_show_devices(self):
        out = self.good("show devices\nopen emu:dsa1 queues=2\nshow devices\nshow info emu:dsa1\n"
                        "queue open emu:dsa1 depth=10 min_batch=4 faults=report\nshow queues\n",
                        eal=())
        self.assertIn("open:\nfound besides:\n  emu:dsa (8086:0b25)\n", out)
        self.assertIn("emu:dsa1 (8086:0b25), driver idxd, PASID 1, container 0, 0 of 2 queues",
                      out)
        self.assertIn("operations: nop copy fill", out)
        self.assertIn("queue 0: emu:dsa1 WQ 0, depth 16, 64 descriptors on the device, batches "
                      "from 4, page faults: report\n", out)

    def test_inject_and_reset(self):
        out = self.good("open emu:dsa\nopen emu:dsa1\n" + SETUP + """
            inject emu:dsa page-fault 2
            run 0 copy src=a dst=b size=64k
            show stats 0
            inject emu:dsa hw-error
            run 0 copy src=a dst=b size=4k expect=hw-error
            inject emu:dsa halt
            run 0 nop expect=aborted
            show devices
            show registers emu:dsa
            reset emu:dsa
            run 0 copy src=a dst=b size=4k
            inject emu:dsa1 removal
            close emu:dsa1
            show events
            clear stats
            show stats
            """, eal=())
        self.assertRegex(out, r"64k|65536 bytes, .* [12] faults, [12] resumed")
        self.assertIn("event: emu:dsa: failed: reset it\n", out)
        self.assertIn("event: emu:dsa1: is wanted back: close it\n", out)
        self.assertIn("queues open, stopped", out)
        self.assertRegex(out, r"GENSTS .* state=3 \(halted\)")
        self.assertIn("2 events\n", out)
        self.assertRegex(out, r"queue 0: 0 accepted, 0 completed")


class Forwarding(Case):
    def forward(self, commands, eal=("-a", "emu:dsa"), **kwargs):
        out = self.good(commands + "start\nwait\nshow stats\n", eal=eal, **kwargs)
        return [tuple(map(int, m)) for m in re.findall(
            r"^queue (\d+): (\d+) operations, (\d+) bytes in .* (\d+) failed, (\d+) wrong", out,
            re.M)], out

    def test_modes(self):
        for mode in ("copy", "verify", "crc", "mixed"):
            with self.subTest(mode):
                done, _ = self.forward(f"set fwd {mode}\nset ops 3000\nset sizes 64,1k,4095\n")
                self.assertEqual([d[:2] + d[3:] for d in done], [(0, 3000, 0, 0)])
                if mode != "mixed":
                    self.assertEqual(done[0][2], 1000 * (64 + 1024 + 4095))

    def test_fault_storm(self):
        for args, policy in (("pri=off", "resume"), ("pri=off", "report"), ("pri=on", "resume"),
                             ("pri=requests", "resume")):
            with self.subTest(args + " " + policy):
                done, out = self.forward(
                    f"queue open emu:dsa faults={policy}\nset fwd faults\nset ops 400\n"
                    "set sizes 4k,100,64k\n", eal=("-a", "emu:dsa," + args))
                self.assertEqual(done[0][1], 400)
                self.assertEqual(done[0][3:], (0, 0))
                had_to = int(re.search(r"(\d+) had to fault", out)[1])
                faults = int(re.search(r"(\d+) faults, (\d+) resumed", out)[1])
                if policy == "report":
                    self.assertGreater(had_to, 300)
                else:
                    self.assertEqual(had_to, 100)
                    self.assertGreaterEqual(faults, 400 if args == "pri=off" else 100)

    def test_queues_cores_and_sizes(self):
        cpu = min(os.sched_getaffinity(0))
        commands = "open emu:dsa\nopen emu:dsa1\n" \
                   "queue open emu:dsa\nqueue open emu:dsa\nqueue open emu:dsa1\n" \
                   f"set queues 0,2\nset cores {cpu}\nset ops 500\nset burst 1\nshow fwd\n"
        done, out = self.forward(commands, eal=())
        self.assertEqual([(d[0], d[1]) for d in done], [(0, 500), (2, 500)])
        self.assertIn("2 queues, 1 threads", out)
        self.assertIn("  queues  0,2\n", out)
        self.assertRegex(out, r"queue 1: 0 accepted")
        self.assertRegex(out, r"queue 2: 500 accepted, 500 completed")
        done, out = self.forward("set cores any\nset queues all\nset ops 700\n"
                                 "queue open emu:dsa\nqueue open emu:dsa\n")
        self.assertEqual([(d[0], d[1]) for d in done], [(0, 700), (1, 700)])

    def test_as_many_queues_as_there_can_be(self):
        opens = "".join(f"open emu:dsa{d}\n" + f"queue open emu:dsa{d}\n" * 8 for d in range(8))
        done, _ = self.forward(opens + "set ops 40\nset fwd faults\n", eal=())
        self.assertEqual([(d[0], d[1]) for d in done], [(q, 40) for q in range(64)])
        self.bad(opens + "open emu:dsa8\nqueue open emu:dsa8\n", "64 are open, the most", eal=())
        opens = "".join(f"open emu:dsa{d}\n" for d in range(16))
        self.bad(opens + "open emu:dsa\n", "16 devices are open, the most", eal=())
        self.bad(opens + "container create emu\n", "there are 16, the most", eal=())
        self.bad("container create emu\n" * 16 + "open emu:dsa\n", "16 containers", eal=())

    def test_commands_while_it_runs(self):
        out = self.good("""
            queue open emu:dsa
            queue open emu:dsa
            set queues 0
            start
            show rates
            show stats 0
            show fwd
            run 1 nop
            submit 1 nop
            stop
            run 0 nop
            """)
        self.assertRegex(out, r"queue 0: [0-9.]+ Mops/s, [0-9.]+ GB/s, 0 faults/s\n")
        self.assertIn("forwarding: running\n", out)
        base = "queue open emu:dsa\nstart\n"
        for command in ("run 0 nop", "submit 0 nop", "queue close 0", "close emu:dsa",
                        "reset emu:dsa", "clear stats"):
            self.bad(base + command + "\n", "queue 0 of emu:dsa is forwarding: stop first",
                     after="stop\n")
        self.bad(base + "start\n", "stop first", after="stop\n")
        self.bad(base + "wait\n", "would not end", after="stop\n")

    def test_wrong_devices_are_found_out(self):
        """Each way of being wrong is noticed by a mode that looks at it."""
        for wrong, mode in (("skip", "verify"), ("value", "crc"), ("bytes", "copy"),
                            ("cookie", "copy"), ("hw-error", "copy"), ("fault", "copy"),
                            ("skip", "mixed"), ("value", "mixed")):
            with self.subTest(wrong + " " + mode):
                done = self.script(f"set fwd {mode}\nset ops 4096\nstart\nwait\n", code=1,
                                   eal=("-d", PLUGIN, "-a", f"fake:dev0,wrong={wrong}"))
                self.assertRegex(done.stdout, r"[1-9]\d* failed|[1-9]\d* wrong")
                self.assertRegex(done.stderr, r"testsva: .*queue 0: ")
        self.good("set fwd mixed\nset ops 4096\nstart\nwait\n",
                  eal=("-d", PLUGIN, "-a", "fake:dev0"))

    def test_a_device_that_stops(self):
        done = self.script("set ops 1000000000000\nstart\ninject emu:dsa halt\nwait\n"
                           "reset emu:dsa\nset fwd verify\nset ops 1000\nstart\nwait\n", code=1)
        first, second = done.stdout.split("forwarding: stopped")[1:]
        self.assertIn("event: emu:dsa: failed: reset it", done.stdout)
        self.assertRegex(done.stderr, r"commands:4: queue 0: ")
        self.assertNotRegex(first, r"queue 0: 1000000000000 operations")
        self.assertRegex(second, r"queue 0: 1000 operations, .* 0 failed, 0 wrong\n")

    def test_auto_start(self):
        done = self.run_("-a", "emu:dsa", "--", "-f", self.path("c", "set ops 1000\n"), "-a")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("queue 0: 1000 operations", done.stdout)

        # Nothing of the file opens a device.
        done = self.run_("--", "-f", self.path("c", "set ops 1000\n"), "-a")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("queue 0: 1000 operations", done.stdout)
        done = self.run_("-a", "emu:dsa99", "--", "-a")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("testsva: "), 1, done.stderr)

    def test_auto_device(self):
        """Without -a of the EAL the device is the one that "auto" finds."""
        if with_tsan():
            self.skipTest("signals and the thread sanitizer")
        with subprocess.Popen([TESTSVA, "--", "--auto-start"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as run:
            for line in run.stdout:
                if line.startswith("forwarding: copy"):
                    break
            run.send_signal(signal.SIGINT)
            rest = run.stdout.read()
            self.assertEqual(run.wait(LIMIT), 130)
        self.assertIn("forwarding: stopped", rest)
        self.assertIn("emu:dsa: closed", rest)

    def test_signals(self):
        if with_tsan():
            self.skipTest("signals and the thread sanitizer")
        for sig, code in ((signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130),
                          (signal.SIGKILL, -9)):
            with self.subTest(sig):
                with subprocess.Popen([TESTSVA, "-a", "emu:dsa", "--", "-a"],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      text=True) as run:
                    while not run.stdout.readline().startswith("forwarding: copy"):
                        pass
                    run.send_signal(sig)
                    rest = run.stdout.read()
                    self.assertEqual(run.wait(LIMIT), code)
                    self.assertEqual("emu:dsa: closed" in rest, sig != signal.SIGKILL)

    def test_stats_period(self):
        if with_tsan():
            self.skipTest("signals and the thread sanitizer")
        with subprocess.Popen([TESTSVA, "-a", "emu:dsa", "--", "-a", "-T", "1"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            rates = 0
            for line in run.stdout:
                rates += re.match(r"queue 0: \d+\.\d{3} Mops/s, ", line) is not None
                if rates == 2:
                    break
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=LIMIT)
        self.assertEqual((rates, run.returncode), (2, 130))


class Refusals(Case):
    def test_bad_lines(self):
        lines = {
            "bogus": "'bogus' is no command: see help",
            "open": "open SPEC",
            "show": "is not complete",
            "show devices now": "too much: show devices",
            "quit now": "too much: quit",
            "open emu:dsa99": "cannot be opened: No such device",
            "open nix:dsa": "No such device",
            "open emu:dsa1 queues=0": "'0' is not a number from 1",
            "open emu:dsa1 queues=-1": "'-1' is not a number",
            "open emu:dsa1 colour=red": "'colour=red' is no key",
            "open emu:dsa1 queues=": "'queues=' is no key with a value",
            "open emu:dsa1 queues=1 queues=2": "queues is given twice",
            "open emu:dsa1 container=5": "no container 5",
            "open emu:dsa1 pid=999999999": "cannot be opened: No such process",
            "open emu:dsa": "Device or resource busy",
            "close emu:dsa7": "no open device 'emu:dsa7'",
            "queue open emu:dsa depth=70000": "65536",
            "queue open emu:dsa faults=maybe": "'maybe' is none of resume/report",
            "queue close 3": "no open queue 3",
            "queue close x": "'x' is not a number",
            "container create nix": "bus 'nix' gives none",
            "container destroy 7": "no container 7",
            "bind 0 everybody": "'everybody'",
            "mem alloc 1a 4k": "'1a' is no name",
            "mem alloc a 0": "'0' is not a number from 1",
            "mem alloc a 2000g": "is not a number from 1",
            "mem alloc a 4k huge=perhaps": "'perhaps' is none of no/yes",
            "mem alloc a 4k node=999": "Invalid argument",
            "mem alloc a 4k node=0 shared=yes": "leave one",
            "mem free a": "no memory 'a'",
            "mem fill a 1": "no memory 'a'",
            "mem dump a+": "no memory 'a'",
            "inject emu:dsa fire": "is not complete, or too much: inject DEVICE page-fault|",
            "inject emu:dsa halt 0": "'0' is not a number from 1",
            "register read emu:dsa 2 32": "not a multiple of 4",
            "register read emu:dsa 0 16": "register read DEVICE OFFSET 32|64",
            "register write emu:dsa 0 32 0x100000000": "is not a number",
            "show wq emu:dsa 8": "from 0 to 7",
            "set fwd fast": "'fast' is no mode",
            "set sizes 4k-": "set sizes: '4k-'",
            "set sizes 0": "0 is not from 1",
            "set burst 0": "from 1 to 1024",
            "set cores x": "set cores: 'x'",
            "set queues 64": "64 is not from 0 to 63",
            "stop": "nothing is forwarding",
            "wait": "nothing is forwarding",
            "show rates": "nothing is forwarding",
            "sleep forever": "'forever' is not a number",
            "load nix": "'nix': No such file or directory",
            "load /": "Is a directory",
            "help nix": "no section 'nix'",
            "submit 0 nop": "no open queue 0",
            "batch add nix": "'nix' is no operation",
            "batch add nop src=0x1": "'src' is no key of nop",
            "batch add copy src=nix": "'nix' is neither memory",
            "batch add copy src=0x10+x": "is not NAME, NAME+OFFSET",
            "batch add copy flags=nix": "'nix' is neither a flag",
            "batch add copy pasid=0x100000": "pasid: '0x100000'",
            "x" * 200: "is no command",
            "load " + "x" * 127: "No such file",
            "load " + "x" * 128: "is not complete",
            "show " + "x" * 200: "is not complete",
        }
        for line, words in lines.items():
            with self.subTest(line[:60]):
                self.bad("open emu:dsa\n" + line + "\n", words, eal=())
        for line, words in {
                "mem alloc a 4k": "there is a 'a'",
                "mem dump a+64k": "not inside of a",
                "mem dump a:65537": "not inside of a",
                "mem dump a+x": "bad offset",
                "mem dump a:x": "bad length",
                "mem dump a:1z": "is not NAME",
                "mem protect a+1:4k none": "not whole pages",
                "mem protect a all": "is not complete, or too much: mem protect",
                "mem compare a b+1": "65536 and 65535 bytes",
                "run 0 batch": "use batch submit",
                "run 0 nix": "'nix' is no operation",
                "run 0 copy src=a dst=b size=0": "copy is refused: Invalid argument",
                "run 0 copy src=a dst=b size=1 flags=x": "neither fence nor to-cache",
                "run 0 copy src=a dst=b size=1 expect=x": "'x' is none of ok/",
                "submit 0 256": "nor a number up to 255",
                "submit 0 nop expect=nix": "'nix' is neither a status",
        }.items():
            with self.subTest(line):
                self.bad(SETUP + line + "\n", words)

    def test_other_devices(self):
        """What is only for a DSA, or an emulated device."""
        for command, words in (("inject fake:dev0 halt", "is a real device"),
                               ("show registers fake:dev0", "fake:dev0 is no DSA"),
                               ("show wq fake:dev0 all", "fake:dev0 is no DSA"),
                               ("queue open fake:dev0\nsubmit 0 nop", "fake:dev0 is no DSA")):
            self.bad(command + "\n", words, eal=("-d", PLUGIN, "-a", "fake:dev0"))

    def test_what_start_refuses(self):
        self.bad("start\n", "no queue is open", eal=())
        self.bad("set queues 3\nstart\n", "no open queue 3")
        self.bad("queue open emu:dsa\nset queues 0,0\nstart\n", "named twice")
        self.bad("queue open emu:dsa depth=4\nset burst 8\nstart\n", "depth of queue 0, 4")
        self.bad("set cores 99999\nstart\n", "no thread on CPU 99999")
        out = self.bad("set cores x\n", "set cores: 'x'", after="show fwd\n")
        self.assertIn("  cores   those of -l, else any\n", out)
        self.bad("set sizes 2g\nset burst 1024\nstart\n", "no memory")

    def test_comments_and_blanks(self):
        out = self.good("# a comment\n\n   \t\n  show   fwd  # and one behind\n")
        self.assertIn("forwarding: stopped", out)
        self.assertIn("forwarding: stopped", self.good("show fwd"))
        self.assertIn("forwarding: stopped", self.good("\r\n#\r\nshow fwd\r\n"))

    def test_files(self):
        inner = self.path("inner", "bogus\nshow fwd\n")
        done = self.script(f"load {inner}\nshow memory\n", code=1)
        self.assertIn(f"testsva: {inner}:1: 'bogus' is no command", done.stderr)
        self.assertIn("forwarding: stopped", done.stdout)
        itself = self.path("itself")
        self.path("itself", f"load {itself}\n")
        done = self.run_("-a", "emu:dsa", "--", "-f", itself)
        self.assertEqual(done.returncode, 1)
        self.assertIn("8 deep", done.stderr)
        for data, words in ((b"\x00\xff\x00" * 500, "this is no text: byte 1 of the line is 0x00"),
                            (b"show fwd\rquit\n", "byte 9 of the line is 0x0d"),
                            (b"show\x1b[2J\n", "this is no text"),
                            (b"show " + b"y" * 5000 + b"\n", "more than 2046 characters"),
                            (b"\xff\xfe\xfd\n", "is no command")):
            done = self.run_("--", "-f", self.path("bad", data))
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)
        done = self.run_("--", "-f", self.path("nix"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("No such file", done.stderr)

    def test_quit_leaves_the_rest(self):
        out = self.good("quit\nbogus\n")
        self.assertIn("emu:dsa: closed", out)

    def test_options(self):
        for options, words in (
                ([], "nothing to do"), (["-x"], "'-x' is unknown"), (["-f"], "needs a value"),
                (["--stats-period", "0", "-i"], "from 1 to 86400"), (["-i", "x"], "'x' is not an"),
                (["--timeout", "x", "-i"], "--timeout: 'x'"),
                (["-f", "x"] * 9, "more than 8")):
            done = self.run_("-a", "emu:dsa", "--", *options)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1)
        done = self.run_("-a", "emu:dsa99", "--", "-i")
        self.assertEqual(done.returncode, 1)
        self.assertIn("open: 'emu:dsa99' cannot be opened: No such device", done.stderr)
        done = self.run_("--bogus")
        self.assertEqual(done.returncode, 2)
        done = self.run_("--version")
        self.assertRegex(done.stdout, r"^testsva \d+\.\d+\.\d+\n$")
        for option in ("-h", "--help"):
            done = self.run_("--", option)
            self.assertEqual(done.returncode, 0)
            for word in ("--cmdline-file", "--auto-start", "--stats-period", "Exit status",
                         "--log-level"):
                self.assertIn(word, done.stdout)

    def test_outputs(self):
        commands = self.path("commands", "show fwd\n" * 3000)
        with open("/dev/full", "w") as full:
            done = self.run_("-a", "emu:dsa", "--", "-f", commands, stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("output: standard output", done.stderr)
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as pipe:
            done = self.run_("-a", "emu:dsa", "--", "-f", commands, stdout=pipe)
        self.assertEqual(done.returncode, 1)
        self.assertIn("output: standard output", done.stderr)
        # Nobody waits for one that goes on for ever.
        with subprocess.Popen([TESTSVA, "-a", "emu:dsa", "--", "-a", "-T", "1"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
            run.stdout.readline()
            run.stdout.close()
            self.assertEqual(run.wait(LIMIT), 1)
        done = subprocess.run(["/bin/sh", "-c", f"{TESTSVA} -- -i >&-"], stderr=subprocess.PIPE,
                              text=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output is closed", done.stderr)

    def test_standard_input(self):
        done = subprocess.run([TESTSVA, "-a", "emu:dsa", "--", "-i"], input="show fwd\nbogus",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=LIMIT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("forwarding: stopped", done.stdout)
        self.assertNotIn("testsva> ", done.stdout)
        self.assertIn("testsva: standard input:2: 'bogus' is no command", done.stderr)
        for line, words in ((b"x" * 2047, "more than 2046"), (b"x" * 100000, "more than 2046"),
                            (b"x" * 2046 + b"\r\rxyz", "more than 2046"),
                            (b"x" * 2046, "'" + "x" * 80 + "' is no command"),
                            (b"sh\x00ow fwd", "this is no text")):
            done = subprocess.run([TESTSVA, "-a", "emu:dsa", "--", "-i"],
                                  input=b"# one\r\n" + line + b"\nshow fwd\r\n",
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT)
            self.assertEqual(done.returncode, 1)
            self.assertIn("standard input:2: ", done.stderr.decode())
            self.assertIn(words, done.stderr.decode())
            self.assertIn("forwarding: stopped", done.stdout.decode())

    def test_closed_streams(self):
        """They stay closed: nothing that is opened is taken for one of them."""
        commands = self.path("commands", "sleep 80000\n")
        with subprocess.Popen(["/bin/sh", "-c", f"exec {TESTSVA} -a emu:dsa -- -f {commands} "
                               "<&- 2>&-"], stdout=subprocess.PIPE, text=True) as run:
            self.assertIn("open", run.stdout.readline())
            for fd in (0, 2):
                self.assertEqual(os.readlink(f"/proc/{run.pid}/fd/{fd}"), "/dev/null")
            run.kill()
        done = subprocess.run(["/bin/sh", "-c", f"{TESTSVA} -a emu:dsa -- -i <&-"],
                              stdout=subprocess.PIPE, text=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: test_testsva.py BUILD_DIR [unittest options]")
    APP = os.path.join(os.path.abspath(sys.argv.pop(1)), "app")
    TESTSVA = os.path.join(APP, "testsva")
    PLUGIN = os.path.join(APP, "test", "plugin_broken.so")
    unittest.main(verbosity=2)
