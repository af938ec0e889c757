"""What an alert takes from its rows: properties, techniques, and the query that opens it again."""
import json

from test_detection import START, at, imported, incidents, rule, sign_ins
from vedette import Server, contains, equal

PROPERTIES = ["AlertLink", "ConfidenceLevel", "ConfidenceScore", "ExtendedLinks", "ProductComponentName", "ProductName",
              "ProviderName", "RemediationSteps", "Techniques"]
OVERRIDE = "alertDetailsOverride:\n  alertDynamicProperties:\n" + "".join(
    "    - alertProperty: %s\n      value: %s\n" % (p, p) for p in PROPERTIES)
PER_RESULT = "eventGroupingSettings:\n  aggregationKind: AlertPerResult\n"


def alert_of(query, extra=OVERRIDE):
    """The alert, its run's health row and its incident."""
    with Server(clock=START) as s:
        imported(s, rule(query="SigninLogs | extend " + query, extra=extra))
        sign_ins(s, 1, "ann@halden.example")
        s.move_clock(at(10))
        return (s.query("SecurityAlert")[0], s.query("SentinelHealth | where ExtendedProperties.AlertsGeneratedAmount == 1")[0],
                incidents(s)[0])


def test_properties_come_from_the_row():
    row, health, incident = alert_of(
        "AlertLink = 'https://mail.example/1', ConfidenceLevel = 'high', ConfidenceScore = 0.75, "
        "ExtendedLinks = dynamic([{'Href': 'https://a.example', 'Label': 'a'}]), ProductComponentName = 'Inbox', "
        "ProductName = 'Mail guard', ProviderName = 'Guard', RemediationSteps = 'Look twice', "
        "Techniques = 'T1078.004, T1110'")
    equal([row[p] for p in PROPERTIES],
          ["https://mail.example/1", "High", 0.75, '[{"Href":"https://a.example","Label":"a"}]', "Inbox", "Mail guard", "Guard",
           '["Look twice"]', '["T1078","T1110"]'])
    equal(row["SubTechniques"], '["T1078.004"]')
    equal(json.loads(health["ExtendedProperties"])["Issues"], [])
    additional = incident["properties"]["additionalData"]
    equal(additional["techniques"], ["T1078", "T1110"])
    equal(additional["alertProductNames"], ["Mail guard"])


def test_what_does_not_fit_a_property_leaves_the_rule_as_it_is():
    row, health, _ = alert_of(
        "AlertLink = strcat('https://mail.example/', strrep('x', 300)), ConfidenceLevel = 'sure', ConfidenceScore = 7, "
        "ExtendedLinks = range(1, 51), ProductComponentName = '', ProductName = ' ', ProviderName = '', "
        "RemediationSteps = strrep('twenty characters ...', 300), Techniques = dynamic(['T1078', 'lots'])")
    equal([row[p] for p in PROPERTIES],
          ["https://mail.example/" + 235 * "x", "", None, "", "Scheduled Alerts", "Azure Sentinel", "ASI Scheduled Alerts", "",
           '["T1110"]'])
    issues = json.loads(health["ExtendedProperties"])["Issues"]
    equal(sorted(i.split("'")[1] for i in issues),
          ["ConfidenceLevel", "ConfidenceScore", "ExtendedLinks", "RemediationSteps", "Techniques"])
    contains(issues[0], "the rule's own value is kept")


def test_an_alert_of_one_row_opens_just_that_row():
    with Server(clock=START) as s:
        query = "SigninLogs | project TimeGenerated, UserPrincipalName, IPAddress, Odd = \"it's \\\\ {{x}}\""
        imported(s, rule(query=query, extra=PER_RESULT))
        sign_ins(s, 1, "ann@halden.example", "bob@halden.example")
        s.move_clock(at(10))
        found = s.query("SecurityAlert | order by VendorOriginalId asc")
        texts = [json.loads(a["ExtendedProperties"]) for a in found]
        equal({t["OriginalQuery"].strip() for t in texts}, {query})
        rows = [s.query(t["Query"]) for t in texts]
        equal(sorted((len(r), r[0]["UserPrincipalName"], r[0]["Odd"]) for r in rows),
              [(1, "ann@halden.example", "it's \\ {{x}}"), (1, "bob@halden.example", "it's \\ {{x}}")])


def test_a_large_row_is_opened_by_the_rules_query():
    with Server(clock=START) as s:
        query = "SigninLogs | mv-apply i = range(1, 2000) on (summarize Big = make_list(hash_sha256(tostring(i))))"
        imported(s, rule(query=query, extra=PER_RESULT))
        sign_ins(s, 1, "ann@halden.example")
        s.move_clock(at(10))
        text = json.loads(s.query("SecurityAlert")[0]["ExtendedProperties"])
        contains(text["Query"], "set query_now = datetime(2026-03-01T00:")
        contains(text["Query"], query)
