"""kill -9 of a whole server while it takes in records over HTTPS.

Senders post batches under ids of their own; the server is killed at ten random moments, started
again, and the senders repeat what was not acknowledged with the same id. In the end every record is
there exactly once, whatever the moment of the kill.
"""
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import Server, run  # noqa: E402  (found through the line above)

RECORDS, BATCH, SENDERS, KILLS = 100_000, 100, 4, 10


class Ingestion:
    """The records that are still to be acknowledged, shared by the senders."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.waiting = [(str(uuid.uuid4()), first) for first in range(0, RECORDS, BATCH)]
        self.acknowledged = 0
        self.repeats = 0
        self.up = threading.Event()
        self.up.set()
        self.problem = None

    def take(self):
        with self.lock:
            return self.waiting.pop() if self.waiting else None

    def give_back(self, batch):
        with self.lock:
            self.waiting.append(batch)
            self.repeats += 1

    def send_all(self):
        connection = None
        while self.problem is None:
            batch = self.take()
            if batch is None:
                return
            self.up.wait()
            try:
                connection = connection or self.server.connect()
                self.send(batch, connection)
            except (OSError, ValueError, AttributeError):  # killed in between: http.client's ways to say so
                connection = None
                self.give_back(batch)
                time.sleep(0.02)
            except Exception as problem:
                if type(problem).__module__ != "http.client":
                    self.problem = problem
                    return
                connection = None
                self.give_back(batch)

    def send(self, batch, connection):
        request_id, first = batch
        records = [{"Computer": "r%06d" % n, "OSType": "x" * 200} for n in range(first, first + BATCH)]
        answer = self.server.post_logs("Microsoft-Heartbeat", records, request_id=request_id,
                                       connection=connection)
        if answer.status == 204:
            with self.lock:
                self.acknowledged += BATCH
        elif answer.status in (429, 503):
            self.give_back(batch)
        else:
            raise RuntimeError("unexpected answer %r" % answer)


def kill_at_random(ingestion, seed):
    """Each kill comes when a random number of further records has been acknowledged."""
    chance = random.Random(seed)
    marks = sorted(chance.randrange(RECORDS // 50, RECORDS - RECORDS // 20) for _ in range(KILLS))
    kills = 0
    for mark in marks:
        while ingestion.acknowledged < mark and ingestion.problem is None:
            time.sleep(0.0005)
        ingestion.up.clear()
        ingestion.server.kill()
        kills += 1
        before = ingestion.acknowledged
        ingestion.server.start()
        kept = ingestion.server.count("Heartbeat")
        assert kept >= before, "after kill %d: %d acknowledged, %d there" % (kills, before, kept)
        ingestion.up.set()
    return kills


def check(server):
    row = server.query("Heartbeat | summarize records = count() by Computer | summarize "
                       "distinct_records = count(), most = max(records), least = min(records)")[0]
    assert row == {"distinct_records": RECORDS, "most": 1, "least": 1}, row
    received, stored, rejected = server.ingested()
    assert received == stored + rejected, (received, stored, rejected)
    assert stored == RECORDS, (stored, RECORDS)
    kept = server.query("VedetteIngestion | where Source != 'vedette' | summarize s = sum(Stored), r = sum(Rejected), "
                        "all = sum(Received)")[0]
    assert kept["all"] == kept["s"] + kept["r"] and kept["s"] == RECORDS, kept


def server_killed_ten_times(_data):
    """100,000 records while the server dies ten times: each is there exactly once."""
    seed = int(os.environ.get("FAULT_SEED", "20260101"))
    with Server("--requests-per-second", "100000") as server:
        ingestion = Ingestion(server)
        senders = [threading.Thread(target=ingestion.send_all) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        kills = kill_at_random(ingestion, seed)
        for sender in senders:
            sender.join()
        if ingestion.problem:
            raise ingestion.problem
        check(server)
    print("     %d kills, %d batches repeated" % (kills, ingestion.repeats))


def server_on_a_full_disk(_data):
    """Files may not grow past a limit: refusals say so, nothing acknowledged is lost, sums add up."""
    server = Server(start=False)
    original = signal.getsignal(signal.SIGXFSZ)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # inherited: writes fail instead of killing
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, limits[1]))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, original)
    acknowledged, refused = 0, 0
    for batch in range(200):
        records = [{"Computer": "b%d-%d" % (batch, n), "OSType": os.urandom(100).hex()} for n in range(100)]
        answer = server.post_logs("Microsoft-Heartbeat", records)
        if answer.status == 204:
            acknowledged += 100
        else:
            assert answer.status in (500, 503), answer
            refused += 1
            if refused == 3:
                break
    assert refused, "the limit was never reached"
    server.kill()
    with server.start():
        assert server.count("Heartbeat") == acknowledged, (server.count("Heartbeat"), acknowledged)
        received, stored, rejected = server.ingested()
        assert received == stored + rejected, (received, stored, rejected)
        assert server.post_logs("Microsoft-Heartbeat", [{"Computer": "after"}]).status == 204


def backup_quietly(server, folder):
    try:
        server.post("/vedette/v1/backup", {"directory": folder})
    except Exception:  # killed in between, as it should be
        pass


def server_killed_while_backing_up(_data):
    """A backup that dies leaves no backup, and nothing in the way of the server or of the next one."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    scratch = tempfile.mkdtemp(prefix="vedette-fault-backup-")
    try:
        with Server("--requests-per-second", "100000") as server:
            for batch in range(40):
                records = [{"Computer": "b%d-%d" % (batch, n), "OSType": os.urandom(200).hex()} for n in range(500)]
                assert server.post_logs("Microsoft-Heartbeat", records).status == 204
            unfinished = 0
            for turn in range(8):
                folder = os.path.join(scratch, "killed%d" % turn)
                sender = threading.Thread(target=backup_quietly, args=(server, folder))
                sender.start()
                time.sleep(chance.random() * 0.25)  # the moment itself, not a wait
                server.kill()
                sender.join()
                unfinished += not os.path.exists(os.path.join(folder, "backup.json"))
                server.start()
                assert server.count("Heartbeat") == 20000
                files = os.listdir(os.path.join(server.data, "workspaces", server.workspace()["id"]))
                assert not [f for f in files if f.startswith("snapshot")], files
            assert unfinished > 0, "no backup was killed"
            whole = os.path.join(scratch, "whole")
            assert server.post("/vedette/v1/backup", {"directory": whole}).status == 200
        copy = os.path.join(scratch, "copy")
        code, _, said = run("restore", whole, data=copy)
        assert code == 0, said
        with Server(data=copy) as server:
            assert server.count("Heartbeat") == 20000
        print("     %d of 8 backups were killed" % unfinished)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def usage_over_kills(_data):
    """The bytes of each hour are counted once, whatever the moment of the kill."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    hours = 12
    with Server(clock="2026-01-01T00:00:00Z") as server:
        for hour in range(hours):
            at = "2026-01-01T%02d:30:00Z" % hour
            server.move_clock(at)
            for n in range(3):
                records = [{"Computer": "h%d-%d" % (hour, n), "SyslogMessage": "x" * 100}] * 10
                assert server.post_logs("Microsoft-Syslog", records).status == 204
            mover = threading.Thread(target=move_quietly, args=(server, "2026-01-01T%02d:05:00Z" % (hour + 1)))
            mover.start()
            time.sleep(chance.random() * 0.06)  # the moment itself, not a wait
            server.kill()
            mover.join()
            server.start(clock="2026-01-01T%02d:06:00Z" % (hour + 1))
        server.move_clock("2026-01-01T23:00:00Z")
        usage = server.query("Usage | where DataType == 'Syslog' | project StartTime, b = toint(Quantity * 1e6 + 0.5)"
                             " | sort by StartTime asc")
        stored = server.query("Syslog | summarize b = toint(sum(_BilledSize)) by StartTime = "
                              "bin(ingestion_time(), 1h) | sort by StartTime asc")
        assert len(stored) == hours and usage == stored, (usage, stored)


def purge_quietly(server, turn):
    try:
        server.arm("POST", "/purge", {"table": "Heartbeat", "filters": [
            {"column": "Computer", "operator": "==", "value": "turn%d" % turn}]}, provider=False)
    except Exception:  # killed in between, as it should be
        pass


def server_killed_while_purging(_data):
    """A purge deletes all of its rows or none; what it did is audited once, also when it died."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    turns, rows, done = 10, 2000, 0
    with Server("--requests-per-second", "100000") as server:
        for turn in range(turns):
            records = [{"Computer": "turn%d" % turn, "OSType": os.urandom(100).hex()} for _ in range(rows)]
            assert server.post_logs("Microsoft-Heartbeat", records).status == 204
            sender = threading.Thread(target=purge_quietly, args=(server, turn))
            sender.start()
            time.sleep(chance.random() * 0.06)  # the moment itself, not a wait
            server.kill()
            sender.join()
            server.start()
            left = server.count("Heartbeat | where Computer == 'turn%d'" % turn)
            assert left in (0, rows), "half of a purge: %d rows are left" % left
            done += left == 0
            audits = server.query("SentinelAudit | where OperationName endswith 'purge/action' | summarize n = "
                                  "count(), d = dcount(CorrelationId)")[0]
            assert audits["n"] == audits["d"] == done, (audits, done)
        assert server.arm("POST", "/purge", {"table": "Heartbeat", "filters": [
            {"column": "OSType", "operator": "in", "value": ["x"]}]}, provider=False).status == 202
    print("     %d of %d purges took place" % (done, turns))


def move_quietly(server, to):
    try:
        server.move_clock(to)
    except Exception:  # killed in between, as it should be
        pass


def workspace_quietly(server, name):
    path = ("/subscriptions/%s/resourceGroups/soc/providers/Microsoft.OperationalInsights/workspaces/%s"
            "?api-version=2023-09-01" % (uuid.UUID(int=0), name))
    try:
        server.request("PUT", path, {"location": "local"})
        server.request("DELETE", path)
        server.request("PUT", path, {"location": "local"})
        server.request("DELETE", path + "&force=true")
    except Exception:  # killed in between, as it should be
        pass


def server_killed_while_workspaces_come_and_go(_data):
    """A workspace is there, or deleted, or gone, never half of one; others keep their rows."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    with Server("--requests-per-second", "100000") as server:
        assert server.post_logs("Microsoft-Heartbeat", [{"Computer": "kept"}]).status == 204
        states = {"there": 0, "deleted": 0, "gone": 0}
        for turn in range(12):
            name = "turn%d" % turn
            changer = threading.Thread(target=workspace_quietly, args=(server, name))
            changer.start()
            time.sleep(chance.random() * 0.5)  # the moment itself, not a wait
            server.kill()
            changer.join()
            server.start()
            listed = [w["name"] for w in server.get("/vedette/v1/workspaces").json()["value"]]
            deleted = [w["name"] for w in server.get("/vedette/v1/deletedWorkspaces").json()["value"]]
            assert not (name in listed and name in deleted), name
            states["there" if name in listed else "deleted" if name in deleted else "gone"] += 1
            if name in listed:
                answer = server.post("/v1/workspaces/%s/query" % name, {"query": "Heartbeat | count"})
                assert answer.status == 200, answer
            folders = os.listdir(os.path.join(server.data, "workspaces"))
            assert len(folders) == len(listed) + len(deleted), (folders, listed, deleted)
            assert server.count("Heartbeat") == 1
    print("     %s" % states)


TESTS = [server_killed_ten_times, server_on_a_full_disk, server_killed_while_backing_up, usage_over_kills,
         server_killed_while_purging, server_killed_while_workspaces_come_and_go]
