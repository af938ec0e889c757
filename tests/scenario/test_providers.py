"""Identity providers of several tenants: whose they are, and that none reaches into another tenant."""
import json

from oidc_provider import Provider
from test_single_sign_on import Browser, refused, soc
from test_tenants import Tenant
from vedette import Server, contains, equal, run

PATH = "/vedette/v1/identityProviders/"


def put(s, name, settings, token="operator"):
    return s.request("PUT", PATH + name, settings, token=token)


def owners(provider, **more):
    return provider.settings(roles=[{"claim": "groups", "value": "soc", "role": "Owner"}], **more)


def test_people_of_a_provider_are_of_its_tenant():
    with Server() as s, Provider() as p:
        north = Tenant(s, "north")
        equal(put(s, "north", owners(p), token=north.admin).json()["tenant"], north.id)
        soc(p)
        b = Browser(s, "north")
        equal(b.sign_in().status, 303)
        seen = b.session().json()["tenants"]
        equal([x["id"] for x in seen], [north.id])  # an Owner here, and nobody anywhere else
        equal(b.open("/vedette/v1/users").status, 200)
        equal([x["tenant"] for x in b.open("/vedette/v1/users").json()["value"]], [north.id])
        equal(b.open("/vedette/v1/workspaces").json()["value"][0]["id"], north.workspace)


def test_one_tenant_vouches_for_nobody_of_another():
    """An administrator of one tenant believes whatever keys they like: also for the issuer of another."""
    with Server() as s, Provider() as p:
        north = Tenant(s, "north")
        equal(put(s, "idp", owners(p)).status, 200)
        soc(p)
        first = Browser(s, "idp")
        equal(first.sign_in().status, 303)
        equal(put(s, "north", owners(p, audiences=["api://vedette"]), token=north.admin).status, 200)
        b = Browser(s, "north")
        equal(b.sign_in().status, 303)
        mine, theirs = b.session().json(), first.session().json()
        assert mine["user"]["id"] != theirs["user"]["id"]
        equal([x["id"] for x in mine["tenants"]], [north.id])
        token = p.access_token(groups=["soc"])
        told = s.get("/portal/api/session", token=token).json()
        equal([x["id"] for x in told["tenants"]], [north.id])


def test_providers_of_others_are_not_there():
    with Server() as s, Provider() as p:
        north = Tenant(s, "north")
        equal(put(s, "idp", p.settings()).status, 200)
        equal(put(s, "north", p.settings(), token=north.admin).status, 200)
        equal([x["name"] for x in s.get(PATH[:-1], token=north.admin).json()["value"]], ["north"])
        equal([x["name"] for x in s.get(PATH[:-1]).json()["value"]], ["idp", "north"])
        equal(s.get(PATH + "idp", token=north.admin).status, 404)
        equal(s.post(PATH + "idp/check", token=north.admin).status, 404)
        equal(s.request("DELETE", PATH + "idp", token=north.admin).status, 204)
        equal(s.get(PATH + "idp").status, 200)
        taken = put(s, "idp", p.settings(title="mine"), token=north.admin)
        equal(taken.status, 409)
        contains(taken.message(), "of another tenant")
        stays = put(s, "north", p.settings(title="by the operator"))
        equal((stays.status, stays.json()["tenant"]), (200, north.id))
        elsewhere = put(s, "n2", p.settings(tenant=s.tenant), token=north.admin)
        equal(elsewhere.status, 404)
        equal(put(s, "n3", p.settings(tenant=north.id)).json()["tenant"], north.id)


def test_secrets_of_the_server_stay_its_own():
    with Server() as s, Provider() as p:
        north = Tenant(s, "north")
        for member in ("clientSecretFile", "clientSecretVariable"):
            settings = p.settings(**{member: "VEDETTE_SECRET_X"})
            del settings["clientSecret"]
            answer = put(s, "north", settings, token=north.admin)
            equal(answer.status, 403, member)
            contains(answer.message(), "first tenant")


def test_providers_go_with_their_tenant():
    with Server() as s, Provider() as p:
        gone = Tenant(s, "gone", workspace=None)
        put(s, "gone", p.settings(), token=gone.admin)
        equal(s.request("DELETE", "/vedette/v1/tenants/" + gone.id).status, 200)
        equal(s.get(PATH + "gone").status, 404)
        refused(Browser(s, "gone").open("/portal/oidc/gone/start"), 404, "There is no sign-in")


def test_providers_by_command():
    with Server() as s, Provider() as p:
        text = json.dumps(p.settings(title="Contoso"))
        with open(s.data + "/idp.json", "w", encoding="utf-8") as f:
            f.write(text)
        code, out, err = run("providers", "put", "idp", s.data + "/idp.json", data=s.data)
        equal(code, 0, err)
        code, out, err = run("providers", "list", data=s.data)
        equal(code, 0, err)
        contains(out, "idp")
        contains(out, p.url)
        code, out, err = run("providers", "show", "idp", data=s.data)
        contains(out, "Contoso")
        assert p.settings()["clientSecret"] not in out
        code, out, err = run("providers", "check", "idp", data=s.data)
        equal(code, 0, err)
        equal(run("providers", "delete", "idp", data=s.data)[0], 0)
        equal(s.get(PATH + "idp").status, 404)
        with open(s.data + "/idp.json", "w", encoding="utf-8") as f:
            f.write("{")
        code, out, err = run("providers", "put", "idp", s.data + "/idp.json", data=s.data)
        assert code != 0
        contains(err, "idp.json")
