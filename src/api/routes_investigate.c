/* What Azure shows in its portal only: counts of incidents; of one the activity log, timeline and
 * similar incidents. */
#include "api/api_priv.h"
#include "incident/investigate.h"

enum { DEFAULT_ACTIVITIES = 100, MAX_ACTIVITIES = 1000 };

static void activities(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    if (api_incident(v, q, r, &w, &i))
        api_activities(v, q, r, SUBJECT_INCIDENT, i.workspace, i.id, &e);
}

void api_activities(struct vedette *v, struct http_request *q, struct http_response *r,
                    const char *subject_type, struct str workspace, struct str subject,
                    struct err *e)
{
    struct incident_query query;
    int64_t after = 0, last = 0;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "value");
    bool ok = api_list_query(q, &query, e);
    if (ok && query.skip_token.n > 0 && (!str_to_i64(query.skip_token, &after) || after < 0))
        ok = err_set(e, ERR_INVALID, "$skipToken: not a token that this server has given");
    if (ok && query.top > MAX_ACTIVITIES)
        ok = err_set(e, ERR_INVALID, "$top: at most %d in one answer", MAX_ACTIVITIES);
    if (ok && (query.filter.n > 0 || query.orderby.n > 0))
        ok = err_set(e, ERR_INVALID, "activities have no $filter and no $orderby");
    if (!ok || !incident_activities_to_json(
                   v->incidents, q->arena, subject_type, workspace, subject, after,
                   query.top > 0 ? query.top : DEFAULT_ACTIVITIES, &o, &last, e)) {
        api_error(v, q, e, r);
        return;
    }
    if (last > 0)
        json_kv_str(&o, "nextLink",
                    api_link(v, q, "$skipToken", arena_fmt(q->arena, "%lld", (long long)last)));
    json_obj_end(&o);
}

static void timeline(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    struct incident_query query;
    struct api_page p;
    if (!api_incident(v, q, r, &w, &i))
        return;
    if (api_page_begin(v, q, r, &query, &p) &&
        !incident_timeline_json(v->incidents, q->arena, w, &i, &query, &p.out, &p.next, &e))
        api_error(v, q, &e, r);
    else
        api_page_end(v, q, &p);
}

static void similar(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    struct json_out o = json_out_make(&r->body);
    if (!api_incident(v, q, r, &w, &i))
        return;
    json_obj(&o);
    json_key(&o, "value");
    if (!incident_similar_json(v->incidents, q->arena, w, &i, &o, &e))
        api_error(v, q, &e, r);
    else
        json_obj_end(&o);
}

/* How many incidents a $filter lets through: {"total", "severity": {…}, "status": {…}}. */
static void counts(void *ctx, struct http_request *q, struct http_response *r)
{
    static const char *const severities[] = {"Informational", "Low", "Medium", "High"};
    static const char *const statuses[] = {"New", "Active", "Closed"};
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_counts c;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!incident_count(v->incidents, w, http_query(q, "$filter"), &c, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_int(&o, "total", (int64_t)c.total);
    json_key(&o, "severity");
    json_obj(&o);
    for (size_t i = 0; i < COUNTOF(severities); i++)
        json_kv_int(&o, severities[i], (int64_t)c.by_severity[i]);
    json_obj_end(&o);
    json_key(&o, "status");
    json_obj(&o);
    for (size_t i = 0; i < COUNTOF(statuses); i++)
        json_kv_int(&o, statuses[i], (int64_t)c.by_status[i]);
    json_obj_end(&o);
    json_obj_end(&o);
}

#define INCIDENT "/vedette/v1/workspaces/{workspace}/incidents/{incident}"
const struct http_route investigate_routes[] = {
    {HTTP_GET, INCIDENT "/activities", activities, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, INCIDENT "/timeline", timeline, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, "/vedette/v1/workspaces/{workspace}/incidentCounts", counts, "incidents/read", 0,
     FAMILY_ARM},
    {HTTP_GET, INCIDENT "/similar", similar, "incidents/read", 0, FAMILY_ARM},
};
const size_t n_investigate_routes = COUNTOF(investigate_routes);
