/* evaluate: plugins, one row in the table and one function each. A plugin whose columns are known
 * binds to them; one whose columns only rows tell looks at the rows (catalogue's peek) or, where
 * there are none, leaves the plan open.
 * Source: "evaluate plugin operator" and the plugins' own pages of the Kusto reference. */
#include "kql/bind_plugins.h"
#include "kql/insights.h"
#include "kql/names.h"
#include "text/json.h"

#include <stdlib.h>

typedef struct plan *plugin_fn(const struct plugin_call *v);

/* ---- arguments ---- */
/* Positional at, or named; NULL: not given. */
const struct syn *plugin_argument(const struct plugin_call *v, const char *name, size_t at)
{
    size_t positional = 0;
    for (size_t i = 0; i < v->call->n; i++) {
        const struct syn *s = v->call->kids[i];
        if (s->kind == SYN_NAMED) {
            if (str_ieqz(s->text, name))
                return s->kids[0];
        } else if (positional++ == at) {
            return s;
        }
    }
    return NULL;
}

const struct plan_col *plugin_column(const struct plugin_call *v, const char *name, size_t at)
{
    const struct syn *s = plugin_argument(v, name, at);
    if (s == NULL) {
        bind_error_word(v->b, "SEM0219", v->call, "%s() needs a column as argument %zu",
                        z(v->b, v->call->text), at + 1);
        return NULL;
    }
    s = bind_strip(s);
    const struct plan_col *c = s->kind == SYN_NAME ? bind_find_column(v->in, s->text) : NULL;
    if (c == NULL && !v->in->open)
        bind_error(v->b, "SEM0100", s, "%s() needs the name of a column of its input here",
                   z(v->b, v->call->text));
    return c;
}

static struct str text_argument(const struct plugin_call *v, const char *name, size_t at)
{
    const struct syn *s = plugin_argument(v, name, at);
    struct cx c = cx_of(v->b, v->env, NULL);
    if (s == NULL)
        return STR_NONE;
    struct expr *e = bind_constant(&c, s, KQL_STRING);
    return e != NULL && e->kind == EX_CONST ? e->value.s : STR_NONE;
}

/* ---- templates ---- */
void plugin_bind_scalar(const struct plugin_call *v, struct binding **env, struct str name,
                        struct expr *e)
{
    struct binding *x = arena_new_of(v->b->a, struct binding);
    *x = (struct binding){.kind = BOUND_SCALAR, .name = name, .e = e, .next = *env};
    *env = x;
}

void plugin_bind_plan(const struct plugin_call *v, struct binding **env, const char *name,
                      struct plan *p)
{
    struct binding *x = arena_new_of(v->b->a, struct binding);
    *x = (struct binding){.kind = BOUND_PLAN, .name = str_from(name), .plan = p, .next = *env};
    *env = x;
}

struct plan *plugin_template(const struct plugin_call *v, struct binding *env, struct str text)
{
    struct binder *b = v->b;
    struct kql_diags own = {.a = b->a, .text = text}, *outer = b->d;
    struct plan *p = NULL;
    struct expr *e = NULL;
    const struct syn *query = kql_parse(b->a, text, &own);
    CHECK(own.n_errors == 0);
    b->d = &own;
    bool ok = bind_statements(b, env, query, &p, &e);
    b->d = outer;
    if (ok && p != NULL && own.n_errors == 0)
        return p;
    /* a mistake in what was given shows as one in the template, whose text nobody sees */
    bind_error(b, "SEM0219", v->call, "%s(): the arguments do not fit together%s%s",
               z(b, v->call->text), own.v.n > 0 ? ": " : "",
               own.v.n > 0 ? z(b, own.v.p[0].message) : "");
    return NULL;
}

static struct program_arg arg_expr(const char *name, struct expr *e)
{
    return (struct program_arg){.name = str_from(name), .e = e};
}

static struct plan *program_new(const struct plugin_call *v, const char *name, size_t n_args)
{
    struct plan *p = plan_new(v->b, P_PROGRAM, v->in, v->call);
    p->program = arena_new_of(v->b->a, struct program);
    p->program->name = name != NULL ? str_from(name) : v->call->text;
    p->program->args = arena_array(v->b->a, struct program_arg, n_args + 1);
    p->program->n_args = n_args;
    return p;
}

/* All rows of a list of the input's columns; false: only rows could tell, and there are none. */
static bool peek_columns(const struct plugin_call *v, const struct plan_col *c,
                         struct kql_value **out_rows, size_t *out_n)
{
    struct binder *b = v->b;
    const struct kql_catalog *catalog = b->o->catalog;
    *out_n = 0;
    if (catalog == NULL || catalog->peek == NULL || v->in->open || b->d->n_errors > 0)
        return false;
    struct plan *p = plan_new(b, P_AGGREGATE, v->in, v->call);
    p->keys = arena_array(b->a, struct named_expr, 1);
    p->keys[0] = (struct named_expr){plan_fresh(b, c->name, c->type), ex_column(b, c, NULL)};
    p->n_keys = 1;
    plan_add_col(b, p, p->keys[0].col);
    struct err e = {0};
    struct plan *best = optimise(b, p);
    if (best == NULL)
        return false;
    if (catalog->peek(bind_peek_self(catalog), b->a, best, out_rows, out_n, &e))
        return true;
    kql_diag_add(b->d, e.code, "SEM0001", v->call, NULL,
                 "the columns of %s() depend on rows, and these could not be read: %s",
                 z(b, v->call->text), e.msg);
    return false;
}

/* ---- bag_unpack ---- */
struct unpacked {
    struct str key;
    enum kql_type type;
};

static int by_key(const void *x, const void *y)
{
    const struct unpacked *p = x, *q = y;
    return str_cmp(p->key, q->key);
}

/* Members of all bags with the type that fits every value: the type itself, real for long and real,
 * else dynamic. */
static struct unpacked *unpack_types(const struct plugin_call *v, const struct kql_value *rows,
                                     size_t n, const struct json *ignored, size_t *out_n)
{
    struct arena *a = v->b->a;
    struct map *seen = map_new(a, false);
    struct str key;
    void *value;
    for (size_t r = 0; r < n; r++) {
        struct json j;
        struct err e = {0};
        if (rows[r].is_null || !json_parse(a, rows[r].s, NULL, &j, &e) || j.type != JSON_OBJECT)
            continue;
        for (size_t i = 0; i < j.n; i++) {
            struct unpacked *u = map_get(seen, j.keys[i]);
            bool ignore = false;
            for (size_t k = 0; ignored != NULL && k < ignored->n; k++)
                ignore = ignore || str_eq(ignored->items[k].text, j.keys[i]);
            if (ignore)
                continue;
            if (u == NULL) {
                u = arena_new_of(a, struct unpacked);
                *u = (struct unpacked){j.keys[i], KQL_UNKNOWN};
                map_put(seen, j.keys[i], u);
            }
            enum kql_type t = kql_type_of_json(&j.items[i]);
            if (t == KQL_UNKNOWN)
                continue;
            if (u->type == KQL_UNKNOWN || u->type == t)
                u->type = t;
            else if ((u->type == KQL_LONG && t == KQL_REAL) ||
                     (u->type == KQL_REAL && t == KQL_LONG))
                u->type = KQL_REAL;
            else
                u->type = KQL_DYNAMIC;
        }
    }
    struct unpacked *list = arena_array(a, struct unpacked, map_count(seen) + 1);
    *out_n = 0;
    for (size_t i = 0; map_next(seen, &i, &key, &value);)
        list[(*out_n)++] = *(struct unpacked *)value;
    if (*out_n > 0)
        qsort(list, *out_n, sizeof(list[0]), by_key);
    return list;
}

static const struct json *ignored_argument(const struct plugin_call *v)
{
    const struct syn *s = plugin_argument(v, "ignoredProperties", 3);
    struct cx c = cx_of(v->b, v->env, NULL);
    struct expr *e = s != NULL ? bind_constant(&c, s, KQL_DYNAMIC) : NULL;
    struct json *j = arena_new_of(v->b->a, struct json);
    struct err err = {0};
    if (e == NULL || e->kind != EX_CONST || e->value.is_null ||
        !json_parse(v->b->a, e->value.s, NULL, j, &err) || j->type != JSON_ARRAY)
        return NULL;
    return j;
}

/* Whether a member may take its name; with keep_source it steps back, with replace_source the
 * input's column goes. */
static void drop_column(struct plan *p, struct str name)
{
    size_t n = 0;
    for (size_t i = 0; i < p->cols.n; i++)
        if (!str_eq(p->cols.p[i].name, name))
            p->cols.p[n++] = p->cols.p[i];
    p->cols.n = n;
}

static bool has_name(const struct plan *p, struct str name)
{
    for (size_t i = 0; i < p->cols.n; i++)
        if (str_eq(p->cols.p[i].name, name))
            return true;
    return false;
}

static void add_unpacked(const struct plugin_call *v, struct plan *p, struct unpacked u,
                         struct str prefix, struct str conflict)
{
    struct str name =
        prefix.n == 0 ? u.key : arena_fmt(v->b->a, "%.*s%.*s", STR_ARG(prefix), STR_ARG(u.key));
    if (has_name(p, name)) {
        if (str_ieqz(conflict, "keep_source"))
            return;
        if (str_ieqz(conflict, "replace_source")) {
            drop_column(p, name);
        } else {
            kql_diag_add(v->b->d, ERR_SEMANTIC, "SEM0001", v->call,
                         "give a prefix, or columnsConflict='keep_source'",
                         "bag_unpack(): the member '%s' has the name of a column", z(v->b, name));
            return;
        }
    }
    plan_add_col(v->b, p, plan_fresh(v->b, name, u.type == KQL_UNKNOWN ? KQL_DYNAMIC : u.type));
}

static void columns_but(struct binder *b, struct plan *p, const struct plan *in,
                        const struct plan_col *without)
{
    for (size_t i = 0; i < in->cols.n; i++)
        if (&in->cols.p[i] != without)
            plan_add_col(b, p, in->cols.p[i]);
}

/* Columns of OutputSchema: those of the input that it names, and new ones; "*" keeps the input's.
 */
static void schema_columns(const struct plugin_call *v, struct plan *p,
                           const struct plan_col *without)
{
    struct plan_cols want = {0};
    bind_schema(v->b, v->schema, &want);
    if (str_eqz(v->schema->text, "*"))
        columns_but(v->b, p, v->in, without);
    for (size_t i = 0; i < want.n; i++) {
        const struct plan_col *old = bind_find_column(v->in, want.p[i].name);
        if (old != NULL && old != without && old->type == want.p[i].type) {
            if (!has_name(p, old->name))
                plan_add_col(v->b, p, *old);
        } else {
            plan_add_col(v->b, p, plan_fresh(v->b, want.p[i].name, want.p[i].type));
        }
    }
}

/* A member that is called like a column of the input, the bag included, takes its place. */
static void in_old_order(const struct plugin_call *v, struct plan *p)
{
    struct plan_col *list = arena_array(v->b->a, struct plan_col, p->cols.n + 1);
    bool *taken = arena_array(v->b->a, bool, p->cols.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < v->in->cols.n; i++)
        for (size_t k = 0; k < p->cols.n; k++)
            if (!taken[k] && str_eq(p->cols.p[k].name, v->in->cols.p[i].name)) {
                taken[k] = true;
                list[n++] = p->cols.p[k];
                break;
            }
    for (size_t k = 0; k < p->cols.n; k++)
        if (!taken[k])
            list[n++] = p->cols.p[k];
    if (n > 0) /* else both may be NULL */
        memcpy(p->cols.p, list, n * sizeof(*list));
}

/* Members that rows of an insights bag may have and none of these rows has: there when a query
 * names them, empty. So a hunting query runs on a quiet day too. */
static void add_absent_insights(const struct plugin_call *v, struct plan *p, struct str bag,
                                struct str prefix)
{
    const char *const *members = kql_insight_members(bag);
    for (; members != NULL && *members != NULL; members++) {
        struct str name = arena_fmt(v->b->a, "%.*s%s", STR_ARG(prefix), *members);
        if (has_name(p, name))
            continue;
        struct plan_col c = plan_fresh(v->b, name, KQL_STRING);
        c.hidden = true;
        plan_add_col(v->b, p, c);
    }
}

static struct plan *bag_unpack(const struct plugin_call *v)
{
    const struct plan_col *bag = plugin_column(v, "column", 0);
    struct str prefix = text_argument(v, "OutputColumnPrefix", 1);
    struct str conflict = text_argument(v, "columnsConflict", 2);
    const struct json *ignored = ignored_argument(v);
    struct kql_value *rows = NULL;
    size_t n = 0, n_new = 0;
    struct plan *p = program_new(v, "bag_unpack", 2);
    if (bag == NULL) {
        p->open = true;
        return p;
    }
    /* Some members of ActivityInsights repeat a column: published queries unpack it as it is. */
    if (conflict.n == 0 && kql_insight_members(bag->name) != NULL)
        conflict = STR("keep_source");
    if (bag->type != KQL_DYNAMIC)
        bind_error(v->b, "SEM0206", v->call, "bag_unpack() needs a dynamic column, '%s' is %s",
                   z(v->b, bag->name), kql_type_name(bag->type));
    p->program->args[0] = arg_expr("", ex_column(v->b, bag, v->call));
    p->program->args[1] = arg_expr("", ex_string(v->b, prefix));
    p->ordered = v->in->ordered;
    if (v->schema != NULL) {
        schema_columns(v, p, bag);
        return p;
    }
    columns_but(v->b, p, v->in, bag);
    if (!peek_columns(v, bag, &rows, &n)) {
        p->open = true;
        return p;
    }
    p->lenient = p->lenient || n == 0;
    struct unpacked *list = unpack_types(v, rows, n, ignored, &n_new);
    for (size_t i = 0; i < n_new; i++)
        add_unpacked(v, p, list[i], prefix, conflict);
    in_old_order(v, p);
    add_absent_insights(v, p, bag->name, prefix);
    return p;
}

enum { PIVOT_MAX_COLUMNS = 1000 };

/* ---- pivot: an aggregate for each value of the column, with a condition ---- */
static const struct {
    const char *name, *conditional;
} pivot_aggregates[] = {
    {"count", "countif"},
    {"sum", "sumif"},
    {"avg", "avgif"},
    {"min", "minif"},
    {"max", "maxif"},
    {"dcount", "dcountif"},
    {"stdev", "stdevif"},
    {"variance", "varianceif"},
    {"take_any", "take_anyif"},
    {"any", "take_anyif"},
    {"make_list", "make_list_if"},
    {"make_set", "make_set_if"},
    {"make_bag", "make_bag_if"},
};

static const char *pivot_aggregate(const struct plugin_call *v, const struct syn *s)
{
    struct str name = s != NULL ? s->text : STR("count");
    for (size_t i = 0; i < COUNTOF(pivot_aggregates); i++)
        if (str_eqz(name, pivot_aggregates[i].name))
            return pivot_aggregates[i].conditional;
    bind_error(v->b, "SEM0001", s, "pivot() does not know the aggregation '%s'", z(v->b, name));
    return NULL;
}

static bool syn_reads(const struct syn *s, struct str column)
{
    if (s->kind == SYN_NAME && str_eq(s->text, column))
        return true;
    for (size_t i = 0; i < s->n; i++)
        if (s->kids[i] != NULL && syn_reads(s->kids[i], column))
            return true;
    return false;
}

static void pivot_key(const struct plugin_call *v, struct plan *p, const struct plan_col *c)
{
    struct plan_col out = plan_fresh(v->b, c->name, c->type);
    p->keys[p->n_keys++] = (struct named_expr){out, ex_column(v->b, c, NULL)};
    plan_add_col(v->b, p, out);
}

static void pivot_keys(const struct plugin_call *v, struct plan *p, const struct plan_col *pivot,
                       const struct syn *aggregate)
{
    p->keys = arena_array(v->b->a, struct named_expr, v->in->cols.n + v->call->n + 1);
    for (size_t i = 2; i < v->call->n; i++) {
        const struct plan_col *c = plugin_column(v, "", i);
        if (c != NULL)
            pivot_key(v, p, c);
    }
    for (size_t i = 0; v->call->n <= 2 && i < v->in->cols.n; i++) {
        const struct plan_col *c = &v->in->cols.p[i];
        if (c != pivot && !c->hidden && (aggregate == NULL || !syn_reads(aggregate, c->name)))
            pivot_key(v, p, c);
    }
}

/* The aggregate of the rows with that value of the pivot column. */
static struct expr *pivot_value(const struct plugin_call *v, const struct plan_col *pivot,
                                const struct syn *aggregate, const char *conditional,
                                struct kql_value value)
{
    struct binder *b = v->b;
    struct cx c = cx_of(b, v->env, v->in);
    c.inside_aggregate = true;
    size_t n = aggregate != NULL ? aggregate->n : 0, used = 0;
    struct expr **args = arena_array(b->a, struct expr *, n + 2);
    struct expr *same =
        ex_call2(b, "==", KQL_BOOL, ex_column(b, pivot, NULL), ex_const(b, value, NULL));
    for (size_t i = 0; i < n && i < 1; i++)
        args[used++] = bind_expr(&c, aggregate->kids[i]);
    args[used++] = same;
    for (size_t i = 1; i < n; i++)
        args[used++] = bind_expr(&c, aggregate->kids[i]);
    const struct kql_func *f = kql_func_get(str_from(conditional), KF_AGGREGATE, KF_AGGREGATE);
    CHECK(f != NULL);
    struct cx outer = cx_of(b, v->env, v->in);
    outer.aggregates = true;
    return bind_apply_function(&outer, f, args, NULL, used, v->call);
}

static void pivot_column(const struct plugin_call *v, struct plan *p, struct str name,
                         struct expr *e)
{
    struct plan_col out = plan_fresh(v->b, name, e->type);
    plan_add_named(v->b, p, (struct named_expr){out, e});
    plan_add_col(v->b, p, out);
}

/* pivot(…) : (Key: string, Value1: long, …): the columns that are named, whatever the rows hold. */
static struct plan *pivot_schema(const struct plugin_call *v, struct plan *p,
                                 const struct plan_col *pivot, const struct syn *aggregate,
                                 const char *conditional)
{
    struct binder *b = v->b;
    struct plan_cols want = {0};
    bind_schema(b, v->schema, &want);
    struct named_expr *list = arena_array(b->a, struct named_expr, want.n + 1);
    size_t n_keys = p->cols.n;
    for (size_t i = 0; i < want.n; i++) {
        const struct plan_col *c = bind_find_column(p, want.p[i].name);
        if (c == NULL || c >= p->cols.p + n_keys) {
            struct kql_value name = {.type = KQL_STRING, .s = want.p[i].name}, value;
            if (!kql_value_convert(b->a, &name, pivot->type, &value))
                value = (struct kql_value){.type = pivot->type, .is_null = true};
            pivot_column(v, p, want.p[i].name,
                         pivot_value(v, pivot, aggregate, conditional, value));
            c = &p->cols.p[p->cols.n - 1];
        }
        list[i] = (struct named_expr){plan_fresh(b, want.p[i].name, want.p[i].type),
                                      ex_cast(b, ex_column(b, c, v->call), want.p[i].type)};
    }
    return plan_project(b, p, list, want.n, v->call);
}

static int by_text(const void *x, const void *y)
{
    const struct kql_value *p = x, *q = y;
    return p->type == KQL_STRING ? str_cmp(p->s, q->s) : (p->i > q->i) - (p->i < q->i);
}

static struct plan *pivot(const struct plugin_call *v)
{
    const struct plan_col *column = plugin_column(v, "pivotColumn", 0);
    const struct syn *s = plugin_argument(v, "aggregationFunction", 1);
    const struct syn *aggregate =
        s != NULL && bind_strip(s)->kind == SYN_CALL ? bind_strip(s) : NULL;
    struct kql_value *rows = NULL;
    size_t n = 0;
    const char *conditional = pivot_aggregate(v, aggregate);
    struct plan *p = plan_new(v->b, P_AGGREGATE, v->in, v->call);
    if (column == NULL || conditional == NULL) {
        p->open = true;
        return p;
    }
    pivot_keys(v, p, column, aggregate);
    if (v->schema != NULL)
        return pivot_schema(v, p, column, aggregate, conditional);
    struct names names = names_start(v->b);
    for (size_t i = 0; i < p->cols.n; i++)
        names_reserve(&names, p->cols.p[i].name);
    if (!peek_columns(v, column, &rows, &n)) {
        p->open = true;
        return p;
    }
    p->lenient = n == 0;
    /* The database plans them in a time that grows with their square. */
    if (n > PIVOT_MAX_COLUMNS) {
        kql_diag_add(v->b->d, ERR_LIMIT, "LIM0003", v->call,
                     "group rarer values, for example with iff(), in front of pivot",
                     "pivot() would make %zu columns; the limit is %d", n, PIVOT_MAX_COLUMNS);
        p->open = true;
        return p;
    }
    if (n > 0)
        qsort(rows, n, sizeof(rows[0]), by_text);
    for (size_t i = 0; i < n; i++) {
        struct kql_value name;
        struct expr *e = pivot_value(v, column, aggregate, conditional, rows[i]);
        if (kql_value_convert(v->b->a, &rows[i], KQL_STRING, &name))
            pivot_column(v, p, names_unique(&names, name.s), e);
    }
    return p;
}

/* ---- narrow ---- */
static struct plan *narrow(const struct plugin_call *v)
{
    struct plan *p = program_new(v, "narrow", 0);
    plan_add_col(v->b, p, plan_fresh(v->b, STR("Row"), KQL_LONG));
    plan_add_col(v->b, p, plan_fresh(v->b, STR("Column"), KQL_STRING));
    plan_add_col(v->b, p, plan_fresh(v->b, STR("Value"), KQL_STRING));
    p->open = v->in->open;
    return p;
}

/* ---- lookups: a table's columns for the rows that it matches ---- */
/* All columns of a table, then those of another but some. */
static void add_looked_up(const struct plugin_call *v, struct plan *p, const struct plan *left,
                          const struct plan *right, const struct plan_col *const *without,
                          size_t n_without)
{
    struct names names = names_start(v->b);
    for (size_t i = 0; i < left->cols.n; i++) {
        names_reserve(&names, left->cols.p[i].name);
        plan_add_col(v->b, p, left->cols.p[i]);
    }
    for (size_t i = 0; i < right->cols.n; i++) {
        struct plan_col c = right->cols.p[i];
        bool wanted = true;
        for (size_t k = 0; k < n_without; k++)
            wanted = wanted && c.id != without[k]->id;
        if (!wanted)
            continue;
        c.name = names_unique(&names, c.name);
        plan_add_col(v->b, p, c);
    }
}

/* ---- ipv4_lookup, ipv6_lookup ---- */
/* (LookupTable, SourceColumn, LookupColumn [, key …] [, return_unmatched = false]) */
static struct plan *ip_lookup(const struct plugin_call *v)
{
    struct binder *b = v->b;
    if (v->call->n < 3 || !bind_is_table(b, v->env, v->call->kids[0])) {
        bind_error(b, "SEM0219", v->call,
                   "%s() needs a table, a column with addresses and a column of the table with "
                   "networks",
                   z(b, v->call->text));
        return bind_nothing(b, v->call);
    }
    struct plan *right = bind_table(b, v->env, v->call->kids[0]);
    struct plugin_call r = *v;
    r.in = right;
    struct plan *p = plan_two(b, P_PROGRAM, v->in, right, v->call);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = v->call->text;
    p->program->args = arena_array(b->a, struct program_arg, 2 * v->call->n + 1);
    const struct plan_col *address = plugin_column(v, "SourceIPv4Key", 1);
    const struct plan_col *network = plugin_column(&r, "IPv4LookupKey", 2);
    const struct plan_col **keys = arena_array(b->a, const struct plan_col *, v->call->n);
    size_t n = 0, n_keys = 0;
    if (address == NULL || network == NULL)
        return bind_nothing(b, v->call);
    p->program->args[n++] = arg_expr("", ex_column(b, address, v->call));
    p->program->args[n++] = arg_expr("", ex_column(b, network, v->call));
    for (size_t i = 3; i < v->call->n; i++) {
        const struct syn *s = v->call->kids[i];
        struct cx none = cx_of(b, v->env, NULL);
        if (s->kind == SYN_NAMED || bind_strip(s)->kind == SYN_LITERAL) {
            s = s->kind == SYN_NAMED ? s->kids[0] : s;
            p->program->args[n++] = arg_expr("return_unmatched", bind_constant(&none, s, KQL_BOOL));
            continue;
        }
        const struct plan_col *left_key = plugin_column(v, "", i);
        const struct plan_col *right_key = plugin_column(&r, "", i);
        if (left_key == NULL || right_key == NULL)
            continue;
        p->program->args[n++] = arg_expr("key", ex_column(b, left_key, s));
        p->program->args[n++] = arg_expr("key", ex_column(b, right_key, s));
        keys[n_keys++] = right_key;
    }
    p->program->n_args = n;
    if (str_eqz(v->call->text, "ipv6_lookup")) /* the table's columns come first */
        add_looked_up(v, p, right, v->in, NULL, 0);
    else
        add_looked_up(v, p, v->in, right, keys, n_keys);
    return p;
}

/* ---- geo_polygon_lookup, geo_line_lookup ---- */
static struct expr *constant_argument(const struct plugin_call *v, const char *name, size_t at,
                                      enum kql_type t)
{
    const struct syn *s = plugin_argument(v, name, at);
    struct cx c = cx_of(v->b, v->env, NULL);
    return s != NULL ? ex_cast(v->b, bind_constant(&c, s, t), t) : NULL;
}

static bool is_set(const struct expr *e)
{
    return e != NULL && e->kind == EX_CONST && !e->value.is_null && e->value.b;
}

/* (LookupTable, LookupKey, SourceLongitude, SourceLatitude [, radius] [, return_unmatched]
 * [, lookup_area_radius] [, return_lookup_key]) */
static struct plan *geo_lookup(const struct plugin_call *v)
{
    struct binder *b = v->b;
    bool line = str_eqz(v->call->text, "geo_line_lookup");
    if (v->call->n < (line ? 5 : 4) || !bind_is_table(b, v->env, v->call->kids[0])) {
        bind_error(b, "SEM0219", v->call,
                   "%s() needs a table, its column of shapes, a longitude, a latitude%s",
                   z(b, v->call->text), line ? " and a radius" : "");
        return bind_nothing(b, v->call);
    }
    struct plan *right = bind_table(b, v->env, v->call->kids[0]);
    struct plugin_call r = *v;
    r.in = right;
    const struct plan_col *key = plugin_column(&r, "", 1);
    const struct plan_col *lng = plugin_column(v, "", 2), *lat = plugin_column(v, "", 3);
    struct expr *radius = constant_argument(v, "radius", 4, KQL_REAL);
    struct expr *all = constant_argument(v, "return_unmatched", 5, KQL_BOOL);
    (void)constant_argument(v, "lookup_area_radius", 6, KQL_REAL); /* a hint about speed */
    if (key == NULL || lng == NULL || lat == NULL)
        return bind_nothing(b, v->call);
    struct plan *p = plan_two(b, P_PROGRAM, v->in, right, v->call);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = v->call->text;
    p->program->args = arena_array(b->a, struct program_arg, 5);
    p->program->args[0] = arg_expr("", ex_cast(b, ex_column(b, lng, v->call), KQL_REAL));
    p->program->args[1] = arg_expr("", ex_cast(b, ex_column(b, lat, v->call), KQL_REAL));
    p->program->args[2] = arg_expr("", ex_cast(b, ex_column(b, key, v->call), KQL_DYNAMIC));
    p->program->n_args = 3;
    if (radius != NULL)
        p->program->args[p->program->n_args++] = arg_expr("radius", radius);
    if (all != NULL)
        p->program->args[p->program->n_args++] = arg_expr("return_unmatched", all);
    bool with_key = is_set(constant_argument(v, "return_lookup_key", 7, KQL_BOOL));
    add_looked_up(v, p, v->in, right, &key, with_key ? 0 : 1);
    return p;
}

/* ---- infer_storage_schema ---- */
/* It lists the files of a storage account, with the asker's credentials: there is neither. */
static struct plan *infer_storage_schema(const struct plugin_call *v)
{
    struct plan *p = plan_new(v->b, P_PROGRAM, NULL, v->call);
    p->program = arena_new_of(v->b->a, struct program);
    p->program->name = v->call->text;
    plan_add_col(v->b, p, plan_fresh(v->b, STR("CslSchema"), KQL_STRING));
    kql_diag_add(v->b->d, ERR_UNSUPPORTED, "SEM0500", v->call,
                 "read a file with externaldata, or 'externaldata (line: string)' to see its text",
                 "infer_storage_schema() is not supported: storage accounts are not reached");
    return p;
}

static const struct {
    const char *name;
    plugin_fn *fn;
} plugins[] = {
    {"active_users_count", bind_user_plugin},
    {"activity_counts_metrics", bind_user_plugin},
    {"activity_engagement", bind_user_plugin},
    {"activity_metrics", bind_user_plugin},
    {"autocluster", bind_mine_plugin},
    {"bag_unpack", bag_unpack},
    {"basket", bind_mine_plugin},
    {"dcount_intersect", bind_row_plugin},
    {"diffpatterns", bind_mine_plugin},
    {"funnel_sequence", bind_user_plugin},
    {"funnel_sequence_completion", bind_user_plugin},
    {"geo_line_lookup", geo_lookup},
    {"geo_polygon_lookup", geo_lookup},
    {"infer_storage_schema", infer_storage_schema},
    {"ipv4_lookup", ip_lookup},
    {"ipv6_lookup", ip_lookup},
    {"narrow", narrow},
    {"new_activity_metrics", bind_user_plugin},
    {"pivot", pivot},
    {"preview", bind_row_plugin},
    {"rolling_percentile", bind_row_plugin},
    {"rows_near", bind_row_plugin},
    {"schema_merge", bind_row_plugin},
    {"sequence_detect", bind_row_plugin},
    {"session_count", bind_user_plugin},
    {"sliding_window_counts", bind_user_plugin},
};

const char *kql_plugin_at(size_t i)
{
    return i < COUNTOF(plugins) ? plugins[i].name : NULL;
}

static struct plan *unknown_plugin(const struct plugin_call *v)
{
    struct binder *b = v->b;
    struct suggest near = {.want = v->call->text};
    for (size_t i = 0; i < COUNTOF(plugins); i++)
        suggest_offer(&near, str_from(plugins[i].name));
    const char *hint =
        near.best.n == 0 ? NULL : z(b, arena_fmt(b->a, "did you mean '%.*s'?", STR_ARG(near.best)));
    const struct syn word = syn_word(v->call);
    kql_diag_add(b->d, ERR_SEMANTIC, "SEM0260", &word, hint, "unknown plugin: '%s'",
                 z(b, v->call->text));
    return bind_nothing(b, v->call);
}

struct plan *op_evaluate(struct binder *b, struct binding *env, struct plan *in,
                         const struct syn *op)
{
    const struct syn *call = op->n > 0 ? op->kids[0] : NULL;
    if (call != NULL && call->kind == SYN_MEMBER && call->n == 2)
        call = call->kids[1];
    if (call == NULL || call->kind != SYN_CALL)
        return bind_nothing(b, op);
    struct plugin_call v = {b, env, in, call, op->n > 1 ? op->kids[1] : NULL};
    if (str_eqz(call->text, "infer_storage_schema"))
        return infer_storage_schema(&v);
    if (in == NULL) {
        bind_error(b, "SEM0001", op, "the plugin '%s' needs a table before it", z(b, call->text));
        return bind_nothing(b, op);
    }
    for (size_t i = 0; i < COUNTOF(plugins); i++)
        if (str_eqz(call->text, plugins[i].name))
            return plugins[i].fn(&v);
    return unknown_plugin(&v);
}
