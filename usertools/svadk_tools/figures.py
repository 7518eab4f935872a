# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""The plots that results have the data for, drawn."""

import io
import logging
import os
import re
import warnings

from . import plots
from .program import Failure
from .results import distinct, of_kind

EMULATED = 'emulated device: says nothing about hardware'


def of_group(rows):
    """The figures of one section and device."""
    loads, even = of_kind(rows, 'load'), of_kind(rows, 'break-even')
    faulty = [r for r in loads if r['fault_rate'] is not None]
    plain = [r for r in loads if r['fault_rate'] is None]
    timed = [r for r in plain if not r['submit_only']]
    return [
        *plots.throughput(plain), *plots.ratio(plain, even), *plots.break_even(even),
        *plots.latency(timed), *plots.split(plain or faulty), *plots.fault_rate(faulty),
        *plots.open_cost(of_kind(rows, 'open')),
    ]


def make(rows):
    """All figures; where there are several sections or devices, each has its own."""
    groups = {}
    for r in rows:
        groups.setdefault((r['section'], r['device']), []).append(r)
    figures, names = [], set()
    for (section, device), some in groups.items():
        parts = [section] if len(distinct(rows, 'section')) > 1 or section else []
        parts += [device] if len(distinct(rows, 'device')) > 1 else []
        for f in of_group(some):
            f.where = ', '.join([section] * bool(section) + [device])
            f.emulated = some[0]['emulated']
            f.name = '-'.join([re.sub(r'[^A-Za-z0-9._]+', '_', p).strip('._') or 'x'
                               for p in parts] + [f.name])
            plain, i = f.name, 2
            # Parts, and sections whose names differ in signs only.
            while f.name in names:
                f.name, i = f'{plain}-{i}', i + 1
            names.add(f.name)
            figures.append(f)
    return figures


def plotter():
    """matplotlib, set so that the same input gives the same bytes wherever it runs."""
    logging.getLogger('matplotlib').setLevel(logging.ERROR)
    os.environ['MPLBACKEND'] = 'agg'
    try:
        import matplotlib
        from matplotlib.figure import Figure as Canvas
    except ImportError:
        raise Failure("matplotlib is missing: install Debian's package python3-matplotlib") \
            from None
    warnings.simplefilter('ignore')     # of letters that the font does not have
    matplotlib.rcdefaults()
    matplotlib.rcParams.update({
        'svg.hashsalt': 'svadk', 'svg.fonttype': 'path', 'font.size': 9, 'axes.titlesize': 10,
        'axes.labelsize': 9, 'text.parse_math': False, 'figure.facecolor': 'white'})
    return Canvas


def render(figure, form):
    """A figure as the bytes of a PNG or SVG file."""
    fig = plotter()(figsize=figure.size, layout='constrained')
    figure.draw(fig)
    title = f'{figure.title}: {figure.where}'
    fig.suptitle(title + (f'\n{EMULATED}' if figure.emulated else ''), fontsize=10,
                 color='#a03000' if figure.emulated else 'black')
    out = io.BytesIO()
    fig.savefig(out, format=form, dpi=150,
                metadata={'Software': None} if form == 'png' else {'Date': None, 'Creator': None})
    return out.getvalue()
