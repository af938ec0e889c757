"""A needle in millions of sealed rows: queries, sealing and bytes with the index of terms against those without."""
import os
import shutil
import subprocess
from pathlib import Path

ROWS = os.environ.get("ROWS", "6000000")
DAYS = os.environ.get("DAYS", "30")
QUERIES = ["needle", "absent", "search", "address", "common", "host", "contains"]


def measure(program, folder, *more):
    folder.mkdir()
    out = subprocess.run([program, folder, ROWS, DAYS, *more], check=True, capture_output=True, text=True)
    shutil.rmtree(folder)
    return {k: float(v) for k, v in (line.split() for line in out.stdout.splitlines())}


def run(context):
    given = os.environ.get("BENCH_SEARCH")
    places = [Path(context.vedette).parent / d / "bench_search" for d in ("release", ".")]
    program = Path(given) if given else next((p for p in places if p.exists()), places[0])
    if not program.exists():
        raise context.Skip(f"{program} is not built")
    without = measure(program, context.scratch / "without", "no-index")
    with_index = measure(program, context.scratch / "with")
    got = {"rows": with_index["rows"], "parts": with_index["parts"],
           "parts_bytes_per_event": with_index["parts_bytes"] / with_index["rows"],
           "index_percent_of_parts": 100 * with_index["index_bytes"] / with_index["parts_bytes"],
           "seal_rows_per_s_without": without["rows"] / without["seal_s"],
           "seal_rows_per_s_with": with_index["rows"] / with_index["seal_s"],
           "seal_cpu_ratio": with_index["seal_cpu_s"] / without["seal_cpu_s"]}
    for q in QUERIES:
        if without[q + "_rows"] != with_index[q + "_rows"]:
            raise RuntimeError(f"{q}: {with_index[q + '_rows']} rows with the index, {without[q + '_rows']} without")
        got |= {q + "_rows": with_index[q + "_rows"], q + "_ms_without": without[q + "_s"] * 1e3,
                q + "_ms_with": with_index[q + "_s"] * 1e3, q + "_cpu_ms_without": without[q + "_cpu_s"] * 1e3,
                q + "_cpu_ms_with": with_index[q + "_cpu_s"] * 1e3,
                q + "_first_ms_with": with_index[q + "_first_s"] * 1e3,
                q + "_groups_read": with_index[q + "_groups"], q + "_groups": with_index[q + "_all_groups"]}
    return got
