#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""A store fence precedes every MOVDIR64B: test_fence.py LIBRARY

MOVDIR64B is weakly ordered: without a fence the device could read a descriptor, or data,
before ordinary and non-temporal stores to it are visible. No test by running can see that,
so this one reads the machine code.
"""

import re
import shutil
import subprocess
import sys


def problems(text):
    """(MOVDIR64B found, functions in which one has no SFENCE right before it)."""
    count, bad = 0, []
    function, before = "?", ""
    for line in text.splitlines():
        name = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if name:
            function = name.group(1)
        if "66 0f 38 f8" in line:
            count += 1
            if "sfence" not in before:
                bad.append(function)
        before = line
    return count, bad


def main():
    """Print what is wrong, a line each."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not shutil.which("objdump"):
        print("test_fence.py: objdump is not installed: apt-get install binutils")
        return 77
    text = subprocess.run(["objdump", "-d", sys.argv[1]], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    count, bad = problems(text)
    for function in bad:
        print("%s: MOVDIR64B without SFENCE before it" % function)
    if count == 0:
        print("no MOVDIR64B found in %s: x86-64 code was expected" % sys.argv[1])
    print("%d MOVDIR64B" % count)
    return 1 if bad or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
