/* What people do: merging and taking merges back by hand. */
#include "correlate/correlate_priv.h"

enum { MAX_REASON = 1000 };

/* ---- merging ---- */

/* An incident that its rule keeps apart is not in the index, and must not get there by being merged
 * and unmerged. */
static bool is_indexed(struct correlate *c, const struct state_incident *i, bool *out,
                       struct err *e)
{
    size_t n = 0;
    if (!state_sighting_count(c->o.state, i->workspace, i->id, 1, &n, e))
        return false;
    *out = n > 0;
    return true;
}

static bool merge_one(struct scoring *s, struct str target, struct str source, struct str reason,
                      struct str who, struct err *e)
{
    struct correlate *c = s->c;
    struct state_incident to = {0}, from = {0};
    struct score x = {0};
    struct state_merge done = {0};
    struct str title = STR("");
    if (!incident_get(c->o.incidents, s->a, s->w, target, &to, e) ||
        !incident_get(c->o.incidents, s->a, s->w, source, &from, e) ||
        !incident_may_merge(&from, &to, (size_t)s->k->max_alerts, e) ||
        !score_pair(s, &from, &to, &x, e) || !join_title(s, &to, &from, &title, e) ||
        !state_merge_unbar(c->o.state, to.workspace, to.id, from.id, e))
        return false;
    struct incident_merging m = {.source = from.id,
                                 .target = to.id,
                                 .who = who,
                                 .reason = reason,
                                 .score = x.points,
                                 .threshold = s->k->threshold,
                                 .explanation = score_explain(s, &x, false),
                                 .title = title,
                                 .max_alerts = (size_t)s->k->max_alerts};
    return join_pair(s, &m, &done, e);
}

static bool merge_all(struct scoring *s, struct str target, const struct str *sources, size_t n,
                      struct str reason, struct str who, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!merge_one(s, target, sources[i], reason, who, e))
            return false;
    return true;
}

bool correlate_merge(struct correlate *c, struct arena *a, struct workspace *w, struct str target,
                     const struct str *sources, size_t n, struct str reason, struct str who,
                     struct err *e)
{
    struct correlate_config k;
    struct scoring s;
    if (n == 0 || n >= CORRELATE_MERGE_AT_ONCE)
        return err_set(e, ERR_INVALID, "sources: 1 to %d incidents expected",
                       CORRELATE_MERGE_AT_ONCE - 1);
    if (reason.n > MAX_REASON)
        return err_set(e, ERR_INVALID, "reason: at most %d bytes", MAX_REASON);
    if (!state_begin(c->o.state, e))
        return false;
    bool ok = config_load(c, a, w, &k, e) && scoring_begin(&s, c, a, w, &k, e) &&
              merge_all(&s, target, sources, n, reason, who, e);
    return state_end(c->o.state, ok, e) && incidents_flush(c->o.incidents, e);
}

/* ---- taking it back ---- */

static bool merge_of(struct correlate *c, struct arena *a, struct workspace *w, struct str source,
                     struct state_incident *out_source, struct state_merge *out, struct err *e)
{
    struct err why = {0};
    if (!incident_get(c->o.incidents, a, w, source, out_source, e))
        return false;
    if (state_merge_of_source(c->o.state, a, workspace_id(w), out_source->id, out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_CONFLICT, "incident %lld is not merged into another one",
                       (long long)out_source->number);
    return err_set(e, why.code, "%s", why.msg);
}

static bool unmerge(struct correlate *c, struct arena *a, struct workspace *w, struct str source,
                    struct str who, struct state_merge *out, struct err *e)
{
    struct state_incident from = {0}, to = {0};
    struct correlate_config k;
    struct state_merge m = {0};
    bool indexed = false;
    return config_load(c, a, w, &k, e) && merge_of(c, a, w, source, &from, &m, e) &&
           state_incident_get(c->o.state, a, workspace_id(w), m.target, &to, e) &&
           is_indexed(c, &to, &indexed, e) &&
           incident_unmerge(c->o.incidents, a, w, m.id, who, out, e) &&
           (!indexed || (index_incident(c, a, workspace_id(w), from.id, &k, e) &&
                         index_incident(c, a, workspace_id(w), to.id, &k, e)));
}

bool correlate_unmerge(struct correlate *c, struct arena *a, struct workspace *w, struct str source,
                       struct str who, struct state_merge *out, struct err *e)
{
    if (!state_begin(c->o.state, e) ||
        !state_end(c->o.state, unmerge(c, a, w, source, who, out, e), e))
        return false;
    atomic_fetch_add(&c->undone, 1);
    return incidents_flush(c->o.incidents, e);
}
