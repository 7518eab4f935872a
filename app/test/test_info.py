#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Drives sva-info as a user would: test_info.py BUILD_DIR [unittest options]"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

INFO = ""
LIMIT = 60


def info(*arguments, sysfs=None, **kwargs):
    env = dict(os.environ)
    env.pop("SVADK_SYSFS", None)
    if sysfs is not None:
        env["SVADK_SYSFS"] = sysfs
    kwargs.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([INFO, *arguments], stderr=subprocess.PIPE, text=True, timeout=LIMIT,
                          env=env, **kwargs)


class Info(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sva-info.")
        self.addCleanup(folder.cleanup)
        self.sysfs = folder.name
        os.makedirs(os.path.join(self.sysfs, "bus/pci/devices"))

    def add_function(self, address, vendor, device, driver=None, group=None):
        folder = os.path.join(self.sysfs, "bus/pci/devices", address)
        os.mkdir(folder)
        for name, value in (("vendor", vendor), ("device", device), ("numa_node", "1")):
            with open(os.path.join(folder, name), "w") as f:
                f.write(value + "\n")
        if driver is not None:
            os.symlink("../../../../bus/pci/drivers/" + driver, os.path.join(folder, "driver"))
        if group is not None:
            os.symlink(f"../../../../kernel/iommu_groups/{group}",
                       os.path.join(folder, "iommu_group"))

    def devices(self, *arguments):
        done = info(*arguments, sysfs=self.sysfs)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {d["name"]: d for d in json.loads(done.stdout)["devices"]}

    def test_text(self):
        done = info()
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("Buses", "emu: ", "Drivers", "idxd (accel)", "8086:0b25", "emu:dsa",
                     "operations nop copy", "largest transfer 2147483648", "PASID", "container: "):
            self.assertIn(word, done.stdout)

    def test_json(self):
        done = info("--", "--json", sysfs=self.sysfs)
        self.assertEqual(done.returncode, 0, done.stderr)
        everything = json.loads(done.stdout)
        self.assertEqual([b["name"] for b in everything["buses"]], ["vfio", "emu"])
        self.assertIn("8086:0b25", everything["drivers"][0]["ids"])
        device = everything["devices"][0]
        self.assertEqual((device["name"], device["driver"], device["usable"], device["problem"]),
                         ("emu:dsa", "idxd", True, None))
        self.assertIn("dualcast", device["ops"])
        self.assertGreater(device["max_transfer"], 0)
        self.assertGreater(device["queues"], 0)
        self.assertEqual(device["container"]["bus"], "emu")

    def test_without_opening(self):
        device = self.devices("--", "-j", "-n")["emu:dsa"]
        self.assertTrue(device["usable"])
        self.assertNotIn("ops", device)

    def test_allow_list_and_devargs(self):
        devices = self.devices("-a", "emu:dsa3,wqs=2", "--", "-j")
        self.assertFalse(devices["emu:dsa"]["usable"])
        self.assertIn("-a", devices["emu:dsa"]["problem"])
        self.assertEqual((devices["emu:dsa3"]["usable"], devices["emu:dsa3"]["queues"]), (True, 2))

    def test_device_that_does_not_exist(self):
        done = info("-a", "emu:nosuch", sysfs=self.sysfs)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"emu:nosuch\n    not usable: cannot be opened: ")

    def test_pci_functions(self):
        self.add_function("0000:6a:01.0", "0x8086", "0x0b25", "idxd", 7)
        self.add_function("0000:6f:01.0", "0x8086", "0x0b25")
        self.add_function("0000:00:1f.0", "0x8086", "0x1234", "lpc_ich")
        devices = self.devices("--", "-j")
        self.assertEqual(list(devices), ["vfio:0000:6a:01.0", "vfio:0000:6f:01.0", "emu:dsa"])
        held = devices["vfio:0000:6a:01.0"]
        self.assertEqual((held["usable"], held["numa_node"], held["driver"]), (False, 1, "idxd"))
        self.assertIn("kernel driver idxd", held["problem"])
        self.assertIn("IOMMU group", devices["vfio:0000:6f:01.0"]["problem"])

    def test_no_such_sysfs(self):
        done = info(sysfs="/no/such/root")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/root/bus/pci/devices: No such file", done.stderr)
        self.assertIn("sva-info: bus vfio: cannot be scanned: ", done.stderr)

    def test_bad_usage(self):
        for arguments, word in ((["--", "--bogus"], "--bogus"), (["--", "-Z"], "-Z"),
                                (["--", "stray"], "stray"), (["stray"], "stray"),
                                (["--json"], "after --"), (["-a", "nosuch:bus"], "start: ")):
            done = info(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            last = done.stderr.splitlines()[-1]
            self.assertTrue(last.startswith("sva-info: ") and word in last, last)

    def test_help_and_version(self):
        for arguments in (["-h"], ["--", "--help"]):
            done = info(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("--log-level", done.stdout)
            self.assertIn("SVADK_SYSFS", done.stdout)
        self.assertRegex(info("--version").stdout, r"^sva-info \d+\.\d+\.\d+\n$")

    def test_output_that_fails(self):
        with open("/dev/full", "w") as full:
            done = info(stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("sva-info: output: ", done.stderr)
        read, write = os.pipe()
        os.close(read)
        done = info(stdout=write)
        os.close(write)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: test_info.py BUILD_DIR [unittest options]")
    INFO = os.path.join(os.path.abspath(sys.argv.pop(1)), "app", "sva-info")
    unittest.main(verbosity=2)
