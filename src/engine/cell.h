/* A value that came as JSON or as a field of text, as a cell of a column. */
#pragma once
#include "kql/kql.h"
#include "text/json.h"

/* Null, '' for string. */
struct kql_value engine_cell_null(enum kql_type t);
/* What does not fit the column's type is null, as it is after ingestion. text_only: v is a field of
 * CSV, so that a dynamic column reads its text as JSON. Text of the result lives in a or is v's. */
struct kql_value engine_cell(struct arena *a, const struct json *v, enum kql_type t,
                             bool text_only);
