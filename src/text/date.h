/* Dates and spans in Kusto ticks (100 ns since 0001-01-01). Proleptic Gregorian, UTC only. */
#pragma once
#include "base/base.h"
#include "base/clock.h"

struct civil {
    int year, month, day, hour, minute, second;
    int ticks; /* 0…9999999 */
};
struct civil civil_from_ticks(int64_t ticks);
bool ticks_from_civil(const struct civil *c, int64_t *out) MUST_USE; /* false: not a date */
/* ISO 8601 / RFC 3339 with 0–9 fraction digits (cut to 7), offset applied; "2020-01-01",
 * "2020-01-01T10:00Z", blank or T between; nothing else. The strict reader of ingestion and REST
 * bodies. */
bool date_parse_iso(struct str s, int64_t *out) MUST_USE;
/* All forms that Kusto's todatetime() takes (traps.md, section 4): month first, RFC 1123, "2 Dec
 * 2022", 20221202 … */
bool date_parse_kusto(struct str s, int64_t *out) MUST_USE;
struct json_out;
/* "key": "2026-01-02T03:04:05.0000000Z"; 0, which is no time here, is null. */
void json_kv_time(struct json_out *w, const char *key, int64_t ticks);
void date_format(int64_t ticks, char out[29]); /* 2026-01-02T03:04:05.0000000Z, NUL */
bool span_parse_kusto(struct str s,
                      int64_t *out) MUST_USE;  /* totimespan(): "1.02:03:04.5", "90s", "1d" */
void span_format(int64_t ticks, char out[32]); /* [-][d.]hh:mm:ss[.fffffff] */
bool duration_parse_unit(struct str s,
                         int64_t *out) MUST_USE; /* one whole number: "30s", "5m", "6h", "2d" */
bool duration_parse_iso8601(struct str s,
                            int64_t *out) MUST_USE; /* PT5M, P1DT2H; no years or months */
void duration_format_iso8601(int64_t ticks, char out[40]);
