# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Programs at a pseudo-terminal."""
import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time

from programs import default_signals

LIMIT = 120  # seconds that nothing may take; far more than any needs


class Terminal:
    """A program at a pseudo-terminal of its own.

    The program's end of it stays open here. Linux looks whether there is something to read before
    it looks whether that end is closed, so a read that is held up between the two fails although
    the program's last words are there.
    """

    def __init__(self, arguments, **options):
        self.fd, self.end_of_program = pty.openpty()
        for stream in ("stdin", "stdout", "stderr"):
            options.setdefault(stream, self.end_of_program)
        self.process = subprocess.Popen(arguments, start_new_session=True, **options,
                                        preexec_fn=self._become_its_own)
        self.pid = self.process.pid
        self.ended = os.pidfd_open(self.pid)
        self.shown = ""

    def _become_its_own(self):
        default_signals()
        fcntl.ioctl(self.end_of_program, termios.TIOCSCTTY, 0)

    def send(self, keys):
        os.write(self.fd, keys.encode())

    def _read(self, seconds):
        """What is shown next, or nothing when the program has ended."""
        ready, _, _ = select.select([self.fd, self.ended], [], [], max(0, seconds))
        if not ready:
            raise AssertionError(f"nothing comes after {self.shown!r}")
        if self.fd not in ready and not select.select([self.fd], [], [], 0)[0]:
            return ""
        return os.read(self.fd, 65536).decode()

    def expect(self, pattern):
        """What is shown up to where it ends in the pattern, which is taken away."""
        end = time.monotonic() + LIMIT
        while True:
            # A listing ends its lines twice: the terminal adds what is there already.
            text = self.shown.replace("\r\r\n", "\n").replace("\r\n", "\n")
            if re.search(pattern, text):
                self.shown = ""
                return text
            data = self._read(end - time.monotonic())
            if not data:
                status = self.process.wait()
                raise AssertionError(f"ended with {status} before {pattern!r}: {text!r}")
            self.shown += data

    def end(self):
        """Read what is left. The exit code, or minus the signal, and the rest."""
        end = time.monotonic() + LIMIT
        while data := self._read(end - time.monotonic()):
            self.shown += data
        return self.process.wait(), self.shown.replace("\r\n", "\n")

    def close(self):
        self.process.kill()
        self.process.wait()
        for fd in (self.ended, self.fd, self.end_of_program):
            os.close(fd)
