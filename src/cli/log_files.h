/* A folder of log files as one stream of records in order of time. */
#pragma once
#include "base/base.h"

struct log_files;
/* Reads every T.ndjson, T.jsonl and T.json (one object a line; .gz and .zst, too) of the folder.
 * A record's time is its TimeGenerated; one without takes that of the record before it. Errors name
 * the file and line. max_bytes: of all files, uncompressed. */
struct log_files *log_files_open(const char *dir, size_t max_bytes, struct err *e) MUST_USE;
void log_files_close(struct log_files *f);
struct log_record {
    int64_t ticks;
    const char *table;
    struct str json;
};
size_t log_files_count(const struct log_files *f);
struct log_record log_files_get(const struct log_files *f, size_t i); /* in order of time */
