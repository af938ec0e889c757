"""Rules that run together: tables that are read once for all of them, and what each finds nevertheless."""
import json
import os
import tempfile

from test_detection import START, TABLE, alerts, at, imported, rule, sign_ins
from test_schedule import NRT, people, runs, uncovered
from vedette import Server, equal, run, until

EACH = "eventGroupingSettings:\n  aggregationKind: AlertPerResult\n"
# What rules do with a table, with conditions right above it and elsewhere.
QUERIES = [
    "SigninLogs | where ResultType == '50126'",
    "SigninLogs | where ResultType != '0' | summarize n = count() by UserPrincipalName | where n > 1",
    "let Failed = SigninLogs | where ResultType == '50126';\nFailed | join kind=inner (SigninLogs | where ResultType == '0') on UserPrincipalName"
    " | project UserPrincipalName, IPAddress",
    "SigninLogs | where UserPrincipalName startswith 'a' and ingestion_time() > ago(1d) | project UserPrincipalName, Type, TenantId",
    "union SigninLogs, AuditLogs | where UserPrincipalName has 'bob' | summarize max(TimeGenerated) by UserPrincipalName",
    "SigninLogs | where IPAddress == '203.0.113.7' and UserPrincipalName in ((SigninLogs | where ResultType == '0'"
    " | project UserPrincipalName)) | project UserPrincipalName",
    "SigninLogs | where tostring(LocationDetails.city) == 'Halden' | project UserPrincipalName, LocationDetails",
    "SigninLogs | summarize n = count()",  # no condition: it reads the table by itself
]


def events(s, minute):
    rows = [("ann", "50126", "Halden"), ("ann", "0", "Oslo"), ("bob", "50126", "Halden"), ("bob", "50053", ""), ("cid", "0", "Oslo")]
    s.post_logs(TABLE, [{"TimeGenerated": at(minute), "UserPrincipalName": p + "@halden.example", "ResultType": r,
                         "IPAddress": "203.0.113.7", "LocationDetails": {"city": c}} for p, r, c in rows])


def found(shared_rows):
    """Alerts and runs of the rules over half an hour, with rows that come late."""
    with Server("--rule-shared-rows", str(shared_rows), clock=START) as s:
        for n, query in enumerate(QUERIES):
            imported(s, rule(n + 1, query=query, extra=EACH))
        for minute in (1, 7, 12):
            s.move_clock(at(minute))
            events(s, minute)
        s.move_clock(at(17))
        events(s, 3)  # late
        s.move_clock(at(40))
        for n in range(len(QUERIES)):
            equal(uncovered(s, "Rule %d" % (n + 1)), [])
        made = sorted((a["AlertName"], a["StartTime"], a["EndTime"], a["SystemAlertId"]) for a in alerts(s)
                      if "TenantId" not in a["ExtendedProperties"])
        told = sorted((r["ruleId"], r["windowTo"], r["trigger"], r["status"], r["rows"], r["alerts"], r["entities"]) for r in runs(s))
        return made, told, [r for r in runs(s) if r["shared"]], s.query("SentinelHealth | where ExtendedProperties has '\"Shared\":true'")


def test_rules_that_share_find_what_they_find_alone():
    alone, together = found(0), found(100000)
    equal([len(a) for a in alone[2:]], [0, 0])
    equal([m[:3] for m in together[0]], [m[:3] for m in alone[0]])
    equal(together[1], alone[1])
    shared = {r["ruleId"] for r in together[2]}
    assert len(shared) >= 5 and len(together[2]) >= 15, together[2]
    assert "00000000-0000-4000-8000-000000000008" not in shared, shared
    equal(len(together[3]), len(together[2]))


def test_a_table_with_more_rows_is_read_by_each():
    with Server("--rule-shared-rows", "3", clock=START) as s:
        for n, query in enumerate(QUERIES[:4]):
            imported(s, rule(n + 1, query=query, extra=EACH))
        for minute in (1, 2, 7):
            s.move_clock(at(minute))
            events(s, minute)
        s.move_clock(at(20))
        equal([r for r in runs(s) if r["shared"] and r["rows"] > 0], [])
        assert "ann" in people(s)


def test_a_rule_that_fails_takes_no_other_along():
    with Server(clock=START) as s:
        for n in range(4):
            imported(s, rule(n + 1, query="SigninLogs | where ResultType == '%s'" % ("50126" if n else "0"), extra=EACH))
        imported(s, rule(9, query="SigninLogs | where ResultType == '50126' | mv-expand n = range(1, 100000, 1) to typeof(long)"))
        s.move_clock(at(1))
        events(s, 1)
        s.move_clock(at(20))
        failed = [r for r in runs(s) if r["status"] != "Success"]
        equal({(r["ruleId"][-1], r["status"], r["error"]) for r in failed},
              {("9", "Failure", "the query returns more than 100000 rows: too many for a rule")})
        equal({r["status"] for r in runs(s) if not r["ruleId"].endswith("9")}, {"Success"})
        assert [r for r in runs(s) if r["shared"] and r["rows"] > 0], runs(s)


def test_the_history_tells_what_a_run_read():
    with Server(clock=START) as s:
        imported(s, rule(1))
        s.move_clock(at(1))
        sign_ins(s, 1, *("p%d@halden.example" % n for n in range(40)))
        s.move_clock(at(11))
        run_of = [r for r in runs(s) if r["rows"] > 0][0]
        assert run_of["rowsRead"] == 40 and run_of["memoryBytes"] >= 0 and run_of["bytesRead"] >= 0, run_of
        cost = s.query("SentinelHealth | where toint(ExtendedProperties.QueryResultAmount) > 0"
                       " | project Q = ExtendedProperties.QueryPerformanceIndicators")[0]["Q"]
        cost = json.loads(cost) if isinstance(cost, str) else cost
        equal([cost[k] for k in ("RowsRead", "BytesRead", "MemoryBytes")],
              [run_of[k] for k in ("rowsRead", "bytesRead", "memoryBytes")])


def test_near_real_time_rules_share():
    with Server(clock=START) as s:
        for n in range(4):
            imported(s, (NRT % (n + 1)).replace("At once", "At once %d" % n))
        s.move_clock(at(1))
        sign_ins(s, 1, "ann@halden.example")
        s.move_clock(at(2))
        equal(people(s), ["ann"] * 4)
        equal({r["shared"] for r in runs(s, trigger="NrtRun") if r["rows"] > 0}, {True})


def test_rows_of_another_workspace_wake_near_real_time_rules():
    with Server(clock=START) as s, tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "x")
        equal(run("export", "--data", s.data, copy)[0], 0)
        s.stop()
        equal(run("import", "--data", s.data, "--name", "other", copy)[0], 0)
        s.start(clock=START)
        imported(s, (NRT % 1).replace("SigninLogs |", "workspace('other').SigninLogs |"))
        s.move_clock(at(1))
        row = {"TimeGenerated": at(1), "UserPrincipalName": "far@halden.example", "ResultType": "50126"}
        equal(s.post("/vedette/v1/workspaces/other/records/SigninLogs?format=ndjson", json.dumps(row)).status, 200)
        s.move_clock("2026-03-01T00:01:02Z" if START.startswith("2026-03-01") else at(1)[:17] + "02Z")
        until(lambda: people(s) == ["far"], 10)
