"""ingest_logs until the rows are on disk, against DuckDB's own read_json into a table."""
import json
import os
import random
import subprocess
from pathlib import Path

ROWS = 200000


def write_file(path):
    r = random.Random(1)
    with open(path, "w", encoding="utf-8") as f:
        for i in range(ROWS):
            f.write(json.dumps({
                "TimeGenerated": "2026-01-%02dT%02d:%02d:%02d.%03dZ" % (1 + i % 28, i % 24, i % 60, i % 59, i % 1000),
                "UserPrincipalName": "user%d@contoso.example" % r.randrange(5000),
                "IPAddress": "10.%d.%d.%d" % (r.randrange(256), r.randrange(256), r.randrange(256)),
                "AppDisplayName": r.choice(["Office 365", "Azure Portal", "Teams"]),
                "ResultType": r.choice(["0", "50126", "50053"]),
                "DurationMs": r.randrange(1000), "IsInteractive": True,
                "CorrelationId": "%032x" % r.getrandbits(128),
                "DeviceDetail": {"operatingSystem": "Windows 10", "browser": "Edge", "isManaged": False},
                "UserAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"}) + "\n")


def run(context):
    given = os.environ.get("BENCH_INGEST")
    places = [Path(context.vedette).parent / d / "bench_ingest" for d in ("release", ".")]
    program = Path(given) if given else next((p for p in places if p.exists()), places[0])
    if not program.exists():
        raise context.Skip(f"{program} is not built")
    path = context.scratch / "rows.ndjson"
    write_file(path)
    out = subprocess.run([program, path, "SigninLogs", context.scratch], check=True, capture_output=True, text=True)
    got = {k: float(v) for k, v in (line.split() for line in out.stdout.splitlines())}
    return {"ingest_mb_per_s": got["bytes"] / 1e6 / got["ours_s"], "ingest_rows_per_s": got["rows"] / got["ours_s"],
            "duckdb_mb_per_s": got["bytes"] / 1e6 / got["duckdb_s"], "ratio": got["duckdb_s"] / got["ours_s"]}
