/* Calls: the function tables, and functions that the query or the catalogue defines. */
#include "kql/bind_priv.h"
#include "text/json.h"

static struct expr *no_function(const struct cx *c, const struct syn *s)
{
    struct str near = kql_func_suggest(c->b->a, s->text);
    const char *hint = NULL;
    if (kql_func_get(s->text, KF_TRANSFORM, KF_TRANSFORM) != NULL)
        hint = "only transformations of data collection rules have it";
    else if (near.n > 0)
        hint = arena_fmt(c->b->a, "did you mean '%.*s'?", STR_ARG(near)).p;
    const struct syn word = syn_word(s);
    kql_diag_add(c->b->d, ERR_SEMANTIC, "SEM0260", &word, hint, "unknown function '%s'",
                 z(c->b, s->text));
    kql_diag_absent(c->b->d);
    for (size_t i = 0; i < s->n; i++) /* for their own errors */
        if (s->kids[i]->kind != SYN_TYPEOF)
            (void)bind_expr(c, s->kids[i]);
    return bind_unknown(c->b, s);
}

/* The argument that does not fit; the name, where other arguments would make it fit. */
static struct syn bad_place(const struct kql_match *m, const struct syn *at)
{
    if (at->kind == SYN_CALL && !m->bad_count && m->bad_arg < at->n && m->n_tried < 2)
        return *at->kids[m->bad_arg];
    return syn_word(at);
}

static struct expr *no_match(const struct cx *c, const struct kql_func *f,
                             const struct kql_match *m, struct expr **args, size_t n,
                             const struct syn *at)
{
    CHECK(f != NULL);
    const struct syn place = bad_place(m, at);
    if (m->bad_count && m->max_args == SIZE_MAX)
        bind_error(c->b, "SEM0219", &place, "%s() takes at least %zu argument%s, not %zu", f->name,
                   m->min_args, m->min_args == 1 ? "" : "s", n);
    else if (m->bad_count && m->min_args == m->max_args)
        bind_error(c->b, "SEM0219", &place, "%s() takes %zu argument%s, not %zu", f->name,
                   m->min_args, m->min_args == 1 ? "" : "s", n);
    else if (m->bad_count)
        bind_error(c->b, "SEM0219", &place, "%s() takes %zu to %zu arguments, not %zu", f->name,
                   m->min_args, m->max_args, n);
    else if (m->bad_constant)
        bind_error(c->b, "SEM0025", &place, "%s(): argument %zu must be a constant (%s)", f->name,
                   m->bad_arg + 1, m->expected);
    else
        bind_error(c->b, "SEM0025", &place, "%s(): argument %zu must be %s, not %s", f->name,
                   m->bad_arg + 1, m->expected,
                   m->bad_arg < n ? kql_type_name(args[m->bad_arg]->type) : "missing");
    return bind_unknown(c->b, at);
}

/* ---- what a constant argument decides ---- */
/* Differences of weeks are reals, all others longs. */
static struct expr *week_is_real(const struct cx *c, struct expr *e, const struct syn *at)
{
    (void)at;
    const struct expr *part = e->args[0];
    bool week = part->kind == EX_CONST && str_ieqz(part->value.s, "week");
    return week ? ex_cast(c->b, e, KQL_REAL) : e;
}

static struct expr *positive_offset(const struct cx *c, struct expr *e, const struct syn *at)
{
    const struct expr *offset = e->n_args > 1 ? e->args[1] : NULL;
    if (offset != NULL && offset->kind == EX_CONST && !offset->value.is_null && offset->value.i < 1)
        bind_error(c->b, "SEM0219", at, "%s(): the number of rows must be 1 or more", e->fn->name);
    return e;
}

static const struct refinement {
    const char *name;
    struct expr *(*fn)(const struct cx *c, struct expr *e, const struct syn *at);
} refinements[] = {
    {"datetime_diff", week_is_real},
    {"next", positive_offset},
    {"prev", positive_offset},
};

static struct expr *refine(const struct cx *c, struct expr *e, const struct syn *at)
{
    for (size_t i = 0; e->kind == EX_CALL && i < COUNTOF(refinements); i++)
        if (strcmp(e->fn->name, refinements[i].name) == 0)
            return refinements[i].fn(c, e, at);
    return e;
}

static bool all_read(const struct syn *at)
{
    for (size_t i = 0; i < at->n; i++)
        if (at->kids[i]->kind == SYN_ERROR)
            return false;
    return true;
}

/* Each argument that does not fit the function's only signature; else the first. */
static struct expr *refuse_arguments(const struct cx *c, const struct kql_func *f,
                                     struct kql_match *m, struct expr **args, struct kql_arg *kinds,
                                     size_t n, const struct syn *at)
{
    CHECK(f != NULL);
    struct expr *e = no_match(c, f, m, args, n, at);
    while (m->n_tried < 2 && !m->bad_count && m->bad_arg < n &&
           kinds[m->bad_arg].type != KQL_UNKNOWN) {
        kinds[m->bad_arg].type = KQL_UNKNOWN;
        kinds[m->bad_arg].constant = true;
        if (kql_func_match(c->b->a, f, kinds, n, m))
            break;
        if (!m->bad_count && m->bad_arg < n && kinds[m->bad_arg].type != KQL_UNKNOWN)
            (void)no_match(c, f, m, args, n, at);
    }
    return e;
}

/* The first of the functions called like *f that takes these arguments, in *f. */
static bool overload(struct binder *b, const struct kql_func **f, const struct kql_arg *kinds,
                     size_t n, struct kql_match *m)
{
    bool aggregate = ((*f)->flags & KF_AGGREGATE) != 0;
    for (const struct kql_func *x = *f; x != NULL; x = kql_func_next(x)) {
        bool same = ((x->flags & KF_AGGREGATE) != 0) == aggregate;
        bool callable = (x->flags & (KF_HIDDEN | KF_TRANSFORM)) != KF_HIDDEN;
        if (callable && same && kql_func_match(b->a, x, kinds, n, m)) {
            *f = x;
            return true;
        }
    }
    return false;
}

/* make_list(x, toscalar(…)), percentile(x, toscalar(…)): what an aggregate is told beside its
 * values holds for all groups, and is known before they are. */
static void settle_parameters(const struct cx *c, struct expr **args, size_t n,
                              const struct syn *at)
{
    struct kql_value v;
    for (size_t i = 1; i < n; i++)
        if (ex_has_subquery(args[i]) && ex_is_constant(args[i]) && bind_compute(c, args[i], at, &v))
            args[i] = ex_const(c->b, v, at);
}

struct expr *bind_apply_function(const struct cx *c, const struct kql_func *f, struct expr **args,
                                 const bool *type_literals, size_t n, const struct syn *at)
{
    struct binder *b = c->b;
    struct kql_arg *kinds = arena_array(b->a, struct kql_arg, n + 1);
    struct kql_match m = {0};
    bool unknown = false;
    for (size_t i = 0; i < n; i++) {
        bool literal = type_literals != NULL && type_literals[i];
        kinds[i] = (struct kql_arg){args[i]->type, ex_is_constant(args[i]), literal};
        unknown = unknown || (args[i]->type == KQL_UNKNOWN && !literal);
    }
    const struct kql_func *best = f;
    bool fits = overload(b, &best, kinds, n, &m);
    for (size_t i = 0; !fits && bind_absent_try(b, args, kinds, n, i); i++)
        fits = overload(b, &best, kinds, n, &m);
    if (!fits && unknown && (!m.bad_count || !all_read(at)))
        return bind_unknown(b, at);
    if (fits && (best->flags & KF_AGGREGATE) != 0)
        settle_parameters(c, args, n, at);
    if (!fits)
        return refuse_arguments(c, best, &m, args, kinds, n, at);
    for (size_t i = 0; i < n; i++)
        args[i] = ex_cast(b, args[i], m.want[i]);
    bind_check_pattern(c, best, args, n, at);
    bind_check_constants(c, best, args, n, at);
    struct expr *e = ex_call(b, best->name, m.result, args, n);
    e->fn = best;
    e->off = at->off;
    e->len = at->len;
    return refine(c, ex_fold(b, e), at);
}

/* ---- functions with rules of their own ---- */
static struct expr *column_ifexists(const struct cx *c, const struct syn *s)
{
    struct expr *name = s->n == 2 ? bind_constant(c, s->kids[0], KQL_UNKNOWN) : NULL;
    if (name == NULL || name->kind != EX_CONST || name->type != KQL_STRING) {
        bind_error_word(c->b, "SEM0219", s, "%s() takes a column's name as text and a value",
                        z(c->b, s->text));
        return bind_unknown(c->b, s);
    }
    struct expr *otherwise = bind_expr(c, s->kids[1]);
    const struct plan_col *col = c->in != NULL ? bind_find_column(c->in, name->value.s) : NULL;
    return col != NULL ? ex_column(c->b, col, s) : otherwise;
}

static struct expr *iscolumnexists(const struct cx *c, const struct syn *s)
{
    struct expr *name = s->n == 1 ? bind_constant(c, s->kids[0], KQL_STRING) : NULL;
    if (name == NULL || name->kind != EX_CONST)
        return bind_unknown(c->b, s);
    return ex_bool(c->b, c->in != NULL && bind_find_column(c->in, name->value.s) != NULL);
}

struct expr *bind_pack_columns(const struct cx *c, const char *function,
                               const struct plan_cols *cols, const struct syn *s)
{
    struct expr **args = arena_array(c->b->a, struct expr *, cols->n * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < cols->n; i++) {
        if (cols->p[i].hidden)
            continue;
        args[n++] = ex_string(c->b, cols->p[i].name);
        args[n++] = ex_column(c->b, &cols->p[i], s);
    }
    if (n > KQL_MAX_ARGS) {
        bind_error(c->b, "SEM0219", s, "%s packs at most %d columns, not %zu", z(c->b, s->text),
                   KQL_MAX_ARGS / 2, n / 2);
        return bind_unknown(c->b, s);
    }
    return ex_call(c->b, function, KQL_DYNAMIC, args, n);
}

/* pack_all([ignore_null_empty]) */
static struct expr *pack_all(const struct cx *c, const struct syn *s)
{
    static const struct plan_cols none = {0};
    const struct expr *filled = s->n == 1 ? bind_constant(c, s->kids[0], KQL_BOOL) : NULL;
    if (s->n > 1)
        bind_error_word(c->b, "SEM0219", s, "pack_all() takes 0 to 1 arguments, not %zu", s->n);
    if (c->in != NULL && c->in->open)
        return bind_unknown(c->b, s);
    bool only_filled = filled != NULL && filled->kind == EX_CONST && filled->value.b;
    return bind_pack_columns(c, only_filled ? "__bag_pack_filled" : "bag_pack",
                             c->in != NULL ? &c->in->cols : &none, s);
}

/* bag_pack_columns(a, b …), pack_dictionary: names taken from the columns. */
static struct expr *bag_pack_columns(const struct cx *c, const struct syn *s)
{
    struct plan_cols cols = {0};
    for (size_t i = 0; c->in != NULL && i < s->n; i++) {
        if (!bind_match_columns(c->b, c->in, s->kids[i], &cols))
            return bind_unknown(c->b, s);
    }
    return bind_pack_columns(c, "bag_pack", &cols, s);
}

/* The names of a table's columns, as an array. */
static struct expr *column_names_of(const struct cx *c, const struct syn *s)
{
    const struct plan *p = s->n == 1 ? bind_table(c->b, c->env, s->kids[0]) : NULL;
    if (p == NULL)
        bind_error_word(c->b, "SEM0219", s, "column_names_of() takes 1 table, not %zu arguments",
                        s->n);
    if (p == NULL || p->open)
        return bind_unknown(c->b, s);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)64 << 20);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < p->cols.n; i++)
        if (!p->cols.p[i].hidden)
            json_str(&w, p->cols.p[i].name);
    json_arr_end(&w);
    return ex_const(
        c->b, (struct kql_value){.type = KQL_DYNAMIC, .s = arena_str(c->b->a, sbuf_str(&b))}, s);
}

static struct expr *ingestion_time(const struct cx *c, const struct syn *s)
{
    const struct plan_col *col =
        c->in != NULL ? bind_find_column(c->in, STR("_TimeReceived")) : NULL;
    return col != NULL ? ex_column(c->b, col, s) : ex_null(c->b, KQL_DATETIME);
}

static struct expr *no_table_here(const struct cx *c, const struct syn *s)
{
    bind_error_word(c->b, "SEM0139", s, "%s() gives a table; a scalar value is expected here",
                    z(c->b, s->text));
    return bind_unknown(c->b, s);
}

static const struct special {
    const char *name;
    struct expr *(*fn)(const struct cx *c, const struct syn *s);
} specials[] = {
    {"bag_pack_columns", bag_pack_columns},
    {"cluster", no_table_here},
    {"column_ifexists", column_ifexists},
    {"column_names_of", column_names_of},
    {"columnifexists", column_ifexists},
    {"database", no_table_here},
    {"ingestion_time", ingestion_time},
    {"iscolumnexists", iscolumnexists},
    {"pack_all", pack_all},
    {"table", no_table_here},
    {"workspace", no_table_here},
};

/* ---- arguments ---- */
/* row_number() and friends look at the rows around, arg_max(…, *) at all columns: special words in
 * arguments are dealt with where those are bound. */
static size_t bind_arguments(const struct cx *c, const struct syn *s, struct expr **args,
                             bool *type_literals)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct syn *k = s->kids[i];
        type_literals[i] = k->kind == SYN_TYPEOF;
        if (type_literals[i]) {
            enum kql_type t;
            bind_type_of(c->b, k, &t);
            args[i] = ex_null(c->b, t);
            args[i]->value.is_null = true;
        } else {
            args[i] = bind_expr(c, k);
        }
    }
    return s->n;
}

static bool misplaced(const struct cx *c, const struct kql_func *f, const struct syn *s)
{
    if ((f->flags & KF_WINDOW) != 0 && c->windows == NULL) {
        bind_error_word(c->b, "SEM0235", s, "%s() can't be used here", f->name);
        return true;
    }
    if ((f->flags & KF_WINDOW) != 0 && c->in != NULL && !c->in->ordered && !c->in->open) {
        const struct syn word = syn_word(s);
        kql_diag_add(c->b->d, ERR_SEMANTIC, "SEM0235", &word,
                     "put 'sort by …' or 'serialize' before it", "%s() needs rows in a fixed order",
                     f->name);
        return true;
    }
    if ((f->flags & KF_AGGREGATE) != 0 && c->inside_aggregate) {
        bind_error_word(c->b, "SEM0165", s, "%s() can't stand inside another aggregate", f->name);
        return true;
    }
    return false;
}

struct expr *bind_call(const struct cx *c, const struct syn *s)
{
    struct binding *env = NULL;
    struct expr *of_graph = c->graph != NULL ? bind_graph_call(c, s) : NULL;
    if (of_graph != NULL)
        return of_graph;
    const struct syn *decl = bind_find_function(c->b, c->env, s->text, &env, s);
    if (decl != NULL) {
        struct plan *p = NULL;
        struct expr *e = NULL;
        if (bind_call_user(c, s, decl, env, NULL, &p, &e) && e != NULL)
            return e;
        return p != NULL && !p->open ? no_table_here(c, s) : bind_unknown(c->b, s);
    }
    for (size_t i = 0; i < COUNTOF(specials); i++)
        if (str_eqz(s->text, specials[i].name))
            return specials[i].fn(c, s);
    struct expr *session = bind_session_call(c, s);
    if (session != NULL)
        return session;
    bool aggregate = c->aggregates && !c->inside_aggregate;
    const struct kql_func *f = aggregate ? kql_func_get(s->text, KF_AGGREGATE, KF_AGGREGATE) : NULL;
    if (f == NULL)
        f = kql_func_get(s->text, KF_AGGREGATE | KF_HIDDEN | KF_OPERATOR, 0);
    if (f == NULL)
        f = kql_func_get(s->text, KF_AGGREGATE | KF_HIDDEN, KF_AGGREGATE);
    if (f == NULL && c->b->o->transformation)
        f = kql_func_get(s->text, KF_TRANSFORM, KF_TRANSFORM);
    if (f == NULL)
        return no_function(c, s);
    if (misplaced(c, f, s))
        return bind_unknown(c->b, s);
    if ((f->flags & KF_AGGREGATE) != 0 && !c->aggregates) {
        bind_error_word(c->b, "SEM0160", s, "the aggregate %s() can't be used here (summarize?)",
                        f->name);
        return bind_unknown(c->b, s);
    }
    struct cx inner = *c;
    inner.inside_aggregate = c->inside_aggregate || (f->flags & KF_AGGREGATE) != 0;
    if ((f->flags & KF_WINDOW) != 0)
        *c->windows = true;
    struct expr **args = arena_array(c->b->a, struct expr *, s->n + 1);
    bool *literals = arena_array(c->b->a, bool, s->n + 1);
    size_t n = bind_arguments(&inner, s, args, literals);
    struct expr *e = bind_apply_function(c, f, args, literals, n, s);
    /* Where one value is wanted, the first column is it; extend and its like look inside. */
    if (e->kind == EX_CALL && (e->fn->flags & KF_MULTI) != 0)
        e = ex_call2(c->b, "[]", KQL_DYNAMIC, e, ex_long(c->b, 0));
    return e;
}
