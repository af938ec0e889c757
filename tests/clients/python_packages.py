"""Packages from the Python package index, for suites that run other people's clients."""
import os
import shutil
import subprocess
import sys

LIMIT_S = 180  # of each step


def same(a, b):
    try:
        with open(a, "rb") as x, open(b, "rb") as y:
            return x.read() == y.read()
    except OSError:
        return False


def python_of(place):
    return os.path.join(place, "bin", "python3")


def install(place, requirements):
    """What the file pins, into a virtual environment at place, once. None when it is there, else why not."""
    stamp = os.path.join(place, "installed.txt")
    if same(stamp, requirements):
        return None
    shutil.rmtree(place, ignore_errors=True)
    pip = [python_of(place), "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check", "-r",
           requirements]
    for command, problem in (([sys.executable, "-m", "venv", place], "no virtual environment could be made (is python3-venv installed?)"),
                             (pip, "pip could not install the packages")):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            return "%s within %d s" % (problem, LIMIT_S)
        if done.returncode != 0:
            print(done.stdout + done.stderr)
            return problem
    shutil.copy(requirements, stamp)
    return None
