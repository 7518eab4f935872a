#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Tests of the kernel series on the host: the suite "series".

Each patch, applied in its turn to the source of Debian's package, has to apply without
fuzz, pass checkpatch, and build without a warning that was not there before, with the
IOMMU's part of SVA and without. What VFIO, which may be modules, uses anew has to be exported.
"""

import os
import re
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import build  # noqa: E402
import cache  # noqa: E402
import tree  # noqa: E402
import unit  # noqa: E402

MODULES = ['drivers/vfio/vfio_iommu_type1.o', 'drivers/vfio/pci/vfio_pci_core.o']
OBJECTS = MODULES + ['kernel/fork.o', 'drivers/iommu/intel/iommu.o', 'drivers/iommu/intel/pasid.o']
SVM_OBJECTS = ['drivers/iommu/intel/svm.o']
SELFTESTS = 'tools/testing/selftests/vfio/sva'
# It asks whether MAINTAINERS needs an entry for new files, whose folder has one, and looks up
# what a patch fixes in the history of Linux, which a source package has not.
CHECKPATCH = ['--strict', '--no-summary', '--no-color', '--ignore',
              'FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID']


def command(args, **options):
    return subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, text=True, errors='replace',
                          env=build.environment(), **options)


class Series:
    """The tests of one version of Linux."""
    version = None

    @classmethod
    def setUpClass(cls):
        cls.patches = build.series(cls.version)
        linux = build.linux_tree(build.Sources(), cls.version)
        with linux.locked():
            linux.prepare()
        cls.pristine = linux.pristine
        cls.scratch = cache.own('new', f'series-{cls.version}')
        os.makedirs(cls.scratch)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.scratch)

    def good(self, done):
        self.assertEqual(done.returncode, 0, done.stdout[-3000:])
        return done.stdout

    def apply(self, patch, folder):
        self.good(command(['patch', '-p1', '-F0', '-N', '-s', '-d', folder, '-i', patch]))

    def test_there_is_a_series(self):
        self.assertEqual([os.path.basename(p)[:5] for p in self.patches],
                         [f'{i + 1:04d}-' for i in range(len(self.patches))])
        self.assertGreater(len(self.patches), 1)

    def test_checkpatch(self):
        tool = os.path.join(self.pristine, 'scripts/checkpatch.pl')
        for patch in self.patches:
            with self.subTest(os.path.basename(patch)):
                self.good(command(['perl', tool, f'--root={self.pristine}', *CHECKPATCH, patch]))

    def test_selftests_are_those_of_the_patch(self):
        stage = os.path.join(self.scratch, 'stage')
        for patch in self.patches:
            for name in tree.touched(cache.read(patch)):
                origin, here = os.path.join(self.pristine, name), os.path.join(stage, name)
                if os.path.isfile(origin) and not os.path.exists(here):
                    os.makedirs(os.path.dirname(here), exist_ok=True)
                    shutil.copy(origin, here)
        for patch in self.patches:
            self.apply(patch, stage)
        ours = os.path.join(build.TOP, 'kernel/linux/selftests')
        self.good(command(['diff', '-r', ours, os.path.join(stage, SELFTESTS)]))

    def test_every_patch_builds_without_a_new_warning(self):
        source, out = (os.path.join(self.scratch, n) for n in ('linux', 'build'))
        # Links: patch and make replace a file, they do not write to it.
        self.good(command(['cp', '-al', self.pristine, source]))
        os.makedirs(out)
        shutil.copy(os.path.join(build.kernel(build.Sources(), f'{self.version}-fast'),
                                 'config'), os.path.join(out, '.config'))
        make = ['make', '-s', '-C', source, f'O={out}', '-j', build.JOBS]
        known = {sva: self.built(make, out, sva) for sva in 'yn'}
        for patch in self.patches:
            with self.subTest(os.path.basename(patch)):
                self.apply(patch, source)
                for sva, (warned, used) in known.items():
                    warns, uses = self.built(make, out, sva)
                    self.assertEqual(warns - warned, set())
                    self.assertEqual(self.unexported(source, uses - used), set())

    def built(self, make, out, sva):
        """What the compiler warns of in the objects that the series changes, without lines; and
        the symbols of others that those of them use which may be modules."""
        config = os.path.join(out, '.config')
        self.good(command([os.path.join(self.pristine, 'scripts/config'), '--file', config,
                           '--set-val', 'INTEL_IOMMU_SVM', sva]))
        self.good(command([*make, 'olddefconfig']))
        self.assertEqual('CONFIG_IOMMU_SVA=y' in cache.read(config).decode(), sva == 'y')
        said = self.good(command([*make, 'W=1', *OBJECTS, *SVM_OBJECTS * (sva == 'y')]))
        undefined = self.good(command(['nm', '-u', *MODULES], cwd=out))
        return (set(re.findall(r'([^/\n]+:)(?:\d+:)+ (warning: .*)', said)),
                set(re.findall(r'^ +U (\w+)$', undefined, re.MULTILINE)))

    def unexported(self, source, symbols):
        if not symbols:
            return set()
        done = command(['grep', '-rhoE', '--include=*.[chS]',
                        rf'^EXPORT_SYMBOL(_GPL)?\(({"|".join(symbols)})\)', source])
        return symbols - set(re.findall(r'\((\w+)\)', done.stdout))


class Linux72(Series, unittest.TestCase):
    version = '7.2'


class Linux73(Series, unittest.TestCase):
    version = '7.3'


if __name__ == '__main__':
    sys.exit(unit.main(__name__, ['Linux72', 'Linux73']))
