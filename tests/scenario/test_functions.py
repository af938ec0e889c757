"""Functions that a workspace stores: ARM's saved searches, Kusto's commands, files, rules that call them.
The published parsers lie outside the project (VEDETTE_SHARED, or ../shared)."""
import json
import os
import tempfile

from run import Skip
from test_rights import arm_scope, assign
from test_rights import define as define_role
from vedette import Server, contains, equal, run

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHARED = os.environ.get("VEDETTE_SHARED") or os.path.join(ROOT, "..", "shared")
NOW = "2026-03-01T12:00:00Z"


def put(server, name, query, alias="", parameters="", **more):
    properties = {"category": "Test", "displayName": name, "query": query, "version": 2,
                  "functionAlias": alias, "functionParameters": parameters}
    body = {"etag": more.pop("etag", "*"), "properties": {**properties, **more.pop("properties", {})}}
    return server.arm("PUT", "/savedSearches/" + name, body, provider=False, **more)


def define(server, alias, query, parameters=""):
    answer = put(server, alias, query, alias, parameters)
    equal(answer.status, 200, answer)
    return answer.json()


def kusto(server, csl, token="operator"):
    return server.post("/v1/rest/mgmt", {"db": "default", "csl": csl}, token=token)


def rows(server, csl):
    answer = kusto(server, csl)
    equal(answer.status, 200, answer)
    table = answer.json()["Tables"][0]
    return [dict(zip([c["ColumnName"] for c in table["Columns"]], r)) for r in table["Rows"]]


def refusal(server, csl):
    answer = kusto(server, csl)
    equal(answer.status, 400, answer)
    return answer.json()["error"]["@message"]


def test_saved_searches_over_arm():
    with Server() as s:
        s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}, {"Computer": "b"}])
        made = put(s, "Beats", "Heartbeat | where Computer == name", "Beats", "name:string='a'",
                   properties={"tags": [{"name": "description", "value": "of one computer"}]})
        equal(made.status, 200, made)
        found = made.json()
        equal((found["name"], found["type"]), ("Beats", "Microsoft.OperationalInsights/savedSearches"))
        contains(found["id"], "/workspaces/default/savedSearches/Beats")
        equal(found["properties"],
              {"category": "Test", "displayName": "Beats",
               "query": "Heartbeat | where Computer == name", "functionAlias": "Beats",
               "functionParameters": "name:string='a'", "version": 2,
               "tags": [{"name": "description", "value": "of one computer"}]})
        equal(s.arm("GET", "/savedSearches/beats", provider=False).json(), found)
        equal(s.query("Beats | count"), [{"Count": 1}])
        equal(s.query("Beats('b') | project Computer"), [{"Computer": "b"}])
        # a saved query is no function
        equal(put(s, "plain", "Heartbeat | count").status, 200)
        equal(s.ask("plain").status, 400)
        listed = s.arm("GET", "/savedSearches", provider=False).json()["value"]
        equal([x["name"] for x in listed], ["Beats", "plain"])
        equal("functionAlias" in listed[1]["properties"], False)
        # what queries call changes and goes with it
        define(s, "Beats", "Heartbeat | project C = Computer")
        equal(sorted(r["C"] for r in s.query("Beats")), ["a", "b"])
        equal(s.arm("DELETE", "/savedSearches/Beats", provider=False).status, 200)
        equal(s.arm("DELETE", "/savedSearches/Beats", provider=False).status, 204)
        equal(s.arm("GET", "/savedSearches/Beats", provider=False).status, 404)
        equal(s.ask("Beats").status, 400)
        audit = s.query("SentinelAudit | project OperationName, Status, SentinelResourceName"
                        " | where SentinelResourceName == 'Beats'")
        equal([r["OperationName"].rsplit("/", 1)[1] for r in audit], ["Write", "Write", "Delete"])


def test_etags_of_saved_searches():
    with Server() as s:
        first = put(s, "f", "print 1", "f", etag=None).json()
        again = put(s, "f", "print 2", "f", etag=None)
        equal((again.status, again.code()), (409, "Conflict"))
        contains(again.message(), "give its etag")
        second = put(s, "f", "print 2", "f", etag=first["etag"])
        equal(second.status, 200, second)
        equal(put(s, "f", "print 3", "f", etag=first["etag"]).status, 409)
        equal(put(s, "f", "print 3", "f", headers={"If-Match": second.json()["etag"]}).status, 200)
        # nothing changes, nothing is written
        equal(put(s, "f", "print 3", "f").json()["etag"], put(s, "f", "print 3", "f").json()["etag"])
        equal(s.query("f"), [{"print_0": 3}])


def test_functions_survive_a_restart_and_renaming():
    with Server() as s:
        define(s, "one", "print x = 1")
        define(s, "two", "one | extend y = 2")
        s.stop().start()
        equal(s.query("two"), [{"x": 1, "y": 2}])
        equal(put(s, "one", "print x = 5", "uno").status, 200)
        equal(s.query("uno"), [{"x": 5}])
        answer = s.ask("two")
        equal(answer.status, 400)
        contains(answer.message(), "in the function 'two'")
        contains(answer.message(), "'one' does not refer to")
        contains(put(s, "other", "print 1", "uno").message(), "'uno' is the saved search 'one' already")


def test_what_is_refused():
    with Server() as s:
        for alias, query, message in (
                ("f", "print (", "line 1, column"),
                ("f", "Heartbeat\n| where Computer = 'a'", "line 2, column"),
                ("f", "Heartbeat\n| project Nope", "line 2, column 11 of the query"),
                ("f", "print 1 }; let g = () { print 2", "expected"),
                ("strlen", "print 1", "'strlen' is built in"),
                ("summarize", "print 1", "'summarize' is built in"),
                ("_GetWatchlist", "print 1", "'_GetWatchlist' is built in"),
                ("a b", "print 1", "can't be a function"),
                ("__x", "print 1", "reserved"),
                ("f", "f | take 1", "the function 'f' calls itself"),
                ("f", " ", "it is empty"),
                ("f", "print '" + "x" * (600 << 10) + "'", "at most 524288 bytes")):
            answer = put(s, "f", query, alias)
            equal(answer.status, 400, (alias, query[:40], answer))
            contains(answer.message(), message)
        contains(put(s, "f", "print 1", "f", "a:nope").message(), "nope")
        contains(put(s, "f", "print 1", "f", "a:long b").message(), "its parameters")
        contains(put(s, "a?b".replace("?", "%3F"), "print 1").message(), "id can't hold")
        contains(s.arm("PUT", "/savedSearches/x", {"properties": {"query": "print 1"}},
                       provider=False).message(), "properties.category is missing")
        # through others
        define(s, "g", "h | take 1")
        answer = put(s, "h", "g | take 1", "h")
        equal(answer.status, 400, answer)
        contains(answer.message(), "calls itself")
        equal(s.ask("g").status, 400)


def test_functions_in_queries():
    with Server() as s:
        s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}])
        define(s, "Heartbeat", "table('Heartbeat') | extend Seen = 'yes'")
        equal(s.query("Heartbeat | project Computer, Seen"), [{"Computer": "a", "Seen": "yes"}])
        equal(s.query("table('Heartbeat') | getschema | where ColumnName == 'Seen' | count"),
              [{"Count": 0}])
        define(s, "plus", "a + b", "a:long, b:long=1")
        equal(s.query("print plus(1), plus(b=5, a=2)"), [{"print_0": 2, "print_1": 7}])
        define(s, "big", "T | where n > 1", "T:(n:long)")
        equal(s.query("range n from 1 to 3 step 1 | invoke big() | count"), [{"Count": 2}])
        define(s, "whole", "T | count", "T:(*)")
        equal(s.query("whole((range n from 1 to 3 step 1))"), [{"Count": 3}])
        define(s, "T3", "range n from 1 to 3 step 1 // the rest")
        equal(s.query("database('default').T3 | count"), [{"Count": 3}])
        equal(s.query("database('default').T3() | count"), [{"Count": 3}])
        equal(s.query("union T3, (T3 | where n > 2) | count"), [{"Count": 4}])
        equal(s.query("cluster('c').database('default').T3 | count"), [{"Count": 3}])
        equal(s.query("cluster('c').database('default').T3"), [{"n": n} for n in (1, 2, 3)])
        equal(s.query("print x = database('default').plus(3, 4)"), [{"x": 7}])
        equal(s.query("workspace('default').T3 | count"), [{"Count": 3}])
        # names differ by case; a let hides the function
        contains(s.ask("t3").message(), "'t3' does not refer to")
        equal(s.query("let T3 = datatable(n:long)[7]; T3"), [{"n": 7}])
        answer = s.post("/v1/workspaces/default/search", {"query": "T3 | count"})
        equal(answer.json()["tables"][0]["rows"], [[3]])


def test_kusto_commands_about_functions():
    with Server() as s:
        made = rows(s, ".create function with (docstring='counts', folder=\"a/b\")\n"
                       "  F(n:long, T:string='x') { print n, T }")
        equal(made, [{"Name": "F", "Parameters": "(n:long, T:string='x')", "Body": "{ print n, T }",
                      "Folder": "a/b", "DocString": "counts"}])
        equal(rows(s, ".show function F"), made)
        equal(rows(s, ".show functions | project Name"), [{"Name": "F"}])
        contains(refusal(s, ".create function F() { print 1 }"), "is there already")
        equal(rows(s, ".create function ifnotexists F() { print 1 }"), made)
        contains(refusal(s, ".alter function G() { print 1 }"), "there is no function 'G'")
        changed = rows(s, ".create-or-alter function F() { print 2 }")
        equal((changed[0]["Body"], changed[0]["DocString"]), ("{ print 2 }", "counts"))
        equal(rows(s, ".alter function F docstring 'new'")[0]["DocString"], "new")
        equal(rows(s, ".alter function F folder 'c'")[0]["Folder"], "c")
        equal(rows(s, ".alter function F() { print x = dynamic({'a': 1}) }")[0]["Folder"], "c")
        contains(refusal(s, ".create function G() { Nope_CL | take 1 }"), "'Nope_CL' does not refer")
        equal(len(rows(s, ".create function with (skipvalidation=true) G() { Nope_CL | take 1 }")), 1)
        contains(refusal(s, ".create function H( { print 1 }"), "expected")
        contains(refusal(s, ".create function H() { print 1 } print 2"), "the end of the command")
        contains(refusal(s, ".create function with (colour='red') H() { print 1 }"), "'colour'")
        contains(refusal(s, ".drop function H"), "there is no function 'H'")
        equal(rows(s, ".drop function H ifexists"), [{"Name": "H"}])
        left = rows(s, ".drop functions (G, H) ifexists")
        equal([r["Name"] for r in left], ["F"])
        # schema and metadata
        rows(s, ".create function Typed(a:int, T:(x:long), s:string='q', d:dynamic=dynamic([1])) { T | take a }")
        schema = json.loads(rows(s, ".show database schema as json")[0]["DatabaseSchema"])
        typed = schema["Databases"]["default"]["Functions"]["Typed"]
        equal([(p["Name"], p.get("CslType"), [c["CslType"] for c in p["Columns"]], p.get("CslDefaultValue"))
               for p in typed["InputParameters"]],
              [("a", "int", [], None), ("T", None, ["long"], None), ("s", "string", [], "'q'"),
               ("d", "dynamic", [], "dynamic([1])")])
        functions = s.get("/v1/workspaces/default/metadata").json()["functions"]
        equal([(f["name"], f["parameters"]) for f in functions],
              [("F", ""), ("Typed", "a:int, T:(x:long), s:string='q', d:dynamic=dynamic([1])")])
        equal(rows(s, ".drop function F"), [{"Name": "F"}])


def test_views_stand_beside_the_tables():
    with Server() as s:
        s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}])
        everything = lambda token="operator": sorted(r[0] for r in s.ask(
            "union withsource=T * | where T !startswith 'Sentinel' and T !startswith 'Vedette' | distinct T",
            token=token).json()["tables"][0]["rows"])
        rows(s, ".create function with (view=true, docstring='all') Beats() { Heartbeat | project Computer }")
        rows(s, ".create function Quiet() { Heartbeat }")
        equal(everything(), ["Beats", "Heartbeat"])
        equal(s.query("search in (B*) 'a' | project $table, Computer"), [{"$table": "Beats", "Computer": "a"}])
        # What else is said of the function leaves it a view, and so does a restart.
        rows(s, ".alter function Beats docstring 'other'")
        rows(s, ".create-or-alter function Beats() { Heartbeat | project Computer, x = 1 }")
        s.stop()
        s.start()
        equal(everything(), ["Beats", "Heartbeat"])
        tags = s.arm("GET", "/savedSearches/Beats", provider=False).json()["properties"]["tags"]
        equal(tags, [{"name": "view", "value": "true"}])
        equal(put(s, "More", "Heartbeat", "More", properties={"tags": tags}).status, 200)
        equal(everything(), ["Beats", "Heartbeat", "More"])
        contains(refusal(s, ".create function with (view=true) P(n:long) { print n }"), "can't be a view")
        equal(put(s, "P", "print n", "P", "n:long", properties={"tags": tags}).status, 400)
        # One of tables that somebody may not read is not there for that one.
        rows(s, ".create-or-alter function with (view=true) Logs() { Syslog }")
        app, secret = s.application()
        base = "Microsoft.OperationalInsights/workspaces/"
        role, _ = define_role(s, "beats", actions=[base + "read", base + "query/read", base + "query/Heartbeat/read"])
        equal(assign(s, app, role, arm_scope(s)).status, 201)
        equal(everything(s.token(app, secret)), ["Beats", "Heartbeat", "More"])
        equal(s.ask("Logs", token=s.token(app, secret)).status, 400)
        rows(s, ".create-or-alter function with (view=false) Beats() { Heartbeat }")
        equal(everything(), ["Heartbeat", "More"])


def test_changes_of_parameters_look_at_callers():
    with Server() as s:
        define(s, "F", "print x = n", "n:long")
        define(s, "Caller", "F(1) | extend m = k", "k:string")
        define(s, "Other", "print 'F(1)'")  # which only mentions it
        made = s.arm("PUT", "/alertRules/r", {"kind": "Scheduled", "properties": {
            "displayName": "Calls F", "enabled": False, "severity": "Low", "query": "F(2) | extend TimeGenerated = now()",
            "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan", "triggerThreshold": 0,
            "suppressionDuration": "PT1H", "suppressionEnabled": False}})
        assert made.status in (200, 201), made
        words = refusal(s, ".create-or-alter function F(n:long, m:string) { print x = n, m }")
        contains(words, "the function 'Caller'")
        contains(words, "the rule 'Calls F'")
        assert "Other" not in words, words
        equal(s.query("F(7)"), [{"x": 7}])
        # With a default the calls stay right; so they do when the body alone changes.
        equal(rows(s, ".create-or-alter function F(n:long, m:string='') { print x = n }")[0]["Name"], "F")
        equal(rows(s, ".create-or-alter function F(n:long, m:string='') { print x = n + 1 }")[0]["Name"], "F")
        equal(rows(s, ".create-or-alter function with (skipvalidation=true) F(n:string, m:string) { print x = n }")[0]["Name"], "F")
        # What is wrong already is not told again.
        equal(rows(s, ".create-or-alter function F(n:string, m:string, o:string) { print x = n }")[0]["Name"], "F")
        define(s, "F", "print x = n", "n:long")
        answer = put(s, "F", "print x = n, m", "F", "n:long, m:string")
        equal(answer.status, 200)
        contains(answer.headers["warning"], "the rule 'Calls F'")
        assert "warning" not in {k.lower() for k in put(s, "F", "print x = n", "F", "n:long").headers}


def test_rights_about_functions():
    with Server() as s:
        reader = s.token(*s.application("Microsoft Sentinel Reader"))
        author = s.token(*s.application("Microsoft Sentinel Contributor"))
        equal(put(s, "f", "print 1", "f", token=reader).status, 403)
        equal(put(s, "f", "print 1", "f", token=author).status, 200)
        equal(s.arm("GET", "/savedSearches/f", provider=False, token=reader).status, 200)
        equal(s.arm("DELETE", "/savedSearches/f", provider=False, token=reader).status, 403)
        equal(kusto(s, ".create function g() { print 1 }", token=reader).status, 403)
        equal(kusto(s, ".show functions", token=reader).status, 200)
        equal(kusto(s, ".create function g() { print 1 }", token=author).status, 200)
        equal(s.ask("g", token=reader).status, 200)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)


PARSER = """Parser:
  Title: Sign-ins of the test source
  Version: '0.1'
Product: {Name: Test}
Normalization: {Schema: Authentication, Version: '0.1'}
ParserName: vimAuthenticationTest
EquivalentBuiltInParser: _Im_Authentication_Test
ParserParams:
  - {Name: starttime, Type: datetime, Default: datetime(null)}
  - Name: username_has_any
    Type: dynamic
    Default: dynamic([])
  - {Name: eventresult, Type: string, Default: '*'}
  - {Name: disabled, Type: bool, Default: False}
ParserQuery: |
  let results = datatable(ResultType:string, EventResult:string)['0', 'Success', '50126', 'Failure'];
  SigninLogs
  | where not(disabled)
  | where isnull(starttime) or TimeGenerated >= starttime
  | where array_length(username_has_any) == 0 or UserPrincipalName has_any (username_has_any)
  | lookup results on ResultType
  | where eventresult == '*' or EventResult == eventresult
  | project TimeGenerated, TargetUsername = UserPrincipalName, SrcIpAddr = IPAddress, EventResult
"""

UNIFYING = """ParserName: imAuthentication
EquivalentBuiltInParser: _Im_Authentication
ParserParams:
  - {Name: starttime, Type: datetime, Default: datetime(null)}
  - {Name: username_has_any, Type: dynamic, Default: 'dynamic([])'}
  - {Name: eventresult, Type: string, Default: '*'}
ParserQuery: |
  let Disabled = _GetWatchlist('ASimDisabledParsers') | where SearchKey in ('Any', 'ExcludeimAuthentication')
    | extend SourceSpecificParser = column_ifexists('SourceSpecificParser', '')
    | distinct SourceSpecificParser;
  let off = toscalar('Any' in (Disabled));
  union isfuzzy=true
    vimAuthenticationEmpty,
    vimAuthenticationTest(starttime=starttime, username_has_any=username_has_any, eventresult=eventresult,
      disabled=(off or ('ExcludevimAuthenticationTest' in (Disabled)))),
    vimAuthenticationNotHere(disabled=off)
"""

EMPTY = """ParserName: vimAuthenticationEmpty
ParserQuery: |
  datatable(TimeGenerated:datetime, TargetUsername:string, SrcIpAddr:string, EventResult:string)[]
"""

TEMPLATE = {"resources": [{"type": "Microsoft.OperationalInsights/workspaces", "resources": [{
    "type": "savedSearches", "name": "[concat('x')]", "properties": {
        "category": "Security", "displayName": "Failures", "eTag": "*", "functionAlias": "Failures",
        "functionParameters": "n:int=1", "version": 1,
        "query": "imAuthentication(eventresult='Failure')\n| summarize Count = count() by TargetUsername"
                 "\n| where Count >= n // at least"}}]}]}

RULE = """id: 0d76e9cf-788d-4a69-ac7d-f234826b5bed
name: Failed sign-ins
description: Somebody fails to sign in.
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [CredentialAccess]
relevantTechniques: [T1110]
query: |
  _Im_Authentication(starttime=ago(1h), eventresult='Failure')
  | summarize Count = count() by TargetUsername
  | where Count > 1
entityMappings:
  - entityType: Account
    fieldMappings: [{identifier: FullName, columnName: TargetUsername}]
version: 1.0.0
kind: Scheduled
"""


def test_functions_from_files_and_a_rule_over_them():
    with Server("--rule-delay", "0s", clock=NOW) as s, tempfile.TemporaryDirectory() as folder:
        equal(s.import_rule(RULE).status, 400)
        os.mkdir(os.path.join(folder, "below"))
        write(folder, "a-unifying.yaml", UNIFYING)
        write(folder, "below/parser.yaml", PARSER)
        write(folder, "empty.yml", EMPTY)
        write(folder, "template.json", json.dumps(TEMPLATE))
        write(folder, "list.json", json.dumps([{"name": "Two", "parameters": "(a:long)", "body": "{ a * 2 }"},
                                               {"name": "_GetWatchlist", "parameters": "()", "body": "{}"}]))
        write(folder, "commands.kql", ".create function One() { print 1 }\n.create-or-alter function "
                                      "with (folder='f') Three(a:long) { a + 3 };\n")
        write(folder, "Beats.csl", "// how many\nHeartbeat | count // all\n")
        code, out, err = run("functions", "import", folder, data=s.data)
        equal((code, out), (0, "10 functions imported, 0 files refused\n"), err)
        equal(err, "")
        names = [r["Name"] for r in rows(s, ".show functions")]
        equal(names, ["Beats", "Failures", "One", "Three", "Two", "_Im_Authentication",
                      "_Im_Authentication_Test", "imAuthentication", "vimAuthenticationEmpty",
                      "vimAuthenticationTest"])
        equal(rows(s, ".show function vimAuthenticationTest")[0]["Parameters"],
              "(starttime:datetime=datetime(null), username_has_any:dynamic=dynamic([]), "
              "eventresult:string=\"*\", disabled:bool=false)")
        equal(s.query("print Two(4), Three(4)"), [{"print_0": 8, "print_1": 7}])
        s.post_logs("Microsoft-SigninLogs", [
            {"TimeGenerated": "2026-03-01T12:0%d:00Z" % i, "UserPrincipalName": user, "ResultType": result}
            for i, (user, result) in enumerate((("ann", "50126"), ("ann", "50126"), ("bob", "50126"),
                                                ("bob", "0")))])
        s.move_clock("2026-03-01T12:30:00Z")
        equal(sorted(r["TargetUsername"] for r in s.query("Failures")), ["ann", "bob"])
        equal(s.query("imAuthentication(username_has_any=dynamic(['bob'])) | count"), [{"Count": 2}])
        equal(s.import_rule(RULE).status, 200)
        s.move_clock("2026-03-01T13:40:00Z")
        alerts = s.query("SecurityAlert | mv-expand todynamic(Entities) | project AlertName,"
                         " Name = tostring(Entities.Name)")
        equal(alerts, [{"AlertName": "Failed sign-ins", "Name": "ann"}])
        # a parser is switched off by a watchlist, without a change of the function
        disabled = "SearchKey,SourceSpecificParser\nAny,ExcludevimAuthenticationTest\n"
        equal(s.arm("PUT", "/watchlists/ASimDisabledParsers",
                    {"properties": {"displayName": "Disabled", "provider": "x", "itemsSearchKey": "SearchKey",
                                    "rawContent": disabled}}).status, 201)
        equal(s.query("imAuthentication | count"), [{"Count": 0}])
        # the command's other verbs
        contains(run("functions", "list", data=s.data)[1], "imAuthentication")
        shown = run("functions", "show", "Beats", data=s.data)[1]
        write(folder, "again.kql", shown)
        equal(run("functions", "delete", "Beats", data=s.data)[0], 0)
        equal(s.ask("Beats").status, 400)
        equal(run("functions", "import", os.path.join(folder, "again.kql"), data=s.data)[0], 0)
        equal(s.query("Beats"), [{"Count": 0}])
        code, _, err = run("functions", "delete", "Nope", data=s.data)
        equal((code, "there is no function 'Nope'" in err), (1, True))
        write(folder, "bad.yaml", "ParserName: x\n")
        write(folder, "worse.kql", "print (\n")
        write(folder, "later.kql", "Later_CL | take 1\n")
        code, out, err = run("functions", "import", *[os.path.join(folder, f) for f in (
            "bad.yaml", "worse.kql", "later.kql")], data=s.data)
        equal((code, out), (1, "1 functions imported, 2 files refused\n"))
        contains(err, "bad.yaml: error: a parser needs ParserName and ParserQuery")
        contains(err, "worse.kql: error: line 1, column 8 of the query")
        contains(err, "later.kql: note: later: 'Later_CL' does not refer to a known table")


def test_helpers_of_asim():
    with Server() as s:
        rows_of = s.query("""
            print TimeGenerated = now(), Computer = 'web.corp.example', Code = 28, Number = '17'
            | invoke _ASIM_ResolveDvcFQDN('Computer') | invoke _ASIM_ResolveSrcFQDN('Nowhere')
            | invoke _ASIM_ResolveDnsQueryType('Code') | invoke _ASIM_ResolveNetworkProtocol('Number')
            | project-away TimeGenerated, Computer, Code, Number""")
        equal(rows_of, [{
            "DvcHostname": "web", "DvcFQDN": "web.corp.example", "DvcDomainType": "FQDN",
            "DvcDomain": "corp.example", "SrcHostname": "", "SrcFQDN": "", "SrcDomainType": "",
            "SrcDomain": "", "DnsQueryType": 28, "DnsQueryTypeName": "AAAA",
            "NetworkProtocolNumber": 17, "NetworkProtocol": "UDP"}])
        equal(s.query("print _ASIM_LookupDnsQueryType(65300), _ASIM_LookupDnsQueryType(4242),"
                      " _ASIM_LookupDnsResponseCode(3), _ASIM_LookupICMPType(8),"
                      " _ASIM_LookupNetworkProtocol(6), _ASIM_LookupHTTPStatusCode('404')"),
              [{"print_%d" % i: x for i, x in enumerate((
                  "Reserved for Private Use", "Unassigned", "NXDOMAIN", "Echo", "TCP", "Not Found"))}])
        users = (("a@example.com", "UPN"), ("CORP\\\\a", "Windows"), ("CN=a,DC=b", "DN"), ("a", "Simple"), ("", ""))
        equal([list(r.values()) for r in s.query("datatable(u:string)[%s] | project _ASIM_GetUsernameType(u)" %
                                                 ", ".join("'%s'" % u for u, _ in users))],
              [[kind] for _, kind in users])
        sids = (("a", "S-1-5-18", "System"), ("PC$", "S-1-5-21-1-1105", "Machine"), ("bob", "S-1-5-21-1-500", "Admin"),
                ("bob", "S-1-5-21-1-1105", "Regular"), ("", "", ""), ("x", "", "Other"))
        equal([list(r.values()) for r in s.query("datatable(u:string, s:string)[%s] | project"
                                                 " _ASIM_GetWindowsUserType(u, s)" %
                                                 ", ".join("'%s', '%s'" % x[:2] for x in sids))],
              [[x[2]] for x in sids])
        body = {"displayName": "Sources", "provider": "x", "itemsSearchKey": "SourceType",
                "rawContent": "SourceType,Source\nFirewall,fw1\nFirewall,fw2\nProxy,p\n"}
        equal(s.arm("PUT", "/watchlists/ASimSourceType", {"properties": body}).status, 201)
        equal(s.query("print array_sort_asc(_ASIM_GetSourceBySourceType('Firewall'))"),
              [{"print_0": '["fw1","fw2"]'}])
        equal(s.query("_ASIM_GetWatchlistRaw('ASimSourceType', dynamic(['Proxy']))"
                      " | project tostring(WatchlistItem.Source)"), [{"WatchlistItem_Source": "p"}])
        equal(s.query("_ASIM_GetDisabledParsers('ExcludeimDns')"), [])


def test_published_parsers():
    listed = os.path.join(SHARED, "kql", "schemas", "functions.json")
    parsers = os.path.join(SHARED, "content", "parsers")
    if not os.path.exists(listed):
        raise Skip("the parsers are not here (VEDETTE_SHARED)")
    with Server() as s:
        code, out, err = run("functions", "import", listed, data=s.data)
        equal(code, 0, err)
        with open(listed, encoding="utf-8") as f:
            names = [x["name"] for x in json.load(f) if not x["name"].startswith("_")]
        stored = [r["Name"] for r in rows(s, ".show functions")]
        equal(sorted(stored), sorted(names))
        for row in rows(s, ".show functions"):
            if row["Parameters"] == "()":
                answer = s.ask(row["Name"] + " | count")
                equal(answer.status, 200, (row["Name"], answer))
        if os.path.isdir(parsers):
            out = run("functions", "import", parsers, data=s.data)[1]
            equal(int(out.split()[0]) >= 20, True, out)


def test_a_union_of_many_parsers():
    with Server() as s:
        body = "\n".join("| extend Field%d = iff(ResultType == '%d', strcat(AppDisplayName, '%d'), '')"
                         % (i, i, i) for i in range(40))
        functions = [{"name": "vim%d" % i, "parameters": "(disabled:bool=false)",
                      "body": "{ SigninLogs | where not(disabled)\n%s\n| project TimeGenerated, Field%d }"
                              % (body, i % 40)} for i in range(60)]
        union = "union isfuzzy=true " + ", ".join("vim%d(disabled=%s)" % (i, "false" if i < 10 else "true")
                                                  for i in range(60))
        functions.append({"name": "imAll", "parameters": "()", "body": "{ " + union + " }"})
        answer = s.post("/vedette/v1/workspaces/default/functions?file=list.json", json.dumps(functions))
        equal(answer.status, 200, answer)
        s.post_logs("Microsoft-SigninLogs", [{"ResultType": "0", "AppDisplayName": "a"}])
        s.stop().start()
        for _ in range(2):
            equal(s.query("imAll | count"), [{"Count": 10}])
