/* autocluster, basket, diffpatterns: their arguments by position, "~" for a default.
 * Source: the plugins' own pages of the Kusto reference. */
#include "kql/bind_plugins.h"
#include "kql/mine.h"

static const double cluster_threshold = 0.05, least_threshold = 0.015;
enum { MAX_SEEDS = 1000 };

struct own_column {
    const char *name;
    enum kql_type type;
};
static const struct own_column segment_columns[] = {
    {"SegmentId", KQL_LONG}, {"Count", KQL_LONG}, {"Percent", KQL_REAL}, {0}};
static const struct own_column difference_columns[] = {{"SegmentId", KQL_LONG},
                                                       {"CountA", KQL_LONG},
                                                       {"CountB", KQL_LONG},
                                                       {"PercentA", KQL_REAL},
                                                       {"PercentB", KQL_REAL},
                                                       {"PercentDiffAB", KQL_REAL},
                                                       {0}};

struct reading {
    const struct plugin_call *v;
    struct mine *to;
    const struct plan_col *weight, *split;
    bool failed;
};
typedef void read_fn(struct reading *r, const char *name, const struct syn *s);

/* ---- single arguments ---- */
static void refuse(struct reading *r, const struct syn *at, const char *name, const char *want)
{
    bind_error(r->v->b, "SEM0219", at, "%s(): %s must be %s", z(r->v->b, r->v->call->text), name,
               want);
    r->failed = true;
}

/* The value of an argument; NULL after an error. */
static const struct kql_value *constant(struct reading *r, const char *name, const struct syn *s)
{
    struct cx c = cx_of(r->v->b, r->v->env, NULL);
    unsigned n_errors = (unsigned)r->v->b->d->n_errors;
    const struct expr *e = bind_constant(&c, s, KQL_UNKNOWN);
    if (e->kind == EX_CONST && e->type != KQL_UNKNOWN)
        return &e->value;
    if (r->v->b->d->n_errors == n_errors)
        refuse(r, s, name, "a constant");
    r->failed = true;
    return NULL;
}

static bool is_default(const struct syn *s)
{
    s = s != NULL ? bind_strip(s) : NULL;
    return s == NULL ||
           (s->kind == SYN_LITERAL && s->value.type == KQL_STRING && str_eqz(s->value.s, "~"));
}

static bool read_number(struct reading *r, const char *name, const struct syn *s, double *out)
{
    const struct kql_value *x = constant(r, name, s);
    struct kql_value real = {0};
    if (x == NULL)
        return false;
    bool number =
        x->type == KQL_INT || x->type == KQL_LONG || x->type == KQL_REAL || x->type == KQL_DECIMAL;
    if (!number || !kql_value_convert(r->v->b->a, x, KQL_REAL, &real) || real.is_null) {
        refuse(r, s, name, "a number, or '~' for its default");
        return false;
    }
    *out = real.d;
    return true;
}

static void read_threshold(struct reading *r, const char *name, const struct syn *s)
{
    double x;
    if (!read_number(r, name, s, &x))
        return;
    if (!(x >= least_threshold && x <= 1))
        refuse(r, s, name, "between 0.015 and 1");
    r->to->threshold = x;
}

static void read_size_weight(struct reading *r, const char *name, const struct syn *s)
{
    double x;
    if (!read_number(r, name, s, &x))
        return;
    if (!(x >= 0 && x <= 1))
        refuse(r, s, name, "between 0 and 1");
    r->to->size_weight = x;
}

static void read_count(struct reading *r, const char *name, const struct syn *s, int64_t most,
                       int64_t *out)
{
    double x;
    if (!read_number(r, name, s, &x))
        return;
    if (!(x >= 1))
        refuse(r, s, name, "at least 1");
    else
        *out = x < (double)most ? (int64_t)x : most;
}

static void read_seeds(struct reading *r, const char *name, const struct syn *s)
{
    read_count(r, name, s, MAX_SEEDS, &r->to->n_seeds);
}

static void read_dimensions(struct reading *r, const char *name, const struct syn *s)
{
    read_count(r, name, s, BIND_MAX_COLUMNS, &r->to->max_dimensions);
}

static const struct plan_col *read_column(struct reading *r, const char *name, const struct syn *s)
{
    const struct syn *x = bind_strip(s);
    const struct plan_col *c = x->kind == SYN_NAME ? bind_find_column(r->v->in, x->text) : NULL;
    if (c == NULL)
        refuse(r, s, name, "the name of a column of the input");
    return c;
}

static void read_weight(struct reading *r, const char *name, const struct syn *s)
{
    const struct plan_col *c = read_column(r, name, s);
    if (c == NULL)
        return;
    if (c->type != KQL_INT && c->type != KQL_LONG && c->type != KQL_REAL && c->type != KQL_DECIMAL)
        refuse(r, s, name, "a column of numbers");
    r->weight = c;
    r->to->weight = ex_column(r->v->b, c, s);
}

static void read_split(struct reading *r, const char *name, const struct syn *s)
{
    r->split = read_column(r, name, s);
    if (r->split != NULL)
        r->to->split = ex_cast(r->v->b, ex_column(r->v->b, r->split, s), KQL_STRING);
}

static void read_text(struct reading *r, const char *name, const struct syn *s, struct str *out)
{
    const struct kql_value *x = constant(r, name, s);
    if (x != NULL && x->type != KQL_STRING)
        refuse(r, s, name, "the value of SplitColumn as a string");
    else if (x != NULL)
        *out = x->s;
}

static void read_set_a(struct reading *r, const char *name, const struct syn *s)
{
    read_text(r, name, s, &r->to->set_a);
}

static void read_set_b(struct reading *r, const char *name, const struct syn *s)
{
    read_text(r, name, s, &r->to->set_b);
    if (!r->failed && str_eq(r->to->set_a, r->to->set_b))
        refuse(r, s, name, "another value than SplitValueA");
}

/* ---- all arguments ---- */
struct argument {
    const char *name;
    read_fn *read;
    bool required;
};
enum { MAX_ARGUMENTS = 6 };
static const struct mine_plugin {
    const char *name;
    enum mine_kind kind;
    double threshold;
    int64_t max_dimensions;
    const struct own_column *own;
    struct argument arguments[MAX_ARGUMENTS + 1]; /* wildcards follow */
} plugins[] = {
    {"autocluster",
     MINE_AUTOCLUSTER,
     cluster_threshold,
     BIND_MAX_COLUMNS,
     segment_columns,
     {{"SizeWeight", read_size_weight, false},
      {"WeightColumn", read_weight, false},
      {"NumSeeds", read_seeds, false}}},
    {"basket",
     MINE_BASKET,
     0.05,
     5,
     segment_columns,
     {{"Threshold", read_threshold, false},
      {"WeightColumn", read_weight, false},
      {"MaxDimensions", read_dimensions, false}}},
    {"diffpatterns",
     MINE_DIFFPATTERNS,
     0.05,
     BIND_MAX_COLUMNS,
     difference_columns,
     {{"SplitColumn", read_split, true},
      {"SplitValueA", read_set_a, true},
      {"SplitValueB", read_set_b, true},
      {"WeightColumn", read_weight, false},
      {"Threshold", read_threshold, false},
      {"MaxDimensions", read_dimensions, false}}},
};

/* A wildcard is for all columns of its type. */
static void read_wildcard(struct reading *r, const struct syn *s)
{
    const struct kql_value *x = is_default(s) ? NULL : constant(r, "a wildcard", s);
    for (size_t i = 0; x != NULL && i < r->to->n_columns; i++)
        if (r->to->columns[i].in.type == x->type)
            r->to->columns[i].wildcard = *x;
}

static size_t read_arguments(struct reading *r, const struct mine_plugin *g)
{
    size_t n = 0;
    for (; g->arguments[n].name != NULL; n++) {
        const struct argument *a = &g->arguments[n];
        const struct syn *s = plugin_argument(r->v, a->name, n);
        if (s == NULL && a->required)
            refuse(r, r->v->call, a->name, "given");
        else if (s != NULL && (a->required || !is_default(s)))
            a->read(r, a->name, s);
    }
    return n;
}

static void input_columns(struct reading *r)
{
    const struct plan *in = r->v->in;
    r->to->columns = arena_array(r->v->b->a, struct mine_column, in->cols.n + 1);
    for (size_t i = 0; i < in->cols.n; i++) {
        const struct plan_col *c = &in->cols.p[i];
        struct kql_value any = {.type = c->type, .is_null = c->type != KQL_STRING};
        if (!c->hidden)
            r->to->columns[r->to->n_columns++] =
                (struct mine_column){*c, c != r->weight && c != r->split, any};
    }
}

static void output_columns(const struct plugin_call *v, const struct mine_plugin *g,
                           struct mine *to, struct plan *p)
{
    struct names names = names_start(v->b);
    for (; g->own[to->n_own].name != NULL; to->n_own++) {
        const struct own_column *c = &g->own[to->n_own];
        plan_add_col(v->b, p, plan_fresh(v->b, names_unique(&names, str_from(c->name)), c->type));
    }
    for (size_t i = 0; i < to->n_columns; i++) {
        const struct plan_col *c = &to->columns[i].in;
        plan_add_col(v->b, p, plan_fresh(v->b, names_unique(&names, c->name), c->type));
    }
}

static struct plan *mine(const struct plugin_call *v, const struct mine_plugin *g)
{
    struct mine *to = arena_new_of(v->b->a, struct mine);
    struct reading r = {.v = v, .to = to};
    *to = (struct mine){.kind = g->kind, .threshold = g->threshold, .size_weight = 0.5};
    to->n_seeds = 25;
    to->max_dimensions = g->max_dimensions;
    size_t n = read_arguments(&r, g);
    input_columns(&r);
    for (; plugin_argument(v, "", n) != NULL; n++)
        read_wildcard(&r, plugin_argument(v, "", n));
    if (r.failed)
        return bind_nothing(v->b, v->call);
    struct plan *p = plan_new(v->b, P_PROGRAM, v->in, v->call);
    p->program = arena_new_of(v->b->a, struct program);
    p->program->name = str_from(g->name);
    p->program->detail = to;
    output_columns(v, g, to, p);
    return p;
}

struct plan *bind_mine_plugin(const struct plugin_call *v)
{
    for (size_t i = 0; i < COUNTOF(plugins) && !v->in->open; i++)
        if (str_eqz(v->call->text, plugins[i].name))
            return mine(v, &plugins[i]);
    return bind_nothing(v->b, v->call);
}
