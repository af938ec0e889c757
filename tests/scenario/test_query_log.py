"""LAQueryLogs: a row for each query of a workspace whose diagnostic setting says so."""
import json

from test_rights import arm_scope
from test_rights_tables import heartbeats, record, restricted, table_is
from test_tenants import Tenant
from vedette import Server, contains, equal, until

VERSION = "?api-version=2021-05-01-preview"
AUDIT = [{"category": "Audit", "enabled": True}]


def settings(s, name="", workspace="default"):
    scope = arm_scope(s).rsplit("/", 1)[0] + "/" + workspace
    return scope + "/providers/Microsoft.Insights/diagnosticSettings" + ("/" + name if name else "") + VERSION


def audit(s, target=None, logs=None, token="operator", **more):
    return s.request("PUT", settings(s, "queries"), {"properties": {
        "workspaceId": target or arm_scope(s), "logs": logs or AUDIT, **more}}, token=token)


def logged(s, where="true", workspace=None):
    kql = "LAQueryLogs | where QueryText !startswith 'LAQueryLogs' | where " + where
    return s.query(kql) if workspace is None else [
        dict(zip([c["name"] for c in t["columns"]], row)) for t in s.post(
            "/v1/workspaces/%s/query" % workspace, {"query": kql}).json()["tables"] for row in t["rows"]]


def one(s, text):
    return until(lambda: logged(s, "QueryText == '%s'" % text))[0]


def test_each_way_of_asking_leaves_a_row():
    with Server() as s:
        heartbeats(s)
        workspace = s.workspace()
        s.ask("print before = 1")
        made = audit(s)
        equal(made.status, 200, made)
        equal(made.json()["properties"]["logs"], AUDIT)
        app, secret = s.application("Reader")
        token = s.token(app, secret)
        s.post("/v1/workspaces/%s/query" % workspace["id"], {"query": "Heartbeat | take 3", "timespan": "2020-01-01/2040-01-01"},
               token=token, headers={"x-ms-app": "Grafana"})
        row = one(s, "Heartbeat | take 3")
        equal([row[c] for c in ("AADObjectId", "AADClientId", "AADTenantId", "ResponseCode", "ResponseRowCount", "RequestClientApp",
                                "ConditionalDataAccess", "StatsWorkspaceCount", "IsBillableQuery", "_ResourceId")],
              [app, app, s.tenant, 200, 3, "Grafana", "false", 1, False, workspace["resourceId"]])
        assert row["RequestTarget"].endswith("/v1/workspaces/%s/query" % workspace["id"]), row
        assert row["QueryTimeRangeStart"].startswith("2020-01-01") and row["ResponseDurationMs"] >= 0, row
        context = row["RequestContext"]
        equal(context if isinstance(context, dict) else json.loads(context), {"workspaces": [workspace["resourceId"]]})
        s.get("/v1/workspaces/%s/query?query=print%%20way%%20%%3D%%20%%22get%%22" % workspace["id"])
        s.post("/vedette/v1/workspaces/%s/results" % workspace["id"], {"query": "print way = 'results'"})
        s.post("/v1/rest/query", {"db": workspace["name"], "csl": "print way = 'kusto'"})
        s.post("/v1/$batch", {"requests": [{"id": "0", "workspace": workspace["id"], "body": {"query": "print way = 'batch'"}}]})
        s.post("/vedette/v1/hunting/multi", {"query": "print way = 'multi'"})
        s.post("/v1/subscriptions/a/resourceGroups/b/query", {"query": "Heartbeat | where 'resource' == ''"})
        browser = s.browser()
        browser.post("/vedette/v1/workspaces/%s/results" % workspace["id"], {"query": "print way = 'portal'"})
        ways = lambda: {r["QueryText"].split("'" if "'" in r["QueryText"] else '"')[1] for r in logged(s, "QueryText has 'way' or QueryText has 'resource'")}
        until(lambda: ways() >= {"get", "results", "kusto", "batch", "multi", "resource", "portal"})
        row = logged(s, "QueryText has 'portal'")[0]
        equal(row["RequestClientApp"], "ASI_Portal")
        assert row["AADEmail"].startswith("tester-") and row["AADClientId"] == "", row
        row = logged(s, "QueryText has 'resource'")[0]
        contains(str(row["RequestContext"]), "/subscriptions/a/resourceGroups/b")
        s.ask("Heartbeat | wher x")
        row = one(s, "Heartbeat | wher x")
        equal((row["ResponseCode"], row["ResponseRowCount"]), (400, 0))
        equal(logged(s, "QueryText has 'before'"), [])


def test_conditions_are_told_and_rights_hold():
    with Server() as s:
        heartbeats(s)
        equal(audit(s, logs=[{"categoryGroup": "allLogs", "enabled": True}]).status, 200)
        token = restricted(s, "%s AND %s" % (table_is("Heartbeat"), record("OSType", "StringEquals", "'Linux'")))
        equal(s.ask("Heartbeat | count", token=token).status, 200)
        equal(one(s, "Heartbeat | count")["ConditionalDataAccess"], "true")
        equal(s.ask("LAQueryLogs | count", token=token).status, 400)
        secrets = s.query("LAQueryLogs | where * has 'Bearer'")
        equal([r for r in secrets if "where * has" not in r["QueryText"]], [])


def test_settings_are_kept_and_checked():
    with Server() as s:
        other = Tenant(s, "two")
        second = s.request("PUT", arm_scope(s).rsplit("/", 1)[0] + "/second?api-version=2023-09-01", {"location": "local"})
        equal(second.status, 201, second)
        target, second = second.json()["id"], second.json()["properties"]["customerId"]
        for body in [dict(target=other.path("default")), dict(target="/nonsense"), dict(logs=[{"category": "Other", "enabled": True}]),
                     dict(logs=[{"category": "Audit"}]), dict(storageAccountId="/subscriptions/x")]:
            equal(audit(s, **body).status, 400, body)
        equal(audit(s, token=s.token(*s.application("Reader"))).status, 403)
        equal(audit(s, target, token=s.token(*s.application("Log Analytics Contributor", workspace="default"))).status, 400)
        equal(s.get(settings(s, "queries")).status, 404)
        equal(audit(s, target).status, 200)
        equal([x["name"] for x in s.get(settings(s)).json()["value"]], ["queries"])
        s.ask("print 'elsewhere'")
        until(lambda: logged(s, "QueryText has 'elsewhere'", second))
        equal(logged(s), [])
        # A stop stores what waits; the setting stays.
        s.ask("print 'the last'")
        s.stop()
        s.start()
        equal(len(logged(s, "QueryText has 'the last'", second)), 1)
        for i in range(4):
            equal(s.request("PUT", settings(s, "n%d" % i), {"properties": {"workspaceId": target, "logs": [
                {"category": "Audit", "enabled": False}]}}).status, 200)
        equal(s.request("PUT", settings(s, "n5"), {"properties": {"workspaceId": target, "logs": AUDIT}}).status, 409)
        equal(s.request("DELETE", settings(s, "queries")).status, 200)
        equal(s.request("DELETE", settings(s, "queries")).status, 204)
        before = len(logged(s, "true", second))
        s.ask("print 'not any more'")
        s.stop()
        s.start()
        equal(len(logged(s, "true", second)), before)
        operations = {r["OperationName"] for r in s.query("SentinelAudit")}
        assert any("diagnosticSettings" in o for o in operations), operations


def test_a_query_never_waits_for_its_row():
    with Server("--query-audit-queue", "4KiB") as s:
        equal(audit(s).status, 200)
        text = "print x = '%s'" % ("y" * 8000)
        equal(s.ask(text).status, 200)
        metrics = s.metrics()
        assert metrics["vedette_query_audit_dropped_total"] >= 1, metrics
        s.ask("print 'small'")
        one(s, "print \\'small\\'")


def test_rules_leave_none():
    with Server(clock="2026-01-02T10:00:00Z") as s:
        heartbeats(s)
        equal(audit(s).status, 200)
        made = s.arm("PUT", "/alertRules/r", {"kind": "Scheduled", "properties": {
            "displayName": "r", "enabled": True, "severity": "Low", "query": "Heartbeat", "queryFrequency": "PT5M",
            "queryPeriod": "PT5M", "triggerOperator": "GreaterThan", "triggerThreshold": 0,
            "suppressionDuration": "PT1H", "suppressionEnabled": False}})
        assert made.status in (200, 201), made
        s.move_clock("2026-01-02T11:00:00Z")
        assert s.query("SentinelHealth | where SentinelResourceName == 'r'")
        s.ask("print 'a person'")
        until(lambda: logged(s, "QueryText has 'person'"))
        equal(logged(s, "QueryText == 'Heartbeat'"), [])
