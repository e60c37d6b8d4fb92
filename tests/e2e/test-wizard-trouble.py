#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads that cannot go well, in the wizard in the real window: a disk that is too small, a model
that the registry does not have, bytes that are always wrong; and every way on from there. Prints
TAP."""

import os
import pathlib
import sys

sys.dont_write_bytecode = True
from lib import App, Desktop, wait  # noqa: E402
from modelfixture import DEMO, Server, catalogue_entry, write_catalogue  # noqa: E402
from tap import main, says_no_nonsense  # noqa: E402

INNER_NAME = 'MiniMind2-Small'  # as the test model calls itself
HUGE, LOST, SPOILED = 'Whale 500T', 'Heron 404', 'Wren Flip'
HUGE_BYTES = 1 << 49  # more than any disk
NOT_BEGUN, STOPPED = 'The download cannot begin', 'The download has stopped'
SECONDS = 90


def heading(app, text):
    return app.find('heading', contains=text, timeout=SECONDS)


def press(app, name):
    """Presses a button as soon as it can be pressed."""
    def ready():
        return next((button for button in app.find_all('button', contains=name)
                     if app.has(button, 'SENSITIVE')), None)
    app.press(wait(ready, lambda: f'“{name}” cannot be pressed in\n{app.tree()}', SECONDS))


def choose(app, title):
    """Of the sizes on the page of advice."""
    checks = wait(lambda: len(found := app.find_all('radio button')) == 3 and found,
                  'not all models are there')
    titles = [check.get_name() for check in checks]
    chosen = next(check.get_name() for check in checks if app.has(check, 'CHECKED'))
    app.focus('radio button', chosen)
    check = app.focus('radio button', title,
                      'Down' if titles.index(title) > titles.index(chosen) else 'Up')
    wait(lambda: app.has(check, 'CHECKED'), f'“{title}” is not chosen')
    press(app, 'Download (')


def sentence(app, title, contains):
    """What the stopped download says, and whether it leaves every way on."""
    heading(app, title)
    label = app.find('label', contains=contains, timeout=SECONDS)
    for name in ('Try Again', 'Choose Another Model', 'Use the Demo Model'):
        assert app.has(app.find('button', name), 'SENSITIVE'), f'“{name}” cannot be pressed'
    assert not app.find_all('label', contains='You can close Linnet'), 'it does not go on'
    return label.get_name()


def stored():
    """What lies where models go."""
    folder = pathlib.Path(os.environ['XDG_DATA_HOME'], 'linnet/models')
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file())


def n_requests(server):
    with server.log_lock:
        return len(server.log)


def disk_is_too_small(app, server):
    """With too little disk it says how much is free and how much is needed; nothing is begun."""
    press(app, 'Start')
    heading(app, 'What can this computer do?')
    press(app, 'Next')
    heading(app, 'What do you want to do?')
    press(app, 'Next')
    heading(app, 'suits your computer')
    choose(app, HUGE)
    text = sentence(app, NOT_BEGUN, 'The disk has ')
    assert '563.' in text and 'TB' in text, text
    assert n_requests(server) == 0, 'the registry was asked'
    assert not stored(), stored()


def disk_is_looked_at_again(app, server):
    """Try Again looks at the disk again."""
    press(app, 'Try Again')
    sentence(app, NOT_BEGUN, 'The disk has ')
    assert n_requests(server) == 0 and not stored()


def another_is_chosen(app, server):
    """Another model can be chosen; that the registry has not got it is said, and not kept."""
    press(app, 'Choose Another Model')
    heading(app, 'suits your computer')
    choose(app, LOST)
    sentence(app, NOT_BEGUN, 'has no such model')
    assert n_requests(server) > 0
    assert not stored(), stored()


def missing_stays_missing(app, server):
    """Try Again asks the registry again."""
    before = n_requests(server)
    press(app, 'Try Again')
    wait(lambda: n_requests(server) > before, 'it was not asked')
    sentence(app, NOT_BEGUN, 'has no such model')


def wrong_bytes_are_not_kept(app, server):
    """Bytes that are wrong every time are a sentence, and never a model."""
    server.faults.add({'fault': 'flip', 'offset': 1_000_000, 'host': 'cdn', 'times': 0})
    press(app, 'Choose Another Model')
    heading(app, 'suits your computer')
    choose(app, SPOILED)
    sentence(app, STOPPED, 'arrived damaged')
    assert not [name for name in stored() if name.endswith('.gguf')], stored()


def demo_is_used(app, server):
    """The demo model can be used instead, and the menu leads back to what went wrong."""
    press(app, 'Use the Demo Model')
    app.find('text', 'Question')
    app.find('label', INNER_NAME)
    app.press(app.find('button', contains='Choose a Model'))
    sentence(app, STOPPED, 'arrived damaged')


def goes_well_at_last(app, server):
    """Try Again, with the right bytes, ends with the model."""
    server.faults.clear()
    press(app, 'Try Again')
    heading(app, 'is ready')
    found = [name for name in stored() if name.endswith('.gguf')]
    assert len(found) == 1, found


TESTS_IN_ORDER = (disk_is_too_small, disk_is_looked_at_again, another_is_chosen,
                  missing_stays_missing, wrong_bytes_are_not_kept, demo_is_used,
                  goes_well_at_last, says_no_nonsense)


def huge():
    return catalogue_entry('whale', HUGE, files=[{'quantisation': 'Q8_0', 'bytes': HUGE_BYTES,
                                                  'references': ['whale:q8_0']}])


def go(tap):
    with Server() as server, Desktop(first_start=True) as desktop:
        server.store.add_ollama('whale:q8_0', str(DEMO))
        server.store.add_ollama('wren:q8_0', str(DEMO))
        os.environ['LINNET_OLLAMA_REGISTRY'] = server.url
        write_catalogue(huge(), catalogue_entry('heron', LOST),
                        catalogue_entry('wren', SPOILED))
        with App(desktop, '--seed', 2) as app:
            tap.run_all(TESTS_IN_ORDER, app, server)


main(go, DEMO)
