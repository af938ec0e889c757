"""GET /openapi.json: each route is described, and answers have the shape that it tells."""
import json
import os
import re

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
