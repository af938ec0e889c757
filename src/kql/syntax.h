/* The syntax tree. One node shape for everything; the layout of each kind's children stands beside
 * the kind. Written by parser*.c, read by bind*.c. Nodes live in the
 * query's arena and borrow its text.
 *
 *   text      names, operators, literal source text, according to kind
 *   kids      children in the order given below; "a?" may be NULL; "a*" any number, at the end
 *   params    operator parameters written name=value before or inside an operator (kind=, hint.x=,
 * with (…)), each a SYN_PARAM off, len  source range in bytes
 */
#pragma once
#include "base/base.h"
#include "kql/types.h"

enum syn_kind {
    /* ---- whole query ---- */
    SYN_QUERY, /* statement*; the last tabular one is the result; several SYN_EXPR_STMT give several
                  tables */
    SYN_LET,   /* text=name; value (expression, tabular pipe, or SYN_FUNC_DECL) */
    SYN_SET,   /* text=option; value? */
    SYN_DECLARE_PARAMS,  /* SYN_FUNC_PARAM* */
    SYN_DECLARE_PATTERN, /* text=name; SYN_FUNC_PARAM*, SYN_CLAUSE "path" (SYN_FUNC_PARAM)?,
                            SYN_CLAUSE "case"*: body (SYN_QUERY), argument*, SYN_CLAUSE "path"
                            (value)?; nothing if only declared */
    SYN_ALIAS_DB,        /* text=name; expression */
    SYN_RESTRICT,        /* names* */
    SYN_EXPR_STMT,       /* pipe or scalar expression */
    SYN_FUNC_DECL,   /* body (SYN_QUERY), SYN_FUNC_PARAM*; text="view" when declared with view */
    SYN_FUNC_PARAM,  /* text=name; type (SYN_TYPE or SYN_SCHEMA), default? */
    SYN_SCHEMA,      /* SYN_COLUMN_DECL*; text="*" for (*) */
    SYN_COLUMN_DECL, /* text=name; SYN_TYPE */
    SYN_TYPE,        /* text=type name */

    /* ---- tabular ---- */
    SYN_PIPE, /* source, operator+ : source | op | op … */
    SYN_OP,   /* text=canonical operator name ("where", "mv-expand", "order" → "sort", "limit" →
                 "take",   "filter" → "where"); kids by operator, see the list at the end of this file
               */
    SYN_PARAM, /* text=parameter name ("kind", "hint.strategy", "withsource", "with.title" …); value
                */
    SYN_SUBQUERY, /* ( pipe ) as an operand of join, union, in, fork, facet, partition, mv-apply …
                   */
    SYN_CONTEXTUAL, /* operator pipe without a source: operator+ (the body of mv-apply, partition,
                       fork, facet, top-nested) */

    /* ---- scalar ---- */
    SYN_NAME,     /* text=identifier, unquoted; the quoted form ['a b'] loses its brackets */
    SYN_STAR,     /* * */
    SYN_WILDNAME, /* text=pattern with * (union T*, project-away a*) */
    SYN_LITERAL, /* value; text=source. datetime(…), timespan(…), guid(…), long(null) … are literals
                  */
    SYN_DYNAMIC, /* dynamic(…): text=compact JSON, checked; value.type KQL_DYNAMIC */
    SYN_CALL,    /* text=function name; argument*; arguments may be SYN_NAMED (name=value) or
                    SYN_SUBQUERY */
    SYN_BINARY,  /* text=operator ("+", "==", "has", "!has_cs", "and", "=~", "matches regex", …);
                    left, right */
    SYN_UNARY,   /* text="-" or "+"; operand */
    SYN_IN, /* text="in", "!in", "in~", "!in~", "has_any", "has_all"; left, then expression* or one
               SYN_SUBQUERY */
    SYN_BETWEEN,      /* text="between" or "!between"; value, low, high */
    SYN_MEMBER,       /* text=member; object: a.b, a['b'] with a literal string */
    SYN_INDEX,        /* object, index expression: a[0], a[x] */
    SYN_PAREN,        /* expression: the parentheses stand in the text */
    SYN_NAMED,        /* text=name; expression: name = expression in operators and calls */
    SYN_NAMED_TUPLE,  /* expression, SYN_NAME*: (a, b) = expression */
    SYN_ORDERED,      /* text="asc"|"desc"|"" ; expression; params may hold nulls=first|last */
    SYN_TYPEOF,       /* SYN_TYPE or SYN_SCHEMA: typeof(long) */
    SYN_DATATABLE,    /* SYN_SCHEMA, value* (row by row) */
    SYN_EXTERNALDATA, /* SYN_SCHEMA, uri expression*; params: with (…) */
    SYN_TOSCALAR,     /* pipe */
    SYN_TOTABLE,      /* pipe */
    SYN_MATERIALIZE,  /* pipe */
    SYN_MACRO,        /* macro-expand and other rare forms, kept for their error message */
    SYN_CLAUSE,       /* text=role; kids by role, for parts of operators ("by", "on", "step", "of",
                         "match", …) */
    SYN_RAW,          /* text=uninterpreted token (graph patterns' arrows and the like) */
    SYN_ERROR /* stands where parsing failed; diagnostics hold the reason. In the place of an
                 operator: text=what it probably is meant to be */
};

struct syn {
    enum syn_kind kind;
    uint32_t off, len;
    uint32_t word_off, word_len; /* the word that errors are about: the operator between two sides,
                                    a call's or member's name; 0, 0: the whole */
    bool broken, lost;           /* OP: an error was found in its text; OP, FUNC_DECL, SCHEMA: part
                                    of it was not read */
    struct str text;
    struct kql_value value; /* LITERAL, DYNAMIC */
    struct syn **kids;
    size_t n;
    struct syn **params;
    size_t n_params;
    uint32_t height; /* longest way down to a leaf, at most KQL_MAX_HEIGHT: recursion over a tree is
                        safe */
};

/* Details that hold everywhere:
 *  - A query part that is one operator only (print x = 1) is its SYN_OP; with more operators it is
 * the source of a SYN_PIPE.
 *  - SYN_SUBQUERY holds a SYN_PIPE, a SYN_OP or, as an operand of join, union, lookup, in …, any
 * tabular expression: (T) there is SYN_SUBQUERY(SYN_NAME). In other expressions (a + b) is
 * SYN_PAREN.
 *  - Chains of and / or are built as balanced trees of two-kid nodes, so that a thousand terms stay
 * shallow.
 *  - a.f(x) is SYN_MEMBER text="f" with two kids: the object and the SYN_CALL.
 *  - A SYN_PARAM usually has one kid (SYN_NAME or SYN_LITERAL); render's column lists have several;
 * a hint without a value has none. Parameters in with ( … ) are named "with.title".
 *  - SYN_LITERAL null: value.is_null with its type. Strings are decoded and adjacent ones joined in
 * value.s.
 *
 * Children of SYN_OP by text. Unlisted: none.
 *  where            predicate
 *  extend, project, project-rename, print        (SYN_NAMED | SYN_NAMED_TUPLE | expression)*
 *  project-away, project-keep, distinct          (SYN_NAME | SYN_WILDNAME | SYN_STAR | expression)*
 *  project-reorder  SYN_ORDERED over names, wild names
 *  project-smart    as project
 *  take, sample     count expression
 *  sample-distinct  count, column                 (sample-distinct 10 of X)
 *  count            SYN_CLAUSE "as" (SYN_NAME)?
 *  sort             SYN_ORDERED*
 *  top              count, SYN_ORDERED+
 *  top-hitters      count, column, SYN_CLAUSE "by" (expression)?
 *  top-nested       SYN_CLAUSE "level"+ : count?, SYN_NAMED|expression, SYN_CLAUSE "others"
 * (expression)?, SYN_ORDERED by summarize        SYN_CLAUSE "aggregates" (expressions*), SYN_CLAUSE
 * "by" (expressions*)? join, lookup     right (SYN_SUBQUERY or expression), SYN_CLAUSE "on"
 * (conditions*) union            operand*  (SYN_SUBQUERY | SYN_NAME | SYN_WILDNAME | SYN_CALL);
 * stands first in a query, too find             SYN_CLAUSE "in"? (tables*), predicate, SYN_CLAUSE
 * "project"|"project-smart"|"project-away"? search           SYN_CLAUSE "in"? (tables*), predicate
 *  mv-expand        (SYN_NAMED|expression)+ each wrapped in SYN_CLAUSE "item": expression,
 * SYN_TYPEOF?; SYN_CLAUSE "limit"? (expr) mv-apply         as mv-expand, then SYN_CLAUSE "on":
 * SYN_CONTEXTUAL; params: with_itemindex, id parse, parse-where   expression, then pattern parts*:
 * SYN_STAR | SYN_LITERAL | SYN_NAME | SYN_COLUMN_DECL; params kind, flags parse-kv expression,
 * SYN_SCHEMA; params "with.pair_delimiter" … make-series      SYN_CLAUSE "aggregates": SYN_CLAUSE
 * "series"(SYN_NAMED|expr, default?)* ; SYN_CLAUSE "on" (expr); SYN_CLAUSE "from"?, "to"?, "step"?
 * , "in"? (range call); SYN_CLAUSE "by"? (exprs*) range            SYN_NAME, from, to, step
 * (source) evaluate         SYN_CALL, SYN_SCHEMA? invoke           SYN_CALL as SYN_NAME render
 * SYN_NAME (chart); params with.title … serialize        SYN_NAMED* consume, getschema: none fork
 * SYN_NAMED|SYN_CONTEXTUAL*           facet  SYN_CLAUSE "by" names*, SYN_CONTEXTUAL? partition
 * SYN_CLAUSE "by" (expr), SYN_CONTEXTUAL | SYN_SUBQUERY     (also __partitionby) reduce SYN_CLAUSE
 * "by" (expr) macro-expand     (source) SYN_MACRO: group, SYN_NAME, SYN_QUERY     entity_group [a,
 * b]: SYN_MACRO: members* project-by-names expression*        assert-schema  SYN_SCHEMA
 * execute_and_cache  none reduce           … then SYN_NAMED* of "with threshold = …" follow the by
 * clause scan             SYN_CLAUSE "order by"?, SYN_CLAUSE "partition by"?, SYN_CLAUSE "declare"?
 * (SYN_FUNC_PARAM*), SYN_CLAUSE "step"+ : text via SYN_NAME, condition, SYN_NAMED* assignments;
 * params optional, output make-graph       source column, target column, SYN_CLAUSE "with" (table,
 * key)*, SYN_CLAUSE "with_node_id"? graph-match, graph-shortest-paths   SYN_CLAUSE "pattern"
 * (SYN_RAW*, one a token), SYN_CLAUSE "where" (expr)?, "project" (exprs*)? graph-to-table
 * SYN_CLAUSE "nodes"|"edges" each with params     graph-mark-components  none graph-where-nodes,
 * graph-where-edges   predicate
 */

struct kql_diag {
    enum err_code code;
    char kind[12]; /* SYN0001 …, SEM0100 … */
    uint32_t off, len;
    struct str message, hint; /* hint may be empty */
    bool warning;
    bool absent; /* a table or function that is not there; another day the query may be right */
};
struct kql_diags {
    VEC(struct kql_diag) v;
    struct arena *a;
    struct str text; /* the query, for line and column */
    size_t n_errors;
    bool kept; /* the newest is in the list */
};
/* Counts an error and keeps it, unless there is one at that place already or the list is full. at
 * may be NULL; hint may be NULL. */
void kql_diag_add(struct kql_diags *d, enum err_code code, const char *kind, const struct syn *at,
                  const char *hint, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* Marks the newest as absent. */
void kql_diag_absent(struct kql_diags *d);
bool kql_diags_full(const struct kql_diags *d); /* no more is kept, only counted */
void kql_diags_sort(struct kql_diags *d);       /* by place */
/* v.p[i] as a struct err (code, pos, len, kind, msg, hint). */
void kql_diag_err(const struct kql_diags *d, size_t i, struct err *e);
/* The first syntax error, or if there is none the first error; e stays as it is without any. */
void kql_diags_err(const struct kql_diags *d, struct err *e);
/* An engine's ERR_UNSUPPORTED knows the byte of the query only; this adds its line and column. */
void kql_err_locate(struct str text, struct err *e);

enum { KQL_MAX_BYTES = 1 << 20, KQL_MAX_DEPTH = 200, KQL_MAX_HEIGHT = 1000, KQL_MAX_ERRORS = 20 };
/* Parses a whole query. Always returns a tree (with SYN_ERROR nodes); diags->n_errors says whether
 * it is good. Recovers at '|', ';' and ')' so that several errors are found in one pass. Source:
 * KQL reference; grammar Kql.g4. */
struct syn *kql_parse(struct arena *a, struct str text, struct kql_diags *diags);
/* A node at the word that errors about s are about. */
struct syn syn_word(const struct syn *s);
bool syn_equal(const struct syn *a,
               const struct syn *b); /* ignoring positions and parentheses' layout */
const struct syn *syn_param(const struct syn *op,
                            const char *name); /* the SYN_PARAM or NULL; ASCII case-insensitive */
const struct syn *syn_clause(const struct syn *op,
                             const char *role); /* the first SYN_CLAUSE of that role or NULL */
