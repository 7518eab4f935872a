#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""testsva's operations, descriptors, records and registers by hand:
test_testsva_hand.py BUILD_DIR [unittest options]
"""
import re

from test_testsva import Case, SETUP, main


class Hand(Case):
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
                    self.assertIn("flags        0x000000 ()\n", out)
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

    def test_a_member_fails_before_the_rest_is_done(self):
        """The batch's record is waited for; the member's error is shown once."""
        out = self.good("queue open emu:dsa\nmem alloc a 32m\nmem alloc b 32m\nbatch add nop "
                        "compl=a+1\nbatch add copy src=a dst=b size=32m\n"
                        "batch submit 0 expect=batch-member-failed\n")
        self.assertEqual(out.count("SWERR\n"), 1)
        self.assertIn("1: copy: record\n  status       0x01 (success)", out)

    def test_more_events_than_are_kept(self):
        out = self.good("queue open emu:dsa\n" + "submit 0 nop compl=0x10 expect=record-align"
                        "ment\n" * 70 + "show events\n")
        self.assertEqual(out.split("70 events\n")[1].count("event: emu:dsa: error 0x1b"), 64)

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
        # Both halves of 8 bytes, in a table that can be written to in a disabled device.
        out = self.good("register write emu:dsa 0xa0 32 0x200000\n"
                        "register write emu:dsa 0x8e4 32 5\nregister write emu:dsa 0x8e0 32 3\n"
                        "register read emu:dsa 0x8e0 64\n"
                        "register write emu:dsa 0x8e0 64 0x400000002\n"
                        "register read emu:dsa 0x8e4 32\nregister read emu:dsa 0x8e0 32\n",
                        eal=("-a", "emu:dsa,engine=inline"))
        self.assertIn("0x0000000500000003\n0x00000004\n0x00000002\n", out)
        out = self.good("show registers emu:dsa\nshow wq emu:dsa 7\n")
        self.assertIn("groups=4 read_buffers=96 read_buffer_control=1 read_buffer_limit=1\n", out)
        self.assertRegex(out, r"group flags .* read_buffer_limit=0 read_buffers_reserved=\d+ "
                              r"read_buffers_allowed=96\n")
        self.assertRegex(out, r"WQ 7, group 3 with engines 0x8\n")


if __name__ == "__main__":
    main()
