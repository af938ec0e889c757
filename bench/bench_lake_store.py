"""Queries over parts that are here, that are only in an S3-compatible store, and that the time range or the terms leave out.

The store is the tests' own (Python, one machine), which waits LATENCY_MS before each answer: figures are ratios of the same
query in the same run.
"""
import os
import pathlib
import random
import statistics
import sys
import time

DAYS, ROWS, RUNS, LATENCY_MS = 8, 20000, 5, 20
CLOCK = "2026-01-20T00:00:00Z"


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

    everything = "Syslog | summarize count(), dcount(SyslogMessage)"
    day = "Syslog | where TimeGenerated >= datetime(2026-01-18) | summarize count(), dcount(SyslogMessage)"
    needle = 'Syslog | where SyslogMessage has "nowhere" | count'
    keys = {"AWS_ACCESS_KEY_ID": s3_store.KEY, "AWS_SECRET_ACCESS_KEY": s3_store.SECRET}
    words = ["--max-past", "30d", "--max-body", "8MiB", "--requests-per-second", "100000", "--lake-store"]
    with s3_store.Store() as store:
        store.hook = lambda *_: time.sleep(LATENCY_MS / 1000)
        words += ["s3://%s/bench" % store.bucket, "--lake-store-endpoint", store.endpoint, "--lake-cache"]
        with Server(*words, "1", env=keys, clock=CLOCK) as server:
            size, uploaded = fill(server, store, parts_away)
            away = timed(server, everything, lambda: parts_away(server, DAYS))
            one = timed(server, day, lambda: parts_away(server, DAYS))
            parts_away(server, DAYS)
            asked = len(store.asked("GET"))
            pruned = timed(server, needle)
            assert len(store.asked("GET")) == asked, "a part was fetched that no row is in"
            server.settings[server.settings.index("--lake-cache") + 1] = "0"
            server.restart(CLOCK)
            server.query(everything)
            here, one_here, pruned_here = timed(server, everything), timed(server, day), timed(server, needle)
    return {"parts": DAYS, "bytes_mb": size / 1e6, "upload_mb_per_s": size / 1e6 / uploaded, "here_ms": here, "away_ms": away,
            "away_ratio": away / here, "one_day_here_ms": one_here, "one_day_away_ms": one, "one_day_away_ratio": one / one_here,
            "pruned_here_ms": pruned_here, "pruned_away_ms": pruned, "pruned_away_ratio": pruned / pruned_here}
