"""Tests of rules on a server: the cases that ship, rows that are given, and what is refused."""
import time

from vedette import Server, contains, equal

SPRAY = "content/rules/audit-application-credential-added.yaml"
RULE = """id: 00000000-0000-4000-8000-000000000001
name: Guessed
kind: Scheduled
severity: High
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 1
query: |
  Failed | project TimeGenerated, UserPrincipalName
entityMappings:
  - entityType: Account
    fieldMappings: [{identifier: FullName, columnName: UserPrincipalName}]
"""
ROWS = """
cases:
  - name: two
    now: 2026-03-18T10:00:00Z
    tables: {SigninLogs: [{TimeGenerated: "2026-03-18T09:58:00Z", UserPrincipalName: ann@halden.example, ResultType: "50126"},
                          {TimeGenerated: "2026-03-18T09:59:00Z", UserPrincipalName: bob@halden.example, ResultType: "50126"}]}
  - {name: none, now: 2026-03-18T10:00:00Z, tables: {SigninLogs: []}, expect: {alerts: 1}}
"""


def path(s, rest):
    return "/vedette/v1/workspaces/%s%s" % (s.workspace()["id"], rest)


def tested(s, rule, tests):
    return s.post(path(s, "/ruleTests"), {"rule": rule, "tests": tests})


def test_rows_are_given_and_what_fires_is_told():
    with Server() as s:
        made = s.arm("PUT", "/savedSearches/failed", {"properties": {
            "category": "Functions", "displayName": "Failed", "functionAlias": "Failed",
            "query": "SigninLogs | where ResultType == '50126'"}}, provider=False)
        equal(made.status < 300, True, made)
        equal(s.import_rule(RULE).status, 200)
        rows = s.count("SigninLogs")
        for rule in ("00000000-0000-4000-8000-000000000001", {"yaml": RULE}):
            answer = tested(s, rule, ROWS)
            equal(answer.status, 200, answer)
            two, none = answer.json()["cases"]
            equal((two["ok"], two["found"]["rows"], two["found"]["alerts"], two["found"]["incidents"]), (True, 2, 1, 1), two)
            alert = two["found"]["firstAlerts"][0]
            equal((alert["name"], alert["severity"], len(alert["entities"])), ("Guessed", "High", 2), alert)
            equal(two["found"]["firstRows"][0]["UserPrincipalName"], "ann@halden.example")
            equal((none["ok"], none["differences"]), (False, ["alerts:", "- 1", "+ 0"]), none)
            equal((answer.json()["passed"], answer.json()["failed"]), (1, 1))
        equal((s.count("SigninLogs"), s.count("SecurityAlert")), (rows, 0), "nothing is stored")


def test_what_ships_is_found_and_passes():
    with Server() as s:
        with open(SPRAY, encoding="utf-8") as f:
            text = f.read()
        imported = s.import_rule(text)
        equal(imported.status, 200, imported)
        own = imported.json()["id"]
        shipped = s.get(path(s, "/rules/%s/tests" % own)).json()
        equal(shipped["name"], "audit-application-credential-added.test.yaml")
        # A rule that was made of the template has its tests, too.
        made = s.post(path(s, "/ruleTemplates/%s/create" % own), {"id": "of-the-template"})
        equal(made.status < 300, True, made)
        equal(s.get(path(s, "/rules/of-the-template/tests")).json(), shipped)
        answer = tested(s, "of-the-template", shipped["text"]).json()
        equal((answer["failed"], answer["passed"] >= 2), (0, True), answer)
        s.import_rule(RULE)
        equal(s.get(path(s, "/rules/00000000-0000-4000-8000-000000000001/tests")).status, 404)


def test_tests_end_in_time():
    """A limit over all cases: what takes long is cut off, and one that was cut off hinders no other."""
    slow = RULE.replace("Failed |", "SigninLogs | extend n = 1 | join kind=inner (range n from 1 to 100000000000 step 1) on n |")
    case = "  - {name: x%d, now: 2026-03-18T10:00:00Z, tables: {SigninLogs: [{TimeGenerated: \"2026-03-18T09:58:00Z\"}]}}\n"
    with Server("--rule-test-timeout", "2s") as s:
        began = time.monotonic()
        answer = tested(s, {"yaml": slow}, "cases:\n" + "".join(case % i for i in range(5)))
        equal(answer.status, 504, answer)
        contains(answer.message(), "tests: 0 of 5 cases were done after 2 s")
        contains(answer.message(), "rule_test_timeout")
        assert time.monotonic() - began < 15
        quick = RULE.replace("Failed |", "SigninLogs |")
        equal(len(tested(s, {"yaml": quick}, "cases:\n" + case % 0).json()["cases"]), 1)


def test_wrong_requests_are_refused():
    with Server() as s:
        case = "cases: [{name: x, now: 2026-03-18T10:00:00Z, tables: {SigninLogs: %s}}]"
        for rule, tests, words in (
                ("nope", ROWS, "rule: "), ({"yaml": "kind: Scheduled"}, ROWS, "rule: "), (7, ROWS, "rule: "),
                ({"yaml": RULE}, None, "tests: the text"), ({"yaml": RULE}, "cases: []", "cases: a list"),
                ({"yaml": RULE}, "case: []", "case: not known"), ({"yaml": RULE}, "functions: [/etc/passwd]\n" + ROWS, "can't be named here")):
            answer = tested(s, rule, tests)
            equal(answer.status in (400, 404), True, answer)
            contains(answer.message(), words)
        # What is wrong with one case is told with it.
        broken = RULE.replace("Failed |", "SigninLogs |")
        for rows, words in (("/etc/passwd", "can't be named here"), ("[{TimeGenerated: 7, Nope: 1}]", "table SigninLogs: "),
                            ("[3]", "rows, or names")):
            answer = tested(s, {"yaml": broken}, case % rows).json()
            contains(answer["cases"][0]["differences"][0], words)
        reader = s.token(*s.application("Microsoft Sentinel Reader"))
        equal(s.post(path(s, "/ruleTests"), {"rule": {"yaml": RULE}, "tests": ROWS}, token=reader).status, 403)
        many = "cases:\n" + "  - {name: x, now: 2026-03-18T10:00:00Z}\n" * 201
        contains(tested(s, {"yaml": broken}, many).message(), "at most 200")
