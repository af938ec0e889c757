"""Bookmarks and entities: rows that a hunter keeps, and the things that alerts and they name."""
import json

from test_detection import START, at
from test_incident_work import BASE, incident_body, make, own, properties, relation, two_incidents
from vedette import Server, contains, equal


def bookmark_body(**properties):
    return {"properties": {"displayName": "Odd sign-in", "query": "SigninLogs | take 1",
                           "queryResult": "{\"a\":1}", "notes": "why?", "labels": ["hunt"],
                           "eventTime": at(2), "tactics": ["Persistence"], "techniques": ["T1098"],
                           "entityMappings": [{"entityType": "Account", "fieldMappings": [
                               {"identifier": "FullName", "value": "ann@halden.example"}]}],
                           **properties}}


def test_bookmarks():
    with Server(clock=START) as s:
        made = s.arm("PUT", "/bookmarks/b1", bookmark_body())
        equal(made.status, 201, made)
        bookmark = made.json()
        equal(bookmark["type"], "Microsoft.SecurityInsights/Bookmarks")
        equal(bookmark["properties"]["createdBy"]["name"], "operator")
        equal(bookmark["properties"]["entityMappings"], bookmark_body()["properties"]["entityMappings"])
        s.move_clock(at(5))
        bookmark["properties"]["notes"] = "solved"
        changed = s.arm("PUT", "/bookmarks/b1", bookmark)
        equal((changed.status, changed.json()["properties"]["notes"]), (200, "solved"))
        equal(s.arm("PUT", "/bookmarks/b1", bookmark).status, 409)
        equal(s.arm("GET", "/bookmarks/b1").json(), changed.json())
        equal(s.arm("PUT", "/bookmarks/b2", bookmark_body(displayName="Other", labels=[])).status, 201)
        equal([b["name"] for b in s.arm("GET", "/bookmarks").json()["value"]], ["b1", "b2"])
        found = s.arm("GET", "/bookmarks?$filter=properties/labels/any(l:%20l%20eq%20'hunt')").json()
        equal([b["name"] for b in found["value"]], ["b1"])
        rows = s.query("HuntingBookmark | where BookmarkId == 'b1' | order by TimeGenerated asc")
        equal([(r["Notes"], r["SoftDeleted"], r["BookmarkName"], r["QueryResultRow"]) for r in rows],
              [("why?", False, "Odd sign-in", "{\"a\":1}"), ("solved", False, "Odd sign-in", "{\"a\":1}")])
        equal(json.loads(rows[0]["Entities"]),
              [{"$id": "1", "Name": "ann", "UPNSuffix": "halden.example", "Type": "account"}])
        equal(json.loads(rows[0]["Tags"]), ["hunt"])
        for bad, wanted in ((bookmark_body(displayName=""), "displayName is missing"),
                            (bookmark_body(query=" "), "query is missing"),
                            (bookmark_body(labels="a"), "labels"),
                            (bookmark_body(eventTime="yesterday"), "eventTime"),
                            (bookmark_body(entityMappings=[{"entityType": "Ghost"}]), "entityType"),
                            (bookmark_body(entityMappings=[{"entityType": "IP"}]), "fieldMappings")):
            answer = s.arm("PUT", "/bookmarks/b3", bad)
            equal(answer.status, 400, answer)
            contains(answer.message(), wanted)
        equal(s.arm("DELETE", "/bookmarks/b1").status, 200)
        equal(s.arm("DELETE", "/bookmarks/b1").status, 204)
        equal(s.query("HuntingBookmark | summarize arg_max(TimeGenerated, *) by BookmarkId "
                      "| where SoftDeleted | count")[0]["Count"], 1)
        reader = s.token(*s.application("Microsoft Sentinel Reader"))
        equal(s.arm("GET", "/bookmarks/b2", token=reader).status, 200)
        equal(s.arm("PUT", "/bookmarks/b2", bookmark_body(), token=reader).status, 403)


def test_bookmarks_of_incidents():
    with Server(clock=START) as s:
        make(s)
        make(s, "two")
        equal(s.arm("PUT", "/bookmarks/b1", bookmark_body()).status, 201)
        made = s.arm("PUT", "/incidents/one/relations/rel-1", relation("bookmarks", "b1"))
        equal(made.status, 201, made)
        equal(made.json()["properties"]["relatedResourceType"], "Microsoft.SecurityInsights/bookmarks")
        equal(properties(s)["additionalData"]["bookmarksCount"], 1)
        info = s.arm("GET", "/bookmarks/b1").json()["properties"]["incidentInfo"]
        equal((info["incidentId"], info["title"], info["relationName"]), ("one", "Manual", "rel-1"))
        kept = s.arm("POST", "/incidents/one/bookmarks").json()["value"]
        equal([(b["kind"], b["properties"]["displayName"]) for b in kept], [("Bookmark", "Odd sign-in")])
        row = s.query("SecurityIncident | where IncidentName == 'one' | top 1 by TimeGenerated")[0]
        equal(json.loads(row["BookmarkIds"]), ["b1"])
        # The same from the other side.
        answer = s.arm("PUT", "/bookmarks/b1/relations/rel-2", relation("incidents", "two"))
        equal(answer.status, 201, answer)
        equal([r["properties"]["relatedResourceName"]
               for r in s.arm("GET", "/bookmarks/b1/relations").json()["value"]], ["one", "two"])
        equal(s.arm("PUT", "/bookmarks/b1/relations/rel-2", relation("incidents", "one")).status, 409)
        equal(s.arm("PUT", "/bookmarks/b1/relations/rel-3", relation("entities", "x")).status, 400)
        equal(s.arm("GET", "/bookmarks/b1/relations/rel-2").status, 200)
        equal(s.arm("DELETE", "/bookmarks/b1/relations/rel-2").status, 200)
        equal(s.arm("GET", "/bookmarks/b1/relations/rel-2").status, 404)
        equal(s.arm("PUT", "/bookmarks/b2", bookmark_body(incidentInfo={"incidentId": "two"})).status, 201)
        equal(properties(s, "two")["additionalData"]["bookmarksCount"], 1)
        equal(s.arm("PUT", "/bookmarks/b3", bookmark_body(incidentInfo={"incidentId": "no"})).status, 404)
        equal(s.arm("GET", "/bookmarks/b3").status, 404)
        timeline = own(s, "/incidents/one/timeline?$filter=kind%20eq%20'Bookmark'")["value"]
        equal(timeline[0]["properties"]["time"][:19], at(2)[:19])
        equal(s.arm("DELETE", "/bookmarks/b1").status, 200)
        equal(properties(s)["additionalData"]["bookmarksCount"], 0)
        for i in range(20):
            equal(s.arm("PUT", "/bookmarks/n%d" % i,
                        bookmark_body(incidentInfo={"incidentId": "one"})).status, 201)
        full = s.arm("PUT", "/bookmarks/more", bookmark_body(incidentInfo={"incidentId": "one"}))
        equal(full.status, 400, full)
        contains(full.message(), "at most 20 bookmarks")


def test_entities():
    with Server(clock=START) as s:
        first, _ = two_incidents(s)
        answer = s.arm("POST", "/incidents/%s/entities" % first["name"]).json()
        equal([(m["entityKind"], m["count"]) for m in answer["metaData"]], [("Account", 1), ("Ip", 1)])
        account, address = answer["entities"]
        equal((account["kind"], account["properties"]["accountName"], account["properties"]["upnSuffix"],
               account["properties"]["friendlyName"]),
              ("Account", "ann", "halden.example", "ann@halden.example"))
        equal(address["properties"]["address"], "203.0.113.7")
        equal(s.arm("GET", "/entities/" + account["name"]).json(), account)
        equal(s.arm("GET", "/entities/none").status, 404)
        listed = s.arm("GET", "/entities?$top=2").json()
        equal(len(listed["value"]), 2)
        rest = s.get(listed["nextLink"][len(s.url):]).json()
        equal(len({e["name"] for e in listed["value"] + rest["value"]}), 3)
        # A bookmark names the same account, so it is the same entity.
        equal(s.arm("PUT", "/bookmarks/b1", bookmark_body()).status, 201)
        equal(len(s.arm("GET", "/entities").json()["value"]), 3)
        queries = s.arm("GET", "/entityQueries?kind=Expansion").json()["value"]
        ids = {q["properties"]["displayName"]: q["name"] for q in queries
               if q["properties"]["inputEntityType"] == "Ip"}
        expanded = s.arm("POST", "/entities/%s/expand" % address["name"], {
            "expansionId": ids["Related alerts"], "startTime": at(-60), "endTime": at(60)}).json()
        equal([(m["entityKind"], m["count"]) for m in expanded["metaData"]["aggregations"]],
              [("SecurityAlert", 2)])
        equal(len(expanded["value"]["edges"]), 2)
        late = s.arm("POST", "/entities/%s/expand" % address["name"], {
            "expansionId": ids["Related alerts"], "startTime": at(50)}).json()
        equal(late["value"]["entities"], [])
        named = s.arm("POST", "/entities/%s/expand" % address["name"], {
            "expansionId": ids["Entities in the same alerts and bookmarks"]}).json()
        equal(sorted(e["properties"]["friendlyName"] for e in named["value"]["entities"]),
              ["ann@halden.example", "bob@halden.example"])
        wrong = s.arm("POST", "/entities/%s/expand" % account["name"],
                      {"expansionId": ids["Related alerts"]})
        equal(wrong.status, 400)
        contains(wrong.message(), "entityQueries")
        of_bookmark = [q["name"] for q in queries if q["properties"]["inputEntityType"] == "Bookmark"][0]
        equal(s.arm("POST", "/bookmarks/b1/expand", {"expansionId": of_bookmark}).json()["value"]
              ["entities"][0]["name"], account["name"])
        timeline = s.arm("POST", "/entities/%s/getTimeline" % account["name"],
                         {"startTime": at(-60), "endTime": at(60)}).json()
        equal([(m["kind"], m["count"]) for m in timeline["metaData"]["aggregations"]],
              [("Bookmark", 1), ("SecurityAlert", 1)])
        equal({i["displayName"] for i in timeline["value"]}, {"Odd sign-in", "Rule 1"})
        for bad in ({}, {"startTime": at(0), "endTime": "x"},
                    {"startTime": at(0), "endTime": at(1), "kinds": ["Dream"]}):
            equal(s.arm("POST", "/entities/%s/getTimeline" % account["name"], bad).status, 400, bad)
        relations = s.arm("GET", "/entities/%s/relations" % account["name"]).json()["value"]
        equal([r["properties"]["relatedResourceName"] for r in relations], ["b1"])
        equal(s.arm("GET", "/entities/%s/relations/b1" % account["name"]).status, 200)
        equal(s.arm("GET", "/entities/%s/relations/b2" % account["name"]).status, 404)
        alert = expanded["value"]["entities"][0]["name"]
        equal(len(s.arm("GET", "/entities/%s/relations" % alert).json()["value"]), 1)
        s.arm("PUT", "/incidents/x", incident_body())
        equal(s.arm("POST", "/incidents/x/entities").json(), {"entities": [], "metaData": []})
        contains(account["id"], BASE)


def test_looking_for_entities():
    with Server(clock=START) as s:
        first, second = two_incidents(s)
        own = "/vedette/v1/workspaces/%s/entities" % s.workspace()["id"]

        def names(query):
            answer = s.get(own + "?" + query).json()
            equal(answer["count"], len(answer["value"]), query)
            return sorted(e["name"] for e in answer["value"])

        equal(names(""), ["203.0.113.7", "ann@halden.example", "bob@halden.example"])
        equal(names("text=ANN%40halden"), ["ann@halden.example"])
        equal(names("text=halden.example&kind=Account"), ["ann@halden.example", "bob@halden.example"])
        equal(names("text=203.0.113&kind=Account"), [])
        equal(names("text=account"), [])
        equal(names("text=%25"), [])
        equal(names("text=%27%20OR%201%3D1%20--"), [])
        top = s.get(own + "?order=alerts&$top=1").json()
        equal((top["count"], top["next"], top["value"][0]["name"], top["value"][0]["alerts"]), (3, 1, "203.0.113.7", 2))
        rest = s.get(own + "?order=alerts&$top=2&skip=1").json()
        equal(([e["alerts"] for e in rest["value"]], "next" in rest), ([1, 1], False))
        address = own + "/" + top["value"][0]["id"]
        equal(sorted(i["name"] for i in s.get(address + "/incidents").json()["value"]),
              sorted([first["name"], second["name"]]))
        equal(s.get(address + "/incidents?to=2020-01-01T00:00:00Z").json()["value"], [])
        equal(s.get(own + "/none/incidents").status, 404)
        for bad in ("?$top=0", "?$top=x", "?skip=-1"):
            equal(s.get(own + bad).status, 400, bad)
        equal(s.get(address + "/incidents?from=x").status, 400)


# An entity of each kind that has insights.
KINDS = (("Account", "Name", "ann"), ("Host", "HostName", "web01"), ("IP", "Address", "203.0.113.7"),
         ("URL", "Url", "https://bad.example/x"), ("DNS", "DomainName", "bad.example"),
         ("AzureResource", "ResourceId", "/subscriptions/s1/resourceGroups/g"))


def test_insights():
    with Server(clock=START) as s:
        two_incidents(s)
        mappings = [{"entityType": kind, "fieldMappings": [{"identifier": name, "value": value}]}
                    for kind, name, value in KINDS]
        equal(s.arm("PUT", "/bookmarks/all", bookmark_body(entityMappings=mappings)).status, 201)
        found = s.arm("GET", "/entities").json()["value"]
        between = {"startTime": at(-60), "endTime": at(60)}
        seen = 0
        for entity in found:
            path = "/entities/%s/" % entity["name"]
            queries = s.arm("GET", path + "queries?kind=Insight").json()["value"]
            answer = s.arm("POST", path + "getInsights", between)
            equal(answer.status, 200, answer)
            equal(answer.json()["metaData"]["errors"], [], entity)
            equal(answer.json()["metaData"]["totalCount"], len(queries))
            seen += len(queries) > 0
        equal(seen, len(found))
        address = [e for e in found if e["kind"] == "Ip"][0]
        equal(s.arm("GET", "/entities/%s" % address["name"]).status, 200)
        one = s.arm("GET", "/entities/%s/queries" % address["name"]).json()["value"][0]
        equal(one["properties"]["displayName"], "Sign-ins from the address")
        result = s.arm("POST", "/entities/%s/getInsights" % address["name"],
                       {**between, "insightQueryIds": [one["name"]]}).json()["value"]
        equal(len(result), 1)
        equal([c["name"] for c in result[0]["tableQueryResults"]["columns"]],
              ["UserPrincipalName", "ResultType", "Count", "LastTime"])
        equal([row[:3] for row in result[0]["tableQueryResults"]["rows"]],
              [["ann@halden.example", "50126", "1"], ["bob@halden.example", "50126", "1"]])
        late = s.arm("POST", "/entities/%s/getInsights" % address["name"],
                     {"startTime": at(30), "endTime": at(60), "insightQueryIds": [one["name"]]}).json()
        equal(late["value"][0]["tableQueryResults"]["rows"], [])
        wide = s.arm("POST", "/entities/%s/getInsights" % address["name"],
                     {"startTime": at(30), "endTime": at(60), "insightQueryIds": [one["name"]],
                      "addDefaultExtendedTimeRange": True}).json()
        equal(len(wide["value"][0]["tableQueryResults"]["rows"]), 2)
        for bad in ({}, {"startTime": at(60), "endTime": at(0)}):
            equal(s.arm("POST", "/entities/%s/getInsights" % address["name"], bad).status, 400)
        # What is in an entity is a value of the query, whatever it looks like.
        equal(s.arm("PUT", "/bookmarks/odd", bookmark_body(entityMappings=[{
            "entityType": "IP", "fieldMappings": [{"identifier": "Address",
                                                   "value": "' | union SecurityAlert //"}]}])).status, 201)
        odd = [e for e in s.arm("GET", "/entities").json()["value"]
               if e["kind"] == "Ip" and "union" in e["properties"]["address"]][0]
        equal(s.arm("POST", "/entities/%s/getInsights" % odd["name"], between).json()["value"][0]
              ["tableQueryResults"]["rows"], [])
