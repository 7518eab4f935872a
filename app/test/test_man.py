#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""The manual pages against the programs: test_man.py SOURCE_DIR BUILD_DIR [unittest options]"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = BUILD = ""
LIMIT = 100
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")


def run(*arguments, **more):
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=LIMIT, check=False,
                          env=dict(os.environ, LC_ALL="C.UTF-8", **more))
    assert done.returncode == 0, (arguments, done.stderr)
    return done


def meson_knows(what):
    with open(f"{BUILD}/meson-info/intro-{what}.json", encoding="utf-8") as f:
        return json.load(f)


def heads(text):
    """What stands in the left column of lines that begin with an option."""
    found = set()
    for head in re.findall(r"^ +(-.*?)(?:  .*)?$", text, re.MULTILINE):
        found |= set(OPTION.findall(head))
    return found


class Man(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="sva-man.")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        run("sphinx-build", "-q", "-W", "--keep-going", "-b", "man", "-d", f"{cls.folder}/trees",
            f"{SOURCE}/doc/guides", f"{cls.folder}/man1")
        # What is installed to run, by its name, where it is now.
        cls.programs = {os.path.basename(to): path for path, to in
                        meson_knows("installed").items() if os.path.dirname(to).endswith("/bin")}

    def page(self, name):
        return f"{self.folder}/man1/{name}.1"

    def rendered(self, name):
        done = run("man", "--warnings", "-l", self.page(name), MANWIDTH="100", MANPAGER="cat",
                   MANOPT="", MAN_KEEP_FORMATTING="")
        self.assertEqual(done.stderr, "")
        return done.stdout

    def test_one_each(self):
        self.assertIn("sva-perf", self.programs)
        self.assertEqual(sorted(self.programs), sorted(
            x[:-2] for x in os.listdir(f"{self.folder}/man1")))

    def test_no_warnings(self):
        for name in self.programs:
            with self.subTest(name):
                done = run("groff", "-man", "-Tutf8", "-t", "-ww", "-z", self.page(name))
                self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_sections(self):
        for name in self.programs:
            with self.subTest(name):
                text = self.rendered(name)
                sections = re.findall(r"^[A-Z][A-Z ]+$", text, re.MULTILINE)
                for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                                "SEE ALSO"):
                    self.assertIn(section, sections)
                self.assertRegex(text, rf"\nNAME\n +{name} - [a-z].{{10}}")
                self.assertRegex(text, rf"\nSYNOPSIS\n +{name}")
                also = re.findall(r"([\w-]+)\(1\)", text[text.index("\nSEE ALSO"):
                                                         text.index("\nAUTHOR")])
                self.assertTrue(set(also) <= set(self.programs) - {name} and also, also)

    def test_options(self):
        for name, path in self.programs.items():
            with self.subTest(name):
                text = self.rendered(name)
                text = text[text.index("\nOPTIONS"):]
                documented = heads(re.split(r"\n(?=[A-Z])", text)[1])
                offered = heads(run(path, "--help").stdout)
                self.assertTrue({"-h", "--help", "--version"} <= offered, offered)
                self.assertEqual(documented, offered)

    def test_version(self):
        version = meson_knows("projectinfo")["version"]
        for name, path in self.programs.items():
            with self.subTest(name):
                self.assertEqual(run(path, "--version").stdout, f"{name} {version}\n")


if __name__ == "__main__":
    SOURCE, BUILD = (os.path.abspath(d) for d in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]])
