"""Starting, stopping, and what a start refuses."""
import os
import shutil
import stat
import subprocess
import tempfile

from vedette import PROGRAM, Server, contains, equal, run


def test_first_start_prints_a_secret_once():
    with Server() as s:
        assert s.client_id and s.secret and s.tenant, s.greeting()
        equal(s.sign_in().status, 200)
        assert s.secret not in s.read_log()
        s.stop()
        secret = s.secret
        s.start()
        equal(s.greeting(), "")
        equal(s.sign_in(secret=secret).status, 200)


def test_health_and_metrics():
    with Server() as s:
        equal(s.get("/healthz", token=None).json(), {"status": "alive", "readOnly": False})
        equal(s.get("/readyz", token=None).json(), {"status": "ready"})
        text = s.get("/metrics", token=None).text
        contains(text, "# TYPE vedette_up gauge\nvedette_up 1\n")
        equal(s.get("/nothing").status, 404)
        equal(s.request("DELETE", "/healthz").status, 405)


def test_only_the_owner_can_read_the_data_folder():
    with Server() as s:
        equal(stat.S_IMODE(os.stat(s.data).st_mode), 0o700)
        for folder, _, names in os.walk(s.data):
            for name in names:
                mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
                public = name in ("ca.pem", "server.pem")
                assert public or mode & 0o077 == 0, (folder, name, oct(mode))


def test_a_data_folder_has_one_server():
    with Server() as s:
        code, _, error = run("serve", "--listen", "127.0.0.1:0", data=s.data)
        equal(code, 1)
        contains(error, "is in use by process %d" % s.process.pid)


def test_a_newer_data_folder_is_refused():
    with Server() as s:
        s.stop()
        with open(os.path.join(s.data, "version"), "w", encoding="ascii") as f:
            f.write("99\n")
        code, _, error = run("serve", "--listen", "127.0.0.1:0", data=s.data)
        equal(code, 1)
        contains(error, "newer version")


def test_plain_http_on_loopback_only():
    with Server("--listen", "", "--listen-http", "127.0.0.1:0") as s:
        assert s.url.startswith("http://127.0.0.1:"), s.url
        equal(s.get("/readyz").status, 200)
    code, _, error = run("serve", "--listen-http", "0.0.0.0:0", "--listen", "",
                         data=tempfile.mkdtemp(prefix="vedette-test-"))
    assert code != 0 and "loopback" in error, error


def make_certificate(folder):
    """A certificate that Vedette did not make."""
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key


def test_bring_your_own_certificate():
    if shutil.which("openssl") is None:
        from run import Skip
        raise Skip("openssl is not installed")
    folder = tempfile.mkdtemp(prefix="vedette-test-")
    cert, key = make_certificate(folder)
    server = Server("--tls-cert", cert, "--tls-key", key, start=False)
    try:
        server.ca = cert
        original = server._wait_ready

        def wait_with_ca():
            """server.json names no CA: it is the administrator's."""
            import json
            path = os.path.join(server.data, "server.json")
            while not os.path.exists(path):
                assert server.process.poll() is None, server.read_log()
            with open(path, encoding="utf-8") as f:
                found = json.load(f)
            server.url, server.operator = found["url"], found["token"]
            equal(found["ca"], "")

        server._wait_ready = wait_with_ca
        server.start()
        equal(server.get("/readyz").status, 200)
        server._wait_ready = original
    finally:
        server.close()
        shutil.rmtree(folder)


def test_configuration_precedence():
    folder = tempfile.mkdtemp(prefix="vedette-test-")
    path = os.path.join(folder, "vedette.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write("# a comment\nworkers: 3\nmax_body: 2MiB\nrule_delay: 1m\n")
    try:
        shown = run("config", "show", "--config", path, "--workers", "7",
                    env={"VEDETTE_MAX_BODY": "3MiB", "VEDETTE_WORKERS": "5"})[1]
        contains(shown, 'workers: "7"  # --workers')
        contains(shown, 'max_body: "3MiB"  # VEDETTE_MAX_BODY')
        contains(shown, 'rule_delay: "1m"  # %s:4' % path)
        contains(shown, 'max_connections: "512"  # default')
        equal(run("config", "check", "--config", path)[0], 0)
    finally:
        shutil.rmtree(folder)


def test_configuration_mistakes_are_named():
    folder = tempfile.mkdtemp(prefix="vedette-test-")
    path = os.path.join(folder, "vedette.conf")
    cases = [
        ("workers: many\n", "%s:1: workers: 'many' is not a whole number" % path),
        ("\nlisten: nowhere\n", "%s:2: listen: 'nowhere' is not an address" % path),
        ("wokers: 3\n", "did you mean 'workers'?"),
        ("workers: [1]\n", "one value expected"),
        ("workers: 3\n  bad: : indent\n", "vedette config: %s:2:6: YAML: " % path),
        ("workers: 3\n---\nworkers: 4\n", "%s:3: a second document begins" % path),
        ("tls_cert: a.pem\n", "tls_cert and tls_key"),
    ]
    try:
        for text, wanted in cases:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            code, _, error = run("config", "check", "--config", path)
            equal(code, 2, text)
            contains(error, wanted)
        code, _, error = run("config", "check", "--config", folder + "/none")
        equal(code, 2)
        contains(error, "No such file")
    finally:
        shutil.rmtree(folder)


def test_help_of_every_command():
    listing = run("--help")[1]
    commands = [line.split()[0] for line in listing.splitlines() if line.startswith("  ")]
    assert len(commands) >= 10, listing
    for command in commands:
        code, out, error = run(command, "--help")
        equal(code, 0, command)
        contains(out + error, "usage: vedette " + command)
        equal(run("help", command), (code, out, error), command)
    equal(run("help", "help")[0], 2)
    equal(commands, sorted(commands))
    code, _, error = run("sreve")
    equal(code, 2)
    contains(error, "did you mean 'serve'?")
    assert os.path.exists(PROGRAM) or shutil.which(PROGRAM)


def test_a_database_whose_making_was_cut_off_is_made_anew():
    for size in (0, 4096, 8192):
        with Server() as s:
            s.stop()
            path = s.data + "/workspaces/%s/hot.duckdb" % os.listdir(s.data + "/workspaces")[0]
            with open(path, "r+b") as f:
                f.truncate(size)
            s.start()
            equal(s.post_logs("Microsoft-Heartbeat", [{"Computer": "after"}]).status, 204)
            equal(s.count("Heartbeat"), 1)
            equal(os.path.getsize(path + ".unfinished"), size)
            contains(s.read_log(), "making was cut off")


def test_under_systemd_the_secret_goes_to_a_file():
    with Server(env={"JOURNAL_STREAM": "8:12345"}) as s:
        equal(s.greeting(), "")
        path = os.path.join(s.data, "administrator.txt")
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        contains(text, "client secret")
        contains(s.read_log(), "administrator.txt")


def test_every_setting_is_documented_with_its_default():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    with open(os.path.join(root, "docs", "configuration.md"), encoding="utf-8") as f:
        documented = f.read()
    example = os.path.join(root, "packaging", "vedette.conf")
    with open(example, encoding="utf-8") as f:
        lines = f.read()
    shown = run("config", "show")[1].splitlines()
    for help_line, line in zip(shown[::2], shown[1::2]):
        name, rest = line.split(": ", 1)
        value = rest.rsplit("  # ", 1)[0].strip('"')
        cell = "`%s`" % value if value else ""
        contains(documented, "| `%s` | %s | %s |" % (name, cell, help_line[2:]))
        if name not in ("data", "config", "clock"):
            contains(lines, "#%s: %s\n" % (name, value or '""'))
    folder = tempfile.mkdtemp(prefix="vedette-test-")
    active = os.path.join(folder, "vedette.conf")
    with open(active, "w", encoding="utf-8") as f:
        for line in lines.splitlines():
            is_setting = line.startswith("#") and ": " in line and not line.startswith("# ")
            f.write((line[1:] if is_setting else line) + "\n")
    for path in (example, active, os.devnull):
        equal(run("config", "check", "--config", path)[0], 0, path)
    shutil.rmtree(folder)
