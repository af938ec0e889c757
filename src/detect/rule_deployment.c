/* Rules as an ARM template, as the service exports them: one resource a rule, the workspace a
 * parameter. Source: exports of Analytics > Export. */
#include "detect/rule_priv.h"

#define API_VERSION "2022-11-01-preview"

/* Texts that would be expressions get one more bracket. */
static void write_escaped(struct arena *a, struct json_out *w, const struct json *v)
{
    switch (v->type) {
    case JSON_STRING:
        if (v->text.n > 1 && v->text.p[0] == '[' && v->text.p[v->text.n - 1] == ']')
            json_str(w, arena_fmt(a, "[%.*s", STR_ARG(v->text)));
        else
            json_str(w, v->text);
        return;
    case JSON_ARRAY:
        json_arr(w);
        for (size_t i = 0; i < v->n; i++)
            write_escaped(a, w, &v->items[i]);
        json_arr_end(w);
        return;
    case JSON_OBJECT:
        json_obj(w);
        for (size_t i = 0; i < v->n; i++) {
            json_key_str(w, v->keys[i]);
            write_escaped(a, w, &v->items[i]);
        }
        json_obj_end(w);
        return;
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
    case JSON_INT:
    case JSON_REAL:
        break;
    }
    json_value(w, v);
}

static bool write_properties(struct arena *a, const struct rule *r, struct json_out *w,
                             struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out plain = json_out_make(&b);
    struct json tree = {0};
    if (r->kind == RULE_HUNTING)
        rule_write_saved(r, &plain);
    else
        rule_write_arm(r, 0, &plain);
    if (!json_parse(a, arena_str(a, sbuf_str(&b)), NULL, &tree, e))
        return false;
    json_key(w, "properties");
    write_escaped(a, w, &tree);
    return true;
}

static bool write_resource(struct arena *a, const struct rule *r, struct json_out *w, struct err *e)
{
    bool hunting = r->kind == RULE_HUNTING;
    json_obj(w);
    if (hunting) {
        json_kv_z(w, "type", "Microsoft.OperationalInsights/workspaces/savedSearches");
        json_kv_str(w, "name",
                    arena_fmt(a, "[concat(parameters('workspace'),'/%.*s')]", STR_ARG(r->id)));
        json_kv_z(w, "apiVersion", "2020-08-01");
    } else {
        json_kv_str(w, "id",
                    arena_fmt(a,
                              "[concat(resourceId('Microsoft.OperationalInsights/workspaces/"
                              "providers', parameters('workspace'), "
                              "'Microsoft.SecurityInsights'),'/alertRules/%.*s')]",
                              STR_ARG(r->id)));
        json_kv_str(w, "name",
                    arena_fmt(a,
                              "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/"
                              "%.*s')]",
                              STR_ARG(r->id)));
        json_kv_z(w, "type", "Microsoft.OperationalInsights/workspaces/providers/alertRules");
        json_kv_z(w, "kind", rule_kind_name(r->kind));
        json_kv_z(w, "apiVersion", API_VERSION);
    }
    bool ok = write_properties(a, r, w, e);
    json_obj_end(w);
    return ok;
}

bool rule_write_deployment(struct arena *a, const struct rule *rules, size_t n, struct json_out *w,
                           struct err *e)
{
    bool ok = true;
    json_obj(w);
    json_kv_z(w, "$schema",
              "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#");
    json_kv_z(w, "contentVersion", "1.0.0.0");
    json_key(w, "parameters");
    json_raw(w, STR("{\"workspace\":{\"type\":\"String\"}}"));
    json_key(w, "resources");
    json_arr(w);
    for (size_t i = 0; ok && i < n; i++)
        ok = write_resource(a, &rules[i], w, e);
    json_arr_end(w);
    json_obj_end(w);
    return ok;
}
