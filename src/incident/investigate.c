/* What helps to understand an incident: its timeline, and incidents that are like it. */
#include "incident/investigate.h"
#include "incident/entity_priv.h"
#include "text/date.h"
#include <stdlib.h>

/* MAX_SOURCES: alerts that name an entity and are looked at; what is named more often tells little.
 */
enum {
    MAX_ACTIVITIES = 5000,
    MAX_CANDIDATES = 1000,
    MAX_SHARED_ENTITIES = 200,
    MAX_SOURCES = 1000,
    SIMILAR_DAYS = 14
};

/* ---- the timeline ---- */

static void begin_item(struct json_out *out, const char *kind, struct str name, int64_t time)
{
    json_obj(out);
    json_kv_z(out, "kind", kind);
    json_kv_str(out, "name", name);
    json_key(out, "properties");
    json_obj(out);
    json_kv_time(out, "time", time);
}

static void end_item(struct json_out *out)
{
    json_obj_end(out);
    json_obj_end(out);
}

static bool write_alerts(struct incidents *in, struct arena *a, struct workspace *w,
                         const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct state_alert *list = NULL;
    size_t n = 0;
    if (!state_alert_of_incident(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    for (size_t k = 0; k < n; k++) {
        begin_item(out, "SecurityAlert", list[k].id, list[k].start);
        timeline_alert_write(in, a, w, &list[k], out);
        incident_kv_raw(out, "tactics", list[k].tactics, "[]");
        end_item(out);
    }
    return true;
}

static bool write_bookmarks(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct state_bookmark *list = NULL;
    size_t n = 0;
    if (!state_bookmark_of_incident(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    for (size_t k = 0; k < n; k++) {
        begin_item(out, "Bookmark", list[k].id,
                   list[k].event_time != 0 ? list[k].event_time : list[k].created);
        timeline_bookmark_write(in, a, w, &list[k], out);
        end_item(out);
    }
    return true;
}

static bool write_activities(struct incidents *in, struct arena *a, const struct state_incident *i,
                             struct json_out *out, struct err *e)
{
    struct state_activity *list = NULL;
    size_t n = 0;
    if (!state_activity_list(in->state, a, i->workspace, SUBJECT_INCIDENT, i->id, 0, MAX_ACTIVITIES,
                             &list, &n, e))
        return false;
    for (size_t k = 0; k < n; k++) {
        begin_item(out, "Activity", arena_fmt(a, "%lld", (long long)list[k].seq), list[k].time);
        activity_members_write(&list[k], out);
        end_item(out);
    }
    return true;
}

static const struct resource_property timeline_properties[] = {
    {"name", RESOURCE_TEXT},     {"kind", RESOURCE_TEXT},        {"time", RESOURCE_TIME},
    {"severity", RESOURCE_TEXT}, {"displayName", RESOURCE_TEXT}, {"tactics", RESOURCE_LIST},
    {"activity", RESOURCE_TEXT}, {"who", RESOURCE_TEXT},         {"field", RESOURCE_TEXT},
    {NULL, RESOURCE_TEXT}};

bool incident_timeline_json(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct state_incident *i, const struct incident_query *q,
                            struct json_out *out, struct str *out_next, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    struct incident_query ordered = *q;
    if (q->orderby.n == 0)
        ordered.orderby = STR("time asc");
    json_arr(&o);
    if (!write_alerts(in, a, w, i, &o, e) || !write_bookmarks(in, a, w, i, &o, e) ||
        !write_activities(in, a, i, &o, e))
        return false;
    json_arr_end(&o);
    return sbuf_ok(&b)
               ? resource_page(a, sbuf_str(&b), timeline_properties, &ordered, out, out_next, e)
               : err_set(e, ERR_LIMIT, "the timeline is larger than %d bytes", RESOURCE_MAX_LIST);
}

/* ---- similar incidents ---- */

struct similar {
    const struct state_incident *i;
    int64_t shared;
    bool same_rule, same_details;
};

static bool share_text(struct arena *a, struct str one, struct str other)
{
    struct json x = {.type = JSON_ARRAY}, y = {.type = JSON_ARRAY};
    if (one.n == 0 || other.n == 0 || !json_parse(a, one, NULL, &x, NULL) ||
        !json_parse(a, other, NULL, &y, NULL))
        return false;
    for (size_t i = 0; i < x.n; i++)
        for (size_t k = 0; k < y.n; k++)
            if (str_eq(json_text(&x.items[i], STR("")), json_text(&y.items[k], STR("-"))))
                return true;
    return false;
}

/* The most shared entities first, then the same rule, the same details, the later one. */
static int compare(const void *x, const void *y)
{
    const struct similar *a = x, *b = y;
    if (a->shared != b->shared)
        return a->shared > b->shared ? -1 : 1;
    if (a->same_rule != b->same_rule)
        return a->same_rule ? -1 : 1;
    if (a->same_details != b->same_details)
        return a->same_details ? -1 : 1;
    if (a->i->last_activity != b->i->last_activity)
        return a->i->last_activity > b->i->last_activity ? -1 : 1;
    return (a->i->number < b->i->number) - (a->i->number > b->i->number);
}

/* How many entities each incident shares with i: by id, int64_t. */
static bool count_shared(struct incidents *in, struct arena *a, const struct state_incident *i,
                         int64_t from, int64_t to, struct map *counts, struct err *e)
{
    struct state_entity *list = NULL;
    size_t n = 0;
    if (!state_entity_of_incident(in->state, a, i->workspace, i->id, &list, &n, e))
        return false;
    for (size_t k = 0; k < n && k < MAX_SHARED_ENTITIES; k++) {
        struct str *incidents = NULL;
        size_t n_incidents = 0;
        if (!state_entity_incidents(in->state, a, i->workspace, list[k].id, from, to, MAX_SOURCES,
                                    &incidents, &n_incidents, e))
            return false;
        for (size_t at = 0; at < n_incidents; at++) {
            int64_t *count = map_get(counts, incidents[at]);
            if (count == NULL) {
                count = arena_new_of(a, int64_t);
                (void)map_put(counts, incidents[at], count);
            }
            (*count)++;
        }
    }
    return true;
}

static bool find_similar(struct incidents *in, struct arena *a, const struct state_incident *i,
                         struct similar **out, size_t *out_n, struct err *e)
{
    int64_t to = i->last_activity != 0 ? i->last_activity : i->created;
    int64_t from = to - SIMILAR_DAYS * TICKS_PER_DAY;
    struct map *counts = map_new(a, false);
    struct state_incident *list = NULL;
    size_t n = 0;
    if (!count_shared(in, a, i, from, to + 1, counts, e) ||
        !state_incident_between(in->state, a, i->workspace, from, to + 1, MAX_CANDIDATES, &list, &n,
                                e))
        return false;
    struct similar *found = arena_array(a, struct similar, n + 1);
    *out_n = 0;
    for (size_t k = 0; k < n; k++) {
        const int64_t *shared = map_get(counts, list[k].id);
        struct similar s = {
            &list[k], shared != NULL ? *shared : 0, share_text(a, i->rule_ids, list[k].rule_ids),
            str_eq(i->title, list[k].title) && str_eq(i->products, list[k].products)};
        if (!str_eq(list[k].id, i->id) && (s.shared > 0 || s.same_rule || s.same_details))
            found[(*out_n)++] = s;
    }
    if (*out_n > 1)
        qsort(found, *out_n, sizeof(*found), compare);
    if (*out_n > INCIDENT_MAX_SIMILAR)
        *out_n = INCIDENT_MAX_SIMILAR;
    *out = found;
    return true;
}

bool incident_similar_json(struct incidents *in, struct arena *a, struct workspace *w,
                           const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct similar *list = NULL;
    size_t n = 0;
    if (!entities_refresh(in, w, e) || !find_similar(in, a, i, &list, &n, e))
        return false;
    json_arr(out);
    for (size_t k = 0; k < n; k++) {
        json_obj(out);
        json_kv_int(out, "sharedEntities", list[k].shared);
        json_kv_bool(out, "sameRule", list[k].same_rule);
        json_kv_bool(out, "sameDetails", list[k].same_details);
        json_key(out, "incident");
        incident_to_json(in, w, list[k].i, out);
        json_obj_end(out);
    }
    json_arr_end(out);
    return true;
}
