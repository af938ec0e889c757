/* Where strong entities and tactics are seen: one row for each of them and incident, widened with
 * each alert. */
#include "correlate/correlate_priv.h"

enum { TACTICS_PER_ALERT = 20 };

static bool put_tactics(struct correlate *c, struct arena *a, const struct state_correlated *al,
                        struct state_sighting *x, struct err *e)
{
    struct json list = {0};
    if (al->tactics.n == 0 || !json_parse(a, al->tactics, NULL, &list, NULL))
        return true;
    for (size_t i = 0; i < list.n && i < TACTICS_PER_ALERT; i++) {
        x->value = json_text(&list.items[i], STR(""));
        if (tactic_stage(x->value) != 0 && !state_sighting_put(c->o.state, SIGHTING_TACTIC, x, e))
            return false;
    }
    return true;
}

bool index_alert(struct correlate *c, struct arena *a, const struct state_correlated *al,
                 struct str incident, const struct correlate_config *k, struct err *e)
{
    struct entity_keys keys;
    struct state_sighting x = {.workspace = al->workspace,
                               .incident = incident,
                               .first = al->start,
                               .last = al->end,
                               .alerts = str_holds(al->id, '\n') ? STR("") : al->id};
    entity_keys_of(a, al->entities, (size_t)k->max_entities, &keys);
    for (size_t i = 0; i < keys.v.n; i++) {
        x.value = keys.v.p[i];
        if (config_weight(k, key_type(x.value)) > 0 &&
            !state_sighting_put(c->o.state, SIGHTING_ENTITY, &x, e))
            return false;
    }
    return put_tactics(c, a, al, &x, e);
}

bool index_incident(struct correlate *c, struct arena *a, struct str workspace, struct str incident,
                    const struct correlate_config *k, struct err *e)
{
    struct state_correlated *list = NULL;
    size_t n = 0;
    if (!state_sightings_drop(c->o.state, workspace, incident, e) ||
        !state_correlated_of(c->o.state, a, workspace, incident, &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!index_alert(c, a, &list[i], incident, k, e))
            return false;
    return true;
}
