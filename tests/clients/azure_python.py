#!/usr/bin/env python3
"""Microsoft's Python clients against a running server: azure-identity, -monitor-ingestion, -monitor-query,
-mgmt-securityinsight and -mgmt-authorization.

Installs what requirements.txt pins into build/clients/python (once), then runs itself with that Python. Without venv,
pip or the packages all checks are skipped with the reason. $VEDETTE is the program. The last line is
'N passed, N failed[, N skipped]'.
"""
import datetime
import os
import sys
import uuid

import python_checks

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PLACE = os.path.join(ROOT, "build", "clients", "python")
LIST = os.path.join(HERE, "requirements.txt")
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))

from vedette import SUBSCRIPTION, Server, contains, equal  # noqa: E402  (found through the line above)

GROUP, DAY, ROWS = "vedette", datetime.timedelta(days=1), 20000
MANAGEMENT = "https://management.azure.com/.default"


def credential(server, client=None, secret=None):
    from azure.identity import ClientSecretCredential
    return ClientSecretCredential(server.tenant, client or server.client_id, secret or server.secret,
                                  authority=server.url, disable_instance_discovery=True)


def queries(server, **who):
    from azure.monitor.query import LogsQueryClient
    return LogsQueryClient(credential(server, **who), endpoint=server.url + "/v1")


def sender(server, **who):
    from azure.monitor.ingestion import LogsIngestionClient
    return LogsIngestionClient(server.url, credential(server, **who))


def rows(server, kql):
    from azure.monitor.query import LogsQueryStatus
    answer = queries(server).query_workspace(server.workspace()["id"], kql, timespan=DAY)
    equal(answer.status, LogsQueryStatus.SUCCESS)
    return [list(row) for row in answer.tables[0].rows]


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def fails(kind, call, status, words):
    """The client's own exception, with the server's status and words."""
    try:
        call()
    except kind as problem:
        equal(getattr(problem, "status_code", status), status)
        contains(str(problem), words)
        return problem
    raise AssertionError("%s was expected" % kind.__name__)


def check_sign_in(server):
    from azure.core.exceptions import ClientAuthenticationError
    token = credential(server).get_token("https://monitor.azure.com/.default")
    equal(token.token.count("."), 2)
    fails(ClientAuthenticationError, lambda: credential(server, secret="x" * 43).get_token(MANAGEMENT), None, "AADSTS7000215")


def check_certificate_signs_in(server):
    import jose
    from azure.identity import CertificateCredential
    key = jose.Key(server.data, "python")
    app, _ = server.application("Log Analytics Reader")
    certificate = key.certificate()
    equal(server.post("/vedette/v1/applications/%s/certificates" % app, {"certificate": certificate}).status, 201)
    with open(key.file, encoding="ascii") as f:
        both = (f.read() + certificate).encode()
    given = CertificateCredential(server.tenant, app, certificate_data=both, authority=server.url, disable_instance_discovery=True)
    equal(given.get_token(MANAGEMENT).token.count("."), 2)


def check_many_records_arrive(server):
    records = [{"TimeGenerated": now().isoformat(), "Computer": "host-%d" % i, "OSType": "x" * 200} for i in range(ROWS)]
    sender(server).upload(server.workspace()["dataCollectionRule"], "Microsoft-Heartbeat", records)
    equal(rows(server, "Heartbeat | summarize count(), count_distinct(Computer)"), [[ROWS, ROWS]])


def check_failed_uploads_are_told(server):
    from azure.core.exceptions import HttpResponseError
    told = []
    sender(server).upload(server.workspace()["dataCollectionRule"], "Microsoft-Heartbet", [{"Computer": "a"}], on_error=told.append)
    equal(len(told), 1)
    equal((told[0].error.status_code, len(told[0].failed_logs)), (404, 1))
    contains(told[0].error.message, "Microsoft-Heartbeat")
    app, secret = server.application()
    fails(HttpResponseError, lambda: sender(server, client=app, secret=secret).upload(
        server.workspace()["dataCollectionRule"], "Microsoft-Heartbeat", [{"Computer": "a"}]), 403, "AuthorizationFailed")


def check_queries(server):
    from azure.core.exceptions import HttpResponseError
    from azure.monitor.query import LogsBatchQuery, LogsQueryStatus
    equal(rows(server, "print a = 1, b = dynamic({'x': [1]}), t = 1h, d = datetime(2026-01-02)")[0][0], 1)
    workspace = server.workspace()["id"]
    problem = fails(HttpResponseError, lambda: rows(server, "Heartbeat | wher x"), 400, "BadArgumentError")
    equal(problem.error.code, "BadArgumentError")
    fails(HttpResponseError, lambda: queries(server).query_workspace(str(uuid.uuid4()), "print 1", timespan=DAY), 404, "NotFound")
    part = queries(server).query_workspace(workspace, "set truncationmaxrecords = 3; range x from 1 to 5 step 1", timespan=DAY)
    equal((part.status, part.partial_error.code, len(part.partial_data[0].rows)), (LogsQueryStatus.PARTIAL, "PartialError", 3))
    asked = queries(server).query_batch([LogsBatchQuery(workspace, q, timespan=DAY) for q in ("print x = 1", "nonsense |")])
    equal([one.status for one in asked], [LogsQueryStatus.SUCCESS, LogsQueryStatus.FAILURE])
    told = queries(server).query_workspace(workspace, "range x from 1 to 3 step 1 | render piechart", timespan=DAY,
                                           include_statistics=True, include_visualization=True, server_timeout=30)
    equal((told.visualization["visualization"], "query" in told.statistics), ("piechart", True))
    found = queries(server).query_resource(server.arm_path(), "print x = 5", timespan=DAY)
    equal(found.tables[0].rows[0][0], 5)


def check_queries_of_resources(server):
    from azure.core.exceptions import HttpResponseError
    group = "/subscriptions/5ab0c3de-0000-4000-8000-000000000001/resourceGroups/web"
    machine = group + "/providers/Microsoft.Compute/virtualMachines/%s"
    put = server.post("/vedette/v1/workspaces/%s/records/Event?format=json" % server.workspace()["id"],
                      [{"Computer": name, "_ResourceId": machine % name} for name in ("one", "one", "two")])
    equal(put.status, 200)

    def counted(resource, **who):
        return queries(server, **who).query_resource(resource, "Event | count", timespan=DAY).tables[0].rows[0][0]
    equal([counted(machine % "one"), counted(group), counted(machine % "three")], [2, 3, 0])
    app, secret = server.application({"role": "Reader", "scope": machine % "two"})
    equal(counted(group, client=app, secret=secret), 1)
    fails(HttpResponseError, lambda: counted(machine % "one", client=app, secret=secret), 403, "InsufficientAccessError")


def check_incidents(server):
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
    from azure.mgmt.securityinsight import SecurityInsights
    from azure.mgmt.securityinsight.models import Incident, IncidentComment
    client = SecurityInsights(credential(server), SUBSCRIPTION, base_url=server.url, credential_scopes=[MANAGEMENT])
    where = (GROUP, "default")
    for i in range(5):
        client.incidents.create_or_update(*where, "py-%d" % i, Incident(title="Py %d" % i, severity="Low", status="New"))
    equal([x.title for x in client.incidents.list(*where, orderby="properties/incidentNumber asc", top=2)],
          ["Py %d" % i for i in range(5)])
    one = client.incidents.get(*where, "py-3")
    one.status, one.classification, one.classification_reason = "Closed", "FalsePositive", "InaccurateData"
    closed = client.incidents.create_or_update(*where, "py-3", one)
    equal((closed.status, closed.etag != one.etag), ("Closed", True))
    fails(HttpResponseError, lambda: client.incidents.create_or_update(*where, "py-3", one), 409, "Conflict")
    client.incident_comments.create_or_update(*where, "py-3", "first", IncidentComment(message="from Python"))
    equal([c.message for c in client.incident_comments.list(*where, "py-3")], ["from Python"])
    client.incidents.delete(*where, "py-4")
    fails(ResourceNotFoundError, lambda: client.incidents.get(*where, "py-4"), 404, "NotFound")


def check_rules(server):
    from azure.core.exceptions import HttpResponseError
    from azure.mgmt.securityinsight import SecurityInsights
    from azure.mgmt.securityinsight.models import ScheduledAlertRule
    client = SecurityInsights(credential(server), SUBSCRIPTION, base_url=server.url, credential_scopes=[MANAGEMENT])
    hour, where = datetime.timedelta(hours=1), (GROUP, "default")
    rule = ScheduledAlertRule(display_name="Of Python", enabled=True, severity="High", query="Heartbeat", query_frequency=hour,
                              query_period=hour, trigger_operator="GreaterThan", trigger_threshold=0,
                              suppression_enabled=False, suppression_duration=hour, tactics=["Impact"])
    made = client.alert_rules.create_or_update(*where, "of-python", rule)
    equal((made.kind, made.query_frequency), ("Scheduled", hour))
    equal([r.name for r in client.alert_rules.list(*where)], ["of-python"])
    rule.query = "Nowhere"
    fails(HttpResponseError, lambda: client.alert_rules.create_or_update(*where, "bad", rule), 400, "Nowhere")
    client.alert_rules.delete(*where, "of-python")
    equal(list(client.alert_rules.list(*where)), [])


def check_roles(server):
    from azure.core.exceptions import HttpResponseError
    from azure.mgmt.authorization import AuthorizationManagementClient
    client = AuthorizationManagementClient(credential(server), SUBSCRIPTION, base_url=server.url, credential_scopes=[MANAGEMENT])
    scope, name = server.arm_path(), str(uuid.uuid4())
    role = next(r for r in client.role_definitions.list(scope, filter="roleName eq 'Microsoft Sentinel Reader'"))
    app, secret = server.application()
    body = {"role_definition_id": role.id, "principal_id": app, "principal_type": "ServicePrincipal"}
    made = client.role_assignments.create(scope, name, body)
    equal((made.principal_id, made.name), (app, name))
    equal(server.arm("GET", "/incidents", token=server.token(app, secret)).status, 200)
    fails(HttpResponseError, lambda: client.role_assignments.create(scope, str(uuid.uuid4()), body), 409, "RoleAssignmentExists")
    equal([x.name for x in client.role_assignments.list_for_scope(scope, filter="principalId eq '%s'" % app)], [name])
    client.role_assignments.delete(scope, name)
    equal(server.arm("GET", "/incidents", token=server.token(app, secret)).status, 403)


CHECKS = [check_sign_in, check_certificate_signs_in, check_many_records_arrive, check_failed_uploads_are_told, check_queries,
          check_queries_of_resources, check_incidents, check_rules, check_roles]


if __name__ == "__main__":
    sys.exit(python_checks.main(CHECKS, PLACE, LIST, lambda: python_checks.trusting(Server)))
