#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what `meson test` ran in the given build folders, each TAP subtest as one test, and shows
what the failed ones said."""

import json
import os
import sys
import xml.etree.ElementTree as ElementTree

GOOD = {'OK', 'EXPECTEDFAIL', 'SKIP'}
MAX_LINES = 60


def read_logs(build):
    """The test suites of JUnit and the results of meson, None where there are none."""
    logs = os.path.join(build, 'meson-logs')
    try:
        suites = ElementTree.parse(os.path.join(logs, 'testlog.junit.xml')).getroot()
        with open(os.path.join(logs, 'testlog.json'), encoding='utf-8') as file:
            results = [json.loads(line) for line in file if line.strip()]
    except (OSError, ElementTree.ParseError, ValueError):
        return None
    return suites, results


def show(build, result):
    """Prints the end of what a failed test said."""
    print(f'\n=== {os.path.basename(build)}: {result["name"]} ({result["result"].lower()}) ===')
    for stream in 'stdout', 'stderr':
        lines = [
            line
            for line in (result.get(stream) or '').splitlines()
            if stream == 'stderr' or not line.lstrip().startswith(('ok ', '1..'))
        ]
        if len(lines) > MAX_LINES:
            print(f'… ({len(lines) - MAX_LINES} lines before)')
        print('\n'.join(lines[-MAX_LINES:]), end='\n' if lines else '')


def count(build):
    """Passed, failed and skipped tests of one build folder, and the names of the failed."""
    logs = read_logs(build)
    if logs is None:
        return 0, 1, 0, [f'{os.path.basename(build)}: did not build, or its tests did not start']
    suites, results = logs

    passed, failed, skipped, failures = 0, 0, 0, []
    explained = set()
    for suite in suites.iter('testsuite'):
        for case in suite.iter('testcase'):
            if case.find('failure') is not None or case.find('error') is not None:
                failed += 1
                failures.append(f'{suite.get("name")}: {case.get("name")}')
                # A TAP program is a suite of its own, another test a case of its meson suite.
                explained |= {suite.get('name').split('.', 1)[-1], case.get('name')}
            elif case.find('skipped') is not None:
                skipped += 1
            else:
                passed += 1

    # A program that crashed, hung or stopped short of its plan may have no failed case to show.
    for result in results:
        if result['result'] in GOOD:
            continue
        show(build, result)
        if not explained & {result['name'], result['name'].split(' / ')[-1]}:
            failed += 1
            failures.append(f'{result["name"]} ({result["result"].lower()})')
    return passed, failed, skipped, [f'{os.path.basename(build)}: {name}' for name in failures]


def main():
    totals = [0, 0, 0]
    failures = []
    for build in sys.argv[1:]:
        *counts, names = count(build)
        totals = [total + number for total, number in zip(totals, counts)]
        failures += names
    print()
    for name in failures:
        print('FAILED', name)
    text = f'{totals[0]} passed, {totals[1]} failed'
    if totals[2]:
        text += f', {totals[2]} skipped'
    print(text)
    sys.exit(totals[1] > 0 or totals[0] == 0)


main()
