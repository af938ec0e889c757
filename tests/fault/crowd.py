"""Many senders at once, slow ones, and ones that vanish."""
import json
import os
import random
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from vedette import Server, until  # noqa: E402  (found through the line above)

PRODUCERS, REQUESTS, BATCH = 64, 6, 50
VANISHING, SLOW = 40, 30


def check(server, wanted):
    row = server.query("Heartbeat | summarize n = count() by Computer | summarize records = sum(n), "
                       "distinct_records = count(), most = max(n)")[0]
    assert row == {"records": wanted, "distinct_records": wanted, "most": 1}, (row, wanted)
    received, stored, rejected = server.ingested()
    assert received == stored + rejected, (received, stored, rejected)


def all_at_once(works):
    """Runs them in threads of their own; the first problem is raised."""
    problems = []

    def one(work):
        try:
            work()
        except Exception as problem:  # told in the test's own thread
            problems.append(problem)

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def records(name, turn):
    return [{"Computer": "%s-%d-%d" % (name, turn, n), "OSType": "x" * 100} for n in range(BATCH)]


def produce(server, name, twice):
    """Each request until it is acknowledged; some are then sent once more."""
    connection = server.connect()
    for turn in range(REQUESTS):
        request, sent = str(uuid.uuid4()), records(name, turn)
        status = 0
        while status != 204:
            status = server.post_logs("Microsoft-Heartbeat", sent, request_id=request, connection=connection).status
            assert status in (204, 429, 503), status
        if twice:
            assert server.post_logs("Microsoft-Heartbeat", sent, request_id=request).status == 204
    connection.close()


def sixty_four_producers(_data):
    """64 producers at once, each on a connection of its own; a quarter of them repeat what was acknowledged."""
    with Server("--requests-per-second", "100000") as server:
        server.post_logs("Microsoft-Heartbeat", [])
        all_at_once([lambda p=p: produce(server, "p%d" % p, p % 4 == 0) for p in range(PRODUCERS)])
        check(server, PRODUCERS * REQUESTS * BATCH)


class Raw:
    """A connection that is written to byte by byte."""

    def __init__(self, server, name):
        parts = urllib.parse.urlsplit(server.url)
        context = ssl.create_default_context(cafile=server.ca)
        plain = socket.create_connection((parts.hostname, parts.port), timeout=30)
        self.socket = context.wrap_socket(plain, server_hostname=parts.hostname)
        self.request = str(uuid.uuid4())
        self.sent = records(name, 0)
        body = json.dumps(self.sent).encode()
        head = ("POST /dataCollectionRules/%s/streams/Microsoft-Heartbeat?api-version=2023-01-01 HTTP/1.1\r\n"
                "Host: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                "x-ms-client-request-id: %s\r\nContent-Length: %d\r\n\r\n" % (
                    server.workspace()["dataCollectionRule"], parts.netloc, server.operator, self.request, len(body)))
        self.bytes = head.encode() + body

    def vanish(self):
        """No good-bye: the connection is reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()


def vanish_somewhere(server, i, chance):
    """In the head, in the body, or before the answer; then the request is repeated, as a sender has to."""
    raw = Raw(server, "v%d" % i)
    raw.socket.sendall(raw.bytes[:len(raw.bytes) if i % 3 == 0 else chance.randrange(1, len(raw.bytes))])
    raw.vanish()
    answer = server.post_logs("Microsoft-Heartbeat", raw.sent, request_id=raw.request)
    assert answer.status == 204, answer


def slowly(server, i):
    """A tenth of the bytes at a time, with pauses; it gets its answer all the same."""
    raw = Raw(server, "s%d" % i)
    step = len(raw.bytes) // 10 + 1
    for at in range(0, len(raw.bytes), step):
        raw.socket.sendall(raw.bytes[at:at + step])
        time.sleep(0.1)  # what a slow line does
    answer = raw.socket.recv(100)
    assert answer.startswith(b"HTTP/1.1 204"), answer
    raw.socket.close()


def open_files(server):
    return len(os.listdir("/proc/%d/fd" % server.process.pid))


def slow_and_vanishing_clients(_data):
    """Slow and vanishing senders hold nobody up, leave nothing open, and lose and double nothing."""
    chance = random.Random(int(os.environ.get("FAULT_SEED", "20260101")))
    with Server("--requests-per-second", "100000") as server:
        server.post_logs("Microsoft-Heartbeat", [])
        before = open_files(server)
        works = [lambda i=i: vanish_somewhere(server, i, chance) for i in range(VANISHING)]
        works += [lambda i=i: slowly(server, i) for i in range(SLOW)]
        works += [lambda p=p: produce(server, "p%d" % p, False) for p in range(4)]
        all_at_once(works)
        check(server, (VANISHING + SLOW + 4 * REQUESTS) * BATCH)
        until(lambda: open_files(server) <= before + 4, 30)


def half_requests_end(_data):
    """Senders that stop in the middle are let go after request_timeout; others are served meanwhile."""
    with Server("--request-timeout", "2s", "--max-connections", "40") as server:
        server.post_logs("Microsoft-Heartbeat", [])
        stuck = [Raw(server, "h%d" % i) for i in range(30)]
        for i, raw in enumerate(stuck):
            raw.socket.sendall(raw.bytes[:len(raw.bytes) * (i + 1) // 40 + 1])
        assert server.post_logs("Microsoft-Heartbeat", records("other", 0)).status == 204
        began = time.monotonic()
        for raw in stuck:
            raw.socket.settimeout(60)
            try:
                rest = raw.socket.recv(1000)
                assert rest == b"" or not rest.startswith(b"HTTP/1.1 2"), rest
            except OSError:  # reset: that is an end, too
                pass
        assert time.monotonic() - began < 15, "they were let go after %.0f s" % (time.monotonic() - began)
        check(server, BATCH)


TESTS = [sixty_four_producers, slow_and_vanishing_clients, half_requests_end]
