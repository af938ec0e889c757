"""Personal data is deleted by filters, in Azure's shape: exactly the rows that a query finds."""
import glob
import json
import os

from vedette import Server, contains, equal, run, until

ROWS = [{"Computer": c, "SyslogMessage": m, "ProcessID": p, "EventTime": t} for c, m, p, t in [
    ("alice", "one", 1, "2026-01-01T00:00:00Z"), ("ALICE", "two", 2, "2026-01-02T00:00:00Z"),
    ("bob", 'quote " back \\ tick \' é\u2028\U0001f600', 3, "2026-01-03T00:00:00Z"),
    ("carol", "four", 4, "2026-01-04T00:00:00Z"), ("", "five", 5, "2026-01-05T00:00:00Z")]]


def purge(s, table, *filters, token="operator"):
    return s.arm("POST", "/purge", {"table": table, "filters": list(filters)}, provider=False, token=token)


def where(column, operator, value, **more):
    return {"column": column, "operator": operator, "value": value, **more}


def left(s, table="Syslog", column="ProcessID"):
    return sorted(r["x"] for r in s.query("%s | project x = %s" % (table, column)))


def test_filters_find_what_a_query_finds():
    cases = [
        ([where("Computer", "==", "alice")], [2, 3, 4, 5]),
        ([where("Computer", "=~", "alice")], [3, 4, 5]),
        ([where("Computer", "in", ["alice", "carol", "x"])], [2, 3, 5]),
        ([where("Computer", "in~", ["ALICE"])], [3, 4, 5]),
        ([where("SyslogMessage", "==", ROWS[2]["SyslogMessage"])], [1, 2, 4, 5]),
        ([where("ProcessID", ">", 3)], [1, 2, 3]),
        ([where("ProcessID", "<=", "2")], [3, 4, 5]),
        ([where("EventTime", "between", ["2026-01-02", "2026-01-03T00:00:00Z"])], [1, 4, 5]),
        ([where("Computer", "==", "alice"), where("ProcessID", ">", 1)], [1, 2, 3, 4, 5]),
        ([where("Computer", "==", 'x" or true or "')], [1, 2, 3, 4, 5]),
        ([where("Computer", "==", "")], [1, 2, 3, 4]),
    ]
    for filters, wanted in cases:
        with Server() as s:
            equal(s.post_logs("Microsoft-Syslog", ROWS).status, 204)
            answer = purge(s, "Syslog", *filters)
            equal(answer.status, 202, answer)
            equal(left(s), wanted, filters)


def test_sealed_rows_are_deleted_too():
    with Server("--retention", "5d", clock="2026-01-06T00:00:00Z") as s:
        equal(s.post_logs("Microsoft-Syslog", ROWS).status, 204)
        s.arm("PATCH", "/tables/Syslog", {"properties": {"totalRetentionInDays": 90}}, provider=False)
        run("tables", "seal", data=s.data)
        equal(s.post_logs("Microsoft-Syslog", ROWS[:2]).status, 204)
        equal(purge(s, "Syslog", where("Computer", "in", ["alice", "carol"])).status, 202)
        equal(left(s), [2, 2, 3, 5])
        row = s.query("SentinelAudit | where OperationName endswith 'purge/action'")[0]
        equal(json.loads(row["ExtendedProperties"])["RowsDeleted"], 3)
        until(lambda: sum("carol" in found(s, path) for path in parts(s)) == 0)
        s.move_clock("2026-01-20T00:00:00Z")  # out of the reach of queries, not of this
        equal(left(s), [2])  # the one that is still hot
        equal(purge(s, "Syslog", where("Computer", "==", "bob")).status, 202)
        s.arm("PATCH", "/tables/Syslog", {"properties": {"retentionInDays": 60}}, provider=False)
        equal(left(s), [2, 2, 5])
        equal(purge(s, "Syslog", where("ProcessID", ">", 0)).status, 202)
        equal(left(s), [])
        until(lambda: not parts(s))
        equal(run("check", data=s.data)[0], 0)


def parts(s):
    return glob.glob(os.path.join(s.data, "workspaces", "*", "lake", "Syslog", "*", "*", "*", "*.parquet"))


def found(s, path):
    with open(path, "rb") as f:
        return f.read().decode("latin-1")


def test_its_answer_status_and_audit():
    with Server() as s:
        s.post_logs("Microsoft-Syslog", ROWS)
        answer = purge(s, "Syslog", where("Computer", "in", ["alice", "bob"]), where("ProcessID", "<", 9))
        identifier = answer.json()["operationId"]
        assert identifier.startswith("purge-"), answer
        contains(answer.headers["x-ms-status-location"], "/workspaces/default/operations/%s?api-version=" % identifier)
        equal(s.arm("GET", "/operations/" + identifier, provider=False).json(), {"status": "completed"})
        equal(s.arm("GET", "/operations/purge-0", provider=False).status, 404)
        row = s.query("SentinelAudit | where OperationName endswith 'purge/action'")[0]
        properties = json.loads(row["ExtendedProperties"])
        equal((row["Status"], row["CorrelationId"], properties["RowsDeleted"], properties["CallerName"]),
              ("Success", identifier, 2, "operator"))
        equal(properties["Filters"], [{"column": "Computer", "operator": "in"},
                                      {"column": "ProcessID", "operator": "<"}])
        # Nobody keeps what was to be forgotten, nor does it come back.
        assert "alice" not in s.read_log()
        s.stop()
        for name in ("state.db", "state.db-wal"):
            path = os.path.join(s.data, name)
            if os.path.exists(path):
                with open(path, "rb") as f:
                    assert b"alice" not in f.read(), name
        s.start()
        equal(left(s), [2, 4, 5])
        equal(s.post_logs("Microsoft-Syslog", ROWS[:1]).status, 204)
        equal(left(s), [1, 2, 4, 5])


def test_columns_of_every_kind():
    columns = [("TimeGenerated", "dateTime"), ("N", "int"), ("R", "real"), ("B", "boolean"), ("G", "guid"),
               ("D", "dynamic")]
    rows = [{"N": i, "R": i + 0.5, "B": i == 1, "G": "0000000%d-0000-4000-8000-000000000000" % i,
             "D": {"user": "u%d" % i, "deep": {"x": i}}} for i in range(3)]
    for given in (where("R", ">=", 1.5), where("B", "==", True), where("G", "==", rows[1]["G"]),
                  where("D", "==", "u1", key="user"), where("N", "between", [1, 1])):
        with Server() as s:
            equal(s.arm("PUT", "/tables/Mix_CL", {"properties": {"schema": {"name": "Mix_CL", "columns": [
                {"name": n, "type": t} for n, t in columns]}}}, provider=False).status, 200)
            equal(s.post_logs("Custom-Mix_CL", rows).status, 204)
            answer = purge(s, "Mix_CL", given)
            equal(answer.status, 202, answer)
            equal(left(s, "Mix_CL", "N"), [0] if given["operator"] == ">=" else [0, 2], given)


def test_what_is_refused():
    with Server() as s:
        s.post_logs("Microsoft-Syslog", ROWS)
        for filters, said in (
                ([where("Nope", "==", "x")], "has no column 'Nope'"),
                ([where("Computer", "has", "x")], "filters[0].operator"),
                ([where("Computer", ">", "x")], "have no order"),
                ([where("ProcessID", "=~", "1")], "only for texts"),
                ([where("ProcessID", "==", "seven")], "no value of type int"),
                ([where("EventTime", ">", "someday")], "no value of type datetime"),
                ([where("EventTime", "between", ["2026-01-01"])], "an array of two"),
                ([where("Computer", "in", [])], "an array of 1 to 1,000"),
                ([where("Computer", "==", None)], "one text, number or boolean"),
                ([where("Computer", "in", [{"a": 1}])], "no value of type string"),
                ([where("Computer", "==", "x", key="k")], "only for columns of type dynamic"),
                ([], "an array of 1 to 50 filters")):
            answer = purge(s, "Syslog", *filters)
            equal(answer.status, 400, filters)
            contains(answer.message(), said)
        equal(purge(s, "NoSuchTable", where("Computer", "==", "x")).status, 404)
        client, secret = s.application("Microsoft Sentinel Contributor")
        equal(purge(s, "Syslog", where("Computer", "==", "bob"), token=s.token(client, secret)).status, 403)
        equal(left(s), [1, 2, 3, 4, 5])
        client, secret = s.application("Data Purger")
        equal(purge(s, "Syslog", where("Computer", "==", "bob"), token=s.token(client, secret)).status, 202)
        equal(purge(s, "Heartbeat", where("Computer", "==", "bob")).status, 202, "no row was ever stored")
