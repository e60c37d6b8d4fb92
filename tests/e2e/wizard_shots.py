# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the wizard, for screenshots.py. The models of its last pages come from a registry
on loopback."""

import os
import pathlib
import time

from lib import App, wait, xdotool
from modelfixture import DEMO, Server, catalogue_entry, write_catalogue

FRAME = 5  # what the toolkit draws around a window where nothing composites
WIDE, NARROW, SMALL = (760, 620), (360, 640), (360, 294)
NEXT = {'en_US': ('Start', 'Next', 'Next', 'Download (', 'Start Chatting'),
        'zh_CN': ('开始', '下一步', '下一步', '下载（', '开始对话')}
PAGES = ('welcome', 'computer', 'wishes', 'advice', 'download', 'ready')

# name: (language, dark, size, page, scrolled to its end, model of the registry)
WIZARD_SHOTS = {
    'wizard-1-welcome': ('en_US', False, WIDE, 'welcome', False, False),
    'wizard-1-welcome-zh-narrow-dark': ('zh_CN', True, NARROW, 'welcome', False, False),
    'wizard-2-computer': ('en_US', False, WIDE, 'computer', False, False),
    'wizard-2-computer-picture': ('en_US', False, WIDE, 'computer', True, False),
    'wizard-2-computer-picture-zh-narrow-dark': ('zh_CN', True, NARROW, 'computer', True, False),
    'wizard-3-wishes-narrow': ('en_US', False, NARROW, 'wishes', False, False),
    'wizard-3-wishes-zh-dark': ('zh_CN', True, WIDE, 'wishes', False, False),
    'wizard-4-advice': ('en_US', False, WIDE, 'advice', False, False),
    'wizard-4-advice-sizes-zh': ('zh_CN', False, WIDE, 'advice', True, False),
    'wizard-4-advice-narrow-dark': ('en_US', True, NARROW, 'advice', False, False),
    'wizard-4-advice-sizes-narrow': ('en_US', False, NARROW, 'advice', True, False),
    'wizard-4-advice-small': ('en_US', False, SMALL, 'advice', False, False),
    'wizard-5-download': ('en_US', False, WIDE, 'download', False, True),
    'wizard-5-download-zh-narrow-dark': ('zh_CN', True, NARROW, 'download', False, True),
    'wizard-5-disk': ('en_US', False, WIDE, 'disk', False, True),
    'wizard-5-disk-zh-narrow-dark': ('zh_CN', True, NARROW, 'disk', False, True),
    'wizard-6-ready': ('en_US', True, WIDE, 'ready', False, True),
    'wizard-6-ready-zh-narrow': ('zh_CN', False, NARROW, 'ready', False, True),
}


def press_next(app, name):
    def ready():
        return next((button for button in app.find_all('button', contains=name)
                     if app.has(button, 'SENSITIVE')), None)
    app.press(wait(ready, lambda: f'“{name}” cannot be pressed in\n{app.tree()}', 120))


def go_to(app, language, page):
    for position in range(PAGES.index(page)):
        if position < 4:  # the download leads on by itself
            press_next(app, NEXT[language][position])
            step = {'en_US': 'Step {} of', 'zh_CN': '第 {}/'}[language].format(position + 2)
            wait(lambda: any(app.find_all('label', contains=step)) or position == 3, step)
    if page == 'download':
        time.sleep(2)
    elif page == 'ready':
        app.find('button', contains=NEXT[language][4], timeout=120)
        time.sleep(1)
    elif page == 'computer':
        press_when = NEXT[language][1]
        wait(lambda: any(app.has(button, 'SENSITIVE')
                         for button in app.find_all('button', contains=press_when)), 'it is not measured', 60)


def scroll_down(app):
    """Turns the wheel until the end is seen."""
    x, y, width, height = app.place()
    xdotool('mousemove', x + width // 2, y + height // 2)
    xdotool('click', '--repeat', 40, '--delay', 10, 5)
    xdotool('mousemove', x + width - 20, y + height - 20)


def shoot_wizard(desktop, name, take):
    """take(app) takes the picture."""
    language, dark, size, page, scrolled, has_registry = WIZARD_SHOTS[name]
    catalogue = pathlib.Path(os.environ['XDG_CONFIG_HOME']) / 'linnet' / 'catalogue.json'
    desktop.write_settings({})
    with Server() as server:
        server.store.add_ollama('finch:q8_0', str(DEMO))
        server.options['rate'] = 0 if page == 'ready' else 1_000_000
        os.environ['LINNET_OLLAMA_REGISTRY'] = server.url
        if has_registry:
            # Of the small disk there is a picture, too.
            huge = {'bytes': 1 << 49} if page == 'disk' else {}
            files = [{'quantisation': 'Q8_0', 'references': ['finch:q8_0'], **huge}]
            write_catalogue(catalogue_entry('finch', 'Finch 26M Chat', files=files))
        with App(desktop, language=language, dark=dark) as app:
            app.resize(size[0] + 2 * FRAME, size[1] + 2 * FRAME)
            go_to(app, language, 'download' if page == 'disk' else page)
            if scrolled:
                scroll_down(app)
            time.sleep(1)
            take(app)
    catalogue.unlink(missing_ok=True)
    for folder in pathlib.Path(os.environ['XDG_DATA_HOME']).rglob('models'):
        for file in sorted(folder.rglob('*'), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
    desktop.write_settings({'wizard-done': 'true'})
