#!/usr/bin/env python3
"""Other programs (Arrow, pandas, ClickHouse) read the parts of the lake as they lie on the disk.

Installs what requirements-lake.txt pins into build/clients/lake (once), then runs itself with that
Python. Without venv, pip or the packages all checks are skipped with the reason. $VEDETTE is the
program. The last line is 'N passed, N failed[, N skipped]'.
"""
import contextlib
import glob
import json
import os
import sys

import python_checks

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PLACE = os.path.join(ROOT, "build", "clients", "lake")
LIST = os.path.join(HERE, "requirements-lake.txt")
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))

from vedette import Server, equal, run  # noqa: E402  (found through the line above)

CLOCK = "2026-01-02T23:59:59Z"
ROWS = 500
COLUMNS = {"TimeGenerated": "datetime", "Name": "string", "Count": "long", "Small": "int", "Share": "real",
           "Ok": "boolean", "Bag": "dynamic", "Id": "guid"}


def record(i):
    row = {"TimeGenerated": "2026-01-0%dT%02d:%02d:00.1234567Z" % (1 + i % 2, i % 24, i % 60), "Name": "näme %d" % i,
           "Count": i - 9007199254740993, "Small": -i, "Share": i / 4, "Ok": i % 2 == 0,
           "Bag": {"a": {"b": "x%d" % (i % 7)}, "n": i, "é": [1, None]},
           "Id": "00000000-0000-4000-8000-%012d" % i}
    return row if i % 10 else {"TimeGenerated": row["TimeGenerated"]}


def fill(server):
    columns = [{"name": n, "type": t} for n, t in COLUMNS.items()]
    made = server.arm("PUT", "/tables/Others_CL", {"properties": {"schema": {"name": "Others_CL", "columns": columns}}},
                      provider=False)
    equal(made.status, 200)
    equal(server.post_logs("Custom-Others_CL", [record(i) for i in range(ROWS)]).status, 204)
    equal(run("tables", "seal", "Others_CL", data=server.data)[0], 0)


def parts(server):
    found = glob.glob(os.path.join(server.data, "workspaces", "*", "lake", "Others_CL", "*", "*", "*", "*.parquet"))
    equal(len(found), 2)
    return sorted(found)


def answer(server, columns):
    """What KQL says of the rows, as tuples in the order of Name and TimeGenerated."""
    rows = server.query("Others_CL | project %s | sort by Name asc, TimeGenerated asc" % columns)
    equal(len(rows), ROWS)
    return rows


def check_arrow(server):
    import pyarrow.parquet as parquet
    tables = [parquet.read_table(p) for p in parts(server)]
    equal([t.num_rows for t in tables], [ROWS // 2, ROWS // 2])
    types = {n: str(tables[0].schema.field(n).type) for n in COLUMNS if n != "Id"}
    equal(types, {"TimeGenerated": "timestamp[ns]", "Name": "string", "Count": "int64", "Small": "int32",
                  "Share": "double", "Ok": "bool", "Bag": "string"})
    for file, table in zip(parts(server), tables):
        meta = parquet.ParquetFile(file).metadata
        equal(meta.num_rows, ROWS // 2)
        at = table.schema.get_field_index("TimeGenerated")
        equal(meta.row_group(0).column(at).statistics.has_min_max, True)
    for table in tables:  # members that the part keeps are ordinary columns
        equal(str(table.schema.field("Bag.n").type), "int64")
        equal(table.column("Bag.a.b").to_pylist(),
              [json.loads(b)["a"]["b"] if b else None for b in table.column("Bag").to_pylist()])
    rows = [row for t in tables for row in t.select(["Name", "Count", "Bag"]).to_pylist()]
    want = answer(server, "Name, TimeGenerated, Count, Bag = tostring(Bag)")
    equal(sorted((r["Name"], r["Count"], r["Bag"] or "") for r in rows if r["Name"]),
          sorted((r["Name"], r["Count"], r["Bag"]) for r in want if r["Name"]))


def check_pandas(server):
    import pandas
    frame = pandas.concat([pandas.read_parquet(p) for p in parts(server)])
    equal(len(frame), ROWS)
    equal(str(frame["TimeGenerated"].dtype), "datetime64[ns]")
    want = server.query("Others_CL | summarize s = sum(Small), r = sum(Share), n = countif(Ok), "
                        "oldest = min(tolong(TimeGenerated)), newest = max(tolong(TimeGenerated))")[0]
    equal(int(frame["Small"].sum()), want["s"])
    equal(float(frame["Share"].sum()), want["r"])
    equal(int((frame["Ok"] == True).sum()), want["n"])  # noqa: E712  (rows without a value are there)
    epoch = 621355968000000000
    equal(frame["TimeGenerated"].min().value, (want["oldest"] - epoch) * 100)
    equal(frame["TimeGenerated"].max().value, (want["newest"] - epoch) * 100)
    bags = [json.loads(b) for b in frame["Bag"] if isinstance(b, str) and b]
    equal(sorted(b["n"] for b in bags), [i for i in range(ROWS) if i % 10])


def check_clickhouse(server):
    import chdb
    place = os.path.join(os.path.dirname(os.path.dirname(parts(server)[0])), "*", "*.parquet")
    found = chdb.query("SELECT toString(JSONExtractString(Bag, 'a', 'b')) AS b, count() AS n, sum(Small) AS s, "
                       "min(TimeGenerated) AS t FROM file('%s', Parquet) WHERE Bag != '' GROUP BY b ORDER BY b" % place,
                       "JSONEachRow")
    rows = [json.loads(line) for line in str(found).splitlines()]
    want = server.query("Others_CL | where isnotempty(Bag) | summarize n = count(), s = sum(Small), "
                        "t = min(TimeGenerated) by b = tostring(Bag.a.b) | sort by b asc")
    equal([(r["b"], int(r["n"]), int(r["s"]), r["t"][:27].replace(" ", "T") + "Z") for r in rows],
          [(r["b"], r["n"], r["s"], r["t"]) for r in want])
    members = chdb.query("SELECT sum(`Bag.n`), countIf(`Bag.a.b` = 'x3') FROM file('%s', Parquet)" % place, "CSV")
    want = server.query("Others_CL | summarize s = sum(tolong(Bag.n)), n = countif(Bag.a.b == 'x3')")[0]
    equal(str(members).strip(), "%d,%d" % (want["s"], want["n"]))
    total = chdb.query("SELECT count() FROM file('%s', Parquet)" % place, "CSV")
    equal(int(str(total)), ROWS)


CHECKS = [check_arrow, check_pandas, check_clickhouse]


@contextlib.contextmanager
def filled_server():
    with Server(clock=CLOCK) as server:
        fill(server)
        yield server


if __name__ == "__main__":
    sys.exit(python_checks.main(CHECKS, PLACE, LIST, filled_server))
