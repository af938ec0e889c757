"""People who sign in: the browser's contract, and what attackers try against it."""
import base64
import concurrent.futures
import datetime
import hashlib
import hmac
import json
import struct
import urllib.parse

from test_tenants import Tenant
from vedette import PASSWORD, Browser, Server, contains, equal, run

START = "2026-03-01T00:00:00Z"


def new_password(s, browser):
    """Changes the password of the first start; returns the new one."""
    answer = browser.post("/portal/api/password", {"password": s.password, "newPassword": PASSWORD})
    equal(answer.status, 204, answer)
    return PASSWORD


def test_the_first_start_has_an_administrator_who_must_change_the_password():
    with Server() as s:
        browser = Browser(s)
        answer = browser.sign_in(s.user_name, s.password)
        equal(answer.status, 200, answer)
        equal(answer.json()["mustChangePassword"], True)
        equal(browser.get("/vedette/v1/workspaces").code(), "PasswordChangeRequired")
        equal(browser.get("/portal/api/session").status, 200)
        new_password(s, browser)
        equal(browser.get("/portal/api/session").json()["mustChangePassword"], False)
        equal(browser.get("/vedette/v1/workspaces").status, 200)
        equal(Browser(s).sign_in(s.user_name, s.password).status, 401)
        assert s.password not in s.read_log() and PASSWORD not in s.read_log()


def test_the_contract_of_the_session():
    with Server() as s:
        browser = Browser(s)
        equal(browser.get("/portal/api/session").status, 401)
        answer = browser.sign_in(s.user_name, s.password)
        cookie = answer.headers["set-cookie"]
        for part in ("__Host-vedette-session=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
            contains(cookie, part)
        assert "Domain" not in cookie
        equal(answer.headers["cache-control"], "no-store")
        new_password(s, browser)
        found = browser.get("/portal/api/session").json()
        equal(found["user"]["name"], "admin")
        equal(found["csrfToken"], browser.csrf)
        workspace = found["tenants"][0]["workspaces"][0]
        equal((workspace["name"], workspace["primary"]), ("default", True))
        for right in ("incidents/write", "query/read", "rules/write", "users/write"):
            contains(workspace["rights"], right)
        equal(browser.get(workspace["resourceId"] + "/providers/Microsoft.SecurityInsights/incidents?api-version=2024-09-01").status, 200)
        equal(browser.post("/portal/api/signout").status, 204)
        equal(browser.cookie, None)
        equal(browser.get("/portal/api/session").status, 401)


# ---- cookies and other sites ----

def test_what_changes_something_comes_from_the_portal():
    with Server() as s:
        b = s.browser()
        query = "/v1/workspaces/default/query"
        equal(b.post(query, {"query": "print 1"}).status, 200)
        equal(b.post(query, {"query": "print 1"}, csrf=False).status, 403)
        for headers, csrf, code in [({}, False, "CsrfTokenInvalid"), ({"X-CSRF-Token": "0" * 64}, False, "CsrfTokenInvalid"),
                                    ({"X-CSRF-Token": ""}, False, "CsrfTokenInvalid"),
                                    ({"Sec-Fetch-Site": "cross-site"}, True, "CrossSiteRequest"),
                                    ({"Sec-Fetch-Site": "same-site"}, True, "CrossSiteRequest"),
                                    ({"Origin": "https://evil.example"}, True, "CrossSiteRequest"),
                                    ({"Origin": "null"}, True, "CrossSiteRequest"),
                                    ({"Origin": s.url + ".evil.example"}, True, "CrossSiteRequest")]:
            answer = b.call("DELETE", "/vedette/v1/applications/x", headers=headers, csrf=csrf)
            equal((answer.status, answer.code()), (403, code), headers)
        # Old browsers send neither header; the token is enough then.
        equal(b.call("DELETE", "/vedette/v1/applications/x", headers={"Sec-Fetch-Site": None, "Origin": None}).status, 204)
        other = s.browser()
        equal(b.call("DELETE", "/vedette/v1/applications/x", headers={"X-CSRF-Token": other.csrf}).code(), "CsrfTokenInvalid")
        # A request with both is judged by its Authorization header alone.
        equal(b.call("DELETE", "/vedette/v1/applications/x", headers={"Authorization": "Bearer x"}).status, 401)
        equal(b.call("DELETE", "/vedette/v1/applications/x", csrf=False, headers={"Authorization": "Bearer " + s.operator}).status, 204)
        equal(s.query("SentinelAudit | where OperationName == 'Vedette/crossSiteRequest/Action' | take 1 | project Status"), [{"Status": "Failure"}])


def test_a_sign_in_from_another_site_is_refused():
    with Server() as s:
        s.user("ann", "Owner")
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            equal(Browser(s).sign_in("ann", PASSWORD, headers=headers).status, 403)
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            equal(Browser(s).sign_in("ann", PASSWORD, headers={"Content-Type": kind}).status, 415)
        equal(Browser(s).sign_in("ANN", PASSWORD).status, 200)


def test_a_session_is_new_at_each_sign_in():
    with Server() as s:
        s.user("ann", "Owner")
        b = Browser(s)
        b.cookie = fixed = "A" * 43
        equal(b.sign_in("ann", PASSWORD).status, 200)
        first = b.cookie
        assert first != fixed
        equal(b.sign_in("ann", PASSWORD).status, 200)
        assert b.cookie != first
        for cookie in (fixed, first, "", "x", first[:-1], first + "A", "A" * 5000):
            equal(b.get("/portal/api/session", headers={"Cookie": "__Host-vedette-session=" + cookie}).status, 401)
        two = "__Host-vedette-session=%s; __Host-vedette-session=%s" % (b.cookie, fixed)
        equal(b.get("/portal/api/session", headers={"Cookie": two}).status, 401)
        equal(b.get("/portal/api/session", headers={"Cookie": "__host-vedette-session=" + b.cookie}).status, 401)
        equal(b.get("/portal/api/session", headers={"Cookie": "a=b; ; x; __Host-vedette-session=%s ;c" % b.cookie}).status, 200)


def test_sessions_end_by_the_clock():
    with Server(clock=START) as s:
        b = s.browser()
        at = datetime.datetime(2026, 3, 1)

        def move(minutes, seconds=0):
            nonlocal at
            at += datetime.timedelta(minutes=minutes, seconds=seconds)
            s.move_clock(at.strftime("%Y-%m-%dT%H:%M:%SZ"))

        idle = s.browser()
        for _ in range(2):
            move(29, 59)
            equal(b.get("/portal/api/session").status, 200)
        equal(idle.get("/portal/api/session").status, 401)
        move(30)
        equal(b.get("/portal/api/session").status, 401)
        b = s.browser()
        for _ in range(26):
            move(27)
            equal(b.get("/portal/api/session").status, 200)
        move(17, 59)
        equal(b.get("/portal/api/session").status, 200)
        move(0, 1)
        equal(b.get("/portal/api/session").status, 401)


def test_sessions_are_listed_and_ended():
    with Server() as s:
        s.user("ann", "Microsoft Sentinel Reader")
        one, two, three = (Browser(s) for _ in range(3))
        for b in (one, two, three):
            equal(b.sign_in("ann", PASSWORD, headers={"User-Agent": "Firefox\u00e9<script>".encode("latin-1")}).status, 200)
        listed = one.get("/portal/api/sessions").json()["value"]
        equal(sorted(x["current"] for x in listed), [False, False, True])
        assert one.cookie not in json.dumps(listed)
        other = [x["id"] for x in two.get("/portal/api/sessions").json()["value"] if x["current"]][0]
        equal(one.call("DELETE", "/portal/api/sessions/" + other).status, 200)
        equal(two.get("/portal/api/session").status, 401)
        equal(one.call("DELETE", "/portal/api/sessions").status, 200)
        equal((one.get("/portal/api/session").status, three.get("/portal/api/session").status), (200, 401))
        stranger = s.browser()
        mine = one.get("/portal/api/sessions").json()["value"][0]["id"]
        equal(stranger.call("DELETE", "/portal/api/sessions/" + mine).status, 204)
        equal(one.get("/portal/api/session").status, 200)
        equal(one.call("DELETE", "/portal/api/sessions?all=true").status, 200)
        equal(one.cookie, None)


def test_a_session_ends_with_its_user():
    with Server() as s:
        for name, end in [("ann", lambda: s.request("PATCH", "/vedette/v1/users/ann", {"enabled": False})),
                          ("ben", lambda: s.request("DELETE", "/vedette/v1/users/ben")),
                          ("cay", lambda: s.post("/vedette/v1/users/cay/password", {"password": PASSWORD + "!"})),
                          ("dee", lambda: s.request("DELETE", "/vedette/v1/users/dee/sessions"))]:
            s.user(name, "Owner")
            b = s.browser(name)
            equal(b.get("/vedette/v1/workspaces").status, 200)
            equal(end().status, 200, name)
            equal(b.get("/vedette/v1/workspaces").status, 401, name)
        equal(Browser(s).sign_in("ann", PASSWORD).status, 401)
        equal(s.request("PATCH", "/vedette/v1/users/ann", {"enabled": True}).status, 200)
        equal(Browser(s).sign_in("ann", PASSWORD).status, 200)
        two = s.browser("ann")
        one = s.browser("ann")
        equal(one.post("/portal/api/password", {"password": PASSWORD, "newPassword": "another long one, please"}).status, 204)
        equal((one.get("/portal/api/session").status, two.get("/portal/api/session").status), (200, 401))
        s.stop().start()
        equal(one.get("/portal/api/session").status, 200)


def test_nothing_is_injected_into_headers():
    with Server() as s:
        s.user("ann", "Owner")
        for name in ("ann\r\nSet-Cookie: x=y", "ann\n", "\u0000ann", "ann; Path=/evil"):
            answer = Browser(s).sign_in(name, PASSWORD)
            assert answer.status in (200, 401), answer
            assert "x=y" not in answer.headers.get("set-cookie", ""), answer.headers
        made = s.post("/vedette/v1/users", {"name": "x\r\ny", "roles": []})
        equal(made.status, 400)


# ---- guessing ----

def test_wrong_passwords_lock_a_name_whether_or_not_it_exists():
    with Server(clock=START) as s:
        s.user("ann", "Owner")
        answers = {}
        for name in ("ann", "nobody"):
            answers[name] = [Browser(s).sign_in(name, "gibberish %d" % i) for i in range(7)]
        for x, y in zip(answers["ann"], answers["nobody"]):
            equal((x.status, x.text), (y.status, y.text))
        equal([a.code() for a in answers["ann"]], ["AuthenticationFailed"] * 5 + ["LockedOut"] * 2)
        equal(answers["ann"][5].json()["error"]["retryAfter"], 61)
        equal(Browser(s).sign_in("ann", PASSWORD).code(), "LockedOut")
        s.move_clock("2026-03-01T00:01:00Z")
        for i in range(5):
            equal(Browser(s).sign_in("ann", "wrong").code(), "AuthenticationFailed")
        s.move_clock("2026-03-01T00:02:59Z")
        equal(Browser(s).sign_in("ann", PASSWORD).code(), "LockedOut")
        s.move_clock("2026-03-01T00:03:00Z")
        equal(Browser(s).sign_in("ann", PASSWORD).status, 200)
        for _ in range(5):
            Browser(s).sign_in("ann", "wrong")
        equal(s.get("/vedette/v1/users/ann").json()["lockedUntil"][:19], "2026-03-01T00:04:00")
        s.stop().start(clock="2026-03-01T00:03:00Z")
        equal(Browser(s).sign_in("ann", PASSWORD).code(), "LockedOut")
        equal(s.post("/vedette/v1/users/ann/unlock").status, 200)
        equal(Browser(s).sign_in("ann", PASSWORD).status, 200)
        told = s.query("SentinelAudit | where SentinelResourceType == 'User' | summarize n = count() by OperationName, Status")
        counts = {(r["OperationName"], r["Status"]): r["n"] for r in told}
        equal(counts[("Vedette/lockOut/Action", "Failure")], 4)
        equal(counts[("Vedette/signIn/Action", "Success")], 2)
        equal(s.query("SentinelAudit | where * has 'gibberish' or * has 'nobody' | count"), [{"Count": 0}])


def test_failures_spread_over_time_lock_nobody_and_an_address_is_locked():
    with Server("--lockout-address-failures", "8", clock=START) as s:
        s.user("ann", "Owner")
        for minute in (0, 5, 10, 26, 31, 36):
            s.move_clock("2026-03-01T00:%02d:00Z" % minute)
            equal(Browser(s).sign_in("ann", "wrong").code(), "AuthenticationFailed")
        s.move_clock("2026-03-01T02:00:00Z")
        for i in range(8):
            equal(Browser(s).sign_in("user%d" % i, "wrong").code(), "AuthenticationFailed")
        equal(Browser(s).sign_in("ann", PASSWORD).code(), "LockedOut")
        s.move_clock("2026-03-01T02:01:00Z")
        equal(Browser(s).sign_in("ann", PASSWORD).status, 200)


def test_many_sign_ins_at_once_are_throttled():
    with Server("--sign-ins-per-second", "1", "--sign-ins-burst", "3", "--lockout-failures", "0") as s:
        answers = [Browser(s).sign_in("nobody", "wrong") for _ in range(6)]
        equal([a.status for a in answers[:3]], [401] * 3)
        limited = [a for a in answers if a.status == 429]
        assert limited and int(limited[0].headers["retry-after"]) >= 1, answers
        equal(s.metrics()['vedette_http_throttled_total{kind="sign_in"}'], len(limited))
        equal(s.ask("print 1").status, 200)


def test_queries_and_writes_of_one_caller_are_throttled():
    with Server("--queries-per-second", "1", "--queries-burst", "2", "--writes-per-second", "1", "--writes-burst", "2") as s:
        reader, owner = s.browser(), s.browser()
        query = {"query": "print 1"}
        statuses = [reader.post("/v1/workspaces/default/query", query).status for _ in range(4)]
        equal((statuses[:2], 429 in statuses), ([200, 200], True))
        equal(owner.post("/v1/workspaces/default/query", query).status, 200)
        statuses = [owner.call("DELETE", "/vedette/v1/applications/x").status for _ in range(4)]
        equal((statuses[:2], 429 in statuses), ([204, 204], True))
        equal([owner.get("/vedette/v1/workspaces").status for _ in range(6)], [200] * 6)
        equal([s.ask("print 1").status for _ in range(6)], [200] * 6, "the operator's own commands")


# ---- passwords ----

def test_passwords_are_long_and_not_the_first_that_anybody_tries():
    with Server() as s:
        for password, word in [("short", "12 to 128"), ("x" * 11, "12 to 128"), ("x1 " * 43, "12 to 128"),
                               ("Password1234!", "first"), ("P4ssw0rd!!!!!!", "first"), ("aaaaaaaaaaaaaaaa", "first"),
                               ("123456789012", "first"), ("abcabcabcabcabc", "first"), ("qwertyuiop123", "first"),
                               ("my name is Bob.Smith ok", "name"), ("mailbox77 for ever", "name")]:
            answer = s.post("/vedette/v1/users", {"name": "bob.smith", "email": "mailbox77@example.org", "roles": [], "password": password})
            equal(answer.status, 400, password)
            contains(answer.message(), word)
        for i, password in enumerate(["correct horse battery", "\u00fcn\u00efc\u00f6d\u00e9 \u4f60\u597d w\u00f6rld", "eel orchid " * 11 + "kite", "   twelve   blank"]):
            s.user("user%d" % i, "Owner", password=password)
            equal(Browser(s).sign_in("user%d" % i, password).status, 200, password)
            equal(Browser(s).sign_in("user%d" % i, password.strip() + "!").status, 401)


def test_users_are_managed_by_administrators_only():
    with Server() as s:
        made = s.post("/vedette/v1/users", {"name": "Ann", "displayName": "Ann Lee", "email": "ann@example.org",
                                            "roles": [{"role": "Microsoft Sentinel Reader"}]})
        equal(made.status, 201)
        first = made.json()["password"]
        equal(s.post("/vedette/v1/users", {"name": "aNN", "roles": []}).status, 409)
        equal(s.post("/vedette/v1/users", {"name": "b", "roles": [{"role": "King"}]}).status, 400)
        b = Browser(s)
        equal(b.sign_in("ann", first).json()["mustChangePassword"], True)
        for path in ("/portal/api/api-keys", "/portal/api/totp"):
            equal(b.post(path, {"name": "x"}).code(), "PasswordChangeRequired")
        equal(b.post("/portal/api/password", {"password": "no", "newPassword": PASSWORD}).code(), "AuthenticationFailed")
        equal(b.post("/portal/api/password", {"password": first, "newPassword": first}).status, 400)
        equal(b.post("/portal/api/password", {"password": first, "newPassword": PASSWORD}).status, 204)
        for method, path in [("GET", ""), ("POST", ""), ("PATCH", "/ann"), ("DELETE", "/ann"), ("POST", "/ann/password"),
                             ("POST", "/ann/unlock"), ("POST", "/ann/totp-reset"), ("GET", "/ann/sessions")]:
            equal(b.call(method, "/vedette/v1/users" + path, {}).status, 403, path)
        owner = s.browser()
        me = owner.get("/portal/api/session").json()["user"]["name"]
        equal(owner.call("DELETE", "/vedette/v1/users/" + me).status, 409)
        equal(owner.call("PATCH", "/vedette/v1/users/" + me, {"enabled": False}).status, 409)
        text = json.dumps(owner.get("/vedette/v1/users").json())
        for word in (first, PASSWORD, "argon2", "hash"):
            assert word not in text
        equal(owner.get("/vedette/v1/users/ANN").json()["displayName"], "Ann Lee")
        equal(owner.call("PATCH", "/vedette/v1/users/ann", {"roles": [{"role": "Owner"}], "email": ""}).status, 200)
        equal(b.get("/vedette/v1/users").status, 200)
        # A user is no application: neither its id nor its name serves at the token endpoint.
        equal(s.sign_in(made.json()["id"], PASSWORD).status, 401)
        equal(s.post("/vedette/v1/applications/%s/secret" % made.json()["id"]).status, 404)
        equal(s.request("DELETE", "/vedette/v1/applications/" + made.json()["id"]).status, 204)
        equal(owner.get("/vedette/v1/users/ann").status, 200)
        changes = s.query("SentinelAudit | where OperationName startswith 'Vedette/users' or OperationName startswith 'Vedette/password' | distinct OperationName, Status")
        contains([(r["OperationName"], r["Status"]) for r in changes], ("Vedette/users/Write", "Success"))
        contains([(r["OperationName"], r["Status"]) for r in changes], ("Vedette/users/Delete", "Failure"))
        contains([(r["OperationName"], r["Status"]) for r in changes], ("Vedette/password/Action", "Success"))


def test_users_by_command():
    with Server() as s:
        code, out, error = run("users", "create", "bo", "--role", "Owner", "--email", "bo@example.org", data=s.data)
        equal(code, 0, error)
        first = [line.split()[-1] for line in out.splitlines() if line.startswith("password")][0]
        equal(Browser(s).sign_in("bo", first).status, 200)
        contains(run("users", "list", data=s.data)[1], "new password")
        code, out, _ = run("users", "reset-password", "bo", data=s.data)
        second = [line.split()[-1] for line in out.splitlines() if line.startswith("password")][0]
        equal((Browser(s).sign_in("bo", first).status, Browser(s).sign_in("bo", second).status), (401, 200))
        for _ in range(5):
            Browser(s).sign_in("bo", "wrong")
        contains(run("users", "list", data=s.data)[1], "locked")
        equal(run("users", "unlock", "bo", data=s.data)[0], 0)
        equal(Browser(s).sign_in("bo", second).status, 200)
        equal(run("users", "disable", "bo", data=s.data)[0], 0)
        equal(Browser(s).sign_in("bo", second).status, 401)
        for verb in ("enable", "totp-reset", "sign-out", "show", "delete"):
            equal(run("users", verb, "bo", data=s.data)[0], 0, verb)
        code, _, error = run("users", "show", "bo", data=s.data)
        equal(code, 1)
        contains(error, "There is no user 'bo'")
        # Without a server, over the data folder: a lost password is no lost server.
        s.stop()
        code, out, error = run("users", "reset-password", "admin", data=s.data)
        equal(code, 0, error)
        s.start()
        equal(Browser(s).sign_in("admin", [x.split()[-1] for x in out.splitlines() if x.startswith("password")][0]).status, 200)


# ---- the second factor ----

def code_at(secret, seconds):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", seconds // 30), hashlib.sha1).digest()
    at = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)


def test_the_second_factor():
    now = int(datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc).timestamp())
    with Server(clock=START) as s:
        s.user("ann", "Owner")
        b = s.browser("ann")
        begun = b.post("/portal/api/totp").json()
        uri = urllib.parse.urlsplit(begun["uri"])
        equal((uri.scheme, uri.netloc, uri.path), ("otpauth", "totp", "/Vedette:ann"))
        equal(urllib.parse.parse_qs(uri.query)["secret"], [begun["secret"]])
        equal(s.browser("ann").get("/portal/api/session").json()["user"]["hasTotp"], False)
        equal(b.post("/portal/api/totp/confirm", {"code": "000000"}).status, 400)
        confirmed = b.post("/portal/api/totp/confirm", {"code": code_at(begun["secret"], now)})
        equal(confirmed.status, 200, confirmed)
        codes = confirmed.json()["recoveryCodes"]
        equal((len(codes), len(set(codes))), (10, 10))
        equal(b.post("/portal/api/totp").status, 409)
        equal(Browser(s).sign_in("ann", PASSWORD).code(), "CodeRequired")
        equal(Browser(s).sign_in("ann", "wrong").code(), "AuthenticationFailed")
        equal(Browser(s).sign_in("ann", "wrong", code=code_at(begun["secret"], now + 30)).code(), "AuthenticationFailed")
        # The code that confirmed is used up; that of the next step is taken, once.
        equal(Browser(s).sign_in("ann", PASSWORD, code=code_at(begun["secret"], now)).code(), "CodeInvalid")
        equal(Browser(s).sign_in("ann", PASSWORD, code=code_at(begun["secret"], now + 30)).status, 200)
        equal(Browser(s).sign_in("ann", PASSWORD, code=code_at(begun["secret"], now + 30)).code(), "CodeInvalid")
        equal(Browser(s).sign_in("ann", PASSWORD, code=code_at(begun["secret"], now + 60)).code(), "CodeInvalid")
        s.move_clock("2026-03-01T00:01:00Z")
        equal(Browser(s).sign_in("ann", PASSWORD, code=code_at(begun["secret"], now + 30)).code(), "CodeInvalid")
        equal(Browser(s).sign_in("ann", PASSWORD, code=code_at(begun["secret"], now + 60)).status, 200)
        # Recovery codes, in any writing, once each.
        equal(Browser(s).sign_in("ann", PASSWORD, code=codes[0].upper().replace("-", " ")).status, 200)
        equal(Browser(s).sign_in("ann", PASSWORD, code=codes[0]).code(), "CodeInvalid")
        equal(b.get("/portal/api/session").json()["user"]["recoveryCodesLeft"], 9)
        renewed = b.post("/portal/api/recovery-codes", {"code": codes[1]})
        equal(renewed.status, 200, renewed)
        equal(Browser(s).sign_in("ann", PASSWORD, code=codes[2]).code(), "CodeInvalid")
        fresh = renewed.json()["recoveryCodes"]
        equal(Browser(s).sign_in("ann", PASSWORD, code=fresh[0]).status, 200)
        # Guesses of the code lock, too.
        for _ in range(5):
            Browser(s).sign_in("ann", PASSWORD, code="123456")
        equal(Browser(s).sign_in("ann", PASSWORD, code=fresh[1]).code(), "LockedOut")
        s.move_clock("2026-03-01T01:00:00Z")
        equal(Browser(s).sign_in("ann", PASSWORD, code=fresh[1]).status, 200)
        with open(s.data + "/state.db", "rb") as f, open(s.data + "/state.db-wal", "rb") as wal:
            kept = f.read() + wal.read()
        for word in (begun["secret"], fresh[2], codes[3], PASSWORD, b.cookie):
            assert word.encode() not in kept, word
        equal(s.post("/vedette/v1/users/ann/totp-reset").status, 200)
        equal(Browser(s).sign_in("ann", PASSWORD).status, 200)
        c = s.browser("ann")
        begun = c.post("/portal/api/totp").json()
        later = now + 3600
        equal(c.post("/portal/api/totp/confirm", {"code": code_at(begun["secret"], later)}).status, 200)
        equal(c.post("/portal/api/totp/remove", {"code": "000000"}).status, 400)
        equal(c.post("/portal/api/totp/remove", {"code": code_at(begun["secret"], later + 30)}).status, 204)
        equal(Browser(s).sign_in("ann", PASSWORD).status, 200)


# ---- API keys ----

def test_api_keys_act_as_their_owner_and_no_more():
    with Server(clock=START) as s:
        s.user("ann", "Microsoft Sentinel Contributor")
        b = s.browser("ann")
        made = b.post("/portal/api/api-keys", {"name": "ci", "expires": "2026-03-02T00:00:00Z"})
        equal(made.status, 201, made)
        key = made.json()["key"]
        assert key.startswith("vdt_"), key
        narrow = b.post("/portal/api/api-keys", {"name": "reader", "roles": [{"role": "Microsoft Sentinel Reader"}]}).json()["key"]
        wide = b.post("/portal/api/api-keys", {"name": "wide", "roles": [{"role": "Owner"}]}).json()["key"]
        rule = {"kind": "Fusion", "properties": {"enabled": True, "alertRuleTemplateName": "f71aba3d-28fb-450b-b192-4e76a83015c8"}}
        equal(s.arm("PUT", "/alertRules/x", rule, token=key).status, 201)
        equal(s.arm("PUT", "/alertRules/x", rule, token=narrow).status, 403)
        equal(s.arm("GET", "/alertRules/x", token=narrow).status, 200)
        equal(s.get("/vedette/v1/users", token=wide).status, 403, "not more than its owner")
        equal(s.ask("print 1", token=key).status, 200)
        for token in (key[:-1], key + "x", "vdt_", "vdt_" + "A" * 43, key.upper()):
            equal(s.ask("print 1", token=token).status, 401, token)
        equal(s.post("/portal/api/api-keys", {"name": "more"}, token=key).status, 403, "keys make no keys")
        equal(s.post("/portal/api/password", {"password": PASSWORD, "newPassword": PASSWORD + "!"}, token=key).status, 403)
        for expires in ("2026-02-28T00:00:00Z", "2027-03-02T00:00:00Z", "soon"):
            equal(b.post("/portal/api/api-keys", {"name": "x", "expires": expires}).status, 400, expires)
        listed = b.get("/portal/api/api-keys").json()["value"]
        equal(all(k["lastUsed"] for k in listed), True, listed)
        assert key[4:] not in json.dumps(listed)
        s.move_clock("2026-03-02T00:00:00Z")
        equal(s.ask("print 1", token=key).status, 401)
        equal(s.ask("print 1", token=narrow).status, 200)
        equal(s.request("PATCH", "/vedette/v1/users/ann", {"enabled": False}).status, 200)
        equal(s.ask("print 1", token=narrow).status, 401)
        equal(s.request("PATCH", "/vedette/v1/users/ann", {"enabled": True}).status, 200)
        everybodys = s.get("/vedette/v1/apiKeys").json()["value"]
        equal(sorted((k["principalName"], k["principalType"], k["name"]) for k in everybodys),
              sorted(("ann", "User", k["name"]) for k in listed))
        equal("key" in everybodys[0], False, "a key is told once")
        for k in s.get("/vedette/v1/users/ann/apiKeys").json()["value"]:
            equal(s.request("DELETE", "/vedette/v1/users/ann/apiKeys/" + k["id"]).status, 200)
        equal(s.ask("print 1", token=narrow).status, 401)
        client_id, _ = s.application("Log Analytics Reader")
        path = "/vedette/v1/applications/%s/apiKeys" % client_id
        key = s.post(path, {"name": "grafana"}).json()["key"]
        equal(s.ask("print 1", token=key).status, 200)
        equal(s.request("DELETE", path + "/" + s.get(path).json()["value"][0]["id"]).status, 200)
        equal(s.ask("print 1", token=key).status, 401)
        assert "vdt_" not in s.read_log()


# ---- tenants ----

def test_users_of_another_tenant_are_not_there():
    with Server() as s:
        s.user("ann", "Owner")
        other = Tenant(s, "other", workspace=None)
        equal(s.get("/vedette/v1/users", token=other.admin).json()["value"], [])
        for method, path in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/password"), ("POST", "/unlock"), ("POST", "/totp-reset"),
                             ("GET", "/sessions"), ("DELETE", "/sessions"), ("GET", "/apiKeys"), ("DELETE", "/apiKeys/x")]:
            answer = s.request(method, "/vedette/v1/users/ann" + path, {} if method in ("PATCH", "POST") else None, token=other.admin)
            equal(answer.status, 204 if (method, path) == ("DELETE", "") else 404, (method, path, answer))
        equal(s.get("/vedette/v1/users/ann").status, 200)
        mine = s.application("Log Analytics Reader")[0]
        equal(s.post("/vedette/v1/applications/%s/apiKeys" % mine, {"name": "x"}, token=other.admin).status, 404)
        made = s.post("/vedette/v1/users", {"name": "bea", "roles": [], "password": PASSWORD, "mustChangePassword": False}, token=other.admin)
        equal(made.status, 201, made)
        equal(s.get("/vedette/v1/users/bea", token=other.admin).json()["tenant"], other.id)
        equal(s.browser("bea").get("/vedette/v1/users").status, 403)


# ---- many at once ----

def test_guesses_at_once_are_no_more_than_one_after_the_other():
    with Server("--sign-ins-per-second", "0") as s:
        s.user("ann", "Owner")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            codes = list(pool.map(lambda i: Browser(s).sign_in("ann", "gibberish %d" % i).code(), range(32)))
        equal(codes.count("AuthenticationFailed"), 5, codes)
        equal(codes.count("LockedOut"), 27, codes)
