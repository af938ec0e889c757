"""kill -9 while alerts become incidents and incidents are merged: no alert is lost or in two incidents, each merge is
there once, and the rows of SecurityIncident tell of the state that the server keeps."""
import datetime
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import Server  # noqa: E402  (found through the line above)

START = datetime.datetime(2026, 1, 1, 12)
STAGES = ("InitialAccess", "CredentialAccess", "LateralMovement")
PEOPLE, ALERTS = 4, 15


def at(minutes):
    return (START + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def rule(number, tactic):
    return ("id: 00000000-0000-4000-8000-%012d\nkind: Scheduled\nname: %s\ndescription: x\nseverity: Medium\n"
            "queryFrequency: 5m\nqueryPeriod: 5m\ntriggerOperator: gt\ntriggerThreshold: 0\ntactics: [%s]\n"
            "query: SigninLogs | where AppDisplayName == '%s'\nentityMappings:\n  - entityType: Account\n"
            "    fieldMappings:\n      - identifier: FullName\n        columnName: UserPrincipalName\n"
            "eventGroupingSettings:\n  aggregationKind: AlertPerResult\n" % (number, tactic, tactic, tactic))


def move_quietly(server, to):
    try:
        server.move_clock(to)
    except Exception:  # killed in between, as it should be
        pass


def all_incidents(server):
    """Number → (status, merged into, ids of alerts)."""
    found = {}
    for i in server.arm("GET", "/incidents?$top=1000").json()["value"]:
        p = i["properties"]
        alerts = server.arm("POST", "/incidents/%s/alerts" % i["name"]).json()["value"]
        found[p["incidentNumber"]] = (p["status"], p["additionalData"].get("mergedIncidentNumber"),
                                      sorted(a["properties"]["systemAlertId"] for a in alerts))
    return found


def check(server, expected):
    """Returns how many merges there are."""
    incidents = all_incidents(server)
    alerts = sorted(a for _, _, ids in incidents.values() for a in ids)
    stored = sorted(r["SystemAlertId"] for r in server.query("SecurityAlert | project SystemAlertId"))
    assert len(set(alerts)) == len(alerts), "an alert is in two incidents"
    assert alerts == stored, "incidents hold %d alerts of %d" % (len(alerts), len(stored))
    assert len(alerts) == expected, "%d alerts, not %d" % (len(alerts), expected)
    rows = server.query("SecurityIncident | summarize arg_max(TimeGenerated, *), n = count(), "
                        "times = dcount(TimeGenerated) by IncidentNumber | project IncidentNumber, Status, AlertIds, n, "
                        "times, Into = toint(AdditionalData.mergedIncidentNumber)")
    told = {r["IncidentNumber"]: (r["Status"], r["Into"], sorted(json.loads(r["AlertIds"]))) for r in rows}
    assert told == incidents, "rows tell of another state than there is"
    assert all(r["n"] == r["times"] for r in rows), "a row is there twice"
    merges = {}
    for number in incidents:
        path = "/vedette/v1/workspaces/%s/incidents/%d/why" % (server.workspace()["id"], number)
        for m in server.get(path).json()["merges"]:
            merges[m["id"]] = m
    into = sorted((m["sourceIncidentNumber"], m["targetIncidentNumber"]) for m in merges.values())
    assert into == sorted((n, i[1]) for n, i in incidents.items() if i[1]), "a merge is lost or doubled"
    return len(merges)


def server_killed_while_correlating(_data):
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    turns, sent = max(4, int(os.environ.get("FAULT_KILLS", "20")) // 2), 0
    with Server("--requests-per-second", "100000", "--correlation", "true", clock=at(0)) as server:
        for number, tactic in enumerate(STAGES, 1):
            assert server.import_rule(rule(number, tactic)).status == 200
        for turn in range(turns):
            records = [{"TimeGenerated": at(turn * 10 + 1), "AppDisplayName": chance.choice(STAGES),
                        "UserPrincipalName": "p%d-%d@halden.example" % (turn, n % PEOPLE)} for n in range(ALERTS)]
            assert server.post_logs("Microsoft-SigninLogs", records).status == 204
            sent += ALERTS
            mover = threading.Thread(target=move_quietly, args=(server, at(turn * 10 + 10)))
            mover.start()
            time.sleep(chance.random() * 1.0)  # the moment itself, not a wait
            server.kill()
            mover.join()
            server.start(clock=at(turn * 10 + 10))
            server.move_clock(at(turn * 10 + 10))
        merged = check(server, sent)
    assert merged > turns, "only %d merges" % merged
    print("     %d alerts, %d merges, %d kills" % (sent, merged, turns))


TESTS = [server_killed_while_correlating]
