"""vedette ingest: Parquet, CSV with other names, container logs, and files that come twice."""
import gzip
import json
import os
import shutil
import tempfile

from vedette import Server, contains, equal, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Files:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="vedette-import-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name, content):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return path


def ingest(server, *words, stdin=None):
    code, out, error = run("ingest", *words, data=server.data, stdin=stdin)
    equal((code, error), (0, ""))
    return out


def lines(n, first=0):
    return "".join('{"N": %d, "TimeGenerated": "2026-01-02T03:04:05Z"}\n' % i for i in range(first, first + n))


def test_a_file_is_stored_once():
    with Server() as s, Files() as f:
        a, copy, b = f.write("a.ndjson", lines(5)), f.write("copy.ndjson", lines(5)), f.write("b.ndjson", lines(3, 5))
        contains(ingest(s, "--table", "App_CL", a), "5 records: 5 stored, 0 rejected")
        out = ingest(s, "--table", "App_CL", a, copy, b)
        contains(out, "a.ndjson: stored already (20")
        contains(out, "copy.ndjson: stored already (20")
        contains(out, "3 records: 3 stored, 0 rejected")
        equal(s.count("App_CL"), 8)
        ingest(s, "--table", "Other_CL", a)
        equal(s.count("Other_CL"), 5)
        ingest(s, "--table", "App_CL", "--again", a)
        equal(s.count("App_CL"), 13)
        for _ in range(2):  # standard input has no name
            ingest(s, "--table", "In_CL", "-", stdin=lines(2))
        equal(s.count("In_CL"), 4)
        s.stop()
        contains(ingest(s, "--table", "App_CL", a), "stored already")  # without a server, too
        s.start()
        equal(s.count("App_CL"), 13)


def test_an_import_that_was_broken_off_goes_on():
    with Server() as s, Files() as f:
        good = lines(120_000)  # several chunks
        path = f.write("a.gz", gzip.compress(good.encode())[:-20000])
        code, _, error = run("ingest", "--table", "App_CL", path, data=s.data)
        equal(code, 1)
        contains(error, "damaged or cut off")
        before = s.count("App_CL")
        code, out, _ = run("ingest", "--table", "App_CL", path, data=s.data)
        equal((code, s.count("App_CL")), (1, before))
        contains(out, "%d more were stored before" % before if before else "")


def test_parquet():
    with Server() as s:
        path = os.path.join(ROOT, "tests", "data", "records.parquet")
        contains(ingest(s, "--table", "Lake_CL", path), "20 records: 20 stored, 0 rejected")
        rows = s.query("Lake_CL | order by TimeGenerated asc | take 4")
        row = rows[1]
        equal((row["TimeGenerated"], row["N"], row["Text"], row["Even"], row["Share"], json.loads(row["Detail"])),
              ("2026-01-02T03:04:06.0000000Z", 1, "row 1", False, 0.25, {"a": 1, "b": [1, 2]}))
        contains(ingest(s, "--table", "Lake_CL", path), "stored already")
        equal(s.query("Lake_CL | where N == 3 | project isnan(Share)"), [{"Column1": True}])
        types = {r["ColumnName"]: r["ColumnType"] for r in s.query("Lake_CL | getschema")}
        equal({k: types[k] for k in ("N", "Text", "Detail", "Even", "Share")},
              {"N": "long", "Text": "string", "Detail": "dynamic", "Even": "bool", "Share": "real"})
        with Files() as f:
            code, _, error = run("ingest", "--table", "Lake_CL", f.write("x.parquet", "PAR1 nothing"), data=s.data)
            equal(code, 1)
            contains(error, "x.parquet")


def test_csv_with_names_and_separator():
    with Server() as s, Files() as f:
        a = f.write("a.csv", 'Konto;Zeit\n"a;b";2026-01-02T03:04:05Z\n')
        b = f.write("b.csv", "x\t7\ny\t8\n")
        ingest(s, "--table", "A_CL", "--separator", ";", "--map", "Konto=Account,Zeit=TimeGenerated", a)
        equal(s.query("A_CL | project Account, TimeGenerated"),
              [{"Account": "a;b", "TimeGenerated": "2026-01-02T03:04:05.0000000Z"}])
        ingest(s, "--table", "B_CL", "--format", "csv", "--separator", "tab", "--columns", "Name,N", b)
        equal(s.query("B_CL | where Name == 'y' | project toint(N)"), [{"N": 8}])
        stray = f.write("stray.csv", "A,B\n" + '5" disk,x\n' * 900_000)  # quotes inside of fields open nothing
        contains(ingest(s, "--table", "Stray_CL", stray), "900000 records: 900000 stored, 0 rejected")
        for words, wanted in ((("--separator", ";;"), "one character"), (("--map", "a"), "pairs such as"),
                              (("--columns", "a,,b"), "names such as")):
            code, _, error = run("ingest", "--table", "A_CL", *words, a, data=s.data)
            equal(code, 1)
            contains(error, wanted)


def test_container_logs():
    with Server() as s, Files() as f:
        cri = f.write("pods/ns_pod_uid/app/0.log", "2026-01-02T03:04:05.5Z stdout P half \n2026-01-02T03:04:06Z stdout F done\n"
                      "2026-01-02T03:04:07Z stderr F last, without end")
        docker = f.write("%s/%s-json.log" % ("ab" * 32, "ab" * 32),
                         '{"log":"{\\"n\\":1}\\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}\n')
        ingest(s, "--table", "ContainerLogV2", "--format", "cri", cri)
        ingest(s, "--table", "ContainerLogV2", "--format", "docker", docker)
        rows = s.query("ContainerLogV2 | order by TimeGenerated asc | project LogMessage = tostring(LogMessage), LogSource, "
                       "PodName, PodNamespace, ContainerName, n = toint(LogMessage.n), ContainerId")
        equal([(r["LogMessage"], r["LogSource"], r["PodName"], r["n"]) for r in rows],
              [('{"n":1}', "stdout", "", 1), ("half done", "stdout", "pod", None),
               ("last, without end", "stderr", "pod", None)])
        equal((rows[0]["ContainerId"], rows[1]["PodNamespace"], rows[1]["ContainerName"]), ("ab" * 32, "ns", "app"))
