#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of models in the real window, against a registry on loopback. Prints TAP."""

import os
import pathlib
import sys
import time

sys.dont_write_bytecode = True
from lib import App, Desktop, wait  # noqa: E402
from modelfixture import (DEMO, FOREIGN, NAME_FIELD, Server, Store, get_by_name,  # noqa: E402
                          make_ollama_store)
from tap import main, says_no_nonsense  # noqa: E402

NAME = 'minimind:26m'
TITLE = 'MiniMind2-Small'  # as its file calls itself
SYSTEM = 'Answer in one sentence.'
# Of each connection: slow enough to press Pause, fast enough not to wait for.
BYTES_A_SECOND = 1_500_000

INTERACTIVE = ('button', 'toggle button', 'text', 'entry', 'menu item', 'list item', 'link',
               'check box', 'combo box', 'slider', 'spin button', 'switch')


def stored(root):
    """Every file below root and its size."""
    return {str(path.relative_to(root)): path.stat().st_size
            for path in sorted(root.rglob('*')) if path.is_file()}


def check_names(app):
    nameless = [app.role(thing) for thing in app.walk()
                if app.role(thing) in INTERACTIVE and not thing.get_name()]
    assert not nameless, f'without a name: {nameless} in\n{app.tree()}'


def show_models(app):
    app.keys('ctrl+m')
    app.find('list', 'Available')


def row(app, title, timeout=20):
    return app.find('list item', title, timeout=timeout)


def page_shows_what_is_here(app, root):
    """Another program's model is found and used in place, and cannot be deleted."""
    app.find('label', TITLE)
    show_models(app)
    row(app, FOREIGN)
    app.find('label', contains='Ollama, used in place')
    app.find('button', f'Open {FOREIGN}')
    assert not app.find_all('button', f'Delete {FOREIGN}')
    check_names(app)


def nothing_is_foretold_yet(app, root):
    """Before that, the details show no speed, not even a place for one."""
    app.focus('list item', FOREIGN)
    app.keys('Return')
    app.find('label', contains='weights,')
    for name in ('Verdict', 'Writing Speed', 'In Your Latest Chat', 'Until an Answer Begins'):
        assert not app.find_all('label', name), f'“{name}” is empty'
    app.keys('Escape')
    app.gone('label', 'Architecture')


def computer_is_measured(app, root):
    """One press measures the computer, and every model gets its verdict."""
    app.press(app.find('button', 'Measure'))
    app.find('label', contains='words a second', timeout=60)
    app.find('label', 'Recommended')
    app.find('label', 'Restricted licence')
    app.gone('button', 'Measure')


def wrong_name_is_explained(app, root):
    """A name that cannot be one gets a sentence, which goes when it is mended."""
    get_by_name(app, 'qwen 2.5 !')
    app.find('label', contains='qwen 2.5 !')
    assert not app.find_all('list', 'Downloads')
    app.write(app.find('text', NAME_FIELD), 'qwen2.5')
    app.gone('label', contains='qwen 2.5 !')


def missing_name_fails(app, root):
    """A name that the registry does not know fails with a sentence, Try Again and Cancel."""
    get_by_name(app, 'no-such-model:1b')
    app.find('button', 'Try Again', timeout=30)
    check_names(app)
    app.press(app.find('button', 'Cancel the Download'))
    app.gone('list', 'Downloads')


def download_pauses_and_goes_on(app, root):
    """A model is fetched by name, paused, resumed and finished."""
    get_by_name(app, NAME)
    app.find('list', 'Downloads')
    app.press(app.find('button', 'Pause the Download'))
    app.find('button', 'Resume the Download')
    check_names(app)
    time.sleep(1)
    app.press(app.find('button', 'Resume the Download'))
    app.find('label', contains=f'{TITLE} is here', timeout=60)
    app.gone('list', 'Downloads')
    row(app, TITLE)


def details_are_shown(app, root):
    """The details tell path, licence and recipe."""
    app.focus('list item', TITLE)
    app.keys('Return')
    app.find('label', 'Architecture')
    app.find('label', contains='Apache License')
    app.find('label', 'Verdict')
    app.find('label', 'Writing Speed')
    app.find('button', 'Copy the Path')
    app.find('label', contains='weights,')
    check_names(app)
    app.keys('Escape')
    app.gone('label', 'Architecture')


def model_is_opened(app, root):
    """It is opened, answers, and its speed is kept."""
    app.press(app.find('button', f'Open {TITLE}'))
    field = app.find('text', 'Question', timeout=30)
    app.write(field, 'Tell me about the sun and the moon.')
    app.keys('ctrl+l', 'Return')
    wait(lambda: any(app.text(view) for view in app.find_all('text', 'Answer')),
         'no answer came', 60)
    app.find('button', 'Send', timeout=120)
    show_models(app)
    app.find('label', 'Open now')
    assert not app.find_all('button', f'Open {TITLE}')
    app.find('label', contains='in your chat')


def model_is_deleted(app, root):
    """Deleting says what it frees, and takes no file of another program with it."""
    before = stored(root)
    app.press(app.find('button', f'Delete {TITLE}'))
    app.find('label', contains='frees 27')
    app.press(app.find('button', 'Cancel'))
    app.gone('label', contains='frees 27')
    row(app, TITLE)
    app.press(app.find('button', f'Delete {TITLE}'))
    app.find('label', contains='frees 27')
    app.press(app.find('button', 'Delete'))
    app.gone('list item', TITLE)
    row(app, FOREIGN)
    assert stored(root) == before, 'the other program’s files have changed'
    folder = pathlib.Path(os.environ['XDG_DATA_HOME'], 'linnet/models')
    left = {name: size for name, size in stored(folder).items() if size > 1_000_000}
    assert not left, f'{left} are still there'


def escape_leaves(app, root):
    """Escape goes back to the chat, which is as it was."""
    app.gone('label', contains='was deleted')  # the first Escape would be for that word
    app.keys('Escape')
    app.find('text', 'Answer')
    app.gone('list', 'Available')


def is_set(line):
    settings = pathlib.Path(os.environ['XDG_CONFIG_HOME'], 'glib-2.0/settings/keyfile')
    return line in settings.read_text(encoding='utf-8').splitlines()


def preferences_open(app, root):
    """The preferences are reached by their key, and what is set there with keys is kept."""
    app.keys('ctrl+comma')
    app.find('dialog', 'Preferences')
    for name in ('Threads to Write With', 'Threads to Read With', 'Context Length'):
        app.find('spin button', contains=name)
    app.focus('combo box', 'Memory of the Conversation')
    app.keys('space')
    app.find('label', '8 bits (Q8_0)')
    app.keys('Down', 'Return')
    wait(lambda: is_set("cache-type='q8_0'"), 'the type of cache is not kept')
    # From one row of a number to the one before it.
    app.keys('shift+Tab', 'shift+Tab', 'Up', 'Up')
    wait(lambda: is_set('threads-prefill=2'), 'the threads to read with are not kept')
    app.keys('Escape')
    app.gone('dialog', 'Preferences')


TESTS_IN_ORDER = (page_shows_what_is_here, nothing_is_foretold_yet, computer_is_measured,
                  wrong_name_is_explained, missing_name_fails, download_pauses_and_goes_on,
                  details_are_shown, model_is_opened, model_is_deleted, escape_leaves,
                  preferences_open, says_no_nonsense)


def go(tap):
    store = Store()
    store.add_ollama(NAME, str(DEMO), system=SYSTEM, params={'temperature': 0.2},
                     license='Apache License\nVersion 2.0, January 2004\n')
    with Desktop() as desktop, Server(store) as server:
        root = pathlib.Path(desktop.home, 'ollama')
        # Other bytes than those that are fetched, so that nothing is shared.
        make_ollama_store(root, DEMO.read_bytes() + bytes(32))
        os.environ['OLLAMA_MODELS'] = str(root)
        os.environ['LINNET_OLLAMA_REGISTRY'] = server.url
        server.options['rate'] = BYTES_A_SECOND
        with App(desktop, '--seed', 2) as app:
            tap.run_all(TESTS_IN_ORDER, app, root)


main(go, DEMO)
