#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Tests with other releases of DPDK: the suite "dpdk".

For each suite of Debian, its packages are unpacked below the cache and SVADK is built in
there by its own tools, against its DPDK. Then the programs run that use its leaf libraries,
the tests of the dmadev plugin, and DPDK's own dmadev_autotest and dpdk-test-dma-perf. As
root, who may change the root folder.
"""

import json
import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import build  # noqa: E402
import cache  # noqa: E402
import unit  # noqa: E402

PACKAGES = ['base-files', 'dash', 'coreutils', 'dpdk', 'dpdk-dev', 'libdpdk-dev', 'libnuma-dev',
            'libcmocka-dev', 'libisal-dev', 'gcc', 'libc6-dev', 'meson', 'ninja-build',
            'pkg-config', 'python3', 'python3-pyelftools', 'libc-bin', 'bash', 'util-linux']
CHECKED = ('24.11', '25.11')
LIMIT = 900
# Bind mounts that end with the command. DPDK loads no plugin from where others may write.
MOUNTS = '''set -e
umask 022
for d in dev proc sys; do mkdir -p "$0/$d"; mount --rbind "/$d" "$0/$d"; done
mkdir -p "$0/svadk" "$0/work" "$0/tmp"
mount --bind "$1" "$0/svadk"; mount --bind "$2" "$0/work"; mount -t tmpfs tmp "$0/tmp"
cd /; root=$0; shift 2
exec chroot "$root" "$@"
'''
CPUS = sorted(os.sched_getaffinity(0))[:2]
EAL = f'--no-huge --no-pci -m 512 -l {",".join(map(str, CPUS))}'
VDEV = '-d /work/build/drivers/dma/dpdk/librte_dma_sva.so --vdev dma_sva0,dev=emu:dsa'
# As of 25.11 what holds for all cases is in a section of its own.
PERF = '''[GLOBAL]
eal_args={eal}
test_seconds=2
cache_flush=0

[case1]
type=DMA_MEM_COPY
mem_size=4
buf_size=64,4096,8,MUL
dma_ring_size=1024
kick_batch=32
src_numa_node=0
dst_numa_node=0
lcore_dma0=lcore={cpu},dev=dma_sva0,dir=mem2mem
'''
PERF_2411 = PERF.partition('\n\n')[2] + '''test_seconds=2
cache_flush=0
eal_args={eal}
'''


class Release:
    """The tests of one suite of Debian."""
    suite = None
    reason = None       # not to run them

    @classmethod
    def setUpClass(cls):
        cls.work = cache.own('new', f'dpdk-{cls.suite}')
        if len(CPUS) < 2:
            cls.reason = "DPDK's tests want two CPUs"
            return
        if os.geteuid() != 0:
            cls.reason = 'only root may change the root folder'
            return
        cls.root = build.Sources().debian(PACKAGES, cls.suite)
        os.makedirs(cls.work, 0o755)
        done = cls.command('true')
        if done.returncode != 0:
            cls.reason = ('nothing can be run in a root folder of its own here: '
                          f'{done.stdout.strip()}')
            return
        done = cls.command('pkg-config --modversion libdpdk')
        cls.version = done.stdout.strip()
        if done.returncode != 0:
            raise AssertionError(f'{cls.suite}: no DPDK is found in its folder: {cls.version}')
        if not cls.version.startswith(CHECKED):
            cls.reason = f'{cls.suite} has DPDK {cls.version}, not one of {", ".join(CHECKED)}'
            return
        done = cls.command('meson setup --werror /work/build /svadk && '
                           'ninja -C /work/build drivers/dma/dpdk/librte_dma_sva.so '
                           'app/test/test_dmadev app/test/test_dmadev_errors '
                           'app/test/test_telemetry app/test/plugin_broken.so '
                           'app/testsva app/sva-perf app/sva-info')
        if done.returncode != 0:
            raise AssertionError(f'SVADK does not build with DPDK {cls.version}:\n'
                                 f'{done.stdout[-3000:]}')

    @classmethod
    def tearDownClass(cls):
        cache.remove(cls.work)

    def setUp(self):
        if self.reason:
            self.skipTest(self.reason)

    @classmethod
    def command(cls, script, **env):
        return subprocess.run(
            ['unshare', '--mount', 'sh', '-c', MOUNTS, cls.root, build.TOP, cls.work,
             '/bin/sh', '-c', script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False, text=True, errors='replace', timeout=LIMIT,
            env={'PATH': '/usr/bin:/usr/sbin:/bin:/sbin', 'LC_ALL': 'C.UTF-8', 'HOME': '/work',
                 'CC': 'gcc', 'PYTHONDONTWRITEBYTECODE': '1', **env})

    def good(self, done):
        self.assertEqual(done.returncode, 0, done.stdout[-3000:])
        return done.stdout

    def test_programs(self):
        for name in ('test_testsva', 'test_perf', 'test_perf_config', 'test_info'):
            with self.subTest(name):
                self.good(self.command(f'/usr/bin/python3 /svadk/app/test/{name}.py /work/build'))

    def test_telemetry(self):
        self.assertRegex(self.good(self.command('/work/build/app/test/test_telemetry')),
                         r'\[  PASSED  \] \d+ test')

    def test_plugin(self):
        for name in ('test_dmadev', 'test_dmadev_errors'):
            with self.subTest(name):
                said = self.good(self.command(
                    f'/work/build/app/test/{name}',
                    SVA_DMA_PLUGIN='/work/build/drivers/dma/dpdk/librte_dma_sva.so'))
                self.assertRegex(said, r'\[  PASSED  \] \d+ test')

    def test_pmdinfo(self):
        found = json.loads(self.good(self.command(
            'dpdk-pmdinfo.py /work/build/libsvadk.so.0')))
        self.assertIn({'vendor': '8086', 'device': '0b25'},
                      [i for d in found if d['name'] == 'idxd' for i in d['pci_ids']])

    def test_autotest(self):
        for more in ('', ',queues=2'):
            with self.subTest(more):
                said = self.good(self.command(
                    f'dpdk-test {EAL} --no-shconf --no-telemetry {VDEV}{more}',
                    DPDK_TEST='dmadev_autotest'))
                self.assertIn('Test OK', said)

    def test_dma_perf(self):
        with open(os.path.join(self.work, 'perf.ini'), 'w', encoding='utf-8') as f:
            f.write((PERF_2411 if self.version.startswith('24.11') else PERF).format(
                eal=f'{EAL} --no-shconf --no-telemetry {VDEV}', cpu=CPUS[1]))
        said = self.good(self.command('cd /work && dpdk-test-dma-perf --config perf.ini'))
        with open(os.path.join(self.work, 'perf_result.csv'), encoding='utf-8') as f:
            table = f.read()
        # 64, 512 and 4096 bytes; what was copied is compared, and said if it is not equal.
        sizes = re.findall(rf'^Scenario \d+,{CPUS[1]},dma_sva0,1024,32,(\d+),', table, re.MULTILINE)
        self.assertEqual(sizes, ['64', '512', '4096'], said + table)
        self.assertNotRegex(said + table, '(?i)fail|error')


class Trixie(Release, unittest.TestCase):
    suite = 'trixie'


class Forky(Release, unittest.TestCase):
    suite = 'forky'


if __name__ == '__main__':
    sys.exit(unit.main(__name__, ['Trixie', 'Forky']))
