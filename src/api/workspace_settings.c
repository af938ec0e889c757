/* What a workspace's resource says of access to its rows, and its display name. What a request
 * leaves out stays as it is, also with PUT: neither is a default to fall back to unseen. */
#include "api/workspace_settings.h"
#include "identity/access.h"

#define RESOURCE_PERMISSIONS "properties.features.enableLogAccessUsingOnlyResourcePermissions"
#define AUTHORIZATION_MODE "properties.features.dataAuthorizationMode"
#define DATA_ACTIONS_ONLY "DataActionsOnly"

void workspace_settings_write(struct vedette *v, struct http_request *q, struct workspace *w,
                              struct json_out *o)
{
    struct identity_access access = identity_access_of(v->identity, workspace_id(w));
    json_key(o, "features");
    json_obj(o);
    json_kv_bool(o, "enableLogAccessUsingOnlyResourcePermissions", access.by_resource);
    if (access.data_actions_only)
        json_kv_z(o, "dataAuthorizationMode", DATA_ACTIONS_ONLY);
    json_obj_end(o);
    json_kv_str(o, "displayName", identity_display_name(v->identity, q->arena, w));
}

static bool read_access(const struct json *body, struct identity_access *out, struct err *e)
{
    const struct json *by = json_path(body, RESOURCE_PERMISSIONS);
    const struct json *mode = json_path(body, AUTHORIZATION_MODE);
    if (by != NULL && by->type != JSON_NULL) {
        if (by->type != JSON_TRUE && by->type != JSON_FALSE)
            return err_set(e, ERR_INVALID, RESOURCE_PERMISSIONS ": true or false expected");
        out->by_resource = by->type == JSON_TRUE;
    }
    if (mode == NULL)
        return true;
    out->data_actions_only = str_eqz(json_text(mode, STR_NONE), DATA_ACTIONS_ONLY);
    return out->data_actions_only || mode->type == JSON_NULL ||
           err_set(e, ERR_INVALID,
                   AUTHORIZATION_MODE ": '" DATA_ACTIONS_ONLY "', or null for none, expected");
}

bool workspace_settings_read(struct vedette *v, struct workspace *w, const struct json *body,
                             struct workspace_settings *out, struct err *e)
{
    const struct json *name = json_path(body, "properties.displayName");
    out->access = w != NULL ? identity_access_of(v->identity, workspace_id(w))
                            : (struct identity_access){.by_resource = true};
    struct identity_access before = out->access;
    if (!read_access(body, &out->access, e))
        return false;
    out->access_given = before.by_resource != out->access.by_resource ||
                        before.data_actions_only != out->access.data_actions_only;
    out->name_given = name != NULL;
    out->name = str_trim(json_text(name, STR_NONE));
    if (name != NULL && name->type != JSON_STRING && name->type != JSON_NULL)
        return err_set(e, ERR_INVALID, "properties.displayName: a text expected");
    return identity_display_name_check(out->name, e);
}

bool workspace_settings_keep(struct vedette *v, struct workspace *w,
                             const struct workspace_settings *x, struct err *e)
{
    return (!x->access_given || identity_access_set(v->identity, workspace_id(w), &x->access, e)) &&
           (!x->name_given || identity_display_name_set(v->identity, w, x->name, e));
}
