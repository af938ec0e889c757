/* The store of sealed parts: a row in Operation when it has not done what it was asked for in a
 * while, and when it does again. */
#include "health/health_priv.h"
#include "text/date.h"

enum { BEHIND_MINUTES = 15 };

static struct health_report describe(struct arena *a, const struct store_remote *r,
                                     const struct store_lake_sums *sums)
{
    bool failing = r->failing_since != 0;
    char since[29] = "";
    struct health_report op = {.category = "Storage", .status = failing ? "Warning" : "Succeeded"};
    if (failing)
        date_format(r->failing_since, since);
    op.detail = failing
                    ? arena_fmt(a,
                                "%s does not do what it is asked since %s: %s. %lld sealed parts "
                                "with %lld bytes wait here for their upload.",
                                r->url, since, r->reason, (long long)sums->waiting,
                                (long long)sums->waiting_bytes)
                    : arena_fmt(a, "%s answers again.", r->url);
    return op;
}

void health_lake_store(struct health *h, int64_t now)
{
    struct store_remote r = store_remote(h->o.store);
    bool behind =
        r.failing_since != 0 && now - r.failing_since >= BEHIND_MINUTES * TICKS_PER_MINUTE;
    if (r.url == NULL || (h->store_told ? r.failing_since != 0 : !behind))
        return;
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct workspace *w;
    struct err e = {0};
    bool ok = true;
    for (size_t i = 0; ok && (w = store_workspace_at(h->o.store, i)) != NULL; i++) {
        struct store_lake_sums sums = store_lake_sums(w);
        struct health_report op = describe(a, &r, &sums);
        op.key = arena_fmt(a, "lake_store/%s/%lld", behind ? "behind" : "answers", (long long)now);
        ok = health_tell(h, w, &op, &e);
    }
    h->store_told = ok ? behind : h->store_told;
    if (!ok)
        LOG(LOG_WARN, "health", "a row could not be written", log_z("reason", e.msg));
}
