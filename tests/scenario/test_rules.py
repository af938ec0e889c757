"""Analytics rules as resources: kinds, templates, versions, actions, files, limits, audit."""
import contextlib
import json
import os
import sqlite3
import tempfile

from run import Skip
from vedette import Server, contains, equal, run

START = "2026-03-01T00:00:00Z"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHARED = os.environ.get("VEDETTE_SHARED") or os.path.join(ROOT, "..", "shared")
FUSION = "f71aba3d-28fb-450b-b192-4e76a83015c8"
INDICATORS = "0dd422ee-e6af-4204-b219-f59ac172e4c6"
SSH = "fa118b98-de46-4e94-87f9-8e6d5060b60b"
PRODUCT = "Azure Active Directory Identity Protection"

SCHEDULED = {"kind": "Scheduled", "properties": {
    "displayName": "Failed sign-ins", "description": "Many.", "enabled": True, "severity": "High",
    "query": "SigninLogs | where ResultType == '50126'", "queryFrequency": "PT1H", "queryPeriod": "P1D",
    "triggerOperator": "GreaterThan", "triggerThreshold": 3, "suppressionEnabled": False,
    "suppressionDuration": "PT5H", "tactics": ["CredentialAccess"], "techniques": ["T1110"]}}
INCIDENTS = {"kind": "MicrosoftSecurityIncidentCreation", "properties": {
    "displayName": "Identity Protection", "enabled": True, "productFilter": PRODUCT,
    "severitiesFilter": ["high", "Medium"], "displayNamesFilter": ["sign-in"],
    "displayNamesExcludeFilter": ["test"]}}
YAML = """id: 00000000-0000-4000-8000-0000000000aa
name: From YAML
kind: Scheduled
description: 'From a file.'
severity: Low
status: Available
tags:
  - Schema: ASIMAuthentication
requiredDataConnectors:
  - connectorId: AzureActiveDirectory
    dataTypes: [SigninLogs]
queryFrequency: 1h
queryPeriod: 14d
triggerOperator: gt
triggerThreshold: 0
tactics: [CredentialAccess]
relevantTechniques: [T1110.003]
query: |
  SigninLogs
  | where ResultType == '50126'   // trailing blanks stay   \n  | project TimeGenerated, UserPrincipalName
entityMappings:
  - entityType: Account
    fieldMappings:
      - identifier: FullName
        columnName: UserPrincipalName
        note: of the person
version: 1.0.2
ours: {a: 1, b: [true, null]}
"""


def changed(resource, **properties):
    return {**resource, "properties": {**resource["properties"], **properties}}


def own(s, path):
    return "/vedette/v1/workspaces/%s/%s" % (s.workspace()["id"], path)


def overview(s):
    return {r["id"]: r for r in s.get(own(s, "rules")).json()["value"]}


def audits(s):
    return s.query("SentinelAudit | order by TimeGenerated asc | project OperationName, Description, "
                   "SentinelResourceType, SentinelResourceKind, CorrelationId, E = ExtendedProperties")


def bag(value):
    return json.loads(value) if isinstance(value, str) else value


def at(minute):
    return "2026-03-01T%02d:%02d:00Z" % (minute // 60, minute % 60)


# ---- kinds ----

def test_every_kind_goes_in_and_comes_out():
    bodies = {
        "scheduled": SCHEDULED,
        "nrt": {"kind": "NRT", "properties": {
            k: v for k, v in SCHEDULED["properties"].items()
            if k not in ("queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold")}},
        "products": INCIDENTS,
        "fusion": {"kind": "Fusion", "properties": {
            "alertRuleTemplateName": FUSION, "enabled": True,
            "sourceSettings": [{"enabled": True, "sourceName": "Anomalies", "sourceSubTypes": [
                {"enabled": True, "sourceSubTypeName": "x", "severityFilters": {"filters": [
                    {"severity": "High", "enabled": False}]}}]}],
            "scenarioExclusionPatterns": [{"exclusionPattern": "a*", "dateAddedInUTC": START}]}},
        "ml": {"kind": "MLBehaviorAnalytics", "properties": {"alertRuleTemplateName": SSH, "enabled": False}},
        "indicators": {"kind": "ThreatIntelligence",
                       "properties": {"alertRuleTemplateName": INDICATORS, "enabled": True}}}
    with Server(clock=START) as s:
        for name, body in bodies.items():
            made = s.arm("PUT", "/alertRules/" + name, body)
            equal(made.status, 201, made)
            got = s.arm("GET", "/alertRules/" + name).json()
            equal(got["kind"], body["kind"])
            for key, value in body["properties"].items():
                wanted = ["High", "Medium"] if key == "severitiesFilter" else value
                equal(got["properties"][key], wanted, "%s of %s" % (key, name))
            again = s.arm("PUT", "/alertRules/" + name, got)
            equal(again.status, 200, again)
            wanted = {**got["properties"], "lastModifiedUtc": again.json()["properties"]["lastModifiedUtc"]}
            equal(again.json()["properties"], wanted, name)
        fusion = s.arm("GET", "/alertRules/fusion").json()["properties"]
        equal((fusion["displayName"], fusion["severity"]), ("Advanced Multistage Attack Detection", "High"))
        states = overview(s)
        contains(states["indicators"]["status"], "no data")
        contains(states["fusion"]["status"], "does nothing")
        equal(states["ml"]["status"], "disabled")
        equal(states["nrt"]["status"], "running")
        equal(s.arm("PUT", "/alertRules/second", bodies["fusion"]).status, 409)
        for key, value, word in (("alertRuleTemplateName", SSH, "is no template of kind Fusion"),
                                 ("sourceSettings", [{"enabled": True}], "sourceSettings[0].sourceName")):
            answer = s.arm("PUT", "/alertRules/fusion", changed(bodies["fusion"], **{key: value}))
            equal(answer.status, 400)
            contains(answer.message(), word)
        equal(s.arm("PUT", "/alertRules/x", {**INCIDENTS, "kind": "Confusion"}).status, 400)
        contains(s.arm("PUT", "/alertRules/x", changed(INCIDENTS, severitiesFilter=["Grave"])).message(),
                 "severitiesFilter[0]: 'Grave' is not a severity")


def test_alerts_of_other_products_become_incidents():
    def alert(number, minute, **more):
        return {"TimeGenerated": at(minute), "SystemAlertId": "alert-%d" % number, "ProviderName": "IPC",
                "ProductName": PRODUCT, "AlertName": "Unfamiliar sign-in", "DisplayName": "Unfamiliar sign-in",
                "AlertSeverity": "High", "Description": "Somewhere else.", "Tactics": "InitialAccess, Persistence",
                "Techniques": "[\"T1078\"]", "StartTime": at(minute - 1), "EndTime": at(minute),
                "Entities": "[{\"$id\":\"1\",\"Name\":\"ann\",\"UPNSuffix\":\"halden.example\",\"Type\":\"account\"}]",
                **more}

    with Server(clock=at(60)) as s:
        equal(s.arm("PUT", "/alertRules/products", INCIDENTS).status, 201)
        s.move_clock(at(65))
        rows = [alert(1, 64), alert(2, 64, AlertSeverity="Low"), alert(3, 64, DisplayName="Sign-in of a test"),
                alert(4, 64, DisplayName="Malware"), alert(5, 64, ProductName="Azure Security Center", ProviderName="ASC"),
                alert(6, 64, ProductName="Microsoft Entra ID Protection", Entities="none")]
        equal(s.post_logs("Microsoft-SecurityAlert", rows).status, 204)
        s.move_clock(at(70))
        found = s.arm("GET", "/incidents?$orderby=properties/incidentNumber%20asc").json()["value"]
        equal(len(found), 2)
        incident = found[0]["properties"]
        equal((incident["title"], incident["severity"], incident["additionalData"]["tactics"]),
              ("Unfamiliar sign-in", "High", ["InitialAccess", "Persistence"]))
        contains(incident["relatedAnalyticRuleIds"][0], "alertRules/products")
        equal(incident["additionalData"]["alertProductNames"], [PRODUCT])
        names = {a["properties"]["systemAlertId"] for i in found
                 for a in s.arm("POST", "/incidents/%s/alerts" % i["name"]).json()["value"]}
        equal(names, {"alert-1", "alert-6"})
        # A change of an alert is a row of the same id: no new incident, and no row of ours.
        equal(s.post_logs("Microsoft-SecurityAlert", [alert(1, 71, Status="Resolved")]).status, 204)
        s.move_clock(at(80))
        equal(len(s.arm("GET", "/incidents").json()["value"]), 2)
        equal(s.count("SecurityAlert"), 7)
        row = s.query("SecurityIncident | where IncidentNumber == 1 | project AlertIds, Title")[0]
        equal((bag(row["AlertIds"]), row["Title"]), (["alert-1"], "Unfamiliar sign-in"))
        s.restart(at(90))
        s.move_clock(at(95))
        equal(len(s.arm("GET", "/incidents").json()["value"]), 2)


def test_each_rule_makes_an_incident_of_another_products_alert():
    def alert(number, minute, **more):
        return {"TimeGenerated": at(minute), "SystemAlertId": "alert-%d" % number, "ProviderName": "IPC",
                "ProductName": PRODUCT, "DisplayName": "Unfamiliar sign-in", "AlertSeverity": "High", **more}

    def opened(s):
        """The rule and the alerts of each incident."""
        rows = s.query("SecurityIncident | summarize arg_max(TimeGenerated, *) by IncidentNumber | where Status != 'Deleted'"
                       " | project Rule = tostring(RelatedAnalyticRuleIds[0]), Alert = tostring(AlertIds[0])")
        return sorted((r["Rule"], r["Alert"]) for r in rows)

    with Server(clock=at(60)) as s:
        equal(s.arm("PUT", "/alertRules/all", INCIDENTS).status, 201)
        equal(s.arm("PUT", "/alertRules/grave", changed(INCIDENTS, severitiesFilter=["High"])).status, 201)
        own = YAML.replace("version:", "alertDetailsOverride:\n  alertDynamicProperties:\n    - alertProperty: ProductName\n"
                           "      value: Product\nversion:").replace("| project TimeGenerated,", "| project Product = '%s', TimeGenerated," % PRODUCT)
        equal(s.import_rule(own).status, 200)
        s.move_clock(at(65))
        equal(s.post_logs("Microsoft-SecurityAlert", [alert(1, 64), alert(2, 64, AlertSeverity="Medium")]).status, 204)
        s.move_clock(at(70))
        made = [("all", "alert-1"), ("all", "alert-2"), ("grave", "alert-1")]
        equal(opened(s), made)
        # Changes of the alert, and the server's end, make no more; nor does an incident that was deleted come back.
        equal(s.post_logs("Microsoft-SecurityAlert", [alert(1, 71, Status="Resolved")]).status, 204)
        s.move_clock(at(75))
        s.restart(at(80))
        s.move_clock(at(85))
        equal(opened(s), made)
        of_grave = [i["name"] for i in s.arm("GET", "/incidents").json()["value"]
                    if i["properties"]["relatedAnalyticRuleIds"][0].endswith("/grave")]
        equal(s.arm("DELETE", "/incidents/" + of_grave[0]).status, 200)
        equal(s.post_logs("Microsoft-SecurityAlert", [alert(1, 86, Status="New")]).status, 204)
        s.move_clock(at(90))
        equal(opened(s), made[:2])
        # A rule of this workspace that calls its alerts another product's has its own incident.
        equal(s.post_logs("Microsoft-SigninLogs", [{"TimeGenerated": at(91), "ResultType": "50126"}]).status, 204)
        s.move_clock(at(240))
        rules = [r for r, _ in opened(s)]
        equal(sorted(set(rules)), ["00000000-0000-4000-8000-0000000000aa", "all"])
        equal(rules.count("all"), 2)


def test_anomaly_settings():
    definition = "11111111-2222-4333-8444-555555555555"
    body = {"kind": "Anomaly", "properties": {
        "displayName": "Brute force", "enabled": True, "anomalyVersion": "1.0.5", "frequency": "PT1H",
        "settingsStatus": "Production", "isDefaultSettings": True, "settingsDefinitionId": definition,
        "tactics": ["CredentialAccess"], "techniques": ["T1110"], "anomalySettingsVersion": 0,
        "customizableObservations": {"thresholdObservations": [{"name": "t", "value": "3"}]}}}
    path = "/securityMLAnalyticsSettings/"
    with Server(clock=START) as s:
        equal(s.arm("PUT", path + "default", body).status, 201)
        got = s.arm("GET", path + "default").json()
        equal((got["kind"], got["properties"]["customizableObservations"]),
              ("Anomaly", body["properties"]["customizableObservations"]))
        copy = changed(body, displayName="Brute force - Customized", isDefaultSettings=False,
                       settingsStatus="Flighting", enabled=False)
        equal(s.arm("PUT", path + "copy", copy).status, 201)
        equal(s.arm("PUT", path + "another", copy).status, 409)
        equal(s.arm("PUT", path + "copy", changed(copy, settingsStatus="Production")).status, 200)
        equal(s.arm("GET", path + "default").json()["properties"]["settingsStatus"], "Flighting")
        contains(s.arm("PUT", path + "default", changed(body, frequency="PT2H")).message(), "change a copy")
        equal(s.arm("PUT", path + "default", changed(body, enabled=False)).status, 200)
        equal(s.arm("PUT", path + "default", {**body, "etag": got["etag"]}).status, 409)
        for key, value in (("settingsStatus", "Here"), ("frequency", "often"), ("enabled", None),
                           ("settingsDefinitionId", "x"), ("tactics", ["Cooking"])):
            answer = s.arm("PUT", path + "x", changed(body, **{key: value}))
            equal(answer.status, 400)
            contains(answer.message(), "properties." + key)
        equal(len(s.arm("GET", path[:-1]).json()["value"]), 2)
        equal([s.arm("DELETE", path + "copy").status for _ in range(2)], [200, 204])
        equal(s.arm("GET", path + "copy").status, 404)


# ---- templates ----

def test_templates():
    with Server(clock=START) as s:
        shipped = {t["name"]: t for t in s.arm("GET", "/alertRuleTemplates").json()["value"]}
        contains([t["kind"] for t in shipped.values()], "Fusion")
        assert sum(t["kind"] == "Scheduled" for t in shipped.values()) >= 30
        for t in shipped.values():
            equal(t["properties"]["status"], "Available", t["name"])
        answer = s.post(own(s, "ruleTemplates"), YAML)
        equal(answer.status, 200, answer)
        identity = answer.json()["id"]
        one = s.arm("GET", "/alertRuleTemplates/" + identity).json()["properties"]
        equal((one["version"], one["queryPeriod"], one["requiredDataConnectors"][0]["connectorId"]),
              ("1.0.2", "P14D", "AzureActiveDirectory"))
        equal(s.arm("GET", "/alertRules").json()["value"], [])
        made = s.post(own(s, "ruleTemplates/%s/create" % identity), {"id": "mine", "name": "Mine"})
        equal(made.status, 201, made)
        properties = made.json()["properties"]
        equal((properties["alertRuleTemplateName"], properties["templateVersion"], properties["displayName"],
               properties["enabled"]), (identity, "1.0.2", "Mine", True))
        equal(overview(s)["mine"]["updateAvailable"], False)
        equal(s.post(own(s, "rules/mine/update")).status, 400)
        equal(s.post(own(s, "ruleTemplates"), YAML.replace("1.0.2", "1.0.10").replace("Low", "High")).status, 200)
        state = overview(s)["mine"]
        equal((state["updateAvailable"], state["newestVersion"]), (True, "1.0.10"))
        contains(run("rules", "list", data=s.data)[1], "1.0.2 -> 1.0.10")
        updated = s.post(own(s, "rules/mine/update")).json()["properties"]
        equal((updated["severity"], updated["templateVersion"]), ("High", "1.0.10"))
        count = s.arm("GET", "/alertRuleTemplates/" + identity).json()["properties"]
        equal(count["alertRulesCreatedByTemplateCount"], 1)
        equal(s.arm("PUT", "/alertRules/fusion", {"kind": "Fusion", "properties": {
            "alertRuleTemplateName": FUSION, "enabled": True}}).status, 201)
        equal(s.arm("GET", "/alertRuleTemplates/" + FUSION).json()["properties"]["status"], "Installed")
        equal(s.request("DELETE", own(s, "ruleTemplates/" + identity)).status, 200)
        equal(s.arm("GET", "/alertRuleTemplates/" + identity).status, 404)
        equal(s.request("DELETE", own(s, "ruleTemplates/" + FUSION)).status, 204)
        equal(s.arm("GET", "/alertRuleTemplates/none").status, 404)


def test_the_matrix_and_an_export_of_some():
    with Server(clock=START) as s:
        s.arm("PUT", "/alertRules/one", changed(SCHEDULED, subTechniques=["T1110.003"]))
        s.arm("PUT", "/alertRules/two", changed(SCHEDULED, displayName="Second", enabled=False))
        state = overview(s)["one"]
        equal((state["tactics"], state["techniques"], state["subTechniques"], state["source"], state["failures"]),
              (["CredentialAccess"], ["T1110"], ["T1110.003"], "Custom content", 0))
        assert state["lastModified"].startswith("2026-03-01T"), state
        matrix = s.get(own(s, "coverage")).json()
        equal((matrix["rules"], matrix["covered"]), (1, 1))
        tactic = next(t for t in matrix["tactics"] if t["tactic"] == "CredentialAccess")
        equal((tactic["title"], tactic["rules"], tactic["covered"]), ("Credential Access", 1, 1))
        equal(len(tactic["items"]), tactic["techniques"])
        technique = next(x for x in tactic["items"] if x["id"] == "T1110")
        equal((technique["name"], technique["rules"]), ("Brute Force", ["one"]))
        assert technique["templates"], technique
        equal({x["id"]: x["rules"] for x in technique["subTechniques"]},
              {"T1110.001": [], "T1110.002": [], "T1110.003": ["one"], "T1110.004": []})
        types = {t["type"]: t for t in s.get("/vedette/v1/ruleVocabulary").json()["entityTypes"]}
        equal((types["URL"]["identifiers"], types["URL"]["strong"]), (["Url"], 1))
        package = s.post(own(s, "rules/export"), {"ids": ["two", "one"]}).json()
        equal([r["properties"]["displayName"] for r in package["resources"]], ["Second", "Failed sign-ins"])
        for name in ("one", "two"):
            s.arm("DELETE", "/alertRules/" + name)
        equal(s.post(own(s, "rules"), json.dumps(package)).json()["refused"], 0)
        equal(sorted(r["name"] for r in overview(s).values()), ["Failed sign-ins", "Second"])
        equal(s.post(own(s, "rules/export"), {"ids": ["none"]}).status, 404)
        equal(s.post(own(s, "rules/export"), {"ids": []}).status, 400)
        equal(s.post(own(s, "rules/export"), {}).message(), "ids: an array with the ids of rules is expected")


# ---- versions, switching, copies, audit ----

def test_versions_and_audit():
    with Server(clock=START) as s:
        equal(s.arm("PUT", "/alertRules/r", SCHEDULED).status, 201)
        headers = {"x-ms-correlation-request-id": "0a0a0a0a-0000-4000-8000-000000000001"}
        equal(s.arm("PUT", "/alertRules/r", changed(SCHEDULED, severity="Low", queryPeriod="P2D"), headers).status, 200)
        equal(s.post(own(s, "rules/r/disable")).json()["properties"]["enabled"], False)
        equal(s.post(own(s, "rules/r/disable")).status, 200)  # nothing changes, nothing is written
        equal(s.post(own(s, "rules/r/enable")).json()["properties"]["enabled"], True)
        equal(s.arm("DELETE", "/alertRules/r").status, 200)
        listed = s.get(own(s, "rules/r/versions")).json()["value"]
        equal([(v["version"], v["change"]) for v in listed],
              [(5, "deleted"), (4, "enabled"), (3, "disabled"), (2, "updated"), (1, "created")])
        assert all(v["who"] and v["address"] for v in listed), listed
        equal(s.get(own(s, "rules/r/versions/1")).json()["properties"]["severity"], "High")
        restored = s.post(own(s, "rules/r/versions/1/restore"))
        equal(restored.status, 200, restored)
        equal((restored.json()["properties"]["severity"], restored.json()["properties"]["queryPeriod"]),
              ("High", "P1D"))
        equal(s.get(own(s, "rules/r/versions")).json()["value"][0]["change"], "restored to version 1")
        equal([s.post(own(s, "rules/r/versions/%s/restore" % v)).status for v in ("99", "x")], [404, 400])
        equal(s.get(own(s, "rules/none/versions")).status, 404)
        rows = audits(s)
        equal([r["OperationName"].split("/")[-1] for r in rows].count("Delete"), 1)
        equal(len(rows), 6)
        change = next(r for r in rows if r["CorrelationId"] == headers["x-ms-correlation-request-id"])
        details = bag(change["E"])
        equal(sorted(bag(details["ResourceDiffMemberNames"])), ["queryPeriod", "severity"])
        equal((bag(details["OriginalResourceState"])["properties"]["severity"],
               bag(details["UpdatedResourceState"])["properties"]["severity"]), ("High", "Low"))
        assert details["CallerName"] and details["CallerIpAddress"], details
        contains(details["Uri"], "/alertRules/r")
        equal((change["SentinelResourceType"], change["SentinelResourceKind"], change["Description"]),
              ("Analytic Rule", "Scheduled", "Create or update analytics rule."))
        deleted = next(r for r in rows if r["OperationName"].endswith("Delete"))
        equal((deleted["Description"], bag(deleted["E"])["UpdatedResourceState"]), ("Analytics rule deleted", None))


def test_rules_from_before_versions_were_kept():
    with Server(clock=START) as s:
        equal(s.arm("PUT", "/alertRules/r", SCHEDULED).status, 201)
        s.stop()
        with contextlib.closing(sqlite3.connect(os.path.join(s.data, "state.db"))) as db, db:
            db.execute("DELETE FROM rule_versions")
        s.restart(START)
        equal(s.get(own(s, "rules/r/versions")).json()["value"], [])
        equal(s.arm("PUT", "/alertRules/r", changed(SCHEDULED, severity="Low")).status, 200)
        equal([v["change"] for v in s.get(own(s, "rules/r/versions")).json()["value"]],
              ["updated", "as it was before changes were kept"])
        equal(s.post(own(s, "rules/r/versions/1/restore")).json()["properties"]["severity"], "High")


def test_old_versions_give_way():
    with Server("--rule-versions", "3", clock=START) as s:
        for severity in ("High", "Low", "Medium", "High", "Low"):
            s.arm("PUT", "/alertRules/r", changed(SCHEDULED, severity=severity))
        equal([v["version"] for v in s.get(own(s, "rules/r/versions")).json()["value"]], [5, 4, 3])


def test_duplicates_and_the_command_line():
    with Server(clock=START) as s:
        equal(s.arm("PUT", "/alertRules/r", SCHEDULED).status, 201)
        copy = run("rules", "duplicate", "r", "--id", "s", data=s.data)
        equal((copy[0], copy[1].strip()), (0, "s"))
        properties = s.arm("GET", "/alertRules/s").json()["properties"]
        equal((properties["displayName"], properties["enabled"], properties["query"]),
              ("Copy of Failed sign-ins", False, SCHEDULED["properties"]["query"]))
        equal(run("rules", "duplicate", "r", "--id", "s", data=s.data)[0], 1)
        equal(run("rules", "enable", "s", data=s.data)[0], 0)
        equal(run("rules", "disable", "r", "s", data=s.data)[0], 0)
        equal([r["enabled"] for r in overview(s).values()], [False, False])
        contains(run("rules", "versions", "s", data=s.data)[1], "copied from r")
        equal(run("rules", "restore", "s", "2", data=s.data)[0], 0)
        equal(overview(s)["s"]["enabled"], True)
        contains(run("rules", "show", "r", "--format", "yaml", data=s.data)[1], "name: Failed sign-ins\n")
        equal(run("rules", "delete", "r", "s", data=s.data)[0], 0)
        equal(run("rules", "delete", "r", data=s.data)[0], 1)
        contains(run("rules", "templates", data=s.data)[1], FUSION)
        made = run("rules", "templates", "create", SSH, "--id", "ssh", data=s.data)
        equal((made[0], made[1].strip()), (0, "ssh"))


def test_limits_of_a_workspace():
    with Server("--rules-max", "3", "--rules-max-enabled", "2", "--nrt-rules-max", "1", clock=START) as s:
        nrt = {"kind": "NRT", "properties": SCHEDULED["properties"]}
        equal([s.arm("PUT", "/alertRules/r%d" % i, SCHEDULED).status for i in range(3)], [201, 201, 400])
        off = changed(SCHEDULED, enabled=False)
        equal([s.arm("PUT", "/alertRules/r%d" % i, off).status for i in range(2, 4)], [201, 400])
        contains(s.post(own(s, "rules/r2/enable")).message(), "2 enabled analytics rules already")
        equal([s.arm("PUT", "/alertRules/n%d" % i, nrt).status for i in range(2)], [201, 400])
        equal(s.arm("PUT", "/alertRules/r0", changed(SCHEDULED, severity="Low")).status, 200)
        for start, status in (("2026-03-01T00:05:00Z", 400), ("2026-04-02T00:00:00Z", 400),
                              ("2026-03-01T00:10:00Z", 200), ("2026-02-01T00:00:00Z", 200)):
            equal(s.arm("PUT", "/alertRules/r0", changed(SCHEDULED, startTimeUtc=start)).status, status, start)


def test_actions():
    app = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Logic/workflows/MyAlerts"
    uri = "https://prod-31.northcentralus.logic.azure.com:443/workflows/cd37/triggers/manual/paths/invoke?sig=S3cret"
    body = {"properties": {"logicAppResourceId": app, "triggerUri": uri}}
    with Server(clock=START) as s:
        equal(s.arm("PUT", "/alertRules/r/actions/a", body).status, 404)
        equal(s.arm("PUT", "/alertRules/r", SCHEDULED).status, 201)
        made = s.arm("PUT", "/alertRules/r/actions/a", body)
        equal(made.status, 201, made)
        equal(made.json()["properties"], {"workflowId": "cd37", "logicAppResourceId": app})
        assert "S3cret" not in made.text
        contains(made.json()["id"], "/alertRules/r/actions/a")
        equal(s.arm("PUT", "/alertRules/r/actions/a", {**body, "etag": made.json()["etag"]}).status, 200)
        equal(s.arm("PUT", "/alertRules/r/actions/a", {**body, "etag": made.json()["etag"]}).status, 409)
        for key in body["properties"]:
            answer = s.arm("PUT", "/alertRules/r/actions/b", changed(body, **{key: "x"}))
            equal(answer.status, 400)
            contains(answer.message(), "properties." + key)
        equal([a["name"] for a in s.arm("GET", "/alertRules/r/actions").json()["value"]], ["a"])
        statuses = [s.arm("PUT", "/alertRules/r/actions/n%d" % i, body).status for i in range(20)]
        equal(statuses, [201] * 19 + [400])
        equal([s.arm("DELETE", "/alertRules/r/actions/a").status for _ in range(2)], [200, 204])
        equal(s.arm("GET", "/alertRules/r/actions/a").status, 404)
        equal(s.arm("DELETE", "/alertRules/r").status, 200)
        equal(s.arm("PUT", "/alertRules/r", SCHEDULED).status, 201)
        equal(s.arm("GET", "/alertRules/r/actions").json()["value"], [])


# ---- files ----

def test_files_of_rules():
    identity = "11111111-1111-4111-8111-111111111111"
    properties = {k: v for k, v in SCHEDULED["properties"].items()}
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"workspace": {"type": "String"}, "severity": {"type": "string", "defaultValue": "Low"}},
        "variables": {"name": "[concat('Failed', ' ', 'sign-ins')]"},
        "resources": [
            {"id": "[concat(resourceId('Microsoft.OperationalInsights/workspaces/providers', parameters('workspace'), "
                   "'Microsoft.SecurityInsights'),'/alertRules/%s')]" % identity,
             "name": "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/%s')]" % identity,
             "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules", "kind": "Scheduled",
             "apiVersion": "2022-11-01-preview",
             "properties": {**properties, "displayName": "[variables('name')]",
                            "severity": "[parameters('severity')]", "description": "[[in brackets]"}},
            {"type": "Microsoft.Insights/workbooks", "name": "w", "properties": {}},
            {"type": "Microsoft.SecurityInsights/alertRules", "name": "[guid('x')]", "kind": "NRT",
             "properties": {**properties, "query": "Nowhere"}}]}
    with Server(clock=START) as s:
        answer = s.post(own(s, "rules?file=t.json"), json.dumps(template, indent=2))
        equal(answer.status, 400)
        done = answer.json()
        equal(([r["id"] for r in done["rules"]], done["refused"]), ([identity], 1))
        issue = next(i for i in done["issues"] if i["level"] == "error")
        line = json.dumps(template, indent=2).split("\n")[issue["line"] - 1]
        equal(line[issue["column"] - 1:issue["column"] + 6], "Nowhere")
        got = s.arm("GET", "/alertRules/" + identity).json()["properties"]
        equal((got["displayName"], got["severity"], got["description"]), ("Failed sign-ins", "Low", "[in brackets]"))
        listing = s.arm("GET", "/alertRules").json()
        equal(s.arm("DELETE", "/alertRules/" + identity).status, 200)
        for text in (listing, listing["value"], listing["value"][0]):
            answer = s.post(own(s, "rules"), json.dumps(text))
            equal((answer.status, answer.json()["id"]), (200, identity), answer)
        two = "- " + YAML.replace("\n", "\n  ").rstrip() + "\n- " + YAML.replace("\n", "\n  ").replace("aa\n", "bb\n", 1)
        checked = s.post(own(s, "rules?check=true"), two)
        equal((checked.status, len(checked.json()["rules"])), (200, 2), checked)
        equal(len(overview(s)), 1)
        documents = YAML + "---\n" + YAML.replace("00aa", "00bb")
        equal(len(s.post(own(s, "rules"), documents).json()["rules"]), 2)
        package = {"variables": {"rule": {"id": identity, "name": "In a package"}}, "resources": [
            {"type": "Microsoft.OperationalInsights/workspaces/providers/contentTemplates", "name": "x",
             "properties": {"mainTemplate": {"variables": {}, "resources": [
                 {"type": "Microsoft.SecurityInsights/AlertRuleTemplates", "name": "[variables('rule').id]",
                  "kind": "Scheduled", "properties": {**properties, "displayName": "[variables('rule').name]"}}]}}}]}
        equal(s.post(own(s, "rules"), json.dumps(package)).json()["id"], identity)
        equal(overview(s)[identity]["name"], "In a package")
        parameters = json.dumps({"parameters": {"workspaceName": {"value": "x"}}})
        for text, word in (("{}", "no analytics rule"), (parameters, "no analytics rule"), ("- a\n", "mapping"),
                           ("{\"resources\": []}", "no analytics rule"), ("[", "JSON"), ("a: [\n", "YAML"), ("", "no analytics")):
            answer = s.post(own(s, "rules"), text)
            equal(answer.status, 400, text)
            contains(json.dumps(answer.json()), word)


def test_nothing_of_a_file_is_lost():
    folder = tempfile.mkdtemp(prefix="vedette-test-")
    source = os.path.join(folder, "rule.yaml")
    with open(source, "w", encoding="utf-8") as f:
        f.write(YAML)
    arm = run("rules", "convert", "--to", "arm", source)
    equal(arm[0], 0, arm)
    resource = json.loads(arm[1])[0]["properties"]
    equal((resource["ours"], resource["tags"], resource["status"]),
          ({"a": 1, "b": [True, None]}, [{"Schema": "ASIMAuthentication"}], "Available"))
    equal(resource["entityMappings"][0]["fieldMappings"][0]["note"], "of the person")
    equal((resource["techniques"], resource["subTechniques"]), (["T1110"], ["T1110.003"]))
    path = os.path.join(folder, "rule.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write(arm[1])
    template = run("rules", "convert", "--to", "template", path)[1]
    equal(json.loads(template)["resources"][0]["name"],
          "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/00000000-0000-4000-8000-0000000000aa')]")
    equal(run("rules", "convert", "--to", "else", path)[0], 2)
    yaml = run("rules", "convert", "--to", "yaml", path)
    for part in ("id: 00000000-0000-4000-8000-0000000000aa\n", "queryPeriod: 14d\n", "- T1110.003\n",
                 "query: |\n  SigninLogs\n  | where ResultType == '50126'   // trailing blanks stay   \n",
                 "note: of the person\n", "version: 1.0.2\n"):
        contains(yaml[1], part)
    with open(source, "w", encoding="utf-8") as f:
        f.write(yaml[1])
    equal(run("rules", "convert", "--to", "arm", source)[1], arm[1])
    with Server(clock=START) as s:
        equal(run("rules", "import", source, data=s.data)[0], 0)
        equal(run("rules", "show", "00000000-0000-4000-8000-0000000000aa", "--format", "yaml", data=s.data)[1], yaml[1])


def test_published_content_comes_back_the_same():
    folder = os.path.join(SHARED, "content")
    if not os.path.isdir(folder):
        raise Skip("published content is not here (VEDETTE_SHARED)")
    place = tempfile.mkdtemp(prefix="vedette-test-")
    texts = [run("rules", "convert", "--to", "arm", os.path.join(folder, "rules"), os.path.join(folder, "hunting"))[1]]
    assert len(json.loads(texts[0])) >= 213
    for kind, suffix in (("yaml", "json"), ("arm", "yaml"), ("template", "json"), ("yaml", "json")):
        path = os.path.join(place, "rules." + suffix)
        with open(path, "w", encoding="utf-8") as f:
            f.write(texts[-1])
        code, out, error = run("rules", "convert", "--to", kind, path)
        equal(code, 0, error)
        texts.append(out)
    equal(texts[2], texts[0])
    equal(texts[4], texts[1])


def test_hunting_queries_are_saved_searches():
    text = ("id: 28233666-c235-4d55-b456-5cfdda29d62d\nname: Certutil\ndescription: Hunts.\ntactics: [CommandAndControl]\n"
            "relevantTechniques: [T1105]\nquery: |\n  SecurityEvent | where CommandLine has 'certutil'\nversion: 1.0.0\n")
    with Server(clock=START) as s:
        for created in (True, False):
            answer = s.post(own(s, "rules"), text)
            equal(answer.status, 200, answer)
            equal(answer.json()["rules"], [{"id": "28233666-c235-4d55-b456-5cfdda29d62d", "name": "Certutil",
                                            "kind": "Hunting query", "created": created}])
        equal(s.arm("GET", "/alertRules").json()["value"], [])
        saved = s.arm("GET", "/savedSearches/28233666-c235-4d55-b456-5cfdda29d62d", provider=False).json()["properties"]
        equal((saved["category"], saved["displayName"]), ("Hunting Queries", "Certutil"))
        tags = {t["name"]: t["value"] for t in saved["tags"]}
        equal((tags["tactics"], tags["techniques"], tags["description"]), ("CommandAndControl", "T1105", "Hunts."))
        equal(s.post(own(s, "rules"), text.replace("has 'cert", "hsa 'cert")).status, 400)


# ---- validation without a server ----

def test_validation_knows_schemas_functions_and_watchlists():
    folder = tempfile.mkdtemp(prefix="vedette-test-")

    def write(name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    query = "Own_CL\n  | where Who in (_GetWatchlist('VIP') | project User)\n  | invoke mine()\n  | project TimeGenerated, Who"
    rule = write("rule.yaml", YAML.split("query: |")[0] + "query: |\n  " + query + "\nversion: 1.0.0\n")
    schemas = write("schemas.json", json.dumps({"Own_CL": [["TimeGenerated", "datetime"], ["Who", "string"]]}))
    functions = write("functions.json", json.dumps([{"name": "mine", "parameters": "(T:(*))", "body": "{ T | where true }"}]))
    lists = os.path.join(folder, "lists")
    os.mkdir(lists)
    write("lists/VIP.csv", "User,Why\nann,boss\n")
    code, _, error = run("rules", "validate", rule)
    equal(code, 1)
    line = open(rule, encoding="utf-8").read().split("Own_CL")[0].count("\n") + 1
    contains(error, "rule.yaml:%d:3: error: query: line 1, column 1 of the query: 'Own_CL'" % line)
    given = ["--schemas", schemas, "--functions", functions, "--watchlists", lists]
    equal(run("rules", "validate", rule, *given)[:2], (0, "1 rules are right, 0 are not\n"))
    contains(run("rules", "validate", rule, *given[:4])[2], "VIP")
    contains(run("rules", "validate", rule, *given[2:])[2], "'Own_CL'")
    with Server(clock=START) as s:
        equal(run("rules", "validate", rule, data=s.data)[0], 1)
        env = {"VEDETTE_TOKEN": s.operator, "VEDETTE_CA": s.ca}
        good = write("good.yaml", YAML)
        for option in ("--server", "--url"):
            equal(run("rules", "validate", good, option, s.url, env=env)[:2], (0, "1 rules are right, 0 are not\n"))
            equal(run("rules", "validate", rule, option, s.url, env=env)[0], 1)  # it has no Own_CL
        equal(s.arm("GET", "/alertRules").json()["value"], [])


PLACES = [  # what is put where, and the words and the place of the mistake
    ("query: |\n  SigninLogs\n  | where Nobody == 1\n", "Nobody", "does not refer"),
    ("query: |2\n    SigninLogs\n    | where Nobody == 1\n", "Nobody", "does not refer"),
    ("query: >-\n  SigninLogs\n  | where Nobody == 1\n", "Nobody", "does not refer"),
    ("query: SigninLogs | where Nobody == 1\n", "Nobody", "does not refer"),
    ("query: 'SigninLogs | where ''a'' == Nobody'\n", "Nobody", "does not refer"),
    ("query: \"SigninLogs\\n| where \\\"\\u00e4\\\" == Nobody\"\n", "Nobody", "does not refer"),
    ("query: |\n  SigninLogs | where 'ä' == Nobody\n", "Nobody", "does not refer"),
    ("query: SigninLogs\ncustomDetails:\n  Who: Nobody\n", "Who: Nobody", "does not return a column"),
    ("query: SigninLogs\nalertDetailsOverride:\n  alertSeverityColumnName: Nobody\n", "alertSeverityColumnName",
     "does not return a column"),
]


def test_places_of_mistakes():
    head = YAML.split("query: |")[0]
    with Server(clock=START) as s:
        for text, at_text, words in PLACES:
            whole = head + text
            issues = [i for i in s.import_rule(whole).json()["issues"] if i["level"] == "error"]
            before = whole.split(at_text)[0]
            wanted = (before.count("\n") + 1, len(before) - before.rfind("\n"))
            equal([(i["line"], i["column"]) for i in issues], [wanted], text)
            contains(issues[0]["message"], words)


def test_what_belongs_to_rules_moves_with_its_workspace():
    folder = tempfile.mkdtemp(prefix="vedette-test-")
    action = {"properties": {"logicAppResourceId": "/x/workflows/y", "triggerUri": "https://x.example/workflows/z/t"}}
    anomaly = {"kind": "Anomaly", "properties": {
        "displayName": "A", "enabled": True, "anomalyVersion": "1.0.0", "frequency": "P1D",
        "settingsStatus": "Production", "isDefaultSettings": True}}

    def seen(s):
        return (s.arm("GET", "/alertRules/r").json()["properties"], s.arm("GET", "/alertRules/r/actions").json(),
                s.arm("GET", "/securityMLAnalyticsSettings").json(), s.get(own(s, "rules/r/versions")).json(),
                s.arm("GET", "/alertRuleTemplates/00000000-0000-4000-8000-0000000000aa").json())

    with Server(clock=START) as s:
        for severity in ("High", "Low"):
            s.arm("PUT", "/alertRules/r", changed(SCHEDULED, severity=severity))
        equal(s.arm("PUT", "/alertRules/r/actions/a", action).status, 201)
        equal(s.arm("PUT", "/securityMLAnalyticsSettings/a", anomaly).status, 201)
        equal(s.post(own(s, "ruleTemplates"), YAML).status, 200)
        wanted = seen(s)
        equal(len(wanted[3]["value"]), 2)
        equal(run("export", "--data", s.data, os.path.join(folder, "x"))[0], 0)
        s.stop()
        equal(run("import", "--data", os.path.join(folder, "data"), os.path.join(folder, "x"))[0], 0)
        with Server(data=os.path.join(folder, "data"), clock=START) as t:
            equal(seen(t), wanted)


def test_readers_read_only():
    with Server(clock=START) as s:
        equal(s.arm("PUT", "/alertRules/r", SCHEDULED).status, 201)
        token = s.token(*s.application("Microsoft Sentinel Reader"))
        for path in ("/alertRules", "/alertRules/r", "/alertRules/r/actions", "/alertRuleTemplates",
                     "/securityMLAnalyticsSettings"):
            equal(s.arm("GET", path, token=token).status, 200, path)
        for method, path in (("PUT", "/alertRules/r"), ("DELETE", "/alertRules/r"), ("PUT", "/alertRules/r/actions/a"),
                             ("PUT", "/securityMLAnalyticsSettings/a")):
            equal(s.arm(method, path, {}, token=token).status, 403, path)
        for path in ("rules", "rules/r/disable", "rules/r/duplicate", "rules/r/update", "rules/r/versions/1/restore",
                     "ruleTemplates", "ruleTemplates/%s/create" % SSH):
            equal(s.post(own(s, path), token=token).status, 403, path)
        equal(s.get(own(s, "rules/r/versions"), token=token).status, 200)
