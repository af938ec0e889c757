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

void incident_additional_data(struct json_out *w, const char *key, const struct state_incident *i)
{
    json_key(w, key);
    json_obj(w);
    json_kv_int(w, "alertsCount", i->alerts);
    json_kv_int(w, "bookmarksCount", 0);
    json_kv_int(w, "commentsCount", 0);
    incident_kv_raw(w, "alertProductNames", i->products, "[]");
    incident_kv_raw(w, "tactics", i->tactics, "[]");
    incident_kv_raw(w, "techniques", i->techniques, "[]");
    json_obj_end(w);
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

static bool write_alert_ids(struct incidents *in, struct arena *a, const struct state_incident *i,
                            struct json_out *w, struct err *e)
{
    struct str *ids = NULL;
    size_t n = 0;
    if (!state_incident_alert_ids(in->state, a, i->workspace, i->id, &ids, &n, e))
        return false;
    json_key(w, "AlertIds");
    json_arr(w);
    for (size_t k = 0; k < n; k++)
        json_str(w, ids[k]);
    json_arr_end(w);
    return true;
}

static bool write_row(struct incidents *in, struct arena *a, struct workspace *w,
                      const struct state_incident *i, struct err *e)
{
    struct arm_scope scope = {in->subscription, in->resource_group, in->base_url};
    struct str id = arm_id(a, &scope, workspace_name(w), "Incidents", i->id);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW);
    struct json_out o = json_out_make(&b);
    json_arr(&o);
    json_obj(&o);
    write_texts(&o, i);
    write_times(&o, i);
    incident_kv_raw(&o, "Owner", i->owner, INCIDENT_NO_OWNER);
    incident_kv_raw(&o, "Labels", i->labels, "[]");
    incident_kv_raw(&o, "RelatedAnalyticRuleIds", i->rule_ids, "[]");
    incident_kv_raw(&o, "BookmarkIds", STR(""), "[]");
    incident_kv_raw(&o, "Comments", STR(""), "[]");
    incident_kv_raw(&o, "Tasks", STR(""), "[]");
    incident_additional_data(&o, "AdditionalData", i);
    json_kv_str(&o, "IncidentUrl", arena_fmt(a, "%.*s%.*s", STR_ARG(in->base_url), STR_ARG(id)));
    if (!write_alert_ids(in, a, i, &o, e))
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

bool incident_save(struct incidents *in, struct arena *a, struct workspace *w,
                   struct state_incident *i, struct str who, struct err *e)
{
    int64_t now = clock_now(in->clock);
    char etag[37];
    guid_format(guid_new(), etag);
    i->etag = arena_str(a, str_from(etag));
    i->modified = now;
    i->modified_by = who;
    /* arg_max(TimeGenerated, *) must be deterministic: strictly increasing within an incident, at
     * the precision that every client keeps (milliseconds). */
    i->row_time = now > i->row_time ? now : i->row_time + TICKS_PER_MS;
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, state_incident_put(in->state, i, e) && write_row(in, a, w, i, e),
                     e);
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
