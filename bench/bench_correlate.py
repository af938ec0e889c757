"""Alerts of an hour through incidents and correlation: a mix as sites have it, and one in which all share an address."""
import os
import subprocess
from pathlib import Path

ALERTS = int(os.environ.get("ALERTS", "100000"))


def one(program, folder, mix):
    folder.mkdir()
    out = subprocess.run([program, folder, mix, str(ALERTS)], check=True, capture_output=True, text=True)
    got = {k: float(v) for k, v in (line.split() for line in out.stdout.splitlines())}
    last = max(int(k.split("_")[1]) for k in got if k.startswith("form_"))
    return {f"{mix}_form_first_ms": got["form_0"] * 1e3, f"{mix}_form_last_ms": got[f"form_{last}"] * 1e3,
            f"{mix}_correlate_first_ms": got["correlate_0"] * 1e3,
            f"{mix}_correlate_last_ms": got[f"correlate_{last}"] * 1e3,
            f"{mix}_memory_first_mb": got["memory_0"], f"{mix}_memory_last_mb": got[f"memory_{last}"],
            f"{mix}_merges": got["merges"], f"{mix}_open_incidents": got["open"],
            f"{mix}_alerts_per_processor_s": 1 / (got[f"form_{last}"] + got[f"correlate_{last}"])}


def run(context):
    given = os.environ.get("BENCH_CORRELATE")
    places = [Path(context.vedette).parent / d / "bench_correlate" for d in ("release", ".")]
    program = Path(given) if given else next((p for p in places if p.exists()), places[0])
    if not program.exists():
        raise context.Skip(f"{program} is not built")
    return {**one(program, context.scratch / "mixed", "mixed"), **one(program, context.scratch / "hostile", "hostile")}
