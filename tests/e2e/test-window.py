#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uses the real window as a person with a screen reader and a keyboard would. Prints TAP."""

import os
import pathlib
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from lib import App, Desktop, wait  # noqa: E402
from tap import main, says_no_nonsense  # noqa: E402

MODEL = 'MiniMind2-Small'
# Roles that something can be done with; each must say what.
INTERACTIVE = ('button', 'toggle button', 'text', 'entry', 'menu item', 'list item', 'link',
               'check box', 'combo box', 'slider', 'spin button', 'switch')
# An answer of the demo model is there before anybody sees it begin, unless it is computed plainly.
SLOWLY = ('--cpu', 'reference')

LONG_QUESTIONS = (
    'Write a long story about a bird and a river.',
    'Explain in detail how computers work.',
    'What is artificial intelligence?',
    'List twenty things to do in spring.',
    'Tell me everything about the history of China.',
)
SECONDS_TO_STOP = 2  # far more than the engine takes, for busy computers


def field(app):
    return app.find('text', 'Question')


def answers(app):
    return [app.text(view) for view in app.find_all('text', 'Answer')]


def ask(app, question):
    app.write(field(app), question)
    app.keys('ctrl+l', 'Return')
    wait(lambda: app.text(field(app)) == '', 'the question was not sent')


def wait_finished(app):
    app.find('button', 'Send', timeout=180)


def wait_text(app, position, length):
    """Waits until the answer at position has more than length characters, and gives it."""
    def grown():
        texts = answers(app)
        return len(texts) > position and len(texts[position]) > length and texts[position]
    return wait(grown, f'answer {position} did not grow beyond {length} characters', 60)


def check_names(app):
    """Everything that can be used has a name."""
    nameless = [app.role(thing) for thing in app.walk()
                if app.role(thing) in INTERACTIVE and not thing.get_name()]
    assert not nameless, f'without a name: {nameless} in\n{app.tree()}'


def catch_answering(app):
    """Asks until an answer is long enough for Stop to be there: gives it, the answer's position and
    what there was of it. The model is small and the computer may be fast."""
    for question in LONG_QUESTIONS:
        position = len(answers(app))
        ask(app, question)
        partial = wait_text(app, position, 10)
        for button in app.find_all('button', 'Stop the Answer'):
            return button, position, partial
        wait_finished(app)
    raise AssertionError('every answer ended before it could be stopped')


def answer_streams(app):
    """A question is answered, piece by piece."""
    app.find('label', MODEL)
    check_names(app)
    _, position, first = catch_answering(app)
    later = wait_text(app, position, len(first))
    assert later.startswith(first), 'what was shown has changed'
    check_names(app)
    wait_finished(app)
    assert answers(app)[position].startswith(later)
    app.find('label', contains='tokens/s')


def stop_stops(app):
    """Stop ends an answer at once, and what there is of it stays."""
    for _ in range(8):
        button, position, partial = catch_answering(app)
        began = time.monotonic()
        app.press(button)
        app.find('button', 'Send')
        seconds = time.monotonic() - began
        if any(app.find_all('label', contains='Stopped')):
            break  # otherwise it had ended before the button was pressed
    else:
        raise AssertionError('every answer ended before it was stopped')
    assert seconds < SECONDS_TO_STOP, f'stopping took {seconds:.1f} s'
    stopped = answers(app)[position]
    assert stopped.startswith(partial)
    time.sleep(0.5)
    assert answers(app)[position] == stopped, 'the answer went on after Stop'


def keys_work(app):
    """Shift+Enter starts a line, Enter sends, Escape stops."""
    app.press(app.find('button', 'New Chat'))
    app.find('list', 'Suggestions')  # a button shows itself pressed for a while before it acts
    app.write(field(app), 'How')
    app.keys('ctrl+End', 'shift+Return')
    wait(lambda: app.text(field(app)) == 'How\n', 'Shift+Enter started no line')
    app.keys('a')
    app.keys('Return')
    wait_text(app, 0, 0)
    app.keys('Escape')
    wait_finished(app)


def bad_file_is_refused(app):
    """A bad file gets a sentence, and the model stays."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'notes.gguf')
        pathlib.Path(path).write_text('not a model', encoding='utf-8')
        app.open(path)
        app.find('label', contains='is not a GGUF model file')
    app.find('label', MODEL)
    app.find('button', 'Open Another…')
    app.press(app.find('button', 'Dismiss'))
    app.gone('button', 'Open Another…')
    ask(app, 'Hello!')
    wait_finished(app)


def too_long_comes_back(app):
    """A question longer than the model can take in is given back, with a sentence."""
    question = '天上的星星真多。' * 1000
    app.write(field(app), question)
    app.keys('ctrl+l', 'Return')
    app.find('label', contains='longer than this model can take in', timeout=60)
    wait(lambda: app.text(field(app)) == question, 'the question is not in the field again')
    app.press(app.find('button', 'New Chat', timeout=5))
    app.gone('label', contains='longer than this model can take in')
    app.write(field(app), '')


def new_chat_clears(app):
    """A new chat begins empty, with suggestions that are sent."""
    ask(app, 'Hello!')
    wait_finished(app)
    app.keys('ctrl+n')
    app.find('list', 'Suggestions')
    assert not answers(app)
    app.keys('shift+Tab')  # from the question field to the suggestions
    wait(lambda: any(app.has(item, 'FOCUSED') for item in app.find_all('list item')),
         'no suggestion has the focus')
    app.keys('Return')
    wait_text(app, 0, 0)
    app.keys('Escape')
    wait_finished(app)


def shortcuts_open(app):
    """The keyboard shortcuts are shown and closed again."""
    app.keys('ctrl+question')
    app.find('label', 'Stop the answer')
    check_names(app)
    app.keys('Escape')
    app.gone('label', 'Stop the answer')


def about_opens(app):
    """The about dialog is reached from the menu."""
    app.keys('F10')
    app.find('menu item')
    app.keys('Up', 'Return')  # it is the last
    app.find('label', 'The Linnet contributors')
    app.keys('Escape')
    app.gone('label', 'The Linnet contributors')


def closes_while_answering(app):
    """Closing the window in the middle of an answer ends the program cleanly."""
    ask(app, 'Tell me a long story.')
    app.keys('ctrl+w')
    assert app.process.wait(10) == 0, f'the program ended with {app.process.returncode}'


def no_model_at_first(app):
    """Started with a bad file, the window says so and offers the demo model."""
    app.find('label', contains='is not a GGUF model file')
    check_names(app)
    app.press(app.find('button', 'Use the Demo Model'))
    app.find('label', MODEL)
    ask(app, 'Hello!')
    wait_finished(app)


def speaks_chinese(app):
    """In Chinese the window is in Chinese, and answers in Chinese."""
    app.write(app.find('text', '问题'), '中国的首都是哪里？')
    app.keys('Return')
    wait(lambda: any('北京' in app.text(view) for view in app.find_all('text', '回答')),
         lambda: f'no answer names Beijing:\n{app.tree()}', 60)
    app.find('label', contains='词元/秒')


def go(tap):
    with Desktop() as desktop, tempfile.TemporaryDirectory() as folder:
        with App(desktop, *SLOWLY, '--seed', 2) as app:
            tap.run_all((answer_streams, stop_stops, keys_work, bad_file_is_refused,
                         too_long_comes_back, new_chat_clears, shortcuts_open, about_opens,
                         closes_while_answering, says_no_nonsense), app)
        bad_file = os.path.join(folder, 'bad.gguf')
        pathlib.Path(bad_file).write_bytes(b'GGUF' + bytes(20))
        with App(desktop, bad_file) as app:
            tap.run_all((no_model_at_first, says_no_nonsense), app)
        with App(desktop, *SLOWLY, '--seed', 2, language='zh_CN') as app:
            tap.run_all((speaks_chinese, says_no_nonsense), app)


main(go)
