#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""The dmadev plugin in DPDK's own programs: test_dpdk.py PLUGIN IMPOSTOR APP [unittest options]

IMPOSTOR is a library that says of itself that it is another release of DPDK, APP an application
of DPDK (dmadev_app).
"""
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

PLUGIN, IMPOSTOR, APP = "", "", ""
LIMIT = 280
CPUS = sorted(os.sched_getaffinity(0))[:2]
EAL = ["--no-huge", "--no-pci", "-m", "512", "-l", ",".join(map(str, CPUS))]


def safe(folder):
    """Whether DPDK loads plugins from there: not where everyone may write to a folder above."""
    while True:
        if os.stat(folder).st_mode & stat.S_IWOTH:
            return False
        if folder == "/":
            return True
        folder = os.path.dirname(folder)


def huge_pages():
    with open("/proc/meminfo", encoding="ascii") as f:
        return int((re.findall(r"HugePages_Free:\s+(\d+)", f.read()) or ["0"])[0])


def dpdk_test(plugin, *vdevs, env=None, huge=False, mode=None):
    """Its dmadev_autotest: what it returns and says, but for its thousand lines of progress."""
    done = subprocess.run(
        ["dpdk-test", *EAL[huge:], "--no-shconf", "--no-telemetry", "-d", plugin,
         *([f"--iova-mode={mode}"] if mode else []),
         *[x for v in vdevs for x in ("--vdev", v)]],
        env=dict(os.environ, DPDK_TEST="dmadev_autotest", **(env or {})),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=LIMIT, check=False)
    lines = [x for x in re.split("[\r\n]+", done.stdout) if not x.startswith("Ops submitted:")]
    return done.returncode, "\n".join(lines)


@unittest.skipUnless(shutil.which("dpdk-test"), "dpdk-test is not installed (dpdk-dev)")
@unittest.skipUnless(len(CPUS) == 2, "DPDK's tests want two CPUs")
class Dpdk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Where DPDK leaves a folder for each --file-prefix.
        os.environ["RUNTIME_DIRECTORY"] = cls.make_folder(prefix="sva-dpdk.")
        cls.plugin = PLUGIN
        if safe(os.path.dirname(PLUGIN)):
            return
        home = os.path.expanduser("~")
        if not (os.access(home, os.W_OK) and safe(home)):
            raise unittest.SkipTest("there is no folder from which DPDK would load a plugin")
        cls.plugin = shutil.copy(PLUGIN, cls.make_folder(prefix=".sva-dpdk.", dir=home))
        # Which the copy does not find from where it is.
        os.environ["LD_LIBRARY_PATH"] = os.path.join(os.path.dirname(PLUGIN), "../../..")

    @classmethod
    def make_folder(cls, **where):
        folder = tempfile.TemporaryDirectory(**where)
        cls.addClassCleanup(folder.cleanup)
        return folder.name

    def judge(self, *vdevs):
        code, said = dpdk_test(self.plugin, *vdevs)
        self.assertEqual(code, 0, said)
        self.assertIn("Test OK", said)
        return said

    def test_autotest(self):
        """What DPDK expects of a dmadev; every test that it has for the capabilities."""
        said = self.judge("dma_sva0,dev=emu:dsa")
        mine = said[said.index("[dma_sva0]"):]
        mine = mine[:mine.index("### Test dmadev instance") if "### Test" in mine else None]
        for text in ("copy Tests", "burst capacity Tests", "error handling Tests", "fill Tests"):
            self.assertIn(text, mine)
        self.assertNotIn("skipping", mine)

    def test_autotest_of_two_queues(self):
        said = self.judge("dma_sva0,dev=emu:dsa,queues=2")
        self.assertIn("[dma_sva0-q1]", said)

    def test_autotest_of_an_inline_engine(self):
        self.judge("dma_sva0,dev=emu:dsa,engine=inline")

    def refused(self, text, vdev, **env):
        _, said = dpdk_test(self.plugin, vdev, env=env)
        self.assertRegex(said, text)
        self.assertNotIn("[dma_sva0]", said)

    def test_no_device(self):
        for arguments, text in (("", "no device is given: dev=BUS:NAME"),
                                (",dev=emu:nothing", "nothing"),
                                (",dev=emu:dsa,queues=0", "queues=0 is not a number"),
                                (",dev=emu:dsa,nonsense=1", "nonsense")):
            with self.subTest(arguments):
                self.refused(text, "dma_sva0" + arguments)

    def test_another_release_is_refused(self):
        self.refused(r"librte_dma_sva\.so is for DPDK \d\d\.\d\d and this is DPDK 19\.08\.0: it "
                     "is not used", "dma_sva0,dev=emu:dsa", LD_PRELOAD=IMPOSTOR)

    @unittest.skipUnless(huge_pages() >= 256 and os.geteuid() == 0,
                         "physical addresses need root and 256 free huge pages")
    def test_virtual_addresses(self):
        """An IOVA that were a physical address would mean nothing to the device."""
        code, said = dpdk_test(self.plugin, "dma_sva0,dev=emu:dsa", huge=True)
        self.assertEqual(code, 0, said)
        self.assertIn("Selected IOVA mode 'VA'", said)
        code, said = dpdk_test(self.plugin, "dma_sva0,dev=emu:dsa", huge=True, mode="pa")
        self.assertIn("dma_sva0 requires VA IOVA mode", said)
        self.assertNotIn("[dma_sva0]", said)

    @unittest.skipUnless(shutil.which("dpdk-telemetry.py"),
                         "dpdk-telemetry.py is not installed (dpdk)")
    def test_telemetry(self):
        """SVADK's own statistics beside DPDK's, by DPDK's own client."""
        prefix = f"sva{os.getpid()}"
        left = os.path.join(os.environ["RUNTIME_DIRECTORY"], "dpdk", prefix)
        with subprocess.Popen(
                [APP, *EAL, f"--file-prefix={prefix}", "-d", self.plugin, "--vdev",
                 "dma_sva0,dev=emu:dsa,queues=2"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True) as app:
            self.assertEqual(app.stdout.readline(), "ready\n")
            asked = ["/sva/devices", "/sva/info,emu:dsa", "/sva/stats,emu:dsa",
                     "/sva/stats,emu:dsa9", "/sva/info", "/dmadev/list"]
            client = subprocess.run(
                ["dpdk-telemetry.py", "-f", prefix], input="\n".join(asked + ["quit"]) + "\n",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT,
                check=False)
            app.stdin.close()
            self.assertEqual(app.wait(LIMIT), 0)
        self.assertTrue(os.path.isdir(left), "it has left its folder elsewhere")
        answers = [json.loads(x) for x in re.findall(r"^(?:--> )?(\{.*\})$", client.stdout,
                                                     re.MULTILINE)]
        self.assertEqual([list(a)[0] for a in answers[-len(asked):]],
                         [a.partition(",")[0] for a in asked], client.stdout)
        devices, info, stats, unknown, unnamed, dmadevs = (
            list(a.values())[0] for a in answers[-len(asked):])
        self.assertEqual(devices, ["emu:dsa"])
        self.assertEqual((info["name"], info["driver"], info["id"], info["emulated"]),
                         ("emu:dsa", "idxd", "8086:0b25", 1))
        self.assertEqual((info["queues"], info["queues_open"]), (2, 1))
        self.assertEqual(list(stats), ["queue0"])
        self.assertEqual((stats["queue0"]["depth"], stats["queue0"]["used"]), (512, 0))
        self.assertEqual((stats["queue0"]["accepted"], stats["queue0"]["completed"],
                          stats["queue0"]["failed"], stats["queue0"]["bytes"]),
                         (100, 100, 0, 6400))
        self.assertFalse(unknown or unnamed)
        self.assertEqual(len(dmadevs), 2)


if __name__ == "__main__":
    PLUGIN, IMPOSTOR, APP = (os.path.abspath(f) for f in sys.argv[1:4])
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[4:]])
