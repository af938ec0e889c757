"""kill -9 of a server in each phase of a row's life: while it is ingested, sealed, merged, past its retention,
backed up, and its table's columns get wider types.

Each phase is measured once, then killed at random moments of it (FAULT_KILLS in all; 20 unless it is set). After each
kill the server starts again, what was not acknowledged is sent again under its id, and what is stored is compared with
what was acknowledged: each record once. No part is damaged, no file is left over.
"""
import datetime
import glob
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import Server, run, until  # noqa: E402  (found through the line above)

START = datetime.datetime(2026, 1, 1, 12)
BATCH, SENDERS = 100, 4
KEPT, SHORT, SHORT_DAYS = "Heartbeat", "Syslog", 4
SETTINGS = ("--requests-per-second", "100000", "--retention", "730d", "--max-past", "30d")


def kills():
    return int(os.environ.get("FAULT_KILLS", "20"))


class Life:
    """A server that dies, and what it acknowledged: numbers of records by table."""

    def __init__(self, server, scratch, chance):
        self.server, self.scratch, self.chance = server, scratch, chance
        self.now = START
        self.next = 0
        self.acknowledged = {KEPT: set(), SHORT: set()}
        self.received = {}  # number of a record of SHORT → the clock when it was sent
        self.lock = threading.Lock()

    def batch(self, table):
        with self.lock:
            first, self.next = self.next, self.next + BATCH
        return table, first, str(uuid.uuid4())

    def send(self, batch, connection=None):
        """Acknowledged, or an exception."""
        table, first, request = batch
        days = [(self.now - datetime.timedelta(days=d)).isoformat() + "Z" for d in (0, 1)]
        column = "OSType" if table == KEPT else "SyslogMessage"
        records = [{"TimeGenerated": days[n % 2], "Computer": "c%d" % n, column: "x" * (n % 300)}
                   for n in range(first, first + BATCH)]
        answer = self.server.post_logs("Microsoft-" + table, records, request_id=request, connection=connection)
        if answer.status != 204:
            raise RuntimeError("unexpected answer %r" % answer)
        with self.lock:
            self.acknowledged[table].update(range(first, first + BATCH))
            for n in range(first, first + BATCH):
                self.received.setdefault(n, self.now)

    def work(self, what):
        path = "/vedette/v1/workspaces/%s/%s" % (self.server.workspace()["id"], what)
        answer = self.server.post(path)
        if answer.status != 200:
            raise RuntimeError("unexpected answer %r" % answer)

    def restart(self):
        self.server.start(clock=self.now.isoformat() + "Z")

    def check(self):
        for table, wanted in self.acknowledged.items():
            rows = self.server.query(table + " | summarize n = count() by Computer")
            found = {int(r["Computer"][1:]): r["n"] for r in rows}
            twice = [n for n, times in found.items() if times != 1]
            assert not twice, "%s: %d records are there more than once" % (table, len(twice))
            oldest = self.now - datetime.timedelta(days=SHORT_DAYS)
            due = {n for n in wanted if table == KEPT or self.received[n] >= oldest}
            assert not due - found.keys(), "%s: %d acknowledged records are gone" % (table, len(due - found.keys()))
            assert not found.keys() - wanted, "%s: %d records that nobody sent" % (table, len(found.keys() - wanted))
        received, stored, rejected = self.server.ingested()
        assert received == stored + rejected, (received, stored, rejected)

    def check_files(self):
        code, out, err = run("check", data=self.server.data)
        assert code == 0 and " 0 damaged" in out and "set aside earlier: 0 " in out, out + err
        folder = os.path.join(self.server.data, "workspaces", self.server.workspace()["id"])
        patterns = (os.path.join(folder, "lake", "**", "*.tmp"), os.path.join(folder, "snapshot*"))
        # The server may be merging by itself just now.
        until(lambda: not [path for pattern in patterns for path in glob.glob(pattern, recursive=True)], 30)


class Ingest:
    """Four senders; the requests whose answers are missing are sent again."""
    name = "ingest"

    def prepare(self, life):
        self.waiting = [life.batch(KEPT) for _ in range(60)]

    def act(self, life):
        threads = [threading.Thread(target=self.send_all, args=(life,)) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def send_all(self, life):
        try:
            connection = life.server.connect()
            while True:
                with life.lock:
                    if not self.waiting:
                        return
                    batch = self.waiting.pop()
                try:
                    life.send(batch, connection)
                except BaseException:
                    with life.lock:
                        self.waiting.append(batch)
                    raise
        except Exception:  # killed in between, as it should be; check() tells what was wrong
            pass

    def after(self, life):
        while self.waiting:
            life.send(self.waiting.pop())


class Seal:
    name = "seal"

    def prepare(self, life):
        for _ in range(2):
            life.send(life.batch(KEPT))
            life.send(life.batch(SHORT))

    def act(self, life):
        life.work("seal")

    def after(self, life):
        pass


class Compact(Seal):
    name = "compact"

    def prepare(self, life):
        for _ in range(3):
            super().prepare(life)
            life.work("seal")

    def act(self, life):
        life.work("compact")


class Retain(Seal):
    """Each day that passes drops the parts of a day; the keeper does it within a second."""
    name = "retain"

    def prepare(self, life):
        super().prepare(life)
        life.work("seal")

    def act(self, life):
        life.now += datetime.timedelta(days=1)
        life.server.move_clock(life.now.isoformat() + "Z")
        end = time.monotonic() + 10
        while "past their retention" not in life.server.read_log() and time.monotonic() < end:
            time.sleep(0.01)


class Backup(Seal):
    name = "backup"

    def act(self, life):
        self.folder = os.path.join(life.scratch, str(uuid.uuid4()))
        answer = life.server.post("/vedette/v1/backup", {"directory": self.folder})
        if answer.status != 200:
            raise RuntimeError("unexpected answer %r" % answer)

    def after(self, life):
        """A backup that says that it is whole is whole."""
        whole = os.path.join(self.folder, "backup.json")
        if os.path.exists(whole):
            with open(whole, encoding="utf-8") as f:
                json.load(f)
            copy = os.path.join(life.scratch, "copy")
            code, _, err = run("restore", self.folder, data=copy)
            assert code == 0, err
            with Server(*SETTINGS, clock=life.now.isoformat() + "Z", data=copy) as server:
                dead, life.server = life.server, server
                life.check()
                life.server = dead
            shutil.rmtree(copy)
        shutil.rmtree(self.folder, ignore_errors=True)


class Widen:
    """A custom table's columns get wider types: all of them or none, over hot and sealed rows."""
    name = "widen"
    rows = 3000
    count = 0

    def define(self, life, kinds):
        columns = [{"name": n, "type": t} for n, t in zip(("TimeGenerated", "N", "S"), ("dateTime", *kinds))]
        answer = life.server.arm("PUT", "/tables/" + self.table,
                                 {"properties": {"schema": {"name": self.table, "columns": columns}}}, provider=False)
        if answer.status != 200:
            raise RuntimeError("unexpected answer %r" % answer)

    def prepare(self, life):
        self.count += 1
        self.table = "Wide%d_CL" % self.count
        self.define(life, ("long", "string"))
        for part in range(2):
            records = [{"TimeGenerated": life.now.isoformat() + "Z", "N": part * self.rows + i, "S": '{"n": %d}' % i}
                       for i in range(self.rows)]
            answer = life.server.post_logs("Custom-" + self.table, records)
            if answer.status != 204:
                raise RuntimeError("unexpected answer %r" % answer)
            if part == 0:
                life.work("seal?table=" + self.table)

    def act(self, life):
        self.define(life, ("string", "dynamic"))

    def after(self, life):
        found = {c["ColumnName"]: c["ColumnType"]
                 for c in life.server.query(self.table + " | getschema | project ColumnName, ColumnType")}
        assert (found["N"], found["S"]) in (("long", "string"), ("string", "dynamic")), found
        self.act(life)
        row = life.server.query(self.table + " | summarize n = count(), sum(tolong(N)), sum(tolong(S.n))")[0]
        half = sum(range(self.rows))
        assert list(row.values()) == [2 * self.rows, sum(range(2 * self.rows)), 2 * half], row


def quietly(phase, life):
    try:
        phase.act(life)
    except Exception:  # killed in between, as it should be
        pass


def die(phase, life, took):
    """True: the server died before the phase had ended."""
    phase.prepare(life)
    worker = threading.Thread(target=quietly, args=(phase, life))
    worker.start()
    time.sleep(life.chance.random() * took)  # the moment itself, not a wait
    amid = worker.is_alive()
    life.server.process.kill()
    worker.join()
    life.server.kill()
    life.restart()
    phase.after(life)
    life.check()
    life.check_files()
    return amid


def killed_in(phase, life, times):
    phase.prepare(life)
    began = time.monotonic()
    phase.act(life)
    took = time.monotonic() - began
    phase.after(life)
    life.check()
    amid, done, within = 0, 0, took
    while done < times or (amid == 0 and done < times + 20):  # one at least has to hit
        hit = die(phase, life, within)
        amid += hit
        done += 1
        if not hit:  # it ends sooner than the first time, when a store failed and was asked again, perhaps
            within *= 0.8
    assert amid > 0, "no kill hit the phase %s, which takes %.3f s" % (phase.name, took)
    return "%s %d of %d (%.0f ms)" % (phase.name, amid, done, took * 1e3)


def killed_in_each_phase(_data):
    """Kills in each of six phases of one server's life: each acknowledged record is there once."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    phases = [Ingest(), Seal(), Compact(), Retain(), Backup(), Widen()]
    times = max(1, kills() // len(phases))
    scratch = tempfile.mkdtemp(prefix="vedette-fault-kills-")
    try:
        with Server(*SETTINGS, clock=START.isoformat() + "Z") as server:
            life = Life(server, scratch, chance)
            Seal().prepare(life)  # both tables exist
            answer = server.arm("PATCH", "/tables/" + SHORT, {"properties": {"retentionInDays": SHORT_DAYS}},
                                provider=False)
            assert answer.status == 200, answer
            for _ in range(SHORT_DAYS + 1):  # something is past its retention from the first day on
                Retain().prepare(life)
                life.now += datetime.timedelta(days=1)
                server.move_clock(life.now.isoformat() + "Z")
            amid = [killed_in(phase, life, times) for phase in phases]
        print("     killed amid: %s; %d records" % (", ".join(amid), sum(map(len, life.acknowledged.values()))))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


TESTS = [killed_in_each_phase]
