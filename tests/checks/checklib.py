# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks share: the tree's files, C without comments, and TAP output."""

import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ['LINNET_SOURCE'])
BUILD = pathlib.Path(os.environ['LINNET_BUILD'])

MAX_SHOWN = 20


class Skip(Exception):
    """Raised by a rule that cannot be checked here; its text says why."""


def files(*suffixes, under=''):
    """The tree's files, as paths relative to it and sorted; all of them without suffixes."""
    found = []
    for folder, folders, names in os.walk(SOURCE / under):
        here = pathlib.Path(folder).relative_to(SOURCE)
        folders[:] = [
            name
            for name in folders
            if name not in ('.git', '.cache', '__pycache__')
            and not (here == pathlib.Path('.') and name.startswith('build'))
        ]
        found += [here / name for name in names if not suffixes or name.endswith(suffixes)]
    return sorted(found)


def read(path):
    return (SOURCE / path).read_text(encoding='utf-8')


def code(path):
    """A C file with comments blanked and strings emptied; line numbers are kept."""

    def blank(match):
        text = match.group(0)
        return '""' if text[0] == '"' else re.sub(r'[^\n]', ' ', text)

    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'"
    return re.sub(pattern, blank, read(path), flags=re.DOTALL)


def includes(path):
    """The names that a C file includes."""
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', read(path), flags=re.MULTILINE)


def search(pattern, path, text):
    """One line for each place where the pattern occurs."""
    return [
        f'{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group(0).strip()}'
        for match in re.finditer(pattern, text, flags=re.MULTILINE)
    ]


def run(*command, **options):
    """Runs a program; its exit status and everything it said."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            errors='replace',
            env={**os.environ, 'LC_ALL': 'C.UTF-8', 'LANGUAGE': ''},
            **options,
        )
    except FileNotFoundError as error:
        raise Skip(f'{command[0]} is not installed') from error
    return done.returncode, done.stdout


def main(*rules):
    """Runs the rules: functions that return a list of complaints, named by their first line."""
    print(f'1..{len(rules)}')
    for number, rule in enumerate(rules, 1):
        name = rule.__doc__.strip().splitlines()[0].rstrip('.')
        try:
            complaints = rule()
        except Skip as skip:
            print(f'ok {number} - {name} # SKIP {skip}', flush=True)
            continue
        for complaint in complaints[:MAX_SHOWN]:
            print('# ' + complaint.rstrip().replace('\n', '\n# '))
        if len(complaints) > MAX_SHOWN:
            print(f'# … and {len(complaints) - MAX_SHOWN} more')
        print(f'{"not ok" if complaints else "ok"} {number} - {name}', flush=True)
