/* A search job's query from outside: it is refused with words, or what runs in its place compiles,
 * reads the same one table, and gives where each row comes from. */
#include "jobs/jobs_priv.h"

static struct kql_column columns[] = {
    {{"TimeGenerated", 13}, KQL_DATETIME},
    {{"Computer", 8}, KQL_STRING},
    {{"Size", 4}, KQL_LONG},
    {{"Bag", 3}, KQL_DYNAMIC},
    {{"TenantId", 8}, KQL_STRING},
    {{"Type", 4}, KQL_STRING},
};

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    (void)self;
    if (workspace.n > 0 || !(str_eqz(name, "T") || str_eqz(name, "Other")))
        return false;
    *out = (struct kql_table){.name = arena_str(a, name), .schema = {columns, COUNTOF(columns)}};
    out->hidden = kql_hidden_columns(a, &out->schema);
    return true;
}

static bool table_at(void *self, struct arena *a, size_t i, struct kql_table *out)
{
    return i < 2 && find_table(self, a, STR_NONE, i == 0 ? STR("T") : STR("Other"), out);
}

static bool find_function(void *self, struct arena *a, struct str name,
                          struct kql_stored_function *out)
{
    (void)self, (void)a, (void)name, (void)out;
    return false;
}

static bool has(const struct kql_schema *s, const char *name)
{
    return kql_schema_has(s, str_from(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct kql_catalog catalog = {
        .find_table = find_table, .table_at = table_at, .find_function = find_function};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct search_query q = {0};
    struct err e = {0};
    struct str text = {(const char *)data, size};
    bool ok = search_query_read(a, &catalog, text, INT64_C(639000000000000000), &q, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (!ok)
        return 0;
    struct kql_options options = {.catalog = &catalog};
    struct kql_query compiled = {0};
    struct kql_diags diags = {.a = a, .text = q.text};
    CHECK(kql_compile(a, q.text, &options, &compiled, &diags));
    CHECK(compiled.n == 1 && compiled.tables.n == 1 && str_eq(compiled.tables.p[0], q.source));
    CHECK(!has(&q.columns, "TimeGenerated") && !has(&q.columns, "Type"));
    return 0;
}
