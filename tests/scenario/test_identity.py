"""Signing in, tokens, and what roles allow."""
import base64
import json
import urllib.parse

from vedette import Server, contains, equal


def test_wrong_secrets_look_alike():
    with Server() as s:
        wrong = s.sign_in(secret="x" * 43)
        unknown = s.sign_in(client_id="00000000-0000-4000-8000-000000000009")
        equal(wrong.status, 401)
        equal(unknown.status, 401)
        equal(wrong.json()["error"], "invalid_client")
        equal(wrong.json()["error_description"], unknown.json()["error_description"])
        missing = s.post("/common/oauth2/v2.0/token", "grant_type=password", token=None,
                         headers={"Content-Type": "application/x-www-form-urlencoded"})
        equal(missing.status, 400)
        equal(missing.json()["error"], "invalid_request")


def test_both_token_forms_and_discovery():
    with Server() as s:
        equal(s.sign_in().json()["expires_in"], 3600)
        form = urllib.parse.urlencode({
            "grant_type": "client_credentials", "resource": "https://api.loganalytics.io",
            "client_id": s.client_id, "client_secret": s.secret})
        old = s.post("/%s/oauth2/token" % s.tenant, form, token=None,
                     headers={"Content-Type": "application/x-www-form-urlencoded"})
        equal(old.status, 200)
        equal(old.json()["expires_in"], "3600")
        equal(old.json()["resource"], "https://api.loganalytics.io")
        basic = base64.b64encode(("%s:%s" % (s.client_id, s.secret)).encode()).decode()
        form = "grant_type=client_credentials&scope=x"
        other = s.post("/common/oauth2/v2.0/token", form, token=None,
                       headers={"Content-Type": "application/x-www-form-urlencoded",
                                "Authorization": "Basic " + basic})
        equal(other.status, 200)
        found = s.get("/%s/v2.0/.well-known/openid-configuration" % s.tenant, token=None).json()
        contains(found["token_endpoint"], s.url)


def forge(token, change):
    """The token with another payload and the old signature."""
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims.update(change)
    packed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return ".".join((head, packed, signature))


def test_bad_tokens_are_401():
    with Server() as s, Server() as other:
        good = s.token()
        none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
        bad = ["", "x", "a.b.c", good + "x", good[:-4], other.token(),
               forge(good, {"appid": "someone"}), forge(good, {"exp": 9999999999}),
               none + "." + good.split(".")[1] + ".", "." + good, good.replace(".", ".."),
               "A" * 100000]
        for token in bad:
            answer = s.get("/vedette/v1/workspaces", token=token)
            assert answer.status in (401, 431, 400), (token[:50], answer)
            assert answer.status == 401 or len(token) > 8000, (token[:50], answer)
        equal(s.get("/vedette/v1/workspaces", token=good).status, 200)
        answer = s.get("/vedette/v1/workspaces", token=None)
        equal(answer.status, 401)
        contains(answer.headers["www-authenticate"], "Bearer")
        answer = s.get("/vedette/v1/workspaces", token=None,
                       headers={"Authorization": "Basic eDp5"})
        equal(answer.status, 401)


def test_tokens_expire_by_the_clock():
    with Server(clock="2026-01-01T00:00:00Z") as s:
        token = s.token()
        equal(s.get("/vedette/v1/workspaces", token=token).status, 200)
        s.move_clock("2026-01-01T00:59:59Z")
        equal(s.get("/vedette/v1/workspaces", token=token).status, 200)
        s.move_clock("2026-01-01T01:00:00Z")
        answer = s.get("/vedette/v1/workspaces", token=token)
        equal(answer.status, 401)
        contains(answer.message(), "expired")


PLAYBOOK = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Logic/workflows/w"


def test_roles_bound_what_an_application_may_do():
    with Server() as s:
        sender = s.token(*s.application("Monitoring Metrics Publisher"))
        reader = s.token(*s.application("Microsoft Sentinel Reader"))
        elsewhere = s.token(*s.application({"role": "Owner", "scope": PLAYBOOK}))
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}], token=sender).status, 204)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}], token=reader).status, 403)
        equal(s.ask("Heartbeat", token=sender).status, 403)
        equal(s.ask("Heartbeat", token=reader).status, 200)
        equal(s.ask("Heartbeat", token=elsewhere).status, 404)  # as if it were not there
        equal(s.arm("GET", "/incidents", token=reader).status, 200)
        equal(s.arm("PUT", "/incidents/x", {}, token=reader).status, 403)
        equal(s.arm("PUT", "/alertRules/x", {}, token=reader).status, 403)
        equal(s.post("/vedette/v1/applications", {"name": "x", "roles": []}, token=reader).status,
              403)
        equal(s.get("/vedette/v1/applications", token=sender).status, 403)
        refused = s.post("/vedette/v1/applications", {"name": "x", "roles": [{"role": "King"}]})
        equal(refused.status, 400)
        contains(refused.message(), "there is no role 'King'")
        refused = s.post("/vedette/v1/applications",
                         {"name": "x", "roles": [{"role": "Owner", "workspace": "nowhere"}]})
        equal(refused.status, 400)
        contains(refused.message(), "The workspace 'nowhere' could not be found")


def test_secrets_are_replaced_and_applications_end():
    with Server() as s:
        client_id, secret = s.application("Log Analytics Reader")
        token = s.token(client_id, secret)
        fresh = s.post("/vedette/v1/applications/%s/secret" % client_id).json()["clientSecret"]
        equal(s.sign_in(client_id, secret).status, 401)
        equal(s.sign_in(client_id, fresh).status, 200)
        assert fresh not in json.dumps(s.get("/vedette/v1/applications").json())
        equal(s.request("DELETE", "/vedette/v1/applications/" + client_id).status, 200)
        equal(s.request("DELETE", "/vedette/v1/applications/" + client_id).status, 204)
        equal(s.ask("print 1", token=token).status, 401)
