#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Drives sva-check on hosts of the test's own: test_check.py SOURCE_DIR [unittest options]

What it says of a real kernel is for test_devbind.sh and a guest.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL = ""
ECAP = 1 << 43 | 1 << 40 | 1 << 29
EFR = 1 << 50 | 1 << 48 | 1 << 4 | 1 << 1
CPUINFO = "processor : 0\nvendor_id : {}\nflags : fpu movdir64b enqcmd\nprocessor : 1\n"
A = "0000:6a:01.0"


class Check(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sva-check.")
        self.addCleanup(folder.cleanup)
        self.top = folder.name
        self.command, self.env = [TOOL], {}
        # A host on which everything but the kernel's own word is as it should be.
        self.write("proc/cpuinfo", CPUINFO.format("GenuineIntel"))
        self.write("proc/sys/kernel/osrelease", "7.2.0\n")
        self.write("proc/cmdline", "quiet intel_iommu=on,sm_on\n")
        self.write("proc/meminfo", "HugePages_Total:  512\nHugePages_Free:   500\n")
        self.write("proc/sys/kernel/yama/ptrace_scope", "1\n")
        self.write("sys/class/iommu/dmar0/intel-iommu/ecap", f"{ECAP:x}\n")
        self.write("sys/module/vfio_pci/parameters/disable_denylist", "Y\n")
        self.write("sys/module/vfio_iommu_type1/parameters/bond_limit", "1000\n")
        self.write("sys/bus/pci/drivers/vfio-pci/unbind", "")
        self.write("dev/vfio/vfio", "")
        self.write("dev/vfio/7", "")
        self.add(A, "vfio-pci")

    def write(self, path, data):
        path = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(data, bytes) else "w") as f:
            f.write(data)

    def add(self, address, driver, device="0b25"):
        folder = f"sys/bus/pci/devices/{address}"
        config = bytearray(4096)
        struct.pack_into("<IHH", config, 0x100, 0x140 << 20 | 27, 0, 1)
        struct.pack_into("<IHH", config, 0x140, 15, 0, 0x8000)
        for name, value in (("vendor", "0x8086\n"), ("device", f"0x{device}\n"),
                            ("numa_node", "0\n"), ("config", bytes(config))):
            self.write(f"{folder}/{name}", value)
        self.write(f"sys/kernel/iommu_groups/7/devices/{address}", "")
        os.symlink("../../../../kernel/iommu_groups/7", f"{self.top}/{folder}/iommu_group")
        if driver:
            os.makedirs(f"{self.top}/sys/bus/pci/drivers/{driver}", exist_ok=True)
            os.symlink(f"../../drivers/{driver}", f"{self.top}/{folder}/driver")

    def remove(self, path):
        subprocess.run(["rm", "-r", os.path.join(self.top, path)], check=True)

    def run_tool(self, *arguments, **kwargs):
        kwargs.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(
            [*self.command, *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, timeout=60, check=False, **kwargs, env=dict(os.environ, **self.env, **{
                f"SVADK_{name}": f"{self.top}/{folder}" for name, folder in (
                    ("SYSFS", "sys"), ("DEV", "dev"), ("PROC", "proc"))}))

    def lines(self, topic):
        done = self.run_tool("--json")
        self.assertEqual(done.stderr, "")
        self.report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if self.report["ready"] else 1)
        return [(x["state"], x["text"], x["mend"]) for x in self.report["checks"]
                if x["topic"] == topic]

    def only(self, topic, state):
        found = [x for x in self.lines(topic) if x[0] == state]
        self.assertEqual(len(found), 1, found)
        return found[0][1:]

    def test_good(self):
        # A plain file in the place of /dev/vfio/vfio knows no ioctl.
        text, mend = self.only("Kernel", "missing")
        self.assertIn("cannot bind processes", text)
        self.assertFalse(self.report["ready"])
        self.assertEqual([x["topic"] for x in self.report["checks"] if x["state"] == "missing"],
                         ["Kernel"])
        self.assertIn(("ready", f"vfio:{A} (8086:0b25)", None), self.lines("Devices"))
        self.assertIn(("ready", "up to 1000 bonds a container (bond_limit)", None),
                      self.lines("Kernel"))
        self.assertIsNone(mend)

    def test_text_says_the_same(self):
        done = self.run_tool()
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        for text in ("CPU\n  ready   2 CPUs", "\nIOMMU\n  ready   1 of 1 units, in scalable mode\n",
                     "No device of this machine is ready; the emulated one is.\n"):
            self.assertIn(text, done.stdout)

    def test_processor(self):
        self.write("proc/cpuinfo", "processor : 0\nflags : fpu\n")
        self.assertEqual([x[0] for x in self.lines("CPU")], ["note"] * 3)

    def test_no_vfio(self):
        self.remove("dev/vfio")
        self.remove("sys/bus/pci/drivers/vfio-pci")
        self.assertEqual(self.only("Kernel", "missing")[1], "modprobe vfio-pci")
        self.assertEqual(self.only("vfio-pci", "missing")[1], "modprobe vfio-pci")
        self.write("dev/vfio/vfio", "")
        self.remove("sys/module/vfio_iommu_type1")
        self.assertEqual(self.only("Kernel", "missing")[1], "modprobe vfio_iommu_type1")

    def test_vfio_without_permission(self):
        path = f"{self.top}/dev/vfio/vfio"
        os.chmod(path, 0)
        if os.geteuid() == 0:
            self.command = ["setpriv", "--bounding-set=-all", TOOL]
        # The user is who it is, whatever these say.
        self.env = {"LOGNAME": "somebody", "USER": "somebody"}
        self.assertEqual(self.only("Kernel", "missing")[1], f"chmod a+rw {path}")
        os.chmod(f"{self.top}/dev/vfio/7", 0)
        mend = self.only("Devices", "missing")[1]
        self.assertTrue(mend.endswith(f" {self.top}/dev/vfio/7"), mend)
        self.assertNotIn("somebody", mend)

    def grub(self, command):
        """Run a command that changes /etc/default/grub; what is the kernel's command line then."""
        self.assertRegex(command, "^sed -i .* /etc/default/grub && update-grub && reboot$")
        file = f"{self.top}/grub"
        subprocess.run(command.replace("/etc/default/grub && update-grub && reboot", file),
                       shell=True, check=True)
        subprocess.run(f'. {file} && echo "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT" '
                       f">{self.top}/proc/cmdline", shell=True, check=True)

    def test_commands_for_grub(self):
        """What they change is found to be as it should be after a boot."""
        for said, state in (("quiet", "ready"), ("intel_iommu=on", "ready"),
                            ("intel_iommu=sm_off", "ready"), ("intel_iommu=off", "ready"),
                            ("quiet intel_iommu=on,sm_off,igfx_off splash", "ready")):
            for place in ("", "_DEFAULT"):
                self.write("grub", 'GRUB_CMDLINE_LINUX=""\nGRUB_CMDLINE_LINUX_DEFAULT="x"\n'
                           f'GRUB_CMDLINE_LINUX{place}="{said}"\n')
                self.write("proc/cmdline", said + "\n")
                self.grub(self.lines("IOMMU")[0][2])
                self.assertEqual(self.lines("IOMMU")[0][0], state, said)
                with open(f"{self.top}/proc/cmdline") as f:
                    line = f.read()
                for word in ("quiet", "igfx_off", "splash"):
                    self.assertEqual(word in line, word in said)
        self.remove("sys/class/iommu/dmar0")
        self.write("sys/class/iommu/ivhd0/amd-iommu/features", f"{EFR:x}\n")
        self.write("grub", 'GRUB_CMDLINE_LINUX="amd_iommu=fullflush,pgtbl_v1"\n')
        self.write("proc/cmdline", "amd_iommu=fullflush,pgtbl_v1\n")
        self.grub(self.only("IOMMU", "missing")[1])
        self.assertIn("with v2 page tables", self.only("IOMMU", "missing")[0])

    def test_iommu(self):
        for line, state in (("intel_iommu=on", "missing"), ("intel_iommu=on,sm_off", "missing"),
                            ("intel_iommu=off", "missing"), ("quiet", "note"),
                            ("intel_iommu=sm_on", "ready"),
                            ("intel_iommu=on intel_iommu=sm_on", "ready"),
                            ("intel_iommu=sm_off intel_iommu=on,sm_on", "ready"),
                            ("intel_iommu=on,sm_on intel_iommu=sm_off", "missing")):
            self.write("proc/cmdline", line + "\n")
            found = self.lines("IOMMU")
            self.assertEqual(found[0][0], state, found)
            self.assertEqual("sm_on" in (found[0][2] or ""), state != "ready")
        self.write("sys/class/iommu/dmar0/intel-iommu/ecap", f"{ECAP ^ 1 << 29:x}\n")
        self.assertIn("no page requests", self.only("IOMMU", "note")[0])
        self.write("sys/class/iommu/dmar0/intel-iommu/ecap", f"{ECAP ^ 1 << 43:x}\n")
        self.assertIn("none of which does scalable mode", self.only("IOMMU", "missing")[0])
        self.remove("sys/class/iommu/dmar0/intel-iommu")
        self.assertIn("none of Intel's or AMD's", self.only("IOMMU", "missing")[0])

    def no_iommu(self, vendor, line="quiet"):
        self.write("proc/cpuinfo", CPUINFO.format(vendor))
        self.write("proc/cmdline", line + "\n")
        return self.only("IOMMU", "missing")

    def test_no_iommu(self):
        self.remove("sys/class/iommu")
        self.remove("sys/kernel/iommu_groups")
        text, mend = self.no_iommu("GenuineIntel")
        self.assertIn("switch VT-d on in the firmware", text)
        self.assertIn("&intel_iommu=on,sm_on ", mend)
        for vendor in ("AuthenticAMD", "HygonGenuine"):
            text, mend = self.no_iommu(vendor)
            self.assertIn("switch AMD-Vi, also called IOMMU, on in the firmware", text)
            self.assertIn("&amd_iommu=pgtbl_v2 ", mend)
            self.assertNotIn("VT-d", text)
            self.assertNotIn("intel", mend)
        text, mend = self.no_iommu("CentaurHauls")
        self.assertIn("switch it on in the firmware", text)
        self.assertNotRegex(text, "VT-d|AMD|,$")
        self.assertIsNone(mend)
        self.remove("proc/cpuinfo")
        self.assertEqual(self.only("IOMMU", "missing"), (text, None))

    def test_iommu_that_is_off(self):
        self.remove("sys/class/iommu")
        self.remove("sys/kernel/iommu_groups")
        for vendor, line, words in (
                ("AuthenticAMD", "amd_iommu=off", "amd_iommu=off"),
                ("AuthenticAMD", "quiet amd_iommu=pgtbl_v2,off iommu=off",
                 "iommu=off and amd_iommu=off"),
                ("GenuineIntel", "intel_iommu=off", "intel_iommu=off"),
                ("GenuineIntel", "iommu=off splash", "iommu=off"), ("", "iommu=off", "iommu=off")):
            self.assertEqual(self.no_iommu(vendor, line), (
                f"it is off: take {words} out of the kernel's command line", None))
        for line in ("iommu=pt", "virtio_iommu=off", "amd_iommu=force_enable"):
            self.assertIn("switch AMD-Vi", self.no_iommu("AuthenticAMD", line)[0])

    def test_iommu_of_amd(self):
        self.remove("sys/class/iommu/dmar0")
        # Older kernels show one register, newer ones two.
        for features in (f"{EFR:x}", f"{EFR:x}:0"):
            self.write("sys/class/iommu/ivhd0/amd-iommu/features", features + "\n")
            for line in ("quiet", "amd_iommu=force_enable", "intel_iommu=on,sm_on",
                         "amd_iommu=pgtbl_v2 amd_iommu=pgtbl_v1"):
                self.write("proc/cmdline", line + "\n")
                text, mend = self.only("IOMMU", "missing")
                self.assertIn("1 of 1 units of AMD-Vi can do PASIDs", text)
                self.assertIn("read first what kernel/linux/README.md says", text)
                self.assertRegex(mend, "&amd_iommu=pgtbl_v2[ ,]")
            self.write("proc/cmdline", "amd_iommu=fullflush,pgtbl_v2\n")
            text, mend = self.only("IOMMU", "missing")
            self.assertIn("with v2 page tables: not to be used yet", text)
            self.assertIsNone(mend)
        for bit in (1, 4, 48, 50):
            self.write("sys/class/iommu/ivhd0/amd-iommu/features", f"{EFR ^ 1 << bit:x}:{EFR:x}\n")
            self.assertIn("1 units of AMD-Vi, none of which", self.only("IOMMU", "missing")[0])

    def test_denylist(self):
        self.write("sys/module/vfio_pci/parameters/disable_denylist", "N\n")
        text, mend = self.only("vfio-pci", "missing")
        self.assertIn("INTEL-SA-01084", text)
        self.assertIn("disable_denylist=1", mend)

    def test_devices(self):
        self.remove(f"sys/bus/pci/devices/{A}/driver")
        self.assertEqual(self.only("Devices", "missing"),
                         (f"{A} 8086:0b25: no driver has it", f"sva-devbind -b vfio-pci {A}"))
        self.add("0000:6a:02.0", "idxd")
        self.assertEqual([x[0] for x in self.lines("Devices")], ["missing", "missing", "ready"])
        self.assertIn("has 2 functions", self.lines("Devices")[0][1])
        self.remove("sys/bus/pci/devices/0000:6a:02.0")
        self.remove(f"sys/bus/pci/devices/{A}")
        self.assertEqual(self.only("Devices", "note")[0],
                         "no function that SVADK has a driver for")

    def test_permission(self):
        self.remove("dev/vfio/7")
        text, mend = self.only("Devices", "missing")
        self.assertIn(f"no permission for {self.top}/dev/vfio/7", text)
        self.assertRegex(mend, f"chown \\S+ {self.top}/dev/vfio/7")

    def test_huge_pages(self):
        self.write("proc/meminfo", "")
        self.assertEqual(self.lines("Memory")[0][0], "note")

    def test_nothing_at_all(self):
        self.remove("sys")
        self.remove("dev")
        self.remove("proc")
        done = self.run_tool()
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("  missing sva-devbind: there is no ", done.stdout)
        self.assertIn("emu:dsa", done.stdout)

    def test_wrong_usage(self):
        done = self.run_tool("--all")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--all", done.stderr)

    def test_full_disk(self):
        with open("/dev/full", "w") as full:
            done = self.run_tool(stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "sva-check: standard output: No space left on device\n")


if __name__ == "__main__":
    TOOL = os.path.join(os.path.abspath(sys.argv[1]), "usertools/sva-check")
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]])
