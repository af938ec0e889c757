/* The handle, ARM ids, and emptying the outbox. */
#include "incident/incident.h"
#include "base/log.h"
#include "incident/incident_priv.h"
#include "state/outbox.h"

enum { FLUSH_BATCH = 256, FLUSH_ARENA = 512 << 20 };

static struct str keep(struct str s, const char *otherwise)
{
    return str_from(s.n > 0 ? xstrndup(s) : xstrdup(otherwise));
}

struct incidents *incidents_open(struct store *store, struct state *state, struct clock *clock,
                                 const struct arm_scope *scope)
{
    struct incidents *in = xcalloc(1, sizeof(*in));
    in->store = store;
    in->state = state;
    in->clock = clock;
    in->subscription = keep(scope->subscription, "00000000-0000-0000-0000-000000000000");
    in->resource_group = keep(scope->resource_group, "vedette");
    in->base_url = keep(scope->base_url, "");
    lock_init(&in->flushing, "incident.flush");
    return in;
}

static void drop(struct str *s)
{
    char *p = NULL;
    memcpy(&p, &s->p, sizeof(p));
    xfree(p);
}

void incidents_close(struct incidents *in)
{
    if (in == NULL)
        return;
    drop(&in->subscription);
    drop(&in->resource_group);
    drop(&in->base_url);
    lock_fini(&in->flushing);
    xfree(in);
}

struct str arm_workspace_id(struct arena *a, const struct arm_scope *scope,
                            struct str workspace_name)
{
    struct str sub = scope->subscription.n > 0 ? scope->subscription
                                               : STR("00000000-0000-0000-0000-000000000000");
    struct str group = scope->resource_group.n > 0 ? scope->resource_group : STR("vedette");
    return arena_fmt(
        a,
        "/subscriptions/%.*s/resourceGroups/%.*s/providers/Microsoft.OperationalInsights/"
        "workspaces/%.*s",
        STR_ARG(sub), STR_ARG(group), STR_ARG(workspace_name));
}

struct str arm_id(struct arena *a, const struct arm_scope *scope, struct str workspace_name,
                  const char *collection, struct str id)
{
    struct str workspace = arm_workspace_id(a, scope, workspace_name);
    return arena_fmt(a, "%.*s/providers/Microsoft.SecurityInsights/%s/%.*s", STR_ARG(workspace),
                     collection, STR_ARG(id));
}

/* ---- the outbox ---- */

struct flushing {
    struct incidents *in;
    struct arena *a;
    const struct state_outbox *list;
    size_t n;
    int64_t *gone; /* seq of rows that are stored, or never can be */
    size_t n_gone;
};

static struct store_batch *make_batch(struct flushing *f, const struct state_outbox *o)
{
    struct workspace *w = store_workspace_find(f->in->store, o->workspace);
    struct json rows = {0};
    struct store_batch *batch = NULL;
    struct err why = {0};
    if (w != NULL && json_parse(f->a, o->rows, NULL, &rows, &why) &&
        logrows_batch(w, f->a, o->table, &rows, &batch, &why))
        return batch;
    /* It would fail for ever and block all rows behind it. */
    LOG(LOG_ERROR, "incident", "log rows dropped: they cannot be stored", log_s("table", o->table),
        log_s("dedup", o->dedup), log_z("reason", w == NULL ? "the workspace is gone" : why.msg));
    f->gone[f->n_gone++] = o->seq;
    return NULL;
}

/* The rows of one workspace, from at on, as far as they follow each other; to is behind them. */
static bool flush_workspace(struct flushing *f, size_t at, size_t to, struct err *e)
{
    struct store_append *reqs = arena_array(f->a, struct store_append, to - at);
    int64_t *seqs = arena_array(f->a, int64_t, to - at);
    bool *ok = arena_array(f->a, bool, to - at);
    size_t n = 0;
    for (size_t i = at; i < to; i++) {
        struct store_batch **batch = arena_new_of(f->a, struct store_batch *);
        *batch = make_batch(f, &f->list[i]);
        if (*batch == NULL)
            continue;
        reqs[n] = (struct store_append){.batches = batch, .n = 1, .dedup = f->list[i].dedup};
        seqs[n++] = f->list[i].seq;
    }
    struct workspace *w = store_workspace_find(f->in->store, f->list[at].workspace);
    bool all = n == 0 || store_append_each(w, reqs, n, ok, e);
    for (size_t i = 0; i < n; i++)
        if (ok[i])
            f->gone[f->n_gone++] = seqs[i];
    return all;
}

/* A row that is stored and not deleted is known by its dedup when it is tried again. */
static bool flush_some(struct incidents *in, size_t *n, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(FLUSH_ARENA);
    struct state_outbox *list = NULL;
    if (!state_outbox_list(in->state, a, FLUSH_BATCH, &list, n, e))
        return false;
    struct flushing f = {in, a, list, *n, arena_array(a, int64_t, *n + 1), 0};
    struct err deleting = {0};
    bool ok = true;
    for (size_t at = 0, to = 0; ok && at < *n; at = to) {
        for (to = at; to < *n && str_eq(list[to].workspace, list[at].workspace);)
            to++;
        ok = flush_workspace(&f, at, to, e);
    }
    if (f.n_gone == 0 || state_outbox_delete(in->state, f.gone, f.n_gone, ok ? e : &deleting))
        return ok;
    return false;
}

void incidents_listen(struct incidents *in, void (*fn)(void *ctx), void *ctx)
{
    in->listener = fn;
    in->listener_ctx = ctx;
}

bool incidents_flush(struct incidents *in, struct err *e)
{
    size_t n = 0;
    bool ok = true;
    struct err why = {0};
    lock_take(&in->flushing);
    do
        ok = flush_some(in, &n, &why);
    while (ok && n == FLUSH_BATCH);
    lock_drop(&in->flushing);
    if (in->listener != NULL)
        in->listener(in->listener_ctx);
    if (ok || !store_has_no_room(&why)) {
        if (!ok && e != NULL)
            *e = why;
        return ok;
    }
    /* The fact is stored; its rows follow when the disk has room. */
    return true;
}
