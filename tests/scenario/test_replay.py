"""Large loads (bench/replay): the same files whoever makes them, alike for other seeds, and needles that queries find.
The recordings lie outside the project (VEDETTE_SHARED, or ../shared)."""
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from run import Skip
from vedette import PROGRAM, Server, equal, run

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("VEDETTE_SHARED") or ROOT / ".." / "shared") / "datasets"


class Loads:
    """A folder for loads, and the program that makes them."""

    def __enter__(self):
        if not DATA.exists():
            raise Skip("the recordings are not here (VEDETTE_SHARED)")
        places = [Path(PROGRAM).resolve().parent, Path(PROGRAM).resolve().parent / "release", ROOT / "build" / "release"]
        self.program = next((p / "replay_load" for p in places if (p / "replay_load").exists()), None)
        if self.program is None:
            raise Skip("replay_load is not built (./dev bench, or the target benches)")
        self.path = Path(tempfile.mkdtemp(prefix="vedette-replay-"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def make(self, name, *options):
        subprocess.run([self.program, "--out", self.path / name, "--datasets", DATA, *options], check=True, capture_output=True)
        return self.path / name


def manifest(load):
    return json.loads((load / "manifest.json").read_text(encoding="utf-8"))


def report(load):
    spec = importlib.util.spec_from_file_location("replay_report", ROOT / "bench" / "replay_report.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.report(load, 20000)


def test_files_are_the_same_for_any_number_of_threads():
    with Loads() as loads:
        one = loads.make("one", "--events", "10000", "--needles", "0")
        eight = loads.make("eight", "--events", "10000", "--needles", "0", "--threads", "8")
        equal((one / "manifest.json").read_bytes(), (eight / "manifest.json").read_bytes())
        equal(manifest(one)["rows"], 10000)
        for f in manifest(one)["files"]:
            content = (one / f["path"]).read_bytes()
            equal(hashlib.sha256(content).hexdigest(), f["sha256"])
            equal(content.count(b"\n"), f["rows"])
            times = [json.loads(line)["TimeGenerated"] for line in content.splitlines()] if "/" in f["path"] else []
            equal(times, sorted(times))
        every = sorted(json.dumps(json.loads(line)) for f in one.glob("*/*.ndjson") for line in f.open(encoding="utf-8"))
        equal(len(every), 10000)
        equal([w for w in ("WORKSTATION5", "MORDORDC", "pgustavo") if any(w.lower() in line.lower() for line in every)], [])


def test_other_seeds_are_alike():
    with Loads() as loads:
        a, b = (loads.make(seed, "--events", "300000", "--needles", "0", "--seed", seed, "--days", "2") for seed in ("1", "2"))
        if {f["sha256"] for f in manifest(a)["files"]} & {f["sha256"] for f in manifest(b)["files"]}:
            raise AssertionError("two seeds gave the same file")
        for mix in (report(a), report(b)):
            for table, percent in (("SecurityEvent", 35), ("Event", 25), ("CommonSecurityLog", 18), ("Syslog", 12), ("SigninLogs", 6)):
                if abs(mix["table_percent"][table] - percent) > 10:
                    raise AssertionError("%s is %s %% and not about %s" % (table, mix["table_percent"][table], percent))
            if not 0.4 < mix["late_percent"] < 0.65 or not 1300 < mix["bytes"]["mean"] < 1800:
                raise AssertionError(mix)


def test_needles_are_found():
    with Loads() as loads, Server() as s:
        load = loads.make("load", "--events", "10000", "--needles", "1")
        for folder in sorted(p for p in load.iterdir() if p.is_dir()):
            code, out, error = run("ingest", "--table", folder.name, *map(str, sorted(folder.iterdir())), data=s.data)
            equal((code, error), (0, ""))
        needles = json.loads((load / "needles.json").read_text(encoding="utf-8"))
        equal(sorted({n["kind"] for n in needles}), ["attack", "million", "once", "sparse"])
        for n in needles:
            found = [r["Count"] for r in s.query(n["query"])]
            equal((n["query"], found), (n["query"], [n["rows"]]))
