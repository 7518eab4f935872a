# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Sphinx configuration of the guides; doc/guides/meson.build runs it."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
extensions = ['manual']

project = 'SVADK'
copyright = '2026, The SVADK authors'
html_theme = 'alabaster'
html_theme_options = {'description': 'Shared Virtual Addressing Development Kit',
                      'page_width': '1100px'}
html_show_sourcelink = False
html_copy_source = False
highlight_language = 'c'
nitpicky = True

# The manual pages of the programs are made of their guides; this is what they say in NAME.
PROGRAMS = {
    'sva-perf': 'measure a device and compare it with the CPU',
    'testsva': 'try devices, bonds, memory and descriptors out by hand',
    'sva-info': 'list buses, drivers and devices',
    'sva-plot': 'plot and compare results of sva-perf',
    'sva-check': 'look whether a host is ready for SVADK',
    'sva-devbind': 'bind PCI functions to vfio-pci and give them back',
    'sva-pmdinfo': 'list the drivers in libraries and plugins',
}
man_pages = [(name, name, what, 'The SVADK authors', 1) for name, what in PROGRAMS.items()]
# The same bytes whenever it is built.
today = '2026'


def write_depfile(app, _):
    """Tell ninja which files the pages come from."""
    if not app.config.svadk_depfile:
        return
    sources = [app.env.doc2path(name) for name in sorted(app.env.found_docs)]
    for name, files in app.env.dependencies.items():
        sources += [os.path.join(app.srcdir, f) for f in sorted(files)]
    sources += [os.path.join(app.confdir, name) for name in ('conf.py', 'manual.py')]
    escaped = [s.replace(' ', '\\ ') for s in sources]
    target = os.path.relpath(app.outdir).replace(' ', '\\ ')
    with open(app.config.svadk_depfile, 'w', encoding='utf-8') as f:
        f.write(f'{target}: ' + ' \\\n '.join(escaped) + '\n')


def setup(app):
    app.add_config_value('svadk_depfile', '', '')
    app.connect('build-finished', write_depfile)
