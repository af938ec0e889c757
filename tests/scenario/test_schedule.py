"""When rules run, and over which rows: ranges of arrival without gap and overlap, late rows, marks over
restarts, rules that are woken by what arrives."""
import datetime
import json
import os
import re
import tempfile
import time

from test_detection import START, TABLE, alerts, at, imported, incidents, rule, sign_ins
from vedette import ROWS_OF_ALERTS, Server, contains, equal, run, until

PER_RESULT = "eventGroupingSettings:\n  aggregationKind: AlertPerResult\n"
NRT = ("id: 00000000-0000-4000-8000-%012d\nkind: NRT\nname: At once\ndescription: x\n"
       "severity: High\neventGroupingSettings:\n  aggregationKind: AlertPerResult\n"
       "query: |\n  SigninLogs | where ResultType == '50126'\n")


def coverage_query(name):
    """The one of docs/detection.md."""
    with open("docs/detection.md", encoding="utf-8") as f:
        text = f.read()
    block = re.search(r"<!-- coverage -->\n((?:    .*\n|\n)+)", text).group(1)
    return "\n".join(line[4:] for line in block.splitlines()).replace("RULE", name)


def uncovered(s, name="Rule 1"):
    return s.query(coverage_query(name))


def people(s):
    """Who is named in the alerts of AlertPerResult rules, each once an alert."""
    rows = s.query(ROWS_OF_ALERTS + " | project Who = tostring(parse_json(Row).UserPrincipalName)")
    return sorted(r["Who"].partition("@")[0] for r in rows)


def runs(s, **wanted):
    found = s.get("/vedette/v1/workspaces/default/runs?$top=10000").json()["value"]
    return [r for r in found if all(r[k] == v for k, v in wanted.items())]


def test_ranges_of_arrival_follow_each_other():
    with Server(clock=START) as s:
        imported(s, rule())
        for minute in range(0, 60, 7):
            s.move_clock(at(minute))
            sign_ins(s, minute, "ann@halden.example")
        equal(uncovered(s), [])
        s.kill()
        s.start(clock=at(90))
        s.move_clock(at(120))
        equal(uncovered(s), [])
        rows = s.query("SentinelHealth | where Status == 'Success' | project "
                       "From = todatetime(ExtendedProperties.IngestionStartTimeUTC), "
                       "To = todatetime(ExtendedProperties.IngestionEndTimeUTC) | sort by To asc")
        assert len(rows) > 20, rows
        assert all(a["To"] == b["From"] for a, b in zip(rows, rows[1:])), rows
        equal([r["arrivedAfter"] for r in runs(s)][:-1], [r["arrivedUntil"] for r in runs(s)][1:])


def test_the_coverage_query_sees_gaps():
    """A rule that was off, and one that failed: rows in between were not looked at."""
    with Server(clock=START) as s:
        identity = imported(s, rule())
        s.move_clock(at(20))
        body = s.arm("GET", "/alertRules/" + identity).json()
        body["properties"]["enabled"] = False
        equal(s.arm("PUT", "/alertRules/" + identity, body).status, 200)
        s.move_clock(at(60))
        body = s.arm("GET", "/alertRules/" + identity).json()
        body["properties"]["enabled"] = True
        equal(s.arm("PUT", "/alertRules/" + identity, body).status, 200)
        s.move_clock(at(70))
        equal([r["Problem"] for r in uncovered(s)], ["gap of arrival", "gap of windows"])


def test_late_rows_are_seen_once():
    with Server(clock=START) as s:
        imported(s, rule(extra=PER_RESULT))
        s.move_clock(at(1))
        sign_ins(s, 1, "early@halden.example")
        s.move_clock(at(30))
        equal(people(s), ["early"])
        sign_ins(s, 1, "late@halden.example")  # its window ran twenty minutes ago
        sign_ins(s, 17, "later@halden.example")
        s.move_clock(at(34))
        equal(people(s), ["early"])
        s.move_clock(at(60))
        equal(people(s), ["early", "late", "later"])
        again = runs(s, trigger="LateData")
        equal([(r["windowTo"][11:16], r["alerts"]) for r in sorted(again, key=lambda r: r["windowTo"])],
              [("00:05", 1), ("00:20", 1)])
        equal(uncovered(s), [])
        equal(len(incidents(s)), 3)
        alert = s.query(ROWS_OF_ALERTS + " | where Row has 'late@'")[0]
        contains(alert["ExtendedProperties"], '"Query End Time UTC":"2026-03-01 00:05:00Z"')
        s.kill()
        s.start(clock=at(61))
        s.move_clock(at(120))
        equal(people(s), ["early", "late", "later"])


def test_a_late_row_that_equals_another_one_is_seen():
    with Server(clock=START) as s:
        imported(s, rule(1, "SigninLogs | where ResultType == '50126' | project UserPrincipalName", PER_RESULT))
        imported(s, rule(2, "SigninLogs | where ResultType == '50126' | project UserPrincipalName"))
        sign_ins(s, 1, "ann@halden.example")
        s.move_clock(at(20))
        for seen in (1, 2):
            equal(len(alerts(s)), 2 * seen)
            sign_ins(s, 1, "ann@halden.example")
            s.move_clock(at(20 + 20 * seen))
        equal(len(alerts(s)), 6)


def test_late_rows_of_another_workspace():
    with Server(clock=START) as s, tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "x")
        equal(run("export", "--data", s.data, copy)[0], 0)
        s.stop()
        equal(run("import", "--data", s.data, "--name", "other", copy)[0], 0)
        s.start(clock=START)
        imported(s, rule(query="workspace('other').SigninLogs | where ResultType == '50126'", extra=PER_RESULT))

        def send(minute, person):
            row = {"TimeGenerated": at(minute), "UserPrincipalName": person, "ResultType": "50126"}
            equal(s.post("/vedette/v1/workspaces/other/records/SigninLogs?format=ndjson", json.dumps(row)).status, 200)

        s.move_clock(at(1))
        send(1, "early@halden.example")
        s.move_clock(at(30))
        equal(people(s), ["early"])
        send(1, "late@halden.example")
        sign_ins(s, 2, "own@halden.example")  # of this workspace, which the rule does not read
        s.move_clock(at(60))
        equal(people(s), ["early", "late"])
        equal([(r["windowTo"][11:16], r["alerts"]) for r in runs(s, trigger="LateData")], [("00:05", 1)])


def test_late_rows_that_change_nothing_make_no_alert():
    with Server(clock=START) as s:
        imported(s, rule(extra=PER_RESULT))
        sign_ins(s, 1, "early@halden.example")
        s.move_clock(at(20))
        s.post_logs(TABLE, [{"TimeGenerated": at(2), "ResultType": "0"}])
        s.move_clock(at(40))
        equal(people(s), ["early"])
        equal([r["alerts"] for r in runs(s, trigger="LateData")], [0])


def test_a_threshold_that_late_rows_reach():
    with Server(clock=START) as s:
        imported(s, rule(triggerThreshold="2"))
        sign_ins(s, 1, "a@halden.example", "b@halden.example")
        s.move_clock(at(20))
        equal(alerts(s), [])
        sign_ins(s, 2, "c@halden.example")
        s.move_clock(at(30))
        found = alerts(s)
        equal(len(found), 1)
        contains(found[0]["ExtendedProperties"], '"Search Query Results Overall Count":"3"')
        sign_ins(s, 3, "d@halden.example")
        s.move_clock(at(40))  # the alert was there: only what is new
        found = alerts(s)
        equal(len(found), 2)
        contains(found[1]["ExtendedProperties"], '"Search Query Results Overall Count":"1"')


def test_rows_later_than_the_bound_are_left_alone():
    with Server("--rule-lateness", "1h", clock=START) as s:
        imported(s, rule(extra=PER_RESULT))
        s.move_clock(at(180))
        sign_ins(s, 30, "ages@halden.example")
        sign_ins(s, 150, "late@halden.example")
        s.move_clock(at(200))
        equal(people(s), ["late"])
    with Server("--rule-lateness", "0", clock=START) as s:
        imported(s, rule(extra=PER_RESULT))
        s.move_clock(at(60))
        sign_ins(s, 30, "late@halden.example")
        s.move_clock(at(90))
        equal(people(s), [])


def test_a_longer_period_looks_back_by_itself():
    """Late rows within the period are seen by the next runs; earlier ones by one run again."""
    with Server(clock=START) as s:
        imported(s, rule(queryPeriod="1h"))
        s.move_clock(at(180))
        sign_ins(s, 150, "ann@halden.example")
        s.move_clock(at(185))
        equal(len(alerts(s)), 1)
        equal(runs(s, trigger="LateData"), [])
        s.move_clock(at(240))
        seen = len(alerts(s))  # as often as the author's period has it
        assert seen > 5, seen
        sign_ins(s, 100, "bob@halden.example")
        s.move_clock(at(250))
        again = runs(s, trigger="LateData")
        equal([(r["windowTo"][11:16], r["alerts"]) for r in again], [("02:40", 1)])
        equal(len(alerts(s)), seen + 1)


def test_a_repaired_day():
    """A source delivers hours at once, while its windows are long gone: each row once."""
    with Server(clock=START) as s:
        imported(s, rule(queryFrequency="1h", queryPeriod="1h", extra=PER_RESULT))
        s.move_clock(at(600))
        for hour in range(1, 9):
            sign_ins(s, hour * 60 + 7, "p%d@halden.example" % hour, "q%d@halden.example" % hour)
        s.move_clock(at(665))
        equal(people(s), sorted(p + str(h) for h in range(1, 9) for p in "pq"))
        s.move_clock(at(800))
        equal(len(alerts(s)), 16)


def test_near_real_time_is_woken_by_what_arrives():
    with Server(clock=START) as s:
        imported(s, NRT % 1)
        s.move_clock(at(10))
        for number in range(5):
            sign_ins(s, 9 - 60 * number, "p%d@halden.example" % number)
            moment = datetime.datetime(2026, 3, 1, 0, 10) + datetime.timedelta(seconds=2 * number + 2)
            s.move_clock(moment.isoformat() + "Z")
            equal(len(people(s)), number + 1)
        s.move_clock(at(20))
        equal(people(s), ["p0", "p1", "p2", "p3", "p4"])
        equal(uncovered(s, "At once"), [])
        s.kill()
        s.start(clock=at(21))
        sign_ins(s, 20, "after@halden.example")
        s.move_clock(at(22))
        equal(people(s), ["after", "p0", "p1", "p2", "p3", "p4"])
        equal(uncovered(s, "At once"), [])


def test_near_real_time_without_rows_is_told_of_once_a_minute():
    with Server(clock=START) as s:
        imported(s, NRT % 1)
        for second in range(0, 300, 5):
            s.post_logs(TABLE, [{"TimeGenerated": at(1), "ResultType": "0"}])
            s.move_clock((datetime.datetime(2026, 3, 1) + datetime.timedelta(seconds=second)).isoformat() + "Z")
        rows = s.query("SentinelHealth | where OperationName startswith 'NRT' | count")[0]["Count"]
        assert 4 <= rows <= 6, rows
        equal(len(runs(s, trigger="NrtRun")), 1)  # the history keeps the last of them
        equal(uncovered(s, "At once"), [])


def test_a_clock_that_went_back():
    """Marks of arrival go on: what comes then is looked at, once."""
    with Server(clock=START) as s:
        imported(s, rule(1, extra=PER_RESULT))
        imported(s, NRT % 2)
        s.move_clock(at(30))
        s.stop()
        s.start(clock=at(10))
        sign_ins(s, 20, "back@halden.example")
        s.move_clock(at(12))
        equal(people(s), ["back"])  # by the NRT rule
        s.move_clock(at(60))
        equal(people(s), ["back", "back"])
        s.stop()
        s.start(clock=at(60 * 4))  # and far ahead
        sign_ins(s, 60 * 4, "ahead@halden.example")
        s.move_clock(at(60 * 4 + 15))
        equal(people(s), ["ahead", "ahead", "back", "back"])
        for name in ("Rule 1", "At once"):
            equal(uncovered(s, name), [])


def test_rules_catch_up_in_order():
    with Server(clock=START) as s:
        for number in (1, 2, 3):
            imported(s, rule(number))
        s.move_clock(at(5))
        s.kill()
        s.start(clock=at(60))
        s.move_clock(at(60))
        rows = s.query("SentinelHealth | project To = todatetime(ExtendedProperties.QueryEndTimeUTC), "
                       "Until = todatetime(ExtendedProperties.IngestionEndTimeUTC) | sort by Until asc, To asc")
        ends = [r["To"] for r in rows]
        equal(ends, sorted(ends))
        for number in (1, 2, 3):
            equal(uncovered(s, "Rule %d" % number), [])


def windows_of(rows):
    return [(r["Problem"], r["WindowFrom"][5:16], r["WindowTo"][5:16]) for r in rows]


def test_suppressed_windows_are_told_of():
    with Server(clock=START) as s:
        imported(s, rule(extra=PER_RESULT, suppressionEnabled="true", suppressionDuration="20m"))
        s.move_clock(at(1))
        sign_ins(s, 1, "first@halden.example")
        s.move_clock(at(11))
        sign_ins(s, 11, "meanwhile@halden.example")
        s.move_clock(at(18))
        s.kill()
        s.start(clock=at(18))
        s.move_clock(at(30))
        sign_ins(s, 26, "after@halden.example")
        s.move_clock(at(36))
        equal(people(s), ["after", "first"])
        found = windows_of(uncovered(s))
        equal(found, [("suppressed", "03-01T00:%02d" % m, "03-01T00:%02d" % (m + 5)) for m in (5, 10, 15)])
        ranges = [(r["arrivedAfter"], r["arrivedUntil"]) for r in reversed(runs(s))]
        assert all(a[1] == b[0] for a, b in zip(ranges, ranges[1:])), ranges
        rows = s.query("SentinelHealth | where Reason == 'Suppressed' | distinct Status, Description")
        equal(rows, [{"Status": "Informational",
                      "Description": "The rule is suppressed after an alert and was not executed"}])


def test_suppressed_near_real_time_rules_tell_what_they_leave_out():
    """To the row: what arrives until the end of the suppression, not what arrives after it."""
    text = (NRT % 1) + "suppressionEnabled: true\nsuppressionDuration: 90m\n"
    with Server(clock=START) as s:
        imported(s, text)
        s.move_clock(at(1))
        sign_ins(s, 1, "first@halden.example")
        s.move_clock(at(2))
        for minute in (3, 50, 91):
            sign_ins(s, minute, "m%d@halden.example" % minute)
            s.move_clock(at(minute))
            if minute == 50:
                s.kill()
                s.start(clock=at(50))
        equal(people(s), ["first"])
        s.move_clock(at(92))
        sign_ins(s, 92, "after@halden.example")
        s.move_clock(at(95))
        equal(people(s), ["after", "first"])
        told = uncovered(s, "At once")
        equal([r["Problem"] for r in told], ["suppressed", "suppressed"])  # an hour, and the rest
        rows = s.query("SigninLogs | project Who = UserPrincipalName, At = ingestion_time() | sort by At asc")
        ends = sorted([r["From"] for r in told] + [r["To"] for r in told])
        left = [r["Who"].partition("@")[0] for r in rows if ends[0] < r["At"] <= ends[-1]]
        equal(left, ["m3", "m50", "m91"])


def test_skipped_windows_are_told_of():
    for setting, missed in (("14d", True), ("0", False)):
        with Server("--rule-catch-up", setting, clock=START) as s:
            imported(s, rule(queryFrequency="6h", queryPeriod="6h", extra=PER_RESULT))
            s.move_clock(at(1))
            sign_ins(s, 1, "early@halden.example")
            s.kill()
            s.start(clock=at(60 * 24 * 40))
            sign_ins(s, 60 * 24 * 39, "late@halden.example")
            s.move_clock(at(60 * 24 * 40))
            equal(people(s), ["late"] if missed else ["early", "late"])
            found = windows_of(uncovered(s))
            equal(found, [("skipped", "02-28T23:55", "03-26T23:55")] if missed else [])


def test_a_rule_that_keeps_failing_is_switched_off():
    with Server(clock=START) as s:
        imported(s, rule(2, query="range x from 1 to 200000 step 1", queryFrequency="3h", queryPeriod="3h"))
        s.move_clock(at(60 * 24 * 3))
        names = {r["properties"]["displayName"]: r["properties"] for r in
                 s.arm("GET", "/alertRules").json()["value"]}
        off = names["AUTO DISABLED Rule 2"]
        equal(off["enabled"], False)
        contains(off["description"], "more than 100000 rows")
        equal(len([r for r in runs(s, status="Failure")]), 10)


def watched(s, there):
    """The function that the rules of the next tests call comes, or goes."""
    body = {"properties": {"category": "Functions", "displayName": "Watched", "functionAlias": "Watched",
                           "query": "SigninLogs | where ResultType == '50126'"}}
    answer = s.arm("PUT" if there else "DELETE", "/savedSearches/watched", body if there else None, provider=False)
    assert answer.status < 300, answer


def test_windows_that_failed_are_run_again():
    with Server(clock=START) as s:
        watched(s, True)
        imported(s, rule(query="Watched", extra=PER_RESULT))
        sign_ins(s, 1, "before@halden.example")
        s.move_clock(at(12))
        watched(s, False)
        for minute in range(13, 100, 10):
            sign_ins(s, minute, "m%d@halden.example" % minute)
            s.move_clock(at(minute))
        failed = {r["windowTo"] for r in runs(s, status="Failure")}
        equal((len(failed) > 15, people(s)), (True, ["before"]))
        s.kill()
        s.start(clock=at(100))
        s.move_clock(at(101))
        assert uncovered(s) == []  # the newest of what was covered is before the failures
        failed = {r["windowTo"] for r in runs(s, status="Failure")}
        watched(s, True)
        s.move_clock(at(106))
        again = runs(s, trigger="Rerun")
        assert 0 < len(again) < len(failed), again  # a few at a time, the oldest first
        equal({r["windowTo"] for r in again}, set(sorted(failed)[:len(again)]))
        s.move_clock(at(130))
        equal({r["windowTo"] for r in runs(s, trigger="Rerun", status="Success")}, failed)
        everybody = sorted(["before"] + ["m%d" % m for m in range(13, 100, 10)])
        equal((people(s), uncovered(s)), (everybody, []))
        told = s.query("SentinelHealth | where ExtendedProperties.TriggerType == 'Rerun' | summarize count() by Status")
        equal([(r["Status"], r["count_"]) for r in told], [("Success", len(failed))])
        sign_ins(s, 33, "late@halden.example")  # of a window that was run again: seen as late, once
        s.move_clock(at(180))
        equal((people(s), uncovered(s)), (sorted(everybody + ["late"]), []))
        equal(len(runs(s, trigger="Rerun")), len(failed))


def test_a_window_that_fails_by_itself_is_given_up():
    query = ("SigninLogs | where ResultType == '50126' | extend n = iff(UserPrincipalName startswith 'many', 400, 1)"
             " | mv-expand x = range(1, n, 1) to typeof(long) | mv-expand y = range(1, n, 1) to typeof(long)")
    with Server(clock=START) as s:
        imported(s, rule(query=query))
        sign_ins(s, 6, "many@halden.example")
        s.move_clock(at(60))
        failures = s.query("SentinelHealth | where Status == 'Failure' | project Trigger = tostring(ExtendedProperties.TriggerType)")
        equal(sorted(r["Trigger"] for r in failures), ["Rerun"] * 6 + ["Scheduled"])
        equal([(r["windowTo"][11:16], r["attempts"]) for r in runs(s, trigger="Rerun")], [("00:10", 6)])
        equal(s.arm("GET", "/alertRules").json()["value"][0]["properties"]["enabled"], True)


def test_how_far_back_windows_are_run_again():
    with Server("--rule-rerun", "30m", clock=START) as s:
        watched(s, True)
        imported(s, rule(query="Watched"))
        watched(s, False)
        s.move_clock(at(120))
        watched(s, True)
        s.move_clock(at(180))
        ends = sorted(r["windowTo"][11:16] for r in runs(s, trigger="Rerun"))
        equal(ends, ["01:35", "01:40", "01:45", "01:50", "01:55"])
    with Server("--rule-rerun", "0", clock=START) as s:
        watched(s, True)
        imported(s, rule(query="Watched"))
        watched(s, False)
        s.move_clock(at(60))
        watched(s, True)
        s.move_clock(at(120))
        equal(runs(s, trigger="Rerun"), [])


def test_near_real_time_takes_up_what_it_had_given_up():
    with Server(clock=START) as s:
        watched(s, True)
        imported(s, (NRT % 1).replace("SigninLogs | where ResultType == '50126'", "Watched"))
        sign_ins(s, 0, "before@halden.example")
        s.move_clock(at(2))
        watched(s, False)
        for minute in range(3, 100, 6):
            sign_ins(s, minute, "m%d@halden.example" % minute)
            s.move_clock(at(minute))
        watched(s, True)
        s.move_clock(at(110))
        equal(people(s), sorted(["before"] + ["m%d" % m for m in range(3, 100, 6)]))
        equal(uncovered(s, "At once"), [])
        equal([r["status"] for r in runs(s, trigger="Rerun")], ["Success"])


def test_runs_by_hand():
    identity = "00000000-0000-4000-8000-000000000001"
    with Server(clock=START) as s:
        imported(s, rule(extra=PER_RESULT, startTimeUtc="2026-03-01T10:00:00Z"))
        sign_ins(s, 1, "ann@halden.example")
        s.move_clock(at(20))
        equal(alerts(s), [])
        code, out, error = run("rules", "run", identity, "--at", at(5), data=s.data)
        equal((code, error), (0, ""))
        contains(out, "Success: 1 rows, 1 alerts")
        contains(run("rules", "run", identity, "--at", at(5), data=s.data)[1], "1 rows, 0 alerts")
        contains(run("rules", "run", identity, data=s.data)[1], "0 rows, 0 alerts")
        equal((people(s), len(incidents(s))), (["ann"], 1))
        contains(run("rules", "runs", identity, data=s.data)[1], "User-triggered")
        equal([r["Trigger"] for r in s.query(
            "SentinelHealth | project Trigger = tostring(ExtendedProperties.TriggerType)")],
            ["User-triggered"] * 3)
        answer = s.arm("POST", "/alertRules/%s/triggerRuleRun" % identity,
                       {"properties": {"executionTimeUtc": at(5)}})
        equal(answer.status, 202, answer)
        made = answer.json()["properties"]
        equal((made["provisioningState"], made["ruleRunAdditionalData"]["alerts"]), ("Succeeded", 0))
        found = s.arm("GET", "/triggeredAnalyticsRuleRuns/" + made["triggeredAnalyticsRuleRunId"])
        equal(found.json(), answer.json())
        contains(answer.headers["location"], made["triggeredAnalyticsRuleRunId"])
        assert made["triggeredAnalyticsRuleRunId"] in s.arm("GET", "/triggeredAnalyticsRuleRuns").text
        for wrong in ("2027-01-01T00:00:00Z", "noon"):
            code, _, error = run("rules", "run", identity, "--at", wrong, data=s.data)
            equal(code, 1)
            contains(error, "at: a time")
        equal(s.post("/vedette/v1/workspaces/default/rules/none/run").status, 404)
        equal(s.arm("POST", "/alertRules/%s/triggerRuleRun" % identity, {}).status, 400)
        equal(s.arm("GET", "/triggeredAnalyticsRuleRuns/none").status, 404)
        s.move_clock(at(660))  # the schedule is what it was
        equal(uncovered(s), [])


def slow_part(s, least_s):
    """A join that takes a rule so long, here and today; it changes no row of a table."""
    part, n = "", 20_000_000
    while True:
        part = "| extend k = 1 | join kind=inner (range k from 1 to %d step 1 | where hash(k) != 7) on k | project-away k, k1" % n
        began = time.monotonic()
        s.query("datatable(x: long) [1] " + part)
        took = time.monotonic() - began
        if took >= least_s:
            return part
        n = int(n * min(3, max(1.5, 1.2 * least_s / max(took, 0.05))))


def test_slow_near_real_time_rules_run_beside_the_others():
    """Two that take seconds each; a quick one sees what arrives meanwhile, and none misses anything."""
    with Server() as s:
        slow = slow_part(s, 4)
        for number in (2, 3):
            imported(s, (NRT % number).replace("At once", "Slow %d" % number).replace("'50126'", "'50126' " + slow))
        imported(s, NRT % 1)
        sent = 0
        began = time.monotonic()

        def of(name):
            rows = s.query("SecurityAlert | where AlertName == '%s' | extend Q = tostring(parse_json(ExtendedProperties).Query)"
                           " | extend Row = parse_json(zlib_decompress_from_base64_string(extract(\"'([^']+)'\", 1, Q)))"
                           " | project Who = tostring(Row.UserPrincipalName), Late = datetime_diff('millisecond',"
                           " TimeGenerated, todatetime(Row.TimeGenerated))" % name)
            return {r["Who"]: r["Late"] for r in rows}

        while time.monotonic() - began < 15:
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            s.post_logs(TABLE, [{"TimeGenerated": now, "ResultType": "50126", "UserPrincipalName": "p%d" % sent}])
            sent += 1
            until(lambda: "p%d" % (sent - 1) in of("At once"), 12)
        late = of("At once")
        equal(sorted(late), sorted("p%d" % i for i in range(sent)))
        assert max(late.values()) < 10000, late
        for name in ("Slow 2", "Slow 3"):
            until(lambda: len(of(name)) == sent, 60)
        for name in ("At once", "Slow 2", "Slow 3"):
            equal(uncovered(s, name), [])


def test_slow_scheduled_rules_run_beside_the_others():
    """More of them than workers; quick rules are done meanwhile, and what was stopped counts for nothing."""
    with Server("--rule-workers", "1", "--rule-slow-workers", "1", "--rule-slow", "1s", "--rule-spread", "0") as s:
        query = "datatable(x: long) [1] " + slow_part(s, 4)
        slow = {imported(s, rule(number, query, queryFrequency="1h", queryPeriod="1h")) for number in (2, 3, 4)}
        quick = imported(s, rule(1))

        def done(*identities):
            return {r["ruleId"] for r in runs(s, status="Success")} & set(identities)

        until(lambda: done(quick), 30)
        assert len(done(*slow)) < 2, runs(s)  # three seconds of being found out are less than their eight
        s.stop()  # in the middle of one
        s.start()
        until(lambda: done(*slow) == slow, 120)
        for identity in slow:
            equal([(r["status"], r["attempts"]) for r in runs(s, ruleId=identity)], [("Success", 1)])


def test_a_rule_that_turns_out_to_be_slow_runs_once():
    with Server("--rule-slow", "1s", clock=START) as s:
        imported(s, rule(query="SigninLogs | where ResultType == '50126' " + slow_part(s, 2)))
        sign_ins(s, 1, "ann@halden.example")
        s.move_clock(at(11))
        equal({(r["status"], r["attempts"]) for r in runs(s)}, {("Success", 1)})
        assert len(runs(s)) == 3, runs(s)
        equal(uncovered(s), [])
        equal(len(alerts(s)), 1)


def test_the_system_clock_wakes_near_real_time_rules():
    with Server() as s:
        imported(s, NRT % 1)
        until(lambda: runs(s, trigger="NrtRun"))
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        s.post_logs(TABLE, [{"TimeGenerated": now, "ResultType": "50126",
                             "UserPrincipalName": "now@halden.example"}])
        until(lambda: people(s) == ["now"], 10)
