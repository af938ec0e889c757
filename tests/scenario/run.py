#!/usr/bin/env python3
"""Runs the scenarios: every function test_… of every test_*.py here, each against servers of its own.

run.py [-j N] [PART…] runs those whose "file.function" contains one of the parts, N at a time (1 unless
told). Prints a line a scenario; the last line is 'N passed, N failed[, N skipped]'. $VEDETTE is the
program.
"""
import argparse
import importlib
import multiprocessing
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))


class Skip(Exception):
    """Raised by a scenario that cannot run here; says why."""


def scenarios(parts):
    for name in sorted(os.listdir(HERE)):
        if not (name.startswith("test_") and name.endswith(".py")):
            continue
        module = importlib.import_module(name[:-3])
        for item in dir(module):
            full = "%s.%s" % (name[:-3], item)
            if item.startswith("test_") and callable(getattr(module, item)) and (not parts or any(p in full for p in parts)):
                yield full


def run_one(full):
    """Runs the scenario "file.function": its outcome and the lines that tell of it."""
    began = time.monotonic()
    outcome, detail = "ok", ""
    file, function = full.split(".")
    try:
        getattr(importlib.import_module(file), function)()
    except (Exception, SystemExit) as problem:  # it may fail in any way; the others still run
        if type(problem).__name__ == "Skip":
            outcome, detail = "skipped", ": %s" % problem
        else:
            outcome, detail = "FAILED", "\n" + traceback.format_exc()
    return outcome, "%-8s %s (%.1f s)%s" % (outcome, full, time.monotonic() - began, detail)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("-j", type=int, default=1, metavar="N", help="so many at a time")
    options.add_argument("parts", nargs="*", metavar="PART")
    chosen = options.parse_args()
    sys.path.insert(0, HERE)
    outcomes, failures = [], []
    # A process each, so that a scenario that changes its own (folder, environment) changes no other's.
    with multiprocessing.Pool(chosen.j, maxtasksperchild=1) as pool:
        for outcome, line in pool.imap_unordered(run_one, list(scenarios(chosen.parts)), chunksize=1):
            print(line, flush=True)
            outcomes.append(outcome)
            if outcome == "FAILED":
                failures.append(line)
    # Once more at the end, where those who see only the end of the output find them.
    for line in failures:
        print(line)
    passed, failed, skipped = (outcomes.count(o) for o in ("ok", "FAILED", "skipped"))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main())
