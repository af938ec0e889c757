/* A file of test cases for one rule, RULE.test.yaml. */
#pragma once
#include "ruletest/case_bench.h"
#include "ruletest/case_expect.h"

struct case_result {
    const char *file;
    struct str name;
    bool ok;
    struct case_diffs diffs; /* or one line of what went wrong */
    struct str found;        /* with case_given.tell: JSON, what the rule made of the rows */
    int64_t us;
};
/* What is given to all cases. */
struct case_given {
    struct case_functions functions;
    struct str *aliases, *lists; /* watchlists: CSV */
    size_t n_lists;
    int64_t deadline_us; /* of all queries, by clock_mono_us(); 0: none but that of each */
    bool tell;           /* what is found is told, and a case need not expect anything */
};
/* Where the rule comes from that a file of cases names. */
typedef bool case_rule_fn(struct arena *a, char *path, struct rule *out, struct err *e);
struct case_file {
    struct arena *a;
    const char *path; /* NULL: a text, which names no files */
    struct rule rule;
    struct json root;
    const struct json *cases;
    struct case_functions functions; /* of the files that it names */
    struct err refused;              /* the file or its rule can't be read: code is not ERR_OK */
};
/* Everything lives in a. What is wrong is in out->refused. b reads its functions, read_rule the
 * rule. */
void case_file_read(struct arena *a, struct case_bench *b, const char *path,
                    case_rule_fn *read_rule, struct case_file *out);
/* The same of a text that came from elsewhere, for this rule: it must not name files. */
void case_text_read(struct arena *a, struct case_bench *b, struct str text, const struct rule *rule,
                    struct case_file *out);
/* Runs one of its cases. out lives in a. */
void case_file_run(struct case_bench *b, const struct case_file *f, size_t i,
                   const struct case_given *given, struct arena *a, struct case_result *out);
/* A rule that is never seen to fire, or never seen to be quiet, is not tested: NULL, or what is
 * missing. */
const char *case_file_one_sided(const struct case_file *f);
