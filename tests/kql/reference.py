#!/usr/bin/env python3
"""docs/kql-reference.md is what the program says of itself; every operator and plugin has an example.

$VEDETTE is the program. reference.py --write brings the page up to date. The last line is 'N passed,
N failed'.
"""
import difflib
import os
import subprocess
import sys

from run import HERE, PROGRAM

PAGE = os.path.join(HERE, "..", "..", "docs", "kql-reference.md")
LIMIT_S = 120


def reference(*options):
    done = subprocess.run([PROGRAM, "kql", "reference", *options], capture_output=True, text=True,
                          timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        sys.exit("%s\n0 passed, 1 failed" % done.stderr)
    return done.stdout


def main():
    wanted = reference()
    if "--write" in sys.argv[1:]:
        with open(PAGE, "w", encoding="utf-8") as f:
            f.write(wanted)
    with open(PAGE, encoding="utf-8") as f:
        found = f.read()
    stale = found != wanted
    if stale:
        print("FAILED docs/kql-reference.md is stale; run python3 tests/kql/reference.py --write")
        print("".join(list(difflib.unified_diff(found.splitlines(True), wanted.splitlines(True), n=0))[:40]))
    lines = reference("--missing").splitlines()
    without = [line for line in lines if line.startswith("no example")]
    for line in without:
        print("FAILED %s; src/cli/kql_examples.c holds them" % line)
    empty = [line for line in wanted.splitlines() if line.startswith("| `") and line.count("` |") < 2]
    for line in empty:
        print("FAILED an entry without a signature: " + line)
    failed = [stale, bool(without), bool(empty)]
    print("%d passed, %d failed" % (failed.count(False), failed.count(True)))
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
