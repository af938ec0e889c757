/* Associations: which resources a rule or an endpoint is for. Agents of Azure read theirs; here
 * they are kept for who manages the agents. */
#include "dcr/dcr_priv.h"

enum { MAX_RESOURCE = 1024, MAX_DESCRIPTION = 1024 };
#define TYPE "Microsoft.Insights/dataCollectionRuleAssociations"
#define OF_ENDPOINT "configurationAccessEndpoint" /* the name of an endpoint's */

static struct str key_of(struct arena *a, const struct dcr_association *x)
{
    return dcr_key(a, arena_fmt(a, "%.*s%.*s/%.*s", STR_ARG(dcr_tenant_prefix(a, x->caller.tenant)),
                                STR_ARG(x->resource), STR_ARG(x->name)));
}

/* Resources' ids begin with '/': the key of one without a prefix does, too. */
static bool is_own(const struct dcr_association *x, const struct state_association *row)
{
    return str_ieq(dcr_tenant_of(row->key), x->caller.tenant);
}

/* The rule that it is of leads nowhere else than where the caller may. */
static bool may_change(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                       struct str rule, struct err *e)
{
    struct state_dcr row = {0};
    struct dcr_model m;
    struct err why = {0};
    if (rule.n == 0)
        return true;
    if (!state_dcr_get(d->o.state, a, STATE_COLLECTION_RULES, rule, &row, &why))
        return why.code == ERR_NOT_FOUND || err_set(e, why.code, "%s", why.msg);
    dcr_destinations(d, a, &row, &m);
    return dcr_may_change(&x->caller, &m, e);
}

static struct str last_segment(struct str id)
{
    size_t from = id.n;
    while (from > 0 && id.p[from - 1] != '/')
        from--;
    return str_sub(id, from, id.n);
}

/* The key of the rule or endpoint whose id the body has; absent: empty. */
static bool read_target(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                        enum state_collection c, const char *member, struct str *out, struct err *e)
{
    const struct json *body = x->body;
    const struct dcr_caller *caller = &x->caller;
    const char *path = arena_fmt(a, "properties.%s", member).p;
    const struct json *v = json_path(body, path);
    struct state_dcr row = {0};
    *out = STR("");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    struct str name = last_segment(json_text(v, STR("")));
    if (name.n == 0)
        return err_set(e, ERR_INVALID, "%s: a resource id expected", path);
    if (dcr_get(d, a, c, name, caller, &row, e)) {
        *out = row.key;
        return true;
    }
    if (e != NULL && e->code == ERR_NOT_FOUND)
        e->code = ERR_INVALID;
    err_prefix(e, "%s", path);
    return false;
}

static bool read_body(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                      struct state_association *out, struct err *e)
{
    struct str text = json_text(json_path(x->body, "properties.description"), STR(""));
    if (!read_target(d, a, x, STATE_COLLECTION_RULES, "dataCollectionRuleId", &out->rule, e) ||
        !read_target(d, a, x, STATE_COLLECTION_ENDPOINTS, "dataCollectionEndpointId",
                     &out->endpoint, e))
        return false;
    if ((out->rule.n > 0) == (out->endpoint.n > 0))
        return err_set(e, ERR_INVALID,
                       "properties: one of dataCollectionRuleId and dataCollectionEndpointId "
                       "expected");
    if (out->endpoint.n > 0 && !str_ieqz(x->name, OF_ENDPOINT))
        return err_set(e, ERR_INVALID, "the association of an endpoint is called " OF_ENDPOINT);
    if (out->rule.n > 0 && str_ieqz(x->name, OF_ENDPOINT))
        return err_set(e, ERR_INVALID, OF_ENDPOINT " is the name of an endpoint's association");
    if (text.n > MAX_DESCRIPTION)
        return err_set(e, ERR_INVALID, "properties.description: at most %d bytes", MAX_DESCRIPTION);
    out->description = arena_str(a, text);
    return true;
}

static bool tell(struct dcrs *d, struct arena *a, const struct dcr_association *x, bool deleted,
                 struct str rule, struct err *e)
{
    struct state_dcr row = {0};
    struct dcr_model m = {0};
    struct dcr_activity act = {.type = "dataCollectionRuleAssociations", .deleted = deleted};
    act.id = arena_fmt(a, "%.*s/providers/" TYPE "/%.*s", STR_ARG(x->resource), STR_ARG(x->name));
    act.name = x->name;
    act.who = x->who;
    act.tenant = x->caller.tenant;
    if (rule.n > 0 && state_dcr_get(d->o.state, a, STATE_COLLECTION_RULES, rule, &row, NULL)) {
        dcr_destinations(d, a, &row, &m);
        act.now = &m;
    }
    return dcr_activity_put(d, a, &act, e);
}

/* Its own tenant's, or one of a rule that leads to where the caller may. */
static bool may_see(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                    const struct state_association *row)
{
    struct err why = {0};
    return may_change(d, a, x, row->rule, &why) &&
           (is_own(x, row) || (row->rule.n > 0 && dcr_leads_to_own(d, a, row->rule, &x->caller)));
}

/* Of the caller's tenant, else one that it sees: those that are older than prefixes have none. */
static bool find(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                 struct state_association *out, struct err *e)
{
    struct dcr_association plain = *x;
    struct err why = {0};
    *out = (struct state_association){0};
    if (state_association_get(d->o.state, a, key_of(a, x), out, &why))
        return true;
    plain.caller.tenant = STR_NONE;
    if (why.code == ERR_NOT_FOUND && x->caller.tenant.n > 0 &&
        state_association_get(d->o.state, a, key_of(a, &plain), out, &why) && may_see(d, a, x, out))
        return true;
    *out = (struct state_association){0};
    return why.code == ERR_NOT_FOUND || why.code == ERR_OK || err_set(e, why.code, "%s", why.msg);
}

static bool has_room(struct dcrs *d, struct arena *a, struct err *e)
{
    struct state_association *all = NULL;
    size_t n = 0;
    if (!state_association_list(d->o.state, a, &all, &n, e))
        return false;
    return n < DCR_MAX_ASSOCIATIONS ||
           err_set(e, ERR_LIMIT, "there are %d associations already: delete one",
                   DCR_MAX_ASSOCIATIONS);
}

static bool keep(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                 struct state_association *out, bool *out_created, struct err *e)
{
    struct state_association old;
    int64_t now = clock_now(d->o.clock);
    if (!find(d, a, x, &old, e) || !read_body(d, a, x, out, e) ||
        !may_change(d, a, x, out->rule, e) || !may_change(d, a, x, old.rule, e))
        return false;
    *out_created = old.key.n == 0;
    out->key = *out_created ? key_of(a, x) : old.key;
    if (!*out_created && !etag_fits(x->if_match, old.etag))
        return err_set(e, ERR_CONFLICT, "etag: it was changed meanwhile; its etag is %.*s",
                       STR_ARG(old.etag));
    if (*out_created && !has_room(d, a, e))
        return false;
    out->etag = dcr_new_etag(a);
    out->created = *out_created ? now : old.created;
    out->created_by = *out_created ? x->who : old.created_by;
    out->modified = now;
    out->modified_by = x->who;
    return state_association_put(d->o.state, out, e) && tell(d, a, x, false, out->rule, e);
}

bool dcr_association_put(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                         struct state_association *out, bool *out_created, struct err *e)
{
    struct state_association row = {.resource = x->resource, .name = x->name};
    if (x->resource.n > MAX_RESOURCE)
        return err_set(e, ERR_INVALID, "the resource's id has at most %d bytes", MAX_RESOURCE);
    if (!dcr_name_ok(x->name, e))
        return false;
    if (!state_begin(d->o.state, e) ||
        !state_end(d->o.state, keep(d, a, x, &row, out_created, e), e) ||
        !incidents_flush(d->o.incidents, e))
        return false;
    *out = row;
    return true;
}

bool dcr_association_get(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                         struct state_association *out, struct err *e)
{
    if (!find(d, a, x, out, e))
        return false;
    return (out->key.n > 0 && may_see(d, a, x, out)) ||
           err_set(e, ERR_NOT_FOUND, "there is no such data collection rule association");
}

/* key: of the rule or the endpoint. */
static bool concerns(const struct state_association *row, const struct dcr_association *x,
                     enum state_collection c, struct str key)
{
    if (x->resource.n > 0)
        return str_ieq(row->resource, x->resource);
    return key.n > 0 && str_eq(c == STATE_COLLECTION_RULES ? row->rule : row->endpoint, key);
}

bool dcr_association_list(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                          enum state_collection c, struct str name, struct state_association **out,
                          size_t *n, struct err *e)
{
    struct state_association *all = NULL;
    struct state_dcr of = {0};
    struct err why = {0};
    size_t total = 0;
    if (!state_association_list(d->o.state, a, &all, &total, e))
        return false;
    if (x->resource.n == 0 && !dcr_get(d, a, c, name, &x->caller, &of, &why) &&
        why.code != ERR_NOT_FOUND)
        return err_set(e, why.code, "%s", why.msg);
    *n = 0;
    for (size_t i = 0; i < total; i++)
        if (concerns(&all[i], x, c, of.key) && may_see(d, a, x, &all[i]))
            all[(*n)++] = all[i];
    *out = all;
    return true;
}

static bool delete_one(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                       bool *out_was_there, struct err *e)
{
    struct state_association old;
    if (!find(d, a, x, &old, e))
        return false;
    *out_was_there = old.key.n > 0;
    return !*out_was_there || (may_change(d, a, x, old.rule, e) &&
                               state_association_delete(d->o.state, old.key, out_was_there, e) &&
                               tell(d, a, x, true, old.rule, e));
}

bool dcr_association_delete(struct dcrs *d, const struct dcr_association *x, bool *out_was_there,
                            struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    return state_begin(d->o.state, e) &&
           state_end(d->o.state, delete_one(d, a, x, out_was_there, e), e) &&
           incidents_flush(d->o.incidents, e);
}

bool dcr_associations_end(struct dcrs *d, struct arena *a, enum state_collection c, struct str key,
                          bool with, struct err *e)
{
    struct state_association *all = NULL;
    size_t n = 0;
    bool ok = state_association_list(d->o.state, a, &all, &n, e), was_there;
    for (size_t i = 0; ok && i < n; i++) {
        if (!str_eq(c == STATE_COLLECTION_RULES ? all[i].rule : all[i].endpoint, key))
            continue;
        ok = with ? state_association_delete(d->o.state, all[i].key, &was_there, e)
                  : err_set(e, ERR_CONFLICT,
                            "it is associated with %.*s: delete its associations first, or say "
                            "deleteAssociations=true",
                            STR_ARG(dcr_brief(all[i].resource)));
    }
    return ok;
}

void dcr_association_to_json(struct dcrs *d, struct arena *a, const struct state_association *x,
                             struct json_out *o)
{
    bool of_rule = x->rule.n > 0;
    enum state_collection c = of_rule ? STATE_COLLECTION_RULES : STATE_COLLECTION_ENDPOINTS;
    struct str key = of_rule ? x->rule : x->endpoint;
    struct state_dcr row = {.id = key};
    (void)!state_dcr_get(d->o.state, a, c, key, &row, NULL); /* in its own letters */
    json_obj(o);
    json_kv_str(
        o, "id",
        arena_fmt(a, "%.*s/providers/" TYPE "/%.*s", STR_ARG(x->resource), STR_ARG(x->name)));
    json_kv_str(o, "name", x->name);
    json_kv_z(o, "type", TYPE);
    etag_write(o, x->etag);
    json_key(o, "properties");
    json_obj(o);
    if (x->description.n > 0)
        json_kv_str(o, "description", x->description);
    json_kv_str(o, of_rule ? "dataCollectionRuleId" : "dataCollectionEndpointId",
                dcr_arm_id(d, a, c, row.id));
    json_kv_z(o, "provisioningState", "Succeeded");
    json_obj_end(o);
    dcr_write_system_data(o, x->created, x->created_by, x->modified, x->modified_by);
    json_obj_end(o);
}
