/* The bound, typed logical plan: what binding makes of a syntax tree and what an engine executes.
 * Every column of every node has an id that is unique in the query; names matter only at the root
 * (and to errors). Plans are immutable once bound; optimise.c returns new nodes. All memory lies in
 * the query's arena. */
#pragma once
#include "kql/types.h"

struct kql_func; /* functions.h: one row of a function table */
struct plan;
struct graph;

struct plan_col {
    uint32_t id;
    struct str name;
    enum kql_type type;
    bool hidden; /* can be named, is not part of * and never of a result (_ItemId …) */
    bool absent; /* what a lenient plan's unknown name became */
};
struct plan_cols {
    struct plan_col *p;
    size_t n;
};

/* ---- expressions ---- */
enum expr_kind {
    EX_CONST,  /* value */
    EX_COLUMN, /* col: id of a column of the input (or, in the inner plan of an apply, of the outer
                  row) */
    EX_CALL, /* fn, args: scalar functions and all operators ("+", "==", "has", "and", "[]" …) alike
              */
    EX_SUBQUERY /* plan: toscalar() and, with fn "in" and friends, a one-column table as last
                   argument */
};
struct expr {
    enum expr_kind kind;
    enum kql_type type;
    struct kql_value value;    /* CONST */
    uint32_t col;              /* COLUMN */
    const struct kql_func *fn; /* CALL */
    struct expr **args;
    size_t n_args;
    uint32_t weight;   /* expressions in it, each counted as often as it is reached; arguments of
                          functions are shared, so this is what walking it costs */
    uint32_t height;   /* longest way down through args */
    struct plan *plan; /* SUBQUERY */
    bool as_table;     /* SUBQUERY: x in (T), all rows count; else the first row's value */
    bool absent;       /* always empty: a string that takes whatever type is asked for */
    uint32_t off, len; /* source range, for messages */
};
struct named_expr { /* an output column and how it is computed */
    struct plan_col col;
    struct expr *e;
};
struct sort_key {
    struct expr *e;
    bool desc, nulls_first; /* already defaulted by Kusto's rules */
};

/* ---- nodes ---- */
enum plan_kind {
    P_TABLE,   /* table; source_names[i] is the stored name of cols[i] */
    P_VALUES,  /* rows: n_rows × cols.n constants (datatable, print of constants, getschema) */
    P_ONE_ROW, /* one row, no columns: the source of print */
    P_RANGE,   /* exprs: from, to, step; one column */
    P_FILTER,  /* in[0]; exprs[0] bool */
    P_PROJECT, /* in[0]; named: the full output list (extend, project, -away, -rename, -reorder all
                  become this) */
    P_AGGREGATE, /* in[0]; keys, named (each e is an EX_CALL of an aggregate, or an expression over
                    aggregates) */
    P_JOIN, /* in[0], in[1]; join; pairs of key expressions in exprs (l0, r0, l1, r1 …); cols = left
               then right */
    P_UNION,     /* in[*]; links[i] says which columns of in[i] become which; source_labels[i] for
                    withsource */
    P_SORT,      /* in[0]; sort */
    P_TAKE,      /* in[0]; exprs[0] long constant; after P_SORT it is top */
    P_SAMPLE,    /* in[0]; exprs[0]; */
    P_SERIALIZE, /* in[0]; named like P_PROJECT; e may hold window functions (fn->flags KF_WINDOW)
                    in input order */
    P_EXPAND,    /* in[0]; mv-expand: expand */
    P_APPLY, /* in[0]; mv-apply: expand, and in[1], the inner plan, whose source is a P_APPLY_INPUT
              */
    P_APPLY_INPUT, /* the expanded rows of one outer row (cols) */
    P_PARSE,       /* in[0]; parse */
    P_PARSE_KV,    /* in[0]; parse_kv */
    P_MAKE_SERIES, /* in[0]; series */
    P_PARTITION,   /* in[0]; exprs[0] key; in[1] inner plan over a P_APPLY_INPUT */
    P_PROGRAM,     /* in[*]; program: operators and plugins that are programs (scan, autocluster,
                      graph-match …) */
    P_SHARED,      /* in[0]; shared_id: materialize(), as, fork: evaluated once however often it is
                      referenced */
    P_EXTERNAL,    /* externaldata: exprs = URIs; program holds its properties */
    P_WINDOWS      /* in[0]; each row once for each window from exprs[0] to exprs[1] (datetimes) of
                      the grid that begins at exprs[2] with steps of exprs[3] (longs, ticks); cols =
                      the window's end, and columns of in[0] */
};
enum join_kind {
    JOIN_INNERUNIQUE,
    JOIN_INNER,
    JOIN_LEFTOUTER,
    JOIN_RIGHTOUTER,
    JOIN_FULLOUTER,
    JOIN_LEFTSEMI,
    JOIN_RIGHTSEMI,
    JOIN_LEFTANTI,
    JOIN_RIGHTANTI,
    JOIN_CROSS /* no pairs */
};
struct expand_item {
    struct plan_col out;
    struct expr *e;   /* dynamic */
    enum kql_type to; /* type of out: KQL_DYNAMIC without to typeof() */
};
struct expand {
    struct expand_item *items;
    size_t n;
    struct plan_col index; /* id 0: no with_itemindex */
    struct expr *limit;    /* NULL: none */
    bool bag_as_array;     /* kind=array */
    /* cols of the node = input columns with replaced ones in place (same position, new id) +
     * appended + index */
};
struct parse_part {
    enum { PARSE_STAR, PARSE_TEXT, PARSE_COLUMN } kind;
    struct str text;     /* TEXT: delimiter or, for kind=regex, a pattern */
    struct plan_col col; /* COLUMN */
};
struct parse {
    struct expr *e;
    enum { PARSE_SIMPLE, PARSE_RELAXED, PARSE_REGEX } mode;
    struct str flags;
    struct parse_part *parts;
    size_t n;
    bool where; /* parse-where: drop rows that do not match */
};
struct parse_kv {
    struct expr *e;
    struct plan_col *cols;
    size_t n;
    struct str pair_delimiter, kv_delimiter, escape, regex; /* regex: of two groups, or empty */
    struct str *quotes; /* one sign, or an opening and a closing one */
    size_t n_quotes;
    bool greedy;
};
struct series_agg {
    struct named_expr agg; /* col.type is dynamic; e the aggregate call */
    struct expr *fill;     /* default=; NULL: 0 of the type */
};
struct make_series {
    struct series_agg *aggs;
    size_t n;
    struct plan_col axis_out;
    struct expr *axis, *from, *to, *step; /* from, to NULL: from the data */
    bool to_inclusive;                    /* the older "in range()" form */
    bool nonempty;                        /* no rows and no by: a series of defaults */
    struct named_expr *by;
    size_t n_by;
};
struct program_arg {
    struct str name; /* parameter name or "" */
    struct expr *e;  /* a constant or a column reference; NULL for text */
    struct str text;
    struct plan_col *cols; /* lists of columns */
    size_t n_cols;
};
struct program {
    struct str name; /* "autocluster", "scan", "bag_unpack" … */
    struct program_arg *args;
    size_t n_args;
    struct graph *graph; /* make-graph: bind_graph.h */
    const void *detail; /* operator-specific tree (scan steps, graph patterns); see program.h of its
                           owner */
};
/* A branch of a union fills its own columns; the others are padded. A union of everything has
 * thousands of branches and columns, and most pairs of them mean nothing. */
struct union_link {
    uint32_t at; /* index of the union's column */
    uint32_t id; /* of the branch's column */
};
struct union_links { /* in the order of at */
    struct union_link *p;
    size_t n;
};
struct plan {
    struct str as_name; /* given by "as": what union's withsource shows */
    enum plan_kind kind;
    struct plan_cols cols; /* output columns, in order */
    struct plan **in;
    size_t n_in;
    struct str workspace, table; /* TABLE; workspace empty = the query's own */
    struct str *source_names;    /* TABLE */
    struct str copy; /* TABLE: what its rows are read from instead, a copy that the engine made,
                        whose columns source_names are; empty: nothing */
    struct kql_value *rows; /* VALUES, row by row */
    size_t n_rows;
    struct expr **exprs;
    size_t n_exprs;
    struct named_expr *keys;
    size_t n_keys;
    struct named_expr *named;
    size_t n_named;
    struct sort_key *sort;
    size_t n_sort;
    enum join_kind join;
    bool lookup;               /* JOIN written as lookup */
    struct union_links *links; /* UNION: one an input */
    struct str
        *source_labels; /* UNION: NULL without withsource; then cols[0] is the label column */
    struct expand *expand;
    struct parse *parse;
    struct parse_kv *parse_kv;
    struct make_series *series;
    struct program *program;
    uint32_t shared_id;
    bool cols_shared;  /* the array of cols is another node's; only for making the plan */
    bool open;         /* columns that only rows tell may be missing here; cannot be executed */
    bool lenient;      /* its other columns come from rows, and there are none: a name that is not
                          known here is one of them, and empty */
    bool fence;        /* FILTER: nothing above it looks at the rows that it drops */
    bool ordered;      /* the rows have a promised order (sort … kept by where, extend, take) */
    uint32_t off, len; /* source range */
};
/* The plan as indented text, for tests and `kql sql --explain`. */
void plan_print(const struct plan *p, struct sbuf *out);
