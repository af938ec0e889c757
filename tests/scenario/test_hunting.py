"""Hunting queries that are in use, through the query API, over rows that each of them finds. The
queries lie outside the project (VEDETTE_SHARED, or ../shared)."""
import json
import os

from run import Skip
from vedette import Server, equal

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
QUERIES = os.path.join(os.environ.get("VEDETTE_SHARED") or os.path.join(ROOT, "..", "shared"), "kql",
                       "mission-queries.jsonl")
NOW = "2026-03-01T12:00:00Z"
TIME = "2026-03-01T11:30:00Z"

SIGN_IN = {"TimeGenerated": TIME, "EventSource": "AwsConsoleSignIn", "ActionType": "ConsoleLogin",
           "ActivityType": "signin.amazonaws.com", "InvestigationPriority": 4,
           "SourceIPAddress": "203.0.113.7", "SourceIPLocation": "Norway",
           "UsersInsights": {"UserIdentityType": "IAMUser", "BlastRadius": "Low"},
           "ActivityInsights": {"IsMfaUsed": "No", "SourceIPLocation": "Norway",
                                "CountryUncommonlyConnectedFromInTenant": "True",
                                "FirstTimeConnectionViaISPInTenant": "True"}}
VAULT = {"TimeGenerated": TIME, "EventSource": "Authentication", "SourceSystem": "AAD",
         "InvestigationPriority": 2,
         "ActivityInsights": {"LogonMethod": "Service Principal", "Resource": "Azure Key Vault",
                              "ActionUncommonlyPerformedByUser": "True",
                              "CountryUncommonlyConnectedFromByUser": "True"}}
ROWS = {
    "BehaviorAnalytics": [SIGN_IN, dict(SIGN_IN, InvestigationPriority=0), VAULT],
    "Anomalies": [{"TimeGenerated": TIME, "AnomalyTemplateName": "UEBA Anomalous Authentication",
                   "Score": 0.75, "UserInsights": {"BlastRadius": "High"}},
                  {"TimeGenerated": TIME, "AnomalyTemplateName": "Something else", "Score": 1.0}],
    "ABAPAuditLog": [{"TimeGenerated": TIME, "UpdatedOn": "2026-03-01T11:%02d:00Z" % minute}
                     for minute in (30, 30, 30, 31)],
    "ContainerLogV2": [{"TimeGenerated": TIME, "ContainerName": "isecurityobservability-container-7",
                        "LogMessage": {"event": "security_check_passed", "number": 1}},
                       {"TimeGenerated": TIME, "ContainerName": "isecurityobservability-container-7",
                        "LogMessage": "a security_check_passed by hand"},
                       {"TimeGenerated": TIME, "ContainerName": "other",
                        "LogMessage": "security_check_passed"}],
}


def found(workspace):
    """For each query: how many rows, and of the first one some columns."""
    sign_in = {"SourceIPLocation": "Norway", "AWS_UserIdentityType": "IAMUser",
               "AWS_UserIdentityArn": "", "_WorkspaceId": workspace}
    return {
        "ingestion-profile": (1, {"MaxEvents": 3, "AverageEvents": 2, "P95_EventsPerMin": 3}),
        "container-logs": (2, {}),
        "ueba-no-mfa-uncommon-country": (1, sign_in),
        "ueba-anomalies": (1, {"AnomalyScore": 0.75, "_WorkspaceId": workspace}),
        "ueba-first-time-isp-or-country": (1, dict(sign_in, IsMfaUsed="No")),
        "ueba-key-vault-service-principal": (1, {"LogonMethod": "Service Principal"}),
    }


def ask_all(s, expect):
    with open(QUERIES, encoding="utf-8") as f:
        queries = [json.loads(line) for line in f]
    for query in queries:
        answer = s.ask(query["query"])
        equal(answer.status, 200, "%s: %r" % (query["id"], answer))
        table = answer.json()["tables"][0]
        expect(query["id"], table["columns"], table["rows"])
    return [query["id"] for query in queries]


def test_queries_find_their_rows():
    if not os.path.isfile(QUERIES):
        raise Skip("the queries are not here (VEDETTE_SHARED)")
    with Server(clock=NOW) as s:
        ask_all(s, lambda name, _columns, rows: equal(len(rows), int(name == "ingestion-profile"), name))
        for table, rows in ROWS.items():
            equal(s.post_logs("Microsoft-" + table, rows).status, 204, table)
        wanted = found(s.workspace()["id"])

        def expect(name, columns, rows):
            count, values = wanted[name]
            equal(len(rows), count, name)
            first = dict(zip((c["name"] for c in columns), rows[0]))
            equal({k: first.get(k) for k in values}, values, name)

        equal(sorted(ask_all(s, expect)), sorted(wanted))
