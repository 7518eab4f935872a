# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""What in a kernel log is a failure.

A command that provokes DMAR faults says so in the log, by writing one of these lines to
/dev/kmsg; faults between the two are no failure:
  svadk-vm: dmar faults expected
  svadk-vm: dmar faults unexpected
"""

import re

# Something the kernel complains about; what it is called in a report.
TROUBLE = [(re.compile(pattern), name) for pattern, name in (
    (r'Kernel panic', 'panic'),
    (r'\bkernel BUG at |\bBUG: |\bOops: |general protection fault', 'BUG'),
    (r'\bKASAN: ', 'KASAN'),
    (r'\bUBSAN: ', 'UBSAN'),
    (r'possible (?:circular|recursive) locking|inconsistent lock state|'
     r'possible irq lock inversion|irq-safe .* lock order|bad unlock balance|'
     r'lock held when returning to user|held lock freed|still has locks held|'
     r'Invalid wait context|DEBUG_LOCKS_WARN_ON|lockdep is turned off', 'lockdep'),
    (r'suspicious RCU usage|detected stalls? on CPU|self-detected stall|'
     r'detected expedited stalls', 'RCU'),
    (r'sleeping function called from invalid context|scheduling while atomic', 'atomic sleep'),
    (r'blocked for more than \d+ seconds|hung task', 'hung task'),
    (r'soft lockup|hard LOCKUP|workqueue lockup', 'lockup'),
    (r'\blist_(?:add|del) corruption|\bODEBUG: |Bad page (?:state|map)|refcount_t: |'
     r'Bad rss-counter|SLUB: .*detected|Poison overwritten|Object already free', 'corruption'),
    (r'^unreferenced object 0x', 'kmemleak'),
    (r'VT-d detected .*error|Invalidation Queue Error|Invalidation Time-out', 'DMAR error'),
    (r'\bWARNING: ', 'WARNING'),
)]
FAULT = re.compile(r'\bDMAR: \[.*fault (?:reason|index)')
EXPECTED = 'svadk-vm: dmar faults expected'
UNEXPECTED = 'svadk-vm: dmar faults unexpected'
# The fault's interrupt may reach its CPU after the program has gone on, on another one.
GRACE = 2.0
TIME = re.compile(r'^\[ *(\d+\.\d+)\](?:\[ *[TC]\d+\])? ?')


def troubles(text):
    """Yields (what it is, line) for each line of a kernel log that fails a run."""
    allowed_until = 0.0
    for line in text.replace('\r', '').split('\n'):
        m = TIME.match(line)
        now = float(m[1]) if m else 0.0
        message = line[m.end():] if m else line
        if EXPECTED in message:
            allowed_until = float('inf')
        elif UNEXPECTED in message:
            if allowed_until == float('inf'):
                allowed_until = now + GRACE
        elif FAULT.search(message):
            if now > allowed_until:
                yield 'DMAR fault', message
        else:
            for pattern, name in TROUBLE:
                if pattern.search(message):
                    yield name, message
                    break
