"""What administrators see of the server itself: its limits and where they stand, its certificate."""
import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.parse

from vedette import Server, contains, equal, until

BASE = "/vedette/v1/server"


def shown(s):
    """The fingerprint of what a new connection gets."""
    parts = urllib.parse.urlsplit(s.url)
    pem = ssl.get_server_certificate((parts.hostname, parts.port))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def make_pair(folder, name):
    cert, key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + "-key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "20", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def test_limits_are_told_with_where_they_stand():
    with Server("--query-timeout", "45s", "--sign-ins-per-second", "1") as s:
        limits = {x["setting"]: x for x in s.get(BASE + "/limits").json()["value"]}
        equal((limits["query_timeout"]["value"], limits["query_timeout"]["unit"]), (45, "s"))
        equal(limits["tenant_workspaces_max"]["used"], 1)
        equal(limits["sign_ins_per_second"]["refused"], 0)
        reader = s.token(*s.application("Microsoft Sentinel Contributor"))
        until(lambda: s.sign_in("nobody", "wrong").status == 429)
        limits = {x["setting"]: x for x in s.get(BASE + "/limits").json()["value"]}
        equal(limits["sign_ins_per_second"]["refused"] > 0, True, limits["sign_ins_per_second"])
        for method, path in (("GET", "/limits"), ("GET", "/certificate"), ("POST", "/certificate/reload")):
            equal(s.request(method, BASE + path, token=reader).status, 403, path)


def test_the_local_certificate_is_renewed_while_connections_stay():
    with Server() as s:
        told = s.get(BASE + "/certificate").json()
        contains(told["issuer"], "Vedette local CA")
        contains(told["names"], "127.0.0.1")
        equal((told["sha256"], told["ownFiles"], told["daysLeft"] > 390), (shown(s), False, True), told)
        # What is good enough stays.
        equal(s.post(BASE + "/certificate/reload").json()["sha256"], told["sha256"])
        open_one = s.connect()
        equal(s.get("/healthz", connection=open_one).status, 200)
        os.remove(os.path.join(s.data, "tls", "server.pem"))
        renewed = s.post(BASE + "/certificate/reload")
        equal((renewed.status, renewed.json()["sha256"] != told["sha256"]), (200, True), renewed)
        equal(shown(s), renewed.json()["sha256"])
        equal(s.get("/healthz", connection=open_one).status, 200)
        equal(s.get("/vedette/v1/tenants").status, 200)
        # Many in a row: those whose connections have ended are cleared away.
        for _ in range(20):
            os.remove(os.path.join(s.data, "tls", "server.pem"))
            equal(s.post(BASE + "/certificate/reload").status, 200)
        open_one.close()
        rows = s.query("SentinelAudit | where OperationName contains 'certificate' and Status == 'Success' | count")
        equal(rows[0]["Count"] >= 20, True, rows)


def test_own_files_are_read_again():
    if shutil.which("openssl") is None:
        from run import Skip
        raise Skip("openssl is not installed")
    folder = tempfile.mkdtemp()
    try:
        first, second = make_pair(folder, "first"), make_pair(folder, "second")
        cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        shutil.copy(first[0], cert)
        shutil.copy(first[1], key)
        both = os.path.join(folder, "both.pem")  # server.json names no CA: it is the administrator's
        with open(both, "wb") as out:
            for path in (first[0], second[0]):
                with open(path, "rb") as one:
                    out.write(one.read())
        os.environ["SSL_CERT_FILE"] = both
        with Server("--tls-cert", cert, "--tls-key", key) as s:
            told = s.get(BASE + "/certificate").json()
            equal((told["subject"], told["ownFiles"], told["daysLeft"] in (19, 20)), ("CN=first", True, True), told)
            shutil.copy(second[0], cert)
            refused = s.post(BASE + "/certificate/reload")
            equal(refused.status, 400, refused)
            contains(refused.message(), "does not belong to the certificate")
            equal(s.get(BASE + "/certificate").json()["subject"], "CN=first")
            shutil.copy(second[1], key)
            equal(s.post(BASE + "/certificate/reload").json()["subject"], "CN=second")
            equal((s.get("/healthz").status, shown(s)), (200, s.get(BASE + "/certificate").json()["sha256"]))
    finally:
        os.environ.pop("SSL_CERT_FILE", None)
        shutil.rmtree(folder)


MOST_OF_A_MAPPING = 1 << 30  # larger ones are a sanitizer's


def in_memory(pid, what):
    """Whether a process has the bytes in memory that it may write to."""
    with open("/proc/%d/maps" % pid, encoding="utf-8") as f:
        ranges = [line.split() for line in f]
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for words in ranges:
            start, end = (int(x, 16) for x in words[0].split("-"))
            if "w" not in words[1] or end - start > MOST_OF_A_MAPPING:
                continue
            try:
                memory.seek(start)
                if what in memory.read(end - start):
                    return True
            except OSError:  # it went, or can't be read
                pass
    return False


def test_the_text_of_a_key_does_not_stay_in_memory():
    with Server("--syslog-tls", "127.0.0.1:0") as s:
        try:
            equal(in_memory(s.process.pid, s.workspace()["id"].encode()), True)
        except PermissionError:
            from run import Skip
            raise Skip("the memory of another process can't be read here") from None

        def text_of(name):
            """Its lines: the TLS library keeps the key itself, since it signs with it, and a copy without line ends."""
            with open(os.path.join(s.data, "tls", name), "rb") as f:
                return b"\n".join(f.read().splitlines()[1:-1])
        for _ in range(2):
            for name in ("server-key.pem", "ca-key.pem"):
                equal(in_memory(s.process.pid, text_of(name)), False, name)
            os.remove(os.path.join(s.data, "tls", "server.pem"))
            equal(s.post(BASE + "/certificate/reload").status, 200)
