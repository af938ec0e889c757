"""Recorded attacks through the Logs Ingestion API, and published queries over them through the query
API. The data and what must come out lie outside the project (VEDETTE_SHARED, or ../shared)."""
import glob
import importlib.util
import itertools
import json
import os

from run import Skip
from vedette import Server, equal

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DATA = os.path.join(os.environ.get("VEDETTE_SHARED") or os.path.join(ROOT, "..", "shared"), "datasets")
CALL_BYTES = 900_000

# Queries that need what docs/known-issues.md says is missing; each is taken out when it works.
EXPECTED_TO_FAIL = set()

API_TYPES = {"datetime": "dateTime", "bool": "boolean"}


def comparison():
    """The comparing functions that come with the data."""
    spec = importlib.util.spec_from_file_location("groundtruth", os.path.join(DATA, "groundtruth", "run.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases():
    for name in sorted(glob.glob(os.path.join(DATA, "groundtruth", "*.json"))):
        with open(name, encoding="utf-8") as f:
            case = json.load(f)
        if "query" in case:
            yield case


def define(s, table, columns):
    body = {"properties": {"schema": {"columns": [
        {"name": n, "type": API_TYPES.get(t, t)} for n, t in columns.items()
        if n not in ("TenantId", "Type", "_BilledSize", "_IsBillable", "_ResourceId")]}}}
    answer = s.arm("PUT", "/tables/" + table, body, provider=False)
    equal(answer.status, 200, answer)


def send(s, table, lines):
    """As many records a call as its limit takes."""
    stream = ("Custom-" if table.endswith("_CL") else "Microsoft-") + table
    call, size, sent = [], 0, 0
    connection = s.connect()
    for line in itertools.chain(lines, [None]):
        if line is None or size + len(line.encode()) > CALL_BYTES:
            if call:
                answer = s.post_logs(stream, "[" + ",".join(call) + "]", packed=True,
                                     connection=connection)
                equal(answer.status, 204, answer)
            call, size = [], 0
        if line is not None:
            call.append(line)
            size += len(line.encode()) + 1
            sent += 1
    connection.close()
    return sent


def load(s, tables, schema, rows_of):
    total = 0
    for table in tables:
        if table.endswith("_CL"):
            define(s, table, schema[table])
    own = s.ingested()[0]  # rows about the tables that were made
    for table, files in tables.items():
        for name in files:
            total += send(s, table, [line.strip() for line in rows_of(os.path.join(DATA, name))])
    received, stored, rejected = s.ingested()
    equal((received, stored, rejected), (own + total, own + total, 0))


def ask(s, case):
    """The answer in the form that the comparison reads."""
    functions = "".join("let %s = () {\n%s\n};\n" % pair for pair in (case["functions"] or {}).items())
    answer = s.ask(functions + case["query"])
    if answer.status != 200:
        return {"error": answer.message()}
    table = answer.json()["tables"][0]
    dynamic = [c["type"] == "dynamic" for c in table["columns"]]
    rows = [[json.loads(v) if d and isinstance(v, str) else v for d, v in zip(dynamic, row)]
            for row in table["rows"]]
    return {"columns": table["columns"], "rows": rows}


def test_published_queries_over_recorded_attacks():
    if not os.path.isdir(DATA):
        raise Skip("the recorded attacks are not here (VEDETTE_SHARED)")
    compare = comparison()
    with open(os.path.join(DATA, "schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    groups = {}
    for case in cases():
        key = json.dumps([case["tables"], case["now"]])
        groups.setdefault(key, []).append(case)
    wrong, right = {}, []
    for group in groups.values():
        # The records are years old: their times are kept.
        with Server("--max-past", "36500d", "--max-future", "36500d", "--requests-per-second", "100000",
                    clock=group[0]["now"]) as s:
            load(s, group[0]["tables"], schema, compare.rows_of)
            for case in group:
                problem = compare.check(case, ask(s, case))
                if problem:
                    wrong[case["id"]] = problem
                else:
                    right.append(case["id"])
    unexpected = {k: v for k, v in wrong.items() if k not in EXPECTED_TO_FAIL}
    assert not unexpected, json.dumps(unexpected, indent=1)
    mended = EXPECTED_TO_FAIL.intersection(right)
    assert not mended, "these work now, take them out of EXPECTED_TO_FAIL: %s" % sorted(mended)
