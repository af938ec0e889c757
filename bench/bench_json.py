"""JSONBench: five queries over events of the shape of Bluesky's, as JSON text in hot rows and in parts, in parts that keep
members as columns of their own, and in DuckDB's type JSON. EVENTS (1,000,000) says how many."""
import json
import os
import random
import subprocess
from pathlib import Path

EVENTS = int(os.environ.get("EVENTS", "1000000"))
START_US = 1767571200000000  # 2026-01-05
COLLECTIONS = [("app.bsky.feed.like", 45), ("app.bsky.graph.follow", 25), ("app.bsky.feed.post", 12),
               ("app.bsky.feed.repost", 10), ("app.bsky.graph.block", 4), ("app.bsky.graph.listitem", 2),
               ("app.bsky.actor.profile", 1), ("app.bsky.feed.threadgate", 1)]
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
WORDS = "the of and a to in is you that it he was for on are as with his they at be this have from or one had by".split()


def word(rng, n):
    return "".join(rng.choices(LETTERS, k=n))


def record(rng, collection, time, users):
    out = {"$type": collection, "createdAt": time}
    subject = "at://%s/app.bsky.feed.post/%s" % (rng.choice(users), word(rng, 13))
    if collection in ("app.bsky.feed.like", "app.bsky.feed.repost"):
        out["subject"] = {"cid": "bafyrei" + word(rng, 52), "uri": subject}
    elif collection == "app.bsky.feed.post":
        out["langs"] = [rng.choice(["en", "ja", "pt", "de"])]
        out["text"] = " ".join(rng.choices(WORDS, k=rng.randint(3, 40)))
    else:
        out["subject"] = rng.choice(users)
    return out


def event(rng, i, users, names, weights):
    at = START_US + i * (86399000000 // EVENTS)
    time = "2026-01-05T%02d:%02d:%02d.%06dZ" % (at // 3600000000 % 24, at // 60000000 % 60, at // 1000000 % 60, at % 1000000)
    did = users[min(int(rng.expovariate(8) * len(users)), len(users) - 1)]
    out = {"did": did, "time_us": at, "kind": "commit"}
    if rng.random() < 0.02:
        out["kind"] = rng.choice(["identity", "account"])
        out[out["kind"]] = {"did": did, "seq": 3000000000 + i, "time": time}
        return {"TimeGenerated": time, "data": out}
    collection = rng.choices(names, weights)[0]
    commit = {"rev": word(rng, 13), "operation": "delete" if rng.random() < 0.06 else "create", "collection": collection,
              "rkey": word(rng, 13)}
    if commit["operation"] == "create":
        commit["record"] = record(rng, collection, time, users)
        commit["cid"] = "bafyrei" + word(rng, 52)
    out["commit"] = commit
    return {"TimeGenerated": time, "data": out}


def write_file(path):
    rng = random.Random(1)
    users = ["did:plc:" + word(rng, 24) for _ in range(max(EVENTS // 10, 10))]
    names, weights = zip(*COLLECTIONS)
    with open(path, "w", encoding="utf-8") as f:
        for i in range(EVENTS):
            f.write(json.dumps(event(rng, i, users, names, weights), separators=(",", ":")) + "\n")


def run(context):
    given = os.environ.get("BENCH_JSON")
    places = [Path(context.vedette).parent / d / "bench_json" for d in ("release", ".")]
    program = Path(given) if given else next((p for p in places if p.exists()), places[0])
    if not program.exists():
        raise context.Skip(f"{program} is not built")
    path = context.scratch / "events.ndjson"
    write_file(path)
    out = subprocess.run([program, path, context.scratch], check=True, capture_output=True, text=True)
    got = {k: float(v) for k, v in (line.split() for line in out.stdout.splitlines())}
    result = {"%s_bytes_per_event" % k: got[k + "_bytes"] / EVENTS for k in ("raw", "hot", "text", "members", "plain")}
    result.update({"%s_seal_rows_per_s" % k: EVENTS / got[k + "_seal_s"] for k in ("text", "members")})
    for q in range(1, 6):
        plain = got["plain_q%d_s" % q]
        for k in ("plain", "hot", "text", "members"):
            result["q%d_%s_ms" % (q, k)] = got["%s_q%d_s" % (k, q)] * 1e3
        for k in ("hot", "text", "members"):
            result["q%d_plain_over_%s" % (q, k)] = plain / got["%s_q%d_s" % (k, q)]
    return result
