/* A rule as ARM's "properties", in the canonical forms of the service, and as Azure-Sentinel's
 * YAML. */
#include "base/ids.h"
#include "detect/rule_priv.h"
#include "text/date.h"
#include "text/yaml.h"
#include <stdio.h>

enum { MAX_TREE = 16 << 20 };

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

static void kv_json(struct json_out *w, const char *key, struct str json)
{
    if (json.n > 0) {
        json_key(w, key);
        json_raw(w, json);
    }
}

/* What the reader did not know inside of the object at parent. */
PRINTF_LIKE(3, 4)
static void kv_unknown(struct json_out *w, const struct rule *r, const char *fmt, ...)
{
    char parent[96];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(parent, sizeof(parent), fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < r->n_unknown; i++)
        if (str_eqz(r->unknown[i].parent, parent)) {
            json_key_str(w, r->unknown[i].key);
            json_raw(w, r->unknown[i].value);
        }
}

/* Members of the rule itself that have no effect. */
static void write_extra(struct json_out *w, const struct rule *r)
{
    struct json extra = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (r->extra.n == 0 || !json_parse(a, r->extra, NULL, &extra, NULL))
        return;
    for (size_t i = 0; i < extra.n; i++) {
        json_key_str(w, extra.keys[i]);
        json_value(w, &extra.items[i]);
    }
}

/* ---- the parts that both formats have alike ---- */

static void write_mapping(struct json_out *w, const struct rule *r, size_t at)
{
    const struct rule_mapping *m = &r->mappings[at];
    json_obj(w);
    json_kv_str(w, "entityType", m->type);
    json_key(w, "fieldMappings");
    json_arr(w);
    for (size_t i = 0; i < m->n; i++) {
        json_obj(w);
        json_kv_str(w, "identifier", m->fields[i].identifier);
        json_kv_str(w, "columnName", m->fields[i].column);
        kv_unknown(w, r, "entityMappings[%zu].fieldMappings[%zu]", at, i);
        json_obj_end(w);
    }
    json_arr_end(w);
    kv_unknown(w, r, "entityMappings[%zu]", at);
    json_obj_end(w);
}

static void write_mappings(struct json_out *w, const struct rule *r)
{
    json_arr(w);
    for (size_t i = 0; i < r->n_mappings; i++)
        write_mapping(w, r, i);
    json_arr_end(w);
}

static void write_entity_columns(struct json_out *w, const struct rule *r)
{
    json_arr(w);
    for (size_t i = 0; i < r->entity_columns.n; i++) {
        json_obj(w);
        json_kv_str(w, "columnName", r->entity_columns.p[i]);
        kv_unknown(w, r, "sentinelEntitiesMappings[%zu]", i);
        json_obj_end(w);
    }
    json_arr_end(w);
}

static void write_details(struct json_out *w, const struct rule *r)
{
    json_obj(w);
    for (size_t i = 0; i < r->n_details; i++) {
        json_key_str(w, r->details[i].key);
        json_str(w, r->details[i].column);
    }
    json_obj_end(w);
}

static bool has_unknown(const struct rule *r, const char *parent)
{
    for (size_t i = 0; i < r->n_unknown; i++)
        if (str_eqz(r->unknown[i].parent, parent))
            return true;
    return false;
}

static bool has_override(const struct rule *r)
{
    return r->name_format.n + r->description_format.n + r->severity_column.n + r->tactics_column.n +
                   r->n_properties >
               0 ||
           has_unknown(r, "alertDetailsOverride");
}

static void write_override(struct json_out *w, const struct rule *r)
{
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
        kv_unknown(w, r, "alertDetailsOverride.alertDynamicProperties[%zu]", i);
        json_obj_end(w);
    }
    json_arr_end(w);
    kv_unknown(w, r, "alertDetailsOverride");
    json_obj_end(w);
}

static void write_grouping(struct json_out *w, const struct rule *r)
{
    json_obj(w);
    json_kv_z(w, "aggregationKind", r->alert_per_result ? "AlertPerResult" : "SingleAlert");
    kv_unknown(w, r, "eventGroupingSettings");
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

static void write_incident(struct json_out *w, const struct rule *r)
{
    const struct incident_grouping *g = &r->incident;
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
    kv_unknown(w, r, "incidentConfiguration.groupingConfiguration");
    json_obj_end(w);
    kv_unknown(w, r, "incidentConfiguration");
    json_obj_end(w);
}

/* ---- ARM ---- */

typedef void part_fn(struct json_out *w, const struct rule *r);

static void kv_part(struct json_out *w, const char *key, bool there, part_fn *fn,
                    const struct rule *r)
{
    json_key(w, key);
    if (there)
        fn(w, r);
    else
        json_null(w);
}

static void write_schedule(struct json_out *w, const struct rule *r)
{
    if (r->kind != RULE_SCHEDULED)
        return;
    kv_duration(w, "queryFrequency", r->frequency);
    kv_duration(w, "queryPeriod", r->period);
    json_kv_z(w, "triggerOperator", rule_operator_name(r->op));
    json_kv_int(w, "triggerThreshold", r->threshold);
}

static void write_mitre(struct json_out *w, const struct rule *r)
{
    kv_list(w, "tactics", r->tactics.p, r->tactics.n);
    kv_list(w, "techniques", r->techniques.p, r->techniques.n);
    kv_list(w, "subTechniques", r->subtechniques.p, r->subtechniques.n);
}

/* What a rule with a query shares with its template. */
static void write_query_parts(struct json_out *w, const struct rule *r)
{
    json_kv_str(w, "query", r->query);
    write_schedule(w, r);
    write_mitre(w, r);
    kv_part(w, "entityMappings", r->n_mappings > 0, write_mappings, r);
    kv_part(w, "sentinelEntitiesMappings", r->entity_columns.n > 0, write_entity_columns, r);
    kv_part(w, "customDetails", r->n_details > 0, write_details, r);
    kv_part(w, "alertDetailsOverride", has_override(r), write_override, r);
    json_key(w, "eventGroupingSettings");
    write_grouping(w, r);
}

static void kv_filter(struct json_out *w, const char *key, const struct strs *list)
{
    if (list->n > 0)
        kv_list(w, key, list->p, list->n);
    else
        json_kv_null(w, key);
}

static void write_filters(struct json_out *w, const struct rule *r)
{
    json_kv_str(w, "productFilter", r->product);
    kv_filter(w, "severitiesFilter", &r->severities);
    kv_filter(w, "displayNamesFilter", &r->names);
    kv_filter(w, "displayNamesExcludeFilter", &r->excluded_names);
}

static void write_of_kind(struct json_out *w, const struct rule *r)
{
    if (r->kind != RULE_MICROSOFT_INCIDENT)
        json_kv_z(w, "severity", rule_severity_name(r->severity));
    if (rule_has_query(r->kind))
        write_query_parts(w, r);
    else if (r->kind == RULE_MICROSOFT_INCIDENT)
        write_filters(w, r);
    else
        write_mitre(w, r);
    kv_json(w, "sourceSettings", r->source_settings);
    kv_json(w, "scenarioExclusionPatterns", r->exclusions);
}

void rule_write_arm(const struct rule *r, int64_t modified, struct json_out *w)
{
    json_obj(w);
    json_kv_str(w, "displayName", r->name);
    json_kv_str(w, "description", r->description);
    json_kv_bool(w, "enabled", r->enabled);
    write_of_kind(w, r);
    if (r->kind == RULE_SCHEDULED)
        json_kv_time(w, "startTimeUtc", r->start_time);
    if (rule_has_query(r->kind)) {
        json_kv_bool(w, "suppressionEnabled", r->suppression);
        kv_duration(w, "suppressionDuration", r->suppression_duration);
        json_key(w, "incidentConfiguration");
        write_incident(w, r);
    }
    kv_some(w, "alertRuleTemplateName", r->template_id);
    kv_some(w, "templateVersion", r->template_version);
    write_extra(w, r);
    if (modified != 0)
        json_kv_time(w, "lastModifiedUtc", modified);
    json_obj_end(w);
}

void rule_write_template(const struct rule *r, struct json_out *w)
{
    json_kv_str(w, "displayName", r->name);
    json_kv_str(w, "description", r->description);
    write_of_kind(w, r);
    kv_some(w, "version", r->template_version);
}

/* ---- YAML ---- */

/* 5m, 1h, 14d where they say it, else ISO 8601. */
static void kv_short_duration(struct json_out *w, const char *key, int64_t ticks)
{
    static const struct {
        int64_t ticks;
        char letter;
    } units[] = {{TICKS_PER_DAY, 'd'}, {TICKS_PER_HOUR, 'h'}, {TICKS_PER_MINUTE, 'm'}};
    char text[32];
    for (size_t i = 0; i < COUNTOF(units); i++)
        if (ticks > 0 && ticks % units[i].ticks == 0) {
            (void)snprintf(text, sizeof(text), "%lld%c", (long long)(ticks / units[i].ticks),
                           units[i].letter);
            json_kv_z(w, key, text);
            return;
        }
    kv_duration(w, key, ticks);
}

static void kv_some_list(struct json_out *w, const char *key, const struct strs *list)
{
    if (list->n > 0)
        kv_list(w, key, list->p, list->n);
}

/* A technique stands for itself where none of its sub-techniques does. */
static void write_techniques(struct json_out *w, const struct rule *r)
{
    if (r->techniques.n == 0)
        return;
    json_key(w, "relevantTechniques");
    json_arr(w);
    for (size_t i = 0; i < r->techniques.n; i++) {
        bool detailed = false;
        for (size_t k = 0; k < r->subtechniques.n; k++)
            if (str_starts(r->subtechniques.p[k], r->techniques.p[i])) {
                json_str(w, r->subtechniques.p[k]);
                detailed = true;
            }
        if (!detailed)
            json_str(w, r->techniques.p[i]);
    }
    json_arr_end(w);
}

static void kv_there(struct json_out *w, const char *key, bool there, part_fn *fn,
                     const struct rule *r)
{
    if (there)
        kv_part(w, key, true, fn, r);
}

static bool has_incident(const struct rule *r)
{
    const struct incident_grouping *g = &r->incident;
    return !g->create || g->grouping || g->reopen || g->match != MATCH_ALL_ENTITIES ||
           g->lookback != 5 * TICKS_PER_HOUR || g->n_entities + g->n_details + g->n_custom > 0 ||
           has_unknown(r, "incidentConfiguration") ||
           has_unknown(r, "incidentConfiguration.groupingConfiguration");
}

static void write_yaml_query(struct json_out *w, const struct rule *r)
{
    static const char *const operators[] = {"gt", "lt", "eq", "ne"};
    if (r->kind != RULE_HUNTING)
        json_kv_z(w, "severity", rule_severity_name(r->severity));
    if (r->kind == RULE_SCHEDULED) {
        kv_short_duration(w, "queryFrequency", r->frequency);
        kv_short_duration(w, "queryPeriod", r->period);
        json_kv_z(w, "triggerOperator", operators[r->op]);
        json_kv_int(w, "triggerThreshold", r->threshold);
        if (r->start_time > 0)
            json_kv_time(w, "startTimeUtc", r->start_time);
    }
    kv_some_list(w, "tactics", &r->tactics);
    write_techniques(w, r);
    json_kv_str(w, "query", r->query);
    if (r->suppression || r->suppression_duration != 5 * TICKS_PER_HOUR) {
        json_kv_bool(w, "suppressionEnabled", r->suppression);
        kv_short_duration(w, "suppressionDuration", r->suppression_duration);
    }
    kv_there(w, "entityMappings", r->n_mappings > 0, write_mappings, r);
    kv_there(w, "sentinelEntitiesMappings", r->entity_columns.n > 0, write_entity_columns, r);
    kv_there(w, "customDetails", r->n_details > 0, write_details, r);
    kv_there(w, "alertDetailsOverride", has_override(r), write_override, r);
    kv_there(w, "eventGroupingSettings",
             r->alert_per_result || has_unknown(r, "eventGroupingSettings"), write_grouping, r);
    kv_there(w, "incidentConfiguration", has_incident(r), write_incident, r);
}

static void write_yaml_kind(struct json_out *w, const struct rule *r)
{
    if (rule_has_query(r->kind)) {
        write_yaml_query(w, r);
    } else if (r->kind == RULE_MICROSOFT_INCIDENT) {
        json_kv_str(w, "productFilter", r->product);
        kv_some_list(w, "severitiesFilter", &r->severities);
        kv_some_list(w, "displayNamesFilter", &r->names);
        kv_some_list(w, "displayNamesExcludeFilter", &r->excluded_names);
    } else {
        json_kv_z(w, "severity", rule_severity_name(r->severity));
        kv_some_list(w, "tactics", &r->tactics);
        write_techniques(w, r);
        kv_json(w, "sourceSettings", r->source_settings);
        kv_json(w, "scenarioExclusionPatterns", r->exclusions);
    }
}

/* YAML wants a GUID; a name of ARM that is none becomes always the same one. */
static void write_id(struct json_out *w, const struct rule *r)
{
    struct guid g;
    char text[37];
    if (!guid_parse(r->id, &g)) {
        struct guid ns;
        CHECK(guid_parse(STR("6f1b1a4e-6d0c-4c39-9d5b-1c9c2f5d7a10"), &ns));
        g = guid_derive(ns, r->id);
    }
    guid_format(g, text);
    json_kv_z(w, "id", text);
}

/* The rule's keys in the order in which people write them. */
static void write_yaml_tree(struct json_out *w, const struct rule *r)
{
    json_obj(w);
    write_id(w, r);
    json_kv_str(w, "name", r->name);
    if (r->kind != RULE_HUNTING)
        json_kv_z(w, "kind", rule_kind_name(r->kind));
    kv_some(w, "description", r->description);
    write_yaml_kind(w, r);
    if (!r->enabled)
        json_kv_bool(w, "enabled", false);
    if (!str_eq(r->template_id, r->id))
        kv_some(w, "alertRuleTemplateName", r->template_id);
    kv_some(w, "version", r->template_version);
    write_extra(w, r);
    json_obj_end(w);
}

bool rule_yaml_tree(struct arena *a, const struct rule *r, struct json *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TREE);
    struct json_out w = json_out_make(&b);
    write_yaml_tree(&w, r);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "the rule is larger than %d bytes", MAX_TREE);
    return json_parse(a, arena_str(a, sbuf_str(&b)), NULL, out, e);
}

bool rule_write_yaml(const struct rule *r, struct sbuf *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json tree = {0};
    return rule_yaml_tree(a, r, &tree, e) && yaml_write(&tree, out, e);
}
