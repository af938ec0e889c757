"""`vedette rules test`: what its files can say, and what it tells of cases that fail."""
import json
import os
import tempfile
import xml.etree.ElementTree

from test_detection import ACCOUNTS, rule
from vedette import equal, run

ROWS = [{"TimeGenerated": "2026-03-01T11:5%d:00Z" % n, "UserPrincipalName": "%s@halden.example" % who,
         "IPAddress": "203.0.113.%d" % n, "ResultType": "50126"} for n, who in enumerate(("ann", "bob", "ann"))]
NOW = "2026-03-01T12:00:00Z"
RULE = rule(1, "SigninLogs | where ResultType == '50126'\n| summarize Tries = count(), Addresses = make_set(IPAddress)"
            " by UserPrincipalName, IPAddress = UserPrincipalName\n| sort by UserPrincipalName asc",
            ACCOUNTS + "customDetails: {Tries: Tries}\neventGroupingSettings: {aggregationKind: AlertPerResult}\n"
            "alertDetailsOverride: {alertDisplayNameFormat: 'Guessing by {{UserPrincipalName}}'}\n",
            queryFrequency="1h", queryPeriod="1h")


def case(**more):
    return {"name": "a case", "now": NOW, "tables": {"SigninLogs": ROWS}, "expect": {"alerts": 2}, **more}


def tested(cases, *words, files=(), text=RULE, **root):
    """Runs them; the exit code and the report."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {"r.yaml": text, "r.test.yaml": json.dumps({**root, "cases": cases}), **dict(files)}.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(content)
        code, out, err = run("rules", "test", "--json", "--one-sided", *words, folder)
        return code, json.loads(out) if out.startswith("{") else out + err


def one(expect, **more):
    """The lines that differ."""
    code, report = tested([case(expect=expect, **more)])
    test = report["tests"][0]
    equal(code, 0 if test["ok"] else 1)
    equal(test["ok"], not test["differences"])
    return test["differences"]


def test_what_holds_passes():
    ann, bob = ({"Type": "account", "Name": n, "UPNSuffix": "halden.example"} for n in ("ann", "bob"))
    equal(one({"alerts": 2, "rows": 2, "incidents": 2, "title": "Guessing by ann@halden.example", "severity": "Medium",
               "titles": ["Guessing by bob@halden.example", "Guessing by ann@halden.example"],
               "severities": ["Medium", "Medium"], "tactics": ["CredentialAccess"], "techniques": ["T1110"],
               "entities": [bob, {"Name": "ann"}],
               "entitiesExactly": [ann, bob, {"Type": "ip", "Address": "ann@halden.example"},
                                   {"Type": "ip", "Address": "bob@halden.example"}],
               "customDetails": {"Tries": ["2"]}, "columns": {"Tries": 2}, "sets": ["Addresses"],
               "result": [{"UserPrincipalName": "bob@halden.example", "Tries": 1}],
               "resultExactly": [{"Tries": 1}, {"Tries": 2, "Addresses": ["203.0.113.2", "203.0.113.0"]}],
               "resultInOrder": [{"Tries": 2}, {"Tries": 1}],
               "not": {"titles": ["Guessing by eve@halden.example"], "entities": [{"Name": "eve"}],
                       "result": [{"Tries": 3}]}}), [])


def test_what_does_not_is_shown_as_a_difference():
    equal(one({"alerts": 1}), ["alerts:", "- 1", "+ 2"])
    equal(one({"title": "x"}), ["title:", '- "x"', "+ Guessing by ann@halden.example"])
    equal(one({"result": [{"Tries": 7}]})[:2], ["result:", '- {"Tries":7}'])
    equal(len(one({"result": [{"Tries": 7}]})), 4)  # and the two rows that are there
    equal(one({"resultExactly": [{"Tries": 2}]})[0], "resultExactly:")
    equal(one({"resultInOrder": [{"Tries": 1}, {"Tries": 2}]})[0], "resultInOrder:")
    equal(one({"entities": [{"Name": "eve"}]})[1], '- {"Name":"eve"}')
    equal(one({"not": {"entities": [{"Name": "ann"}]}}), ["not.entities:", '+ {"Name":"ann"}'])
    equal(one({"columns": {"Tries": 3}}), ["columns.Tries:", "- 3", "+ 2"])
    equal(one({"customDetails": {"Tries": ["3"]}}), ["customDetails.Tries:", '- ["3"]', '+ ["2"]'])
    equal(one({"alert": 1}), ["expect.alert: not known"])
    equal(one({"alerts": 2}, table={}), ["table: not known"])
    equal(one({"alerts": 2}, functions={"f": 7}), ["function f: KQL expected"])
    for root, told in (({"lookback": "x"}, "lookback: a duration such as 90d expected, at most 36500d"),
                       ({"rule": [1]}, "rule: the name of a file expected"), ({"rules": "r.yaml"}, "rules: not known")):
        equal(tested([case()], **root)[1]["tests"][0]["differences"], [told])
    equal(one({"alerts": 2}, tables={"SigninLogs": [{"Nope": 1}]})[0].startswith("table SigninLogs: 0 rows"), True)
    equal(one({"alerts": 2}, now="soon")[0].startswith("now: a time such as"), True)


def test_several_runs_are_suppressed_and_grouped():
    text = RULE + "suppressionEnabled: true\nsuppressionDuration: 2h\n"
    times = ["2026-03-01T12:00:00Z", "2026-03-01T12:30:00Z"]
    code, report = tested([case(now=times, expect={"alerts": 2, "incidents": 2})], text=text)
    equal(code, 0, report)
    code, report = tested([case(now=times, expect={"alerts": 4, "incidents": 4})])
    equal(code, 0, report)
    text = RULE + ("incidentConfiguration:\n  createIncident: true\n  groupingConfiguration: {enabled: true,"
                   " lookbackDuration: 5h, matchingMethod: AllEntities, reopenClosedIncident: false}\n")
    code, report = tested([case(now=times, expect={"alerts": 4, "incidents": 2})], text=text)
    equal(code, 0, report)


def test_functions_watchlists_and_files_are_known():
    text = rule(2, "Known(1) | join kind=inner (_GetWatchlist('VIP')) on $left.UserPrincipalName == $right.SearchKey"
                   " | project UserPrincipalName, IPAddress, Rank", ACCOUNTS, queryPeriod="1h", queryFrequency="1h")
    ndjson = "".join(json.dumps(row) + "\n" for row in ROWS)
    known = {"Known": "(least: long) { SigninLogs | where ResultType == '50126' and least > 0 }"}
    vip = [{"User": "ann@halden.example", "Rank": "1"}]
    wanted = {"alerts": 1, "rows": 2, "columns": {"Rank": "1"}}
    cases = [case(tables={"SigninLogs": "rows.ndjson"}, functions=known, watchlists={"VIP": vip}, expect=wanted),
             case(functions=known, watchlists={"VIP": []}, expect={"fails": "Rank"}),
             case(functions=known, watchlists={"VIP": "vip.csv"}, expect=wanted)]
    files = {"rows.ndjson": ndjson, "vip.csv": "User,Rank\nann@halden.example,1\n"}
    code, report = tested(cases[:1] + cases[2:], files=files, text=text)
    equal(code, 0, report)
    files["functions.json"] = json.dumps([{"name": "Known", "parameters": "(least:long)", "body": known["Known"][13:]}])
    code, report = tested([case(watchlists={"VIP": vip}, expect=wanted)], files=files, text=text, functions=["functions.json"])
    equal(code, 0, report)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(content)
        os.rename(os.path.join(folder, "vip.csv"), os.path.join(folder, "VIP.csv"))
        code, report = tested([case(expect=wanted)], "--functions", os.path.join(folder, "functions.json"),
                              "--watchlist", os.path.join(folder, "VIP.csv"), text=text)
        equal(code, 0, report)


def test_a_query_that_is_wrong_fails_and_may_be_expected_to():
    text = rule(3, "NoSuchTable_CL | take 1")
    code, report = tested([case(expect={"alerts": 0}), case(expect={"fails": "NoSuchTable_CL"})], text=text)
    equal((code, [t["ok"] for t in report["tests"]]), (1, [False, True]), report)


def test_reports():
    with tempfile.TemporaryDirectory() as folder:
        for number in range(3):
            with open(os.path.join(folder, "r%d.yaml" % number), "w", encoding="utf-8") as f:
                f.write(RULE)
            cases = [case(name="fires"), case(name="quiet <&>", tables={}, expect={"alerts": number})]
            with open(os.path.join(folder, "r%d.test.yaml" % number), "w", encoding="utf-8") as f:
                json.dump({"cases": cases}, f)
        junit = os.path.join(folder, "out.xml")
        code, out, err = run("rules", "test", "--junit", junit, "-j", "3", folder)
        lines = out.splitlines()
        equal((code, lines[0], lines[1], lines[-1]), (1, "TAP version 13", "1..8", "4 passed, 4 failed"), out + err)
        equal([x for x in lines if x.startswith("not ok")][0].endswith("r1.test.yaml: quiet <&>"), True, out)
        equal("no case without an alert" in out, True)
        root = xml.etree.ElementTree.parse(junit).getroot()
        equal((root.get("tests"), root.get("failures"), len(root)), ("8", "4", 3))
        equal(root.findall(".//testcase")[1].get("name"), "quiet <&>")
        code, out, err = run("rules", "test", "--filter", "r0", folder)
        equal((code, "1..2" in out), (0, True), out + err)
        equal(run("rules", "test", "--filter", "nothing", folder)[0], 2)
        equal(run("rules", "test")[0], 2)
        with open(os.path.join(folder, "r0.test.yaml"), "w", encoding="utf-8") as f:
            f.write("cases: [")
        code, out, err = run("rules", "test", "--filter", "r0", folder)
        equal((code, "not ok 1 - " in out), (1, True), out + err)
