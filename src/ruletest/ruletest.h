/* Tests of a rule inside a server: rows in, what the rule makes of them out. Nothing is stored. */
#pragma once
#include "detect/rule.h"
#include "library/library.h"

struct rule_test {
    const struct rule *rule;
    struct str text; /* a file of cases (docs/detection.md), without names of files */
    /* Whose stored functions the rule may call. */
    struct library *library;
    struct workspace *workspace;
    size_t memory_bytes; /* of the engine that the cases run in */
    int64_t timeout_us;  /* of one query */
    int64_t total_us;    /* of all cases; 0 = 2 minutes */
};
/* Runs all cases and appends {"cases": [{"name", "ok", "seconds", "differences", "found"}],
 * "passed", "failed"}. "found" is {"rows", "firstRows", "alerts", "firstAlerts", "incidents"}, or
 * missing where the case did not run. Errors: those of the text; ERR_LIMIT (too many cases);
 * ERR_TIMEOUT: not all of them ran within total_us. */
bool rule_test_run(const struct rule_test *t, struct arena *a, struct sbuf *out,
                   struct err *e) MUST_USE;
/* The file of cases that ships for a rule: found by the id of the rule or of its template. Errors:
 * ERR_NOT_FOUND. */
bool rule_test_shipped(struct arena *a, struct str id, struct str *out_name, struct str *out_text,
                       struct err *e) MUST_USE;
