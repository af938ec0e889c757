/* securityMLAnalyticsSettings of kind Anomaly: what a detection of anomalies is to look for. They
 * are checked and kept; nothing reads them yet. */
#include "base/ids.h"
#include "detect/detect_priv.h"
#include "text/date.h"

enum { MAX_BODY = 1 << 20 };

/* One settings resource on its way in; the tree is that of its properties. */
struct settings {
    struct arena *a;
    const struct json *tree;
    struct state_anomaly_settings row;
    bool production;
};

static const struct json *member(const struct settings *x, const char *name)
{
    const struct json *v = json_iget(x->tree, name);
    return v != NULL && v->type != JSON_NULL ? v : NULL;
}

/* ---- checks ---- */

static bool need_text(const struct settings *x, const char *name, struct err *e)
{
    const struct json *v = member(x, name);
    return (v != NULL && v->type == JSON_STRING && v->text.n > 0) ||
           err_set(e, ERR_INVALID, "properties.%s: text expected", name);
}

static bool need_bool(const struct settings *x, const char *name, bool *out, struct err *e)
{
    const struct json *v = member(x, name);
    *out = json_is_true(v);
    return *out || (v != NULL && v->type == JSON_FALSE) ||
           err_set(e, ERR_INVALID, "properties.%s: true or false expected", name);
}

static bool check_status(struct settings *x, struct err *e)
{
    struct str s = json_text(member(x, "settingsStatus"), STR(""));
    x->production = str_ieqz(s, "Production");
    return x->production || str_ieqz(s, "Flighting") ||
           err_set(e, ERR_INVALID, "properties.settingsStatus: Production or Flighting expected");
}

static bool check_frequency(const struct settings *x, struct err *e)
{
    int64_t ticks = 0;
    struct str s = json_text(member(x, "frequency"), STR(""));
    return (rule_duration(s, &ticks) && ticks > 0) ||
           err_set(e, ERR_INVALID, "properties.frequency: a duration such as P1D expected");
}

static bool check_definition(struct settings *x, struct err *e)
{
    struct guid g;
    struct str s = json_text(member(x, "settingsDefinitionId"), STR(""));
    char text[37];
    if (member(x, "settingsDefinitionId") == NULL)
        return true;
    if (!guid_parse(s, &g))
        return err_set(e, ERR_INVALID, "properties.settingsDefinitionId: a GUID expected");
    guid_format(g, text);
    x->row.definition = arena_str(x->a, str_from(text));
    return true;
}

static bool check_lists(const struct settings *x, struct err *e)
{
    const struct json *tactics = member(x, "tactics"), *list = member(x, "techniques"),
                      *observations = member(x, "customizableObservations");
    for (size_t i = 0; tactics != NULL && i < tactics->n; i++)
        if (mitre_tactic(json_text(&tactics->items[i], STR(""))) == NULL)
            return err_set(e, ERR_INVALID, "properties.tactics[%zu]: unknown tactic", i);
    for (size_t i = 0; list != NULL && i < list->n; i++)
        if (!mitre_technique_form(json_text(&list->items[i], STR(""))))
            return err_set(e, ERR_INVALID,
                           "properties.techniques[%zu]: T1234 or T1234.001 expected", i);
    return observations == NULL || observations->type == JSON_OBJECT ||
           err_set(e, ERR_INVALID, "properties.customizableObservations: an object expected");
}

static bool check(struct settings *x, struct err *e)
{
    bool enabled = false;
    if (x->tree == NULL || x->tree->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties: an object expected");
    return need_text(x, "displayName", e) && need_bool(x, "enabled", &enabled, e) &&
           need_text(x, "anomalyVersion", e) && check_frequency(x, e) && check_status(x, e) &&
           need_bool(x, "isDefaultSettings", &x->row.is_default, e) && check_definition(x, e) &&
           check_lists(x, e);
}

/* ---- keeping ---- */

/* The properties; with settingsStatus set to status, when it is given. */
static struct str body_of(struct arena *a, const struct json *tree, const char *status)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_BODY);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    for (size_t i = 0; i < tree->n; i++) {
        if (str_ieqz(tree->keys[i], "lastModifiedUtc") ||
            (status != NULL && str_ieqz(tree->keys[i], "settingsStatus")))
            continue;
        json_key_str(&w, tree->keys[i]);
        json_value(&w, &tree->items[i]);
    }
    if (status != NULL)
        json_kv_z(&w, "settingsStatus", status);
    json_obj_end(&w);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

/* Default settings can be switched on and off, and change places with their copy; nothing else. */
static bool only_switches(const struct settings *x, const struct state_anomaly_settings *before,
                          struct err *e)
{
    static const char *const free_members[] = {"enabled", "settingsStatus", "lastModifiedUtc"};
    struct json old = {0};
    if (!json_parse(x->a, before->body, NULL, &old, e))
        return false;
    for (size_t i = 0; i < x->tree->n; i++) {
        bool is_free = false;
        for (size_t k = 0; k < COUNTOF(free_members); k++)
            is_free = is_free || str_ieqz(x->tree->keys[i], free_members[k]);
        const struct json *was = json_get_str(&old, x->tree->keys[i]);
        if (!is_free && (was == NULL || !json_equal(was, &x->tree->items[i])))
            return err_set(e, ERR_INVALID,
                           "properties.%.*s: of default settings only enabled and settingsStatus "
                           "can be changed; change a copy",
                           STR_ARG(x->tree->keys[i]));
    }
    return true;
}

/* One of a definition is in production. */
static bool send_to_flighting(struct detect *d, const struct settings *x,
                              struct state_anomaly_settings *other, struct err *e)
{
    struct json tree = {0};
    bool same = x->row.definition.n > 0 && str_eq(other->definition, x->row.definition) &&
                !str_eq(other->id, x->row.id);
    if (!same || !x->production)
        return true;
    if (!json_parse(x->a, other->body, NULL, &tree, e))
        return false;
    if (!str_ieqz(json_text(json_iget(&tree, "settingsStatus"), STR("")), "Production"))
        return true;
    other->body = body_of(x->a, &tree, "Flighting");
    other->etag = guid_text(x->a);
    other->modified = x->row.modified;
    return state_anomaly_settings_put(d->o.state, other, e);
}

static bool check_others(struct detect *d, struct settings *x, bool is_new, struct err *e)
{
    struct state_anomaly_settings *all = NULL;
    size_t n = 0, copies = 0;
    if (!state_anomaly_settings_list(d->o.state, x->a, x->row.workspace, &all, &n, e))
        return false;
    if (is_new && n >= DETECT_MAX_ANOMALY_SETTINGS)
        return err_set(e, ERR_LIMIT, "the workspace has %zu settings already; delete one", n);
    for (size_t i = 0; i < n; i++) {
        copies += !all[i].is_default && x->row.definition.n > 0 &&
                  str_eq(all[i].definition, x->row.definition);
        if (!send_to_flighting(d, x, &all[i], e))
            return false;
    }
    return !is_new || x->row.is_default || copies == 0 ||
           err_set(e, ERR_CONFLICT, "the definition '%.*s' has a customised copy already",
                   STR_ARG(x->row.definition));
}

static bool put_locked(struct detect *d, struct settings *x, struct str etag, bool *out_created,
                       struct err *e)
{
    struct state_anomaly_settings before = {0};
    struct err missing = {0};
    bool there = state_anomaly_settings_get(d->o.state, x->a, x->row.workspace, x->row.id, &before,
                                            &missing);
    if (!there && missing.code != ERR_NOT_FOUND)
        return err_set(e, missing.code, "%s", missing.msg);
    if (there && !etag_fits(etag, before.etag))
        return err_set(e, ERR_CONFLICT,
                       "the settings were changed meanwhile: their etag is another one");
    if (there && before.is_default && !only_switches(x, &before, e))
        return false;
    x->row.created = there ? before.created : x->row.modified;
    *out_created = !there;
    return check_others(d, x, !there, e) && state_anomaly_settings_put(d->o.state, &x->row, e);
}

bool detect_anomaly_put(struct detect *d, struct arena *a, struct workspace *w,
                        const struct detect_put *put, bool *out_created, struct err *e)
{
    struct json root = {0};
    struct settings x = {.a = a, .row = {.workspace = workspace_id(w)}};
    if (!rule_name(a, put->id, &x.row.id, e) || !json_parse(a, put->body, NULL, &root, e))
        return false;
    if (!str_ieqz(json_text(json_iget(&root, "kind"), STR("Anomaly")), "Anomaly"))
        return err_set(e, ERR_INVALID, "kind: Anomaly expected");
    x.tree = json_iget(&root, "properties");
    if (!check(&x, e))
        return false;
    x.row.etag = guid_text(a);
    x.row.modified = clock_now(d->o.clock);
    x.row.body = body_of(a, x.tree, NULL);
    if (x.row.body.n == 0)
        return err_set(e, ERR_LIMIT, "the settings are larger than %d bytes", MAX_BODY);
    struct str etag =
        put->if_match.n > 0 ? put->if_match : json_text(json_iget(&root, "etag"), STR(""));
    if (!state_begin(d->o.state, e))
        return false;
    return state_end(d->o.state, put_locked(d, &x, etag, out_created, e), e);
}

bool detect_anomaly_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                        struct state_anomaly_settings *out, struct err *e)
{
    struct str name = STR("");
    return rule_name(a, id, &name, e) &&
           state_anomaly_settings_get(d->o.state, a, workspace_id(w), name, out, e);
}

bool detect_anomaly_list(struct detect *d, struct arena *a, struct workspace *w,
                         struct state_anomaly_settings **out, size_t *n, struct err *e)
{
    return state_anomaly_settings_list(d->o.state, a, workspace_id(w), out, n, e);
}

bool detect_anomaly_delete(struct detect *d, struct workspace *w, struct str id,
                           bool *out_was_there, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str name = STR("");
    return rule_name(a, id, &name, e) &&
           state_anomaly_settings_delete(d->o.state, workspace_id(w), name, out_was_there, e);
}

void detect_anomaly_to_json(struct detect *d, struct arena *a, struct workspace *w,
                            const struct state_anomaly_settings *x, struct json_out *out)
{
    static const char type[] = "securityMLAnalyticsSettings";
    struct json tree = {0};
    json_obj(out);
    json_kv_str(out, "id", arm_id(a, &d->o.scope, workspace_name(w), type, x->id));
    json_kv_str(out, "name", x->id);
    json_kv_z(out, "type", "Microsoft.SecurityInsights/securityMLAnalyticsSettings");
    json_kv_z(out, "kind", "Anomaly");
    etag_write(out, x->etag);
    json_key(out, "properties");
    json_obj(out);
    if (json_parse(a, x->body, NULL, &tree, NULL))
        for (size_t i = 0; i < tree.n; i++) {
            json_key_str(out, tree.keys[i]);
            json_value(out, &tree.items[i]);
        }
    json_kv_time(out, "lastModifiedUtc", x->modified);
    json_obj_end(out);
    json_obj_end(out);
}
