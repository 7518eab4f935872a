# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""The cache folder, what is kept in it, and running the programs that fill it."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time

KEPT = 4        # finished results of one kind
KEPT_LOGS = 120

held = []       # the locks of this process, for the programs it runs to hold on to


class Failure(Exception):
    """Something that the user is told in one line; the exit code besides."""

    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


class Killed(Failure):
    """A program of the build was killed, and may have left files half-written."""


class Wrong(Failure):
    """The user's input is wrong."""

    def __init__(self, text):
        super().__init__(text, 2)


def say(text):
    print(f'== {text}', file=sys.stderr, flush=True)


def root():
    top = os.environ.get('SVADK_VM_CACHE')
    if not top:
        top = os.path.join(os.environ.get('XDG_CACHE_HOME') or
                           os.path.expanduser('~/.cache'), 'svadk-vm')
    return os.path.abspath(top)


def path(*names):
    """A path in the cache, with its folder made."""
    name = os.path.join(root(), *names)
    try:
        os.makedirs(os.path.dirname(name), exist_ok=True)
    except OSError as e:
        raise Failure(f'{root()}: no cache can be kept there ({e.strerror}): '
                      'set SVADK_VM_CACHE') from e
    return name


@contextlib.contextmanager
def locked(name, wait=True):
    """One process at a time; gives False where it is another one's and wait is not wanted.

    The programs that build have the lock too: if this process is killed, it stays until
    they have come to their end.
    """
    with open(path('locks', name), 'w', encoding='ascii') as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            say(f'waiting for another process that prepares {name}')
            fcntl.flock(f, fcntl.LOCK_EX)
        held.append(f.fileno())
        try:
            yield True
        finally:
            held.remove(f.fileno())


def key(*parts):
    """A short name for all that the parts (text or bytes) say."""
    h = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        h.update(b'%d:' % len(data) + data)
    return h.hexdigest()[:16]


def file_hash(name):
    """Of a file's contents; kept for as long as the file looks the same."""
    st = os.stat(name)
    memo = path('memo', 'file-' + key(os.path.abspath(name), st.st_size, st.st_mtime_ns,
                                      st.st_ino))
    known = read(memo)
    if known:
        return known.decode()
    h = hashlib.sha256()
    with open(name, 'rb') as f:
        while block := f.read(1 << 20):
            h.update(block)
    replace(memo, h.hexdigest().encode())
    return h.hexdigest()


def read(name, default=None):
    try:
        with open(name, 'rb') as f:
            return f.read()
    except FileNotFoundError:
        return default


def replace(name, data, mode=0o644):
    """Writes a file whole or not at all; never through a hard link."""
    new = f'{name}.{os.getpid()}.new'
    with open(new, 'wb') as f:
        f.write(data)
    os.chmod(new, mode)
    os.rename(new, name)


def remove(name):
    """A file or a tree, if it is there; in one step for who looks on."""
    if not os.path.lexists(name):
        return
    if os.path.isdir(name) and not os.path.islink(name):
        gone = own('trash', str(time.time_ns()))
        os.rename(name, gone)
        shutil.rmtree(gone, ignore_errors=True)
    else:
        os.unlink(name)


def end_with_parent(number):
    """For a child: the signal that it gets if this process ends before it."""
    PR_SET_PDEATHSIG = 1
    return lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def run(what, args, log, **options):
    """Runs a program of the build; its output goes to the log, whose end is shown if it fails."""
    with open(log, 'ab') as f:
        f.write(f'$ {" ".join(args)}\n'.encode())
        f.flush()
        try:
            program = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                       pass_fds=held, start_new_session=True,
                                       preexec_fn=end_with_parent(signal.SIGTERM), **options)
        except FileNotFoundError as e:
            raise Failure(f'{what}: there is no program {e.filename}; '
                          './setup.sh vm-deps installs what is needed') from e
        try:
            code = program.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGTERM)
            program.wait()
            raise
    if code != 0:
        tail = read(log).decode(errors='replace').splitlines()[-15:]
        print('\n'.join(tail), file=sys.stderr)
        if code < 0:
            raise Killed(f'{what} was ended by signal {-code}; its log is {log}')
        raise Failure(f'{what} failed (exit code {code}); all of it is in {log}')


def tool_version(*args):
    try:
        done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
    except FileNotFoundError as e:
        raise Failure(f'there is no program {args[0]}; ./setup.sh vm-deps installs it') from e
    return done.stdout.decode(errors='replace').split('\n')[0]


def prune(folder, prefix, keep):
    """Removes all but the last used entries of a folder that start with prefix."""
    entries = []
    with contextlib.suppress(FileNotFoundError):
        for e in os.scandir(folder):
            if e.name.startswith(prefix):
                with contextlib.suppress(FileNotFoundError):
                    entries.append((e.stat().st_mtime, e.path))
    for _, old in sorted(entries)[:-keep]:
        with contextlib.suppress(FileNotFoundError):
            remove(old)


def own(kind, *names):
    """A path for something of this process that is not complete, or no more."""
    return path(kind, str(os.getpid()), *names)


def sweep():
    """What killed processes have left: nobody takes it for anything, it only lies about."""
    for kind in ('trash', 'new'):
        for entry in os.scandir(path(kind, '')):
            if not os.path.exists(f'/proc/{entry.name}') or entry.name == str(os.getpid()):
                shutil.rmtree(entry.path, ignore_errors=True)


def result(part, part_key):
    """The folder of a finished result, or None."""
    folder = path('out', f'{part}-{part_key}')
    if not os.path.isdir(folder):
        return None
    with contextlib.suppress(OSError):
        os.utime(folder)
    return folder


def obtain(part, part_key, lock, make):
    """The folder of a result: what is there, what another process makes, or what make() does."""
    told = False
    while not (found := result(part, part_key)):
        with locked(lock, wait=False) as mine:
            if mine:
                return result(part, part_key) or make()
        if not told:
            say(f'waiting for another process that prepares {lock}, for {part}')
            told = True
        time.sleep(0.2)
    return found


def publish(part, part_key, files):
    """Makes a result of files, {name in it: where it is now}; complete or not there."""
    new = own('new', part, '')
    for name, source in files.items():
        shutil.copy(source, os.path.join(new, name))
    folder = path('out', f'{part}-{part_key}')
    remove(folder)
    os.rename(new, folder)
    prune(path('out', ''), f'{part}-', KEPT)
    return folder
