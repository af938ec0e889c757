"""The daily cap of a workspace: told when it is near, refuses when it is reached, ends with the day."""
import json
import os
import socket

from vedette import Server, contains, equal, until

START = "2026-01-01T10:00:00Z"
TOLD = ("Operation | where OperationCategory == 'Data Collection Status' | sort by TimeGenerated asc "
        "| project OperationStatus, Status = extract('status = ([A-Za-z]+)', 1, Detail)")


def capping(s, gb):
    return s.arm("PATCH", "", {"properties": {"workspaceCapping": {"dailyQuotaGb": gb}}}, provider=False)


def state(s):
    return s.arm("GET", "", provider=False).json()["properties"]["workspaceCapping"]


def define(s):
    equal(s.arm("PUT", "/tables/App_CL", {"properties": {"schema": {"name": "App_CL", "columns": [
        {"name": "TimeGenerated", "type": "dateTime"}, {"name": "Message", "type": "string"}]}}},
        provider=False).status, 200)


def send(s, size, stream="Custom-App_CL", field="Message"):
    return s.post_logs(stream, [{field: "x" * size}])


def told(s):
    return [(r["OperationStatus"], r["Status"]) for r in s.query(TOLD)]


def test_a_day_with_a_cap():
    with Server(clock=START) as s:
        define(s)
        equal(state(s)["dailyQuotaGb"], -1)
        answer = capping(s, 0.0001)  # 100,000 bytes
        equal(answer.status, 200, answer)
        equal(state(s), {"dailyQuotaGb": 0.0001, "quotaNextResetTime": "2026-01-02T00:00:00.0000000Z",
                         "dataIngestionStatus": "RespectQuota"})
        equal(send(s, 50000).status, 204)
        s.move_clock("2026-01-01T10:02:00Z")
        equal(told(s), [])
        equal(send(s, 45000).status, 204)
        s.move_clock("2026-01-01T10:04:00Z")
        equal(told(s), [("Warning", "ApproachingQuota")])
        equal(send(s, 9000).status, 204, "the one that reaches it")
        equal(state(s)["dataIngestionStatus"], "OverQuota")

        refused = send(s, 10)
        equal((refused.status, refused.code(), refused.headers["retry-after"]), (429, "OverQuota", "3600"))
        contains(refused.message(), "send it again after 00:00 UTC")
        equal(send(s, 10, "Microsoft-Syslog", "SyslogMessage").status, 204, "Azure never stops it")
        equal(send(s, 10, "Microsoft-Heartbeat", "Computer").status, 204, "not billed")
        s.move_clock("2026-01-01T10:06:00Z")
        equal(told(s)[1:], [("Warning", "OverQuota")])
        received, stored, rejected = s.ingested()
        equal(received, stored + rejected)
        equal(s.query("VedetteIngestion | where Reason == 'over_quota' | summarize n = sum(Rejected)")[0]["n"], 1)
        assert s.metrics()['vedette_daily_stored_bytes{workspace="default"}'] > 100000

        # A restart knows what the day has seen, and does not say it again.
        s.stop()
        s.start(clock="2026-01-01T23:00:00Z")
        equal(send(s, 10).status, 429)
        s.move_clock("2026-01-01T23:02:00Z")
        equal(len(told(s)), 2)

        s.move_clock("2026-01-02T00:01:00Z")
        equal(send(s, 10).status, 204)
        equal(told(s)[2:], [("Succeeded", "RespectQuota")])
        equal(s.count("App_CL"), 4)


def test_a_cap_that_is_raised_or_taken_away():
    with Server(clock=START) as s:
        define(s)
        capping(s, 0.00001)
        equal(send(s, 20000).status, 204)
        equal(send(s, 1).status, 429)
        capping(s, 0.001)
        equal(send(s, 1).status, 204)
        capping(s, 0.00001)
        equal(s.arm("PATCH", "", {"tags": {}}, provider=False).status, 200)
        equal(send(s, 1).status, 429)
        equal(s.arm("PUT", "", {"location": "local", "properties": {}}, provider=False).status, 200)
        equal(state(s)["dailyQuotaGb"], -1)
        equal(send(s, 1).status, 204)


def test_a_cap_does_not_stop_syslog():
    with Server("--syslog-tcp", "127.0.0.1:0") as s:
        capping(s, 0.0000001)
        with open(os.path.join(s.data, "server.json"), encoding="utf-8") as f:
            port = json.load(f)["syslog_tcp"]
        with socket.create_connection(("127.0.0.1", port)) as sender:
            for n in (1, 2):
                sender.sendall(b"<13>Jan  1 00:00:00 host app: m%d\n" % n)
                until(lambda: s.count("Syslog") == n)
        equal(state(s)["dataIngestionStatus"], "OverQuota")


def test_what_is_refused():
    with Server() as s:
        for wrong in (0, -2, "1", 1e12, True):
            answer = capping(s, wrong)
            equal(answer.status, 400, wrong)
            contains(answer.message(), "dailyQuotaGb")
        client, secret = s.application("Microsoft Sentinel Reader")
        token = s.token(client, secret)
        equal(s.arm("PATCH", "", {}, provider=False, token=token).status, 403)
        equal(s.arm("GET", "", provider=False, token=token).json()["properties"]["customerId"], s.workspace()["id"])
