"""A workspace as Parquet files and JSON, and what is made of them in another data folder."""
import glob
import json
import os
import shutil
import tempfile

from test_backup import RULE
from vedette import SUBSCRIPTION, Server, contains, equal, run

# An export tells of itself, but not in what it wrote.
ROWS = "union withsource=T * | where T !startswith 'Vedette' and OperationName != 'Vedette/export/Action' | project-away TenantId | sort by _ItemId asc"


class Place:
    """A folder for exports and data folders."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="vedette-export-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def at(self, name):
        return os.path.join(self.path, name)


def own(s, path, workspace="default"):
    return s.get("/vedette/v1/workspaces/%s%s" % (workspace, path)).json()


def work(s):
    """On the incident, and a case with a file."""
    for path, properties in (
            ("/incidents/1/comments/c", {"message": "look"}), ("/incidents/1/tasks/t", {"title": "Call", "status": "New"}),
            ("/bookmarks/b", {"displayName": "Odd", "query": "T", "incidentInfo": {"incidentId": "1"}, "entityMappings": [
                {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "value": "203.0.113.7"}]}]})):
        equal(s.arm("PUT", path, {"properties": properties}).status, 201)
    made = s.post("/vedette/v1/workspaces/default/cases", {"properties": {"title": "Case", "incidents": ["1"]}})
    equal(made.status, 201, made)
    equal(s.post("/vedette/v1/workspaces/default/cases/1000/attachments?name=f", b"\0\xff").status, 201)


def worked(s, workspace="default"):
    """What of it is there, without ids that name the workspace."""
    return ([(a["activity"], a["who"], a["time"]) for a in own(s, "/incidents/1/activities", workspace)["value"]],
            [i["kind"] for i in own(s, "/incidents/1/timeline", workspace)["value"]],
            own(s, "/cases/1000", workspace)["properties"],
            [a["properties"] for a in own(s, "/cases/1000/attachments", workspace)["value"]])


def fill(s):
    """Rows hot and sealed, in tables that ship and of its own, a rule with an incident, lists and functions."""
    equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "h%d" % i} for i in range(500)] + [{"Computer": "bad"}]).status, 204)
    workspace = s.workspace()["id"]
    equal(s.post("/vedette/v1/workspaces/%s/seal" % workspace).status, 200)
    equal(s.post("/vedette/v1/workspaces/%s/records/Odd_CL?format=ndjson" % workspace, "\n".join([
        json.dumps({"name_s": "a", "Name_s": "b", "n": 9007199254740993, "d": {"x": [1, 2.50, "\u00e9"]}, "big_d": 1.5,
                    "when_t": "0001-01-01T00:00:00.0000001Z", "TimeGenerated": "2025-12-31T23:59:59.9999999Z"}),
        json.dumps({"name_s": "c", "yes_b": True})])).status, 200)
    s.import_rule(RULE % "11111111-1111-4111-8111-111111111111")
    equal(s.arm("PUT", "/watchlists/VIPs", {"properties": {
        "displayName": "VIPs", "provider": "us", "source": "Local file", "itemsSearchKey": "User",
        "rawContent": "User,Tier\nann,1\nbob,2\n", "contentType": "text/csv", "numberOfLinesToSkip": 0}}).status, 201)
    s.move_clock("2026-01-02T05:00:00Z")
    equal(s.query("SecurityIncident | count")[0]["Count"], 1)


def answers(s):
    return (s.query(ROWS), s.query("_GetWatchlist('VIPs') | project User, Tier | sort by User asc"),
            [(i["name"], i["properties"]["title"], i["properties"]["incidentNumber"])
             for i in s.arm("GET", "/incidents").json()["value"]],
            [r["name"] for r in s.arm("GET", "/alertRules").json()["value"]])


def test_a_workspace_moves():
    with Place() as p, Server(clock="2026-01-02T03:00:00Z") as s:
        fill(s)
        work(s)
        wanted, done = answers(s), worked(s)
        contains(run("export", "--data", s.data, p.at("x"))[1], " files, ")
        listed = json.load(open(p.at("x/workspace.json"), encoding="utf-8"))
        equal(listed["id"], s.workspace()["id"])
        equal(sum(part["rows"] for t in listed["tables"] for part in t["parts"] if t["name"] == "Heartbeat"), 501)
        equal(s.query(ROWS), wanted[0])  # the server's own rows are as they were
        s.stop()
        contains(run("import", "--data", p.at("data"), p.at("x"))[1], " files, ")
        with Server(data=p.at("data"), clock="2026-01-02T05:00:00Z") as t:
            equal(t.workspace()["id"], listed["id"])
            equal(answers(t), wanted)
            equal(worked(t), done)
            entity = t.arm("POST", "/incidents/1/entities").json()["entities"][0]
            equal(entity["properties"]["address"], "203.0.113.7")
            equal(t.post_logs("Microsoft-Heartbeat", [{"Computer": "after"}]).status, 204)
            equal(t.count("Heartbeat"), 502)
            equal(t.post("/vedette/v1/workspaces/%s/records/Odd_CL?format=ndjson" % listed["id"],
                         json.dumps({"name_s": "x", "Name_s": "y", "new_s": "z"})).status, 200)
            equal(t.query("Odd_CL | where new_s == 'z' | project name_s, Name_s"), [{"name_s": "x", "Name_s": "y"}])
            t.stop()
        again = run("import", "--data", p.at("data"), p.at("x"))
        equal(again[0], 1)
        contains(again[2], "there is a workspace 'default'")
        equal(run("import", "--data", p.at("data"), "--name", "copy", p.at("x"))[0], 0)
        with Server(data=p.at("data"), clock="2026-01-02T05:00:00Z") as t:
            equal(sorted(w["name"] for w in t.get("/vedette/v1/workspaces").json()["value"]), ["copy", "default"])
            equal(worked(t, "copy"), done)
            counts = [t.post("/v1/workspaces/%s/query" % w["id"], {"query": "Heartbeat | count"}).json()["tables"][0]["rows"]
                      for w in sorted(t.get("/vedette/v1/workspaces").json()["value"], key=lambda w: w["name"])]
            equal(counts, [[[501]], [[502]]])
        # By the system's clock all of it is past its retention.
        contains(run("import", "--data", p.at("old"), p.at("x"))[1], "rows are past the retention")
        contains(run("query", "--data", p.at("old"), "Heartbeat | count")[1], "\n0\n")
        equal(run("import", "--data", p.at("kept"), "--retention", "4383", p.at("x"))[1].count("\n"), 1)
        equal(run("import", "--data", p.at("wrong"), "--retention", "1", p.at("x"))[0], 1)


def rewrite(path, old, new):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    assert old in text, (path, old)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new, 1))


def refused(p, data, *words):
    """Nothing is made, and the message has all words."""
    answer = run("import", "--data", data, p)
    equal(answer[0], 1)
    for word in words:
        contains(answer[2], word)
    equal(os.listdir(os.path.join(data, "workspaces")) if os.path.exists(os.path.join(data, "workspaces")) else [], [])
    equal(os.path.exists(os.path.join(data, "import.tmp")), False)


def test_what_is_no_export_is_refused():
    with Place() as p, Server(clock="2026-01-02T03:00:00Z") as s:
        fill(s)
        equal(s.post("/vedette/v1/export", {"directory": "relative"}).status, 400)
        equal(s.post("/vedette/v1/export", {"directory": p.at("x"), "workspace": "none"}).status, 404)
        equal(s.post("/vedette/v1/export", {"directory": p.at("x")}).status, 200)
        equal(s.post("/vedette/v1/export", {"directory": p.at("x")}).status, 400)  # not empty
        busy = run("import", "--data", s.data, p.at("x"))
        equal(busy[0], 1)
        contains(busy[2], "in use")
        s.stop()
        data = p.at("data")
        refused(p.path, data, "workspace.json")
        for n, (file, old, new, words) in enumerate([
                ("workspace.json", '"format":1', '"format":2', ["format 1 expected"]),
                ("workspace.json", '"path":"lake/', '"path":"../lake/', ["not the path of a file"]),
                ("workspace.json", '"name":"Odd_CL"', '"name":"../../Odd_CL"', ["table"]),
                ("workspace.json", '"rows":501', '"rows":502', ["rows"]),
                ("workspace.json", '"storedAs":"Name_s~2"', '"storedAs":"Name_s~3"', ["Odd_CL"]),
                ("workspace.json", '"minTime":"2026', '"minTime":"2025', ["times"]),
                ("workspace.json", '"sealed":"2026', '"sealed":"2226', ["clock"]),
                ("workspace.json", '"crc32":', '"crc32":-1', ["crc32"]),
                ("workspace.json", '"id":"', '"id":"x', ["GUID"]),
                ("objects.ndjson", '"table":"rules"', '"table":"principals"', ["SHA-256"])]):
            broken = p.at("broken%d" % n)
            shutil.copytree(p.at("x"), broken)
            rewrite(os.path.join(broken, file), old, new)
            refused(broken, data, *words)
        part = glob.glob(p.at("x/lake/Heartbeat/*/*/*/*.parquet"))[0]
        broken = p.at("broken")
        shutil.copytree(p.at("x"), broken)
        with open(os.path.join(broken, os.path.relpath(part, p.at("x"))), "r+b") as f:
            f.seek(100)
            f.write(b"x")
        refused(broken, data, "SHA-256")
        equal(run("import", "--data", data, p.at("x"))[0], 0)


def test_collection_rules_and_results_of_searches_come_along():
    clock = "2026-01-02T03:00:00Z"
    rules = "/subscriptions/%s/resourceGroups/vedette/providers/Microsoft.Insights/dataCollectionRules/%s?api-version=2023-03-11"
    rule = {"location": "x", "kind": "Direct", "tags": {"team": "soc"}, "properties": {
        "streamDeclarations": {"Custom-In": {"columns": [{"name": "host", "type": "string"}]}},
        "destinations": {"logAnalytics": [{"workspaceResourceId": "/subscriptions/s/workspaces/Default", "name": "here"}]},
        "dataFlows": [{"streams": ["Custom-In"], "destinations": ["here"], "outputStream": "Microsoft-Heartbeat",
                       "transformKql": "source | project TimeGenerated = now(), Computer = host"}]}}
    search = {"properties": {"searchResults": {"query": "Heartbeat | where Computer == 'a'",
                                               "startSearchTime": "2026-01-01T00:00:00Z",
                                               "endSearchTime": "2026-01-03T00:00:00Z"}}}
    with Place() as p, Server(clock=clock) as s:
        web = s.request("PUT", rules % (SUBSCRIPTION, "Web"), rule)
        equal(web.status, 201, web)
        dcr = web.json()["properties"]["immutableId"]
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a", "TimeGenerated": "2026-01-02T01:00:00Z"}]).status, 204)
        equal(s.arm("PUT", "/tables/Found_SRCH", search, provider=False).status, 202)
        s.move_clock("2026-01-02T03:01:00Z")
        equal(s.count("Found_SRCH"), 1)
        equal(run("export", "--data", s.data, p.at("x"))[0], 0)
        s.stop()
        code, _, err = run("import", "--data", p.at("data"), "--name", "copy", "--retention", "4383", p.at("x"))
        equal(code, 0, err)
        with Server(data=p.at("data"), clock="2026-01-02T05:00:00Z") as t:
            found = t.request("GET", rules % (SUBSCRIPTION, "web")).json()
            equal((found["name"], found["tags"], found["properties"]["immutableId"]), ("Web", {"team": "soc"}, dcr))
            equal(found["properties"]["destinations"]["logAnalytics"][0]["workspaceResourceId"],
                  "/subscriptions/s/workspaces/copy")
            equal(t.count("Found_SRCH"), 1)
            sent = t.post("/dataCollectionRules/%s/streams/Custom-In?api-version=2023-01-01" % dcr, [{"host": "b"}])
            equal(sent.status, 204, sent)
            equal(t.query("Heartbeat | project Computer | sort by Computer asc"), [{"Computer": "a"}, {"Computer": "b"}])
            equal(t.request("DELETE", rules % (SUBSCRIPTION, "web")).status, 200)
            equal(t.request("PUT", rules % (SUBSCRIPTION, "web"), {**rule, "properties": {**rule["properties"], "destinations": {
                "logAnalytics": [{"workspaceResourceId": "/subscriptions/s/workspaces/copy", "name": "here"}]}}}).status, 201)
            t.stop()
        # A rule that is there stays, one whose name is taken gets a number.
        for name in ("again", "third"):
            code, _, err = run("import", "--data", p.at("data"), "--name", name, "--retention", "4383", p.at("x"))
            equal(code, 0, err)
        with Server(data=p.at("data"), clock="2026-01-02T05:00:00Z") as t:
            listed = t.request("GET", rules.replace("/%s?", "?") % SUBSCRIPTION).json()["value"]
            equal([(r["name"], r["properties"]["destinations"]["logAnalytics"][0]["workspaceResourceId"].rsplit("/", 1)[1])
                   for r in listed], [("web", "copy"), ("Web-2", "again")])
