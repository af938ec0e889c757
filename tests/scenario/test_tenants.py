"""Tenants: directories of their own, their workspaces, and what one may do in another."""
import json
import uuid

from vedette import Server, contains, equal, until

NOWHERE = "00000000-0000-0000-0000-000000000000"


class Tenant:
    """A tenant of the server with an administrator and a workspace."""

    def __init__(self, server, name, workspace="default"):
        self.server, self.name = server, name
        made = server.post("/v1/tenants", {"name": name})
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
        tenants = s.get("/v1/tenants").json()["value"]
        equal(len(tenants), 1)
        equal(tenants[0]["id"], s.tenant)
        equal(tenants[0]["first"], True)
        s.stop().start()
        equal(s.get("/v1/tenants").json()["value"][0]["id"], s.tenant)
        equal(s.workspace()["tenant"], s.tenant)
        equal(s.request("DELETE", "/v1/tenants/" + s.tenant).status, 409)


def test_tenants_are_made_renamed_and_deleted():
    with Server() as s:
        t = Tenant(s, "Contoso", workspace=None)
        equal(s.post("/v1/tenants", {"name": "contoso"}).status, 409)
        equal(s.post("/v1/tenants", {"name": ""}).status, 400)
        equal(s.post("/v1/tenants", {"name": "a/b"}).status, 400)
        equal(s.get("/v1/tenants/Contoso").json()["id"], t.id)
        renamed = s.request("PATCH", "/v1/tenants/" + t.id, {"name": "Fabrikam"}, token=t.admin)
        equal(renamed.json()["name"], "Fabrikam")
        stale = s.request("PATCH", "/v1/tenants/" + t.id, {"name": "x"},
                          headers={"If-Match": str(uuid.uuid4())})
        equal(stale.status, 409, stale)
        # Limits are not the tenant's own to set.
        limits = {"limits": {"workspaces": 1}}
        equal(s.request("PATCH", "/v1/tenants/" + t.id, limits, token=t.admin).status, 403)
        equal(s.request("PATCH", "/v1/tenants/" + t.id, limits).status, 200)
        t.workspace = t.make("one")
        refused = t.request("PUT", t.path("two"), {"location": "local"})
        equal(refused.status, 400, refused)
        contains(refused.message(), "its limit")
        equal(s.request("DELETE", "/v1/tenants/" + t.id).status, 409)
        equal(t.request("DELETE", t.path("one") + "?force=true").status, 200)
        equal(s.request("DELETE", "/v1/tenants/" + t.id).status, 200)
        equal(s.request("DELETE", "/v1/tenants/" + t.id).status, 204)
        equal(s.get("/v1/tenants", token=t.admin).status, 401)
        made = s.request("PUT", "/v1/tenants/" + t.id, {"name": "Again", "administrator": False})
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
        gone = t.request("GET", "/v1/deleted-workspaces").json()["value"]
        equal([g["properties"]["customerId"] for g in gone], [t.workspace])
        equal(s.request("DELETE", "/v1/tenants/" + t.id).status, 409)
        s.stop().start()
        t.admin = s.operator
        equal(t.ask("Secret_CL").status, 404)
        # As in Azure, making it again brings it back.
        equal(t.make("default"), t.workspace)
        equal(t.rows("Secret_CL | project Word"), [["kept"]])
        equal(t.request("GET", rules).status, 200)
        equal(t.request("DELETE", t.path("default")).status, 200)
        equal(s.post("/v1/deleted-workspaces/%s/recover" % t.workspace).status, 200)
        equal(t.rows("Secret_CL | count"), [[1]])
        # After 14 days it is gone for good.
        equal(t.request("DELETE", t.path("default")).status, 200)
        s.move_clock("2026-01-15T00:00:00Z")
        equal(t.request("GET", "/v1/deleted-workspaces").json()["value"], [])
        equal(s.post("/v1/deleted-workspaces/%s/recover" % t.workspace).status, 404)
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
        path = "/v1/tenants/%s/delegations"
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
        made = s.post("/v1/tenants/%s/delegations" % customer.id, offer, token=customer.admin)
        equal(made.status, 201, made)
        one = "/v1/tenants/%s/delegations/%s" % (soc.id, made.json()["id"])
        equal(s.post(one + "/approve", token=soc.admin).json()["status"], "Active")
        token = soc.token(*app)
        equal(customer.ask("print 1", token=token).status, 200)
        s.move_clock("2026-01-01T00:10:00Z")
        equal(customer.ask("print 1", token=token).status, 404)
        equal(s.get(one, token=soc.admin).json()["status"], "Expired")
