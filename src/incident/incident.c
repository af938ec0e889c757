/* The handle, ARM ids, and emptying the outbox. */
#include "incident/incident.h"
#include "base/log.h"
#include "incident/incident_priv.h"
#include "state/outbox.h"

enum { FLUSH_BATCH = 128, FLUSH_BYTES = 8 << 20, FLUSH_ARENA = 512 << 20 };

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

/* Rows whose ids nobody puts a second time once they have left the outbox: they may be appended
 * many at a time, under an id of their own. An append costs much the same for one row or for many.
 */
static bool is_unique(const struct state_outbox *o)
{
    return str_starts(o->dedup, STR("alert/")) || str_starts(o->dedup, STR("incident/"));
}

/* How many of the list, from its first on, are appended in one commit. */
static size_t group_of(const struct state_outbox *list, size_t n)
{
    size_t count = 1, bytes = list[0].rows.n;
    bool joined = list[0].batch.n > 0; /* before a crash, perhaps: then just these */
    if (!joined && !is_unique(&list[0]))
        return 1;
    while (count < n && str_eq(list[count].workspace, list[0].workspace) &&
           str_eq(list[count].batch, list[0].batch) && (joined || is_unique(&list[count])) &&
           (joined || (bytes += list[count].rows.n) <= FLUSH_BYTES))
        count++;
    return count;
}

/* A row that cannot be stored would fail for ever and block all rows behind it. */
static struct store_batch *batch_of(struct arena *a, struct workspace *w,
                                    const struct state_outbox *o)
{
    struct json rows = {0};
    struct store_batch *batch = NULL;
    struct err why = {0};
    if (w != NULL && json_parse(a, o->rows, NULL, &rows, &why) &&
        logrows_batch(w, a, o->table, &rows, &batch, &why))
        return batch;
    LOG(LOG_ERROR, "incident", "log rows dropped: they cannot be stored", log_s("table", o->table),
        log_s("dedup", o->dedup), log_z("reason", w == NULL ? "the workspace is gone" : why.msg));
    return NULL;
}

/* The id under which the group is appended: that of its one row, or one that the rows keep, so that
 * the same rows have it after a crash. */
static bool name_group(struct incidents *in, struct arena *a, const struct state_outbox *group,
                       size_t n, struct str *out, struct err *e)
{
    *out = group[0].batch.n > 0 ? group[0].batch : group[0].dedup;
    if (n == 1 || group[0].batch.n > 0)
        return true;
    *out = arena_fmt(a, "outbox/%.*s", STR_ARG(incident_etag_new(a)));
    return state_outbox_join(in->state, group[0].seq, group[n - 1].seq, *out, e);
}

static bool flush_group(struct incidents *in, struct arena *a, const struct state_outbox *group,
                        size_t n, struct err *e)
{
    struct workspace *w = store_workspace_find(in->store, group[0].workspace);
    struct store_batch **batches = arena_array(a, struct store_batch *, n);
    struct str dedup = STR("");
    size_t made = 0;
    if (!name_group(in, a, group, n, &dedup, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        batches[made] = batch_of(a, w, &group[i]);
        made += batches[made] != NULL;
    }
    return (made == 0 || store_append(w, batches, made, dedup, e)) &&
           state_outbox_delete(in->state, group[0].seq, group[n - 1].seq, e);
}

static bool flush_some(struct incidents *in, size_t *n, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(FLUSH_ARENA);
    struct state_outbox *list = NULL;
    if (!state_outbox_list(in->state, a, FLUSH_BATCH, &list, n, e))
        return false;
    for (size_t i = 0, count = 0; i < *n; i += count) {
        count = group_of(list + i, *n - i);
        if (!flush_group(in, a, list + i, count, e))
            return false;
    }
    return true;
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
