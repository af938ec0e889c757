/* The access control mode of workspaces and their protected tables: kept as settings of the
 * workspace, and in memory, since each table of each query asks. */
#include "identity/access.h"
#include "identity/identity_priv.h"
#include "state/settings.h"

#define BY_RESOURCE "access/resourcePermissions"
#define DATA_ACTIONS "access/dataActionsOnly"
#define PROTECTED "protected/"
#define DISPLAY_NAME "displayName"

struct access_entry { /* a setting that is not the default */
    struct str workspace, name, value;
};
struct access_settings {
    struct lock lock;
    struct arena *a; /* of the list */
    struct access_entry *list;
    size_t n;
};

static bool load(struct identity *id, struct access_settings *x, struct err *e)
{
    static const char *const prefixes[] = {"access/", PROTECTED, DISPLAY_NAME};
    struct arena *a = arena_new(0);
    VEC(struct access_entry) list = {0};
    bool ok = true;
    for (size_t k = 0; ok && k < COUNTOF(prefixes); k++) {
        struct state_setting *found = NULL;
        size_t n = 0;
        ok = state_setting_list(id->state, a, STR_NONE, str_from(prefixes[k]), &found, &n, e);
        for (size_t i = 0; ok && i < n; i++) {
            struct access_entry one = {found[i].workspace, found[i].name, found[i].value};
            VEC_PUSH(a, &list, one);
        }
    }
    if (!ok) {
        arena_free(a);
        return false;
    }
    lock_take(&x->lock);
    struct arena *old = x->a;
    x->a = a;
    x->list = list.p;
    x->n = list.n;
    lock_drop(&x->lock);
    arena_free(old);
    return true;
}

bool access_open(struct identity *id, struct err *e)
{
    id->access = xcalloc(1, sizeof(*id->access));
    lock_init(&id->access->lock, "identity.access");
    return access_reload(id, e);
}

void access_close(struct access_settings *x)
{
    if (x == NULL)
        return;
    arena_free(x->a);
    lock_fini(&x->lock);
    xfree(x);
}

bool access_reload(struct identity *id, struct err *e)
{
    return load(id, id->access, e);
}

static bool has(const struct identity *id, struct str workspace, struct str prefix, struct str rest)
{
    struct access_settings *x = id != NULL ? id->access : NULL;
    bool found = false;
    if (x == NULL)
        return false;
    lock_take(&x->lock);
    for (size_t i = 0; !found && i < x->n; i++) {
        struct str name = x->list[i].name;
        found = str_ieq(x->list[i].workspace, workspace) && str_starts(name, prefix) &&
                str_ieq(str_sub(name, prefix.n, name.n), rest);
    }
    lock_drop(&x->lock);
    return found;
}

struct identity_access identity_access_of(const struct identity *id, struct str workspace)
{
    return (struct identity_access){.by_resource = !has(id, workspace, STR(BY_RESOURCE), STR_NONE),
                                    .data_actions_only =
                                        has(id, workspace, STR(DATA_ACTIONS), STR_NONE)};
}

bool identity_table_is_protected(const struct identity *id, struct str workspace, struct str table)
{
    return has(id, workspace, STR(PROTECTED), table);
}

bool access_is_restricted(const struct identity *id, struct str workspace)
{
    struct access_settings *x = id != NULL ? id->access : NULL;
    bool found = false;
    if (x == NULL)
        return false;
    lock_take(&x->lock);
    for (size_t i = 0; !found && i < x->n; i++)
        found =
            str_ieq(x->list[i].workspace, workspace) &&
            (str_eqz(x->list[i].name, DATA_ACTIONS) || str_starts(x->list[i].name, STR(PROTECTED)));
    lock_drop(&x->lock);
    return found;
}

/* value empty: the default, which is not kept. */
static bool keep(struct identity *id, struct str workspace, struct str name, struct str value,
                 struct err *e)
{
    const struct state_setting x = {workspace, name, value};
    return value.n > 0 ? state_setting_put(id->state, &x, e)
                       : state_setting_delete(id->state, workspace, name, NULL, e);
}

bool identity_access_set(struct identity *id, struct str workspace, const struct identity_access *x,
                         struct err *e)
{
    if (!state_begin(id->state, e))
        return false;
    bool ok =
        keep(id, workspace, STR(BY_RESOURCE), x->by_resource ? STR_NONE : STR("false"), e) &&
        keep(id, workspace, STR(DATA_ACTIONS), x->data_actions_only ? STR("true") : STR_NONE, e);
    return state_end(id->state, ok, e) && access_reload(id, e);
}

bool identity_table_protect(struct identity *id, struct str workspace, struct str table,
                            bool is_protected, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (identity_table_is_protected(id, workspace, table) == is_protected)
        return true;
    struct str name = arena_fmt(a, PROTECTED "%.*s", STR_ARG(table));
    return keep(id, workspace, name, is_protected ? STR("true") : STR_NONE, e) &&
           access_reload(id, e);
}

/* ---- the name that people see ---- */

struct str identity_display_name(const struct identity *id, struct arena *a,
                                 const struct workspace *w)
{
    struct access_settings *x = id->access;
    struct str name = STR_NONE;
    lock_take(&x->lock);
    for (size_t i = 0; name.n == 0 && i < x->n; i++)
        if (str_eq(x->list[i].workspace, workspace_id(w)) && str_eqz(x->list[i].name, DISPLAY_NAME))
            name = arena_str(a, x->list[i].value);
    lock_drop(&x->lock);
    return name.n > 0 ? name : workspace_name(w);
}

bool identity_display_name_check(struct str name, struct err *e)
{
    bool good = name.n <= IDENTITY_DISPLAY_NAME_BYTES && utf8_valid(name, NULL);
    for (size_t i = 0; good && i < name.n; i++)
        good = (unsigned char)name.p[i] >= ' ' && name.p[i] != 0x7f;
    return good || err_set(e, ERR_INVALID,
                           "displayName: at most %d bytes of UTF-8 without control characters "
                           "expected",
                           IDENTITY_DISPLAY_NAME_BYTES);
}

bool identity_display_name_set(struct identity *id, const struct workspace *w, struct str name,
                               struct err *e)
{
    return identity_display_name_check(name, e) &&
           keep(id, workspace_id(w), STR(DISPLAY_NAME), name, e) && access_reload(id, e);
}
