"""The server at rest: time from start to ready with an existing data directory, and resident memory.

The server listens where it does by default, so port 8443 must be free.
"""
import socket
import ssl
import subprocess
import time
import urllib.request

ADDRESS = ("127.0.0.1", 8443)
READY_LIMIT_S = 60
STARTS = 5
IDLE_S = 5


def is_ready():
    # The certificate is the scratch server's own, made a moment ago; nothing secret is sent.
    trust = ssl.create_default_context()
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen("https://%s:%d/readyz" % ADDRESS, timeout=1, context=trust) as answer:
            return answer.status == 200
    except OSError:
        return False


def start(context, data):
    began = time.monotonic()
    server = subprocess.Popen([context.vedette, "serve", "--data", str(data)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not is_ready():
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with code {server.returncode}")
        if time.monotonic() - began > READY_LIMIT_S:
            server.kill()
            server.wait()
            raise RuntimeError(f"not ready after {READY_LIMIT_S} s")
        time.sleep(0.005)
    return server, (time.monotonic() - began) * 1000


def stop(server):
    server.terminate()
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:")) / 1024


def run(context):
    with socket.socket() as probe:
        if probe.connect_ex(ADDRESS) == 0:
            raise context.Skip("something listens on 127.0.0.1:8443 already")
    data = context.scratch / "data"
    server, first_ms = start(context, data)
    stop(server)
    times = []
    for _ in range(STARTS):
        server, ready_ms = start(context, data)
        times.append(ready_ms)
        if len(times) == STARTS:
            time.sleep(IDLE_S)
            idle_mb = resident_mb(server.pid)
        stop(server)
    times.sort()
    return {"first_start_to_ready_ms": first_ms, "start_to_ready_median_ms": times[len(times) // 2],
            "start_to_ready_max_ms": times[-1], "idle_resident_mb": idle_mb}
