/* The ARM faces of an incident and of its alerts. */
#include "incident/entity_priv.h"
#include "text/date.h"

void incident_kv_time(struct json_out *w, const char *key, int64_t ticks)
{
    if (ticks != 0)
        json_kv_time(w, key, ticks);
}

/* Absent instead of empty, as the service answers. */
void incident_kv_some(struct json_out *w, const char *key, struct str v)
{
    if (v.n > 0)
        json_kv_str(w, key, v);
}

struct str incident_resource_id(struct incidents *in, struct arena *a, struct workspace *w,
                                const char *collection, struct str id)
{
    struct arm_scope scope = {in->subscription, in->resource_group, in->base_url};
    return arm_id(a, &scope, workspace_name(w), collection, id);
}

void incident_resource_head(struct json_out *out, struct str id, struct str name, const char *type)
{
    json_kv_str(out, "id", id);
    json_kv_str(out, "name", name);
    json_kv_z(out, "type", type);
}

/* ---- etags ---- */

static struct str bare_etag(struct str etag)
{
    etag = str_trim(etag);
    if (str_starts(etag, STR("W/")))
        etag = str_sub(etag, 2, etag.n);
    if (etag.n >= 2 && etag.p[0] == '"' && etag.p[etag.n - 1] == '"')
        etag = str_sub(etag, 1, etag.n - 2);
    return etag;
}

bool etag_fits(struct str expected, struct str is)
{
    expected = bare_etag(expected);
    return expected.n == 0 || str_eqz(expected, "*") || str_eq(expected, is);
}

void etag_write(struct json_out *out, struct str etag)
{
    AUTO(sbuf_fini) struct sbuf quoted = sbuf_make(4096);
    json_escape(&quoted, etag);
    json_kv_str(out, "etag", sbuf_str(&quoted));
}

/* ---- incidents ---- */

static void write_closing(struct json_out *out, const struct state_incident *i)
{
    incident_kv_some(out, "classification", i->classification);
    incident_kv_some(out, "classificationReason", i->classification_reason);
    incident_kv_some(out, "classificationComment", i->classification_comment);
}

static void write_rules(struct incidents *in, struct arena *a, struct workspace *w,
                        struct json_out *out, const struct state_incident *i)
{
    struct json list = {0};
    json_key(out, "relatedAnalyticRuleIds");
    json_arr(out);
    if (i->rule_ids.n > 0 && json_parse(a, i->rule_ids, NULL, &list, NULL))
        for (size_t k = 0; k < list.n; k++)
            json_str(out, incident_resource_id(in, a, w, "alertRules",
                                               json_text(&list.items[k], STR(""))));
    json_arr_end(out);
}

void incident_to_json(struct incidents *in, struct workspace *w, const struct state_incident *i,
                      struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str id = incident_resource_id(in, a, w, "Incidents", i->id);
    json_obj(out);
    incident_resource_head(out, id, i->id, "Microsoft.SecurityInsights/Incidents");
    etag_write(out, i->etag);
    json_key(out, "properties");
    json_obj(out);
    json_kv_str(out, "title", i->title);
    json_kv_str(out, "description", i->description);
    json_kv_str(out, "severity", i->severity);
    json_kv_str(out, "status", i->status);
    write_closing(out, i);
    incident_kv_raw(out, "owner", i->owner, INCIDENT_NO_OWNER);
    incident_kv_raw(out, "labels", i->labels, "[]");
    incident_kv_time(out, "firstActivityTimeUtc", i->first_activity);
    incident_kv_time(out, "lastActivityTimeUtc", i->last_activity);
    incident_kv_time(out, "lastModifiedTimeUtc", i->modified);
    incident_kv_time(out, "createdTimeUtc", i->created);
    json_kv_int(out, "incidentNumber", i->number);
    incident_additional_data(in, a, w, "additionalData", i, out);
    write_rules(in, a, w, out, i);
    json_kv_str(out, "incidentUrl", incident_url(in, a, w, i->id));
    json_kv_str(out, "providerName", i->provider);
    json_kv_str(out, "providerIncidentId", i->provider_incident_id);
    json_obj_end(out);
    json_obj_end(out);
}

/* ---- alerts ---- */

/* Columns of the row that the resource shows under another name. */
static const struct {
    const char *column, *property;
} row_texts[] = {
    {"AlertType", "alertType"},
    {"AlertLink", "alertLink"},
    {"CompromisedEntity", "compromisedEntity"},
    {"ConfidenceLevel", "confidenceLevel"},
    {"VendorOriginalId", "providerAlertId"},
    {"ProductComponentName", "productComponentName"},
    {"VendorName", "vendorName"},
    {"Status", "status"},
    {"ProcessingEndTime", "processingEndTime"},
};

static void write_alert_row(struct arena *a, struct json_out *out, const struct state_alert *al)
{
    struct json row = {0}, extended = {0};
    if (!json_parse(a, al->row, NULL, &row, NULL))
        return;
    for (size_t i = 0; i < COUNTOF(row_texts); i++)
        incident_kv_some(out, row_texts[i].property,
                         json_text(json_get(&row, row_texts[i].column), STR_NONE));
    struct str text = json_text(json_get(&row, "ExtendedProperties"), STR_NONE);
    if (text.n > 0 && json_parse(a, text, NULL, &extended, NULL)) {
        json_key(out, "additionalData");
        json_value(out, &extended);
    }
}

void incident_alert_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                            struct json_out *out, const struct state_alert *al)
{
    json_obj(out);
    incident_resource_head(out, incident_resource_id(in, a, w, "Entities", al->id), al->id,
                           "Microsoft.SecurityInsights/Entities");
    json_kv_z(out, "kind", "SecurityAlert");
    json_key(out, "properties");
    json_obj(out);
    json_kv_str(out, "systemAlertId", al->id);
    json_kv_str(out, "alertDisplayName", al->name);
    json_kv_str(out, "friendlyName", al->name);
    json_kv_str(out, "description", al->description);
    json_kv_str(out, "severity", al->severity);
    json_kv_str(out, "productName", al->product);
    incident_kv_raw(out, "tactics", al->tactics, "[]");
    incident_kv_time(out, "startTimeUtc", al->start);
    incident_kv_time(out, "endTimeUtc", al->end);
    incident_kv_time(out, "timeGenerated", al->generated);
    write_alert_row(a, out, al);
    json_obj_end(out);
    json_obj_end(out);
}

bool incident_alerts_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                             const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct state_alert *list = NULL;
    size_t n = 0;
    if (!state_alert_of_incident(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    json_arr(out);
    for (size_t k = 0; k < n; k++)
        incident_alert_to_json(in, a, w, out, &list[k]);
    json_arr_end(out);
    return true;
}
