# SPDX-License-Identifier: GPL-3.0-or-later
"""Test Anything Protocol: one line for each test."""

import subprocess
import sys
import traceback

from lib import Missing


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def run(self, test, *arguments):
        self.count += 1
        try:
            test(*arguments)
            print(f'ok {self.count} - {test.__doc__}', flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError, RuntimeError) as error:
            self.failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f'not ok {self.count} - {test.__doc__}: {str(error).splitlines()[:1]}',
                  flush=True)

    def run_all(self, tests, *arguments):
        for test in tests:
            self.run(test, *arguments)


def main(go, *files):
    """Calls go with a Tap and prints how many tests there were; skips where one of the files, or
    something else that go needs, is missing."""
    tap = Tap()
    try:
        for file in files:
            if not file.is_file():
                raise Missing(f'{file.name} is not there')
        go(tap)
    except Missing as missing:
        print(f'1..0 # SKIP {missing}')
        return
    print(f'1..{tap.count}')
    sys.exit(1 if tap.failed else 0)


def says_no_nonsense(app, *_):
    """The program printed no warnings."""
    assert not app.complaints(), '\n'.join(app.complaints())
