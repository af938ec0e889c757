/* A rule as ARM's "properties", in the canonical forms of the service. */
#include "detect/rule_priv.h"
#include "text/date.h"

static void kv_duration(struct json_out *w, const char *key, int64_t ticks)
{
    char text[40];
    duration_format_iso8601(ticks, text);
    json_kv_z(w, key, text);
}

static void kv_list(struct json_out *w, const char *key, const struct str *p, size_t n)
{
    json_key(w, key);
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        json_str(w, p[i]);
    json_arr_end(w);
}

/* Absent instead of empty. */
static void kv_some(struct json_out *w, const char *key, struct str v)
{
    if (v.n > 0)
        json_kv_str(w, key, v);
}

static void write_mapping(struct json_out *w, const struct rule_mapping *m)
{
    json_obj(w);
    json_kv_str(w, "entityType", m->type);
    json_key(w, "fieldMappings");
    json_arr(w);
    for (size_t i = 0; i < m->n; i++) {
        json_obj(w);
        json_kv_str(w, "identifier", m->fields[i].identifier);
        json_kv_str(w, "columnName", m->fields[i].column);
        json_obj_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
}

static void write_mappings(struct json_out *w, const struct rule *r)
{
    json_key(w, "entityMappings");
    if (r->n_mappings == 0) {
        json_null(w);
    } else {
        json_arr(w);
        for (size_t i = 0; i < r->n_mappings; i++)
            write_mapping(w, &r->mappings[i]);
        json_arr_end(w);
    }
    json_key(w, "sentinelEntitiesMappings");
    if (r->entity_columns.n == 0) {
        json_null(w);
        return;
    }
    json_arr(w);
    for (size_t i = 0; i < r->entity_columns.n; i++) {
        json_obj(w);
        json_kv_str(w, "columnName", r->entity_columns.p[i]);
        json_obj_end(w);
    }
    json_arr_end(w);
}

static void write_details(struct json_out *w, const struct rule *r)
{
    json_key(w, "customDetails");
    if (r->n_details == 0) {
        json_null(w);
        return;
    }
    json_obj(w);
    for (size_t i = 0; i < r->n_details; i++) {
        json_key_str(w, r->details[i].key);
        json_str(w, r->details[i].column);
    }
    json_obj_end(w);
}

static void write_override(struct json_out *w, const struct rule *r)
{
    json_key(w, "alertDetailsOverride");
    if (r->name_format.n + r->description_format.n + r->severity_column.n + r->tactics_column.n +
            r->n_properties ==
        0) {
        json_null(w);
        return;
    }
    json_obj(w);
    kv_some(w, "alertDisplayNameFormat", r->name_format);
    kv_some(w, "alertDescriptionFormat", r->description_format);
    kv_some(w, "alertSeverityColumnName", r->severity_column);
    kv_some(w, "alertTacticsColumnName", r->tactics_column);
    json_key(w, "alertDynamicProperties");
    json_arr(w);
    for (size_t i = 0; i < r->n_properties; i++) {
        json_obj(w);
        json_kv_str(w, "alertProperty", r->properties[i].key);
        json_kv_str(w, "value", r->properties[i].column);
        json_obj_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
}

static const char *match_name(enum incident_match m)
{
    switch (m) {
    case MATCH_ANY_ALERT:
        return "AnyAlert";
    case MATCH_SELECTED:
        return "Selected";
    case MATCH_ALL_ENTITIES:
        break;
    }
    return "AllEntities";
}

static void write_incident(struct json_out *w, const struct incident_grouping *g)
{
    json_key(w, "incidentConfiguration");
    json_obj(w);
    json_kv_bool(w, "createIncident", g->create);
    json_key(w, "groupingConfiguration");
    json_obj(w);
    json_kv_bool(w, "enabled", g->grouping);
    json_kv_bool(w, "reopenClosedIncident", g->reopen);
    kv_duration(w, "lookbackDuration", g->lookback);
    json_kv_z(w, "matchingMethod", match_name(g->match));
    kv_list(w, "groupByEntities", g->entities, g->n_entities);
    kv_list(w, "groupByAlertDetails", g->details, g->n_details);
    kv_list(w, "groupByCustomDetails", g->custom, g->n_custom);
    json_obj_end(w);
    json_obj_end(w);
}

static void write_schedule(struct json_out *w, const struct rule *r)
{
    if (r->kind == RULE_NRT)
        return;
    kv_duration(w, "queryFrequency", r->frequency);
    kv_duration(w, "queryPeriod", r->period);
    json_kv_z(w, "triggerOperator", rule_operator_name(r->op));
    json_kv_int(w, "triggerThreshold", r->threshold);
    json_kv_time(w, "startTimeUtc", r->start_time);
}

void rule_write_arm(const struct rule *r, int64_t modified, struct json_out *w)
{
    json_obj(w);
    json_kv_str(w, "displayName", r->name);
    json_kv_str(w, "description", r->description);
    json_kv_bool(w, "enabled", r->enabled);
    json_kv_z(w, "severity", rule_severity_name(r->severity));
    json_kv_str(w, "query", r->query);
    write_schedule(w, r);
    json_kv_bool(w, "suppressionEnabled", r->suppression);
    kv_duration(w, "suppressionDuration", r->suppression_duration);
    kv_list(w, "tactics", r->tactics.p, r->tactics.n);
    kv_list(w, "techniques", r->techniques.p, r->techniques.n);
    kv_list(w, "subTechniques", r->subtechniques.p, r->subtechniques.n);
    write_mappings(w, r);
    write_details(w, r);
    write_override(w, r);
    json_key(w, "eventGroupingSettings");
    json_obj(w);
    json_kv_z(w, "aggregationKind", r->alert_per_result ? "AlertPerResult" : "SingleAlert");
    json_obj_end(w);
    write_incident(w, &r->incident);
    kv_some(w, "alertRuleTemplateName", r->template_id);
    kv_some(w, "templateVersion", r->template_version);
    if (modified != 0)
        json_kv_time(w, "lastModifiedUtc", modified);
    json_obj_end(w);
}
