/* Which alerts and bookmarks an incident is made of, as ARM's relations, and what of the incident
 * follows from its alerts. */
#include "incident/incident_priv.h"
#include "state/bookmarks.h"
#include "state/correlation.h"

/* ---- what follows from alerts ---- */

void incident_widen(struct arena *a, struct state_incident *i, const struct state_alert *al)
{
    if (i->first_activity == 0 || (al->start != 0 && al->start < i->first_activity))
        i->first_activity = al->start;
    if (al->end > i->last_activity)
        i->last_activity = al->end;
    i->tactics = json_texts_union(a, i->tactics, al->tactics);
    i->techniques = json_texts_union(a, i->techniques, al->techniques);
    i->products = json_texts_union(a, i->products, json_texts_of(a, al->product));
    i->rule_ids = json_texts_union(a, i->rule_ids, json_texts_of(a, al->rule_id));
    i->alerts++;
}

static bool narrow(struct incidents *in, struct arena *a, struct state_incident *i, struct err *e)
{
    struct state_alert *list = NULL;
    size_t n = 0;
    if (!state_alert_of_incident(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    i->first_activity = i->last_activity = i->alerts = 0;
    i->tactics = i->techniques = i->products = i->rule_ids = STR("");
    for (size_t k = 0; k < n; k++)
        incident_widen(a, i, &list[k]);
    return true;
}

/* A person or a program has changed it for the first time. */
static void first_change(struct incidents *in, struct state_incident *i, struct str who)
{
    if (i->first_modified == 0 && !str_eqz(who, "Alert Grouping"))
        i->first_modified = clock_now(in->clock);
}

/* ---- adding and taking away ---- */

static struct state_relation relation_of(struct incidents *in, struct arena *a,
                                         const struct state_incident *i, const char *kind,
                                         struct str target, struct str name)
{
    return (struct state_relation){i->workspace,        i->id,  name.n > 0 ? name : target,
                                   str_from(kind),      target, incident_etag_new(a),
                                   clock_now(in->clock)};
}

bool incident_create_with(struct incidents *in, struct arena *a, struct workspace *w,
                          struct state_incident *i, const struct state_alert *const *alerts,
                          size_t n, struct str who, struct err *e)
{
    for (size_t k = 0; k < n; k++)
        incident_widen(a, i, alerts[k]);
    /* The incident must be there before its alerts can point to it, and the row must list them. */
    if (!incident_log(in, i, "Created", STR(""), who, e) || !state_incident_put(in->state, i, e))
        return false;
    for (size_t k = 0; k < n; k++) {
        struct state_relation r = relation_of(in, a, i, RELATION_ALERT, alerts[k]->id, STR(""));
        if (!state_relation_put(in->state, &r, e) ||
            !incident_log(in, i, "AlertAdded", alerts[k]->id, who, e))
            return false;
    }
    return incident_save(in, a, w, i, who, e);
}

static bool has_target(struct incidents *in, struct arena *a, const struct state_incident *i,
                       const char *kind, struct str target, bool *out, struct err *e)
{
    struct state_relation *list = NULL;
    size_t n = 0;
    *out = false;
    if (!state_relation_list(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    for (size_t k = 0; k < n; k++)
        *out = *out || (str_eqz(list[k].kind, kind) && str_eq(list[k].target, target));
    return true;
}

static bool is_new(struct incidents *in, struct arena *a, const struct state_incident *i,
                   const char *kind, struct str target, struct err *e)
{
    bool there = false;
    if (!has_target(in, a, i, kind, target, &there, e))
        return false;
    return !there || err_set(e, ERR_INVALID, "%s '%.*s' already exists in incident '%.*s'.",
                             strcmp(kind, RELATION_ALERT) == 0 ? "Alert" : "Bookmark",
                             STR_ARG(target), STR_ARG(i->id));
}

static bool is_there(struct incidents *in, struct arena *a, const struct state_incident *i,
                     const char *kind, struct str target, struct err *e)
{
    bool there = false;
    if (!has_target(in, a, i, kind, target, &there, e))
        return false;
    return there || err_set(e, ERR_NOT_FOUND, "%s '%.*s' is not in incident '%.*s'.",
                            strcmp(kind, RELATION_ALERT) == 0 ? "Alert" : "Bookmark",
                            STR_ARG(target), STR_ARG(i->id));
}

bool incident_alert_add(struct incidents *in, struct arena *a, struct workspace *w,
                        struct state_incident *i, const struct state_alert *alert,
                        struct str relation, struct str who, struct err *e)
{
    struct state_relation r = relation_of(in, a, i, RELATION_ALERT, alert->id, relation);
    if (!is_new(in, a, i, RELATION_ALERT, alert->id, e))
        return false;
    if (i->alerts >= INCIDENT_MAX_ALERTS)
        return err_set(e, ERR_LIMIT, "an incident has at most %d alerts", INCIDENT_MAX_ALERTS);
    incident_widen(a, i, alert);
    first_change(in, i, who);
    return state_relation_put(in->state, &r, e) &&
           incident_log(in, i, "AlertAdded", alert->id, who, e) &&
           incident_save(in, a, w, i, who, e);
}

bool incident_alert_remove(struct incidents *in, struct arena *a, struct workspace *w,
                           struct state_incident *i, struct str alert, struct str who,
                           struct err *e)
{
    struct state_relation r = relation_of(in, a, i, RELATION_ALERT, alert, STR(""));
    if (!is_there(in, a, i, RELATION_ALERT, alert, e))
        return false;
    first_change(in, i, who);
    return state_relation_delete(in->state, &r, e) && narrow(in, a, i, e) &&
           state_correlation_again(in->state, i->workspace, i->id, e) &&
           incident_log(in, i, "AlertRemoved", alert, who, e) && incident_save(in, a, w, i, who, e);
}

bool incident_bookmark_add(struct incidents *in, struct arena *a, struct workspace *w,
                           struct state_incident *i, struct str bookmark, struct str relation,
                           struct str who, struct err *e)
{
    struct state_relation r = relation_of(in, a, i, RELATION_BOOKMARK, bookmark, relation);
    if (!is_new(in, a, i, RELATION_BOOKMARK, bookmark, e))
        return false;
    if (i->bookmarks >= INCIDENT_MAX_BOOKMARKS)
        return err_set(e, ERR_LIMIT, "an incident has at most %d bookmarks",
                       INCIDENT_MAX_BOOKMARKS);
    i->bookmarks++;
    first_change(in, i, who);
    return state_relation_put(in->state, &r, e) &&
           incident_log(in, i, "BookmarkAdded", bookmark, who, e) &&
           incident_save(in, a, w, i, who, e);
}

bool incident_bookmark_remove(struct incidents *in, struct arena *a, struct workspace *w,
                              struct state_incident *i, struct str bookmark, struct str who,
                              struct err *e)
{
    struct state_relation r = relation_of(in, a, i, RELATION_BOOKMARK, bookmark, STR(""));
    if (!is_there(in, a, i, RELATION_BOOKMARK, bookmark, e))
        return false;
    i->bookmarks--;
    first_change(in, i, who);
    return state_relation_delete(in->state, &r, e) &&
           incident_log(in, i, "BookmarkRemoved", bookmark, who, e) &&
           incident_save(in, a, w, i, who, e);
}

/* ---- the resource ---- */

void incident_relation_to_json(struct incidents *in, struct workspace *w,
                               const struct state_relation *r, struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    bool alert = str_eqz(r->kind, RELATION_ALERT);
    struct str incident = incident_resource_id(in, a, w, "Incidents", r->incident);
    json_obj(out);
    incident_resource_head(out,
                           arena_fmt(a, "%.*s/relations/%.*s", STR_ARG(incident), STR_ARG(r->name)),
                           r->name, "Microsoft.SecurityInsights/Incidents/relations");
    etag_write(out, r->etag);
    json_key(out, "properties");
    json_obj(out);
    json_kv_str(out, "relatedResourceId",
                incident_resource_id(in, a, w, alert ? "entities" : "bookmarks", r->target));
    json_kv_str(out, "relatedResourceName", r->target);
    json_kv_z(out, "relatedResourceType",
              alert ? "Microsoft.SecurityInsights/entities"
                    : "Microsoft.SecurityInsights/bookmarks");
    if (alert)
        json_kv_z(out, "relatedResourceKind", "SecurityAlert");
    json_obj_end(out);
    json_obj_end(out);
}

bool incident_relations_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                                const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct state_relation *list = NULL;
    size_t n = 0;
    if (!state_relation_list(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    json_arr(out);
    for (size_t k = 0; k < n; k++)
        incident_relation_to_json(in, w, &list[k], out);
    json_arr_end(out);
    return true;
}

/* *out stays as it is when there is none of that name. */
static bool find(struct incidents *in, struct arena *a, const struct state_incident *i,
                 struct str name, struct state_relation *out, bool *out_there, struct err *e)
{
    struct state_relation *list = NULL;
    size_t n = 0;
    *out_there = false;
    if (!state_relation_list(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    for (size_t k = 0; k < n; k++)
        if (str_ieq(list[k].name, name)) {
            *out = list[k];
            *out_there = true;
        }
    return true;
}

bool incident_relation_get(struct incidents *in, struct arena *a, const struct state_incident *i,
                           struct str name, struct state_relation *out, struct err *e)
{
    bool there = false;
    if (!find(in, a, i, name, out, &there, e))
        return false;
    return there || err_set(e, ERR_NOT_FOUND, "there is no relation '%.*s' of incident '%.*s'",
                            (int)(name.n < 80 ? name.n : 80), name.p, STR_ARG(i->id));
}

/* ---- PUT ---- */

bool incident_relation_name_check(struct str name, struct err *e)
{
    bool ok = name.n >= 3 && name.n <= 63 && !str_holds(name, '_');
    return ok && incident_name_check("relation", name, NULL)
               ? true
               : err_set(e, ERR_INVALID, "relation name: 3 to 63 letters, digits and '-' expected");
}

/* The last part of the path, and the one before it. */
static bool split_path(struct str path, struct str *out_collection, struct str *out_id)
{
    size_t end = path.n;
    while (end > 0 && path.p[end - 1] != '/')
        end--;
    if (end == 0)
        return false;
    *out_id = str_sub(path, end, path.n);
    size_t from = --end;
    while (from > 0 && path.p[from - 1] != '/')
        from--;
    *out_collection = str_sub(path, from, end - from);
    return out_id->n > 0;
}

static bool same_workspace(struct str path, struct workspace *w)
{
    static const char marker[] = "/workspaces/";
    for (size_t i = 0; i + sizeof(marker) - 1 <= path.n; i++) {
        if (!str_ieqz(str_sub(path, i, sizeof(marker) - 1), marker))
            continue;
        struct str rest = str_sub(path, i + sizeof(marker) - 1, path.n);
        size_t n = 0;
        while (n < rest.n && rest.p[n] != '/')
            n++;
        return str_ieq(str_sub(rest, 0, n), workspace_name(w));
    }
    return false;
}

bool incident_read_related(struct arena *a, struct workspace *w, const struct json *body,
                           struct str *out_collection, struct str *out_id, struct err *e)
{
    const struct json *p = incident_body_properties(body, e);
    struct str path = STR("");
    if (p == NULL || !incident_read_text(a, p, "relatedResourceId", &path, e))
        return false;
    if (path.n == 0)
        return err_set(e, ERR_INVALID, "properties.relatedResourceId is missing");
    if (!split_path(path, out_collection, out_id))
        return err_set(e, ERR_INVALID,
                       "properties.relatedResourceId: the id of a resource expected");
    return same_workspace(path, w) ||
           err_set(e, ERR_INVALID,
                   "Related resource and incident should belong to the same workspace");
}

static bool read_target(struct arena *a, struct workspace *w, const struct json *body,
                        const char **out_kind, struct str *out_id, struct err *e)
{
    struct str collection = STR("");
    if (!incident_read_related(a, w, body, &collection, out_id, e))
        return false;
    *out_kind = str_ieqz(collection, "entities") ? RELATION_ALERT : RELATION_BOOKMARK;
    return str_ieqz(collection, "entities") || str_ieqz(collection, "bookmarks") ||
           err_set(e, ERR_INVALID,
                   "properties.relatedResourceId: …/providers/Microsoft.SecurityInsights/"
                   "entities/{alert} or …/bookmarks/{bookmark} expected");
}

static bool name_is_free(const struct state_relation *there, const char *kind, struct err *e)
{
    if (!str_eqz(there->kind, kind))
        return err_set(e, ERR_INVALID,
                       "Failed to create relation. Different relation type with name '%.*s' "
                       "already exists in incident '%.*s'.",
                       STR_ARG(there->name), STR_ARG(there->incident));
    return err_set(e, ERR_CONFLICT,
                   "Relation with name '%.*s' already exists in incident '%.*s' to different %s "
                   "'%.*s'.",
                   STR_ARG(there->name), STR_ARG(there->incident), kind, STR_ARG(there->target));
}

static bool add_target(struct incidents *in, struct arena *a, struct workspace *w,
                       struct state_incident *i, const char *kind, struct str target,
                       struct str name, struct str who, struct err *e)
{
    struct state_alert alert = {0};
    struct state_bookmark bookmark = {0};
    struct err why = {0};
    bool is_alert = strcmp(kind, RELATION_ALERT) == 0;
    bool found = is_alert ? state_alert_get(in->state, a, i->workspace, target, &alert, &why)
                          : state_bookmark_get(in->state, a, i->workspace, target, &bookmark, &why);
    if (!found && why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "Resource '%.*s' does not exist.",
                       (int)(target.n < 80 ? target.n : 80), target.p);
    if (!found)
        return err_set(e, why.code, "%s", why.msg);
    return is_alert ? incident_alert_add(in, a, w, i, &alert, name, who, e)
                    : incident_bookmark_add(in, a, w, i, bookmark.id, name, who, e);
}

static bool find_incident(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str incident, struct state_incident *out, struct err *e)
{
    struct err why = {0};
    if (incident_get(in, a, w, incident, out, &why))
        return true;
    return why.code == ERR_NOT_FOUND ? err_set(e, ERR_NOT_FOUND, "Incident doesn't exist.")
                                     : err_set(e, why.code, "%s", why.msg);
}

static bool put_locked(struct incidents *in, struct arena *a, struct workspace *w,
                       struct str incident, struct str name, const struct json *body,
                       const struct incident_put *how, struct state_relation *out,
                       bool *out_created, struct err *e)
{
    struct state_incident i = {0};
    const char *kind = NULL;
    struct str target = STR("");
    bool there = false;
    if (!read_target(a, w, body, &kind, &target, e) || !find_incident(in, a, w, incident, &i, e) ||
        !find(in, a, &i, name, out, &there, e))
        return false;
    *out_created = !there;
    if (there && (!str_eqz(out->kind, kind) || !str_ieq(out->target, target)))
        return name_is_free(out, kind, e);
    if (there)
        return incident_etag_check("the relation", body, how->if_match, out->etag, e);
    return add_target(in, a, w, &i, kind, target, name, how->who, e) &&
           incident_relation_get(in, a, &i, name, out, e);
}

bool incident_relation_put(struct incidents *in, struct arena *a, struct workspace *w,
                           struct str incident, struct str name, const struct json *body,
                           const struct incident_put *how, struct state_relation *out,
                           bool *out_created, struct err *e)
{
    *out = (struct state_relation){0};
    if (!incident_relation_name_check(name, e) || !state_begin(in->state, e))
        return false;
    bool ok = put_locked(in, a, w, incident, name, body, how, out, out_created, e);
    return state_end(in->state, ok, e) && incidents_flush(in, e);
}

static bool delete_locked(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str incident, struct str name, const struct incident_put *how,
                          struct err *e)
{
    struct state_incident i = {0};
    struct state_relation r = {0};
    if (!find_incident(in, a, w, incident, &i, e) ||
        !incident_relation_get(in, a, &i, name, &r, e) ||
        !incident_etag_check("the relation", NULL, how->if_match, r.etag, e))
        return false;
    return str_eqz(r.kind, RELATION_ALERT)
               ? incident_alert_remove(in, a, w, &i, r.target, how->who, e)
               : incident_bookmark_remove(in, a, w, &i, r.target, how->who, e);
}

bool incident_relation_delete(struct incidents *in, struct arena *a, struct workspace *w,
                              struct str incident, struct str name, const struct incident_put *how,
                              struct err *e)
{
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, delete_locked(in, a, w, incident, name, how, e), e) &&
           incidents_flush(in, e);
}
