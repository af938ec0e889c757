"""A large load that behaves like a real one: bytes on disk, the index of terms, needles in it. EVENTS (2,000,000), DAYS (a day for
2.2 million events), MIX (office), SEED (1), CAST_OF (200,000,000: hosts and people of a load of that size), THREADS (2),
SAMPLE (100,000 events for gzip and zstd), NATIVE (1; 0 leaves DuckDB's own tables out, which take 1.1 KB an event). Reads the
recordings in VEDETTE_SHARED."""
import gzip
import os
import shutil
import subprocess
from pathlib import Path

EVENTS = int(os.environ.get("EVENTS", "2000000"))
DAYS = os.environ.get("DAYS") or str(max(1, round(EVENTS / 2200000)))
MIX, SEED = os.environ.get("MIX", "office"), os.environ.get("SEED", "1")
CAST_OF, THREADS = os.environ.get("CAST_OF", "200000000"), os.environ.get("THREADS", "2")
SAMPLE, NATIVE = os.environ.get("SAMPLE", "100000"), os.environ.get("NATIVE", "1")


def program(context, name):
    places = [Path(context.vedette).parent / d / name for d in ("release", ".")]
    found = next((p for p in places if p.exists()), None)
    if found is None:
        raise context.Skip(f"{places[0]} is not built")
    return found


def packed(folder):
    """Bytes of all files of a folder: as they are, by gzip -6 and by zstd -3, each file by itself."""
    size = {"raw": 0, "gzip": 0, "zstd": 0}
    for path in folder.glob("*/*.ndjson"):
        content = path.read_bytes()
        size["raw"] += len(content)
        size["gzip"] += len(gzip.compress(content, 6))
        if shutil.which("zstd"):
            size["zstd"] += len(subprocess.run(["zstd", "-3", "-q"], input=content, check=True, capture_output=True).stdout)
    return size


def lake_bytes(folder):
    """Bytes of parts and of their indexes, by table."""
    size = {}
    for path in folder.glob("workspaces/*/lake/*/*/*/*/*"):
        table = path.relative_to(folder).parts[3]
        of = size.setdefault(table, {"parquet": 0, "terms": 0})
        if path.suffix[1:] in of:
            of[path.suffix[1:]] += path.stat().st_size
    return size


def numbers(text):
    """"NAME NUMBER" lines, and "q<N> QUERY" lines apart."""
    got, queries = {}, {}
    for name, value in (line.split(" ", 1) for line in text.splitlines()):
        if name.startswith("q") and name[1:].isdigit():
            queries[name] = value
        else:
            got[name] = float(value)
    return got, queries


def run(context):
    shared = os.environ.get("VEDETTE_SHARED")
    if not shared or not (Path(shared) / "datasets").exists():
        raise context.Skip("the recordings are not here (VEDETTE_SHARED)")
    bench, load = program(context, "bench_replay"), program(context, "replay_load")
    options = ["--mix", MIX, "--seed", SEED, "--cast-of", CAST_OF, "--threads", THREADS]
    sample = context.scratch / "sample"
    out = subprocess.run([load, "--out", sample, "--events", SAMPLE, "--days", "1", *options], check=True, capture_output=True, text=True)
    made, _ = numbers(out.stdout)
    size = packed(sample)
    shutil.rmtree(sample)
    data = context.scratch / "data"
    data.mkdir()
    out = subprocess.run([bench, data, Path(shared) / "datasets", MIX, SEED, str(EVENTS), DAYS, CAST_OF, THREADS, NATIVE], check=True,
                         stdout=subprocess.PIPE, text=True)
    got, queries = numbers(out.stdout)
    rows = got["rows"]
    if got["stored"] != rows:
        raise RuntimeError(f"{rows} rows sent, {got['stored']} stored")
    result = {"rows": rows, "days": float(DAYS), "parts": got["parts"], "generator_rows_per_cpu_s": made["rows"] / made["cpu_seconds"],
              "ingest_rows_per_cpu_s": rows / (got["all_cpu_s"] - got["seal_cpu_s"]), "seal_rows_per_cpu_s": rows / got["seal_cpu_s"],
              "raw_bytes_per_event": got["raw_bytes"] / rows, "gzip_bytes_per_event": size["gzip"] / made["rows"],
              "zstd_bytes_per_event": size["zstd"] / made["rows"], "hot_bytes_per_event": got["hot_bytes"] / got["hot_rows"],
              "parts_bytes_per_event": got["parts_bytes"] / rows, "index_bytes_per_event": got["index_bytes"] / rows,
              "index_percent_of_parts": 100 * got["index_bytes"] / got["parts_bytes"]}
    if "native_bytes" in got:
        result["native_bytes_per_event"] = got["native_bytes"] / rows
    for table, of in sorted(lake_bytes(data).items()):
        if of["parquet"] > 0.01 * got["parts_bytes"]:
            result[table + "_index_percent"] = 100 * of["terms"] / of["parquet"]
    for q, text in queries.items():
        print(f"  {q}: {text}")
        for what in ("rows", "groups", "all_groups", "with_cpu_ms", "without_cpu_ms"):
            result[q + "_" + what] = got[q + "_" + what]
    return result
