/* Files of rules from outside: a text is refused with words and a place, or gives rules that can be
 * written as YAML, read again, and are the same in ARM. */
#include "detect/rule.h"

enum { MAX_INPUT = 32 << 10, MAX_TEXT = 16 << 20 };

static struct str arm_of(struct arena *a, const struct rule *r)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TEXT);
    struct json_out w = json_out_make(&b);
    if (r->kind == RULE_HUNTING)
        rule_write_saved(r, &w);
    else
        rule_write_arm(r, 0, &w);
    CHECK(sbuf_ok(&b));
    return arena_str(a, sbuf_str(&b));
}

static void check_rule(struct arena *a, const struct rule *r)
{
    AUTO(sbuf_fini) struct sbuf yaml = sbuf_make(MAX_TEXT);
    struct rule_issues is = {.a = a, .max_query_chars = MAX_TEXT};
    struct rule_list again = {0};
    struct err e = {0};
    if (!rule_write_yaml(r, &yaml, &e)) { /* a key of its own that YAML cannot hold */
        CHECK(e.code != ERR_OK && e.msg[0] != '\0');
        return;
    }
    if (!rule_read_text(a, sbuf_str(&yaml), STR(""), &again, &is)) {
        struct err why = {0};
        rule_issues_err(&is, &why);
        /* JSON may have the same key twice, YAML not. */
        CHECK(strstr(why.msg, "stands here twice") != NULL);
        return;
    }
    CHECK(again.v.n == 1);
    again.v.p[0].id = r->id;
    again.v.p[0].template_id = r->template_id;
    CHECK(str_eq(arm_of(a, r), arm_of(a, &again.v.p[0])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct rule_issues is = {.a = a};
    struct rule_list list = {0};
    if (size > MAX_INPUT)
        return 0;
    bool ok = rule_read_text(a, (struct str){(const char *)data, size}, STR("w"), &list, &is);
    CHECK(ok || is.n_errors > 0);
    CHECK(list.refused == 0 || is.n_errors > 0);
    for (size_t i = 0; i < is.v.n; i++)
        CHECK(is.v.p[i].message.n > 0);
    for (size_t i = 0; i < list.v.n && i < 20; i++)
        check_rule(a, &list.v.p[i]);
    return 0;
}
