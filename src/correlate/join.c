/* Merging what scores: the best pair first, then the incident that came of it again, until nothing
 * more scores. */
#include "correlate/correlate_priv.h"

/* Merges that follow from one alert in one transaction; what is left waits for the next. */
enum { MERGES_AT_ONCE = 16 };
/* As Microsoft Defender names itself in the log of activities. */
#define CORRELATION "Microsoft Defender XDR – alert correlation"

bool scoring_begin(struct scoring *s, struct correlate *c, struct arena *a, struct workspace *w,
                   const struct correlate_config *k, struct err *e)
{
    size_t active = 0;
    *s = (struct scoring){.c = c, .a = a, .w = w, .k = k, .common = (size_t)k->common_least};
    if (k->common_percent == 0)
        return true;
    size_t most = (size_t)(k->common_most * 100 / k->common_percent);
    if (!state_sighting_incidents(c->o.state, workspace_id(w), clock_now(c->o.clock) - k->window,
                                  most, &active, e))
        return false;
    size_t share = active * (size_t)k->common_percent / 100;
    s->common = share > s->common ? share : s->common;
    return true;
}

/* ---- titles ---- */

static size_t list_length(struct arena *a, struct str one, struct str more)
{
    struct json v = {0};
    struct str both = incident_list_union(a, one, more);
    return both.n > 0 && json_parse(a, both, NULL, &v, NULL) ? v.n : 0;
}

/* A person's title stays. */
static bool is_own_title(struct scoring *s, const struct state_incident *i, bool *out,
                         struct err *e)
{
    *out = is_multi_stage_title(i->title);
    return *out ||
           state_incident_has_alert_named(s->c->o.state, i->workspace, i->id, i->title, out, e);
}

bool join_title(struct scoring *s, const struct state_incident *target,
                const struct state_incident *source, struct str *out, struct err *e)
{
    struct state_sighting of = {.workspace = target->workspace, .incident = target->id};
    size_t hosts = 0, accounts = 0;
    bool own = false;
    *out = STR("");
    if (!s->k->titles)
        return true;
    if (!is_own_title(s, target, &own, e))
        return false;
    if (!own)
        return true;
    if (!state_sighting_kinds(s->c->o.state, &of, source->id, STR("host"), &hosts, e) ||
        !state_sighting_kinds(s->c->o.state, &of, source->id, STR("account"), &accounts, e))
        return false;
    struct title_facts f = {
        .tactics = incident_list_union(s->a, target->tactics, source->tactics),
        .hosts = hosts,
        .accounts = accounts,
        .products = list_length(s->a, target->products, source->products),
        .rules = list_length(s->a, target->rule_ids, source->rule_ids),
    };
    *out = multi_stage_title(s->a, &f);
    return true;
}

/* ---- merging ---- */

bool join_pair(struct scoring *s, const struct incident_merging *m, struct state_merge *out,
               struct err *e)
{
    struct correlate *c = s->c;
    if (!incident_merge(c->o.incidents, s->a, s->w, m, out, e) ||
        !state_sightings_move(c->o.state, workspace_id(s->w), m->source, m->target, e))
        return false;
    atomic_fetch_add(&c->merges, 1);
    return true;
}

/* Can the target of a merge score with a third incident because of it? Not when nobody else has the
 * source's entities and the target had its tactics and rules: then it was compared before. */
static bool is_settled(const struct score *best, const struct state_incident *before,
                       const struct state_incident *after)
{
    return best->alone && str_eq(before->id, after->id) &&
           str_eq(before->tactics, after->tactics) && str_eq(before->rule_ids, after->rule_ids);
}

/* *more: the incident that came of it may be merged again. */
static bool join_best(struct scoring *s, struct state_incident *i, bool *more, struct err *e)
{
    bool found = false;
    *more = false;
    struct state_incident other = {0};
    struct score best = {0};
    struct state_merge done = {0};
    struct str title = STR("");
    if (!score_best(s, i, &best, &other, &found, e))
        return false;
    if (!found)
        return true;
    bool survives = incident_survives(i, &other);
    const struct state_incident *target = survives ? i : &other, *source = survives ? &other : i;
    if (!join_title(s, target, source, &title, e))
        return false;
    struct incident_merging m = {.source = source->id,
                                 .target = target->id,
                                 .who = STR(CORRELATION),
                                 .automatic = true,
                                 .score = best.points,
                                 .threshold = s->k->threshold,
                                 .explanation = score_explain(s, &best, survives),
                                 .title = title,
                                 .max_alerts = (size_t)s->k->max_alerts};
    struct str id = target->id;
    if (!join_pair(s, &m, &done, e) ||
        !state_incident_get(s->c->o.state, s->a, workspace_id(s->w), id, i, e))
        return false;
    *more = !is_settled(&best, &other, i);
    return true;
}

/* As if one of its alerts had just come. */
static bool wait_again(struct scoring *s, const struct state_incident *i, struct err *e)
{
    struct str *ids = NULL;
    size_t n = 0;
    if (!state_incident_alert_ids(s->c->o.state, s->a, i->workspace, i->id, &ids, &n, e))
        return false;
    return n == 0 || state_correlation_wait(s->c->o.state, i->workspace, ids[0], e);
}

bool join_all(struct scoring *s, struct str incident, struct err *e)
{
    struct state_incident i = {0};
    bool more = true;
    if (!state_incident_get(s->c->o.state, s->a, workspace_id(s->w), incident, &i, e))
        return false;
    for (int n = 0; more && n < MERGES_AT_ONCE; n++) {
        if (str_eqz(i.status, "Closed"))
            return true;
        if (!join_best(s, &i, &more, e))
            return false;
    }
    return !more || wait_again(s, &i, e);
}
