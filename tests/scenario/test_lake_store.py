"""Sealed rows in an S3-compatible store: uploads, the cache, fetching, what goes, and a store that does not do as it should."""
import glob
import json
import os
import random
import shutil
import tempfile
import threading

from s3_store import KEY, SECRET, Store
from vedette import Server, contains, equal, run, until

CLOCK = "2026-01-20T03:04:05Z"
KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


def serving(store, *more, cache="1", start=True, clock=CLOCK, **options):
    """cache 1: each part leaves as soon as it may."""
    return Server("--lake-store", "s3://%s/siem" % store.bucket, "--lake-store-endpoint", store.endpoint, "--lake-cache", cache,
                  *more, env=KEYS, clock=clock, start=start, **options)


def send(server, day, n, text="line", table="Syslog"):
    rows = [{"TimeGenerated": "2026-01-%02dT01:00:00Z" % day, "Computer": "h%d" % i, "SyslogMessage": "%s %d" % (text, i)}
            for i in range(n)]
    equal(server.post_logs("Microsoft-" + table, rows).status, 204)


def seal(server, table="Syslog"):
    equal(run("tables", "seal", table, data=server.data)[0], 0)


def local(server, table="Syslog", end="parquet"):
    return sorted(glob.glob(os.path.join(server.data, "workspaces", "*", "lake", table, "**", "*." + end), recursive=True))


def remote(store, table="Syslog", end="parquet"):
    with store.lock:
        return sorted(k for k in store.objects if "/%s/" % table in k and k.endswith("." + end))


def metric(server, name):
    values = server.metrics()
    return values.get("vedette_lake_" + name, values.get('vedette_lake_%s{workspace="default"}' % name))


def settled(server):
    """Everything is uploaded, and what may leave has left."""
    until(lambda: metric(server, "waiting_parts") == 0)


def away(server, parts):
    until(lambda: (metric(server, "waiting_parts"), metric(server, "away_parts")) == (0, parts))


def filled(server, days=(18, 19), n=50):
    """A part a day, only in the store."""
    for day in days:
        send(server, day, n, "day%d" % day)
    seal(server)
    away(server, len(days))


def gets(store, table="Syslog", end=".parquet"):
    return [r for r in store.asked("GET") if "/%s/" % table in r[1] and r[1].endswith(end)]


def test_parts_are_uploaded_leave_and_come_back():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s)
        equal((len(remote(store)), local(s)), (2, []))
        equal((len(remote(store, end="terms")), len(local(s, end="terms"))), (2, 2))
        equal(gets(store), [])
        equal(s.count("Syslog"), 100)
        equal(len(gets(store)), 2)
        equal(s.query('Syslog | where TimeGenerated > datetime(2026-01-19) | summarize n = dcount(Computer)'), [{"n": 50}])
        away(s, 2)
        seen = len(gets(store))
        # What the time range or the index of terms leaves out is not fetched.
        equal(s.query("Syslog | where TimeGenerated < datetime(2026-01-10) | count"), [{"Count": 0}])
        equal(s.query('Syslog | where SyslogMessage has "nowhere" | count'), [{"Count": 0}])
        equal(len(gets(store)), seen)
        explained = s.post("/vedette/v1/workspaces/%s/explain" % s.workspace()["id"], {"query": 'Syslog | where SyslogMessage has "day19"'})
        row = explained.json()["tables"][0]
        equal((row["parts"], row["leftOutByTerms"], row["toFetch"], len(gets(store))), (2, 1, 1, seen))
        equal(s.query('Syslog | where SyslogMessage has "day19" | count'), [{"Count": 50}])
        equal(len(gets(store)), seen + 1)
        listed = {t["name"]: t for t in s.get("/vedette/v1/workspaces/%s/tables" % s.workspace()["id"]).json()["value"]}
        equal(listed["Syslog"]["storeBytes"], listed["Syslog"]["bytes"])
        away(s, 2)
        s.restart(CLOCK)
        equal((local(s), s.count("Syslog")), ([], 100))
        equal(SECRET in s.read_log(), False, "a secret in the log")


def test_the_cache_keeps_what_was_read_last():
    with Store() as store, serving(store, "--max-past", "30d", cache="0") as s:
        for day in range(11, 19):
            send(s, day, 200, "day%d" % day)
        seal(s)
        settled(s)
        sizes = [os.path.getsize(p) for p in local(s)]
        equal(len(sizes), 8)
        s.stop()
        s.settings[s.settings.index("--lake-cache") + 1] = str(sum(sizes[:4]) + sizes[0] // 2)
        s.start(clock=CLOCK)
        until(lambda: metric(s, "away_parts") == 4)
        kept = [os.path.basename(os.path.dirname(p)) for p in local(s)]
        equal(kept, ["15", "16", "17", "18"])  # none was read: the oldest rows leave first
        ask = "Syslog | where TimeGenerated between (datetime(2026-01-%02d) .. datetime(2026-01-%02dT23:00)) | count"
        for day in (15, 16, 17, 12):
            equal(s.query(ask % (day, day)), [{"Count": 200}])
        until(lambda: [os.path.basename(os.path.dirname(p)) for p in local(s)] == ["12", "15", "16", "17"])
        equal(len(gets(store)), 1)
        equal(s.count("Syslog"), 1600)  # more than the cache holds
        until(lambda: metric(s, "away_parts") >= 4)


def test_a_store_that_does_not_answer_costs_only_what_is_only_there():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s)
        store.hook = lambda *_: (500, "InternalError")
        answer = s.ask("Syslog | count")
        equal((answer.status, answer.headers["retry-after"]), (503, "30"), answer)
        contains(answer.message(), "of table 'Syslog' is only in s3://logs/siem at http://127.0.0.1")
        contains(answer.message(), "status 500, InternalError")
        equal(s.query('Syslog | where SyslogMessage has "nowhere" | count'), [{"Count": 0}])
        send(s, 20, 10, "new")
        equal(s.query("Syslog | where TimeGenerated > datetime(2026-01-20) | count"), [{"Count": 10}])
        seal(s)
        equal(s.query("Syslog | where TimeGenerated > datetime(2026-01-20) | count"), [{"Count": 10}])
        until(lambda: metric(s, "store_failing") == 1)
        equal((metric(s, "waiting_parts"), len(local(s))), (1, 1))
        s.move_clock("2026-01-20T03:30:00Z")
        rows = 'Operation | where OperationCategory == "Storage" | project OperationStatus, Detail'
        until(lambda: len(s.query(rows)) == 1)
        contains(s.query(rows)[0]["Detail"], "s3://logs/siem does not do what it is asked")
        code, out, err = run("check", data=s.data)
        equal(code, 1)
        contains(err, "the store of parts can't be asked")
        contains(out, "0 damaged")
        s.restart("2026-01-20T04:00:00Z")  # needs no store
        equal(s.query("Syslog | where TimeGenerated > datetime(2026-01-20) | count"), [{"Count": 10}])
        store.hook = lambda *_: None
        away(s, 3)
        equal(s.count("Syslog"), 110)
        until(lambda: metric(s, "store_failing") == 0)


def test_uploads_that_are_behind_are_told_of_and_when_they_are_not():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        gate = threading.Event()
        store.hook = lambda method, path, _: gate.wait(60) and None if method == "PUT" and "/Syslog/" in path else None
        rows = 'Operation | where OperationCategory == "Storage" | sort by TimeGenerated asc | project OperationStatus, Detail'
        send(s, 19, 50)
        seal(s)
        s.move_clock("2026-01-20T04:00:00Z")
        equal(s.query(rows), [])
        s.move_clock("2026-01-20T04:10:00Z")
        until(lambda: len(s.query(rows)) == 1)
        contains(s.query(rows)[0]["Detail"], "Uploads to s3://logs/siem are behind: 1 sealed parts with")
        gate.set()
        away(s, 1)
        s.move_clock("2026-01-20T04:20:00Z")
        until(lambda: len(s.query(rows)) == 2)
        equal(s.query(rows)[1], {"OperationStatus": "Succeeded", "Detail": "s3://logs/siem takes what is uploaded again."})


def test_answers_that_are_cut_or_wrong_are_read_again_and_never_used():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s)
        spoiled = []

        def once(spoil):
            def hook(method, path, _query):
                if method == "GET" and path.endswith(".parquet") and path not in spoiled:
                    spoiled.append(path)
                    return spoil
                return None
            return hook

        store.hook = once(lambda data: data[:len(data) // 2])
        equal((s.count("Syslog"), len(spoiled)), (100, 2))
        away(s, 2)
        del spoiled[:]
        store.hook = once(lambda data: bytes([data[0] ^ 1]) + data[1:])
        equal((s.count("Syslog"), len(spoiled)), (100, 2))
        away(s, 2)
        store.hook = lambda method, path, _: (lambda data: bytes([data[0] ^ 1]) + data[1:]) if method == "GET" and "/Syslog/" in path else None
        answer = s.ask("Syslog | count")
        contains(answer.message(), "it is not what was uploaded: CRC-32")
        equal(local(s), [])
        store.hook = lambda *_: None
        equal(s.count("Syslog"), 100)
        equal(run("check", data=s.data)[0], 0)


def test_a_fetch_ends_with_the_querys_time_and_goes_on_later():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s, days=(18,))
        gate = threading.Event()
        store.hook = lambda method, path, _: gate.wait(60) and None if method == "GET" and "/Syslog/" in path else None
        answer = s.ask("set servertimeout = 1s; Syslog | count")
        contains(answer.message(), "timeout of 1 s")
        equal(local(s), [])
        gate.set()
        equal(s.count("Syslog"), 50)


LARGE_ROWS = 40000


def large(server, day=18, parts=1, rows=LARGE_ROWS, digits=280):
    """A part of some 6 MB, only in the store, the last of so many: a column of random text, and small ones."""
    made = random.Random(day)
    for at in range(0, rows, 1000):
        batch = [{"TimeGenerated": "2026-01-%02dT01:%02d:%02dZ" % (day, i // 1000, i % 60), "Computer": "h%d" % (i % 50),
                 "ProcessName": "p%d" % (i % 7), "SyslogMessage": "%0*x" % (digits, made.getrandbits(4 * digits))}
                for i in range(at, at + 1000)]
        equal(server.post_logs("Microsoft-Syslog", batch).status, 204)
    seal(server)
    away(server, parts)


class Counted:
    """Bytes of parts that a store gives, and what else becomes of them."""

    def __init__(self, store):
        self.bytes, self.spoil = 0, None
        store.hook = self.hook

    def hook(self, method, path, _query):
        return self.count if method == "GET" and path.endswith(".parquet") and "/Syslog/" in path else None

    def count(self, data):
        self.bytes += len(data)
        return self.spoil(data) if self.spoil else data


def test_a_query_fetches_what_it_reads_of_a_large_part():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        large(s)
        size = len(store.objects[remote(store)[0]][0])
        equal(size > 5 << 20, True, "the part is too small: %d" % size)
        counted = Counted(store)
        equal(s.query("Syslog | summarize n = dcount(Computer), c = count()"), [{"n": 50, "c": LARGE_ROWS}])
        equal(0 < counted.bytes < size // 8, True, "%d of %d bytes were fetched" % (counted.bytes, size))
        equal((local(s), metric(s, "fetches_total"), metric(s, "away_parts")), ([], 0, 1))
        equal(metric(s, "fetch_bytes_total"), counted.bytes)
        # The program's memory, or its disk, has it.
        before = counted.bytes
        equal(s.query("Syslog | summarize n = dcount(Computer)"), [{"n": 50}])
        equal(counted.bytes, before)
        # A query that reads nearly all of it has the part as a whole.
        equal(s.query("Syslog | summarize n = sum(strlen(SyslogMessage))"), [{"n": LARGE_ROWS * 280}])
        until(lambda: metric(s, "fetches_total") == 1)
        away(s, 1)
        equal(counted.bytes < size * 2, True)


def test_ends_of_the_next_parts_are_fetched_at_the_same_time():
    """The database has two threads here, so that it asks for two at most by itself."""
    days, asked, several, alone = range(11, 17), set(), threading.Event(), threading.Event()
    with Store() as store, serving(store, "--max-past", "30d", "--threads", "2") as s:
        for day in days:
            large(s, day, 1 + day - days[0], rows=16000, digits=600)
        forgetting(s)

        def wait(method, path, _query):
            if method == "GET" and path.endswith(".parquet") and not alone.is_set():
                asked.add(path)
                if len(asked) >= 4:
                    several.set()
                if not several.wait(60):
                    alone.set()

        store.hook = wait
        equal(s.query("Syslog | summarize n = dcount(Computer), c = count()"), [{"n": 50, "c": len(days) * 16000}])
        equal(alone.is_set(), False, "only %d parts were asked for at once" % len(asked))
        # A limit on what a query fetches is kept for what it reads.
        counted = Counted(store)
        s.settings += ["--lake-fetch-max", str(len(days) << 17)]
        forgetting(s)
        contains(s.ask("Syslog | summarize n = dcount(SyslogMessage)").message(), "would have to be fetched")
        equal(counted.bytes <= len(days) << 17, True)


def forgetting(server):
    """Starts it anew: neither its memory nor its disk has blocks of a part that is away."""
    server.stop()
    for path in local(server, end="parquet.tmp"):
        os.remove(path)
    server.start(clock=CLOCK)


def test_ranges_that_are_wrong_cut_or_do_not_come():
    flip = lambda data: bytes([data[0] ^ 1]) + data[1:]  # noqa: E731
    with Store() as store, serving(store, "--max-past", "30d") as s:
        large(s)
        counted, spoiled = Counted(store), []

        def once(spoil):
            def spoiling(data):
                spoiled.append(1)
                return spoil(data) if len(spoiled) == 1 else data
            return spoiling

        counted.spoil = once(flip)
        equal(s.query("Syslog | summarize n = dcount(Computer)"), [{"n": 50}])
        equal(len(spoiled) > 1, True)
        del spoiled[:]
        forgetting(s)
        counted.spoil = once(lambda data: data[:len(data) // 2])
        equal(s.query("Syslog | summarize n = dcount(ProcessName)"), [{"n": 7}])
        equal(len(spoiled) > 1, True)
        counted.spoil = flip
        forgetting(s)
        answer = s.ask("Syslog | summarize n = dcount(Computer)")
        contains(answer.message(), "it is not what was uploaded: CRC-32")
        gate = threading.Event()
        counted.spoil = lambda data: gate.wait(60) and data
        answer = s.ask("set servertimeout = 1s; Syslog | summarize n = dcount(Computer)")
        contains(answer.message(), "timeout of 1 s")
        gate.set()
        counted.spoil = None
        equal(s.query("Syslog | summarize n = dcount(Computer)"), [{"n": 50}])
        forgetting(s)
        store.hook = lambda method, path, _: (500, "InternalError") if method == "GET" and path.endswith(".parquet") else None
        answer = s.ask("Syslog | summarize n = dcount(Computer)")
        equal((answer.status, answer.headers.get("retry-after")), (503, "30"))
        contains(answer.message(), "is only in s3://")
        counted = Counted(store)
        equal(s.query("Syslog | summarize n = dcount(ProcessName)"), [{"n": 7}])


def test_blocks_stay_over_a_restart_and_a_crash():
    one, other = "Syslog | summarize n = dcount(Computer)", "Syslog | summarize n = dcount(ProcessName)"
    with Store() as store, serving(store, "--max-past", "30d", cache="2MiB") as s:
        large(s)
        counted = Counted(store)
        equal(s.query(one), [{"n": 50}])
        before = counted.bytes
        equal((before > 0, len(local(s, end="parquet.tmp"))), (True, 1))
        for end in (s.stop, s.kill):
            end()
            s.start(clock=CLOCK)
            equal((s.query(one), counted.bytes, metric(s, "fetch_bytes_total")), ([{"n": 50}], before, 0))
        # They are not asked for even when the store does not answer.
        s.stop().start(clock=CLOCK)
        store.hook = lambda method, path, _: (500, "InternalError") if method == "GET" and path.endswith(".parquet") else None
        equal(s.query(one), [{"n": 50}])
        counted = Counted(store)
        # What was flipped or torn meanwhile is fetched again.
        s.stop()
        with open(local(s, end="parquet.tmp")[0], "r+b") as f:
            at = os.lseek(f.fileno(), 0, os.SEEK_DATA)
            flipped = bytes([os.pread(f.fileno(), 1, at + 9)[0] ^ 4])
            os.pwrite(f.fileno(), flipped, at + 9)
            os.truncate(f.fileno(), os.fstat(f.fileno()).st_size - 1000)
        s.start(clock=CLOCK)
        equal(s.query(one), [{"n": 50}])
        equal(0 < counted.bytes <= before, True, "%d of %d bytes were fetched again" % (counted.bytes, before))
        equal(s.query(other), [{"n": 7}])
        # A file of no part goes.
        path = local(s, end="parquet.tmp")[0]
        s.stop()
        os.rename(path, os.path.join(os.path.dirname(path), "nobody.parquet.tmp"))
        s.start(clock=CLOCK)
        equal(local(s, end="parquet.tmp"), [])
        equal(s.query(one), [{"n": 50}])
        equal(len(local(s, end="parquet.tmp")), 1)


def test_the_limit_holds_for_ranges():
    with Store() as store, serving(store, "--max-past", "30d", "--lake-fetch-max", str(2 << 20)) as s:
        large(s)
        equal(s.query("Syslog | summarize n = dcount(Computer)"), [{"n": 50}])
        answer = s.ask("Syslog | summarize n = sum(strlen(SyslogMessage))")
        contains(answer.message(), "more than 2 MiB would have to be fetched")


def test_checksums_of_blocks_that_are_lost():
    """The part is fetched as a whole, and has them again."""
    with Store() as store, serving(store, "--max-past", "30d") as s:
        large(s)
        equal(len(local(s, end="sums")), 1)
        with open(local(s, end="sums")[0], "r+b") as f:
            f.seek(40)
            f.write(b"\0\0\0\0\1")
        equal(s.query("Syslog | summarize n = dcount(Computer)"), [{"n": 50}])
        equal(metric(s, "fetches_total"), 1)
        away(s, 1)
        with open(local(s, end="sums")[0], "rb") as f:
            equal(f.read(40)[:22], b"vedette-sums 1 131072\n")


def test_limits_on_what_a_query_fetches():
    with Store() as store, serving(store, "--max-past", "30d", "--lake-fetch-max", "1000") as s:
        filled(s)
        answer = s.ask("Syslog | count")
        contains(answer.message(), "a query may fetch 0 MiB")
        equal(gets(store), [])


def test_what_goes_here_goes_there():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s)
        equal(s.arm("PATCH", "/tables/Syslog", {"properties": {"retentionInDays": 4}}, provider=False).status, 200)
        send(s, 19, 10, "more")
        seal(s)
        away(s, 3)
        before = set(remote(store))
        merging = []

        def watch(method, path, _query):
            if method == "DELETE" and path.endswith(".parquet"):
                merging.append(len(set(remote(store)) - before))
        store.hook = watch
        equal(run("tables", "compact", data=s.data)[0], 0)
        until(lambda: len(remote(store)) == 2)
        equal(merging[0] > 0, True, "the old parts went before the new one was there")
        equal(s.count("Syslog"), 110)
        until(lambda: len(remote(store, end="terms")) == 2)
        s.move_clock("2026-01-25T00:00:00Z")
        until(lambda: not remote(store) and not remote(store, end="terms"))
        equal(s.count("Syslog"), 0)


def test_a_dropped_table_and_a_purge():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        path = "/vedette/v1/workspaces/%s/records/Own_CL?format=ndjson" % s.workspace()["id"]
        equal(s.post(path, '{"a": 1}\n').status, 200)
        filled(s, days=(18,))
        seal(s, "Own_CL")
        until(lambda: len(remote(store, "Own_CL")) == 1)
        equal(s.arm("DELETE", "/tables/Own_CL", provider=False).status in (200, 202, 204), True)
        until(lambda: not remote(store, "Own_CL"))
        body = {"table": "Syslog", "filters": [{"column": "Computer", "operator": "==", "value": "h7"}]}
        answer = s.arm("POST", "/purge", body, provider=False)
        equal(answer.status, 202, answer)
        until(lambda: s.query('Syslog | where Computer == "h7" | count') == [{"Count": 0}])
        until(lambda: len(remote(store)) == 1)
        equal(s.count("Syslog"), 49)


def test_objects_that_nothing_names():
    with Store() as store:
        name = "siem/%s/Syslog/2026/01/18/11111111-1111-4111-8111-111111111111.parquet"
        with serving(store, "--max-past", "30d") as s:
            filled(s, days=(18,))
            workspace = s.workspace()["id"]
            s.stop()
            store.put(name % workspace, b"left")
            store.put((name % workspace).replace("1111-4111", "2222-4111"), b"of before", age=100000)
            store.put("siem/%s/notes.txt" % workspace, b"of somebody")
            s.start(clock=CLOCK)
            until(lambda: name % workspace not in store.objects)
            until(lambda: metric(s, "store_foreign_objects") == 1)
            equal(len(remote(store)), 2)
            equal("siem/%s/notes.txt" % workspace in store.objects, True)
            equal(s.count("Syslog"), 50)


def test_two_data_folders_do_not_share_a_place():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s, days=(18,))
        with serving(store, "--max-past", "30d") as other:
            send(other, 18, 5)
            seal(other)
            until(lambda: metric(other, "store_failing") == 1)
            contains(other.read_log(), "is used by another data folder")
            equal((other.count("Syslog"), metric(other, "waiting_parts")), (5, 1))
        equal(len(remote(store)), 1)


def test_check_knows_both_places():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s, days=(17, 18, 19))
        code, out, err = run("check", data=s.data)
        equal((code, err), (0, ""))
        contains(out, "3 parts, ")
        contains(out, "in the store; 3 of them only there and not read")
        equal(gets(store), [])
        code, out, err = run("check", "--deep", data=s.data)
        equal((code, err), (0, ""))
        contains(out, "in the store; 0 of them only there and not read")
        keys = remote(store)
        away(s, 3)
        with store.lock:
            data, modified, _ = store.objects[keys[0]]
            store.objects[keys[0]] = (data[:10] + b"?" + data[11:], modified, "other")
            del store.objects[keys[1]]
        code, out, err = run("check", data=s.data)
        equal(code, 1)
        contains(out, "2 damaged")
        contains(err, "2 parts are damaged")
        contains(out, "s3://logs/siem does not have it")
        equal(s.count("Syslog"), 50)
        listed = len(store.asked("GET", list_type="2"))
        s.restart(CLOCK)  # which lists what nothing names
        until(lambda: len(store.asked("GET", list_type="2")) > listed)
        away(s, 1)
        equal(run("check", data=s.data)[0], 0)  # the listing has ended
        equal(keys[0] in store.objects, True, "the object of a part that was set aside")


READ = 'Syslog | where SyslogMessage contains "line" | count'  # of parts that are opened


def test_a_damaged_file_is_had_back_from_the_store():
    with Store() as store, serving(store, "--max-past", "30d", cache="0") as s:
        send(s, 18, 50)
        send(s, 19, 50)
        seal(s)
        settled(s)
        with open(local(s)[0], "r+b") as f:
            f.truncate(100)
        equal(s.query(READ), [{"Count": 100}])
        equal(len(gets(store)), 1)
        with open(local(s)[1], "r+b") as f:
            f.seek(20)
            f.write(b"????")
        code, out, err = run("check", data=s.data)
        equal((code, err), (0, ""))
        # The slow round may have come first, and have left it to the store.
        mended = "1 parts were damaged or lost in one of the two places", "1 of them only there"
        equal(any(m in out for m in mended), True, out)
        equal(s.query(READ), [{"Count": 100}])
        equal(metric(s, "quarantined_parts_total"), 0)
        for path in local(s, end="terms"):
            os.unlink(path)
        s.restart(CLOCK)
        equal(s.query('Syslog | where SyslogMessage has "line" | count'), [{"Count": 100}])


def test_an_index_that_is_lost_here_is_fetched():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s, days=(18,))
        os.unlink(local(s, end="terms")[0])
        s.restart(CLOCK)
        s.query('Syslog | where SyslogMessage has "day18" | count')
        away(s, 1)
        until(lambda: local(s, end="terms"))
        until(lambda: metric(s, "indexed_parts") > 0)
        seen = len(gets(store))
        equal(s.query('Syslog | where SyslogMessage has "nowhere" | count'), [{"Count": 0}])
        equal(len(gets(store)), seen)


def test_commands_without_a_server_find_the_store():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s)
        s.stop()
        code, out, err = run("query", "Syslog | count", data=s.data, env={**os.environ, **KEYS})
        equal((code, "100" in out), (0, True), out + err)
        code, out, err = run("query", "Syslog | where SyslogMessage has 'nowhere' | count", data=s.data)
        equal((code, "0" in out), (0, True), out + err)


def test_a_change_of_the_setting():
    with Store() as store, Store() as other, serving(store, "--max-past", "30d") as s:
        filled(s)
        at, where = s.settings.index("--lake-store"), s.settings.index("--lake-store-endpoint")
        kept = s.settings[at + 1]
        s.stop()
        for name in ("", "s3://%s/elsewhere" % store.bucket):
            s.settings[at + 1] = name
            try:
                s.start(clock=CLOCK)
            except RuntimeError as problem:
                s.process = None
                contains(str(problem), "2 parts")
            else:
                raise AssertionError("the server has started")
        # A bucket that was copied.
        with store.lock:
            for key, (data, _, _) in list(store.objects.items()):
                other.put(key, data)
        s.settings[at + 1], s.settings[where + 1] = kept, other.endpoint
        s.start(clock=CLOCK)
        equal(s.count("Syslog"), 100)
        equal(len(gets(other)), 2)
        s.stop()
        # Back here: all of it is fetched, then the store is given up.
        s.settings[s.settings.index("--lake-cache") + 1] = "0"
        s.start(clock=CLOCK)
        equal(run("check", "--deep", data=s.data)[0], 0)
        equal(len(local(s)), 2)
        s.stop()
        s.settings[at + 1] = ""
        s.start(clock=CLOCK)
        equal((s.count("Syslog"), metric(s, "store_parts")), (100, 0))


def test_backups_and_exports_are_whole():
    with Store() as store, serving(store, "--max-past", "30d") as s:
        filled(s)
        folder = tempfile.mkdtemp(prefix="vedette-store-")
        try:
            backup, export = os.path.join(folder, "backup"), os.path.join(folder, "export")
            equal(run("backup", backup, data=s.data)[0], 0)
            equal(len(glob.glob(os.path.join(backup, "**", "Syslog", "**", "*.parquet"), recursive=True)), 2)
            equal(run("export", export, data=s.data)[0], 0)
            equal(len(glob.glob(os.path.join(export, "**", "Syslog", "**", "*.parquet"), recursive=True)), 2)
            restored = os.path.join(folder, "restored")
            equal(run("restore", backup, data=restored)[0], 0)
            with Server(data=restored, clock=CLOCK) as t:
                equal((t.count("Syslog"), metric(t, "store_parts")), (100, 0))
            equal(len(remote(store)), 2)
        finally:
            shutil.rmtree(folder)


def test_wrong_settings_are_told():
    with Store() as store:
        for words, expected in ((["--lake-store", "http://x"], "lake_store: s3://BUCKET or s3://BUCKET/PREFIX expected"),
                                (["--lake-store", "s3://bucket"], "lake_store_endpoint: https://HOST expected"),
                                (["--lake-store", "s3://bucket", "--lake-store-endpoint", "http://example.com"],
                                 "plain http:// is for this machine only")):
            s = Server(*words, clock=CLOCK, start=False)
            try:
                s.start(clock=CLOCK)
            except RuntimeError as problem:
                s.process = None
                contains(str(problem), expected)
            else:
                raise AssertionError("the server has started")
            finally:
                s.close()
        with Server("--lake-store", "s3://%s" % store.bucket, "--lake-store-endpoint", store.endpoint, clock=CLOCK) as s:
            send(s, 20, 5)  # no keys: told, and all the rest works
            seal(s)
            until(lambda: metric(s, "store_failing") == 1)
            contains(json.dumps(s.read_log()), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
            equal(s.count("Syslog"), 5)


def test_many_threads_while_parts_come_and_go():
    """Queries, seals and merges over a cache that holds nothing, from a store that fails now and then."""
    chance = random.Random(7)
    with Store() as store, serving(store, "--max-past", "30d", "--requests-per-second", "100000") as s:
        path = "/vedette/v1/workspaces/%s/" % s.workspace()["id"]
        state = {"acknowledged": 0, "asked": 0, "worked": 0}
        problems = []

        def trouble(method, _path, _query):
            kind = chance.random()
            return (503, "SlowDown") if kind < 0.05 else (lambda body: body[:len(body) // 2]) if kind < 0.08 and method == "GET" else None

        def loop(work):
            try:
                while not problems and (state["acknowledged"] < 1500 or state["asked"] < 10):
                    work()
            except Exception as problem:  # told in the test's own thread
                problems.append(problem)

        def send_some():
            send(s, 17 + state["acknowledged"] // 50 % 3, 50)
            state["acknowledged"] += 50

        def ask():
            before = state["acknowledged"]
            answer = s.ask("Syslog | summarize n = count(), d = count_distinct(_ItemId)")
            if answer.status == 503 and "can't be fetched" in answer.message():
                return  # the store failed three times in a row
            equal(answer.status, 200, answer)
            n, d = answer.json()["tables"][0]["rows"][0]
            assert before <= n <= state["acknowledged"] + 50 and n == d, (before, n, d, state)
            state["asked"] += 1

        def work():
            equal(s.post(path + "seal?table=Syslog").status, 200)
            equal(s.post(path + "compact").status in (200, 503), True)  # it may have to fetch
            state["worked"] += 1

        store.hook = trouble
        threads = [threading.Thread(target=loop, args=[w]) for w in (send_some, ask, ask, ask, work)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        store.hook = lambda *_: None
        assert not problems, problems[0]
        assert state["worked"] > 0, state
        equal(s.query("Syslog | summarize n = count(), d = count_distinct(_ItemId)"), [dict.fromkeys("nd", state["acknowledged"])])
        seal(s)
        settled(s)
        until(lambda: len(remote(store)) == metric(s, "store_parts"))
        code, out, err = run("check", "--deep", data=s.data)
        equal((code, err), (0, ""))
        contains(out, " 0 damaged; set aside earlier: 0 ")
