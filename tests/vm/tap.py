# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""The cases in what a test program printed: TAP, as the kernel's selftests, or cmocka."""

import re

PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'
SKIP_CODE = 4       # of the kernel's selftests that have left something out
TAP_PLAN = re.compile(r'1\.\.(\d+)(?:\s+#\s*SKIP\b\s*(.*))?', re.IGNORECASE)
TAP_CASE = re.compile(r'(not )?ok\b\s*(\d*)\s*(?:- )?(.*)')
TAP_SKIP = re.compile(r'#\s*SKIP\b', re.IGNORECASE)
TAP_EXPECTED = re.compile(r'#\s*(?:XFAIL|TODO)\b', re.IGNORECASE)
CMOCKA_PLAN = re.compile(r'\[=+\].* Running (\d+) test')
CMOCKA_CASE = re.compile(r'\[ +(OK|FAILED|SKIPPED) +\] (.+)')
CMOCKA_NAMES = {'OK': PASSED, 'FAILED': FAILED, 'SKIPPED': SKIPPED}
# A cmocka case whose set-up failed; the reason of a failed case starts with dashes.
CMOCKA_SETUP = re.compile(r'\[ +ERROR +\] (?!-)(.+)')


def cases(text, code):
    """[(outcome, name), ...] of a program that printed text and ended with code."""
    planned, found, bailed = None, [], None
    for line in text.replace('\r', '').split('\n'):
        if m := TAP_PLAN.fullmatch(line.rstrip()):
            planned = (planned or 0) + int(m[1])
            if m[1] == '0' and m[2] is not None:
                planned += 1
                found.append((SKIPPED, m[2] or 'all of it'))
        elif m := TAP_CASE.match(line):
            outcome = FAILED if m[1] and not TAP_EXPECTED.search(m[3]) else PASSED
            if outcome == PASSED and TAP_SKIP.search(m[3]):
                outcome = SKIPPED
            found.append((outcome, m[3].strip() or f'case {m[2]}'))
        elif line.startswith('Bail out!'):
            bailed = line
        elif m := CMOCKA_PLAN.match(line):
            planned = (planned or 0) + int(m[1])
        elif m := CMOCKA_CASE.match(line):
            # Failed ones are listed again at the end, after a line without a name.
            if not re.fullmatch(r'(?:\S+: )?\d+ test\(s\).*', m[2]) and \
                    (CMOCKA_NAMES[m[1]], m[2]) not in found:
                found.append((CMOCKA_NAMES[m[1]], m[2]))
        elif m := CMOCKA_SETUP.match(line):
            if not re.fullmatch(r'(?:\S+: )?\d+ test\(s\).*', m[1]) and (FAILED, m[1]) not in found:
                found.append((FAILED, m[1]))
    if bailed:
        found.append((FAILED, bailed))
    elif code >= 128:
        found.append((FAILED, f'ended by signal {code - 128}'))
    elif planned is None:
        found.append((FAILED, f'printed no plan (exit code {code})'))
    elif len(found) < planned:
        found.append((FAILED, f'ended after {len(found)} of {planned} cases (exit code {code})'))
    elif code not in (0, SKIP_CODE) and all(outcome != FAILED for outcome, _ in found) or \
            code == SKIP_CODE and all(outcome == PASSED for outcome, _ in found):
        found.append((FAILED, f'exit code {code}, but no case failed'))
    elif code == 0 and not found:
        found.append((FAILED, 'no case has run'))
    return found
