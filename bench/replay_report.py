#!/usr/bin/env python3
"""What a generated load is like: the table of datasets/bench/README.md, computed on the files of replay_load.

    bench/replay_report.py DIR [ROWS]

Reads DIR/manifest.json and at most ROWS (200,000) lines of the files, writes DIR/report.json and prints it. Fits of Zipf's
law are least squares of log frequency over log rank of the first 200 values.
"""
import collections
import json
import math
import re
import sys
from pathlib import Path

MASK = re.compile(r"\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?|0x[0-9a-fA-F]+|\d+")
SOURCES = {"Microsoft-Windows-Sysmon": "Sysmon", "Microsoft-Windows-PowerShell": "PowerShell operational", "PowerShell": "PowerShell classic"}


def zipf(counts):
    top = [n for _, n in counts.most_common(200)]
    if len(top) < 3:
        return None
    x, y = [math.log(i + 1) for i in range(len(top))], [math.log(n) for n in top]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return -sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)


def shape(counts):
    n = sum(counts.values())
    s = zipf(counts)
    top = counts.most_common(10)
    return {"values": n, "distinct": len(counts), "top_percent": 100 * top[0][1] / n, "top_ten_percent": 100 * sum(c for _, c in top) / n,
            "zipf_s": s and round(s, 2)} if n else {"values": 0}


def lines(folder, files, rows):
    """Every k-th line, so that all files have their part."""
    step = max(1, math.ceil(sum(f["rows"] for f in files) / rows))
    at = 0
    for f in files:
        table = f["path"].split("/")[0]
        with open(folder / f["path"], "rb") as lines_of:
            for line in lines_of:
                if at % step == 0:
                    yield table, line
                at += 1


def report(folder, rows=200000):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = [f for f in manifest["files"] if "/" in f["path"]]
    tables, sizes, sources, patterns = collections.Counter(), [], collections.Counter(), collections.Counter()
    fields = {k: collections.Counter() for k in ("event ids", "accounts", "images", "command lines", "addresses", "hosts")}
    for f in files:
        tables[f["path"].split("/")[0]] += f["rows"]
    for table, line in lines(folder, files, rows):
        r = json.loads(line)
        sizes.append(len(line))
        if table in ("Event", "SecurityEvent"):
            channel = SOURCES.get(r.get("Source"), r.get("Source")) if table == "Event" else "Security"
            sources[channel] += 1
            fields["event ids"]["%s %s" % (channel, r.get("EventID"))] += 1
        for what, names in (("accounts", ("Account", "UserName", "UserPrincipalName", "SourceUserName")), ("images", ("NewProcessName", "ProcessName")),
                            ("command lines", ("CommandLine",)), ("addresses", ("IpAddress", "SourceIP", "IPAddress", "HostIP")),
                            ("hosts", ("Computer",))):
            for name in names:
                if r.get(name) not in (None, "", "-"):
                    fields[what][r[name]] += 1
        text = r.get("RenderedDescription") or r.get("SyslogMessage") or r.get("EventData")
        if isinstance(text, str):
            patterns[MASK.sub("#", text)] += 1
    sizes.sort()
    total = sum(tables.values())
    return {"rows": total, "sampled": len(sizes), "table_percent": {t: round(100 * n / total, 2) for t, n in tables.most_common()},
            "bytes": {"mean": sum(sizes) / len(sizes), "median": sizes[len(sizes) // 2], "p99": sizes[len(sizes) * 99 // 100], "max": sizes[-1]},
            "source_percent": {t: round(100 * n / max(1, sum(sources.values())), 2) for t, n in sources.most_common()},
            "late_percent": 100 * manifest["late_rows"] / total, "patterns": shape(patterns)} | {k: shape(v) for k, v in fields.items()}


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    out = json.dumps(report(folder, *(int(n) for n in sys.argv[2:])), indent=1)
    (folder / "report.json").write_text(out + "\n", encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
