/* externaldata: the text behind an address becomes rows. */
#pragma once
#include "engine/engine_store.h"

/* Appends the rows of text to a table whose columns are p's (a P_EXTERNAL), in their order; the
 * format is what the query says or, without that, what the address ends in, else CSV.
 * Errors: ERR_SYNTAX with the line, ERR_UNSUPPORTED: a format that can't be read (Parquet, Avro,
 * ORC), ERR_INVALID: an unknown format or a mapping that makes no sense. Source: "externaldata
 * operator", "Data formats supported for ingestion" and "Data mappings" of the Kusto reference. */
bool external_append(const struct plan *p, struct str address, struct str text,
                     struct engine_appender *rows, struct err *e) MUST_USE;
