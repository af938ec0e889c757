"""Sources that fall silent and come back: rows, metrics, the log, and what a restart makes of it."""
import datetime
import json

from vedette import Server, contains, equal, run

START = "2026-01-01T00:00:00Z"
EVENTS = ("SentinelHealth | where OperationName == 'Data fetch status change' | sort by TimeGenerated asc "
          "| project TimeGenerated, Status, Reason, SentinelResourceName, SentinelResourceType, Description, "
          "Table = tostring(ExtendedProperties.DestinationTable), "
          "Allowed = tostring(ExtendedProperties.AllowedSilence)")


def at(minutes):
    t = datetime.datetime(2026, 1, 1) + datetime.timedelta(minutes=minutes)
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


def sender(s):
    client, secret = s.application("Monitoring Metrics Publisher")
    return client, s.token(client, secret)


def send(s, token, first, last, every, table="Microsoft-Syslog"):
    """A record each so many minutes; the token lives for the whole test."""
    for minute in range(first, last, every):
        if minute > 0:
            s.move_clock(at(minute))
        equal(s.post_logs(table, [{"Computer": "c%d" % minute}], token=token).status, 204)


def serve(*more, clock=START):
    return Server("--token-lifetime", "30d", *more, clock=clock)


def test_a_learned_interval():
    with serve() as s:
        client, token = sender(s)
        send(s, token, 0, 26 * 60, 20)
        last = 26 * 60 - 20
        s.move_clock(at(last + 40))
        equal(s.query(EVENTS), [])
        s.move_clock(at(last + 43))  # twice the longest gap and the minute of the look
        rows = s.query(EVENTS)
        equal([(r["Status"], r["Reason"], r["SentinelResourceName"], r["Table"], r["SentinelResourceType"])
               for r in rows], [("Failure", "SourceSilent", client, "Syslog", "Data connector")])
        contains(rows[0]["Description"], "Nothing came from %s for Syslog" % client)
        equal(rows[0]["Allowed"][:5], "00:40")
        labels = '{workspace="default",source="%s",stream="Microsoft-Syslog",table="Syslog"}' % client
        equal(s.metrics()["vedette_source_silent" + labels], 1)
        lines = [json.loads(line) for line in s.read_log().splitlines()]
        equal([x["source"] for x in lines if x["message"] == "a source has fallen silent"], [client])

        # It stays silent over a restart, without a second row, and is back with the first record.
        s.stop()
        s.start(clock=at(last + 120))
        s.move_clock(at(last + 300))
        equal(len(s.query(EVENTS)), 1)
        send(s, token, last + 301, last + 302, 1)
        s.move_clock(at(last + 303))
        equal([(r["Status"], r["Reason"]) for r in s.query(EVENTS)],
              [("Failure", "SourceSilent"), ("Success", "SourceBack")])
        equal(s.metrics()["vedette_source_silent" + labels], 0)


def test_bounds_and_what_is_not_watched():
    with serve() as s:
        _, token = sender(s)
        send(s, token, 0, 25 * 60, 5)
        send(s, "operator", 25 * 60, 25 * 60 + 2, 1, table="Microsoft-Heartbeat")
        s.move_clock(at(25 * 60 + 8))  # more than twice five minutes, less than silence_min
        equal(s.query(EVENTS), [])
        s.move_clock(at(25 * 60 + 20))
        equal([r["Table"] for r in s.query(EVENTS)], ["Syslog"])
        s.move_clock(at(25 * 60 + 60 * 48))
        equal([r["Table"] for r in s.query(EVENTS)], ["Syslog"], "people's imports are not watched")


def test_a_new_source_is_not_told_of():
    with serve() as s:
        _, token = sender(s)
        send(s, token, 0, 10, 1)
        s.move_clock(at(23 * 60))
        equal(s.query(EVENTS), [])


def test_an_interval_that_is_set():
    with serve("--silence-sources", "data-collector=0,syslog-udp=10m") as s:
        client, token = sender(s)
        s.stop()
        s.settings[s.settings.index("--silence-sources") + 1] = "%s/Syslog=10m" % client
        s.start()
        send(s, token, 0, 5, 1)
        send(s, token, 5, 6, 1, table="Microsoft-Heartbeat")
        s.move_clock(at(13))
        equal(s.query(EVENTS), [])
        s.move_clock(at(16))
        equal([(r["Status"], r["Table"]) for r in s.query(EVENTS)], [("Failure", "Syslog")])
        code, shown, _ = run("tables", "--sources", data=s.data)
        equal(code, 0)
        contains(shown, "silent")
        listed = s.get("/vedette/v1/workspaces/%s/sources" % s.workspace()["id"]).json()["value"]
        equal({(x["table"], x["status"]) for x in listed}, {("Syslog", "silent"), ("Heartbeat", "ok")})
    code, _, said = run("serve", "--silence-sources", "syslog-udp=soon", data="/nonexistent")
    equal(code, 2)
    contains(said, "silence_sources: 'syslog-udp=soon' is not SOURCE=DURATION")


def test_downtime_of_the_server_is_no_silence():
    with serve() as s:
        _, token = sender(s)
        send(s, token, 0, 25 * 60, 10)
        s.stop()
        s.start(clock=at(40 * 60))
        s.move_clock(at(40 * 60 + 15))
        equal(s.query(EVENTS), [])
        s.move_clock(at(40 * 60 + 25))
        equal(len(s.query(EVENTS)), 1)
