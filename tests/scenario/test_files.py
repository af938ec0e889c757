"""Files and folders as sources: following, rotation, restarts; containers' logs; what is refused."""
import gzip
import json
import os
import shutil
import subprocess
import tempfile
import time

import test_formats
from vedette import Server, contains, equal, run, until

TIME = "2026-01-02T03:04:05Z"


class Folder:
    """A folder of logs, a configuration with sources, and servers over it."""

    def __init__(self, *sources, **more):
        self.path = tempfile.mkdtemp(prefix="vedette-files-")
        self.logs = os.path.join(self.path, "logs")
        os.mkdir(self.logs)
        self.config = os.path.join(self.path, "vedette.conf")
        listed = []
        for s in sources:
            s = dict({"format": "ndjson", "table": "App_CL"}, **s)
            s = {key: value for key, value in s.items() if value is not None}
            s["path"] = os.path.join(self.logs, s["path"]) if s["path"] else self.logs
            listed.append(s)
        with open(self.config, "w", encoding="utf-8") as f:
            json.dump({"sources": listed, "sources_poll": "1s", **more}, f)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def server(self, **more):
        return Server("--config", self.config, **more)

    def file(self, name):
        return os.path.join(self.logs, name)

    def write(self, name, text, mode="a"):
        path = self.file(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, mode, encoding="utf-8") as f:
            f.write(text)

    def lines(self, name, first, n, mode="a"):
        self.write(name, "".join('{"N": %d, "TimeGenerated": "%s", "Text": "%s"}\n' % (i, TIME, "x" * 40)
                                 for i in range(first, first + n)), mode)


def numbers(server, table="App_CL"):
    answer = server.ask(table + " | project N = toint(N) | order by N asc")
    if answer.status == 400:  # the table is made with the first rows
        return []
    equal(answer.status, 200)
    return [row[0] for row in answer.json()["tables"][0]["rows"]]


def wait_for(server, n, table="App_CL"):
    try:
        until(lambda: len(numbers(server, table)) >= n)
    except AssertionError:
        raise AssertionError("%d of %d rows\n%s" % (len(numbers(server, table)), n, server.read_log())) from None
    equal(numbers(server, table), list(range(n)))


def test_a_growing_file_is_followed():
    with Folder({"name": "app", "path": "app.log"}) as f, f.server() as s:
        f.lines("app.log", 0, 100)
        wait_for(s, 100)
        f.write("app.log", '{"N": 100, "Time')
        time.sleep(0.3)  # half a line is not taken
        equal(len(numbers(s)), 100)
        f.write("app.log", 'Generated": "%s"}\n' % TIME)
        wait_for(s, 101)
        equal(s.query("App_CL | summarize by tostring(TimeGenerated)")[0]["TimeGenerated"], "2026-01-02T03:04:05.0000000Z")
        rows = s.query("VedetteIngestion | where Source == 'file:app' | summarize sum(Received), sum(Stored), sum(Rejected)")
        equal(list(rows[0].values()), [101, 101, 0])
        equal(s.metrics()['vedette_source_files{source="app"}'], 1)


def test_a_restart_goes_on():
    with Folder({"name": "app", "path": "*.log"}) as f, f.server() as s:
        f.lines("a.log", 0, 50)
        f.lines("b.log", 50, 50)
        wait_for(s, 100)
        s.stop()
        f.lines("a.log", 100, 50)
        f.lines("c.log", 150, 50)
        s.start()
        wait_for(s, 200)
        s.kill()
        f.lines("b.log", 200, 50)
        s.start()
        wait_for(s, 250)


def test_rotation_by_renaming():
    with Folder({"name": "app", "path": "app.log"}) as f, f.server() as s:
        n = 0
        for round_ in range(5):
            with open(f.file("app.log"), "a", encoding="utf-8") as old:
                f.lines("app.log", n, 20)
                n += 20
                wait_for(s, n)
                os.rename(f.file("app.log"), f.file("app.log.%d" % round_))
                old.write('{"N": %d, "TimeGenerated": "%s"}\n' % (n, TIME))  # before the writer reopens
                n += 1
        wait_for(s, n)


def test_rotation_while_stopped():
    with Folder({"name": "app", "path": "app.log"}) as f, f.server() as s:
        f.lines("app.log", 0, 20)
        wait_for(s, 20)
        s.stop()
        f.lines("app.log", 20, 20)
        os.rename(f.file("app.log"), f.file("app.log.1"))
        f.lines("app.log", 40, 20)
        s.start()
        wait_for(s, 60)


def test_rotation_by_copying():
    with Folder({"name": "app", "path": "app.log*"}) as f, f.server() as s:
        f.lines("app.log", 0, 50)
        wait_for(s, 50)
        s.stop()
        f.lines("app.log", 50, 10)
        shutil.copy(f.file("app.log"), f.file("app.log.1"))
        f.write("app.log", "", "w")
        f.lines("app.log", 60, 30)
        s.start()
        wait_for(s, 90)
        shutil.copy(f.file("app.log"), f.file("app.log.0"))
        f.write("app.log", "", "w")
        f.lines("app.log", 90, 5)
        wait_for(s, 95)


def test_a_rotated_file_that_is_packed_is_not_read_again():
    with Folder({"name": "app", "path": "app.log*"}) as f, f.server() as s:
        f.lines("app.log", 0, 50)
        wait_for(s, 50)
        os.rename(f.file("app.log"), f.file("app.log.1"))
        f.lines("app.log", 50, 50)
        wait_for(s, 100)
        subprocess.run(["gzip", f.file("app.log.1")], check=True)
        f.lines("app.log", 100, 5)
        wait_for(s, 105)
        until(lambda: "goes on with one that was read before" in s.read_log())
        wait_for(s, 105)


def test_a_rotated_target_of_a_link():
    name = "web_default_nginx-" + "ab" * 32 + ".log"
    line = "2026-01-02T03:04:05Z stdout F n=%d\n"
    with Folder({"name": "pods", "path": "containers/*.log", "format": "cri", "table": "ContainerLogV2",
                 "follow_links": True}) as f, f.server() as s:
        f.write("pods/default_web_uid/nginx/0.log", "".join(line % i for i in range(20)))
        os.mkdir(f.file("containers"))
        os.symlink("../pods/default_web_uid/nginx/0.log", f.file("containers/" + name))
        until(lambda: s.count("ContainerLogV2") == 20)
        s.stop()
        f.write("pods/default_web_uid/nginx/0.log", line % 20)
        os.rename(f.file("pods/default_web_uid/nginx/0.log"), f.file("pods/default_web_uid/nginx/0.log.20260102-030405"))
        f.write("pods/default_web_uid/nginx/0.log", line % 21)
        s.start()
        until(lambda: s.count("ContainerLogV2") == 22)
        equal(s.query("ContainerLogV2 | summarize n = dcount(tostring(LogMessage), 4) by PodName"),
              [{"PodName": "web", "n": 22}])


def test_packed_files_and_files_without_last_line_end():
    with Folder({"name": "app", "path": "in/*", "mode": "once"}) as f, f.server() as s:
        line = '{"N": %d, "TimeGenerated": "' + TIME + '"}\n'
        os.mkdir(f.file("in"))
        with gzip.open(f.file("in/a.gz"), "wt") as out:
            out.write("".join(line % i for i in range(1000)))
        f.write("in/b.ndjson", (line % 1000 + line % 1001).rstrip("\n"))
        wait_for(s, 1002)
        s.stop().start()
        with gzip.open(f.file("in/a.gz"), "at") as out:  # one more member
            out.write(line % 1002)
        wait_for(s, 1003)


def test_json_arrays_are_read_as_a_whole():
    with Folder({"name": "app", "path": "*.json", "format": "json", "mode": "once"}) as f, f.server() as s:
        f.write("a.json", json.dumps([{"N": i, "TimeGenerated": TIME} for i in range(10)], indent=1))
        f.write("bad.json", '[{"N": 1},')
        wait_for(s, 10)
        until(lambda: "the file is refused" in s.read_log())
        rows = until(lambda: s.query("VedetteIngestion | where Rejected > 0 | summarize sum(Rejected) by Source, Reason"))
        equal(rows, [{"Source": "file:app", "Reason": "malformed", "sum_Rejected": 2}])


def test_csv_with_other_names_and_separator():
    with Folder({"name": "csv", "path": "*.csv", "format": "csv", "separator": ";",
                 "map": {"Nummer": "N", "Zeit": "TimeGenerated"}},
                {"name": "bare", "path": "bare/*", "format": "csv", "table": "Bare_CL",
                 "columns": ["N", "Text"]}) as f, f.server() as s:
        f.write("a.csv", "Nummer;Zeit;Text\n" + "".join('%d;%s;"a;""b\n"\n' % (i, TIME) for i in range(5)))
        f.write("bare/x", "".join("%d,t%d\n" % (i, i) for i in range(5)))
        wait_for(s, 5)
        equal(s.query("App_CL | take 1 | project Text, TimeGenerated")[0],
              {"Text": 'a;"b\n', "TimeGenerated": "2026-01-02T03:04:05.0000000Z"})
        f.write("a.csv", "5;%s;late\n" % TIME)
        wait_for(s, 6)
        wait_for(s, 5, "Bare_CL")
        equal(s.query("Bare_CL | where toint(N) == 3")[0]["Text"], "t3")


def test_containers():
    pod = "pods/default_web-7d4b_0b1c-uid/nginx/"
    link = "web-7d4b_default_nginx-" + "ab" * 32 + ".log"
    lines = ("2026-01-02T03:04:05.123456789Z stdout P one \n"
             "2026-01-02T03:04:05.2Z stderr F bad\n"
             "2026-01-02T03:04:05.3Z stdout F two\n"
             '2026-01-02T04:04:05.4+01:00 stdout F {"level": "info", "n": 1}\n')
    docker = "".join(json.dumps({"log": log, "stream": "stdout", "time": "2026-01-02T03:04:05.5Z"}) + "\n"
                     for log in ("docker ", "joined\n"))
    with Folder({"name": "pods", "path": "pods/*/*/*.log", "format": "cri", "table": "ContainerLogV2",
                 "computer": "node1"},
                {"name": "links", "path": "containers/*.log", "format": "container",
                 "table": "ContainerLogV2"}) as f, f.server() as s:
        f.write(pod + "0.log", lines)
        f.write("containers/" + "cd" * 32 + "-json.log", docker)
        f.write("elsewhere/x.log", lines)
        os.symlink(f.file("elsewhere/x.log"), f.file("containers/" + link))
        until(lambda: s.count("ContainerLogV2") == 4)
        rows = s.query("ContainerLogV2 | where Computer == 'node1' | extend LogMessage = tostring(LogMessage) | order by TimeGenerated asc")
        equal([(r["LogMessage"], r["LogSource"], r["TimeGenerated"]) for r in rows],
              [("one two", "stdout", "2026-01-02T03:04:05.1234567Z"), ("bad", "stderr", "2026-01-02T03:04:05.2000000Z"),
               ('{"level":"info","n":1}', "stdout", "2026-01-02T03:04:05.4000000Z")])
        equal({(r["PodName"], r["PodNamespace"], r["ContainerName"], r["KubernetesMetadata"]) for r in rows},
              {("web-7d4b", "default", "nginx", '{"podUid":"0b1c-uid"}')})
        rows = s.query("ContainerLogV2 | where ContainerId == '%s' | extend LogMessage = tostring(LogMessage)" % ("cd" * 32))
        equal([r["LogMessage"] for r in rows], ["docker joined"])
        until(lambda: "leads out of" in s.read_log())  # a link to another folder, which is not allowed here
        rows = until(lambda: s.query("VedetteIngestion | where Source == 'file:links' and Reason != ''"))
        equal((rows[0]["Reason"], rows[0]["Rejected"]), ("unreadable_file", 1))


def trail(first, n):
    return {"Records": [{"eventVersion": "1.08", "eventTime": TIME, "eventName": "Event%d" % i, "awsRegion": "eu-north-1",
                         "eventSource": "s3.amazonaws.com", "requestParameters": {"key": "x" * 300}}
                        for i in range(first, first + n)]}


def events(server):
    return [int(row["EventName"][5:]) for row in server.query(
        "AWSCloudTrail | project EventName | order by toint(substring(EventName, 5)) asc")]


def test_a_folder_of_cloudtrail():
    """Files of many megabytes that are one object; a server that dies in the middle of them."""
    with Folder({"name": "aws", "path": "AWSLogs", "format": "cloudtrail", "table": "AWSCloudTrail"}) as f, f.server() as s:
        os.mkdir(f.file("AWSLogs"))
        with gzip.open(f.file("AWSLogs/a.json.gz"), "wt") as out:
            json.dump(trail(0, 20000), out)
        f.write("AWSLogs/b.json", json.dumps(trail(20000, 5000)))
        until(lambda: len(events(s)) > 0)
        s.kill().start()
        until(lambda: len(events(s)) >= 25000)
        equal(events(s), list(range(25000)))
        f.write("AWSLogs/c.json", json.dumps(trail(25000, 400))[:-20])  # cut off in the last record
        until(lambda: len(events(s)) >= 25399)
        equal(events(s), list(range(25399)))
        rows = s.query("VedetteIngestion | where Source == 'file:aws' and Reason != 'duplicate' | summarize sum(Stored), sum(Rejected) by Reason")
        equal(sorted((r["Reason"], r["sum_Stored"], r["sum_Rejected"]) for r in rows),
              [("", 25399, 0), ("malformed", 0, 1)])


ZEEK = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tuid\tquery\n#types\ttime\tstring\tstring\n"


def test_logs_of_zeek_grow_and_rotate():
    def names(s):
        answer = s.ask("Zeek_dns_CL | project query_s = column_ifexists('query_s', column_ifexists('query', ''))")
        return [] if answer.status == 400 else sorted(row[0] for row in answer.json()["tables"][0]["rows"])
    with Folder({"name": "zeek", "path": "dns*.log", "format": "zeek", "table": None}) as f, f.server() as s:
        f.write("dns.log", ZEEK[:60])  # the header comes in parts
        until(lambda: s.metrics().get('vedette_source_files{source="zeek"}') == 1)
        f.write("dns.log", ZEEK[60:] + "1767323045.5\tC1\tone.example\n")
        until(lambda: names(s) == ["one.example"])
        f.write("dns.log", "1767323046.5\tC2\ttwo.example\n")
        until(lambda: len(names(s)) == 2)
        s.stop()
        os.rename(f.file("dns.log"), f.file("dns.1.log"))
        f.write("dns.1.log", "1767323047.5\tC3\tthree.example\n#close\t2026-01-02\n")
        f.write("dns.log", ZEEK.replace("#fields\tts\tuid\tquery", "#fields\tts\tquery\tuid") + "1767323048.5\tfour.example\tC4\n")
        s.start()
        until(lambda: len(names(s)) == 4)
        equal(names(s), ["four.example", "one.example", "three.example", "two.example"])


def test_diagnostic_settings_and_event_logs():
    azure = {"name": "azure", "path": "azure", "format": "azure", "table": None}
    once = {"name": "logs", "path": "evtx", "format": "windows", "mode": "once", "table": None}
    lines = {"name": "lines", "path": "lines", "format": "windows", "table": None}
    record = '{"category":"%s","time":"' + TIME + '","operationName":"x","properties":{"id":"%d"}}\n'
    with Folder(azure, once, lines) as f, f.server() as s:
        f.write("azure/y=2026/PT1H.json", record % ("SignInLogs", 1))
        f.write("azure/PT1H.json", record % ("SignInLogs", 1) + record % ("AuditLogs", 2))
        until(lambda: [r["n"] for r in s.query("union SigninLogs, AuditLogs | summarize n = count()")] == [2])
        f.write("azure/PT1H.json", record % ("AuditLogs", 3))
        until(lambda: s.query("AuditLogs | count")[0]["Count"] == 2)
        for folder in ("evtx", "lines"):
            os.makedirs(f.file(folder), exist_ok=True)
            with open(f.file(folder + "/Security.evtx"), "wb") as out:
                out.write(test_formats.some_log().file())
        until(lambda: s.query("SecurityEvent | count")[0]["Count"] == 3)
        until(lambda: "can't be read line by line" in s.read_log())
        contains(s.read_log(), "mode once")


def test_a_line_that_is_too_long_goes_to_the_dead_letters():
    with Folder({"name": "app", "path": "app.log"}) as f, f.server() as s:
        f.lines("app.log", 0, 2)
        f.write("app.log", '{"Text": "%s"}\n' % ("y" * (9 << 20)))
        f.lines("app.log", 2, 2)
        wait_for(s, 4)
        rows = s.query("VedetteDeadLetter | project Source, Reason, RawBytes")
        equal(rows, [{"Source": "file:app", "Reason": "malformed", "RawBytes": 4 << 20}])


def raw(server, table="App_CL"):
    answer = server.ask(table + " | project RawData | order by RawData asc")
    return [row[0] for row in answer.json()["tables"][0]["rows"]] if answer.status == 200 else []


TRACE = "2026-01-02 boom %d\n  at a(b.java:1)\n\n  at c(d.java:2)\nCaused by: x\n"


def test_lines_of_one_event_are_joined():
    source = {"name": "app", "path": "app.log", "format": "text", "multiline": r"^\d{4}-\d\d-\d\d ", "multiline_wait": "1s"}
    with Folder(source) as f, f.server() as s:
        f.write("app.log", TRACE % 1 + "2026-01-02 plain\n")
        until(lambda: raw(s) == [(TRACE % 1).rstrip("\n"), "2026-01-02 plain"])  # the second after the wait
        row = s.query("App_CL | take 1")[0]
        equal(row["FilePath"], f.file("app.log"))
        equal(bool(row["Computer"]), True)
        f.write("app.log", "2026-01-02 last\n")
        os.rename(f.file("app.log"), f.file("app.log.1"))
        f.write("app.log", "2026-01-02 more\n  at e\n")
        until(lambda: len(raw(s)) == 4)
        equal([r for r in raw(s) if "last" in r or "more" in r], ["2026-01-02 last", "2026-01-02 more\n  at e"])
        equal(s.count("VedetteDeadLetter"), 0)


def test_an_event_waits_over_restarts_and_has_limits():
    source = {"name": "app", "path": "app.log", "format": "text", "multiline": "^# ", "multiline_wait": "1h", "multiline_lines": 3}
    with Folder(source) as f, f.server() as s:
        f.write("app.log", "# 1\n a\n# 2\n b\n")
        until(lambda: raw(s) == ["# 1\n a"])
        s.kill()
        f.write("app.log", " c\n d\n e\n# 3\n")
        s.start()
        until(lambda: len(raw(s)) == 3)
        equal(raw(s), [" d\n e", "# 1\n a", "# 2\n b\n c"])


def test_traces_in_a_file_of_syslog():
    source = {"name": "log", "path": "messages", "format": "syslog", "table": None, "mode": "once", "multiline": r"^\S{3} +\d+ "}
    with Folder(source) as f, f.server() as s:
        f.write("messages", "Jan  2 03:00:00 h app[7]: boom\n\tat a\n\tat b\nJan  2 03:00:01 h app[7]: fine\n")
        until(lambda: s.count("Syslog") == 2)
        rows = s.query("Syslog | order by SyslogMessage asc | project SyslogMessage, ProcessID, HostName")
        equal([list(r.values()) for r in rows], [["boom\n\tat a\n\tat b", 7, "h"], ["fine", 7, "h"]])


def test_from_the_end_and_from_the_start():
    with Folder({"name": "new", "path": "app.log", "start": "end"}) as f:
        f.lines("app.log", 0, 10)
        f.write("app.log", '{"N": 99')
        with f.server() as s:
            until(lambda: s.metrics().get('vedette_source_files{source="new"}') == 1)
            time.sleep(0.5)
            f.write("app.log", "}\n")
            f.lines("app.log", 0, 3)
            wait_for(s, 3)


def test_wrong_sources_are_refused():
    def refused(source, wanted):
        with Folder(source) as f:
            code, _, error = run("config", "check", "--config", f.config)
            equal(code, 2)
            contains(error, wanted)

    refused({"name": "a b", "path": "x"}, "name: up to 64 letters")
    refused({"name": "a", "path": "x", "format": "xls"}, "format: ndjson, json, csv")
    refused({"name": "a", "path": "x", "tabel": "X"}, "did you mean 'table'")
    refused({"name": "a", "path": "../x"}, "absolute path without '..'")
    refused({"name": "a", "path": "x", "separator": ";;"}, "separator: one character")
    with Folder({"name": "a", "path": "x"}, {"name": "A", "path": "y"}) as f:
        contains(run("config", "check", "--config", f.config)[2], "is there twice")
    with Folder({"name": "a", "path": "x", "workspace": "none"}) as f:
        code, _, error = run("serve", "--config", f.config, "--listen", "127.0.0.1:0", data=os.path.join(f.path, "d"))
        equal(code, 1)
        contains(error, "there is no workspace 'none'")
