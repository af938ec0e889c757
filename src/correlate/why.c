/* Why incidents were merged, and the graph of an incident. */
#include "correlate/correlate_priv.h"
#include "text/date.h"

enum { MAX_MERGES = 1000, DEFAULT_NODES = 500, MAX_NODES = 5000, MAX_LABEL = 256 };

/* ---- merges ---- */

void correlate_merge_to_json(struct arena *a, const struct state_merge *m, struct json_out *out)
{
    struct json explanation = {0};
    json_obj(out);
    json_kv_str(out, "id", m->id);
    json_kv_int(out, "sourceIncidentNumber", m->source_number);
    json_kv_str(out, "sourceIncidentName", m->source);
    json_kv_int(out, "targetIncidentNumber", m->target_number);
    json_kv_str(out, "targetIncidentName", m->target);
    json_kv_time(out, "mergedTimeUtc", m->at);
    json_kv_str(out, "mergedBy", m->who);
    json_kv_bool(out, "automatic", m->automatic);
    json_kv_str(out, "reason", m->reason);
    json_kv_int(out, "score", m->score);
    json_kv_int(out, "threshold", m->threshold);
    json_key(out, "alerts");
    json_raw(out, m->alerts);
    if (json_parse(a, m->explanation, NULL, &explanation, NULL) && explanation.type == JSON_OBJECT)
        for (size_t i = 0; i < explanation.n; i++) {
            json_key_str(out, explanation.keys[i]);
            json_value(out, &explanation.items[i]);
        }
    if (m->undone != 0) {
        json_kv_time(out, "undoneTimeUtc", m->undone);
        json_kv_str(out, "undoneBy", m->undone_by);
        json_kv_bool(out, "barred", m->barred);
    }
    json_obj_end(out);
}

bool correlate_why(struct correlate *c, struct arena *a, struct workspace *w, struct str incident,
                   struct json_out *out, struct err *e)
{
    struct state_incident i = {0};
    struct state_merge *all = NULL;
    size_t n = 0;
    if (!incident_get(c->o.incidents, a, w, incident, &i, e) ||
        !state_merge_list(c->o.state, a, workspace_id(w), i.id, MAX_MERGES, &all, &n, e))
        return false;
    json_obj(out);
    json_kv_str(out, "incidentName", i.id);
    json_kv_int(out, "incidentNumber", i.number);
    if (i.merged_into != 0)
        json_kv_int(out, "mergedIncidentNumber", i.merged_into);
    json_key(out, "merges");
    json_arr(out);
    for (size_t k = 0; k < n; k++)
        correlate_merge_to_json(a, &all[k], out);
    json_arr_end(out);
    json_obj_end(out);
    return true;
}

/* ---- the graph ---- */

struct graph {
    struct arena *a;
    struct json_out *out;
    struct map *nodes; /* node id → itself */
    size_t n, max;
    bool truncated;
    struct sbuf edges;
    struct json_out edges_out;
    struct map *edges_seen;
};

static struct str text_member(const struct json *v, const char *const *names)
{
    for (; *names != NULL; names++) {
        struct str s = json_text(json_get(v, *names), STR(""));
        if (s.n > 0)
            return s;
    }
    return STR("");
}

static struct str entity_label(const struct json *v)
{
    static const char *const names[] = {
        "HostName",   "Address",   "Url",         "DisplayName", "ResourceId",
        "DomainName", "Value",     "CommandLine", "Name",        "MailboxPrimaryAddress",
        "Key",        "Recipient", "Query",       "DeviceId",    "Sid",
        "AadUserId",  "SID",       NULL};
    struct str name = json_text(json_get(v, "Name"), STR(""));
    bool account = str_ieqz(json_text(json_get(v, "Type"), STR("")), "account");
    return str_sub(account && name.n > 0 ? name : text_member(v, names), 0, MAX_LABEL);
}

/* False: there is no room, or it is there already; *known says which. */
static bool enter_node(struct graph *g, struct str id, bool *known)
{
    *known = map_get(g->nodes, id) != NULL;
    if (*known)
        return false;
    if (g->n == g->max) {
        g->truncated = true;
        return false;
    }
    *known = true;
    (void)map_put(g->nodes, id, g);
    g->n++;
    return true;
}

static void add_edge(struct graph *g, struct str from, struct str to, const char *kind)
{
    struct str key = arena_fmt(g->a, "%.*s\n%.*s", STR_ARG(from), STR_ARG(to));
    if (str_eq(from, to) || map_get(g->edges_seen, key) != NULL)
        return;
    (void)map_put(g->edges_seen, key, g);
    json_obj(&g->edges_out);
    json_kv_str(&g->edges_out, "source", from);
    json_kv_str(&g->edges_out, "target", to);
    json_kv_z(&g->edges_out, "kind", kind);
    json_obj_end(&g->edges_out);
}

static void write_alert_node(struct graph *g, const struct state_alert *al, struct str id)
{
    bool known = false;
    if (!enter_node(g, id, &known))
        return;
    json_obj(g->out);
    json_kv_str(g->out, "id", id);
    json_kv_z(g->out, "kind", "SecurityAlert");
    json_kv_str(g->out, "label", al->name);
    json_key(g->out, "properties");
    json_obj(g->out);
    json_kv_str(g->out, "systemAlertId", al->id);
    json_kv_str(g->out, "severity", al->severity);
    json_kv_str(g->out, "productName", al->product);
    json_kv_time(g->out, "startTimeUtc", al->start);
    json_kv_time(g->out, "endTimeUtc", al->end);
    json_key(g->out, "tactics");
    json_raw(g->out, al->tactics.n > 0 ? al->tactics : STR("[]"));
    json_obj_end(g->out);
    json_obj_end(g->out);
}

/* What it holds itself; entities inside of it are nodes of their own. */
static struct str entity_text(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i].type != JSON_OBJECT && v->items[i].type != JSON_ARRAY &&
            !(v->keys[i].n > 0 && v->keys[i].p[0] == '$')) {
            json_key_str(&o, v->keys[i]);
            json_value(&o, &v->items[i]);
        }
    json_obj_end(&o);
    return arena_str(a, sbuf_str(&b));
}

/* Its strong key; an entity without one is the same as another with the same texts. */
static struct str entity_id(struct graph *g, const struct entity_nodes *all, const struct json *v)
{
    struct entity_keys keys = {0};
    entity_keys_add(g->a, all, v, &keys);
    return arena_fmt(g->a, "entity/%.*s",
                     STR_ARG(keys.v.n > 0 ? keys.v.p[0] : entity_text(g->a, v)));
}

static bool write_entity_node(struct graph *g, const struct json *v, struct str id)
{
    bool known = false;
    if (!enter_node(g, id, &known))
        return known;
    json_obj(g->out);
    json_kv_str(g->out, "id", id);
    json_kv_str(g->out, "kind", json_text(json_get(v, "Type"), STR("")));
    json_kv_str(g->out, "label", entity_label(v));
    json_key(g->out, "properties");
    json_raw(g->out, entity_text(g->a, v));
    json_obj_end(g->out);
    return true;
}

/* From an entity to those that its members are or refer to. */
static void link_members(struct graph *g, const struct entity_nodes *all, const struct json *v,
                         struct str id)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct json *member = entity_at(all, &v->items[i]);
        if (member == NULL || json_get(member, "Type") == NULL)
            continue;
        struct str other = entity_id(g, all, member);
        if (map_get(g->nodes, other) != NULL)
            add_edge(g, id, other, "refersTo");
    }
}

static void add_entities(struct graph *g, const struct state_alert *al, struct str alert)
{
    struct json column = {0};
    struct entity_nodes all;
    if (al->entities.n == 0 || !json_parse(g->a, al->entities, NULL, &column, NULL))
        return;
    correlate_entities(g->a, &column, KEYS_PER_ALERT, &all);
    struct str *ids = arena_array(g->a, struct str, all.n + 1);
    for (size_t i = 0; i < all.n; i++) {
        ids[i] = entity_id(g, &all, all.p[i].object);
        if (write_entity_node(g, all.p[i].object, ids[i]))
            add_edge(g, alert, ids[i], "names");
    }
    for (size_t i = 0; i < all.n; i++)
        if (map_get(g->nodes, ids[i]) != NULL)
            link_members(g, &all, all.p[i].object, ids[i]);
}

static void write_graph(struct graph *g, const struct state_incident *i,
                        const struct state_alert *alerts, size_t n)
{
    g->edges_out = json_out_make(&g->edges);
    json_arr(&g->edges_out);
    json_obj(g->out);
    json_kv_str(g->out, "incidentName", i->id);
    json_kv_int(g->out, "incidentNumber", i->number);
    json_key(g->out, "nodes");
    json_arr(g->out);
    /* Alerts first: a graph that is cut off names them all. */
    struct str *ids = arena_array(g->a, struct str, n + 1);
    for (size_t k = 0; k < n; k++) {
        ids[k] = arena_fmt(g->a, "alert/%.*s", STR_ARG(alerts[k].id));
        write_alert_node(g, &alerts[k], ids[k]);
    }
    for (size_t k = 0; k < n; k++)
        if (map_get(g->nodes, ids[k]) != NULL)
            add_entities(g, &alerts[k], ids[k]);
    json_arr_end(g->out);
    json_arr_end(&g->edges_out);
    json_key(g->out, "edges");
    json_raw(g->out, sbuf_str(&g->edges));
    json_kv_bool(g->out, "truncated", g->truncated);
    json_obj_end(g->out);
}

bool correlate_graph(struct correlate *c, struct arena *a, struct workspace *w, struct str incident,
                     size_t max_nodes, struct json_out *out, struct err *e)
{
    struct state_incident i = {0};
    struct state_alert *alerts = NULL;
    size_t n = 0;
    if (max_nodes > MAX_NODES)
        return err_set(e, ERR_INVALID, "maxNodes: at most %d expected", MAX_NODES);
    if (!incident_get(c->o.incidents, a, w, incident, &i, e) ||
        !state_alert_of_incident(c->o.state, a, workspace_id(w), i.id, &alerts, &n, e))
        return false;
    struct graph g = {.a = a,
                      .out = out,
                      .nodes = map_new(a, false),
                      .edges_seen = map_new(a, false),
                      .max = max_nodes != 0 ? max_nodes : DEFAULT_NODES,
                      .edges = sbuf_make(0)};
    write_graph(&g, &i, alerts, n);
    sbuf_fini(&g.edges);
    return true;
}
