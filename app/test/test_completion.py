#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Bash completes: test_completion.py SOURCE_DIR BUILD_DIR [unittest options]"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

from terminal import Terminal

SOURCE = BUILD = ""
LIMIT = 60
TOOLS = ("sva-check", "sva-devbind", "sva-plot", "sva-pmdinfo")
ASK = r'''
. "$1"
COMP_WORDBREAKS=$3
COMP_LINE=$2 COMP_POINT=${#2}
program=${2%% *}
# As readline asks for it: the function that is registered for the program.
spec=$(complete -p "${program##*/}") && [[ $spec =~ -F\ ([^ ]+) ]] || exit 1
${BASH_REMATCH[1]} "$program"
for reply in "${COMPREPLY[@]}"; do printf '%s\n' "$reply"; done
'''
BREAKS = " \t\n\"'@><=;|&(:"


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sva-bash.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.mkdir(f"{self.folder}/bin")
        for name in TOOLS:
            os.symlink(f"{SOURCE}/usertools/{name}", f"{self.folder}/bin/{name}")
        for name in ("sva-perf", "sva-info"):
            os.symlink(f"{BUILD}/app/{name}", f"{self.folder}/bin/{name}")
        os.mkdir(f"{self.folder}/some folder")
        for name in ("result.json", "result.csv"):
            with open(f"{self.folder}/{name}", "w", encoding="ascii"):
                pass
        self.sys = f"{self.folder}/sys"
        self.env = dict(os.environ, PATH=f"{self.folder}/bin:{os.environ['PATH']}",
                        SVADK_SYSFS=self.sys, LC_ALL="C.UTF-8")
        # A line that is wrapped is not as it was typed.
        self.env.pop("COLUMNS", None)
        os.makedirs(f"{self.sys}/bus/pci/devices/0000:6a:01.0")
        for name, text in (("vendor", "0x8086"), ("device", "0x0b25"), ("numa_node", "0")):
            with open(f"{self.sys}/bus/pci/devices/0000:6a:01.0/{name}", "w",
                      encoding="ascii") as f:
                f.write(text + "\n")
        for name in ("idxd", "vfio-pci"):
            os.makedirs(f"{self.sys}/bus/pci/drivers/{name}")

    def complete(self, line, breaks=BREAKS):
        done = subprocess.run(
            ["bash", "--norc", "-c", ASK, "bash", f"{SOURCE}/usertools/svadk.bash", line, breaks],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=LIMIT, check=True, cwd=self.folder, env=self.env)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def test_options_are_those_of_the_help(self):
        for name in (*TOOLS, "sva-info", "sva-perf"):
            text = subprocess.run([name, "--help"], stdout=subprocess.PIPE, text=True,
                                  timeout=LIMIT, check=True, env=self.env).stdout
            eal = "EAL options" in text
            offered = self.complete(f"{name} -")
            own = self.complete(f"{name} -- -") if eal else offered
            self.assertTrue({"-h", "--help"} <= set(offered), offered)
            self.assertIn("--version", own)
            self.assertEqual(len(own), len(set(own)), own)
            for option in re.findall(r"^ {2,6}(?:-\w(?: [A-Z]+)?, )?(--[\w-]+)", text,
                                     re.MULTILINE):
                self.assertIn(option, offered + own)
            for option in offered + own:
                self.assertRegex(text, rf"(?m)^ {{1,6}}.*{option}\b" if option != "--" else "--")
            if eal:
                self.assertIn("--lcores", offered)
                self.assertNotIn("--lcores", own)
                self.assertEqual(self.complete(f"{name} --"), [
                    o for o in offered if o.startswith("--")])

    def test_devices(self):
        self.assertEqual(self.complete("sva-perf -a "), ["vfio:0000:6a:01.0", "emu:dsa"])
        # After a colon readline replaces what follows it only.
        self.assertEqual(self.complete("sva-perf -a emu:d"), ["dsa"])
        self.assertEqual(self.complete("sva-perf -a emu:d", " "), ["emu:dsa"])
        self.assertEqual(self.complete(f"{self.folder}/bin/sva-info -a vfio:0000:"), ["6a:01.0"])

    def test_devargs(self):
        keys = self.complete("sva-perf -a emu:dsa,", " ")
        self.assertIn("emu:dsa,engine=", keys)
        self.assertIn("emu:dsa,wqs=", keys)
        self.assertNotIn("emu:dsa,engine=",
                         [k.replace("vfio:x", "emu:dsa")
                          for k in self.complete("sva-perf -a vfio:x,", " ")])
        self.assertEqual(self.complete("sva-perf -a emu:dsa,wqs=1,eng"), ["1,engine="])
        self.assertEqual(self.complete("sva-perf -a emu:dsa,engine="), ["task", "thread", "inline"])
        self.assertEqual(self.complete("sva-perf -a emu:dsa,wqs="), [])

    def test_values(self):
        for line, want in (
                ("sva-perf --log-level de", ["debug"]), ("sva-perf --log-level=de", ["debug"]),
                ("sva-perf --log-level svadk.bus:e", ["emergency", "error"]),
                ("sva-perf -- -o cr", ["crc32c"]),
                ("sva-perf -- --op copy,dual", ["copy,dualcast"]),
                ("sva-perf -- --op=dual", ["dualcast"]), ("sva-perf -- -b ", []),
                ("sva-perf --telemetry=", []), ("sva-perf --telemetry --hu", ["--huge"]),
                ("sva-plot --format ", ["png", "svg"]), ("sva-plot --threshold ", []),
                ("sva-devbind -b vf", ["vfio-pci"]), ("sva-devbind --bind=id", ["idxd"]),
                ("sva-devbind -u 0000:6a:", ["01.0"]), ("sva-check x", []),
                ("sva-perf x", [])):
            with self.subTest(line):
                self.assertEqual(self.complete(line), want)
        ops = self.complete("sva-perf -- -o ")
        self.assertTrue({"copy", "fill", "compare-pattern", "nop", "all"} <= set(ops), ops)
        self.assertNotIn("or", ops)

    def test_files_and_folders(self):
        for line, want in (
                ("sva-plot re", ["result.csv", "result.json"]), ("sva-plot so", ["some folder"]),
                ("sva-plot --html=result.j", ["result.json"]),
                ("sva-plot --compare result.json result.c", ["result.csv"]),
                ("sva-plot -o s", ["some folder", "sys"]), ("sva-plot -o re", []),
                ("sva-perf -- --json result.j", ["result.json"]),
                ("sva-perf -d ./result.c", ["./result.csv"]),
                ("sva-pmdinfo result.c", ["result.csv"])):
            with self.subTest(line):
                self.assertEqual(sorted(self.complete(line)), want)

    def test_program_that_is_not_there(self):
        self.assertEqual(self.complete("testsva -"), [])
        self.assertEqual(self.complete("/none/sva-perf -"), [])

    def test_at_a_prompt(self):
        """Tab in a shell that somebody types into."""
        t = Terminal(["bash", "--norc", "--noprofile", "-i"], cwd=self.folder,
                     env=dict(self.env, PS1="$ ", TERM="dumb", INPUTRC="/dev/null"))
        self.addCleanup(t.close)
        t.expect(r"\$ $")
        for text, answer in ((f". {SOURCE}/usertools/svadk.bash; echo lo''aded\n", r"loaded\n\$ $"),
                             ("sva-perf --telem\t", "--telemetry $"),
                             ("-a emu\t", "emu:dsa $"), ("-- --op dual\t", "dualcast $"),
                             ("--json result.j\t", r"result\.json $")):
            t.send(text)
            t.expect(answer)
        t.send("\x15exit\n")
        self.assertEqual(t.end()[0], 0)

    def test_installed_for_each(self):
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--tags",
                        "completion", "--destdir", f"{self.folder}/inst"], check=True,
                       timeout=LIMIT, stdout=subprocess.DEVNULL)
        found = {name: os.path.join(folder, name)
                 for folder, _, names in os.walk(f"{self.folder}/inst") for name in names}
        self.assertEqual(sorted(found), sorted([*TOOLS, "sva-info", "sva-perf", "testsva"]))
        with open(f"{SOURCE}/usertools/svadk.bash", "rb") as f:
            text = f.read()
        for path in found.values():
            self.assertIn("/bash-completion/completions/", path)
            with open(path, "rb") as f:
                self.assertEqual(f.read(), text)


if __name__ == "__main__":
    SOURCE, BUILD = (os.path.abspath(d) for d in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]])
