"""Published queries and rules, run: each has to end with rows or with an error that its author can
act on, never with one of the engine.

Used by run.py. Prints an "engine error" line for each query that ends in one, and "ran N of M" only if
there is none.
"""
import collections
import glob
import gzip
import json
import os
import re
import subprocess

LIMIT_S = 300
NOW = "2020-10-20T00:00:00Z"  # behind the last row of the recorded events
BLAMED_ON_US = {"internal", "timeout", None}


def ask(command, queries):
    """The answers to (id, query) pairs, as they come; a process that dies gives fewer."""
    feed = "".join(json.dumps({"id": name, "query": query}) + "\n" for name, query in queries)
    done = subprocess.run(command, input=feed, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def verdict(queries, answers):
    """Lines for run.py: what ended badly, how the rest ended, how many ran."""
    lines, ends = [], collections.Counter()
    for answer in answers:
        error = answer.get("error")
        code = error.get("code") if error else "rows" if answer.get("rows") else "no rows"
        ends[code] += 1
        if error and code in BLAMED_ON_US:
            lines.append("engine error %s: %s" % (answer["id"], error.get("message")))
    if len(answers) < len(queries):
        lines.append("engine error: %d of %d queries have no answer" % (len(queries) - len(answers), len(queries)))
    lines.append("ends: " + ", ".join("%s %d" % end for end in sorted(ends.items())))
    if not any(line.startswith("engine error") for line in lines):
        lines.append("ran %d of %d" % (ends["rows"] + ends["no rows"], len(queries)))
    return "\n".join(lines) + "\n"


def published_queries(corpus, command):
    """Those that the language service accepts, over tables without rows."""
    with open(corpus, encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    queries = [(r["id"], r["query"]) for r in records if r["binds"]]
    return verdict(queries, ask(command, queries))


# ---- rules and hunting queries over recorded events ----

def query_of(path):
    """The text of the top-level key query of a YAML file, or None."""
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    found = re.search(r"^query: *[|>]?-?\d* *(.*)\n((?:(?: .*)?\n)*)", text + "\n", re.MULTILINE)
    if not found:
        return None
    if found.group(1) and not found.group(2).strip():
        return found.group(1).strip("'\"")
    lines = found.group(2).split("\n")
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines)


def rules(content):
    for kind in ("rules", "hunting"):
        for path in sorted(glob.glob(os.path.join(content, kind, "**", "*.yaml"), recursive=True)):
            query = query_of(path)
            if query:
                yield os.path.relpath(path, content), query


def table_of(path):
    parts = path.split(os.sep)
    if "tables" in parts:
        return parts[parts.index("tables") + 1]
    name = parts[-1].split(".")
    return name[1] if name[0] == "expected" else None


def lay_out(datasets, folder):
    """Each recorded table as one file."""
    for path in sorted(glob.glob(os.path.join(datasets, "**", "*.ndjson*"), recursive=True)):
        table = table_of(path)
        if table is None:
            continue
        reader = gzip.open if path.endswith(".gz") else open
        with reader(path, "rt", encoding="utf-8") as f, \
                open(os.path.join(folder, table + ".ndjson"), "a", encoding="utf-8") as out:
            out.writelines(line.rstrip("\n") + "\n" for line in f if line.strip())


def schemas(published, recorded):
    """Recorded columns first, so that rows keep the types they were compared with."""
    with open(published, encoding="utf-8") as f:
        tables = json.load(f)
    with open(recorded, encoding="utf-8") as f:
        for table, columns in json.load(f).items():
            more = [column for column in tables.get(table, []) if column[0] not in columns]
            tables[table] = [[name, kind] for name, kind in columns.items()] + more
    return tables


def rules_over_events(content, datasets, published, folder, command):
    fixtures, merged = os.path.join(folder, "events"), os.path.join(folder, "schemas.json")
    os.mkdir(fixtures)
    lay_out(datasets, fixtures)
    with open(merged, "w", encoding="utf-8") as f:
        json.dump(schemas(published, os.path.join(datasets, "schema.json")), f)
    queries = list(rules(content))
    answers = ask(command + ["--fixtures", fixtures, "--schemas", merged, "--now", NOW], queries)
    return verdict(queries, answers)
