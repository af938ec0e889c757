/* Filters of a purge from outside: they are refused with words, or they are a predicate that KQL
 * takes, so that nothing but the filters decides what is deleted. */
#include "purge/purge_priv.h"
#include "text/json.h"

static struct kql_column columns[] = {
    {{"S", 1}, KQL_STRING},   {{"L", 1}, KQL_LONG}, {{"N", 1}, KQL_INT},
    {{"R", 1}, KQL_REAL},     {{"B", 1}, KQL_BOOL}, {{"T", 1}, KQL_DATETIME},
    {{"P", 1}, KQL_TIMESPAN}, {{"G", 1}, KQL_GUID}, {{"D", 1}, KQL_DYNAMIC},
    {{"M", 1}, KQL_DECIMAL},
};
static const char table[] = "datatable(S:string, L:long, N:int, R:real, B:bool, T:datetime, "
                            "P:timespan, G:guid, D:dynamic, M:decimal)[] | where ";

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    (void)self, (void)a, (void)workspace, (void)name, (void)out;
    return false;
}

static bool table_at(void *self, struct arena *a, size_t i, struct kql_table *out)
{
    (void)self, (void)a, (void)i, (void)out;
    return false;
}

static bool find_function(void *self, struct arena *a, struct str name,
                          struct kql_stored_function *out)
{
    (void)self, (void)a, (void)name, (void)out;
    return false;
}

static void check_compiles(struct arena *a, struct str predicate)
{
    static const struct kql_catalog catalog = {
        .find_table = find_table, .table_at = table_at, .find_function = find_function};
    struct kql_options options = {.catalog = &catalog};
    struct kql_query query = {0};
    struct str text = arena_fmt(a, "%s%.*s | count", table, STR_ARG(predicate));
    struct kql_diags diags = {.a = a, .text = text};
    CHECK(kql_compile(a, text, &options, &query, &diags));
    CHECK(query.n == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kql_table t = {.name = STR("T"), .schema = {columns, COUNTOF(columns)}};
    struct json filters = {0};
    struct str predicate = STR("");
    struct err e = {0};
    if (!json_parse(a, (struct str){(const char *)data, size}, NULL, &filters, NULL))
        return 0;
    bool ok = purge_predicate(a, &t, &filters, &predicate, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (ok)
        check_compiles(a, predicate);
    return 0;
}
