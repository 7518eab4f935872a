# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""The test suites, and running them: each program in a guest, its cases counted."""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import time

import build
import cache
import guest
import klog
import tap
from cache import Failure, Wrong

# Every kind of function: two that can be bound, one without PASID, one without ATS, a group
# of two, and one that asks for pages.
ALL_KINDS = 'test,test,test:pasid=off,test:ats=off,pair,test:pri=on'


@dataclasses.dataclass
class Program:
    """A program of a suite; source is "selftests" or a folder below the top."""
    source: str
    name: str
    args: list = dataclasses.field(default_factory=list)
    long: list = None               # arguments of the long form, if others
    limit: int = 900                # seconds; a guard against hanging, not a measure
    long_limit: int = None
    env: dict = dataclasses.field(default_factory=dict)
    files: list = dataclasses.field(default_factory=list)   # others that it needs in /test
    before: str = ''                # lines of the shell that make the guest ready for it


@dataclasses.dataclass
class Boot:
    """A guest that runs some programs, one after the other."""
    kernel: str
    programs: list
    devices: str = guest.DEFAULT_DEVICES
    memory: str = '1G'
    form: str = 'both'              # or short, or long
    idxd: bool = False              # Linux's own driver has the DSAs, not vfio-pci
    debian: list = ()               # packages whose programs are there, below /debian
    count: bool = False             # the time-stamp counter counts instructions
    cpu: str = guest.DEFAULT_CPU
    append: str = ''                # to the kernel's command line


@dataclasses.dataclass
class Suite:
    what: str
    boots: list = dataclasses.field(default_factory=list)
    asked: bool = False             # runs only when it is named
    host: str = None                # a program of the host instead, with Python's unittest
    host_args: list = dataclasses.field(default_factory=list)   # of the short form


SVA_TESTS = [Program('selftests', name) for name in ('sva_test', 'sva_life_test')]
STRESS = Program('selftests', 'sva_stress', ['-k', '50', '-s', '20'],
                 ['-k', '1000', '-s', '300'], long_limit=5400)
FUZZ = Program('selftests', 'sva_fuzz', ['-n', '10000'], ['-n', '1000000'], long_limit=5400)
INJECT = Program('selftests', 'sva_inject')
BENCH = Program('selftests', 'sva_bench', ['-n', '3'], ['-n', '20'])
DSA_BENCH = [Program('build/app/bench', 'bench_device', [what, 'vfio:0000:01:00.0'])
             for what in ('fault', 'split')]
LIFE = Program('build/app/test', 'test_accel_life', ['20'], ['1000'], long_limit=5400, env={
    'SVA_TEST_DEVICE': 'vfio:0000:01:00.0', 'SVA_TEST_DEVICE2': 'vfio:0000:02:00.0'})
UNPLUG = Program('build/app/test', 'test_accel_unplug', env={
    'SVA_TEST_UNPLUG': 'vfio:0000:01:00.0', 'SVA_TEST_UNPLUG2': 'vfio:0000:02:00.0',
    'SVA_TEST_UNPLUG3': 'vfio:0000:03:00.0', 'SVA_TEST_UNPLUG_TEST': 'vfio:0000:04:00.0'})
IDXD = Program('tests/vm', 'idxd-suite.sh')
IDXD_QUICK = Program('tests/vm', 'idxd-suite.sh', ['quick'], limit=2400)
IDXD_DEBIAN = ['accel-config', 'accel-config-test', 'bash']
# Functions by where ALL_KINDS puts them, and one that vfio-pci does not hold.
BIND_ENV = {
    'SVA_TEST_DEVICE': 'vfio:0000:01:00.0', 'SVA_TEST_DEVICE2': 'vfio:0000:02:00.0',
    'SVA_TEST_NO_PASID': 'vfio:0000:03:00.0', 'SVA_TEST_NO_ATS': 'vfio:0000:04:00.0',
    'SVA_TEST_PAIR': 'vfio:0000:05:00.0', 'SVA_TEST_PRI': 'vfio:0000:06:00.0',
    'SVA_TEST_UNBOUND': 'vfio:0000:00:1f.2'}
BIND = [Program('build/app/test', name, env=BIND_ENV)
        for name in ('test_bind', 'test_bind_mem', 'test_vfio_dev', 'test_movdir')]

# Two DSAs; what runs on the first runs on the emulated bus, too, as ./setup.sh test runs it.
DSA_ENV = {'SVA_TEST_DEVICE': 'vfio:0000:01:00.0', 'SVA_TEST_DEVICE2': 'vfio:0000:02:00.0'}
ACCEL = {name: Program('build/app/test', f'test_{name}', env=DSA_ENV, long_limit=3600)
         for name in ('accel', 'accel_delta_dif', 'accel_end', 'accel_events', 'accel_fault',
                      'accel_limits', 'accel_modes', 'accel_ops', 'accel_remote', 'accel_signal',
                      'accel_threads', 'bind', 'bind_mem', 'dsa_function')}
ACCEL['accel_memory'] = Program(
    'build/app/test', 'test_accel_memory', env=DSA_ENV | {'SVA_TEST_CGROUP': '/sys/fs/cgroup/test'},
    before='''echo 64 >/proc/sys/vm/nr_hugepages
echo 128M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir /sys/fs/cgroup/test''')
ACCEL.update({name: Program('build/app/test', f'test_{name}', env=DSA_ENV | {
    'SVA_DMA_PLUGIN': '/test/librte_dma_sva.so'},
    files=['build/drivers/dma/dpdk/librte_dma_sva.so'], before='mkdir -p /var/run')
              for name in ('dmadev', 'dmadev_errors')})
PROGRAMS = ['build/app/sva-info', 'build/app/sva-perf', 'build/app/testsva',
            'build/examples/copy', 'usertools/sva-devbind', 'app/test/guest_case.sh']
# What sva-info says of a function with PRI, and of one without, and how page faults end there.
APPS, APPS_NO_PRI = (
    Program('app/test', 'test_guest.sh', [f"'page faults: {text}'", status], files=PROGRAMS,
            env=DSA_ENV | {'INPUT': '$(readlink -f /lib/x86_64-linux-gnu/libc.so.6)'},
            before='echo 80 >/proc/sys/vm/nr_hugepages')
    for text, status in (('the device waits', 'page-request-failed'),
                         ('the driver makes', 'page-fault')))
DEVBIND_DEVICES = 'dsa,dsa:pasid=off:pri=off,dsa:ats=off:pri=off,pair'


def devbind(case, append='', form='both', kernel='7.2-fast'):
    env = {name: f'0000:0{i}:00.0'
           for i, name in enumerate(('DSA', 'NO_PASID', 'NO_ATS', 'PAIR'), 1)}
    return Boot(kernel, [Program('app/test', 'test_devbind.sh', [case], env=env, files=PROGRAMS)],
                DEVBIND_DEVICES, idxd=True, append=append, form=form)


SUITES = {
    'tool': Suite('this tool: exit codes, time limits, what it finds in a kernel log',
                  host='test_vm.py'),
    'selftest': Suite('every behaviour and error of the ioctls', [
        Boot('7.2-fast', SVA_TESTS, ALL_KINDS),
        Boot('7.2-debug', SVA_TESTS, ALL_KINDS)]),
    'linux-7.3': Suite('the same on Linux 7.3', [Boot('7.3-fast', SVA_TESTS, ALL_KINDS)],
                       asked=True),
    'inject': Suite('every allocation failed in turn', [Boot('7.2-debug', [INJECT])]),
    'stress': Suite('processes killed while bound, and everything from eight threads', [
        Boot('7.2-debug', [STRESS], 'test,test,test')]),
    'fuzz': Suite('random ioctls', [Boot('7.2-debug', [FUZZ])]),
    'bind': Suite("the project's tests of binding, on VFIO", [
        Boot('7.2-fast', BIND, ALL_KINDS), Boot('7.2-debug', BIND, ALL_KINDS, form='long')]),
    'accel': Suite('the device class, its driver and programs on the DSA', [
        Boot('7.2-fast', [*ACCEL.values(), APPS], 'dsa,dsa'),
        Boot('7.2-fast', [ACCEL[name] for name in (
            'accel_events', 'accel_fault', 'accel_memory', 'accel_modes', 'accel_remote',
            'bind_mem')] + [APPS_NO_PRI], 'dsa:pri=off:seed=3,dsa:pri=off'),
        # Descriptors in eight stores.
        Boot('7.2-fast', [ACCEL[name] for name in ('accel', 'accel_ops', 'accel_events')],
             'dsa,dsa', cpu=f'{guest.DEFAULT_CPU},-movdir64b'),
        Boot('7.2-debug', [*ACCEL.values(), APPS], 'dsa,dsa:pri=off', form='long')], asked=True),
    'devbind': Suite('binding functions to vfio-pci and giving them back', [
        devbind('bind use'), devbind('denylist', 'vfio-pci.disable_denylist=0'),
        devbind('no_iommu', 'intel_iommu=off'),
        devbind('no_scalable_mode', 'intel_iommu=on,sm_off'),
        devbind('bind use', form='long', kernel='7.2-debug')], asked=True),
    'life': Suite('processes killed and devices reset with full queues, two functions', [
        Boot('7.2-fast', [LIFE, UNPLUG], 'dsa,dsa,dsa,test', form='short'),
        # Not UNPLUG: lockdep finds fault with two locks of the hot-plug driver itself.
        Boot('7.2-debug', [LIFE], 'dsa,dsa', form='long')], asked=True),
    'idxd': Suite("other people's drivers on the DSA: idxd, accel-config, dsa_test, dmatest", [
        Boot('7.2-fast', [IDXD], 'dsa', idxd=True, debian=IDXD_DEBIAN),
        Boot('7.2-debug', [IDXD_QUICK], 'dsa:seed=7', idxd=True, debian=IDXD_DEBIAN,
             form='long')], asked=True),
    'series': Suite('the patches one by one: checkpatch, warnings, the selftests in them',
                    host='test_series.py', host_args=['Linux72'], asked=True),
    'dpdk': Suite("programs and the dmadev plugin with the DPDK of Debian's other releases",
                  host='test_dpdk.py', asked=True),
    'measure': Suite('time to bind, cost of page faults, instructions of the data path', [
        Boot('7.2-fast', [BENCH], memory='3G'), Boot('7.2-fast', DSA_BENCH[:1], 'dsa'),
        Boot('7.2-fast', DSA_BENCH[1:], 'dsa', count=True)], asked=True),
}

# Runs the programs; what the lines with @@ say is how the host tells them apart.
SCRIPT_HEAD = '''cd /test
export VFIO_SELFTESTS_BDFS="$(ls -d /sys/bus/pci/drivers/vfio-pci/0*:* | sed 's,.*/,,' | xargs)"
'''
SCRIPT_PROGRAM = '''{before}
echo 'svadk-vm: dmar faults unexpected' >/dev/kmsg
echo 'svadk-vm: program {label}' >/dev/kmsg
printf '\\n@@start {label}\\n'
{env}timeout -s KILL {limit} {command}
printf '\\n@@end {label} %d\\n' $?
'''


class Results:
    def __init__(self):
        self.counts = {tap.PASSED: 0, tap.FAILED: 0, tap.SKIPPED: 0}
        self.failures = []
        self.rows = []

    def add(self, row, cases):
        counts = {outcome: 0 for outcome in self.counts}
        for outcome, name in cases:
            counts[outcome] += 1
            self.counts[outcome] += 1
            if outcome == tap.FAILED:
                self.failures.append(f'{row}: {name}')
        self.rows.append((row, counts))

    def report(self, seconds):
        print('== summary')
        width = max((len(row) for row, _ in self.rows), default=0)
        for row, counts in self.rows:
            print(f'{row:{width}} ' + ' '.join(f'{n:6} {o}' for o, n in counts.items()))
        for failure in self.failures:
            print(f'failed: {failure}')
        print(f'took {seconds:.0f} s')
        print(', '.join(f'{n} {o}' for o, n in self.counts.items()), flush=True)
        return 1 if self.counts[tap.FAILED] or not self.counts[tap.PASSED] else 0


def program_file(sources, program, version):
    if program.source == 'selftests':
        folder = build.selftests(sources, version)
    else:
        folder = os.path.join(build.TOP, program.source)
    name = os.path.join(folder, program.name)
    if not os.path.isfile(name):
        raise Failure(f'{name}: there is no such program; ./setup.sh vm-test builds what it runs')
    return name


def script(programs, long):
    text, limit = SCRIPT_HEAD, 0
    for p in programs:
        args = p.long if long and p.long is not None else p.args
        seconds = p.long_limit if long and p.long_limit else p.limit
        limit += seconds
        text += SCRIPT_PROGRAM.format(
            label=p.name, limit=seconds, before=p.before,
            command=' '.join([f'/test/{p.name}', *args]),
            env=''.join(f'{k}={v} ' for k, v in p.env.items()))
    return text, limit


def outputs(text):
    """{program: (its output, exit code or None)} of what came from a guest."""
    found = {}
    for m in re.finditer(r'^@@start (\S+)\n(.*?)(?:^@@end \1 (\d+)$|\Z)',
                         text.replace('\r', ''), re.MULTILINE | re.DOTALL):
        found[m[1]] = (m[2], int(m[3]) if m[3] else None)
    return found


def log_cases(log):
    """The kernel log as one more case: [(outcome, name), ...]."""
    found = [(tap.FAILED, f'kernel log: {what}: {line[:160]}')
             for what, line in klog.troubles(log)]
    return found[:5] or [(tap.PASSED, 'nothing in the kernel log')]


def run_guest(sources, suite, boot, long):
    """Runs the programs in a guest: (it, None or why it ended early)."""
    kernel = build.kernel(sources, boot.kernel)
    version = build.KERNELS[boot.kernel][0]
    machine = guest.Guest(build.qemu(sources), kernel, f'{suite}-{boot.kernel}', boot.devices,
                          boot.memory, append=boot.append, idxd=boot.idxd, cpu=boot.cpu,
                          count=boot.count)
    if boot.debian:
        machine.image.debian(sources.debian(boot.debian))
    for p in boot.programs:
        machine.image.file(program_file(sources, p, version), f'/test/{p.name}')
        for name in p.files:
            machine.image.file(os.path.join(build.TOP, name), f'/test/{os.path.basename(name)}')
    text, limit = script(boot.programs, long)
    machine.image.add('test/suite.sh', text.encode(), 0o100644)
    cache.say(f'{suite} {boot.kernel}: {", ".join(p.name for p in boot.programs)} '
              f'(output: {machine.output})')
    with open(machine.output, 'wb') as f:
        try:
            machine.run(['sh', '/test/suite.sh'], limit, out=f.write)
        except Failure as e:
            return machine, e
    return machine, None


def run_boot(results, sources, suite, boot, long):
    """One guest; what it and each program in it came to goes to the results."""
    row = f'{suite} {boot.kernel}'
    machine, ended = run_guest(sources, suite, boot, long)
    if isinstance(ended, guest.Crash):
        print(f'-- {row}: {ended}; once more', flush=True)
        machine, ended = run_guest(sources, suite, boot, long)
    done = outputs(cache.read(machine.output).decode(errors='replace'))
    for p in boot.programs:
        text, code = done.get(p.name, ('', None))
        if code is None:
            cases = [(tap.FAILED, str(ended or 'has not run'))]
        else:
            cases = tap.cases(text, code)
        if any(outcome == tap.FAILED for outcome, _ in cases):
            print(f'-- {row}: the last that {p.name} printed:')
            print('\n'.join(text.strip().split('\n')[-30:]), flush=True)
        results.add(f'{row} {p.name}', cases)
    log = cache.read(machine.log, b'').decode(errors='replace')
    cases = log_cases(log)
    if any(outcome == tap.FAILED for outcome, _ in cases):
        print(f'-- {row}: what is wrong in the kernel log, {machine.log}:')
        for what, line in list(klog.troubles(log))[:20]:
            print(f'{what}: {line}', flush=True)
    results.add(f'{row} log', cases)


def run_on_host(results, name, suite, long):
    cache.say(f'{name}: {suite.host}')
    done = subprocess.run([sys.executable, os.path.join(build.HERE, suite.host),
                           *([] if long else suite.host_args)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    text = done.stdout.decode(errors='replace')
    cases = tap.cases(text, done.returncode if done.returncode >= 0 else 128 - done.returncode)
    if any(outcome == tap.FAILED for outcome, _ in cases):
        print(text, flush=True)
    results.add(name, cases)


def wanted(names):
    for name in names:
        if name not in SUITES:
            raise Wrong(f"there is no suite '{name}': one of {', '.join(SUITES)}")
    return names or [name for name, suite in SUITES.items() if not suite.asked]


def boots_of(name, long):
    return [b for b in SUITES[name].boots if b.form in ('both', 'long' if long else 'short')]


def in_order(names, long):
    """(suite, boot, or None for one on the host), in the order in which kernels get ready."""
    jobs = [(n, b) for n in names for b in boots_of(n, long) or [None] * bool(SUITES[n].host)]
    ready = list(build.KERNELS)
    return sorted(jobs, key=lambda job: ready.index(
        job[1].kernel if job[1] else build.DEFAULT_KERNEL))


@contextlib.contextmanager
def building_ahead(names, long):
    """Builds what the suites will need beside QEMU, and while the first of them already run."""
    kernels = [build.DEFAULT_KERNEL] + [b.kernel for n in names for b in boots_of(n, long)]
    parts = [p for p in build.PARTS if p in kernels or
             p.startswith('selftests-') and any(k.startswith(p[10:]) for k in kernels)]
    ahead = subprocess.Popen([sys.executable, os.path.join(build.HERE, 'vm'), 'build', *parts],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             preexec_fn=cache.end_with_parent(signal.SIGTERM))
    try:
        yield
    finally:
        ahead.terminate()
        ahead.wait()


def run(names, long):
    names = wanted(names)
    with building_ahead(names, long):
        return run_suites(names, long)


def run_suites(names, long):
    start = time.monotonic()
    results, sources = Results(), build.Sources()
    try:
        build.qemu(sources)
    except Failure as e:
        print(f'vm: {e}', file=sys.stderr)
        results.add('QEMU', [(tap.FAILED, str(e))])
        return results.report(time.monotonic() - start)
    for name, boot in in_order(names, long):
        if boot is None:
            run_on_host(results, name, SUITES[name], long)
            continue
        try:
            run_boot(results, sources, name, boot, long)
        except Failure as e:
            print(f'vm: {e}', file=sys.stderr)
            results.add(f'{name} {boot.kernel}', [(tap.FAILED, str(e))])
    return results.report(time.monotonic() - start)
