/* Logs of the OpenTelemetry protocol (OTLP 1.x), as JSON or protobuf, as records of OTelLogs.
 * Sources: opentelemetry-proto (logs/v1/logs.proto, common/v1/common.proto), "OTLP Specification";
 * Azure Monitor's table OTelLogs. */
#pragma once
#include "text/json.h"

enum { OTLP_DEPTH = 48, OTLP_VALUES = 1000000 };
/* An ExportLogsServiceRequest in protobuf as the tree that its JSON form gives: names in
 * lowerCamelCase, trace and span ids in hex, other bytes in base64, 64-bit numbers as numbers.
 * Texts are borrowed from body or live in a. Unknown fields are passed over. Errors: ERR_SYNTAX
 * with the offset in the message, ERR_LIMIT. */
bool otlp_protobuf(struct arena *a, struct str body, struct json *out, struct err *e) MUST_USE;
/* The same from JSON. */
bool otlp_json(struct arena *a, struct str body, struct json *out, struct err *e) MUST_USE;
/* Appends the log records of a request, one JSON object a line; *out_n: how many. Errors:
 * ERR_INVALID: a member of another type; ERR_TOO_LARGE: more than out takes, since each record
 * repeats its resource. */
bool otlp_records(const struct json *request, struct sbuf *out, size_t *out_n,
                  struct err *e) MUST_USE;

/* ---- answers, in protobuf ---- */
void otlp_put_partial(struct sbuf *out, int64_t rejected, struct str message); /* of a success */
void otlp_put_status(struct sbuf *out, int code, struct str message); /* google.rpc.Status */
