/* What is around an entity: expansions (alerts, bookmarks and entities that are named with it) and
 * its timeline. */
#include "base/ids.h"
#include "incident/entity.h"
#include "incident/entity_priv.h"
#include "text/date.h"

/* ---- what is collected ---- */

struct around {
    struct incidents *in;
    struct arena *a;
    struct workspace *w;
    int64_t from, to;
    struct map *seen;      /* ids that are there already */
    struct map *counts;    /* kind → int64_t */
    struct sbuf *entities; /* the JSON elements, with commas between */
    struct json_out out;
    VEC(struct str) ids;
};

static bool take(struct around *r, struct str id, struct str kind)
{
    if (map_get(r->seen, id) != NULL || r->ids.n >= ENTITY_MAX_OF_ANSWER)
        return false;
    (void)map_put(r->seen, id, r);
    int64_t *count = map_get(r->counts, kind);
    if (count == NULL) {
        count = arena_new_of(r->a, int64_t);
        (void)map_put(r->counts, kind, count);
    }
    (*count)++;
    VEC_PUSH(r->a, &r->ids, id);
    return true;
}

/* What is gone meanwhile is left out. */
static bool skip_missing(const struct err *why, struct err *e)
{
    if (why->code == ERR_NOT_FOUND)
        return true;
    *e = *why;
    return false;
}

static bool take_alert(struct around *r, struct str id, struct err *e)
{
    struct state_alert al = {0};
    struct err why = {0};
    if (!state_alert_get(r->in->state, r->a, workspace_id(r->w), id, &al, &why))
        return skip_missing(&why, e);
    if (take(r, al.id, STR("SecurityAlert")))
        incident_alert_to_json(r->in, r->a, r->w, &r->out, &al);
    return true;
}

static bool take_bookmark(struct around *r, struct str id, struct err *e)
{
    struct state_bookmark b = {0};
    struct err why = {0};
    if (!state_bookmark_get(r->in->state, r->a, workspace_id(r->w), id, &b, &why))
        return skip_missing(&why, e);
    if (take(r, b.id, STR("Bookmark")))
        bookmark_entity_to_json(r->in, r->a, r->w, &b, &r->out);
    return true;
}

static bool take_entities(struct around *r, const char *type, struct str source, struct err *e)
{
    struct state_entity *list = NULL;
    size_t n = 0;
    if (!state_entity_of(r->in->state, r->a, workspace_id(r->w), type, source, &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (take(r, list[i].id, list[i].kind))
            entity_to_json(r->in, r->w, &list[i], &r->out);
    return true;
}

static bool links_of(struct around *r, struct str id, struct state_entity_link **out, size_t *n,
                     struct err *e)
{
    return state_entity_links(r->in->state, r->a, workspace_id(r->w), id, r->from, r->to,
                              ENTITY_MAX_OF_ANSWER, out, n, e);
}

/* ---- expansions ---- */

typedef bool expand_fn(struct around *r, const struct entity_subject *s, struct err *e);

static bool expand_sources(struct around *r, const struct entity_subject *s, const char *type,
                           struct err *e)
{
    struct state_entity_link *links = NULL;
    size_t n = 0;
    bool ok = links_of(r, s->entity.id, &links, &n, e);
    for (size_t i = 0; ok && i < n; i++)
        if (str_eqz(links[i].source_type, type))
            ok = strcmp(type, LINK_ALERT) == 0 ? take_alert(r, links[i].source, e)
                                               : take_bookmark(r, links[i].source, e);
    return ok;
}

static bool expand_alerts(struct around *r, const struct entity_subject *s, struct err *e)
{
    return expand_sources(r, s, LINK_ALERT, e);
}

static bool expand_bookmarks(struct around *r, const struct entity_subject *s, struct err *e)
{
    return expand_sources(r, s, LINK_BOOKMARK, e);
}

static bool expand_neighbours(struct around *r, const struct entity_subject *s, struct err *e)
{
    struct state_entity_link *links = NULL;
    size_t n = 0;
    (void)map_put(r->seen, s->entity.id, r);
    bool ok = links_of(r, s->entity.id, &links, &n, e);
    for (size_t i = 0; ok && i < n; i++)
        ok =
            take_entities(r, str_eqz(links[i].source_type, LINK_ALERT) ? LINK_ALERT : LINK_BOOKMARK,
                          links[i].source, e);
    return ok;
}

static bool expand_named(struct around *r, const struct entity_subject *s, struct err *e)
{
    return s->type == SUBJECT_IS_ALERT ? take_entities(r, LINK_ALERT, s->alert.id, e)
                                       : take_entities(r, LINK_BOOKMARK, s->bookmark.id, e);
}

static const struct expansion {
    const char *name, *title;
    bool of_entities; /* of entities of the index; else of alerts and bookmarks */
    expand_fn *run;
} expansions[] = {
    {"alerts", "Related alerts", true, expand_alerts},
    {"entities", "Entities in the same alerts and bookmarks", true, expand_neighbours},
    {"bookmarks", "Related bookmarks", true, expand_bookmarks},
    {"entities", "Entities", false, expand_named},
};

static struct str kind_of(const struct entity_subject *s)
{
    switch (s->type) {
    case SUBJECT_IS_ENTITY:
        return s->entity.kind;
    case SUBJECT_IS_ALERT:
        return STR("SecurityAlert");
    case SUBJECT_IS_BOOKMARK:
        return STR("Bookmark");
    }
    UNREACHABLE();
}

static struct str expansion_id(struct arena *a, struct str kind, const struct expansion *x)
{
    struct guid ns;
    char id[37];
    CHECK(guid_parse(STR("0f6a2c7b-6d0e-4b52-8a7c-6d8f6f0b5c21"), &ns));
    guid_format(guid_derive(ns, arena_fmt(a, "%.*s/%s", STR_ARG(kind), x->name)), id);
    return arena_str(a, str_from(id));
}

static bool read_time(const struct json *body, const char *name, int64_t otherwise, int64_t *out,
                      struct err *e)
{
    const struct json *v = json_get(body, name);
    *out = otherwise;
    return v == NULL || v->type == JSON_NULL || date_parse_iso(json_text(v, STR("")), out) ||
           err_set(e, ERR_INVALID, "%s: a time in ISO 8601 expected", name);
}

static void write_expanded(struct around *r, const struct expansion *x, struct json_out *out)
{
    struct str kind;
    void *count;
    json_obj(out);
    json_key(out, "metaData");
    json_obj(out);
    json_key(out, "aggregations");
    json_arr(out);
    for (size_t i = 0; map_next(r->counts, &i, &kind, &count);) {
        json_obj(out);
        json_kv_str(out, "entityKind", kind);
        json_kv_int(out, "count", *(int64_t *)count);
        json_kv_z(out, "aggregationType", "Count");
        json_kv_z(out, "displayName", x->title);
        json_obj_end(out);
    }
    json_arr_end(out);
    json_obj_end(out);
    json_key(out, "value");
    json_obj(out);
    json_key(out, "entities");
    json_raw(out, sbuf_str(r->entities));
    json_key(out, "edges");
    json_arr(out);
    for (size_t i = 0; i < r->ids.n; i++) {
        json_obj(out);
        json_kv_str(out, "targetEntityId",
                    incident_resource_id(r->in, r->a, r->w, "entities", r->ids.p[i]));
        json_key(out, "additionalData");
        json_obj(out);
        json_obj_end(out);
        json_obj_end(out);
    }
    json_arr_end(out);
    json_obj_end(out);
    json_obj_end(out);
}

bool entity_expand_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                        const struct json *body, struct json_out *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct around r = {.in = in,
                       .a = a,
                       .w = w,
                       .seen = map_new(a, false),
                       .counts = map_new(a, false),
                       .entities = &b,
                       .out = json_out_make(&b)};
    struct entity_subject s;
    const struct expansion *x = NULL;
    struct str wanted = json_text(json_get(body, "expansionId"), STR(""));
    if (!read_time(body, "startTime", 0, &r.from, e) ||
        !read_time(body, "endTime", INT64_MAX, &r.to, e) ||
        !entity_subject_find(in, a, w, id, &s, e))
        return false;
    for (size_t i = 0; i < COUNTOF(expansions); i++)
        if (expansions[i].of_entities == (s.type == SUBJECT_IS_ENTITY) &&
            str_ieq(wanted, expansion_id(a, kind_of(&s), &expansions[i])))
            x = &expansions[i];
    if (x == NULL)
        return err_set(e, ERR_INVALID,
                       "expansionId: there is no such expansion of the kind %.*s; "
                       "GET …/entityQueries?kind=Expansion lists them",
                       STR_ARG(kind_of(&s)));
    json_arr(&r.out);
    if (!x->run(&r, &s, e))
        return false;
    json_arr_end(&r.out);
    write_expanded(&r, x, out);
    return true;
}

/* ---- the expansions as entity queries ---- */

static void write_query(struct incidents *in, struct arena *a, struct workspace *w,
                        const char *kind, const struct expansion *x, struct json_out *out)
{
    static const char *const outputs[] = {"alerts", "SecurityAlert", "bookmarks", "Bookmark"};
    struct str id = expansion_id(a, str_from(kind), x);
    json_obj(out);
    incident_resource_head(out, incident_resource_id(in, a, w, "entityQueries", id), id,
                           "Microsoft.SecurityInsights/entityQueries");
    json_kv_z(out, "kind", "Expansion");
    json_key(out, "properties");
    json_obj(out);
    json_kv_z(out, "displayName", x->title);
    json_kv_z(out, "inputEntityType", kind);
    json_key(out, "inputFields");
    json_arr(out);
    json_arr_end(out);
    json_key(out, "dataSources");
    json_arr(out);
    json_z(out, "SecurityAlert");
    json_z(out, "HuntingBookmark");
    json_arr_end(out);
    json_key(out, "outputEntityTypes");
    json_arr(out);
    for (size_t i = 0; i < COUNTOF(outputs); i += 2)
        if (strcmp(outputs[i], x->name) == 0)
            json_z(out, outputs[i + 1]);
    json_arr_end(out);
    json_kv_z(out, "queryTemplate", "");
    json_obj_end(out);
    json_obj_end(out);
}

static bool write_queries(struct incidents *in, struct arena *a, struct workspace *w,
                          const char *kind, bool of_entities, struct str id, struct json_out *out)
{
    bool any = false;
    for (size_t i = 0; i < COUNTOF(expansions); i++) {
        if (expansions[i].of_entities != of_entities ||
            (id.n > 0 && !str_ieq(id, expansion_id(a, str_from(kind), &expansions[i]))))
            continue;
        write_query(in, a, w, kind, &expansions[i], out);
        any = true;
    }
    return any;
}

bool entity_queries_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                         struct json_out *out, struct err *e)
{
    bool any = false;
    if (id.n == 0)
        json_arr(out);
    for (size_t i = 0; entity_kind_at(i) != NULL; i++)
        any = write_queries(in, a, w, entity_kind_at(i)->kind, true, id, out) || any;
    any = write_queries(in, a, w, "SecurityAlert", false, id, out) || any;
    any = write_queries(in, a, w, "Bookmark", false, id, out) || any;
    if (id.n == 0)
        json_arr_end(out);
    return any || err_set(e, ERR_NOT_FOUND, "there is no entity query '%.*s'",
                          (int)(id.n < 80 ? id.n : 80), id.p);
}

/* ---- the timeline ---- */

static bool wants(const struct json *kinds, const char *kind)
{
    if (kinds == NULL || kinds->type != JSON_ARRAY || kinds->n == 0)
        return true;
    for (size_t i = 0; i < kinds->n; i++)
        if (str_ieqz(json_text(&kinds->items[i], STR("")), kind))
            return true;
    return false;
}

static bool check_kinds(const struct json *kinds, struct err *e)
{
    static const char *const all[] = {"Activity", "Bookmark", "SecurityAlert", "Anomaly"};
    for (size_t i = 0; kinds != NULL && i < kinds->n; i++) {
        bool known = false;
        for (size_t k = 0; k < COUNTOF(all); k++)
            known = known || str_ieqz(json_text(&kinds->items[i], STR("")), all[k]);
        if (!known)
            return err_set(e, ERR_INVALID,
                           "kinds[%zu]: not one of Activity, Bookmark, SecurityAlert, Anomaly", i);
    }
    return true;
}

void timeline_alert_write(struct incidents *in, struct arena *a, struct workspace *w,
                          const struct state_alert *al, struct json_out *out)
{
    struct json row = {0};
    json_kv_str(out, "azureResourceId", incident_resource_id(in, a, w, "entities", al->id));
    json_kv_str(out, "displayName", al->name);
    json_kv_str(out, "description", al->description);
    json_kv_str(out, "productName", al->product);
    json_kv_str(out, "severity", al->severity);
    json_kv_time(out, "startTimeUtc", al->start);
    json_kv_time(out, "endTimeUtc", al->end);
    json_kv_time(out, "timeGenerated", al->generated);
    if (json_parse(a, al->row, NULL, &row, NULL))
        json_kv_str(out, "alertType", json_text(json_get(&row, "AlertType"), STR("")));
}

void timeline_bookmark_write(struct incidents *in, struct arena *a, struct workspace *w,
                             const struct state_bookmark *b, struct json_out *out)
{
    json_kv_str(out, "azureResourceId", incident_resource_id(in, a, w, "bookmarks", b->id));
    json_kv_str(out, "displayName", b->name);
    json_kv_str(out, "notes", b->notes);
    json_kv_time(out, "startTimeUtc", b->query_start);
    json_kv_time(out, "endTimeUtc", b->query_end);
    json_kv_time(out, "eventTime", b->event_time);
    incident_kv_raw(out, "createdBy", b->created_by, "{}");
    incident_kv_raw(out, "labels", b->labels, "[]");
}

static bool write_item(struct around *r, const struct state_entity_link *link,
                       const struct json *kinds, struct err *e)
{
    struct state_alert al = {0};
    struct state_bookmark b = {0};
    struct err why = {0};
    bool alert = str_eqz(link->source_type, LINK_ALERT);
    const char *kind = alert ? "SecurityAlert" : "Bookmark";
    if (!wants(kinds, kind))
        return true;
    if (alert ? !state_alert_get(r->in->state, r->a, workspace_id(r->w), link->source, &al, &why)
              : !state_bookmark_get(r->in->state, r->a, workspace_id(r->w), link->source, &b, &why))
        return skip_missing(&why, e);
    if (!take(r, link->source, str_from(kind)))
        return true;
    json_obj(&r->out);
    json_kv_z(&r->out, "kind", kind);
    if (alert)
        timeline_alert_write(r->in, r->a, r->w, &al, &r->out);
    else
        timeline_bookmark_write(r->in, r->a, r->w, &b, &r->out);
    json_obj_end(&r->out);
    return true;
}

static void write_timeline(struct around *r, struct json_out *out)
{
    struct str kind;
    void *count;
    json_obj(out);
    json_key(out, "metaData");
    json_obj(out);
    json_kv_int(out, "totalCount", (int64_t)r->ids.n);
    json_key(out, "aggregations");
    json_arr(out);
    for (size_t i = 0; map_next(r->counts, &i, &kind, &count);) {
        json_obj(out);
        json_kv_str(out, "kind", kind);
        json_kv_int(out, "count", *(int64_t *)count);
        json_obj_end(out);
    }
    json_arr_end(out);
    json_key(out, "errors");
    json_arr(out);
    json_arr_end(out);
    json_obj_end(out);
    json_key(out, "value");
    json_raw(out, sbuf_str(r->entities));
    json_obj_end(out);
}

bool entity_timeline_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                          const struct json *body, struct json_out *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct around r = {.in = in,
                       .a = a,
                       .w = w,
                       .seen = map_new(a, false),
                       .counts = map_new(a, false),
                       .entities = &b,
                       .out = json_out_make(&b)};
    const struct json *kinds = json_get(body, "kinds");
    struct entity_subject s;
    struct state_entity_link *links = NULL;
    size_t n = 0;
    if (json_get(body, "startTime") == NULL || json_get(body, "endTime") == NULL)
        return err_set(e, ERR_INVALID, "startTime and endTime are needed");
    if (!read_time(body, "startTime", 0, &r.from, e) ||
        !read_time(body, "endTime", INT64_MAX, &r.to, e) || !check_kinds(kinds, e) ||
        !entity_subject_find(in, a, w, id, &s, e))
        return false;
    if (s.type != SUBJECT_IS_ENTITY)
        return err_set(e, ERR_INVALID, "alerts and bookmarks have no timeline");
    if (!links_of(&r, s.entity.id, &links, &n, e))
        return false;
    json_arr(&r.out);
    for (size_t i = 0; i < n; i++)
        if (!write_item(&r, &links[i], kinds, e))
            return false;
    json_arr_end(&r.out);
    write_timeline(&r, out);
    return true;
}
