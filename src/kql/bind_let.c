/* Statements: let, declare query_parameters, set …; and calls of functions that the query or the
 * catalogue defines, which are put in place of the call. */
#include "kql/bind_priv.h"

/* ---- stored functions ---- */
static const struct syn *parse_stored(struct binder *b, const struct kql_stored_function *f,
                                      const struct syn *at)
{
    struct str text = arena_fmt(b->a, "let %.*s = %.*s %.*s;\nprint 1", STR_ARG(f->name),
                                STR_ARG(f->parameters), STR_ARG(f->body));
    struct kql_diags d = {.a = b->a, .text = text};
    const struct syn *q = kql_parse(b->a, text, &d);
    if (d.n_errors == 0 && q->n > 0 && q->kids[0]->kind == SYN_LET && q->kids[0]->n > 0 &&
        q->kids[0]->kids[0]->kind == SYN_FUNC_DECL)
        return q->kids[0]->kids[0];
    if (at != NULL)
        bind_error(b, "SEM0001", at, "the stored function '%s' can't be read%s%s", z(b, f->name),
                   d.v.n > 0 ? ": " : "", d.v.n > 0 ? z(b, d.v.p[0].message) : "");
    return NULL;
}

static const struct syn *find_stored(struct binder *b, struct str name, const struct syn *at)
{
    const struct kql_catalog *cat = b->o->catalog;
    struct kql_stored_function f = {0};
    const struct syn *known = map_get(b->functions, name);
    if (known != NULL)
        return known;
    if (cat == NULL || cat->find_function == NULL || !cat->find_function(cat->self, b->a, name, &f))
        return NULL;
    f.name = name;
    const struct syn *decl = parse_stored(b, &f, at);
    if (decl != NULL)
        map_put(b->functions, arena_str(b->a, name), (void *)(uintptr_t)decl);
    return decl;
}

const struct syn *bind_find_function(struct binder *b, struct binding *env, struct str name,
                                     struct binding **out_env, const struct syn *at)
{
    struct binding *v = bind_lookup(env, name);
    if (v != NULL && v->kind == BOUND_FUNCTION) {
        *out_env = v->env;
        return v->syn;
    }
    *out_env = NULL;
    if (bind_may_read(env, STR_NONE, name))
        return find_stored(b, name, at);
    const struct syn *decl = find_stored(b, name, NULL);
    return decl == NULL || bind_function_is_table(b, NULL, decl) ? NULL : decl;
}

static bool is_stored(const struct binder *b, struct str name, const struct syn *decl)
{
    return map_get(b->functions, name) == decl;
}

/* ---- does a function give a table? ---- */
static struct binding *pretend_parameters(struct binder *b, struct binding *env,
                                          const struct syn *decl)
{
    for (size_t i = 1; i < decl->n; i++) {
        const struct syn *p = decl->kids[i];
        bool table = p->n > 0 && p->kids[0]->kind == SYN_SCHEMA;
        struct binding v = {.kind = table ? BOUND_PLAN : BOUND_SCALAR, .name = p->text};
        v.e = ex_null(b, KQL_UNKNOWN);
        env = bind_push(b, env, v);
    }
    return env;
}

static bool last_is_table(struct binder *b, struct binding *env, const struct syn *decl)
{
    const struct syn *body = decl->kids[0];
    bool table = false;
    b->inline_depth++;
    env = pretend_parameters(b, env, decl);
    for (size_t i = 0; i < body->n; i++) {
        const struct syn *s = body->kids[i];
        if (s->kind == SYN_LET && s->n > 0) {
            struct binding v = {
                .kind = BOUND_SCALAR, .name = s->text, .syn = s->kids[0], .env = env};
            if (s->kids[0]->kind == SYN_FUNC_DECL)
                v.kind = BOUND_FUNCTION;
            else if (bind_is_table(b, env, s->kids[0]))
                v.kind = BOUND_PLAN;
            v.e = ex_null(b, KQL_UNKNOWN);
            env = bind_push(b, env, v);
        } else if (s->kind == SYN_EXPR_STMT && s->n > 0) {
            table = bind_is_table(b, env, s->kids[0]);
        }
    }
    b->inline_depth--;
    return table;
}

/* Answered once for a function, what it sees and how deep it is asked: bodies that call two others,
 * whose bodies call two others, would be looked at twice as often with each step. */
bool bind_function_is_table(struct binder *b, struct binding *env, const struct syn *decl)
{
    const uintptr_t key[3] = {(uintptr_t)decl, (uintptr_t)env, b->inline_depth};
    struct str asked = {(const char *)key, sizeof(key)};
    if (b->inline_depth >= BIND_MAX_INLINE || b->failed_limit)
        return true;
    if (b->gives_table == NULL)
        b->gives_table = map_new(b->a, false);
    uintptr_t known = (uintptr_t)map_get(b->gives_table, asked); /* 0: not yet, 1: no, 2: yes */
    if (known == 0) {
        known = last_is_table(b, env, decl) ? 2 : 1;
        map_put(b->gives_table, arena_str(b->a, asked), (void *)known);
    }
    return known == 2;
}

/* ---- parameters ---- */
/* By its name, or the next of those without one. *next: how many of the latter were taken. */
static const struct syn *argument_for(const struct syn *call, const struct syn *param, size_t *next)
{
    size_t at = 0;
    for (size_t k = 0; k < call->n; k++)
        if (call->kids[k]->kind == SYN_NAMED && str_eq(call->kids[k]->text, param->text))
            return call->kids[k]->kids[0];
    for (size_t k = 0; k < call->n; k++) {
        if (call->kids[k]->kind == SYN_NAMED || at++ != *next)
            continue;
        (*next)++;
        return call->kids[k];
    }
    return NULL;
}

static struct binding table_argument(const struct cx *c, const struct syn *param,
                                     const struct syn *arg, struct plan *piped,
                                     const struct syn *call)
{
    struct binder *b = c->b;
    struct binding v = {.kind = BOUND_PLAN, .name = param->text};
    struct plan *p = piped;
    if (p == NULL && arg == NULL) {
        bind_error(b, "SEM0219", call, "%s(): the table argument '%s' is missing", z(b, call->text),
                   z(b, param->text));
        p = bind_nothing(b, call);
    } else if (p == NULL) {
        p = bind_table(b, c->env, arg);
    }
    const struct syn *want = param->kids[0];
    for (size_t i = 0; i < want->n && !p->open; i++)
        if (want->kids[i]->kind == SYN_COLUMN_DECL &&
            bind_find_column(p, want->kids[i]->text) == NULL)
            bind_error(b, "SEM0100", arg != NULL ? arg : call,
                       "%s(): the table given for '%s' has no column '%s'", z(b, call->text),
                       z(b, param->text), z(b, want->kids[i]->text));
    p->shared_id = ++b->next_shared;
    v.plan = p;
    return v;
}

static struct binding scalar_argument(const struct cx *c, const struct syn *param,
                                      const struct syn *arg, const struct syn *call)
{
    struct binder *b = c->b;
    struct binding v = {.kind = BOUND_SCALAR, .name = param->text};
    enum kql_type t = KQL_UNKNOWN;
    if (param->n > 0)
        bind_type_of(b, param->kids[0], &t);
    if (arg != NULL) {
        v.e = bind_expr(c, arg);
    } else if (param->n > 1) {
        struct cx none = cx_of(b, NULL, NULL);
        v.e = bind_expr(&none, param->kids[1]);
    } else {
        bind_error(b, "SEM0219", call, "%s(): the argument '%s' is missing", z(b, call->text),
                   z(b, param->text));
        v.e = bind_unknown(b, call);
    }
    bool number = kql_type_is_number(t) && kql_type_is_number(v.e->type);
    bool fits = v.e->type == t || number || v.e->type == KQL_DYNAMIC || t == KQL_DYNAMIC;
    if (v.e->type != KQL_UNKNOWN && t != KQL_UNKNOWN && !fits)
        bind_error(b, "SEM0219", arg != NULL ? arg : call, "%s(): '%s' must be %s, not %s",
                   z(b, call->text), z(b, param->text), kql_type_name(t), kql_type_name(v.e->type));
    v.e = ex_fold(b, ex_cast(b, v.e, t));
    return v;
}

static bool declared(const struct syn *decl, struct str name)
{
    for (size_t i = 1; i < decl->n; i++)
        if (str_eq(decl->kids[i]->text, name))
            return true;
    return false;
}

static void check_arguments(const struct cx *c, const struct syn *call, const struct syn *decl,
                            size_t piped)
{
    size_t positional = piped;
    bool ordered = true; /* a name in its place changes nothing for those behind it */
    for (size_t i = 0; i < call->n; i++) {
        const struct syn *k = call->kids[i];
        size_t at = 1 + piped + i;
        if (k->kind == SYN_NAMED)
            ordered = ordered && at < decl->n && str_eq(decl->kids[at]->text, k->text);
        else if (!ordered)
            bind_error(c->b, "SEM0219", k,
                       "%s(): behind an argument named out of order all others "
                       "must be named",
                       z(c->b, call->text));
        positional += call->kids[i]->kind != SYN_NAMED;
        if (call->kids[i]->kind == SYN_NAMED && !declared(decl, call->kids[i]->text))
            bind_error(c->b, "SEM0219", call->kids[i], "%s() has no parameter '%s'",
                       z(c->b, call->text), z(c->b, call->kids[i]->text));
    }
    if (positional > decl->n - 1)
        bind_error(c->b, "SEM0219", call, "%s() takes %zu argument%s, not %zu", z(c->b, call->text),
                   decl->n - 1, decl->n == 2 ? "" : "s", positional);
}

static struct binding *bind_arguments(const struct cx *c, const struct syn *call,
                                      const struct syn *decl, struct binding *env,
                                      struct plan *piped)
{
    size_t shift = piped != NULL ? 1 : 0;
    size_t next = 0;
    check_arguments(c, call, decl, shift);
    for (size_t i = 1; i < decl->n; i++) {
        const struct syn *param = decl->kids[i];
        bool first = i == 1 && piped != NULL;
        const struct syn *arg = first ? NULL : argument_for(call, param, &next);
        bool table = param->n > 0 && param->kids[0]->kind == SYN_SCHEMA;
        struct binding v = table ? table_argument(c, param, arg, first ? piped : NULL, call)
                                 : scalar_argument(c, param, arg, call);
        env = bind_push(c->b, env, v);
    }
    return env;
}

bool bind_call_user(const struct cx *c, const struct syn *call, const struct syn *decl,
                    struct binding *decl_env, struct plan *piped, struct plan **out_plan,
                    struct expr **out_expr)
{
    struct binder *b = c->b;
    if (b->inline_depth >= BIND_MAX_INLINE) {
        bind_error(b, "SEM0001", call, "functions nest deeper than %d; '%s' may call itself",
                   BIND_MAX_INLINE, z(b, call->text));
        return false;
    }
    struct binding *env = bind_arguments(c, call, decl, decl_env, piped);
    /* Errors in a stored function's text are told at the call: the reader can't see that text. */
    struct kql_diags own = {.a = b->a, .text = b->d->text}, *outer = b->d;
    bool stored = is_stored(b, call->text, decl);
    if (stored)
        b->d = &own;
    b->inline_depth++;
    bool ok = bind_statements(b, env, decl->kids[0], out_plan, out_expr);
    b->inline_depth--;
    b->d = outer;
    if (stored && own.n_errors > 0) {
        bind_error(b, "SEM0001", call, "in the function '%s': %s", z(b, call->text),
                   z(b, own.v.p[0].message));
        return false;
    }
    return ok;
}

/* ---- statements ---- */
static struct binding *bind_let(struct binder *b, struct binding *env, const struct syn *s)
{
    struct binding v = {.name = s->text, .env = env};
    if (s->n == 0)
        return env;
    const struct syn *value = bind_strip(s->kids[0]);
    v.syn = value;
    if (value->kind == SYN_FUNC_DECL) {
        v.kind = BOUND_FUNCTION;
    } else if (value->kind == SYN_MATERIALIZE) {
        v.kind = BOUND_PLAN;
        v.plan = bind_table(b, env, value->kids[0]);
        v.plan->shared_id = ++b->next_shared;
    } else if (bind_is_table(b, env, value)) {
        /* bound here for its errors; the first use takes that, each other has columns of its own */
        size_t before = b->d->n_errors;
        struct plan *p = bind_table(b, env, value);
        v.kind = b->d->n_errors > before ? BOUND_PLAN : BOUND_TABLE;
        v.outside = b->outside;
        v.plan = p;
    } else {
        struct cx c = cx_of(b, env, NULL);
        v.kind = BOUND_SCALAR;
        v.e = bind_expr(&c, value);
    }
    return bind_push(b, env, v);
}

static const struct kql_param *given(const struct binder *b, struct str name)
{
    for (size_t i = 0; i < b->o->n_params; i++)
        if (str_eq(b->o->params[i].name, name))
            return &b->o->params[i];
    return NULL;
}

static struct binding *declare_parameters(struct binder *b, struct binding *env,
                                          const struct syn *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct syn *p = s->kids[i];
        const struct kql_param *v = given(b, p->text);
        enum kql_type t = KQL_UNKNOWN;
        struct cx none = cx_of(b, NULL, NULL);
        if (p->n > 0)
            bind_type_of(b, p->kids[0], &t);
        struct binding n = {.kind = BOUND_SCALAR, .name = p->text};
        if (v != NULL)
            n.e = ex_cast(b, ex_const(b, v->value, p), t);
        else if (p->n > 1)
            n.e = ex_cast(b, bind_expr(&none, p->kids[1]), t);
        else
            n.e = ex_null(b, t);
        env = bind_push(b, env, n);
    }
    return env;
}

static void bind_result(struct binder *b, struct binding *env, const struct syn *s,
                        struct plan **out_plan, struct expr **out_expr)
{
    *out_plan = NULL;
    *out_expr = NULL;
    if (bind_is_table(b, env, s)) {
        *out_plan = bind_table(b, env, s);
        return;
    }
    const struct syn *v = bind_strip(s);
    bool name = v->kind == SYN_NAME && bind_lookup(env, v->text) == NULL;
    if (name || v->kind == SYN_MEMBER || (v->kind == SYN_CALL && str_eqz(v->text, "table"))) {
        struct cx c = cx_of(b, env, NULL);
        if (v->kind == SYN_MEMBER && v->kids[0]->kind != SYN_CALL)
            *out_expr = bind_expr(&c, s);
        else
            *out_plan = bind_table(b, env, v);
        return;
    }
    struct cx c = cx_of(b, env, NULL);
    *out_expr = bind_expr(&c, s);
}

bool bind_statements(struct binder *b, struct binding *env, const struct syn *query,
                     struct plan **out_plan, struct expr **out_expr)
{
    bool any = false;
    for (size_t i = 0; i < query->n && !b->failed_limit; i++) {
        const struct syn *s = query->kids[i];
        if (s->kind == SYN_LET)
            env = bind_let(b, env, s);
        else if (s->kind == SYN_DECLARE_PARAMS)
            env = declare_parameters(b, env, s);
        else if (s->kind == SYN_DECLARE_PATTERN)
            env = bind_declare_pattern(b, env, s);
        else if (s->kind == SYN_RESTRICT)
            env = bind_restrict(b, env, s);
        else if (s->kind == SYN_EXPR_STMT && s->n > 0) {
            bind_result(b, env, s->kids[0], out_plan, out_expr);
            any = true;
        }
    }
    if (!any && !b->failed_limit)
        bind_error(b, "SEM0001", query, "there is no expression that gives a result");
    return any;
}
