# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Sphinx configuration of the guides; doc/guides/meson.build runs it."""

import os

project = 'SVADK'
copyright = '2026, The SVADK authors'
html_theme = 'alabaster'
html_theme_options = {'description': 'Shared Virtual Addressing Development Kit',
                      'page_width': '1100px'}
html_show_sourcelink = False
html_copy_source = False
highlight_language = 'c'
nitpicky = True


def write_depfile(app, _):
    """Tell ninja which files the pages come from."""
    if not app.config.svadk_depfile:
        return
    sources = [app.env.doc2path(name) for name in sorted(app.env.found_docs)]
    for name, files in app.env.dependencies.items():
        sources += [os.path.join(app.srcdir, f) for f in sorted(files)]
    sources.append(os.path.join(app.confdir, 'conf.py'))
    escaped = [s.replace(' ', '\\ ') for s in sources]
    target = os.path.relpath(app.outdir).replace(' ', '\\ ')
    with open(app.config.svadk_depfile, 'w', encoding='utf-8') as f:
        f.write(f'{target}: ' + ' \\\n '.join(escaped) + '\n')


def setup(app):
    app.add_config_value('svadk_depfile', '', '')
    app.connect('build-finished', write_depfile)
