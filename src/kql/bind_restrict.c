/* restrict access to (…): which tables, views, functions and patterns the statements behind it may
 * name. https://learn.microsoft.com/kusto/query/restrict-statement
 *
 * What let gave and is not in the list is left out of the names that are visible from there on;
 * bodies of views keep the names that they were written with. What the catalogue has is asked for
 * with bind_may_read, and each such statement has to allow it. */
#include "kql/bind_priv.h"

struct allowed {
    struct str workspace, pattern;
};
struct restriction {
    struct allowed *stored; /* tables and functions of the catalogue */
    size_t n_stored;
    struct str *lets; /* names and patterns of what let gave */
    size_t n_lets;
};

bool bind_may_read(struct binding *env, struct str workspace, struct str name)
{
    for (; env != NULL; env = env->next) {
        bool ok = env->kind != BOUND_RESTRICTION;
        for (size_t i = 0; !ok && i < env->restriction->n_stored; i++) {
            const struct allowed *one = &env->restriction->stored[i];
            ok = str_ieq(one->workspace, workspace) && name_matches(one->pattern, name);
        }
        if (!ok)
            return false;
    }
    return true;
}

bool bind_is_restricted(struct binding *env)
{
    for (; env != NULL; env = env->next)
        if (env->kind == BOUND_RESTRICTION)
            return true;
    return false;
}

/* ---- the list ---- */
static void add_entity(struct binder *b, struct binding *env, const struct syn *s,
                       struct restriction *r)
{
    struct cx c = cx_of(b, env, NULL);
    struct str workspace = STR_NONE;
    while (s->kind == SYN_SUBQUERY && s->n == 1)
        s = s->kids[0];
    s = bind_strip(s);
    const struct binding *v =
        s->kind == SYN_NAME || s->kind == SYN_CALL ? bind_lookup(env, s->text) : NULL;
    if (s->kind == SYN_STAR || s->kind == SYN_WILDNAME || v != NULL) {
        r->lets[r->n_lets++] = s->kind == SYN_STAR ? STR("*") : s->text;
    } else if (s->kind == SYN_NAME || s->kind == SYN_CALL) {
        r->stored[r->n_stored++] = (struct allowed){STR_NONE, s->text};
    } else if (s->kind == SYN_MEMBER && bind_qualifier(&c, s->kids[0], &workspace)) {
        r->stored[r->n_stored++] = (struct allowed){workspace, s->text};
    } else if (s->kind != SYN_ERROR) {
        bind_error(b, "SEM0001", s, "the name of a table, view, function or pattern is expected");
    }
}

static bool gives_table(struct binder *b, const struct binding *v)
{
    if (v->kind == BOUND_FUNCTION)
        return bind_function_is_table(b, v->env, v->syn);
    return v->kind != BOUND_SCALAR && v->kind != BOUND_RESTRICTION;
}

static bool stays(struct binder *b, const struct restriction *r, const struct binding *v)
{
    if (!gives_table(b, v))
        return true;
    for (size_t i = 0; i < r->n_lets; i++)
        if (name_matches(r->lets[i], v->name))
            return true;
    return false;
}

struct binding *bind_restrict(struct binder *b, struct binding *env, const struct syn *s)
{
    struct restriction *r = arena_new_of(b->a, struct restriction);
    r->stored = arena_array(b->a, struct allowed, s->n + 1);
    r->lets = arena_array(b->a, struct str, s->n + 1);
    for (size_t i = 0; i < s->n; i++)
        add_entity(b, env, s->kids[i], r);
    size_t n = 0;
    for (const struct binding *v = env; v != NULL; v = v->next)
        n++;
    const struct binding **all = arena_array(b->a, const struct binding *, n + 1);
    for (const struct binding *v = env; v != NULL; v = v->next)
        all[--n] = v;
    struct binding limit = {.kind = BOUND_RESTRICTION, .restriction = r};
    struct binding *left = bind_push(b, NULL, limit);
    for (const struct binding *v = env; v != NULL; v = v->next)
        n++;
    for (size_t i = 0; i < n; i++)
        if (stays(b, r, all[i]))
            left = bind_push(b, left, *all[i]);
    return left;
}
