/* A rule as Azure-Sentinel's YAML: simple values a line each, the query as a block, and the parts
 * that are objects as JSON, which is YAML, too. */
#include "detect/rule_priv.h"
#include "text/json.h"

/* ARM's keys and their order; those that are not here are left out. */
static const struct {
    const char *arm, *yaml;
} keys[] = {
    {"displayName", "name"},
    {"description", "description"},
    {"severity", "severity"},
    {"requiredDataConnectors", "requiredDataConnectors"},
    {"queryFrequency", "queryFrequency"},
    {"queryPeriod", "queryPeriod"},
    {"triggerOperator", "triggerOperator"},
    {"triggerThreshold", "triggerThreshold"},
    {"startTimeUtc", "startTimeUtc"},
    {"tactics", "tactics"},
    {"techniques", "relevantTechniques"},
    {"query", "query"},
    {"entityMappings", "entityMappings"},
    {"sentinelEntitiesMappings", "sentinelEntitiesMappings"},
    {"customDetails", "customDetails"},
    {"alertDetailsOverride", "alertDetailsOverride"},
    {"eventGroupingSettings", "eventGroupingSettings"},
    {"incidentConfiguration", "incidentConfiguration"},
    {"suppressionEnabled", "suppressionEnabled"},
    {"suppressionDuration", "suppressionDuration"},
    {"templateVersion", "version"},
};

/* A block can hold it as it is: nothing but ASCII, which needs no care, and a first line that does
 * not begin with a blank. */
static bool fits_block(struct str s)
{
    bool ok = s.n > 0 && s.p[0] != ' ' && s.p[0] != '\t' && s.p[0] != '\n';
    for (size_t i = 0; ok && i < s.n; i++)
        ok = (s.p[i] >= 0x20 && s.p[i] < 0x7F) || s.p[i] == '\n' || s.p[i] == '\t';
    return ok;
}

/* "|-" keeps no line break at the end, "|" one, "|+" all. */
static void write_block(struct sbuf *b, struct str s)
{
    size_t breaks = 0;
    while (breaks < s.n && s.p[s.n - 1 - breaks] == '\n')
        breaks++;
    sbuf_addz(b, breaks == 0 ? "|-\n" : breaks == 1 ? "|\n" : "|+\n");
    for (size_t at = 0; at < s.n;) {
        size_t end = at;
        while (end < s.n && s.p[end] != '\n')
            end++;
        if (end > at) {
            sbuf_addz(b, "  ");
            sbuf_add(b, str_sub(s, at, end - at));
        }
        sbuf_addc(b, '\n');
        at = end + 1;
    }
}

/* JSON as YAML reads it: what YAML takes for a line break or refuses is written as its number. */
static void add_json(struct sbuf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char *p = (const unsigned char *)s.p + i;
        size_t left = s.n - i;
        if (p[0] == 0x7F) {
            sbuf_addz(b, "\\u007f");
        } else if (left >= 2 && p[0] == 0xC2 && p[1] < 0xA0) {
            sbuf_addf(b, "\\u00%02x", (unsigned)p[1]);
            i += 1;
        } else if (left >= 3 && p[0] == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9)) {
            sbuf_addz(b, p[2] == 0xA8 ? "\\u2028" : "\\u2029");
            i += 2;
        } else if (left >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) {
            sbuf_addz(b, "\\ufeff");
            i += 2;
        } else {
            sbuf_addc(b, s.p[i]);
        }
    }
}

static void write_value(struct sbuf *b, const char *key, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    struct json_out w = json_out_make(&text);
    sbuf_addf(b, "%s: ", key);
    bool lines = v->type == JSON_STRING && str_holds(v->text, '\n');
    if (lines && fits_block(v->text)) {
        write_block(b, v->text);
        return;
    }
    json_value(&w, v);
    add_json(b, sbuf_str(&text));
    sbuf_addc(b, '\n');
}

static bool is_sub_of(struct str sub, struct str technique)
{
    return str_eq(str_sub(sub, 0, 5), technique);
}

/* A sub-technique brings its technique with it. Both lists come back in their orders: a technique
 * whose sub-techniques come behind those of a later one is written beside them. */
static void write_techniques(struct sbuf *b, const struct rule *r)
{
    struct json_out w = json_out_make(b);
    size_t next = 0;
    sbuf_addz(b, "relevantTechniques: ");
    json_arr(&w);
    for (size_t i = 0; i < r->techniques.n; i++) {
        bool brought = false;
        while (next < r->subtechniques.n &&
               is_sub_of(r->subtechniques.p[next], r->techniques.p[i])) {
            json_str(&w, r->subtechniques.p[next++]);
            brought = true;
        }
        if (!brought)
            json_str(&w, r->techniques.p[i]);
    }
    while (next < r->subtechniques.n)
        json_str(&w, r->subtechniques.p[next++]);
    json_arr_end(&w);
    sbuf_addc(b, '\n');
}

bool rule_write_yaml(const struct rule *r, struct sbuf *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    struct json arm = {0};
    struct json id = {.type = JSON_STRING, .text = r->id};
    rule_write_arm(r, 0, &w);
    if (!sbuf_ok(&b) || !json_parse(a, sbuf_str(&b), NULL, &arm, e))
        return false;
    write_value(out, "id", &id);
    sbuf_addf(out, "kind: %s\n", rule_kind_name(r->kind));
    for (size_t i = 0; i < COUNTOF(keys); i++) {
        const struct json *v = json_get(&arm, keys[i].arm);
        if (strcmp(keys[i].arm, "requiredDataConnectors") == 0)
            sbuf_addz(out, "requiredDataConnectors: []\n");
        else if (strcmp(keys[i].arm, "techniques") == 0)
            write_techniques(out, r);
        else if (v != NULL && v->type != JSON_NULL)
            write_value(out, keys[i].yaml, v);
    }
    return sbuf_ok(out) || err_set(e, ERR_LIMIT, "the rule is too large");
}
