"""Sealed rows in a folder elsewhere: queries, commands without a server, moves, and backups."""
import glob
import os
import shutil
import tempfile

from vedette import Server, contains, equal, run

CLOCK = "2026-01-02T03:04:05Z"


class Place:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="vedette-lake-")
        self.lake = os.path.join(self.path, "lake")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def folder(self, name):
        return os.path.join(self.path, name)


def send(server, n):
    rows = [{"TimeGenerated": CLOCK, "Computer": "h%d" % i} for i in range(n)]
    equal(server.post_logs("Microsoft-Syslog", rows).status, 204)


def seal(server):
    equal(run("tables", "seal", data=server.data)[0], 0)


def parts(folder):
    return glob.glob(os.path.join(folder, "**", "*.parquet"), recursive=True)


def refused(server, expected):
    try:
        server.start()
    except RuntimeError as problem:
        server.process = None
        contains(str(problem), expected)
        return
    raise AssertionError("the server has started")


def test_parts_lie_in_the_folder_that_is_set_and_can_be_moved():
    with Place() as p, Server("--lake-dir", p.lake, clock=CLOCK) as s:
        send(s, 10)
        seal(s)
        equal((len(parts(p.lake)) > 0, parts(s.data)), (True, []))
        send(s, 5)
        equal(s.count("Syslog"), 15)
        s.stop()
        code, out, err = run("query", "Syslog | count", data=s.data)  # finds the folder by itself
        equal((code, "15" in out), (0, True), out + err)
        s.settings[1] = p.folder("other")
        refused(s, "lake_dir has changed")
        s.settings[1] = p.lake
        s.start()
        equal(s.count("Syslog"), 15)
        s.stop()
        os.rename(p.lake, p.folder("moved"))
        refused(s, "is its disk mounted?")
        s.settings[1] = p.folder("moved")
        s.start()
        seal(s)
        equal((s.count("Syslog"), run("check", data=s.data)[0]), (15, 0))
        with Server("--lake-dir", p.folder("moved"), clock=CLOCK, start=False) as other:
            refused(other, "another server uses")
        s.stop()
        workspace = os.listdir(os.path.join(s.data, "workspaces"))[0]
        shutil.move(os.path.join(p.folder("moved"), workspace), os.path.join(s.data, "workspaces", workspace, "lake"))
        s.settings[1] = ""
        s.start()
        equal(s.count("Syslog"), 15)


def test_a_backup_has_the_parts_and_an_export_too():
    with Place() as p, Server("--lake-dir", p.lake, clock=CLOCK) as s:
        send(s, 10)
        seal(s)
        send(s, 5)
        code, out, err = run("backup", p.folder("backup"), data=s.data)
        equal(code, 0, out + err)
        equal(run("restore", "--data", p.folder("data"), p.folder("backup"))[0], 0)
        equal(len(parts(p.folder("data"))), len(parts(p.lake)))
        with Server(data=p.folder("data"), clock=CLOCK) as copy:
            equal(copy.count("Syslog"), 15)
        code, out, err = run("export", p.folder("out"), data=s.data)
        equal(code, 0, out + err)
        with Server("--lake-dir", p.folder("third"), clock="2026-01-03T00:00:00Z") as third:
            third.stop()
            code, out, err = run("import", "--name", "copy", p.folder("out"), data=third.data)
            equal(code, 0, out + err)
            third.start()
            copy = next(w for w in third.get("/vedette/v1/workspaces").json()["value"] if w["name"] == "copy")
            rows = third.post("/v1/workspaces/%s/query" % copy["id"], {"query": "Syslog | count"}).json()
            equal(rows["tables"][0]["rows"], [[15]])
            equal(len(parts(os.path.join(p.folder("third"), copy["id"]))) > 0, True)
