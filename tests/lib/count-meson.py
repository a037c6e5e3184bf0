#!/usr/bin/env python3
"""Counts what `meson test` ran: prints "PASSED FAILED SKIPPED", and of what failed the output.

The one thing to know: a TAP program counts by its own cases, any other by its result, and a program that failed
without a failed case (a crash, a time-out) counts as one failure."""
import json
import re
import sys

CASE = re.compile(r'^(not ok|ok)\b(.*)$', re.MULTILINE)
SKIP = re.compile(r'#\s*(SKIP|TODO)\b', re.IGNORECASE)


def count(run):
    cases = CASE.findall(run.get('stdout') or '')
    skipped = sum(1 for _, rest in cases if SKIP.search(rest))
    failed = sum(1 for word, rest in cases if word == 'not ok' and not SKIP.search(rest))
    passed = len(cases) - skipped - failed
    if not cases:
        passed, skipped = int(run['result'] == 'OK'), int(run['result'] == 'SKIP')
    if run['result'] not in ('OK', 'SKIP') and failed == 0:
        failed = 1
    return passed, failed, skipped


def main():
    totals = [0, 0, 0]
    with open(sys.argv[1], encoding='utf-8') as log:
        for line in log:
            run = json.loads(line)
            counts = count(run)
            totals = [total + one for total, one in zip(totals, counts)]
            if counts[1]:
                print(f"--- {run['name']}: {run['result']}\n{run.get('stdout', '')}\n{run.get('stderr', '')}", file=sys.stderr)
    print(*totals)


main()
