"""KQL against hand-written SQL over the same stored tables (kql_pairs.txt), and text scans against the memory.

ROWS=10000000 and RUNS=5 in the environment choose the size; BENCH_KQL_DIR keeps the tables for another run; BENCH_KQL_ONLY
takes only the pairs whose name holds it.
"""
import math
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS, RUNS = 1000000, 5
LIMIT = 1.10


def program(context):
    given = os.environ.get("BENCH_KQL")
    places = [Path(context.vedette).parent / d / "bench_kql" for d in ("release", ".")]
    path = Path(given) if given else next((p for p in places if p.exists()), places[0])
    if not path.exists():
        raise context.Skip(f"{path} is not built")
    return path


def lines_of(context):
    folder = Path(os.environ.get("BENCH_KQL_DIR") or context.scratch / "data")
    folder.mkdir(parents=True, exist_ok=True)
    only = os.environ.get("BENCH_KQL_ONLY")
    command = [program(context), folder, os.environ.get("ROWS") or str(ROWS), os.environ.get("RUNS") or str(RUNS),
               HERE / "kql_pairs.txt", HERE / "kql_tables.sql"] + ([only] if only else [])
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [line.split("\t") for line in out.splitlines()]


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def pair_measures(pairs):
    """Ratios by the clock on the wall and by processor time, which other programs on the machine disturb less."""
    result, wall, cpu = {}, [], []
    for name, kql, sql, kql_cpu, sql_cpu in pairs:
        wall.append(kql / sql)
        cpu.append(kql_cpu / sql_cpu)
        result[f"{name}_kql_ms"] = kql * 1000
        result[f"{name}_ratio"], result[f"{name}_cpu_ratio"] = wall[-1], cpu[-1]
    result["pairs"] = len(pairs)
    result["pairs_above_1.10"] = sum(r > LIMIT for r in wall)
    result["pairs_above_1.10_cpu"] = sum(r > LIMIT for r in cpu)
    result["ratio_geometric_mean"], result["cpu_ratio_geometric_mean"] = geometric_mean(wall), geometric_mean(cpu)
    return result


def scan_measures(scans, size, read):
    """GB/s of the text that a query goes through, and as a share of what the memory gives."""
    seconds, read_bytes = read
    bandwidth = read_bytes / seconds / 1e9
    result = {"memory_gb_per_s": bandwidth}
    for name, kql, sql, _, _ in scans:
        scan, column = name.split()
        result[f"{scan}_kql_gb_per_s"] = size[column] / kql / 1e9
        result[f"{scan}_sql_gb_per_s"] = size[column] / sql / 1e9
        result[f"{scan}_share_of_memory"] = size[column] / kql / 1e9 / bandwidth
    return result


def run(context):
    pairs, scans, size, differ, read = [], [], {}, [], None
    for kind, *fields in lines_of(context):
        if kind == "pair":
            (scans if " " in fields[0] else pairs).append((fields[0], *map(float, fields[1:])))
        elif kind == "differ":
            differ.append(f"{fields[0]}: {fields[1]}")
        elif kind == "bytes":
            size[fields[0]] = float(fields[1])
        elif kind == "read":
            read = (float(fields[0]), float(fields[1]))
    if differ:
        raise RuntimeError("KQL and SQL give different answers:\n  " + "\n  ".join(differ))
    if not pairs and not scans:
        raise context.Skip("no pair has such a name")
    result = pair_measures(pairs) if pairs else {}
    return result | (scan_measures(scans, size, read) if scans and read else {})
