#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses another folder for Linnet's own models in the real window, in the middle of a download.
Prints TAP."""

import os
import pathlib
import sys

sys.dont_write_bytecode = True
from lib import App, Desktop, wait  # noqa: E402
from modelfixture import DEMO, Server, Store, get_by_name  # noqa: E402
from tap import main, says_no_nonsense  # noqa: E402

TITLE = 'MiniMind2-Small'  # as the files of the registry call themselves
NAMES = ('mini:26m', 'other:26m')
BYTES_A_SECOND = 1_500_000


def folder_is_changed(app, desktop, server):
    """Another folder holds at once, and the old one goes on being looked into."""
    server.options['rate'] = BYTES_A_SECOND
    app.find('text', 'Question')
    app.keys('ctrl+m')
    get_by_name(app, NAMES[0])
    app.press(app.find('button', 'Pause the Download'))
    app.find('button', 'Resume the Download')
    app.keys('ctrl+comma')
    app.press(app.find('page tab', 'Models'))
    app.press(app.find('button', 'Choose a Folder'))
    folder = pathlib.Path(desktop.home, 'elsewhere')
    folder.mkdir()
    app.choose_file('Folder for Linnet’s Models', folder)
    app.find('label', str(folder))
    old = os.path.join(os.environ['XDG_DATA_HOME'], 'linnet', 'models')
    app.find('button', f'Leave Out {old}')
    app.keys('Escape')
    app.gone('dialog', 'Preferences')


def download_ends_where_it_began(app, desktop, server):
    """The download that has begun ends in the old folder, the next one in the new folder."""
    server.options['rate'] = 0
    old = pathlib.Path(os.environ['XDG_DATA_HOME'], 'linnet/models')
    new = pathlib.Path(desktop.home, 'elsewhere')
    app.press(app.find('button', 'Resume the Download'))
    app.gone('list', 'Downloads', timeout=60)
    app.find('list item', TITLE)
    assert list(old.rglob('*.gguf')), 'it is not in the old folder'
    assert not list(new.iterdir()), f'{list(new.iterdir())} is in the new folder'
    get_by_name(app, NAMES[1])
    wait(lambda: list(new.rglob('model.json')), 'the next one is not in the new folder', 60)
    assert len(list(new.rglob('*.gguf'))) == 1
    assert len(list(old.rglob('*.gguf'))) == 1
    wait(lambda: len(app.find_all('list item', TITLE)) == 2, 'they are not both in the list')
    assert len(app.find_all('button', f'Delete {TITLE}')) == 1, 'that of the old folder is not ours'


TESTS_IN_ORDER = (folder_is_changed, download_ends_where_it_began, says_no_nonsense)


def go(tap):
    store = Store()
    store.add_ollama(NAMES[0], str(DEMO))
    # Other bytes, so that nothing is shared.
    store.add_ollama(NAMES[1], DEMO.read_bytes() + bytes(64))
    with Desktop() as desktop, Server(store) as server:
        os.environ['LINNET_OLLAMA_REGISTRY'] = server.url
        with App(desktop) as app:
            tap.run_all(TESTS_IN_ORDER, app, desktop, server)


main(go, DEMO)
