"""Queries over parts that are here, that are only in an S3-compatible store, and that the time range or the terms leave out.

The store is the tests' own (Python, one machine), which waits LATENCY_MS before each answer: figures are ratios of the same
query in the same run. Before each query over parts that are away the server is started anew, without the blocks it had: neither
its memory nor its disk has anything of them. FETCHED is what came of the bytes of the parts, REQUESTS how often the store was asked.
"""
import glob
import os
import pathlib
import random
import statistics
import sys
import time

DAYS, ROWS, RUNS, LATENCY_MS = 3, 80000, 3, 20
CLOCK = "2026-01-20T00:00:00Z"
DAY = "Syslog | where TimeGenerated >= datetime(2026-01-13) "
QUERIES = {"all": "Syslog | summarize count(), dcount(SyslogMessage)",
           "one_day": DAY + "| summarize count(), dcount(SyslogMessage)",
           "one_column": DAY + "| summarize dcount(Computer)",
           "one_column_all_days": "Syslog | summarize dcount(Computer)",
           "one_row": 'Syslog | where SyslogMessage has "day1" and SyslogMessage has "user4711" | count',
           "pruned": 'Syslog | where SyslogMessage has "nowhere" | count'}


def fill(server, store, parts):
    chance = random.Random(1)  # the same in each run: a filter may claim a term that is not there
    for day in range(DAYS):
        for batch in range(0, ROWS, 2500):
            rows = [{"TimeGenerated": "2026-01-%02dT01:00:00Z" % (11 + day), "Computer": "host%d" % (i % 50),
                     "SyslogMessage": "user%d day%d %s" % (i, day, chance.randbytes(60).hex())} for i in range(batch, batch + 2500)]
            assert server.post_logs("Microsoft-Syslog", rows).status == 204
    path = "/vedette/v1/workspaces/%s/seal?table=Syslog" % server.workspace()["id"]
    assert server.post(path).status == 200
    began = time.monotonic()
    parts(server, DAYS)
    return sum(len(data) for key, (data, _, _) in store.objects.items() if key.endswith(".parquet")), time.monotonic() - began


class Counting:
    """A store far away, which counts what it gives of parts."""

    def __init__(self):
        self.bytes = self.requests = 0

    def __call__(self, method, path, _query):
        time.sleep(LATENCY_MS / 1000)
        return self.count if method == "GET" and path.endswith(".parquet") and "/Syslog/" in path else None

    def count(self, data):
        self.bytes, self.requests = self.bytes + len(data), self.requests + 1
        return data


def timed(server, query, before=lambda: None):
    took = []
    for _ in range(RUNS):
        before()
        began = time.monotonic()
        server.query(query)
        took.append((time.monotonic() - began) * 1000)
    return statistics.median(took)


def run(context):
    os.environ["VEDETTE"] = context.vedette
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "scenario"))
    import s3_store
    from vedette import Server, until

    def parts_away(server, n):
        until(lambda: server.metrics()['vedette_lake_away_parts{workspace="default"}'] == n)

    def anew(server):
        server.stop()
        for path in glob.glob(os.path.join(server.data, "workspaces", "*", "lake", "Syslog", "**", "*.parquet.tmp"), recursive=True):
            os.remove(path)
        server.start(clock=CLOCK)
        parts_away(server, DAYS)

    keys = {"AWS_ACCESS_KEY_ID": s3_store.KEY, "AWS_SECRET_ACCESS_KEY": s3_store.SECRET}
    words = ["--max-past", "30d", "--max-body", "8MiB", "--requests-per-second", "100000", "--lake-store"]
    got = {"parts": DAYS}
    with s3_store.Store() as store:
        store.hook = counting = Counting()
        words += ["s3://%s/bench" % store.bucket, "--lake-store-endpoint", store.endpoint, "--lake-cache"]
        with Server(*words, "1", env=keys, clock=CLOCK) as server:
            size, uploaded = fill(server, store, parts_away)
            got.update(bytes_mb=size / 1e6, upload_mb_per_s=size / 1e6 / uploaded)
            for name, query in QUERIES.items():
                counting.bytes = counting.requests = 0
                got[name + "_away_ms"] = timed(server, query, lambda: anew(server))
                of = size if name in ("all", "one_column_all_days", "one_row", "pruned") else size / DAYS
                got[name + "_fetched_percent"] = 100 * counting.bytes / RUNS / of
                got[name + "_requests"] = counting.requests / RUNS
            assert got["pruned_requests"] == 0, "a part was fetched that no row is in"
            server.settings[server.settings.index("--lake-cache") + 1] = "0"
            server.restart(CLOCK)
            server.query(QUERIES["all"])
            for name, query in QUERIES.items():
                got[name + "_here_ms"] = timed(server, query)
                got[name + "_away_ratio"] = got[name + "_away_ms"] / got[name + "_here_ms"]
    return got
