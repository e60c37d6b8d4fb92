# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs no GLib compiles for another system, without a warning, and calls nothing that is not
there: the engine, and what LinnetMachine asks of the system.

cross.py SYSTEM CROSS_FILE"""

import ast
import configparser
import shutil
import sys

from checklib import BUILD, SOURCE, Skip, main, run

SYSTEM, CROSS_FILE = sys.argv[1:]
FOLDER = BUILD / f'cross-{SYSTEM}'


def compiler():
    """The first word of the cross file's compiler; a test is skipped where it is not installed."""
    machine = configparser.ConfigParser()
    machine.read(CROSS_FILE, encoding='utf-8')
    command = ast.literal_eval(machine['binaries']['c'])
    command = command if isinstance(command, str) else command[0]
    if shutil.which(command) is None:
        raise Skip(f'{command}, the compiler for {SYSTEM}, is not installed')
    return command


def build():
    """Brings the engine's library for the other system up to date; what went wrong."""
    options = [f'--cross-file={CROSS_FILE}', '-Dapp=false', '-Dtests=false', '-Dwerror=true',
               '-Doptimization=1', '-Ddebug=false']
    again = ['--reconfigure'] if (FOLDER / 'build.ninja').exists() else []
    status, text = run('meson', 'setup', *again, *options, FOLDER, SOURCE)
    if status == 0:
        status, text = run('ninja', '-C', FOLDER)
    return [text[-4000:]] if status else []


def links(command):
    """Makes a shared library of all of the engine; what the linker missed."""
    status, text = run(
        command, '-shared', '-o', FOLDER / 'whole', '-Wl,--no-undefined', '-Wl,--whole-archive',
        FOLDER / 'engine/liblm.a', '-Wl,--no-whole-archive', '-pthread', '-lm',
    )
    return [text[-4000:]] if status else []


def engine():
    command = compiler()
    return build() or links(command)


def machine():
    command = compiler()
    source = SOURCE / 'app/core/machine' / f'linnet-system-{SYSTEM}.c'
    if not source.exists():
        raise Skip(f'LinnetMachine asks nothing of {SYSTEM}')
    FOLDER.mkdir(exist_ok=True)
    status, text = run(
        command, '-std=gnu11', '-O2', '-Wall', '-Wextra', '-Wsign-compare', '-Werror', '-shared',
        '-o', FOLDER / 'system', source, '-Wl,--no-undefined', '-ladvapi32', '-lpowrprof',
    )
    return [text[-4000:]] if status else []


engine.__doc__ = f'The engine compiles for {SYSTEM} without a warning, and links.'
machine.__doc__ = f'What LinnetMachine asks of {SYSTEM} compiles without GLib, and is there.'
main(engine, machine)
