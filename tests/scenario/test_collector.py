"""The HTTP Data Collector API: signatures made here with Python's own HMAC, columns by suffix."""
import base64
import email.utils
import hashlib
import hmac
import json

from vedette import Server, contains, equal

PATH = "/api/logs?api-version=2016-04-01"


def keys(s, action="sharedKeys"):
    answer = s.arm("POST", "/" + action, provider=False)
    equal(answer.status, 200, answer)
    return answer.json()


def post(s, records, key=None, path=PATH, log_type="Probe", moved_s=0, signed_length=None, workspace=None, **headers):
    body = records if isinstance(records, bytes) else json.dumps(records).encode()
    workspace = workspace or s.workspace()["id"]
    date = email.utils.formatdate(s.now + moved_s, usegmt=True)
    text = "POST\n%d\napplication/json\nx-ms-date:%s\n/api/logs" % (
        len(body) if signed_length is None else signed_length, date)
    key = base64.b64decode(key or keys(s)["primarySharedKey"])
    signature = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    sent = {"Authorization": "SharedKey %s:%s" % (workspace, signature), "x-ms-date": date,
            "Content-Type": "application/json", "Log-Type": log_type}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    return s.post(path, body, headers={k: v for k, v in sent.items() if v is not None}, token=None)


def server():
    s = Server(clock="2026-01-02T03:04:05Z")
    s.now = 1767323045
    return s


def test_records_get_columns_by_their_values():
    with server() as s:
        record = {"Text": "a", "Flag": True, "Number": 42, "When": "2026-01-02T01:02:03Z",
                  "Id": "8145d822-13a7-44ad-859c-36f31a84f6dd", "Nested": {"a": [1]}, "None": None, "odd name!": "x"}
        answer = post(s, [record])
        equal((answer.status, answer.text), (200, ""))
        row = s.query("Probe_CL")[0]
        equal((row["Text_s"], row["Flag_b"], row["Number_d"]), ("a", True, 42.0))
        equal(row["When_t"], "2026-01-02T01:02:03.0000000Z")
        equal(row["Id_g"], record["Id"])
        equal(json.loads(row["Nested_s"]), {"a": [1]})
        equal((row["odd_name__s"], row["SourceSystem"], row["Type"]), ("x", "RestAPI", "Probe_CL"))
        assert not any(name.startswith("None") for name in row), row
        equal(s.query("Probe_CL | getschema | where ColumnName == 'Id_g'")[0]["ColumnType"], "string")


def test_the_first_type_holds_where_it_can():
    with server() as s:
        equal(post(s, {"x": 1}).status, 200)
        equal(post(s, {"x": "42"}).status, 200)
        equal(post(s, [{"x": "words"}, {"x": True}]).status, 200)
        equal(post(s, {"x": "43"}).status, 200)  # now there is a column of its own type
        rows = s.query("Probe_CL | project x_d, x_s, more = column_ifexists('x_b', bool(null)) | sort by x_d asc, x_s asc")
        equal([(r["x_d"], r["x_s"], r["more"]) for r in rows],
              [(None, "43", None), (None, "true", None), (None, "words", None), (1.0, "", None), (42.0, "", None)])


def test_time_field_and_resource():
    with server() as s:
        resource = "/subscriptions/0/resourceGroups/g/providers/p/t/n"
        answer = post(s, [{"at": "2026-01-01T10:00:00Z"}, {"at": "2020-01-01T00:00:00Z"}, {"at": "never"}],
                      time_generated_field="at", x_ms_AzureResourceId=resource)
        equal(answer.status, 200)
        rows = s.query("Probe_CL | sort by TimeGenerated asc | project TimeGenerated, _ResourceId")
        equal(rows[0]["TimeGenerated"], "2026-01-01T10:00:00.0000000Z")
        equal({r["TimeGenerated"][:16] for r in rows[1:]}, {"2026-01-02T03:04"})
        equal({r["_ResourceId"] for r in rows}, {resource})


def refused(answer, status, code):
    equal(answer.status, status, answer)
    equal(answer.json()["Error"], code)
    return answer.json()["Message"]


def test_signatures():
    with server() as s:
        both = keys(s)
        for name in both:
            equal(post(s, {"a": 1}, key=both[name]).status, 200)
        for wrong in ({"key": base64.b64encode(b"k" * 64).decode()}, {"signed_length": 5}, {"moved_s": 1000},
                      {"moved_s": -1000}, {"workspace": "00000000-0000-0000-0000-000000000000"},
                      {"Authorization": "SharedKey nothing"}, {"Authorization": None}, {"x_ms_date": "now"}):
            refused(post(s, {"a": 1}, **{"key": both["primarySharedKey"], **wrong}), 403, "InvalidAuthorization")
        new = keys(s, "regenerateSharedKey")
        assert not set(new.values()) & set(both.values()), new
        refused(post(s, {"a": 1}, key=both["primarySharedKey"]), 403, "InvalidAuthorization")
        equal(post(s, {"a": 1}, key=new["secondarySharedKey"]).status, 200)
        s.stop()
        s.start()
        equal(keys(s), new)
        client, secret = s.application("Microsoft Sentinel Reader")
        answer = s.arm("POST", "/sharedKeys", provider=False, token=s.token(client, secret))
        equal(answer.status, 403)


def test_bad_requests_are_named():
    with server() as s:
        refused(post(s, {"a": 1}, path="/api/logs"), 400, "MissingApiVersion")
        refused(post(s, {"a": 1}, path="/api/logs?api-version=2017-01-01"), 400, "InvalidApiVersion")
        refused(post(s, {"a": 1}, Content_Type="text/plain"), 400, "UnsupportedContentType")
        refused(post(s, {"a": 1}, log_type=None), 400, "MissingLogType")
        for bad in ("a-b", "1a", "x" * 101):
            refused(post(s, {"a": 1}, log_type=bad), 400, "InvalidLogType")
        contains(refused(post(s, b"[{]"), 400, "InvalidDataFormat"), "line 1, column")
        for name in ("tenant", "TimeGenerated", "RawData"):
            contains(refused(post(s, {name: "x"}), 400, "InvalidDataFormat"), name)
        equal(refused(post(s, b"[" + b'{"a":"' + b"x" * (31 << 20) + b'"}]'), 413, "InvalidDataFormat") != "", True)
        received, stored, rejected = s.ingested()
        equal((stored, received - rejected), (0, 0))
        equal(s.get("/api/logs", token=None).status, 405)
