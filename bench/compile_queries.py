"""The queries that bench_compile.py compiles, and the tables and functions that they need."""
import json
import random
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARSERS = 30
PARSER_BYTES = 5500


def shipped_schemas():
    """content/schemas (docs/storage.md has the format) as {"Table": [[column, type], …]}."""
    tables = {}
    for path in sorted((ROOT / "content" / "schemas").glob("*.txt")):
        columns = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if not line[0].isspace():
                columns = tables.setdefault(re.split(r"[:\s]", line, maxsplit=1)[0], [])
                line = line.partition(":")[2]
            columns.append(line)
    out = {}
    for name, lines in tables.items():
        out[name] = []
        for part in " ".join(lines).split(","):
            words = part.split()
            out[name] += [[column, words[-1]] for column in words[:-1]]
    return out


def rule_query(path):
    """The block below "query: |" of a rule in YAML; empty: written in another way."""
    block, indent = [], None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if indent is None:
            if re.match(r"query:\s*[|>]", line):
                indent = 1
        elif line.strip() and not line.startswith(" "):
            break
        else:
            block.append(line.strip())
    return "\n".join(block).strip()


def rules(folder, group):
    for path in sorted(folder.rglob("*.y*ml")):
        query = rule_query(path)
        if query and "tests" not in path.relative_to(folder).parts:
            yield {"group": group, "id": path.stem.replace(" ", "_"), "query": query}


# ---- a normalising union of the size that the largest published ones have ----

SOURCES = ["CommonSecurityLog", "Syslog", "SecurityEvent", "DeviceNetworkEvents", "AzureDiagnostics",
           "WindowsEvent", "AWSVPCFlow", "VMConnection", "SigninLogs", "AADNonInteractiveUserSignInLogs"]
PARAMETERS = ("starttime:datetime=datetime(null), endtime:datetime=datetime(null), "
              "srcipaddr_has_any_prefix:dynamic=dynamic([]), dstipaddr_has_any_prefix:dynamic=dynamic([]), "
              "dstportnumber:int=int(null), hostname_has_any:dynamic=dynamic([]), "
              "dvcaction:dynamic=dynamic([]), eventresult:string='*', disabled:bool=false")
NAMES = ", ".join(p.split(":")[0] for p in re.split(r", (?=[a-z_]+:)", PARAMETERS))
FIELDS = ["%s%s" % (who, what) for who in ("Src", "Dst", "Dvc", "Actor", "Target")
          for what in ("IpAddr", "Hostname", "Domain", "FQDN", "Username", "UserType", "PortNumber", "MacAddr",
                       "Zone", "InterfaceName", "GeoCountry", "AppName")]


def texts_of(columns):
    return [c for c, t in columns if t == "string" and re.fullmatch(r"[A-Za-z]\w*", c)]


def lookup_table(r, name, key):
    rows = ",\n        ".join('"%s-%d", "%s", "%s", %d' % (key, i, r.choice(["Allow", "Deny", "Drop", "Reset"]),
                                                        r.choice(["Success", "Failure", "Partial"]), r.randrange(100))
                              for i in range(12))
    return ("  let %s = datatable(%s:string, DvcAction:string, EventResult:string, EventOriginalRank:long)[\n"
            "        %s\n  ];\n" % (name, key, rows))


def field(r, texts, name):
    a, b = r.choice(texts), r.choice(texts)
    return name + " = " + r.choice([
        'iff(isempty(%s), %s, %s)' % (a, b, a), 'tostring(split(%s, ":")[%d])' % (a, r.randrange(4)),
        'case(%s has "in", %s, %s startswith "x", tolower(%s), "Unknown")' % (a, b, b, a),
        'extract(@"%s=([^;]+)", 1, %s)' % (name[:4], a), 'coalesce(%s, %s, "NA")' % (a, b),
        'tostring(parse_json(%s).%s)' % (a, name), 'strcat(%s, "\\\\", %s)' % (a, b)])


def parser(number, schemas):
    """One normalising function: filters first, two lookups, many computed columns, aliases, and the
    source's columns away."""
    r = random.Random(number)
    table = SOURCES[number % len(SOURCES)]
    texts = texts_of(schemas[table])
    key, second = texts[3], texts[5]
    body = [lookup_table(r, "ActionLookup", key), lookup_table(r, "ResultLookup", second)]
    body.append("  let prefixes = array_concat(srcipaddr_has_any_prefix, dstipaddr_has_any_prefix);\n"
                "  let source = %s\n    | where not(disabled)\n"
                "    | where (isnull(starttime) or TimeGenerated >= starttime) and "
                "(isnull(endtime) or TimeGenerated <= endtime)\n"
                "    | where array_length(prefixes) == 0 or has_any_ipv4_prefix(%s, prefixes)\n"
                "    | where array_length(hostname_has_any) == 0 or %s has_any (hostname_has_any);\n"
                "  source\n"
                "    | lookup ActionLookup on %s\n"
                "    | where array_length(dvcaction) == 0 or DvcAction in~ (dvcaction)\n"
                "    | where eventresult == '*' or EventResult =~ eventresult\n"
                "    | lookup (ResultLookup | project %s, EventSeverity = EventResult, EventOriginalRank) on %s\n"
                % (table, texts[0], texts[1], key, second, second))
    fields = [f for f in FIELDS if f not in texts]
    at = 0
    while sum(map(len, body)) < PARSER_BYTES - 700 and at < len(fields):
        part = fields[at:at + 12]
        body.append("    | extend " + ",\n        ".join(field(r, texts, f) for f in part) + "\n")
        at += 12
    body.append('    | extend EventVendor = "Vendor%d", EventProduct = "Product%d", EventSchema = "NetworkSession",\n'
                '        EventCount = int(1), EventStartTime = TimeGenerated, EventEndTime = TimeGenerated,\n'
                '        Src = SrcIpAddr, Dst = DstIpAddr, IpAddr = SrcIpAddr, Hostname = SrcHostname\n'
                "    | where isnull(dstportnumber) or toint(DstIpAddr) == dstportnumber\n"
                "    | project-away %s\n" % (number, number, ", ".join(texts[6:12])))
    return "".join(body)


def union(schemas):
    """(functions, queries): the union over stored functions, and the same with all text in the
    query."""
    functions, lets, calls = [], [], []
    arguments = ", ".join("%s=%s" % (n, n) for n in NAMES.split(", "))
    for i in range(PARSERS):
        name = "vimNetworkSessionVendor%02d" % i
        body = parser(i, schemas)
        functions.append({"name": name, "parameters": "(%s)" % PARAMETERS, "body": "{\n%s}" % body})
        lets.append("let %s = (%s) {\n%s};\n" % (name, PARAMETERS, body))
        calls.append("  %s(%s)" % (name, arguments))
    whole = "union isfuzzy=true\n%s" % ",\n".join(calls)
    functions.append({"name": "_Im_NetworkSession", "parameters": "(%s)" % PARAMETERS, "body": "{\n%s\n}" % whole})
    lets.append("let _Im_NetworkSession = (%s) {\n%s\n};\n" % (PARAMETERS, whole))
    use = ('_Im_NetworkSession(starttime=ago(1h), endtime=now(), srcipaddr_has_any_prefix=dynamic(["10.", "192.168."]),'
           ' eventresult="Failure")')
    rule = use + ("\n| where isnotempty(SrcIpAddr)\n"
                  "| summarize Count = count(), Ports = dcount(DstHostname) by SrcIpAddr, bin(TimeGenerated, 5m)\n"
                  "| where Count > 100\n")
    return functions, [{"group": "generated", "id": "stored_rule", "query": rule},
                       {"group": "generated", "id": "stored_all_columns", "query": use},
                       {"group": "generated", "id": "inline_rule", "query": "".join(lets) + rule}]


def published(shared):
    """Tables, functions and queries of the collection that VEDETTE_SHARED names."""
    kql = shared / "kql"
    schemas = json.loads((kql / "schemas" / "tables.json").read_text(encoding="utf-8"))
    functions = json.loads((kql / "schemas" / "functions.json").read_text(encoding="utf-8"))
    queries = list(rules(shared / "content" / "rules", "published_rules"))
    with open(kql / "realworld" / "dev.jsonl", encoding="utf-8") as f:
        for q in map(json.loads, f):
            if q["binds"]:
                group = "published_parsers" if q["kind"] == "parser" else "published_queries"
                queries.append({"group": group, "id": q["id"], "query": q["query"]})
    return schemas, functions, queries
