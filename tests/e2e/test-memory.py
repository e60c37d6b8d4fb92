#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a model that would not fit into memory in the real window, on a computer that is made of
files. Prints TAP."""

import os
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
from lib import App, Desktop, wait  # noqa: E402
from modelfixture import DEMO, TIGHT_MIB, make_computer  # noqa: E402
from tap import main, says_no_nonsense  # noqa: E402

DIALOG = 'Too Little Memory Is Free'
INNER_NAME = 'MiniMind2-Small'  # as the demo model calls itself
ROOMY_MIB, FULL_MIB = 3000, 200
SMALLER = 'Open With a Context of '


def asks(app):
    """Waits for the question; its answers by name."""
    app.find('label', DIALOG)
    return {thing.get_name(): thing for thing in app.find_all('button')
            if thing.get_name() in ('Cancel', 'Open Anyway') or SMALLER in thing.get_name()}


def answer(app, answers, name):
    app.press(next(thing for its_name, thing in answers.items() if name in its_name))
    app.gone('label', DIALOG)


def is_asked_first(app, root, copy):
    """With too little memory the model is not loaded but asked about, in figures."""
    answers = asks(app)
    app.find('label', contains='It takes about')
    app.find('label', contains='with a context of 4096 tokens')
    app.find('label', contains='can be had now')
    assert set(answers) >= {'Cancel', 'Open Anyway'}, app.tree()
    assert not app.find_all('label', INNER_NAME), 'it was loaded all the same'


def cancel_leaves_it(app, root, copy):
    """Cancel, which is also Escape, opens nothing, and the window says how to go on."""
    app.keys('Escape')
    app.gone('label', DIALOG)
    app.find('label', 'No Model Is Open')
    app.press(app.find('button', 'Use the Demo Model'))
    answer(app, asks(app), 'Cancel')
    app.find('label', 'No Model Is Open')


def smaller_context_is_offered(app, root, copy):
    """Where less context would fit it is offered, is what Enter does, and opens the model."""
    app.press(app.find('button', 'Use the Demo Model'))
    answers = asks(app)
    smaller = [name for name in answers if SMALLER in name]
    assert smaller, f'no smaller context among {list(answers)}'
    n_ctx = int(smaller[0].removeprefix(SMALLER).split()[0])
    assert 512 <= n_ctx < 4096, n_ctx
    assert app.has(answers[smaller[0]], 'FOCUSED') or app.has(answers[smaller[0]], 'IS_DEFAULT'), \
        'Enter would do something else'
    app.keys('Return')
    app.gone('label', DIALOG)
    app.find('label', INNER_NAME)
    app.find('text', 'Question')


def cancel_keeps_the_open_one(app, root, copy):
    """While a model is open, Cancel goes back to it."""
    make_computer(root, FULL_MIB)
    app.open(copy)
    answers = asks(app)
    assert not any(SMALLER in name for name in answers), f'{list(answers)}: nothing would fit'
    answer(app, answers, 'Cancel')
    app.find('text', 'Question')
    app.find('label', INNER_NAME)


def open_anyway_opens(app, root, copy):
    """Open Anyway opens it, and it answers."""
    app.open(copy)
    answer(app, asks(app), 'Open Anyway')
    field = app.find('text', 'Question', timeout=30)
    app.write(field, 'Hello.')
    app.keys('ctrl+l', 'Return')
    wait(lambda: any(app.text(view) for view in app.find_all('text', 'Answer')),
         'no answer came', 60)
    app.find('button', 'Send', timeout=60)


def enough_is_not_asked_about(app, root, copy):
    """With memory free again the model opens without a question."""
    make_computer(root, ROOMY_MIB)
    app.open(copy)
    app.find('text', 'Question')
    assert not app.find_all('label', DIALOG)


TESTS_IN_ORDER = (is_asked_first, cancel_leaves_it, smaller_context_is_offered,
                  cancel_keeps_the_open_one, open_anyway_opens, enough_is_not_asked_about,
                  says_no_nonsense)


def go(tap):
    with Desktop() as desktop:
        root = pathlib.Path(desktop.home, 'computer')
        copy = shutil.copy(DEMO, os.path.join(desktop.home, 'copy.gguf'))
        make_computer(root, TIGHT_MIB)
        with App(desktop, '--seed', 2, '--machine-root', root) as app:
            tap.run_all(TESTS_IN_ORDER, app, root, copy)


main(go, DEMO)
