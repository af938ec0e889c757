/* The ARM face of rules and endpoints. */
#include "dcr/dcr_priv.h"
#include "text/date.h"

static const struct {
    const char *type, *segment;
} kinds[] = {
    [STATE_COLLECTION_RULES] = {"Microsoft.Insights/dataCollectionRules", "dataCollectionRules"},
    [STATE_COLLECTION_ENDPOINTS] = {"Microsoft.Insights/dataCollectionEndpoints",
                                    "dataCollectionEndpoints"},
};
/* Of the properties, what the service says; a body's values are ignored. */
static const char *const read_only[] = {
    "immutableId", "provisioningState",   "endpoints",     "ingestionQuotas",
    "metadata",    "configurationAccess", "logsIngestion", "metricsIngestion"};

struct str dcr_arm_id(struct dcrs *d, struct arena *a, enum state_collection c, struct str name)
{
    struct str of_workspace = arm_workspace_id(a, &d->o.scope, STR("x"));
    size_t at = of_workspace.n;
    CHECK(str_find(of_workspace, STR("/providers/"), &at));
    return arena_fmt(a, "%.*s/providers/Microsoft.Insights/%s/%.*s",
                     STR_ARG(str_sub(of_workspace, 0, at)), kinds[c].segment, STR_ARG(name));
}

static bool is_read_only(struct str key)
{
    for (size_t i = 0; i < COUNTOF(read_only); i++)
        if (str_ieqz(key, read_only[i]))
            return true;
    return false;
}

/* A workspace as it was given, with its id. */
static void write_workspace(struct dcrs *d, struct json_out *o, const struct json *v)
{
    struct str id = json_text(json_get(v, "workspaceResourceId"), STR(""));
    if (id.n == 0)
        id = json_text(json_get(v, "workspaceId"), STR(""));
    const struct workspace *w = store_workspace_of_resource(d->o.store, id);
    json_obj(o);
    for (size_t i = 0; i < v->n; i++)
        if (!str_eqz(v->keys[i], "workspaceId")) {
            json_key_str(o, v->keys[i]);
            json_value(o, &v->items[i]);
        }
    if (w != NULL)
        json_kv_str(o, "workspaceId", workspace_id(w));
    json_obj_end(o);
}

static void write_destinations(struct dcrs *d, struct json_out *o, const struct json *v)
{
    json_obj(o);
    for (size_t i = 0; i < v->n; i++) {
        const struct json *list = &v->items[i];
        json_key_str(o, v->keys[i]);
        if (!str_eqz(v->keys[i], "logAnalytics") || list->type != JSON_ARRAY) {
            json_value(o, list);
            continue;
        }
        json_arr(o);
        for (size_t k = 0; k < list->n; k++)
            write_workspace(d, o, &list->items[k]);
        json_arr_end(o);
    }
    json_obj_end(o);
}

static void write_endpoint(struct dcrs *d, struct json_out *o, const char *key)
{
    json_key(o, key);
    json_obj(o);
    json_kv_str(o, "endpoint", str_from(d->o.base_url));
    json_obj_end(o);
}

static void write_own(struct dcrs *d, struct json_out *o, enum state_collection c,
                      const struct state_dcr *x)
{
    json_kv_str(o, "immutableId", x->immutable_id);
    if (c == STATE_COLLECTION_ENDPOINTS) {
        write_endpoint(d, o, "configurationAccess");
        write_endpoint(d, o, "logsIngestion");
        write_endpoint(d, o, "metricsIngestion");
    } else if (str_ieqz(x->kind, "Direct")) {
        json_key(o, "endpoints");
        json_obj(o);
        json_kv_str(o, "logsIngestion", str_from(d->o.base_url));
        json_kv_str(o, "metricsIngestion", str_from(d->o.base_url));
        json_obj_end(o);
    }
    json_kv_z(o, "provisioningState", "Succeeded");
}

static void write_properties(struct dcrs *d, struct arena *a, enum state_collection c,
                             const struct state_dcr *x, struct json_out *o)
{
    struct json p = {0};
    bool readable = json_parse(a, x->properties, NULL, &p, NULL);
    json_obj(o);
    for (size_t i = 0; readable && i < p.n; i++) {
        if (is_read_only(p.keys[i]))
            continue;
        json_key_str(o, p.keys[i]);
        if (c == STATE_COLLECTION_RULES && str_eqz(p.keys[i], "destinations") &&
            p.items[i].type == JSON_OBJECT)
            write_destinations(d, o, &p.items[i]);
        else
            json_value(o, &p.items[i]);
    }
    write_own(d, o, c, x);
    json_obj_end(o);
}

void dcr_write_system_data(struct json_out *o, int64_t created, struct str created_by,
                           int64_t modified, struct str modified_by)
{
    json_key(o, "systemData");
    json_obj(o);
    json_kv_str(o, "createdBy", created_by);
    json_kv_z(o, "createdByType", "Application");
    json_kv_time(o, "createdAt", created);
    json_kv_str(o, "lastModifiedBy", modified_by);
    json_kv_z(o, "lastModifiedByType", "Application");
    json_kv_time(o, "lastModifiedAt", modified);
    json_obj_end(o);
}

void dcr_to_json(struct dcrs *d, struct arena *a, enum state_collection c,
                 const struct state_dcr *x, struct json_out *o)
{
    json_obj(o);
    json_kv_str(o, "id", dcr_arm_id(d, a, c, x->id));
    json_kv_str(o, "name", x->id);
    json_kv_z(o, "type", kinds[c].type);
    json_kv_str(o, "location", x->location);
    if (x->kind.n > 0)
        json_kv_str(o, "kind", x->kind);
    json_key(o, "tags");
    json_raw(o, x->tags);
    etag_write(o, x->etag);
    json_key(o, "properties");
    write_properties(d, a, c, x, o);
    dcr_write_system_data(o, x->created, x->created_by, x->modified, x->modified_by);
    json_obj_end(o);
}
