/* Bookmarks as ARM resources, as entities, and their relations to incidents. */
#include "incident/bookmark.h"
#include "incident/entity_priv.h"
#include "text/date.h"

/* ---- the resource ---- */

static bool write_incident_info(struct incidents *in, struct arena *a, struct workspace *w,
                                const struct state_bookmark *b, struct json_out *out, struct err *e)
{
    struct state_relation *list = NULL;
    struct state_incident i = {0};
    size_t n = 0;
    if (!state_relation_of(in->state, a, b->workspace, RELATION_BOOKMARK, b->id, &list, &n, e))
        return false;
    if (n == 0)
        return true;
    if (!incident_get(in, a, w, list[0].incident, &i, e))
        return false;
    json_key(out, "incidentInfo");
    json_obj(out);
    json_kv_str(out, "incidentId", i.id);
    json_kv_str(out, "severity", i.severity);
    json_kv_str(out, "title", i.title);
    json_kv_str(out, "relationName", list[0].name);
    json_obj_end(out);
    return true;
}

static bool write_properties(struct incidents *in, struct arena *a, struct workspace *w,
                             const struct state_bookmark *b, struct json_out *out, struct err *e)
{
    json_kv_str(out, "displayName", b->name);
    json_kv_time(out, "created", b->created);
    json_kv_time(out, "updated", b->updated);
    incident_kv_raw(out, "createdBy", b->created_by, "{}");
    incident_kv_raw(out, "updatedBy", b->updated_by, "{}");
    incident_kv_time(out, "eventTime", b->event_time);
    json_kv_str(out, "notes", b->notes);
    incident_kv_raw(out, "labels", b->labels, "[]");
    json_kv_str(out, "query", b->query);
    json_kv_str(out, "queryResult", b->query_result);
    return write_incident_info(in, a, w, b, out, e);
}

bool bookmark_to_json(struct incidents *in, struct workspace *w, const struct state_bookmark *b,
                      struct json_out *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    json_obj(out);
    incident_resource_head(out, incident_resource_id(in, a, w, "Bookmarks", b->id), b->id,
                           "Microsoft.SecurityInsights/Bookmarks");
    etag_write(out, b->etag);
    json_key(out, "properties");
    json_obj(out);
    if (!write_properties(in, a, w, b, out, e))
        return false;
    incident_kv_time(out, "queryStartTime", b->query_start);
    incident_kv_time(out, "queryEndTime", b->query_end);
    incident_kv_raw(out, "entityMappings", b->entity_mappings, "[]");
    incident_kv_raw(out, "tactics", b->tactics, "[]");
    incident_kv_raw(out, "techniques", b->techniques, "[]");
    json_obj_end(out);
    json_obj_end(out);
    return true;
}

void bookmark_entity_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                             const struct state_bookmark *b, struct json_out *out)
{
    json_obj(out);
    incident_resource_head(out, incident_resource_id(in, a, w, "Entities", b->id), b->id,
                           "Microsoft.SecurityInsights/Entities");
    json_kv_z(out, "kind", "Bookmark");
    json_key(out, "properties");
    json_obj(out);
    struct err e = {0};
    (void)!write_properties(in, a, w, b, out, &e); /* without its incident, at the worst */
    json_kv_str(out, "friendlyName", b->name);
    json_key(out, "additionalData");
    json_obj(out);
    json_obj_end(out);
    json_obj_end(out);
    json_obj_end(out);
}

static const struct resource_property properties[] = {{"name", RESOURCE_TEXT},
                                                      {"displayName", RESOURCE_TEXT},
                                                      {"notes", RESOURCE_TEXT},
                                                      {"query", RESOURCE_TEXT},
                                                      {"queryResult", RESOURCE_TEXT},
                                                      {"labels", RESOURCE_LIST},
                                                      {"tactics", RESOURCE_LIST},
                                                      {"techniques", RESOURCE_LIST},
                                                      {"created", RESOURCE_TIME},
                                                      {"updated", RESOURCE_TIME},
                                                      {"eventTime", RESOURCE_TIME},
                                                      {"createdBy/name", RESOURCE_TEXT},
                                                      {"createdBy/email", RESOURCE_TEXT},
                                                      {"createdBy/objectId", RESOURCE_TEXT},
                                                      {"updatedBy/name", RESOURCE_TEXT},
                                                      {"incidentInfo/incidentId", RESOURCE_TEXT},
                                                      {NULL, RESOURCE_TEXT}};

bool bookmark_list_json(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct incident_query *q, struct json_out *out, struct str *out_next,
                        struct err *e)
{
    struct state_bookmark *list = NULL;
    size_t n = 0;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    if (!state_bookmark_list(in->state, a, workspace_id(w), &list, &n, e))
        return false;
    json_arr(&o);
    for (size_t i = 0; i < n; i++)
        if (!bookmark_to_json(in, w, &list[i], &o, e))
            return false;
    json_arr_end(&o);
    return sbuf_ok(&b)
               ? resource_page(a, sbuf_str(&b), properties, q, out, out_next, e)
               : err_set(e, ERR_LIMIT, "the list is larger than %d bytes", RESOURCE_MAX_LIST);
}

bool incident_bookmarks_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                                const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct state_bookmark *list = NULL;
    size_t n = 0;
    if (!state_bookmark_of_incident(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    json_arr(out);
    for (size_t k = 0; k < n; k++)
        bookmark_entity_to_json(in, a, w, &list[k], out);
    json_arr_end(out);
    return true;
}

/* ---- relations ---- */

static bool relations_of(struct incidents *in, struct arena *a, struct workspace *w,
                         struct str bookmark, struct state_relation **out, size_t *n, struct err *e)
{
    struct state_bookmark b = {0};
    return bookmark_get(in, a, w, bookmark, &b, e) &&
           state_relation_of(in->state, a, b.workspace, RELATION_BOOKMARK, b.id, out, n, e);
}

static const struct state_relation *find(const struct state_relation *list, size_t n,
                                         struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(list[i].name, name))
            return &list[i];
    return NULL;
}

bool bookmark_relations_json(struct incidents *in, struct arena *a, struct workspace *w,
                             struct str bookmark, const struct incident_query *q,
                             struct json_out *out, struct str *out_next, struct err *e)
{
    struct state_relation *list = NULL;
    size_t n = 0;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    if (!relations_of(in, a, w, bookmark, &list, &n, e))
        return false;
    json_arr(&o);
    for (size_t i = 0; i < n; i++)
        entity_relation_write(in, a, w, RELATION_BOOKMARK, &list[i], &o);
    json_arr_end(&o);
    return resource_page(a, sbuf_str(&b), resource_relation_properties, q, out, out_next, e);
}

static bool get_relation(struct incidents *in, struct arena *a, struct workspace *w,
                         struct str bookmark, struct str name, struct state_relation *out,
                         struct err *e)
{
    struct state_relation *list = NULL;
    size_t n = 0;
    if (!relations_of(in, a, w, bookmark, &list, &n, e))
        return false;
    const struct state_relation *found = find(list, n, name);
    if (found == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no relation '%.*s' of bookmark '%.*s'",
                       (int)(name.n < 80 ? name.n : 80), name.p, STR_ARG(bookmark));
    *out = *found;
    return true;
}

bool bookmark_relation_json(struct incidents *in, struct arena *a, struct workspace *w,
                            struct str bookmark, struct str name, struct json_out *out,
                            struct err *e)
{
    struct state_relation r = {0};
    if (!get_relation(in, a, w, bookmark, name, &r, e))
        return false;
    entity_relation_write(in, a, w, RELATION_BOOKMARK, &r, out);
    return true;
}

static bool put_locked(struct incidents *in, struct arena *a, struct workspace *w,
                       struct str bookmark, struct str name, const struct json *body,
                       const struct incident_put *how, bool *out_created, struct err *e)
{
    struct state_relation *list = NULL;
    struct state_incident i = {0};
    struct str collection = STR(""), target = STR("");
    size_t n = 0;
    if (!incident_read_related(a, w, body, &collection, &target, e))
        return false;
    if (!str_ieqz(collection, "incidents"))
        return err_set(e, ERR_INVALID,
                       "properties.relatedResourceId: …/providers/Microsoft.SecurityInsights/"
                       "incidents/{incident} expected");
    if (!relations_of(in, a, w, bookmark, &list, &n, e) || !incident_get(in, a, w, target, &i, e))
        return false;
    const struct state_relation *there = find(list, n, name);
    *out_created = there == NULL;
    if (there == NULL)
        return incident_bookmark_add(in, a, w, &i, bookmark, name, how->who, e);
    if (!str_eq(there->incident, i.id))
        return err_set(e, ERR_CONFLICT,
                       "Relation with name '%.*s' already exists in bookmark '%.*s' to different "
                       "incident '%.*s'.",
                       STR_ARG(name), STR_ARG(bookmark), STR_ARG(there->incident));
    return incident_etag_check("the relation", body, how->if_match, there->etag, e);
}

bool bookmark_relation_put(struct incidents *in, struct arena *a, struct workspace *w,
                           struct str bookmark, struct str name, const struct json *body,
                           const struct incident_put *how, bool *out_created, struct err *e)
{
    if (!incident_relation_name_check(name, e) || !state_begin(in->state, e))
        return false;
    return state_end(in->state, put_locked(in, a, w, bookmark, name, body, how, out_created, e),
                     e) &&
           incidents_flush(in, e);
}

static bool delete_locked(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str bookmark, struct str name, const struct incident_put *how,
                          struct err *e)
{
    struct state_relation r = {0};
    struct state_incident i = {0};
    return get_relation(in, a, w, bookmark, name, &r, e) &&
           incident_etag_check("the relation", NULL, how->if_match, r.etag, e) &&
           incident_get(in, a, w, r.incident, &i, e) &&
           incident_bookmark_remove(in, a, w, &i, r.target, how->who, e);
}

bool bookmark_relation_delete(struct incidents *in, struct arena *a, struct workspace *w,
                              struct str bookmark, struct str name, const struct incident_put *how,
                              struct err *e)
{
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, delete_locked(in, a, w, bookmark, name, how, e), e) &&
           incidents_flush(in, e);
}
