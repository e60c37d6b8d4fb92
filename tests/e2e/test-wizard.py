#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes through the choice of a model in the real window, from the first start to an answer, with a
registry on loopback that breaks off and a program that is killed on the way. Prints TAP."""

import os
import pathlib
import sys
import time

sys.dont_write_bytecode = True
from lib import App, Desktop, wait  # noqa: E402
from modelfixture import DEMO, Server, catalogue_entry, write_catalogue  # noqa: E402
from tap import main, says_no_nonsense  # noqa: E402

MODEL_TITLE = 'Finch 26M Chat'
INTERACTIVE = ('button', 'toggle button', 'text', 'entry', 'menu item', 'list item', 'link',
               'check box', 'radio button', 'combo box', 'slider', 'spin button', 'switch')
SLOWLY = 500_000  # bytes a second of each connection
QUICKLY = 8_000_000
# As the test model calls itself.
INNER_NAME = 'MiniMind2-Small'


def check_names(app):
    """Everything that can be used has a name."""
    # What a combo box shows is an item of a list of the toolkit's, which has no name itself.
    nameless = [app.role(thing) for thing in app.walk()
                if app.role(thing) in INTERACTIVE and not thing.get_name()
                and not (app.role(thing) == 'list item' and not thing.get_parent().get_name())]
    assert not nameless, f'without a name: {nameless} in\n{app.tree()}'


def heading(app, text, timeout=20):
    return app.find('heading', contains=text, timeout=timeout)


def press_next(app, name='Next'):
    """Presses a button as soon as it can be pressed."""
    def ready():
        for button in app.find_all('button', contains=name):
            if app.has(button, 'SENSITIVE'):
                return button
        return None
    app.press(wait(ready, f'“{name}” cannot be pressed', 60))


def downloaded(server):
    """Bytes of the model that were sent so far."""
    return sum(row['sent'] for row in list(server.log) if row['status'] in (200, 206)
               and row['sent'] > 10_000)


def can_be_skipped(app):
    """The first start shows the wizard, and skipping it leads to the demo model."""
    heading(app, 'Welcome to Linnet')
    check_names(app)
    app.press(app.find('button', 'Skip and Use the Demo Model'))
    app.find('label', INNER_NAME)
    app.find('text', 'Question')
    app.find('button', contains='Choose a Model')


def measures(app):
    """Your computer is measured, and every check says what it found."""
    heading(app, 'Welcome to Linnet')
    app.press(app.find('button', 'Start'))
    heading(app, 'What can this computer do?')
    app.find('label', contains='GB a second from memory', timeout=120)
    app.find('label', contains='free now')
    app.find('image', 'How fast the books come from the library')
    check_names(app)
    press_next(app)


def arrows_choose(app):
    """Arrow keys choose what the model is for."""
    heading(app, 'What do you want to do?')
    app.focus('radio button', 'Chat and learn')
    app.keys('Down', 'Down')
    wait(lambda: app.has(app.find('radio button', 'Write programs'), 'CHECKED'), 'it is not chosen')
    app.keys('Up', 'Up')
    wait(lambda: app.has(app.find('radio button', 'Chat and learn'), 'CHECKED'), 'it is not chosen')
    app.press(app.find('button', 'Back'))
    heading(app, 'What can this computer do?')
    press_next(app)


def keys_lead_on(app):
    """With everything left as it is, Enter alone leads on."""
    heading(app, 'What do you want to do?')
    check_names(app)
    wait(lambda: app.has(heading(app, 'What do you want to do?'), 'FOCUSED'),
         'the heading has not got the focus')
    app.keys('Return')
    heading(app, 'This model suits your computer')


def advises(app):
    """One model is recommended, before anything is downloaded."""
    app.find('label', MODEL_TITLE)
    app.find('label', contains='words a second')
    app.find('label', contains='free for every use')
    check_names(app)


def downloads(app, server):
    """The download can be paused and goes on, in spite of a connection that is cut."""
    server.options['rate'] = SLOWLY
    server.faults.add({'fault': 'cut', 'bytes': 200_000, 'host': 'cdn', 'skip': 1})
    press_next(app, 'Download (')
    heading(app, 'Your model is on its way')
    check_names(app)
    app.press(app.find('button', 'Pause'))
    heading(app, 'The download is paused')
    time.sleep(0.5)
    before = downloaded(server)
    time.sleep(1)
    assert downloaded(server) - before < 300_000, 'it went on after it was paused'
    app.press(app.find('button', 'Resume'))
    heading(app, 'Your model is on its way')


def tries_meanwhile(app, server):
    """The demo model can be tried meanwhile, and the wizard is there again."""
    before = downloaded(server)
    app.press(app.find('button', 'Try the Demo Model Meanwhile'))
    app.find('text', 'Question')
    wait(lambda: downloaded(server) > before, 'the download has stopped', 30)
    app.press(app.find('button', contains='Choose a Model'))
    heading(app, 'Your model is on its way')


def is_killed(app, server):
    """The program is killed in the middle of the download."""
    wait(lambda: downloaded(server) > DEMO.stat().st_size // 5, 'too little came', 60)
    app.process.kill()
    app.process.wait(10)
    assert downloaded(server) < DEMO.stat().st_size, 'it was all there already'


def goes_on(app, server):
    """Started again it goes on where it was, though a connection stalls, and all is verified."""
    heading(app, 'Your model is on its way')
    heading(app, 'is ready', timeout=150)
    resumed = [row for row in server.log if row['first'] > 0]
    assert resumed, 'everything was fetched anew'
    models = pathlib.Path(os.environ['XDG_DATA_HOME']) / 'linnet'
    found = [path for path in models.rglob('*.gguf') if path.stat().st_size == DEMO.stat().st_size]
    assert any(path.read_bytes() == DEMO.read_bytes() for path in found), \
        f'it is not there as it should be: {sorted(models.rglob("*"))}'
    check_names(app)


def ends_in_a_chat(app):
    """The first question is in the field, and is answered."""
    press_next(app, 'Start Chatting')
    field = app.find('text', 'Question')
    wait(lambda: 'why the sky is blue' in app.text(field), 'no question was suggested')
    app.find('label', INNER_NAME, timeout=60)
    app.keys('ctrl+l', 'Return')
    wait(lambda: any(len(app.text(view)) > 10 for view in app.find_all('text', 'Answer')),
         lambda: f'no answer in\n{app.tree()}', 60)
    app.find('button', 'Send', timeout=120)


def is_done(app):
    """The next start opens the chat, and the menu the wizard, whose model is here."""
    app.find('text', 'Question')
    assert not app.find_all('heading', contains='Welcome to Linnet')
    app.press(app.find('button', contains='Choose a Model'))
    app.press(app.find('button', 'Start'))
    heading(app, 'What can this computer do?')
    press_next(app)
    heading(app, 'What do you want to do?')
    press_next(app)
    heading(app, 'This model suits your computer')
    press_next(app, 'Use This Model')
    heading(app, 'is ready', timeout=60)


def speaks_chinese(app):
    """In Chinese the wizard is in Chinese."""
    heading(app, '欢迎使用 Linnet')
    app.press(app.find('button', contains='开始'))
    heading(app, '这台电脑能做什么')


def go_through(tap, desktop, server):
    with App(desktop, '--seed', 2) as app:
        tap.run(can_be_skipped, app)
    desktop.write_settings({})
    with App(desktop, '--seed', 2) as app:
        for test in (measures, arrows_choose, keys_lead_on, advises):
            tap.run(test, app)
        for test in (downloads, tries_meanwhile):
            tap.run(test, app, server)
        tap.run(says_no_nonsense, app)
        tap.run(is_killed, app, server)
    server.faults.clear()
    server.faults.add({'fault': 'stall', 'bytes': 50_000, 'host': 'cdn', 'skip': 1})
    server.options['rate'] = QUICKLY
    with server.log_lock:
        server.log.clear()
    with App(desktop, '--seed', 2) as app:
        tap.run(goes_on, app, server)
        tap.run(ends_in_a_chat, app)
        tap.run(says_no_nonsense, app)
    with App(desktop, '--seed', 2) as app:
        tap.run(is_done, app)
        tap.run(says_no_nonsense, app)
    desktop.write_settings({})
    with App(desktop, language='zh_CN') as app:
        tap.run(speaks_chinese, app)


def go(tap):
    with Server() as server, Desktop(first_start=True) as desktop:
        server.store.add_ollama('finch:q8_0', str(DEMO))
        os.environ['LINNET_OLLAMA_REGISTRY'] = server.url
        write_catalogue(catalogue_entry('finch', MODEL_TITLE))
        go_through(tap, desktop, server)


main(go, DEMO)
