/* Sign-ins of people, lock-outs, and requests that another site made a browser send, as rows of
 * SentinelAudit. What people change is told with all other changes (changes.c). */
#include "api/api_priv.h"
#include "text/json.h"

enum { MAX_TOLD = 128 };

static struct str details(struct arena *a, const struct people_event *x, int64_t more)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(64 << 10);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_z(&o, "Method", x->method != NULL ? x->method : "password");
    if (x->session.n > 0)
        json_kv_str(&o, "SessionId", x->session);
    if (x->reason.n > 0)
        json_kv_int(&o, "RefusalsNotTold", more);
    json_obj_end(&o);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

void people_tell(struct vedette *v, const struct http_request *q, const struct people_event *x)
{
    struct workspace *w = store_workspace_at(v->store, 0);
    struct arena *a = q->arena;
    struct str name = str_sub(x->name, 0, x->name.n < MAX_TOLD ? x->name.n : MAX_TOLD);
    bool refused = x->reason.n > 0;
    int64_t more = 0;
    if (refused)
        LOG(LOG_WARN, "identity", x->description, log_s("user", name), log_s("remote", q->remote),
            log_s("reason", x->reason));
    struct str who =
        arena_fmt(a, "%s\n%.*s\n%.*s", x->operation, STR_ARG(name), STR_ARG(q->remote));
    if (w == NULL || (refused && !x->always && !refusal_is_told(v, str_hash(who), &more)))
        return;
    const struct audit_entry row = {.operation = x->operation,
                                    .resource_id = x->id,
                                    .resource_name = name,
                                    .resource_type = STR("User"),
                                    .display_name = name,
                                    .failed = refused,
                                    .description = str_from(x->description),
                                    .reason = x->reason,
                                    .caller = name,
                                    .address = q->remote,
                                    .more = details(a, x, more)};
    changes_put(v, w, &row);
}
