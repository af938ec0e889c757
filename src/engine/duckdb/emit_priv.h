/* What the emitter's files share. A node becomes one SELECT; columns are called c<id> inside,
 * helper columns h<n>. */
#pragma once
#include "engine/duckdb/emit.h"
#include "engine/engine_store.h"
#include "kql/functions.h"

enum { EMIT_MAX_OPERATORS = 20000, EMIT_MAX_DEPTH = 400, EMIT_MAX_UNION = 3000 };

struct emit_shared {
    const struct plan *node;
    struct str sql;
};
/* Scalar sub-queries of a node's expressions that stand in its FROM, as tables of one row: the
 * database can't show an argument that holds a sub-query to a C function that asks for constants.
 */
struct emit_hoist {
    const struct expr *x;
    uint32_t id; /* column h<id> */
    struct str sql;
};
struct emit_hoists {
    struct emit_hoist *p;
    size_t n, cap;
};
struct emit_window {
    const struct expr *x;
    uint32_t id;    /* helper column h<id> */
    unsigned level; /* 1: no window function inside its arguments */
};
struct emit_member {
    struct str column, path; /* stored name; JSON array of keys */
};
struct emit {
    struct arena *a;
    const struct engine_source *src;
    struct err *e;
    uint32_t next;                   /* helper names */
    unsigned depth;                  /* of nested nodes and expressions */
    struct engine_size size;         /* limits, none of them 0 */
    size_t operators;                /* written so far */
    unsigned weight;                 /* planning_weight() around the node being written */
    VEC(struct emit_window) windows; /* of the P_SERIALIZE being written */
    bool streaming;                  /* they follow the order in which rows come */
    VEC(struct emit_shared) shared;  /* P_SHARED nodes in the order of their CTEs */
    struct str list_order;  /* " ORDER BY hrow" inside list() of the aggregate being written */
    bool list_ordered;      /* a list of it has that order */
    struct str apply_input; /* FROM item that a P_APPLY_INPUT stands for; empty outside */
    struct emit_hoists *agg_hoists; /* for the arguments of the aggregates being written */
    struct emit_externals *externals;
    size_t wants;                    /* made so far (emit_want.c) */
    const struct emit_bound *bounds; /* that filters above the node being written set */
    struct emit_hoists *hoists; /* of the node being written; NULL: sub-queries stay in place */
    VEC(struct emit_member) members; /* that tables keep beside their dynamic columns */
};

/* How the null of a comparison matters. */
enum emit_ctx {
    EMIT_EXACT,    /* false and null differ */
    EMIT_PREDICATE /* null counts as false: where, countif */
};

/* ---- nodes (emit.c) ---- */
/* SELECT statement of a node, without parentheses. */
bool emit_node(struct emit *m, const struct plan *p, struct sbuf *out);
/* ", (SELECT (…) AS h<n>) AS t<n>" for each: the rest of the FROM. */
void emit_hoisted(struct emit *m, const struct emit_hoists *hoists, struct sbuf *out);
/* The node, or a copy over a projection that computes the sub-queries of the node's expressions
 * where emit_hoisted() is not used. */
const struct plan *emit_lift(struct emit *m, const struct plan *p);
/* Does a sub-query read the row of the mv-apply or partition around it? */
bool emit_reads_apply_input(const struct plan *p);
/* "(SELECT …) AS t<n>" of a node: a FROM item. */
bool emit_from(struct emit *m, const struct plan *p, struct sbuf *out);
/* The rest of a SELECT whose list is written: "(SELECT …) AS t<n>", what the list hoisted, and the
 * filters on top of p as " WHERE …". hoists: of that list; those of the filters are added. */
bool emit_source(struct emit *m, const struct plan *p, struct emit_hoists *hoists,
                 struct sbuf *out);
/* "c1, c2": the output columns of a node; "1 AS c0" for none. */
/* "SELECT " in front of these columns, and a constant where nobody reads one: SQL wants a list. */
void emit_select(const struct plan_cols *cols, struct sbuf *out);
void emit_cols(const struct plan_cols *cols, struct sbuf *out);
void emit_col(uint32_t id, struct sbuf *out);
void emit_as_col(uint32_t id, struct sbuf *out); /* " AS c1" */
uint32_t emit_fresh(struct emit *m);
/* Not built yet: ERR_UNSUPPORTED with the source position. */
bool emit_unsupported(struct emit *m, uint32_t off, uint32_t len, const char *what);
/* '' or typed NULL: what pads a row. */
void emit_pad(enum kql_type t, struct sbuf *out);

/* ---- emit_need.c: which rows of a table are needed ---- */
/* The list and what a condition says; conditions that it can't read add nothing. */
const struct emit_bound *emit_bounds_where(struct emit *m, const struct emit_bound *list,
                                           const struct expr *e);
/* As bounds of the columns of a projection's input, or of a union's branch. */
const struct emit_bound *emit_bounds_project(struct emit *m, const struct emit_bound *list,
                                             const struct plan *p);
const struct emit_bound *emit_bounds_union(struct emit *m, const struct emit_bound *list,
                                           const struct plan *p, size_t branch);
struct engine_need emit_table_need(struct emit *m, const struct plan *p);

/* ---- emit_want.c: which terms they must have ---- */
struct emit_want; /* NULL: none */
/* What rows have for which a condition holds. */
const struct emit_want *emit_want_where(struct emit *m, const struct expr *e);
const struct emit_want *emit_want_both(struct emit *m, const struct emit_want *a,
                                       const struct emit_want *b);
/* As of the rows of a projection's input, of a union's branch, of a table. */
const struct emit_want *emit_want_project(struct emit *m, const struct emit_want *w,
                                          const struct plan *p);
const struct emit_want *emit_want_union(struct emit *m, const struct emit_want *w,
                                        const struct plan *p, size_t branch);
const struct engine_want *emit_want_table(struct emit *m, const struct emit_want *w,
                                          const struct plan *p);

/* ---- node families ---- */
bool emit_table(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_values(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_range(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_filter(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_project(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_sort(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_take(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_sample(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_union(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_shared(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_join(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_aggregate(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_serialize(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_expand(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_windows(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_apply(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_partition(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_parse(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_parse_kv(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_make_series(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_mine(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_reduce(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_scan(struct emit *m, const struct plan *p, struct sbuf *out);
bool emit_program(struct emit *m, const struct plan *p, struct sbuf *out);
/* ORDER BY list of sort keys, with Kusto's place of nulls. */
bool emit_sort_keys(struct emit *m, const struct sort_key *k, size_t n, struct sbuf *out);

/* ---- expressions ---- */
bool emit_expr(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out);
/* The expression's value as another type, failing to null ('' for string). */
bool emit_as(struct emit *m, const struct expr *x, enum kql_type to, struct sbuf *out);
/* The same as text in the emitter's arena. */
bool emit_arg(struct emit *m, const struct expr *x, enum kql_type to, struct str *out);
/* The type in which two values are compared. */
enum kql_type emit_common_type(enum kql_type a, enum kql_type b);
/* A conversion written around text: "before" … text … "after". */
struct cast {
    const char *before, *after;
};
bool cast_find(enum kql_type from, enum kql_type to, struct cast *out);
/* A value of a row as JSON for a C function, and back: what step_write() writes of constants. */
bool cast_to_json(enum kql_type t, struct cast *out);
bool cast_from_json(enum kql_type t, struct cast *out);
/* A call of an aggregate (emit_agg.c) or of a window function (emit_window.c). */
bool emit_agg_call(struct emit *m, const struct expr *x, struct sbuf *out);
/* Rows that an aggregation looks for, each by a greatest or least value (emit_agg_rows.c). */
struct emit_row {
    const struct expr *v;
    bool max;
    uint32_t id; /* helper column h<id>: the row as a struct */
    size_t n;    /* columns that ask for it; fewer than two: they find it themselves */
};
struct emit_field {
    const struct named_expr *n;
    size_t row;
};
struct emit_found {
    VEC(struct emit_row) rows;
    VEC(struct emit_field) fields;
};
void emit_find_rows(struct emit *m, const struct plan *p, struct emit_found *out);
const struct emit_field *emit_field_of(const struct emit_found *f, uint32_t col);
/* The rows as aggregates, each behind a comma but the first, which has `before`. */
bool emit_found_rows(struct emit *m, const struct emit_found *f, const char *before,
                     struct sbuf *out);
void emit_found_field(const struct emit_found *f, const struct emit_field *x, struct sbuf *out);
/* The value by which rows are compared: NaN is the least, too, where the least is wanted. */
struct str emit_extreme_key(struct emit *m, const struct expr *v, bool max, struct str sql);
/* The helper column that holds a window function's value. */
bool emit_window_ref(struct emit *m, const struct expr *x, struct sbuf *out);
bool emit_template(struct emit *m, const struct expr *x, const char *sql, struct sbuf *out);
/* Access to dynamic by steps that are known (emit_path.c): the value, its text, or how many
 * elements it has. *done: false, and nothing is written: x is none. */
enum emit_path_form { PATH_VALUE, PATH_TEXT, PATH_LENGTH };
bool emit_path(struct emit *m, const struct expr *x, enum emit_path_form form, bool *done,
               struct sbuf *out);

bool emit_is_step(const struct expr *x);
/* The keys and indexes of steps, the outermost first, as a JSON array. */
void emit_path_text(const struct expr *const *steps, size_t n, struct sbuf *path);

/* ---- emit_member.c: members that a source keeps beside dynamic columns ----
 * The plan with such members as columns of its tables, carried up to where they are read. The
 * column of a member has its value; those of the other forms follow it. */
const struct plan *emit_members(struct emit *m, const struct plan *p);
enum { MEMBER_FIRST = 1 << 30, MEMBER_STRIDE = 8 }; /* ids; emit_lift's are above */
static inline bool emit_is_member(uint32_t id)
{
    return id >= MEMBER_FIRST && id < UINT32_C(2) * MEMBER_FIRST;
}
enum kql_type emit_member_type(int form);
/* SQL of a column that emit_members gave to a table. */
bool emit_member_column(struct emit *m, const struct plan *table, uint32_t id, struct sbuf *out);
/* A member, or tostring() of one, as text to be compared with texts that are not empty, where null
 * counts as false. false: x is none, nothing is written. */
bool emit_member_match(const struct expr *x, struct sbuf *out);
/* A member as a value of a type, where there is a column of that form. */
bool emit_member_as(const struct expr *x, enum kql_type to, struct sbuf *out);

/* Emitters by name for calls that a template cannot say; NULL: none. */
typedef bool emit_call_fn(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                          struct sbuf *out);
emit_call_fn *emit_call_find(const char *name);
/* One row of the table of templates (emit_funcs.c). args: the types that the arguments are brought
 * to, one letter each (s j b i l d m g, t datetime, p timespan, ? as it is); the last one repeats
 * when a '*' follows. */
struct emit_func {
    const char *name, *args, *sql;
};
const struct emit_func *emit_func_find(const char *name, size_t n_args);
bool emit_func_call(struct emit *m, const struct expr *x, const struct emit_func *row,
                    struct sbuf *out);
emit_call_fn *emit_compare_find(const char *name);
/* Text whose other arguments are known (emit_text.c), JSON of known keys (emit_pack.c). */
emit_call_fn emit_substring, emit_indexof, emit_bag_pack, emit_pack_array, emit_array_length;
/* A call of one of the last two, whose text is that of the value itself. */
bool emit_is_pack(const struct expr *x);
bool emit_split_at(struct emit *m, const struct expr *split, int64_t index, bool as_text,
                   struct sbuf *out);
/* Calls over t-digests (emit_sketch.c). */
emit_call_fn emit_percentile_tdigest, emit_percentiles_tdigest, emit_rank_tdigest;
emit_call_fn *emit_scalar_find(const char *name);

static inline bool expr_is_const(const struct expr *x)
{
    return x->kind == EX_CONST;
}
bool expr_nullable(const struct expr *x);
/* An int, or a whole constant that is one. */
bool expr_fits_int(const struct expr *x);
bool expr_is_call(const struct expr *x, const char *name);
