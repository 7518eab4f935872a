# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""C text without what is not code, for the checks."""

import re

_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank(text):
    """Comments, strings and character constants emptied; line numbers stay."""

    def replace(match):
        token = match.group(0)
        if token[0] in '"\'':
            return token[0] * 2
        return ' ' + '\n' * token.count('\n')

    return _TOKEN.sub(replace, text)


def line_of(text, offset):
    """Line number of an offset, from 1."""
    return text.count('\n', 0, offset) + 1
