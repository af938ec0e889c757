/* Keys of the kinds of rules without a query: which alerts of other products become incidents, and
 * what Fusion looks at. */
#include "detect/rule_priv.h"

enum { MAX_PRODUCT = 256, MAX_FILTERS = 1000, MAX_SOURCES = 100, MAX_PATTERNS = 500 };

/* ---- MicrosoftSecurityIncidentCreation ---- */

/* Any text: the service's list of products grows. */
bool rule_read_product(struct rule_reader *r, const struct json *v, struct str key)
{
    if (!rule_text(r, v, key, &r->out->product))
        return false;
    r->out->product = str_trim(r->out->product);
    return (r->out->product.n > 0 && r->out->product.n <= MAX_PRODUCT) ||
           rule_bad(r, v, key, "a product's name of 1 to %d bytes expected", MAX_PRODUCT);
}

bool rule_read_severities(struct rule_reader *r, const struct json *v, struct str key)
{
    struct strs list = {0};
    enum rule_severity s = SEV_MEDIUM;
    if (!rule_texts(r, v, key, &list))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        if (!rule_severity_parse(list.p[i], &s))
            return rule_bad(r, &v->items[i], arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i),
                            "'%.*s' is not a severity: High, Medium, Low or Informational expected",
                            STR_ARG(list.p[i]));
        list.p[i] = str_from(rule_severity_name(s));
    }
    r->out->severities = list;
    return true;
}

static bool read_filters(struct rule_reader *r, const struct json *v, struct str key,
                         struct strs *out)
{
    if (!rule_texts(r, v, key, out))
        return false;
    if (out->n > MAX_FILTERS)
        return rule_bad(r, v, key, "%zu texts; at most %d are allowed", out->n, MAX_FILTERS);
    for (size_t i = 0; i < out->n; i++)
        if (out->p[i].n == 0)
            return rule_bad(r, &v->items[i], arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i),
                            "it is empty: every alert would match");
    return true;
}

bool rule_read_names(struct rule_reader *r, const struct json *v, struct str key)
{
    return read_filters(r, v, key, &r->out->names);
}

bool rule_read_excluded_names(struct rule_reader *r, const struct json *v, struct str key)
{
    return read_filters(r, v, key, &r->out->excluded_names);
}

/* ---- Fusion ---- */

static struct str as_json(struct rule_reader *r, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return arena_str(r->a, sbuf_str(&b));
}

/* An object with a text and a boolean of these names. */
static bool is_switch(struct rule_reader *r, const struct json *v, struct str key, const char *name)
{
    const struct json *text = json_iget(v, name), *on = json_iget(v, "enabled");
    bool yes = false;
    if (text == NULL || text->type != JSON_STRING || text->text.n == 0)
        return rule_bad(r, v, arena_fmt(r->a, "%.*s.%s", STR_ARG(key), name), "text expected");
    struct str k = arena_fmt(r->a, "%.*s.enabled", STR_ARG(key));
    return on != NULL ? rule_bool(r, on, k, &yes) : rule_bad(r, v, k, "this key is missing");
}

/* A list, which may be absent, of switches by the name of their text. */
static bool are_switches(struct rule_reader *r, const struct json *v, struct str key,
                         const char *name)
{
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_ARRAY || v->n > MAX_SOURCES)
        return rule_bad(r, v, key, "a list of at most %d expected", MAX_SOURCES);
    for (size_t i = 0; i < v->n; i++)
        if (!is_switch(r, &v->items[i], arena_fmt(r->a, "%.*s[%zu]", STR_ARG(key), i), name))
            return false;
    return true;
}

static bool check_sub_types(struct rule_reader *r, const struct json *v, struct str key)
{
    if (!are_switches(r, v, key, "sourceSubTypeName"))
        return false;
    for (size_t i = 0; v != NULL && i < v->n; i++) {
        const struct json *filters =
            json_iget(json_iget(&v->items[i], "severityFilters"), "filters");
        struct str k = arena_fmt(r->a, "%.*s[%zu].severityFilters.filters", STR_ARG(key), i);
        if (!are_switches(r, filters, k, "severity"))
            return false;
    }
    return true;
}

bool rule_read_sources(struct rule_reader *r, const struct json *v, struct str key)
{
    if (!are_switches(r, v, key, "sourceName"))
        return false;
    for (size_t i = 0; i < v->n; i++)
        if (!check_sub_types(r, json_iget(&v->items[i], "sourceSubTypes"),
                             arena_fmt(r->a, "%.*s[%zu].sourceSubTypes", STR_ARG(key), i)))
            return false;
    r->out->source_settings = as_json(r, v);
    return true;
}

bool rule_read_exclusions(struct rule_reader *r, const struct json *v, struct str key)
{
    if (v->type != JSON_ARRAY || v->n > MAX_PATTERNS)
        return rule_bad(r, v, key, "a list of at most %d patterns expected", MAX_PATTERNS);
    for (size_t i = 0; i < v->n; i++) {
        const struct json *p = json_iget(&v->items[i], "exclusionPattern");
        if (p == NULL || p->type != JSON_STRING || p->text.n == 0)
            return rule_bad(r, &v->items[i],
                            arena_fmt(r->a, "%.*s[%zu].exclusionPattern", STR_ARG(key), i),
                            "text expected");
    }
    r->out->exclusions = as_json(r, v);
    return true;
}
