/* What belongs to analytics rules: versions, actions, templates; settings of anomalies. */
#include "state/rule_resources.h"
#include "state/state_priv.h"

static const struct field version_fields[] = {
    KEY(F_TEXT, state_rule_version, workspace), KEY(F_TEXT, state_rule_version, rule),
    KEY(F_I64, state_rule_version, version),    FIELD(F_TEXT, state_rule_version, kind),
    FIELD(F_TEXT, state_rule_version, name),    FIELD(F_TEXT, state_rule_version, etag),
    FIELD(F_TEXT, state_rule_version, body),    FIELD(F_TEXT, state_rule_version, extra),
    FIELD(F_TEXT, state_rule_version, change),  FIELD(F_TEXT, state_rule_version, who),
    FIELD(F_TEXT, state_rule_version, address), FIELD(F_I64, state_rule_version, at),
};
static const struct field action_fields[] = {
    KEY(F_TEXT, state_rule_action, workspace),
    KEY(F_TEXT, state_rule_action, rule),
    KEY(F_TEXT, state_rule_action, id),
    FIELD(F_TEXT, state_rule_action, etag),
    FIELD(F_TEXT, state_rule_action, logic_app),
    FIELD(F_TEXT, state_rule_action, trigger_uri),
    FIELD(F_TEXT, state_rule_action, workflow_id),
    FIELD(F_I64, state_rule_action, created),
    FIELD(F_I64, state_rule_action, modified),
};
static const struct field template_fields[] = {
    KEY(F_TEXT, state_rule_template, workspace), KEY(F_TEXT, state_rule_template, id),
    FIELD(F_TEXT, state_rule_template, kind),    FIELD(F_TEXT, state_rule_template, name),
    FIELD(F_TEXT, state_rule_template, version), FIELD(F_TEXT, state_rule_template, body),
    FIELD(F_TEXT, state_rule_template, extra),   FIELD(F_I64, state_rule_template, created),
    FIELD(F_I64, state_rule_template, modified),
};
static const struct field anomaly_fields[] = {
    KEY(F_TEXT, state_anomaly_settings, workspace),
    KEY(F_TEXT, state_anomaly_settings, id),
    FIELD(F_TEXT, state_anomaly_settings, etag),
    FIELD(F_TEXT, state_anomaly_settings, definition),
    FIELD(F_BOOL, state_anomaly_settings, is_default),
    FIELD(F_TEXT, state_anomaly_settings, body),
    FIELD(F_I64, state_anomaly_settings, created),
    FIELD(F_I64, state_anomaly_settings, modified),
};
static const struct table versions = {"rule_versions", version_fields, COUNTOF(version_fields),
                                      sizeof(struct state_rule_version)};
static const struct table actions = {"rule_actions", action_fields, COUNTOF(action_fields),
                                     sizeof(struct state_rule_action)};
static const struct table templates = {"rule_templates", template_fields, COUNTOF(template_fields),
                                       sizeof(struct state_rule_template)};
static const struct table anomalies = {"anomaly_settings", anomaly_fields, COUNTOF(anomaly_fields),
                                       sizeof(struct state_anomaly_settings)};

static bool one(struct state *s, struct arena *a, const struct table *t, const char *tail,
                const struct bind *b, size_t n, void *out, const char *what, struct str id,
                struct err *e)
{
    struct err why = {0};
    if (table_one(s, a, t, NULL, tail, b, n, out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no %s '%.*s'", what, STR_ARG(id));
    return err_set(e, why.code, "%s", why.msg);
}

static bool remove_one(struct state *s, const char *sql, const struct bind *b, size_t n,
                       bool *out_was_there, struct err *e)
{
    state_lock(s);
    bool ok = state_run(s, sql, b, n, e);
    if (ok)
        *out_was_there = state_changes(s) > 0;
    state_unlock(s);
    return ok;
}

/* ---- versions ---- */

static bool next_version(struct state *s, struct state_rule_version *v, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct bind b[] = {BT(v->workspace), BT(v->rule)};
    void *rows = NULL;
    size_t n = 0;
    if (!table_select(s, a, &versions, NULL,
                      "WHERE workspace = ?1 AND rule = ?2 ORDER BY version DESC LIMIT 1", b,
                      COUNTOF(b), &rows, &n, e))
        return false;
    v->version = n > 0 ? ((struct state_rule_version *)rows)->version + 1 : 1;
    return true;
}

static bool add_locked(struct state *s, struct state_rule_version *v, int64_t most, struct err *e)
{
    if (!next_version(s, v, e) || !table_put(s, &versions, v, e))
        return false;
    struct bind b[] = {BT(v->workspace), BT(v->rule), BI(v->version - most)};
    return state_run(
        s, "DELETE FROM rule_versions WHERE workspace = ?1 AND rule = ?2 AND version <= ?3", b,
        COUNTOF(b), e);
}

bool state_rule_version_add(struct state *s, struct state_rule_version *v, int64_t most,
                            struct err *e)
{
    return state_begin(s, e) && state_end(s, add_locked(s, v, most, e), e);
}

bool state_rule_version_list(struct state *s, struct arena *a, struct str workspace,
                             struct str rule, struct state_rule_version **out, size_t *n,
                             struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule)};
    void *rows = NULL;
    if (!table_select(s, a, &versions, NULL,
                      "WHERE workspace = ?1 AND rule = ?2 ORDER BY version DESC", b, COUNTOF(b),
                      &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_rule_version_get(struct state *s, struct arena *a, struct str workspace, struct str rule,
                            int64_t version, struct state_rule_version *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule), BI(version)};
    return one(s, a, &versions, "WHERE workspace = ?1 AND rule = ?2 AND version = ?3", b,
               COUNTOF(b), out, "version of the rule", arena_fmt(a, "%lld", (long long)version), e);
}

/* ---- actions ---- */

bool state_rule_action_put(struct state *s, const struct state_rule_action *x, struct err *e)
{
    return table_put(s, &actions, x, e);
}

bool state_rule_action_get(struct state *s, struct arena *a, struct str workspace, struct str rule,
                           struct str id, struct state_rule_action *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule), BT(id)};
    return one(s, a, &actions, "WHERE workspace = ?1 AND rule = ?2 AND id = ?3", b, COUNTOF(b), out,
               "action", id, e);
}

bool state_rule_action_list(struct state *s, struct arena *a, struct str workspace, struct str rule,
                            struct state_rule_action **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule)};
    void *rows = NULL;
    if (!table_select(s, a, &actions, NULL, "WHERE workspace = ?1 AND rule = ?2 ORDER BY id", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_rule_action_delete(struct state *s, struct str workspace, struct str rule, struct str id,
                              bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule), BT(id)};
    return remove_one(s, "DELETE FROM rule_actions WHERE workspace = ?1 AND rule = ?2 AND id = ?3",
                      b, COUNTOF(b), out_was_there, e);
}

/* ---- templates ---- */

bool state_rule_template_put(struct state *s, const struct state_rule_template *x, struct err *e)
{
    return table_put(s, &templates, x, e);
}

bool state_rule_template_list(struct state *s, struct arena *a, struct str workspace,
                              struct state_rule_template **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &templates, NULL, "WHERE workspace = ?1 ORDER BY id", b, COUNTOF(b),
                      &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_rule_template_delete(struct state *s, struct str workspace, struct str id,
                                bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    return remove_one(s, "DELETE FROM rule_templates WHERE workspace = ?1 AND id = ?2", b,
                      COUNTOF(b), out_was_there, e);
}

/* ---- settings of anomalies ---- */

bool state_anomaly_settings_put(struct state *s, const struct state_anomaly_settings *x,
                                struct err *e)
{
    return table_put(s, &anomalies, x, e);
}

bool state_anomaly_settings_get(struct state *s, struct arena *a, struct str workspace,
                                struct str id, struct state_anomaly_settings *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    return one(s, a, &anomalies, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), out,
               "securityMLAnalyticsSettings", id, e);
}

bool state_anomaly_settings_list(struct state *s, struct arena *a, struct str workspace,
                                 struct state_anomaly_settings **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &anomalies, NULL, "WHERE workspace = ?1 ORDER BY id", b, COUNTOF(b),
                      &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_anomaly_settings_delete(struct state *s, struct str workspace, struct str id,
                                   bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    return remove_one(s, "DELETE FROM anomaly_settings WHERE workspace = ?1 AND id = ?2", b,
                      COUNTOF(b), out_was_there, e);
}
