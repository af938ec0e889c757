"""Sealed rows: by command, over restarts, with late rows, and read by other programs."""
import glob
import os
import threading

from run import Skip
from vedette import Server, contains, equal, run, until

CLOCK = "2026-01-02T03:04:05Z"


def parts(server, table="Syslog"):
    pattern = os.path.join(server.data, "workspaces", "*", "lake", table, "*", "*", "*", "*.parquet")
    return sorted(glob.glob(pattern))


def send(server, prefix, times):
    rows = [{"TimeGenerated": t, "Computer": "h%d" % (i % 3), "SyslogMessage": "%s%d" % (prefix, i)}
            for i, t in enumerate(times)]
    equal(server.post_logs("Microsoft-Syslog", rows).status, 204)


def seal(server, *words):
    code, out, err = run("tables", "seal", *words, data=server.data)
    equal((code, err), (0, ""))
    return int(out.split()[0])


def test_sealing_changes_no_answer():
    times = ["2026-01-01T%02d:30:00Z" % h for h in range(24)] + ["2026-01-02T01:00:00Z"] * 6
    query = "Syslog | summarize n = count(), oldest = min(TimeGenerated), m = max(SyslogMessage) by Computer | sort by Computer asc"
    with Server(clock=CLOCK) as s:
        send(s, "a", times)
        before = s.query(query)
        equal(seal(s, "Syslog"), 30)
        equal(len(parts(s)), 2)
        equal(s.query(query), before)
        equal(seal(s, "Syslog"), 0)
        send(s, "late", ["2026-01-01T00:00:01Z"])
        equal(s.count("Syslog"), 31)
        equal(seal(s, "Syslog"), 1)
        equal(len(parts(s)), 3)
        s.stop()
        s.start()
        equal(s.count("Syslog"), 31)
        equal(s.query("Syslog | where TimeGenerated < datetime(2026-01-01 00:10) | project SyslogMessage"),
              [{"SyslogMessage": "late0"}])
        equal(s.query("Syslog | summarize n = dcount(_ItemId)"), [{"n": 31}])
        equal(run("tables", "seal", "Nothing_CL", data=s.data)[0], 1)


def retention(s, table="Syslog"):
    p = s.arm("GET", "/tables/" + table, provider=False).json()["properties"]
    return p["retentionInDays"], p["totalRetentionInDays"], p["archiveRetentionInDays"], p["retentionInDaysAsDefault"]


def patch(s, table="Syslog", method="PATCH", **properties):
    return s.arm(method, "/tables/" + table, {"properties": properties}, provider=False)


def test_retention_by_rest_with_a_moved_clock():
    with Server("--retention", "30d", clock=CLOCK) as s:
        send(s, "a", [CLOCK] * 5)
        equal(retention(s), (30, 30, 0, True))
        equal(patch(s, retentionInDays=60, totalRetentionInDays=90).status, 200)
        equal(retention(s), (60, 90, 30, False))
        equal(patch(s, totalRetentionInDays=1095).status, 200)
        equal(retention(s), (60, 1095, 1035, False))
        equal(patch(s, retentionInDays=1).status, 400)
        equal(patch(s, retentionInDays="60").status, 400)
        equal(patch(s, totalRetentionInDays=1000).status, 400)
        equal(patch(s, plan="Gold").status, 400)
        equal(patch(s, table="Nothing", retentionInDays=30).status, 404)
        seal(s)
        s.move_clock("2026-02-15T00:00:00Z")
        equal(s.count("Syslog"), 5)
        s.move_clock("2026-03-15T00:00:00Z")
        equal(s.count("Syslog"), 0)
        equal(len(parts(s)), 1)
        equal(patch(s, retentionInDays=180).status, 200)
        equal(s.count("Syslog"), 5)
        equal(patch(s, method="PUT").status, 200)  # resets both to the default
        equal(retention(s), (30, 30, 0, True))
        until(lambda: not parts(s))
        equal(s.count("Syslog"), 0)
        code, out, _ = run("check", data=s.data)
        equal((code, "0 damaged" in out), (0, True))


def test_many_threads_while_rows_are_sealed():
    with Server("--requests-per-second", "100000", "--seal-rows", "500") as s:
        path = "/vedette/v1/workspaces/%s/" % s.workspace()["id"]
        state = {"acknowledged": 0, "asked": 0, "sealed": 0}
        problems = []

        def loop(work):
            try:
                while not problems and state["acknowledged"] < 4000:
                    work()
            except Exception as problem:  # told in the test's own thread
                problems.append(problem)

        def send_some():
            rows = [{"Computer": "c", "SyslogMessage": "m%d" % i} for i in range(100)]
            equal(s.post_logs("Microsoft-Syslog", rows).status, 204)
            state["acknowledged"] += 100

        def ask():
            before = state["acknowledged"]
            row = s.query("Syslog | summarize n = count(), d = dcount(_ItemId, 4)")[0]
            assert before <= row["n"] <= state["acknowledged"] + 100, (before, row)
            assert abs(row["n"] - row["d"]) <= row["n"] // 50, row
            state["asked"] += 1

        def seal_some():
            state["sealed"] += s.post(path + "seal?table=Syslog").json()["rows"]
            equal(s.post(path + "compact").status, 200)

        threads = [threading.Thread(target=loop, args=[w]) for w in (send_some, ask, ask, seal_some)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not problems, problems[0]
        assert state["asked"] > 0 and state["sealed"] > 0, state
        equal(s.count("Syslog"), 4000)
        equal(s.query("Syslog | summarize n = count() by _ItemId | where n > 1"), [])


def test_the_first_rows_of_tables_while_they_are_sealed():
    """What is being committed is not sealed: no row is lost between the hot table and the first part."""
    with Server() as s:
        path = "/vedette/v1/workspaces/%s/" % s.workspace()["id"]
        ended, problems = threading.Event(), []

        def seal_all():
            while not ended.is_set():
                answer = s.post(path + "seal")
                if answer.status != 200:
                    problems.append(answer)

        sealer = threading.Thread(target=seal_all)
        sealer.start()
        for table in range(25):
            for batch in range(4):
                lines = "".join('{"n":%d,"text":"%s"}\n' % (batch * 50 + i, "x" * 300) for i in range(50))
                equal(s.post(path + "records/First%d_CL?format=ndjson" % table, lines).status, 200)
        ended.set()
        sealer.join()
        equal(problems, [])
        for table in range(25):
            equal(s.query("First%d_CL | summarize n = count(), d = dcount(n, 4)" % table), [{"n": 200, "d": 200}])


def test_a_damaged_part_is_set_aside():
    with Server(clock=CLOCK) as s:
        send(s, "a", ["2026-01-01T01:00:00Z"] * 50 + ["2026-01-02T01:00:00Z"] * 50)
        seal(s)
        with open(parts(s)[0], "r+b") as f:
            f.truncate(200)
        code, out, err = run("check", data=s.data)
        if code == 0:  # the slow round came first
            contains(out, "set aside earlier: 1 with 50 rows")
        else:
            contains(out, "damaged: Syslog, 50 rows")
            contains(err, "1 parts are damaged")
        equal(s.count("Syslog"), 50)
        equal(len(s.query('Operation | where OperationStatus == "Error" and Detail has "50 rows of table Syslog"')), 1)
        equal(s.metrics()['vedette_lake_quarantined_parts_total{workspace="default"}'], 1)
        code, out, err = run("check", data=s.data)
        contains(out, "set aside earlier: 1 with 50 rows")
        equal((code, err), (0, ""))


def test_kill_and_half_written_files():
    with Server(clock=CLOCK) as s:
        send(s, "a", ["2026-01-01T01:00:00Z"] * 10)
        seal(s)
        folder = os.path.dirname(parts(s)[0])
        send(s, "b", ["2026-01-01T02:00:00Z"] * 10)
        s.kill()
        for name in ("11111111-1111-4111-8111-111111111111.parquet", "x.parquet.tmp",
                     "11111111-1111-4111-8111-111111111111.terms", "x.terms.tmp"):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(b"half")
        s.start()
        equal(s.count("Syslog"), 20)
        equal(len(parts(s)), 1)
        stem = os.path.basename(parts(s)[0]).removesuffix(".parquet")
        equal(sorted(os.listdir(folder)), [stem + ".parquet", stem + ".terms"])
        contains(s.read_log(), "a part that the manifest does not name was set aside")


def test_other_programs_read_the_parts():
    """DuckDB's and Arrow's own readers, where this Python has them."""
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise Skip("no pyarrow in this Python") from None
    with Server(clock=CLOCK) as s:
        send(s, "a", ["2026-01-01T01:00:00.1234567Z"] * 10)
        seal(s)
        table = parquet.read_table(parts(s)[0])
        equal(table.num_rows, 10)
        equal(str(table.schema.field("TimeGenerated").type), "timestamp[ns]")
        equal(table.column("TimeGenerated")[0].value, 1767229200123456700)
        equal(sorted(table.column("SyslogMessage").to_pylist())[0], "a0")


def test_a_clustering_key_sorts_the_parts():
    with Server(clock=CLOCK) as s:
        equal(s.arm("GET", "/tables/Syslog", provider=False).json()["properties"]["clusterBy"], None)
        equal(patch(s, clusterBy="Nothing").status, 400)
        equal(patch(s, clusterBy=7).status, 400)
        equal(patch(s, clusterBy="Computer").json()["properties"]["clusterBy"], "Computer")
        equal(patch(s, retentionInDays=60).json()["properties"]["clusterBy"], "Computer")
        send(s, "a", ["2026-01-01T%02d:30:00Z" % h for h in range(24)])
        seal(s)
        s.stop()
        s.start()
        send(s, "b", ["2026-01-01T%02d:10:00Z" % h for h in range(24)])
        equal(run("tables", "compact", data=s.data)[0], 0)
        seal(s)
        equal(s.query("Syslog | summarize n = count(), t = dcount(TimeGenerated) by Computer | sort by Computer asc"),
              [{"Computer": "h%d" % i, "n": 16, "t": 16} for i in range(3)])
        equal(patch(s, clusterBy=None).json()["properties"]["clusterBy"], None)


def kept(server, table):
    """Names of the columns that the newest part keeps beside dynamic ones; DuckDB reads them where this Python has it."""
    try:
        import duckdb
    except ImportError:
        return None
    newest = max(parts(server, table), key=os.path.getmtime)
    names = duckdb.sql("SELECT name FROM parquet_schema('%s')" % newest).fetchall()
    return sorted(n for n, in names if "." in n)


def test_members_of_dynamic_columns():
    device = {"operatingSystem": "Windows 11", "trustType": "AzureAd", "detail": {"rare": "x"}}
    query = ("SigninLogs | where tostring(DeviceDetail.operatingSystem) == 'Windows 11' | "
             "summarize n = count(), r = countif(DeviceDetail.detail.rare == 'x') by t = tostring(DeviceDetail.trustType), "
             "c = tolong(Status.errorCode) | sort by t asc, c asc")
    with Server(clock=CLOCK) as s:
        def add(n):
            rows = [{"TimeGenerated": "2026-01-01T%02d:00:00Z" % (i % 24), "UserPrincipalName": "u%d" % i,
                     "DeviceDetail": device if i % 2 else {"operatingSystem": "Linux", "trustType": None},
                     "Status": {"errorCode": i % 3 * 50053 if i % 7 else "none"}} for i in range(n)]
            equal(s.post_logs("Microsoft-SigninLogs", rows).status, 204)
        add(100)
        before = s.query(query)
        equal(sum(r["n"] for r in before), 50)
        seal(s, "SigninLogs")
        equal(s.query(query), before)
        equal(s.query("SigninLogs | getschema | where ColumnName contains '.' | count"), [{"Count": 0}])
        names = kept(s, "SigninLogs")
        if names is not None:
            equal([n for n in names if "rare" in n or "errorCode" in n], ["DeviceDetail.detail.rare", "Status.errorCode"])
        add(10)
        mixed = s.query(query)
        s.stop()
        s.settings += ["--shred-paths", "0"]
        s.start()
        seal(s, "SigninLogs")
        equal(s.query(query), mixed)
        if names is not None:
            equal(kept(s, "SigninLogs"), [])
        equal(run("tables", "compact", data=s.data)[0], 0)
        equal(s.query(query), mixed)
