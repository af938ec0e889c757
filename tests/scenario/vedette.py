"""A real Vedette server for tests: its own data folder, a free port, HTTPS with its own CA."""
import contextlib
import gzip
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.parse
import uuid

PROGRAM = os.environ.get("VEDETTE", "build/vedette")
START_LIMIT_S = float(os.environ.get("VEDETTE_START_LIMIT", "20"))  # more where others use the machine, too
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


class Answer:
    """Status, headers and body of one exchange."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.text = body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.text)

    def code(self):
        """The error's code."""
        return self.json()["error"]["code"]

    def message(self):
        """The innermost message."""
        error = self.json()["error"]
        while "innererror" in error:
            error = error["innererror"]
        return error["message"]

    def __repr__(self):
        return "%s %s" % (self.status, self.text[:500])


def run(*words, data=None, stdin=None, env=None):
    """Runs a command of the program; returns (exit code, stdout, stderr)."""
    command = [PROGRAM, *words] + (["--data", data] if data else [])
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(env or {})}, check=False)
    return done.returncode, done.stdout, done.stderr


# The row of each alert of one, out of the query that opens it again.
ROWS_OF_ALERTS = ("SecurityAlert | extend Q = tostring(parse_json(ExtendedProperties).Query)"
                  " | extend Row = zlib_decompress_from_base64_string(extract(\"'([^']+)'\", 1, Q))")


# A password that is taken, and what makes hashing it cheap.
PASSWORD = "larch marmalade 9 tin roof"
# Each first start makes a user; hashing its password properly costs more than the rest of the start.
CHEAP_PASSWORDS = {"VEDETTE_PASSWORD_MEMORY": "64KiB", "VEDETTE_PASSWORD_PASSES": "1"}


class Browser:
    """What a browser keeps of a server: the cookie, and (as the portal does) the CSRF token."""

    def __init__(self, server):
        self.server = server
        self.cookie = None
        self.csrf = None

    def sign_in(self, name, password, headers=None, **more):
        answer = self.call("POST", "/portal/api/signin", {"name": name, "password": password, **more}, headers)
        if answer.status == 200:
            self.csrf = answer.json()["csrfToken"]
        return answer

    def call(self, method, path, body=None, headers=None, csrf=True):
        sent = {"Sec-Fetch-Site": "same-origin", "Origin": self.server.url}
        if self.cookie:
            sent["Cookie"] = "__Host-vedette-session=" + self.cookie
        if csrf and self.csrf and method != "GET":
            sent["X-CSRF-Token"] = self.csrf
        sent.update(headers or {})
        answer = self.server.request(method, path, body, {k: v for k, v in sent.items() if v is not None}, token=None)
        given = answer.headers.get("set-cookie")
        if given:
            value = given.split(";")[0].split("=", 1)[1]
            self.cookie = value or None
        return answer

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, {} if body is None else body, **more)


class Server:
    """vedette serve; stop() must be called. A server that stopped can be started again."""

    def __init__(self, *settings, clock=None, data=None, env=None, start=True):
        self.own_folder = data is None
        self.data = data or tempfile.mkdtemp(prefix="vedette-test-")
        self.settings = list(settings) + (["--clock", clock] if clock else [])
        self.env = env or {}
        self.process = None
        self.secret = None
        self.client_id = None
        self.user_name = None
        self.password = None
        self.tenant = None
        self.url = None
        self.tokens = {}
        if start:
            self.start()

    # ---- life ----

    def start(self, clock=None):
        """Starts and waits until it answers."""
        if clock:
            at = self.settings.index("--clock")
            self.settings[at + 1] = clock
        self.tokens = {}
        self.out = tempfile.TemporaryFile("w+")
        self.log = tempfile.TemporaryFile("w+")
        listen = [] if "--listen" in self.settings else ["--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--data", self.data, *listen, *self.settings],
            stdout=self.out, stderr=self.log, env={**CHEAP_PASSWORDS, **os.environ, **self.env})
        self._wait_ready()
        self._read_greeting()
        return self

    def _wait_ready(self):
        limit = time.monotonic() + START_LIMIT_S
        path = os.path.join(self.data, "server.json")
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise RuntimeError("serve ended with %s: %s" % (self.process.returncode, self.read_log()))
            try:
                with open(path, encoding="utf-8") as f:
                    found = json.load(f)
                if found["pid"] == self.process.pid:
                    self.url, self.ca, self.operator = found["url"], found["ca"], found["token"]
                    if self.get("/readyz", token=None).status == 200:
                        return
            except (OSError, ValueError, KeyError):
                pass
            time.sleep(0.02)
        raise RuntimeError("serve is not ready after %d s: %s" % (START_LIMIT_S, self.read_log()))

    def _read_greeting(self):
        self.out.seek(0)
        for line in self.out:
            words = line.split()
            if line.startswith("  client id"):
                self.client_id = words[-1]
            elif line.startswith("  client secret"):
                self.secret = words[-1]
            elif line.startswith("  tenant id"):
                self.tenant = words[-1]
            elif line.startswith("  user name"):
                self.user_name = words[-1]
            elif line.startswith("  password"):
                self.password = words[-1]

    def greeting(self):
        self.out.seek(0)
        return self.out.read()

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        """SIGTERM; exit code 0 and a log of JSON lines are part of every test."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(60)
            text = self.read_log()
            self.process = None
            assert code == 0, "exit code %s\n%s" % (code, text)
            for line in text.splitlines():
                json.loads(line)
        return self

    def restart(self, clock):
        """Stops, and starts at a later time: what would have happened in between does not."""
        return self.stop().start(clock=clock)

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait(30)
        self.process = None
        return self

    def close(self):
        try:
            self.stop()
        finally:
            if self.own_folder:
                shutil.rmtree(self.data, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and self.process is not None:
            self.kill()
            if self.own_folder:
                shutil.rmtree(self.data, ignore_errors=True)
        else:
            self.close()

    # ---- requests ----

    def connect(self, timeout=60):
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        context = ssl.create_default_context(cafile=self.ca or None)
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)

    def request(self, method, path, body=None, headers=None, token="operator", connection=None):
        """token: "operator", a token, or None. body: bytes, text, or something for JSON."""
        sent = {}
        if token is not None:
            sent["Authorization"] = "Bearer " + (self.operator if token == "operator" else token)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        if isinstance(body, str):
            body = body.encode()
        used = connection or self.connect()
        try:
            used.request(method, path, body=body, headers=sent)
            got = used.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            if connection is None:
                used.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    # ---- tokens ----

    def sign_in(self, client_id=None, secret=None, scope="https://monitor.azure.com/.default"):
        form = urllib.parse.urlencode({
            "grant_type": "client_credentials", "scope": scope,
            "client_id": client_id or self.client_id, "client_secret": secret or self.secret})
        return self.post("/%s/oauth2/v2.0/token" % (self.tenant or "common"), form, token=None,
                         headers={"Content-Type": "application/x-www-form-urlencoded"})

    def token(self, client_id=None, secret=None):
        return self.sign_in(client_id, secret).json()["access_token"]

    def application(self, *roles, workspace=None):
        """Makes an application with these roles (names, or as the API takes them); returns
        (client id, secret)."""
        grants = [r if isinstance(r, dict) else
                  {"role": r, **({"workspace": workspace} if workspace else {})} for r in roles]
        made = self.post("/vedette/v1/applications", {"name": "test", "roles": grants})
        assert made.status == 201, made
        return made.json()["clientId"], made.json()["clientSecret"]

    # ---- people ----

    def browser(self, name=None, password=None, **more):
        """A browser that has signed in, by default as a new Owner."""
        if name is None:
            name, password = "tester-%s" % uuid.uuid4().hex[:8], PASSWORD
            self.user(name, "Owner")
        browser = Browser(self)
        answer = browser.sign_in(name, password or PASSWORD, **more)
        assert answer.status == 200, answer
        return browser

    def user(self, name, *roles, password=None, **more):
        """Makes a user who need not change the password; returns the answer's body."""
        grants = [{"role": r} for r in roles]
        made = self.post("/vedette/v1/users", {"name": name, "roles": grants, "password": password or PASSWORD,
                                               "mustChangePassword": False, **more})
        assert made.status == 201, made
        return made.json()

    # ---- what tests do all the time ----

    def workspace(self):
        return self.get("/vedette/v1/workspaces").json()["value"][0]

    def stream_path(self, stream):
        return "/dataCollectionRules/%s/streams/%s?api-version=2023-01-01" % (
            self.workspace()["dataCollectionRule"], stream)

    def post_logs(self, stream, records, packed=False, request_id=None, token="operator",
                  connection=None):
        body = records if isinstance(records, (bytes, str)) else json.dumps(records)
        body = body.encode() if isinstance(body, str) else body
        headers = {"x-ms-client-request-id": request_id or str(uuid.uuid4())}
        if packed:
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        if not hasattr(self, "_dcr"):
            self._dcr = self.workspace()["dataCollectionRule"]
        path = "/dataCollectionRules/%s/streams/%s?api-version=2023-01-01" % (self._dcr, stream)
        return self.post(path, body, headers=headers, token=token, connection=connection)

    def ask(self, kql, token="operator", prefer=None, **body):
        if not hasattr(self, "_id"):
            self._id = self.workspace()["id"]
        headers = {"Prefer": prefer} if prefer else {}
        return self.post("/v1/workspaces/%s/query" % self._id, {"query": kql, **body}, token=token,
                         headers=headers)

    def query(self, kql, **body):
        """Rows of the first table as dictionaries."""
        answer = self.ask(kql, **body)
        assert answer.status == 200, answer
        table = answer.json()["tables"][0]
        names = [c["name"] for c in table["columns"]]
        return [dict(zip(names, row)) for row in table["rows"]]

    def count(self, table):
        return self.query(table + " | count")[0]["Count"]

    def arm_path(self):
        """The workspace's resource id."""
        return ("/subscriptions/%s/resourceGroups/vedette/providers/Microsoft.OperationalInsights/"
                "workspaces/default" % SUBSCRIPTION)

    def arm(self, method, path, body=None, headers=None, token="operator", provider=True):
        base = self.arm_path()
        if provider:
            base += "/providers/Microsoft.SecurityInsights"
        join = "&" if "?" in path else "?"
        return self.request(method, base + path + join + "api-version=2024-09-01", body, headers,
                            token)

    def import_rule(self, text):
        return self.post("/vedette/v1/workspaces/%s/rules" % self.workspace()["id"], text,
                         headers={"Content-Type": "application/yaml"})

    def move_clock(self, to):
        """Answers when all that was due until then has run, which may be a month of it."""
        with contextlib.closing(self.connect(timeout=400)) as c:
            answer = self.post("/vedette/v1/clock", {"now": to}, connection=c)
        assert answer.status == 200, answer
        return answer.json()

    def metrics(self):
        """Values by name and labels, as Prometheus writes them."""
        values = {}
        for line in self.get("/metrics", token=None).text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def ingested(self):
        """Sums over all sources but the server itself, which tells of what happens: (received, stored, rejected)."""
        sums = [0, 0, 0]
        for name, value in self.metrics().items():
            for i, what in enumerate(("received", "stored", "rejected")):
                if name.startswith("vedette_ingest_%s_total{" % what) and 'source="vedette"' not in name:
                    sums[i] += int(value)
        return tuple(sums)


def equal(found, wanted, what=""):
    assert found == wanted, "%s: %r found, %r wanted" % (what or "value", found, wanted)


def contains(text, part):
    assert part in text, "%r is not in %r" % (part, text[:2000])


def until(condition, limit_s=60):
    """Waits for something that happens in another process."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen within %d s" % limit_s)
