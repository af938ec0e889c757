/* What no key shows alone: contradictions between keys, and the query against the workspace's
 * tables. */
#include "detect/rule_priv.h"
#include "text/excerpt.h"

static void check_schedule(struct rule_reader *r, const struct json *root)
{
    const struct rule *o = r->out;
    const struct json *period = json_iget(root, "queryPeriod"),
                      *frequency = json_iget(root, "queryFrequency");
    if (o->kind == RULE_NRT)
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
    if (o->suppression &&
        (o->suppression_duration < 5 * TICKS_PER_MINUTE || o->suppression_duration > TICKS_PER_DAY))
        rule_bad(r, json_iget(root, "suppressionDuration"), STR("suppressionDuration"),
                 "5 minutes to 24 hours expected");
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
            rule_bad(r, json_iget(root, key), str_from(key),
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

void rule_check(struct rule_reader *r, const struct json *root)
{
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

static void need_column(struct rule_issues *is, const struct plan_cols *cols, struct str column,
                        const char *key)
{
    if (column.n > 0 && !has_column(cols, column))
        rule_issue_add(is, false, 0, str_from(key), "the query does not return a column '%.*s'",
                       STR_ARG(column));
}

static void check_columns(const struct rule *r, const struct plan_cols *cols,
                          struct rule_issues *is)
{
    for (size_t i = 0; i < r->n_mappings; i++)
        for (size_t k = 0; k < r->mappings[i].n; k++)
            need_column(is, cols, r->mappings[i].fields[k].column, "entityMappings");
    for (size_t i = 0; i < r->entity_columns.n; i++)
        need_column(is, cols, r->entity_columns.p[i], "sentinelEntitiesMappings");
    for (size_t i = 0; i < r->n_details; i++)
        need_column(is, cols, r->details[i].column, "customDetails");
    for (size_t i = 0; i < r->n_properties; i++)
        need_column(is, cols, r->properties[i].column,
                    "alertDetailsOverride.alertDynamicProperties");
    need_column(is, cols, r->severity_column, "alertDetailsOverride.alertSeverityColumnName");
    need_column(is, cols, r->tactics_column, "alertDetailsOverride.alertTacticsColumnName");
}

/* first: the line of the file where the query starts; 0: unknown. */
static void query_issue(const struct kql_diags *d, size_t i, uint32_t first, struct rule_issues *is)
{
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    kql_diag_err(d, i, &e);
    rule_issue_add(is, false, first > 0 ? first + e.pos.line - 1 : 0, STR("query"),
                   "line %u, column %u of the query: %s%s%s", e.pos.line, e.pos.col, e.msg,
                   e.hint[0] != '\0' ? "; " : "", e.hint);
    excerpt_add(&b, d->text, e.pos.off, e.len);
    is->v.p[is->v.n - 1].excerpt = arena_str(is->a, sbuf_str(&b));
}

bool rule_check_query(struct arena *a, struct workspace *w, const struct rule *r, int64_t now,
                      struct rule_issues *is)
{
    struct kql_options o = {.catalog = workspace_catalog(w),
                            .now_ticks = now,
                            .has_scope = true,
                            .scope_from = now - r->period,
                            .scope_to = now,
                            .rule_restrictions = true};
    struct kql_query q = {0};
    struct kql_diags diags = {.a = a, .text = r->query};
    size_t before = is->n_errors;
    if (!kql_compile(a, r->query, &o, &q, &diags)) {
        for (size_t i = 0; i < diags.v.n; i++)
            query_issue(&diags, i, r->query_line, is);
        return false;
    }
    if (q.n != 1)
        rule_issue_add(is, false, 0, STR("query"),
                       "it returns %zu tables; a rule needs exactly one", q.n);
    else if (!q.open_schema)
        check_columns(r, &q.results[0].plan->cols, is);
    return is->n_errors == before;
}
