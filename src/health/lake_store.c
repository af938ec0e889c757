/* The store of sealed parts: a row in Operation when it has not done what it was asked for in a
 * while, or uploads are far behind, and when all is well again. */
#include "health/health_priv.h"
#include "text/date.h"

enum { FAILING_MINUTES = 15, WAITING_MINUTES = 60 };

struct look { /* of all workspaces */
    struct store_remote r;
    int64_t waiting, waiting_bytes, waiting_since;
};

static struct look look_at(struct store *s)
{
    struct look x = {.r = store_remote(s)};
    struct workspace *w;
    for (size_t i = 0; x.r.url != NULL && (w = store_workspace_at(s, i)) != NULL; i++) {
        struct store_lake_sums sums = store_lake_sums(w);
        x.waiting += sums.waiting;
        x.waiting_bytes += sums.waiting_bytes;
        if (sums.waiting > 0 && (x.waiting_since == 0 || sums.waiting_since < x.waiting_since))
            x.waiting_since = sums.waiting_since;
    }
    return x;
}

static bool is_behind(const struct look *x, int64_t now)
{
    return (x->r.failing_since != 0 &&
            now - x->r.failing_since >= FAILING_MINUTES * TICKS_PER_MINUTE) ||
           (x->waiting > 0 && now - x->waiting_since >= WAITING_MINUTES * TICKS_PER_MINUTE);
}

static struct health_report describe(struct arena *a, const struct look *x, bool behind,
                                     int64_t now)
{
    char since[29] = "";
    struct health_report report = {.category = "Storage",
                                   .status = behind ? "Warning" : "Succeeded"};
    struct str waits = arena_fmt(a, "%lld sealed parts with %lld bytes wait for their upload.",
                                 (long long)x->waiting, (long long)x->waiting_bytes);
    if (x->r.failing_since != 0)
        date_format(x->r.failing_since, since);
    if (!behind)
        report.detail = arena_fmt(a, "%s takes what is uploaded again.", x->r.url);
    else if (x->r.failing_since != 0)
        report.detail = arena_fmt(a, "%s does not do what it is asked since %s: %s. %.*s", x->r.url,
                                  since, x->r.reason, STR_ARG(waits));
    else
        report.detail = arena_fmt(a, "Uploads to %s are behind: %.*s", x->r.url, STR_ARG(waits));
    report.key = arena_fmt(a, "lake_store/%s/%lld", behind ? "behind" : "well", (long long)now);
    return report;
}

void health_lake_store(struct health *h, int64_t now)
{
    struct look x = look_at(h->o.store);
    bool behind = is_behind(&x, now), well = x.r.failing_since == 0 && x.waiting == 0;
    if (x.r.url == NULL || (h->store_told ? !well : !behind))
        return;
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct health_report report = describe(a, &x, behind, now);
    struct workspace *w;
    struct err e = {0};
    bool ok = true;
    for (size_t i = 0; ok && (w = store_workspace_at(h->o.store, i)) != NULL; i++)
        ok = health_tell(h, w, &report, &e);
    h->store_told = ok ? behind : h->store_told;
    if (!ok)
        LOG(LOG_WARN, "health", "a row could not be written", log_z("reason", e.msg));
}
