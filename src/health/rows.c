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

bool health_tell(struct health *h, struct workspace *w, const struct health_report *r,
                 struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct health_operation op = {
        .category = r->category, .status = r->status, .detail = r->detail, .key = r->key};
    return health_operation_put(h, a, w, &op, e) && incidents_flush(h->o.incidents, e);
}

static void write_properties(struct json_out *o, const struct health_event *ev)
{
    char span[32];
    json_obj(o);
    json_kv_str(o, "DestinationTable", ev->table);
    json_kv_str(o, "Source", ev->source);
    json_kv_str(o, "Stream", ev->stream);
    if (ev->last > 0)
        json_kv_time(o, "LastSeen", ev->last);
    if (ev->allowed > 0) {
        span_format(ev->allowed, span);
        json_kv_z(o, "AllowedSilence", span);
    }
    if (ev->list_name != NULL) {
        json_key(o, ev->list_name);
        json_arr(o);
        for (size_t i = 0; i < ev->n_list; i++)
            json_str(o, ev->list[i]);
        json_arr_end(o);
    }
    json_obj_end(o);
}

bool health_event_put(struct health *h, struct arena *a, struct workspace *w,
                      const struct health_event *ev, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW);
    struct json_out o = json_out_make(&b);
    struct str name = ev->source.n > 0 ? ev->source : ev->table;
    json_arr(&o);
    json_obj(&o);
    json_kv_time(&o, "TimeGenerated", clock_now(h->o.clock));
    json_kv_z(&o, "OperationName", ev->operation);
    json_kv_str(&o, "SentinelResourceId",
                arena_fmt(a, "%.*s/providers/microsoft.securityinsights/dataconnectors/%.*s",
                          STR_ARG(health_workspace_id(h, a, w)), STR_ARG(name)));
    json_kv_str(&o, "SentinelResourceName", name);
    json_kv_z(&o, "SentinelResourceType", "Data connector");
    json_kv_str(&o, "SentinelResourceKind", ev->stream);
    json_kv_z(&o, "Status", ev->status);
    json_kv_str(&o, "Description", ev->description);
    json_kv_z(&o, "Reason", ev->reason);
    json_kv_str(&o, "WorkspaceId", workspace_id(w));
    json_key(&o, "ExtendedProperties");
    write_properties(&o, ev);
    json_obj_end(&o);
    json_arr_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "a row about a source is too large");
    struct str dedup = arena_fmt(a, "health/%.*s/%.*s", STR_ARG(workspace_id(w)), STR_ARG(ev->key));
    return logrows_put(h->o.incidents, w, "SentinelHealth", sbuf_str(&b), dedup, e);
}
