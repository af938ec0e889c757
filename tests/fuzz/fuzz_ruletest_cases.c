/* Files of test cases that people paste: a text is refused with words; a case that runs passes, or
 * says what is different. */
#include "ruletest/case_file.h"

enum { MAX_CASES = 3, MAX_INPUT = 4096, QUERY_US = 2000000 };

static const char rule_text[] = "id: 11111111-2222-4333-8444-555555555555\n"
                                "name: Bad\nkind: Scheduled\nseverity: High\n"
                                "query: Heartbeat | where Computer startswith 'bad'\n"
                                "queryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: gt\n"
                                "triggerThreshold: 0\ntactics: [Execution]\n"
                                "relevantTechniques: [T1059]\nversion: 1.0.0\n"
                                "entityMappings:\n- entityType: Host\n  fieldMappings:\n"
                                "  - {identifier: HostName, columnName: Computer}\n";

static struct case_bench *bench(struct rule *out_rule)
{
    static struct case_bench *b;
    static struct rule rule;
    if (b == NULL) {
        struct case_bench_options o = {.memory_bytes = (size_t)64 << 20, .timeout_us = QUERY_US};
        struct arena *a = arena_new(0); /* the rule lives as long as the process */
        struct rule_issues is = {.a = a};
        struct err e = {0};
        b = case_bench_open(&o, &e);
        CHECK(b != NULL && rule_read_yaml(a, str_from(rule_text), &rule, &is));
    }
    *out_rule = rule;
    return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct case_given given = {.tell = true};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct rule rule;
    struct case_file f = {0};
    if (size > MAX_INPUT)
        return 0;
    struct case_bench *b = bench(&rule);
    case_text_read(a, b, (struct str){(const char *)data, size}, &rule, &f);
    if (f.refused.code != ERR_OK) {
        CHECK(f.refused.msg[0] != '\0');
        return 0;
    }
    CHECK(f.cases->n > 0);
    (void)case_file_one_sided(&f);
    for (size_t i = 0; i < f.cases->n && i < MAX_CASES; i++) {
        struct case_result r = {0};
        struct json found = {0};
        case_file_run(b, &f, i, &given, a, &r);
        CHECK(r.ok == (r.diffs.v.n == 0));
        CHECK(r.found.n == 0 || json_parse(a, r.found, NULL, &found, NULL));
    }
    return 0;
}
