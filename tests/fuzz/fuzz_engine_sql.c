/* KQL from outside, all the way to SQL: whatever the text, it compiles to a plan and the plan to a
 * statement, or there is an error with a message; nothing traps and nothing grows without bound. */
// link: kql
#include "base/base.h"
#include "engine/engine.h"

enum { MAX_ARENA = 1 << 30, MAX_SQL = 64 << 20, MAX_TEXT = 4096 };

static struct kql_column columns[] = {
    {{"TimeGenerated", sizeof("TimeGenerated") - 1}, KQL_DATETIME},
    {{"s", sizeof("s") - 1}, KQL_STRING},
    {{"n", sizeof("n") - 1}, KQL_LONG},
    {{"i", sizeof("i") - 1}, KQL_INT},
    {{"r", sizeof("r") - 1}, KQL_REAL},
    {{"b", sizeof("b") - 1}, KQL_BOOL},
    {{"d", sizeof("d") - 1}, KQL_DYNAMIC},
    {{"g", sizeof("g") - 1}, KQL_GUID},
    {{"span", sizeof("span") - 1}, KQL_TIMESPAN},
    {{"m", sizeof("m") - 1}, KQL_DECIMAL},
};

static bool table_at(void *self, struct arena *a, size_t i, struct kql_table *out)
{
    (void)self;
    (void)a;
    if (i > 0)
        return false;
    *out = (struct kql_table){.workspace = STR("w"),
                              .name = STR("T"),
                              .schema = {.cols = columns, .n = COUNTOF(columns)}};
    return true;
}

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    (void)workspace;
    return str_eqz(name, "T") && table_at(self, a, 0, out);
}

static bool find_function(void *self, struct arena *a, struct str name,
                          struct kql_stored_function *out)
{
    (void)self;
    (void)a;
    *out = (struct kql_stored_function){.name = STR("Twice"),
                                        .parameters = STR("(x:long, y:long=2)"),
                                        .body = STR("{ T | where n == x * y }")};
    return str_eqz(name, "Twice");
}

static bool from_item(void *self, struct str workspace, struct str table,
                      const struct engine_need *need, struct sbuf *out, struct err *e)
{
    (void)need;
    (void)self;
    (void)workspace;
    (void)e;
    sql_ident(out, table);
    return true;
}

static bool column(void *self, struct str workspace, struct str table, struct str name,
                   enum kql_type type, struct sbuf *out, struct err *e)
{
    (void)self;
    (void)workspace;
    (void)table;
    (void)type;
    (void)e;
    sql_ident(out, name);
    return true;
}

static void emit(const struct kql_query *q)
{
    const struct engine_source source = {.from_item = from_item, .column = column};
    for (size_t i = 0; i < q->n; i++) {
        AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MAX_SQL);
        struct err e = {0};
        bool ok = engine_sql(q->results[i].plan, &source, &sql, &e);
        CHECK(ok ? sbuf_str(&sql).n > 0 : e.msg[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_TEXT)
        return 0;
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    struct str text = {(const char *)data, size};
    const struct kql_catalog catalog = {
        .find_table = find_table, .table_at = table_at, .find_function = find_function};
    const struct kql_options options = {.catalog = &catalog, .now_ticks = 639000000000000000};
    struct kql_diags diags = {.a = a, .text = text};
    struct kql_query q = {0};
    if (kql_compile(a, text, &options, &q, &diags))
        emit(&q);
    else
        CHECK(diags.n_errors > 0);
    return 0;
}
