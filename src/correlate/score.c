/* The score of two incidents: points for the entities that both have, for steps along the kill
 * chain from the one to the other, and for a rule that found both. docs/correlation.md has the
 * formula; what is said there holds because more alerts in an incident never make a score smaller.
 */
#include "correlate/correlate_priv.h"
#include <stdlib.h>

enum { PER_MILLE = 1000, TACTICS = 20 };

struct collected {
    struct map *by_incident; /* → struct score */
    VEC(struct score *) v;
    bool common; /* an entity was passed over that too many have */
};

/* ---- entities ---- */

static int64_t gap_of(const struct state_sighting *x, const struct state_sighting *y)
{
    if (x->first > y->last)
        return x->first - y->last;
    return y->first > x->last ? y->first - x->last : 0;
}

/* All of it up to half of the window, then down to one half at its end. */
static int64_t nearness(const struct correlate_config *k, int64_t gap)
{
    int64_t half = k->window / 2;
    if (gap <= half)
        return PER_MILLE;
    return PER_MILLE - (gap - half) * PER_MILLE / (k->window - half) / 2;
}

/* All of it while few incidents have the entity, then less and less. */
static int64_t rarity(const struct correlate_config *k, size_t incidents)
{
    return (int64_t)incidents <= k->rare ? PER_MILLE : PER_MILLE * k->rare / (int64_t)incidents;
}

static bool is_known(const struct scoring *s, struct str key)
{
    return s->c->o.known != NULL &&
           s->c->o.known(s->c->o.known_ctx, s->w, key_type(key), key_value(key));
}

static int64_t entity_points(const struct scoring *s, const struct evidence *x)
{
    const struct correlate_config *k = s->k;
    int64_t points = x->weight * rarity(k, x->incidents) / PER_MILLE;
    points = points * nearness(k, x->gap) / PER_MILLE;
    return x->known ? points * k->indicator_percent / 100 : points;
}

static struct score *candidate(struct scoring *s, struct collected *all, struct str incident)
{
    struct score *x = map_get(all->by_incident, incident);
    if (x != NULL)
        return x;
    x = arena_new_of(s->a, struct score);
    x->incident = incident;
    (void)map_put(all->by_incident, incident, x);
    VEC_PUSH(s->a, &all->v, x);
    return x;
}

static bool collect_key(struct scoring *s, const struct state_sighting *own, struct collected *all,
                        struct err *e)
{
    struct state_sighting *rows = NULL;
    size_t n = 0;
    struct evidence x = {.kind = STR("entity"),
                         .value = own->value,
                         .weight = config_weight(s->k, key_type(own->value))};
    if (x.weight == 0)
        return true;
    if (!state_sighting_where(s->c->o.state, s->a, own->workspace, own->value,
                              own->first - s->k->window, s->common + 1, &rows, &n, e))
        return false;
    all->common = all->common || n > s->common;
    if (n > s->common || n < 2)
        return true;
    x.incidents = n;
    x.known = is_known(s, own->value);
    for (size_t i = 0; i < n; i++) {
        x.gap = gap_of(own, &rows[i]);
        if (str_eq(rows[i].incident, own->incident) || x.gap > s->k->window)
            continue;
        x.points = entity_points(s, &x);
        x.alerts[0] = own->alerts;
        x.alerts[1] = rows[i].alerts;
        VEC_PUSH(s->a, &candidate(s, all, rows[i].incident)->v, x);
    }
    return true;
}

static bool collect(struct scoring *s, const struct state_incident *i, struct collected *all,
                    struct err *e)
{
    struct state_sighting of = {.workspace = i->workspace, .incident = i->id}, *own = NULL;
    size_t n = 0;
    *all = (struct collected){.by_incident = map_new(s->a, false)};
    if (!state_sighting_of(s->c->o.state, s->a, SIGHTING_ENTITY, &of, (size_t)s->k->max_keys, &own,
                           &n, e))
        return false;
    for (size_t k = 0; k < n; k++)
        if (!collect_key(s, &own[k], all, e))
            return false;
    return true;
}

struct identifier_sum {
    struct str identifier;
    int64_t points;
    bool beaten; /* another one of the same type gives more */
};

static struct identifier_sum *sum_of(struct identifier_sum *sums, size_t n, struct str identifier)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(sums[i].identifier, identifier))
            return &sums[i];
    return NULL;
}

static bool gives_more(const struct identifier_sum *x, const struct identifier_sum *y)
{
    if (x->points != y->points)
        return x->points > y->points;
    return str_cmp(x->identifier, y->identifier) < 0;
}

/* One entity may be known by several identifiers, and is one entity all the same: of each type only
 * the identifier counts that gives most. */
static void count_entities(struct scoring *s, struct score *x)
{
    struct score kept = {.incident = x->incident};
    struct identifier_sum *sums = arena_array(s->a, struct identifier_sum, x->v.n);
    size_t n = 0;
    for (size_t i = 0; i < x->v.n; i++) {
        struct str identifier = key_identifier(x->v.p[i].value);
        struct identifier_sum *sum = sum_of(sums, n, identifier);
        if (sum == NULL) {
            sum = &sums[n++];
            *sum = (struct identifier_sum){.identifier = identifier};
        }
        sum->points += x->v.p[i].points;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (str_eq(key_type(sums[i].identifier), key_type(sums[k].identifier)) &&
                gives_more(&sums[k], &sums[i]))
                sums[i].beaten = true;
    for (size_t i = 0; i < x->v.n; i++) {
        const struct identifier_sum *sum = sum_of(sums, n, key_identifier(x->v.p[i].value));
        if (sum == NULL || sum->beaten)
            continue;
        kept.points += x->v.p[i].points;
        VEC_PUSH(s->a, &kept.v, x->v.p[i]);
    }
    *x = kept;
}

/* ---- tactics ---- */

static bool tactics_of(struct scoring *s, const struct state_incident *i,
                       struct state_sighting **out, size_t *n, struct err *e)
{
    struct state_sighting of = {.workspace = i->workspace, .incident = i->id};
    return state_sighting_of(s->c->o.state, s->a, SIGHTING_TACTIC, &of, TACTICS, out, n, e);
}

/* The first tactic of from that comes before the tactic in the kill chain and did not happen after
 * it; NULL: none. */
static const struct state_sighting *step_before(const struct state_sighting *from, size_t n,
                                                const struct state_sighting *tactic)
{
    for (size_t i = 0; i < n; i++)
        if (tactic_stage(from[i].value) < tactic_stage(tactic->value) &&
            from[i].first <= tactic->last)
            return &from[i];
    return NULL;
}

struct tactics {
    struct state_sighting *p;
    size_t n;
};
/* Of the incident that is scored, and of the candidate. */
struct tactics_of_both {
    struct tactics of[2];
};

static void add_steps(struct scoring *s, const struct tactics_of_both *t, size_t from,
                      int64_t *steps, struct score *x)
{
    size_t to = 1 - from;
    for (size_t i = 0; i < t->of[to].n && *steps < s->k->chain_steps; i++) {
        const struct state_sighting *then = &t->of[to].p[i];
        const struct state_sighting *before = step_before(t->of[from].p, t->of[from].n, then);
        if (before == NULL)
            continue;
        struct evidence v = {
            .kind = STR("tactics"),
            .value = arena_fmt(s->a, "%.*s → %.*s", STR_ARG(before->value), STR_ARG(then->value)),
            .points = s->k->chain,
            .weight = s->k->chain};
        v.alerts[from] = before->alerts;
        v.alerts[to] = then->alerts;
        VEC_PUSH(s->a, &x->v, v);
        x->points += v.points;
        (*steps)++;
    }
}

static bool add_chain(struct scoring *s, const struct tactics *own,
                      const struct state_incident *other, struct score *x, struct err *e)
{
    struct tactics_of_both t = {{*own}};
    int64_t steps = 0;
    if (s->k->chain == 0 || own->n == 0)
        return true;
    if (!tactics_of(s, other, &t.of[1].p, &t.of[1].n, e))
        return false;
    add_steps(s, &t, 0, &steps, x);
    add_steps(s, &t, 1, &steps, x);
    return true;
}

/* ---- rules ---- */

static void add_rule(struct scoring *s, const struct state_incident *i,
                     const struct state_incident *other, struct score *x)
{
    struct json a = {0}, b = {0};
    if (s->k->same_rule == 0 || i->rule_ids.n == 0 || other->rule_ids.n == 0 ||
        !json_parse(s->a, i->rule_ids, NULL, &a, NULL) ||
        !json_parse(s->a, other->rule_ids, NULL, &b, NULL))
        return;
    for (size_t k = 0; k < a.n; k++)
        for (size_t m = 0; m < b.n; m++) {
            struct str id = json_text(&a.items[k], STR(""));
            if (id.n == 0 || !str_eq(id, json_text(&b.items[m], STR(""))))
                continue;
            struct evidence v = {.kind = STR("rule"),
                                 .value = id,
                                 .points = s->k->same_rule,
                                 .weight = s->k->same_rule};
            VEC_PUSH(s->a, &x->v, v);
            x->points += v.points;
            return;
        }
}

/* ---- candidates ---- */

static int compare_candidates(const void *x, const void *y)
{
    const struct score *a = *(const struct score *const *)x, *b = *(const struct score *const *)y;
    if (a->points != b->points)
        return a->points < b->points ? 1 : -1;
    return str_cmp(a->incident, b->incident);
}

static bool has_excluded_tag(const struct scoring *s, const struct state_incident *i)
{
    struct json list = {0};
    if (s->k->n_excluded_tags == 0 || i->labels.n == 0 ||
        !json_parse(s->a, i->labels, NULL, &list, NULL))
        return false;
    for (size_t k = 0; k < list.n; k++)
        for (size_t t = 0; t < s->k->n_excluded_tags; t++)
            if (str_ieq(json_text(json_get(&list.items[k], "labelName"), STR("")),
                        s->k->excluded_tags[t]))
                return true;
    return false;
}

/* May the two be merged without anybody asking for it? */
static bool may_join(struct scoring *s, const struct state_incident *i,
                     const struct state_incident *other, bool *out, struct err *e)
{
    size_t one = 0, two = 0, most = (size_t)s->k->max_entities;
    bool barred = false;
    *out = false;
    if (!incident_may_merge(i, other, (size_t)s->k->max_alerts, NULL) || has_excluded_tag(s, other))
        return true;
    if (!state_sighting_count(s->c->o.state, i->workspace, i->id, most + 1, &one, e) ||
        !state_sighting_count(s->c->o.state, i->workspace, other->id, most + 1, &two, e) ||
        !state_merge_is_barred(s->c->o.state, i->workspace, i->id, other->id, &barred, e))
        return false;
    *out = one + two <= most && !barred;
    return true;
}

/* What the candidates of one incident are compared with. */
struct subject {
    const struct state_incident *i;
    struct tactics tactics;
};

static bool add_rest(struct scoring *s, const struct subject *own,
                     const struct state_incident *other, struct score *x, struct err *e)
{
    if (!add_chain(s, &own->tactics, other, x, e))
        return false;
    add_rule(s, own->i, other, x);
    return true;
}

struct choice {
    struct score best;
    struct state_incident other;
    bool found;
};

static bool better(const struct score *x, const struct state_incident *of_x,
                   const struct choice *than)
{
    if (!than->found)
        return true;
    return x->points != than->best.points ? x->points > than->best.points
                                          : of_x->number < than->other.number;
}

/* Scores one candidate in full and keeps it if it is the best so far. What costs most is asked
 * last. */
static bool consider(struct scoring *s, const struct subject *own, struct score *x,
                     struct choice *so_far, struct err *e)
{
    struct state_incident other = {0};
    struct err missing = {0};
    bool may = false;
    if (!state_incident_brief(s->c->o.state, s->a, own->i->workspace, x->incident, &other,
                              &missing)) {
        if (missing.code != ERR_NOT_FOUND && e != NULL)
            *e = missing;
        return missing.code == ERR_NOT_FOUND;
    }
    if (str_eqz(other.status, "Closed"))
        return true;
    if (!add_rest(s, own, &other, x, e))
        return false;
    if (x->points < s->k->threshold || !better(x, &other, so_far))
        return true;
    if (!may_join(s, own->i, &other, &may, e))
        return false;
    if (may)
        *so_far = (struct choice){*x, other, true};
    return true;
}

static bool choose(struct scoring *s, const struct subject *own, struct collected *all,
                   struct choice *out, struct err *e)
{
    int64_t rest = s->k->chain * s->k->chain_steps + s->k->same_rule;
    for (size_t k = 0; k < all->v.n; k++)
        count_entities(s, all->v.p[k]);
    if (all->v.n > 1)
        qsort(all->v.p, all->v.n, sizeof(*all->v.p), compare_candidates);
    for (size_t k = 0; k < all->v.n && k < (size_t)s->k->max_candidates; k++) {
        if (all->v.p[k]->points == 0 || all->v.p[k]->points + rest < s->k->threshold)
            break;
        if (!consider(s, own, all->v.p[k], out, e))
            return false;
    }
    return true;
}

bool score_best(struct scoring *s, const struct state_incident *i, struct score *out,
                struct state_incident *out_other, bool *found, struct err *e)
{
    struct collected all;
    struct subject own = {.i = i};
    struct choice best = {0};
    *found = false;
    if (has_excluded_tag(s, i))
        return true;
    if (!collect(s, i, &all, e) ||
        (all.v.n > 0 && !tactics_of(s, i, &own.tactics.p, &own.tactics.n, e)) ||
        !choose(s, &own, &all, &best, e))
        return false;
    *found = best.found;
    *out = best.best;
    out->alone = all.v.n == 1 && !all.common;
    return !best.found ||
           state_incident_get(s->c->o.state, s->a, i->workspace, best.other.id, out_other, e);
}

bool score_pair(struct scoring *s, const struct state_incident *i,
                const struct state_incident *other, struct score *out, struct err *e)
{
    struct collected all;
    struct subject own = {.i = i};
    if (!collect(s, i, &all, e) || !tactics_of(s, i, &own.tactics.p, &own.tactics.n, e))
        return false;
    struct score *x = candidate(s, &all, other->id);
    count_entities(s, x);
    if (!add_rest(s, &own, other, x, e))
        return false;
    *out = *x;
    return true;
}

/* ---- why ---- */

static void write_alerts(struct json_out *o, const char *key, struct str lines)
{
    json_key(o, key);
    json_arr(o);
    while (lines.n > 0) {
        size_t at = lines.n;
        (void)str_find(lines, STR("\n"), &at);
        json_str(o, str_sub(lines, 0, at));
        lines = str_sub(lines, at + 1, lines.n);
    }
    json_arr_end(o);
}

static void write_evidence(struct json_out *o, const struct evidence *x, bool swap)
{
    json_obj(o);
    json_kv_str(o, "kind", x->kind);
    if (str_eqz(x->kind, "entity")) {
        json_kv_str(o, "identifier", key_identifier(x->value));
        json_kv_str(o, "value", key_value(x->value));
        json_kv_int(o, "incidents", (int64_t)x->incidents);
        json_kv_int(o, "gapMinutes", x->gap / TICKS_PER_MINUTE);
        json_kv_bool(o, "knownIndicator", x->known);
    } else {
        json_kv_str(o, "value", x->value);
    }
    json_kv_int(o, "weight", x->weight);
    json_kv_int(o, "points", x->points);
    write_alerts(o, "sourceAlerts", x->alerts[swap ? 1 : 0]);
    write_alerts(o, "targetAlerts", x->alerts[swap ? 0 : 1]);
    json_obj_end(o);
}

struct str score_explain(struct scoring *s, const struct score *x, bool target_first)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "evidence");
    json_arr(&o);
    for (size_t i = 0; i < x->v.n; i++)
        write_evidence(&o, &x->v.p[i], target_first);
    json_arr_end(&o);
    json_kv_int(&o, "commonIncidents", (int64_t)s->common);
    json_key(&o, "settings");
    config_write(s->k, &o);
    json_obj_end(&o);
    return arena_str(s->a, sbuf_str(&b));
}
