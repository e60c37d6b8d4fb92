# SPDX-License-Identifier: GPL-3.0-or-later
"""Formatting, and the habits that a formatter does not know."""

import collections
import re

from checklib import SOURCE, Skip, code, files, main, read, run, search

FORMAT_VERSION = 19
MAX_FILE_LINES = 700
MAX_FUNCTION_LINES = 80
MAX_KERNEL_LINES = 120

SOURCES = ('.c', '.h', '.inc', '.py', '.sh', '.blp', '.css', '.ui', 'meson.build', 'meson.options')
PROSE = ('.md', '.po', '.pot', '.xml', '.xml.in', '.desktop.in', '.svg', '.yml', '.json')


def sources():
    scripts = [path for path in files() if str(path) in ('dev', '.ci/run', '.clang-format')]
    return files(*SOURCES) + scripts


def is_data_table(path):
    return path.name.endswith(('-data.c', '-data.h', '-table.c', '-tables.c', '-tables.h'))


def formatted_c():
    """C files are as clang-format leaves them."""
    _, text = run('clang-format', '--version')
    version = re.search(r'version (\d+)', text)
    if version is None or int(version.group(1)) != FORMAT_VERSION:
        raise Skip(f'the tree is formatted with clang-format {FORMAT_VERSION}, here is {text.strip()}')
    status, text = run('clang-format', '--dry-run', '-Werror', *files('.c', '.h'), cwd=SOURCE)
    places = collections.Counter(re.findall(r'^([^:\n]+):\d+:\d+: error:', text, flags=re.MULTILINE))
    complaints = [f'{path}: {count} places' for path, count in sorted(places.items())]
    return complaints or [text] if status else []


def formatted_blueprint():
    """Blueprint files are as blueprint-compiler format leaves them."""
    blueprints = files('.blp')
    if not blueprints:
        return []
    status, text = run('blueprint-compiler', 'format', *blueprints, cwd=SOURCE)
    return [text] if status else []


def licence_lines():
    """Every source file begins with its SPDX line."""
    complaints = []
    for path in sources():
        head = [line for line in read(path).splitlines()[:3] if not line.startswith(('#!', '<?xml'))]
        if not head or 'SPDX-License-Identifier: ' not in head[0]:
            complaints.append(str(path))
    return complaints


def clean_lines():
    """No trailing space, tab, invisible character or missing last newline."""
    complaints = []
    for path in sources() + files(*PROSE):
        text = read(path)
        complaints += search(r'[ \t]+$', path, text)
        complaints += [f'{place} (an invisible character)' for place in search(
            '[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]', path, text)]
        if not path.name.endswith(('.svg', '.po', '.pot')):
            complaints += [f'{place} (a tab)' for place in search(r'^ *\t', path, text)]
        if text and not text.endswith('\n'):
            complaints.append(f'{path}: no newline at the end')
    return complaints


def nothing_left_to_do():
    """No note of things left to do, and no name of a machine's folder."""
    complaints = []
    pattern = r'\b(TO' + r'DO|FIX' + r'ME|XX' + r'X|HA' + r'CK)\b'
    machine = r'(?<![\w.])/(wo' + r'rk|ro' + r'ot|tmp/w)/\w*'
    for path in sources() + files('.md'):
        complaints += search(pattern, path, read(path)) + search(machine, path, read(path))
    return complaints


def file_lengths():
    """No file is longer than 700 lines (tables of data excepted)."""
    complaints = []
    for path in sources():
        n_lines = len(read(path).splitlines())
        if n_lines > MAX_FILE_LINES and not is_data_table(path):
            complaints.append(f'{path}: {n_lines} lines')
    return complaints


def function_lengths():
    """No function is longer than 80 lines (kernels 120)."""
    complaints = []
    for path in files('.c', '.h'):
        limit = MAX_FUNCTION_LINES
        if str(path).startswith(('engine/kernels/', 'engine/quant/')):
            limit = MAX_KERNEL_LINES
        name = start = None
        for number, line in enumerate(code(path).splitlines(), 1):
            if re.match(r'\w+ \(', line):
                name = line.split(' ')[0]
            if line == '{':
                start = number
            elif line == '}' and start is not None:
                if number - start - 1 > limit:
                    complaints.append(f'{path}:{start}: {name} has {number - start - 1} lines')
                start = None
    return complaints


main(
    formatted_c,
    formatted_blueprint,
    licence_lines,
    clean_lines,
    nothing_left_to_do,
    file_lengths,
    function_lengths,
)
