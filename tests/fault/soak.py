#!/usr/bin/env python3
"""A long run of everything together: ingestion, queries, rules, sealing, merging, retention and backups.

    soak.py [--minutes N] [--rate RECORDS_PER_SECOND]        $VEDETTE is the program

Four producers write to a table that is kept and to one that is kept for four days, and repeat some of their requests;
the server's clock moves on by an hour every second or so. Memory has to be flat: the median of the last quarter of the
run is compared with that of the quarter before. In the end every record that is not past its retention is there exactly
once, also after a restart, no part is damaged, and nothing is left over. Last line: N passed, N failed.
"""
import argparse
import datetime
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import Server, run, until  # noqa: E402  (found through the line above)

PRODUCERS, BATCH, REPEAT_ONE_IN = 4, 100, 25
START = datetime.datetime(2026, 1, 1)
HOURS_PER_STEP, STEP_S, SAMPLE_S = 1, 1.0, 1.0
KEPT_DAYS, SLACK_DAYS = 4, 3  # a part leaves as a whole, with its newest row
GROWTH, GROWTH_BYTES = 1.10, 48 << 20  # what of the last quarter over the one before is noise
QUERIES = [
    "Kept_CL | where TimeGenerated > ago(6h) | summarize count() by P, bin(TimeGenerated, 1h)",
    "Kept_CL | where Text has 'w17' | summarize n = count(), m = max(N) by P",
    "Short_CL | summarize count(), dcount(N) by bin(TimeGenerated, 1d)",
    "union Kept_CL, Short_CL | where TimeGenerated > ago(2h) | summarize count() by Type",
    "Kept_CL | where TimeGenerated > ago(3h) | join kind=inner (Short_CL | where TimeGenerated > ago(3h)) on P, N | count",
    "Kept_CL | where Text matches regex 'w1[0-9] z' | top 10 by N",
    "SecurityIncident | summarize arg_max(TimeGenerated, *) by IncidentNumber | count",
    "VedetteIngestion | summarize sum(Received), sum(Stored), sum(Rejected) by Stream, Reason",
]
RULE = """
id: 7f4f3c5e-58a3-4e0f-9a6e-0c4a2f9d1b11
name: Soak
kind: Scheduled
severity: Low
query: Kept_CL | where N % 1000 == 7 | summarize n = count() by P
queryFrequency: 6h
queryPeriod: 6h
triggerOperator: gt
triggerThreshold: 0
tactics: [Execution]
relevantTechniques: [T1059]
version: 1.0.0
"""


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Soak:
    """What the threads share."""

    def __init__(self, server, seconds, rate):
        self.server, self.seconds, self.rate = server, seconds, rate
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.problem = None
        self.now = START
        self.acknowledged = 0  # of Kept_CL
        self.numbers = [0] * PRODUCERS  # of each producer: how many were sent, all acknowledged
        self.short = []  # (producer, first number, clock before, clock after) of each batch of Short_CL
        self.repeats = self.asked = self.refused = self.backups = 0
        self.latencies, self.samples = [], []

    def loop(self, work, *args):
        try:
            while not self.over.is_set():
                work(*args)
        except Exception as problem:  # told in the main thread
            with self.lock:
                self.problem = self.problem or problem
            self.over.set()

    # ---- threads ----

    def produce(self, p, connection, chance):
        began, first, request = time.monotonic(), self.numbers[p], str(uuid.uuid4())
        records = [{"P": "p%d" % p, "N": n, "Text": "w%d z%d %s" % (n % 100, n % 7, os.urandom(20).hex())}
                   for n in range(first, first + BATCH)]
        self.store("Custom-Kept_CL", records, request, connection)
        with self.lock:
            self.numbers[p] += BATCH
            self.acknowledged += BATCH
        if chance.randrange(REPEAT_ONE_IN) == 0:
            self.store("Custom-Kept_CL", records, request, connection)
            self.repeats += 1
        before = self.now
        self.store("Custom-Short_CL", records, str(uuid.uuid4()), connection)
        with self.lock:
            self.short.append((p, first, before, self.now))
        self.over.wait(max(0, 2 * BATCH * PRODUCERS / self.rate - (time.monotonic() - began)))

    def store(self, stream, records, request, connection):
        while True:
            answer = self.server.post_logs(stream, records, request_id=request, connection=connection)
            if answer.status == 204:
                return
            if answer.status not in (429, 503):
                raise RuntimeError("unexpected answer %r" % answer)
            self.refused += 1
            time.sleep(0.1)

    def ask(self, chance):
        before, began = self.acknowledged, time.monotonic()
        if chance.randrange(10) == 0:
            found = self.server.count("Kept_CL")
            assert found >= before, "%d acknowledged, %d there" % (before, found)
        else:
            self.server.query(chance.choice(QUERIES))
        self.latencies.append(time.monotonic() - began)
        self.asked += 1
        self.over.wait(0.2)

    def move(self):
        to = self.now + datetime.timedelta(hours=HOURS_PER_STEP)
        self.now = to  # first: what is stored from now on was received then at the latest
        self.server.move_clock(iso(to))
        self.over.wait(STEP_S)

    def back_up(self, scratch):
        self.over.wait(max(10, self.seconds / 10))
        folder = os.path.join(scratch, str(uuid.uuid4()))
        answer = self.server.post("/vedette/v1/backup", {"directory": folder})
        assert answer.status == 200, answer
        shutil.rmtree(folder)
        self.backups += 1

    def sample(self):
        folder = "/proc/%d" % self.server.process.pid
        with open(folder + "/status", encoding="ascii") as f:
            fields = dict(line.split(":", 1) for line in f)
        self.samples.append((int(fields["VmRSS"].split()[0]) << 10, len(os.listdir(folder + "/fd")),
                             int(fields["Threads"])))
        self.over.wait(SAMPLE_S)

    def run(self, scratch):
        works = [(self.produce, p, self.server.connect(), random.Random(p)) for p in range(PRODUCERS)]
        works += [(self.ask, random.Random(100)), (self.ask, random.Random(101)), (self.move,),
                  (self.back_up, scratch), (self.sample,)]
        threads = [threading.Thread(target=self.loop, args=work) for work in works]
        for thread in threads:
            thread.start()
        self.over.wait(self.seconds)
        self.over.set()
        for thread in threads:
            thread.join(300)
        if self.problem:
            raise self.problem


# ---- what has to hold ----

def check_kept(soak):
    rows = soak.server.query("Kept_CL | summarize n = count() by P, N | summarize rows = sum(n), numbers = count(), "
                             "most = max(N) by P | sort by P asc")
    wanted = [{"P": "p%d" % p, "rows": n, "numbers": n, "most": n - 1} for p, n in enumerate(soak.numbers)]
    assert rows == wanted, (rows, wanted)


def check_short(soak):
    """Rows younger than the retention are there once, those much older are gone, none is there twice."""
    young = soak.now - datetime.timedelta(days=KEPT_DAYS)
    old = young - datetime.timedelta(days=SLACK_DAYS)
    rows = soak.server.query("Short_CL | summarize n = count() by P, First = N - N % " + str(BATCH))
    there = {(r["P"], r["First"]): r["n"] for r in rows}
    for p, first, before, after in soak.short:
        found = there.pop(("p%d" % p, first), 0)
        assert found == BATCH or (before <= young and found == 0), "p%d %d: %d rows" % (p, first, found)
        assert not (after < old and found), "p%d %d: received before %s and still there" % (p, first, after)
    assert not there, "rows that nobody sent"
    twice = soak.server.query("Short_CL | summarize n = count() by P, N | where n > 1 | count")[0]["Count"]
    assert twice == 0, "%d numbers are there more than once" % twice


def check_sums(soak):
    received, stored, rejected = soak.server.ingested()
    assert received == stored + rejected, (received, stored, rejected)
    kept = soak.server.query("VedetteIngestion | summarize a = sum(Received), s = sum(Stored), r = sum(Rejected)")[0]
    assert kept["a"] == kept["s"] + kept["r"], kept


def check_all(soak):
    check_kept(soak)
    check_short(soak)
    check_sums(soak)
    code, out, err = run("check", data=soak.server.data)
    assert code == 0 and " 0 damaged" in out and "set aside earlier: 0 " in out, out + err
    return out.strip()


def quarter(values, i):
    return statistics.median(values[len(values) * i // 4:max(len(values) * i // 4 + 1, len(values) * (i + 1) // 4)])


def check_flat(soak):
    for name, column, slack in (("memory", 0, GROWTH_BYTES), ("open files", 1, 20), ("threads", 2, 5)):
        values = [s[column] for s in soak.samples]
        before, last = quarter(values, 2), quarter(values, 3)
        assert last <= max(before * GROWTH, before + slack), "%s: %d, then %d" % (name, before, last)


def report(soak, log, parts):
    memory = [s[0] / (1 << 20) for s in soak.samples]
    latencies = sorted(soak.latencies)
    print("     %d records acknowledged, %d requests repeated, %d refused for a while" % (
        2 * sum(soak.numbers), soak.repeats, soak.refused))
    print("     %d queries, median %.0f ms, p95 %.0f ms; %d backups; clock at %s" % (
        soak.asked, 1e3 * statistics.median(latencies), 1e3 * latencies[len(latencies) * 95 // 100], soak.backups,
        iso(soak.now)))
    print("     memory, MiB, median of each quarter: %s; most %.0f" % (
        ", ".join("%.0f" % quarter(memory, i) for i in range(4)), max(memory)))
    print("     sealed %d times, merged %d times, retention %d times; %s" % (
        log.count('"message":"sealed"'), log.count('"message":"merged"'), log.count("past their retention"), parts))


def soak_test(seconds, rate):
    scratch = tempfile.mkdtemp(prefix="vedette-soak-")
    settings = ["--requests-per-second", "100000", "--seal-rows", "5000", "--memory", "512MiB", "--max-past", "30d",
                "--retention", "730d"]
    try:
        with Server(*settings, clock=iso(START)) as server:
            for table in ("Kept_CL", "Short_CL"):
                code, _, err = run("tables", "define", table, "P:string", "N:long", "Text:string", data=server.data)
                assert code == 0, err
            answer = server.arm("PATCH", "/tables/Short_CL", {"properties": {"retentionInDays": KEPT_DAYS}},
                                provider=False)
            assert answer.status == 200, answer
            assert server.import_rule(RULE).status in (200, 201)
            soak = Soak(server, seconds, rate)
            soak.run(scratch)
            until(lambda: server.metrics()["vedette_queries_pending"] == 0)
            parts = check_all(soak)
            report(soak, server.read_log(), parts)
            server.stop()
            server.start(clock=iso(soak.now))
            check_all(soak)
            if seconds >= 120:  # before that it still warms up
                check_flat(soak)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    args.add_argument("--minutes", type=float, default=1)
    args.add_argument("--rate", type=int, default=2000, help="records a second that the producers aim at")
    args = args.parse_args()
    began = time.monotonic()
    try:
        soak_test(args.minutes * 60, args.rate)
    except Exception as problem:  # whatever it is, the last line has to say so
        print("FAIL soak: %s: %s" % (type(problem).__name__, problem))
        print("0 passed, 1 failed")
        return 1
    print("ok   soak (%.0f s)" % (time.monotonic() - began))
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
