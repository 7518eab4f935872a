# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""What every program of usertools does alike: ends with one line for what went wrong."""

import argparse
import os
import re
import sys
import tempfile


class Failure(Exception):
    """Something went wrong, in one line; the program ends with the status."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


class Parser(argparse.ArgumentParser):
    """Options with --version, and one line for a wrong one."""

    def __init__(self, prog, **kwargs):
        super().__init__(prog=prog, **kwargs)
        self.add_argument('--version', action='version', version=f'{prog} {version()}')

    def error(self, message):
        raise Failure(f'{message}: see {self.prog} --help', 2)


def version():
    """That of SVADK: of the build, or in the source tree of meson.build."""
    here = os.path.dirname(os.path.realpath(__file__))
    for path in (os.path.join(here, 'version'), os.path.join(here, '../../meson.build')):
        try:
            with open(path, encoding='ascii') as f:
                found = re.search(r'\d+\.\d+\.\d+', f.read())
        except OSError:
            continue
        if found:
            return found[0]
    return 'unknown'


def complain(name, text):
    """One line on standard error, whatever names of files are in it."""
    line = ''.join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    print(f'{name}: {line}', file=sys.stderr)


def attempt(main):
    """What main() returns, or (status, text) of what went wrong."""
    try:
        if sys.stdout is None:
            raise Failure('standard output is closed: give it somewhere to go')
        # A name that the locale has no letters for is no reason to stop.
        sys.stdout.reconfigure(errors='backslashreplace')
        status = main()
        sys.stdout.flush()
        return status, None
    except Failure as e:
        return e.status, str(e)
    except KeyboardInterrupt:
        return 130, 'interrupted'
    except OSError as e:
        return 1, f"{e.filename or 'standard output'}: {e.strerror}"
    except SystemExit as e:     # of argparse, which may have printed the help
        try:
            sys.stdout.flush()
        except OSError as lost:
            return 1, f'standard output: {lost.strerror}'
        return e.code, None


def run(name, main):
    """Run main() and end the process with its status; what cannot be written is an error."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, 'w', encoding='ascii')  # pylint: disable=consider-using-with
    status, text = attempt(main)
    try:
        if text is not None:
            complain(name, text)
        sys.stderr.flush()
    except OSError:
        pass
    # What is still in the buffers has been reported, and is not to be tried again.
    if sys.stdout is not None and status != 0:
        try:
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)


def replace_file(path, data):
    path = os.path.realpath(path)   # a link stays one: /dev/stdout is one, too
    fd, name = tempfile.mkstemp(prefix='.' + os.path.basename(path) + '.',
                                dir=os.path.dirname(path) or '.')
    try:
        with os.fdopen(fd, 'wb') as f:
            f.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.rename(name, path)
    except BaseException:
        os.unlink(name)
        raise


def write_file(path, data):
    """A file that is there with all of its bytes, or as it was before."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, 'wb') as f:     # a device or a pipe: nothing to replace
                f.write(data)
        else:
            replace_file(path, data)
    except OSError as e:
        raise Failure(f'{path}: {e.strerror}') from None
