/* How commands show what is wrong with a query. */
#pragma once
#include "kql/kql.h"
#include "text/json.h"

/* The members "error", the first one, and, when a list is given, "errors": all of them by place.
 * Each has code, message, hint if there is one, line and column (from 1), start, end and length
 * (from 0); all count code points. e: the first error; list may be NULL. */
void kql_errors_json(struct json_out *w, struct str query, const struct err *e,
                     const struct kql_diags *list);
/* For people: place, message, the line with a mark below the place, hint; all of list, or e alone
 * if that is empty or NULL. */
void kql_errors_text(struct sbuf *out, struct str query, const struct err *e,
                     const struct kql_diags *list);
