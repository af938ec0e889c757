"""Files of Windows, AWS and Azure: each record reaches its table, with the columns that it should have."""
import datetime
import glob
import gzip
import json
import os
import re
import struct
import tempfile
import xml.etree.ElementTree

import evtx
from run import Skip
from vedette import Server, contains, equal, run

# The expected rows of event 5379 leave out its datum Type, which the raw ones have.
NOT_EXPECTED = ("Type",)
CLOCK = "2026-01-02T03:04:05Z"
SHARED = os.environ.get("VEDETTE_SHARED", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared"))


def datasets(*parts):
    folder = os.path.join(SHARED, "datasets", *parts)
    if not os.path.isdir(folder):
        raise Skip("no datasets in %s" % SHARED)
    return folder


def open_text(path):
    return gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")


def rows_of(path):
    with open_text(path) as f:
        return [json.loads(line) for line in f]


def ingest(server, form, path, *words):
    code, out, err = run("ingest", "--format", form, *words, path, data=server.data)
    equal((code, err), (0, ""), path)
    return out


def ingest_text(server, form, text, *words, suffix=".json"):
    with tempfile.NamedTemporaryFile(suffix=suffix) as f:
        f.write(text.encode() if isinstance(text, str) else text)
        f.flush()
        return ingest(server, form, f.name, *words)


def moment(text):
    """Ticks; without a zone it is UTC."""
    match = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z?)$", text)
    whole = datetime.datetime.fromisoformat("%s %s" % match.group(1, 2))
    fraction = int(((match.group(3) or "") + "0000000")[:7])
    return (whole - datetime.datetime(1, 1, 1)) // datetime.timedelta(seconds=1) * 10 ** 7 + fraction


def pairs(text):
    """Names and values of EventData. The order differs between forms of the same event, and collectors
    that write JSON leave out what is empty."""
    return sorted((e.get("Name"), e.text) for e in xml.etree.ElementTree.fromstring(text).iter()
                  if e.tag.endswith("Data") and e.get("Name") and e.text and e.get("Name") not in NOT_EXPECTED)


def same(column, wanted, got):
    if wanted == got:
        return True
    if wanted in (None, "") and got in (None, ""):
        return True
    if column == "EventData" and isinstance(wanted, str) and isinstance(got, str) and got:
        return pairs(wanted) == pairs(got)
    if isinstance(wanted, str) and isinstance(got, str):
        try:
            return moment(wanted) == moment(got)
        except (AttributeError, ValueError):
            return False
    return False


def compare(expected, got, label):
    """Rows come in the order of the file; only the columns of the expected rows count."""
    equal(len(got), len(expected), label)
    wrong = []
    for i, (want, have) in enumerate(zip(expected, got)):
        wrong += [(i, c, v, have.get(c)) for c, v in want.items() if not same(c, v, have.get(c))]
    assert not wrong, "%s: %d cells differ, the first: %r" % (label, len(wrong), wrong[:5])


def test_windows_events_of_attack_simulations():
    """Winlogbeat's and NXLog's JSON, as collectors wrote it, against rows made by other means."""
    for folder in sorted(glob.glob(os.path.join(datasets("windows"), "*"))):
        with Server(clock=CLOCK) as s:
            ingest(s, "windows", glob.glob(os.path.join(folder, "raw.ndjson*"))[0])
            for table in ("SecurityEvent", "Event"):
                for path in glob.glob(os.path.join(folder, "expected.%s.ndjson*" % table)):
                    got = s.query("%s | sort by _ItemId asc" % table)
                    compare(rows_of(path), got, "%s %s" % (os.path.basename(folder), table))
            equal(s.count("VedetteDeadLetter"), 0)


LOGON = """<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>
<Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/>
<EventID>4624</EventID><Version>2</Version><Level>0</Level><Task>12544</Task><Opcode>0</Opcode>
<Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime='2026-01-01T10:11:12.1234567Z'/>
<EventRecordID>1234</EventRecordID><Correlation ActivityID='{11111111-2222-3333-4444-555555555555}'/>
<Execution ProcessID='712' ThreadID='5000'/><Channel>Security</Channel><Computer>ws1.halden.example</Computer>
<Security/></System><EventData><Data Name='SubjectUserSid'>S-1-5-18</Data>
<Data Name='SubjectUserName'>WS1$</Data><Data Name='SubjectDomainName'>HALDEN</Data>
<Data Name='TargetUserSid'>S-1-5-21-1-2-3-1001</Data><Data Name='TargetUserName'>a&amp;b</Data>
<Data Name='TargetDomainName'>HALDEN</Data><Data Name='LogonType'>10</Data>
<Data Name='LogonGuid'>{00000000-0000-0000-0000-000000000001}</Data>
<Data Name='ProcessName'>C:\\Windows\\System32\\svchost.exe</Data>
<Data Name='IpAddress'>10.0.0.7</Data></EventData></Event>"""
SERVICE = """<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>
<Provider Name='Service Control Manager'/><EventID Qualifiers='16384'>7036</EventID><Level>4</Level><Task>3</Task>
<TimeCreated SystemTime='2026-01-01T10:11:13Z'/><EventRecordID>7</EventRecordID><Channel>System</Channel>
<Computer>ws1</Computer><Security UserID='S-1-5-18'/></System><EventData><Data Name='param1'>Spooler</Data>
<Data>stopped &lt;now&gt;</Data></EventData><RenderingInfo Culture='en-US'>
<Message>The Spooler service entered the stopped state.</Message><Level>Information</Level></RenderingInfo></Event>"""
CLEARED = """<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>
<Provider Name='Microsoft-Windows-Eventlog'/><EventID>1102</EventID><Level>4</Level>
<TimeCreated SystemTime='2026-01-01T10:11:14Z'/><Channel>Security</Channel><Computer>ws1</Computer></System>
<UserData><LogFileCleared xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'>
<SubjectUserSid>S-1-5-21-1-2-3-500</SubjectUserSid><SubjectUserName>admin</SubjectUserName>
<SubjectDomainName>WS1</SubjectDomainName><SubjectLogonId>0xc61d9</SubjectLogonId></LogFileCleared></UserData></Event>"""


def test_windows_xml():
    with Server(clock=CLOCK) as s:
        text = "\ufeff<?xml version='1.0'?>\n<Events>\n%s\n%s\n%s\n</Events>\n" % (LOGON, SERVICE, CLEARED)
        out = ingest_text(s, "windows", text, suffix=".xml")
        contains(out, "3 records: 3 stored, 0 rejected")
        logon, cleared = s.query("SecurityEvent | sort by TimeGenerated asc")
        for column, value in {
                "TimeGenerated": "2026-01-01T10:11:12.1234567Z", "Computer": "ws1.halden.example", "EventID": 4624,
                "EventSourceName": "Microsoft-Windows-Security-Auditing", "Task": 12544, "Level": "0",
                "Activity": "4624 - An account was successfully logged on.", "Account": "HALDEN\\a&b",
                "AccountType": "User", "SubjectAccount": "HALDEN\\WS1$", "TargetUserName": "a&b", "LogonType": 10,
                "LogonTypeName": "10 - RemoteInteractive", "Process": "svchost.exe", "IpAddress": "10.0.0.7",
                "LogonGuid": "00000000-0000-0000-0000-000000000001", "EventRecordId": "1234",
                "SystemProcessId": 712, "SystemThreadId": 5000,
                "Correlation": "{11111111-2222-3333-4444-555555555555}"}.items():
            equal(logon[column], value, column)
        equal(len(pairs(logon["EventData"])), 10)
        equal((cleared["Account"], cleared["SubjectLogonId"], cleared["Activity"]),
              ("WS1\\admin", "0xc61d9", "1102 - The audit log was cleared."))
        event = s.query("Event")[0]
        equal((event["EventLog"], event["Source"], event["EventID"], event["EventLevel"], event["EventLevelName"]),
              ("System", "Service Control Manager", 7036, 4, "Information"))
        equal((event["UserName"], event["RenderedDescription"], event["ParameterXml"]),
              ("NT AUTHORITY\\SYSTEM", "The Spooler service entered the stopped state.",
               "<Param>Spooler</Param><Param>stopped &lt;now&gt;</Param>"))
        ingest_text(s, "windows", text, "--table", "WindowsEvent", suffix=".xml")
        rows = s.query("WindowsEvent | sort by TimeGenerated asc")
        equal([r["Channel"] for r in rows], ["Security", "System", "Security"])
        data = rows[1]["EventData"]
        equal(json.loads(data) if isinstance(data, str) else data, {"param1": "Spooler", "Param2": "stopped <now>"})


def test_windows_xml_in_utf16():
    """Get-WinEvent … | ForEach-Object ToXml > file, in Windows PowerShell."""
    with Server(clock=CLOCK) as s:
        text = "\ufeff" + (LOGON.replace("a&amp;b", "\u00fc\U0001f600").replace("\n", "") + "\r\n") * 8000
        raw = text.encode("utf-16-le")
        assert len(raw) > 16 << 20
        contains(ingest_text(s, "windows", raw, suffix=".xml"), "8000 records: 8000 stored, 0 rejected")
        equal(s.query("SecurityEvent | summarize n = count() by TargetUserName"),
              [{"TargetUserName": "\u00fc\U0001f600", "n": 8000}])


def test_defender_streaming():
    process = {"time": "2026-01-01T00:00:01Z", "tenantId": "t", "operationName": "Publish",
               "category": "AdvancedHunting-DeviceProcessEvents", "properties": {
                   "Timestamp": "2026-01-01T00:00:00Z", "DeviceName": "ws1", "FileName": "a.exe", "ProcessId": 7,
                   "ProcessCommandLine": "a.exe -x"}}
    with Server(clock=CLOCK) as s:
        contains(ingest_text(s, "azure", json.dumps({"records": [process]})), "1 stored")
        equal(s.query("DeviceProcessEvents | project DeviceName, FileName, ProcessId, ProcessCommandLine, Timestamp"),
              [{"DeviceName": "ws1", "FileName": "a.exe", "ProcessId": 7, "ProcessCommandLine": "a.exe -x",
                "Timestamp": "2026-01-01T00:00:00.0000000Z"}])


def test_windows_xml_that_is_broken():
    with Server(clock=CLOCK) as s:
        text = "%s\nnonsense\n<Event><System></Event>\n%s<Event><System><EventID>1" % (LOGON, SERVICE)
        contains(ingest_text(s, "windows", text, suffix=".xml"), "5 records: 2 stored, 3 rejected")
        letters = s.query("VedetteDeadLetter | sort by RecordIndex asc")
        equal([r["Reason"] for r in letters], ["malformed"] * 3)
        contains(letters[0]["RawRecord"], "nonsense")
        received, stored, rejected = s.ingested()
        equal((received, stored, rejected), (5, 2, 3))


def test_winlogbeat_8():
    with Server(clock=CLOCK) as s:
        record = {"@timestamp": "2026-01-01T00:00:00.5Z", "message": "A new process has been created.\n\nmore",
                  "log": {"level": "information"}, "event": {"code": "4688"},
                  "winlog": {"channel": "Security", "event_id": 4688, "computer_name": "ws1", "record_id": 9,
                             "provider_name": "Microsoft-Windows-Security-Auditing", "task": "Process Creation",
                             "process": {"pid": 4, "thread": {"id": 44}},
                             "event_data": {"NewProcessName": "C:\\a\\b.exe", "SubjectUserName": "ws1$",
                                            "SubjectDomainName": "HALDEN", "CommandLine": "b.exe \"x\" <y>"}}}
        ingest_text(s, "windows", json.dumps([record]))
        row = s.query("SecurityEvent")[0]
        equal((row["EventID"], row["Computer"], row["Process"], row["CommandLine"], row["Account"], row["AccountType"],
               row["EventLevelName"], row["EventRecordId"]),
              (4688, "ws1", "b.exe", "b.exe \"x\" <y>", "HALDEN\\ws1$", "Machine", "Information", "9"))
        equal(dict(pairs(row["EventData"]))["CommandLine"], "b.exe \"x\" <y>")


def test_cloudtrail():
    folder = datasets("aws", "ec2_proxy_s3_exfiltration")
    expected = rows_of(os.path.join(folder, "expected.AWSCloudTrail.ndjson"))
    for name in ("cloudtrail-file.json", "raw.ndjson"):
        with Server(clock=CLOCK) as s:
            ingest(s, "cloudtrail", os.path.join(folder, name))
            compare(expected, s.query("AWSCloudTrail | sort by _ItemId asc"), name)
            equal(s.count("VedetteDeadLetter"), 0)


def test_cloudtrail_in_pieces():
    """A file that is larger than a chunk, on one line, compressed; members behind the array; a bad record."""
    record = {"eventName": "AuthorizeSecurityGroupIngress", "eventSource": "ec2.amazonaws.com",
              "eventTime": "2026-01-01T00:00:00Z", "readOnly": False, "userAgent": "x" * 900, "requestParameters": {
                  "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 23, "ipRanges": {
                      "items": [{"cidrIp": "0.0.0.0/0"}]}}]}}, "resources": [{"ARN": "a]}\\\"\u00fc"}]}
    body = json.dumps({"Records": [record] * 20000 + [{"no": "record"}], "x": [1, {"y": "}"}]})
    assert len(body) > 20 << 20
    with Server(clock=CLOCK) as s:
        out = ingest_text(s, "cloudtrail", gzip.compress(body.encode(), 1), suffix=".json.gz")
        contains(out, "20001 records: 20000 stored, 1 rejected")
        row = s.query("AWSCloudTrail | summarize n = count() by IpProtocol, SourcePort, DestinationPort, CidrIp, "
                      "ReadOnly, Resources, OperationName")
        equal(row, [{"IpProtocol": "tcp", "SourcePort": "22", "DestinationPort": "23", "CidrIp": "0.0.0.0/0",
                     "ReadOnly": False, "Resources": json.dumps(record["resources"], ensure_ascii=False,
                                                                separators=(",", ":")),
                     "OperationName": "CloudTrail", "n": 20000}])
        contains(s.query("VedetteDeadLetter")[0]["RawRecord"], '{"no": "record"}')


FLOWS = """2 123456789010 eni-1235b8ca 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK
2 123456789010 eni-1235b8ca - - - - - - - 1431280876 1431280934 - NODATA
only three words
"""
CUSTOM_FLOWS = """version vpc-id srcaddr dstaddr srcport dstport tcp-flags type pkt-srcaddr flow-direction start new-field
5 vpc-1 10.0.0.1 10.0.0.2 443 50000 19 IPv4 10.0.0.9 ingress 1700000000 what
"""


def test_vpc_flow_logs():
    with Server(clock=CLOCK) as s:
        contains(ingest_text(s, "vpcflow", FLOWS, suffix=".log"), "3 records: 2 stored, 1 rejected")
        contains(ingest_text(s, "vpcflow", gzip.compress(CUSTOM_FLOWS.encode()), suffix=".log.gz"),
                 "1 records: 1 stored, 0 rejected")
        rows = s.query("AWSVPCFlow | sort by TimeGenerated asc")
        for column, value in {"TimeGenerated": "2014-12-14T04:07:50.0000000Z", "Start": "2014-12-14T04:06:50.0000000Z",
                              "Version": 2, "AccountId": "123456789010", "InterfaceId": "eni-1235b8ca",
                              "SrcAddr": "172.31.16.139", "DstAddr": "172.31.16.21", "SrcPort": 20641, "DstPort": 22,
                              "Protocol": 6, "Packets": 20, "Bytes": 4249, "Action": "ACCEPT", "LogStatus": "OK"}.items():
            equal(rows[0][column], value, column)
        equal((rows[1]["LogStatus"], rows[1]["SrcPort"], rows[1]["SrcAddr"]), ("NODATA", None, ""))
        equal((rows[2]["VpcId"], rows[2]["TcpFlags"], rows[2]["TrafficType"], rows[2]["PktSrcAddr"],
               rows[2]["FlowDirection"], rows[2]["TimeGenerated"]),
              ("vpc-1", 19, "IPv4", "10.0.0.9", "ingress", "2023-11-14T22:13:20.0000000Z"))
        contains(s.query("VedetteDeadLetter")[0]["Detail"], "the line has 3 fields, 14 expected")


def test_guardduty():
    finding = {"schemaVersion": "2.0", "accountId": "123", "region": "us-east-1", "partition": "aws", "id": "f1",
               "arn": "arn:aws:guardduty:1", "type": "Recon:EC2/PortProbeUnprotectedPort", "severity": 2.5,
               "resource": {"resourceType": "Instance"}, "service": {"count": 3}, "title": "Probe", "description": "d",
               "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T01:00:00.000Z"}
    upper = {k[0].upper() + k[1:]: v for k, v in finding.items()}
    with Server(clock=CLOCK) as s:
        ingest_text(s, "guardduty", json.dumps(finding) + "\n" + json.dumps({"detail": finding}) + "\n", suffix=".jsonl")
        ingest_text(s, "guardduty", json.dumps({"Findings": [upper]}, indent=2))
        rows = s.query("AWSGuardDuty | project ActivityType, AccountId, Id, Severity, TimeCreated, TimeGenerated, "
                       "Kind = tostring(ResourceDetails.resourceType), n = toint(ServiceDetails['count'])")
        equal(rows, [{"ActivityType": finding["type"], "AccountId": "123", "Id": "f1", "Severity": 2,
                      "TimeCreated": "2026-01-01T00:00:00.0000000Z", "TimeGenerated": "2026-01-01T01:00:00.0000000Z",
                      "Kind": "Instance", "n": 3}] * 3)


ENTRA = "/tenants/aaaaaaaa-0000-4000-8000-000000000001/providers/Microsoft.aadiam"
SIGNIN = {"time": "2026-01-01T00:00:00.1234567Z", "resourceId": ENTRA, "operationName": "Sign-in activity",
          "operationVersion": "1.0", "category": "SignInLogs", "tenantId": "aaaaaaaa-0000-4000-8000-000000000001",
          "resultType": "50126", "resultSignature": "None", "resultDescription": "Invalid password", "durationMs": 0,
          "callerIpAddress": "203.0.113.9", "correlationId": "c1", "identity": "Ada", "Level": 4, "location": "NO",
          "properties": {"id": "i1", "createdDateTime": "2025-12-31T23:59:58Z", "userPrincipalName": "a@halden.example",
                         "ipAddress": "203.0.113.10", "status": {"errorCode": 50126}, "isInteractive": True,
                         "location": {"city": "Bergen"}, "appliedConditionalAccessPolicies": [{"id": "p"}],
                         "riskEventTypes_v2": [], "resourceId": "00000003-0000-0000-c000-000000000000",
                         "unheardOf": 1}}


def test_entra_sign_ins():
    silent = dict(SIGNIN, category="NonInteractiveUserSignInLogs")
    audit = {"time": "2026-01-01T00:00:01Z", "resourceId": ENTRA, "operationName": "Add user", "category": "AuditLogs",
             "resultSignature": "None", "properties": {
                 "id": "d1", "operationType": "Add", "result": "success", "activityDisplayName": "Add user",
                 "initiatedBy": {"user": {"id": "u"}}, "targetResources": [{"id": "t"}], "additionalDetails": []}}
    with Server(clock=CLOCK) as s:
        out = ingest_text(s, "azure", json.dumps({"records": [SIGNIN, silent]}) + "\n" + json.dumps(audit) + "\n")
        contains(out, "3 records: 3 stored, 0 rejected")
        contains(out, "2 properties have no column")
        row = s.query("SigninLogs")[0]
        for column, value in {"TimeGenerated": SIGNIN["time"], "ResultType": "50126", "IPAddress": "203.0.113.10",
                              "UserPrincipalName": "a@halden.example", "Location": "NO", "Identity": "Ada",
                              "AADTenantId": SIGNIN["tenantId"], "IsInteractive": True, "Level": "4",
                              "ResourceGroup": "Microsoft.aadiam", "ResourceId": ENTRA, "Category": "SignInLogs",
                              "ResourceIdentity": "00000003-0000-0000-c000-000000000000", "DurationMs": 0,
                              "CreatedDateTime": "2025-12-31T23:59:58.0000000Z"}.items():
            equal(row[column], value, column)
        equal(s.query("SigninLogs | project City = tostring(LocationDetails.city), Code = toint(Status.errorCode), "
                      "Policy = tostring(ConditionalAccessPolicies[0].id)"),
              [{"City": "Bergen", "Code": 50126, "Policy": "p"}])
        row = s.query("AADNonInteractiveUserSignInLogs")[0]
        equal((json.loads(row["LocationDetails"]), json.loads(row["Status"]), row["IPAddress"]),
              ({"city": "Bergen"}, {"errorCode": 50126}, "203.0.113.10"))
        equal(s.query("AuditLogs | project OperationName, AADOperationType, Result, Who = tostring(InitiatedBy.user.id), "
                      "What = tostring(TargetResources[0].id)"),
              [{"OperationName": "Add user", "AADOperationType": "Add", "Result": "success", "Who": "u", "What": "t"}])


VM = "/SUBSCRIPTIONS/5555AAAA-0000-4000-8000-000000000002/RESOURCEGROUPS/RG1/PROVIDERS/MICROSOFT.COMPUTE/VIRTUALMACHINES/VM1"


def test_azure_activity_and_storage():
    activity = {"time": "2026-01-01T00:00:00Z", "resourceId": VM, "category": "Administrative", "level": "Information",
                "operationName": "MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE", "resultType": "Success",
                "resultSignature": "Succeeded.OK", "callerIpAddress": "203.0.113.9", "correlationId": "c2",
                "identity": {"authorization": {"scope": "/x"}, "claims": {
                    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "root@halden.example"}},
                "properties": {"statusCode": "OK", "eventDataId": "e1"}}
    blob = {"time": "2026-01-01T00:00:02Z", "category": "StorageRead", "operationName": "GetBlob", "statusCode": 200,
            "resourceId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acc/"
                          "blobServices/default", "callerIpAddress": "10.0.0.1:5000", "durationMs": 4,
            "uri": "https://acc.blob/x", "protocol": "HTTPS", "identity": {
                "type": "OAuth", "tokenHash": "h", "requester": {"upn": "a@halden.example", "objectId": "o"}},
            "properties": {"accountName": "acc", "userAgentHeader": "curl", "serverLatencyMs": 3,
                           "responseBodySize": 17}}
    with Server(clock=CLOCK) as s:
        contains(ingest_text(s, "azure", json.dumps(activity) + "\n" + json.dumps(blob)), "2 stored, 0 rejected")
        row = s.query("AzureActivity")[0]
        for column, value in {"OperationNameValue": activity["operationName"], "Caller": "root@halden.example",
                              "ActivityStatusValue": "Success", "ActivitySubstatusValue": "OK", "ResourceGroup": "RG1",
                              "CategoryValue": "Administrative", "_ResourceId": VM.lower(), "EventDataId": "e1",
                              "ResourceProviderValue": "MICROSOFT.COMPUTE", "Resource": "VM1"}.items():
            equal(row[column], value, column)
        equal(s.query("AzureActivity | project Scope = tostring(Authorization_d.scope), "
                      "Code = tostring(parse_json(Properties).statusCode)"), [{"Scope": "/x", "Code": "OK"}])
        row = s.query("StorageBlobLogs")[0]
        for column, value in {"StatusCode": "200", "CallerIpAddress": "10.0.0.1:5000", "AuthenticationType": "OAuth",
                              "RequesterUpn": "a@halden.example", "AccountName": "acc", "ServerLatencyMs": 3.0,
                              "ResponseBodySize": 17, "DurationMs": 4.0, "Uri": "https://acc.blob/x",
                              "UserAgentHeader": "curl", "Protocol": "HTTPS"}.items():
            equal(row[column], value, column)


def test_azure_diagnostics():
    vault = {"time": "2026-01-01T00:00:00Z", "category": "AuditEvent", "operationName": "SecretGet",
             "resourceId": "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/v1",
             "resultType": "Success", "callerIpAddress": "203.0.113.9", "durationMs": 12, "identity": {"claim": {
                 "appid": "11111111-2222-4333-8444-555555555555", "http://x/claims/upn": "a@halden.example"}},
             "properties": {"id": "https://v1/secrets/x", "httpStatusCode": 200, "isOk": True,
                            "when": "2026-01-01T00:00:00Z", "list": [1, 2]}}
    with Server(clock=CLOCK) as s:
        text = json.dumps({"records": [vault, {"time": "2026-01-01T00:00:00Z", "metricName": "x"}, 5]})
        contains(ingest_text(s, "azure", text), "3 records: 1 stored, 2 rejected")
        row = s.query("AzureDiagnostics")[0]
        for column, value in {"Category": "AuditEvent", "Resource": "V1", "ResourceProvider": "MICROSOFT.KEYVAULT",
                              "ResourceGroup": "RG1", "ResourceType": "VAULTS", "CallerIPAddress": "203.0.113.9",
                              "identity_claim_appid_g": "11111111-2222-4333-8444-555555555555",
                              "identity_claim_http___x_claims_upn_s": "a@halden.example",
                              "id_s": "https://v1/secrets/x", "httpStatusCode_d": 200.0, "isOk_b": True,
                              "when_t": "2026-01-01T00:00:00.0000000Z", "list_s": "[1,2]"}.items():
            equal(row[column], value, column)
        details = [r["Detail"] for r in s.query("VedetteDeadLetter | sort by RecordIndex asc")]
        equal(details, ["the record names no category", "a record must be a JSON object"])
        ingest_text(s, "azure", json.dumps(vault), "--table", "AZKVAuditLogs")
        row = s.query("AZKVAuditLogs")[0]
        equal((row["OperationName"], row["CallerIpAddress"], row["HttpStatusCode"]), ("SecretGet", "203.0.113.9", 200))


def test_what_is_no_such_file():
    with Server(clock=CLOCK) as s:
        for text, word in (("[1]".encode("utf-16"), "UTF-16"),
                           ('{"Records":[' + ('{"event_id":1,"log_name":"x","message":"%s"},' % ("x" * 1000)) * 10000, "cut off")):
            with tempfile.NamedTemporaryFile(suffix=".json") as f:
                f.write(text.encode() if isinstance(text, str) else text)
                f.flush()
                code, _, err = run("ingest", "--format", "windows", f.name, data=s.data)
                equal(code, 1)
                contains(err, word)
        contains(ingest_text(s, "windows", "not json\n{\n"), "2 rejected")
        contains(ingest_text(s, "windows", '{"Events":[{"a":1},'), "2 rejected")
        equal(s.query("VedetteDeadLetter | where Detail has 'cut off' | count")[0]["Count"], 1)
        with tempfile.NamedTemporaryFile(suffix=".log") as f:
            f.write(b"x\n" * 100001)
            f.flush()
            code, _, err = run("ingest", "--format", "vpcflow", f.name, data=s.data)
            equal(code, 1)
            contains(err, "more than 100000 records are none of format vpcflow")
        equal(s.ingested()[2], 100005)
        equal(s.ingested()[1], s.count("Event"))
        code, _, err = run("ingest", "--format", "azure", "--table", "NoSuchTable", "/dev/null", data=s.data)
        equal(code, 1)
        contains(err, "NoSuchTable")


def zeek_names(row):
    return {re.sub(r"\W", "_", k): v for k, v in row.items()}


def test_zeek():
    folder = datasets("zeek", "LSASS_campaign_03")
    with Server(clock=CLOCK) as s:
        for name in ("conn", "dns", "files", "http", "kerberos"):
            ingest(s, "zeek", os.path.join(folder, name + ".log"))
            got = s.query("Zeek_%s_CL | sort by _ItemId asc" % name)
            for row in got:
                for column, value in row.items():
                    if isinstance(value, str) and value.startswith("["):
                        row[column] = json.loads(value)
            compare([zeek_names(r) for r in rows_of(os.path.join(folder, name + ".expected.ndjson"))], got, name)
        equal(s.count("VedetteDeadLetter"), 0)
        ingest(s, "zeek", os.path.join(datasets("zeek", "apt29_day1_SCRANTON"), "dns.log"), "--table", "ZeekJson_CL")
        equal(s.count("ZeekJson_CL"), 32)


def test_zeek_logs_in_one_file():
    first = ("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tone\n"
             "#fields\tts\tid.orig_h\ttags\tn\n#types\ttime\taddr\tset[count]\tcount\n"
             "01700000000.123456\t10.0.0.1\t1,2\t-\n1700000001.0\ta\\x09b\t(empty)\t7\n#close\t2026\n")
    second = first.replace("one", "two").replace("\ttags\tn", "\tn\ttags").replace(
        "set[count]\tcount", "count\tset[count]").replace("1,2\t-", "-\t1,2").replace("(empty)\t7", "7\t(empty)")
    with Server(clock=CLOCK) as s:
        text = first + second + "too\tshort\n" + '{"ts": 1700000000.5, "_path": "three", "a.b": 1}\n{"ts": 1}\n'
        contains(ingest_text(s, "zeek", text, suffix=".log"), "7 records: 5 stored, 2 rejected")
        for table in ("Zeek_one_CL", "Zeek_two_CL"):
            rows = s.query(table + " | sort by ts asc | project TimeGenerated, id_orig_h, tags = tostring(tags), n")
            equal([list(r.values()) for r in rows], [["2023-11-14T22:13:20.1234560Z", "10.0.0.1", "[1,2]", None],
                                                     ["2023-11-14T22:13:21.0000000Z", "a\tb", "[]", 7]], table)
        equal(s.query("Zeek_three_CL | project TimeGenerated, a_b"),
              [{"TimeGenerated": "2023-11-14T22:13:20.5000000Z", "a_b": 1}])


def test_auditd():
    folder = datasets("auditd")
    with Server(clock=CLOCK) as s:
        ingest(s, "auditd", os.path.join(folder, "msticpy_auditd_log.log.gz"))
        got = s.query("LinuxAudit_CL | sort by _ItemId asc")
        for row in got:
            row["Fields"] = json.loads(row["Fields"]) if isinstance(row["Fields"], str) else row["Fields"]
        compare(rows_of(os.path.join(folder, "msticpy_auditd_log.expected.ndjson.gz")), got, "auditd")


AUDIT = ("node=web1 type=SYSCALL msg=audit(1700000000.001:5): a0=1 a0=2 uid=0\x1dUID=\"root\"\n"
         "type=USER_LOGIN msg=audit(1700000000.002:6): pid=7 msg='op=login acct=\"eve\" addr=10.0.0.9 res=failed'\n"
         "type=SYSCALL msg=audit(x): a=1\nno record\n")


def test_audit_records_in_both_tables():
    with Server(clock=CLOCK) as s:
        contains(ingest_text(s, "auditd", AUDIT, suffix=".log"), "4 records: 2 stored, 2 rejected")
        row = s.query("LinuxAudit_CL | where Serial == 5")[0]
        fields = json.loads(row["Fields"]) if isinstance(row["Fields"], str) else row["Fields"]
        equal((row["Computer"], fields), ("web1", {"a0": "1", "a0#2": "2", "uid": "0", "UID": "root"}))
        contains(ingest_text(s, "auditd", AUDIT, "--table", "LinuxAuditLog", suffix=".log"), "2 stored, 2 rejected")
        row = s.query("LinuxAuditLog | where SerialNumber == '6'")[0]
        equal((row["RecordType"], row["acct"], row["addr"], row["res"], row["op"], row["pid"]),
              ("USER_LOGIN", "eve", "10.0.0.9", "failed", "login", 7))
        contains(row["RawRecord"], "type=USER_LOGIN")


def some_log():
    log = evtx.Log()
    for i in range(3):
        evtx.event(log, "Microsoft-Windows-Security-Auditing", 4624, "Security", [
            ("SubjectUserSid", evtx.SID, evtx.sid("S-1-5-18")), ("SubjectUserName", evtx.TEXT, evtx.text("WS1$")),
            ("SubjectDomainName", evtx.TEXT, evtx.text("HALDEN")),
            ("TargetUserName", evtx.TEXT, evtx.text("a&<\u00fc\U0001f600%d" % i)),
            ("TargetDomainName", evtx.TEXT, evtx.text("HALDEN")),
            ("TargetLogonId", evtx.HEX64, struct.pack("<Q", 0x501dc06)),
            ("LogonType", evtx.LONG, struct.pack("<I", 3)), ("LogonGuid", evtx.GUID, bytes(range(16))),
            ("IpAddress", evtx.NONE, b"")], 1767262272 + i)
    evtx.event(log, "MsiInstaller", 1033, "Application", [(None, evtx.TEXTS, evtx.text("one\0two\0"))], 1767262280,
               user="S-1-5-21-1-2-3-1001", level=4)
    return log


def test_evtx():
    with Server(clock=CLOCK) as s:
        contains(ingest_text(s, "windows", some_log().file(), suffix=".evtx"), "4 records: 4 stored, 0 rejected")
        rows = s.query("SecurityEvent | sort by TimeGenerated asc")
        equal([r["TargetUserName"] for r in rows], ["a&<\u00fc\U0001f600%d" % i for i in range(3)])
        for column, value in {"TimeGenerated": "2026-01-01T10:11:12.1234567Z", "Computer": "ws1.halden.example",
                              "EventID": 4624, "Account": "HALDEN\\a&<\u00fc\U0001f6000", "AccountType": "User",
                              "SubjectAccount": "HALDEN\\WS1$", "SubjectUserSid": "S-1-5-18", "LogonType": 3,
                              "LogonTypeName": "3 - Network", "TargetLogonId": "0x501dc06", "Task": 12544,
                              "LogonGuid": "03020100-0504-0706-0809-0a0b0c0d0e0f", "IpAddress": "",
                              "Activity": "4624 - An account was successfully logged on.", "Correlation": "",
                              "Keywords": "0x8020000000000000", "SystemProcessId": 712}.items():
            equal(rows[0][column], value, column)
        event = s.query("Event")[0]
        equal((event["ParameterXml"], event["UserName"], event["EventLevelName"], event["EventLog"]),
              ("<Param>one</Param><Param>two</Param>", "S-1-5-21-1-2-3-1001", "Information", "Application"))


def test_evtx_of_many_chunks_and_damaged():
    data = some_log().file()
    chunk = data[4096:]
    damaged = bytearray(chunk)
    second = 512 + struct.unpack_from("<I", chunk, 516)[0]
    damaged[second] = 0xff  # where the second record begins
    wrong = bytearray(chunk)
    wrong[second + 24 + 4] = 0x77  # its first token
    with Server(clock=CLOCK) as s:
        whole = data + chunk * 140 + bytes(65536)  # more than one body
        contains(ingest_text(s, "windows", whole, suffix=".evtx"), "564 records: 564 stored, 0 rejected")
        contains(ingest_text(s, "windows", gzip.compress(data[:4096] + bytes(damaged) + bytes(wrong)),
                             suffix=".evtx.gz"), "6 records: 4 stored, 2 rejected")
        details = s.query("VedetteDeadLetter | sort by RecordIndex asc | project Detail")
        contains(details[0]["Detail"], "no record at byte %d" % second)
        contains(details[1]["Detail"], "a token that we don't know")
        contains(ingest_text(s, "windows", data[:-100] + b"x" * 100 + b"rest", suffix=".evtx"), "1 rejected")
