/* The bags of UEBA's tables (BehaviorAnalytics, Anomalies), whose members are documented and of
 * which a row holds only those that apply to it.
 * Source: the UEBA reference, "Entity enrichments dynamic fields". */
#ifndef KQL_INSIGHTS_H
#define KQL_INSIGHTS_H

#include "base/base.h"

/* The documented members of the bag in the column called so, all of them text; ends with NULL.
 * NULL when the column is none of these bags. Static memory. */
const char *const *kql_insight_members(struct str column);

#endif
