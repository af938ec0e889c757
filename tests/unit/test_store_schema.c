/* The schemas that ship: all of them parse, and hold what Sentinel's tables hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store_priv.h"

static const struct table_def *get(struct schema_set *s, const char *name)
{
    const struct table_def *d = schema_set_find(s, str_from(name));
    if (d == NULL)
        fail_msg("no table %s", name);
    return d;
}

static void all_parse(void **state)
{
    (void)state;
    struct err e = {0};
    struct schema_set *s = schema_set_open(NULL, &e);
    assert_non_null(s);
    assert_true(schema_set_count(s) > 900);
    size_t columns = 0;
    for (size_t i = 0; i < schema_set_count(s); i++) {
        const struct table_def *d = schema_set_find(s, schema_set_name(s, i));
        assert_non_null(d);
        assert_int_equal(d->time_at, 0);
        assert_true(table_def_find(d, STR("Type")) != SIZE_MAX);
        assert_true(table_def_find(d, STR("TenantId")) != SIZE_MAX);
        assert_true(table_def_find(d, STR("_ItemId")) >= d->t.schema.n);
        columns += d->t.schema.n;
        for (size_t k = 0; k < table_def_width(d); k++)
            assert_int_equal(table_def_find(d, table_def_name(d, k)), k);
    }
    assert_true(columns > 20000);
    assert_null(schema_set_find(s, STR("signinlogs")));
    schema_set_close(s);
}

static void known_tables(void **state)
{
    (void)state;
    static const struct {
        const char *table, *column;
        enum kql_type type;
    } facts[] = {
        {"SigninLogs", "UserPrincipalName", KQL_STRING},
        {"SigninLogs", "DeviceDetail", KQL_DYNAMIC},
        {"SigninLogs", "_TimeReceived", KQL_DATETIME},
        {"SecurityEvent", "EventID", KQL_INT},
        {"SecurityAlert", "ConfidenceScore", KQL_REAL},
        {"SecurityAlert", "IsIncident", KQL_BOOL},
        {"SecurityAlert", "SubTechniques", KQL_STRING},
        {"SecurityIncident", "IncidentNumber", KQL_INT},
        {"SecurityIncident", "Owner", KQL_DYNAMIC},
        {"SecurityIncident", "Tasks", KQL_DYNAMIC},
        {"SentinelHealth", "SentinelResourceName", KQL_STRING},
        {"DeviceProcessEvents", "Timestamp", KQL_DATETIME},
        {"DnsEvents", "Name", KQL_STRING},
        {"VedetteIngestion", "Received", KQL_LONG},
        {"VedetteDeadLetter", "RawRecord", KQL_STRING},
    };
    struct err e = {0};
    struct schema_set *s = schema_set_open(SOURCE_DIR "/content/schemas", &e);
    assert_non_null(s);
    for (size_t i = 0; i < COUNTOF(facts); i++) {
        const struct table_def *d = get(s, facts[i].table);
        size_t at = table_def_find(d, str_from(facts[i].column));
        if (at == SIZE_MAX)
            fail_msg("%s has no %s", facts[i].table, facts[i].column);
        assert_int_equal(table_def_type(d, at), facts[i].type);
    }
    assert_false(get(s, "Heartbeat")->billable);
    assert_true(get(s, "Syslog")->billable);
    assert_true(get(s, "AzureDiagnostics")->open);
    schema_set_close(s);
}

static void a_missing_folder_is_an_error(void **state)
{
    (void)state;
    struct err e = {0};
    assert_null(schema_set_open("/nonexistent/schemas", &e));
    assert_int_equal(e.code, ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parse),
        cmocka_unit_test(known_tables),
        cmocka_unit_test(a_missing_folder_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
