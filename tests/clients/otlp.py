#!/usr/bin/env python3
"""OpenTelemetry's Python SDK with its exporter over OTLP/HTTP against a running server.

Runs itself with the Python that kusto.py installs. $VEDETTE is the program. The last line is
'N passed, N failed[, N skipped]'.
"""
import logging
import os
import sys

import python_checks
from kusto import LIST, PLACE, Server, equal

RECORDS = 1000


def send(server, compression):
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    exporter = OTLPLogExporter(endpoint=server.url + "/v1/logs", certificate_file=server.ca, compression=compression,
                               headers={"authorization": "Bearer " + server.token()})
    provider = LoggerProvider(resource=Resource.create({"service.name": compression.value}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    log = logging.getLogger("shop." + compression.value)
    log.propagate = False
    log.addHandler(LoggingHandler(logger_provider=provider))
    for i in range(RECORDS):
        log.warning("order %d", i, extra={"order": i, "nested": [1, 2]})
    assert provider.force_flush()
    provider.shutdown()


def check_exporter(server):
    from opentelemetry.exporter.otlp.proto.http import Compression
    for compression in (Compression.Gzip, Compression.NoCompression):
        send(server, compression)
        rows = server.query("OTelLogs | where ServiceName == '%s' | summarize n = count(), bodies = dcount(Body, 4), "
                            "orders = dcount(toint(Attributes.order), 4) by SeverityText, SeverityNumber, ScopeName"
                            % compression.value)
        equal(rows, [{"SeverityText": "WARN", "SeverityNumber": 13, "ScopeName": "shop." + compression.value,
                      "n": RECORDS, "bodies": RECORDS, "orders": RECORDS}])


if __name__ == "__main__":
    sys.exit(python_checks.main([check_exporter], PLACE, LIST, Server))
