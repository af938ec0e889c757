"""A backup that is made while records come in, and what a server over the restored folder finds."""
import json
import os
import shutil
import tempfile
import threading
import uuid

from vedette import Server, contains, equal, run, until

SENDERS, BATCH = 3, 50
RULE = """
id: %s
name: Bad
kind: Scheduled
severity: High
query: Heartbeat | where Computer == "bad"
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [Execution]
relevantTechniques: [T1059]
version: 1.0.0
"""


class Columns(threading.Thread):
    """Sends records that each bring a new column, and to new tables, until it is told to end."""

    def __init__(self, server):
        super().__init__()
        self.server, self.sent, self.ended, self.problem = server, 0, False, None

    def run(self):
        workspace = self.server.workspace()["id"]
        try:
            while not self.ended:
                path = "/vedette/v1/workspaces/%s/records/Wide%d_CL?format=ndjson" % (workspace, self.sent // 200)
                answer = self.server.post(path, json.dumps({"n": self.sent, "c%d" % self.sent: "x"}))
                assert answer.status == 200, answer
                self.sent += 1
        except Exception as problem:  # told in the test's own thread
            self.problem = problem


class Sealer(threading.Thread):
    """Seals and merges without a pause until it is told to end."""

    def __init__(self, server):
        super().__init__()
        self.server, self.sealed, self.ended, self.problem = server, 0, False, None

    def run(self):
        path = "/vedette/v1/workspaces/%s/" % self.server.workspace()["id"]
        try:
            while not self.ended:
                answer = self.server.post(path + "seal?table=Heartbeat")
                assert answer.status == 200, answer
                self.sealed += answer.json()["rows"]
                assert self.server.post(path + "compact").status == 200
        except Exception as problem:  # told in the test's own thread
            self.problem = problem


class Stream(threading.Thread):
    """Sends numbered batches, one after the other, until it is told to end."""

    def __init__(self, server, name):
        super().__init__()
        self.server, self.name, self.acknowledged = server, name, 0
        self.ended, self.problem = False, None

    def run(self):
        connection = self.server.connect()
        try:
            while not self.ended:
                first = self.acknowledged
                records = [{"Computer": self.name, "OSType": str(first + i)} for i in range(BATCH)]
                answer = self.server.post_logs("Microsoft-Heartbeat", records, connection=connection)
                assert answer.status == 204, answer
                self.acknowledged += BATCH
        except Exception as problem:  # told in the test's own thread
            self.problem = problem


def folder():
    return os.path.join(tempfile.mkdtemp(prefix="vedette-backup-"), "b")


def test_a_backup_while_records_come():
    target, data = folder(), folder()
    with Server("--requests-per-second", "100000") as s:
        streams = [Stream(s, "s%d" % i) for i in range(SENDERS)]
        columns, sealer = Columns(s), Sealer(s)
        columns.start()
        sealer.start()
        incident = {"properties": {"title": "Kept", "severity": "Low", "status": "New"}}
        equal(s.arm("PUT", "/incidents/" + str(uuid.uuid4()), incident).status, 201)
        client, secret, tenant = s.client_id, s.secret, s.tenant
        for stream in streams:
            stream.start()
        until(lambda: all(x.acknowledged >= 500 for x in streams))
        until(lambda: columns.sent >= 20 and sealer.sealed > 0)
        before, width = {x.name: x.acknowledged for x in streams}, columns.sent
        code, said, problem = run("backup", target, data=s.data)
        equal((code, problem), (0, ""))
        contains(said, "files")
        after = {x.name: x.acknowledged + BATCH for x in streams}
        for stream in [*streams, columns, sealer]:
            stream.ended = True
            stream.join()
            assert stream.problem is None, stream.problem
        assert not [f for f in os.listdir(os.path.join(s.data, "workspaces", s.workspace()["id"]))
                    if "snapshot" in f]
    equal(run("restore", target, data=data)[0], 0)
    equal(run("check", data=data)[0], 0)
    with Server(data=data) as s:
        for row in s.query("Heartbeat | summarize n = count(), d = dcount(OSType, 4), least = "
                           "min(toint(OSType)), most = max(toint(OSType)) by Computer"):
            # All that was acknowledged before, a whole beginning of what came during it, nothing twice.
            assert before[row["Computer"]] <= row["n"] <= after[row["Computer"]], (row, before, after)
            equal((row["least"], row["most"]), (0, row["n"] - 1))
            equal(row["n"] % BATCH, 0)
        equal(s.query("Heartbeat | summarize n = count() by Computer, OSType | where n > 1"), [])
        assert s.query("union Wide*_CL | summarize n = max(toint(n))")[0]["n"] + 1 >= width
        equal(s.query("VedetteIngestion | where TableName == 'Heartbeat' | summarize n = sum(Stored)")[0]["n"],
              s.count("Heartbeat"))
        equal(s.arm("GET", "/incidents").json()["value"][0]["properties"]["title"], "Kept")
        equal(s.count("SecurityIncident"), 1)
        s.tenant = tenant
        equal(s.sign_in(client, secret).status, 200)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "after"}]).status, 204)
    shutil.rmtree(os.path.dirname(target))
    shutil.rmtree(os.path.dirname(data))


def test_keys_and_rules_go_on_in_the_copy():
    target, data = folder(), folder()
    with Server(clock="2026-01-01T00:00:00Z") as s:
        equal(s.import_rule(RULE % uuid.uuid4()).status, 200)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "bad"}], request_id="once").status, 204)
        s.move_clock("2026-01-01T02:00:00Z")
        alerts = s.count("SecurityAlert")
        equal(alerts, 1)
        client, secret = s.application("Monitoring Metrics Publisher")
        token = s.token(client, secret)
        equal(s.post("/vedette/v1/backup", {"directory": target}).status, 200)
        equal(oct(os.stat(target).st_mode & 0o777), "0o700")
    equal(run("restore", target, data=data)[0], 0)
    with Server(clock="2026-01-01T02:00:00Z", data=data) as s:
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "bad"}], token=token).status, 204)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "bad"}], request_id="once").status, 204)
        equal(s.count("Heartbeat"), 2, "the repeated request was recognised")
        s.move_clock("2026-01-01T03:10:00Z")
        equal(s.count("SecurityAlert"), alerts + 1)
    shutil.rmtree(os.path.dirname(target))
    shutil.rmtree(os.path.dirname(data))


def test_a_copy_lies_outside_of_what_it_copies():
    base, lake = tempfile.mkdtemp(prefix="vedette-backup-"), tempfile.mkdtemp(prefix="vedette-lake-")
    with Server("--lake-dir", lake) as s:
        link = os.path.join(base, "link")
        os.symlink(s.data, link)
        for place in (s.data, s.data + "/b", s.data + "/workspaces/b/", s.data + "/../%s/b" % os.path.basename(s.data), link, link + "/b",
                      lake + "/b"):
            for what in ("backup", "export"):
                answer = s.post("/vedette/v1/" + what, {"directory": place})
                equal(answer.status, 400, place)
                contains(answer.json()["error"]["message"], "choose a folder elsewhere")
            assert os.path.realpath(place) in (s.data, os.path.realpath(s.data)) or not os.path.exists(place), place
        code, _, said = run("backup", s.data + "/b", data=s.data)
        equal(code, 1)
        contains(said, "is inside of the data folder")
        equal(s.post("/vedette/v1/backup", {"directory": os.path.join(base, "b/")}).status, 200)
        equal(s.post("/vedette/v1/export", {"directory": s.data + "-beside"}).status, 200)
        shutil.rmtree(s.data + "-beside")
    shutil.rmtree(base)
    shutil.rmtree(lake)


def test_what_is_refused():
    target, data = folder(), folder()
    with Server() as s:
        equal(s.post("/vedette/v1/backup", {"directory": "relative"}).status, 400)
        equal(s.post("/vedette/v1/backup", {}).status, 400)
        client, secret = s.application("Microsoft Sentinel Contributor")
        equal(s.post("/vedette/v1/backup", {"directory": target}, token=s.token(client, secret)).status, 403)
        equal(run("backup", target, data=s.data)[0], 0)
        code, _, said = run("backup", target, data=s.data)
        equal(code, 1)
        contains(said, "is not empty")
        code, _, said = run("restore", target, data=s.data)
        equal(code, 1)
        contains(said, "is not empty")

    with open(os.path.join(target, "backup.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    database = [x["path"] for x in manifest["files"] if x["path"].endswith("hot.duckdb")][0]

    def tamper(path, at=100):
        with open(os.path.join(target, path), "r+b") as f:
            f.seek(at)
            byte = f.read(1)
            f.seek(at)
            f.write(bytes([byte[0] ^ 1]))

    equal(run("restore", "--check", target)[0], 0)
    tamper(database)
    code, _, said = run("restore", "--check", target)
    equal(code, 1)
    contains(said, "is not what the backup wrote")
    code, _, said = run("restore", target, data=data)
    equal(code, 1)
    contains(said, "is not what the backup wrote")
    assert not os.path.exists(data)
    code, _, said = run("restore", target, data=data)
    contains(said, "is in the way")
    shutil.rmtree(data + ".restoring")
    tamper(database)

    for path in ("../x", "/etc/x", "a//b", "a/../../b", ""):
        with open(os.path.join(target, "backup.json"), "w", encoding="utf-8") as f:
            json.dump({**manifest, "files": [{**manifest["files"][0], "path": path}]}, f)
        code, _, said = run("restore", target, data=data)
        equal(code, 1)
        contains(said, "is not the path of a file in a backup")
        assert not os.path.exists(data + ".restoring")
    os.unlink(os.path.join(target, "backup.json"))
    code, _, said = run("restore", target, data=data)
    contains(said, "no backup")
    shutil.rmtree(os.path.dirname(target))


def test_without_a_server():
    target, data = folder(), folder()
    s = Server()
    s.post_logs("Microsoft-Heartbeat", [{"Computer": "x"}])
    s.stop()
    equal(run("backup", target, data=s.data)[0], 0)
    equal(run("restore", target, data=data)[0], 0)
    with Server(data=data) as copy:
        equal(copy.count("Heartbeat"), 1)
    shutil.rmtree(s.data)
    shutil.rmtree(os.path.dirname(target))
    shutil.rmtree(os.path.dirname(data))


def test_what_a_crash_left_is_removed():
    s = Server()
    left = os.path.join(s.data, "workspaces", s.workspace()["id"], "snapshot.duckdb")
    s.kill()
    with open(left, "wb") as f:
        f.write(b"half")
    s.start()
    assert not os.path.exists(left)
    target = folder()
    equal(s.post("/vedette/v1/backup", {"directory": target}).status, 200)
    s.close()
    shutil.rmtree(os.path.dirname(target))
