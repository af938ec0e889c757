/* Entities as ARM resources: one, pages of them, those of an incident, and their relations. */
#include "incident/entity.h"
#include "incident/entity_priv.h"
#include "incident/incident_priv.h"
#include "text/date.h"

/* ---- names ---- */

/* Is word one of those in list, with blanks between. */
static bool is_listed(const char *list, struct str word)
{
    while (*list != '\0') {
        size_t n = strcspn(list, " ");
        if (str_eq(word, (struct str){list, n}))
            return true;
        list += list[n] == ' ' ? n + 1 : n;
    }
    return false;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* The first capitals small: "OSFamily" → "osFamily", "PUID" → "puid", "Name" → "name". */
static struct str camel(struct arena *a, struct str name)
{
    char *out = arena_strz(a, name);
    for (size_t i = 0; i < name.n && is_upper(name.p[i]); i++)
        if (i == 0 || i + 1 == name.n || is_upper(name.p[i + 1]))
            out[i] = (char)(out[i] + 32);
    return (struct str){out, name.n};
}

static struct str property_name(struct arena *a, const struct entity_kind *k, struct str name)
{
    for (const char *at = k->renamed; *at != '\0';) {
        size_t n = strcspn(at, " "), eq = strcspn(at, "=");
        if (str_eq(name, (struct str){at, eq}))
            return (struct str){at + eq + 1, n - eq - 1};
        at += at[n] == ' ' ? n + 1 : n;
    }
    return camel(a, name);
}

static struct str member(const struct json *body, const char *name)
{
    return json_text(json_get(body, name), STR(""));
}

/* "ann@halden.example", "web01.corp.test", or the first value that there is. */
static struct str friendly_name(struct arena *a, const struct json *body)
{
    static const char *const names[] = {"DisplayName",
                                        "Name",
                                        "Address",
                                        "Url",
                                        "ResourceId",
                                        "DomainName",
                                        "Value",
                                        "CommandLine",
                                        "ProcessId",
                                        "Key",
                                        "DeviceName",
                                        "DeviceId",
                                        "MailboxPrimaryAddress",
                                        "Subject",
                                        "Query",
                                        "DistinguishedName",
                                        "AadUserId",
                                        "Sid",
                                        "NetworkMessageId"};
    struct str host = member(body, "HostName"), name = member(body, "Name");
    if (host.n > 0)
        return member(body, "DnsDomain").n > 0
                   ? arena_fmt(a, "%.*s.%.*s", STR_ARG(host), STR_ARG(member(body, "DnsDomain")))
                   : host;
    if (name.n > 0 && member(body, "UPNSuffix").n > 0)
        return arena_fmt(a, "%.*s@%.*s", STR_ARG(name), STR_ARG(member(body, "UPNSuffix")));
    if (name.n > 0 && member(body, "NTDomain").n > 0)
        return arena_fmt(a, "%.*s\\%.*s", STR_ARG(member(body, "NTDomain")), STR_ARG(name));
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (member(body, names[i]).n > 0)
            return member(body, names[i]);
    return STR("");
}

struct str entity_name(struct arena *a, struct str text)
{
    struct json body = {0};
    return json_parse(a, text, NULL, &body, NULL) ? friendly_name(a, &body) : STR("");
}

/* ---- one entity ---- */

static void write_members(struct arena *a, struct json_out *out, const struct entity_kind *k,
                          const struct json *body, bool additional)
{
    for (size_t i = 0; i < body->n; i++) {
        struct str name = k != NULL ? property_name(a, k, body->keys[i]) : body->keys[i];
        bool own = k != NULL && is_listed(k->properties, name);
        if (str_eqz(body->keys[i], "Type") || own == additional)
            continue;
        json_key_str(out, additional ? body->keys[i] : name);
        json_value(out, &body->items[i]);
    }
}

/* What ARM has and the column leaves out: the subscription of a resource. */
static void write_derived(struct json_out *out, const struct json *body)
{
    struct str id = member(body, "ResourceId");
    size_t at = 0;
    if (id.n < 16 || !str_ieqz(str_sub(id, 0, 15), "/subscriptions/"))
        return;
    id = str_sub(id, 15, id.n);
    (void)(str_find(id, STR("/"), &at) || (at = id.n));
    json_kv_str(out, "subscriptionId", str_sub(id, 0, at));
}

void entity_to_json(struct incidents *in, struct workspace *w, const struct state_entity *x,
                    struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json body = {0};
    const struct entity_kind *k = entity_kind_find(x->kind);
    if (!json_parse(a, x->body, NULL, &body, NULL))
        body = (struct json){.type = JSON_OBJECT};
    json_obj(out);
    incident_resource_head(out, incident_resource_id(in, a, w, "Entities", x->id), x->id,
                           "Microsoft.SecurityInsights/Entities");
    json_kv_str(out, "kind", x->kind);
    json_key(out, "properties");
    json_obj(out);
    write_members(a, out, k, &body, false);
    write_derived(out, &body);
    json_kv_str(out, "friendlyName", friendly_name(a, &body));
    json_key(out, "additionalData");
    json_obj(out);
    write_members(a, out, k, &body, true);
    json_obj_end(out);
    json_obj_end(out);
    json_obj_end(out);
}

/* ---- by id ---- */

bool entity_subject_find(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                         struct entity_subject *out, struct err *e)
{
    struct err why = {0};
    *out = (struct entity_subject){.type = SUBJECT_IS_ENTITY};
    if (!entities_refresh(in, w, e))
        return false;
    if (state_entity_get(in->state, a, workspace_id(w), id, &out->entity, &why))
        return true;
    out->type = SUBJECT_IS_ALERT;
    if (why.code == ERR_NOT_FOUND &&
        state_alert_get(in->state, a, workspace_id(w), id, &out->alert, &why))
        return true;
    out->type = SUBJECT_IS_BOOKMARK;
    if (why.code == ERR_NOT_FOUND &&
        state_bookmark_get(in->state, a, workspace_id(w), id, &out->bookmark, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no entity '%.*s'", (int)(id.n < 80 ? id.n : 80),
                       id.p);
    return err_set(e, why.code, "%s", why.msg);
}

void entity_subject_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct entity_subject *s, struct json_out *out)
{
    if (s->type == SUBJECT_IS_ENTITY)
        entity_to_json(in, w, &s->entity, out);
    else if (s->type == SUBJECT_IS_ALERT)
        incident_alert_to_json(in, a, w, out, &s->alert);
    else
        bookmark_entity_to_json(in, a, w, &s->bookmark, out);
}

bool entity_get_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     struct json_out *out, struct err *e)
{
    struct entity_subject s;
    if (!entity_subject_find(in, a, w, id, &s, e))
        return false;
    entity_subject_to_json(in, a, w, &s, out);
    return true;
}

bool entity_list_json(struct incidents *in, struct arena *a, struct workspace *w,
                      const struct incident_query *q, struct json_out *out, struct str *out_next,
                      struct err *e)
{
    struct state_entity *list = NULL;
    size_t n = 0, from = 0, top = 0;
    *out_next = STR("");
    if (q->filter.n > 0 || q->orderby.n > 0)
        return err_set(e, ERR_INVALID, "entities have no $filter and no $orderby");
    if (!resource_top_read(q->top, &top, e) || !resource_token_read(q->skip_token, &from, e) ||
        !entities_refresh(in, w, e) ||
        !state_entity_list(in->state, a, workspace_id(w), from, top + 1, &list, &n, e))
        return false;
    json_arr(out);
    for (size_t i = 0; i < n && i < top; i++)
        entity_to_json(in, w, &list[i], out);
    json_arr_end(out);
    if (n > top)
        *out_next = arena_fmt(a, "%zu", from + top);
    return true;
}

/* ---- relations ---- */

static bool write_relations(struct incidents *in, struct arena *a, struct workspace *w,
                            const char *kind, struct str source, struct json_out *out,
                            struct err *e)
{
    struct state_relation *list = NULL;
    size_t n = 0;
    if (!state_relation_of(in->state, a, workspace_id(w), kind, source, &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        entity_relation_write(in, a, w, kind, &list[i], out);
    return true;
}

void entity_relation_write(struct incidents *in, struct arena *a, struct workspace *w,
                           const char *kind, const struct state_relation *r, struct json_out *out)
{
    bool alert = strcmp(kind, RELATION_ALERT) == 0;
    struct str self = incident_resource_id(in, a, w, alert ? "entities" : "Bookmarks", r->target);
    json_obj(out);
    incident_resource_head(
        out, arena_fmt(a, "%.*s/relations/%.*s", STR_ARG(self), STR_ARG(r->name)), r->name,
        alert ? "Microsoft.SecurityInsights/entities/relations"
              : "Microsoft.SecurityInsights/bookmarks/relations");
    etag_write(out, r->etag);
    json_key(out, "properties");
    json_obj(out);
    json_kv_str(out, "relatedResourceId", incident_resource_id(in, a, w, "Incidents", r->incident));
    json_kv_str(out, "relatedResourceName", r->incident);
    json_kv_z(out, "relatedResourceType", "Microsoft.SecurityInsights/Incidents");
    json_obj_end(out);
    json_obj_end(out);
}

/* An entity of the index is related to the bookmarks that name it. */
static bool write_bookmarks(struct incidents *in, struct arena *a, struct workspace *w,
                            struct str id, struct json_out *out, struct err *e)
{
    struct state_entity_link *links = NULL;
    size_t n = 0;
    if (!state_entity_links(in->state, a, workspace_id(w), id, 0, INT64_MAX, ENTITY_MAX_OF_ANSWER,
                            &links, &n, e))
        return false;
    struct str self = incident_resource_id(in, a, w, "entities", id);
    for (size_t i = 0; i < n; i++) {
        if (!str_eqz(links[i].source_type, LINK_BOOKMARK))
            continue;
        json_obj(out);
        incident_resource_head(
            out, arena_fmt(a, "%.*s/relations/%.*s", STR_ARG(self), STR_ARG(links[i].source)),
            links[i].source, "Microsoft.SecurityInsights/entities/relations");
        json_key(out, "properties");
        json_obj(out);
        json_kv_str(out, "relatedResourceId",
                    incident_resource_id(in, a, w, "bookmarks", links[i].source));
        json_kv_str(out, "relatedResourceName", links[i].source);
        json_kv_z(out, "relatedResourceType", "Microsoft.SecurityInsights/bookmarks");
        json_obj_end(out);
        json_obj_end(out);
    }
    return true;
}

bool entity_relations_json(struct incidents *in, struct arena *a, struct workspace *w,
                           struct str id, const struct incident_query *q, struct json_out *out,
                           struct str *out_next, struct err *e)
{
    struct entity_subject s;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    if (!entity_subject_find(in, a, w, id, &s, e))
        return false;
    json_arr(&o);
    if (s.type == SUBJECT_IS_ENTITY
            ? !write_bookmarks(in, a, w, id, &o, e)
            : !write_relations(in, a, w,
                               s.type == SUBJECT_IS_ALERT ? RELATION_ALERT : RELATION_BOOKMARK, id,
                               &o, e))
        return false;
    json_arr_end(&o);
    return resource_page(a, sbuf_str(&b), resource_relation_properties, q, out, out_next, e);
}

/* ---- of an incident ---- */

static void write_counts(struct json_out *out, const struct state_entity *list, size_t n)
{
    json_key(out, "metaData");
    json_arr(out);
    for (size_t from = 0, to; from < n; from = to) { /* they come in order of their kind */
        for (to = from; to < n && str_eq(list[to].kind, list[from].kind);)
            to++;
        json_obj(out);
        json_kv_str(out, "entityKind", list[from].kind);
        json_kv_int(out, "count", (int64_t)(to - from));
        json_obj_end(out);
    }
    json_arr_end(out);
}

bool incident_entities_json(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct state_entity *list = NULL;
    size_t n = 0;
    if (!entities_refresh(in, w, e) ||
        !state_entity_of_incident(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    json_obj(out);
    json_key(out, "entities");
    json_arr(out);
    for (size_t k = 0; k < n; k++)
        entity_to_json(in, w, &list[k], out);
    json_arr_end(out);
    write_counts(out, list, n);
    json_obj_end(out);
    return true;
}
