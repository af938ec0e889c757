/* Entities from the Entities column: ids, references, and what must not make trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incident/entity.h"

static struct state_entity *read_column(struct arena *a, const char *text, size_t *n)
{
    struct state_entity *list = NULL;
    struct err e = {0};
    if (!entities_read(a, str_from(text), &list, n, &e))
        fail_msg("%s", e.msg);
    return list;
}

static void names_are_one_entity_in_any_case_and_with_more_known(void **state)
{
    static const char *const same[] = {
        "[{\"$id\":\"1\",\"Name\":\"ann\",\"UPNSuffix\":\"halden.example\",\"Type\":\"account\"}]",
        "[{\"Name\":\"ANN\",\"UPNSuffix\":\"Halden.example\",\"Type\":\"account\"}]",
        "[{\"Name\":\"ann\",\"UPNSuffix\":\"halden.example\",\"Sid\":\"S\",\"Type\":\"account\"}]"};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    (void)state;
    struct str first = STR("");
    for (size_t i = 0; i < COUNTOF(same); i++) {
        size_t n = 0;
        struct state_entity *list = read_column(a, same[i], &n);
        assert_int_equal(n, 1);
        assert_true(str_eqz(list[0].kind, "Account"));
        if (i > 0)
            assert_true(str_eq(list[0].id, first));
        first = list[0].id;
    }
}

static void ids_differ_by_kind_and_value(void **state)
{
    static const char *const others[] = {"[{\"Address\":\"203.0.113.7\",\"Type\":\"ip\"}]",
                                         "[{\"Address\":\"203.0.113.8\",\"Type\":\"ip\"}]",
                                         "[{\"Url\":\"203.0.113.7\",\"Type\":\"url\"}]"};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < COUNTOF(others); i++)
        for (size_t k = 0; k < i; k++)
            assert_false(
                str_eq(read_column(a, others[i], &n)->id, read_column(a, others[k], &n)->id));
}

static void references_become_ids(void **state)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    size_t n = 0;
    (void)state;
    struct state_entity *list = read_column(
        a,
        "[{\"$id\":\"3\",\"ProcessId\":\"7\",\"Host\":{\"$ref\":\"1\"},\"Type\":\"process\"},"
        "{\"$id\":\"1\",\"HostName\":\"web01\",\"Type\":\"host\"},"
        "{\"$id\":\"4\",\"Name\":\"a.exe\",\"FileHashes\":[{\"$id\":\"5\",\"Algorithm\":\"MD5\","
        "\"Value\":\"aa\",\"Type\":\"filehash\"}],\"Type\":\"file\"}]",
        &n);
    assert_int_equal(n, 4);
    assert_true(str_eqz(list[0].kind, "Host")); /* what is pointed to is read first */
    assert_true(str_eqz(list[1].kind, "Process"));
    struct json body = {0};
    struct err e = {0};
    assert_true(json_parse(a, list[1].body, NULL, &body, &e));
    assert_true(str_eq(json_text(json_get(&body, "HostEntityId"), STR("")), list[0].id));
    assert_true(json_parse(a, list[3].body, NULL, &body, &e));
    const struct json *hashes = json_get(&body, "FileHashesEntityIds");
    assert_true(hashes != NULL && hashes->n == 1 && str_eq(hashes->items[0].text, list[2].id));
}

static void cycles_and_rubbish_end(void **state)
{
    AUTO(arena_freep) struct arena *a = arena_new(64 << 20);
    size_t n = 0;
    (void)state;
    (void)read_column(a,
                      "[{\"$id\":\"1\",\"A\":{\"$ref\":\"2\"},\"B\":{\"$ref\":\"2\"},\"Type\":"
                      "\"x\"},{\"$id\":\"2\",\"A\":{\"$ref\":\"1\"},\"B\":{\"$ref\":\"2\"},"
                      "\"Type\":\"x\"}]",
                      &n);
    assert_int_equal(n, 2);
    (void)read_column(a, "{\"Type\":\"ip\"}", &n);
    assert_int_equal(n, 0);
    (void)read_column(a, "[1,null,\"x\",[],{},{\"Type\":\"\"},{\"$ref\":\"9\"}]", &n);
    assert_int_equal(n, 0);
    (void)read_column(a, "", &n);
    assert_int_equal(n, 0);
    struct state_entity *list = NULL;
    struct err e = {0};
    assert_false(entities_read(a, STR("[{"), &list, &n, &e));
    assert_int_equal(e.code, ERR_SYNTAX);
}

static void mappings_are_split_as_rules_do(void **state)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json mappings = {0};
    struct str column = STR("");
    struct err e = {0};
    (void)state;
    assert_true(json_parse(
        a,
        STR("[{\"entityType\":\"Account\",\"fieldMappings\":[{\"identifier\":\"FullName\","
            "\"value\":\"CORP\\\\ann\"}]},{\"entityType\":\"host\",\"fieldMappings\":[{"
            "\"identifier\":\"FullName\",\"value\":\" web01.corp.test \"}]}]"),
        NULL, &mappings, &e));
    assert_true(entities_of_mappings(a, &mappings, &column, &e));
    assert_true(str_eqz(column, "[{\"$id\":\"1\",\"NTDomain\":\"CORP\",\"Name\":\"ann\",\"Type\":"
                                "\"account\"},{\"$id\":\"2\",\"HostName\":\"web01\",\"DnsDomain\":"
                                "\"corp.test\",\"Type\":\"host\"}]"));
    assert_true(json_parse(a, STR("[{\"entityType\":\"Ghost\"}]"), NULL, &mappings, &e));
    assert_false(entities_of_mappings(a, &mappings, &column, &e));
    assert_string_equal(e.msg, "properties.entityMappings[0].entityType: unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_one_entity_in_any_case_and_with_more_known),
        cmocka_unit_test(ids_differ_by_kind_and_value),
        cmocka_unit_test(references_become_ids),
        cmocka_unit_test(cycles_and_rubbish_end),
        cmocka_unit_test(mappings_are_split_as_rules_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
