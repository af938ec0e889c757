#!/usr/bin/env python3
"""The formatter: layouts as written here, and over all queries of cases/ and content/rules what holds
for every query: formatting again changes nothing, only blanks change, and the bound plan stays.

$VEDETTE is the program. The last line is 'N passed, N failed'.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

from run import HERE, LIMIT_S, NOW, PROGRAM, read_cases

RULES = os.path.join(HERE, "..", "..", "content", "rules")


def batch(verb, queries):
    lines = "".join(json.dumps({"id": i, "query": q}) + "\n" for i, q in enumerate(queries))
    options = ["--now", NOW] if verb == "check" else []
    done = subprocess.run([PROGRAM, "kql", verb, "--batch"] + options, input=lines, text=True,
                          capture_output=True, timeout=LIMIT_S, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["id"] for a in answers] == list(range(len(queries))), done.stderr
    return answers


def command(arguments, stdin=""):
    done = subprocess.run([PROGRAM, "kql"] + arguments, input=stdin, text=True, capture_output=True,
                          timeout=LIMIT_S, check=False)
    return done.returncode, done.stdout, done.stderr


def rule_queries():
    """Block scalars named query, as the rules' files have them."""
    for name in sorted(os.listdir(RULES)):
        if not name.endswith((".yaml", ".yml")):
            continue
        with open(os.path.join(RULES, name), encoding="utf-8") as f:
            found = re.search(r"^query: *[|>].*\n((?:[ \t]+.*\n|\n)+)", f.read() + "\n", re.MULTILINE)
        if found:
            yield name, found.group(1)


def all_queries():
    folder = os.path.join(HERE, "cases")
    for file in sorted(os.listdir(folder)):
        for name, query, _ in read_cases(os.path.join(folder, file)):
            yield "%s: %s" % (file, name), query
    yield from rule_queries()


def without_place(answer):
    error = answer.get("error")
    if error:
        return (error["code"], error["message"])
    return {k: v for k, v in answer.items() if k != "id"}


def check_layouts():
    """format/*.kql is what is written, format/*.out what comes out."""
    folder = os.path.join(HERE, "format")
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".kql")):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            source = f.read()
        with open(os.path.join(folder, name[:-4] + ".out"), encoding="utf-8") as f:
            wanted = f.read()
        code, got, stderr = command(["format"], source)
        yield name, None if (code, got) == (0, wanted) else "got\n%s%s" % (got, stderr)


def check_properties():
    named = list(all_queries())
    formatted = batch("format", [q for _, q in named])
    kept = [(n, q, a["formatted"]) for (n, q), a in zip(named, formatted) if "formatted" in a]
    again = batch("format", [text for _, _, text in kept])
    before = batch("check", [q for _, q, _ in kept])
    after = batch("check", [text for _, _, text in kept])
    for (name, query, text), twice, x, y in zip(kept, again, before, after):
        if twice.get("formatted") != text:
            yield name, "formatted twice:\n%s" % (twice.get("formatted") or twice["error"])
        elif re.sub(r"\s", "", text) != re.sub(r"\s", "", query):
            yield name, "more than blanks changed:\n%s" % text
        elif without_place(x) != without_place(y):
            yield name, "means something else:\n%s" % text
        else:
            yield name, None
    for (name, _), answer in zip(named, formatted):
        if "change of its meaning" in answer.get("error", ""):
            yield name, answer["error"]


def check_plans():
    """The whole plan, of a sample: one process each."""
    for name, query in list(all_queries())[::40]:
        before = command(["plan", "--now", NOW, query])
        code, text, _ = command(["format", query])
        if code == 0 and before[0] == 0:
            after = command(["plan", "--now", NOW, text])
            yield "plan of " + name, None if before == after else "%s\n%s" % (before[1], after[1])


def check_command():
    with tempfile.TemporaryDirectory() as place:
        good, bad = os.path.join(place, "good.kql"), os.path.join(place, "bad.kql")
        for path, text in ((good, "T\n| take 5\n"), (bad, "T|take 5")):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        wanted = [
            (["format", "--check", "--files", good], (0, "")),
            (["format", "--check", "--files", good, bad], (1, bad + "\n")),
            (["format", "--check", "T|take 5"], (1, "not formatted\n")),
            (["format", "--check", "T\n| take 5"], (0, "")),
            (["format", "T | where"], (1, "")),
            (["format", "--write", "T"], (2, "")),
            (["format", "--write", "--files", bad], (0, "")),
            (["format", "--check", "--files", bad], (0, "")),
            (["format", "--files", os.path.join(place, "missing.kql")], (1, "")),
        ]
        for arguments, want in wanted:
            got = command(arguments)[:2]
            yield " ".join(arguments[:3]), None if got == want else "want %s, got %s" % (want, got)


def main():
    passed = failed = 0
    for check in (check_layouts, check_properties, check_plans, check_command):
        for name, why in check():
            passed, failed = passed + (why is None), failed + (why is not None)
            if why is not None:
                print("FAILED %s: %s" % (name, why))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
