"""Syslog over TCP: from the first byte sent to the last row on disk, beside rsyslog that writes the same to a file."""
import json
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "scenario"))

MESSAGES = 200_000
LIMIT_S = 120


def messages():
    lines = []
    for i in range(MESSAGES):
        if i % 2:
            lines.append("<134>Jan  2 03:%02d:%02d fw%d CEF:0|Vendor|Firewall|10.1|%d|Traffic denied|5|"
                         "src=10.%d.%d.%d dst=198.51.100.%d spt=%d dpt=443 proto=TCP act=deny out=%d cs1Label=Rule cs1=rule-%d"
                         % (i // 60 % 60, i % 60, i % 7, i % 90, i % 200, i % 251, i % 241, i % 255, 1024 + i % 60000, i,
                            i % 40))
        else:
            lines.append("<86>Jan  2 03:%02d:%02d host%d sshd[%d]: Accepted publickey for user%d from 10.0.%d.%d port %d ssh2"
                         % (i // 60 % 60, i % 60, i % 50, 1000 + i % 30000, i % 300, i % 251, i % 241, 1024 + i % 60000))
    return ("\n".join(lines) + "\n").encode()


def wait(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("%s did not end within %d s" % (what, LIMIT_S))
        time.sleep(0.005)


def send(port, data):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(data)


def vedette(context, data):
    os.environ["VEDETTE"] = context.vedette
    from vedette import Server
    with Server("--syslog-tcp", "127.0.0.1:0") as s:
        with open(os.path.join(s.data, "server.json"), encoding="utf-8") as f:
            port = json.load(f)["syslog_tcp"]
        began = time.monotonic()
        send(port, data)
        wait(lambda: s.ingested()[1] >= MESSAGES, "vedette")
        return time.monotonic() - began


def rsyslog(context, data):
    import senders
    from run import Skip
    try:
        senders.unpacked()
    except Skip as why:
        raise context.Skip(str(why)) from None
    folder = str(context.scratch)
    out = folder + "/out"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(folder + "/conf", "w", encoding="utf-8") as f:
        f.write('global(workDirectory="%s")\nmodule(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="%d")\n'
                'action(type="omfile" file="%s" template="RSYSLOG_FileFormat")\n' % (folder, port, out))
    modules = [d for lib in senders.libraries() for d in [lib + "/rsyslog"] if os.path.isdir(d)][0]
    process = subprocess.Popen([senders.TREE + "/usr/sbin/rsyslogd", "-n", "-f", folder + "/conf", "-i", folder + "/pid",
                                "-M", modules], env=senders.environment())
    try:
        def ready():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        wait(ready, "rsyslog's start")
        began = time.monotonic()
        send(port, data)

        def written():
            if not os.path.exists(out):
                return False
            with open(out, "rb") as f:
                return sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b"")) >= MESSAGES
        wait(written, "rsyslog")
        return time.monotonic() - began
    finally:
        process.terminate()
        process.wait(20)


def run(context):
    data = messages()
    ours = vedette(context, data)
    peer = rsyslog(context, data)
    return {"messages_per_s": MESSAGES / ours, "mb_per_s": len(data) / ours / 1e6,
            "rsyslog_messages_per_s": MESSAGES / peer, "ratio_to_rsyslog": peer / ours}
