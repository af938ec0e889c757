"""Usage: one row an hour and table, of what was stored, exactly once."""
import subprocess

from vedette import PROGRAM, Server, equal

START = "2026-01-01T10:20:00Z"
USAGE = ("Usage | project StartTime, EndTime, DataType, Quantity, QuantityUnit, IsBillable, Solution, "
         "ResourceUri | sort by StartTime asc, DataType asc")


def send(s, stream, n, size=100):
    equal(s.post_logs(stream, [{"Computer": "c%d" % i, "Message": "x" * size} for i in range(n)]).status, 204)


def billed(s, table, at):
    return s.query("%s | where bin(ingestion_time(), 1h) == datetime(%s) | summarize b = sum(_BilledSize)"
                   % (table, at))[0]["b"]


def hour(h, day=1):
    return "2026-01-%02dT%02d:00:00.0000000Z" % (day, h)


def test_an_hour_is_written_once_it_is_over():
    with Server(clock=START) as s:
        equal(s.arm("PUT", "/tables/App_CL", {"properties": {"schema": {"name": "App_CL", "columns": [
            {"name": "TimeGenerated", "type": "dateTime"}, {"name": "Computer", "type": "string"},
            {"name": "Message", "type": "string"}]}}}, provider=False).status, 200)
        send(s, "Custom-App_CL", 50)
        send(s, "Microsoft-Heartbeat", 3)
        s.move_clock("2026-01-01T10:59:59Z")
        equal(s.count("Usage"), 0)
        s.move_clock("2026-01-01T11:00:00Z")
        rows = [r for r in s.query(USAGE) if r["DataType"] != "SentinelAudit"]  # that tells of the table
        equal([(r["StartTime"], r["EndTime"], r["DataType"], r["IsBillable"], r["Solution"]) for r in rows],
              [(hour(10), hour(11), "App_CL", True, "LogManagement"),
               (hour(10), hour(11), "Heartbeat", False, "LogManagement")])
        equal(rows[0]["Quantity"] * 1e6, billed(s, "App_CL", "2026-01-01T10:00:00Z"), "App_CL")
        assert rows[0]["Quantity"] * 1e6 > 50 * 100, rows
        assert rows[0]["ResourceUri"].endswith("/workspaces/default"), rows
        equal({r["QuantityUnit"] for r in rows}, {"MBytes"})
        # Content asks like this.
        total = s.query("Usage | where IsBillable | summarize GB = sum(Quantity) / 1000")[0]["GB"]
        equal(round(total * 1e9), billed(s, "App_CL", "2026-01-01T10:00:00Z"))

        # Hours in which nothing came have no row; Usage does not count itself.
        s.move_clock("2026-01-01T15:30:00Z")
        equal(s.query("Usage | where DataType != 'SentinelAudit' | count"), [{"Count": 2}])


def test_a_restart_neither_loses_nor_repeats_an_hour():
    with Server(clock=START) as s:
        send(s, "Microsoft-Syslog", 10)
        s.move_clock("2026-01-01T11:05:00Z")
        send(s, "Microsoft-Syslog", 20)
        s.kill()
        s.start(clock="2026-01-01T11:06:00Z")
        s.move_clock("2026-01-01T11:07:00Z")
        equal(s.count("Usage"), 1)
        send(s, "Microsoft-Syslog", 5)
        s.stop()
        s.start(clock="2026-01-03T09:00:00Z")  # two days later
        s.move_clock("2026-01-03T09:01:00Z")
        s.stop()
        s.start(clock="2026-01-03T10:30:00Z")
        s.move_clock("2026-01-03T10:31:00Z")
        rows = s.query(USAGE)
        equal([r["StartTime"] for r in rows], [hour(10), hour(11)])
        for r in rows:
            equal(round(r["Quantity"] * 1e6), billed(s, "Syslog", r["StartTime"]), r["StartTime"])


def test_own_rows_and_repeats_are_counted_rightly():
    with Server(clock=START) as s:
        records = [{"Computer": "a", "SyslogMessage": "m" * 50}]
        for _ in range(3):
            equal(s.post_logs("Microsoft-Syslog", records, request_id="same").status, 204)
        equal(s.count("Syslog"), 1)
        s.move_clock("2026-01-01T11:00:00Z")
        row = s.query("Usage | where DataType == 'Syslog'")
        equal(len(row), 1)
        equal(round(row[0]["Quantity"] * 1e6), billed(s, "Syslog", "2026-01-01T10:00:00Z"))


def test_tables_tell_their_bytes():
    with Server() as s:
        send(s, "Microsoft-Syslog", 10)
        tables = s.get("/vedette/v1/workspaces/%s/tables" % s.workspace()["id"]).json()["value"]
        row = [t for t in tables if t["name"] == "Syslog"][0]
        equal(row["billedBytes"], s.query("Syslog | summarize b = sum(_BilledSize)")[0]["b"])
        assert s.workspace()["diskBytes"] > 0
        equal(s.metrics()['vedette_workspace_disk_bytes{workspace="default"}'], s.workspace()["diskBytes"])
        shown = subprocess.run([PROGRAM, "tables", "--data", s.data], capture_output=True, text=True,
                               check=True).stdout
        assert "BYTES" in shown.splitlines()[0], shown


