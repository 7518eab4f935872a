# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Sources out of Debian's archive, through an apt configuration of our own.

The machine's own package lists, sources and packages stay as they are: this apt has its
own, below the cache. What has been fetched once is kept and not asked for again.
"""

import glob
import os
import re
import shutil
import subprocess

import cache
from cache import Failure

KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
SUITE = re.compile(r'(bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable)'
                   r'(-updates|-backports)?')

# suite, with its sources too?
SUITES = [('trixie', True), ('trixie-backports', False), ('bookworm-backports', False),
          ('forky', False)]


def stanzas(text):
    """The (address, suite) pairs of a file in either form of apt's sources."""
    for m in re.finditer(r'^\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)', text, re.MULTILINE):
        yield m.groups()
    for stanza in re.split(r'\n\s*\n', text):
        fields = dict(re.findall(r'^(\w[\w-]*):[ \t]*(.*(?:\n[ \t].*)*)', stanza, re.MULTILINE))
        if fields.get('Enabled', 'yes').strip() != 'no':
            for uri in fields.get('URIs', '').split():
                for suite in fields.get('Suites', '').split():
                    yield uri, suite


def mirror():
    """Where this machine's own apt gets Debian from."""
    for name in ['/etc/apt/sources.list', *sorted(glob.glob('/etc/apt/sources.list.d/*.list')),
                 *sorted(glob.glob('/etc/apt/sources.list.d/*.sources'))]:
        for uri, suite in stanzas(cache.read(name, b'').decode(errors='replace')):
            if SUITE.fullmatch(suite):
                return uri.rstrip('/')
    raise Failure("this machine's apt sources name no archive of Debian: name the sources "
                  'yourself, see tests/vm/README.md')


class Apt:
    def __init__(self):
        self.folder = cache.path('apt', '')
        self.config = os.path.join(self.folder, 'apt.conf')
        self.log = cache.path('logs', 'apt.log')
        self.updated = False

    def _run(self, what, args, cwd=None):
        cache.run(what, args, self.log, cwd=cwd,
                  env=dict(os.environ, APT_CONFIG=self.config, LC_ALL='C.UTF-8'))

    def _output(self, args):
        return subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False,
                              env=dict(os.environ, APT_CONFIG=self.config, LC_ALL='C.UTF-8')
                              ).stdout.decode(errors='replace')

    def update(self):
        """The package lists, once for each process that has to ask for something."""
        if self.updated:
            return
        if not os.path.exists(KEYRING):
            raise Failure(f'{KEYRING} is missing: install debian-archive-keyring')
        if not shutil.which('apt-get'):
            raise Failure('there is no apt-get here: name the sources yourself, '
                          'see tests/vm/README.md')
        for name in ('lists/partial', 'cache/archives/partial'):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        url = mirror()
        lines = ''
        for suite, sources in SUITES:
            for kind in ['deb', 'deb-src'] if sources else ['deb']:
                lines += f'{kind} [signed-by={KEYRING}] {url} {suite} main\n'
        cache.replace(os.path.join(self.folder, 'sources.list'), lines.encode())
        cache.replace(os.path.join(self.folder, 'status'), b'')
        # apt drops to another user, who could not write here.
        cache.replace(self.config, (
            f'Dir::Etc::sourcelist "{self.folder}sources.list";\n'
            'Dir::Etc::sourceparts "/nonexistent";\n'
            'Dir::Etc::preferences "/nonexistent";\n'
            'Dir::Etc::preferencesparts "/nonexistent";\n'
            f'Dir::State::lists "{self.folder}lists";\n'
            # What is installed here is nothing to what goes into a guest.
            f'Dir::State::status "{self.folder}status";\n'
            f'Dir::Cache "{self.folder}cache";\n'
            'Acquire::Languages "none";\n'
            'Acquire::Retries "3";\n'
            'APT::Sandbox::User "root";\n').encode())
        cache.say('fetching the package lists of the suites that the sources come from')
        self._run('apt-get update', ['apt-get', '-q', 'update'])
        self.updated = True

    def _newest(self, package, upstream):
        """The highest version of a package in any suite whose number starts with upstream."""
        best = None
        for line in self._output(['apt-cache', 'madison', package]).splitlines():
            version = [f.strip() for f in line.split('|')][1]
            if not re.match(re.escape(upstream) + r'[.+~-]', version):
                continue
            if best is None or subprocess.run(['dpkg', '--compare-versions', version, 'gt', best],
                                              check=False).returncode == 0:
                best = version
        if best is None:
            raise Failure(f'the archive has no {package} {upstream}: name a source yourself, '
                          'see tests/vm/README.md')
        return best

    def _kept(self, name):
        """A folder of complete downloads."""
        found = sorted(glob.glob(os.path.join(cache.path('downloads', name), '*')))
        return found if found else None

    def _keep(self, name, fetch):
        """Runs fetch(folder) in a folder that is there afterwards only if it worked."""
        with cache.locked('downloads'):
            if kept := self._kept(name):
                return kept
            new = cache.own('new', f'download-{name}', '')
            fetch(new)
            folder = cache.path('downloads', name)
            cache.remove(folder)
            os.rename(new, folder)
            return self._kept(name)

    def binary(self, package, upstream):
        """The .deb of a package, the highest of its versions that start with upstream."""
        def fetch(folder):
            self.update()
            version = self._newest(package, upstream)
            cache.say(f'fetching {package} {version}')
            self._run(f'fetching {package}',
                      ['apt-get', '-q', 'download', f'{package}={version}'], cwd=folder)
        return (self._kept(package) or self._keep(package, fetch))[0]

    def closure(self, packages, suite):
        """The .debs of packages of a suite and of all that they depend on."""
        def fetch(folder):
            self.update()
            cache.say(f'fetching {" ".join(packages)} and what they depend on from {suite}')
            self._run(f'fetching {" ".join(packages)}',
                      ['apt-get', '-q', '-y', '-t', suite, '--no-install-recommends',
                       '-o', f'Dir::Cache::archives={folder}', '-o', 'Debug::NoLocking=true',
                       '--download-only', 'install', *packages])
        name = f'{suite}-{cache.key(*packages)}'
        return [f for f in self._kept(name) or self._keep(name, fetch) if f.endswith('.deb')]

    def source(self, package, suite):
        """The .dsc of a source package of a suite, beside its other files."""
        def fetch(folder):
            self.update()
            cache.say(f'fetching the source of {package} from {suite}')
            self._run(f'fetching the source of {package}',
                      ['apt-get', '-q', '-t', suite, 'source', '--download-only',
                       '--only-source', package], cwd=folder)
        name = f'{package}-source'
        for f in self._kept(name) or self._keep(name, fetch):
            if f.endswith('.dsc'):
                return f
        raise Failure(f'the source package of {package} has no .dsc')
