"""Data collection rules and endpoints: the REST interface, what is refused, and records on their way through a rule."""
import json
import os
import socket
import sys
import tempfile
import uuid

from vedette import SUBSCRIPTION, Server, contains, equal, run, until

NOW = "2026-03-01T12:00:00Z"
GROUP = "/subscriptions/%s/resourceGroups/vedette" % SUBSCRIPTION
WORKSPACE = GROUP + "/providers/Microsoft.OperationalInsights/workspaces/default"
COLUMNS = [("TimeGenerated", "dateTime"), ("Host", "string"), ("Level", "int"), ("Detail", "dynamic")]
DECLARED = [("time", "datetime"), ("host", "string"), ("level", "int"), ("detail", "string")]
KQL = ("source | where level >= 2 | project TimeGenerated = time, Host = toupper(host), Level = level, "
       "Detail = parse_json(detail)")


def path(name="", collection="dataCollectionRules", group=GROUP, version="2023-03-11"):
    return "%s/providers/Microsoft.Insights/%s%s?api-version=%s" % (group, collection, name and "/" + name, version)


def flow(kql=KQL, output="Custom-Web_CL", stream="Custom-In", to=("here",)):
    return {"streams": [stream], "destinations": list(to), **({"transformKql": kql} if kql else {}),
            **({"outputStream": output} if output else {})}


def rule(*flows, columns=DECLARED, **properties):
    return {"location": "westeurope", "kind": "Direct", "tags": {"team": "soc"}, "properties": {
        "description": "web logs",
        "streamDeclarations": {"Custom-In": {"columns": [{"name": n, "type": t} for n, t in columns]}},
        "destinations": {"logAnalytics": [{"workspaceResourceId": WORKSPACE, "name": "here"}]},
        "dataFlows": list(flows) or [flow()], **properties}}


def table(server, name="Web_CL", columns=COLUMNS):
    answer = server.arm("PUT", "/tables/" + name, {"properties": {"schema": {"name": name, "columns": [
        {"name": n, "type": t} for n, t in columns]}}}, provider=False)
    equal(answer.status, 200, answer)


def make(server, *flows, name="web", **more):
    answer = server.request("PUT", path(name), rule(*flows, **more))
    equal(answer.status, 201, answer)
    return answer.json()["properties"]["immutableId"]


def send(server, dcr, records, stream="Custom-In", request_id=None, token="operator", version="2023-01-01"):
    return server.post("/dataCollectionRules/%s/streams/%s?api-version=%s" % (dcr, stream, version), records,
                       headers={"x-ms-client-request-id": request_id or str(uuid.uuid4())}, token=token)


def record(level=2, **more):
    return {"time": "2026-03-01T11:59:00Z", "host": "web1", "level": level, "detail": '{"a":[1]}', **more}


def counts(server, stream="Custom-In"):
    return server.query("VedetteIngestion | where Stream == '%s' | summarize sum(Received), sum(Stored), sum(Rejected), "
                        "sum(Filtered)" % stream)[0]


def balanced(server):
    equal(server.query("VedetteIngestion | where Received != Stored + Rejected + Filtered + HeldBack"), [])


def test_rules_are_resources():
    with Server(clock=NOW) as s:
        table(s)
        equal(s.get(path("web")).status, 404)
        equal(s.get(path("web")).code(), "NotFound")
        made = s.request("PUT", path("Web", version="2021-09-01-preview"), rule())
        equal(made.status, 201, made)
        kept = made.json()
        p = kept["properties"]
        equal([kept[k] for k in ("name", "type", "location", "kind", "tags")],
              ["Web", "Microsoft.Insights/dataCollectionRules", "westeurope", "Direct", {"team": "soc"}])
        equal(kept["id"], GROUP + "/providers/Microsoft.Insights/dataCollectionRules/Web")
        equal((p["immutableId"][:4], len(p["immutableId"]), p["provisioningState"]), ("dcr-", 36, "Succeeded"))
        equal(p["endpoints"]["logsIngestion"], s.url)
        equal(p["destinations"]["logAnalytics"],
              [{"workspaceResourceId": WORKSPACE, "name": "here", "workspaceId": s.workspace()["id"]}])
        equal(p["dataFlows"], [flow()])
        equal(kept["systemData"]["createdAt"], "2026-03-01T12:00:00.0000000Z")
        equal(s.get(path("wEB")).json(), kept)
        equal(s.get(path()).json()["value"], [kept])
        equal(s.get(path(group="/subscriptions/" + SUBSCRIPTION)).json()["value"], [kept])
        # read-only properties of a body are ignored; the immutable id stays
        body = rule(description="new", immutableId="dcr-1", provisioningState="Failed")
        again = s.request("PUT", path("web"), body, headers={"If-Match": kept["etag"]})
        equal(again.status, 200, again)
        equal(again.json()["properties"]["immutableId"], p["immutableId"])
        equal(again.json()["properties"]["description"], "new")
        equal(s.request("PUT", path("web"), body, headers={"If-Match": kept["etag"]}).status, 409)
        patched = s.request("PATCH", path("web"), {"tags": {"a": "b"}}).json()
        equal((patched["tags"], patched["properties"]["description"]), ({"a": "b"}, "new"))
        s.stop().start()
        equal(s.get(path("web")).json()["properties"]["immutableId"], p["immutableId"])
        equal(send(s, p["immutableId"], [record()]).status, 204)
        equal(s.request("DELETE", path("web")).status, 200)
        equal(s.request("DELETE", path("web")).status, 204)
        gone = send(s, p["immutableId"], [record()])
        equal((gone.status, gone.code()), (404, "NotFound"))
        contains(gone.message(), "Data collection rule with immutable Id '%s' not found." % p["immutableId"])


def test_endpoints_are_resources():
    with Server() as s:
        where = path("main", "dataCollectionEndpoints")
        made = s.request("PUT", where, {"location": "westeurope", "properties": {
            "description": "d", "networkAcls": {"publicNetworkAccess": "Enabled"}}})
        equal(made.status, 201, made)
        p = made.json()["properties"]
        equal((p["immutableId"][:4], p["networkAcls"], p["logsIngestion"]["endpoint"]),
              ("dce-", {"publicNetworkAccess": "Enabled"}, s.url))
        equal(made.json()["type"], "Microsoft.Insights/dataCollectionEndpoints")
        equal(s.get(path("", "dataCollectionEndpoints")).json()["value"], [made.json()])
        equal(s.request("PATCH", where, {"tags": {"x": "y"}}).json()["tags"], {"x": "y"})
        equal(s.request("DELETE", where).status, 200)
        equal(s.get(where).status, 404)


def test_all_that_is_wrong_is_told_at_once():
    with Server() as s:
        table(s)
        bad = rule(flow("source | summarize count() by host"), flow(output="Custom-Absent_CL"),
                   flow(stream="Custom-Other"), flow(stream="Microsoft-NoSuch"), flow(to=("there",)),
                   flow("source | extend TimeGenerated = time, Host = level"), flow("source | project Host = host"),
                   flow("source\n| extend TimeGenerated = now(), Hots = hots"), flow(None),
                   flow("source | extend TimeGenerated = now() | project TimeGenerated, More = host"))
        bad["properties"]["destinations"]["logAnalytics"].append({"workspaceResourceId": "/x/nobody", "name": "n"})
        bad["properties"]["streamDeclarations"]["Wrong"] = {"columns": [{"name": "a", "type": "text"}]}
        answer = s.request("PUT", path("web"), bad)
        equal((answer.status, answer.code(), answer.message()),
              (400, "InvalidPayload", "Data collection rule is invalid"))
        found = answer.json()["error"]["details"]
        for code, target, words in (
                ("InvalidStreamDeclaration", "streamDeclarations.Wrong", "begins with Custom-"),
                ("InvalidStreamDeclaration", "streamDeclarations.Wrong", "string, int, long"),
                ("InvalidDestination", "destinations.logAnalytics[1]", "no workspace 'nobody'"),
                ("InvalidTransformQuery", "dataFlows[0]", "line 1, column 10: summarize can't be used"),
                ("InvalidOutputTable", "dataFlows[1]", "Custom-Absent_CL"),
                ("InvalidStream", "dataFlows[2]", "'Custom-Other' must be"),
                ("InvalidStream", "dataFlows[3]", "Microsoft-NoSuch"),
                ("InvalidDestination", "dataFlows[4]", "destination 'there'"),
                ("InvalidTransformOutput", "dataFlows[5]", "Host [produced:'Int', output:'String']"),
                ("InvalidTransformOutput", "dataFlows[6]", "must have TimeGenerated"),
                ("InvalidTransformQuery", "dataFlows[7]", "line 2, column 40"),
                ("InvalidTransformOutput", "dataFlows[8]", "must have TimeGenerated"),
                ("InvalidTransformOutput", "dataFlows[9]", "'More' [produced:'String']")):
            assert any(d["code"] == code and d["target"] == "properties." + target and words in d["message"]
                       for d in found), (code, target, words, found)
        equal(s.get(path("web")).status, 404)
        for body, words in (({"properties": []}, "an object"), ({"properties": {}}, ""), ({"tags": 1}, "tags")):
            equal(s.request("PUT", path("web"), body).status, 400)
            contains(s.request("PUT", path("web"), body).text, words)
        equal(s.request("PUT", path("a%20b"), rule()).status, 400)


def test_records_go_through_a_transformation():
    with Server(clock=NOW) as s:
        table(s)
        dcr = make(s)
        answer = send(s, dcr, [record(1), record(2), record("many"), record(5, more=1, time="soon"), 7])
        equal(answer.status, 204, answer)
        equal(s.query("Web_CL | sort by Level asc | project TimeGenerated = bin(TimeGenerated, 1s), Host, Level, A = Detail.a[0]"),
              [{"TimeGenerated": "2026-03-01T11:59:00.0000000Z", "Host": "WEB1", "Level": 2, "A": "1"},
               {"TimeGenerated": "2026-03-01T12:00:00.0000000Z", "Host": "WEB1", "Level": 5, "A": "1"}])
        equal(list(counts(s).values()), [5, 2, 1, 2])
        equal(s.query("VedetteDeadLetter | project Reason, RawRecord, RecordIndex"),
              [{"Reason": "not_an_object", "RawRecord": "7", "RecordIndex": 4}])
        equal(s.query("VedetteIngestion | where Stored > 0 and TableName == 'Web_CL' | project Stream, ConvertedToNull, "
                      "DroppedFields"), [{"Stream": "Custom-In", "ConvertedToNull": 2, "DroppedFields": 1}])
        balanced(s)
        labels = [k for k in s.metrics() if k.startswith("vedette_ingest_filtered_total") and "Custom-In" in k]
        equal(sum(s.metrics()[k] for k in labels), 2)
        # all of them filtered, and the declared columns are all that a table gets
        equal(send(s, dcr, [record(0)]).status, 204)
        equal(s.count("Web_CL"), 2)
        # refused as ever
        for records, status, words in (("[{", 400, "line 1"), (json.dumps([record()] * 25000), 413, "larger than")):
            refused = send(s, dcr, records)
            equal(refused.status, status, refused)
            contains(refused.message(), words)
        equal(send(s, dcr, [], stream="Custom-Other").status, 404)
        equal(send(s, dcr, [], version="").status, 400)
        balanced(s)


def test_several_flows_and_built_in_streams():
    with Server(clock=NOW) as s:
        table(s)
        table(s, "High_CL")
        dcr = make(s, flow(), flow(KQL + " | where Level > 4", "Custom-High_CL"),
                   flow("source | where SeverityLevel != 'debug'", "Microsoft-Syslog", "Microsoft-Syslog"),
                   flow(None, "Microsoft-Event", "Microsoft-Event"),
                   flow("source | project TimeGenerated = time, Computer = host", "Microsoft-Heartbeat"))
        equal(send(s, dcr, [record(1), record(3), record(5)]).status, 204)
        equal([s.count(t) for t in ("Web_CL", "High_CL", "Heartbeat")], [2, 1, 3])
        equal(list(counts(s).values()), [9, 6, 0, 3])
        equal(send(s, dcr, [{"TimeGenerated": "2026-03-01T11:00:00Z", "Computer": c, "SeverityLevel": c}
                            for c in ("debug", "info")], stream="Microsoft-Syslog").status, 204)
        equal(s.query("Syslog | project Computer"), [{"Computer": "info"}])
        equal(send(s, dcr, [{"Computer": "e", "Nope": 1}], stream="Microsoft-Event").status, 204)
        equal(s.count("Event"), 1)
        balanced(s)


def test_a_retry_is_stored_once():
    with Server(clock=NOW) as s:
        table(s)
        dcr = make(s, flow("source | extend TimeGenerated = now(), Host = strcat(host, now()) | project TimeGenerated, "
                           "Host"))
        for _ in range(2):
            equal(send(s, dcr, [record()], request_id="r1").status, 204)
            s.move_clock("2026-03-01T12:05:00Z")
        s.kill().start()
        equal(send(s, dcr, [record()], request_id="r1").status, 204)
        equal(s.count("Web_CL"), 1)
        equal(send(s, dcr, [record()], request_id="r2").status, 204)
        equal(s.count("Web_CL"), 2)
        balanced(s)


def test_a_transformation_that_fails_loses_nothing():
    huge = "source | extend TimeGenerated = now(), Host = strrep(strrep(strrep(host, 1024), 1024), 1024) | project " \
           "TimeGenerated, Host"
    with Server(clock=NOW) as s:
        table(s)
        dcr = make(s, flow(huge))
        for i in range(2):
            equal(send(s, dcr, [record(i), record(7)], request_id="r%d" % i).status, 204)
        equal(s.count("Web_CL"), 0)
        equal(s.query("VedetteDeadLetter | where Reason == 'transformation' | sort by ClientRequestId asc, RecordIndex asc"
                      " | project Stream, TableName, Level = tolong(parse_json(RawRecord).level), ClientRequestId"),
              [{"Stream": "Custom-In", "TableName": "Web_CL", "Level": n, "ClientRequestId": r}
               for r, n in (("r0", 0), ("r0", 7), ("r1", 1), ("r1", 7))])
        told = s.query("DCRLogErrors | project OperationName, InputStreamId, ClientRequestId, _ResourceId, Message")
        equal(len(told), 1)     # the same once an hour
        equal([told[0][k] for k in ("OperationName", "InputStreamId", "ClientRequestId", "_ResourceId")],
              ["Transformation", "Custom-In", "r0",
               GROUP + "/providers/Microsoft.Insights/dataCollectionRules/web"])
        contains(told[0]["Message"], "larger than 64 MiB")
        equal(list(counts(s).values()), [4, 0, 4, 0])
        s.move_clock("2026-03-01T13:05:00Z")
        equal(send(s, dcr, [record()]).status, 204)
        equal(s.count("DCRLogErrors"), 2)
        balanced(s)


def test_who_may():
    with Server() as s:
        table(s)
        dcr = make(s)
        sender = s.token(*s.application("Monitoring Metrics Publisher"))
        reader = s.token(*s.application("Microsoft Sentinel Reader"))
        equal(send(s, dcr, [record()], token=sender).status, 204)
        equal(send(s, dcr, [record()], token=reader).status, 403)
        equal(s.request("PUT", path("web"), rule(), token=reader).status, 403)
        equal(s.request("DELETE", path("web"), token=sender).status, 403)
        equal(s.get(path("web"), token=sender).status, 403)


def standing(*flows, **more):
    """A workspace's own transformations: (table, query) each."""
    body = rule(*[{"streams": ["Microsoft-Table-" + t], "destinations": ["here"], "transformKql": kql}
                  for t, kql in flows], **more)
    del body["properties"]["streamDeclarations"]
    return {**body, "kind": "WorkspaceTransforms"}


def test_a_workspaces_own_transformations():
    with Server("--syslog-tcp", "127.0.0.1:0", clock=NOW) as s, tempfile.TemporaryDirectory() as folder:
        kql = "source | where SeverityLevel != 'debug' | extend SyslogMessage = toupper(SyslogMessage)"
        made = s.request("PUT", path("own"), standing(("Syslog", kql), ("Event", "source")))
        equal(made.status, 201, made)
        with open(os.path.join(s.data, "server.json"), encoding="utf-8") as f:
            port = json.load(f)["syslog_tcp"]
        with socket.create_connection(("127.0.0.1", port), timeout=20) as c:
            c.sendall(b"<14>Mar  1 11:59:00 fw1 app: one\n<15>Mar  1 11:59:00 fw1 app: two\n<13>Mar  1 11:59:00 fw1 app: x\n")
        until(lambda: s.count("Syslog") == 2)
        equal(s.query("Syslog | sort by SyslogMessage asc | project SyslogMessage, SeverityLevel, HostName"),
              [{"SyslogMessage": "ONE", "SeverityLevel": "info", "HostName": "fw1"},
               {"SyslogMessage": "X", "SeverityLevel": "notice", "HostName": "fw1"}])
        equal(s.query("VedetteIngestion | where Source startswith 'syslog' | summarize r = sum(Received), s = sum(Stored), "
                      "f = sum(Filtered), h = sum(HeldBack)"), [{"r": 3, "s": 2, "f": 1, "h": 0}])
        # the built-in rule, a file, and a rule of its own, which is not transformed twice
        logs = [{"SeverityLevel": l, "SyslogMessage": l} for l in ("debug", "err")]
        for _ in range(2):
            equal(s.post_logs("Microsoft-Syslog", logs, request_id="r").status, 204)
        equal(s.query("Syslog | where SeverityLevel == 'err' | project SyslogMessage"), [{"SyslogMessage": "ERR"}])
        file = os.path.join(folder, "a.ndjson")
        with open(file, "w", encoding="utf-8") as f:
            f.write('{"SeverityLevel":"alert","SyslogMessage":"f"}\nnonsense\n{"SeverityLevel":"debug"}\n')
        code, out, err = run("ingest", "--table", "Syslog", file, data=s.data)
        equal(code, 0, err)
        equal(s.query("Syslog | where SeverityLevel == 'alert' | project SyslogMessage"), [{"SyslogMessage": "F"}])
        equal(s.query("VedetteDeadLetter | project RawRecord, Reason"), [{"RawRecord": "nonsense", "Reason": "malformed"}])
        dcr = make(s, flow("source | project TimeGenerated = time, SyslogMessage = host, SeverityLevel = 'debug'",
                           "Microsoft-Syslog"))
        equal(send(s, dcr, [record()]).status, 204)
        equal(s.query("Syslog | where SyslogMessage == 'web1' | count"), [{"Count": 1}])
        balanced(s)
        # one for a workspace; its streams and those of others are not mixed
        equal(s.request("PUT", path("two"), standing(("Event", kql))).status, 400)
        again = s.request("PUT", path("two"), standing(("Event", "source")))
        equal(again.status, 409)
        contains(again.message(), "'own'")
        contains(s.request("PUT", path("web"), {**standing(("Syslog", kql)), "kind": "Direct"}).text, "WorkspaceTransforms")
        contains(s.request("PUT", path("own"), {**rule(), "kind": "WorkspaceTransforms"}).text, "InvalidStream")
        contains(s.request("PUT", path("own"), standing(("Web_CL", kql))).text, "InvalidStream")
        s.stop().start()
        equal(s.post_logs("Microsoft-Syslog", logs[:1]).status, 204)
        equal(s.count("Syslog"), 5)
        # one that fails keeps what it was sent
        huge = "source | extend HostName = strrep(strrep(strrep(strcat('aaaa', HostName), 1024), 1024), 1024)"
        equal(s.request("PUT", path("own"), standing(("Syslog", huge))).status, 200)
        with open(os.path.join(s.data, "server.json"), encoding="utf-8") as f:
            port = json.load(f)["syslog_tcp"]
        with socket.create_connection(("127.0.0.1", port), timeout=20) as c:
            c.sendall(b"<14>Mar  1 11:59:00 fw1 app: kept\n")
        until(lambda: s.count("DCRLogErrors") == 1)
        equal(s.query("VedetteDeadLetter | where Reason == 'transformation' | project RawRecord, TableName"),
              [{"RawRecord": "<14>Mar  1 11:59:00 fw1 app: kept", "TableName": "Syslog"}])
        equal(s.request("DELETE", path("own")).status, 200)
        equal(s.post_logs("Microsoft-Syslog", logs[:1]).status, 204)
        equal(s.count("Syslog"), 6)
        balanced(s)


def test_the_command():
    with Server(clock=NOW) as s, tempfile.TemporaryDirectory() as folder:
        table(s)
        file, records = (os.path.join(folder, n) for n in ("rule.json", "records.json"))
        with open(file, "w", encoding="utf-8") as f:
            json.dump({**rule(), "name": "web"}, f)
        with open(records, "w", encoding="utf-8") as f:
            json.dump([record(1), record(3)], f)
        code, out, err = run("dcr", "test", file, records, data=s.data)
        equal((code, err), (0, ""), out)
        contains(out, '"Host":"WEB1","Level":3')
        contains(out, "2 records, 1 row, 1 filtered")
        equal(run("dcr", "put", file, data=s.data)[0], 0)
        code, out, err = run("dcr", "list", data=s.data)
        contains(out, "web")
        contains(out, "Custom-In")
        contains(out, s.get(path("web")).json()["properties"]["immutableId"])
        contains(run("dcr", "test", "web", records, data=s.data)[1], "1 filtered")
        equal(json.loads(run("dcr", "show", "web", data=s.data)[1]), s.get(path("web")).json())
        with open(file, "w", encoding="utf-8") as f:
            json.dump(rule(flow("source | take 1")), f)
        code, out, err = run("dcr", "put", file, "--name", "bad", data=s.data)
        equal(code, 1, err)
        contains(err, "take can't be used")
        contains(err, "properties.dataFlows[0]")
        equal(run("dcr", "delete", "web", data=s.data)[0], 0)
        equal(run("dcr", "show", "web", data=s.data)[0], 1)
        equal(run("dcr")[0], 2)


def test_what_only_transformations_have():
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kql"))
    import mmdb
    cef = ("CEF:0|V|P|1|id|name|5|plain text src=192.0.2.9 msg=a=b\\=c and more; with act=x act=last\\ncs1Label=L cs1=")
    kql = ("source | extend d = parse_cef_dictionary(line)['Extension'], g = geo_location(tostring(ip)) "
           "| project TimeGenerated = time, Host = strcat(d, '|', parse_cef_dictionary('k=v w l=m'), '|', "
           "parse_cef_dictionary('CEF:0|short')), Line = tostring(g)")
    columns = [("time", "datetime"), ("line", "string"), ("ip", "string")]
    with tempfile.TemporaryDirectory() as folder:
        places = os.path.join(folder, "places.mmdb")
        mmdb.write(places)
        with Server("--geoip-file", places, clock=NOW) as s:
            table(s, columns=[("TimeGenerated", "dateTime"), ("Host", "string"), ("Line", "string")])
            dcr = make(s, flow(kql), columns=columns)
            equal(send(s, dcr, [{"time": NOW, "line": cef, "ip": "192.0.2.9"}]).status, 204)
            row = s.query("Web_CL")[0]
            first, second, third = row["Host"].split("|")
            equal(json.loads(first), {"src": "192.0.2.9", "msg": "a=b=c and more; with", "act": "last\ncs1Label=L", "cs1": ""})
            equal(json.loads(second), {"Extension": {"k": "v w", "l": "m"}})
            equal(json.loads(third), {"Extension": {}})
            place = json.loads(row["Line"])
            equal([place[k] for k in ("Country", "Region")], ["Norway", ""])
            equal(s.ask("print geo_location('192.0.2.9')").status, 400)
            # print gives its row for each record.
            dcr = make(s, flow("print Host = 'h', Line = tostring(2 + 2) | extend TimeGenerated = now()"), name="each",
                       columns=columns)
            equal(send(s, dcr, [{"time": NOW, "line": str(i)} for i in range(3)]).status, 204)
            equal(s.query("Web_CL | where Host == 'h' | summarize n = count() by Line"), [{"Line": "4", "n": 3}])


def activity(s):
    rows = s.query("AzureActivity | sort by TimeGenerated asc, ingestion_time() asc | project OperationNameValue, Resource, "
                   "ActivityStatusValue, Who = isnotempty(Caller), Id = _ResourceId")
    return [(r["OperationNameValue"].split("/", 1)[1], r["Resource"], r["Id"].rsplit("/", 1)[1]) for r in rows
            if r["ActivityStatusValue"] == "Success" and r["Who"]]


def test_changes_are_told():
    with Server(clock=NOW) as s:
        table(s)
        make(s)
        equal(s.request("PATCH", path("web"), {"tags": {"a": "b"}}).status, 200)
        equal(s.request("PUT", path("dce", "dataCollectionEndpoints"), {"location": "x", "properties": {}}).status, 201)
        equal(s.request("DELETE", path("web")).status, 200)
        equal(s.request("DELETE", path("web")).status, 204)
        until(lambda: len(activity(s)) == 4)
        equal(activity(s), [("DATACOLLECTIONRULES/WRITE", "web", "web"), ("DATACOLLECTIONRULES/WRITE", "web", "web"),
                            ("DATACOLLECTIONENDPOINTS/WRITE", "dce", "dce"), ("DATACOLLECTIONRULES/DELETE", "web", "web")])


def test_a_workspace_names_its_default_rule():
    with Server(clock=NOW) as s:
        table(s)

        def shown():
            return s.request("GET", WORKSPACE + "?api-version=2023-09-01").json()["properties"].get(
                "defaultDataCollectionRuleResourceId")
        equal(shown(), None)
        make(s, name="direct")
        equal(shown(), None)
        equal(s.request("PUT", path("Standing"), standing(("Syslog", "source | where true"))).status, 201)
        equal(shown(), path("Standing").split("?")[0])
        equal(s.request("DELETE", path("standing")).status, 200)
        equal(shown(), None)


MACHINE = GROUP + "/providers/Microsoft.HybridCompute/machines/web1"


def association(name="", resource=MACHINE):
    return "%s/providers/Microsoft.Insights/dataCollectionRuleAssociations%s?api-version=2023-03-11" % (
        resource, name and "/" + name)


def of(rule_name, description="why"):
    return {"properties": {"description": description, "dataCollectionRuleId": path(rule_name).split("?")[0]}}


def test_associations():
    with Server(clock=NOW) as s:
        table(s)
        make(s)
        make(s, name="other")
        equal(s.request("PUT", path("dce", "dataCollectionEndpoints"), {"location": "x", "properties": {}}).status, 201)
        answer = s.request("PUT", association("Mine"), of("Web"))
        equal(answer.status, 201, answer)
        kept = answer.json()
        equal(kept["id"], association("Mine").split("?")[0])
        equal((kept["name"], kept["type"]), ("Mine", "Microsoft.Insights/dataCollectionRuleAssociations"))
        equal(kept["properties"], {"description": "why", "dataCollectionRuleId": path("web").split("?")[0],
                                   "provisioningState": "Succeeded"})
        equal(s.request("GET", association("mine")).json(), kept)
        equal(s.request("PUT", association("mine"), of("other", "")).status, 200)
        equal(s.request("PUT", association("mine"), of("other"), headers={"If-Match": kept["etag"]}).status, 409)
        inner = MACHINE + "/extensions/agent"
        equal(s.request("PUT", association("two", inner), of("other")).status, 201)
        endpoint = {"properties": {"dataCollectionEndpointId": path("dce", "dataCollectionEndpoints").split("?")[0]}}
        equal(s.request("PUT", association("configurationAccessEndpoint"), endpoint).status, 201)

        def names(where):
            return [a["name"] for a in s.request("GET", where).json()["value"]]
        equal(names(association()), ["configurationAccessEndpoint", "mine"])
        equal(names(association(resource=inner)), ["two"])
        equal(names(path("other/associations")), ["two", "mine"])
        equal(names(path("web/associations")), [])
        equal(names(path("dce/associations", "dataCollectionEndpoints")), ["configurationAccessEndpoint"])
        for body, words in (({"properties": {}}, "one of dataCollectionRuleId and dataCollectionEndpointId"),
                            ({"properties": {**of("web")["properties"], **endpoint["properties"]}}, "one of"),
                            (of("nothing"), "there is no data collection rule 'nothing'"), (endpoint, "is called")):
            answer = s.request("PUT", association("bad"), body)
            equal(answer.status, 400, answer)
            contains(answer.message(), words)
        contains(s.request("PUT", association("configurationAccessEndpoint"), of("web")).message(), "is the name of")
        reader = s.token(*s.application("Log Analytics Reader"))
        equal(s.request("PUT", association("mine"), of("web"), token=reader).status, 403)
        equal(names(association()), ["configurationAccessEndpoint", "mine"])
        # A rule with associations stays, unless they are to go, too.
        answer = s.request("DELETE", path("other"))
        equal(answer.status, 409, answer)
        contains(answer.message(), "deleteAssociations=true")
        equal(s.request("DELETE", association("two", inner)).status, 200)
        equal(s.request("DELETE", association("two", inner)).status, 204)
        equal(s.request("DELETE", path("other") + "&deleteAssociations=true").status, 200)
        equal(names(association()), ["configurationAccessEndpoint"])
        s.stop()
        s.start()
        equal(names(association()), ["configurationAccessEndpoint"])
        equal(s.request("GET", association("mine")).status, 404)
        until(lambda: ("DATACOLLECTIONRULEASSOCIATIONS/WRITE", "Mine", "mine") in activity(s))


def test_data_sources_are_kept_and_checked():
    sources = {
        "syslog": [{"name": "s", "streams": ["Microsoft-Syslog"], "facilityNames": ["auth", "*"], "logLevels": ["Warning"]}],
        "windowsEventLogs": [{"name": "w", "streams": ["Microsoft-SecurityEvent"], "xPathQueries": ["Security!*"]}],
        "logFiles": [{"name": "f", "streams": ["Custom-In"], "filePatterns": ["/var/log/x*.log"], "format": "text",
                      "settings": {"text": {"recordStartTimestampFormat": "ISO 8601"}}}],
        "performanceCounters": [{"name": "p", "streams": ["Microsoft-Perf"], "samplingFrequencyInSeconds": 60,
                                 "counterSpecifiers": ["\\\\Processor(*)\\\\% Processor Time"]}],
        "extensions": [{"name": "e", "streams": ["Microsoft-Event"], "extensionName": "X", "extensionSettings": {"a": 1}}]}
    with Server(clock=NOW) as s:
        table(s)
        answer = s.request("PUT", path("web"), rule(dataSources=sources))
        equal(answer.status, 201, answer)
        equal(s.request("GET", path("web")).json()["properties"]["dataSources"], sources)
        wrong = {
            "syslog": [{"name": "s", "streams": ["Microsoft-Syslog"], "facilityNames": ["printer"], "logLevels": []},
                       {"name": "S", "streams": [], "facilityNames": ["auth"]}],
            "windowsEventLogs": [{"streams": ["Custom-None"], "xPathQueries": "Security!*"}],
            "logFiles": [{"name": "f", "streams": ["Custom-In"], "filePatterns": ["x"], "format": "xml",
                          "settings": {"text": {"recordStartTimestampFormat": "noon"}}}],
            "performanceCounters": [{"name": "p", "streams": ["Microsoft-Perf"], "samplingFrequencyInSeconds": 0}],
            "telegraph": []}
        answer = s.request("PUT", path("web"), rule(dataSources=wrong))
        equal(answer.status, 400, answer)
        told = [(d["target"].replace("properties.dataSources.", ""), d["message"]) for d in answer.json()["error"]["details"]]
        equal(told, [
            ("syslog[0]", "facilityNames: 'printer' is none of what it may be"),
            ("syslog[1]", "there are two data sources 'S'"),
            ("syslog[1]", "streams: an array of 1 to 64 texts expected"),
            ("windowsEventLogs[0]", "a data source needs a name of 1 to 256 bytes"),
            ("windowsEventLogs[0]", "'Streams' stream 'Custom-None' must be a custom stream that streamDeclarations has, or "
                                    "one of Microsoft-…"),
            ("windowsEventLogs[0]", "xPathQueries: an array of 1 to 100 texts expected"),
            ("logFiles[0]", "format: 'xml' is none of what it may be"),
            ("logFiles[0]", "settings.text.recordStartTimestampFormat: 'noon' is none of what it may be"),
            ("performanceCounters[0]", "samplingFrequencyInSeconds: a number from 1 to 1800 expected"),
            ("performanceCounters[0]", "counterSpecifiers is missing"),
            ("telegraph", "there is no such kind of data source")])
