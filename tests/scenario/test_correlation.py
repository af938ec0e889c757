"""Correlation: which incidents are merged, why, what becomes of both, and the way back."""
import datetime
import json

from test_detection import at, imported, incidents
from vedette import Server, contains, equal, run, until

START = "2026-03-01T00:00:00Z"
STAGES = {"entry": "InitialAccess", "steal": "CredentialAccess", "move": "LateralMovement",
          "other": "InitialAccess"}


def stage_rule(name, number, severity="Medium", description="Test rule.", entities=("Account",),
               grouping=""):
    """A rule that makes an alert of each sign-in to the application of that name."""
    columns = {"Account": ("FullName", "UserPrincipalName"), "IP": ("Address", "IPAddress"),
               "Host": ("FullName", "ResourceDisplayName")}
    mappings = "".join("  - entityType: %s\n    fieldMappings:\n      - identifier: %s\n"
                       "        columnName: %s\n" % (e, *columns[e]) for e in entities)
    return ("id: 00000000-0000-4000-8000-%012d\nkind: Scheduled\nname: Rule %s\n"
            "description: \"%s\"\nseverity: %s\nqueryFrequency: 5m\nqueryPeriod: 5m\n"
            "triggerOperator: gt\ntriggerThreshold: 0\ntactics: [%s]\n"
            "query: SigninLogs | where AppDisplayName == '%s'\nentityMappings:\n%s"
            "eventGroupingSettings:\n  aggregationKind: AlertPerResult\n%s"
            % (number, name, description, severity, STAGES[name], name, mappings, grouping))


def sign_in(s, minute, stage, person="ann@halden.example", address="", host=""):
    record = {"TimeGenerated": at(minute), "UserPrincipalName": person, "IPAddress": address,
              "ResourceDisplayName": host, "AppDisplayName": stage}
    answer = s.post_logs("Microsoft-SigninLogs", [record])
    equal(answer.status, 204, answer)


def on(s, **settings):
    answer = s.request("PUT", path(s, "correlation"), {"enabled": True, **settings})
    equal(answer.status, 200, answer)
    return answer.json()


def path(s, rest):
    return "/vedette/v1/workspaces/%s/%s" % (s.workspace()["id"], rest)


def incident(s, number):
    return s.arm("GET", "/incidents/%d" % number).json()["properties"]


def alerts_of(s, number):
    answer = s.arm("POST", "/incidents/%d/alerts" % number).json()["value"]
    return sorted(a["properties"]["systemAlertId"] for a in answer)


def why(s, number):
    return s.get(path(s, "incidents/%d/why" % number)).json()["merges"]


def open_numbers(s):
    found = incidents(s, "?$filter=properties/status%20ne%20'Closed'")
    return sorted(i["properties"]["incidentNumber"] for i in found)


def chain(s, severity="High"):
    """An entry, and half an hour later a movement of the same person."""
    imported(s, stage_rule("entry", 1))
    imported(s, stage_rule("move", 2, severity))
    sign_in(s, 1, "entry")
    sign_in(s, 31, "move")
    s.move_clock(at(50))


def test_a_chain_over_tactics_is_merged_and_explained():
    with Server(clock=START) as s:
        on(s)
        chain(s)
        equal(open_numbers(s), [1])
        target, source = incident(s, 1), incident(s, 2)
        equal((target["severity"], target["status"], target["additionalData"]["alertsCount"]),
              ("High", "New", 2))
        equal(target["additionalData"]["tactics"], ["InitialAccess", "LateralMovement"])
        equal(len(target["relatedAnalyticRuleIds"]), 2)
        equal(target["title"],
              "Multi-stage incident involving Initial access & Lateral movement of one user")
        equal((target["firstActivityTimeUtc"][:19], target["lastActivityTimeUtc"][:19]),
              (at(1)[:19], at(31)[:19]))
        equal((source["status"], source["classification"], source["classificationComment"]),
              ("Closed", "Undetermined", "Merged into incident 1."))
        equal([(x["labelName"], x["labelType"]) for x in source["labels"]],
              [("Redirected", "AutoAssigned")])
        equal(source["additionalData"]["mergedIncidentNumber"], 1)
        name = s.arm("GET", "/incidents/1").json()["name"]
        contains(source["additionalData"]["mergedIncidentUrl"], name)
        equal((len(alerts_of(s, 1)), alerts_of(s, 2)), (2, []))
        merge = why(s, 1)[0]
        equal((merge["score"], merge["threshold"], merge["automatic"]), (100, 100, True))
        equal((merge["sourceIncidentNumber"], merge["targetIncidentNumber"]), (2, 1))
        equal([(x["kind"], x["value"], x["points"]) for x in merge["evidence"]],
              [("entity", "ann@halden.example", 60),
               ("tactics", "InitialAccess → LateralMovement", 40)])
        equal(sorted(merge["evidence"][0]["sourceAlerts"] + merge["evidence"][0]["targetAlerts"]),
              alerts_of(s, 1))
        equal(merge["settings"]["weights"]["account"], 60)
        equal(why(s, 2), [merge])
        rows = s.query("SecurityIncident | summarize arg_max(TimeGenerated, *) by IncidentNumber | "
                       "order by IncidentNumber asc | project IncidentNumber, Status, ModifiedBy, "
                       "Alerts = array_length(AlertIds), "
                       "Into = toint(AdditionalData.mergedIncidentNumber)")
        equal([(r["Status"], r["Alerts"], r["Into"]) for r in rows],
              [("New", 2, None), ("Closed", 0, 1)])
        equal({r["ModifiedBy"] for r in rows}, {"Microsoft Defender XDR – alert correlation"})
        out = run("incidents", "why", "2", data=s.data)[1]
        contains(out, "Incident 2 into 1")
        contains(out, "account/upn ann@halden.example")


def test_nothing_is_merged_that_does_not_belong_together():
    """Off, the wrong way along the chain, another person, a private address."""
    with Server(clock=START) as s:
        chain(s)
        equal(open_numbers(s), [1, 2])  # nobody has switched it on
        on(s)
        sign_in(s, 51, "move", "bob@halden.example")
        sign_in(s, 81, "entry", "bob@halden.example")
        s.move_clock(at(90))
        equal(open_numbers(s), [1, 2, 3, 4])
        imported(s, stage_rule("steal", 3, entities=("IP",)))
        imported(s, stage_rule("other", 4, entities=("IP",)))
        sign_in(s, 91, "other", address="10.0.0.7")
        sign_in(s, 93, "steal", address="10.0.0.7")
        s.move_clock(at(110))
        equal(len(open_numbers(s)), 6)
        sign_in(s, 111, "other", address="203.0.113.9")
        sign_in(s, 112, "steal", address="203.0.113.9")
        s.move_clock(at(130))
        equal(len(open_numbers(s)), 8)  # 45 + 40: a public address and a step are not enough
        on(s, threshold=85)
        sign_in(s, 131, "other", address="203.0.113.9")
        s.move_clock(at(150))
        equal(len(open_numbers(s)), 7)


def test_the_window_and_distance():
    with Server(clock=START) as s:
        on(s, windowMinutes=120)
        imported(s, stage_rule("entry", 1))
        imported(s, stage_rule("move", 2))
        sign_in(s, 1, "entry")
        s.move_clock(at(90))
        sign_in(s, 91, "move")  # 90 of 120 minutes: three quarters of 60, and 40
        s.move_clock(at(300))
        equal(open_numbers(s), [1, 2])
        on(s, windowMinutes=120, threshold=80)
        sign_in(s, 301, "entry", "bob@halden.example")
        s.move_clock(at(390))
        sign_in(s, 391, "move", "bob@halden.example")
        s.move_clock(at(410))
        equal(open_numbers(s), [1, 2, 3])
        equal([(x["points"], x["gapMinutes"]) for x in why(s, 3)[0]["evidence"][:1]
               if x["kind"] == "entity"], [(45, 90)])


def test_rules_and_tags_that_stay_apart():
    with Server(clock=START) as s:
        on(s, excludedTags=["Test"])
        imported(s, stage_rule("entry", 1, description="#DONT_CORR# stays apart"))
        imported(s, stage_rule("move", 2))
        imported(s, stage_rule("other", 3))
        sign_in(s, 1, "entry")
        sign_in(s, 2, "move")
        s.move_clock(at(20))
        equal(open_numbers(s), [1, 2])
        sign_in(s, 21, "other", "bob@halden.example")
        s.move_clock(at(40))
        body = s.arm("GET", "/incidents/3").json()
        body["properties"]["labels"] = [{"labelName": "test"}]
        equal(s.arm("PUT", "/incidents/3", body).status, 200)
        sign_in(s, 41, "move", "bob@halden.example")
        s.move_clock(at(60))
        equal(open_numbers(s), [1, 2, 3, 4])


def whole(s, number):
    """What a merge must give back."""
    p = incident(s, number)
    kept = ("title", "severity", "status", "classification", "classificationComment", "labels",
            "firstActivityTimeUtc", "lastActivityTimeUtc", "relatedAnalyticRuleIds")
    return {**{k: p.get(k) for k in kept}, **p["additionalData"], "alerts": alerts_of(s, number)}


def test_undo_gives_both_back_and_bars_the_pair():
    with Server(clock=START) as s:
        chain(s)
        before = whole(s, 1), whole(s, 2)
        on(s)
        sign_in(s, 51, "entry", "bob@halden.example")  # something else to look at
        s.move_clock(at(70))
        answer = s.post(path(s, "incidents/1/merge"), {"sources": [2], "reason": "one attack"})
        equal(answer.status, 200, answer)
        equal(incident(s, 1)["additionalData"]["alertsCount"], 2)
        merge = why(s, 2)[0]
        equal((merge["automatic"], merge["reason"]), (False, "one attack"))
        equal(s.post(path(s, "incidents/2/unmerge")).status, 200)
        equal((whole(s, 1), whole(s, 2)), before)
        equal(s.post(path(s, "incidents/2/unmerge")).status, 409)
        s.stop()
        s.start(clock=at(75))
        # Both go on as they were, and are not merged again by themselves: not even by new alerts.
        for minute in (76, 77):
            sign_in(s, minute, "entry" if minute == 76 else "move")
        s.move_clock(at(95))
        equal({1, 2} <= set(open_numbers(s)), True, open_numbers(s))
        contains(run("incidents", "merge", "1", "2", data=s.data)[1], "Incident 1 has")
        equal(incident(s, 2)["status"], "Closed")
        equal(why(s, 2)[0]["barred"], False)
        contains(run("incidents", "unmerge", "2", data=s.data)[1], "Incident 2 is back")


def test_an_automatic_merge_that_was_undone_does_not_come_back():
    with Server(clock=START) as s:
        on(s)
        chain(s)
        equal(open_numbers(s), [1])
        equal(s.post(path(s, "incidents/2/unmerge")).status, 200)
        equal(open_numbers(s), [1, 2])
        equal(incident(s, 1)["title"], "Rule entry")
        rule = stage_rule("steal", 3)
        imported(s, rule)
        s.move_clock(at(60))
        sign_in(s, 61, "steal")  # goes with both, but can only go with one of them
        s.move_clock(at(80))
        equal(open_numbers(s), [1, 2])
        equal(sum(len(alerts_of(s, n)) for n in (1, 2)), 3)


def test_grouping_follows_a_merge_and_the_undo_takes_it_along():
    group = ("incidentConfiguration:\n  createIncident: true\n  groupingConfiguration:\n"
             "    enabled: true\n    lookbackDuration: 1d\n    matchingMethod: AllEntities\n")
    with Server(clock=START) as s:
        on(s)
        imported(s, stage_rule("entry", 1))
        imported(s, stage_rule("move", 2, grouping=group))
        sign_in(s, 1, "entry")
        sign_in(s, 11, "move")
        s.move_clock(at(20))
        equal(open_numbers(s), [1])
        sign_in(s, 21, "move")
        s.move_clock(at(30))
        equal((open_numbers(s), len(alerts_of(s, 1))), ([1], 3))
        equal(s.post(path(s, "incidents/2/unmerge")).status, 200)
        equal((len(alerts_of(s, 1)), len(alerts_of(s, 2))), (1, 2))
        equal(incident(s, 2)["lastActivityTimeUtc"][:19], at(21)[:19])


def test_what_people_may_not_merge():
    with Server(clock=START) as s:
        chain(s)
        for number, owner in ((1, "ann"), (2, "bob")):
            body = s.arm("GET", "/incidents/%d" % number).json()
            body["properties"]["owner"] = {"userPrincipalName": owner + "@halden.example"}
            equal(s.arm("PUT", "/incidents/%d" % number, body).status, 200)
        merge = path(s, "incidents/1/merge")
        cases = [({"sources": [2]}, 409, "assigned to different people"),
                 ({"sources": [1]}, 409, "with itself"), ({"sources": [9]}, 404, "9"),
                 ({"sources": []}, 400, "1 to 4"), ({"sources": [2, 3, 4, 5, 6]}, 400, "1 to 4"),
                 ({"sources": 2}, 400, "an array"), ({"sources": [{}]}, 400, "sources[0]"),
                 ({}, 400, "sources")]
        for body, status, words in cases:
            answer = s.post(merge, body)
            equal(answer.status, status, (body, answer))
            contains(answer.message(), words)
        equal(s.post(path(s, "incidents/1/unmerge")).status, 409)
        body = s.arm("GET", "/incidents/2").json()
        body["properties"].update(status="Closed", classification="FalsePositive",
                                  classificationReason="InaccurateData", owner=None)
        equal(s.arm("PUT", "/incidents/2", body).status, 200)
        answer = s.post(merge, {"sources": [2]})
        equal(answer.status, 409)
        contains(answer.message(), "incident 2 is closed")
        equal(len(alerts_of(s, 1)) + len(alerts_of(s, 2)), 2)


def test_what_everybody_has_counts_nothing():
    with Server(clock=START) as s:
        on(s, commonIncidentsLeast=3, commonIncidentsPercent=0, threshold=85)
        imported(s, stage_rule("steal", 1, entities=("IP",)))
        imported(s, stage_rule("move", 2, entities=("IP",)))
        for minute in (1, 2, 3, 4):
            sign_in(s, minute, "steal", address="203.0.113.5")
        s.move_clock(at(20))
        equal(len(open_numbers(s)), 1)  # 45 + 40 of the same rule
        on(s, commonIncidentsLeast=3, commonIncidentsPercent=0, threshold=85, sameRulePoints=0)
        for minute in (21, 22, 23, 24):
            sign_in(s, minute, "steal", address="203.0.113.6")
        s.move_clock(at(40))
        equal(len(open_numbers(s)), 5)
        sign_in(s, 41, "move", address="203.0.113.6")  # is in five incidents by then
        sign_in(s, 42, "move", address="203.0.113.5")
        s.move_clock(at(60))
        equal(len(open_numbers(s)), 6)


def test_settings():
    with Server(clock=START) as s:
        found = s.get(path(s, "correlation")).json()
        equal((found["enabled"], found["threshold"], found["windowMinutes"]), (False, 100, 1440))
        equal(on(s, weights={"ip": 70})["weights"]["ip"], 70)
        equal(s.get(path(s, "correlation")).json()["weights"]["account"], 60)
        for bad, words in (({"threshold": 0}, "threshold"), ({"threshold": "x"}, "threshold"),
                           ({"weights": {"boat": 1}}, "'boat'"), ({"weights": []}, "weights"),
                           ({"enabled": 1}, "enabled"), ({"speed": 1}, "'speed'"),
                           ({"excludedTags": [""]}, "excludedTags[0]"), ([], "object"),
                           ({"commonIncidentsLeast": 300}, "commonIncidentsLeast")):
            answer = s.request("PUT", path(s, "correlation"), bad)
            equal(answer.status, 400, (bad, answer))
            contains(answer.message(), words)
        equal(s.get(path(s, "correlation")).json()["weights"]["ip"], 70)
    with Server("--correlation", "true", clock=START) as s:
        equal(s.get(path(s, "correlation")).json()["enabled"], True)


def test_the_graph():
    with Server(clock=START) as s:
        on(s)
        imported(s, stage_rule("entry", 1, entities=("Account", "IP")))
        imported(s, stage_rule("move", 2, entities=("Account", "Host")))
        sign_in(s, 1, "entry", address="10.0.0.9")
        sign_in(s, 11, "move", host="web01.halden.example")
        s.move_clock(at(30))
        answer = s.get(path(s, "incidents/1/graph")).json()
        kinds = sorted(n["kind"] for n in answer["nodes"])
        equal(kinds, ["SecurityAlert", "SecurityAlert", "account", "host", "ip"])
        labels = {n["id"]: n["label"] for n in answer["nodes"]}
        equal(sorted(labels.values()), ["10.0.0.9", "Rule entry", "Rule move", "ann", "web01"])
        edges = sorted((labels[x["source"]], labels[x["target"]]) for x in answer["edges"])
        equal(edges, [("Rule entry", "10.0.0.9"), ("Rule entry", "ann"), ("Rule move", "ann"),
                      ("Rule move", "web01")])
        equal(answer["truncated"], False)
        small = s.get(path(s, "incidents/1/graph?maxNodes=3")).json()
        equal((len(small["nodes"]), small["truncated"]), (3, True))
        equal(s.get(path(s, "incidents/1/graph?maxNodes=x")).status, 400)
        equal(s.get(path(s, "incidents/77/graph")).status, 404)
        shown = json.loads(run("incidents", "graph", "1", data=s.data)[1])
        equal(len(shown["nodes"]), 5)


def test_it_waits_for_its_turn_over_a_restart():
    """What is in the queue when the server stops is worked on afterwards."""
    with Server(clock=START) as s:
        on(s)
        imported(s, stage_rule("entry", 1))
        imported(s, stage_rule("move", 2))
        sign_in(s, 1, "entry")
        s.move_clock(at(20))
        sign_in(s, 21, "move")
        s.restart(at(25))
        s.move_clock(at(40))
        equal(open_numbers(s), [1])
        s.restart(at(50))
        equal((open_numbers(s), len(alerts_of(s, 1))), ([1], 2))
        equal(s.post(path(s, "incidents/2/unmerge")).status, 200)
        s.restart(at(60))
        equal(open_numbers(s), [1, 2])


def test_the_system_clock_merges_by_itself():
    """A thread of its own follows the rules; /metrics counts."""
    with Server("--rule-delay", "0", "--correlation", "true") as s:
        now = datetime.datetime.now(datetime.timezone.utc)
        records = [{"TimeGenerated": (now - datetime.timedelta(minutes=m)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "UserPrincipalName": "ann@halden.example", "AppDisplayName": stage}
                   for m, stage in ((2, "entry"), (1, "move"))]
        equal(s.post_logs("Microsoft-SigninLogs", records).status, 204)
        imported(s, stage_rule("entry", 1))
        imported(s, stage_rule("move", 2))
        until(lambda: s.metrics().get("vedette_incident_merges_total"))
        equal(len(open_numbers(s)), 1)
        found = s.metrics()
        equal((found["vedette_correlated_alerts_total"], found["vedette_correlation_failures_total"]),
              (2, 0))
        name = s.arm("GET", "/incidents/%d" % open_numbers(s)[0]).json()["name"]
        until(lambda: s.count("SecurityIncident | where IncidentName == '%s' and "
                              "array_length(AlertIds) == 2" % name))
