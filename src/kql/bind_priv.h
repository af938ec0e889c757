/* What the binder's files share. Binding never stops at the first error: an expression that does
 * not bind becomes a null of KQL_UNKNOWN, a table that does not bind an open plan without columns,
 * and neither is reported twice. */
#pragma once
#include "kql/functions.h"
#include "kql/kql.h"

enum {
    BIND_MAX_COLUMNS = 10000,
    BIND_MAX_BRANCHES = 3000,
    BIND_MAX_INLINE = 64, /* functions and views inside one another */
    BIND_MAX_NODES = 200000,
    BIND_MAX_EXPRS = 1000000,
    BIND_MAX_WEIGHT = 200000, /* of one expression, see struct expr */
    BIND_MAX_HEIGHT = 2000,
    BIND_MAX_BYTES = 512 << 20,
};

/* ---- names that let, functions and parameters give ---- */
struct binding {
    enum {
        BOUND_SCALAR,
        BOUND_TABLE,
        BOUND_FUNCTION,
        BOUND_PLAN,
        BOUND_PATTERN,
        BOUND_RESTRICTION
    } kind;
    struct str name;
    struct expr *e;          /* SCALAR */
    bool per_key;            /* SCALAR: of a partition, one value for its sub-query */
    const struct syn *syn;   /* TABLE: bound at each use; FUNCTION, PATTERN: its declaration */
    struct binding *env;     /* what was visible where syn stands */
    struct plan *plan;       /* PLAN: bound once, read through P_SHARED at each use; TABLE: for the
                                first use, then NULL */
    struct binding *outside; /* TABLE: as the binder's when plan was made */
    struct restriction *restriction; /* RESTRICTION, which has no name */
    struct binding *next;            /* the binding before */
};

/* A function that a let statement declares: called at least once? */
struct declared {
    const struct syn *decl;
    struct binding *env;
    bool called;
};

struct binder {
    struct arena *a;
    const struct kql_options *o;
    struct kql_diags *d;
    const struct kql_diags *told; /* the query's; d may be another's for a while */
    struct kql_query *q;
    struct map *seen_tables;
    struct binding *outside; /* what was visible where the innermost toscalar() stands */
    const struct syn *query; /* all its statements */
    struct map *functions;   /* stored functions, read once: name → struct stored */
    struct map *gives_table; /* answers of bind_function_is_table() */
    struct str no_variant;   /* "_GetWatchlist('x')": the catalogue has no body for this argument */
    uint32_t next_id, next_shared;
    unsigned inline_depth, nodes, exprs;
    bool in_view; /* a stored view that a wildcard found is being bound */
    bool failed_limit;
    struct expr **passed; /* by id: columns without a place in the text, made once (ex_column) */
    size_t n_passed;
    VEC(struct declared) declared;
    bool
        unparsed; /* the text has errors: what is healthy is bound for more of them, nothing runs */
    struct kql_render render;
};

/* ---- where an expression stands ---- */
struct scan;
struct cx {
    struct binder *b;
    struct binding *env;
    const struct plan *in;    /* the row; NULL: none (let, print, limits) */
    const struct plan *right; /* of a join condition */
    bool aggregates;          /* an aggregate may stand here */
    bool inside_aggregate;
    const struct graph_scope *graph; /* bind_graph.h: the variables of a graph pattern, or NULL */
    bool *windows;                   /* set when a window function was bound; NULL: none allowed */
    struct scan *scan;               /* of a step of scan; NULL: elsewhere */
};
static inline void *bind_peek_self(const struct kql_catalog *c)
{
    return c->peek_self != NULL ? c->peek_self : c->self;
}
static inline struct cx cx_of(struct binder *b, struct binding *env, const struct plan *in)
{
    return (struct cx){.b = b, .env = env, .in = in};
}

/* ---- errors ---- */
#define bind_error(b, kind, at, ...)                                                               \
    kql_diag_add((b)->d, ERR_SEMANTIC, (kind), (at), NULL, __VA_ARGS__)
/* At the word of `at` that tells what it is: the operator, the function's name. */
#define bind_error_word(b, kind, at, ...)                                                          \
    do {                                                                                           \
        const struct syn word_ = syn_word(at);                                                     \
        kql_diag_add((b)->d, ERR_SEMANTIC, (kind), &word_, NULL, __VA_ARGS__);                     \
    } while (0)
struct expr *bind_unknown(struct binder *b, const struct syn *at);
struct plan *bind_nothing(struct binder *b, const struct syn *at); /* open, no columns */
const char *z(struct binder *b, struct str s);                     /* for messages */

/* ---- making expressions (expr.c) ---- */
struct expr *ex_const(struct binder *b, struct kql_value v, const struct syn *at);
struct expr *ex_long(struct binder *b, int64_t v);
struct expr *ex_bool(struct binder *b, bool v);
struct expr *ex_string(struct binder *b, struct str v);
struct expr *ex_null(struct binder *b, enum kql_type t);
/* at NULL: shared with all others that ask so; not to be changed. */
struct expr *ex_column(struct binder *b, const struct plan_col *c, const struct syn *at);
/* A call without checks: the name must be in the tables. */
struct expr *ex_call(struct binder *b, const char *name, enum kql_type type, struct expr **args,
                     size_t n);
struct expr *ex_call1(struct binder *b, const char *name, enum kql_type type, struct expr *x);
struct expr *ex_call2(struct binder *b, const char *name, enum kql_type type, struct expr *x,
                      struct expr *y);
struct expr *ex_cast(struct binder *b, struct expr *e, enum kql_type to);
struct expr *ex_and(struct binder *b, struct expr *x, struct expr *y); /* NULL: true */
bool ex_is_constant(const struct expr *e);  /* does not depend on a row */
bool ex_has_subquery(const struct expr *e); /* e may be NULL */
bool ex_has_window(const struct expr *e);
bool ex_has_aggregate(const struct expr *e);
/* A literal where the rules allow it to be computed now; else e. */
struct expr *ex_fold(struct binder *b, struct expr *e);

/* ---- binding expressions (bind_expr.c, bind_call.c) ---- */
struct expr *bind_expr(const struct cx *c, const struct syn *s);
struct expr *bind_call(const struct cx *c, const struct syn *s);
/* What does not depend on rows is computed now. False: it can't be, such as in a mere check. */
bool bind_compute(const struct cx *c, struct expr *e, const struct syn *s, struct kql_value *out);
/* Functions about the query's surroundings (bind_session.c); NULL: s calls another one. */
struct expr *bind_session_call(const struct cx *c, const struct syn *s);
/* Refuses constant arguments that can only be mistakes: formats with unknown letters … */
void bind_check_constants(const struct cx *c, const struct kql_func *f, struct expr *const *args,
                          size_t n, const struct syn *at);
/* The same of series functions. */
void bind_check_series(const struct cx *c, const struct kql_func *f, struct expr *const *args,
                       size_t n, const struct syn *at);
/* LIM0002, once; from then on nothing more is bound. `at` may be NULL. */
void bind_too_large(struct binder *b, const struct syn *at);
/* Refuses a constant regular expression that is none: it would match nothing, in silence. */
void bind_check_pattern(const struct cx *c, const struct kql_func *f, struct expr *const *args,
                        size_t n, const struct syn *at);
/* The same for one pattern. what begins the message; the error's place is inside of literal where
 * that is the literal with the pattern. */
bool bind_check_regex(struct binder *b, const char *kind, const char *what, struct str pattern,
                      const struct syn *literal);
/* Checks f's arguments against its signatures, casts, folds. */
struct expr *bind_apply_function(const struct cx *c, const struct kql_func *f, struct expr **args,
                                 const bool *type_literals, size_t n, const struct syn *at);
struct expr *bind_bool(const struct cx *c, const struct syn *s);
struct expr *bind_constant(const struct cx *c, const struct syn *s,
                           enum kql_type want); /* literal */
const struct plan_col *bind_find_column(const struct plan *in, struct str name);
const struct syn *bind_strip(const struct syn *s); /* without SYN_PAREN */
bool bind_type_of(struct binder *b, const struct syn *s, enum kql_type *out);   /* SYN_TYPE(OF) */
void bind_schema(struct binder *b, const struct syn *s, struct plan_cols *out); /* SYN_SCHEMA */
struct binding *bind_lookup(struct binding *env, struct str name);
struct binding *bind_push(struct binder *b, struct binding *env, struct binding v);

/* ---- names that rows would bring, where there are none (bind_absent.c) ---- */
/* The value of such a name. */
struct expr *bind_absent(struct binder *b, const struct syn *at);
/* An absent value as another type. */
struct expr *bind_absent_as(struct binder *b, struct expr *e, enum kql_type t);
/* Gives absent values among operands the type of the first one that has a type of its own. */
void bind_absent_settle(struct binder *b, struct expr **args, size_t n);
/* The attempt-th other type for all absent arguments, in args and kinds: for a call that does not
 * take them as strings. false: there is no further type, or nothing is absent. */
bool bind_absent_try(struct binder *b, struct expr **args, struct kql_arg *kinds, size_t n,
                     size_t attempt);

/* ---- names (bind_names.c) ---- */
/* The automatic name of an unnamed expression; empty: ColumnN. */
struct str bind_auto_name(const struct cx *c, const struct syn *s);
/* Output columns under construction, with Kusto's rules for names that meet. */
struct names {
    struct binder *b;
    struct map *used;
    unsigned columns; /* ColumnN given so far */
};
struct names names_start(struct binder *b);
void names_reserve(struct names *n, struct str name);
struct str names_unique(struct names *n, struct str wanted); /* x, x1, x2 … */
struct str names_column(struct names *n);                    /* Column1 … */

/* ---- plans (bind_ops*.c …) ---- */
struct plan *plan_new(struct binder *b, enum plan_kind k, struct plan *in, const struct syn *at);
struct plan *plan_two(struct binder *b, enum plan_kind k, struct plan *l, struct plan *r,
                      const struct syn *at);
void plan_add_col(struct binder *b, struct plan *p, struct plan_col c);
struct plan_col plan_fresh(struct binder *b, struct str name, enum kql_type t);
/* Before cols is changed in place: a filter has its input's. */
void plan_own_cols(struct binder *b, struct plan *p);
void plan_copy_cols(struct binder *b, struct plan *p, const struct plan *from);
void plan_add_named(struct binder *b, struct plan *p, struct named_expr n);
/* For an operator that reads its input several times: a shared plan, so that chains of such
 * operators don't double what runs at each link; in itself where a shared copy would only keep
 * columns that nobody reads: a table, filtered or projected. */
struct plan *plan_read_often(struct binder *b, struct plan *in);
struct plan *plan_filter(struct binder *b, struct plan *in, struct expr *e, const struct syn *at);
struct plan *plan_sorted_by(struct binder *b, struct plan *in, struct expr *e, bool desc,
                            const struct syn *at);
/* e, when its columns stand inside of aggregates or are keys of p, a P_AGGREGATE or P_MAKE_SERIES;
 * else an unknown value, and the reason is reported. */
struct expr *bind_aggregated(struct binder *b, struct expr *e, const struct plan *p,
                             const struct syn *at);
/* What stands for a number of rows, as long; reported when it can't be one. */
struct expr *bind_row_count(struct binder *b, struct binding *env, const struct syn *s);
struct plan *plan_first_rows(struct binder *b, struct plan *in, struct expr *n,
                             const struct syn *at);
struct plan *plan_values(struct binder *b, const struct syn *at);
struct plan *plan_share(struct binder *b, struct plan *in, uint32_t shared_id);

/* step.column inside a step of scan, s a SYN_MEMBER; NULL: it is something else. */
struct expr *bind_scan_state(const struct cx *c, const struct syn *s);

/* Of a summarize over rows that the query itself holds: adds a hidden column, the number of the
 * group's first row. False: p is another plan, and nothing was changed. */
bool bind_first_seen(struct binder *b, struct plan *p, struct plan_col *out);
/* p with the groups of such a summarize, also below filters and projections, in the order in which
 * they were first seen. */
struct plan *bind_seen_order(struct binder *b, struct plan *p);
/* P_PROJECT or, with window functions, P_SERIALIZE of a full list. */
struct plan *plan_project(struct binder *b, struct plan *in, const struct named_expr *list,
                          size_t n, const struct syn *at);

struct plan *bind_table(struct binder *b, struct binding *env, const struct syn *s);
bool bind_is_table(struct binder *b, struct binding *env, const struct syn *s);
struct plan *bind_operator(struct binder *b, struct binding *env, struct plan *in,
                           const struct syn *op);
/* Refuses values of op's parameters (kind= …) that there are none of (bind_params.c). */
void bind_check_params(struct binder *b, const struct syn *op);
/* The operators of s, a pipe or a body, over p: those behind "as T" know T. */
struct plan *bind_operators(struct binder *b, struct binding *env, struct plan *p,
                            const struct syn *s, size_t from);
struct plan *bind_contextual(struct binder *b, struct binding *env, struct plan *in,
                             const struct syn *s);
/* Statements of a query or a function body; the last expression's table (*out_plan) or value. */
bool bind_statements(struct binder *b, struct binding *env, const struct syn *query,
                     struct plan **out_plan, struct expr **out_expr);
struct plan *bind_named_table(struct binder *b, struct binding *env, struct str workspace,
                              struct str name, const struct syn *at, bool quiet);
struct plan *bind_table_of(struct binder *b, const struct kql_table *t, const struct syn *at);
/* A call of a function that the query or the catalogue defines. */
const struct syn *bind_find_function(struct binder *b, struct binding *env, struct str name,
                                     struct binding **out_env, const struct syn *at);
bool bind_call_user(const struct cx *c, const struct syn *call, const struct syn *decl,
                    struct binding *decl_env, struct plan *piped, struct plan **out_plan,
                    struct expr **out_expr);
/* The tables of that name in the query's own workspace and in options.workspaces; NULL: none has
 * one. */
struct plan *bind_table_in_all(struct binder *b, struct str name, const struct syn *at);
/* workspace("w"), database("d"), cluster("c").database("d") … in front of a table's name: false if
 * s is none of them. */
bool bind_qualifier(const struct cx *c, const struct syn *s, struct str *workspace);

/* Is it the name of another workspace than the query's? */
bool bind_is_elsewhere(struct binder *b, struct str workspace);
struct plan *bind_no_function_there(struct binder *b, const struct syn *s);

/* ---- patterns (bind_pattern.c) ---- */
struct binding *bind_declare_pattern(struct binder *b, struct binding *env, const struct syn *s);
bool bind_is_pattern(struct binding *env, const struct syn *s); /* name(…) or name(…).path of one */
struct plan *bind_pattern_use(struct binder *b, struct binding *env, const struct syn *s);

/* ---- restrict access to (bind_restrict.c) ---- */
struct binding *bind_restrict(struct binder *b, struct binding *env, const struct syn *s);
/* May a table or function of the catalogue be named where env is visible? */
bool bind_may_read(struct binding *env, struct str workspace, struct str name);
bool bind_is_restricted(struct binding *env);

/* ---- functions that nobody calls (bind_unused.c) ---- */
void bind_declared(struct binder *b, const struct syn *decl, struct binding *env);
void bind_called(struct binder *b, const struct syn *decl);
/* Finds the mistakes in their bodies that do not depend on arguments. */
void bind_check_unused(struct binder *b);

bool bind_function_is_table(struct binder *b, struct binding *env, const struct syn *decl);

/* ---- stored functions (bind_stored.c) ---- */
const struct syn *bind_find_stored(struct binder *b, struct str name, const struct syn *at);
/* The declaration that this call means: another one than decl where the catalogue's function has a
 * body for each first argument. */
const struct syn *bind_variant(const struct cx *c, const struct syn *call, const struct syn *decl);
bool bind_stored_is_active(const struct binder *b, struct str name); /* its body is being bound */
/* Around the binding of a body, stored or not: errors of a stored one are told at the call, and one
 * that calls itself is refused. enter gives true: leave must follow. */
struct stored;
struct stored_frame {
    struct stored *stored;
    const struct kql_options *options;
    struct kql_diags *diags, own;
    struct kql_options timeless;
};
bool bind_stored_enter(struct binder *b, const struct syn *decl, const struct syn *call,
                       struct stored_frame *f);
bool bind_stored_leave(struct binder *b, const struct syn *call, struct stored_frame *f);

typedef struct plan *bind_op_fn(struct binder *b, struct binding *env, struct plan *in,
                                const struct syn *op);
struct bind_op {
    const char *name;
    bind_op_fn *fn;
};
bind_op_fn op_where, op_extend, op_project, op_project_away, op_project_keep, op_project_rename,
    op_project_reorder, op_take, op_sample, op_sample_distinct, op_count, op_sort, op_top,
    op_top_hitters, op_top_nested, op_distinct, op_summarize, op_join, op_lookup, op_union, op_find,
    op_search, op_mv_expand, op_mv_apply, op_parse, op_parse_where, op_parse_kv, op_make_series,
    op_range, op_print, op_evaluate, op_invoke, op_as, op_render, op_serialize, op_consume,
    op_getschema, op_fork, op_facet, op_partition, op_reduce, op_scan, op_nothing,
    op_project_by_names, op_make_graph, op_graph_match, op_graph_to_table, op_graph_components,
    op_graph_where_nodes, op_graph_where_edges;

/* ---- graphs (bind_graph.c, bind_graph_match.c) ---- */
bool bind_is_graph(const struct plan *p);
/* n.property, and all(), any(), map() …; NULL: not about the pattern. */
struct expr *bind_graph_member(const struct cx *c, const struct syn *s);
struct expr *bind_graph_call(const struct cx *c, const struct syn *s);
struct expr *bind_graph_name(const struct cx *c, const struct syn *s);
/* The name of an unnamed column that a graph function makes, "" for none; NULL: no such function.
 */
const char *bind_graph_column(struct str function);
/* A bag of the columns that are not hidden, by function (bag_pack or __bag_pack_filled). More than
 * a call may take is reported at s. */
struct expr *bind_pack_columns(const struct cx *c, const char *function,
                               const struct plan_cols *cols, const struct syn *s);

/* ---- several columns from one expression (bind_series.c) ---- */
struct multi_col {
    const char *suffix;
    enum kql_type type;
};
const struct multi_col *bind_multi_cols(const char *function, size_t *n);
/* Wild names and names of columns: appends those that match, in the input's order. */
bool bind_match_columns(struct binder *b, const struct plan *in, const struct syn *s,
                        struct plan_cols *out);
bool name_matches(struct str pattern, struct str name);
const char *param_text(const struct syn *op, const char *name, char *buf, size_t n);

/* ---- after binding ---- */
/* p as options.windows has it (windows.c); refused, it is reported. */
struct plan *bind_windows(struct binder *b, struct plan *p);
/* NULL: more operators in a row than there may be, which is reported. */
struct plan *optimise(struct binder *b, struct plan *p);
