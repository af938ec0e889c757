"""The Logs Ingestion API: good records, every kind of bad input, and counters that add up."""
import datetime
import gzip
import json
import uuid

from vedette import Server, contains, equal

STREAM = "Microsoft-SigninLogs"


def now(**shift):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**shift)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def record(**more):
    return {"TimeGenerated": now(), "UserPrincipalName": "a@halden.example", **more}


def balance(s, sent=None):
    """received = stored + rejected in /metrics and in the table, and what is stored is there."""
    received, stored, rejected = s.ingested()
    equal(received, stored + rejected, "received = stored + rejected")
    if sent is not None:
        equal(received, sent, "received")
    s.stop().start()
    kept = s.query("VedetteIngestion | where Source != 'vedette' | summarize received = sum(Received), "
                   "stored = sum(Stored), rejected = sum(Rejected)")[0]
    equal((kept["received"], kept["stored"], kept["rejected"]), (received, stored, rejected))
    equal(s.count("SigninLogs"), stored)
    equal(s.count("VedetteDeadLetter"), s.dead if hasattr(s, "dead") else 0)


def test_records_are_there_when_acknowledged():
    with Server() as s:
        equal(s.post_logs(STREAM, [record(), record(LocationDetails={"city": "Bergen"})]).status, 204)
        equal(s.post_logs(STREAM, [record()] * 3, packed=True).status, 204)
        equal(s.count("SigninLogs"), 5)
        row = s.query("SigninLogs | where isnotempty(LocationDetails) | project UserPrincipalName, "
                      "City = tostring(LocationDetails.city), Type, _BilledSize")[0]
        equal((row["UserPrincipalName"], row["City"], row["Type"]),
              ("a@halden.example", "Bergen", "SigninLogs"))
        balance(s, 5)


def test_a_nul_in_a_text_is_kept():
    with Server() as s:
        sent = record(UserPrincipalName="a\0b", LocationDetails={"ci\0ty": "x\0"})
        equal(s.post_logs(STREAM, [sent, record(UserPrincipalName="a")]).status, 204)
        row = s.query("SigninLogs | where UserPrincipalName == 'a\\u0000b' | project UserPrincipalName, "
                      "n = strlen(UserPrincipalName), City = tostring(LocationDetails['ci\\u0000ty'])")
        equal([(r["UserPrincipalName"], r["n"], r["City"]) for r in row], [("a\0b", 3, "x\0")])
        balance(s, 2)


def test_a_retry_is_stored_once():
    with Server() as s:
        again = str(uuid.uuid4())
        body = json.dumps([record(), record()])
        for _ in range(3):
            equal(s.post_logs(STREAM, body, request_id=again).status, 204)
        equal(s.count("SigninLogs"), 2)
        equal(s.post_logs(STREAM, json.dumps([record()]), request_id=again).status, 204)
        equal(s.count("SigninLogs"), 3)
        equal(s.ingested(), (7, 3, 4))
        s.stop().start()
        equal(s.post_logs(STREAM, body, request_id=again).status, 204)
        equal(s.count("SigninLogs"), 3)


MALFORMED = [
    b"", b"   ", b"[", b"[{", b'[{"a":1]', b'[{"a":1}', b'[{"a":1},]', b"{]", b"nonsense",
    b'[{"a":tru}]', b'[{"a":"\x01"}]', b'[{"a":"\xff\xfe"}]', b'[{"a":1}] x', b'"text"', b"12",
    b"null", b'[{"a":1}\x00]', b"[1,2]", b'["a"]', b"[[{}]]",
]


def test_malformed_bodies_are_refused_whole():
    with Server() as s:
        equal(s.post_logs(STREAM, [record()]).status, 204)
        for body in MALFORMED:
            answer = s.post_logs(STREAM, body)
            assert answer.status in (400, 204), (body, answer)
            if answer.status == 204:  # records that are no objects: kept as dead letters
                assert body in (b"[1,2]", b'["a"]', b"[[{}]]"), body
            else:
                assert answer.code() and answer.message(), answer
        equal(s.count("SigninLogs"), 1)
        letters = s.count("VedetteDeadLetter")
        received, stored, rejected = s.ingested()
        equal(received, stored + rejected)
        equal(letters, 4)
        answer = s.post_logs(STREAM, b'[\n{"a":1},\n{"b":}]')
        contains(answer.message(), "line 3, column 6")


def test_a_good_record_next_to_bad_ones():
    """Malformed text refuses the call; a record that is no object is set aside alone."""
    with Server() as s:
        equal(s.post_logs(STREAM, '[%s, 17, %s]' % (json.dumps(record()), json.dumps(record()))).status, 204)
        equal(s.count("SigninLogs"), 2)
        letter = s.query("VedetteDeadLetter")[0]
        contains(json.dumps(letter), "17")
        equal(s.ingested(), (3, 2, 1))
        s.dead = 1
        balance(s, 3)


def test_wrong_types_become_null():
    with Server() as s:
        odd = record(IsInteractive="maybe", CreatedDateTime="yesterday", LocationDetails="text",
                     UserPrincipalName=17, ResultType={"a": 1}, Unknown="dropped")
        equal(s.post_logs(STREAM, [odd]).status, 204)
        row = s.query("SigninLogs | project IsInteractive, CreatedDateTime, LocationDetails, "
                      "UserPrincipalName, ResultType")[0]
        equal((row["IsInteractive"], row["CreatedDateTime"], row["UserPrincipalName"]),
              (None, None, "17"))
        equal(json.loads(row["ResultType"]), {"a": 1})
        metrics = s.metrics()
        equal(sum(v for k, v in metrics.items() if k.startswith("vedette_ingest_nulled")), 2)
        equal(sum(v for k, v in metrics.items() if k.startswith("vedette_ingest_dropped")), 1)
        balance(s, 1)


def test_a_call_as_azures_client_for_python_cuts_it():
    """It counts the records without what separates them: 1 MiB of them in a body that is larger."""
    short = json.dumps([{"Computer": "a%d" % (i % 10)} for i in range(53_000)]).encode()
    assert 1 << 20 < len(short) <= 5 << 18, len(short)
    with Server() as s:
        equal(s.post_logs("Microsoft-Heartbeat", short, packed=True).status, 204)
        equal(s.count("Heartbeat"), 53_000)


def test_sizes():
    with Server() as s:
        big = json.dumps([record(UserAgent="x" * (5 << 18))])
        equal(s.post_logs(STREAM, big).status, 413)
        answer = s.post_logs(STREAM, big, packed=True)
        equal(answer.status, 413)
        equal(answer.code(), "ContentLengthLimitExceeded")
        bomb = gzip.compress(b"[" + b" " * (64 << 20) + b"]")
        assert len(bomb) < 1 << 20
        raw = s.post(s.stream_path(STREAM), bomb, headers={"Content-Encoding": "gzip"})
        equal(raw.status, 413)
        ten = json.dumps([record(UserAgent="x" * 10_000_000)])
        equal(s.post_logs(STREAM, ten).status, 413)
        equal(s.post_logs(STREAM, ten, packed=True).status, 413)
        equal(s.post_logs(STREAM, [record(UserAgent="ü" * 100_000)]).status, 204)
        kept = s.query("SigninLogs | project n = strlen(UserAgent)")[0]["n"]
        assert 32_000 <= kept <= 32_768, kept
        equal(s.post(s.stream_path(STREAM), b"\x1f\x8bnot gzip",
                     headers={"Content-Encoding": "gzip"}).status, 400)
        equal(s.post(s.stream_path(STREAM), b"[]", headers={"Content-Encoding": "br"}).status, 415)
        balance(s, 1)


def test_a_body_limit_of_ones_own():
    with Server("--max-body", "8MiB") as s:
        answer = s.post_logs(STREAM, [record(UserAgent="x" * 60000) for _ in range(40)])
        equal(answer.status, 204)


def test_depth():
    with Server() as s:
        equal(s.post_logs(STREAM, [record(LocationDetails=json.loads('[' * 50 + ']' * 50))]).status, 204)
        deep = '[{"LocationDetails":%s}]' % ("[" * 100_000 + "]" * 100_000)
        answer = s.post_logs(STREAM, deep)
        equal(answer.status, 400)
        contains(answer.message(), "deep")
        equal(s.count("SigninLogs"), 1)


def test_unknown_places():
    with Server() as s:
        answer = s.post_logs("Microsoft-SigninLog", [record()])
        equal(answer.status, 404)
        contains(answer.message(), "did you mean 'Microsoft-SigninLogs'?")
        path = "/dataCollectionRules/dcr-%s/streams/%s?api-version=2023-01-01" % ("0" * 32, STREAM)
        answer = s.post(path, [record()])
        equal(answer.status, 404)
        contains(answer.message(), "Data collection rule with immutable Id")
        equal(s.post_logs("Custom-Nothing_CL", [record()]).status, 404)
        path = s.stream_path(STREAM).split("?")[0]
        answer = s.post(path, [record()])
        equal(answer.status, 400)
        contains(answer.message(), "api-version")
        equal(s.post(path + "?api%2Dversion=2023-01-01", [record()]).status, 204)
        answer = s.post(s.stream_path(STREAM), json.dumps([record()]),
                        headers={"Content-Type": "text/plain"})
        equal(answer.status, 415)
        equal(s.count("SigninLogs"), 1)


def test_no_token_and_no_right_are_counted():
    with Server() as s:
        equal(s.post_logs(STREAM, [record()], token=None).status, 401)
        equal(s.post_logs(STREAM, [record()], token="bad").status, 401)
        reader = s.token(*s.application("Microsoft Sentinel Reader"))
        own = s.ingested()  # what the server tells of the application
        equal(s.post_logs(STREAM, [record()], token=reader).status, 403)
        requests = {}
        for name, value in s.metrics().items():
            if name.startswith("vedette_ingest_requests_total") and 'reason=""' not in name:
                requests[name.split('reason="')[1].split('"')[0]] = value
        equal(requests, {"unauthenticated": 2, "forbidden": 1})
        equal(s.ingested(), own)
        equal(s.count("SigninLogs"), 0)


def test_throttling():
    with Server("--requests-per-second", "1") as s:
        path = s.stream_path(STREAM)
        answers = [s.post(path, [record()]) for _ in range(10)]
        refused = [a for a in answers if a.status == 429]
        stored = [a for a in answers if a.status == 204]
        assert refused and stored, answers
        assert all(int(a.headers["retry-after"]) >= 1 for a in refused)
        equal(len(refused) + len(stored), 10)
        s.stop()
        s.settings = []
        s.start()
        equal(s.count("SigninLogs"), len(stored))


def test_times_out_of_bounds():
    with Server() as s:
        times = [now(days=-30), "1970-01-01T00:00:00Z", now(days=3), "9999-12-31T23:59:59Z",
                 "not a time", None, now(hours=-1)]
        equal(s.post_logs(STREAM, [record(TimeGenerated=t, ResultType=str(i))
                                   for i, t in enumerate(times)]).status, 204)
        late = s.query("SigninLogs | where abs(datetime_diff('minute', now(), TimeGenerated)) < 10 "
                       "| count")[0]["Count"]
        equal(late, 6)
        equal(sum(v for k, v in s.metrics().items()
                  if k.startswith("vedette_ingest_times_replaced")), 6)
        balance(s, 7)


def test_empty_array():
    with Server() as s:
        equal(s.post_logs(STREAM, []).status, 204)
        equal(s.ingested(), (0, 0, 0))


def test_custom_tables():
    with Server() as s:
        body = {"properties": {"schema": {"columns": [
            {"name": "TimeGenerated", "type": "dateTime"}, {"name": "Amount", "type": "long"},
            {"name": "Note", "type": "string"}]}}}
        equal(s.arm("PUT", "/tables/Orders_CL", body, provider=False).status, 200)
        equal(s.post_logs("Custom-Orders_CL", [{"Amount": 5, "Note": "x", "Extra": True}]).status, 204)
        row = s.query("Orders_CL | project Amount, Note, Extra")[0]
        equal(row, {"Amount": 5, "Note": "x", "Extra": True})
        body["properties"]["schema"]["columns"][1]["type"] = "boolean"
        equal(s.arm("PUT", "/tables/Orders_CL", body, provider=False).status, 409)
        shown = s.arm("GET", "/tables/Orders_CL", provider=False).json()
        types = {c["name"]: c["type"] for c in shown["properties"]["schema"]["columns"]}
        equal((types["Amount"], types["Extra"]), ("long", "boolean"))
        equal(s.arm("GET", "/tables/Order_CL", provider=False).status, 404)
        equal(s.arm("PUT", "/tables/Orders", body, provider=False).status, 400)
        s.stop().start()
        equal(s.query("Orders_CL | project Amount")[0]["Amount"], 5)
