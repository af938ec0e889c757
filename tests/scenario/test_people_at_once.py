"""People, keys, roles, sessions and streams of events that come, change and go in many threads at once. Runs under
ThreadSanitizer, too."""
import contextlib
import http.client
import threading
import uuid

from test_events import BEAT, Stream
from test_rights import READER, arm_scope, assign
from vedette import PASSWORD, Browser, Server, equal, until

AUTH = "/providers/Microsoft.Authorization"
ROUNDS = 6


class Crowd:
    """Threads whose mistakes are the test's."""

    def __init__(self):
        self.problems, self.threads = [], []

    def start(self, work, *words):
        def run():
            try:
                work(*words)
            except Exception as problem:
                self.problems.append("%s%s: %r" % (work.__name__, words, problem))
        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def join(self):
        for thread in self.threads:
            thread.join(300)
            assert not thread.is_alive(), "a thread hangs"
        assert not self.problems, self.problems


def people_come_and_go(s, me):
    for turn in range(ROUNDS):
        name = "person-%d-%d" % (me, turn)
        user = s.user(name, "Microsoft Sentinel Reader")["id"]
        browsers = [Browser(s) for _ in range(2)]
        for b in browsers:
            equal(b.sign_in(name, PASSWORD).status, 200)
        made = browsers[0].post("/portal/api/api-keys", {"name": "k"})
        equal(made.status, 201, made)
        key = made.json()
        equal(s.arm("GET", "/incidents", token=key["key"]).status, 200)
        equal(browsers[1].get("/portal/api/session").status, 200)
        if turn % 2:
            equal(browsers[0].call("DELETE", "/portal/api/sessions").status in (200, 204), True)
            equal(browsers[1].get("/portal/api/session").status, 401)
            equal(browsers[0].call("DELETE", "/portal/api/api-keys/" + key["id"]).status in (200, 204), True)
        equal(s.request("DELETE", "/vedette/v1/users/" + user).status in (200, 204), True)
        equal(s.arm("GET", "/incidents", token=key["key"]).status, 401)
        equal(browsers[0].get("/portal/api/session").status, 401)


def roles_change(s, me):
    app, secret = s.application()
    token = s.token(app, secret)
    scope = arm_scope(s)
    for _ in range(ROUNDS):
        name = str(uuid.uuid4())
        equal(s.arm("GET", "/incidents", token=token).status, 403)
        equal(assign(s, app, READER, scope, name=name).status, 201)
        equal(s.arm("GET", "/incidents", token=token).status, 200)
        equal(s.ask("Heartbeat | count", token=token).status, 200)
        equal(s.request("DELETE", scope + AUTH + "/roleAssignments/%s?api-version=2022-04-01" % name).status, 200)
    assert me >= 0


def streams_come_and_go(s, me, until_set):
    """Some read to the end, some hang up, some belong to a person whose session ends under them."""
    turn = 0
    while not until_set.is_set():
        turn += 1
        name = "watcher-%d-%d" % (me, turn)
        user = s.user(name, "Owner")["id"]
        b = Browser(s)
        equal(b.sign_in(name, PASSWORD).status, 200)
        made = b.post("/portal/api/api-keys", {"name": "k"})
        equal(made.status, 201, made)
        stream = Stream(s, token=made.json()["key"])
        equal(stream.answer.status, 200)
        equal(s.post_logs("Microsoft-Heartbeat", BEAT).status, 204)
        equal(stream.next("ingestion")[0], "ingestion")
        equal(s.request("DELETE", "/vedette/v1/users/" + user).status in (200, 204), True)
        if turn % 2:
            equal(s.post_logs("Microsoft-Heartbeat", BEAT).status, 204)
            with contextlib.suppress(OSError, http.client.HTTPException):
                while stream.next() is not None:  # whoever is gone is told nothing more, and the stream ends
                    pass
        stream.close()


def incidents_change(s, me):
    for turn in range(ROUNDS):
        path = "/incidents/of-%d-%d" % (me, turn)
        equal(s.arm("PUT", path, {"properties": {"title": "T", "severity": "Low", "status": "New"}}).status, 201)
        equal(s.arm("DELETE", path).status, 200)


def test_many_threads_change_people_and_rights():
    with Server("--requests-per-second", "100000", "--sign-ins-per-second", "0", "--lockout-failures", "0") as s:
        crowd, watchers, over = Crowd(), Crowd(), threading.Event()
        for me in range(2):
            watchers.start(streams_come_and_go, s, me, over)
        for me in range(2):
            crowd.start(people_come_and_go, s, me)
            crowd.start(roles_change, s, me)
            crowd.start(incidents_change, s, me)
        try:
            crowd.join()
        finally:
            over.set()
        watchers.join()
        left = [u["name"] for u in s.get("/vedette/v1/users").json()["value"] if "-" in u["name"]]
        equal(left, [])
        until(lambda: s.get("/healthz", token=None).status == 200)
