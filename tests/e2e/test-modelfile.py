#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes models of Modelfiles in the real window, and writes one out again. Prints TAP."""

import os
import pathlib
import sys

sys.dont_write_bytecode = True
from lib import App, Desktop, wait  # noqa: E402
from modelfixture import DEMO, FOREIGN, MODELFILE, make_ollama_store  # noqa: E402
from tap import main, says_no_nonsense  # noqa: E402

BROKEN = f'FROM {FOREIGN}\nPARAMETER temperature hot\n'


def own_files(desktop):
    folder = pathlib.Path(os.environ['XDG_DATA_HOME'], 'linnet/models')
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file())


def import_file(app, path):
    """Chooses the file in the page's menu."""
    app.press(app.find('toggle button', 'More'))
    # The toolkit's menu items have no names: the second is it.
    items = wait(lambda: len(found := app.find_all('menu item')) == 4 and found,
                 'the menu does not open')
    app.press(items[1])
    app.choose_file('Import a Modelfile', path)


def write_modelfile(desktop, text):
    path = pathlib.Path(desktop.home, 'Modelfile')
    path.write_text(text, encoding='utf-8')
    return path


def make(app, name):
    """Gives the new model a name."""
    button = app.find('button', 'Make')
    app.write(app.find('text', 'Name'), name)
    wait(lambda: app.has(button, 'SENSITIVE'), 'it cannot be made')
    app.press(button)
    app.gone('label', 'Name of the New Model')


def broken_is_explained(app, desktop):
    """A broken Modelfile gets a sentence, and nothing else changes."""
    app.find('text', 'Question')
    app.keys('ctrl+m')
    app.find('list item', FOREIGN)
    import_file(app, write_modelfile(desktop, BROKEN))
    app.find('label', contains='temperature')
    assert not app.find_all('label', 'Name of the New Model')
    assert not own_files(desktop), own_files(desktop)


def article_is_explained(app, desktop):
    """The article's example is taken, with a word on each line that means nothing here."""
    import_file(app, write_modelfile(desktop, MODELFILE))
    app.find('label', 'Name of the New Model')
    app.find('label', contains=f'It is made from {FOREIGN}')
    text = app.find('label', contains='Line 6').get_name()
    assert 'Line 6: “batch_size”' in text, text
    assert 'Line 8: “quantize”' in text, text
    assert not app.has(app.find('button', 'Make'), 'SENSITIVE'), 'it can be made without a name'
    app.press(app.find('button', 'Cancel'))
    app.gone('label', 'Name of the New Model')
    assert not own_files(desktop), own_files(desktop)


def article_is_made(app, desktop):
    """With a name it is a model, which shares the file it is made from."""
    import_file(app, write_modelfile(desktop, MODELFILE))
    make(app, 'teacher')
    app.find('label', 'teacher was made')
    app.find('list item', 'teacher')
    files = own_files(desktop)
    assert len(files) == 1 and files[0].endswith('model.json'), files


def name_is_taken(app, desktop):
    """A name that there is already, and a base that is not here, get a sentence."""
    before = own_files(desktop)
    import_file(app, write_modelfile(desktop, MODELFILE))
    make(app, 'teacher')
    app.find('label', contains='There is a model “teacher:latest” already')
    import_file(app, write_modelfile(desktop, 'FROM nowhere:1b\n'))
    make(app, 'nobody')
    app.find('label', contains='“nowhere:1b”')
    assert own_files(desktop) == before
    assert not app.find_all('list item', 'nobody')


def is_exported(app, desktop):
    """The recipe is written to a file, as it was but for what meant nothing."""
    app.focus('list item', 'teacher')
    app.keys('Return')
    app.find('label', 'Architecture')
    path = pathlib.Path(desktop.home, 'Exported')
    app.press(app.find('button', 'Export…'))
    app.choose_file('Export the Modelfile', path)
    app.find('label', 'The Modelfile was written.')
    lines = path.read_text(encoding='utf-8').splitlines()
    assert lines[0] == f'FROM {FOREIGN}', lines
    assert 'PARAMETER num_thread 2' in lines, lines
    assert 'You are a teacher.' in '\n'.join(lines), lines
    assert not any('batch_size' in line or 'quantize' in line for line in lines), lines
    app.gone('label', 'The Modelfile was written.')  # the first Escape would be for that word
    app.keys('Escape')
    app.gone('label', 'Architecture')


def is_opened(app, desktop):
    """It opens and answers."""
    app.press(app.find('button', 'Open teacher'))
    app.write(app.find('text', 'Question', timeout=30), 'Hello.')
    app.keys('ctrl+l', 'Return')
    wait(lambda: any(app.text(view) for view in app.find_all('text', 'Answer')),
         'no answer came', 60)
    app.find('button', 'Send', timeout=60)


TESTS_IN_ORDER = (broken_is_explained, article_is_explained, article_is_made, name_is_taken,
                  is_exported, is_opened, says_no_nonsense)


def go(tap):
    with Desktop() as desktop:
        root = pathlib.Path(desktop.home, 'ollama')
        make_ollama_store(root, DEMO.read_bytes() + bytes(32))
        os.environ['OLLAMA_MODELS'] = str(root)
        with App(desktop, '--seed', 2) as app:
            tap.run_all(TESTS_IN_ORDER, app, desktop)


main(go, DEMO)
