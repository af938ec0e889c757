"""The query API: shapes of answers and of errors."""
import json
import os
import sys
import tempfile
import urllib.parse

from vedette import Server, contains, equal, run

ALL_TYPES = ("print b = true, i = int(1), l = 2, r = 1.5, n = real(nan), s = 'x', "
             "d = datetime(2026-01-02 03:04:05.1234567), t = 1d + 2s, "
             "g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), c = decimal(1.5), "
             "j = dynamic({'a': [1, 'x']}), nothing = int(null)")


def test_types_and_values():
    with Server() as s:
        table = s.ask(ALL_TYPES).json()["tables"][0]
        equal(table["name"], "PrimaryResult")
        equal([c["type"] for c in table["columns"]],
              ["bool", "int", "long", "real", "real", "string", "datetime", "timespan", "guid",
               "decimal", "dynamic", "int"])
        row = table["rows"][0]
        equal(row[:10], [True, 1, 2, 1.5, "NaN", "x", "2026-01-02T03:04:05.1234567Z",
                         "1.00:00:02", "74be27de-1e4e-49d9-b579-fe0b331d3642", "1.5"])
        equal(json.loads(row[10]), {"a": [1, "x"]})
        equal(row[11], None)


def test_get_form_and_timespan():
    with Server(clock="2026-01-10T00:00:00Z") as s:
        records = [{"TimeGenerated": "2026-01-%02dT12:00:00Z" % d, "Computer": str(d)}
                   for d in (8, 9)]
        equal(s.post_logs("Microsoft-Heartbeat", records).status, 204)
        identity = s.workspace()["id"]

        def count(span, body_span=None):
            query = urllib.parse.urlencode({"query": "Heartbeat | count",
                                            **({"timespan": span} if span else {})})
            if body_span is None:
                answer = s.get("/v1/workspaces/%s/query?%s" % (identity, query))
            else:
                url = "/v1/workspaces/%s/query?%s" % (
                    identity, urllib.parse.urlencode({"timespan": span}))
                answer = s.post(url, {"query": "Heartbeat | count", "timespan": body_span})
            equal(answer.status, 200)
            return answer.json()["tables"][0]["rows"][0][0]

        equal(count(None), 2)
        equal(count("P1D"), 1)
        equal(count("PT1H"), 0)
        equal(count("2026-01-08T00:00:00Z/2026-01-09T00:00:00Z"), 1)
        equal(count("2026-01-08T00:00:00Z/P3D"), 2)
        equal(count("P2D/2026-01-09T00:00:00Z"), 1)
        equal(count("P1D", "2026-01-08T00:00:00Z/P1D"), 0)
        for bad in ("yesterday", "P1D/P1D", "2026-01-08/", "/"):
            answer = s.ask("print 1", timespan=bad)
            equal(answer.status, 400, bad)
            equal(answer.code(), "BadArgumentError")


def test_statistics_and_render():
    with Server() as s:
        answer = s.ask("range x from 1 to 3 step 1 | render piechart", prefer="include-statistics=true,"
                       "include-render=true").json()
        equal(answer["render"]["visualization"], "piechart")
        equal(answer["statistics"]["query"]["datasetStatistics"][0]["tableRowCount"], 3)


def test_limits_give_a_partial_answer():
    with Server("--query-max-rows", "1000") as s:
        answer = s.ask("range x from 1 to 100000 step 1")
        equal(answer.status, 200)
        equal(len(answer.json()["tables"][0]["rows"]), 1000)
        equal(answer.json()["error"]["code"], "PartialError")


def test_a_query_ends_at_its_time():
    with Server() as s:
        endless = ("range a from 1 to 100000 step 1 | extend k = 1 "
                   "| join kind=inner (range b from 1 to 100000 step 1 | extend k = 1) on k "
                   "| summarize sum(a * b)")
        answer = s.ask(endless, prefer="wait=1")
        equal(answer.status, 504)
        equal(answer.code(), "GatewayTimeout")
        equal(s.query("print x = 1"), [{"x": 1}])


def test_a_query_knows_who_asks():
    with Server() as s:
        row = s.query("print who = current_principal(), what = current_principal_details().DisplayName, "
                      "where_ = current_database(), host = current_cluster_endpoint()")[0]
        contains(row["who"], "aadapp=")
        contains(row["who"], s.tenant)
        equal(row["where_"], "default")
        contains(s.url, row["host"])
        me = row["who"]
        equal(s.query("print r = current_principal_is_member_of('%s')" % me), [{"r": True}])
        equal(s.query("print r = current_principal_is_member_of('aadgroup=x')"), [{"r": False}])


def test_places_come_from_the_operators_file():
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kql"))
    import mmdb
    with tempfile.TemporaryDirectory() as folder:
        places = os.path.join(folder, "places.mmdb")
        mmdb.write(places)
        with Server("--geoip-file", places) as s:
            equal(s.query("print c = tostring(geo_info_from_ip_address('192.0.2.9').country)"),
                  [{"c": "Norway"}])
        code, _, stderr = run("serve", "--geoip-file", os.path.join(folder, "none.mmdb"),
                              data=os.path.join(folder, "data"))
        equal(code, 1)
        contains(stderr, "none.mmdb")
    with Server() as s:
        equal(s.query("print n = isnull(geo_info_from_ip_address('192.0.2.9'))"), [{"n": True}])


def test_errors_say_where():
    with Server() as s:
        answer = s.ask("Heartbeat\n| wher Computer == 'a'")
        equal(answer.status, 400)
        inner = answer.json()["error"]["innererror"]
        equal(inner["code"], "SyntaxError")
        equal((inner["innererror"]["line"], inner["innererror"]["pos"]), (2, 3))
        equal(inner["innererror"]["token"], "wher")
        equal("details" in answer.json()["error"], False)
        contains(answer.message(), "did you mean 'where'?")
        answer = s.ask("Heartbeat | where Computr == 'a'")
        equal(answer.json()["error"]["innererror"]["code"], "SemanticError")
        contains(answer.message(), "Computer")
        equal(s.ask("NoSuchTable").status, 400)
        error = s.ask("Heartbeat | where Foo == 'ü' and Bär == 1\n| extend x = strlen(),").json()["error"]
        equal([(d["code"], d["line"], d["pos"], d["token"]) for d in error["details"]],
              [("SEM0100", 1, 19, "Foo"), ("SEM0100", 1, 34, "Bär"), ("SEM0219", 2, 14, "strlen"),
               ("SYN0002", 2, 23, "")])
        equal(error["innererror"]["code"], "SyntaxError")
        equal(error["innererror"]["innererror"]["pos"], 23)
        equal(s.ask("").status, 400)
        equal(s.ask("Heartbeat | evaluate python(typeof(*), 'x')").status, 400)
        identity = s.workspace()["id"]
        for body in ("", "{", "[]", '{"query": 7}', '{"q": "print 1"}'):
            equal(s.post("/v1/workspaces/%s/query" % identity, body).status, 400, body)
        answer = s.post("/v1/workspaces/00000000-0000-0000-0000-000000000000/query",
                        {"query": "print 1"})
        equal((answer.status, answer.code()), (404, "PathNotFoundError"))
        equal(s.ask("print 1 | where " + "(" * 5000 + "true" + ")" * 5000).status, 400)


def test_the_command_line_asks_the_running_server():
    with Server() as s:
        s.post_logs("Microsoft-Heartbeat", [{"Computer": 'a"b,c'}])
        code, out, _ = run("query", "Heartbeat | project Computer, n = 1", data=s.data)
        equal(code, 0)
        contains(out, "(1 row)")
        out = run("query", "--format", "csv", "Heartbeat | project Computer, n = 1", data=s.data)[1]
        contains(out, 'Computer,n\n"a""b,c",1')
        out = run("query", "--format", "json", "print j = dynamic({'a': 1})", data=s.data)[1]
        equal(json.loads(out)["rows"], [[{"a": 1}]])
        code, _, error = run("query", "Heartbeat | tke 1", data=s.data)
        equal(code, 1)
        contains(error, "line 1, column 13: unknown operator 'tke'")
        contains(error, "\n    Heartbeat | tke 1\n                ^~~\n")
        error = run("query", "Heartbeat\n| where Bär == 1 and Foo", data=s.data)[2]
        contains(error, "line 2, column 9: ")
        contains(error, "\n    | where Bär == 1 and Foo\n            ^~~\n")
        contains(error, "\n    | where Bär == 1 and Foo\n                         ^~~\n")
        s.stop()
        contains(run("query", "Heartbeat | count", data=s.data)[1], "1")
        s.start()


def test_results_come_in_lines():
    with Server() as s:
        path = "/vedette/v1/workspaces/default/results"
        answer = s.post(path, {"query": "range i from 1 to 12000 step 1 | extend s = strcat('x', i % 2)"
                                        " | render piechart with (title='T')"})
        equal((answer.status, answer.headers["content-type"]), (200, "application/x-ndjson"))
        head, *chunks, end = [json.loads(line) for line in answer.text.splitlines()]
        equal(head["columns"], [{"name": "i", "type": "long"}, {"name": "s", "type": "string"}])
        equal(head["render"], {"visualization": "piechart", "title": "T"})
        equal([len(c[0]) for c in chunks], [5000, 5000, 2000])
        equal(sorted(v for c in chunks for v in c[0]), list(range(1, 12001)))
        equal((end["rows"], end["cut"]), (12000, False))
        last = s.post(path, {"query": "range i from 1 to 12000 step 1", "maxRows": 7}).text
        equal(json.loads(last.splitlines()[-1])["cut"], True)
        equal(json.loads(last.splitlines()[-1])["rows"], 7)
        empty = s.post(path, {"query": "range i from 1 to 0 step 1"}).text.splitlines()
        equal(len(empty), 2)


def test_queries_are_laid_out():
    with Server() as s:
        answer = s.post("/vedette/v1/queryText", {"query": "T|where a==1|take 3"})
        equal(answer.json(), {"query": "T\n| where a == 1\n| take 3\n"})
        bad = s.post("/vedette/v1/queryText", {"query": "T | where ("})
        equal(bad.status, 400)
        equal(bad.json()["error"]["innererror"]["code"], "SyntaxError")
