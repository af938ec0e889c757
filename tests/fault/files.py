"""kill -9 of a server that follows files, while they grow and are rotated.

A writer appends numbered records to two files and rotates them: one is renamed, the other copied and
truncated. The server is killed at random moments and started again. In the end
every record is there exactly once; also where a record is an event of several lines.
"""
import json
import os
import random
import resource
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import Server  # noqa: E402  (found through the line above)

KILLS, LINES, PAUSE_S = 12, 400, 0.01


class Writer:
    def __init__(self, folder, name):
        self.path = os.path.join(folder, name)
        self.n = 0
        self.turns = 0

    def write(self, chance):
        lines = [self.line(self.n + i, os.path.basename(self.path)) for i in range(LINES)]
        self.n += LINES
        text = "".join(lines)
        cut = chance.randrange(len(text))  # half a line is there for a moment
        with open(self.path, "a", encoding="ascii") as f:
            f.write(text[:cut])
            f.flush()
            time.sleep(chance.random() * PAUSE_S)
            f.write(text[cut:])

    def line(self, n, name):
        return '{"N": %d, "Name": "%s", "Text": "%s"}\n' % (n, name, "x" * 100)

    def rename(self):
        self.turns += 1
        os.rename(self.path, "%s.%d" % (self.path, self.turns))

    def copy(self):
        self.turns += 1
        shutil.copy(self.path, "%s.%d" % (self.path, self.turns))
        with open(self.path, "w", encoding="ascii"):
            pass


class TraceWriter(Writer):
    def line(self, n, name):
        return "N=%d Name=%s Text=\n  at %s\n  at y\n" % (n, name, "x" * 100)


def rotate(chance, renamed, copied):
    turn = chance.randrange(4)
    if turn == 0 and os.path.exists(renamed.path):
        renamed.rename()
    elif turn == 1 and os.path.exists(copied.path):
        copied.copy()


def rows(server, table):
    answer = server.ask(table + " | summarize n = count(), d = dcount(N, 4), most = max(N) by Name")
    if answer.status != 200:
        return {}
    return {name: (n, distinct, most) for name, n, distinct, most in
            ([r[0], *r[1:]] for r in answer.json()["tables"][0]["rows"])}


def wait_for(server, table, writers, seconds=60):
    end = time.monotonic() + seconds
    wanted = {os.path.basename(w.path): w.n for w in writers if w.n}
    while time.monotonic() < end:
        found = rows(server, table)
        if all(found.get(name, (0,))[0] >= n for name, n in wanted.items()):
            return found
        time.sleep(0.05)
    raise RuntimeError("%r found, %r written\n%s" % (rows(server, table), wanted, server.read_log()[-3000:]))


def kill_while_following_files(folder):
    follow_and_kill(folder, Writer, "App_CL", {})


def kill_while_joining_lines(folder):
    """Events of three lines, each whole."""
    source = {"format": "text", "multiline": "^N=", "multiline_wait": "2s"}
    follow_and_kill(folder, TraceWriter,
                    "App_CL | where countof(RawData, '\\n') == 2"
                    " | parse RawData with 'N=' N: long ' Name=' Name ' Text=' *", source)


def follow_and_kill(folder, kind, table, source):
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    logs = os.path.join(folder, "logs")
    os.mkdir(logs)
    config = os.path.join(folder, "vedette.conf")
    with open(config, "w", encoding="utf-8") as f:
        json.dump({"sources": [{"name": "app", "path": os.path.join(logs, "*.log*"), "table": "App_CL", **source}]}, f)
    renamed, copied = kind(logs, "renamed.log"), kind(logs, "copied.log")
    with Server("--config", config) as server:
        for _ in range(KILLS):
            for _ in range(chance.randint(1, 4)):
                renamed.write(chance)
                copied.write(chance)
                time.sleep(chance.random() * PAUSE_S)
                rotate(chance, renamed, copied)
            time.sleep(chance.random() * 0.15)  # the moment itself, not a wait
            server.kill()
            rotate(chance, renamed, copied)
            server.start()
        wait_for(server, table, (renamed, copied))
        time.sleep(11)  # copies that were held back are read by now, if they are
        found = server.query(table + " | summarize n = count() by Name, N | summarize rows = sum(n), numbers = count() by Name")
        for row in found:
            wanted = renamed.n if row["Name"] == "renamed.log" else copied.n
            if (row["rows"], row["numbers"]) != (wanted, wanted):
                raise RuntimeError("%r found, %d written" % (row, wanted))
        letters = server.count("VedetteDeadLetter")
        if letters:
            raise RuntimeError("%d records went to the dead letters" % letters)
        received, stored, rejected = server.ingested()
        if received != stored + rejected:
            raise RuntimeError("received %d is not stored %d + rejected %d" % (received, stored, rejected))
        print("     %d kills, %d records, %d rotations, %d sent again" % (
            KILLS, renamed.n + copied.n, renamed.turns + copied.turns, rejected))


def follow_files_on_a_full_disk(folder):
    """While files may not grow past a limit records wait; nothing is lost, nothing is there twice."""
    logs = os.path.join(folder, "app.log")
    config = os.path.join(folder, "vedette.conf")
    with open(config, "w", encoding="utf-8") as f:
        json.dump({"sources": [{"name": "app", "path": logs, "table": "App_CL"}]}, f)
    server = Server("--config", config, start=False)
    original, limits = signal.getsignal(signal.SIGXFSZ), resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # inherited: writes fail instead of killing
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, limits[1]))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, original)
    n, end = 0, time.monotonic() + 60
    while server.metrics().get('vedette_source_waiting{source="app"}') != 1:
        if time.monotonic() > end:
            raise RuntimeError("the limit was never reached")
        with open(logs, "a", encoding="ascii") as f:
            f.write("".join('{"N": %d, "Text": "%s"}\n' % (n + i, os.urandom(100).hex()) for i in range(LINES)))
        n += LINES
        time.sleep(0.05)
    received, stored, rejected = server.ingested()
    if (received, rejected) != (stored, 0):
        raise RuntimeError("received %d, stored %d, rejected %d while the disk refuses" % (received, stored, rejected))
    server.kill()
    with server.start():
        end = time.monotonic() + 60
        while server.count("App_CL") < n and time.monotonic() < end:
            time.sleep(0.05)
        row = server.query("App_CL | summarize n = count() by N | summarize rows = sum(n), numbers = count()")[0]
        if (row["rows"], row["numbers"]) != (n, n):
            raise RuntimeError("%r found, %d written" % (row, n))


TESTS = [kill_while_following_files, kill_while_joining_lines, follow_files_on_a_full_disk]
