#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Output that is lost, and Ctrl-C, for every program that a user runs beside sva-perf:
test_usertools.py SOURCE_DIR BUILD_DIR [unittest options]
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from programs import default_signals, interrupted, limit_files

SOURCE = BUILD = ""
LIMIT = 60
LOAD = {"schema": 1, "version": "0.1.0", "kind": "open", "section": "", "device": "d",
        "emulated": False, "cpu": "c", "repeats": 1, "step": "queue", "us": 1.0, "us_ci": None}


class Usertools(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sva-tools.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(f"{self.folder}/r.json", "w", encoding="ascii") as f:
            json.dump([LOAD], f)
        self.env = dict(os.environ, SVADK_SYSFS=f"{self.folder}/sys",
                        SVADK_PROC=f"{self.folder}/proc")
        # As for most people: what is lost is then seen only when a buffer is written.
        self.env.pop("PYTHONUNBUFFERED", None)
        for path in ("sys/bus/pci/devices/0000:6a:01.0", "sys/bus/pci/drivers", "proc"):
            os.makedirs(f"{self.folder}/{path}")
        tools = f"{SOURCE}/usertools"
        self.commands = [
            [f"{tools}/sva-check"], [f"{tools}/sva-check", "--json"], [f"{tools}/sva-devbind"],
            [f"{tools}/sva-pmdinfo", f"{BUILD}/libsvadk.so"],
            [f"{tools}/sva-pmdinfo", "--json", f"{BUILD}/libsvadk.so"],
            [f"{tools}/sva-plot", "r.json", "-o", "out"],
            [f"{tools}/sva-plot", "--compare", "r.json", "r.json"],
            [f"{BUILD}/app/sva-info"], [f"{BUILD}/app/sva-info", "--", "--json"],
            *([program, option] for option in ("--help", "--version")
              for program in (*(f"{tools}/sva-{x}" for x in ("check", "devbind", "pmdinfo",
                                                             "plot")),
                              f"{BUILD}/app/sva-info"))]

    def lost(self, command, **kwargs):
        """One line, that of a failed output, and status 1."""
        with self.subTest(command):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True, timeout=LIMIT, check=False, cwd=self.folder,
                                  env=self.env, **kwargs)
            name = os.path.basename(command[0])
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, rf"\A{name}: .*standard output.*\n\Z")

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            for command in self.commands:
                self.lost(command, stdout=full)

    def test_limit_on_sizes(self):
        for command in self.commands:
            if "-o" in command:
                continue    # it is the files there that are lost
            with tempfile.TemporaryFile() as out:
                self.lost(command, stdout=out, preexec_fn=lambda: limit_files(0))

    def test_pipe_that_nobody_reads(self):
        for command in self.commands:
            reader, writer = os.pipe()
            os.close(reader)
            self.lost(command, stdout=writer)
            os.close(writer)

    def test_no_standard_output(self):
        for command in self.commands:
            self.lost(command, preexec_fn=lambda: os.close(1))

    def test_no_standard_error(self):
        """What is wrong is not told then, but nothing else comes of it."""
        for command in self.commands[:9]:
            with self.subTest(command):
                done = subprocess.run([*command, "--bogus"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, timeout=LIMIT, check=False,
                                      cwd=self.folder, env=self.env,
                                      preexec_fn=lambda: os.close(2))
                self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_changes_go_on_without_a_reader(self):
        """A pipe that is closed early does not keep sva-devbind from the next function."""
        for address in ("0000:6a:01.0", "0000:6f:01.0"):
            path = f"{self.folder}/sys/bus/pci/devices/{address}"
            os.makedirs(path, exist_ok=True)
            for name in ("vendor", "driver_override"):
                with open(f"{path}/{name}", "w", encoding="ascii") as f:
                    f.write("0x8086\n")
        with open(f"{self.folder}/sys/bus/pci/drivers_probe", "w", encoding="ascii"):
            pass
        reader, writer = os.pipe()
        os.close(reader)
        self.lost([f"{SOURCE}/usertools/sva-devbind", "-u", "6a:01.0", "6f:01.0"], stdout=writer)
        os.close(writer)
        with open(f"{self.folder}/sys/bus/pci/drivers_probe", encoding="ascii") as f:
            self.assertEqual(f.read(), "0000:6f:01.0\n")

    def test_names_of_files(self):
        """They need not be text: what is wrong is one line all the same, and nothing crashes."""
        tools = f"{SOURCE}/usertools"
        for name in (b"a\nb", b"a\xffb", "\u4e2d".encode()):
            for env in ({}, {"PYTHONIOENCODING": "latin-1"}):
                path = os.fsencode(self.folder) + b"/" + name
                for tool in ("sva-plot", "sva-pmdinfo"):
                    done = subprocess.run([f"{tools}/{tool}", path + b".none"], text=True,
                                          capture_output=True, timeout=LIMIT, check=False,
                                          env=self.env | env, encoding="latin-1")
                    self.assertEqual((done.returncode, done.stdout), (1, ""))
                    self.assertRegex(done.stderr, rf"\A{tool}: .*\.none: No such file[^\n]*\n\Z")
                os.symlink(f"{BUILD}/libsvadk.so", path)
                os.symlink("r.json", path + b".json")
                for command in (["sva-pmdinfo", path], ["sva-plot", "--compare", path + b".json",
                                                        path + b".json", "--html",
                                                        path + b".html"]):
                    done = subprocess.run([f"{tools}/{command[0]}", *command[1:]],
                                          capture_output=True, timeout=LIMIT, check=False,
                                          env=self.env | env)
                    self.assertEqual((done.returncode, done.stderr), (0, b""))
                for more in (b"", b".json", b".html"):
                    os.unlink(path + more)

    def interrupted(self, pipe, command):
        """Ctrl-C while it reads the pipe, to all of its processes, as a terminal does."""
        os.mkfifo(pipe)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, cwd=self.folder, env=self.env,
                              start_new_session=True,
                              preexec_fn=default_signals) as program:
            # This waits until it is there.
            with open(pipe, "wb"):
                out, error = interrupted(program, lambda sig: os.killpg(program.pid, sig))
        self.assertEqual((program.returncode, out, error),
                         (130, "", f"{os.path.basename(command[0])}: interrupted\n"))

    def test_interrupted_check(self):
        self.interrupted(f"{self.folder}/proc/cpuinfo", [f"{SOURCE}/usertools/sva-check"])

    def test_interrupted_plot(self):
        self.interrupted(f"{self.folder}/x.json", [f"{SOURCE}/usertools/sva-plot", "x.json"])

    def test_interrupted_devbind(self):
        self.interrupted(f"{self.folder}/sys/bus/pci/devices/0000:6a:01.0/vendor",
                         [f"{SOURCE}/usertools/sva-devbind"])


if __name__ == "__main__":
    SOURCE, BUILD = (os.path.abspath(d) for d in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]])
