/* Testing rules against their fixtures, without a server. */
#pragma once
#include "base/base.h"

struct rules_tested {
    size_t passed, failed;
};
/* One file of cases (rule, cases[{name, now, tables, expect}]): prints a line a case. A file that
 * cannot be read is one failure. */
void rules_test_file(const char *path, struct rules_tested *t);
