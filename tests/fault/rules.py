"""kill -9 of a server while its rules run: each event makes one alert and one incident a rule, none is lost and none is
there twice, also those that come late, and the ranges of arrival have no gap and no overlap.
"""
import collections
import datetime
import os
import random
import re
import sys
import threading
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import ROWS_OF_ALERTS, Server  # noqa: E402  (found through the line above)

START = datetime.datetime(2026, 3, 1)
RULE = """id: 00000000-0000-4000-8000-%012d
kind: %s
name: %s
description: x
severity: High
%seventGroupingSettings:
  aggregationKind: AlertPerResult
query: |
  SigninLogs | where ResultType == '50126' | project TimeGenerated, UserPrincipalName
"""
EVERY = "queryFrequency: 5m\nqueryPeriod: 5m\ntriggerOperator: gt\ntriggerThreshold: 0\n"
NAMES = ("Scheduled", "At once")
PEOPLE = 4  # an NRT run makes 30 alerts at most


def kills():
    return int(os.environ.get("FAULT_KILLS", "12"))


def text(moment):
    return moment.isoformat() + "Z"


class Life:
    def __init__(self, server, chance):
        self.server, self.chance = server, chance
        self.now, self.next = START, 0
        self.waiting = []  # requests that were not acknowledged: (id, records)
        self.wanted = []

    def records(self):
        made = []
        for _ in range(PEOPLE):
            late = self.chance.choice((0, 0, 7, 21))
            name, self.next = "p%d" % self.next, self.next + 1
            made.append({"TimeGenerated": text(self.now - datetime.timedelta(minutes=late)),
                         "ResultType": "50126", "UserPrincipalName": name})
        return made

    def send(self):
        while self.waiting:
            request, records = self.waiting[0]
            answer = self.server.post_logs("Microsoft-SigninLogs", records, request_id=request)
            if answer.status != 204:
                raise RuntimeError("unexpected answer %r" % answer)
            self.wanted += [r["UserPrincipalName"] for r in records]
            self.waiting.pop(0)

    def step(self):
        if not self.waiting:
            self.waiting.append((str(uuid.uuid4()), self.records()))
        self.send()
        self.now += datetime.timedelta(minutes=self.chance.choice((1, 2, 5)))
        self.server.move_clock(text(self.now))

    def live_until_killed(self):
        """Steps, and a kill at a random moment of them."""
        killer = threading.Timer(self.chance.uniform(0.05, 0.6), self.server.process.kill)
        killer.start()
        try:
            while True:
                self.step()
        except (OSError, ValueError, AttributeError):  # killed in between: http.client's ways to say so
            pass
        killer.join()
        self.server.process.wait()
        self.server.start(clock=text(self.now))


def coverage(server, name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "detection.md")
    with open(path, encoding="utf-8") as f:
        block = re.search(r"<!-- coverage -->\n((?:    .*\n|\n)+)", f.read()).group(1)
    return server.query("\n".join(line[4:] for line in block.splitlines()).replace("RULE", name))


def check(life):
    rows = life.server.query(ROWS_OF_ALERTS + " | project AlertName, SystemAlertId, "
                             "Who = tostring(parse_json(Row).UserPrincipalName)")
    ids = collections.Counter(r["SystemAlertId"] for r in rows)
    assert all(n == 1 for n in ids.values()), "rows of an alert are there twice"
    for name in NAMES:
        found = collections.Counter(r["Who"] for r in rows if r["AlertName"] == name)
        missing = [p for p in life.wanted if found[p] == 0]
        twice = [p for p in life.wanted if found[p] > 1]
        assert not missing, "%s: %d events of %d without an alert: %s" % (name, len(missing), len(life.wanted), missing[:5])
        assert not twice, "%s: %d events with two alerts: %s" % (name, len(twice), twice[:5])
        problems = coverage(life.server, name)
        assert not problems, "%s: %s" % (name, problems[:3])
    incidents = life.server.query("SecurityIncident | summarize arg_max(TimeGenerated, *) by IncidentNumber | "
                                  "mv-expand A = todynamic(AlertIds) to typeof(string) | summarize n = count() by A")
    assert len(incidents) == len(ids) and all(r["n"] == 1 for r in incidents), (len(incidents), len(ids))


def test_kills_while_rules_run(data):
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    server = Server(clock=text(START), data=data)
    try:
        for number, (kind, name) in enumerate((("Scheduled", NAMES[0]), ("NRT", NAMES[1])), 1):
            answer = server.import_rule(RULE % (number, kind, name, EVERY if kind == "Scheduled" else ""))
            assert answer.status == 200, answer
        life = Life(server, chance)
        for _ in range(kills()):
            life.live_until_killed()
        life.step()
        life.now += datetime.timedelta(minutes=30)
        server.move_clock(text(life.now))
        check(life)
    finally:
        if server.process is not None:
            server.process.kill()
            server.process.wait()


TESTS = [test_kills_while_rules_run]
