# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Instructions per operation of a benchmark, counted by callgrind."""

import os
import re
import shutil
import subprocess
import sys
import tempfile


def there():
    """Whether it is installed; says so where it is not."""
    if shutil.which("valgrind"):
        return True
    print("%s: valgrind is not installed: apt-get install valgrind"
          % os.path.basename(sys.argv[0]))
    return False


def _instructions(function, command):
    """Instructions collected inside a function of a program, and what it calls."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=" + function,
             "--callgrind-out-file=" + folder + "/out", *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        found = re.search(r"Collected : (\d+)", run.stdout)
        if run.returncode != 0 or not found:
            sys.exit("%s: %s under callgrind failed:\n%s"
                     % (os.path.basename(sys.argv[0]), command[0], run.stdout))
        return int(found.group(1))


def per_operation(function, command, burst, rounds):
    """Of `command BURST ROUNDS`: the difference of two numbers of rounds leaves out whatever is
    done once.
    """
    few, many = (_instructions(function, [*command, str(burst), str(r)]) for r in rounds)
    return (many - few) / ((rounds[1] - rounds[0]) * burst)
