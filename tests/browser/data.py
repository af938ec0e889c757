"""What the server of the browser's tests holds: people, logs of a small company, and the incidents of two rules.

Quick: everything is here before the first page is opened. Tests that change something make what they
change themselves, through the API.
"""
import datetime
import os
import sqlite3

from vedette import equal

START = "2026-03-18T08:00:00Z"
NOW = "2026-03-18T10:00:00Z"
# What makes hashing passwords cheap; sessions live as long as the tests move the clock.
SETTINGS = ("--password-memory", "64KiB", "--password-passes", "1")
# Who signs in by the page; see fill. The newcomer has to choose a password first.
PEOPLE = {
    "analyst": {"name": "ana", "password": "correct horse 7 battery", "displayName": "Ana Lind"},
    "reader": {"name": "rolf", "password": "staple 9 of the battery", "displayName": "Rolf Berg"},
    "careful": {"name": "cora", "password": "eleven 8 slow tortoises", "displayName": "Cora Dahl"},
    "newcomer": {"name": "nina", "password": "given 5 by somebody else", "displayName": "Nina Ek"},
}
ROLES = {"analyst": "Owner", "reader": "Microsoft Sentinel Reader", "careful": "Microsoft Sentinel Reader",
         "newcomer": "Microsoft Sentinel Responder"}
COLLEAGUES = ["ann", "bob", "cleo", "dan", "eva", "finn"]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
ENTITIES = """entityMappings:
  - entityType: Account
    fieldMappings:
      - identifier: FullName
        columnName: UserPrincipalName
  - entityType: IP
    fieldMappings:
      - identifier: Address
        columnName: IPAddress
"""


def at(minutes):
    moment = datetime.datetime.fromisoformat(START.replace("Z", "+00:00"))
    return (moment + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def rule(number, name, severity, query, tactic="CredentialAccess", technique="T1110"):
    return ("id: 00000000-0000-4000-8000-%012d\nname: %s\nkind: Scheduled\ndescription: |\n  %s, found by a test rule.\n"
            "severity: %s\nqueryFrequency: 15m\nqueryPeriod: 15m\ntriggerOperator: gt\ntriggerThreshold: 0\n"
            "tactics: [%s]\nrelevantTechniques: [%s]\nquery: |\n  %s\neventGroupingSettings:\n"
            "  aggregationKind: AlertPerResult\n%s"
            % (number, name, name, severity, tactic, technique, query, ENTITIES))


RULES = [
    rule(1, "Password guessed", "Medium", "SigninLogs | where ResultType == '50126'"
         " | summarize Tries = count() by UserPrincipalName, IPAddress | where Tries >= 5"),
    rule(2, "Sign-in from a new country", "High", "SigninLogs | where ResultType == '0' and Location == 'NZ'"
         " | summarize arg_max(TimeGenerated, *) by UserPrincipalName, IPAddress", "InitialAccess", "T1078"),
]


def sign_in(minute, person, address="198.51.100.%d", code="0", country="SE"):
    place = address % (10 + COLLEAGUES.index(person)) if "%d" in address else address
    return {"TimeGenerated": at(minute), "UserPrincipalName": "%s@halden.example" % person, "IPAddress": place,
            "ResultType": code, "Location": country, "AppDisplayName": "Office 365 Exchange Online",
            "UserDisplayName": HOSTILE if person == "finn" else person.title()}


def logs():
    """Two hours of signing in; one address guesses at three people, and one of them is then elsewhere."""
    records = [sign_in(m, COLLEAGUES[m % len(COLLEAGUES)]) for m in range(0, 118, 3)]
    for person in ("ann", "bob", "finn"):
        records += [sign_in(31 + i // 3, person, "203.0.113.7", "50126", "NZ") for i in range(6)]
    records.append(sign_in(40, "bob", "203.0.113.7", "0", "NZ"))
    return records


def incidents(server):
    """Of every severity and status, by hand."""
    severities, statuses = ("High", "Medium", "Low", "Informational"), ("New", "Active", "Closed")
    for number in range(24):
        properties = {"title": "Report %d from the help desk" % number, "severity": severities[number % 4],
                      "status": statuses[number % 3], "description": "Somebody called about case %d." % number}
        if properties["status"] == "Closed":
            properties.update(classification="BenignPositive", classificationReason="SuspiciousButExpected")
        made = server.arm("PUT", "/incidents/00000000-0000-4000-9000-%012d" % number, {"properties": properties})
        equal(made.status, 201, made)


MANY = 100_000


def many(server):
    """As many incidents as a busy year leaves, two years ago: put into the database, where it takes a second."""
    columns = ("workspace, id, number, etag, title, description, severity, status, classification, classification_reason,"
               " classification_comment, owner, labels, tactics, techniques, products, rule_ids, created, modified,"
               " first_modified, closed, first_activity, last_activity, row_time, modified_by, provider,"
               " provider_incident_id, group_rule, group_key, first_alert, alerts, bookmarks, comments, merged_into")
    changed = {"id": "printf('%08x-0000-4000-c000-%012d', n, n)", "number": "1000000 + n", "title": "'Old case ' || n",
               "severity": "CASE n % 4 WHEN 0 THEN 'High' WHEN 1 THEN 'Medium' WHEN 2 THEN 'Low' ELSE 'Informational' END",
               "status": "CASE n % 3 WHEN 0 THEN 'New' WHEN 1 THEN 'Active' ELSE 'Closed' END", "group_rule": "''",
               "modified": "created - 631152000000000 - n * 600000000", "created": "created - 631152000000000 - n * 600000000"}
    chosen = ", ".join(changed.get(name.strip(), name.strip()) for name in columns.split(","))
    database = sqlite3.connect(os.path.join(server.data, "state.db"), timeout=30)
    with database:
        database.execute("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)"
                         " INSERT INTO incidents (%s) SELECT %s FROM incidents, numbers WHERE number = 1"
                         % (MANY, columns, chosen))
    database.close()


def people(server):
    """The people who sign in."""
    for who, person in PEOPLE.items():
        made = server.post("/vedette/v1/users", {**person, "roles": [{"role": ROLES[who]}], "mustChangePassword": who == "newcomer"})
        equal(made.status, 201, made)


def fill(server):
    people(server)
    for text in RULES:
        equal(server.import_rule(text).status, 200)
    records = logs()
    equal(server.post_logs("Microsoft-SigninLogs", records).status, 204)
    incidents(server)
    many(server)
    server.move_clock(NOW)
