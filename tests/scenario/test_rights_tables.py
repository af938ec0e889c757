"""Tables and rows that a caller may not read: every way to them is closed."""
import random
import uuid

from test_rights import arm_scope, assign, define
from test_watchlists import put
from vedette import Server, contains, equal

DATA_READER = "3b03c2da-16b3-4a49-8834-0f8130efdd3b"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SENTINEL_CONTRIBUTOR = "ab8e14d6-4a74-4a29-9ba8-549422addade"
LOG_CONTRIBUTOR = "92aaf0da-9dab-42b6-94a3-d43ce8d16293"
OI = "Microsoft.OperationalInsights/workspaces/"
SECRET = "kestrel7731"
PUBLIC = "sparrow"


def condition(text):
    return "((!(ActionMatches{'%stables/data/read'})) OR (%s))" % (OI, text)


def table_is(name):
    return "@Resource[%stables:name] StringEquals '%s'" % (OI, name)


def record(column, operator, value_text):
    return "@Resource[%stables/record:%s<$key_case_sensitive$>] %s %s" % (OI, column, operator, value_text)


def heartbeats(s):
    rows = []
    for i in range(20):
        secret = i % 4 == 0
        rows.append({"Computer": "%s%d" % (SECRET if secret else PUBLIC, i), "OSType": "Windows" if secret else "Linux",
                     "Version": "1.%d" % i, "ComputerIP": "10.0.0.%d" % i})
    equal(s.post_logs("Microsoft-Heartbeat", rows).status, 204)
    equal(s.post_logs("Microsoft-Syslog", [{"Computer": PUBLIC, "SyslogMessage": "hello"}]).status, 204)


def names(answer):
    assert answer.status == 200, answer
    return {row[0] for row in answer.json()["tables"][0]["rows"]}


def restricted(s, text, role=DATA_READER):
    app, secret = s.application()
    made = assign(s, app, role, arm_scope(s), condition=condition(text))
    assert made.status == 201, made
    return s.token(app, secret)


def test_tables_by_legacy_roles():
    with Server() as s:
        heartbeats(s)
        app, secret = s.application()
        token = s.token(app, secret)
        role, _ = define(s, "Only Syslog", actions=[OI + "read", OI + "query/read", OI + "query/Syslog/read"])
        assign(s, app, role, arm_scope(s))
        equal(s.ask("Syslog | count", token=token).status, 200)
        hidden, absent = s.ask("Heartbeat | count", token=token), s.ask("Heartbeet | count", token=token)
        equal(hidden.status, 400)
        equal(hidden.message().replace("Heartbeat", "Heartbeet"), absent.message())
        equal(names(s.ask("union withsource=T * | distinct T", token=token)), {"Syslog"})
        equal(names(s.ask("search '*' | distinct $table", token=token)), {"Syslog"})
        equal(names(s.ask("union isfuzzy=true withsource=T Heartbeat, Syslog | distinct T", token=token)), {"Syslog"})
        # Everything but one, by notActions.
        app, secret = s.application()
        token = s.token(app, secret)
        role, _ = define(s, "All but Heartbeat", actions=[OI + "*/read"], notActions=[OI + "query/heartbeat/read"])
        assign(s, app, role, arm_scope(s))
        equal(s.ask("Syslog | count", token=token).status, 200)
        equal(s.ask("Heartbeat | count", token=token).status, 400)
        # A role elsewhere that reads everything defeats it.
        assign(s, app, READER, arm_scope(s))
        equal(s.ask("Heartbeat | count", token=token).status, 200)


def test_tables_by_dual_assignment_and_custom_tables():
    with Server() as s:
        heartbeats(s)
        app, secret = s.application()
        token = s.token(app, secret)
        role, _ = define(s, "May ask", actions=[OI + "read", OI + "query/read"])
        assign(s, app, role, arm_scope(s))
        equal(s.ask("Syslog | count", token=token).status, 400)
        assign(s, app, READER, arm_scope(s, "tables", "Syslog"))
        equal(s.ask("Syslog | count", token=token).status, 200)
        equal(s.ask("Heartbeat | count", token=token).status, 400)

        equal(s.post("/vedette/v1/workspaces/%s/records/Own_CL?format=json" % s.workspace()["id"],
                     [{"A": "x"}]).status, 200)
        equal(s.ask("Own_CL", token=token).status, 400)
        custom, _ = define(s, "Custom tables", actions=[OI + "query/Tables.Custom/read"])
        assign(s, app, custom, arm_scope(s))
        equal(s.ask("Own_CL", token=token).status, 200)
        equal(s.ask("Heartbeat | count", token=token).status, 400)


def test_confidential_watchlists():
    with Server() as s:
        equal(put(s, "Ip\n%s\n" % SECRET, alias="Hidden", watchlistType="ConfidentialWatchlist").status, 201)
        s.query("ConfidentialWatchlist | count")
        reader = s.token(*s.application("Microsoft Sentinel Contributor"))
        equal(s.ask("ConfidentialWatchlist | count", token=reader).status, 400)
        equal(s.ask("_GetWatchlist('Hidden')", token=reader).status, 400)
        equal(s.ask("_GetWatchlistAlias()", token=reader).status, 200)
        assert SECRET not in s.ask("search '%s'" % SECRET, token=reader).text
        assert "Hidden" not in s.arm("GET", "/watchlists", token=reader).text
        for method, path in [("GET", ""), ("GET", "/watchlistItems"), ("DELETE", "")]:
            equal(s.arm(method, "/watchlists/Hidden" + path, token=reader).status, 403)
        equal(put(s, "Ip\n1\n", alias="Hidden", token=reader).status, 403)
        equal(put(s, "Ip\n1\n", alias="Own", watchlistType="ConfidentialWatchlist", token=reader).status, 403)
        role, _ = define(s, "Confidential", actions=[OI + "query/ConfidentialWatchlist/read"])
        app, secret = s.application("Microsoft Sentinel Reader")
        assign(s, app, role)
        equal(len(s.ask("_GetWatchlist('Hidden')", token=s.token(app, secret)).json()["tables"][0]["rows"]), 1)


def test_rows_by_each_operator():
    cases = [
        ("StringEquals", "'sparrow1'", {"sparrow1"}),
        ("StringEqualsIgnoreCase", "'SPARROW1'", {"sparrow1"}),
        ("StringEquals", "'SPARROW1'", set()),
        ("StringNotEquals", "'sparrow1'", 19),
        ("StringNotEqualsIgnoreCase", "'SPARROW1'", 19),
        ("StringLike", "'sparrow1'", {"sparrow1"}),
        ("StringLikeIgnoreCase", "'Sparrow1'", {"sparrow1"}),
        ("StringNotLike", "'sparrow1'", 19),
        ("StringNotLikeIgnoreCase", "'Sparrow1'", 19),
        ("StringStartsWith", "'sparrow1'", {"sparrow1", "sparrow10", "sparrow11", "sparrow13", "sparrow14",
                                            "sparrow15", "sparrow17", "sparrow18", "sparrow19"}),
        ("StringStartsWithIgnoreCase", "'SPARROW'", 15),
        ("StringNotStartsWith", "'sparrow'", 5),
        ("StringNotStartsWithIgnoreCase", "'SPARROW'", 5),
        ("ForAnyOfAnyValues:StringEquals", "{'sparrow1', 'sparrow2'}", {"sparrow1", "sparrow2"}),
        ("ForAllOfAnyValues:StringEqualsIgnoreCase", "{'Sparrow1', 'SPARROW2'}", {"sparrow1", "sparrow2"}),
        ("ForAllOfAllValues:StringNotEquals", "{'sparrow1', 'sparrow2'}", 18),
        ("ForAllOfAllValues:StringNotEqualsIgnoreCase", "{'Sparrow1', 'Sparrow2'}", 18),
        ("ForAnyOfAnyValues:StringLikeIgnoreCase", "{'SPARROW1', 'SPARROW2'}", {"sparrow1", "sparrow2"}),
    ]
    with Server() as s:
        heartbeats(s)
        app, secret = s.application()
        token, name = s.token(app, secret), str(uuid.uuid4())
        for operator, values, expected in cases:
            text = condition("%s AND %s" % (table_is("Heartbeat"), record("Computer", operator, values)))
            made = assign(s, app, DATA_READER, arm_scope(s), condition=text, name=name)
            assert made.status in (200, 201), made
            answer = s.ask("Heartbeat | project Computer", token=token)
            # No row and no table are different things.
            got = names(answer)
            equal(got if isinstance(expected, set) else len(got), expected)
            equal(s.ask("Syslog", token=token).status, 400)
        # A column that the table lacks, or that is no text, lets nothing through, however it is asked.
        for column, operator in [("Nothing", "StringNotEquals"), ("TimeGenerated", "StringNotEquals")]:
            text = condition("!(%s)" % record(column, "StringEquals", "'x'"))
            assign(s, app, DATA_READER, arm_scope(s), condition=text, name=name)
            equal(names(s.ask("Heartbeat | project Computer", token=token)), set())


def test_no_way_around_the_rows():
    ways = [
        "Heartbeat", "Heartbeat | count", "Heartbeat | summarize count() by Computer",
        "union * | project Computer", "union Heart* | project Computer", "search '%s'" % SECRET,
        "find where Computer startswith 'k'", "let T = materialize(Heartbeat); T | join T on Computer",
        "Syslog | join kind=rightouter Heartbeat on Computer", "table('Heartbeat')",
        "let f = () {Heartbeat}; f()", "let Computer = 'x'; Heartbeat", "Heartbeat | where OSType == 'Windows'",
        "Heartbeat | top 100 by Computer asc", "Heartbeat | evaluate autocluster()", "Heartbeat | as X | union X",
        "workspace('%(name)s').Heartbeat", "workspace('%(id)s').Heartbeat", "database('%(name)s').Heartbeat",
        "print x = toscalar(Heartbeat | summarize make_set(Computer))", "Heartbeat | serialize | extend p = prev(Computer)",
        "Heartbeat | extend b = pack_all() | evaluate bag_unpack(b)", "Everything", "Heartbeat | fork (take 100) (count)",
        "Heartbeat | where Computer in ((Heartbeat | where OSType == 'Windows' | project Computer))",
        "Heartbeat | make-series count() default=0 on TimeGenerated step 1d by Computer",
        "Heartbeat | where _ItemId != '' | project Computer, _ItemId", "Heartbeat | facet by Computer",
        "range x from 1 to 1 step 1 | extend k = 1 | join (Heartbeat | extend k = 1) on k",
        "Heartbeat | partition by OSType (top 5 by Computer)", "Heartbeat | invoke Same()", "Heartbeat | reduce by Computer",
    ]
    with Server() as s:
        heartbeats(s)
        for name, text in [("Everything", "Heartbeat"), ("Same", None)]:
            properties = {"category": "x", "displayName": name, "functionAlias": name, "query": text or "T"}
            if text is None:
                properties["functionParameters"] = "T:(Computer:string)"
            equal(s.request("PUT", arm_scope(s, "savedSearches", name) + "?api-version=2020-08-01",
                            {"properties": properties}).status, 200)
        token = restricted(s, "%s AND %s" % (table_is("Heartbeat"), record("OSType", "StringEquals", "'Linux'"))
                           + " OR " + table_is("Syslog"))
        where = {"name": s.workspace()["name"], "id": s.workspace()["id"]}
        for sealed in (False, True):
            if sealed:
                equal(s.post("/vedette/v1/workspaces/%s/seal" % where["id"], {}).status, 200)
            for way in ways:
                text = way % where if "%(" in way else way
                answer = s.ask(text, token=token)
                assert SECRET not in answer.text, (text, answer)
                assert answer.status == 200 or "search '" in text or answer.status == 400, (text, answer)
            equal(s.ask("Heartbeat | count", token=token).json()["tables"][0]["rows"], [[15]])
            equal(s.ask("Heartbeat | count").json()["tables"][0]["rows"], [[20]])
            equal(s.ask("Heartbeat | where Computer has '%s10' or true | count" % SECRET, token=token)
                  .json()["tables"][0]["rows"], [[15]])


def test_an_error_tells_nothing_of_hidden_rows():
    """A pivot of more than a thousand columns is an error: hidden rows don't bring it about."""
    with Server() as s:
        heartbeats(s)
        many = [{"Computer": "%s-%d" % (SECRET, i), "OSType": "Windows"} for i in range(1001)]
        equal(s.post_logs("Microsoft-Heartbeat", many).status, 204)
        token = restricted(s, record("OSType", "StringEquals", "'Linux'"))
        text = "Heartbeat | summarize n = count() by Computer | evaluate pivot(Computer, sum(n))"
        failed = s.ask(text)
        assert failed.status != 200 or "error" in failed.json(), failed
        answer = s.ask(text, token=token)
        equal(answer.status, 200)
        assert "error" not in answer.json(), answer
        equal(sum(answer.json()["tables"][0]["rows"][0]), 15)
        refused = s.post("/vedette/v1/workspaces/%s/explain" % s.workspace()["id"], {"query": "Heartbeat"}, token=token)
        equal(refused.status, 403)


def test_lists_of_tables():
    with Server() as s:
        heartbeats(s)
        workspace = s.workspace()["id"]
        role, _ = define(s, "Looks", actions=[OI + "tables/read", OI + "read"])
        app, secret = s.application()
        assign(s, app, role)
        assign(s, app, DATA_READER, arm_scope(s), condition=condition(table_is("Syslog")))
        token = s.token(app, secret)
        for path in ["/vedette/v1/workspaces/%s/tables" % workspace, "/vedette/v1/workspaces/%s/counts" % workspace,
                     "/vedette/v1/workspaces/%s/sources" % workspace, "/v1/workspaces/%s/metadata" % workspace,
                     arm_scope(s, "tables") + "?api-version=2023-09-01"]:
            answer = s.get(path, token=token)
            equal(answer.status, 200)
            assert "Heartbeat" not in answer.text, path
        answer = s.get(arm_scope(s, "tables", "Heartbeat") + "?api-version=2023-09-01", token=token)
        equal(answer.status, 404)
        for csl in [".show tables", ".show database schema", ".show schema as json", ".show table Heartbeat cslschema"]:
            answer = s.post("/v1/rest/mgmt", {"db": s.workspace()["name"], "csl": csl}, token=token)
            assert '"Heartbeat"' not in answer.text and "OSType" not in answer.text, (csl, answer)


def test_nothing_that_runs_by_itself_reads_more():
    with Server() as s:
        heartbeats(s)
        everything, _ = define(s, "Author", actions=["Microsoft.SecurityInsights/*", OI + "tables/*", OI + "summaryLogs/*",
                                                     OI + "kqlJobs/*", OI + "savedSearches/*"])
        app, secret = s.application()
        assign(s, app, everything)
        assign(s, app, DATA_READER, arm_scope(s), condition=condition(
            "%s OR (%s AND %s)" % (table_is("Syslog"), table_is("Heartbeat"), record("OSType", "StringEquals", "'Linux'"))))
        token = s.token(app, secret)

        def rule(query):
            return s.arm("PUT", "/alertRules/r", {"kind": "Scheduled", "properties": {
                "displayName": "r", "enabled": True, "severity": "Low", "query": query, "queryFrequency": "PT1H",
                "queryPeriod": "PT1H", "triggerOperator": "GreaterThan", "triggerThreshold": 0,
                "suppressionDuration": "PT1H", "suppressionEnabled": False}}, token=token)
        assert rule("Syslog").status in (200, 201)
        equal(rule("SecurityEvent").status, 400)
        refused = rule("Heartbeat")
        equal(refused.status, 400)
        contains(refused.message(), "some rows of the table 'Heartbeat'")
        equal(s.post("/vedette/v1/workspaces/%s/backtests" % s.workspace()["id"],
                     {"rules": [{"yaml": "id: x\nname: y"}]}, token=token).status, 400)
        summary = {"properties": {"ruleType": "User", "ruleDefinition": {
            "query": "Heartbeat | summarize count() by Computer", "binSize": 60, "destinationTable": "Sum_CL"}}}
        equal(s.request("PUT", arm_scope(s, "summaryLogs", "x") + "?api-version=2025-07-01", summary, token=token).status, 400)
        job = {"properties": {"query": "Heartbeat | project Computer", "destinationTable": "Job_KQL_CL"}}
        equal(s.request("PUT", arm_scope(s, "kqlJobs", "x") + "?api-version=1", job, token=token).status, 400)
        search = {"properties": {"searchResults": {"query": "Heartbeat", "startSearchTime": "2020-01-01T00:00:00Z",
                                                   "endSearchTime": "2030-01-01T00:00:00Z"}}}
        equal(s.request("PUT", arm_scope(s, "tables", "X_SRCH") + "?api-version=2023-09-01", search, token=token).status, 400)
        restore = {"properties": {"restoredLogs": {"sourceTable": "Heartbeat", "startRestoreTime": "2020-01-01T00:00:00Z",
                                                   "endRestoreTime": "2030-01-01T00:00:00Z"}}}
        equal(s.request("PUT", arm_scope(s, "tables", "X_RST") + "?api-version=2023-09-01", restore, token=token).status, 404)


def test_hunting_in_many_tenants_sees_no_more():
    with Server() as s:
        heartbeats(s)
        token = restricted(s, "%s AND %s" % (table_is("Heartbeat"), record("OSType", "StringEquals", "'Linux'")))
        seen = s.ask("Heartbeat | summarize by OSType", token=token).json()["tables"][0]["rows"]
        equal(seen, [["Linux"]])
        many = s.post("/vedette/v1/hunting/multi", {"query": "Heartbeat | summarize by OSType"}, token=token).json()
        equal([row[-1] for row in many["tables"][0]["rows"]], ["Linux"])
        many = s.post("/vedette/v1/hunting/multi", {"query": "Syslog | count"}, token=token).json()
        equal(many["tenants"][0]["status"], "Failed")


def test_who_reads_one_workspace_makes_nothing_that_reads_another():
    """Rules and jobs run as the workspace, which reads all of its tenant."""
    with Server() as s:
        made = s.request("PUT", "/subscriptions/%s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/other" % uuid.uuid4()
                         + "?api-version=2023-09-01", {"location": "local", "properties": {}})
        equal(made.status, 201, made)
        app, secret = s.application()
        for role in (SENTINEL_CONTRIBUTOR, LOG_CONTRIBUTOR):
            equal(assign(s, app, role, arm_scope(s)).status, 201)
        token = s.token(app, secret)
        equal(s.ask("workspace('other').Heartbeat", token=token).status, 400)

        def rule(query):
            return s.arm("PUT", "/alertRules/r", {"kind": "Scheduled", "properties": {
                "displayName": "r", "enabled": True, "severity": "Low", "query": query, "queryFrequency": "PT1H",
                "queryPeriod": "PT1H", "triggerOperator": "GreaterThan", "triggerThreshold": 0,
                "suppressionDuration": "PT1H", "suppressionEnabled": False}}, token=token)
        assert rule("Heartbeat").status in (200, 201)
        for query in ("workspace('other').Heartbeat", "union Heartbeat, workspace('other').Heartbeat",
                      "Heartbeat | join (workspace('other').Syslog) on Computer", "union isfuzzy=true workspace('other').Heartbeat, Heartbeat",
                      "union isfuzzy=true Absent_CL, workspace('other').Heartbeat", "Absent_CL | join (workspace('other').Heartbeat) on Computer",
                      "union Absent_CL, (workspace('other').Heartbeat)", "let f = () { workspace('other').Heartbeat }; Absent_CL | union f()"):
            equal(rule(query).status, 400, query)
        job = {"properties": {"query": "workspace('other').Heartbeat | project Computer", "destinationTable": "Job_KQL_CL"}}
        equal(s.request("PUT", arm_scope(s, "kqlJobs", "x") + "?api-version=1", job, token=token).status, 400)
        summary = {"properties": {"ruleType": "User", "ruleDefinition": {
            "query": "workspace('other').Heartbeat | summarize count() by Computer", "binSize": 60, "destinationTable": "Sum_CL"}}}
        equal(s.request("PUT", arm_scope(s, "summaryLogs", "x") + "?api-version=2025-07-01", summary, token=token).status, 400)


def random_query(r):
    column = lambda: r.choice(["Computer", "OSType", "Version", "ComputerIP"])
    word = lambda: r.choice([SECRET, PUBLIC, "Linux", "Windows", "10", "1.4", SECRET + "4", PUBLIC + "1"])
    test = lambda: "%s %s '%s'" % (column(), r.choice(["==", "!=", "has", "!has", "contains", "startswith", "=~", "has_cs"]), word())
    source = lambda: r.choice(["Heartbeat", "(union Heartbeat, Syslog)", "(Heartbeat | where %s)" % test(),
                               "table('Heartbeat')", "(union withsource=Src Heart*)", "materialize(Heartbeat)"])
    steps = [
        lambda: "where " + test(), lambda: "where %s or %s" % (test(), test()), lambda: "where not(%s)" % test(),
        lambda: "extend Computer = strcat(%s, '-', Computer)" % column(),
        lambda: "summarize Computer = max(Computer), OSType = min(OSType), Version = take_anyif(Version, false), ComputerIP = max(ComputerIP) by k = %s" % column(),
        lambda: "join kind=%s (%s | project Computer, Other = %s) on Computer" % (
            r.choice(["inner", "leftouter", "innerunique", "leftsemi", "leftanti"]), source(), column()),
        lambda: "top 7 by %s asc, Computer asc" % column(), lambda: "sort by Computer asc | where row_number() < 9",
        lambda: "where Computer in ((%s | where %s | project Computer))" % (source(), test()),
        lambda: "mv-expand x = pack_array(Computer, OSType) to typeof(string)",
        lambda: "where isnotempty(%s)" % column(),
    ]
    text = source().strip()
    for _ in range(r.randint(1, 4)):
        text += " | " + r.choice(steps)()
    return text + " | project Computer, OSType | sort by Computer asc, OSType asc"


def test_random_queries_see_what_a_smaller_database_holds():
    r = random.Random(7)
    with Server() as s, Server() as small:
        heartbeats(s)
        rows = s.query("Heartbeat | where OSType == 'Linux' | project Computer, OSType, Version, ComputerIP")
        equal(small.post_logs("Microsoft-Heartbeat", rows).status, 204)
        equal(small.post_logs("Microsoft-Syslog", [{"Computer": PUBLIC, "SyslogMessage": "hello"}]).status, 204)
        token = restricted(s, "%s OR (%s AND %s)" % (table_is("Syslog"), table_is("Heartbeat"),
                                                     record("OSType", "StringEquals", "'Linux'")))
        good = 0
        for i in range(60):
            text = random_query(r)
            got, expected = s.ask(text, token=token), small.ask(text)
            equal((text, got.status), (text, expected.status))
            assert SECRET not in str(got.json().get("tables")) or SECRET in text, (text, got)
            if got.status == 200:
                good += 1
                equal((text, got.json()["tables"][0]["rows"]), (text, expected.json()["tables"][0]["rows"]))
            if i == 30:
                equal(s.post("/vedette/v1/workspaces/%s/seal" % s.workspace()["id"], {}).status, 200)
        assert good > 30, good
