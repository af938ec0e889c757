"""Search jobs: the Tables API makes a table and fills it from long ago; cancelled, over restarts, and refused."""
import os
import time

from vedette import Server, contains, equal, run, until

CLOCK = "2026-03-01T12:00:00Z"
QUERY = "Syslog | where SyslogMessage has 'needle'"


def path(name="Found_SRCH", action=""):
    return "/tables/" + name + action


def arm(s, method, where, body=None, **more):
    return s.arm(method, where, body, provider=False, **more)


def job(query=QUERY, since="2026-01-01T00:00:00Z", until_="2026-03-01T00:00:00Z", **more):
    return {"properties": {"searchResults": {"query": query, "startSearchTime": since, "endSearchTime": until_, **more}}}


def send(s, days, message="a needle here", n=3):
    rows = [{"TimeGenerated": d + "T0%d:00:00Z" % (i % 10), "Computer": "h%d" % i, "SyslogMessage": message}
            for d in days for i in range(n)]
    code, _, err = run("ingest", "--table", "Syslog", "-", data=s.data, stdin="\n".join(map(__import__("json").dumps, rows)))
    equal((code, err), (0, ""))


def properties(s, name="Found_SRCH"):
    return arm(s, "GET", path(name)).json()["properties"]


def ended(s, name="Found_SRCH"):
    """The properties, once the job has ended."""
    return until(lambda: (lambda p: p if p["provisioningState"] not in ("Updating", "InProgress") else None)(
        properties(s, name)), 60)


def test_rows_from_long_ago_land_in_a_table():
    with Server("--retention", "4d", clock="2026-02-20T00:00:00Z") as s:
        equal(arm(s, "PATCH", path("Syslog"), {"properties": {"totalRetentionInDays": 365}}).status, 200)
        send(s, ["2026-01-05", "2026-01-20", "2026-02-01"])
        send(s, ["2026-01-06"], "only hay")
        equal(run("tables", "seal", data=s.data)[0], 0)
        s.restart(CLOCK)
        equal(s.count("Syslog"), 0)     # past the analytics retention
        answer = arm(s, "PUT", path(), job(QUERY + " | project Computer, Message = SyslogMessage", limit=1000, description="why"))
        equal(answer.status, 202, answer)
        p = answer.json()["properties"]
        equal([p["provisioningState"], p["plan"], p["schema"]["tableType"], p["schema"]["source"]],
              ["Updating", "Analytics", "SearchResults", "customer"])
        wanted = p["searchResults"]
        equal([wanted[k] for k in ("description", "limit", "startSearchTime", "endSearchTime", "sourceTable")],
              ["why", 1000, "2026-01-01T00:00:00.0000000Z", "2026-03-01T00:00:00.0000000Z", "Syslog"])
        equal(p["resultStatistics"], {"progress": 0.0, "ingestedRecords": 0, "scannedGb": 0.0})
        s.move_clock(CLOCK)             # with a clock moved by hand jobs run when it is
        p = properties(s)
        equal(p["provisioningState"], "Succeeded")
        equal([p["resultStatistics"][k] for k in ("progress", "ingestedRecords")], [100.0, 9])
        assert p["resultStatistics"]["scannedGb"] > 0, p
        equal([c["name"] for c in p["schema"]["columns"]],
              ["TimeGenerated", "TenantId", "Type", "Computer", "Message", "_OriginalType", "_OriginalItemId",
               "_OriginalTimeGenerated"])
        rows = s.query("Found_SRCH | summarize n = count(), dcount(_OriginalItemId), min(_OriginalTimeGenerated),"
                       " max(_OriginalTimeGenerated), take_any(Message) by Type, _OriginalType, TimeGenerated")
        equal([list(r.values()) for r in rows],
              [["Found_SRCH", "Syslog", "2026-03-01T12:00:00.0000000Z", 9, 9, "2026-01-05T00:00:00.0000000Z",
                "2026-02-01T02:00:00.0000000Z", "a needle here"]])
        log = s.query("LAJobLogs | sort by TimeGenerated asc, Status asc | project JobType, Status, SourceTable, "
                      "Table = tostring(Destination.tableName), ResultsRecordCount, Message")
        equal([list(r.values()) for r in log],
              [["SearchJob", "Started", "Syslog", "Found_SRCH", 0, ""],
               ["SearchJob", "Succeeded", "Syslog", "Found_SRCH", 9, ""]])
        equal(s.metrics()["vedette_job_runs_total"], 1)
        # the table is one like others, until it is deleted
        equal(arm(s, "PATCH", path(), {"properties": {"retentionInDays": 100}}).json()["properties"]["retentionInDays"], 100)
        equal([t["name"] for t in arm(s, "GET", "/tables").json()["value"] if t["name"].endswith("_SRCH")], ["Found_SRCH"])
        equal(run("tables", "seal", data=s.data)[0], 0)
        equal(s.count("Found_SRCH"), 9)
        equal(arm(s, "PUT", path(), job()).status, 409)
        equal(arm(s, "DELETE", path()).status, 200)
        equal(arm(s, "DELETE", path()).status, 204)
        equal(arm(s, "GET", path()).status, 404)
        contains(s.ask("Found_SRCH").text, "Found_SRCH")
        # of the same name, with other columns, and a limit
        equal(arm(s, "PUT", path(), job("Syslog", limit=4)).status, 202)
        s.move_clock(CLOCK)
        p = properties(s)
        equal([p["provisioningState"], p["resultStatistics"]["ingestedRecords"], p["searchResults"]["message"]],
              ["Succeeded", 4, "the limit of 4 rows is reached"])
        equal(s.count("Found_SRCH"), 4)
        s.stop()
        s.start(clock=CLOCK)
        equal(s.query("Found_SRCH | where SyslogMessage has 'needle' | count"), [{"Count": 3}])
        equal(properties(s)["provisioningState"], "Succeeded")


def test_what_is_refused():
    with Server(clock=CLOCK) as s:
        for body, words in (
                ({"properties": {}}, "searchResults: an object"),
                (job(""), "query is missing"),
                (job("Syslog | summarize count()"), "line 1, column 10: a search job takes where"),
                (job("Syslog | where Computer == 'x'\n| take 5"), "line 2, column 3: a search job takes where"),
                (job("union Syslog, Heartbeat"), "begins with the name of a table"),
                (job("let a = 1; Syslog"), "one table and operators"),
                (job("Syslog; Syslog"), "one table and operators"),
                (job("Syslog | where Computer in (Heartbeat | project Computer)"), "one table only"),
                (job("Syslog | where Computer == toscalar(Heartbeat | take 1)"), "one table only"),
                (job("Syslog | where Compter == 'x'"), "Compter"),
                (job("Syslog | where ("), "line 1"),
                (job("Nothing_CL"), "Nothing_CL"),
                (job(limit=0), "limit: 1 to 1000000"),
                (job(limit="5"), "limit: 1 to 1000000"),
                (job(since="long ago"), "startSearchTime: a time such as"),
                (job(until_="2026-01-01T00:00:00Z"), "behind startSearchTime"),
                (job(since="2024-01-01T00:00:00Z"), "one year at most"),
        ):
            answer = arm(s, "PUT", path(), body)
            equal(answer.status, 400, (body, answer))
            contains(answer.message(), words)
        equal(arm(s, "PUT", path("a-b_SRCH"), job()).status, 400)
        equal(arm(s, "POST", path(action="/cancelSearch")).status, 404)
        equal(arm(s, "DELETE", path("Syslog")).status, 400)
        equal(arm(s, "DELETE", path("Nothing_CL")).status, 204)
        equal(s.post_logs("Custom-Found_SRCH", [{"Computer": "x"}]).status, 404)
        # who may only read makes none
        token = s.token(*s.application("Microsoft Sentinel Reader"))
        equal(arm(s, "PUT", path(), job(), token=token).status, 403)


def test_projections_keep_where_a_row_comes_from():
    with Server(clock=CLOCK) as s:
        send(s, ["2026-02-01"], n=1)
        for i, text in enumerate((
                "Syslog | project Computer // no more",
                "Syslog\n| project-keep Comp*\n| extend X = strcat(Computer, '|')",
                "Syslog | project-away Sys*, Host* | project-rename Machine = Computer | project-reorder Machine",
                "['Syslog'] | parse SyslogMessage with 'a ' What ' here' | project What, Computer",
                "Syslog")):
            name = "T%d_SRCH" % i
            answer = arm(s, "PUT", path(name), job(text))
            equal(answer.status, 202, answer)
            s.move_clock(CLOCK)
            p = properties(s, name)
            equal([p["provisioningState"], p["resultStatistics"]["ingestedRecords"]], ["Succeeded", 1], p)
            equal(s.query(name + " | project _OriginalType, _OriginalTimeGenerated, isnotempty(_OriginalItemId)"),
                  [{"_OriginalType": "Syslog", "_OriginalTimeGenerated": "2026-02-01T00:00:00.0000000Z", "Column1": True}])
        equal(s.query("T1_SRCH | project X"), [{"X": "h0|"}])
        equal(s.query("T3_SRCH | project What"), [{"What": "needle"}])


def test_threads_cancel_and_kill():
    days = ["2026-01-%02d" % d for d in range(1, 29)]
    with Server() as s:
        send(s, days, n=200)
        equal(arm(s, "PUT", path(), job()).status, 202)
        p = ended(s)
        equal([p["provisioningState"], s.count("Found_SRCH")], ["Succeeded", 5600], p)
        # killed at any moment it goes on, and no row lands twice
        for round_ in range(4):
            name = "Kill%d_SRCH" % round_
            equal(arm(s, "PUT", path(name), job()).status, 202)
            time.sleep(0.02 * round_)
            s.kill()
            s.start()
            p = ended(s, name)
            equal(p["provisioningState"], "Succeeded", p)
            equal(s.query(name + " | summarize count(), d = count_distinct(_OriginalItemId)"), [{"count_": 5600, "d": 5600}])
        # cancelled: what was found stays
        equal(arm(s, "POST", path(action="/cancelSearch")).status, 409)
        equal(arm(s, "PUT", path("Long_SRCH"), job("Syslog | extend X = hash_sha256(strcat_array(repeat(SyslogMessage, 20000), '')) | where X != ''")).status, 202)
        answer = arm(s, "POST", path("Long_SRCH", "/cancelSearch"))
        if answer.status == 200:
            equal(properties(s, "Long_SRCH")["provisioningState"], "Canceled")
            until(lambda: s.query("LAJobLogs | where Status == 'Canceled' | count") == [{"Count": 1}])
        equal(arm(s, "DELETE", path("Long_SRCH")).status, 200)
        equal(arm(s, "GET", path("Long_SRCH")).status, 404)
        equal(arm(s, "PUT", path("Gone_SRCH"), job("Syslog | extend X = hash_sha256(strcat_array(repeat(SyslogMessage, 20000), '')) | where X != ''")).status, 202)
        equal(arm(s, "DELETE", path("Gone_SRCH")).status, 200)
        assert not [n for n in os.listdir(s.data) if "SRCH" in n]


def test_custom_tables_are_deleted():
    columns = {"properties": {"schema": {"name": "Own_CL", "columns": [{"name": "A", "type": "string"}]}}}
    with Server(clock=CLOCK) as s:
        for i in range(3):
            equal(arm(s, "PUT", path("Own_CL"), columns).status, 200)
            equal(s.post_logs("Custom-Own_CL", [{"A": "x%d" % k} for k in range(5 + i)]).status, 204)
            if i == 1:
                equal(run("tables", "seal", "Own_CL", data=s.data)[0], 0)
                equal(s.post_logs("Custom-Own_CL", [{"A": "late"}]).status, 204)
            equal(s.count("Own_CL"), [5, 7, 7][i])
            equal(arm(s, "DELETE", path("Own_CL")).status, 200)
            equal(s.ask("Own_CL | count").status, 400)
            s.stop()
            s.start(clock=CLOCK)
            equal(arm(s, "GET", path("Own_CL")).status, 404)
            equal(s.query("union * | where Type == 'Own_CL' | count"), [{"Count": 0}])
        equal(run("check", data=s.data)[0], 0)
