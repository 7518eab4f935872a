# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""A source tree of somebody else's with our changes, rebuilt with as little work as is right.

Below the cache, for each tree:
  pristine/   the source as it came, never changed
  src/        hard links to it, but for the files that our changes touch
  build-*/    build folders outside the source
A file of src/ is replaced only when its contents are to change, and then gets a new time:
make and ninja see exactly that. An unfinished build is marked, and not built upon.
"""

import contextlib
import os
import re
import shutil
import subprocess

import cache
from cache import Failure, Killed, Wrong

UNFINISHED = 'unfinished'
UNBUILT = ('Documentation/', 'tools/testing/')


def extract(source, folder, log):
    """Unpacks a folder, a tarball, a .deb with one, or a .dsc, as the folder."""
    what = f'unpacking {source}'
    if os.path.isdir(source):
        cache.run(what, ['cp', '-a', '--reflink=auto', source, folder], log)
        return
    box = f'{folder}.box'
    cache.remove(box)
    os.makedirs(box)
    if source.endswith('.dsc'):
        cache.run(what, ['dpkg-source', '--no-check', '-x', source, f'{box}/tree'], log)
    elif source.endswith('.deb'):
        cache.run(what, ['dpkg', '-x', source, f'{box}.deb'], log)
        inner = [os.path.join(d, f) for d, _, names in os.walk(f'{box}.deb/usr/src')
                 for f in names if '.tar.' in f]
        if len(inner) != 1:
            raise Wrong(f'{source}: no source package: it has {len(inner)} tarballs in /usr/src')
        cache.run(what, ['tar', '-x', '-f', inner[0], '-C', box], log)
        cache.remove(f'{box}.deb')
    else:
        cache.run(what, ['tar', '-x', '-f', source, '-C', box], log)
    # dpkg-source puts the original tarball beside the tree.
    tops = [t for t in os.listdir(box) if not source.endswith('.dsc') or t == 'tree']
    if len(tops) != 1 or not os.path.isdir(os.path.join(box, tops[0])):
        raise Wrong(f'{source}: not one folder inside: {" ".join(sorted(tops)[:5])}')
    os.rename(os.path.join(box, tops[0]), folder)
    cache.remove(box)


def identity(source):
    """What a source is known by: the contents of a file, names and times of a folder's."""
    if os.path.isdir(source):
        lines = []
        for folder, folders, files in os.walk(source):
            folders.sort()
            for name in sorted(files):
                st = os.lstat(os.path.join(folder, name))
                lines.append(f'{os.path.relpath(folder, source)}/{name} '
                             f'{st.st_size} {st.st_mtime_ns}')
        return cache.key('folder', *lines)
    # The .dsc has the checksums of what belongs to it.
    return cache.key('file', cache.file_hash(source))


def touched(patch):
    """The files of the tree that a patch names."""
    names = set()
    for line in patch.decode(errors='replace').split('\n'):
        m = re.match(r'(?:---|\+\+\+) (?:[ab]/)([^\t\n]+)', line) or \
            re.match(r'(?:rename|copy) (?:from|to) (.+)', line)
        if m:
            names.add(m.group(1))
    return names


class Tree:
    def __init__(self, name, source, patches, additions=None):
        """patches: files in order; additions: {path in the tree: file to put there}."""
        self.name = name
        self.source = source
        self.folder = cache.path('trees', name, '')
        self.log = cache.path('logs', f'build-{name}.log')
        self.src = os.path.join(self.folder, 'src')
        self.pristine = os.path.join(self.folder, 'pristine')
        self.patches = [(os.path.basename(p), cache.read(p)) for p in patches]
        self.additions = {to: cache.read(name) for to, name in (additions or {}).items()}
        self.source_id = identity(source)
        self.text = cache.key(self.source_id, *[x for p in self.patches for x in p],
                              *[x for a in sorted(self.additions.items()) for x in a])
        self.staged = None

    def key(self):
        """A name for what can be built of the tree: its source and the files we change.

        Texts that no build reads do not count. Call without the tree's lock.
        """
        memo = cache.path('memo', f'{self.name}-{self.text}')
        if not os.path.exists(memo):
            self._stage()
            parts = [x for name in sorted(self.staged) if not name.startswith(UNBUILT)
                     for x in (name, repr(self.staged[name]))]
            cache.replace(memo, cache.key(self.source_id, *parts).encode())
            cache.prune(os.path.dirname(memo), f'{self.name}-', 100)
        return cache.read(memo).decode()

    def locked(self):
        return cache.locked(self.name)

    def _is_unpacked(self):
        return cache.read(os.path.join(self.folder, 'source-id')) == self.source_id.encode()

    def _unpack(self):
        if self._is_unpacked():
            return
        cache.remove(self.folder.rstrip('/'))
        os.makedirs(self.folder)
        cache.say(f'unpacking the source of {self.name}')
        extract(self.source, self.pristine, self.log)
        # The programs that build may not write to the source through a link either.
        cache.run(f'linking the source of {self.name}',
                  ['cp', '-al', self.pristine, self.src], self.log)
        cache.replace(os.path.join(self.folder, 'source-id'), self.source_id.encode())

    def _stage(self):
        """Sets {path: (contents, mode) or None for none} of all that the changes touch."""
        with self.locked() if not self._is_unpacked() else contextlib.nullcontext():
            self._unpack()
        stage = cache.own('new', f'stage-{self.name}')
        cache.remove(stage)
        os.makedirs(stage)
        names = set(self.additions).union(*[touched(data) for _, data in self.patches])
        for name in names:
            if name.startswith('/') or '..' in name.split('/'):
                raise Failure(f'{self.name}: a patch names {name}, which is not in the tree')
            with contextlib.suppress(FileNotFoundError):
                os.makedirs(os.path.dirname(os.path.join(stage, name)), exist_ok=True)
                shutil.copy2(os.path.join(self.pristine, name), os.path.join(stage, name))
        for name, data in self.patches:
            done = subprocess.run(['patch', '-p1', '-F0', '-N', '-s', '-r', '-',
                                   '--no-backup-if-mismatch', '-d', stage],
                                  input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  check=False)
            if done.returncode != 0:
                text = ' '.join(done.stdout.decode(errors='replace').split())
                raise Failure(f'{name} does not apply to {self.name}: {text[:300]}')
        for name, data in self.additions.items():
            os.makedirs(os.path.dirname(os.path.join(stage, name)), exist_ok=True)
            cache.replace(os.path.join(stage, name), data)
        found = {}
        for name in names:
            staged = os.path.join(stage, name)
            found[name] = None
            if os.path.isfile(staged):
                found[name] = (cache.read(staged), os.stat(staged).st_mode & 0o777)
        cache.remove(stage)
        self.staged = found

    def prepare(self):
        """Makes src/ the source with our changes. Call with the tree's lock held."""
        self._unpack()
        if self.staged is None:
            self._stage()
        staged = self.staged
        listing = os.path.join(self.folder, 'changed')
        before = set(cache.read(listing, b'').decode().split('\n')) - {''}
        cache.replace(listing, '\n'.join(sorted(before | set(staged))).encode())
        for name in sorted(before | set(staged)):
            here = os.path.join(self.src, name)
            origin = os.path.join(self.pristine, name)
            if name in staged:
                wanted = staged[name]
            elif os.path.isfile(origin):
                wanted = (cache.read(origin), os.stat(origin).st_mode & 0o777)
            else:
                wanted = None
            if wanted is None:
                cache.remove(here)
            elif cache.read(here) != wanted[0]:
                os.makedirs(os.path.dirname(here), exist_ok=True)
                cache.replace(here, *wanted)
        cache.replace(listing, '\n'.join(sorted(staged)).encode())

    @contextlib.contextmanager
    def building(self, name, recipe):
        """A build folder; a new one if the last build in it was cut off or made otherwise."""
        folder = os.path.join(self.folder, f'build-{name}')
        mark = f'{folder}.{UNFINISHED}'
        stamp = f'{folder}.recipe'
        if os.path.exists(mark) or cache.read(stamp) != recipe.encode():
            cache.remove(folder)
        os.makedirs(folder, exist_ok=True)
        cache.replace(mark, b'')
        cache.replace(stamp, recipe.encode())
        try:
            yield folder
        except Killed:
            raise
        except Failure:
            # The build tool came to its own end and has cleaned up after itself.
            os.unlink(mark)
            raise
        os.unlink(mark)
