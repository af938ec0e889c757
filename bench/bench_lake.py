"""Sealed rows: bytes on disk against raw, gzip and zstd; scans against hot rows and plain SQL; ten thousand parts."""
import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import bench_ingest

PARTS = int(os.environ.get("PARTS", "10000"))


def packed(path):
    """Bytes that gzip -6 and zstd -3 make of the file."""
    size = {"gzip": 0, "zstd": 0}
    with open(path, "rb") as f:
        size["gzip"] = len(gzip.compress(f.read(), 6))
    if shutil.which("zstd"):
        size["zstd"] = len(subprocess.run(["zstd", "-3", "-q", "-c", path], check=True, capture_output=True).stdout)
    return size


def run(context):
    given = os.environ.get("BENCH_LAKE")
    places = [Path(context.vedette).parent / d / "bench_lake" for d in ("release", ".")]
    program = Path(given) if given else next((p for p in places if p.exists()), places[0])
    if not program.exists():
        raise context.Skip(f"{program} is not built")
    path = context.scratch / "rows.ndjson"
    bench_ingest.write_file(path)
    one_day = re.sub(r'"2026-01-\d\dT', '"2026-01-05T', path.read_text(encoding="utf-8"))
    path.write_text(one_day, encoding="utf-8")
    out = subprocess.run([program, path, "SigninLogs", context.scratch, str(PARTS)], check=True, capture_output=True,
                         text=True)
    got = {k: float(v) for k, v in (line.split() for line in out.stdout.splitlines())}
    size, rows = packed(path), got["rows"]
    return {"raw_bytes_per_event": got["raw_bytes"] / rows, "gzip_bytes_per_event": size["gzip"] / rows,
            "zstd_bytes_per_event": size["zstd"] / rows, "hot_bytes_per_event": got["hot_bytes"] / rows,
            "parts_bytes_per_event": got["parts_bytes"] / rows, "seal_rows_per_s": rows / got["seal_s"],
            "scan_hot_ms": got["hot_s"] * 1e3, "scan_parts_ms": got["parts_s"] * 1e3,
            "scan_plain_sql_ms": got["plain_s"] * 1e3, "many_parts": got["many_parts"],
            "open_many_parts_ms": got["open_s"] * 1e3, "query_one_day_of_many_ms": got["one_day_s"] * 1e3,
            "query_no_part_of_many_ms": got["nothing_s"] * 1e3, "plan_all_of_many_ms": got["plan_all_s"] * 1e3,
            "query_all_of_many_ms": got["all_s"] * 1e3, "count_many_ms": got["count_s"] * 1e3,
            "merged_parts": got["merged_parts"], "plan_merged_ms": got["merged_plan_all_s"] * 1e3,
            "query_merged_ms": got["merged_all_s"] * 1e3}
