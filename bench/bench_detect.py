"""Many rules over a stream of events: scheduled ones every five minutes, near-real-time ones all the time. Does one fall
behind, and what does a rule cost?

The rules are those of content/rules and, with VEDETTE_SHARED, of its content/rules: as often as needed, each with other
literals. The events are the demonstration's, as of now. DETECT_RULES and DETECT_NRT (1000 each), DETECT_RATE (5000 events a
second) and DETECT_SECONDS (360; the first runs of all rules begin at once, so that short runs are a burst) say how much of it;
DETECT_OPTIONS are more options of the server.

latency: of scheduled rules from when a run was due to when it was stored; of near-real-time rules from the arrival of an
event to the alert, by marker events once a second and some rules that look for them.
"""
import glob
import itertools
import json
import os
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "scenario"))

RULES, NRT = int(os.environ.get("DETECT_RULES", "1000")), int(os.environ.get("DETECT_NRT", "1000"))
RATE, SECONDS = int(os.environ.get("DETECT_RATE", "5000")), int(os.environ.get("DETECT_SECONDS", "360"))
MARKERS, BATCH = 10, 500
DROPPED = r"(?m)^(id|kind|name|queryFrequency|queryPeriod|triggerOperator|triggerThreshold|version):.*\n"


def sources():
    folders = [os.path.join(HERE, "..", "content", "rules", "*.yaml")]
    if os.environ.get("VEDETTE_SHARED"):
        folders.append(os.path.join(os.environ["VEDETTE_SHARED"], "content", "rules", "**", "*.yaml"))
    for path in (p for f in folders for p in sorted(glob.glob(f, recursive=True))):
        with open(path, encoding="utf-8") as f:
            text = f.read().lstrip("\ufeff")
        if re.search(r"(?m)^query:", text) and re.search(r"(?m)^kind: *(Scheduled|NRT)", text):
            yield re.sub(DROPPED, "", text)


def head(number, kind):
    schedule = "queryFrequency: 5m\nqueryPeriod: 1h\ntriggerOperator: gt\ntriggerThreshold: 0\n"
    return "id: 00000000-0000-4000-8000-%012d\nkind: %s\nname: %s %d\n%s" % (
        number, kind, kind, number, schedule if kind == "Scheduled" else "")


def vary(text, turn):
    """Another literal: the first of the query that is a word, so that the rule is another one but costs the same."""
    at = text.index("query:")
    return text[:at] + (re.sub(r"(==|has|contains|startswith) (['\"])([A-Za-z]{3,})\2",
                               lambda m: "%s %s%s%d%s" % (m[1], m[2], m[3], turn, m[2]), text[at:], count=1)
                        if turn else text[at:])


def import_rules(server, texts, kind, wanted, first):
    """As many as wanted; those that the server refuses (functions that are not there) are left out."""
    number, good, connection = first, list(texts), server.connect()
    path = "/vedette/v1/workspaces/%s/rules" % server.workspace()["id"]
    for turn in itertools.count():
        kept = []
        for text in good:
            if number == first + wanted:
                return
            answer = server.post(path, head(number, kind) + vary(text, turn), connection=connection,
                                 headers={"Content-Type": "application/yaml"})
            if answer.status == 200:
                number += 1
                kept.append(text)
        good = kept if turn == 0 else good
        if not good:
            raise RuntimeError("no rule was taken")


def events(context):
    """The demonstration's records by table."""
    folder = str(context.scratch / "logs")
    from vedette import run
    code, _, error = run("simulate", "--out", folder)
    if code != 0:
        raise context.Skip("vedette simulate: " + error)
    found = {}
    for path in sorted(glob.glob(folder + "/*.ndjson")):
        with open(path, encoding="utf-8") as f:
            found[os.path.basename(path)[:-7]] = [json.loads(line) for line in itertools.islice(f, 5000)]
    return found


class Stream:
    """Posts batches at the wanted rate, and a marker once a second."""

    def __init__(self, server, tables):
        self.server, self.over, self.stored, self.late_s = server, threading.Event(), 0, 0.0
        self.thread = threading.Thread(target=self.run)
        self.batches = []
        for table, records in tables.items():
            for record in records:
                record.pop("TimeGenerated", None)
            self.batches += [(table, json.dumps(records[i:i + BATCH])) for i in range(0, len(records), BATCH)]

    def run(self):
        connection, began, marked = self.server.connect(), time.monotonic(), 0
        for table, body in itertools.cycle(self.batches):
            due = began + self.stored / RATE
            if self.over.wait(max(0, due - time.monotonic())):
                return
            self.late_s = max(self.late_s, time.monotonic() - due)
            if time.monotonic() - began > marked:
                marked += 1
                self.server.post_logs("Microsoft-SigninLogs", [{"CorrelationId": "marker", "UserId": str(marked)}],
                                      connection=connection)
            if self.server.post_logs("Microsoft-" + table, body, connection=connection).status == 204:
                self.stored += BATCH


def processor_s(server):
    with open("/proc/%d/stat" % server.process.pid, encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quantiles(values):
    values = sorted(values)
    return values[len(values) // 2], values[min(len(values) - 1, len(values) * 99 // 100)]


LATENCY = """SentinelHealth
| where SentinelResourceKind == "%s" and Status == "Success"
| extend P = ExtendedProperties
| project Ms = (TimeGenerated - todatetime(P.executionDue)) / 1ms, Cpu = tolong(P.QueryPerformanceIndicators.ProcessorUs) / 1000.0,
    Shared = tobool(P.QueryPerformanceIndicators.Shared),
    Wall = tolong(P.QueryPerformanceIndicators.DurationUs) / 1000.0, Name = SentinelResourceName"""
MARKED = """SecurityAlert
| extend Row = parse_json(tostring(parse_json(ExtendedProperties).Query))
| where AlertName startswith "marker"
| project Ms = (TimeGenerated - StartTime) / 1ms"""


def measure(server, began_s, seconds):
    used = processor_s(server) - began_s
    scheduled = server.query(LATENCY % "Scheduled")
    near = server.query(LATENCY % "NRT")
    marked = server.query(MARKED)
    failed = server.query("SentinelHealth | where Status != 'Success' | count")[0]["Count"]
    result = {"scheduled_runs": len(scheduled), "near_real_time_records": len(near), "failed": failed,
              "processor_share": used / seconds}
    if scheduled:
        result["scheduled_latency_median_ms"], result["scheduled_latency_p99_ms"] = quantiles(r["Ms"] for r in scheduled)
        result["scheduled_processor_ms"] = sum(r["Cpu"] for r in scheduled) / len(scheduled)
        result["scheduled_shared_share"] = sum(bool(r["Shared"]) for r in scheduled) / len(scheduled)
        result["scheduled_wall_ms"] = sum(r["Wall"] for r in scheduled) / len(scheduled)
    if marked:
        result["near_latency_median_ms"], result["near_latency_p99_ms"] = quantiles(r["Ms"] for r in marked)
        result["near_alerts"] = len(marked)
    return result


def run(context):
    os.environ["VEDETTE"] = context.vedette
    from vedette import Server
    tables = events(context)
    texts = list(sources())
    more = os.environ.get("DETECT_OPTIONS", "").split()
    with Server(*more, "--log-level", "debug" if os.environ.get("DETECT_LOG") else "warn", "--requests-per-second", "1000000", "--max-records", "100000", "--rule-delay", "0", "--rule-spread",
                "4m" if SECONDS >= 300 else "%ds" % max(1, SECONDS // 2)) as server:
        import_rules(server, texts, "Scheduled", RULES, 1)
        import_rules(server, texts, "NRT", NRT, RULES + 1)
        for n in range(MARKERS):
            text = head(RULES + NRT + 1 + n, "NRT").replace("NRT %d" % (RULES + NRT + 1 + n), "marker %d" % n)
            answer = server.import_rule(text + "description: x\nseverity: Low\nquery: SigninLogs | where CorrelationId == 'marker'\n"
                                        "incidentConfiguration:\n  createIncident: false\n")
            assert answer.status == 200, answer
        stream = Stream(server, tables)
        began_s, began = processor_s(server), time.monotonic()
        stream.thread.start()
        time.sleep(SECONDS)
        seconds = time.monotonic() - began
        stream.over.set()
        stream.thread.join()
        result = measure(server, began_s, seconds)
        result["events_per_s"] = stream.stored / seconds
        result["stream_late_s"] = stream.late_s
        result["rules"] = RULES + NRT
        if os.environ.get("DETECT_LOG"):
            print("\n".join(l for l in server.read_log().splitlines() if "near-real-time rules that" in l))
    return result
