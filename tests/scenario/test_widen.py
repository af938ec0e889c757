"""Columns that get a wider type: by the Tables API and by Kusto's commands, while rows come in and queries run, through
export, import, backup, restored logs and search jobs."""
import os
import shutil
import tempfile
import threading

from vedette import Server, contains, equal, run, until

CLOCK = "2026-01-02T03:04:05Z"
SCHEMA = [{"name": "TimeGenerated", "type": "dateTime"}, {"name": "N", "type": "long"},
          {"name": "Code", "type": "int"}, {"name": "Props", "type": "string"}]


def define(s, table="App_CL", **types):
    columns = [{**c, "type": types.get(c["name"], c["type"])} for c in SCHEMA]
    return s.arm("PUT", "/tables/" + table, {"properties": {"schema": {"name": table, "columns": columns}}},
                 provider=False)


def types(s, table="App_CL"):
    columns = s.arm("GET", "/tables/" + table, provider=False).json()["properties"]["schema"]["columns"]
    return {c["name"]: c["type"] for c in columns}


def send(s, records, table="App_CL"):
    equal(s.post_logs("Custom-" + table, [{"TimeGenerated": "2026-01-01T0%d:00:00Z" % (i % 9), **r}
                                         for i, r in enumerate(records)]).status, 204)


def seal(s):
    equal(run("tables", "seal", data=s.data)[0], 0)


def mgmt(s, csl, token="operator"):
    return s.post("/v1/rest/mgmt", {"db": "default", "csl": csl}, token=token)


def test_by_the_tables_api():
    with Server(clock=CLOCK) as s:
        equal(define(s).status, 200)
        send(s, [{"N": 1, "Code": 401, "Props": '{"user": "eva"}'}, {"N": 2}])
        seal(s)
        send(s, [{"N": 3, "Code": 500, "Props": "plain"}])
        equal(define(s, Code="string", Props="dynamic").status, 200)
        equal((types(s)["Code"], types(s)["Props"]), ("string", "dynamic"))
        send(s, [{"N": 4, "Code": "E17", "Props": {"user": "bob"}}, {"N": 5, "Code": 7}])
        rows = s.query("App_CL | sort by N asc | project Code, user = tostring(Props.user), Props = tostring(Props)")
        equal([r["Code"] for r in rows], ["401", "", "500", "E17", "7"])
        equal([r["user"] for r in rows], ["eva", "", "", "bob", ""])
        equal(rows[2]["Props"], "plain")
        equal(s.query("App_CL | where Code has '401' or Code == 'E17' | summarize n = count()"), [{"n": 2}])
        s.stop()
        s.start()
        equal(s.query("App_CL | summarize n = dcount(Code)"), [{"n": 5}])
        seal(s)
        equal(run("tables", "compact", data=s.data)[0], 0)
        equal(s.query("App_CL | where Props.user in ('eva', 'bob') | summarize n = count()"), [{"n": 2}])
        # Narrower, or something else: not without a loss.
        answer = define(s, Code="int", Props="dynamic")
        equal(answer.status, 409)
        contains(answer.message(), "column 'Code' of table 'App_CL' is string; its type can't become int")
        equal(types(s)["Code"], "string")


def test_by_kusto_commands():
    with Server(clock=CLOCK) as s:
        define(s)
        send(s, [{"N": 1, "Code": 401}])
        seal(s)
        answer = mgmt(s, ".alter column App_CL.Code type=string")
        equal(answer.status, 200, answer)
        contains(answer.json()["Tables"][0]["Rows"][0][1], "Code:string")
        answer = mgmt(s, ".alter column ['default'].['App_CL'].['N'] type = real | project TableName")
        equal(answer.json()["Tables"][0]["Rows"], [["App_CL"]])
        equal(s.query("App_CL | project N = N / 2, Code"), [{"N": 0.5, "Code": "401"}])
        answer = mgmt(s, ".alter-merge table App_CL (Extra:string, ['Code']:string)")
        equal(answer.status, 200, answer)
        equal(types(s)["Extra"], "string")
        for csl, status, words in (
                (".alter-merge table App_CL (Code:dynamic)", 400, ".alter column changes types"),
                (".alter column App_CL.Code type=long", 400, "can't become long"),
                (".alter column App_CL.Nothing type=long", 400, "Column 'Nothing' could not be found."),
                (".alter column Nothing_CL.N type=long", 400, "Table 'Nothing_CL' could not be found."),
                (".alter column Syslog.Computer type=dynamic", 400, "ships with Vedette"),
                (".alter column App_CL.N", 400, "expected type="),
                (".alter column App_CL.N type=number", 400, "expected a type, found 'number'"),
                (".alter column App_CL type=long", 400, "expected '.' and the column's name"),
                (".alter-merge table App_CL (A:string) with (folder='x')", 400, "no docstring"),
                (".alter-merge table App_CL (A:string", 400, "expected ',' or ')'"),
                (".alter table App_CL (A:string)", 400, "is not supported")):
            answer = mgmt(s, csl)
            equal(answer.status, status, (csl, answer))
            contains(answer.text, words)
        reader = s.application("Log Analytics Reader")
        answer = mgmt(s, ".alter column App_CL.Code type=dynamic", token=s.token(*reader))
        equal(answer.status, 403, answer)


def test_queries_and_senders_meanwhile():
    """What is acknowledged is there, and no query fails, while the types of its columns change under it."""
    with Server("--requests-per-second", "100000", "--seal-rows", "400") as s:
        define(s)
        send(s, [{"N": 0, "Code": 0, "Props": "{}"}])
        state = {"sent": 1, "asked": 0}
        problems, stop = [], threading.Event()

        def loop(work):
            try:
                while not problems and not stop.is_set():
                    work()
            except Exception as problem:  # told in the test's own thread
                problems.append(problem)

        def send_some():
            send(s, [{"N": state["sent"] + i, "Code": i, "Props": '{"i": %d}' % i} for i in range(50)])
            state["sent"] += 50

        def ask():
            before = state["sent"]
            row = s.query("App_CL | summarize n = count(), a = dcount(tostring(Code), 4), b = countif(isnotnull(N)), "
                          "c = countif(isnotempty(tostring(Props)))")[0]
            assert row["n"] >= before and row["b"] == row["n"] == row["c"], (before, row)
            state["asked"] += 1

        threads = [threading.Thread(target=loop, args=[w]) for w in (send_some, send_some_more(s, state), ask, ask)]
        for t in threads:
            t.start()
        for step in ({"N": "real"}, {"Code": "long"}, {"Code": "string"}, {"Props": "dynamic"}, {"N": "string"}):
            asked = state["asked"]
            until(lambda: problems or state["asked"] > asked + 3)
            for name, kind in step.items():
                answer = mgmt(s, ".alter column App_CL.%s type=%s" % (name, kind))
                equal(answer.status, 200, answer)
        asked = state["asked"]
        until(lambda: problems or state["asked"] > asked + 3)
        stop.set()
        for t in threads:
            t.join()
        if problems:
            raise problems[0]
        equal(s.count("App_CL"), state["sent"] + state.get("more", 0))
        received, stored, rejected = s.ingested()
        equal((received, rejected), (stored, 0))
        equal(s.query("App_CL | where tostring(Props.i) == '7' and Code == '7' | count")[0]["Count"] > 0, True)


def send_some_more(s, state):
    """Records of another shape: columns that the table doesn't have yet."""
    state["more"] = 0

    def work():
        send(s, [{"N": 1, "Code": 1, "Props": "{}", "Later": state["more"]}])
        state["more"] += 1
    return work


def test_copies_of_old_parts_are_read_as_the_new_type():
    scratch = tempfile.mkdtemp(prefix="vedette-widen-")
    query = "App_CL | sort by N asc | project N, Code, user = tostring(Props.user)"
    try:
        with Server(clock=CLOCK) as s:
            define(s)
            send(s, [{"N": 1, "Code": 5, "Props": '{"user":"eva"}'}])
            seal(s)
            equal(mgmt(s, ".alter column App_CL.Code type=real").status, 200)
            send(s, [{"N": 2, "Code": 6.5, "Props": "x"}])
            seal(s)
            equal(define(s, Code="string", Props="dynamic").status, 200)
            send(s, [{"N": 3, "Code": "C", "Props": {"user": "bob"}}])
            wanted = s.query(query)
            equal([(r["Code"], r["user"]) for r in wanted], [("5.0", "eva"), ("6.5", ""), ("C", "bob")])

            # Restored logs and search jobs read the same parts.
            body = {"properties": {"restoredLogs": {"sourceTable": "App_CL", "startRestoreTime": "2025-12-31T00:00:00Z",
                                                    "endRestoreTime": "2026-01-03T00:00:00Z"}}}
            equal(s.arm("PUT", "/tables/App_RST", body, provider=False).status, 200)
            equal(s.query(query.replace("App_CL", "App_RST")), wanted)
            body = {"properties": {"searchResults": {"query": "App_CL | where Code has '5' or Props.user == 'bob'",
                                                     "startSearchTime": "2025-12-31T00:00:00Z",
                                                     "endSearchTime": "2026-01-03T00:00:00Z"}}}
            equal(s.arm("PUT", "/tables/Found_SRCH", body, provider=False).status, 202)
            s.move_clock("2026-01-02T03:05:00Z")  # jobs run when it is
            equal(s.query("Found_SRCH | summarize n = count(), c = make_set(Code)")[0]["n"], 3)
            equal(s.arm("DELETE", "/tables/App_RST", provider=False).status, 200)

            copy = os.path.join(scratch, "backup")
            equal(s.post("/vedette/v1/backup", {"directory": copy}).status, 200)
            out = os.path.join(scratch, "export")
            code, _, err = run("export", out, data=s.data)
            equal(code, 0, err)
        restored = os.path.join(scratch, "restored")
        code, _, err = run("restore", copy, data=restored)
        equal(code, 0, err)
        with Server(clock="2026-01-02T04:00:00Z", data=restored) as s:
            equal(s.query(query), wanted)
        imported = os.path.join(scratch, "imported")
        code, _, err = run("import", "--retention", "4383", out, data=imported)
        equal(code, 0, err)
        with Server(clock="2026-01-02T04:00:00Z", data=imported) as s:
            equal(s.query(query), wanted)
            equal(run("tables", "compact", data=s.data)[0], 0)
            equal(s.query(query), wanted)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def test_a_jobs_rows_are_of_the_new_type():
    """A summary rule that was made before its column was widened goes on."""
    with Server(clock=CLOCK) as s:
        heartbeats = [{"TimeGenerated": "2026-01-02T03:0%d:00Z" % i, "Computer": "a"} for i in range(3)]
        equal(s.post_logs("Microsoft-Heartbeat", heartbeats).status, 204)
        define(s, "Sum_CL")
        rule = {"properties": {"ruleType": "User", "ruleDefinition": {
            "query": "Heartbeat | summarize N = count()", "binSize": 20, "destinationTable": "Sum_CL"}}}
        equal(s.arm("PUT", "/summaryLogs/sums", rule, provider=False).status, 201)
        s.move_clock("2026-01-02T04:30:00Z")
        until(lambda: s.count("Sum_CL") > 0)
        equal(mgmt(s, ".alter column Sum_CL.N type=string").status, 200)
        before = s.count("Sum_CL")
        s.post_logs("Microsoft-Heartbeat", [{"TimeGenerated": "2026-01-02T04:31:00Z", "Computer": "a"}])
        s.move_clock("2026-01-02T05:30:00Z")
        until(lambda: s.count("Sum_CL") > before)
        equal(sorted(set(type(r["N"]).__name__ for r in s.query("Sum_CL | project N"))), ["str"])
