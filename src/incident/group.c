/* Which incident an alert joins. Grouping is equality of a key that is made of the alert once and
 * kept with the incident: the entities, alert details and custom details that the rule's settings
 * name, in canonical form. */
#include "base/ids.h"
#include "incident/incident.h"
#include "incident/incident_priv.h"
#include "incident/merge.h"
#include <stdlib.h>

enum { MAX_KEY = 256 << 10 };

/* ---- the key ---- */

/* Names, hosts, addresses, hashes and URLs compare without case; the key is folded as a whole. */
static void add_folded(struct sbuf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        sbuf_addc(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i]);
}

static bool is_reference(struct str key)
{
    return key.n > 0 && key.p[0] == '$';
}

static struct str entity_key(struct arena *a, const struct json *entity)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_KEY);
    struct str type = json_text(json_get(entity, "Type"), STR(""));
    add_folded(&b, type);
    for (size_t i = 0; i < entity->n; i++) {
        const struct json *v = &entity->items[i];
        if (is_reference(entity->keys[i]) || str_eqz(entity->keys[i], "Type") ||
            v->type == JSON_OBJECT || v->type == JSON_ARRAY)
            continue;
        sbuf_addc(&b, '\x1f');
        add_folded(&b, entity->keys[i]);
        sbuf_addc(&b, '=');
        add_folded(&b, v->text);
    }
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

/* "Account" of the rule's settings against "account" of the column: only letters count. */
static bool same_type(struct str setting, struct str type)
{
    size_t k = 0;
    for (size_t i = 0; i < type.n; i++) {
        if (type.p[i] == '-')
            continue;
        if (k >= setting.n || !str_ieq(str_sub(setting, k, 1), str_sub(type, i, 1)))
            return false;
        k++;
    }
    return k == setting.n;
}

static bool entity_counts(const struct incident_grouping *g, const struct json *entity)
{
    if (g->match == MATCH_ALL_ENTITIES)
        return true;
    for (size_t i = 0; i < g->n_entities; i++)
        if (same_type(g->entities[i], json_text(json_get(entity, "Type"), STR(""))))
            return true;
    return false;
}

static int compare_keys(const void *x, const void *y)
{
    const struct str *a = x, *b = y;
    return str_cmp(*a, *b);
}

static void add_entities(struct arena *a, struct sbuf *b, const struct state_alert *al,
                         const struct incident_grouping *g)
{
    struct json list = {0};
    if (al->entities.n == 0 || !json_parse(a, al->entities, NULL, &list, NULL) ||
        list.type != JSON_ARRAY)
        return;
    VEC(struct str) keys = {0};
    for (size_t i = 0; i < list.n; i++)
        if (list.items[i].type == JSON_OBJECT && entity_counts(g, &list.items[i]))
            VEC_PUSH(a, &keys, entity_key(a, &list.items[i]));
    if (keys.n > 0)
        qsort(keys.p, keys.n, sizeof(*keys.p), compare_keys);
    for (size_t i = 0; i < keys.n; i++) {
        if (i > 0 && str_eq(keys.p[i], keys.p[i - 1]))
            continue;
        sbuf_add(b, keys.p[i]);
        sbuf_addc(b, '\x1e');
    }
}

static void add_custom(struct arena *a, struct sbuf *b, const struct state_alert *al,
                       const struct incident_grouping *g)
{
    struct json details = {0};
    if (al->custom_details.n == 0 || !json_parse(a, al->custom_details, NULL, &details, NULL))
        return;
    for (size_t i = 0; i < g->n_custom; i++) {
        const struct json *v = json_get_str(&details, g->custom[i]);
        struct json_out w = json_out_make(b);
        sbuf_addz(b, "\x1d");
        if (v != NULL)
            json_value(&w, v);
    }
}

static struct str group_key(struct arena *a, const struct state_alert *al,
                            const struct incident_grouping *g)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_KEY);
    if (g->match == MATCH_ANY_ALERT)
        return STR("");
    add_entities(a, &b, al, g);
    if (g->match == MATCH_SELECTED) {
        for (size_t i = 0; i < g->n_details; i++) {
            sbuf_addz(&b, "\x1d");
            sbuf_add(&b, str_eqz(g->details[i], "Severity") ? al->severity : al->name);
        }
        add_custom(a, &b, al, g);
    }
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : al->id;
}

/* ---- joining ---- */

static void raise(struct state_incident *i, struct str severity)
{
    if (incident_severity_rank(severity) > incident_severity_rank(i->severity))
        i->severity = severity;
}

/* origin: the incident that the alert would have joined, had it not been merged into i; or empty.
 */
static bool join(struct incidents *in, struct arena *a, struct workspace *w,
                 struct state_incident *i, const struct state_alert *al, struct str origin,
                 struct err *e)
{
    if (str_eqz(i->status, "Closed")) {
        i->status = STR("Active");
        i->closed = 0;
        i->classification = i->classification_reason = i->classification_comment = STR("");
    }
    raise(i, al->severity);
    return incident_alert_add(in, a, w, i, al, STR(""), STR("Alert Grouping"), e) &&
           (origin.n == 0 ||
            state_incident_alert_came_from(in->state, i->workspace, i->id, al->id, origin, e));
}

static bool create(struct incidents *in, struct arena *a, struct workspace *w,
                   const struct state_incident *like, const struct state_alert *al, bool again,
                   struct state_incident *out, struct err *e)
{
    struct guid ns;
    char id[37];
    struct state_incident i = *like;
    CHECK(guid_parse(STR("5a0f4f0c-6a6e-4a41-9f0b-0d7c6c1b7a11"), &ns));
    struct str name =
        again ? arena_fmt(a, "%.*s/%.*s", STR_ARG(al->id), STR_ARG(al->rule_id)) : al->id;
    guid_format(guid_derive(ns, name), id);
    i.id = arena_str(a, str_from(id));
    i.title = al->name;
    i.description = al->description;
    i.severity = al->severity;
    i.first_alert = al->generated;
    if (!incident_init(in, a, w, &i, e) ||
        !incident_create_with(in, a, w, &i, &al, 1, STR("Incident created from alert"), e))
        return false;
    *out = i;
    return true;
}

/* Which candidate takes one more alert; incident NULL: a new one. */
struct choice {
    struct state_incident *incident;
    struct str origin; /* see join */
};

static bool has_room(const struct state_incident *i)
{
    return i->alerts < INCIDENT_MAX_ALERTS;
}

static bool is_closed(const struct state_incident *i)
{
    return str_eqz(i->status, "Closed");
}

/* A candidate, or the incident that has its alerts now; *there false: that one was deleted. */
static bool follow(struct incidents *in, struct arena *a, struct workspace *w,
                   struct state_incident *i, bool *there, struct err *e)
{
    struct err why = {0};
    *there = incident_merged_into(in, a, w, i, i, &why);
    if (*there || why.code == ERR_NOT_FOUND)
        return true;
    return err_set(e, why.code, "%s", why.msg);
}

/* The newest: an open one, the one that a candidate was merged into, a closed one to reopen. */
static bool choose(struct incidents *in, struct arena *a, struct workspace *w,
                   struct state_incident *list, size_t n, const struct incident_grouping *g,
                   struct choice *out, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!is_closed(&list[i]) && has_room(&list[i])) {
            out->incident = &list[i];
            return true;
        }
    for (size_t i = 0; i < n; i++) {
        bool merged = list[i].merged_into != 0, there = false;
        struct str name = list[i].id;
        if (!follow(in, a, w, &list[i], &there, e))
            return false;
        if (there && has_room(&list[i]) && (g->reopen || (merged && !is_closed(&list[i])))) {
            *out = (struct choice){&list[i], merged ? name : STR("")};
            return true;
        }
    }
    return true;
}

/* The alert and what becomes of its incident are one transaction; correlation follows. */
static bool settled(struct incidents *in, const struct state_alert *al,
                    const struct incident_grouping *g, struct err *e)
{
    return g->apart || state_correlation_wait(in->state, al->workspace, al->id, e);
}

bool incident_from_alert(struct incidents *in, struct arena *a, struct workspace *w,
                         const struct state_alert *alert, const struct incident_grouping *g,
                         struct str *out_incident, struct err *e)
{
    struct state_incident like = {.workspace = workspace_id(w)}, made = {0}, *list = NULL;
    struct state_relation *there = NULL;
    struct choice to = {0};
    size_t n = 0, n_there = 0;
    *out_incident = STR("");
    if (!g->create)
        return true;
    /* A window that is evaluated again makes the same alerts: they are where they were. */
    if (!state_relation_of(in->state, a, like.workspace, RELATION_ALERT, alert->id, &there,
                           &n_there, e))
        return false;
    if (n_there > 0 && !g->again) {
        *out_incident = there[0].incident;
        return true;
    }
    if (g->grouping) {
        like.group_rule = alert->rule_id;
        like.group_key = group_key(a, alert, g);
        if (!state_incident_candidates(in->state, a, &like, alert->generated - g->lookback, &list,
                                       &n, e) ||
            !choose(in, a, w, list, n, g, &to, e))
            return false;
    }
    bool ok = to.incident != NULL ? join(in, a, w, to.incident, alert, to.origin, e)
                                  : create(in, a, w, &like, alert, g->again, &made, e);
    if (ok)
        *out_incident = to.incident != NULL ? to.incident->id : made.id;
    return ok && settled(in, alert, g, e);
}
