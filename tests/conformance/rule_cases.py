"""Detections with known results as test cases of rules: `vedette rules test` must find exactly the
rows, the alert, and an entity for each value of the result's first text column."""
import glob
import json
import os
import subprocess

LOOKBACK = "9000d"  # the cases run over all rows that they load
MOST_ENTITIES, MOST_BYTES = 500, 40000  # of an alert: what is beyond is left out, by what comes first


def rule_of(name, case, text_column):
    mapping = ("entityMappings:\n  - entityType: URL\n    fieldMappings:\n      - identifier: Url\n"
               "        columnName: %s\n" % json.dumps(text_column) if text_column else "")
    query = case["query"].strip("\n").replace("\t", "    ")
    return ("id: %s\nname: %s\nkind: Scheduled\nseverity: Low\ndescription: A known detection.\n"
            "queryFrequency: 1d\nqueryPeriod: 14d\ntriggerOperator: gt\ntriggerThreshold: 0\n"
            "tactics: []\nrelevantTechniques: []\n%squery: %s\n"
            % ("00000000-0000-4000-8000-%012d" % int(name[1:3]), name, mapping, json.dumps(query)))


def columns_of(case):
    return [(c["name"], c["type"]) if isinstance(c, dict) else tuple(c) for c in case["expected"]["columns"]]


def test_of(case, data, text_column):
    columns = columns_of(case)
    rows = [r if isinstance(r, dict) else dict(zip([n for n, _ in columns], r)) for r in case["expected"]["rows"]]
    compare = case["compare"]
    expect = {"alerts": 1 if rows else 0, "rows": len(rows), "incidents": 1 if rows else 0,
              "sets": compare["set_columns"],
              "resultInOrder" if compare["ordered"] else "resultExactly": rows}
    values = sorted({r[text_column] for r in rows if r.get(text_column)}) if text_column else []
    if values and len(values) <= MOST_ENTITIES and sum(map(len, values)) < MOST_BYTES:
        expect["entitiesExactly"] = [{"Type": "url", "Url": v} for v in values]
    tables = {t: [os.path.join(data, f) for f in files] for t, files in case["tables"].items()}
    functions = {n: body for n, body in (case["functions"] or {}).items()}
    return {"lookback": LOOKBACK, "ignoreUnknownColumns": True, "functions": functions,
            "cases": [{"name": case["id"], "now": case["now"], "tables": tables, "expect": expect}]}


def attacks(data, program, folder):
    for path in sorted(glob.glob(os.path.join(data, "groundtruth", "*.json"))):
        with open(path, encoding="utf-8") as f:
            case = json.load(f)
        name = os.path.basename(path)[:-5]
        text_column = next((n for n, t in columns_of(case) if t == "string"), None)
        with open(os.path.join(folder, name + ".yaml"), "w", encoding="utf-8") as f:
            f.write(rule_of(name, case, text_column))
        with open(os.path.join(folder, name + ".test.yaml"), "w", encoding="utf-8") as f:
            json.dump(test_of(case, data, text_column), f)
    done = subprocess.run([program, "rules", "test", "--json", "--one-sided", folder], capture_output=True,
                          text=True, timeout=300, check=False)
    if not done.stdout.startswith("{"):
        return done.stdout + done.stderr
    report = json.loads(done.stdout)
    lines = ["%s: %s" % (t["name"], " ".join(t["differences"])[:600]) for t in report["tests"] if not t["ok"]]
    return "\n".join(lines + ["exact %d of %d" % (report["passed"], report["passed"] + report["failed"])])


if __name__ == "__main__":
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        print(attacks(sys.argv[2], sys.argv[1], scratch))
