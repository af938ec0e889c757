/* Operators that call a function with the table or split it: invoke, fork, facet. */
#include "kql/bind_priv.h"

static struct plan *program_over(struct binder *b, struct plan *in, const char *name,
                                 const struct syn *at)
{
    struct plan *p = plan_new(b, P_PROGRAM, in, at);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = str_from(name);
    return p;
}

/* T | invoke f(x): f's first parameter is the table. */
/* invoke FileProfile(SHA1): a column as an argument stands for its name. */
static const struct syn *columns_by_name(struct binder *b, struct binding *env,
                                         const struct plan *in, const struct syn *call)
{
    struct syn *copy = arena_new_of(b->a, struct syn);
    *copy = *call;
    copy->kids = arena_array(b->a, struct syn *, call->n + 1);
    for (size_t i = 0; i < call->n; i++) {
        struct syn *k = call->kids[i];
        copy->kids[i] = k;
        if (k->kind != SYN_NAME || bind_lookup(env, k->text) != NULL ||
            bind_find_column(in, k->text) == NULL)
            continue;
        struct syn *text = arena_new_of(b->a, struct syn);
        *text = (struct syn){.kind = SYN_LITERAL, .off = k->off, .len = k->len};
        text->value = (struct kql_value){.type = KQL_STRING, .s = k->text};
        copy->kids[i] = text;
    }
    return copy;
}

struct plan *op_invoke(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    const struct syn *call = op->n > 0 ? op->kids[0] : NULL;
    if (call != NULL && call->kind == SYN_MEMBER && call->n == 2)
        call = call->kids[1];
    if (call == NULL || call->kind != SYN_CALL)
        return bind_nothing(b, op);
    struct binding *decl_env;
    const struct syn *decl = bind_find_function(b, env, call->text, &decl_env, call);
    if (decl == NULL) {
        struct str near = kql_func_suggest(b->a, call->text);
        const struct syn word = syn_word(call);
        kql_diag_add(b->d, ERR_SEMANTIC, "SEM0260", &word,
                     near.n > 0 ? arena_fmt(b->a, "did you mean '%.*s'?", STR_ARG(near)).p : NULL,
                     "unknown function: '%s'", z(b, call->text));
        kql_diag_absent(b->d);
        return bind_nothing(b, op);
    }
    struct cx c = cx_of(b, env, NULL);
    struct plan *p = NULL;
    struct expr *e = NULL;
    call = columns_by_name(b, env, in, call);
    if (!bind_call_user(&c, call, decl, decl_env, in, &p, &e))
        return bind_nothing(b, op);
    if (p != NULL)
        return p;
    bind_error(b, "SEM0001", call, "'%s' gives a value; invoke needs a function that gives a table",
               z(b, call->text));
    return bind_nothing(b, op);
}

/* ---- several results ---- */
static struct plan *several(struct binder *b, struct plan **results, size_t n, const struct syn *at)
{
    struct plan *p = program_over(b, results[0], "fork", at);
    p->in = results;
    p->n_in = n;
    plan_copy_cols(b, p, results[0]);
    return p;
}

struct plan *op_fork(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct plan **results = arena_array(b->a, struct plan *, op->n + 1);
    size_t n = 0;
    uint32_t shared = ++b->next_shared;
    for (size_t i = 0; i < op->n; i++)
        results[n++] = bind_contextual(b, env, plan_share(b, in, shared), op->kids[i]);
    return n == 0 ? in : several(b, results, n, op);
}

static struct plan *facet_of(struct binder *b, struct binding *env, struct plan *in,
                             const struct syn *column)
{
    struct cx c = cx_of(b, env, in);
    struct expr *e = bind_expr(&c, column);
    struct plan *p = plan_new(b, P_AGGREGATE, in, column);
    struct str name = bind_auto_name(&c, column);
    p->keys = arena_array(b->a, struct named_expr, 1);
    p->keys[p->n_keys++] = (struct named_expr){plan_fresh(b, name, e->type), e};
    struct expr *count = ex_call(b, "count", KQL_LONG, NULL, 0);
    count->fn = kql_func_get(STR("count"), KF_AGGREGATE, KF_AGGREGATE);
    struct named_expr v = {plan_fresh(b, arena_fmt(b->a, "count_%.*s", STR_ARG(name)), KQL_LONG),
                           count};
    plan_add_named(b, p, v);
    plan_add_col(b, p, p->keys[0].col);
    plan_add_col(b, p, v.col);
    return p;
}

/* One table of counts a column, and the sub-query's table at the end. */
struct plan *op_facet(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    const struct syn *by = syn_clause(op, "by");
    size_t n = 0, n_by = by != NULL ? by->n : 0;
    struct plan **results = arena_array(b->a, struct plan *, n_by + op->n + 1);
    uint32_t shared = ++b->next_shared;
    for (size_t i = 0; i < n_by; i++)
        results[n++] = facet_of(b, env, plan_share(b, in, shared), by->kids[i]);
    for (size_t i = 0; i < op->n; i++)
        if (op->kids[i]->kind != SYN_CLAUSE)
            results[n++] = bind_contextual(b, env, plan_share(b, in, shared), op->kids[i]);
    return n == 0 ? in : several(b, results, n, op);
}
