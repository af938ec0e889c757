/* Making bound expressions, and computing now what does not depend on rows. */
#include "kql/bind_priv.h"
#include "text/date.h"

static struct expr *ex_new(struct binder *b, enum expr_kind k, enum kql_type t)
{
    struct expr *e = arena_new_of(b->a, struct expr);
    e->kind = k;
    e->type = t;
    e->weight = 1;
    return e;
}

struct expr *ex_const(struct binder *b, struct kql_value v, const struct syn *at)
{
    struct expr *e = ex_new(b, EX_CONST, v.type);
    e->value = v;
    if (at != NULL) {
        e->off = at->off;
        e->len = at->len;
    }
    return e;
}

struct expr *ex_long(struct binder *b, int64_t v)
{
    return ex_const(b, (struct kql_value){.type = KQL_LONG, .i = v}, NULL);
}

struct expr *ex_bool(struct binder *b, bool v)
{
    return ex_const(b, (struct kql_value){.type = KQL_BOOL, .b = v}, NULL);
}

struct expr *ex_string(struct binder *b, struct str v)
{
    return ex_const(b, (struct kql_value){.type = KQL_STRING, .s = v}, NULL);
}

struct expr *ex_null(struct binder *b, enum kql_type t)
{
    return ex_const(b, (struct kql_value){.type = t, .is_null = t != KQL_STRING}, NULL);
}

/* Columns that are only passed on have one expression each, since every extend passes on all. */
static struct expr **passed_on(struct binder *b, uint32_t id)
{
    if (id >= b->n_passed) {
        size_t n = id < b->n_passed * 2 ? b->n_passed * 2 : (size_t)id + 64;
        b->passed = arena_grow(b->a, b->passed, b->n_passed * sizeof(b->passed[0]),
                               n * sizeof(b->passed[0]));
        memset(b->passed + b->n_passed, 0, (n - b->n_passed) * sizeof(b->passed[0]));
        b->n_passed = n;
    }
    return &b->passed[id];
}

struct expr *ex_column(struct binder *b, const struct plan_col *c, const struct syn *at)
{
    struct expr **known = at == NULL ? passed_on(b, c->id) : NULL;
    if (known != NULL && *known != NULL && (*known)->type == c->type &&
        (*known)->absent == c->absent)
        return *known;
    struct expr *e = ex_new(b, EX_COLUMN, c->type);
    e->col = c->id;
    e->absent = c->absent;
    if (known != NULL) {
        *known = e;
        return e;
    }
    e->off = at->off;
    e->len = at->len;
    return e;
}

struct expr *ex_call(struct binder *b, const char *name, enum kql_type type, struct expr **args,
                     size_t n)
{
    const struct kql_func *f = kql_func_find(str_from(name));
    CHECK(f != NULL);
    struct expr *e = ex_new(b, EX_CALL, type);
    e->fn = f;
    e->args = arena_array(b->a, struct expr *, n + 1);
    uint64_t weight = 1;
    for (size_t i = 0; i < n; i++) {
        e->args[i] = args[i];
        weight += args[i]->weight;
        e->height = args[i]->height >= e->height ? args[i]->height + 1 : e->height;
    }
    /* two calls that each write their argument twice, and so on; a let that adds to the one before
     */
    if (weight > BIND_MAX_WEIGHT || e->height > BIND_MAX_HEIGHT) {
        bind_too_large(b, NULL);
        return ex_null(b, type);
    }
    e->weight = (uint32_t)weight;
    e->n_args = n;
    if (n > 0) {
        e->off = args[0]->off;
        e->len = args[0]->len;
    }
    return e;
}

struct expr *ex_call1(struct binder *b, const char *name, enum kql_type type, struct expr *x)
{
    return ex_call(b, name, type, &x, 1);
}

struct expr *ex_call2(struct binder *b, const char *name, enum kql_type type, struct expr *x,
                      struct expr *y)
{
    struct expr *args[2] = {x, y};
    return ex_call(b, name, type, args, 2);
}

struct expr *ex_and(struct binder *b, struct expr *x, struct expr *y)
{
    if (x == NULL || y == NULL)
        return x != NULL ? x : y;
    return ex_call2(b, "and", KQL_BOOL, x, y);
}

/* ---- casts ---- */
static const char *const cast_names[KQL_N_TYPES] = {
    [KQL_BOOL] = "tobool",         [KQL_INT] = "toint",           [KQL_LONG] = "tolong",
    [KQL_REAL] = "toreal",         [KQL_DECIMAL] = "todecimal",   [KQL_STRING] = "tostring",
    [KQL_DATETIME] = "todatetime", [KQL_TIMESPAN] = "totimespan",
};

/* Widening of a literal, exact ones only. */
static struct expr *cast_literal(struct binder *b, const struct expr *e, enum kql_type to)
{
    struct kql_value v = e->value;
    bool whole = v.type == KQL_INT || v.type == KQL_LONG;
    if (v.is_null && v.type != KQL_STRING && to != KQL_STRING) {
        v.type = to;
    } else if (whole && to == KQL_LONG) {
        v.type = KQL_LONG;
    } else if (whole && to == KQL_REAL && v.i > -(1LL << 53) && v.i < (1LL << 53)) {
        v.type = KQL_REAL;
        v.d = (double)v.i;
    } else {
        return NULL;
    }
    struct expr *r = ex_const(b, v, NULL);
    r->off = e->off;
    r->len = e->len;
    return r;
}

struct expr *ex_cast(struct binder *b, struct expr *e, enum kql_type to)
{
    if (e->type == to || e->type == KQL_UNKNOWN || to == KQL_UNKNOWN)
        return e;
    if (e->kind == EX_CONST) {
        struct expr *r = cast_literal(b, e, to);
        if (r != NULL)
            return r;
    }
    struct expr *r;
    if (cast_names[to] != NULL)
        r = ex_call1(b, cast_names[to], to, e);
    else
        r = ex_call2(b, "__cast", to, ex_null(b, to), e);
    r->off = e->off;
    r->len = e->len;
    return r;
}

/* ---- questions ---- */
bool ex_has_subquery(const struct expr *e)
{
    bool found = e != NULL && e->plan != NULL;
    for (size_t i = 0; e != NULL && !found && i < e->n_args; i++)
        found = ex_has_subquery(e->args[i]);
    return found;
}

bool ex_is_constant(const struct expr *e)
{
    if (e->kind == EX_COLUMN)
        return false;
    for (size_t i = 0; i < e->n_args; i++)
        if (!ex_is_constant(e->args[i]))
            return false;
    return e->kind != EX_CALL || (e->fn->flags & (KF_AGGREGATE | KF_WINDOW)) == 0;
}

static bool has_flag(const struct expr *e, uint32_t flag)
{
    if (e->kind == EX_CALL && (e->fn->flags & flag) != 0)
        return true;
    for (size_t i = 0; i < e->n_args; i++)
        if (has_flag(e->args[i], flag))
            return true;
    return false;
}

bool ex_has_window(const struct expr *e)
{
    return has_flag(e, KF_WINDOW);
}

bool ex_has_aggregate(const struct expr *e)
{
    return has_flag(e, KF_AGGREGATE);
}

/* ---- folding ---- */
static bool add_ticks(int64_t a, int64_t x, bool minus, int64_t *out)
{
    return !(minus ? __builtin_sub_overflow(a, x, out) : __builtin_add_overflow(a, x, out));
}

/* datetime ± timespan and timespan ± timespan: so that bounds of time are literals, which an engine
 * can prune by. */
static bool fold_sum(const struct expr *e, bool minus, struct kql_value *out)
{
    const struct kql_value *x = &e->args[0]->value, *y = &e->args[1]->value;
    bool times = (x->type == KQL_DATETIME || x->type == KQL_TIMESPAN) && y->type == KQL_TIMESPAN;
    if (!times || x->is_null || y->is_null || e->type != x->type)
        return false;
    *out = (struct kql_value){.type = e->type};
    if (!add_ticks(x->i, y->i, minus, &out->i))
        return false;
    return e->type != KQL_DATETIME || (out->i >= 0 && out->i <= TICKS_MAX);
}

static bool fold_value(const struct binder *b, const struct expr *e, struct kql_value *out)
{
    const char *name = e->fn->name;
    if (strcmp(name, "now") == 0 && e->n_args == 0) {
        if (b->o->windows != KQL_WINDOWS_NONE)
            return false;
        *out = (struct kql_value){.type = KQL_DATETIME, .i = b->o->now_ticks};
        return true;
    }
    for (size_t i = 0; i < e->n_args; i++)
        if (e->args[i]->kind != EX_CONST)
            return false;
    bool now = strcmp(name, "now") == 0, ago = strcmp(name, "ago") == 0;
    if ((now || ago) && b->o->windows != KQL_WINDOWS_NONE)
        return false;
    if ((now || ago) && e->n_args == 1) {
        const struct kql_value *v = &e->args[0]->value;
        *out = (struct kql_value){.type = KQL_DATETIME};
        return v->type == KQL_TIMESPAN && !v->is_null &&
               add_ticks(b->o->now_ticks, v->i, ago, &out->i) && out->i >= 0 && out->i <= TICKS_MAX;
    }
    if (strcmp(name, "neg") == 0 && e->n_args == 1) {
        *out = e->args[0]->value;
        if (out->is_null || out->type == KQL_DECIMAL || out->i == INT64_MIN)
            return false;
        out->type = e->type;
        out->i = -out->i;
        out->d = -out->d;
        return true;
    }
    if (e->n_args == 2 && strcmp(name, "+") == 0)
        return fold_sum(e, false, out);
    if (e->n_args == 2 && strcmp(name, "-") == 0)
        return fold_sum(e, true, out);
    return false;
}

struct expr *ex_fold(struct binder *b, struct expr *e)
{
    struct kql_value v;
    if (e->kind != EX_CALL)
        return e;
    if (!fold_value(b, e, &v)) {
        bool now = strcmp(e->fn->name, "now") == 0, ago = strcmp(e->fn->name, "ago") == 0;
        bool moves = b->o->windows != KQL_WINDOWS_NONE; /* each window has its own */
        if ((!now && !ago) || e->n_args != 1 || (e->args[0]->kind == EX_CONST && !moves))
            return e;
        v = (struct kql_value){.type = KQL_DATETIME, .i = b->o->now_ticks};
        struct expr *at = moves ? ex_call(b, "now", KQL_DATETIME, NULL, 0) : ex_const(b, v, NULL);
        return ex_call2(b, now ? "+" : "-", KQL_DATETIME, at, e->args[0]);
    }
    struct expr *r = ex_const(b, v, NULL);
    r->off = e->off;
    r->len = e->len;
    return r;
}
