# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything a person can read can be translated, and is."""

import os
import re
import tempfile

from checklib import SOURCE, Skip, files, main, read, run

CALLS = re.compile(r'(?<!\w)(_|N_|C_|NC_|ngettext|g_dngettext|g_dpgettext2?)\s?\(\s*"')
MARKUP = re.compile(r'translatable="(yes|true)"|l10n="')
KEYWORDS = ['--from-code=UTF-8', '--add-comments', '--keyword=_', '--keyword=N_',
            '--keyword=C_:1c,2', '--keyword=NC_:1c,2', '--keyword=ngettext:1,2',
            '--keyword=g_dngettext:2,3', '--keyword=g_dpgettext2:2c,3']


def listed():
    if not (SOURCE / 'po/POTFILES.in').exists():
        raise Skip('there is no po/POTFILES.in')
    lines = read('po/POTFILES.in').splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith('#')]


def catalogues():
    found = files('.po', under='po')
    if not found:
        raise Skip('there are no translations')
    return found


def translatable(path):
    """Whether a file holds text that must be translated."""
    name = path.name
    if name.endswith(('.desktop.in', '.metainfo.xml.in', '.desktop.in.in', '.metainfo.xml.in.in')):
        return True
    if name.endswith(('.c', '.h', '.blp')):
        return CALLS.search(read(path)) is not None
    return name.endswith(('.ui', '.gschema.xml')) and MARKUP.search(read(path)) is not None


def sources_listed():
    """po/POTFILES.in names every file with text to translate."""
    names = set(listed())
    found = [path for folder in ('app', 'data') for path in files(under=folder)]
    return [f'{path} is not listed' for path in found if translatable(path) and str(path) not in names]


def listed_exist():
    """Every file that po/POTFILES.in names exists, once and in order."""
    names = listed()
    complaints = [f'{name} does not exist' for name in names if not (SOURCE / name).is_file()]
    if names != sorted(set(names)):
        complaints.append('the list is not sorted')
    return complaints


def languages_listed():
    """po/LINGUAS and the catalogues agree."""
    names = sorted(path.stem for path in catalogues())
    lines = [line for line in read('po/LINGUAS').splitlines() if not line.startswith('#')]
    return [] if sorted(' '.join(lines).split()) == names else [f'the catalogues are {names}']


def complete():
    """Every catalogue is valid, and has no untranslated and no fuzzy text."""
    complaints = []
    for path in catalogues():
        status, text = run('msgfmt', '--check', '--statistics', '-o', os.devnull, SOURCE / path)
        if status or 'untranslated' in text or 'fuzzy' in text:
            complaints.append(f'{path}: {text}')
    return complaints


def up_to_date():
    """Every catalogue translates the text that the sources have now, and no other."""
    complaints = []
    paths = catalogues()
    listed()
    with tempfile.TemporaryDirectory() as folder:
        template = os.path.join(folder, 'linnet.pot')
        status, text = run('xgettext', *KEYWORDS, '-o', template, '--files-from=po/POTFILES.in',
                           cwd=SOURCE, stdin=None)
        if status or not os.path.exists(template):
            return [text]
        for path in paths:
            status, text = run('msgcmp', SOURCE / path, template)
            if status or 'is not used' in text:
                complaints += [f'{path}: {line}' for line in text.splitlines()]
    return complaints


main(sources_listed, listed_exist, languages_listed, complete, up_to_date)
