/* Tests of rules: rows that are given, and what a rule makes of them. Nothing is stored. */
#include "api/api_priv.h"
#include "ruletest/ruletest.h"
#include "text/json.h"

#define BENCH_MEMORY ((size_t)512 << 20)
#define QUERY_US ((int64_t)60 * 1000000)
enum { MAX_TESTS = 8 << 20 };

/* The tests that ship with the rule, or with the template that it was made of. */
static void shipped(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_rule stored = {0};
    struct rule rule = {0};
    struct str name = STR(""), text = STR("");
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_rule_get(v->detect, q->arena, w, http_param(q, "rule"), &stored, &e) ||
        !rule_load(q->arena, &stored, &rule, &e) ||
        (!rule_test_shipped(q->arena, stored.id, &name, &text, &e) &&
         (rule.template_id.n == 0 ||
          !rule_test_shipped(q->arena, rule.template_id, &name, &text, &e)))) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "name", name);
    json_kv_str(&o, "text", text);
    json_obj_end(&o);
}

static bool read_request(struct vedette *v, struct http_request *q, struct workspace *w,
                         const struct json *body, struct rule_test *t, struct err *e)
{
    const struct json *tests = json_get(body, "tests");
    struct detect_given *given = arena_new_of(q->arena, struct detect_given);
    if (tests == NULL || tests->type != JSON_STRING)
        return err_set(e, ERR_INVALID, "tests: the text of a file of cases expected");
    if (!detect_rule_given(v->detect, q->arena, w, json_get(body, "rule"), given, e)) {
        err_prefix(e, "rule");
        return false;
    }
    if (!rule_has_query(given->rule.kind))
        return err_set(e, ERR_UNSUPPORTED, "rule: one of kind %s has no query to test",
                       rule_kind_name(given->rule.kind));
    *t = (struct rule_test){.rule = &given->rule,
                            .text = tests->text,
                            .library = v->library,
                            .workspace = w,
                            .memory_bytes = BENCH_MEMORY,
                            .timeout_us = QUERY_US,
                            .total_us = v->o.rule_test_timeout_us};
    return true;
}

static void run(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct rule_test t;
    bool free_bench = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    /* Each has an engine of its own: one at a time. */
    if (!atomic_compare_exchange_strong(&v->rule_tested, &free_bench, true)) {
        err_set(&e, ERR_BUSY, "tests of a rule run already; try again in a moment");
        api_error(v, q, &e, r);
        return;
    }
    bool ok = read_request(v, q, w, &body, &t, &e) && rule_test_run(&t, q->arena, &r->body, &e);
    atomic_store(&v->rule_tested, false);
    if (ok)
        return;
    sbuf_clear(&r->body);
    api_refuse(v, q, &e, r);
}

#define WORKSPACE "/vedette/v1/workspaces/{workspace}"
const struct http_route rule_test_routes[] = {
    {HTTP_GET, WORKSPACE "/rules/{rule}/tests", shipped, "rules/read", 0, FAMILY_ARM},
    {HTTP_POST, WORKSPACE "/ruleTests", run, "rules/write", MAX_TESTS, FAMILY_ARM},
};
const size_t n_rule_test_routes = COUNTOF(rule_test_routes);
