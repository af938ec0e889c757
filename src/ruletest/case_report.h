/* Results of test cases for people, CI and programs. */
#pragma once
#include "ruletest/case_file.h"

/* TAP version 13: a line a case, and below one that failed a block with what differs. */
void case_report_tap(const struct case_result *r, size_t number, struct sbuf *out);
/* {"tests": [{"file", "name", "ok", "seconds", "differences": [line, …]}], "passed", "failed"} */
void case_report_json(const struct case_result *r, size_t n, struct sbuf *out);
/* One testsuite a file, as Jenkins and GitLab read it. */
void case_report_junit(const struct case_result *r, size_t n, struct sbuf *out);
