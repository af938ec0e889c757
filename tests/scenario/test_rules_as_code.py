"""Rules between a workspace and files: export, import, diff; and what they cover of ATT&CK."""
import json
import os
import shutil
import tempfile

from test_detection import ACCOUNTS, START, imported, rule
from vedette import Server, contains, equal, run

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "content", "rules")
ODD = rule(7, "SigninLogs\n| where ResultType == '50126' // \u2713 \"quoted\"\n\n| project UserPrincipalName,\n    IPAddress",
           ACCOUNTS + "customDetails: {Address: IPAddress}\n"
           "alertDetailsOverride: {alertDisplayNameFormat: '{{IPAddress}}: it''s', alertSeverityColumnName: IPAddress}\n"
           "eventGroupingSettings: {aggregationKind: AlertPerResult}\nsuppressionEnabled: true\nsuppressionDuration: 3h\n"
           "incidentConfiguration:\n  createIncident: true\n  groupingConfiguration: {enabled: true, reopenClosedIncident:"
           " true, lookbackDuration: 5h, matchingMethod: Selected, groupByEntities: [Account]}\n",
           name="\"Ünïcode: a # name\"").replace("relevantTechniques: [T1110]", "relevantTechniques: [T1110.003]")


def resources(s):
    """What a client sees of each rule, without what changes with every write."""
    out = {}
    for r in s.arm("GET", "/alertRules").json()["value"]:
        r["properties"].pop("lastModifiedUtc")
        out[r["name"]] = (r["kind"], r["properties"])
    return out


def cli(s, *words):
    code, out, err = run("rules", *words, data=s.data)
    return code, out + err


def test_exported_rules_are_imported_again_unchanged():
    with Server(clock=START) as s, tempfile.TemporaryDirectory() as folder:
        equal(cli(s, "import", SHIPPED)[0], 0)
        imported(s, ODD)
        before = resources(s)
        yaml, arm, template = (os.path.join(folder, x) for x in ("yaml", "arm", "all.json"))
        code, told = cli(s, "export", "--out", yaml)
        equal((code, "%d rules written" % len(before) in told), (0, True), told)
        equal(cli(s, "export", "--format", "arm", "--out", arm)[0], 0)
        equal(cli(s, "export", "--template", template)[0], 0)
        for place in (yaml, arm, template):
            equal(cli(s, "diff", place), (0, "0 added, 0 removed, 0 changed\n"))
        for identity in before:
            equal(s.arm("DELETE", "/alertRules/" + identity).status, 200)
        equal(resources(s), {})
        code, told = cli(s, "import", yaml)
        equal(code, 0, told)
        after = resources(s)
        equal(sorted(after), sorted(before))
        for identity, what in before.items():
            equal(after[identity], what, identity)
        for name in sorted(os.listdir(arm)):
            with open(os.path.join(arm, name), encoding="utf-8") as f:
                resource = json.load(f)
            equal(s.arm("PUT", "/alertRules/" + resource["name"], resource).status, 200, name)
        equal(resources(s), before)
        code, told = cli(s, "export", sorted(before)[0])
        equal((code, told.startswith("id: ")), (0, True), told)
        equal(cli(s, "export", "nope")[0], 1)


def test_diff_shows_what_an_import_would_change():
    with Server(clock=START) as s, tempfile.TemporaryDirectory() as folder:
        for number in (1, 2, 3):
            imported(s, rule(number, extra=ACCOUNTS))
        new = rule(2, "SigninLogs\n| where ResultType in ('50126', '50053')\n| take 10", ACCOUNTS, severity="High")
        for name, text in {"same": rule(1, extra=ACCOUNTS), "changed": new, "added": rule(4, extra=ACCOUNTS)}.items():
            with open(os.path.join(folder, name + ".yaml"), "w", encoding="utf-8") as f:
                f.write(text)
        code, told = cli(s, "diff", folder)
        lines = told.splitlines()
        equal((code, lines[-1]), (1, "1 added, 1 removed, 1 changed"), told)
        equal([x[:1] for x in lines if x[:1] in "+-~"], ["+", "~", "-"], told)
        equal("    severity: Medium -> High" in lines, True, told)
        equal("      + | take 10" in lines and "      - SigninLogs | where ResultType == '50126'" in lines, True, told)
        equal(cli(s, "diff", "--no-removed", folder)[1].splitlines()[-1], "1 added, 0 removed, 1 changed")
        report = json.loads(cli(s, "diff", "--json", folder)[1])
        equal((len(report["added"]), len(report["removed"]), [f["field"] for f in report["changed"][0]["fields"]]),
              (1, 1, ["severity", "query"]))
        with open(os.path.join(folder, "same.test.yaml"), "w", encoding="utf-8") as f:
            f.write("cases: []")  # tests beside rules are no rules
        equal(cli(s, "diff", folder)[1].splitlines()[-1], "1 added, 1 removed, 1 changed")
        code, told = cli(s, "import", folder)
        equal((code, told.splitlines()[0]), (0, "3 rules imported, 0 refused"))
        equal(cli(s, "diff", "--no-removed", folder)[0], 0)
        other = os.path.join(folder, "old")
        os.mkdir(other)
        shutil.copy(os.path.join(folder, "same.yaml"), other)
        code, out, err = run("rules", "diff", "--old", other, os.path.join(folder, "same.yaml"))
        equal((code, out), (0, "0 added, 0 removed, 0 changed\n"), err)
        equal(run("rules", "diff", "--old", os.path.join(folder, "nope"), folder)[0], 2)


def test_coverage_of_a_workspace_and_of_files():
    with Server(clock=START) as s, tempfile.TemporaryDirectory() as folder:
        imported(s, rule(1, extra=ACCOUNTS))
        imported(s, ODD)
        off = imported(s, rule(2, extra=ACCOUNTS))
        body = s.arm("GET", "/alertRules/" + off).json()
        body["properties"]["enabled"] = False
        equal(s.arm("PUT", "/alertRules/" + off, body).status, 200)
        code, told = cli(s, "coverage", "--json")
        report = json.loads(told)
        tactic = {t["tactic"]: t for t in report["tactics"]}["CredentialAccess"]
        equal((report["rules"], report["covered"], tactic["rules"], tactic["techniques"], tactic["covered"]),
              (2, 1, 2, 17, 1), told)
        equal([(x["id"], x["name"], len(x["rules"])) for x in tactic["items"]],
              [("T1110", "Brute Force", 2), ("T1110.003", "Brute Force", 1)])
        equal(json.loads(cli(s, "coverage", "--json", "--all")[1])["rules"], 3)
        layer = os.path.join(folder, "layer.json")
        code, told = cli(s, "coverage", "--navigator", layer)
        equal((code, "1 of 216 techniques" in told), (0, True), told)
        with open(layer, encoding="utf-8") as f:
            x = json.load(f)
        equal((x["versions"]["layer"], x["domain"]), ("4.5", "enterprise-attack"))
        equal([(t["techniqueID"], t["tactic"], t["score"], t["showSubtechniques"]) for t in x["techniques"]],
              [("T1110", "credential-access", 2, True), ("T1110.003", "credential-access", 1, False)])
        code, out, err = run("rules", "coverage", SHIPPED)
        equal((code, "30 rules" in out, "Initial Access" in out), (0, True, True), out + err)
        equal("T1110 " not in run("rules", "coverage", "--missing", SHIPPED)[1], True)


def test_rules_of_all_kinds_leave_and_come_back():
    incidents = {"kind": "MicrosoftSecurityIncidentCreation", "properties": {
        "enabled": True, "displayName": "Clouds", "productFilter": "Microsoft Cloud App Security"}}
    fusion = {"kind": "Fusion", "properties": {"enabled": True, "alertRuleTemplateName": "f71aba3d-28fb-450b-b192-4e76a83015c8"}}
    with Server(clock=START) as s, tempfile.TemporaryDirectory() as folder:
        equal(s.import_rule(rule(name='"[Test of brackets]"')).status, 200)
        equal(s.arm("PUT", "/alertRules/clouds", incidents).status, 201)
        equal(s.arm("PUT", "/alertRules/fusion", fusion).status, 201)
        equal(run("rules", "export", "--out", folder, data=s.data)[1], "3 rules written to %s\n" % folder)
        equal(sorted(os.path.splitext(f)[1] for f in os.listdir(folder)), [".json", ".json", ".yaml"])
        equal(run("rules", "diff", folder, data=s.data)[:2], (0, "0 added, 0 removed, 0 changed\n"))
        equal(run("rules", "import", folder, data=s.data)[:2], (0, "3 rules imported, 0 refused\n"))
        equal(run("rules", "diff", folder, data=s.data)[:2], (0, "0 added, 0 removed, 0 changed\n"))
        template = os.path.join(folder, "all.json")
        equal(run("rules", "export", "--template", template, data=s.data)[0], 0)
        equal(run("rules", "diff", template, data=s.data)[:2], (0, "0 added, 0 removed, 0 changed\n"))
        with open(template, encoding="utf-8") as f:
            contains(f.read(), '"[[Test of brackets]"')  # else it would be an expression
        code, out, _ = run("rules", "backtest", "--from", "2026-02-28T00:00:00Z", "--to", "2026-02-28T01:00:00Z", data=s.data)
        equal(code, 0)
        contains(out, "1 rules from ")  # the others have no query
        code, out, err = run("rules", "backtest", "--from", "2026-02-28T00:00:00Z", "--to", "2026-02-28T01:00:00Z", "fusion",
                             data=s.data)
        equal(code, 1)
        contains(out + err, "a rule of kind Fusion has no query to run")
