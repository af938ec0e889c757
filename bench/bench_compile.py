"""Compiling queries: text to optimised plan and to SQL, and the database's planning of that SQL, all
inside of one process. Shipped rules and a generated union of 30 parsers; published ones where
VEDETTE_SHARED has them. `bench/bench_compile.py PROGRAM` prints a line for each query instead."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import compile_queries  # noqa: E402


def measure(program, scratch):
    schemas = compile_queries.shipped_schemas()
    functions, queries = compile_queries.union(schemas)
    queries += compile_queries.rules(compile_queries.ROOT / "content" / "rules", "shipped_rules")
    shared = Path(os.environ.get("VEDETTE_SHARED") or compile_queries.ROOT.parent / "shared")
    if (shared / "kql" / "schemas" / "tables.json").exists():
        more, more_functions, more_queries = compile_queries.published(shared)
        schemas = {**schemas, **more}
        functions += more_functions
        queries += more_queries
    only = os.environ.get("BENCH_COMPILE_GROUP")
    files = scratch / "schemas.json", scratch / "functions.json"
    for path, what in zip(files, (schemas, functions)):
        path.write_text(json.dumps(what), encoding="utf-8")
    lines = "".join(json.dumps(q) + "\n" for q in queries if only in (None, q["group"], q["id"]))
    done = subprocess.run([program, *files], input=lines, check=True, capture_output=True, text=True)
    out = []
    for line in done.stdout.splitlines():
        words = line.split(" ", 3)
        if words[2] == "error":
            out.append({"group": words[0], "id": words[1], "error": words[3]})
            continue
        size, memory, compiling, writing, sql, plan = map(int, line.split(" ")[2:])
        out.append({"group": words[0], "id": words[1], "bytes": size, "memory": memory,
                    "compile": (compiling + writing) / 1000,
                    "bind": compiling / 1000, "sql_bytes": sql, "plan": plan / 1000 if plan >= 0 else None})
    return out


def run(context):
    given = os.environ.get("BENCH_COMPILE")
    places = [Path(context.vedette).parent / d / "bench_compile" for d in ("release", ".")]
    program = Path(given) if given else next((p for p in places if p.exists()), places[0])
    if not program.exists():
        raise context.Skip(f"{program} is not built")
    rows = measure(program, context.scratch)
    out = {}
    for group in dict.fromkeys(r["group"] for r in rows):
        good = [r for r in rows if r["group"] == group and "error" not in r]
        if group == "generated" and len(good) < 3:
            raise RuntimeError("the generated union does not compile: %s" % [r for r in rows if r["group"] == group])
        out[f"{group}_queries"] = len(good)
        for what in ("compile", "plan"):
            values = [r[what] for r in good if r[what] is not None]
            if values:
                out[f"{group}_{what}_median_ms"] = statistics.median(values)
                out[f"{group}_{what}_slowest_ms"] = max(values)
    return out


def main():
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as scratch:
        rows = measure(sys.argv[1], Path(scratch))
    for r in sorted(rows, key=lambda r: r.get("compile", 0)):
        print(json.dumps(r))


if __name__ == "__main__":
    main()
