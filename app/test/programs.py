# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Programs that the tests start."""
import resource
import signal
import subprocess


def default_signals():
    """For preexec_fn: what ends a program ends it, even if it is ignored here (nohup, "&")."""
    for sig in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(sig, signal.SIG_DFL)


def limit_files(size=1000):
    """For preexec_fn: a file that reaches so many bytes is a disk that gets full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def interrupted(program, send):
    """What communicate() returns of a program that reads a pipe which nobody writes to.

    A signal that comes before the read does not end it: send() sends it again.
    """
    while True:
        send(signal.SIGINT)
        try:
            return program.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            pass
