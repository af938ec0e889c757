/* Saving an incident: the state and its SecurityIncident row in one transaction. */
#include "base/ids.h"
#include "incident/incident.h"
#include "incident/incident_priv.h"
#include "text/date.h"

enum { MAX_ROW = 1 << 20 };

void incident_kv_raw(struct json_out *w, const char *key, struct str json, const char *empty)
{
    json_key(w, key);
    json_raw(w, json.n > 0 ? json : str_from(empty));
}

/* Of the incident that has taken this one's alerts over; empty: there is none, or it is gone. */
static struct str merged_url(struct incidents *in, struct arena *a, struct workspace *w,
                             const struct state_incident *i)
{
    struct state_incident target = {0};
    if (i->merged_into == 0 ||
        !state_incident_by_number(in->state, a, i->workspace, i->merged_into, &target, NULL))
        return STR("");
    return incident_url(in, a, w, target.id);
}

struct str incident_url(struct incidents *in, struct arena *a, struct workspace *w, struct str id)
{
    struct str path = incident_resource_id(in, a, w, "Incidents", id);
    return arena_fmt(a, "%.*s%.*s", STR_ARG(in->base_url), STR_ARG(path));
}

void incident_additional_data(struct incidents *in, struct arena *a, struct workspace *w,
                              const char *key, const struct state_incident *i, struct json_out *o)
{
    json_key(o, key);
    json_obj(o);
    json_kv_int(o, "alertsCount", i->alerts);
    json_kv_int(o, "bookmarksCount", i->bookmarks);
    json_kv_int(o, "commentsCount", i->comments);
    incident_kv_raw(o, "alertProductNames", i->products, "[]");
    incident_kv_raw(o, "tactics", i->tactics, "[]");
    incident_kv_raw(o, "techniques", i->techniques, "[]");
    if (i->merged_into > 0) {
        json_kv_int(o, "mergedIncidentNumber", i->merged_into);
        json_kv_str(o, "mergedIncidentUrl", merged_url(in, a, w, i));
    }
    json_obj_end(o);
}

static void write_texts(struct json_out *w, const struct state_incident *i)
{
    json_kv_str(w, "IncidentName", i->id);
    json_kv_int(w, "IncidentNumber", i->number);
    json_kv_str(w, "Title", i->title);
    json_kv_str(w, "Description", i->description);
    json_kv_str(w, "Severity", i->severity);
    json_kv_str(w, "Status", i->status);
    json_kv_str(w, "Classification", i->classification);
    json_kv_str(w, "ClassificationReason", i->classification_reason);
    json_kv_str(w, "ClassificationComment", i->classification_comment);
    json_kv_str(w, "ModifiedBy", i->modified_by);
    json_kv_str(w, "ProviderName", i->provider);
    json_kv_str(w, "ProviderIncidentId", i->provider_incident_id);
    json_kv_z(w, "SourceSystem", "Azure");
}

static void write_times(struct json_out *w, const struct state_incident *i)
{
    json_kv_time(w, "TimeGenerated", i->row_time);
    json_kv_time(w, "CreatedTime", i->created);
    json_kv_time(w, "LastModifiedTime", i->modified);
    json_kv_time(w, "FirstModifiedTime", i->first_modified);
    json_kv_time(w, "ClosedTime", i->closed);
    json_kv_time(w, "FirstActivityTime", i->first_activity);
    json_kv_time(w, "LastActivityTime", i->last_activity);
}

static void write_targets(struct json_out *w, const char *key, const char *kind,
                          const struct state_relation *list, size_t n)
{
    json_key(w, key);
    json_arr(w);
    for (size_t k = 0; k < n; k++)
        if (str_eqz(list[k].kind, kind))
            json_str(w, list[k].target);
    json_arr_end(w);
}

static bool write_relations(struct incidents *in, struct arena *a, const struct state_incident *i,
                            struct json_out *w, struct err *e)
{
    struct state_relation *list = NULL;
    size_t n = 0;
    if (!state_relation_list(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    write_targets(w, "AlertIds", RELATION_ALERT, list, n);
    write_targets(w, "BookmarkIds", RELATION_BOOKMARK, list, n);
    return true;
}

bool incident_write_row(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct state_incident *i, const struct state_task *deleted,
                        struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW);
    struct json_out o = json_out_make(&b);
    json_arr(&o);
    json_obj(&o);
    write_texts(&o, i);
    write_times(&o, i);
    incident_kv_raw(&o, "Owner", i->owner, INCIDENT_NO_OWNER);
    incident_kv_raw(&o, "Labels", i->labels, "[]");
    incident_kv_raw(&o, "RelatedAnalyticRuleIds", i->rule_ids, "[]");
    incident_additional_data(in, a, w, "AdditionalData", i, &o);
    json_kv_str(&o, "IncidentUrl", incident_url(in, a, w, i->id));
    if (!write_relations(in, a, i, &o, e) || !incident_row_comments(in, a, i, &o, e) ||
        !incident_row_tasks(in, a, i, deleted, &o, e))
        return false;
    json_obj_end(&o);
    json_arr_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "incident %lld: its row is larger than %d bytes",
                       (long long)i->number, MAX_ROW);
    struct str dedup = arena_fmt(a, "incident/%.*s/%lld", STR_ARG(i->id), (long long)i->row_time);
    return logrows_put(in, w, "SecurityIncident", sbuf_str(&b), dedup, e);
}

bool incident_init(struct incidents *in, struct arena *a, struct workspace *w,
                   struct state_incident *i, struct err *e)
{
    i->workspace = workspace_id(w);
    if (!state_counter_next(in->state, i->workspace, "incident", &i->number, e))
        return false;
    i->status = i->status.n > 0 ? i->status : STR("New");
    i->severity = i->severity.n > 0 ? i->severity : STR("Medium");
    i->provider = STR("Azure Sentinel");
    i->provider_incident_id = arena_fmt(a, "%lld", (long long)i->number);
    i->created = clock_now(in->clock);
    return true;
}

struct str incident_etag_new(struct arena *a)
{
    char etag[37];
    guid_format(guid_new(), etag);
    return arena_str(a, str_from(etag));
}

void incident_touch(struct incidents *in, struct arena *a, struct state_incident *i, struct str who)
{
    int64_t now = clock_now(in->clock);
    i->etag = incident_etag_new(a);
    i->modified = now;
    i->modified_by = who;
    /* arg_max(TimeGenerated, *) must be deterministic: strictly increasing within an incident, at
     * the precision that every client keeps (milliseconds). */
    i->row_time = now > i->row_time ? now : i->row_time + TICKS_PER_MS;
}

bool incident_save_beside(struct incidents *in, struct arena *a, struct workspace *w,
                          struct state_incident *i, const struct state_task *deleted,
                          struct str who, struct err *e)
{
    incident_touch(in, a, i, who);
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state,
                     incident_log_changes(in, a, i, who, e) &&
                         state_incident_put(in->state, i, e) &&
                         incident_write_row(in, a, w, i, deleted, e),
                     e);
}

bool incident_save(struct incidents *in, struct arena *a, struct workspace *w,
                   struct state_incident *i, struct str who, struct err *e)
{
    return incident_save_beside(in, a, w, i, NULL, who, e);
}

/* ---- lists of texts ---- */

static bool has_text(const struct json *list, struct str s)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(json_text(&list->items[i], STR_NONE), s))
            return true;
    return false;
}

struct str json_texts_union(struct arena *a, struct str one, struct str more)
{
    struct json x = {.type = JSON_ARRAY}, y = {.type = JSON_ARRAY};
    if ((one.n > 0 && !json_parse(a, one, NULL, &x, NULL)) ||
        (more.n > 0 && !json_parse(a, more, NULL, &y, NULL)))
        return one;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < x.n; i++)
        json_value(&w, &x.items[i]);
    for (size_t i = 0; i < y.n; i++)
        if (!has_text(&x, json_text(&y.items[i], STR_NONE)))
            json_value(&w, &y.items[i]);
    json_arr_end(&w);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : one;
}

struct str json_texts_of(struct arena *a, struct str s)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    if (s.n > 0)
        json_str(&w, s);
    json_arr_end(&w);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("[]");
}

int incident_severity_rank(struct str s)
{
    static const char *const names[] = {"Informational", "Low", "Medium", "High"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_ieqz(s, names[i]))
            return (int)i;
    return -1;
}
