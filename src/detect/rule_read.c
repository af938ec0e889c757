/* Reads a rule from a JSON tree, whether it came from YAML or from an ARM body: one table of keys,
 * two names each. */
#include "base/ids.h"
#include "detect/rule_priv.h"
#include "text/date.h"
#include "text/yaml.h"
#include <stdio.h>

enum {
    MAX_RULE_BYTES = 1 << 20,
    MAX_NAME = 256,
    MAX_DESCRIPTION = 5000,
    MAX_QUERY = 10000,
    MAX_VERSION = 20
};

/* ---- issues ---- */

PRINTF_LIKE(5, 0)
static void issue_addv(struct rule_issues *is, bool warning, struct pos at, struct str key,
                       const char *fmt, va_list ap)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    sbuf_addv(&b, fmt, ap);
    struct rule_issue i = {.warning = warning,
                           .file = is->file,
                           .line = at.line,
                           .column = at.col,
                           .key = arena_str(is->a, key),
                           .message = arena_str(is->a, sbuf_str(&b))};
    VEC_PUSH(is->a, &is->v, i);
    if (!warning)
        is->n_errors++;
}

void rule_issue_add(struct rule_issues *is, bool warning, uint32_t line, struct str key,
                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    issue_addv(is, warning, (struct pos){.line = line}, key, fmt, ap);
    va_end(ap);
}

void rule_issues_err(const struct rule_issues *is, struct err *e)
{
    for (size_t i = 0; i < is->v.n; i++) {
        const struct rule_issue *x = &is->v.p[i];
        if (x->warning)
            continue;
        char line[24] = "";
        if (x->line > 0)
            snprintf(line, sizeof(line), x->file.n > 0 ? ":%u" : "line %u", x->line);
        err_set(e, ERR_INVALID, "%.*s%s%s%.*s%s%.*s", STR_ARG(x->file), line,
                x->file.n > 0 || x->line > 0 ? ": " : "", STR_ARG(x->key), x->key.n > 0 ? ": " : "",
                STR_ARG(x->message));
        return;
    }
    err_set(e, ERR_INVALID, "the rule is not valid");
}

static struct pos place(const struct rule_reader *r, const struct json *v)
{
    return v != NULL && r->text.n > 0 ? pos_in(r->text, v->off) : (struct pos){0};
}

bool rule_bad(struct rule_reader *r, const struct json *v, struct str key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    issue_addv(r->is, false, place(r, v), key, fmt, ap);
    va_end(ap);
    return false;
}

void rule_warn(struct rule_reader *r, const struct json *v, struct str key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    issue_addv(r->is, true, place(r, v), key, fmt, ap);
    va_end(ap);
}

/* ---- scalars ---- */

const struct json *json_iget(const struct json *object, const char *key)
{
    if (object == NULL || object->type != JSON_OBJECT)
        return NULL;
    for (size_t i = 0; i < object->n; i++)
        if (str_ieqz(object->keys[i], key))
            return &object->items[i];
    return NULL;
}

bool rule_text(struct rule_reader *r, const struct json *v, struct str key, struct str *out)
{
    switch (v->type) {
    case JSON_STRING:
    case JSON_INT:
    case JSON_REAL:
        *out = arena_str(r->a, v->text);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        *out = v->type == JSON_TRUE ? STR("true") : STR("false");
        return true;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return rule_bad(r, v, key, "text expected");
}

bool rule_bool(struct rule_reader *r, const struct json *v, struct str key, bool *out)
{
    bool yes = v->type == JSON_TRUE || (v->type == JSON_STRING && str_ieqz(v->text, "true"));
    bool no = v->type == JSON_FALSE || (v->type == JSON_STRING && str_ieqz(v->text, "false"));
    if (!yes && !no)
        return rule_bad(r, v, key, "true or false expected");
    *out = yes;
    return true;
}

bool rule_int(struct rule_reader *r, const struct json *v, struct str key, int64_t *out)
{
    if (v->type == JSON_INT) {
        *out = v->i;
        return true;
    }
    if (v->type == JSON_STRING && str_to_i64(str_trim(v->text), out))
        return true;
    return rule_bad(r, v, key, "a whole number expected");
}

bool rule_span(struct rule_reader *r, const struct json *v, struct str key, int64_t *out)
{
    struct str s = STR_NONE;
    if (!rule_text(r, v, key, &s))
        return false;
    if (rule_duration(s, out))
        return true;
    return rule_bad(r, v, key, "'%.*s' is not a duration: 5m, 1h, 14d, 1.02:00:00 or PT5H expected",
                    STR_ARG(s));
}

bool rule_texts(struct rule_reader *r, const struct json *v, struct str key, struct strs *out)
{
    if (v->type == JSON_NULL)
        return true;
    if (v->type != JSON_ARRAY)
        return rule_bad(r, v, key, "a list expected");
    VEC(struct str) list = {0};
    for (size_t i = 0; i < v->n; i++) {
        struct str s = STR_NONE, k = arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i);
        if (v->items[i].type == JSON_NULL) {
            rule_warn(r, &v->items[i], k, "an empty item; it is left out");
            continue;
        }
        if (!rule_text(r, &v->items[i], k, &s))
            return false;
        VEC_PUSH(r->a, &list, str_trim(s));
    }
    out->p = list.p;
    out->n = list.n;
    return true;
}

/* ---- keys ---- */

static size_t utf8_length(struct str s)
{
    size_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end; n++)
        utf8_next(&p, end);
    return n;
}

static bool limited(struct rule_reader *r, const struct json *v, struct str key, size_t max,
                    struct str *out)
{
    if (!rule_text(r, v, key, out))
        return false;
    size_t n = utf8_length(*out);
    return n <= max || rule_bad(r, v, key, "%zu characters; at most %zu are allowed", n, max);
}

static bool read_id(struct rule_reader *r, const struct json *v, struct str key)
{
    struct str s = STR_NONE;
    struct guid g;
    if (!rule_text(r, v, key, &s))
        return false;
    if (!guid_parse(str_trim(s), &g))
        return rule_bad(r, v, key, "'%.*s' is not a GUID", STR_ARG(s));
    char text[37];
    guid_format(g, text);
    r->out->id = arena_str(r->a, str_from(text));
    return true;
}

static bool read_kind(struct rule_reader *r, const struct json *v, struct str key)
{
    struct str s = STR_NONE;
    if (!rule_text(r, v, key, &s))
        return false;
    return rule_kind_parse(str_trim(s), &r->out->kind) ||
           rule_bad(r, v, key,
                    "'%.*s' is not a kind of rule: Scheduled, NRT, "
                    "MicrosoftSecurityIncidentCreation, Fusion, MLBehaviorAnalytics or "
                    "ThreatIntelligence expected",
                    STR_ARG(s));
}

static bool read_name(struct rule_reader *r, const struct json *v, struct str key)
{
    if (!limited(r, v, key, MAX_NAME, &r->out->name))
        return false;
    r->out->name = str_trim(r->out->name);
    return r->out->name.n > 0 || rule_bad(r, v, key, "it is empty");
}

/* Published rules often wrap the description in one more pair of quotes. */
static bool read_description(struct rule_reader *r, const struct json *v, struct str key)
{
    struct str s = STR_NONE;
    if (v->type == JSON_NULL)
        return true;
    if (!limited(r, v, key, MAX_DESCRIPTION, &s))
        return false;
    s = str_trim(s);
    if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0])
        s = str_trim(str_sub(s, 1, s.n - 2));
    r->out->description = s;
    return true;
}

static bool read_severity(struct rule_reader *r, const struct json *v, struct str key)
{
    struct str s = STR_NONE;
    if (!rule_text(r, v, key, &s))
        return false;
    if (rule_severity_parse(str_trim(s), &r->out->severity))
        return true;
    return rule_bad(r, v, key,
                    "'%.*s' is not a severity: High, Medium, Low or Informational expected",
                    STR_ARG(s));
}

static bool read_query(struct rule_reader *r, const struct json *v, struct str key)
{
    size_t max = r->is->max_query_chars != 0 ? r->is->max_query_chars : MAX_QUERY;
    if (!limited(r, v, key, max, &r->out->query))
        return false;
    r->out->query_text = r->text;
    r->out->query_at = v->off;
    r->out->query_after_key = r->yaml && !r->json;
    return str_trim(r->out->query).n > 0 || rule_bad(r, v, key, "it is empty");
}

static bool read_frequency(struct rule_reader *r, const struct json *v, struct str key)
{
    return rule_span(r, v, key, &r->out->frequency);
}

static bool read_period(struct rule_reader *r, const struct json *v, struct str key)
{
    return rule_span(r, v, key, &r->out->period);
}

static bool read_operator(struct rule_reader *r, const struct json *v, struct str key)
{
    static const char *const brief[] = {"gt", "lt", "eq", "ne"};
    struct str s = STR_NONE;
    if (!rule_text(r, v, key, &s))
        return false;
    for (size_t i = 0; i < COUNTOF(brief); i++)
        if (str_ieqz(s, brief[i]) || str_ieqz(s, rule_operator_name((enum rule_operator)i))) {
            r->out->op = (enum rule_operator)i;
            return true;
        }
    return rule_bad(r, v, key, "'%.*s' is not an operator: gt, lt, eq or ne expected", STR_ARG(s));
}

static bool read_threshold(struct rule_reader *r, const struct json *v, struct str key)
{
    if (!rule_int(r, v, key, &r->out->threshold))
        return false;
    return (r->out->threshold >= 0 && r->out->threshold <= 10000) ||
           rule_bad(r, v, key, "%lld is out of range: 0 to 10000 expected",
                    (long long)r->out->threshold);
}

/* The item of a list of texts that has this text, for its place. */
static const struct json *item_of(const struct json *list, struct str text)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(str_trim(list->items[i].text), text))
            return &list->items[i];
    return list;
}

static bool read_tactics(struct rule_reader *r, const struct json *v, struct str key)
{
    struct strs t = {0};
    if (!rule_texts(r, v, key, &t))
        return false;
    bool ok = true;
    for (size_t i = 0; i < t.n; i++) {
        const char *name = mitre_tactic(t.p[i]);
        struct str k = arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i);
        if (name != NULL)
            t.p[i] = str_from(name);
        else if (r->out->kind == RULE_HUNTING)
            rule_warn(r, item_of(v, t.p[i]), k, "unknown tactic '%.*s'", STR_ARG(t.p[i]));
        else
            ok = rule_bad(r, item_of(v, t.p[i]), k, "unknown tactic '%.*s'", STR_ARG(t.p[i]));
    }
    r->out->tactics = t;
    return ok;
}

static void add_str(struct arena *a, struct strs *list, struct str s)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->p[i], s))
            return;
    struct str *p = arena_array(a, struct str, list->n + 1);
    if (list->n > 0)
        memcpy(p, list->p, list->n * sizeof(*p));
    p[list->n] = s;
    list->p = p;
    list->n++;
}

/* T1234.001 goes to both lists, as the service splits it. */
static bool read_techniques(struct rule_reader *r, const struct json *v, struct str key)
{
    struct strs t = {0};
    if (!rule_texts(r, v, key, &t))
        return false;
    bool ok = true;
    for (size_t i = 0; i < t.n; i++) {
        if (!mitre_technique_form(t.p[i])) {
            ok =
                rule_bad(r, item_of(v, t.p[i]), arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i),
                         "'%.*s' is not a technique: T1234 or T1234.001 expected", STR_ARG(t.p[i]));
            continue;
        }
        add_str(r->a, &r->out->techniques, str_sub(t.p[i], 0, 5));
        if (t.p[i].n > 5)
            add_str(r->a, &r->out->subtechniques, t.p[i]);
    }
    return ok;
}

static bool read_enabled(struct rule_reader *r, const struct json *v, struct str key)
{
    return rule_bool(r, v, key, &r->out->enabled);
}

static bool read_suppression(struct rule_reader *r, const struct json *v, struct str key)
{
    return rule_bool(r, v, key, &r->out->suppression);
}

static bool read_suppression_duration(struct rule_reader *r, const struct json *v, struct str key)
{
    return rule_span(r, v, key, &r->out->suppression_duration);
}

static bool read_start(struct rule_reader *r, const struct json *v, struct str key)
{
    struct str s = STR_NONE;
    if (v->type == JSON_NULL)
        return true;
    if (!rule_text(r, v, key, &s))
        return false;
    return date_parse_iso(s, &r->out->start_time) ||
           rule_bad(r, v, key, "'%.*s' is not a time: 2026-01-02T03:04:05Z expected", STR_ARG(s));
}

static bool read_version(struct rule_reader *r, const struct json *v, struct str key)
{
    return v->type == JSON_NULL || limited(r, v, key, MAX_VERSION, &r->out->template_version);
}

static bool read_template(struct rule_reader *r, const struct json *v, struct str key)
{
    return v->type == JSON_NULL || limited(r, v, key, MAX_NAME, &r->out->template_id);
}

static bool keep(struct rule_reader *r, const struct json *v, struct str key)
{
    (void)r;
    (void)v;
    (void)key;
    return true;
}

/* Sets of kinds. */
enum {
    SCHEDULED = 1 << RULE_SCHEDULED,
    QUERY = SCHEDULED | 1 << RULE_NRT,
    INCIDENT = 1 << RULE_MICROSOFT_INCIDENT,
    FUSION = 1 << RULE_FUSION,
    BOUND = FUSION | 1 << RULE_ML | 1 << RULE_THREAT,
    HUNTING = 1 << RULE_HUNTING, /* in YAML only */
    ALL = QUERY | INCIDENT | BOUND | HUNTING
};
static const struct key {
    const char *yaml, *arm;                      /* NULL: unknown in that format */
    unsigned kinds, need_yaml, need_arm, wished; /* sets of kinds; wished: in YAML */
    bool extra;                                  /* kept as it is */
    rule_read_fn *read;
} keys[] = {
    {"id", NULL, ALL, 0, 0, ALL, false, read_id}, /* without: one of the name */
    {"kind", NULL, ALL, 0, 0, QUERY, false, keep},
    {"name", "displayName", ALL, ALL & ~HUNTING, QUERY | INCIDENT, 0, false, read_name},
    {"displayName", NULL, HUNTING, 0, 0, 0, false, read_name}, /* of exploration queries */
    {"description", "description", ALL, 0, 0, QUERY, false, read_description},
    {"enabled", "enabled", ALL, 0, ALL, 0, false, read_enabled},
    {"severity", "severity", QUERY | BOUND, QUERY, QUERY, 0, false, read_severity},
    {"query", "query", QUERY | HUNTING, QUERY | HUNTING, QUERY, 0, false, read_query},
    {"queryFrequency", "queryFrequency", SCHEDULED, SCHEDULED, SCHEDULED, 0, false, read_frequency},
    {"queryPeriod", "queryPeriod", SCHEDULED, SCHEDULED, SCHEDULED, 0, false, read_period},
    {"triggerOperator", "triggerOperator", SCHEDULED, SCHEDULED, SCHEDULED, 0, false,
     read_operator},
    {"triggerThreshold", "triggerThreshold", SCHEDULED, SCHEDULED, SCHEDULED, 0, false,
     read_threshold},
    {"tactics", "tactics", QUERY | BOUND | HUNTING, 0, 0, 0, false, read_tactics},
    {"relevantTechniques", "techniques", QUERY | BOUND | HUNTING, 0, 0, 0, false, read_techniques},
    {"techniques", "subTechniques", QUERY | BOUND | HUNTING, 0, 0, 0, false, read_techniques},
    {"entityMappings", "entityMappings", QUERY | HUNTING, 0, 0, 0, false, rule_read_mappings},
    {"sentinelEntitiesMappings", "sentinelEntitiesMappings", QUERY | HUNTING, 0, 0, 0, false,
     rule_read_entity_columns},
    {"customDetails", "customDetails", QUERY | HUNTING, 0, 0, 0, false, rule_read_details},
    {"alertDetailsOverride", "alertDetailsOverride", QUERY, 0, 0, 0, false, rule_read_override},
    {"eventGroupingSettings", "eventGroupingSettings", QUERY, 0, 0, 0, false, rule_read_grouping},
    {"incidentConfiguration", "incidentConfiguration", QUERY, 0, 0, 0, false, rule_read_incident},
    {"suppressionEnabled", "suppressionEnabled", QUERY, 0, QUERY, 0, false, read_suppression},
    {"suppressionDuration", "suppressionDuration", QUERY, 0, QUERY, 0, false,
     read_suppression_duration},
    {"startTimeUtc", "startTimeUtc", SCHEDULED, 0, 0, 0, false, read_start},
    {"productFilter", "productFilter", INCIDENT, INCIDENT, INCIDENT, 0, false, rule_read_product},
    {"severitiesFilter", "severitiesFilter", INCIDENT, 0, 0, 0, false, rule_read_severities},
    {"displayNamesFilter", "displayNamesFilter", INCIDENT, 0, 0, 0, false, rule_read_names},
    {"displayNamesExcludeFilter", "displayNamesExcludeFilter", INCIDENT, 0, 0, 0, false,
     rule_read_excluded_names},
    {"sourceSettings", "sourceSettings", FUSION, 0, 0, 0, false, rule_read_sources},
    {"scenarioExclusionPatterns", "scenarioExclusionPatterns", FUSION, 0, 0, 0, false,
     rule_read_exclusions},
    {"version", "templateVersion", ALL, 0, 0, 0, false, read_version},
    {"alertRuleTemplateName", "alertRuleTemplateName", ALL, 0, BOUND, 0, false, read_template},
    {NULL, "lastModifiedUtc", ALL, 0, 0, 0, false, keep},
    {"requiredDataConnectors", "requiredDataConnectors", ALL, 0, 0, QUERY, true, keep},
    {"status", "status", ALL, 0, 0, 0, true, keep},
    {"tags", "tags", ALL, 0, 0, 0, true, keep},
    {"metadata", "metadata", ALL, 0, 0, 0, true, keep},
};

static const char *key_name(const struct rule_reader *r, const struct key *k)
{
    return r->yaml ? k->yaml : k->arm;
}

static const struct key *key_find(const struct rule_reader *r, struct str name)
{
    for (size_t i = 0; i < COUNTOF(keys); i++)
        if (key_name(r, &keys[i]) != NULL && str_ieqz(name, key_name(r, &keys[i])))
            return &keys[i];
    return NULL;
}

static void check_missing(struct rule_reader *r, const struct json *object)
{
    unsigned kind = 1U << r->out->kind;
    for (size_t i = 0; i < COUNTOF(keys); i++) {
        const struct key *k = &keys[i];
        const char *name = key_name(r, k);
        if (name == NULL || json_iget(object, name) != NULL)
            continue;
        if (((r->yaml ? k->need_yaml : k->need_arm) & kind) != 0)
            rule_bad(r, object, str_from(name), "this key is missing");
        else if ((k->wished & kind) != 0 && r->yaml)
            rule_warn(r, object, str_from(name), "this key is missing");
    }
}

static void warn_of_key(struct rule_reader *r, const struct json *v, struct str name, bool known)
{
    if (known)
        rule_warn(r, v, name, "rules of kind %s have no such key; it is kept and has no effect",
                  rule_kind_name(r->out->kind));
    else
        rule_warn(r, v, name, "unknown key; it is kept and has no effect");
}

static void read_keys(struct rule_reader *r, const struct json *object)
{
    AUTO(sbuf_fini) struct sbuf extra = sbuf_make((size_t)MAX_RULE_BYTES * 4);
    struct json_out w = json_out_make(&extra);
    unsigned kind = 1U << r->out->kind;
    json_obj(&w);
    for (size_t i = 0; i < object->n; i++) {
        const struct json *v = &object->items[i];
        const struct key *k = key_find(r, object->keys[i]);
        bool mine = k != NULL && (k->kinds & kind) != 0;
        bool needed = mine && ((k->need_yaml | k->need_arm) & kind) != 0;
        if (!mine)
            warn_of_key(r, v, object->keys[i], k != NULL);
        else if (v->type != JSON_NULL || needed)
            (void)k->read(r, v, str_from(key_name(r, k)));
        if (!mine || k->extra) {
            json_key_str(&w, object->keys[i]);
            json_value(&w, v);
        }
    }
    json_obj_end(&w);
    r->out->extra = sbuf_ok(&extra) ? arena_str(r->a, sbuf_str(&extra)) : STR("{}");
    r->out->unknown = r->unknown.p;
    r->out->n_unknown = r->unknown.n;
}

static void set_defaults(struct rule *r)
{
    memset(r, 0, sizeof(*r));
    r->enabled = true;
    r->op = TRIGGER_GT;
    r->severity = SEV_MEDIUM;
    r->suppression_duration = 5 * TICKS_PER_HOUR;
    r->incident.create = true;
    r->incident.lookback = 5 * TICKS_PER_HOUR;
}

/* A syntax error of a text reader as an issue; its position is in the message's place, not in its
 * words. */
bool rule_unreadable(struct rule_reader *r, const struct err *e)
{
    rule_issue_add(r->is, false, e->pos.line, STR_NONE, "%s", e->msg);
    r->is->v.p[r->is->v.n - 1].column = e->pos.col;
    return false;
}

/* YAML without an id gets the one of its name. */
static void complete_id(struct rule_reader *r, const struct json *object)
{
    struct guid ns;
    char id[37];
    if (r->out->kind == RULE_HUNTING && r->out->name.n == 0)
        (void)rule_bad(r, object, STR("name"), "this key is missing");
    if (r->out->id.n > 0 || json_iget(object, "id") != NULL)
        return;
    CHECK(guid_parse(STR("b0a5b7e8-6f0e-4bb4-9b58-6a4b0f1b7c1e"), &ns));
    guid_format(guid_derive(ns, r->out->name), id);
    r->out->id = arena_str(r->a, str_from(id));
}

static bool read_tree(struct rule_reader *r, const struct json *object)
{
    size_t before = r->is->n_errors;
    if (object->type != JSON_OBJECT)
        return rule_bad(r, object, STR_NONE, "a rule is a mapping of keys to values");
    read_keys(r, object);
    check_missing(r, object);
    if (r->yaml)
        complete_id(r, object);
    if (r->yaml && r->out->template_id.n == 0 && r->out->kind != RULE_HUNTING)
        r->out->template_id = r->out->id;
    if (r->is->n_errors == before)
        rule_check(r, object);
    return r->is->n_errors == before;
}

/* A query without anything that says when it runs and what its alerts are. */
static bool is_hunting(const struct json *root)
{
    static const char *const of_rules[] = {"kind", "queryFrequency", "queryPeriod",
                                           "triggerOperator", "triggerThreshold"};
    for (size_t i = 0; i < COUNTOF(of_rules); i++)
        if (json_iget(root, of_rules[i]) != NULL)
            return false;
    return json_iget(root, "query") != NULL;
}

bool rule_read_resource(struct rule_reader *r, struct str id, const struct json *root,
                        struct rule *out)
{
    struct rule rule;
    const struct json *kind = json_iget(root, "kind"), *properties = root;
    r->out = &rule;
    r->unknown.n = 0;
    r->unknown.p = NULL;
    r->unknown.cap = 0;
    set_defaults(&rule);
    if (!r->yaml) {
        rule.id = arena_str(r->a, id);
        properties = json_iget(root, "properties");
        if (properties == NULL)
            return rule_bad(r, root, STR("properties"), "this key is missing");
    }
    if (kind != NULL && kind->type != JSON_NULL && !read_kind(r, kind, STR("kind")))
        return false;
    if (r->yaml && is_hunting(root))
        rule.kind = RULE_HUNTING;
    if (!read_tree(r, properties))
        return false;
    *out = rule;
    return true;
}

bool rule_read_yaml(struct arena *a, struct str text, struct rule *out, struct rule_issues *is)
{
    struct rule_reader r = {.a = a, .text = text, .is = is, .yaml = true};
    struct json root = {0};
    struct err e = {0};
    if (text.n > MAX_RULE_BYTES)
        return rule_bad(&r, NULL, STR_NONE, "larger than %d bytes", MAX_RULE_BYTES);
    if (!yaml_parse(a, text, NULL, &root, &e))
        return rule_unreadable(&r, &e);
    return rule_read_resource(&r, STR_NONE, &root, out);
}

bool rule_read_arm(struct arena *a, struct str id, struct str text, struct rule *out,
                   struct rule_issues *is)
{
    struct rule_reader r = {.a = a, .text = text, .is = is, .json = true};
    struct json root = {0};
    struct err e = {0};
    if (text.n > MAX_RULE_BYTES)
        return rule_bad(&r, NULL, STR_NONE, "larger than %d bytes", MAX_RULE_BYTES);
    if (!json_parse(a, text, NULL, &root, &e))
        return rule_unreadable(&r, &e);
    return rule_read_resource(&r, id, &root, out);
}
