"""Node packages that a test needs, installed once into a folder below build/."""
import os
import shutil
import subprocess

LIMIT_S = 180


def _same(a, b):
    try:
        with open(a, "rb") as x, open(b, "rb") as y:
            return x.read() == y.read()
    except OSError:
        return False


def install(source, place):
    """Installs into place what package-lock.json in source pins. None when the packages are there,
    else why not."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            return "%s is not installed" % tool
    stamp, lock = os.path.join(place, "installed-lock.json"), os.path.join(source, "package-lock.json")
    if _same(stamp, lock):
        return None
    os.makedirs(place, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(source, name), place)
    try:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=place,
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return "npm did not install the packages within %d s" % LIMIT_S
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        return "npm could not install the packages"
    shutil.copy(lock, stamp)
    return None
