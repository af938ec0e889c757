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
static void issue_addv(struct rule_issues *is, bool warning, uint32_t line, struct str key,
                       const char *fmt, va_list ap)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    sbuf_addv(&b, fmt, ap);
    struct rule_issue i = {
        warning, is->file, line, arena_str(is->a, key), arena_str(is->a, sbuf_str(&b)), STR_NONE};
    VEC_PUSH(is->a, &is->v, i);
    if (!warning)
        is->n_errors++;
}

void rule_issue_add(struct rule_issues *is, bool warning, uint32_t line, struct str key,
                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    issue_addv(is, warning, line, key, fmt, ap);
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

uint32_t rule_line(const struct rule_reader *r, const struct json *v)
{
    return v != NULL && r->text.n > 0 ? pos_in(r->text, v->off).line : 0;
}

bool rule_bad(struct rule_reader *r, const struct json *v, struct str key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    issue_addv(r->is, false, rule_line(r, v), key, fmt, ap);
    va_end(ap);
    return false;
}

void rule_warn(struct rule_reader *r, const struct json *v, struct str key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    issue_addv(r->is, true, rule_line(r, v), key, fmt, ap);
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
        struct str s = STR_NONE;
        if (!rule_text(r, &v->items[i], arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i), &s))
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
    r->out->template_id = r->out->id;
    return true;
}

static bool read_kind(struct rule_reader *r, const struct json *v, struct str key)
{
    struct str s = STR_NONE;
    if (!rule_text(r, v, key, &s))
        return false;
    if (str_ieqz(s, "Scheduled"))
        r->out->kind = RULE_SCHEDULED;
    else if (str_ieqz(s, "NRT"))
        r->out->kind = RULE_NRT;
    else
        return rule_bad(r, v, key, "kind '%.*s' is not supported; Scheduled or NRT expected",
                        STR_ARG(s));
    return true;
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

/* "key: |": the value's lines are those behind the key's. v->off is the key's place. */
static bool is_block(const struct rule_reader *r, const struct json *v)
{
    size_t i = v->off;
    while (i < r->text.n && r->text.p[i] != ':' && r->text.p[i] != '\n')
        i++;
    do
        i++;
    while (i < r->text.n && r->text.p[i] == ' ');
    return r->yaml && i < r->text.n && r->text.p[i] == '|';
}

static bool read_query(struct rule_reader *r, const struct json *v, struct str key)
{
    size_t max = r->is->max_query_chars != 0 ? r->is->max_query_chars : MAX_QUERY;
    if (!limited(r, v, key, max, &r->out->query))
        return false;
    bool block = is_block(r, v);
    if (block || !str_holds(r->out->query, '\n'))
        r->out->query_line = rule_line(r, v) + block;
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

static bool read_tactics(struct rule_reader *r, const struct json *v, struct str key)
{
    struct strs t = {0};
    if (!rule_texts(r, v, key, &t))
        return false;
    bool ok = true;
    for (size_t i = 0; i < t.n; i++) {
        const char *name = mitre_tactic(t.p[i]);
        if (name == NULL)
            ok = rule_bad(r, &v->items[i], arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i),
                          "unknown tactic '%.*s'", STR_ARG(t.p[i]));
        else
            t.p[i] = str_from(name);
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
                rule_bad(r, &v->items[i], arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i),
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

enum { NEED_YAML = 1, NEED_ARM = 2, SCHEDULE = 4, WISHED = 8, EXTRA = 16 };
static const struct key {
    const char *yaml, *arm; /* NULL: unknown in that format */
    unsigned flags;
    rule_read_fn *read;
} keys[] = {
    {"id", NULL, NEED_YAML, read_id},
    {"kind", NULL, WISHED, read_kind},
    {"name", "displayName", NEED_YAML | NEED_ARM, read_name},
    {"description", "description", WISHED, read_description},
    {"enabled", "enabled", NEED_ARM, read_enabled},
    {"severity", "severity", NEED_YAML | NEED_ARM, read_severity},
    {"query", "query", NEED_YAML | NEED_ARM, read_query},
    {"queryFrequency", "queryFrequency", NEED_YAML | NEED_ARM | SCHEDULE, read_frequency},
    {"queryPeriod", "queryPeriod", NEED_YAML | NEED_ARM | SCHEDULE, read_period},
    {"triggerOperator", "triggerOperator", NEED_YAML | NEED_ARM | SCHEDULE, read_operator},
    {"triggerThreshold", "triggerThreshold", NEED_YAML | NEED_ARM | SCHEDULE, read_threshold},
    {"tactics", "tactics", 0, read_tactics},
    {"relevantTechniques", "techniques", 0, read_techniques},
    {"techniques", "subTechniques", 0, read_techniques},
    {"entityMappings", "entityMappings", 0, rule_read_mappings},
    {"sentinelEntitiesMappings", "sentinelEntitiesMappings", 0, rule_read_entity_columns},
    {"customDetails", "customDetails", 0, rule_read_details},
    {"alertDetailsOverride", "alertDetailsOverride", 0, rule_read_override},
    {"eventGroupingSettings", "eventGroupingSettings", 0, rule_read_grouping},
    {"incidentConfiguration", "incidentConfiguration", 0, rule_read_incident},
    {"suppressionEnabled", "suppressionEnabled", NEED_ARM, read_suppression},
    {"suppressionDuration", "suppressionDuration", NEED_ARM, read_suppression_duration},
    {"startTimeUtc", "startTimeUtc", 0, read_start},
    {"version", "templateVersion", 0, read_version},
    {NULL, "alertRuleTemplateName", 0, read_template},
    {NULL, "lastModifiedUtc", 0, keep},
    {"requiredDataConnectors", NULL, WISHED | EXTRA, keep},
    {"status", NULL, EXTRA, keep},
    {"tags", NULL, EXTRA, keep},
    {"metadata", NULL, EXTRA, keep},
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
    for (size_t i = 0; i < COUNTOF(keys); i++) {
        const struct key *k = &keys[i];
        const char *name = key_name(r, k);
        if (name == NULL || json_iget(object, name) != NULL)
            continue;
        if ((k->flags & SCHEDULE) != 0 && r->out->kind == RULE_NRT)
            continue;
        if ((k->flags & (r->yaml ? NEED_YAML : NEED_ARM)) != 0)
            rule_bad(r, object, str_from(name), "this key is missing");
        else if ((k->flags & WISHED) != 0 && r->yaml)
            rule_warn(r, object, str_from(name), "this key is missing");
    }
}

static bool nullable(const struct key *k)
{
    return (k->flags & (NEED_YAML | NEED_ARM)) == 0;
}

static void read_keys(struct rule_reader *r, const struct json *object)
{
    AUTO(sbuf_fini) struct sbuf extra = sbuf_make((size_t)MAX_RULE_BYTES * 4);
    struct json_out w = json_out_make(&extra);
    json_obj(&w);
    for (size_t i = 0; i < object->n; i++) {
        const struct json *v = &object->items[i];
        const struct key *k = key_find(r, object->keys[i]);
        if (k == NULL)
            rule_warn(r, v, object->keys[i], "unknown key; it is kept and has no effect");
        else if (v->type != JSON_NULL || !nullable(k))
            (void)k->read(r, v, str_from(key_name(r, k)));
        if (k == NULL || (k->flags & EXTRA) != 0) {
            json_key_str(&w, object->keys[i]);
            json_value(&w, v);
        }
    }
    json_obj_end(&w);
    r->out->extra = sbuf_ok(&extra) ? arena_str(r->a, sbuf_str(&extra)) : STR("{}");
}

static void set_defaults(struct rule *r)
{
    memset(r, 0, sizeof(*r));
    r->enabled = true;
    r->op = TRIGGER_GT;
    r->suppression_duration = 5 * TICKS_PER_HOUR;
    r->incident.create = true;
    r->incident.lookback = 5 * TICKS_PER_HOUR;
}

/* A syntax error of a text reader as an issue; its position is in the message's place, not in its
 * words. */
static bool unreadable(struct rule_reader *r, const struct err *e)
{
    rule_issue_add(r->is, false, e->pos.line, STR_NONE, "%s", e->msg);
    return false;
}

static bool read_tree(struct rule_reader *r, const struct json *object)
{
    size_t before = r->is->n_errors;
    if (object->type != JSON_OBJECT)
        return rule_bad(r, object, STR_NONE, "a rule is a mapping of keys to values");
    read_keys(r, object);
    check_missing(r, object);
    if (r->is->n_errors == before)
        rule_check(r, object);
    return r->is->n_errors == before;
}

bool rule_read_yaml(struct arena *a, struct str text, struct rule *out, struct rule_issues *is)
{
    struct rule rule;
    struct rule_reader r = {a, text, is, &rule, true};
    struct json root = {0};
    struct err e = {0};
    set_defaults(&rule);
    if (text.n > MAX_RULE_BYTES)
        return rule_bad(&r, NULL, STR_NONE, "larger than %d bytes", MAX_RULE_BYTES);
    if (!yaml_parse(a, text, NULL, &root, &e))
        return unreadable(&r, &e);
    if (!read_tree(&r, &root))
        return false;
    *out = rule;
    return true;
}

static bool read_arm_kind(struct rule_reader *r, const struct json *root)
{
    const struct json *kind = json_iget(root, "kind");
    return kind == NULL || kind->type == JSON_NULL || read_kind(r, kind, STR("kind"));
}

bool rule_read_arm(struct arena *a, struct str id, struct str text, struct rule *out,
                   struct rule_issues *is)
{
    struct rule rule;
    struct rule_reader r = {a, text, is, &rule, false};
    struct json root = {0};
    struct err e = {0};
    set_defaults(&rule);
    rule.id = arena_str(a, id);
    if (text.n > MAX_RULE_BYTES)
        return rule_bad(&r, NULL, STR_NONE, "larger than %d bytes", MAX_RULE_BYTES);
    if (!json_parse(a, text, NULL, &root, &e))
        return unreadable(&r, &e);
    const struct json *properties = json_iget(&root, "properties");
    if (properties == NULL)
        return rule_bad(&r, &root, STR("properties"), "this key is missing");
    if (!read_arm_kind(&r, &root) || !read_tree(&r, properties))
        return false;
    *out = rule;
    return true;
}
