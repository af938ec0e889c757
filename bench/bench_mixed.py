"""Queries while records come in at full speed, against the same queries at rest; and how soon an acknowledged event is seen.

The table is the same size in both runs: the records that come in go to another one. Latencies are those of a client over
HTTPS. The visibility is the time from the 204 to the end of the first query that has the event.
"""
import os
import statistics
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "scenario"))

ROWS, BATCH, PRODUCERS = 100_000, 500, 4
RUNS = int(os.environ.get("MIXED_RUNS", "40"))
QUERIES = [
    "Heartbeat | summarize count() by Computer",
    "Heartbeat | where OSType has 'w77' | count",
    "Heartbeat | where TimeGenerated > ago(1h) | summarize dcount(OSType) by bin(TimeGenerated, 1m)",
    "Heartbeat | where OSType contains 'zz9' | top 10 by TimeGenerated",
    "Heartbeat | where Computer == 'c7' | project TimeGenerated, OSType | take 100",
]


def records(first):
    return [{"Computer": "c%d" % (n % 50), "OSType": "w%d zz%d %s" % (n % 100, n % 13, "x" * 60)}
            for n in range(first, first + BATCH)]


class Producers:
    """Threads that post to Syslog as fast as they are answered."""

    def __init__(self, server):
        self.server, self.over, self.stored, self.lock = server, threading.Event(), 0, threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(PRODUCERS)]

    def run(self):
        connection = self.server.connect()
        sent = [{"Computer": "c", "SyslogMessage": "m %d %s" % (n, "y" * 100)} for n in range(BATCH)]
        while not self.over.is_set():
            if self.server.post_logs("Microsoft-Syslog", sent, connection=connection).status == 204:
                with self.lock:
                    self.stored += BATCH

    def __enter__(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.per_s = self.stored / (time.monotonic() - self.began)


def p95(values):
    return sorted(values)[len(values) * 95 // 100]


def latencies(server):
    found = []
    for _ in range(RUNS):
        for query in QUERIES:
            began = time.monotonic()
            server.query(query)
            found.append((time.monotonic() - began) * 1e3)
    return found


def visibility(server):
    """Of events one after the other: milliseconds from the answer to the query that sees it, and how many looks it took."""
    found, looks = [], 0
    for _ in range(RUNS):
        mark = str(uuid.uuid4())
        assert server.post_logs("Microsoft-Event", [{"Source": mark}]).status == 204
        began, seen = time.monotonic(), 0
        while not seen:
            seen = server.query("Event | where Source == '%s' | count" % mark)[0]["Count"]
            looks += 1
        found.append((time.monotonic() - began) * 1e3)
    return found, looks / RUNS


def run(context):
    os.environ["VEDETTE"] = context.vedette
    from vedette import Server
    with Server("--requests-per-second", "1000000", "--max-records", "100000") as server:
        for first in range(0, ROWS, BATCH):
            assert server.post_logs("Microsoft-Heartbeat", records(first)).status == 204
        latencies(server)  # warm
        idle = latencies(server)
        seen_idle, _ = visibility(server)
        with Producers(server) as producers:
            time.sleep(1)
            busy = latencies(server)
            seen, looks = visibility(server)
    return {"query_idle_median_ms": statistics.median(idle), "query_idle_p95_ms": p95(idle),
            "query_ingesting_median_ms": statistics.median(busy), "query_ingesting_p95_ms": p95(busy),
            "query_p95_ratio": p95(busy) / p95(idle), "ingested_meanwhile_per_s": producers.per_s,
            "visible_idle_p95_ms": p95(seen_idle), "visible_median_ms": statistics.median(seen), "visible_p95_ms": p95(seen),
            "looks_until_visible": looks}
