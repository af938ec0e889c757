#!/usr/bin/env python3
"""Microsoft's Python client for Kusto (azure-kusto-data) against a running server.

Installs what requirements.txt pins into build/clients/python (once), then runs itself with that
Python. Without venv, pip or the packages all checks are skipped with the reason. $VEDETTE is the
program. The last line is 'N passed, N failed[, N skipped]'.
"""
import os
import sys

import python_checks

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PLACE = os.path.join(ROOT, "build", "clients", "python")
LIST = os.path.join(HERE, "requirements.txt")
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))

from vedette import Server, contains, equal  # noqa: E402  (found through the line above)


def client_of(server, token=None):
    from azure.kusto.data import KustoClient, KustoConnectionStringBuilder
    builder = KustoConnectionStringBuilder.with_token_provider(server.url, lambda: token or server.token())
    return KustoClient(builder)


def check_query(server):
    result = client_of(server).execute("default", "range x from 1 to 3 step 1 | extend t = x * 1h, "
                                       "d = dynamic({'a': 1}), w = datetime(2026-01-02)")
    rows = result.primary_results[0]
    equal([row["x"] for row in rows], [1, 2, 3])
    equal(rows[1]["t"].total_seconds(), 7200)
    equal(rows[0]["d"], {"a": 1})
    equal(rows[0]["w"].year, 2026)
    equal(result.errors_count, 0)


def check_several_results(server):
    result = client_of(server).execute_query("default", "print a = 1; print b = 'x'")
    equal([t[0][0] for t in result.primary_results], [1, "x"])


def check_parameters(server):
    from azure.kusto.data import ClientRequestProperties
    properties = ClientRequestProperties()
    properties.set_parameter("n", "7")
    properties.client_request_id = "test;1"
    text = "declare query_parameters(n:long); print n + 1"
    equal(client_of(server).execute("default", text, properties).primary_results[0][0][0], 8)


def check_streaming(server):
    result = client_of(server).execute_streaming_query("default", "range x from 1 to 1000 step 1")
    for table in result.iter_primary_results():
        equal(sum(row["x"] for row in table), 500500)
        break


def check_management(server):
    client = client_of(server)
    server.post_logs("Microsoft-Heartbeat", [{"Computer": "a"}])
    names = [row["TableName"] for row in client.execute_mgmt("default", ".show tables").primary_results[0]]
    equal("Heartbeat" in names, True)
    databases = client.execute("", ".show databases").primary_results[0]
    equal(databases[0]["DatabaseName"], "default")


def check_errors(server):
    from azure.kusto.data.exceptions import KustoServiceError
    for text, words in (("print nope", "Semantic error"), ("print (", "Syntax error")):
        try:
            client_of(server).execute("default", text)
        except KustoServiceError as error:
            contains(str(error), words)
        else:
            raise AssertionError("%s was answered" % text)


CHECKS = [check_query, check_several_results, check_parameters, check_streaming, check_management,
          check_errors]


if __name__ == "__main__":
    sys.exit(python_checks.main(CHECKS, PLACE, LIST, lambda: python_checks.trusting(Server)))
