#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""What drivers say of themselves in their ELF files, as tools read it:
test_pmdinfo.py SOURCE_DIR BUILD_DIR [unittest options]
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = BUILD = ""


def run(*arguments, **kwargs):
    kwargs.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=60, check=False, **kwargs)


def pmdinfo(*arguments, **kwargs):
    return run(os.path.join(SOURCE, "usertools/sva-pmdinfo"), *arguments, **kwargs)


class Pmdinfo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sva-pmdinfo.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.library = os.path.join(BUILD, "libsvadk.so")
        self.plugin = os.path.join(BUILD, "drivers/dma/dpdk/librte_dma_sva.so")

    def listed(self, *arguments):
        done = pmdinfo("--json", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {d["name"]: d for d in json.loads(done.stdout)}

    def check_built_in(self, drivers):
        self.assertEqual(set(drivers), {"emu", "vfio", "idxd"})
        # The program says of its drivers what the file does.
        done = run(os.path.join(BUILD, "app/sva-info"), "--", "--json")
        known = json.loads(done.stdout)
        for kind in ("buses", "drivers"):
            for one in known[kind]:
                for field in one:
                    self.assertEqual(one[field], drivers[one["name"]][field])

    def test_library(self):
        self.check_built_in(self.listed(self.library))

    def test_static_program(self):
        self.check_built_in(self.listed(os.path.join(BUILD, "app/bench/bench_device")))

    def test_stripped(self):
        copy = shutil.copy(self.library, self.folder)
        subprocess.run(["strip", copy], check=True)
        self.check_built_in(self.listed(copy))

    def test_folder(self):
        if not os.path.exists(self.plugin):
            self.skipTest("the plugin has not been built")
        shutil.copy(self.plugin, self.folder)
        shutil.copy(self.library, os.path.join(self.folder, "other.so"))
        shutil.copy(SOURCE + "/README.md", self.folder)
        found = self.listed(self.folder)
        self.assertEqual(set(found), {"dma_sva", "emu", "vfio", "idxd"})
        self.assertIn("queues=1..128", found["dma_sva"]["devargs"])

    def test_folder_with_others(self):
        """A file that is wrong is named, and those after it are listed."""
        shutil.copy(self.library, os.path.join(self.folder, "z.so"))
        for name, content, text in (
                ("a.so", b"text", "no ELF file: "),
                ("b.so", None, "what a driver says of itself cannot be understood")):
            path = os.path.join(self.folder, name)
            if content is None:
                with open(self.library, "rb") as f:
                    content = re.sub(rb'"params": "[^"]*"', lambda found: b'"params": 1' +
                                     b" " * (len(found[0]) - 11), f.read())
            with open(path, "wb") as f:
                f.write(content)
            done = pmdinfo(self.folder)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"\Asva-pmdinfo: {path}: {text}.*\n\Z")
            self.assertIn("idxd (accel)", done.stdout)
            os.unlink(path)

    def test_text(self):
        done = pmdinfo(self.library)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for line in ("idxd (accel): Intel Data Streaming Accelerator", f"  file     {self.library}",
                     "  PCI ids  8086:0b25"):
            self.assertIn(line, done.stdout.split("\n"))

    def test_nothing_to_list(self):
        done = pmdinfo("/bin/true")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "sva-pmdinfo: there is no driver in /bin/true\n")
        for name, text in ((SOURCE + "/README.md", "no ELF file"),
                           (self.folder + "/none.so", "No such file")):
            done = pmdinfo(self.library, name)
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn("idxd (accel)", done.stdout)

    def test_damaged_file(self):
        with open(self.library, "rb") as f:
            data = bytearray(f.read(1 << 16))
        cases = {"cut.so": data, "short.so": data[:40],
                 # e_shoff is in the file, and there is no section header.
                 "header.so": data[:40] + bytes([0, 1] + [0] * 6) + data[48:300]}
        for name, content in cases.items():
            with open(f"{self.folder}/{name}", "wb") as f:
                f.write(content)
        os.mkfifo(f"{self.folder}/pipe")
        pipe = os.open(f"{self.folder}/pipe", os.O_RDWR)
        for name in [*cases, "pipe"]:
            done = pmdinfo(f"{self.folder}/{name}")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, rf"\Asva-pmdinfo: .*{name}: .{{4}}.*\n\Z")
            self.assertNotIn("None\n", done.stderr)
        os.close(pipe)

    @unittest.skipUnless(shutil.which("dpdk-pmdinfo.py"), "dpdk-pmdinfo.py is not installed (dpdk)")
    def test_dpdk(self):
        done = run("dpdk-pmdinfo.py", self.library)
        found = {d["name"]: d for d in json.loads(done.stdout)}
        self.assertEqual(found["idxd"]["pci_ids"], [{"vendor": "8086", "device": "0b25"}])
        self.assertIn("wqs=N", found["idxd"]["params"])

    def test_generator(self):
        with open(SOURCE + "/drivers/accel/idxd/driver.json", encoding="ascii") as f:
            good = json.load(f)
        for change, text in (({"kind": "toy"}, '"kind" is one of'), ({"params": "x"}, '"params"'),
                             ({"pci_ids": ["8086:B25"]}, "no PCI id"), ({"more": 1}, "its fields"),
                             ({"name": 5}, '"name"')):
            path = os.path.join(self.folder, "driver.json")
            with open(path, "w", encoding="ascii") as f:
                json.dump(good | change, f)
            done = run(SOURCE + "/buildtools/driver-info", path, path + ".h")
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)
            self.assertFalse(os.path.exists(path + ".h"))


if __name__ == "__main__":
    SOURCE, BUILD = (os.path.abspath(d) for d in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]])
