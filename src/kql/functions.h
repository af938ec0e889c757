/* The tables of scalar functions, operators, aggregates and window functions. One row is one name
 * in one family; several families may share a name (hll_merge is a scalar function and an
 * aggregate). Rows live in src/kql/functions/<family>.def, sorted by name:
 *
 *   KQL_FN("strlen", "strdyn:long", 0, "strlen_$1", "length($1)", "strlen-function")
 *
 *   name        Kusto's, lower case; operators by their sign ("+", "==", "has_cs")
 *   signatures  "string,string:long | …"  argument types and result; grammar at the top of
 * functions.c flags       KF_* naming      the automatic name of an unnamed column: "" none
 * (Column1 …), "$1" the first argument's name, "sum_$1" with a prefix, "$only" the name of a single
 * argument, "$value" the value of a literal, else as is sql         how DuckDB says it: $1 … $9
 * arguments, $* all of them joined by commas; NULL: src/engine/duckdb/ has an emitter of that name,
 * or the function is not supported yet; "": bound away (constants, rewrites), never reaches an
 * engine. src/kql itself never reads it. A result of type string must never be SQL NULL; the
 *               template sees to it.
 *   page        documentation page, without ".md"
 *
 * What an engine can rely on: where a signature says a single type the argument has exactly that
 * type (the binder casts int to long, dynamic to string … with calls of tolong, tostring …); a
 * typeof(T) argument is a null constant of type T; all arguments of type "same" have one type.
 */
#pragma once
#include "kql/plan.h"

enum {
    KF_AGGREGATE = 1 << 0,
    KF_WINDOW = 1 << 1,     /* needs serialized input */
    KF_VOLATILE = 1 << 2,   /* rand(), new_guid(): never folded, never merged */
    KF_NOW = 1 << 3,        /* depends on the query's clock */
    KF_MULTI = 1 << 4,      /* an array of several columns' values, of which "[]" takes one each */
    KF_NEVER_NULL = 1 << 5, /* result is never null, whatever the arguments */
    KF_NULL_IN_NULL_OUT = 1 << 6, /* null as soon as one argument is null */
    KF_NULL_AWARE_EQ =
        1 << 7, /* equality family: one null side false (or true if negated), both null null */
    KF_OPERATOR = 1 << 8,
    KF_HIDDEN = 1 << 9, /* internal, not callable from text */
    KF_TRANSFORM =
        1 << 10 /* with KF_HIDDEN: callable in transformations of data collection rules */
};
struct kql_func {
    const char *name, *signatures;
    uint32_t flags;
    const char *naming, *sql, *page;
};
/* Are two functions' names the same? Tables are walked by it, and most names in them differ in
 * their first letter. */
static inline bool kql_same_name(const char *a, const char *b)
{
    return a[0] == b[0] && strcmp(a, b) == 0;
}
const struct kql_func *kql_func_find(struct str name); /* first row of that name; NULL: unknown */
const struct kql_func *
kql_func_next(const struct kql_func *f);      /* the next row of the same name, or NULL */
const struct kql_func *kql_func_at(size_t i); /* all rows; NULL past the end */
/* The row of that name with (flags & mask) == want, or NULL. Cheap: names are found by binary
 * search. */
const struct kql_func *kql_func_get(struct str name, uint32_t mask, uint32_t want);
struct str kql_func_suggest(struct arena *a,
                            struct str name); /* "did you mean": nearest name or empty */

/* ---- overload resolution ---- */
struct kql_arg {
    enum kql_type type;
    bool constant;     /* does not depend on a row */
    bool type_literal; /* typeof(T) */
};
enum { KQL_MAX_ARGS = 4096 };
struct kql_match {
    enum kql_type result;
    enum kql_type *want; /* n: type that each argument must be cast to; KQL_UNKNOWN: as it is */
    /* when nothing fits: */
    bool bad_count;
    size_t min_args, max_args; /* over all signatures; max SIZE_MAX = any number */
    size_t bad_arg;            /* else: first argument that does not fit the nearest signature */
    const char *expected;      /* what it should be, for people */
    bool bad_constant;         /* … and must not depend on a row */
    size_t n_tried;            /* signatures that take so many arguments */
};
/* Picks the signature of f that fits with the fewest conversions (the first of equals). out->want
 * lies in a. */
bool kql_func_match(struct arena *a, const struct kql_func *f, const struct kql_arg *args, size_t n,
                    struct kql_match *out) MUST_USE;
/* The type that both convert to without loss of meaning; KQL_UNKNOWN if there is none. Numbers
 * widen, dynamic gives way. */
enum kql_type kql_type_common(enum kql_type x, enum kql_type y);
bool kql_type_is_number(enum kql_type t);
/* The nearest of two names while the distance is small enough to be a slip; keeps the best so far.
 */
struct suggest {
    struct str want, best;
    unsigned distance;
};
void suggest_offer(struct suggest *s, struct str candidate);
