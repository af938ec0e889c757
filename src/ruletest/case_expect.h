/* What a test case of a rule expects, and how what was found differs. */
#pragma once
#include "detect/detect.h"

/* Lines of a report: "- " what is expected and not there, "+ " what is there and not expected. */
struct case_diffs {
    struct arena *a;
    VEC(struct str) v;
};
void case_diff_add(struct case_diffs *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
void case_diff_wrong(struct case_diffs *d, const char *what, struct str expected, struct str found);

struct case_found {
    struct json *rows; /* of the query, each an object; of all runs */
    size_t n_rows;
    const struct detect_alert **alerts; /* of all runs, in their order */
    size_t n_alerts;
    size_t incidents;
};
/* Appends what differs. Members of expect are documented in docs/detection.md; one that is not
 * known is a difference, too. */
void case_compare(const struct json *expect, const struct case_found *found, struct case_diffs *d);
