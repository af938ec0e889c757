"""Damaged parts and jumping clocks.

Bits are flipped, parts are cut, emptied and removed, while a server runs and while it is down. What is damaged is set
aside and told of; everything else is answered as before, exactly once.
"""
import glob
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import Server, run, until  # noqa: E402  (found through the line above)

DAYS, ROWS = 12, 40
CLOCK = "2026-01-20T00:00:00Z"


def flip(path, chance):
    with open(path, "r+b") as f:
        at = chance.randrange(os.path.getsize(path))
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 1 << chance.randrange(8)]))


def cut(path, chance):
    with open(path, "r+b") as f:
        f.truncate(chance.randrange(1, os.path.getsize(path)))


def empty(path, _chance):
    with open(path, "wb"):
        pass


def remove(path, _chance):
    os.unlink(path)


KINDS = [flip, cut, empty, remove]


def rows_by_day(server):
    rows = server.query("Syslog | summarize n = count(), d = count_distinct(SyslogMessage) by Computer")
    assert all(r["n"] == r["d"] for r in rows), rows
    return {r["Computer"]: r["n"] for r in rows}


def parts(server):
    """Path by the day's name."""
    found = glob.glob(os.path.join(server.data, "workspaces", "*", "lake", "Syslog", "*", "*", "*", "*.parquet"))
    return {"d%02d" % int(path.split(os.sep)[-2]): path for path in found}


def fill(server):
    for day in range(1, DAYS + 1):
        records = [{"TimeGenerated": "2026-01-%02dT10:%02d:00Z" % (day, n), "Computer": "d%02d" % day,
                    "SyslogMessage": "d%02d %d %s" % (day, n, os.urandom(40).hex())} for n in range(ROWS)]
        assert server.post_logs("Microsoft-Syslog", records).status == 204
    assert server.post_logs("Microsoft-Heartbeat", [{"Computer": "other"}] * ROWS).status == 204
    path = "/vedette/v1/workspaces/%s/seal" % server.workspace()["id"]
    assert server.post(path).status == 200
    assert len(parts(server)) == DAYS, parts(server)


def check_after(server, hurt):
    """After a check the damaged days are gone, told of, and nothing else is."""
    code, out, err = run("check", data=server.data)
    damaged = out.count("damaged: Syslog, %d rows" % ROWS)
    assert code == (1 if damaged else 0) and hurt_earlier(server) == len(hurt), out + err
    wanted = {"d%02d" % day: ROWS for day in range(1, DAYS + 1) if "d%02d" % day not in hurt}
    assert rows_by_day(server) == wanted, (rows_by_day(server), hurt)
    assert server.count("Heartbeat") == ROWS
    told = server.query('Operation | where Solution == "Vedette" and OperationStatus == "Error" '
                        'and Detail has "rows of table Syslog" | count')[0]["Count"]
    assert told == len(hurt), "%d are damaged, %d told" % (len(hurt), told)
    code, out, err = run("check", data=server.data)
    assert code == 0 and "set aside earlier: %d with %d rows" % (len(hurt), len(hurt) * ROWS) in out, out + err


def hurt_earlier(server):
    return server.metrics()['vedette_lake_quarantined_parts_total{workspace="default"}']


def harm(server, days, chance):
    there = parts(server)
    for i, day in enumerate(days):
        KINDS[i % len(KINDS)](there[day], chance)


def parts_are_damaged(_data):
    """Half of the parts are damaged: some while the server runs, some while it is down."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    with Server("--max-past", "30d", clock=CLOCK) as server:
        fill(server)
        days = chance.sample(sorted(parts(server)), 8)
        harm(server, days[:4], chance)
        for day in sorted(parts(server)):  # each query is answered, whatever it meets; a flipped bit may pass here
            answer = server.ask("Syslog | where Computer == '%s' | summarize count(), max(SyslogMessage)" % day)
            assert answer.status == 200, answer
        check_after(server, set(days[:4]))
        server.kill()
        harm(server, days[4:], chance)
        server.start()
        answer = server.ask("Syslog | summarize count() by Computer")
        assert answer.status == 200, answer
        check_after(server, set(days))
        assert server.post_logs("Microsoft-Syslog", [{"Computer": "after"}]).status == 204
        assert rows_by_day(server)["after"] == 1


def bits_flip_anywhere(_data):
    """A flipped bit, wherever it is: a check finds it, nothing dies of it."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    for _ in range(3):
        with Server("--max-past", "30d", clock=CLOCK) as server:
            fill(server)
            for path in parts(server).values():
                flip(path, chance)
            answer = server.ask("Syslog | summarize n = count(), m = max(SyslogMessage) by Computer")
            assert answer.status == 200, answer
            check_after(server, set(("d%02d" % day for day in range(1, DAYS + 1))))


def clocks_jump(_data):
    """The clock of each start is another one, also an earlier one: each row is there once, and order is kept."""
    clocks = ["2026-03-01T00:00:00Z", "2026-02-20T00:00:00Z", "2026-03-05T00:00:00Z", "2025-12-31T23:59:59Z",
              "2026-03-01T00:00:00Z", "2036-01-01T00:00:00Z", "2026-03-01T00:00:01Z"]
    with Server("--retention", "0d", clock=clocks[0]) as server:
        for turn, clock in enumerate(clocks):
            if turn > 0:
                server.stop()
                server.start(clock=clock)
            path = "/vedette/v1/workspaces/%s/seal" % server.workspace()["id"]
            for half in range(2):
                records = [{"Computer": "t%d" % turn, "SyslogMessage": "%d %d %d" % (turn, half, n)} for n in range(ROWS)]
                assert server.post_logs("Microsoft-Syslog", records).status == 204
                if half == 0:
                    assert server.post(path).status == 200
            found = rows_by_day(server)
            assert found == {"t%d" % t: 2 * ROWS for t in range(turn + 1)}, found
        order = server.query("Syslog | summarize oldest = min(ingestion_time()), newest = max(ingestion_time()) by Computer"
                             " | sort by Computer asc")
        assert all(a["newest"] < b["oldest"] for a, b in zip(order, order[1:])), order
        received, stored, rejected = server.ingested()
        assert received == stored + rejected, (received, stored, rejected)
        until(lambda: server.metrics()["vedette_queries_pending"] == 0)
    return None


TESTS = [parts_are_damaged, bits_flip_anywhere, clocks_jump]
