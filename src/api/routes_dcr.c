/* Microsoft.Insights/dataCollectionRules, dataCollectionEndpoints and
 * dataCollectionRuleAssociations. */
#include "api/api_priv.h"
#include "text/json.h"

static bool may(void *self, const struct workspace *w)
{
    return api_may(self, workspace_id(w));
}

static struct dcr_caller caller(struct http_request *q)
{
    const struct identity_caller *c = api_caller(q);
    struct str tenant = c->tenant.n > 0 ? c->tenant : identity_tenant(c->in);
    return (struct dcr_caller){q, may, identity_tenant_key(c->in, tenant)};
}

static struct dcr_change change(struct http_request *q, const struct json *body)
{
    return (struct dcr_change){.name = http_param(q, "name"),
                               .if_match = http_header(q, "if-match"),
                               .who = api_caller(q)->name,
                               .body = body,
                               .caller = caller(q)};
}

/* As Azure answers, which tells all that is wrong with a rule at once. */
static void refuse(struct vedette *v, struct http_request *q, const struct dcr_issues *issues,
                   const struct err *e, struct http_response *r)
{
    if (issues->list.n == 0) {
        api_error(v, q, e, r);
        return;
    }
    sbuf_clear(&r->body);
    struct json_out w = json_out_make(&r->body);
    r->status = 400;
    json_obj(&w);
    json_key(&w, "error");
    json_obj(&w);
    json_kv_z(&w, "code", "InvalidPayload");
    json_kv_z(&w, "message", "Data collection rule is invalid");
    json_key(&w, "details");
    json_arr(&w);
    for (size_t i = 0; i < issues->list.n; i++) {
        json_obj(&w);
        json_kv_z(&w, "code", issues->list.p[i].code);
        json_kv_str(&w, "message", issues->list.p[i].message);
        json_kv_str(&w, "target", issues->list.p[i].target);
        json_obj_end(&w);
    }
    json_arr_end(&w);
    json_obj_end(&w);
    json_obj_end(&w);
}

/* ---- what both collections do ---- */

static void write_one(struct vedette *v, struct http_request *q, enum state_collection c,
                      const struct state_dcr *x, struct http_response *r)
{
    struct json_out o = json_out_make(&r->body);
    dcr_to_json(v->dcrs, q->arena, c, x, &o);
}

static void list(struct vedette *v, struct http_request *q, enum state_collection c,
                 struct http_response *r)
{
    struct err e = {0};
    struct state_dcr *all = NULL;
    size_t n = 0;
    struct dcr_caller who = caller(q);
    if (!dcr_list(v->dcrs, q->arena, c, &who, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        dcr_to_json(v->dcrs, q->arena, c, &all[i], &o);
    api_list_end(&o);
}

static void get(struct vedette *v, struct http_request *q, enum state_collection c,
                struct http_response *r)
{
    struct err e = {0};
    struct state_dcr x = {0};
    struct dcr_caller who = caller(q);
    if (dcr_get(v->dcrs, q->arena, c, http_param(q, "name"), &who, &x, &e))
        write_one(v, q, c, &x, r);
    else
        api_error(v, q, &e, r);
}

static void put(struct vedette *v, struct http_request *q, enum state_collection c,
                struct http_response *r)
{
    struct err e = {0};
    struct json body = {0};
    struct state_dcr x = {0};
    struct dcr_issues issues = {.a = q->arena};
    bool created = false;
    if (!api_body(v, q, r, &body))
        return;
    struct dcr_change asked = change(q, &body);
    if (!dcr_put(v->dcrs, q->arena, c, &asked, &x, &created, &issues, &e)) {
        refuse(v, q, &issues, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    write_one(v, q, c, &x, r);
}

static void patch(struct vedette *v, struct http_request *q, enum state_collection c,
                  struct http_response *r)
{
    struct err e = {0};
    struct json body = {0};
    struct state_dcr x = {0};
    if (!api_body(v, q, r, &body))
        return;
    struct dcr_change asked = change(q, &body);
    if (dcr_patch(v->dcrs, q->arena, c, &asked, &x, &e))
        write_one(v, q, c, &x, r);
    else
        api_error(v, q, &e, r);
}

static void delete (struct vedette *v, struct http_request *q, enum state_collection c,
                    struct http_response *r)
{
    struct err e = {0};
    bool was_there = false;
    struct dcr_change asked = change(q, NULL);
    asked.with_associations = str_ieqz(http_query(q, "deleteAssociations"), "true");
    bool ok = dcr_delete(v->dcrs, c, &asked, &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* ---- handlers ---- */

#define HANDLER(verb, what, collection)                                                            \
    static void verb##_##what(void *ctx, struct http_request *q, struct http_response *r)          \
    {                                                                                              \
        verb(ctx, q, collection, r);                                                               \
    }
HANDLER(list, rules, STATE_COLLECTION_RULES)
HANDLER(get, rule, STATE_COLLECTION_RULES)
HANDLER(put, rule, STATE_COLLECTION_RULES)
HANDLER(patch, rule, STATE_COLLECTION_RULES)
HANDLER(delete, rule, STATE_COLLECTION_RULES)
HANDLER(list, endpoints, STATE_COLLECTION_ENDPOINTS)
HANDLER(get, endpoint, STATE_COLLECTION_ENDPOINTS)
HANDLER(put, endpoint, STATE_COLLECTION_ENDPOINTS)
HANDLER(patch, endpoint, STATE_COLLECTION_ENDPOINTS)
HANDLER(delete, endpoint, STATE_COLLECTION_ENDPOINTS)

/* {"rule": {"properties"} | "name": text, "stream"?, "records": […]} */
static void try_rule(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct dcr_issues issues = {.a = q->arena};
    if (!api_body(v, q, r, &body))
        return;
    AUTO(sbuf_fini) struct sbuf records = sbuf_make(4 * (size_t)DCR_MAX_BYTES);
    struct json_out o = json_out_make(&records);
    const struct json *given = json_get(&body, "records");
    if (given == NULL || given->type != JSON_ARRAY) {
        err_set(&e, ERR_INVALID, "records: an array of objects expected");
        api_error(v, q, &e, r);
        return;
    }
    json_value(&o, given);
    const struct dcr_trial t = {.properties = json_path(&body, "rule.properties"),
                                .kind = json_text(json_path(&body, "rule.kind"), STR("")),
                                .name = json_text(json_get(&body, "name"), STR("")),
                                .stream = json_text(json_get(&body, "stream"), STR("")),
                                .body = sbuf_str(&records),
                                .caller = caller(q)};
    struct json_out w = json_out_make(&r->body);
    if (!dcr_try(v->dcrs, q->arena, &t, &w, &issues, &e))
        refuse(v, q, &issues, &e, r);
}

/* ---- associations ---- */

/* What stands in front of the last /providers/. */
static struct str resource_of(struct http_request *q)
{
    struct str rest = q->path;
    size_t end = 0, at;
    while (str_find(rest, STR("/providers/"), &at)) {
        end += at;
        rest = str_sub(q->path, end + 1, q->path.n);
        end++;
    }
    return arena_str(q->arena, str_sub(q->path, 0, end > 0 ? end - 1 : 0));
}

static struct dcr_association association(struct http_request *q, struct str name,
                                          const struct json *body)
{
    return (struct dcr_association){.resource = resource_of(q),
                                    .name = name,
                                    .if_match = http_header(q, "if-match"),
                                    .who = api_caller(q)->name,
                                    .body = body,
                                    .caller = caller(q)};
}

static void get_association(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_association x = {0};
    struct dcr_association asked = association(q, http_param(q, "association"), NULL);
    struct json_out o = json_out_make(&r->body);
    if (dcr_association_get(v->dcrs, q->arena, &asked, &x, &e))
        dcr_association_to_json(v->dcrs, q->arena, &x, &o);
    else
        api_error(v, q, &e, r);
}

static void put_association(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_association x = {0};
    bool created = false;
    if (!api_body(v, q, r, &body))
        return;
    struct dcr_association asked = association(q, http_param(q, "association"), &body);
    if (!dcr_association_put(v->dcrs, q->arena, &asked, &x, &created, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    r->status = created ? 201 : 200;
    dcr_association_to_json(v->dcrs, q->arena, &x, &o);
}

static void delete_association(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct dcr_association asked = association(q, http_param(q, "association"), NULL);
    bool ok = dcr_association_delete(v->dcrs, &asked, &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* name: of the rule or endpoint; empty: of the resource that the path names. */
static void list_associations(struct vedette *v, struct http_request *q, enum state_collection c,
                              struct str name, struct http_response *r)
{
    struct err e = {0};
    struct state_association *all = NULL;
    size_t n = 0;
    struct dcr_association asked = association(q, STR(""), NULL);
    if (name.n > 0)
        asked.resource = STR("");
    if (!dcr_association_list(v->dcrs, q->arena, &asked, c, name, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        dcr_association_to_json(v->dcrs, q->arena, &all[i], &o);
    api_list_end(&o);
}

static void list_of_rule(void *ctx, struct http_request *q, struct http_response *r)
{
    list_associations(ctx, q, STATE_COLLECTION_RULES, http_param(q, "name"), r);
}

static void list_of_endpoint(void *ctx, struct http_request *q, struct http_response *r)
{
    list_associations(ctx, q, STATE_COLLECTION_ENDPOINTS, http_param(q, "name"), r);
}

static void list_of_resource(void *ctx, struct http_request *q, struct http_response *r)
{
    list_associations(ctx, q, STATE_COLLECTION_RULES, STR(""), r);
}

#define INSIGHTS "/providers/Microsoft.Insights"
#define SUBSCRIPTION "/subscriptions/{subscription}" INSIGHTS
#define GROUP "/subscriptions/{subscription}/resourceGroups/{group}" INSIGHTS
#define RULE GROUP "/dataCollectionRules/{name}"
#define ENDPOINT GROUP "/dataCollectionEndpoints/{name}"
/* Of a machine, a workspace …, and of what is inside of one. */
#define RESOURCE                                                                                   \
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider}/{type}/{resource}"
#define INNER RESOURCE "/{inner_type}/{inner}"
#define ASSOCIATIONS "/providers/Microsoft.Insights/dataCollectionRuleAssociations"
#define ASSOCIATION ASSOCIATIONS "/{association}"
const struct http_route dcr_routes[] = {
    {HTTP_GET, RULE "/associations", list_of_rule, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, ENDPOINT "/associations", list_of_endpoint, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, RESOURCE ASSOCIATIONS, list_of_resource, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, RESOURCE ASSOCIATION, get_association, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, RESOURCE ASSOCIATION, put_association, "tables/write", DCR_MAX_BYTES, FAMILY_ARM},
    {HTTP_DELETE, RESOURCE ASSOCIATION, delete_association, "tables/write", 0, FAMILY_ARM},
    {HTTP_GET, INNER ASSOCIATIONS, list_of_resource, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, INNER ASSOCIATION, get_association, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, INNER ASSOCIATION, put_association, "tables/write", DCR_MAX_BYTES, FAMILY_ARM},
    {HTTP_DELETE, INNER ASSOCIATION, delete_association, "tables/write", 0, FAMILY_ARM},
    {HTTP_GET, SUBSCRIPTION "/dataCollectionRules", list_rules, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, GROUP "/dataCollectionRules", list_rules, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, RULE, get_rule, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, RULE, put_rule, "tables/write", DCR_MAX_BYTES, FAMILY_ARM},
    {HTTP_PATCH, RULE, patch_rule, "tables/write", DCR_MAX_BYTES, FAMILY_ARM},
    {HTTP_DELETE, RULE, delete_rule, "tables/write", 0, FAMILY_ARM},
    {HTTP_GET, SUBSCRIPTION "/dataCollectionEndpoints", list_endpoints, "tables/read", 0,
     FAMILY_ARM},
    {HTTP_GET, GROUP "/dataCollectionEndpoints", list_endpoints, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, ENDPOINT, get_endpoint, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, ENDPOINT, put_endpoint, "tables/write", DCR_MAX_BYTES, FAMILY_ARM},
    {HTTP_PATCH, ENDPOINT, patch_endpoint, "tables/write", DCR_MAX_BYTES, FAMILY_ARM},
    {HTTP_DELETE, ENDPOINT, delete_endpoint, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/dataCollectionRules/try", try_rule, "tables/read",
     2 * (size_t)DCR_MAX_BYTES, FAMILY_ARM},
};
const size_t n_dcr_routes = COUNTOF(dcr_routes);
