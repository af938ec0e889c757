#!/usr/bin/env python3
"""Result schemas of our queries, and the places of mistakes, compared with the official KQL language service.

Installs what language_service/package-lock.json pins into build/language-service (once); without
node, npm or the package everything is skipped with the reason. The queries are those of cases/,
of content/rules and of 'vedette kql reference'; names and types of their columns have to agree with 'vedette kql check', unless
language_service/known.txt has the query with a reason. A line there that no longer differs fails. What
the service refuses counts as a difference, too, but for the reference's queries: their arguments are
guessed. The queries of language_service/wrong.txt must be refused by both, at the same places
(wrong_queries.py).
$VEDETTE is the program. The last line is 'N passed, N failed[, N skipped]'.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

from format import rule_queries
from run import HERE, NOW, PROGRAM, read_cases
from wrong_queries import wrong_difference, wrong_queries

ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))

from node_packages import install  # noqa: E402  (found through the line above)

OWN = os.path.join(HERE, "language_service")
PLACE = os.path.join(ROOT, "build", "language-service")
LIMIT_S = 240


def shipped_tables():
    """content/schemas as {"Table": [["column", "type"], …]}; its form: docs/storage.md."""
    folder = os.path.join(ROOT, "content", "schemas")
    tables, columns = {}, None
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".txt")):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text = re.sub(r"#.*", "", f.read())
        for table, body in re.findall(r"^(\w+)[^:\n]*:\n((?:[ \t]+.*\n?|\n)*)", text, re.MULTILINE):
            columns = tables.setdefault(table, [])
            for group in body.split(","):
                *names, kind = group.split() or [""]
                columns.extend([column, kind] for column in names)
    return tables


def known_differences():
    known = {}
    with open(os.path.join(OWN, "known.txt"), encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, reason = line.rstrip("\n").split(" -- ", 1)
                known[name] = reason
    return known


def answered_queries():
    """Cases that are to give rows, and the rules."""
    folder = os.path.join(HERE, "cases")
    for file in sorted(os.listdir(folder)):
        for name, query, wanted in read_cases(os.path.join(folder, file)):
            if not wanted[0].startswith("error "):
                yield "%s: %s" % (file, name), query
    yield from rule_queries()
    done = subprocess.run([PROGRAM, "kql", "reference", "--queries"], capture_output=True, text=True,
                          timeout=LIMIT_S, check=True)
    for text in dict.fromkeys(json.loads(line) for line in done.stdout.splitlines()):
        table, query = text.split("];\n", 1)
        yield "reference: " + query, text


def matches_pattern(name, known):
    """A name in known.txt may end in '*'."""
    return any(k.endswith("*") and name.startswith(k[:-1]) for k in known)


def ask(command, first, queries, env=None):
    lines = first + "".join(json.dumps({"id": i, "query": q}) + "\n" for i, q in enumerate(queries))
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=LIMIT_S, env=env,
                          check=False)
    answers = {a["id"]: a for a in map(json.loads, done.stdout.splitlines())}
    assert len(answers) == len(queries), done.stderr[-3000:]
    return [answers[i] for i in range(len(queries))]


def our_answers(tables, queries):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(tables, f)
        f.flush()
        return ask([PROGRAM, "kql", "check", "--now", NOW, "--schemas", f.name, "--batch"], "", queries)


def columns_of(answer):
    last = answer["more"][-1] if answer.get("more") else answer
    return ["%s:%s" % (c["name"], c["type"]) for c in last["columns"]]


def difference(name, query, ours, theirs):
    """What differs, None if nothing does, False if there is nothing to compare."""
    if name.startswith("wrong: "):
        return wrong_difference(query, ours, theirs)
    if "error" in ours or ours.get("open_schema") or theirs.get("open"):
        return False
    if "errors" in theirs and name.startswith("reference: "):
        return False
    if "errors" in theirs:
        return "the service refuses it: %s" % "; ".join(theirs["errors"])[:300]
    if theirs["columns"] is None:
        return False
    mine, other = columns_of(ours), columns_of(theirs)
    return None if mine == other else "ours %s\n      theirs %s" % (mine, other)


def main():
    named = list(answered_queries()) + list(wrong_queries(OWN))
    problem = install(OWN, PLACE)
    if problem:
        print("skipped: %s\n0 passed, 0 failed, %d skipped" % (problem, len(named)))
        return 0
    tables, known = shipped_tables(), known_differences()
    queries = [query for _, query in named]
    env = {**os.environ, "NODE_PATH": os.path.join(PLACE, "node_modules")}
    theirs = ask(["node", os.path.join(OWN, "schema.js")], json.dumps({"tables": tables}) + "\n", queries, env)
    ours = our_answers(tables, queries)
    passed = failed = 0
    for (name, query), mine, other in zip(named, ours, theirs):
        why = difference(name, query, mine, other)
        if (why is False and name not in known) or matches_pattern(name, known):
            continue
        if name in known:
            why = None if why else "no longer differs; take it out of known.txt"
        passed, failed = passed + (why is None), failed + (why is not None)
        if why is not None:
            print("FAILED %s: %s\n      %s" % (name, query.strip(), why))
    for name in sorted(set(known) - {name for name, _ in named}):
        if name.endswith("*"):
            continue
        failed += 1
        print("FAILED known.txt names a query that is not there: %s" % name)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
