"""Cases: incidents, tasks, comments, attachments and what has happened."""
import hashlib
import os
import tempfile

from test_detection import START, at
from test_incident_work import make, own
from vedette import Server, contains, equal, run

BASE = "/vedette/v1/workspaces/default/cases"


def body(**properties):
    return {"properties": {"title": "Intrusion", **properties}}


def ask(s, method, path, content=None, **more):
    return s.request(method, BASE + path, content, **more)


def made(s, **properties):
    answer = ask(s, "POST", "", body(**properties))
    equal(answer.status, 201, answer)
    return answer.json()


def test_cases():
    with Server(clock=START) as s:
        make(s)
        make(s, "two")
        first = made(s, priority="high", dueTimeUtc=at(600), incidents=["one", "2"],
                     assignee={"userPrincipalName": "ann@halden.example"},
                     links=[{"url": "https://wiki.example/1", "title": "wiki"}])
        p = first["properties"]
        equal((first["name"], p["caseNumber"], p["status"], p["priority"], p["incidents"]),
              ("1000", 1000, "New", "High", ["one", "two"]))
        equal(p["assignee"]["userPrincipalName"], "ann@halden.example")
        equal(made(s, title="Second")["name"], "1001")
        s.move_clock(at(1))
        changed = ask(s, "PATCH", "/1000", {"properties": {"status": "open"}})
        equal((changed.status, changed.json()["properties"]["status"]), (200, "Open"))
        stale = {**first, "properties": {**p, "title": "Other"}}
        equal(ask(s, "PUT", "/1000", stale).status, 409)
        closed = ask(s, "PATCH", "/1000", {"properties": {"status": "Closed", "closingNotes": "done"}})
        equal(closed.json()["properties"]["closedTimeUtc"][:19], at(1)[:19])
        equal(ask(s, "PATCH", "/1000", {"properties": {"status": "Open"}}).json()["properties"]
              ["closedTimeUtc"], None)
        equal([c["name"] for c in own(s, "/cases")["value"]], ["1001", "1000"])
        equal([c["name"] for c in own(s, "/cases?$filter=properties/status%20eq%20'Open'")["value"]],
              ["1000"])
        equal([c["name"] for c in own(s, "/cases?$filter=properties/incidents/any(i:%20i%20eq%20'two')")
               ["value"]], ["1000"])
        page = own(s, "/cases?$top=1&$orderby=properties/caseNumber")
        equal([c["name"] for c in page["value"]], ["1000"])
        equal(s.get(page["nextLink"][len(s.url):]).json()["value"][0]["name"], "1001")
        equal([i["properties"]["incidentNumber"] for i in own(s, "/cases/1000/incidents")["value"]], [1, 2])
        equal(ask(s, "DELETE", "/1000/incidents/two").status, 200)
        equal(ask(s, "DELETE", "/1000/incidents/two").status, 204)
        equal(ask(s, "PUT", "/1000/incidents/2").json()["properties"]["incidents"], ["one", "two"])
        equal(ask(s, "PUT", "/1000/incidents/9").status, 404)
        equal(s.arm("DELETE", "/incidents/two").status, 200)
        equal(own(s, "/cases/1000")["properties"]["incidents"], ["one"])
        log = own(s, "/cases/1000/activities")["value"]
        equal([a["activity"] for a in log][:3], ["Created", "IncidentAdded", "IncidentAdded"])
        assert ("status", "New", "Open") in [(a.get("field"), a.get("oldValue"), a.get("newValue"))
                                             for a in log], log
        for bad, wanted in (({}, "properties is missing"), (body(title=" "), "title is missing"),
                            (body(priority="Extreme"), "'Extreme' is not one of"),
                            (body(status="Waiting"), "'Waiting' is neither"),
                            (body(dueTimeUtc="soon"), "dueTimeUtc"),
                            (body(links=[{"url": "javascript:alert(1)"}]), "links[0]"),
                            (body(description="x" * 30001), "at most 30000"),
                            (body(incidents="one"), "incidents")):
            answer = ask(s, "POST", "", bad)
            equal(answer.status, 400, answer)
            contains(answer.message(), wanted)
        equal(ask(s, "POST", "", body(incidents=["none"])).status, 404)
        equal(made(s)["name"], "1002")  # what was refused has taken no number
        s.stop().start()
        equal(own(s, "/cases/1000")["properties"]["title"], "Intrusion")
        equal(ask(s, "DELETE", "/1000").status, 200)
        equal(ask(s, "DELETE", "/1000").status, 204)
        equal(ask(s, "GET", "/1000").status, 404)
        equal(s.arm("GET", "/incidents/one").status, 200)


def test_tasks_and_comments_of_cases():
    with Server(clock=START) as s:
        made(s)
        task = {"properties": {"title": "Call", "priority": "Critical", "dueTimeUtc": at(60)}}
        answer = ask(s, "PUT", "/1000/tasks/t1", task)
        equal((answer.status, answer.json()["properties"]["status"]), (201, "New"))
        task["properties"].update(status="partially completed", closingNotes="half")
        equal(ask(s, "PUT", "/1000/tasks/t1", task).json()["properties"]["status"],
              "Partially completed")
        contains(ask(s, "PUT", "/1000/tasks/t1", {"properties": {"title": "x", "status": "Lost"}}).message(),
                 "'Lost' is not one of")
        equal(ask(s, "PUT", "/1000/comments/c1", {"properties": {"message": "look"}}).status, 201)
        person = s.token(*s.application("Microsoft Sentinel Responder"))
        equal(ask(s, "PUT", "/1000/comments/c1", {"properties": {"message": "no"}}, token=person).status, 403)
        equal(own(s, "/cases/1000/comments")["value"][0]["properties"]["message"], "look")
        counts = own(s, "/cases/1000")["properties"]["additionalData"]
        equal((counts["tasksCount"], counts["openTasksCount"], counts["commentsCount"]), (1, 0, 1))
        equal(ask(s, "DELETE", "/1000/tasks/t1", token=person).status, 403)
        for path in ("/1000/tasks/t1", "/1000/comments/c1"):
            equal(ask(s, "GET", path).status, 200)
            equal(ask(s, "DELETE", path).status, 200)
            equal(ask(s, "DELETE", path).status, 204)
            equal(ask(s, "GET", path).status, 404)


def test_attachments():
    # DEL, quotes, markup, UTF-8 and bytes that are no text.
    content = bytes(range(256)) * 40
    with Server("--attachment-max", "64KiB", "--attachments-max", "100KiB", clock=START) as s:
        made(s)
        name = "a%20%22b%22%3Cscript%3E%C3%BC.html"
        answer = ask(s, "POST", "/1000/attachments?name=" + name, content,
                     headers={"Content-Type": "text/html"})
        equal(answer.status, 201, answer)
        file = answer.json()
        equal((file["properties"]["fileName"], file["properties"]["size"], file["properties"]["sha256"]),
              ('a "b"<script>ü.html', len(content), hashlib.sha256(content).hexdigest()))
        used = s.connect()
        used.request("GET", "%s/1000/attachments/%s/content" % (BASE, file["name"]),
                     headers={"Authorization": "Bearer " + s.operator})
        got = used.getresponse()
        equal(got.read(), content)
        used.close()
        equal(got.getheader("Content-Type"), "application/octet-stream")
        equal(got.getheader("X-Content-Type-Options"), "nosniff")
        equal(got.getheader("Content-Disposition"),
              "attachment; filename*=UTF-8''a%20%22b%22%3Cscript%3E%C3%BC.html")
        contains(got.getheader("Content-Security-Policy"), "sandbox")
        for bad, data, status in (("", b"x", 400), ("..", b"x", 400), ("a%2Fb", b"x", 400),
                                  ("a%0Ab", b"x", 400), ("empty", b"", 400),
                                  ("large", b"x" * (64 * 1024 + 1), 413)):
            equal(ask(s, "POST", "/1000/attachments?name=" + bad, data).status, status, bad)
        equal(ask(s, "POST", "/1000/attachments?name=second", b"y" * 60000).status, 201)
        full = ask(s, "POST", "/1000/attachments?name=third", b"z" * 60000)
        equal(full.status, 400, full)
        contains(full.message(), "attachments_max")
        s.kill().start()
        equal(len(own(s, "/cases/1000/attachments")["value"]), 2)
        equal(ask(s, "DELETE", "/1000/attachments/" + file["name"]).status, 200)
        equal(ask(s, "GET", "/1000/attachments/%s/content" % file["name"]).status, 404)
        equal([a["activity"] for a in own(s, "/cases/1000/activities")["value"]],
              ["Created", "AttachmentAdded", "AttachmentAdded", "AttachmentDeleted"])


def test_statuses_of_the_workspace():
    with Server(clock=START) as s:
        path = "/vedette/v1/workspaces/default/caseStatuses"
        equal(s.request("PUT", path + "/Waiting%20for%20customer").status, 200)
        equal(own(s, "/caseStatuses")["value"], ["New", "Open", "Closed", "Waiting for customer"])
        equal(made(s, status="waiting for customer")["properties"]["status"], "Waiting for customer")
        equal(s.request("DELETE", path + "/waiting%20for%20customer").status, 409)
        equal(s.request("PUT", path + "/closed").status, 409)
        equal(ask(s, "PATCH", "/1000", {"properties": {"status": "Open"}}).status, 200)
        equal(s.request("DELETE", path + "/waiting%20for%20customer").status, 200)
        equal(s.request("DELETE", path + "/waiting%20for%20customer").status, 204)


def command(s, *words):
    code, out, error = run("cases", *words, data=s.data)
    equal(code, 0, error)
    return out


def test_the_command_line_of_cases():
    with Server(clock=START) as s:
        make(s)
        contains(command(s, "create", "Intrusion", "--priority", "high", "--due", at(60)), "Case 1000")
        command(s, "link", "1000", "1")
        command(s, "comment", "1000", "look \"here\"")
        command(s, "task", "1000", "Call", "--priority", "Low")
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            file.write(b"\0\xff evidence")
            file.flush()
            out = command(s, "attach", "1000", file.name)
            contains(out, "11 bytes, SHA-256 " + hashlib.sha256(b"\0\xff evidence").hexdigest())
            shown = command(s, "show", "1000")
            for part in ("Priority", "High", "Manual", 'look "here"', "Call", os.path.basename(file.name)):
                contains(shown, part)
        contains(command(s, "list"), "Intrusion")
        contains(command(s, "update", "1000", "--title", "Larger", "--due", ""), "Case 1000: Larger")
        equal(own(s, "/cases/1000")["properties"]["dueTimeUtc"], None)
        contains(command(s, "close", "1000", "--notes", "all well"), "all well")
        equal(own(s, "/cases/1000")["properties"]["status"], "Closed")
        command(s, "unlink", "1000", "1")
        equal(command(s, "list", "--filter", "properties/status eq 'Open'").count("\n"), 1)
        code, _, error = run("cases", "show", "77", data=s.data)
        equal(code, 1)
        contains(error, "there is no case '77'")
        command(s, "delete", "1000")
        s.stop()
        contains(command(s, "create", "Without a server"), "Case 1001")
        s.start()
