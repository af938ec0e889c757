"""ingest_logs until the rows are on disk, against DuckDB's own read_json into a table; and its parts alone."""
import json
import os
import random
import subprocess
from pathlib import Path

ROWS = 100000


def guid(r):
    h = "%032x" % r.getrandbits(128)
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def record(r, i):
    """A sign-in as diagnostic settings send it: 40 columns, six of them nested, about 1.6 KB."""
    user = r.randrange(5000)
    code = r.choice(["0", "0", "0", "50126", "50053"])
    app = r.choice(["Office 365 Exchange Online", "Azure Portal", "Microsoft Teams", "Windows Sign In"])
    city = r.choice(["Gothenburg", "Malmö", "Stockholm", "Oslo"])
    time = "2026-01-%02dT%02d:%02d:%02d.%03d0000Z" % (1 + i % 28, i % 24, i % 60, i % 59, i % 1000)
    return {
        "TimeGenerated": time, "CreatedDateTime": time, "OperationName": "Sign-in activity", "OperationVersion": "1.0",
        "Category": "SignInLogs", "ResultType": code, "ResultSignature": "None",
        "ResultDescription": "" if code == "0" else "Invalid username or password.", "DurationMs": r.randrange(1000),
        "CorrelationId": guid(r), "Resource": "Microsoft.aadiam", "ResourceGroup": "Microsoft.aadiam",
        "Identity": "User %d" % user, "Level": "4", "Location": "SE", "AppDisplayName": app, "AppId": guid(r),
        "AuthenticationRequirement": r.choice(["singleFactorAuthentication", "multiFactorAuthentication"]),
        "ClientAppUsed": "Browser", "ConditionalAccessPolicies": [],
        "ConditionalAccessStatus": r.choice(["success", "notApplied"]),
        "DeviceDetail": {"deviceId": guid(r), "operatingSystem": "Windows 10", "browser": "Edge 122.0",
                         "isManaged": False, "isCompliant": True}, "Id": guid(r),
        "IPAddress": "10.%d.%d.%d" % (r.randrange(256), r.randrange(256), r.randrange(256)), "IsInteractive": True,
        "LocationDetails": {"city": city, "countryOrRegion": "SE",
                            "geoCoordinates": {"latitude": 57.70887, "longitude": 11.97456}},
        "MfaDetail": {}, "NetworkLocationDetails": "[]", "OriginalRequestId": guid(r),
        "ProcessingTimeInMilliseconds": str(r.randrange(900)), "ResourceDisplayName": "Windows Azure Active Directory",
        "RiskDetail": "none", "RiskEventTypes": "[]", "RiskLevelDuringSignIn": "none", "RiskState": "none",
        "Status": {"errorCode": int(code), "additionalDetails": "MFA requirement satisfied by claim in the token"},
        "TokenIssuerType": "AzureAD",
        "UserAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/122.0 Edg/122.0",
        "UserDisplayName": "User %d" % user, "UserPrincipalName": "user%d@contoso.example" % user}


def write_file(path):
    r = random.Random(1)
    with open(path, "w", encoding="utf-8") as f:
        for i in range(ROWS):
            f.write(json.dumps(record(r, i), separators=(",", ":"), ensure_ascii=False) + "\n")


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
    mb = got["bytes"] / 1e6
    return {"record_bytes": got["bytes"] / got["rows"], "read_mb_per_s": mb / got["read_s"],
            "tree_mb_per_s": mb / got["tree_s"], "convert_mb_per_s": mb / got["convert_s"],
            "ingest_mb_per_s": mb / got["ours_s"], "ingest_mb_per_cpu_s": mb / got["ours_cpu_s"],
            "ingest_many_mb_per_cpu_s": mb / got["many_cpu_s"],
            "ingest_many_with_checkpoint_mb_per_cpu_s": mb / (got["many_cpu_s"] + got["checkpoint_cpu_s"]),
            "ingest_rows_per_s": got["rows"] / got["ours_s"], "duckdb_mb_per_s": mb / got["duckdb_s"],
            "duckdb_mb_per_cpu_s": mb / got["duckdb_cpu_s"], "ratio": got["duckdb_s"] / got["ours_s"],
            "cpu_ratio": got["duckdb_cpu_s"] / got["ours_cpu_s"]}
