/* The tables of scalar functions, operators, aggregates and window functions. One row is one
 * overload group; several rows may share a name, the first whose signature fits wins. Rows live in
 * src/kql/functions/<family>.def:
 *
 *   KQL_FN("strlen", "string:long", 0, "length($1)", "strlen-function")
 *
 *   name        Kusto's, lower case; operators by their sign ("+", "==", "has_cs")
 *   signatures  "string,string:long | …"  argument types and result; grammar at the top of
 * functions.c flags       KF_* sql         how DuckDB says it: $1 … $9 arguments, $* all of them
 * joined by commas; NULL: src/engine/duckdb/emit_call.c has an emitter of that name; "" : bound
 * away (constants, rewrites), never reaches an engine. src/kql itself never reads it. A result of
 * type string must never be SQL NULL; the template sees to it. page        documentation page,
 * without ".md"
 */
#pragma once
#include "kql/plan.h"

enum {
    KF_AGGREGATE = 1 << 0,
    KF_WINDOW = 1 << 1,   /* needs serialized input */
    KF_VOLATILE = 1 << 2, /* rand(), new_guid(): never folded, never merged */
    KF_NOW = 1 << 3,      /* depends on the query's clock */
    KF_NAME_FROM_ARG =
        1 << 4, /* an unnamed column takes the first argument's name (tostring(x) in by, bin …) */
    KF_NEVER_NULL = 1 << 5,       /* result is never null, whatever the arguments */
    KF_NULL_IN_NULL_OUT = 1 << 6, /* null as soon as one argument is null */
    KF_NULL_AWARE_EQ =
        1 << 7, /* equality family: one null side false (or true if negated), both null null */
    KF_OPERATOR = 1 << 8,
    KF_HIDDEN = 1 << 9 /* internal, not callable from text */
};
struct kql_func {
    const char *name, *signatures;
    uint32_t flags;
    const char *sql, *page;
};
const struct kql_func *kql_func_find(struct str name); /* first row of that name; NULL: unknown */
const struct kql_func *
kql_func_next(const struct kql_func *f);      /* the next row of the same name, or NULL */
const struct kql_func *kql_func_at(size_t i); /* all rows; NULL past the end */
struct str kql_func_suggest(struct arena *a,
                            struct str name); /* "did you mean": nearest name or empty */
