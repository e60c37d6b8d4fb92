# SPDX-License-Identifier: GPL-3.0-or-later
"""A real window on a display of its own, driven through its accessibility tree."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

TOOLS = ('Xvfb', 'dbus-daemon', 'xdotool')
LANGUAGES = ('en_US', 'zh_CN')
POLL_S = 0.05


class Missing(Exception):
    """This computer lacks something the tests need."""


class NotSeen(AssertionError):
    """What was waited for did not come."""


def wait(condition, what, timeout=20):
    """The first true value of condition(); NotSeen(what) when there is none in time."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise NotSeen(what() if callable(what) else what)
        time.sleep(POLL_S)


class Desktop:
    """An X display, a session bus and an accessibility bus, with a home folder of their own.

    Use it as a context; it changes this process's environment, so there is one in a process.
    first_start: the program has never run here, and opens with the choice of a model."""

    def __init__(self, size='1280x900', first_start=False):
        self.size = size
        self.first_start = first_start
        self.processes = []
        self.home = None
        self.atspi = None
        self.accessible = None

    def __enter__(self):
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if missing:
            raise Missing(f'{", ".join(missing)} is not installed')
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)

    def _start(self):
        self.home = tempfile.mkdtemp(prefix='linnet-e2e-')
        self._set_environment()
        number = self._start_and_read(
            ['Xvfb', '-displayfd', '1', '-screen', '0', self.size + 'x24', '-nolisten', 'tcp', '-noreset'])
        os.environ['DISPLAY'] = ':' + number
        os.environ['DBUS_SESSION_BUS_ADDRESS'] = self._start_and_read(
            ['dbus-daemon', '--session', '--nofork', '--nopidfile', '--print-address=1'])
        # Only now: Atspi finds its bus when it is first used.
        try:
            import gi
            gi.require_version('Atspi', '2.0')
            from gi.repository import Atspi
        except (ImportError, ValueError) as error:
            raise Missing(f'Atspi cannot be used from Python: {error}') from error
        self.atspi = Atspi
        Atspi.init()
        self.accessible = Atspi.get_desktop(0)

    def _set_environment(self):
        environment = os.environ
        for name in ('XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'):
            environment[name] = os.path.join(self.home, name.lower())
            os.makedirs(environment[name])
        environment['XDG_RUNTIME_DIR'] = os.path.join(self.home, 'run')
        os.makedirs(environment['XDG_RUNTIME_DIR'], mode=0o700)
        for name in list(environment):
            if name.startswith('LC_') or name in ('WAYLAND_DISPLAY', 'AT_SPI_BUS_ADDRESS',
                                                  'GTK_THEME', 'LANGUAGE'):
                del environment[name]
        environment.update({
            'HOME': self.home,
            'LANG': 'C.UTF-8',
            'GDK_BACKEND': 'x11',
            'GDK_DEBUG': 'no-portals',
            'ADW_DISABLE_PORTAL': '1',
            'GSK_RENDERER': 'cairo',
            'GSETTINGS_BACKEND': 'keyfile',
            'GTK_A11Y': 'atspi',
            'GTK_IM_MODULE': 'gtk-im-context-simple',
        })
        self._make_locales()
        folder = os.path.join(environment['XDG_CONFIG_HOME'], 'gtk-4.0')
        os.makedirs(folder)
        with open(os.path.join(folder, 'settings.ini'), 'w', encoding='utf-8') as file:
            file.write('[Settings]\ngtk-font-name=Cantarell 11\ngtk-enable-animations=false\n'
                       'gtk-cursor-blink=false\n')
        self.write_settings({} if self.first_start else {'wizard-done': 'true'})

    def write_settings(self, values):
        """Makes values, in GVariant's text form, the program's settings, all others their default."""
        path = os.path.join(os.environ['XDG_CONFIG_HOME'], 'glib-2.0', 'settings', 'keyfile')
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write('[io/github/linnet_chat/Linnet]\n')
            file.writelines(f'{name}={value}\n' for name, value in values.items())

    def _make_locales(self):
        """Texts are translated in a locale other than C only, and few systems have all of them:
        the C locale under their names will do."""
        plain = '/usr/lib/locale/C.utf8'
        if os.path.isdir(plain):
            for language in LANGUAGES:
                shutil.copytree(plain, os.path.join(self.home, 'locale', f'{language}.UTF-8'))
            os.environ['LOCPATH'] = os.path.join(self.home, 'locale')

    def _start_and_read(self, command):
        """Starts command and gives the first line it prints."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   stdin=subprocess.DEVNULL, text=True)
        self.processes.append(process)
        line = process.stdout.readline().strip()
        if not line:
            raise Missing(f'{command[0]} does not start')
        return line


def xdotool(*arguments):
    done = subprocess.run(['xdotool', *map(str, arguments)], check=True, capture_output=True,
                          text=True)
    return done.stdout.strip()


class App:
    """The program with its window. Use it as a context."""

    def __init__(self, desktop, *arguments, language='en_US', dark=False):
        self.atspi = desktop.atspi
        self.desktop = desktop.accessible
        self.log = tempfile.TemporaryFile('w+')
        environment = {
            **os.environ,
            'LANG': f'{language}.UTF-8',
            'ADW_DEBUG_COLOR_SCHEME': 'prefer-dark' if dark else 'prefer-light',
        }
        self.process = subprocess.Popen([find_program(), *map(str, arguments)], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)
        self.window_id = None

    def __enter__(self):
        try:
            wait(self._root, 'the window did not appear in the accessibility tree')
            self.window_id = wait(self._find_window, 'the window did not appear on the display')
            # There is no window manager to do it.
            xdotool('windowfocus', '--sync', self.window_id)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def complaints(self):
        """Warnings the program printed."""
        self.log.seek(0)
        return [line for line in self.log.read().splitlines()
                if 'WARNING' in line or 'CRITICAL' in line or 'Sanitizer' in line]

    def _find_window(self):
        try:
            found = xdotool('search', '--onlyvisible', '--pid', self.process.pid).split()
        except subprocess.CalledProcessError:
            return None
        return found[-1] if found else None

    def _root(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            raise NotSeen(f'the program ended ({self.process.returncode}): {self.log.read()}')
        for index in range(self.desktop.get_child_count()):
            application = self.desktop.get_child_at_index(index)
            try:
                if (application is not None and application.get_process_id() == self.process.pid
                        and application.get_child_count() > 0):
                    return application
            except Exception:  # pylint: disable=broad-except
                continue  # it has just gone
        return None

    def walk(self, root=None, showing=True):
        """Every accessible below root, depth first; only what is shown unless told."""
        root = root or self._root()
        if root is None:
            return
        try:
            count = root.get_child_count()
        except Exception:  # pylint: disable=broad-except
            return  # gone meanwhile
        for index in range(count):
            try:
                child = root.get_child_at_index(index)
                if child is None or (showing and not self.has(child, 'SHOWING')):
                    continue
            except Exception:  # pylint: disable=broad-except
                continue
            yield child
            yield from self.walk(child, showing)

    def has(self, accessible, state):
        return accessible.get_state_set().contains(getattr(self.atspi.StateType, state))

    def role(self, accessible):
        return accessible.get_role_name()

    def find_all(self, role=None, name=None, contains=None):
        found = []
        for accessible in self.walk():
            try:
                its_name = accessible.get_name() or ''
                if ((role is None or accessible.get_role_name() == role)
                        and (name is None or its_name == name)
                        and (contains is None or contains in its_name)):
                    found.append(accessible)
            except Exception:  # pylint: disable=broad-except
                continue  # gone meanwhile
        return found

    def find(self, role=None, name=None, contains=None, timeout=20):
        """The first that fits, waited for."""
        return wait(lambda: next(iter(self.find_all(role, name, contains)), None),
                    lambda: f'no {role or "accessible"} “{name or contains}” in:\n{self.tree()}',
                    timeout)

    def gone(self, role=None, name=None, contains=None, timeout=20):
        wait(lambda: not self.find_all(role, name, contains),
             f'{role} “{name or contains}” is still there', timeout)

    def tree(self):
        """What is shown, for messages."""
        return '\n'.join(f'  {self.role(a)} “{(a.get_name() or "")[:60]}”' for a in self.walk())

    def text(self, accessible):
        text = self.atspi.Text
        return text.get_text(accessible, 0, text.get_character_count(accessible))

    def press(self, accessible):
        """Does what activating it does."""
        action = self.atspi.Action
        if accessible.get_action_iface() is None or action.get_n_actions(accessible) == 0:
            raise NotSeen(f'“{accessible.get_name()}” cannot be activated')
        action.do_action(accessible, 0)

    def focus(self, role, name, key='Tab'):
        """Goes there with a key, as one without a mouse does."""
        for _ in range(60):
            thing = self.find(role, name)
            if self.has(thing, 'FOCUSED'):
                return thing
            self.keys(key)
            time.sleep(0.1)
        raise NotSeen(f'“{name}” cannot be reached with {key}')

    def write(self, accessible, text):
        """Replaces the text of a field."""
        if not self.atspi.EditableText.set_text_contents(accessible, text):
            raise NotSeen(f'“{accessible.get_name()}” takes no text')
        wait(lambda: self.text(accessible) == text, f'the field does not hold “{text}”')

    def keys(self, *names):
        xdotool('key', '--clearmodifiers', *names)

    def choose_file(self, title, path):
        """Gives the toolkit's file chooser of that title a path, and accepts."""
        chooser = self.find('dialog', title)
        window = xdotool('search', '--onlyvisible', '--sync', '--pid', self.process.pid,
                         '--name', title).split()[-1]
        # There is no window manager to do it.
        xdotool('windowfocus', '--sync', window)

        def those(role):
            return [thing for thing in self.walk(chooser) if self.role(thing) == role]
        wait(lambda: those('button'), f'“{title}” is empty')
        if not those('text'):
            self.keys('slash')  # shows the field for a path
        self.write(wait(lambda: those('text'), f'“{title}” has no field')[0], str(path))
        accept = those('button')[-1]
        wait(lambda: self.has(accept, 'SENSITIVE'), f'“{title}” does not take {path}')
        self.press(accept)
        self.gone('dialog', title)
        xdotool('windowfocus', '--sync', self.window_id)

    def open(self, path):
        """Opens a file as a file manager does: in the window that is there."""
        subprocess.run([find_program(), path], check=True, timeout=20,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def place(self):
        """The window's left, top, width and height."""
        words = dict(line.split('=') for line in
                     xdotool('getwindowgeometry', '--shell', self.window_id).splitlines())
        return tuple(int(words[name]) for name in ('X', 'Y', 'WIDTH', 'HEIGHT'))

    def resize(self, width, height):
        xdotool('windowsize', '--sync', self.window_id, width, height)
        time.sleep(0.3)


def find_program():
    """linnet: named in LINNET_PROGRAM, else on PATH."""
    program = os.environ.get('LINNET_PROGRAM') or shutil.which('linnet')
    if not program:
        sys.exit('linnet is not built: run the tests with ./dev test, or set LINNET_PROGRAM')
    return program
