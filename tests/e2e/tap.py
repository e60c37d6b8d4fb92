# SPDX-License-Identifier: GPL-3.0-or-later
"""Test Anything Protocol: one line for each test."""

import subprocess
import sys
import traceback


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


def says_no_nonsense(app, *_):
    """The program printed no warnings."""
    assert not app.complaints(), '\n'.join(app.complaints())
