"""A small OpenID Connect provider for tests: it signs in whoever the test says, checks what a careful
provider checks (redirect address, client, PKCE), and lies where a test tells it to."""
import base64
import hashlib
import http.server
import json
import ssl
import tempfile
import threading
import time
import urllib.parse
import uuid

import jose

CLIENT, SECRET = "vedette-test", "provider secret/+&="


class Provider:
    """Attributes may be changed at any time; `seen` counts requests by path."""

    def __init__(self, tls=None, path=""):
        self.folder = tempfile.TemporaryDirectory()
        self.key = jose.Key(self.folder.name, "key-1")
        self.published = [self.key.jwk()]
        self.claims = {"sub": "alice", "name": "Alice", "email": "alice@contoso.example", "preferred_username": "alice"}
        self.change = {}  # claims of the next ID tokens, None: left out
        self.make = None  # another function that makes the ID token of claims
        self.userinfo = {}
        self.discovery = {}
        self.codes, self.seen, self.redirects = {}, {}, []
        self.secret, self.refuse, self.now = SECRET, None, time.time
        self.client_key = None  # where the client signs assertions: its key, as jose.Key
        self.assertions = []  # (header, claims) of those
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "%s://127.0.0.1:%d%s" % ("https" if tls else "http", self.server.server_address[1], path)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def rotate(self, kid):
        """Another key from now on; the old one is not published any more."""
        self.key = jose.Key(self.folder.name, kid)
        self.published = [self.key.jwk()]

    def settings(self, **more):
        return {"issuer": self.url, "clientId": CLIENT, "clientSecret": SECRET, "createUsers": True,
                "roles": [{"claim": "groups", "value": "soc", "role": "Microsoft Sentinel Reader"}], **more}

    def access_token(self, alg=None, key=None, header=None, **claims):
        now = int(self.now())
        full = {"iss": self.url, "aud": "api://vedette", "sub": "alice", "name": "Alice", "scp": "read",
                "iat": now, "nbf": now, "exp": now + 3600, **claims}
        return (key or self.key).token({k: v for k, v in full.items() if v is not None}, alg, **(header or {}))

    # ---- what its addresses answer ----

    def document(self):
        base = self.url
        return {"issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token",
                "jwks_uri": base + "/keys", "userinfo_endpoint": base + "/userinfo", "end_session_endpoint": base + "/logout",
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"], **self.discovery}

    def authorize(self, query):
        """Where the browser is sent: a code for the address that asked."""
        assert query["response_type"] == "code" and query["client_id"] == CLIENT, query
        assert "openid" in query["scope"].split() and query["code_challenge_method"] == "S256", query
        self.redirects.append(query["redirect_uri"])
        code = str(uuid.uuid4())
        self.codes[code] = query
        answer = {"code": code, "state": query["state"]}
        if self.discovery.get("authorization_response_iss_parameter_supported"):
            answer["iss"] = self.url
        return query["redirect_uri"] + "?" + urllib.parse.urlencode(answer)

    def id_token(self, nonce):
        now = int(self.now())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **self.claims, **self.change}
        claims = {k: v for k, v in claims.items() if v is not None}
        return self.make(claims) if self.make else self.key.token(claims)

    def is_client(self, form, authorization):
        if self.client_key:
            assert not authorization and "client_secret" not in form, form
            equal = form.get("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            header, claims, good = self.client_key.checked(form.get("client_assertion", ""))
            self.assertions.append((header, claims))
            fresh = [c["jti"] for _, c in self.assertions].count(claims["jti"]) == 1
            return (equal and good and fresh and claims["iss"] == claims["sub"] == form.get("client_id") == CLIENT
                    and claims["aud"] == self.url + "/token" and claims["iat"] <= self.now() < claims["exp"])
        if authorization:
            pair = base64.b64decode(authorization.split()[1]).decode().split(":")
            client, secret = (urllib.parse.unquote_plus(x) for x in pair)
        else:
            client, secret = form.get("client_id"), form.get("client_secret")
        return (client, secret) == (CLIENT, self.secret)

    def token(self, form, authorization):
        if self.refuse:
            return 400, {"error": self.refuse, "error_description": "as told <script>"}
        if not self.is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code"), None)
        challenge = jose.url64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not asked or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        return 200, {"token_type": "Bearer", "access_token": "at", "expires_in": 300, "id_token": self.id_token(asked["nonce"])}

    def answer(self, method, path, query, form, headers):
        self.seen[path] = self.seen.get(path, 0) + 1
        if path.endswith("/.well-known/openid-configuration"):
            return 200, self.document()
        if path.endswith("/keys"):
            return 200, {"keys": self.published}
        if path.endswith("/authorize"):
            return 302, self.authorize(query)
        if path.endswith("/token") and method == "POST":
            return self.token(form, headers.get("Authorization"))
        if path.endswith("/userinfo"):
            return 200, {"sub": self.claims["sub"], **self.userinfo}
        return 404, {"error": "not_found"}


def handler(provider):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def run(self, method):
            parts = urllib.parse.urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            query, form = (dict(urllib.parse.parse_qsl(x, keep_blank_values=True)) for x in (parts.query, body))
            status, found = provider.answer(method, parts.path, query, form, self.headers)
            text = b"" if status == 302 else json.dumps(found).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", found)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self):
            self.run("GET")

        def do_POST(self):
            self.run("POST")

        def log_message(self, *_):
            pass

    return Handler
