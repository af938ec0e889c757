"""Protected tables show no rows to roles that read everything; nor do tables where only data actions count."""
from test_rights import arm_scope, assign, define
from test_rights_tables import DATA_READER, LOG_CONTRIBUTOR, OI, READER, condition, heartbeats, names, table_is
from vedette import Server, contains, equal

PRIVILEGED = "dbc9c667-e97f-4491-aee6-90b9cf960190"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ARM = "?api-version=2025-02-01"
PROTECTION = "@Resource[%stables:protectionLevel] StringEquals 'Protected'" % OI


def protect(s, table, level="Protected", token="operator"):
    return s.request("PATCH", arm_scope(s, "tables", table) + ARM, {"properties": {"protectionLevel": level}}, token=token)


def caller(s, *roles):
    """A token of an application with these roles, each an id or (id, condition), and its id."""
    app, secret = s.application()
    for role in roles:
        role, text = role if isinstance(role, tuple) else (role, None)
        made = assign(s, app, role, arm_scope(s), **({"condition": condition(text)} if text else {}))
        equal(made.status, 201, made)
    return s.token(app, secret), app


def count(s, token, table="Heartbeat"):
    answer = s.ask(table + " | count", token=token)
    return answer.json()["tables"][0]["rows"][0][0] if answer.status == 200 else answer.status


def test_rows_are_there_for_who_was_given_them():
    with Server() as s:
        heartbeats(s)
        reader, app = caller(s, READER)
        owner, _ = caller(s, OWNER)
        equal(count(s, reader), 20)
        equal(protect(s, "Heartbeat").json()["properties"]["protectionLevel"], "Protected")
        equal(s.get(arm_scope(s, "tables", "Syslog") + ARM).json()["properties"]["protectionLevel"], "General")
        for token in (reader, owner, caller(s, DATA_READER)[0], caller(s, (DATA_READER, table_is("Heartbeat")))[0]):
            equal(count(s, token), 0)  # the table is there, without rows
            equal(names(s.ask("search 'sparrow' | project Computer", token=token)) - {"sparrow"}, set())
        equal((count(s, reader, "Syslog"), count(s, owner, "Syslog")), (1, 1))
        equal(count(s, caller(s, (DATA_READER, table_is("Syslog")))[0]), 400)  # for whom there was none before
        equal(count(s, "operator"), 20)
        # The role for it, beside one that queries; a condition that names the protection.
        equal(count(s, caller(s, READER, PRIVILEGED)[0]), 20)
        equal(count(s, caller(s, PRIVILEGED)[0]), 403)
        both, _ = caller(s, READER, (DATA_READER, "%s AND %s" % (table_is("Heartbeat"), PROTECTION)))
        equal((count(s, both), count(s, both, "Syslog")), (20, 1))
        some, _ = caller(s, READER, (DATA_READER, "%s AND @Resource[%stables/record:OSType] StringEquals 'Linux'" % (PROTECTION, OI)))
        equal(count(s, some), 15)
        # Given later, and taken away; general again.
        made = assign(s, app, PRIVILEGED, arm_scope(s))
        equal(count(s, reader), 20)
        equal(s.request("DELETE", made.json()["id"] + "?api-version=2022-04-01").status, 200)
        equal(count(s, reader), 0)
        s.stop()
        s.start()
        equal(count(s, s.token(*s.application("Reader"))), 0)
        equal(protect(s, "Heartbeat", "General").status, 200)
        equal(count(s, s.token(*s.application("Reader"))), 20)


def test_who_protects_tables():
    with Server() as s:
        heartbeats(s)
        role, _ = define(s, "Tables", actions=[OI + "tables/write", OI + "tables/read"])
        token, _ = caller(s, role, READER)
        refused = protect(s, "Heartbeat", token=token)
        equal(refused.status, 403)
        contains(refused.message(), "tables/protectionLevel/write")
        equal(protect(s, "Heartbeat", token=caller(s, LOG_CONTRIBUTOR)[0]).status, 200)
        equal(protect(s, "Heartbeat", "Secret").status, 400)
        equal(protect(s, "Absent_CL").status, 404)
        # A PUT that says nothing of it uncovers nothing, and a table that goes takes it along.
        s.post("/vedette/v1/workspaces/%s/records/Own_CL?format=json" % s.workspace()["id"], [{"A": "x"}])
        path, body = arm_scope(s, "tables", "Own_CL") + ARM, {"properties": {"schema": {"name": "Own_CL", "columns": [
            {"name": "TimeGenerated", "type": "dateTime"}, {"name": "A", "type": "string"}]}}}
        equal(protect(s, "Own_CL").status, 200)
        equal(s.request("PUT", path, body).json()["properties"]["protectionLevel"], "Protected")
        equal(s.request("DELETE", path).status, 200)
        equal(s.request("PUT", path, body).json()["properties"]["protectionLevel"], "General")


def test_nothing_that_runs_by_itself_shows_them():
    with Server() as s:
        heartbeats(s)
        equal(protect(s, "Heartbeat").status, 200)
        token, _ = caller(s, OWNER)
        summary = {"properties": {"ruleType": "User", "ruleDefinition": {
            "query": "Heartbeat | summarize count() by Computer", "binSize": 60, "destinationTable": "Sum_CL"}}}
        refused = s.request("PUT", arm_scope(s, "summaryLogs", "x") + "?api-version=2025-07-01", summary, token=token)
        equal(refused.status, 400)
        contains(refused.message(), "some rows of the table 'Heartbeat'")
        listed = s.get("/vedette/v1/workspaces/%s/tables" % s.workspace()["id"], token=token)
        assert "Heartbeat" not in listed.text, listed
        equal(s.post("/vedette/v1/workspaces/%s/explain" % s.workspace()["id"], {"query": "Heartbeat"}, token=token).status, 403)


def test_data_actions_only():
    with Server() as s:
        heartbeats(s)
        mode = lambda value: s.request("PATCH", arm_scope(s) + ARM, {"properties": {"features": {"dataAuthorizationMode": value}}})
        reader, data = caller(s, READER)[0], caller(s, (DATA_READER, table_is("Heartbeat")))[0]
        equal(mode("DataActionsOnly").json()["properties"]["features"]["dataAuthorizationMode"], "DataActionsOnly")
        equal((count(s, reader), count(s, data), count(s, data, "Syslog"), count(s, "operator")), (400, 20, 400, 20))
        equal(mode("Other").status, 400)
        assert "dataAuthorizationMode" not in mode(None).json()["properties"]["features"]
        equal(count(s, reader), 20)


def test_display_names():
    with Server() as s:
        name = lambda text: s.request("PATCH", arm_scope(s) + ARM, {"properties": {"displayName": text}})
        equal(s.workspace()["displayName"], "default")
        equal(name("Zürich, production").json()["properties"]["displayName"], "Zürich, production")
        equal((s.workspace()["displayName"], s.workspace()["name"]), ("Zürich, production", "default"))
        equal(s.ask("workspace('default').Heartbeat | count").status, 200)
        for bad in ("x" * 129, "a\nb", 1):
            equal(name(bad).status, 400)
        from vedette import run
        equal(run("workspaces", "rename", "default", "Second", data=s.data)[0], 0)
        equal(s.workspace()["displayName"], "Second")
        contains(run("workspaces", "list", data=s.data)[1], "Second")
        equal(run("workspaces", "rename", "default", data=s.data)[0], 0)
        equal(s.workspace()["displayName"], "default")
