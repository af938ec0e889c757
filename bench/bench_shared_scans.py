"""Scheduled rules that run together: what do they cost when tables are read once for all of them, and when each reads by
itself?

SHARED_ROWS events (400,000) of one hour, SHARED_RULES rules (200: those of bench_detect.py) that look back an hour every five
minutes, and a clock that is moved three times by five minutes. By turns with and without sharing; processor time of all
threads of the server.
"""
import importlib.util
import itertools
import json
import os
import sys
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "scenario"))
ROWS, RULES = int(os.environ.get("SHARED_ROWS", "400000")), int(os.environ.get("SHARED_RULES", "200"))
START, STEPS, BATCH = datetime(2026, 3, 1, 10, tzinfo=timezone.utc), 3, 2000


def detect():
    spec = importlib.util.spec_from_file_location("bench_detect", os.path.join(HERE, "bench_detect.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fill(server, tables):
    """Events of all tables over the hour before the first run."""
    connection, sent = server.connect(), 0
    batches = [(t, r[i:i + BATCH]) for t, r in tables.items() for i in range(0, len(r), BATCH)]
    for table, records in itertools.cycle(batches):
        if sent >= ROWS:
            return
        for n, record in enumerate(records):
            record["TimeGenerated"] = text(START - timedelta(seconds=3600 * (1 - (sent + n) / ROWS)))
        server.post_logs("Microsoft-" + table, json.dumps(records), connection=connection)
        sent += len(records)


def one(bench, tables, texts, shared_rows):
    from vedette import Server
    with Server("--log-level", "warn", "--requests-per-second", "1000000", "--max-records", "100000", "--rule-delay", "0",
                "--rule-shared-rows", str(shared_rows), clock=text(START)) as server:
        fill(server, tables)
        bench.import_rules(server, texts, "Scheduled", RULES, 1)
        server.move_clock(text(START + timedelta(minutes=5)))
        began = bench.processor_s(server)
        for step in range(STEPS):
            server.move_clock(text(START + timedelta(minutes=10 + 5 * step)))
        used = bench.processor_s(server) - began
        runs = server.query("SentinelHealth | where SentinelResourceKind == 'Scheduled' | extend P = ExtendedProperties"
                            " | where todatetime(P.QueryEndTimeUTC) > datetime(%s)"
                            " | extend Q = P.QueryPerformanceIndicators"
                            " | summarize Runs = count(), Shared = countif(tobool(Q.Shared)), Failed = countif(Status != 'Success'),"
                            " Rows = sum(tolong(P.QueryResultAmount)), Alerts = sum(tolong(P.AlertsGeneratedAmount))"
                            % text(START + timedelta(minutes=6)))[0]
        return used, runs


def run(context):
    os.environ["VEDETTE"] = context.vedette
    bench = detect()
    tables, texts = bench.events(context), list(bench.sources())
    best = {}
    for _ in range(int(os.environ.get("SHARED_TURNS", "2"))):
        for shared_rows in (0, 200000):
            used, runs = one(bench, tables, texts, shared_rows)
            print(shared_rows, round(used, 2), runs)
            if shared_rows not in best or used < best[shared_rows][0]:
                best[shared_rows] = (used, runs)
    (alone, _), (together, runs) = best[0], best[200000]
    return {"alone_ms_a_run": alone / runs["Runs"] * 1e3, "together_ms_a_run": together / runs["Runs"] * 1e3,
            "ratio": together / alone, "shared_share": runs["Shared"] / runs["Runs"]}
