/* Who changed which rule: rows of AzureActivity, where Azure has them, too. */
#include "base/ids.h"
#include "dcr/dcr_priv.h"
#include "text/date.h"

enum { MAX_ROW = 64 << 10 };

static struct str upper(struct arena *a, const char *text)
{
    char *p = arena_strz(a, str_from(text));
    for (char *c = p; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return str_from(p);
}

static void write_row(struct dcrs *d, struct arena *a, const struct dcr_activity *x,
                      struct str correlation, struct json_out *o)
{
    const char *verb = x->deleted ? "delete" : "write";
    struct str operation = arena_fmt(a, "Microsoft.Insights/%s/%s", x->type, verb);
    json_kv_time(o, "TimeGenerated", clock_now(d->o.clock));
    json_kv_time(o, "EventSubmissionTimestamp", clock_now(d->o.clock));
    json_kv_str(o, "OperationName", operation);
    json_kv_str(o, "OperationNameValue", upper(a, operation.p));
    json_kv_z(o, "CategoryValue", "Administrative");
    json_kv_z(o, "Category", "Administrative");
    json_kv_z(o, "Level", "Information");
    json_kv_z(o, "ActivityStatusValue", "Success");
    json_kv_z(o, "ActivityStatus", "Succeeded");
    json_kv_str(o, "Caller", x->who);
    json_kv_str(o, "CorrelationId", correlation);
    json_kv_z(o, "ResourceProviderValue", "MICROSOFT.INSIGHTS");
    json_kv_z(o, "ResourceProvider", "Microsoft.Insights");
    json_kv_str(o, "Resource", x->name);
    json_kv_str(o, "ResourceId", x->id);
    json_kv_str(o, "_ResourceId", dcr_key(a, x->id));
    json_kv_z(o, "SourceSystem", "Azure");
}

static bool put_row(struct dcrs *d, struct arena *a, const struct dcr_activity *x,
                    struct workspace *w, struct err *e)
{
    char guid[37];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW);
    struct json_out o = json_out_make(&b);
    guid_format(guid_new(), guid);
    json_arr(&o);
    json_obj(&o);
    write_row(d, a, x, str_from(guid), &o);
    json_obj_end(&o);
    json_arr_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "'%.*s' is too large for an audit row",
                       STR_ARG(dcr_brief(x->name)));
    return logrows_put(d->o.incidents, w, "AzureActivity", sbuf_str(&b),
                       arena_fmt(a, "activity/%s", guid), e);
}

static bool leads_to(const struct dcr_model *m, const struct workspace *w)
{
    for (size_t i = 0; m != NULL && i < m->n_destinations; i++)
        if (m->destinations[i].workspace == w)
            return true;
    return false;
}

bool dcr_activity_put(struct dcrs *d, struct arena *a, const struct dcr_activity *x, struct err *e)
{
    struct workspace *w;
    bool all = x->before == NULL && x->now == NULL, ok = true;
    for (size_t i = 0; ok && (w = store_workspace_at(d->o.store, i)) != NULL; i++)
        if ((all && str_ieq(workspace_place(w).tenant, x->tenant)) || leads_to(x->before, w) ||
            leads_to(x->now, w))
            ok = put_row(d, a, x, w, e);
    return ok;
}
