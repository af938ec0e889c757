"""Queries in the context of a resource: its rows in all workspaces, by rights at the resource."""
import random

from test_rights import arm_scope, assign, define
from test_rights_tables import random_query
from vedette import Server, equal

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SENTINEL_READER = "8d289c81-5878-46d4-8554-54e1e3d8b5cb"
LOGS = "Microsoft.Insights/logs/"
SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555"
OTHER_SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-666666666666"
WEB, DB = SUBSCRIPTION + "/resourceGroups/web", SUBSCRIPTION + "/resourceGroups/db"
ARM = "?api-version=2023-09-01"


def machine(name, group=WEB):
    return group + "/providers/Microsoft.Compute/virtualMachines/" + name


RESOURCES = [machine("a"), machine("ab"), machine("b", DB), WEB + "/providers/Microsoft.Sql/servers/s/databases/d",
             machine("a", OTHER_SUBSCRIPTION + "/resourceGroups/web"), ""]


def records(s, workspace, table, rows):
    equal(s.post("/vedette/v1/workspaces/%s/records/%s?format=json" % (workspace, table), rows).status, 200)


def filled(s):
    """Heartbeats of each resource, here and in a workspace "other"."""
    made = s.request("PUT", "%s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/other" % SUBSCRIPTION + ARM,
                     {"location": "local"})
    equal(made.status, 201, made)
    here, other = s.workspace()["id"], made.json()["properties"]["customerId"]
    for i, workspace in enumerate((here, other)):
        records(s, workspace, "Heartbeat", [{"Computer": "w%d-r%d" % (i, k), "OSType": "Linux", "_ResourceId": r.lower()}
                                            for k, r in enumerate(RESOURCES)])
    records(s, here, "Syslog", [{"Computer": "w0-r0", "_ResourceId": RESOURCES[0]}])
    records(s, other, "Own_CL", [{"Computer": "w1-r0", "_ResourceId": RESOURCES[0]}])
    return here, other


def ask(s, resource, query, **more):
    return s.post("/v1" + resource + "/query", {"query": query}, **more)


def computers(answer):
    assert answer.status == 200, answer
    return sorted(row[0] for row in answer.json()["tables"][0]["rows"])


def with_role(s, role, scope):
    app, secret = s.application()
    made = assign(s, app, role, scope)
    equal(made.status, 201, made)
    return s.token(app, secret)


HEARTBEAT = "Heartbeat | project Computer"


def test_rows_lie_at_and_below_the_resource():
    with Server() as s:
        filled(s)
        expected = [(RESOURCES[0], [0]), (RESOURCES[1], [1]), (WEB, [0, 1, 3]), (SUBSCRIPTION, [0, 1, 2, 3]),
                    (RESOURCES[3], [3]), (WEB + "/providers/Microsoft.Sql/servers/s", [3]), (OTHER_SUBSCRIPTION, [4]),
                    (machine("absent"), []), (WEB + "2", [])]
        for resource, rows in expected:
            wanted = sorted("w%d-r%d" % (w, r) for w in (0, 1) for r in rows)
            for path in (resource, "/" + resource, resource.upper().replace("/SUBSCRIPTIONS", "/subscriptions")):
                equal((path, computers(ask(s, path, HEARTBEAT))), (path, wanted))
            equal(computers(s.get("/v1%s/query?query=%s" % (resource, HEARTBEAT.replace(" ", "%20").replace("|", "%7C")))), wanted)
        equal(ask(s, RESOURCES[0], "Heartbeat | summarize dcount(TenantId)").json()["tables"][0]["rows"], [[2]])
        # Every way to tables is the same.
        equal(computers(ask(s, RESOURCES[0], "union withsource=T * | summarize by T")), ["Heartbeat", "Own_CL", "Syslog"])
        equal(computers(ask(s, RESOURCES[2], "search 'w1' | project Computer")), ["w1-r2"])
        equal(computers(ask(s, RESOURCES[0], "Own_CL | project Computer")), ["w1-r0"])
        equal(computers(ask(s, RESOURCES[0], "workspace('other').Heartbeat | project Computer")), ["w1-r0"])
        equal(computers(ask(s, RESOURCES[0], "let T = Heartbeat; T | join kind=inner T on Computer | project Computer")), ["w0-r0", "w1-r0"])


def rights_of(answer):
    equal(answer.status, 200)
    found = answer.json()["permissions"]
    return {x["resourceId"]: x for x in found["resources"]}, {x["resourceId"]: x["tables"] for x in found["dataSources"]}


def test_answers_tell_of_rights():
    wanted = {"headers": {"Prefer": "wait=30,include-permissions=true"}}
    with Server() as s:
        filled(s)
        ids = [w["resourceId"] for w in s.get("/vedette/v1/workspaces").json()["value"]]
        equal("permissions" in s.ask("Heartbeat").json(), False)
        # Of a workspace: who reads everything is denied nothing.
        resources, sources = rights_of(s.ask("union Heartbeat, Syslog | take 1", prefer=wanted["headers"]["Prefer"]))
        own = arm_scope(s)
        equal((list(resources), resources[own]["denyTables"]), ([own], []))
        equal({x["resourceId"]: sorted(x["tables"]) for x in resources[own]["dataSources"]}, {own: ["Heartbeat", "Syslog"]})
        equal({k: sorted(x) for k, x in sources.items()}, {own: ["Heartbeat", "Syslog"]})
        app, secret = s.application()
        base = "Microsoft.OperationalInsights/workspaces/"
        role, _ = define(s, "heartbeats", actions=[base + "read", base + "query/read", base + "query/Heartbeat/read"])
        equal(assign(s, app, role, own).status, 201)
        token = s.token(app, secret)
        resources, sources = rights_of(s.ask("union withsource=T * | summarize by T", token=token, prefer=wanted["headers"]["Prefer"]))
        denied = resources[own]["denyTables"]
        # Also tables without a row are told, so that it says nothing of what is there; own ones never are.
        assert {"Syslog", "SecurityEvent", "DnsEvents"} <= set(denied) and not {"Heartbeat", "Own_CL"} & set(denied), denied
        equal(sources, {own: ["Heartbeat"]})
        # In the context of a resource: which workspaces had its logs.
        app, secret = s.application()
        role, _ = define(s, "heartbeats of a resource", actions=[LOGS + "Heartbeat/read"])
        equal(assign(s, app, role, WEB).status, 201)
        token = s.token(app, secret)
        resources, sources = rights_of(ask(s, RESOURCES[0], "Heartbeat | project Computer", token=token, **wanted))
        equal(list(resources), [RESOURCES[0]])
        assert "Syslog" in resources[RESOURCES[0]]["denyTables"] and "Heartbeat" not in resources[RESOURCES[0]]["denyTables"]
        equal((sorted(sources), set(map(tuple, sources.values()))), (sorted(ids), {("Heartbeat",)}))
        equal(sorted(x["resourceId"] for x in resources[RESOURCES[0]]["dataSources"]), sorted(ids))
        answer = s.ask("Heartbeat", prefer="include-dataSources=true").json()
        equal((answer["dataSources"], "permissions" in answer), ([{"resourceId": own, "tables": ["Heartbeat"]}], False))


def test_stored_functions_are_not_known():
    with Server() as s:
        filled(s)
        made = s.request("PUT", arm_scope(s, "savedSearches", "All") + "?api-version=2020-08-01", {"properties": {
            "category": "x", "displayName": "All", "functionAlias": "All", "query": "Heartbeat"}})
        equal(made.status, 200)
        equal(s.ask("All | count").status, 200)
        equal(ask(s, RESOURCES[0], "All | count").status, 400)
        equal(ask(s, RESOURCES[0], "_GetWatchlistAlias()").status, 200)


def test_rights_at_the_resource_count():
    with Server() as s:
        filled(s)
        token = with_role(s, READER, RESOURCES[0])
        equal(computers(ask(s, RESOURCES[0], HEARTBEAT, token=token)), ["w0-r0", "w1-r0"])
        # Of what lies around it those rows alone are there.
        for resource in (WEB, SUBSCRIPTION):
            equal(computers(ask(s, resource, HEARTBEAT, token=token)), ["w0-r0", "w1-r0"])
            equal(computers(ask(s, resource, "search 'w0' | project Computer", token=token)), ["w0-r0", "w0-r0"])
        refused = ask(s, RESOURCES[1], HEARTBEAT, token=token)
        equal((refused.status, refused.code()), (403, "InsufficientAccessError"))
        equal(ask(s, DB, HEARTBEAT, token=token).status, 403)
        # It is no right in the workspace.
        assert s.ask("Heartbeat", token=token).status in (403, 404)
        equal(ask(s, RESOURCES[0], "workspace('nothing').Heartbeat", token=token).status, 400)
        # A group, and what a role of tables lets.
        token = with_role(s, READER, WEB)
        equal(computers(ask(s, SUBSCRIPTION, HEARTBEAT, token=token)), sorted("w%d-r%d" % (w, r) for w in (0, 1) for r in (0, 1, 3)))
        role, _ = define(s, "Heartbeats of resources", actions=[LOGS + "Heartbeat/read"])
        token = with_role(s, role, RESOURCES[0])
        equal(len(computers(ask(s, RESOURCES[0], HEARTBEAT, token=token))), 2)
        equal(ask(s, RESOURCES[0], "Syslog", token=token).status, 400)
        equal(computers(ask(s, RESOURCES[0], "union withsource=T * | summarize by T", token=token)), ["Heartbeat"])
        role, _ = define(s, "All but Syslog", actions=[LOGS + "*/read"], notActions=[LOGS + "Syslog/read"])
        token = with_role(s, role, RESOURCES[0])
        equal(ask(s, RESOURCES[0], "Syslog", token=token).status, 400)
        equal(computers(ask(s, RESOURCES[0], "union withsource=T * | summarize by T", token=token)), ["Heartbeat", "Own_CL"])
        role, _ = define(s, "Custom logs", actions=[LOGS + "Tables.Custom/read"])
        token = with_role(s, role, RESOURCES[0])
        equal(computers(ask(s, RESOURCES[0], "union withsource=T * | summarize by T", token=token)), ["Own_CL"])
        # Sentinel's roles give none.
        equal(ask(s, RESOURCES[0], HEARTBEAT, token=with_role(s, SENTINEL_READER, "/")).status, 403)


def test_denials_take_resources_away():
    with Server() as s:
        filled(s)
        app, secret = s.application()
        equal(assign(s, app, READER, SUBSCRIPTION).status, 201)
        denied = s.request("PUT", RESOURCES[0] + "/providers/Microsoft.Authorization/denyAssignments/"
                           "7a0b1c2d-0000-0000-0000-000000000001?api-version=2022-04-01", {"properties": {
                               "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/" + READER, "principalId": app}})
        assert denied.status in (200, 201), denied
        token = s.token(app, secret)
        equal(computers(ask(s, WEB, HEARTBEAT, token=token)), ["w0-r1", "w0-r3", "w1-r1", "w1-r3"])
        equal(computers(ask(s, RESOURCES[0], HEARTBEAT, token=token)), [])


def test_the_workspace_may_ask_for_its_own_rights():
    with Server() as s:
        here, other = filled(s)
        scope = arm_scope(s)
        shown = s.get(scope + ARM).json()["properties"]["features"]
        equal(shown, {"enableLogAccessUsingOnlyResourcePermissions": True})
        app, secret = s.application()
        equal(assign(s, app, READER, RESOURCES[0]).status, 201)
        token = s.token(app, secret)
        features = lambda value: {"properties": {"features": {"enableLogAccessUsingOnlyResourcePermissions": value}}}
        changed = s.request("PATCH", scope + ARM, features(False))
        equal((changed.status, changed.json()["properties"]["features"]), (200, {"enableLogAccessUsingOnlyResourcePermissions": False}))
        equal(s.request("PATCH", scope + ARM, features("no")).status, 400)
        equal(computers(ask(s, RESOURCES[0], HEARTBEAT, token=token)), ["w1-r0"])
        # A right in the workspace for a table is one for its rows of the resource.
        role, _ = define(s, "Heartbeats", actions=["Microsoft.OperationalInsights/workspaces/query/" + x
                                                   for x in ("read", "Heartbeat/read")])
        equal(assign(s, app, role, scope).status, 201)
        equal(computers(ask(s, RESOURCES[0], HEARTBEAT, token=token)), ["w0-r0", "w1-r0"])
        equal(computers(ask(s, RESOURCES[0], "union withsource=T * | summarize by T", token=token)), ["Heartbeat", "Own_CL"])
        # A PUT that does not speak of it leaves it, and so does a restart.
        equal(s.request("PUT", scope + ARM, {"location": "local", "properties": {}}).status, 200)
        s.stop()
        s.start()
        equal(s.get(scope + ARM).json()["properties"]["features"]["enableLogAccessUsingOnlyResourcePermissions"], False)
        only = s.request("PATCH", "%s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/other" % SUBSCRIPTION + ARM, features(False))
        equal(only.status, 200)
        app, secret = s.application()
        equal(assign(s, app, READER, RESOURCES[0]).status, 201)
        equal(ask(s, RESOURCES[0], HEARTBEAT, token=s.token(app, secret)).status, 403)


def test_protected_tables_show_what_was_given_at_the_resource():
    from test_protected_tables import PRIVILEGED, protect
    with Server() as s:
        filled(s)
        equal(protect(s, "Heartbeat").status, 200)
        app, secret = s.application()
        equal(assign(s, app, READER, WEB).status, 201)
        token = s.token(app, secret)
        equal(computers(ask(s, WEB, HEARTBEAT, token=token)), ["w1-r0", "w1-r1", "w1-r3"])
        equal(assign(s, app, PRIVILEGED, RESOURCES[0]).status, 201)
        equal(computers(ask(s, WEB, HEARTBEAT, token=token)), ["w0-r0", "w1-r0", "w1-r1", "w1-r3"])
        # It gives nothing that one may not read otherwise.
        app, secret = s.application()
        equal(assign(s, app, PRIVILEGED, RESOURCES[0]).status, 201)
        equal(ask(s, RESOURCES[0], HEARTBEAT, token=s.token(app, secret)).status, 403)


def test_tenants_keep_their_resources():
    """The same resource id in two tenants: a role counts in its own."""
    from test_tenants import Tenant
    with Server() as s:
        filled(s)
        tenant = Tenant(s, "two")
        equal(computers(ask(s, RESOURCES[0], HEARTBEAT)), ["w0-r0", "w1-r0"])
        records(s, tenant.workspace, "Heartbeat", [{"Computer": "of-two", "_ResourceId": RESOURCES[0]}])
        equal(computers(ask(s, RESOURCES[0], HEARTBEAT, token=tenant.admin)), ["of-two"])
        first = with_role(s, READER, RESOURCES[0])
        equal(computers(ask(s, RESOURCES[0], HEARTBEAT, token=first)), ["w0-r0", "w1-r0"])
        equal(ask(s, RESOURCES[0], "workspace('%s').Heartbeat" % tenant.workspace, token=first).status, 400)


def test_what_is_refused():
    with Server() as s:
        filled(s)
        body = {"query": "Heartbeat", "workspaces": ["other"]}
        answer = s.post("/v1" + RESOURCES[0] + "/query", body)
        equal(answer.status, 400)
        assert "none can be named" in answer.text, answer
        equal(s.post("/v1" + RESOURCES[0] + "/query", {}).status, 400)
        equal(s.post("/v1" + RESOURCES[0] + "/query", {"query": "Heartbeat"}, token=None).status, 401)
        equal(s.post("/v1/subscriptions/%2e%2e%2fx/query", {"query": "Heartbeat"}).status, 400)
        equal(s.post("/v1/subscriptions/%s/query" % ("x" * 1100), {"query": "Heartbeat"}).status, 400)
        # A resource of a subscription itself; roles around it count.
        alone = SUBSCRIPTION + "/providers/Microsoft.Security/pricings/x"
        records(s, s.workspace()["id"], "Heartbeat", [{"Computer": "alone", "_ResourceId": alone}])
        equal(computers(ask(s, alone, HEARTBEAT, token=with_role(s, READER, SUBSCRIPTION))), ["alone"])
        equal(ask(s, alone, HEARTBEAT, token=with_role(s, READER, WEB)).status, 403)
        quoted = "/subscriptions/s/resourceGroups/g'%22)--/providers/P/t/r"
        equal(computers(s.post("/v1" + quoted + "/query", {"query": HEARTBEAT})), [])


def test_random_queries_see_what_a_smaller_database_holds():
    r = random.Random(11)
    with Server() as s, Server() as small:
        rows = [{"Computer": "%s%d" % (r.choice(["sparrow", "kestrel7731"]), i), "OSType": r.choice(["Linux", "Windows"]),
                 "Version": "1.%d" % i, "ComputerIP": "10.0.0.%d" % i, "_ResourceId": r.choice(RESOURCES)} for i in range(30)]
        seen = [x for x in rows if x["_ResourceId"] in (RESOURCES[0], RESOURCES[3])]
        records(s, s.workspace()["id"], "Heartbeat", rows)
        records(small, small.workspace()["id"], "Heartbeat", seen)
        for server in (s, small):
            records(server, server.workspace()["id"], "Syslog", [{"Computer": "sparrow", "_ResourceId": RESOURCES[0]}])
        app, secret = s.application()
        for scope in (RESOURCES[0], RESOURCES[3]):
            equal(assign(s, app, READER, scope).status, 201)
        token, good = s.token(app, secret), 0
        for i in range(40):
            text = random_query(r)
            got, expected = ask(s, SUBSCRIPTION, text, token=token), small.ask(text)
            equal((text, got.status), (text, expected.status))
            if got.status == 200:
                good += 1
                equal((text, got.json()["tables"][0]["rows"]), (text, expected.json()["tables"][0]["rows"]))
            if i == 20:
                equal(s.post("/vedette/v1/workspaces/%s/seal" % s.workspace()["id"], {}).status, 200)
        assert good > 20, good
