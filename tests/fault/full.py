"""A disk that is full in each phase: while rows are ingested, sealed, merged, past their retention, and backed up.

The data folder is on a small file system that a file fills up to some kilobytes, which differ from turn to turn. Whatever
could not be done is told of, nothing acknowledged is lost, and with room again all goes on by itself, without a restart.
"""
import contextlib
import datetime
import glob
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import Server, run, until  # noqa: E402  (found through the line above)

BATCH, TURNS, DAYS = 400, 3, 4
LEFT_KB = (0, 4, 40, 200)  # what the filler leaves
START = datetime.datetime(2026, 1, 1)


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Disk:
    """A server's data folder, and the file that fills its disk."""

    def __init__(self, folder):
        self.folder, self.filler = folder, os.path.join(folder, "filler")

    def fill(self, left_kb):
        free = os.statvfs(self.folder)
        with open(self.filler, "wb", buffering=0) as f:
            with contextlib.suppress(OSError):  # a little less than what is said to be free is full, too
                os.posix_fallocate(f.fileno(), 0, max(1, free.f_bavail * free.f_frsize - (left_kb << 10)))

    def clear(self):
        os.unlink(self.filler)


class Story:
    """What was acknowledged, by table."""

    def __init__(self, server, disk, chance):
        self.server, self.disk, self.chance = server, disk, chance
        self.next, self.now = 0, START
        self.there = {"Heartbeat": set(), "Syslog": set()}
        self.refused = 0

    def send(self, table):
        numbers = range(self.next, self.next + BATCH)
        self.next += BATCH
        column = "OSType" if table == "Heartbeat" else "SyslogMessage"
        records = [{"Computer": "c%d" % n, column: os.urandom(40).hex()} for n in numbers]
        answer = self.server.post_logs("Microsoft-" + table, records)
        if answer.status == 204:
            self.there[table].update(numbers)
        else:
            assert answer.status in (500, 503), answer
            self.refused += 1
        return answer.status == 204

    def work(self, what, path=None):
        path = path or "/vedette/v1/workspaces/%s/%s" % (self.server.workspace()["id"], what)
        answer = self.server.post(path, {"directory": what} if what.startswith("/") else None)
        assert answer.status in (200, 500, 503), answer
        self.refused += answer.status != 200
        return answer.status == 200

    def move(self, by):
        self.now += by
        self.server.move_clock(iso(self.now))

    def check(self):
        for table, wanted in self.there.items():
            rows = self.server.query(table + " | summarize n = count() by Computer")
            found = {int(r["Computer"][1:]) for r in rows}
            assert all(r["n"] == 1 for r in rows), "%s: records are there more than once" % table
            assert found == wanted, "%s: %d are gone, %d were not acknowledged" % (
                table, len(wanted - found), len(found - wanted))
        received, stored, rejected = self.server.ingested()
        assert received == stored + rejected, (received, stored, rejected)


def parts(server, table):
    return glob.glob(os.path.join(server.data, "workspaces", "*", "lake", table, "*", "*", "*", "*.parquet"))


# ---- the phases: what comes before, and what happens while the disk is full ----

def ingest(story):
    return all([story.send("Heartbeat") for _ in range(20)])


def prepare_seal(story):
    story.send("Heartbeat")
    story.send("Syslog")


def seal(story):
    return story.work("seal")


def prepare_compact(story):
    for _ in range(3):
        prepare_seal(story)
        assert seal(story)


def compact(story):
    return story.work("compact")


def prepare_retain(story):
    prepare_compact(story)
    story.move(datetime.timedelta(days=DAYS, hours=-1))


def retain(story):
    """Syslog comes past its retention: its rows go, also when the disk is full."""
    story.move(datetime.timedelta(hours=2))
    story.there["Syslog"].clear()
    return story.work("seal")


def back_up(story):
    return story.work(tempfile.mkdtemp(dir=story.disk.folder) + "/backup", "/vedette/v1/backup")


PHASES = [(ingest, lambda story: None), (seal, prepare_seal), (compact, prepare_compact), (retain, prepare_retain),
          (back_up, prepare_seal)]


def full_in(story, phase, prepare):
    """How often the phase could not be done."""
    failed = 0
    for _ in range(TURNS):
        prepare(story)
        story.disk.fill(story.chance.choice(LEFT_KB) if phase is not ingest else 0)
        failed += not phase(story)
        story.check()
        story.disk.clear()
        until(lambda: story.send("Heartbeat"), 30)
        if phase is back_up:
            until(lambda: back_up(story), 30)
        elif phase is not ingest:
            until(lambda: phase(story), 30)
        story.check()
        for left in glob.glob(os.path.join(story.disk.folder, "tmp??*")):
            subprocess.run(["rm", "-rf", left], check=True)
    return failed


def run_story(folder, data):
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    failed = []
    settings = ("--min-free", "0", "--min-free-percent", "0", "--requests-per-second", "100000", "--retention", "730d")
    with Server(*settings, clock=iso(START), data=data) as server:
        story = Story(server, Disk(folder), chance)
        prepare_seal(story)
        answer = server.arm("PATCH", "/tables/Syslog", {"properties": {"retentionInDays": DAYS}}, provider=False)
        assert answer.status == 200, answer
        for phase, prepare in PHASES:
            failed.append("%s %d" % (phase.__name__, full_in(story, phase, prepare)))
        assert story.refused > 0, "the disk was never full"
        assert seal(story)  # hot rows stay, whatever their age
        server.kill()
        server.start(clock=iso(story.now + datetime.timedelta(days=DAYS + 1)))
        story.there["Syslog"].clear()
        story.check()
        until(lambda: not parts(server, "Syslog"))
        code, out, err = run("check", data=data)
        assert code == 0 and " 0 damaged" in out, out + err
    print("     of %d times each could not be done on the full disk: %s" % (TURNS, ", ".join(failed)))


def on_a_small_disk(data, size, run_there):
    """Calls run_there with the folder of a small file system and one for a server's data in it; a reason when there is none."""
    small = os.path.join(data, "small")
    os.mkdir(small)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", small], stderr=subprocess.DEVNULL)
    if mount.returncode != 0:
        return "mounting a tmpfs is not allowed here"
    try:
        run_there(small, os.path.join(small, "data"))
    finally:
        subprocess.run(["umount", "-l", small], check=False)
    return None


def disk_full_in_each_phase(data):
    """The disk is full in five phases of one server's life."""
    return on_a_small_disk(data, "128m", run_story)


TESTS = [disk_full_in_each_phase]
