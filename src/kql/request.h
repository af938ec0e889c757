/* What a request asks for beside its query: the options of "set" statements, and of the properties
 * that come with a call of Kusto's REST interface. Source: "Request properties" and "Set statement"
 * of the Kusto reference. */
#pragma once
#include "kql/types.h"

struct kql_request { /* starts as {0}; 0 and false: not said */
    int64_t timeout; /* ticks */
    bool no_timeout, no_truncation;
    int64_t max_records, max_bytes; /* the answer is cut there */
    int64_t take_records;           /* more are left out as if by take */
    int64_t memory_bytes;           /* of an operator */
    bool best_effort;               /* as isfuzzy=true in every union */
    bool has_now, has_from, has_to;
    int64_t now, from, to; /* ticks */
    struct str column;     /* that from and to are about */
};
/* Notes an option. What Vedette has no such option for is accepted and changes nothing, as in
 * Kusto; so is a value that does not fit. The value's text is borrowed. */
void kql_request_set(struct kql_request *r, struct str name, const struct kql_value *v);
