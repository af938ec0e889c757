/* Rows about the system itself. */
#include "health/health_priv.h"
#include "text/date.h"

enum { MAX_ROW = 1 << 20 };

struct str health_workspace_id(const struct health *h, struct arena *a, const struct workspace *w)
{
    return arena_fmt(a,
                     "/subscriptions/%s/resourcegroups/%s/providers/"
                     "microsoft.operationalinsights/workspaces/%.*s",
                     h->subscription, h->resource_group, STR_ARG(workspace_name(w)));
}

bool health_operation_put(struct health *h, struct arena *a, struct workspace *w,
                          const struct health_operation *op, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW);
    struct json_out o = json_out_make(&b);
    json_arr(&o);
    json_obj(&o);
    json_kv_time(&o, "TimeGenerated", clock_now(h->o.clock));
    json_kv_z(&o, "OperationCategory", op->category);
    json_kv_z(&o, "OperationStatus", op->status);
    json_kv_str(&o, "OperationKey", op->key);
    json_kv_str(&o, "Detail", op->detail);
    json_kv_z(&o, "Solution", "Security");
    json_kv_z(&o, "SourceSystem", "Vedette");
    json_kv_str(&o, "_ResourceId", health_workspace_id(h, a, w));
    json_obj_end(&o);
    json_arr_end(&o);
    struct str dedup =
        arena_fmt(a, "operation/%.*s/%.*s", STR_ARG(workspace_id(w)), STR_ARG(op->key));
    return logrows_put(h->o.incidents, w, "Operation", sbuf_str(&b), dedup, e);
}
