"""Tenants: directories of their own, their workspaces, and what one may do in another."""
import contextlib
import http.client
import json
import threading
import uuid

from test_rights import value
from vedette import Server, contains, equal, run, until


class Tenant:
    """A tenant of the server with an administrator and a workspace."""

    def __init__(self, server, name, workspace="default"):
        self.server, self.name = server, name
        made = server.post("/vedette/v1/tenants", {"name": name})
        equal(made.status, 201, made)
        self.id = made.json()["tenant"]["id"]
        admin = made.json()["administrator"]
        self.admin = self.token(admin["clientId"], admin["clientSecret"])
        self.workspace = self.make(workspace) if workspace else None

    def sign_in(self, client_id, secret):
        self.server.tenant, home = self.id, self.server.tenant
        try:
            return self.server.sign_in(client_id, secret)
        finally:
            self.server.tenant = home

    def token(self, client_id, secret):
        answer = self.sign_in(client_id, secret)
        equal(answer.status, 200, answer)
        return answer.json()["access_token"]

    def path(self, name, subscription=None):
        return ("/subscriptions/%s/resourceGroups/soc/providers/Microsoft.OperationalInsights/"
                "workspaces/%s" % (subscription or self.id, name))

    def request(self, method, path, body=None, token=None):
        join = "&" if "?" in path else "?"
        return self.server.request(method, path + join + "api-version=2023-09-01", body,
                                   token=token or self.admin)

    def make(self, name):
        made = self.request("PUT", self.path(name), {"location": "local", "properties": {}})
        assert made.status in (200, 201), made
        return made.json()["properties"]["customerId"]

    def application(self, *roles, workspace=None):
        grants = [{"role": r, **({"workspace": workspace} if workspace else {})} for r in roles]
        made = self.server.post("/vedette/v1/applications", {"name": "app", "roles": grants},
                                token=self.admin)
        equal(made.status, 201, made)
        return made.json()["clientId"], made.json()["clientSecret"]

    def send(self, workspace, records, token=None, table="Secret_CL"):
        path = "/vedette/v1/workspaces/%s/records/%s?format=ndjson" % (workspace, table)
        answer = self.server.post(path, "\n".join(json.dumps(r) for r in records),
                                  token=token or self.admin,
                                  headers={"Content-Type": "application/x-ndjson"})
        assert answer.status in (200, 204), answer

    def ask(self, kql, workspace=None, token=None, **body):
        return self.server.post("/v1/workspaces/%s/query" % (workspace or self.workspace),
                                {"query": kql, **body}, token=token or self.admin)

    def rows(self, kql, **more):
        answer = self.ask(kql, **more)
        equal(answer.status, 200, answer)
        return answer.json()["tables"][0]["rows"]


def test_the_first_tenant_stays_what_it_was():
    with Server() as s:
        tenants = s.get("/vedette/v1/tenants").json()["value"]
        equal(len(tenants), 1)
        equal(tenants[0]["id"], s.tenant)
        equal(tenants[0]["first"], True)
        s.stop().start()
        equal(s.get("/vedette/v1/tenants").json()["value"][0]["id"], s.tenant)
        equal(s.workspace()["tenant"], s.tenant)
        equal(s.request("DELETE", "/vedette/v1/tenants/" + s.tenant).status, 409)


def test_tenants_are_made_renamed_and_deleted():
    with Server() as s:
        t = Tenant(s, "Contoso", workspace=None)
        equal(s.post("/vedette/v1/tenants", {"name": "contoso"}).status, 409)
        equal(s.post("/vedette/v1/tenants", {"name": ""}).status, 400)
        equal(s.post("/vedette/v1/tenants", {"name": "a/b"}).status, 400)
        equal(s.get("/vedette/v1/tenants/Contoso").json()["id"], t.id)
        renamed = s.request("PATCH", "/vedette/v1/tenants/" + t.id, {"name": "Fabrikam"}, token=t.admin)
        equal(renamed.json()["name"], "Fabrikam")
        stale = s.request("PATCH", "/vedette/v1/tenants/" + t.id, {"name": "x"},
                          headers={"If-Match": str(uuid.uuid4())})
        equal(stale.status, 409, stale)
        # Limits are not the tenant's own to set.
        limits = {"limits": {"workspaces": 1}}
        equal(s.request("PATCH", "/vedette/v1/tenants/" + t.id, limits, token=t.admin).status, 403)
        equal(s.request("PATCH", "/vedette/v1/tenants/" + t.id, limits).status, 200)
        t.workspace = t.make("one")
        refused = t.request("PUT", t.path("two"), {"location": "local"})
        equal(refused.status, 400, refused)
        contains(refused.message(), "its limit")
        equal(s.request("DELETE", "/vedette/v1/tenants/" + t.id).status, 409)
        equal(t.request("DELETE", t.path("one") + "?force=true").status, 200)
        equal(s.request("DELETE", "/vedette/v1/tenants/" + t.id).status, 200)
        equal(s.request("DELETE", "/vedette/v1/tenants/" + t.id).status, 204)
        equal(s.get("/vedette/v1/tenants", token=t.admin).status, 401)
        made = s.request("PUT", "/vedette/v1/tenants/" + t.id, {"name": "Again", "administrator": False})
        equal(made.status, 201, made)
        assert "administrator" not in made.json(), made


def test_a_workspace_is_deleted_and_recovered():
    with Server(clock="2026-01-01T00:00:00Z") as s:
        t = Tenant(s, "Contoso")
        t.send(t.workspace, [{"TimeGenerated": "2026-01-01T00:00:00Z", "Word": "kept"}])
        rule = {"kind": "Scheduled", "properties": {
            "displayName": "r", "enabled": True, "severity": "Low", "query": "Secret_CL",
            "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan",
            "triggerThreshold": 0, "suppressionEnabled": False, "suppressionDuration": "PT1H"}}
        rules = t.path("default") + "/providers/Microsoft.SecurityInsights/alertRules/r1"
        equal(t.request("PUT", rules, rule).status, 201)
        equal(t.request("DELETE", t.path("default")).status, 200)
        equal(t.request("DELETE", t.path("default")).status, 204)
        equal(t.ask("Secret_CL").status, 404)
        equal(t.request("GET", t.path("default")).status, 404)
        gone = t.request("GET", "/vedette/v1/deletedWorkspaces").json()["value"]
        equal([g["properties"]["customerId"] for g in gone], [t.workspace])
        equal(s.request("DELETE", "/vedette/v1/tenants/" + t.id).status, 409)
        s.stop().start()
        t.admin = s.operator
        equal(t.ask("Secret_CL").status, 404)
        # As in Azure, making it again brings it back.
        equal(t.make("default"), t.workspace)
        equal(t.rows("Secret_CL | project Word"), [["kept"]])
        equal(t.request("GET", rules).status, 200)
        equal(t.request("DELETE", t.path("default")).status, 200)
        equal(s.post("/vedette/v1/deletedWorkspaces/%s/recover" % t.workspace).status, 200)
        equal(t.rows("Secret_CL | count"), [[1]])
        # After 14 days it is gone for good.
        equal(t.request("DELETE", t.path("default")).status, 200)
        s.move_clock("2026-01-15T00:00:00Z")
        equal(t.request("GET", "/vedette/v1/deletedWorkspaces").json()["value"], [])
        equal(s.post("/vedette/v1/deletedWorkspaces/%s/recover" % t.workspace).status, 404)
        s.stop().start(clock="2026-01-15T00:00:01Z")
        t.admin = s.operator
        fresh = t.make("default")
        assert fresh != t.workspace
        equal(t.request("GET", rules).status, 404)


def test_a_token_is_of_one_directory():
    with Server() as s:
        x, y = Tenant(s, "X"), Tenant(s, "Y")
        app = x.application("Microsoft Sentinel Reader")
        equal(x.sign_in(*app).status, 200)
        wrong = y.sign_in(app[0], "x" * 43)
        refused = y.sign_in(*app)
        equal((refused.status, refused.json()["error_description"]),
              (wrong.status, wrong.json()["error_description"]))
        nobody = Tenant.sign_in(type("T", (), {"server": s, "id": str(uuid.uuid4())})(), *app)
        equal(nobody.status, 400, nobody)
        found = s.get("/%s/v2.0/.well-known/openid-configuration" % y.id, token=None).json()
        contains(found["issuer"], y.id)
        contains(found["token_endpoint"], y.id)
        equal(s.get("/%s/v2.0/.well-known/openid-configuration" % uuid.uuid4(), token=None).status,
              400)


def test_delegation_takes_two_and_ends_at_once():
    with Server(clock="2026-01-01T00:00:00Z") as s:
        soc, customer = Tenant(s, "SOC"), Tenant(s, "Customer")
        customer.send(customer.workspace, [{"Word": "theirs"}])
        app = soc.application("Microsoft Sentinel Reader")
        token = soc.token(*app)
        offer = {"managingTenant": soc.id, "managedTenant": "Customer", "principalId": app[0],
                 "role": "Microsoft Sentinel Responder", "expires": "2026-02-01T00:00:00Z"}
        path = "/vedette/v1/tenants/%s/delegations"
        equal(s.post(path % soc.id, {**offer, "role": "Owner"}, token=soc.admin).status, 400)
        equal(s.post(path % soc.id, {**offer, "managedTenant": "Nobody"}, token=soc.admin).status,
              404)
        made = s.post(path % soc.id, offer, token=soc.admin)
        equal(made.status, 201, made)
        one = "/%s" % made.json()["id"]
        equal(made.json()["status"], "Offered")
        equal(customer.ask("Secret_CL", token=token).status, 404)
        equal(customer.sign_in(*app).status, 401)
        # The side that offers does not approve; a third one does not see it.
        other = Tenant(s, "Other", workspace=None)
        equal(s.post(path % soc.id + one + "/approve", token=soc.admin).status, 409)
        equal(s.post(path % customer.id + one + "/approve", token=soc.admin).status, 404)
        equal(s.get(path % other.id + one, token=other.admin).status, 404)
        equal(s.post(path % customer.id + one + "/approve", token=customer.admin).status, 200)
        # The same token reaches both, with the role that each gave.
        equal(customer.rows("Secret_CL | project Word", token=token), [["theirs"]])
        equal(soc.ask("print 1", token=token).status, 200)
        rule = customer.path("default") + "/providers/Microsoft.SecurityInsights/alertRules/x"
        equal(customer.request("PUT", rule, {}, token=token).status, 403)
        there = customer.token(*app)
        equal(customer.rows("print 1", token=there), [[1]])
        seen = [t["displayName"] for t in s.get("/tenants", token=token).json()["value"]]
        equal(sorted(seen), ["Customer", "SOC"])
        equal(s.post(path % customer.id + one + "/revoke", token=customer.admin).status, 200)
        equal(customer.ask("Secret_CL", token=token).status, 404)
        equal(customer.ask("Secret_CL", token=there).status, 401)
        for t in (soc, customer):
            told = t.rows("SentinelAudit | where OperationName startswith 'Vedette/delegations' "
                          "| project OperationName | sort by OperationName asc")
            equal([r[0] for r in told], ["Vedette/delegations/Write",
                                         "Vedette/delegations/approve/Action",
                                         "Vedette/delegations/revoke/Action"], t.name)


def test_a_delegation_expires_by_the_clock():
    with Server(clock="2026-01-01T00:00:00Z") as s:
        soc, customer = Tenant(s, "SOC"), Tenant(s, "Customer")
        app = soc.application("Log Analytics Reader")
        offer = {"managingTenant": soc.id, "managedTenant": customer.id, "principalId": app[0],
                 "role": "Log Analytics Reader", "workspace": "default",
                 "expires": "2026-01-01T00:10:00Z"}
        made = s.post("/vedette/v1/tenants/%s/delegations" % customer.id, offer, token=customer.admin)
        equal(made.status, 201, made)
        one = "/vedette/v1/tenants/%s/delegations/%s" % (soc.id, made.json()["id"])
        equal(s.post(one + "/approve", token=soc.admin).json()["status"], "Active")
        token = soc.token(*app)
        equal(customer.ask("print 1", token=token).status, 200)
        s.move_clock("2026-01-01T00:10:00Z")
        equal(customer.ask("print 1", token=token).status, 404)
        equal(s.get(one, token=soc.admin).json()["status"], "Expired")


def incident(t, title, token=None):
    path = t.path("default") + "/providers/Microsoft.SecurityInsights/incidents/" + str(uuid.uuid4())
    made = t.request("PUT", path, {"properties": {"title": title, "severity": "High",
                                                  "status": "New"}}, token=token)
    equal(made.status, 201, made)


def test_queries_over_several_workspaces_by_right():
    with Server() as s:
        x, y = Tenant(s, "X"), Tenant(s, "Y")
        second = x.make("second")
        x.send(x.workspace, [{"Word": "one"}])
        x.send(second, [{"Word": "two"}, {"Word": "three"}])
        x.send(second, [{"Word": "other"}], table="SecretMore_CL")
        y.send(y.workspace, [{"Word": "theirs"}])
        for name in ("second", second, x.path("second"), "%s/soc/second" % x.id):
            equal(x.rows('workspace("%s").Secret_CL | count' % name), [[2]], name)
        equal(x.rows('database("second").Secret_CL | count'), [[2]])
        equal(x.rows('union Secret_CL, workspace("second").Secret_CL '
                     '| summarize n = count() by TenantId | sort by n asc'),
              [[x.workspace, 1], [second, 2]])
        equal(x.rows('union workspace("second").Secret* | count'), [[3]])
        equal(x.rows("Secret_CL | count", workspaces=["second"]), [[3]])
        equal(x.rows("Secret_CL | count", additionalWorkspaces=[x.path("second")]), [[3]])
        equal(x.rows("union Secret* | count", workspaces=[second, "default"]), [[4]])
        equal(x.rows("SecretMore_CL | count", workspaces=["second"]), [[1]])
        got = s.get("/v1/workspaces/%s/query?query=Secret_CL%%7Ccount&workspaces=second" % x.workspace,
                    token=x.admin)
        equal(got.json()["tables"][0]["rows"], [[3]])
        # Another tenant's workspace is as one that is not there.
        for name in (y.workspace, y.path("default"), "%s/soc/default" % y.id):
            refused = x.ask('workspace("%s").Secret_CL' % name)
            nothing = x.ask('workspace("%s").Secret_CL' % uuid.uuid4())
            equal(refused.status, 400, refused)
            equal(nothing.status, 400)
            assert "theirs" not in refused.text
            equal(x.ask("Secret_CL", workspaces=[name]).status, 400)
            equal(x.rows('union isfuzzy=true Secret_CL, workspace("%s").Secret_CL | count' % name),
                  [[1]])
        # Nor is one of the same tenant where the caller has no role.
        narrow = x.token(*x.application("Log Analytics Reader", workspace=x.workspace))
        equal(x.ask('workspace("second").Secret_CL', token=narrow).status, 400)
        equal(x.ask("Secret_CL", token=narrow, workspaces=["second"]).status, 400)
        equal(x.rows("Secret_CL | count", token=narrow), [[1]])
        # Names that only a function of another workspace would know are not looked up there.
        equal(x.ask('workspace("second").nothing()').status, 400)


def test_one_query_in_every_tenant():
    with Server() as s:
        x, y, z = Tenant(s, "X"), Tenant(s, "Y"), Tenant(s, "Z")
        x.send(x.workspace, [{"Word": "x"}])
        y.send(y.workspace, [{"Word": "y"}, {"Word": "yy"}])
        app = x.application("Log Analytics Reader")
        for t in (y, z):
            offer = {"managingTenant": x.id, "managedTenant": t.id, "principalId": app[0],
                     "role": "Log Analytics Reader"}
            made = s.post("/vedette/v1/tenants/%s/delegations" % t.id, offer, token=t.admin).json()
            one = "/vedette/v1/tenants/%s/delegations/%s/approve" % (x.id, made["id"])
            equal(s.post(one, token=x.admin).status, 200)
        token = x.token(*app)
        query = {"query": "Secret_CL | project Word"}
        found = s.post("/vedette/v1/hunting/multi", query, token=token).json()
        equal(found["status"], "PartiallySucceeded")
        equal({t["name"]: t["status"] for t in found["tenants"]},
              {"X": "Succeeded", "Y": "Succeeded", "Z": "Failed"})
        contains([t["error"]["message"] for t in found["tenants"] if t["name"] == "Z"][0],
                 "Secret_CL")
        equal([c["name"] for c in found["tables"][0]["columns"]],
              ["TenantId", "WorkspaceId", "Word"])
        equal(sorted(found["tables"][0]["rows"]),
              sorted([[x.id, x.workspace, "x"], [y.id, y.workspace, "y"],
                      [y.id, y.workspace, "yy"]]))
        # One is asked again, alone.
        z.send(z.workspace, [{"Word": "z"}])
        again = s.post("/vedette/v1/hunting/multi", {**query, "tenants": [z.id]}, token=token).json()
        equal(again["status"], "Succeeded")
        equal(again["tables"][0]["rows"], [[z.id, z.workspace, "z"]])
        # Who is not let in learns nothing.
        alone = s.post("/vedette/v1/hunting/multi", {**query, "tenants": [x.id, y.id, str(uuid.uuid4())]},
                       token=x.admin).json()
        equal([t["status"] for t in alone["tenants"]], ["Succeeded", "Failed", "Failed"])
        equal(alone["tenants"][1]["error"]["code"], alone["tenants"][2]["error"]["code"])
        equal(alone["tenants"][1]["name"], y.id)
        equal(len(alone["tables"][0]["rows"]), 1)
        equal(s.post("/vedette/v1/hunting/multi", {"query": " "}, token=token).status, 400)
        equal(s.post("/vedette/v1/hunting/multi", {**query, "tenants": []}, token=token).status, 400)


def test_incidents_of_many_workspaces():
    with Server(clock="2026-01-01T00:00:00Z") as s:
        x, y = Tenant(s, "X"), Tenant(s, "Y")
        for i in range(3):
            incident(x, "x%d" % i)
            incident(y, "y%d" % i)
            s.move_clock("2026-01-01T00:0%d:00Z" % (i + 1))
        def titles(answer):
            return [i["incident"]["properties"]["title"] for i in answer.json()["value"]]
        equal(titles(s.get("/vedette/v1/incidents", token=x.admin)), ["x2", "x1", "x0"])
        equal(s.get("/vedette/v1/incidents?workspaces=" + y.workspace, token=x.admin).status, 404)
        both = "/vedette/v1/incidents?workspaces=%s,%s" % (x.workspace, y.workspace)
        first = s.get(both + "&$top=4")
        equal(len(titles(first)), 4)
        rest = s.get(first.json()["nextLink"][len(s.url):] if
                     first.json()["nextLink"].startswith(s.url) else first.json()["nextLink"])
        equal(sorted(titles(first) + titles(rest)), ["x0", "x1", "x2", "y0", "y1", "y2"])
        ordered = s.get(both + "&$orderby=properties/title%20asc")
        one = ordered.json()["value"][0]
        equal((one["tenant"]["name"], one["workspace"]["id"]), ("X", x.workspace))
        high = s.get(both + "&$filter=properties/title%20eq%20%27y1%27")
        equal(titles(high), ["y1"])


def test_caps_and_shares_are_of_one_tenant():
    with Server("--query-workers", "2", clock="2026-01-01T00:00:00Z") as s:
        x, y = Tenant(s, "X"), Tenant(s, "Y")
        equal(s.request("PATCH", "/vedette/v1/tenants/" + x.id,
                        {"limits": {"dailyMegabytes": 1, "queries": 1}}).status, 200)
        big = [{"Word": "w" * 30000} for _ in range(40)]
        x.send(x.workspace, big)
        other = x.make("second")
        path = "/vedette/v1/workspaces/%s/records/Secret_CL?format=ndjson"
        refused = s.post(path % other, json.dumps({"Word": "a"}), token=x.admin,
                         headers={"Content-Type": "application/x-ndjson"})
        equal(refused.status, 429, refused)
        contains(refused.text, "dailyMegabytes")
        y.send(y.workspace, big)
        s.stop().start(clock="2026-01-01T00:01:00Z")
        refused = s.post(path % other, json.dumps({"Word": "a"}),
                         headers={"Content-Type": "application/x-ndjson"})
        equal(refused.status, 429, refused)


def test_a_tenant_leaves_query_workers_to_others():
    with Server("--query-workers", "2") as s:
        x, y = Tenant(s, "X"), Tenant(s, "Y")
        slow = ("range a from 1 to 100000000 step 1 | extend h = hash_sha256(tostring(a)) "
                "| summarize max(h)")
        answers = []

        def ask_slowly():
            with contextlib.suppress(OSError, http.client.HTTPException):  # the server's end
                answers.append(x.ask(slow).status)

        threads = [threading.Thread(target=ask_slowly) for _ in range(4)]
        for t in threads:
            t.start()
        # Only one of the two workers is X's: three are refused, and Y gets its answer meanwhile.
        until(lambda: answers.count(429) == 3)
        equal(y.rows("print 1"), [[1]])
        equal([a for a in answers if a != 429], [])
        s.kill()
        for t in threads:
            t.join()


# A route of each family, with the ids of a workspace in it.
ROUTES = (
    ("GET", "/v1/workspaces/{id}/query?query=Secret_CL"), ("POST", "/v1/workspaces/{id}/query"),
    ("GET", "/v1/workspaces/{id}/metadata"), ("POST", "/v1/workspaces/{id}/search"),
    ("GET", "/v1{arm}/query?query=Secret_CL"), ("POST", "/vedette/v1/workspaces/{id}/lake/query"),
    ("GET", "{arm}"), ("PUT", "{arm}"), ("PATCH", "{arm}"), ("DELETE", "{arm}"),
    ("GET", "{arm}/tables"), ("GET", "{arm}/tables/Secret_CL"), ("GET", "{arm}/savedSearches"),
    ("GET", "{arm}/sharedKeys"), ("POST", "{arm}/sharedKeys"), ("GET", "{arm}/summaryLogs"),
    ("GET", "{arm}/kqlJobs"), ("POST", "{arm}/purge"),
    ("GET", "{si}/incidents"), ("PUT", "{si}/incidents/x"), ("GET", "{si}/alertRules"),
    ("PUT", "{si}/alertRules/x"), ("GET", "{si}/bookmarks"), ("GET", "{si}/watchlists"),
    ("GET", "{si}/entities/x"), ("GET", "{si}/alertRuleTemplates"),
    ("GET", "{si}/securityMLAnalyticsSettings"),
    ("GET", "/vedette/v1/workspaces/{id}/tables"), ("GET", "/vedette/v1/workspaces/{id}/counts"),
    ("GET", "/vedette/v1/workspaces/{id}/sources"),
    ("POST", "/vedette/v1/workspaces/{id}/records/Secret_CL?format=ndjson"),
    ("POST", "/vedette/v1/workspaces/{id}/rules"), ("GET", "/vedette/v1/workspaces/{id}/functions"),
    ("GET", "/vedette/v1/workspaces/{id}/cases"), ("POST", "/vedette/v1/workspaces/{id}/seal"),
    ("POST", "/vedette/v1/workspaces/{id}/backtests"),
    ("GET", "/vedette/v1/incidents?workspaces={id}"), ("GET", "/vedette/v1/tenants/{tenant}"),
    ("GET", "/vedette/v1/tenants/{tenant}/delegations"), ("PATCH", "/vedette/v1/tenants/{tenant}"),
    ("DELETE", "/vedette/v1/tenants/{tenant}"), ("POST", "/vedette/v1/tenants"), ("GET", "/subscriptions/{tenant}"),
    ("POST", "/vedette/v1/backup"), ("POST", "/vedette/v1/export"), ("POST", "/vedette/v1/clock"),
    ("GET", "/vedette/v1/clock"),
)


def test_tenants_do_not_see_each_other():
    with Server() as s:
        x = Tenant(s, "Acme", workspace="acme-soc")
        y = Tenant(s, "Umbrella", workspace="umbrella-soc")
        hidden = "s3cr3t-of-umbrella"
        x.send(x.workspace, [{"Word": "own"}])
        y.send(y.workspace, [{"Word": hidden}])
        arm = y.path("umbrella-soc")
        ids = {"id": y.workspace, "tenant": y.id, "arm": arm,
               "si": arm + "/providers/Microsoft.SecurityInsights"}
        words = ("Umbrella", hidden)
        for method, pattern in ROUTES:
            path = pattern.format(**ids)
            body = {"query": "Secret_CL"} if method in ("POST", "PUT", "PATCH") else None
            answer = x.request(method, path, body)
            fine = answer.status in (400, 403, 404, 405) or (method, pattern) == ("DELETE", "{arm}")
            assert fine, (method, path, answer)
            for word in words:
                assert word not in answer.text, (method, path, answer)
        for path in ("/vedette/v1/workspaces", "/vedette/v1/tenants", "/tenants", "/subscriptions",
                     "/vedette/v1/applications", "/vedette/v1/deletedWorkspaces"):
            seen = s.get(path, token=x.admin).text
            for word in (y.id, y.workspace, "mbrella"):
                assert word not in seen, (path, seen)
        for kql in ("union * | search '%s'" % hidden, "search '%s'" % hidden,
                    "search in (Secret_CL) '%s'" % hidden, "find '%s'" % hidden):
            assert hidden not in [str(c) for row in x.rows(kql + " | count") for c in row]
            equal(x.rows(kql + " | count"), [[0]], kql)
        shown = s.post("/v1/rest/mgmt", {"csl": ".show databases"}, token=x.admin)
        equal(shown.status, 200, shown)
        assert "umbrella" not in shown.text, shown
        refused = s.post("/v2/rest/query", {"db": "umbrella-soc", "csl": "Secret_CL"}, token=x.admin)
        assert refused.status in (400, 403) and hidden not in refused.text, refused
        # Nothing of what was tried changed anything.
        equal(y.rows("Secret_CL | project Word"), [[hidden]])
        equal(s.get("/vedette/v1/tenants/" + y.id).json()["name"], "Umbrella")
        # The other one goes; this one stays as it is, also after a start.
        equal(x.request("DELETE", x.path("acme-soc") + "?force=true").status, 200)
        equal(s.request("DELETE", "/vedette/v1/tenants/" + x.id).status, 200)
        s.stop().start()
        y.admin = s.operator
        equal(y.rows("Secret_CL | project Word"), [[hidden]])


def test_the_command_line():
    with Server() as s:
        def vedette(*words):
            code, out, err = run(*words, data=s.data)
            equal(code, 0, (words, err))
            return out

        made = vedette("tenants", "create", "Contoso")
        tenant = made.split()[2]
        contains(made, "client secret")
        vedette("tenants", "rename", "Contoso", "Fabrikam")
        contains(vedette("tenants", "list"), "Fabrikam")
        workspace = vedette("workspaces", "create", "soc", "--tenant", tenant).split()[2]
        vedette("tenants", "primary", "Fabrikam", "soc")
        contains(vedette("workspaces", "list"), workspace)
        equal(vedette("query", "--workspace", "soc", "--format", "csv", "print a = 1").split(),
              ["a", "1"])
        # A name that workspaces of two tenants have is not guessed at.
        vedette("workspaces", "create", "default", "--tenant", tenant)
        code, _, err = run("tables", "--workspace", "default", data=s.data)
        equal(code, 1)
        contains(err, "name it by its id")
        vedette("workspaces", "delete", "soc")
        contains(vedette("workspaces", "deleted"), workspace)
        vedette("workspaces", "recover", workspace)
        vedette("workspaces", "delete", workspace)
        vedette("workspaces", "purge", workspace)
        equal(run("tenants", "delete", "Fabrikam", data=s.data)[0], 1)


def test_collection_endpoints_and_associations_are_a_tenants_own():
    with Server() as s:
        two, three = Tenant(s, "two"), Tenant(s, "three")
        base = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/"
        machine = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm/providers/Microsoft.Insights/"
        callers = {"two": two.admin, "three": three.admin, "first": "operator"}

        def ask(who, method, path, body=None):
            return s.request(method, path + "?api-version=2023-03-11", body, token=callers[who])

        def names(who, path):
            return [x["name"] for x in value(ask(who, "GET", path))]
        def rule(target):
            return {"location": "x", "kind": "Direct", "properties": {
                "streamDeclarations": {"Custom-A": {"columns": [{"name": "TimeGenerated", "type": "datetime"}]}},
                "destinations": {"logAnalytics": [{"workspaceResourceId": target, "name": "d"}]},
                "dataFlows": [{"streams": ["Custom-A"], "destinations": ["d"], "outputStream": "Microsoft-Heartbeat"}]}}
        targets = {"two": two.path("default"), "three": three.path("default"), "first": s.workspace()["resourceId"]}
        # The same names in all of them, in turn.
        for who in callers:
            location = {"location": who, "properties": {}}
            equal(ask(who, "PUT", base + "dataCollectionEndpoints/main", location).status, 201, who)
            equal(ask(who, "PUT", base + "dataCollectionRules/own", {**rule(targets[who]), "location": who}).status, 201, who)
            equal(ask(who, "PUT", machine + "dataCollectionRuleAssociations/configurationAccessEndpoint", {"properties": {
                "dataCollectionEndpointId": base + "dataCollectionEndpoints/main", "description": who}}).status, 201, who)
        equal(ask("two", "PUT", base + "dataCollectionEndpoints/hidden", {"location": "x", "properties": {}}).status, 201)
        for who in callers:
            equal(ask(who, "GET", base + "dataCollectionEndpoints/MAIN").json()["location"], who)
            equal(ask(who, "GET", base + "dataCollectionRules/own").json()["location"], who)
            equal(names(who, base + "dataCollectionEndpoints"), ["hidden", "main"] if who == "two" else ["main"])
            equal(names(who, base + "dataCollectionRules"), ["own"] * (3 if who == "first" else 1))  # it works in all
            found = value(ask(who, "GET", machine + "dataCollectionRuleAssociations"))
            equal([x["properties"]["description"] for x in found], [who])
            equal(len(value(ask(who, "GET", base + "dataCollectionEndpoints/main/associations"))), 1)
        hidden, absent = (ask("three", "GET", base + "dataCollectionEndpoints/" + n) for n in ("hidden", "absent"))
        equal((hidden.status, hidden.text.replace("hidden", "absent")), (404, absent.text))
        equal(ask("three", "PUT", machine + "dataCollectionRuleAssociations/configurationAccessEndpoint", {"properties": {
            "dataCollectionEndpointId": base + "dataCollectionEndpoints/hidden"}}).status, 400)
        equal(ask("three", "DELETE", base + "dataCollectionEndpoints/hidden").status, 204)
        equal(ask("two", "GET", base + "dataCollectionEndpoints/hidden").status, 200)
        kql = "AzureActivity | where OperationName has 'dataCollectionEndpoints' | summarize by Resource"
        told = lambda who, w: sorted(r[0] for r in s.post("/v1/workspaces/%s/query" % w, {"query": kql}, token=callers[who]).json()["tables"][0]["rows"])
        equal((told("two", two.workspace), told("three", three.workspace), told("first", s.workspace()["id"])),
              (["hidden", "main"], ["main"], ["main"]))
        # A rule that leads to a workspace is seen by whoever works there, also by its name.
        led = rule(targets["two"])
        equal(ask("first", "PUT", base + "dataCollectionRules/led", led).status, 201)
        equal((ask("two", "GET", base + "dataCollectionRules/led").status, ask("three", "GET", base + "dataCollectionRules/led").status), (200, 404))
        equal(ask("two", "PUT", base + "dataCollectionRules/led", led).status, 200)
        equal(ask("two", "DELETE", base + "dataCollectionRules/led").status, 200)
        equal(ask("first", "GET", base + "dataCollectionRules/led").status, 404)
