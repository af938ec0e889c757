"""A second factor that is demanded, and proofs that are asked for again."""
import time

from oidc_provider import Provider
from test_sign_in import code_at
from test_single_sign_on import Browser as Guest, put, soc
from test_tenants import Tenant
from vedette import PASSWORD, Browser, Server, contains, equal, run, until

TOTP = "/portal/api/totp"


def policy(s, body, tenant=None, token="operator"):
    return s.request("PUT", "/vedette/v1/tenants/%s/signInPolicy" % (tenant or s.tenant), body, token=token)


def signed_in(s, name, **more):
    browser = Browser(s)
    equal(browser.sign_in(name, PASSWORD, **more).status, 200)
    return browser


def state(browser):
    answer = browser.get("/portal/api/session")
    equal(answer.status, 200, answer)
    return answer.json()["secondFactor"]


def enrol(browser, seconds=None):
    """The secret; the session is complete then."""
    secret = browser.post(TOTP).json()["secret"]
    code = code_at(secret, int(seconds if seconds is not None else time.time()))
    equal(browser.post(TOTP + "/confirm", {"code": code}).status, 200)
    return secret


def test_who_has_none_may_only_enrol():
    with Server() as s:
        s.user("ann", "Microsoft Sentinel Responder")
        before = signed_in(s, "ann")
        equal(policy(s, {"secondFactor": "required"}).status, 200)
        equal(state(before), "complete")  # from the next sign-in on
        b = signed_in(s, "ann")
        equal(state(b), "enrol")
        for method, path in [("GET", "/vedette/v1/workspaces"), ("GET", "/portal/api/sessions"), ("POST", "/portal/api/api-keys"),
                             ("POST", "/portal/api/session/code"), ("POST", "/portal/api/password"),
                             ("PUT", "/vedette/v1/preferences/x")]:
            refused = b.call(method, path, {} if method != "GET" else None)
            equal((refused.status, refused.json()["error"]["code"]), (403, "EnrolmentRequired"), path)
        secret = enrol(b)
        equal(state(b), "complete")
        equal(b.get("/vedette/v1/workspaces").status, 200)
        demanded = b.post(TOTP + "/remove", {"code": code_at(secret, int(time.time()) + 30)})
        equal(demanded.status, 409)
        contains(demanded.message(), "demanded")
        equal(Browser(s).sign_in("ann", PASSWORD).json()["error"]["code"], "CodeRequired")
        equal(state(signed_in(s, "ann", code=code_at(secret, int(time.time()) + 30))), "complete")


def test_a_new_password_comes_first():
    with Server("--second-factor", "required") as s:
        b = Browser(s)
        equal(b.sign_in(s.user_name, s.password).status, 200)
        refused = b.post(TOTP)
        equal(refused.json()["error"]["code"], "PasswordChangeRequired")
        equal(b.post("/portal/api/password", {"password": s.password, "newPassword": PASSWORD}).status, 204)
        equal(b.get("/vedette/v1/workspaces").json()["error"]["code"], "EnrolmentRequired")
        enrol(b)
        equal(b.get("/vedette/v1/workspaces").status, 200)
        equal(s.get("/vedette/v1/tenants/%s/signInPolicy" % s.tenant).json()["server"], "required")


def test_of_some_roles_only():
    with Server() as s:
        s.user("ann", "Microsoft Sentinel Reader")
        s.user("ben", "Microsoft Sentinel Reader", "Microsoft Sentinel Contributor")
        found = policy(s, {"secondFactor": "roles", "roles": ["microsoft sentinel contributor", "Owner"]})
        equal(found.status, 200)
        equal(len(found.json()["roles"]), 2)
        equal(state(signed_in(s, "ann")), "complete")
        equal(state(signed_in(s, "ben")), "enrol")
        for wrong in ({}, {"secondFactor": "always"}, {"secondFactor": "roles"}, {"secondFactor": "roles", "roles": []},
                      {"secondFactor": "roles", "roles": ["King"]}, {"secondFactor": "roles", "roles": "Owner"},
                      {"secondFactor": "roles", "roles": [1]}):
            equal(policy(s, wrong).status, 400, wrong)


def test_a_tenant_demands_of_its_own_people():
    with Server() as s:
        north = Tenant(s, "north")
        s.user("nora", "Owner", tenant=north.id)
        s.user("ann", "Owner")
        equal(policy(s, {"secondFactor": "required"}, tenant=north.id, token=north.admin).status, 200)
        equal(state(signed_in(s, "nora")), "enrol")
        equal(state(signed_in(s, "ann")), "complete")
        equal(policy(s, {"secondFactor": "optional"}, token=north.admin).status, 404)
        reader = s.token(*s.application("Reader"))
        equal(policy(s, {"secondFactor": "optional"}, token=reader).status, 403)


def test_the_policy_by_command():
    with Server() as s:
        code, out, err = run("users", "policy", "--second-factor", "roles", "--roles", "Owner, Contributor", data=s.data)
        equal(code, 0, err)
        contains(out, "roles")
        s.user("ann", "Owner")
        equal(state(signed_in(s, "ann")), "enrol")
        equal(run("users", "policy", s.tenant, "--second-factor", "optional", data=s.data)[0], 0)
        equal(state(signed_in(s, "ann")), "complete")
        code, _, err = run("users", "policy", "--roles", "Owner", data=s.data)
        assert code != 0
        contains(err, "--second-factor")


def test_a_change_of_the_policy_is_told():
    with Server() as s:
        policy(s, {"secondFactor": "required"})
        rows = until(lambda: s.ask("SentinelAudit | where OperationName has 'signInPolicy' | project OperationName")
                     .json()["tables"][0]["rows"])
        equal(rows, [["Vedette/tenants/signInPolicy/Write"]])


# ---- people from an identity provider ----

def guest(s, path, method="GET", body=None, b=None):
    csrf = b.session().json()["csrfToken"]
    return b.open(path, method, body, {"X-CSRF-Token": csrf, "Origin": s.url, "Sec-Fetch-Site": "same-origin"})


def test_a_provider_vouches_for_the_second_factor():
    with Server() as s, Provider() as p:
        put(s, p)
        soc(p)
        policy(s, {"secondFactor": "required"})
        for amr, wanted in ((["pwd", "mfa"], "complete"), (["pwd"], "enrol"), ("mfa", "enrol"), ([{"mfa": 1}], "enrol"), (None, "enrol")):
            p.claims.pop("amr", None)
            if amr is not None:
                p.claims["amr"] = amr
            b = Guest(s)
            equal(b.sign_in().status, 303)
            equal(b.session().json()["secondFactor"], wanted, amr)


def test_a_guest_shows_the_code_here():
    with Server() as s, Provider() as p:
        put(s, p)
        soc(p)
        policy(s, {"secondFactor": "required"})
        b = Guest(s)
        b.sign_in()
        secret = guest(s, TOTP, "POST", {}, b).json()["secret"]
        now = int(time.time())
        equal(guest(s, TOTP + "/confirm", "POST", {"code": code_at(secret, now)}, b).status, 200)
        equal(b.session().json()["secondFactor"], "complete")
        b = Guest(s)
        b.sign_in()
        equal(b.session().json()["secondFactor"], "code")
        equal(b.open("/vedette/v1/workspaces").json()["error"]["code"], "SecondFactorRequired")
        equal(guest(s, TOTP, "POST", {}, b).json()["error"]["code"], "SecondFactorRequired")
        equal(guest(s, "/portal/api/session/code", "POST", {"code": "000000"}, b).status, 400)
        equal(guest(s, "/portal/api/session/code", "POST", {"code": code_at(secret, now + 30)}, b).status, 204)
        equal(b.open("/vedette/v1/workspaces").status, 200)
        equal(guest(s, "/portal/api/session/code", "POST", {"code": "000000"}, b).status, 409)


def test_codes_of_a_session_are_not_guessed():
    with Server("--lockout-failures", "3") as s, Provider() as p:
        put(s, p)
        soc(p)
        b = Guest(s)
        b.sign_in()
        secret = guest(s, TOTP, "POST", {}, b).json()["secret"]
        guest(s, TOTP + "/confirm", "POST", {"code": code_at(secret, int(time.time()))}, b)
        policy(s, {"secondFactor": "required"})
        b = Guest(s)
        b.sign_in()
        found = [guest(s, "/portal/api/session/code", "POST", {"code": "%06d" % i}, b).status for i in range(4)]
        equal(found[:2], [400, 400])
        assert found[3] in (429, 503), found


# ---- proofs ----

def test_an_old_session_shows_the_password_again():
    with Server(clock="2026-01-05T08:00:00Z") as s:
        s.user("ann", "Owner")
        b = signed_in(s, "ann")
        secret = enrol(b, seconds=1767600000)
        equal(b.post("/portal/api/api-keys", {"name": "a"}).status, 201)
        s.move_clock("2026-01-05T08:10:01Z")
        for method, path, body in [("POST", TOTP, {}), ("POST", TOTP + "/remove", {"code": "1"}), ("POST", "/portal/api/recovery-codes", {"code": "1"}),
                                   ("POST", "/portal/api/api-keys", {"name": "b"})]:
            refused = b.call(method, path, body)
            equal((refused.status, refused.json()["error"]["code"]), (403, "ProofRequired"), path)
        wrong = b.post("/portal/api/session/confirm", {"password": "something else"})
        equal((wrong.status, wrong.json()["error"]["code"]), (403, "AuthenticationFailed"))
        equal(b.post("/portal/api/session/confirm", {"password": PASSWORD}).status, 204)
        equal(b.post("/portal/api/api-keys", {"name": "b"}).status, 201)
        code = code_at(secret, 1767600601)
        equal(b.post("/portal/api/recovery-codes", {"code": code}).status, 200)
        s.move_clock("2026-01-05T08:20:03Z")
        equal(b.post("/portal/api/api-keys", {"name": "c"}).status, 403)


def test_guesses_at_a_proof_lock_the_name():
    with Server() as s:
        s.user("ann", "Owner")
        b = signed_in(s, "ann")
        codes = [b.post("/portal/api/session/confirm", {"password": "wrong %d" % i}).json()["error"]["code"] for i in range(6)]
        equal(codes[-1], "LockedOut")
        app = s.token(*s.application("Owner"))
        equal(s.post("/portal/api/session/confirm", {"password": "x"}, token=app).status, 403)
