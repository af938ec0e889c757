"""Work on incidents: comments, tasks, relations, labels and owners, the activity log."""
import json
import uuid

from test_detection import ACCOUNTS, START, alerts, at, imported, incidents, rule, sign_ins
from vedette import SUBSCRIPTION, Server, contains, equal, run

BASE = ("/subscriptions/%s/resourceGroups/vedette/providers/Microsoft.OperationalInsights/workspaces"
        "/default/providers/Microsoft.SecurityInsights" % SUBSCRIPTION)


def incident_body(**properties):
    return {"properties": {"title": "Manual", "severity": "Low", "status": "New", **properties}}


def make(s, name="one", **properties):
    made = s.arm("PUT", "/incidents/" + name, incident_body(**properties))
    equal(made.status, 201, made)
    return made.json()


def own(s, path):
    answer = s.get("/vedette/v1/workspaces/default" + path)
    equal(answer.status, 200, answer)
    return answer.json()


def properties(s, name="one"):
    return s.arm("GET", "/incidents/" + name).json()["properties"]


def rows(s, columns, where="true"):
    return s.query("SecurityIncident | where %s | order by TimeGenerated asc | project %s"
                   % (where, columns))


def two_incidents(s, people=("ann@halden.example", "bob@halden.example")):
    """Each of an alert of its own: of two rules, one a person."""
    for number, person in enumerate(people, 1):
        imported(s, rule(number, "SigninLogs | where UserPrincipalName == '%s'" % person,
                         extra=ACCOUNTS))
    sign_ins(s, 1, *people)
    s.move_clock(at(10))
    return incidents(s, "?$orderby=properties/incidentNumber%20asc")


def test_comments():
    with Server(clock=START) as s:
        make(s)
        text = "**look** <script>alert(1)</script> ünï"
        made = s.arm("PUT", "/incidents/one/comments/c1", {"properties": {"message": text}})
        equal(made.status, 201, made)
        comment = made.json()
        equal(comment["properties"]["message"], text)
        equal(comment["properties"]["author"]["name"], "operator")
        equal(properties(s)["additionalData"]["commentsCount"], 1)
        comment["properties"]["message"] = "better"
        equal(s.arm("PUT", "/incidents/one/comments/c1", comment).status, 200)
        equal(s.arm("PUT", "/incidents/one/comments/c1", comment).status, 409)
        equal(json.loads(rows(s, "Comments")[-1]["Comments"])[0]["message"], "better")
        for bad, wanted in (({}, "properties is missing"),
                            ({"properties": {}}, "message is missing"),
                            ({"properties": {"message": 4}}, "a text expected"),
                            ({"properties": {"message": "y" * 30001}}, "at most 30000")):
            answer = s.arm("PUT", "/incidents/one/comments/c2", bad)
            equal(answer.status, 400, answer)
            contains(answer.message(), wanted)
        equal(s.arm("PUT", "/incidents/one/comments/c2",
                    {"properties": {"message": "ü" * 30000}}).status, 201)
        equal(s.arm("PUT", "/incidents/none/comments/c", {"properties": {"message": "x"}}).status, 404)
        listed = s.arm("GET", "/incidents/one/comments?$top=1").json()
        equal(len(listed["value"]), 1)
        equal(s.get(listed["nextLink"][len(s.url):]).json()["value"][0]["name"], "c1")
        found = s.arm("GET", "/incidents/one/comments?$filter=properties/message%20eq%20'better'").json()
        equal([c["name"] for c in found["value"]], ["c1"])
        equal(s.arm("GET", "/incidents/one/comments?$filter=properties/nothing%20eq%201").status, 400)
        equal(s.arm("DELETE", "/incidents/one/comments/c2").status, 200)
        equal(s.arm("DELETE", "/incidents/one/comments/c2").status, 204)
        equal(s.arm("GET", "/incidents/one/comments/c2").status, 404)


def test_comments_are_their_authors():
    with Server(clock=START) as s:
        make(s)
        people = [s.token(*s.application("Microsoft Sentinel Responder")) for _ in range(2)]
        body = {"properties": {"message": "mine"}}
        equal(s.arm("PUT", "/incidents/one/comments/c", body, token=people[0]).status, 201)
        refused = s.arm("PUT", "/incidents/one/comments/c", body, token=people[1])
        equal(refused.status, 403, refused)
        equal(s.arm("PUT", "/incidents/one/comments/c", body, token=people[0]).status, 200)
        equal(s.arm("DELETE", "/incidents/one/comments/c", token=people[0]).status, 403)
        equal(s.arm("DELETE", "/incidents/one", token=people[0]).status, 403)
        contributor = s.token(*s.application("Microsoft Sentinel Contributor"))
        equal(s.arm("DELETE", "/incidents/one/comments/c", token=contributor).status, 200)
        for i in range(100):
            equal(s.arm("PUT", "/incidents/one/comments/n%d" % i, body).status, 201)
        full = s.arm("PUT", "/incidents/one/comments/more", body)
        equal(full.status, 400)
        contains(full.message(), "at most 100 comments")
        # Of a row the earliest comments are cut, so that it stays small.
        long = {"properties": {"message": "z" * 20000}}
        for i in range(4):
            equal(s.arm("DELETE", "/incidents/one/comments/n%d" % i).status, 200)
            equal(s.arm("PUT", "/incidents/one/comments/long%d" % i, long).status, 201)
        kept = json.loads(rows(s, "Comments")[-1]["Comments"])
        equal([len(c["message"]) for c in kept], [20000] * 3)


def test_tasks():
    with Server(clock=START) as s:
        make(s)
        body = {"properties": {"title": "Ask", "status": "New", "description": "<b>whom?</b>"}}
        equal(s.arm("PUT", "/incidents/one/tasks/t1", body).status, 201)
        s.move_clock(at(1))
        body["properties"]["status"] = "completed"
        done = s.arm("PUT", "/incidents/one/tasks/t1", body)
        equal((done.status, done.json()["properties"]["status"]), (200, "Completed"))
        task = json.loads(rows(s, "Tasks")[-1]["Tasks"])[0]
        equal((task["taskId"], task["title"], task["status"], task["lastCompletedTimeUtc"][:19]),
              ("t1", "Ask", "Completed", at(1)[:19]))
        assert "description" not in task, task
        for bad, wanted in (({"properties": {"status": "New"}}, "title is missing"),
                            ({"properties": {"title": "x"}}, "status is missing"),
                            ({"properties": {"title": "x", "status": "Done"}}, "'Done' is not one")):
            answer = s.arm("PUT", "/incidents/one/tasks/t2", bad)
            equal(answer.status, 400)
            contains(answer.message(), wanted)
        stale = done.json()
        stale["etag"] = '"0"'
        equal(s.arm("PUT", "/incidents/one/tasks/t1", stale).status, 409)
        equal(s.arm("DELETE", "/incidents/one/tasks/t1").status, 200)
        equal([t["status"] for t in json.loads(rows(s, "Tasks")[-1]["Tasks"])], ["Deleted"])
        for i in range(40):
            equal(s.arm("PUT", "/incidents/one/tasks/n%d" % i, body).status, 201)
        equal(len(json.loads(rows(s, "Tasks")[-1]["Tasks"])), 40)
        contains(s.arm("PUT", "/incidents/one/tasks/more", body).message(), "at most 40 tasks")
        listed = s.arm("GET", "/incidents/one/tasks").json()["value"]
        equal([t["name"] for t in listed], ["n%d" % i for i in range(40)])


def relation(kind, name):
    return {"properties": {"relatedResourceId": "%s/%s/%s" % (BASE, kind, name)}}


def test_alerts_join_and_leave():
    with Server(clock=START) as s:
        first, second = two_incidents(s)
        mine, other = [s.arm("POST", "/incidents/%s/alerts" % i["name"]).json()["value"][0]["name"]
                       for i in (first, second)]
        path = "/incidents/%s/relations/" % first["name"]
        equal([r["name"] for r in s.arm("GET", path[:-1]).json()["value"]], [mine])
        equal(s.arm("GET", path + mine).json()["properties"]["relatedResourceKind"], "SecurityAlert")
        made = s.arm("PUT", path + "joined", relation("entities", other))
        equal(made.status, 201, made)
        equal(made.json()["properties"]["relatedResourceName"], other)
        equal(s.arm("PUT", path + "joined", relation("entities", other)).status, 200)
        found = properties(s, first["name"])
        equal(found["additionalData"]["alertsCount"], 2)
        equal(len(found["relatedAnalyticRuleIds"]), 2)
        for name, body, status, wanted in (
                ("again", relation("entities", other), 400, "already exists in incident"),
                ("joined", relation("entities", mine), 409, "to different alert"),
                ("joined", relation("bookmarks", "b"), 400, "Different relation type"),
                ("new-one", relation("entities", str(uuid.uuid4())), 404, "does not exist."),
                ("new-one", relation("watchlists", "x"), 400, "expected"),
                ("new-one", {"properties": {}}, 400, "relatedResourceId is missing"),
                ("new-one", {"properties": {"relatedResourceId":
                                            relation("entities", other)["properties"]["relatedResourceId"]
                                            .replace("/default/", "/elsewhere/")}}, 400, "same workspace"),
                ("no", relation("entities", other), 400, "3 to 63"),
                ("under_line", relation("entities", other), 400, "3 to 63")):
            answer = s.arm("PUT", path + name, body)
            equal(answer.status, status, (name, answer))
            contains(answer.message(), wanted)
        contains(s.arm("PUT", "/incidents/none/relations/abc", relation("entities", mine)).message(),
                 "Incident doesn't exist.")
        row = rows(s, "AlertIds, TimeGenerated", "IncidentNumber == 1")[-1]
        equal(json.loads(row["AlertIds"]), [mine, other])
        equal(s.arm("DELETE", path + mine).status, 200)
        equal(s.arm("DELETE", path + mine).status, 204)
        found = properties(s, first["name"])
        equal((found["additionalData"]["alertsCount"], len(found["relatedAnalyticRuleIds"])), (1, 1))
        kinds = [a["activity"] for a in own(s, "/incidents/1/activities")["value"]]
        equal(kinds, ["Created", "AlertAdded", "AlertAdded", "AlertRemoved"])
        # An alert stays when all that it was in is deleted, and opens nothing again.
        equal(s.arm("DELETE", "/incidents/" + first["name"]).status, 200)
        equal(s.arm("DELETE", "/incidents/" + first["name"]).status, 204)
        equal(rows(s, "Status", "IncidentNumber == 1")[-1]["Status"], "Deleted")
        equal(len(alerts(s)), 2)
        equal(s.arm("GET", "/entities/" + mine).json()["kind"], "SecurityAlert")


def test_owners_labels_and_patch():
    with Server(clock=START) as s:
        client_id, _ = s.application("Microsoft Sentinel Responder")
        made = make(s, owner={"objectId": client_id, "ownerType": "user"},
                    labels=[{"labelName": "a", "labelType": "AutoAssigned"}],
                    firstActivityTimeUtc=at(-60), lastActivityTimeUtc=at(-30))
        equal(made["properties"]["owner"]["assignedTo"], "test")
        equal(made["properties"]["owner"]["ownerType"], "User")
        equal(made["properties"]["labels"], [{"labelName": "a", "labelType": "User"}])
        equal(made["properties"]["firstActivityTimeUtc"][:19], at(-60)[:19])
        changed = s.arm("PATCH", "/incidents/one", {"properties": {"severity": "High"}})
        equal(changed.status, 200, changed)
        equal((changed.json()["properties"]["severity"], changed.json()["properties"]["title"]),
              ("High", "Manual"))
        equal(s.arm("PATCH", "/incidents/two", {"properties": {"severity": "High"}}).status, 404)
        # PUT replaces: what is left out is gone.
        equal(s.arm("PUT", "/incidents/one", incident_body()).status, 200)
        equal(properties(s)["labels"], [])
        equal(properties(s)["owner"]["objectId"], None)
        closed = {"status": "Closed", "classification": "FalsePositive",
                  "classificationReason": "InaccurateData", "classificationComment": "x"}
        equal(s.arm("PATCH", "/incidents/one", {"properties": closed}).status, 200)
        equal(s.arm("PATCH", "/incidents/one", {"properties": {"status": "Active"}}).status, 200)
        assert "classification" not in properties(s), properties(s)
        log = [(a["field"], a["oldValue"], a["newValue"], a["who"])
               for a in own(s, "/incidents/one/activities")["value"] if a["activity"] == "Changed"]
        equal(log[0], ("severity", "Low", "High", "operator"))
        assert ("owner", "test", "", "operator") in log, log
        assert ("labels", "a", "", "operator") in log, log
        assert ("status", "Closed", "Active", "operator") in log, log
        for bad in ({"owner": {"ownerType": "Robot"}, "title": "x"}, {"lastActivityTimeUtc": "now"}):
            equal(s.arm("PATCH", "/incidents/one", {"properties": bad}).status, 400, bad)
        for path in ("/incidents/one/runPlaybook", "/incidents/one/createTeam", "/entities/x/runPlaybook"):
            equal(s.arm("POST", path, {}).status, 501)


def test_activities_in_pages_and_the_timeline():
    with Server(clock=START) as s:
        first, _ = two_incidents(s)
        s.move_clock(at(20))
        for severity in ("Low", "High", "Medium"):
            s.arm("PATCH", "/incidents/1", {"properties": {"severity": severity}})
        s.arm("PUT", "/incidents/1/comments/c", {"properties": {"message": "x"}})
        page = own(s, "/incidents/1/activities?$top=2")
        seen = page["value"]
        while "nextLink" in page:
            page = s.get(page["nextLink"][len(s.url):]).json()
            seen += page["value"]
        equal([a["activity"] for a in seen],
              ["Created", "AlertAdded", "Changed", "Changed", "Changed", "CommentAdded"])
        items = own(s, "/incidents/1/timeline")["value"]
        equal([i["kind"] for i in items], ["SecurityAlert"] + ["Activity"] * 6)
        only = own(s, "/incidents/1/timeline?$filter=kind%20eq%20'SecurityAlert'")["value"]
        equal(only[0]["properties"]["displayName"], first["properties"]["title"])
        equal(s.get("/vedette/v1/workspaces/default/incidents/9/timeline").status, 404)
        equal(s.get("/vedette/v1/workspaces/default/incidents/1/activities?$skipToken=x").status, 400)
        s.stop().start()
        equal(len(own(s, "/incidents/1/activities")["value"]), 6)


def test_what_incidents_are_about_comes_with_the_list():
    """The assets of a page by one query, beside the incidents; the first few of each, and how many there are."""
    with Server(clock=START) as s:
        imported(s, rule(1, "SigninLogs", extra=ACCOUNTS))
        sign_ins(s, 1, *("p%d@halden.example" % n for n in range(5)))
        s.move_clock(at(10))
        make(s)
        plain = s.arm("GET", "/incidents?$orderby=properties/incidentNumber%20asc").json()
        equal("impactedAssets" in plain, False)
        answer = s.arm("GET", "/incidents?$orderby=properties/incidentNumber%20asc&$expand=impactedAssets").json()
        equal(answer["value"], plain["value"])
        first, by_hand = (i["name"] for i in answer["value"])
        about = answer["impactedAssets"]
        equal((by_hand in about, about[first]["total"], len(about[first]["assets"])), (False, 5, 3))
        for asset in about[first]["assets"]:
            equal((asset["kind"], asset["name"][:1], asset["name"][2:]), ("Account", "p", "@halden.example"))


def test_similar_incidents():
    with Server(clock=START) as s:
        people = ["%s@halden.example" % p for p in ("ann", "bob")]
        two_incidents(s, people)
        make(s, "stranger")
        # The two share the address that the sign-ins came from.
        found = own(s, "/incidents/1/similar")["value"]
        equal([(f["sharedEntities"], f["sameRule"], f["incident"]["properties"]["incidentNumber"])
               for f in found], [(1, False, 2)])
        equal(own(s, "/incidents/stranger/similar")["value"], [])
        sign_ins(s, 12, people[0], address="198.51.100.1")
        s.move_clock(at(20))
        found = own(s, "/incidents/4/similar")["value"]
        equal([(f["sharedEntities"], f["sameRule"], f["sameDetails"],
                f["incident"]["properties"]["incidentNumber"]) for f in found], [(1, True, True, 1)])


def command(s, *words):
    code, out, error = run("incidents", *words, data=s.data)
    equal(code, 0, error)
    return out


def test_the_command_line_of_work():
    with Server(clock=START) as s:
        first, second = two_incidents(s)
        made = command(s, "create", "By \x1b[2Jhand", "--severity", "High", "--owner", "ann@halden.example")
        contains(made, "Incident 3: By  [2Jhand")
        command(s, "comment", "3", "one\ntwo \x1b[31mred")
        contains(command(s, "comment", "3"), "operator\none\ntwo  [31mred\n")
        task = command(s, "task", "3", "Call", "--description", "whom").strip()
        contains(command(s, "task", "3"), "New")
        command(s, "done", "3", task)
        contains(command(s, "task", "3"), "Completed")
        equal(s.arm("GET", "/incidents/3/tasks/" + task).json()["properties"]["description"], "whom")
        alert = s.arm("POST", "/incidents/1/alerts").json()["value"][0]["name"]
        command(s, "relate", "3", "alert", alert)
        equal(properties(s, "3")["additionalData"]["alertsCount"], 1)
        contains(command(s, "timeline", "3"), first["properties"]["title"])
        contains(command(s, "activities", "3"), "AlertAdded " + alert)
        contains(command(s, "similar", "3"), second["properties"]["title"])
        equal(json.loads(command(s, "similar", "3", "--format", "json"))["value"][0]["sharedEntities"], 2)
        command(s, "unrelate", "3", alert)
        equal(properties(s, "3")["additionalData"]["alertsCount"], 0)
        for words, wanted in ((("relate", "3", "host", "x"), "'alert' or 'bookmark' expected"),
                              (("unrelate", "3", alert), "does not belong"),
                              (("comment", "9", "x"), "9"), (("show",), "expected")):
            code, _, error = run("incidents", *words, data=s.data)
            equal(code, 1, words)
            contains(error, wanted)
        equal(run("incidents", "nothing", data=s.data)[0], 2)
        command(s, "delete", "3")
        equal(s.arm("GET", "/incidents/3").status, 404)
