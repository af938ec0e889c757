"""Applications: several secrets, certificates, assertions, and the command that manages them."""
import json
import os
import tempfile
import time
import urllib.parse
import uuid

import jose
import vedette
from vedette import Server, contains, equal

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def seconds():
    return int(time.time())


def assertion(server, key, pem, client_id, alg="PS256", header=None, **more):
    audience = "%s/%s/oauth2/v2.0/token" % (server.url, server.tenant)
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "jti": str(uuid.uuid4()),
              "nbf": seconds(), "exp": seconds() + 600, **more}
    claims = {k: v for k, v in claims.items() if v is not None}
    header = {"x5t#S256": jose.thumbprint(pem)} if header is None else header
    return key.token(claims, alg, **header)


def present(server, token, **more):
    form = {"grant_type": "client_credentials", "scope": "https://monitor.azure.com/.default",
            "client_assertion_type": JWT_BEARER, "client_assertion": token, **more}
    return server.post("/%s/oauth2/v2.0/token" % server.tenant, urllib.parse.urlencode(form), token=None, headers=FORM)


def register(server, client_id, pem):
    return server.post("/vedette/v1/applications/%s/certificates" % client_id, {"certificate": pem})


def test_secrets_stand_beside_each_other_and_expire():
    with Server(clock="2026-01-01T00:00:00Z") as s:
        app, first = s.application("Log Analytics Reader")
        path = "/vedette/v1/applications/%s/secrets" % app
        made = s.post(path, {"displayName": "spring", "endDateTime": "2026-02-01T00:00:00Z"})
        equal(made.status, 201)
        second = made.json()["clientSecret"]
        equal(sorted(x["displayName"] for x in s.get(path).json()["value"]), ["", "spring"])
        assert second not in s.get(path).text
        equal(s.sign_in(app, first).status, 200)
        equal(s.sign_in(app, second).status, 200)
        s.move_clock("2026-02-01T00:00:00Z")
        equal(s.sign_in(app, first).status, 200)
        equal(s.sign_in(app, second).status, 401)
        equal(s.post(path, {"endDateTime": "2026-01-15T00:00:00Z"}).status, 400)
        equal(s.post(path, {"endDateTime": "soon"}).status, 400)
        old = [x["id"] for x in s.get(path).json()["value"] if x["displayName"] == ""][0]
        equal(s.request("DELETE", path + "/" + old).status, 200)
        equal(s.request("DELETE", path + "/" + old).status, 204)
        equal(s.sign_in(app, first).status, 401)
        equal(s.post("/vedette/v1/applications/%s/secrets" % uuid.uuid4(), {}).status, 404)
        line = s.connect()
        for _ in range(49):
            equal(s.post(path, {}, connection=line).status, 201)
        line.close()
        contains(s.post(path, {}).message(), "50 secrets and certificates")


def test_a_certificate_signs_in():
    with Server() as s, tempfile.TemporaryDirectory() as folder:
        app, _ = s.application("Log Analytics Reader")
        rsa, ec = jose.Key(folder, "rsa"), jose.Key(folder, "ec", "EC")
        for key, algorithms in ((rsa, ("PS256", "RS256")), (ec, ("ES256",))):
            pem = key.certificate()
            made = register(s, app, pem)
            equal(made.status, 201)
            equal(register(s, app, pem).json()["id"], made.json()["id"])
            for alg in algorithms:
                # MSAL for Python pads.
                for header in ({"x5t#S256": jose.thumbprint(pem)}, {"x5t": jose.thumbprint(pem, "sha1")},
                               {"x5t": jose.thumbprint(pem, "sha1") + "="}, {"kid": made.json()["thumbprint"].upper()}):
                    found = present(s, assertion(s, key, pem, app, alg, header))
                    equal(found.status, 200)
                    equal(s.ask("print 1", token=found.json()["access_token"]).status, 200)
        contains(s.get("/vedette/v1/applications/%s/certificates" % app).json()["value"][0]["displayName"], "CN=rsa")


def test_assertions_that_are_refused():
    with Server() as s, tempfile.TemporaryDirectory() as folder:
        app, _ = s.application("Log Analytics Reader")
        stranger, _ = s.application("Owner")
        key, other = jose.Key(folder, "key"), jose.Key(folder, "other")
        pem, unknown = key.certificate(), other.certificate()
        equal(register(s, app, pem).status, 201)
        good = assertion(s, key, pem, app)
        claims = {"iss": app, "sub": app, "aud": "%s/%s/oauth2/v2.0/token" % (s.url, s.tenant), "jti": "1", "exp": seconds() + 60}
        bad = {
            "an unregistered key": assertion(s, other, unknown, app),
            "a forged thumbprint": assertion(s, other, pem, app),
            "another application": assertion(s, key, pem, stranger),
            "an unknown application": assertion(s, key, pem, str(uuid.uuid4())),
            "another server": assertion(s, key, pem, app, aud="https://login.microsoftonline.com/x/oauth2/v2.0/token"),
            "expired": assertion(s, key, pem, app, exp=seconds() - 400),
            "not yet": assertion(s, key, pem, app, nbf=seconds() + 400),
            "for too long": assertion(s, key, pem, app, exp=seconds() + 4000),
            "without an end": assertion(s, key, pem, app, exp=None),
            "without a jti": assertion(s, key, pem, app, jti=None),
            "another issuer": assertion(s, key, pem, app, iss=stranger),
            "alg none": jose.unsigned({"alg": "none"}, claims) + ".",
            "the certificate as a secret": jose.hmac_token(pem.encode(), claims),
            "the public key as a secret": jose.hmac_token(key.public_pem(), claims),
            "a key of its own": other.token(claims, "RS256", jwk=other.jwk(), x5c=["".join(unknown.splitlines()[1:-1])], kid="key"),
            "cut short": good[:-5],
            "huge": "A" * 40000,
        }
        for what, token in bad.items():
            answer = present(s, token)
            equal(answer.status, 401, what)
            equal(answer.json()["error"], "invalid_client", what)
        equal(present(s, good, client_id=stranger).status, 401)
        equal(present(s, good, client_secret="x").status, 400)
        equal(present(s, good, client_assertion_type="x").status, 400)
        equal(present(s, good, client_id=app.upper()).status, 200)
        equal(present(s, good).status, 200)  # MSAL sends it again for another scope
        # A Host header that anyone can write makes nothing of another server's assertion ours.
        elsewhere = assertion(s, key, pem, app, aud="https://evil.example/%s/oauth2/v2.0/token" % s.tenant)
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "x", "client_assertion_type": JWT_BEARER, "client_assertion": elsewhere})
        equal(s.post("/%s/oauth2/v2.0/token" % s.tenant, form, token=None, headers={**FORM, "Host": "evil.example"}).status, 401)
        told = s.query('SentinelAudit | where OperationName == "Vedette/signIn/Action" and Status == "Failure" | count')
        assert told[0]["Count"] >= 2, told


def test_certificates_end():
    with Server(clock="2026-01-01T00:00:00Z") as s, tempfile.TemporaryDirectory() as folder:
        app, _ = s.application("Log Analytics Reader")
        key = jose.Key(folder, "key")
        pem = key.certificate(days=30)
        equal(register(s, app, pem).status, 201)
        now = int(time.mktime(time.strptime("2026-01-01", "%Y-%m-%d"))) - time.timezone
        # The certificate begins today, which is after this server's clock.
        answer = present(s, assertion(s, key, pem, app, nbf=None, exp=now + 60))
        equal(answer.status, 401)
        with open(key.file, encoding="ascii") as f:
            contains(register(s, app, f.read()).message(), "private key")
        contains(register(s, app, "x").message(), "X.509 certificate in PEM")
        with Server(clock="2199-01-01T00:00:00Z") as later:
            contains(register(later, later.application("Owner")[0], pem).message(), "it has expired")


def test_command():
    with Server() as s, tempfile.TemporaryDirectory() as folder:
        def run(*words):
            code, out, err = vedette.run("apps", *words, data=s.data)
            assert code == 0, err
            return out

        words = run("create", "sender", "--role", "Log Analytics Reader").split()
        app, secret = words[2], words[5]
        equal(s.sign_in(app, secret).status, 200)
        contains(run("list"), app)
        file = os.path.join(folder, "cert.pem")
        key = jose.Key(folder, "key")
        pem = key.certificate()
        with open(file, "w", encoding="ascii") as f:
            f.write(pem)
        contains(run("add-certificate", app, file, "--name", "laptop"), "kept, until")
        equal(present(s, assertion(s, key, pem, app)).status, 200)
        more = run("new-secret", app, "--name", "second", "--expires", "2099-01-01T00:00:00Z").split()[5]
        equal(s.sign_in(app, more).status, 200)
        shown = run("show", app)
        for part in ("second", "laptop", "2099-01-01", "never"):
            contains(shown, part)
        laptop = [line.split()[0] for line in shown.splitlines() if "laptop" in line][0]
        run("remove-credential", app, laptop)
        equal(present(s, assertion(s, key, pem, app)).status, 401)
        last = run("new-secret", app, "--replace", "yes").split()[5]
        equal([s.sign_in(app, x).status for x in (secret, more, last)], [401, 401, 200])
        token = s.token(app, last)
        run("disable", app)
        equal(s.sign_in(app, last).status, 401)
        equal(s.ask("print 1", token=token).status, 401)
        run("enable", app)
        equal(s.ask("print 1", token=token).status, 200)
        run("delete", app)
        assert app not in run("list")
        code, _, err = vedette.run("apps", "show", app, data=s.data)
        assert code != 0 and "no principal" in err or "not" in err, err
        assert json.dumps([secret, more]) not in s.get("/vedette/v1/applications").text
