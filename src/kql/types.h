/* Kusto's scalar types, and how each is carried through the system.
 *
 *   kql type   engine value (DuckDB)                         null
 *   string     VARCHAR                                       never: '' instead
 *   bool       BOOLEAN                                       NULL
 *   int        INTEGER                                       NULL
 *   long       BIGINT, wraps on overflow                     NULL
 *   real       DOUBLE                                        NULL (NaN is a value)
 *   decimal    DECIMAL(38,18); HUGEINT from parse_version()  NULL
 *   datetime   BIGINT, ticks of 100 ns since 0001-01-01      NULL
 *   timespan   BIGINT, ticks of 100 ns                       NULL
 *   guid       UUID                                          NULL
 *   dynamic    VARCHAR holding compact JSON text             NULL (JSON null is NULL, too, at top
 * level)
 */
#pragma once
#include "base/base.h"

enum kql_type {
    KQL_UNKNOWN, /* after an error; matches every type so that one mistake is reported once */
    KQL_BOOL,
    KQL_INT,
    KQL_LONG,
    KQL_REAL,
    KQL_DECIMAL,
    KQL_STRING,
    KQL_DATETIME,
    KQL_TIMESPAN,
    KQL_GUID,
    KQL_DYNAMIC,
    KQL_N_TYPES
};
const char *kql_type_name(enum kql_type t);   /* "long" … */
const char *kql_type_dotnet(enum kql_type t); /* "System.Int64" … as getschema prints */
bool kql_type_parse(struct str name, enum kql_type *out)
    MUST_USE; /* also aliases: boolean, date, time, double, uuid, … */

struct json;
/* The type that a value of JSON has by itself: bool, long, real, string, dynamic; KQL_UNKNOWN for
 * null. */
enum kql_type kql_type_of_json(const struct json *v);

/* A constant. Null: is_null (never for string). */
struct kql_value {
    enum kql_type type;
    bool is_null;
    bool b;
    int64_t i; /* int, long, datetime and timespan ticks */
    double d;
    struct str s; /* string; dynamic as compact JSON; guid lower case; decimal as digits */
};
struct kql_column {
    struct str name;
    enum kql_type type;
};
struct kql_schema {
    struct kql_column *cols;
    size_t n;
};
bool kql_schema_has(const struct kql_schema *s, struct str name);
/* The columns that every table of a workspace has and * leaves out, without those that the schema
 * names itself. Names are static. Source: "Standard columns in Azure Monitor Logs". */
struct kql_schema kql_hidden_columns(struct arena *a, const struct kql_schema *schema);

/* Whether a column of the type from can become one of the type to, so that every value is kept: a
 * wider number, or the text (the same as tostring() gives) of what is no array and no object; text
 * becomes dynamic as it does when it is ingested into such a column. */
bool kql_type_widens(enum kql_type from, enum kql_type to);
/* ", "-separated names of the types that a column of this one can become; empty: none. */
void kql_type_wider_names(enum kql_type from, struct sbuf *out);
/* The way from a type that a column had to the one that it has: former is a bit (1 << type) for
 * each type that it had. Steps through each, since 5 that was a real on its way to text is "5.0".
 * Returns the next one; to when it is the last. KQL_UNKNOWN: no way leads there. */
enum kql_type kql_type_widen_step(enum kql_type from, unsigned former, enum kql_type to);
/* Whether a way leads there. */
bool kql_type_leads(enum kql_type from, unsigned former, enum kql_type to);
/* A value of a column that was widened, as the column has it now. Text of the result lives in a or
 * is v's. There must be a way. */
struct kql_value kql_value_widen(struct arena *a, const struct kql_value *v, unsigned former,
                                 enum kql_type to);

/* A constant as another type, the way a cell of a datatable takes its column's type. Text of the
 * result lives in a. false: it can't be read as that type. */
bool kql_value_convert(struct arena *a, const struct kql_value *v, enum kql_type t,
                       struct kql_value *out) MUST_USE;
