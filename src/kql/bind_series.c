/* make-series, and functions that give several columns. */
#include "kql/bind_priv.h"

/* ---- several columns ---- */
static const struct multi_col fit_line[] = {{"rsquare", KQL_REAL},      {"slope", KQL_REAL},
                                            {"variance", KQL_REAL},     {"rvariance", KQL_REAL},
                                            {"interception", KQL_REAL}, {"line_fit", KQL_DYNAMIC}};
static const struct multi_col fit_2lines[] = {
    {"rsquare", KQL_REAL},           {"split_idx", KQL_LONG},
    {"variance", KQL_REAL},          {"rvariance", KQL_REAL},
    {"line_fit", KQL_DYNAMIC},       {"right_rsquare", KQL_REAL},
    {"right_slope", KQL_REAL},       {"right_interception", KQL_REAL},
    {"right_variance", KQL_REAL},    {"right_rvariance", KQL_REAL},
    {"left_rsquare", KQL_REAL},      {"left_slope", KQL_REAL},
    {"left_interception", KQL_REAL}, {"left_variance", KQL_REAL},
    {"left_rvariance", KQL_REAL}};
static const struct multi_col fit_poly[] = {{"rsquare", KQL_REAL},
                                            {"coefficients", KQL_DYNAMIC},
                                            {"variance", KQL_REAL},
                                            {"rvariance", KQL_REAL},
                                            {"poly_fit", KQL_DYNAMIC}};
static const struct multi_col stats[] = {
    {"min", KQL_REAL}, {"min_idx", KQL_LONG}, {"max", KQL_REAL},     {"max_idx", KQL_LONG},
    {"avg", KQL_REAL}, {"stdev", KQL_REAL},   {"variance", KQL_REAL}};
static const struct multi_col decompose[] = {{"baseline", KQL_DYNAMIC},
                                             {"seasonal", KQL_DYNAMIC},
                                             {"trend", KQL_DYNAMIC},
                                             {"residual", KQL_DYNAMIC}};
static const struct multi_col anomalies[] = {
    {"ad_flag", KQL_DYNAMIC}, {"ad_score", KQL_DYNAMIC}, {"baseline", KQL_DYNAMIC}};
static const struct multi_col forecast[] = {{"forecast", KQL_DYNAMIC},
                                            {"seasonal", KQL_DYNAMIC},
                                            {"trend", KQL_DYNAMIC},
                                            {"residual", KQL_DYNAMIC}};
static const struct multi_col fft[] = {{"real", KQL_DYNAMIC}, {"imag", KQL_DYNAMIC}};
static const struct multi_col periods[] = {{"periods", KQL_DYNAMIC}, {"scores", KQL_DYNAMIC}};

#define MULTI(name, cols)                                                                          \
    {                                                                                              \
        name, cols, COUNTOF(cols)                                                                  \
    }
static const struct {
    const char *function;
    const struct multi_col *cols;
    size_t n;
} multi[] = {
    MULTI("series_decompose", decompose),
    MULTI("series_decompose_anomalies", anomalies),
    MULTI("series_decompose_forecast", forecast),
    MULTI("series_fft", fft),
    MULTI("series_fit_2lines", fit_2lines),
    MULTI("series_fit_line", fit_line),
    MULTI("series_fit_poly", fit_poly),
    MULTI("series_ifft", fft),
    MULTI("series_periods_detect", periods),
    MULTI("series_periods_validate", periods),
    MULTI("series_stats", stats),
};

const struct multi_col *bind_multi_cols(const char *function, size_t *n)
{
    for (size_t i = 0; i < COUNTOF(multi); i++)
        if (strcmp(multi[i].function, function) == 0) {
            *n = multi[i].n;
            return multi[i].cols;
        }
    *n = 0;
    return NULL;
}

/* ---- make-series ---- */
/* A clause with something in it. */
static const struct syn *clause(const struct syn *op, const char *role)
{
    const struct syn *c = syn_clause(op, role);
    return c != NULL && c->n > 0 ? c : NULL;
}

static struct expr *bound_of(struct binder *b, struct binding *env, const struct syn *s,
                             enum kql_type t)
{
    struct cx c = cx_of(b, env, NULL);
    if (s == NULL)
        return NULL;
    struct expr *e = ex_fold(b, bind_expr(&c, s));
    return e->type == KQL_DYNAMIC || kql_type_is_number(t) ? ex_cast(b, e, t) : e;
}

static void read_bounds(struct binder *b, struct binding *env, const struct syn *op,
                        struct make_series *x)
{
    enum kql_type t = x->axis->type == KQL_INT ? KQL_LONG : x->axis->type;
    enum kql_type step = t == KQL_DATETIME ? KQL_TIMESPAN : t;
    const struct syn *from = clause(op, "from"), *to = clause(op, "to");
    const struct syn *by = clause(op, "step"), *in = clause(op, "in");
    if (in != NULL) {
        const struct syn *r = bind_strip(in->kids[0]);
        const struct syn *const *args =
            (const struct syn *const *)(r->kind == SYN_CALL ? r->kids : in->kids);
        size_t n = r->kind == SYN_CALL ? r->n : in->n;
        if (n == 3) {
            x->from = bound_of(b, env, args[0], t);
            x->to = bound_of(b, env, args[1], t);
            x->step = bound_of(b, env, args[2], step);
            x->to_inclusive = true;
        }
    } else {
        x->from = bound_of(b, env, from != NULL ? from->kids[0] : NULL, t);
        x->to = bound_of(b, env, to != NULL ? to->kids[0] : NULL, t);
        x->step = bound_of(b, env, by != NULL ? by->kids[0] : NULL, step);
    }
    if (x->step == NULL) {
        if (b->d->n_errors == 0)
            bind_error(b, "SEM0001", op, "make-series needs 'step'");
        x->step = bind_unknown(b, op);
    }
}

static void read_series(struct binder *b, const struct cx *c, const struct syn *s,
                        struct names *names, const struct plan *p, struct make_series *x)
{
    const struct syn *k = s->kids[0];
    struct cx agg = *c;
    agg.aggregates = true;
    struct expr *e = bind_expr(&agg, k->kind == SYN_NAMED ? k->kids[0] : k);
    if (!ex_is_constant(e))
        e = bind_aggregated(b, e, p, k);
    struct str name = k->kind == SYN_NAMED ? k->text : bind_auto_name(&agg, k);
    struct series_agg *out = &x->aggs[x->n++];
    name = name.n == 0 ? names_column(names) : names_unique(names, name);
    out->agg = (struct named_expr){plan_fresh(b, name, KQL_DYNAMIC), e};
    if (s->n > 1 && s->kids[1] != NULL) {
        struct cx none = cx_of(b, c->env, NULL);
        out->fill = ex_fold(b, bind_expr(&none, s->kids[1]));
    }
}

static struct expr *checked_axis(struct binder *b, struct expr *axis, const struct syn *at)
{
    enum kql_type t = axis->type;
    if (kql_type_is_number(t) || t == KQL_DATETIME || t == KQL_TIMESPAN || t == KQL_UNKNOWN)
        return axis;
    bind_error(b, "SEM0001", at, "a series runs along numbers or times, not along %s",
               kql_type_name(t));
    return bind_unknown(b, at);
}

struct plan *op_make_series(struct binder *b, struct binding *env, struct plan *in,
                            const struct syn *op)
{
    struct cx c = cx_of(b, env, in);
    struct plan *p = plan_new(b, P_MAKE_SERIES, in, op);
    struct make_series *x = arena_new_of(b->a, struct make_series);
    struct names names = names_start(b);
    const struct syn *aggs = clause(op, "aggregates"), *on = clause(op, "on");
    const struct syn *by = clause(op, "by");
    if (aggs == NULL || on == NULL)
        return bind_nothing(b, op);
    const struct syn *axis = on->kids[0];
    x->axis = checked_axis(b, bind_expr(&c, axis->kind == SYN_NAMED ? axis->kids[0] : axis), axis);
    struct str axis_name = bind_auto_name(&c, axis);
    x->by = arena_array(b->a, struct named_expr, (by != NULL ? by->n : 0) + 1);
    for (size_t i = 0; by != NULL && i < by->n; i++) {
        struct expr *e = bind_expr(&c, by->kids[i]);
        struct str name = bind_auto_name(&c, by->kids[i]);
        if (e->type == KQL_DYNAMIC)
            bind_error(b, "SEM0045", by->kids[i], "rows can't be grouped by a dynamic value");
        name = name.n == 0 ? names_column(&names) : names_unique(&names, name);
        x->by[x->n_by++] = (struct named_expr){plan_fresh(b, name, e->type), e};
        plan_add_col(b, p, x->by[x->n_by - 1].col);
    }
    x->aggs = arena_array(b->a, struct series_agg, aggs->n + 1);
    for (size_t i = 0; i < aggs->n; i++)
        read_series(b, &c, aggs->kids[i], &names, p, x);
    for (size_t i = 0; i < x->n; i++)
        plan_add_col(b, p, x->aggs[i].agg.col);
    x->axis_out =
        plan_fresh(b, names_unique(&names, axis_name.n ? axis_name : STR("Column1")), KQL_DYNAMIC);
    plan_add_col(b, p, x->axis_out);
    read_bounds(b, env, op, x);
    const struct syn *kind = syn_param(op, "kind");
    x->nonempty = kind != NULL && kind->n > 0 && str_ieqz(kind->kids[0]->text, "nonempty");
    p->series = x;
    p->ordered = true;
    return p;
}
