/* Plugins about rows and their neighbours, in plain KQL: preview, rolling_percentile, rows_near,
 * schema_merge, sequence_detect. Source: the plugins' own pages of the Kusto reference. */
#include "kql/bind_plugins.h"

enum { MAX_PARTS = 32 };

/* The input with more columns, called _T in the template. */
struct input {
    const struct plugin_call *v;
    struct binding *env;
    struct named_expr *list;
    size_t n;
};

static struct input input_of(const struct plugin_call *v)
{
    return (struct input){
        .v = v, .list = arena_array(v->b->a, struct named_expr, v->in->cols.n + v->call->n + 1)};
}

static void add(struct input *x, struct str name, struct expr *e)
{
    x->list[x->n++] = (struct named_expr){plan_fresh(x->v->b, name, e->type), e};
}

static void add_column(struct input *x, struct str name, const struct plan_col *c)
{
    add(x, name, ex_column(x->v->b, c, x->v->call));
}

static struct plan *run(struct input *x, struct sbuf *text)
{
    struct binder *b = x->v->b;
    struct plan *t = plan_project(b, x->v->in, x->list, x->n, x->v->call);
    plugin_bind_plan(x->v, &x->env, "_T", plan_share(b, t, ++b->next_shared));
    struct plan *p = plugin_template(x->v, x->env, arena_str(b->a, sbuf_str(text)));
    return p != NULL ? p : bind_nothing(b, x->v->call);
}

static struct expr *constant(struct input *x, const char *name, size_t at, const char *as)
{
    const struct syn *s = plugin_argument(x->v, name, at);
    struct cx c = cx_of(x->v->b, x->v->env, NULL);
    if (s == NULL)
        return NULL;
    struct expr *e = bind_constant(&c, s, KQL_UNKNOWN);
    plugin_bind_scalar(x->v, &x->env, str_from(as), e);
    return e;
}

static struct plan *too_few(const struct plugin_call *v, size_t least)
{
    bind_error(v->b, "SEM0219", v->call, "%s() takes at least %zu arguments, not %zu",
               z(v->b, v->call->text), least, v->call->n);
    return bind_nothing(v->b, v->call);
}

/* ---- rows_near(condition, rows [, rows after]) ---- */
static struct plan *rows_near(const struct plugin_call *v)
{
    struct binder *b = v->b;
    struct input x = input_of(v);
    struct cx c = cx_of(b, v->env, v->in);
    if (v->call->n < 2)
        return too_few(v, 2);
    struct expr *condition = bind_expr(&c, v->call->kids[0]);
    if (condition->type != KQL_BOOL && condition->type != KQL_UNKNOWN)
        bind_error(b, "SEM0219", v->call->kids[0], "rows_near() needs a condition, not %s",
                   kql_type_name(condition->type));
    (void)constant(&x, "NumRows", 1, "_before");
    const char *after = constant(&x, "RowsAfter", 2, "_after") != NULL ? "_after" : "_before";
    for (size_t i = 0; i < v->in->cols.n; i++)
        if (!v->in->cols.p[i].hidden)
            add_column(&x, v->in->cols.p[i].name, &v->in->cols.p[i]);
    add(&x, STR("_hit"), condition);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(1 << 20);
    sbuf_addf(&text,
              "let N = _T | serialize _row = row_number();"
              "let K = N | where _hit | extend _row = range(_row - _before, _row + %s, 1)"
              " | mv-expand _row to typeof(long) | distinct _row;"
              "N | join kind=leftsemi (K) on _row | sort by _row asc | project-away _row, _hit",
              after);
    return run(&x, &text);
}

/* ---- rolling_percentile(value, percentile, index, bin size, bins [, dim …]) ---- */
static struct plan *rolling_percentile(const struct plugin_call *v)
{
    struct binder *b = v->b;
    struct input x = input_of(v);
    if (v->call->n < 5)
        return too_few(v, 5);
    const struct plan_col *value = plugin_column(v, "", 0), *index = plugin_column(v, "", 2);
    struct expr *percentile = constant(&x, "Percentile", 1, "_percentile");
    (void)constant(&x, "BinSize", 3, "_step");
    struct expr *bins = constant(&x, "BinsPerWindow", 4, "_bins");
    if (value == NULL || index == NULL || percentile == NULL || bins == NULL)
        return bind_nothing(b, v->call);
    if (bins->kind != EX_CONST || percentile->kind != EX_CONST)
        bind_error(b, "SEM0219", v->call, "rolling_percentile() needs constants");
    add_column(&x, STR("_value"), value);
    add_column(&x, STR("_t"), index);
    AUTO(sbuf_fini) struct sbuf dims = sbuf_make(1 << 16), text = sbuf_make(1 << 20);
    for (size_t i = 5; i < v->call->n; i++) {
        const struct plan_col *d = plugin_column(v, "", i);
        if (d == NULL)
            return bind_nothing(b, v->call);
        add_column(&x, arena_fmt(b->a, "_d%zu", i - 5), d);
        sbuf_addf(&dims, ", _d%zu", i - 5);
    }
    struct kql_value number = {0};
    if (!kql_value_convert(b->a, &percentile->value, KQL_STRING, &number))
        return bind_nothing(b, v->call);
    struct str d = sbuf_str(&dims);
    sbuf_addf(&text,
              "let B = _T | extend _b = bin(_t, _step);"
              "B | extend _k = range(0, tolong(_bins) - 1, 1) | mv-expand _k to typeof(long)"
              " | extend _b = _b + _k * _step | join kind=leftsemi (B) on _b%.*s"
              " | summarize _rolled = percentile(_value, _percentile) by _b%.*s"
              " | project _b%.*s, _rolled",
              STR_ARG(d), STR_ARG(d), STR_ARG(d));
    struct plan *p = run(&x, &text);
    struct named_expr *list = arena_array(b->a, struct named_expr, p->cols.n + 1);
    for (size_t i = 0; i < p->cols.n; i++) {
        struct str name = i == 0              ? index->name
                          : i + 1 < p->cols.n ? plugin_column(v, "", i + 4)->name
                                              : arena_fmt(b->a, "rolling_%lld_percentile_%.*s_%.*s",
                                                          (long long)bins->value.i,
                                                          STR_ARG(value->name), STR_ARG(number.s));
        list[i] = (struct named_expr){plan_fresh(b, name, p->cols.p[i].type),
                                      ex_column(b, &p->cols.p[i], v->call)};
    }
    return p->open ? p : plan_project(b, p, list, p->cols.n, v->call);
}

/* ---- schema_merge([PreserveOrder]) ---- */
static struct plan *schema_merge(const struct plugin_call *v)
{
    static const char *const columns[] = {"ColumnName", "ColumnOrdinal", "DataType", "ColumnType"};
    struct input x = input_of(v);
    for (size_t i = 0; i < COUNTOF(columns); i++) {
        const struct plan_col *c = bind_find_column(v->in, str_from(columns[i]));
        if (c == NULL) {
            bind_error(v->b, "SEM0100", v->call,
                       "schema_merge() reads rows of getschema; '%s' is missing", columns[i]);
            return bind_nothing(v->b, v->call);
        }
        add_column(&x, c->name, c);
    }
    if (constant(&x, "PreserveOrder", 0, "_keep") == NULL)
        plugin_bind_scalar(v, &x.env, STR("_keep"), ex_bool(v->b, true));
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(1 << 20);
    sbuf_addz(
        &text,
        "_T | serialize _row = row_number() | summarize _first = min(ColumnOrdinal), _last = "
        "max(ColumnOrdinal), _row = min(_row), _types = dcount(ColumnType), "
        "DataType = take_any(DataType), ColumnType = take_any(ColumnType) by ColumnName"
        " | sort by _row asc | extend _place = row_number() - 1"
        " | extend _why = case(_types > 1, 'columns have different types', _keep and _first != "
        "_last, 'columns are out of order', '')"
        " | extend ColumnOrdinal = tolong(iff(_why != '', long(-1), iff(_keep, "
        "tolong(_first), _place)))"
        " | extend ColumnType = iff(_why != '', strcat('ERROR(', _why, ')'), ColumnType)"
        " | extend DataType = iff(_why != '', strcat('ERROR(unknown CSL type:', ColumnType, "
        "')'), DataType)"
        " | sort by _why asc, ColumnOrdinal asc, _row asc"
        " | project ColumnName, ColumnOrdinal, DataType, ColumnType");
    return run(&x, &text);
}

/* ---- sequence_detect(time, step, span, name = condition …, dim …) ---- */
static struct plan *sequence_detect(const struct plugin_call *v)
{
    struct binder *b = v->b;
    struct input x = input_of(v);
    struct cx c = cx_of(b, v->env, v->in);
    struct str names[MAX_PARTS], dims[MAX_PARTS];
    size_t n = 0, n_dims = 0;
    const struct plan_col *time = v->call->n > 3 ? plugin_column(v, "", 0) : NULL;
    if (time == NULL)
        return v->call->n > 3 ? bind_nothing(b, v->call) : too_few(v, 4);
    add_column(&x, STR("_t"), time);
    (void)constant(&x, "", 1, "_step");
    (void)constant(&x, "", 2, "_span");
    for (size_t i = 3; i < v->call->n && n < MAX_PARTS && n_dims < MAX_PARTS; i++) {
        const struct syn *s = v->call->kids[i];
        struct expr *e = bind_expr(&c, s->kind == SYN_NAMED ? s->kids[0] : s);
        if (s->kind == SYN_NAMED || e->type == KQL_BOOL) {
            add(&x, arena_fmt(b->a, "_e%zu", n), ex_cast(b, e, KQL_BOOL));
            names[n] = s->kind == SYN_NAMED ? s->text : arena_fmt(b->a, "expr%zu", n);
            n++;
        } else {
            struct str name = bind_auto_name(&c, s);
            add(&x, arena_fmt(b->a, "_d%zu", n_dims), e);
            dims[n_dims] = name.n > 0 ? name : arena_fmt(b->a, "dim%zu", n_dims);
            n_dims++;
        }
    }
    if (n == 0) {
        bind_error(b, "SEM0219", v->call, "sequence_detect() needs a condition");
        return bind_nothing(b, v->call);
    }
    AUTO(sbuf_fini) struct sbuf d = sbuf_make(1 << 16), text = sbuf_make(1 << 20);
    for (size_t i = 0; i < n_dims; i++)
        sbuf_addf(&d, ", _d%zu", i);
    struct str dd = sbuf_str(&d);
    sbuf_addf(&text,
              "let X = _T | extend _one = 1; let C0 = X | where _e0 | distinct _t0 = _t, _one%.*s;",
              STR_ARG(dd));
    AUTO(sbuf_fini) struct sbuf times = sbuf_make(1 << 16);
    sbuf_addz(&times, "_t0");
    for (size_t i = 1; i < n; i++) { /* the earliest record that goes on with the sequence */
        struct str t = arena_str(b->a, sbuf_str(&times));
        sbuf_addf(&text,
                  "let C%zu = C%zu | join kind=inner (X | where _e%zu | distinct _t, _one%.*s) on "
                  "_one%.*s | where _t > _t%zu and _t - _t%zu <= _step and _t - _t0 <= _span"
                  " | summarize _t%zu = min(_t) by %.*s, _one%.*s;",
                  i, i - 1, i, STR_ARG(dd), STR_ARG(dd), i - 1, i - 1, i, STR_ARG(t), STR_ARG(dd));
        sbuf_addf(&times, ", _t%zu", i);
    }
    sbuf_addf(&text, "C%zu | project ", n - 1);
    for (size_t i = 0; i < n_dims; i++)
        sbuf_addf(&text, "_d%zu, ", i);
    sbuf_add(&text, sbuf_str(&times));
    sbuf_addf(&text, ", Duration = _t%zu - _t0", n - 1);
    struct plan *p = run(&x, &text);
    if (p->open)
        return p;
    struct named_expr *list = arena_array(b->a, struct named_expr, p->cols.n + 1);
    for (size_t i = 0; i < p->cols.n; i++) {
        struct str name = p->cols.p[i].name;
        if (i < n_dims)
            name = dims[i];
        else if (i < n_dims + n)
            name = arena_fmt(b->a, "%.*s_%.*s", STR_ARG(names[i - n_dims]), STR_ARG(time->name));
        list[i] = (struct named_expr){plan_fresh(b, name, p->cols.p[i].type),
                                      ex_column(b, &p->cols.p[i], v->call)};
    }
    return plan_project(b, p, list, p->cols.n, v->call);
}

/* ---- dcount_intersect(hll, hll …): s0 of the first, s1 of the first two … ---- */
static struct plan *dcount_intersect(const struct plugin_call *v)
{
    struct binder *b = v->b;
    struct input x = input_of(v);
    x.list = arena_array(b->a, struct named_expr, v->in->cols.n + v->call->n + 1);
    if (v->call->n < 2 || v->call->n > 16) {
        bind_error(b, "SEM0219", v->call, "dcount_intersect() takes 2 to 16 columns");
        return bind_nothing(b, v->call);
    }
    struct names names = names_start(b);
    for (size_t i = 0; i < v->in->cols.n; i++) {
        names_reserve(&names, v->in->cols.p[i].name);
        x.list[x.n++] =
            (struct named_expr){v->in->cols.p[i], ex_column(b, &v->in->cols.p[i], v->call)};
    }
    struct expr **all = arena_array(b->a, struct expr *, v->call->n);
    for (size_t i = 0; i < v->call->n; i++) {
        const struct plan_col *c = plugin_column(v, "", i);
        if (c == NULL)
            return bind_nothing(b, v->call);
        if (c->type != KQL_DYNAMIC && c->type != KQL_UNKNOWN) {
            bind_error(b, "SEM0219", v->call->kids[i], "an hll() value is expected here, not %s",
                       kql_type_name(c->type));
            return bind_nothing(b, v->call);
        }
        all[i] = ex_cast(b, ex_column(b, c, v->call), KQL_DYNAMIC);
        struct expr **args = arena_array(b->a, struct expr *, i + 1);
        memcpy(args, all, (i + 1) * sizeof(*args));
        add(&x, names_unique(&names, arena_fmt(b->a, "s%zu", i)),
            ex_call(b, "__hll_intersect", KQL_LONG, args, i + 1));
    }
    return plan_project(b, v->in, x.list, x.n, v->call);
}

/* ---- preview(rows): the first rows and, in a table of its own, how many there are ---- */
static struct plan *preview(const struct plugin_call *v)
{
    struct input x = input_of(v);
    const struct expr *n = constant(&x, "NumberOfRows", 0, "_n");
    if (n == NULL || v->call->n != 1 || n->kind != EX_CONST || n->value.is_null ||
        (n->type != KQL_INT && n->type != KQL_LONG) || n->value.i < 0) {
        bind_error(v->b, "SEM0219", v->call, "preview() takes a number of rows, 0 or more");
        return bind_nothing(v->b, v->call);
    }
    for (size_t i = 0; i < v->in->cols.n; i++)
        if (!v->in->cols.p[i].hidden)
            add_column(&x, v->in->cols.p[i].name, &v->in->cols.p[i]);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(1 << 10);
    sbuf_addz(&text, "_T | fork (take _n) (count)");
    struct plan *p = run(&x, &text);
    if (p->program != NULL)
        p->program->name = STR("tables");
    return p;
}

static const struct {
    const char *name;
    struct plan *(*fn)(const struct plugin_call *v);
} plugins[] = {
    {"dcount_intersect", dcount_intersect},
    {"preview", preview},
    {"rolling_percentile", rolling_percentile},
    {"rows_near", rows_near},
    {"schema_merge", schema_merge},
    {"sequence_detect", sequence_detect},
};

struct plan *bind_row_plugin(const struct plugin_call *v)
{
    for (size_t i = 0; i < COUNTOF(plugins) && !v->in->open; i++)
        if (str_eqz(v->call->text, plugins[i].name))
            return plugins[i].fn(v);
    return bind_nothing(v->b, v->call);
}
