"""Roles, assignments and scopes as Azure has them, and what they allow."""
import json
import sqlite3
import uuid

from vedette import Server, contains, equal, run

AUTH = "/providers/Microsoft.Authorization"
VERSION = "?api-version=2022-04-01"
READER = "8d289c81-5878-46d4-8554-54e1e3d8b5cb"  # Microsoft Sentinel Reader
RESPONDER = "3e150937-b8fe-4cfb-8069-0eaf05ecd056"


def arm_scope(s, *parts):
    name = s.workspace()["name"]
    return ("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/vedette/providers/"
            "Microsoft.OperationalInsights/workspaces/%s%s" % (name, "".join("/" + p for p in parts)))


def assign(s, principal, role, scope="", condition=None, name=None, token="operator", kind="roleAssignments"):
    properties = {"roleDefinitionId": "%s%s/roleDefinitions/%s" % (scope, AUTH, role),
                  "principalId": principal, "principalType": "ServicePrincipal"}
    if condition:
        properties.update(condition=condition, conditionVersion="2.0")
    return s.request("PUT", "%s%s/%s/%s%s" % (scope, AUTH, kind, name or uuid.uuid4(), VERSION),
                     {"properties": properties}, token=token)


def define(s, role_name, scope="/", token="operator", role_id=None, **permission):
    role_id = role_id or str(uuid.uuid4())
    made = s.request("PUT", "%s/roleDefinitions/%s%s" % (AUTH, role_id, VERSION), {"properties": {
        "roleName": role_name, "description": "of a test", "assignableScopes": [scope],
        "permissions": [permission]}}, token=token)
    return role_id, made


def value(answer):
    assert answer.status == 200, answer
    return answer.json()["value"]


def test_role_definitions():
    with Server() as s:
        built_in = value(s.get(AUTH + "/roleDefinitions" + VERSION + "&$filter=type%20eq%20'BuiltInRole'"))
        names = {x["properties"]["roleName"]: x for x in built_in}
        reader = names["Microsoft Sentinel Reader"]
        equal(reader["name"], READER)
        equal(reader["type"], "Microsoft.Authorization/roleDefinitions")
        equal(reader["properties"]["type"], "BuiltInRole")
        permission = reader["properties"]["permissions"][0]
        contains(permission["actions"], "Microsoft.SecurityInsights/*/read")
        contains(permission["notActions"], "Microsoft.SecurityInsights/ConfidentialWatchlists/*")
        equal(permission["dataActions"], [])

        role_id, made = define(s, "Bookmark keeper", actions=["Microsoft.SecurityInsights/bookmarks/*"])
        equal(made.status, 201)
        equal(made.json()["properties"]["type"], "CustomRole")
        path = AUTH + "/roleDefinitions/" + role_id + VERSION
        equal(s.get(path).json(), made.json())
        one = value(s.get(AUTH + "/roleDefinitions" + VERSION + "&$filter=roleName%20eq%20'Bookmark%20keeper'"))
        equal([x["name"] for x in one], [role_id])

        equal(define(s, "bookmark KEEPER", actions=["*"])[1].status, 409)
        equal(define(s, "Owner", actions=["*"])[1].status, 409)
        equal(define(s, "Mine", role_id=READER, actions=["*"])[1].status, 409)
        equal(define(s, "Mine", actions=["a b"])[1].status, 400)
        equal(define(s, "Mine", scope="/nonsense", actions=["*"])[1].status, 400)
        equal(s.get(AUTH + "/roleDefinitions?$filter=x%20eq%20'y'").status, 400)
        equal(s.get(AUTH + "/roleDefinitions/" + str(uuid.uuid4())).status, 404)
        equal(s.get(AUTH + "/roleDefinitions/nonsense").status, 400)

        app, _ = s.application()
        name = str(uuid.uuid4())
        equal(assign(s, app, role_id, name=name).status, 201)
        refused = s.request("DELETE", path)
        equal((refused.status, refused.json()["error"]["code"]), (409, "RoleDefinitionHasAssignments"))
        equal(s.request("DELETE", "%s/roleAssignments/%s" % (AUTH, name)).status, 200)
        equal(s.request("DELETE", path).status, 200)
        equal(s.request("DELETE", path).status, 204)


def test_role_assignments():
    with Server() as s:
        app, secret = s.application()
        token = s.token(app, secret)
        scope, name = arm_scope(s), str(uuid.uuid4())
        equal(s.arm("GET", "/incidents", token=token).status, 403)
        made = assign(s, app, READER, scope, name=name)
        equal(made.status, 201)
        got = made.json()
        equal(got["id"], "%s%s/roleAssignments/%s" % (scope, AUTH, name))
        equal(got["properties"]["scope"], scope)
        equal(got["properties"]["principalId"], app)
        equal(s.arm("GET", "/incidents", token=token).status, 200)
        again = assign(s, app, READER, scope)
        equal((again.status, again.json()["error"]["code"]), (409, "RoleAssignmentExists"))
        changed = assign(s, app, RESPONDER, scope, name=name)
        equal((changed.status, changed.json()["error"]["code"]), (409, "RoleAssignmentUpdateNotPermitted"))
        equal(assign(s, app, str(uuid.uuid4()), scope).status, 400)
        equal(assign(s, app, READER, scope, condition="@Resource[x] StringEquals 'y'").status, 400)
        equal(assign(s, app, READER, scope.replace("default", "nowhere")).status, 404)

        def names(at, filter_text=""):
            query = VERSION + ("&$filter=" + filter_text if filter_text else "")
            return [x["name"] for x in value(s.get(at + AUTH + "/roleAssignments" + query))]
        assert name in names("") and name in names(scope) and name in names(arm_scope(s, "tables", "Heartbeat"))
        assert name not in names("", "atScope()")
        equal(names("", "principalId%20eq%20'" + app + "'"), [name])
        equal(names("", "assignedTo('" + app + "')"), [name])
        equal(names("", "atScope()%20and%20assignedTo('" + app + "')"), [])
        equal(s.get(scope + AUTH + "/roleAssignments/" + name).json(), got)
        equal(s.get(AUTH + "/roleAssignments/" + name).status, 404)
        # As Azure's clients write it: an id behind '/', and a part that is empty.
        equal(s.get("/" + scope + AUTH + "/roleAssignments/" + name).json(), got)
        doubled = scope.replace("/workspaces/", "//workspaces/")
        equal(s.get(doubled + AUTH + "/permissions").json(), s.get(scope + AUTH + "/permissions").json())

        # Who has nothing to do with roles gives none; who reads can't.
        equal(assign(s, app, RESPONDER, scope, token=token).status, 403)
        equal(s.request("DELETE", scope + AUTH + "/roleAssignments/" + name, token=token).status, 403)
        equal(s.request("DELETE", scope + AUTH + "/roleAssignments/" + name).status, 200)
        equal(s.request("DELETE", scope + AUTH + "/roleAssignments/" + name).status, 204)
        equal(s.arm("GET", "/incidents", token=token).status, 403)


def test_actions_of_custom_roles():
    with Server() as s:
        app, secret = s.application()
        token = s.token(app, secret)
        role, _ = define(s, "Rules but not their deletion", actions=["microsoft.securityinsights/ALERTRULES/*"],
                         notActions=["Microsoft.SecurityInsights/*/delete"])
        assign(s, app, role)
        equal(s.arm("GET", "/alertRules", token=token).status, 200)
        equal(s.arm("PUT", "/alertRules/x", {}, token=token).status, 400)
        refused = s.arm("DELETE", "/alertRules/x", token=token)
        equal(refused.status, 403)
        contains(refused.message(), "Microsoft.SecurityInsights/alertRules/delete")
        equal(s.arm("GET", "/incidents", token=token).status, 403)
        # Rights add up, each role's notActions are its own.
        more, _ = define(s, "Deletes", actions=["Microsoft.SecurityInsights/alertRules/delete"])
        assign(s, app, more)
        equal(s.arm("DELETE", "/alertRules/x", token=token).status, 204)
        # A denial wins.
        equal(assign(s, app, more, kind="denyAssignments").status, 201)
        equal(s.arm("DELETE", "/alertRules/x", token=token).status, 403)
        equal(s.arm("GET", "/alertRules", token=token).status, 200)


def test_nobody_gives_more_than_it_administers():
    with Server() as s:
        app, secret = s.application({"role": "Owner", "workspace": s.workspace()["id"]})
        token = s.token(app, secret)
        other, _ = s.application()
        equal(assign(s, other, READER, arm_scope(s), token=token).status, 201)
        equal(assign(s, other, READER, token=token).status, 403)
        equal(define(s, "Everything", token=token, actions=["*"])[1].status, 403)
        equal(s.post("/vedette/v1/applications", {"name": "x", "roles": [{"role": "Owner"}]},
                     token=token).status, 403)
        contributor = s.token(*s.application("Contributor"))
        equal(s.arm("PUT", "/alertRules/x", {}, token=contributor).status, 400)
        equal(assign(s, other, RESPONDER, token=contributor).status, 403)
        equal(s.get("/vedette/v1/applications", token=contributor).status, 403)
        equal(s.post("/vedette/v1/backup", {}, token=contributor).status, 403)


def test_who_can():
    with Server() as s:
        reader, _ = s.application("Microsoft Sentinel Reader")
        responder, _ = s.application({"role": "Microsoft Sentinel Responder", "workspace": s.workspace()["id"]})
        found = value(s.get("/vedette/v1/access?action=Microsoft.SecurityInsights/incidents/write&scope="
                            + arm_scope(s)))
        ids = {x["principalId"]: x["role"] for x in found}
        equal(ids.get(responder), "Microsoft Sentinel Responder")
        assert reader not in ids, ids
        found = value(s.get("/vedette/v1/access?action=Microsoft.SecurityInsights/incidents/write"))
        assert responder not in {x["principalId"] for x in found}, found


def test_the_command_for_roles():
    with Server() as s:
        app, secret = s.application()
        where = s.workspace()["name"]
        def roles(*words, code=0):
            got, out, err = run("roles", *words, "--data", s.data)
            equal(got, code, err)
            return out if code == 0 else err
        contains(roles("list"), "Microsoft Sentinel Responder")
        contains(roles("show", "microsoft sentinel responder"), "Microsoft.SecurityInsights/incidents/*")
        contains(roles("assign", app, "Microsoft Sentinel Responder", "--scope", where), "has the role")
        equal(s.arm("GET", "/incidents", token=s.token(app, secret)).status, 200)
        contains(roles("assigned", app), "workspaces/" + where)
        contains(roles("who-can", "Microsoft.SecurityInsights/incidents/write", "--scope", where), app)
        contains(roles("assign", app, "King", code=1), "there is no role 'King'")
        contains(roles("assign", app, "Reader", "--condition", "nonsense", code=1), "condition: character 1")
        contains(roles("unassign", app, "Microsoft Sentinel Responder", code=1), "does not have that role")
        roles("unassign", app, "Microsoft Sentinel Responder", "--scope", where)
        equal(s.arm("GET", "/incidents", token=s.token(app, secret)).status, 403)


def test_roles_of_an_older_data_folder():
    with Server() as s:
        app, secret = s.application("Microsoft Sentinel Reader")
        owner, owner_secret = s.application("Owner")
        here, here_secret = s.application()
        workspace = s.workspace()["id"]
        s.stop()
        db = sqlite3.connect(s.data + "/state.db")
        roles = {app: [{"role": "microsoft sentinel reader"}, {"role": "Microsoft Sentinel Reader"}],
                 owner: [{"role": "Owner"}],
                 here: [{"role": "Microsoft Sentinel Responder", "workspace": workspace}]}
        db.execute("ALTER TABLE principals ADD COLUMN roles TEXT NOT NULL DEFAULT '[]'")
        for principal, list_of in roles.items():
            db.execute("UPDATE principals SET roles = ? WHERE id = ?", (json.dumps(list_of), principal))
        db.execute("ALTER TABLE principals ADD COLUMN secret_hash TEXT NOT NULL DEFAULT ''")
        db.execute("UPDATE principals SET secret_hash = (SELECT c.secret_hash FROM application_credentials AS c"
                   " WHERE c.application = principals.id)  WHERE kind = 'application'")
        db.execute("DELETE FROM principals WHERE kind <> 'application'")
        db.execute("ALTER TABLE principals DROP COLUMN kind")
        for later in ("workspace_settings", "backtests", "alert_claims", "sign_in_policies", "preferences", "provider_sessions", "provider_members", "identity_providers", "application_credentials", "used_tokens",
                      "api_keys", "sessions", "recovery_codes", "users",
                      "sign_in_failures", "tenants", "delegations"):
            db.execute("DROP TABLE %s" % later)
        db.execute("ALTER TABLE principals DROP COLUMN tenant")
        db.execute("DROP INDEX rules_by_kind")
        for column in ("shared", "rows_read", "bytes_read", "memory_bytes"):
            db.execute("ALTER TABLE rule_runs DROP COLUMN %s" % column)
        db.execute("ALTER TABLE rule_schedules DROP COLUMN missed")
        db.execute("DROP TABLE role_assignments")
        db.execute("DROP TABLE role_definitions")
        db.execute("PRAGMA user_version = 12")
        db.commit()
        db.close()
        s.start()
        token = s.token(app, secret)
        equal(s.arm("GET", "/incidents", token=token).status, 200)
        equal(s.arm("PUT", "/incidents/x", {}, token=token).status, 403)
        owner_token = s.token(owner, owner_secret)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}], token=owner_token).status, 204)
        equal(s.arm("PUT", "/incidents/x", {}, token=s.token(here, here_secret)).status, 400)
        listed = {x["clientId"]: x["roles"] for x in value(s.get("/vedette/v1/applications"))}
        equal([x["role"] for x in listed[app]], ["Microsoft Sentinel Reader"])
        equal(listed[here][0]["workspace"], workspace)


def test_tenants_know_nothing_of_each_others_roles():
    from test_tenants import Tenant
    with Server() as s:
        other = Tenant(s, "contoso")
        app, _ = s.application("Microsoft Sentinel Reader")
        role, made = define(s, "Ours alone", actions=["Microsoft.SecurityInsights/bookmarks/read"])
        equal(made.status, 201)
        name = str(uuid.uuid4())
        equal(assign(s, app, role, name=name).status, 201)
        path = "%s/roleAssignments/%s%s" % (AUTH, name, VERSION)

        assert app not in s.get(AUTH + "/roleAssignments" + VERSION, token=other.admin).text
        assert "Ours alone" not in s.get(AUTH + "/roleDefinitions" + VERSION, token=other.admin).text
        equal(s.get(path, token=other.admin).status, 404)
        equal(s.request("DELETE", path, token=other.admin).status, 204)
        equal(s.get(path).status, 200)
        # It neither gives anything to a principal of ours, nor changes what our roles mean.
        refused = assign(s, app, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", token=other.admin)
        equal(refused.status, 400)
        equal(define(s, "Ours alone", role_id=role, token=other.admin, actions=["*"])[1].status, 409)
        equal(s.request("DELETE", "%s/roleDefinitions/%s%s" % (AUTH, role, VERSION), token=other.admin).status, 204)
        theirs, _ = other.application()
        equal(assign(s, theirs, role, token=other.admin).status, 400)
        own, made = define(s, "Ours alone", token=other.admin, actions=["Microsoft.SecurityInsights/bookmarks/read"])
        equal(made.status, 201)
        equal(assign(s, theirs, own, token=other.admin).status, 201)
        equal(assign(s, theirs, own).status, 400)
