"""A server whose sealed rows are in an S3-compatible store: kill -9 while parts are uploaded, merged, dropped, taken away
and fetched, from a store that fails, cuts and garbles one answer in some; while blocks of a part come; and a disk that is full while parts come back.

No acknowledged record may be lost or doubled, nothing half-written may be read, and in the end the store has the parts of the
manifest, all of them, and nothing else.
"""
import datetime
import glob
import http.client
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

import kills  # noqa: E402  (found through the line above)
from full import Disk, on_a_small_disk  # noqa: E402
from s3_store import KEY, SECRET, Store  # noqa: E402
from vedette import Server, run, until  # noqa: E402

KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
START, SHORT_DAYS = kills.START, kills.SHORT_DAYS


def settings(store, cache):
    return ("--lake-store", "s3://%s/fault" % store.bucket, "--lake-store-endpoint", store.endpoint, "--lake-cache", cache)


def metric(server, name):
    values = server.metrics()
    return values.get("vedette_lake_" + name, values.get('vedette_lake_%s{workspace="default"}' % name))


def wait_for_uploads(server):
    until(lambda: metric(server, "waiting_parts") == 0)


class Upload(kills.Seal):
    name = "upload"

    def act(self, life):
        super().act(life)
        wait_for_uploads(life.server)


class Fetch(kills.Seal):
    """All that is away comes back, and leaves again."""
    name = "fetch"

    def prepare(self, life):
        super().prepare(life)
        life.work("seal")
        wait_for_uploads(life.server)

    def act(self, life):
        for table in life.acknowledged:
            life.server.query(table + " | where Computer !has 'nobody' | count")


class Trouble:
    """One request in some gets what it should not."""

    def __init__(self, chance):
        self.chance, self.on, self.count = chance, True, 0

    def __call__(self, method, path, _query):
        if not self.on or self.chance.random() > 0.06:
            return None
        self.count += 1
        return self.chance.choice([(500, "InternalError"), (503, "SlowDown"), "drop", lambda body: body[:len(body) // 2],
                                   lambda body: body[:-1] + bytes([body[-1] ^ 4]) if method == "GET" and body and ".parquet" in path
                                   else body])


def in_the_store(store):
    with store.lock:
        return sorted(k.rsplit("/", 1)[1] for k in store.objects if k.endswith(".parquet"))


def in_the_manifest(server):
    lists = server.get("/vedette/v1/workspaces/%s/tables" % server.workspace()["id"]).json()["value"]
    return sum(t["parts"] for t in lists), sum(t["bytes"] for t in lists), sum(t["storeBytes"] for t in lists)


def check_store(server, store):
    wait_for_uploads(server)
    until(lambda: len(in_the_store(store)) == in_the_manifest(server)[0])
    parts, size, stored = in_the_manifest(server)
    assert size == stored, (parts, size, stored)
    code, out, err = run("check", "--deep", data=server.data)
    assert code == 0 and " 0 damaged" in out and " 0 of them only there and not read" in out, out + err


def killed_with_parts_in_a_store(_data):
    """Kills in each of four phases, with a store that fails now and then."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    phases = [Upload(), Fetch(), kills.Compact(), kills.Retain()]
    times = max(1, kills.kills() // len(phases) // 2)
    scratch = tempfile.mkdtemp(prefix="vedette-fault-store-")
    try:
        with Store() as store, Server(*kills.SETTINGS, *settings(store, "20KiB"), env=KEYS,
                                      clock=START.isoformat() + "Z") as server:
            life = kills.Life(server, scratch, chance)
            kills.Seal().prepare(life)
            answer = server.arm("PATCH", "/tables/" + kills.SHORT, {"properties": {"retentionInDays": SHORT_DAYS}}, provider=False)
            assert answer.status == 200, answer
            for _ in range(SHORT_DAYS + 1):
                kills.Retain().prepare(life)
                life.now += datetime.timedelta(days=1)
                server.move_clock(life.now.isoformat() + "Z")
            store.hook = Trouble(chance)
            amid = [kills.killed_in(phase, life, times) for phase in phases]
            troubles, store.hook.on = store.hook.count, False
            life.server.kill()
            life.restart()
            check_store(life.server, store)
        print("     killed amid: %s; %d wrong answers of the store" % (", ".join(amid), troubles))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def send(server, day, n):
    rows = [{"TimeGenerated": "2026-01-%02dT01:00:00Z" % day, "Computer": "c%d" % i, "SyslogMessage": os.urandom(150).hex()}
            for i in range(n)]
    assert server.post_logs("Microsoft-Syslog", rows).status == 204


def fetch_on_a_full_disk(folder, data):
    with Store() as store, Server(*settings(store, "1"), "--min-free", "0", "--min-free-percent", "0", "--max-past", "30d",
                                  "--max-body", "64MiB", env=KEYS, clock="2026-01-20T00:00:00Z", data=data) as server:
        for day in (17, 18, 19):
            send(server, day, 5000)
        assert run("tables", "seal", "Syslog", data=data)[0] == 0
        until(lambda: metric(server, "away_parts") == 3)
        disk = Disk(folder)
        refused = 0
        for left_kb in (0, 100, 900):
            disk.fill(left_kb)
            answer = server.ask("Syslog | summarize dcount(SyslogMessage)")
            refused += answer.status != 200
            if answer.status != 200:
                assert "only in s3://" in answer.message(), answer
            assert server.query('Syslog | where SyslogMessage has "nowhere" | count') == [{"Count": 0}]
            disk.clear()
            assert server.query("Syslog | summarize n = count(), d = count_distinct(SyslogMessage)") == [{"n": 15000, "d": 15000}]
            until(lambda: metric(server, "away_parts") == 3)
        assert refused > 0, "the disk was never full"
        code, out, err = run("check", "--deep", data=data)
        assert code == 0 and " 0 damaged" in out, out + err


def disk_full_while_parts_come_back(data):
    """A query whose parts do not fit on the disk ends with an error, and works when there is room."""
    return on_a_small_disk(data, "64m", fetch_on_a_full_disk)


QUESTIONS = ["Syslog | summarize count(), dcount(Computer)", "Syslog | summarize count() by ProcessName | order by ProcessName asc",
             "Syslog | summarize sum(hash(HostName, 1000003)), max(TimeGenerated)",
             "Syslog | summarize sum(hash(SyslogMessage, 1000003))"]


def send_large(server, chance):
    """A part of some 10 MB when it is sealed."""
    for at in range(0, 32000, 2000):
        rows = [{"TimeGenerated": "2026-01-18T01:%02d:%02dZ" % (i // 1000, i % 60), "Computer": "c%d" % (i % 50),
                 "HostName": "h%d" % chance.randrange(1 << 20), "ProcessName": "p%d" % (i % 7),
                 "SyslogMessage": "%0600x" % chance.getrandbits(2400)} for i in range(at, at + 2000)]
        assert server.post_logs("Microsoft-Syslog", rows).status == 204


class Assassin:
    """Kills the server while the store answers for the n-th of the part's ranges from now."""

    def __init__(self, server, chance):
        self.server, self.chance, self.left = server, chance, 0

    def __call__(self, method, path, _query):
        if method != "GET" or "/Syslog/" not in path or not path.endswith(".parquet"):
            return None
        self.left -= 1
        return self.kill if self.left == 0 else None

    def kill(self, body):
        self.server.process.kill()
        return body[:self.chance.randrange(len(body))]


def spoil(path, chance):
    """Bytes of a file that is not all holes are others, or its end is torn."""
    with open(path, "r+b") as f:
        size = os.fstat(f.fileno()).st_size
        at = os.lseek(f.fileno(), 0, os.SEEK_DATA) + chance.randrange(4096)
        if chance.random() < 0.5:
            os.pwrite(f.fileno(), bytes(b ^ 1 for b in os.pread(f.fileno(), 8, at)), at)
        else:
            os.truncate(f.fileno(), chance.randrange(at, size))


def killed_while_blocks_come(data):
    """Blocks of a part that is away, left by a run that was killed and perhaps damaged since: no query gets a wrong one."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    times, amid, damaged, kept = max(3, kills.kills() // 2), 0, 0, 0
    with Store() as store, Server(*settings(store, "2MiB"), "--max-past", "30d", "--max-body", "64MiB", env=KEYS,
                                  clock="2026-01-20T00:00:00Z", data=data) as server:
        send_large(server, chance)
        truth = [server.query(q) for q in QUESTIONS]
        assert run("tables", "seal", "Syslog", data=data)[0] == 0
        for _ in range(times):
            until(lambda: (metric(server, "waiting_parts"), metric(server, "away_parts")) == (0, 1))
            server.restart("2026-01-20T00:00:00Z")  # the database's memory has the part's bytes else
            store.hook = Assassin(server, chance)
            store.hook.left = 1 + chance.randrange(4)
            try:
                for i in chance.sample(range(len(QUESTIONS)), len(QUESTIONS)):
                    assert server.query(QUESTIONS[i]) == truth[i], QUESTIONS[i]
            except (OSError, http.client.HTTPException):
                amid += 1
            store.hook = lambda *_: None
            server.kill()
            blocks = glob.glob(os.path.join(data, "workspaces", "*", "lake", "Syslog", "**", "*.parquet.tmp"), recursive=True)
            kept += len(blocks)
            if blocks and os.stat(blocks[0]).st_blocks > 0 and chance.random() < 0.5:
                spoil(blocks[0], chance)
                damaged += 1
            server.start(clock="2026-01-20T00:00:00Z")
            for question, answer in zip(QUESTIONS, truth):
                assert server.query(question) == answer, question
        assert amid > 0 and kept > 0, (amid, kept)
        code, out, err = run("check", "--deep", data=data)
        assert code == 0 and " 0 damaged" in out, out + err
    print("     killed amid: %d of %d; %d times with blocks that stayed, %d times spoilt" % (amid, times, kept, damaged))


TESTS = [killed_with_parts_in_a_store, killed_while_blocks_come, disk_full_while_parts_come_back]
