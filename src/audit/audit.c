#include "audit/audit.h"
#include "base/ids.h"
#include "text/date.h"

static void add_members(struct arena *a, struct json_out *o, struct str object)
{
    struct json v = {0};
    if (object.n == 0 || !json_parse(a, object, NULL, &v, NULL))
        return;
    for (size_t i = 0; v.type == JSON_OBJECT && i < v.n; i++) {
        json_key_str(o, v.keys[i]);
        json_value(o, &v.items[i]);
    }
}

static void write_properties(struct arena *a, struct workspace *w, const struct audit_entry *x,
                             struct json_out *o)
{
    json_key(o, "ExtendedProperties");
    json_obj(o);
    json_kv_str(o, "ResourceDisplayName", x->display_name);
    json_kv_str(o, "ResourceId", x->resource_id);
    json_kv_str(o, "WorkspaceName", workspace_name(w));
    json_kv_str(o, "WorkspaceId", workspace_id(w));
    json_kv_str(o, "CallerName", x->caller);
    json_kv_str(o, "CallerIpAddress", x->address);
    if (x->reason.n > 0)
        json_kv_str(o, "Reason", x->reason);
    add_members(a, o, x->more);
    json_obj_end(o);
}

bool audit_put(struct incidents *in, struct workspace *w, int64_t now, const struct audit_entry *x,
               struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(AUDIT_MAX_ROW);
    struct json_out o = json_out_make(&b);
    struct str id = x->id;
    char guid[37];
    if (id.n == 0) {
        guid_format(guid_new(), guid);
        id = str_from(guid);
    }
    json_arr(&o);
    json_obj(&o);
    json_kv_time(&o, "TimeGenerated", now);
    json_kv_z(&o, "OperationName", x->operation);
    json_kv_str(&o, "CorrelationId", x->correlation_id.n > 0 ? x->correlation_id : id);
    json_kv_str(&o, "SentinelResourceId", x->resource_id);
    json_kv_str(&o, "SentinelResourceName", x->resource_name);
    json_kv_str(&o, "SentinelResourceType", x->resource_type);
    if (x->resource_kind.n > 0)
        json_kv_str(&o, "SentinelResourceKind", x->resource_kind);
    json_kv_z(&o, "Status", x->failed ? "Failure" : "Success");
    json_kv_str(&o, "Description", x->description);
    json_kv_str(&o, "WorkspaceId", workspace_id(w));
    write_properties(a, w, x, &o);
    json_obj_end(&o);
    json_arr_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "the audit row of '%s' is larger than %d bytes", x->operation,
                       AUDIT_MAX_ROW);
    return logrows_put(in, w, "SentinelAudit", sbuf_str(&b),
                       arena_fmt(a, "audit/%.*s", STR_ARG(id)), e);
}
