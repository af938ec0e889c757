"""A disk that is nearly full: logs are refused with a clear answer, queries go on, what was received
waits or is written later, and all of it goes on by itself once there is room."""
import json
import os
import socket
import subprocess
import tempfile
import uuid

from run import Skip
from vedette import Server, contains, equal, until

SIZE = 160 << 20
WANTED = 64 << 20
RULE = """
id: %s
name: Anything at all
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


class SmallDisk:
    """A tmpfs, and a file in it that takes as much room as is asked."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="vedette-small-")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % SIZE, "tmpfs", self.path],
                                 stderr=subprocess.DEVNULL, check=False)
        if mounted.returncode != 0:
            os.rmdir(self.path)
            raise Skip("mounting a tmpfs is not allowed here")
        self.data = os.path.join(self.path, "data")
        self.filler = os.path.join(self.path, "filler")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=False)
        os.rmdir(self.path)

    def leave(self, free):
        """So much stays free; at no moment is there more than before."""
        with open(self.filler, "ab") as f:
            now = os.statvfs(self.path)
            size = os.fstat(f.fileno()).st_size + now.f_bavail * now.f_frsize - free
            os.truncate(self.filler, min(size, os.fstat(f.fileno()).st_size))
            os.posix_fallocate(f.fileno(), 0, size)

    def clear(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)


def serve(disk, *settings, clock=None):
    return Server("--min-free", "%d" % WANTED, "--min-free-percent", "0", "--memory", "64MiB", *settings,
                  clock=clock, data=disk.data)


def level(server):
    return server.metrics()["vedette_read_only"]


def test_logs_are_refused_and_queries_answered():
    with SmallDisk() as disk, serve(disk) as s:
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "before"}]).status, 204)
        equal(s.get("/readyz", token=None).json(), {"status": "ready"})
        disk.leave(WANTED * 3 // 4)
        until(lambda: level(s) == 1)

        answer = s.post_logs("Microsoft-Heartbeat", [{"Computer": "refused"}])
        equal((answer.status, answer.code()), (503, "InsufficientStorage"))
        assert int(answer.headers["retry-after"]) > 0, answer.headers
        contains(answer.message(), "read-only")
        equal(s.get("/readyz", token=None).json(), {"status": "read-only"})
        equal(s.get("/healthz", token=None).json(), {"status": "alive", "readOnly": True})
        equal(s.count("Heartbeat"), 1)

        # What fills the disk is refused, work on incidents goes on and its rows are written.
        equal(s.arm("PUT", "/watchlists/vips", {"properties": {"displayName": "v"}}).status, 503)
        incident = {"properties": {"title": "Disk", "severity": "Low", "status": "New"}}
        equal(s.arm("PUT", "/incidents/" + str(uuid.uuid4()), incident).status, 201)
        equal(s.count("SecurityIncident"), 1)
        until(lambda: s.count("Operation | where OperationCategory == 'Data Collection Status'") == 1)

        # With less than half of what is wanted nothing is written at all, but for deleting.
        disk.leave(WANTED // 4)
        until(lambda: level(s) == 2)
        refused = s.arm("PUT", "/incidents/" + str(uuid.uuid4()), incident)
        equal((refused.status, refused.code()), (503, "InsufficientStorage"))
        equal(s.count("SecurityIncident"), 1)
        equal(s.arm("DELETE", "/watchlists/none").status in (200, 204, 404), True)

        disk.clear()
        until(lambda: level(s) == 0)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "after"}]).status, 204)
        equal(sorted(r["Computer"] for r in s.query("Heartbeat | project Computer")), ["after", "before"])

        # It is told: rows, counts, one line of the log for each change.
        rows = until(lambda: len(found := s.query(
            "Operation | where OperationCategory == 'Data Collection Status' | sort by TimeGenerated asc "
            "| project OperationStatus, Detail")) == 2 and found)
        equal([r["OperationStatus"] for r in rows], ["Warning", "Succeeded"])
        received, stored, rejected = s.ingested()
        equal(received, stored + rejected)
        until(lambda: s.query("VedetteIngestion | where Reason == 'no_room' | summarize n = sum(Requests)")
              [0]["n"] == 1)
        lines = [json.loads(line)["message"] for line in s.read_log().splitlines()]
        equal(sum("logs are refused" in line for line in lines), 1)
        equal(sum("there is room on the disk again" in line for line in lines), 1)


def test_between_the_marks_the_state_stays():
    with SmallDisk() as disk, serve(disk) as s:
        disk.leave(WANTED - (4 << 20))
        until(lambda: level(s) == 1)
        disk.leave(WANTED + (4 << 20))
        until(lambda: s.metrics()["vedette_disk_free_bytes"] > WANTED)
        equal(level(s), 1)
        disk.leave(WANTED * 3 // 2)
        until(lambda: level(s) == 0)
        equal(s.metrics()["vedette_read_only_changes_total"], 2)


def counted(server):
    """Of syslog: received, stored, rejected, held back. The system's own rows are counted, too."""
    row = server.query("VedetteIngestion | where TableName == 'Syslog' | summarize a = sum(Received), b = "
                       "sum(Stored), c = sum(Rejected), d = sum(HeldBack)")[0]
    return row["a"], row["b"], row["c"], row["d"]


def test_syslog_over_tcp_waits():
    with SmallDisk() as disk, serve(disk, "--syslog-tcp", "127.0.0.1:0") as s:
        with open(os.path.join(disk.data, "server.json"), encoding="utf-8") as f:
            port = json.load(f)["syslog_tcp"]
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"<13>Jan  1 00:00:00 host app: first\n")
            until(lambda: s.count("Syslog") == 1)
            disk.leave(WANTED * 3 // 4)
            until(lambda: level(s) == 1)
            for i in range(100):
                sender.sendall(b"<13>Jan  1 00:00:00 host app: waits %d\n" % i)
            until(lambda: s.metrics()["vedette_syslog_messages_total"] == 101)
            equal(s.count("Syslog"), 1)
            held = 'vedette_ingest_held_back{workspace="default"}'
            until(lambda: s.metrics()[held] > 0)
            values = s.metrics()
            sums = {what: sum(v for k, v in values.items() if k.startswith("vedette_ingest_%s_total{" % what))
                    for what in ("received", "stored", "rejected")}
            equal(sums["received"], sums["stored"] + sums["rejected"] + values[held])
            disk.clear()
            until(lambda: s.count("Syslog") == 101)
        equal(s.query("Syslog | summarize dcount(SyslogMessage)")[0]["dcount_SyslogMessage"], 101)
        equal(s.metrics()[held], 0)
        until(lambda: counted(s) == (101, 101, 0, 0))
        equal(s.query("VedetteIngestion | where Received != Stored + Rejected + HeldBack"), [])


def test_what_waited_and_died_is_counted():
    with SmallDisk() as disk, serve(disk, "--syslog-tcp", "127.0.0.1:0") as s:
        with open(os.path.join(disk.data, "server.json"), encoding="utf-8") as f:
            port = json.load(f)["syslog_tcp"]
        disk.leave(WANTED * 3 // 4)
        until(lambda: level(s) == 1)
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"<13>Jan  1 00:00:00 host app: lost\n")
            until(lambda: s.query("VedetteIngestion | where HeldBack == 1 | count")[0]["Count"] == 1)
            s.kill()
        disk.clear()
        s.start()
        until(lambda: s.query("VedetteIngestion | where Reason == 'lost_in_memory' | summarize n = "
                              "sum(Rejected)")[0]["n"] == 1)
        equal(counted(s), (1, 0, 1, 0))


def test_alerts_wait_for_room_and_come_once():
    with SmallDisk() as disk, serve(disk, "--rule-delay", "0", clock="2026-01-01T00:00:00Z") as s:
        equal(s.import_rule(RULE % uuid.uuid4()).status, 200)
        equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "bad"}]).status, 204)
        disk.leave(WANTED // 4)
        until(lambda: level(s) == 2)
        s.move_clock("2026-01-01T01:30:00Z")
        equal(s.arm("GET", "/incidents").json()["value"][0]["properties"]["title"], "Anything at all")
        equal(s.count("SecurityAlert"), 0)
        disk.clear()
        until(lambda: level(s) == 0)
        s.move_clock("2026-01-01T01:31:00Z")
        equal((s.count("SecurityAlert"), s.count("SecurityIncident")), (1, 1))
        s.stop().start()
        equal((s.count("SecurityAlert"), s.count("SecurityIncident")), (1, 1))


def test_a_start_on_a_full_disk():
    with SmallDisk() as disk:
        serve(disk).stop()
        disk.leave(WANTED // 4)
        with serve(disk) as s:
            equal(level(s), 2)
            equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "x"}]).status, 503)
            equal(s.count("Heartbeat"), 0)
            disk.clear()
            until(lambda: s.post_logs("Microsoft-Heartbeat", [{"Computer": "x"}]).status == 204)
