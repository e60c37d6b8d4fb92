#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the pictures in screenshots/: screenshots.py [NAME …]"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from lib import App, Desktop, Missing, wait  # noqa: E402
from modelfixture import (DEMO, MODELFILE, TIGHT_MIB, Server, Store, make_computer,  # noqa: E402
                          make_ollama_store)
from wizard_shots import WIZARD_SHOTS, shoot_wizard  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDER = SOURCE / 'screenshots'
WIDE, NARROW, SMALL = (1000, 700), (360, 640), (360, 300)
FRAME = 5  # what the toolkit draws around a window where nothing composites

WORDS = {
    'en_US': {'field': 'Question', 'send': 'Send'},
    'zh_CN': {'field': '问题', 'send': '发送'},
}
POEM = {'en_US': 'Write a short poem about spring.', 'zh_CN': '写一首关于春天的短诗。'}
CAPITAL = {'en_US': 'What is the capital of France?', 'zh_CN': '中国的首都是哪里？'}


def show_start(app, language):
    app.find('text', WORDS[language]['field'])


def ask(app, language, question):
    app.write(app.find('text', WORDS[language]['field']), question)
    app.keys('ctrl+l', 'Return')
    time.sleep(0.5)
    app.find('button', WORDS[language]['send'], timeout=120)


def show_conversation(app, language):
    ask(app, language, CAPITAL[language])
    ask(app, language, POEM[language])


def show_answering(app, language):
    app.write(app.find('text', WORDS[language]['field']), POEM[language])
    app.keys('ctrl+l', 'Return')
    wait(lambda: any(len(app.text(view)) > 60 for view in app.find_all('text')
                     if view.get_name() != WORDS[language]['field']),
         'no answer came', 60)


def show_reading(app, language):
    app.write(app.find('text', WORDS[language]['field']), LONG)
    app.keys('ctrl+l', 'Return')
    app.find('label', contains='%', timeout=60)


def show_long_question(app, language):
    show_conversation(app, language)
    app.write(app.find('text', WORDS[language]['field']), LONG)


def show_scrolled(app, language):
    for _ in range(3):
        ask(app, language, POEM[language])
    app.keys('Page_Up', 'Page_Up')


def show_shortcuts(app, language):
    show_start(app, language)
    app.keys('ctrl+question')
    time.sleep(1)


def show_menu(app, language):
    show_start(app, language)
    app.keys('F10')
    time.sleep(1)


def show_failed(app, language):
    time.sleep(2)


def show_refused(app, language):
    """A bad file while a model is open: the program is asked as a file manager would."""
    show_conversation(app, language)
    app.open(BAD_FILE)
    time.sleep(2)


NAME = 'minimind:26m'
MODELS = {
    'en_US': {'name': 'Name or link, such as qwen2.5:3b', 'measure': 'Measure', 'list': 'Available',
              'delete': 'Delete MiniMind2-Small', 'pause': 'Pause the Download'},
    'zh_CN': {'name': '名称或链接，例如 qwen2.5:3b', 'measure': '测量(M)', 'list': '可以下载',
              'delete': '删除 MiniMind2-Small', 'pause': '暂停下载'},
}


def show_models(app, language):
    """With a model of Linnet's own, one of Ollama's, and one on its way."""
    words = MODELS[language]
    show_start(app, language)
    app.keys('ctrl+m')
    app.find('list', words['list'])
    time.sleep(1)  # until what was measured before, if anything was, is there
    for button in app.find_all('button', words['measure']):
        app.press(button)
    app.gone('button', words['measure'], timeout=60)
    if not app.find_all('button', words['delete']):
        get_by_name(app, language, NAME)
        app.find('button', words['delete'], timeout=60)
        time.sleep(6)  # until its word that it is here has gone


def get_by_name(app, language, name):
    field = app.focus('text', MODELS[language]['name'])
    app.write(field, name)
    app.keys('Return')


def show_models_pulling(app, language):
    show_models(app, language)
    get_by_name(app, language, 'other:26m')
    app.find('button', MODELS[language]['pause'])
    time.sleep(1)
    app.keys('shift+Tab', 'shift+Tab')
    time.sleep(1)


def show_delete(app, language):
    show_models(app, language)
    app.press(app.find('button', MODELS[language]['delete']))
    time.sleep(1)


def show_details(app, language):
    show_models(app, language)
    app.focus('list item', 'MiniMind2-Small')
    app.keys('Return')
    time.sleep(1)


def show_quantisations(app, language):
    show_models(app, language)
    app.focus('list item', 'Qwen2.5 3B Instruct')
    app.keys('Return')
    time.sleep(1)


def show_preferences(app, language):
    show_start(app, language)
    app.keys('ctrl+comma')
    time.sleep(1)


def show_folders(app, language):
    show_preferences(app, language)
    app.press(app.find('page tab', {'en_US': 'Models', 'zh_CN': '模型'}[language]))
    time.sleep(1)


def show_no_memory(app, language):
    app.find('label', contains={'en_US': 'can be had now', 'zh_CN': '4096'}[language])
    time.sleep(1)


def show_modelfile(app, language):
    """The question for a name, with what the lines of a Modelfile mean."""
    show_models(app, language)
    app.press(app.find('toggle button', {'en_US': 'More', 'zh_CN': '更多'}[language]))
    items = wait(lambda: len(found := app.find_all('menu item')) == 4 and found, 'no menu')
    app.press(items[1])
    title = {'en_US': 'Import a Modelfile', 'zh_CN': '导入 Modelfile'}[language]
    app.choose_file(title, os.path.join(os.path.dirname(BAD_FILE), 'Modelfile'))
    time.sleep(1)


BAD_FILE = '/nowhere'
LONG = ('请把下面这段话读一遍，再用一句话说明它讲了什么：春天来了，天气一天比一天暖和，河里的冰化了，'
        '柳树发了芽，燕子从南方飞了回来。') * 8

# name: (language, dark, size, what to do, "bad" for a model file that is none, "tight" for a
# computer with too little memory, seed)
SHOTS = {
    'start': ('en_US', False, WIDE, show_start, None, 8),
    'start-dark': ('en_US', True, WIDE, show_start, None, 8),
    'start-zh-narrow': ('zh_CN', False, NARROW, show_start, None, 8),
    'start-small': ('en_US', False, SMALL, show_start, None, 8),
    'answering': ('en_US', False, WIDE, show_answering, None, 8),
    'reading-zh-narrow': ('zh_CN', False, NARROW, show_reading, None, 8),
    'answer': ('en_US', False, WIDE, show_conversation, None, 8),
    'answer-dark': ('en_US', True, WIDE, show_conversation, None, 8),
    'answer-narrow': ('en_US', False, NARROW, show_conversation, None, 8),
    'answer-zh': ('zh_CN', False, WIDE, show_conversation, None, 4),
    'answer-zh-dark': ('zh_CN', True, WIDE, show_conversation, None, 4),
    'answer-zh-narrow-dark': ('zh_CN', True, NARROW, show_conversation, None, 4),
    'long-question-zh-narrow': ('zh_CN', False, NARROW, show_long_question, None, 4),
    'scrolled-narrow-dark': ('en_US', True, NARROW, show_scrolled, None, 8),
    'shortcuts': ('en_US', False, WIDE, show_shortcuts, None, 8),
    'menu-zh': ('zh_CN', False, WIDE, show_menu, None, 4),
    'bad-file': ('en_US', False, WIDE, show_refused, None, 8),
    'bad-file-zh-narrow': ('zh_CN', False, NARROW, show_refused, None, 4),
    'models': ('en_US', False, WIDE, show_models_pulling, None, 8),
    'models-dark': ('en_US', True, WIDE, show_models, None, 8),
    'models-zh': ('zh_CN', False, WIDE, show_models, None, 8),
    'models-zh-narrow-dark': ('zh_CN', True, NARROW, show_models, None, 8),
    'models-narrow': ('en_US', False, NARROW, show_models, None, 8),
    'models-delete': ('en_US', False, WIDE, show_delete, None, 8),
    'models-details-zh': ('zh_CN', False, WIDE, show_details, None, 8),
    'models-quantisations': ('en_US', False, WIDE, show_quantisations, None, 8),
    'models-quantisations-zh-narrow': ('zh_CN', False, NARROW, show_quantisations, None, 8),
    'preferences': ('en_US', False, WIDE, show_preferences, None, 8),
    'preferences-zh-narrow-dark': ('zh_CN', True, NARROW, show_preferences, None, 8),
    'preferences-folders': ('en_US', False, WIDE, show_folders, None, 8),
    'preferences-folders-zh-narrow': ('zh_CN', False, NARROW, show_folders, None, 8),
    'memory': ('en_US', False, WIDE, show_no_memory, 'tight', 8),
    'memory-zh-narrow-dark': ('zh_CN', True, NARROW, show_no_memory, 'tight', 8),
    'modelfile': ('en_US', False, WIDE, show_modelfile, None, 8),
    'modelfile-zh-narrow-dark': ('zh_CN', True, NARROW, show_modelfile, None, 8),
    'no-model-zh': ('zh_CN', False, WIDE, show_failed, 'bad', 4),
}


def take(app, path):
    """Writes a small PNG of the window and the menus over it."""
    x, y, width, height = app.place()
    crop = f'{width - 2 * FRAME}x{height - 2 * FRAME}+{x + FRAME}+{y + FRAME}'
    subprocess.run(['import', '-silent', '-window', 'root', '-crop', crop, '+repage',
                    '-dither', 'None', '-colors', '64', '-define', 'png:compression-level=9',
                    '-strip', str(path)], check=True)


def shoot(desktop, name):
    if name in WIZARD_SHOTS:
        shoot_wizard(desktop, name, lambda app: take(app, FOLDER / f'{name}.png'))
        return
    language, dark, size, action, model, seed = SHOTS[name]
    arguments = ['--seed', seed]
    if model == 'bad':
        arguments.append(BAD_FILE)
    elif model == 'tight':
        arguments += ['--machine-root', make_computer(os.path.dirname(BAD_FILE), TIGHT_MIB)]
    with App(desktop, *arguments, language=language, dark=dark) as app:
        app.resize(size[0] + 2 * FRAME, size[1] + 2 * FRAME)
        action(app, language)
        time.sleep(0.5)
        take(app, FOLDER / f'{name}.png')


def offer_models():
    store = Store()
    store.add_ollama(NAME, str(DEMO), license='Apache License\nVersion 2.0, January 2004\n')
    store.add_ollama('other:26m', DEMO.read_bytes() + bytes(64))
    return store


def run():
    global BAD_FILE
    known = list(SHOTS) + list(WIZARD_SHOTS)
    names = sys.argv[1:] or known
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f'no picture is called {", ".join(unknown)}; there are: {", ".join(known)}')
    if shutil.which('import') is None:
        sys.exit('ImageMagick is not installed')
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        BAD_FILE = os.path.join(folder, 'notes.gguf')
        pathlib.Path(BAD_FILE).write_text('not a model', encoding='utf-8')
        pathlib.Path(folder, 'Modelfile').write_text(MODELFILE, encoding='utf-8')
        try:
            with Desktop() as desktop, Server(offer_models()) as server:
                make_ollama_store(pathlib.Path(desktop.home, 'ollama'),
                                  DEMO.read_bytes() + bytes(32))
                os.environ['OLLAMA_MODELS'] = os.path.join(desktop.home, 'ollama')
                os.environ['LINNET_OLLAMA_REGISTRY'] = server.url
                server.options['rate'] = 1_500_000
                for name in names:
                    shoot(desktop, name)
                    print(f'{name}: {(FOLDER / (name + ".png")).stat().st_size // 1024} KB')
        except Missing as error:
            sys.exit(str(error))


run()
