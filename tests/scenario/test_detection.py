"""Rules on a server whose clock the test moves: windows, alerts, entities, incidents."""
import datetime
import json
import os
import tempfile

from vedette import Server, contains, equal, run, until

START = "2026-03-01T00:00:00Z"
TABLE = "Microsoft-SigninLogs"


def at(minutes, start=START):
    moment = datetime.datetime.fromisoformat(start.replace("Z", "+00:00"))
    return (moment + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def rule(number=1, query="SigninLogs | where ResultType == '50126'", extra="", **keys):
    settings = {"queryFrequency": "5m", "queryPeriod": "5m", "triggerOperator": "gt",
                "triggerThreshold": "0", "severity": "Medium", "name": "Rule %d" % number, **keys}
    lines = "".join("%s: %s\n" % pair for pair in settings.items())
    return ("id: 00000000-0000-4000-8000-%012d\nkind: Scheduled\ndescription: Test rule.\n"
            "tactics: [CredentialAccess]\nrelevantTechniques: [T1110]\n%squery: |\n  %s\n%s"
            % (number, lines, query.replace("\n", "\n  "), extra))


ACCOUNTS = """entityMappings:
  - entityType: Account
    fieldMappings:
      - identifier: FullName
        columnName: UserPrincipalName
  - entityType: IP
    fieldMappings:
      - identifier: Address
        columnName: IPAddress
"""


def sign_ins(s, minute, *people, address="203.0.113.7"):
    records = [{"TimeGenerated": at(minute), "UserPrincipalName": p, "IPAddress": address,
                "ResultType": "50126"} for p in people]
    answer = s.post_logs(TABLE, records)
    equal(answer.status, 204, answer)


def imported(s, text):
    answer = s.import_rule(text)
    equal(answer.status, 200, answer)
    return answer.json()["id"]


def alerts(s):
    return s.query("SecurityAlert | order by TimeGenerated asc, SystemAlertId asc")


def incidents(s, query=""):
    return s.arm("GET", "/incidents" + query).json()["value"]


def test_an_event_becomes_an_alert_and_an_incident():
    with Server(clock=START) as s:
        identity = imported(s, rule(extra=ACCOUNTS))
        sign_ins(s, 1, "ann@halden.example", "bob@halden.example")
        equal(s.move_clock(at(9))["runs"], 2)  # their windows ended before the event
        equal(alerts(s), [])
        equal(s.move_clock(at(10))["runs"], 1)
        alert = alerts(s)[0]
        equal((alert["AlertName"], alert["AlertSeverity"], alert["ProviderName"], alert["Status"]),
              ("Rule 1", "Medium", "ASI Scheduled Alerts", "New"))
        equal((alert["Tactics"], json.loads(alert["Techniques"])), ("CredentialAccess", ["T1110"]))
        equal(alert["TimeGenerated"][:19], at(10)[:19])
        entities = json.loads(alert["Entities"])
        equal([(e["Type"], e.get("Name"), e.get("UPNSuffix"), e.get("Address")) for e in entities],
              [("account", "ann", "halden.example", None), ("account", "bob", "halden.example", None),
               ("ip", None, None, "203.0.113.7")])
        extended = json.loads(alert["ExtendedProperties"])
        equal((extended["Query Start Time UTC"], extended["Query End Time UTC"]),
              ("2026-03-01 00:00:00Z", "2026-03-01 00:05:00Z"))
        equal(json.loads(extended["Analytic Rule Ids"]), [identity])
        incident = incidents(s)[0]
        properties = incident["properties"]
        equal((properties["incidentNumber"], properties["title"], properties["status"],
               properties["additionalData"]["alertsCount"]), (1, "Rule 1", "New", 1))
        row = s.query("SecurityIncident | project IncidentNumber, Title, Status, AlertIds, "
                      "RelatedAnalyticRuleIds")[0]
        equal((row["IncidentNumber"], row["Title"], row["Status"]), (1, "Rule 1", "New"))
        equal(json.loads(row["AlertIds"]), [alert["SystemAlertId"]])
        related = s.arm("POST", "/incidents/%s/alerts" % incident["name"]).json()["value"]
        equal(related[0]["properties"]["systemAlertId"], alert["SystemAlertId"])
        health = s.query("SentinelHealth | where Status == 'Success' | count")[0]["Count"]
        equal(health, 3)


def test_windows_neither_overlap_nor_leave_gaps():
    with Server(clock=START) as s:
        imported(s, rule(extra="eventGroupingSettings:\n  aggregationKind: AlertPerResult\n"))
        for minute in range(0, 60):
            s.move_clock(at(minute))
            if minute < 45:
                sign_ins(s, minute, "p%d@halden.example" % minute)
        equal(len(alerts(s)), 45)


def test_trigger_operators():
    cases = [("gt", 1, 2, True), ("gt", 2, 2, False), ("lt", 3, 2, True), ("lt", 2, 2, False),
             ("eq", 2, 2, True), ("eq", 0, 0, True), ("eq", 1, 2, False), ("ne", 0, 2, True),
             ("ne", 2, 2, False), ("lt", 1, 0, True)]
    with Server(clock=START) as s:
        for number, (operator, threshold, _, _) in enumerate(cases, 1):
            rows = cases[number - 1][2]
            imported(s, rule(number, "SigninLogs | where ResultType == 'n%d'" % number,
                             triggerOperator=operator, triggerThreshold=threshold))
            if rows:
                s.post_logs(TABLE, [{"TimeGenerated": at(1), "ResultType": "n%d" % number}] * rows)
        s.move_clock(at(12))
        fired = {a["AlertName"] for a in alerts(s) if a["TimeGenerated"][:16] == at(10)[:16]}
        wanted = {"Rule %d" % n for n, case in enumerate(cases, 1) if case[3]}
        equal(fired, wanted)


def test_grouping_by_entities():
    grouping = ACCOUNTS + """incidentConfiguration:
  createIncident: true
  groupingConfiguration:
    enabled: true
    reopenClosedIncident: true
    lookbackDuration: 1h
    matchingMethod: Selected
    groupByEntities: [Account]
eventGroupingSettings:
  aggregationKind: AlertPerResult
"""
    with Server(clock=START) as s:
        imported(s, rule(extra=grouping))
        sign_ins(s, 1, "ann@halden.example", "bob@halden.example")
        s.move_clock(at(10))
        sign_ins(s, 9, "ann@halden.example", address="203.0.113.8")
        s.move_clock(at(20))
        counts = {i["properties"]["incidentNumber"]: i["properties"]["additionalData"]["alertsCount"]
                  for i in incidents(s)}
        equal(sorted(counts.values()), [1, 2])
        number = [n for n, c in counts.items() if c == 2][0]
        close = s.arm("GET", "/incidents/%d" % number).json()
        close["properties"].update(status="Closed", classification="TruePositive",
                                   classificationReason="SuspiciousActivity")
        equal(s.arm("PUT", "/incidents/" + close["name"], close).status, 200)
        sign_ins(s, 19, "ann@halden.example")
        s.move_clock(at(30))
        reopened = s.arm("GET", "/incidents/%d" % number).json()["properties"]
        equal((reopened["status"], reopened["additionalData"]["alertsCount"]), ("Active", 3))
        assert "classification" not in reopened
        s.move_clock(at(119))
        sign_ins(s, 118, "ann@halden.example")  # past the look-back: a new incident
        s.move_clock(at(130))
        equal(len(incidents(s)), 3)


def test_suppression():
    with Server(clock=START) as s:
        imported(s, rule(suppressionEnabled="true", suppressionDuration="1h"))
        for minute in range(0, 140):
            s.move_clock(at(minute))
            sign_ins(s, minute, "ann@halden.example")
        times = [a["TimeGenerated"][11:16] for a in alerts(s)]
        equal(len(times), 3, times)
        runs = s.get("/vedette/v1/workspaces/default/runs?$top=1000").json()["value"]
        assert sum(r["status"] == "Suppressed" for r in runs) > 15, runs


def test_overrides_and_custom_details():
    extra = ACCOUNTS + """customDetails:
  Who: UserPrincipalName
alertDetailsOverride:
  alertDisplayNameFormat: "Sign-in of {{UserPrincipalName}} from {{IPAddress}}"
  alertDescriptionFormat: "{{Missing}} stays, {{ResultType}} does not"
  alertSeverityColumnName: Level
"""
    with Server(clock=START) as s:
        query = "SigninLogs | extend Level = 'high', Missing = ''"
        imported(s, rule(query=query, extra=extra.replace("{{Missing}}", "{{ResultType}}")))
        sign_ins(s, 1, "ann@halden.example")
        s.move_clock(at(10))
        alert = alerts(s)[0]
        equal(alert["AlertName"], "Sign-in of ann@halden.example from 203.0.113.7")
        equal(alert["Description"], "50126 stays, 50126 does not")
        equal(alert["AlertSeverity"], "High")
        details = json.loads(json.loads(alert["ExtendedProperties"])["Custom Details"])
        equal(details, {"Who": ["ann@halden.example"]})


def test_near_real_time_sees_late_records():
    text = ("id: 00000000-0000-4000-8000-000000000077\nkind: NRT\nname: At once\n"
            "description: x\nseverity: High\nquery: |\n  SigninLogs | where ResultType == '50126'\n")
    with Server(clock=START) as s:
        imported(s, text)
        s.move_clock(at(10))
        sign_ins(s, -60, "late@halden.example")  # happened an hour ago, arrived now
        s.move_clock(at(14))
        found = alerts(s)
        equal(len(found), 1)
        equal((found[0]["ProviderName"], found[0]["ProductComponentName"]),
              ("ASI NRT Alerts", "NRT Alerts"))


def test_catch_up_after_downtime():
    with Server(clock=START) as s:
        imported(s, rule())
        s.move_clock(at(5))
        sign_ins(s, 6, "ann@halden.example")
        sign_ins(s, 31, "bob@halden.example")
        s.kill()
        s.start(clock=at(60))
        equal(s.move_clock(at(60))["runs"], 11)
        equal(len(alerts(s)), 2)
        s.kill()
        s.start(clock=at(60))
        equal(s.move_clock(at(60))["runs"], 0)
        equal(len(alerts(s)), 2)
        equal(len(incidents(s)), 2)


def test_windows_older_than_the_limit_are_skipped_visibly():
    with Server(clock=START) as s:
        imported(s, rule(queryFrequency="6h", queryPeriod="6h"))
        s.move_clock(at(5))
        s.kill()
        s.start(clock=at(60 * 24 * 40))
        s.move_clock(at(60 * 24 * 40))
        runs = s.get("/vedette/v1/workspaces/default/runs?$top=10000").json()["value"]
        equal(sum(r["status"] == "Skipped" for r in runs), 1)


def test_a_failing_rule_is_a_recorded_run():
    with Server(clock=START) as s:
        imported(s, rule(query="range x from 1 to 200000 step 1"))
        s.move_clock(at(6))
        run_ = s.get("/vedette/v1/workspaces/default/runs").json()["value"][0]
        equal(run_["status"], "Failure")
        contains(run_["error"], "more than 100000 rows")
        row = s.query("SentinelHealth | where Status == 'Failure' | take 1")[0]
        contains(row["Description"], "more than 100000 rows")


BAD_RULES = [
    (rule().replace("severity: Medium", "severity: Grave"), "severity", "'Grave' is not a severity"),
    (rule().replace("queryPeriod: 5m", "queryPeriod: 4m"), "queryPeriod", "5 minutes to 14 days"),
    (rule(queryFrequency="1h"), "queryPeriod", "shorter than queryFrequency"),
    (rule().replace("kind: Scheduled", "kind: Confusion"), "kind", "'Confusion' is not a kind of rule"),
    (rule().replace("triggerOperator: gt\n", ""), "triggerOperator", "missing"),
    (rule(triggerThreshold="-1"), "triggerThreshold", "out of range"),
    (rule(query="SigninLogs | wher x"), "query", "did you mean 'where'?"),
    (rule(query="search *"), "query", "search"),
    (rule(extra=ACCOUNTS.replace("IPAddress", "Adress")), "entityMappings", "'Adress'"),
    (rule(extra=ACCOUNTS.replace("entityType: IP", "entityType: Planet")), "entityMappings", "Planet"),
    (rule().replace("[CredentialAccess]", "[Cooking]"), "tactics", "unknown tactic"),
    (rule().replace("T1110", "X1"), "relevantTechniques", "not a technique"),
    ("id: [\n", "", "line"), ("just text", "", "mapping"), ("", "", ""),
]


def test_bad_rules_say_what_and_where():
    with Server(clock=START) as s:
        for text, key, wanted in BAD_RULES:
            answer = s.import_rule(text)
            equal(answer.status, 400, text)
            body = answer.json()
            issues = [i for i in body["issues"] if i["level"] == "error"]
            assert issues, (text, body)
            assert any(key in i["key"] and wanted in i["message"] for i in issues) or wanted in \
                json.dumps(body), (text, body)
            if key and key not in ("triggerOperator", "entityMappings", "query"):
                assert issues[0]["line"] > 0, (text, body)
        equal(s.arm("GET", "/alertRules").json()["value"], [])


def test_rules_by_the_command_line():
    folder = tempfile.mkdtemp(prefix="vedette-test-")
    with Server(clock=START) as s:
        good, bad = os.path.join(folder, "good.yaml"), os.path.join(folder, "bad.yaml")
        with open(good, "w", encoding="utf-8") as f:
            f.write(rule())
        with open(bad, "w", encoding="utf-8") as f:
            f.write(rule(2).replace("severity: Medium", "severity: Grave"))
        code, out, error = run("rules", "import", folder, data=s.data)
        equal(code, 1)
        contains(out, "1 rules imported, 1 refused")
        contains(error, "bad.yaml:")
        contains(error, "severity")
        contains(run("rules", "list", data=s.data)[1], "Rule 1")
        shown = json.loads(run("rules", "show", "00000000-0000-4000-8000-000000000001",
                               data=s.data)[1])
        equal(shown["properties"]["queryFrequency"], "PT5M")
        code, _, error = run("rules", "validate", bad)
        equal(code, 1)
        contains(error, "%s:" % bad)
        with open(bad, "w", encoding="utf-8") as f:
            f.write(rule(2).replace("query: |\n", "query: |\n  print Foo, Bar\n  | where x = 1\n  //", 1))
        for command in ("validate", "import"):
            error = run("rules", command, bad, **({"data": s.data} if command == "import" else {}))[2]
            line = open(bad, encoding="utf-8").read().split("print Foo")[0].count("\n") + 1
            contains(error, "bad.yaml:%d:9: error: query: line 1, column 7 of the query" % line)
            contains(error, "bad.yaml:%d:11: error: query: line 2, column 9 of the query" % (line + 1))
            contains(error, "\n    print Foo, Bar\n          ^~~\n")
            contains(error, "\n    print Foo, Bar\n               ^~~\n")
            contains(error, "\n    | where x = 1\n            ^~~~~\n")
        equal(run("rules", "validate", good)[0], 0)
        equal(run("rules", "import", folder + "/none", data=s.data)[0], 1)


def test_alert_rules_in_arm():
    body = {"kind": "Scheduled", "properties": {
        "displayName": "By ARM", "enabled": True, "severity": "high", "query": "SigninLogs",
        "queryFrequency": "PT1H", "queryPeriod": "P1D", "triggerOperator": "GreaterThan",
        "triggerThreshold": 3, "suppressionEnabled": False, "suppressionDuration": "PT5H",
        "tactics": ["Impact"]}}
    with Server(clock=START) as s:
        made = s.arm("PUT", "/alertRules/My-Rule", body)
        equal(made.status, 201, made)
        stored = made.json()
        equal((stored["name"], stored["kind"], stored["properties"]["severity"]),
              ("my-rule", "Scheduled", "High"))
        again = s.arm("PUT", "/alertRules/my-rule", stored)
        equal(again.status, 200)
        equal(s.arm("PUT", "/alertRules/my-rule", stored).status, 409)  # its etag is old now
        equal(s.arm("PUT", "/alertRules/my-rule", body, {"If-Match": again.json()["etag"]}).status, 200)
        equal(s.arm("PUT", "/alertRules/x", {**body, "kind": "Fusion"}).status, 400)
        equal(s.arm("PUT", "/alertRules/a%20b", body).status, 400)
        broken = json.loads(json.dumps(body))
        broken["properties"]["query"] = "Nowhere"
        answer = s.arm("PUT", "/alertRules/x", broken)
        equal(answer.status, 400)
        contains(answer.message(), "Nowhere")
        equal(len(s.arm("GET", "/alertRules").json()["value"]), 1)
        equal(s.arm("GET", "/alertRules/none").status, 404)
        equal(s.arm("DELETE", "/alertRules/my-rule").status, 200)
        equal(s.arm("DELETE", "/alertRules/my-rule").status, 204)
        operations = [r["OperationName"] for r in s.query("SentinelAudit")]
        equal(operations.count("Microsoft.SecurityInsights/alertRules/Write"), 3)
        equal(operations.count("Microsoft.SecurityInsights/alertRules/Delete"), 1)


def test_the_system_clock_runs_rules_by_itself():
    """Without a manual clock: the first window of a new rule runs at once."""
    with Server("--rule-delay", "0") as s:
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)
        s.post_logs(TABLE, [{"TimeGenerated": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                             "ResultType": "50126"}])
        imported(s, rule())
        until(lambda: incidents(s))
        until(lambda: alerts(s))
        equal(s.metrics()["vedette_alerts_total"], 1)
