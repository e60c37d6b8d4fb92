#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what `meson test` ran in the given build folders, each TAP subtest as one test."""

import json
import os
import sys
import xml.etree.ElementTree as ElementTree

GOOD = {'OK', 'EXPECTEDFAIL', 'SKIP'}


def count(build):
    """Passed, failed and skipped tests of one build folder, and the names of the failed."""
    name = os.path.basename(build)
    logs = os.path.join(build, 'meson-logs')
    passed, failed, skipped, failures = 0, 0, 0, []
    seen = {}
    try:
        suites = ElementTree.parse(os.path.join(logs, 'testlog.junit.xml')).getroot()
        with open(os.path.join(logs, 'testlog.json'), encoding='utf-8') as file:
            results = [json.loads(line) for line in file if line.strip()]
    except (OSError, ElementTree.ParseError, ValueError):
        return 0, 1, 0, [f'{name}: did not build, or its tests did not start']

    for suite in suites.iter('testsuite'):
        for case in suite.iter('testcase'):
            label = f'{suite.get("name")}: {case.get("name")}'
            if case.find('failure') is not None or case.find('error') is not None:
                failed += 1
                failures.append(f'{name}: {label}')
                for test in {suite.get('name').rsplit('.', 1)[-1], case.get('name')}:
                    seen[test] = True
            elif case.find('skipped') is not None:
                skipped += 1
            else:
                passed += 1

    # A program that crashed, hung or lied about its plan may have no failed subtest to show.
    for result in results:
        test = result['name'].rsplit('/', 1)[-1].split(' / ')[-1].strip()
        if result['result'] not in GOOD and test not in seen:
            failed += 1
            failures.append(f'{name}: {result["name"]} ({result["result"].lower()})')
    return passed, failed, skipped, failures


def main():
    totals = [0, 0, 0]
    failures = []
    for build in sys.argv[1:]:
        *counts, names = count(build)
        totals = [total + number for total, number in zip(totals, counts)]
        failures += names
    for name in failures:
        print('FAILED', name)
    text = f'{totals[0]} passed, {totals[1]} failed'
    if totals[2]:
        text += f', {totals[2]} skipped'
    print(text)
    sys.exit(totals[1] > 0 or totals[0] == 0)


main()
