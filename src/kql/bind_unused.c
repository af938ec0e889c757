/* Functions that a query declares and never calls: a call would bind their bodies and tell what is
 * wrong in them. Their mistakes are found all the same, but only those that no argument could mend.
 */
#include "kql/bind_priv.h"

void bind_declared(struct binder *b, const struct syn *decl, struct binding *env)
{
    struct declared v = {.decl = decl, .env = env};
    for (size_t i = 0; i < b->declared.n; i++)
        if (b->declared.p[i].decl == decl)
            return;
    VEC_PUSH(b->a, &b->declared, v);
}

void bind_called(struct binder *b, const struct syn *decl)
{
    for (size_t i = 0; i < b->declared.n; i++)
        if (b->declared.p[i].decl == decl)
            b->declared.p[i].called = true;
}

static struct binding *any_arguments(struct binder *b, struct binding *env, const struct syn *decl)
{
    for (size_t i = 1; i < decl->n; i++) {
        const struct syn *p = decl->kids[i];
        struct binding v = {.kind = BOUND_SCALAR, .name = p->text, .e = bind_unknown(b, p)};
        if (p->n > 0 && p->kids[0]->kind == SYN_SCHEMA) {
            v.kind = BOUND_PLAN;
            v.plan = bind_nothing(b, p);
            v.plan->shared_id = ++b->next_shared;
        }
        env = bind_push(b, env, v);
    }
    return env;
}

static bool no_matter_what(const struct kql_diag *g)
{
    static const char *const kinds[] = {"SEM0100", "SEM0260", "SEM0219"};
    for (size_t i = 0; i < COUNTOF(kinds); i++)
        if (strcmp(g->kind, kinds[i]) == 0)
            return true;
    return false;
}

static void check(struct binder *b, const struct declared *f)
{
    struct kql_diags own = {.a = b->a, .text = b->d->text}, *outer = b->d;
    struct plan *p = NULL;
    struct expr *e = NULL;
    b->d = &own;
    b->inline_depth++;
    (void)bind_statements(b, any_arguments(b, f->env, f->decl), f->decl->kids[0], &p, &e);
    b->inline_depth--;
    b->d = outer;
    for (size_t i = 0; i < own.v.n; i++) {
        const struct kql_diag *g = &own.v.p[i];
        const struct syn at = {.off = g->off, .len = g->len};
        if (no_matter_what(g))
            kql_diag_add(b->d, g->code, g->kind, &at, g->hint.n > 0 ? z(b, g->hint) : NULL, "%.*s",
                         STR_ARG(g->message));
    }
}

void bind_check_unused(struct binder *b)
{
    for (size_t i = 0; i < b->declared.n && !b->failed_limit; i++) {
        struct declared f = b->declared.p[i]; /* the list may grow */
        if (f.called || f.decl->lost)
            continue;
        check(b, &f);
    }
}
