#!/usr/bin/env python3
"""What a crash, a full disk and a deep log may not do: lose an acknowledged event, store one twice,
or leave counts that do not add up.

Runs fault_writer (the store and ingestion as the server has them) and, where it is built, the server
itself. Programs are found by FAULT_WRITER and VEDETTE, or in build/. Last line: N passed, N failed.
"""
import argparse
import importlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
SEED = int(os.environ.get("FAULT_SEED", "20260101"))
EVENTS = 100  # in a request
REQUESTS = 1000


def find_program(variable, name):
    given = os.environ.get(variable)
    candidates = [given] if given else []
    for build in ("release", "dev", "asan", "."):
        candidates.append(os.path.join(ROOT, "build", build, name))
    for path in candidates:
        if path and os.access(path, os.X_OK):
            return path
    return None


WRITER = find_program("FAULT_WRITER", "fault_writer")
SERVER = find_program("VEDETTE", "vedette")


class Failed(Exception):
    pass


def check(condition, message, *args):
    if not condition:
        raise Failed(message % args if args else message)


class Writer:
    """One run of fault_writer over the requests that are not acknowledged yet."""

    def __init__(self, data, requests, limit_bytes=None, lake=False):
        def prepare():
            if limit_bytes is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

        self.acked, self.failed = set(), {}
        self.sealed = self.unsealed = self.merged = 0
        self.changed = threading.Condition()
        self.ended = False
        self.process = subprocess.Popen(
            [WRITER, "lake" if lake else "write", data, str(EVENTS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, preexec_fn=prepare, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.process.stdin.write("".join("%d\n" % r for r in requests))
        self.process.stdin.close()

    def read(self):
        for line in self.process.stdout:
            words = line.split()
            with self.changed:
                if words[0] == "ack":
                    self.acked.add(int(words[1]))
                elif words[0] == "fail":
                    self.failed[int(words[1])] = words[2]
                elif words[0] == "sealed":
                    self.sealed += int(words[1])
                elif words[0] == "unsealed":
                    self.unsealed += 1
                elif words[0] == "merged":
                    self.merged += 1
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_acks(self, n, seconds=120):
        with self.changed:
            self.changed.wait_for(lambda: self.ended or len(self.acked) >= n, seconds)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.finish()

    def finish(self, seconds=300):
        code = self.process.wait(seconds)
        self.reader.join(30)
        self.process.stdout.close()
        return code


def dump(data):
    """Stored event numbers, and (received, stored, rejected, rows)."""
    out = subprocess.run([WRITER, "dump", data], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, timeout=300)
    check(out.returncode == 0, "the store does not open again: %s", out.stderr[-400:])
    lines = out.stdout.split("\n")
    words = lines[-2].split()
    check(words[0] == "sum", "no sum: %s", lines[-2])
    return [int(x) for x in lines[:-2]], tuple(int(x) for x in words[1:])


def check_store(data, acked, offered):
    events, (received, stored, rejected, rows) = dump(data)
    check(len(events) == len(set(events)), "%d events are there twice", len(events) - len(set(events)))
    have = set(events)
    for request in acked:
        lost = [e for e in range(request * EVENTS, (request + 1) * EVENTS) if e not in have]
        check(not lost, "request %d was acknowledged, %d of its events are gone", request, len(lost))
    whole = {e // EVENTS for e in have}
    check(len(have) == len(whole) * EVENTS, "a request is half stored: %d events of %d requests", len(have), len(whole))
    check(whole <= set(offered), "events that nobody sent")
    check(received == stored + rejected, "received %d is not stored %d + rejected %d", received, stored, rejected)
    check(stored == rows == len(events), "counted %d stored, %d rows, %d read", stored, rows, len(events))
    return whole


def kill_ten_times(data):
    chance = random.Random(SEED)
    todo, acked, kills = list(range(REQUESTS)), set(), 0
    while todo:
        writer = Writer(data, todo)
        if kills < 10:
            writer.wait_acks(chance.randint(20, 90))
            time.sleep(chance.random() * 0.01)  # the moment itself, not a wait
            writer.kill()
            kills += 1
        else:
            check(writer.finish() == 0, "the last run failed")
        acked |= writer.acked
        check_store(data, acked, range(REQUESTS))
        todo = [r for r in todo if r not in acked]
    check(kills == 10, "only %d kills", kills)
    events, _ = dump(data)
    check(sorted(events) == list(range(REQUESTS * EVENTS)), "not every event is there exactly once")


def kill_while_sealing(data):
    """Killed at any moment of sealing, merging and deleting: each acknowledged event is there once."""
    chance = random.Random(SEED + 1)
    todo, acked, kills, sealed, merged = list(range(2 * REQUESTS)), set(), 0, 0, 0
    most = int(os.environ.get("FAULT_KILLS", "20"))
    while todo:
        writer = Writer(data, todo, lake=True)
        if kills < most:
            writer.wait_acks(chance.randint(10, 2 * REQUESTS // most))
            time.sleep(chance.random() * 0.1)  # the moment itself, not a wait
            writer.kill()
            kills += 1
        else:
            check(writer.finish() == 0, "the last run failed")
        acked |= writer.acked
        sealed += writer.sealed
        merged += writer.merged
        check_store(data, acked, range(2 * REQUESTS))
        todo = [r for r in todo if r not in acked]
    check(sealed > 0 and merged > 0, "nothing was sealed (%d) or merged (%d)", sealed, merged)
    events, _ = dump(data)
    check(sorted(events) == list(range(2 * REQUESTS * EVENTS)), "not every event is there exactly once")


def disk_full_while_sealing(data):
    small = os.path.join(data, "small")
    os.mkdir(small)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], stderr=subprocess.DEVNULL)
    if mount.returncode != 0:
        return "mounting a tmpfs is not allowed here"
    try:
        writer = Writer(small, range(2000), lake=True)
        writer.finish()
        check(writer.failed or writer.unsealed, "the disk never filled")
        check(writer.acked, "nothing was stored before the disk was full")
        subprocess.run(["mount", "-o", "remount,size=300m", small], check=True)
        check_store(small, writer.acked, range(2000))
        again = Writer(small, [r for r in range(2000) if r not in writer.acked], lake=True)
        check(again.finish() == 0 and not again.failed and not again.unsealed, "with room again: %s", again.failed)
        check_store(small, range(2000), range(2000))
    finally:
        subprocess.run(["umount", "-l", small], check=False)
    return None


def disk_full_file_limit(data):
    run_disk_full(data, limit_bytes=600000)


def run_disk_full(data, limit_bytes=None, before_retry=lambda: None):
    writer = Writer(data, range(400), limit_bytes)
    writer.finish()
    check(writer.failed, "the disk never filled")
    wrong = {code for code in writer.failed.values()} - {"io"}
    check(not wrong, "answers were %s, not io", wrong)
    check(writer.acked, "nothing was stored before the disk was full")
    before_retry()
    check_store(data, writer.acked, range(400))
    again = Writer(data, [r for r in range(400) if r not in writer.acked])
    check(again.finish() == 0 and not again.failed, "with room again: %s", again.failed)
    check_store(data, range(400), range(400))


def disk_full_tmpfs(data):
    small = os.path.join(data, "small")
    os.mkdir(small)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", small], stderr=subprocess.DEVNULL)
    if mount.returncode != 0:
        return "mounting a tmpfs is not allowed here"
    try:
        def more_room():
            subprocess.run(["mount", "-o", "remount,size=300m", small], check=True)
        run_disk_full(small, before_retry=more_room)
    finally:
        subprocess.run(["umount", "-l", small], check=False)
    return None


def restart_with_a_deep_log(data):
    writer = Writer(data, range(3000))
    writer.wait_acks(2900)
    writer.kill()
    log = os.path.join(data, "workspaces", "11111111-2222-4333-8444-555555555555", "hot.duckdb.wal")
    check(os.path.getsize(log) > 10 << 20, "the log is only %d bytes", os.path.getsize(log))
    check_store(data, writer.acked, range(3000))


def torn_log(data):
    """The last bytes of the log never reached the disk: what was acknowledged before them is whole."""
    writer = Writer(data, range(200))
    writer.wait_acks(150)
    writer.kill()
    log = os.path.join(data, "workspaces", "11111111-2222-4333-8444-555555555555", "hot.duckdb.wal")
    with open(log, "ab") as f:
        f.write(b"\x07" * 1000)
    check_store(data, writer.acked, range(200))


TESTS = [kill_ten_times, kill_while_sealing, disk_full_while_sealing,
         disk_full_file_limit, disk_full_tmpfs, restart_with_a_deep_log, torn_log]


def read_arguments():
    args = argparse.ArgumentParser()
    args.add_argument("tests", nargs="*", help="names of tests; none: all")
    args.add_argument("--kills", type=int, help="in each test that takes a number of them (FAULT_KILLS); default 20")
    args = args.parse_args()
    if args.kills:
        os.environ["FAULT_KILLS"] = str(args.kills)
    return args.tests


def main():
    server_tests = []
    if SERVER:
        os.environ["VEDETTE"] = SERVER
        server_tests = [test for name in ("server", "files", "kills", "damage", "crowd", "rules", "correlation", "people", "full", "store") for test in importlib.import_module(name).TESTS]
    passed = failed = skipped = 0
    wanted = read_arguments()
    tests = (TESTS if WRITER else []) + server_tests
    if not WRITER:
        print("skip: fault_writer is not built")
        skipped += 1
    if not SERVER:
        print("skip: vedette is not built")
        skipped += 1
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        data = tempfile.mkdtemp(prefix="vedette-fault-")
        started = time.time()
        try:
            reason = test(data)
            if reason:
                skipped += 1
                print("skip %s: %s" % (test.__name__, reason))
            else:
                passed += 1
                print("ok   %s (%.1f s)" % (test.__name__, time.time() - started))
        except Exception as e:  # a test may fail in any way; the others still run
            failed += 1
            print("FAIL %s (seed %d): %s: %s" % (test.__name__, SEED, type(e).__name__, e))
        finally:
            shutil.rmtree(data, ignore_errors=True)
        sys.stdout.flush()
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
