/* Actions of rules: which playbook is called where. The address carries the signature that allows
 * the call, so it is kept and never told. */
#include "detect/detect_priv.h"

enum { MAX_ADDRESS = 4096, MAX_RESOURCE = 1024 };

static const char collection[] = "alertRules";

/* …/workflows/ID/triggers/… of the address, else the last segment of the workflow's own id. */
static struct str workflow_of(struct arena *a, const struct state_rule_action *x)
{
    size_t at = 0;
    struct str id = x->logic_app;
    if (str_find(x->trigger_uri, STR("/workflows/"), &at)) {
        id = str_sub(x->trigger_uri, at + 11, x->trigger_uri.n);
        for (at = 0; at < id.n && id.p[at] != '/' && id.p[at] != '?'; at++)
            ;
        return arena_str(a, str_sub(id, 0, at));
    }
    while (str_find(id, STR("/"), &at))
        id = str_sub(id, at + 1, id.n);
    return arena_str(a, id);
}

static bool read_body(struct arena *a, struct str body, struct state_rule_action *x,
                      struct str *out_etag, struct err *e)
{
    struct json root = {0};
    if (!json_parse(a, body, NULL, &root, e))
        return false;
    const struct json *p = json_iget(&root, "properties");
    x->logic_app = str_trim(json_text(json_iget(p, "logicAppResourceId"), STR("")));
    x->trigger_uri = str_trim(json_text(json_iget(p, "triggerUri"), STR("")));
    *out_etag = json_text(json_iget(&root, "etag"), STR(""));
    if (x->logic_app.n == 0 || x->logic_app.n > MAX_RESOURCE || x->logic_app.p[0] != '/')
        return err_set(e, ERR_INVALID,
                       "properties.logicAppResourceId: the ARM id of a workflow expected");
    if (!str_starts(x->trigger_uri, STR("https://")) || x->trigger_uri.n > MAX_ADDRESS)
        return err_set(e, ERR_INVALID,
                       "properties.triggerUri: an address that starts with https:// expected");
    x->workflow_id = workflow_of(a, x);
    return true;
}

static bool put_locked(struct detect *d, struct arena *a, struct state_rule_action *x,
                       struct str etag, bool *out_created, struct err *e)
{
    struct state *s = d->o.state;
    struct state_rule rule = {0};
    struct state_rule_action before = {0}, *all = NULL;
    struct err missing = {0};
    size_t n = 0;
    if (!state_rule_get(s, a, x->workspace, x->rule, &rule, e) ||
        !state_rule_action_list(s, a, x->workspace, x->rule, &all, &n, e))
        return false;
    bool there = state_rule_action_get(s, a, x->workspace, x->rule, x->id, &before, &missing);
    if (!there && missing.code != ERR_NOT_FOUND)
        return err_set(e, missing.code, "%s", missing.msg);
    if (there && !etag_fits(etag, before.etag))
        return err_set(e, ERR_CONFLICT,
                       "the action was changed meanwhile: its etag is another one");
    if (!there && n >= DETECT_MAX_ACTIONS)
        return err_set(e, ERR_LIMIT, "the rule has %zu actions already; delete one", n);
    x->created = there ? before.created : x->modified;
    *out_created = !there;
    return state_rule_action_put(s, x, e);
}

bool detect_action_put(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                       const struct detect_put *rule, bool *out_created, struct err *e)
{
    struct state_rule_action x = {
        .workspace = workspace_id(w), .etag = guid_text(a), .modified = clock_now(d->o.clock)};
    struct str etag = STR("");
    if (!rule_name(a, rule->id, &x.rule, e) || !rule_name(a, id, &x.id, e) ||
        !read_body(a, rule->body, &x, &etag, e) || !state_begin(d->o.state, e))
        return false;
    bool ok = put_locked(d, a, &x, rule->if_match.n > 0 ? rule->if_match : etag, out_created, e);
    return state_end(d->o.state, ok, e);
}

bool detect_action_get(struct detect *d, struct arena *a, struct workspace *w, struct str rule,
                       struct str id, struct state_rule_action *out, struct err *e)
{
    struct str rule_id = STR(""), action = STR("");
    return rule_name(a, rule, &rule_id, e) && rule_name(a, id, &action, e) &&
           state_rule_action_get(d->o.state, a, workspace_id(w), rule_id, action, out, e);
}

bool detect_action_list(struct detect *d, struct arena *a, struct workspace *w, struct str rule,
                        struct state_rule_action **out, size_t *n, struct err *e)
{
    struct state_rule stored = {0};
    return detect_rule_get(d, a, w, rule, &stored, e) &&
           state_rule_action_list(d->o.state, a, workspace_id(w), stored.id, out, n, e);
}

bool detect_action_delete(struct detect *d, struct arena *a, struct workspace *w, struct str rule,
                          struct str id, bool *out_was_there, struct err *e)
{
    struct str rule_id = STR(""), action = STR("");
    return rule_name(a, rule, &rule_id, e) && rule_name(a, id, &action, e) &&
           state_rule_action_delete(d->o.state, workspace_id(w), rule_id, action, out_was_there, e);
}

void detect_action_to_json(struct detect *d, struct arena *a, struct workspace *w,
                           const struct state_rule_action *x, struct json_out *out)
{
    struct str id = arm_id(a, &d->o.scope, workspace_name(w), collection, x->rule);
    json_obj(out);
    json_kv_str(out, "id", arena_fmt(a, "%.*s/actions/%.*s", STR_ARG(id), STR_ARG(x->id)));
    json_kv_str(out, "name", x->id);
    json_kv_z(out, "type", "Microsoft.SecurityInsights/alertRules/actions");
    etag_write(out, x->etag);
    json_key(out, "properties");
    json_obj(out);
    json_kv_str(out, "workflowId", x->workflow_id);
    json_kv_str(out, "logicAppResourceId", x->logic_app);
    json_obj_end(out);
    json_obj_end(out);
}
