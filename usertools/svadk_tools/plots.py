# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Each kind of plot, with what it says as text and as a table."""

import math
from dataclasses import dataclass

from .results import distinct, number, size_text

# What a load differs in, beside its operation; the first that has several values is plotted
# over, the others make variants.
PARAMETERS = ['size', 'batch', 'depth', 'queues', 'buffers', 'stride_src', 'stride_dst',
              'place_src', 'place_dst', 'node_src', 'node_dst', 'flags', 'fault_rate',
              'submit_only', 'dif_block', 'delta', 'shuffle']
OVER = PARAMETERS[:7]
# What follows from the size or the operation is no variant of its own.
DERIVED = ('batch', 'depth', 'buffers', 'dif_block', 'delta')
LABELS = {'size': 'bytes of an operation', 'batch': 'operations of a submit',
          'depth': 'operations in flight', 'queues': 'queues', 'buffers': 'buffers',
          'stride_src': 'stride of the source', 'stride_dst': 'stride of the destination',
          'fault_rate': 'operations with a page fault, per cent'}
# Okabe and Ito's, which those who see few colours can tell apart.
COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#8C6D00']
CPU_COLOUR = '#777777'
PERCENTILES = [('p50_ns', 'p50'), ('p90_ns', 'p90'), ('p99_ns', 'p99'), ('p999_ns', 'p99.9')]
PHASES = [('prepare_ns', 'prepare'), ('submit_ns', 'submit'), ('poll_ns', 'poll'),
          ('wait_ns', 'wait')]


@dataclass
class Figure:
    """A plot: draw(matplotlib figure), inches, and what stands for it where it is not seen."""
    name: str
    title: str
    alt: str
    header: list
    table: list
    draw: object
    size: tuple
    emulated: bool = False
    where: str = ''


def value_text(name, value):
    if value is None or value == '':
        return 'default'
    if name in ('size', 'dif_block', 'stride_src', 'stride_dst', 'from', 'to', 'break_even'):
        return size_text(value)
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else \
        str(value).lower() if isinstance(value, bool) else value


def choose_over(rows):
    """The parameter that the loads are a series in."""
    for name in OVER:
        if len(distinct(rows, name)) > 1 and None not in distinct(rows, name):
            return name
    return 'size'


def differing(rows):
    """The parameters that tell loads apart; what the size and operation decide does not."""
    found = []
    for p in PARAMETERS:
        values = {}
        for r in rows:
            values.setdefault((r['op'], r['size']), set()).add(r[p])
        if len(distinct(rows, p)) > 1 and \
                not (p in DERIVED and all(len(v) == 1 for v in values.values())):
            found.append(p)
    return found


def variants(rows, over):
    """(label, rows in order) for each set of the other parameters."""
    others = [p for p in differing(rows) if p != over]
    found = {}
    for r in rows:
        label = ', '.join(f'{p} {value_text(p, r[p])}' for p in others)
        found.setdefault(label, []).append(r)
    return [(label, sorted(v, key=lambda r: r[over])) for label, v in found.items()]


def panels_of(rows, over):
    """(title, rows) for each operation and variant."""
    return [(op + (f'\n{label}' if label else ''), list(series))
            for op in distinct(rows, 'op')
            for label, series in variants([r for r in rows if r['op'] == op], over)]


def grid(n):
    """Rows and columns for so many panels, and inches."""
    columns = min(n, 3)
    lines = math.ceil(n / columns)
    return lines, columns, (1 + 3.6 * max(columns, 1.6), 0.9 + 2.9 * lines)


def make_panels(fig, n):
    lines, columns, _ = grid(n)
    axes = [fig.add_subplot(lines, columns, i + 1) for i in range(n)]
    for a in axes:
        a.grid(True, which='major', color='#dddddd', linewidth=0.6)
        a.set_axisbelow(True)
        a.tick_params(which='both', labelsize=8)
        for side in ('top', 'right'):
            a.spines[side].set_visible(False)
    return axes


def set_over(axis, over, values):
    """The x axis: a tick for each value, in powers where they are far apart."""
    values = sorted(set(values))
    if values[0] > 0 and values[-1] >= 4 * values[0]:
        axis.set_xscale('log', base=2)
    shown = values[::math.ceil(len(values) / 8)]
    axis.set_xticks(shown, labels=[value_text(over, v) for v in shown])
    axis.minorticks_off()
    axis.set_xlabel(LABELS[over])


def errors(rows, name):
    """Half-widths for error bars, or None."""
    cis = [r[name] for r in rows]
    return None if all(c is None for c in cis) else [c or 0 for c in cis]


def span(values):
    values = [v for v in values if v is not None]
    return f'{number(min(values))} to {number(max(values))}' if values else 'none'


# --- Each plot, in as many parts as it takes to be readable ------------------------------

PANELS, LINES, BARS = 24, 12, 40    # of one figure, panel and figure, at most


def parts(things, most):
    return [things[i:i + most] for i in range(0, len(things), most)]


def rows_of(panels):
    return [r for _, series in panels for r in series]


def one_line(title):
    return title.replace('\n', ', ')


def draw_lines(a, lines, over, unit):
    """The device's and the CPU's throughput, a line of each for a variant."""
    for i, (label, series) in enumerate(lines):
        x = [r[over] for r in series]
        colour = COLOURS[i % len(COLOURS)]
        last = i == len(lines) - 1
        a.errorbar(x, [r[unit] for r in series], yerr=errors(series, unit + '_ci'), color=colour,
                   marker='o', markersize=4, capsize=3, label=label or 'device',
                   linestyle='-' if i < len(COLOURS) else '-.')
        if any(r['model_gbps'] for r in series):
            a.plot(x, [r['model_gbps'] or 0 for r in series], color=colour, linestyle=':',
                   label='timing model' if last else None)
        if unit == 'gbps' and any(r['cpu_gbps'] for r in series):
            a.errorbar(x, [r['cpu_gbps'] or 0 for r in series], yerr=errors(series, 'cpu_gbps_ci'),
                       color=CPU_COLOUR if len(lines) == 1 else colour, linestyle='--', capsize=3,
                       alpha=0.7, label='CPU' if last else None)


def throughput(rows):
    over = choose_over(rows)
    panels = [(op, lines) for op in distinct(rows, 'op')
              for lines in parts(variants([r for r in rows if r['op'] == op], over), LINES)]

    def part(some):
        def draw(fig):
            for a, (op, lines) in zip(make_panels(fig, len(some)), some):
                # An operation without bytes has no GB/s.
                unit = 'gbps' if any(r['gbps'] for r in rows_of(lines)) else 'mops'
                draw_lines(a, lines, over, unit)
                set_over(a, over, [r[over] for r in rows_of(lines)])
                a.set_ylim(0, 1.05 * a.get_ylim()[1])
                a.set_ylabel('GB/s' if unit == 'gbps' else 'million operations a second')
                a.set_title(op)
                a.legend(fontsize=7, frameon=False)

        all_rows = [r for _, lines in some for r in rows_of(lines)]
        ops = ', '.join(dict.fromkeys(op for op, _ in some))
        return Figure(
            'throughput', 'Throughput',
            f'Throughput over {LABELS[over]}, a panel an operation ({ops}): the device '
            f'{span(r["gbps"] for r in all_rows)} GB/s, the CPU '
            f'{span(r["cpu_gbps"] or None for r in all_rows)} GB/s.',
            ['operation', 'variant', over, 'GB/s', '± GB/s', 'Mops/s', 'CPU GB/s', 'ratio'],
            [[op, label or '-', value_text(over, r[over]), number(r['gbps']), number(r['gbps_ci']),
              number(r['mops']), number(r['cpu_gbps'] or None), number(r['ratio'] or None)]
             for op, lines in some for label, series in lines for r in series],
            draw, grid(len(some))[2])

    return [part(some) for some in parts(panels, PANELS)]


def ratio(rows, even):
    rows = [r for r in rows if r['ratio']]
    over = choose_over(rows)
    all_marks = [e for e in even if e['break_even']] if over == 'size' else []
    ops = distinct(rows + all_marks, 'op')

    def part(lines):
        marks = [e for e in all_marks if e['op'] in distinct(rows_of(lines), 'op')]

        def draw(fig):
            a = make_panels(fig, 1)[0]
            seen = {}
            colour = {op: COLOURS[i % len(COLOURS)] for i, op in enumerate(ops)}
            for title, series in lines:
                op = series[0]['op']
                n = seen[op] = seen.get(op, -1) + 1
                a.errorbar([r[over] for r in series], [r['ratio'] for r in series],
                           yerr=errors(series, 'ratio_ci'), markersize=4, capsize=3,
                           color=colour[op] if len(ops) > 1 else COLOURS[n % len(COLOURS)],
                           marker='os^Dv'[n % 5], label=one_line(title))
            a.axhline(1, color='#444444', linewidth=1)
            a.annotate('as fast as the CPU', (1, 1), xycoords=('axes fraction', 'data'),
                       fontsize=7, ha='right', va='bottom', color='#444444')
            for e in marks[:LINES]:
                a.plot([e['break_even']], [1], marker='*', markersize=12, color=colour[e['op']],
                       markeredgecolor='white', linestyle='none',
                       label=f"{e['op']}: break-even {even_text(e)} ({e['mode']})")
            set_over(a, over, [r[over] for r in rows_of(lines)])
            a.set_ylim(bottom=0)
            a.set_ylabel('device to CPU')
            a.legend(fontsize=7, frameon=False, loc='center left', bbox_to_anchor=(1.01, 0.5))

        return Figure(
            'ratio', 'Device to CPU',
            f'Ratio of the device\'s throughput to the CPU\'s over {LABELS[over]}: '
            f'{span(r["ratio"] for r in rows_of(lines))}.' +
            ''.join(f' {e["op"]} breaks even at {even_text(e)} bytes ({e["mode"]}).'
                    for e in marks),
            ['series', over, 'ratio', '±'],
            [[one_line(title), value_text(over, r[over]), number(r['ratio']),
              number(r['ratio_ci'])] for title, series in lines for r in series], draw, (9, 4.2))

    return [part(lines) for lines in parts(panels_of(rows, over), LINES)]


def even_text(row):
    return 'none' if row['break_even'] is None else size_text(row['break_even'])


def break_even(rows):
    def what(e):
        return f"{e['op']}, {e['mode']}, batch {e['batch']}" + (
            '' if e['depth'] is None else f", depth {e['depth']}")

    def part(some):
        def draw(fig):
            a = make_panels(fig, 1)[0]
            for i, e in enumerate(some):
                a.plot([e['from'], e['to']], [i, i], color='#bbbbbb', linewidth=5,
                       solid_capstyle='butt')
                if e['break_even'] is not None:
                    a.plot([e['break_even']], [i], marker='*', markersize=12, color=COLOURS[0],
                           linestyle='none')
                a.annotate(even_text(e), (e['break_even'] or e['to'], i), xytext=(0, 7),
                           textcoords='offset points', fontsize=8, ha='center')
            a.set_yticks(range(len(some)), labels=[what(e) for e in some])
            a.set_ylim(len(some) - 0.5, -0.7)
            set_over(a, 'size',
                     [v for e in some for v in (e['from'], e['to'], e['break_even']) if v])
            a.set_xlabel('bytes of an operation; grey: the sizes looked at')

        return Figure(
            'break-even', 'Break-even',
            'The size from which on the device beats the CPU. ' +
            ' '.join(f'{what(e)}: {even_text(e)}.' for e in some),
            ['operation', 'mode', 'batch', 'depth', 'from', 'to', 'break-even'],
            [[e['op'], e['mode'], str(e['batch']), str(e['depth'] or ''), size_text(e['from']),
              size_text(e['to']), even_text(e)] for e in some],
            draw, (8, 1.4 + 0.45 * len(some)))

    return [part(some) for some in parts(rows, BARS)]


def latency(rows):
    rows = [r for r in rows if any(r[name] for name, _ in PERCENTILES)]
    over = choose_over(rows)

    def part(panels):
        def draw(fig):
            for a, (title, series) in zip(make_panels(fig, len(panels)), panels):
                for (name, label), colour in zip(PERCENTILES, COLOURS):
                    points = [(r[over], r[name] / 1e3) for r in series if r[name]]
                    if points:
                        a.plot(*zip(*points), color=colour, marker='o', markersize=4, label=label)
                set_over(a, over, [r[over] for r in series])
                a.set_yscale('log')
                for axis_of in (a.yaxis.set_major_formatter, a.yaxis.set_minor_formatter):
                    axis_of(lambda v, _: number(v) if f'{v:e}'[0] in '125' else '')
                a.set_ylabel('µs')
                a.set_title(title, fontsize=9)
                a.legend(fontsize=7, frameon=False)

        some = rows_of(panels)
        return Figure(
            'latency', 'Latency',
            f'Latency percentiles over {LABELS[over]}, a panel an operation: p50 '
            f'{span(r["p50_ns"] / 1e3 for r in some if r["p50_ns"])} µs, p99.9 '
            f'{span(r["p999_ns"] / 1e3 for r in some if r["p999_ns"])} µs.',
            ['series', over] + [f'{label} µs' for _, label in PERCENTILES],
            [[one_line(title), value_text(over, r[over])] +
             [number(r[name] / 1e3 if r[name] is not None else None) for name, _ in PERCENTILES]
             for title, series in panels for r in series], draw, grid(len(panels))[2])

    return [part(panels) for panels in parts(panels_of(rows, over), PANELS)]


def draw_shares(a, series):
    bottom = [0.0] * len(series)
    total = [sum(r[name] or 0 for name, _ in PHASES) for r in series]
    for (name, label), colour in zip(PHASES, COLOURS):
        heights = [100 * (r[name] or 0) / (t or 1) for r, t in zip(series, total)]
        a.bar(range(len(series)), heights, 0.7, bottom=bottom, color=colour, label=label)
        bottom = [b + h for b, h in zip(bottom, heights)]
    for i, t in enumerate(total):
        a.annotate(number(t, 3), (i, 100), xytext=(0, 2), textcoords='offset points', ha='center',
                   fontsize=7)


def split(rows):
    rows = [r for r in rows if any(r[name] is not None for name, _ in PHASES)]
    over = choose_over(rows)

    def part(panels):
        def draw(fig):
            for a, (title, series) in zip(make_panels(fig, len(panels)), panels):
                draw_shares(a, series)
                a.set_xlim(-0.6, max(len(series), 3) - 0.4)
                step = math.ceil(len(series) / 8)
                a.set_xticks(range(0, len(series), step),
                             labels=[value_text(over, r[over]) for r in series[::step]])
                a.set_xlabel(LABELS[over])
                a.set_ylabel('% of the time (on top: ns)')
                a.set_ylim(0, 135)
                a.set_yticks(range(0, 101, 20))
                a.set_title(title, fontsize=9)
                a.legend(fontsize=7, frameon=False, ncol=4, loc='upper left', columnspacing=1,
                         handlelength=1)

        return Figure(
            'split', 'Where the time goes',
            f'Shares of an operation\'s time over {LABELS[over]}, as stacked bars: ' +
            ', '.join(f'{label} {span(r[name] for r in rows_of(panels))} ns'
                      for name, label in PHASES) + '.',
            ['series', over] + [f'{label} ns' for _, label in PHASES],
            [[one_line(title), value_text(over, r[over])] + [number(r[name]) for name, _ in PHASES]
             for title, series in panels for r in series], draw, grid(len(panels))[2])

    return [part(panels) for panels in parts(panels_of(rows, over), PANELS)]


def fault_rate(rows):
    def part(lines):
        def draw(fig):
            a = make_panels(fig, 1)[0]
            for i, (title, series) in enumerate(lines):
                a.errorbar([r['fault_rate'] for r in series], [r['gbps'] for r in series],
                           yerr=errors(series, 'gbps_ci'), color=COLOURS[i % len(COLOURS)],
                           marker='o', markersize=4, capsize=3, label=one_line(title))
            a.set_xlabel(LABELS['fault_rate'])
            a.set_ylabel('GB/s')
            a.set_ylim(bottom=0)
            a.legend(fontsize=7, frameon=False, loc='center left', bbox_to_anchor=(1.01, 0.5))

        some = rows_of(lines)
        return Figure(
            'fault-rate', 'Page faults',
            f'Throughput over the part of operations with a page fault: '
            f'{span(r["gbps"] for r in some)} GB/s for {span(r["fault_rate"] for r in some)} %.',
            ['series', 'with a fault, %', 'GB/s', '± GB/s', 'faults'],
            [[one_line(title), number(r['fault_rate']), number(r['gbps']), number(r['gbps_ci']),
              str(r['faults'])] for title, series in lines for r in series], draw, (9, 4.2))

    return [part(lines) for lines in parts(panels_of(rows, 'fault_rate'), LINES)]


def open_cost(rows):
    def part(some):
        def draw(fig):
            a = make_panels(fig, 1)[0]
            a.barh(range(len(some)), [r['us'] for r in some], 0.6, color=COLOURS[0],
                   xerr=errors(some, 'us_ci'), capsize=3, ecolor='#444444')
            for i, r in enumerate(some):
                a.annotate(number(r['us']), (r['us'] + (r['us_ci'] or 0), i), xytext=(4, 0),
                           textcoords='offset points', va='center', fontsize=8)
            a.set_yticks(range(len(some)), labels=[r['step'] for r in some])
            a.set_ylim(len(some) - 0.5, -0.5)
            a.margins(x=0.12)
            a.set_xlim(left=0)
            a.set_xlabel('µs')

        return Figure(
            'open', 'Cost of opening',
            'Microseconds of each step: ' +
            ', '.join(f'{r["step"]} {number(r["us"])}' for r in some) + '.',
            ['step', 'µs', '± µs'],
            [[r['step'], number(r['us']), number(r['us_ci'])] for r in some], draw,
            (8, 1.4 + 0.4 * len(some)))

    return [part(some) for some in parts(rows, BARS)]
