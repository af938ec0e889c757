"""SentinelAudit: what was changed through the API, what was refused, and who signed in."""
from vedette import Server, equal

START = "2026-03-01T00:00:00Z"
WORDS = ("SentinelAudit | project OperationName, Status, SentinelResourceName, SentinelResourceType, "
         "Who = tostring(ExtendedProperties.CallerName)")
TABLE = {"properties": {"schema": {"name": "Notes_CL", "columns": [{"name": "TimeGenerated", "type": "datetime"}]}}}


def row(operation, status, name, kind, who="operator"):
    return {"OperationName": operation, "Status": status, "SentinelResourceName": name, "SentinelResourceType": kind,
            "Who": who}


def told(s):
    return s.query(WORDS + " | where OperationName != 'Vedette/signIn/Action'")


def test_changes_are_told_once_and_reads_are_not():
    with Server(clock=START) as s:
        equal(s.arm("PUT", "/tables/Notes_CL", TABLE, provider=False).status, 200)
        equal(s.arm("PUT", "/tables/Notes_CL", {"properties": {"schema": {"name": "Notes_CL", "columns": [{"name": "a b", "type": "?"}]}}}, provider=False).status, 400)
        equal(s.arm("GET", "/tables/Notes_CL", provider=False).status, 200)
        equal(s.query("Notes_CL | count"), [{"Count": 0}])
        equal(s.post_logs("Custom-Notes_CL", [{"TimeGenerated": START}]).status, 204)
        equal(s.arm("DELETE", "/tables/Notes_CL", provider=False).status, 200)
        client_id, _ = s.application("Microsoft Sentinel Reader")
        equal(s.post("/vedette/v1/applications/%s/secret" % client_id).status, 200)
        rows = told(s)
        equal(len({r["Who"] for r in rows}), 1, rows)
        who = rows[0]["Who"]
        tables = "Microsoft.OperationalInsights/workspaces/tables"
        equal(rows, [row(tables + "/Write", "Success", "Notes_CL", "tables", who),
                     row(tables + "/Delete", "Success", "Notes_CL", "tables", who),
                     row("Vedette/applications/Action", "Success", "applications", "applications", who),
                     row("Vedette/applications/secret/Action", "Success", client_id, "applications", who)])


def test_what_belongs_to_rules_and_what_is_deleted_is_told():
    rule = {"kind": "Fusion", "properties": {"enabled": True, "alertRuleTemplateName": "f71aba3d-28fb-450b-b192-4e76a83015c8"}}
    action = {"properties": {"logicAppResourceId": "/subscriptions/x/resourceGroups/y/providers/Microsoft.Logic/workflows/z",
                             "triggerUri": "https://hooks.example/secret"}}
    with Server(clock=START) as s:
        equal(s.arm("PUT", "/alertRules/fusion", rule).status, 201)
        equal(s.arm("PUT", "/alertRules/fusion/actions/a1", action).status, 201)
        equal(s.arm("PUT", "/incidents/i1", {"properties": {"title": "x", "severity": "Low", "status": "New"}}).status, 201)
        equal(s.arm("DELETE", "/incidents/i1").status, 200)
        insights = "Microsoft.SecurityInsights/"
        equal([(r["OperationName"], r["SentinelResourceName"]) for r in told(s)],
              [(insights + "alertRules/Write", "fusion"), (insights + "alertRules/actions/Write", "a1"),
               (insights + "incidents/Delete", "i1")])
        equal(s.query("SentinelAudit | where * has 'secret' | count"), [{"Count": 0}])


def test_a_change_without_the_right_is_told():
    with Server(clock=START) as s:
        client_id, secret = s.application("Microsoft Sentinel Reader")
        token = s.token(client_id, secret)
        equal(s.arm("DELETE", "/tables/Syslog", provider=False, token=token).status, 403)
        equal(s.arm("DELETE", "/alertRules/x", token=token).status, 403)
        equal(s.post_logs("Microsoft-Syslog", [{}], token=token).status, 403)
        equal([r for r in told(s) if r["Who"] == "test"],
              [row("Microsoft.OperationalInsights/workspaces/tables/Delete", "Failure", "Syslog", "tables", "test"),
               row("Microsoft.SecurityInsights/alertRules/Delete", "Failure", "x", "alertRules", "test")])
        uri = s.query("SentinelAudit | where Status == 'Failure' | take 1 | project p = tostring(ExtendedProperties.Uri), "
                      "a = tostring(ExtendedProperties.CallerIpAddress), Reason = tostring(ExtendedProperties.Reason)")[0]
        assert uri["p"].endswith("/tables/Syslog"), uri
        equal((uri["a"], uri["Reason"]), ("127.0.0.1", "No role gives 'tables/write'."))


def test_sign_ins_are_told_and_guessing_does_not_flood():
    signs = ("SentinelAudit | where OperationName == 'Vedette/signIn/Action' | project Status, SentinelResourceName, "
             "Who = tostring(ExtendedProperties.CallerName), More = tolong(ExtendedProperties.RefusalsNotTold)")
    with Server(clock=START) as s:
        client_id, secret = s.application("Microsoft Sentinel Reader")
        equal(s.sign_in(client_id, secret).status, 200)
        for _ in range(5):
            equal(s.sign_in(client_id, "x" * 43).status, 401)
        one = {"Status": "Success", "SentinelResourceName": client_id, "Who": "test", "More": None}
        guess = {"Status": "Failure", "SentinelResourceName": client_id, "Who": client_id, "More": 0}
        equal(s.query(signs), [one, guess])
        s.move_clock("2026-03-01T00:01:00Z")
        equal(s.sign_in(client_id, "y" * 43).status, 401)
        equal(s.query(signs), [one, guess, {**guess, "More": 4}])
        secrets = s.query("SentinelAudit | where * has '%s' or * has '%s' | count" % ("x" * 43, secret))
        equal(secrets, [{"Count": 0}])
