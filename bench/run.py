#!/usr/bin/env python3
"""Runs the benchmarks: each bench/bench_<name>.py has run(context) -> {"measure": number, ...}.

    bench/run.py --vedette build/vedette --out build/bench [--only NAME]

Prints one line a measure and writes OUT/<name>.json. A benchmark that can't run here raises Skip
with the reason. Units are in the names of the measures (_ms, _mb, _per_s).
"""
import argparse
import importlib.util
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Skip(Exception):
    """The benchmark can't run here; the text says why."""


class Context:
    """What a benchmark gets: the program, a scratch folder of its own, and Skip."""

    def __init__(self, vedette, scratch):
        self.vedette = str(Path(vedette).resolve())
        self.scratch = Path(scratch)
        self.Skip = Skip


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def machine():
    model = ""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), "")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release()}


def run_one(path, vedette, out):
    name = path.stem.removeprefix("bench_")
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as scratch:
        try:
            result = load(path).run(Context(vedette, scratch))
        except Skip as why:
            print(f"{name}: skipped: {why}")
            return "skipped"
        except Exception as why:  # one benchmark's failure must not hide the others' results
            print(f"{name}: failed: {type(why).__name__}: {why}")
            return "failed"
    for measure, value in result.items():
        print(f"{name:<16} {measure:<32} {value:>14,.2f}")
    with open(out / f"{name}.json", "w", encoding="utf-8") as f:
        json.dump({"name": name, "at": int(time.time()), "machine": machine(), "result": result}, f, indent=1)
    return "passed"


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--vedette", required=True)
    args.add_argument("--out", required=True, type=Path)
    args.add_argument("--only")
    args = args.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    paths = sorted(p for p in HERE.glob("bench_*.py") if args.only in (None, p.stem.removeprefix("bench_")))
    if not paths:
        sys.exit(f"bench: there is no bench/bench_{args.only}.py" if args.only else "bench: nothing to run")
    ends = [run_one(p, args.vedette, args.out) for p in paths]
    print(f"{ends.count('passed')} passed, {ends.count('failed')} failed, {ends.count('skipped')} skipped")
    return 1 if "failed" in ends else 0


if __name__ == "__main__":
    sys.exit(main())
