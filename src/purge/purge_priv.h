/* Shared by the files of this folder. */
#pragma once
#include "purge/purge.h"

/* The filters as a KQL predicate over t, in a. Errors: ERR_INVALID, with the filter's place. */
bool purge_predicate(struct arena *a, const struct kql_table *t, const struct json *filters,
                     struct str *out, struct err *e) MUST_USE;
