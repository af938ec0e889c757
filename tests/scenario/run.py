#!/usr/bin/env python3
"""Runs the scenarios: every function test_… of every test_*.py here, each against servers of its own.

run.py [-j N] [PART…] runs those whose "file.function" contains one of the parts, N at a time (1 unless
told). Prints a line a scenario; the last line is 'N passed, N failed[, N skipped]'. $VEDETTE is the
program, $VEDETTE_PLAIN one without sanitizers for the scenarios in HEAVY, and, with $VEDETTE_TURN ("1/6"),
for all but those whose turn it is.
"""
import argparse
import importlib
import multiprocessing
import os
import sys
import time
import traceback
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))


# These chew through data or weeks of the clock for tens of seconds under a sanitizer, by code that
# other scenarios meet, too.
HEAVY = ("test_apps.test_secrets_stand_beside", "test_attack_data.", "test_backtest.test_a_backtest_tells",
         "test_backtest.test_late_rows",
         "test_backtest.test_one_query", "test_backtest.test_sealed_rows", "test_demo.", "test_formats.test_windows_events",
         "test_lake.test_retention_by_rest", "test_limits.test_hostile", "test_limits.test_ingestion",
         "test_rights_matrix.", "test_server_settings.test_the_text", "test_schedule.test_slow_near_real_time", "test_rights_tables.test_random", "test_sources.test_bounds",
         "test_syslog.test_real_lines")


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


def is_plain(full):
    """Does the scenario run with the program without sanitizers, where there is one?"""
    turn, of = (int(n) for n in os.environ.get("VEDETTE_TURN", "0/1").split("/"))
    return zlib.crc32(full.encode()) % of != turn or any(full.startswith(heavy) for heavy in HEAVY)


def run_one(full):
    """Runs the scenario "file.function": its outcome and the lines that tell of it."""
    began = time.monotonic()
    outcome, detail = "ok", ""
    file, function = full.split(".")
    plain = os.environ.get("VEDETTE_PLAIN")
    if plain and is_plain(full):
        for module in list(sys.modules.values()):  # also those that have imported it by name
            if getattr(module, "PROGRAM", None) == os.environ.get("VEDETTE"):
                module.PROGRAM = plain
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
