/* Rows: a bin's result in the destination's columns, and LASummaryLogs. */
#include "summary/summary_priv.h"

static const struct kql_column own[] = {
    {{"_RuleName", 9}, KQL_STRING},
    {{"_RuleLastModifiedTime", 21}, KQL_DATETIME},
    {{"_BinSize", 8}, KQL_INT},
    {{"_BinStartTime", 13}, KQL_DATETIME},
};

/* Columns of a result that are called like one of the service's get another name. */
static struct str column_name(struct arena *a, struct str name)
{
    bool taken = store_column_is_services(name) || str_ieqz(name, "TimeGenerated");
    for (size_t i = 0; i < COUNTOF(own); i++)
        taken = taken || str_ieq(name, own[i].name);
    if (!taken)
        return name;
    struct str bare = str_sub(name, name.p[0] == '_' ? 1 : 0, name.n);
    return arena_fmt(a, "_Original%.*s", STR_ARG(bare));
}

static struct kql_schema columns_of(struct arena *a, const struct kql_schema *result)
{
    struct kql_schema s = {arena_array(a, struct kql_column, result->n + COUNTOF(own)), 0};
    for (size_t i = 0; i < result->n; i++)
        s.cols[s.n++] =
            (struct kql_column){column_name(a, result->cols[i].name), result->cols[i].type};
    for (size_t i = 0; i < COUNTOF(own); i++)
        s.cols[s.n++] = own[i];
    return s;
}

static void set_own(struct store_landing *to, const struct summary_result *r, size_t first)
{
    const struct kql_value values[COUNTOF(own)] = {
        {.type = KQL_STRING, .s = r->rule->id},
        {.type = KQL_DATETIME, .i = r->rule->modified},
        {.type = KQL_INT, .i = r->rule->bin_size / TICKS_PER_MINUTE},
        {.type = KQL_DATETIME, .i = r->bin},
    };
    for (size_t i = 0; i < COUNTOF(own); i++)
        store_landing_set(to, first + i, &values[i]);
}

struct store_batch *summary_rows(struct arena *a, const struct summary_result *r, struct err *e)
{
    struct kql_schema s = columns_of(a, engine_rows_schema(r->rows));
    struct store_landing to;
    if (!store_landing_open(r->w, a, r->rule->destination, &s, &to, e))
        return NULL;
    for (size_t row = 0; row < engine_rows_count(r->rows); row++) {
        for (size_t i = 0; i < s.n - COUNTOF(own); i++) {
            struct kql_value v = engine_rows_get(r->rows, row, i);
            store_landing_set(&to, i, &v);
        }
        set_own(&to, r, s.n - COUNTOF(own));
        store_batch_end_row(to.batch);
    }
    return to.batch;
}

struct store_batch *summary_log_row(struct arena *a, const struct summary_log *l)
{
    struct kql_table t = {0};
    if (!workspace_table_find(l->w, a, STR("LASummaryLogs"), &t))
        return NULL;
    const struct store_cell cells[] = {
        {"TimeGenerated", {.type = KQL_DATETIME, .i = l->at}},
        {"RuleName", {.type = KQL_STRING, .s = l->rule->id}},
        {"RuleLastModifiedTime", {.type = KQL_DATETIME, .i = l->rule->modified}},
        {"BinStartTime", {.type = KQL_DATETIME, .i = l->bin}},
        {"BinSize", {.type = KQL_INT, .i = l->rule->bin_size / TICKS_PER_MINUTE}},
        {"Status", {.type = KQL_STRING, .s = str_from(l->status)}},
        {"Message", {.type = KQL_STRING, .s = l->message}},
        {"QueryDurationMs", {.type = KQL_LONG, .i = l->duration_us / 1000}},
        {"ResultsRecordCount", {.type = KQL_LONG, .i = l->rows}},
        {"_ResourceId", {.type = KQL_STRING, .s = l->resource}},
        {"SourceSystem", {.type = KQL_STRING, .s = STR("Azure")}},
    };
    struct store_batch *b = store_batch_new(&t);
    store_batch_row(b, cells, COUNTOF(cells));
    return b;
}
