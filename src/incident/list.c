/* Finding incidents: one by name or number, and pages of the list with OData's filter and order. */
#include "incident/incident.h"
#include "incident/incident_priv.h"
#include <stdlib.h>

bool incident_get(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  struct state_incident *out, struct err *e)
{
    int64_t number = 0;
    if (str_to_i64(id, &number))
        return state_incident_by_number(in->state, a, workspace_id(w), number, out, e);
    return state_incident_get(in->state, a, workspace_id(w), id, out, e);
}

/* ---- properties as OData values ---- */

enum property_kind { TEXT, NUMBER, TIME };
#define PROPERTY(name, kind, member)                                                               \
    {                                                                                              \
        name, kind, offsetof(struct state_incident, member)                                        \
    }
static const struct {
    const char *name;
    enum property_kind kind;
    size_t offset;
} properties[] = {
    PROPERTY("title", TEXT, title),
    PROPERTY("description", TEXT, description),
    PROPERTY("severity", TEXT, severity),
    PROPERTY("status", TEXT, status),
    PROPERTY("classification", TEXT, classification),
    PROPERTY("classificationReason", TEXT, classification_reason),
    PROPERTY("classificationComment", TEXT, classification_comment),
    PROPERTY("providerName", TEXT, provider),
    PROPERTY("providerIncidentId", TEXT, provider_incident_id),
    PROPERTY("incidentNumber", NUMBER, number),
    PROPERTY("additionalData/alertsCount", NUMBER, alerts),
    PROPERTY("additionalData/bookmarksCount", NUMBER, bookmarks),
    PROPERTY("additionalData/commentsCount", NUMBER, comments),
    PROPERTY("createdTimeUtc", TIME, created),
    PROPERTY("lastModifiedTimeUtc", TIME, modified),
    PROPERTY("firstActivityTimeUtc", TIME, first_activity),
    PROPERTY("lastActivityTimeUtc", TIME, last_activity),
};
#undef PROPERTY

struct subject { /* what a filter is asked about */
    struct arena *a;
    const struct state_incident *i;
};

static struct odata_value text_value(struct str s)
{
    return (struct odata_value){.type = s.n > 0 ? OV_TEXT : OV_NULL, .s = s};
}

static struct odata_value column_value(const struct state_incident *i, size_t offset,
                                       enum property_kind kind)
{
    const char *at = (const char *)i + offset;
    struct odata_value v = {.type = kind == TIME ? OV_TIME : OV_INT};
    struct str s = STR_NONE;
    if (kind == TEXT) {
        memcpy(&s, at, sizeof(s));
        return text_value(s);
    }
    memcpy(&v.i, at, sizeof(v.i));
    if (kind == TIME && v.i == 0)
        v.type = OV_NULL;
    return v;
}

/* A JSON array as a list; of an object the named member counts. */
static struct odata_value list_value(struct arena *a, struct str array, const char *member)
{
    struct json list = {0};
    struct odata_value out = {.type = OV_LIST};
    if (array.n == 0 || !json_parse(a, array, NULL, &list, NULL) || list.type != JSON_ARRAY ||
        list.n == 0)
        return out;
    struct odata_value *items = arena_array(a, struct odata_value, list.n);
    for (size_t k = 0; k < list.n; k++) {
        const struct json *v = &list.items[k];
        items[k] = text_value(json_text(v->type == JSON_OBJECT ? json_get(v, member) : v, STR("")));
    }
    out.items = items;
    out.n = list.n;
    return out;
}

static struct odata_value owner_value(struct arena *a, struct str owner, struct str member)
{
    struct json o = {0};
    if (owner.n == 0 || !json_parse(a, owner, NULL, &o, NULL))
        return (struct odata_value){.type = OV_NULL};
    return text_value(json_text(json_get_str(&o, member), STR("")));
}

static bool get_property(void *self, struct str path, struct odata_value *out)
{
    const struct subject *s = self;
    const struct state_incident *i = s->i;
    if (str_starts(path, STR("properties/")))
        path = str_sub(path, 11, path.n);
    for (size_t k = 0; k < COUNTOF(properties); k++)
        if (str_ieqz(path, properties[k].name)) {
            *out = column_value(i, properties[k].offset, properties[k].kind);
            return true;
        }
    if (str_starts(path, STR("owner/")))
        *out = owner_value(s->a, i->owner, str_sub(path, 6, path.n));
    else if (str_ieqz(path, "labels"))
        *out = list_value(s->a, i->labels, "labelName");
    else if (str_ieqz(path, "additionalData/tactics"))
        *out = list_value(s->a, i->tactics, "");
    else if (str_ieqz(path, "additionalData/techniques"))
        *out = list_value(s->a, i->techniques, "");
    else if (str_ieqz(path, "additionalData/alertProductNames"))
        *out = list_value(s->a, i->products, "");
    else if (str_ieqz(path, "relatedAnalyticRuleIds"))
        *out = list_value(s->a, i->rule_ids, "");
    else if (str_ieqz(path, "name"))
        *out = text_value(i->id);
    else
        return false;
    return true;
}

/* ---- order ---- */

struct order {
    size_t property; /* index into properties */
    bool descending;
};

static bool read_order(struct str text, struct order *out, struct err *e)
{
    struct str path;
    if (str_trim(text).n == 0)
        text = STR("incidentNumber desc");
    if (!resource_order_split(text, &path, &out->descending, e))
        return false;
    for (out->property = 0; out->property < COUNTOF(properties); out->property++)
        if (str_ieqz(path, properties[out->property].name))
            return true;
    return err_set(e, ERR_INVALID, "$orderby: incidents cannot be ordered by '%.*s'",
                   STR_ARG(path));
}

static int order_key(const struct state_incident *x, const struct state_incident *y,
                     const struct order *o)
{
    if (str_eqz(STR("severity"), properties[o->property].name))
        return incident_severity_rank(x->severity) - incident_severity_rank(y->severity);
    struct odata_value v =
        column_value(x, properties[o->property].offset, properties[o->property].kind);
    struct odata_value u =
        column_value(y, properties[o->property].offset, properties[o->property].kind);
    return odata_compare(&v, &u);
}

static int compare_incidents(const void *x, const void *y, void *order)
{
    const struct state_incident *a = x, *b = y;
    const struct order *o = order;
    int c = order_key(a, b, o);
    if (c == 0) /* pages must not overlap: no two incidents are equal */
        c = (a->number > b->number) - (a->number < b->number);
    if (c == 0)
        c = str_cmp(a->workspace, b->workspace);
    return o->descending ? -c : c;
}

/* ---- the list ---- */

static bool keep_matching(struct arena *a, const struct odata *filter, struct state_incident *list,
                          size_t *n, struct err *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        struct subject s = {a, &list[i]};
        bool yes = true;
        if (filter != NULL && !odata_match(filter, get_property, &s, &yes, e))
            return false;
        if (yes)
            list[kept++] = list[i];
    }
    *n = kept;
    return true;
}

/* Those of all the workspaces, one after the other. */
static bool read_all(struct incidents *in, struct arena *a, const struct str *workspaces,
                     size_t n_workspaces, struct state_incident **out, size_t *n, struct err *e)
{
    if (n_workspaces == 1)
        return state_incident_list(in->state, a, workspaces[0], out, n, e);
    VEC(struct state_incident) all = {0};
    for (size_t i = 0; i < n_workspaces; i++) {
        struct state_incident *list = NULL;
        size_t count = 0;
        if (!state_incident_list(in->state, a, workspaces[i], &list, &count, e))
            return false;
        for (size_t k = 0; k < count; k++)
            VEC_PUSH(a, &all, list[k]);
    }
    *out = all.p;
    *n = all.n;
    return true;
}

bool incident_list_all(struct incidents *in, struct arena *a, const struct str *workspaces,
                       size_t n_workspaces, const struct incident_query *q,
                       struct incident_page *out, struct err *e)
{
    struct odata *filter = NULL;
    struct order order = {0};
    struct state_incident *list = NULL;
    size_t n = 0, from = 0, top = 0;
    struct str by = str_trim(q->orderby);
    if (by.n == 0 && n_workspaces != 1)
        by = STR("lastModifiedTimeUtc desc");
    *out = (struct incident_page){0};
    if (!resource_top_read(q->top, &top, e))
        return false;
    if (q->filter.n > 0 && (filter = odata_parse(a, q->filter, e)) == NULL)
        return false;
    if (!read_order(by, &order, e) || !resource_token_read(q->skip_token, &from, e) ||
        !read_all(in, a, workspaces, n_workspaces, &list, &n, e) ||
        !keep_matching(a, filter, list, &n, e))
        return false;
    if (n > 1)
        qsort_r(list, n, sizeof(*list), compare_incidents, &order);
    if (from >= n)
        return true;
    out->p = list + from;
    out->n = n - from < top ? n - from : top;
    if (from + out->n < n)
        out->next_token = arena_fmt(a, "%zu", from + out->n);
    return true;
}

bool incident_list(struct incidents *in, struct arena *a, struct workspace *w,
                   const struct incident_query *q, struct incident_page *out, struct err *e)
{
    const struct str one = workspace_id(w);
    return incident_list_all(in, a, &one, 1, q, out, e);
}
