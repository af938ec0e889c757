"""Buckets as sources: what is read, exactly once, over crashes, late objects, failures and caps."""
import datetime
import gzip
import json
import os
import shutil
import ssl
import tempfile
import time

from s3_store import KEY, SECRET, Store
from vedette import Server, contains, equal, until

KEYS = {"TEST_KEY": KEY, "TEST_SECRET": SECRET}
TRAIL = "AWSLogs/111122223333/CloudTrail/"


class Reading:
    """A server that reads one prefix of a store."""

    def __init__(self, store, **source):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".yaml", prefix="vedette-s3-")
        source = {"name": "logs", "endpoint": store.endpoint, "bucket": store.bucket, "table": "App_CL", "poll": "1s",
                  "access_key_env": "TEST_KEY", "secret_key_env": "TEST_SECRET", **source}
        json.dump({"s3_sources": [{k: v for k, v in source.items() if v is not None}]}, self.file)  # JSON is YAML
        self.file.flush()
        self.server = Server("--config", self.file.name, env=KEYS)

    def __enter__(self):
        return self.server.__enter__()

    def __exit__(self, *what):
        if what[0] is not None and self.server.process is not None:
            print(self.server.read_log()[-3000:])
        self.server.__exit__(*what)
        self.file.close()


def lines(first, n):
    return "".join('{"N": %d, "Text": "%s"}\n' % (i, "x" * 40) for i in range(first, first + n)).encode()


def numbers(server):
    answer = server.ask("App_CL | project N = toint(N) | order by N asc")
    return [row[0] for row in answer.json()["tables"][0]["rows"]] if answer.status == 200 else []


def metric(server, name):
    return server.metrics().get('vedette_s3_%s{source="logs"}' % name, 0)


def settle(server):
    """Two polls from now."""
    polls = metric(server, "polls_total")
    until(lambda: metric(server, "polls_total") >= polls + 2)


def test_objects_are_read_once_packed_or_not():
    with Store(page=2) as store:
        store.put("app/a b+c&.ndjson", lines(0, 10))
        store.put("app/b.ndjson.gz", gzip.compress(lines(10, 10)))
        store.put("app/sub/ä.ndjson", lines(20, 10).rstrip(b"\n"))
        store.put("app/folder/", b"")
        store.put("other/x.ndjson", lines(100, 10))
        with Reading(store, prefix="app/") as s:
            until(lambda: numbers(s) == list(range(30)))
            settle(s)
            equal(numbers(s), list(range(30)))
            store.put("app/a0.ndjson", lines(30, 5))  # before keys that were read
            until(lambda: numbers(s) == list(range(35)))
            s.stop()
            store.put("app/late.ndjson", lines(35, 5))
            s.start()
            until(lambda: numbers(s) == list(range(40)))
            settle(s)
            equal(numbers(s), list(range(40)))
            equal(len([r for r in store.asked("GET") if r[1].endswith("b.ndjson.gz")]), 1)
            until(lambda: s.query("VedetteIngestion | where Source == 's3:logs' "
                                  "| summarize r = sum(Received), s = sum(Stored)")[0] == {"r": 40, "s": 40})
            equal(SECRET in s.read_log(), False, "a secret in the log")


def event(i, region="us-east-1"):
    return {"eventVersion": "1.08", "eventTime": "2026-01-02T03:04:05Z", "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser", "awsRegion": region, "sourceIPAddress": "192.0.2.1", "eventID": "event-%d" % i,
            "userIdentity": {"type": "IAMUser", "userName": "alice"}, "eventType": "AwsApiCall"}


def trail(region, day, i):
    key = TRAIL + "%s/%s/111122223333_CloudTrail_%s_%d.json.gz" % (region, day.strftime("%Y/%m/%d"), region, i)
    return key, gzip.compress(json.dumps({"Records": [event(i, region)]}).encode())


def events(server):
    return sorted(r["AwsEventId"] for r in server.query("AWSCloudTrail | project AwsEventId"))


def test_cloudtrail_reads_late_objects_and_lists_few_folders():
    today = datetime.datetime.now(datetime.timezone.utc).date()
    old = today - datetime.timedelta(days=400)
    with Store() as store:
        for i, (region, day) in enumerate([("us-west-2", today), ("us-east-1", old), ("eu-west-1", old)]):
            store.put(*trail(region, day, i))
        store.put("AWSLogs/111122223333/CloudTrail-Digest/us-east-1/x.json.gz", gzip.compress(b"{}"))
        with Reading(store, prefix="AWSLogs/", format="cloudtrail", table=None, full_listing="10s") as s:
            until(lambda: events(s) == ["event-0", "event-1", "event-2"])
            settle(s)
            before = len(store.requests)
            store.put(*trail("ap-south-1", today, 3))  # a region in front of the others
            store.put(*trail("us-east-1", today - datetime.timedelta(days=1), 4))
            until(lambda: events(s) == ["event-%d" % i for i in range(5)])
            listed = [r[2].get("prefix", "") for r in store.requests[before:] if r[1] == "/logs/"]
            equal([p for p in listed if p.endswith(old.strftime("/%Y/%m/%d/"))], [], "old days are not listed")
            equal(metric(s, "refused_total"), 0)
            store.put(*trail("us-east-1", old, 5))  # delivered again after a year
            settle(s)
            until(lambda: len(events(s)) == 6, 30)  # with the next list of everything


def test_a_killed_server_goes_on_without_loss_and_without_doubles():
    with Store() as store:
        for i in range(40):
            store.put("app/%02d.ndjson.gz" % i, gzip.compress(lines(i * 500, 500)))
        store.put("app/99.ndjson", lines(20000, 120000))  # several ranges
        with Reading(store, prefix="app/") as s:
            for pause in (0.05, 0.2, 0.4, 0.3, 0.5):
                until(lambda: metric(s, "polls_total") >= 0)
                time.sleep(pause)
                s.kill()
                s.start()
            until(lambda: len(numbers(s)) >= 140000, 90)
            settle(s)
            row = s.query("App_CL | summarize n = count() by N | summarize n = sum(n), d = count()")[0]
            equal((row["n"], row["d"]), (140000, 140000))


def test_a_store_that_fails_is_asked_again():
    with Store() as store:
        store.put("a.ndjson", lines(0, 10))
        store.faults = [(503, "SlowDown"), "drop", (500, "InternalError")]
        with Reading(store) as s:
            until(lambda: numbers(s) == list(range(10)))
            equal(metric(s, "failed_polls_total"), 0)
            store.faults = [(403, "AccessDenied")] * 3
            until(lambda: metric(s, "failed_polls_total") >= 1)
            contains(s.read_log(), "AccessDenied")
            store.put("b.ndjson", lines(10, 10))
            until(lambda: numbers(s) == list(range(20)))
            until(lambda: metric(s, "waiting") == 0)


def test_objects_that_cannot_be_read_are_refused_and_the_others_read():
    with Store() as store:
        store.put("a.ndjson.gz", gzip.compress(lines(0, 1000))[:200])
        store.put("b.ndjson", lines(0, 10))
        store.put("c.ndjson", lines(100, 10))
        store.put("d.ndjson", b"x" * 5000)
        store.archived.add("c.ndjson")
        with Reading(store, max_object=4000) as s:
            until(lambda: numbers(s) == list(range(10)))
            until(lambda: metric(s, "refused_total") == 3)
            settle(s)
            equal(metric(s, "refused_total"), 3)
            until(lambda: {r["Reason"] for r in s.query(
                "VedetteIngestion | where Source == 's3:logs' and Rejected > 0 | project Reason")}
                == {"unreadable_object", "archived_object", "large_object"})


def test_the_bucket_may_be_in_the_hosts_name():
    with Store() as store:
        store.put("app/a.ndjson", lines(0, 10))
        with Reading(store, endpoint="http://localhost:%d" % store.port, virtual_host=True, prefix="app/") as s:
            until(lambda: numbers(s) == list(range(10)))
            equal({r[1] for r in store.requests}, {"/", "/app/a.ndjson"})


def test_certificates_are_checked():
    folder = tempfile.mkdtemp(prefix="vedette-s3-")
    try:
        with Server() as maker:  # its CA and certificate are for localhost
            shutil.copytree(os.path.join(maker.data, "tls"), os.path.join(folder, "tls"))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(os.path.join(folder, "tls", "server.pem"), os.path.join(folder, "tls", "server-key.pem"))
        with Store(tls=tls) as store:
            store.put("a.ndjson", lines(0, 10))
            with Reading(store, ca=os.path.join(folder, "tls", "ca.pem")) as s:
                until(lambda: numbers(s) == list(range(10)))
            store.requests.clear()
            with Reading(store) as s:
                until(lambda: metric(s, "failed_polls_total") >= 1, 40)
                equal((numbers(s), store.requests), ([], []))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_poll_that_ends_at_a_cap_says_so_and_the_next_goes_on():
    with Store(page=3) as store:
        for i in range(7):
            store.put("%d.ndjson" % i, lines(i * 10, 10))
        with Reading(store, max_objects=3) as s:
            until(lambda: numbers(s) == list(range(70)))
            equal(metric(s, "capped_polls_total"), 2)
            contains(s.read_log(), "max_objects is reached")
            until(lambda: len(s.query("Operation | where Detail has 's3:logs' and Detail has 'max_objects'")) == 1)


def test_csv_and_what_is_there_before_the_start():
    with Store() as store:
        store.put("old.csv", b"N,Text\n1,old\n", age=3600)
        with Reading(store, format="csv", start="end", exclude="*skip*") as s:
            until(lambda: metric(s, "polls_total") >= 1)
            store.put("skip.csv", b"N,Text\n2,skipped\n")
            store.put("new.csv", b'N,Text\n3,"two\nlines"\n4,b\n', age=-5)
            until(lambda: numbers(s) == [3, 4])
            settle(s)
            equal(numbers(s), [3, 4])


def test_mistakes_in_the_configuration_are_told_with_their_place():
    cases = [({"endpoint": "http://s3.example"}, "https://"), ({"bucket": "a/b"}, "bucket"),
             ({"table": None}, "table"), ({"secret_key": "x"}, "secrets are not kept here"),
             ({"pol": "1s"}, "did you mean 'poll'"), ({"poll": "0s"}, "poll"), ({"anonymous": True}, "anonymous")]
    with Store() as store:
        for change, expected in cases:
            try:
                with Reading(store, **change):
                    raise AssertionError("%s was taken" % change)
            except RuntimeError as problem:
                contains(str(problem), expected)
