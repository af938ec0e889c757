#!/usr/bin/env python3
"""How much of KQL the engine gets right, by corpora that were made with other engines.

The corpora lie in the folder that $VEDETTE_SHARED names, or in ../shared beside the project; without
them everything is skipped. Each corpus has its own comparison program, which runs `vedette kql eval
--batch` or `kql check --batch` and prints how many cases pass. A corpus fails here when more than
VARIES cases fewer pass than baseline.json records. `run.py --record` writes the figures of this run
into the baseline. Prints "rate: …" for each corpus; the last line is 'N passed, N failed[, N
skipped]', in corpora.
"""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

import execution
import rule_cases
import rules

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SHARED = os.environ.get("VEDETTE_SHARED") or os.path.join(ROOT, "..", "shared")
PROGRAM = os.path.abspath(os.environ.get("VEDETTE", os.path.join(ROOT, "build", "vedette")))
BASELINE = os.path.join(HERE, "baseline.json")
LIMIT_S = 300
VARIES = 4  # cases whose answer's order Kusto leaves open, and threads decide here

# The types of the documentation's two sample tables, where a CSV file does not tell them.
SAMPLE_TABLES = {
    "StormEvents": "StartTime:datetime EndTime:datetime EpisodeId:int EventId:int State:string "
                   "EventType:string InjuriesDirect:int InjuriesIndirect:int DeathsDirect:int "
                   "DeathsIndirect:int DamageProperty:int DamageCrops:int Source:string "
                   "BeginLocation:string EndLocation:string BeginLat:real BeginLon:real EndLat:real "
                   "EndLon:real EpisodeNarrative:string EventNarrative:string StormSummary:dynamic",
    "PopulationData": "State:string Population:long",
}


def path(*parts):
    return os.path.join(SHARED, *parts)


def engine(*words):
    return " ".join(shlex.quote(w) for w in (PROGRAM, "kql", *words))


def compare(*command):
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=LIMIT_S,
                          check=False)
    return done.stdout + done.stderr


def engine_truth(_folder):
    return compare(path("kql", "engine-truth", "compare_engine.py"),
                   path("kql", "engine-truth", "dev.jsonl"), "--quiet",
                   "--batch", engine("eval", "--batch"))


def documentation(folder):
    schemas = os.path.join(folder, "schemas.json")
    with open(schemas, "w", encoding="utf-8") as f:
        json.dump({name: [c.split(":") for c in columns.split()]
                   for name, columns in SAMPLE_TABLES.items()}, f)
    return compare(path("kql", "conformance", "compare.py"), path("kql", "conformance", "dev.jsonl"),
                   "--batch", engine("eval", "--batch", "--fixtures",
                                     path("kql", "conformance", "fixtures"), "--schemas", schemas))


def published():
    return ("--schemas", path("kql", "schemas", "tables.json"),
            "--functions", path("kql", "schemas", "functions.json"))


def real_queries(_folder):
    return compare(path("kql", "realworld", "check_schema.py"), path("kql", "realworld", "dev.jsonl"),
                   "--batch", engine("check", "--batch", *published()))


def real_queries_run(_folder):
    return execution.published_queries(path("kql", "realworld", "dev.jsonl"),
                                       [PROGRAM, "kql", "eval", "--batch", *published()])


def rules_run(folder):
    return execution.rules_over_events(
        path("content"), path("datasets"), path("kql", "schemas", "tables.json"), folder,
        [PROGRAM, "kql", "eval", "--batch", "--functions", path("kql", "schemas", "functions.json")])


def rules_round_trip(_folder):
    return rules.round_trip(PROGRAM, path("content", "rules"), path("content", "hunting"))


def attack_data(_folder):
    return compare(path("datasets", "groundtruth", "run.py"), PROGRAM)


def attack_rules(folder):
    return rule_cases.attacks(path("datasets"), PROGRAM, folder)


CORPORA = [
    ("engine-truth", "values that the real engine gave", engine_truth, r"^pass (\d+) of (\d+)"),
    ("documentation", "examples of the language's documentation", documentation,
     r"^pass (\d+) of (\d+)"),
    ("real-queries", "names and types of published queries", real_queries, r"^schema (\d+) of (\d+)"),
    ("real-queries-run", "published queries, run over empty tables", real_queries_run,
     r"^ran (\d+) of (\d+)"),
    ("rules-run", "published rules and hunting queries, run over recorded events", rules_run,
     r"^ran (\d+) of (\d+)"),
    ("rules-round-trip", "published rules and hunting queries that come back the same from each form",
     rules_round_trip, r"^same (\d+) of (\d+)"),
    ("attack-data", "published rules over recorded attacks", attack_data, r"^exact (\d+) of (\d+)"),
    ("attack-rules", "the same as cases of `rules test`: rows, alerts and entities exactly",
     attack_rules, r"^exact (\d+) of (\d+)"),
]


def figures(output, pattern):
    found = re.findall(pattern, output, re.MULTILINE)
    return tuple(int(n) for n in found[-1]) if found else None


def judge(name, got, baseline):
    if got is None:
        return False, "the comparison did not finish"
    known = baseline.get(name)
    if known is not None and got[0] + VARIES < known[0]:
        return False, "%d passed when the baseline was recorded" % known[0]
    if known is not None and got[0] > known[0]:
        return True, "better than the baseline of %d: record it with run.py --record" % known[0]
    return True, ""


def main():
    recording = "--record" in sys.argv[1:]
    try:
        with open(BASELINE, encoding="utf-8") as f:
            baseline = json.load(f)
    except FileNotFoundError:
        baseline = {}
    passed = failed = skipped = 0
    for name, what, run, pattern in CORPORA:
        needed = {attack_data: "datasets", attack_rules: "datasets", rules_run: "datasets", rules_round_trip: "content"}
        if not os.path.isdir(path(needed.get(run, "kql"))):
            print("skipped %s: the corpora are not here (VEDETTE_SHARED)" % name)
            skipped += 1
            continue
        with tempfile.TemporaryDirectory(prefix="vedette-conformance-") as folder:
            output = run(folder)
        got = figures(output, pattern)
        good, remark = (got is not None, "") if recording else judge(name, got, baseline)
        if got:
            baseline[name] = list(got) if recording else baseline.get(name, list(got))
            print("rate: %-16s %4d of %4d (%.1f %%)  %s%s" % (
                name, got[0], got[1], 100.0 * got[0] / got[1], what, "; " + remark if remark else ""))
        for line in re.findall(r"^ends: .*", output, re.MULTILINE):
            print("      " + line)
        if not good:
            print("FAILED %s: %s\n%s" % (name, remark, output[-3000:]))
        passed, failed = passed + good, failed + (not good)
        sys.stdout.flush()
    if recording:
        with open(BASELINE, "w", encoding="utf-8") as f:
            json.dump(baseline, f, indent=1, sort_keys=True)
            f.write("\n")
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
