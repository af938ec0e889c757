#!/usr/bin/env python3
"""Runs the scenarios: every function test_… of every test_*.py here, each against servers of its own.

run.py [PART…] runs those whose "file.function" contains one of the parts. Prints a line a scenario;
the last line is 'N passed, N failed[, N skipped]'. $VEDETTE is the program.
"""
import importlib
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
            if item.startswith("test_") and (not parts or any(p in full for p in parts)):
                yield full, getattr(module, item)


def run_one(name, function):
    began = time.monotonic()
    outcome, detail = "ok", ""
    try:
        function()
    except Exception as problem:  # a scenario may fail in any way; the others still run
        if type(problem).__name__ == "Skip":
            outcome, detail = "skipped", ": %s" % problem
        else:
            outcome, detail = "FAILED", "\n" + traceback.format_exc()
    print("%-8s %s (%.1f s)%s" % (outcome, name, time.monotonic() - began, detail), flush=True)
    return outcome


def main():
    sys.path.insert(0, HERE)
    outcomes = [run_one(name, function) for name, function in scenarios(sys.argv[1:])]
    passed, failed, skipped = (outcomes.count(o) for o in ("ok", "FAILED", "skipped"))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main())
