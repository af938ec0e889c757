"""Plans of tables, and what is past the analytics retention: out of reach of queries and rules, in reach of the lake."""
from vedette import Server, contains, equal, run, until

CLOCK = "2026-01-02T03:04:05Z"
RULE = """
id: 11111111-2222-3333-4444-555555555555
name: Logs
description: any log
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: []
relevantTechniques: []
query: |
  Heartbeat
  | union (Syslog | where Computer != "")
kind: Scheduled
version: 1.0.0
"""


def send(s, n, at=CLOCK):
    rows = [{"TimeGenerated": at, "Computer": "h%d" % i, "SyslogMessage": "m%d" % i} for i in range(n)]
    equal(s.post_logs("Microsoft-Syslog", rows).status, 204)


def seal(s):
    equal(run("tables", "seal", data=s.data)[0], 0)


def change(s, table="Syslog", method="PATCH", **properties):
    return s.arm(method, "/tables/" + table, {"properties": properties}, provider=False)


def tier(s, table="Syslog"):
    p = s.arm("GET", "/tables/" + table, provider=False).json()["properties"]
    return [p[k] for k in ("plan", "retentionInDays", "totalRetentionInDays", "archiveRetentionInDays")]


def lake(s, kql, db=None, version="v2", **properties):
    """Rows of the first result of a query over the data lake."""
    found = s.workspace()
    answer = s.post("/lake/kql/%s/rest/query" % version,
                    {"csl": kql, "db": db if db is not None else "%s-%s" % (found["name"], found["id"]),
                     "properties": properties})
    equal(answer.status, 200, answer)
    frames = answer.json()
    if version == "v1":
        return frames["Tables"][0]["Rows"]
    return [f["Rows"] for f in frames if f.get("TableKind") == "PrimaryResult"][0]


def test_a_plan_bounds_what_queries_see():
    with Server("--retention", "90d", clock=CLOCK) as s:
        send(s, 5)
        equal(tier(s), ["Analytics", 90, 90, 0])
        equal(change(s, plan="Basic", totalRetentionInDays=50).status, 200)
        equal(tier(s), ["Basic", 30, 50, 20])
        p = s.arm("GET", "/tables/Syslog", provider=False).json()["properties"]
        equal(p["lastPlanModifiedDate"], "2026-01-02T03:04:05.0000000Z")
        seal(s)
        s.restart("2026-01-20T00:00:00Z")
        equal(s.count("Syslog"), 5)
        s.restart("2026-02-05T00:00:00Z")
        equal(s.count("Syslog"), 0)
        equal(lake(s, "Syslog | count"), [[5]])
        equal(lake(s, "Syslog | count", version="v1", db="default"), [[5]])
        equal(run("query", "--format", "csv", "Syslog | count", data=s.data)[1].split(), ["Count", "0"])
        equal(run("query", "--lake", "--format", "csv", "Syslog | count", data=s.data)[1].split(), ["Count", "5"])
        equal(lake(s, "Syslog | where TimeGenerated < datetime(2026-01-03) | summarize by Computer | count"), [[5]])
        # a column that only rows tell of, too
        equal(lake(s, "Syslog | summarize b = take_any(bag_pack(Computer, 1)) | evaluate bag_unpack(b) | count"), [[1]])
        equal(tier(s), ["Basic", 30, 50, 20])
        equal(change(s, plan="Analytics", retentionInDays=40).status, 200)
        equal(tier(s), ["Analytics", 40, 50, 10])
        equal(s.count("Syslog"), 5)
        s.restart("2026-02-22T00:00:00Z")
        until(lambda: lake(s, "Syslog | count") == [[0]])


def test_which_plan_takes_what():
    with Server("--retention", "90d", clock=CLOCK) as s:
        send(s, 1)
        equal(change(s, plan="Gold").status, 400)
        answer = change(s, plan="Basic", retentionInDays=60)
        equal(answer.status, 400, answer)
        contains(answer.message(), "for 30 days; only totalRetentionInDays can be set")
        answer = change(s, plan="Auxiliary", totalRetentionInDays=7)
        equal(answer.status, 400, answer)
        contains(answer.message(), "at least 30 days expected")
        equal(tier(s), ["Analytics", 90, 90, 0])
        equal(change(s, retentionInDays=200).status, 200)
        equal(change(s, plan="Auxiliary").status, 200)
        equal(tier(s), ["Auxiliary", 30, 200, 170])     # a change of plan deletes nothing
        equal(change(s, plan="Auxiliary", retentionInDays=30, totalRetentionInDays=4383).status, 200)
        equal(tier(s), ["Auxiliary", 30, 4383, 4353])
        answer = change(s, plan="Analytics")
        equal(answer.status, 409, answer)
        contains(answer.message(), "once a week")
        contains(answer.message(), "2026-01-09T03:04:05")
        s.restart("2026-01-09T03:04:05Z")
        equal(change(s, plan="Analytics", retentionInDays=730).status, 200)
        equal(tier(s), ["Analytics", 730, 4383, 3653])
        answer = change(s, table="Heartbeat", plan="Basic")
        equal(answer.status, 400, answer)
        contains(answer.message(), "'Heartbeat' has the plan Analytics only")
        columns = {"name": "Aux_CL", "columns": [{"name": "A", "type": "string"}]}
        equal(change(s, table="Aux_CL", method="PUT", plan="Auxiliary", totalRetentionInDays=365, schema=columns).status, 200)
        equal(tier(s, "Aux_CL"), ["Auxiliary", 30, 365, 335])
        equal(change(s, table="Aux_CL", method="PUT").status, 200)   # PUT resets days, not the plan
        equal(tier(s, "Aux_CL"), ["Auxiliary", 30, 90, 60])


def test_for_ever():
    with Server("--retention", "0", clock=CLOCK) as s:
        send(s, 1)
        equal(tier(s), ["Analytics", None, None, 0])
        equal(change(s, plan="Basic").status, 200)
        equal(tier(s), ["Basic", 30, None, None])


def test_rules_read_the_plan_analytics_only():
    with Server(clock=CLOCK) as s:
        equal(s.import_rule(RULE).status, 200)
        equal(change(s, plan="Basic").status, 200)
        answer = s.import_rule(RULE)
        equal(answer.status, 400, answer)
        contains(answer.text, "table 'Syslog' has the plan Basic: analytics rules read tables of plan Analytics only")
        contains(answer.text, "line 2")
        s.move_clock("2026-01-02T06:00:00Z")
        health = s.query("SentinelHealth | where Status == 'Failure' | project Description, Reason")
        contains(str(health), "has the plan Basic")
        equal(s.query("Syslog | count"), [{"Count": 0}])
        # what is billed says in which plan
        send(s, 1, "2026-01-02T05:50:00Z")
        s.move_clock("2026-01-02T09:00:00Z")
        equal(s.query("Usage | where DataType == 'Syslog' | distinct Plan"), [{"Plan": "Basic"}])


def test_the_lake_for_those_who_may_query():
    with Server(clock=CLOCK) as s:
        secret = s.application("Monitoring Metrics Publisher")
        body = {"csl": "print 1", "db": s.workspace()["name"]}
        equal(s.post("/lake/kql/v2/rest/query", body, token=s.token(*secret)).status, 403)
        equal(s.post("/lake/kql/v2/rest/query", body, token=None).status, 401)
        for db in ("other-%s" % s.workspace()["id"], "default-%s" % ("0" * 36), "-" * 40):
            equal(s.post("/lake/kql/v2/rest/query", {**body, "db": db}).status, 400)
        answer = s.post("/lake/kql/v1/rest/mgmt", {"csl": ".show databases", "db": ""})
        contains(answer.text, "default")


def test_columns_that_ship_are_told_apart():
    """As Azure does, so that what was read can be written again."""
    with Server() as s:
        path = "/tables/Doors_CL"
        columns = [{"name": "TimeGenerated", "type": "dateTime"}, {"name": "Door", "type": "string"}]
        made = s.arm("PUT", path, {"properties": {"schema": {"name": "Doors_CL", "columns": columns}}}, provider=False)
        equal(made.status, 200, made.text)
        schema = s.arm("GET", path, provider=False).json()["properties"]["schema"]
        equal(schema["columns"], columns)
        standard = [c["name"] for c in schema["standardColumns"]]
        equal([n in standard for n in ("TenantId", "Type", "Door", "TimeGenerated")], [True, True, False, False])
        shipped = s.arm("GET", "/tables/Heartbeat", provider=False).json()
        equal(shipped["properties"]["schema"]["columns"], [])
        equal({"Computer", "TimeGenerated", "TenantId"} - {c["name"] for c in shipped["properties"]["schema"]["standardColumns"]}, set())
        shipped["properties"]["totalRetentionInDays"] = 365
        again = s.arm("PUT", "/tables/Heartbeat", shipped, provider=False)
        equal((again.status, again.json()["properties"]["totalRetentionInDays"]), (200, 365))
        equal(s.arm("PUT", "/tables/Gates_CL", {"properties": {"schema": {"columns": []}}}, provider=False).status, 400)
