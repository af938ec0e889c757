"""The index of terms: what is not read, what is told of it, and that answers do without it."""
import glob
import os

from vedette import Server, contains, equal, run, until

CLOCK = "2026-01-05T03:04:05Z"
NEEDLE = 'Syslog | where SyslogMessage has "needle"'


def send(server, day, messages):
    rows = [{"TimeGenerated": "2026-01-0%dT01:00:00Z" % day, "Computer": "h%d" % day, "SyslogMessage": m} for m in messages]
    equal(server.post_logs("Microsoft-Syslog", rows).status, 204)
    code, _, err = run("tables", "seal", "Syslog", data=server.data)
    equal((code, err), (0, ""))


def three_parts(server):
    send(server, 4, ["hay and hay", "from 10.1.2.3 port 22"])
    send(server, 5, ["a needle in hay"])
    send(server, 5, ["more hay", "NEEDLES"])


def explain(server, query):
    return server.post("/vedette/v1/workspaces/%s/explain" % server.workspace()["id"], {"query": query})


def explained(server, query):
    answer = explain(server, query)
    equal(answer.status, 200)
    return answer.json()


def reads(server, query):
    t = explained(server, query)["tables"][0]
    return t["parts"], t["leftOutByTime"], t["leftOutByTerms"], t["rowGroups"], t["ofRowGroups"]


def indexes(server):
    return sorted(glob.glob(os.path.join(server.data, "workspaces", "*", "lake", "Syslog", "*", "*", "*", "*.terms")))


def test_parts_without_the_terms_are_left_out():
    with Server(clock=CLOCK) as s:
        three_parts(s)
        equal(len(indexes(s)), 3)
        equal(s.metrics()['vedette_lake_indexed_parts{workspace="default"}'], 3)
        equal(reads(s, NEEDLE), (3, 0, 2, 1, 3))
        equal(s.query(NEEDLE + " | project SyslogMessage"), [{"SyslogMessage": "a needle in hay"}])
        equal(reads(s, 'Syslog | where SyslogMessage has "10.1.2.3"'), (3, 0, 2, 1, 3))
        equal(reads(s, NEEDLE + " and TimeGenerated < datetime(2026-01-05)"), (3, 2, 1, 0, 1))
        equal(reads(s, "Syslog | where SyslogMessage !has 'needle'"), (3, 0, 0, 0, 0))
        equal(reads(s, 'search in (Syslog) "needle"')[2], 2)
        code, out, err = run("kql", "sql", "--explain", NEEDLE, data=s.data)
        equal((code, err), (0, ""))
        contains(out, "SyslogMessage has 'needle'")
        contains(out, "read_parquet")
        code, out, err = run("kql", "sql", "--explain", "Syslog | where Nothing == 1", data=s.data)
        equal(code, 1)
        contains(err, "Nothing")


def test_a_query_that_is_wrong_is_refused():
    with Server(clock=CLOCK) as s:
        equal(explain(s, "Syslog | where").status, 400)


def test_damaged_and_missing_indexes_are_made_anew():
    with Server(clock=CLOCK) as s:
        three_parts(s)
        s.stop()
        files = indexes(s)
        with open(files[0], "r+b") as f:
            f.truncate(20)
        os.remove(files[1])
        s.start()
        equal(s.count(NEEDLE), 1)
        contains(s.read_log(), "an index of terms is damaged")
        code, out, err = run("check", data=s.data)
        equal((code, err), (0, ""))
        contains(out, "0 damaged")
        until(lambda: (len(indexes(s)), reads(s, NEEDLE)) == (3, (3, 0, 2, 1, 3)), 30)
        equal(s.count(NEEDLE), 1)
        code, out, err = run("check", data=s.data)
        contains(out, "3 indexes of terms")


def test_the_setting_switches_it_off_and_on_again():
    with Server("--term-index", "false", clock=CLOCK) as s:
        three_parts(s)
        equal(indexes(s), [])
        equal(reads(s, NEEDLE), (3, 0, 0, 0, 0))
        equal(s.count(NEEDLE), 1)
        s.stop()
        s.settings = ["--clock", CLOCK]
        s.start()
        until(lambda: reads(s, NEEDLE) == (3, 0, 2, 1, 3), 30)
        equal(s.count(NEEDLE), 1)
