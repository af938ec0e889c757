#!/usr/bin/env python3
"""Microsoft's own Node clients against a running server.

Installs the packages that package-lock.json pins into build/clients (once), starts $VEDETTE with a
clock that the checks move for each suite, and runs it. Without node, npm or the packages all checks are
skipped with the reason. The last line is 'N passed, N failed[, N skipped]'.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SUITES = ("checks.js", "arm_rules.js", "management.js", "kusto_client.js", "certificates.js", "single_sign_on.js")
OWN_CLOCK = ("certificates.js", "single_sign_on.js")  # the other side has the time that it is
PARTS = {"checks.js": ["incidents.js"]}  # which a suite runs, too
LIMIT_S = 150  # of a suite
START = "2026-03-01T10:00:00Z"
PLACE = os.path.join(ROOT, "build", "clients")
sys.path[:0] = [os.path.join(ROOT, "tests", "scenario"), os.path.join(ROOT, "tests")]

import jose  # noqa: E402
from node_packages import install  # noqa: E402  (found through the line above)
from vedette import Server  # noqa: E402


def run_checks(server, suite):
    workspace = server.workspace()
    place = {"endpoint": server.url, "tenant": server.tenant, "clientId": server.client_id,
             "clientSecret": server.secret, "workspace": workspace["id"],
             "workspaceName": workspace["name"], "rule": workspace["dataCollectionRule"],
             "start": START, "operator": server.operator}
    place["otherId"], place["otherSecret"] = server.application()
    if suite in OWN_CLOCK:
        place.update(certificates(server))
    env = {**os.environ, "NODE_PATH": os.path.join(PLACE, "node_modules"),
           "NODE_EXTRA_CA_CERTS": server.ca, "VEDETTE_PLACE": json.dumps(place)}
    # Its output goes on through a file, so that a suite that hangs has said which check did.
    with tempfile.TemporaryFile("w+") as said:
        try:
            subprocess.run(["node", os.path.join(HERE, suite)], env=env, stdout=said, stderr=subprocess.STDOUT,
                           timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            said.write("FAILED %s: it did not end within %d s\n" % (suite, LIMIT_S))
        said.seek(0)
        return said.read()


def certificates(server):
    """An application with a certificate, and a certificate that nobody registered: key and certificate in a file."""
    files = {}
    for name in ("sender", "stranger"):
        key = jose.Key(server.data, name)
        files[name] = (os.path.join(server.data, name + "-all.pem"), key.certificate())
        with open(key.file, encoding="ascii") as private, open(files[name][0], "w", encoding="ascii") as f:
            f.write(private.read() + files[name][1])
    app, _ = server.application("Monitoring Metrics Publisher", "Log Analytics Reader")
    made = server.post("/vedette/v1/applications/%s/certificates" % app, {"certificate": files["sender"][1]})
    assert made.status == 201, made
    return {"sender": app, "certificate": files["sender"][0], "unknownCertificate": files["stranger"][0]}


def count_checks(suite):
    count = 0
    for name in [suite, *PARTS.get(suite, [])]:
        with open(os.path.join(HERE, name), encoding="utf-8") as f:
            count += len(re.findall(r"^  async \w+\(\) {$", f.read(), re.MULTILINE))
    return count


def main():
    problem = install(HERE, PLACE)
    if problem:
        print("skipped: %s\n0 passed, 0 failed, %d skipped" % (problem, sum(map(count_checks, SUITES))))
        return 0
    passed = failed = 0
    for suite in sys.argv[1:] or SUITES:
        with Server(clock=None if suite in OWN_CLOCK else START) as server:
            said = run_checks(server, suite)
        sys.stdout.write(said)
        sums = re.findall(r"^(\d+) passed, (\d+) failed$", said, re.MULTILINE)
        if not sums:
            print("%s ended early" % suite)
        passed, failed = passed + int(sums[-1][0] if sums else 0), failed + int(sums[-1][1] if sums else 1)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
