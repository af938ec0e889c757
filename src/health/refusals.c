/* Records that were rejected: a row of Operation for each source, stream, table and reason when it
 * begins, then one an hour while it goes on. */
#include "health/health_priv.h"

enum { MAX_REFUSALS = 20000 };

struct refusal {
    uint64_t rejected, requests; /* of which has been told */
    int64_t told;                /* ticks: when; 0: never */
};

static struct str key_of(struct arena *a, const struct store_count *c)
{
    return arena_fmt(a, "%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(c->source), STR_ARG(c->stream),
                     STR_ARG(c->table), STR_ARG(c->reason));
}

static struct refusal *find(struct sources *l, const struct store_count *c, struct arena *a)
{
    struct str key = key_of(a, c);
    struct refusal *r = map_get(l->refusals, key);
    if (r != NULL || map_count(l->refusals) >= MAX_REFUSALS)
        return r;
    r = arena_new_of(l->a, struct refusal);
    map_put(l->refusals, arena_str(l->a, key), r);
    return r;
}

/* A retry of what is stored is no loss. */
static bool is_refusal(const struct store_count *c)
{
    return c->reason.n > 0 && !str_eqz(c->reason, "duplicate");
}

void refusals_start(struct sources *l)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct store_count *list = NULL;
    size_t n = store_counts(l->w, a, &list);
    l->refusals = map_new(l->a, false);
    for (size_t i = 0; i < n; i++) {
        struct refusal *r = is_refusal(&list[i]) ? find(l, &list[i], a) : NULL;
        if (r != NULL)
            *r = (struct refusal){list[i].rejected, list[i].requests, 0};
    }
}

static bool put(struct health *h, struct sources *l, struct arena *a, const struct store_count *c,
                struct refusal *r, int64_t now, struct err *e)
{
    struct health_operation op = {.category = "Ingestion", .status = "Warning"};
    uint64_t records = c->rejected - r->rejected, requests = c->requests - r->requests;
    op.detail = arena_fmt(
        a, "%llu record(s) and %llu request(s) of %.*s for stream %.*s%s%.*s were rejected: %.*s",
        (unsigned long long)records, (unsigned long long)requests, STR_ARG(c->source),
        STR_ARG(c->stream), c->table.n > 0 ? ", table " : "", STR_ARG(c->table),
        STR_ARG(c->reason));
    op.key = arena_fmt(a, "ingestion/%.*s/%lld", STR_ARG(key_of(a, c)), (long long)now);
    if (!health_operation_put(h, a, l->w, &op, e))
        return false;
    *r = (struct refusal){c->rejected, c->requests, now};
    return true;
}

bool refusals_look(struct health *h, struct sources *l, int64_t now, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct store_count *list = NULL;
    size_t n = store_counts(l->w, a, &list);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        struct refusal *r = is_refusal(&list[i]) ? find(l, &list[i], a) : NULL;
        bool more = r != NULL && (list[i].rejected > r->rejected || list[i].requests > r->requests);
        if (!more || (r->told > 0 && now - r->told < TICKS_PER_HOUR))
            continue;
        if (!put(h, l, a, &list[i], r, now, e))
            return false;
        any = true;
    }
    return !any || incidents_flush(h->o.incidents, e);
}
