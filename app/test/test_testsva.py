#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""testsva with files of commands: test_testsva.py BUILD_DIR [unittest options]

What is done by hand is in test_testsva_hand.py, what a terminal has to do with in
test_testsva_prompt.py.
"""
import mmap
import os
import re
import signal
import subprocess
import sys
import unittest

from folder_case import FolderCase
from programs import default_signals, limit_files

TESTSVA = ""
PLUGIN = ""
LIMIT = 120  # seconds that no run may take; far more than any needs
SETUP = "queue open emu:dsa\nmem alloc a 64k\nmem alloc b 64k\nmem fill a random:7\n"


def with_tsan():
    """Whether the program is one of the thread sanitizer, which may keep a signal to itself."""
    with open(TESTSVA, "rb") as f:
        return b"__tsan_init" in f.read()


class Case(FolderCase):
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
    def sleeper(self, **options):
        """Another process, until the case ends."""
        child = subprocess.Popen(["/bin/sleep", "600"], **options)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

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
        for command, lines in (("mem dump x", 16), ("mem dump x:512", 32), ("mem dump x+8k", 1)):
            out = self.good("mem alloc x 8193\n" + command + "\n")
            self.assertEqual(len(re.findall(r"^[0-9a-f]{16} ", out, re.M)), lines)
        same = "mem alloc p 64k\nmem alloc q 64k\nmem fill p random:1\nmem fill q random:{}\n" \
               "mem compare p q\n"
        self.good(same.format(1))
        self.bad(same.format(2), "differ at offset 0")
        self.bad("mem alloc p 8k\nmem alloc q 8k\nmem fill p+5000:8 1\nmem compare p q\n",
                 "offset 5000: 0x01 and 0x00")

    def test_memory_that_is_not_there(self):
        self.bad("mem alloc a 4k huge=yes\n", "leave out huge=yes, or start without --no-huge",
                 eal=("-a", "emu:dsa", "--no-huge"))
        try:
            mmap.mmap(-1, 1 << 40, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        except OSError:
            for more in ("", " node=0"):
                self.bad(f"mem alloc a 1024g{more}\n",
                         "mem alloc: a, 1099511627776 bytes: Cannot allocate memory: ask for less")

    def test_memory_that_is_no_access(self):
        base = "mem alloc x 8k\nmem protect x+4k none\n"
        self.bad(base + "mem dump x+4k:1\n", "not all of it can be accessed")
        self.bad(base + "mem fill x 1\n", "mem protect")
        self.bad("mem alloc x 8k\nmem protect x read\nmem fill x 1\n", "mem protect")
        self.good("mem alloc x 8193\nmem protect x none\nmem evict x+8k\nmem protect x+4k read\n")
        self.good(base + "mem dump x:4k\nmem protect x write\nmem fill x 1\n")

    def test_binding(self):
        child = self.sleeper()
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
        opened = "container create emu\nopen emu:dsa container=0\n"
        self.bad(opened + f"unbind 0 {child.pid}\n", "not bound", "see show containers", eal=())
        self.bad(opened + "bind 0 999999999\n", "no such process", eal=())
        self.bad("container create emu\nbind 0 self\n",
                 "bind: container 0, self: no device is in the container: open one with container=",
                 eal=())
        self.bad("open emu:dsa\ncontainer destroy 0\n", "belongs to its device", eal=())
        self.bad("open emu:dsa\nopen emu:dsa1 container=0\n", "belongs to its device", eal=())
        self.bad(f"open emu:dsa pid={child.pid}\nqueue open emu:dsa\n",
                 "none of emu:dsa can be opened", eal=())

    def test_process_that_may_not_be_bound(self):
        command, pid = [TESTSVA], 1
        if os.geteuid() == 0:
            # Even so it takes this right to bind another user's.
            command = ["setpriv", "--bounding-set=-sys_ptrace", TESTSVA]
            child = self.sleeper(user=65534)
            pid = child.pid
        done = subprocess.run([*command, "--", "-f", self.path(
            "commands", f"container create emu\nopen emu:dsa container=0\nbind 0 {pid}\n")],
            capture_output=True, text=True, timeout=LIMIT, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f":3: bind: container 0, {pid}: no right to trace it with ptrace: ",
                      done.stderr)

    def test_device_that_is_not_bound_any_more(self):
        child = self.sleeper()
        with subprocess.Popen([TESTSVA, "--", "-i"], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            out, err = run.communicate(f"""
                container create emu
                open emu:dsa1 container=0
                open emu:dsa2 container=0 pid={child.pid}
                unbind 0 {child.pid}
                show containers
                bind 0 {child.pid}
                unbind 0 {run.pid}
                show containers
                show info emu:dsa1
                show devices
                bind 0 self
                open emu:dsa3 container=0
                show containers
                show info emu:dsa3
                open emu:dsa4
                unbind 0 self
                show containers
                bind 0 self
                show containers
                """, timeout=LIMIT)
        self.assertEqual((run.returncode, err), (0, ""))
        none = " (not bound any more)"
        device1, device3 = (f"device emu:dsa{nr}: process 0, PASID {pasid}"
                            for nr, pasid in ((1, 1), (3, 4)))
        device2 = f"device emu:dsa2: process {child.pid}, PASID 2{none}"
        hand1, hand2 = (f"bound by hand: process {child.pid}, PASID 3",
                        "bound by hand: process 0, PASID 4")
        shown = re.findall(r"^container 0: bus.*, (\d) of 64 bonds.*\n((?:  .*\n)*)", out, re.M)
        self.assertEqual([(int(bonds), re.findall("^  (.*)$", lines, re.M))
                          for bonds, lines in shown], [
            (1, [device1, device2]),
            (1, [device1 + none, device2, hand1]),
            (2, [device1 + none, device2, device3, hand1, hand2]),
            (1, [device1 + none, device2, device3 + none, hand1]),
            # With the PASID of before, which emu:dsa4 has kept.
            (2, [device1 + none, device2, device3, hand1, hand2])])
        self.assertIn(f"  binding: PASID 1 of 20 bits, process 0{none}\n", out)
        self.assertIn("  binding: PASID 4 of 20 bits, process 0\n", out)
        self.assertIn(f"emu:dsa1 (8086:0b25), driver idxd, PASID 1{none}, container 0,", out)

    def test_bound_process_that_ends(self):
        child = self.sleeper()
        with subprocess.Popen([TESTSVA, "--", "-i"], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            run.stdin.write("container create emu\nopen emu:dsa container=0\n"
                            f"open emu:dsa1 pid={child.pid}\nbind 0 {child.pid}\n")
            run.stdin.flush()
            while not run.stdout.readline().startswith("PASID"):
                pass
            child.kill()
            child.wait()
            out, err = run.communicate(f"show containers\nunbind 0 {child.pid}\n"
                                       "show containers\n", timeout=LIMIT)
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"unbind: container 0, {child.pid}: it is not bound, or has ended", err)
        self.assertRegex(out, rf"by hand: process {child.pid}, PASID \d+, which has ended\n")
        self.assertEqual(out.count("by hand"), 1)
        self.assertEqual(len(re.findall(rf"emu:dsa1: process {child.pid}, PASID \d+ \(not bound "
                                        r"any more\)\n", out)), 2)

    def test_show_devices(self):
        out = self.good("show devices\nopen emu:dsa1 queues=2\nshow devices\nshow info emu:dsa1\n"
                        "queue open emu:dsa1 depth=10 min_batch=4 faults=report\nshow queues\n",
                        eal=())
        # Real ones come before it.
        self.assertRegex(out, r"no device is open\nfound besides:\n(  .*\n)*"
                              r"  emu:dsa \(8086:0b25\)\n")
        self.assertEqual(re.findall(r"^\w.*:$", out, re.M), ["found besides:", "open:",
                                                             "found besides:"])
        self.assertIn("emu:dsa1 (8086:0b25), driver idxd, PASID 1, container 0, 0 of 2 queues",
                      out)
        self.assertIn("operations: nop copy fill", out)
        self.assertIn("queue 0: emu:dsa1 WQ 0, depth 16, 64 descriptors on the device, batches "
                      "from 4, page faults: report\n", out)

    def test_show_devices_without_others(self):
        out = self.good("show devices\n")
        self.assertRegex(out, r"queues\nopen:\n  emu:dsa \(.*\n")
        self.assertNotRegex(out, r"found besides:\n(?!  )")

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
            show devices
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
        self.assertEqual(out.count("queues open, stopped"), 1)
        self.assertRegex(out, r"GENSTS .* state=3 \(halted\) reset_type=1 \(FLR\)")
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
                    f"queue open emu:dsa faults={policy}\nset fwd faults\nset ops 1200\n"
                    "set sizes 4k,100,8k\n", eal=("-a", "emu:dsa," + args))
                self.assertEqual(done[0][1], 1200)
                self.assertEqual(done[0][3:], (0, 0))
                had_to = int(re.search(r"(\d+) had to fault", out)[1])
                faults = int(re.search(r"(\d+) faults, (\d+) resumed", out)[1])
                if policy == "report":
                    self.assertGreater(had_to, 300)
                else:
                    # Far more than there are pages: they are taken away each time.
                    self.assertEqual(had_to, 300)
                    self.assertGreaterEqual(faults, 1200 if args == "pri=off" else 300)

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

    def test_threads_and_rates(self):
        """CPUs of -l are for all; a device without a queue gets one."""
        opens = "open emu:dsa\nopen emu:dsa1\nqueue open emu:dsa\n"
        cpu = str(min(os.sched_getaffinity(0)))
        for eal, cores, threads in (((), "", 2), (("-l", cpu), "", 1),
                                    (("-l", cpu), "set cores any\n", 2),
                                    ((), f"set cores {cpu}\n", 1)):
            out = self.good(opens + cores + "start\nshow rates\nstop\n", eal=eal)
            self.assertIn(f"forwarding: copy, 2 queues, {threads} threads\n", out)
            self.assertRegex(out, r"queue 1: .*/s\nall: [0-9.]+ Mops/s, [0-9.]+ GB/s\n")

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
                # One operation in 64 is wrong, each kind as often: those that can tell do.
                if mode == "mixed":
                    self.assertIn({"value": " 0 failed, 27 wrong\n",
                                   "skip": " 9 failed, 46 wrong\n"}[wrong], done.stdout)
                self.assertRegex(done.stderr, r"testsva: .*queue 0: ")
        self.good("set fwd mixed\nset ops 4096\nstart\nwait\n",
                  eal=("-d", PLUGIN, "-a", "fake:dev0"))

    def test_what_is_wrong_at_the_end(self):
        """Without a stop the exit code tells as well."""
        with subprocess.Popen([TESTSVA, "-d", PLUGIN, "-a", "fake:dev0,wrong=value", "--", "-i"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE) as run:
            run.stdin.write("set fwd crc\nstart\n")
            done = 0
            while done < 4096:
                run.stdin.write("show stats\n")
                run.stdin.flush()
                while not (found := re.search(r" (\d+) completed", run.stdout.readline())):
                    pass
                done = int(found[1])
            _, err = run.communicate(timeout=LIMIT)
        self.assertEqual(run.returncode, 1)
        self.assertIn("wrong data or value", err)

    def test_a_device_that_has_stopped(self):
        done = self.script(SETUP + "inject emu:dsa halt\nrun 0 nop expect=aborted\nset ops 100\n"
                           "start\nwait\n", code=1)
        self.assertRegex(done.stderr, r"commands:\d: queue 0: the queue accepts nothing: Input/out")

    def test_a_device_that_stops(self):
        done = self.script("set ops 1000000000000\nstart\ninject emu:dsa halt\nwait\n"
                           "reset emu:dsa\nset fwd verify\nset ops 1000\nstart\nwait\n", code=1)
        first, second = done.stdout.split("forwarding: stopped")[1:]
        self.assertIn("event: emu:dsa: failed: reset it", done.stdout)
        self.assertRegex(done.stderr, r"commands:\d: queue 0: ")
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
                                      text=True, preexec_fn=default_signals) as run:
                    while not run.stdout.readline().startswith("forwarding: copy"):
                        pass
                    run.send_signal(sig)
                    rest = run.stdout.read()
                    self.assertEqual(run.wait(LIMIT), code)
                    self.assertEqual("emu:dsa: closed" in rest, sig != signal.SIGKILL)

    def test_nohup(self):
        with subprocess.Popen(
                [TESTSVA, "-a", "emu:dsa", "--", "-i"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True,
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as run:
            self.assertIn("open", run.stdout.readline())
            run.send_signal(signal.SIGHUP)
            self.assertIn("forwarding: stopped", run.communicate("show fwd\n", LIMIT)[0])
        self.assertEqual(run.returncode, 0)

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
            "mem alloc a 4k huge=yess": "'yess' is none of no/yes",
            "mem alloc a 4k node=999": "mem alloc: a: there is no NUMA node 999: see /sys",
            "mem alloc a 4k node=999 huge=yes": "mem alloc: a: there is no NUMA node 999: see /sys",
            "mem alloc a 1024g huge=yes": "there are no 1099511627776 bytes of huge pages free: "
                                          "leave out huge=yes, or reserve more",
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
            "batch add copy src=0x10+4z": "is not NAME, NAME+OFFSET",
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
        self.bad("set sizes 2m\nstart\n", "2097152 bytes are more than fake:dev0 transfers",
                 eal=("-d", PLUGIN, "-a", "fake:dev0"))

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

    def test_line_without_end(self):
        """It is not kept: /dev/zero would take all memory, and could not be interrupted."""
        used = []
        for size in (0, 128 << 20):
            name = self.path("zeros", "")
            os.truncate(name, size)
            with subprocess.Popen([TESTSVA, "--", "-f", name], stderr=subprocess.PIPE) as run:
                words = run.stderr.read()
                _, status, usage = os.wait4(run.pid, 0)
                run.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(run.returncode, 1 if size else 0)
            self.assertEqual(b"more than 2046 characters" in words, size != 0)
            used.append(usage.ru_maxrss)
        self.assertLess(used[1] - used[0], 64 << 10)

    def test_quit_leaves_the_rest(self):
        out = self.good("quit\nbogus\n", options=("-f", self.path("nix")))
        self.assertIn("emu:dsa: closed", out)

    def test_options(self):
        for options, words in (
                ([], "nothing to do"), (["-x"], "'-x' is unknown"), (["-f"], "needs a value"),
                (["-xi"], "'-x' is unknown"), (["-if"], "'-if' needs a value"),
                (["--help=x"], "'--help=x' is unknown or takes no value"),
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
        self.assertRegex(done.stderr, r"\Atestsva: .*output: standard output: .*\n\Z")
        # A limit on sizes is a disk that gets full.
        with open(self.path("out"), "w") as out:
            done = self.run_("--", "-f", commands, stdout=out, preexec_fn=limit_files)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Atestsva: .*output: standard output: .*\n\Z")
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


def main():
    """Run the tests of the program that was started."""
    global TESTSVA, PLUGIN
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD_DIR [unittest options]")
    app = os.path.join(os.path.abspath(sys.argv.pop(1)), "app")
    TESTSVA = os.path.join(app, "testsva")
    PLUGIN = os.path.join(app, "test", "plugin_broken.so")
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
