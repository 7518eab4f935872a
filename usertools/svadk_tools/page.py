# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Reports as one HTML file: no script, nothing from elsewhere, a table beside each plot."""

import re
from html import escape

from . import figures
from .results import distinct

STYLE = '''
:root { color-scheme: light dark; --edge: #bbb;
  --warn: #a03000; --worse: #b00020; --better: #006b3c }
@media (prefers-color-scheme: dark) {
  :root { --edge: #555; --warn: #ffb38a; --worse: #ff8a80; --better: #7ddba3 } }
body { font: 16px/1.5 sans-serif; max-width: 75rem; margin: 1rem auto; padding: 0 1rem }
.warn { border: 2px solid var(--warn); padding: .5rem 1rem; font-weight: bold }
figure { margin: 1rem 0 }
figure svg { max-width: 100%; height: auto; background: #fff; border-radius: 4px }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .9rem }
caption { text-align: left; font-weight: bold; padding: .3rem 0 }
th, td { border: 1px solid var(--edge); padding: .15rem .6rem; text-align: right }
th:first-child, td:first-child { text-align: left }
.worse { color: var(--worse); font-weight: bold } .better { color: var(--better) }
'''


def table(caption, header, rows, marks=None):
    """`marks`: a class for each row, or None."""
    head = ''.join(f'<th scope="col">{escape(h)}</th>' for h in header)
    body = ''.join(
        f'<tr{f""" class="{mark}" """.rstrip() if mark else ""}>' +
        ''.join(f'<td>{escape(c)}</td>' for c in row) + '</tr>\n'
        for row, mark in zip(rows, marks or [''] * len(rows)))
    # It scrolls by itself where it is too wide, also by keyboard.
    return (f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
            f'<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
            f'{body}</tbody></table></div>\n')


def inline(svg, number, title, alt):
    """An SVG file as an element: with a name, and ids that no other has."""
    text = svg.decode('utf-8')
    text = text[text.index('<svg'):]
    text = re.sub(r'<metadata>.*?</metadata>', '', text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="p{number}-', text)
    text = re.sub(r'(xlink:href="|url\()#', rf'\1#p{number}-', text)
    return text.replace('<svg ', f'<svg role="img" aria-label="{escape(f"{title}: {alt}")}" ', 1)


def document(title, body):
    return ('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n'
            f'<h1>{escape(title)}</h1>\n{body}</main>\n</body>\n</html>\n').encode(
                'utf-8', 'backslashreplace')


def facts(rows):
    """What was measured with what, as a list."""
    names = (('Device', 'device'), ('CPU', 'cpu'), ('SVADK', 'version'), ('Repeats', 'repeats'))
    return '<ul>\n' + ''.join(
        f'<li>{label}: {escape(", ".join(str(v) for v in distinct(rows, name)))}</li>\n'
        for label, name in names) + '</ul>\n'


def warnings(rows):
    """What must not be overlooked."""
    lines = []
    emulated = list(dict.fromkeys(r['device'] for r in rows if r['emulated']))
    if emulated:
        lines.append(f'{", ".join(emulated)} is an emulated device: its numbers say nothing about '
                     'hardware.')
    loads = [r for r in rows if r['kind'] == 'load']
    failed = sum(r['failed'] for r in loads)
    if failed:
        lines.append(f'{failed} operations failed.')
    unverified = sum(not r['verified'] for r in loads)
    if unverified:
        lines.append(f'{unverified} of {len(loads)} measurements have not been verified, or were '
                     'wrong.')
    return lines


def warning_html(lines):
    return ''.join(f'<p class="warn">{escape(line)}</p>\n' for line in lines)


def report(name, rows, made):
    """The report of one file."""
    body = warning_html(warnings(rows)) + facts(rows)
    for i, f in enumerate(made):
        title = f'{f.title}: {f.where}'
        body += (f'<section>\n<h2>{escape(title)}</h2>\n<figure>\n' +
                 inline(figures.render(f, 'svg'), i, title, f.alt) +
                 f'<figcaption>{escape(f.alt)}</figcaption>\n</figure>\n' +
                 table(f'{title}, in numbers', f.header, f.table) + '</section>\n')
    return document(f'sva-perf: {name}', body)
