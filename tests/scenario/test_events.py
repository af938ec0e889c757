"""GET /vedette/v1/events: what happens, as it happens, for whom it is."""
import json
import time

from test_rights import assign, define
from vedette import Server, equal, until


class Stream:
    """An open stream of events, read line by line."""

    def __init__(self, server, query="", token="operator", last=None):
        self.connection = server.connect(timeout=30)
        headers = {"Authorization": "Bearer " + (server.operator if token == "operator" else token)}
        if last:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", "/vedette/v1/events" + query, headers=headers)
        self.answer = self.connection.getresponse()
        self.type = self.answer.getheader("content-type")

    def next(self, *names):
        """The next event of one of these names: (name, id, data); None at the end."""
        found = {}
        while True:
            line = self.answer.readline().decode()
            if line == "":
                return None
            line = line.rstrip("\n")
            if line == "":
                if found.get("event") in names or (found.get("event") and not names):
                    return found["event"], found.get("id"), json.loads(found["data"])
                found = {}
            elif line[0] != ":":
                name, _, value = line.partition(": ")
                found[name] = value

    def close(self):
        self.connection.close()


BEAT = [{"TimeGenerated": "2026-01-10T00:00:00Z", "Computer": "a"}]
INCIDENT = {"properties": {"title": "One", "severity": "High", "status": "New"}}


def test_incidents_and_rows_are_told_of():
    with Server(clock="2026-01-10T00:00:00Z") as s:
        all_of_it = Stream(s)
        some = Stream(s, "?topics=incidents&workspaces=default")
        equal((all_of_it.answer.status, all_of_it.type), (200, "text/event-stream"))
        equal(s.post_logs("Microsoft-Heartbeat", BEAT).status, 204)
        name, _, data = all_of_it.next("ingestion")
        equal((name, data["table"], data["rows"], data["workspace"]),
              ("ingestion", "Heartbeat", 1, s.workspace()["id"]))
        equal(s.arm("PUT", "/incidents/one", INCIDENT).status, 201)
        equal(some.next()[2]["table"], "SecurityIncident")
        equal(all_of_it.next("incidents")[2]["rows"], 1)
        all_of_it.close()
        some.close()


def test_one_who_comes_back_gets_what_was_missed():
    with Server(clock="2026-01-10T00:00:00Z") as s:
        first = Stream(s, "?topics=ingestion")
        equal(s.post_logs("Microsoft-Heartbeat", BEAT).status, 204)
        _, seen, _ = first.next("ingestion")
        other = Stream(s, "?topics=incidents")
        first.close()
        equal(s.arm("PUT", "/incidents/one", INCIDENT).status, 201)
        other.next("incidents")
        again = Stream(s, "?topics=incidents", last=seen)
        equal(again.next()[0], "incidents")
        unknown = Stream(s, "?topics=incidents", last="00000000-5")
        equal(unknown.next()[0], "reset")
        for stream in (other, again, unknown):
            stream.close()


def test_rights_are_looked_at_for_each_event():
    with Server(clock="2026-01-10T00:00:00Z") as s:
        client_id, secret = s.application("Log Analytics Data Reader")  # neither incidents nor tables
        mine, control = Stream(s, token=s.token(client_id, secret)), Stream(s)
        equal(s.arm("PUT", "/incidents/one", INCIDENT).status, 201)
        equal(s.post_logs("Microsoft-Heartbeat", BEAT).status, 204)
        equal(control.next("incidents")[2]["table"], "SecurityIncident")
        equal(control.next("ingestion")[0], "ingestion")
        equal(s.request("DELETE", "/vedette/v1/applications/" + client_id).status // 100, 2)
        # The next event finds that the caller is no more.
        equal(s.post_logs("Microsoft-Heartbeat", BEAT).status, 204)
        equal(mine.next()[0], "end")
        equal(mine.next(), None)
        control.close()


def test_limits_and_bad_words():
    with Server("--event_streams_each", "2") as s:
        equal(s.get("/vedette/v1/events", token=None).status, 401)
        equal(s.get("/vedette/v1/events?topics=weather").status, 400)
        equal(s.get("/vedette/v1/events?workspaces=elsewhere").status, 404)
        held = [Stream(s), Stream(s)]
        full = s.get("/vedette/v1/events")
        equal((full.status, full.headers["retry-after"]), (429, "5"))
        held[0].close()
        # One that has gone is found when something is sent to it.
        until(lambda: s.post_logs("Microsoft-Heartbeat", BEAT).status == 204 and opens(s))
        held[1].close()


def opens(server):
    stream = Stream(server)
    stream.close()
    return stream.answer.status == 200


def test_streams_end_with_the_server():
    s = Server()
    try:
        stream = Stream(s)
        equal(stream.answer.status, 200)
        began = time.monotonic()
        s.stop()
        equal(stream.next(), None)
        equal(time.monotonic() - began < 8, True)
    finally:
        s.close()


def test_a_table_that_one_may_not_read_is_not_told_of():
    with Server(clock="2026-01-10T00:00:00Z") as s:
        oi = "Microsoft.OperationalInsights/workspaces/"
        role, made = define(s, "Beats", actions=[oi + "tables/read", oi + "query/read", oi + "query/Heartbeat/read"])
        equal(made.status, 201)
        made = s.post("/vedette/v1/applications", {"name": "beats", "roles": []}).json()
        equal(assign(s, made["clientId"], role).status, 201)
        mine = Stream(s, "?topics=ingestion", token=s.token(made["clientId"], made["clientSecret"]))
        control = Stream(s, "?topics=ingestion")
        syslog = [{"TimeGenerated": "2026-01-10T00:00:00Z", "SyslogMessage": "a"}]
        equal(s.post_logs("Microsoft-Syslog", syslog).status, 204)
        while control.next()[2]["table"] != "Syslog":
            pass
        equal(s.post_logs("Microsoft-Heartbeat", BEAT).status, 204)
        equal(mine.next()[2]["table"], "Heartbeat")
        mine.close()
        control.close()
