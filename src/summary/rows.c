/* Rows: a bin's result in the destination's columns, and LASummaryLogs. */
#include "summary/summary_priv.h"

/* What the service writes itself: columns of a result that are called so get another name. */
static const char *const reserved[] = {
    "TenantId",        "_TimeReceived", "Type",        "SourceSystem",  "_ResourceId",
    "_SubscriptionId", "_ItemId",       "_BilledSize", "_IsBillable",   "_WorkspaceId",
    "TimeGenerated",   "_RuleName",     "_BinSize",    "_BinStartTime", "_RuleLastModifiedTime",
};
static const struct kql_column own[] = {
    {{"_RuleName", 9}, KQL_STRING},
    {{"_RuleLastModifiedTime", 21}, KQL_DATETIME},
    {{"_BinSize", 8}, KQL_INT},
    {{"_BinStartTime", 13}, KQL_DATETIME},
};

static struct str column_name(struct arena *a, struct str name)
{
    for (size_t i = 0; i < COUNTOF(reserved); i++)
        if (str_ieqz(name, reserved[i])) {
            struct str bare = str_sub(name, name.p[0] == '_' ? 1 : 0, name.n);
            return arena_fmt(a, "_Original%.*s", STR_ARG(bare));
        }
    return name;
}

/* Index as store_batch_set wants it; SIZE_MAX: no such column. */
static size_t column_at(const struct kql_table *t, struct str name, enum kql_type *out_type)
{
    for (size_t i = 0; i < t->schema.n + t->hidden.n; i++) {
        const struct kql_column *c =
            i < t->schema.n ? &t->schema.cols[i] : &t->hidden.cols[i - t->schema.n];
        if (str_eq(c->name, name)) {
            *out_type = c->type;
            return i;
        }
    }
    return SIZE_MAX;
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

static bool fits(enum kql_type value, enum kql_type column)
{
    return value == column || (value == KQL_INT && column == KQL_LONG);
}

/* Of each column of s: where it is in the table, and its type there. */
static bool find_columns(const struct kql_table *t, struct kql_schema *s, size_t *at, struct err *e)
{
    for (size_t i = 0; i < s->n; i++) {
        enum kql_type type = KQL_UNKNOWN;
        at[i] = column_at(t, s->cols[i].name, &type);
        if (at[i] == SIZE_MAX)
            return err_set(e, ERR_LIMIT, "table %.*s has no room for the column '%.*s'",
                           STR_ARG(t->name), STR_ARG(s->cols[i].name));
        if (!fits(s->cols[i].type, type))
            return err_set(e, ERR_INVALID,
                           "column '%.*s' of table %.*s holds %s, the query gives %s: rename it in "
                           "the query",
                           STR_ARG(s->cols[i].name), STR_ARG(t->name), kql_type_name(type),
                           kql_type_name(s->cols[i].type));
        s->cols[i].type = type;
    }
    return true;
}

static void set_own(struct store_batch *b, const struct summary_result *r, const size_t *at)
{
    const struct kql_value values[COUNTOF(own)] = {
        {.type = KQL_STRING, .s = r->rule->id},
        {.type = KQL_DATETIME, .i = r->rule->modified},
        {.type = KQL_INT, .i = r->rule->bin_size / TICKS_PER_MINUTE},
        {.type = KQL_DATETIME, .i = r->bin},
    };
    for (size_t i = 0; i < COUNTOF(own); i++)
        store_batch_set(b, at[i], &values[i]);
}

struct store_batch *summary_rows(struct arena *a, const struct summary_result *r, struct err *e)
{
    struct kql_schema s = columns_of(a, engine_rows_schema(r->rows));
    struct kql_table t = {0};
    size_t *at = arena_array(a, size_t, s.n), n = s.n - COUNTOF(own);
    if (!workspace_table_extend(r->w, r->rule->destination, &s, e))
        return NULL;
    if (!workspace_table_find(r->w, a, r->rule->destination, &t)) {
        err_set(e, ERR_INTERNAL, "table %.*s has gone", STR_ARG(r->rule->destination));
        return NULL;
    }
    if (!find_columns(&t, &s, at, e))
        return NULL;
    struct store_batch *b = store_batch_new(&t);
    for (size_t row = 0; row < engine_rows_count(r->rows); row++) {
        for (size_t i = 0; i < n; i++) {
            struct kql_value v = engine_rows_get(r->rows, row, i);
            v.type = s.cols[i].type;
            if (!v.is_null)
                store_batch_set(b, at[i], &v);
        }
        set_own(b, r, at + n);
        store_batch_end_row(b);
    }
    return b;
}

struct store_batch *summary_log_row(struct arena *a, const struct summary_log *l)
{
    struct kql_table t = {0};
    if (!workspace_table_find(l->w, a, STR("LASummaryLogs"), &t))
        return NULL;
    const struct {
        const char *name;
        struct kql_value value;
    } cells[] = {
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
    for (size_t i = 0; i < COUNTOF(cells); i++) {
        struct kql_value v = cells[i].value;
        size_t at = column_at(&t, str_from(cells[i].name), &v.type);
        if (at != SIZE_MAX)
            store_batch_set(b, at, &v);
    }
    store_batch_end_row(b);
    return b;
}
