/* Fair shares of the query workers: how many long requests of each tenant are at work. A tenant
 * that has its share at work is refused (429), so that its queue never stands in front of
 * another's.
 */
#include "api/api_priv.h"

struct share {
    struct str tenant;
    size_t running;
};
struct shares {
    struct lock lock; /* everything below */
    struct arena *a;
    VEC(struct share *) list;
};

struct shares *shares_new(void)
{
    struct shares *s = xcalloc(1, sizeof(*s));
    lock_init(&s->lock, "shares");
    s->a = arena_new(0);
    return s;
}

void shares_free(struct shares *s)
{
    if (s == NULL)
        return;
    lock_fini(&s->lock);
    arena_free(s->a);
    xfree(s);
}

static struct share *find_locked(struct shares *s, struct str tenant)
{
    for (size_t i = 0; i < s->list.n; i++)
        if (str_eq(s->list.p[i]->tenant, tenant))
            return s->list.p[i];
    struct share *fresh = arena_new_of(s->a, struct share);
    fresh->tenant = arena_str(s->a, tenant);
    VEC_PUSH(s->a, &s->list, fresh);
    return fresh;
}

/* 0: any number. Where there is one tenant it has all workers; where there are several each leaves
 * one to the others, unless it was told another number. */
static bool most_of(struct vedette *v, struct arena *a, struct str tenant, size_t *out,
                    struct err *e)
{
    struct state_tenant *all = NULL;
    size_t n = 0, workers = v->o.query_workers > 0 ? v->o.query_workers : 4;
    if (!state_tenant_list(v->state, a, &all, &n, e))
        return false;
    *out = n > 1 ? (workers > 1 ? workers - 1 : 1) : 0;
    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i].id, tenant) && all[i].max_queries > 0)
            *out = (size_t)all[i].max_queries;
    return true;
}

bool share_take(struct vedette *v, struct arena *a, struct str tenant, struct share **out,
                struct err *e)
{
    size_t most = 0;
    if (!most_of(v, a, tenant, &most, e))
        return false;
    lock_take(&v->shares->lock);
    struct share *s = find_locked(v->shares, tenant);
    bool ok = most == 0 || s->running < most;
    s->running += ok;
    lock_drop(&v->shares->lock);
    *out = ok ? s : NULL;
    return ok || err_set(e, ERR_BUSY,
                         "The tenant has %zu queries at work, which is its share. Try again in a "
                         "second.",
                         most);
}

void share_give(struct vedette *v, struct share *s)
{
    if (s == NULL)
        return;
    lock_take(&v->shares->lock);
    CHECK(s->running > 0);
    s->running--;
    lock_drop(&v->shares->lock);
}
