/* What no key shows alone: contradictions between keys, and the query against the workspace's
 * tables. */
#include "detect/rule_priv.h"
#include "text/excerpt.h"
#include "text/yaml.h"

static void check_schedule(struct rule_reader *r, const struct json *root)
{
    const struct rule *o = r->out;
    const struct json *period = json_iget(root, "queryPeriod"),
                      *frequency = json_iget(root, "queryFrequency");
    if (o->suppression &&
        (o->suppression_duration < 5 * TICKS_PER_MINUTE || o->suppression_duration > TICKS_PER_DAY))
        rule_bad(r, json_iget(root, "suppressionDuration"), STR("suppressionDuration"),
                 "5 minutes to 24 hours expected");
    if (o->kind != RULE_SCHEDULED)
        return;
    if (o->frequency < 5 * TICKS_PER_MINUTE || o->frequency > 14 * TICKS_PER_DAY)
        rule_bad(r, frequency, STR("queryFrequency"), "5 minutes to 14 days expected");
    if (o->period < 5 * TICKS_PER_MINUTE || o->period > 14 * TICKS_PER_DAY)
        rule_bad(r, period, STR("queryPeriod"), "5 minutes to 14 days expected");
    if (o->period < o->frequency)
        rule_bad(r, period, STR("queryPeriod"),
                 "shorter than queryFrequency: events between two windows would never be seen");
    if (o->period >= 2 * TICKS_PER_DAY && o->frequency < TICKS_PER_HOUR)
        rule_bad(r, frequency, STR("queryFrequency"),
                 "at least 1 hour expected when queryPeriod is 2 days or more");
}

static void check_techniques(struct rule_reader *r, const struct json *root)
{
    const struct rule *o = r->out;
    const char *key = r->yaml && json_iget(root, "relevantTechniques") != NULL
                          ? "relevantTechniques"
                          : "techniques";
    for (size_t i = 0; i < o->techniques.n; i++) {
        struct str t = o->techniques.p[i];
        bool inside = false;
        for (size_t k = 0; k < o->tactics.n && !inside; k++)
            inside = mitre_technique_in(t, o->tactics.p[k]);
        if (inside)
            continue;
        if (mitre_technique_known(t))
            rule_warn(r, json_iget(root, key), str_from(key),
                      "technique %.*s belongs to none of the rule's tactics", STR_ARG(t));
        else
            rule_warn(r, json_iget(root, key), str_from(key), "technique %.*s is not known",
                      STR_ARG(t));
    }
}

static bool maps_type(const struct rule *o, struct str type)
{
    for (size_t i = 0; i < o->n_mappings; i++)
        if (str_eq(o->mappings[i].type, type))
            return true;
    return o->entity_columns.n > 0;
}

static bool has_detail(const struct rule *o, struct str key)
{
    for (size_t i = 0; i < o->n_details; i++)
        if (str_eq(o->details[i].key, key))
            return true;
    return false;
}

static void check_grouping(struct rule_reader *r, const struct json *root)
{
    const struct incident_grouping *g = &r->out->incident;
    const struct json *at = json_iget(root, "incidentConfiguration");
    struct str key = STR("incidentConfiguration.groupingConfiguration");
    if (!g->grouping || g->match != MATCH_SELECTED)
        return;
    if (g->n_entities + g->n_details + g->n_custom == 0)
        rule_bad(r, at, key,
                 "matchingMethod Selected needs groupByEntities, groupByAlertDetails or "
                 "groupByCustomDetails");
    for (size_t i = 0; i < g->n_entities; i++)
        if (!maps_type(r->out, g->entities[i]))
            rule_bad(r, at, key, "groupByEntities names %.*s, which entityMappings does not map",
                     STR_ARG(g->entities[i]));
    for (size_t i = 0; i < g->n_custom; i++)
        if (!has_detail(r->out, g->custom[i]))
            rule_bad(r, at, key,
                     "groupByCustomDetails names '%.*s', which customDetails does not have",
                     STR_ARG(g->custom[i]));
}

/* a.b.c, which tells whether a template is newer. */
static void check_version(struct rule_reader *r, const struct json *root)
{
    const char *key = r->yaml ? "version" : "templateVersion";
    struct str s = r->out->template_version;
    unsigned dots = 0;
    bool good = s.n > 0;
    for (size_t i = 0; i < s.n; i++) {
        bool dot = s.p[i] == '.';
        dots += dot ? 1 : 0;
        good = good &&
               (dot ? i > 0 && i + 1 < s.n && s.p[i - 1] != '.' : s.p[i] >= '0' && s.p[i] <= '9');
    }
    if (s.n > 0 && (!good || dots != 2))
        rule_warn(r, json_iget(root, key), str_from(key), "'%.*s' is not of the form 1.0.0",
                  STR_ARG(s));
}

void rule_check(struct rule_reader *r, const struct json *root)
{
    check_version(r, root);
    if (!rule_has_query(r->out->kind))
        return;
    check_schedule(r, root);
    check_techniques(r, root);
    check_grouping(r, root);
}

/* ---- the query ---- */

static bool has_column(const struct plan_cols *cols, struct str name)
{
    for (size_t i = 0; i < cols->n; i++)
        if (str_eq(cols->p[i].name, name))
            return true;
    return false;
}

/* The last issue's place in the rule's text. */
static void place_issue(struct rule_issues *is, const struct rule *r, size_t at)
{
    struct rule_issue *x = &is->v.p[is->v.n - 1];
    if (r->query_text.n == 0)
        return;
    struct pos p = pos_in(r->query_text, at);
    x->line = p.line;
    x->column = p.col;
}

struct columns_check {
    const struct rule *r;
    const struct plan_cols *cols;
    struct rule_issues *is;
};

PRINTF_LIKE(4, 5)
static void need_column(const struct columns_check *c, struct str column, size_t at,
                        const char *fmt, ...)
{
    AUTO(sbuf_fini) struct sbuf key = sbuf_make(4096);
    va_list ap;
    if (column.n == 0 || has_column(c->cols, column))
        return;
    va_start(ap, fmt);
    sbuf_addv(&key, fmt, ap);
    va_end(ap);
    rule_issue_add(c->is, false, 0, sbuf_str(&key), "the query does not return a column '%.*s'",
                   STR_ARG(column));
    place_issue(c->is, c->r, at);
}

static void check_mapped(const struct columns_check *c)
{
    const struct rule *r = c->r;
    for (size_t i = 0; i < r->n_mappings; i++)
        for (size_t k = 0; k < r->mappings[i].n; k++)
            need_column(c, r->mappings[i].fields[k].column, r->mappings[i].fields[k].at,
                        "entityMappings[%zu].fieldMappings[%zu].columnName", i, k);
    for (size_t i = 0; i < r->entity_columns.n; i++)
        need_column(c, r->entity_columns.p[i], r->query_at,
                    "sentinelEntitiesMappings[%zu].columnName", i);
    for (size_t i = 0; i < r->n_details; i++)
        need_column(c, r->details[i].column, r->details[i].at, "customDetails.%.*s",
                    STR_ARG(r->details[i].key));
    for (size_t i = 0; i < r->n_properties; i++)
        need_column(c, r->properties[i].column, r->properties[i].at,
                    "alertDetailsOverride.alertDynamicProperties[%zu].value", i);
    need_column(c, r->severity_column, r->severity_at,
                "alertDetailsOverride.alertSeverityColumnName");
    need_column(c, r->tactics_column, r->tactics_at, "alertDetailsOverride.alertTacticsColumnName");
}

/* Columns that made entities by their name alone, before there were mappings. */
static void warn_of_old_columns(const struct columns_check *c)
{
    static const struct {
        const char *column, *type, *mapping;
    } old[] = {{"AccountCustomEntity", "Account", "Account by FullName"},
               {"HostCustomEntity", "Host", "Host by FullName"},
               {"IPCustomEntity", "IP", "IP by Address"},
               {"URLCustomEntity", "URL", "URL by Url"},
               {"ProcessCustomEntity", "Process", "Process by ProcessId"},
               {"FileHashCustomEntity", "FileHash", "FileHash by Value"}};
    for (size_t i = 0; i < COUNTOF(old); i++) {
        if (!has_column(c->cols, str_from(old[i].column)) || maps_type(c->r, str_from(old[i].type)))
            continue;
        rule_issue_add(c->is, true, 0, STR("query"),
                       "the column %s makes no entity by its name; map it to %s in entityMappings",
                       old[i].column, old[i].mapping);
        place_issue(c->is, c->r, c->r->query_at);
    }
}

static void check_columns(const struct columns_check *c)
{
    check_mapped(c);
    if (c->r->kind == RULE_HUNTING)
        return;
    warn_of_old_columns(c);
    if (has_column(c->cols, STR("TimeGenerated")))
        return;
    rule_issue_add(c->is, true, 0, STR("query"),
                   "it does not return TimeGenerated: an alert's start and end will be those of "
                   "the window");
    place_issue(c->is, c->r, c->r->query_at);
}

static void query_issue(const struct kql_diags *d, size_t i, const struct rule *r,
                        struct rule_issues *is)
{
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    kql_diag_err(d, i, &e);
    rule_issue_add(is, false, 0, STR("query"), "line %u, column %u of the query: %s%s%s",
                   e.pos.line, e.pos.col, e.msg, e.hint[0] != '\0' ? "; " : "", e.hint);
    struct rule_issue *x = &is->v.p[is->v.n - 1];
    if (r->query_text.n > 0 && e.pos.line > 0)
        place_issue(
            is, r,
            yaml_scalar_place(r->query_text, r->query_at, r->query_after_key, r->query, e.pos.off));
    x->query_line = e.pos.line;
    x->query_column = e.pos.col;
    x->query_bytes = e.len;
    excerpt_add(&b, d->text, e.pos.off, e.len);
    x->excerpt = arena_str(is->a, sbuf_str(&b));
}

bool rule_check_query(struct arena *a, struct workspace *w, const struct rule *r, int64_t now,
                      struct rule_issues *is)
{
    return rule_check_query_in(a, workspace_catalog(w), r, now, is);
}

bool rule_check_query_in(struct arena *a, const struct kql_catalog *catalog, const struct rule *r,
                         int64_t now, struct rule_issues *is)
{
    struct kql_options o = {.catalog = catalog,
                            .now_ticks = now,
                            .has_scope = r->kind != RULE_HUNTING,
                            .scope_from = now - r->period,
                            .scope_to = now,
                            .rule_restrictions = r->kind != RULE_HUNTING};
    if (!rule_has_query(r->kind))
        return true;
    struct kql_query q = {0};
    struct kql_diags diags = {.a = a, .text = r->query};
    size_t before = is->n_errors;
    if (!kql_compile(a, r->query, &o, &q, &diags)) {
        for (size_t i = 0; i < diags.v.n; i++)
            query_issue(&diags, i, r, is);
        return false;
    }
    if (q.n != 1) {
        rule_issue_add(is, false, 0, STR("query"),
                       "it returns %zu tables; a rule needs exactly one", q.n);
        place_issue(is, r, r->query_at);
    } else if (!q.open_schema) {
        check_columns(&(struct columns_check){r, &q.results[0].plan->cols, is});
    }
    return is->n_errors == before;
}
