/* By what entities are known: strong identification, canonical forms, references, hostile columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "correlate/correlate_priv.h"

/* The keys of a column, a space between them. */
static const char *keys_of(struct arena *a, const char *entities)
{
    struct entity_keys keys;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    entity_keys_of(a, str_from(entities), KEYS_PER_ALERT, &keys);
    for (size_t i = 0; i < keys.v.n; i++)
        sbuf_addf(&b, "%s%.*s", i > 0 ? " " : "", STR_ARG(keys.v.p[i]));
    return arena_strz(a, sbuf_str(&b));
}

struct example {
    const char *entities, *keys;
};

static void check(const struct example *list, size_t n)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys_of(a, list[i].entities), list[i].keys) != 0)
            fail_msg("%s: keys '%s', not '%s'", list[i].entities, keys_of(a, list[i].entities),
                     list[i].keys);
}

static void accounts(void **state)
{
    static const struct example list[] = {
        {"[{\"Type\":\"account\",\"Name\":\"Ann\"}]", ""},
        {"[{\"Type\":\"account\",\"Name\":\"Ann\",\"UPNSuffix\":\"Halden.Example\"}]",
         "account/upn:ann@halden.example"},
        {"[{\"Type\":\"account\",\"Name\":\"ann@halden.example\"}]",
         "account/upn:ann@halden.example"},
        {"[{\"Type\":\"account\",\"Name\":\"ann\",\"NTDomain\":\"HALDEN\"}]",
         "account/nt:halden\\ann"},
        {"[{\"Type\":\"account\",\"Name\":\"SYSTEM\",\"NTDomain\":\"NT AUTHORITY\"}]", ""},
        {"[{\"Type\":\"account\",\"Sid\":\"S-1-5-18\"}]", ""},
        {"[{\"Type\":\"account\",\"Sid\":\"S-1-5-32-544\"}]", ""},
        {"[{\"Type\":\"account\",\"Sid\":\"S-1-5-21-1-2-3-1001\",\"AadUserId\":\"AB-1\"}]",
         "account/sid:s-1-5-21-1-2-3-1001 account/aad:ab-1"},
        {"[{\"$id\":\"1\",\"Type\":\"host\",\"HostName\":\"Web01\",\"DnsDomain\":\"h.example\"},"
         "{\"$id\":\"2\",\"Type\":\"account\",\"Name\":\"root\",\"NTDomain\":\"web01\","
         "\"Sid\":\"S-1-5-18\",\"Host\":{\"$ref\":\"1\"}}]",
         "host/dns:web01.h.example account/sid:s-1-5-18@host/dns:web01.h.example "
         "account/nt:host/dns:web01.h.example\\root"},
    };
    (void)state;
    check(list, COUNTOF(list));
}

static void hosts_and_addresses(void **state)
{
    static const struct example list[] = {
        {"[{\"Type\":\"host\",\"HostName\":\"web01\"}]", ""},
        {"[{\"Type\":\"Host\",\"HostName\":\"web01.H.example\"}]", "host/dns:web01.h.example"},
        {"[{\"Type\":\"host\",\"HostName\":\"10.0.0.1\"}]", ""},
        {"[{\"Type\":\"host\",\"NetBiosName\":\"WEB01\",\"NTDomain\":\"WORKGROUP\"}]", ""},
        {"[{\"Type\":\"host\",\"HostName\":\"w\",\"AzureID\":\"/Subscriptions/X\"}]",
         "host/azure:/subscriptions/x"},
        {"[{\"Type\":\"ip\",\"Address\":\"203.0.113.9\"}]", "ip/address:203.0.113.9"},
        {"[{\"Type\":\"ip\",\"Address\":\"2001:DB8::0:1\"}]", "ip/address:2001:db8::1"},
        {"[{\"Type\":\"ip\",\"Address\":\"10.1.2.3\"},{\"Type\":\"ip\",\"Address\":\"127.0.0.1\"},"
         "{\"Type\":\"ip\",\"Address\":\"fe80::1\"},{\"Type\":\"ip\",\"Address\":\"::1\"},"
         "{\"Type\":\"ip\",\"Address\":\"fd00::1\"},{\"Type\":\"ip\",\"Address\":\"100.64.0.1\"},"
         "{\"Type\":\"ip\",\"Address\":\"169.254.1.1\"},{\"Type\":\"ip\",\"Address\":\"x\"}]",
         ""},
        {"[{\"Type\":\"ip\",\"Address\":\"10.1.2.3\",\"AddressScope\":\"VNet1\"}]",
         "ip/scoped:10.1.2.3|vnet1"},
    };
    (void)state;
    check(list, COUNTOF(list));
}

static void other_types(void **state)
{
    static const struct example list[] = {
        {"[{\"Type\":\"url\",\"Url\":\"HTTPS://Bad.Example:443/A?b=C#d\"}]",
         "url/url:https://bad.example/A?b=C"},
        {"[{\"Type\":\"url\",\"Url\":\"http://bad.example\"}]", "url/url:http://bad.example/"},
        {"[{\"Type\":\"url\",\"Url\":\"/relative\"},{\"Type\":\"url\",\"Url\":\"://x\"},"
         "{\"Type\":\"url\",\"Url\":\"http://\"}]",
         ""},
        {"[{\"Type\":\"filehash\",\"Algorithm\":\"SHA256\",\"Value\":\"ABC\"}]",
         "filehash/value:sha256|abc"},
        {"[{\"Type\":\"filehash\",\"Value\":\"ABC\"}]", ""},
        {"[{\"Type\":\"file\",\"Name\":\"A.exe\",\"Directory\":\"C:\\\\X\","
         "\"FileHashes\":[{\"$id\":\"9\",\"Type\":\"filehash\",\"Algorithm\":\"MD5\","
         "\"Value\":\"F0\"}]}]",
         "file/path:c:\\x|a.exe filehash/value:md5|f0"},
        {"[{\"$id\":\"1\",\"Type\":\"host\",\"HostName\":\"w\"},{\"Type\":\"process\","
         "\"ProcessId\":\"7\",\"CreationTimeUtc\":\"2026-01-01T00:00:00Z\","
         "\"Host\":{\"$ref\":\"1\"}}]",
         "process/id:w|7|2026-01-01T00:00:00Z"},
        {"[{\"Type\":\"cloud-application\",\"AppId\":20892}]", "cloud-application/app:20892"},
        {"[{\"Type\":\"mailbox\",\"MailboxPrimaryAddress\":\"A@b.example\"}]",
         "mailbox/address:a@b.example"},
        {"[{\"$id\":\"1\",\"Type\":\"registry-key\",\"Hive\":\"HKLM\",\"Key\":\"Run\"},"
         "{\"Type\":\"registry-value\",\"Name\":\"v\",\"Key\":{\"$ref\":\"1\"}}]",
         "registry-key/key:hklm|run registry-value/name:registry-key/key:hklm|run|v"},
    };
    (void)state;
    check(list, COUNTOF(list));
}

/* Equal entities give one key; what is broken, circular or too long gives none. */
static void hostile_columns(void **state)
{
    static const struct example list[] = {
        {"", ""},
        {"{", ""},
        {"{}", ""},
        {"[1,null,[],{},\"x\",{\"Type\":7}]", ""},
        {"[{\"Type\":\"ip\",\"Address\":\"203.0.113.9\"},"
         "{\"Type\":\"ip\",\"Address\":\" 203.0.113.9\"}]",
         "ip/address:203.0.113.9"},
        {"[{\"$id\":\"1\",\"Type\":\"registry-value\",\"Name\":\"v\",\"Key\":{\"$ref\":\"1\"}}]",
         ""},
        {"[{\"$id\":\"1\",\"Type\":\"iotdevice\",\"DeviceId\":\"d\",\"IoTHub\":{\"$ref\":\"2\"}},"
         "{\"$id\":\"2\",\"Type\":\"iotdevice\",\"DeviceId\":\"d\",\"IoTHub\":{\"$ref\":\"1\"}}]",
         ""},
        {"[{\"Type\":\"account\",\"Name\":\"a\",\"UPNSuffix\":\"b\",\"Host\":{\"$ref\":\"404\"}}]",
         "account/upn:a@b"},
    };
    (void)state;
    check(list, COUNTOF(list));
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addz(&b, "[{\"Type\":\"url\",\"Url\":\"http://x/");
    for (int i = 0; i < KEY_BYTES; i++)
        sbuf_addc(&b, 'y');
    sbuf_addz(&b, "\"}]");
    assert_string_equal(keys_of(a, sbuf_str(&b).p), "");
    sbuf_clear(&b);
    sbuf_addc(&b, '[');
    for (int i = 0; i < 2 * KEYS_PER_ALERT; i++)
        sbuf_addf(&b, "%s{\"Type\":\"mailbox\",\"MailboxPrimaryAddress\":\"m%d\"}",
                  i > 0 ? "," : "", i);
    sbuf_addc(&b, ']');
    struct entity_keys keys;
    entity_keys_of(a, sbuf_str(&b), 64, &keys);
    assert_int_equal(keys.v.n, 64);
}

static void parts_of_keys(void **state)
{
    struct str key = STR("host/azure:/a:b");
    (void)state;
    assert_true(str_eqz(key_type(key), "host"));
    assert_true(str_eqz(key_identifier(key), "host/azure"));
    assert_true(str_eqz(key_value(key), "/a:b"));
}

static void titles(void **state)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct title_facts f = {.tactics = STR("[\"Impact\",\"Execution\",\"x\"]"), .rules = 2};
    (void)state;
    assert_true(
        str_eqz(multi_stage_title(a, &f), "Multi-stage incident involving Execution & Impact"));
    f.hosts = 2;
    f.products = 2;
    assert_true(str_eqz(multi_stage_title(a, &f),
                        "Multi-stage incident involving Execution & Impact on multiple endpoints "
                        "reported by multiple sources"));
    f.rules = 1;
    assert_int_equal(multi_stage_title(a, &f).n, 0);
    f.rules = 2;
    f.tactics = STR("[\"Impact\"]");
    assert_int_equal(multi_stage_title(a, &f).n, 0);
    assert_int_equal(tactic_stage(STR("lateralmovement")), 10);
    assert_int_equal(tactic_stage(STR("Unknown")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts),      cmocka_unit_test(hosts_and_addresses),
        cmocka_unit_test(other_types),   cmocka_unit_test(hostile_columns),
        cmocka_unit_test(parts_of_keys), cmocka_unit_test(titles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
