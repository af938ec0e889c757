"""Watchlists: the REST interface, _GetWatchlist(), the tables behind it, rules that use them."""
import os
import tempfile
import uuid

from vedette import Server, contains, equal, run

NOW = "2026-03-01T12:00:00Z"


def body(content=None, key="Ip", etag=None, **properties):
    made = {"displayName": "Bad hosts", "provider": "Us", "source": "hosts.csv", "itemsSearchKey": key,
            **properties}
    if content is not None:
        made.update({"rawContent": content, "contentType": made.get("contentType", "text/csv")})
    return {"properties": made, **({"etag": etag} if etag else {})}


def put(server, content=None, alias="hosts", **more):
    headers = more.pop("headers", None)
    token = more.pop("token", "operator")
    return server.arm("PUT", "/watchlists/" + alias, body(content, **more), headers, token)


def item(server, guid, values, method="PUT", alias="hosts", **more):
    return server.arm(method, "/watchlists/%s/watchlistItems/%s" % (alias, guid),
                      {"properties": {"itemsKeyValue": values}} if values else None, **more)


def hosts(server, columns="SearchKey, Name"):
    return server.query("_GetWatchlist('hosts') | project %s | sort by SearchKey asc, Name asc" % columns)


def test_a_watchlist_from_a_file():
    with Server(clock=NOW) as s:
        answer = put(s, "ignored line\r\nIp,Name,\"Long, name\"\r\n10.0.0.1,a,\"x \"\"y\"\"\"\r\n\r\n10.0.0.2,b,\r\n",
                     numberOfLinesToSkip=1, labels=["one", "two"], description="what for")
        equal(answer.status, 201, answer)
        found = answer.json()
        contains(found["id"], "/providers/Microsoft.SecurityInsights/watchlists/hosts")
        kept = found["properties"]
        equal([kept[k] for k in ("watchlistAlias", "displayName", "itemsSearchKey", "uploadStatus",
                                 "labels", "numberOfLinesToSkip", "isDeleted", "created")],
              ["hosts", "Bad hosts", "Ip", "Complete", ["one", "two"], 1, False,
               "2026-03-01T12:00:00.0000000Z"])
        equal(s.arm("GET", "/watchlists/HOSTS").json(), found)
        equal(s.arm("GET", "/watchlists").json()["value"], [found])
        rows = s.query("_GetWatchlist('Hosts') | sort by SearchKey asc")
        equal(list(rows[0]), ["_DTItemId", "LastUpdatedTimeUTC", "SearchKey", "Ip", "Name", "Long, name"])
        equal([(r["SearchKey"], r["Ip"], r["Name"], r["Long, name"]) for r in rows],
              [("10.0.0.1", "10.0.0.1", "a", "x \"y\""), ("10.0.0.2", "10.0.0.2", "b", "")])
        equal(rows[0]["LastUpdatedTimeUTC"], "2026-03-01T12:00:00.0000000Z")
        # neither the query's time range nor a rule's window leaves items out
        equal(len(s.query("_GetWatchlist('hosts')", timespan="2020-01-01/2020-01-02")), 2)
        equal(s.query("_GetWatchlist('hosts', dynamic(['10.0.0.2'])) | project Name"), [{"Name": "b"}])
        equal(s.query("let list = 'hosts'; _GetWatchlist(list) | count"), [{"Count": 2}])
        equal(s.query("_GetWatchlistAlias"), [{"WatchlistAlias": "hosts"}])
        tables = s.query("Watchlist | summarize count() by _DTItemType, _DTItemStatus"
                         " | sort by _DTItemType asc")
        equal([list(r.values()) for r in tables],
              [["watchlist", "Create", 1], ["watchlist-item", "Create", 2]])
        equal(s.query("Watchlist | where SearchKey == '10.0.0.1' | project WatchlistAlias,"
                      " Name = tostring(WatchlistItem.Name), Notes"),
              [{"WatchlistAlias": "hosts", "Name": "a", "Notes": "what for"}])


def test_uploading_again_merges_by_search_key():
    with Server() as s:
        first = put(s, "Ip,Name\n10.0.0.1,a\n10.0.0.2,b\n10.0.0.3,c\n10.0.0.3,d\n").json()
        again = put(s, "Ip,Name,Why\n10.0.0.1,a2,new\n10.0.0.4,e,new\n10.0.0.3,x,new\n")
        equal(again.status, 200, again)
        equal([(r["SearchKey"], r["Name"], r["Why"]) for r in hosts(s, "SearchKey, Name, Why")],
              [("10.0.0.1", "a2", "new"), ("10.0.0.2", "b", ""), ("10.0.0.3", "c", ""),
               ("10.0.0.3", "d", ""), ("10.0.0.3", "x", "new"), ("10.0.0.4", "e", "new")])
        # as it is already: no rows
        before = s.count("Watchlist | where _DTItemType == 'watchlist-item'")
        equal(put(s, "Ip,Name,Why\n10.0.0.1,a2,new\n").status, 200)
        equal(s.count("Watchlist | where _DTItemType == 'watchlist-item'"), before)
        equal(put(s, etag=first["etag"]).status, 409)
        equal(put(s, key="Name").status, 400)
        s.stop().start()
        equal(len(hosts(s)), 6)


def test_items():
    with Server() as s:
        equal(put(s).status, 201)
        equal(hosts(s, "SearchKey, Name = Ip"), [])
        one = str(uuid.uuid4())
        made = item(s, one.upper(), {"Ip": "10.0.0.1", "Port": 443, "Name": None})
        equal(made.status, 201, made)
        equal(made.json()["properties"]["itemsKeyValue"], {"Ip": "10.0.0.1", "Port": "443", "Name": ""})
        equal(hosts(s, "SearchKey, Port, Name"), [{"SearchKey": "10.0.0.1", "Port": "443", "Name": ""}])
        changed = item(s, one, {"Ip": "10.0.0.9", "Name": "n"}, headers={"If-Match": made.json()["etag"]})
        equal(changed.status, 200, changed)
        equal(item(s, one, {"Ip": "1"}, headers={"If-Match": made.json()["etag"]}).status, 409)
        equal(hosts(s), [{"SearchKey": "10.0.0.9", "Name": "n"}])
        equal(s.arm("GET", "/watchlists/hosts/watchlistItems").json()["value"], [changed.json()])
        equal(item(s, one, None, "GET").json(), changed.json())
        equal(item(s, one, None, "DELETE").status, 200)
        equal(item(s, one, None, "DELETE").status, 204)
        equal(item(s, one, None, "GET").status, 404)
        equal(hosts(s), [])
        statuses = s.query("Watchlist | where _DTItemId == '%s' | sort by _DTTimestamp asc"
                           " | project _DTItemStatus" % one)
        equal([r["_DTItemStatus"] for r in statuses], ["Create", "Update", "Delete"])
        for guid, values, message in (("x", {"Ip": "1"}, "is a GUID"), (one, {"Name": "1"}, "no 'Ip'"),
                                      (one, {"Ip": "1", "Type": "2"}, "can't be called 'Type'"),
                                      (one, {"Ip": "x" * 11000}, "more than 10240 bytes")):
            answer = item(s, guid, values)
            equal(answer.status, 400, answer)
            contains(answer.message(), message)
        equal(item(s, one, {"Ip": "1"}, alias="nope").status, 404)


def test_deleting_and_making_anew():
    with Server() as s:
        put(s, "Ip,Name\n10.0.0.1,a\n10.0.0.2,b\n")
        equal(s.arm("DELETE", "/watchlists/hosts").status, 200)
        equal(s.arm("DELETE", "/watchlists/hosts").status, 204)
        equal(s.arm("GET", "/watchlists/hosts").status, 404)
        equal(s.query("_GetWatchlist('hosts')"), [])
        equal(s.query("_GetWatchlistAlias()"), [])
        put(s, "Ip,Name\n10.0.0.7,g\n")
        equal(hosts(s), [{"SearchKey": "10.0.0.7", "Name": "g"}])
        equal(s.query("Watchlist | summarize arg_max(_DTTimestamp, *) by _DTItemId"
                      " | where _DTItemStatus != 'Delete' and _DTItemType == 'watchlist-item'"
                      " | project SearchKey"), [{"SearchKey": "10.0.0.7"}])
        operations = s.query("SentinelAudit | where SentinelResourceType == 'Watchlist'"
                             " | project OperationName, SentinelResourceName")
        equal([r["OperationName"].split("/", 1)[1] for r in operations],
              ["watchlists/Write", "watchlists/Delete", "watchlists/Write"])


def test_a_watchlist_that_is_not_there():
    with Server() as s:
        rows = s.ask("_GetWatchlist('nope')").json()["tables"][0]
        equal((rows["rows"], [c["name"] for c in rows["columns"]]),
              ([], ["_DTItemId", "LastUpdatedTimeUTC", "SearchKey"]))
        equal(s.query("_GetWatchlist('nope') | extend P = column_ifexists('P', '') | project P"), [])
        answer = s.ask("_GetWatchlist('nope') | project Name")
        equal(answer.status, 400)
        contains(answer.message(), "'Name'")
        contains(answer.message(), "_GetWatchlist('nope') is not there, so it is empty")
        answer = s.ask("range x from 1 to 2 step 1 | where tostring(x) in (_GetWatchlist(tostring(x)))")
        equal(answer.status, 400, answer)


def test_files_that_are_refused():
    with Server() as s:
        for content, more, message in (
                ("Ip,Name\n1\n", {}, "line 2: 1 fields, the header has 2"),
                ("Ip,Name\n1,\"a\n", {}, "line 2: a quote is not closed"),
                ("Ip,Ip\n", {}, "two columns are called 'Ip'"), ("Ip,\n", {}, "a column has no name"),
                ("Name\n1\n", {}, "no column 'Ip'"), ("Ip,TenantId\n", {}, "can't be called 'TenantId'"),
                ("", {}, "no line with the columns' names"), ("Ip\n" + "x" * 10300, {}, "line 2: more than"),
                ("Ip\n" + "1.2.3.4\n" * 500000, {}, "at most 3800000 bytes"),
                ("Ip\n", {"contentType": "text/html"}, "text/csv or text/tsv"),
                ("Ip\n", {"provider": ""}, "properties.provider is missing"),
                ("Ip\n", {"displayName": "a"}, "properties.displayName: 3 to 64"),
                ("Ip\n", {"alias": "-ab"}, "the alias: 3 to 64"),
                ("Ip\n", {"numberOfLinesToSkip": -1}, "numberOfLinesToSkip"),
                ("Ip\n", {"defaultDuration": "x"}, "ISO 8601 duration"),
                ("Ip\n", {"labels": "x"}, "properties.labels"),
                (None, {"sasUri": "https://example.net/x"}, "storage accounts are not read")):
            answer = put(s, content, **more)
            equal(answer.status, 400, answer)
            contains(answer.message(), message)
        equal(s.arm("GET", "/watchlists").json()["value"], [])
        equal(put(s, "Ip\tName\n1\ta,b\n", contentType="text/tsv").status, 201)
        equal(hosts(s), [{"SearchKey": "1", "Name": "a,b"}])


def test_many_items_and_pages():
    with Server() as s:
        lines = "".join("10.%d.%d.%d,name %d\n" % (i >> 16, i >> 8 & 255, i & 255, i) for i in range(5000))
        equal(put(s, "Ip,Name\n" + lines).status, 201)
        equal(s.query("_GetWatchlist('hosts') | summarize count(), dcount(SearchKey, 4)")[0]["count_"], 5000)
        path, seen = "/watchlists/hosts/watchlistItems", set()
        for _ in range(3):
            page = s.arm("GET", path).json()
            seen.update(x["name"] for x in page["value"])
            path = "/watchlists/hosts/watchlistItems?$skipToken=" + page["nextLink"].rsplit("=", 1)[1]
        equal(len(seen), 3000)
        equal(put(s, "Ip,Name\n" + lines + "11.0.0.1,more\n").status, 200)
        equal(s.query("_GetWatchlist('hosts') | count"), [{"Count": 5001}])
        equal(s.arm("DELETE", "/watchlists/hosts").status, 200)
        equal(s.query("_GetWatchlist('hosts')"), [])


def test_confidential_watchlists_have_a_table_of_their_own():
    with Server() as s:
        equal(put(s, "Ip,Name\n1,a\n", watchlistType="ConfidentialWatchlist").status, 201)
        equal((s.count("Watchlist"), s.count("ConfidentialWatchlist")), (0, 2))
        equal(hosts(s), [{"SearchKey": "1", "Name": "a"}])
        equal(s.query("_GetWatchlistAlias"), [{"WatchlistAlias": "hosts"}])


def test_rights_about_watchlists():
    with Server() as s:
        reader = s.token(*s.application("Microsoft Sentinel Reader"))
        equal(put(s, "Ip\n1\n", token=reader).status, 403)
        equal(put(s, "Ip\n1\n", token=s.token(*s.application("Microsoft Sentinel Contributor"))).status, 201)
        equal(s.arm("GET", "/watchlists", token=reader).status, 200)
        equal(s.arm("DELETE", "/watchlists/hosts", token=reader).status, 403)


RULE = """id: 7b0a1d53-6b04-4d63-9c0a-3f3f5a5c8e11
name: Sign-in from a listed address
description: An address of the list signs in.
severity: Medium
queryFrequency: 5m
queryPeriod: 5m
triggerOperator: gt
triggerThreshold: 0
tactics: [InitialAccess]
relevantTechniques: [T1078]
query: |
  let bad = _GetWatchlist('hosts') | project SearchKey, Why;
  SigninLogs
  | join kind=inner bad on $left.IPAddress == $right.SearchKey
entityMappings:
  - entityType: IP
    fieldMappings: [{identifier: Address, columnName: IPAddress}]
version: 1.0.0
kind: Scheduled
"""


def test_a_rule_over_a_watchlist():
    with Server("--rule-delay", "0s", clock=NOW) as s:
        equal(s.import_rule(RULE).status, 400)
        equal(put(s, "Ip,Why\n203.0.113.9,scanner\n").status, 201)
        s.move_clock("2026-03-11T12:00:00Z")
        equal(s.import_rule(RULE).status, 200)
        s.post_logs("Microsoft-SigninLogs", [
            {"TimeGenerated": "2026-03-11T12:01:00Z", "IPAddress": "203.0.113.9"},
            {"TimeGenerated": "2026-03-11T12:01:00Z", "IPAddress": "203.0.113.10"}])
        s.move_clock("2026-03-11T12:06:00Z")
        alerts = s.query("SecurityAlert | project AlertName")
        equal(alerts, [{"AlertName": "Sign-in from a listed address"}])


def test_the_command_for_watchlists():
    with Server() as s, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "VIPUsers.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write("# made by hand\nUser Principal Name,Tags\nann@example.com,ceo\n")
        code, out, err = run("watchlists", "import", path, "--skip", "1", data=s.data)
        equal((code, out, err),
              (0, "watchlist 'VIPUsers' imported, its search key is 'User Principal Name'\n", ""))
        equal(s.query("_GetWatchlist('VIPUsers') | project SearchKey, Tags"),
              [{"SearchKey": "ann@example.com", "Tags": "ceo"}])
        contains(run("watchlists", "list", data=s.data)[1], "VIPUsers  User Principal Name")
        contains(run("watchlists", "show", "VIPUsers", data=s.data)[1], "ann@example.com      ceo")
        equal(run("watchlists", "import", path, "--skip", "1", "--alias", "other", "--key", "Tags",
                  data=s.data)[0], 0)
        equal(s.query("_GetWatchlist('other') | project SearchKey"), [{"SearchKey": "ceo"}])
        code, _, err = run("watchlists", "import", path, "--key", "Nope", data=s.data)
        equal((code, "no column 'Nope'" in err), (1, True))
        equal(run("watchlists", "delete", "other", data=s.data)[0], 0)
        code, _, err = run("watchlists", "delete", "other", data=s.data)
        equal((code, "there is no watchlist 'other'" in err), (1, True))
        equal(run("watchlists", "mend", data=s.data)[0], 2)
