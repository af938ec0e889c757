"""kill -9 while users, roles, keys, sessions and identity providers come and go: what was acknowledged holds, and what was
not is there as a whole or not at all."""
import http.client
import os
import random
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import PASSWORD, Browser, Server, until  # noqa: E402  (found through the line above)

ROLES = ("Microsoft Sentinel Reader", "Log Analytics Reader")
AUTH = "/providers/Microsoft.Authorization"
READER = "8d289c81-5878-46d4-8554-54e1e3d8b5cb"


class Office:
    """What each thread has done, and what was acknowledged of it."""

    def __init__(self, server, chance):
        self.server, self.chance = server, chance
        self.users, self.gone, self.begun = {}, set(), set()  # by name
        self.sessions, self.ended = [], []  # browsers
        self.keys, self.dead_keys = [], []
        self.assigned, self.taken = set(), set()
        self.providers = set()
        self.number, self.problem = 0, None

    def one_more(self):
        self.number += 1
        name = "person-%d" % self.number
        self.begun.add(name)
        made = self.server.post("/vedette/v1/users", {"name": name, "password": PASSWORD, "mustChangePassword": False,
                                                      "roles": [{"role": r} for r in ROLES]})
        assert made.status == 201, made
        self.users[name] = made.json()["id"]
        return name

    def come_and_go(self):
        name = self.one_more()
        browser = Browser(self.server)
        answer = browser.sign_in(name, PASSWORD)
        assert answer.status == 200, answer
        key = browser.post("/portal/api/api-keys", {"name": "k"})
        assert key.status == 201, key
        kept = key.json()
        self.keys.append(kept["key"])
        what = self.chance.randrange(4)
        if what == 0:
            self.keys.remove(kept["key"])
            assert browser.call("DELETE", "/portal/api/api-keys/" + kept["id"]).status in (200, 204)
            self.dead_keys.append(kept["key"])
            self.sessions.append(browser)
        elif what == 1:
            cookie = browser.cookie
            assert browser.post("/portal/api/signout").status == 204
            browser.cookie = cookie
            self.ended.append(browser)
        elif what == 2:
            self.keys.remove(kept["key"])
            user = self.users.pop(name)  # its end is under way
            assert self.server.request("DELETE", "/vedette/v1/users/" + user).status in (200, 204)
            self.gone.add(name)
            self.ended.append(browser)
            self.dead_keys.append(kept["key"])
        else:
            self.sessions.append(browser)
            self.assign(self.users[name])

    def assign(self, principal):
        path = "%s%s/roleAssignments/%s?api-version=2022-04-01" % (self.server.arm_path(), AUTH, uuid.uuid4())
        body = {"properties": {"roleDefinitionId": "/x%s/roleDefinitions/%s" % (AUTH, READER), "principalId": principal}}
        assert self.server.request("PUT", path, body).status == 201
        self.assigned.add(path)
        if self.chance.random() < 0.3:
            self.assigned.remove(path)
            assert self.server.request("DELETE", path).status in (200, 204)
            self.taken.add(path)
        provider = "idp-%d" % self.number
        made = self.server.request("PUT", "/vedette/v1/identityProviders/" + provider, {
            "issuer": "https://login-%d.example" % self.number, "clientId": "c", "clientSecret": "s" * 20})
        assert made.status in (200, 201), made
        self.providers.add(provider)

    def work(self):
        try:
            while True:
                self.come_and_go()
        except (OSError, http.client.HTTPException):
            pass  # killed, as it should be
        except AssertionError as problem:
            self.problem = problem


def values(server, path):
    answer = server.get(path)
    assert answer.status == 200, answer
    return answer.json()["value"]


def check(server, office):
    people = {u["name"]: u for u in values(server, "/vedette/v1/users")}
    for name in office.users:
        assert name in people, "%s was acknowledged and is gone" % name
    for name in office.gone:
        assert name not in people, "%s was deleted and is back" % name
    strange = {n for n in people if n.startswith("person-")} - office.begun
    assert not strange, strange
    for name, user in people.items():
        if name.startswith("person-"):
            has = {r["role"] for r in user["roles"]}
            assert set(ROLES) <= has, "%s is half there: %s" % (name, has)
            assert Browser(server).sign_in(name, PASSWORD).status == 200, "%s has no password" % name
    ids = {u["id"] for u in people.values()} | {a["clientId"] for a in values(server, "/vedette/v1/applications")}
    for one in values(server, AUTH + "/roleAssignments?api-version=2022-04-01"):
        assert one["properties"]["principalId"] in ids, "an assignment of nobody: %s" % one
    for browser in office.sessions:
        assert browser.get("/portal/api/session").status == 200, "a session is lost"
    for browser in office.ended:
        assert browser.cookie and browser.get("/portal/api/session").status == 401, "a session that was ended is back"
    for key in office.keys:
        assert server.get("/vedette/v1/workspaces", token=key).status == 200, "a key is lost"
    for key in office.dead_keys:
        assert server.get("/vedette/v1/workspaces", token=key).status == 401, "a deleted key is back"
    for path in office.assigned:
        assert server.get(path).status == 200, "an assignment is lost"
    for path in office.taken:
        assert server.get(path).status == 404, "an assignment is back"
    there = {p["name"] for p in values(server, "/vedette/v1/identityProviders")}
    assert office.providers <= there, "a provider is lost"


def server_killed_while_people_come_and_go(_data):
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    turns = max(4, int(os.environ.get("FAULT_KILLS", "20")) // 3)
    with Server("--requests-per-second", "100000", "--sign-ins-per-second", "0", "--lockout-failures", "0") as server:
        office = Office(server, chance)
        for _ in range(turns):
            # What was in between when the server died may be there or not.
            worker = threading.Thread(target=office.work)
            worker.start()
            enough = office.number + chance.randint(4, 9)
            until(lambda: office.number >= enough or office.problem)
            time.sleep(chance.random() * 0.2)  # the moment itself, not a wait
            server.kill()
            worker.join()
            assert office.problem is None, office.problem
            server.start()
            check(server, office)
    assert len(office.users) > turns, "only %d users" % len(office.users)
    print("     %d users, %d deleted, %d sessions, %d keys, %d kills" % (
        len(office.users), len(office.gone), len(office.sessions), len(office.keys), turns))


TESTS = [server_killed_while_people_come_and_go]
