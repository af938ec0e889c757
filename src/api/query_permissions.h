/* "permissions" and "dataSources" of a query's answer. */
#pragma once
#include "api/api_priv.h"
#include "text/json.h"

struct query_rights { /* of a query that has run */
    const struct api_workspaces *asked;
    const struct str *more; /* ids of workspaces that the request named besides */
    size_t n_more;
    const struct store_access *access; /* NULL: it reads everything */
    const struct kql_query *compiled;
};
/* "dataSources": [{"resourceId", "tables"}], the workspaces of which it read something. */
void query_sources_write(struct vedette *v, struct arena *a, struct json_out *o,
                         const struct query_rights *x);
/* "permissions": {"resources": [{"resourceId", "denyTables", "dataSources"}], "dataSources"}: for
 * each workspace that it was asked of, or for the resource in whose context it was. */
void query_permissions_write(struct vedette *v, struct arena *a, struct json_out *o,
                             const struct query_rights *x);
