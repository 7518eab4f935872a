# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Makes manual pages of the programs' guides: the same text, in the form that man(1) has."""

from docutils import nodes


def cells(row):
    return [entry.children for entry in row.findall(nodes.entry)]


def as_list(table):
    """A table as a list: of its first column, with the last, and what is between by its name."""
    rows = [cells(row) for row in table.findall(nodes.row)]
    names = [''.join(n.astext() for n in cell) for cell in rows[0]]
    items = nodes.definition_list()
    for first, *between, last in rows[1:]:
        term = nodes.term('', '', *(child.deepcopy() for n in first for child in n.children))
        body = nodes.definition('', *(n.deepcopy() for n in last))
        for name, cell in zip(names[1:], between):
            text = ''.join(n.astext() for n in cell)
            if text:
                body += nodes.paragraph('', f'{name.capitalize()}: {text}')
        if not body.children:
            body += nodes.paragraph('', '')
        items += nodes.definition_list_item('', term, body)
    return items


def section(title, children):
    made = nodes.section('', nodes.title('', title), *children)
    made['ids'] = [title.lower()]
    return made


def divide(page):
    """The beginning of a guide, which has the call as its first block, under titles."""
    beginning = []
    for child in list(page.children):
        if isinstance(child, nodes.section):
            break
        if not isinstance(child, (nodes.title, nodes.comment)):
            beginning.append(child)
            page.remove(child)
    call = [n for n in beginning if isinstance(n, nodes.literal_block)][:1]
    beginning = [n for n in beginning if n not in call]
    page.insert(1, [section('Synopsis', call), section('Description', beginning)])


def change(app, tree, _):
    if app.builder.name != 'man':
        return
    for table in list(tree.findall(nodes.table)):
        table.replace_self(as_list(table))
    for node in list(tree.findall(nodes.superscript)):
        node.replace_self(nodes.Text('^' + node.astext()))
    divide(next(iter(tree.findall(nodes.section))))


def setup(app):
    app.connect('doctree-resolved', change)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
