"""Suites of checks with other people's Python packages: install them, run again with their Python, count."""
import contextlib
import os
import subprocess
import sys
import time
import traceback

import python_packages

INSTALLED = "--installed"  # the second run, with the Python of the packages


class Skip(Exception):
    """Raised by a check that cannot run here; says why."""


@contextlib.contextmanager
def trusting(open_server):
    """A server whose certificate Python's clients trust."""
    with open_server() as server:
        os.environ["REQUESTS_CA_BUNDLE"] = server.ca
        yield server


def run_one(check, place):
    began = time.monotonic()
    try:
        check(place)
    except Skip as why:
        print("skipped  %s: %s" % (check.__name__, why), flush=True)
        return "skipped"
    except Exception:  # every kind of failure is one of the check
        print("FAILED   %s" % check.__name__, flush=True)
        traceback.print_exc(limit=-3, chain=False, file=sys.stdout)
        return "failed"
    print("ok       %s (%.1f s)" % (check.__name__, time.monotonic() - began), flush=True)
    return "passed"


def run_all(checks, place):
    outcomes = [run_one(check, place) for check in checks]
    passed, failed, skipped = (outcomes.count(o) for o in ("passed", "failed", "skipped"))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not outcomes else 0


def main(checks, packages, requirements, open_place, fetch=lambda: None):
    """The exit code. Words on the command line choose checks.

    packages: where the pinned requirements are installed. open_place: makes, as a context manager, what each check
    gets, a server for example. fetch: what else is needed; says why it is not there, else None.
    """
    words = [w for w in sys.argv[1:] if w != INSTALLED]
    chosen = [c for c in checks if not words or any(w in c.__name__ for w in words)]
    if INSTALLED in sys.argv:
        with open_place() as place:
            return run_all(chosen, place)
    problem = fetch() or python_packages.install(packages, requirements)
    if problem:
        print("skipped: %s\n0 passed, 0 failed, %d skipped" % (problem, len(chosen)))
        return 0
    # These variables would win over the certificates that checks name.
    env = {k: v for k, v in os.environ.items() if not k.endswith("CA_BUNDLE")}
    command = [python_packages.python_of(packages), "-W", "ignore", os.path.abspath(sys.argv[0]), INSTALLED, *words]
    return subprocess.run(command, env=env, check=False).returncode
