/* A file of test cases for one rule, RULE.test.yaml. */
#pragma once
#include "cli/case_bench.h"
#include "cli/case_expect.h"

struct case_result {
    const char *file;
    struct str name;
    bool ok;
    struct case_diffs diffs; /* or one line of what went wrong */
    int64_t us;
};
/* What the command line gives to all cases. */
struct case_given {
    struct case_functions functions;
    struct str *aliases, *lists; /* watchlists: CSV */
    size_t n_lists;
};
struct case_file {
    struct arena *a;
    const char *path;
    struct rule rule;
    struct json root;
    const struct json *cases;
    struct case_functions functions; /* of the files that it names */
    struct err refused;              /* the file or its rule can't be read: code is not ERR_OK */
};
/* Everything lives in a. What is wrong is in out->refused. b reads its functions. */
void case_file_read(struct arena *a, struct case_bench *b, const char *path, struct case_file *out);
/* Runs one of its cases. out lives in a. */
void case_file_run(struct case_bench *b, const struct case_file *f, size_t i,
                   const struct case_given *given, struct arena *a, struct case_result *out);
/* A rule that is never seen to fire, or never seen to be quiet, is not tested: NULL, or what is
 * missing. */
const char *case_file_one_sided(const struct case_file *f);
