"""What every answer tells browsers, and what the port does with requests that are none."""
import random
import socket
import ssl
import urllib.parse

from vedette import PASSWORD, Server, contains, equal

# One of each family of routes and errors: method, path, body, with a token?
FAMILIES = [
    ("GET", "/healthz", None, False), ("GET", "/metrics", None, False), ("GET", "/readyz", None, False),
    ("POST", "/common/oauth2/v2.0/token", "grant_type=x", False), ("GET", "/x/v2.0/.well-known/openid-configuration", None, False),
    ("POST", "/dataCollectionRules/x/streams/y?api-version=2023-01-01", [], True),
    ("POST", "/v1/workspaces/default/query", {"query": "print 1"}, True), ("POST", "/v1/workspaces/default/query", {"query": "x |"}, True),
    ("GET", "/v1/workspaces/default/metadata", None, True), ("POST", "/v1/$batch", {}, True),
    ("POST", "/v1/rest/mgmt", {"csl": ".show version"}, True), ("POST", "/v2/rest/query", {"csl": "nope"}, True),
    ("POST", "/api/logs?api-version=2016-04-01", [], False), ("POST", "/v1/logs", {}, False),
    ("GET", "/vedette/v1/workspaces", None, True), ("GET", "/vedette/v1/workspaces", None, False),
    ("GET", "/vedette/v1/users", None, True), ("GET", "/portal/api/session", None, False), ("GET", "/portal/api/session", None, True),
    ("POST", "/portal/api/signin", {"name": "x", "password": "y"}, False), ("GET", "/portal/", None, False),
    ("GET", "/portal/api/nothing", None, False), ("GET", "/", None, False), ("GET", "/openapi.json", None, False),
    ("GET", "/no/such/path", None, False), ("PATCH", "/healthz", None, False), ("GET", "/%zz", None, False), ("HEAD", "/healthz", None, False),
]


def test_every_answer_is_safe_in_a_browser():
    with Server("--hsts", "365d") as s:
        for method, path, body, signed in FAMILIES:
            answer = s.request(method, path, body, token="operator" if signed else None)
            h = answer.headers
            what = "%s %s: %s" % (method, path, answer.status)
            equal(h.get("x-content-type-options"), "nosniff", what)
            equal(h.get("x-frame-options"), "DENY", what)
            equal(h.get("referrer-policy"), "no-referrer", what)
            equal(h.get("cross-origin-resource-policy"), "same-origin", what)
            equal(h.get("strict-transport-security"), "max-age=31536000", what)
            contains(h.get("content-security-policy", ""), "frame-ancestors 'none'")
            assert "cache-control" in h, what
            assert "server" not in h and "access-control-allow-origin" not in h, (what, h)
    with Server() as s:
        assert "strict-transport-security" not in s.get("/healthz", token=None).headers


# ---- requests that are none ----

def seeds(s, cookie):
    host = urllib.parse.urlsplit(s.url).netloc
    head = "Host: %s\r\nAuthorization: Bearer %s\r\n" % (host, "A" * 43)
    return [r.encode("latin-1") for r in (
        "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n" % host,
        "POST /v1/workspaces/default/query HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"query\": \"print 1\"}" % head,
        "POST /portal/api/signin HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n{\"name\": \"x\", \"password\": \"yyy\"}" % host,
        "GET /portal/api/session HTTP/1.1\r\nHost: %s\r\nCookie: a=b; __Host-vedette-session=%s\r\nX-CSRF-Token: x\r\n\r\n" % (host, cookie),
        "POST /v1/logs HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n" % head,
        "PUT /subscriptions/x/resourceGroups/y/providers/Microsoft.OperationalInsights/workspaces/default/providers/Microsoft.SecurityInsights/incidents/i?api-version=2024-09-01&$filter=a%%20eq%%20'b' HTTP/1.1\r\n%sExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}" % head,
        "GET /portal/assets/%%2e%%2e/%%2e%%2e/token.key HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\nRange: bytes=0-1\r\n\r\n" % host,
        "OPTIONS * HTTP/1.1\r\nHost: %s\r\nOrigin: https://evil.example\r\n\r\n" % host)]


SPLICES = [b"\r\n", b"\n", b"\r", b"\0", b"\xff\xfe", b": ", b"%00", b"%0d%0aX: y", b"../", b"Content-Length: -1\r\n",
           b"Content-Length: 99999999999999999999\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Transfer-Encoding: chunked\r\n",
           b"Transfer-Encoding: identity, chunked\r\n", b"HTTP/9.9", b"A" * 300, b"{" * 200, b"\xc3\x28", b"%", b"?", b"&a=b" * 80, b";", b"ffffffffffffffff\r\n"]


def mutate(rng, text):
    text = bytearray(text)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            text[at:at] = rng.choice(SPLICES)
        elif kind == 1:
            del text[at:at + rng.randint(1, 30)]
        elif kind == 2 and text:
            text[at % len(text)] = rng.randrange(256)
        elif kind == 3:
            text[at:at] = text[at:at + rng.randint(1, 60)]
        elif kind == 4:
            text[at:at] = rng.choice([b"x-y: z\r\n", b"Cookie: a\r\n"]) * rng.randint(1, 120)
        else:
            text = text[:at] or text
    return bytes(text)


def exchange(s, context, request):
    """What comes back before the server closes, or nothing more is said; at most 64 KiB. context: of TLS, or None."""
    parts = urllib.parse.urlsplit(s.url)
    port = parts.port if context else s.plain_port
    got = b""
    with socket.create_connection((parts.hostname, port), timeout=20) as raw:
        conn = context.wrap_socket(raw, server_hostname=parts.hostname) if context else raw
        try:
            conn.sendall(request)
            conn.settimeout(0.25 if b"\r\n\r\n" in request else 0.02)
            while len(got) < 1 << 16:
                piece = conn.recv(1 << 14)
                if not piece:
                    break
                got += piece
                conn.settimeout(0.005)
        except (OSError, ssl.SSLError):
            pass
        if context:
            conn.close()
    return got


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_requests_that_are_none_hurt_nobody():
    port = free_port()
    with Server("--listen-http", "127.0.0.1:%d" % port, "--request-timeout", "1s", "--requests-per-second", "100000", "--sign-ins-per-second", "0",
                "--lockout-failures", "0", "--lockout-address-failures", "0") as s:
        s.plain_port = port
        b = s.browser()
        with open(s.data + "/token.key", "rb") as f:
            key = f.read()
        secrets = [s.secret.encode(), s.operator.encode(), PASSWORD.encode(), b.cookie.encode(), b.csrf.encode(), key, b"argon2", b"/src/", b"BEGIN"]
        context = ssl.create_default_context(cafile=s.ca)
        rng = random.Random(20260301)
        given = seeds(s, ("B" if b.cookie[0] == "A" else "A") + b.cookie[1:])  # nobody's session
        answered = 0
        for i in range(2000):
            request = mutate(rng, rng.choice(given))
            got = exchange(s, context if i % 10 == 0 else None, request)
            for line in got.split(b"\r\n"):
                if line.startswith(b"HTTP/1."):
                    status = int(line.split()[1])
                    answered += 1
                    assert status in (100, 200, 204, 302, 304) or 400 <= status < 500 or status in (501, 503, 505), (i, request, got[:500])
            for secret in secrets:
                assert secret not in got, (i, request, got[:2000])
        assert answered > 500, answered
        equal(s.get("/healthz", token=None).status, 200)
        equal(b.get("/portal/api/session").status, 200)
        equal(s.ask("print 1").status, 200)
        text = s.read_log()
        for secret in (s.secret, s.operator, PASSWORD, b.cookie):
            assert secret not in text
