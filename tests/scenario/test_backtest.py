"""Rules over the past: one query for all windows tells what window by window does, and both what
the scheduler has done."""
import collections
import json
import os
import random
import tempfile

from test_detection import ACCOUNTS, START, TABLE, at, imported, rule
from vedette import Server, equal, run, until

# Each shape of a query that is answered in another way; the method that it must take.
SHAPES = [
    ("filter", "allAtOnce", "SigninLogs | where ResultType == '50126' and TimeGenerated > ago(20m)"
     " | sort by TimeGenerated asc, UserPrincipalName asc, IPAddress asc"),
    ("aggregate", "allAtOnce", "SigninLogs | where ResultType != '0' | summarize Tries = count(),"
     " First = min(TimeGenerated) by UserPrincipalName, IPAddress | where Tries > 1"
     " | sort by UserPrincipalName asc, IPAddress asc"),
    ("age", "allAtOnce", "let begin = ago(40m);\nSigninLogs | where TimeGenerated between (begin .. now())"
     " | extend Age = now() - TimeGenerated | where Age < 12m | summarize arg_max(TimeGenerated, *)"
     " by UserPrincipalName | sort by UserPrincipalName asc"),
    ("join", "allAtOnce", "let failed = SigninLogs | where ResultType == '50126' | distinct UserPrincipalName;\n"
     "SigninLogs | where ResultType == '0' | join kind=inner failed on UserPrincipalName"
     " | project TimeGenerated, UserPrincipalName, IPAddress | sort by TimeGenerated asc, UserPrincipalName asc, IPAddress asc"),
    ("anti", "allAtOnce", "let known = SigninLogs | where TimeGenerated < ago(10m) | distinct UserPrincipalName;\n"
     "SigninLogs | where TimeGenerated >= ago(10m) | join kind=leftanti known on UserPrincipalName"
     " | distinct UserPrincipalName, IPAddress | sort by UserPrincipalName asc, IPAddress asc"),
    ("union", "allAtOnce", "union isfuzzy=true (SigninLogs | project TimeGenerated, UserPrincipalName, IPAddress),"
     " (AADNonInteractiveUserSignInLogs | project TimeGenerated, UserPrincipalName, IPAddress)"
     " | summarize Addresses = dcount(IPAddress) by UserPrincipalName, IPAddress | where Addresses > 0"
     " | sort by UserPrincipalName asc, IPAddress asc"),
    ("shared", "allAtOnce", "let all = materialize(SigninLogs | where ResultType == '50126');\n"
     "all | join kind=leftouter (all | summarize Tries = count() by UserPrincipalName) on UserPrincipalName"
     " | where Tries > 1 | project TimeGenerated, UserPrincipalName, IPAddress"
     " | sort by TimeGenerated asc, UserPrincipalName asc, IPAddress asc"),
    ("expand", "allAtOnce", "SigninLogs | mv-expand Part = split(UserPrincipalName, '@') to typeof(string)"
     " | where Part !has 'example' | summarize n = count() by UserPrincipalName, IPAddress"
     " | sort by UserPrincipalName asc, IPAddress asc"),
    ("top", "windowsWithRows", "SigninLogs | where ResultType == '50126' | top 1 by TimeGenerated asc, UserPrincipalName asc, IPAddress asc"),
    ("in", "windowsWithRows", "let failed = SigninLogs | where ResultType == '50126' | project UserPrincipalName;\n"
     "SigninLogs | where ResultType == '0' and UserPrincipalName in (failed)"
     " | project TimeGenerated, UserPrincipalName, IPAddress | sort by TimeGenerated asc, UserPrincipalName asc, IPAddress asc"),
    ("series", "windowsWithRows", "SigninLogs | make-series n = count() default = 0 on TimeGenerated"
     " from ago(30m) to now() step 5m by UserPrincipalName, IPAddress | where array_sum(n) > 2"
     " | project UserPrincipalName, IPAddress | sort by UserPrincipalName asc, IPAddress asc"),
    ("scalar", "eachWindow", "SigninLogs | summarize n = countif(ResultType == '50126')"
     " | where n > 2 | extend UserPrincipalName = 'all@halden.example', IPAddress = '192.0.2.1'"),
    ("total", "windowsWithRows", "let all = toscalar(SigninLogs | count);\nSigninLogs | summarize n = count()"
     " by UserPrincipalName, IPAddress | where n * 2 > all | sort by UserPrincipalName asc, IPAddress asc"),
    ("arrival", "allAtOnce", "SigninLogs | where ingestion_time() > ago(15m) | project TimeGenerated,"
     " UserPrincipalName, IPAddress | sort by TimeGenerated asc, UserPrincipalName asc, IPAddress asc"),
    ("parts", "allAtOnce", "SigninLogs | summarize Tries = count(), Failed = countif(ResultType == '50126'),"
     " Users = dcount(UserPrincipalName), Sum = sum(toint(ResultType)), Last = max(TimeGenerated),"
     " Least = minif(toint(ResultType), UserPrincipalName has '1'), Names = make_set(UserPrincipalName) by IPAddress"
     " | where Failed * 2 > Tries and Users > 1 and Sum == Failed * 50126 and (isnull(Least) or Least < 50126)"
     " and array_length(Names) == Users and Last <= now() | project IPAddress, UserPrincipalName = tostring(array_sort_asc(Names)[0])"
     " | sort by IPAddress asc"),
    ("slots", "allAtOnce", "let slots = SigninLogs | summarize Tries = count(), Middle = avg(toint(ResultType)),"
     " EndTime = max(TimeGenerated) by UserPrincipalName, IPAddress, Slot = bin(TimeGenerated, 5m);\n"
     "let usual = slots | where EndTime < ago(10m) | summarize Most = max(Tries) by UserPrincipalName;\n"
     "slots | where EndTime >= ago(10m) and Middle > 0 | join kind=leftouter usual on UserPrincipalName"
     " | where Tries >= coalesce(Most, 0) | project UserPrincipalName, IPAddress, Slot"
     " | sort by Slot asc, UserPrincipalName asc, IPAddress asc"),
    ("one window", "allAtOnce", "SigninLogs | summarize n = count() by UserPrincipalName, IPAddress, bin(TimeGenerated, 5m)"
     " | sort by TimeGenerated asc, UserPrincipalName asc, IPAddress asc"),
    ("odd slots", "allAtOnce", "SigninLogs | where TimeGenerated < ago(2m) | summarize Middle = avg(toint(ResultType)),"
     " Tries = count() by UserPrincipalName, IPAddress, Slot = bin(TimeGenerated, 7m) | where Middle between (1 .. 50000) or Tries > 2"
     " | sort by Slot asc, UserPrincipalName asc, IPAddress asc"),
    ("union of parts", "allAtOnce", "union (SigninLogs | where ResultType == '0' | extend Good = 1),"
     " (SigninLogs | where ResultType != '0' and TimeGenerated > ago(50m) | extend Good = 0)"
     " | summarize Good = sum(Good), Times = dcount(bin(TimeGenerated, 10m)), n = count() by UserPrincipalName, IPAddress"
     " | where Good * 2 > n and Times > 1 | sort by UserPrincipalName asc, IPAddress asc"),
    ("groups of groups", "allAtOnce", "SigninLogs | distinct UserPrincipalName, IPAddress, ResultType"
     " | summarize Results = dcount(ResultType) by UserPrincipalName, IPAddress | where Results > 1"
     " | sort by UserPrincipalName asc, IPAddress asc"),
]
TIMES = [("5m", "5m"), ("5m", "30m"), ("15m", "1h"), ("10m", "1h")]


def variants():
    """Rules of each shape, with other windows, triggers and ways to group."""
    rules = []
    for number, (name, method, query) in enumerate(SHAPES):
        frequency, period = TIMES[number % len(TIMES)]
        extra = ACCOUNTS
        if number % 3 == 1:
            extra += "eventGroupingSettings: {aggregationKind: AlertPerResult}\n"
        if number % 4 == 2:
            extra += "suppressionEnabled: true\nsuppressionDuration: 40m\n"
        if number % 2:
            extra += ("incidentConfiguration:\n  createIncident: true\n  groupingConfiguration:\n"
                      "    {enabled: true, reopenClosedIncident: false, lookbackDuration: 2h,"
                      " matchingMethod: AllEntities}\n")
        rules.append((method, rule(100 + number, query, extra, name=name, queryFrequency=frequency,
                                   queryPeriod=period)))
    quiet = "SigninLogs | where ResultType == '50126' | project UserPrincipalName, IPAddress"
    rules.append(("allAtOnce", rule(90, quiet, ACCOUNTS, name="quiet", triggerOperator="lt",
                                    triggerThreshold="1", queryPeriod="10m")))
    nrt = rule(91, quiet, ACCOUNTS, name="nrt").replace("kind: Scheduled", "kind: NRT")
    for key in ("queryFrequency: 5m\n", "queryPeriod: 5m\n", "triggerOperator: gt\n", "triggerThreshold: 0\n"):
        nrt = nrt.replace(key, "")
    rules.append(("allAtOnce", nrt))
    return rules


def fill(s, minutes, seed=7):
    """Events of a few people as the clock goes on; some come late, some very late."""
    chance = random.Random(seed)
    people = ["user%d@halden.example" % n for n in range(5)]
    waiting = []
    for minute in range(0, minutes, 3):
        for _ in range(chance.choice((0, 0, 1, 2, 4))):
            delay = chance.choice((0, 0, 0, 2, 7, 25))
            record = {"TimeGenerated": at(minute), "UserPrincipalName": chance.choice(people),
                      "IPAddress": "203.0.113.%d" % chance.randrange(3),
                      "ResultType": chance.choice(("0", "50126"))}
            waiting.append((minute + delay, record))
        due = [r for when, r in waiting if when <= minute]
        waiting = [(when, r) for when, r in waiting if when > minute]
        s.move_clock(at(minute + 1))
        if due:
            equal(s.post_logs(TABLE, due).status, 204)
    s.move_clock(at(minutes))


def backtest(s, **body):
    base = "/vedette/v1/workspaces/%s/backtests" % s.workspace()["id"]
    answer = s.post(base, body)
    equal(answer.status, 202, answer)
    place = base + "/" + answer.json()["id"]
    until(lambda: s.get(place).json()["status"] != "Running", 300)
    done = s.get(place).json()
    equal(done["status"], "Succeeded", done)
    return {r["name"]: r for r in done["properties"]["rules"]}


def outcome(r):
    """What must not depend on the method."""
    return {k: r[k] for k in ("status", "windows", "fired", "alerts", "suppressed", "failed", "resultRows",
                              "incidents", "firings", "incidentList", "topEntities", "days", "runs")}


def same(r, other):
    for key, value in outcome(r).items():
        equal(value, outcome(other)[key], "%s %s" % (r["name"], key))


def test_one_query_for_all_windows_tells_what_each_window_does():
    with Server(clock=START) as s:
        fill(s, 180)
        rules = variants()
        body = {"rules": [{"yaml": text} for _, text in rules], "from": at(0), "to": at(180), "maxFirings": 1000,
                "lastRuns": 1000}
        for more in ({}, {"asIfOnTime": True}):
            fast, slow = backtest(s, **body, **more), backtest(s, **body, **more, eachWindow=True)
            equal(len(fast), len(rules))
            for name, r in fast.items():
                same(r, slow[name])
                equal(slow[name]["method"], "eachWindow", name)
            for r in fast.values():
                equal(len(r["runs"]), r["windows"], r["name"])
                equal(sum(run["rows"] or 0 for run in r["runs"]), r["resultRows"], r["name"])
                equal(sum(run["rows"] is None for run in r["runs"]), r["suppressed"] + r["failed"], r["name"])
            fired = {name: r["fired"] for name, r in fast.items()}
            equal([n for n, count in fired.items() if count == 0], [], fired)
            methods = {r["name"]: r["method"] for r in fast.values()}
            equal(methods, {name: method for (method, _), name in
                            zip(rules, [n for n, _, _ in SHAPES] + ["quiet", "nrt"])})
        for name, r in fast.items():
            if r["method"] == "allAtOnce":
                equal(r["queries"] < 3, True, r)


def test_sealed_rows_and_hot_ones_are_the_same_past():
    with Server(clock=START) as s:
        fill(s, 90)
        body = {"rules": [{"yaml": text} for _, text in variants()], "from": at(0), "to": at(90)}
        hot = backtest(s, **body)
        sealed = s.post("/vedette/v1/workspaces/%s/seal?table=SigninLogs" % s.workspace()["id"])
        equal((sealed.status, sealed.json()["rows"] > 0), (200, True), sealed)
        sealed = backtest(s, **body)
        for name, r in sealed.items():
            same(r, hot[name])


def same_as_the_scheduler(lateness, until_minute):
    with Server("--rule-lateness", lateness, clock=START) as s:
        rules = [text for _, text in variants()]
        ids = {}
        for text in rules:
            ids[imported(s, text)] = text
        fill(s, 75)
        s.move_clock(at(85))
        told = backtest(s, **{"from": at(-6), "to": at(until_minute), "maxFirings": 1000})
        rows = s.query("SecurityAlert | extend p = parse_json(ExtendedProperties)"
                       " | summarize n = count() by Name = tostring(p['Analytic Rule Name']),"
                       " End = tostring(p['Query End Time UTC'])")
        real = {}
        for row in rows:
            if row["End"] <= at(until_minute).replace("T", " "):
                real.setdefault(row["Name"], {})[row["End"]] = row["n"]
        for name, r in told.items():
            found = collections.Counter()
            for f in r["firings"]:
                found[f["windowEnd"][:19].replace("T", " ") + "Z"] += f["alerts"]
            equal(dict(found), real.get(name, {}), name)
        counted = s.arm("GET", "/incidents?$top=1000").json()["value"]
        equal(len(counted) >= sum(1 for r in told.values() if r["incidents"]), True)
        again = s.get("/vedette/v1/workspaces/default/runs?$top=10000").json()["value"]
        counts = collections.Counter(r["ruleId"] for r in again if r["trigger"] == "LateData")
        return {name: (r["lateRuns"], r["lateAlerts"], counts[r["id"]]) for name, r in told.items()}


def test_a_backtest_tells_what_the_scheduler_has_done():
    equal({late for late in same_as_the_scheduler("0s", 75).values()}, {(0, 0, 0)})


def test_late_rows_are_replayed_as_the_scheduler_looks_at_them():
    told = same_as_the_scheduler("1d", 80)
    equal({name: late[0] for name, late in told.items()}, {name: late[2] for name, late in told.items()})
    assert sum(late[1] for late in told.values()) > 5, told


def test_what_arrived_later_is_not_seen():
    with Server(clock=at(60)) as s:
        records = [{"TimeGenerated": at(10), "UserPrincipalName": "ann@halden.example", "ResultType": "50126"}]
        equal(s.post_logs(TABLE, records).status, 204)
        text = rule(1, extra=ACCOUNTS)
        body = {"rules": [{"yaml": text}], "from": at(0), "to": at(60)}
        found = backtest(s, **body)["Rule 1"]
        equal([(f["windowEnd"][:16], f["time"][:16], f["late"]) for f in found["firings"]],
              [(at(15)[:16], at(60)[:16], True)])  # by the run that was the first to find it there
        equal(backtest(s, **{**body, "to": at(50)})["Rule 1"]["fired"], 0)
        late = backtest(s, **body, asIfOnTime=True)["Rule 1"]
        equal((late["fired"], late["firings"][0]["windowEnd"][:16], late["topEntities"]),
              (1, at(15)[:16], [{"type": "account", "name": "ann@halden.example", "alerts": 1}]))


def test_reports_outlast_the_server():
    with Server("--backtests-kept", "3", clock=at(0)) as s:
        base = "/vedette/v1/workspaces/%s/backtests" % s.workspace()["id"]
        fill(s, 60)
        s.move_clock(at(60))
        body = {"rules": [{"yaml": rule(1, extra=ACCOUNTS)}], "from": at(0), "to": at(60)}
        report = backtest(s, **body)
        told = s.get(base).json()["value"]
        equal([(x["status"], x["ruleNames"], x["rulesTotal"], x["from"][:16], x["percentComplete"]) for x in told],
              [("Succeeded", ["Rule 1"], 1, at(0)[:16], 100)])
        equal((told[0]["fired"], "properties" in told[0]), (report["Rule 1"]["fired"], False))
        long = {"rules": [{"yaml": rule(7, "range n from 1 to 100000000000 step 1 | summarize n = sum(n) by bin(n, 1000000000)")}],
                "from": at(0), "to": at(60)}
        running = s.post(base, long).json()["id"]
        s.restart(at(61))
        equal(s.get(base + "/" + told[0]["id"]).json()["properties"]["rules"][0]["firings"], report["Rule 1"]["firings"])
        after = s.get(base + "/" + running).json()
        assert after["status"] in ("Canceled", "Failed"), after
        running = s.post(base, long).json()["id"]
        s.kill()
        s.start(clock=at(62))
        after = s.get(base + "/" + running).json()
        equal((after["status"], after["error"]["message"]), ("Failed", "the server was stopped while it ran"))
        for minute in (63, 64, 65):  # the newest three are kept
            s.move_clock(at(minute))
            backtest(s, **body)
        equal([x["startTime"][:16] for x in s.get(base).json()["value"]], [at(65)[:16], at(64)[:16], at(63)[:16]])
        equal(s.get(base + "/" + told[0]["id"]).status, 404)
        with tempfile.TemporaryDirectory() as folder:  # and they move with their workspace
            equal(run("export", "--data", s.data, folder + "/x")[0], 0)
            s.stop()
            equal(run("import", "--data", s.data, "--name", "other", folder + "/x")[0], 0)
            s.start(clock=at(70))
            moved = s.get("/vedette/v1/workspaces/other/backtests").json()["value"]
            equal(len(moved), 3)
            equal(s.get("/vedette/v1/workspaces/other/backtests/" + moved[0]["id"]).json()["properties"]["rules"][0]["name"], "Rule 1")


def test_requests_that_are_wrong_are_refused():
    with Server(clock=at(60)) as s:
        base = "/vedette/v1/workspaces/%s/backtests" % s.workspace()["id"]
        for body, words in (({"rules": 7}, "rules: an array expected"),
                            ({"rules": [{"yaml": "kind: Scheduled"}]}, "rules[0]"),
                            ({"rules": ["nope"]}, "rules[0]"),
                            ({"rules": [], "from": at(5), "to": at(5)}, "from: a time before"),
                            ({"rules": [], "from": "2020-01-01T00:00:00Z"}, "at most 400 days"),
                            ({"rules": [], "maxFirings": 0}, "maxFirings"),
                            ({"rules": [], "lastRuns": 10001}, "lastRuns"),
                            ({"rules": [], "asIfOnTime": 1}, "asIfOnTime")):
            answer = s.post(base, body)
            equal((answer.status >= 400, words in answer.message()), (True, True), answer)
        equal(s.get(base + "/nope").status, 404)
        done = backtest(s, rules=[{"yaml": rule(2, "NoSuchTable_CL | take 1")}])
        equal(done["Rule 2"]["status"], "Refused")
        equal("NoSuchTable_CL" in done["Rule 2"]["error"]["message"], True)
        equal(len(s.get(base).json()["value"]), 1)
        there = s.get(base).json()["value"][0]["id"]
        equal(s.request("DELETE", base + "/" + there).status, 200)
        equal(s.get(base).json()["value"], [])
        reader = s.application("Microsoft Sentinel Reader")
        token = s.token(reader["clientId"], reader["secret"]) if "clientId" in reader else None
        if token:
            equal(s.post(base, {"rules": []}, token=token).status, 403)


def test_one_that_runs_can_be_cancelled_and_too_many_are_refused():
    with Server(clock=at(60)) as s:
        base = "/vedette/v1/workspaces/%s/backtests" % s.workspace()["id"]
        equal(s.post_logs(TABLE, [{"TimeGenerated": at(10), "ResultType": "50126"}]).status, 204)
        body = {"rules": [{"yaml": rule(1, "SigninLogs | count", queryPeriod="1d")}], "from": "2025-03-01T00:00:00Z",
                "to": at(60), "eachWindow": True}  # a hundred thousand windows
        places = [base + "/" + s.post(base, body).json()["id"] for _ in range(2)]
        refused = s.post(base, body)
        equal((refused.status, "wait for one, or cancel one" in refused.message()), (429, True), refused)
        until(lambda: s.get(places[0]).json()["windowsDone"] > 0, 60)
        at_work = s.get(places[0]).json()
        equal((at_work["status"], at_work["rulesTotal"], at_work["windowsTotal"] > 100000), ("Running", 1, True), at_work)
        equal(s.request("DELETE", places[0]).status, 200)
        until(lambda: s.get(places[0]).json()["status"] == "Canceled", 60)
        equal("properties" in s.get(places[0]).json(), False)
    # and the server has stopped while the other one ran


def test_the_command_line_runs_it_on_a_server_and_on_a_folder_of_logs():
    with Server(clock=START) as s, tempfile.TemporaryDirectory() as folder:
        fill(s, 60)
        path = os.path.join(folder, "rule.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(rule(1, extra=ACCOUNTS))
        words = ("rules", "backtest", "--from", at(0), "--to", at(60))
        code, out, err = run(*words, "--json", path, data=s.data)
        equal(code, 0, err)
        report = json.loads(out)["rules"][0]
        equal(report["fired"] > 0, True, report)
        code, out, err = run(*words, path, data=s.data)
        equal((code, "%d runs fired" % report["fired"] in out), (0, True), out + err)
        equal(run(*words, "--fail-above", "0", path, data=s.data)[0], 3)
        logs = os.path.join(folder, "logs")
        os.mkdir(logs)
        rows = s.query("SigninLogs | project TimeGenerated, UserPrincipalName, IPAddress, ResultType")
        with open(os.path.join(logs, "SigninLogs.ndjson"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(row) + "\n" for row in rows)
        code, out, err = run(*words, "--logs", logs, "--json", path)
        equal(code, 0, err)
        on_time = report["fired"] - sum(f["late"] for f in report["firings"])
        equal(json.loads(out)["rules"][0]["fired"] >= on_time, True)


def test_rules_are_woken_by_what_arrives_after_a_backtest():
    with Server(clock=START) as s:
        imported(s, "id: 00000000-0000-4000-8000-000000000077\nkind: NRT\nname: At once\ndescription: x\nseverity: High\n"
                    "query: SigninLogs | where ResultType == '50126'\n")
        s.move_clock(at(5))
        backtest(s, **{"from": at(0), "to": at(5)})
        s.post_logs("Microsoft-SigninLogs", [{"TimeGenerated": at(5), "ResultType": "50126"}])
        s.move_clock(at(6))
        equal(s.query("SecurityAlert | project AlertName"), [{"AlertName": "At once"}])
