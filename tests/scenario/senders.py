"""Debian's rsyslog and syslog-ng, unpacked below build/senders: they cannot be installed side by side,
and installing one would change this machine."""
import contextlib
import fcntl
import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time

from run import Skip

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TREE = os.path.abspath(os.path.join(ROOT, "build", "senders"))
PACKAGES = ["rsyslog", "rsyslog-openssl", "libestr0", "libfastjson4", "liblognorm5", "syslog-ng-core",
            "libivykis0", "libjson-c5", "libnet1", "libpcre3", "libwrap0", "libglib2.0-0"]


def unpacked():
    """Fetches and unpacks the packages once; raises Skip where that can't be done."""
    os.makedirs(TREE, exist_ok=True)
    with open(os.path.join(TREE, "lock"), "w", encoding="utf-8") as lock:  # scenarios run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(TREE, "done")):
            unpack()


def unpack():
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Skip("rsyslog and syslog-ng come as Debian's packages, and apt-get is not here")
    debs = os.path.join(TREE, "debs")
    os.makedirs(debs, exist_ok=True)
    got = subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=debs, capture_output=True,
                         text=True, timeout=300, check=False)
    files = glob.glob(os.path.join(debs, "*.deb"))
    if got.returncode != 0 or len(files) < len(PACKAGES):
        raise Skip("rsyslog and syslog-ng cannot be fetched: %s" % got.stderr.strip()[-200:])
    for deb in files:
        subprocess.run(["dpkg-deb", "-x", deb, TREE], check=True)
    with open(os.path.join(TREE, "done"), "w", encoding="utf-8"):
        pass


def libraries():
    return glob.glob(os.path.join(TREE, "usr/lib/*-linux-*")) + glob.glob(os.path.join(TREE, "lib/*-linux-*"))


def environment():
    found = libraries()
    inner = [d for lib in found for d in glob.glob(os.path.join(lib, "syslog-ng"))]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(found + inner + [os.path.join(TREE, "usr/lib/syslog-ng")])}


@contextlib.contextmanager
def running(command, socket_path, lines, tag="sender"):
    """Runs a sender and writes lines to its socket, as the programs of a machine do."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
        try:
            end = time.monotonic() + 20
            while not os.path.exists(socket_path):
                if process.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    raise RuntimeError("%s did not start: %s" % (command[0], log.read()[-2000:]))
                time.sleep(0.05)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.connect(socket_path)
                for line in lines:
                    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
                    s.send(("<38>%s %s: %s" % (stamp, tag, line)).encode())
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)


@contextlib.contextmanager
def rsyslog(transport, port, ca, template, lines):
    """In this context rsyslog runs and sends the lines."""
    unpacked()
    folder = tempfile.mkdtemp(prefix="vedette-rsyslog-")
    modules = [d for lib in libraries() for d in glob.glob(os.path.join(lib, "rsyslog"))][0]
    tls = ('StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" '
           'StreamDriverPermittedPeers="localhost" TCP_Framing="octet-counted" ') if transport == "tls" else ""
    with open(folder + "/conf", "w", encoding="utf-8") as f:
        f.write('global(workDirectory="%s" defaultNetstreamDriverCAFile="%s")\n'
                'module(load="imuxsock" SysSock.Use="off")\n'
                'input(type="imuxsock" Socket="%s/log" CreatePath="on")\n'
                'action(type="omfwd" target="127.0.0.1" port="%d" protocol="%s" template="%s" %s)\n'
                % (folder, ca, folder, port, "udp" if transport == "udp" else "tcp", template, tls))
    with running([TREE + "/usr/sbin/rsyslogd", "-n", "-f", folder + "/conf", "-i", folder + "/pid",
                  "-M", modules], folder + "/log", lines):
        yield
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def syslog_ng(transport, port, ca, lines):
    """The same with syslog-ng and its IETF protocol."""
    unpacked()
    folder = tempfile.mkdtemp(prefix="vedette-syslog-ng-")
    modules = glob.glob(TREE + "/usr/lib/syslog-ng/*/libafsocket.so")[0].rpartition("/")[0]
    tls = 'tls(ca-file("%s") peer-verify(required-trusted))' % ca if transport == "tls" else ""
    with open(folder + "/conf", "w", encoding="utf-8") as f:
        f.write('@version: 3.38\n'
                'source s { unix-dgram("%s/log"); };\n'
                'destination d { syslog("127.0.0.1" port(%d) transport("%s") %s); };\n'
                'log { source(s); destination(d); };\n' % (folder, port, transport, tls))
    with running([TREE + "/usr/sbin/syslog-ng", "-F", "-f", folder + "/conf", "-R", folder + "/state",
                  "-p", folder + "/pid", "-c", folder + "/control", "--no-caps",
                  "--module-path", modules], folder + "/log", lines):
        yield
    shutil.rmtree(folder, ignore_errors=True)
