# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
"""Building QEMU and the kernels; each result is found again by all that went into it."""

import functools
import glob
import os
import re
import shutil

import cache
from cache import Failure, Wrong
from debian import Apt
from tree import Tree

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
JOBS = str(os.cpu_count() or 1)

# Kernel variants: the version of Linux, and the fragments of its configuration.
KERNELS = {
    '7.2-fast': ('7.2', ['fast.config', '7.2.config']),
    '7.2-debug': ('7.2', ['fast.config', '7.2.config', 'debug.config']),
    '7.3-fast': ('7.3', ['fast.config']),
}
DEFAULT_KERNEL = '7.2-fast'

QEMU_OPTIONS = [
    '--target-list=x86_64-softmmu', '--without-default-features', '--without-default-devices',
    '--with-devices-x86_64=svadk', '--enable-tcg', '--disable-docs', '--disable-install-blobs',
    '--disable-debug-info', '--python=/usr/bin/python3']
QEMU_MESON = (1, 5)


class Sources:
    """Where the sources are: what the user names, else Debian's archive."""

    def __init__(self):
        self.apt = Apt()

    def named(self, variable):
        name = os.environ.get(variable)
        if not name:
            return None
        if not os.path.exists(name):
            raise Wrong(f'{variable}={name}: no such file or folder')
        return os.path.abspath(name)

    def linux(self, version):
        return self.named('SVADK_VM_LINUX_' + version.replace('.', '_')) or \
            self.apt.binary(f'linux-source-{version}', version)

    def qemu(self):
        return self.named('SVADK_VM_QEMU') or self.apt.source('qemu', 'trixie')

    def meson(self):
        """What to add to PYTHONPATH so that QEMU finds a meson that it takes."""
        system = '/usr/bin/meson'
        have = cache.tool_version(system, '--version') if os.path.exists(system) else ''
        m = re.match(r'(\d+)\.(\d+)', have)
        if m and (int(m[1]), int(m[2])) >= QEMU_MESON:
            return ''
        folder = self._unpacked('meson', [self.apt.binary('meson', '1.7')])
        return os.path.join(folder, 'usr/lib/python3/dist-packages')

    def debian(self, packages, suite='trixie'):
        """A folder with the programs of packages, and with all that these need to run."""
        return self._unpacked('debian', self.apt.closure(packages, suite))

    def _unpacked(self, name, debs):
        folder = cache.path('tools', f'{name}-{cache.key(*map(cache.file_hash, debs))}')
        if not os.path.isdir(folder):
            new = cache.own('new', name)
            for deb in debs:
                cache.run(f'unpacking {name}', ['dpkg', '-x', deb, new],
                          cache.path('logs', 'apt.log'))
            os.rename(new, folder)
        return folder


def compiler():
    return cache.tool_version(os.environ.get('CC') or 'cc', '--version')


def environment(**more):
    """For a build that the user's flags for other things do not reach."""
    env = {k: v for k, v in os.environ.items()
           if k not in ('CFLAGS', 'LDFLAGS', 'MAKEFLAGS', 'MFLAGS', 'KCFLAGS', 'ARCH', 'DESTDIR')}
    env.update({'LC_ALL': 'C.UTF-8', 'KBUILD_BUILD_USER': 'svadk', 'KBUILD_BUILD_HOST': 'vm',
                'KBUILD_BUILD_TIMESTAMP': 'Thu Jan  1 00:00:00 UTC 1970'}, **more)
    return env


def files_in(folder, pattern):
    return sorted(glob.glob(os.path.join(folder, pattern)))


def qemu(sources):
    """The folder with qemu-system-x86_64 in it."""
    here = os.path.join(HERE, 'qemu')
    model = os.path.join(TOP, 'lib', 'model')
    added = {'configs/devices/x86_64-softmmu/svadk.mak': os.path.join(here, 'devices.mak')}
    added |= {f'hw/i386/{os.path.basename(n)}': n for n in files_in(here, '*.c')}
    added |= {f'hw/i386/svadk-model/{os.path.basename(n)}': n for n in files_in(model, '*.[ch]')}
    tree = Tree('qemu', sources.qemu(), files_in(here, '[0-9]*.patch'), added)
    recipe = cache.key(*QEMU_OPTIONS, compiler())
    key = cache.key(tree.key(), recipe)

    def make():
        meson = sources.meson()
        tree.prepare()
        env = environment(PYTHONPATH=meson)
        with tree.building('x86_64', recipe + meson) as folder:
            if not os.path.exists(os.path.join(folder, 'build.ninja')):
                cache.say('configuring QEMU')
                # A configuration that failed half-way is no start for the next one.
                shutil.rmtree(folder)
                os.makedirs(folder)
                cache.run('configuring QEMU', [os.path.join(tree.src, 'configure'),
                                               *QEMU_OPTIONS], tree.log, cwd=folder, env=env)
            cache.say(f'building QEMU (about 4 minutes when new; the log is {tree.log})')
            cache.run('building QEMU', ['ninja', '-j', JOBS, 'qemu-system-x86_64'], tree.log,
                      cwd=folder, env=env)
            binary = os.path.join(folder, 'qemu-system-x86_64')
            return cache.publish('qemu', key, {'qemu-system-x86_64': binary})

    return cache.obtain('qemu', key, tree.name, make)


def series(version):
    folder = os.path.join(TOP, 'kernel', 'linux', version)
    return files_in(folder, '[0-9]*.patch')


def linux_tree(sources, version):
    return Tree(f'linux-{version}', sources.linux(version), series(version))


def check_config(fragment, config):
    """Is every line of the fragment true in the configuration?"""
    lines = set(config.split('\n'))
    for line in fragment.split('\n'):
        m = re.match(r'# (CONFIG_\w+) is not set$', line)
        if m and any(x.startswith(m[1] + '=') for x in lines):
            return f'{m[1]} is set, against what tests/vm/kernel wants'
        if line.startswith('CONFIG_') and not line.endswith('=n') and line not in lines:
            return f'{line} did not come out: does it depend on something, or is it misspelt?'
    return None


def kernel(sources, variant):
    """The folder with bzImage, config and System.map in it."""
    if variant not in KERNELS:
        raise Wrong(f"there is no kernel '{variant}': one of {', '.join(KERNELS)}")
    version, fragments = KERNELS[variant]
    # Later fragments have the last word on an option.
    options = {}
    for name in fragments:
        for line in cache.read(os.path.join(HERE, 'kernel', name)).decode().split('\n'):
            m = re.match(r'(?:# )?(CONFIG_\w+)(?:=| is not set$)', line)
            if m:
                options[m[1]] = line
    fragment = '\n'.join(options.values()) + '\n'
    tree = linux_tree(sources, version)
    recipe = cache.key(compiler())
    key = cache.key(tree.key(), recipe, fragment)

    def make():
        tree.prepare()
        with tree.building(variant, recipe) as folder:
            wanted = f'{folder}/wanted.config'
            cache.replace(wanted, fragment.encode())
            make = ['make', '-C', tree.src, f'O={folder}', '-j', JOBS]
            cache.run(f'configuring Linux {variant}', [*make, 'allnoconfig'], tree.log,
                      env=environment(KCONFIG_ALLCONFIG=wanted))
            config = os.path.join(folder, '.config')
            wrong = check_config(fragment, cache.read(config).decode())
            if wrong:
                raise Failure(f'Linux {variant}: {wrong}')
            cache.say(f'building Linux {variant} (about 5 minutes when new, '
                      f'the debug kernel 10; the log is {tree.log})')
            cache.run(f'building Linux {variant}', [*make, 'bzImage'], tree.log,
                      env=environment())
            image = os.path.join(folder, 'arch/x86/boot/bzImage')
            return cache.publish(f'linux-{variant}', key, {
                'bzImage': image, 'config': config,
                'System.map': os.path.join(folder, 'System.map')})

    return cache.obtain(f'linux-{variant}', key, tree.name, make)


def selftests(sources, version):
    """The folder with the programs of kernel/linux/selftests, linked statically."""
    here = os.path.join(TOP, 'kernel', 'linux', 'selftests')
    names = [n for n in files_in(here, '*') if os.path.isfile(n)]
    if not names:
        raise Failure(f'{here}: there are no selftests')
    tree = linux_tree(sources, version)
    text = [x for n in names for x in (os.path.basename(n), cache.read(n))]
    recipe = cache.key(compiler())
    key = cache.key(tree.key(), recipe, *text)
    part = f'selftests-{version}'

    def make():
        tree.prepare()
        cache.say(f'building the selftests for Linux {version}')
        with tree.building('selftests', cache.key(recipe, *text)) as folder:
            env = environment()
            cache.run('making the headers of Linux',
                      ['make', '-C', tree.src, f'O={folder}/headers', '-j', JOBS, 'headers'],
                      tree.log, env=env)
            programs = os.path.join(folder, 'programs')
            os.makedirs(programs, exist_ok=True)
            cache.run('building the selftests',
                      ['make', '-C', here, f'top_srcdir={tree.src}', f'OUTPUT={programs}',
                       f'KHDR_INCLUDES=-isystem {folder}/headers/usr/include',
                       'LDFLAGS=-static'], tree.log, env=env)
            made = {n: os.path.join(programs, n) for n in os.listdir(programs)
                    if os.access(os.path.join(programs, n), os.X_OK)}
            return cache.publish(part, key, made)

    return cache.obtain(part, key, tree.name, make)


# What can be built by name, in the order in which it is wanted.
PARTS = {'qemu': qemu}
for _variant, (_version, _) in KERNELS.items():
    PARTS[_variant] = functools.partial(kernel, variant=_variant)
    PARTS[f'selftests-{_version}'] = functools.partial(selftests, version=_version)
