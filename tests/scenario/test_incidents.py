"""Incidents over REST and the command line."""
import json
import urllib.parse

from vedette import Server, contains, equal, run

START = "2026-03-01T00:00:00Z"


def body(**properties):
    return {"properties": {"title": "Manual", "severity": "Low", "status": "New", **properties}}


def many(s, n):
    for i in range(n):
        severity = ("Low", "Medium", "High")[i % 3]
        made = s.arm("PUT", "/incidents/incident-%02d" % i,
                     body(title="Case %02d" % i, severity=severity))
        equal(made.status, 201, made)


def listed(s, **options):
    query = urllib.parse.urlencode({"$" + k: v for k, v in options.items()})
    answer = s.arm("GET", "/incidents?" + query)
    assert answer.status == 200, answer
    return answer.json()


def titles(page):
    return [i["properties"]["title"] for i in page["value"]]


def test_create_read_update():
    with Server(clock=START) as s:
        made = s.arm("PUT", "/incidents/one", body(description="x", labels=[{"labelName": "a"}]))
        equal(made.status, 201)
        incident = made.json()
        equal(incident["properties"]["incidentNumber"], 1)
        equal(incident["type"], "Microsoft.SecurityInsights/Incidents")
        incident["properties"]["status"] = "active"
        incident["properties"]["owner"] = {"userPrincipalName": "ann@halden.example"}
        changed = s.arm("PUT", "/incidents/one", incident)
        equal(changed.status, 200)
        equal(changed.json()["properties"]["status"], "Active")
        equal(s.arm("PUT", "/incidents/one", incident).status, 409)
        equal(s.arm("GET", "/incidents/1").json()["name"], "one")
        rows = s.query("SecurityIncident | order by TimeGenerated asc | project Status, Title, "
                       "Owner = tostring(Owner.userPrincipalName), ModifiedBy")
        equal([r["Status"] for r in rows], ["New", "Active"])
        equal(rows[1]["Owner"], "ann@halden.example")


def test_what_is_refused():
    with Server(clock=START) as s:
        cases = [
            ("/incidents/x", {}, "properties is missing"),
            ("/incidents/x", body(title=""), "title is missing"),
            ("/incidents/x", body(severity="Grave"), "'Grave' is not one of"),
            ("/incidents/x", body(severity=3), "a text expected"),
            ("/incidents/x", body(status="Closed"), "a closed incident needs one"),
            ("/incidents/x", body(labels="a"), "labels"),
            ("/incidents/x", body(labels=[{}]), "labelName is missing"),
            ("/incidents/x", body(owner="me"), "owner"),
            ("/incidents/x", body(description="y" * 6000), "at most 5000"),
            ("/incidents/a%2Fb", body(), "letters, digits"),
        ]
        for path, content, wanted in cases:
            answer = s.arm("PUT", path, content)
            equal(answer.status, 400, (path, content))
            contains(answer.message(), wanted)
        equal(s.arm("PUT", "/incidents/x", "{").status, 400)
        equal(s.arm("GET", "/incidents/x").status, 404)
        equal(s.arm("GET", "/incidents/999").status, 404)
        equal(listed(s)["value"], [])
        equal(s.count("SecurityIncident"), 0)


def test_counts():
    with Server(clock=START) as s:
        for number, (severity, status) in enumerate((("High", "New"), ("High", "Active"), ("Low", "New"))):
            made = s.arm("PUT", "/incidents/n%d" % number, {"properties": {
                "title": "Case %d" % number, "severity": severity, "status": status}})
            equal(made.status, 201, made)
        counts = "/vedette/v1/workspaces/default/incidentCounts"
        equal(s.get(counts).json(), {
            "total": 3, "severity": {"Informational": 0, "Low": 1, "Medium": 0, "High": 2},
            "status": {"New": 2, "Active": 1, "Closed": 0}})
        asked = s.get(counts + "?$filter=properties/severity%20eq%20'High'%20and%20"
                      "contains(properties/title,%20'case%200')").json()
        equal((asked["total"], asked["status"]["New"]), (1, 1))
        equal(s.get(counts + "?$filter=properties/nothing%20eq%201").status, 400)
        equal(s.get(counts, token=None).status, 401)


def test_filter_order_and_pages():
    with Server(clock=START) as s:
        many(s, 23)
        page = listed(s, top=10, orderby="properties/title asc")
        seen = titles(page)
        while "nextLink" in page:
            assert page["nextLink"].startswith(s.url), page["nextLink"]
            page = s.get(page["nextLink"][len(s.url):]).json()
            seen += titles(page)
        equal(seen, ["Case %02d" % i for i in range(23)])
        equal(len(listed(s)["value"]), 23)
        equal(titles(listed(s, top=1)), ["Case 22"])
        equal(len(listed(s, filter="properties/severity eq 'High'")["value"]), 7)
        equal(titles(listed(s, filter="properties/incidentNumber le 2 and not "
                                      "(properties/title eq 'Case 00')")), ["Case 01"])
        equal(titles(listed(s, filter="startswith(properties/title, 'Case 1')",
                            orderby="properties/incidentNumber asc", top=2)), ["Case 10", "Case 11"])
        high = listed(s, orderby="properties/severity desc", top=8)["value"]
        equal([i["properties"]["severity"] for i in high], ["High"] * 7 + ["Medium"])
        for bad in ({"filter": "properties/nothing eq 1"}, {"filter": "properties/status eq"},
                    {"filter": "("}, {"orderby": "properties/nothing"}, {"top": "x"}, {"top": "0"},
                    {"top": "5000"}, {"skipToken": "abc"}):
            query = urllib.parse.urlencode({"$" + k: v for k, v in bad.items()})
            equal(s.arm("GET", "/incidents?" + query).status, 400, bad)


def test_the_command_line():
    with Server(clock=START) as s:
        many(s, 3)
        contains(run("incidents", "list", data=s.data)[1], "Case 02")
        out = run("incidents", "list", "--filter", "properties/severity eq 'High'", data=s.data)[1]
        assert "Case 02" in out and "Case 01" not in out, out
        contains(run("incidents", "show", "2", data=s.data)[1], "Incident 2: Case 01")
        shown = json.loads(run("incidents", "show", "2", "--format", "json", data=s.data)[1])
        equal(shown["incident"]["properties"]["incidentNumber"], 2)
        code, _, error = run("incidents", "update", "2", "--status", "Closed", data=s.data)
        equal(code, 1)
        contains(error, "closed incident needs")
        equal(run("incidents", "update", "2", "--status", "Closed", "--classification",
                  "FalsePositive", "--reason", "InaccurateData", "--comment", "a test",
                  "--owner", "ann@halden.example", data=s.data)[0], 0)
        found = s.arm("GET", "/incidents/2").json()["properties"]
        equal((found["status"], found["classificationComment"], found["owner"]["userPrincipalName"]),
              ("Closed", "a test", "ann@halden.example"))
        s.stop()
        contains(run("incidents", "list", data=s.data)[1], "Closed")
        s.start()
        code, _, error = run("incidents", "show", "77", data=s.data)
        equal(code, 1)
        contains(error, "77")
