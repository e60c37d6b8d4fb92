# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies point one way, and the engine keeps to itself (ARCHITECTURE.md)."""

import os
import re

from checklib import Skip, code, files, includes, main, run, search

PRIVATE_HEADER = 'app/core/engine/linnet-engine-private.h'


def engine_includes():
    """The engine includes the C library, POSIX and itself, nothing else."""
    allowed = re.compile(
        r'(assert|ctype|errno|fcntl|fenv|float|inttypes|limits|math|pthread|sched|signal|stdalign|'
        r'stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|threads|time|unistd|'
        r'windows|io|intrin|immintrin|arm_neon|cpuid|'
        r'sys/(auxv|mman|stat|types|sysctl|syscall|time))\.h$'
    )
    own = {str(path.relative_to('engine')) for path in files('.h', '.inc', under='engine')}
    complaints = []
    for path in files('.c', '.h', '.inc', under='engine'):
        for name in includes(path):
            beside = str((path.parent / name).relative_to('engine'))
            if not allowed.match(name) and name not in own and beside not in own:
                complaints.append(f'{path}: includes {name}')
    return complaints


def engine_calls():
    """The engine prints nothing, never exits and reads no environment."""
    pattern = (
        r'(?<![\w.>])(v?f?printf|v?dprintf|puts|fputs|putchar|fputc|perror|exit|_exit|_Exit|'
        r'quick_exit|abort|raise|getenv|secure_getenv|setenv|putenv|setlocale)\s*\(|'
        r'\b(stdout|stderr|environ)\b'
    )
    complaints = []
    for path in files('.c', '.h', '.inc', under='engine'):
        complaints += search(pattern, path, code(path))
    return complaints


def engine_symbols():
    """The engine's library exports only names that begin with lm_."""
    status, text = run('nm', '-g', '--defined-only', os.environ['LINNET_ENGINE_LIBRARY'])
    names = re.findall(r'^[0-9a-f]+ [A-Z] (\S+)$', text, flags=re.MULTILINE)
    if status or not names:
        return [f'nm found no symbols: {text[:200]}']
    return [name for name in names if not re.match(r'_?lm_', name)]


def engine_globals():
    """The engine has no global that can be written."""
    status, text = run('objdump', '-t', os.environ['LINNET_ENGINE_LIBRARY'])
    if status or 'file format elf' not in text:
        raise Skip('objdump does not read this kind of library')
    complaints = []
    for line in text.splitlines():
        match = re.match(r'[0-9a-f]+ .{7} (\S+)\s+([0-9a-f]+) (?:\.hidden )?(\S+)$', line)
        if match is None or int(match.group(2), 16) == 0:
            continue
        section, _, name = match.groups()
        writable = re.match(r'\.(bss|data|tbss|tdata)\b|\*COM\*', section)
        if writable and not section.startswith('.data.rel.ro'):
            complaints.append(f'{name} in {section}')
    return complaints


def core_includes():
    """Core and linnet-cli include no GTK and nothing of the window."""
    window = {path.name for path in files('.h', under='app/ui')}
    pattern = re.compile(r'(gtk|gdk|gsk|adwaita|adw-|gtksourceview|graphene)', re.IGNORECASE)
    complaints = []
    for folder in ('app/core', 'app/cli'):
        for path in files('.c', '.h', under=folder):
            for name in includes(path):
                if pattern.match(name) or name.split('/')[-1] in window:
                    complaints.append(f'{path}: includes {name}')
    return complaints


def core_knows_no_front():
    """Core includes nothing of linnet-cli."""
    front = {path.name for path in files('.h', under='app/cli')}
    return [
        f'{path}: includes {name}'
        for path in files('.c', '.h', under='app/core')
        for name in includes(path)
        if name.split('/')[-1] in front or 'cli/' in name
    ]


def exposing(headers):
    """Those of the headers that include lm.h, themselves or through another of them."""
    exposed = {'lm.h'}
    while True:
        more = {
            path.name
            for path in headers
            if path.name not in exposed and exposed & {name.split('/')[-1] for name in includes(path)}
        }
        if not more:
            return exposed
        exposed |= more


def engine_header():
    """Only linnet-engine-private.h includes lm.h, and only LinnetEngine's folder sees it."""
    application = files('.c', '.h', under='app')
    if not files('.c', under='app/core/engine'):
        raise Skip('LinnetEngine is not here')
    inner = {path.name for path in files('.h', '.inc', under='engine')} - {'lm.h'}
    exposed = exposing([path for path in application if path.suffix == '.h'])
    complaints = []
    users = []
    for path in application:
        for name in includes(path):
            base = name.split('/')[-1]
            if base == 'lm.h':
                users.append(str(path))
            elif base in exposed and str(path.parent) != 'app/core/engine':
                complaints.append(f'{path}: includes {name}, and so lm.h')
            elif base in inner and not name.startswith('sys/'):
                complaints.append(f"{path}: includes the engine's own {name}")
    if users != [PRIVATE_HEADER]:
        complaints.append(f'lm.h is included by: {", ".join(users) or "nobody"}')
    return complaints


main(
    engine_includes,
    engine_calls,
    engine_symbols,
    engine_globals,
    core_includes,
    core_knows_no_front,
    engine_header,
)
