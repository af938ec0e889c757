/* Bookmarks: reading bodies, changing, and the HuntingBookmark rows. */
#include "incident/bookmark.h"
#include "incident/entity_priv.h"
#include "text/date.h"

enum { MAX_NAME = 1000, MAX_QUERY = 100 << 10, MAX_NOTES = 30000, MAX_TEXTS = 100 };

bool bookmark_get(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  struct state_bookmark *out, struct err *e)
{
    return state_bookmark_get(in->state, a, workspace_id(w), id, out, e);
}

/* ---- the row ---- */

static struct str who_of(struct arena *a, struct str user)
{
    struct json v = {0};
    return json_parse(a, user, NULL, &v, NULL) ? json_text(json_get(&v, "name"), STR("")) : STR("");
}

static void kv_dynamic(struct json_out *o, const char *key, struct str json)
{
    json_kv_str(o, key, json.n > 0 ? json : STR("[]"));
}

static bool write_row(struct incidents *in, struct arena *a, struct workspace *w,
                      const struct state_bookmark *b, struct str entities, bool deleted,
                      struct err *e)
{
    AUTO(sbuf_fini) struct sbuf buffer = sbuf_make(4 * (size_t)BOOKMARK_MAX_BYTES);
    struct json_out o = json_out_make(&buffer);
    json_arr(&o);
    json_obj(&o);
    json_kv_time(&o, "TimeGenerated", b->row_time);
    json_kv_str(&o, "BookmarkId", b->id);
    json_kv_str(&o, "BookmarkName", b->name);
    json_kv_z(&o, "BookmarkType", "Query");
    json_kv_str(&o, "CreatedBy", who_of(a, b->created_by));
    json_kv_time(&o, "CreatedTime", b->created);
    kv_dynamic(&o, "Entities", entities);
    json_kv_time(&o, "EventTime", b->event_time);
    json_kv_time(&o, "LastUpdatedTime", b->updated);
    json_kv_str(&o, "Notes", b->notes);
    json_kv_time(&o, "QueryEndTime", b->query_end);
    json_kv_str(&o, "QueryResultRow", b->query_result);
    json_kv_time(&o, "QueryStartTime", b->query_start);
    json_kv_str(&o, "QueryText", b->query);
    json_kv_bool(&o, "SoftDeleted", deleted);
    kv_dynamic(&o, "Tags", b->labels);
    json_kv_str(&o, "UpdatedBy", who_of(a, b->updated_by));
    json_kv_z(&o, "SourceSystem", "Azure");
    json_obj_end(&o);
    json_arr_end(&o);
    if (!sbuf_ok(&buffer))
        return err_set(e, ERR_LIMIT, "the bookmark is larger than %d bytes", BOOKMARK_MAX_BYTES);
    struct str dedup = arena_fmt(a, "bookmark/%.*s/%.*s/%lld", STR_ARG(b->workspace),
                                 STR_ARG(b->id), (long long)b->row_time);
    return logrows_put(in, w, "HuntingBookmark", sbuf_str(&buffer), dedup, e);
}

static void touch(struct incidents *in, struct arena *a, struct state_bookmark *b,
                  const struct incident_actor *who)
{
    int64_t now = clock_now(in->clock);
    b->etag = incident_etag_new(a);
    b->updated = now;
    b->updated_by = incident_actor_json(a, who);
    b->row_time = now > b->row_time ? now : b->row_time + TICKS_PER_MS;
}

/* ---- the body ---- */

static bool read_texts(struct arena *a, const struct json *p, const char *name, struct str *out,
                       struct err *e)
{
    const struct json *v = json_get(p, name);
    *out = STR("");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_ARRAY || v->n > MAX_TEXTS)
        return err_set(e, ERR_INVALID, "properties.%s: an array of at most %d texts expected", name,
                       MAX_TEXTS);
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i].type != JSON_STRING || v->items[i].text.n == 0)
            return err_set(e, ERR_INVALID, "properties.%s[%zu]: a text expected", name, i);
    *out = incident_compact(a, v);
    return true;
}

/* Absent: no time. */
static bool read_time(const struct json *p, const char *name, int64_t *out, struct err *e)
{
    const struct json *v = json_get(p, name);
    *out = 0;
    return v == NULL || v->type == JSON_NULL || date_parse_iso(json_text(v, STR("")), out) ||
           err_set(e, ERR_INVALID, "properties.%s: a time in ISO 8601 expected", name);
}

static bool read_all_texts(struct arena *a, const struct json *p, struct state_bookmark *b,
                           struct err *e)
{
    const struct {
        const char *name;
        struct str *to;
        size_t max;
    } texts[] = {{"displayName", &b->name, MAX_NAME},
                 {"query", &b->query, MAX_QUERY},
                 {"queryResult", &b->query_result, BOOKMARK_MAX_BYTES},
                 {"notes", &b->notes, MAX_NOTES}};
    for (size_t i = 0; i < COUNTOF(texts); i++)
        if (!incident_read_text(a, p, texts[i].name, texts[i].to, e) ||
            !incident_short_enough(texts[i].name, *texts[i].to, texts[i].max, e))
            return false;
    b->name = str_trim(b->name);
    if (b->name.n == 0)
        return err_set(e, ERR_INVALID, "properties.displayName is missing");
    return str_trim(b->query).n > 0 || err_set(e, ERR_INVALID, "properties.query is missing");
}

static bool read_body(struct arena *a, const struct json *p, struct state_bookmark *b,
                      struct str *out_entities, struct err *e)
{
    const struct json *mappings = json_get(p, "entityMappings");
    if (!read_all_texts(a, p, b, e) || !read_texts(a, p, "labels", &b->labels, e) ||
        !read_texts(a, p, "tactics", &b->tactics, e) ||
        !read_texts(a, p, "techniques", &b->techniques, e) ||
        !read_time(p, "eventTime", &b->event_time, e) ||
        !read_time(p, "queryStartTime", &b->query_start, e) ||
        !read_time(p, "queryEndTime", &b->query_end, e) ||
        !entities_of_mappings(a, mappings, out_entities, e))
        return false;
    b->entity_mappings =
        mappings != NULL && mappings->type == JSON_ARRAY ? incident_compact(a, mappings) : STR("");
    return true;
}

/* ---- changing ---- */

/* incidentInfo of the body: the bookmark joins that incident. */
static bool join_incident(struct incidents *in, struct arena *a, struct workspace *w,
                          const struct state_bookmark *b, const struct json *p,
                          const struct incident_actor *who, struct err *e)
{
    const struct json *info = json_get(p, "incidentInfo");
    struct str incident = json_text(json_get(info, "incidentId"), STR("")), path = incident,
               name = json_text(json_get(info, "relationName"), STR(""));
    struct state_incident i = {0};
    struct state_relation *list = NULL;
    size_t n = 0;
    for (size_t at = path.n; at > 0; at--) /* a whole ARM id will do */
        if (path.p[at - 1] == '/') {
            incident = str_sub(path, at, path.n);
            break;
        }
    if (incident.n == 0)
        return true;
    if ((name.n > 0 && !incident_relation_name_check(name, e)) ||
        !incident_get(in, a, w, incident, &i, e) ||
        !state_relation_of(in->state, a, workspace_id(w), RELATION_BOOKMARK, b->id, &list, &n, e))
        return false;
    for (size_t k = 0; k < n; k++)
        if (str_eq(list[k].incident, i.id))
            return true;
    return incident_bookmark_add(in, a, w, &i, b->id, name, who->name, e);
}

static bool save(struct incidents *in, struct arena *a, struct workspace *w,
                 struct state_bookmark *b, struct str entities, const struct json *p,
                 const struct incident_actor *who, struct err *e)
{
    int64_t seen = b->event_time != 0 ? b->event_time : b->created;
    return state_bookmark_put(in->state, b, e) &&
           entities_link(in, a, w, LINK_BOOKMARK, b->id, entities, seen, e) &&
           write_row(in, a, w, b, entities, false, e) && join_incident(in, a, w, b, p, who, e);
}

static bool put_locked(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                       const struct json *body, struct str if_match,
                       const struct incident_actor *who, struct state_bookmark *out,
                       bool *out_created, struct err *e)
{
    struct err missing = {0};
    struct str entities = STR("");
    const struct json *p = incident_body_properties(body, e);
    if (p == NULL)
        return false;
    *out_created = !bookmark_get(in, a, w, id, out, &missing);
    if (*out_created && missing.code != ERR_NOT_FOUND)
        return err_set(e, missing.code, "%s", missing.msg);
    if (!*out_created && !incident_etag_check("the bookmark", body, if_match, out->etag, e))
        return false;
    if (*out_created)
        *out = (struct state_bookmark){.workspace = workspace_id(w), .id = id};
    if (!read_body(a, p, out, &entities, e))
        return false;
    touch(in, a, out, who);
    if (*out_created) {
        out->created = out->updated;
        out->created_by = out->updated_by;
    }
    return save(in, a, w, out, entities, p, who, e);
}

bool bookmark_put(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  const struct json *body, struct str if_match, const struct incident_actor *who,
                  struct state_bookmark *out, bool *out_created, struct err *e)
{
    *out = (struct state_bookmark){0};
    if (!incident_name_check("bookmark", id, e) || !state_begin(in->state, e))
        return false;
    bool ok = put_locked(in, a, w, id, body, if_match, who, out, out_created, e);
    return state_end(in->state, ok, e) && incidents_flush(in, e);
}

static bool leave_incidents(struct incidents *in, struct arena *a, struct workspace *w,
                            struct str id, struct str who, struct err *e)
{
    struct state_relation *list = NULL;
    size_t n = 0;
    if (!state_relation_of(in->state, a, workspace_id(w), RELATION_BOOKMARK, id, &list, &n, e))
        return false;
    for (size_t k = 0; k < n; k++) {
        struct state_incident i = {0};
        if (!incident_get(in, a, w, list[k].incident, &i, e) ||
            !incident_bookmark_remove(in, a, w, &i, id, who, e))
            return false;
    }
    return true;
}

static bool delete_locked(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                          struct str if_match, const struct incident_actor *who, struct err *e)
{
    struct state_bookmark b = {0};
    struct json mappings = {.type = JSON_ARRAY};
    struct str entities = STR("");
    if (!bookmark_get(in, a, w, id, &b, e) ||
        !incident_etag_check("the bookmark", NULL, if_match, b.etag, e) ||
        (b.entity_mappings.n > 0 && !json_parse(a, b.entity_mappings, NULL, &mappings, e)) ||
        !entities_of_mappings(a, &mappings, &entities, e))
        return false;
    touch(in, a, &b, who);
    return leave_incidents(in, a, w, b.id, who->name, e) &&
           state_entity_unlink(in->state, b.workspace, LINK_BOOKMARK, b.id, e) &&
           write_row(in, a, w, &b, entities, true, e) &&
           state_bookmark_delete(in->state, b.workspace, b.id, e);
}

bool bookmark_delete(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     struct str if_match, const struct incident_actor *who, struct err *e)
{
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, delete_locked(in, a, w, id, if_match, who, e), e) &&
           incidents_flush(in, e);
}
