#!/usr/bin/env python3
"""What KQL queries give, one case after another.

run.py [PART…] runs the files of cases/ whose names contain one of the parts. A case is a line
"== name", the query, a line "--", then either "error CODE [LINE:COLUMN]", which may be followed by all
errors as "LINE:COLUMN message (hint)", or the columns ("name:type,
…", or "no columns") and a line of JSON for each row. Rows may come in any order unless the name ends
in "(ordered)". X.functions.json beside X.txt holds stored functions. $VEDETTE is the program; all cases of a file run in one process, with the places of
mmdb.py. Prints a line for each case that fails; the last line is 'N passed, N failed'.
"""
import json
import os
import subprocess
import sys
import tempfile

import mmdb

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("VEDETTE") or os.path.join(HERE, "..", "..", "build", "vedette")
LIMIT_S = 60
NOW = "2026-01-15T10:00:00Z"


def read_cases(path):
    with open(path, encoding="utf-8") as f:
        blocks = ("\n" + f.read()).split("\n== ")
    for block in blocks[1:]:
        name, rest = block.split("\n", 1)
        query, wanted = rest.split("\n--\n", 1)
        yield name.strip(), query, [line for line in wanted.split("\n") if line.strip()]


def answers(cases, places, functions):
    lines = "".join(json.dumps({"id": str(i), "query": query}) + "\n"
                    for i, (_, query, _) in enumerate(cases))
    command = [PROGRAM, "kql", "eval", "--now", NOW, "--geoip", places, "--batch"]
    if os.path.exists(functions):
        command += ["--functions", functions]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        stdout, stderr = process.communicate(lines, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        stderr += "stopped after %d s" % LIMIT_S
    found = {}
    for line in stdout.splitlines():
        answer = json.loads(line)
        found[int(answer["id"])] = answer
    return found, stderr


def shown(error):
    text = "%d:%d %s" % (error["line"], error["column"], error["message"])
    return text + " (%s)" % error["hint"] if "hint" in error else text


def trouble(name, wanted, answer):
    """What is wrong with the answer, or None."""
    error = answer.get("error")
    if wanted[0].startswith("error "):
        _, code, *place = wanted[0].split()
        right = error and error["code"] == code
        if right and place:
            right = "%d:%d" % (error["line"], error["column"]) == place[0]
        if right and wanted[1:]:
            right = wanted[1:] == [shown(e) for e in answer.get("errors", [error])]
        return None if right else "want %s\n      got  %s" % (
            "\n           ".join(wanted), "\n           ".join([str(error)] + [shown(e) for e in answer.get("errors", [])]))
    if error:
        return "error %s" % error
    columns = ", ".join("%s:%s" % (c["name"], c["type"]) for c in answer["columns"])
    if (columns or "no columns") != wanted[0]:
        return "want columns %s\n      got  columns %s" % (wanted[0], columns)
    want = [json.dumps(json.loads(row)) for row in wanted[1:]]
    got = [json.dumps(row) for row in answer["rows"]]
    if not name.endswith("(ordered)"):
        want, got = sorted(want), sorted(got)
    return None if want == got else "want %s\n      got  %s" % ("\n           ".join(want),
                                                               "\n           ".join(got))


def run_all(places):
    passed = failed = 0
    folder = os.path.join(HERE, "cases")
    for file in sorted(os.listdir(folder)):
        if sys.argv[1:] and not any(part in file for part in sys.argv[1:]):
            continue
        cases = list(read_cases(os.path.join(folder, file)))
        functions = os.path.join(folder, file[:-4] + ".functions.json")
        found, stderr = answers(cases, places, functions)
        for i, (name, query, wanted) in enumerate(cases):
            why = trouble(name, wanted, found[i]) if i in found else "no answer: " + stderr[-2000:]
            passed, failed = passed + (why is None), failed + (why is not None)
            if why is not None:
                print("FAILED %s: %s\n      %s\n      %s" % (file, name, query, why))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


def main():
    with tempfile.TemporaryDirectory() as scratch:
        places = os.path.join(scratch, "places.mmdb")
        mmdb.write(places)
        return run_all(places)


if __name__ == "__main__":
    sys.exit(main())
