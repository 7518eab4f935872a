#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Tests of the tool itself: the suite "tool". Takes names of tests, else runs all; prints TAP."""

import contextlib
import functools
import hashlib
import json
import os
import pty
import re
import resource
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import build  # noqa: E402
import cache  # noqa: E402
import debian  # noqa: E402
import guest  # noqa: E402
import klog  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402
import unit  # noqa: E402

FUNCTION = '/sys/bus/pci/devices/0000:01:00.0'

# Has the first function fill a page that nobody has mapped for it.
STRAY_DMA = f'''
d={FUNCTION}
echo 0000:01:00.0 >$d/driver/unbind
echo on >$d/power/control
echo 1 >$d/enable
printf '\\006\\000' | dd of=$d/config bs=1 seek=4 conv=notrunc 2>/dev/null
read bar rest <$d/resource
devmem $((bar + 0x18)) 32 0x12345000
devmem $((bar + 0x1c)) 32 0
devmem $((bar + 0x20)) 32 64
devmem $((bar + 0x0c)) 32 2
[ $(devmem $((bar + 0x04)) 32) = 0x00000003 ] && [ $(devmem $((bar + 0x28)) 32) = 0x12345000 ]
'''


def vm(*args, **options):
    return subprocess.run([sys.executable, os.path.join(HERE, 'vm'), *args],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, **options)


def qemu(device, *options, orders=()):
    """QEMU with a device and a processor that does not run; takes orders of QMP."""
    text = ''.join(json.dumps(order) for order in orders)
    return subprocess.run(
        [os.path.join(build.qemu(build.Sources()), 'qemu-system-x86_64'), '-M', 'q35', '-S',
         '-nodefaults', '-no-user-config', '-display', 'none', '-qmp', 'stdio', '-device', device,
         *(x for folder in guest.FIRMWARE for x in ('-L', folder)), *options],
        input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)


def sh(text, *options):
    return vm('run', *options, '--', 'sh', '-c', text)


class Run(unittest.TestCase):
    def check(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stderr.decode(errors='replace'))
        for word in words:
            self.assertIn(word, done.stderr.decode(errors='replace'))

    def check_one_line(self, done, code, *words):
        self.check(done, code, *words)
        lines = [x for x in done.stderr.decode().split('\n') if x and not x.startswith('==')]
        self.assertEqual(len(lines), 1, lines)

    def test_exit_codes(self):
        for text, code in (('exit 0', 0), ('exit 3', 3), ('exit 255', 255),
                           ('kill -9 $$', 137)):
            self.check(sh(text), code)

    def test_output(self):
        data = bytes(range(256)) * 512
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            done = vm('run', '--file', f'{f.name}:/test/data', '--', 'cat', 'data')
        self.check(done, 0)
        self.assertEqual(hashlib.sha256(done.stdout).hexdigest(),
                         hashlib.sha256(data).hexdigest())

    def test_arguments(self):
        words = ['a b', "it's", '"', '$HOME', '']
        done = vm('run', '--', 'printf', '<%s>', *words)
        self.assertEqual(done.stdout.decode(), ''.join(f'<{w}>' for w in words))

    def test_dynamic_program(self):
        done = vm('run', '--file', '/usr/bin/dpkg', '--', '/test/dpkg', '--version')
        self.check(done, 0)
        self.assertIn(b'Debian', done.stdout)

    @unittest.skipUnless(guest.tsc_khz(), 'this host has no time-stamp counter')
    def test_clock(self):
        """A guest is told the rate that it could measure wrongly, and takes it."""
        done = sh('cat /proc/cmdline; dmesg')
        told = re.search(rb'tsc_early_khz=(\d+)', done.stdout)
        taken = re.findall(rb'tsc: Detected (\d+\.\d+) MHz', done.stdout)
        self.assertAlmostEqual(int(told[1]) / guest.tsc_khz(), 1, places=2)
        self.assertAlmostEqual(float(taken[-1]) * 1000 / int(told[1]), 1, places=2)

    def test_functions(self):
        done = sh('cd /sys/bus/pci/devices; for f in 0000:0[1-9]*; do '
                  'basename $(readlink $f/driver); basename $(readlink $f/iommu_group); '
                  'dd if=$f/config bs=1 skip=262 count=2 2>/dev/null | hexdump -e \'"%04x\\n"\'; '
                  'dd if=$f/config bs=1 skip=278 count=2 2>/dev/null | hexdump -e \'"%04x\\n"\'; '
                  'done')
        self.check(done, 0)
        words = done.stdout.decode().split()
        self.assertEqual(words[0::4], ['vfio-pci'] * 2)
        self.assertEqual(len(set(words[1::4])), 2, 'in groups of their own')
        self.assertEqual(words[2::4], ['8000'] * 2, 'ATS is on')
        self.assertEqual(words[3::4], ['0001'] * 2, 'PASID is on')

    def test_group_of_two(self):
        done = sh('cd /sys/bus/pci/devices; for f in 0000:01*; do '
                  'basename $(readlink $f/iommu_group); done', '--devices', 'pair')
        words = done.stdout.decode().split()
        self.assertEqual(len(words), 2)
        self.assertEqual(len(set(words)), 1)

    def test_warning_in_log(self):
        done = sh('echo "WARNING: of a test" >/dev/kmsg')
        self.check(done, 1, 'WARNING: of a test', 'kernel log')

    def test_unexpected_fault(self):
        done = sh(STRAY_DMA)
        self.check(done, 1, 'DMAR fault', '12345000')

    def test_expected_fault(self):
        done = sh(f'echo "{klog.EXPECTED}" >/dev/kmsg; ' + STRAY_DMA +
                  f'code=$?; echo "{klog.UNEXPECTED}" >/dev/kmsg; exit $code')
        self.check(done, 0)

    def test_time_limit(self):
        self.check_one_line(sh('echo 1 >/dev/null; while :; do :; done', '--limit', '1',
                               '--boot-limit', '10'), 1, 'killed', '.log')

    def test_panic(self):
        self.check_one_line(sh('echo c >/proc/sysrq-trigger; sleep 60'), 1, 'panicked', '.log')

    def test_qemu_ends(self):
        self.check_one_line(vm('run', '--memory', '1x', '--', 'true'), 1, 'QEMU ended', '-m 1x')

    def test_power_off_by_command(self):
        self.check_one_line(sh('poweroff -f'), 1, 'QEMU ended', '.log')

    def test_migration_refused(self):
        orders = [{'execute': 'qmp_capabilities'},
                  {'execute': 'migrate', 'arguments': {'uri': 'exec:cat >/dev/null'}},
                  {'execute': 'quit'}]
        for device in 'svadk-dsa', 'svadk-test':
            done = qemu(device, '-only-migratable', orders=orders[::2])
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(f'{device} is not migratable', done.stderr)
            self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
            done = qemu(device, orders=orders)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, '"desc": "State blocked by non-migratable device '
                             f"'[0-9:.]+/{device}'")

    def test_shell(self):
        ours, its = pty.openpty()
        done = subprocess.Popen([sys.executable, os.path.join(HERE, 'vm'), 'shell'], stdin=its,
                                stdout=its, stderr=subprocess.DEVNULL)
        os.close(its)
        text, told = b'', False
        with contextlib.suppress(OSError):      # the other end is closed
            while data := os.read(ours, 4096):
                text += data
                if not told and b'/test # ' in text:
                    os.write(ours, b'echo $((6 * 7))\nexit 5\n')
                    told = True
        os.close(ours)
        self.assertEqual(done.wait(), 5)
        self.assertRegex(text, rb'\r\n42\r\n')

    def test_wrong_input(self):
        for args in (['run', '--kernel', '1.0', '--', 'true'],
                     ['run', '--devices', 'nothing', '--', 'true'],
                     ['run', '--devices', 'test:x=y', '--', 'true'],
                     ['run', '--file', '/does/not/exist', '--', 'true'],
                     ['build', 'nothing'], ['test', 'nothing'], ['shell']):
            self.check_one_line(vm(*args), 2, 'vm: ')

    def test_full_disk(self):
        with tempfile.TemporaryDirectory() as box:
            # As if: no file can have contents.
            limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (0, 0))
            done = vm('build', '7.2-fast', preexec_fn=limit, env=os.environ | {
                'SVADK_VM_CACHE': os.path.join(box, 'cache'), 'SVADK_VM_LINUX_7_2': HERE})
            self.check_one_line(done, 1, f'vm: {box}/cache: File too large')


class Parts(unittest.TestCase):
    def test_faults_in_log(self):
        fault = '[    {}] DMAR: [DMA Write PASID 0x1] Request device [01:00.0] fault addr ' \
                '0x1000 [fault reason 0x71] SM: Present bit clear'
        log = '\n'.join([fault.format('1.000000'), f'[    2.000000] {klog.EXPECTED}',
                         fault.format('3.000000'), f'[    4.000000] {klog.UNEXPECTED}',
                         fault.format('4.100000'), f'[    5.000000] {klog.UNEXPECTED}',
                         fault.format('6.100000'), f'[    7.000000] {klog.UNEXPECTED}',
                         fault.format('7.100000')])
        self.assertEqual([w for w, _ in klog.troubles(log)], ['DMAR fault'] * 3)

    def test_troubles_in_log(self):
        for line in ('WARNING: CPU: 1 PID: 7 at drivers/iommu/iommu.c:1',
                     'BUG: KASAN: slab-use-after-free in f+0x1/0x2',
                     'UBSAN: shift-out-of-bounds in f.c:1',
                     'WARNING: possible circular locking dependency detected',
                     'WARNING: inconsistent lock state', 'WARNING: suspicious RCU usage',
                     'INFO: task a:1 blocked for more than 120 seconds.',
                     'watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]',
                     'unreferenced object 0xffff888000000000 (size 64):',
                     'rcu: INFO: rcu_preempt self-detected stall on CPU',
                     'Oops: general protection fault, probably for non-canonical address'):
            self.assertEqual(len(list(klog.troubles(f'[    1.000000] {line}'))), 1, line)
        self.assertEqual(list(klog.troubles('[    1.000000] DMAR: Host address width 39\n'
                                            '[    1.000000] a debugger: none')), [])

    def test_cases(self):
        p, f, s = tap.PASSED, tap.FAILED, tap.SKIPPED
        for text, code, outcomes in (
                ('TAP version 13\n1..3\nok 1 a\nnot ok 2 b\nok 3 c # SKIP no\n', 1, [p, f, s]),
                ('TAP version 13\n1..2\nok 1 a\n', 0, [p, f]),
                ('TAP version 13\n1..1\nok 1 a\n', 1, [p, f]),
                ('TAP version 13\n1..1\nok 1 a\n', 139, [p, f]),
                ('1..0 # SKIP no device\n', 4, [s]),
                ('1..2\nok 1 a\nok 2 b # SKIP no\n', 4, [p, s]),
                ('1..2\nok 1 a\nok 2 b # SKIP no\n', 1, [p, s, f]),
                ('1..1\nok 1 a\n', 4, [p, f]),
                ('1..1\nBail out! no\n', 1, [f]),
                ('hello\n', 0, [f]), ('', 0, [f]),
                ('[==========] tests: Running 2 test(s).\n[ RUN      ] a\n[       OK ] a\n'
                 '[ RUN      ] b\n[  FAILED  ] b\n[==========] tests: 2 test(s) run.\n'
                 '[  PASSED  ] 1 test(s).\n[  FAILED  ] tests: 1 test(s), listed below:\n'
                 '[  FAILED  ] b\n\n 1 FAILED TEST(S)\n', 1, [p, f]),
                ('[==========] tests: Running 2 test(s).\n[       OK ] a\n', 0, [p, f])):
            self.assertEqual([o for o, _ in tap.cases(text, code)], outcomes, text)

    def test_image_loses_nothing(self):
        image = guest.Image()
        with tempfile.TemporaryDirectory() as box:
            for name in ('one', 'same', 'two'):
                with open(os.path.join(box, name), 'w', encoding='ascii') as f:
                    f.write('1' if name != 'two' else '2')
            os.mkfifo(os.path.join(box, 'pipe'))
            image.file(os.path.join(box, 'one'), '/test/x')
            image.file(os.path.join(box, 'same'), 'test//x')
            for name, target in (('two', '/test/x'), ('two', '/bin/sh'), ('two', '/'),
                                 ('two', '/test/x/y'), ('two', '/run/../dev/null'),
                                 ('pipe', '/test/pipe')):
                with self.assertRaisesRegex(cache.Wrong, 'two different|neither', msg=target):
                    image.file(os.path.join(box, name), target)
        self.assertEqual(image.data().count(b'test/x\0'), 1)

    def test_only_the_known_crash_is_one(self):
        with tempfile.TemporaryDirectory() as box:
            machine = object.__new__(guest.Guest)
            machine.name = 'of a test'
            machine.status, machine.log, machine.qemu_log = (
                os.path.join(box, name) for name in ('status', 'log', 'qemu'))
            for text, kind in (('ram_addr.h:91: ramblock_ptr: Assertion `o\' failed.\n',
                                guest.Crash),
                               ('svadk-dsa.c:1: work: Assertion `o\' failed.\n', cache.Failure),
                               ('', cache.Failure)):
                cache.replace(machine.qemu_log, text.encode())
                with self.assertRaises(cache.Failure) as caught:
                    machine._code(-6)
                self.assertIs(type(caught.exception), kind, text)

    def test_sources_of_apt(self):
        text = '# deb http://no/debian trixie main\n' \
               'deb [arch=amd64 signed-by=/k] http://one/debian trixie main\n' \
               'deb-src http://no/debian trixie main\n\n' \
               'Types: deb\n# a comment\nURIs: http://two/debian\n' \
               'Suites: bookworm bookworm-updates\nComponents: main\n\n' \
               'Enabled: no\nTypes: deb\nURIs: http://no/debian\nSuites: sid\n'
        self.assertEqual(list(debian.stanzas(text)), [
            ('http://one/debian', 'trixie'), ('http://two/debian', 'bookworm'),
            ('http://two/debian', 'bookworm-updates')])


class Sources(unittest.TestCase):
    """A source tree and patches to it, in a cache of their own."""

    PATCH = '--- a/one.c\n+++ b/one.c\n@@ -1 +1 @@\n-one\n+ONE\n' \
            '--- /dev/null\n+++ b/new/two.c\n@@ -0,0 +1 @@\n+two\n'

    def setUp(self):
        self.box = tempfile.TemporaryDirectory()
        self.before = os.environ.get('SVADK_VM_CACHE')
        os.environ['SVADK_VM_CACHE'] = os.path.join(self.box.name, 'cache')
        self.source = os.path.join(self.box.name, 'source')
        os.makedirs(self.source)
        for name in ('one.c', 'other.c'):
            self.write(f'source/{name}', name.split('.', maxsplit=1)[0] + '\n')

    def tearDown(self):
        del os.environ['SVADK_VM_CACHE']
        if self.before is not None:
            os.environ['SVADK_VM_CACHE'] = self.before
        self.box.cleanup()

    def write(self, name, text):
        path = os.path.join(self.box.name, name)
        with open(path, 'w', encoding='ascii') as f:
            f.write(text)
        return path

    def tree(self, *patches):
        made = tree.Tree('t', self.source, [self.write(f'{i}.patch', text)
                                            for i, text in enumerate(patches)])
        made.key()
        made.prepare()
        return made

    def text(self, made, name):
        return cache.read(os.path.join(made.src, name))

    def test_patches_come_and_go(self):
        made = self.tree(self.PATCH)
        self.assertEqual(self.text(made, 'one.c'), b'ONE\n')
        self.assertEqual(self.text(made, 'new/two.c'), b'two\n')
        other = os.stat(os.path.join(made.src, 'other.c'))
        # The clock of files ticks too seldom to tell the two changes apart.
        os.utime(os.path.join(made.src, 'one.c'), (1, 1))
        changed = os.stat(os.path.join(made.src, 'one.c'))
        again = self.tree()
        self.assertNotEqual(again.key(), made.key())
        self.assertEqual(self.text(again, 'one.c'), b'one\n')
        self.assertIsNone(self.text(again, 'new/two.c'))
        # What make goes by: only what has changed is newer.
        self.assertGreater(os.stat(os.path.join(made.src, 'one.c')).st_mtime_ns,
                           changed.st_mtime_ns)
        self.assertEqual(os.stat(os.path.join(made.src, 'other.c')), other)
        self.assertEqual(self.text(again, '../pristine/one.c'), b'one\n')

    def test_changelog_alone_is_no_change(self):
        self.assertEqual(self.tree(self.PATCH).key(), self.tree('why\n\n' + self.PATCH).key())

    def test_patch_that_does_not_apply(self):
        with self.assertRaisesRegex(cache.Failure, '0.patch does not apply'):
            self.tree(self.PATCH.replace('-one', '-uno'))

    def test_patch_outside_the_tree(self):
        with self.assertRaisesRegex(cache.Failure, 'not in the tree'):
            self.tree(self.PATCH.replace('b/new/two.c', 'b/../two.c'))

    def test_another_source(self):
        self.tree(self.PATCH)
        self.write('source/one.c', 'one\n\n')
        self.assertEqual(self.text(self.tree(), 'one.c'), b'one\n\n')

    def test_cut_off_build_is_not_built_upon(self):
        made = self.tree()
        for cut_off in KeyboardInterrupt, cache.Killed:
            with self.assertRaises(cut_off), made.building('b', 'r') as folder:
                self.assertEqual(os.listdir(folder), [])
                self.write('cache/trees/t/build-b/half', 'half')
                raise cut_off('of a test')
        with made.building('b', 'r') as folder:
            self.assertEqual(os.listdir(folder), [])
            self.write('cache/trees/t/build-b/whole', 'whole')
        with made.building('b', 'r') as folder:
            self.assertEqual(os.listdir(folder), ['whole'])
        with made.building('b', 'other recipe') as folder:
            self.assertEqual(os.listdir(folder), [])

    def test_results_are_pruned(self):
        one = self.write('one', '1')
        for i in range(cache.KEPT + 2):
            cache.publish('p', f'{i:04}', {'one': one})
        self.assertEqual(len(os.listdir(cache.path('out', ''))), cache.KEPT)
        self.assertIsNotNone(cache.result('p', f'{cache.KEPT + 1:04}'))
        self.assertIsNone(cache.result('p', '0000'))


if __name__ == '__main__':
    sys.exit(unit.main(__name__, ['Parts', 'Sources', 'Run']))
