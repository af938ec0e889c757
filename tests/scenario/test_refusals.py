"""What is rejected or cut is told in tables, not only to the sender."""
import json
import os
import socket

from vedette import Server, contains, equal, until

TOLD = "_LogOperation | where Category == 'Ingestion' | sort by TimeGenerated asc | project Operation, Level, Detail"


def test_a_row_when_it_begins_and_one_an_hour():
    with Server(clock="2026-01-01T00:00:00Z") as s:
        equal(s.post_logs("Microsoft-Heartbeat", "[{]").status, 400)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}, 7], request_id="r").status, 204)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}, 7], request_id="r").status, 204)
        # The first look takes what there is as known.
        s.move_clock("2026-01-01T00:01:00Z")
        equal(s.query(TOLD), [])
        for _ in range(3):
            equal(s.post_logs("Microsoft-Heartbeat", "[{]").status, 400)
        s.move_clock("2026-01-01T00:02:00Z")
        rows = s.query(TOLD)
        equal([(r["Operation"], r["Level"]) for r in rows], [("Ingestion", "Warning")])
        contains(rows[0]["Detail"], "3 request(s) of operator for stream Microsoft-Heartbeat, table Heartbeat "
                                    "were rejected: malformed")
        for minute in range(3, 60):
            s.move_clock("2026-01-01T00:%02d:00Z" % minute)
            equal(s.post_logs("Microsoft-Heartbeat", "[{]").status, 400)
        equal(len(s.query(TOLD)), 1)
        s.move_clock("2026-01-01T01:02:00Z")
        rows = s.query(TOLD)
        equal(len(rows), 2)
        contains(rows[1]["Detail"], "57 request(s)")
        s.move_clock("2026-01-01T09:00:00Z")
        equal(len(s.query(TOLD)), 2, "nothing more was rejected")


def test_messages_that_are_cut_are_counted():
    with Server("--syslog-tcp", "127.0.0.1:0", "--syslog-max-message", "500") as s:
        with open(os.path.join(s.data, "server.json"), encoding="utf-8") as f:
            port = json.load(f)["syslog_tcp"]
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"<13>Jan  1 00:00:00 host app: short\n<13>Jan  1 00:00:00 host app: " + b"x" * 600 + b"\n")
        until(lambda: s.count("Syslog") == 2)
        equal(s.query("VedetteIngestion | where TableName == 'Syslog' | summarize n = sum(TruncatedFields)")[0]["n"], 1)
