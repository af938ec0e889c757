"""Summary rules: the REST interface, bins on time, late and failing ones, the tables that they write."""
import json
import os
import tempfile

from vedette import Server, contains, equal, run

NOW = "2026-03-01T12:10:00Z"
QUERY = "Web_CL | summarize Hits = count(), Bytes = sum(Size) by Host"


def path(rule="hits", action=""):
    return "/summaryLogs/" + rule + action


def rule(query=QUERY, size=60, table="WebHits_CL", **definition):
    return {"properties": {"displayName": "Hits", "description": "by host",
                           "ruleDefinition": {"query": query, "binSize": size, "destinationTable": table,
                                              **definition}}}


def arm(server, method, where, body=None, **more):
    return server.arm(method, where, body, provider=False, **more)


def events(server, hour, hosts, size=10):
    answer = server.post_logs("Custom-Web_CL", [{"TimeGenerated": "2026-03-01T%02d:30:00Z" % hour, "Host": h,
                                                 "Size": size} for h in hosts])
    equal(answer.status, 204, answer)


def table(server):
    answer = arm(server, "PUT", "/tables/Web_CL", {"properties": {"schema": {"name": "Web_CL", "columns": [
        {"name": n, "type": t} for n, t in (("TimeGenerated", "dateTime"), ("Host", "string"), ("Size", "long"),
                                            ("At", "dateTime"))]}}})
    equal(answer.status, 200, answer)


def test_bins_run_on_time():
    with Server(clock=NOW) as s:
        table(s)
        answer = arm(s, "PUT", path(), rule(binDelay=10))
        equal(answer.status, 201, answer)
        kept = answer.json()
        contains(kept["id"], "/workspaces/default/summaryLogs/hits")
        equal([kept["properties"][k] for k in ("displayName", "description", "isActive", "provisioningState",
                                               "ruleType")], ["Hits", "by host", True, "Succeeded", "User"])
        equal(kept["properties"]["ruleDefinition"],
              {"query": QUERY, "binSize": 60, "binDelay": 10, "binStartTime": "2026-03-01T13:00:00.0000000Z",
               "timeSelector": "TimeGenerated", "destinationTable": "WebHits_CL"})
        equal(arm(s, "GET", path("HITS")).json(), kept)
        equal(arm(s, "GET", "/summarylogs").json()["value"], [kept])
        events(s, 12, "ab")     # before the first bin
        s.move_clock("2026-03-01T13:40:00Z")
        events(s, 13, "aab")
        s.move_clock("2026-03-01T14:09:00Z")
        equal(s.count("LASummaryLogs"), 0)
        s.move_clock("2026-03-01T14:11:00Z")
        rows = s.query("WebHits_CL | sort by Host asc | project Host, Hits, Bytes, _RuleName, _BinSize, _BinStartTime,"
                       " made = TimeGenerated, changed = _RuleLastModifiedTime")
        equal([list(r.values()) for r in rows],
              [[h, n, n * 10, "hits", 60, "2026-03-01T13:00:00.0000000Z", "2026-03-01T14:10:00.0000000Z",
                "2026-03-01T12:10:00.0000000Z"] for h, n in (("a", 2), ("b", 1))])
        # an event that is there before the bin's turn counts, and the hours follow one another
        events(s, 14, "c")
        s.move_clock("2026-03-01T15:09:00Z")
        events(s, 14, "c")
        s.move_clock("2026-03-01T17:30:00Z")
        equal(s.query("WebHits_CL | where Host == 'c' | project Hits"), [{"Hits": 2}])
        log = s.query("LASummaryLogs | sort by BinStartTime asc | project RuleName, BinStartTime, BinSize, Status,"
                      " ResultsRecordCount, Message")
        equal([list(r.values()) for r in log],
              [["hits", "2026-03-01T%d:00:00.0000000Z" % h, 60, "Succeeded", n, ""]
               for h, n in ((13, 2), (14, 1), (15, 0), (16, 0))])
        equal(s.metrics()["vedette_summary_bins_total"], 4)


def test_what_is_refused():
    with Server(clock=NOW) as s:
        table(s)
        for body, words in (
                ({}, "properties: an object"),
                ({"properties": {}}, "ruleDefinition: an object"),
                (rule(size=61), "binSize: 20, 30, 60"),
                (rule(size="60"), "binSize: 20, 30, 60"),
                (rule(binDelay=2000), "binDelay: 0 to 1440"),
                (rule(table="SecurityEvent"), "ending in _CL"),
                (rule(query=" "), "query is missing"),
                (rule(query="Web_CL | summarise count()"), "line 1, column 10"),
                (rule(query="Web_CL | project Hots"), "Hots"),
                (rule(query="Web_CL\n| evaluate pivot(Host)"), "line 2, column 12: pivot() can't be used"),
                (rule(query="workspace('x').Web_CL | count"), "workspace() can't be used"),
                (rule(query="Web_CL | fork (count) (take 1)"), "2 tables"),
                (rule(binStartTime="2026-03-01T13:30:00Z"), "a whole hour"),
                (rule(binStartTime="2026-03-01T11:00:00Z"), "2026-03-01T12:00:00.0000000Z or later"),
                (rule(binStartTime="soon"), "a time such as"),
                ({"properties": {**rule()["properties"], "ruleType": "System"}}, "ruleType"),
        ):
            answer = arm(s, "PUT", path(), body)
            equal(answer.status, 400, answer)
            contains(answer.message(), words)
        equal(arm(s, "PUT", path("a.b"), rule()).status, 400)
        equal(arm(s, "GET", path()).status, 404)
        equal(arm(s, "POST", path(action="/start")).status, 404)
        equal(arm(s, "DELETE", path()).status, 204)
        first = arm(s, "PUT", path(), rule()).json()
        equal(arm(s, "PUT", path(), rule(), headers={"If-Match": first["etag"]}).status, 200)
        equal(arm(s, "PUT", path(), rule(), headers={"If-Match": first["etag"]}).status, 409)
        for i in range(29):
            equal(arm(s, "PUT", path("r%d" % i), rule()).status, 201)
        contains(arm(s, "PUT", path("more"), rule()).message(), "30 active summary rules")
        equal(arm(s, "POST", path("r1", "/stop")).status, 200)
        equal(arm(s, "GET", path("r1")).json()["properties"]["statusCode"], "UserAction")
        equal(arm(s, "PUT", path("more"), rule()).status, 201)
        contains(arm(s, "POST", path("r1", "/start")).message(), "30 active summary rules")
        equal(arm(s, "DELETE", path("r2")).status, 200)
        equal(arm(s, "POST", path("r1", "/start")).status, 200)


def test_failing_bins_are_tried_again_and_given_up():
    with Server(clock=NOW) as s:
        table(s)
        events(s, 12, "a")
        # the destination's column has another type
        equal(arm(s, "PUT", "/tables/Bad_CL", {"properties": {"schema": {"name": "Bad_CL", "columns": [
            {"name": "Hits", "type": "string"}]}}}).status, 200)
        equal(arm(s, "PUT", path(), rule(table="Bad_CL", binStartTime="2026-03-01T12:00:00Z")).status, 201)
        s.move_clock("2026-03-01T13:30:00Z")
        log = s.query("LASummaryLogs | project Status, Message")
        equal({r["Status"] for r in log}, {"Failed"})
        contains(log[0]["Message"], "column 'Hits' of table Bad_CL holds string, the query gives long")
        equal(len(log), 5)      # at once, then after 1, 2, 4, 8 minutes
        # the rule goes on meanwhile; a change of it mends what waits
        equal(arm(s, "PUT", path(), rule()).status, 200)
        s.move_clock("2026-03-01T14:10:00Z")
        equal(s.query("WebHits_CL | project Host, Hits, _BinStartTime"),
              [{"Host": "a", "Hits": 1, "_BinStartTime": "2026-03-01T12:00:00.0000000Z"}])
        equal(arm(s, "PUT", path(), rule(table="Bad_CL")).status, 200)
        s.move_clock("2026-03-03T14:10:00Z")
        found = arm(s, "GET", path()).json()["properties"]
        equal([found["isActive"], found["statusCode"]], [False, "DataPlaneError"])
        tries = s.query("LASummaryLogs | where BinStartTime == datetime(2026-03-01 15:00) | count")
        equal(tries, [{"Count": 10}])
        # started again, it goes on with the next bin
        equal(arm(s, "PUT", path(), rule()).status, 200)
        equal(arm(s, "GET", path()).json()["properties"]["isActive"], True)


def test_a_bin_once_more():
    with Server(clock=NOW) as s:
        table(s)
        equal(arm(s, "PUT", path(), rule(binStartTime="2026-03-01T12:00:00Z")).status, 201)
        events(s, 12, "a")
        s.move_clock("2026-03-01T13:10:00Z")
        events(s, 12, "ab")     # late
        again = {"properties": {"retryBinStartTime": "2026-03-01T12:00:00Z"}}
        equal(arm(s, "POST", path(action="/retrybin"), again).status, 200)
        s.move_clock("2026-03-01T13:11:00Z")
        equal([r["Hits"] for r in s.query("WebHits_CL | sort by TimeGenerated asc, Hits asc")], [1, 1, 2])
        for time, words in (("2026-03-01T12:30:00Z", "no bin of the rule"), ("2026-03-01T11:00:00Z", "no bin"),
                            ("2026-03-01T13:00:00Z", "not had its turn"), ("x", "a time such as")):
            answer = arm(s, "POST", path(action="/retrybin"), {"properties": {"retryBinStartTime": time}})
            equal(answer.status, 400, answer)
            contains(answer.message(), words)
        equal(arm(s, "POST", path(action="/stop")).status, 200)
        equal(arm(s, "POST", path(action="/retrybin"), again).status, 409)


def test_restart_in_between():
    with tempfile.TemporaryDirectory() as data:
        with Server(clock=NOW, data=data) as s:
            table(s)
            equal(arm(s, "PUT", path(), rule(size=20, binStartTime="2026-03-01T12:00:00Z")).status, 201)
            events(s, 12, "a")
            s.move_clock("2026-03-01T12:25:00Z")
            s.kill()
            s.start(clock="2026-03-01T14:00:00Z")
            s.move_clock("2026-03-01T14:01:00Z")
            equal(s.count("LASummaryLogs"), 5)
            equal(s.query("WebHits_CL | project _BinStartTime"), [{"_BinStartTime": "2026-03-01T12:20:00.0000000Z"}])


def test_the_command_line():
    with Server(clock=NOW) as s, tempfile.TemporaryDirectory() as folder:
        table(s)
        file = os.path.join(folder, "hits.json")
        with open(file, "w") as f:
            json.dump({"name": "hits", **rule(binStartTime="2026-03-01T12:00:00Z")}, f)
        equal(run("summaries", "put", file, data=s.data)[:2], (0, "summary rule 'hits' kept\n"))
        equal(run("summaries", "put", file, "--name", "more", data=s.data)[0], 0)
        equal(run("summaries", "stop", "more", data=s.data)[0], 0)
        out = run("summaries", "list", data=s.data)[1]
        contains(out, "hits  active      60       WebHits_CL  Hits")
        contains(out, "more  UserAction  60")
        equal(json.loads(run("summaries", "show", "hits", data=s.data)[1]), arm(s, "GET", path()).json())
        equal(run("summaries", "start", "more", data=s.data)[0], 0)
        s.move_clock("2026-03-01T13:30:00Z")
        equal(run("summaries", "retry", "hits", "2026-03-01T12:00:00Z", data=s.data)[0], 0)
        equal(run("summaries", "delete", "more", data=s.data)[0], 0)
        for words, said in ((("delete", "more"), "no summary rule 'more'"), (("retry", "hits"), "the time at which"),
                            (("put", file + "x"), "hits.jsonx"), (("retry", "hits", "noon"), "a time such as")):
            code, _, err = run("summaries", *words, data=s.data)
            equal((code, said in err), (1, True), err)
        with open(file, "w") as f:
            f.write('{"name": ')
        contains(run("summaries", "put", file, data=s.data)[2], "hits.json, line 1, column")
        equal(run("summaries", data=s.data)[0], 2)


def test_other_times_and_names():
    with Server(clock=NOW) as s:
        table(s)
        query = "Web_CL | summarize n = count(), Type = any(Host) by bin(TimeGenerated, 10m), _ResourceId = 'x'"
        equal(arm(s, "PUT", path(), rule(query=query, timeSelector="At", binStartTime="2026-03-01T12:00:00Z")).status, 201)
        equal(s.post_logs("Custom-Web_CL", [{"TimeGenerated": "2026-03-01T10:30:00Z", "At": "2026-03-01T12:30:00Z",
                                             "Host": "a"}]).status, 204)
        s.move_clock("2026-03-01T13:10:00Z")
        equal(s.query("WebHits_CL | project n, _OriginalType, _OriginalTimeGenerated, _OriginalResourceId, Type"),
              [{"n": 1, "_OriginalType": "a", "_OriginalTimeGenerated": "2026-03-01T10:30:00.0000000Z",
                "_OriginalResourceId": "x", "Type": "WebHits_CL"}])
