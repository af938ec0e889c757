#!/usr/bin/env python3
"""Every name that `vedette kql reference` lists occurs in a query of cases/.

$VEDETTE is the program. Prints a line for each section of the reference that has names without a case;
the last line is 'N passed, N failed', in names.
"""
import os
import re
import subprocess
import sys

from run import HERE, PROGRAM, read_cases

LIMIT_S = 120
SIGNS = {"neg": r"[=(,] *-\w"}  # names in the reference for what a query writes as a sign
CALLED = {"Plugins", "Scalar functions", "Aggregates", "Window functions"}


def sections():
    """(section, name) for each row of the reference's tables."""
    done = subprocess.run([PROGRAM, "kql", "reference"], capture_output=True, text=True, timeout=LIMIT_S,
                          check=False)
    if done.returncode != 0:
        sys.exit("%s\n0 passed, 1 failed" % done.stderr)
    section = None
    for line in done.stdout.splitlines():
        if line.startswith("## "):
            section = line[3:]
        row = re.match(r"\| `((?:[^`|]|\\\|)+)` \|", line)
        if row and section:
            yield section, row.group(1).replace("\\|", "|")


def queries():
    folder = os.path.join(HERE, "cases")
    texts = [query for file in sorted(os.listdir(folder))
             for _, query, _ in read_cases(os.path.join(folder, file))]
    return "\n".join(texts)


def pattern(section, name):
    """Words by themselves, called ones before a bracket, signs wherever they stand."""
    if name in SIGNS:
        return SIGNS[name]
    text = re.escape(name).replace("\\ ", r"\s+")
    if re.match(r"\w", name):
        text = r"(?<![\w.-])" + text
    elif name.startswith("!"):
        text = r"(?<!\w)" + text
    if section in CALLED:
        return text + r"\s*\("
    return text + r"(?![\w-])" if re.search(r"\w$", name) else text


def main():
    listed, text = list(sections()), queries()
    missing = {}
    for section, name in listed:
        if not re.search(pattern(section, name), text):
            missing.setdefault(section, []).append(name)
    for section, names in missing.items():
        print("FAILED %s without a case in tests/kql/cases: %s" % (section, ", ".join(names)))
    failed = sum(len(names) for names in missing.values())
    print("%d passed, %d failed" % (len(listed) - failed, failed))
    return 1 if failed or not listed else 0


if __name__ == "__main__":
    sys.exit(main())
