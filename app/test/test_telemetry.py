#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Telemetry of a program that is none of DPDK's, by dpdk-telemetry.py:
test_telemetry.py BUILD_DIR [unittest options]
"""
import ctypes.util
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

from terminal import Terminal

BUILD = ""
LIMIT = 60
CLIENT = "dpdk-telemetry.py"
NAME = "dpdk_telemetry.v2"


# A program of DPDK and of SVADK, until its standard input ends.
BOTH = """
import ctypes, sys
def args(*words):
    return len(words), (ctypes.c_char_p * (len(words) + 1))(*(w.encode() for w in words), None)
eal = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
assert eal.rte_eal_init(*args("x", "--no-huge", "--no-pci", "-m", "64", "-l", sys.argv[3],
                              "--file-prefix=t")) >= 0
sva = ctypes.CDLL(sys.argv[2])
assert sva.sva_eal_init(*args("x", "--telemetry")) == 1
assert sva.sva_device_open(b"emu:dsa", ctypes.byref(ctypes.c_void_p())) == 0
print("ready", flush=True)
sys.stdin.read()
assert sva.sva_eal_cleanup() == 0
"""


def sanitized():
    with open(f"{BUILD}/meson-info/intro-buildoptions.json", encoding="utf-8") as f:
        return any(o["name"] == "b_sanitize" and o["value"] != "none" for o in json.load(f))


class Telemetry(unittest.TestCase):
    def setUp(self):
        top = tempfile.TemporaryDirectory(prefix="sva-tel.")
        self.addCleanup(top.cleanup)
        self.addCleanup(os.umask, os.umask(0o022))
        self.top = top.name
        self.env = dict(os.environ, RUNTIME_DIRECTORY=self.top)
        self.folder = os.path.join(self.top, "dpdk/svadk")

    def start(self, option="--telemetry", **kwargs):
        """A program at work, and its log up to where the device is open."""
        program = subprocess.Popen(
            [f"{BUILD}/app/sva-perf", option, "--log-level=svadk.*:info", "-a", "emu:dsa", "--",
             "-o", "copy", "-s", "4k", "-t", "600", "--no-cpu"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env, **kwargs)
        self.addCleanup(self.end, program, signal.SIGKILL)
        log = program.stderr.readline()
        # Its second line comes when the device is open.
        self.assertTrue(program.stdout.readline() and program.stdout.readline())
        return program, log

    def end(self, program, sig=signal.SIGINT):
        if program.poll() is None:
            program.send_signal(sig)
        program.communicate(timeout=LIMIT)
        return program.returncode

    def info(self, *options, **kwargs):
        return subprocess.run([f"{BUILD}/app/sva-info", *options, "--", "-n"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=LIMIT, check=False,
                              env=self.env, **kwargs)

    def ask(self, *commands, options=("-f", "svadk")):
        done = subprocess.run([CLIENT, *options], input="\n".join([*commands, "quit", ""]),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=LIMIT, check=False, env=self.env)
        self.assertEqual(done.returncode, 0, done.stdout)
        answers = [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]
        self.assertEqual(len(answers), len(commands), done.stdout)
        return [list(x.values())[0] for x in answers]

    def sockets(self, prefix="svadk"):
        return sorted(os.listdir(os.path.join(self.top, "dpdk", prefix)))

    def test_off_unless_asked_for(self):
        self.assertEqual(self.info().returncode, 0)
        self.assertEqual(os.listdir(self.top), [])

    def test_commands(self):
        program, log = self.start()
        self.assertIn(f"telemetry at {self.folder}/{NAME}\n", log)
        names, about, devices, info, bonds, containers, stats, none, wrong, text = self.ask(
            "/", "/info", "/sva/devices", "/sva/info,emu:dsa", "/sva/bonds", "/sva/containers",
            "/sva/stats,emu:dsa", "/sva/stats", "/sva/nonsense", "/help,/sva/stats")
        self.assertEqual(names, sorted(names))
        self.assertIn("/sva/stats", names)
        self.assertTrue(about["version"].startswith("SVADK "))
        self.assertEqual(about["pid"], program.pid)
        self.assertEqual(devices, ["emu:dsa"])
        self.assertEqual((info["name"], info["driver"], info["id"], info["pid"]),
                         ("emu:dsa", "idxd", "8086:0b25", program.pid))
        self.assertIn("copy", info["ops"])
        self.assertEqual(bonds, {"bond0": {"device": "emu:dsa", "pid": program.pid,
                                           "pasid": info["pasid"]}})
        self.assertEqual(containers["container0"]["bus"], "emu")
        self.assertEqual((containers["container0"]["devices"], containers["container0"]["bonds"]),
                         (1, 1))
        # The program may be between the device, which is open, and its queue.
        while not stats:
            stats, = self.ask("/sva/stats,emu:dsa")
        self.assertLessEqual(set(stats["queue0"]), {
            "depth", "used", "accepted", "completed", "failed", "bytes", "doorbells", "batches",
            "faults", "resumed"})
        self.assertEqual((stats["queue0"]["failed"], none, wrong), (0, None, None))
        self.assertIn("Counters", text["/sva/stats"])
        # What is counted goes on.
        before = after = stats["queue0"]["bytes"]
        while after == before:
            after = self.ask("/sva/stats,emu:dsa")[0]["queue0"]["bytes"]
        self.assertGreater(after, before)
        self.assertEqual(self.end(program), 130)
        self.assertEqual(self.sockets(), [])

    def test_process_of_dpdk(self):
        """DPDK's socket answers, with the same commands, and there is no other."""
        if sanitized():
            self.skipTest("Python has no runtime of the sanitizers")
        library = ctypes.util.find_library("rte_eal")
        with subprocess.Popen(
                [sys.executable, "-c", BOTH, library, f"{BUILD}/libsvadk.so",
                 str(min(os.sched_getaffinity(0)))], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=self.env) as program:
            while (line := program.stdout.readline()) not in ("ready\n", ""):
                pass
            self.assertEqual(line, "ready\n")
            devices, info, bonds, containers = self.ask(
                "/sva/devices", "/sva/info,emu:dsa", "/sva/bonds", "/sva/containers",
                options=("-f", "t"))
            log = program.communicate("", timeout=LIMIT)[1]
        self.assertEqual(program.returncode, 0, log)
        self.assertIn("DPDK's socket answers, and no other is opened", log)
        self.assertEqual(os.listdir(f"{self.top}/dpdk"), ["t"])
        self.assertEqual(devices, ["emu:dsa"])
        self.assertIn("copy", info["ops"])
        self.assertEqual(bonds["bond0"], {"device": "emu:dsa", "pid": program.pid,
                                          "pasid": info["pasid"]})
        self.assertEqual((containers["container0"]["bus"], containers["container0"]["bonds"]),
                         ("emu", 1))

    def test_prompt(self):
        """As somebody at a terminal has it."""
        program, _ = self.start()
        t = Terminal([CLIENT, "-f", "svadk"], env=dict(self.env, TERM="dumb"))
        self.addCleanup(t.close)
        seen = t.expect("--> ")
        t.send("/sva/devices\n")
        t.expect('"emu:dsa"')
        t.send("quit\n")
        self.assertEqual(t.end()[0], 0)
        self.assertIn('Connected to application: "sva-perf"', seen)
        self.assertEqual(self.end(program), 130)

    def test_modes(self):
        program, _ = self.start(umask=0)
        for path, mode in ((f"{self.folder}/{NAME}", stat.S_IFSOCK | 0o600),
                           (self.folder, stat.S_IFDIR | 0o700),
                           (f"{self.top}/dpdk", stat.S_IFDIR | 0o700)):
            self.assertEqual(os.stat(path).st_mode, mode, path)
        self.end(program)

    def test_two_processes(self):
        first, _ = self.start()
        second, log = self.start()
        self.assertIn(f"{NAME}:1\n", log)
        self.assertEqual(self.sockets(), [NAME, NAME + ":1"])
        for program, options in ((first, ()), (second, ("-i", "1"))):
            self.assertEqual(self.ask("/info", options=("-f", "svadk", *options))[0]["pid"],
                             program.pid)
        self.end(first)
        # The second keeps its own, and the first is free again.
        self.assertEqual(self.sockets(), [NAME + ":1"])
        third, _ = self.start()
        self.assertEqual(self.ask("/info")[0]["pid"], third.pid)
        self.end(second)
        self.end(third)
        self.assertEqual(self.sockets(), [])

    def test_killed(self):
        program, _ = self.start()
        self.assertEqual(self.end(program, signal.SIGKILL), -signal.SIGKILL)
        self.assertEqual(self.sockets(), [NAME])
        program, log = self.start()
        self.assertIn("nobody listens there any more", log)
        self.assertEqual(self.sockets(), [NAME])
        self.assertEqual(self.ask("/info")[0]["pid"], program.pid)
        self.end(program)
        self.assertEqual(self.sockets(), [])

    def test_somebody_elses_socket(self):
        """One that does not answer is in use, too."""
        os.makedirs(self.folder, mode=0o700)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
            other.bind(f"{self.folder}/{NAME}")
            other.listen(0)
            done = self.info("--telemetry", "--log-level=svadk.*:info")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"{NAME}:1\n", done.stderr)
        self.assertEqual(self.sockets(), [NAME])

    def refused(self, text, *options, code=1, **kwargs):
        done = self.info(*options, **kwargs)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = done.stderr.splitlines()
        self.assertIn(text, lines[0])
        self.assertIn("start: ", lines[-1])

    def test_bad_prefix(self):
        for prefix in ("", ".", "..", "a/b", "/tmp/a", ".a", "a b", "\u00e9", "a\n"):
            with self.subTest(prefix):
                self.refused("not a prefix", f"--telemetry={prefix}", code=2)
        self.refused("too long", "--telemetry=" + "a" * 90)
        self.refused("given twice", "--telemetry", "--telemetry=x", code=2)
        self.assertEqual(os.listdir(self.top), [])
        # An argument of its own is none of the option's.
        done = self.info("--telemetry", "x")
        self.assertEqual(done.returncode, 2)
        self.assertIn("argument 'x'", done.stderr)

    def test_folders_of_others(self):
        os.chmod(self.top, 0o777)
        self.refused(f"others may write to {self.top}", "--telemetry")
        os.chmod(self.top, 0o700)
        os.makedirs(self.folder)
        for path in (self.folder, f"{self.top}/dpdk"):
            os.chmod(path, 0o770)
            self.refused(f"others may write to {path}", "--telemetry")
            os.chmod(path, 0o700)
        os.rmdir(self.folder)
        os.symlink(self.top, self.folder)
        self.refused(self.folder, "--telemetry")
        os.remove(self.folder)
        with open(self.folder, "w", encoding="ascii"):
            pass
        self.refused(self.folder, "--telemetry")

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")
    def test_other_users(self):
        nobody = pwd.getpwnam("nobody")
        os.makedirs(f"{self.top}/dpdk")
        os.chmod(self.top, 0o711)
        # The programs may lie where only root can get at them.
        for name in ["app/sva-info", *(os.path.basename(x)
                                       for x in glob.glob(f"{BUILD}/libsvadk.so.?"))]:
            os.chmod(shutil.copy(f"{BUILD}/{name}", self.top), 0o755)
        self.env["LD_LIBRARY_PATH"] = self.top

        def as_nobody(text, **change):
            env = dict(self.env, **change)
            done = subprocess.run([f"{self.top}/sva-info", "--telemetry", "--", "-n"],
                                  stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env=env, user=nobody.pw_uid, group=nobody.pw_gid, cwd="/",
                                  extra_groups=[], timeout=LIMIT, check=False)
            self.assertEqual(done.returncode, 1 if text else 0, done.stderr)
            self.assertIn(text, done.stderr)

        os.chmod(f"{self.top}/dpdk", 0o755)
        as_nobody("dpdk/svadk cannot be made: Permission denied")
        os.makedirs(f"{self.top}/own")
        as_nobody("own/dpdk cannot be made: Permission denied", RUNTIME_DIRECTORY="",
                  XDG_RUNTIME_DIR=f"{self.top}/own")
        os.chown(f"{self.top}/own", nobody.pw_uid, nobody.pw_gid)
        as_nobody("", RUNTIME_DIRECTORY="", XDG_RUNTIME_DIR=f"{self.top}/own")
        self.assertTrue(os.path.isdir(f"{self.top}/own/dpdk/svadk"))
        # In a folder that everyone may use nobody's is another user's.
        os.chown(f"{self.top}/dpdk", nobody.pw_uid, nobody.pw_gid)
        self.refused(f"belongs to user {nobody.pw_uid}", "--telemetry")


if __name__ == "__main__":
    if not shutil.which(CLIENT):
        sys.exit(f"{CLIENT} is not installed (Debian: dpdk-dev)")
    BUILD = os.path.abspath(sys.argv.pop(1))
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
