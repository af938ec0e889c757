"""People who sign in through an identity provider: the way there and back, and what is tried on it."""
import json
import os
import re
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import jose
from oidc_provider import CLIENT, Provider
from vedette import Server, contains, equal

INCIDENTS = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/vedette/providers/Microsoft.OperationalInsights/workspaces/default/providers/Microsoft.SecurityInsights/incidents?api-version=2024-09-01"
SESSION, JOURNEY = "__Host-vedette-session", "__Host-vedette-sso"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Cookies, and the way through the provider, step by step."""

    def __init__(self, server, name="idp"):
        self.server, self.name, self.cookies = server, name, {}

    def open(self, path, method="GET", body=None, headers=None):
        cookies = "; ".join("%s=%s" % x for x in self.cookies.items())
        answer = self.server.request(method, path, body, headers={**({"Cookie": cookies} if cookies else {}), **(headers or {})}, token=None)
        cookie = answer.headers.get("set-cookie")
        if cookie:
            for flag in ("Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
                contains(cookie, flag)
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return answer

    def begin(self, next_page=None):
        answer = self.open("/portal/oidc/%s/start%s" % (self.name, "?next=" + urllib.parse.quote(next_page, safe="") if next_page else ""))
        equal(answer.status, 302)
        return answer.headers["location"]

    def at_provider(self, location):
        try:
            urllib.request.build_opener(NoRedirect).open(location, timeout=20)
        except urllib.error.HTTPError as found:
            equal(found.code, 302)
            return urllib.parse.urlsplit(found.headers["Location"])
        raise AssertionError("no redirect")

    def back(self, url):
        return self.open("%s?%s" % (url.path, url.query))

    def sign_in(self, next_page=None):
        return self.back(self.at_provider(self.begin(next_page)))

    def session(self):
        return self.open("/portal/api/session")


def put(server, provider, name="idp", **more):
    answer = server.request("PUT", "/vedette/v1/identityProviders/" + name, provider.settings(**more))
    equal(answer.status, 200)


def soc(provider):
    provider.claims["groups"] = ["other", "soc"]


def refused(answer, status, words):
    equal(answer.status, status)
    contains(answer.headers["content-type"], "text/html")
    contains(answer.text, words)
    assert SESSION not in answer.headers.get("set-cookie", ""), answer


def test_a_person_signs_in_and_out():
    with Server() as s, Provider() as p:
        put(s, p, title="Contoso")
        soc(p)
        listed = s.get("/portal/api/providers", token=None).json()
        equal(listed, [{"name": "idp", "title": "Contoso", "url": "/portal/oidc/idp/start"}])
        b = Browser(s)
        location = b.begin("/portal/incidents")
        contains(location, "code_challenge_method=S256")
        answer = b.back(b.at_provider(location))
        equal(answer.status, 303)
        equal(answer.headers["location"], "/portal/incidents")
        equal(p.redirects, [s.url + "/portal/oidc/idp/callback"])
        session = b.session().json()
        equal((session["user"]["name"], session["user"]["displayName"]), ("alice", "Alice"))
        equal(b.open("/v1/workspaces/%s/query?query=print+1" % s.workspace()["id"]).status, 200)
        path = "/portal/api/signout"
        equal(b.open(path, "POST", {}).status, 403)  # no CSRF token
        out = b.open(path, "POST", {}, {"X-CSRF-Token": session["csrfToken"]})
        equal(out.status, 200)
        away = urllib.parse.urlsplit(out.json()["redirect"])
        query = dict(urllib.parse.parse_qsl(away.query))
        equal(query["client_id"], CLIENT)
        equal(query["post_logout_redirect_uri"], s.url + "/portal/")
        assert query["id_token_hint"].count(".") == 2
        equal(b.session().status, 401)
        told = s.query('SentinelAudit | where OperationName == "Vedette/signIn/Action" and Status == "Success" and SentinelResourceType == "IdentityProvider"')
        equal(len(told), 1)
        contains(json.dumps(told[0]), "Alice")
        # The same person again is the same user, under another name too, whatever the address is now.
        first = session["user"]["id"]
        p.claims.update(name="Alice B.", email="other@contoso.example")
        equal(b.sign_in().status, 303)
        equal((b.session().json()["user"]["id"], b.session().json()["user"]["displayName"]), (first, "Alice B."))
        p.claims.update(sub="mallory")  # the same address and login name, another subject
        equal(b.sign_in().status, 303)
        other = b.session().json()["user"]
        assert other["id"] != first and other["name"] != "alice", other
        for secret in ("provider secret", "code_verifier"):
            assert secret not in s.read_log()


def test_roles_follow_the_claims():
    with Server() as s, Provider() as p:
        put(s, p, roles=[{"claim": "groups", "value": "soc", "role": "Microsoft Sentinel Reader"},
                         {"claim": "roles", "value": "Lead", "role": "Microsoft Sentinel Responder"}])
        b = Browser(s)
        refused(b.sign_in(), 403, "has no role here")
        soc(p)
        equal(b.sign_in().status, 303)
        token = {"X-CSRF-Token": b.session().json()["csrfToken"]}
        path = INCIDENTS.replace("?", "/x?")
        equal(b.open(path, "PUT", {}, token).status, 403)
        p.claims["roles"] = ["Lead"]
        equal(b.sign_in().status, 303)
        token = {"X-CSRF-Token": b.session().json()["csrfToken"]}
        equal(b.open(path, "PUT", {}, token).status, 400)
        p.claims.pop("groups")
        p.claims.pop("roles")
        refused(b.sign_in(), 403, "has no role here")
        equal(b.open(path, "PUT", {}, token).status, 403)  # of the session that it had, too
        p.change = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}}
        refused(Browser(s).sign_in(), 403, "so many groups")
        p.change, p.userinfo = {}, {"groups": ["soc"]}
        refused(Browser(s).sign_in(), 403, "has no role here")
        put(s, p, userInfo=True)
        equal(Browser(s).sign_in().status, 303)
        p.userinfo = {"groups": ["soc"], "sub": "somebody"}
        refused(Browser(s).sign_in(), 401, "somebody else")
        put(s, p, name="closed", createUsers=False)
        soc(p)
        p.claims["sub"] = "bob"
        refused(Browser(s, "closed").sign_in(), 403, "is not known here")
        put(s, p, allowedDomains=["contoso.example"])
        equal(Browser(s).sign_in().status, 303)
        p.claims["email"] = "bob@fabrikam.example"
        refused(Browser(s).sign_in(), 403, "domain")
        p.claims.update(email="bob@contoso.example", email_verified=False)
        refused(Browser(s).sign_in(), 403, "not verified")


def test_answers_of_other_browsers_and_old_ones():
    with Server(clock="2026-01-01T00:00:00Z") as s, Provider() as p, Provider() as other:
        p.now = other.now = lambda: 1767225600
        put(s, p)
        put(s, other, "other")
        soc(p)
        soc(other)
        alice, mallory = Browser(s), Browser(s)
        url = alice.at_provider(alice.begin())
        refused(mallory.back(url), 401, "did not begin")  # no cookie
        mallory.begin()
        refused(mallory.back(url), 401, "did not begin")  # the cookie of another sign-in
        changed = url._replace(query=url.query.replace("state=", "state=x"))
        refused(alice.back(changed), 401, "did not begin")
        # The answer of one provider is no answer of the other.
        refused(alice.back(url._replace(path="/portal/oidc/other/callback")), 401, "did not begin")
        alice.cookies[JOURNEY] = alice.cookies[JOURNEY][:-2] + "00"
        refused(alice.back(url), 401, "did not begin")
        url = alice.at_provider(alice.begin())
        equal(alice.back(url).status, 303)
        kept = dict(alice.cookies)
        refused(alice.back(url), 401, "completed already")
        s.stop()
        s.start()
        alice.cookies = kept
        refused(alice.back(url), 401, "completed already")
        url = alice.at_provider(alice.begin())
        s.move_clock("2026-01-01T00:10:00Z")
        refused(alice.back(url), 401, "too long")
        # Another person's code in one's own sign-in: PKCE.
        p.now = lambda: 1767225600 + 600
        stolen = dict(urllib.parse.parse_qsl(alice.at_provider(alice.begin()).query))["code"]
        own = mallory.at_provider(mallory.begin())
        query = dict(urllib.parse.parse_qsl(own.query))
        refused(mallory.back(own._replace(query=urllib.parse.urlencode({**query, "code": stolen}))), 401, "invalid_grant")
        # Mix-up: who answers says another name.
        own = mallory.at_provider(mallory.begin())
        refused(mallory.back(own._replace(query=own.query + "&iss=https%3A%2F%2Fevil.example")), 401, "another provider")
        p.discovery = {"authorization_response_iss_parameter_supported": True}
        s.move_clock("2026-01-02T00:10:00Z")
        p.now = lambda: 1767225600 + 86400 + 600
        equal(mallory.sign_in().status, 303)
        own = mallory.at_provider(mallory.begin())
        refused(mallory.back(own._replace(query=re.sub("&iss=[^&]*", "", own.query))), 401, "another provider")


def test_id_tokens_that_are_refused():
    with Server() as s, Provider() as p, Provider() as evil:
        put(s, p)
        soc(p)
        now = int(time.time())
        for change in ({"nonce": "x"}, {"nonce": None}, {"iss": evil.url}, {"aud": "another"}, {"aud": [CLIENT, "x"]}, {"azp": "another"},
                       {"exp": now - 400}, {"exp": None}, {"iat": now + 400}, {"nbf": now + 400}, {"sub": None}, {"sub": ""}):
            p.change = change
            equal((change, Browser(s).sign_in().status), (change, 401))
        p.change = {"aud": [CLIENT, "x"], "azp": CLIENT}
        equal(Browser(s).sign_in().status, 303)
        p.change = {}
        makers = {"none": lambda c: jose.unsigned({"alg": "none"}, c) + ".", "HS256": lambda c: jose.hmac_token(p.key.public_pem(), c, kid="key-1"),
                  "the secret": lambda c: jose.hmac_token(p.secret.encode(), c), "another key": evil.key.token,
                  "access token": lambda c: p.key.token(c, typ="at+jwt"), "no token": lambda c: ""}
        for what, make in makers.items():
            p.make = make
            equal((what, Browser(s).sign_in().status), (what, 401))
        p.make, p.refuse = None, "invalid_grant"
        refused(Browser(s).sign_in(), 401, "invalid_grant")
        p.refuse, p.secret = None, "another"
        refused(Browser(s).sign_in(), 401, "invalid_client")
        b = Browser(s)
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(b.begin()).query))["state"]
        answer = b.open("/portal/oidc/idp/callback?" + urllib.parse.urlencode({"state": state, "error": "access_denied", "error_description": "<script>alert(1)</script>"}))
        refused(answer, 401, "access_denied")
        assert "<script>" not in answer.text
        contains(answer.headers["content-security-policy"], "default-src 'none'")


def test_only_local_pages_follow():
    with Server() as s, Provider() as p:
        put(s, p)
        soc(p)
        b = Browser(s)
        for bad in ("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/a\r\nSet-Cookie: x=y", "/ü", "/" + "a" * 2000):
            answer = b.sign_in(bad)
            equal(answer.status, 303)
            equal(answer.headers["location"], "/portal/")
        equal(b.sign_in("/portal/incidents?x=1#y").headers["location"], "/portal/incidents?x=1#y")
        equal(Browser(s, "nobody").open("/portal/oidc/nobody/start").status, 404)
        put(s, p, enabled=False)
        equal(b.open("/portal/oidc/idp/start").status, 404)
        equal(s.get("/portal/api/providers", token=None).json(), [])


def logout_token(p, **change):
    claims = {"iss": p.url, "aud": CLIENT, "iat": int(time.time()), "exp": int(time.time()) + 120, "jti": str(uuid.uuid4()),
              "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **change}
    return p.key.token({k: v for k, v in claims.items() if v is not None}, typ="logout+jwt")


def test_the_provider_ends_sessions():
    with Server() as s, Provider() as p, Provider() as evil:
        put(s, p)
        put(s, evil, "evil")
        soc(p)

        def end(token, name="idp"):
            return s.post("/portal/oidc/%s/logout" % name, urllib.parse.urlencode({"logout_token": token}), token=None,
                          headers={"Content-Type": "application/x-www-form-urlencoded"})

        p.change = {"sid": "s1"}
        first, second, other = Browser(s), Browser(s), Browser(s)
        first.sign_in()
        p.change = {"sid": "s2"}
        second.sign_in()
        p.change = {"sid": "s3", "sub": "bob"}
        other.sign_in()
        for bad in (logout_token(p, events=None), logout_token(p, nonce="x"), logout_token(p, sid="s1", aud="x"), logout_token(p, sid="s1", exp=1),
                    logout_token(p), logout_token(p, sid="s1", jti=None), logout_token(evil, sid="s1", iss=p.url), p.id_token("n"), "x"):
            equal(end(bad).status, 400)
        equal(end(logout_token(evil, sid="s1"), "evil").status, 200)  # nobody of its own
        equal([b.session().status for b in (first, second, other)], [200, 200, 200])
        token = logout_token(p, sid="s1")
        equal(end(token).status, 200)
        equal(end(token).status, 400)
        equal([b.session().status for b in (first, second, other)], [401, 200, 200])
        equal(end(logout_token(p, sub="alice")).status, 200)
        equal([b.session().status for b in (second, other)], [401, 200])
        told = s.query('SentinelAudit | where OperationName == "Vedette/signOut/Action" | project Status, D = tostring(ExtendedProperties)')
        equal(sum(r["Status"] == "Success" for r in told), 3)
        assert any(r["Status"] != "Success" for r in told), told  # refusals, once a minute


def test_a_page_of_the_provider_ends_sessions():
    with Server() as s, Provider() as p, Provider() as evil:
        put(s, p, hosts="login.idp.example; script-src *,other.example:8443")
        put(s, evil, "evil")
        soc(p)

        def frame(name="idp", **query):
            return s.get("/portal/oidc/%s/logout?%s" % (name, urllib.parse.urlencode(query)), token=None)

        first, second = Browser(s), Browser(s)
        p.change = {"sid": "s1"}
        first.sign_in()
        p.change = {"sid": "s2"}
        second.sign_in()
        both = lambda: [b.session().status for b in (first, second)]
        equal([frame(**q).status for q in ({}, {"sid": "s1"}, {"iss": p.url}, {"iss": p.url, "sid": ""})], [400] * 4)
        equal(frame("nobody", iss=p.url, sid="s1").status, 404)
        for q in ({"iss": p.url, "sid": "S1"}, {"iss": p.url, "sid": "s"}, {"iss": evil.url, "sid": "s1"}, {"iss": p.url, "sid": "%"}):
            equal(frame(**q).status, 200)
        equal(frame("evil", iss=p.url, sid="s1").status, 200)
        equal(both(), [200, 200])
        answer = frame(iss=p.url, sid="s1")
        equal(answer.status, 200)
        contains(answer.headers["content-type"], "text/html")
        contains(answer.headers["cache-control"], "no-store")
        policy = answer.headers["content-security-policy"]
        own = p.url.split("//")[1]
        equal(policy, "default-src 'none'; frame-ancestors http://%s http://%s http://other.example:8443" % (own, own))
        equal(both(), [401, 200])
        told = s.query('SentinelAudit | where OperationName == "Vedette/signOut/Action"')
        equal(len(told), 1)
        contains(json.dumps(told[0]), '"idp"')


def test_a_key_instead_of_a_secret():
    with Server() as s, Provider() as p, tempfile.TemporaryDirectory() as folder:
        soc(p)
        rsa, ec, other = jose.Key(folder, "rsa"), jose.Key(folder, "ec", "EC"), jose.Key(folder, "other")
        signed = {"clientAuthentication": "private_key_jwt"}
        p.client_key = rsa
        certificate = rsa.certificate()
        put(s, p, clientSecret=rsa.pem() + certificate, **signed)
        equal(Browser(s).sign_in().status, 303)
        equal(Browser(s).sign_in().status, 303)  # another assertion each time
        header, claims = p.assertions[-1]
        equal((header["alg"], header["typ"], header["x5t#S256"], header["x5t"], "kid" in header),
              ("RS256", "JWT", jose.thumbprint(certificate), jose.thumbprint(certificate, "sha1"), False))
        assert 0 < claims["exp"] - claims["iat"] <= 600 and claims["nbf"] == claims["iat"], claims
        # The key alone, by the id that the provider knows it under; an algorithm that it lists.
        p.discovery = {"token_endpoint_auth_signing_alg_values_supported": ["PS256"]}
        put(s, p, "listed", clientSecret=rsa.pem(), clientKeyId="k 1", **signed)
        equal(Browser(s, "listed").sign_in().status, 303)
        equal(p.assertions[-1][0], {"alg": "PS256", "typ": "JWT", "kid": "k 1"})
        p.discovery = {"token_endpoint_auth_signing_alg_values_supported": ["HS256"]}
        put(s, p, "none", clientSecret=rsa.pem(), **signed)
        refused(Browser(s, "none").sign_in(), 502, "no algorithm")
        p.discovery, p.client_key = {}, ec
        os.makedirs(os.path.join(s.data, "secrets"), exist_ok=True)
        kept = os.path.join(s.data, "secrets", "idp.pem")
        put(s, p, "ec", clientSecret=None, clientSecretFile="idp.pem", **signed)
        equal(Browser(s, "ec").sign_in().status, 502)  # it is not there
        check = lambda: s.post("/vedette/v1/identityProviders/ec/check", {})
        assert check().status >= 400 and "idp.pem" in check().text, check()
        with open(kept, "w", encoding="ascii") as f:
            f.write(ec.pem())
        equal(check().status, 200)
        equal(Browser(s, "ec").sign_in().status, 303)
        equal(p.assertions[-1][0]["alg"], "ES256")
        # Entra ID knows a key by its certificate only, and wants PS256.
        p.client_key = rsa
        p.change = {"tid": str(uuid.uuid4()), "oid": str(uuid.uuid4())}
        put(s, p, "entra", clientSecret=rsa.pem(), entra=True, **signed)
        refused(Browser(s, "entra").sign_in(), 502, "no certificate")
        put(s, p, "entra", clientSecret=rsa.pem() + certificate, entra=True, **signed)
        equal(Browser(s, "entra").sign_in().status, 303)
        equal(p.assertions[-1][0]["alg"], "PS256")
        for bad, words in ((certificate, "private key"), (rsa.pem() + other.certificate(), "another key"), ("text", "private key"),
                           (jose.openssl("pkey", "-in", rsa.file, "-aes256", "-passout", "pass:x").decode(), "passphrase")):
            answer = s.request("PUT", "/vedette/v1/identityProviders/bad", p.settings(clientSecret=bad, **signed))
            equal(answer.status, 400)
            contains(answer.text, words)
        p.client_key = other
        refused(Browser(s).sign_in(), 401, "invalid_client")
        for text in (rsa.pem(), ec.pem()):
            assert text.splitlines()[2] not in s.read_log()


def test_groups_that_are_left_out():
    with Server() as s, Provider() as p:
        both = [{"claim": "groups", "value": "soc", "role": "Microsoft Sentinel Contributor"},
                {"claim": "roles", "value": "Reader", "role": "Microsoft Sentinel Reader"}]
        more = {"roles": both, "audiences": ["api://vedette"]}
        put(s, p, **more)
        p.claims["roles"] = ["Reader"]
        incidents = lambda token: s.request("GET", INCIDENTS, token=token)
        equal(Browser(s).sign_in().status, 303)
        equal(incidents(p.access_token(roles=["Reader"])).status, 200)
        for missing in ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}}, {"hasgroups": True}):
            p.change = missing
            refused(Browser(s).sign_in(), 403, "so many groups")
            answer = incidents(p.access_token(roles=["Reader"], **missing))
            equal(answer.status, 401)
            contains(answer.text, "so many groups")
        told = s.query('SentinelAudit | where OperationName == "Vedette/signIn/Action" and Status != "Success"')
        contains(json.dumps(told), "so many groups")
        # A person who is in none of the groups is no such case, nor is one where groups give nothing.
        p.change = {"groups": []}
        equal(Browser(s).sign_in().status, 303)
        p.change = {"hasgroups": True}
        put(s, p, "apps", roles=both[1:])
        equal(Browser(s, "apps").sign_in().status, 303)
        # Whoever sets it so has them sign in without, and it is told.
        put(s, p, groupsOverage="ignore", **more)
        equal(Browser(s).sign_in().status, 303)
        equal(incidents(p.access_token(roles=["Reader"], hasgroups=True)).status, 200)
        told = s.query('SentinelAudit | where OperationName == "Vedette/signIn/Action" and Status == "Success" and Description has "left the groups out"')
        equal(len(told), 1)
        contains(json.dumps(told), "GroupsMissing")
        equal(s.request("PUT", "/vedette/v1/identityProviders/idp", p.settings(groupsOverage="maybe")).status, 400)


def test_public_clients_and_secrets_elsewhere():
    with Server(env={"VEDETTE_SECRET_IDP": "from a variable"}) as s, Provider() as p:
        soc(p)
        p.secret = "from a variable"
        put(s, p, clientSecret=None, clientSecretVariable="VEDETTE_SECRET_IDP")
        equal(Browser(s).sign_in().status, 303)
        put(s, p, clientSecret=None, clientSecretVariable="VEDETTE_SECRET_NONE")
        refused(Browser(s).sign_in(), 502, "VEDETTE_SECRET_NONE is not set")
        put(s, p, clientSecret=None, clientSecretFile="idp")
        equal(Browser(s).sign_in().status, 502)
        p.discovery, p.secret = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}, "x y"
        put(s, p, name="post", clientSecret="x y")
        equal(Browser(s, "post").sign_in().status, 303)
        p.secret = None
        put(s, p, name="public", clientSecret=None, clientAuthentication="none")
        equal(Browser(s, "public").sign_in().status, 303)
