"""Access tokens of other issuers on the API: which are taken, and what is tried with them."""
import json
import sqlite3
import tempfile
import time
import uuid

import jose
from oidc_provider import CLIENT, SECRET, Provider
from vedette import Server, contains, equal


def put(server, provider, name="idp", **more):
    answer = server.request("PUT", "/vedette/v1/identityProviders/" + name, {**provider.settings(audiences=["api://vedette"]), **more})
    equal(answer.status, 200)
    return answer.json()


def people(server):
    """Ids and names of those that came from a provider."""
    with sqlite3.connect(server.data + "/state.db") as db:
        return db.execute("SELECT u.id, u.display_name FROM users u JOIN provider_members m ON m.principal = u.id").fetchall()


READER = [{"claim": "scp", "value": "read", "role": "Log Analytics Reader"},
          {"claim": "roles", "value": "Sender", "role": "Monitoring Metrics Publisher"},
          {"claim": "groups", "value": "soc", "role": "Microsoft Sentinel Responder"}]


def test_tokens_of_a_provider_are_taken():
    with Server() as s, Provider() as p:
        put(s, p, roles=READER)
        equal(s.ask("print 1", token=p.access_token()).status, 200)
        equal(s.arm("PUT", "/incidents/x", {}, token=p.access_token()).status, 403)
        equal(s.arm("PUT", "/incidents/x", {}, token=p.access_token(groups=["x", "soc"])).status, 400)
        app = p.access_token(sub="sender", scp=None, azp="sender", roles=["Sender"], name=None)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}], token=app).status, 204)
        equal(s.ask("print 1", token=app).status, 403)
        for alg in ("RS256", "PS256"):
            equal(s.ask("print 1", token=p.access_token(alg)).status, 200)
        equal(p.seen["/keys"], 1)
        ec = jose.Key(p.folder.name, "ec-1", "EC")
        p.published.append(ec.jwk())
        equal(s.ask("print 1", token=p.access_token(key=ec)).status, 401)  # keys were fetched a moment ago
        # The same person is the same principal, whatever they are called.
        equal(len(people(s)), 1)
        equal(s.ask("print 1", token=p.access_token(name="Alicia")).status, 200)
        equal([x[1] for x in people(s)], ["Alicia"])
        apps = [x["clientId"] for x in s.get("/vedette/v1/applications").json()["value"] if x["name"] == "sender"]
        equal(len(apps), 1)
        equal(s.request("PATCH", "/vedette/v1/applications/" + people(s)[0][0], {"enabled": False}).status, 404)
        equal(s.request("PATCH", "/vedette/v1/applications/" + apps[0], {"enabled": False}).status, 204)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}], token=app).status, 401)
        with sqlite3.connect(s.data + "/state.db") as db:
            db.execute("UPDATE principals SET enabled = 0 WHERE id = ?", (people(s)[0][0],))
        equal(s.ask("print 1", token=p.access_token()).status, 401)
        settings = s.get("/vedette/v1/identityProviders/idp")
        assert SECRET not in settings.text and settings.json()["clientSecretKept"], settings
        equal(s.request("DELETE", "/vedette/v1/identityProviders/idp").status, 200)
        equal(s.ask("print 1", token=app).status, 401)


def test_what_is_tried_with_tokens():
    with Server() as s, Provider() as p, Provider() as evil:
        put(s, p, roles=READER)
        put(s, evil, "other", roles=[], audiences=["api://other"])
        now = int(time.time())
        stranger = jose.Key(p.folder.name, "stranger")
        claims = json.loads(json.dumps({"iss": p.url, "aud": "api://vedette", "sub": "alice", "scp": "read", "exp": now + 60}))
        bad = {
            "alg none": jose.unsigned({"alg": "none", "kid": "key-1"}, claims) + ".",
            "HS256 by the public key": jose.hmac_token(p.key.public_pem(), claims, kid="key-1"),
            "HS256 by the JWK": jose.hmac_token(json.dumps(p.key.jwk()).encode(), claims, kid="key-1"),
            "a key in the header": p.access_token(key=stranger, header={"kid": "key-1", "jwk": stranger.jwk()}),
            "jku": p.access_token(key=stranger, header={"kid": "key-1", "jku": evil.url + "/keys"}),
            "x5u": p.access_token(key=stranger, header={"kid": "key-1", "x5u": evil.url + "/keys"}),
            "kid of a file": p.access_token(key=stranger, header={"kid": "../../../../dev/null"}),
            "kid of SQL": p.access_token(key=stranger, header={"kid": "x' UNION SELECT 'key"}),
            "crit": p.access_token(header={"crit": ["exp"]}),
            "another issuer's key": p.access_token(key=evil.key),
            "another issuer": p.access_token(iss="https://evil.example"),
            "an issuer that begins alike": p.access_token(iss=p.url + "/"),
            "another audience": p.access_token(aud="api://other"),
            "no audience": p.access_token(aud=None),
            "the other provider": evil.access_token(),
            "expired": p.access_token(exp=now - 301),
            "no end": p.access_token(exp=None),
            "not yet": p.access_token(nbf=now + 400),
            "an ID token": p.access_token(nonce="n", aud="api://vedette"),
            "a logout token": p.access_token(header={"typ": "logout+jwt"}),
            "no subject": p.access_token(sub=None),
            "cut short": p.access_token()[:-8],
            "huge": p.access_token(groups=["x" * 40] * 2000),
        }
        for what, token in bad.items():
            answer = s.ask("print 1", token=token)
            assert answer.status in (401, 431, 400) and (answer.status == 401 or what == "huge"), (what, answer)
        equal(s.ask("print 1", token=p.access_token(exp=now - 290)).status, 200)  # clocks differ by five minutes
        equal(s.ask("print 1", token=p.access_token(header={"typ": "at+jwt"})).status, 200)
        equal(s.ask("print 1", token=p.access_token(groups=["g%036d" % i for i in range(200)])).status, 200)


def test_keys_are_fetched_again_for_an_unknown_kid_now_and_then():
    with Server(clock="2026-01-01T00:00:00Z") as s, Provider() as p:
        p.now = lambda: 1767225600 + 60
        put(s, p, roles=READER)
        equal(s.ask("print 1", token=p.access_token()).status, 200)
        old = p.key
        p.rotate("key-2")
        equal(s.ask("print 1", token=p.access_token()).status, 401)  # fetched less than three minutes ago
        s.move_clock("2026-01-01T00:03:00Z")
        equal(s.ask("print 1", token=p.access_token()).status, 200)
        equal(s.ask("print 1", token=p.access_token(key=old)).status, 401)
        for n in range(20):
            stranger = jose.Key(p.folder.name, "s%d" % n) if n == 0 else stranger
            equal(s.ask("print 1", token=p.access_token(key=stranger, header={"kid": "k%d" % n})).status, 401)
        equal(p.seen["/keys"], 2)
        s.move_clock("2026-01-01T00:30:00Z")
        p.now = lambda: 1767225600 + 1800
        equal(s.ask("print 1", token=p.access_token()).status, 200)
        equal(p.seen["/keys"], 2)
        s.move_clock("2026-01-02T00:03:00Z")
        p.now = lambda: 1767225600 + 86400 + 180
        equal(s.ask("print 1", token=p.access_token()).status, 200)
        equal(p.seen["/keys"], 3)


def test_entra_issuers_of_several_tenants():
    good, other = str(uuid.uuid4()), str(uuid.uuid4())
    person = str(uuid.uuid4())
    with Server() as s, Provider() as p:
        template = p.url + "/{tenantid}/v2.0"
        p.discovery = {"issuer": template}
        p.published = [p.key.jwk(issuer=template)]
        refused = s.request("PUT", "/vedette/v1/identityProviders/entra", {**p.settings(), "issuer": template})
        equal(refused.status, 400)
        contains(refused.message(), "allowedTenants")
        put(s, p, "entra", issuer=template, metadataUrl=p.url + "/.well-known/openid-configuration", entra=True, allowedTenants=[good],
            roles=READER, accessTokenIssuers=["https://sts.windows.net/{tenantid}/"], requiredScopes=["read", "user_impersonation"])

        def token(tenant, **more):
            return p.access_token(**{"iss": p.url + "/%s/v2.0" % tenant, "tid": tenant, "oid": person, "sub": str(uuid.uuid4()), "ver": "2.0", **more})

        equal(s.ask("print 1", token=token(good)).status, 200)
        equal(s.ask("print 1", token=token(good, iss="https://sts.windows.net/%s/" % good, ver="1.0", appid=CLIENT)).status, 200)
        equal(len(people(s)), 1)
        for what, bad in {"tenant": token(other), "tid of another": token(good, tid=other), "iss of another": token(good, iss=p.url + "/%s/v2.0" % other),
                          "no oid": token(good, oid=None), "no tid": token(good, tid=None), "scope": token(good, scp="mail"),
                          "literal": token(good, iss=template)}.items():
            equal(s.ask("print 1", token=bad).status, 401, what)
        equal(s.ask("print 1", token=token(good, scp="x user_impersonation")).status, 403)
        app = token(good, scp=None, idtyp="app", roles=["Sender"], azp=CLIENT, oid=str(uuid.uuid4()), name=None)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}], token=app).status, 204)


def test_settings_are_checked_and_hosts_are_bounded():
    with Server() as s, Provider() as p, Provider() as evil, tempfile.TemporaryDirectory():
        path = "/vedette/v1/identityProviders/idp"
        for change, words in [({"issuer": "http://idp.example"}, "issuer: an https:// address"), ({"issuer": 7}, "issuer: a text"),
                              ({"colour": "red"}, "there is no setting 'colour'"), ({"roles": [{"value": "x", "role": "King"}]}, "there is no role 'King'"),
                              ({"roles": [{"role": "Owner"}]}, "roles[0].value"), ({"scope": "email"}, "openid"), ({"clientId": ""}, "clientId"),
                              ({"clientSecretFile": "../token.key"}, "clientSecretFile"), ({"clientSecretFile": "/etc/passwd"}, "clientSecretFile"),
                              ({"clientSecretVariable": "PATH"}, "VEDETTE_SECRET_"), ({"defaultRoles": [{"role": "King"}]}, "defaultRoles"),
                              ({"clientAuthentication": "magic"}, "client_secret_basic"), ({"createUsers": "yes"}, "true or false")]:
            answer = s.request("PUT", path, {**p.settings(), **change})
            equal(answer.status, 400, str(change))
            contains(answer.message(), words)
        equal(s.request("PUT", "/vedette/v1/identityProviders/A%20b", p.settings()).status, 400)
        equal(s.request("PUT", path, p.settings(), token=s.token(*s.application("Microsoft Sentinel Contributor"))).status, 403)
        put(s, p)
        found = s.post(path + "/check")
        equal(found.status, 200)
        equal(found.json()["keys"], ["key-1"])
        # What discovery says does not lead to other hosts.
        p.discovery = {"jwks_uri": evil.url + "/keys"}
        answer = s.post(path + "/check")
        equal(answer.status, 502)
        contains(answer.message(), "hosts")
        equal(evil.seen, {})
        p.discovery = {"issuer": evil.url}
        contains(s.post(path + "/check").message(), "is about the issuer")
        p.discovery, p.published = {}, [{"kty": "oct", "k": "AAAA"}]
        contains(s.post(path + "/check").message(), "no key for RS256")
        assert s.ask("print 1", token=p.access_token()).status >= 400


def test_tls_of_providers_is_checked():
    with tempfile.TemporaryDirectory() as folder:
        key = jose.Key(folder, "tls")
        pem = folder + "/cert.pem"
        jose.openssl("req", "-x509", "-new", "-key", key.file, "-subj", "/CN=idp", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "3", "-out", pem)
        with Provider(tls=(pem, key.file)) as p:
            with Server() as s:
                equal(s.request("PUT", "/vedette/v1/identityProviders/idp", p.settings()).status, 200)
                answer = s.post("/vedette/v1/identityProviders/idp/check")
                equal(answer.status, 502)
                contains(answer.message(), "certificate")
            with Server("--identity-ca", pem) as s:
                put(s, p, roles=READER)
                equal(s.ask("print 1", token=p.access_token()).status, 200)
