"""Kusto's REST interface: v1 and v2 answers, .show commands, rights."""
import json

from vedette import Server, contains, equal


def kusto(server, csl, path="/v2/rest/query", db="default", token="operator", **properties):
    body = {"db": db, "csl": csl, "properties": properties}
    return server.post(path, body, token=token)


def show(server, csl, **more):
    """The rows of a command as dictionaries."""
    answer = kusto(server, csl, path="/v1/rest/mgmt", **more)
    equal(answer.status, 200, answer)
    table = answer.json()["Tables"][0]
    names = [c["ColumnName"] for c in table["Columns"]]
    return [dict(zip(names, row)) for row in table["Rows"]]


def test_v2_frames():
    with Server() as s:
        answer = kusto(s, "print a = 1, d = dynamic({'x': [1]}), t = 1h | render timechart; print b = 'x'")
        equal(answer.status, 200, answer)
        frames = answer.json()
        equal([f["FrameType"] for f in frames],
              ["DataSetHeader", "DataTable", "DataTable", "DataTable", "DataTable",
               "DataSetCompletion"])
        equal([f["TableKind"] for f in frames[1:5]],
              ["QueryProperties", "PrimaryResult", "PrimaryResult", "QueryCompletionInformation"])
        equal(frames[2]["Columns"], [{"ColumnName": "a", "ColumnType": "long"},
                                     {"ColumnName": "d", "ColumnType": "dynamic"},
                                     {"ColumnName": "t", "ColumnType": "timespan"}])
        equal(frames[2]["Rows"], [[1, {"x": [1]}, "01:00:00"]])
        equal(json.loads(frames[1]["Rows"][0][2])["Visualization"], "timechart")
        equal(frames[5], {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False})


def test_v1_answer():
    with Server() as s:
        answer = kusto(s, "print b = true, c = decimal(1.5), d = dynamic([1])", path="/v1/rest/query")
        tables = answer.json()["Tables"]
        equal([c["DataType"] for c in tables[0]["Columns"]], ["SByte", "SqlDecimal", "Object"])
        equal(tables[0]["Rows"], [[True, "1.5", "[1]"]])
        equal([row[1] for row in tables[-1]["Rows"]],
              ["QueryResult", "QueryProperties", "QueryStatus"])


def test_parameters_and_limits():
    with Server("--query-max-rows", "2") as s:
        text = "declare query_parameters(n:long, d:datetime, s:string); print n, d, s"
        frames = kusto(s, text, Parameters={"n": "5", "d": "datetime(2026-01-02)", "s": "'it'"}).json()
        equal(frames[2]["Rows"], [[5, "2026-01-02T00:00:00.0000000Z", "it"]])
        frames = kusto(s, "range x from 1 to 3 step 1").json()
        equal(frames[2]["Rows"][:2], [[1], [2]])
        contains(frames[2]["Rows"][2]["OneApiErrors"][0]["error"]["@message"], "0x80DA0003")
        equal(frames[4]["HasErrors"], True)


def test_show_commands():
    with Server() as s:
        s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}])
        equal(show(s, ".show version")[0]["ServiceType"], "Engine")
        equal([d["DatabaseName"] for d in show(s, ".show databases", db="")], ["default"])
        tables = show(s, "// first\n.show  TABLES")
        equal({"TableName": "Heartbeat", "DatabaseName": "default", "Folder": "", "DocString": ""}
              in tables, True)
        contains(show(s, ".show table Heartbeat cslschema")[0]["Schema"], "Computer:string")
        schema = json.loads(show(s, ".show table ['Heartbeat'] schema as json")[0]["Schema"])
        equal(schema["Name"], "Heartbeat")
        for command in (".show schema as json", ".show database schema as json",
                        '.show database ["default"] schema as json'):
            found = json.loads(show(s, command)[0]["DatabaseSchema"])
            table = found["Databases"]["default"]["Tables"]["Heartbeat"]
            equal({"Name": "Computer", "Type": "System.String", "CslType": "string"}
                  in table["OrderedColumns"], True)
            equal(sorted(found["Databases"]["default"])[:3],
                  ["DatabaseAccessMode", "EntityGroups", "ExternalTables"])
        columns = [r for r in show(s, ".show database default schema") if r["TableName"] == "Heartbeat"]
        equal(("Computer", "System.String")
              in [(r["ColumnName"], r["ColumnType"]) for r in columns], True)
        equal(show(s, ".show functions"), [])
        equal(show(s, ".show cluster")[0]["IsAdmin"], True)


def test_show_with_a_query_behind_it():
    with Server() as s:
        s.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}])
        rows = show(s, ".show tables | where TableName startswith 'Heart' | project TableName")
        equal(rows, [{"TableName": "Heartbeat"}])
        equal(show(s, ".show databases | count"), [{"Count": 1}])
        frames = kusto(s, ".show version | project ServiceType").json()
        equal(frames[2]["Rows"], [["Engine"]])


def test_kusto_errors():
    with Server() as s:
        for csl, message in (("print nope", "Semantic error: SEM"), ("print (", "Syntax error: SYN0002"),
                             (".drop table Heartbeat", "'.drop table Heartbeat' is not supported"),
                             (".show tables\n| where nope == 1", "[line:position=2:9]"),
                             (".show table Heartbaet", "did you mean 'Heartbeat'?"),
                             (".show database Nope schema", "Database 'Nope'")):
            answer = kusto(s, csl)
            equal(answer.status, 400, csl)
            error = answer.json()["error"]
            equal(error["code"], "General_BadRequest")
            contains(error["@message"], message)
        equal(kusto(s, "print 1", db="Other").status, 400)
        equal(kusto(s, "").status, 400)
        equal(kusto(s, "print 1", token=None).status, 401)


def test_kusto_rights():
    with Server() as s:
        token = s.token(*s.application("Monitoring Metrics Publisher"))
        equal(kusto(s, ".show tables", path="/v1/rest/mgmt", token=token).status, 403)
        reader = s.token(*s.application("Log Analytics Reader"))
        equal(kusto(s, "print 1", token=reader).status, 200)
        metadata = s.get("/v1/rest/auth/metadata", token=None).json()["AzureAD"]
        equal(metadata["LoginEndpoint"], s.url)
