#!/usr/bin/env python3
"""The portal in a real browser (Debian's Chromium), against a real server with data in it.

run.py [PART…] runs those tests of test_*.mjs whose "file.name" contains one of the parts. Installs the
packages that package-lock.json pins into build/browser (once), starts $VEDETTE with a clock that the
tests may move, fills it (data.py), and hands it to run.mjs, which signs in by the page and prints a line
a test. Pictures of failures, and with $PICTURES of all
pages, are left in build/browser/shots. $VEDETTE_PORTAL_URL: where the browser finds the portal, in place of
the server itself (Vite's, while working on pages). Without node, npm, chromium, the packages or a built
portal all tests are skipped with the reason. The last line is 'N passed, N failed[, N skipped]'.
"""
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PLACE = os.path.join(ROOT, "build", "browser")
LIMIT_S = 840
sys.path[:0] = [os.path.join(ROOT, "tests", "scenario"), os.path.join(ROOT, "tests"), HERE]

import data  # noqa: E402  (found through the line above)
from node_packages import install  # noqa: E402
from vedette import Server  # noqa: E402


def files():
    return sorted(name for name in os.listdir(HERE) if name.startswith("test_") and name.endswith(".mjs"))


def count_tests():
    count = 0
    for name in files():
        with open(os.path.join(HERE, name), encoding="utf-8") as f:
            count += len(re.findall(r"^  async \w+\(", f.read(), re.MULTILINE))
    return count


def missing():
    """Why the tests can't run here; None: they can."""
    if shutil.which("chromium") is None:
        return "chromium is not installed"
    if not os.path.exists(os.path.join(ROOT, "build", "portal", "index.html")):
        return "the portal has not been built (./dev build)"
    return install(HERE, PLACE)


def run_tests(server, parts):
    workspace = server.workspace()
    place = {"url": os.environ.get("VEDETTE_PORTAL_URL", server.url), "api": server.url, "operator": server.operator,
             "ca": server.ca, "workspace": workspace["id"], "workspaceName": workspace["name"],
             "arm": server.arm_path(), "now": data.NOW, "people": data.PEOPLE,
             "chromium": shutil.which("chromium"), "shots": os.path.join(PLACE, "shots"),
             "pictures": "PICTURES" in os.environ, "files": files(), "parts": parts}
    # Modules are found by where a file is, so the tests lie beside their packages while they run.
    for name in os.listdir(HERE):
        if name.endswith(".mjs"):
            shutil.copy(os.path.join(HERE, name), PLACE)
    env = {**os.environ, "NODE_EXTRA_CA_CERTS": server.ca, "VEDETTE_PLACE": json.dumps(place)}
    try:
        return subprocess.run(["node", os.path.join(PLACE, "run.mjs")], env=env, timeout=LIMIT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        print("stopped after %d s\n0 passed, 1 failed" % LIMIT_S)
        return 1


def main():
    problem = missing()
    if problem:
        print("skipped: %s\n0 passed, 0 failed, %d skipped" % (problem, count_tests()))
        return 0
    os.makedirs(os.path.join(PLACE, "shots"), exist_ok=True)
    with Server("--requests-per-second", "10000", *data.SETTINGS, clock=data.START) as server:
        data.fill(server)
        return run_tests(server, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
