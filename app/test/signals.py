# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Signals of the programs that the tests start."""
import signal


def default_signals():
    """For preexec_fn: what ends a program ends it, even if it is ignored here (nohup, "&")."""
    for sig in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(sig, signal.SIG_DFL)
