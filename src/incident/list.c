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
    /* Most lists are empty, and are not worth a parser in a scan of many thousands. */
    if (array.n == 0 || str_eqz(array, "[]") || !json_parse(a, array, NULL, &list, NULL) ||
        list.type != JSON_ARRAY || list.n == 0)
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
    if (owner.n == 0 || str_eqz(owner, INCIDENT_NO_OWNER) || !json_parse(a, owner, NULL, &o, NULL))
        return (struct odata_value){.type = OV_NULL};
    return text_value(json_text(json_get_str(&o, member), STR("")));
}

/* Arrays: of objects one member counts. */
#define LIST(name, member, of)                                                                     \
    {                                                                                              \
        name, offsetof(struct state_incident, member), of                                          \
    }
static const struct {
    const char *name;
    size_t offset;
    const char *member;
} lists[] = {
    LIST("labels", labels, "labelName"),
    LIST("additionalData/tactics", tactics, ""),
    LIST("additionalData/techniques", techniques, ""),
    LIST("additionalData/alertProductNames", products, ""),
    LIST("relatedAnalyticRuleIds", rule_ids, ""),
};
#undef LIST

static struct str bare_path(struct str path)
{
    return str_starts(path, STR("properties/")) ? str_sub(path, 11, path.n) : path;
}

static struct str text_at(const struct state_incident *i, size_t offset)
{
    struct str s;
    memcpy(&s, (const char *)i + offset, sizeof(s));
    return s;
}

static bool get_property(void *self, struct str path, struct odata_value *out)
{
    const struct subject *s = self;
    const struct state_incident *i = s->i;
    path = bare_path(path);
    for (size_t k = 0; k < COUNTOF(properties); k++)
        if (str_ieqz(path, properties[k].name)) {
            *out = column_value(i, properties[k].offset, properties[k].kind);
            return true;
        }
    for (size_t k = 0; k < COUNTOF(lists); k++)
        if (str_ieqz(path, lists[k].name)) {
            *out = list_value(s->a, text_at(i, lists[k].offset), lists[k].member);
            return true;
        }
    if (str_starts(path, STR("owner/")))
        *out = owner_value(s->a, i->owner, str_sub(path, 6, path.n));
    else if (str_ieqz(path, "name"))
        *out = text_value(i->id);
    else
        return false;
    return true;
}

/* ---- which members a list has to read ---- */

enum { MAX_MEMBERS = 64 };
struct members {
    size_t offsets[MAX_MEMBERS];
    size_t n;
};

static void need(struct members *m, size_t offset)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->offsets[i] == offset)
            return;
    CHECK(m->n < MAX_MEMBERS);
    m->offsets[m->n++] = offset;
}

/* Called with each path of a filter. What is no property is told when it is looked at. */
static void need_path(void *self, struct str path)
{
    struct members *m = self;
    path = bare_path(path);
    for (size_t k = 0; k < COUNTOF(properties); k++)
        if (str_ieqz(path, properties[k].name))
            need(m, properties[k].offset);
    for (size_t k = 0; k < COUNTOF(lists); k++)
        if (str_ieqz(path, lists[k].name))
            need(m, lists[k].offset);
    if (str_starts(path, STR("owner/")))
        need(m, offsetof(struct state_incident, owner));
    else if (str_ieqz(path, "name"))
        need(m, offsetof(struct state_incident, id));
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

/* What an incident is ordered by. */
struct key {
    int64_t number;
    size_t place; /* of its workspace among those that are listed */
    struct odata_value value;
};

static int compare_keys(const void *x, const void *y, void *order)
{
    const struct key *a = x, *b = y;
    const struct order *o = order;
    int c = odata_compare(&a->value, &b->value);
    if (c == 0) /* pages must not overlap: no two incidents are equal */
        c = (a->number > b->number) - (a->number < b->number);
    if (c == 0)
        c = (a->place > b->place) - (a->place < b->place);
    return o->descending ? -c : c;
}

/* ---- going through all that match ---- */

/* Goes through the incidents without their texts where nobody asks for them, so that a list of
 * many thousands costs what its filter and its order read. */
struct search {
    struct arena *scratch; /* of one incident's filter */
    const struct odata *filter;
    void (*found)(struct search *s, const struct state_incident *i);
    struct err *e;
    bool failed;
    /* of a list */
    struct arena *a;
    struct order order;
    size_t place;
    VEC(struct key) keys;
    /* of counts */
    struct incident_counts *counts;
};

static bool on_incident(void *self, const struct state_incident *i)
{
    struct search *s = self;
    struct subject subject = {s->scratch, i};
    bool yes = true;
    if (s->filter != NULL && !odata_match(s->filter, get_property, &subject, &yes, s->e)) {
        s->failed = true;
        return false;
    }
    if (yes)
        s->found(s, i);
    arena_reset(s->scratch);
    return true;
}

static bool search(struct incidents *in, struct str workspace, struct str filter, struct search *s,
                   struct members *m)
{
    struct odata *parsed = NULL;
    AUTO(arena_freep) struct arena *of_filter = arena_new(0);
    if (filter.n > 0 && (parsed = odata_parse(of_filter, filter, s->e)) == NULL)
        return false;
    AUTO(arena_freep) struct arena *scratch = arena_new(0);
    if (parsed != NULL)
        odata_each_path(parsed, need_path, m);
    s->filter = parsed;
    s->scratch = scratch;
    return state_incident_scan(in->state, workspace, m->offsets, m->n, on_incident, s, s->e) &&
           !s->failed;
}

/* ---- the list ---- */

static bool is_severity(const struct order *o)
{
    return properties[o->property].offset == offsetof(struct state_incident, severity);
}

static void keep_key(struct search *s, const struct state_incident *i)
{
    struct key k = {.number = i->number, .place = s->place};
    size_t offset = properties[s->order.property].offset;
    if (is_severity(&s->order))
        k.value = (struct odata_value){.type = OV_INT, .i = incident_severity_rank(i->severity)};
    else
        k.value = column_value(i, offset, properties[s->order.property].kind);
    if (k.value.type == OV_TEXT)
        k.value.s = arena_str(s->a, k.value.s);
    VEC_PUSH(s->a, &s->keys, k);
}

/* The incidents of keys; one that was deleted in the meantime is left out. */
static bool fetch(struct incidents *in, struct arena *a, const struct str *workspaces,
                  const struct key *keys, size_t n, struct incident_page *out, struct err *e)
{
    out->p = arena_array(a, struct state_incident, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        if (state_incident_by_number(in->state, a, workspaces[keys[i].place], keys[i].number,
                                     &out->p[out->n], &why))
            out->n++;
        else if (why.code != ERR_NOT_FOUND)
            return err_set(e, why.code, "%s", why.msg);
    }
    return true;
}

bool incident_list_all(struct incidents *in, struct arena *a, const struct str *workspaces,
                       size_t n_workspaces, const struct incident_query *q,
                       struct incident_page *out, struct err *e)
{
    struct search s = {.found = keep_key, .a = a, .e = e};
    struct members m = {.n = 0};
    size_t from = 0, top = 0;
    struct str by = str_trim(q->orderby);
    if (by.n == 0 && n_workspaces != 1)
        by = STR("lastModifiedTimeUtc desc");
    *out = (struct incident_page){0};
    if (!resource_top_read(q->top, &top, e) || !read_order(by, &s.order, e) ||
        !resource_token_read(q->skip_token, &from, e))
        return false;
    need(&m, properties[s.order.property].offset);
    for (s.place = 0; s.place < n_workspaces; s.place++)
        if (!search(in, workspaces[s.place], q->filter, &s, &m))
            return false;
    if (s.keys.n > 1)
        qsort_r(s.keys.p, s.keys.n, sizeof(*s.keys.p), compare_keys, &s.order);
    if (from >= s.keys.n)
        return true;
    size_t n = s.keys.n - from < top ? s.keys.n - from : top;
    if (from + n < s.keys.n)
        out->next_token = arena_fmt(a, "%zu", from + n);
    return fetch(in, a, workspaces, s.keys.p + from, n, out, e);
}

/* ---- counts ---- */

static void count_one(struct search *s, const struct state_incident *i)
{
    static const char *const statuses[INCIDENT_STATUSES] = {"New", "Active", "Closed"};
    int severity = incident_severity_rank(i->severity);
    s->counts->total++;
    if (severity >= 0)
        s->counts->by_severity[severity]++;
    for (size_t k = 0; k < COUNTOF(statuses); k++)
        s->counts->by_status[k] += str_ieqz(i->status, statuses[k]);
}

bool incident_count(struct incidents *in, struct workspace *w, struct str filter,
                    struct incident_counts *out, struct err *e)
{
    struct search s = {.found = count_one, .counts = out, .e = e};
    struct members m = {.n = 0};
    *out = (struct incident_counts){0};
    need(&m, offsetof(struct state_incident, severity));
    need(&m, offsetof(struct state_incident, status));
    return search(in, workspace_id(w), filter, &s, &m);
}

bool incident_list(struct incidents *in, struct arena *a, struct workspace *w,
                   const struct incident_query *q, struct incident_page *out, struct err *e)
{
    const struct str one = workspace_id(w);
    return incident_list_all(in, a, &one, 1, q, out, e);
}
