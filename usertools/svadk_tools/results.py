# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Results of sva-perf, read from its JSON or CSV and checked."""

import csv
import io
import json
import math
import sys

from .program import Failure

SCHEMA = 1

# Columns by what they hold. Those of OPTIONAL and NULLABLE may be missing, or null.
COMMON = {'schema': int, 'version': str, 'kind': str, 'section': str, 'device': str,
          'emulated': bool, 'cpu': str, 'repeats': int}
KINDS = {
    'load': {
        'op': str, 'size': int, 'batch': int, 'depth': int, 'buffers': int, 'queues': int,
        'slices': int, 'gbps': float, 'mops': float, 'cpu_gbps': float, 'ratio': float,
        'p50_ns': float, 'p90_ns': float, 'p99_ns': float, 'p999_ns': float, 'completed': int,
        'failed': int, 'faults': int, 'verified': bool, 'model_gbps': float, 'gbps_ci': float,
        'mops_ci': float, 'cpu_gbps_ci': float, 'ratio_ci': float, 'place_src': str,
        'place_dst': str, 'stride_src': int, 'stride_dst': int, 'node_src': int, 'node_dst': int,
        'flags': str, 'fault_rate': float, 'submit_only': bool, 'dif_block': int,
        'delta': int, 'shuffle': bool, 'prepare_ns': float, 'submit_ns': float,
        'poll_ns': float, 'wait_ns': float},
    'break-even': {'op': str, 'batch': int, 'depth': int, 'mode': str, 'from': int, 'to': int,
                   'break_even': int},
    'open': {'step': str, 'us': float, 'us_ci': float},
}
OPTIONAL = {'section', 'place_src', 'place_dst', 'flags', 'submit_only', 'shuffle'}
NULLABLE = {'model_gbps', 'gbps_ci', 'mops_ci', 'cpu_gbps_ci', 'ratio_ci', 'stride_src',
            'stride_dst', 'node_src', 'node_dst', 'fault_rate', 'dif_block', 'delta',
            'prepare_ns', 'submit_ns', 'poll_ns', 'wait_ns', 'cpu_gbps', 'ratio', 'p50_ns',
            'p90_ns', 'p99_ns', 'p999_ns', 'break_even', 'us_ci'}
# Where it was chosen for each size, it is of none.
NULLABLE_OF = {'break-even': {'depth'}}
SIGNED = {'stride_src', 'stride_dst', 'node_src', 'node_dst'}
MOST = 1e18
MOST_BYTES = 64 << 20   # of a file; a row has less than 2000
EMPTY = {str: '', bool: False}


def from_csv(text, kind):
    """A cell as JSON would have it."""
    if kind is str:
        return text
    if text == '':
        return None
    if kind is bool:
        return {'true': True, 'false': False}.get(text, text)
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def check_value(where, name, value, kind, nullable):
    """The value, or an error that says what it should be."""
    if value is None:
        if name in nullable:
            return None
        if name in OPTIONAL:
            return EMPTY[kind]
        raise Failure(f'{where}: "{name}" has no value')
    good = {str: isinstance(value, str), bool: isinstance(value, bool)}.get(
        kind, isinstance(value, (int, float)) and not isinstance(value, bool))
    if good and kind is int and value != value // 1:
        good = False
    if not good or (isinstance(value, float) and not math.isfinite(value)):
        want = {str: 'text', bool: 'true or false', int: 'a whole number', float: 'a number'}[kind]
        raise Failure(f'{where}: "{name}" is {str(value)[:40]!r} and not {want}')
    if kind in (int, float) and not (0 <= value <= MOST or name in SIGNED and -MOST <= value < 0):
        raise Failure(f'{where}: "{name}" is {str(value)[:40]!r}, which cannot be')
    if kind is str and not value.isprintable():
        raise Failure(f'{where}: "{name}" has characters that cannot be printed')
    return kind(value)


def check_row(where, row, text):
    """A row with all columns of its kind; `text`: its values are those of CSV."""
    if 'schema' not in row:
        raise Failure(f'{where}: there is no "schema": it is no result of sva-perf, or of an '
                      'older one')
    schema = from_csv(row['schema'], int) if text else row['schema']
    if schema != SCHEMA or isinstance(schema, bool):
        raise Failure(f'{where}: its schema is {str(schema)[:40]!r}, and this program knows '
                      f'{SCHEMA}: use the sva-plot of the version that wrote it')
    kind = row.get('kind')
    if kind not in KINDS:
        raise Failure(f'{where}: "kind" is {str(kind)[:40]!r}, and not one of {", ".join(KINDS)}')
    checked = {}
    nullable = NULLABLE | NULLABLE_OF.get(kind, set())
    for name, of in (COMMON | KINDS[kind]).items():
        if name not in row and name not in nullable | OPTIONAL:
            raise Failure(f'{where}: the column "{name}" is missing')
        value = row.get(name)
        if text and value is not None:
            value = from_csv(value, of)
        checked[name] = check_value(where, name, value, of, nullable)
    return checked


def parse_json(path, text):
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as e:
        where = f'{path}:{e.lineno}: {e.msg}' if isinstance(e, json.JSONDecodeError) else path
        raise Failure(f'{where}: this is no JSON') from None
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise Failure(f'{path}: this is no array of objects, as sva-perf writes it')
    return [check_row(f'{path}: result {i}', row, False) for i, row in enumerate(rows, 1)]


def parse_csv(path, text):
    rows = []
    reader = csv.reader(io.StringIO(text, newline=''), strict=True)
    try:
        header = next(reader)
        for cells in reader:
            where = f'{path}:{reader.line_num}'
            if len(cells) != len(header):
                raise Failure(f'{where}: {len(cells)} cells, and the header has {len(header)}')
            rows.append(check_row(where, dict(zip(header, cells)), True))
        if not rows and 'schema' not in header:
            raise Failure(f'{path}: this is neither JSON nor CSV of sva-perf')
    except csv.Error as e:
        raise Failure(f'{path}:{reader.line_num}: this is no CSV: {e}') from None
    return rows


def take(f, name):
    """All of a file, which is no device that has no end."""
    data = bytearray()
    while part := f.read(1 << 16):
        data += part
        if len(data) > MOST_BYTES:
            raise Failure(f'{name}: it has more than {MOST_BYTES >> 20} MiB, as no result has')
    return data


def read(path):
    """The rows of a file, or of standard input for "-"."""
    name = 'standard input' if path == '-' else path
    try:
        if path == '-':
            data = take(sys.stdin.buffer, name) if sys.stdin is not None else b''
        else:
            with open(path, 'rb') as f:
                data = take(f, name)
    except OSError as e:
        raise Failure(f'{name}: {e.strerror}') from None
    try:
        text = data.decode('utf-8-sig')
    except UnicodeDecodeError:
        text = '\0'
    if not text.strip():
        raise Failure(f'{name}: it is empty')
    if '\0' in text:
        raise Failure(f'{name}: this is neither JSON nor CSV of sva-perf')
    rows = (parse_json if text.lstrip()[0] in '[{' else parse_csv)(name, text)
    if not rows:
        raise Failure(f'{name}: there is no result in it')
    return rows


def of_kind(rows, kind):
    return [r for r in rows if r['kind'] == kind]


def distinct(rows, name):
    """Values of a column, each once, in the order of the rows."""
    return list(dict.fromkeys(r[name] for r in rows))


def size_text(n):
    """Bytes as sva-perf writes them."""
    for shift, unit in ((30, 'g'), (20, 'm'), (10, 'k')):
        if n >= 1 << shift and n % (1 << shift) == 0:
            return f'{n >> shift}{unit}'
    return str(n)


def number(value, digits=4):
    """A number for people, "-" where there is none."""
    if value is None:
        return '-'
    if isinstance(value, int):
        return str(value)
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f'{value:.{digits}g}' if abs(value) < 10 ** digits else f'{value:.0f}'
    return f'{value:.{digits - 1}e}'
