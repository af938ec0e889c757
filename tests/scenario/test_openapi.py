"""GET /openapi.json: each route is described, and answers have the shape that it tells."""
import json
import os
import re

from oidc_provider import Provider
from vedette import Server, equal, run

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = os.path.join(HERE, "..", "..", "src", "api", "openapi", "routes.txt")
METHODS = ("get", "post", "put", "patch", "delete")
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float),
         "integer": int, "null": type(None)}


def document(server):
    answer = server.get("/openapi.json")
    equal(answer.status, 200)
    return answer.json()


def operations(doc):
    for path, item in doc["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def problems(doc, schema, value, at="$"):
    """What of JSON Schema the document uses, as a list of mismatches."""
    if "$ref" in schema:
        return problems(doc, doc["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], value, at)
    found = []
    for one in schema.get("allOf", []):
        found += problems(doc, one, value, at)
    either = [problems(doc, one, value, at) for one in schema.get("anyOf", [])]
    if either and [] not in either:
        found += min(either, key=len)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = [k for k in kinds if isinstance(value, KINDS[k]) and
            (k not in ("integer", "number") or number)]
    if kinds and not fits:
        return found + ["%s: %r is not %s" % (at, value, "/".join(kinds))]
    if "enum" in schema and value not in schema["enum"]:
        found.append("%s: %r is not one of %s" % (at, value, schema["enum"]))
    if isinstance(value, dict):
        found += ["%s: no %s" % (at, n) for n in schema.get("required", []) if n not in value]
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                found += problems(doc, inner, value[name], "%s.%s" % (at, name))
    if isinstance(value, list) and "items" in schema:
        for i, one in enumerate(value):
            found += problems(doc, schema["items"], one, "%s[%d]" % (at, i))
    return found


def fits(doc, answer, method, path):
    operation = doc["paths"][path][method]
    response = operation["responses"]["200" if answer.status < 300 else "default"]
    schema = response["content"]["application/json"]["schema"]
    equal(problems(doc, schema, answer.json()), [], "%s %s" % (method, path))


def test_each_route_is_described():
    with Server() as s:
        doc = document(s)
    equal(doc["openapi"], "3.1.0")
    silent = ["%s %s" % (m.upper(), p) for m, p, o in operations(doc) if not o.get("summary")]
    equal(silent, [], "routes without a line in src/api/openapi/routes.txt")
    with open(LINES, encoding="utf-8") as f:
        told = [line.split(" | ")[0].replace("...}", "}") for line in f if line[0] != "#"]
    there = {"%s %s" % (m.upper(), p) for m, p, _ in operations(doc)}
    equal([t for t in told if t not in there], [], "lines of routes that are not there")
    equal(len(told), len(set(told)), "lines that are there twice")


def test_the_document_is_whole():
    with Server() as s:
        doc = document(s)
    schemas = doc["components"]["schemas"]
    refs = set(re.findall(r"#/components/schemas/(\w+)", repr(doc)))
    equal(sorted(refs - set(schemas)), [])
    for method, path, operation in operations(doc):
        equal(method in METHODS, True, method)
        wanted = re.findall(r"\{([^}]+)\}", path)
        equal([p["name"] for p in operation["parameters"] if p["in"] == "path"], wanted, path)
        equal("x-vedette-right" in operation or operation.get("security") == [], True, path)


W = ("/subscriptions/{subscription}/resourceGroups/{group}/providers/"
     "Microsoft.OperationalInsights/workspaces/{workspace}")
I = W + "/providers/Microsoft.SecurityInsights"


def test_answers_have_their_shape():
    with Server(clock="2026-01-10T00:00:00Z") as s:
        doc = document(s)
        body = {"properties": {"title": "One", "severity": "High", "status": "New"}}
        fits(doc, s.arm("PUT", "/incidents/one", body), "put", I + "/incidents/{incident}")
        fits(doc, s.arm("GET", "/incidents"), "get", I + "/incidents")
        comment = {"properties": {"message": "seen"}}
        fits(doc, s.arm("PUT", "/incidents/one/comments/c1", comment), "put",
             I + "/incidents/{incident}/comments/{comment}")
        fits(doc, s.arm("GET", "/incidents/none"), "get", I + "/incidents/{incident}")
        fits(doc, s.arm("GET", "/alertRuleTemplates"), "get", I + "/alertRuleTemplates")
        fits(doc, s.arm("GET", "/alertRules"), "get", I + "/alertRules")
        bookmark = {"properties": {"displayName": "b", "query": "print 1"}}
        name = "00000000-0000-0000-0000-000000000001"
        fits(doc, s.arm("PUT", "/bookmarks/" + name, bookmark), "put", I + "/bookmarks/{bookmark}")
        fits(doc, s.ask("print a=1, b='x', c=dynamic([1]), d=int(null) | render piechart",
                        prefer="include-render=true, include-statistics=true"),
             "post", "/v1/workspaces/{workspace}/query")
        fits(doc, s.ask("print nothing"), "post", "/v1/workspaces/{workspace}/query")
        fits(doc, s.get("/v1/workspaces/%s/metadata" % s.workspace()["id"]), "get",
             "/v1/workspaces/{workspace}/metadata")
        fits(doc, s.get("/vedette/v1/workspaces"), "get", "/vedette/v1/workspaces")
        fits(doc, s.get("/vedette/v1/workspaces/default/functions"), "get",
             "/vedette/v1/workspaces/{workspace}/functions")


def test_the_program_prints_the_same_document():
    with Server() as s:
        equal(json.loads(run("openapi")[1]), document(s))
    code, _, told = run("openapi", "more")
    equal((code, "usage" in told), (2, True))


def test_answers_that_the_portal_reads_have_their_shape():
    """What the portal's compiler takes from the document holds of the server."""
    with Server(clock="2026-01-10T00:00:00Z") as s:
        doc = document(s)
        own, base = "/vedette/v1/workspaces/{workspace}", "/vedette/v1/workspaces/default"
        rule = {"kind": "Scheduled", "properties": {
            "displayName": "Any", "severity": "High", "enabled": True, "query": "SecurityEvent | take 1",
            "queryFrequency": "PT5H", "queryPeriod": "PT5H", "triggerOperator": "GreaterThan",
            "triggerThreshold": 0, "suppressionEnabled": False, "suppressionDuration": "PT5H"}}
        fits(doc, s.arm("PUT", "/alertRules/one", rule), "put", I + "/alertRules/{rule}")
        for n in ("one", "two"):
            body = {"properties": {"title": n, "severity": "High", "status": "New",
                                   "labels": [{"labelName": "x"}]}}
            equal(s.arm("PUT", "/incidents/" + n, body).status, 201)
        task = {"properties": {"title": "Look", "status": "New"}}
        fits(doc, s.arm("PUT", "/incidents/one/tasks/t1", task), "put",
             I + "/incidents/{incident}/tasks/{task}")
        for part in ("/alerts", "/entities"):
            fits(doc, s.arm("POST", "/incidents/one" + part), "post", I + "/incidents/{incident}" + part)
        for part in ("/activities", "/timeline", "/similar", "/graph", "/why"):
            fits(doc, s.get(base + "/incidents/one" + part), "get", own + "/incidents/{incident}" + part)
        for part in ("/incidentCounts", "/coverage", "/rules", "/runs", "/tables", "/sources", "/entities",
                     "/functions"):
            fits(doc, s.get(base + part), "get", own + part)
        fits(doc, s.get(base + "/rules/one/versions"), "get", own + "/rules/{rule}/versions")
        fits(doc, s.get(base + "/rules/one/versions/1"), "get", own + "/rules/{rule}/versions/{version}")
        fits(doc, s.request("POST", base + "/rules/one/run"), "post", own + "/rules/{rule}/run")
        for name in ("/entityQueries", "/watchlists", "/securityMLAnalyticsSettings"):
            fits(doc, s.arm("GET", name), "get", I + name)
        for path in ("/vedette/v1/ruleVocabulary", "/vedette/v1/applications", "/vedette/v1/users",
                     "/portal/api/providers"):
            fits(doc, s.get(path), "get", path)
        authorization = "/providers/Microsoft.Authorization"
        for name in ("/roleDefinitions", "/roleAssignments"):
            fits(doc, s.get(authorization + name + "?api-version=2022-04-01"), "get", authorization + name)


def arm(s, method, path, body=None):
    return s.arm(method, path, body, provider=False)


def test_answers_of_jobs_have_their_shape():
    with Server(clock="2026-01-22T00:00:00Z") as s:
        doc = document(s)
        query = "Syslog | summarize n = count()"
        once = {"properties": {"query": query, "destinationTable": "N_KQL_CL"}}
        job = {"properties": {**once["properties"], "schedule": {"frequency": "Hour", "startTime": "2026-01-23T00:00:00Z"}}}
        fits(doc, arm(s, "PUT", "/kqlJobs/once", once), "put", W + "/kqlJobs/{job}")
        fits(doc, arm(s, "PUT", "/kqlJobs/n", job), "put", W + "/kqlJobs/{job}")
        fits(doc, arm(s, "GET", "/kqlJobs/n"), "get", W + "/kqlJobs/{job}")
        fits(doc, arm(s, "POST", "/kqlJobs/n/run"), "post", W + "/kqlJobs/{job}/run")
        fits(doc, arm(s, "GET", "/kqlJobs/n/runs"), "get", W + "/kqlJobs/{job}/runs")
        s.move_clock("2026-01-22T00:01:00Z")
        rule = {"properties": {"ruleDefinition": {"query": query, "binSize": 60, "destinationTable": "N_CL"}}}
        fits(doc, arm(s, "PUT", "/summaryLogs/n", rule), "put", W + "/summaryLogs/{rule}")
        for deed in ("kqlJobs/n/enable", "kqlJobs/n/disable", "summaryLogs/n/stop", "summaryLogs/n/start"):
            answer = arm(s, "POST", "/" + deed)
            equal((answer.status, answer.text), (200, ""), deed)
        for part, said in (("kqlJobs", 2), ("kqlJobs/n/runs", 1), ("summaryLogs", 1)):
            answer = arm(s, "GET", "/" + part)
            fits(doc, answer, "get", W + "/" + part.replace("/n/", "/{job}/"))
            equal(len(answer.json()["value"]), said, part)


def test_answers_of_searched_and_restored_tables_have_their_shape():
    with Server("--retention", "4d", clock="2026-01-22T00:00:00Z") as s:
        doc = document(s)
        equal(arm(s, "PATCH", "/tables/Syslog", {"properties": {"totalRetentionInDays": 365}}).status, 200)
        rows = [json.dumps({"TimeGenerated": d + "T00:00:00Z", "Computer": "h", "SyslogMessage": d})
                for d in ("2026-01-19", "2026-01-20")]
        equal(run("ingest", "--table", "Syslog", "-", data=s.data, stdin="\n".join(rows))[0], 0)
        equal(run("tables", "seal", data=s.data)[0], 0)
        s.restart("2026-01-27T00:00:00Z")
        search = {"properties": {"searchResults": {"query": "Syslog", "startSearchTime": "2026-01-01T00:00:00Z",
                                                   "endSearchTime": "2026-01-20T00:00:00Z"}}}
        fits(doc, arm(s, "PUT", "/tables/Found_SRCH", search), "put", W + "/tables/{table}")
        restore = {"properties": {"restoredLogs": {"startRestoreTime": "2026-01-18T00:00:00Z", "sourceTable": "Syslog",
                                                   "endRestoreTime": "2026-01-21T00:00:00Z"}}}
        fits(doc, arm(s, "PUT", "/tables/Old_RST", restore), "put", W + "/tables/{table}")
        fits(doc, arm(s, "PATCH", "/tables/Heartbeat", {"properties": {"plan": "Auxiliary"}}), "patch",
             W + "/tables/{table}")
        answer = arm(s, "GET", "/tables")
        fits(doc, answer, "get", W + "/tables")
        there = {t["name"]: t["properties"] for t in answer.json()["value"]}
        equal(("searchResults" in there["Found_SRCH"], "restoredLogs" in there["Old_RST"]), (True, True))


def test_a_table_that_is_kept_for_ever_has_no_days():
    with Server("--retention", "0") as s:
        answer = arm(s, "GET", "/tables")
        fits(document(s), answer, "get", W + "/tables")
        equal({t["properties"]["retentionInDays"] for t in answer.json()["value"]
               if t["properties"]["retentionInDaysAsDefault"]}, {None})


def test_answers_of_tenants_have_their_shape():
    with Server(clock="2026-01-10T00:00:00Z") as s:
        doc = document(s)
        tenants, one = "/vedette/v1/tenants", "/vedette/v1/tenants/{tenant}"
        first = s.get(tenants).json()["value"][0]["id"]
        made = s.post(tenants, {"name": "Customer", "limits": {"workspaces": 2}})
        fits(doc, made, "post", tenants)
        customer, admin = made.json()["tenant"]["id"], made.json()["administrator"]
        fits(doc, s.request("PUT", tenants + "/Bare", {"name": "Bare", "administrator": False}), "put", one)
        fits(doc, s.request("PATCH", tenants + "/" + customer, {"limits": {"queries": 3}}), "patch", one)
        fits(doc, s.request("PUT", tenants + "/" + customer, {"name": "Client"}), "put", one)
        fits(doc, s.get(tenants), "get", tenants)
        app = s.application("Log Analytics Reader")[0]
        offer = {"managingTenant": first, "managedTenant": customer, "principalId": app, "role": "Log Analytics Reader"}
        path, delegations = "%s/%s/delegations" % (tenants, first), one + "/delegations"
        made = s.post(path, offer)
        fits(doc, made, "post", delegations)
        fits(doc, s.post(path, {**offer, "expires": "2026-02-01T00:00:00Z", "description": "a month"}), "post", delegations)
        fits(doc, s.post("%s/%s/revoke" % (path, made.json()["id"])), "post", delegations + "/{delegation}/revoke")
        fits(doc, s.get(path), "get", delegations)
        equal(len(s.get(path).json()["value"]), 2)
        s.tenant, home = customer, s.tenant
        token = s.sign_in(admin["clientId"], admin["clientSecret"]).json()["access_token"]
        s.tenant = home
        made = s.request("PUT", W.format(subscription=customer, group="soc", workspace="theirs") +
                         "?api-version=2025-09-01", {"location": "local", "properties": {}}, token=token)
        fits(doc, made, "put", W)
        equal(s.request("DELETE", made.json()["id"] + "?api-version=2025-09-01", token=token).status, 200)
        deleted = s.get("/vedette/v1/deletedWorkspaces", token=token)
        fits(doc, deleted, "get", "/vedette/v1/deletedWorkspaces")
        recover = "/vedette/v1/deletedWorkspaces/{deleted}/recover"
        gone = deleted.json()["value"][0]["properties"]["customerId"]
        fits(doc, s.post(recover.format(deleted=gone), token=token), "post", recover)


def test_answers_of_people_and_providers_have_their_shape():
    with Server(clock="2026-01-10T00:00:00Z") as s, Provider() as p:
        doc = document(s)
        providers = "/vedette/v1/identityProviders"
        one = providers + "/{provider}"
        fits(doc, s.request("PUT", providers + "/idp", p.settings(title=None, allowedDomains=["contoso.example"])),
             "put", one)
        fits(doc, s.get(providers), "get", providers)
        fits(doc, s.post(providers + "/idp/check"), "post", one + "/check")
        s.user("ann", "Microsoft Sentinel Contributor")
        b = s.browser("ann")
        for more in ({}, {"roles": [{"role": "Microsoft Sentinel Reader"}]}):
            fits(doc, b.post("/portal/api/api-keys", {"name": "ci", **more}), "post", "/portal/api/api-keys")
        fits(doc, b.get("/portal/api/api-keys"), "get", "/portal/api/api-keys")
        fits(doc, s.get("/vedette/v1/users/ann/apiKeys"), "get", "/vedette/v1/users/{user}/apiKeys")
        fits(doc, s.get("/vedette/v1/apiKeys"), "get", "/vedette/v1/apiKeys")
        equal(len(s.get("/vedette/v1/apiKeys").json()["value"]), 2)
        preference = "/vedette/v1/preferences/{key}"
        for value in (None, [1], {"a": "b"}):
            fits(doc, b.call("PUT", preference.format(key="grid"), {"value": value}), "put", preference)
        fits(doc, b.get(preference.format(key="grid")), "get", preference)
        fits(doc, b.get("/vedette/v1/preferences"), "get", "/vedette/v1/preferences")
