"""A month of rules over a month of events: `rules backtest` as it is, and window by window.

COMPANIES=1 is 168,000 events of 30 days (600: 100 million); each is one run of `vedette simulate`.
RULES names more folders of rules, separated by colons. SLOW_DAYS=1 days are also run window by
window, which tells what a window costs then. DATA=DIR keeps what was stored, and takes it from
there when it is there."""
import json
import os
import shutil
import subprocess
from pathlib import Path

COMPANIES = int(os.environ.get("COMPANIES", "1"))
SLOW_DAYS = int(os.environ.get("SLOW_DAYS", "1"))
RULES = [p for p in os.environ.get("RULES", "").split(":") if p]
AT_ONCE = 20  # companies whose files are there at a time
FROM, TO = "2026-02-17T00:00:00Z", "2026-03-19T00:00:00Z"
SHIPPED = Path(__file__).resolve().parent.parent / "content" / "rules"


def load(context, data):
    """Simulates and stores; how many events."""
    told = data.with_suffix(".events")
    if told.exists():
        return int(told.read_text())
    events = 0
    logs = context.scratch / "logs"
    for first in range(1, COMPANIES + 1, AT_ONCE):
        tables = {}
        logs.mkdir()
        for seed in range(first, min(first + AT_ONCE, COMPANIES + 1)):
            subprocess.run([context.vedette, "simulate", "--out", logs / str(seed), "--days", "30", "--seed", str(seed)],
                           check=True, capture_output=True)
            for path in (logs / str(seed)).glob("*.ndjson"):
                events += path.read_bytes().count(b"\n")
                tables.setdefault(path.stem, []).append(path)
        for table, paths in sorted(tables.items()):
            subprocess.run([context.vedette, "ingest", "--data", data, "--table", table, *paths], check=True, capture_output=True)
        shutil.rmtree(logs)
    told.write_text(str(events))
    return events


def backtest(context, data, *words):
    done = subprocess.run([context.vedette, "rules", "backtest", "--data", data, "--as-if-on-time", "--json",
                           *words, SHIPPED, *RULES], capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        raise RuntimeError(done.stderr[-500:])
    rules = json.loads(done.stdout)["rules"]
    return rules, {"cpu_s": sum(r["cost"]["cpuSeconds"] for r in rules),
                   "elapsed_s": sum(r["cost"]["elapsedSeconds"] for r in rules),
                   "windows": sum(r["windows"] for r in rules), "queries": sum(r["queries"] for r in rules)}


def run(context):
    data = Path(os.environ.get("DATA") or context.scratch / "data")
    events = load(context, data)
    rules, fast = backtest(context, data, "--from", FROM, "--to", TO)
    slow_from = "2026-03-%02dT00:00:00Z" % (19 - SLOW_DAYS)
    some, part = backtest(context, data, "--from", slow_from, "--to", TO)
    each, slow = backtest(context, data, "--from", slow_from, "--to", TO, "--each-window")
    found = [{r["name"]: (r["fired"], r["alerts"], r["resultRows"]) for r in list} for list in (some, each)]
    if found[0] != found[1]:
        raise RuntimeError("window by window tells something else: %s" % [
            (n, found[0][n], found[1][n]) for n in found[0] if found[0][n] != found[1][n]])
    ran = [r for r in rules if r["status"] == "Ran"]
    methods = {m: sum(r["method"] == m for r in ran) for m in ("allAtOnce", "windowsWithRows", "eachWindow")}
    return {"events": events, "rules": len(ran), "windows": fast["windows"], "queries": fast["queries"],
            "fired": sum(r["fired"] for r in ran), "backtest_s": fast["elapsed_s"], "backtest_cpu_s": fast["cpu_s"],
            "cpu_ms_a_window": 1e3 * fast["cpu_s"] / fast["windows"],
            "each_window_cpu_ms_a_window": 1e3 * slow["cpu_s"] / slow["windows"],
            "cpu_ratio_of_the_slow_days": slow["cpu_s"] / part["cpu_s"],
            **{"rules_" + m: n for m, n in methods.items()}}
