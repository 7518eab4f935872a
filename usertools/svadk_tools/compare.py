# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Two files of results, row by row."""

from dataclasses import dataclass

from . import page
from .plots import PARAMETERS, differing, value_text
from .results import distinct, number

KEYS = {'load': ['op'] + PARAMETERS, 'break-even': ['op', 'batch', 'depth', 'mode', 'from', 'to'],
        'open': ['step']}
HEADER = ['measurement', 'old', 'new', 'unit', 'change', 'verdict']


@dataclass
class Line:
    """A measurement in both files, or in one."""
    label: str
    old: object
    new: object
    unit: str
    change: object      # per cent, up is more; None: there is none
    verdict: str

    def cells(self):
        change = '-' if self.change is None else f'{self.change:+.1f} %'
        return [self.label, number(self.old), number(self.new), self.unit, change, self.verdict]


def index(rows):
    """Rows by what is measured; what is there several times is counted."""
    found = {}
    for r in rows:
        key = (r['kind'], r['section'], *(r[k] for k in KEYS[r['kind']]))
        n = 0
        while (*key, n) in found:
            n += 1
        found[(*key, n)] = r
    return found


def label_of(key, rows):
    """A measurement in words: the parameters in which those of its kind differ."""
    kind, section, *values, again = key
    names = KEYS[kind]
    some = [r for r in rows if r['kind'] == kind]
    telling = {'size', 'mode', *(differing(some) if kind == 'load' else
                                 [n for n in names if len(distinct(some, n)) > 1])}
    words = [values[0]] + [f'{name} {value_text(name, v)}' for name, v in zip(names[1:], values[1:])
                           if name in telling and v is not None and v != '' and v is not False]
    return (f'{section}: ' if section else '') + (f'{kind} ' if kind != 'load' else '') + \
        ', '.join(words) + (f' ({again + 1})' if again else '')


def measured(row, in_bytes):
    """(value, half-width or None, unit, whether more is better); loads in bytes or operations."""
    if row['kind'] == 'open':
        return row['us'], row['us_ci'], 'us', False
    if row['kind'] == 'break-even':
        return row['break_even'], None, 'bytes', False
    if in_bytes:
        return row['gbps'], row['gbps_ci'], 'GB/s', True
    return row['mops'], row['mops_ci'], 'Mops/s', True


def judge(old, new, threshold):
    """(change in per cent or None, verdict)."""
    (a, a_ci, _, more), (b, b_ci, _, _) = old, new
    if a is None or b is None:
        return None, 'same' if a is b else 'worse' if b is None else 'better'
    if a == 0:
        return None, 'same' if b == 0 else 'better' if more else 'worse'
    change = 100 * (b - a) / a
    if a == b:
        return 0.0, 'same'
    inside = abs(b - a) <= max(a_ci or 0, b_ci or 0)
    word = 'better' if (b > a) == more else 'worse'
    if inside:
        return change, f'{word}, within the intervals'
    if abs(change) <= threshold:
        return change, f'{word}, within the threshold'
    return change, word


def compare(old_rows, new_rows, threshold):
    old, new = index(old_rows), index(new_rows)
    both = old_rows + new_rows
    lines = []
    for key in dict.fromkeys([*old, *new]):
        label = label_of(key, both)
        # An operation without bytes has no GB/s, and neither has one that did nothing any more.
        in_bytes = any(rows[key].get('gbps') for rows in (old, new) if key in rows)
        if key not in new or key not in old:
            value, _, unit, _ = measured(old.get(key) or new.get(key), in_bytes)
            lines.append(Line(label, value if key in old else None, value if key in new else None,
                              unit, None, 'only in old' if key in old else 'only in new'))
            continue
        a, b = measured(old[key], in_bytes), measured(new[key], in_bytes)
        change, verdict = judge(a, b, threshold)
        lines.append(Line(label, a[0], b[0], b[2], change, verdict))
    return lines


def cautions(old_rows, new_rows):
    """What else the files do not have in common, and what must not be overlooked in each."""
    said = []
    for label, name in (('device', 'device'), ('CPU', 'cpu'), ('version', 'version')):
        a, b = (', '.join(sorted(distinct(rows, name))) for rows in (old_rows, new_rows))
        if a != b:
            said.append(f'The {label} is not the same: {a}; now {b}.')
    old, new = page.warnings(old_rows), page.warnings(new_rows)
    return said + [x for x in old if x in new] + \
        [f'Old: {x}' for x in old if x not in new] + [f'New: {x}' for x in new if x not in old]


def count(lines, verdict):
    return sum(x.verdict == verdict for x in lines)


def summary(lines, threshold):
    alone = count(lines, 'only in old'), count(lines, 'only in new')
    return (f'{len(lines) - sum(alone)} compared: {count(lines, "worse")} worse, '
            f'{count(lines, "better")} better, by more than {threshold:g} % and the intervals; '
            f'{alone[0]} only in old, {alone[1]} only in new.')


def as_text(lines):
    """An aligned table."""
    cells = [HEADER] + [x.cells() for x in lines]
    widths = [max(len(row[i]) for row in cells) for i in range(len(HEADER))]
    return [''.join(c.ljust(w + 2) if i in (0, 3, 5) else c.rjust(w) + '  '
                    for i, (c, w) in enumerate(zip(row, widths))).rstrip() for row in cells]


def report(old_name, new_name, old_rows, new_rows, lines, threshold):
    marks = [x.verdict if x.verdict in ('worse', 'better') else '' for x in lines]
    body = (page.warning_html(cautions(old_rows, new_rows)) +
            f'<p>{page.escape(summary(lines, threshold))}</p>\n' +
            page.table('Measurements', HEADER, [x.cells() for x in lines], marks) +
            '<h2>Old</h2>\n' + page.facts(old_rows) + '<h2>New</h2>\n' + page.facts(new_rows))
    return page.document(f'sva-perf: {old_name} and {new_name}', body)
