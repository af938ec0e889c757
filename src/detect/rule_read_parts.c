/* The parts of a rule that are objects: mappings, details, overrides, grouping, incident settings.
 */
#include "detect/rule_priv.h"

enum {
    MAX_MAPPINGS = 10,
    MAX_FIELDS = 3,
    MAX_DETAILS = 20,
    MAX_DETAIL_KEY = 20,
    MAX_DETAIL_COLUMN = 500,
    MAX_FORMAT = 256,
    MAX_DESCRIPTION_FORMAT = 5000,
    MAX_PLACEHOLDERS = 3
};

static struct str sub_key(struct rule_reader *r, struct str key, const char *name)
{
    return arena_fmt(r->a, "%.*s.%s", STR_ARG(key), name);
}

static struct str at_key(struct rule_reader *r, struct str key, size_t i)
{
    return arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i);
}

/* A text member that must be there. */
static bool need_text(struct rule_reader *r, const struct json *o, struct str key, const char *name,
                      struct str *out)
{
    const struct json *v = json_iget(o, name);
    if (v == NULL || v->type == JSON_NULL)
        return rule_bad(r, o, sub_key(r, key, name), "this key is missing");
    if (!rule_text(r, v, sub_key(r, key, name), out))
        return false;
    *out = str_trim(*out);
    return out->n > 0 || rule_bad(r, v, sub_key(r, key, name), "it is empty");
}

static bool want_text(struct rule_reader *r, const struct json *o, struct str key, const char *name,
                      struct str *out)
{
    const struct json *v = json_iget(o, name);
    return v == NULL || v->type == JSON_NULL || rule_text(r, v, sub_key(r, key, name), out);
}

static bool want_bool(struct rule_reader *r, const struct json *o, struct str key, const char *name,
                      bool *out)
{
    const struct json *v = json_iget(o, name);
    return v == NULL || v->type == JSON_NULL || rule_bool(r, v, sub_key(r, key, name), out);
}

/* What is not known is kept, and said. */
static void keep_unknown(struct rule_reader *r, const struct json *o, struct str key,
                         const char *const *known, size_t n)
{
    for (size_t i = 0; i < o->n; i++) {
        bool found = false;
        for (size_t k = 0; k < n && !found; k++)
            found = str_ieqz(o->keys[i], known[k]);
        if (found)
            continue;
        rule_warn(r, &o->items[i], arena_fmt(r->a, "%.*s.%.*s", STR_ARG(key), STR_ARG(o->keys[i])),
                  "unknown key; it is kept and has no effect");
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        struct json_out w = json_out_make(&b);
        json_value(&w, &o->items[i]);
        struct rule_unknown u = {arena_str(r->a, key), arena_str(r->a, o->keys[i]),
                                 arena_str(r->a, sbuf_str(&b))};
        VEC_PUSH(r->a, &r->unknown, u);
    }
}
#define KEEP_UNKNOWN(r, o, key, ...)                                                               \
    keep_unknown((r), (o), (key), (const char *const[]){__VA_ARGS__},                              \
                 COUNTOF(((const char *const[]){__VA_ARGS__})))

/* ---- entityMappings ---- */

static bool read_field(struct rule_reader *r, const struct json *v, struct str key,
                       const struct entity_type *t, struct rule_field *out, unsigned *required)
{
    struct str name = STR_NONE;
    bool needed = false;
    if (!need_text(r, v, key, "identifier", &name) ||
        !need_text(r, v, key, "columnName", &out->column))
        return false;
    out->at = json_iget(v, "columnName")->off;
    const char *canonical = entity_identifier(t, name, &needed);
    if (canonical == NULL)
        return rule_bad(r, v, sub_key(r, key, "identifier"), "%s has no identifier '%.*s'", t->name,
                        STR_ARG(name));
    KEEP_UNKNOWN(r, v, key, "identifier", "columnName");
    out->identifier = str_from(canonical);
    *required += needed ? 1 : 0;
    return true;
}

static bool read_fields(struct rule_reader *r, const struct json *v, struct str key,
                        const struct entity_type *t, struct rule_mapping *out)
{
    unsigned required = 0;
    if (v == NULL || v->type != JSON_ARRAY || v->n == 0)
        return rule_bad(r, v, key, "a list of at least one identifier with its column expected");
    if (v->n > MAX_FIELDS)
        return rule_bad(r, v, key, "%zu identifiers; at most %d are allowed", v->n, MAX_FIELDS);
    out->fields = arena_array(r->a, struct rule_field, v->n);
    out->n = v->n;
    for (size_t i = 0; i < v->n; i++)
        if (!read_field(r, &v->items[i], at_key(r, key, i), t, &out->fields[i], &required))
            return false;
    if (required == 0 || (t->all_required && required < t->n_required))
        return rule_bad(r, v, key, "%s cannot be identified by these: add %s%s%s", t->name,
                        t->identifiers[0],
                        t->n_required > 1 ? (t->all_required ? " and " : " or ") : "",
                        t->n_required > 1 ? t->identifiers[1] : "");
    return true;
}

static bool read_mapping(struct rule_reader *r, const struct json *v, struct str key,
                         struct rule_mapping *out)
{
    struct str type = STR_NONE;
    if (!need_text(r, v, key, "entityType", &type))
        return false;
    const struct entity_type *t = entity_type_find(type);
    if (t == NULL)
        return rule_bad(r, v, sub_key(r, key, "entityType"), "unknown entity type '%.*s'",
                        STR_ARG(type));
    out->type = str_from(t->name);
    KEEP_UNKNOWN(r, v, key, "entityType", "fieldMappings");
    const struct json *fields = json_iget(v, "fieldMappings");
    return read_fields(r, fields != NULL ? fields : v, sub_key(r, key, "fieldMappings"), t, out);
}

bool rule_read_mappings(struct rule_reader *r, const struct json *v, struct str key)
{
    if (v->type != JSON_ARRAY)
        return rule_bad(r, v, key, "a list expected");
    if (v->n > MAX_MAPPINGS)
        return rule_bad(r, v, key, "%zu mappings; at most %d are allowed", v->n, MAX_MAPPINGS);
    r->out->mappings = arena_array(r->a, struct rule_mapping, v->n + 1);
    bool ok = true;
    for (size_t i = 0; i < v->n; i++)
        ok &= read_mapping(r, &v->items[i], at_key(r, key, i), &r->out->mappings[i]);
    r->out->n_mappings = v->n;
    return ok;
}

bool rule_read_entity_columns(struct rule_reader *r, const struct json *v, struct str key)
{
    if (v->type != JSON_ARRAY)
        return rule_bad(r, v, key, "a list expected");
    r->out->entity_columns.p = arena_array(r->a, struct str, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        struct str k = at_key(r, key, i);
        if (!need_text(r, &v->items[i], k, "columnName", &r->out->entity_columns.p[i]))
            return false;
        KEEP_UNKNOWN(r, &v->items[i], k, "columnName");
    }
    r->out->entity_columns.n = v->n;
    return true;
}

/* ---- customDetails ---- */

static bool detail_key_ok(struct str k)
{
    for (size_t i = 0; i < k.n; i++) {
        char c = k.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || c == '_';
        if (!letter && (i == 0 || !other))
            return false;
    }
    return k.n > 0 && k.n <= MAX_DETAIL_KEY;
}

bool rule_read_details(struct rule_reader *r, const struct json *v, struct str key)
{
    if (v->type != JSON_OBJECT)
        return rule_bad(r, v, key, "a mapping of names to columns expected");
    if (v->n > MAX_DETAILS)
        return rule_bad(r, v, key, "%zu entries; at most %d are allowed", v->n, MAX_DETAILS);
    r->out->details = arena_array(r->a, struct rule_pair, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        struct str k = arena_fmt(r->a, "%.*s.%.*s", STR_ARG(key), STR_ARG(v->keys[i]));
        struct rule_pair *p = &r->out->details[i];
        if (!detail_key_ok(v->keys[i]))
            return rule_bad(r, &v->items[i], k,
                            "a name has at most %d letters, digits and _, a letter first",
                            MAX_DETAIL_KEY);
        p->key = arena_str(r->a, v->keys[i]);
        p->at = v->items[i].off;
        if (!rule_text(r, &v->items[i], k, &p->column))
            return false;
        if (p->column.n == 0 || p->column.n > MAX_DETAIL_COLUMN)
            return rule_bad(r, &v->items[i], k, "a column's name of 1 to %d characters expected",
                            MAX_DETAIL_COLUMN);
    }
    r->out->n_details = v->n;
    return true;
}

/* ---- alertDetailsOverride ---- */

static bool read_format(struct rule_reader *r, const struct json *o, struct str key,
                        const char *name, struct str *out)
{
    size_t max = strcmp(name, "alertDescriptionFormat") == 0 ? MAX_DESCRIPTION_FORMAT : MAX_FORMAT;
    if (!want_text(r, o, key, name, out))
        return false;
    unsigned placeholders = 0;
    size_t from = 0, at = 0;
    while (str_find(str_sub(*out, from, out->n), STR("{{"), &at)) {
        from += at + 2;
        placeholders++;
    }
    if (placeholders > MAX_PLACEHOLDERS)
        return rule_bad(r, json_iget(o, name), sub_key(r, key, name),
                        "%u placeholders; at most %d are allowed", placeholders, MAX_PLACEHOLDERS);
    if (out->n > max)
        return rule_bad(r, json_iget(o, name), sub_key(r, key, name), "longer than %zu characters",
                        max);
    return true;
}

static bool read_properties(struct rule_reader *r, const struct json *v, struct str key)
{
    if (v->type != JSON_ARRAY)
        return rule_bad(r, v, key, "a list expected");
    r->out->properties = arena_array(r->a, struct rule_pair, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        struct str k = at_key(r, key, i);
        struct rule_pair *p = &r->out->properties[i];
        if (!need_text(r, &v->items[i], k, "alertProperty", &p->key) ||
            !need_text(r, &v->items[i], k, "value", &p->column))
            return false;
        p->at = json_iget(&v->items[i], "value")->off;
        const char *name = alert_property(p->key);
        if (name == NULL)
            return rule_bad(r, &v->items[i], sub_key(r, k, "alertProperty"),
                            "unknown alert property '%.*s'", STR_ARG(p->key));
        KEEP_UNKNOWN(r, &v->items[i], k, "alertProperty", "value");
        p->key = str_from(name);
    }
    r->out->n_properties = v->n;
    return true;
}

bool rule_read_override(struct rule_reader *r, const struct json *v, struct str key)
{
    struct rule *o = r->out;
    if (v->type != JSON_OBJECT)
        return rule_bad(r, v, key, "a mapping expected");
    KEEP_UNKNOWN(r, v, key, "alertDisplayNameFormat", "alertDescriptionFormat",
                 "alertSeverityColumnName", "alertTacticsColumnName", "alertDynamicProperties");
    const struct json *properties = json_iget(v, "alertDynamicProperties");
    const struct json *severity = json_iget(v, "alertSeverityColumnName"),
                      *tactics = json_iget(v, "alertTacticsColumnName");
    o->severity_at = severity != NULL ? severity->off : 0;
    o->tactics_at = tactics != NULL ? tactics->off : 0;
    return read_format(r, v, key, "alertDisplayNameFormat", &o->name_format) &&
           read_format(r, v, key, "alertDescriptionFormat", &o->description_format) &&
           want_text(r, v, key, "alertSeverityColumnName", &o->severity_column) &&
           want_text(r, v, key, "alertTacticsColumnName", &o->tactics_column) &&
           (properties == NULL || properties->type == JSON_NULL ||
            read_properties(r, properties, sub_key(r, key, "alertDynamicProperties")));
}

/* ---- eventGroupingSettings, incidentConfiguration ---- */

bool rule_read_grouping(struct rule_reader *r, const struct json *v, struct str key)
{
    struct str kind = STR("SingleAlert");
    if (v->type != JSON_OBJECT)
        return rule_bad(r, v, key, "a mapping expected");
    KEEP_UNKNOWN(r, v, key, "aggregationKind");
    if (!want_text(r, v, key, "aggregationKind", &kind))
        return false;
    r->out->alert_per_result = str_ieqz(kind, "AlertPerResult");
    return r->out->alert_per_result || str_ieqz(kind, "SingleAlert") ||
           rule_bad(r, v, sub_key(r, key, "aggregationKind"),
                    "'%.*s': SingleAlert or AlertPerResult expected", STR_ARG(kind));
}

static bool read_match(struct rule_reader *r, const struct json *v, struct str key)
{
    static const char *const names[] = {"AllEntities", "AnyAlert", "Selected"};
    struct str s = STR("AllEntities");
    if (!want_text(r, v, key, "matchingMethod", &s))
        return false;
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_ieqz(s, names[i])) {
            r->out->incident.match = (enum incident_match)i;
            return true;
        }
    return rule_bad(r, v, sub_key(r, key, "matchingMethod"),
                    "'%.*s': AllEntities, AnyAlert or Selected expected", STR_ARG(s));
}

static bool want_texts(struct rule_reader *r, const struct json *o, struct str key,
                       const char *name, struct strs *out)
{
    const struct json *v = json_iget(o, name);
    return v == NULL || rule_texts(r, v, sub_key(r, key, name), out);
}

static bool read_criteria(struct rule_reader *r, const struct json *v, struct str key)
{
    struct incident_grouping *g = &r->out->incident;
    struct strs entities = {0}, details = {0}, custom = {0};
    if (!want_texts(r, v, key, "groupByEntities", &entities) ||
        !want_texts(r, v, key, "groupByAlertDetails", &details) ||
        !want_texts(r, v, key, "groupByCustomDetails", &custom))
        return false;
    for (size_t i = 0; i < entities.n; i++) {
        const struct entity_type *t = entity_type_find(entities.p[i]);
        if (t == NULL)
            return rule_bad(r, v, sub_key(r, key, "groupByEntities"), "unknown entity type '%.*s'",
                            STR_ARG(entities.p[i]));
        entities.p[i] = str_from(t->name);
    }
    for (size_t i = 0; i < details.n; i++) {
        bool name = str_ieqz(details.p[i], "DisplayName");
        if (!name && !str_ieqz(details.p[i], "Severity"))
            return rule_bad(r, v, sub_key(r, key, "groupByAlertDetails"),
                            "'%.*s': DisplayName or Severity expected", STR_ARG(details.p[i]));
        details.p[i] = name ? STR("DisplayName") : STR("Severity");
    }
    g->entities = entities.p;
    g->n_entities = entities.n;
    g->details = details.p;
    g->n_details = details.n;
    g->custom = custom.p;
    g->n_custom = custom.n;
    return true;
}

static bool read_grouping_configuration(struct rule_reader *r, const struct json *v, struct str key)
{
    struct incident_grouping *g = &r->out->incident;
    const struct json *lookback = json_iget(v, "lookbackDuration");
    if (v->type != JSON_OBJECT)
        return rule_bad(r, v, key, "a mapping expected");
    KEEP_UNKNOWN(r, v, key, "enabled", "reopenClosedIncident", "lookbackDuration", "matchingMethod",
                 "groupByEntities", "groupByAlertDetails", "groupByCustomDetails");
    if (!want_bool(r, v, key, "enabled", &g->grouping) ||
        !want_bool(r, v, key, "reopenClosedIncident", &g->reopen) || !read_match(r, v, key) ||
        !read_criteria(r, v, key))
        return false;
    if (lookback == NULL || lookback->type == JSON_NULL)
        return true;
    struct str k = sub_key(r, key, "lookbackDuration");
    if (!rule_span(r, lookback, k, &g->lookback))
        return false;
    return (g->lookback >= 5 * TICKS_PER_MINUTE && g->lookback <= 7 * TICKS_PER_DAY) ||
           rule_bad(r, lookback, k, "5 minutes to 7 days expected");
}

bool rule_read_incident(struct rule_reader *r, const struct json *v, struct str key)
{
    if (v->type != JSON_OBJECT)
        return rule_bad(r, v, key, "a mapping expected");
    KEEP_UNKNOWN(r, v, key, "createIncident", "groupingConfiguration");
    const struct json *g = json_iget(v, "groupingConfiguration");
    return want_bool(r, v, key, "createIncident", &r->out->incident.create) &&
           (g == NULL || g->type == JSON_NULL ||
            read_grouping_configuration(r, g, sub_key(r, key, "groupingConfiguration")));
}
