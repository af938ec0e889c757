"""KQL jobs: schedules, what their rows become, failures, runs by hand, over restarts."""
import json
import os
import tempfile
import time

from vedette import Server, contains, equal, run, until

NOW = "2026-03-01T12:10:00Z"
QUERY = "Web_CL | where TimeGenerated >= now() - 1h and TimeGenerated < now() | summarize Hits = count() by Host"


def path(name="hits", action=""):
    return "/kqlJobs/" + name + action


def job(query=QUERY, table="Hits_KQL_CL", enabled=True, **schedule):
    return {"properties": {"description": "by host", "query": query, "destinationTable": table, "enabled": enabled,
                           "schedule": schedule}}


def arm(s, method, where, body=None, **more):
    return s.arm(method, where, body, provider=False, **more)


def events(s, times, host="a"):
    answer = s.post_logs("Custom-Web_CL", [{"TimeGenerated": t, "Host": host} for t in times])
    equal(answer.status, 204, answer)


def table(s):
    answer = arm(s, "PUT", "/tables/Web_CL", {"properties": {"schema": {"name": "Web_CL", "columns": [
        {"name": "TimeGenerated", "type": "dateTime"}, {"name": "Host", "type": "string"}]}}})
    equal(answer.status, 200, answer)


def runs(s, name="hits"):
    return [r["properties"] for r in arm(s, "GET", path(name, "/runs")).json()["value"]]


def test_by_a_schedule():
    with Server(clock=NOW) as s:
        table(s)
        answer = arm(s, "PUT", path("Hits"), job(frequency="Hour", startTime="2026-03-01T13:00:00Z",
                                                 endTime="2026-03-01T15:30:00Z"))
        equal(answer.status, 201, answer)
        kept = answer.json()
        p = kept["properties"]
        contains(kept["id"], "/workspaces/default/kqlJobs/Hits")
        equal([p[k] for k in ("enabled", "destinationTable", "nextRunTime", "query", "description")],
              [True, "Hits_KQL_CL", "2026-03-01T13:00:00.0000000Z", QUERY, "by host"])
        equal(p["schedule"], {"frequency": "Hour", "interval": 1, "startTime": "2026-03-01T13:00:00.0000000Z",
                              "endTime": "2026-03-01T15:30:00.0000000Z"})
        equal(arm(s, "GET", path("hits")).json(), kept)
        equal(arm(s, "GET", "/kqlJobs").json()["value"], [kept])
        events(s, ["2026-03-01T12:05:00Z", "2026-03-01T12:06:00Z"])
        s.move_clock("2026-03-01T12:59:00Z")
        equal(runs(s), [])
        s.move_clock("2026-03-01T13:01:00Z")
        equal(s.query("Hits_KQL_CL | project Host, Hits, TimeGenerated"),
              [{"Host": "a", "Hits": 2, "TimeGenerated": "2026-03-01T13:00:00.0000000Z"}])
        events(s, ["2026-03-01T13:05:00Z"], "b")
        s.move_clock("2026-03-01T18:00:00Z")
        equal(s.query("Hits_KQL_CL | sort by TimeGenerated asc | project Host, Hits"),
              [{"Host": "a", "Hits": 2}, {"Host": "b", "Hits": 1}])
        found = runs(s)
        equal([(r["status"], r["dueTime"][11:16], r["rows"]) for r in found],
              [("Succeeded", "15:00", 0), ("Succeeded", "14:00", 1), ("Succeeded", "13:00", 1)])
        equal(arm(s, "GET", path()).json()["properties"]["nextRunTime"], None)
        equal(s.query("LAJobLogs | summarize count() by JobType, Status, JobId, tostring(Destination.tableName)"),
              [{"JobType": "KqlJob", "Status": "Succeeded", "JobId": "Hits", "Destination_tableName": "Hits_KQL_CL",
                "count_": 3}])
        equal(s.metrics()["vedette_job_runs_total"], 3)
        # disabled, nothing runs; enabled again, what was missed stays out
        equal(arm(s, "PUT", path(), job(frequency="Day", startTime="2026-03-01T20:00:00Z")).status, 200)
        equal(arm(s, "POST", path(action="/disable")).status, 200)
        equal(arm(s, "GET", path()).json()["properties"]["nextRunTime"], None)
        s.restart("2026-03-03T21:00:00Z").move_clock("2026-03-03T21:00:00Z")
        equal(len(runs(s)), 3)
        equal(arm(s, "POST", path(action="/enable")).status, 200)
        equal(arm(s, "GET", path()).json()["properties"]["nextRunTime"], "2026-03-04T20:00:00.0000000Z")
        # stopped over two days of it, both runs are made up for, each at its own time
        s.restart("2026-03-05T21:00:00Z").move_clock("2026-03-05T21:00:00Z")
        equal([r["dueTime"][:16] for r in runs(s)][:2], ["2026-03-05T20:00", "2026-03-04T20:00"])
        equal(arm(s, "DELETE", path()).status, 200)
        equal(arm(s, "DELETE", path()).status, 204)
        equal(arm(s, "GET", path(action="/runs")).status, 404)


def test_what_is_past_the_analytics_retention():
    with Server("--retention", "4d", clock="2026-02-20T00:00:00Z") as s:
        table(s)
        equal(arm(s, "PATCH", "/tables/Web_CL", {"properties": {"totalRetentionInDays": 60}}).status, 200)
        events(s, ["2026-02-19T23:00:00Z"] * 3)
        equal(run("tables", "seal", data=s.data)[0], 0)
        s.restart("2026-02-26T00:00:00Z")
        equal(s.count("Web_CL"), 0)
        # columns of the service are made anew, and an old TimeGenerated becomes the run's
        text = ("Web_CL | union (print TimeGenerated = now() - 1d, Host = 'young') | project TimeGenerated, Host, "
                "Was = TimeGenerated, TenantId = 'x', Type = 'y', _ResourceId = 'z'")
        equal(arm(s, "PUT", path(), job(text)).status, 201)
        s.move_clock("2026-02-26T00:00:00Z")
        rows = s.query("Hits_KQL_CL | summarize count() by Host, Was, TimeGenerated, Type, _ResourceId | sort by Host asc")
        equal([list(r.values()) for r in rows],
              [["a", "2026-02-19T23:00:00.0000000Z", "2026-02-26T00:00:00.0000000Z", "Hits_KQL_CL", "", 3],
               ["young", "2026-02-25T00:00:00.0000000Z", "2026-02-25T00:00:00.0000000Z", "Hits_KQL_CL", "", 1]])
        equal(runs(s)[0]["rows"], 4)


def test_what_is_refused():
    with Server(clock=NOW) as s:
        table(s)
        for body, words in (
                ({}, "properties: an object"),
                (job(" "), "query is missing"),
                (job("Web_CL | summarise count()"), "properties.query, line 1, column 10"),
                (job("Web_CL | project Hots"), "Hots"),
                (job("Web_CL | fork (count) (take 1)"), "2 tables"),
                (job("Web_CL | project TimeGenerated = Host"), "'TimeGenerated' of table Hits_KQL_CL holds datetime"),
                (job(table="SecurityEvent"), "whose name ends in _KQL_CL"),
                (job(table="New_CL"), "whose name ends in _KQL_CL"),
                (job("Web_CL | summarize Host = count()", table="Web_CL"), "column 'Host' of table Web_CL holds string"),
                (job(frequency="Yearly"), "Once, Minute, Hour, Day, Week or Month"),
                (job(frequency="Day", interval=0), "interval: 1 to 999"),
                (job(frequency="Day", interval="1"), "interval: 1 to 999"),
                (job(startTime="soon"), "startTime: a time such as"),
                (job(startTime="2026-04-01T00:00:00Z", endTime="2026-03-30T00:00:00Z"), "behind startTime"),
                ({"properties": {**job()["properties"], "enabled": 1}}, "enabled: true or false"),
                ({"properties": {**job()["properties"], "schedule": []}}, "schedule: an object"),
        ):
            answer = arm(s, "PUT", path(), body)
            equal(answer.status, 400, (body, answer))
            contains(answer.message(), words)
        for name in ("a-b", "a%23b", "x" * 257, "a%0Ab"):
            equal(arm(s, "PUT", path(name), job()).status, 400)
        for action in ("/enable", "/disable", "/run"):
            equal(arm(s, "POST", path(action=action)).status, 404)
        equal(arm(s, "PATCH", "/tables/Web_CL", {"properties": {"plan": "Basic"}}).status, 200)
        contains(arm(s, "PUT", path(), job("Web_CL", table="Web_CL")).message(), "has the plan Basic")
        later = {"frequency": "Day", "startTime": "2026-05-01T00:00:00Z"}
        first = arm(s, "PUT", path("my job"[:2] + "%20job"), job(**later)).json()
        equal(first["name"], "my job")
        equal(arm(s, "PUT", path("MY%20JOB"), job(**later), headers={"If-Match": first["etag"]}).status, 200)
        equal(arm(s, "PUT", path("my%20job"), job(**later), headers={"If-Match": first["etag"]}).status, 409)
        for i in range(99):
            equal(arm(s, "PUT", path("j%d" % i), job(**later)).status, 201)
        contains(arm(s, "PUT", path("more"), job(**later)).message(), "100 enabled KQL jobs")
        equal(arm(s, "PUT", path("more"), job(enabled=False, **later)).status, 201)
        contains(arm(s, "POST", path("more", "/enable")).message(), "100 enabled KQL jobs")
        equal(arm(s, "POST", path("j1", "/disable")).status, 200)
        equal(arm(s, "POST", path("more", "/enable")).status, 200)
        token = s.token(*s.application("Microsoft Sentinel Reader"))
        equal(arm(s, "PUT", path(), job(), token=token).status, 403)
        equal(arm(s, "GET", "/kqlJobs", token=token).status, 200)


def test_a_failing_run_is_seen_and_the_next_one_comes():
    with Server(clock=NOW) as s:
        table(s)
        events(s, ["2026-03-01T12:05:00Z"])
        equal(arm(s, "PUT", path(), job("Web_CL | extend X = 1 | project Host, X", frequency="Hour")).status, 201)
        # the destination gets another type before the first run
        equal(arm(s, "PUT", "/tables/Hits_KQL_CL", {"properties": {"schema": {"name": "Hits_KQL_CL", "columns": [
            {"name": "X", "type": "string"}]}}}).status, 200)
        s.move_clock(NOW)
        s.move_clock("2026-03-01T13:10:00Z")
        found = runs(s)
        equal([r["status"] for r in found], ["Failed", "Failed"])
        contains(found[0]["message"], "column 'X' of table Hits_KQL_CL holds string, the query gives long")
        log = s.query("LAJobLogs | project Status, Message")
        equal(len(log), 2)
        equal({r["Status"] for r in log}, {"Failed"})
        contains(log[0]["Message"], "holds string")
        equal(s.metrics()["vedette_job_failures_total"], 2)
        equal(arm(s, "DELETE", "/tables/Hits_KQL_CL").status, 200)
        s.move_clock("2026-03-01T14:10:00Z")
        equal([runs(s)[0][k] for k in ("status", "rows")], ["Succeeded", 1])


def test_runs_by_hand_and_kills():
    with Server() as s:
        table(s)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
        events(s, [now] * 500)
        query = "Web_CL | where hash_sha256(strcat_array(repeat(Host, 5000), '')) != ''"
        answer = arm(s, "PUT", path(), job(query))
        equal(answer.status, 201, answer)
        until(lambda: runs(s) and runs(s)[0]["status"] == "Succeeded", 60)
        equal(s.count("Hits_KQL_CL"), 500)
        for i in range(4):
            answer = arm(s, "POST", path(action="/run"))
            equal(answer.status, 202, answer)
            equal(answer.json()["properties"]["status"], "Updating")
            time.sleep(0.03 * i)
            s.kill()
            s.start()
            until(lambda: runs(s)[0]["status"] == "Succeeded", 60)
            equal([r["status"] for r in runs(s)], ["Succeeded"] * (i + 2))
            equal(s.count("Hits_KQL_CL"), 500 * (i + 2))
        # one run at a time, and it may not be changed meanwhile
        slow = "Web_CL | where hash_sha256(strcat_array(repeat(Host, 40000), '')) != ''"
        equal(arm(s, "PUT", path("slow"), job(slow)).status, 201)
        until(lambda: runs(s, "slow"), 60)
        answers = [arm(s, "POST", path("slow", "/run")), arm(s, "POST", path("slow", "/disable")),
                   arm(s, "PUT", path("slow"), job(slow)), arm(s, "DELETE", path("slow"))]
        if runs(s, "slow")[0]["status"] == "InProgress":
            equal([a.status for a in answers], [409] * 4)
        s.stop()    # a run that a stop interrupts
        s.start()
        until(lambda: runs(s, "slow")[0]["status"] == "Succeeded", 120)


def test_the_commands():
    with Server(clock=NOW) as s, tempfile.TemporaryDirectory() as folder:
        def command(*words):
            return run("jobs", *words, data=s.data)

        table(s)
        file = os.path.join(folder, "job.json")
        with open(file, "w", encoding="utf-8") as f:
            json.dump({"name": "hits", **job(frequency="Day", startTime="2026-03-02T00:00:00Z")}, f)
        equal(command("put", file), (0, "job 'hits' kept\n", ""))
        equal(command("put", "--name", "my job", file)[0], 0)
        code, out, _ = command("list")
        equal((code, [line.split()[:4] for line in out.splitlines()[1:]]),
              (0, [["hits", "enabled", "1", "Day"], ["my", "job", "enabled", "1"]]))
        equal(json.loads(command("show", "my job")[1])["name"], "my job")
        equal(command("run", "hits")[0], 0)
        contains(command("runs", "hits")[1], "Updating")
        s.move_clock(NOW)
        contains(command("runs", "hits")[1], "Succeeded")
        equal(command("disable", "hits")[0], 0)
        contains(command("list")[1], "disabled")
        equal(command("enable", "hits")[0], 0)
        equal(command("delete", "hits")[0], 0)
        code, _, err = command("show", "hits")
        equal(code, 1)
        contains(err, "there is no KQL job 'hits'")
        equal([command(*w)[0] for w in (("list", "--wrong"), ("bake", "x"), ("show",))], [2, 2, 1])
        code, out, _ = run("tables", data=s.data)
        line = [x.split() for x in out.splitlines() if x.startswith("Web_CL")][0]
        equal((code, line[:4]), (0, ["Web_CL", "Analytics", "90", "90"]))
