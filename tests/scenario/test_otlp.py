"""OTLP/HTTP: logs as JSON and as protobuf."""
import gzip
import json

from vedette import Server, contains, equal, until

CLOCK = "2026-01-02T03:04:06Z"
NANOS = 1767323045123456789  # 2026-01-02T03:04:05.123456789Z


def text(v):
    return {"stringValue": v}


def request(*records, resource=()):
    return {"resourceLogs": [{
        "resource": {"attributes": [{"key": k, "value": v} for k, v in resource]},
        "scopeLogs": [{"scope": {"name": "lib", "version": "1.2"}, "logRecords": list(records)}]}]}


def post(s, body, path="/v1/logs", **headers):
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    return s.post(path, body, headers={k.replace("_", "-").title(): v for k, v in headers.items()})


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """A field of protobuf: int: varint, bytes or str: counted, tuple: 64 bits fixed."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, tuple):
        return varint(number << 3 | 1) + value[0].to_bytes(8, "little")
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def protobuf(*records):
    return field(1, field(2, b"".join(field(2, r) for r in records)))


def test_json_becomes_rows():
    record = {"timeUnixNano": str(NANOS), "severityNumber": 17, "severityText": "ERROR",
              "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "eventName": "login",
              "droppedAttributesCount": 2, "body": text("it broke"), "attributes": [
                  {"key": "n", "value": {"intValue": "9007199254740993"}}, {"key": "ok", "value": {"boolValue": True}},
                  {"key": "d", "value": {"doubleValue": 0.5}}, {"key": "raw", "value": {"bytesValue": "AAE="}},
                  {"key": "list", "value": {"arrayValue": {"values": [text("a"), {"intValue": 1}]}}},
                  {"key": "map", "value": {"kvlistValue": {"values": [{"key": "x", "value": text("y")}]}}},
                  {"key": "session.id", "value": text("s1")}]}
    body = request(record, {"observedTimeUnixNano": NANOS, "body": {"kvlistValue": {"values": [
        {"key": "k", "value": {"intValue": 1}}]}}, "spanId": ""}, {},
        resource=[("service.name", text("shop")), ("service.namespace", text("web")), ("k8s.pod.name", text("p1")),
                  ("deployment.environment", text("test")), ("host.cpus", {"intValue": "4"})])
    with Server(clock=CLOCK) as s:
        answer = post(s, body)
        equal((answer.status, answer.json()), (200, {}))
        rows = s.query("OTelLogs | order by SeverityNumber desc, Body desc")
        equal(len(rows), 3)
        row = {k: v for k, v in rows[0].items() if v not in (None, "")}
        equal(json.loads(row.pop("Attributes")), {
            "event.name": "login", "n": 9007199254740993, "ok": True, "d": 0.5, "raw": "AAE=", "list": ["a", 1],
            "map": {"x": "y"}, "session.id": "s1"})
        equal(json.loads(row.pop("ResourceAttributes")), {
            "service.name": "shop", "service.namespace": "web", "k8s.pod.name": "p1", "deployment.environment": "test",
            "host.cpus": 4})
        for column in ("TenantId", "_ItemId", "_TimeReceived", "_BilledSize", "_IsBillable"):
            row.pop(column, None)
        equal(row, {"TimeGenerated": "2026-01-02T03:04:05.1234567Z", "Body": "it broke", "SeverityNumber": 17,
                    "SeverityText": "ERROR", "SeverityLevel": 3, "TraceId": record["traceId"], "SpanId": record["spanId"],
                    "DroppedAttributesCount": 2, "ItemCount": 1, "SessionId": "s1", "ServiceName": "shop",
                    "ServiceNamespace": "web", "RoleName": "web.shop", "K8sPodName": "p1",
                    "DeploymentEnvironmentName": "test", "ScopeName": "lib", "ScopeVersion": "1.2", "Type": "OTelLogs"})
        equal((rows[1]["Body"], rows[1]["TimeGenerated"]), ('{"k":1}', "2026-01-02T03:04:05.1234567Z"))
        equal((rows[2]["Body"], rows[2]["TimeGenerated"]), ("", "2026-01-02T03:04:06.0000000Z"))


def test_protobuf_gzip_and_azures_address():
    body = protobuf(
        field(1, (NANOS,)) + field(2, 9) + field(3, "INFO") + field(5, field(1, "hello")) + field(9, bytes(range(16)))
        + field(6, field(1, "n") + field(2, field(3, (1 << 64) - 5))) + field(99, "unknown"),
        field(5, field(5, field(1, field(1, "a")) + field(1, field(2, 1)))))
    with Server(clock=CLOCK) as s:
        rule = "/dataCollectionRules/%s/streams/Microsoft-OTLP-Logs/otlp/v1/logs" % s.workspace()["dataCollectionRule"]
        kind = "application/x-protobuf"
        answer = post(s, body, content_type=kind)
        equal((answer.status, answer.text, answer.headers["content-type"]), (200, "", kind))
        equal(post(s, gzip.compress(body), path=rule, content_type=kind, content_encoding="gzip").status, 200)
        rows = s.query("OTelLogs | order by Body asc | project Body, SeverityText, TraceId, n = tolong(Attributes.n)")
        equal(rows[1:3], [{"Body": '["a",true]', "SeverityText": "", "TraceId": "", "n": None},
                          {"Body": "hello", "SeverityText": "INFO", "TraceId": bytes(range(16)).hex(), "n": -5}])
        equal(len(rows), 4)


def test_what_is_refused():
    with Server(clock=CLOCK) as s:
        kind = "application/x-protobuf"
        bad = post(s, b"\x0a\xff\xff\xff\xff\x0f", content_type=kind)
        equal((bad.status, bad.headers["content-type"]), (400, kind))
        contains(bad.text, "the message is broken at byte")
        deep = b""
        for _ in range(200):
            deep = field(5, field(1, deep))
        contains(post(s, protobuf(field(5, deep)), content_type=kind).text, "nested deeper")
        bad = post(s, "{")
        equal((bad.status, bad.json()["code"]), (400, 3))
        equal(post(s, {"resourceLogs": 1}).status, 400)
        equal(post(s, "x", content_type="text/plain").status, 415)
        bad = s.post("/v1/logs", "{}", token=None)
        equal((bad.status, bad.json()["code"]), (401, 16))
        reader = s.token(*s.application("Log Analytics Reader"))
        equal(s.post("/v1/logs", "{}", token=reader).json()["code"], 7)
        sender = s.token(*s.application("Monitoring Metrics Publisher"))
        equal(s.post("/v1/logs", "{}", token=sender).status, 200)
        ask = "VedetteIngestion | where TableName == 'OTelLogs' | summarize sum(Rejected) by Reason | order by Reason asc"
        rows = until(lambda: [r for r in [s.query(ask)] if len(r) == 2])[0]  # with the next commit
        equal(rows, [{"Reason": "limit", "sum_Rejected": 1}, {"Reason": "malformed", "sum_Rejected": 3}])
