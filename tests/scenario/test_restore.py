"""Restored logs: a table that shows a range of another one's rows, past its retention, until it is deleted."""
import glob
import json
import os

from vedette import Server, contains, equal, run, until

DAYS = ("2026-01-05", "2026-01-06", "2026-01-20", "2026-01-21")


def arm(s, method, where, body=None, **more):
    return s.arm(method, "/tables/" + where, body, provider=False, **more)


def restore(since="2026-01-06T00:00:00Z", until_="2026-01-21T00:00:00Z", source="Syslog"):
    return {"properties": {"restoredLogs": {"startRestoreTime": since, "endRestoreTime": until_, "sourceTable": source}}}


def send(s, days, n=3, table="Syslog"):
    rows = [json.dumps({"TimeGenerated": "%sT0%d:00:00Z" % (d, i), "Computer": "h%d" % i, "SyslogMessage": d})
            for d in days for i in range(n)]
    equal(run("ingest", "--table", table, "-", data=s.data, stdin="\n".join(rows))[0], 0)


def parts(s):
    return len(glob.glob(os.path.join(s.data, "workspaces", "*", "lake", "Syslog", "*", "*", "*", "*.parquet")))


def test_a_range_comes_back_and_stays():
    with Server("--retention", "4d", clock="2026-01-22T00:00:00Z") as s:
        equal(arm(s, "PATCH", "Syslog", {"properties": {"totalRetentionInDays": 10}}).status, 200)
        send(s, DAYS)
        equal(run("tables", "seal", data=s.data)[0], 0)
        s.restart("2026-01-27T00:00:00Z")
        equal(s.count("Syslog"), 0)
        answer = arm(s, "PUT", "Old_RST", restore())
        equal(answer.status, 200, answer)
        p = answer.json()["properties"]
        equal([p["provisioningState"], p["plan"], p["schema"]["tableType"], p["schema"]["source"]],
              ["Succeeded", "Analytics", "RestoredLogs", "customer"])
        equal(p["restoredLogs"], {"startRestoreTime": "2026-01-06T00:00:00.0000000Z",
                                  "endRestoreTime": "2026-01-21T00:00:00.0000000Z", "sourceTable": "Syslog"})
        assert "SyslogMessage" in [c["name"] for c in p["schema"]["columns"]], p

        def check():
            equal(s.query("Old_RST | summarize n = count() by Type, SyslogMessage | sort by SyslogMessage asc"),
                  [{"Type": "Old_RST", "SyslogMessage": d, "n": 3} for d in DAYS[1:3]])
            equal(s.query("Old_RST | where TimeGenerated < datetime(2026-01-07) | count"), [{"Count": 3}])
            equal(s.query("Old_RST | count"), [{"Count": 6}])
            equal(s.query("union Old_RST, Syslog | count"), [{"Count": 6}])
            equal(s.query("Old_RST | project _ItemId | distinct _ItemId | count"), [{"Count": 6}])

        check()
        # what it shows outlives the total retention, nothing else does, and over restarts
        equal(parts(s), 4)
        s.restart("2026-02-03T00:00:00Z")
        until(lambda: parts(s) == 2)
        check()
        equal(run("tables", "compact", data=s.data)[0], 0)
        check()
        # what comes late is in it, too; a job and a rule may read it
        send(s, ["2026-01-10"], n=1)
        equal(s.count("Old_RST"), 7)
        equal(s.query("Old_RST | where SyslogMessage == '2026-01-10' | project Computer"), [{"Computer": "h0"}])
        equal(arm(s, "DELETE", "Old_RST").status, 200)
        equal(arm(s, "GET", "Old_RST").status, 404)
        until(lambda: parts(s) == 0)
        equal(s.ask("Old_RST").status, 400)


def test_what_is_refused():
    with Server(clock="2026-01-22T00:00:00Z") as s:
        send(s, DAYS)
        columns = {"properties": {"schema": {"name": "Own_CL", "columns": [{"name": "A", "type": "string"}]}}}
        equal(arm(s, "PUT", "Own_CL", columns).status, 200)
        for name, body, status, words in (
                ("X_RST", {"properties": {}}, 400, "sourceTable: the name of a table"),
                ("X_RST", restore(since="soon"), 400, "startRestoreTime: a time such as"),
                ("X_RST", restore(until_=""), 400, "endRestoreTime: a time such as"),
                ("X_RST", restore(until_="2026-01-07T23:59:59Z"), 400, "at least 2 days"),
                ("X_RST", restore(until_="2026-01-01T00:00:00Z"), 400, "at least 2 days"),
                ("X_RST", restore(source="Nothing_CL"), 404, "no table 'Nothing_CL'"),
                ("a-b_RST", restore(), 400, "letters, digits"),
        ):
            answer = arm(s, "PUT", name, body)
            equal(answer.status, status, (body, answer))
            contains(answer.message(), words)
        equal(arm(s, "PUT", "A_RST", restore()).status, 200)
        equal(arm(s, "PUT", "A_RST", restore()).status, 409)
        contains(arm(s, "PUT", "B_RST", restore()).message(), "'A_RST' shows rows of 'Syslog': delete it first")
        equal(arm(s, "PUT", "B_RST", restore(source="A_RST")).status, 400)
        contains(arm(s, "PATCH", "A_RST", {"properties": {"retentionInDays": 30}}).message(), "until it is deleted")
        equal(arm(s, "PUT", "B_RST", restore(source="Own_CL")).status, 200)
        contains(arm(s, "DELETE", "Own_CL").message(), "'B_RST' shows rows of 'Own_CL'")
        equal(s.count("B_RST"), 0)
        equal(s.post_logs("Custom-Own_CL", [{"TimeGenerated": "2026-01-21T00:00:00Z", "A": "x", "New": "y"}]).status, 204)
        equal(s.query("B_RST | where A == 'x'"), [])            # not in the range
        equal(arm(s, "DELETE", "B_RST").status, 200)
        equal(arm(s, "PUT", "B_RST", restore(source="Own_CL", until_="2026-01-22T00:00:00Z")).status, 200)
        equal(s.query("B_RST | project A, New"), [{"A": "x", "New": "y"}])
        # it takes no rows
        answer = s.post("/vedette/v1/workspaces/%s/records/A_RST" % s.workspace()["id"], '{"Computer": "x"}')
        assert answer.status >= 400 or s.count("A_RST") == 6, answer
        equal(arm(s, "PUT", "Aux_CL", {"properties": {**columns["properties"], "plan": "Auxiliary"}}).status, 200)
        contains(arm(s, "PUT", "C_RST", restore(source="Aux_CL")).message(), "can't be restored")
        token = s.token(*s.application("Microsoft Sentinel Reader"))
        equal(arm(s, "PUT", "D_RST", restore(), token=token).status, 403)
        s.stop()
        s.start(clock="2026-01-22T00:00:00Z")
        equal([s.count("A_RST"), s.count("B_RST")], [6, 1])
