"""Sealed rows: by command, over restarts, with late rows, and read by other programs."""
import glob
import os

from vedette import Server, equal, run

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
    query = "Syslog | summarize n = count(), first = min(TimeGenerated), m = max(SyslogMessage) by Computer | sort by Computer asc"
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
