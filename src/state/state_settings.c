/* Settings of workspaces. */
#include "state/settings.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_setting, workspace),
    KEY(F_TEXT, state_setting, name),
    FIELD(F_TEXT, state_setting, value),
};
static const struct table settings = {"workspace_settings", fields, COUNTOF(fields),
                                      sizeof(struct state_setting)};

bool state_setting_list(struct state *s, struct arena *a, struct str workspace, struct str prefix,
                        struct state_setting **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(prefix)};
    void *rows = NULL;
    if (!table_select(s, a, &settings, NULL,
                      "WHERE (?1 = '' OR workspace = ?1) AND substr(name, 1, length(?2)) = ?2 "
                      "ORDER BY workspace, name",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_setting_get(struct state *s, struct arena *a, struct str workspace, struct str name,
                       struct str *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(name)};
    void *rows = NULL;
    size_t n = 0;
    if (!table_select(s, a, &settings, NULL, "WHERE workspace = ?1 AND name = ?2", b, COUNTOF(b),
                      &rows, &n, e))
        return false;
    const struct state_setting *found = rows;
    *out = n > 0 ? found[0].value : STR("");
    return true;
}

bool state_setting_put(struct state *s, const struct state_setting *x, struct err *e)
{
    return table_put(s, &settings, x, e);
}

bool state_setting_delete(struct state *s, struct str workspace, struct str name,
                          bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(name)};
    int64_t n = 0;
    if (!state_run_counted(s, "DELETE FROM workspace_settings WHERE workspace = ?1 AND name = ?2",
                           b, COUNTOF(b), &n, e))
        return false;
    if (out_was_there != NULL)
        *out_was_there = n > 0;
    return true;
}

/* ---- authors ---- */

static struct str author_name(struct arena *a, const char *kind, struct str id)
{
    return arena_fmt(a, "author/%s/%.*s", kind, STR_ARG(id));
}

bool state_author_put(struct state *s, struct str workspace, const char *kind, struct str id,
                      struct str principal, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct state_setting x = {workspace, author_name(a, kind, id), principal};
    return state_setting_put(s, &x, e);
}

bool state_author_get(struct state *s, struct arena *a, struct str workspace, const char *kind,
                      struct str id, struct str *out, struct err *e)
{
    return state_setting_get(s, a, workspace, author_name(a, kind, id), out, e);
}

bool state_author_delete(struct state *s, struct str workspace, const char *kind, struct str id,
                         struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    return state_setting_delete(s, workspace, author_name(a, kind, id), NULL, e);
}
