# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""One guest: its image, QEMU's command line, and a command run in it."""

import contextlib
import ctypes
import functools
import mmap
import os
import platform
import re
import select
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import termios
import time

import cache
from cache import Failure, Wrong

BUSYBOX = '/bin/busybox'
FIRMWARE = ['/usr/share/seabios', '/usr/share/qemu']
DEFAULT_DEVICES = 'test,test'
# With 5 levels of page tables, which the IOMMU does not have, there would be no SVA.
DEFAULT_CPU = 'max,-la57'
# The guest's time is the number of instructions that it has executed, and so is its TSC.
COUNTING = ['-accel', 'tcg,thread=single', '-icount', 'shift=0']
BOOT_LIMIT = 300        # seconds on top of what the command may take
# The function whose assertion that is. Whatever else QEMU dies of may be our devices' doing.
CRASH = 'ramblock_ptr: Assertion'

# Folders and special files of the image: path, type and mode, (major, minor).
NODES = [(d, stat.S_IFDIR | 0o755, (0, 0)) for d in (
    'bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'test', 'tmp')] + [
        ('dev/console', stat.S_IFCHR | 0o600, (5, 1)), ('dev/null', stat.S_IFCHR | 0o666, (1, 3))]

INIT = r'''#!/bin/sh
export PATH=/test:/bin HOME=/root TERM=${TERM:-vt100}
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mkdir /dev/shm
mount -t tmpfs shm /dev/shm
mount -t debugfs debug /sys/kernel/debug
mount -t cgroup2 cgroup /sys/fs/cgroup
hostname guest
if [ -d /debian ]; then
	for d in dev proc sys test tmp; do
		mkdir -p /debian/$d
		mount --rbind /$d /debian/$d
	done
	mkdir -p /debian/usr/local/bin
	mount --bind /bin /debian/usr/local/bin
fi
cd /test
leaks=/sys/kernel/debug/kmemleak
[ ! -e $leaks ] || echo clear >$leaks
. /run/command
code=$?
if [ -e $leaks ]; then
	# Only what is older than five seconds counts, and has been seen twice.
	sleep 6
	echo scan >$leaks
	echo scan >$leaks
	while read -r line; do
		echo "$line" >/dev/kmsg
	done <$leaks
fi
# The port that QEMU writes to a file.
printf "\\$(printf %03o $code)" | dd of=/dev/port bs=1 seek=$((0xe9)) 2>/dev/null
poweroff -f
'''

RUN = '''stty -F /dev/ttyS1 raw -echo
[ -z "$SVADK_LONG" ] || export SVADK_LONG
setsid sh -c {command} </dev/null >/dev/ttyS1 2>&1
'''

SHELL = '''stty -F /dev/ttyS1 sane -onlcr {size}
setsid -c sh -c 'exec sh -i' </dev/ttyS1 >/dev/ttyS1 2>&1
'''


class Crash(Failure):
    """QEMU ended by the defect of its own that is left (doc/guides/vm.rst)."""


class Image:
    """An initramfs: a cpio archive ("newc") in memory."""

    def __init__(self):
        self.parts = []
        self.names = {'': (b'', stat.S_IFDIR)}      # {name: (data, kind of file)}
        for name, mode, device in NODES:
            self.add(name, b'', mode, device)
        if not os.access(BUSYBOX, os.R_OK):
            raise Failure(f'{BUSYBOX} is missing: install busybox-static')
        self.file(BUSYBOX, 'bin/busybox')
        for applet in subprocess.run([BUSYBOX, '--list'], stdout=subprocess.PIPE,
                                     check=True).stdout.decode().split():
            if applet != 'busybox':
                self.add(f'bin/{applet}', b'busybox', stat.S_IFLNK | 0o777)

    def add(self, name, data, mode, device=(0, 0)):
        name = os.path.normpath(f'/{name}').strip('/')
        new = data, stat.S_IFMT(mode)
        if name in self.names:
            if self.names[name] != new:
                raise Wrong(f'/{name} of the guest would be two different files: name another '
                            'place for one of them')
            return
        self.add(os.path.dirname(name), b'', stat.S_IFDIR | 0o755)
        self.names[name] = new
        fields = [len(self.names), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
        head = b'070701' + b''.join(b'%08x' % f for f in fields) + name.encode() + b'\0'
        self.parts += [head, b'\0' * (-len(head) % 4), data, b'\0' * (-len(data) % 4)]

    def file(self, source, name):
        """A file of the host, a folder with all below it, and the libraries they need."""
        try:
            if os.path.isdir(source):
                for entry in sorted(os.listdir(source)):
                    self.file(os.path.join(source, entry), f'{name}/{entry}')
                return
            mode = os.stat(source).st_mode
            if not stat.S_ISREG(mode):
                raise Wrong(f'{source}: neither a file nor a folder')
            data = cache.read(source)
        except OSError as e:
            raise Wrong(f'{source}: cannot be put into the guest: {e.strerror}') from e
        self.add(name, data, stat.S_IFREG | (mode & 0o777))
        if data[:4] == b'\x7fELF':
            self._libraries(source)

    def _libraries(self, source):
        done = subprocess.run(['ldd', source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False, text=True)
        if done.returncode != 0:
            return      # static
        for line in done.stdout.split('\n'):
            m = re.match(r'\s*(?:(\S+) => )?(/\S+) \(0x', line)
            if m:
                self._library(m[1], m[2])
            elif 'not found' in line:
                raise Failure(f'{source}: needs a library that is not there: {line.strip()}')

    def _library(self, name, path):
        """Where the program looks for it: as on the host, but for those of a build folder."""
        if name and not path.startswith(('/lib', '/usr/lib')):
            self.add(f'lib/{name}', cache.read(path), stat.S_IFREG | 0o755)
        elif path.strip('/') not in self.names:
            self.add(path, cache.read(path), stat.S_IFREG | 0o755)

    def debian(self, folder):
        """An installation of its own below /debian, for chroot: all but data that is optional."""
        for here, folders, files in os.walk(folder):
            folders[:] = [f for f in folders if f not in ('share', 'gconv')]
            for entry in files + [f for f in folders if os.path.islink(os.path.join(here, f))]:
                name = os.path.join(here, entry)
                mode = os.lstat(name).st_mode
                link = stat.S_ISLNK(mode)
                self.add('debian/' + os.path.relpath(name, folder),
                         os.readlink(name).encode() if link else cache.read(name), mode)

    def data(self):
        self.add('TRAILER!!!', b'', 0)
        return b''.join(self.parts)


# Functions by name: QEMU's device, and the properties that can be given, with their values.
SWITCHES = {name: 'on|off' for name in ('pasid', 'ats', 'pri')}
DEVICES = {
    'test': ('svadk-test', SWITCHES),
    'pair': ('svadk-test', SWITCHES),
    'dsa': ('svadk-dsa', SWITCHES | {'profile': 'default|emr', 'wqs': '[0-9]+', 'seed': '[0-9]+'}),
}


def device_options(item):
    """QEMU's device for "dsa:seed=3" with its options."""
    name, *properties = item.split(':')
    if name not in DEVICES:
        raise Wrong(f"there is no device '{name}': one of {', '.join(DEVICES)}")
    device, known = DEVICES[name]
    for p in properties:
        key, _, value = p.partition('=')
        if not re.fullmatch(known.get(key, '(?!)'), value):
            raise Wrong(f"device '{item}': there is no property '{p}'; it can have " +
                        ', '.join(f'{k}={v}' for k, v in known.items()))
    return name, ','.join([device, *properties])


def device_arguments(spec):
    """QEMU's arguments for "test,dsa:pri=off,pair"; each item is behind a port of its own."""
    args = []
    items = [] if spec == 'none' else spec.split(',')
    if len(items) > 16:
        raise Wrong(f'{len(items)} devices: at most 16')
    for i, item in enumerate(items):
        name, options = device_options(item)
        args += ['-device', f'pcie-root-port,id=port{i},chassis={i + 1}']
        if name == 'pair':
            args += ['-device', f'{options},bus=port{i},addr=0.0,multifunction=on',
                     '-device', f'{options},bus=port{i},addr=0.1']
        else:
            args += ['-device', f'{options},bus=port{i},id=function{i}']
    return args


@functools.lru_cache
def tsc_khz():
    """
    How fast the time-stamp counter goes, which is the host's: None where it has none. A guest
    finds out by itself, but on a busy host it may be wrong by a factor of 60, and with it all
    that waits in the guest for seconds.
    """
    if platform.machine() != 'x86_64':
        return None
    try:
        code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return None
    # rdtsc; shl $32, %rdx; or %rdx, %rax; ret
    code.write(bytes.fromhex('0f31 48c1e220 4809d0 c3'))
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))

    def sample():
        """(nanoseconds, count), of many the pair that took least."""
        found = []
        for _ in range(100):
            begin = time.monotonic_ns()
            count = read()
            end = time.monotonic_ns()
            found.append((end - begin, (begin + end) // 2, count))
        return min(found)[1:]
    first = sample()
    time.sleep(0.05)
    last = sample()
    return round((last[1] - first[1]) * 1e6 / (last[0] - first[0]))


class Guest:
    """What one boot needs; run() or shell() boots it."""

    def __init__(self, qemu, kernel, name, devices=DEFAULT_DEVICES, memory='1G', cpus=2,
                 append='', idxd=False, cpu=DEFAULT_CPU, count=False):
        self.name = name
        stem = cache.path('logs', 'guests',
                          time.strftime('%m%d-%H%M%S') + f'-{os.getpid()}-{name}')
        self.log, self.qemu_log, self.output = (stem + x for x in ('.log', '.qemu', '.out'))
        cache.prune(os.path.dirname(stem), '', cache.KEPT_LOGS)
        self.image = Image()
        self.image.add('init', INIT.encode(), stat.S_IFREG | 0o755)
        self.scratch = cache.own('new', f'guest-{name}', '')
        self.status = os.path.join(self.scratch, 'status')
        line = ('console=ttyS0,115200 panic=-1 oops=panic tsc=reliable no_timer_check '
                # Seconds of the host; one that is busy holds up all of a guest.
                'watchdog_thresh=60 workqueue.watchdog_thresh=300 '
                'rcupdate.rcu_cpu_stall_timeout=300 sysctl.kernel.hung_task_timeout_secs=600 '
                'printk.devkmsg=on vfio-pci.ids=1234:5ada,8086:0b25 vfio-pci.disable_denylist=1')
        if not count and tsc_khz():
            line += f' tsc_early_khz={tsc_khz()}'
        if not idxd:
            # Linux's own driver is asked first, and would have the functions that are DSAs.
            line += ' initcall_blacklist=idxd_init_module'
        self.args = [
            os.path.join(qemu, 'qemu-system-x86_64'), '-nodefaults', '-no-user-config',
            '-display', 'none', '-no-reboot', '-M', 'q35',
            *(COUNTING if count else ['-accel', 'tcg,thread=multi']),
            '-cpu', cpu, '-smp', str(cpus), '-m', memory,
            # Root ports that hot-plug by themselves, not through ACPI.
            '-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off']
        for folder in FIRMWARE:
            self.args += ['-L', folder]
        self.args += [
            '-device', 'intel-iommu,intremap=on,device-iotlb=on,x-scalable-mode=on,x-flts=on,'
            'x-pasid-mode=on,x-pri=on', *device_arguments(devices),
            '-serial', f'file:{self.log}',
            '-chardev', 'stdio,id=command,signal=off', '-serial', 'chardev:command',
            '-chardev', f'file,id=status,path={self.status}',
            '-device', 'isa-debugcon,iobase=0xe9,chardev=status',
            '-kernel', os.path.join(kernel, 'bzImage'),
            '-initrd', os.path.join(self.scratch, 'image'), '-append', f'{line} {append}'.strip()]

    def _start(self, script, **options):
        self.image.add('run/command', script.encode(), stat.S_IFREG | 0o644)
        cache.replace(os.path.join(self.scratch, 'image'), self.image.data())
        with open(self.qemu_log, 'wb') as errors:
            return subprocess.Popen(self.args, stderr=errors, **options,
                                    preexec_fn=cache.end_with_parent(signal.SIGKILL))

    def _forward(self, qemu, deadline, out):
        """Copies the command's output until QEMU ends; False if the time is up before."""
        fd = qemu.stdout.fileno()
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if select.select([fd], [], [], left)[0]:
                data = os.read(fd, 65536)
                if not data:
                    return True
                out(data)

    def run(self, command, limit, out=None, boot_limit=BOOT_LIMIT):
        """Runs a list of words; returns its exit code. Kills the guest at its limit (seconds)."""
        out = out or standard_output
        qemu = self._start(RUN.format(command=shlex.quote(shlex.join(command))),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            in_time = self._forward(qemu, time.monotonic() + limit + boot_limit, out)
            if not in_time:
                raise Failure(f'{self.name}: not done after {limit} s (and {boot_limit} s to '
                              f'boot), killed; kernel log: {self.log}')
            return self._code(qemu.wait())
        finally:
            qemu.kill()
            qemu.wait()
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _code(self, qemu_code):
        status = cache.read(self.status, b'')
        if len(status) == 1:
            return status[0]
        log = cache.read(self.log, b'').decode(errors='replace')
        panic = re.search(r'Kernel panic - not syncing: (.*)', log)
        if panic:
            raise Failure(f'{self.name}: the guest kernel panicked: {panic[1].strip()}; '
                          f'kernel log: {self.log}')
        lines = cache.read(self.qemu_log, b'').decode(errors='replace').strip().split('\n')
        # Lines without its name go on with the one before them.
        why = [line for line in lines if line.startswith('qemu-')] or lines
        kind = Crash if qemu_code < 0 and CRASH in why[-1] else Failure
        raise kind(f'{self.name}: QEMU ended (exit code {qemu_code}) before the command: '
                   f'{why[-1] or "it says nothing"}; kernel log: {self.log}')

    def shell(self):
        """The user's terminal in the guest."""
        size = shutil.get_terminal_size()
        before = termios.tcgetattr(0)
        try:
            qemu = self._start(SHELL.format(size=f'rows {size.lines} cols {size.columns}'))
            return self._code(qemu.wait())
        finally:
            with contextlib.suppress(UnboundLocalError):
                qemu.kill()
            termios.tcsetattr(0, termios.TCSADRAIN, before)
            shutil.rmtree(self.scratch, ignore_errors=True)


def standard_output(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
