#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Drives sva-devbind on a sysfs of the test's own: test_devbind.py SOURCE_DIR BUILD_DIR

What a kernel does with what it writes is for test_devbind.sh, which runs in a guest.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL = INFO = ""
LIMIT = 60
A, B = "0000:6a:01.0", "0000:6a:01.1"
PASID, ATS = 27, 15
SHELLS = [["/bin/sh"]] + [[b, "sh"] for b in ("/bin/busybox",) if os.access(b, os.X_OK)]


def capabilities(pasid, ats, others=2):
    """A config space with a list of extended capabilities; None: there is none."""
    wanted = [(i + 1, None) for i in range(others)]
    wanted += [(c, on) for c, on in ((ATS, ats), (PASID, pasid)) if on is not None]
    config = bytearray(4096)
    at = 0x100
    for number, (cap, on) in enumerate(wanted):
        last = number == len(wanted) - 1
        # Neither in the order of the places nor without gaps.
        following = 0 if last else 0x800 - 0x60 * number
        control = 0 if not on else 1 if cap == PASID else 0x8000
        struct.pack_into("<IHH", config, at, following << 20 | 1 << 16 | cap, 0x1f00, control)
        at = following
    return bytes(config)


class Devbind(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sva-devbind.")
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.umask, os.umask(0o022))
        self.top = folder.name
        os.chmod(self.top, 0o755)
        # Where every user can read it.
        self.tool = shutil.copy(TOOL, self.top)
        os.chmod(self.tool, 0o755)
        for d in ("bus/pci/devices", "bus/pci/drivers/vfio-pci"):
            os.makedirs(f"{self.top}/{d}")
        self.write("bus/pci/drivers_probe", "")
        self.write("module/vfio_pci/parameters/disable_denylist", "Y\n")
        self.write("module/vfio_iommu_type1/parameters/bond_limit", "1000\n")

    def write(self, path, data):
        path = f"{self.top}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(data, bytes) else "w") as f:
            f.write(data)

    def read(self, path):
        with open(f"{self.top}/{path}") as f:
            return f.read()

    def add(self, address, device="0b25", driver=None, group=7, config=capabilities(True, True),
            vendor="8086"):
        folder = f"bus/pci/devices/{address}"
        for name, value in (("vendor", f"0x{vendor}\n"), ("device", f"0x{device}\n"),
                            ("numa_node", "1\n"), ("driver_override", ""), ("config", config)):
            self.write(f"{folder}/{name}", value)
        if driver is not None:
            os.makedirs(f"{self.top}/bus/pci/drivers/{driver}", exist_ok=True)
            self.write(f"bus/pci/drivers/{driver}/unbind", "")
            os.symlink(f"../../drivers/{driver}", f"{self.top}/{folder}/driver")
        if group is not None:
            self.write(f"kernel/iommu_groups/{group}/devices/{address}", "")
            os.symlink(f"../../../../kernel/iommu_groups/{group}",
                       f"{self.top}/{folder}/iommu_group")

    def run_tool(self, *arguments, shell=None, **kwargs):
        """The same from every shell: (exit status, standard output, standard error)."""
        env = {"PATH": os.environ["PATH"], "SVADK_SYSFS": self.top,
               "SVADK_DEV": f"{self.top}/dev"}
        results = [subprocess.run([*s, self.tool, *arguments], env=env, timeout=LIMIT, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, **kwargs)
                   for s in ([shell] if shell else SHELLS)]
        outcomes = {(r.returncode, r.stdout, r.stderr) for r in results}
        self.assertEqual(len(outcomes), 1, outcomes)
        return outcomes.pop()

    def refused(self, words, *arguments, status=1):
        """Exactly one line, with the words in it. Returns it."""
        code, out, err = self.run_tool(*arguments)
        self.assertEqual((code, out), (status, ""), err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith("sva-devbind: "), err)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, err)
        return err

    def by_info(self):
        """What sva-info says is wrong with A."""
        done = subprocess.run([INFO, "--", "-j", "-n"], stdout=subprocess.PIPE, text=True,
                              env=dict(os.environ, SVADK_SYSFS=self.top), timeout=LIMIT, check=True)
        return {d["name"]: d["problem"] for d in json.loads(done.stdout)["devices"]}[f"vfio:{A}"]

    def untouched(self):
        self.assertEqual(self.read("bus/pci/drivers_probe"), "")
        self.assertEqual(self.read(f"bus/pci/devices/{A}/driver_override"), "")

    def test_ids_are_those_of_the_drivers(self):
        done = subprocess.run([INFO, "--", "-j", "-n"], stdout=subprocess.PIPE, text=True,
                              timeout=LIMIT, check=True)
        known = {i for d in json.loads(done.stdout)["drivers"] for i in d["ids"]}
        with open(TOOL) as f:
            line = next(line for line in f if line.startswith("ids="))
        self.assertEqual(set(line[5:-2].split()), known)

    def test_usage(self):
        code, out, err = self.run_tool("--help")
        self.assertEqual((code, err), (0, ""))
        for word in ("--bind", "--unbind", "--status", "--force", "SVADK_SYSFS"):
            self.assertIn(word, out)
        self.add(A)
        for words, arguments in (
                ("'--nothing' is unknown", ["--nothing"]), ("'-b' needs a value", ["-b"]),
                ("name the functions", ["-b", "vfio-pci"]), ("name the functions", ["-u"]),
                ("one command", ["-u", "-b", "vfio-pci", A]), ("needs a value", ["--wait"]),
                ("not a number of seconds", ["--wait", "x", "-u", A]),
                ("not a driver", ["-b", "../x", A]), ("not a driver", ["--bind=", A]),
                (f"argument '{A}'", [A])):
            self.refused(words, *arguments, status=2)
        self.untouched()

    def test_status(self):
        self.add(A, driver="vfio-pci")
        self.add("0000:6b:01.0", driver="idxd", group=8)
        self.add("0000:6c:01.0", group=None)
        self.add("0000:00:1f.0", "1234", "lpc_ich", 9)
        self.add("0000:00:1f.2", "1234", None, 9)
        self.add("0000:e0:00.0", "5ada", "vfio-pci", 10, vendor="1234",
                 config=capabilities(True, False))
        code, out, err = self.run_tool()
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(self.run_tool("-s"), self.run_tool("--status"))
        bound, held, free = out.split("\n\n")
        self.assertEqual(bound.split("\n"), [
            "Functions bound to vfio-pci", "=" * 27,
            f"{A} 8086:0b25 drv=vfio-pci group=7 numa=1",
            "0000:e0:00.0 1234:5ada drv=vfio-pci group=10 numa=1",
            "    not usable: no process can be bound to it: it needs ATS as well as PASID"])
        self.assertEqual(held.split("\n")[2:], ["0000:6b:01.0 8086:0b25 drv=idxd group=8 numa=1"])
        self.assertIn("0000:6c:01.0 8086:0b25 drv=none group=none numa=1\n    not usable: it is "
                      "in no IOMMU group", free)
        self.assertNotIn("1f", out)

    def test_no_pci(self):
        shutil.rmtree(f"{self.top}/bus/pci/devices")
        self.refused(f"there is no {self.top}/bus/pci/devices: mount sysfs")

    def test_no_function(self):
        for name in ("0000:6a:02.0", "none", "../../devices", "6a:02.0", ""):
            self.refused(f'there is no PCI function "{name}"', "-b", "vfio-pci", name)

    def test_no_group(self):
        self.add(A, group=None)
        self.assertIn(self.by_info(), self.refused("in no IOMMU group", "-b", "vfio-pci", A))
        self.untouched()

    def test_group_of_two(self):
        self.add(A, driver="vfio-pci")
        self.add(B, "1234", "e1000e")
        self.refused([f"{B}: IOMMU group 7 has 2 functions, and processes are bound to groups of "
                      "one only: use a slot", f"the others are {A} (driver vfio-pci)\n"],
                     "-b", "vfio-pci", B)
        self.untouched()

    def test_no_vfio(self):
        self.add(A, driver="idxd")
        os.rmdir(f"{self.top}/bus/pci/drivers/vfio-pci")
        self.refused("there is no driver vfio-pci: modprobe vfio-pci", "-b", "vfio-pci", A)
        self.refused("there is no driver other: modprobe other", "-b", "other", A)
        self.untouched()

    def test_denylist(self):
        for device in ("0b25", "0cfe"):
            with self.subTest(device):
                self.setUp()
                self.add(A, device)
                self.write("module/vfio_pci/parameters/disable_denylist", "N\n")
                text = self.refused([f"vfio-pci refuses 8086:{device}", "disable_denylist=1",
                                     "Denylist"], "-b", "vfio-pci", A)
                self.untouched()
                if device == "0b25":
                    text = text.split("vfio-pci refuses")[1].strip()
                    self.assertIn(text, self.by_info())
                os.unlink(f"{self.top}/module/vfio_pci/parameters/disable_denylist")
                self.refused("disable_denylist=1", "-b", "vfio-pci", A)

    def test_kernel_without(self):
        self.add(A)
        os.unlink(f"{self.top}/module/vfio_iommu_type1/parameters/bond_limit")
        self.refused("this kernel's VFIO cannot bind processes: boot one with the series of "
                     "kernel/linux and load vfio_iommu_type1", "-b", "vfio-pci", A)
        self.untouched()

    def test_no_sva(self):
        for pasid, ats, text in ((None, True, "PASID capability"), (False, True, "sm_on"),
                                 (None, None, "PASID capability"), (True, None, "ATS as well"),
                                 (True, False, "ATS as well")):
            for others in (0, 1, 5):
                with self.subTest(pasid=pasid, ats=ats, others=others):
                    self.setUp()
                    self.add(A, config=capabilities(pasid, ats, others))
                    self.refused(["no process can be bound to it", text], "-b", "vfio-pci", A)
                    self.untouched()
        # A list that goes round, and what nobody but root may see.
        self.setUp()
        loop = bytearray(4096)
        struct.pack_into("<II", loop, 0x100, 0x10010001, 0)
        self.add(A, config=bytes(loop))
        self.refused("PASID capability", "-b", "vfio-pci", A)
        self.setUp()
        self.add(A, config=bytes(64))
        self.refused("does not take it", "-b", "vfio-pci", A)

    def test_what_is_written(self):
        """This kernel does nothing: the function ends without a driver, and it says so."""
        self.add(A)
        for name in (A, "6a:01.0", A.upper()):
            self.refused("vfio-pci does not take it, and no driver has it now", "-b", "vfio-pci",
                         name)
            self.assertEqual(self.read("bus/pci/drivers_probe"), A + "\n")
            # Nothing of it is left.
            self.assertEqual(self.read(f"bus/pci/devices/{A}/driver_override"), "\n")

    def test_already(self):
        self.add(A, driver="vfio-pci")
        self.assertEqual(self.run_tool("-b", "vfio-pci", A),
                         (0, f"{A}: bound to vfio-pci already\n", ""))
        self.untouched()

    def test_several(self):
        self.add(A, driver="vfio-pci")
        code, out, err = self.run_tool("-b", "vfio-pci", "0000:6a:02.0", A)
        self.assertEqual((code, out), (1, f"{A}: bound to vfio-pci already\n"))
        self.assertEqual(err.count("\n"), 1)

    def test_looking_makes_no_file(self):
        self.add(A, driver="vfio-pci")
        self.write("dev/vfio/vfio", "")
        self.run_tool()
        self.assertEqual(os.listdir(f"{self.top}/dev/vfio"), ["vfio"])

    def test_in_use(self):
        self.add(A, driver="vfio-pci")
        self.write("dev/vfio/7", "")
        with open(f"{self.top}/dev/vfio/7", "r+"):
            user = f"in use: process {os.getpid()} ("
            self.refused([user, "--force"], "-u", A)
            self.assertIn("*in use*\n    " + user, self.run_tool("-s")[1])
            self.assertEqual(self.read("bus/pci/drivers/vfio-pci/unbind"), "")
            # Asked for it, this kernel does nothing; a real one waits.
            self.refused("vfio-pci does not let go within 30 s, " + user, "--force", "--wait=30",
                         "-u", A)
            self.assertEqual(self.read("bus/pci/drivers/vfio-pci/unbind"), A + "\n")
        self.assertNotIn("in use", self.run_tool("-s")[1])

    def test_driver_that_waits(self):
        """As the kernel does while a device is in use: the write does not come back."""
        self.add(A, driver="vfio-pci")
        os.unlink(f"{self.top}/bus/pci/drivers/vfio-pci/unbind")
        os.mkfifo(f"{self.top}/bus/pci/drivers/vfio-pci/unbind")
        self.refused("vfio-pci does not let go within 1 s: it does once its users are gone",
                     "--wait", "1", "-u", A)
        # Let the writers go.
        with open(f"{self.top}/bus/pci/drivers/vfio-pci/unbind") as f:
            self.assertEqual(set(f.read().split()), {A})

    def test_kernel_driver_in_use(self):
        self.add(A, driver="idxd")
        for counter in ("dsa0/wq0.1/clients", "dma/dma0chan0/in_use"):
            self.write(f"bus/pci/devices/{A}/{counter}", "2\n")
            self.refused(f"in use: {counter} is 2", "-b", "vfio-pci", A)
            self.write(f"bus/pci/devices/{A}/{counter}", "0\n")
        self.untouched()
        self.refused("idxd does not let go", "--wait", "30", "-b", "vfio-pci", A)
        self.assertEqual(self.read("bus/pci/drivers/idxd/unbind"), A + "\n")

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_no_permission(self):
        self.add(A, driver="idxd")
        for arguments in (["-b", "vfio-pci", A], ["-u", A]):
            code, out, err = self.run_tool(*arguments, user=65534, group=65534)
            self.assertEqual((code, out), (1, ""))
            self.assertEqual(err, f"sva-devbind: {A}: no permission to change its driver: run this "
                             "as root\n")
        code, out, _ = self.run_tool(user=65534, group=65534)
        self.assertEqual(code, 0)
        self.assertIn(A, out)


if __name__ == "__main__":
    TOOL = os.path.join(sys.argv.pop(1), "usertools/sva-devbind")
    INFO = os.path.join(sys.argv.pop(1), "app/sva-info")
    unittest.main()
